/* The table of descriptors against a plain model: the lowest free one, growth, the bound, memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/expect.h"
#include "tests/support/world.h"

#define MODEL 9000u

static int setup(void **state)
{
	return world_setup_with(state,
				&(struct world_options){ .seed = 1, .fds_max = MODEL - 500 });
}

static int lowest(const bool *used, uint32_t from)
{
	while (from < MODEL && used[from])
		from++;
	return from < MODEL - 500 ? (int)from : -HOLM_EMFILE;
}

static void any_mixture_of_calls_gives_the_lowest_free_descriptor(void **state)
{
	static bool used[MODEL];
	struct world *w = *state;
	struct process *p = &w->p[0];
	uint64_t seed = expect_seed(9);

	memset(used, 0, sizeof(used));
	used[0] = used[1] = used[2] = true;
	for (int step = 0; step < 60000; step++) {
		uint32_t at = (uint32_t)expect_random_below(&seed, MODEL);
		/* In turns mostly opening, mostly closing. */
		bool opens = expect_random_below(&seed, 10) < (step / 10000 % 2 ? 3u : 8u);
		int fd;

		if (opens && step % 5 == 0) {
			fd = sys_fcntl(p, 1, SYS_F_DUPFD, at);
			assert_int_equal(fd, at >= MODEL - 500 ? -HOLM_EINVAL : lowest(used, at));
		} else if (opens) {
			fd = sys_dup(p, 1);
			assert_int_equal(fd, lowest(used, 0));
		} else {
			fd = -1;
			at = at < 3 ? 3 : at;
			assert_int_equal(sys_close(p, (int)at), used[at] ? 0 : -HOLM_EBADF);
			used[at] = false;
		}
		if (fd >= 0)
			used[fd] = true;
	}
}

static void a_table_that_cannot_grow_stays_as_it_was(void **state)
{
	struct world *w = *state;
	struct process *p = &w->p[0];

	for (uint64_t n = 1; n <= 2; n++) {
		w->fail_at = w->allocs + n;
		assert_int_equal(sys_fcntl(p, 1, SYS_F_DUPFD, 5000), -HOLM_ENOMEM);
		assert_int_equal(world_count_fds(w, 0), 3);
	}
	assert_int_equal(sys_fcntl(p, 1, SYS_F_DUPFD, 5000), 5000);
	assert_int_equal(sys_write(p, 5000, "x", 1), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(any_mixture_of_calls_gives_the_lowest_free_descriptor),
		TEST(a_table_that_cannot_grow_stays_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
