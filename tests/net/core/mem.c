/*
 * Tests of net/core/mem.c: nothing overlaps, everything comes back, failure leaves no trace.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/core/mem.h"
#include "tests/support/expect.h"

struct books {
	size_t bytes;
	unsigned calls;
	unsigned fail_from;
	size_t limit; /* 0: none */
	size_t smallest;
};

static void *env_alloc(void *ctx, size_t size, size_t align)
{
	struct books *b = ctx;

	b->calls++;
	if (b->fail_from && b->calls >= b->fail_from)
		return NULL;
	if (b->limit && b->bytes + size > b->limit)
		return NULL;
	b->bytes += size;
	if (size < b->smallest)
		b->smallest = size;
	return aligned_alloc(align, (size + align - 1) / align * align);
}

static void env_free(void *ctx, void *p, size_t size)
{
	struct books *b = ctx;

	b->bytes -= size;
	free(p);
}

struct fixture {
	struct books books;
	struct holm_env env;
	struct mem mem;
};

static void setup(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->books.smallest = SIZE_MAX;
	f->env = (struct holm_env){
		.size = sizeof(f->env), .ctx = &f->books, .alloc = env_alloc, .free = env_free
	};
	mem_init(&f->mem, &f->env);
}

static void teardown(struct fixture *f)
{
	assert_int_equal(mem_in_use(&f->mem), 0);
	mem_fini(&f->mem);
	assert_int_equal(f->books.bytes, 0);
	assert_int_equal(f->mem.stats.from_env, 0);
}

static void every_size_is_aligned_and_can_be_filled(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	for (size_t size = 1; size <= 5000; size += size < 1100 ? 1 : 97) {
		uint8_t *p = mem_alloc(&f.mem, size);

		assert_int_equal((uintptr_t)p % 16, 0);
		memset(p, 0xff, size);
		mem_free(&f.mem, p, size);
	}
	teardown(&f);
}

static void small_objects_of_whole_lines_begin_at_lines(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	for (size_t size = MEM_LINE; size <= MEM_CLASS_MAX; size += MEM_LINE) {
		void *p[3];

		for (unsigned i = 0; i < 3; i++) {
			p[i] = mem_alloc(&f.mem, size);
			assert_int_equal((uintptr_t)p[i] % MEM_LINE, 0);
		}
		for (unsigned i = 0; i < 3; i++)
			mem_free(&f.mem, p[i], size);
	}
	teardown(&f);
}

static void the_env_is_asked_for_at_least_a_page(void **state)
{
	struct fixture f;
	void *a;
	void *b;

	(void)state;
	setup(&f);
	a = mem_alloc(&f.mem, 1);
	b = mem_alloc(&f.mem, MEM_CLASS_MAX + 1);
	assert_true(f.books.smallest >= HOLM_ALLOC_MIN);
	mem_free(&f.mem, a, 1);
	mem_free(&f.mem, b, MEM_CLASS_MAX + 1);
	teardown(&f);
}

