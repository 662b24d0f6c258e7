/*
 * The SACK blocks that are announced: RFC 2018 section 4.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "net/tcp/room.h"

static struct tcp_reasm *three(void)
{
	struct tcp_reasm *r = malloc(sizeof(*r) + 8 * sizeof(struct tcp_range));

	assert_non_null(r);
	r->n = 0;
	r->max = 8;
	r->stamp = 0xfffffffeu; /* stamps wrap, too */
	tcp_reasm_add(r, seq_of(500), seq_of(600));
	tcp_reasm_add(r, seq_of(100), seq_of(200));
	tcp_reasm_add(r, seq_of(300), seq_of(400));
	return r;
}

static void the_range_that_grew_last_comes_first(void **state)
{
	struct tcp_reasm *r = three();
	struct tcp_sack_block b[4];

	(void)state;
	assert_int_equal(tcp_sack_blocks(r, b, 4), 3);
	assert_int_equal(b[0].left, 300);
	assert_int_equal(b[0].right, 400);
	assert_int_equal(b[1].left, 100);
	assert_int_equal(b[2].left, 500);
	tcp_reasm_add(r, seq_of(600), seq_of(610));
	assert_int_equal(tcp_sack_blocks(r, b, 4), 3);
	assert_int_equal(b[0].left, 500);
	assert_int_equal(b[0].right, 610);
	assert_int_equal(b[1].left, 300);
	free(r);
}

static void no_more_blocks_are_given_than_fit(void **state)
{
	struct tcp_reasm *r = three();
	struct tcp_sack_block b[4];

	(void)state;
	assert_int_equal(tcp_sack_blocks(r, b, 2), 2);
	assert_int_equal(b[1].left, 100);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_range_that_grew_last_comes_first),
		cmocka_unit_test(no_more_blocks_are_given_than_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
