/*
 * The growing ring that sends, with constant regions in between (see <holm/buf.h>).
 *
 * Ring positions count ring bytes only and never wrap (64 bits); a constant region sits in front of
 * the ring byte at its `ring_pos`. The stream is: ring bytes up to consts[0].ring_pos, region 0, ring
 * bytes up to consts[1].ring_pos, region 1, and so on, then the rest of the ring.
 *
 * Lent bytes must not move. Growing copies to a block of twice the size, so the old block is kept
 * ("retired") until everything that was ever lent from it has been discarded; at most one block is
 * retired at a time, and meanwhile the ring does not grow again.
 */
#include <holm/buf.h>

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/copy.h"
#include "lib/mem.h"
#include "net/core/ring_short.h"

/*
 * Up to where may the writer queue? The ring cannot grow while a block is retired: saying otherwise would
 * let a writer spin.
 */
static void set_room(struct holm_ring_sndbuf *b)
{
	b->base.limit = b->retired ? min_size(b->limit, b->cap + b->const_bytes) : b->limit;
}

/* Spans of the ring bytes [pos, pos + len): one, or two where they wrap. */
static size_t ring_spans(const struct holm_ring_sndbuf *b, uint64_t pos, size_t len,
			 struct holm_span *spans, size_t nspans)
{
	uint32_t at = (uint32_t)pos & (b->cap - 1);
	size_t first = min_size(len, b->cap - at);

	if (nspans == 0 || len == 0)
		return 0;
	spans[0] = (struct holm_span){ b->mem + at, first };
	if (first == len || nspans == 1)
		return 1;
	spans[1] = (struct holm_span){ b->mem, len - first };
	return 2;
}

static size_t spans_bytes(const struct holm_span *spans, size_t n)
{
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += spans[i].len;
	return bytes;
}

/* The same with constant regions in the queue, or with fewer bytes in it than asked for. */
static never_inline size_t lend_pieces(struct holm_ring_sndbuf *b, size_t off, size_t max,
				       struct holm_span *spans, size_t nspans)
{
	uint64_t pos = b->head;
	size_t n = 0;

	for (uint32_t i = 0; i <= b->nconsts && max > 0 && n < nspans; i++) {
		uint64_t end = i < b->nconsts ? b->consts[i].ring_pos : b->tail;
		size_t len = (size_t)(end - pos);

		if (off < len) {
			size_t k = ring_spans(b, pos + off, min_size(len - off, max), spans + n,
					      nspans - n);
			size_t bytes = spans_bytes(spans + n, k);

			b->lent = max_u64(b->lent, pos + off + bytes);
			n += k;
			max -= bytes;
			off = 0;
		} else {
			off -= len;
		}
		pos = end;
		if (i == b->nconsts || max == 0 || n == nspans)
			break;
		if (off >= b->consts[i].len) {
			off -= b->consts[i].len;
			continue;
		}
		spans[n] = (struct holm_span){ b->consts[i].data + off,
					       min_size(b->consts[i].len - off, max) };
		max -= spans[n++].len;
		off = 0;
	}
	return n;
}

static size_t ring_lend(struct holm_sndbuf *base, size_t off, size_t max, struct holm_span *spans,
			size_t nspans)
{
	struct holm_ring_sndbuf *b = container_of(base, struct holm_ring_sndbuf, base);
	uint64_t pos = b->head + off;
	uint32_t at = (uint32_t)pos & (b->cap - 1);

	/* One piece of a queue without constant regions, as most are. */
	if (unlikely(b->nconsts != 0 || max - 1 >= b->cap - at || pos + max > b->tail ||
		     nspans == 0))
		return lend_pieces(b, off, max, spans, nspans);
	spans[0] = (struct holm_span){ b->mem + at, max };
	b->lent = max_u64(b->lent, pos + max);
	return 1;
}

static never_inline void free_retired(struct holm_ring_sndbuf *b)
{
	b->memory->free(b->memory->ctx, b->retired, b->retired_cap);
	b->retired = NULL;
	set_room(b);
}

static inline void free_ring(struct holm_ring_sndbuf *b)
{
	if (likely(b->cap == RING_BYTES_MIN))
		ring_give_page(b->memory, b->mem);
	else if (b->mem)
		b->memory->free(b->memory->ctx, b->mem, b->cap);
	b->mem = NULL;
	b->cap = 0;
}

