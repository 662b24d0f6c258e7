/* Tests of net/core/iov.c: every byte arrives, however it is cut. */
#include "net/core/iov.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/pool.h"

static uint8_t bytes[9000], back[9000];

static void fill(void)
{
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	memset(back, 0, sizeof(back));
}

/* The pieces are cut at `a` and `b`, on their way in and on their way out. */
static void round_trip(size_t len, size_t a, size_t b)
{
	struct holm_pool *pool = pool_make(16, 0);
	struct holm_frame *f = holm_frame_alloc(pool, HOLM_FRAME_HEADROOM, false);
	struct holm_iov in[] = { { bytes, a }, { bytes + a, b - a }, { bytes + b, len - b } };
	struct holm_iov out[] = { { back, b - a }, { NULL, 0 }, { back + b - a, len } };

	fill();
	assert_true(iov_to_frame(pool, f, in, 3, false));
	assert_int_equal(f->len, len);
	assert_int_equal(iov_from_frame(f, 0, len, out, 3), len);
	assert_memory_equal(back, bytes, len);
	holm_frame_free(f);
	pool_end(pool);
}

static void every_byte_goes_in_and_out(void **state)
{
	(void)state;
	round_trip(0, 0, 0);
	round_trip(1, 0, 1);
	round_trip(1500, 14, 1499);
	round_trip(HOLM_FRAME_BYTES - HOLM_FRAME_HEADROOM, 5, 6);
	round_trip(HOLM_FRAME_BYTES - HOLM_FRAME_HEADROOM + 1, 5, 1888);
	round_trip(9000, 3000, 3000);
}

static void an_empty_pool_is_said_so_and_loses_nothing(void **state)
{
	struct holm_pool *pool = pool_make(3, 0);
	struct holm_frame *f = holm_frame_alloc(pool, 0, false);
	struct holm_iov iov = { bytes, sizeof(bytes) };

	(void)state;
	assert_false(iov_to_frame(pool, f, &iov, 1, false));
	holm_frame_free(f);
	pool_end(pool);
}

static void the_reserve_is_for_who_may(void **state)
{
	struct holm_pool *pool = pool_make(3, 2);
	struct holm_frame *f = holm_frame_alloc(pool, 0, false);
	struct holm_iov iov = { bytes, HOLM_FRAME_BYTES + 1u };

	(void)state;
	assert_false(iov_to_frame(pool, f, &iov, 1, false));
	holm_frame_free(f);
	f = holm_frame_alloc(pool, 0, true);
	assert_true(iov_to_frame(pool, f, &iov, 1, true));
	holm_frame_free(f);
	pool_end(pool);
}

static void a_look_takes_what_is_there(void **state)
{
	struct holm_iov iov[] = { { bytes, 2 }, { bytes + 2, 0 }, { bytes + 2, 3 } };

	(void)state;
	fill();
	assert_int_equal(iov_peek(iov, 3, back, 4), 4);
	assert_memory_equal(back, bytes, 4);
	assert_int_equal(iov_peek(iov, 3, back, 9), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_goes_in_and_out),
		cmocka_unit_test(an_empty_pool_is_said_so_and_loses_nothing),
		cmocka_unit_test(the_reserve_is_for_who_may),
		cmocka_unit_test(a_look_takes_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
