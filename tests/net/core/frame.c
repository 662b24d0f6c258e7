/*
 * Tests of net/core/frame.c: who owns what, and that every byte and frame comes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <holm/frame.h>

#include "tests/support/expect.h"
#include "tests/support/pool.h"

static void expect_bytes(const struct holm_frame *f, size_t off, size_t len, uint8_t first)
{
	uint8_t got[8192];

	holm_frame_read(f, off, got, len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(got[i], (uint8_t)(first + i));
}

static void a_new_frame_is_empty_and_has_the_headroom_asked_for(void **state)
{
	struct holm_pool *pool = pool_make(2, 0);
	struct holm_frame *f = holm_frame_alloc(pool, 100, false);

	(void)state;
	assert_int_equal(f->len, 0);
	assert_int_equal(f->nsegs, 1);
	assert_int_equal(holm_frame_headroom(f), 100);
	assert_ptr_equal(holm_frame_push(f, 14), f->home_mem + 86);
	assert_int_equal(f->len, 14);
	holm_frame_pull(f, 14);
	assert_int_equal(f->len, 0);
	holm_frame_free(f);
	pool_end(pool);
}

static void metadata_of_the_last_use_does_not_leak_into_the_next(void **state)
{
	struct holm_pool *pool = pool_make(1, 0);
	struct holm_frame *f = holm_frame_alloc(pool, 0, false);

	(void)state;
	f->gso = HOLM_GSO_TCP4;
	f->csum = HOLM_CSUM_PARTIAL;
	f->flags = HOLM_FRAME_LENT;
	f->payload_off = 54;
	holm_frame_free(f);
	f = holm_frame_alloc(pool, 0, false);
	assert_int_equal(f->gso, HOLM_GSO_NONE);
	assert_int_equal(f->csum, HOLM_CSUM_NONE);
	assert_int_equal(f->flags, 0);
	assert_int_equal(f->payload_off, 0);
	assert_null(f->chain);
	holm_frame_free(f);
	pool_end(pool);
}

/*
 * In whatever shape they were given up: in a vector, as a chain, while a clone had their bytes, with one
 * piece of another's.
 */
static void frames_come_back_blank(void **state)
{
	struct holm_pool *pool = pool_make(12, 0);
	struct holm_frame *f = pool_frame(pool, 100, 500, 0), *clone, *all[12];

	(void)state;
	f->chain = pool_frame(pool, 0, 10, 1);
	for (size_t i = 0; i < 5; i++) {
		struct holm_frame *more = pool_frame(pool, 0, 100, 2);

		assert_true(holm_frame_append(f, &more->home, holm_frame_data(more), 100));
		holm_frame_free(more);
	}
	f->chain->chain = pool_frame(pool, 0, 10, 3);
	clone = holm_frame_clone(pool, f);
	assert_non_null(clone);
	holm_frame_free(f);
	holm_frame_free(clone);
	f = pool_frame(pool, 0, 10, 0);
	clone = pool_frame(pool, 0, 10, 0);
	assert_true(holm_frame_append(f, &clone->home, holm_frame_data(clone), 10));
	holm_frame_free(f);
	holm_frame_free(clone);
	for (size_t i = 0; i < 12; i++) {
		all[i] = holm_frame_alloc(pool, 64, false);
		assert_non_null(all[i]);
		assert_null(all[i]->chain);
		assert_null(all[i]->vector);
		assert_ptr_equal(all[i]->segs, all[i]->segs_inline);
		assert_int_equal(all[i]->segs_max, HOLM_FRAME_SEGS_INLINE);
		assert_int_equal(all[i]->nsegs, 1);
		assert_ptr_equal(all[i]->segs[0].buf, &all[i]->home);
		assert_ptr_equal(all[i]->segs[0].data, all[i]->home_mem + 64);
		assert_int_equal(all[i]->home.refs, 1);
	}
	holm_frame_free_batch(all, 12);
	pool_end(pool);
}

