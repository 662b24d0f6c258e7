/*
 * Tests of net/core/buf_ring_rcv.c: in order, out of order, growing, draining, shrinking.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <holm/buf.h>

#include "tests/support/books.h"
#include "tests/support/expect.h"
#include "tests/support/pool.h"

struct fixture {
	struct books books;
	struct holm_pool *pool;
	struct holm_ring_rcvbuf b;
};

static void setup(struct fixture *f, uint32_t limit)
{
	books_init(&f->books);
	f->pool = pool_make(8, 0);
	holm_ring_rcvbuf_init(&f->b, &f->books.memory, limit, NULL);
}

static void teardown(struct fixture *f)
{
	holm_ring_rcvbuf_fini(&f->b);
	assert_int_equal(f->books.blocks, 0);
	pool_end(f->pool);
}

/* Offer stream bytes [pos, pos + len) (byte i is i & 0xff) that begin at offset `off`. */
static size_t offer(struct fixture *f, size_t off, size_t len, uint64_t pos)
{
	struct holm_frame *frame = pool_frame(f->pool, 10, 54 + len, (uint8_t)(pos - 54));
	size_t n = holm_rcvbuf_accept(&f->b.base, off, frame, 54, len);

	holm_frame_free(frame);
	return n;
}

static void the_window_is_the_limit_before_any_memory_is_there(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 65536);
	assert_int_equal(holm_rcvbuf_window(&f.b.base), 65536);
	assert_int_equal(f.books.blocks, 0);
	teardown(&f);
}

static void bytes_in_order_are_readable_after_advance_only(void **state)
{
	struct fixture f;
	uint8_t got[100];

	(void)state;
	setup(&f, 65536);
	assert_int_equal(offer(&f, 0, 100, 0), 100);
	assert_int_equal(holm_rcvbuf_readable(&f.b.base), 0);
	holm_rcvbuf_advance(&f.b.base, 100);
	assert_int_equal(holm_rcvbuf_readable(&f.b.base), 100);
	assert_int_equal(holm_rcvbuf_window(&f.b.base), 65436);
	assert_int_equal(holm_ring_rcvbuf_read(&f.b, got, 100), 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(got[i], i);
	assert_int_equal(f.books.blocks, 0);
	teardown(&f);
}

static void bytes_out_of_order_land_in_place(void **state)
{
	struct fixture f;
	uint8_t got[300];

	(void)state;
	setup(&f, 65536);
	assert_int_equal(offer(&f, 200, 100, 200), 100);
	assert_int_equal(offer(&f, 0, 100, 0), 100);
	assert_int_equal(offer(&f, 100, 100, 100), 100);
	holm_rcvbuf_advance(&f.b.base, 300);
	assert_int_equal(holm_ring_rcvbuf_read(&f.b, got, 300), 300);
	for (int i = 0; i < 300; i++)
		assert_int_equal(got[i], i & 0xff);
	teardown(&f);
}

static void draining_keeps_memory_while_bytes_wait_out_of_order(void **state)
{
	struct fixture f;
	uint8_t got[10];

	(void)state;
	setup(&f, 65536);
	offer(&f, 0, 10, 0);
	offer(&f, 20, 10, 20);
	holm_rcvbuf_advance(&f.b.base, 10);
	holm_ring_rcvbuf_read(&f.b, got, 10);
	assert_int_equal(f.books.blocks, 1);
	assert_int_equal(offer(&f, 0, 10, 10), 10);
	holm_rcvbuf_advance(&f.b.base, 20);
	assert_int_equal(holm_ring_rcvbuf_read(&f.b, got, 10), 10);
	assert_int_equal(holm_ring_rcvbuf_read(&f.b, got, 10), 10);
	assert_int_equal(got[0], 20);
	assert_int_equal(f.books.blocks, 0);
	teardown(&f);
}

static void without_memory_only_what_fits_is_taken(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 65536);
	f.books.fail = true;
	assert_int_equal(offer(&f, 0, 100, 0), 0);
	f.books.fail = false;
	assert_int_equal(offer(&f, 0, 1000, 0), 1000);
	f.books.fail = true;
	assert_int_equal(offer(&f, 3500, 1000, 3500), 596);
	assert_int_equal(offer(&f, 5000, 1000, 5000), 0);
	teardown(&f);
}

