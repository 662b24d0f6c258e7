/*
 * The growing ring that receives (see <holm/buf.h>). Out-of-order bytes land in place; which ranges
 * are filled is TCP's knowledge (net/tcp/reasm.c), not the ring's.
 */
#include <holm/buf.h>

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/mem.h"
#include "net/core/ring_bytes.h"

static size_t ring_window(const struct holm_rcvbuf *base)
{
	const struct holm_ring_rcvbuf *b = container_of_const(base, struct holm_ring_rcvbuf, base);

	return b->limit - (size_t)(b->tail - b->head);
}

static size_t ring_readable(const struct holm_rcvbuf *base)
{
	const struct holm_ring_rcvbuf *b = container_of_const(base, struct holm_ring_rcvbuf, base);

	return (size_t)(b->tail - b->head);
}

static inline void free_ring(struct holm_ring_rcvbuf *b)
{
	if (likely(b->cap == RING_BYTES_MIN))
		ring_give_page(b->memory, b->mem);
	else if (b->mem)
		b->memory->free(b->memory->ctx, b->mem, b->cap);
	b->mem = NULL;
	b->cap = 0;
}

/* Everything has been read: the memory goes, and it is noted whether it was of a good size. */
static inline void give_back(struct holm_ring_rcvbuf *b)
{
	b->last_cap = b->head - b->since > b->cap / 2 ? b->cap : b->cap / 2;
	free_ring(b);
}

/* The first memory, or the first after everything had been read. */
static never_inline void take(struct holm_ring_rcvbuf *b, size_t need)
{
	uint32_t least = ring_bytes_for((uint32_t)need);
	uint32_t cap = max_u32(least, min_u32(b->last_cap, b->limit));

	b->mem = b->memory->alloc(b->memory->ctx, cap);
	if (unlikely(!b->mem && cap > least)) {
		cap = least;
		b->mem = b->memory->alloc(b->memory->ctx, cap);
	}
	b->cap = b->mem ? cap : 0;
	b->since = b->head;
}

/* The same where a page is enough, as it is for dialogues. */
static inline void take_page(struct holm_ring_rcvbuf *b)
{
	b->mem = ring_take_page(b->memory);
	b->cap = b->mem ? RING_BYTES_MIN : 0;
	b->since = b->head;
}

/* Make the memory hold `need` bytes from head on; keep everything up to the edge. */
static never_inline void grow(struct holm_ring_rcvbuf *b, size_t need)
{
	uint32_t cap = ring_bytes_for((uint32_t)need);
	uint8_t *mem = b->memory->alloc(b->memory->ctx, cap);

	if (!mem)
		return;
	for (uint64_t pos = b->head; pos < b->edge;) {
		uint32_t from = (uint32_t)pos & (b->cap - 1);
		uint32_t to = (uint32_t)pos & (cap - 1);
		size_t n = min_size((size_t)(b->edge - pos), min_size(b->cap - from, cap - to));

		memcpy(mem + to, b->mem + from, n);
		pos += n;
	}
	free_ring(b);
	b->mem = mem;
	b->cap = cap;
}

/* Bytes that wrap in the ring, or lie in more than one segment of the frame. */
static never_inline void copy_pieces(struct holm_ring_rcvbuf *b, uint32_t at,
				     const struct holm_frame *f, size_t frame_off, size_t len)
{
	size_t first = min_size(len, b->cap - at);

	holm_frame_read(f, frame_off, b->mem + at, first);
	holm_frame_read(f, frame_off + first, b->mem, len - first);
}

/* Memory for `need` bytes from head on, or for fewer; returns for how many there is. */
static inline size_t make_room(struct holm_ring_rcvbuf *b, size_t need)
{
	if (likely(!b->mem && need <= RING_BYTES_MIN && b->last_cap <= RING_BYTES_MIN))
		take_page(b);
	else if (!b->mem)
		take(b, need);
	else
		grow(b, need);
	return min_size(need, b->cap);
}