static void the_reserve_is_only_for_those_who_may(void **state)
{
	struct holm_pool *pool = pool_make(3, 2);
	struct holm_frame *a = holm_frame_alloc(pool, 0, false);
	struct holm_frame *b;
	struct holm_pool_stats stats;

	(void)state;
	assert_non_null(a);
	assert_null(holm_frame_alloc(pool, 0, false));
	b = holm_frame_alloc(pool, 0, true);
	assert_non_null(b);
	holm_pool_get_stats(pool, &stats);
	assert_int_equal(stats.exhausted, 1);
	assert_int_equal(stats.free_min, 1);
	holm_frame_free(a);
	holm_frame_free(b);
	pool_end(pool);
}

static void the_last_frame_freed_is_the_next_one_taken(void **state)
{
	struct holm_pool *pool = pool_make(4, 0);
	struct holm_frame *a = holm_frame_alloc(pool, 0, false);
	struct holm_frame *b = holm_frame_alloc(pool, 0, false);

	(void)state;
	holm_frame_free(a);
	holm_frame_free(b);
	assert_ptr_equal(holm_frame_alloc(pool, 0, false), b);
	holm_frame_free(b);
	pool_end(pool);
}

static void a_clone_shares_the_bytes_and_keeps_them_alive(void **state)
{
	struct holm_pool *pool = pool_make(3, 0);
	struct holm_frame *f = pool_frame(pool, 20, 60, 7);
	struct holm_frame *c = holm_frame_clone(pool, f);

	(void)state;
	assert_ptr_equal(holm_frame_data(c), holm_frame_data(f));
	assert_int_equal(f->home.refs, 2);
	holm_frame_free(f);
	/* The original's metadata is gone, but its buffer is not free yet. */
	assert_int_equal(pool_free_frames(pool), 1);
	expect_bytes(c, 0, 60, 7);
	holm_frame_free(c);
	pool_end(pool);
}

static void a_kept_frame_has_two_owners(void **state)
{
	struct holm_pool *pool = pool_make(3, 0);
	struct holm_frame *f, *c;

	(void)state;
	for (int shape = 0; shape < 2; shape++) {
		f = pool_frame(pool, 20, 60, 7);
		if (shape == 1) {
			struct holm_frame *rest = pool_frame(pool, 0, 40, 67);

			assert_true(holm_frame_append(f, &rest->home, holm_frame_data(rest), 40));
			holm_frame_free(rest);
		}
		assert_true(holm_frame_keep(f));
		assert_false(holm_frame_keep(f));
		c = holm_frame_clone(pool, f);
		assert_int_equal(c->flags, 0);
		holm_frame_free(c);
		holm_frame_free(f);
		/* It is the other's alone, and may be kept again. */
		assert_int_equal(pool_free_frames(pool), 2 - shape);
		assert_int_equal(f->flags, 0);
		expect_bytes(f, 0, f->len, 7);
		holm_frame_free(f);
		assert_int_equal(pool_free_frames(pool), 3);
	}
	pool_end(pool);
}

static void what_is_chained_or_lent_is_not_kept(void **state)
{
	struct holm_pool *pool = pool_make(2, 0);
	struct holm_frame *f = pool_frame(pool, 20, 60, 7);

	(void)state;
	f->chain = pool_frame(pool, 20, 60, 7);
	assert_false(holm_frame_keep(f));
	f->chain->flags = HOLM_FRAME_LENT;
	assert_false(holm_frame_keep(f->chain));
	assert_int_equal(f->home.refs + f->chain->home.refs, 2);
	holm_frame_free(f);
	pool_end(pool);
}

static void a_clone_of_lent_bytes_is_a_copy_that_pins_none(void **state)
{
	struct holm_pool *pool = pool_make(3, 0);
	struct holm_frame *f = pool_frame(pool, 20, 60, 7);
	struct holm_frame *c;

	(void)state;
	f->flags = HOLM_FRAME_LENT;
	c = holm_frame_clone(pool, f);
	assert_int_equal(f->home.refs, 1);
	assert_int_equal(c->flags, 0);
	holm_frame_free(f);
	assert_int_equal(pool_free_frames(pool), 2);
	expect_bytes(c, 0, 60, 7);
	holm_frame_free(c);
	pool_end(pool);
}

