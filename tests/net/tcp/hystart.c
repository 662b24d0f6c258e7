/*
 * HyStart++: RFC 9406.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/tcp/hystart.h"

/* A round of eight samples, all of this length; what the last one says. */
static enum hystart_phase round_of(struct hystart *h, uint32_t rtt_us)
{
	enum hystart_phase phase = hystart_acked(h, rtt_us, true);

	for (unsigned i = 1; i < HYSTART_N_RTT_SAMPLE; i++)
		phase = hystart_acked(h, rtt_us, false);
	return phase;
}

static void a_steady_path_stays_in_slow_start(void **state)
{
	struct hystart h = { 0 };

	(void)state;
	for (int i = 0; i < 30; i++)
		assert_int_equal(round_of(&h, 50000), HYSTART_SLOW_START);
}

static void a_delay_that_grows_by_an_eighth_begins_conservative_slow_start(void **state)
{
	struct hystart h = { 0 };

	(void)state;
	round_of(&h, 64000);
	assert_int_equal(round_of(&h, 71999), HYSTART_SLOW_START);
	round_of(&h, 64000);
	assert_int_equal(round_of(&h, 72000), HYSTART_CSS);
}

static void growth_below_four_milliseconds_means_nothing(void **state)
{
	struct hystart h = { 0 };

	(void)state;
	round_of(&h, 1000);
	assert_int_equal(round_of(&h, 4999), HYSTART_SLOW_START);
	round_of(&h, 1000);
	assert_int_equal(round_of(&h, 5000), HYSTART_CSS);
}

static void growth_of_sixteen_milliseconds_is_enough_on_any_path(void **state)
{
	struct hystart h = { 0 };

	(void)state;
	round_of(&h, 400000);
	assert_int_equal(round_of(&h, 416000), HYSTART_CSS);
}

static void fewer_than_eight_samples_decide_nothing(void **state)
{
	struct hystart h = { 0 };

	(void)state;
	round_of(&h, 50000);
	hystart_acked(&h, 90000, true);
	for (unsigned i = 2; i < HYSTART_N_RTT_SAMPLE; i++)
		assert_int_equal(hystart_acked(&h, 90000, false), HYSTART_SLOW_START);
	assert_int_equal(hystart_acked(&h, 0, false), HYSTART_SLOW_START);
	assert_int_equal(hystart_acked(&h, 90000, false), HYSTART_CSS);
}

static void a_delay_that_falls_again_resumes_slow_start(void **state)
{
	struct hystart h = { 0 };

	(void)state;
	round_of(&h, 50000);
	assert_int_equal(round_of(&h, 60000), HYSTART_CSS);
	assert_int_equal(round_of(&h, 60000), HYSTART_CSS);
	assert_int_equal(round_of(&h, 59999), HYSTART_SLOW_START);
}

static void five_conservative_rounds_end_slow_start(void **state)
{
	struct hystart h = { 0 };

	(void)state;
	round_of(&h, 50000);
	for (int i = 0; i < 5; i++)
		assert_int_equal(round_of(&h, 60000), HYSTART_CSS);
	assert_int_equal(hystart_acked(&h, 60000, true), HYSTART_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_steady_path_stays_in_slow_start),
		cmocka_unit_test(a_delay_that_grows_by_an_eighth_begins_conservative_slow_start),
		cmocka_unit_test(growth_below_four_milliseconds_means_nothing),
		cmocka_unit_test(growth_of_sixteen_milliseconds_is_enough_on_any_path),
		cmocka_unit_test(fewer_than_eight_samples_decide_nothing),
		cmocka_unit_test(a_delay_that_falls_again_resumes_slow_start),
		cmocka_unit_test(five_conservative_rounds_end_slow_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
