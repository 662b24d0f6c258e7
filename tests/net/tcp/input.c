/*
 * Where frames come in: damaged ones, merged ones, those for nobody; SYN-SENT.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "lib/checksum.h"
#include "net/wire/eth.h"
#include "net/wire/ip4.h"
#include "tests/support/tcp_fixture.h"

static void a_damaged_segment_is_dropped(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	rx(&t, .len = 10, .bad_sum = true);
	expect_silence(&t);
	assert_int_equal(t.rcv.tail, 0);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_CSUM), 1);
	finish(&t);
}

static void a_segment_cut_short_at_any_byte_is_dropped(void **state)
{
	uint8_t segment[60] = { 0 }, frame[200];
	struct tcp_hdr_info h = { .sport = FIX_PEER_PORT,
				  .dport = FIX_PORT,
				  .flags = TCP_SYN,
				  .has_mss = true,
				  .mss = 1000,
				  .has_ts = true };
	struct tcp_fixture t;
	size_t len;

	(void)state;
	fixture_only(&t);
	len = tcp_build(segment, &h);
	for (size_t n = 0; n < len; n++)
		lab_receive(&t.lab, frame,
			    lab_ip4(frame, LAB_IP(2), LAB_IP(1), IP4_PROTO_TCP, segment, n));
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_SHORT), len);
	expect_silence(&t);
	finish(&t);
}

static void a_header_in_pieces_is_put_together(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	for (unsigned piece = 15; piece < 100; piece += 7) {
		t.lab.segments = piece;
		rx(&t, .len = 100);
		t.peer_nxt += 100;
	}
	t.lab.segments = 0;
	assert_int_equal(t.rcv.tail, t.peer_nxt - 1);
	finish(&t);
}

/* Eight segments come in one batch; returns how many were merged with the one before. */
static uint64_t merged_of_eight(struct tcp_fixture *t)
{
	uint64_t merged = fixture_counted(t, HOLM_COUNT_TCP_GRO_MERGED);
	struct holm_frame *frames[8];

	for (unsigned i = 0; i < 8; i++) {
		uint8_t segment[1100], frame[1200];
		struct tcp_hdr_info h = { .sport = FIX_PEER_PORT,
					  .dport = FIX_PORT,
					  .seq = t->peer_iss + 1 + i * 1000,
					  .ack = t->iss + 1,
					  .flags = TCP_ACK,
					  .wnd = 65535 };
		size_t len = tcp_build(segment, &h);
		uint32_t sum;

		for (uint32_t k = 0; k < 1000; k++)
			segment[len + k] = holm_pattern_byte(i * 1000 + k);
		sum = ip4_pseudo_sum(LAB_IP(2), LAB_IP(1), IP4_PROTO_TCP, (uint32_t)len + 1000);
		store_be16(segment + TCP_CSUM_OFFSET,
			   checksum_finish(checksum_partial(segment, len + 1000, sum)));
		len = lab_ip4(frame, LAB_IP(2), LAB_IP(1), IP4_PROTO_TCP, segment, len + 1000);
		frames[i] = holm_frame_alloc(holm_net_pool(t->lab.net), 64, true);
		memcpy(holm_frame_put(frames[i], len), frame, len);
	}
	holm_net_input(t->lab.net, &t->lab.dev, frames, 8, t->lab.now);
	return fixture_counted(t, HOLM_COUNT_TCP_GRO_MERGED) - merged;
}

static void frames_that_follow_each_other_are_merged_and_acknowledged_once(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t);
	assert_int_equal(merged_of_eight(&t), 7);
	lab_poll(&t.lab);
	expect_tx(&t, .seq = 1, .ack = 8001);
	expect_silence(&t);
	assert_int_equal(t.rcv.tail, 8000);
	finish(&t);
}

static void without_the_part_they_go_alone_and_are_acknowledged_once_all_the_same(void **state)
{
	static const struct holm_proto *const no_parts[] = {
		&holm_arp, &holm_ipv4, &holm_icmp4, &holm_tcp, NULL,
	};
	struct tcp_fixture t;

	(void)state;
	established(&t, .protos = no_parts);
	assert_int_equal(merged_of_eight(&t), 0);
	lab_poll(&t.lab);
	expect_tx(&t, .seq = 1, .ack = 8001);
	expect_silence(&t);
	assert_int_equal(t.rcv.tail, 8000);
	finish(&t);
}