static void a_copy_references_nothing_of_the_original(void **state)
{
	struct holm_pool *from = pool_make(8, 0);
	struct holm_pool *to = pool_make(8, 0);
	struct holm_frame *f = pool_frame(from, 20, 1000, 0);
	struct holm_frame *tail = pool_frame(from, 0, 1900, 1000 & 0xff);
	struct holm_frame *c;

	(void)state;
	assert_true(holm_frame_append(f, &tail->home, holm_frame_data(tail), 1900));
	holm_frame_free(tail);
	f->l4_off = 34;
	f->flags = HOLM_FRAME_LENT | HOLM_FRAME_BROADCAST;
	c = holm_frame_copy(to, f);
	holm_frame_free(f);
	pool_end(from);
	assert_int_equal(c->len, 2900);
	assert_int_equal(c->l4_off, 34);
	assert_int_equal(c->flags, HOLM_FRAME_BROADCAST);
	expect_bytes(c, 0, 2900, 0);
	expect_bytes(c, 2100, 200, 2100 & 0xff);
	holm_frame_free(c);
	pool_end(to);
}

static void a_part_of_another_frame_is_shared(void **state)
{
	struct holm_pool *pool = pool_make(8, 0);
	struct holm_frame *from = pool_frame(pool, 20, 1000, 0);
	struct holm_frame *tail = pool_frame(pool, 0, 1900, 1000 & 0xff);
	struct holm_frame *f = pool_frame(pool, 0, 8, 0);

	(void)state;
	assert_true(holm_frame_append(from, &tail->home, holm_frame_data(tail), 1900));
	holm_frame_free(tail);
	assert_true(holm_frame_append_from(f, from, 900, 300));
	assert_int_equal(f->len, 308);
	assert_int_equal(f->nsegs, 3);
	assert_ptr_equal(f->segs[1].data, holm_frame_data(from) + 900);
	assert_true(holm_frame_append_from(f, from, 2800, 5000));
	assert_int_equal(f->len, 408);
	assert_true(holm_frame_append_from(f, from, 2900, 1));
	assert_int_equal(f->len, 408);
	holm_frame_free(from);
	expect_bytes(f, 8, 300, 900 & 0xff);
	expect_bytes(f, 308, 100, 2800 & 0xff);
	holm_frame_free(f);
	pool_end(pool);
}

static void a_copy_that_finds_the_pool_empty_leaves_nothing_behind(void **state)
{
	struct holm_pool *from = pool_make(8, 0);
	struct holm_pool *to = pool_make(2, 0);
	struct holm_frame *f = pool_frame(from, 0, 2048, 0);

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct holm_frame *more = pool_frame(from, 0, 2048, 0);

		assert_true(holm_frame_append(f, &more->home, holm_frame_data(more), 2048));
		holm_frame_free(more);
	}
	assert_null(holm_frame_copy(to, f));
	assert_int_equal(pool_free_frames(to), 2);
	holm_frame_free(f);
	pool_end(from);
	pool_end(to);
}

struct lender {
	struct holm_buf buf;
	int released;
	uint8_t bytes[256];
};

static void lender_release(struct holm_buf *buf)
{
	((struct lender *)buf)->released++;
}

static const struct holm_buf_owner lender_owner = { .release = lender_release };

static void lent_bytes_go_back_once_when_the_last_frame_lets_go(void **state)
{
	struct holm_pool *pool = pool_make(4, 0);
	struct lender l = { .buf = { .owner = &lender_owner, .refs = 0 } };
	struct holm_frame *f = pool_frame(pool, 40, 54, 0);
	struct holm_frame *c;

	(void)state;
	assert_true(holm_frame_append(f, &l.buf, l.bytes, 100));
	assert_true(holm_frame_append(f, &l.buf, l.bytes + 100, 50));
	assert_int_equal(l.buf.refs, 2);
	c = holm_frame_clone(pool, f);
	holm_frame_free(f);
	assert_int_equal(l.released, 0);
	holm_frame_free(c);
	assert_int_equal(l.released, 1);
	pool_end(pool);
}

