/*
 * BBR version 3: draft-ietf-ccwg-bbr-01, sections 4.2 and 4.3 (its states) and 4.6 (rate and
 * window). A mark of ECN is a loss in its round, which the draft leaves open. Different from the
 * draft: loss is judged on the samples of what arrives and not on each lost packet; two segments
 * lost in a round trip are chance; where the program or the peer's window holds the flow back, how
 * much is in flight was not BBR's choice, and loss does not lower it.
 */
#include "net/core/proto.h"
#include "net/tcp/bbr.h"
#include "net/tcp/room.h"

#define NS_PER_S 1000000000u
/* Reno coexistence: after so many rounds at most, probe. */
#define RENO_ROUNDS_MAX 63u
#define UP_ROUNDS_MAX 30u
/* Pace one percent below the estimate, so that queues drain. */
#define PACING_MARGIN_PERCENT 1u

static struct bbr *bbr_of(const struct tcp_cc *cc)
{
	return cc->own;
}

/* xorshift: who probes when must differ between flows, not be secret. */
static uint32_t next_random(struct bbr *b)
{
	uint32_t x = b->random;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	b->random = x;
	return x;
}

/* ---- States -------------------------------------------------------------------------------------- */

static void enter(struct bbr *b, enum bbr_state state, uint32_t pacing_gain, uint32_t cwnd_gain)
{
	b->mode = (uint8_t)state;
	b->pacing_gain = pacing_gain;
	b->cwnd_gain = cwnd_gain;
}

static void enter_startup(struct bbr *b)
{
	enter(b, BBR_STARTUP, BBR_STARTUP_PACING_GAIN, BBR_STARTUP_CWND_GAIN);
}

/*
 *   BBR.rounds_since_bw_probe = random_int_between(0, 1)
 *   BBR.bw_probe_wait = 2 + random_float_between(0.0, 1.0)
 */
static void pick_probe_wait(struct bbr *b)
{
	b->rounds_since_bw_probe = next_random(b) & 1u;
	b->bw_probe_wait_ns = 2ull * NS_PER_S + next_random(b) % NS_PER_S;
}

static void start_down(struct bbr *b, uint64_t now_ns)
{
	bbr_reset_congestion_signals(b);
	b->probe_up_growth = 0;
	pick_probe_wait(b);
	b->cycle_ns = now_ns;
	b->ack_phase = BBR_ACKS_PROBE_STOPPING;
	bbr_start_round(b);
	enter(b, BBR_PROBE_BW_DOWN, BBR_DOWN_PACING_GAIN, BBR_CWND_GAIN);
}

static void start_cruise(struct bbr *b)
{
	enter(b, BBR_PROBE_BW_CRUISE, BBR_UNIT, BBR_CWND_GAIN);
}

static void start_refill(struct bbr *b)
{
	bbr_reset_lower_bounds(b);
	b->bw_probe_up_rounds = 0;
	b->bw_probe_up_acks = 0;
	b->ack_phase = BBR_ACKS_REFILLING;
	bbr_start_round(b);
	enter(b, BBR_PROBE_BW_REFILL, BBR_UNIT, BBR_CWND_GAIN);
}

/*
 *   growth_this_round = 1*SMSS << BBR.bw_probe_up_rounds
 *   BBR.bw_probe_up_rounds = min(BBR.bw_probe_up_rounds + 1, 30)
 */
static void raise_slope(struct bbr *b, const struct tcp_cc *cc)
{
	uint64_t growth = (uint64_t)cc->mss << b->bw_probe_up_rounds;

	b->probe_up_growth = (uint32_t)min_u64(growth, cc->cwnd);
	b->bw_probe_up_rounds = min_u32(b->bw_probe_up_rounds + 1, UP_ROUNDS_MAX);
}

static void start_up(struct bbr *b, const struct bbr_ack *a)
{
	b->ack_phase = BBR_ACKS_PROBE_STARTING;
	bbr_start_round(b);
	bbr_reset_full_bw(b);
	b->full_bw = a->rs->rate;
	b->cycle_ns = a->ack->now_ns;
	raise_slope(b, a->cc);
	enter(b, BBR_PROBE_BW_UP, BBR_UP_PACING_GAIN, BBR_UP_CWND_GAIN);
}

