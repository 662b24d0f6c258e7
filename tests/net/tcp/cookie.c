/*
 * SYN cookies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/tcp_fixture.h"

/* An instance without room for another record: one is taken by somebody else. */
static void full(struct tcp_fixture *t, const struct tcp_options *o)
{
	struct tcp_options full = *o;
	struct holm_config config;

	holm_config_default(&config);
	config.tcp_half_open_max = 1;
	full.config = &config;
	full.iss = FIX_ANY;
	fixture_init(t, &full);
	rx(t, .flags = TCP_SYN, .seq = 0, .sport = 9);
	fixture_skip(t);
	assert_int_equal(fixture_halves(t), 1);
}

/* The SYN-ACK of a cookie has been sent; what its number is. */
static void learn_iss(struct tcp_fixture *t)
{
	size_t i = t->lab.nsent - 1;

	t->iss = load_be32(t->lab.sent[i].data + 38);
	t->our_ts = t->lab.sent[i].len >= 66 ? load_be32(t->lab.sent[i].data + 62) : 0;
	fixture_skip(t);
	t->peer_nxt = 1;
	t->peer_seen = 1;
	assert_int_equal(fixture_halves(t), 1);
	assert_int_equal(holm_net_counter(t->lab.net, HOLM_COUNT_TCP_COOKIES_SENT), 1);
}

static void a_full_table_is_no_end_of_service(void **state)
{
	struct tcp_fixture t;

	(void)state;
	full(&t, &(struct tcp_options){ .no_ts = true });
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1400);
	learn_iss(&t);
	assert_int_equal(t.lab.net->tcp->nconns, 1);
	rx(&t, .ack = 1);
	fixture_accept(&t);
	assert_int_equal(t.t->state, HOLM_TCP_ESTABLISHED);
	/* The next one of the table below. */
	assert_int_equal(t.t->peer_mss, 1360);
	assert_false(t.t->flags & (TCP_TS | TCP_SACK | TCP_WSCALE));
	rx(&t, .seq = 1, .len = 100);
	assert_int_equal(t.rcv.tail, 100);
	fixture_write(&t, 10);
	assert_int_equal(fixture_halves(&t), 1);
	finish(&t);
}

static void options_survive_in_the_timestamp(void **state)
{
	struct tcp_fixture t;

	(void)state;
	for (uint8_t wscale = 0; wscale <= 14; wscale += 7) {
		full(&t, &(struct tcp_options){ 0 });
		rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1460, .ts = true, .tsval = 500,
		   .sack_permitted = true, .has_wscale = true, .wscale = wscale);
		learn_iss(&t);
		rx(&t, .ack = 1, .ts = true, .tsval = 501, .tsecr = t.our_ts);
		fixture_accept(&t);
		assert_int_equal(t.t->flags & (TCP_TS | TCP_SACK | TCP_WSCALE),
				 TCP_TS | TCP_SACK | TCP_WSCALE);
		assert_int_equal(tcp_snd_wscale(t.t), wscale);
		assert_int_equal(t.t->peer_mss, 1460);
		assert_int_equal(t.t->ts_recent, 501);
		/* What was sent with the cookie is not a time, so there is no sample. */
		assert_int_equal(t.t->rtt.srtt8, 0);
		finish(&t);
	}
	full(&t, &(struct tcp_options){ 0 });
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1460, .ts = true, .tsval = 500);
	learn_iss(&t);
	rx(&t, .ack = 1, .ts = true, .tsval = 501, .tsecr = t.our_ts);
	fixture_accept(&t);
	assert_int_equal(t.t->flags & (TCP_TS | TCP_SACK | TCP_WSCALE), TCP_TS);
	finish(&t);
}

static void the_stamp_of_a_cookie_is_never_in_the_future(void **state)
{
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	for (uint32_t bits = 0; bits < 32; bits++) {
		struct tcp_half half = { .wscale = bits & 15, .has_sack = (bits >> 4) & 1 };

		for (uint32_t tsval = UINT32_MAX - 200; tsval != 200; tsval++) {
			uint32_t stamp = t.lab.net->tcp->cookies->stamp(&half, tsval);

			assert_int_equal(stamp & 31, bits);
			assert_true(tsval - stamp < 128);
		}
	}
	finish(&t);
}

