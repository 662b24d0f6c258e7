/*
 * Deadlines: window probes, delayed ACKs, keep-alive, FIN-WAIT-2; and that idle costs nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

static void a_closed_window_is_probed_with_a_byte_ever_more_rarely(void **state)
{
	struct tcp_fixture t;
	uint64_t last = 0, gap = 0;

	(void)state;
	established(&t, .nodelay = true);
	rx(&t, .wnd = 0);
	t.o.peer_wnd = 0;
	fixture_write(&t, 5000);
	expect_silence(&t);
	last = t.lab.now;
	for (unsigned i = 0; i < 20; i++) {
		uint64_t now = t.lab.sent[fixture_wait_sent(&t, 70000)].at_ns;

		expect_tx(&t, .seq = 1, .len = 1);
		if (gap && gap < 30000 * LAB_MS)
			assert_true(now - last > gap + gap / 2);
		gap = now - last;
		last = now;
		/* As long as it answers, the connection stays (MUST-37). */
		rx(&t, .ack = 1);
	}
	assert_int_equal(holm_tcp_state(t.t), HOLM_TCP_ESTABLISHED);
	assert_in_range(gap, 59 * LAB_S, 61 * LAB_S);
	finish(&t);
}

static void a_lost_window_update_is_found_by_the_probe(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	rx(&t, .wnd = 0);
	fixture_write(&t, 5000);
	fixture_wait_ms(&t, 300);
	expect_tx(&t, .seq = 1, .len = 1);
	rx(&t, .ack = 2, .wnd = 65535);
	for (unsigned i = 0; i < 4; i++)
		expect_tx(&t, .seq = 2 + i * 1000, .len = 1000);
	expect_tx(&t, .seq = 4002, .len = 999);
	finish(&t);
}

static void the_byte_of_a_probe_that_was_not_taken_goes_with_the_others(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	rx(&t, .wnd = 0);
	fixture_write(&t, 1000);
	fixture_wait_ms(&t, 300);
	expect_tx(&t, .seq = 1, .len = 1);
	rx(&t, .ack = 1, .wnd = 65535);
	expect_tx(&t, .seq = 1, .len = 1000);
	rx(&t, .ack = 1001);
	assert_int_equal(tcp_in_flight(t.t), 0);
	finish(&t);
}

/* Nobody has what was never sent: there is no probe yet, and no second byte went with one. */
static void what_no_probe_has_said_cannot_be_acknowledged(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	rx(&t, .wnd = 0);
	fixture_write(&t, 1000);
	rx(&t, .ack = 2, .wnd = 0);
	assert_int_equal(t.t->snd_una.v, t.iss + 1);
	expect_tx(&t, .seq = 1);
	fixture_wait_ms(&t, 300);
	expect_tx(&t, .seq = 1, .len = 1);
	rx(&t, .ack = 3, .wnd = 0);
	assert_int_equal(t.t->snd_una.v, t.iss + 1);
	expect_tx(&t, .seq = 1);
	rx(&t, .ack = 2, .wnd = 0);
	assert_int_equal(t.t->snd_una.v, t.iss + 2);
	finish(&t);
}

static void a_peer_that_answers_no_probe_is_given_up(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	rx(&t, .wnd = 0);
	fixture_write(&t, 1000);
	fixture_wait_ms(&t, 400000);
	assert_int_equal(holm_tcp_state(t.t), HOLM_TCP_ESTABLISHED);
	fixture_wait_ms(&t, 300000);
	assert_int_equal(holm_tcp_take_error(t.t), -HOLM_ETIMEDOUT);
	fixture_skip(&t);
	finish(&t);
}

static void a_window_taken_back_with_data_in_flight_is_probed_not_timed_out(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	fixture_write(&t, 4000);
	assert_int_equal(fixture_skip(&t), 4);
	t.peer_seen = 4001;
	rx(&t, .ack = 1001, .wnd = 0);
	for (unsigned i = 0; i < 30; i++) {
		fixture_wait_ms(&t, 61000);
		fixture_skip(&t);
		rx(&t, .ack = 1001, .wnd = 0);
	}
	assert_int_equal(holm_tcp_state(t.t), HOLM_TCP_ESTABLISHED);
	rx(&t, .ack = 1001, .wnd = 65535);
	expect_tx(&t, .seq = 1001, .len = 1000);
	finish(&t);
}

/* ---- Delayed ACKs -------------------------------------------------------------------------------- */

