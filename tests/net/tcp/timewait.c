/*
 * TIME-WAIT, as records and as a state of connections.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

#define RECORDS(t) tcp_records_count(&(t)->lab.net->tcp->records, TCP_KIND_TIME_WAIT)

/* We closed first; the peer's FIN has been answered. */
static void in_time_wait(struct tcp_fixture *t, bool ts)
{
	established(t, .peer_ts = ts);
	holm_tcp_shutdown(t->t);
	lab_poll(&t->lab);
	expect_tx(t, .flags = TCP_FIN | TCP_ACK, .seq = 1);
	rx(t, .flags = TCP_FIN | TCP_ACK, .ack = 2);
	expect_tx(t, .seq = 2, .ack = 2);
	assert_int_equal(RECORDS(t), 1);
	assert_int_equal(holm_tcp_state(t->t), HOLM_TCP_CLOSED);
	assert_true(holm_tcp_ready(t->t) & HOLM_CLOSED);
	holm_tcp_close(t->t);
	t->t = NULL;
	t->peer_nxt = 2;
	t->peer_seen = 2;
}

static void the_record_lasts_a_minute(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_time_wait(&t, false);
	assert_int_equal(t.lab.net->tcp->nconns, 1);
	fixture_wait_ms(&t, 59000);
	assert_int_equal(RECORDS(&t), 1);
	fixture_wait_ms(&t, 1100);
	assert_int_equal(RECORDS(&t), 0);
	finish(&t);
}

static void a_fin_again_is_acknowledged_and_starts_the_minute_anew(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_time_wait(&t, false);
	fixture_wait_ms(&t, 40000);
	rx(&t, .seq = 1, .flags = TCP_FIN | TCP_ACK, .ack = 2);
	expect_tx(&t, .seq = 2, .ack = 2);
	fixture_wait_ms(&t, 40000);
	assert_int_equal(RECORDS(&t), 1);
	fixture_wait_ms(&t, 21000);
	assert_int_equal(RECORDS(&t), 0);
	finish(&t);
}

static void a_bare_ack_gets_no_answer(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_time_wait(&t, false);
	rx(&t, .seq = 500, .ack = 2);
	expect_silence(&t);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_TIME_WAIT), 1);
	finish(&t);
}

static void an_old_duplicate_syn_is_answered_with_the_ack(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_time_wait(&t, false);
	rx(&t, .flags = TCP_SYN, .seq = 0);
	expect_tx(&t, .seq = 2, .ack = 2);
	assert_int_equal(RECORDS(&t), 1);
	finish(&t);
}

static void a_syn_above_the_old_numbers_opens_a_new_incarnation(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_time_wait(&t, false);
	rx(&t, .flags = TCP_SYN, .seq = 100000, .mss = 1000);
	assert_int_equal(RECORDS(&t), 0);
	assert_int_equal(fixture_halves(&t), 1);
	/* Its ISS is above everything that the old one sent. */
	assert_true((int32_t)(fixture_half(&t, 0)->iss.v - t.iss) > 2);
	expect_tx(&t, .flags = TCP_SYN | TCP_ACK, .ack = 100001,
		  .seq = fixture_half(&t, 0)->iss.v - t.iss);
	finish(&t);
}

static void a_newer_timestamp_opens_one_whatever_the_numbers(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_time_wait(&t, true);
	rx(&t, .flags = TCP_SYN, .seq = 0u - 50000, .ts = true, .tsval = t.tsval);
	assert_int_equal(RECORDS(&t), 1);
	fixture_skip(&t);
	rx(&t, .flags = TCP_SYN, .seq = 0u - 50000, .ts = true, .tsval = t.tsval + 1);
	assert_int_equal(RECORDS(&t), 0);
	finish(&t);
}

static void only_an_exact_reset_ends_it(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_time_wait(&t, false);
	rx(&t, .flags = TCP_RST, .seq = 3);
	assert_int_equal(RECORDS(&t), 1);
	rx(&t, .flags = TCP_RST, .seq = 2);
	assert_int_equal(RECORDS(&t), 0);
	expect_silence(&t);
	finish(&t);
}

