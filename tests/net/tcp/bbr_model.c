/*
 * BBR's model of the path, one ACK after the other: what each of its figures is made of, and when it is
 * forgotten. What the state machine makes of them is in cc_bbr.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/tcp/bbr.h"

#define MSS 1000u
#define S 1000000000ull

struct model {
	struct bbr b;
	struct tcp_cc cc;
	struct tcp_cc_ack ack;
	struct tcp_rate_sample rs;
};

/* At second 1, with a round-trip time of 100 ms. */
static struct model *model(void)
{
	static struct model m;

	memset(&m, 0, sizeof(m));
	m.cc.mss = MSS;
	m.cc.cwnd = 20 * MSS;
	m.ack.now_ns = S;
	bbr_model_init(&m.b, m.ack.now_ns);
	m.b.min_rtt_us = 100000;
	m.rs.valid = true;
	return &m;
}

static struct bbr_ack of(struct model *m)
{
	return (struct bbr_ack){ .cc = &m->cc, .ack = &m->ack, .rs = &m->rs };
}

/* An ACK of `bytes`, `rate` being the sample; of what was sent when `prior` had been delivered. */
static void acked(struct model *m, uint32_t bytes, uint64_t rate, uint32_t prior)
{
	const struct bbr_ack a = of(m);

	m->b.rate.delivered += bytes;
	m->ack.delivered_bytes = bytes;
	m->rs.rate = rate;
	m->rs.delivered = bytes;
	m->rs.prior_delivered = prior;
	bbr_model_update(&m->b, &a);
	bbr_model_finish(&m->b, &a);
}

/* One that ends a round. */
static void round_of(struct model *m, uint32_t bytes, uint64_t rate)
{
	acked(m, bytes, rate, m->b.rate.delivered);
}

/* One in the middle of it. */
static void within(struct model *m, uint32_t bytes, uint64_t rate)
{
	acked(m, bytes, rate, m->b.next_round_delivered - 1);
}

static void the_volume_of_the_path_is_rate_times_delay(void **state)
{
	struct model *m = model();

	(void)state;
	assert_int_equal(bbr_bdp(&m->b, &m->cc, 1000000, BBR_UNIT), 100000);
	assert_int_equal(bbr_bdp(&m->b, &m->cc, 1000000, BBR_UNIT / 2), 50000);
	/* Nothing overflows: it is what windows can be. */
	assert_int_equal(bbr_bdp(&m->b, &m->cc, BBR_INFINITE_BW, BBR_UNIT), TCP_CWND_MAX);
	assert_int_equal(bbr_bdp(&m->b, &m->cc, BBR_INFINITE_BW, BBR_UNIT / 2), TCP_CWND_MAX / 2);
	m->b.min_rtt_us = UINT32_MAX;
	assert_int_equal(bbr_bdp(&m->b, &m->cc, 1000, BBR_UNIT), (1u << 28) / 1000);
	/* Before the first round trip there is the initial window. */
	m->b.min_rtt_us = 0;
	assert_int_equal(bbr_bdp(&m->b, &m->cc, 1000000, BBR_UNIT), cc_initial_window(MSS));
	assert_int_equal(bbr_bdp(&m->b, &m->cc, 1000000, 2 * BBR_UNIT), 2 * cc_initial_window(MSS));
}

static void headroom_is_a_part_and_at_least_a_segment_and_leaves_four(void **state)
{
	struct model *m = model();

	(void)state;
	assert_int_equal(bbr_inflight_with_headroom(&m->b, &m->cc), BBR_INFINITE);
	m->b.inflight_hi = 100 * MSS;
	assert_int_equal(bbr_inflight_with_headroom(&m->b, &m->cc), 85 * MSS);
	m->b.inflight_hi = 6 * MSS;
	assert_int_equal(bbr_inflight_with_headroom(&m->b, &m->cc), 5 * MSS);
	m->b.inflight_hi = 2 * MSS;
	assert_int_equal(bbr_inflight_with_headroom(&m->b, &m->cc), 4 * MSS);
	m->b.inflight_hi = 500;
	assert_int_equal(bbr_inflight_with_headroom(&m->b, &m->cc), 4 * MSS);
}

