/*
 * What RACK-TLP, PRR, F-RTO and undo do on a connection.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/tcp/hot.h"
#include "tests/support/tcp_fixture.h"

#define RTT_MS 100u

/* One segment and its ACK, so that RACK knows the path; then `n` segments, and a round trip passes. */
static void in_flight(struct tcp_fixture *t, const struct tcp_options *o, unsigned n)
{
	struct tcp_options with = *o;

	with.peer_sack = true;
	with.nodelay = true;
	fixture_passive(t, &with);
	fixture_knows_rtt(t, RTT_MS);
	fixture_write(t, 1000);
	fixture_wait_ms(t, RTT_MS);
	fixture_skip(t);
	rx(t, .ack = 1001);
	fixture_knows_rtt(t, RTT_MS);
	fixture_write(t, n * 1000);
	for (unsigned i = 0; i < n; i++)
		expect_tx(t, .seq = 1001 + i * 1000, .len = 1000, .ts_any = with.peer_ts);
	expect_silence(t);
	fixture_wait_ms(t, RTT_MS);
}

#define flying(t, n, ...) in_flight((t), &(struct tcp_options){ .iss = FIX_ANY, __VA_ARGS__ }, (n))

/* ---- RACK ---------------------------------------------------------------------------------------- */

static void reordering_of_less_than_a_quarter_round_trip_sends_nothing_again(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 4);
	rx(&t, .ack = 1001, .nsack = 1, .sack = { { 2001, 3001 } });
	fixture_wait_ms(&t, 20);
	expect_silence(&t);
	rx(&t, .ack = 3001);
	fixture_wait_ms(&t, 100);
	expect_silence(&t);
	assert_int_equal(t.t->ssthresh, UINT32_MAX);
	assert_true(t.t->flight->rack.reordering_seen);
	rx(&t, .ack = 5001);
	finish(&t);
}

static void a_hole_that_stays_open_is_lost_when_the_window_has_passed(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 4);
	rx(&t, .ack = 1001, .nsack = 1, .sack = { { 2001, 3001 } });
	fixture_wait_ms(&t, 23);
	expect_silence(&t);
	fixture_wait_ms(&t, 6);
	expect_tx(&t, .seq = 1001, .len = 1000);
	expect_silence(&t);
	assert_int_equal(t.t->flight->phase, TCP_RECOVERY);
	finish(&t);
}

static void a_lost_retransmission_is_sent_a_third_time_without_a_timeout(void **state)
{
	struct tcp_fixture t;
	uint32_t nxt;

	(void)state;
	flying(&t, 8);
	fixture_write(&t, 4000);
	fixture_skip(&t);
	rx(&t, .ack = 1001, .nsack = 1, .sack = { { 2001, 9001 } });
	expect_tx(&t, .seq = 1001, .len = 1000);
	fixture_skip(&t); /* and new data behind it */
	nxt = tcp_snd_nxt(t.t).v - t.iss;
	assert_true(nxt > 9001);
	fixture_wait_ms(&t, RTT_MS);
	rx(&t, .ack = 1001, .nsack = 1, .sack = { { 2001, nxt } });
	expect_tx(&t, .seq = 1001, .len = 1000);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_TIMEOUTS), 0);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_FAST_RETRANSMITS), 1);
	finish(&t);
}

/* A round trip of 10 us, ACKs that lie 5 ms in the host, a clock that moves by 15 ms at a time. */
static void a_coarse_clock_loses_nothing_and_does_not_hang(void **state)
{
	struct tcp_fixture t;
	uint32_t una = 1;

	(void)state;
	established(&t, .peer_sack = true, .nodelay = true);
	for (unsigned i = 0; i < 40; i++) {
		fixture_write(&t, 3000);
		if (i % 3 == 0)
			fixture_wait_ms(&t, 15);
		fixture_skip(&t);
		/* The second arrives first: the network is no more than that. */
		rx(&t, .ack = una, .nsack = 1, .sack = { { una + 1000, una + 2000 } });
		rx(&t, .ack = una + 2000);
		una += 3000;
		rx(&t, .ack = una);
		assert_int_equal(tcp_in_flight(t.t), 0);
	}
	/* Probes there may be: two round trips are nothing for such a host. */
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_RETRANSMITS),
			 fixture_counted(&t, HOLM_COUNT_TCP_LOSS_PROBES));
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_FAST_RETRANSMITS), 0);
	/* What is lost is repaired all the same. */
	fixture_write(&t, 3000);
	fixture_skip(&t);
	rx(&t, .ack = una, .nsack = 1, .sack = { { una + 1000, una + 2000 } });
	fixture_wait_sent(&t, 1000);
	expect_tx(&t, .seq = una, .len = 1000);
	finish(&t);
}

