/* Tests of lib/checksum: against RFC 1071's definition, byte by byte, and known packets. */
#include "lib/checksum_short.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* RFC 1071: words in network order, a lone last byte padded with zero. Slow and plain. */
static uint16_t reference(const uint8_t *p, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (i & 1) ? p[i] : (uint64_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static uint64_t random_state;

static uint8_t random_byte(void)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint8_t)(random_state >> 56);
}

static void fill_random(uint8_t *p, size_t n, uint64_t seed)
{
	random_state = seed;
	for (size_t i = 0; i < n; i++)
		p[i] = random_byte();
}

static void known_headers_give_the_checksums_they_were_sent_with(void **state)
{
	/* RFC 1071 section 3's example. */
	static const uint8_t example[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	/* An IPv4 header as sent: the field at offset 10 is 0xb861. */
	static const uint8_t ip[20] = {
		0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
		0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7,
	};
	uint8_t blank[20];

	(void)state;
	assert_int_equal(checksum_finish(checksum_partial(example, 8, 0)), 0xffff & ~0xddf2);
	assert_int_equal(checksum_finish(checksum_partial(ip, 20, 0)), 0);
	assert_int_equal(checksum_finish(checksum_20(ip, 0)), 0);
	memcpy(blank, ip, 20);
	blank[10] = 0;
	blank[11] = 0;
	assert_int_equal(checksum_finish(checksum_20(blank, 0)), 0xb861);
}

static void every_length_at_every_alignment_equals_the_definition(void **state)
{
	uint8_t *data = malloc(2200);

	(void)state;
	fill_random(data, 2200, 1);
	for (size_t n = 0; n < 700; n++) {
		for (size_t at = 0; at < 17; at += n < 300 ? 1 : 5)
			assert_int_equal(checksum_finish(checksum_partial(data + at, n, 0)),
					 reference(data + at, n));
	}
	for (size_t n = 700; n < 2180; n += 13)
		assert_int_equal(checksum_finish(checksum_partial(data + (n & 15), n, 0)),
				 reference(data + (n & 15), n));
	free(data);
}

/* Each length has a block of its own, so that a read or write past its end is seen. */
static void a_copy_gives_the_same_sum_and_exactly_the_bytes(void **state)
{
	(void)state;
	for (size_t n = 0; n < 400; n++) {
		uint8_t *src = malloc(n + 1);
		uint8_t *dst = malloc(n + 2);

		fill_random(src, n + 1, n + 7);
		memset(dst, 0xa5, n + 2);
		assert_int_equal(checksum_copy(dst + 1, src + 1, n, 99),
				 checksum_partial(src + 1, n, 99));
		assert_memory_equal(dst + 1, src + 1, n);
		assert_int_equal(dst[0], 0xa5);
		assert_int_equal(dst[n + 1], 0xa5);
		free(src);
		free(dst);
	}
}

static void the_wide_sum_of_a_copy_is_that_of_its_bytes(void **state)
{
	(void)state;
	for (size_t n = 0; n < 400; n++) {
		uint8_t src[400], dst[400];
		uint64_t sum;

		fill_random(src, n, n + 3);
		if (n % 5 == 0)
			memset(src, 0xff, n);
		memset(dst, 0xa5, sizeof(dst));
		sum = checksum_fold_in(checksum_copy_wide(dst, src, n), 0x123456789u);
		assert_int_equal(checksum_finish(checksum_fold_wide(sum)),
				 checksum_finish(checksum_add(checksum_partial(src, n, 0),
							      checksum_fold64(0x123456789u))));
		assert_memory_equal(dst, src, n);
	}
}

static void blocks_of_ones_carry_without_loss(void **state)
{
	size_t n = 300000;
	uint8_t *data = malloc(n);

	(void)state;
	memset(data, 0xff, n);
	for (size_t len = 0; len <= n; len += len < 300 ? 2 : 5002)
		assert_int_equal(checksum_finish(checksum_partial(data, len, 0xffffffff)), 0);
	assert_int_equal(checksum_finish(checksum_partial(data, 299999, 0)),
			 reference(data, 299999));
	free(data);
}

static void a_sum_chained_at_any_even_split_equals_the_whole(void **state)
{
	uint8_t data[301];

	(void)state;
	fill_random(data, sizeof(data), 3);
	for (size_t cut = 0; cut <= sizeof(data); cut += 2) {
		uint32_t sum = checksum_partial(data, cut, 0);

		sum = checksum_partial(data + cut, sizeof(data) - cut, sum);
		assert_int_equal(checksum_finish(sum), reference(data, sizeof(data)));
	}
}

static void a_block_at_an_odd_offset_counts_rotated(void **state)
{
	uint8_t data[301];

	(void)state;
	fill_random(data, sizeof(data), 4);
	for (size_t cut = 1; cut <= sizeof(data); cut += 2) {
		uint32_t head = checksum_partial(data, cut, 0);
		uint32_t tail = checksum_partial(data + cut, sizeof(data) - cut, 0);
		uint32_t sum = checksum_add(head, checksum_rotate(tail));

		assert_int_equal(checksum_finish(sum), reference(data, sizeof(data)));
	}
}

static void fixed_sizes_equal_the_general_function(void **state)
{
	uint8_t data[64];

	(void)state;
	for (uint64_t seed = 0; seed < 100; seed++) {
		fill_random(data, sizeof(data), seed);
		for (size_t at = 0; at < 8; at++) {
			uint32_t sum = (uint32_t)(seed * 0x9e3779b97f4a7c15u);
			const uint8_t *p = data + at;

			assert_int_equal(checksum_finish(checksum_20(p, sum)),
					 checksum_finish(checksum_partial(p, 20, sum)));
			assert_int_equal(checksum_finish(checksum_32(p, sum)),
					 checksum_finish(checksum_partial(p, 32, sum)));
			assert_int_equal(checksum_finish(checksum_40(p, sum)),
					 checksum_finish(checksum_partial(p, 40, sum)));
		}
	}
}

static void numbers_are_added_in_host_order(void **state)
{
	static const uint8_t words[] = { 0x12, 0x34, 0x00, 0x06, 0xab, 0xcd, 0xef, 0x01 };
	uint32_t sum = 0;

	(void)state;
	sum = checksum_add(sum, 0x1234);
	sum = checksum_add(sum, 6);
	sum = checksum_add(sum, 0xabcdef01);
	assert_int_equal(checksum_finish(sum), reference(words, sizeof(words)));
	assert_int_equal(checksum_finish(checksum_partial(words, sizeof(words), 0)),
			 checksum_finish(sum));
}

static void what_was_added_can_be_taken_out_again(void **state)
{
	uint8_t data[100];
	uint32_t whole;

	(void)state;
	fill_random(data, sizeof(data), 5);
	whole = checksum_partial(data, sizeof(data), 0);
	assert_int_equal(checksum_finish(checksum_sub(whole, checksum_partial(data + 40, 60, 0))),
			 reference(data, 40));
}

static void only_zeros_sum_to_zero(void **state)
{
	static const uint8_t zeros[256];
	uint8_t ones[256];

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	for (size_t n = 0; n <= 256; n++) {
		assert_int_equal(checksum_partial(zeros, n, 0), 0);
		assert_true(n == 0 || checksum_partial(ones, n, 0) != 0);
	}
	assert_true(checksum_add(0xffffffff, 1) == 1);
	assert_true(checksum_add(0xffffffff, 0xffffffff) == 0xffffffff);
}

static void an_updated_field_equals_a_fresh_checksum(void **state)
{
	uint8_t data[20];

	(void)state;
	for (uint64_t seed = 0; seed < 2000; seed++) {
		uint16_t sum, word;
		uint32_t was;

		fill_random(data, sizeof(data), seed);
		sum = reference(data, sizeof(data));
		word = load_be16(data + 4);
		store_be16(data + 4, (uint16_t)(word * 31 + seed));
		sum = checksum_update16(sum, word, load_be16(data + 4));
		assert_int_equal(sum, reference(data, sizeof(data)));
		was = load_be32(data + 8);
		store_be32(data + 8, was * 2654435761u);
		sum = checksum_update32(sum, was, load_be32(data + 8));
		assert_int_equal(sum, reference(data, sizeof(data)));
	}
}

static void an_update_handles_the_corner_of_rfc_1624(void **state)
{
	(void)state;
	/* Section 4's example: with equation 3 the field becomes 0x0000 and not 0xffff. */
	assert_int_equal(checksum_update16(0xdd2f, 0x5555, 0x3285), 0x0000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_headers_give_the_checksums_they_were_sent_with),
		cmocka_unit_test(every_length_at_every_alignment_equals_the_definition),
		cmocka_unit_test(a_copy_gives_the_same_sum_and_exactly_the_bytes),
		cmocka_unit_test(the_wide_sum_of_a_copy_is_that_of_its_bytes),
		cmocka_unit_test(blocks_of_ones_carry_without_loss),
		cmocka_unit_test(a_sum_chained_at_any_even_split_equals_the_whole),
		cmocka_unit_test(a_block_at_an_odd_offset_counts_rotated),
		cmocka_unit_test(fixed_sizes_equal_the_general_function),
		cmocka_unit_test(numbers_are_added_in_host_order),
		cmocka_unit_test(what_was_added_can_be_taken_out_again),
		cmocka_unit_test(only_zeros_sum_to_zero),
		cmocka_unit_test(an_updated_field_equals_a_fresh_checksum),
		cmocka_unit_test(an_update_handles_the_corner_of_rfc_1624),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
