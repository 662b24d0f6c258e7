/*
 * CUBIC: RFC 9438, with HyStart++ (RFC 9406) in its first slow start. Integers only: windows in bytes,
 * times in milliseconds, 64 bits for what lies between; nothing is divided but once or twice an ACK.
 */
#include "net/core/proto.h"
#include "net/tcp/room.h"

/* RFC 9438 4.1 and 5: beta_cubic = 0.7, C = 0.4 segments per cubic second, as fractions. */
#define BETA_NUM 7u
#define BETA_DEN 10u
#define C_NUM 2u
#define C_DEN 5u
/* alpha_cubic = 3 * (1 - beta) / (1 + beta) = 9/17, and what the Reno-friendly window grows by later. */
#define ALPHA_NUM 9u
#define ALPHA_DEN 17u
#define NS_PER_MS 1000000u
/* So far from the plateau (two minutes) every window is at its bound: C * 131^3 is 900 000 segments. */
#define AWAY_MAX_MS 131071u
#define W_EST_SHIFT 16

static struct cc_cubic *cubic_of(struct tcp_cc *cc)
{
	return &cc->cubic;
}

/* The cube root, rounded down, a bit at a time: once per congestion event. */
uint32_t cc_cubic_root(uint64_t v)
{
	uint64_t root = 0;

	for (int bit = 20; bit >= 0; bit--) {
		uint64_t next = root | (uint64_t)1 << bit;

		if (next * next * next <= v)
			root = next;
	}
	return (uint32_t)root;
}

/*
 * RFC 9438 4.2, figure 2:
 *   K = cubic_root((W_max - cwnd_epoch) / C)
 */
static uint32_t k_ms_of(uint32_t w_max, uint32_t cwnd, uint32_t mss)
{
	/* Milliseconds cubed: bytes * 10^9 / mss / C. */
	uint64_t cubed = (uint64_t)(w_max - cwnd) * (1000000000u / C_NUM) / mss * C_DEN;

	return min_u32(cc_cubic_root(cubed), AWAY_MAX_MS);
}

/*
 * RFC 9438 4.2, figure 1:
 *   W_cubic(t) = C * (t - K)^3 + W_max
 */
static uint32_t w_cubic(const struct cc_cubic *cu, uint64_t t_ms, uint32_t mss)
{
	uint64_t away = t_ms > cu->k_ms ? t_ms - cu->k_ms : cu->k_ms - t_ms;
	uint64_t bytes;

	away = min_u64(away, AWAY_MAX_MS);
	bytes = away * away * away / 1000u * mss / (1000000u / C_NUM * C_DEN);
	if (t_ms < cu->k_ms)
		return bytes < cu->w_max ? cu->w_max - (uint32_t)bytes : 0;
	return (uint32_t)min_u64(cu->w_max + bytes, TCP_CWND_MAX);
}

/*
 * RFC 9438 4.2, 4.8 and 4.10: the first stage of congestion avoidance, and one after a timeout, has its
 * plateau where it begins (K = 0); so has one that begins above W_max.
 */
static void begin_epoch(struct tcp_cc *cc, uint64_t now_ns)
{
	struct cc_cubic *cu = cubic_of(cc);

	cu->epoch_ns = now_ns;
	cu->last_ns = now_ns;
	cu->fraction = 0;
	if (cu->w_max > cc->cwnd) {
		cu->k_ms = k_ms_of(cu->w_max, cc->cwnd, cc->mss);
	} else {
		cu->k_ms = 0;
		cu->w_max = cc->cwnd;
	}
	cu->w_est = (uint64_t)cc->cwnd << W_EST_SHIFT;
}

/*
 * RFC 9438 4.3, figure 4:
 *   W_est = W_est + alpha_cubic * segments_acked / cwnd
 * and alpha_cubic is 1 once W_est has reached cwnd_prior.
 */
static void grow_w_est(struct tcp_cc *cc, uint32_t acked)
{
	struct cc_cubic *cu = cubic_of(cc);
	uint64_t grown = ((uint64_t)acked * cc->mss << W_EST_SHIFT) / cc->cwnd;

	if (cu->w_est < (uint64_t)cu->cwnd_prior << W_EST_SHIFT)
		grown = grown * ALPHA_NUM / ALPHA_DEN;
	cu->w_est = min_u64(cu->w_est + grown, (uint64_t)TCP_CWND_MAX << W_EST_SHIFT);
}

/*
 * RFC 9438 4.2:
 *   target = cwnd                  if W_cubic(t + RTT) < cwnd
 *            1.5 * cwnd            if W_cubic(t + RTT) > 1.5 * cwnd
 *            W_cubic(t + RTT)      otherwise
 * and 4.4, 4.5: cwnd is incremented by (target - cwnd) / cwnd for each ACK.
 */