static void more_segments_than_inline_ones_go_to_a_vector(void **state)
{
	struct holm_pool *pool = pool_make(4, 0);
	struct lender l = { .buf = { .owner = &lender_owner, .refs = 0 } };
	struct holm_frame *f = pool_frame(pool, 0, 10, 0);

	(void)state;
	for (uint32_t i = 1; i < HOLM_FRAME_SEGS_MAX; i++)
		assert_true(holm_frame_append(f, &l.buf, l.bytes + i, 1));
	assert_false(holm_frame_append(f, &l.buf, l.bytes, 1));
	assert_int_equal(f->len, 10 + HOLM_FRAME_SEGS_MAX - 1);
	assert_int_equal(pool_free_frames(pool), 2);
	holm_frame_free(f);
	assert_int_equal(l.released, 1);
	pool_end(pool);
}

static void a_chain_is_freed_with_its_head(void **state)
{
	struct holm_pool *pool = pool_make(3, 0);
	struct holm_frame *f = pool_frame(pool, 0, 10, 0);

	(void)state;
	f->chain = pool_frame(pool, 0, 10, 0);
	f->chain->chain = pool_frame(pool, 0, 10, 0);
	holm_frame_free(f);
	pool_end(pool);
}

/* Split 120 bytes over home buffer and lender at every place, and pull up to every length. */
static void pullup_makes_every_prefix_contiguous(void **state)
{
	(void)state;
	for (size_t split = 1; split < 120; split += 7) {
		for (size_t want = 1; want <= 120; want += 13) {
			struct holm_pool *pool = pool_make(4, 0);
			struct holm_frame *f = pool_frame(pool, 32, split, 0);
			struct holm_frame *rest = pool_frame(pool, 0, 120 - split, (uint8_t)split);

			assert_true(holm_frame_append(f, &rest->home, holm_frame_data(rest),
						      120 - split));
			holm_frame_free(rest);
			assert_true(holm_frame_pullup(f, want));
			assert_true(f->segs[0].len >= want);
			assert_int_equal(f->len, 120);
			expect_bytes(f, 0, 120, 0);
			holm_frame_free(f);
			pool_end(pool);
		}
	}
}

static void pullup_refuses_what_is_not_there_or_not_ours_to_write(void **state)
{
	struct holm_pool *pool = pool_make(4, 0);
	struct holm_frame *f = pool_frame(pool, 0, 50, 0);
	struct holm_frame *more = pool_frame(pool, 0, 50, 50);
	struct holm_frame *c;

	(void)state;
	assert_false(holm_frame_pullup(f, 51));
	assert_true(holm_frame_append(f, &more->home, holm_frame_data(more), 50));
	holm_frame_free(more);
	c = holm_frame_clone(pool, f);
	assert_false(holm_frame_pullup(f, 60)); /* the clone would see the write */
	holm_frame_free(c);
	assert_true(holm_frame_pullup(f, 60));
	expect_bytes(f, 0, 100, 0);
	holm_frame_free(f);
	pool_end(pool);
}

static void pullup_of_a_frame_in_foreign_buffers_moves_it_home(void **state)
{
	struct holm_pool *pool = pool_make(4, 0);
	struct holm_frame *f = holm_frame_alloc(pool, 0, false);
	struct holm_frame *a = pool_frame(pool, 0, 30, 0);

	(void)state;
	f->segs[0].buf = &a->home;
	f->segs[0].data = holm_frame_data(a);
	f->segs[0].len = 10;
	f->len = 10;
	holm_buf_get(&a->home);
	assert_true(holm_frame_append(f, &a->home, holm_frame_data(a) + 10, 20));
	holm_frame_free(a);
	assert_true(holm_frame_pullup(f, 15));
	assert_ptr_equal(f->segs[0].buf, &f->home);
	expect_bytes(f, 0, 30, 0);
	holm_frame_free(f);
	pool_end(pool);
}

