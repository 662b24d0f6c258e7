/*
 * Congestion control as an operation table, one per connection (through its settings). Windows are
 * bytes. What was lost and when a window may be reduced is recovery's; how far, the controller's.
 */
#ifndef NET_TCP_CC_H
#define NET_TCP_CC_H

#include <stdint.h>

/* RFC 6928: IW = min (10*MSS, max (2*MSS, 14600)). */
static inline uint32_t cc_initial_window(uint32_t mss)
{
	uint32_t ten = 10 * mss;
	uint32_t least = 2 * mss > 14600 ? 2 * mss : 14600;

	return ten < least ? ten : least;
}

/* What a controller reads and writes. */
struct tcp_cc {
	uint32_t cwnd, ssthresh;
	uint32_t acked; /* bytes since cwnd last grew in congestion avoidance */
	uint32_t mss;
};

struct tcp_cc_ops {
	const char *name;
	/* `bytes` were acknowledged while the window was what limited us, and nothing is lost. */
	void (*acked)(struct tcp_cc *cc, uint32_t bytes);
	/* A segment was lost: the new ssthresh. Once per window. */
	uint32_t (*lost)(const struct tcp_cc *cc, uint32_t in_flight);
};

extern const struct tcp_cc_ops tcp_cc_newreno;

#endif
