/* Tests of lib/siphash against the vectors of the paper and its reference implementation. */
#include "lib/siphash.h"

#include "lib/bytes.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Key 00 01 .. 0f, as the vectors have it. */
static const struct siphash_key key = { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u };

static void siphash24_gives_the_published_vectors(void **state)
{
	/* Inputs 00, 01, ... of growing length; output bytes read as little-endian words. */
	static const uint64_t vectors[] = {
		0x726fdb47dd0e0e31u, 0x74f839c593dc67fdu, 0x0d6c8009d9a94f5au, 0x85676696d7fb7e2du,
		0xcf2794e0277187b7u, 0x18765564cd99a68du, 0xcbc9466e58fee3ceu, 0xab0200f58b01d137u,
		0x93f5f5799a932462u, 0x9e0082df0ba9e4b0u, 0x7a5dbbc594ddb9f3u, 0xf4b32f46226bada7u,
		0x751e8fbc860ee5fbu, 0x14ea5627c0843d90u, 0xf723ca908e7af2eeu, 0xa129ca6149be45e5u,
	};
	uint8_t data[16];

	(void)state;
	for (size_t n = 0; n < 16; n++) {
		data[n] = (uint8_t)n;
		assert_true(siphash24(&key, data, n) == vectors[n]);
	}
}

static void siphash13_gives_the_published_vectors(void **state)
{
	static const uint64_t vectors[] = {
		0xabac0158050fc4dcu, 0xc9f49bf37d57ca93u, 0x82cb9b024dc7d44du, 0x8bf80ab8e7ddf7fbu,
		0xcf75576088d38328u, 0xdef9d52f49533b67u, 0xc50d2b50c59f22a7u, 0xd3927d989bb11140u,
	};
	uint8_t data[8];

	(void)state;
	for (size_t n = 0; n < 8; n++) {
		data[n] = (uint8_t)n;
		assert_true(siphash13(&key, data, n) == vectors[n]);
	}
}

static void words_hash_like_their_bytes_in_little_endian_order(void **state)
{
	uint64_t words[6];
	uint8_t bytes[48];

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		words[i] = (i + 1) * 0x9e3779b97f4a7c15u;
		store_le64(bytes + 8 * i, words[i]);
	}
	for (size_t n = 0; n <= 6; n++) {
		assert_true(siphash24_words(&key, words, n) == siphash24(&key, bytes, 8 * n));
		assert_true(siphash13_words(&key, words, n) == siphash13(&key, bytes, 8 * n));
	}
}

static void short_ones_hash_like_fifteen_bytes(void **state)
{
	const uint64_t word = 0x9e3779b97f4a7c15u, tail = 0x00fedcba98765432u;
	struct siphash_state begun;
	uint8_t bytes[16];

	(void)state;
	store_le64(bytes, word);
	store_le64(bytes + 8, tail);
	siphash24_short_begin(&begun, &key, word);
	assert_true(siphash24_short_end(&begun, tail) == siphash24(&key, bytes, 15));
	/* It may be ended again, by another tail, too. */
	assert_true(siphash24_short_end(&begun, tail + 1) != siphash24(&key, bytes, 15));
	assert_true(siphash24_short_end(&begun, tail) == siphash24(&key, bytes, 15));
	assert_true(siphash24_short(&key, word, tail) == siphash24(&key, bytes, 15));
	assert_true(siphash13_short(&key, word, tail) == siphash13(&key, bytes, 15));
}

static void alignment_does_not_matter(void **state)
{
	uint8_t a[40], b[48];

	(void)state;
	for (size_t i = 0; i < sizeof(a); i++)
		a[i] = (uint8_t)(i * 37);
	for (size_t at = 0; at < 8; at++) {
		memcpy(b + at, a, sizeof(a));
		for (size_t n = 0; n <= sizeof(a); n++)
			assert_true(siphash24(&key, a, n) == siphash24(&key, b + at, n));
	}
}

static void every_bit_of_the_key_counts(void **state)
{
	uint64_t expected = siphash13(&key, "holm", 4);

	(void)state;
	for (unsigned bit = 0; bit < 128; bit++) {
		struct siphash_key other = key;

		if (bit < 64)
			other.k0 ^= (uint64_t)1 << bit;
		else
			other.k1 ^= (uint64_t)1 << (bit - 64);
		assert_true(siphash13(&other, "holm", 4) != expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash24_gives_the_published_vectors),
		cmocka_unit_test(siphash13_gives_the_published_vectors),
		cmocka_unit_test(words_hash_like_their_bytes_in_little_endian_order),
		cmocka_unit_test(short_ones_hash_like_fifteen_bytes),
		cmocka_unit_test(alignment_does_not_matter),
		cmocka_unit_test(every_bit_of_the_key_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
