/*
 * Slow start and congestion avoidance: RFC 5681 section 3.1, counted in bytes (RFC 3465).
 */
#include "net/tcp/cc.h"

#include "lib/compiler.h"

/* RFC 9406's L: growth per ACK in slow start, in segments, for senders that do not pace. */
#define SLOW_START_SEGMENTS 8u
/* No window needs more, and sums stay within 32 bits. */
#define CWND_MAX (1u << 30)

static void newreno_acked(struct tcp_cc *cc, uint32_t bytes)
{
	if (cc->cwnd < cc->ssthresh) {
		cc->cwnd += min_u32(bytes, SLOW_START_SEGMENTS * cc->mss);
	} else {
		/* One MSS for each window's worth: RFC 3465 2.1. */
		cc->acked += bytes;
		if (cc->acked >= cc->cwnd) {
			cc->acked -= cc->cwnd;
			cc->cwnd += cc->mss;
		}
	}
	cc->cwnd = min_u32(cc->cwnd, CWND_MAX);
}

/* RFC 5681 3.1, equation 4: ssthresh = max (FlightSize / 2, 2*SMSS). */
static uint32_t newreno_lost(const struct tcp_cc *cc, uint32_t in_flight)
{
	return max_u32(in_flight / 2, 2 * cc->mss);
}

const struct tcp_cc_ops tcp_cc_newreno = {
	.name = "newreno",
	.acked = newreno_acked,
	.lost = newreno_lost,
};
