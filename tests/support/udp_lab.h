/*
 * udp_lab.h -- what tests with UDP endpoints in a lab have in common.
 */
#ifndef TESTS_SUPPORT_UDP_LAB_H
#define TESTS_SUPPORT_UDP_LAB_H

#include <holm/udp.h>

#include "tests/support/lab.h"

/* Host n of the lab's network, or with n == 0 the wildcard. */
struct holm_endpoint udp_lab_at(unsigned host, uint16_t port);
/* A new endpoint, bound to the wildcard and this port. */
struct holm_udp *udp_lab_bound(struct lab *lab, uint16_t port, unsigned flags);
/* The same, connected to a host that has been introduced. */
struct holm_udp *udp_lab_connected(struct lab *lab, uint16_t port, unsigned host, uint16_t rport);

/* A datagram from a host arrives at the instance's address. */
void udp_lab_receive(struct lab *lab, unsigned from, uint16_t sport, uint16_t dport,
		     const char *text);
/* Send text; returns what holm_udp_send() did. */
int udp_lab_send(struct holm_udp *u, const struct holm_endpoint *to, const char *text);

/* The next datagram is this text, and is freed. */
void udp_lab_expect(struct holm_udp *u, const char *text);
void udp_lab_expect_nothing(struct holm_udp *u);
/* All that waits in one waits in the other, in the same order; all of it is freed. */
void udp_lab_expect_same(struct holm_udp *a, struct holm_udp *b);

#endif
