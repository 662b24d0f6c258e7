/*
 * Recovery with SACK: what is found lost, what is sent again, and that it is no more than the window
 * allows. With RACK unless a test says otherwise; what only RACK does is in repair_rack.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/expect.h"
#include "tests/support/tcp_fixture.h"

#define RTT_MS 100u

static const struct holm_proto *const sack_only[] = {
	&holm_arp, &holm_ipv4, &holm_icmp4, &holm_tcp, &holm_tcp_sack, NULL,
};
static const struct holm_proto *const no_parts[] = {
	&holm_arp, &holm_ipv4, &holm_icmp4, &holm_tcp, NULL,
};

/* `n` segments of 1000 bytes are in flight, and a round trip has passed. */
static void in_flight(struct tcp_fixture *t, const struct tcp_options *o, unsigned n)
{
	struct tcp_options with = *o;

	with.peer_sack = true;
	with.nodelay = true;
	fixture_passive(t, &with);
	fixture_knows_rtt(t, RTT_MS);
	fixture_write(t, n * 1000);
	for (unsigned i = 0; i < n; i++)
		expect_tx(t, .seq = 1 + i * 1000, .len = 1000);
	expect_silence(t);
	fixture_wait_ms(t, RTT_MS);
}

#define flying(t, n, ...) in_flight((t), &(struct tcp_options){ .iss = FIX_ANY, __VA_ARGS__ }, (n))

static struct tcp_score *score(const struct tcp_fixture *t)
{
	return &t->t->flight->repair->score;
}

static void only_the_hole_is_sent_again(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 8);
	rx(&t, .ack = 1001, .nsack = 1, .sack = { { 2001, 8001 } });
	expect_tx(&t, .seq = 1001, .len = 1000);
	expect_silence(&t);
	assert_int_equal(t.t->flight->phase, TCP_RECOVERY);
	assert_int_equal(t.t->ssthresh, 4000);
	fixture_wait_ms(&t, RTT_MS);
	rx(&t, .ack = 8001);
	expect_silence(&t);
	assert_int_equal(t.t->flight->phase, TCP_OPEN);
	assert_int_equal(t.t->cwnd, 4000);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_TIMEOUTS), 0);
	finish(&t);
}

static void several_holes_are_repaired_in_one_round_trip_and_count_once(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 10);
	rx(&t, .ack = 1, .nsack = 3, .sack = { { 9001, 10001 }, { 5001, 8001 }, { 2001, 4001 } });
	expect_tx(&t, .seq = 1, .len = 1000);
	expect_tx(&t, .seq = 1001, .len = 1000);
	/* Half of the window was delivered: half of it may be sent. */
	expect_tx(&t, .seq = 4001, .len = 1000);
	fixture_skip(&t);
	fixture_wait_ms(&t, RTT_MS);
	rx(&t, .ack = 10001);
	assert_int_equal(t.t->ssthresh, 5000);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_FAST_RETRANSMITS), 1);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_TIMEOUTS), 0);
	finish(&t);
}

static void three_hundred_duplicates_send_the_hole_once(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 8);
	for (unsigned i = 0; i < 300; i++)
		rx(&t, .ack = 1, .nsack = 1, .sack = { { 1001, 8001 } });
	expect_tx(&t, .seq = 1, .len = 1000);
	expect_silence(&t);
	finish(&t);
}

static void what_the_peer_announces_makes_room_for_new_data(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 10);
	fixture_write(&t, 5000);
	expect_silence(&t); /* the window of ten segments is full */
	/* Limited transmit: the first two duplicates let one each go. */
	rx(&t, .ack = 1, .nsack = 1, .sack = { { 1001, 2001 } });
	expect_tx(&t, .seq = 10001, .len = 1000);
	rx(&t, .ack = 1, .nsack = 1, .sack = { { 1001, 3001 } });
	expect_tx(&t, .seq = 11001, .len = 1000);
	expect_silence(&t);
	assert_int_equal(t.t->flight->phase, TCP_OPEN);
	finish(&t);
}

