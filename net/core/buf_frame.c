/*
 * The frame queue as a receive buffer (see <holm/buf.h>): frames are kept, or clones of them, and read in
 * place. payload_off of a kept frame is where its unread bytes begin (0 once it has been read from);
 * its length ends them.
 */
#include <holm/buf.h>

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/mem.h"
#include "net/core/pool.h"

/* What a byte is charged: a frame kept whole pins at most twice its payload. */
#define CHARGE 2u
/*
 * All queues together leave this part of a pool alone, so that readers who sleep cannot keep others
 * from sending and receiving: a quarter is a window of 64 KiB in each direction where the pool has
 * 400 frames.
 */
#define OTHERS_SHARE 4u

static size_t unread(const struct holm_frame *f)
{
	return f->len - f->payload_off;
}

static void push(struct holm_frame_rcvbuf *b, struct holm_frame *f)
{
	f->next = NULL;
	if (b->first)
		b->last->next = f;
	else
		b->first = f;
	b->last = f;
	b->frames++;
}

/* A frame of `pool`. */
static bool may_keep_frame(const struct holm_frame_rcvbuf *b, const struct holm_pool *pool)
{
	return b->frames < b->frames_max && pool_available(pool) > pool->total / OTHERS_SHARE;
}

static size_t pinned_by(const struct holm_frame *f)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < f->nsegs; i++)
		bytes += f->segs[i].buf->bytes;
	return bytes;
}

/* Room behind the last copy, if the last frame is one: its bytes are in its own home buffer. */
static size_t tail_room(const struct holm_frame *f)
{
	if (!f || f->nsegs != 1 || f->segs[0].buf != &f->home || f->home.refs != 1)
		return 0;
	return HOLM_FRAME_BYTES - (size_t)(f->segs[0].data + f->segs[0].len - f->home_mem);
}

/* Copy a small piece into the tail of the last copy, or start a new one. */
static bool keep_copy(struct holm_frame_rcvbuf *b, const struct holm_frame *f, size_t off,
		      size_t len)
{
	if (tail_room(b->last) < len) {
		struct holm_frame *copy;

		if (!may_keep_frame(b, b->pool))
			return false;
		copy = holm_frame_alloc(b->pool, 0, false);
		if (!copy)
			return false;
		push(b, copy);
	}
	holm_frame_read(f, off, holm_frame_put(b->last, len), len);
	return true;
}

/* The frame itself if the bytes are all that follows its headers, otherwise a clone that ends with them. */
static bool keep_whole(struct holm_frame_rcvbuf *b, struct holm_frame *f, size_t off, size_t len)
{
	struct holm_frame *c = f;

	if (!may_keep_frame(b, f->pool))
		return false;
	if (off != f->payload_off || off + len != f->len || !holm_frame_keep(f)) {
		c = may_keep_frame(b, b->pool) ? holm_frame_clone(b->pool, f) : NULL;
		if (!c)
			return false;
		holm_frame_trim(c, off + len);
		c->payload_off = (uint16_t)off;
	}
	push(b, c);
	return true;
}

static size_t queue_accept(struct holm_rcvbuf *base, size_t off, struct holm_frame *f,
			   size_t frame_off, size_t len)
{
	struct holm_frame_rcvbuf *b = container_of(base, struct holm_frame_rcvbuf, base);
	bool kept;

	/* In order only: behind what was accepted last. */
	if (off != b->accepted || frame_off > UINT16_MAX)
		return 0;
	if (len <= HOLM_FRAME_BYTES && len * CHARGE < pinned_by(f))
		kept = keep_copy(b, f, frame_off, len);
	else
		kept = keep_whole(b, f, frame_off, len);
	if (!kept)
		return 0;
	b->accepted += len;
	return len;
}

static void queue_advance(struct holm_rcvbuf *base, size_t n)
{
	struct holm_frame_rcvbuf *b = container_of(base, struct holm_frame_rcvbuf, base);

	ASSERT(n <= b->accepted);
	b->accepted -= n;
}

