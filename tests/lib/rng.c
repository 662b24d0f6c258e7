/* Tests of lib/rng: its stream, wiping, fairness of bounded numbers. */
#include "lib/rng.h"

#include "lib/bytes.h"
#include "lib/chacha20.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const uint8_t seed[RNG_SEED_BYTES] = "a seed of thirty-two bytes, yes";

static void the_stream_is_chacha20_behind_the_next_key(void **state)
{
	static const uint8_t nonce[CHACHA20_NONCE_BYTES];
	uint8_t stream[256], next[64], out[RNG_BUFFER_BYTES + 8];
	struct rng r;

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		chacha20_block(seed, i, nonce, stream + 64 * i);
	chacha20_block(stream, 0, nonce, next);
	rng_init(&r, seed);
	rng_fill(&r, out, sizeof(out));
	assert_memory_equal(out, stream + 32, RNG_BUFFER_BYTES);
	assert_memory_equal(out + RNG_BUFFER_BYTES, next + 32, 8);
}

static void numbers_do_not_depend_on_how_they_are_asked_for(void **state)
{
	uint8_t whole[700], part[700];
	struct rng a, b;
	size_t at = 0;

	(void)state;
	rng_init(&a, seed);
	rng_init(&b, seed);
	rng_fill(&a, whole, sizeof(whole));
	for (size_t n = 0; at + n <= sizeof(part); n++) {
		rng_fill(&b, part + at, n);
		at += n;
	}
	assert_memory_equal(whole, part, at);
	rng_init(&a, seed);
	assert_true(rng_u32(&a) == load_le32(whole));
	assert_true(rng_u64(&a) == load_le64(whole + 4));
}

static void what_was_given_is_wiped_and_the_key_replaced(void **state)
{
	static const uint8_t zeros[100];
	uint8_t out[RNG_BUFFER_BYTES];
	struct rng r;

	(void)state;
	rng_init(&r, seed);
	assert_true(memcmp(r.key, seed, sizeof(seed)) != 0);
	rng_fill(&r, out, 100);
	assert_memory_equal(r.buffer, zeros, 100);
	assert_true(memcmp(out, zeros, 100) != 0);
}

static void added_entropy_changes_the_stream_and_zeros_do_too(void **state)
{
	static const uint8_t zeros[40];
	struct rng a, b, c;
	uint64_t plain;

	(void)state;
	rng_init(&a, seed);
	b = a;
	c = a;
	plain = rng_u64(&a);
	rng_add(&b, "x", 1);
	rng_add(&c, zeros, sizeof(zeros));
	assert_true(rng_u64(&b) != plain);
	assert_true(rng_u64(&c) != plain);
}

static void bounded_numbers_stay_below_and_are_even(void **state)
{
	static const uint32_t bounds[] = { 1, 2, 3, 7, 10, 0x80000001u, 0xffffffffu };
	unsigned counts[10] = { 0 };
	unsigned upper = 0;
	struct rng r;

	(void)state;
	rng_init(&r, seed);
	for (size_t b = 0; b < ARRAY_LEN(bounds); b++) {
		for (int i = 0; i < 200; i++)
			assert_true(rng_below(&r, bounds[b]) < bounds[b]);
	}
	for (int i = 0; i < 20000; i++)
		counts[rng_below(&r, 10)]++;
	for (int i = 0; i < 10; i++)
		assert_in_range(counts[i], 1750, 2250);
	/* Folding by remainder would put two thirds below the middle of this bound. */
	for (int i = 0; i < 6000; i++)
		upper += rng_below(&r, 0xc0000000u) >= 0x60000000u;
	assert_in_range(upper, 2800, 3200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stream_is_chacha20_behind_the_next_key),
		cmocka_unit_test(numbers_do_not_depend_on_how_they_are_asked_for),
		cmocka_unit_test(what_was_given_is_wiped_and_the_key_replaced),
		cmocka_unit_test(added_entropy_changes_the_stream_and_zeros_do_too),
		cmocka_unit_test(bounded_numbers_stay_below_and_are_even),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
