/* Tests of lib/copy.h: every size, and nothing beside it. */
#include "lib/copy.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void every_size_is_copied_whole_and_nothing_beside_it(void **state)
{
	uint8_t from[300], to[302], expected[302];

	(void)state;
	for (size_t i = 0; i < sizeof(from); i++)
		from[i] = (uint8_t)(i * 7 + 1);
	for (size_t n = 0; n <= sizeof(from); n++) {
		memset(to, 0xee, sizeof(to));
		memset(expected, 0xee, sizeof(expected));
		memcpy(expected + 1, from, n);
		copy_short(to + 1, from, n);
		assert_memory_equal(to, expected, sizeof(to));
	}
}

static void lines_are_zeroed_whole_and_nothing_beside_them(void **state)
{
	uint8_t to[302], expected[302];

	(void)state;
	for (size_t n = 64; n <= 300; n++) {
		memset(to, 0xee, sizeof(to));
		memset(expected, 0xee, sizeof(expected));
		memset(expected + 1, 0, n);
		zero_lines(to + 1, n);
		assert_memory_equal(to, expected, sizeof(to));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_zeroed_whole_and_nothing_beside_them),
		cmocka_unit_test(every_size_is_copied_whole_and_nothing_beside_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
