/*
 * Per-connection settings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

static const struct {
	enum holm_tcp_option opt;
	uint32_t by_default, good, bad;
} rows[] = {
	{ HOLM_TCP_OPT_NODELAY, 0, 1, 2 },
	{ HOLM_TCP_OPT_KEEPALIVE, 0, 1, 2 },	  /* MUST-25 */
	{ HOLM_TCP_OPT_KEEPIDLE_S, 7200, 60, 0 }, /* MUST-28 */
	{ HOLM_TCP_OPT_KEEPINTVL_S, 75, 5, 40000 },
	{ HOLM_TCP_OPT_KEEPCNT, 9, 3, 128 },
	{ HOLM_TCP_OPT_USER_TIMEOUT_MS, 0, 30000, 0x80000000u },
	{ HOLM_TCP_OPT_TTL, 64, 3, 256 },
	{ HOLM_TCP_OPT_TOS, 0, 0x10, 256 },
	{ HOLM_TCP_OPT_TIMESTAMPS, 1, 0, 2 },
	{ HOLM_TCP_OPT_SACK, 1, 0, 2 },
	{ HOLM_TCP_OPT_LINGER2_S, 60, 5, 0 },
};

static void every_option_has_its_default_its_range_and_keeps_its_value(void **state)
{
	struct tcp_fixture t;
	struct holm_tcp *c;

	(void)state;
	fixture_only(&t);
	holm_tcp_open(t.lab.net, &c);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint32_t v;

		assert_int_equal(holm_tcp_get_option(c, rows[i].opt, &v), 0);
		assert_int_equal(v, rows[i].by_default);
		assert_int_equal(holm_tcp_set_option(c, rows[i].opt, rows[i].bad), -HOLM_EINVAL);
		assert_int_equal(holm_tcp_set_option(c, rows[i].opt, rows[i].good), 0);
		holm_tcp_get_option(c, rows[i].opt, &v);
		assert_int_equal(v, rows[i].good);
	}
	assert_int_equal(holm_tcp_set_option(c, (enum holm_tcp_option)99, 1), -HOLM_ENOPROTOOPT);
	holm_tcp_close(c);
	finish(&t);
}

/* What is kept is how often a SYN-ACK is due: after 1, 3, 7 seconds. */
static void seconds_of_deferral_reach_to_when_a_syn_ack_is_due(void **state)
{
	struct tcp_fixture t;
	uint32_t v;

	(void)state;
	fixture_only(&t);
	assert_int_equal(holm_tcp_set_option(t.listener, HOLM_TCP_OPT_DEFER_ACCEPT_S, 5), 0);
	holm_tcp_get_option(t.listener, HOLM_TCP_OPT_DEFER_ACCEPT_S, &v);
	assert_int_equal(v, 7);
	finish(&t);
}

/* They are linked with the options, and called through the instance. */
static void an_option_enters_the_part_that_does_it(void **state)
{
	struct tcp_fixture t;
	struct tcp_state *ts;

	(void)state;
	fixture_only(&t);
	ts = t.lab.net->tcp;
	ts->pacing = NULL;
	ts->keep_alive = NULL;
	assert_int_equal(holm_tcp_set_option(t.listener, HOLM_TCP_OPT_KEEPALIVE, 1), 0);
	assert_non_null(ts->keep_alive);
	assert_int_equal(holm_tcp_set_option(t.listener, HOLM_TCP_OPT_MAX_PACING_RATE, 1000), 0);
	assert_non_null(ts->pacing);
	finish(&t);
}

static void a_mark_below_what_is_unsent_is_felt_at_once(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_wnd = 100, .nodelay = true);
	fixture_write(&t, 160);
	expect_tx(&t, .seq = 1, .len = 100);
	assert_true(holm_tcp_ready(t.t) & HOLM_WRITABLE);
	assert_int_equal(holm_tcp_set_option(t.t, HOLM_TCP_OPT_NOTSENT_LOWAT, 50), 0);
	assert_false(holm_tcp_ready(t.t) & HOLM_WRITABLE);
	finish(&t);
}

static void a_change_is_seen_by_nobody_else(void **state)
{
	struct tcp_fixture t;
	struct holm_tcp *a, *b;
	uint32_t v;

	(void)state;
	fixture_only(&t);
	holm_tcp_open(t.lab.net, &a);
	holm_tcp_open(t.lab.net, &b);
	assert_int_equal(holm_tcp_set_option(a, HOLM_TCP_OPT_TTL, 7), 0);
	holm_tcp_get_option(b, HOLM_TCP_OPT_TTL, &v);
	assert_int_equal(v, 64);
	holm_tcp_close(a);
	holm_tcp_close(b);
	finish(&t);
}

