/*
 * Urgent data: that its ends are forgotten when both sides are past them. What programs and peers see of it
 * is in tests/pkt/urgent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

static void what_was_urgent_and_is_acknowledged_is_forgotten(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	assert_int_equal(holm_pattern_sndbuf_write(&t.snd, 10), 10);
	assert_int_equal(holm_tcp_send_urgent(t.t), 0);
	lab_poll(&t.lab);
	assert_int_equal(fixture_skip(&t), 1);
	assert_non_null(t.t->flight->urgent);
	rx(&t, .ack = 11);
	fixture_write(&t, 10);
	expect_tx(&t, .seq = 11, .len = 10);
	assert_null(t.t->flight->urgent);
	finish(&t);
}

static void what_was_urgent_and_is_read_is_forgotten(void **state)
{
	struct tcp_fixture t;
	uint32_t ahead, id;

	(void)state;
	established(&t);
	assert_int_equal(holm_pattern_sndbuf_write(&t.snd, 10), 10);
	holm_tcp_send(t.t);
	lab_poll(&t.lab);
	fixture_skip(&t);
	tcp_flight_get(t.t)->urgent = mem_zalloc(&t.lab.net->mem, sizeof(struct tcp_urgent));
	t.t->flight->urgent->received = true;
	t.t->flight->urgent->rcv_up = seq_add(t.t->rcv_nxt, 5);
	rx(&t, .len = 10);
	assert_true(holm_tcp_urgent(t.t, &ahead, &id));
	assert_int_equal(ahead, 5);
	assert_int_equal(fixture_read(&t, 10), 10);
	t.peer_nxt += 10;
	rx(&t, .len = 10);
	fixture_wait_ms(&t, 100);
	fixture_skip(&t);
	assert_false(holm_tcp_urgent(t.t, &ahead, &id));
	assert_null(t.t->flight->urgent);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_urgent_and_is_acknowledged_is_forgotten),
		cmocka_unit_test(what_was_urgent_and_is_read_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
