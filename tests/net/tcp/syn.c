/*
 * LISTEN and half-open records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

#define HALVES(t) fixture_halves(t)

static void half_open(struct tcp_fixture *t)
{
	fixture_only(t);
	rx(t, .flags = TCP_SYN, .seq = 0, .mss = 1000);
	assert_int_equal(HALVES(t), 1);
	t->iss = fixture_half(t, 0)->iss.v;
	expect_tx(t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1, .mss = 1460);
	t->peer_nxt = 1;
	t->peer_seen = 1;
}

static void a_syn_makes_a_small_record_and_no_connection(void **state)
{
	struct tcp_fixture t;

	(void)state;
	half_open(&t);
	assert_int_equal(t.lab.net->tcp->nconns, 1);
	rx(&t, .ack = 1);
	assert_int_equal(HALVES(&t), 0);
	assert_int_equal(t.lab.net->tcp->nconns, 2);
	fixture_accept(&t);
	finish(&t);
}

static void an_ecn_setup_syn_is_accepted(void **state)
{
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	rx(&t, .flags = TCP_SYN | TCP_ECE | TCP_CWR, .seq = 0);
	t.iss = fixture_half(&t, 0)->iss.v;
	expect_tx(&t, .flags = TCP_SYN | TCP_ACK | TCP_ECE, .seq = 0, .ack = 1);
	finish(&t);
}

static void a_syn_from_an_impossible_source_gets_no_answer(void **state)
{
	static const uint32_t bad[] = { 0, 0xe0000001u, 0xffffffffu, LAB_IP(255), 0x7f000001u };
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		rx(&t, .flags = TCP_SYN, .src = bad[i] ? bad[i] : 0x00000001u);
	rx(&t, .flags = TCP_SYN, .sport = 0);
	expect_silence(&t);
	assert_int_equal(HALVES(&t), 0);
	finish(&t);
}

static void the_syn_ack_is_sent_again_for_a_minute(void **state)
{
	struct tcp_fixture t;

	(void)state;
	half_open(&t);
	fixture_wait_ms(&t, 999);
	expect_silence(&t);
	for (unsigned i = 0; i < TCP_HALF_RETRIES; i++) {
		fixture_wait_sent(&t, 33000);
		expect_tx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1);
	}
	fixture_wait_ms(&t, 40000);
	expect_silence(&t);
	assert_int_equal(HALVES(&t), 0);
	finish(&t);
}

static void syn_acks_are_sent_again_in_the_order_of_their_syns(void **state)
{
	struct tcp_fixture t;

	(void)state;
	half_open(&t);
	fixture_wait_ms(&t, 500);
	rx(&t, .flags = TCP_SYN, .seq = 0, .sport = 4001);
	assert_int_equal(HALVES(&t), 2);
	assert_int_equal(fixture_skip(&t), 1);
	fixture_wait_ms(&t, 510);
	expect_tx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1);
	expect_silence(&t);
	fixture_wait_ms(&t, 500);
	t.iss = fixture_half(&t, 1)->iss.v;
	expect_tx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1, .dport = 4001);
	expect_silence(&t);
	assert_int_equal(HALVES(&t), 2);
	finish(&t);
}

static void both_of_two_handshakes_at_a_time_are_completed(void **state)
{
	struct tcp_fixture t;

	(void)state;
	half_open(&t);
	rx(&t, .flags = TCP_SYN, .seq = 0, .sport = 4001);
	rx(&t, .ack = 1);
	assert_int_equal(HALVES(&t), 1);
	fixture_accept(&t);
	rx(&t, .sport = 4001, .absolute = true, .seq = 1, .ack = fixture_half(&t, 0)->iss.v + 1);
	assert_int_equal(HALVES(&t), 0);
	assert_int_equal(t.lab.net->tcp->nconns, 3);
	finish(&t);
}

static void an_active_open_finds_the_record(void **state)
{
	struct holm_endpoint local = { .addr = lab_addr(1), .port = FIX_PORT };
	struct holm_endpoint remote = { .addr = lab_addr(2), .port = FIX_PEER_PORT };
	struct tcp_fixture t;
	struct holm_tcp *c;

	(void)state;
	half_open(&t);
	holm_tcp_close(t.listener);
	t.listener = NULL;
	assert_int_equal(holm_tcp_open(t.lab.net, &c), 0);
	assert_int_equal(holm_tcp_bind(c, &local, 0), 0);
	assert_int_equal(holm_tcp_connect(c, &remote), -HOLM_EADDRINUSE);
	holm_tcp_close(c);
	finish(&t);
}

static void a_syn_again_is_answered_again(void **state)
{
	struct tcp_fixture t;

	(void)state;
	half_open(&t);
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000);
	expect_tx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1);
	assert_int_equal(HALVES(&t), 1);
	finish(&t);
}

static void resets_end_a_record_only_at_the_exact_number(void **state)
{
	struct tcp_fixture t;

	(void)state;
	half_open(&t);
	rx(&t, .flags = TCP_RST, .seq = 2);
	rx(&t, .flags = TCP_RST, .seq = 0);
	assert_int_equal(HALVES(&t), 1);
	rx(&t, .flags = TCP_RST, .seq = 1);
	assert_int_equal(HALVES(&t), 0);
	expect_silence(&t);
	assert_int_equal(t.listener->state, HOLM_TCP_LISTEN);
	finish(&t);
}

static void an_ack_of_something_else_is_reset(void **state)
{
	struct tcp_fixture t;

	(void)state;
	half_open(&t);
	rx(&t, .ack = 5);
	expect_tx(&t, .flags = TCP_RST, .seq = 5);
	assert_int_equal(HALVES(&t), 1);
	finish(&t);
}

static void an_ack_to_a_listener_is_reset_and_a_reset_is_not(void **state)
{
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	rx(&t, .flags = TCP_ACK, .seq = 100, .ack = 77);
	expect_tx(&t, .flags = TCP_RST, .seq = 77);
	rx(&t, .flags = TCP_RST, .seq = 100);
	expect_silence(&t);
	assert_int_equal(t.listener->state, HOLM_TCP_LISTEN);
	finish(&t);
}

static const struct holm_proto *const bare[] = { &holm_arp, &holm_ipv4,	       &holm_icmp4,
						 &holm_tcp, &holm_tcp_records, NULL };
static const struct holm_proto *const least[] = { &holm_arp, &holm_ipv4, &holm_icmp4, &holm_tcp,
						  NULL };

static void a_flood_is_bounded_and_a_random_record_yields(void **state)
{
	struct holm_config config;
	struct tcp_fixture t;

	(void)state;
	holm_config_default(&config);
	config.tcp_half_open_max = 16;
	fixture_only(&t, .config = &config, .protos = bare);
	for (unsigned i = 0; i < 200; i++)
		rx(&t, .flags = TCP_SYN, .sport = (uint16_t)(5000 + i));
	assert_int_equal(HALVES(&t), 16);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_SYN_QUEUE_FULL), 184);
	finish(&t);
}

static void without_records_a_flood_is_bounded_and_a_new_syn_is_dropped(void **state)
{
	struct holm_config config;
	struct tcp_fixture t;

	(void)state;
	holm_config_default(&config);
	config.tcp_half_open_max = 16;
	fixture_only(&t, .config = &config, .protos = least);
	for (unsigned i = 0; i < 200; i++)
		rx(&t, .flags = TCP_SYN, .sport = (uint16_t)(5000 + i));
	assert_int_equal(t.lab.net->tcp->nhalf, 16);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_SYN_QUEUE_FULL), 184);
	assert_int_equal(holm_tcp_ready(t.listener), 0);
	/* Their time is over: there is room again, and nothing is left of them. */
	fixture_wait_ms(&t, 70000);
	assert_int_equal(t.lab.net->tcp->nhalf, 0);
	assert_int_equal(t.lab.net->tcp->nconns, 1);
	finish(&t);
}

