/* Tests of net/wire/dhcp4: reading RFC 2131 messages, long options, overload, hostile values. */
#include "net/wire/dhcp4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/compiler.h"
#include "lib/fmt.h"
#include "tests/support/exact.h"
#include "tests/support/expect.h"

/* A message being put together: the fixed part, then options. */
struct message {
	uint8_t bytes[1500];
	size_t len;
};

/* From 10.0.2.2 for 52:54:00:12:34:56: yours is 10.0.2.15, xid 0xdeadbeef. No options yet. */
static const uint8_t fixed_start[34] = {
	0x02, 0x01, 0x06, 0x00, 0xde, 0xad, 0xbe, 0xef, 0x00, 0x03, 0x80, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x0a, 0x00, 0x02, 0x0f, 0x0a, 0x00, 0x02, 0x02,
	0x00, 0x00, 0x00, 0x00, 0x52, 0x54, 0x00, 0x12, 0x34, 0x56,
};

static void begin(struct message *m)
{
	memset(m, 0, sizeof(*m));
	memcpy(m->bytes, fixed_start, sizeof(fixed_start));
	memcpy(m->bytes + 236, "\x63\x82\x53\x63", 4);
	m->len = 240;
}

static void add(struct message *m, const char *options, size_t n)
{
	memcpy(m->bytes + m->len, options, n);
	m->len += n;
}

#define ADD(m, options) add(m, options, sizeof(options) - 1)

/* Reads a copy of exactly the message's size. */
static enum dhcp4_verdict parse(const struct message *m, struct dhcp4_info *info)
{
	uint8_t *p = exact_copy(m->bytes, m->len);
	enum dhcp4_verdict verdict = dhcp4_parse(p, m->len, info);

	free(p);
	return verdict;
}

static void an_ack_is_read_as_its_bytes_say(void **state)
{
	struct message m;
	struct dhcp4_info info;

	(void)state;
	begin(&m);
	ADD(&m, "\x35\x01\x05\x36\x04\x0a\x00\x02\x02\x01\x04\xff\xff\xff\x00"
		"\x03\x08\x0a\x00\x02\x02\x0a\x00\x02\x03\x06\x04\x0a\x00\x02\x03"
		"\x33\x04\x00\x01\x51\x80\x3a\x04\x00\x00\xa8\xc0\x3b\x04\x00\x01\x27\x50"
		"\x1a\x02\x05\x78\x00\x00\x0c\x04holm\xff");
	assert_int_equal(parse(&m, &info), DHCP4_OK);
	assert_int_equal(info.op, DHCP4_BOOTREPLY);
	assert_int_equal(info.type, DHCP4_ACK);
	assert_int_equal(info.xid, 0xdeadbeef);
	assert_int_equal(info.secs, 3);
	assert_int_equal(info.flags, DHCP4_FLAG_BROADCAST);
	assert_int_equal(info.ciaddr, 0);
	assert_int_equal(info.yiaddr, 0x0a00020f);
	assert_int_equal(info.siaddr, 0x0a000202);
	assert_int_equal(info.giaddr, 0);
	assert_memory_equal(&info.chaddr, fixed_start + 28, 6);
	assert_int_equal(info.server_id, 0x0a000202);
	assert_true(info.has_mask);
	assert_int_equal(info.prefix_len, 24);
	assert_int_equal(info.nrouters, 2);
	assert_int_equal(info.routers[1], 0x0a000203);
	assert_int_equal(info.ndns, 1);
	assert_int_equal(info.dns[0], 0x0a000203);
	assert_true(info.has_lease && info.has_t1 && info.has_t2);
	assert_int_equal(info.lease_s, 86400);
	assert_int_equal(info.t1_s, 43200);
	assert_int_equal(info.t2_s, 75600);
	assert_int_equal(info.mtu, 1400);
	assert_false(info.has_routes);
}

static void a_nak_needs_no_more_than_its_type(void **state)
{
	struct message m;
	struct dhcp4_info info;

	(void)state;
	begin(&m);
	ADD(&m, "\x35\x01\x06\xff");
	assert_int_equal(parse(&m, &info), DHCP4_OK);
	assert_int_equal(info.type, DHCP4_NAK);
	assert_false(info.has_lease || info.has_mask || info.has_t1 || info.has_t2);
	assert_int_equal(info.server_id, 0);
	assert_int_equal(info.mtu, 0);
}