static void a_segment_for_nobody_is_reset_as_the_rfc_forms_it(void **state)
{
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	rx(&t, .flags = TCP_SYN, .seq = 100, .dport = 81, .absolute = true);
	expect_tx(&t, .flags = TCP_RST | TCP_ACK, .seq = 0, .ack = 101, .sport = 81,
		  .absolute = true);
	rx(&t, .flags = TCP_FIN, .seq = 100, .len = 5, .dport = 81, .absolute = true);
	expect_tx(&t, .flags = TCP_RST | TCP_ACK, .seq = 0, .ack = 106, .sport = 81,
		  .absolute = true);
	rx(&t, .flags = TCP_ACK, .seq = 100, .ack = 777, .dport = 81, .absolute = true);
	expect_tx(&t, .flags = TCP_RST, .seq = 777, .sport = 81, .absolute = true);
	rx(&t, .flags = TCP_RST, .seq = 100, .dport = 81, .absolute = true);
	rx(&t, .flags = TCP_RST | TCP_ACK, .seq = 100, .dport = 81, .absolute = true);
	expect_silence(&t);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_NO_PORT), 3);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_RST_STRAY), 2);
	finish(&t);
}

static void resets_are_limited_in_a_flood(void **state)
{
	struct holm_config config;
	struct tcp_fixture t;

	(void)state;
	holm_config_default(&config);
	config.icmp_rate_per_s = 10;
	fixture_only(&t, .config = &config);
	for (unsigned i = 0; i < 100; i++)
		rx(&t, .flags = TCP_ACK, .seq = 1, .ack = i, .dport = 81, .absolute = true);
	assert_int_equal(fixture_skip(&t), 10);
	fixture_wait_ms(&t, 1100);
	for (unsigned i = 0; i < 100; i++)
		rx(&t, .flags = TCP_ACK, .seq = 1, .ack = i, .dport = 81, .absolute = true);
	assert_in_range(fixture_skip(&t), 9, 10);
	finish(&t);
}

/* ---- SYN-SENT ------------------------------------------------------------------------------------ */

#define syn_sent(t, ...) fixture_syn_sent((t), &(struct tcp_options){ .iss = FIX_ANY, __VA_ARGS__ })

static void a_bad_ack_in_syn_sent_is_reset_and_the_syn_sent_again_at_once(void **state)
{
	struct tcp_fixture t;

	(void)state;
	syn_sent(&t);
	rx(&t, .flags = TCP_ACK, .seq = 500, .ack = 300);
	expect_tx(&t, .flags = TCP_RST, .seq = 300);
	expect_tx(&t, .flags = TCP_SYN, .seq = 0);
	assert_int_equal(t.t->state, HOLM_TCP_SYN_SENT);
	finish(&t);
}

static void a_reset_in_syn_sent_counts_only_with_the_right_ack(void **state)
{
	struct tcp_fixture t;

	(void)state;
	syn_sent(&t);
	rx(&t, .flags = TCP_RST, .seq = 0);
	rx(&t, .flags = TCP_RST | TCP_ACK, .seq = 0, .ack = 2);
	rx(&t, .flags = TCP_RST | TCP_ACK, .seq = 0, .ack = 0);
	assert_int_equal(t.t->state, HOLM_TCP_SYN_SENT);
	rx(&t, .flags = TCP_RST | TCP_ACK, .seq = 0, .ack = 1);
	assert_int_equal(holm_tcp_state(t.t), HOLM_TCP_CLOSED);
	assert_int_equal(holm_tcp_take_error(t.t), -HOLM_ECONNREFUSED);
	expect_silence(&t);
	finish(&t);
}

static void simultaneous_open_reaches_established(void **state)
{
	struct tcp_fixture t;

	(void)state;
	syn_sent(&t, .no_ts = true);
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000);
	expect_tx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1);
	assert_int_equal(t.t->state, HOLM_TCP_SYN_RECEIVED);
	t.peer_nxt = 1;
	/* The peer's SYN-ACK repeats its SYN. */
	rx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1);
	assert_int_equal(t.t->state, HOLM_TCP_ESTABLISHED);
	fixture_write(&t, 10);
	expect_tx(&t, .seq = 1, .ack = 1, .len = 10);
	finish(&t);
}

