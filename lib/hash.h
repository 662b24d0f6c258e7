/*
 * The hash of demultiplexing tables: words folded through keyed 64 x 64 -> 128 bit products.
 *
 * A few instructions for an address tuple. Collisions cannot be aimed at without the key, which is
 * all a table with bounded chains needs; it is not a hash for secrets (see lib/siphash.h). The
 * values are the same on every machine.
 *
 * For other lengths, chain: state = fold_hash_mix(key, state, a, b); then fold_hash_end(key,
 * state). What shares a table may have different numbers of words: to make two of them meet, one would have
 * to know what the state of the longer is on the way, which takes the key.
 */
#ifndef LIB_HASH_H
#define LIB_HASH_H

#include <stdint.h>

/* Drawn at random by the owner, one for each instance. */
struct hash_key {
	uint64_t k0;
	uint64_t k1;
};

#ifdef __SIZEOF_INT128__

__extension__ typedef unsigned __int128 hash_wide;

/* The two halves of the product, one over the other. */
static inline uint64_t fold_hash_product(uint64_t a, uint64_t b)
{
	hash_wide wide = (hash_wide)a * b;

	return (uint64_t)wide ^ (uint64_t)(wide >> 64);
}

#else

/* The two halves of the product, one over the other, from four products of 32-bit halves. */
static inline uint64_t fold_hash_product(uint64_t a, uint64_t b)
{
	uint64_t low = (uint64_t)(uint32_t)a * (uint32_t)b;
	uint64_t left = (a >> 32) * (uint32_t)b;
	uint64_t right = (uint64_t)(uint32_t)a * (b >> 32);
	uint64_t high = (a >> 32) * (b >> 32);
	uint64_t middle = (low >> 32) + (uint32_t)left + (uint32_t)right;

	high += (left >> 32) + (right >> 32) + (middle >> 32);
	return high ^ ((middle << 32) | (uint32_t)low);
}

#endif

/* `state` is 0 at first. */
static inline uint64_t fold_hash_mix(const struct hash_key *key, uint64_t state, uint64_t a,
				     uint64_t b)
{
	return fold_hash_product(state ^ a ^ key->k0, b ^ key->k1);
}

static inline uint32_t fold_hash_end(const struct hash_key *key, uint64_t state)
{
	uint64_t h = fold_hash_product(state ^ key->k1, key->k0 | 1);

	return (uint32_t)(h ^ (h >> 32));
}

static inline uint32_t fold_hash_2(const struct hash_key *key, uint64_t a, uint64_t b)
{
	return fold_hash_end(key, fold_hash_mix(key, 0, a, b));
}

static inline uint32_t fold_hash_4(const struct hash_key *key, uint64_t a, uint64_t b, uint64_t c,
				   uint64_t d)
{
	return fold_hash_end(key, fold_hash_mix(key, fold_hash_mix(key, 0, a, b), c, d));
}

#endif
