/*
 * Segments that belong to no connection.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

static void a_reset_is_built_without_touching_the_frame_that_caused_it(void **state)
{
	struct tcp_fixture t;
	uint32_t free_before;
	struct holm_pool_stats stats;

	(void)state;
	fixture_only(&t);
	holm_pool_get_stats(holm_net_pool(t.lab.net), &stats);
	free_before = stats.free;
	rx(&t, .flags = TCP_ACK, .seq = 1, .ack = 9, .dport = 81, .absolute = true);
	expect_tx(&t, .flags = TCP_RST, .seq = 9, .sport = 81, .absolute = true);
	holm_pool_get_stats(holm_net_pool(t.lab.net), &stats);
	assert_int_equal(stats.free, free_before);
	finish(&t);
}

static void without_a_frame_the_reply_is_a_counted_drop(void **state)
{
	struct holm_frame *taken[512];
	struct tcp_fixture t;
	struct holm_addr a = lab_addr(1), b = lab_addr(2);
	struct tcp_reply r = { .src = &a, .dst = &b, .h = { .flags = TCP_RST } };
	unsigned n = 0;

	(void)state;
	fixture_only(&t);
	while ((taken[n] = holm_frame_alloc(holm_net_pool(t.lab.net), 0, true)) != NULL)
		n++;
	tcp_send_reply(t.lab.net, &r);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_NO_FRAME), 1);
	holm_frame_free_batch(taken, n);
	finish(&t);
}

static void without_a_route_the_reply_is_a_counted_drop(void **state)
{
	struct tcp_fixture t;
	struct holm_addr a = lab_addr(1), b = holm_addr_ip4(192, 0, 2, 1);
	struct tcp_reply r = { .src = &a, .dst = &b, .h = { .flags = TCP_RST } };

	(void)state;
	fixture_only(&t);
	tcp_send_reply(t.lab.net, &r);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_IP_NO_ROUTE), 1);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reset_is_built_without_touching_the_frame_that_caused_it),
		cmocka_unit_test(without_a_frame_the_reply_is_a_counted_drop),
		cmocka_unit_test(without_a_route_the_reply_is_a_counted_drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
