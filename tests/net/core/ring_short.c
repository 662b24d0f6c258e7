/*
 * Tests of net/core/ring_short.h: what its short ways leave behind is what the operations would have
 * left, and what they do not know they leave alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/core/ring_short.h"
#include "tests/support/env.h"
#include "tests/support/expect.h"
#include "tests/support/pool.h"

/* One ring of each kind by the short ways, [0], and one by the operations, [1]. */
struct fixture {
	struct holm_env env;
	struct mem mem;
	struct holm_pool *pool;
	struct holm_ring_sndbuf snd[2];
	struct holm_ring_rcvbuf rcv[2];
	uint8_t next; /* byte of the stream that is written or offered next */
};

static void setup(struct fixture *f, uint32_t limit)
{
	memset(f, 0, sizeof(*f));
	f->env = plain_env;
	mem_init(&f->mem, &f->env);
	f->pool = pool_make(8, 0);
	/* A page to be found: it goes from ring to ring. */
	assert_true(mem_hand_give(&f->mem.memory, mem_alloc(&f->mem, MEM_CHUNK)));
	for (int i = 0; i < 2; i++) {
		holm_ring_sndbuf_init(&f->snd[i], &f->mem.memory, limit, NULL);
		holm_ring_rcvbuf_init(&f->rcv[i], &f->mem.memory, limit, NULL);
	}
}

static void teardown(struct fixture *f)
{
	for (int i = 0; i < 2; i++) {
		holm_ring_sndbuf_fini(&f->snd[i]);
		holm_ring_rcvbuf_fini(&f->rcv[i]);
	}
	assert_int_equal(mem_in_use(&f->mem), 0);
	mem_fini(&f->mem);
	pool_end(f->pool);
}

static void assert_same(const struct fixture *f)
{
	const struct holm_ring_sndbuf *s = f->snd;
	const struct holm_ring_rcvbuf *r = f->rcv;

	assert_int_equal(s[0].base.queued, s[1].base.queued);
	assert_int_equal(s[0].base.limit, s[1].base.limit);
	assert_int_equal(s[0].head, s[1].head);
	assert_int_equal(s[0].tail, s[1].tail);
	assert_int_equal(s[0].cap, s[1].cap);
	assert_int_equal(s[0].mem == NULL, s[1].mem == NULL);
	assert_int_equal(r[0].base.readable, r[1].base.readable);
	assert_int_equal(r[0].base.window, r[1].base.window);
	assert_int_equal(r[0].head, r[1].head);
	assert_int_equal(r[0].kept, r[1].kept);
	assert_int_equal(r[0].cap, r[1].cap);
	assert_int_equal(r[0].since, r[1].since);
	assert_int_equal(r[0].last_cap, r[1].last_cap);
	assert_int_equal(r[0].mem == NULL, r[1].mem == NULL);
}

static void fill(struct fixture *f, uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = f->next++;
}

static void write_both(struct fixture *f, size_t n)
{
	uint8_t bytes[4096];

	n = n < holm_sndbuf_room(&f->snd[0].base) ? n : holm_sndbuf_room(&f->snd[0].base);
	fill(f, bytes, n);
	for (int i = 0; i < 2; i++)
		assert_int_equal(holm_ring_sndbuf_write(&f->snd[i], bytes, n), n);
}

/* What both have from `off` on is the same; returns whether it was found the short way. */
static bool look_both(struct fixture *f, size_t off, size_t len)
{
	const uint8_t *p = ring_snd_look(&f->snd[0].base, off, len);
	struct holm_span spans[2];
	size_t n = holm_sndbuf_lend(&f->snd[1].base, off, len, spans, 2);

	if (!p)
		return false;
	assert_int_equal(n, 1);
	assert_int_equal(spans[0].len, len);
	assert_memory_equal(p, spans[0].data, len);
	/* Both rings may retire a block that was lent: only one of them has lent. */
	f->snd[0].lent = f->snd[1].lent;
	return true;
}

