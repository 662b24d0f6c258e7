/*
 * TCP Fast Open: RFC 7413.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

/* The Fast Open option of the last frame that was sent: its cookie's length, or -1. */
static int sent_cookie(const struct tcp_fixture *t, uint8_t *cookie)
{
	const uint8_t *tcp = t->lab.sent[t->lab.nsent - 1].data + 34;
	const uint8_t *opt = tcp_option_find(tcp, (size_t)(tcp[12] >> 4) * 4, TCP_OPT_FASTOPEN);

	if (!opt)
		return -1;
	memcpy(cookie, opt + 2, opt[1] - 2u);
	return opt[1] - 2;
}

/* ---- Server -------------------------------------------------------------------------------------- */

/* A listener with Fast Open, and what its cookie for the peer is. */
static void server(struct tcp_fixture *t, uint32_t queue, uint8_t cookie[TCP_FAST_COOKIE_MAX])
{
	fixture_only(t, .no_ts = true, .nodelay = true);
	assert_int_equal(holm_tcp_set_option(t->listener, HOLM_TCP_OPT_FASTOPEN, queue), 0);
	rx(t, .flags = TCP_SYN, .seq = 0, .mss = 1000, .sport = 9, .fast = true);
	assert_int_equal(sent_cookie(t, cookie), TCP_FAST_COOKIE);
	rx(t, .flags = TCP_RST, .seq = 1, .sport = 9);
	assert_int_equal(fixture_halves(t), 0);
	fixture_skip(t);
}

/* A SYN with data, the program takes the connection in the same round. */
static void open_fast(struct tcp_fixture *t, uint32_t len)
{
	uint8_t cookie[TCP_FAST_COOKIE_MAX];

	server(t, 10, cookie);
	rx(t, .flags = TCP_SYN, .seq = 0, .mss = 1000, .len = len, .fast = true, .fast_len = 8,
	   .fast_cookie = cookie, .quiet = true);
	assert_int_equal(fixture_halves(t), 0);
	fixture_accept(t);
	t->iss = t->t->snd_una.v - 1;
	t->peer_nxt = 1 + len;
	t->peer_seen = 1;
	assert_int_equal(t->t->state, HOLM_TCP_SYN_RECEIVED);
	assert_true(holm_tcp_ready(t->t) & HOLM_WRITABLE);
}

static void data_of_a_syn_is_read_and_answered_before_the_handshake_is_over(void **state)
{
	struct tcp_fixture t;

	(void)state;
	open_fast(&t, 100);
	assert_int_equal(t.rcv.tail, 100);
	fixture_write(&t, 500);
	expect_tx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 101);
	expect_tx(&t, .seq = 1, .ack = 101, .len = 500);
	rx(&t, .seq = 101, .ack = 501);
	assert_int_equal(t.t->state, HOLM_TCP_ESTABLISHED);
	assert_int_equal(t.lab.net->tcp->nfast, 0);
	assert_int_equal(tcp_in_flight(t.t), 0);
	finish(&t);
}

static void a_lost_syn_ack_is_sent_again_and_then_the_data(void **state)
{
	struct tcp_fixture t;

	(void)state;
	open_fast(&t, 100);
	fixture_write(&t, 500);
	fixture_skip(&t);
	fixture_wait_sent(&t, 1200);
	expect_tx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 101);
	rx(&t, .seq = 101, .ack = 1);
	assert_int_equal(t.t->state, HOLM_TCP_ESTABLISHED);
	fixture_wait_sent(&t, 4000);
	expect_tx(&t, .seq = 1, .ack = 101, .len = 500);
	rx(&t, .seq = 101, .ack = 501);
	assert_int_equal(tcp_in_flight(t.t), 0);
	finish(&t);
}

static void a_wrong_cookie_is_a_plain_handshake_with_the_right_one(void **state)
{
	uint8_t cookie[TCP_FAST_COOKIE_MAX], again[TCP_FAST_COOKIE_MAX];
	struct tcp_fixture t;

	(void)state;
	server(&t, 10, cookie);
	cookie[3] ^= 1;
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000, .len = 10, .fast = true, .fast_len = 8,
	   .fast_cookie = cookie);
	assert_int_equal(fixture_halves(&t), 1);
	assert_int_equal(sent_cookie(&t, again), TCP_FAST_COOKIE);
	cookie[3] ^= 1;
	assert_memory_equal(cookie, again, TCP_FAST_COOKIE);
	assert_int_equal(holm_net_counter(t.lab.net, HOLM_COUNT_TCP_FAST_OPENS), 0);
	finish(&t);
}

