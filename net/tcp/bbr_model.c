/*
 * BBR's model of the path: draft-ietf-ccwg-bbr-01 sections 4.5 (bandwidth, rounds, round-trip time,
 * aggregation, short-term bounds) and 5.3.1 (has Startup filled the pipe).
 */
#include "net/tcp/bbr.h"

#include "lib/compiler.h"

#define US_PER_S 1000000u

static bool has_reached(uint32_t delivered, uint32_t mark)
{
	return (int32_t)(delivered - mark) >= 0;
}

/* ---- Volumes ------------------------------------------------------------------------------------- */

uint32_t bbr_bdp(const struct bbr *b, const struct tcp_cc *cc, uint64_t bw, uint32_t gain)
{
	uint64_t bdp;

	if (b->min_rtt_us == 0)
		return (uint32_t)min_u64((uint64_t)cc_initial_window(cc->mss) * gain / BBR_UNIT,
					 TCP_CWND_MAX);
	bdp = min_u64(bw, BBR_INFINITE_BW >> 28) * min_u32(b->min_rtt_us, 1u << 28) / US_PER_S;
	bdp = min_u64(bdp, TCP_CWND_MAX);
	return (uint32_t)min_u64(bdp * gain / BBR_UNIT, TCP_CWND_MAX);
}

/*
 *   headroom = max(1*SMSS, BBR.Headroom * BBR.inflight_hi)
 *   return max(BBR.inflight_hi - headroom, BBRMinPipeCwnd)
 */
uint32_t bbr_inflight_with_headroom(const struct bbr *b, const struct tcp_cc *cc)
{
	uint32_t headroom;

	if (b->inflight_hi == BBR_INFINITE)
		return BBR_INFINITE;
	headroom = (uint32_t)((uint64_t)b->inflight_hi * BBR_HEADROOM_NUM / BBR_HEADROOM_DEN);
	headroom = max_u32(headroom, cc->mss);
	return max_u32(b->inflight_hi - min_u32(headroom, b->inflight_hi), bbr_min_pipe(cc));
}

/* ---- Rounds and bandwidth ------------------------------------------------------------------------ */

void bbr_start_round(struct bbr *b)
{
	b->next_round_delivered = b->rate.delivered;
}

void bbr_advance_max_bw(struct bbr *b)
{
	if (b->max_bw_of[0] == 0)
		return;
	b->max_bw_of[1] = b->max_bw_of[0];
	b->max_bw_of[0] = 0;
}

static void update_round(struct bbr *b, const struct tcp_rate_sample *rs)
{
	b->round_start = false;
	if (!rs->valid || !has_reached(rs->prior_delivered, b->next_round_delivered))
		return;
	bbr_start_round(b);
	b->round_start = true;
	b->rounds_since_bw_probe++;
}

/*
 *   if (RS.delivery_rate >= BBR.max_bw || !RS.is_app_limited)
 *     BBR.max_bw = update_windowed_max_filter(BBR.MaxBwFilter, RS.delivery_rate, BBR.cycle_count)
 */
static void update_max_bw(struct bbr *b, const struct tcp_rate_sample *rs)
{
	if (rs->rate == 0 || (rs->rate < b->max_bw && rs->app_limited))
		return;
	b->max_bw_of[0] = max_u64(b->max_bw_of[0], rs->rate);
	b->max_bw = max_u64(b->max_bw_of[0], b->max_bw_of[1]);
}

/* ---- Congestion ---------------------------------------------------------------------------------- */

void bbr_reset_lower_bounds(struct bbr *b)
{
	b->bw_lo = BBR_INFINITE_BW;
	b->inflight_lo = BBR_INFINITE;
}

void bbr_reset_congestion_signals(struct bbr *b)
{
	b->loss_in_round = false;
	b->bw_latest = 0;
	b->inflight_latest = 0;
}

static void update_latest_signals(struct bbr *b, const struct tcp_rate_sample *rs)
{
	b->loss_round_start = false;
	b->bw_latest = max_u64(b->bw_latest, rs->rate);
	b->inflight_latest = max_u32(b->inflight_latest, rs->delivered);
	if (rs->valid && has_reached(rs->prior_delivered, b->loss_round_delivered)) {
		b->loss_round_delivered = b->rate.delivered;
		b->loss_round_start = true;
	}
}

/* Does the sender probe for more on purpose? Then loss is an answer, see HandleInflightTooHigh. */
static bool is_raising(const struct bbr *b)
{
	return b->mode == BBR_STARTUP || b->mode == BBR_PROBE_BW_REFILL ||
	       b->mode == BBR_PROBE_BW_UP;
}

/*
 *   BBR.bw_lo = max(BBR.bw_latest, BBR.Beta * BBR.bw_lo)
 *   BBR.inflight_lo = max(BBR.inflight_latest, BBR.Beta * BBR.inflight_lo)
 */
static void adapt_lower_bounds(struct bbr *b, const struct bbr_ack *a)
{
	const struct tcp_cc *cc = a->cc;

	if (is_raising(b) || !b->loss_in_round || b->held_back)
		return;
	if (b->bw_lo == BBR_INFINITE_BW)
		b->bw_lo = b->max_bw;
	if (b->inflight_lo == BBR_INFINITE)
		b->inflight_lo = cc->cwnd;
	b->bw_lo = max_u64(b->bw_latest, b->bw_lo / BBR_BETA_DEN * BBR_BETA_NUM);
	b->inflight_lo = max_u32(b->inflight_latest, (uint32_t)((uint64_t)b->inflight_lo *
								BBR_BETA_NUM / BBR_BETA_DEN));
}