static void a_child_inherits_what_its_listener_has(void **state)
{
	struct tcp_fixture t;
	const struct lab_sent *s;
	uint32_t v;

	(void)state;
	fixture_only(&t);
	holm_tcp_set_option(t.listener, HOLM_TCP_OPT_TTL, 9);
	holm_tcp_set_option(t.listener, HOLM_TCP_OPT_TOS, 0x28);
	rx(&t, .flags = TCP_SYN, .seq = 0);
	t.iss = fixture_half(&t, 0)->iss.v;
	s = &t.lab.sent[t.lab.nsent - 1];
	assert_int_equal(s->data[14 + 8], 9);
	assert_int_equal(s->data[14 + 1], 0x28);
	rx(&t, .seq = 1, .ack = 1);
	fixture_accept(&t);
	holm_tcp_get_option(t.t, HOLM_TCP_OPT_TTL, &v);
	assert_int_equal(v, 9);
	fixture_skip(&t);
	fixture_write(&t, 10);
	s = &t.lab.sent[t.lab.nsent - 1];
	assert_int_equal(s->data[14 + 8], 9);
	assert_int_equal(s->data[14 + 1], 0x28);
	finish(&t);
}

static void what_may_be_none_has_a_least_value_all_the_same(void **state)
{
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	assert_int_equal(holm_tcp_set_option(t.listener, HOLM_TCP_OPT_MAXSEG, 87), -HOLM_EINVAL);
	assert_int_equal(holm_tcp_set_option(t.listener, HOLM_TCP_OPT_MAXSEG, 88), 0);
	assert_int_equal(holm_tcp_set_option(t.listener, HOLM_TCP_OPT_MAXSEG, 0), 0);
	assert_int_equal(holm_tcp_set_option(t.listener, HOLM_TCP_OPT_WINDOW_CLAMP, 1151),
			 -HOLM_EINVAL);
	assert_int_equal(holm_tcp_set_option(t.listener, HOLM_TCP_OPT_WINDOW_CLAMP, 1152), 0);
	assert_int_equal(holm_tcp_set_option(t.listener, HOLM_TCP_OPT_WINDOW_CLAMP, 0), 0);
	assert_int_equal(holm_tcp_set_option(t.listener, HOLM_TCP_OPT_TTL, 0), -HOLM_EINVAL);
	finish(&t);
}

static void the_largest_segment_is_bounded_both_ways(void **state)
{
	struct tcp_fixture t;
	uint32_t v;

	(void)state;
	fixture_only(&t);
	assert_int_equal(holm_tcp_set_option(t.listener, HOLM_TCP_OPT_MAXSEG, 10), -HOLM_EINVAL);
	assert_int_equal(holm_tcp_set_option(t.listener, HOLM_TCP_OPT_MAXSEG, 700), 0);
	holm_tcp_set_option(t.listener, HOLM_TCP_OPT_NODELAY, 1);
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000);
	t.iss = fixture_half(&t, 0)->iss.v;
	expect_tx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1, .mss = 700);
	rx(&t, .seq = 1, .ack = 1);
	t.peer_nxt = 1;
	fixture_accept(&t);
	holm_tcp_get_option(t.t, HOLM_TCP_OPT_MAXSEG, &v);
	assert_int_equal(v, 700);
	assert_int_equal(holm_tcp_set_option(t.t, HOLM_TCP_OPT_MAXSEG, 800), -HOLM_EINVAL);
	fixture_write(&t, 1000);
	expect_tx(&t, .seq = 1, .len = 700);
	expect_tx(&t, .seq = 701, .len = 300);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_option_has_its_default_its_range_and_keeps_its_value),
		cmocka_unit_test(seconds_of_deferral_reach_to_when_a_syn_ack_is_due),
		cmocka_unit_test(an_option_enters_the_part_that_does_it),
		cmocka_unit_test(a_mark_below_what_is_unsent_is_felt_at_once),
		cmocka_unit_test(a_change_is_seen_by_nobody_else),
		cmocka_unit_test(a_child_inherits_what_its_listener_has),
		cmocka_unit_test(what_may_be_none_has_a_least_value_all_the_same),
		cmocka_unit_test(the_largest_segment_is_bounded_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
