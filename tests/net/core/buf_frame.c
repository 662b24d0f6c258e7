/*
 * Tests of net/core/buf_frame.c: received without a copy, pinned memory bounded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <holm/buf.h>

#include "tests/support/expect.h"
#include "tests/support/pool.h"

static size_t offer(struct holm_frame_rcvbuf *b, struct holm_pool *pool, size_t off, size_t len,
		    uint64_t pos)
{
	struct holm_frame *f = pool_frame(pool, 10, 54 + len, (uint8_t)(pos - 54));
	size_t n = holm_rcvbuf_accept(&b->base, off, f, 54, len);

	holm_frame_free(f);
	return n;
}

static void a_full_segment_is_kept_where_it_lies(void **state)
{
	struct holm_pool *pool = pool_make(8, 0);
	struct holm_frame *f = pool_frame(pool, 0, 1514, 0);
	const uint8_t *payload = holm_frame_data(f) + 54;
	struct holm_frame_rcvbuf b;
	struct holm_span span;

	(void)state;
	holm_frame_rcvbuf_init(&b, pool, 65536, NULL);
	assert_int_equal(holm_rcvbuf_window(&b.base), 32768);
	assert_int_equal(holm_rcvbuf_accept(&b.base, 0, f, 54, 1460), 1460);
	holm_frame_free(f);
	assert_int_equal(holm_frame_rcvbuf_peek(&b).len, 0);
	holm_rcvbuf_advance(&b.base, 1460);
	span = holm_frame_rcvbuf_peek(&b);
	assert_ptr_equal(span.data, payload);
	assert_int_equal(span.len, 1460);
	assert_int_equal(holm_rcvbuf_window(&b.base), 32768 - 1460);
	holm_frame_rcvbuf_release(&b, 1000);
	assert_ptr_equal(holm_frame_rcvbuf_peek(&b).data, payload + 1000);
	holm_frame_rcvbuf_release(&b, 460);
	assert_int_equal(holm_rcvbuf_window(&b.base), 32768);
	pool_end(pool);
}

/*
 * No other frame is taken for one that ends with its bytes; of one that goes on, or begins later, a
 * clone is.
 */
static void a_frame_is_kept_itself_where_its_bytes_are_all_that_is_left(void **state)
{
	struct holm_pool *pool = pool_make(4, 0);
	struct holm_frame_rcvbuf b;

	(void)state;
	holm_frame_rcvbuf_init(&b, pool, 65536, NULL);
	for (uint32_t i = 0; i < 4; i++) {
		bool whole = i == 0 || i == 3;
		struct holm_frame *f = pool_frame(pool, 0, 1514 + (i == 1 ? 6 : 0), 0);

		f->payload_off = i == 2 ? 50 : 54;
		assert_int_equal(holm_rcvbuf_accept(&b.base, 0, f, 54, 1460), 1460);
		assert_int_equal(pool_free_frames(pool), whole ? 3 : 2);
		holm_rcvbuf_advance(&b.base, 1460);
		holm_frame_free(f);
		assert_int_equal(pool_free_frames(pool), whole ? 3 : 2);
		assert_int_equal(holm_frame_rcvbuf_peek(&b).len, 1460);
		holm_frame_rcvbuf_release(&b, 1460);
		assert_int_equal(pool_free_frames(pool), 4);
	}
	pool_end(pool);
}

/* A device may have a pool of its own, which readers who sleep leave a quarter of, too. */
static void frames_of_another_pool_are_not_all_kept(void **state)
{
	struct holm_pool *pool = pool_make(64, 0), *device = pool_make(8, 0);
	struct holm_frame_rcvbuf b;

	(void)state;
	holm_frame_rcvbuf_init(&b, pool, 65536, NULL);
	for (uint32_t i = 0; i < 8; i++) {
		struct holm_frame *f = pool_frame(device, 0, 1514, 0);
		size_t n;

		f->payload_off = 54;
		n = holm_rcvbuf_accept(&b.base, i * 1460u, f, 54, 1460);
		holm_frame_free(f);
		if (n == 0)
			break;
	}
	assert_int_equal(pool_free_frames(device), 3);
	assert_int_equal(pool_free_frames(pool), 64);
	holm_rcvbuf_advance(&b.base, 5 * 1460);
	holm_frame_rcvbuf_fini(&b);
	pool_end(device);
	pool_end(pool);
}

/* Its sender, or a tap, may read on in the frame that was kept: what follows goes there when it does not. */
static void nothing_is_put_behind_a_frame_that_somebody_else_has(void **state)
{
	struct holm_pool *pool = pool_make(4, 0);
	struct holm_frame *f = pool_frame(pool, 0, 1514, 0);
	struct holm_frame_rcvbuf b;

	(void)state;
	holm_frame_rcvbuf_init(&b, pool, 65536, NULL);
	f->payload_off = 54;
	assert_int_equal(holm_rcvbuf_accept(&b.base, 0, f, 54, 1460), 1460);
	assert_int_equal(offer(&b, pool, 1460, 10, 1460), 10);
	assert_int_equal(f->len, 1514);
	holm_frame_free(f);
	holm_rcvbuf_advance(&b.base, 1470);
	holm_frame_rcvbuf_fini(&b);
	pool_end(pool);
}

