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

/* How many blocks the last segment that was sent has. */
static unsigned blocks_sent(const struct tcp_fixture *t)
{
	const uint8_t *tcp = t->lab.sent[t->lab.nsent - 1].data + 34;
	const uint8_t *opt = tcp_option_find(tcp, (size_t)(tcp[12] >> 4) * 4, TCP_OPT_SACK);

	return opt ? (opt[1] - 2u) / TCP_OPT_SACK_BLOCK_BYTES : 0;
}

/* With its padding a block is 12 bytes; a segment with data stays within the MSS. */
static void beside_data_there_are_as_many_blocks_as_fit(void **state)
{
	static const struct {
		uint32_t len;
		unsigned blocks;
	} of[] = { { 1000, 0 }, { 997, 0 }, { 989, 0 }, { 988, 1 }, { 981, 1 },
		   { 980, 2 },	{ 973, 2 }, { 972, 2 }, { 1, 2 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(of); i++) {
		struct tcp_fixture t;

		established(&t, .peer_sack = true, .nodelay = true, .no_ts = true);
		rx(&t, .seq = 1001, .len = 1000);
		rx(&t, .seq = 3001, .len = 1000);
		assert_int_equal(blocks_sent(&t), 2);
		fixture_write(&t, of[i].len);
		assert_int_equal(blocks_sent(&t), of[i].blocks);
		fixture_skip(&t);
		finish(&t);
	}
}

static void note(struct tcp_fixture *t, uint32_t left, uint32_t right)
{
	struct tcp_seq base = seq_sub(t->t->rcv_nxt, 1000);

	tcp_sack_note_duplicate(t->t, seq_add(base, left), seq_add(base, right));
}

static void duplicates_that_touch_are_told_as_one_and_others_not(void **state)
{
	static const struct {
		uint32_t left, right, first, last;
	} of[] = { { 300, 400, 200, 400 }, { 100, 200, 100, 300 }, { 250, 280, 200, 300 },
		   { 301, 400, 301, 400 }, { 100, 199, 100, 199 }, { 100, 400, 100, 400 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(of); i++) {
		struct tcp_fixture t;
		struct tcp_seq base;

		established(&t, .peer_sack = true);
		base = seq_sub(t.t->rcv_nxt, 1000);
		assert_true(tcp_flight_get(t.t));
		/* What was told is over. */
		note(&t, 200, 300);
		t.t->flight->has_dsack = false;
		note(&t, 250, 260);
		assert_int_equal(seq_diff(t.t->flight->dsack_left, base), 250);
		assert_int_equal(seq_diff(t.t->flight->dsack_right, base), 260);
		t.t->flight->has_dsack = false;
		note(&t, 200, 300);
		note(&t, of[i].left, of[i].right);
		assert_int_equal(seq_diff(t.t->flight->dsack_left, base), of[i].first);
		assert_int_equal(seq_diff(t.t->flight->dsack_right, base), of[i].last);
		t.t->flight->has_dsack = false;
		finish(&t);
	}
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
		cmocka_unit_test(beside_data_there_are_as_many_blocks_as_fit),
		cmocka_unit_test(duplicates_that_touch_are_told_as_one_and_others_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
