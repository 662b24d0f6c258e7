/* Tests of MLD messages: net/wire/mld.c. */
#include "net/wire/mld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/exact.h"

static struct mld_info parse(const uint8_t *p, size_t len)
{
	struct mld_info info;
	enum holm_drop why;

	assert_true(mld_parse(p, len, len, &info, &why));
	return info;
}

static void the_length_of_a_query_tells_its_version(void **state)
{
	uint8_t p[MLD2_QUERY_BYTES] = { MLD_QUERY, 0, 0, 0, 0x27, 0x10 };
	struct mld_info info;
	enum holm_drop why;

	(void)state;
	assert_int_equal(parse(p, MLD_BYTES).version, 1);
	assert_int_equal(parse(p, MLD2_QUERY_BYTES).version, 2);
	assert_int_equal(parse(p, MLD2_QUERY_BYTES).response_ms, 10000);
	for (size_t len = MLD_BYTES + 1; len < MLD2_QUERY_BYTES; len++)
		assert_false(mld_parse(p, len, len, &info, &why));
}

static void a_long_response_time_is_a_floating_point_number(void **state)
{
	uint8_t p[MLD2_QUERY_BYTES] = { MLD_QUERY, 0, 0, 0, 0x80, 0x00 };

	(void)state;
	assert_int_equal(parse(p, sizeof(p)).response_ms, 32768);
	memset(p + 4, 0xff, 2);
	assert_int_equal(parse(p, sizeof(p)).response_ms, 0x1fffu << 10);
	/* To version 1 it is a number like others. */
	assert_int_equal(parse(p, MLD_BYTES).response_ms, 0xffff);
}

static void short_messages_and_what_is_no_group_are_refused(void **state)
{
	uint8_t p[MLD_BYTES] = { MLD1_REPORT };
	struct mld_info info;
	enum holm_drop why;

	(void)state;
	for (size_t len = 0; len < MLD_BYTES; len++) {
		uint8_t *cut = exact_copy(p, len);

		assert_false(mld_parse(cut, len, len, &info, &why));
		assert_int_equal(why, HOLM_DROP_MLD_MALFORMED);
		free(cut);
	}
	assert_false(mld_parse(p, sizeof(p), sizeof(p), &info, &why));
	p[8] = 0xff;
	assert_true(mld_parse(p, sizeof(p), sizeof(p), &info, &why));
	p[8] = 0xfe;
	p[0] = MLD_QUERY;
	assert_false(mld_parse(p, sizeof(p), sizeof(p), &info, &why));
}

static void what_is_built_is_what_the_rfcs_draw(void **state)
{
	static const struct holm_addr group = { { 0xff, 2, [15] = 0xfb } };
	static const uint8_t two[MLD2_REPORT_BYTES] = { 143, 0, 0, 0, 0,    0, 0,	   1,
							4,   0, 0, 0, 0xff, 2, [27] = 0xfb };
	uint8_t p[MLD_SENT_MAX];

	(void)state;
	mld_build(p, MLD1_DONE, &group);
	assert_int_equal(parse(p, MLD_BYTES).type, MLD1_DONE);
	assert_memory_equal(p + 8, &group, sizeof(group));
	mld2_build_report(p, MLD_TO_EXCLUDE, &group);
	assert_memory_equal(p, two, sizeof(two));
	assert_int_equal(parse(p, sizeof(two)).type, MLD2_REPORT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_length_of_a_query_tells_its_version),
		cmocka_unit_test(a_long_response_time_is_a_floating_point_number),
		cmocka_unit_test(short_messages_and_what_is_no_group_are_refused),
		cmocka_unit_test(what_is_built_is_what_the_rfcs_draw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
