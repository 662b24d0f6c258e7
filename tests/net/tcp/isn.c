/*
 * Initial sequence numbers and timestamp offsets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

static struct tcp_tuple id_of(uint8_t host, uint16_t port)
{
	struct tcp_tuple id = {
		.remote = lab_addr(host), .local = lab_addr(1), .rport = port, .lport = 80
	};

	return id;
}

static void the_number_of_a_tuple_advances_with_the_clock(void **state)
{
	struct tcp_tuple id = id_of(2, 4000);
	struct tcp_fixture t;
	struct tcp_seq a;

	(void)state;
	fixture_only(&t);
	a = tcp_isn(t.lab.net, &id);
	assert_int_equal(tcp_isn(t.lab.net, &id).v, a.v);
	fixture_wait_ms(&t, 1000);
	/* One number in about four microseconds. */
	assert_in_range(seq_diff(tcp_isn(t.lab.net, &id), a), 240000, 250000);
	finish(&t);
}

static void every_part_of_the_tuple_changes_it(void **state)
{
	struct tcp_tuple id = id_of(2, 4000), host = id_of(3, 4000), port = id_of(2, 4001);
	struct tcp_tuple swapped = {
		.remote = lab_addr(1), .local = lab_addr(2), .rport = 80, .lport = 4000
	};
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	assert_int_not_equal(tcp_isn(t.lab.net, &id).v, tcp_isn(t.lab.net, &host).v);
	assert_int_not_equal(tcp_isn(t.lab.net, &id).v, tcp_isn(t.lab.net, &port).v);
	assert_int_not_equal(tcp_isn(t.lab.net, &id).v, tcp_isn(t.lab.net, &swapped).v);
	assert_int_not_equal(tcp_isn(t.lab.net, &id).v, tcp_ts_offset(t.lab.net, &id));
	finish(&t);
}

/* What was begun for the hosts of the last one is not another one's. */
static void it_does_not_depend_on_who_came_before(void **state)
{
	struct tcp_tuple id = id_of(2, 4000), host = id_of(3, 4000), port = id_of(2, 4001);
	struct tcp_seq a, b;
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	a = tcp_isn(t.lab.net, &id);
	b = tcp_isn(t.lab.net, &host);
	(void)tcp_isn(t.lab.net, &port);
	assert_int_equal(tcp_isn(t.lab.net, &id).v, a.v);
	assert_int_equal(tcp_isn(t.lab.net, &host).v, b.v);
	finish(&t);
}

static void ipv6_tuples_count_in_full(void **state)
{
	struct tcp_tuple a = { .rport = 1, .lport = 2 }, b = a;
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	a.remote.b[0] = 0x20;
	b.remote.b[0] = 0x20;
	b.remote.b[3] = 1;
	assert_int_not_equal(tcp_isn(t.lab.net, &a).v, tcp_isn(t.lab.net, &b).v);
	assert_int_not_equal(tcp_ts_offset(t.lab.net, &a), tcp_ts_offset(t.lab.net, &b));
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_number_of_a_tuple_advances_with_the_clock),
		cmocka_unit_test(every_part_of_the_tuple_changes_it),
		cmocka_unit_test(it_does_not_depend_on_who_came_before),
		cmocka_unit_test(ipv6_tuples_count_in_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
