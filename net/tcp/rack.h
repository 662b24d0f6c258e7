/*
 * RACK-TLP, RFC 8985: what is lost, by time, and when to probe a silent tail. Arithmetic on a
 * scoreboard; whoever calls sends, arms timers and tells the congestion controller (repair.c).
 *
 * Times are the scoreboard's units of 2^10 ns.
 */
#ifndef NET_TCP_RACK_H
#define NET_TCP_RACK_H

#include "net/tcp/scoreboard.h"

/* RFC 8985 6.2.4: how many recoveries a wider window lives without another D-SACK. */
#define RACK_PERSIST 16u
/* Of min_RTT / 4 each. The bound SRTT is what counts on any path with a round trip. */
#define RACK_MULT_MAX 64u
/* What a clock of 15.6 ms, the coarsest in use, may hide where it shows no round trip at all. */
#define RACK_COARSE (16000000u >> 10)
/* TLP.max_ack_delay: the longest that a peer may sit on the ACK of a single segment. */
#define TLP_ACK_DELAY (200000000u >> 10)
/* What the tick of the timer and a busy host may add to a short round trip. */
#define TLP_LEAST (2u << 10)
#define TLP_FIRST (1000000000u >> 10)

/* How long a minimum counts: about five minutes. */
#define RACK_MIN_RTT_WINDOW (1u << 28)

struct tcp_rack {
	/* What each round trip writes comes first: see struct tcp_flight. */
	uint32_t rtt; /* RACK.rtt */
	uint32_t min_rtt, min_rtt_at;
	bool has_rtt;
	uint8_t mult, persist;
	uint32_t tx; /* RACK.xmit_ts, as an order: the segment sent last of those delivered */
	struct tcp_seq end;	    /* RACK.end_seq */
	struct tcp_seq dsack_round; /* valid if in_dsack_round */
	bool has_segment;	    /* tx, end and rtt are valid */
	bool reordering_seen;
	bool in_dsack_round;
};

struct tcp_tlp {
	struct tcp_seq end; /* TLP.end_seq, if outstanding */
	bool outstanding;
	bool again; /* TLP.is_retrans */
};

enum tlp_result {
	TLP_NONE,
	TLP_DELIVERED, /* the probe has arrived, and so had what it repeated */
	TLP_REPAIRED,  /* the probe replaced a lost segment */
};

static inline void rack_init(struct tcp_rack *r)
{
	*r = (struct tcp_rack){ .mult = 1, .min_rtt = UINT32_MAX };
}

/* RFC 8985 6.2, step 1: Update RACK.min_RTT. What was sent at `at` has been delivered. */
static always_inline void rack_round_trip(struct tcp_rack *r, uint32_t at, uint32_t now)
{
	uint32_t rtt = now - at;

	/* The first is less than what is there before it. */
	if (rtt <= r->min_rtt || now - r->min_rtt_at > RACK_MIN_RTT_WINDOW) {
		r->min_rtt = rtt;
		r->min_rtt_at = now;
	}
	r->rtt = rtt;
	r->has_rtt = true;
}

/*
 * The same, and step 2: Update state for most recently sent segment that has been delivered. The
 * scoreboard has left out what is ambiguous.
 */
static inline void rack_sample(struct tcp_rack *r, const struct tcp_sent *newest, uint32_t now)
{
	rack_round_trip(r, newest->at, now);
	if (!r->has_segment || serial_lt(r->tx, newest->tx) ||
	    (r->tx == newest->tx && seq_lt(r->end, newest->end))) {
		r->tx = newest->tx;
		r->end = newest->end;
	}
	r->has_segment = true;
}

/* Section 6.2, steps 1 to 3: what an ACK delivered. */
void rack_update(struct tcp_rack *r, const struct tcp_delivery *d);
/* Step 4: the ACK had a D-SACK; SND.UNA is at `una`, SND.NXT at `nxt`. */
void rack_dsack(struct tcp_rack *r, struct tcp_seq una, struct tcp_seq nxt);
/* ... SND.UNA has moved; a recovery has ended. */
static inline void rack_acked(struct tcp_rack *r, struct tcp_seq una)
{
	if (r->in_dsack_round && seq_geq(una, r->dsack_round))
		r->in_dsack_round = false;
}

void rack_recovered(struct tcp_rack *r);
/* A retransmission was spurious: what seemed to answer it answered the first sending. */
static inline void rack_mistaken(struct tcp_rack *r)
{
	r->has_segment = false;
}

/* RACK.reo_wnd now. `certain`: in recovery, or DupThresh segments were announced as received. */
uint32_t rack_reo_wnd(const struct tcp_rack *r, bool certain, uint32_t srtt);

/*
 * Step 5: mark what is lost at `now`; returns how many bytes. *wait is how long until more may be, 0:
 * nothing is waited for.
 */
uint32_t rack_detect(const struct tcp_rack *r, struct tcp_score *s, uint32_t reo_wnd, uint32_t now,
		     uint32_t *wait);
/* Section 6.3: the retransmission timer has expired. */
void rack_timeout(const struct tcp_rack *r, struct tcp_score *s, struct mem *mem, uint32_t reo_wnd,
		  uint32_t now, uint32_t mss);

/* Section 7.2, TLP_calc_PTO(), from now on; `srtt` 0: none yet. */
static inline uint32_t tlp_pto(uint32_t srtt, bool single)
{
	if (srtt == 0)
		return TLP_FIRST;
	return 2 * srtt + (single ? TLP_ACK_DELAY : TLP_LEAST);
}

/*
 * Section 7.4.2: what an ACK of `ack` says of the probe. `dsack_end`: where its D-SACK ends, if it
 * had one; `plain`: a duplicate without SACK blocks, data, or news of the window.
 */
enum tlp_result tlp_acked(struct tcp_tlp *t, struct tcp_seq ack, const struct tcp_seq *dsack_end,
			  bool plain);

#endif