static void pop_const(struct holm_ring_sndbuf *b)
{
	b->nconsts--;
	memmove(&b->consts[0], &b->consts[1], b->nconsts * sizeof(b->consts[0]));
}

/* The constant regions among the first `n` bytes; returns how many ring bytes are left of them. */
static never_inline size_t discard_consts(struct holm_ring_sndbuf *b, size_t n)
{
	while (b->nconsts > 0 && n > 0) {
		size_t before = (size_t)(b->consts[0].ring_pos - b->head);
		size_t k = min_size(n, before);

		b->head += k;
		n -= k;
		k = min_size(n, b->consts[0].len);
		b->consts[0].data += k;
		b->consts[0].len -= k;
		b->const_bytes -= k;
		n -= k;
		if (b->consts[0].len == 0 && b->head == b->consts[0].ring_pos)
			pop_const(b);
	}
	set_room(b);
	return n;
}

static void ring_discard(struct holm_sndbuf *base, size_t n)
{
	struct holm_ring_sndbuf *b = container_of(base, struct holm_ring_sndbuf, base);

	if (unlikely(b->nconsts != 0))
		n = discard_consts(b, n);
	b->head += n;
	if (unlikely(b->retired && b->head >= b->retired_until))
		free_retired(b);
	if (b->head == b->tail)
		free_ring(b);
}

static void ring_released(struct holm_sndbuf *base)
{
	struct holm_ring_sndbuf *b = container_of(base, struct holm_ring_sndbuf, base);

	if (b->on_released)
		b->on_released(b);
}

_Static_assert(sizeof(void *) != 8 || offsetof(struct holm_ring_sndbuf, lent) == MEM_LINE,
	       "what a message touches is one line");

const struct holm_sndbuf_ops ring_snd_ops = {
	.lend = ring_lend,
	.discard = ring_discard,
	.released = ring_released,
};

void holm_ring_sndbuf_init(struct holm_ring_sndbuf *b, const struct holm_memory *memory,
			   uint32_t limit, void (*on_released)(struct holm_ring_sndbuf *b))
{
	/* There is no constant region: what one would be is not looked at. */
	zero_lines(b, offsetof(struct holm_ring_sndbuf, consts));
	b->const_bytes = 0;
	b->base.ops = &ring_snd_ops;
	b->memory = memory;
	b->limit = ring_bytes_for(limit);
	b->on_released = on_released;
	set_room(b);
}

/* The first block, or the first after the ring had drained. */
static inline void take_ring(struct holm_ring_sndbuf *b, uint32_t cap)
{
	b->mem = b->memory->alloc(b->memory->ctx, cap);
	b->cap = b->mem ? cap : 0;
}

/* Copy [head, tail) to a block of `cap` bytes; the old block goes, or is retired while lent. */
static never_inline void move_ring(struct holm_ring_sndbuf *b, uint32_t cap)
{
	uint8_t *mem = b->memory->alloc(b->memory->ctx, cap);
	struct holm_span spans[2];
	uint64_t pos = b->head;
	size_t n;

	if (!mem)
		return;
	n = ring_spans(b, b->head, (size_t)(b->tail - b->head), spans, 2);
	for (size_t i = 0; i < n; i++) {
		uint32_t at = (uint32_t)pos & (cap - 1);
		size_t first = min_size(spans[i].len, cap - at);

		memcpy(mem + at, spans[i].data, first);
		memcpy(mem, spans[i].data + first, spans[i].len - first);
		pos += spans[i].len;
	}
	if (b->lent > b->head) {
		b->retired = b->mem;
		b->retired_cap = b->cap;
		b->retired_until = b->lent;
	} else {
		free_ring(b);
	}
	b->mem = mem;
	b->cap = cap;
	set_room(b);
}

/* Make room for `want` more ring bytes if the limit and memory allow; returns the room there is. */
static never_inline size_t find_room(struct holm_ring_sndbuf *b, size_t want)
{
	size_t used = (size_t)(b->tail - b->head);

	want = min_size(want, holm_sndbuf_room(&b->base));
	if (used + want > b->cap && !b->retired) {
		uint32_t cap = min_u32(ring_bytes_for((uint32_t)(used + want)), b->limit);

		if (likely(!b->mem))
			take_ring(b, cap);
		else
			move_ring(b, cap);
	}
	return min_size(want, b->cap - used);
}

