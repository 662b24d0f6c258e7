/*
 * What a dialogue does with the growing rings, in the caller's own code: a comparison says that a buffer
 * is such a ring, and that it lies the usual way (a page or none, nothing wraps, no constant regions).
 * Then a message is found, forgotten or taken in a few steps, where processors that guard indirect calls
 * take longer for the call alone. Everything else, and every other buffer, goes through the table of
 * operations, which stays the definition: <holm/buf.h>, net/core/buf_ring_snd.c, net/core/buf_ring_rcv.c.
 *
 * Without a short way where the library is built for size.
 */
#ifndef NET_CORE_RING_SHORT_H
#define NET_CORE_RING_SHORT_H

#include "lib/copy.h"
#include "net/core/ring_bytes.h"

extern const struct holm_sndbuf_ops ring_snd_ops;
extern const struct holm_rcvbuf_ops ring_rcv_ops;

/*
 * `len` bytes from `off` on, all of them queued, to be copied before anything else happens to the buffer:
 * nothing is lent. NULL: ask holm_sndbuf_lend().
 */
static always_inline const uint8_t *ring_snd_look(struct holm_sndbuf *base, size_t off, size_t len)
{
	const struct holm_ring_sndbuf *b = container_of(base, struct holm_ring_sndbuf, base);
	uint32_t at;

	if (FOR_SIZE || unlikely(base->ops != &ring_snd_ops || b->nconsts != 0))
		return NULL;
	at = (uint32_t)(b->head + off) & (b->cap - 1);
	return likely(len <= b->cap - at) ? b->mem + at : NULL;
}

/* holm_sndbuf_discard(). A page that all bytes have left goes back; where one is enough, none is retired. */
static always_inline void ring_snd_discard(struct holm_sndbuf *base, size_t n)
{
	struct holm_ring_sndbuf *b = container_of(base, struct holm_ring_sndbuf, base);

	if (!FOR_SIZE &&
	    likely(base->ops == &ring_snd_ops && n == base->queued && b->cap == RING_BYTES_MIN &&
		   b->nconsts == 0 && mem_hand_give(b->memory, b->mem))) {
		base->queued = 0;
		b->head = b->tail;
		b->mem = NULL;
		b->cap = 0;
		return;
	}
	holm_sndbuf_discard(base, n);
}

/*
 * Memory that holds `need` bytes, where there is none: as much as was good last time, filled from its
 * beginning, so that what comes and is read as one burst does not wrap. b->cap is 0: there is still none.
 */
void ring_rcv_begin(struct holm_ring_rcvbuf *b, size_t need);

/* The next `len` bytes into an empty ring whose memory is this page from now on: they have a place in it. */
static always_inline void ring_rcv_fill(struct holm_ring_rcvbuf *b, uint8_t *page,
					const uint8_t *src, size_t len)
{
	b->mem = page;
	b->cap = RING_BYTES_MIN;
	copy_short(page + (b->head & (RING_BYTES_MIN - 1)), src, len);
	b->base.window -= len;
	b->base.readable = len;
	b->kept = (uint32_t)len;
}

/* The same with a page that is in nobody's hand. False: there is no memory. */
bool ring_rcv_fill_new(struct holm_ring_rcvbuf *b, const uint8_t *src, size_t len);

/* ring_rcv_take() of what is empty and takes a page, as it does in dialogues. */
static always_inline bool ring_rcv_take_first(struct holm_ring_rcvbuf *b, const uint8_t *src,
					      size_t len)
{
	uint8_t *page;

	if (unlikely((b->head & (RING_BYTES_MIN - 1)) + len > RING_BYTES_MIN))
		return false;
	page = mem_hand_take(b->memory);
	if (unlikely(!page))
		return ring_rcv_fill_new(b, src, len);
	ring_rcv_fill(b, page, src, len);
	return true;
}

/*
 * The next `len` bytes in order, in one piece at `src`: holm_rcvbuf_accept() and holm_rcvbuf_advance().
 * False: ask those.
 */
static always_inline bool ring_rcv_take(struct holm_rcvbuf *base, const uint8_t *src, size_t len)
{
	struct holm_ring_rcvbuf *b = container_of(base, struct holm_ring_rcvbuf, base);
	size_t end = base->readable + len;
	uint32_t at;

	if (FOR_SIZE || unlikely(base->ops != &ring_rcv_ops || len > base->window))
		return false;
	if (!b->mem) {
		if (likely(b->last_cap <= RING_BYTES_MIN))
			return ring_rcv_take_first(b, src, len);
		ring_rcv_begin(b, end);
	}
	at = (b->head + (uint32_t)base->readable) & (b->cap - 1);
	if (unlikely(end > b->cap || len > b->cap - at))
		return false;
	base->window -= len;
	copy_short(b->mem + at, src, len);
	b->kept = max_u32(b->kept, (uint32_t)end);
	base->readable = end;
	return true;
}

#endif
