/* A TCP endpoint behind a socket; shared by its calls (inet_stream.c), its bytes and its options. */
#ifndef NET_SOCKET_INET_STREAM_H
#define NET_SOCKET_INET_STREAM_H

#include <holm/tcp.h>

#include "lib/compiler.h"
#include "net/core/ep.h"
#include "net/socket/rings.h"
#include "net/socket/socket.h"

/* What Linux calls the state of the socket, as opposed to the state of TCP. */
enum inet_stream_phase {
	UNCONNECTED, /* the endpoint is new, maybe bound */
	DEFERRED, /* connect() has succeeded; the SYN goes with the first data (TCP_FASTOPEN_CONNECT) */
	LISTENING,
	CONNECTING, /* connect() has not been told the outcome yet */
	CONNECTED,  /* it has, or accept() made this */
};

struct stream {
	struct holm_socket base;
	struct holm_tcp *tcp;
	struct rings *rings; /* from connect() or accept() on */
	enum inet_stream_phase phase;
	bool bound;  /* by the program: to `local` as it asked */
	bool spent;  /* the endpoint has failed and must be replaced before it is used again */
	bool failed; /* UNCONNECTED: connect() is to say so yet */
	struct holm_endpoint local;
	struct holm_endpoint remote; /* DEFERRED: where to */
	bool inq;		     /* TCP_INQ */
	bool defers;		     /* TCP_FASTOPEN_CONNECT */
	bool addr_only, foreign;     /* IP_BIND_ADDRESS_NO_PORT, IP_FREEBIND */
	bool group_loop, group_all;  /* remembered: a stream has no groups */
	bool pmtu_do;		     /* IP_MTU_DISCOVER is DO, not WANT: the same */
	bool oob_taken;		     /* by MSG_OOB: the byte that oob_id says */
	uint32_t oob_id;
};

static inline struct stream *inet_stream_of(struct holm_socket *s)
{
	return container_of(s, struct stream, base);
}

static inline const struct stream *inet_stream_of_const(const struct holm_socket *s)
{
	return container_of_const(s, struct stream, base);
}

/* holm_tcp_ready(), for those who ask with each message: an endpoint begins with its level. */
static inline unsigned inet_stream_ready(const struct stream *t)
{
	return ((const struct ep *)(const void *)t->tcp)->state;
}

/* Bytes that wait to be read, urgent ones included. */
static inline size_t inet_stream_unread(const struct stream *t)
{
	return t->rings ? holm_rcvbuf_readable(&t->rings->rcv.base) : 0;
}

/* By connect(); who was accepted by Fast Open may send before its handshake is complete. */
static inline bool inet_stream_is_handshaking(const struct stream *t)
{
	enum holm_tcp_state state = holm_tcp_state(t->tcp);

	return t->phase != CONNECTED &&
	       (state == HOLM_TCP_SYN_SENT || state == HOLM_TCP_SYN_RECEIVED);
}

/* Both directions are over: reset, timed out, or closed on both sides. */
static inline bool inet_stream_is_over(const struct stream *t)
{
	return t->phase > LISTENING && holm_tcp_state(t->tcp) == HOLM_TCP_CLOSED;
}

static inline bool inet_stream_is_read_ended(const struct stream *t)
{
	return (t->base.unusual & SOCKET_SHUT_RD) || inet_stream_is_over(t) ||
	       (inet_stream_ready(t) & HOLM_PEER_CLOSED);
}

static inline bool inet_stream_is_write_ended(const struct stream *t)
{
	return (t->base.unusual & SOCKET_SHUT_WR) || inet_stream_is_over(t);
}

/* ---- inet_stream_oob.c */
/*
 * The urgent byte as Linux has it, the last of the urgent ones: how many unread bytes lie before it. False:
 * there is none, or it has been passed.
 */
bool inet_stream_oob_offset(struct stream *t, size_t *before);
/* recv() with MSG_OOB. */
int64_t inet_stream_recv_oob(struct stream *t, struct holm_msg *msg, int flags);
/* Is it there, and was not taken? POLLPRI. */
bool inet_stream_oob_waits(struct stream *t);
size_t inet_stream_oob_limit_urgent(struct stream *t, size_t *skip);
/* How many bytes may a read take, beginning `*skip` bytes on: it stops at the urgent byte. */
static inline size_t inet_stream_oob_limit(struct stream *t, size_t *skip)
{
	*skip = 0;
	if (likely(!(inet_stream_ready(t) & HOLM_URGENT)))
		return SIZE_MAX;
	return inet_stream_oob_limit_urgent(t, skip);
}
/* Besides an urgent byte that reads step over. */
static inline bool inet_stream_has_bytes(struct stream *t)
{
	size_t skip;

	(void)inet_stream_oob_limit(t, &skip);
	return inet_stream_unread(t) > skip;
}

/* SIOCATMARK. */
bool inet_stream_at_mark(struct holm_socket *s);

/* ---- inet_stream.c */
/* As on Linux, a reset by who had ended its side is what a writer hears: a broken pipe. */
int inet_stream_take_error(struct stream *t);
/* What TCP says of a connection that cannot be, as Linux says it. */
int inet_stream_connect_error(const struct stream *t, int err, const struct holm_endpoint *remote);
/* Where to, and buffers for it; the endpoint is a new one. */
int inet_stream_prepare_connect(struct stream *t, const void *addr, uint32_t len,
				struct holm_endpoint *remote);
/* What connect() says when it was called before: how far it got. */
int inet_stream_connect_outcome(struct stream *t, int pending);

/* ---- inet_stream_bytes.c: send(), recv() of messages, and what nearly all of them are: struct socket_ops */
int64_t inet_stream_send(struct holm_socket *s, const struct holm_msg *msg, int flags);
int64_t inet_stream_recv(struct holm_socket *s, struct holm_msg *msg, int flags);
size_t inet_stream_write(struct holm_socket *s, const void *p, size_t n);
size_t inet_stream_read(struct holm_socket *s, void *p, size_t n);

/* ---- inet_stream_option.c */
int inet_stream_set(struct holm_socket *s, int level, int name, int value);
int inet_stream_get(struct holm_socket *s, int level, int name, int *value);
/* IP_MTU, IPV6_MTU: -HOLM_ENOTCONN: it has no path. */
int inet_stream_path_mtu(const struct stream *t, int *value);
/* inet6_stream.c: the same for AF_INET6. */
int inet6_stream_set(struct holm_socket *s, int level, int name, int value);
int inet6_stream_get(struct holm_socket *s, int level, int name, int *value);
/* SO_MAX_PACING_RATE, which may be 64 bits. */
int inet_stream_set_bytes(struct holm_socket *s, int level, int name, const void *value,
			  uint32_t len);
int inet_stream_get_bytes(struct holm_socket *s, int level, int name, void *value, uint32_t *len);

#endif
