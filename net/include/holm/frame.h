/*
 * frame.h -- the one frame type, both ways: what a driver delivers, what a protocol sends, what a
 * receive buffer keeps.
 *
 * A frame is metadata and a vector of segments. Each segment points into a buffer; the reference
 * count sits on the buffer. Every frame of a pool has a *home buffer* of HOLM_FRAME_BYTES of its own
 * that holds headers and small payloads; further segments may point into other frames' home buffers
 * (a clone, a GRO chain), into a device's buffers, or into bytes that a send buffer lends. A buffer
 * whose last reference goes is returned through its owner's release operation.
 *
 * Ownership: a frame has exactly one owner at a time. The one who frees it (or hands it on) must not
 * touch it again. Only the sole owner of a buffer (refs == 1) writes to it.
 *
 * Reading direction: layers do not move `data`; they record the offsets of their headers from the
 * start of the frame (l3_off, l4_off, payload_off) and hand the same frame on.
 * Writing direction: a frame begins empty with head-room; each layer pushes its header in front.
 */
#ifndef HOLM_FRAME_H
#define HOLM_FRAME_H

#include <holm/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Size of a frame's home buffer. An MTU frame with its head-room fits. */
#define HOLM_FRAME_BYTES 2048u
/*
 * Head-room of a frame that is to be sent: virtio header 12 + ethernet 14 + VLAN 4 + IPv6 40 + TCP 60
 * = 130, rounded up so that the payload starts on a 32-byte boundary.
 */
#define HOLM_FRAME_HEADROOM 160u
/* Segments that need no vector of their own: headers, and payload that wraps in a ring, and one. */
#define HOLM_FRAME_SEGS_INLINE 3u
/* The most segments a frame can ever have: a vector fills another frame's home buffer. */
#define HOLM_FRAME_SEGS_MAX 80u

struct holm_buf;
struct holm_frame;
struct holm_pool;
struct holm_dev;

/* Who owns a buffer. One table per kind of owner. */
struct holm_buf_owner {
	/* The last reference is gone: take the buffer back. */
	void (*release)(struct holm_buf *buf);
};

/* A counted piece of memory. Embedded in its owner's object; never allocated alone. */
struct holm_buf {
	const struct holm_buf_owner *owner;
	uint32_t refs;
	uint32_t bytes; /* memory that a holder of a reference pins, for accounting */
};

struct holm_seg {
	uint8_t *data; /* a pointer and not an offset: a lender's bytes have no common base */
	struct holm_buf *buf;
	uint32_t len;
	uint32_t reserved;
};

/* What is known about the transport checksum. */
enum holm_csum {
	HOLM_CSUM_NONE = 0,    /* in: not checked; out: complete in the bytes */
	HOLM_CSUM_PARTIAL = 1, /* the field holds the pseudo-header's sum; finish from csum_start */
	HOLM_CSUM_VERIFIED = 2 /* in: the device (or a lower layer) has checked it */
};

/* Segmentation: how a frame larger than the MTU is to be cut, or was put together. */
enum holm_gso {
	HOLM_GSO_NONE = 0,
	HOLM_GSO_TCP4 = 1,
	HOLM_GSO_TCP6 = 2,
};

enum holm_frame_flag {
	HOLM_FRAME_LENT = 1 << 0, /* some segment points into bytes that a send buffer lends: not
					  to be kept beyond the batch, see holm_frame_clone() */
	HOLM_FRAME_BROADCAST = 1 << 1, /* link-layer broadcast or multicast destination */
	HOLM_FRAME_LOOPED = 1 << 2,    /* came from the instance itself */
	HOLM_FRAME_PIECES = 1 << 5,    /* IPv6, came as fragments, or with a header that says so */
	HOLM_FRAME_ETHERNET = 1 << 4,  /* looped, but begins with an ethernet header all the same */
	HOLM_FRAME_KEPT = 1 << 6,      /* has two owners, see holm_frame_keep() */
};

struct holm_frame {
	struct holm_frame *next;  /* queues and batches; the owner's */
	struct holm_frame *chain; /* GRO: the next frame of the same super-segment */
	struct holm_seg *segs;	  /* segs_inline, or a vector in `vector`'s home buffer */
	uint16_t nsegs;
	uint16_t segs_max;
	uint32_t len; /* bytes in all segments */

	uint8_t csum;	     /* enum holm_csum */
	uint8_t gso;	     /* enum holm_gso */
	uint16_t gso_size;   /* payload bytes per segment */
	uint16_t csum_start; /* from the start of the frame */
	uint16_t csum_off;   /* of the field, from csum_start */
	uint16_t hdr_len;    /* all headers, set when gso != NONE or payload_off is known */
	uint16_t l3_off;
	uint16_t l4_off;
	uint16_t payload_off;
	uint16_t flags; /* enum holm_frame_flag */
	uint16_t reserved;

	struct holm_dev *dev; /* in: where it arrived; out: where it leaves */
	uint64_t time_ns;     /* arrival, as given to holm_net_input() */
	struct holm_pool *pool;
	struct holm_frame *vector; /* whose home buffer holds `segs`, or NULL */

	/* Scratch of whichever layer owns the frame now; a layer that hands on forgets it. */
	union {
		uint8_t bytes[48];
		uint64_t align;
	} cb;

	struct holm_seg segs_inline[HOLM_FRAME_SEGS_INLINE];

	struct holm_buf home; /* the home buffer's count; the frame itself holds one reference */
	uint8_t *home_mem;    /* HOLM_FRAME_BYTES, physically contiguous with one-to-one mapping */
};

