/*
 * Writes become segments of full size, whatever the device.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

static void large_writes_leave_as_segments_of_full_size(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	fixture_write(&t, 9500);
	assert_int_equal(holm_net_counter(t.lab.net, HOLM_COUNT_TCP_GSO_CUT), 1);
	for (unsigned i = 0; i < 9; i++)
		expect_tx(&t, .seq = 1 + i * 1000, .len = 1000);
	expect_tx(&t, .seq = 9001, .len = 500);
	finish(&t);
}

static void jumbo_segments_without_tso_go_one_by_one(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true, .segs_max = 8, .mtu = 9000, .peer_mss = 8960);
	fixture_write(&t, 17920);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_GSO), 0);
	assert_int_equal(t.lab.nsent - t.cursor, 2);
	assert_int_equal(t.lab.sent[t.cursor].len, 54 + 8960);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large_writes_leave_as_segments_of_full_size),
		cmocka_unit_test(jumbo_segments_without_tso_go_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