static void a_full_backlog_leaves_the_record_waiting(void **state)
{
	struct tcp_fixture t;

	(void)state;
	half_open(&t);
	holm_tcp_listen(t.listener, 1);
	/* Another connection takes the only place. */
	rx(&t, .flags = TCP_SYN, .seq = 0, .sport = 4001);
	fixture_skip(&t);
	rx(&t, .flags = TCP_ACK, .sport = 4001, .absolute = true, .seq = 1,
	   .ack = fixture_half(&t, 1)->iss.v + 1);
	rx(&t, .ack = 1);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_BACKLOG_FULL), 1);
	assert_int_equal(HALVES(&t), 1);
	fixture_accept(&t);
	rx(&t, .ack = 1);
	assert_int_equal(HALVES(&t), 0);
	finish(&t);
}

static void a_record_whose_listener_is_gone_ends_with_a_reset(void **state)
{
	struct tcp_fixture t;

	(void)state;
	half_open(&t);
	holm_tcp_close(t.listener);
	t.listener = NULL;
	rx(&t, .ack = 1);
	expect_tx(&t, .flags = TCP_RST, .seq = 1);
	assert_int_equal(HALVES(&t), 0);
	finish(&t);
}

static void closing_a_listener_resets_what_nobody_accepted(void **state)
{
	struct tcp_fixture t;

	(void)state;
	half_open(&t);
	rx(&t, .ack = 1);
	holm_tcp_close(t.listener);
	t.listener = NULL;
	lab_poll(&t.lab);
	expect_tx(&t, .flags = TCP_RST | TCP_ACK, .seq = 1, .ack = 1);
	assert_int_equal(t.lab.net->tcp->nconns, 0);
	finish(&t);
}

