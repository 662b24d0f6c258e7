/*
 * The calls: what they refuse, what they promise about handles and buffers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/expect.h"
#include "tests/support/tcp_fixture.h"

static void a_bound_port_is_refused_to_others_but_not_with_reuseaddr(void **state)
{
	struct holm_endpoint any = { .addr = holm_addr_ip4(0, 0, 0, 0), .port = 99 };
	struct holm_endpoint one = { .addr = lab_addr(1), .port = 99 };
	struct holm_tcp *a, *b, *c;
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	holm_tcp_open(t.lab.net, &a);
	holm_tcp_open(t.lab.net, &b);
	holm_tcp_open(t.lab.net, &c);
	assert_int_equal(holm_tcp_bind(a, &any, 0), 0);
	assert_int_equal(holm_tcp_bind(b, &one, 0), -HOLM_EADDRINUSE);
	assert_int_equal(holm_tcp_bind(b, &one, HOLM_TCP_REUSEADDR), -HOLM_EADDRINUSE);
	assert_int_equal(holm_tcp_bind(a, &one, 0), -HOLM_EINVAL);
	holm_tcp_close(a);
	assert_int_equal(holm_tcp_bind(b, &one, HOLM_TCP_REUSEADDR), 0);
	assert_int_equal(holm_tcp_bind(c, &any, HOLM_TCP_REUSEADDR), 0);
	assert_int_equal(holm_tcp_listen(b, 4), 0);
	assert_int_equal(holm_tcp_listen(c, 4), -HOLM_EADDRINUSE);
	holm_tcp_close(b);
	assert_int_equal(holm_tcp_listen(c, 4), 0);
	holm_tcp_close(c);
	finish(&t);
}

static void only_a_local_address_can_be_bound(void **state)
{
	struct holm_endpoint other = { .addr = lab_addr(9), .port = 99 };
	struct holm_tcp *a;
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	holm_tcp_open(t.lab.net, &a);
	assert_int_equal(holm_tcp_bind(a, &other, 0), -HOLM_EADDRNOTAVAIL);
	holm_tcp_close(a);
	finish(&t);
}

static void bytes_that_a_buffer_brings_along_are_readable(void **state)
{
	struct holm_ring_rcvbuf rcv;
	struct tcp_fixture t;
	struct holm_tcp *a;

	(void)state;
	fixture_only(&t);
	holm_tcp_open(t.lab.net, &a);
	holm_ring_rcvbuf_init(&rcv, holm_net_memory(t.lab.net), 4096, NULL);
	assert_int_equal(holm_tcp_ready(a), 0);
	rcv.base.readable = 1;
	assert_int_equal(holm_tcp_attach(a, NULL, &rcv.base), 0);
	assert_int_equal(holm_tcp_ready(a), HOLM_READABLE);
	rcv.base.readable = 0;
	holm_tcp_close(a);
	finish(&t);
}

static void port_0_means_an_ephemeral_port_now(void **state)
{
	struct holm_endpoint any = { .addr = holm_addr_ip4(0, 0, 0, 0) }, is;
	struct holm_tcp *a;
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	holm_tcp_open(t.lab.net, &a);
	assert_int_equal(holm_tcp_bind(a, &any, 0), 0);
	holm_tcp_local(a, &is);
	assert_true(is.port >= 32768);
	holm_tcp_close(a);
	finish(&t);
}

static void nobody_connects_to_groups(void **state)
{
	struct holm_endpoint bad[] = {
		{ .addr = holm_addr_ip4(224, 0, 0, 1), .port = 80 },
		{ .addr = holm_addr_ip4(255, 255, 255, 255), .port = 80 },
		{ .addr = holm_addr_ip4(10, 0, 0, 255), .port = 80 },
		{ .addr = holm_addr_ip4(0, 0, 0, 0), .port = 80 },
	};
	struct holm_tcp *a;
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	holm_tcp_open(t.lab.net, &a);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(holm_tcp_connect(a, &bad[i]), -HOLM_EINVAL);
	holm_tcp_close(a);
	finish(&t);
}

static void without_a_route_there_is_no_connection(void **state)
{
	struct holm_endpoint far = { .addr = holm_addr_ip4(192, 0, 2, 1), .port = 80 };
	struct holm_tcp *a;
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	holm_tcp_open(t.lab.net, &a);
	assert_int_equal(holm_tcp_connect(a, &far), -HOLM_ENETUNREACH);
	holm_tcp_close(a);
	finish(&t);
}

static void a_call_at_the_wrong_time_says_so(void **state)
{
	struct holm_endpoint remote = { .addr = lab_addr(2), .port = 80 };
	struct holm_tcp *c;
	struct tcp_fixture t;

	(void)state;
	established(&t);
	assert_int_equal(holm_tcp_connect(t.t, &remote), -HOLM_EISCONN);
	assert_int_equal(holm_tcp_listen(t.t, 1), -HOLM_EINVAL);
	assert_int_equal(holm_tcp_bind(t.t, &remote, 0), -HOLM_EINVAL);
	assert_int_equal(holm_tcp_accept(t.t, &c), -HOLM_EINVAL);
	assert_int_equal(holm_tcp_accept(t.listener, &c), -HOLM_EAGAIN);
	assert_int_equal(holm_tcp_shutdown(t.listener), -HOLM_ENOTCONN);
	assert_int_equal(holm_tcp_attach(t.t, &t.snd.base, NULL), -HOLM_EISCONN);
	finish(&t);
}

static void a_failed_endpoint_may_connect_again_in_place(void **state)
{
	struct tcp_fixture t;
	struct holm_endpoint remote = { .addr = lab_addr(2), .port = FIX_PEER_PORT };

	(void)state;
	fixture_syn_sent(&t, &(struct tcp_options){ .iss = FIX_ANY });
	assert_int_equal(holm_tcp_connect(t.t, &remote), -HOLM_EALREADY);
	rx(&t, .flags = TCP_RST | TCP_ACK, .seq = 0, .ack = 1);
	assert_int_equal(holm_tcp_take_error(t.t), -HOLM_ECONNREFUSED);
	assert_int_equal(holm_tcp_connect(t.t, &remote), 0);
	assert_int_equal(t.t->state, HOLM_TCP_SYN_SENT);
	finish(&t);
}

static void unread_bytes_at_close_reset_the_connection(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .len = 10);
	fixture_skip(&t);
	holm_tcp_close(t.t);
	t.t = NULL;
	lab_poll(&t.lab);
	expect_tx(&t, .flags = TCP_RST | TCP_ACK, .seq = 1);
	expect_silence(&t);
	assert_int_equal(t.snd_released, 1);
	assert_int_equal(t.rcv_released, 1);
	finish(&t);
}

static void close_delivers_what_is_queued_and_then_says_fin(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	assert_int_equal(holm_pattern_sndbuf_write(&t.snd, 1500), 1500);
	holm_tcp_close(t.t);
	t.t = NULL;
	assert_int_equal(t.rcv_released, 1);
	assert_int_equal(t.snd_released, 0);
	lab_poll(&t.lab);
	expect_tx(&t, .seq = 1, .len = 1000);
	expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1001, .len = 500);
	rx(&t, .flags = TCP_FIN | TCP_ACK);
	assert_int_equal(t.snd_released, 1);
	finish(&t);
}

static void abort_resets_and_releases_both_buffers_once(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	fixture_write(&t, 10);
	fixture_skip(&t);
	holm_tcp_abort(t.t);
	t.t = NULL;
	lab_poll(&t.lab);
	expect_tx(&t, .flags = TCP_RST | TCP_ACK, .seq = 11, .ack = 1);
	assert_int_equal(t.snd_released, 1);
	assert_int_equal(t.rcv_released, 1);
	finish(&t);
}

static void half_closed_we_still_receive(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	holm_tcp_shutdown(t.t);
	assert_int_equal(holm_tcp_shutdown(t.t), 0);
	lab_poll(&t.lab);
	expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1);
	rx(&t, .len = 100);
	expect_tx(&t, .seq = 2, .ack = 101);
	assert_int_equal(t.rcv.tail, 100);
	assert_false(holm_tcp_ready(t.t) & HOLM_WRITABLE);
	finish(&t);
}

static bool next_state(struct tcp_fixture *t, unsigned *state)
{
	struct holm_event ev;

	while (holm_net_next_event(t->lab.net, &ev))
		if (ev.endpoint == t->t) {
			*state = ev.state;
			return true;
		}
	return false;
}

static void every_change_is_an_event_and_no_change_is_none(void **state)
{
	struct tcp_fixture t;
	unsigned s;

	(void)state;
	established(&t, .sndbuf = 1000);
	assert_true(next_state(&t, &s));
	assert_int_equal(s, HOLM_CONNECTED | HOLM_WRITABLE);
	assert_false(next_state(&t, &s));
	rx(&t, .len = 10);
	assert_true(next_state(&t, &s));
	assert_true(s & HOLM_READABLE);
	t.peer_nxt = 11;
	rx(&t, .len = 10); /* readable already, and more: the reader hears of it */
	t.peer_nxt = 21;
	assert_true(next_state(&t, &s));
	fixture_read(&t, 100);
	assert_false(next_state(&t, &s));
	assert_false(holm_tcp_ready(t.t) & HOLM_READABLE);
	fixture_write(&t, 1000);
	assert_false(holm_tcp_ready(t.t) & HOLM_WRITABLE);
	fixture_skip(&t);
	t.peer_seen = 1001;
	rx(&t);
	assert_true(next_state(&t, &s));
	assert_true(s & HOLM_WRITABLE);
	rx(&t, .flags = TCP_FIN | TCP_ACK);
	assert_true(next_state(&t, &s));
	assert_true(s & HOLM_PEER_CLOSED);
	assert_true(s & HOLM_READABLE);
	t.peer_nxt = 22;
	rx(&t, .flags = TCP_RST);
	assert_true(next_state(&t, &s));
	assert_true(s & HOLM_ERROR);
	assert_true(s & HOLM_CLOSED);
	finish(&t);
}

