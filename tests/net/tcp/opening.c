/*
 * SYN and SYN-ACK written in one piece: the same bytes as those that are put together option by option.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/tcp/hot.h"
#include "tests/support/tcp_fixture.h"

/* What is offered: every combination of these. */
enum { TIMESTAMPS = 1, SACK = 2, WSCALE = 4, COMBINATIONS = 8 };

static const struct lab_sent *last_sent(const struct tcp_fixture *t)
{
	assert_true(t->lab.nsent > 0);
	return &t->lab.sent[t->lab.nsent - 1];
}

/* The two instances have sent the same frame last. */
static void expect_same(const struct tcp_fixture *a, const struct tcp_fixture *b)
{
	const struct lab_sent *x = last_sent(a), *y = last_sent(b);

	assert_int_equal(x->len, y->len);
	assert_memory_equal(x->data, y->data, x->len);
}

/* An instance whose way to the peer is clear, by a device with these features. */
static void begin(struct tcp_fixture *t, bool unpredicted, uint32_t features)
{
	const struct holm_addr peer = lab_addr(2);
	struct holm_net *net;
	struct ip_dst *dst;

	fixture_only(t);
	net = t->lab.net;
	net->tcp->unpredicted = unpredicted;
	assert_int_equal(ip_dst_get_via(net, &peer, &(struct ip_via){ .mark = 0 }, &dst), 0);
	ip_dst_confirm(net, dst);
	assert_true(tcp_has_way(net, dst, TCP_HDR_MAX));
	dst->neigh->netif->features |= features;
	ip_dst_put(net, dst);
}

static void answer_a_syn(struct tcp_fixture *t, unsigned offers, bool unpredicted)
{
	begin(t, unpredicted, 0);
	rx(t, .flags = TCP_SYN, .seq = 0, .mss = 1000, .ts = (offers & TIMESTAMPS) != 0,
	   .sack_permitted = (offers & SACK) != 0, .has_wscale = (offers & WSCALE) != 0,
	   .wscale = 7);
	assert_int_equal(fixture_halves(t), 1);
}

static void every_syn_ack_is_the_same_in_one_piece(void **state)
{
	struct tcp_fixture t[2];

	(void)state;
	for (unsigned offers = 0; offers < COMBINATIONS; offers++) {
		answer_a_syn(&t[0], offers, false);
		answer_a_syn(&t[1], offers, true);
		expect_same(&t[0], &t[1]);
		finish(&t[0]);
		finish(&t[1]);
	}
}

/* What only reply.c knows how to say. */
static void a_syn_that_asks_for_what_is_rare_is_answered_so(void **state)
{
	const struct {
		enum holm_tcp_option opt;
		bool fast;
		uint8_t flags;
	} asks[] = { { HOLM_TCP_OPT_ECN, false, TCP_ECN_SETUP },
		     { HOLM_TCP_OPT_FASTOPEN, true, 0 } };
	struct tcp_fixture t[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
		for (int k = 0; k < 2; k++) {
			begin(&t[k], k == 1, 0);
			holm_tcp_set_option(t[k].listener, asks[i].opt, TCP_ECN_ACCEPT);
			rx(&t[k], .flags = TCP_SYN | asks[i].flags, .seq = 0, .mss = 1000,
			   .fast = asks[i].fast);
			assert_int_equal(fixture_halves(&t[k]), 1);
		}
		expect_same(&t[0], &t[1]);
		finish(&t[0]);
		finish(&t[1]);
	}
}

static void open_one(struct tcp_fixture *t, unsigned offers, bool unpredicted, uint32_t features)
{
	struct holm_endpoint remote = { .addr = lab_addr(2), .port = FIX_PEER_PORT };

	begin(t, unpredicted, features);
	assert_int_equal(holm_tcp_open(t->lab.net, &t->t), 0);
	holm_tcp_set_option(t->t, HOLM_TCP_OPT_TIMESTAMPS, (offers & TIMESTAMPS) != 0);
	holm_tcp_set_option(t->t, HOLM_TCP_OPT_SACK, (offers & SACK) != 0);
	holm_tcp_set_option(t->t, HOLM_TCP_OPT_MAXSEG, 1200);
	holm_tcp_set_option(t->t, HOLM_TCP_OPT_TOS, 0x10);
	holm_tcp_set_option(t->t, HOLM_TCP_OPT_TTL, 9);
	assert_int_equal(holm_tcp_connect(t->t, &remote), 0);
	lab_poll(&t->lab);
}

static void every_syn_is_the_same_in_one_piece(void **state)
{
	struct tcp_fixture t[2];

	(void)state;
	for (unsigned offers = 0; offers < WSCALE; offers++) {
		open_one(&t[0], offers, false, 0);
		open_one(&t[1], offers, true, 0);
		expect_same(&t[0], &t[1]);
		finish(&t[0]);
		finish(&t[1]);
	}
}

static void the_sum_of_a_syn_is_left_to_a_device_that_sums(void **state)
{
	struct tcp_fixture t[2];

	(void)state;
	open_one(&t[0], TIMESTAMPS | SACK, false, HOLM_DEV_TX_CSUM);
	open_one(&t[1], TIMESTAMPS | SACK, true, HOLM_DEV_TX_CSUM);
	expect_same(&t[0], &t[1]);
	finish(&t[0]);
	finish(&t[1]);
}

static void a_syn_that_asks_for_what_is_rare_does_so(void **state)
{
	const enum holm_tcp_option rare[] = { HOLM_TCP_OPT_ECN, HOLM_TCP_OPT_FASTOPEN_CONNECT };
	struct holm_endpoint remote = { .addr = lab_addr(2), .port = FIX_PEER_PORT };
	struct tcp_fixture t[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rare); i++) {
		for (int k = 0; k < 2; k++) {
			begin(&t[k], k == 1, 0);
			assert_int_equal(holm_tcp_open(t[k].lab.net, &t[k].t), 0);
			assert_int_equal(holm_tcp_set_option(t[k].t, rare[i], 1), 0);
			assert_int_equal(holm_tcp_connect(t[k].t, &remote), 0);
			lab_poll(&t[k].lab);
		}
		expect_same(&t[0], &t[1]);
		finish(&t[0]);
		finish(&t[1]);
	}
}

/* RFC 7323 2.2: the window of a SYN is never scaled. */
static void a_large_buffer_is_offered_as_the_most_that_a_syn_can_say(void **state)
{
	struct holm_endpoint remote = { .addr = lab_addr(2), .port = FIX_PEER_PORT };
	struct tcp_fixture t;

	(void)state;
	begin(&t, false, 0);
	t.o.rcvbuf = 1u << 20;
	assert_int_equal(holm_tcp_open(t.lab.net, &t.t), 0);
	fixture_attach(&t);
	assert_int_equal(holm_tcp_connect(t.t, &remote), 0);
	lab_poll(&t.lab);
	assert_int_equal(load_be16(last_sent(&t)->data + ETH_HDR_BYTES + IP4_HDR_BYTES + 14),
			 65535);
	assert_int_equal(holm_net_counter(t.lab.net, HOLM_COUNT_TCP_TX_SEGMENTS), 1);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_syn_ack_is_the_same_in_one_piece),
		cmocka_unit_test(every_syn_is_the_same_in_one_piece),
		cmocka_unit_test(a_syn_that_asks_for_what_is_rare_is_answered_so),
		cmocka_unit_test(a_syn_that_asks_for_what_is_rare_does_so),
		cmocka_unit_test(a_large_buffer_is_offered_as_the_most_that_a_syn_can_say),
		cmocka_unit_test(the_sum_of_a_syn_is_left_to_a_device_that_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
