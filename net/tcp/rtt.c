/*
 * Round-trip times: RFC 6298 section 2, with the fixed-point form of its alpha = 1/8, beta = 1/4.
 */
#include "net/tcp/rtt.h"

void rtt_sample(struct tcp_rtt *r, uint64_t rtt_ns)
{
	rtt_take(r, rtt_ns);
}
