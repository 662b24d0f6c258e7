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
	uint32_t hash;

	return tcp_find(ts, &t, &hash);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tuple_is_found_by_all_its_parts),
		cmocka_unit_test(what_left_the_table_is_not_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
