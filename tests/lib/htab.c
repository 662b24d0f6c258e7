/* Tests of lib/htab: membership through growth and shrinking, bounds, and memory that runs out. */
#include "lib/htab.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct subject {
	struct htab t;
};

#define SUBJECT(verb) htab_##verb

static void subject_init(struct subject *s, const struct allocator *memory)
{
	htab_init(&s->t, memory, HTAB_CHAIN_MAX);
}

/* Every node is where a lookup goes, once, and the counts are true. */
static void check(const struct htab *t)
{
	uint32_t nodes = 0, before = 0;

	for (const struct htab_node *n = htab_walk(t, NULL); n; n = htab_walk(t, n)) {
		const struct htab_node *found = htab_first(t, n->hash);
		uint32_t bucket = htab_bucket_of(t, n->hash);

		while (found && found != n)
			found = htab_next(t, found);
		assert_ptr_equal(found, n);
		assert_true(bucket >= before);
		before = bucket;
		nodes++;
	}
	assert_int_equal(nodes, t->nodes);
	assert_true(t->buckets == 0 || t->mask >= t->buckets - 1);
	assert_true(t->buckets == 0 || t->mask / 2 < t->buckets);
}

static void subject_check(const struct subject *s)
{
	check(&s->t);
}

#include "tests/lib/table_cases.h"

static struct item *found(const struct htab *t, uint32_t key)
{
	const struct subject s = { *t };

	return find(&s, key);
}

static void everything_inserted_is_found_until_it_is_removed(void **state)
{
	enum { ITEMS = 5000 };
	struct item *items = calloc(ITEMS, sizeof(*items));
	struct heap h = heap_make();
	struct htab t;

	(void)state;
	h.memory.ctx = &h;
	htab_init(&t, &h.memory, HTAB_CHAIN_MAX);
	for (uint32_t i = 0; i < ITEMS; i++) {
		items[i].key = i;
		assert_null(found(&t, i));
		assert_int_equal(htab_insert(&t, &items[i].node, mixed(i)), HTAB_INSERTED);
		assert_true(t.nodes <= t.buckets * HTAB_LOAD);
		if (i % 251 == 0)
			check(&t);
	}
	for (uint32_t i = 0; i < ITEMS; i++)
		assert_ptr_equal(found(&t, i), &items[i]);
	assert_true(t.chain_longest < 24);
	for (uint32_t i = 0; i < ITEMS; i++) {
		htab_remove(&t, &items[i].node);
		assert_null(found(&t, i));
		/* Two that do not fit in a line wait until they do, which is soon. */
		assert_true(t.buckets <= HTAB_BUCKETS_MIN + 8 || t.nodes >= t.buckets);
		if (i % 251 == 0)
			check(&t);
	}
	assert_int_equal(t.buckets, HTAB_BUCKETS_MIN);
	assert_int_equal(h.in_use, HTAB_BUCKETS_MIN * sizeof(struct htab_line));
	htab_fini(&t);
	assert_int_equal(h.in_use, 0);
	free(items);
}

static void no_operation_changes_the_size_by_more_than_two(void **state)
{
	enum { ITEMS = 3000 };
	struct item *items = calloc(ITEMS, sizeof(*items));
	struct heap h = heap_make();
	struct htab t;
	uint32_t before;

	(void)state;
	h.memory.ctx = &h;
	htab_init(&t, &h.memory, HTAB_CHAIN_MAX);
	assert_int_equal(htab_insert(&t, &items[0].node, mixed(0)), HTAB_INSERTED);
	for (uint32_t i = 1; i < ITEMS; i++) {
		before = t.buckets;
		assert_int_equal(htab_insert(&t, &items[i].node, mixed(i)), HTAB_INSERTED);
		assert_true(t.buckets - before <= 2);
	}
	for (uint32_t i = 0; i < ITEMS; i++) {
		before = t.buckets;
		htab_remove(&t, &items[i].node);
		assert_true(before - t.buckets <= 2);
	}
	htab_fini(&t);
	free(items);
}

