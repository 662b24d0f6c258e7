/*
 * Sequence arithmetic, across 2^31 and 2^32.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/tcp/seq.h"

static const uint32_t starts[] = { 0,		1,	     1000,	  0x7ffffff0u, 0x7fffffffu,
				   0x80000000u, 0x80000010u, 0xfffffff0u, 0xffffffffu };
static const uint32_t steps[] = { 1, 2, 15, 65535, 0x10000, 0x3fffffff, 0x7fffffff };

static void a_number_is_below_every_one_up_to_2_31_ahead(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
			struct tcp_seq a = seq_of(starts[i]);
			struct tcp_seq b = seq_add(a, steps[k]);

			assert_true(seq_lt(a, b));
			assert_true(seq_leq(a, b));
			assert_true(seq_gt(b, a));
			assert_true(seq_geq(b, a));
			assert_false(seq_lt(b, a));
			assert_false(seq_eq(a, b));
			assert_int_equal(seq_diff(b, a), steps[k]);
			assert_true(seq_eq(seq_max(a, b), b));
			assert_true(seq_eq(seq_min(a, b), a));
			assert_true(seq_eq(seq_sub(b, steps[k]), a));
		}
}

static void equal_numbers_are_not_below_each_other(void **state)
{
	struct tcp_seq a = seq_of(0x80000000u);

	(void)state;
	assert_false(seq_lt(a, a));
	assert_false(seq_gt(a, a));
	assert_true(seq_leq(a, a));
	assert_true(seq_geq(a, a));
}

static void a_range_contains_its_left_edge_and_not_its_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		struct tcp_seq left = seq_of(starts[i]);

		assert_true(seq_in(left, left, 10));
		assert_true(seq_in(seq_add(left, 9), left, 10));
		assert_false(seq_in(seq_add(left, 10), left, 10));
		assert_false(seq_in(seq_sub(left, 1), left, 10));
		assert_false(seq_in(left, left, 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_below_every_one_up_to_2_31_ahead),
		cmocka_unit_test(equal_numbers_are_not_below_each_other),
		cmocka_unit_test(a_range_contains_its_left_edge_and_not_its_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
