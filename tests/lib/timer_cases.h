/*
 * Tests of what lib/wheel and lib/agenda have in common: against a naive array of deadlines, by seed, and the
 * corners one by one. Who includes this has defined struct subject and its functions.
 */
#ifndef TESTS_LIB_TIMER_CASES_H
#define TESTS_LIB_TIMER_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/mem.h"
#include "lib/wheel.h"

#define TICK ((uint64_t)1 << WHEEL_TICK_SHIFT)

struct fixture {
	struct subject s;
	struct wheel_timer t[4];
};

static struct fixture *fixture_at(uint64_t now)
{
	struct fixture *f = calloc(1, sizeof(*f));

	subject_init(&f->s, now);
	return f;
}

/* Who polls only when wheel_is_due says so must never be told to come back at once. */
static void what_is_not_due_is_not_next_either(void **state)
{
	struct fixture *f = fixture_at(0);

	(void)state;
	for (uint64_t far = 1; far < 20000; far = far * 3 + 1) {
		subject_arm(&f->s, &f->t[0], far * TICK);
		for (uint64_t now = 0; now < far * TICK; now += far * TICK / 17 + 1) {
			if (subject_is_due(&f->s, now))
				assert_null(subject_pop_due(&f->s, now));
			assert_true(subject_next(&f->s) > now);
		}
		assert_true(subject_is_due(&f->s, far * TICK));
		assert_ptr_equal(subject_pop_due(&f->s, far * TICK), &f->t[0]);
		free(f);
		f = fixture_at(0);
	}
	free(f);
}

static void with_no_timer_there_is_nothing_to_wait_for(void **state)
{
	struct fixture *f = fixture_at(12345);

	(void)state;
	assert_true(subject_next(&f->s) == WHEEL_NEVER);
	assert_null(subject_pop_due(&f->s, WHEEL_NEVER));
	free(f);
}

static void a_timer_fires_within_a_tick_after_its_deadline_and_never_before(void **state)
{
	(void)state;
	for (uint64_t deadline = 1; deadline < (uint64_t)1 << 50; deadline = deadline * 3 + 1) {
		struct fixture *f = fixture_at(0);
		uint64_t edge = (deadline + TICK - 1) / TICK * TICK;

		subject_arm(&f->s, &f->t[0], deadline);
		assert_null(subject_pop_due(&f->s, deadline - 1));
		assert_null(subject_pop_due(&f->s, edge - 1));
		assert_true(subject_next(&f->s) > edge - 1);
		assert_true(subject_next(&f->s) <= edge);
		assert_ptr_equal(subject_pop_due(&f->s, edge), &f->t[0]);
		assert_false(wheel_timer_is_armed(&f->t[0]));
		free(f);
	}
}

static void a_deadline_in_the_past_fires_at_the_next_pop(void **state)
{
	struct fixture *f = fixture_at(1000 * TICK + 5);

	(void)state;
	subject_arm(&f->s, &f->t[0], 3);
	assert_true(subject_next(&f->s) <= 1000 * TICK + 5);
	assert_ptr_equal(subject_pop_due(&f->s, 1000 * TICK + 5), &f->t[0]);
	assert_null(subject_pop_due(&f->s, 1000 * TICK + 5));
	free(f);
}

static void a_cancelled_timer_does_not_fire(void **state)
{
	struct fixture *f = fixture_at(0);

	(void)state;
	for (int i = 0; i < 3; i++)
		subject_arm(&f->s, &f->t[i], 7 * TICK);
	subject_arm(&f->s, &f->t[3], 900 * TICK);
	subject_cancel(&f->s, &f->t[1]);
	subject_cancel(&f->s, &f->t[1]);
	subject_cancel(&f->s, &f->t[3]);
	assert_true(subject_pop_due(&f->s, 2000 * TICK) != &f->t[1]);
	assert_true(subject_pop_due(&f->s, 2000 * TICK) != &f->t[1]);
	assert_null(subject_pop_due(&f->s, 2000 * TICK));
	assert_true(subject_next(&f->s) == WHEEL_NEVER);
	assert_int_equal(subject_armed(&f->s), 0);
	free(f);
}

