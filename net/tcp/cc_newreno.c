/*
 * NewReno: slow start and congestion avoidance of RFC 5681 section 3.1, counted in bytes (RFC 3465).
 * The controller that is always there.
 */
#include "net/tcp/cc.h"

#include <holm/build.h>

#include "lib/compiler.h"

static void newreno_acked(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	if (!ack->cwnd_limited || ack->in_recovery)
		return;
	if (cc->cwnd < cc->ssthresh) {
		bool paced = (HOLM_WITH_CONTROLLERS || HOLM_WITH_OPTIONS) && cc->paced;
		uint32_t leap = paced ? UINT32_MAX : TCP_SLOW_START_SEGMENTS * cc->mss;

		cc->cwnd += min_u32(ack->acked_bytes, leap);
	} else {
		/* One MSS for each window's worth: RFC 3465 2.1. */
		cc->acked += ack->acked_bytes;
		if (cc->acked >= cc->cwnd) {
			cc->acked -= cc->cwnd;
			cc->cwnd += cc->mss;
		}
	}
	cc->cwnd = min_u32(cc->cwnd, TCP_CWND_MAX);
}

/* RFC 5681 3.1, equation 4: ssthresh = max (FlightSize / 2, 2*SMSS). RFC 3168 6.1.2: ECN alike. */
static uint32_t newreno_reduce(struct tcp_cc *cc, enum tcp_cc_event why, uint32_t in_flight,
			       uint64_t now_ns)
{
	(void)why;
	(void)now_ns;
	cc->acked = 0;
	return max_u32(in_flight / 2, 2 * cc->mss);
}

const struct tcp_cc_ops tcp_cc_newreno = {
	.name = "reno",
	.acked = newreno_acked,
	.reduce = newreno_reduce,
};
