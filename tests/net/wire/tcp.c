/* Tests of net/wire/tcp: RFC 9293, 7323 and 2018 headers against literal bytes, cut and hostile ones. */
#include "net/wire/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/compiler.h"
#include "lib/fmt.h"
#include "tests/support/exact.h"
#include "tests/support/expect.h"

/* What Linux sends first: MSS 1460, SACK permitted, timestamp, NOP, window scale 7. */
static const uint8_t syn[40] = {
	0xb2, 0x6e, 0x00, 0x50, 0x01, 0x02, 0x03, 0x04, 0x00, 0x00, 0x00, 0x00, 0xa0, 0x02,
	0xfa, 0xf0, 0x00, 0x00, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x04, 0x02, 0x08, 0x0a,
	0x12, 0x34, 0x56, 0x78, 0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x03, 0x07,
};

/* An ACK with a timestamp and two SACK blocks. */
static const uint8_t sack[52] = {
	0x00, 0x50, 0xb2, 0x6e, 0x00, 0x00, 0x00, 0x01, 0x01, 0x02, 0x03, 0x05, 0xd0,
	0x10, 0x01, 0xf5, 0xab, 0xcd, 0x00, 0x00, 0x01, 0x01, 0x08, 0x0a, 0x00, 0x00,
	0x00, 0x02, 0x12, 0x34, 0x56, 0x78, 0x01, 0x01, 0x05, 0x12, 0x00, 0x00, 0x10,
	0x00, 0x00, 0x00, 0x20, 0x00, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 0x00,
};

static void a_syn_is_read_as_its_bytes_say(void **state)
{
	struct tcp_hdr_info info;
	enum holm_drop why;

	(void)state;
	assert_true(tcp_parse(syn, sizeof(syn), &info, &why));
	assert_int_equal(info.sport, 45678);
	assert_int_equal(info.dport, 80);
	assert_int_equal(info.seq, 0x01020304);
	assert_int_equal(info.ack, 0);
	assert_int_equal(info.flags, TCP_SYN);
	assert_int_equal(info.wnd, 64240);
	assert_int_equal(info.urg, 0);
	assert_int_equal(info.hdr_len, 40);
	assert_true(info.has_mss && info.has_wscale && info.has_ts && info.sack_permitted);
	assert_int_equal(info.mss, 1460);
	assert_int_equal(info.wscale, 7);
	assert_int_equal(info.tsval, 0x12345678);
	assert_int_equal(info.tsecr, 0);
	assert_int_equal(info.nsack, 0);
}

static void sack_blocks_are_read_behind_a_timestamp(void **state)
{
	struct tcp_hdr_info info;
	enum holm_drop why;

	(void)state;
	assert_true(tcp_parse(sack, sizeof(sack), &info, &why));
	assert_int_equal(info.flags, TCP_ACK);
	assert_true(info.has_ts);
	assert_int_equal(info.tsval, 2);
	assert_int_equal(info.tsecr, 0x12345678);
	assert_int_equal(info.nsack, 2);
	assert_int_equal(info.sack[0].left, 0x1000);
	assert_int_equal(info.sack[0].right, 0x2000);
	assert_int_equal(info.sack[1].left, 0xffffff00);
	assert_int_equal(info.sack[1].right, 0x100);
	assert_false(info.has_mss || info.has_wscale || info.sack_permitted);
}

static void a_header_cut_anywhere_is_too_short(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(sack); len++) {
		uint8_t *cut = exact_copy(sack, len);
		enum holm_drop why = HOLM_DROP_COUNT;
		struct tcp_hdr_info info;

		assert_false(tcp_parse(cut, len, &info, &why));
		assert_int_equal(why, HOLM_DROP_TCP_SHORT);
		free(cut);
	}
}

static void every_data_offset_is_checked_against_both_ends(void **state)
{
	(void)state;
	for (unsigned words = 0; words < 16; words++) {
		uint8_t bytes[44] = { 0 };
		enum holm_drop why = HOLM_DROP_COUNT;
		struct tcp_hdr_info info;

		bytes[12] = (uint8_t)(words << 4);
		assert_int_equal(tcp_parse(bytes, sizeof(bytes), &info, &why),
				 words >= 5 && words <= 11);
		if (words < 5 || words > 11)
			assert_int_equal(why, HOLM_DROP_TCP_SHORT);
		else
			assert_int_equal(info.hdr_len, words * 4);
	}
}

