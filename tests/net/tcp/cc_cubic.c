/*
 * CUBIC: RFC 9438. Golden values come from its formulas in rational numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/tcp/room.h"
#include "tests/support/expect.h"

#define MSS 1000u
#define MS 1000000ull
#define RTT_MS 100u

static struct tcp_cc fresh(uint32_t cwnd)
{
	struct tcp_cc cc = {
		.cwnd = cwnd, .ssthresh = UINT32_MAX, .mss = MSS, .srtt_us = RTT_MS * 1000
	};

	return cc;
}

static void acked(struct tcp_cc *cc, uint32_t bytes, uint64_t now_ns)
{
	struct tcp_cc_ack ack = { .now_ns = now_ns,
				  .acked_bytes = bytes,
				  .delivered_bytes = bytes,
				  .cwnd_limited = true };

	tcp_cc_cubic.acked(cc, &ack);
}

/* One loss, repaired at once. */
static void lose(struct tcp_cc *cc, uint64_t now_ns)
{
	cc->prior_cwnd = cc->cwnd;
	cc->prior_ssthresh = cc->ssthresh;
	cc->ssthresh = tcp_cc_cubic.reduce(cc, TCP_CC_LOSS, cc->cwnd, now_ns);
	cc->cwnd = cc->ssthresh;
}

/* A window per RTT, an ACK for each two segments, evenly spread. */
static void run(struct tcp_cc *cc, uint64_t from_ms, uint64_t to_ms)
{
	for (uint64_t ms = from_ms; ms < to_ms; ms += RTT_MS) {
		uint32_t acks = cc->cwnd / (2 * MSS);

		for (uint32_t i = 0; i < acks; i++)
			acked(cc, 2 * MSS, ms * MS + (uint64_t)i * RTT_MS * MS / acks);
	}
}

static void a_loss_leaves_seven_tenths(void **state)
{
	struct tcp_cc cc = fresh(100 * MSS);

	(void)state;
	assert_int_equal(tcp_cc_cubic.reduce(&cc, TCP_CC_LOSS, 90 * MSS, 0), 63 * MSS);
	assert_int_equal(tcp_cc_cubic.reduce(&cc, TCP_CC_LOSS, 2 * MSS, 0), 2 * MSS);
}

/* K = cbrt(W_max * (1 - beta) / C): cbrt(1000 * 0.3 / 0.4) = 9.086 s for 1000 segments. */
static void the_plateau_is_reached_after_k(void **state)
{
	struct tcp_cc cc = fresh(1000 * MSS);

	(void)state;
	lose(&cc, 0);
	assert_int_equal(cc.cwnd, 700 * MSS);
	acked(&cc, MSS, MS);
	assert_in_range(cc.cubic.k_ms, 9085, 9086);
	run(&cc, 100, 9086);
	assert_in_range(cc.cwnd, 995 * MSS, 1005 * MSS);
}

/* C * (t - K)^3 + W_max at t = K/2: 1000 - 0.4 * 4.543^3 = 962.5. */
static void growth_before_the_plateau_is_concave(void **state)
{
	struct tcp_cc cc = fresh(1000 * MSS);

	(void)state;
	lose(&cc, 0);
	run(&cc, 0, 4543);
	assert_in_range(cc.cwnd, 955 * MSS, 970 * MSS);
}

/* Five seconds past it: 1000 + 0.4 * 5^3 = 1050. */
static void growth_after_the_plateau_is_convex(void **state)
{
	struct tcp_cc cc = fresh(1000 * MSS);

	(void)state;
	lose(&cc, 0);
	run(&cc, 0, 14086);
	assert_in_range(cc.cwnd, 1042 * MSS, 1058 * MSS);
}

static void a_loss_below_the_last_plateau_lowers_it_further(void **state)
{
	struct tcp_cc cc = fresh(1000 * MSS);

	(void)state;
	lose(&cc, 0);
	acked(&cc, MSS, MS);
	cc.cwnd = 800 * MSS;
	lose(&cc, 2 * MS);
	/* 800 * (1 + 0.7) / 2 */
	assert_int_equal(cc.cubic.w_max, 680 * MSS);
}

/* 9/17 of a segment per round trip, until cwnd_prior; then a whole one. */
static void a_short_path_grows_as_reno_would(void **state)
{
	struct tcp_cc cc = fresh(20 * MSS);
	uint64_t now = MS;

	(void)state;
	cc.srtt_us = 1000;
	lose(&cc, 0);
	assert_int_equal(cc.cwnd, 14 * MSS);
	for (int rtt = 0; rtt < 5; rtt++, now += MS)
		for (uint32_t left = cc.cwnd / MSS; left > 0; left--)
			acked(&cc, MSS, now);
	/* 14 + 5 * 0.529 = 16.6, less what whole segments per window cost. */
	assert_in_range(cc.cwnd, 16400, 16700);
	for (int rtt = 0; rtt < 12; rtt++, now += MS)
		for (uint32_t left = cc.cwnd / MSS; left > 0; left--)
			acked(&cc, MSS, now);
	assert_in_range(cc.cwnd, 23000, 26500);
}