/* ---- Bounds -------------------------------------------------------------------------------------- */

static uint32_t target_inflight(const struct bbr *b, const struct tcp_cc *cc)
{
	return min_u32(bbr_bdp(b, cc, b->bw, BBR_UNIT), cc->cwnd);
}

/*
 *   return RS.lost > RS.tx_in_flight * BBR.LossThresh
 */
static bool inflight_is_too_high(const struct bbr *b, const struct bbr_ack *a)
{
	return a->rs->valid && !b->held_back && a->rs->lost > BBR_LOSS_SEGMENTS * a->cc->mss &&
	       a->rs->lost > a->rs->in_flight / BBR_LOSS_THRESH_DIVISOR;
}

/*
 *   BBR.bw_probe_samples = 0
 *   if (!RS.is_app_limited)
 *     BBR.inflight_hi = max(RS.tx_in_flight, BBRTargetInflight() * BBR.Beta)
 *   if (BBR.state == ProbeBW_UP) BBRStartProbeBW_DOWN()
 */
static void handle_inflight_too_high(struct bbr *b, const struct bbr_ack *a)
{
	uint32_t least =
		(uint32_t)((uint64_t)target_inflight(b, a->cc) * BBR_BETA_NUM / BBR_BETA_DEN);

	b->bw_probe_samples = false;
	if (!a->rs->app_limited)
		b->inflight_hi = max_u32(a->rs->in_flight, least);
	if (b->mode == BBR_PROBE_BW_UP)
		start_down(b, a->ack->now_ns);
}

static void probe_inflight_hi_upward(struct bbr *b, const struct bbr_ack *a)
{
	uint64_t grown;

	if (!a->ack->cwnd_limited || a->cc->cwnd < b->inflight_hi)
		return;
	b->bw_probe_up_acks += (uint64_t)a->ack->delivered_bytes * b->probe_up_growth;
	grown = b->bw_probe_up_acks / a->cc->cwnd;
	b->bw_probe_up_acks -= grown * a->cc->cwnd;
	b->inflight_hi = (uint32_t)min_u64(b->inflight_hi + grown, TCP_CWND_MAX);
	if (b->round_start)
		raise_slope(b, a->cc);
}

static void adapt_upper_bounds(struct bbr *b, const struct bbr_ack *a)
{
	if (b->ack_phase == BBR_ACKS_PROBE_STARTING && b->round_start)
		b->ack_phase = BBR_ACKS_PROBE_FEEDBACK;
	if (b->ack_phase == BBR_ACKS_PROBE_STOPPING && b->round_start) {
		b->bw_probe_samples = false;
		b->ack_phase = BBR_ACKS_INIT;
		if (bbr_is_probing_bw(b) && !a->rs->app_limited)
			bbr_advance_max_bw(b);
	}
	if (inflight_is_too_high(b, a)) {
		if (b->bw_probe_samples)
			handle_inflight_too_high(b, a);
		return;
	}
	if (b->inflight_hi == BBR_INFINITE || !a->rs->valid)
		return;
	b->inflight_hi = max_u32(b->inflight_hi, a->rs->in_flight);
	if (b->mode == BBR_PROBE_BW_UP)
		probe_inflight_hi_upward(b, a);
}

/* ---- Probing for bandwidth ----------------------------------------------------------------------- */

/* A flow of Reno would have found the path's end within so many rounds. */
static bool is_reno_time(const struct bbr *b, const struct tcp_cc *cc)
{
	uint32_t rounds = min_u32(target_inflight(b, cc) / cc->mss, RENO_ROUNDS_MAX);

	return b->rounds_since_bw_probe >= rounds;
}

static bool probe_is_due(struct bbr *b, const struct bbr_ack *a)
{
	return a->ack->now_ns > b->cycle_ns + b->bw_probe_wait_ns || is_reno_time(b, a->cc);
}

static bool is_time_to_cruise(const struct bbr *b, const struct bbr_ack *a)
{
	if (a->ack->in_flight > bbr_inflight_with_headroom(b, a->cc))
		return false;
	return a->ack->in_flight <= bbr_bdp(b, a->cc, b->max_bw, BBR_UNIT);
}

