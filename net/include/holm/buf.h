/*
 * buf.h -- the two buffer traits of a byte stream, and the buffers that come with holm.
 *
 * TCP owns positions (sequence numbers); the buffer owns bytes. A program brings its own send and
 * receive buffers, or uses one of those below. The operations are called only through the inline
 * wrappers, which assert the contract (holm_assert_failed()) once for every implementation.
 */
#ifndef HOLM_BUF_H
#define HOLM_BUF_H

#include <holm/env.h>
#include <holm/frame.h>
#include <holm/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Spans that a send buffer may lend at once: a ring wraps (2), a constant piece on each side. */
#define HOLM_LEND_SPANS_MAX 4u

/*
 * ---- The send buffer. Offset 0 is the oldest byte not yet discarded (SND.UNA, or a little behind
 * it while frames still reference older bytes).
 */
struct holm_sndbuf {
	const struct holm_sndbuf_ops *ops;
	/*
	 * What is asked with every segment is kept here, so that it costs no call: the implementation adds
	 * to `queued` (sent and unacknowledged, plus unsent) as bytes come and says in `limit` up to where
	 * the writer may queue; the wrappers below take off what is discarded.
	 */
	size_t queued, limit;
};

struct holm_sndbuf_ops {
	/*
	 * Lend the bytes from `off`, at most `max`, as at most `nspans` spans; returns how many
	 * spans. Fewer bytes than asked is fine if spans run out, none is not while off < queued.
	 * Lent bytes must not move or change before they are discarded.
	 */
	size_t (*lend)(struct holm_sndbuf *b, size_t off, size_t max, struct holm_span *spans,
		       size_t nspans);
	/*
	 * The first `n` bytes are acknowledged and referenced by no frame: forget them. They are no longer
	 * counted in `queued`.
	 */
	void (*discard)(struct holm_sndbuf *b, size_t n);
	/* The endpoint is gone and nothing is referenced any more. Called exactly once. */
	void (*released)(struct holm_sndbuf *b);
};

static inline size_t holm_sndbuf_queued(const struct holm_sndbuf *b)
{
	return b->queued;
}

/* Bytes that the writer could queue now: what HOLM_WRITABLE says. */
static inline size_t holm_sndbuf_room(const struct holm_sndbuf *b)
{
	return b->queued < b->limit ? b->limit - b->queued : 0;
}

static inline size_t holm_sndbuf_lend(struct holm_sndbuf *b, size_t off, size_t max,
				      struct holm_span *spans, size_t nspans)
{
	return b->ops->lend(b, off, max, spans, nspans);
}

static inline void holm_sndbuf_discard(struct holm_sndbuf *b, size_t n)
{
	if (n > b->queued)
		holm_assert_failed("discard() of more than is queued", __FILE__, __LINE__);
	b->queued -= n;
	b->ops->discard(b, n);
}

/*
 * ---- The receive buffer. Offset 0 is the next byte in order (RCV.NXT).
 */
struct holm_rcvbuf {
	const struct holm_rcvbuf_ops *ops;
	/*
	 * Kept here for the same reason. `readable`: bytes that the reader could take now. `window`: bytes
	 * from offset 0 on that the buffer promises to take, TCP's receive window. The wrappers below move
	 * what has come in order from one to the other; the implementation moves what is read back, or less.
	 */
	size_t readable, window;
};

struct holm_rcvbuf_ops {
	/*
	 * Take `len` bytes that lie at `frame_off` of the frame (its chain excluded) and belong at
	 * stream offset `off`; off + len <= window. Copy them into place, or keep the frame
	 * (holm_frame_keep()) or a clone of it. Returns how many bytes, from the front, are now
	 * promised: fewer than `len` (also 0) when memory is short; the peer will send the rest again.
	 */
	size_t (*accept)(struct holm_rcvbuf *b, size_t off, struct holm_frame *f, size_t frame_off,
			 size_t len);
	/*
	 * The first `n` bytes, all accepted, are in order now: the reader may have them. `readable` and
	 * `window` say so already. NULL: that is all there is to know.
	 */
	void (*advance)(struct holm_rcvbuf *b, size_t n);
	/* The endpoint is gone; no more calls. Called exactly once. */
	void (*released)(struct holm_rcvbuf *b);
};

static inline size_t holm_rcvbuf_window(const struct holm_rcvbuf *b)
{
	return b->window;
}

static inline size_t holm_rcvbuf_readable(const struct holm_rcvbuf *b)
{
	return b->readable;
}

/* The wrappers below check what the implementation promised. */
static inline size_t holm_rcvbuf_accept(struct holm_rcvbuf *b, size_t off, struct holm_frame *f,
					size_t frame_off, size_t len)
{
	size_t n = b->ops->accept(b, off, f, frame_off, len);

	if (n > len)
		holm_assert_failed("accept() returned more than it was given", __FILE__, __LINE__);
	return n;
}

