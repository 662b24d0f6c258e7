/* Tests of net/wire/nd: RFC 4861 messages against literal bytes, every cut, hostile options. */
#include "net/wire/nd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/fmt.h"
#include "tests/support/exact.h"
#include "tests/support/expect.h"

/*
 * Hop limit 64, M and O, high preference, 1800 s, reachable 30 s, retransmission 1 s; from
 * 02:00:00:00:00:09, MTU 1400, prefix 2001:db8::/64 (L, A, valid 86400 s, preferred 14400 s), servers
 * 2001:db8::53 and fe80::53 for 600 s.
 */
static const uint8_t advert[] = {
	134,  0,    0,	  0,	64, 0xc8, 0x07, 0x08, 0, 0, 0x75, 0x30, 0, 0, 0x03, 0xe8, /* head */
	1,    1,    2,	  0,	0,  0,	  0,	9,				       /* source */
	5,    1,    0,	  0,	0,  0,	  0x05, 0x78,				       /* MTU */
	3,    4,    64,	  0xc0, 0,  1,	  0x51, 0x80, 0, 0, 0x38, 0x40, 0, 0, 0,    0, /* prefix */
	0x20, 0x01, 0x0d, 0xb8, 0,  0,	  0,	0,    0, 0, 0,	  0,	0, 0, 0,    0, /* ... */
	25,   5,    0,	  0,	0,  0,	  0x02, 0x58,				       /* servers */
	0x20, 0x01, 0x0d, 0xb8, 0,  0,	  0,	0,    0, 0, 0,	  0,	0, 0, 0,    0x53, /* ... */
	0xfe, 0x80, 0,	  0,	0,  0,	  0,	0,    0, 0, 0,	  0,	0, 0, 0,    0x53, /* ... */
};

static struct holm_addr addr(const char *text)
{
	struct holm_addr a;

	assert_int_equal(holm_addr_parse(&a, text, strlen(text)), 0);
	return a;
}

static struct nd_info parse(const uint8_t *p, size_t len)
{
	enum holm_drop why;
	struct nd_info info;

	assert_true(nd_parse(p, len, &info, &why));
	return info;
}

/* The first option of this type. */
static struct nd_option find(const struct nd_info *info, uint8_t type)
{
	struct nd_option option;
	size_t at = 0;

	while (nd_next_option(info, &at, &option))
		if (option.type == type)
			return option;
	fail();
	return option;
}

static void a_router_advertisement_is_read_as_its_bytes_say(void **state)
{
	struct nd_info info = parse(advert, sizeof(advert));

	(void)state;
	assert_int_equal(info.type, ND_ROUTER_ADVERT);
	assert_int_equal(info.hop_limit, 64);
	assert_int_equal(info.flags & (ND_MANAGED | ND_OTHER), ND_MANAGED | ND_OTHER);
	assert_int_equal(info.preference, 1);
	assert_int_equal(info.lifetime_s, 1800);
	assert_int_equal(info.reachable_ms, 30000);
	assert_int_equal(info.retrans_ms, 1000);
	assert_int_equal(info.mtu, 1400);
	assert_true(info.has_source_mac);
	assert_false(info.has_target_mac);
	assert_int_equal(info.source_mac.b[5], 9);
}

static void a_prefix_and_name_servers_are_read_from_their_options(void **state)
{
	struct nd_info info = parse(advert, sizeof(advert));
	struct nd_option option = find(&info, ND_OPTION_PREFIX);
	struct holm_addr want = addr("2001:db8::"), second = addr("fe80::53"), got;
	struct nd_prefix prefix;
	struct nd_rdnss rdnss;

	(void)state;
	assert_true(nd_parse_prefix(&option, &prefix));
	assert_true(holm_addr_equal(&prefix.addr, &want));
	assert_int_equal(prefix.len, 64);
	assert_int_equal(prefix.flags, ND_ON_LINK | ND_AUTONOMOUS);
	assert_int_equal(prefix.valid_s, 86400);
	assert_int_equal(prefix.preferred_s, 14400);
	option = find(&info, ND_OPTION_RDNSS);
	assert_true(nd_parse_rdnss(&option, &rdnss));
	assert_int_equal(rdnss.n, 2);
	assert_int_equal(rdnss.lifetime_s, 600);
	got = nd_rdnss_server(&rdnss, 1);
	assert_true(holm_addr_equal(&got, &second));
}

