/*
 * ICMP errors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

static void error(struct tcp_fixture *t, enum ip_error_kind kind, int err, uint32_t mtu,
		  uint32_t seq)
{
	struct ip_error e = { .kind = kind,
			      .error = err,
			      .mtu = mtu,
			      .proto = 6,
			      .local = lab_addr(1),
			      .remote = lab_addr(2) };

	store_be16(e.quote, FIX_PORT);
	store_be16(e.quote + 2, FIX_PEER_PORT);
	store_be32(e.quote + 4, t->iss + seq);
	tcp_error(t->lab.net, &e);
	lab_poll(&t->lab);
}

static void a_smaller_path_is_believed_and_the_segment_sent_again_in_parts(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	fixture_write(&t, 2000);
	fixture_skip(&t);
	error(&t, IP_ERROR_TOO_BIG, HOLM_EMSGSIZE, 640, 1);
	assert_int_equal(t.t->dst->mtu, 640);
	expect_tx(&t, .seq = 1, .len = 600);
	expect_tx(&t, .seq = 601, .len = 600);
	expect_tx(&t, .seq = 1201, .len = 600);
	expect_tx(&t, .seq = 1801, .len = 200);
	assert_int_equal(t.t->cwnd, 10000); /* not congestion */
	finish(&t);
}

static void an_unsaid_mtu_means_the_next_plateau_and_none_goes_below_the_floor(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	fixture_write(&t, 2000);
	fixture_skip(&t);
	error(&t, IP_ERROR_TOO_BIG, HOLM_EMSGSIZE, 0, 1);
	assert_int_equal(t.t->dst->mtu, 1492);
	error(&t, IP_ERROR_TOO_BIG, HOLM_EMSGSIZE, 68, 1);
	assert_int_equal(t.t->dst->mtu, 552);
	error(&t, IP_ERROR_TOO_BIG, HOLM_EMSGSIZE, 0, 1);
	assert_int_equal(t.t->dst->mtu, 552);
	error(&t, IP_ERROR_TOO_BIG, HOLM_EMSGSIZE, 9000, 1);
	assert_int_equal(t.t->dst->mtu, 552);
	finish(&t);
}

static void an_error_about_what_is_not_in_flight_is_forged(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	fixture_write(&t, 1000);
	fixture_skip(&t);
	error(&t, IP_ERROR_TOO_BIG, HOLM_EMSGSIZE, 600, 0);
	error(&t, IP_ERROR_TOO_BIG, HOLM_EMSGSIZE, 600, 1001);
	assert_int_equal(t.t->dst->mtu, 1500);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_ICMP_QUOTE), 2);
	finish(&t);
}

static void no_unreachable_ends_an_established_connection(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	fixture_write(&t, 1000);
	fixture_skip(&t);
	error(&t, IP_ERROR_PORT_UNREACHABLE, HOLM_ECONNREFUSED, 0, 1);
	error(&t, IP_ERROR_HOST_UNREACHABLE, HOLM_EHOSTUNREACH, 0, 1);
	assert_int_equal(t.t->state, HOLM_TCP_ESTABLISHED);
	/* But it is what the program hears when the connection times out. */
	holm_tcp_set_option(t.t, HOLM_TCP_OPT_USER_TIMEOUT_MS, 2000);
	fixture_wait_ms(&t, 20000);
	assert_int_equal(holm_tcp_take_error(t.t), -HOLM_EHOSTUNREACH);
	finish(&t);
}

static void a_hard_error_refuses_a_connection_being_opened_a_soft_one_does_not(void **state)
{
	struct tcp_fixture t;

	(void)state;
	fixture_syn_sent(&t, &(struct tcp_options){ .iss = FIX_ANY });
	error(&t, IP_ERROR_HOST_UNREACHABLE, HOLM_EHOSTUNREACH, 0, 0);
	assert_int_equal(t.t->state, HOLM_TCP_SYN_SENT);
	error(&t, IP_ERROR_PORT_UNREACHABLE, HOLM_ECONNREFUSED, 0, 0);
	assert_int_equal(holm_tcp_take_error(t.t), -HOLM_ECONNREFUSED);
	finish(&t);
}

/* Another connection on the same path had the news first. */
static void who_hears_of_a_smaller_path_second_sends_again_too(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	fixture_write(&t, 1000);
	fixture_skip(&t);
	assert_true(ip_dst_lower_mtu(t.lab.net, t.t->dst, 640));
	error(&t, IP_ERROR_TOO_BIG, HOLM_EMSGSIZE, 640, 1);
	lab_poll(&t.lab);
	expect_tx(&t, .seq = 1, .len = 600);
	expect_tx(&t, .seq = 601, .len = 400);
	/* Once: what else was on the way was cut for what the path took before, too. */
	error(&t, IP_ERROR_TOO_BIG, HOLM_EMSGSIZE, 640, 1);
	lab_poll(&t.lab);
	expect_silence(&t);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_smaller_path_is_believed_and_the_segment_sent_again_in_parts),
		cmocka_unit_test(
			an_unsaid_mtu_means_the_next_plateau_and_none_goes_below_the_floor),
		cmocka_unit_test(who_hears_of_a_smaller_path_second_sends_again_too),
		cmocka_unit_test(an_error_about_what_is_not_in_flight_is_forged),
		cmocka_unit_test(no_unreachable_ends_an_established_connection),
		cmocka_unit_test(
			a_hard_error_refuses_a_connection_being_opened_a_soft_one_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
