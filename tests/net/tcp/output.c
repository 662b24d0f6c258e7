/*
 * What is sent when: windows, Nagle, silly windows, the FIN's place, waiting for room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/core/proto.h"
#include "tests/support/tcp_fixture.h"

static void the_first_flight_is_ten_segments(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	fixture_write(&t, 30000);
	for (unsigned i = 0; i < 10; i++)
		expect_tx(&t, .seq = 1 + i * 1000, .len = 1000);
	expect_silence(&t);
	rx(&t, .ack = 2001);
	for (unsigned i = 0; i < 4; i++)
		expect_tx(&t, .seq = 10001 + i * 1000, .len = 1000);
	expect_silence(&t);
	finish(&t);
}

static void no_more_than_the_window_is_sent(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	rx(&t, .wnd = 2500);
	fixture_write(&t, 5000);
	expect_tx(&t, .seq = 1, .len = 1000);
	expect_tx(&t, .seq = 1001, .len = 1000);
	expect_silence(&t); /* 500 bytes would be silly */
	rx(&t, .ack = 1001, .wnd = 2500);
	expect_tx(&t, .seq = 2001, .len = 1000);
	finish(&t);
}

static void a_window_below_one_segment_is_used_when_it_is_half_of_the_largest(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	rx(&t, .wnd = 600);
	t.t->snd_wnd = 600;
	assert_int_equal(holm_pattern_sndbuf_write(&t.snd, 5000), 5000);
	assert_non_null(tcp_flight_get(t.t));
	t.t->flight->max_snd_wnd = 600;
	holm_tcp_send(t.t);
	lab_poll(&t.lab);
	expect_tx(&t, .seq = 1, .len = 600);
	finish(&t);
}

static void a_silly_window_is_used_after_the_override_timeout_and_then_at_once(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	rx(&t, .wnd = 100);
	t.o.peer_wnd = 100;
	fixture_write(&t, 5000);
	expect_silence(&t);
	fixture_wait_sent(&t, 1000);
	expect_tx(&t, .seq = 1, .len = 100);
	rx(&t, .ack = 101);
	expect_tx(&t, .seq = 101, .len = 100);
	finish(&t);
}

static void a_small_segment_waits_only_for_another_small_one(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	fixture_write(&t, 10);
	expect_tx(&t, .seq = 1, .len = 10);
	fixture_write(&t, 10);
	fixture_write(&t, 10);
	expect_silence(&t);
	rx(&t, .ack = 11);
	expect_tx(&t, .seq = 11, .len = 20);
	rx(&t, .ack = 31);
	/* Behind full segments the tail need not wait. */
	fixture_write(&t, 2500);
	expect_tx(&t, .seq = 31, .len = 1000);
	expect_tx(&t, .seq = 1031, .len = 1000);
	expect_tx(&t, .seq = 2031, .len = 500);
	finish(&t);
}

static void nodelay_sends_small_segments_at_once(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	fixture_write(&t, 10);
	expect_tx(&t, .seq = 1, .len = 10);
	fixture_write(&t, 10);
	expect_silence(&t);
	assert_int_equal(holm_tcp_set_option(t.t, HOLM_TCP_OPT_NODELAY, 1), 0);
	lab_poll(&t.lab);
	expect_tx(&t, .seq = 11, .len = 10);
	finish(&t);
}

static void the_fin_rides_on_the_last_byte(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	assert_int_equal(holm_pattern_sndbuf_write(&t.snd, 1500), 1500);
	holm_tcp_shutdown(t.t);
	lab_poll(&t.lab);
	expect_tx(&t, .seq = 1, .len = 1000);
	expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1001, .len = 500);
	assert_int_equal(t.t->state, HOLM_TCP_FIN_WAIT_1);
	finish(&t);
}

static void a_fin_waits_for_the_bytes_before_it_and_not_for_the_window(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .wnd = 1000);
	assert_int_equal(holm_pattern_sndbuf_write(&t.snd, 2000), 2000);
	holm_tcp_shutdown(t.t);
	lab_poll(&t.lab);
	expect_tx(&t, .seq = 1, .len = 1000);
	expect_silence(&t);
	rx(&t, .ack = 1001, .wnd = 1000);
	expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1001, .len = 1000);
	finish(&t);

	established(&t);
	rx(&t, .wnd = 0);
	holm_tcp_shutdown(t.t);
	lab_poll(&t.lab);
	expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1);
	finish(&t);
}

static void the_last_segment_of_what_is_queued_is_pushed(void **state)
{
	struct tcp_fixture t;
	const struct lab_sent *s;

	(void)state;
	established(&t, .nodelay = true);
	fixture_write(&t, 2000);
	s = &t.lab.sent[t.lab.nsent - 2];
	assert_false(s->data[47] & TCP_PSH);
	assert_true(s[1].data[47] & TCP_PSH);
	finish(&t);
}

/*
 * RFC 4861 section 4.6.4: a router knows what all of a link lets through, which may be less than
 * ours does.
 */