static void update_congestion_signals(struct bbr *b, const struct bbr_ack *a)
{
	update_round(b, a->rs);
	update_max_bw(b, a->rs);
	if (a->ack->lost_bytes > 0) {
		b->loss_in_round = true;
		b->loss_events++;
	}
	if (a->rs->app_limited || a->ack->wnd_limited)
		b->held_back = true;
	if (!b->loss_round_start)
		return;
	adapt_lower_bounds(b, a);
	b->loss_in_round = false;
	b->held_back = a->ack->wnd_limited;
}

/* ---- Aggregation --------------------------------------------------------------------------------- */

uint32_t bbr_extra_acked(const struct bbr *b)
{
	return max_u32(b->extra_acked_of[0], b->extra_acked_of[1]);
}

static void note_extra_acked(struct bbr *b, uint32_t extra)
{
	if (b->round_start && ++b->extra_acked_rounds >= BBR_EXTRA_ACKED_ROUNDS) {
		b->extra_acked_of[1] = b->extra_acked_of[0];
		b->extra_acked_of[0] = 0;
		b->extra_acked_rounds = 0;
	}
	b->extra_acked_of[0] = max_u32(b->extra_acked_of[0], extra);
}

/*
 *   interval = (Now() - BBR.extra_acked_interval_start)
 *   expected_delivered = BBR.bw * interval
 *   extra = BBR.extra_acked_delivered - expected_delivered, at most cwnd
 */
static void update_aggregation(struct bbr *b, const struct bbr_ack *a)
{
	uint64_t interval_us = min_u64((a->ack->now_ns - b->extra_acked_ns) / 1000u, 1u << 28);
	uint64_t expected = min_u64(b->bw, BBR_INFINITE_BW >> 28) * interval_us / US_PER_S;

	if (b->extra_acked_delivered <= expected) {
		b->extra_acked_delivered = 0;
		b->extra_acked_ns = a->ack->now_ns;
		expected = 0;
	}
	b->extra_acked_delivered += a->ack->delivered_bytes;
	note_extra_acked(b, (uint32_t)min_u64(b->extra_acked_delivered -
						      min_u64(expected, b->extra_acked_delivered),
					      a->cc->cwnd));
}

/* ---- Startup ------------------------------------------------------------------------------------- */

void bbr_reset_full_bw(struct bbr *b)
{
	b->full_bw = 0;
	b->full_bw_count = 0;
	b->full_bw_now = false;
}

/* Three rounds without a quarter more: the pipe is full. */
static void check_full_bw(struct bbr *b, const struct tcp_rate_sample *rs)
{
	if (b->full_bw_now || !b->round_start || rs->app_limited)
		return;
	if (rs->rate >= b->full_bw + b->full_bw / 4) {
		bbr_reset_full_bw(b);
		b->full_bw = rs->rate;
		return;
	}
	b->full_bw_count++;
	b->full_bw_now = b->full_bw_count >= 3;
	if (b->full_bw_now)
		b->full_bw_reached = true;
}

/* ---- Round-trip time ----------------------------------------------------------------------------- */

/*
 *   BBR.probe_rtt_min_delay: the minimum in the last ProbeRTTInterval; BBR.min_rtt: the minimum in the
 *   last MinRTTFilterLen.
 */
void bbr_update_min_rtt(struct bbr *b, const struct bbr_ack *a)
{
	uint64_t now = a->ack->now_ns;
	uint32_t rtt = a->ack->rtt_us;

	b->probe_rtt_expired = now > b->probe_rtt_min_ns + BBR_PROBE_RTT_INTERVAL_NS;
	if (rtt &&
	    (b->probe_rtt_min_us == 0 || rtt < b->probe_rtt_min_us || b->probe_rtt_expired)) {
		b->probe_rtt_min_us = rtt;
		b->probe_rtt_min_ns = now;
	}
	if (b->probe_rtt_min_us && (b->min_rtt_us == 0 || b->probe_rtt_min_us < b->min_rtt_us ||
				    now > b->min_rtt_ns + BBR_MIN_RTT_FILTER_NS)) {
		b->min_rtt_us = b->probe_rtt_min_us;
		b->min_rtt_ns = b->probe_rtt_min_ns;
	}
}

/* ---- An ACK -------------------------------------------------------------------------------------- */

void bbr_model_init(struct bbr *b, uint64_t now_ns)
{
	b->min_rtt_ns = now_ns;
	b->probe_rtt_min_ns = now_ns;
	b->extra_acked_ns = now_ns;
	b->inflight_hi = BBR_INFINITE;
	bbr_reset_congestion_signals(b);
	bbr_reset_lower_bounds(b);
	bbr_reset_full_bw(b);
}

void bbr_model_update(struct bbr *b, const struct bbr_ack *a)
{
	update_latest_signals(b, a->rs);
	update_congestion_signals(b, a);
	update_aggregation(b, a);
	check_full_bw(b, a->rs);
}

void bbr_model_finish(struct bbr *b, const struct bbr_ack *a)
{
	if (b->loss_round_start) {
		b->bw_latest = a->rs->rate;
		b->inflight_latest = a->rs->delivered;
	}
	b->bw = min_u64(b->max_bw, b->bw_lo);
}