/* The same. An empty ring takes its smallest block without a closer look. */
static inline size_t make_room(struct holm_ring_sndbuf *b, size_t want)
{
	if (unlikely(b->mem || want - 1 >= RING_BYTES_MIN || b->nconsts != 0))
		return find_room(b, want);
	b->mem = ring_take_page(b->memory);
	if (unlikely(!b->mem))
		return 0;
	b->cap = RING_BYTES_MIN;
	return want;
}

static never_inline size_t write_any(struct holm_ring_sndbuf *b, const uint8_t *src, size_t len)
{
	size_t n = make_room(b, len);
	uint32_t at = (uint32_t)b->tail & (b->cap - 1);
	size_t first = min_size(n, b->cap - at);

	if (n == 0)
		return 0;
	memcpy(b->mem + at, src, first);
	if (n > first)
		memcpy(b->mem, src + first, n - first);
	b->tail += n;
	b->base.queued += n;
	return n;
}

/* A message into an empty ring whose memory is this page from now on: it has a place in it, `at`. */
static always_inline void put_message(struct holm_ring_sndbuf *b, uint8_t *page, uint32_t at,
				      const uint8_t *src, size_t len)
{
	b->mem = page;
	b->cap = RING_BYTES_MIN;
	copy_few(page + at, src, len);
	b->tail += len;
	b->base.queued += len;
}

/* The same with a page that is in nobody's hand. */
static never_inline size_t write_message(struct holm_ring_sndbuf *b, const uint8_t *src, size_t len)
{
	uint32_t at = (uint32_t)b->tail & (RING_BYTES_MIN - 1);
	uint8_t *page = b->memory->alloc(b->memory->ctx, RING_BYTES_MIN);

	if (unlikely(!page))
		return 0;
	put_message(b, page, at, src, len);
	return len;
}

size_t holm_ring_sndbuf_write(struct holm_ring_sndbuf *b, const void *src, size_t len)
{
	uint32_t at = (uint32_t)b->tail & (RING_BYTES_MIN - 1);
	uint8_t *page;

	/* A message for an empty ring: in one piece of a page. */
	if (unlikely(b->mem || b->nconsts != 0 || !copy_is_few(len) || at + len > RING_BYTES_MIN))
		return write_any(b, src, len);
	page = mem_hand_take(b->memory);
	if (unlikely(!page))
		return write_message(b, src, len);
	put_message(b, page, at, src, len);
	return len;
}

size_t holm_ring_sndbuf_write_const(struct holm_ring_sndbuf *b, const void *data, size_t len)
{
	if (len == 0 || b->nconsts == HOLM_RING_CONST_MAX || holm_sndbuf_room(&b->base) == 0)
		return 0;
	b->consts[b->nconsts].data = data;
	b->consts[b->nconsts].len = len;
	b->consts[b->nconsts].ring_pos = b->tail;
	b->nconsts++;
	b->const_bytes += len;
	b->base.queued += len;
	set_room(b);
	return len;
}

struct holm_mspan holm_ring_sndbuf_reserve(struct holm_ring_sndbuf *b, size_t want)
{
	size_t n = make_room(b, want);
	uint32_t at;

	if (n == 0)
		return (struct holm_mspan){ NULL, 0 };
	at = (uint32_t)b->tail & (b->cap - 1);
	return (struct holm_mspan){ b->mem + at, min_size(n, b->cap - at) };
}

void holm_ring_sndbuf_commit(struct holm_ring_sndbuf *b, size_t n)
{
	ASSERT(b->tail + n - b->head <= b->cap);
	b->tail += n;
	b->base.queued += n;
}

void holm_ring_sndbuf_fini(struct holm_ring_sndbuf *b)
{
	if (b->retired)
		free_retired(b);
	free_ring(b);
	b->head = b->tail;
	b->nconsts = 0;
	b->const_bytes = 0;
	b->base.queued = 0;
	set_room(b);
}

void holm_ring_sndbuf_set_limit(struct holm_ring_sndbuf *b, uint32_t limit)
{
	b->limit = ring_bytes_for(limit);
	set_room(b);
}