static bool is_time_to_go_down(struct bbr *b, const struct bbr_ack *a)
{
	if (a->ack->cwnd_limited && a->cc->cwnd >= b->inflight_hi) {
		bbr_reset_full_bw(b);
		b->full_bw = a->rs->rate;
		return false;
	}
	return b->full_bw_now;
}

static void update_cycle_phase(struct bbr *b, const struct bbr_ack *a)
{
	switch ((enum bbr_state)b->mode) {
	case BBR_PROBE_BW_DOWN:
		if (probe_is_due(b, a))
			start_refill(b);
		else if (is_time_to_cruise(b, a))
			start_cruise(b);
		break;
	case BBR_PROBE_BW_CRUISE:
		if (probe_is_due(b, a))
			start_refill(b);
		break;
	case BBR_PROBE_BW_REFILL:
		/* One round, so that the pipe is full when the probe begins. */
		if (b->round_start) {
			b->bw_probe_samples = true;
			start_up(b, a);
		}
		break;
	case BBR_PROBE_BW_UP:
		if (is_time_to_go_down(b, a))
			start_down(b, a->ack->now_ns);
		break;
	case BBR_STARTUP:
	case BBR_DRAIN:
	case BBR_PROBE_RTT:
		break;
	}
}

/*
 * Startup's other end, section 4.3.1.3: a whole round with loss above the threshold, in at least
 * BBRStartupFullLossCnt places.
 */
static void check_startup_loss(struct bbr *b, const struct bbr_ack *a)
{
	if (b->mode != BBR_STARTUP || b->full_bw_reached || !b->loss_round_start)
		return;
	if (b->loss_events >= BBR_STARTUP_FULL_LOSS_COUNT && inflight_is_too_high(b, a)) {
		b->full_bw_reached = true;
		b->inflight_hi =
			max_u32(bbr_bdp(b, a->cc, b->max_bw, BBR_UNIT), b->inflight_latest);
	}
	b->loss_events = 0;
}

static void check_startup_and_drain(struct bbr *b, const struct bbr_ack *a)
{
	check_startup_loss(b, a);
	if (b->mode == BBR_STARTUP && b->full_bw_reached)
		enter(b, BBR_DRAIN, BBR_DRAIN_PACING_GAIN, BBR_STARTUP_CWND_GAIN);
	if (b->mode == BBR_DRAIN && a->ack->in_flight <= bbr_bdp(b, a->cc, b->max_bw, BBR_UNIT))
		start_down(b, a->ack->now_ns);
	if (b->full_bw_reached) {
		adapt_upper_bounds(b, a);
		update_cycle_phase(b, a);
	}
}

/* ---- Probing for the round-trip time ------------------------------------------------------------- */

static uint32_t probe_rtt_cwnd(const struct bbr *b, const struct tcp_cc *cc)
{
	return max_u32(bbr_bdp(b, cc, b->bw, BBR_PROBE_RTT_CWND_GAIN), bbr_min_pipe(cc));
}

static void save_cwnd(struct bbr *b, const struct tcp_cc *cc)
{
	if (b->mode == BBR_PROBE_RTT || b->after_timeout)
		b->prior_cwnd = max_u32(b->prior_cwnd, cc->cwnd);
	else
		b->prior_cwnd = cc->cwnd;
}

static void end_probe_rtt(struct bbr *b, const struct bbr_ack *a)
{
	b->probe_rtt_min_ns = a->ack->now_ns;
	a->cc->cwnd = max_u32(a->cc->cwnd, b->prior_cwnd);
	bbr_reset_lower_bounds(b);
	if (b->full_bw_reached) {
		start_down(b, a->ack->now_ns);
		start_cruise(b);
	} else {
		enter_startup(b);
	}
}