static void blocks_of_what_was_never_sent_are_counted_and_ignored(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 4);
	rx(&t, .ack = 1, .nsack = 2, .sack = { { 3001, 5001 }, { 2001, 1001 } });
	assert_int_equal(score(&t)->sacked, 0);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_SACKS_INVALID), 2);
	rx(&t, .ack = 2001, .nsack = 1, .sack = { { 1, 1001 } });
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_SACKS_INVALID),
			 2); /* a duplicate, reported */
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_DSACKS_RECEIVED), 1);
	finish(&t);
}

/* Blocks that there is no memory to note: all that is in flight is one range again, and it is counted. */
static void a_scoreboard_without_memory_is_counted_and_all_is_repaired(void **state)
{
	void *held[4096], *p;
	struct tcp_fixture t;
	struct mem *mem;
	size_t n = 0;

	(void)state;
	flying(&t, 10);
	mem = &t.lab.net->mem;
	t.lab.fail_from = t.lab.alloc_calls + 1;
	while ((p = mem_alloc(mem, 2 * sizeof(score(&t)->few))) != NULL && n < ARRAY_LEN(held))
		held[n++] = p;
	rx(&t, .ack = 1001, .nsack = 3, .sack = { { 7001, 8001 }, { 5001, 6001 }, { 3001, 4001 } });
	assert_true(fixture_counted(&t, HOLM_COUNT_TCP_SCOREBOARD_FULL) > 0);
	t.lab.fail_from = 0;
	while (n > 0)
		mem_free(mem, held[--n], 2 * sizeof(score(&t)->few));
	fixture_wait_ms(&t, 10 * RTT_MS);
	assert_true(fixture_skip(&t) > 0);
	rx(&t, .ack = 10001);
	expect_silence(&t);
	assert_int_equal(t.t->flight->phase, TCP_OPEN);
	finish(&t);
}

static void a_peer_that_reneges_gets_everything_again(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 4);
	/* It has all but the first; then the first, and nothing else any more. */
	rx(&t, .ack = 1, .nsack = 1, .sack = { { 1001, 4001 } });
	expect_tx(&t, .seq = 1, .len = 1000);
	fixture_wait_ms(&t, RTT_MS);
	rx(&t, .ack = 1001);
	expect_silence(&t);
	fixture_wait_ms(&t, 400);
	expect_tx(&t, .seq = 1001, .len = 1000);
	assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_RENEGED), 1);
	rx(&t, .ack = 2001);
	expect_tx(&t, .seq = 2001, .len = 1000);
	expect_tx(&t, .seq = 3001, .len = 1000);
	finish(&t);
}

static void a_retransmission_may_be_cut_anew_and_acknowledged_in_the_middle(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 4);
	t.t->dst->mtu = 640;
	rx(&t, .ack = 1, .nsack = 1, .sack = { { 2001, 4001 } });
	expect_tx(&t, .seq = 1, .len = 600);
	expect_tx(&t, .seq = 601, .len = 600);
	fixture_skip(&t);
	fixture_wait_ms(&t, RTT_MS);
	rx(&t, .ack = 301, .nsack = 1, .sack = { { 2001, 4001 } });
	rx(&t, .ack = 1201, .nsack = 1, .sack = { { 2001, 4001 } });
	fixture_wait_ms(&t, 1000);
	fixture_skip(&t);
	rx(&t, .ack = 4001);
	assert_int_equal(tcp_in_flight(t.t), 0);
	assert_int_equal(tcp_pipe(t.t), 0);
	finish(&t);
}

