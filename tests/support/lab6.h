/*
 * lab6.h -- what IPv6 needs in a lab (lab.h) to be looked at alone: a transport that only takes note,
 * neighbours that a test introduces, addresses and packets.
 *
 * Host number n is 2001:db8::n and, on the link, fe80::n, at 02:00:00:00:00:n; the instance is host 1.
 */
#ifndef TESTS_SUPPORT_LAB6_H
#define TESTS_SUPPORT_LAB6_H

#include "net/core/ip_rx.h"
#include "net/core/proto.h"
#include "tests/support/lab.h"

/* A transport in UDP's place: keeps what came last, answers nothing. */
extern const struct holm_proto lab6_transport;
/* In the place of neighbour discovery: asks nobody, knows whom a test has introduced. */
extern const struct holm_proto lab6_neighbours;

/* What the transport has seen. One for all labs; lab6_init() begins anew. */
struct lab6_seen {
	size_t packets;
	size_t errors;
	struct ip_rx rx;  /* of the last */
	uint8_t l4[2048]; /* the beginning of it */
	struct holm_dev *dev;
};

const struct lab6_seen *lab6_seen(void);

/* lab_init() with both addresses of host 1, and host 2 introduced; `protos` NULL: IPv6 and these two. */
void lab6_init(struct lab *lab, const struct holm_proto *const *protos);

struct holm_addr lab6_addr(unsigned host);
struct holm_addr lab6_link(unsigned host);
/* From text, which must be an address. */
struct holm_addr lab6_text(const char *text);

void lab6_introduce(struct lab *lab, const struct holm_addr *addr, unsigned host);

/* A packet around `l4_len` bytes from host 2's station to ours; the length of the frame. */
size_t lab6_packet(uint8_t *frame, const struct holm_addr *src, const struct holm_addr *dst,
		   uint8_t next, const void *l4, size_t l4_len);

#endif
