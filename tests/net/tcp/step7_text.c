/*
 * Text and FIN: reassembly, SACK, refusing buffers, text before a buffer is there and after close.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

static void what_comes_out_of_order_is_put_together(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .seq = 201, .len = 100);
	expect_tx(&t, .seq = 1, .ack = 1);
	rx(&t, .seq = 101, .len = 100);
	expect_tx(&t, .seq = 1, .ack = 1);
	assert_int_equal(t.rcv.tail, 0);
	rx(&t, .seq = 1, .len = 100);
	expect_tx(&t, .seq = 1, .ack = 301);
	assert_int_equal(t.rcv.tail, 300);
	assert_null(t.t->flight->reasm);
	finish(&t);
}

static void sack_announces_the_latest_range_first(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_sack = true);
	rx(&t, .seq = 201, .len = 100);
	expect_tx(&t, .seq = 1, .ack = 1, .nsack = 1, .sack = { { 201, 301 } });
	rx(&t, .seq = 401, .len = 100);
	expect_tx(&t, .seq = 1, .ack = 1, .nsack = 2, .sack = { { 401, 501 }, { 201, 301 } });
	rx(&t, .seq = 301, .len = 50);
	expect_tx(&t, .seq = 1, .ack = 1, .nsack = 2, .sack = { { 201, 351 }, { 401, 501 } });
	rx(&t, .seq = 1, .len = 200);
	expect_tx(&t, .seq = 1, .ack = 351, .nsack = 1, .sack = { { 401, 501 } });
	finish(&t);
}

static void beside_timestamps_three_blocks_fit(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_sack = true, .peer_ts = true);
	for (unsigned i = 1; i <= 5; i++)
		rx(&t, .seq = 1 + i * 200, .len = 100);
	fixture_skip(&t);
	rx(&t, .seq = 1201, .len = 100);
	expect_tx(&t, .seq = 1, .ack = 1, .nsack = 3,
		  .sack = { { 1201, 1301 }, { 1001, 1101 }, { 801, 901 } });
	finish(&t);
}

static void without_agreement_no_sack_is_sent(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .seq = 201, .len = 100);
	expect_tx(&t, .seq = 1, .ack = 1, .nsack = 0);
	finish(&t);
}

static void bytes_that_were_promised_are_never_overwritten(void **state)
{
	struct tcp_fixture t;
	uint8_t before;

	(void)state;
	/* A pattern receive buffer counts what does not match: a second copy is not even offered. */
	established(&t);
	rx(&t, .seq = 101, .len = 100);
	rx(&t, .seq = 51, .len = 200);
	rx(&t, .seq = 101, .len = 50);
	before = (uint8_t)t.t->flight->reasm->n;
	assert_int_equal(before, 1);
	assert_int_equal(t.t->flight->reasm->ranges[0].left.v, 51);
	assert_int_equal(t.t->flight->reasm->ranges[0].right.v, 251);
	finish(&t);
}

static void ranges_are_bounded_and_in_order_text_still_arrives(void **state)
{
	struct holm_config config;
	struct tcp_fixture t;

	(void)state;
	holm_config_default(&config);
	config.tcp_ranges_max = 4;
	established(&t, .config = &config);
	for (unsigned i = 1; i <= 10; i++)
		rx(&t, .seq = 1 + i * 20, .len = 10);
	assert_int_equal(t.t->flight->reasm->n, 4);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_REASSEMBLY), 6);
	rx(&t, .seq = 1, .len = 10);
	assert_int_equal(t.rcv.tail, 10);
	rx(&t, .seq = 11, .len = 10);
	assert_int_equal(t.rcv.tail, 30);
	finish(&t);
}

static void a_window_that_shuts_and_opens_is_announced(void **state)
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
	fixture_wait_ms(&t, 50);
	fixture_skip(&t);
	/* One byte read is not worth a window: silly. Half of the buffer is. */
	fixture_read(&t, 1);
	expect_silence(&t);
	fixture_read(&t, 40000);
	expect_tx(&t, .seq = 1, .ack = 65536, .wnd = 40001);
	finish(&t);
}

static void a_probe_of_our_closed_window_is_answered(void **state)
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
	for (unsigned i = 0; i < 20; i++) {
		rx(&t, .len = 1);
		expect_tx(&t, .seq = 1, .ack = 65536, .wnd = 0);
	}
	finish(&t);
}

/* ---- Before a buffer is there -------------------------------------------------------------------- */

static void text_before_the_buffer_is_set_aside_and_not_lost(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .no_attach = true);
	rx(&t, .len = 100);
	rx(&t, .seq = 101, .len = 100);
	rx(&t, .seq = 201, .len = 100, .flags = TCP_FIN | TCP_ACK);
	expect_silence(&t); /* nothing promised, nothing acknowledged */
	assert_int_equal(t.t->flight->held_frames, 3);
	fixture_attach(&t);
	assert_int_equal(t.rcv.tail, 300);
	assert_int_equal(t.t->state, HOLM_TCP_CLOSE_WAIT);
	lab_poll(&t.lab);
	expect_tx(&t, .seq = 1, .ack = 302);
	expect_silence(&t);
	finish(&t);
}