static void a_smaller_limit_never_moves_the_right_edge_back(void **state)
{
	struct fixture f;
	uint8_t got[1000];
	size_t edge;

	(void)state;
	setup(&f, 16384);
	offer(&f, 0, 1000, 0);
	holm_rcvbuf_advance(&f.b.base, 1000);
	edge = 1000 + holm_rcvbuf_window(&f.b.base);
	holm_ring_rcvbuf_set_limit(&f.b, 4096);
	for (size_t total = 1000; total < 60000; total += 1000) {
		holm_ring_rcvbuf_read(&f.b, got, 1000);
		assert_true(total + holm_rcvbuf_window(&f.b.base) >= edge);
		edge = total + holm_rcvbuf_window(&f.b.base);
		assert_int_equal(offer(&f, 0, 1000, total), 1000);
		holm_rcvbuf_advance(&f.b.base, 1000);
	}
	holm_ring_rcvbuf_read(&f.b, got, 1000);
	assert_int_equal(holm_rcvbuf_window(&f.b.base), 4096);
	teardown(&f);
}

static void peek_lends_two_spans_where_the_ring_wraps(void **state)
{
	struct holm_span spans[2];
	struct fixture f;
	uint8_t got[3000];

	(void)state;
	setup(&f, 4096);
	for (int i = 0; i < 2; i++) {
		offer(&f, 0, 1500, (uint64_t)i * 1500);
		holm_rcvbuf_advance(&f.b.base, 1500);
	}
	holm_ring_rcvbuf_read(&f.b, got, 2000);
	offer(&f, 0, 1500, 3000);
	holm_rcvbuf_advance(&f.b.base, 1500);
	assert_int_equal(holm_ring_rcvbuf_peek(&f.b, 0, spans), 2);
	assert_int_equal(spans[0].len, 4096 - 2000);
	assert_int_equal(spans[1].len, 4500 - 4096);
	assert_int_equal(spans[1].data[0], 4096 & 0xff);
	assert_int_equal(holm_ring_rcvbuf_peek(&f.b, 2500, spans), 0);
	teardown(&f);
}

/* A lender that never asks for its bytes. */
static void keep(struct holm_buf *buf)
{
	(void)buf;
}

/* 1500 bytes behind 54 of headers, in two lent segments of which the first has `first`. */
static struct holm_frame *lent(struct fixture *f, struct holm_buf *buf, uint8_t *bytes,
			       size_t first)
{
	struct holm_frame *frame = pool_frame(f->pool, 10, 54, 0);

	assert_true(holm_frame_append(frame, buf, bytes, first));
	assert_true(holm_frame_append(frame, buf, bytes + first, 1500 - first));
	return frame;
}

static void payload_behind_the_headers_arrives_however_it_and_the_ring_are_split(void **state)
{
	static const struct holm_buf_owner owner = { .release = keep };
	struct holm_buf buf = { .owner = &owner };
	uint8_t bytes[1500], got[3000];
	struct holm_frame *frame;
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t first = 0; first <= 1500; first += 125) {
		setup(&f, 4096);
		for (size_t i = 0; i < 2; i++) {
			offer(&f, 0, 1500, 0);
			holm_rcvbuf_advance(&f.b.base, 1500);
			holm_ring_rcvbuf_read(&f.b, got, 1500 - i);
		}
		/* One byte is unread: the ring stays, and wraps 1096 bytes further on. */
		frame = lent(&f, &buf, bytes, first);
		assert_int_equal(holm_rcvbuf_accept(&f.b.base, 0, frame, 54 + 100, 1400), 1400);
		holm_frame_free(frame);
		holm_rcvbuf_advance(&f.b.base, 1400);
		assert_int_equal(holm_ring_rcvbuf_read(&f.b, got, 3000), 1401);
		assert_memory_equal(got + 1, bytes + 100, 1400);
		teardown(&f);
	}
}

