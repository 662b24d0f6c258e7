/*
 * The first steps of RFC 9293 3.10.7.4: sequence, RST, SYN; and that their order holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

/* ---- RST ----------------------------------------------------------------------------------------- */

/* Bring an established connection into a state. */
static void go_to(struct tcp_fixture *t, enum holm_tcp_state state)
{
	bool peer_first = state == HOLM_TCP_CLOSE_WAIT || state == HOLM_TCP_LAST_ACK;

	established(t, .rcvbuf = 1000);
	if (state == HOLM_TCP_ESTABLISHED)
		return;
	if (peer_first) {
		rx(t, .flags = TCP_FIN | TCP_ACK);
		t->peer_nxt = 2;
		expect_tx(t, .seq = 1, .ack = 2);
	}
	if (state == HOLM_TCP_CLOSE_WAIT)
		return;
	holm_tcp_shutdown(t->t);
	lab_poll(&t->lab);
	expect_tx(t, .flags = TCP_FIN | TCP_ACK, .seq = 1);
	if (state == HOLM_TCP_FIN_WAIT_2)
		rx(t, .ack = 2);
	if (state == HOLM_TCP_CLOSING) {
		rx(t, .flags = TCP_FIN | TCP_ACK, .ack = 1);
		t->peer_nxt = 2;
		expect_tx(t, .seq = 2, .ack = 2);
	}
	assert_int_equal(t->t->state, state);
	expect_silence(t);
}

static const enum holm_tcp_state synchronized[] = {
	HOLM_TCP_ESTABLISHED, HOLM_TCP_FIN_WAIT_1, HOLM_TCP_FIN_WAIT_2,
	HOLM_TCP_CLOSE_WAIT,  HOLM_TCP_CLOSING,	   HOLM_TCP_LAST_ACK,
};

static void a_reset_at_exactly_rcv_nxt_ends_every_synchronized_state(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(synchronized); i++) {
		bool closing =
			synchronized[i] == HOLM_TCP_CLOSING || synchronized[i] == HOLM_TCP_LAST_ACK;
		struct tcp_fixture t;

		go_to(&t, synchronized[i]);
		rx(&t, .flags = TCP_RST);
		assert_int_equal(holm_tcp_state(t.t), HOLM_TCP_CLOSED);
		assert_int_equal(holm_tcp_take_error(t.t), closing ? 0 : -HOLM_ECONNRESET);
		assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_RESETS_RECEIVED), 1);
		expect_silence(&t);
		finish(&t);
	}
}

static void a_reset_elsewhere_in_the_window_is_challenged_in_every_state(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(synchronized); i++) {
		struct tcp_fixture t;

		/* Nothing more is received once the peer's FIN was: then there is no window. */
		if (synchronized[i] == HOLM_TCP_CLOSING || synchronized[i] == HOLM_TCP_LAST_ACK ||
		    synchronized[i] == HOLM_TCP_CLOSE_WAIT)
			continue;
		go_to(&t, synchronized[i]);
		rx(&t, .flags = TCP_RST, .seq = t.peer_nxt + 1);
		expect_tx(&t, .seq = t.peer_seen, .ack = t.peer_nxt);
		expect_silence(&t);
		assert_int_equal(holm_tcp_state(t.t), synchronized[i]);
		assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_RST_INVALID), 1);
		finish(&t);
	}
}

static void a_reset_outside_the_window_is_dropped_without_a_word(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(synchronized); i++) {
		struct tcp_fixture t;

		go_to(&t, synchronized[i]);
		rx(&t, .flags = TCP_RST, .seq = t.peer_nxt - 1);
		rx(&t, .flags = TCP_RST, .seq = t.peer_nxt + 200000);
		expect_silence(&t);
		assert_int_equal(holm_tcp_state(t.t), synchronized[i]);
		assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_RST_INVALID), 2);
		finish(&t);
	}
}

static void a_reset_is_obeyed_with_a_closed_window_and_with_payload(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .rcvbuf = 65535);
	for (unsigned i = 0; i < 65; i++) {
		rx(&t, .len = 1000);
		t.peer_nxt += 1000;
	}
	rx(&t, .len = 535);
	t.peer_nxt += 535;
	fixture_skip(&t);
	assert_int_equal(tcp_rcv_wnd(t.t), 0);
	rx(&t, .flags = TCP_RST, .len = 3); /* SHLD-2, MUST-66 */
	assert_int_equal(holm_tcp_state(t.t), HOLM_TCP_CLOSED);
	/* What was received can still be read; then the error shows. */
	assert_int_equal(holm_pattern_rcvbuf_read(&t.rcv, 100000), 65535);
	assert_int_equal(holm_tcp_take_error(t.t), -HOLM_ECONNRESET);
	finish(&t);
}