/* A connection from this port of the peer's, closed by us first. */
static void open_and_close(struct tcp_fixture *t, uint16_t port)
{
	struct holm_tcp *c;
	uint32_t iss;

	rx(t, .flags = TCP_SYN, .sport = port, .absolute = true, .seq = 10);
	iss = fixture_half(t, 0)->iss.v;
	rx(t, .sport = port, .absolute = true, .seq = 11, .ack = iss + 1);
	assert_int_equal(holm_tcp_accept(t->listener, &c), 0);
	holm_tcp_close(c);
	lab_poll(&t->lab);
	rx(t, .flags = TCP_FIN | TCP_ACK, .sport = port, .absolute = true, .seq = 11,
	   .ack = iss + 2);
}

static void a_full_table_recycles_the_oldest(void **state)
{
	struct holm_config config;
	struct tcp_fixture t;

	(void)state;
	holm_config_default(&config);
	config.tcp_time_wait_max = 2;
	fixture_only(&t, .config = &config);
	for (uint16_t port = 6000; port < 6005; port++)
		open_and_close(&t, port);
	assert_int_equal(RECORDS(&t), 2);
	assert_int_equal(holm_net_counter(t.lab.net, HOLM_COUNT_TCP_TIME_WAIT_RECYCLED), 3);
	finish(&t);
}

/* A connection over IPv6 that enters TIME-WAIT now, and one of IPv4. */
static struct tcp_tuple tuple_of(bool ip6)
{
	struct tcp_tuple ends = {
		.remote = lab_addr(2),
		.local = lab_addr(1),
		.rport = 6000,
		.lport = FIX_PORT,
	};

	if (ip6) {
		memset(ends.remote.b, 0x20, 16);
		memset(ends.local.b, 0x21, 16);
	}
	return ends;
}

static void add_ip6(struct tcp_fixture *t)
{
	struct holm_net *net = t->lab.net;
	struct tcp_tuple ends = tuple_of(true);
	uint32_t due = tcp_stamp(net->now + net->config.tcp_time_wait_ns) + 1;

	assert_non_null(tcp_record_add(net->tcp, TCP_KIND_TIME_WAIT, &ends, tcp_hash(net, &ends), 0,
				       (uint16_t)due));
}

static bool is_there(const struct tcp_fixture *t, bool ip6)
{
	struct tcp_tuple ends = tuple_of(ip6);

	return tcp_record_find(&t->lab.net->tcp->records, &ends, tcp_hash(t->lab.net, &ends)) != 0;
}

static void the_oldest_of_both_families_is_the_one_that_yields(void **state)
{
	(void)state;
	for (int ip6 = 0; ip6 < 2; ip6++) {
		struct holm_config config;
		struct tcp_fixture t;

		holm_config_default(&config);
		config.tcp_time_wait_max = 2;
		fixture_only(&t, .config = &config);
		for (int i = 0; i < 2; i++) {
			if (i == ip6)
				open_and_close(&t, 6000);
			else
				add_ip6(&t);
			fixture_wait_ms(&t, 1000);
		}
		open_and_close(&t, 6001);
		assert_int_equal(RECORDS(&t), 2);
		assert_int_equal(is_there(&t, false), ip6);
		assert_int_equal(is_there(&t, true), !ip6);
		/* Each lasts its own minute. */
		fixture_wait_ms(&t, 59500);
		assert_int_equal(RECORDS(&t), 1);
		fixture_wait_ms(&t, 1000);
		assert_int_equal(RECORDS(&t), 0);
		finish(&t);
	}
}

static void without_memory_for_a_record_the_connection_is_over_and_that_is_counted(void **state)
{
	struct tcp_fixture t;
	void *taken[64];
	struct mem *mem;
	size_t n = 0;

	(void)state;
	established(&t);
	holm_tcp_shutdown(t.t);
	lab_poll(&t.lab);
	expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1);
	/* There are no new pages, and no chunk of records in those there are. */
	t.lab.fail_from = t.lab.alloc_calls + 1;
	mem = &t.lab.net->mem;
	while ((taken[n] = mem_alloc(mem, TCP_RECORDS_CHUNK)) != NULL)
		assert_true(++n < sizeof(taken) / sizeof(taken[0]));
	rx(&t, .flags = TCP_FIN | TCP_ACK, .ack = 2);
	expect_tx(&t, .seq = 2, .ack = 2);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_NO_MEMORY), 1);
	assert_int_equal(RECORDS(&t), 0);
	assert_int_equal(holm_tcp_state(t.t), HOLM_TCP_CLOSED);
	t.lab.fail_from = 0;
	while (n > 0)
		mem_free(mem, taken[--n], TCP_RECORDS_CHUNK);
	finish(&t);
}

