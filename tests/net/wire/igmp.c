/* Tests of IGMP messages: net/wire/igmp.c. */
#include "net/wire/igmp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct igmp_info parse(const uint8_t *p, size_t len)
{
	struct igmp_info info;
	enum holm_drop why;

	assert_true(igmp_parse(p, len, len, &info, &why));
	return info;
}

static void the_versions_of_a_query_are_told_apart(void **state)
{
	static const uint8_t one[8] = { 0x11, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t two[8] = { 0x11, 100, 0, 0, 239, 1, 2, 3 };
	static const uint8_t three[12] = { 0x11, 100, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0 };

	(void)state;
	assert_int_equal(parse(one, 8).version, 1);
	assert_int_equal(parse(one, 8).response_ms, 10000);
	assert_int_equal(parse(two, 8).version, 2);
	assert_int_equal(parse(two, 8).response_ms, 10000);
	assert_int_equal(parse(two, 8).group, 0xef010203);
	assert_int_equal(parse(three, 12).version, 3);
	assert_int_equal(parse(three, 12).response_ms, 10000);
}

static void a_long_response_time_is_a_floating_point_number(void **state)
{
	uint8_t query[12] = { 0x11, 0x80 };

	(void)state;
	assert_int_equal(parse(query, 12).response_ms, 128 * 100);
	query[1] = 0xff;
	assert_int_equal(parse(query, 12).response_ms, (31u << 10) * 100);
	/* To version 2 it is a number like others. */
	assert_int_equal(parse(query, 8).response_ms, 255 * 100);
}

static void short_messages_are_refused(void **state)
{
	static const uint8_t bytes[8] = { 0x11 };
	struct igmp_info info;
	enum holm_drop why;

	(void)state;
	for (size_t len = 0; len < 8; len++) {
		assert_false(igmp_parse(bytes, len, len, &info, &why));
		assert_int_equal(why, HOLM_DROP_IGMP_MALFORMED);
	}
}

/* RFC 3376 section 7.1. */
static void a_query_between_the_lengths_of_two_versions_is_refused(void **state)
{
	static const uint8_t bytes[12] = { 0x11 };
	struct igmp_info info;
	enum holm_drop why;

	(void)state;
	for (size_t len = 9; len < 12; len++) {
		assert_false(igmp_parse(bytes, len, len, &info, &why));
		assert_int_equal(why, HOLM_DROP_IGMP_MALFORMED);
	}
}

static void what_is_built_is_what_the_rfcs_draw(void **state)
{
	static const uint8_t two[8] = { 0x16, 0, 0xf8, 0xfa, 239, 1, 2, 3 };
	static const uint8_t three[16] = {
		0x22, 0, 0xe8, 0xf9, 0, 0, 0, 1, 4, 0, 0, 0, 239, 1, 2, 3
	};
	uint8_t p[16];

	(void)state;
	igmp_build(p, IGMP2_REPORT, 0xef010203);
	assert_memory_equal(p, two, 8);
	igmp3_build_report(p, IGMP_TO_EXCLUDE, 0xef010203);
	assert_memory_equal(p, three, 16);
	assert_int_equal(parse(p, 16).type, IGMP3_REPORT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_versions_of_a_query_are_told_apart),
		cmocka_unit_test(a_long_response_time_is_a_floating_point_number),
		cmocka_unit_test(short_messages_are_refused),
		cmocka_unit_test(a_query_between_the_lengths_of_two_versions_is_refused),
		cmocka_unit_test(what_is_built_is_what_the_rfcs_draw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
