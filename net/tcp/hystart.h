/*
 * HyStart++, RFC 9406: leaving slow start when round-trip times grow, before loss says so. Pure
 * arithmetic; the caller says where rounds begin.
 */
#ifndef NET_TCP_HYSTART_H
#define NET_TCP_HYSTART_H

#include <stdbool.h>
#include <stdint.h>

/* RFC 9406 4.3 */
#define HYSTART_MIN_RTT_THRESH_US 4000u
#define HYSTART_MAX_RTT_THRESH_US 16000u
#define HYSTART_MIN_RTT_DIVISOR 8u
#define HYSTART_N_RTT_SAMPLE 8u
#define HYSTART_CSS_GROWTH_DIVISOR 4u
#define HYSTART_CSS_ROUNDS 5u

/* All zero: slow start has begun, no round yet. Times are microseconds, 0: infinity. */
struct hystart {
	uint32_t last_round_min_rtt;
	uint32_t current_round_min_rtt;
	uint32_t css_baseline_min_rtt; /* not 0: in Conservative Slow Start */
	uint8_t rtt_samples;
	uint8_t css_rounds;
};

enum hystart_phase {
	HYSTART_SLOW_START,
	HYSTART_CSS,  /* growth divided by HYSTART_CSS_GROWTH_DIVISOR */
	HYSTART_DONE, /* congestion avoidance: ssthresh <- cwnd */
};

/* An ACK during the first slow start. rtt_us 0: it tells none. */
enum hystart_phase hystart_acked(struct hystart *h, uint32_t rtt_us, bool round_start);

#endif
