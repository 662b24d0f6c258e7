/* Tests of lib/wheel: what it has in common with lib/agenda, and when timers are moved. */
#include "lib/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct subject {
	struct wheel w;
};

static void subject_init(struct subject *s, uint64_t now)
{
	wheel_init(&s->w, now);
}

static void subject_arm(struct subject *s, struct wheel_timer *t, uint64_t deadline)
{
	wheel_arm(&s->w, t, deadline);
}

static void subject_cancel(struct subject *s, struct wheel_timer *t)
{
	wheel_cancel(&s->w, t);
}

static bool subject_is_due(const struct subject *s, uint64_t now)
{
	return wheel_is_due(&s->w, now);
}

static struct wheel_timer *subject_pop_due(struct subject *s, uint64_t now)
{
	return wheel_pop_due(&s->w, now);
}

static uint64_t subject_next(const struct subject *s)
{
	return wheel_next(&s->w);
}

static uint32_t subject_armed(const struct subject *s)
{
	return s->w.armed;
}

#include "tests/lib/timer_cases.h"

static void arming_for_later_keeps_the_place_until_it_comes_up(void **state)
{
	struct fixture *f = fixture_at(0);

	(void)state;
	wheel_arm(&f->s.w, &f->t[0], 10 * TICK);
	wheel_arm(&f->s.w, &f->t[0], 500 * TICK);
	assert_true(f->t[0].filed_tick == 10);
	assert_null(wheel_pop_due(&f->s.w, 10 * TICK));
	assert_true(wheel_next(&f->s.w) > 10 * TICK);
	assert_null(wheel_pop_due(&f->s.w, 500 * TICK - 1));
	assert_ptr_equal(wheel_pop_due(&f->s.w, 500 * TICK), &f->t[0]);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TIMER_CASES,
		cmocka_unit_test(arming_for_later_keeps_the_place_until_it_comes_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
