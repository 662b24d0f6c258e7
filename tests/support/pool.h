/*
 * pool.h -- a frame pool for tests that need frames and no instance.
 */
#ifndef TESTS_SUPPORT_POOL_H
#define TESTS_SUPPORT_POOL_H

#include <holm/frame.h>

/* A pool of `frames` frames of which `reserve` are kept back. Fails the test without memory. */
struct holm_pool *pool_make(size_t frames, uint32_t reserve);

/* End it; every frame must have come back. */
void pool_end(struct holm_pool *pool);

/* How many frames are free now. */
uint32_t pool_free_frames(const struct holm_pool *pool);

/* A frame with `len` bytes at `headroom`, byte i being (seed + i) & 0xff. len fits the home buffer. */
struct holm_frame *pool_frame(struct holm_pool *pool, size_t headroom, size_t len, uint8_t seed);

#endif
