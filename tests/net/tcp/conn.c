/*
 * Life and death of a control block.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

static void connections_are_bounded(void **state)
{
	struct holm_config config;
	struct holm_tcp *c;
	struct tcp_fixture t;

	(void)state;
	holm_config_default(&config);
	config.tcp_conns_max = 2;
	established(&t, .config = &config);
	assert_int_equal(holm_tcp_open(t.lab.net, &c), -HOLM_ENOBUFS);
	/* A handshake that completes finds no room: the record waits. */
	rx(&t, .flags = TCP_SYN, .seq = 0, .sport = 4001);
	rx(&t, .seq = 1, .sport = 4001, .absolute = true,
	   .ack = t.lab.net->tcp->halves[0]->iss.v + 1);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_NO_MEMORY), 1);
	assert_int_equal(t.lab.net->tcp->nhalves, 1);
	finish(&t);
}

static void a_connection_that_dies_while_it_waits_for_output_is_freed_later(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	assert_int_equal(holm_pattern_sndbuf_write(&t.snd, 10), 10);
	holm_tcp_send(t.t);
	holm_tcp_abort(t.t);
	t.t = NULL;
	assert_int_equal(t.snd_released, 1);
	lab_poll(&t.lab);
	finish(&t);
}

static void an_instance_ends_whatever_its_connections_do(void **state)
{
	struct tcp_fixture t;

	(void)state;
	/* Established with data in flight, half-open, waiting to be accepted, in TIME-WAIT: all go. */
	established(&t, .nodelay = true);
	fixture_write(&t, 5000);
	rx(&t, .seq = 500, .len = 10);
	rx(&t, .flags = TCP_SYN, .seq = 0, .sport = 4001);
	rx(&t, .seq = 1, .sport = 4001, .absolute = true,
	   .ack = t.lab.net->tcp->halves[0]->iss.v + 1);
	rx(&t, .flags = TCP_SYN, .seq = 0, .sport = 4002);
	holm_tcp_send(t.t);
	t.t = NULL;
	t.listener = NULL;
	lab_fini(&t.lab);
	assert_int_equal(t.snd_released, 1);
	assert_int_equal(t.rcv_released, 1);
}

static void an_endpoint_that_nobody_connected_leaves_nothing(void **state)
{
	struct holm_tcp *c;
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	holm_tcp_open(t.lab.net, &c);
	assert_int_equal(holm_tcp_ready(c), 0);
	assert_int_equal(holm_tcp_state(c), HOLM_TCP_CLOSED);
	holm_tcp_close(c);
	assert_int_equal(t.lab.net->tcp->nconns, 1);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_are_bounded),
		cmocka_unit_test(a_connection_that_dies_while_it_waits_for_output_is_freed_later),
		cmocka_unit_test(an_instance_ends_whatever_its_connections_do),
		cmocka_unit_test(an_endpoint_that_nobody_connected_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
