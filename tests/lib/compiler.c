/* Tests of lib/compiler.h: container_of and the small arithmetic, at its edges. */
#include "lib/compiler.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct outer {
	int first;
	struct inner {
		char c;
	} inner;
	int counts[7];
};

static void a_member_leads_back_to_its_structure(void **state)
{
	struct outer o;
	const struct inner *constant = &o.inner;

	(void)state;
	assert_ptr_equal(container_of(&o.inner, struct outer, inner), &o);
	assert_ptr_equal(container_of_const(constant, struct outer, inner), &o);
	assert_int_equal(ARRAY_LEN(o.counts), 7);
}

static void the_smaller_and_the_larger_are_told_apart_at_full_width(void **state)
{
	(void)state;
	assert_true(min_u32(0xffffffff, 0x80000000) == 0x80000000);
	assert_true(max_u32(0xffffffff, 0x80000000) == 0xffffffff);
	assert_true(min_u64(0x100000000u, 0xffffffff) == 0xffffffff);
	assert_true(max_u64(UINT64_MAX, 1) == UINT64_MAX);
	assert_true(min_size(SIZE_MAX, 3) == 3);
	assert_true(max_size(SIZE_MAX, 3) == SIZE_MAX);
}

static void bits_are_counted_from_either_end(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		uint64_t bit = (uint64_t)1 << i;

		assert_int_equal(ilog2_u64(bit | 1), i);
		assert_int_equal(lowest_bit_u64(bit | (uint64_t)1 << 63), i);
		assert_true(is_pow2_u64(bit));
		assert_false(i > 0 && is_pow2_u64(bit | 1));
	}
	assert_int_equal(ilog2_u32(0xffffffff), 31);
	assert_int_equal(ilog2_u32(1), 0);
	assert_false(is_pow2_u64(0));
}

static void rotation_loses_no_bit(void **state)
{
	(void)state;
	assert_true(rotl_u32(0x80000001u, 0) == 0x80000001u);
	assert_true(rotl_u32(0x80000001u, 1) == 3);
	assert_true(rotl_u64(0x8000000000000001u, 63) == 0xc000000000000000u);
	assert_true(rotl_u64(0x123456789abcdef0u, 0) == 0x123456789abcdef0u);
}

static void alignment_rounds_up_and_leaves_the_aligned(void **state)
{
	(void)state;
	assert_int_equal(align_up_size(0, 16), 0);
	assert_int_equal(align_up_size(1, 16), 16);
	assert_int_equal(align_up_size(16, 16), 16);
	assert_int_equal(align_up_size(17, 1), 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_leads_back_to_its_structure),
		cmocka_unit_test(the_smaller_and_the_larger_are_told_apart_at_full_width),
		cmocka_unit_test(bits_are_counted_from_either_end),
		cmocka_unit_test(rotation_loses_no_bit),
		cmocka_unit_test(alignment_rounds_up_and_leaves_the_aligned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
