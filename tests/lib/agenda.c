/* Tests of lib/agenda: what it has in common with lib/wheel, and the order of its list. */
#include "lib/agenda.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct subject {
	struct agenda a;
};

static void subject_init(struct subject *s, uint64_t now)
{
	(void)now;
	s->a.first = NULL;
}

static void subject_arm(struct subject *s, struct wheel_timer *t, uint64_t deadline)
{
	agenda_arm(&s->a, t, deadline);
}

static void subject_cancel(struct subject *s, struct wheel_timer *t)
{
	(void)s;
	agenda_cancel(t);
}

static bool subject_is_due(const struct subject *s, uint64_t now)
{
	return now >= agenda_next(&s->a);
}

static struct wheel_timer *subject_pop_due(struct subject *s, uint64_t now)
{
	return agenda_pop_due(&s->a, now);
}

static uint64_t subject_next(const struct subject *s)
{
	return agenda_next(&s->a);
}

static uint32_t subject_armed(const struct subject *s)
{
	uint32_t n = 0;

	for (const struct wheel_timer *t = s->a.first; t; t = t->next)
		n++;
	return n;
}

#include "tests/lib/timer_cases.h"

static void the_list_is_in_the_order_of_ticks_and_of_one_tick_in_that_of_arming(void **state)
{
	static const uint64_t ticks[] = { 5, 3, 9, 3, 5, 1, 3 };
	static const size_t order[] = { 5, 1, 3, 6, 0, 4, 2 };
	struct wheel_timer t[sizeof(ticks) / sizeof(ticks[0])];
	struct agenda a = { NULL };
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(ticks) / sizeof(ticks[0]); i++) {
		wheel_timer_init(&t[i]);
		/* Which is later within the tick does not matter. */
		agenda_arm(&a, &t[i], ticks[i] * TICK - i);
	}
	for (struct wheel_timer *at = a.first; at; at = at->next)
		assert_ptr_equal(at, &t[order[n++]]);
	assert_int_equal(n, sizeof(ticks) / sizeof(ticks[0]));
	for (n = 0; a.first; n++) {
		assert_true(agenda_next(&a) == ticks[order[n]] * TICK);
		assert_ptr_equal(agenda_pop_due(&a, agenda_next(&a)), &t[order[n]]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TIMER_CASES,
		cmocka_unit_test(
			the_list_is_in_the_order_of_ticks_and_of_one_tick_in_that_of_arming),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