static void discard_both(struct fixture *f, size_t n)
{
	ring_snd_discard(&f->snd[0].base, n);
	holm_sndbuf_discard(&f->snd[1].base, n);
}

/* Returns whether it was taken the short way. */
static bool take_both(struct fixture *f, size_t n)
{
	struct holm_frame *frame = pool_frame(f->pool, 10, 54 + n, (uint8_t)(f->next - 54));
	bool taken = ring_rcv_take(&f->rcv[0].base, holm_frame_data(frame) + 54, n);

	f->next = (uint8_t)(f->next + n);
	for (int i = taken ? 1 : 0; i < 2; i++) {
		assert_int_equal(holm_rcvbuf_accept(&f->rcv[i].base, 0, frame, 54, n), n);
		holm_rcvbuf_advance(&f->rcv[i].base, n);
	}
	holm_frame_free(frame);
	return taken;
}

static void read_both(struct fixture *f, size_t n)
{
	uint8_t got[2][65536];
	size_t len = holm_ring_rcvbuf_read(&f->rcv[0], got[0], n);

	assert_int_equal(holm_ring_rcvbuf_read(&f->rcv[1], got[1], n), len);
	assert_memory_equal(got[0], got[1], len);
}

static void a_message_takes_the_short_ways(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 65536);
	for (int i = 0; i < 10; i++) {
		write_both(&f, 100);
		assert_true(look_both(&f, 0, 100));
		assert_true(look_both(&f, 40, 60));
		discard_both(&f, 100);
		assert_null(f.snd[0].mem);
		assert_true(take_both(&f, 100));
		assert_same(&f);
		read_both(&f, 100);
		assert_null(f.rcv[0].mem);
		assert_same(&f);
	}
	teardown(&f);
}

/* As where many speak at once: more pages than one are under way. */
static void a_message_whose_page_nobody_holds_takes_the_short_ways(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 65536);
	mem_free(&f.mem, mem_hand_take(&f.mem.memory), MEM_CHUNK);
	for (int i = 0; i < 10; i++) {
		write_both(&f, 100);
		assert_true(take_both(&f, 100));
		assert_same(&f);
		assert_int_equal(mem_in_use(&f.mem), 4 * MEM_CHUNK);
		assert_true(look_both(&f, 0, 100));
		read_both(&f, 100);
		assert_null(f.rcv[0].mem);
		assert_same(&f);
		discard_both(&f, 100);
		assert_null(f.snd[0].mem);
		assert_same(&f);
		assert_int_equal(mem_in_use(&f.mem), 0);
	}
	teardown(&f);
}

static void *no_memory(void *ctx, size_t size)
{
	(void)ctx;
	(void)size;
	return NULL;
}

static void without_memory_a_message_leaves_everything_as_it_was(void **state)
{
	static const struct holm_memory none = { .alloc = no_memory };
	const uint8_t message[100] = { 1 };
	struct holm_ring_sndbuf snd;
	struct holm_ring_rcvbuf rcv;

	(void)state;
	holm_ring_sndbuf_init(&snd, &none, 4096, NULL);
	holm_ring_rcvbuf_init(&rcv, &none, 4096, NULL);
	assert_int_equal(holm_ring_sndbuf_write(&snd, message, sizeof(message)), 0);
	assert_int_equal(holm_sndbuf_queued(&snd.base), 0);
	assert_int_equal(snd.cap, 0);
	assert_false(ring_rcv_take(&rcv.base, message, sizeof(message)));
	assert_int_equal(holm_rcvbuf_readable(&rcv.base), 0);
	assert_int_equal(holm_rcvbuf_window(&rcv.base), 4096);
	assert_int_equal(rcv.cap, 0);
}

