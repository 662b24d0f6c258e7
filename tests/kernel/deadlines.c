/* Tests of kernel/deadlines.h: order, removal from everywhere, a model by seed. */
#include "kernel/deadlines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/rng.h"

#define MAX 64

static struct deadline *heap[MAX];

static void the_earliest_comes_first(void **state)
{
	static const uint64_t at[] = { 5, 3, 9, 1, 7, 3, UINT64_MAX, 0 };
	static const uint64_t sorted[] = { 0, 1, 3, 3, 5, 7, 9, UINT64_MAX };
	struct deadlines d = { heap, 0, MAX };
	struct deadline e[8] = { 0 };

	(void)state;
	for (int i = 0; i < 8; i++)
		deadlines_add(&d, &e[i], at[i]);
	for (int i = 0; i < 8; i++) {
		struct deadline *first = deadlines_first(&d);

		assert_int_equal(first->at_ns, sorted[i]);
		deadlines_remove(&d, first);
		assert_int_equal(first->place, 0);
	}
	assert_null(deadlines_first(&d));
}

static void removing_what_is_not_there_does_nothing(void **state)
{
	struct deadlines d = { heap, 0, MAX };
	struct deadline in = { 0 }, out = { 0 };

	(void)state;
	deadlines_add(&d, &in, 4);
	deadlines_remove(&d, &out);
	assert_ptr_equal(deadlines_first(&d), &in);
	deadlines_remove(&d, &in);
	deadlines_remove(&d, &in);
	assert_null(deadlines_first(&d));
}

static const struct deadline *naive_first(const struct deadline *e)
{
	const struct deadline *first = NULL;

	for (int i = 0; i < MAX; i++) {
		if (e[i].place != 0 && (first == NULL || e[i].at_ns < first->at_ns))
			first = &e[i];
	}
	return first;
}

static void it_agrees_with_a_search_of_all_entries(void **state)
{
	uint8_t seed[RNG_SEED_BYTES] = { 4 };
	struct deadlines d = { heap, 0, MAX };
	struct deadline e[MAX] = { 0 };
	struct rng rng;

	(void)state;
	rng_init(&rng, seed);
	for (int step = 0; step < 20000; step++) {
		struct deadline *one = &e[rng_below(&rng, MAX)];
		const struct deadline *expected;

		if (one->place != 0)
			deadlines_remove(&d, one);
		else
			deadlines_add(&d, one, rng_below(&rng, 1000));
		expected = naive_first(e);
		if (expected == NULL)
			assert_null(deadlines_first(&d));
		else
			assert_int_equal(deadlines_first(&d)->at_ns, expected->at_ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_earliest_comes_first),
		cmocka_unit_test(removing_what_is_not_there_does_nothing),
		cmocka_unit_test(it_agrees_with_a_search_of_all_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
