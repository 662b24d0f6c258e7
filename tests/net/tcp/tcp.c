/*
 * TCP between two instances: connect, transfer, close, as programs see it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <holm/stats.h>

#include "net/tcp/room.h"
#include "tests/support/duo.h"
#include "tests/support/tcp_ends.h"

#define S 1000000000ull

static void assert_transfer(struct tcp_ends *e, const uint64_t bytes[2])
{
	for (int i = 0; i < 2; i++) {
		assert_int_equal(e->end[i].error, 0);
		assert_true(e->end[i].connected);
		assert_true(e->end[i].eof);
		assert_int_equal(e->end[i].rcv.mismatches, 0);
		assert_int_equal(e->end[i].rcv.tail, bytes[1 - i]);
	}
}

static void transfer(const struct duo_options *o, uint64_t there, uint64_t back, uint64_t limit_ns)
{
	uint64_t bytes[2] = { there, back };
	struct tcp_ends e;
	struct duo d;

	duo_init(&d, o);
	assert_int_equal(ends_open(&e, &d, bytes, 65536), 0);
	assert_true(ends_finish(&e, limit_ns));
	assert_transfer(&e, bytes);
	ends_run(&e, 120 * S);
	ends_fini(&e);
	duo_fini(&d);
}

static void nothing_is_sent_and_both_ends_close(void **state)
{
	(void)state;
	transfer(&(struct duo_options){ .seed = 1 }, 0, 0, 10 * S);
}

static void a_few_bytes_go_both_ways(void **state)
{
	(void)state;
	transfer(&(struct duo_options){ .seed = 2 }, 100, 200, 10 * S);
}

static void a_megabyte_arrives_unchanged(void **state)
{
	(void)state;
	transfer(&(struct duo_options){ .seed = 3 }, 1 << 20, 0, 10 * S);
}

static void megabytes_go_both_ways_at_once(void **state)
{
	(void)state;
	transfer(&(struct duo_options){ .seed = 4 }, 3000000, 2000000, 10 * S);
}

static void a_lossy_link_loses_no_byte(void **state)
{
	struct holm_impair_config impair = {
		.seed = 5,
		.drop_ppm = 20000,
		.duplicate_ppm = 10000,
		.reorder_ppm = 20000,
		.corrupt_ppm = 5000,
		.delay_ns = 5000000,
		.jitter_ns = 1000000,
		.queue_frames = 512,
	};

	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		impair.seed = seed * 2 + 5;
		transfer(&(struct duo_options){ .seed = seed, .impair = &impair }, 200000, 100000,
			 4000 * S);
	}
}

/* ---- Each segment lost once ---------------------------------------------------------------------- */

/* Frames that a side sends in a short exchange; later ones are covered by these. */
#define EXCHANGE_FRAMES 9u

static void short_exchange(int side, uint64_t lost, bool both_at_once)
{
	uint64_t bytes[2] = { 3000, 2000 };
	struct tcp_ends e;
	struct duo d;

	duo_init(&d, &(struct duo_options){ .seed = lost * 4 + (uint64_t)side * 2 + both_at_once });
	e.lose[0] = 0;
	assert_int_equal(ends_open(&e, &d, bytes, 65536), 0);
	e.lose[side] = lost;
	/* The server answers and closes when it has read the end; or both close at once. */
	e.end[1].shut_at_end = both_at_once;
	for (unsigned i = 0; i < 400 && (e.end[0].tcp || e.end[1].tcp || i < 3); i++) {
		ends_run(&e, S / 2);
		if (e.end[1].eof && !e.end[1].shut && e.end[1].tcp) {
			e.end[1].shut = true;
			holm_tcp_shutdown(e.end[1].tcp);
			holm_tcp_close(e.end[1].tcp);
			e.end[1].tcp = NULL;
		}
	}
	assert_null(e.end[0].tcp);
	assert_null(e.end[1].tcp);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(e.end[i].error, 0);
		assert_int_equal(e.end[i].rcv.mismatches, 0);
		assert_int_equal(e.end[i].rcv.tail, bytes[1 - i]);
	}
	/* Both ends reach CLOSED: only the listener is left once TIME-WAIT is over. */
	ends_run(&e, 130 * S);
	assert_int_equal(d.net[0]->tcp->nconns, 0);
	assert_int_equal(d.net[1]->tcp->nconns, 1);
	assert_int_equal(table_nodes(&d.net[0]->tcp->table), 0);
	assert_int_equal(table_nodes(&d.net[1]->tcp->table), 0);
	ends_fini(&e);
	duo_fini(&d);
}

static void every_closing_order_survives_the_loss_of_any_one_segment(void **state)
{
	(void)state;
	for (int at_once = 0; at_once < 2; at_once++)
		for (int side = 0; side < 2; side++)
			for (uint64_t lost = 0; lost <= EXCHANGE_FRAMES; lost++)
				short_exchange(side, lost, at_once);
}

/* ---- Odd ways to connect ------------------------------------------------------------------------- */

