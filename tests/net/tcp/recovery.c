/*
 * Loss recovery: fast retransmit, NewReno, timeouts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

/* `n` segments of 1000 bytes are in flight. */
static void in_flight(struct tcp_fixture *t, unsigned n)
{
	established(t, .nodelay = true);
	fixture_write(t, n * 1000);
	for (unsigned i = 0; i < n; i++)
		expect_tx(t, .seq = 1 + i * 1000, .len = 1000);
	expect_silence(t);
}

static void the_third_duplicate_ack_sends_one_segment_again(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_flight(&t, 8);
	rx(&t, .ack = 1);
	rx(&t, .ack = 1);
	expect_silence(&t);
	rx(&t, .ack = 1);
	expect_tx(&t, .seq = 1, .len = 1000);
	expect_silence(&t);
	assert_int_equal(t.t->ssthresh, 4000);
	finish(&t);
}

static void three_hundred_duplicates_send_that_segment_once(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_flight(&t, 8);
	for (unsigned i = 0; i < 300; i++)
		rx(&t, .ack = 1);
	expect_tx(&t, .seq = 1, .len = 1000);
	expect_silence(&t);
	assert_int_equal(t.t->flight->dupacks, 255);
	finish(&t);
}

static void what_carries_data_or_moves_the_window_is_no_duplicate(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_flight(&t, 8);
	for (unsigned i = 0; i < 4; i++) {
		rx(&t, .ack = 1, .len = 1);
		t.peer_nxt++;
	}
	for (unsigned i = 0; i < 4; i++)
		rx(&t, .ack = 1, .wnd = 50000 + i);
	assert_int_equal(t.t->flight->dupacks, 0);
	finish(&t);
}

static void a_partial_ack_sends_the_next_hole_and_a_full_one_ends_recovery(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_flight(&t, 8);
	for (unsigned i = 0; i < 3; i++)
		rx(&t, .ack = 1);
	expect_tx(&t, .seq = 1, .len = 1000);
	rx(&t, .ack = 3001);
	expect_tx(&t, .seq = 3001, .len = 1000);
	assert_int_equal(t.t->flight->phase, TCP_RECOVERY);
	rx(&t, .ack = 8001);
	expect_silence(&t);
	assert_int_equal(t.t->flight->phase, TCP_OPEN);
	/* min (ssthresh, max(FlightSize, SMSS) + SMSS) */
	assert_int_equal(t.t->cwnd, 2000);
	finish(&t);
}

static void one_window_is_reduced_once(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_flight(&t, 8);
	for (unsigned i = 0; i < 3; i++)
		rx(&t, .ack = 1);
	rx(&t, .ack = 3001);
	for (unsigned i = 0; i < 5; i++)
		rx(&t, .ack = 3001);
	assert_int_equal(t.t->ssthresh, 4000);
	finish(&t);
}

static void duplicates_in_recovery_let_new_data_go(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_flight(&t, 10);
	fixture_write(&t, 5000);
	expect_silence(&t); /* the window of ten segments is full */
	/* RFC 3042: the first two let a segment out each. */
	for (uint32_t i = 0; i < 2; i++) {
		rx(&t, .ack = 1);
		expect_tx(&t, .seq = 10001 + 1000 * i, .len = 1000);
		expect_silence(&t);
	}
	rx(&t, .ack = 1);
	expect_tx(&t, .seq = 1, .len = 1000);
	/* cwnd = 5 + 3; twelve are in flight: five more duplicates allow one. */
	for (unsigned i = 0; i < 4; i++)
		rx(&t, .ack = 1);
	expect_silence(&t);
	rx(&t, .ack = 1);
	expect_tx(&t, .seq = 12001, .len = 1000);
	finish(&t);
}

static void a_timeout_sends_everything_again_in_slow_start(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_flight(&t, 8);
	fixture_wait_ms(&t, 230);
	expect_tx(&t, .seq = 1, .len = 1000);
	expect_silence(&t);
	assert_int_equal(t.t->cwnd, 1000);
	assert_int_equal(t.t->ssthresh, 4000);
	rx(&t, .ack = 1001);
	expect_tx(&t, .seq = 1001, .len = 1000);
	expect_tx(&t, .seq = 2001, .len = 1000);
	/* The peer had the rest: nothing of it is sent again. */
	rx(&t, .ack = 8001);
	expect_silence(&t);
	assert_int_equal(tcp_in_flight(t.t), 0);
	finish(&t);
}