static void a_list_without_an_end_ends_with_the_message(void **state)
{
	struct message m;
	struct dhcp4_info info;

	(void)state;
	begin(&m);
	ADD(&m, "\x35\x01\x02");
	assert_int_equal(parse(&m, &info), DHCP4_OK);
	assert_int_equal(info.type, DHCP4_OFFER);
}

static void a_message_cut_anywhere_is_refused_or_still_whole(void **state)
{
	struct message m;
	struct dhcp4_info info;
	size_t full;

	(void)state;
	begin(&m);
	ADD(&m, "\x35\x01\x05\x36\x04\x0a\x00\x02\x02\x01\x04\xff\xff\xff\x00\xff");
	full = m.len;
	for (m.len = 0; m.len < full; m.len++) {
		enum dhcp4_verdict verdict = parse(&m, &info);

		if (m.len < 240)
			assert_int_equal(verdict, DHCP4_SHORT);
		else if (m.len == 240)
			assert_int_equal(verdict, DHCP4_OPTION_ABSENT);
		else if (m.len == 243 || m.len == 249 || m.len == 255)
			assert_int_equal(verdict, DHCP4_OK);
		else
			assert_int_equal(verdict, DHCP4_OPTION_BOUNDS);
	}
}

static enum dhcp4_verdict parse_with_byte(size_t at, uint8_t value)
{
	struct message m;
	struct dhcp4_info info;

	begin(&m);
	ADD(&m, "\x35\x01\x05\xff");
	m.bytes[at] = value;
	return parse(&m, &info);
}

static void damage_in_the_fixed_part_is_named(void **state)
{
	(void)state;
	assert_int_equal(parse_with_byte(0, 1), DHCP4_OK);
	assert_int_equal(parse_with_byte(0, 0), DHCP4_NOT_BOOTP);
	assert_int_equal(parse_with_byte(0, 3), DHCP4_NOT_BOOTP);
	assert_int_equal(parse_with_byte(1, 6), DHCP4_HARDWARE);
	assert_int_equal(parse_with_byte(2, 16), DHCP4_HARDWARE);
	assert_int_equal(parse_with_byte(2, 0), DHCP4_HARDWARE);
	for (size_t at = 236; at < 240; at++)
		assert_int_equal(parse_with_byte(at, 0), DHCP4_COOKIE);
}

static void expect_bad(const char *options, size_t n, enum dhcp4_verdict verdict, uint8_t option)
{
	struct message m;
	struct dhcp4_info info;

	begin(&m);
	ADD(&m, "\x35\x01\x05");
	add(&m, options, n);
	assert_int_equal(parse(&m, &info), verdict);
	assert_int_equal(info.bad_option, option);
}

#define EXPECT_BAD(options, verdict, option)                                                       \
	expect_bad(options, sizeof(options) - 1, verdict, option)

static void options_of_an_impossible_length_are_named(void **state)
{
	static const uint8_t codes[] = { 1, 3, 6, 26, 50, 51, 54, 58, 59, 121 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		char option[5] = { (char)codes[i], 0, (char)0xff, 0, 0 };

		expect_bad(option, 3, DHCP4_OPTION_EMPTY, codes[i]);
		option[1] = 3;
		option[2] = 10;
		expect_bad(option, 5, DHCP4_OPTION_LENGTH, codes[i]);
		option[1] = 4;
		expect_bad(option, 5, DHCP4_OPTION_BOUNDS, codes[i]);
	}
	EXPECT_BAD("\x01\x05\xff\xff\xff\x00\x00\xff", DHCP4_OPTION_LENGTH, 1);
	EXPECT_BAD("\x33\x04\x00\x00\x00\x01\x33\x04\x00\x00\x00\x01\xff", DHCP4_OPTION_LENGTH, 51);
	EXPECT_BAD("\x34\x00\xff", DHCP4_OPTION_EMPTY, 52);
	EXPECT_BAD("\x34\x02\x01\x01\xff", DHCP4_OPTION_LENGTH, 52);
	EXPECT_BAD("\xfe", DHCP4_OPTION_BOUNDS, 254);
}

