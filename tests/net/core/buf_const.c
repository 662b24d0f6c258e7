/*
 * Tests of net/core/buf_const.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <holm/buf.h>

#include "tests/support/expect.h"

static unsigned released;

static void count(struct holm_const_sndbuf *b)
{
	(void)b;
	released++;
}

static void the_region_is_lent_where_it_lies_until_it_is_discarded(void **state)
{
	static const uint8_t data[] = "0123456789";
	struct holm_const_sndbuf b;
	struct holm_span span;

	(void)state;
	holm_const_sndbuf_init(&b, data, 10, count);
	assert_int_equal(holm_sndbuf_queued(&b.base), 10);
	assert_int_equal(holm_sndbuf_room(&b.base), 0);
	assert_int_equal(holm_sndbuf_lend(&b.base, 3, 4, &span, 1), 1);
	assert_ptr_equal(span.data, data + 3);
	assert_int_equal(span.len, 4);
	holm_sndbuf_discard(&b.base, 6);
	assert_int_equal(holm_sndbuf_lend(&b.base, 0, 100, &span, 1), 1);
	assert_ptr_equal(span.data, data + 6);
	assert_int_equal(span.len, 4);
	assert_int_equal(holm_sndbuf_lend(&b.base, 4, 1, &span, 1), 0);
	b.base.ops->released(&b.base);
	assert_int_equal(released, 1);
}

static void discard_too_much(void *arg)
{
	holm_sndbuf_discard(arg, 11);
}

static void discarding_more_than_is_queued_is_a_programming_error(void **state)
{
	struct holm_const_sndbuf b;

	(void)state;
	holm_const_sndbuf_init(&b, "0123456789", 10, NULL);
	assert_true(expect_assert(discard_too_much, &b.base));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_region_is_lent_where_it_lies_until_it_is_discarded),
		cmocka_unit_test(discarding_more_than_is_queued_is_a_programming_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