static void what_a_router_says_of_the_link_is_announced(void **state)
{
	const struct tcp_settings s = { .maxseg = 0 };
	struct holm_netif netif = { .mtu = 1500, .mtu6 = 1500 };
	struct ip_dst dst = { .netif = &netif, .mtu = 1500, .header_bytes = IP6_HDR_BYTES };

	(void)state;
	dst.remote.b[0] = 0x20;
	assert_int_equal(tcp_announce_mss(&dst, &s), 1440);
	netif.mtu6 = 1400;
	assert_int_equal(tcp_announce_mss(&dst, &s), 1340);
	dst.remote = lab_addr(2);
	dst.header_bytes = IP4_HDR_BYTES;
	assert_int_equal(tcp_announce_mss(&dst, &s), 1460);
}

static void a_full_device_is_waited_for(void **state)
{
	struct holm_config config;
	struct tcp_fixture t;

	(void)state;
	holm_config_default(&config);
	config.dev_queue_max = 64;
	established(&t, .nodelay = true, .config = &config);
	t.lab.tx_room = 0;
	t.t->cwnd = 80000;
	t.t->snd_wnd = 80000;
	fixture_write(&t, 80000);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_DEV_QUEUE_FULL), 0);
	expect_silence(&t);
	t.lab.tx_room = SIZE_MAX;
	holm_net_tx_ready(t.lab.net, &t.lab.dev);
	lab_poll(&t.lab);
	assert_int_equal(fixture_skip(&t), 80);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_DEV_QUEUE_FULL), 0);
	finish(&t);
}

/* The device that is waited for may never have room: a route to another one is looked for. */
static void who_waits_for_a_device_hears_of_changes_at_any_other(void **state)
{
	struct holm_config config;
	struct tcp_fixture t;
	const struct tcp_blocked *b;

	(void)state;
	holm_config_default(&config);
	config.dev_queue_max = 64;
	established(&t, .nodelay = true, .config = &config);
	b = &t.lab.net->tcp->blocked[t.t->dst->netif->index];
	t.lab.tx_room = 0;
	t.t->cwnd = 80000;
	t.t->snd_wnd = 80000;
	fixture_write(&t, 80000);
	assert_false(queue_is_empty(&b->conns));
	assert_true(t.t->dst->netif != t.lab.net->netifs[0]);
	holm_tcp.netif_changed(t.lab.net, t.lab.net->netifs[0]);
	assert_true(queue_is_empty(&b->conns));
	t.lab.tx_room = SIZE_MAX;
	holm_net_tx_ready(t.lab.net, &t.lab.dev);
	lab_poll(&t.lab);
	assert_int_equal(fixture_skip(&t), 80);
	finish(&t);
}

static void an_empty_pool_is_asked_again_after_a_while(void **state)
{
	struct holm_frame *taken[256];
	struct tcp_fixture t;
	unsigned n = 0;

	(void)state;
	established(&t, .nodelay = true);
	while ((taken[n] = holm_frame_alloc(holm_net_pool(t.lab.net), 0, false)) != NULL)
		n++;
	fixture_write(&t, 5000);
	expect_silence(&t);
	/* Acknowledgments may use the reserve. */
	rx(&t, .len = 10);
	fixture_wait_ms(&t, 3);
	expect_tx(&t, .seq = 1, .ack = 11);
	holm_frame_free_batch(taken, n);
	fixture_wait_ms(&t, 5);
	assert_int_equal(fixture_skip(&t), 5);
	finish(&t);
}

/* The last small segment was sent half a circle of sequence numbers ago, less 500. */
static void a_small_segment_of_long_ago_holds_nothing_back(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	t.t->flight->small_end = seq_sub(t.t->snd_una, 0x80000000u - 500);
	fixture_write(&t, 1000);
	expect_tx(&t, .seq = 1, .len = 1000);
	rx(&t, .ack = 1001);
	fixture_write(&t, 100);
	expect_tx(&t, .seq = 1001, .len = 100);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_flight_is_ten_segments),
		cmocka_unit_test(no_more_than_the_window_is_sent),
		cmocka_unit_test(a_window_below_one_segment_is_used_when_it_is_half_of_the_largest),
		cmocka_unit_test(
			a_silly_window_is_used_after_the_override_timeout_and_then_at_once),
		cmocka_unit_test(a_small_segment_waits_only_for_another_small_one),
		cmocka_unit_test(nodelay_sends_small_segments_at_once),
		cmocka_unit_test(a_small_segment_of_long_ago_holds_nothing_back),
		cmocka_unit_test(the_fin_rides_on_the_last_byte),
		cmocka_unit_test(a_fin_waits_for_the_bytes_before_it_and_not_for_the_window),
		cmocka_unit_test(the_last_segment_of_what_is_queued_is_pushed),
		cmocka_unit_test(what_a_router_says_of_the_link_is_announced),
		cmocka_unit_test(a_full_device_is_waited_for),
		cmocka_unit_test(who_waits_for_a_device_hears_of_changes_at_any_other),
		cmocka_unit_test(an_empty_pool_is_asked_again_after_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
