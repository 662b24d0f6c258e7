/*
 * Lent bytes: what the send buffer may forget, and when it is released.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/tcp/lend.h"
#include "tests/support/tcp_fixture.h"

static size_t queued(const struct tcp_fixture *t)
{
	return holm_sndbuf_queued(&t->snd.base);
}

static void acknowledged_bytes_wait_for_the_frames_that_refer_to_them(void **state)
{
	struct tcp_lend_gen *a, *b;
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	fixture_write(&t, 4000);
	fixture_skip(&t);
	t.peer_seen = 4001;
	a = tcp_lend_begin(t.t, seq_of(t.iss + 1));
	holm_buf_get(&a->buf);
	b = tcp_lend_begin(t.t, seq_of(t.iss + 2001));
	assert_true(a != b); /* the other was free: the first may drain */
	holm_buf_get(&b->buf);
	rx(&t);
	assert_int_equal(queued(&t), 4000);
	holm_buf_put(&a->buf);
	assert_int_equal(queued(&t), 2000);
	holm_buf_put(&b->buf);
	assert_int_equal(queued(&t), 0);
	finish(&t);
}

static void while_both_generations_are_held_lending_goes_on(void **state)
{
	struct tcp_lend_gen *a, *b, *c;
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	fixture_write(&t, 6000);
	fixture_skip(&t);
	t.peer_seen = 6001;
	a = tcp_lend_begin(t.t, seq_of(t.iss + 1001));
	holm_buf_get(&a->buf);
	b = tcp_lend_begin(t.t, seq_of(t.iss + 3001));
	holm_buf_get(&b->buf);
	/* A retransmission of earlier bytes under the current one lowers its mark. */
	c = tcp_lend_begin(t.t, seq_of(t.iss + 1));
	assert_ptr_equal(c, b);
	assert_int_equal(c->lowest.v - t.iss, 1);
	rx(&t);
	assert_int_equal(queued(&t), 6000);
	holm_buf_put(&b->buf);
	assert_int_equal(queued(&t), 5000);
	holm_buf_put(&a->buf);
	assert_int_equal(queued(&t), 0);
	finish(&t);
}

static void the_buffer_is_released_with_the_last_frame_after_the_connection_is_gone(void **state)
{
	struct tcp_lend_gen *a;
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	fixture_write(&t, 1000);
	fixture_skip(&t);
	a = tcp_lend_begin(t.t, seq_of(t.iss + 1));
	holm_buf_get(&a->buf);
	holm_tcp_abort(t.t);
	t.t = NULL;
	assert_int_equal(t.rcv_released, 1);
	assert_int_equal(t.snd_released, 0);
	holm_buf_put(&a->buf);
	assert_int_equal(t.snd_released, 1);
	finish(&t);
}

static void the_fin_has_no_byte_to_forget(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true);
	fixture_write(&t, 100);
	holm_tcp_shutdown(t.t);
	lab_poll(&t.lab);
	fixture_skip(&t);
	rx(&t, .ack = 102);
	assert_int_equal(queued(&t), 0);
	assert_int_equal(t.t->state, HOLM_TCP_FIN_WAIT_2);
	finish(&t);
}

static void without_the_part_each_segment_is_copied_into_a_frame(void **state)
{
	static const struct holm_proto *const no_parts[] = {
		&holm_arp, &holm_ipv4, &holm_icmp4, &holm_tcp, NULL,
	};
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true, .protos = no_parts);
	fixture_write(&t, 4000);
	for (uint32_t i = 0; i < 4; i++)
		expect_tx(&t, .seq = 1 + i * 1000, .len = 1000);
	expect_silence(&t);
	assert_null(t.t->flight->lend);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_GSO_CUT), 0);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acknowledged_bytes_wait_for_the_frames_that_refer_to_them),
		cmocka_unit_test(while_both_generations_are_held_lending_goes_on),
		cmocka_unit_test(
			the_buffer_is_released_with_the_last_frame_after_the_connection_is_gone),
		cmocka_unit_test(the_fin_has_no_byte_to_forget),
		cmocka_unit_test(without_the_part_each_segment_is_copied_into_a_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