static void small_segments_share_a_buffer(void **state)
{
	struct holm_pool *pool = pool_make(4, 0);
	struct holm_frame_rcvbuf b;

	(void)state;
	holm_frame_rcvbuf_init(&b, pool, 65536, NULL);
	for (uint64_t i = 0; i < 1000; i++) {
		assert_int_equal(offer(&b, pool, 0, 1, i), 1);
		holm_rcvbuf_advance(&b.base, 1);
	}
	assert_int_equal(pool_free_frames(pool), 3);
	assert_int_equal(holm_frame_rcvbuf_peek(&b).len, 1000);
	assert_int_equal(holm_frame_rcvbuf_peek(&b).data[999], 999 & 0xff);
	holm_frame_rcvbuf_fini(&b);
	pool_end(pool);
}

/* The frame that a drained queue gave back is the next one that arrives. */
static void a_small_segment_after_all_was_read_is_kept_apart(void **state)
{
	struct holm_pool *pool = pool_make(4, 0);
	struct holm_frame_rcvbuf b;

	(void)state;
	holm_frame_rcvbuf_init(&b, pool, 65536, NULL);
	for (uint64_t i = 0; i < 3; i++) {
		assert_int_equal(offer(&b, pool, 0, 100, i), 100);
		holm_rcvbuf_advance(&b.base, 100);
		assert_int_equal(holm_frame_rcvbuf_peek(&b).len, 100);
		assert_int_equal(holm_frame_rcvbuf_peek(&b).data[0], i);
		holm_frame_rcvbuf_release(&b, 100);
	}
	pool_end(pool);
}

/* More than 16 bits of offset: a super-frame of the largest packet and its ethernet header. */
static void the_last_bytes_of_a_super_frame_are_read_in_pieces(void **state)
{
	struct holm_pool *pool = pool_make(64, 0);
	struct holm_frame *f = pool_frame(pool, 0, 2000, 0);
	struct holm_frame_rcvbuf b;
	size_t len = 65535 + 14 - 54;
	size_t done = 0;

	(void)state;
	holm_frame_rcvbuf_init(&b, pool, 200000, NULL);
	while (f->len < len + 54) {
		size_t n = len + 54 - f->len < 2000 ? len + 54 - f->len : 2000;
		struct holm_frame *part = pool_frame(pool, 0, n, (uint8_t)f->len);

		assert_true(holm_frame_append(f, &part->home, holm_frame_data(part), n));
		holm_frame_free(part);
	}
	assert_int_equal(holm_rcvbuf_accept(&b.base, 0, f, 54, len), len);
	holm_frame_free(f);
	holm_rcvbuf_advance(&b.base, len);
	while (done < len) {
		struct holm_span span = holm_frame_rcvbuf_peek(&b);
		size_t n = span.len < 999 ? span.len : 999;

		assert_true(n > 0);
		assert_int_equal(span.data[n - 1], (uint8_t)(54 + done + n - 1));
		holm_frame_rcvbuf_release(&b, n);
		done += n;
	}
	assert_int_equal(holm_frame_rcvbuf_peek(&b).len, 0);
	pool_end(pool);
}

static void nothing_is_taken_out_of_order(void **state)
{
	struct holm_pool *pool = pool_make(4, 0);
	struct holm_frame_rcvbuf b;

	(void)state;
	holm_frame_rcvbuf_init(&b, pool, 65536, NULL);
	assert_int_equal(offer(&b, pool, 100, 50, 100), 0);
	assert_int_equal(offer(&b, pool, 0, 50, 0), 50);
	assert_int_equal(offer(&b, pool, 50, 50, 50), 50);
	holm_rcvbuf_advance(&b.base, 100);
	holm_frame_rcvbuf_fini(&b);
	pool_end(pool);
}

static void an_empty_pool_refuses_and_recovers(void **state)
{
	struct holm_pool *pool = pool_make(3, 1);
	struct holm_frame *a = holm_frame_alloc(pool, 0, false);
	struct holm_frame_rcvbuf b;

	(void)state;
	holm_frame_rcvbuf_init(&b, pool, 65536, NULL);
	assert_int_equal(offer(&b, pool, 0, 1400, 0), 0);
	holm_frame_free(a);
	assert_int_equal(offer(&b, pool, 0, 1400, 0), 1400);
	holm_frame_rcvbuf_fini(&b);
	pool_end(pool);
}

/* Readers who sleep, however many, leave others what they need to send and receive. */
static void all_queues_together_leave_a_quarter_of_the_pool(void **state)
{
	struct holm_pool *pool = pool_make(40, 0);
	struct holm_frame_rcvbuf b[60];

	(void)state;
	for (size_t i = 0; i < 60; i++) {
		holm_frame_rcvbuf_init(&b[i], pool, 65536, NULL);
		holm_rcvbuf_advance(&b[i].base, offer(&b[i], pool, 0, 1, i));
		assert_true(pool_free_frames(pool) >= 10);
	}
	assert_int_equal(holm_frame_rcvbuf_peek(&b[20]).len, 1);
	/* What fits behind a copy that is there already needs no frame. */
	assert_int_equal(offer(&b[20], pool, 0, 1, 0), 1);
	for (size_t i = 0; i < 60; i++)
		holm_frame_rcvbuf_fini(&b[i]);
	pool_end(pool);
}