/* ---- Tail loss probes ---------------------------------------------------------------------------- */

static void a_silent_tail_is_probed_after_two_round_trips(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 3);
	fixture_wait_ms(&t, 90);
	expect_silence(&t);
	fixture_wait_ms(&t, 15);
	expect_tx(&t, .seq = 3001, .len = 1000);
	expect_silence(&t);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_LOSS_PROBES), 1);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_TIMEOUTS), 0);
	/* One probe; then the retransmission timer, from the probe on. */
	fixture_wait_ms(&t, 230);
	expect_silence(&t);
	fixture_wait_ms(&t, 100);
	expect_tx(&t, .seq = 1001, .len = 1000);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_TIMEOUTS), 1);
	finish(&t);
}

static void new_data_is_the_better_probe(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 10); /* what the window of ten segments holds */
	fixture_write(&t, 3000);
	expect_silence(&t);
	fixture_wait_ms(&t, 110);
	expect_tx(&t, .seq = 11001, .len = 1000);
	expect_silence(&t);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_LOSS_PROBES), 1);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_RETRANSMITS), 0);
	finish(&t);
}

static void the_answer_to_a_probe_shows_the_holes_before_it(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 5);
	fixture_wait_ms(&t, 105);
	expect_tx(&t, .seq = 5001, .len = 1000);
	fixture_wait_ms(&t, RTT_MS);
	rx(&t, .ack = 1001, .nsack = 1, .sack = { { 5001, 6001 } });
	expect_tx(&t, .seq = 1001, .len = 1000);
	assert_int_equal(t.t->flight->phase, TCP_RECOVERY);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_TIMEOUTS), 0);
	finish(&t);
}

static void a_probe_that_repaired_a_loss_is_congestion(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 6);
	rx(&t, .ack = 6001);
	fixture_wait_sent(&t, 500);
	expect_tx(&t, .seq = 6001, .len = 1000);
	fixture_write(&t, 1000);
	expect_tx(&t, .seq = 7001, .len = 1000);
	fixture_wait_ms(&t, RTT_MS);
	rx(&t, .ack = 8001);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_LOSS_PROBES_REPAIRED), 1);
	assert_int_equal(t.t->ssthresh, 2000);
	finish(&t);
}

static void a_probe_that_arrives_twice_is_none(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 6);
	rx(&t, .ack = 6001);
	fixture_wait_sent(&t, 500);
	expect_tx(&t, .seq = 6001, .len = 1000);
	rx(&t, .ack = 7001); /* the ACK was late */
	rx(&t, .ack = 7001, .nsack = 1, .sack = { { 6001, 7001 } });
	fixture_write(&t, 1000);
	fixture_skip(&t);
	rx(&t, .ack = 8001);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_LOSS_PROBES_REPAIRED), 0);
	assert_int_equal(t.t->ssthresh, UINT32_MAX);
	finish(&t);
}

static void a_closed_window_is_probed_as_windows_are(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 3);
	fixture_write(&t, 1000);
	expect_tx(&t, .seq = 4001, .len = 1000);
	rx(&t, .ack = 5001, .wnd = 0);
	fixture_write(&t, 3000);
	for (unsigned i = 0; i < 4; i++) {
		fixture_wait_sent(&t, 5000);
		expect_tx(&t, .seq = 5001, .len = 1);
		expect_silence(&t);
		rx(&t, .ack = 5001, .wnd = 0);
	}
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_LOSS_PROBES), 0);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_ZERO_WINDOW_PROBES), 4);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_TIMEOUTS), 0);
	rx(&t, .ack = 5001, .wnd = 65535);
	expect_tx(&t, .seq = 5001, .len = 1000);
	expect_tx(&t, .seq = 6001, .len = 1000);
	fixture_skip(&t);
	rx(&t, .ack = 8001);
	assert_int_equal(tcp_pipe(t.t), 0);
	finish(&t);
}

