/*
 * How large the memory of a growing ring is: a power of two, one page at least.
 */
#ifndef NET_CORE_RING_BYTES_H
#define NET_CORE_RING_BYTES_H

#include "lib/compiler.h"

/* The smallest ring: one page. */
#define RING_BYTES_MIN 4096u

/* The size that holds `want` bytes. */
static inline uint32_t ring_bytes_for(uint32_t want)
{
	if (want <= RING_BYTES_MIN)
		return RING_BYTES_MIN;
	return want > 0x80000000u ? 0x80000000u : (uint32_t)2 << ilog2_u32(want - 1);
}

#endif
