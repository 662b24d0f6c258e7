/*
 * Random numbers that nobody predicts, from a seed that the caller supplies.
 *
 * ChaCha20 with fast key erasure: each refill makes a key stream, the first 32 bytes of which
 * replace the key, and bytes that were handed out are wiped. Who reads the memory later learns
 * nothing about numbers given before. The generator is as unpredictable as its seed; it never asks
 * for more.
 *
 * The same seed gives the same numbers on every machine, which is what simulations want.
 */
#ifndef LIB_RNG_H
#define LIB_RNG_H

#include <stddef.h>
#include <stdint.h>

enum {
	RNG_SEED_BYTES = 32,
	/* Four blocks for each refill; 32 of the bytes become the next key. */
	RNG_BUFFER_BYTES = 256 - RNG_SEED_BYTES,
};

/* One per instance. No pointers inside: it may be copied, and then both give the same numbers. */
struct rng {
	uint8_t key[RNG_SEED_BYTES];
	uint8_t buffer[RNG_BUFFER_BYTES]; /* the last `left` bytes are still to be given */
	uint32_t left;
};

void rng_init(struct rng *r, const uint8_t seed[static RNG_SEED_BYTES]);

/* More entropy, later: what was unpredictable stays so, whatever the new bytes are. */
void rng_add(struct rng *r, const void *entropy, size_t n);

void rng_fill(struct rng *r, void *p, size_t n);
uint32_t rng_u32(struct rng *r);
uint64_t rng_u64(struct rng *r);

/* Every number below n is equally likely. n is not 0. */
uint32_t rng_below(struct rng *r, uint32_t n);

#endif