static void a_round_is_over_when_what_was_sent_at_its_end_arrives(void **state)
{
	struct model *m = model();

	(void)state;
	m->b.rate.delivered = 5000;
	bbr_start_round(&m->b);
	acked(m, 1000, 1, 4999);
	assert_false(m->b.round_start);
	acked(m, 1000, 1, 5000);
	assert_true(m->b.round_start);
	assert_int_equal(m->b.rounds_since_bw_probe, 1);
	assert_int_equal(m->b.next_round_delivered, 7000);
	acked(m, 1000, 1, 6999);
	assert_false(m->b.round_start);
	/* What is no sample ends none. */
	m->rs.valid = false;
	acked(m, 1000, 1, 8000);
	assert_false(m->b.round_start);
	assert_int_equal(m->b.rounds_since_bw_probe, 1);
}

static void the_highest_rate_of_two_cycles_counts(void **state)
{
	struct model *m = model();

	(void)state;
	within(m, 1000, 5000);
	within(m, 1000, 4000);
	assert_int_equal(m->b.max_bw, 5000);
	assert_int_equal(m->b.bw, 5000);
	bbr_advance_max_bw(&m->b);
	within(m, 1000, 3000);
	assert_int_equal(m->b.max_bw, 5000);
	bbr_advance_max_bw(&m->b);
	within(m, 1000, 2000);
	assert_int_equal(m->b.max_bw, 3000);
	bbr_advance_max_bw(&m->b);
	/* A cycle without a sample is none. */
	bbr_advance_max_bw(&m->b);
	within(m, 1000, 1000);
	assert_int_equal(m->b.max_bw, 2000);
}

static void the_rate_of_who_had_no_more_to_send_counts_where_it_is_higher(void **state)
{
	struct model *m = model();

	(void)state;
	within(m, 1000, 5000);
	bbr_advance_max_bw(&m->b);
	bbr_advance_max_bw(&m->b);
	m->rs.app_limited = true;
	within(m, 1000, 4000);
	assert_int_equal(m->b.max_bw_of[0], 0);
	within(m, 1000, 5000);
	assert_int_equal(m->b.max_bw_of[0], 5000);
	within(m, 1000, 6000);
	assert_int_equal(m->b.max_bw, 6000);
	/* No sample is not a slow one. */
	m->rs.app_limited = false;
	bbr_advance_max_bw(&m->b);
	within(m, 1000, 0);
	assert_int_equal(m->b.max_bw, 6000);
}

/* Draft 4.5.10.3: bounds of the short term, by what arrived in the round that lost. */
static void a_round_with_losses_bounds_rate_and_volume(void **state)
{
	struct model *m = model();

	(void)state;
	m->b.mode = BBR_PROBE_BW_CRUISE;
	round_of(m, 1000, 100000);
	round_of(m, 1000, 10000);
	assert_int_equal(m->b.bw, 100000);
	m->ack.lost_bytes = MSS;
	within(m, 1000, 20000);
	assert_int_equal(m->b.loss_events, 1);
	m->ack.lost_bytes = 0;
	within(m, 2000, 30000);
	/* Nothing before the round is over. */
	assert_int_equal(m->b.bw, 100000);
	round_of(m, 1000, 10000);
	assert_int_equal(m->b.bw, 100000 / 10 * 7);
	assert_int_equal(m->b.inflight_lo, 20 * MSS / 10 * 7);
	assert_false(m->b.loss_in_round);
	/* What arrived since counts, if that is more. */
	m->ack.lost_bytes = MSS;
	within(m, 13000, 60000);
	m->ack.lost_bytes = 0;
	within(m, 100, 1000);
	round_of(m, 1000, 10000);
	assert_int_equal(m->b.bw, 60000);
	assert_int_equal(m->b.inflight_lo, 13000);
	/* A round without a loss changes nothing, and what was known of the last is forgotten. */
	round_of(m, 1000, 10000);
	assert_int_equal(m->b.bw, 60000);
	m->ack.lost_bytes = MSS;
	round_of(m, 1000, 10000);
	assert_int_equal(m->b.bw, 42000);
	assert_int_equal(m->b.inflight_lo, 9100);
	bbr_reset_lower_bounds(&m->b);
	m->ack.lost_bytes = 0;
	round_of(m, 1000, 10000);
	assert_int_equal(m->b.bw, 100000);
}