static void challenges_are_limited_to_three_a_second(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .rcvbuf = 1000);
	/* Bytes that nobody acknowledges: the block with the count of challenges stays. */
	fixture_write(&t, 10);
	fixture_skip(&t);
	for (unsigned second = 0; second < 3; second++) {
		for (unsigned i = 0; i < 50; i++)
			rx(&t, .flags = TCP_RST, .seq = 2);
		for (unsigned i = 0; i < 3; i++)
			expect_tx(&t, .seq = 11, .ack = 1);
		expect_silence(&t);
		fixture_wait_ms(&t, 1100);
		fixture_skip(&t);
	}
	finish(&t);
}

/* ---- SYN ----------------------------------------------------------------------------------------- */

static void a_syn_in_the_window_is_challenged(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .flags = TCP_SYN, .seq = 10);
	expect_tx(&t, .seq = 1, .ack = 1);
	rx(&t, .flags = TCP_SYN, .seq = 1);
	expect_tx(&t, .seq = 1, .ack = 1);
	assert_int_equal(t.t->state, HOLM_TCP_ESTABLISHED);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_SYN_INVALID), 2);
	finish(&t);
}

static void the_old_syn_again_is_answered_with_an_ack(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .flags = TCP_SYN, .seq = 0);
	expect_tx(&t, .seq = 1, .ack = 1);
	assert_int_equal(t.t->state, HOLM_TCP_ESTABLISHED);
	finish(&t);
}

/* ---- Sequence ------------------------------------------------------------------------------------ */

static void old_data_is_acknowledged_every_time(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .len = 100);
	t.peer_nxt = 101;
	expect_tx(&t, .seq = 1, .ack = 101);
	/* Our ACK is lost fifty times: no limit on challenges may silence it. */
	for (unsigned i = 0; i < 50; i++) {
		rx(&t, .seq = 1, .len = 100);
		expect_tx(&t, .seq = 1, .ack = 101);
	}
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_SEQUENCE), 50);
	finish(&t);
}

static void so_are_a_byte_and_a_fin(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .flags = TCP_FIN | TCP_ACK, .len = 1);
	expect_tx(&t, .seq = 1, .ack = 3);
	for (unsigned i = 0; i < 50; i++) {
		rx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1, .len = 1);
		expect_tx(&t, .seq = 1, .ack = 3);
	}
	finish(&t);
}

static void a_keep_alive_is_acknowledged_every_time(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	for (unsigned i = 0; i < 10; i++) {
		rx(&t, .seq = 0);
		expect_tx(&t, .seq = 1, .ack = 1);
		rx(&t, .seq = 0, .len = 1); /* the kind with a garbage byte */
		expect_tx(&t, .seq = 1, .ack = 1);
	}
	finish(&t);
}

static void data_beyond_the_window_is_dropped_and_challenged(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .rcvbuf = 1000);
	rx(&t, .seq = 70001, .len = 10);
	expect_tx(&t, .seq = 1, .ack = 1);
	assert_int_equal(t.rcv.tail, 0);
	finish(&t);
}

static void a_segment_is_trimmed_to_what_is_new(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .len = 100);
	expect_tx(&t, .seq = 1, .ack = 101);
	rx(&t, .seq = 51, .len = 100);
	expect_tx(&t, .seq = 1, .ack = 151);
	assert_int_equal(t.rcv.tail, 150);
	assert_int_equal(t.rcv.mismatches, 0);
	finish(&t);
}

static void what_is_out_of_order_is_trimmed_at_the_right_edge(void **state)
{
	struct tcp_fixture t;

	(void)state;
	/* The buffer would have room for all of it. */
	established(&t, .peer_sack = true, .rcvbuf = 200000);
	rx(&t, .seq = 65001, .len = 1000);
	expect_tx(&t, .seq = 1, .ack = 1, .nsack = 1, .sack = { { 65001, 65536 } });
	finish(&t);
}

static void a_fin_exactly_at_the_right_edge_of_a_closed_window_is_accepted(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	for (unsigned i = 0; i < 65; i++) {
		rx(&t, .len = 1000);
		t.peer_nxt += 1000;
	}
	rx(&t, .len = 535);
	t.peer_nxt += 535;
	fixture_skip(&t);
	assert_int_equal(tcp_rcv_wnd(t.t), 0);
	rx(&t, .flags = TCP_FIN | TCP_ACK);
	expect_tx(&t, .seq = 1, .ack = 65537);
	assert_int_equal(t.t->state, HOLM_TCP_CLOSE_WAIT);
	finish(&t);
}

