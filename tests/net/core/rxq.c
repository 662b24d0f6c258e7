/* Tests of net/core/rxq.c: order, bounds, and that the original is left alone. */
#include "net/core/rxq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <holm/dev.h>

#include "tests/support/pool.h"

static void copies_come_out_in_the_order_they_went_in(void **state)
{
	struct holm_pool *pool = pool_make(8, 0);
	struct rxq q = { .max_bytes = 8 * HOLM_FRAME_BYTES };

	(void)state;
	for (uint8_t i = 0; i < 3; i++) {
		struct holm_frame *f = pool_frame(pool, 0, 10, i);
		struct holm_frame *copy;

		f->cb.bytes[5] = i;
		copy = rxq_copy(&q, pool, f);
		assert_non_null(copy);
		rxq_put(&q, copy);
		holm_frame_free(f);
	}
	assert_int_equal(q.nframes, 3);
	for (uint8_t i = 0; i < 3; i++) {
		struct holm_frame *f = rxq_take(&q);

		assert_int_equal(holm_frame_data(f)[0], i);
		assert_int_equal(f->cb.bytes[5], i);
		holm_frame_free(f);
	}
	assert_null(rxq_take(&q));
	assert_int_equal(q.pinned_bytes, 0);
	pool_end(pool);
}

static void what_has_no_room_is_not_copied(void **state)
{
	struct holm_pool *pool = pool_make(8, 0);
	struct rxq q = { .max_bytes = 2 * HOLM_FRAME_BYTES };
	struct holm_frame *f = pool_frame(pool, 0, 10, 0);

	(void)state;
	rxq_put(&q, rxq_copy(&q, pool, f));
	rxq_put(&q, rxq_copy(&q, pool, f));
	assert_null(rxq_copy(&q, pool, f));
	assert_int_equal(pool_free_frames(pool), 5);
	rxq_clear(&q);
	holm_frame_free(f);
	pool_end(pool);
}

static void the_pools_reserve_is_not_for_copies(void **state)
{
	struct holm_pool *pool = pool_make(4, 3);
	struct rxq q = { .max_bytes = 8 * HOLM_FRAME_BYTES };
	struct holm_frame *f = pool_frame(pool, 0, 10, 0);

	(void)state;
	assert_null(rxq_copy(&q, pool, f));
	holm_frame_free(f);
	pool_end(pool);
}

static void frames_forget_a_device_that_goes(void **state)
{
	struct holm_pool *pool = pool_make(4, 0);
	struct holm_dev dev, other;
	struct rxq q = { .max_bytes = 8 * HOLM_FRAME_BYTES };
	struct holm_frame *a = pool_frame(pool, 0, 1, 0), *b = pool_frame(pool, 0, 1, 0);

	(void)state;
	a->dev = &dev;
	b->dev = &other;
	rxq_put(&q, a);
	rxq_put(&q, b);
	rxq_dev_gone(&q, &dev);
	assert_null(a->dev);
	assert_ptr_equal(b->dev, &other);
	rxq_clear(&q);
	pool_end(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_come_out_in_the_order_they_went_in),
		cmocka_unit_test(what_has_no_room_is_not_copied),
		cmocka_unit_test(the_pools_reserve_is_not_for_copies),
		cmocka_unit_test(frames_forget_a_device_that_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
