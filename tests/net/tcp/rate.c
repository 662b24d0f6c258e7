/*
 * Delivery rate samples: draft-cheng-iccrg-delivery-rate-estimation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/tcp/rate.h"

static struct tcp_rate_sample acked(struct tcp_rate *r, uint32_t now_us, uint32_t bytes,
				    uint32_t end)
{
	const struct tcp_rate_ack ack = { .now_us = now_us,
					  .delivered = bytes,
					  .newest_end = end,
					  .newest_once = true,
					  .una = end };
	struct tcp_rate_sample s;

	tcp_rate_acked(r, &ack, &s);
	return s;
}

/* 1000 bytes each 10 ms, each acknowledged after 100 ms. */
static void a_steady_flow_shows_its_rate(void **state)
{
	struct tcp_rate r = { 0 };
	struct tcp_rate_sample s = { 0 };
	uint32_t end = 0, una = 0;

	(void)state;
	for (uint32_t ms = 0; ms < 1000; ms += 10) {
		if (ms >= 100) {
			una += 1000;
			s = acked(&r, ms * 1000, 1000, una);
		}
		end += 1000;
		tcp_rate_sent(&r, ms * 1000, end, 1000, end - 1000 - una);
	}
	assert_true(s.valid);
	assert_int_equal(s.rate, 100000);
	assert_int_equal(s.interval_us, 100000);
	assert_int_equal(s.delivered, 10000);
	assert_false(s.app_limited);
}

/* A burst that is acknowledged at once went no faster than it was sent. */
static void compressed_acks_do_not_exceed_the_rate_of_sending(void **state)
{
	struct tcp_rate r = { 0 };
	struct tcp_rate_sample s;

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		tcp_rate_sent(&r, i * 10000, (i + 1) * 1000, 1000, i * 1000);
	s = acked(&r, 100000, 1000, 1000);
	for (uint32_t i = 1; i < 10; i++)
		s = acked(&r, 100001, 1000, (i + 1) * 1000);
	assert_in_range(s.rate, 90000, 112000);
}

static void an_interval_below_the_shortest_rtt_is_no_sample(void **state)
{
	struct tcp_rate r = { 0 };
	struct tcp_rate_ack ack = { .now_us = 50,
				    .delivered = 1000,
				    .newest_end = 1000,
				    .newest_once = true,
				    .una = 1000,
				    .min_rtt_us = 100 };
	struct tcp_rate_sample s;

	(void)state;
	tcp_rate_sent(&r, 0, 1000, 1000, 0);
	tcp_rate_acked(&r, &ack, &s);
	assert_true(s.valid);
	assert_int_equal(s.rate, 0);
}

static void a_flow_without_data_is_marked_until_its_bubble_has_passed(void **state)
{
	struct tcp_rate r = { 0 };
	struct tcp_rate_sample s;

	(void)state;
	tcp_rate_sent(&r, 0, 1000, 1000, 0);
	tcp_rate_app_limited(&r, 1000);
	tcp_rate_sent(&r, 10, 2000, 1000, 1000);
	s = acked(&r, 100, 1000, 1000);
	assert_false(s.app_limited);
	s = acked(&r, 110, 1000, 2000);
	assert_true(s.app_limited);
	tcp_rate_sent(&r, 200, 3000, 1000, 0);
	s = acked(&r, 300, 1000, 3000);
	assert_false(s.app_limited);
}

static void bytes_sent_twice_give_no_sample_but_count(void **state)
{
	struct tcp_rate r = { 0 };
	struct tcp_rate_ack ack = {
		.now_us = 100, .delivered = 1000, .newest_end = 1000, .una = 1000
	};
	struct tcp_rate_sample s;

	(void)state;
	tcp_rate_sent(&r, 0, 1000, 1000, 0);
	tcp_rate_acked(&r, &ack, &s);
	assert_false(s.valid);
	assert_int_equal(r.delivered, 1000);
}

static void losses_are_counted_since_the_sending_of_what_arrived(void **state)
{
	struct tcp_rate r = { 0 };
	struct tcp_rate_ack ack = { .now_us = 100,
				    .delivered = 1000,
				    .lost = 2000,
				    .newest_end = 4000,
				    .newest_once = true };
	struct tcp_rate_sample s;

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		tcp_rate_sent(&r, i, (i + 1) * 1000, 1000, i * 1000);
	tcp_rate_acked(&r, &ack, &s);
	assert_int_equal(s.lost, 2000);
	assert_int_equal(s.in_flight, 4000);
}

/* More bursts in flight than records, across the wrap of sequence numbers and of time. */
static void a_full_table_makes_samples_coarser_not_wrong(void **state)
{
	struct tcp_rate r = { 0 };
	uint32_t seq = UINT32_MAX - 50000, now = UINT32_MAX - 100000, una = seq;
	struct tcp_rate_sample s = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 1000; i++, now += 1000) {
		if (i >= 200) {
			una += 1000;
			s = acked(&r, now, 1000, una);
			assert_true(s.valid);
		}
		seq += 1000;
		tcp_rate_sent(&r, now, seq, 1000, seq - 1000 - una);
		assert_true(r.n <= TCP_RATE_RECORDS);
	}
	assert_in_range(s.rate, 900000, 1100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_steady_flow_shows_its_rate),
		cmocka_unit_test(compressed_acks_do_not_exceed_the_rate_of_sending),
		cmocka_unit_test(an_interval_below_the_shortest_rtt_is_no_sample),
		cmocka_unit_test(a_flow_without_data_is_marked_until_its_bubble_has_passed),
		cmocka_unit_test(bytes_sent_twice_give_no_sample_but_count),
		cmocka_unit_test(losses_are_counted_since_the_sending_of_what_arrived),
		cmocka_unit_test(a_full_table_makes_samples_coarser_not_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