static void who_probes_for_more_is_not_bounded_by_a_loss(void **state)
{
	static const uint8_t raising[] = { BBR_STARTUP, BBR_PROBE_BW_REFILL, BBR_PROBE_BW_UP };
	static const uint8_t other[] = { BBR_DRAIN, BBR_PROBE_BW_DOWN, BBR_PROBE_BW_CRUISE,
					 BBR_PROBE_RTT };

	(void)state;
	for (size_t i = 0; i < sizeof(raising) + sizeof(other); i++) {
		bool bounded = i >= sizeof(raising);
		struct model *m = model();

		m->b.mode = bounded ? other[i - sizeof(raising)] : raising[i];
		round_of(m, 1000, 100000);
		round_of(m, 1000, 10000);
		m->ack.lost_bytes = MSS;
		round_of(m, 1000, 10000);
		assert_int_equal(m->b.bw, bounded ? 70000 : 100000);
	}
}

/* A rate that the program or the peer held down says nothing of the path. */
static void a_round_that_somebody_else_held_back_bounds_nothing(void **state)
{
	(void)state;
	for (unsigned by_peer = 0; by_peer < 2; by_peer++) {
		struct model *m = model();

		m->b.mode = BBR_PROBE_BW_CRUISE;
		round_of(m, 1000, 100000);
		round_of(m, 1000, 10000);
		m->rs.app_limited = !by_peer;
		m->ack.wnd_limited = by_peer;
		m->ack.lost_bytes = MSS;
		within(m, 1000, 10000);
		m->rs.app_limited = false;
		round_of(m, 1000, 10000);
		assert_int_equal(m->b.bw, 100000);
		/* The next round is its own, but for the window that is still closed. */
		m->ack.wnd_limited = false;
		round_of(m, 1000, 10000);
		assert_int_equal(m->b.bw, by_peer ? 100000 : 70000);
		round_of(m, 1000, 10000);
		assert_int_equal(m->b.bw, by_peer ? 70000 : 49000);
	}
}

/* Draft 4.5.9. The interval ends where no more arrived than the rate says. */
static void what_arrives_beyond_the_rate_is_aggregation(void **state)
{
	struct model *m = model();

	(void)state;
	within(m, 1000, 1000000);
	assert_int_equal(bbr_extra_acked(&m->b), 1000);
	/* 10 ms later 10000 bytes are expected. */
	m->ack.now_ns += 10000000;
	within(m, 8000, 1000000);
	assert_int_equal(m->b.extra_acked_delivered, 8000);
	assert_int_equal(bbr_extra_acked(&m->b), 8000);
	m->ack.now_ns += 1000000;
	within(m, 5000, 1000000);
	assert_int_equal(bbr_extra_acked(&m->b), 12000);
	/* Never more than the window. */
	within(m, 50000, 1000000);
	assert_int_equal(bbr_extra_acked(&m->b), 20000);
}

static void aggregation_is_that_of_the_last_ten_rounds(void **state)
{
	struct model *m = model();

	(void)state;
	within(m, 9000, 1000000);
	assert_int_equal(bbr_extra_acked(&m->b), 9000);
	for (unsigned i = 0; i < 10; i++) {
		m->ack.now_ns += S;
		assert_int_equal(bbr_extra_acked(&m->b), 9000);
		round_of(m, 2000, 1000000);
	}
	assert_int_equal(bbr_extra_acked(&m->b), 2000);
}

static void the_pipe_is_full_after_three_rounds_without_a_quarter_more(void **state)
{
	struct model *m = model();

	(void)state;
	round_of(m, 1000, 100000);
	round_of(m, 1000, 125000);
	assert_int_equal(m->b.full_bw, 125000);
	/* Rounds count, not ACKs, and only those that the program did not hold back. */
	for (unsigned i = 0; i < 9; i++)
		within(m, 1000, 125000);
	m->rs.app_limited = true;
	round_of(m, 1000, 125000);
	m->rs.app_limited = false;
	assert_int_equal(m->b.full_bw_count, 0);
	round_of(m, 1000, 150000);
	round_of(m, 1000, 100000);
	assert_int_equal(m->b.full_bw_count, 2);
	/* Growth begins the count again. */
	round_of(m, 1000, 160000);
	assert_int_equal(m->b.full_bw_count, 0);
	assert_int_equal(m->b.full_bw, 160000);
	round_of(m, 1000, 160000);
	round_of(m, 1000, 160000);
	assert_false(m->b.full_bw_now);
	round_of(m, 1000, 199999);
	assert_true(m->b.full_bw_now);
	assert_true(m->b.full_bw_reached);
	/* It stays full until it is asked again, and has been reached for good. */
	round_of(m, 1000, 900000);
	assert_true(m->b.full_bw_now);
	assert_int_equal(m->b.full_bw_count, 3);
	bbr_reset_full_bw(&m->b);
	round_of(m, 1000, 1);
	assert_false(m->b.full_bw_now);
	assert_true(m->b.full_bw_reached);
	assert_int_equal(m->b.full_bw, 1);
}