/* ---- Timestamps ---------------------------------------------------------------------------------- */

static void a_segment_with_an_old_timestamp_is_dropped_and_acknowledged(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_ts = true);
	t.tsval = 2000;
	rx(&t, .len = 10);
	t.peer_nxt = 11;
	expect_tx(&t, .seq = 1, .ack = 11, .ts = true, .tsecr = 2000);
	rx(&t, .len = 10, .tsval = 1999);
	expect_tx(&t, .seq = 1, .ack = 11);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_PAWS), 1);
	assert_int_equal(t.rcv.tail, 10);
	/* A reset carries no meaningful time. */
	rx(&t, .flags = TCP_RST, .tsval = 1);
	assert_int_equal(holm_tcp_state(t.t), HOLM_TCP_CLOSED);
	finish(&t);
}

static void segments_without_the_timestamps_that_were_agreed_are_taken(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_ts = true);
	rx(&t, .len = 10, .no_ts = true);
	expect_tx(&t, .seq = 1, .ack = 11);
	assert_int_equal(t.rcv.tail, 10);
	finish(&t);
}

static void timestamps_are_compared_across_their_wrap(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_ts = true);
	t.t->ts_recent = 0xfffffff0u;
	t.tsval = 5;
	rx(&t, .len = 10);
	expect_tx(&t, .seq = 1, .ack = 11, .ts = true, .tsecr = 5);
	finish(&t);
}

static void after_24_idle_days_an_old_timestamp_is_no_reason(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_ts = true);
	fixture_wait_ms(&t, 25ull * 24 * 3600 * 1000);
	rx(&t, .len = 10, .tsval = 1);
	assert_int_equal(t.rcv.tail, 10);
	/* What follows is judged by it. */
	rx(&t, .seq = 11, .len = 10, .tsval = 2);
	assert_int_equal(t.rcv.tail, 20);
	rx(&t, .seq = 21, .len = 10, .tsval = 1);
	assert_int_equal(t.rcv.tail, 20);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_PAWS), 1);
	finish(&t);
}

static void after_24_idle_days_so_is_one_that_comes_out_of_order(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_ts = true);
	fixture_wait_ms(&t, 25ull * 24 * 3600 * 1000);
	rx(&t, .seq = 11, .len = 10, .tsval = 2);
	rx(&t, .seq = 21, .len = 10, .tsval = 2);
	rx(&t, .seq = 1, .len = 10, .tsval = 3);
	assert_int_equal(t.rcv.tail, 30);
	finish(&t);
}

/* ---- The order of the steps ---------------------------------------------------------------------- */

static void nothing_of_an_unacceptable_segment_is_believed(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .rcvbuf = 1000);
	fixture_write(&t, 100);
	expect_tx(&t, .seq = 1, .len = 100);
	rx(&t, .seq = 90001, .ack = 101, .wnd = 0);
	assert_int_equal(tcp_in_flight(t.t), 100);
	assert_int_equal(t.t->snd_wnd, 65535);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reset_at_exactly_rcv_nxt_ends_every_synchronized_state),
		cmocka_unit_test(a_reset_elsewhere_in_the_window_is_challenged_in_every_state),
		cmocka_unit_test(a_reset_outside_the_window_is_dropped_without_a_word),
		cmocka_unit_test(a_reset_is_obeyed_with_a_closed_window_and_with_payload),
		cmocka_unit_test(challenges_are_limited_to_three_a_second),
		cmocka_unit_test(a_syn_in_the_window_is_challenged),
		cmocka_unit_test(the_old_syn_again_is_answered_with_an_ack),
		cmocka_unit_test(old_data_is_acknowledged_every_time),
		cmocka_unit_test(so_are_a_byte_and_a_fin),
		cmocka_unit_test(a_keep_alive_is_acknowledged_every_time),
		cmocka_unit_test(data_beyond_the_window_is_dropped_and_challenged),
		cmocka_unit_test(a_segment_is_trimmed_to_what_is_new),
		cmocka_unit_test(what_is_out_of_order_is_trimmed_at_the_right_edge),
		cmocka_unit_test(a_fin_exactly_at_the_right_edge_of_a_closed_window_is_accepted),
		cmocka_unit_test(a_segment_with_an_old_timestamp_is_dropped_and_acknowledged),
		cmocka_unit_test(segments_without_the_timestamps_that_were_agreed_are_taken),
		cmocka_unit_test(timestamps_are_compared_across_their_wrap),
		cmocka_unit_test(after_24_idle_days_an_old_timestamp_is_no_reason),
		cmocka_unit_test(after_24_idle_days_so_is_one_that_comes_out_of_order),
		cmocka_unit_test(nothing_of_an_unacceptable_segment_is_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