static void preferences_have_a_sign_and_a_reserved_value(void **state)
{
	uint8_t p[ND_ROUTER_ADVERT_BYTES] = { ND_ROUTER_ADVERT };

	(void)state;
	assert_int_equal(parse(p, sizeof(p)).preference, 0);
	p[5] = 1 << 3;
	assert_int_equal(parse(p, sizeof(p)).preference, 1);
	p[5] = 2 << 3;
	assert_int_equal(parse(p, sizeof(p)).preference, 0);
	p[5] = 3 << 3;
	assert_int_equal(parse(p, sizeof(p)).preference, -1);
}

static void a_message_is_good_only_where_an_option_ends(void **state)
{
	static const size_t ends[] = { 16, 24, 32, 64, 104 };
	size_t k = 0;

	(void)state;
	for (size_t len = 0; len <= sizeof(advert); len++) {
		uint8_t *cut = exact_copy(advert, len);
		enum holm_drop why = HOLM_DROP_COUNT;
		struct nd_info info;
		bool good = k < sizeof(ends) / sizeof(ends[0]) && len == ends[k];

		assert_int_equal(nd_parse(cut, len, &info, &why), good);
		if (good)
			k++;
		else
			assert_int_equal(why, HOLM_DROP_ND_MALFORMED);
		free(cut);
	}
}

static void an_option_without_length_is_refused(void **state)
{
	uint8_t p[ND_ROUTER_ADVERT_BYTES + 8] = { ND_ROUTER_ADVERT };
	enum holm_drop why;
	struct nd_info info;

	(void)state;
	p[16] = ND_OPTION_SOURCE_MAC;
	assert_false(nd_parse(p, sizeof(p), &info, &why));
	assert_int_equal(why, HOLM_DROP_ND_MALFORMED);
	p[17] = 2;
	assert_false(nd_parse(p, sizeof(p), &info, &why));
	p[17] = 1;
	assert_true(nd_parse(p, sizeof(p), &info, &why));
}

static void a_code_or_a_type_that_is_not_discoverys_is_refused(void **state)
{
	uint8_t p[ND_NEIGHBOUR_BYTES] = { ND_NEIGHBOUR_SOLICIT, 1 };
	enum holm_drop why;
	struct nd_info info;

	(void)state;
	assert_false(nd_parse(p, sizeof(p), &info, &why));
	p[1] = 0;
	assert_true(nd_parse(p, sizeof(p), &info, &why));
	p[0] = 128;
	assert_false(nd_parse(p, sizeof(p), &info, &why));
}

static void a_group_is_nobodys_address(void **state)
{
	uint8_t p[ND_NEIGHBOUR_BYTES] = { ND_NEIGHBOUR_SOLICIT };
	enum holm_drop why;
	struct nd_info info;

	(void)state;
	p[8] = 0xff;
	assert_false(nd_parse(p, sizeof(p), &info, &why));
	assert_int_equal(why, HOLM_DROP_ND_SOURCE);
}

static void prefixes_that_contradict_themselves_are_refused(void **state)
{
	uint8_t p[sizeof(advert)];
	struct nd_prefix prefix;
	struct nd_option option;
	struct nd_info info;

	(void)state;
	memcpy(p, advert, sizeof(p));
	p[34] = 129;
	info = parse(p, sizeof(p));
	option = find(&info, ND_OPTION_PREFIX);
	assert_false(nd_parse_prefix(&option, &prefix));
	p[34] = 64;
	memset(p + 40, 0xff, 4); /* preferred for ever, valid for a day */
	info = parse(p, sizeof(p));
	option = find(&info, ND_OPTION_PREFIX);
	assert_false(nd_parse_prefix(&option, &prefix));
	option.len = 8;
	assert_false(nd_parse_prefix(&option, &prefix));
}