static void those_that_wait_for_their_handshake_are_bounded(void **state)
{
	uint8_t cookie[TCP_FAST_COOKIE_MAX];
	struct tcp_fixture t;

	(void)state;
	server(&t, 2, cookie);
	for (uint16_t i = 0; i < 4; i++)
		rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000, .sport = (uint16_t)(4100 + i),
		   .len = 10, .fast = true, .fast_len = 8, .fast_cookie = cookie);
	assert_int_equal(t.lab.net->tcp->nfast, 2);
	assert_int_equal(fixture_halves(&t), 2);
	/* A reset makes room. */
	rx(&t, .flags = TCP_RST, .seq = 11, .sport = 4100);
	rx(&t, .flags = TCP_RST, .seq = 1, .sport = 4100);
	assert_int_equal(t.lab.net->tcp->nfast, 1);
	finish(&t);
}

static void without_the_option_of_the_listener_a_cookie_is_nothing(void **state)
{
	struct tcp_fixture t;
	uint8_t none[TCP_FAST_COOKIE_MAX];

	(void)state;
	fixture_only(&t, .no_ts = true);
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000, .fast = true);
	assert_int_equal(fixture_halves(&t), 1);
	assert_int_equal(sent_cookie(&t, none), -1);
	finish(&t);
}

/* ---- Client -------------------------------------------------------------------------------------- */

static const uint8_t theirs[] = { 1, 2, 3, 4, 5, 6 };

/* A new connection with bytes queued, its SYN is sent. */
static void client_of(struct tcp_fixture *t, unsigned host)
{
	struct holm_endpoint remote = { .addr = lab_addr(host), .port = FIX_PEER_PORT };
	struct holm_endpoint local = { .addr = lab_addr(1), .port = FIX_PORT };

	assert_int_equal(holm_tcp_open(t->lab.net, &t->t), 0);
	assert_int_equal(holm_tcp_bind(t->t, &local, HOLM_TCP_REUSEADDR), 0);
	assert_int_equal(holm_tcp_set_option(t->t, HOLM_TCP_OPT_FASTOPEN_CONNECT, 1), 0);
	holm_tcp_set_option(t->t, HOLM_TCP_OPT_TIMESTAMPS, 0);
	fixture_attach(t);
	assert_int_equal(holm_pattern_sndbuf_write(&t->snd, 300), 300);
	assert_int_equal(holm_tcp_connect(t->t, &remote), 0);
	t->iss = t->t->snd_una.v;
	t->peer_nxt = 0;
	fixture_skip(t);
	lab_poll(&t->lab);
}

static void client(struct tcp_fixture *t)
{
	client_of(t, 2);
}

static void forget(struct tcp_fixture *t)
{
	holm_tcp_abort(t->t);
	t->t = NULL;
	lab_poll(&t->lab);
	fixture_skip(t);
}

/* A connection asks and is given a cookie. */
static void given(struct tcp_fixture *t, const uint8_t *cookie, uint8_t len)
{
	uint8_t none[TCP_FAST_COOKIE_MAX];

	client(t);
	assert_int_equal(sent_cookie(t, none), 0);
	expect_tx(t, .flags = TCP_SYN, .seq = 0, .mss = 1460);
	rx(t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1, .mss = 1000, .fast = true,
	   .fast_len = len, .fast_cookie = cookie);
	expect_tx(t, .seq = 1, .ack = 1, .len = 300);
	forget(t);
}

static void no_server(struct tcp_fixture *t)
{
	fixture_only(t, .no_ts = true);
	holm_tcp_close(t->listener);
	t->listener = NULL;
}

static void has_cookie(struct tcp_fixture *t)
{
	no_server(t);
	given(t, theirs, sizeof(theirs));
}