static void timeouts_double_and_end_the_connection_after_fifteen(void **state)
{
	struct tcp_fixture t;
	uint64_t last = 0, gap = 0;

	(void)state;
	in_flight(&t, 1);
	/* Segments of one size, to be compared. */
	t.lab.net->config.tcp_mtu_probing = 0;
	last = t.lab.now;
	for (unsigned i = 0; i < 15; i++) {
		uint64_t now = t.lab.sent[fixture_wait_sent(&t, 70000)].at_ns;

		expect_tx(&t, .seq = 1, .len = 1000);
		if (gap && gap < 30000 * LAB_MS)
			assert_in_range(now - last, gap * 2 - 12 * LAB_MS, gap * 2 + 12 * LAB_MS);
		gap = now - last;
		last = now;
		assert_true(gap <= 61 * LAB_S);
	}
	fixture_wait_ms(&t, 61000);
	expect_silence(&t);
	assert_int_equal(holm_tcp_state(t.t), HOLM_TCP_CLOSED);
	assert_int_equal(holm_tcp_take_error(t.t), -HOLM_ETIMEDOUT);
	finish(&t);
}

/* RFC 9293 3.8.3 (a): the way may be another one by now. */
static void at_r1_the_neighbour_is_asked_whether_it_is_there(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_flight(&t, 1);
	for (unsigned i = 0; i < TCP_R1; i++) {
		assert_int_not_equal(t.t->dst->neigh->state, NEIGH_PROBE);
		fixture_wait_sent(&t, 70000);
		fixture_skip(&t);
	}
	assert_int_equal(t.t->dst->neigh->state, NEIGH_PROBE);
	fixture_skip(&t);
	finish(&t);
}

static void the_user_timeout_counts_from_the_last_progress(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_flight(&t, 2);
	assert_int_equal(holm_tcp_set_option(t.t, HOLM_TCP_OPT_USER_TIMEOUT_MS, 3000), 0);
	fixture_wait_ms(&t, 2000);
	rx(&t, .ack = 1001);
	fixture_wait_ms(&t, 2500);
	assert_int_not_equal(holm_tcp_state(t.t), HOLM_TCP_CLOSED);
	fixture_wait_ms(&t, 5000);
	assert_int_equal(holm_tcp_state(t.t), HOLM_TCP_CLOSED);
	finish(&t);
}

static void a_retransmitted_segment_gives_no_round_trip_time(void **state)
{
	struct tcp_fixture t;
	struct tcp_rtt before;

	(void)state;
	in_flight(&t, 1);
	before = t.t->rtt;
	fixture_wait_ms(&t, 400);
	rx(&t, .ack = 1001); /* Karn: whose ACK is this? */
	assert_int_equal(t.t->rtt.srtt8, before.srtt8);
	finish(&t);
}

/* RFC 7323 4.1: an echo says which of both was answered. Here it is the second, 40 ms ago. */
static void with_timestamps_the_answer_to_a_retransmission_gives_one(void **state)
{
	struct tcp_fixture t;
	uint32_t before;

	(void)state;
	established(&t, .peer_ts = true);
	fixture_knows_rtt(&t, 400);
	fixture_write(&t, 2000);
	fixture_skip(&t);
	before = t.t->rtt.srtt8;
	fixture_wait_sent(&t, 3000);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_TIMEOUTS), 1);
	expect_tx(&t, .seq = 1, .len = 988, .ts_any = true);
	fixture_wait_ms(&t, 40);
	rx(&t, .ack = 989);
	/* An eighth of it is new. */
	assert_in_range(t.t->rtt.srtt8, before / 8 * 7, before / 8 * 7 + before / 64);
	assert_true(t.t->rtt.srtt8 < before);
	finish(&t);
}

static void a_segment_that_is_sent_again_may_be_cut_anew_by_a_smaller_path(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_flight(&t, 2);
	t.t->dst->mtu = 640;
	fixture_wait_ms(&t, 230);
	expect_tx(&t, .seq = 1, .len = 600);
	rx(&t, .ack = 601);
	expect_tx(&t, .seq = 601, .len = 600);
	expect_tx(&t, .seq = 1201, .len = 600);
	rx(&t, .ack = 1801);
	expect_tx(&t, .seq = 1801, .len = 200);
	rx(&t, .ack = 2001);
	assert_int_equal(tcp_in_flight(t.t), 0);
	finish(&t);
}

static void a_lost_fin_is_sent_again(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_flight(&t, 1);
	holm_tcp_shutdown(t.t);
	lab_poll(&t.lab);
	expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1001);
	rx(&t, .ack = 1001);
	fixture_wait_ms(&t, 300);
	expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1001);
	rx(&t, .ack = 1002);
	assert_int_equal(t.t->state, HOLM_TCP_FIN_WAIT_2);
	finish(&t);
}

