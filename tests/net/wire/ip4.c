/* Tests of net/wire/ip4: RFC 791 headers against literal bytes, cut and damaged ones. */
#include "net/wire/ip4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/exact.h"
#include "tests/support/expect.h"

/* 192.168.0.1 to 192.168.0.199, UDP, 115 bytes in all, not to be fragmented. */
static const uint8_t plain[IP4_HDR_BYTES] = {
	0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
	0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7,
};

/* 10.0.2.2 to 10.0.2.15, TCP, 28 bytes in all, a middle fragment with the router alert option. */
static const uint8_t with_options[24] = {
	0x46, 0x10, 0x00, 0x1c, 0x12, 0x34, 0x20, 0x05, 0x01, 0x06, 0xda, 0x7e,
	0x0a, 0x00, 0x02, 0x02, 0x0a, 0x00, 0x02, 0x0f, 0x94, 0x04, 0x00, 0x00,
};

/* The header at p again, with the right checksum. */
static void fix_checksum(uint8_t *p, size_t hdr_len)
{
	store_be16(p + 10, 0);
	store_be16(p + 10, checksum_finish(checksum_partial(p, hdr_len, 0)));
}

static enum holm_drop refusal(const uint8_t *p, size_t linear, size_t len)
{
	enum holm_drop why = HOLM_DROP_COUNT;
	struct ip4_info info;

	assert_false(ip4_parse(p, linear, len, &info, &why));
	return why;
}

static void a_plain_header_is_read_as_its_bytes_say(void **state)
{
	enum holm_drop why;
	struct ip4_info info;

	(void)state;
	assert_true(ip4_parse(plain, sizeof(plain), 115, &info, &why));
	assert_int_equal(info.src, 0xc0a80001);
	assert_int_equal(info.dst, 0xc0a800c7);
	assert_int_equal(info.total_len, 115);
	assert_int_equal(info.hdr_len, 20);
	assert_int_equal(ip4_payload_len(&info), 95);
	assert_int_equal(info.id, 0);
	assert_int_equal(info.frag, IP4_DF);
	assert_int_equal(info.tos, 0);
	assert_int_equal(info.ttl, 64);
	assert_int_equal(info.proto, IP4_PROTO_UDP);
	assert_false(ip4_is_fragment(&info));
}

static void options_are_skipped_and_fragments_reported(void **state)
{
	enum holm_drop why;
	struct ip4_info info;

	(void)state;
	assert_true(ip4_parse(with_options, sizeof(with_options), 28, &info, &why));
	assert_int_equal(info.hdr_len, 24);
	assert_int_equal(ip4_payload_len(&info), 4);
	assert_int_equal(info.tos, 0x10);
	assert_int_equal(info.id, 0x1234);
	assert_int_equal(info.ttl, 1);
	assert_int_equal(info.proto, IP4_PROTO_TCP);
	assert_true(ip4_is_fragment(&info));
	assert_int_equal(info.frag & IP4_MF, IP4_MF);
	assert_int_equal(ip4_frag_offset_bytes(&info), 40);
}

static void padding_is_told_by_the_total_length(void **state)
{
	enum holm_drop why;
	struct ip4_info info;

	(void)state;
	assert_true(ip4_parse(plain, sizeof(plain), 1500, &info, &why));
	assert_int_equal(info.total_len, 115);
}

static void a_header_cut_anywhere_is_too_short(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(with_options); len++) {
		uint8_t *cut = exact_copy(with_options, len);

		assert_int_equal(refusal(cut, len, 28), HOLM_DROP_IP4_SHORT);
		free(cut);
	}
	for (size_t len = sizeof(plain); len < 115; len++)
		assert_int_equal(refusal(plain, sizeof(plain), len), HOLM_DROP_IP4_SHORT);
}

static void any_flipped_bit_is_noticed(void **state)
{
	(void)state;
	for (size_t bit = 0; bit < sizeof(plain) * 8; bit++) {
		uint8_t bytes[sizeof(plain)];
		enum holm_drop why;

		memcpy(bytes, plain, sizeof(bytes));
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		why = refusal(bytes, sizeof(bytes), 115);
		assert_true(why == HOLM_DROP_IP4_CSUM || bit / 8 == 0 || bit / 8 == 2 ||
			    bit / 8 == 3);
	}
	for (size_t bit = 0; bit < sizeof(with_options) * 8; bit++) {
		uint8_t bytes[sizeof(with_options)];

		memcpy(bytes, with_options, sizeof(bytes));
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		refusal(bytes, sizeof(bytes), 28);
	}
}

