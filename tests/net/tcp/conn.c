/*
 * Life and death of a control block.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

static void connections_are_bounded(void **state)
{
	struct holm_config config;
	struct holm_tcp *c;
	struct tcp_fixture t;

	(void)state;
	holm_config_default(&config);
	config.tcp_conns_max = 2;
	established(&t, .config = &config);
	assert_int_equal(holm_tcp_open(t.lab.net, &c), -HOLM_ENOBUFS);
	/* A handshake that completes finds no room: the record waits. */
	rx(&t, .flags = TCP_SYN, .seq = 0, .sport = 4001);
	rx(&t, .seq = 1, .sport = 4001, .absolute = true, .ack = fixture_half(&t, 0)->iss.v + 1);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_NO_MEMORY), 1);
	assert_int_equal(fixture_halves(&t), 1);
	finish(&t);
}

static void a_connection_that_dies_while_it_waits_for_output_is_freed_later(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	assert_int_equal(holm_pattern_sndbuf_write(&t.snd, 10), 10);
	holm_tcp_send(t.t);
	holm_tcp_abort(t.t);
	t.t = NULL;
	assert_int_equal(t.snd_released, 1);
	lab_poll(&t.lab);
	finish(&t);
}

static void an_instance_ends_whatever_its_connections_do(void **state)
{
	struct tcp_fixture t;

	(void)state;
	/* Established with data in flight, half-open, waiting to be accepted, in TIME-WAIT: all go. */
	established(&t, .nodelay = true);
	fixture_write(&t, 5000);
	rx(&t, .seq = 500, .len = 10);
	rx(&t, .flags = TCP_SYN, .seq = 0, .sport = 4001);
	rx(&t, .seq = 1, .sport = 4001, .absolute = true, .ack = fixture_half(&t, 0)->iss.v + 1);
	rx(&t, .flags = TCP_SYN, .seq = 0, .sport = 4002);
	holm_tcp_send(t.t);
	t.t = NULL;
	t.listener = NULL;
	lab_fini(&t.lab);
	assert_int_equal(t.snd_released, 1);
	assert_int_equal(t.rcv_released, 1);
}

static void an_endpoint_that_nobody_connected_leaves_nothing(void **state)
{
	struct holm_tcp *c;
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	holm_tcp_open(t.lab.net, &c);
	assert_int_equal(holm_tcp_ready(c), 0);
	assert_int_equal(holm_tcp_state(c), HOLM_TCP_CLOSED);
	holm_tcp_close(c);
	assert_int_equal(t.lab.net->tcp->nconns, 1);
	finish(&t);
}

#define CROWD 2000u

/* That many connections of the peer's, accepted; without buffers. */
static void crowd(struct tcp_fixture *t, struct holm_tcp *conns[CROWD])
{
	for (unsigned i = 0; i < CROWD; i++) {
		uint16_t sport = (uint16_t)(5000 + i);

		rx(t, .flags = TCP_SYN, .seq = 0, .sport = sport);
		rx(t, .seq = 1, .sport = sport, .absolute = true,
		   .ack = fixture_half(t, 0)->iss.v + 1);
		assert_int_equal(holm_tcp_accept(t->listener, &conns[i]), 0);
		lab_clear(&t->lab);
		t->cursor = 0;
	}
}

static void connections_that_speak_in_turn_share_a_few_blocks(void **state)
{
	static struct holm_tcp *conns[CROWD];
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	crowd(&t, conns);
	assert_true(t.lab.net->tcp->nflights <= TCP_FLIGHTS_KEPT + 2);
	/* An ACK that is owed keeps a block, whatever is asked for. */
	rx(&t, .seq = 1, .sport = 5000, .absolute = true, .ack = conns[0]->snd_una.v, .len = 1);
	assert_non_null(conns[0]->flight);
	for (unsigned i = 0; i < CROWD; i++)
		holm_tcp_close(conns[i]);
	finish(&t);
}

static void an_idle_connection_is_at_most_192_bytes_over_ip4_and_224_over_ip6(void **state)
{
	static struct holm_tcp *conns[CROWD];
	struct tcp_fixture t;
	size_t before;

	(void)state;
	fixture_only(&t);
	before = t.lab.memory_in_use;
	crowd(&t, conns);
	fixture_wait_ms(&t, 3000);
	assert_int_equal(t.lab.net->tcp->nflights, 0);
	before = (t.lab.memory_in_use - before) / CROWD;
	/* The pages of the records and blocks that were needed meanwhile are a few of these bytes. */
	assert_true(sizeof(void *) != 8 || before <= 192);
	/* A page of memory holds 127 pairs of IPv6 ends. */
	assert_true(before + 4096 / 127 <= 224);
	for (unsigned i = 0; i < CROWD; i++)
		holm_tcp_close(conns[i]);
	finish(&t);
}

