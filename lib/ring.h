/*
 * A byte ring: a power of two of bytes, read at one end and written at the other.
 *
 * The memory is the caller's, may be absent while the ring is empty, and may be exchanged for
 * another, larger or smaller, without losing a byte. Positions run freely and wrap at 2^32; they
 * are reduced only where memory is touched, so a full ring and an empty one differ.
 *
 * Both sides may lend instead of copying: reserve spans, fill them, commit; peek at spans, use
 * them, release. A stretch that crosses the end of the memory comes as two spans. Bytes that arrive
 * out of order are written ahead of the writing end and committed when the gap before them has
 * closed.
 */
#ifndef LIB_RING_H
#define LIB_RING_H

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/mem.h"
#include "lib/span.h"

/* The largest ring: positions stay apart when they wrap. */
#define RING_BYTES_MAX ((uint32_t)1 << 31)

/* No pointer into itself: it may be moved. Zero bytes are an empty ring without memory. */
struct ring {
	uint8_t *mem;
	uint32_t cap;  /* a power of two, or 0 without memory */
	uint32_t head; /* where the next byte is written */
	uint32_t tail; /* where the next byte is read */
};

static inline void ring_init(struct ring *r)
{
	*r = (struct ring){ 0 };
}

/* Bytes to read. */
static inline uint32_t ring_len(const struct ring *r)
{
	return r->head - r->tail;
}

/* Bytes that can be written. */
static inline uint32_t ring_space(const struct ring *r)
{
	return r->cap - ring_len(r);
}

static inline bool ring_is_empty(const struct ring *r)
{
	return r->head == r->tail;
}

/*
 * Exchanges the memory for `cap` bytes at `mem`, a power of two, and gives the old memory back to
 * the caller (NULL if there was none). Takes over what can be read and, of what was written ahead
 * of the writing end, the next `ahead` bytes; both fit into `cap` together. NULL and 0 take the
 * memory away from an empty ring.
 */
uint8_t *ring_grow(struct ring *r, void *mem, uint32_t cap, uint32_t ahead);

/* Room for up to `max` bytes as up to two spans, in the order of the bytes. Returns how many. */
uint32_t ring_reserve(const struct ring *r, size_t max, struct span out[static 2]);

/* The first n bytes of the room are written: they can be read from now on. */
static inline void ring_commit(struct ring *r, size_t n)
{
	ASSERT(n <= ring_space(r));
	r->head += (uint32_t)n;
}

/*
 * Up to `max` bytes to read, beginning `off` bytes behind the reading end, as up to two spans.
 * Returns how many bytes; 0 if `off` is beyond the last.
 */
uint32_t ring_peek(const struct ring *r, size_t off, size_t max, struct cspan out[static 2]);

/* The first n bytes are done with. */
static inline void ring_release(struct ring *r, size_t n)
{
	ASSERT(n <= ring_len(r));
	r->tail += (uint32_t)n;
}

/* Bytes from a position to the end of the memory, which there is. */
static inline uint32_t ring_until_end(const struct ring *r, uint32_t at)
{
	return r->cap - (at & (r->cap - 1));
}

/* Appends n bytes where they fit without crossing the end of the memory; false: nothing happens. */
static inline bool ring_write_whole(struct ring *r, const void *src, size_t n)
{
	if (unlikely(n == 0 || n > ring_space(r) || n > ring_until_end(r, r->head)))
		return false;
	memcpy(r->mem + (r->head & (r->cap - 1)), src, n);
	r->head += (uint32_t)n;
	return true;
}

/* Appends what fits of n bytes; returns how many. */
size_t ring_write(struct ring *r, const void *src, size_t n);

/*
 * Puts bytes `off` ahead of the writing end, without making them readable; returns how many of the
 * n fit. ring_commit makes them readable, in order.
 */
size_t ring_write_at(struct ring *r, size_t off, const void *src, size_t n);

/* Copies out the first n bytes, which stay, where they do not cross the end; false: nothing happens. */
static inline bool ring_copy_whole(const struct ring *r, void *dst, size_t n)
{
	if (unlikely(n == 0 || n > ring_len(r) || n > ring_until_end(r, r->tail)))
		return false;
	memcpy(dst, r->mem + (r->tail & (r->cap - 1)), n);
	return true;
}

/* Copies out up to n bytes from `off` behind the reading end, which stay; returns how many. */
size_t ring_copy(const struct ring *r, size_t off, void *dst, size_t n);

/* Copies out up to n bytes and releases them; returns how many. */
size_t ring_read(struct ring *r, void *dst, size_t n);

#endif