static void reserved_bits_do_not_matter(void **state)
{
	uint8_t bytes[20] = { [12] = 0x5f, [13] = 0xff };
	struct tcp_hdr_info info;
	enum holm_drop why;

	(void)state;
	assert_true(tcp_parse(bytes, sizeof(bytes), &info, &why));
	assert_int_equal(info.hdr_len, 20);
	assert_int_equal(info.flags, 0xff);
}

/* Parses a header with these options, padded with `pad`; options of the last one are in *info. */
static bool parse_options(const char *options, size_t n, uint8_t pad, struct tcp_hdr_info *info)
{
	size_t hdr_len = 20 + (n + 3) / 4 * 4;
	uint8_t bytes[60];
	enum holm_drop why = HOLM_DROP_COUNT;
	uint8_t *p;
	bool ok;

	memset(bytes, 0, 20);
	memset(bytes + 20, pad, sizeof(bytes) - 20);
	memcpy(bytes + 20, options, n);
	bytes[12] = (uint8_t)(hdr_len << 2);
	p = exact_copy(bytes, hdr_len);
	memset(info, 0xa5, sizeof(*info));
	ok = tcp_parse(p, hdr_len, info, &why);
	if (!ok)
		assert_int_equal(why, HOLM_DROP_TCP_OPTIONS);
	free(p);
	return ok;
}

#define PARSE(options, info) parse_options(options, sizeof(options) - 1, TCP_OPT_NOP, info)

static void options_come_in_any_order_and_at_any_address(void **state)
{
	struct tcp_hdr_info info;

	(void)state;
	assert_true(PARSE(
		"\x03\x03\x02\x04\x02\x08\x0a\x00\x00\x00\x05\x00\x00\x00\x06\x02\x04\x02\x18",
		&info));
	assert_true(info.has_mss && info.has_wscale && info.has_ts && info.sack_permitted);
	assert_int_equal(info.wscale, 2);
	assert_int_equal(info.tsval, 5);
	assert_int_equal(info.tsecr, 6);
	assert_int_equal(info.mss, 536);
	assert_true(
		PARSE("\x05\x0a\x00\x00\x00\x01\x00\x00\x00\x02\x08\x0a\x00\x00\x00\x03\x00\x00\x00"
		      "\x04",
		      &info));
	assert_int_equal(info.nsack, 1);
	assert_int_equal(info.sack[0].right, 2);
	assert_int_equal(info.tsecr, 4);
}

static void unknown_options_are_skipped_by_their_length(void **state)
{
	struct tcp_hdr_info info;

	(void)state;
	assert_true(PARSE("\x1e\x05\xff\xff\xff\x02\x04\x05\xb4\x22\x02", &info));
	assert_true(info.has_mss);
	assert_int_equal(info.mss, 1460);
}

static void known_options_of_another_length_are_skipped(void **state)
{
	struct tcp_hdr_info info;

	(void)state;
	assert_true(
		PARSE("\x02\x03\x05\x03\x04\x07\x07\x04\x03\x00\x08\x09\x01\x01\x01\x01\x01\x01\x01"
		      "\x05\x0b\x01\x01\x01\x01\x01\x01\x01\x01\x01\x05\x02",
		      &info));
	assert_false(info.has_mss || info.has_wscale || info.has_ts || info.sack_permitted);
	assert_int_equal(info.nsack, 0);
}

static void the_end_of_the_list_ends_it(void **state)
{
	struct tcp_hdr_info info;

	(void)state;
	assert_true(PARSE("\x01\x00\x02\x01\x02\x04\x05\xb4", &info));
	assert_false(info.has_mss);
}