static void two_instances_may_open_to_each_other_at_once(void **state)
{
	struct holm_tcp *t[2];
	struct duo d;

	(void)state;
	duo_init(&d, &(struct duo_options){ .seed = 11 });
	for (int i = 0; i < 2; i++) {
		struct holm_endpoint local = duo_endpoint(&d, i, 7000);

		assert_int_equal(holm_tcp_open(d.net[i], &t[i]), 0);
		assert_int_equal(holm_tcp_bind(t[i], &local, 0), 0);
	}
	for (int i = 0; i < 2; i++) {
		struct holm_endpoint remote = duo_endpoint(&d, 1 - i, 7000);

		assert_int_equal(holm_tcp_connect(t[i], &remote), 0);
	}
	duo_run(&d, 5 * S);
	for (int i = 0; i < 2; i++)
		assert_int_equal(holm_tcp_state(t[i]), HOLM_TCP_ESTABLISHED);
	for (int i = 0; i < 2; i++)
		holm_tcp_close(t[i]);
	duo_run(&d, 130 * S);
	assert_int_equal(table_nodes(&d.net[0]->tcp->table), 0);
	duo_fini(&d);
}

static void an_endpoint_may_connect_to_itself(void **state)
{
	struct holm_endpoint self = { .addr = holm_addr_ip4(127, 0, 0, 1), .port = 7000 };
	static uint8_t table[HOLM_PATTERN_TABLE_BYTES];
	struct holm_pattern_sndbuf snd;
	struct holm_pattern_rcvbuf rcv;
	struct holm_tcp *t;
	struct duo d;

	(void)state;
	duo_init(&d, &(struct duo_options){ .seed = 12 });
	holm_pattern_fill(table);
	holm_pattern_sndbuf_init(&snd, table, 100000, NULL);
	holm_pattern_rcvbuf_init(&rcv, table, 65535, NULL);
	assert_int_equal(holm_tcp_open(d.net[0], &t), 0);
	assert_int_equal(holm_tcp_attach(t, &snd.base, &rcv.base), 0);
	assert_int_equal(holm_tcp_bind(t, &self, 0), 0);
	assert_int_equal(holm_tcp_connect(t, &self), 0);
	duo_settle(&d);
	assert_int_equal(holm_tcp_state(t), HOLM_TCP_ESTABLISHED);
	holm_pattern_sndbuf_write(&snd, 50000);
	holm_tcp_send(t);
	duo_run(&d, S);
	assert_int_equal(rcv.tail, 50000);
	assert_int_equal(rcv.mismatches, 0);
	holm_pattern_rcvbuf_read(&rcv, 50000);
	holm_tcp_received(t);
	holm_tcp_shutdown(t);
	duo_run(&d, S);
	assert_int_equal(holm_tcp_state(t), HOLM_TCP_CLOSED);
	assert_int_equal(holm_tcp_take_error(t), 0);
	holm_tcp_close(t);
	duo_run(&d, 130 * S);
	duo_fini(&d);
}

static void a_window_that_closes_and_opens_stalls_nothing(void **state)
{
	uint64_t bytes[2] = { 500000, 0 };
	struct tcp_ends e;
	struct duo d;

	(void)state;
	duo_init(&d, &(struct duo_options){ .seed = 13 });
	assert_int_equal(ends_open(&e, &d, bytes, 8192), 0);
	for (unsigned i = 0; i < 200 && e.end[1].rcv.tail < bytes[0]; i++) {
		if (e.end[1].tcp)
			e.end[1].paused = i % 2;
		ends_run(&e, S);
		if (e.end[1].tcp && !e.end[1].paused) {
			holm_pattern_rcvbuf_read(&e.end[1].rcv, SIZE_MAX);
			holm_tcp_received(e.end[1].tcp);
		}
	}
	assert_int_equal(e.end[1].rcv.tail, bytes[0]);
	assert_int_equal(e.end[1].rcv.mismatches, 0);
	ends_run(&e, 130 * S);
	ends_fini(&e);
	duo_fini(&d);
}

/* ---- Memory that fails --------------------------------------------------------------------------- */

/* One exchange with allocation `from` (and some after it) failing at both ends. True: it was reached. */
static bool exchange_without(uint64_t from, uint64_t count)
{
	uint64_t bytes[2] = { 100000, 1000 };
	bool reached = false;
	struct tcp_ends e;
	struct duo d;

	if (duo_try_init(&d, &(struct duo_options){ .seed = 14 }, from, count) != 0)
		return true;
	if (ends_open(&e, &d, bytes, 65536) == 0)
		ends_finish(&e, 200 * S);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(e.end[i].rcv.mismatches, 0);
		reached |= d.memory[i].calls >= from;
	}
	ends_run(&e, 130 * S);
	ends_fini(&e);
	duo_run(&d, 130 * S);
	duo_fini(&d);
	return reached;
}

static void an_allocation_that_fails_costs_at_most_the_connection(void **state)
{
	(void)state;
	for (uint64_t n = 1; exchange_without(n, 1); n++)
		assert_true(n < 1000);
	for (uint64_t n = 1; exchange_without(n, 1000000); n++)
		assert_true(n < 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_sent_and_both_ends_close),
		cmocka_unit_test(a_few_bytes_go_both_ways),
		cmocka_unit_test(a_megabyte_arrives_unchanged),
		cmocka_unit_test(megabytes_go_both_ways_at_once),
		cmocka_unit_test(a_lossy_link_loses_no_byte),
		cmocka_unit_test(every_closing_order_survives_the_loss_of_any_one_segment),
		cmocka_unit_test(two_instances_may_open_to_each_other_at_once),
		cmocka_unit_test(an_endpoint_may_connect_to_itself),
		cmocka_unit_test(a_window_that_closes_and_opens_stalls_nothing),
		cmocka_unit_test(an_allocation_that_fails_costs_at_most_the_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
