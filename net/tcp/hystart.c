/*
 * HyStart++: RFC 9406 section 4.2.
 */
#include "net/tcp/hystart.h"

#include "lib/compiler.h"

/* What was learnt in the round that has ended becomes what this one is compared with. */
static void begin_round(struct hystart *h)
{
	h->last_round_min_rtt = h->current_round_min_rtt;
	h->current_round_min_rtt = 0;
	h->rtt_samples = 0;
	if (h->css_baseline_min_rtt)
		h->css_rounds++;
}

static void take_sample(struct hystart *h, uint32_t rtt_us)
{
	if (h->current_round_min_rtt == 0 || rtt_us < h->current_round_min_rtt)
		h->current_round_min_rtt = rtt_us;
	if (h->rtt_samples < UINT8_MAX)
		h->rtt_samples++;
}

/*
 *   RttThresh = max(MIN_RTT_THRESH, min(lastRoundMinRTT / MIN_RTT_DIVISOR, MAX_RTT_THRESH))
 *   if (currentRoundMinRTT >= (lastRoundMinRTT + RttThresh)) cssBaselineMinRtt = currentRoundMinRTT,
 *   exit slow start and enter CSS
 */
static bool has_grown(const struct hystart *h)
{
	uint32_t thresh =
		min_u32(h->last_round_min_rtt / HYSTART_MIN_RTT_DIVISOR, HYSTART_MAX_RTT_THRESH_US);

	thresh = max_u32(thresh, HYSTART_MIN_RTT_THRESH_US);
	return h->last_round_min_rtt != 0 &&
	       h->current_round_min_rtt - h->last_round_min_rtt >= thresh &&
	       h->current_round_min_rtt > h->last_round_min_rtt;
}

enum hystart_phase hystart_acked(struct hystart *h, uint32_t rtt_us, bool round_start)
{
	if (round_start)
		begin_round(h);
	if (rtt_us)
		take_sample(h, rtt_us);
	if (h->css_baseline_min_rtt == 0) {
		if (h->rtt_samples < HYSTART_N_RTT_SAMPLE || !has_grown(h))
			return HYSTART_SLOW_START;
		h->css_baseline_min_rtt = h->current_round_min_rtt;
		h->css_rounds = 0;
		return HYSTART_CSS;
	}
	/* If (currentRoundMinRTT < cssBaselineMinRtt), the exit was spurious: resume slow start. */
	if (h->rtt_samples >= HYSTART_N_RTT_SAMPLE &&
	    h->current_round_min_rtt < h->css_baseline_min_rtt) {
		h->css_baseline_min_rtt = 0;
		return HYSTART_SLOW_START;
	}
	return h->css_rounds >= HYSTART_CSS_ROUNDS ? HYSTART_DONE : HYSTART_CSS;
}