static void options_of_an_impossible_value_are_named(void **state)
{
	struct message m;
	struct dhcp4_info info;

	(void)state;
	EXPECT_BAD("\x01\x04\xff\x00\xff\x00\xff", DHCP4_OPTION_VALUE, 1);
	EXPECT_BAD("\x01\x04\x00\x00\x00\x00\xff", DHCP4_OPTION_VALUE, 1);
	EXPECT_BAD("\x1a\x02\x00\x43\xff", DHCP4_OPTION_VALUE, 26);
	EXPECT_BAD("\x34\x01\x00\xff", DHCP4_OPTION_VALUE, 52);
	EXPECT_BAD("\x34\x01\x04\xff", DHCP4_OPTION_VALUE, 52);
	EXPECT_BAD("\x36\x04\xe0\x00\x00\x01\xff", DHCP4_OPTION_VALUE, 54);
	EXPECT_BAD("\x36\x04\x00\x00\x00\x00\xff", DHCP4_OPTION_VALUE, 54);
	for (unsigned type = 0; type < 256; type++) {
		char option[] = { 53, 1, (char)type };

		begin(&m);
		add(&m, option, sizeof(option));
		assert_int_equal(parse(&m, &info),
				 type >= 1 && type <= 8 ? DHCP4_OK : DHCP4_OPTION_VALUE);
	}
	begin(&m);
	ADD(&m, "\x33\x04\x00\x00\x00\x01\xff");
	assert_int_equal(parse(&m, &info), DHCP4_OPTION_ABSENT);
	assert_int_equal(info.bad_option, DHCP4_OPT_TYPE);
}

static void addresses_that_no_host_has_are_left_out_of_lists(void **state)
{
	struct message m;
	struct dhcp4_info info;

	(void)state;
	begin(&m);
	ADD(&m, "\x35\x01\x05\x03\x10\x00\x00\x00\x00\xff\xff\xff\xff\x7f\x00\x00\x01\x0a\x00\x02"
		"\x02\x06\x14\x01\x01\x01\x01\x02\x02\x02\x02\xe0\x00\x00\x01\x03\x03\x03\x03\x04"
		"\x04\x04\x04\xff");
	assert_int_equal(parse(&m, &info), DHCP4_OK);
	assert_int_equal(info.nrouters, 1);
	assert_int_equal(info.routers[0], 0x0a000202);
	assert_int_equal(info.ndns, DHCP4_DNS_MAX);
	assert_int_equal(info.dns[2], 0x03030303);
}

static void classless_routes_are_read_in_their_compact_form(void **state) /* RFC 3442 */
{
	struct message m;
	struct dhcp4_info info;

	(void)state;
	begin(&m);
	ADD(&m, "\x35\x01\x05\x79\x1c"
		"\x00\x0a\x00\x02\x02"
		"\x08\x0a\x0a\x00\x02\x03"
		"\x11\x0a\xe5\xff\x00\x00\x00\x00"
		"\x20\x01\x02\x03\x04\x0a\x00\x02\x05\xff");
	assert_int_equal(parse(&m, &info), DHCP4_OK);
	assert_true(info.has_routes);
	assert_int_equal(info.nroutes, 4);
	assert_int_equal(info.routes[0].prefix_len, 0);
	assert_int_equal(info.routes[0].dst, 0);
	assert_int_equal(info.routes[0].gateway, 0x0a000202);
	assert_int_equal(info.routes[1].prefix_len, 8);
	assert_int_equal(info.routes[1].dst, 0x0a000000);
	assert_int_equal(info.routes[2].prefix_len, 17);
	assert_int_equal(info.routes[2].dst, 0x0ae58000); /* bits behind the prefix are cleared */
	assert_int_equal(info.routes[2].gateway, 0);
	assert_int_equal(info.routes[3].dst, 0x01020304);
}

