/*
 * Round-trip times: RFC 6298. Pure arithmetic on two fixed-point numbers; which samples count
 * (Karn's algorithm) is decided where they are taken.
 */
#ifndef NET_TCP_RTT_H
#define NET_TCP_RTT_H

#include "lib/compiler.h"

/* The unit is 2^10 ns: 32 bits hold eight times nine minutes. */
#define RTT_UNIT_SHIFT 10

struct tcp_rtt {
	uint32_t srtt8;	  /* 8 * SRTT; 0: no sample yet */
	uint32_t rttvar4; /* 4 * RTTVAR */
};

/* In ticks of 2^20 ns: one second (RFC 6298 2.1), three (5.7), and the longest: 60 s (2.5). */
#define RTO_FIRST_TICKS 954u
#define RTO_SYN_LOST_TICKS 2862u
#define RTO_MAX_TICKS 57221u

/* Longer samples count as this. */
#define RTT_SAMPLE_MAX (480000000000u >> RTT_UNIT_SHIFT)

/* Take a sample. */
void rtt_sample(struct tcp_rtt *r, uint64_t rtt_ns);
/*
 * The same in the caller's own code. RFC 6298 2.2 and 2.3:
 *   SRTT <- R, RTTVAR <- R/2
 *   RTTVAR <- (1 - beta) * RTTVAR + beta * |SRTT - R'|, SRTT <- (1 - alpha) * SRTT + alpha * R'
 */
static always_inline void rtt_take(struct tcp_rtt *r, uint64_t rtt_ns)
{
	uint64_t units = rtt_ns >> RTT_UNIT_SHIFT;
	uint32_t srtt = r->srtt8 >> 3;
	uint32_t now, err;

	units += units == 0;
	now = likely(units <= RTT_SAMPLE_MAX) ? (uint32_t)units : RTT_SAMPLE_MAX;
	if (unlikely(r->srtt8 == 0)) {
		r->srtt8 = now << 3;
		r->rttvar4 = now << 1;
		return;
	}
	err = now > srtt ? now - srtt : srtt - now;
	r->rttvar4 += err - (r->rttvar4 >> 2);
	/* Not 0: less than all of it goes, and `now` comes. */
	r->srtt8 += now - srtt;
}

/* The least that 4 * RTTVAR counts for: what a peer may delay its ACK (see README.md). */
#define RTT_VAR_MIN (200000000u >> RTT_UNIT_SHIFT)
/* So no timeout is shorter than this. */
#define RTO_MIN_TICKS (RTT_VAR_MIN >> 10)

/* In ticks, not backed off. RFC 6298 2.3: RTO <- SRTT + max (G, K*RTTVAR), where K = 4. */
static inline uint32_t rtt_rto_ticks(const struct tcp_rtt *r)
{
	uint32_t rto = (r->srtt8 >> 3) + (r->rttvar4 > RTT_VAR_MIN ? r->rttvar4 : RTT_VAR_MIN);

	if (r->srtt8 == 0)
		return RTO_FIRST_TICKS;
	rto = (rto + 1023u) >> 10;
	return rto < RTO_MAX_TICKS ? rto : RTO_MAX_TICKS;
}

/* The same, doubled `n` times and limited. */
static inline uint32_t rtt_backoff_ticks(uint32_t rto_ticks, unsigned n)
{
	uint64_t backed_off = n < 16 ? (uint64_t)rto_ticks << n : RTO_MAX_TICKS;

	return backed_off < RTO_MAX_TICKS ? (uint32_t)backed_off : RTO_MAX_TICKS;
}

static inline uint64_t rtt_srtt_ns(const struct tcp_rtt *r)
{
	return (uint64_t)(r->srtt8 >> 3) << RTT_UNIT_SHIFT;
}

static inline uint64_t rtt_rttvar_ns(const struct tcp_rtt *r)
{
	return (uint64_t)(r->rttvar4 >> 2) << RTT_UNIT_SHIFT;
}

#endif
