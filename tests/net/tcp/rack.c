/*
 * RACK-TLP on a scoreboard: what is lost, by time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "net/tcp/rack.h"
#include "tests/support/env.h"

#define RTT 10000u

struct bench {
	struct holm_env env;
	struct mem mem;
	struct tcp_score s;
	struct tcp_rack r;
	uint32_t now, wait;
};

/* Ten segments of 100 bytes from 0 on, `gap` apart from time `start` on. */
static void begin(struct bench *b, uint32_t start, uint32_t gap)
{
	memset(b, 0, sizeof(*b));
	b->env = plain_env;
	mem_init(&b->mem, &b->env);
	tcp_score_init(&b->s, seq_of(0));
	rack_init(&b->r);
	for (uint32_t i = 0; i < 10; i++)
		tcp_score_sent(&b->s, &b->mem, seq_of((i + 1) * 100), start + i * gap, 0);
}

static void end(struct bench *b)
{
	tcp_score_fini(&b->s, &b->mem);
	mem_fini(&b->mem);
}

static void acked(struct bench *b, uint32_t ack, uint32_t left, uint32_t right)
{
	struct tcp_delivery d = { .now = b->now, .min_rtt = b->r.has_rtt ? b->r.min_rtt : 0 };

	if (ack > 0)
		tcp_score_ack(&b->s, seq_of(ack), &d);
	if (right > left)
		tcp_score_sack(&b->s, &b->mem, seq_of(left), seq_of(right), &d);
	rack_update(&b->r, &d);
}

static uint32_t detect(struct bench *b, bool certain)
{
	return rack_detect(&b->r, &b->s, rack_reo_wnd(&b->r, certain, RTT), b->now, &b->wait);
}

static void a_hole_is_lost_a_quarter_of_the_round_trip_later(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 0xffffff00u, 10); /* the clock wraps */
	b.now = 0xffffff00u + 10 + RTT;
	acked(&b, 0, 100, 200);
	assert_int_equal(detect(&b, false), 0);
	assert_int_equal(b.wait, RTT / 4 - 10);
	b.now += b.wait - 1;
	assert_int_equal(detect(&b, false), 0);
	b.now += 1;
	assert_int_equal(detect(&b, false), 100);
	assert_int_equal(tcp_score_at(&b.s, 0)->flags, SENT_LOST);
	assert_int_equal(b.wait, 0);
	end(&b);
}

static void three_segments_behind_it_make_it_lost_at_once(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 0, 10);
	b.now = 30 + RTT;
	acked(&b, 0, 100, 400);
	assert_int_equal(detect(&b, true), 100);
	assert_int_equal(b.wait, 0);
	end(&b);
}

static void where_reordering_was_seen_three_segments_prove_nothing(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 0, 10);
	b.now = RTT;
	acked(&b, 0, 100, 200);
	acked(&b, 200, 0, 0); /* the first sending of byte 0 arrives after byte 100 */
	assert_true(b.r.reordering_seen);
	b.now = 90 + RTT;
	acked(&b, 200, 500, 1000);
	assert_int_equal(detect(&b, true), 0);
	assert_true(b.wait > 0);
	end(&b);
}

static void a_retransmission_that_is_lost_is_found_by_what_was_sent_after_it(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 0, 10);
	b.now = 50 + RTT;
	acked(&b, 0, 100, 600);
	assert_int_equal(detect(&b, true), 100);
	tcp_score_resent(&b.s, &b.mem, seq_of(0), seq_of(100), b.now);
	tcp_score_sent(&b.s, &b.mem, seq_of(1100), b.now, 0);
	assert_int_equal(detect(&b, true), 0);
	b.now += RTT;
	acked(&b, 0, 600, 1100);
	assert_int_equal(detect(&b, true), 100);
	end(&b);
}

static void each_round_with_a_dsack_widens_the_window_for_sixteen_recoveries(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 0, 10);
	b.now = RTT;
	acked(&b, 100, 0, 0);
	assert_int_equal(rack_reo_wnd(&b.r, false, RTT), RTT / 4);
	rack_dsack(&b.r, seq_of(100), seq_of(1000));
	rack_dsack(&b.r, seq_of(100), seq_of(1000)); /* the same round */
	assert_int_equal(rack_reo_wnd(&b.r, false, RTT), RTT / 2);
	rack_acked(&b.r, seq_of(1000));
	rack_dsack(&b.r, seq_of(1000), seq_of(2000));
	assert_int_equal(rack_reo_wnd(&b.r, false, RTT), RTT * 3 / 4);
	for (unsigned i = 0; i < 3; i++) {
		rack_acked(&b.r, seq_of(2000 + i * 1000));
		rack_dsack(&b.r, seq_of(2000 + i * 1000), seq_of(3000 + i * 1000));
	}
	assert_int_equal(rack_reo_wnd(&b.r, false, RTT), RTT); /* at most SRTT */
	for (unsigned i = 0; i < 15; i++)
		rack_recovered(&b.r);
	assert_int_equal(rack_reo_wnd(&b.r, false, RTT), RTT);
	rack_recovered(&b.r);
	assert_int_equal(rack_reo_wnd(&b.r, false, RTT), RTT / 4);
	end(&b);
}