static void a_vector_goes_with_a_frame_that_shrank_to_one_segment(void **state)
{
	struct holm_pool *pool = pool_make(16, 0);
	struct holm_frame *a = pool_frame(pool, 0, 40, 0);

	(void)state;
	for (int way = 0; way < 2; way++) {
		struct holm_frame *f = pool_frame(pool, 0, 10, 0);

		for (size_t i = 0; i < 6; i++)
			assert_true(holm_frame_append(f, &a->home, holm_frame_data(a) + i * 5, 5));
		if (way == 0)
			assert_true(holm_frame_pullup(f, f->len));
		else
			holm_frame_trim(f, 10);
		assert_int_equal(f->nsegs, 1);
		holm_frame_free(f);
	}
	holm_frame_free(a);
	pool_end(pool);
}

static void trim_lets_go_of_what_is_behind(void **state)
{
	struct holm_pool *pool = pool_make(4, 0);
	struct lender l = { .buf = { .owner = &lender_owner, .refs = 0 } };
	struct holm_frame *f = pool_frame(pool, 0, 50, 0);

	(void)state;
	assert_true(holm_frame_append(f, &l.buf, l.bytes, 100));
	holm_frame_trim(f, 200);
	assert_int_equal(f->len, 150);
	holm_frame_trim(f, 60);
	assert_int_equal(f->len, 60);
	assert_int_equal(l.released, 0);
	holm_frame_trim(f, 50);
	assert_int_equal(l.released, 1);
	assert_int_equal(f->nsegs, 1);
	holm_frame_free(f);
	pool_end(pool);
}

static void append_copy_fills_the_home_buffer_and_not_more(void **state)
{
	struct holm_pool *pool = pool_make(1, 0);
	struct holm_frame *f = holm_frame_alloc(pool, HOLM_FRAME_BYTES - 10, false);

	(void)state;
	assert_true(holm_frame_append_copy(f, "12345", 5));
	assert_false(holm_frame_append_copy(f, "123456", 6));
	assert_true(holm_frame_append_copy(f, "67890", 5));
	assert_int_equal(f->len, 10);
	assert_memory_equal(holm_frame_data(f), "1234567890", 10);
	holm_frame_free(f);
	pool_end(pool);
}

static void read_beyond_the_end(void *arg)
{
	uint8_t byte[4];

	holm_frame_read(arg, 8, byte, 4);
}

static void reading_what_is_not_there_is_a_programming_error(void **state)
{
	struct holm_pool *pool = pool_make(1, 0);
	struct holm_frame *f = pool_frame(pool, 0, 10, 0);

	(void)state;
	assert_true(expect_assert(read_beyond_the_end, f));
	holm_frame_free(f);
	pool_end(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_frame_is_empty_and_has_the_headroom_asked_for),
		cmocka_unit_test(metadata_of_the_last_use_does_not_leak_into_the_next),
		cmocka_unit_test(frames_come_back_blank),
		cmocka_unit_test(the_reserve_is_only_for_those_who_may),
		cmocka_unit_test(the_last_frame_freed_is_the_next_one_taken),
		cmocka_unit_test(a_clone_shares_the_bytes_and_keeps_them_alive),
		cmocka_unit_test(a_kept_frame_has_two_owners),
		cmocka_unit_test(what_is_chained_or_lent_is_not_kept),
		cmocka_unit_test(a_clone_of_lent_bytes_is_a_copy_that_pins_none),
		cmocka_unit_test(a_copy_references_nothing_of_the_original),
		cmocka_unit_test(a_part_of_another_frame_is_shared),
		cmocka_unit_test(a_copy_that_finds_the_pool_empty_leaves_nothing_behind),
		cmocka_unit_test(lent_bytes_go_back_once_when_the_last_frame_lets_go),
		cmocka_unit_test(more_segments_than_inline_ones_go_to_a_vector),
		cmocka_unit_test(a_chain_is_freed_with_its_head),
		cmocka_unit_test(pullup_makes_every_prefix_contiguous),
		cmocka_unit_test(pullup_refuses_what_is_not_there_or_not_ours_to_write),
		cmocka_unit_test(pullup_of_a_frame_in_foreign_buffers_moves_it_home),
		cmocka_unit_test(a_vector_goes_with_a_frame_that_shrank_to_one_segment),
		cmocka_unit_test(trim_lets_go_of_what_is_behind),
		cmocka_unit_test(append_copy_fills_the_home_buffer_and_not_more),
		cmocka_unit_test(reading_what_is_not_there_is_a_programming_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
