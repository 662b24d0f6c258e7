/*
 * BBR version 3 on a path of one queue: what its states do to rate and window. Time is virtual, the
 * path a list of packets with the moments at which their ACKs come back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/tcp/bbr.h"
#include "net/tcp/room.h"
#include "tests/support/expect.h"

#define MSS 1000u
#define US_PER_S 1000000ull
#define MS 1000ull
#define PACKETS 8192u

struct packet {
	uint64_t acked_us;
	uint32_t end;
	bool lost;
};

/* One sender, one bottleneck. */
struct path {
	uint64_t rate;	    /* bytes a second */
	uint64_t rtt_us;    /* without queue */
	uint32_t queue_max; /* bytes */
	uint32_t loss_per_1000;
	uint64_t random;
	uint32_t wnd; /* of the receiver; 0: any */

	struct bbr bbr;
	struct tcp_cc cc;
	uint64_t now_us, free_us, next_us;
	uint32_t sent, delivered, in_flight, lost;
	struct packet packets[PACKETS];
	uint32_t head, n;
	uint32_t seen; /* states that were visited, a bit each */
	uint32_t in_flight_max;
};

static struct path *path_new(uint64_t rate, uint64_t rtt_ms, uint32_t queue_max)
{
	static struct path p;

	memset(&p, 0, sizeof(p));
	p.rate = rate;
	p.rtt_us = rtt_ms * MS;
	p.queue_max = queue_max;
	p.random = 1;
	p.cc.cwnd = 10 * MSS;
	p.cc.ssthresh = UINT32_MAX;
	p.cc.mss = MSS;
	p.cc.srtt_us = (uint32_t)p.rtt_us;
	p.cc.own = &p.bbr;
	p.cc.random = 77;
	p.now_us = 1000;
	tcp_cc_bbr.init(&p.cc, p.now_us * 1000);
	return &p;
}

static void send_one(struct path *p)
{
	struct packet *k = &p->packets[(p->head + p->n) % PACKETS];
	uint64_t free_us = p->free_us > p->now_us ? p->free_us : p->now_us;

	assert_true(p->n < PACKETS);
	tcp_rate_sent(&p->bbr.rate, (uint32_t)p->now_us, p->sent + MSS, MSS, p->in_flight);
	p->sent += MSS;
	p->in_flight += MSS;
	p->n++;
	k->end = p->sent;
	k->lost = (free_us - p->now_us) * p->rate / US_PER_S > p->queue_max ||
		  expect_random(&p->random) % 1000 < p->loss_per_1000;
	if (!k->lost)
		p->free_us = free_us + MSS * US_PER_S / p->rate;
	k->acked_us = p->free_us + p->rtt_us;
	p->next_us = (p->next_us > p->now_us ? p->next_us : p->now_us) +
		     MSS * US_PER_S / tcp_cc_bbr.pacing_rate(&p->cc);
}

static void ack_one(struct path *p)
{
	struct packet k = p->packets[p->head];
	struct tcp_rate_sample rs;
	struct tcp_rate_ack r = { .now_us = (uint32_t)p->now_us,
				  .newest_end = k.end,
				  .una = k.end,
				  .min_rtt_us = p->bbr.min_rtt_us };
	struct tcp_cc_ack ack = { .now_ns = p->now_us * 1000,
				  .prior_in_flight = p->in_flight,
				  .cwnd_limited = p->in_flight + MSS > p->cc.cwnd,
				  .rate = &rs };
	ack.wnd_limited = p->wnd && p->wnd < p->cc.cwnd;

	p->head = (p->head + 1) % PACKETS;
	p->n--;
	p->in_flight -= MSS;
	ack.in_flight = p->in_flight;
	if (k.lost) {
		r.lost = MSS;
		p->lost += MSS;
	} else {
		r.delivered = MSS;
		r.newest_once = true;
		p->delivered += MSS;
		ack.rtt_us = (uint32_t)p->rtt_us;
	}
	ack.delivered_bytes = r.delivered;
	ack.acked_bytes = r.delivered;
	ack.lost_bytes = r.lost;
	tcp_rate_acked(&p->bbr.rate, &r, &rs);
	tcp_cc_bbr.acked(&p->cc, &ack);
	p->seen |= 1u << p->bbr.mode;
	if (p->in_flight > p->in_flight_max)
		p->in_flight_max = p->in_flight;
}

static uint32_t window(const struct path *p)
{
	return p->wnd && p->wnd < p->cc.cwnd ? p->wnd : p->cc.cwnd;
}

/* Bytes delivered meanwhile. */
static uint32_t run(struct path *p, uint64_t ms)
{
	uint64_t end_us = p->now_us + ms * MS;
	uint32_t before = p->delivered;

	for (;;) {
		uint64_t ack_us = p->n ? p->packets[p->head].acked_us : UINT64_MAX;
		bool may_send = p->in_flight + MSS <= window(p);
		uint64_t send_us = may_send ? p->next_us : UINT64_MAX;
		uint64_t at = ack_us < send_us ? ack_us : send_us;

		if (at >= end_us)
			break;
		p->now_us = at > p->now_us ? at : p->now_us;
		if (ack_us <= send_us)
			ack_one(p);
		else
			send_one(p);
	}
	p->now_us = end_us;
	return p->delivered - before;
}

