/*
 * The two byte rings of a stream. TCP uses them after the socket is gone: an object of their own, which
 * goes when the socket has left it and TCP has released both.
 */
#ifndef NET_SOCKET_RINGS_H
#define NET_SOCKET_RINGS_H

#include <holm/buf.h>
#include <holm/tcp.h>

#include "lib/compiler.h"

struct rings {
	struct holm_ring_sndbuf snd;
	struct holm_ring_rcvbuf rcv;
	struct holm_net *net;
	/* When, and where in the ring, what rings_fit_rcv() looks at began; all that was read before. */
	uint64_t since_ns, read_before;
	uint32_t since_pos;
	uint64_t const_bytes; /* written without a copy */
	uint8_t users;	      /* who still uses it: the socket, TCP as sender, TCP as receiver */
};

/* Make them and give them to the endpoint. 0, -HOLM_ENOMEM. */
int rings_attach(struct holm_net *net, struct holm_tcp *tcp, uint32_t snd_limit, uint32_t rcv_limit,
		 struct rings **out);

/* All that the program has written and read: struct tcp_info. */
static inline uint64_t rings_written_bytes(const struct rings *r)
{
	return r->snd.tail + r->const_bytes;
}
/*
 * How many bytes the ring has given out, modulo 2^32: after each read rings_have_read_much()
 * is to be asked.
 */
static inline uint32_t rings_read_pos(const struct rings *r)
{
	return r->rcv.since + r->rcv.head;
}
static inline uint32_t rings_read_since(const struct rings *r)
{
	return rings_read_pos(r) - r->since_pos;
}
static inline uint64_t rings_read_bytes(const struct rings *r)
{
	return r->read_before + rings_read_since(r);
}

/*
 * Was more than half of the window read since rings_fit_rcv() was last asked? Then it is to be
 * asked again.
 */
static inline bool rings_have_read_much(const struct rings *r, uint32_t limit)
{
	return rings_read_since(r) > limit / 2;
}

/*
 * The window grows while half of it is read within a round trip. `limit` is what it is now; returns
 * what it is from now on, at most `max`, which may be what it is.
 */
uint32_t rings_fit_rcv(struct rings *r, const struct holm_tcp *tcp, uint32_t limit, uint32_t max);

/* Is half of what may be queued queued? Then it may be worth asking rings_fit_snd(). */
static inline bool rings_are_filling(const struct rings *r, uint32_t limit)
{
	return holm_sndbuf_queued(&r->snd.base) >= limit / 2;
}

/* Bytes are to be written: room for two congestion windows, as the limit above. */
uint32_t rings_fit_snd(struct rings *r, const struct holm_tcp *tcp, uint32_t limit, uint32_t max);

/* The socket leaves. */
void rings_leave(struct rings *r);

#endif
