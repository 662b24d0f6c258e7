/*
 * Proportional rate reduction, RFC 9937: how much may be sent in fast recovery. Pure arithmetic in
 * bytes; the names are the RFC's.
 */
#ifndef NET_TCP_PRR_H
#define NET_TCP_PRR_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"

struct tcp_prr {
	uint32_t delivered, out; /* prr_delivered, prr_out */
	uint32_t recover_fs;
};

/*
 * RFC 9937 6.1:
 *   RecoverFS = snd.nxt - snd.una; RecoverFS -= (bytes SACKed in scoreboard) - (bytes newly SACKed);
 *   RecoverFS += (bytes newly cumulatively acknowledged)
 * All of that together: what was in flight before this ACK, lost or not.
 */
static inline void prr_begin(struct tcp_prr *p, uint32_t recover_fs)
{
	p->delivered = 0;
	p->out = 0;
	p->recover_fs = max_u32(recover_fs, 1);
}

/*
 * RFC 9937 6.2: sndcnt after an ACK that delivered `delivered` bytes. `safe`: SND.UNA has advanced and
 * no further loss was found.
 */
static inline uint32_t prr_acked(struct tcp_prr *p, uint32_t delivered, uint32_t in_flight,
				 uint32_t ssthresh, uint32_t mss, bool safe)
{
	uint64_t may;
	uint32_t sndcnt;

	p->delivered += delivered;
	if (in_flight > ssthresh) {
		/* sndcnt = CEIL(prr_delivered * ssthresh / RecoverFS) - prr_out */
		may = ((uint64_t)p->delivered * ssthresh + p->recover_fs - 1) / p->recover_fs;
		sndcnt = may > p->out ? (uint32_t)(may - p->out) : 0;
	} else {
		/* PRR-CRB by default; PRR-SSRB when recovery is in good progress. */
		sndcnt = p->delivered > p->out ? p->delivered - p->out : 0;
		sndcnt = max_u32(sndcnt, delivered);
		if (safe)
			sndcnt += mss;
		sndcnt = min_u32(ssthresh - in_flight, sndcnt);
	}
	/* Force a fast retransmit upon entering recovery. */
	if (p->out == 0 && sndcnt < mss)
		sndcnt = mss;
	return sndcnt;
}

#endif
