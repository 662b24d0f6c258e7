/*
 * The part that keeps what comes out of order: what an instance does that has it not, and that SACK brings
 * it. What it does is step7_text.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

static const struct holm_proto *const no_parts[] = {
	&holm_arp, &holm_ipv4, &holm_icmp4, &holm_tcp, NULL,
};
static const struct holm_proto *const the_part[] = {
	&holm_arp, &holm_ipv4, &holm_icmp4, &holm_tcp, &holm_tcp_reassembly, NULL,
};
static const struct holm_proto *const sack[] = {
	&holm_arp, &holm_ipv4, &holm_icmp4, &holm_tcp, &holm_tcp_sack, NULL,
};

static void without_the_part_it_is_dropped_acknowledged_and_taken_when_it_comes_again(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .protos = no_parts);
	rx(&t, .seq = 101, .len = 100, .flags = TCP_ACK | TCP_FIN);
	expect_tx(&t, .seq = 1, .ack = 1);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_REASSEMBLY), 1);
	rx(&t, .seq = 1, .len = 100);
	assert_int_equal(t.rcv.tail, 100);
	assert_int_equal(t.t->state, HOLM_TCP_ESTABLISHED);
	rx(&t, .seq = 101, .len = 100, .flags = TCP_ACK | TCP_FIN);
	assert_int_equal(t.rcv.tail, 200);
	assert_int_equal(t.t->state, HOLM_TCP_CLOSE_WAIT);
	finish(&t);
}

static void the_part_alone_keeps_it(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .protos = the_part);
	rx(&t, .seq = 101, .len = 100);
	rx(&t, .seq = 1, .len = 100);
	assert_int_equal(t.rcv.tail, 200);
	finish(&t);
}

static void who_announces_it_keeps_it(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .protos = sack, .peer_sack = true);
	rx(&t, .seq = 101, .len = 100);
	expect_tx(&t, .seq = 1, .ack = 1, .nsack = 1, .sack = { { 101, 201 } });
	rx(&t, .seq = 1, .len = 100);
	assert_int_equal(t.rcv.tail, 200);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			without_the_part_it_is_dropped_acknowledged_and_taken_when_it_comes_again),
		cmocka_unit_test(the_part_alone_keeps_it),
		cmocka_unit_test(who_announces_it_keeps_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
