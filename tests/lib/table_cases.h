/*
 * Tests of what lib/htab and lib/pile have in common: membership, and memory that runs out. Who includes this
 * has defined struct subject, SUBJECT(verb), which is its function of that name, subject_init(), and
 * subject_check(): it is sound.
 */
#ifndef TESTS_LIB_TABLE_CASES_H
#define TESTS_LIB_TABLE_CASES_H

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/htab.h"
#include "lib/mem.h"

static void subject_fini(struct subject *s)
{
	SUBJECT(fini)(&s->t);
}

static enum htab_verdict subject_insert(struct subject *s, struct htab_node *n, uint32_t hash)
{
	return SUBJECT(insert)(&s->t, n, hash);
}

static void subject_remove(struct subject *s, struct htab_node *n)
{
	SUBJECT(remove)(&s->t, n);
}

static struct htab_node *subject_first(const struct subject *s, uint32_t hash)
{
	return SUBJECT(first)(&s->t, hash);
}

static struct htab_node *subject_next(const struct subject *s, const struct htab_node *n)
{
	return SUBJECT(next)(&s->t, n);
}

static struct htab_node *subject_any(struct subject *s)
{
	return SUBJECT(any)(&s->t);
}

static struct htab_node *subject_pop(struct subject *s)
{
	return SUBJECT(pop)(&s->t);
}

static struct htab_node *subject_walk(const struct subject *s, const struct htab_node *n)
{
	return SUBJECT(walk)(&s->t, n);
}

static uint32_t subject_nodes(const struct subject *s)
{
	return s->t.nodes;
}

/*
 * Fails every allocation of more than `fail_above` bytes from number `fail_from` up to, not including,
 * `fail_until`.
 */
struct heap {
	struct allocator memory;
	unsigned asked;
	unsigned fail_from, fail_until;
	size_t fail_above;
	size_t in_use;
};

static void *heap_alloc(void *ctx, size_t size)
{
	struct heap *h = ctx;
	void *p;

	h->asked++;
	if (h->asked >= h->fail_from && h->asked < h->fail_until && size > h->fail_above)
		return NULL;
	p = malloc(size);
	memset(p, 0xa5, size);
	h->in_use += size;
	return p;
}

static void heap_free(void *ctx, void *p, size_t size)
{
	struct heap *h = ctx;

	h->in_use -= size;
	free(p);
}

static struct heap heap_make(void)
{
	return (struct heap){ .memory = { heap_alloc, heap_free, NULL } };
}

struct item {
	struct htab_node node;
	uint32_t key;
	bool in;
};

static uint32_t mixed(uint32_t key)
{
	key *= 0x9e3779b1u;
	key ^= key >> 15;
	key *= 0x85ebca77u;
	return key ^ key >> 13;
}

static struct item *find(const struct subject *t, uint32_t key)
{
	for (struct htab_node *n = subject_first(t, mixed(key)); n; n = subject_next(t, n)) {
		struct item *i = container_of(n, struct item, node);

		if (i->key == key)
			return i;
	}
	return NULL;
}

static void an_empty_table_finds_nothing_and_holds_nothing(void **state)
{
	struct heap h = heap_make();
	struct subject t;

	(void)state;
	h.memory.ctx = &h;
	subject_init(&t, &h.memory);
	assert_null(subject_first(&t, 0));
	assert_null(subject_first(&t, 0xffffffff));
	assert_null(subject_walk(&t, NULL));
	subject_fini(&t);
	assert_int_equal(h.asked, 0);
}

static void what_is_inserted_is_found_until_it_is_removed(void **state)
{
	enum { ITEMS = 500 };
	struct item *items = calloc(ITEMS, sizeof(*items));
	struct heap h = heap_make();
	struct subject t;

	(void)state;
	h.memory.ctx = &h;
	subject_init(&t, &h.memory);
	for (uint32_t i = 0; i < ITEMS; i++) {
		items[i].key = i;
		assert_null(find(&t, i));
		assert_int_equal(subject_insert(&t, &items[i].node, mixed(i)), HTAB_INSERTED);
	}
	assert_int_equal(subject_nodes(&t), ITEMS);
	for (uint32_t i = 0; i < ITEMS; i++)
		assert_ptr_equal(find(&t, i), &items[i]);
	subject_check(&t);
	for (uint32_t i = 0; i < ITEMS; i++) {
		subject_remove(&t, &items[i * 7 % ITEMS].node);
		assert_null(find(&t, i * 7 % ITEMS));
		assert_int_equal(subject_nodes(&t), ITEMS - 1 - i);
	}
	subject_check(&t);
	subject_fini(&t);
	assert_int_equal(h.in_use, 0);
	free(items);
}

static void memory_that_is_refused_in_between_loses_nothing(void **state)
{
	enum { ITEMS = 400 };
	struct item *items = calloc(ITEMS, sizeof(*items));

	(void)state;
	for (unsigned from = 1; from < 9; from++) {
		struct heap h = heap_make();
		uint32_t in = 0;
		struct subject t;

		h.memory.ctx = &h;
		h.fail_from = from;
		h.fail_until = from + 3;
		subject_init(&t, &h.memory);
		for (uint32_t i = 0; i < ITEMS; i++) {
			items[i].key = i;
			items[i].in = subject_insert(&t, &items[i].node, mixed(i)) == HTAB_INSERTED;
			in += items[i].in;
		}
		assert_true(in >= ITEMS - 3);
		assert_int_equal(subject_nodes(&t), in);
		for (uint32_t i = 0; i < ITEMS; i++)
			assert_true((find(&t, i) == &items[i]) == items[i].in);
		subject_check(&t);
		subject_fini(&t);
		assert_int_equal(h.in_use, 0);
	}
	free(items);
}

