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
	/* When, and where in the ring, what rings_read() looks at began; all that was read before. */
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
/* Positions wrap: each read is to be told to rings_read(). */
static inline uint32_t rings_read_since(const struct rings *r)
{
	return r->rcv.head - r->since_pos;
}
static inline uint64_t rings_read_bytes(const struct rings *r)
{
	return r->read_before + rings_read_since(r);
}

/* The part of rings_read() that not every read needs. */
uint32_t rings_read_much(struct rings *r, const struct holm_tcp *tcp, uint32_t limit, uint32_t max);

/*
 * Bytes were read: the window grows while a round trip's worth of reading is more than half of it.
 * `limit` is what it is now; returns what it is from now on, at most `max`, which may be what it is.
 */
static inline uint32_t rings_read(struct rings *r, const struct holm_tcp *tcp, uint32_t limit,
				  uint32_t max)
{
	return likely(rings_read_since(r) <= limit / 2) ? limit
							: rings_read_much(r, tcp, limit, max);
}

/* The part of rings_write() that not every write needs. */
uint32_t rings_write_full(struct rings *r, const struct holm_tcp *tcp, uint32_t limit,
			  uint32_t max);

/* Bytes are to be written: room for two congestion windows, as the limit above. */
static inline uint32_t rings_write(struct rings *r, const struct holm_tcp *tcp, uint32_t limit,
				   uint32_t max)
{
	size_t queued = holm_sndbuf_queued(&r->snd.base);

	return likely(queued < limit / 2) ? limit : rings_write_full(r, tcp, limit, max);
}

/* The socket leaves. */
void rings_leave(struct rings *r);

#endif