static void a_client_that_has_a_cookie_sends_data_with_its_syn(void **state)
{
	uint8_t cookie[TCP_FAST_COOKIE_MAX];
	struct tcp_fixture t;

	(void)state;
	has_cookie(&t);
	client(&t);
	assert_int_equal(sent_cookie(&t, cookie), sizeof(theirs));
	assert_memory_equal(cookie, theirs, sizeof(theirs));
	assert_int_equal(t.t->flight->syn_data, 300);
	t.cursor = t.lab.nsent;
	rx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 301, .mss = 1000);
	assert_int_equal(t.t->state, HOLM_TCP_ESTABLISHED);
	assert_int_equal(tcp_queued_bytes(t.t), 0);
	t.peer_nxt = 1;
	t.peer_seen = 301;
	expect_tx(&t, .seq = 301, .ack = 1);
	fixture_write(&t, 10);
	expect_tx(&t, .seq = 301, .ack = 1, .len = 10);
	finish(&t);
}

static void on_a_link_of_the_smallest_packets_no_data_goes_with_a_syn(void **state)
{
	uint8_t cookie[TCP_FAST_COOKIE_MAX];
	struct tcp_fixture t;

	(void)state;
	has_cookie(&t);
	t.lab.dev.caps.mtu = 68;
	holm_net_link_changed(t.lab.net, &t.lab.dev);
	client(&t);
	assert_int_equal(sent_cookie(&t, cookie), sizeof(theirs));
	assert_int_equal(t.t->flight->syn_data, 0);
	finish(&t);
}

static void what_the_server_did_not_take_is_sent_again(void **state)
{
	struct tcp_fixture t;

	(void)state;
	for (uint32_t taken = 0; taken < 300; taken += 100) {
		has_cookie(&t);
		client(&t);
		t.cursor = t.lab.nsent;
		rx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1 + taken, .mss = 1000);
		expect_tx(&t, .seq = 1 + taken, .ack = 1, .len = 300 - taken);
		finish(&t);
	}
}

static void an_ack_beyond_the_data_of_a_syn_is_refused(void **state)
{
	struct tcp_fixture t;

	(void)state;
	has_cookie(&t);
	client(&t);
	t.cursor = t.lab.nsent;
	rx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 302, .mss = 1000);
	expect_tx(&t, .flags = TCP_RST, .seq = 302);
	assert_int_equal(t.t->state, HOLM_TCP_SYN_SENT);
	finish(&t);
}

static void a_syn_that_is_lost_is_sent_again_without_and_the_server_left_alone(void **state)
{
	uint8_t none[TCP_FAST_COOKIE_MAX];
	struct tcp_fixture t;

	(void)state;
	has_cookie(&t);
	client(&t);
	t.cursor = t.lab.nsent;
	fixture_wait_sent(&t, 1200);
	expect_tx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1460);
	assert_int_equal(sent_cookie(&t, none), -1);
	forget(&t);
	client(&t);
	assert_int_equal(sent_cookie(&t, none), -1);
	expect_tx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1460);
	forget(&t);
	/* An hour later it is asked for a cookie again. */
	fixture_wait_ms(&t, 3601000);
	client(&t);
	assert_int_equal(sent_cookie(&t, none), 0);
	finish(&t);
}

/* RFC 7413 4.1.1: 4 to 16 bytes, an even number of them. */
static void a_cookie_of_an_impossible_length_is_none(void **state)
{
	static const uint8_t bytes[18] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	uint8_t cookie[TCP_FAST_COOKIE_MAX];

	(void)state;
	for (uint8_t len = 1; len <= sizeof(bytes); len++) {
		bool good = len >= 4 && len <= 16 && len % 2 == 0;
		struct tcp_fixture t;

		no_server(&t);
		given(&t, bytes, len);
		client(&t);
		assert_int_equal(sent_cookie(&t, cookie), good ? len : 0);
		if (good)
			assert_memory_equal(cookie, bytes, len);
		finish(&t);
	}
}

static void a_cookie_is_shown_to_nobody_but_who_gave_it(void **state)
{
	uint8_t cookie[TCP_FAST_COOKIE_MAX];
	struct tcp_fixture t;
	struct tcp_state *ts;
	uint32_t place = 0;
	unsigned host = 2;

	(void)state;
	has_cookie(&t);
	ts = t.lab.net->tcp;
	assert_true(ts->fastopen->knows(t.lab.net, (const struct holm_addr[]){ lab_addr(2) }));
	for (; host < 250; host++) {
		struct tcp_tuple ends = { .remote = lab_addr(host), .local = lab_addr(host) };
		uint32_t at = tcp_hash(t.lab.net, &ends) % 64;

		if (host == 2)
			place = at;
		else if (at == place)
			break;
	}
	/* One whose place is the same. */
	assert_in_range(host, 3, 249);
	assert_false(ts->fastopen->knows(t.lab.net, (const struct holm_addr[]){ lab_addr(host) }));
	lab_introduce(&t.lab, host);
	client_of(&t, host);
	assert_int_equal(sent_cookie(&t, cookie), 0);
	assert_int_equal(t.t->flight->syn_data, 0);
	forget(&t);
	/* It has given none yet, so the place is not its. */
	client(&t);
	assert_int_equal(sent_cookie(&t, cookie), sizeof(theirs));
	finish(&t);
}