static void zalloc_gives_zeroes_also_from_used_memory(void **state)
{
	struct fixture f;
	uint8_t *p;

	(void)state;
	setup(&f);
	p = mem_alloc(&f.mem, 100);
	memset(p, 0xaa, 100);
	mem_free(&f.mem, p, 100);
	p = mem_zalloc(&f.mem, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	mem_free(&f.mem, p, 100);
	teardown(&f);
}

static void what_was_freed_last_is_used_next(void **state)
{
	struct fixture f;
	void *a;
	void *b;

	(void)state;
	setup(&f);
	a = mem_alloc(&f.mem, 200);
	b = mem_alloc(&f.mem, 200);
	mem_free(&f.mem, a, 200);
	assert_ptr_equal(mem_alloc(&f.mem, 195), a);
	mem_free(&f.mem, a, 200);
	mem_free(&f.mem, b, 200);
	a = mem_alloc(&f.mem, 30000);
	mem_free(&f.mem, a, 30000);
	assert_ptr_equal(mem_alloc(&f.mem, 32768), a);
	mem_free(&f.mem, a, 32768);
	teardown(&f);
}

static void empty_chunks_beyond_one_go_back_to_the_env(void **state)
{
	struct fixture f;
	void *p[1000];

	(void)state;
	setup(&f);
	for (int i = 0; i < 1000; i++)
		p[i] = mem_alloc(&f.mem, 64);
	assert_true(f.books.bytes > 64000);
	for (int i = 0; i < 1000; i++)
		mem_free(&f.mem, p[i], 64);
	/* One that is empty, that of what was freed last, and that of those that wait behind it. */
	assert_true(f.books.bytes <= 3 * MEM_CHUNK);
	teardown(&f);
}

/* Whichever chunk it was cut from, and as often as that happens. */
static void what_was_freed_last_needs_no_chunk_and_is_not_in_use(void **state)
{
	struct fixture f;
	void *p[200];

	(void)state;
	setup(&f);
	for (int i = 0; i < 200; i++)
		p[i] = mem_alloc(&f.mem, 64);
	for (int i = 0; i < 200; i += 7) {
		mem_free(&f.mem, p[i], 64);
		assert_int_equal(mem_in_use(&f.mem), 199 * 64);
		assert_ptr_equal(mem_alloc(&f.mem, 64), p[i]);
		assert_int_equal(mem_in_use(&f.mem), 200 * 64);
	}
	/* Of two the other waits behind it. */
	mem_free(&f.mem, p[0], 64);
	mem_free(&f.mem, p[199], 64);
	assert_int_equal(mem_in_use(&f.mem), 198 * 64);
	assert_ptr_equal(mem_alloc(&f.mem, 64), p[199]);
	assert_ptr_equal(mem_alloc(&f.mem, 64), p[0]);
	for (int i = 0; i < 200; i++)
		mem_free(&f.mem, p[i], 64);
	teardown(&f);
}

/* Those that waited longest for the last place: whatever is freed behind them goes back to its chunk. */
static void of_many_that_are_freed_a_few_wait_for_the_next(void **state)
{
	struct fixture f;
	void *p[200];

	(void)state;
	setup(&f);
	for (int turn = 0; turn < 2; turn++) {
		for (int i = 0; i < 200; i++)
			p[i] = mem_alloc(&f.mem, 128);
		for (int i = 0; i < 200; i++)
			mem_free(&f.mem, p[i], 128);
		assert_int_equal(mem_in_use(&f.mem), 0);
		assert_int_equal(f.mem.places[mem_class_of(128)], 0);
		assert_true(f.books.bytes <= 3 * MEM_CHUNK);
		assert_ptr_equal(mem_alloc(&f.mem, 128), p[199]);
		for (unsigned i = MEM_WAITING; i-- > 0;)
			assert_ptr_equal(mem_alloc(&f.mem, 128), p[i]);
		assert_int_equal(f.mem.places[mem_class_of(128)], MEM_WAITING);
		assert_int_equal(mem_in_use(&f.mem), (MEM_WAITING + 1) * 128);
		mem_free(&f.mem, p[199], 128);
		for (unsigned i = 0; i < MEM_WAITING; i++)
			mem_free(&f.mem, p[i], 128);
	}
	teardown(&f);
}

/* The last one has been taken, and those behind it hold chunks that another size needs. */
static void what_waits_goes_back_also_behind_one_that_is_in_use_again(void **state)
{
	struct fixture f;
	void *p[MEM_WAITING + 1], *last, *large;

	(void)state;
	setup(&f);
	for (unsigned i = 0; i < ARRAY_LEN(p); i++)
		p[i] = mem_alloc(&f.mem, 1024);
	last = mem_alloc(&f.mem, 512);
	for (unsigned i = 0; i < ARRAY_LEN(p); i++)
		mem_free(&f.mem, p[i], 1024);
	/* One in use, none in front of those that wait. */
	p[0] = mem_alloc(&f.mem, 1024);
	f.books.limit = f.books.bytes;
	large = mem_alloc(&f.mem, 8 * MEM_CHUNK);
	assert_non_null(large);
	assert_int_equal(f.mem.stats.failures, 0);
	assert_int_equal(mem_in_use(&f.mem), 8 * MEM_CHUNK + 1024 + 512);
	assert_int_equal(f.books.bytes, 10 * MEM_CHUNK);
	mem_free(&f.mem, large, 8 * MEM_CHUNK);
	mem_free(&f.mem, p[0], 1024);
	mem_free(&f.mem, last, 512);
	teardown(&f);
}

static void what_is_taken_and_given_at_once_is_as_allocated_and_freed(void **state)
{
	struct fixture f;
	uint8_t *a, *b;

	(void)state;
	setup(&f);
	a = mem_take(&f.mem, 190);
	b = mem_take(&f.mem, 190);
	assert_int_equal(mem_in_use(&f.mem), 2 * 192);
	assert_int_equal(f.mem.stats.in_use_max, 2 * 192);
	mem_give(&f.mem, a, 190);
	mem_give(&f.mem, b, 190);
	assert_int_equal(mem_in_use(&f.mem), 0);
	assert_ptr_equal(mem_take(&f.mem, 192), b);
	assert_ptr_equal(mem_alloc(&f.mem, 192), a);
	assert_int_equal(mem_in_use(&f.mem), 2 * 192);
	mem_free(&f.mem, b, 192);
	assert_ptr_equal(mem_take(&f.mem, 180), b);
	mem_give(&f.mem, a, 192);
	mem_give(&f.mem, b, 192);
	teardown(&f);
}

static void freed_large_blocks_are_kept_up_to_a_bound(void **state)
{
	struct fixture f;
	void *p[40];

	(void)state;
	setup(&f);
	for (int i = 0; i < 40; i++)
		p[i] = mem_alloc(&f.mem, 65536);
	for (int i = 0; i < 40; i++)
		mem_free(&f.mem, p[i], 65536);
	assert_true(f.books.bytes <= MEM_KEEP_BYTES);
	teardown(&f);
}

/* It is drained and filled anew with each window, and what it grew from is kept. */
static void a_large_ring_finds_its_memory_again(void **state)
{
	const size_t size = 256 * 1024;
	struct fixture f;
	unsigned calls;
	void *p, *page;

	(void)state;
	setup(&f);
	for (size_t grown = 2 * MEM_CHUNK; grown < size; grown *= 2)
		mem_free(&f.mem, mem_alloc(&f.mem, grown), grown);
	p = mem_alloc(&f.mem, size);
	page = mem_alloc(&f.mem, MEM_CHUNK);
	mem_free(&f.mem, p, size);
	mem_free(&f.mem, page, MEM_CHUNK);
	assert_true(f.books.bytes <= MEM_KEEP_BYTES);
	calls = f.books.calls;
	assert_ptr_equal(mem_alloc(&f.mem, size), p);
	assert_ptr_equal(mem_alloc(&f.mem, MEM_CHUNK), page);
	assert_int_equal(f.books.calls, calls);
	mem_free(&f.mem, page, MEM_CHUNK);
	mem_free(&f.mem, p, size);
	teardown(&f);
}

static void what_is_small_does_not_drive_out_a_large_ring(void **state)
{
	const size_t size = 256 * 1024;
	struct fixture f;
	void *p, *small[20];

	(void)state;
	setup(&f);
	p = mem_alloc(&f.mem, size);
	for (int i = 0; i < 20; i++)
		small[i] = mem_alloc(&f.mem, 2 * MEM_CHUNK);
	mem_free(&f.mem, p, size);
	for (int i = 0; i < 20; i++)
		mem_free(&f.mem, small[i], 2 * MEM_CHUNK);
	assert_true(f.books.bytes <= MEM_KEEP_BYTES);
	assert_ptr_equal(mem_alloc(&f.mem, size), p);
	mem_free(&f.mem, p, size);
	teardown(&f);
}

static void what_is_kept_goes_back_where_the_env_has_none_left(void **state)
{
	struct fixture f;
	void *p, *q;

	(void)state;
	setup(&f);
	p = mem_alloc(&f.mem, 65536);
	q = mem_alloc(&f.mem, 32768);
	mem_free(&f.mem, p, 65536);
	mem_free(&f.mem, q, 32768);
	assert_int_equal(f.books.bytes, 65536 + 32768);
	f.books.limit = 100000;
	p = mem_alloc(&f.mem, 16384);
	assert_non_null(p);
	assert_int_equal(f.books.bytes, 16384);
	assert_int_equal(f.mem.stats.from_env, 16384);
	assert_int_equal(f.mem.stats.failures, 0);
	assert_null(mem_alloc(&f.mem, 131072));
	assert_int_equal(f.mem.stats.failures, 1);
	assert_int_equal(f.mem.kept, 0);
	mem_free(&f.mem, p, 16384);
	teardown(&f);
}

/* Each of them holds a chunk of its own, and none is in use. */
static void what_waits_goes_back_where_the_env_has_none_left(void **state)
{
	struct fixture f;
	void *p[3 * MEM_WAITING], *q;

	(void)state;
	setup(&f);
	for (unsigned i = 0; i < 3 * MEM_WAITING; i++)
		p[i] = mem_alloc(&f.mem, MEM_CLASS_MAX);
	for (unsigned part = 0; part < 3; part++)
		for (unsigned i = part; i < 3 * MEM_WAITING; i += 3)
			mem_free(&f.mem, p[i], MEM_CLASS_MAX);
	assert_int_equal(mem_in_use(&f.mem), 0);
	assert_true(f.books.bytes >= MEM_WAITING * MEM_CHUNK);
	f.books.limit = f.books.bytes;
	q = mem_alloc(&f.mem, 16384);
	assert_non_null(q);
	assert_int_equal(f.books.bytes, 16384);
	assert_int_equal(f.mem.stats.from_env, 16384);
	assert_int_equal(f.mem.stats.failures, 0);
	p[0] = mem_alloc(&f.mem, MEM_CLASS_MAX);
	assert_non_null(p[0]);
	f.books.limit = f.books.bytes;
	assert_null(mem_alloc(&f.mem, 16));
	assert_int_equal(f.mem.stats.failures, 1);
	mem_free(&f.mem, p[0], MEM_CLASS_MAX);
	mem_free(&f.mem, q, 16384);
	teardown(&f);
}

static void a_block_larger_than_all_classes_is_given_and_taken_exactly(void **state)
{
	struct fixture f;
	size_t size = ((size_t)MEM_CHUNK << MEM_LARGE_CLASSES) + 1;
	void *p;

	(void)state;
	setup(&f);
	p = mem_alloc(&f.mem, size);
	assert_int_equal(f.books.bytes, size);
	mem_free(&f.mem, p, size);
	assert_int_equal(f.books.bytes, 0);
	teardown(&f);
}

static void failure_is_reported_counted_and_harmless(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	f.books.fail_from = 1;
	assert_null(mem_alloc(&f.mem, 10));
	assert_null(mem_zalloc(&f.mem, 100000));
	assert_int_equal(f.mem.stats.failures, 2);
	mem_free(&f.mem, NULL, 10);
	teardown(&f);
}

struct object {
	uint8_t *p;
	size_t size;
	uint8_t fill;
};

static void check_and_free(struct fixture *f, struct object *o)
{
	for (size_t i = 0; i < o->size; i++)
		assert_int_equal(o->p[i], o->fill);
	mem_free(&f->mem, o->p, o->size);
	o->p = NULL;
}

static void objects_do_not_overlap_whatever_the_order(void **state)
{
	uint64_t seed = expect_seed(1);
	struct object objects[300] = { 0 };
	struct fixture f;

	(void)state;
	setup(&f);
	for (int step = 0; step < 20000; step++) {
		struct object *o = &objects[expect_random_below(&seed, 300)];

		if (o->p) {
			check_and_free(&f, o);
			continue;
		}
		o->size = 1 + expect_random_below(&seed, step % 10 ? 300 : 9000);
		o->fill = (uint8_t)step;
		o->p = mem_alloc(&f.mem, o->size);
		memset(o->p, o->fill, o->size);
	}
	for (int i = 0; i < 300; i++)
		if (objects[i].p)
			check_and_free(&f, &objects[i]);
	teardown(&f);
}

static void what_is_in_the_hand_is_taken_once_and_is_not_in_use(void **state)
{
	struct fixture f;
	const struct holm_memory *hand = &f.mem.memory;
	void *page, *other;

	(void)state;
	setup(&f);
	assert_null(mem_hand_take(hand));
	page = mem_alloc(&f.mem, MEM_CHUNK);
	other = mem_alloc(&f.mem, MEM_CHUNK);
	assert_true(mem_hand_give(hand, page));
	assert_false(mem_hand_give(hand, other));
	assert_int_equal(mem_in_use(&f.mem), MEM_CHUNK);
	assert_ptr_equal(mem_hand_take(hand), page);
	assert_null(mem_hand_take(hand));
	assert_int_equal(mem_in_use(&f.mem), 2 * MEM_CHUNK);
	mem_free(&f.mem, other, MEM_CHUNK);
	assert_true(mem_hand_give(hand, page));
	teardown(&f);
}

static void the_hand_is_asked_before_the_env(void **state)
{
	struct fixture f;
	const struct holm_memory *hand = &f.mem.memory;
	void *page;

	(void)state;
	setup(&f);
	page = mem_alloc(&f.mem, MEM_CHUNK);
	assert_true(mem_hand_give(hand, page));
	assert_ptr_equal(mem_alloc(&f.mem, MEM_CHUNK), page);
	assert_int_equal(mem_in_use(&f.mem), MEM_CHUNK);
	assert_int_equal(f.mem.stats.from_env, MEM_CHUNK);
	mem_free(&f.mem, page, MEM_CHUNK);
	teardown(&f);
}

/* A program's own may be a constant. */
static void memory_of_others_has_no_hand(void **state)
{
	static const struct holm_memory others;
	uint8_t page;

	(void)state;
	assert_null(mem_hand_take(&others));
	assert_false(mem_hand_give(&others, &page));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_is_aligned_and_can_be_filled),
		cmocka_unit_test(small_objects_of_whole_lines_begin_at_lines),
		cmocka_unit_test(the_env_is_asked_for_at_least_a_page),
		cmocka_unit_test(zalloc_gives_zeroes_also_from_used_memory),
		cmocka_unit_test(what_was_freed_last_is_used_next),
		cmocka_unit_test(empty_chunks_beyond_one_go_back_to_the_env),
		cmocka_unit_test(what_was_freed_last_needs_no_chunk_and_is_not_in_use),
		cmocka_unit_test(of_many_that_are_freed_a_few_wait_for_the_next),
		cmocka_unit_test(what_waits_goes_back_also_behind_one_that_is_in_use_again),
		cmocka_unit_test(what_is_taken_and_given_at_once_is_as_allocated_and_freed),
		cmocka_unit_test(freed_large_blocks_are_kept_up_to_a_bound),
		cmocka_unit_test(a_large_ring_finds_its_memory_again),
		cmocka_unit_test(what_is_small_does_not_drive_out_a_large_ring),
		cmocka_unit_test(what_is_kept_goes_back_where_the_env_has_none_left),
		cmocka_unit_test(what_waits_goes_back_where_the_env_has_none_left),
		cmocka_unit_test(a_block_larger_than_all_classes_is_given_and_taken_exactly),
		cmocka_unit_test(failure_is_reported_counted_and_harmless),
		cmocka_unit_test(objects_do_not_overlap_whatever_the_order),
		cmocka_unit_test(what_is_in_the_hand_is_taken_once_and_is_not_in_use),
		cmocka_unit_test(the_hand_is_asked_before_the_env),
		cmocka_unit_test(memory_of_others_has_no_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