static void the_window_never_shrinks_outside_congestion(void **state)
{
	uint64_t seed = expect_seed(9438);
	struct tcp_cc cc = fresh(10 * MSS);
	uint64_t now = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint32_t before = cc.cwnd;
		uint64_t r = expect_random(&seed);

		now += r % 40 * MS + r % 977;
		cc.srtt_us = (uint32_t)(r >> 8) % 300000;
		if (r % 199 == 0) {
			lose(&cc, now);
			continue;
		}
		acked(&cc, (uint32_t)(r >> 40) % (20 * MSS), now);
		assert_true(cc.cwnd >= before);
		assert_true(cc.cwnd <= before + before / 2 + 20 * MSS);
	}
}

static void the_plateau_begins_where_a_timeout_led(void **state)
{
	struct tcp_cc cc = fresh(100 * MSS);

	(void)state;
	lose(&cc, 0);
	acked(&cc, MSS, MS);
	cc.ssthresh = tcp_cc_cubic.reduce(&cc, TCP_CC_TIMEOUT, 40 * MSS, 2 * MS);
	assert_int_equal(cc.ssthresh, 28 * MSS);
	cc.cwnd = cc.ssthresh;
	acked(&cc, MSS, 3 * MS);
	assert_int_equal(cc.cubic.k_ms, 0);
	assert_int_equal(cc.cubic.w_max, 28 * MSS);
}

static void a_spurious_reduction_leaves_no_trace(void **state)
{
	struct tcp_cc cc = fresh(100 * MSS);
	struct cc_cubic before;

	(void)state;
	lose(&cc, 0);
	run(&cc, 0, 1000);
	before = cc.cubic;
	lose(&cc, 1000 * MS);
	cc.cwnd = cc.prior_cwnd;
	cc.ssthresh = cc.prior_ssthresh;
	tcp_cc_cubic.restored(&cc);
	assert_int_equal(cc.cubic.k_ms, before.k_ms);
	assert_int_equal(cc.cubic.w_max, before.w_max);
	assert_int_equal(cc.cubic.epoch_ns, before.epoch_ns);
	assert_int_equal(cc.cubic.w_est, before.w_est);
	assert_int_equal(cc.cubic.cwnd_prior, before.cwnd_prior);
}

static void time_without_need_for_the_window_does_not_count(void **state)
{
	struct tcp_cc cc = fresh(1000 * MSS);
	struct tcp_cc_ack idle = { .now_ns = 60000 * MS, .acked_bytes = MSS };

	(void)state;
	lose(&cc, 0);
	acked(&cc, MSS, MS);
	tcp_cc_cubic.acked(&cc, &idle);
	acked(&cc, MSS, 60001 * MS);
	assert_in_range(cc.cwnd, 700 * MSS, 701 * MSS);
}

/* As HyStart++ says: here the delay grows from 50 to 60 ms, for five rounds. */
static void the_first_slow_start_ends_when_delay_grows(void **state)
{
	struct tcp_cc cc = fresh(10 * MSS);
	struct tcp_cc_ack ack = { .acked_bytes = 100, .cwnd_limited = true };
	uint32_t at_css = 0;

	(void)state;
	for (int round = 0; round < 8; round++)
		for (int i = 0; i < 10; i++) {
			ack.round_start = i == 0;
			ack.rtt_us = round < 2 ? 50000 : 60000;
			tcp_cc_cubic.acked(&cc, &ack);
			if (round == 3 && i == 0)
				at_css = cc.cwnd;
			if (round == 3 && i == 9)
				assert_int_equal(cc.cwnd - at_css, 9 * 25);
		}
	assert_true(cc.ssthresh < UINT32_MAX);
	assert_true(cc.cwnd - cc.ssthresh < MSS);
}

static void cube_roots_are_rounded_down(void **state)
{
	(void)state;
	assert_int_equal(cc_cubic_root(0), 0);
	assert_int_equal(cc_cubic_root(7), 1);
	assert_int_equal(cc_cubic_root(8), 2);
	assert_int_equal(cc_cubic_root(999999999999), 9999);
	assert_int_equal(cc_cubic_root(1000000000000), 10000);
	assert_int_equal(cc_cubic_root(INT64_MAX), 2097151);
}

static void extreme_windows_do_not_overflow(void **state)
{
	struct tcp_cc cc = fresh(TCP_CWND_MAX);

	(void)state;
	cc.mss = 88;
	lose(&cc, 0);
	for (uint64_t s = 0; s < 1000; s += 10)
		acked(&cc, 1u << 29, s * 1000 * MS);
	assert_int_equal(cc.cwnd, TCP_CWND_MAX);
	cc.mss = 65495;
	lose(&cc, 1001000 * MS);
	for (uint64_t s = 1001; s < 100000; s += 100)
		acked(&cc, 1u << 29, s * 1000 * MS);
	assert_int_equal(cc.cwnd, TCP_CWND_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loss_leaves_seven_tenths),
		cmocka_unit_test(the_plateau_is_reached_after_k),
		cmocka_unit_test(growth_before_the_plateau_is_concave),
		cmocka_unit_test(growth_after_the_plateau_is_convex),
		cmocka_unit_test(a_loss_below_the_last_plateau_lowers_it_further),
		cmocka_unit_test(a_short_path_grows_as_reno_would),
		cmocka_unit_test(the_window_never_shrinks_outside_congestion),
		cmocka_unit_test(the_plateau_begins_where_a_timeout_led),
		cmocka_unit_test(a_spurious_reduction_leaves_no_trace),
		cmocka_unit_test(time_without_need_for_the_window_does_not_count),
		cmocka_unit_test(the_first_slow_start_ends_when_delay_grows),
		cmocka_unit_test(cube_roots_are_rounded_down),
		cmocka_unit_test(extreme_windows_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