/* Its peer's window is full, and what waits is more than the mark allows. */
static void above_the_mark_of_unsent_bytes_a_writer_waits(void **state)
{
	struct tcp_fixture t;
	unsigned s;

	(void)state;
	established(&t, .peer_wnd = 100, .nodelay = true);
	assert_int_equal(holm_tcp_set_option(t.t, HOLM_TCP_OPT_NOTSENT_LOWAT, 50), 0);
	fixture_write(&t, 100);
	expect_tx(&t, .seq = 1, .len = 100);
	while (next_state(&t, &s))
		continue;
	assert_true(holm_tcp_ready(t.t) & HOLM_WRITABLE);
	assert_int_equal(holm_pattern_sndbuf_write(&t.snd, 60), 60);
	holm_tcp_send(t.t);
	assert_false(holm_tcp_ready(t.t) & HOLM_WRITABLE);
	lab_poll(&t.lab);
	assert_false(next_state(&t, &s));
	rx(&t, .ack = 101);
	expect_tx(&t, .seq = 101, .len = 60);
	assert_true(next_state(&t, &s));
	assert_true(s & HOLM_WRITABLE);
	finish(&t);
}

static void send_from_callback(void *arg)
{
	struct tcp_fixture *t = arg;

	t->lab.net->callbacks++;
	holm_tcp_send(t->t);
}