/* Half a circle of ticks are 26 days: what was due before looks as if it were still to come. */
static void what_was_due_long_ago_is_due(void **state)
{
	struct tcp_fixture t;

	(void)state;
	for (unsigned closed = 0; closed < 2; closed++) {
		established(&t, .nodelay = true);
		fixture_write(&t, 3000);
		for (unsigned i = 0; i < 3; i++)
			expect_tx(&t, .seq = 1 + i * 1000, .len = 1000);
		if (closed) {
			rx(&t, .ack = 3001, .wnd = 0);
			fixture_write(&t, 1000);
			expect_silence(&t);
		}
		t.lab.now += 40 * 86400 * LAB_S;
		lab_poll(&t.lab);
		lab_introduce(&t.lab, 2);
		if (closed)
			expect_tx(&t, .seq = 3001, .len = 1);
		else
			expect_tx(&t, .seq = 1, .len = 1000);
		finish(&t);
	}
}

static void a_small_segment_is_acknowledged_within_40_ms(void **state)
{
	struct tcp_fixture t;
	uint64_t at;

	(void)state;
	established(&t, .slow_acks = true);
	rx(&t, .len = 100);
	at = t.lab.now;
	expect_silence(&t);
	at = t.lab.sent[fixture_wait_sent(&t, 60)].at_ns - at;
	expect_tx(&t, .seq = 1, .ack = 101);
	assert_in_range(at, 39 * LAB_MS, 43 * LAB_MS);
	finish(&t);
}

static void every_second_full_segment_is_acknowledged_at_once(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .slow_acks = true);
	for (unsigned i = 0; i < 10; i++) {
		rx(&t, .len = 1000);
		t.peer_nxt += 1000;
		if (i == 0)
			fixture_skip(&t); /* the size of a full segment is learnt from the first */
		else if (t.t->flags & TCP_ACK_DELAYED)
			expect_silence(&t);
		else
			expect_tx(&t, .seq = 1, .ack = t.peer_nxt);
	}
	assert_true(t.lab.nsent > 4);
	finish(&t);
}

static void the_first_segments_are_acknowledged_at_once(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	for (unsigned i = 0; i < TCP_QUICK_ACKS; i++) {
		rx(&t, .len = 10);
		t.peer_nxt += 10;
		expect_tx(&t, .seq = 1, .ack = t.peer_nxt);
	}
	rx(&t, .len = 10);
	expect_silence(&t);
	finish(&t);
}

/* A segment of ten bytes comes. */
static void rx_ten(struct tcp_fixture *t)
{
	rx(t, .len = 10);
	t->peer_nxt += 10;
}

static void after_a_delay_for_nothing_a_hundred_segments_are_acknowledged_at_once(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .slow_acks = true);
	for (unsigned i = 0; i < 2; i++) {
		rx_ten(&t);
		expect_silence(&t);
		fixture_wait_ms(&t, 50);
		expect_tx(&t, .seq = 1, .ack = t.peer_nxt);
		for (unsigned k = 0; k < TCP_QUICK_AGAIN; k++) {
			rx_ten(&t);
			expect_tx(&t, .seq = 1, .ack = t.peer_nxt);
		}
	}
	finish(&t);
}

static void data_that_answers_in_time_makes_acknowledgments_wait_again(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .slow_acks = true);
	rx_ten(&t);
	fixture_wait_ms(&t, 100);
	fixture_skip(&t);
	/* Sixty milliseconds later it is no answer. */
	fixture_write(&t, 50);
	expect_tx(&t, .seq = 1, .ack = t.peer_nxt, .len = 50);
	rx_ten(&t);
	expect_tx(&t, .seq = 51, .ack = t.peer_nxt);
	fixture_write(&t, 50);
	expect_tx(&t, .seq = 51, .ack = t.peer_nxt, .len = 50);
	rx_ten(&t);
	expect_silence(&t);
	finish(&t);
}

static void an_answer_carries_the_acknowledgment(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .len = 100, .quiet = true);
	fixture_write(&t, 50);
	expect_tx(&t, .seq = 1, .ack = 101, .len = 50);
	fixture_wait_ms(&t, 100);
	expect_silence(&t);
	finish(&t);
}

/* ---- Keep-alive ---------------------------------------------------------------------------------- */

static void keep_alive_is_off_unless_asked_for(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	fixture_wait_ms(&t, 3ull * 3600 * 1000);
	expect_silence(&t);
	finish(&t);
}