/* Our last word is in flight, in calm or not, and the peer has said that its window is closed. */
static void last_word_at_a_closed_window(struct tcp_fixture *t, bool calm)
{
	established(t, .peer_sack = true, .nodelay = true, .slow_acks = true);
	t->lab.net->tcp->unpredicted = !calm;
	rx(t, .len = 100);
	fixture_write(t, 900);
	expect_tx(t, .seq = 1, .len = 900, .ack = 101);
	rx(t, .seq = 101, .ack = 1, .len = 100, .wnd = 0);
}

static void what_is_in_flight_when_a_window_closes_is_not_probed_for(void **state)
{
	(void)state;
	for (int calm = 0; calm < 2; calm++) {
		struct tcp_fixture t;

		last_word_at_a_closed_window(&t, calm);
		assert_int_equal(tcp_is_calm(t.t), calm);
		/* SHLD-16: the timeout sends no more than a byte. Open again, it takes all. */
		fixture_wait_ms(&t, 300);
		expect_tx(&t, .seq = 901, .ack = 201);
		expect_tx(&t, .seq = 1, .len = 1);
		expect_silence(&t);
		assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_LOSS_PROBES), 0);
		rx(&t, .seq = 201, .ack = 901);
		finish(&t);
	}
}

static void a_window_that_has_opened_again_is_probed_for_what_was_in_flight(void **state)
{
	(void)state;
	for (int calm = 0; calm < 2; calm++) {
		struct tcp_fixture t;

		last_word_at_a_closed_window(&t, calm);
		/* By a segment that ends calm. */
		rx(&t, .seq = 151, .ack = 1, .len = 50, .wnd = 0);
		rx(&t, .seq = 201, .ack = 1);
		fixture_skip(&t);
		fixture_wait_ms(&t, 300);
		assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_LOSS_PROBES), 1);
		finish(&t);
	}
}

/* ---- PRR ----------------------------------------------------------------------------------------- */

static void each_second_ack_of_recovery_lets_a_segment_go(void **state)
{
	struct tcp_fixture t;
	unsigned sent = 0;

	(void)state;
	flying(&t, 10);
	fixture_write(&t, 10000);
	/* Limited transmit of two, then the hole; ssthresh is half of twelve. */
	rx(&t, .ack = 1001, .nsack = 1, .sack = { { 2001, 3001 } });
	rx(&t, .ack = 1001, .nsack = 1, .sack = { { 2001, 4001 } });
	rx(&t, .ack = 1001, .nsack = 1, .sack = { { 2001, 5001 } });
	assert_int_equal(fixture_skip(&t), 3);
	assert_int_equal(t.t->ssthresh, 6000);
	for (unsigned i = 0; i < 7; i++) {
		rx(&t, .ack = 1001, .nsack = 1, .sack = { { 2001, 6001 + i * 1000 } });
		sent += (unsigned)fixture_skip(&t);
		assert_true(tcp_pipe(t.t) <= t.t->cwnd);
	}
	assert_in_range(sent, 3, 4);
	finish(&t);
}

/* ---- Spurious ------------------------------------------------------------------------------------ */

static void a_retransmission_reported_as_a_duplicate_is_undone(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 8);
	rx(&t, .ack = 1001, .nsack = 1, .sack = { { 2001, 5001 } });
	expect_tx(&t, .seq = 1001, .len = 1000);
	assert_true(t.t->ssthresh < 8000);
	rx(&t, .ack = 5001); /* the first sending was late */
	rx(&t, .ack = 5001, .nsack = 1, .sack = { { 1001, 2001 } });
	assert_int_equal(t.t->ssthresh, UINT32_MAX);
	assert_true(t.t->cwnd >= 10000);
	assert_int_equal(t.t->flight->phase, TCP_OPEN);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_UNDONE), 1);
	/* And more reordering is expected from now on. */
	assert_int_equal(t.t->flight->rack.mult, 2);
	finish(&t);
}

static void an_echo_of_the_first_sending_undoes_at_once(void **state)
{
	struct tcp_fixture t;
	uint32_t first;

	(void)state;
	flying(&t, 8, .peer_ts = true, .peer_mss = 1012);
	first = t.our_ts;
	rx(&t, .ack = 1001, .nsack = 1, .sack = { { 2001, 5001 } }, .tsecr = first);
	expect_tx(&t, .seq = 1001, .len = 1000, .ts_any = true);
	fixture_wait_ms(&t, 5);
	rx(&t, .ack = 5001, .tsecr = first);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_UNDONE), 1);
	assert_int_equal(t.t->ssthresh, UINT32_MAX);
	finish(&t);
}