static void hostile_routes_are_refused_and_too_many_counted(void **state)
{
	struct message m;
	struct dhcp4_info info;

	(void)state;
	EXPECT_BAD("\x79\x09\x21\x01\x02\x03\x04\x0a\x00\x02\x02\xff", DHCP4_OPTION_VALUE, 121);
	EXPECT_BAD("\x79\x09\xff\x01\x02\x03\x04\x0a\x00\x02\x02\xff", DHCP4_OPTION_VALUE, 121);
	EXPECT_BAD("\x79\x08\x20\x01\x02\x03\x04\x0a\x00\x02\xff", DHCP4_OPTION_LENGTH, 121);
	EXPECT_BAD("\x79\x06\x00\x0a\x00\x02\x02\x08\xff", DHCP4_OPTION_LENGTH, 121);
	EXPECT_BAD("\x79\x05\x00\xe0\x00\x00\x01\xff", DHCP4_OPTION_VALUE, 121);
	begin(&m);
	ADD(&m, "\x35\x01\x05\x79\x32");
	for (int i = 0; i < 10; i++)
		ADD(&m, "\x00\x0a\x00\x02\x02");
	assert_int_equal(parse(&m, &info), DHCP4_OK);
	assert_int_equal(info.nroutes, DHCP4_ROUTES_MAX);
	assert_int_equal(info.routes_ignored, 2);
}

static void parts_of_an_option_are_put_together(void **state) /* RFC 3396 */
{
	struct message m;
	struct dhcp4_info info;

	(void)state;
	begin(&m);
	ADD(&m,
	    "\x79\x03\x18\xc0\xa8\x35\x01\x05\x79\x05\x07\x0a\x00\x02\x63\x33\x02\x00\x01\x33\x02"
	    "\x51\x80\xff");
	assert_int_equal(parse(&m, &info), DHCP4_OK);
	assert_int_equal(info.nroutes, 1);
	assert_int_equal(info.routes[0].dst, 0xc0a80700);
	assert_int_equal(info.routes[0].gateway, 0x0a000263);
	assert_int_equal(info.lease_s, 86400);
}

static void options_continue_in_file_then_in_sname(void **state)
{
	struct message m;
	struct dhcp4_info info;
	uint8_t value[16];
	size_t n;

	(void)state;
	begin(&m);
	ADD(&m, "\x34\x01\x03\x35\x01\x05\x33\x01\x01\xff");
	memcpy(m.bytes + 108, "\x33\x02\x02\x03\x01\x04\xff\xff\x00\x00\xff", 11);
	memcpy(m.bytes + 44, "\x33\x01\x04\xff", 4);
	assert_int_equal(parse(&m, &info), DHCP4_OK);
	assert_int_equal(info.lease_s, 0x01020304);
	assert_int_equal(info.prefix_len, 16);
	assert_int_equal(dhcp4_option(m.bytes, m.len, 51, value, sizeof(value), &n), DHCP4_OK);
	assert_int_equal(n, 4);
	assert_memory_equal(value, "\x01\x02\x03\x04", 4);
	/* Without the overload option both fields are names and not options. */
	m.bytes[240] = DHCP4_OPT_PAD;
	m.bytes[241] = DHCP4_OPT_PAD;
	m.bytes[242] = DHCP4_OPT_PAD;
	assert_int_equal(parse(&m, &info), DHCP4_OPTION_LENGTH);
	assert_int_equal(info.bad_option, 51);
}

static void an_option_may_not_leave_the_field_that_it_overloads(void **state)
{
	struct message m;
	struct dhcp4_info info;

	(void)state;
	begin(&m);
	ADD(&m, "\x34\x01\x02\x35\x01\x05\xff");
	m.bytes[44 + 62] = 12;
	m.bytes[44 + 63] = 1; /* its value would be the first byte of file */
	assert_int_equal(parse(&m, &info), DHCP4_OPTION_BOUNDS);
	assert_int_equal(info.bad_option, 12);
}

static void an_option_of_endless_parts_is_too_long(void **state)
{
	struct message m;
	struct dhcp4_info info;
	char part[257] = { 121, (char)255 };

	(void)state;
	begin(&m);
	ADD(&m, "\x35\x01\x05");
	for (int i = 0; i < 3; i++)
		add(&m, part, sizeof(part));
	assert_int_equal(parse(&m, &info), DHCP4_OPTION_TOO_LONG);
	assert_int_equal(info.bad_option, 121);
}

