/*
 * sockets6.h -- what sockets.h says, of AF_INET6: a duo whose instances know no IPv4. Instance i is
 * fd00::(i + 1) and, on the link, fe80::(i + 1); that nobody else has these is known when the duo
 * is made.
 */
#ifndef TESTS_SUPPORT_SOCKETS6_H
#define TESTS_SUPPORT_SOCKETS6_H

#include "tests/support/sockets.h"

/* The device's index as programs count. */
#define SOCKETS6_IFINDEX 2u

void sockets6_duo(struct duo *d);
/* A socket of instance i. Fails the test without one. */
struct holm_socket *sockets6_open(struct duo *d, int i, int type, int protocol);
/* From text, which must be an address; a link-local one has the duo's link. */
struct holm_sockaddr_in6 sockets6_addr(const char *text, uint16_t port);
int sockets6_bind(struct holm_socket *s, const char *text, uint16_t port);
int sockets6_connect(struct holm_socket *s, const char *text, uint16_t port);
int64_t sockets6_sendto(struct holm_socket *s, const void *p, size_t n, const char *text,
			uint16_t port);

#endif
