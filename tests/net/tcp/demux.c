/*
 * Whom a segment is for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

static struct holm_tcp *find(struct tcp_state *ts, const struct holm_addr *remote,
			     const struct holm_addr *local, uint16_t rport, uint16_t lport)
{
	const struct tcp_tuple t = {
		.remote = *remote,
		.local = *local,
		.rport = rport,
		.lport = lport,
	};

	return tcp_find(ts, &t);
}

static void a_tuple_is_found_by_all_its_parts(void **state)
{
	struct holm_addr a = lab_addr(2), b = lab_addr(1);
	struct tcp_fixture t;
	struct tcp_state *ts;

	(void)state;
	established(&t);
	ts = t.lab.net->tcp;
	for (int memory = 0; memory < 2; memory++) {
		ts->last = memory ? t.t : NULL;
		assert_ptr_equal(find(ts, &a, &b, FIX_PEER_PORT, FIX_PORT), t.t);
		assert_null(find(ts, &b, &a, FIX_PEER_PORT, FIX_PORT));
		assert_null(find(ts, &a, &b, FIX_PORT, FIX_PEER_PORT));
		assert_null(find(ts, &a, &b, FIX_PEER_PORT + 1, FIX_PORT));
		assert_null(find(ts, &a, &a, FIX_PEER_PORT, FIX_PORT));
	}
	finish(&t);
}

static void what_left_the_table_is_not_remembered(void **state)
{
	struct holm_addr a = lab_addr(2), b = lab_addr(1);
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .flags = TCP_RST);
	assert_null(t.lab.net->tcp->last);
	assert_null(find(t.lab.net->tcp, &a, &b, FIX_PEER_PORT, FIX_PORT));
	finish(&t);
}

static void thousands_of_records_share_the_table(void **state)
{
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	for (unsigned i = 0; i < 3000; i++) {
		rx(&t, .flags = TCP_SYN, .sport = (uint16_t)(1000 + i));
		lab_clear(&t.lab);
		t.cursor = 0;
	}
	assert_int_equal(t.lab.net->tcp->nhalves, 3000);
	assert_int_equal(t.lab.net->tcp->records.nodes, 3000);
	assert_true(t.lab.net->tcp->records.chain_longest < 16);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tuple_is_found_by_all_its_parts),
		cmocka_unit_test(what_left_the_table_is_not_remembered),
		cmocka_unit_test(thousands_of_records_share_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