static void any_order_of_pieces_and_reads_keeps_the_stream(void **state)
{
	uint64_t seed = expect_seed(3);
	uint64_t read = 0;
	uint64_t filled = 0; /* in order so far */
	struct fixture f;

	(void)state;
	setup(&f, 32768);
	for (int step = 0; step < 20000; step++) {
		size_t len = 1 + expect_random_below(&seed, 1400);
		size_t ahead =
			expect_random_below(&seed, 3) ? 0 : expect_random_below(&seed, 20000);
		static uint8_t got[5000];
		size_t window, n;

		if (expect_random_below(&seed, 100) == 0)
			holm_ring_rcvbuf_set_limit(&f.b, 4096u << expect_random_below(&seed, 5));
		window = holm_rcvbuf_window(&f.b.base);
		if (ahead + len <= window)
			assert_int_equal(offer(&f, ahead, len, filled + ahead), len);
		if (ahead == 0 && len <= window) {
			holm_rcvbuf_advance(&f.b.base, len);
			filled += len;
		}
		n = holm_ring_rcvbuf_read(&f.b, got, expect_random_below(&seed, 2) ? 5000 : 300);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(got[i], (uint8_t)(read + i));
		read += n;
	}
	assert_true(read > 1000000);
	teardown(&f);
}

/* `times` pieces of 1000 bytes in order, then all of them are read. */
static void stream(struct fixture *f, unsigned times)
{
	static uint8_t got[65536];

	for (unsigned i = 0; i < times; i++) {
		assert_int_equal(offer(f, 0, 1000, i * 1000u), 1000);
		holm_rcvbuf_advance(&f->b.base, 1000);
	}
	assert_int_equal(holm_ring_rcvbuf_read(&f->b, got, sizeof(got)), times * 1000);
	assert_int_equal(f->books.blocks, 0);
}

static void a_ring_begins_again_with_the_size_that_was_needed_last_time(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 65536);
	stream(&f, 60);
	offer(&f, 0, 10, 0);
	assert_int_equal(f.b.cap, 65536);
	teardown(&f);
}

static void a_ring_that_gets_small_pieces_becomes_small_again(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 65536);
	stream(&f, 60);
	for (int i = 0; i < 4; i++)
		stream(&f, 1);
	offer(&f, 0, 10, 0);
	assert_int_equal(f.b.cap, 4096);
	teardown(&f);
}

static void a_ring_that_begins_again_below_its_limit_is_a_power_of_two(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 65536);
	/* Half of what is too much has been read: so much may be in the ring, and no more. */
	holm_ring_rcvbuf_set_limit(&f.b, 4096);
	stream(&f, 40);
	assert_int_equal(holm_rcvbuf_window(&f.b.base), 25536);
	offer(&f, 0, 1000, 0);
	assert_int_equal(f.b.cap, 16384);
	teardown(&f);
}

static void bursts_that_are_read_up_lie_in_one_piece(void **state)
{
	struct holm_span spans[2];
	struct fixture f;

	(void)state;
	setup(&f, 8192);
	for (uint64_t burst = 0; burst < 5; burst++) {
		for (uint64_t i = 0; i < 6; i++) {
			offer(&f, 0, 1000, 6000 * burst + 1000 * i);
			holm_rcvbuf_advance(&f.b.base, 1000);
		}
		assert_int_equal(holm_ring_rcvbuf_peek(&f.b, 0, spans), 1);
		assert_int_equal(spans[0].data[0], 6000 * burst & 0xff);
		holm_ring_rcvbuf_release(&f.b, 6000);
	}
	/* Its reader's position goes on. */
	assert_int_equal(f.b.since + f.b.head, 30000);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_window_is_the_limit_before_any_memory_is_there),
		cmocka_unit_test(bytes_in_order_are_readable_after_advance_only),
		cmocka_unit_test(bytes_out_of_order_land_in_place),
		cmocka_unit_test(draining_keeps_memory_while_bytes_wait_out_of_order),
		cmocka_unit_test(without_memory_only_what_fits_is_taken),
		cmocka_unit_test(a_smaller_limit_never_moves_the_right_edge_back),
		cmocka_unit_test(peek_lends_two_spans_where_the_ring_wraps),
		cmocka_unit_test(
			payload_behind_the_headers_arrives_however_it_and_the_ring_are_split),
		cmocka_unit_test(any_order_of_pieces_and_reads_keeps_the_stream),
		cmocka_unit_test(a_ring_begins_again_with_the_size_that_was_needed_last_time),
		cmocka_unit_test(a_ring_that_begins_again_below_its_limit_is_a_power_of_two),
		cmocka_unit_test(a_ring_that_gets_small_pieces_becomes_small_again),
		cmocka_unit_test(bursts_that_are_read_up_lie_in_one_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