static void a_segment_for_which_there_is_no_block_is_dropped_and_comes_again(void **state)
{
	struct tcp_fixture t;
	struct mem *mem;
	void *taken[64];
	size_t n = 0;

	(void)state;
	established(&t);
	fixture_wait_ms(&t, 3000);
	assert_null(t.t->flight);
	tcp_flight_spare_free(t.lab.net->tcp);
	/* There are no new pages, and nothing of its size is free in those there are. */
	t.lab.fail_from = t.lab.alloc_calls + 1;
	mem = &t.lab.net->mem;
	while ((taken[n] = mem_alloc(mem, sizeof(struct tcp_flight))) != NULL)
		assert_true(++n < sizeof(taken) / sizeof(taken[0]));
	rx(&t, .seq = 1, .len = 10);
	assert_null(t.t->flight);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_NO_MEMORY), 1);
	t.lab.fail_from = 0;
	while (n > 0)
		mem_free(mem, taken[--n], sizeof(struct tcp_flight));
	rx(&t, .seq = 1, .len = 10);
	assert_int_equal(t.rcv.tail, 10);
	finish(&t);
}

static void the_block_of_who_ended_is_the_next_ones_and_its_deadlines_are_its_own(void **state)
{
	struct holm_endpoint remote = { .addr = lab_addr(2), .port = FIX_PEER_PORT };
	struct tcp_flight *block;
	struct tcp_fixture t;
	struct holm_tcp *c;

	(void)state;
	fixture_syn_sent(&t, &(struct tcp_options){ .iss = FIX_ANY });
	block = t.t->flight;
	/* Its SYN would be due again in 300 ms. */
	fixture_wait_ms(&t, 700);
	holm_tcp_abort(t.t);
	t.t = NULL;
	assert_ptr_equal(t.lab.net->tcp->spare, block);
	assert_int_equal(holm_tcp_open(t.lab.net, &c), 0);
	assert_int_equal(holm_tcp_connect(c, &remote), 0);
	assert_ptr_equal(c->flight, block);
	assert_null(t.lab.net->tcp->spare);
	lab_poll(&t.lab);
	assert_int_equal(fixture_skip(&t), 1);
	fixture_wait_ms(&t, 990);
	assert_int_equal(fixture_skip(&t), 0);
	fixture_wait_ms(&t, 20);
	assert_int_equal(fixture_skip(&t), 1);
	holm_tcp_abort(c);
	fixture_wait_ms(&t, 5000);
	assert_int_equal(fixture_skip(&t), 0);
	finish(&t);
}

static void the_blocks_of_who_ended_together_are_those_of_who_begin_together(void **state)
{
	struct holm_endpoint remote = { .addr = lab_addr(2), .port = FIX_PEER_PORT };
	struct holm_tcp *conns[TCP_FLIGHTS_SPARE + 2];
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	for (int turn = 0; turn < 2; turn++) {
		for (unsigned i = 0; i < ARRAY_LEN(conns); i++) {
			const struct tcp_flight *spare = t.lab.net->tcp->spare;

			assert_int_equal(holm_tcp_open(t.lab.net, &conns[i]), 0);
			assert_int_equal(holm_tcp_connect(conns[i], &remote), 0);
			assert_true(!spare || conns[i]->flight == spare);
		}
		assert_int_equal(t.lab.net->tcp->nspare, 0);
		lab_poll(&t.lab);
		for (unsigned i = 0; i < ARRAY_LEN(conns); i++)
			holm_tcp_abort(conns[i]);
		/* More than a batch brings are not kept. */
		assert_int_equal(t.lab.net->tcp->nspare, TCP_FLIGHTS_SPARE);
	}
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_are_bounded),
		cmocka_unit_test(a_connection_that_dies_while_it_waits_for_output_is_freed_later),
		cmocka_unit_test(an_instance_ends_whatever_its_connections_do),
		cmocka_unit_test(an_endpoint_that_nobody_connected_leaves_nothing),
		cmocka_unit_test(connections_that_speak_in_turn_share_a_few_blocks),
		cmocka_unit_test(an_idle_connection_is_at_most_192_bytes_over_ip4_and_224_over_ip6),
		cmocka_unit_test(a_segment_for_which_there_is_no_block_is_dropped_and_comes_again),
		cmocka_unit_test(
			the_block_of_who_ended_is_the_next_ones_and_its_deadlines_are_its_own),
		cmocka_unit_test(the_blocks_of_who_ended_together_are_those_of_who_begin_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
