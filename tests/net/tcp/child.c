/*
 * The ACK that completes a handshake.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

/* A half-open record of a listener that defers. */
static void deferred(struct tcp_fixture *t, uint32_t seconds)
{
	fixture_only(t);
	assert_int_equal(holm_tcp_set_option(t->listener, HOLM_TCP_OPT_DEFER_ACCEPT_S, seconds), 0);
	rx(t, .flags = TCP_SYN, .seq = 0, .mss = 1000);
	t->iss = fixture_half(t, 0)->iss.v;
	expect_tx(t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1);
	t->peer_nxt = 1;
	t->peer_seen = 1;
}

static void a_deferred_connection_comes_with_its_data(void **state)
{
	struct tcp_fixture t;
	struct holm_tcp *child;

	(void)state;
	deferred(&t, 5);
	rx(&t, .ack = 1);
	assert_int_equal(fixture_halves(&t), 1);
	assert_int_equal(holm_tcp_accept(t.listener, &child), -HOLM_EAGAIN);
	expect_silence(&t);
	rx(&t, .seq = 1, .ack = 1, .len = 50);
	fixture_accept(&t);
	assert_int_equal(t.rcv.tail, 50);
	finish(&t);
}

static void an_answered_syn_ack_is_not_sent_again_before_the_time_is_over(void **state)
{
	struct tcp_fixture t;

	(void)state;
	/* Three retransmissions: 1, 3 and 7 seconds. */
	deferred(&t, 5);
	rx(&t, .ack = 1);
	fixture_wait_ms(&t, 6900);
	expect_silence(&t);
	fixture_wait_ms(&t, 200);
	expect_tx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1);
	/* From now on its ACK is enough. */
	rx(&t, .ack = 1);
	fixture_accept(&t);
	assert_int_equal(t.t->state, HOLM_TCP_ESTABLISHED);
	finish(&t);
}

static void a_handshake_that_was_deferred_is_no_round_trip_time(void **state)
{
	struct tcp_fixture t;

	(void)state;
	deferred(&t, 5);
	rx(&t, .ack = 1);
	fixture_wait_ms(&t, 800);
	rx(&t, .seq = 1, .ack = 1, .len = 50);
	fixture_accept(&t);
	assert_int_equal(t.t->rtt.srtt8, 0);
	finish(&t);
}

/* Ticks are rounded up when a record begins to wait, wherever in a tick that is. */
static void a_handshake_that_takes_less_than_a_tick_is_a_round_trip_time(void **state)
{
	(void)state;
	for (unsigned quarter = 0; quarter < 4; quarter++) {
		struct tcp_fixture t;

		fixture_only(&t);
		t.lab.now += (uint64_t)quarter << (TCP_TICK_SHIFT - 2);
		rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000);
		t.iss = fixture_half(&t, 0)->iss.v;
		expect_tx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1);
		t.peer_nxt = 1;
		t.peer_seen = 1;
		rx(&t, .ack = 1);
		fixture_accept(&t);
		assert_true(t.t->rtt.srtt8 > 0);
		finish(&t);
	}
}

/* RFC 9293 3.10.7.4, first: it is outside the window, or would be; the SYN-ACK says what is expected. */
static void another_syn_for_a_half_open_record_is_answered_and_counted(void **state)
{
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000);
	t.iss = fixture_half(&t, 0)->iss.v;
	expect_tx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1);
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000);
	expect_tx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_HALF_OPEN), 0);
	rx(&t, .flags = TCP_SYN, .seq = 70000, .mss = 1000);
	expect_tx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_HALF_OPEN), 1);
	assert_int_equal(fixture_halves(&t), 1);
	finish(&t);
}

/* RFC 7323 3.2: without the option a segment is dropped; Linux and we look at the handshake's ACK. */
static void timestamps_that_stop_after_the_syn_do_not_stop_the_handshake(void **state)
{
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	rx(&t, .flags = TCP_SYN, .seq = 0, .ts = true, .tsval = 9);
	t.iss = fixture_half(&t, 0)->iss.v;
	fixture_skip(&t);
	t.peer_nxt = 1;
	t.peer_seen = 1;
	rx(&t, .ack = 1, .no_ts = true);
	fixture_accept(&t);
	assert_int_equal(t.t->state, HOLM_TCP_ESTABLISHED);
	finish(&t);
}

/* Opens, as the i-th of many; NULL: nothing came of it. */
static struct holm_tcp *opened(struct tcp_fixture *t, uint16_t i)
{
	struct holm_tcp *child = NULL;

	rx(t, .flags = TCP_SYN, .seq = 0, .mss = 1000, .sport = (uint16_t)(5000 + i));
	if (fixture_halves(t) == 0)
		return NULL; /* not even for the SYN */
	t->iss = fixture_half(t, 0)->iss.v;
	rx(t, .seq = 1, .ack = 1, .sport = (uint16_t)(5000 + i));
	fixture_skip(t);
	return holm_tcp_accept(t->listener, &child) == 0 ? child : NULL;
}

/*
 * Whatever it is that there is no memory for: nothing is left behind, and the record waits for
 * another ACK.
 */
static void a_child_that_there_was_no_memory_for_is_made_by_a_later_ack(void **state)
{
	static struct holm_tcp *children[1000];
	unsigned failed = 0;

	(void)state;
	for (uint64_t k = 1; k < 8; k++) {
		struct tcp_fixture t;
		uint16_t n = 0;

		fixture_only(&t);
		t.lab.fail_from = t.lab.alloc_calls + k;
		while ((children[n] = opened(&t, n)) != NULL)
			assert_true(++n < ARRAY_LEN(children));
		t.lab.fail_from = 0;
		if (fixture_halves(&t) == 1) {
			failed++;
			assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_NO_MEMORY), 1);
			rx(&t, .seq = 1, .ack = 1, .sport = (uint16_t)(5000 + n));
			assert_int_equal(fixture_halves(&t), 0);
			assert_int_equal(holm_tcp_accept(t.listener, &children[n++]), 0);
		}
		assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_PASSIVE_OPENS), n);
		for (unsigned i = 0; i < n; i++)
			holm_tcp_abort(children[i]);
		lab_poll(&t.lab);
		fixture_skip(&t);
		finish(&t);
	}
	assert_true(failed > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deferred_connection_comes_with_its_data),
		cmocka_unit_test(an_answered_syn_ack_is_not_sent_again_before_the_time_is_over),
		cmocka_unit_test(a_handshake_that_was_deferred_is_no_round_trip_time),
		cmocka_unit_test(a_handshake_that_takes_less_than_a_tick_is_a_round_trip_time),
		cmocka_unit_test(another_syn_for_a_half_open_record_is_answered_and_counted),
		cmocka_unit_test(timestamps_that_stop_after_the_syn_do_not_stop_the_handshake),
		cmocka_unit_test(a_child_that_there_was_no_memory_for_is_made_by_a_later_ack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