static void other_versions_and_short_header_lengths_are_refused(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 256; first++) {
		uint8_t bytes[IP4_HDR_MAX] = { 0 };
		enum holm_drop why = HOLM_DROP_COUNT;
		struct ip4_info info;
		bool is_legal = first >> 4 == 4 && (first & 0xf) >= 5;

		memcpy(bytes, plain, sizeof(plain));
		bytes[0] = (uint8_t)first;
		fix_checksum(bytes, is_legal ? (first & 0xf) * 4 : 20);
		assert_int_equal(ip4_parse(bytes, sizeof(bytes), 115, &info, &why), is_legal);
		if (!is_legal)
			assert_int_equal(why, HOLM_DROP_IP4_VERSION);
	}
}

static void a_total_length_below_the_header_is_too_short(void **state)
{
	(void)state;
	for (uint16_t total = 0; total < 24; total++) {
		uint8_t bytes[24];

		memcpy(bytes, with_options, sizeof(bytes));
		store_be16(bytes + 2, total);
		fix_checksum(bytes, 24);
		assert_int_equal(refusal(bytes, 24, 100), HOLM_DROP_IP4_SHORT);
		memcpy(bytes, plain, sizeof(plain));
		store_be16(bytes + 2, total);
		fix_checksum(bytes, 20);
		if (total < 20)
			assert_int_equal(refusal(bytes, 20, 100), HOLM_DROP_IP4_SHORT);
	}
}

/* Four bytes of options, the rest zero; true if they pass. */
static bool options_pass(const char *options, size_t n)
{
	uint8_t bytes[28] = { 0 };
	enum holm_drop why = HOLM_DROP_COUNT;
	struct ip4_info info;
	bool ok;

	memcpy(bytes, plain, sizeof(plain));
	bytes[0] = 0x47;
	memcpy(bytes + 20, options, n);
	fix_checksum(bytes, sizeof(bytes));
	ok = ip4_parse(bytes, sizeof(bytes), 115, &info, &why);
	if (!ok)
		assert_int_equal(why, HOLM_DROP_IP4_OPTIONS);
	return ok;
}

static void source_routes_and_options_without_an_end_are_refused(void **state)
{
	(void)state;
	assert_true(options_pass("\x01\x01\x94\x04\x00\x00", 6));
	assert_true(options_pass("\x07\x08\x04\x00\x00\x00\x00\x00", 8));
	assert_true(options_pass("\x00\x83\x07", 3)); /* behind the end of the list */
	assert_false(options_pass("\x83\x07\x04\x0a\x00\x00\x01", 7));
	assert_false(options_pass("\x01\x89\x07\x04\x0a\x00\x00\x01", 8));
	assert_false(options_pass("\x94\x00", 2));
	assert_false(options_pass("\x94\x01", 2));
	assert_false(options_pass("\x94\x09", 2));
	assert_false(options_pass("\x01\x01\x01\x01\x01\x01\x01\x94", 8));
}

static void without_checksums_only_the_checksum_is_not_looked_at(void **state)
{
	uint8_t bytes[sizeof(plain)];
	enum holm_drop why = HOLM_DROP_COUNT;
	struct ip4_info info = { 0 };

	(void)state;
	memcpy(bytes, plain, sizeof(bytes));
	bytes[10] ^= 1;
	assert_int_equal(refusal(bytes, sizeof(bytes), 115), HOLM_DROP_IP4_CSUM);
	assert_true(ip4_parse_nocsum(bytes, sizeof(bytes), 115, &info, &why));
	assert_int_equal(info.dst, 0xc0a800c7);
	assert_false(ip4_parse_nocsum(bytes, sizeof(bytes), 114, &info, &why));
	assert_int_equal(why, HOLM_DROP_IP4_SHORT);
}

/* The quick test for multiples of 0xffff against the plain sum, and its rare inputs. */
static void the_quick_checksum_agrees_with_the_slow_one(void **state)
{
	uint64_t seed = expect_seed(4);

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint8_t bytes[IP4_HDR_BYTES];

		for (size_t at = 0; at < sizeof(bytes); at++)
			bytes[at] = (uint8_t)(i % 3 == 0 ? 0xff : expect_random(&seed));
		bytes[0] = 0x45;
		if (i % 2 == 0)
			fix_checksum(bytes, sizeof(bytes));
		if (i % 4 == 0)
			store_be16(bytes + 10, (uint16_t)(load_be16(bytes + 10) ^ (i % 8 == 0)));
		assert_int_equal(ip4_sum_holds(bytes),
				 checksum_finish(checksum_partial(bytes, sizeof(bytes), 0)) == 0);
	}
}

static void a_header_is_built_as_the_literal_bytes(void **state)
{
	struct ip4_info info = {
		.src = 0xc0a80001,
		.dst = 0xc0a800c7,
		.total_len = 115,
		.frag = IP4_DF,
		.ttl = 64,
		.proto = IP4_PROTO_UDP,
	};
	uint8_t bytes[IP4_HDR_BYTES];

	(void)state;
	ip4_build(bytes, &info);
	assert_memory_equal(bytes, plain, sizeof(plain));
}

