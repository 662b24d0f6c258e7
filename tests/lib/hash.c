/* Tests of lib/hash.h: the product itself, independence of the machine, and spread. */
#include "lib/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Schoolbook product in 16-bit digits: low half and high half, exclusive-ored. */
static uint64_t reference_product(uint64_t a, uint64_t b)
{
	uint32_t digits[8] = { 0 };
	uint64_t low = 0, high = 0;

	for (int i = 0; i < 4; i++) {
		uint32_t carry = 0;

		for (int j = 0; j < 4; j++) {
			uint32_t x = (uint32_t)(a >> (16 * i)) & 0xffff;
			uint32_t y = (uint32_t)(b >> (16 * j)) & 0xffff;
			uint64_t v = (uint64_t)x * y + digits[i + j] + carry;

			digits[i + j] = (uint32_t)v & 0xffff;
			carry = (uint32_t)(v >> 16);
		}
		digits[i + 4] = carry;
	}
	for (int i = 3; i >= 0; i--) {
		low = (low << 16) | digits[i];
		high = (high << 16) | digits[i + 4];
	}
	return low ^ high;
}

static void the_product_is_exact_in_both_halves(void **state)
{
	static const uint64_t edges[] = {
		0,
		1,
		0xffffffff,
		0x100000000u,
		0xffffffffffffffffu,
		0x8000000000000000u,
		0x123456789abcdef0u,
	};
	uint64_t a = 1, b = 2;

	(void)state;
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		for (size_t j = 0; j < sizeof(edges) / sizeof(edges[0]); j++)
			assert_true(fold_hash_product(edges[i], edges[j]) ==
				    reference_product(edges[i], edges[j]));
	}
	for (int i = 0; i < 2000; i++) {
		a = a * 6364136223846793005u + 1442695040888963407u;
		b = b * 3935559000370003845u + 2691343689449507681u;
		assert_true(fold_hash_product(a, b) == reference_product(a, b));
	}
}

static void neighbouring_ports_spread_over_all_buckets(void **state)
{
	static const struct hash_key key = { 0x243f6a8885a308d3u, 0x13198a2e03707344u };
	unsigned counts[256] = { 0 };

	(void)state;
	for (uint64_t port = 0; port < 65536; port++)
		counts[fold_hash_2(&key, 0x0a000502c0a80001u, 0x00500000u | port) & 255]++;
	/* 256 each on average, 16 the standard deviation: six of them either way. */
	for (int i = 0; i < 256; i++)
		assert_in_range(counts[i], 160, 352);
}

static void the_order_of_words_counts(void **state)
{
	static const struct hash_key key = { 11, 22 };

	(void)state;
	assert_int_not_equal(fold_hash_2(&key, 1, 2), fold_hash_2(&key, 2, 1));
	assert_int_not_equal(fold_hash_4(&key, 1, 2, 3, 4), fold_hash_4(&key, 3, 4, 1, 2));
}

static void another_key_gives_other_values(void **state)
{
	static const struct hash_key one = { 1000003, 77 };
	static const struct hash_key two = { 1000003, 79 };
	unsigned same = 0;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		same += fold_hash_2(&one, i, i * 3) == fold_hash_2(&two, i, i * 3);
	assert_true(same < 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_product_is_exact_in_both_halves),
		cmocka_unit_test(neighbouring_ports_spread_over_all_buckets),
		cmocka_unit_test(the_order_of_words_counts),
		cmocka_unit_test(another_key_gives_other_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
