/*
 * Tests of checksums over frames in pieces: net/core/sum.c.
 */
#include "net/core/sum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/expect.h"
#include "tests/support/pool.h"

static void the_sum_does_not_depend_on_where_segments_begin(void **state)
{
	uint64_t seed = expect_seed(5);
	struct holm_pool *pool = pool_make(8, 0);
	uint8_t bytes[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)expect_random(&seed);
	for (int round = 0; round < 2000; round++) {
		struct holm_frame *f = holm_frame_alloc(pool, 0, true);
		struct holm_frame *home = holm_frame_alloc(pool, 0, true);
		size_t at = 1 + expect_random_below(&seed, 60);
		size_t off, len;

		memcpy(holm_frame_put(home, sizeof(bytes)), bytes, sizeof(bytes));
		memcpy(holm_frame_put(f, at), bytes, at);
		while (at < sizeof(bytes)) {
			size_t n = 1 + expect_random_below(&seed, 40);

			n = min_size(n, sizeof(bytes) - at);
			assert_true(
				holm_frame_append(f, &home->home, holm_frame_data(home) + at, n));
			at += n;
		}
		off = expect_random_below(&seed, sizeof(bytes));
		len = expect_random_below(&seed, sizeof(bytes) - off + 1);
		assert_int_equal(checksum_finish(frame_sum(f, off, len, 99)),
				 checksum_finish(checksum_partial(bytes + off, len, 99)));
		holm_frame_free(home);
		holm_frame_free(f);
	}
	pool_end(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sum_does_not_depend_on_where_segments_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