/*
 * Take a frame from the pool: no segments but an empty one at `headroom` in the home buffer, all
 * metadata zero. `headroom` <= HOLM_FRAME_BYTES. Returns NULL when the pool is empty, or when only
 * the reserve is left and `reserve_ok` is false. The caller owns the frame.
 */
struct holm_frame *holm_frame_alloc(struct holm_pool *pool, size_t headroom, bool reserve_ok);

/* Give a frame up: references go, and with the last one the buffer. The chain goes with it. */
void holm_frame_free(struct holm_frame *f);

/* Free `n` frames. */
void holm_frame_free_batch(struct holm_frame **frames, size_t n);

/*
 * A second frame for the same bytes, to be kept as long as one likes: own metadata, shared buffers
 * (which are then read-only for both), but a copy of a frame with lent bytes, so that nobody who
 * keeps it pins what the sender lent. The chain is not cloned. NULL when the pool is out of frames.
 */
struct holm_frame *holm_frame_clone(struct holm_pool *pool, const struct holm_frame *f);

/*
 * Who is shown a frame, as a receive buffer is, keeps it: it has two owners from now on, and each of them
 * frees it. The other does no more than that; `next` and all that is in it are the keeper's. False, and
 * nothing else: it has a chain, lent bytes, or a keeper already; a clone may do.
 */
bool holm_frame_keep(struct holm_frame *f);

/*
 * A frame of `pool` with the same bytes and metadata in memory of its own: nothing of `f` is
 * referenced. NULL when the pool is out of frames.
 */
struct holm_frame *holm_frame_copy(struct holm_pool *pool, const struct holm_frame *f);

/* Append a segment that references `buf`, which gains a reference. False: no room in the vector. */
bool holm_frame_append(struct holm_frame *f, struct holm_buf *buf, uint8_t *data, size_t len);

/*
 * Append the `len` bytes from offset `off` of another frame, whose buffers gain references; of those, as
 * many as it has (its chain excluded). Flags stay: who appends lent bytes says HOLM_FRAME_LENT. False: no
 * room in the vector; a part has been appended then.
 */
bool holm_frame_append_from(struct holm_frame *f, const struct holm_frame *from, size_t off,
			    size_t len);

/* Append bytes by copying them behind the last byte in the home buffer. False: they do not fit. */
bool holm_frame_append_copy(struct holm_frame *f, const void *src, size_t len);

/* Copy `len` bytes from offset `off` of the frame (its chain excluded) to `dst`. All must exist. */
void holm_frame_read(const struct holm_frame *f, size_t off, void *dst, size_t len);

/*
 * Make the first `len` bytes lie in the first segment, copying them into the home buffer if they do
 * not. False: the frame is shorter, or its home buffer is shared or too small. Protocols call it
 * through their parse step; drivers need not.
 */
bool holm_frame_pullup(struct holm_frame *f, size_t len);

/* Cut the frame to its first `len` bytes; segments behind are released. */
void holm_frame_trim(struct holm_frame *f, size_t len);

/* The first segment's bytes. */
static inline uint8_t *holm_frame_data(const struct holm_frame *f)
{
	return f->segs[0].data;
}

/* Room in front of the first byte, if the frame's first segment is its own home buffer. */
static inline size_t holm_frame_headroom(const struct holm_frame *f)
{
	return f->segs[0].buf == &f->home ? (size_t)(f->segs[0].data - f->home_mem) : 0;
}

/* Grow the frame by `n` bytes in front. The caller has made sure of the head-room. */
static inline uint8_t *holm_frame_push(struct holm_frame *f, size_t n)
{
	f->segs[0].data -= n;
	f->segs[0].len += (uint32_t)n;
	f->len += (uint32_t)n;
	return f->segs[0].data;
}

/* Shrink the frame by `n` bytes in front, all in the first segment. */
static inline void holm_frame_pull(struct holm_frame *f, size_t n)
{
	f->segs[0].data += n;
	f->segs[0].len -= (uint32_t)n;
	f->len -= (uint32_t)n;
}

/* Grow an empty-tailed frame by `n` bytes in the home buffer and return where they lie. */
static inline uint8_t *holm_frame_put(struct holm_frame *f, size_t n)
{
	uint8_t *p = f->segs[0].data + f->segs[0].len;

	f->segs[0].len += (uint32_t)n;
	f->len += (uint32_t)n;
	return p;
}

/* A reference more, a reference less. */
static inline void holm_buf_get(struct holm_buf *b)
{
	b->refs++;
}

static inline void holm_buf_put(struct holm_buf *b)
{
	if (--b->refs == 0)
		b->owner->release(b);
}

/*
 * Pools. An instance has one (holm_net_pool()); a driver or a test may make its own. A pool belongs
 * to one thread; its frames may be freed on behalf of any instance on that thread.
 */
struct holm_pool_stats {
	uint32_t frames;    /* in all regions */
	uint32_t free;	    /* now */
	uint32_t free_min;  /* the fewest ever */
	uint64_t exhausted; /* allocations refused */
};

/*
 * Set up a pool in `pool_mem` (holm_pool_bytes() bytes, aligned to 16) without any frames.
 * `reserve` frames are kept for callers that pass reserve_ok.
 */
size_t holm_pool_bytes(void);
struct holm_pool *holm_pool_init(void *pool_mem, uint32_t reserve);

/*
 * Carve frames from `mem`, which is the pool's until the pool is gone. The region must be aligned to
 * HOLM_FRAME_BYTES and, where devices do DMA, physically contiguous. Returns how many frames it gave.
 */
size_t holm_pool_add(struct holm_pool *pool, void *mem, size_t bytes);

/* How many bytes a region for `frames` frames takes. */
size_t holm_pool_region_bytes(size_t frames);

void holm_pool_get_stats(const struct holm_pool *pool, struct holm_pool_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
