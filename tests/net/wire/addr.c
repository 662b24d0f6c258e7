/* Tests of net/wire/addr: address kinds, RFC 5952 text, what RFC 4291 section 2.2 lets one write. */
#include <holm/errno.h>
#include <holm/types.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "lib/compiler.h"
#include "tests/support/exact.h"
#include "tests/support/expect.h"

static struct holm_addr parsed(const char *text)
{
	struct holm_addr a;

	assert_int_equal(holm_addr_parse(&a, text, strlen(text)), 0);
	return a;
}

static void expect_kind(const char *text, bool ip4, bool any, bool loopback, bool multicast)
{
	struct holm_addr a = parsed(text);

	assert_int_equal(holm_addr_is_ip4(&a), ip4);
	assert_int_equal(holm_addr_is_any(&a), any);
	assert_int_equal(holm_addr_is_loopback(&a), loopback);
	assert_int_equal(holm_addr_is_multicast(&a), multicast);
}

static void addresses_of_both_families_know_their_kind(void **state)
{
	(void)state;
	expect_kind("0.0.0.0", true, true, false, false);
	expect_kind("::", false, true, false, false);
	expect_kind("127.0.0.1", true, false, true, false);
	expect_kind("127.255.1.2", true, false, true, false);
	expect_kind("::1", false, false, true, false);
	expect_kind("::2", false, false, false, false);
	expect_kind("224.0.0.1", true, false, false, true);
	expect_kind("239.255.255.255", true, false, false, true);
	expect_kind("255.255.255.255", true, false, false, true);
	expect_kind("240.0.0.1", true, false, false, false);
	expect_kind("ff02::1", false, false, false, true);
	expect_kind("fe80::1", false, false, false, false);
	expect_kind("1::", false, false, false, false);
	expect_kind("10.0.2.15", true, false, false, false);
}

static void equality_looks_at_every_byte(void **state)
{
	struct holm_addr a = parsed("2001:db8::42");

	(void)state;
	assert_true(holm_addr_equal(&a, &a));
	for (size_t i = 0; i < 16; i++) {
		struct holm_addr b = a;

		b.b[i] ^= 0x10;
		assert_false(holm_addr_equal(&a, &b));
	}
}

/* What is written reads back, and writes as the canonical text. */
static void expect_text(const char *text, const char *canonical)
{
	struct holm_addr a = parsed(text);
	struct holm_addr again;
	char out[HOLM_ADDR_TEXT_MAX];

	assert_int_equal(holm_addr_format(&a, out, sizeof(out)), strlen(canonical));
	assert_string_equal(out, canonical);
	again = parsed(out);
	assert_true(holm_addr_equal(&a, &again));
}