static void a_peer_that_shrinks_its_window_is_no_congestion(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 8);
	/* Eight were sent into a window that is two now; the peer has kept none of the rest. */
	rx(&t, .ack = 1001, .wnd = 2000);
	expect_silence(&t);
	rx(&t, .ack = 3001, .wnd = 2000);
	expect_silence(&t);
	assert_int_equal(t.t->ssthresh, UINT32_MAX);
	/* A probe, then what fits the window, until it opens again. */
	fixture_wait_ms(&t, 700);
	expect_tx(&t, .seq = 7001, .len = 1000);
	expect_tx(&t, .seq = 3001, .len = 1000);
	rx(&t, .ack = 4001, .wnd = 65535);
	expect_tx(&t, .seq = 4001, .len = 1000);
	fixture_skip(&t);
	rx(&t, .ack = 8001);
	assert_int_equal(tcp_in_flight(t.t), 0);
	finish(&t);
}

/* Trap: sequence numbers, blocks and edges that lie on both sides of 2^32 and of 2^31. */
static void recovery_does_not_mind_where_numbers_wrap(void **state)
{
	static const uint32_t around[] = { 0, 0x80000000u };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		for (uint32_t k = 0; k <= 9000; k += 500) {
			struct tcp_fixture t;

			flying(&t, 8, .iss = around[i] - k, .peer_iss = around[i] - k);
			rx(&t, .ack = 1001, .nsack = 2, .sack = { { 5001, 8001 }, { 2001, 4001 } });
			expect_tx(&t, .seq = 1001, .len = 1000);
			expect_tx(&t, .seq = 4001, .len = 1000);
			expect_silence(&t);
			fixture_wait_ms(&t, RTT_MS);
			rx(&t, .ack = 8001);
			assert_int_equal(t.t->flight->phase, TCP_OPEN);
			assert_int_equal(tcp_pipe(t.t), 0);
			finish(&t);
		}
	}
}

static void a_lost_fin_is_sent_again(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 1);
	holm_tcp_shutdown(t.t);
	lab_poll(&t.lab);
	expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1001);
	rx(&t, .ack = 1001);
	fixture_wait_ms(&t, 450);
	expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1001);
	fixture_wait_ms(&t, 500);
	expect_tx(&t, .flags = TCP_FIN | TCP_ACK, .seq = 1001);
	rx(&t, .ack = 1002);
	assert_int_equal(t.t->state, HOLM_TCP_FIN_WAIT_2);
	finish(&t);
}

/* Whatever a peer claims, what is in flight stays within the window: the stack asserts it. */
static void random_claims_of_a_peer_break_nothing(void **state)
{
	uint64_t seed = expect_seed(0xacc);

	(void)state;
	for (unsigned round = 0; round < 60; round++) {
		struct tcp_fixture t;
		uint32_t una = 1;

		established(&t, .peer_sack = true, .nodelay = true, .peer_ts = round % 2,
			    .protos = round % 3 ? NULL : sack_only,
			    .iss = (uint32_t)expect_random(&seed));
		fixture_write(&t, 200000);
		for (unsigned i = 0; i < 150 && una < 200001; i++) {
			uint32_t sent = tcp_snd_nxt(t.t).v - t.iss;
			struct probe p = { .flags = TCP_ACK,
					   .seq = t.peer_nxt,
					   .wnd = (uint32_t)expect_random_below(&seed, 65536),
					   .sport = FIX_PEER_PORT,
					   .dport = FIX_PORT,
					   .tsval = t.tsval,
					   .tsecr = t.our_ts };

			if (expect_random_below(&seed, 3) == 0)
				una += (uint32_t)expect_random_below(&seed, sent - una + 1);
			p.ack = una;
			p.nsack = (uint8_t)expect_random_below(&seed, 4);
			for (unsigned b = 0; b < p.nsack; b++) {
				p.sack[b].left =
					una - 500 +
					(uint32_t)expect_random_below(&seed, sent - una + 1000);
				p.sack[b].right =
					p.sack[b].left + (uint32_t)expect_random_below(&seed, 5000);
			}
			fixture_rx(&t, &p);
			fixture_wait_ms(&t, expect_random_below(&seed, 4) ? 1 : 300);
			if (t.t->state == HOLM_TCP_CLOSED)
				break;
			if (t.t->flight && t.t->flight->repair)
				assert_int_equal(tcp_score_end(score(&t)).v, tcp_snd_nxt(t.t).v);
		}
		fixture_skip(&t);
		finish(&t);
	}
}