static void run_probe_rtt(struct bbr *b, const struct bbr_ack *a)
{
	/* What is sent meanwhile says nothing about bandwidth. */
	tcp_rate_app_limited(&b->rate, a->ack->in_flight);
	if (b->probe_rtt_done_ns == 0) {
		if (a->ack->in_flight > probe_rtt_cwnd(b, a->cc))
			return;
		b->probe_rtt_done_ns = a->ack->now_ns + BBR_PROBE_RTT_NS;
		b->probe_rtt_round_done = false;
		bbr_start_round(b);
		return;
	}
	if (b->round_start)
		b->probe_rtt_round_done = true;
	if (b->probe_rtt_round_done && a->ack->now_ns > b->probe_rtt_done_ns)
		end_probe_rtt(b, a);
}

static void check_probe_rtt(struct bbr *b, const struct bbr_ack *a)
{
	if (b->mode != BBR_PROBE_RTT && b->probe_rtt_expired && !b->idle_restart) {
		save_cwnd(b, a->cc);
		enter(b, BBR_PROBE_RTT, BBR_UNIT, BBR_PROBE_RTT_CWND_GAIN);
		b->probe_rtt_done_ns = 0;
		b->ack_phase = BBR_ACKS_PROBE_STOPPING;
		bbr_start_round(b);
	}
	if (b->mode == BBR_PROBE_RTT)
		run_probe_rtt(b, a);
	if (a->ack->delivered_bytes > 0)
		b->idle_restart = false;
}

/* ---- Rate and window ----------------------------------------------------------------------------- */

static uint64_t gained_rate(uint64_t bw, uint32_t gain)
{
	uint64_t rate = bw / BBR_UNIT * gain + bw % BBR_UNIT * gain / BBR_UNIT;

	return rate - rate / 100u * PACING_MARGIN_PERCENT;
}

/*
 *   nominal_bandwidth = InitialCwnd / (SRTT ? SRTT : 1ms)
 *   BBR.pacing_rate = BBR.StartupPacingGain * nominal_bandwidth
 */
static void init_pacing_rate(struct bbr *b, const struct tcp_cc *cc)
{
	uint32_t srtt_us = cc->srtt_us ? cc->srtt_us : 1000;

	b->pacing_rate =
		gained_rate((uint64_t)cc->cwnd * 1000000u / srtt_us, BBR_STARTUP_PACING_GAIN);
}

static void set_pacing_rate(struct bbr *b, const struct tcp_cc *cc)
{
	uint64_t rate = gained_rate(b->bw, b->pacing_gain);

	/* The first round-trip time tells more than the guess before it. */
	if (!b->has_rtt && cc->srtt_us) {
		b->has_rtt = true;
		init_pacing_rate(b, cc);
	}
	if (b->bw > 0 && (b->full_bw_reached || rate > b->pacing_rate))
		b->pacing_rate = rate;
}

/* A millisecond's worth leaves at a time: three of these are never too much. */
static uint32_t max_inflight(const struct bbr *b, const struct tcp_cc *cc)
{
	uint32_t quantum = (uint32_t)max_u64(min_u64(b->pacing_rate / 1000u, 65535), 2 * cc->mss);
	uint32_t inflight = bbr_bdp(b, cc, b->bw, b->cwnd_gain) + bbr_extra_acked(b);

	inflight = max_u32(inflight, 3 * quantum);
	inflight = max_u32(inflight, bbr_min_pipe(cc));
	return b->mode == BBR_PROBE_BW_UP ? inflight + 2 * cc->mss : inflight;
}

static uint32_t model_cap(const struct bbr *b, const struct tcp_cc *cc)
{
	uint32_t cap = BBR_INFINITE;

	if (b->mode == BBR_PROBE_RTT || b->mode == BBR_PROBE_BW_CRUISE)
		cap = bbr_inflight_with_headroom(b, cc);
	else if (bbr_is_probing_bw(b))
		cap = b->inflight_hi;
	cap = min_u32(cap, b->inflight_lo);
	return max_u32(cap, bbr_min_pipe(cc));
}

