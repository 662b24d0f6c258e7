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

static void acked(struct tcp_cc *cc, uint32_t bytes)
{
	struct tcp_cc_ack ack = { .acked_bytes = bytes,
				  .delivered_bytes = bytes,
				  .cwnd_limited = true };

	tcp_cc_newreno.acked(cc, &ack);
}

static void slow_start_grows_by_what_was_acknowledged_up_to_eight_segments(void **state)
{
	struct tcp_cc cc = { .cwnd = 10000, .ssthresh = UINT32_MAX, .mss = 1000 };

	(void)state;
	acked(&cc, 1000);
	assert_int_equal(cc.cwnd, 11000);
	acked(&cc, 100);
	assert_int_equal(cc.cwnd, 11100);
	acked(&cc, 64000);
	assert_int_equal(cc.cwnd, 19100);
}

static void a_paced_sender_grows_by_all_that_was_acknowledged(void **state)
{
	struct tcp_cc cc = { .cwnd = 10000, .ssthresh = UINT32_MAX, .mss = 1000, .paced = true };

	(void)state;
	acked(&cc, 64000);
	assert_int_equal(cc.cwnd, 74000);
}

static void congestion_avoidance_adds_one_segment_per_window(void **state)
{
	struct tcp_cc cc = { .cwnd = 10000, .ssthresh = 10000, .mss = 1000 };

	(void)state;
	for (int i = 0; i < 9; i++)
		acked(&cc, 1000);
	assert_int_equal(cc.cwnd, 10000);
	acked(&cc, 1000);
	assert_int_equal(cc.cwnd, 11000);
	for (int i = 0; i < 11; i++)
		acked(&cc, 1000);
	assert_int_equal(cc.cwnd, 12000);
}

static void a_window_that_is_not_used_does_not_grow(void **state)
{
	struct tcp_cc cc = { .cwnd = 10000, .ssthresh = UINT32_MAX, .mss = 1000 };
	struct tcp_cc_ack ack = { .acked_bytes = 1000 };

	(void)state;
	tcp_cc_newreno.acked(&cc, &ack);
	assert_int_equal(cc.cwnd, 10000);
	ack.cwnd_limited = true;
	ack.in_recovery = true;
	tcp_cc_newreno.acked(&cc, &ack);
	assert_int_equal(cc.cwnd, 10000);
}

static void a_loss_halves_the_flight_but_leaves_two_segments(void **state)
{
	struct tcp_cc cc = { .cwnd = 10000, .ssthresh = UINT32_MAX, .mss = 1000 };

	(void)state;
	assert_int_equal(tcp_cc_newreno.reduce(&cc, TCP_CC_LOSS, 9000, 0), 4500);
	assert_int_equal(tcp_cc_newreno.reduce(&cc, TCP_CC_TIMEOUT, 1000, 0), 2000);
}

static void the_window_stays_within_bounds(void **state)
{
	struct tcp_cc cc = { .cwnd = 1u << 30, .ssthresh = UINT32_MAX, .mss = 65000 };

	(void)state;
	for (int i = 0; i < 100; i++)
		acked(&cc, UINT32_MAX / 2);
	assert_int_equal(cc.cwnd, 1u << 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_initial_window_is_ten_segments_but_no_more_than_14600_bytes),
		cmocka_unit_test(slow_start_grows_by_what_was_acknowledged_up_to_eight_segments),
		cmocka_unit_test(a_paced_sender_grows_by_all_that_was_acknowledged),
		cmocka_unit_test(congestion_avoidance_adds_one_segment_per_window),
		cmocka_unit_test(a_window_that_is_not_used_does_not_grow),
		cmocka_unit_test(a_loss_halves_the_flight_but_leaves_two_segments),
		cmocka_unit_test(the_window_stays_within_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
