/*
 * Words that driver and device share in memory: little-endian (virtio 1.2 section 2.5), each read or
 * written by one access that the compiler neither repeats nor splits. Order between them is made by
 * the barriers of arch/dma.h.
 */
#ifndef DRIVERS_VIRTIO_SHARED_H
#define DRIVERS_VIRTIO_SHARED_H

#include "lib/bytes.h"

static inline uint16_t shared_read16(const void *p)
{
	uint16_t v = *(const volatile uint16_t *)p;

	return HOST_IS_BIG_ENDIAN ? __builtin_bswap16(v) : v;
}

static inline uint32_t shared_read32(const void *p)
{
	uint32_t v = *(const volatile uint32_t *)p;

	return HOST_IS_BIG_ENDIAN ? __builtin_bswap32(v) : v;
}

static inline void shared_write16(void *p, uint16_t v)
{
	*(volatile uint16_t *)p = HOST_IS_BIG_ENDIAN ? __builtin_bswap16(v) : v;
}

static inline void shared_write32(void *p, uint32_t v)
{
	*(volatile uint32_t *)p = HOST_IS_BIG_ENDIAN ? __builtin_bswap32(v) : v;
}

static inline void shared_write64(void *p, uint64_t v)
{
	*(volatile uint64_t *)p = HOST_IS_BIG_ENDIAN ? __builtin_bswap64(v) : v;
}

#endif
