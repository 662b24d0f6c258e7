/* Tests of kernel/unixtime.h: seconds, fractions, and what is neither. */
#include "kernel/unixtime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void whole_seconds_are_read(void **state)
{
	uint64_t ns = 1;

	(void)state;
	assert_true(unixtime_parse("0", &ns));
	assert_int_equal(ns, 0);
	assert_true(unixtime_parse("1700000000", &ns));
	assert_int_equal(ns, UINT64_C(1700000000000000000));
}

static void fractions_are_read_to_the_nanosecond(void **state)
{
	uint64_t ns = 0;

	(void)state;
	assert_true(unixtime_parse("1.5", &ns));
	assert_int_equal(ns, 1500000000);
	assert_true(unixtime_parse("1.000000001", &ns));
	assert_int_equal(ns, 1000000001);
	assert_true(unixtime_parse("1.0000000019", &ns));
	assert_int_equal(ns, 1000000001);
	assert_true(unixtime_parse("7.", &ns));
	assert_int_equal(ns, 7000000000);
}

static void what_is_no_time_is_refused_and_changes_nothing(void **state)
{
	static const char *const bad[] = {
		"",
		".5",
		"-1",
		"+1",
		"x",
		"1x",
		"1.5.5",
		"1.5x",
		" 1",
		"9223372036",
		"99999999999999999999999999",
	};
	uint64_t ns = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(unixtime_parse(bad[i], &ns));
	assert_int_equal(ns, 77);
	assert_true(unixtime_parse("9223372035.999999999", &ns));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_seconds_are_read),
		cmocka_unit_test(fractions_are_read_to_the_nanosecond),
		cmocka_unit_test(what_is_no_time_is_refused_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
