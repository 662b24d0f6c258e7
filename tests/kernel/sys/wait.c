/* Wait queues: who is woken, and deadlines beyond time. */
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
		cmocka_unit_test(a_deadline_beyond_time_is_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