static void what_wraps_is_left_to_the_operations(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, 65536);
	write_both(&f, 4000);
	discard_both(&f, 3900);
	write_both(&f, 1000);
	assert_false(look_both(&f, 0, 1100));
	assert_true(look_both(&f, 0, 196));
	for (int i = 0; i < 4; i++)
		take_both(&f, 1000);
	read_both(&f, 3900);
	assert_false(take_both(&f, 200));
	assert_same(&f);
	teardown(&f);
}

static void constant_regions_are_left_to_the_operations(void **state)
{
	static const uint8_t region[100] = { 1, 2, 3 };
	struct fixture f;

	(void)state;
	setup(&f, 65536);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(holm_ring_sndbuf_write_const(&f.snd[i], region, 100), 100);
		assert_int_equal(holm_ring_sndbuf_write_const(&f.snd[i], region, 100), 100);
	}
	discard_both(&f, 100);
	assert_same(&f);
	assert_null(ring_snd_look(&f.snd[0].base, 0, 100));
	teardown(&f);
}

static void more_than_the_window_is_left_to_the_operations(void **state)
{
	struct fixture f;
	uint8_t bytes[100];

	(void)state;
	setup(&f, 4096);
	for (int i = 0; i < 4; i++)
		take_both(&f, 1000);
	fill(&f, bytes, sizeof(bytes));
	assert_false(ring_rcv_take(&f.rcv[0].base, bytes, 97));
	assert_true(ring_rcv_take(&f.rcv[0].base, bytes, 96));
	assert_int_equal(holm_rcvbuf_window(&f.rcv[0].base), 0);
	teardown(&f);
}

static void other_buffers_are_left_to_their_operations(void **state)
{
	static uint8_t table[HOLM_PATTERN_TABLE_BYTES];
	struct holm_pattern_sndbuf snd;
	struct holm_pattern_rcvbuf rcv;

	(void)state;
	holm_pattern_fill(table);
	holm_pattern_sndbuf_init(&snd, table, 1000, NULL);
	holm_pattern_rcvbuf_init(&rcv, table, 1000, NULL);
	assert_int_equal(holm_pattern_sndbuf_write(&snd, 100), 100);
	ring_snd_discard(&snd.base, 40);
	assert_int_equal(snd.head, 40);
	assert_int_equal(holm_sndbuf_queued(&snd.base), 60);
	assert_null(ring_snd_look(&snd.base, 0, 60));
	assert_false(ring_rcv_take(&rcv.base, table, 100));
	assert_int_equal(rcv.tail, 0);
}

static void any_order_leaves_the_same(void **state)
{
	uint64_t seed = expect_seed(5);
	size_t taken = 0, looked = 0;
	struct fixture f;

	(void)state;
	setup(&f, 16384);
	for (int i = 0; i < 20000; i++) {
		size_t n = 1 + (size_t)expect_random_below(&seed, i % 7 ? 200 : 1400);
		size_t queued;

		write_both(&f, n);
		queued = holm_sndbuf_queued(&f.snd[0].base);
		looked += look_both(&f, 0, min_size(n, queued));
		discard_both(&f, expect_random_below(&seed, 3) ? queued : min_size(n / 2, queued));
		if (n <= holm_rcvbuf_window(&f.rcv[0].base))
			taken += take_both(&f, n);
		read_both(&f, expect_random_below(&seed, 3) ? 65536 : n / 2);
		assert_same(&f);
	}
	assert_true(looked > 10000);
	assert_true(taken > 10000);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_takes_the_short_ways),
		cmocka_unit_test(a_message_whose_page_nobody_holds_takes_the_short_ways),
		cmocka_unit_test(without_memory_a_message_leaves_everything_as_it_was),
		cmocka_unit_test(what_wraps_is_left_to_the_operations),
		cmocka_unit_test(constant_regions_are_left_to_the_operations),
		cmocka_unit_test(more_than_the_window_is_left_to_the_operations),
		cmocka_unit_test(other_buffers_are_left_to_their_operations),
		cmocka_unit_test(any_order_leaves_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