static void avoid_congestion(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	struct cc_cubic *cu = cubic_of(cc);
	uint64_t t_ms;
	uint32_t target;

	if (cu->epoch_ns == 0)
		begin_epoch(cc, ack->now_ns);
	cu->last_ns = ack->now_ns;
	t_ms = (ack->now_ns - cu->epoch_ns) / NS_PER_MS;
	grow_w_est(cc, ack->acked_bytes);
	if (w_cubic(cu, t_ms, cc->mss) < cu->w_est >> W_EST_SHIFT) {
		/* 4.3: the Reno-friendly region. */
		cc->cwnd = max_u32(cc->cwnd, (uint32_t)(cu->w_est >> W_EST_SHIFT));
		return;
	}
	target = w_cubic(cu, t_ms + cc->srtt_us / 1000u, cc->mss);
	target = max_u32(min_u32(target, cc->cwnd + cc->cwnd / 2), cc->cwnd);
	cu->fraction += (uint64_t)(target - cc->cwnd) * ack->acked_bytes;
	cc->cwnd += (uint32_t)(cu->fraction / cc->cwnd);
	cu->fraction %= cc->cwnd;
}

/* RFC 9406 4.2; what later slow starts should find is in ssthresh, so only the first needs it. */
static void slow_start(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	uint32_t leap = cc->paced ? UINT32_MAX : TCP_SLOW_START_SEGMENTS * cc->mss;
	uint32_t growth = min_u32(ack->acked_bytes, leap);

	if (cc->ssthresh == UINT32_MAX) {
		switch (hystart_acked(&cubic_of(cc)->hystart, ack->rtt_us, ack->round_start)) {
		case HYSTART_SLOW_START:
			break;
		case HYSTART_CSS:
			growth /= HYSTART_CSS_GROWTH_DIVISOR;
			break;
		case HYSTART_DONE:
			cc->ssthresh = cc->cwnd;
			return;
		}
	}
	cc->cwnd += growth;
}

/*
 * RFC 9438 5.8:
 *   a flow [...] MUST NOT include the idle or application-limited time in t.
 */
static void pass_over(struct tcp_cc *cc, uint64_t now_ns)
{
	struct cc_cubic *cu = cubic_of(cc);

	if (cu->epoch_ns == 0)
		return;
	cu->epoch_ns += now_ns - cu->last_ns;
	cu->last_ns = now_ns;
}

static void cubic_acked(struct tcp_cc *cc, const struct tcp_cc_ack *ack)
{
	if (ack->in_recovery)
		return;
	if (!ack->cwnd_limited) {
		pass_over(cc, ack->now_ns);
		return;
	}
	if (cc->cwnd < cc->ssthresh)
		slow_start(cc, ack);
	else
		avoid_congestion(cc, ack);
	cc->cwnd = min_u32(cc->cwnd, TCP_CWND_MAX);
}

/*
 * RFC 9438 4.7, fast convergence:
 *   W_max = cwnd * (1 + beta_cubic) / 2    if cwnd < W_max
 *           cwnd                           otherwise
 */
static void note_plateau(struct tcp_cc *cc)
{
	struct cc_cubic *cu = cubic_of(cc);

	if (cc->cwnd < cu->w_max)
		cu->w_max = (uint32_t)((uint64_t)cc->cwnd * (BETA_DEN + BETA_NUM) / (2 * BETA_DEN));
	else
		cu->w_max = cc->cwnd;
}

/*
 * RFC 9438 4.6:
 *   ssthresh = flight_size * beta_cubic
 *   cwnd_prior = cwnd
 * and 4.8: after a timeout there is no plateau to return to.
 */
static uint32_t cubic_reduce(struct tcp_cc *cc, enum tcp_cc_event why, uint32_t in_flight,
			     uint64_t now_ns)
{
	struct cc_cubic *cu = cubic_of(cc);

	(void)now_ns;
	cu->undo_epoch_ns = cu->epoch_ns;
	cu->undo_w_est = cu->w_est;
	cu->undo_k_ms = cu->k_ms;
	cu->undo_w_max = cu->w_max;
	cu->undo_cwnd_prior = cu->cwnd_prior;
	cu->cwnd_prior = cc->cwnd;
	cu->epoch_ns = 0;
	if (why == TCP_CC_TIMEOUT)
		cu->w_max = 0;
	else
		note_plateau(cc);
	return max_u32((uint32_t)((uint64_t)in_flight * BETA_NUM / BETA_DEN), 2 * cc->mss);
}

/* RFC 9438 4.9: also W_max, K, t_epoch and W_est are those of before. */
static void cubic_restored(struct tcp_cc *cc)
{
	struct cc_cubic *cu = cubic_of(cc);

	cu->epoch_ns = cu->undo_epoch_ns;
	cu->w_est = cu->undo_w_est;
	cu->k_ms = cu->undo_k_ms;
	cu->w_max = cu->undo_w_max;
	cu->cwnd_prior = cu->undo_cwnd_prior;
}

const struct tcp_cc_ops tcp_cc_cubic = {
	.name = "cubic",
	.acked = cubic_acked,
	.passed = pass_over,
	.reduce = cubic_reduce,
	.restored = cubic_restored,
};

static int start(struct holm_net *net)
{
	return tcp_cc_register(net, &tcp_cc_cubic);
}

static const struct holm_proto *const needs[] = { &holm_tcp, NULL };

const struct holm_proto holm_tcp_cubic = {
	.name = "tcp-cubic",
	.kind = PROTO_PART,
	.needs = needs,
	.start = start,
};
