/*
 * What raw and echo sockets of both families do alike: an endpoint of net/ip/end.h behind the calls of
 * POSIX. Their tables of operations are in inet_raw.c, inet_ping.c and inet6_end.c.
 */
#ifndef NET_SOCKET_INET_END_H
#define NET_SOCKET_INET_END_H

#include "net/ip/end.h"
#include "net/socket/socket.h"

struct end_socket {
	struct holm_socket base;
	struct ip_end *end;
};

static inline struct ip_end *inet_end_of(struct holm_socket *s)
{
	return container_of(s, struct end_socket, base)->end;
}

/* -HOLM_EPERM. */
int inet_end_open_raw(struct holm_socket *s);
/* -HOLM_EACCES. */
int inet_end_open_ping(struct holm_socket *s);
void inet_end_close(struct holm_socket *s, bool abort);
void inet_end_set_cookie(struct holm_socket *s);
int inet_end_bind(struct holm_socket *s, const void *addr, uint32_t len);
int inet_end_connect(struct holm_socket *s, const void *addr, uint32_t len);
int inet_end_name(struct holm_socket *s, enum socket_name which, void *addr, uint32_t *len);
int inet_end_shutdown(struct holm_socket *s, unsigned shut);
int64_t inet_end_send(struct holm_socket *s, const struct holm_msg *msg, int flags);
int64_t inet_end_recv(struct holm_socket *s, struct holm_msg *msg, int flags);
unsigned inet_end_poll(struct holm_socket *s);
size_t inet_end_readable(struct holm_socket *s);
int inet_end_take_error(struct holm_socket *s);
int inet_end_resize(struct holm_socket *s);
int inet_end_set_way(struct holm_socket *s);
int inet_end_set(struct holm_socket *s, int level, int name, int value);
int inet_end_get(struct holm_socket *s, int level, int name, int *value);
/* Of IPv4: groups, and how packets to them leave. */
int inet_end_set_bytes(struct holm_socket *s, int level, int name, const void *value, uint32_t len);
int inet_end_get_bytes(struct holm_socket *s, int level, int name, void *value, uint32_t *len);

/* What all of them have in common. */
#define INET_END_OPS                                                                               \
	.bytes = sizeof(struct end_socket), .close = inet_end_close,                               \
	.set_cookie = inet_end_set_cookie, .bind = inet_end_bind, .connect = inet_end_connect,     \
	.name = inet_end_name, .shutdown = inet_end_shutdown, .recv = inet_end_recv,               \
	.poll = inet_end_poll, .readable = inet_end_readable, .take_error = inet_end_take_error,   \
	.resize = inet_end_resize, .set_way = inet_end_set_way, .has_timestamps = true

/* A layer with echo sockets begins, with these kinds, and ends. 0, -HOLM_ENOMEM. */
int inet_end_start_echo(struct holm_net *net, const struct socket_kind *kinds);
void inet_end_stop_echo(struct holm_net *net);

#endif
