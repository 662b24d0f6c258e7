/* Tests of lib/pile: what it has in common with lib/htab, and how its array grows. */
#include "lib/pile.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct subject {
	struct pile t;
};

#define SUBJECT(verb) pile_##verb

static void subject_init(struct subject *s, const struct allocator *memory)
{
	pile_init(&s->t, memory);
}

/* A walk and a lookup meet the same nodes, and the count is true. */
static void subject_check(const struct subject *s)
{
	uint32_t nodes = 0;

	for (const struct htab_node *n = pile_walk(&s->t, NULL); n; n = pile_walk(&s->t, n)) {
		const struct htab_node *met = pile_first(&s->t, n->hash);

		while (met && met != n)
			met = pile_next(&s->t, met);
		assert_ptr_equal(met, n);
		nodes++;
	}
	assert_int_equal(nodes, s->t.nodes);
	assert_true(nodes <= s->t.room);
}

#include "tests/lib/table_cases.h"

static void the_array_doubles_and_is_the_only_memory(void **state)
{
	enum { ITEMS = 100 };
	struct item items[ITEMS] = { 0 };
	struct heap h = heap_make();
	struct pile p;

	(void)state;
	h.memory.ctx = &h;
	pile_init(&p, &h.memory);
	for (uint32_t i = 0; i < ITEMS; i++) {
		assert_int_equal(pile_insert(&p, &items[i].node, 0), HTAB_INSERTED);
		assert_true(p.room == PILE_ROOM_MIN || p.room < 2 * p.nodes);
		assert_int_equal(h.in_use, p.room * sizeof(struct htab_node *));
	}
	assert_int_equal(h.asked, 5);
	/* It does not shrink: what was there once finds room again. */
	while (pile_pop(&p))
		assert_int_equal(p.room, 128);
	pile_fini(&p);
	assert_int_equal(h.in_use, 0);
	/* And begins anew. */
	assert_int_equal(pile_insert(&p, &items[0].node, 0), HTAB_INSERTED);
	assert_int_equal(p.room, PILE_ROOM_MIN);
	pile_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TABLE_CASES,
		cmocka_unit_test(the_array_doubles_and_is_the_only_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
