/*
 * The fifth step: acceptable ACKs, what they acknowledge, windows, our FIN.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

static void an_ack_of_what_was_never_sent_is_challenged_and_dropped(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .ack = 2, .len = 10);
	expect_tx(&t, .seq = 1, .ack = 1);
	assert_int_equal(t.rcv.tail, 0);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_ACK_INVALID), 1);
	finish(&t);
}

static void a_segment_without_ack_is_dropped(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .flags = TCP_PSH, .len = 10);
	expect_silence(&t);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_ACK_MISSING), 1);
	finish(&t);
}

static void an_older_ack_is_ignored_but_its_text_is_not(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	fixture_write(&t, 100);
	expect_tx(&t, .seq = 1, .len = 100);
	rx(&t, .ack = 101);
	rx(&t, .ack = 1, .len = 10);
	assert_int_equal(t.rcv.tail, 10);
	assert_int_equal(t.t->snd_una.v - t.iss, 101);
	finish(&t);
}

static void an_ack_from_before_the_largest_window_is_challenged(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .ack = 1 - 70000u, .len = 10);
	expect_tx(&t, .seq = 1, .ack = 1);
	assert_int_equal(t.rcv.tail, 0);
	finish(&t);
}

static void an_ack_in_the_middle_of_a_segment_moves_the_left_edge_there(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	fixture_write(&t, 1000);
	expect_tx(&t, .seq = 1, .len = 1000);
	rx(&t, .ack = 501);
	assert_int_equal(holm_sndbuf_queued(&t.snd.base), 500);
	fixture_wait_ms(&t, 1500);
	expect_tx(&t, .seq = 501, .len = 500);
	rx(&t, .ack = 1001);
	assert_int_equal(tcp_in_flight(t.t), 0);
	finish(&t);
}

static void a_window_is_scaled_as_agreed(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_wscale = true, .wscale = 4);
	assert_int_equal(t.t->snd_wnd, 65535u << 4);
	rx(&t, .wnd = 100);
	assert_int_equal(t.t->snd_wnd, 1600);
	finish(&t);
}

static void the_window_of_an_older_segment_is_not_taken(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .len = 100, .wnd = 5000);
	t.peer_nxt = 101;
	rx(&t, .wnd = 4000);
	assert_int_equal(t.t->snd_wnd, 4000);
	rx(&t, .seq = 51, .len = 60, .wnd = 60000); /* older, reordered, with new bytes */
	assert_int_equal(t.t->snd_wnd, 4000);
	finish(&t);
}

static void a_peer_that_shrinks_its_window_loses_nothing(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	fixture_write(&t, 8000);
	assert_int_equal(fixture_skip(&t), 8);
	/* The window comes back to a quarter with all of it in flight: usable is negative. */
	rx(&t, .ack = 1001, .wnd = 2000);
	fixture_write(&t, 1000);
	expect_silence(&t);
	/* It reopens: at once new data, no collapse of the timeout. */
	t.peer_seen = 8001;
	rx(&t, .ack = 8001, .wnd = 65535);
	expect_tx(&t, .seq = 8001, .len = 1000);
	assert_int_equal(t.t->flight->retries, 0);
	finish(&t);
}

/* ---- Closing ------------------------------------------------------------------------------------- */

static void only_the_ack_of_our_fin_leaves_fin_wait_1(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	fixture_write(&t, 100);
	expect_tx(&t, .seq = 1, .len = 100);
	holm_tcp_shutdown(t.t);
	assert_int_equal(t.t->state, HOLM_TCP_FIN_WAIT_1);
	lab_poll(&t.lab);
	expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 101);
	rx(&t, .ack = 101);
	assert_int_equal(t.t->state, HOLM_TCP_FIN_WAIT_1);
	rx(&t, .ack = 102);
	assert_int_equal(t.t->state, HOLM_TCP_FIN_WAIT_2);
	finish(&t);
}

static void only_the_ack_of_our_fin_leaves_last_ack(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .flags = TCP_FIN | TCP_ACK);
	t.peer_nxt = 2;
	expect_tx(&t, .seq = 1, .ack = 2);
	assert_true(holm_tcp_ready(t.t) & HOLM_PEER_CLOSED);
	fixture_write(&t, 100);
	expect_tx(&t, .seq = 1, .len = 100, .ack = 2);
	holm_tcp_shutdown(t.t);
	lab_poll(&t.lab);
	expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 101);
	assert_int_equal(t.t->state, HOLM_TCP_LAST_ACK);
	rx(&t, .ack = 101);
	assert_int_equal(t.t->state, HOLM_TCP_LAST_ACK);
	rx(&t, .ack = 102);
	assert_int_equal(holm_tcp_state(t.t), HOLM_TCP_CLOSED);
	assert_int_equal(holm_tcp_take_error(t.t), 0);
	finish(&t);
}

static void both_ends_close_at_once_through_closing(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	holm_tcp_shutdown(t.t);
	lab_poll(&t.lab);
	expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1);
	rx(&t, .flags = TCP_FIN | TCP_ACK, .ack = 1);
	t.peer_nxt = 2;
	expect_tx(&t, .seq = 2, .ack = 2);
	assert_int_equal(t.t->state, HOLM_TCP_CLOSING);
	rx(&t, .ack = 2);
	assert_int_equal(holm_tcp_state(t.t), HOLM_TCP_CLOSED);
	assert_int_equal(tcp_records_count(&t.lab.net->tcp->records, TCP_KIND_TIME_WAIT), 1);
	expect_silence(&t);
	finish(&t);
}

static void sequence_numbers_may_wrap_anywhere(void **state)
{
	static const uint32_t near[] = { 0xffffffffu, 0xfffffffeu, 0xfffffc18u,
					 0x7fffffffu, 0x7ffffffeu, 0x7ffffc18u };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(near); i++) {
		struct tcp_fixture t;

		established(&t, .iss = near[i], .peer_iss = near[ARRAY_LEN(near) - 1 - i],
			    .nodelay = true);
		for (unsigned k = 0; k < 4; k++) {
			fixture_write(&t, 700);
			expect_tx(&t, .seq = 1 + k * 700, .len = 700);
			rx(&t, .len = 600);
			t.peer_nxt += 600;
			fixture_skip(&t);
		}
		assert_int_equal(t.rcv.tail, 2400);
		holm_tcp_shutdown(t.t);
		lab_poll(&t.lab);
		expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 2801, .ack = 2401);
		rx(&t, .flags = TCP_FIN | TCP_ACK);
		expect_tx(&t, .seq = 2802, .ack = 2402);
		assert_int_equal(holm_tcp_state(t.t), HOLM_TCP_CLOSED);
		finish(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ack_of_what_was_never_sent_is_challenged_and_dropped),
		cmocka_unit_test(a_segment_without_ack_is_dropped),
		cmocka_unit_test(an_older_ack_is_ignored_but_its_text_is_not),
		cmocka_unit_test(an_ack_from_before_the_largest_window_is_challenged),
		cmocka_unit_test(an_ack_in_the_middle_of_a_segment_moves_the_left_edge_there),
		cmocka_unit_test(a_window_is_scaled_as_agreed),
		cmocka_unit_test(the_window_of_an_older_segment_is_not_taken),
		cmocka_unit_test(a_peer_that_shrinks_its_window_loses_nothing),
		cmocka_unit_test(only_the_ack_of_our_fin_leaves_fin_wait_1),
		cmocka_unit_test(only_the_ack_of_our_fin_leaves_last_ack),
		cmocka_unit_test(both_ends_close_at_once_through_closing),
		cmocka_unit_test(sequence_numbers_may_wrap_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
