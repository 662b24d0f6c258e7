/*
 * The edges of RFC 9293 figure 5.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "net/tcp/room.h"
#include "tests/support/expect.h"

static const enum holm_tcp_state all[] = {
	HOLM_TCP_ESTABLISHED, HOLM_TCP_SYN_SENT,  HOLM_TCP_SYN_RECEIVED, HOLM_TCP_FIN_WAIT_1,
	HOLM_TCP_FIN_WAIT_2,  HOLM_TCP_TIME_WAIT, HOLM_TCP_CLOSED,	 HOLM_TCP_CLOSE_WAIT,
	HOLM_TCP_LAST_ACK,    HOLM_TCP_LISTEN,	  HOLM_TCP_CLOSING,
};

static void every_state_may_reach_closed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i] != HOLM_TCP_CLOSED)
			assert_true(tcp_edge_is_legal(all[i], HOLM_TCP_CLOSED));
}

static void no_state_leads_back(void **state)
{
	(void)state;
	assert_false(tcp_edge_is_legal(HOLM_TCP_ESTABLISHED, HOLM_TCP_SYN_SENT));
	assert_false(tcp_edge_is_legal(HOLM_TCP_FIN_WAIT_1, HOLM_TCP_ESTABLISHED));
	assert_false(tcp_edge_is_legal(HOLM_TCP_CLOSE_WAIT, HOLM_TCP_ESTABLISHED));
	assert_false(tcp_edge_is_legal(HOLM_TCP_TIME_WAIT, HOLM_TCP_FIN_WAIT_2));
	assert_false(tcp_edge_is_legal(HOLM_TCP_LAST_ACK, HOLM_TCP_TIME_WAIT));
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		assert_false(tcp_edge_is_legal(all[i], all[i]));
}

static void set_illegal(void *arg)
{
	tcp_set_state(arg, HOLM_TCP_ESTABLISHED);
}

static void an_illegal_edge_is_a_programming_error(void **state)
{
	struct holm_tcp c;

	(void)state;
	memset(&c, 0, sizeof(c));
	c.state = HOLM_TCP_LISTEN;
	assert_true(expect_assert(set_illegal, &c));
	c.state = HOLM_TCP_SYN_SENT;
	assert_false(expect_assert(set_illegal, &c));
	assert_int_equal(c.state, HOLM_TCP_ESTABLISHED);
}

static void every_state_has_a_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		assert_true(strlen(holm_tcp_state_name(all[i])) >= 6);
	assert_string_equal(holm_tcp_state_name(HOLM_TCP_FIN_WAIT_2), "FIN-WAIT-2");
	assert_string_equal(holm_tcp_state_name((enum holm_tcp_state)0), "?");
	assert_string_equal(holm_tcp_state_name((enum holm_tcp_state)77), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_may_reach_closed),
		cmocka_unit_test(no_state_leads_back),
		cmocka_unit_test(an_illegal_edge_is_a_programming_error),
		cmocka_unit_test(every_state_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