/* Tiny and full segments in turn: the worst for a buffer that accounts for payload only. */
static void pinned_memory_stays_bounded_whatever_the_sizes(void **state)
{
	uint64_t seed = expect_seed(5);
	struct holm_pool *pool = pool_make(256, 0);
	struct holm_frame_rcvbuf b;
	uint64_t pos = 0;

	(void)state;
	holm_frame_rcvbuf_init(&b, pool, 65536, NULL);
	for (int i = 0; i < 5000; i++) {
		size_t len = expect_random_below(&seed, 2) ? 1 : 1400;
		size_t n = len <= holm_rcvbuf_window(&b.base) ? offer(&b, pool, 0, len, pos) : 0;

		holm_rcvbuf_advance(&b.base, n);
		pos += n;
		assert_true((256 - pool_free_frames(pool)) * HOLM_FRAME_BYTES <= 3 * 65536);
	}
	holm_frame_rcvbuf_fini(&b);
	pool_end(pool);
}

static void the_stream_comes_out_as_it_went_in(void **state)
{
	uint64_t seed = expect_seed(9);
	struct holm_pool *pool = pool_make(128, 0);
	struct holm_frame_rcvbuf b;
	uint64_t in = 0;
	uint64_t out = 0;

	(void)state;
	holm_frame_rcvbuf_init(&b, pool, 65536, NULL);
	for (int i = 0; i < 20000; i++) {
		size_t len = 1 + expect_random_below(&seed, 1460);
		struct holm_span span;
		size_t n = len <= holm_rcvbuf_window(&b.base) ? offer(&b, pool, 0, len, in) : 0;

		holm_rcvbuf_advance(&b.base, n);
		in += n;
		span = holm_frame_rcvbuf_peek(&b);
		span.len = span.len ? 1 + expect_random_below(&seed, span.len) : 0;
		for (size_t k = 0; k < span.len; k++)
			assert_int_equal(span.data[k], (uint8_t)(out + k));
		holm_frame_rcvbuf_release(&b, span.len);
		out += span.len;
	}
	assert_true(out > 1000000);
	holm_frame_rcvbuf_fini(&b);
	pool_end(pool);
}

/* Any number at a time, of copies and of frames, whose ends do not count. */
static void bytes_are_copied_out_of_as_many_frames_as_they_lie_in(void **state)
{
	uint64_t seed = expect_seed(11);
	struct holm_pool *pool = pool_make(128, 0);
	struct holm_frame_rcvbuf b;
	uint8_t bytes[9000];
	uint64_t in = 0;
	uint64_t out = 0;

	(void)state;
	holm_frame_rcvbuf_init(&b, pool, 65536, NULL);
	assert_int_equal(holm_frame_rcvbuf_read(&b, bytes, sizeof(bytes)), 0);
	for (int i = 0; i < 5000; i++) {
		size_t len = 1 + expect_random_below(&seed, 1460);
		size_t n = len <= holm_rcvbuf_window(&b.base) ? offer(&b, pool, 0, len, in) : 0;
		size_t wants = expect_random_below(&seed, 4) ? 0 : expect_random_below(&seed, 9000);
		size_t before;

		holm_rcvbuf_advance(&b.base, n);
		in += n;
		before = b.base.readable;
		n = holm_frame_rcvbuf_read(&b, bytes, wants);
		assert_int_equal(n, wants < before ? wants : before);
		assert_int_equal(b.base.readable, before - n);
		assert_int_equal(holm_rcvbuf_window(&b.base) + b.base.readable, 32768);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(bytes[k], (uint8_t)(out + k));
		out += n;
	}
	assert_true(out > 1000000);
	holm_frame_rcvbuf_fini(&b);
	pool_end(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_segment_is_kept_where_it_lies),
		cmocka_unit_test(a_frame_is_kept_itself_where_its_bytes_are_all_that_is_left),
		cmocka_unit_test(frames_of_another_pool_are_not_all_kept),
		cmocka_unit_test(nothing_is_put_behind_a_frame_that_somebody_else_has),
		cmocka_unit_test(small_segments_share_a_buffer),
		cmocka_unit_test(a_small_segment_after_all_was_read_is_kept_apart),
		cmocka_unit_test(the_last_bytes_of_a_super_frame_are_read_in_pieces),
		cmocka_unit_test(nothing_is_taken_out_of_order),
		cmocka_unit_test(an_empty_pool_refuses_and_recovers),
		cmocka_unit_test(all_queues_together_leave_a_quarter_of_the_pool),
		cmocka_unit_test(pinned_memory_stays_bounded_whatever_the_sizes),
		cmocka_unit_test(the_stream_comes_out_as_it_went_in),
		cmocka_unit_test(bytes_are_copied_out_of_as_many_frames_as_they_lie_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
