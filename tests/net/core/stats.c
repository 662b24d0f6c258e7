/*
 * Tests of net/core/stats.c, config.c and proto.c's tables: every number has a text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <holm/stats.h>

#include "tests/support/expect.h"

static void every_drop_reason_and_counter_has_a_text_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < HOLM_DROP_COUNT; i++) {
		assert_non_null(holm_drop_text((enum holm_drop)i));
		for (int k = 0; k < i; k++)
			assert_true(strcmp(holm_drop_text((enum holm_drop)i),
					   holm_drop_text((enum holm_drop)k)) != 0);
	}
	for (int i = 0; i < HOLM_COUNT_COUNT; i++)
		assert_non_null(holm_counter_text((enum holm_counter)i));
}

static void ask_beyond(void *arg)
{
	(void)arg;
	holm_drop_text(HOLM_DROP_COUNT);
}

static void a_reason_that_does_not_exist_is_a_programming_error(void **state)
{
	(void)state;
	assert_true(expect_assert(ask_beyond, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_drop_reason_and_counter_has_a_text_of_its_own),
		cmocka_unit_test(a_reason_that_does_not_exist_is_a_programming_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