static void one_option_is_looked_up_by_its_code(void **state)
{
	struct message m;
	uint8_t value[4];
	size_t n;

	(void)state;
	begin(&m);
	ADD(&m, "\x0c\x04holm\x38\x00\xff");
	assert_int_equal(dhcp4_option(m.bytes, m.len, 12, value, 4, &n), DHCP4_OK);
	assert_int_equal(n, 4);
	assert_memory_equal(value, "holm", 4);
	assert_int_equal(dhcp4_option(m.bytes, m.len, 12, value, 3, &n), DHCP4_OPTION_TOO_LONG);
	assert_int_equal(dhcp4_option(m.bytes, m.len, 56, value, 4, &n), DHCP4_OK);
	assert_int_equal(n, 0);
	assert_int_equal(dhcp4_option(m.bytes, m.len, 61, value, 4, &n), DHCP4_OPTION_ABSENT);
	assert_int_equal(dhcp4_option(m.bytes, 239, 12, value, 4, &n), DHCP4_SHORT);
}

static void random_options_are_read_or_refused_by_name(void **state)
{
	uint64_t seed = expect_seed(10);

	(void)state;
	for (int i = 0; i < 5000; i++) {
		static const uint8_t likely_bytes[] = {
			1, 3, 6, 26, 51, 52, 53, 54, 58, 121, 4, 2
		};
		struct message m;
		struct dhcp4_info info;
		size_t n = expect_random_below(&seed, 120);

		begin(&m);
		for (size_t at = 44; at < 236; at++)
			m.bytes[at] = likely_bytes[expect_random_below(&seed, 12)];
		for (size_t at = 0; at < n; at++) {
			uint64_t r = expect_random(&seed);

			m.bytes[m.len++] = r % 4 ? likely_bytes[r / 4 % 12] : (uint8_t)(r >> 32);
		}
		if (parse(&m, &info) == DHCP4_OK) {
			assert_in_range(info.type, 1, 8);
			assert_in_range(info.nroutes, 0, DHCP4_ROUTES_MAX);
			assert_in_range(info.prefix_len, 0, 32);
		}
	}
}

static void expect_print(const struct message *m, const char *expected)
{
	char text[200];
	struct fmt_out out = fmt_to_buffer(text, sizeof(text));

	dhcp4_print(&out, m->bytes, m->len);
	assert_string_equal(text, expected);
}

static void messages_print_with_what_matters(void **state)
{
	struct message m;

	(void)state;
	begin(&m);
	ADD(&m,
	    "\x35\x01\x05\x36\x04\x0a\x00\x02\x02\x01\x04\xff\xff\xff\x00\x33\x04\x00\x00\x0e\x10");
	expect_print(&m, "DHCP ACK xid 0xdeadbeef 52:54:00:12:34:56 your 10.0.2.15 server 10.0.2.2 "
			 "/24 lease 3600 s");
	m.len--;
	expect_print(&m, "DHCP [option runs over the end: 51]");
	m.len = 100;
	expect_print(&m, "DHCP [too short]");
	for (int v = 0; v < DHCP4_VERDICT_COUNT; v++)
		assert_non_null(dhcp4_verdict_text((enum dhcp4_verdict)v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ack_is_read_as_its_bytes_say),
		cmocka_unit_test(a_nak_needs_no_more_than_its_type),
		cmocka_unit_test(a_list_without_an_end_ends_with_the_message),
		cmocka_unit_test(a_message_cut_anywhere_is_refused_or_still_whole),
		cmocka_unit_test(damage_in_the_fixed_part_is_named),
		cmocka_unit_test(options_of_an_impossible_length_are_named),
		cmocka_unit_test(options_of_an_impossible_value_are_named),
		cmocka_unit_test(addresses_that_no_host_has_are_left_out_of_lists),
		cmocka_unit_test(classless_routes_are_read_in_their_compact_form),
		cmocka_unit_test(hostile_routes_are_refused_and_too_many_counted),
		cmocka_unit_test(parts_of_an_option_are_put_together),
		cmocka_unit_test(options_continue_in_file_then_in_sname),
		cmocka_unit_test(an_option_may_not_leave_the_field_that_it_overloads),
		cmocka_unit_test(an_option_of_endless_parts_is_too_long),
		cmocka_unit_test(one_option_is_looked_up_by_its_code),
		cmocka_unit_test(random_options_are_read_or_refused_by_name),
		cmocka_unit_test(messages_print_with_what_matters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