static void an_answer_has_the_connections_type_of_service(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	assert_int_equal(holm_tcp_set_option(t.t, HOLM_TCP_OPT_TOS, 0x48), 0);
	holm_tcp_close(t.t);
	t.t = NULL;
	lab_poll(&t.lab);
	rx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1, .ack = 2);
	assert_int_equal(RECORDS(&t), 1);
	lab_clear(&t.lab);
	t.cursor = 0;
	rx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1, .ack = 2);
	assert_int_equal(t.lab.nsent, 1);
	assert_int_equal(t.lab.sent[0].data[15], 0x48);
	finish(&t);
}

static void without_records_connections_wait_and_what_is_too_many_is_closed(void **state)
{
	static const struct holm_proto *const least[] = {
		&holm_arp, &holm_ipv4, &holm_icmp4, &holm_tcp, NULL,
	};
	struct holm_config config;
	struct tcp_fixture t;

	(void)state;
	holm_config_default(&config);
	config.tcp_time_wait_max = 2;
	/* The listener and one connection at a time: who waits is none of these. */
	config.tcp_conns_max = 2;
	fixture_only(&t, .config = &config, .protos = least);
	for (uint16_t port = 6000; port < 6005; port++) {
		struct holm_tcp *c;
		uint32_t iss;

		rx(&t, .flags = TCP_SYN, .sport = port, .absolute = true, .seq = 10);
		iss = fixture_opened(&t)->snd_una.v;
		rx(&t, .sport = port, .absolute = true, .seq = 11, .ack = iss + 1);
		assert_int_equal(holm_tcp_accept(t.listener, &c), 0);
		holm_tcp_close(c);
		lab_poll(&t.lab);
		fixture_skip(&t);
		rx(&t, .flags = TCP_FIN | TCP_ACK, .sport = port, .absolute = true, .seq = 11,
		   .ack = iss + 2);
		/* Its FIN is acknowledged, whether it may wait or not. */
		expect_tx(&t, .dport = port, .absolute = true, .seq = iss + 2, .ack = 12);
	}
	assert_int_equal(t.lab.net->tcp->ntime_wait, 2);
	assert_int_equal(holm_net_counter(t.lab.net, HOLM_COUNT_TCP_TIME_WAIT_RECYCLED), 3);
	fixture_wait_ms(&t, 61000);
	assert_int_equal(t.lab.net->tcp->ntime_wait, 0);
	assert_int_equal(t.lab.net->tcp->nconns, 1);
	finish(&t);
}

static void a_reset_is_ignored_where_rfc_1337_is_asked_for(void **state)
{
	struct tcp_fixture t;

	(void)state;
	in_time_wait(&t, false);
	t.lab.net->config.tcp_rfc1337 = 1;
	rx(&t, .flags = TCP_RST, .seq = 2);
	assert_int_equal(RECORDS(&t), 1);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reset_is_ignored_where_rfc_1337_is_asked_for),
		cmocka_unit_test(the_record_lasts_a_minute),
		cmocka_unit_test(a_fin_again_is_acknowledged_and_starts_the_minute_anew),
		cmocka_unit_test(a_bare_ack_gets_no_answer),
		cmocka_unit_test(an_old_duplicate_syn_is_answered_with_the_ack),
		cmocka_unit_test(a_syn_above_the_old_numbers_opens_a_new_incarnation),
		cmocka_unit_test(a_newer_timestamp_opens_one_whatever_the_numbers),
		cmocka_unit_test(only_an_exact_reset_ends_it),
		cmocka_unit_test(a_full_table_recycles_the_oldest),
		cmocka_unit_test(the_oldest_of_both_families_is_the_one_that_yields),
		cmocka_unit_test(
			without_memory_for_a_record_the_connection_is_over_and_that_is_counted),
		cmocka_unit_test(an_answer_has_the_connections_type_of_service),
		cmocka_unit_test(without_records_connections_wait_and_what_is_too_many_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