static void arming_for_earlier_moves_the_timer(void **state)
{
	struct fixture *f = fixture_at(0);

	(void)state;
	subject_arm(&f->s, &f->t[0], 500 * TICK);
	subject_arm(&f->s, &f->t[0], 10 * TICK);
	assert_true(subject_next(&f->s) == 10 * TICK);
	assert_ptr_equal(subject_pop_due(&f->s, 10 * TICK), &f->t[0]);
	assert_null(subject_pop_due(&f->s, 1000 * TICK));
	free(f);
}

static void never_is_a_lazy_cancel(void **state)
{
	struct fixture *f = fixture_at(0);

	(void)state;
	subject_arm(&f->s, &f->t[0], WHEEL_NEVER);
	assert_false(wheel_timer_is_armed(&f->t[0]));
	subject_arm(&f->s, &f->t[0], 5 * TICK);
	subject_arm(&f->s, &f->t[0], WHEEL_NEVER);
	assert_null(subject_pop_due(&f->s, 10 * TICK));
	assert_false(wheel_timer_is_armed(&f->t[0]));
	assert_true(subject_next(&f->s) == WHEEL_NEVER);
	free(f);
}

static void the_last_moments_of_64_bits_are_not_reached_early(void **state)
{
	struct fixture *f = fixture_at(0);

	(void)state;
	subject_arm(&f->s, &f->t[0], WHEEL_NEVER - 1);
	subject_arm(&f->s, &f->t[1], WHEEL_NEVER - TICK + 1);
	assert_ptr_equal(subject_pop_due(&f->s, WHEEL_NEVER - 1), &f->t[1]);
	assert_null(subject_pop_due(&f->s, WHEEL_NEVER));
	assert_true(subject_next(&f->s) == WHEEL_NEVER);
	free(f);
}

static void a_timer_may_be_armed_again_while_others_are_due(void **state)
{
	struct fixture *f = fixture_at(0);
	unsigned fired[4] = { 0 };
	struct wheel_timer *t;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		subject_arm(&f->s, &f->t[i], (i + 1) * TICK);
	/* The jump is to tick 100; the first timer has a period of 10 ticks. */
	while ((t = subject_pop_due(&f->s, 100 * TICK)) != NULL) {
		fired[t - f->t]++;
		if (t == &f->t[0])
			subject_arm(&f->s, t, t->deadline_ns + 10 * TICK);
	}
	assert_int_equal(fired[0], 10);
	assert_int_equal(fired[1] + fired[2] + fired[3], 3);
	assert_true(f->t[0].deadline_ns == 101 * TICK);
	assert_true(subject_next(&f->s) > 100 * TICK);
	free(f);
}

static void timers_fire_in_the_order_of_their_ticks(void **state)
{
	struct fixture *f = fixture_at(63 * TICK);

	(void)state;
	/* All of one slot of level 1 and higher, so they come down together. */
	subject_arm(&f->s, &f->t[0], 4102 * TICK);
	subject_arm(&f->s, &f->t[1], 4098 * TICK);
	subject_arm(&f->s, &f->t[2], 4100 * TICK);
	subject_arm(&f->s, &f->t[3], 4099 * TICK);
	assert_null(subject_pop_due(&f->s, 4098 * TICK - 1));
	assert_ptr_equal(subject_pop_due(&f->s, 4101 * TICK), &f->t[1]);
	assert_ptr_equal(subject_pop_due(&f->s, 4101 * TICK), &f->t[3]);
	assert_ptr_equal(subject_pop_due(&f->s, 4101 * TICK), &f->t[2]);
	assert_null(subject_pop_due(&f->s, 4101 * TICK));
	assert_ptr_equal(subject_pop_due(&f->s, 4102 * TICK), &f->t[0]);
	free(f);
}

/* ---- The property: the same answers as a plain array. */

enum { TIMERS = 60, STEPS = 1500 };

struct naive {
	struct subject s;
	struct wheel_timer t[TIMERS];
	bool armed[TIMERS];
	uint64_t deadline[TIMERS];
	uint64_t now;
	uint64_t random;
};

static uint64_t draw(struct naive *n)
{
	n->random ^= n->random << 13;
	n->random ^= n->random >> 7;
	n->random ^= n->random << 17;
	return n->random;
}

/* Of every magnitude from nothing to years. */
static uint64_t draw_span(struct naive *n)
{
	return draw(n) >> (8 + draw(n) % 56);
}

