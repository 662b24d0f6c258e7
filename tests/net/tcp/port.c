/*
 * Ephemeral ports: RFC 6056.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

static uint16_t connect_to(struct tcp_fixture *t, unsigned host, uint16_t port, struct holm_tcp **c)
{
	struct holm_endpoint remote = { .addr = lab_addr(host), .port = port }, local;

	assert_int_equal(holm_tcp_open(t->lab.net, c), 0);
	assert_int_equal(holm_tcp_connect(*c, &remote), 0);
	holm_tcp_local(*c, &local);
	return local.port;
}

static uint16_t connect_from(struct tcp_fixture *t, unsigned host, struct holm_tcp **c)
{
	return connect_to(t, host, 80, c);
}

static void connections_to_one_end_have_different_ports(void **state)
{
	struct holm_tcp *c[64];
	uint16_t port[64];
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	for (unsigned i = 0; i < 64; i++) {
		port[i] = connect_from(&t, 2, &c[i]);
		assert_in_range(port[i], 32768, 60999);
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(port[i], port[k]);
	}
	for (unsigned i = 0; i < 64; i++)
		holm_tcp_abort(c[i]);
	finish(&t);
}

static void ports_to_different_ends_begin_at_different_places(void **state)
{
	struct holm_tcp *a, *b, *c;
	struct tcp_fixture t;
	uint16_t first;

	(void)state;
	fixture_only(&t);
	first = connect_from(&t, 2, &a);
	/* Both neighbours of the first would be a counter that everybody can see. */
	assert_true(connect_from(&t, 3, &b) != first + 1 || connect_from(&t, 4, &c) != first + 2);
	finish(&t);
}

static void ports_to_different_ports_of_one_host_begin_at_different_places(void **state)
{
	struct holm_tcp *a, *b, *c;
	struct tcp_fixture t;
	uint16_t first;

	(void)state;
	fixture_only(&t);
	first = connect_to(&t, 2, 80, &a);
	assert_true(connect_to(&t, 2, 81, &b) != first + 1 ||
		    connect_to(&t, 2, 82, &c) != first + 2);
	finish(&t);
}

/* RFC 6056 3.3.4: of another end's connections only the counter that both may share tells. */
static void ports_to_one_end_go_on_where_they_were_whoever_was_connected_to_meanwhile(void **state)
{
	struct holm_tcp *c;
	struct tcp_fixture t;
	uint16_t first, next;

	(void)state;
	fixture_only(&t);
	first = connect_to(&t, 2, 80, &c);
	connect_to(&t, 3, 80, &c);
	connect_to(&t, 2, 81, &c);
	next = connect_to(&t, 2, 80, &c);
	assert_true((uint16_t)(next - first) <= 3 || next < 32768 + 3);
	finish(&t);
}

static void a_bound_port_is_not_handed_out(void **state)
{
	struct holm_endpoint e = { .addr = lab_addr(1) }, is;
	struct holm_tcp *bound[200], *c;
	uint16_t port[200], got;
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(holm_tcp_open(t.lab.net, &bound[i]), 0);
		assert_int_equal(holm_tcp_bind(bound[i], &e, 0), 0);
		holm_tcp_local(bound[i], &is);
		port[i] = is.port;
	}
	/* The very ports that would be next are bound by somebody else. */
	for (unsigned i = 0; i < 50; i++) {
		got = connect_from(&t, 2, &c);
		for (unsigned k = 0; k < 200; k++)
			assert_int_not_equal(got, port[k]);
	}
	finish(&t);
}

static void the_same_four_tuple_is_refused(void **state)
{
	struct holm_endpoint local = { .addr = lab_addr(1), .port = 99 };
	struct holm_endpoint remote = { .addr = lab_addr(2), .port = 80 };
	struct holm_tcp *a, *b;
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	holm_tcp_open(t.lab.net, &a);
	holm_tcp_open(t.lab.net, &b);
	assert_int_equal(holm_tcp_bind(a, &local, HOLM_TCP_REUSEADDR), 0);
	assert_int_equal(holm_tcp_bind(b, &local, HOLM_TCP_REUSEADDR), 0);
	assert_int_equal(holm_tcp_connect(a, &remote), 0);
	assert_int_equal(holm_tcp_connect(b, &remote), -HOLM_EADDRINUSE);
	holm_tcp_abort(a);
	assert_int_equal(holm_tcp_connect(b, &remote), 0);
	holm_tcp_abort(b);
	finish(&t);
}

static void a_port_in_time_wait_is_taken_over_with_newer_timestamps_only(void **state)
{
	struct holm_endpoint local = { .addr = lab_addr(1), .port = FIX_PORT };
	struct holm_endpoint remote = { .addr = lab_addr(2), .port = FIX_PEER_PORT };

	(void)state;
	for (int ts = 0; ts < 2; ts++) {
		struct tcp_fixture t;
		struct holm_tcp *b;
		uint32_t last;

		connected(&t, .peer_ts = ts);
		holm_tcp_shutdown(t.t);
		lab_poll(&t.lab);
		expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1);
		rx(&t, .flags = TCP_FIN | TCP_ACK, .ack = 2);
		expect_tx(&t, .seq = 2, .ack = 2);
		last = t.iss + 2;
		holm_tcp_close(t.t);
		t.t = NULL;
		holm_tcp_open(t.lab.net, &b);
		assert_int_equal(holm_tcp_bind(b, &local, HOLM_TCP_REUSEADDR), 0);
		assert_int_equal(holm_tcp_connect(b, &remote), -HOLM_EADDRINUSE);
		fixture_wait_ms(&t, 1500);
		assert_int_equal(holm_tcp_connect(b, &remote), ts ? 0 : -HOLM_EADDRINUSE);
		if (ts)
			assert_true((int32_t)(b->snd_una.v - last) > 0);
		holm_tcp_abort(b);
		finish(&t);
	}
}

/* Its peer is about to complete a handshake. */
static void a_half_open_record_is_not_taken_over(void **state)
{
	struct tcp_tuple ends = { .local = lab_addr(1),
				  .remote = lab_addr(2),
				  .lport = FIX_PORT,
				  .rport = FIX_PEER_PORT };
	struct tcp_taken taken;
	struct tcp_fixture t;
	struct tcp_state *ts;
	uint32_t hash;

	(void)state;
	fixture_only(&t, .peer_ts = true);
	/* Read as one in TIME-WAIT, what comes now would be about to end. */
	fixture_wait_ms(&t, 40000);
	ts = t.lab.net->tcp;
	assert_null(tcp_find(ts, &ends, &hash));
	assert_true(ts->small->may_open(ts, &ends, hash, true, &taken));
	rx(&t, .flags = TCP_SYN, .seq = 0, .ts = true, .mss = 256);
	assert_int_equal(fixture_halves(&t), 1);
	assert_false(ts->small->may_open(ts, &ends, hash, true, &taken));
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_to_one_end_have_different_ports),
		cmocka_unit_test(ports_to_different_ends_begin_at_different_places),
		cmocka_unit_test(ports_to_different_ports_of_one_host_begin_at_different_places),
		cmocka_unit_test(
			ports_to_one_end_go_on_where_they_were_whoever_was_connected_to_meanwhile),
		cmocka_unit_test(a_bound_port_is_not_handed_out),
		cmocka_unit_test(the_same_four_tuple_is_refused),
		cmocka_unit_test(a_port_in_time_wait_is_taken_over_with_newer_timestamps_only),
		cmocka_unit_test(a_half_open_record_is_not_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
