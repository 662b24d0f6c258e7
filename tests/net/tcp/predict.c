/*
 * Header prediction: which segments are predicted, in and out, and that what follows is as without it.
 * That every frame is the same is tests/sim/same.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

static uint64_t received(const struct tcp_fixture *t)
{
	return fixture_counted(t, HOLM_COUNT_TCP_PREDICTED_RX);
}

static uint64_t sent(const struct tcp_fixture *t)
{
	return fixture_counted(t, HOLM_COUNT_TCP_PREDICTED_TX);
}

/* A request and its answer: after this the connection has sent and may be predicted. */
static void talk(struct tcp_fixture *t)
{
	rx(t, .len = 10);
	expect_tx(t, .seq = 1, .ack = 11); /* the peer's slow start waits for it */
	fixture_write(t, 20);
	expect_tx(t, .seq = 1, .ack = 11, .len = 20);
}

static void a_request_and_its_answer_are_predicted_from_the_second_on(void **state)
{
	struct tcp_fixture t;
	uint64_t in, out;

	(void)state;
	established(&t, .peer_sack = true, .nodelay = true);
	talk(&t);
	in = received(&t);
	out = sent(&t);
	rx(&t, .seq = 11, .ack = 21, .len = 10);
	fixture_write(&t, 20);
	expect_tx(&t, .seq = 21, .ack = 21, .len = 20);
	assert_int_equal(received(&t) - in, 1);
	assert_int_equal(sent(&t) - out, 1);
	assert_int_equal(t.rcv.tail, 20);
	finish(&t);
}

static void timestamps_are_told_and_taken(void **state)
{
	struct tcp_fixture t;
	uint64_t in, out;

	(void)state;
	established(&t, .peer_sack = true, .peer_ts = true, .nodelay = true);
	talk(&t);
	in = received(&t);
	out = sent(&t);
	t.tsval += 7;
	rx(&t, .seq = 11, .ack = 21, .len = 10);
	fixture_write(&t, 20);
	expect_tx(&t, .seq = 21, .ack = 21, .len = 20, .ts = true, .tsecr = t.tsval);
	assert_int_equal(t.t->ts_recent, t.tsval);
	assert_int_equal(received(&t) - in, 1);
	assert_int_equal(sent(&t) - out, 1);
	finish(&t);
}

static void what_is_not_next_takes_the_steps(void **state)
{
	struct tcp_fixture t;
	uint64_t in;

	(void)state;
	established(&t, .peer_sack = true, .nodelay = true);
	talk(&t);
	in = received(&t);
	rx(&t, .seq = 21, .ack = 21, .len = 10); /* a hole */
	rx(&t, .seq = 11, .ack = 21, .len = 10); /* filled */
	rx(&t, .seq = 11, .ack = 21, .len = 10); /* old */
	rx(&t, .seq = 31, .ack = 21);		 /* no text, no news */
	assert_int_equal(received(&t) - in, 0);
	assert_int_equal(t.rcv.tail, 30);
	fixture_skip(&t);
	finish(&t);
}

static void an_old_timestamp_is_not_what_was_expected(void **state)
{
	struct tcp_fixture t;
	uint64_t in;

	(void)state;
	established(&t, .peer_sack = true, .peer_ts = true, .nodelay = true);
	talk(&t);
	in = received(&t);
	rx(&t, .seq = 11, .ack = 21, .len = 10, .tsval = t.tsval - 1);
	assert_int_equal(received(&t) - in, 0);
	assert_int_equal(t.rcv.tail, 10);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_PAWS), 1);
	fixture_skip(&t);
	finish(&t);
}

static void what_no_window_has_room_for_is_not_predicted(void **state)
{
	struct tcp_fixture t;
	uint64_t out;

	(void)state;
	established(&t, .peer_sack = true, .nodelay = true, .peer_wnd = 30);
	talk(&t);
	out = sent(&t);
	fixture_write(&t, 20);
	assert_int_equal(sent(&t) - out, 0);
	fixture_skip(&t);
	finish(&t);
}

static void the_last_bytes_before_a_fin_are_not_predicted(void **state)
{
	struct tcp_fixture t;
	uint64_t out;

	(void)state;
	established(&t, .peer_sack = true, .nodelay = true);
	talk(&t);
	out = sent(&t);
	holm_pattern_sndbuf_write(&t.snd, 20);
	assert_int_equal(holm_tcp_shutdown(t.t), 0);
	lab_poll(&t.lab);
	expect_tx(&t, .seq = 21, .len = 20, .flags = TCP_ACK | TCP_FIN);
	assert_int_equal(sent(&t) - out, 0);
	finish(&t);
}

static void what_has_left_makes_room_below_a_mark(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_sack = true, .nodelay = true);
	talk(&t);
	rx(&t, .seq = 11, .ack = 21);
	assert_int_equal(holm_tcp_set_option(t.t, HOLM_TCP_OPT_NOTSENT_LOWAT, 10), 0);
	holm_pattern_sndbuf_write(&t.snd, 20);
	holm_tcp_send(t.t);
	assert_false(t.t->ep.state & HOLM_WRITABLE);
	lab_poll(&t.lab);
	expect_tx(&t, .seq = 21, .len = 20);
	assert_true(t.t->ep.state & HOLM_WRITABLE);
	finish(&t);
}

static void nothing_is_predicted_where_that_is_off(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_sack = true, .nodelay = true);
	t.lab.net->tcp->unpredicted = true;
	talk(&t);
	rx(&t, .seq = 11, .ack = 21, .len = 10);
	fixture_write(&t, 20);
	expect_tx(&t, .seq = 21, .ack = 21, .len = 20);
	assert_int_equal(received(&t) + sent(&t), 0);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_and_its_answer_are_predicted_from_the_second_on),
		cmocka_unit_test(timestamps_are_told_and_taken),
		cmocka_unit_test(what_is_not_next_takes_the_steps),
		cmocka_unit_test(an_old_timestamp_is_not_what_was_expected),
		cmocka_unit_test(what_no_window_has_room_for_is_not_predicted),
		cmocka_unit_test(the_last_bytes_before_a_fin_are_not_predicted),
		cmocka_unit_test(what_has_left_makes_room_below_a_mark),
		cmocka_unit_test(nothing_is_predicted_where_that_is_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