static void an_illegal_length_is_named(void **state)
{
	struct tcp_hdr_info info;

	(void)state;
	assert_false(PARSE("\x02\x00\x05\xb4", &info));
	assert_false(PARSE("\x02\x01\x05\xb4", &info));
	assert_false(PARSE("\xfd\x00\x05\xb4", &info));
	assert_false(PARSE("\x01\x01\x02\x04", &info));
	assert_false(PARSE("\x01\x01\x01\x02", &info));
	assert_false(PARSE("\x08\x0a\x00\x00", &info));
	assert_false(PARSE("\x01\x01\x05\xff", &info));
}

static void four_sack_blocks_fit_and_a_window_scale_is_capped(void **state)
{
	struct tcp_hdr_info info;

	(void)state;
	assert_true(
		PARSE("\x05\x22\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\x04\x00"
		      "\x00\x00\x05\x00\x00\x00\x06\x00\x00\x00\x07\x00\x00\x00\x08",
		      &info));
	assert_int_equal(info.nsack, 4);
	assert_int_equal(info.sack[3].left, 7);
	assert_int_equal(info.sack[3].right, 8);
	assert_true(PARSE("\x03\x03\x0e\x01", &info));
	assert_int_equal(info.wscale, 14);
	assert_true(PARSE("\x03\x03\xff\x01", &info));
	assert_int_equal(info.wscale, 14);
}

static void the_literal_headers_are_built_from_their_fields(void **state)
{
	struct tcp_hdr_info info;
	enum holm_drop why;
	uint8_t bytes[60];

	(void)state;
	assert_true(tcp_parse(syn, sizeof(syn), &info, &why));
	assert_int_equal(tcp_build_bytes(&info), sizeof(syn));
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(tcp_build(bytes, &info), sizeof(syn));
	assert_memory_equal(bytes, syn, sizeof(syn));
	assert_true(tcp_parse(sack, sizeof(sack), &info, &why));
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(tcp_build(bytes, &info), sizeof(sack));
	assert_memory_equal(bytes, sack, 16);
	assert_memory_equal(bytes + 16, "\0\0", 2); /* the checksum is left to others */
	assert_memory_equal(bytes + 18, sack + 18, sizeof(sack) - 18);
}

static struct tcp_hdr_info random_info(uint64_t *seed)
{
	struct tcp_hdr_info in = {
		.seq = (uint32_t)expect_random(seed),
		.ack = (uint32_t)expect_random(seed),
		.sport = (uint16_t)expect_random(seed),
		.dport = (uint16_t)expect_random(seed),
		.wnd = (uint16_t)expect_random(seed),
		.urg = (uint16_t)expect_random(seed),
		.flags = (uint8_t)expect_random(seed),
		.has_ts = expect_random(seed) % 2 == 0,
	};

	if (in.has_ts) {
		in.tsval = (uint32_t)expect_random(seed);
		in.tsecr = (uint32_t)expect_random(seed);
	}
	if (expect_random(seed) % 2 == 0) {
		in.has_mss = expect_random(seed) % 2 == 0;
		in.mss = in.has_mss ? (uint16_t)expect_random(seed) : 0;
		in.has_wscale = expect_random(seed) % 2 == 0;
		in.wscale = in.has_wscale ? (uint8_t)expect_random_below(seed, 15) : 0;
		in.sack_permitted = expect_random(seed) % 2 == 0;
	} else {
		in.nsack = (uint8_t)expect_random_below(seed, in.has_ts ? 4 : 5);
		for (size_t i = 0; i < in.nsack; i++) {
			in.sack[i].left = (uint32_t)expect_random(seed);
			in.sack[i].right = (uint32_t)expect_random(seed);
		}
	}
	return in;
}

static void what_is_built_parses_back_to_the_same(void **state)
{
	uint64_t seed = expect_seed(6);

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct tcp_hdr_info in = random_info(&seed);
		struct tcp_hdr_info out = { 0 };
		enum holm_drop why;
		uint8_t bytes[60];
		size_t n = tcp_build(bytes, &in);
		uint8_t *p = exact_copy(bytes, n);

		assert_int_equal(n, tcp_build_bytes(&in));
		assert_int_equal(n % 4, 0);
		in.hdr_len = (uint8_t)n;
		assert_true(tcp_parse(p, n, &out, &why));
		assert_memory_equal(&out, &in, sizeof(in));
		free(p);
	}
}

