/*
 * Frame pools for tests: see pool.h.
 */
#include "tests/support/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* The pool and its only region, in one allocation each; the region is remembered in front. */
struct made {
	void *region;
	uint64_t align[1];
};

static struct made *made_of(const struct holm_pool *pool)
{
	return (struct made *)(uintptr_t)((uintptr_t)pool - 32);
}

struct holm_pool *pool_make(size_t frames, uint32_t reserve)
{
	size_t bytes = holm_pool_region_bytes(frames);
	uint8_t *mem = calloc(1, 32 + holm_pool_bytes());
	struct holm_pool *pool;

	assert_non_null(mem);
	pool = holm_pool_init(mem + 32, reserve);
	made_of(pool)->region =
		aligned_alloc(HOLM_FRAME_BYTES,
			      (bytes + HOLM_FRAME_BYTES - 1) / HOLM_FRAME_BYTES * HOLM_FRAME_BYTES);
	assert_non_null(made_of(pool)->region);
	assert_int_equal(holm_pool_add(pool, made_of(pool)->region, bytes), frames);
	return pool;
}

void pool_end(struct holm_pool *pool)
{
	struct holm_pool_stats stats;

	holm_pool_get_stats(pool, &stats);
	assert_int_equal(stats.free, stats.frames);
	free(made_of(pool)->region);
	free(made_of(pool));
}

uint32_t pool_free_frames(const struct holm_pool *pool)
{
	struct holm_pool_stats stats;

	holm_pool_get_stats(pool, &stats);
	return stats.free;
}

struct holm_frame *pool_frame(struct holm_pool *pool, size_t headroom, size_t len, uint8_t seed)
{
	struct holm_frame *f = holm_frame_alloc(pool, headroom, true);
	uint8_t *p;

	assert_non_null(f);
	p = holm_frame_put(f, len);
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(seed + i);
	return f;
}