static void an_idle_connection_is_probed_without_data(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	holm_tcp_set_option(t.t, HOLM_TCP_OPT_KEEPALIVE, 1);
	holm_tcp_set_option(t.t, HOLM_TCP_OPT_KEEPIDLE_S, 100);
	holm_tcp_set_option(t.t, HOLM_TCP_OPT_KEEPINTVL_S, 10);
	holm_tcp_set_option(t.t, HOLM_TCP_OPT_KEEPCNT, 3);
	fixture_wait_ms(&t, 99000);
	expect_silence(&t);
	fixture_wait_ms(&t, 5000);
	expect_tx(&t, .seq = 0, .ack = 1);
	rx(&t);
	fixture_wait_ms(&t, 90000);
	expect_silence(&t);
	fixture_wait_ms(&t, 15000);
	expect_tx(&t, .seq = 0, .ack = 1);
	/* Now it is gone: three probes in all, then a word in case that it hears it, and the error. */
	fixture_wait_ms(&t, 12000);
	expect_tx(&t, .seq = 0, .ack = 1);
	fixture_wait_ms(&t, 12000);
	expect_tx(&t, .seq = 0, .ack = 1);
	fixture_wait_ms(&t, 12000);
	expect_tx(&t, .flags = TCP_RST | TCP_ACK, .seq = 1, .ack = 1);
	assert_int_equal(holm_tcp_take_error(t.t), -HOLM_ETIMEDOUT);
	finish(&t);
}

static void a_long_pause_of_the_program_counts_as_one_probe(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	holm_tcp_set_option(t.t, HOLM_TCP_OPT_KEEPALIVE, 1);
	lab_poll(&t.lab);
	t.lab.now += 100ull * 3600 * LAB_S;
	lab_poll(&t.lab);
	expect_tx(&t, .seq = 0, .ack = 1);
	expect_silence(&t);
	assert_int_equal(holm_tcp_state(t.t), HOLM_TCP_ESTABLISHED);
	finish(&t);
}

/* ---- FIN-WAIT-2, idle ---------------------------------------------------------------------------- */

static void an_orphan_leaves_fin_wait_2_after_a_minute(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	holm_tcp_close(t.t);
	t.t = NULL;
	lab_poll(&t.lab);
	expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1);
	rx(&t, .ack = 2);
	assert_int_equal(t.lab.net->tcp->nconns, 2);
	fixture_wait_ms(&t, 58000);
	assert_int_equal(t.lab.net->tcp->nconns, 2);
	fixture_wait_ms(&t, 5000);
	assert_int_equal(t.lab.net->tcp->nconns, 1);
	finish(&t);
}

static void an_owner_may_stay_in_fin_wait_2_for_ever(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	holm_tcp_shutdown(t.t);
	lab_poll(&t.lab);
	expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1);
	rx(&t, .ack = 2);
	fixture_wait_ms(&t, 3600000);
	assert_int_equal(t.t->state, HOLM_TCP_FIN_WAIT_2);
	rx(&t, .len = 10);
	assert_int_equal(t.rcv.tail, 10);
	finish(&t);
}

static void an_idle_connection_has_no_timer_and_no_flight_block(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	fixture_write(&t, 3000);
	fixture_skip(&t);
	t.peer_seen = 3001;
	rx(&t);
	assert_non_null(t.t->flight);
	fixture_wait_ms(&t, 10000);
	assert_null(t.t->flight);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_closed_window_is_probed_with_a_byte_ever_more_rarely),
		cmocka_unit_test(a_lost_window_update_is_found_by_the_probe),
		cmocka_unit_test(the_byte_of_a_probe_that_was_not_taken_goes_with_the_others),
		cmocka_unit_test(what_no_probe_has_said_cannot_be_acknowledged),
		cmocka_unit_test(a_peer_that_answers_no_probe_is_given_up),
		cmocka_unit_test(a_window_taken_back_with_data_in_flight_is_probed_not_timed_out),
		cmocka_unit_test(what_was_due_long_ago_is_due),
		cmocka_unit_test(a_small_segment_is_acknowledged_within_40_ms),
		cmocka_unit_test(every_second_full_segment_is_acknowledged_at_once),
		cmocka_unit_test(the_first_segments_are_acknowledged_at_once),
		cmocka_unit_test(
			after_a_delay_for_nothing_a_hundred_segments_are_acknowledged_at_once),
		cmocka_unit_test(data_that_answers_in_time_makes_acknowledgments_wait_again),
		cmocka_unit_test(an_answer_carries_the_acknowledgment),
		cmocka_unit_test(keep_alive_is_off_unless_asked_for),
		cmocka_unit_test(an_idle_connection_is_probed_without_data),
		cmocka_unit_test(a_long_pause_of_the_program_counts_as_one_probe),
		cmocka_unit_test(an_orphan_leaves_fin_wait_2_after_a_minute),
		cmocka_unit_test(an_owner_may_stay_in_fin_wait_2_for_ever),
		cmocka_unit_test(an_idle_connection_has_no_timer_and_no_flight_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