static void check_waiting(struct naive *n)
{
	uint64_t next = subject_next(&n->s);
	uint32_t linked = 0;

	assert_true(next > n->now);
	for (int i = 0; i < TIMERS; i++) {
		linked += wheel_timer_is_armed(&n->t[i]);
		if (!n->armed[i])
			continue;
		assert_true(wheel_timer_is_armed(&n->t[i]));
		assert_true(wheel_tick_of(n->deadline[i]) > n->now >> WHEEL_TICK_SHIFT);
		assert_true(wheel_tick_of(n->deadline[i]) << WHEEL_TICK_SHIFT >= next);
	}
	assert_int_equal(linked, subject_armed(&n->s));
}

static void step(struct naive *n)
{
	uint64_t last = 0;
	struct wheel_timer *t;

	for (int i = 0; i < 4; i++) {
		size_t k = (size_t)(draw(n) % TIMERS);
		bool arm = draw(n) % 4 != 0;

		n->armed[k] = arm;
		n->deadline[k] = n->now + draw_span(n);
		if (arm)
			subject_arm(&n->s, &n->t[k], n->deadline[k]);
		else
			subject_cancel(&n->s, &n->t[k]);
	}
	/* As often to the wheel's own deadline as to anywhere. */
	if (draw(n) % 2 && subject_next(&n->s) != WHEEL_NEVER)
		n->now = max_u64(n->now, subject_next(&n->s));
	else
		n->now += draw_span(n);
	while ((t = subject_pop_due(&n->s, n->now)) != NULL) {
		size_t k = (size_t)(t - n->t);

		assert_true(n->armed[k]);
		assert_true(n->deadline[k] <= n->now);
		assert_true(n->deadline[k] == t->deadline_ns);
		assert_true(n->deadline[k] + TICK > last);
		last = n->deadline[k];
		n->armed[k] = false;
	}
	check_waiting(n);
}

static void it_agrees_with_a_plain_array_by_seed(void **state)
{
	struct naive *n = malloc(sizeof(*n));

	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		printf("seed %u\n", (unsigned)seed);
		memset(n, 0, sizeof(*n));
		n->random = seed * 0x9e3779b97f4a7c15u;
		n->now = draw(n) >> (20 + seed % 40);
		subject_init(&n->s, n->now);
		for (int i = 0; i < STEPS && n->now < (uint64_t)1 << 63; i++)
			step(n);
	}
	free(n);
}

static void whoever_asks_only_when_something_may_be_due_misses_nothing(void **state)
{
	static struct subject s;
	uint64_t now = 0;

	(void)state;
	subject_init(&s, 0);
	for (unsigned far = 1; far < 40; far++) {
		struct wheel_timer t;
		bool fired = false;

		wheel_timer_init(&t);
		subject_arm(&s, &t, now + ((uint64_t)1 << WHEEL_TICK_SHIFT) * far * far * 7);
		/* As a poll loop does: it wakes at wheel_next, and asks if the comparison says so. */
		while (!fired) {
			uint64_t next = subject_next(&s);

			assert_true(next > now);
			now = next;
			if (subject_is_due(&s, now))
				fired = subject_pop_due(&s, now) != NULL;
		}
		assert_true(now >= t.deadline_ns);
	}
}

#define TIMER_CASES                                                                                \
	cmocka_unit_test(what_is_not_due_is_not_next_either),                                      \
		cmocka_unit_test(with_no_timer_there_is_nothing_to_wait_for),                      \
		cmocka_unit_test(a_timer_fires_within_a_tick_after_its_deadline_and_never_before), \
		cmocka_unit_test(a_deadline_in_the_past_fires_at_the_next_pop),                    \
		cmocka_unit_test(a_cancelled_timer_does_not_fire),                                 \
		cmocka_unit_test(arming_for_earlier_moves_the_timer),                              \
		cmocka_unit_test(never_is_a_lazy_cancel),                                          \
		cmocka_unit_test(the_last_moments_of_64_bits_are_not_reached_early),               \
		cmocka_unit_test(a_timer_may_be_armed_again_while_others_are_due),                 \
		cmocka_unit_test(timers_fire_in_the_order_of_their_ticks),                         \
		cmocka_unit_test(it_agrees_with_a_plain_array_by_seed),                            \
		cmocka_unit_test(whoever_asks_only_when_something_may_be_due_misses_nothing)

#endif