/* The SYN of a connection that shows a cookie is lost. */
static void lose_a_syn(struct tcp_fixture *t)
{
	uint8_t cookie[TCP_FAST_COOKIE_MAX];

	client(t);
	assert_int_equal(sent_cookie(t, cookie), sizeof(theirs));
	t->cursor = t->lab.nsent;
	fixture_wait_sent(t, 1200);
	expect_tx(t, .flags = TCP_SYN, .seq = 0, .mss = 1460);
	forget(t);
}

/* Does the SYN have the option now? */
static bool tries(struct tcp_fixture *t)
{
	uint8_t cookie[TCP_FAST_COOKIE_MAX];
	bool has;

	assert_true(t->lab.nsent < LAB_SENT_MAX - 16);
	client(t);
	has = sent_cookie(t, cookie) >= 0;
	forget(t);
	return has;
}

/* RFC 7413 4.1.3.1. */
static void a_server_is_left_alone_for_twice_as_long_until_it_takes_data(void **state)
{
	struct tcp_fixture t;

	(void)state;
	has_cookie(&t);
	lose_a_syn(&t);
	assert_false(tries(&t));
	fixture_wait_ms(&t, 3600000);
	assert_true(tries(&t));
	given(&t, theirs, sizeof(theirs));
	lose_a_syn(&t);
	fixture_wait_ms(&t, 7100000);
	assert_false(tries(&t));
	fixture_wait_ms(&t, 100000);
	assert_true(tries(&t));
	/* A cookie alone is no success, data that was taken is. */
	given(&t, theirs, sizeof(theirs));
	client(&t);
	t.cursor = t.lab.nsent;
	rx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 301, .mss = 1000);
	forget(&t);
	lose_a_syn(&t);
	fixture_wait_ms(&t, 3600000);
	assert_true(tries(&t));
	finish(&t);
}

static void a_plain_syn_that_is_lost_says_nothing_of_fast_open(void **state)
{
	struct holm_endpoint remote = { .addr = lab_addr(2), .port = FIX_PEER_PORT };
	struct tcp_fixture t;

	(void)state;
	has_cookie(&t);
	assert_int_equal(holm_tcp_open(t.lab.net, &t.t), 0);
	assert_int_equal(holm_tcp_connect(t.t, &remote), 0);
	fixture_wait_ms(&t, 4000);
	forget(&t);
	assert_true(tries(&t));
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_of_a_syn_is_read_and_answered_before_the_handshake_is_over),
		cmocka_unit_test(a_lost_syn_ack_is_sent_again_and_then_the_data),
		cmocka_unit_test(a_wrong_cookie_is_a_plain_handshake_with_the_right_one),
		cmocka_unit_test(those_that_wait_for_their_handshake_are_bounded),
		cmocka_unit_test(without_the_option_of_the_listener_a_cookie_is_nothing),
		cmocka_unit_test(a_client_that_has_a_cookie_sends_data_with_its_syn),
		cmocka_unit_test(on_a_link_of_the_smallest_packets_no_data_goes_with_a_syn),
		cmocka_unit_test(what_the_server_did_not_take_is_sent_again),
		cmocka_unit_test(an_ack_beyond_the_data_of_a_syn_is_refused),
		cmocka_unit_test(
			a_syn_that_is_lost_is_sent_again_without_and_the_server_left_alone),
		cmocka_unit_test(a_cookie_of_an_impossible_length_is_none),
		cmocka_unit_test(a_cookie_is_shown_to_nobody_but_who_gave_it),
		cmocka_unit_test(a_server_is_left_alone_for_twice_as_long_until_it_takes_data),
		cmocka_unit_test(a_plain_syn_that_is_lost_says_nothing_of_fast_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
