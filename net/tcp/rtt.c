/*
 * Round-trip times: RFC 6298 section 2, with the fixed-point form of its alpha = 1/8, beta = 1/4.
 */
#include "net/tcp/rtt.h"

#include "lib/compiler.h"

#define SAMPLE_MAX_UNITS (480000000000u >> RTT_UNIT_SHIFT)

/*
 * RFC 6298 2.2 and 2.3:
 *   SRTT <- R, RTTVAR <- R/2
 *   RTTVAR <- (1 - beta) * RTTVAR + beta * |SRTT - R'|, SRTT <- (1 - alpha) * SRTT + alpha * R'
 */
void rtt_sample(struct tcp_rtt *r, uint64_t rtt_ns)
{
	uint32_t now = (uint32_t)min_u64(rtt_ns >> RTT_UNIT_SHIFT, SAMPLE_MAX_UNITS);
	uint32_t srtt = r->srtt8 >> 3;
	uint32_t err;

	now = max_u32(now, 1);
	if (r->srtt8 == 0) {
		r->srtt8 = now << 3;
		r->rttvar4 = now << 1;
		return;
	}
	err = now > srtt ? now - srtt : srtt - now;
	r->rttvar4 += err - (r->rttvar4 >> 2);
	r->srtt8 += now - srtt;
	r->srtt8 = max_u32(r->srtt8, 1);
}