static void queue_released(struct holm_rcvbuf *base)
{
	struct holm_frame_rcvbuf *b = container_of(base, struct holm_frame_rcvbuf, base);

	if (b->on_released)
		b->on_released(b);
}

static const struct holm_rcvbuf_ops queue_ops = {
	.accept = queue_accept,
	.advance = queue_advance,
	.released = queue_released,
};

void holm_frame_rcvbuf_init(struct holm_frame_rcvbuf *b, struct holm_pool *pool, size_t limit,
			    void (*on_released)(struct holm_frame_rcvbuf *b))
{
	memset(b, 0, sizeof(*b));
	b->base.ops = &queue_ops;
	/* What is readable, and what is accepted and lies inside the window, is charged. */
	b->base.window = limit / CHARGE;
	b->pool = pool;
	/* Copies of tiny pieces between whole frames pin more than they are charged, at most twice. */
	b->frames_max = (uint32_t)(limit / (HOLM_FRAME_BYTES / CHARGE)) + 1;
	b->on_released = on_released;
}

struct holm_span holm_frame_rcvbuf_peek(struct holm_frame_rcvbuf *b)
{
	const struct holm_frame *f = b->first;
	size_t off;

	if (!f || b->base.readable == 0)
		return (struct holm_span){ NULL, 0 };
	off = f->payload_off;
	for (uint32_t i = 0; i < f->nsegs; i++) {
		const struct holm_seg *seg = &f->segs[i];

		if (off < seg->len)
			return (struct holm_span){ seg->data + off,
						   min_size(seg->len - off, b->base.readable) };
		off -= seg->len;
	}
	return (struct holm_span){ NULL, 0 };
}

static void pop(struct holm_frame_rcvbuf *b)
{
	struct holm_frame *f = b->first;

	b->first = f->next;
	if (!b->first)
		b->last = NULL;
	b->frames--;
	holm_frame_free(f);
}

/*
 * Forget the first `n` unread bytes of a frame that holds more. Segments that are done are dropped
 * and the first one shortened: an offset into a frame of 64 KiB would not fit payload_off.
 */
static void skip(struct holm_frame *f, size_t n)
{
	uint32_t done = 0;

	n += f->payload_off;
	f->payload_off = 0;
	for (; n >= f->segs[done].len; done++) {
		n -= f->segs[done].len;
		f->len -= f->segs[done].len;
		if (f->segs[done].buf != &f->home)
			holm_buf_put(f->segs[done].buf);
	}
	f->nsegs = (uint16_t)(f->nsegs - done);
	memmove(f->segs, f->segs + done, f->nsegs * sizeof(struct holm_seg));
	holm_frame_pull(f, n);
}

void holm_frame_rcvbuf_release(struct holm_frame_rcvbuf *b, size_t n)
{
	ASSERT(n <= b->base.readable);
	b->base.readable -= n;
	b->base.window += n;
	while (n > 0) {
		size_t k = min_size(n, unread(b->first));

		n -= k;
		if (k == unread(b->first))
			pop(b);
		else
			skip(b->first, k);
	}
}

size_t holm_frame_rcvbuf_read(struct holm_frame_rcvbuf *b, void *dst, size_t len)
{
	const struct holm_frame *f = b->first;
	size_t done = 0;

	len = min_size(len, b->base.readable);
	while (done < len) {
		size_t n = min_size(unread(f), len - done);

		holm_frame_read(f, f->payload_off, (uint8_t *)dst + done, n);
		done += n;
		f = f->next;
	}
	holm_frame_rcvbuf_release(b, len);
	return len;
}

void holm_frame_rcvbuf_fini(struct holm_frame_rcvbuf *b)
{
	while (b->first)
		pop(b);
	b->base.window += b->base.readable;
	b->base.readable = 0;
	b->accepted = 0;
}
