/*
 * sockets.h -- short ways of saying what tests of sockets say all the time, over a duo whose instances
 * have the socket layer.
 */
#ifndef TESTS_SUPPORT_SOCKETS_H
#define TESTS_SUPPORT_SOCKETS_H

#include <holm/socket.h>

#include "tests/support/duo.h"

#define MS 1000000ull
#define SECOND 1000000000ull

/* ARP, IPv4, ICMP, UDP, TCP, sockets. */
extern const struct holm_proto *const sockets_protos[];

/* A duo of instances with sockets, seed 1, everything else default. */
void sockets_duo(struct duo *d);
/* A test's fixture that is such a duo; afterwards time goes by until nothing is left of its connections. */
int sockets_setup(void **state);
int sockets_teardown(void **state);

/* A socket of instance i whose cookie is its own address. Fails the test without one. */
struct holm_socket *sockets_open(struct duo *d, int i, int type);

/* 10.0.0.(i + 1):port, as sockaddr_in. */
struct holm_sockaddr_in sockets_addr(const struct duo *d, int i, uint16_t port);
struct holm_sockaddr_in sockets_addr4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port);
uint16_t sockets_port(const struct holm_sockaddr_in *sa);

int sockets_bind(struct holm_socket *s, struct holm_sockaddr_in sa);
int sockets_connect(struct holm_socket *s, struct holm_sockaddr_in sa);

/* A TCP socket of instance i listening at a port. */
struct holm_socket *sockets_listen(struct duo *d, int i, uint16_t port);
/* The oldest connection of a listener; NULL: none. */
struct holm_socket *sockets_accept(struct holm_socket *listener);

/* A connection: [0] of instance 0, which connected, [1] of instance 1. The listener is closed. */
void sockets_pair(struct duo *d, struct holm_socket *pair[2]);

int64_t sockets_send(struct holm_socket *s, const void *p, size_t n, int flags);
int64_t sockets_recv(struct holm_socket *s, void *p, size_t n, int flags);
int64_t sockets_sendto(struct holm_socket *s, const void *p, size_t n, struct holm_sockaddr_in to);

int sockets_set_int(struct holm_socket *s, int level, int name, int value);
/* The value, or the error (negative). */
int sockets_get_int(struct holm_socket *s, int level, int name);

#endif