static void an_echo_of_the_retransmission_undoes_nothing(void **state)
{
	struct tcp_fixture t;
	uint32_t first;

	(void)state;
	flying(&t, 8, .peer_ts = true, .peer_mss = 1012);
	first = t.our_ts;
	rx(&t, .ack = 1001, .nsack = 1, .sack = { { 2001, 5001 } }, .tsecr = first);
	expect_tx(&t, .seq = 1001, .len = 1000, .ts_any = true);
	fixture_wait_ms(&t, RTT_MS);
	rx(&t, .ack = 5001);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_UNDONE), 0);
	assert_int_equal(t.t->ssthresh, 4000);
	finish(&t);
}

/* The path is slower than the timer for once: all that was sent arrives, late. */
static void a_spurious_timeout_is_undone_by_what_was_sent_once(void **state)
{
	struct tcp_fixture t;
	uint32_t cwnd;

	(void)state;
	flying(&t, 6);
	cwnd = t.t->cwnd;
	fixture_wait_ms(&t, 600);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_TIMEOUTS), 1);
	assert_int_equal(t.t->cwnd, 1000);
	fixture_skip(&t);
	rx(&t, .ack = 3001); /* the first, which was sent again, and the second, which was not */
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_SPURIOUS_TIMEOUTS), 1);
	assert_true(t.t->cwnd >= cwnd);
	assert_int_equal(t.t->flight->phase, TCP_OPEN);
	expect_silence(&t); /* nothing more is sent again */
	finish(&t);
}

static void after_the_first_ack_new_data_asks_whether_it_was_spurious(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 6);
	fixture_wait_ms(&t, 600);
	fixture_skip(&t);
	fixture_write(&t, 5000);
	rx(&t, .ack = 2001);
	expect_tx(&t, .seq = 7001, .len = 1000);
	expect_tx(&t, .seq = 8001, .len = 1000);
	expect_silence(&t);
	rx(&t, .ack = 3001);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_SPURIOUS_TIMEOUTS), 1);
	finish(&t);
}

static void a_true_timeout_goes_on_with_what_was_lost(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 6);
	fixture_wait_ms(&t, 600);
	fixture_skip(&t);
	fixture_write(&t, 5000);
	rx(&t, .ack = 2001);
	expect_tx(&t, .seq = 7001, .len = 1000);
	expect_tx(&t, .seq = 8001, .len = 1000);
	expect_silence(&t);
	fixture_wait_ms(&t, RTT_MS);
	/* Nothing of what was sent before the timeout has arrived. */
	rx(&t, .ack = 2001, .nsack = 1, .sack = { { 7001, 9001 } });
	expect_tx(&t, .seq = 2001, .len = 1000);
	fixture_skip(&t);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_SPURIOUS_TIMEOUTS), 0);
	assert_int_equal(t.t->flight->phase, TCP_LOSS);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reordering_of_less_than_a_quarter_round_trip_sends_nothing_again),
		cmocka_unit_test(a_hole_that_stays_open_is_lost_when_the_window_has_passed),
		cmocka_unit_test(a_lost_retransmission_is_sent_a_third_time_without_a_timeout),
		cmocka_unit_test(a_coarse_clock_loses_nothing_and_does_not_hang),
		cmocka_unit_test(a_silent_tail_is_probed_after_two_round_trips),
		cmocka_unit_test(new_data_is_the_better_probe),
		cmocka_unit_test(the_answer_to_a_probe_shows_the_holes_before_it),
		cmocka_unit_test(a_probe_that_repaired_a_loss_is_congestion),
		cmocka_unit_test(a_probe_that_arrives_twice_is_none),
		cmocka_unit_test(a_closed_window_is_probed_as_windows_are),
		cmocka_unit_test(what_is_in_flight_when_a_window_closes_is_not_probed_for),
		cmocka_unit_test(a_window_that_has_opened_again_is_probed_for_what_was_in_flight),
		cmocka_unit_test(each_second_ack_of_recovery_lets_a_segment_go),
		cmocka_unit_test(a_retransmission_reported_as_a_duplicate_is_undone),
		cmocka_unit_test(an_echo_of_the_first_sending_undoes_at_once),
		cmocka_unit_test(an_echo_of_the_retransmission_undoes_nothing),
		cmocka_unit_test(a_spurious_timeout_is_undone_by_what_was_sent_once),
		cmocka_unit_test(after_the_first_ack_new_data_asks_whether_it_was_spurious),
		cmocka_unit_test(a_true_timeout_goes_on_with_what_was_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
