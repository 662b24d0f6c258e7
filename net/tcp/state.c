/*
 * The state of a connection: RFC 9293 section 3.3.2. tcp_set_state() is its only writer; the legal
 * edges are data, from figure 5 and its notes.
 */
#include "net/tcp/hot.h"

#define TO(state) (1u << HOLM_TCP_##state)

/* Every state may also reach CLOSED: a reset, a timeout, an abort. */
static const uint16_t edges[] = {
	/* A passive open's control block is born when its handshake completes. */
	[HOLM_TCP_CLOSED] = TO(LISTEN) | TO(SYN_SENT) | TO(SYN_RECEIVED),
	[HOLM_TCP_LISTEN] = TO(CLOSED),
	[HOLM_TCP_SYN_SENT] = TO(SYN_RECEIVED) | TO(ESTABLISHED) | TO(CLOSED),
	[HOLM_TCP_SYN_RECEIVED] = TO(ESTABLISHED) | TO(FIN_WAIT_1) | TO(CLOSED),
	[HOLM_TCP_ESTABLISHED] = TO(FIN_WAIT_1) | TO(CLOSE_WAIT) | TO(CLOSED),
	[HOLM_TCP_FIN_WAIT_1] = TO(FIN_WAIT_2) | TO(CLOSING) | TO(TIME_WAIT) | TO(CLOSED),
	[HOLM_TCP_FIN_WAIT_2] = TO(TIME_WAIT) | TO(CLOSED),
	[HOLM_TCP_CLOSE_WAIT] = TO(LAST_ACK) | TO(CLOSED),
	[HOLM_TCP_CLOSING] = TO(TIME_WAIT) | TO(CLOSED),
	[HOLM_TCP_LAST_ACK] = TO(CLOSED),
	[HOLM_TCP_TIME_WAIT] = TO(CLOSED),
};

static const char *const names[] = {
	[HOLM_TCP_ESTABLISHED] = "ESTABLISHED",
	[HOLM_TCP_SYN_SENT] = "SYN-SENT",
	[HOLM_TCP_SYN_RECEIVED] = "SYN-RECEIVED",
	[HOLM_TCP_FIN_WAIT_1] = "FIN-WAIT-1",
	[HOLM_TCP_FIN_WAIT_2] = "FIN-WAIT-2",
	[HOLM_TCP_TIME_WAIT] = "TIME-WAIT",
	[HOLM_TCP_CLOSED] = "CLOSED",
	[HOLM_TCP_CLOSE_WAIT] = "CLOSE-WAIT",
	[HOLM_TCP_LAST_ACK] = "LAST-ACK",
	[HOLM_TCP_LISTEN] = "LISTEN",
	[HOLM_TCP_CLOSING] = "CLOSING",
};

bool tcp_edge_is_legal(enum holm_tcp_state from, enum holm_tcp_state to)
{
	return (edges[from] >> to & 1u) != 0;
}

/* Something is still to be sent or to be acknowledged: calm may go on, and ends in all others. */
#define TALKING (TO(ESTABLISHED) | TO(CLOSE_WAIT) | TO(FIN_WAIT_1) | TO(CLOSING) | TO(LAST_ACK))

void tcp_set_state(struct holm_tcp *c, enum holm_tcp_state next)
{
	ASSERT(tcp_edge_is_legal((enum holm_tcp_state)c->state, next));
	if (!(TALKING >> next & 1u))
		tcp_stir(c);
	c->state = (uint8_t)next;
	c->flags |= TCP_CHANGED;
}

void tcp_init_state(struct holm_tcp *c)
{
	c->state = HOLM_TCP_CLOSED;
}

const char *holm_tcp_state_name(enum holm_tcp_state state)
{
	return (size_t)state < ARRAY_LEN(names) && names[state] ? names[state] : "?";
}