static void what_the_peer_offers_is_answered_and_nothing_else(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	assert_false(t.t->flags & (TCP_TS | TCP_SACK | TCP_WSCALE));
	finish(&t);
	established(&t, .peer_ts = true, .peer_sack = true, .peer_wscale = true, .wscale = 7);
	assert_int_equal(t.t->flags & (TCP_TS | TCP_SACK | TCP_WSCALE),
			 TCP_TS | TCP_SACK | TCP_WSCALE);
	assert_int_equal(tcp_snd_wscale(t.t), 7);
	finish(&t);
	established(&t, .peer_ts = true, .no_ts = true);
	assert_false(t.t->flags & TCP_TS);
	finish(&t);
}

/* A listener whose program decides; one SYN waits. */
static void held(struct tcp_fixture *t, struct holm_tcp_request *r)
{
	fixture_only(t);
	assert_int_equal(holm_tcp_set_option(t->listener, HOLM_TCP_OPT_HOLD, 1), 0);
	rx(t, .flags = TCP_SYN, .seq = 0, .mss = 1000);
	expect_silence(t);
	assert_true(holm_tcp_ready(t->listener) & HOLM_PENDING);
	assert_int_equal(holm_tcp_pending(t->listener, r), 0);
	assert_int_equal(r->remote.port, FIX_PEER_PORT);
	assert_int_equal(r->local.port, FIX_PORT);
	t->iss = fixture_half(t, 0)->iss.v;
	t->peer_nxt = 1;
	t->peer_seen = 1;
}

static void a_held_syn_is_answered_when_the_program_has_decided(void **state)
{
	struct holm_tcp_request r, none;
	struct tcp_fixture t;

	(void)state;
	held(&t, &r);
	assert_int_equal(holm_tcp_pending(t.listener, &none), -HOLM_EAGAIN);
	assert_false(holm_tcp_ready(t.listener) & HOLM_PENDING);
	/* The peer asks again meanwhile. */
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000);
	assert_int_equal(holm_tcp_pending(t.listener, &none), -HOLM_EAGAIN);
	fixture_wait_ms(&t, 5000);
	expect_silence(&t);
	assert_int_equal(holm_tcp_decide(t.listener, &r, HOLM_TCP_ACCEPT), 0);
	lab_poll(&t.lab);
	expect_tx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1, .mss = 1460);
	assert_int_equal(holm_tcp_decide(t.listener, &r, HOLM_TCP_ACCEPT), -HOLM_ENOENT);
	rx(&t, .ack = 1);
	fixture_accept(&t);
	finish(&t);
}

static void who_was_held_waits_behind_those_who_were_answered_before(void **state)
{
	struct holm_endpoint local = { .addr = lab_addr(1), .port = 81 };
	struct holm_tcp_request r;
	struct tcp_fixture t;
	struct holm_tcp *other;

	(void)state;
	held(&t, &r);
	assert_int_equal(holm_tcp_open(t.lab.net, &other), 0);
	assert_int_equal(holm_tcp_bind(other, &local, 0), 0);
	assert_int_equal(holm_tcp_listen(other, 1), 0);
	rx(&t, .flags = TCP_SYN, .seq = 0, .dport = 81);
	fixture_wait_ms(&t, 500);
	assert_int_equal(holm_tcp_decide(t.listener, &r, HOLM_TCP_ACCEPT), 0);
	lab_poll(&t.lab);
	assert_int_equal(fixture_skip(&t), 2);
	fixture_wait_ms(&t, 510);
	t.iss = fixture_half(&t, 1)->iss.v;
	expect_tx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1, .sport = 81);
	expect_silence(&t);
	holm_tcp_close(other);
	finish(&t);
}

