/*
 * The growing ring that receives (see <holm/buf.h>). Out-of-order bytes land in place; which ranges
 * are filled is TCP's knowledge (net/tcp/reasm.c), not the ring's.
 */
#include <holm/buf.h>

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/copy.h"
#include "lib/mem.h"
#include "net/core/ring_short.h"

/*
 * What the reader has not read and what may still come, together. On the way to a smaller limit,
 * any number.
 */
static uint32_t limit_of(const struct holm_ring_rcvbuf *b)
{
	return (uint32_t)(b->base.readable + b->base.window);
}

/* The largest ring that this much fills. */
static uint32_t ring_bytes_within(uint32_t bytes)
{
	return bytes ? 1u << ilog2_u32(bytes) : 0;
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

/*
 * Everything has been read: the memory goes, and it is noted whether it was of a good size. A page is, and
 * what grew has been more than half full: only of what was taken at once more may have been taken than came.
 */
static inline void give_back(struct holm_ring_rcvbuf *b)
{
	b->last_cap = max_u32(b->head > b->cap / 2 ? b->cap : b->cap / 2, RING_BYTES_MIN);
	free_ring(b);
}

never_inline void ring_rcv_begin(struct holm_ring_rcvbuf *b, size_t need)
{
	uint32_t least = ring_bytes_for((uint32_t)need);
	uint32_t cap = max_u32(least, min_u32(b->last_cap, ring_bytes_within(limit_of(b))));

	b->since += b->head;
	b->head = 0;
	b->mem = b->memory->alloc(b->memory->ctx, cap);
	if (unlikely(!b->mem && cap > least)) {
		cap = least;
		b->mem = b->memory->alloc(b->memory->ctx, cap);
	}
	b->cap = b->mem ? cap : 0;
}

bool ring_rcv_fill_new(struct holm_ring_rcvbuf *b, const uint8_t *src, size_t len)
{
	uint8_t *page = b->memory->alloc(b->memory->ctx, RING_BYTES_MIN);

	if (unlikely(!page))
		return false;
	ring_rcv_fill(b, page, src, len);
	return true;
}

/* Where a page is enough, as it is for dialogues. */
static inline void take_page(struct holm_ring_rcvbuf *b)
{
	b->mem = ring_take_page(b->memory);
	b->cap = b->mem ? RING_BYTES_MIN : 0;
}

/* Make the memory hold `need` bytes from head on; keep everything that was accepted. */
static never_inline void grow(struct holm_ring_rcvbuf *b, size_t need)
{
	uint32_t cap = ring_bytes_for((uint32_t)need);
	uint8_t *mem = b->memory->alloc(b->memory->ctx, cap);

	if (!mem)
		return;
	for (uint32_t done = 0; done < b->kept;) {
		uint32_t from = (b->head + done) & (b->cap - 1);
		uint32_t to = (b->head + done) & (cap - 1);
		uint32_t n = min_u32(b->kept - done, min_u32(b->cap - from, cap - to));

		memcpy(mem + to, b->mem + from, n);
		done += n;
	}
	free_ring(b);
	b->mem = mem;
	b->cap = cap;
}

/* Where bytes of a frame are, if they lie in one segment: behind the headers' a sender's, lent. */
static inline const uint8_t *in_one_segment(const struct holm_frame *f, size_t off, size_t len)
{
	uint32_t i = 0;

	while (off >= f->segs[i].len && i + 1u < f->nsegs)
		off -= f->segs[i++].len;
	return off + len <= f->segs[i].len ? f->segs[i].data + off : NULL;
}

/* Bytes that wrap in the ring, or do not lie in the frame's first segment. */
static never_inline void copy_pieces(struct holm_ring_rcvbuf *b, uint32_t at,
				     const struct holm_frame *f, size_t frame_off, size_t len)
{
	const uint8_t *from = in_one_segment(f, frame_off, len);
	size_t first = min_size(len, b->cap - at);

	if (likely(from)) {
		memcpy(b->mem + at, from, first);
		if (first < len)
			memcpy(b->mem, from + first, len - first);
		return;
	}
	holm_frame_read(f, frame_off, b->mem + at, first);
	holm_frame_read(f, frame_off + first, b->mem, len - first);
}

/* Memory for `need` bytes from head on, or for fewer; returns for how many there is. */
static inline size_t make_room(struct holm_ring_rcvbuf *b, size_t need)
{
	if (likely(!b->mem && need <= RING_BYTES_MIN && b->last_cap <= RING_BYTES_MIN))
		take_page(b);
	else if (!b->mem)
		ring_rcv_begin(b, need);
	else
		grow(b, need);
	return min_size(need, b->cap);
}

static size_t ring_accept(struct holm_rcvbuf *base, size_t off, struct holm_frame *f,
			  size_t frame_off, size_t len)
{
	struct holm_ring_rcvbuf *b = container_of(base, struct holm_ring_rcvbuf, base);
	size_t before = base->readable + off;
	uint32_t at;

	if (unlikely(before + len > b->cap)) {
		size_t room = make_room(b, before + len);

		if (room <= before)
			return 0;
		len = room - before;
	}
	b->kept = max_u32(b->kept, (uint32_t)(before + len));
	at = (b->head + (uint32_t)before) & (b->cap - 1);
	if (likely(at + len <= b->cap && frame_off + len <= f->segs[0].len))
		memcpy(b->mem + at, f->segs[0].data + frame_off, len);
	else
		copy_pieces(b, at, f, frame_off, len);
	return len;
}

static void ring_released(struct holm_rcvbuf *base)
{
	struct holm_ring_rcvbuf *b = container_of(base, struct holm_ring_rcvbuf, base);

	if (b->on_released)
		b->on_released(b);
}

_Static_assert(sizeof(void *) != 8 || offsetof(struct holm_ring_rcvbuf, on_released) == MEM_LINE,
	       "what a message touches is one line");

const struct holm_rcvbuf_ops ring_rcv_ops = {
	.accept = ring_accept,
	.released = ring_released,
};

void holm_ring_rcvbuf_init(struct holm_ring_rcvbuf *b, const struct holm_memory *memory,
			   uint32_t limit, void (*on_released)(struct holm_ring_rcvbuf *b))
{
	memset(b, 0, sizeof(*b));
	b->base.ops = &ring_rcv_ops;
	b->memory = memory;
	b->base.window = ring_bytes_for(limit);
	b->on_released = on_released;
}

size_t holm_ring_rcvbuf_peek(struct holm_ring_rcvbuf *b, size_t off, struct holm_span spans[2])
{
	size_t len = b->base.readable;
	uint32_t at;
	size_t first;

	if (off >= len)
		return 0;
	len -= off;
	at = (b->head + (uint32_t)off) & (b->cap - 1);
	first = min_size(len, b->cap - at);
	spans[0] = (struct holm_span){ b->mem + at, first };
	if (first == len)
		return 1;
	spans[1] = (struct holm_span){ b->mem, len - first };
	return 2;
}

static inline void release(struct holm_ring_rcvbuf *b, size_t n)
{
	size_t opens = n;

	/* A smaller limit is reached by not opening the window as bytes are read. */
	if (unlikely(b->shrink > 0)) {
		opens -= min_size(n, b->shrink);
		b->shrink -= (uint32_t)(n - opens);
	}
	b->base.readable -= n;
	b->base.window += opens;
	ASSERT(n <= b->kept);
	b->head += (uint32_t)n;
	b->kept -= (uint32_t)n;
	if (b->kept == 0)
		give_back(b);
}

void holm_ring_rcvbuf_release(struct holm_ring_rcvbuf *b, size_t n)
{
	ASSERT(n <= b->base.readable);
	release(b, n);
}

/* Any number of bytes, from any memory; `n` are readable. */
static never_inline size_t read_any(struct holm_ring_rcvbuf *b, uint8_t *dst, size_t n)
{
	uint32_t at = b->head & (b->cap - 1);
	size_t first = min_size(n, b->cap - at);

	if (n == 0)
		return 0;
	memcpy(dst, b->mem + at, first);
	if (n > first)
		memcpy(dst + first, b->mem, n - first);
	release(b, n);
	return n;
}

/* Is a message all there is, in one piece of a page? */
static always_inline bool is_message(const struct holm_ring_rcvbuf *b, size_t n)
{
	return b->kept == n && b->shrink == 0 && b->cap == RING_BYTES_MIN && copy_is_few(n) &&
	       (b->head & (RING_BYTES_MIN - 1)) + n <= RING_BYTES_MIN;
}

/* It is copied, and the ring lets go of the page. */
static always_inline void take_message(struct holm_ring_rcvbuf *b, uint8_t *dst, size_t n)
{
	copy_few(dst, b->mem + (b->head & (RING_BYTES_MIN - 1)), n);
	b->base.readable = 0;
	b->base.window += n;
	b->head += (uint32_t)n;
	b->kept = 0;
	b->cap = 0;
	b->last_cap = RING_BYTES_MIN;
	b->mem = NULL;
}

/* The page goes back to where it is from. */
static never_inline size_t read_message(struct holm_ring_rcvbuf *b, uint8_t *dst, size_t n)
{
	uint8_t *page = b->mem;

	take_message(b, dst, n);
	b->memory->free(b->memory->ctx, page, RING_BYTES_MIN);
	return n;
}

size_t holm_ring_rcvbuf_read(struct holm_ring_rcvbuf *b, void *dst, size_t len)
{
	size_t n = b->base.readable;

	if (n == 0)
		return 0;
	if (unlikely(len < n || !is_message(b, n)))
		return read_any(b, dst, min_size(len, n));
	/* Nobody takes the page before its bytes have been copied. */
	if (unlikely(!mem_hand_give(b->memory, b->mem)))
		return read_message(b, dst, n);
	take_message(b, dst, n);
	return n;
}

void holm_ring_rcvbuf_fini(struct holm_ring_rcvbuf *b)
{
	free_ring(b);
	b->head += b->kept;
	b->kept = 0;
	b->base.window += b->base.readable;
	b->base.readable = 0;
}

void holm_ring_rcvbuf_set_limit(struct holm_ring_rcvbuf *b, uint32_t limit)
{
	uint32_t target = ring_bytes_for(limit);
	uint32_t now = limit_of(b);

	b->shrink = now > target ? now - target : 0;
	b->base.window += target > now ? target - now : 0;
}
