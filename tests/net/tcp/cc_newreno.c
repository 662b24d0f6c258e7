/*
 * Slow start and congestion avoidance: RFC 5681.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/tcp/cc.h"

static void the_initial_window_is_ten_segments_but_no_more_than_14600_bytes(void **state)
{
	(void)state;
	assert_int_equal(cc_initial_window(1460), 14600);
	assert_int_equal(cc_initial_window(536), 5360);
	assert_int_equal(cc_initial_window(4000), 14600);
	assert_int_equal(cc_initial_window(9000), 18000);
}

static void slow_start_grows_by_what_was_acknowledged_up_to_eight_segments(void **state)
{
	struct tcp_cc cc = { .cwnd = 10000, .ssthresh = UINT32_MAX, .mss = 1000 };

	(void)state;
	tcp_cc_newreno.acked(&cc, 1000);
	assert_int_equal(cc.cwnd, 11000);
	tcp_cc_newreno.acked(&cc, 100);
	assert_int_equal(cc.cwnd, 11100);
	tcp_cc_newreno.acked(&cc, 64000);
	assert_int_equal(cc.cwnd, 19100);
}

static void congestion_avoidance_adds_one_segment_per_window(void **state)
{
	struct tcp_cc cc = { .cwnd = 10000, .ssthresh = 10000, .mss = 1000 };

	(void)state;
	for (int i = 0; i < 9; i++)
		tcp_cc_newreno.acked(&cc, 1000);
	assert_int_equal(cc.cwnd, 10000);
	tcp_cc_newreno.acked(&cc, 1000);
	assert_int_equal(cc.cwnd, 11000);
	for (int i = 0; i < 11; i++)
		tcp_cc_newreno.acked(&cc, 1000);
	assert_int_equal(cc.cwnd, 12000);
}

static void a_loss_halves_the_flight_but_leaves_two_segments(void **state)
{
	struct tcp_cc cc = { .cwnd = 10000, .ssthresh = UINT32_MAX, .mss = 1000 };

	(void)state;
	assert_int_equal(tcp_cc_newreno.lost(&cc, 9000), 4500);
	assert_int_equal(tcp_cc_newreno.lost(&cc, 1000), 2000);
}

static void the_window_stays_within_bounds(void **state)
{
	struct tcp_cc cc = { .cwnd = 1u << 30, .ssthresh = UINT32_MAX, .mss = 65000 };

	(void)state;
	for (int i = 0; i < 100; i++)
		tcp_cc_newreno.acked(&cc, UINT32_MAX / 2);
	assert_int_equal(cc.cwnd, 1u << 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_initial_window_is_ten_segments_but_no_more_than_14600_bytes),
		cmocka_unit_test(slow_start_grows_by_what_was_acknowledged_up_to_eight_segments),
		cmocka_unit_test(congestion_avoidance_adds_one_segment_per_window),
		cmocka_unit_test(a_loss_halves_the_flight_but_leaves_two_segments),
		cmocka_unit_test(the_window_stays_within_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