static void calling_in_from_a_callback_is_a_programming_error(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	assert_true(expect_assert(send_from_callback, &t));
	t.lab.net->callbacks = 0;
	finish(&t);
}

static void what_lingers_is_bounded_and_closes_beyond_reset(void **state)
{
	struct holm_config config;
	struct tcp_fixture t;
	struct holm_tcp *c;

	(void)state;
	holm_config_default(&config);
	config.tcp_orphans_max = 1;
	established(&t, .config = &config);
	holm_tcp_close(t.t);
	lab_poll(&t.lab);
	expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1);
	rx(&t, .flags = TCP_SYN, .seq = 0, .sport = 4001);
	fixture_skip(&t);
	rx(&t, .seq = 1, .sport = 4001, .absolute = true, .ack = fixture_half(&t, 0)->iss.v + 1);
	assert_int_equal(holm_tcp_accept(t.listener, &c), 0);
	holm_tcp_close(c);
	lab_poll(&t.lab);
	assert_int_equal(holm_net_counter(t.lab.net, HOLM_COUNT_TCP_ORPHANS_RESET), 1);
	assert_int_equal(holm_net_counter(t.lab.net, HOLM_COUNT_TCP_RESETS_SENT), 1);
	/* The first one ends: there is room again. */
	rx(&t, .flags = TCP_RST, .seq = 1);
	assert_int_equal(t.lab.net->tcp->norphans, 0);
	t.t = NULL;
	finish(&t);
}

