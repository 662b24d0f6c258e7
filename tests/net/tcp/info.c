/*
 * What can be told about endpoints.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

static void the_figures_of_a_connection_are_its_own(void **state)
{
	struct holm_tcp_info info;
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true, .peer_sack = true);
	fixture_write(&t, 20000);
	rx(&t, .len = 100);
	holm_tcp_get_info(t.t, &info);
	assert_int_equal(info.state, HOLM_TCP_ESTABLISHED);
	assert_int_equal(info.local.port, FIX_PORT);
	assert_int_equal(info.remote.port, FIX_PEER_PORT);
	assert_int_equal(info.rcv_queue, 100);
	assert_int_equal(info.snd_queue, 20000);
	assert_int_equal(info.in_flight, 10000);
	assert_int_equal(info.cwnd_bytes, 10000);
	assert_int_equal(info.snd_mss, 1000);
	assert_true(info.sack);
	assert_true(info.rto_ns > 200 * LAB_MS);
	finish(&t);
}

struct seen {
	unsigned n, states[16];
};

static bool visit(void *ctx, const struct holm_ep_info *info)
{
	struct seen *s = ctx;

	s->n++;
	s->states[info->tcp.state]++;
	return true;
}

static void every_endpoint_and_record_is_listed_once(void **state)
{
	struct seen s = { 0 };
	struct tcp_fixture t;
	struct holm_tcp *c;

	(void)state;
	established(&t);
	holm_tcp_open(t.lab.net, &c);
	rx(&t, .flags = TCP_SYN, .seq = 0, .sport = 4001);
	rx(&t, .flags = TCP_SYN, .seq = 0, .sport = 4002);
	holm_net_each_endpoint(t.lab.net, visit, &s);
	assert_int_equal(s.n, 5);
	assert_int_equal(s.states[HOLM_TCP_LISTEN], 1);
	assert_int_equal(s.states[HOLM_TCP_CLOSED], 1);
	assert_int_equal(s.states[HOLM_TCP_ESTABLISHED], 1);
	assert_int_equal(s.states[HOLM_TCP_SYN_RECEIVED], 2);
	holm_tcp_close(c);
	finish(&t);
}

static void without_the_part_nothing_is_listed(void **state)
{
	static const struct holm_proto *const no_parts[] = {
		&holm_arp, &holm_ipv4, &holm_icmp4, &holm_tcp, NULL,
	};
	struct seen s = { 0 };
	struct tcp_fixture t;

	(void)state;
	established(&t, .protos = no_parts);
	holm_net_each_endpoint(t.lab.net, visit, &s);
	assert_int_equal(s.n, 0);
	finish(&t);
}

static void a_listener_tells_its_backlog(void **state)
{
	struct holm_tcp_info info;
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	rx(&t, .flags = TCP_SYN, .seq = 0);
	rx(&t, .seq = 1, .absolute = true, .ack = fixture_half(&t, 0)->iss.v + 1);
	holm_tcp_get_info(t.listener, &info);
	assert_int_equal(info.rcv_queue, 1);
	assert_int_equal(info.snd_queue, 8);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_figures_of_a_connection_are_its_own),
		cmocka_unit_test(every_endpoint_and_record_is_listed_once),
		cmocka_unit_test(without_the_part_nothing_is_listed),
		cmocka_unit_test(a_listener_tells_its_backlog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
