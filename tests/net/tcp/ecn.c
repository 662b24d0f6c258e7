/*
 * ECN: RFC 3168. One instance marks as a router would, by rewriting what it sends to the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

#define SEW (TCP_SYN | TCP_ECE | TCP_CWR)

/* A connection with ECN, by a SYN that offers it. */
static void with_ecn(struct tcp_fixture *t)
{
	fixture_only(t, .rcvbuf = 0);
	t->peer_nxt = 0;
	rx(t, .flags = SEW, .ack = 0, .mss = 1000, .absolute = false);
}

/* The IP header's last two bits of the last frame sent. */
static unsigned last_ecn(const struct tcp_fixture *t)
{
	return t->lab.sent[t->lab.nsent - 1].data[15] & 3u;
}

static uint8_t last_flags(const struct tcp_fixture *t)
{
	return t->lab.sent[t->lab.nsent - 1].data[47];
}

static void a_syn_that_offers_ecn_is_answered_with_it(void **state)
{
	struct tcp_fixture t;

	(void)state;
	with_ecn(&t);
	assert_int_equal(last_flags(&t), TCP_SYN | TCP_ACK | TCP_ECE);
	/* RFC 3168 6.1.1: a SYN-ACK is not ECN-capable itself. */
	assert_int_equal(last_ecn(&t), 0);
	fixture_skip(&t);
	finish(&t);
}

static void ecn_on(struct tcp_fixture *t)
{
	established(t, .rcvbuf = 0);
	t->t->flags |= TCP_ECN;
}

static void new_data_may_be_marked_acks_and_repetitions_not(void **state)
{
	struct tcp_fixture t;

	(void)state;
	ecn_on(&t);
	fixture_write(&t, 1000);
	assert_int_equal(last_ecn(&t), 2);
	lab_run(&t.lab, 1200000000);
	assert_int_equal(last_ecn(&t), 0);
	fixture_skip(&t);
	rx(&t, .len = 2000);
	assert_int_equal(last_ecn(&t), 0);
	fixture_skip(&t);
	finish(&t);
}

static void an_echo_halves_the_window_once_a_round_trip_and_is_answered(void **state)
{
	struct tcp_fixture t;
	uint32_t cwnd;

	(void)state;
	ecn_on(&t);
	fixture_write(&t, 50000);
	fixture_skip(&t);
	assert_int_equal(tcp_in_flight(t.t), 10000);
	rx(&t, .flags = TCP_ACK | TCP_ECE, .ack = 1001);
	cwnd = t.t->cwnd;
	assert_in_range(cwnd, 4500, 5500);
	rx(&t, .flags = TCP_ACK | TCP_ECE, .ack = 2001);
	assert_int_equal(t.t->cwnd, cwnd);
	fixture_skip(&t);
	rx(&t, .ack = 9001);
	/* CWR on the first new segment, alone. */
	expect_tx(&t, .flags = TCP_ACK | TCP_CWR, .seq = 10001, .len = 1000);
	fixture_skip(&t);
	finish(&t);
}

static void a_mark_is_echoed_until_the_peer_has_reduced(void **state)
{
	struct tcp_fixture t;

	(void)state;
	ecn_on(&t);
	t.t->flight->ecn |= TCP_ECN_ECE_DUE;
	rx(&t, .len = 2000);
	expect_tx(&t, .flags = TCP_ACK | TCP_ECE, .seq = 1, .ack = 2001);
	t.peer_nxt = 2001;
	rx(&t, .flags = TCP_ACK | TCP_CWR, .len = 2000);
	expect_tx(&t, .seq = 1, .ack = 4001);
	finish(&t);
}

/* What is to be said keeps its block, and nobody awake; said, it goes with the block. */
static void an_echo_that_waits_wakes_nobody(void **state)
{
	struct tcp_fixture t;

	(void)state;
	ecn_on(&t);
	rx(&t, .len = 100);
	t.t->flight->ecn |= TCP_ECN_ECE_DUE;
	fixture_skip(&t);
	lab_run(&t.lab, 3000000000);
	assert_non_null(t.t->flight);
	assert_false(net_timer_is_armed(&t.t->flight->timer));
	t.peer_nxt = 101;
	rx(&t, .flags = TCP_ACK | TCP_CWR, .len = 100);
	fixture_skip(&t);
	lab_run(&t.lab, 3000000000);
	assert_null(t.t->flight);
	finish(&t);
}

/* The last reduction was half a circle of sequence numbers ago, less 1500. */
static void an_echo_of_long_ago_does_not_silence_one_now(void **state)
{
	struct tcp_fixture t;
	uint32_t cwnd;

	(void)state;
	ecn_on(&t);
	fixture_write(&t, 50000);
	t.t->flight->ecn |= TCP_ECN_REDUCED;
	t.t->flight->ecn_end = seq_sub(t.t->snd_una, 0x80000000u - 1500);
	rx(&t, .ack = 1001);
	rx(&t, .ack = 2001);
	cwnd = t.t->cwnd;
	rx(&t, .flags = TCP_ACK | TCP_ECE, .ack = 3001);
	assert_true(t.t->cwnd < cwnd);
	fixture_skip(&t);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_syn_that_offers_ecn_is_answered_with_it),
		cmocka_unit_test(new_data_may_be_marked_acks_and_repetitions_not),
		cmocka_unit_test(an_echo_halves_the_window_once_a_round_trip_and_is_answered),
		cmocka_unit_test(an_echo_that_waits_wakes_nobody),
		cmocka_unit_test(an_echo_of_long_ago_does_not_silence_one_now),
		cmocka_unit_test(a_mark_is_echoed_until_the_peer_has_reduced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