static void without_rack_three_segments_above_make_a_loss(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 8, .protos = sack_only);
	rx(&t, .ack = 1, .nsack = 1, .sack = { { 1001, 2001 } });
	rx(&t, .ack = 1, .nsack = 1, .sack = { { 1001, 3001 } });
	fixture_wait_ms(&t, 50);
	expect_silence(&t); /* no time makes it lost */
	rx(&t, .ack = 1, .nsack = 1, .sack = { { 1001, 4001 } });
	expect_tx(&t, .seq = 1, .len = 1000);
	expect_silence(&t);
	assert_int_equal(t.t->cwnd, 4000);
	fixture_wait_ms(&t, RTT_MS);
	rx(&t, .ack = 8001);
	assert_int_equal(t.t->flight->phase, TCP_OPEN);
	finish(&t);
}

static void without_rack_a_timeout_sends_everything_again(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 4, .protos = sack_only);
	fixture_wait_ms(&t, 300);
	expect_tx(&t, .seq = 1, .len = 1000);
	expect_silence(&t);
	assert_int_equal(t.t->cwnd, 1000);
	rx(&t, .ack = 1001);
	expect_tx(&t, .seq = 1001, .len = 1000);
	expect_tx(&t, .seq = 2001, .len = 1000);
	finish(&t);
}

static void without_its_part_sack_is_not_offered_and_newreno_repairs(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_sack = true, .nodelay = true, .protos = no_parts);
	assert_false(t.t->flags & TCP_SACK);
	assert_int_equal(holm_tcp_set_option(t.listener, HOLM_TCP_OPT_SACK, 1), -HOLM_ENOPROTOOPT);
	fixture_write(&t, 5000);
	fixture_skip(&t);
	for (unsigned i = 0; i < 3; i++)
		rx(&t, .ack = 1, .nsack = 1, .sack = { { 1001, 2001 + i * 1000 } });
	expect_tx(&t, .seq = 1, .len = 1000);
	expect_silence(&t);
	assert_null(t.t->flight->repair);
	finish(&t);
}

/* RFC 6675 section 5, (1): the third duplicate alone, where what came above is in small pieces. */
static void without_rack_three_duplicates_make_a_loss_of_the_first_segment(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 8, .protos = sack_only);
	for (uint32_t right = 1101; right <= 1201; right += 100) {
		rx(&t, .ack = 1, .nsack = 1, .sack = { { 1001, right } });
		expect_silence(&t);
	}
	/* Nothing new is no duplicate. */
	rx(&t, .ack = 1, .nsack = 1, .sack = { { 1001, 1201 } });
	expect_silence(&t);
	rx(&t, .ack = 1, .nsack = 1, .sack = { { 1001, 1301 } });
	expect_tx(&t, .seq = 1, .len = 1000);
	expect_silence(&t);
	assert_int_equal(t.t->flight->phase, TCP_RECOVERY);
	assert_int_equal(t.t->ssthresh, 4000);
	finish(&t);
}

/* An ACK of something begins the count again. */
static void without_rack_duplicates_are_counted_from_the_last_progress(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 8, .protos = sack_only);
	rx(&t, .ack = 1, .nsack = 1, .sack = { { 3001, 3101 } });
	rx(&t, .ack = 1, .nsack = 1, .sack = { { 3001, 3201 } });
	rx(&t, .ack = 1001, .nsack = 1, .sack = { { 3001, 3201 } });
	rx(&t, .ack = 1001, .nsack = 1, .sack = { { 3001, 3301 } });
	rx(&t, .ack = 1001, .nsack = 1, .sack = { { 3001, 3401 } });
	expect_silence(&t);
	rx(&t, .ack = 1001, .nsack = 1, .sack = { { 3001, 3501 } });
	expect_tx(&t, .seq = 1001, .len = 1000);
	expect_silence(&t);
	finish(&t);
}

