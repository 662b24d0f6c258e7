/*
 * A bounded queue of received frames, for endpoints that keep copies of what passes: raw, echo and packet
 * sockets. The bound is the buffer memory that the frames pin; whoever fills it counts what has no room.
 */
#ifndef NET_CORE_RXQ_H
#define NET_CORE_RXQ_H

#include <holm/frame.h>

#include "lib/compiler.h"
#include "net/core/pool.h"

/* Zero bytes are an empty queue that takes nothing. */
struct rxq {
	struct holm_frame *first, *last; /* linked by next */
	uint32_t pinned_bytes;
	uint32_t max_bytes; /* of pinned memory */
	uint32_t nframes;
};

/*
 * A copy of the frame, scratch included, if there is room for one: the original goes on to whoever else
 * it is for. NULL: the queue or the pool is full, the reserve not counted.
 */
struct holm_frame *rxq_copy(const struct rxq *q, struct holm_pool *pool,
			    const struct holm_frame *f);

/* Ownership passes. */
void rxq_put(struct rxq *q, struct holm_frame *f);
/* The oldest frame, which is the caller's then; NULL: none. */
struct holm_frame *rxq_take(struct rxq *q);
void rxq_clear(struct rxq *q);

/* A device is no more: frames forget where they came in. */
void rxq_dev_gone(struct rxq *q, const struct holm_dev *dev);

#endif