static void another_number_is_not_a_cookie(void **state)
{
	struct tcp_fixture t;

	(void)state;
	full(&t, &(struct tcp_options){ .no_ts = true });
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000);
	learn_iss(&t);
	for (unsigned bit = 0; bit < 32; bit++) {
		rx(&t, .ack = 1 + (1u << bit));
		expect_tx(&t, .flags = TCP_RST, .seq = 1 + (1u << bit));
	}
	/* The right one for another port, and behind another SYN. */
	rx(&t, .ack = 1, .sport = 4001);
	expect_tx(&t, .flags = TCP_RST, .seq = 1, .dport = 4001);
	rx(&t, .seq = 2, .ack = 1);
	expect_tx(&t, .flags = TCP_RST, .seq = 1);
	assert_int_equal(t.lab.net->tcp->nconns, 1);
	finish(&t);
}

static void a_cookie_is_good_for_a_minute_and_not_for_five(void **state)
{
	struct tcp_fixture t;

	(void)state;
	full(&t, &(struct tcp_options){ .no_ts = true });
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000);
	learn_iss(&t);
	fixture_wait_ms(&t, 60000);
	rx(&t, .ack = 1);
	assert_int_equal(t.lab.net->tcp->nconns, 2);
	fixture_accept(&t);
	finish(&t);
	full(&t, &(struct tcp_options){ .no_ts = true });
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000);
	learn_iss(&t);
	fixture_wait_ms(&t, 300000);
	fixture_skip(&t);
	rx(&t, .ack = 1);
	expect_tx(&t, .flags = TCP_RST, .seq = 1);
	finish(&t);
}

/* Pipelined ACKs: gVisor's bug of the mode switch. */
static void acks_and_data_behind_a_cookie_come_together_and_none_is_reset(void **state)
{
	struct tcp_fixture t;

	(void)state;
	full(&t, &(struct tcp_options){ .no_ts = true });
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000);
	learn_iss(&t);
	rx(&t, .ack = 1, .quiet = true);
	rx(&t, .seq = 1, .ack = 1, .len = 100, .quiet = true);
	rx(&t, .seq = 101, .ack = 1);
	fixture_accept(&t);
	assert_int_equal(t.rcv.tail, 100);
	lab_poll(&t.lab);
	expect_tx(&t, .seq = 1, .ack = 101);
	assert_int_equal(holm_net_counter(t.lab.net, HOLM_COUNT_TCP_RESETS_SENT), 0);
	finish(&t);
}

static void a_syn_repeated_when_there_is_room_again_leaves_the_cookie_good(void **state)
{
	struct tcp_fixture t;

	(void)state;
	full(&t, &(struct tcp_options){ .no_ts = true });
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000);
	learn_iss(&t);
	/* The other record goes, and the SYN comes again: a record, with a number of its own. */
	rx(&t, .flags = TCP_RST, .seq = 1, .sport = 9);
	assert_int_equal(fixture_halves(&t), 0);
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000);
	assert_int_equal(fixture_halves(&t), 1);
	fixture_skip(&t);
	/* The answer to the first SYN-ACK. */
	rx(&t, .ack = 1);
	fixture_accept(&t);
	assert_int_equal(t.t->state, HOLM_TCP_ESTABLISHED);
	assert_int_equal(fixture_halves(&t), 0);
	expect_silence(&t);
	finish(&t);
}

static void a_cookie_for_which_there_is_no_place_is_not_reset(void **state)
{
	struct tcp_fixture t;

	(void)state;
	full(&t, &(struct tcp_options){ .no_ts = true });
	holm_tcp_listen(t.listener, 1);
	rx(&t, .flags = TCP_SYN, .seq = 0, .mss = 1000);
	learn_iss(&t);
	/* Who has the record takes the place. */
	rx(&t, .absolute = true, .seq = 1, .sport = 9, .ack = fixture_half(&t, 0)->iss.v + 1);
	rx(&t, .ack = 1);
	rx(&t, .seq = 1, .ack = 1, .len = 10);
	rx(&t, .seq = 11, .ack = 1, .len = 10);
	expect_silence(&t);
	assert_int_equal(fixture_drops(&t, HOLM_DROP_TCP_BACKLOG_FULL), 3);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_table_is_no_end_of_service),
		cmocka_unit_test(options_survive_in_the_timestamp),
		cmocka_unit_test(the_stamp_of_a_cookie_is_never_in_the_future),
		cmocka_unit_test(another_number_is_not_a_cookie),
		cmocka_unit_test(a_cookie_is_good_for_a_minute_and_not_for_five),
		cmocka_unit_test(acks_and_data_behind_a_cookie_come_together_and_none_is_reset),
		cmocka_unit_test(a_syn_repeated_when_there_is_room_again_leaves_the_cookie_good),
		cmocka_unit_test(a_cookie_for_which_there_is_no_place_is_not_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