/* Both ends opened, the peer refused: its options were agreed upon. Then it answers without any. */
static void a_second_attempt_agrees_upon_its_own_options(void **state)
{
	struct holm_endpoint remote = { .addr = lab_addr(2), .port = FIX_PEER_PORT };
	struct tcp_fixture t;

	(void)state;
	fixture_syn_sent(&t, &(struct tcp_options){ .iss = FIX_ANY });
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000, .ts = true, .tsval = 7,
	   .sack_permitted = true, .has_wscale = true, .wscale = 7);
	assert_int_equal(holm_tcp_shutdown(t.t), 0);
	t.peer_nxt = 1;
	rx(&t, .flags = TCP_RST | TCP_ACK, .ack = 1);
	assert_int_equal(holm_tcp_take_error(t.t), -HOLM_ECONNREFUSED);
	fixture_skip(&t);
	assert_int_equal(holm_tcp_connect(t.t, &remote), 0);
	t.iss = t.t->snd_una.v;
	lab_poll(&t.lab);
	expect_tx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1460, .ts_any = true);
	rx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1, .mss = 1000, .no_ts = true);
	expect_tx(&t, .seq = 1, .ack = 1, .no_ts = true);
	t.peer_nxt = 1;
	rx(&t, .ack = 1, .wnd = 500);
	assert_int_equal(t.t->state, HOLM_TCP_ESTABLISHED);
	assert_int_equal(t.t->snd_wnd, 500);
	assert_false(t.t->flags & (TCP_TS | TCP_SACK | TCP_WSCALE));
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_lingers_is_bounded_and_closes_beyond_reset),
		cmocka_unit_test(a_bound_port_is_refused_to_others_but_not_with_reuseaddr),
		cmocka_unit_test(only_a_local_address_can_be_bound),
		cmocka_unit_test(a_second_attempt_agrees_upon_its_own_options),
		cmocka_unit_test(bytes_that_a_buffer_brings_along_are_readable),
		cmocka_unit_test(port_0_means_an_ephemeral_port_now),
		cmocka_unit_test(nobody_connects_to_groups),
		cmocka_unit_test(without_a_route_there_is_no_connection),
		cmocka_unit_test(a_call_at_the_wrong_time_says_so),
		cmocka_unit_test(a_failed_endpoint_may_connect_again_in_place),
		cmocka_unit_test(unread_bytes_at_close_reset_the_connection),
		cmocka_unit_test(close_delivers_what_is_queued_and_then_says_fin),
		cmocka_unit_test(abort_resets_and_releases_both_buffers_once),
		cmocka_unit_test(half_closed_we_still_receive),
		cmocka_unit_test(every_change_is_an_event_and_no_change_is_none),
		cmocka_unit_test(above_the_mark_of_unsent_bytes_a_writer_waits),
		cmocka_unit_test(calling_in_from_a_callback_is_a_programming_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