static void see_rtt(struct model *m, uint64_t at_ns, uint32_t rtt_us)
{
	const struct bbr_ack a = of(m);

	m->ack.now_ns = at_ns;
	m->ack.rtt_us = rtt_us;
	bbr_update_min_rtt(&m->b, &a);
}

static void nothing_has_expired_when_it_begins(void **state)
{
	struct model *m = model();

	(void)state;
	bbr_model_init(&m->b, 100 * S);
	see_rtt(m, 105 * S, 0);
	assert_false(m->b.probe_rtt_expired);
	assert_int_equal(m->b.min_rtt_ns, 100 * S);
	assert_int_equal(m->b.extra_acked_ns, 100 * S);
}

/* Draft 4.5.3: the least of 5 seconds makes it probe, the least of 10 is what it believes. */
static void a_round_trip_time_is_forgotten_in_ten_seconds(void **state)
{
	struct model *m = model();

	(void)state;
	m->b.min_rtt_us = 0;
	see_rtt(m, 1 * S, 0);
	assert_int_equal(m->b.min_rtt_us, 0);
	see_rtt(m, 1 * S, 5000);
	assert_int_equal(m->b.min_rtt_us, 5000);
	see_rtt(m, 2 * S, 6000);
	assert_int_equal(m->b.probe_rtt_min_us, 5000);
	/* Less is news at once, of both. */
	see_rtt(m, 3 * S, 4000);
	assert_int_equal(m->b.min_rtt_us, 4000);
	assert_int_equal(m->b.probe_rtt_min_us, 4000);
	/* As much is none. */
	see_rtt(m, 4 * S, 4000);
	assert_int_equal(m->b.min_rtt_ns, 3 * S);
	assert_int_equal(m->b.probe_rtt_min_ns, 3 * S);
	see_rtt(m, 8 * S, 7000);
	assert_false(m->b.probe_rtt_expired);
	see_rtt(m, 8 * S + 1, 0);
	assert_true(m->b.probe_rtt_expired);
	assert_int_equal(m->b.probe_rtt_min_us, 4000);
	see_rtt(m, 8 * S + 2, 8000);
	assert_int_equal(m->b.probe_rtt_min_us, 8000);
	assert_int_equal(m->b.min_rtt_us, 4000);
	see_rtt(m, 9 * S, 9000);
	assert_false(m->b.probe_rtt_expired);
	assert_int_equal(m->b.probe_rtt_min_us, 8000);
	see_rtt(m, 13 * S, 9000);
	assert_int_equal(m->b.min_rtt_us, 4000);
	see_rtt(m, 13 * S + 1, 9000);
	assert_int_equal(m->b.min_rtt_us, 8000);
	assert_int_equal(m->b.min_rtt_ns, 8 * S + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_volume_of_the_path_is_rate_times_delay),
		cmocka_unit_test(headroom_is_a_part_and_at_least_a_segment_and_leaves_four),
		cmocka_unit_test(a_round_is_over_when_what_was_sent_at_its_end_arrives),
		cmocka_unit_test(the_highest_rate_of_two_cycles_counts),
		cmocka_unit_test(the_rate_of_who_had_no_more_to_send_counts_where_it_is_higher),
		cmocka_unit_test(a_round_with_losses_bounds_rate_and_volume),
		cmocka_unit_test(who_probes_for_more_is_not_bounded_by_a_loss),
		cmocka_unit_test(a_round_that_somebody_else_held_back_bounds_nothing),
		cmocka_unit_test(what_arrives_beyond_the_rate_is_aggregation),
		cmocka_unit_test(aggregation_is_that_of_the_last_ten_rounds),
		cmocka_unit_test(the_pipe_is_full_after_three_rounds_without_a_quarter_more),
		cmocka_unit_test(nothing_has_expired_when_it_begins),
		cmocka_unit_test(a_round_trip_time_is_forgotten_in_ten_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
