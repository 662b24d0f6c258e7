/*
 * Ranges out of order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "net/tcp/room.h"
#include "tests/support/expect.h"

#define MAX 8u

static struct tcp_reasm *ranges(void)
{
	struct tcp_reasm *r = malloc(sizeof(*r) + MAX * sizeof(struct tcp_range));

	assert_non_null(r);
	r->n = 0;
	r->max = MAX;
	r->stamp = 0;
	return r;
}

static void add(struct tcp_reasm *r, uint32_t left, uint32_t right)
{
	tcp_reasm_add(r, seq_of(left), seq_of(right));
}

static void assert_range(const struct tcp_reasm *r, uint32_t i, uint32_t left, uint32_t right)
{
	assert_true(i < r->n);
	assert_int_equal(r->ranges[i].left.v, left);
	assert_int_equal(r->ranges[i].right.v, right);
}

static void ranges_are_kept_in_order_and_apart(void **state)
{
	struct tcp_reasm *r = ranges();

	(void)state;
	add(r, 300, 400);
	add(r, 100, 200);
	add(r, 500, 600);
	assert_int_equal(r->n, 3);
	assert_range(r, 0, 100, 200);
	assert_range(r, 1, 300, 400);
	assert_range(r, 2, 500, 600);
	free(r);
}

static void a_range_that_touches_others_joins_them(void **state)
{
	struct tcp_reasm *r = ranges();

	(void)state;
	add(r, 100, 200);
	add(r, 300, 400);
	add(r, 200, 300);
	assert_int_equal(r->n, 1);
	assert_range(r, 0, 100, 400);
	add(r, 90, 100);
	add(r, 400, 410);
	assert_int_equal(r->n, 1);
	assert_range(r, 0, 90, 410);
	free(r);
}

static void gaps_are_what_no_range_covers(void **state)
{
	struct tcp_reasm *r = ranges();
	struct tcp_range gap;

	(void)state;
	add(r, 100, 200);
	add(r, 300, 400);
	assert_true(tcp_reasm_gap(r, seq_of(50), seq_of(500), &gap));
	assert_int_equal(gap.left.v, 50);
	assert_int_equal(gap.right.v, 100);
	assert_true(tcp_reasm_gap(r, seq_of(100), seq_of(500), &gap));
	assert_int_equal(gap.left.v, 200);
	assert_int_equal(gap.right.v, 300);
	assert_true(tcp_reasm_gap(r, seq_of(300), seq_of(500), &gap));
	assert_int_equal(gap.left.v, 400);
	assert_int_equal(gap.right.v, 500);
	assert_false(tcp_reasm_gap(r, seq_of(310), seq_of(400), &gap));
	free(r);
}

static void a_full_table_takes_only_what_joins(void **state)
{
	struct tcp_reasm *r = ranges();

	(void)state;
	for (uint32_t i = 0; i < MAX; i++)
		add(r, i * 100, i * 100 + 50);
	assert_false(tcp_reasm_has_room(r, seq_of(60), seq_of(70)));
	assert_false(tcp_reasm_has_room(r, seq_of(5000), seq_of(5001)));
	assert_true(tcp_reasm_has_room(r, seq_of(50), seq_of(70)));
	assert_true(tcp_reasm_has_room(r, seq_of(60), seq_of(100)));
	free(r);
}

static void advancing_takes_every_range_that_begins_there(void **state)
{
	struct tcp_reasm *r = ranges();

	(void)state;
	add(r, 100, 200);
	add(r, 300, 400);
	assert_int_equal(tcp_reasm_advance(r, seq_of(50)).v, 50);
	assert_int_equal(tcp_reasm_advance(r, seq_of(100)).v, 200);
	assert_int_equal(r->n, 1);
	assert_int_equal(tcp_reasm_advance(r, seq_of(300)).v, 400);
	assert_int_equal(r->n, 0);
	free(r);
}

/* Every byte of a small space, as a set: what the ranges should say. */
static void ranges_say_what_a_set_of_bytes_says_across_the_wrap(void **state)
{
	uint64_t seed = expect_seed(7);

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		uint32_t base = (uint32_t)0 - 128u + (round % 2 ? 0x80000000u : 0);
		struct tcp_reasm *r = ranges();
		bool have[256] = { false };

		for (unsigned step = 0; step < 40; step++) {
			uint32_t from = (uint32_t)expect_random_below(&seed, 255);
			uint32_t to = from + 1 + (uint32_t)expect_random_below(&seed, 256 - from);
			struct tcp_seq at = seq_of(base + from);
			struct tcp_range gap;

			while (seq_lt(at, seq_of(base + to)) &&
			       tcp_reasm_gap(r, at, seq_of(base + to), &gap)) {
				for (uint32_t i = gap.left.v - base; i < gap.right.v - base; i++)
					assert_false(have[i]);
				at = gap.right;
				if (!tcp_reasm_has_room(r, gap.left, gap.right))
					continue;
				tcp_reasm_add(r, gap.left, gap.right);
				for (uint32_t i = gap.left.v - base; i < gap.right.v - base; i++)
					have[i] = true;
			}
			for (uint32_t i = 0; i < r->n; i++) {
				for (uint32_t k = r->ranges[i].left.v - base;
				     k < r->ranges[i].right.v - base; k++) {
					assert_true(have[k]);
					have[k] = false;
				}
			}
			for (unsigned i = 0; i < 256; i++)
				assert_false(have[i]);
			for (uint32_t i = 0; i < r->n; i++)
				for (uint32_t k = r->ranges[i].left.v - base;
				     k < r->ranges[i].right.v - base; k++)
					have[k] = true;
		}
		free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_kept_in_order_and_apart),
		cmocka_unit_test(a_range_that_touches_others_joins_them),
		cmocka_unit_test(gaps_are_what_no_range_covers),
		cmocka_unit_test(a_full_table_takes_only_what_joins),
		cmocka_unit_test(advancing_takes_every_range_that_begins_there),
		cmocka_unit_test(ranges_say_what_a_set_of_bytes_says_across_the_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
