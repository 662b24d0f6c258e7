/*
 * Frames and pools (the public <holm/frame.h>): taking and freeing, references, clones, copies.
 *
 * A frame and its home buffer are one object; the free list is last-in-first-out. Nothing here
 * allocates: frames come from regions that the program adds. Knows no protocol.
 */
#include <holm/frame.h>

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/mem.h"
#include "net/core/pool.h"

/* Head-room of a copy: enough for a device header in front of a reply made in place. */
#define COPY_HEADROOM 32u

/*
 * From one home buffer to the next: a cache line more than it has bytes. At a distance of a power of two
 * the headers of all frames would be kept in the same few sets of a cache, and a batch drive itself out.
 */
#define HOME_STRIDE (HOLM_FRAME_BYTES + 64u)

_Static_assert(HOLM_FRAME_SEGS_MAX * sizeof(struct holm_seg) <= HOLM_FRAME_BYTES,
	       "a vector fits a home buffer");

/* A frame as pool_take() expects it, whatever it was: linear, in its own buffer, nobody else's. */
static void make_blank(struct holm_frame *f)
{
	f->chain = NULL;
	f->vector = NULL;
	f->segs = f->segs_inline;
	f->segs_max = HOLM_FRAME_SEGS_INLINE;
	f->nsegs = 1;
	f->segs_inline[0].buf = &f->home;
	f->home.refs = 1;
}

/* The home buffer's last reference is gone, the frame's own among them. */
static void home_release(struct holm_buf *buf)
{
	struct holm_frame *f = container_of(buf, struct holm_frame, home);

	make_blank(f);
	pool_push(f->pool, f);
}

static const struct holm_buf_owner home_owner = {
	.release = home_release,
};

size_t holm_pool_bytes(void)
{
	return sizeof(struct holm_pool);
}

struct holm_pool *holm_pool_init(void *pool_mem, uint32_t reserve)
{
	struct holm_pool *pool = pool_mem;

	memset(pool, 0, sizeof(*pool));
	pool->reserve = reserve;
	return pool;
}

size_t holm_pool_region_bytes(size_t frames)
{
	return frames * (HOME_STRIDE + sizeof(struct holm_frame));
}

size_t holm_pool_add(struct holm_pool *pool, void *mem, size_t bytes)
{
	size_t n = bytes / (HOME_STRIDE + sizeof(struct holm_frame));
	uint8_t *data = mem;
	struct holm_frame *frames = (struct holm_frame *)(void *)(data + n * HOME_STRIDE);

	ASSERT((uintptr_t)mem % HOLM_FRAME_BYTES == 0);
	/* Pushed from the last to the first, so that the lowest addresses are used first. */
	for (size_t i = n; i-- > 0;) {
		struct holm_frame *f = &frames[i];

		memset(f, 0, sizeof(*f));
		f->pool = pool;
		f->home_mem = data + i * HOME_STRIDE;
		f->home.owner = &home_owner;
		f->home.bytes = HOLM_FRAME_BYTES;
		make_blank(f);
		pool_push(pool, f);
	}
	pool->total += (uint32_t)n;
	pool->free_min = pool->nfree;
	return n;
}

void holm_pool_get_stats(const struct holm_pool *pool, struct holm_pool_stats *stats)
{
	*stats = (struct holm_pool_stats){
		.frames = pool->total,
		.free = pool->nfree,
		.free_min = pool->free_min,
		.exhausted = pool->exhausted,
	};
}

struct holm_frame *holm_frame_alloc(struct holm_pool *pool, size_t headroom, bool reserve_ok)
{
	return pool_take(pool, headroom, reserve_ok);
}

/* A reference less; most buffers of many segments are home buffers of frames. */
static inline void put_segment(struct holm_buf *buf)
{
	if (--buf->refs > 0)
		return;
	if (likely(buf->owner == &home_owner))
		home_release(buf);
	else
		buf->owner->release(buf);
}

/* Everything but the chain. */
static never_inline void free_segments(struct holm_frame *f)
{
	const struct holm_seg *end = f->segs + f->nsegs;

	for (const struct holm_seg *seg = f->segs; seg < end; seg++)
		if (seg->buf != &f->home)
			put_segment(seg->buf);
	if (f->vector)
		put_segment(&f->vector->home);
	put_segment(&f->home);
}

static never_inline void free_chain(struct holm_frame *f)
{
	while (f) {
		struct holm_frame *chain = f->chain;

		if (pool_is_lone(f)) {
			f->chain = NULL;
			pool_push(f->pool, f);
		} else if (f->flags & HOLM_FRAME_KEPT) {
			f->flags &= (uint16_t)~HOLM_FRAME_KEPT;
			f->home.refs--;
		} else {
			free_segments(f);
		}
		f = chain;
	}
}

/*
 * Headers, and behind them what somebody else's buffer holds, as a super-frame is: nobody else refers to the
 * frame, and it has no vector.
 */