static void a_chain_at_its_maximum_refuses_and_counts(void **state)
{
	struct item items[6] = { 0 };
	struct heap h = heap_make();
	struct htab t;

	(void)state;
	h.memory.ctx = &h;
	htab_init(&t, &h.memory, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(htab_insert(&t, &items[i].node, 7), HTAB_INSERTED);
	assert_int_equal(htab_insert(&t, &items[4].node, 7), HTAB_CHAIN_FULL);
	assert_int_equal(htab_insert(&t, &items[5].node, 8), HTAB_INSERTED);
	assert_int_equal(t.refused, 1);
	assert_int_equal(t.chain_longest, 4);
	assert_int_equal(t.nodes, 5);
	htab_remove(&t, &items[2].node);
	assert_int_equal(htab_insert(&t, &items[4].node, 7), HTAB_INSERTED);
	htab_fini(&t);
}

static void refused_growth_makes_chains_longer_and_is_made_up_for_later(void **state)
{
	enum { ITEMS = 1000 };
	struct item *items = calloc(ITEMS, sizeof(*items));
	struct heap h = heap_make();
	struct htab t;

	(void)state;
	h.memory.ctx = &h;
	h.fail_from = 2;
	h.fail_until = UINT_MAX;
	h.fail_above = sizeof(struct htab_line);
	htab_init(&t, &h.memory, HTAB_CHAIN_MAX);
	for (uint32_t i = 0; i < ITEMS; i++) {
		items[i].key = i;
		assert_int_equal(htab_insert(&t, &items[i].node, mixed(i)), HTAB_INSERTED);
		if (i == 120) {
			assert_int_equal(t.buckets, HTAB_BUCKETS_MIN);
			check(&t);
			h.fail_until = 0;
		}
	}
	assert_int_equal(t.starved, 120 - HTAB_BUCKETS_MIN * HTAB_LOAD + 1);
	assert_true(t.buckets * HTAB_LOAD >= t.nodes - 1);
	check(&t);
	for (uint32_t i = 0; i < ITEMS; i++)
		assert_ptr_equal(found(&t, i), &items[i]);
	htab_fini(&t);
	assert_int_equal(h.in_use, 0);
	free(items);
}

static void one_bucket_holds_more_than_a_line_and_gives_the_lines_back(void **state)
{
	enum { ITEMS = 31 };
	struct item items[ITEMS] = { 0 };
	struct heap h = heap_make();
	struct htab t;

	(void)state;
	h.memory.ctx = &h;
	htab_init(&t, &h.memory, HTAB_CHAIN_MAX);
	for (uint32_t i = 0; i < ITEMS; i++) {
		assert_int_equal(htab_insert(&t, &items[i].node, 5), HTAB_INSERTED);
		check(&t);
	}
	assert_int_equal(t.chain_longest, ITEMS);
	assert_int_equal(h.in_use, (HTAB_BUCKETS_MIN + 4) * sizeof(struct htab_line));
	for (uint32_t i = 0; i < ITEMS; i++) {
		htab_remove(&t, &items[i * 7 % ITEMS].node);
		check(&t);
	}
	assert_int_equal(t.nodes, 0);
	assert_int_equal(h.in_use, HTAB_BUCKETS_MIN * sizeof(struct htab_line));
	htab_fini(&t);
	assert_int_equal(h.in_use, 0);
}

static void a_bucket_of_many_lines_is_split_without_memory(void **state)
{
	enum { ITEMS = 32 };
	struct item items[ITEMS + 1] = { 0 };

	(void)state;
	/* The bit that the split looks at is set in as many. */
	for (uint32_t odd = 0; odd <= ITEMS; odd++) {
		struct heap h = heap_make();
		struct htab t;

		h.memory.ctx = &h;
		htab_init(&t, &h.memory, HTAB_CHAIN_MAX);
		for (uint32_t i = 0; i < ITEMS; i++) {
			uint32_t hash = i * 5 % ITEMS < odd ? HTAB_BUCKETS_MIN : 0;

			assert_int_equal(htab_insert(&t, &items[i].node, i << 24 | hash),
					 HTAB_INSERTED);
		}
		/* The new segment, and nothing behind it. */
		h.fail_from = h.asked + 2;
		h.fail_until = UINT_MAX;
		assert_int_equal(htab_insert(&t, &items[ITEMS].node, 1), HTAB_INSERTED);
		assert_int_equal(t.buckets, HTAB_BUCKETS_MIN + 1);
		check(&t);
		htab_fini(&t);
		assert_int_equal(h.in_use, 0);
	}
}

static void without_memory_for_another_line_an_insertion_is_refused_and_nothing_is_lost(
	void **state)
{
	struct item items[HTAB_SLOTS + 1] = { 0 };
	struct heap h = heap_make();
	struct htab t;

	(void)state;
	h.memory.ctx = &h;
	h.fail_from = 2;
	h.fail_until = 3;
	htab_init(&t, &h.memory, HTAB_CHAIN_MAX);
	for (int i = 0; i < HTAB_SLOTS; i++)
		assert_int_equal(htab_insert(&t, &items[i].node, 9), HTAB_INSERTED);
	assert_int_equal(htab_insert(&t, &items[HTAB_SLOTS].node, 9), HTAB_NO_MEMORY);
	assert_int_equal(t.starved, 1);
	assert_int_equal(t.nodes, HTAB_SLOTS);
	check(&t);
	assert_int_equal(htab_insert(&t, &items[HTAB_SLOTS].node, 9), HTAB_INSERTED);
	check(&t);
	htab_fini(&t);
	assert_int_equal(h.in_use, 0);
}

static void of_hashes_that_differ_in_one_byte_each_finds_its_own(void **state)
{
	/* Neighbours in the line borrow from each other where one is the other and one more. */
	static const uint32_t high[] = { 0x00, 0x01, 0x7f, 0x80, 0x81, 0xff, 0xfe };
	struct item items[HTAB_SLOTS] = { 0 };

	(void)state;
	for (uint32_t first = 0; first < HTAB_SLOTS; first++) {
		struct heap h = heap_make();
		struct htab t;

		h.memory.ctx = &h;
		htab_init(&t, &h.memory, HTAB_CHAIN_MAX);
		for (uint32_t i = 0; i < HTAB_SLOTS; i++) {
			uint32_t hash = high[(first + i) % HTAB_SLOTS] << 24;

			assert_null(htab_first(&t, hash));
			assert_int_equal(htab_insert(&t, &items[i].node, hash), HTAB_INSERTED);
			assert_ptr_equal(htab_first(&t, hash), &items[i].node);
			assert_null(htab_next(&t, &items[i].node));
			/* Its byte alone is not enough. */
			assert_null(htab_first(&t, hash + HTAB_BUCKETS_MIN));
		}
		htab_fini(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TABLE_CASES,
		cmocka_unit_test(everything_inserted_is_found_until_it_is_removed),
		cmocka_unit_test(no_operation_changes_the_size_by_more_than_two),
		cmocka_unit_test(a_chain_at_its_maximum_refuses_and_counts),
		cmocka_unit_test(refused_growth_makes_chains_longer_and_is_made_up_for_later),
		cmocka_unit_test(one_bucket_holds_more_than_a_line_and_gives_the_lines_back),
		cmocka_unit_test(a_bucket_of_many_lines_is_split_without_memory),
		cmocka_unit_test(
			without_memory_for_another_line_an_insertion_is_refused_and_nothing_is_lost),
		cmocka_unit_test(of_hashes_that_differ_in_one_byte_each_finds_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
