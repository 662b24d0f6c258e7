/*
 * The SACK blocks that are announced: RFC 2018 section 4, RFC 2883.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "tests/support/tcp_fixture.h"

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

static void what_arrives_again_is_announced_first_and_once(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_sack = true);
	rx(&t, .len = 100);
	rx(&t, .seq = 301, .len = 100);
	fixture_skip(&t);
	rx(&t, .seq = 1, .len = 100);
	expect_tx(&t, .seq = 1, .ack = 101, .nsack = 2, .sack = { { 1, 101 }, { 301, 401 } });
	rx(&t, .seq = 501, .len = 100);
	expect_tx(&t, .seq = 1, .ack = 101, .nsack = 2, .sack = { { 501, 601 }, { 301, 401 } });
	finish(&t);
}

static void part_of_a_segment_that_arrives_again_is_announced(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_sack = true);
	rx(&t, .len = 100);
	fixture_skip(&t);
	rx(&t, .seq = 51, .len = 100);
	expect_tx(&t, .seq = 1, .ack = 151, .nsack = 1, .sack = { { 51, 101 } });
	finish(&t);
}

static void a_duplicate_out_of_order_is_followed_by_the_block_around_it(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_sack = true);
	rx(&t, .seq = 201, .len = 300);
	rx(&t, .seq = 1001, .len = 100);
	fixture_skip(&t);
	rx(&t, .seq = 301, .len = 100);
	expect_tx(&t, .seq = 1, .ack = 1, .nsack = 3,
		  .sack = { { 301, 401 }, { 201, 501 }, { 1001, 1101 } });
	finish(&t);
}

static void a_peer_without_sack_gets_none(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_sack = false);
	rx(&t, .seq = 201, .len = 300);
	fixture_skip(&t);
	rx(&t, .seq = 201, .len = 300);
	expect_tx(&t, .seq = 1, .ack = 1, .nsack = 0);
	finish(&t);
}

static void a_short_segment_with_data_carries_the_blocks(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_sack = true, .nodelay = true);
	rx(&t, .seq = 201, .len = 300);
	fixture_skip(&t);
	fixture_write(&t, 100);
	expect_tx(&t, .seq = 1, .len = 100, .ack = 1, .nsack = 1, .sack = { { 201, 501 } });
	/* A full one has no room: nothing of it is given up for them. */
	fixture_write(&t, 1000);
	expect_tx(&t, .seq = 101, .len = 1000, .ack = 1, .nsack = 0);
	expect_silence(&t);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_range_that_grew_last_comes_first),
		cmocka_unit_test(no_more_blocks_are_given_than_fit),
		cmocka_unit_test(what_arrives_again_is_announced_first_and_once),
		cmocka_unit_test(part_of_a_segment_that_arrives_again_is_announced),
		cmocka_unit_test(a_duplicate_out_of_order_is_followed_by_the_block_around_it),
		cmocka_unit_test(a_peer_without_sack_gets_none),
		cmocka_unit_test(a_short_segment_with_data_carries_the_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