static void random_options_never_read_beyond_the_header(void **state)
{
	uint64_t seed = expect_seed(7);

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t n = 20 + 4 * expect_random_below(&seed, 11);
		uint8_t bytes[60];
		struct tcp_hdr_info info;
		enum holm_drop why = HOLM_DROP_COUNT;
		uint8_t *p;

		for (size_t at = 0; at < n; at++) {
			uint64_t r = expect_random(&seed);

			bytes[at] = (uint8_t)(r >> 8 & (r % 4 ? 0x0f : 0xff));
		}
		bytes[12] = (uint8_t)(n << 2);
		p = exact_copy(bytes, n);
		if (!tcp_parse(p, n, &info, &why))
			assert_int_equal(why, HOLM_DROP_TCP_OPTIONS);
		else
			assert_in_range(info.nsack, 0, TCP_SACK_MAX);
		free(p);
	}
}

static void build_too_many_blocks(void *arg)
{
	struct tcp_hdr_info info = { .has_ts = true, .nsack = 4 };
	uint8_t bytes[80];

	(void)arg;
	tcp_build(bytes, &info);
}

static void options_that_do_not_fit_are_the_callers_error(void **state)
{
	(void)state;
	assert_true(expect_assert(build_too_many_blocks, NULL));
}

static void expect_print(const uint8_t *p, size_t len, size_t l4_len, const char *expected)
{
	char text[200];
	struct fmt_out out = fmt_to_buffer(text, sizeof(text));

	tcp_print(&out, p, len, l4_len);
	assert_string_equal(text, expected);
}

static void segments_print_as_tcpdump_users_expect(void **state)
{
	static const uint8_t none[20] = { [12] = 0x50 };
	static const uint8_t all[20] = { [12] = 0x50, [13] = 0xff, [19] = 9 };
	static const uint8_t bad[24] = { [12] = 0x60, [20] = 2 };

	(void)state;
	expect_print(syn, sizeof(syn), sizeof(syn),
		     "TCP [S] seq 16909060 win 64240 len 0 <mss 1460,sackOK,TS val 305419896 ecr "
		     "0,wscale 7>");
	expect_print(sack, sizeof(sack), sizeof(sack) + 1000,
		     "TCP [.] seq 1 ack 16909061 win 501 len 1000 <TS val 2 ecr 305419896,sack "
		     "4096:8192,sack 4294967040:256>");
	expect_print(none, sizeof(none), sizeof(none), "TCP [none] seq 0 win 0 len 0");
	expect_print(all, sizeof(all), 25, "TCP [FSRP.UEW] seq 0 ack 0 win 0 len 5 urg 9");
	expect_print(bad, sizeof(bad), sizeof(bad), "TCP [illegal option]");
	expect_print(bad, 23, 24, "TCP [too short]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_syn_is_read_as_its_bytes_say),
		cmocka_unit_test(sack_blocks_are_read_behind_a_timestamp),
		cmocka_unit_test(a_header_cut_anywhere_is_too_short),
		cmocka_unit_test(every_data_offset_is_checked_against_both_ends),
		cmocka_unit_test(reserved_bits_do_not_matter),
		cmocka_unit_test(options_come_in_any_order_and_at_any_address),
		cmocka_unit_test(unknown_options_are_skipped_by_their_length),
		cmocka_unit_test(known_options_of_another_length_are_skipped),
		cmocka_unit_test(the_end_of_the_list_ends_it),
		cmocka_unit_test(an_illegal_length_is_named),
		cmocka_unit_test(four_sack_blocks_fit_and_a_window_scale_is_capped),
		cmocka_unit_test(the_literal_headers_are_built_from_their_fields),
		cmocka_unit_test(what_is_built_parses_back_to_the_same),
		cmocka_unit_test(random_options_never_read_beyond_the_header),
		cmocka_unit_test(options_that_do_not_fit_are_the_callers_error),
		cmocka_unit_test(segments_print_as_tcpdump_users_expect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
