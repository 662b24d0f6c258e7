/* Wait queues: who is woken, what is noted, and deadlines beyond time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernel/sys/wait.h"

#define WAITERS 3

/* Threads are numbers here; what happens to them is written down. */
struct record {
	uint64_t now;
	char self;
	char woken[8];
	size_t n;
};

static uint64_t now(void *ctx)
{
	return ((struct record *)ctx)->now;
}

static void *self(void *ctx)
{
	return &((struct record *)ctx)->self;
}

static void wake(void *ctx, void *thread)
{
	struct record *r = ctx;

	r->woken[r->n++] = *(char *)thread;
}

static const struct wait_ops ops = { .now = now, .self = self, .wake = wake };

static void everybody_in_the_queue_is_woken_in_order_and_stays(void **state)
{
	struct record r[WAITERS] = { { .self = 'a' }, { .self = 'b' }, { .self = 'c' } };
	struct waiter w[WAITERS];
	struct wait_queue q;

	(void)state;
	wait_queue_init(&q);
	for (int i = 0; i < WAITERS; i++)
		wait_enter(&(struct wait_with){ &ops, &r[i] }, &q, &w[i]);
	wait_wake(&(struct wait_with){ &ops, &r[0] }, &q);
	assert_int_equal(r[0].n, WAITERS);
	assert_memory_equal(r[0].woken, "abc", WAITERS);
	wait_leave(&w[1]);
	wait_wake(&(struct wait_with){ &ops, &r[0] }, &q);
	assert_memory_equal(r[0].woken, "abcac", 5);
	wait_leave(&w[0]);
	wait_leave(&w[2]);
	wait_wake(&(struct wait_with){ &ops, &r[0] }, &q);
	assert_int_equal(r[0].n, 5);
}

/* ---- watchers ---- */

static void leave(struct waiter *w)
{
	wait_leave(w);
}

/* Who is noted leaves the note with this. */
static size_t take_notes(struct watcher *by)
{
	size_t n = 0;

	while (list_pop_front(&by->noted))
		n++;
	return n;
}

static void a_change_is_noted_once_by_everybody_who_is_not_deaf(void **state)
{
	struct record r = { .self = 'a' };
	struct wait_with with = { &ops, &r };
	struct wait_queue q, of[WAITERS];
	struct watcher by[WAITERS];
	struct waiter w[WAITERS];

	(void)state;
	wait_queue_init(&q);
	for (int i = 0; i < WAITERS; i++) {
		wait_queue_init(&of[i]);
		watcher_init(&by[i], &of[i], leave);
		wait_enter_watched(&q, &w[i], &by[i], false);
	}
	w[1].how |= WAITER_DEAF;
	wait_wake(&with, &q);
	wait_wake(&with, &q);
	assert_int_equal(take_notes(&by[0]), 1);
	assert_int_equal(take_notes(&by[1]), 0);
	assert_int_equal(take_notes(&by[2]), 1);
	assert_int_equal(r.n, 0);
	wait_queue_fini(&q);
	assert_true(list_is_empty(&q.waiters));
}

static void who_waits_for_watchers_of_watchers_is_woken_in_turn(void **state)
{
	struct record r = { .self = 'a' };
	struct wait_with with = { &ops, &r };
	struct wait_queue q, middle, outer;
	struct watcher by_middle, by_outer;
	struct waiter w[2], thread;

	(void)state;
	wait_queue_init(&q);
	wait_queue_init(&middle);
	wait_queue_init(&outer);
	watcher_init(&by_middle, &middle, leave);
	watcher_init(&by_outer, &outer, leave);
	wait_enter_watched(&q, &w[0], &by_middle, false);
	wait_enter_watched(&middle, &w[1], &by_outer, false);
	wait_enter(&with, &outer, &thread);
	wait_wake(&with, &q);
	assert_int_equal(r.n, 1);
	assert_int_equal(take_notes(&by_middle), 1);
	assert_int_equal(take_notes(&by_outer), 1);
	wait_leave(&thread);
	wait_wake(&with, &q);
	assert_int_equal(r.n, 1);
	assert_int_equal(take_notes(&by_outer), 1);
}

/* Of exclusive ones the first that somebody waits for, each time the next. */
static void of_exclusive_waiters_one_that_is_heard_is_enough(void **state)
{
	struct record r[WAITERS] = { { .self = 'a' }, { .self = 'b' }, { .self = 'c' } };
	struct wait_queue q, of[WAITERS];
	struct waiter w[WAITERS], thread[WAITERS];
	struct watcher by[WAITERS];

	(void)state;
	wait_queue_init(&q);
	for (int i = 0; i < WAITERS; i++) {
		wait_queue_init(&of[i]);
		watcher_init(&by[i], &of[i], leave);
		wait_enter_watched(&q, &w[i], &by[i], true);
		if (i > 0)
			wait_enter(&(struct wait_with){ &ops, &r[i] }, &of[i], &thread[i]);
	}
	wait_wake(&(struct wait_with){ &ops, &r[0] }, &q);
	wait_wake(&(struct wait_with){ &ops, &r[0] }, &q);
	assert_int_equal(r[0].n, 2);
	assert_memory_equal(r[0].woken, "bc", 2);
	assert_int_equal(take_notes(&by[1]), 1);
	assert_int_equal(take_notes(&by[2]), 1);
}

static void a_deadline_beyond_time_is_for_ever(void **state)
{
	struct record r = { .now = 1000 };
	struct wait_with with = { &ops, &r };

	(void)state;
	assert_int_equal(wait_deadline(&with, 0), 1000);
	assert_int_equal(wait_deadline(&with, 5), 1005);
	assert_int_equal(wait_deadline(&with, 1000000000), 1000001000);
	assert_true(wait_deadline(&with, UINT64_MAX - 1000) == UINT64_MAX);
	assert_true(wait_deadline(&with, UINT64_MAX - 999) == WAIT_FOREVER);
	assert_true(wait_deadline(&with, UINT64_MAX) == WAIT_FOREVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everybody_in_the_queue_is_woken_in_order_and_stays),
		cmocka_unit_test(a_change_is_noted_once_by_everybody_who_is_not_deaf),
		cmocka_unit_test(who_waits_for_watchers_of_watchers_is_woken_in_turn),
		cmocka_unit_test(of_exclusive_waiters_one_that_is_heard_is_enough),
		cmocka_unit_test(a_deadline_beyond_time_is_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
