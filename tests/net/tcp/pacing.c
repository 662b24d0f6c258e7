/*
 * When bytes may leave.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

#define MS 1000000ull

/* Bytes that have left since the cursor stood at `from`. */
static uint32_t sent(const struct tcp_fixture *t, uint32_t from)
{
	return tcp_snd_nxt(t->t).v - t->iss - from;
}

static void a_limit_spreads_bytes_over_time(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .rcvbuf = 0);
	assert_int_equal(holm_tcp_set_option(t.t, HOLM_TCP_OPT_MAX_PACING_RATE, 100000), 0);
	fixture_write(&t, 10000);
	/* Two segments at once, then one in 10 ms, in bursts of two. */
	assert_in_range(sent(&t, 1), 2000, 4000);
	lab_run(&t.lab, 40 * MS);
	assert_in_range(sent(&t, 1), 4000, 7000);
	lab_run(&t.lab, 60 * MS);
	assert_int_equal(sent(&t, 1), 10000);
	fixture_skip(&t);
	finish(&t);
}

static void no_burst_is_longer_than_a_millisecond_of_the_rate(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .rcvbuf = 0);
	assert_int_equal(holm_tcp_set_option(t.t, HOLM_TCP_OPT_MAX_PACING_RATE, 5000000), 0);
	t.t->rtt.srtt8 = 100000 << 3;
	t.t->cwnd = 60000;
	t.t->snd_wnd = 65535;
	t.lab.now += 1000 * MS;
	fixture_write(&t, 50000);
	/* A millisecond's worth is 4 segments; what was idle before may be caught up with. */
	assert_in_range(sent(&t, 1), 4000, 40000);
	for (int i = 0; i < 4; i++) {
		uint32_t before = sent(&t, 1);

		lab_run(&t.lab, MS);
		assert_true(sent(&t, 1) - before <= 9000);
	}
	fixture_skip(&t);
	finish(&t);
}

static void a_lifted_limit_lets_everything_go(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .rcvbuf = 0);
	assert_int_equal(holm_tcp_set_option(t.t, HOLM_TCP_OPT_MAX_PACING_RATE, 10000), 0);
	fixture_write(&t, 10000);
	assert_in_range(sent(&t, 1), 2000, 4000);
	assert_int_equal(holm_tcp_set_option(t.t, HOLM_TCP_OPT_MAX_PACING_RATE, 0), 0);
	assert_null(t.t->flight->pacer);
	lab_poll(&t.lab);
	assert_int_equal(sent(&t, 1), 10000);
	fixture_skip(&t);
	finish(&t);
}

static void what_is_sent_again_is_paced_too(void **state)
{
	struct tcp_fixture t;
	size_t n;

	(void)state;
	established(&t, .rcvbuf = 0);
	fixture_write(&t, 10000);
	fixture_skip(&t);
	assert_int_equal(holm_tcp_set_option(t.t, HOLM_TCP_OPT_MAX_PACING_RATE, 10000), 0);
	t.t->cwnd = 10000;
	t.t->flight->rtx_nxt = t.t->snd_una;
	t.t->flight->rtx_end = tcp_snd_nxt(t.t);
	lab_poll(&t.lab);
	tcp_note_output(t.t);
	lab_run(&t.lab, 50 * MS);
	n = fixture_skip(&t);
	assert_in_range(n, 2, 4);
	finish(&t);
}

static void bbr_paces_without_being_asked(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .cc = "bbr");
	fixture_write(&t, 10000);
	assert_non_null(t.t->flight->pacer);
	assert_true(t.t->flight->pacer->rate > 0);
	lab_run(&t.lab, 20 * MS);
	assert_int_equal(sent(&t, 1), 10000);
	fixture_skip(&t);
	rx(&t, .ack = 10001);
	finish(&t);
}

static void the_pacer_goes_with_the_controller(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .cc = "bbr");
	fixture_write(&t, 10000);
	assert_int_equal(holm_tcp_set_congestion(t.t, "cubic", 5), 0);
	assert_null(t.t->flight->pacer);
	assert_null(t.t->flight->cc.own);
	assert_int_equal(holm_tcp_set_congestion(t.t, "bbr", 3), 0);
	assert_non_null(t.t->flight->pacer);
	fixture_skip(&t);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_limit_spreads_bytes_over_time),
		cmocka_unit_test(no_burst_is_longer_than_a_millisecond_of_the_rate),
		cmocka_unit_test(a_lifted_limit_lets_everything_go),
		cmocka_unit_test(what_is_sent_again_is_paced_too),
		cmocka_unit_test(bbr_paces_without_being_asked),
		cmocka_unit_test(the_pacer_goes_with_the_controller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
