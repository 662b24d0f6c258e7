/*
 * The headers of a connection's segments, header.c: what burst.c and run.c ask of it.
 */
#ifndef NET_TCP_HEADER_H
#define NET_TCP_HEADER_H

#include "net/link/gso.h"
#include "net/tcp/hot.h"

/* To a neighbour, no SYN, no option but a timestamp, no marks. */
static inline bool tcp_header_is_plain(const struct holm_tcp *c, uint8_t flags)
{
	const struct tcp_flight *fl = c->flight;

	return !(c->flags & TCP_ECN) && !(flags & TCP_SYN) && c->dst->neigh && !fl->reasm &&
	       !fl->has_dsack && !fl->urgent;
}

/*
 * The frame has its payload, with the sum `sum` if that is not somebody else's (`partial`):
 * headers, and away. It is taken.
 */
void tcp_send_headed(struct tcp_tx *tx, struct holm_frame *f, struct tcp_seq seq, uint8_t flags,
		     uint32_t sum, bool partial);
/* The headers of a run of plain segments, and what they add up to: see struct gso_run. */
void tcp_write_run(const struct tcp_tx *tx, struct gso_run *run);

#endif