static void servers_that_do_not_fill_their_option_are_refused(void **state)
{
	uint8_t p[32] = { ND_OPTION_RDNSS };
	struct nd_option option = { .type = ND_OPTION_RDNSS, .p = p };
	struct nd_rdnss rdnss;

	(void)state;
	for (option.len = 8; option.len <= 32; option.len += 8)
		assert_int_equal(nd_parse_rdnss(&option, &rdnss), option.len == 24);
}

static void what_is_built_is_read_again(void **state)
{
	const struct holm_mac mac = { { 2, 0, 0, 0, 0, 1 } };
	const struct nd_nonce nonce = { { 1, 2, 3, 4, 5, 6 } };
	const struct holm_addr target = addr("fe80::1");
	uint8_t p[ND_SENT_MAX];
	struct nd_info info;

	(void)state;
	info = parse(p, nd_build_solicit(p, &target, &mac, &nonce));
	assert_int_equal(info.type, ND_NEIGHBOUR_SOLICIT);
	assert_true(holm_addr_equal(&info.target, &target));
	assert_true(info.has_source_mac && info.has_nonce);
	assert_memory_equal(&info.nonce, &nonce, sizeof(nonce));
	info = parse(p, nd_build_solicit(p, &target, NULL, NULL));
	assert_false(info.has_source_mac || info.has_nonce);
	info = parse(p, nd_build_advert(p, &target, ND_SOLICITED | ND_OVERRIDE, &mac));
	assert_int_equal(info.flags, ND_SOLICITED | ND_OVERRIDE);
	assert_memory_equal(&info.target_mac, &mac, sizeof(mac));
	assert_int_equal(nd_build_router_solicit(p, &mac), 16);
	assert_true(parse(p, 16).has_source_mac);
	assert_int_equal(nd_build_router_solicit(p, NULL), 8);
}

static void a_line_says_what_the_message_says(void **state)
{
	char text[160];
	struct fmt_out out = fmt_to_buffer(text, sizeof(text));

	(void)state;
	nd_print(&out, advert, sizeof(advert));
	assert_string_equal(text,
			    "router advertisement lifetime 1800 s prefix 2001:db8::/64 on-link "
			    "autonomous");
	out = fmt_to_buffer(text, sizeof(text));
	nd_print(&out, advert, 15);
	assert_string_equal(text, "neighbour discovery [malformed]");
}

static void random_bytes_are_read_within_their_bounds(void **state)
{
	uint64_t seed = expect_seed(0x4861);
	uint8_t bytes[256];

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t len = expect_random_below(&seed, sizeof(bytes)), at = 0;
		struct nd_option option;
		struct nd_prefix prefix;
		struct nd_rdnss rdnss;
		struct nd_info info;
		enum holm_drop why;
		uint8_t *p;

		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)expect_random_below(&seed, i % 8 == 1 ? 4 : 256);
		bytes[0] = (uint8_t)(133 + round % 5);
		bytes[1] = 0;
		p = exact_copy(bytes, len);
		if (nd_parse(p, len, &info, &why))
			while (nd_next_option(&info, &at, &option)) {
				(void)nd_parse_prefix(&option, &prefix);
				if (nd_parse_rdnss(&option, &rdnss))
					(void)nd_rdnss_server(&rdnss, rdnss.n - 1);
			}
		free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_router_advertisement_is_read_as_its_bytes_say),
		cmocka_unit_test(a_prefix_and_name_servers_are_read_from_their_options),
		cmocka_unit_test(preferences_have_a_sign_and_a_reserved_value),
		cmocka_unit_test(a_message_is_good_only_where_an_option_ends),
		cmocka_unit_test(an_option_without_length_is_refused),
		cmocka_unit_test(a_code_or_a_type_that_is_not_discoverys_is_refused),
		cmocka_unit_test(a_group_is_nobodys_address),
		cmocka_unit_test(prefixes_that_contradict_themselves_are_refused),
		cmocka_unit_test(servers_that_do_not_fill_their_option_are_refused),
		cmocka_unit_test(what_is_built_is_read_again),
		cmocka_unit_test(a_line_says_what_the_message_says),
		cmocka_unit_test(random_bytes_are_read_within_their_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