static size_t ring_accept(struct holm_rcvbuf *base, size_t off, const struct holm_frame *f,
			  size_t frame_off, size_t len)
{
	struct holm_ring_rcvbuf *b = container_of(base, struct holm_ring_rcvbuf, base);
	uint64_t pos = b->tail + off;
	size_t before = (size_t)(pos - b->head);
	uint32_t at;

	if (unlikely(before + len > b->cap)) {
		size_t room = make_room(b, before + len);

		if (room <= before)
			return 0;
		len = room - before;
	}
	if (likely(pos + len > b->edge))
		b->edge = pos + len;
	at = (uint32_t)pos & (b->cap - 1);
	if (likely(at + len <= b->cap && frame_off + len <= f->segs[0].len))
		memcpy(b->mem + at, f->segs[0].data + frame_off, len);
	else
		copy_pieces(b, at, f, frame_off, len);
	return len;
}

static void ring_advance(struct holm_rcvbuf *base, size_t n)
{
	struct holm_ring_rcvbuf *b = container_of(base, struct holm_ring_rcvbuf, base);

	ASSERT(b->tail + n <= b->edge);
	b->tail += n;
}

static void ring_released(struct holm_rcvbuf *base)
{
	struct holm_ring_rcvbuf *b = container_of(base, struct holm_ring_rcvbuf, base);

	if (b->on_released)
		b->on_released(b);
}

static const struct holm_rcvbuf_ops ring_ops = {
	.window = ring_window,
	.accept = ring_accept,
	.advance = ring_advance,
	.readable = ring_readable,
	.released = ring_released,
};

void holm_ring_rcvbuf_init(struct holm_ring_rcvbuf *b, const struct holm_memory *memory,
			   uint32_t limit, void (*on_released)(struct holm_ring_rcvbuf *b))
{
	memset(b, 0, sizeof(*b));
	b->base.ops = &ring_ops;
	b->memory = memory;
	b->limit = ring_bytes_for(limit);
	b->target = b->limit;
	b->on_released = on_released;
}

size_t holm_ring_rcvbuf_peek(struct holm_ring_rcvbuf *b, size_t off, struct holm_span spans[2])
{
	size_t len = (size_t)(b->tail - b->head);
	uint32_t at;
	size_t first;

	if (off >= len)
		return 0;
	len -= off;
	at = (uint32_t)(b->head + off) & (b->cap - 1);
	first = min_size(len, b->cap - at);
	spans[0] = (struct holm_span){ b->mem + at, first };
	if (first == len)
		return 1;
	spans[1] = (struct holm_span){ b->mem, len - first };
	return 2;
}

static inline void release(struct holm_ring_rcvbuf *b, size_t n)
{
	b->head += n;
	/* A smaller limit is reached by not opening the window as bytes are read. */
	if (unlikely(b->limit > b->target))
		b->limit -= (uint32_t)min_size(n, b->limit - b->target);
	if (b->head == b->edge)
		give_back(b);
}

void holm_ring_rcvbuf_release(struct holm_ring_rcvbuf *b, size_t n)
{
	ASSERT(n <= b->tail - b->head);
	release(b, n);
}

size_t holm_ring_rcvbuf_read(struct holm_ring_rcvbuf *b, void *dst, size_t len)
{
	size_t n = min_size(len, (size_t)(b->tail - b->head));
	uint8_t *out = dst;
	uint32_t at;
	size_t first;

	if (n == 0)
		return 0;
	at = (uint32_t)b->head & (b->cap - 1);
	first = b->cap - at;
	if (likely(n <= first)) {
		memcpy(out, b->mem + at, n);
	} else {
		memcpy(out, b->mem + at, first);
		memcpy(out + first, b->mem, n - first);
	}
	release(b, n);
	return n;
}

void holm_ring_rcvbuf_fini(struct holm_ring_rcvbuf *b)
{
	free_ring(b);
	b->head = b->edge;
	b->tail = b->edge;
}

void holm_ring_rcvbuf_set_limit(struct holm_ring_rcvbuf *b, uint32_t limit)
{
	b->target = ring_bytes_for(limit);
	b->limit = max_u32(b->limit, b->target);
}