static void set_cwnd(struct bbr *b, const struct bbr_ack *a)
{
	struct tcp_cc *cc = a->cc;
	uint32_t most = max_inflight(b, cc);
	uint32_t grown = cc->cwnd + min_u32(a->ack->delivered_bytes, TCP_CWND_MAX - cc->cwnd);

	if (b->full_bw_reached)
		cc->cwnd = min_u32(grown, most);
	else if (cc->cwnd < most || b->rate.delivered < cc_initial_window(cc->mss))
		cc->cwnd = grown;
	cc->cwnd = max_u32(cc->cwnd, bbr_min_pipe(cc));
	if (b->mode == BBR_PROBE_RTT)
		cc->cwnd = min_u32(cc->cwnd, probe_rtt_cwnd(b, cc));
	cc->cwnd = min_u32(cc->cwnd, min_u32(model_cap(b, cc), TCP_CWND_MAX));
}

/* ---- The controller ------------------------------------------------------------------------------ */

static void bbr_init(struct tcp_cc *cc, uint64_t now_ns)
{
	struct bbr *b = bbr_of(cc);
	struct tcp_rate rate = b->rate;

	*b = (struct bbr){ .rate = rate, .random = cc->random | 1u };
	bbr_model_init(b, now_ns);
	b->has_rtt = cc->srtt_us != 0;
	init_pacing_rate(b, cc);
	enter_startup(b);
}

static void bbr_acked(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct bbr *b = bbr_of(cc);
	const struct bbr_ack a = { cc, ack, ack->rate };

	bbr_model_update(b, &a);
	check_startup_and_drain(b, &a);
	bbr_update_min_rtt(b, &a);
	check_probe_rtt(b, &a);
	bbr_model_finish(b, &a);
	cc->min_rtt_us = b->min_rtt_us;
	set_pacing_rate(b, cc);
	if (b->after_timeout && a.rs->valid) {
		cc->cwnd = max_u32(cc->cwnd, b->prior_cwnd);
		b->after_timeout = false;
	}
	set_cwnd(b, &a);
}

/*
 * Section 4.6.4.4: a timeout says that nothing is known to be in flight; the window of before comes
 * back with the first sample. Fast recovery changes nothing here: bounds follow from the samples.
 */
static uint32_t bbr_reduce(struct tcp_cc *cc, enum tcp_cc_event why, uint32_t in_flight,
			   uint64_t now_ns)
{
	struct bbr *b = bbr_of(cc);

	(void)in_flight;
	(void)now_ns;
	if (why == TCP_CC_ECN)
		b->loss_in_round = true;
	if (why == TCP_CC_TIMEOUT) {
		save_cwnd(b, cc);
		b->after_timeout = true;
		cc->cwnd = cc->mss;
	}
	return cc->ssthresh;
}

static void bbr_restored(struct tcp_cc *cc)
{
	struct bbr *b = bbr_of(cc);

	bbr_reset_lower_bounds(b);
	b->after_timeout = false;
}

/* Section 4.6.2: after idle time send at the rate that is known, and look at no old minimum. */
static void bbr_restarted(struct tcp_cc *cc, uint64_t now_ns)
{
	struct bbr *b = bbr_of(cc);

	if (!b->rate.in_bubble)
		return;
	b->idle_restart = true;
	b->extra_acked_ns = now_ns;
	b->extra_acked_delivered = 0;
	if (bbr_is_probing_bw(b))
		b->pacing_rate = max_u64(gained_rate(b->bw, BBR_UNIT), 1);
}

static uint64_t bbr_pacing_rate(const struct tcp_cc *cc)
{
	return bbr_of(cc)->pacing_rate;
}

const struct tcp_cc_ops tcp_cc_bbr = {
	.name = "bbr",
	.state_bytes = sizeof(struct bbr),
	.owns_cwnd = true,
	.rate = &tcp_rate,
	.init = bbr_init,
	.acked = bbr_acked,
	.reduce = bbr_reduce,
	.restored = bbr_restored,
	.restarted = bbr_restarted,
	.pacing_rate = bbr_pacing_rate,
};

static int start(struct holm_net *net)
{
	net->tcp->pacing = &tcp_pacing;
	return tcp_cc_register(net, &tcp_cc_bbr);
}

static const struct holm_proto *const needs[] = { &holm_tcp, NULL };

const struct holm_proto holm_tcp_bbr = {
	.name = "tcp-bbr",
	.kind = PROTO_PART,
	.needs = needs,
	.start = start,
};