static void what_is_built_parses_back_to_the_same(void **state)
{
	uint64_t seed = expect_seed(5);

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct ip4_info in = {
			.src = (uint32_t)expect_random(&seed),
			.dst = (uint32_t)expect_random(&seed),
			.total_len = (uint16_t)(20 + expect_random_below(&seed, 65516)),
			.hdr_len = 20,
			.id = (uint16_t)expect_random(&seed),
			.frag = (uint16_t)expect_random(&seed),
			.tos = (uint8_t)expect_random(&seed),
			.ttl = (uint8_t)expect_random(&seed),
			.proto = (uint8_t)expect_random(&seed),
		};
		struct ip4_info out = { 0 };
		enum holm_drop why;
		uint8_t bytes[IP4_HDR_BYTES];

		ip4_build(bytes, &in);
		assert_true(ip4_parse(bytes, sizeof(bytes), 65535, &out, &why));
		assert_int_equal(out.src, in.src);
		assert_int_equal(out.dst, in.dst);
		assert_int_equal(out.total_len, in.total_len);
		assert_int_equal(out.hdr_len, in.hdr_len);
		assert_int_equal(out.id, in.id);
		assert_int_equal(out.frag, in.frag);
		assert_int_equal(out.tos, in.tos);
		assert_int_equal(out.ttl, in.ttl);
		assert_int_equal(out.proto, in.proto);
	}
}

/* "00 11 00 09" and both addresses summed by hand: c0a8+0001+c0a8+00c7+0011+0009 = 1 8232. */
static void the_pseudo_header_is_summed_for_either_family(void **state)
{
	struct holm_addr src = ip4_to_addr(0xc0a80001);
	struct holm_addr dst = ip4_to_addr(0xc0a800c7);
	struct holm_addr six = { { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 } };
	struct holm_addr sixteen = { { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 } };
	uint16_t expected = (uint16_t)~0x8233;

	(void)state;
	assert_int_equal(checksum_finish(ip4_pseudo_sum(0xc0a80001, 0xc0a800c7, 17, 9)), expected);
	assert_int_equal(checksum_finish(ip_pseudo_sum(&src, &dst, 17, 9)), expected);
	/* 2001 + 0db8 + 0001 + ff02 + 0001 + 0006 + 0014 = 1 2cd7 */
	assert_int_equal(checksum_finish(ip_pseudo_sum(&six, &sixteen, 6, 20)), 0xffff & ~0x2cd8);
}

static void addresses_know_their_kind(void **state)
{
	struct holm_mac mac = ip4_multicast_mac(0xe0800001);

	(void)state;
	assert_true(ip4_is_multicast(0xe0000001) && !ip4_is_multicast(0xdfffffff));
	assert_true(ip4_is_reserved(0xf0000000) && ip4_is_reserved(0xffffffff));
	assert_true(ip4_is_loopback(0x7f123456) && !ip4_is_loopback(0x80000001));
	assert_true(ip4_is_unicast(0x0a000001) && ip4_is_unicast(0xdfffffff));
	assert_false(ip4_is_unicast(0) || ip4_is_unicast(0x00ffffff) || ip4_is_unicast(0x7f000001));
	assert_false(ip4_is_unicast(0xe0000000) || ip4_is_unicast(0xffffffff));
	assert_memory_equal(&mac, "\x01\x00\x5e\x00\x00\x01", 6);
	assert_int_equal(ip4_mask(0), 0);
	assert_int_equal(ip4_mask(1), 0x80000000);
	assert_int_equal(ip4_mask(24), 0xffffff00);
	assert_int_equal(ip4_mask(32), 0xffffffff);
	assert_int_equal(ip4_from_addr(&(struct holm_addr){ { [12] = 1, [15] = 2 } }), 0x01000002);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_header_is_read_as_its_bytes_say),
		cmocka_unit_test(options_are_skipped_and_fragments_reported),
		cmocka_unit_test(padding_is_told_by_the_total_length),
		cmocka_unit_test(a_header_cut_anywhere_is_too_short),
		cmocka_unit_test(any_flipped_bit_is_noticed),
		cmocka_unit_test(other_versions_and_short_header_lengths_are_refused),
		cmocka_unit_test(a_total_length_below_the_header_is_too_short),
		cmocka_unit_test(source_routes_and_options_without_an_end_are_refused),
		cmocka_unit_test(without_checksums_only_the_checksum_is_not_looked_at),
		cmocka_unit_test(the_quick_checksum_agrees_with_the_slow_one),
		cmocka_unit_test(a_header_is_built_as_the_literal_bytes),
		cmocka_unit_test(what_is_built_parses_back_to_the_same),
		cmocka_unit_test(the_pseudo_header_is_summed_for_either_family),
		cmocka_unit_test(addresses_know_their_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