static void a_syn_is_sent_again_for_three_minutes(void **state)
{
	struct tcp_fixture t;
	uint64_t begin;

	(void)state;
	syn_sent(&t);
	begin = t.lab.now;
	for (unsigned i = 0; i < TCP_R2_SYN; i++) {
		fixture_wait_sent(&t, 62000);
		expect_tx(&t, .flags = TCP_SYN, .seq = 0);
	}
	fixture_wait_ms(&t, 62000);
	expect_silence(&t);
	assert_int_equal(holm_tcp_take_error(t.t), -HOLM_ETIMEDOUT);
	assert_true(t.lab.now - begin > 180 * LAB_S);
	finish(&t);
}

static void after_a_lost_syn_the_timeout_is_three_seconds_and_the_window_one_segment(void **state)
{
	struct tcp_fixture t;
	uint64_t at;

	(void)state;
	syn_sent(&t, .no_ts = true, .nodelay = true);
	fixture_wait_sent(&t, 1100);
	expect_tx(&t, .flags = TCP_SYN, .seq = 0);
	rx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1, .mss = 1000);
	t.peer_nxt = 1;
	expect_tx(&t, .seq = 1, .ack = 1);
	fixture_write(&t, 3000);
	expect_tx(&t, .seq = 1, .len = 1000);
	expect_silence(&t);
	at = t.lab.now;
	at = t.lab.sent[fixture_wait_sent(&t, 3100)].at_ns - at;
	assert_in_range(at, 2990 * LAB_MS, 3010 * LAB_MS);
	expect_tx(&t, .seq = 1, .len = 1000);
	finish(&t);
}

static void one_slow_handshake_does_not_slow_down_every_repair(void **state)
{
	struct tcp_fixture t;

	(void)state;
	/* With timestamps the answer says which SYN it answers: five seconds, counted as one. */
	syn_sent(&t, .nodelay = true);
	fixture_wait_ms(&t, 5000);
	fixture_skip(&t);
	rx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1, .mss = 1000, .ts = true);
	t.peer_nxt = 1;
	expect_tx(&t, .seq = 1, .ack = 1, .ts_any = true);
	assert_true(rtt_rto_ticks(&t.t->rtt) <= RTO_SYN_LOST_TICKS + 3);
	finish(&t);
}

static void a_fin_right_behind_the_syn_ack_is_taken(void **state)
{
	struct tcp_fixture t;

	(void)state;
	syn_sent(&t, .no_ts = true);
	rx(&t, .flags = TCP_SYN | TCP_ACK, .seq = 0, .ack = 1);
	t.peer_nxt = 1;
	expect_tx(&t, .seq = 1, .ack = 1);
	rx(&t, .flags = TCP_FIN | TCP_ACK, .len = 5);
	expect_tx(&t, .seq = 1, .ack = 7);
	assert_int_equal(t.t->state, HOLM_TCP_CLOSE_WAIT);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_damaged_segment_is_dropped),
		cmocka_unit_test(a_segment_cut_short_at_any_byte_is_dropped),
		cmocka_unit_test(a_header_in_pieces_is_put_together),
		cmocka_unit_test(frames_that_follow_each_other_are_merged_and_acknowledged_once),
		cmocka_unit_test(
			without_the_part_they_go_alone_and_are_acknowledged_once_all_the_same),
		cmocka_unit_test(a_segment_for_nobody_is_reset_as_the_rfc_forms_it),
		cmocka_unit_test(resets_are_limited_in_a_flood),
		cmocka_unit_test(a_bad_ack_in_syn_sent_is_reset_and_the_syn_sent_again_at_once),
		cmocka_unit_test(a_reset_in_syn_sent_counts_only_with_the_right_ack),
		cmocka_unit_test(simultaneous_open_reaches_established),
		cmocka_unit_test(a_syn_is_sent_again_for_three_minutes),
		cmocka_unit_test(
			after_a_lost_syn_the_timeout_is_three_seconds_and_the_window_one_segment),
		cmocka_unit_test(one_slow_handshake_does_not_slow_down_every_repair),
		cmocka_unit_test(a_fin_right_behind_the_syn_ack_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
