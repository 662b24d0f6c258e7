/* Clocks and sleeping, in simulated time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/world.h"

static void sleep_in_every_way(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[0];
	struct sys_timespec ts = { 1, 500000001 }, left = { 9, 9 };

	assert_int_equal(sys_nanosleep(p, &ts, &left), 0);
	assert_int_equal(w->crew.now, 1500000001);
	assert_int_equal(left.sec, 0);
	assert_int_equal(left.nsec, 0);
	ts = (struct sys_timespec){ 4, 0 };
	assert_int_equal(sys_clock_nanosleep(p, SYS_CLOCK_MONOTONIC, SYS_TIMER_ABSTIME, &ts, NULL),
			 0);
	assert_int_equal(w->crew.now, 4 * SECOND);
	/* A moment that has gone: no sleep. */
	assert_int_equal(sys_clock_nanosleep(p, SYS_CLOCK_MONOTONIC, SYS_TIMER_ABSTIME, &ts, NULL),
			 0);
	ts = (struct sys_timespec){ 1000, 0 };
	assert_int_equal(sys_clock_settime(p, SYS_CLOCK_REALTIME, &ts), 0);
	ts.sec = 1003;
	assert_int_equal(sys_clock_nanosleep(p, SYS_CLOCK_REALTIME, SYS_TIMER_ABSTIME, &ts, NULL),
			 0);
	assert_int_equal(w->crew.now, 7 * SECOND);
	assert_int_equal(sys_clock_gettime(p, SYS_CLOCK_REALTIME, &ts), 0);
	assert_int_equal(ts.sec, 1003);
	assert_int_equal(sys_yield(p), 0);
}

static void a_sleep_is_exact_and_never_short(void **state)
{
	world_do(*state, sleep_in_every_way);
}

static void what_is_no_time_and_no_clock_is_refused(void **state)
{
	struct world *w = *state;
	struct process *p = &w->p[0];
	struct sys_timespec bad = { 0, 1000000000 }, good = { 0, 0 };

	assert_int_equal(sys_nanosleep(p, &bad, NULL), -HOLM_EINVAL);
	assert_int_equal(sys_nanosleep(p, NULL, NULL), -HOLM_EFAULT);
	bad = (struct sys_timespec){ -1, 0 };
	assert_int_equal(sys_nanosleep(p, &bad, NULL), -HOLM_EINVAL);
	assert_int_equal(sys_clock_gettime(p, 55, &good), -HOLM_EINVAL);
	assert_int_equal(sys_clock_gettime(p, -1, &good), -HOLM_EINVAL);
	assert_int_equal(sys_clock_gettime(p, 0, NULL), -HOLM_EFAULT);
	assert_int_equal(sys_clock_settime(p, SYS_CLOCK_MONOTONIC, &good), -HOLM_EINVAL);
	assert_int_equal(sys_clock_getres(p, SYS_CLOCK_MONOTONIC, &good), 0);
	assert_int_equal(good.nsec, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_sleep_is_exact_and_never_short),
		TEST(what_is_no_time_and_no_clock_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
