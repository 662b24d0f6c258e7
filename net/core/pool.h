/*
 * A frame pool from the inside: for the rooms of net/ that ask how much is left.
 */
#ifndef NET_CORE_POOL_H
#define NET_CORE_POOL_H

#include <holm/frame.h>

#include "lib/compiler.h"

struct holm_pool {
	struct holm_frame *free; /* linked by next, last in first out */
	uint32_t nfree;
	uint32_t reserve;
	uint32_t total;
	uint32_t free_min;
	uint64_t exhausted;
};

/* Frames that a caller without a right to the reserve could take now. */
static inline uint32_t pool_available(const struct holm_pool *pool)
{
	return pool->nfree > pool->reserve ? pool->nfree - pool->reserve : 0;
}

/* The frame used last, as it was left. NULL: none, or none for this caller; counted. */
static inline struct holm_frame *pool_pop(struct holm_pool *pool, bool reserve_ok)
{
	struct holm_frame *f = pool->free;

	if (unlikely(pool->nfree <= pool->reserve && (!reserve_ok || !f))) {
		pool->exhausted++;
		return NULL;
	}
	pool->free = f->next;
	pool->nfree--;
	if (unlikely(pool->nfree < pool->free_min))
		pool->free_min = pool->nfree;
	return f;
}

/*
 * holm_frame_alloc() where every instruction counts. What frames come back with, they need not be given:
 * segs, nsegs, segs_max, chain, vector, the reference on their buffer.
 */
static always_inline struct holm_frame *pool_take(struct holm_pool *pool, size_t headroom,
						  bool reserve_ok)
{
	struct holm_frame *f = pool_pop(pool, reserve_ok);

	if (unlikely(!f))
		return NULL;
	f->next = NULL;
	f->len = 0;
	f->csum = HOLM_CSUM_NONE;
	f->gso = HOLM_GSO_NONE;
	f->gso_size = 0;
	f->csum_start = 0;
	f->csum_off = 0;
	f->hdr_len = 0;
	f->l3_off = 0;
	f->l4_off = 0;
	f->payload_off = 0;
	f->flags = 0;
	f->dev = NULL;
	f->segs_inline[0].data = f->home_mem + headroom;
	f->segs_inline[0].len = 0;
	return f;
}

/* holm_frame_put() of all that a frame will hold, where it was just taken: its span is its own. */
static always_inline uint8_t *pool_put(struct holm_frame *f, uint32_t n)
{
	f->segs_inline[0].len = n;
	f->len = n;
	return f->segs_inline[0].data;
}

/* holm_frame_append() of a frame that has room for another segment without a vector. */
static inline void frame_refer(struct holm_frame *f, struct holm_buf *buf, uint8_t *data,
			       uint32_t len)
{
	struct holm_seg *seg = &f->segs[f->nsegs++];

	seg->data = data;
	seg->buf = buf;
	seg->len = len;
	f->len += len;
	holm_buf_get(buf);
}

static inline void pool_push(struct holm_pool *pool, struct holm_frame *f)
{
	f->next = pool->free;
	pool->free = f;
	pool->nfree++;
}

/* A linear frame without a vector that nobody else refers to, as most are: without its chain it is blank. */
static inline bool pool_is_lone(const struct holm_frame *f)
{
	return f->nsegs == 1 && f->segs_max == HOLM_FRAME_SEGS_INLINE && f->home.refs == 1 &&
	       f->segs_inline[0].buf == &f->home;
}

/* holm_frame_free() where every instruction counts. */
static always_inline void pool_free(struct holm_frame *f)
{
	if (!FOR_SIZE && likely(!f->chain && pool_is_lone(f)))
		pool_push(f->pool, f);
	else
		holm_frame_free(f);
}

#endif
