/*
 * The memory of a growing ring: how large it is (a power of two, one page at least), and its smallest size,
 * a page, which dialogues take and give back with every message: out of the hand and into it.
 */
#ifndef NET_CORE_RING_BYTES_H
#define NET_CORE_RING_BYTES_H

#include <holm/buf.h>

#include "lib/compiler.h"
#include "net/core/mem.h"

/* The smallest ring: one page. */
#define RING_BYTES_MIN 4096u

/* The size that holds `want` bytes. */
static inline uint32_t ring_bytes_for(uint32_t want)
{
	if (want <= RING_BYTES_MIN)
		return RING_BYTES_MIN;
	return want > 0x80000000u ? 0x80000000u : (uint32_t)2 << ilog2_u32(want - 1);
}

_Static_assert(RING_BYTES_MIN == MEM_CHUNK, "the smallest ring is what an instance keeps most of");

static inline uint8_t *ring_take_page(const struct holm_memory *memory)
{
	uint8_t *p = mem_hand_take(memory);

	return likely(p) ? p : memory->alloc(memory->ctx, RING_BYTES_MIN);
}

static inline void ring_give_page(const struct holm_memory *memory, uint8_t *p)
{
	if (!mem_hand_give(memory, p))
		memory->free(memory->ctx, p, RING_BYTES_MIN);
}

#endif