/* A path of 10 us seen by a clock that stands still for 15 ms and then jumps. */
static void a_clock_that_shows_no_round_trip_loses_nothing(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 0, 0);
	tcp_score_sent(&b.s, &b.mem, seq_of(1100), 0, 0);
	acked(&b, 500, 0, 0);
	assert_int_equal(b.r.min_rtt, 0);
	b.now = 14648; /* 15 ms */
	tcp_score_sent(&b.s, &b.mem, seq_of(1200), b.now, 0);
	acked(&b, 500, 1100, 1200);
	assert_int_equal(detect(&b, false), 0);
	assert_true(b.wait > 0 && b.wait <= RACK_COARSE);
	b.now += b.wait;
	assert_int_equal(detect(&b, false), 600); /* and it does not wait for ever */
	end(&b);
}

static void without_a_round_trip_nothing_is_lost(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 0, 10);
	b.now = 10 * RTT;
	assert_int_equal(detect(&b, true), 0);
	assert_int_equal(b.wait, 0);
	end(&b);
}

static void a_timeout_loses_the_first_segment_and_what_is_overdue(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 0, 1000);
	b.now = RTT;
	acked(&b, 100, 0, 0);
	b.now = RTT + 4500;
	rack_timeout(&b.r, &b.s, &b.mem, 0, b.now, 50);
	/* Sent at 1000, 2000, 3000, 4000. */
	assert_int_equal(b.s.lost, 400);
	end(&b);
	begin(&b, 0, 0);
	b.r.has_rtt = true;
	b.r.rtt = RTT;
	b.now = 10;
	rack_timeout(&b.r, &b.s, &b.mem, 0, b.now, 50);
	assert_int_equal(b.s.lost, 50);
	end(&b);
}

static void a_probe_of_new_data_ends_with_its_ack(void **state)
{
	struct tcp_tlp t = { .end = { 500 }, .outstanding = true };

	(void)state;
	assert_int_equal(tlp_acked(&t, seq_of(400), NULL, false), TLP_NONE);
	assert_int_equal(tlp_acked(&t, seq_of(500), NULL, false), TLP_DELIVERED);
	assert_false(t.outstanding);
}

static void a_repeated_tail_was_lost_unless_it_arrives_twice(void **state)
{
	const struct tcp_tlp probe = { .end = { 500 }, .outstanding = true, .again = true };
	struct tcp_seq at = seq_of(500), other = seq_of(300);
	struct tcp_tlp t = probe;

	(void)state;
	/* The ACK of the first sending, then: the second one's D-SACK, or its plain duplicate. */
	assert_int_equal(tlp_acked(&t, seq_of(500), NULL, false), TLP_NONE);
	assert_int_equal(tlp_acked(&t, seq_of(500), &at, false), TLP_DELIVERED);
	t = probe;
	assert_int_equal(tlp_acked(&t, seq_of(500), NULL, true), TLP_DELIVERED);
	t = probe;
	assert_int_equal(tlp_acked(&t, seq_of(600), &other, false), TLP_REPAIRED);
	assert_false(t.outstanding);
}

static void the_probe_waits_two_round_trips_and_for_a_delayed_ack(void **state)
{
	(void)state;
	assert_int_equal(tlp_pto(RTT, false), 2 * RTT + TLP_LEAST);
	assert_int_equal(tlp_pto(RTT, true), 2 * RTT + TLP_ACK_DELAY);
	assert_int_equal(tlp_pto(0, true), TLP_FIRST);
}

static void before_the_first_round_trip_the_window_is_what_a_coarse_clock_hides(void **state)
{
	struct tcp_rack r;

	(void)state;
	rack_init(&r);
	assert_int_equal(rack_reo_wnd(&r, false, 1000), RACK_COARSE);
	rack_round_trip(&r, 5000, 9000);
	assert_int_equal(r.min_rtt, 4000);
	assert_int_equal(rack_reo_wnd(&r, false, 1000), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hole_is_lost_a_quarter_of_the_round_trip_later),
		cmocka_unit_test(three_segments_behind_it_make_it_lost_at_once),
		cmocka_unit_test(where_reordering_was_seen_three_segments_prove_nothing),
		cmocka_unit_test(a_retransmission_that_is_lost_is_found_by_what_was_sent_after_it),
		cmocka_unit_test(each_round_with_a_dsack_widens_the_window_for_sixteen_recoveries),
		cmocka_unit_test(a_clock_that_shows_no_round_trip_loses_nothing),
		cmocka_unit_test(without_a_round_trip_nothing_is_lost),
		cmocka_unit_test(a_timeout_loses_the_first_segment_and_what_is_overdue),
		cmocka_unit_test(a_probe_of_new_data_ends_with_its_ack),
		cmocka_unit_test(a_repeated_tail_was_lost_unless_it_arrives_twice),
		cmocka_unit_test(the_probe_waits_two_round_trips_and_for_a_delayed_ack),
		cmocka_unit_test(
			before_the_first_round_trip_the_window_is_what_a_coarse_clock_hides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
