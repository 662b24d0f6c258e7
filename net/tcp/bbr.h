/*
 * BBR version 3, draft-ietf-ccwg-bbr-01: what its two files share. bbr_model.c keeps the model of the
 * path (how fast, how long, how much); cc_bbr.c is the state machine that probes it and sets rate and
 * window by it. The draft's names, in lower case; volumes are bytes, rates bytes a second.
 */
#ifndef NET_TCP_BBR_H
#define NET_TCP_BBR_H

#include "net/tcp/cc.h"
#include "net/tcp/rate.h"

#define BBR_INFINITE UINT32_MAX
#define BBR_INFINITE_BW UINT64_MAX

/* Gains are in units of 1/256. */
#define BBR_UNIT 256u
#define BBR_STARTUP_PACING_GAIN 709u /* 4 * ln(2) = 2.77 */
#define BBR_STARTUP_CWND_GAIN 512u
#define BBR_DRAIN_PACING_GAIN 128u
#define BBR_DOWN_PACING_GAIN 230u /* 0.90 */
#define BBR_UP_PACING_GAIN 320u	  /* 1.25 */
#define BBR_UP_CWND_GAIN 576u	  /* 2.25 */
#define BBR_CWND_GAIN 512u
#define BBR_PROBE_RTT_CWND_GAIN 128u
#define BBR_LOSS_THRESH_DIVISOR 50u /* 2 % */
/* In small windows chance alone exceeds that: so many losses in a round trip mean nothing. */
#define BBR_LOSS_SEGMENTS 2u
#define BBR_BETA_NUM 7u
#define BBR_BETA_DEN 10u
#define BBR_HEADROOM_NUM 15u
#define BBR_HEADROOM_DEN 100u
#define BBR_MIN_PIPE_SEGMENTS 4u
#define BBR_MIN_RTT_FILTER_NS 10000000000u
#define BBR_PROBE_RTT_INTERVAL_NS 5000000000u
#define BBR_PROBE_RTT_NS 200000000u
#define BBR_EXTRA_ACKED_ROUNDS 5u /* each of two windows: ten rounds */
#define BBR_STARTUP_FULL_LOSS_COUNT 6u

enum bbr_state {
	BBR_STARTUP,
	BBR_DRAIN,
	BBR_PROBE_BW_DOWN,
	BBR_PROBE_BW_CRUISE,
	BBR_PROBE_BW_REFILL,
	BBR_PROBE_BW_UP,
	BBR_PROBE_RTT,
};

enum bbr_ack_phase {
	BBR_ACKS_INIT,
	BBR_ACKS_REFILLING,
	BBR_ACKS_PROBE_STARTING,
	BBR_ACKS_PROBE_FEEDBACK,
	BBR_ACKS_PROBE_STOPPING,
};

/* Of one connection; tcp_cc.own. The samples' part comes first: see tcp_cc_ops.rate. */
struct bbr {
	struct tcp_rate rate;

	/* The path. */
	uint64_t max_bw_of[2]; /* of this probing cycle and the one before */
	uint64_t max_bw, bw;
	uint64_t bw_latest, bw_lo;
	uint32_t inflight_latest, inflight_lo, inflight_hi;
	uint32_t min_rtt_us, probe_rtt_min_us; /* 0: none yet */
	uint64_t min_rtt_ns, probe_rtt_min_ns; /* when they were found */
	bool probe_rtt_expired;

	/* Aggregation of ACKs. */
	uint64_t extra_acked_ns;
	uint32_t extra_acked_delivered;
	uint32_t extra_acked_of[2];
	uint32_t extra_acked_rounds;

	/* Rounds, counted in bytes delivered. */
	uint32_t next_round_delivered, loss_round_delivered;
	uint32_t rounds_since_bw_probe;
	bool round_start, loss_round_start, loss_in_round;
	bool held_back; /* in this loss round by the program or the peer, not by BBR */
	uint32_t loss_events;

	/* Has Startup filled the pipe? */
	uint64_t full_bw;
	uint32_t full_bw_count;
	bool full_bw_now, full_bw_reached;

	/* The state machine. */
	uint8_t mode, ack_phase; /* enum bbr_state */
	bool has_rtt, bw_probe_samples, idle_restart, probe_rtt_round_done, after_timeout;
	uint32_t bw_probe_up_rounds;
	uint64_t
		bw_probe_up_acks; /* bytes, times bytes of growth, that inflight_hi has not grown by yet */
	uint32_t probe_up_growth;				/* bytes of inflight_hi per round */
	uint64_t cycle_ns, bw_probe_wait_ns, probe_rtt_done_ns; /* 0: not yet */
	uint32_t prior_cwnd;
	uint32_t random;

	uint32_t pacing_gain, cwnd_gain;
	uint64_t pacing_rate;
};

static inline bool bbr_is_probing_bw(const struct bbr *b)
{
	return b->mode >= BBR_PROBE_BW_DOWN && b->mode <= BBR_PROBE_BW_UP;
}

/* The ACK as the draft's RS and C, and cwnd, mss: what both files pass around. */
struct bbr_ack {
	struct tcp_cc *cc;
	const struct tcp_cc_ack *ack;
	const struct tcp_rate_sample *rs;
};

/* ---- bbr_model.c */
void bbr_model_init(struct bbr *b, uint64_t now_ns);
/* The first half of what an ACK changes: rates, rounds, losses, aggregation. */
void bbr_model_update(struct bbr *b, const struct bbr_ack *a);
void bbr_update_min_rtt(struct bbr *b, const struct bbr_ack *a);
/* The last of it: what one loss round knew is forgotten, bw is bounded. */
void bbr_model_finish(struct bbr *b, const struct bbr_ack *a);
void bbr_start_round(struct bbr *b);
/* One cycle of probing has ended: its maximum becomes the one before. */
void bbr_advance_max_bw(struct bbr *b);
void bbr_reset_lower_bounds(struct bbr *b);
void bbr_reset_congestion_signals(struct bbr *b);
void bbr_reset_full_bw(struct bbr *b);
/* bw * min_rtt * gain; a guess before the first sample. */
uint32_t bbr_bdp(const struct bbr *b, const struct tcp_cc *cc, uint64_t bw, uint32_t gain);
uint32_t bbr_extra_acked(const struct bbr *b);
/* inflight_hi with room for others. */
uint32_t bbr_inflight_with_headroom(const struct bbr *b, const struct tcp_cc *cc);
static inline uint32_t bbr_min_pipe(const struct tcp_cc *cc)
{
	return BBR_MIN_PIPE_SEGMENTS * cc->mss;
}

#endif