static void after_an_idle_timeout_slow_start_begins_again(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	for (unsigned i = 0; i < 5; i++) {
		fixture_write(&t, 10000);
		fixture_skip(&t);
		t.peer_seen += 10000;
		rx(&t);
	}
	assert_true(t.t->cwnd > 12000);
	fixture_wait_ms(&t, 5000);
	fixture_write(&t, 20000);
	assert_int_equal(fixture_skip(&t), 10);
	finish(&t);
}

/* The last recovery ended half a circle of sequence numbers ago, less 1500. */
static void a_recovery_of_long_ago_forbids_none_now(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_flight(&t, 8);
	t.t->flight->recover = seq_sub(t.t->snd_una, 0x80000000u - 1500);
	t.t->flight->recover_valid = true;
	rx(&t, .ack = 1001);
	rx(&t, .ack = 2001);
	for (unsigned i = 0; i < 3; i++)
		rx(&t, .ack = 2001);
	expect_tx(&t, .seq = 2001, .len = 1000);
	finish(&t);
}

/* RFC 6582 3.2, step 3, to the byte. */
static void a_partial_ack_takes_from_the_window_what_it_acknowledges_but_for_a_segment(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_flight(&t, 10);
	for (unsigned i = 0; i < 7; i++)
		rx(&t, .ack = 1);
	fixture_skip(&t);
	assert_int_equal(t.t->ssthresh, 5000);
	assert_int_equal(t.t->cwnd, 12000);
	rx(&t, .ack = 3001);
	assert_int_equal(t.t->cwnd, 12000 - 3000 + 1000);
	/* Less than a segment gives none back, a whole one does. */
	rx(&t, .ack = 3901);
	assert_int_equal(t.t->cwnd, 10000 - 900);
	rx(&t, .ack = 4901);
	assert_int_equal(t.t->cwnd, 9100);
	rx(&t, .ack = 9501);
	assert_int_equal(t.t->cwnd, 9100 - 4600 + 1000);
	fixture_skip(&t);
	finish(&t);
}

static void the_window_of_recovery_is_never_less_than_a_segment(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_flight(&t, 10);
	for (unsigned i = 0; i < 3; i++)
		rx(&t, .ack = 1);
	assert_int_equal(t.t->cwnd, 8000);
	rx(&t, .ack = 8901);
	assert_int_equal(t.t->cwnd, 1000);
	for (unsigned i = 1; i <= 10; i++) {
		rx(&t, .ack = 8901 + i * 100);
		assert_int_equal(t.t->cwnd, 1000);
	}
	assert_int_equal(t.t->flight->phase, TCP_RECOVERY);
	fixture_skip(&t);
	finish(&t);
}

/* RFC 5681 3.2, step 4; RFC 3042 is of the first two alone. */
static void more_duplicates_make_no_more_room_than_has_left_the_network(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_flight(&t, 10);
	for (unsigned i = 0; i < 40; i++)
		rx(&t, .ack = 1);
	assert_int_equal(t.t->cwnd, 5000 + 10000);
	assert_int_equal(t.t->flight->credit, 0);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_FAST_RETRANSMITS), 1);
	fixture_skip(&t);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_third_duplicate_ack_sends_one_segment_again),
		cmocka_unit_test(three_hundred_duplicates_send_that_segment_once),
		cmocka_unit_test(what_carries_data_or_moves_the_window_is_no_duplicate),
		cmocka_unit_test(a_partial_ack_sends_the_next_hole_and_a_full_one_ends_recovery),
		cmocka_unit_test(one_window_is_reduced_once),
		cmocka_unit_test(a_recovery_of_long_ago_forbids_none_now),
		cmocka_unit_test(duplicates_in_recovery_let_new_data_go),
		cmocka_unit_test(a_timeout_sends_everything_again_in_slow_start),
		cmocka_unit_test(timeouts_double_and_end_the_connection_after_fifteen),
		cmocka_unit_test(at_r1_the_neighbour_is_asked_whether_it_is_there),
		cmocka_unit_test(the_user_timeout_counts_from_the_last_progress),
		cmocka_unit_test(a_retransmitted_segment_gives_no_round_trip_time),
		cmocka_unit_test(with_timestamps_the_answer_to_a_retransmission_gives_one),
		cmocka_unit_test(a_segment_that_is_sent_again_may_be_cut_anew_by_a_smaller_path),
		cmocka_unit_test(a_lost_fin_is_sent_again),
		cmocka_unit_test(after_an_idle_timeout_slow_start_begins_again),
		cmocka_unit_test(
			a_partial_ack_takes_from_the_window_what_it_acknowledges_but_for_a_segment),
		cmocka_unit_test(the_window_of_recovery_is_never_less_than_a_segment),
		cmocka_unit_test(more_duplicates_make_no_more_room_than_has_left_the_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