/* RFC 6675 section 5, step 4.3: the first is sent however much is thought to be in flight. */
static void without_rack_the_first_segment_of_a_loss_needs_no_room(void **state)
{
	struct tcp_fixture t;

	(void)state;
	flying(&t, 10, .protos = sack_only);
	rx(&t, .ack = 1, .nsack = 1, .sack = { { 1001, 1101 } });
	rx(&t, .ack = 1, .nsack = 1, .sack = { { 1001, 1201 } });
	rx(&t, .ack = 1, .nsack = 1, .sack = { { 1001, 1301 } });
	assert_int_equal(t.t->cwnd, 5000);
	assert_true(tcp_pipe(t.t) > t.t->cwnd);
	expect_tx(&t, .seq = 1, .len = 1000);
	expect_silence(&t);
	finish(&t);
}

/* RFC 2883 section 4: of what is acknowledged, or within the second block. */
static void a_first_block_within_the_second_tells_of_a_duplicate(void **state)
{
	static const struct {
		struct tcp_sack_block first, second;
		unsigned n;
		bool is;
	} of[] = {
		{ { 1, 1001 }, { 0, 0 }, 1, true },
		{ { 5001, 6001 }, { 4001, 8001 }, 2, true },
		{ { 4001, 8001 }, { 4001, 8001 }, 2, true },
		{ { 5001, 6001 }, { 7001, 8001 }, 2, false },
		{ { 7001, 8001 }, { 5001, 6001 }, 2, false },
		{ { 4001, 6001 }, { 5001, 8001 }, 2, false },
		{ { 5001, 9001 }, { 4001, 8001 }, 2, false },
		{ { 5001, 6001 }, { 4001, 8001 }, 1, false },
		{ { 1001, 1001 }, { 4001, 8001 }, 2, false },
		{ { 5001, 5001 }, { 4001, 8001 }, 2, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(of); i++) {
		struct tcp_fixture t;

		flying(&t, 10);
		rx(&t, .ack = 2001);
		rx(&t, .ack = 2001, .nsack = (uint8_t)of[i].n,
		   .sack = { of[i].first, of[i].second });
		assert_int_equal(fixture_counted(&t, HOLM_COUNT_TCP_DSACKS_RECEIVED), of[i].is);
		fixture_skip(&t);
		finish(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_hole_is_sent_again),
		cmocka_unit_test(several_holes_are_repaired_in_one_round_trip_and_count_once),
		cmocka_unit_test(three_hundred_duplicates_send_the_hole_once),
		cmocka_unit_test(what_the_peer_announces_makes_room_for_new_data),
		cmocka_unit_test(blocks_of_what_was_never_sent_are_counted_and_ignored),
		cmocka_unit_test(a_scoreboard_without_memory_is_counted_and_all_is_repaired),
		cmocka_unit_test(a_peer_that_reneges_gets_everything_again),
		cmocka_unit_test(a_retransmission_may_be_cut_anew_and_acknowledged_in_the_middle),
		cmocka_unit_test(a_peer_that_shrinks_its_window_is_no_congestion),
		cmocka_unit_test(recovery_does_not_mind_where_numbers_wrap),
		cmocka_unit_test(a_lost_fin_is_sent_again),
		cmocka_unit_test(random_claims_of_a_peer_break_nothing),
		cmocka_unit_test(without_rack_three_segments_above_make_a_loss),
		cmocka_unit_test(without_rack_a_timeout_sends_everything_again),
		cmocka_unit_test(without_its_part_sack_is_not_offered_and_newreno_repairs),
		cmocka_unit_test(without_rack_three_duplicates_make_a_loss_of_the_first_segment),
		cmocka_unit_test(without_rack_duplicates_are_counted_from_the_last_progress),
		cmocka_unit_test(without_rack_the_first_segment_of_a_loss_needs_no_room),
		cmocka_unit_test(a_first_block_within_the_second_tells_of_a_duplicate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