static inline void holm_rcvbuf_advance(struct holm_rcvbuf *b, size_t n)
{
	if (n > b->window)
		holm_assert_failed("advance() beyond the window", __FILE__, __LINE__);
	b->readable += n;
	b->window -= n;
	if (b->ops->advance)
		b->ops->advance(b, n);
}

/*
 * ---- Memory for the rings: where they take it from when first used and give it back to when
 * drained. An instance's own memory (holm_net_memory()) is the usual one.
 */
struct holm_memory {
	void *ctx;
	void *(*alloc)(void *ctx, size_t size);
	void (*free)(void *ctx, void *p, size_t size);
	/*
	 * Zero in everybody else's. An instance's own holds a page here that goes from ring to ring: it is
	 * pointed to, as rings do, and never copied, since both would give out the same page.
	 */
	uintptr_t hand;
};

struct holm_net;
/* The instance's size-classed memory, as rings want it. Valid as long as the instance. */
const struct holm_memory *holm_net_memory(struct holm_net *net);

/*
 * What a message touches of either ring are its first 64 bytes. Who has many thousands of them and
 * wants a message to cost one line of the cache in each has them begin at one: _Alignas(64).
 *
 * ---- The growing ring that sends. Memory appears with the first byte, doubles up to the limit
 * while the writer is ahead, and goes when all is acknowledged. Between ring bytes a writer may
 * queue constant regions, which are lent as they are and never copied.
 */
#define HOLM_RING_CONST_MAX 8u

struct holm_ring_sndbuf {
	struct holm_sndbuf base; /* its limit is `limit`, less while a block is retired */
	const struct holm_memory *memory;
	uint8_t *mem;
	uint64_t head, tail; /* ring positions: next byte to discard, next to write */
	uint32_t cap;	     /* bytes of mem, a power of two; 0: none */
	uint32_t nconsts;
	uint64_t lent;	/* one past the furthest ring position ever lent */
	uint32_t limit; /* most bytes that are queued, a power of two */
	/* Memory before the last growth: spans lent from it stay valid until head passes `until`. */
	uint8_t *retired;
	uint32_t retired_cap;
	uint64_t retired_until;
	/* Constant regions in stream order: `before` ring bytes of the queue precede the region. */
	struct holm_ring_const {
		const uint8_t *data;
		size_t len;
		uint64_t ring_pos;
	} consts[HOLM_RING_CONST_MAX];
	size_t const_bytes; /* sum of consts[].len */
	void (*on_released)(struct holm_ring_sndbuf *b);
};

/* `limit` is rounded up to a power of two, at least 4096. on_released may be NULL. */
void holm_ring_sndbuf_init(struct holm_ring_sndbuf *b, const struct holm_memory *memory,
			   uint32_t limit, void (*on_released)(struct holm_ring_sndbuf *b));
/* Queue up to `len` bytes by copying; returns how many (0: full, or no memory). */
size_t holm_ring_sndbuf_write(struct holm_ring_sndbuf *b, const void *src, size_t len);
/*
 * Queue a region that never changes, without a copy. Returns `len`, or 0 while the table of regions
 * is full or the queue holds `limit` bytes already.
 */
size_t holm_ring_sndbuf_write_const(struct holm_ring_sndbuf *b, const void *data, size_t len);
/*
 * Room to write into directly (one contiguous span, maybe empty), and making it count. Nothing else is done
 * with the buffer, or with the instance that sends from it, between the two: when what was queued before has
 * arrived, the memory goes back. Whoever waits for a disk in between takes a buffer of another kind.
 */
struct holm_mspan holm_ring_sndbuf_reserve(struct holm_ring_sndbuf *b, size_t want);
void holm_ring_sndbuf_commit(struct holm_ring_sndbuf *b, size_t n);
/* Give the memory back, whatever is queued. Only when no endpoint uses the buffer any more. */
void holm_ring_sndbuf_fini(struct holm_ring_sndbuf *b);
/* Change the limit; shrinking takes effect as the ring drains. */
void holm_ring_sndbuf_set_limit(struct holm_ring_sndbuf *b, uint32_t limit);

/*
 * ---- The growing ring that receives. The window is the limit less what is unread, whether or not
 * the memory is there yet: it is taken when bytes come, as much as the last time was good for, so that
 * a stream does not grow its ring anew every time it has been read up.
 */
struct holm_ring_rcvbuf {
	struct holm_rcvbuf base;
	const struct holm_memory *memory;
	uint8_t *mem;
	uint32_t head;	   /* position of the next byte to read; it lies in mem modulo cap */
	uint32_t kept;	   /* bytes from there to the furthest one accepted */
	uint32_t cap;	   /* bytes of mem, a power of two; 0: none */
	uint32_t last_cap; /* what to begin with next time: what the last memory was good for */
	uint32_t since;	   /* bytes read before position 0, modulo 2^32 */
	uint32_t shrink;   /* by which the window is to shrink as the reader reads: the right edge
			      never retreats */
	void (*on_released)(struct holm_ring_rcvbuf *b);
};

