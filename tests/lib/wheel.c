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
	assert_true(f->t[0].filed_after == 9 * TICK);
	assert_null(wheel_pop_due(&f->s.w, 10 * TICK));
	assert_true(wheel_next(&f->s.w) > 10 * TICK);
	assert_null(wheel_pop_due(&f->s.w, 500 * TICK - 1));
	assert_ptr_equal(wheel_pop_due(&f->s.w, 500 * TICK), &f->t[0]);
	free(f);
}

static void a_deadline_of_the_same_tick_keeps_the_place(void **state)
{
	struct fixture *f = fixture_at(0);

	(void)state;
	assert_true(wheel_arm(&f->s.w, &f->t[0], 9 * TICK + 5));
	assert_false(wheel_arm(&f->s.w, &f->t[0], 9 * TICK + 5));
	assert_false(wheel_arm(&f->s.w, &f->t[0], 9 * TICK + 1));
	assert_null(wheel_pop_due(&f->s.w, 9 * TICK));
	/* That is the tick before. */
	assert_true(wheel_arm(&f->s.w, &f->t[0], 9 * TICK));
	assert_ptr_equal(wheel_pop_due(&f->s.w, 9 * TICK), &f->t[0]);
	free(f);
}

static void nobody_looks_before_the_first_tick_that_is_due(void **state)
{
	struct fixture *f = fixture_at(0);

	(void)state;
	/* Its slot, above level 0, begins at 64. */
	wheel_arm(&f->s.w, &f->t[0], 100 * TICK);
	assert_int_equal(wheel_due_from(&f->s.w), 100 * TICK);
	assert_int_equal(wheel_next(&f->s.w), 100 * TICK);
	/* One in the same slot that is due before. */
	wheel_arm(&f->s.w, &f->t[1], 80 * TICK);
	wheel_arm(&f->s.w, &f->t[2], 90 * TICK + 1);
	assert_int_equal(wheel_due_from(&f->s.w), 80 * TICK);
	assert_ptr_equal(wheel_pop_due(&f->s.w, 90 * TICK), &f->t[1]);
	assert_null(wheel_pop_due(&f->s.w, 90 * TICK));
	assert_ptr_equal(wheel_pop_due(&f->s.w, 91 * TICK), &f->t[2]);
	assert_ptr_equal(wheel_pop_due(&f->s.w, 100 * TICK), &f->t[0]);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TIMER_CASES,
		cmocka_unit_test(arming_for_later_keeps_the_place_until_it_comes_up),
		cmocka_unit_test(a_deadline_of_the_same_tick_keeps_the_place),
		cmocka_unit_test(nobody_looks_before_the_first_tick_that_is_due),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