static inline bool has_one_foreign(const struct holm_frame *f)
{
	return !FOR_SIZE && f->nsegs == 2 && f->segs_max == HOLM_FRAME_SEGS_INLINE &&
	       f->home.refs == 1 && f->segs_inline[0].buf == &f->home &&
	       f->segs_inline[1].buf != &f->home;
}

static never_inline void free_with_foreign(struct holm_frame *f)
{
	put_segment(f->segs_inline[1].buf);
	f->nsegs = 1;
	pool_push(f->pool, f);
}

void holm_frame_free(struct holm_frame *f)
{
	if (likely(f && !f->chain && pool_is_lone(f)))
		pool_push(f->pool, f);
	else if (f && !f->chain && has_one_foreign(f))
		free_with_foreign(f);
	else
		free_chain(f);
}

void holm_frame_free_batch(struct holm_frame **frames, size_t n)
{
	for (size_t i = 0; i < n; i++)
		holm_frame_free(frames[i]);
}

/* Move the segments into a vector of their own, in another frame's home buffer. */
static bool grow_vector(struct holm_frame *f)
{
	struct holm_frame *v;

	if (f->vector)
		return false;
	v = holm_frame_alloc(f->pool, 0, true);
	if (!v)
		return false;
	memcpy(v->home_mem, f->segs, f->nsegs * sizeof(struct holm_seg));
	f->segs = (struct holm_seg *)(void *)v->home_mem;
	f->segs_max = HOLM_FRAME_SEGS_MAX;
	f->vector = v;
	return true;
}

bool holm_frame_append(struct holm_frame *f, struct holm_buf *buf, uint8_t *data, size_t len)
{
	ASSERT(buf != &f->home);
	if (f->nsegs == f->segs_max && !grow_vector(f))
		return false;
	frame_refer(f, buf, data, (uint32_t)len);
	return true;
}

bool holm_frame_append_from(struct holm_frame *f, const struct holm_frame *from, size_t off,
			    size_t len)
{
	for (uint32_t i = 0; i < from->nsegs && len > 0; i++) {
		const struct holm_seg *seg = &from->segs[i];
		size_t skip = min_size(off, seg->len), n = min_size(seg->len - skip, len);

		off -= skip;
		if (n == 0)
			continue;
		if (!holm_frame_append(f, seg->buf, seg->data + skip, n))
			return false;
		len -= n;
	}
	return true;
}

bool holm_frame_append_copy(struct holm_frame *f, const void *src, size_t len)
{
	struct holm_seg *last = &f->segs[f->nsegs - 1];
	const uint8_t *end = f->home_mem + HOLM_FRAME_BYTES;

	if (last->buf != &f->home || len > (size_t)(end - (last->data + last->len)))
		return false;
	memcpy(last->data + last->len, src, len);
	last->len += (uint32_t)len;
	f->len += (uint32_t)len;
	return true;
}

static void copy_metadata(struct holm_frame *to, const struct holm_frame *from)
{
	to->csum = from->csum;
	to->gso = from->gso;
	to->gso_size = from->gso_size;
	to->csum_start = from->csum_start;
	to->csum_off = from->csum_off;
	to->hdr_len = from->hdr_len;
	to->l3_off = from->l3_off;
	to->l4_off = from->l4_off;
	to->payload_off = from->payload_off;
	to->flags = from->flags & (uint16_t)~HOLM_FRAME_KEPT;
	to->dev = from->dev;
	to->time_ns = from->time_ns;
	memcpy(to->cb.bytes, from->cb.bytes, sizeof(to->cb.bytes));
}

struct holm_frame *holm_frame_clone(struct holm_pool *pool, const struct holm_frame *f)
{
	struct holm_frame *c;

	/* Nobody knows how long a clone is kept, and a sender waits for the bytes that it lent. */
	if (f->flags & HOLM_FRAME_LENT)
		return holm_frame_copy(pool, f);
	c = holm_frame_alloc(pool, 0, false);
	if (!c)
		return NULL;
	if (f->nsegs > c->segs_max && !grow_vector(c)) {
		holm_frame_free(c);
		return NULL;
	}
	copy_metadata(c, f);
	c->nsegs = f->nsegs;
	c->len = f->len;
	memcpy(c->segs, f->segs, c->nsegs * sizeof(struct holm_seg));
	for (const struct holm_seg *seg = f->segs, *end = seg + f->nsegs; seg < end; seg++)
		holm_buf_get(seg->buf);
	return c;
}

bool holm_frame_keep(struct holm_frame *f)
{
	if (f->chain || f->flags & (HOLM_FRAME_LENT | HOLM_FRAME_KEPT))
		return false;
	f->flags |= HOLM_FRAME_KEPT;
	holm_buf_get(&f->home);
	return true;
}

/* Where the next bytes of a copy go: behind those of the last segment, which has room for more. */
struct copy_target {
	struct holm_seg *seg;
	size_t room;
};