/* 10 MB/s and 50 ms are 500 packets: six doublings, three rounds to be sure, one or two to drain. */
static void startup_finds_the_rate_and_drains_its_queue(void **state)
{
	struct path *p = path_new(10000000, 50, 2000000);

	(void)state;
	run(p, 450);
	assert_true(p->seen & 1u << BBR_STARTUP);
	run(p, 550);
	assert_true(p->bbr.full_bw_reached);
	assert_true(p->bbr.mode >= BBR_PROBE_BW_DOWN);
	assert_in_range(p->bbr.max_bw, 9800000, 10200000);
	run(p, 200);
	assert_in_range(p->in_flight, 300000, 700000);
}

static void the_queue_stays_short_and_the_path_busy(void **state)
{
	struct path *p = path_new(1000000, 40, 100000);
	uint32_t bytes;

	(void)state;
	run(p, 2000);
	p->in_flight_max = 0;
	bytes = run(p, 2500);
	assert_true(bytes > 2500000u * 93 / 100);
	/* One bandwidth-delay product in the pipe, and at most as much in the queue. */
	assert_true(p->in_flight_max <= 90000);
}

static void a_cycle_visits_all_phases_of_probing(void **state)
{
	const uint32_t all = 1u << BBR_PROBE_BW_DOWN | 1u << BBR_PROBE_BW_CRUISE |
			     1u << BBR_PROBE_BW_REFILL | 1u << BBR_PROBE_BW_UP;
	struct path *p = path_new(1000000, 40, 200000);

	(void)state;
	run(p, 2000);
	p->seen = 0;
	run(p, 5000);
	assert_int_equal(p->seen & all, all);
}

static void more_bandwidth_is_found_within_seconds(void **state)
{
	struct path *p = path_new(1000000, 40, 400000);

	(void)state;
	run(p, 3000);
	p->rate = 3000000;
	run(p, 8000);
	assert_true(p->bbr.max_bw > 2700000);
}

static void less_bandwidth_is_noticed_within_two_cycles(void **state)
{
	struct path *p = path_new(3000000, 40, 200000);

	(void)state;
	run(p, 3000);
	p->rate = 1000000;
	run(p, 10000);
	assert_true(p->bbr.max_bw < 1200000);
}

/* Every five seconds, for 200 ms, half a window. */
static void the_round_trip_time_is_probed(void **state)
{
	struct path *p = path_new(1000000, 40, 200000);
	uint32_t least = UINT32_MAX;

	(void)state;
	run(p, 4000);
	p->seen = 0;
	for (int i = 0; i < 3000; i++) {
		run(p, 1);
		if (p->bbr.mode == BBR_PROBE_RTT && p->in_flight < least)
			least = p->in_flight;
	}
	assert_true(p->seen & 1u << BBR_PROBE_RTT);
	assert_in_range(least, 15000, 22000);
	run(p, 1000);
	assert_true(p->bbr.mode != BBR_PROBE_RTT);
}

static void one_percent_of_loss_costs_little(void **state)
{
	struct path *p = path_new(12500000, 50, 1000000);

	(void)state;
	p->loss_per_1000 = 10;
	run(p, 3000);
	assert_true(run(p, 30000) / 30 > 12500000u * 70 / 100);
}

/* A queue that holds a tenth of the path: what overflows it lowers inflight_hi. */
static void a_shallow_queue_bounds_the_window(void **state)
{
	struct path *p = path_new(1000000, 40, 4000);
	uint32_t bytes, lost;

	(void)state;
	run(p, 3000);
	lost = p->lost;
	bytes = run(p, 10000);
	assert_true(p->bbr.inflight_hi != BBR_INFINITE);
	assert_true(bytes > 8000000);
	assert_true(p->lost - lost < bytes / 20);
}

static void a_timeout_leaves_one_segment_until_something_arrives(void **state)
{
	struct path *p = path_new(1000000, 40, 200000);
	uint32_t before;

	(void)state;
	run(p, 3000);
	before = p->cc.cwnd;
	p->cc.ssthresh = tcp_cc_bbr.reduce(&p->cc, TCP_CC_TIMEOUT, p->in_flight, p->now_us * 1000);
	assert_int_equal(p->cc.cwnd, MSS);
	run(p, 200);
	assert_true(p->cc.cwnd >= before / 2);
}

static void a_loss_event_alone_changes_no_window(void **state)
{
	struct path *p = path_new(1000000, 40, 200000);
	uint32_t before;

	(void)state;
	run(p, 3000);
	before = p->cc.cwnd;
	tcp_cc_bbr.reduce(&p->cc, TCP_CC_LOSS, p->in_flight, p->now_us * 1000);
	assert_int_equal(p->cc.cwnd, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(startup_finds_the_rate_and_drains_its_queue),
		cmocka_unit_test(the_queue_stays_short_and_the_path_busy),
		cmocka_unit_test(a_cycle_visits_all_phases_of_probing),
		cmocka_unit_test(more_bandwidth_is_found_within_seconds),
		cmocka_unit_test(less_bandwidth_is_noticed_within_two_cycles),
		cmocka_unit_test(the_round_trip_time_is_probed),
		cmocka_unit_test(one_percent_of_loss_costs_little),
		cmocka_unit_test(a_shallow_queue_bounds_the_window),
		cmocka_unit_test(a_timeout_leaves_one_segment_until_something_arrives),
		cmocka_unit_test(a_loss_event_alone_changes_no_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
