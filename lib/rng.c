/*
 * A random number generator: ChaCha20 with fast key erasure (D. J. Bernstein, 2017).
 *
 * Takes no entropy by itself and knows no clock.
 */
#include "lib/rng.h"

#include "lib/assert.h"
#include "lib/bytes.h"
#include "lib/chacha20.h"

static void refill(struct rng *r)
{
	static const uint8_t nonce[CHACHA20_NONCE_BYTES];
	uint8_t first[CHACHA20_BLOCK_BYTES];
	size_t rest = CHACHA20_BLOCK_BYTES - RNG_SEED_BYTES;

	chacha20_block(r->key, 0, nonce, first);
	for (uint32_t i = 0; rest + i * CHACHA20_BLOCK_BYTES < RNG_BUFFER_BYTES; i++)
		chacha20_block(r->key, i + 1, nonce,
			       r->buffer + rest + i * (size_t)CHACHA20_BLOCK_BYTES);
	memcpy(r->key, first, RNG_SEED_BYTES);
	memcpy(r->buffer, first + RNG_SEED_BYTES, rest);
	memset(first, 0, sizeof(first));
	r->left = RNG_BUFFER_BYTES;
}

_Static_assert((RNG_SEED_BYTES + RNG_BUFFER_BYTES) % CHACHA20_BLOCK_BYTES == 0, "whole blocks");

void rng_init(struct rng *r, const uint8_t seed[static RNG_SEED_BYTES])
{
	memcpy(r->key, seed, RNG_SEED_BYTES);
	refill(r);
}

void rng_add(struct rng *r, const void *entropy, size_t n)
{
	const uint8_t *p = entropy;

	while (n > 0) {
		size_t take = min_size(n, RNG_SEED_BYTES);

		for (size_t i = 0; i < take; i++)
			r->key[i] ^= p[i];
		refill(r);
		p += take;
		n -= take;
	}
}

void rng_fill(struct rng *r, void *p, size_t n)
{
	uint8_t *out = p;

	while (n > 0) {
		size_t take = min_size(n, r->left);
		uint8_t *from = r->buffer + RNG_BUFFER_BYTES - r->left;

		memcpy(out, from, take);
		memset(from, 0, take);
		r->left -= (uint32_t)take;
		out += take;
		n -= take;
		if (r->left == 0)
			refill(r);
	}
}

uint32_t rng_u32(struct rng *r)
{
	uint8_t b[4];

	rng_fill(r, b, sizeof(b));
	return load_le32(b);
}

uint64_t rng_u64(struct rng *r)
{
	uint8_t b[8];

	rng_fill(r, b, sizeof(b));
	return load_le64(b);
}

/*
 * D. Lemire, "Fast random integer generation in an interval" (2019): the upper half of a product is
 * the number; the few lower halves that would make some numbers likelier are drawn again.
 */
uint32_t rng_below(struct rng *r, uint32_t n)
{
	uint64_t product;
	uint32_t unfair;

	ASSERT(n > 0);
	product = (uint64_t)rng_u32(r) * n;
	if ((uint32_t)product < n) {
		unfair = (0u - n) % n;
		while ((uint32_t)product < unfair)
			product = (uint64_t)rng_u32(r) * n;
	}
	return (uint32_t)(product >> 32);
}
