/*
 * A frame pool from the inside: for the rooms of net/ that ask how much is left.
 */
#ifndef NET_CORE_POOL_H
#define NET_CORE_POOL_H

#include <holm/frame.h>

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

#endif
