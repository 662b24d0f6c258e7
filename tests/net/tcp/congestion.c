/*
 * Between a connection and its controller: the choice, what it is told, idle time. RFC 5681 4.1, 7661.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

#define MS 1000000ull

static void the_first_controller_named_is_the_default(void **state)
{
	struct tcp_fixture t;
	struct holm_tcp *c;

	(void)state;
	fixture_only(&t, .rcvbuf = 0);
	assert_int_equal(holm_tcp_open(t.lab.net, &c), 0);
	assert_string_equal(holm_tcp_congestion(c), "cubic");
	holm_tcp_close(c);
	finish(&t);
}

static void a_name_that_was_not_linked_is_refused(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .rcvbuf = 0);
	assert_int_equal(holm_tcp_set_congestion(t.t, "vegas", 5), -HOLM_ENOENT);
	assert_int_equal(holm_tcp_set_congestion(t.t, "ren", 3), -HOLM_ENOENT);
	assert_int_equal(holm_tcp_set_congestion(t.t, "renoo", 5), -HOLM_ENOENT);
	assert_int_equal(holm_tcp_set_congestion(t.t, "", 0), -HOLM_ENOENT);
	assert_string_equal(holm_tcp_congestion(t.t), "reno");
	finish(&t);
}

static void a_child_has_its_listeners_controller_and_may_choose_another(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .cc = "cubic");
	assert_string_equal(holm_tcp_congestion(t.t), "cubic");
	assert_int_equal(holm_tcp_set_congestion(t.t, "reno", 4), 0);
	assert_string_equal(holm_tcp_congestion(t.t), "reno");
	assert_string_equal(holm_tcp_congestion(t.listener), "cubic");
	finish(&t);
}

static void a_change_in_mid_flight_keeps_the_windows(void **state)
{
	struct tcp_fixture t;
	uint32_t cwnd;

	(void)state;
	established(&t, .cc = "cubic");
	fixture_write(&t, 10000);
	assert_non_null(t.t->flight);
	cwnd = t.t->cwnd;
	assert_int_equal(holm_tcp_set_congestion(t.t, "reno", 4), 0);
	assert_int_equal(t.t->cwnd, cwnd);
	fixture_skip(&t);
	rx(&t, .ack = 10001);
	assert_int_equal(t.t->snd_una.v, t.iss + 10001);
	finish(&t);
}

static void a_window_that_is_not_needed_does_not_grow(void **state)
{
	struct tcp_fixture t;
	uint32_t cwnd;

	(void)state;
	established(&t, .rcvbuf = 0);
	cwnd = t.t->cwnd;
	for (uint32_t i = 0; i < 20; i++) {
		fixture_write(&t, 1000);
		fixture_skip(&t);
		rx(&t, .ack = (i + 1) * 1000 + 1);
	}
	assert_int_equal(t.t->cwnd, cwnd);
	finish(&t);
}

static void after_idle_time_the_window_is_the_initial_one(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .rcvbuf = 0);
	t.t->cwnd = 50000;
	fixture_write(&t, 1000);
	fixture_skip(&t);
	rx(&t, .ack = 1001);
	lab_run(&t.lab, 5000 * MS);
	fixture_write(&t, 30000);
	assert_int_equal(t.t->cwnd, 10000);
	assert_int_equal(tcp_in_flight(t.t), 10000);
	fixture_skip(&t);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_controller_named_is_the_default),
		cmocka_unit_test(a_name_that_was_not_linked_is_refused),
		cmocka_unit_test(a_child_has_its_listeners_controller_and_may_choose_another),
		cmocka_unit_test(a_change_in_mid_flight_keeps_the_windows),
		cmocka_unit_test(a_window_that_is_not_needed_does_not_grow),
		cmocka_unit_test(after_idle_time_the_window_is_the_initial_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