static void a_request_with_the_ack_of_the_handshake_waits_for_accept(void **state)
{
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000);
	t.iss = fixture_half(&t, 0)->iss.v;
	expect_tx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1);
	rx(&t, .seq = 1, .len = 64);
	fixture_accept(&t);
	assert_int_equal(t.rcv.tail, 64);
	assert_true(holm_tcp_ready(t.t) & HOLM_READABLE);
	finish(&t);
}

static void no_more_is_set_aside_than_was_promised(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .no_attach = true);
	for (unsigned i = 0; i < 40; i++)
		rx(&t, .seq = 1 + i * 10, .len = 10);
	assert_int_equal(t.t->flight->held_frames, TCP_HELD_MAX);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_RCVBUF), 40 - TCP_HELD_MAX);
	finish(&t);
}

static void a_buffer_smaller_than_the_promise_takes_what_it_can(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .no_attach = true, .rcvbuf = 150);
	rx(&t, .len = 100);
	rx(&t, .seq = 101, .len = 100);
	fixture_attach(&t);
	assert_int_equal(t.rcv.tail, 150);
	assert_true(fixture_drops(&t, HOLM_DROP_TCP_RCVBUF) > 0);
	lab_poll(&t.lab);
	expect_tx(&t, .seq = 1, .ack = 151);
	finish(&t);
}

/* ---- After close --------------------------------------------------------------------------------- */

static void text_after_close_is_answered_with_a_reset(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	holm_tcp_close(t.t);
	t.t = NULL;
	lab_poll(&t.lab);
	expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1);
	rx(&t, .len = 10, .ack = 2);
	expect_tx(&t, .flags = TCP_RST, .seq = 2);
	assert_int_equal(t.lab.net->tcp->nconns, 1);
	assert_int_equal(t.rcv_released, 1);
	assert_int_equal(t.snd_released, 1);
	finish(&t);
}

static void a_fin_of_two_super_segments_arrives_once(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .flags = TCP_FIN | TCP_ACK, .len = 10);
	expect_tx(&t, .seq = 1, .ack = 12);
	rx(&t, .flags = TCP_FIN | TCP_ACK, .len = 10);
	expect_tx(&t, .seq = 1, .ack = 12);
	assert_int_equal(t.rcv.tail, 10);
	assert_int_equal(t.t->state, HOLM_TCP_CLOSE_WAIT);
	finish(&t);
}

static void a_fin_ahead_of_its_text_is_not_believed(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .seq = 101, .flags = TCP_FIN | TCP_ACK);
	assert_int_equal(t.t->state, HOLM_TCP_ESTABLISHED);
	rx(&t, .seq = 1, .len = 100);
	assert_int_equal(t.t->state, HOLM_TCP_ESTABLISHED);
	rx(&t, .seq = 101, .flags = TCP_FIN | TCP_ACK);
	assert_int_equal(t.t->state, HOLM_TCP_CLOSE_WAIT);
	finish(&t);
}

static void text_behind_the_fin_is_ignored(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .flags = TCP_FIN | TCP_ACK);
	t.peer_nxt = 2;
	fixture_skip(&t);
	rx(&t, .len = 100);
	assert_int_equal(t.rcv.tail, 0);
	assert_int_equal(t.t->rcv_nxt.v - t.peer_iss, 2);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_out_of_order_is_put_together),
		cmocka_unit_test(sack_announces_the_latest_range_first),
		cmocka_unit_test(beside_timestamps_three_blocks_fit),
		cmocka_unit_test(without_agreement_no_sack_is_sent),
		cmocka_unit_test(bytes_that_were_promised_are_never_overwritten),
		cmocka_unit_test(ranges_are_bounded_and_in_order_text_still_arrives),
		cmocka_unit_test(a_window_that_shuts_and_opens_is_announced),
		cmocka_unit_test(a_probe_of_our_closed_window_is_answered),
		cmocka_unit_test(text_before_the_buffer_is_set_aside_and_not_lost),
		cmocka_unit_test(a_request_with_the_ack_of_the_handshake_waits_for_accept),
		cmocka_unit_test(no_more_is_set_aside_than_was_promised),
		cmocka_unit_test(a_buffer_smaller_than_the_promise_takes_what_it_can),
		cmocka_unit_test(text_after_close_is_answered_with_a_reset),
		cmocka_unit_test(a_fin_of_two_super_segments_arrives_once),
		cmocka_unit_test(a_fin_ahead_of_its_text_is_not_believed),
		cmocka_unit_test(text_behind_the_fin_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