/* Append another home buffer, empty yet, to the copy. Of its frame only the buffer is used. */
static inline bool add_target(struct holm_frame *c, struct copy_target *t)
{
	struct holm_frame *x = pool_pop(c->pool, false);

	if (unlikely(!x))
		return false;
	if (unlikely(c->nsegs == c->segs_max) && !grow_vector(c)) {
		put_segment(&x->home);
		return false;
	}
	t->seg = &c->segs[c->nsegs++];
	t->seg->data = x->home_mem;
	t->seg->buf = &x->home;
	t->seg->len = 0;
	t->room = HOLM_FRAME_BYTES;
	return true;
}

static bool copy_bytes(struct holm_frame *c, struct copy_target *t, const uint8_t *src, size_t left)
{
	while (left > 0) {
		size_t n;

		if (t->room == 0 && !add_target(c, t))
			return false;
		n = min_size(left, t->room);
		memcpy(t->seg->data + t->seg->len, src, n);
		t->seg->len += (uint32_t)n;
		t->room -= n;
		src += n;
		left -= n;
	}
	return true;
}

struct holm_frame *holm_frame_copy(struct holm_pool *pool, const struct holm_frame *f)
{
	struct holm_frame *c = holm_frame_alloc(pool, COPY_HEADROOM, false);
	struct copy_target t;

	if (!c)
		return NULL;
	copy_metadata(c, f);
	c->flags = (uint16_t)(c->flags & ~(unsigned)HOLM_FRAME_LENT);
	c->len = f->len;
	t.seg = c->segs;
	t.room = HOLM_FRAME_BYTES - COPY_HEADROOM;
	for (uint32_t i = 0; i < f->nsegs; i++)
		if (!copy_bytes(c, &t, f->segs[i].data, f->segs[i].len)) {
			holm_frame_free(c);
			return NULL;
		}
	return c;
}

static never_inline void read_segments(const struct holm_frame *f, size_t off, uint8_t *out,
				       size_t len)
{
	for (uint32_t i = 0; len > 0; i++) {
		const struct holm_seg *seg;
		size_t n;

		ASSERT(i < f->nsegs);
		seg = &f->segs[i];
		if (off >= seg->len) {
			off -= seg->len;
			continue;
		}
		n = min_size(len, seg->len - off);
		memcpy(out, seg->data + off, n);
		out += n;
		len -= n;
		off = 0;
	}
}

void holm_frame_read(const struct holm_frame *f, size_t off, void *dst, size_t len)
{
	if (likely(off + len <= f->segs[0].len))
		memcpy(dst, f->segs[0].data + off, len);
	else
		read_segments(f, off, dst, len);
}

/* Take `n` bytes off the front of segments [1..]; emptied ones go. */
static void drop_behind_first(struct holm_frame *f, size_t n)
{
	uint32_t i = 1;

	while (n > 0 && f->segs[i].len <= n) {
		n -= f->segs[i].len;
		if (f->segs[i].buf != &f->home)
			holm_buf_put(f->segs[i].buf);
		i++;
	}
	if (n > 0) {
		f->segs[i].data += n;
		f->segs[i].len -= (uint32_t)n;
	}
	memmove(&f->segs[1], &f->segs[i], (f->nsegs - i) * sizeof(struct holm_seg));
	f->nsegs = (uint16_t)(f->nsegs - (i - 1));
}

bool holm_frame_pullup(struct holm_frame *f, size_t len)
{
	struct holm_seg *first = &f->segs[0];
	size_t missing;

	if (first->len >= len)
		return true;
	if (len > f->len || f->home.refs != 1)
		return false;
	missing = len - first->len;
	if (first->buf == &f->home) {
		if (missing > (size_t)(f->home_mem + HOLM_FRAME_BYTES - (first->data + first->len)))
			return false;
		holm_frame_read(f, first->len, first->data + first->len, missing);
	} else {
		if (len > HOLM_FRAME_BYTES - HOLM_FRAME_HEADROOM)
			return false;
		holm_frame_read(f, 0, f->home_mem + HOLM_FRAME_HEADROOM, len);
		holm_buf_put(first->buf);
		first->buf = &f->home;
		first->data = f->home_mem + HOLM_FRAME_HEADROOM;
	}
	first->len = (uint32_t)len;
	drop_behind_first(f, missing);
	return true;
}

void holm_frame_trim(struct holm_frame *f, size_t len)
{
	size_t before = 0;
	uint32_t keep = 0;

	if (len >= f->len)
		return;
	while (before + f->segs[keep].len < len)
		before += f->segs[keep++].len;
	f->segs[keep].len = (uint32_t)(len - before);
	for (uint32_t i = keep + 1; i < f->nsegs; i++)
		if (f->segs[i].buf != &f->home)
			holm_buf_put(f->segs[i].buf);
	f->nsegs = (uint16_t)(keep + 1);
	f->len = (uint32_t)len;
}