static void nodes_of_one_hash_are_all_given_and_no_others(void **state)
{
	struct item items[6] = { 0 };
	struct heap h = heap_make();
	struct subject t;
	unsigned seen = 0;

	(void)state;
	h.memory.ctx = &h;
	subject_init(&t, &h.memory);
	/* Two hashes that share a bucket of the smallest table. */
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(subject_insert(&t, &items[i].node, i % 2 ? 64 : 128),
				 HTAB_INSERTED);
	for (struct htab_node *n = subject_first(&t, 64); n; n = subject_next(&t, n))
		seen |= 1u << (container_of(n, struct item, node) - items);
	assert_int_equal(seen, 0x2a);
	assert_null(subject_first(&t, 0));
	subject_fini(&t);
}

static void without_any_memory_an_insertion_says_so(void **state)
{
	struct item item = { 0 };
	struct heap h = heap_make();
	struct subject t;

	(void)state;
	h.memory.ctx = &h;
	h.fail_from = 1;
	h.fail_until = 2;
	subject_init(&t, &h.memory);
	assert_int_equal(subject_insert(&t, &item.node, 1), HTAB_NO_MEMORY);
	assert_int_equal(subject_nodes(&t), 0);
	assert_null(subject_first(&t, 1));
	assert_int_equal(subject_insert(&t, &item.node, 1), HTAB_INSERTED);
	subject_fini(&t);
}

static void a_walk_meets_every_node_once_and_popping_empties_the_table(void **state)
{
	enum { ITEMS = 300 };
	struct item *items = calloc(ITEMS, sizeof(*items));
	struct heap h = heap_make();
	struct subject t;
	unsigned met = 0;

	(void)state;
	h.memory.ctx = &h;
	subject_init(&t, &h.memory);
	for (uint32_t i = 0; i < ITEMS; i++)
		assert_int_equal(subject_insert(&t, &items[i].node, mixed(i)), HTAB_INSERTED);
	for (struct htab_node *n = subject_walk(&t, NULL); n; n = subject_walk(&t, n)) {
		struct item *i = container_of(n, struct item, node);

		assert_false(i->in);
		i->in = true;
		met++;
	}
	assert_int_equal(met, ITEMS);
	for (struct htab_node *n = subject_pop(&t); n; n = subject_pop(&t), met--)
		assert_true(container_of(n, struct item, node)->in);
	assert_int_equal(met, 0);
	assert_int_equal(subject_nodes(&t), 0);
	subject_fini(&t);
	assert_int_equal(h.in_use, 0);
	free(items);
}

static void any_node_is_given_until_all_are_removed_and_nothing_is_held_for_the_empty(void **state)
{
	enum { ITEMS = 1000 };
	struct item *items = calloc(ITEMS, sizeof(*items));
	struct heap h = heap_make();
	struct htab_node *n;
	uint32_t given = 0;
	struct subject t;

	(void)state;
	h.memory.ctx = &h;
	subject_init(&t, &h.memory);
	assert_null(subject_any(&t));
	for (uint32_t i = 0; i < ITEMS; i++) {
		items[i].key = i;
		assert_int_equal(subject_insert(&t, &items[i].node, mixed(i)), HTAB_INSERTED);
	}
	while ((n = subject_any(&t)) != NULL) {
		assert_ptr_equal(subject_any(&t), n);
		subject_remove(&t, n);
		given++;
		if (given % 97 == 0)
			subject_check(&t);
	}
	assert_int_equal(given, ITEMS);
	assert_int_equal(subject_nodes(&t), 0);
	subject_fini(&t);
	assert_int_equal(h.in_use, 0);
	free(items);
}

static void random_insertions_and_removals_agree_with_flags(void **state)
{
	enum { ITEMS = 1200 };
	struct item *items = calloc(ITEMS, sizeof(*items));

	(void)state;
	for (uint32_t seed = 1; seed <= 6; seed++) {
		struct heap h = heap_make();
		uint32_t random = seed;
		struct subject t;

		printf("seed %u\n", (unsigned)seed);
		h.memory.ctx = &h;
		h.fail_from = seed * 2;
		h.fail_until = seed * 2 + 40;
		subject_init(&t, &h.memory);
		memset(items, 0, ITEMS * sizeof(*items));
		for (uint32_t step = 0; step < 12000; step++) {
			struct item *i;

			random = mixed(random + step);
			i = &items[random % ITEMS];
			i->key = random % ITEMS;
			assert_true((find(&t, i->key) == i) == i->in);
			if (i->in)
				subject_remove(&t, &i->node);
			/* In waves: towards full, then towards empty. */
			if (!i->in && (step / 3000) % 2 == 1 && random % 7)
				continue;
			if (!i->in && subject_insert(&t, &i->node, mixed(i->key)) != HTAB_INSERTED)
				continue;
			i->in = !i->in;
		}
		subject_check(&t);
		subject_fini(&t);
		assert_int_equal(h.in_use, 0);
	}
	free(items);
}

#define TABLE_CASES                                                                                 \
	cmocka_unit_test(an_empty_table_finds_nothing_and_holds_nothing),                           \
		cmocka_unit_test(what_is_inserted_is_found_until_it_is_removed),                    \
		cmocka_unit_test(memory_that_is_refused_in_between_loses_nothing),                  \
		cmocka_unit_test(nodes_of_one_hash_are_all_given_and_no_others),                    \
		cmocka_unit_test(without_any_memory_an_insertion_says_so),                          \
		cmocka_unit_test(a_walk_meets_every_node_once_and_popping_empties_the_table),       \
		cmocka_unit_test(                                                                   \
			any_node_is_given_until_all_are_removed_and_nothing_is_held_for_the_empty), \
		cmocka_unit_test(random_insertions_and_removals_agree_with_flags)

#endif