static void a_held_syn_may_be_refused_or_ignored(void **state)
{
	struct holm_tcp_request r;
	struct tcp_fixture t;

	(void)state;
	held(&t, &r);
	assert_int_equal(holm_tcp_decide(t.listener, &r, HOLM_TCP_REFUSE), 0);
	lab_poll(&t.lab);
	expect_tx(&t, .flags = TCP_RST | TCP_ACK, .absolute = true, .seq = 0,
		  .ack = t.peer_iss + 1);
	assert_int_equal(HALVES(&t), 0);
	rx(&t, .flags = TCP_SYN, .seq = 0);
	assert_int_equal(holm_tcp_pending(t.listener, &r), 0);
	assert_int_equal(holm_tcp_decide(t.listener, &r, HOLM_TCP_IGNORE), 0);
	lab_poll(&t.lab);
	expect_silence(&t);
	assert_int_equal(HALVES(&t), 0);
	finish(&t);
}

static void a_held_syn_that_nobody_decides_upon_expires(void **state)
{
	struct holm_tcp_request r;
	struct tcp_fixture t;

	(void)state;
	held(&t, &r);
	fixture_wait_ms(&t, 31000);
	assert_int_equal(HALVES(&t), 0);
	assert_int_equal(holm_tcp_decide(t.listener, &r, HOLM_TCP_ACCEPT), -HOLM_ENOENT);
	rx(&t, .flags = TCP_SYN, .seq = 0);
	assert_int_equal(HALVES(&t), 1);
	fixture_wait_ms(&t, 31000);
	assert_int_equal(HALVES(&t), 0);
	expect_silence(&t);
	finish(&t);
}

static void requests_come_in_the_order_of_their_syns(void **state)
{
	struct holm_tcp_request r;
	struct tcp_fixture t;

	(void)state;
	held(&t, &r);
	for (uint16_t i = 1; i < 20; i++)
		rx(&t, .flags = TCP_SYN, .seq = 0, .sport = (uint16_t)(FIX_PEER_PORT + i));
	for (uint16_t i = 1; i < 20; i++) {
		assert_int_equal(holm_tcp_pending(t.listener, &r), 0);
		assert_int_equal(r.remote.port, FIX_PEER_PORT + i);
	}
	assert_int_equal(holm_tcp_pending(t.listener, &r), -HOLM_EAGAIN);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_syn_makes_a_small_record_and_no_connection),
		cmocka_unit_test(an_ecn_setup_syn_is_accepted),
		cmocka_unit_test(a_syn_from_an_impossible_source_gets_no_answer),
		cmocka_unit_test(the_syn_ack_is_sent_again_for_a_minute),
		cmocka_unit_test(syn_acks_are_sent_again_in_the_order_of_their_syns),
		cmocka_unit_test(both_of_two_handshakes_at_a_time_are_completed),
		cmocka_unit_test(an_active_open_finds_the_record),
		cmocka_unit_test(a_syn_again_is_answered_again),
		cmocka_unit_test(resets_end_a_record_only_at_the_exact_number),
		cmocka_unit_test(an_ack_of_something_else_is_reset),
		cmocka_unit_test(an_ack_to_a_listener_is_reset_and_a_reset_is_not),
		cmocka_unit_test(a_flood_is_bounded_and_a_random_record_yields),
		cmocka_unit_test(without_records_a_flood_is_bounded_and_a_new_syn_is_dropped),
		cmocka_unit_test(a_full_backlog_leaves_the_record_waiting),
		cmocka_unit_test(a_record_whose_listener_is_gone_ends_with_a_reset),
		cmocka_unit_test(closing_a_listener_resets_what_nobody_accepted),
		cmocka_unit_test(what_the_peer_offers_is_answered_and_nothing_else),
		cmocka_unit_test(a_held_syn_is_answered_when_the_program_has_decided),
		cmocka_unit_test(who_was_held_waits_behind_those_who_were_answered_before),
		cmocka_unit_test(a_held_syn_may_be_refused_or_ignored),
		cmocka_unit_test(a_held_syn_that_nobody_decides_upon_expires),
		cmocka_unit_test(requests_come_in_the_order_of_their_syns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