void holm_ring_rcvbuf_init(struct holm_ring_rcvbuf *b, const struct holm_memory *memory,
			   uint32_t limit, void (*on_released)(struct holm_ring_rcvbuf *b));
/* Take up to `len` bytes by copying; the caller then tells TCP (holm_tcp_received()). */
size_t holm_ring_rcvbuf_read(struct holm_ring_rcvbuf *b, void *dst, size_t len);
/* Look at up to two spans of readable bytes from `off` on; returns how many spans. */
size_t holm_ring_rcvbuf_peek(struct holm_ring_rcvbuf *b, size_t off, struct holm_span spans[2]);
/* Forget the first `n` readable bytes. */
void holm_ring_rcvbuf_release(struct holm_ring_rcvbuf *b, size_t n);
void holm_ring_rcvbuf_fini(struct holm_ring_rcvbuf *b);
void holm_ring_rcvbuf_set_limit(struct holm_ring_rcvbuf *b, uint32_t limit);

/*
 * ---- The constant region: serve read-only memory with no copy and no memory.
 */
struct holm_const_sndbuf {
	struct holm_sndbuf base;
	const uint8_t *data; /* base.queued bytes */
	void (*on_released)(struct holm_const_sndbuf *b);
};

void holm_const_sndbuf_init(struct holm_const_sndbuf *b, const void *data, size_t len,
			    void (*on_released)(struct holm_const_sndbuf *b));

/*
 * ---- The frame queue: receive without a copy. Frames are kept (or clones of them) and handed out as spans.
 * Accounts for buffer memory, not payload: each byte is charged twice its size, which is what a frame
 * kept whole can pin at most, because a segment whose payload is under half of its buffer is copied
 * into the tail of the last copy instead. The window is half of what is left of the limit. Takes
 * nothing out of order, and nothing that needs another frame while less than a quarter of the pool is
 * free: all queues together leave that to others.
 */
struct holm_frame_rcvbuf {
	struct holm_rcvbuf base;
	struct holm_pool *pool;
	struct holm_frame *first, *last; /* linked by next; payload_off..len is unread */
	size_t accepted;		 /* taken, not yet advanced */
	uint32_t frames, frames_max;
	void (*on_released)(struct holm_frame_rcvbuf *b);
};

void holm_frame_rcvbuf_init(struct holm_frame_rcvbuf *b, struct holm_pool *pool, size_t limit,
			    void (*on_released)(struct holm_frame_rcvbuf *b));
/* The oldest unread bytes, lent until released; an empty span when there are none. */
struct holm_span holm_frame_rcvbuf_peek(struct holm_frame_rcvbuf *b);
/* Forget the first `n` readable bytes. */
void holm_frame_rcvbuf_release(struct holm_frame_rcvbuf *b, size_t n);
/* Copy up to `len` readable bytes to `dst` and forget them; returns how many. */
size_t holm_frame_rcvbuf_read(struct holm_frame_rcvbuf *b, void *dst, size_t len);
/* Free whatever is kept. */
void holm_frame_rcvbuf_fini(struct holm_frame_rcvbuf *b);

/*
 * ---- The pattern: byte i of the stream is a function of i. Gigabytes are sent and checked, none is
 * stored: for tests, benchmarks and link checks.
 */
uint8_t holm_pattern_byte(uint64_t pos);

/* The pattern repeats with this period, so that a table of it can be lent. */
#define HOLM_PATTERN_PERIOD 65521u
/* Bytes of memory that the sending side lends from; the caller provides and shares it. */
#define HOLM_PATTERN_TABLE_BYTES (HOLM_PATTERN_PERIOD + 65536u)
void holm_pattern_fill(uint8_t *table /* HOLM_PATTERN_TABLE_BYTES */);

struct holm_pattern_sndbuf {
	struct holm_sndbuf base;
	const uint8_t *table;
	uint64_t head; /* position of the oldest byte queued */
	void (*on_released)(struct holm_pattern_sndbuf *b);
};

void holm_pattern_sndbuf_init(struct holm_pattern_sndbuf *b, const uint8_t *table, uint64_t limit,
			      void (*on_released)(struct holm_pattern_sndbuf *b));
/* Queue up to `n` bytes of the pattern; returns how many. */
size_t holm_pattern_sndbuf_write(struct holm_pattern_sndbuf *b, size_t n);

struct holm_pattern_rcvbuf {
	struct holm_rcvbuf base;
	const uint8_t *table; /* compared against */
	uint64_t tail;	      /* in order so far */
	uint64_t mismatches;  /* bytes that were not what they should be */
	void (*on_released)(struct holm_pattern_rcvbuf *b);
};

void holm_pattern_rcvbuf_init(struct holm_pattern_rcvbuf *b, const uint8_t *table, uint64_t limit,
			      void (*on_released)(struct holm_pattern_rcvbuf *b));
/* "Read" up to `n` bytes; returns how many. */
size_t holm_pattern_rcvbuf_read(struct holm_pattern_rcvbuf *b, size_t n);

#ifdef __cplusplus
}
#endif

#endif
