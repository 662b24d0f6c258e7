/*
 * Round-trip times: RFC 6298.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/tcp/rtt.h"

#define MS 1000000ull
/* 200 ms in ticks of 2^20 ns, rounded up. */
#define FLOOR_TICKS 191u

static void without_a_sample_the_timeout_is_one_second(void **state)
{
	struct tcp_rtt r = { 0 };

	(void)state;
	assert_int_equal(rtt_rto_ticks(&r), RTO_FIRST_TICKS);
	assert_in_range((uint64_t)RTO_FIRST_TICKS << 20, 1000 * MS, 1002 * MS);
}

static void the_first_sample_sets_srtt_and_half_of_it_as_variance(void **state)
{
	struct tcp_rtt r = { 0 };

	(void)state;
	rtt_sample(&r, 800 * MS);
	assert_in_range(rtt_srtt_ns(&r), 799 * MS, 800 * MS);
	assert_in_range(rtt_rttvar_ns(&r), 399 * MS, 400 * MS);
	/* RTO = 800 + 4 * 400 */
	assert_in_range((uint64_t)rtt_rto_ticks(&r) << 20, 2400 * MS, 2403 * MS);
}

static void later_samples_count_an_eighth_and_a_quarter(void **state)
{
	struct tcp_rtt r = { 0 };

	(void)state;
	rtt_sample(&r, 800 * MS);
	rtt_sample(&r, 1600 * MS);
	assert_in_range(rtt_srtt_ns(&r), 898 * MS, 900 * MS);
	assert_in_range(rtt_rttvar_ns(&r), 498 * MS, 500 * MS);
}

static void steady_samples_bring_the_timeout_to_its_floor_above_srtt(void **state)
{
	struct tcp_rtt r = { 0 };

	(void)state;
	for (int i = 0; i < 200; i++)
		rtt_sample(&r, 50 * MS);
	assert_in_range(rtt_srtt_ns(&r), 49 * MS, 50 * MS);
	assert_in_range((uint64_t)rtt_rto_ticks(&r) << 20, 249 * MS, 252 * MS);
}

static void a_round_trip_of_nothing_is_a_sample_too(void **state)
{
	struct tcp_rtt r = { 0 };

	(void)state;
	rtt_sample(&r, 0);
	assert_int_not_equal(r.srtt8, 0);
	assert_in_range(rtt_rto_ticks(&r), FLOOR_TICKS - 1, FLOOR_TICKS + 1);
}

static void an_absurd_sample_is_limited_and_so_is_the_timeout(void **state)
{
	struct tcp_rtt r = { 0 };

	(void)state;
	rtt_sample(&r, UINT64_MAX);
	assert_int_equal(rtt_rto_ticks(&r), RTO_MAX_TICKS);
	rtt_sample(&r, 1);
	rtt_sample(&r, UINT64_MAX);
	assert_int_equal(rtt_rto_ticks(&r), RTO_MAX_TICKS);
}

static void backing_off_doubles_and_ends_at_a_minute(void **state)
{
	(void)state;
	assert_int_equal(rtt_backoff_ticks(1000, 0), 1000);
	assert_int_equal(rtt_backoff_ticks(1000, 3), 8000);
	assert_int_equal(rtt_backoff_ticks(1000, 6), RTO_MAX_TICKS);
	assert_int_equal(rtt_backoff_ticks(1000, 255), RTO_MAX_TICKS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_sample_the_timeout_is_one_second),
		cmocka_unit_test(the_first_sample_sets_srtt_and_half_of_it_as_variance),
		cmocka_unit_test(later_samples_count_an_eighth_and_a_quarter),
		cmocka_unit_test(steady_samples_bring_the_timeout_to_its_floor_above_srtt),
		cmocka_unit_test(a_round_trip_of_nothing_is_a_sample_too),
		cmocka_unit_test(an_absurd_sample_is_limited_and_so_is_the_timeout),
		cmocka_unit_test(backing_off_doubles_and_ends_at_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