static void text_is_written_as_rfc_5952_says(void **state)
{
	(void)state;
	expect_text("10.0.2.15", "10.0.2.15");
	expect_text("255.255.255.255", "255.255.255.255");
	expect_text("2001:db8:0:0:0:0:2:1", "2001:db8::2:1");
	expect_text("2001:0DB8::0001", "2001:db8::1");
	expect_text("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"); /* one group stays: 4.2.2 */
	expect_text("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");	     /* the longest: 4.2.3 */
	expect_text("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");    /* the first of equals */
	expect_text("0:0:0:0:0:0:0:0", "::");
	expect_text("1:0:0:0:0:0:0:0", "1::");
	expect_text("0:0:0:0:0:0:0:1", "::1");
	expect_text("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8");
	expect_text("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	expect_text("::ffff:10.0.2.15", "10.0.2.15");
	expect_text("::ffff:a00:20f", "10.0.2.15");
	expect_text("64:ff9b::1.2.3.4", "64:ff9b::102:304");
	expect_text("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0");
	expect_text("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8");
}

static void what_is_no_address_is_refused_and_leaves_the_target_alone(void **state)
{
	static const char *const wrong[] = {
		"",
		".",
		":",
		":::",
		"1",
		"1.2.3",
		"1.2.3.4.5",
		"1.2.3.",
		".1.2.3",
		"1..2.3",
		"256.0.0.1",
		"1.2.3.04",
		"01.2.3.4",
		"1.2.3.4 ",
		" 1.2.3.4",
		"1.2.3.-4",
		"1.2.3.1000",
		"a.b.c.d",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"1:2:3:4:5:6:7:8::",
		"::1::2",
		"1:",
		":1",
		":1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:",
		"12345::",
		"g::",
		"1::2::",
		"::1.2.3",
		"::1.2.3.4.5",
		"1.2.3.4::",
		"1:2:3:4:5:6:7:1.2.3.4",
		"::256.1.1.1",
		"fe80::1%1",
		"[::1]",
		"1:::2",
		"::ffff:1.2.3.4:5",
		"1:2:3:4::5:6:7:8",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct holm_addr a = holm_addr_ip4(9, 8, 7, 6);
		struct holm_addr before = a;

		if (holm_addr_parse(&a, wrong[i], strlen(wrong[i])) != -HOLM_EINVAL)
			fail_msg("\"%s\" was taken for an address", wrong[i]);
		assert_true(holm_addr_equal(&a, &before));
	}
}

static void parsing_stops_at_the_length_given(void **state)
{
	static const char text[] = "1.2.3.45";
	struct holm_addr a;

	(void)state;
	assert_int_equal(holm_addr_parse(&a, text, 7), 0);
	assert_int_equal(a.b[15], 4);
	for (size_t len = 0; len < 7; len++) {
		uint8_t *cut = exact_copy(text, len);

		assert_int_equal(holm_addr_parse(&a, (char *)cut, len), -HOLM_EINVAL);
		free(cut);
	}
}

static void random_addresses_survive_a_round_trip(void **state)
{
	uint64_t seed = expect_seed(9);

	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct holm_addr a, b;
		char text[HOLM_ADDR_TEXT_MAX];
		size_t n;

		for (size_t at = 0; at < 16; at++)
			a.b[at] = expect_random(&seed) % 3 ? 0 : (uint8_t)expect_random(&seed);
		n = holm_addr_format(&a, text, sizeof(text));
		assert_int_equal(n, strlen(text));
		assert_int_equal(holm_addr_parse(&b, text, n), 0);
		assert_true(holm_addr_equal(&a, &b));
	}
}

static void endpoints_are_written_with_their_port(void **state)
{
	struct holm_endpoint e = { .addr = parsed("10.0.2.15"), .port = 80 };
	char text[HOLM_ENDPOINT_TEXT_MAX];
	size_t n;

	(void)state;
	assert_int_equal(holm_endpoint_format(&e, text, sizeof(text)), 12);
	assert_string_equal(text, "10.0.2.15:80");
	e.addr = parsed("fe80::1");
	holm_endpoint_format(&e, text, sizeof(text));
	assert_string_equal(text, "[fe80::1]:80");
	e.scope = 2;
	holm_endpoint_format(&e, text, sizeof(text));
	assert_string_equal(text, "[fe80::1%2]:80");
	memset(&e.addr, 0xff, sizeof(e.addr));
	e.scope = UINT32_MAX;
	e.port = UINT16_MAX;
	n = holm_endpoint_format(&e, text, sizeof(text));
	assert_string_equal(text, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535");
	assert_int_equal(n, strlen(text));
}

static void text_without_room_is_cut(void **state)
{
	struct holm_addr a = parsed("192.168.100.200");
	char text[8] = "#######";

	(void)state;
	assert_int_equal(holm_addr_format(&a, text, 5), 4);
	assert_string_equal(text, "192.");
	assert_int_equal(text[5], '#');
	assert_int_equal(holm_addr_format(&a, text, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_both_families_know_their_kind),
		cmocka_unit_test(equality_looks_at_every_byte),
		cmocka_unit_test(text_is_written_as_rfc_5952_says),
		cmocka_unit_test(what_is_no_address_is_refused_and_leaves_the_target_alone),
		cmocka_unit_test(parsing_stops_at_the_length_given),
		cmocka_unit_test(random_addresses_survive_a_round_trip),
		cmocka_unit_test(endpoints_are_written_with_their_port),
		cmocka_unit_test(text_without_room_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
