/* Tests of kernel/pages.h: runs of every length, joining, exhaustion, and a model by seed. */
#include "kernel/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/mem.h"
#include "lib/rng.h"

#define PAGE ((size_t)1 << PAGES_SHIFT)
#define COUNT ((size_t)1024)
#define ALIGN ((size_t)1 << 22)

struct fixture {
	struct pages p;
	uint8_t *map;
	uintptr_t base;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	f->map = malloc(pages_map_bytes(COUNT));
	f->base = (uintptr_t)aligned_alloc(ALIGN, COUNT * PAGE);
	pages_init(&f->p, f->base, COUNT, f->map);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	free((void *)f->base);
	free(f->map);
	free(f);
	return 0;
}

static void nothing_is_free_before_it_was_added(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(pages_alloc(&f->p, 1), 0);
	assert_int_equal(f->p.refused, 1);
}

/* The host clears RAM when it is touched first: not before somebody has a use for it. */
static void large_free_blocks_are_not_touched(void **state)
{
	struct fixture *f = *state;
	uint8_t *ram = (uint8_t *)f->base;
	uintptr_t page;

	memset(ram, 0xa5, COUNT * PAGE);
	pages_add(&f->p, f->base, COUNT);
	page = pages_alloc(&f->p, 1);
	assert_int_equal(page, f->base);
	pages_free(&f->p, page, 1);
	for (size_t i = COUNT / 2 * PAGE; i < COUNT * PAGE; i++)
		assert_int_equal(ram[i], 0xa5);
}

static void the_whole_can_be_had_as_one_run_and_again_after_single_pages(void **state)
{
	struct fixture *f = *state;
	uintptr_t page[COUNT];

	pages_add(&f->p, f->base, COUNT);
	assert_int_equal(pages_alloc(&f->p, COUNT), f->base);
	pages_free(&f->p, f->base, COUNT);
	for (size_t i = 0; i < COUNT; i++)
		page[i] = pages_alloc(&f->p, 1);
	assert_int_equal(pages_alloc(&f->p, 1), 0);
	assert_int_equal(f->p.free_count, 0);
	assert_int_equal(f->p.free_low, 0);
	/* Every other one first, so that joining happens late. */
	for (size_t i = 0; i < COUNT; i += 2)
		pages_free(&f->p, page[i], 1);
	assert_int_equal(pages_alloc(&f->p, 2), 0);
	for (size_t i = 1; i < COUNT; i += 2)
		pages_free(&f->p, page[i], 1);
	assert_int_equal(pages_alloc(&f->p, COUNT), f->base);
}

static void a_run_is_aligned_to_its_length_rounded_up(void **state)
{
	struct fixture *f = *state;

	/* An odd start: the allocator has to find the aligned ones inside. */
	pages_add(&f->p, f->base + 3 * PAGE, COUNT - 3);
	for (size_t n = 1; n <= 256; n++) {
		size_t round = 1;
		uintptr_t a = pages_alloc(&f->p, n);

		while (round < n)
			round *= 2;
		assert_int_not_equal(a, 0);
		assert_int_equal(a % (round * PAGE), 0);
		assert_int_equal(f->p.free_count, COUNT - 3 - n);
		pages_free(&f->p, a, n);
	}
	assert_int_equal(f->p.free_count, COUNT - 3);
}

static void a_run_may_be_given_back_in_parts(void **state)
{
	struct fixture *f = *state;
	uintptr_t a;

	pages_add(&f->p, f->base, COUNT);
	a = pages_alloc(&f->p, COUNT);
	pages_free(&f->p, a + 5 * PAGE, 100);
	assert_int_equal(f->p.free_count, 100);
	pages_free(&f->p, a, 5);
	pages_free(&f->p, a + 105 * PAGE, COUNT - 105);
	assert_int_equal(pages_alloc(&f->p, COUNT), a);
}

static void a_longer_run_than_there_is_is_refused_and_changes_nothing(void **state)
{
	struct fixture *f = *state;

	pages_add(&f->p, f->base, 100);
	assert_int_equal(pages_alloc(&f->p, 101), 0);
	assert_int_equal(pages_alloc(&f->p, SIZE_MAX / PAGE), 0);
	assert_int_equal(f->p.free_count, 100);
	assert_int_equal(f->p.refused, 2);
	assert_int_not_equal(pages_alloc(&f->p, 64), 0);
}

static void ranges_that_were_added_apart_join(void **state)
{
	struct fixture *f = *state;

	pages_add(&f->p, f->base + 512 * PAGE, 512);
	pages_add(&f->p, f->base, 512);
	assert_int_equal(pages_alloc(&f->p, COUNT), f->base);
	assert_int_equal(f->p.total, COUNT);
}

/* A model: which pages are whose. Contents are checked, so that no two runs overlap. */
#define RUNS 64

struct run {
	uintptr_t addr;
	size_t n;
	uint8_t mark;
};

static void fill(const struct run *r)
{
	for (size_t i = 0; i < r->n; i++)
		*(uint8_t *)(r->addr + i * PAGE + 100) = r->mark;
}

static void check(const struct run *r)
{
	for (size_t i = 0; i < r->n; i++)
		assert_int_equal(*(uint8_t *)(r->addr + i * PAGE + 100), r->mark);
}

static void runs_never_overlap_and_everything_comes_back(void **state)
{
	struct fixture *f = *state;
	uint8_t seed[RNG_SEED_BYTES] = { 17 };
	struct run runs[RUNS] = { 0 };
	size_t used = 0;
	struct rng rng;

	rng_init(&rng, seed);
	pages_add(&f->p, f->base, COUNT);
	for (int step = 0; step < 20000; step++) {
		struct run *r = &runs[rng_below(&rng, RUNS)];

		if (r->addr != 0) {
			check(r);
			pages_free(&f->p, r->addr, r->n);
			used -= r->n;
			r->addr = 0;
		} else {
			r->n = 1 + rng_below(&rng, rng_below(&rng, 8) == 0 ? 256 : 16);
			r->mark = (uint8_t)step;
			r->addr = pages_alloc(&f->p, r->n);
			used += r->addr != 0 ? r->n : 0;
			if (r->addr != 0)
				fill(r);
		}
		assert_int_equal(f->p.free_count, COUNT - used);
	}
	for (int i = 0; i < RUNS; i++) {
		if (runs[i].addr != 0)
			pages_free(&f->p, runs[i].addr, runs[i].n);
	}
	assert_int_equal(pages_alloc(&f->p, COUNT), f->base);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nothing_is_free_before_it_was_added),
		CASE(large_free_blocks_are_not_touched),
		CASE(the_whole_can_be_had_as_one_run_and_again_after_single_pages),
		CASE(a_run_is_aligned_to_its_length_rounded_up),
		CASE(a_run_may_be_given_back_in_parts),
		CASE(a_longer_run_than_there_is_is_refused_and_changes_nothing),
		CASE(ranges_that_were_added_apart_join),
		CASE(runs_never_overlap_and_everything_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
