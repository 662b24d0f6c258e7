/*
 * RACK-TLP: see rack.h.
 */
#include "net/tcp/rack.h"

#include "lib/compiler.h"

/* Step 3: Detect data segment reordering. */
void rack_update(struct tcp_rack *r, const struct tcp_delivery *d)
{
	if (d->reordered)
		r->reordering_seen = true;
	if (d->any)
		rack_sample(r, &d->newest, d->now);
}

/*
 * RFC 8985 6.2, step 4:
 *   If in [this] round no DSACK option [was] received yet [...]: RACK.reo_wnd_mult += 1,
 *   RACK.dsack_round = SND.NXT, RACK.reo_wnd_persist = 16
 */
void rack_dsack(struct tcp_rack *r, struct tcp_seq una, struct tcp_seq nxt)
{
	if (r->in_dsack_round && seq_lt(una, r->dsack_round))
		return;
	r->in_dsack_round = true;
	r->dsack_round = nxt;
	r->persist = RACK_PERSIST;
	if (r->mult < RACK_MULT_MAX)
		r->mult++;
}

void rack_recovered(struct tcp_rack *r)
{
	if (r->persist > 0 && --r->persist == 0)
		r->mult = 1;
}

uint32_t rack_reo_wnd(const struct tcp_rack *r, bool certain, uint32_t srtt)
{
	/* If reordering has not been observed, 0 during recovery or with DupThresh segments. */
	if (!r->reordering_seen && certain)
		return 0;
	/*
	 * A clock that shows no round trip tells nothing of how far apart two segments were sent:
	 * a step of it is no sign of loss.
	 */
	if (!r->has_rtt || r->min_rtt == 0)
		return RACK_COARSE;
	return (uint32_t)min_u64((uint64_t)r->mult * r->min_rtt / 4, max_u32(srtt, r->min_rtt));
}

/* Was the range sent before the newest delivered segment? Sequence numbers break ties. */
static bool is_before(const struct tcp_sent *e, const struct tcp_rack *r)
{
	return serial_lt(e->tx, r->tx) || (e->tx == r->tx && seq_lt(e->end, r->end));
}

/*
 * RFC 8985 6.2, step 5, RACK_detect_loss():
 *   For each segment, Segment, not acknowledged yet: [...] If RACK_sent_after(RACK.xmit_ts,
 *   RACK.end_seq, Segment.xmit_ts, Segment.end_seq): remaining = Segment.xmit_ts + RACK.rtt +
 *   RACK.reo_wnd - Now(). If remaining <= 0: Segment.lost = TRUE. Else: timeout = max(remaining,
 *   timeout)
 */
uint32_t rack_detect(const struct tcp_rack *r, struct tcp_score *s, uint32_t reo_wnd, uint32_t now,
		     uint32_t *wait)
{
	uint32_t before = s->lost;

	*wait = 0;
	if (!r->has_segment)
		return 0;
	for (uint32_t i = 0; i < s->n; i++) {
		const struct tcp_sent *e = tcp_score_at(s, i);
		int32_t remaining;

		if (e->flags & (SENT_SACKED | SENT_LOST))
			continue;
		if (!is_before(e, r)) {
			/* What was sent once lies in the order of sending. */
			if (seq_gt(e->end, s->again_end) && !(e->flags & SENT_AGAIN))
				break;
			continue;
		}
		remaining = (int32_t)(e->at + r->rtt + reo_wnd - now);
		if (remaining <= 0)
			tcp_score_lose(s, i);
		else
			*wait = max_u32(*wait, (uint32_t)remaining);
	}
	return s->lost - before;
}

/*
 * RFC 8985 6.3, RACK_mark_losses_on_RTO():
 *   For each segment, Segment, not acknowledged yet: If SEG.SEQ == SND.UNA OR Segment.xmit_ts +
 *   RACK.rtt + RACK.reo_wnd - Now() <= 0: Segment.lost = TRUE
 */
void rack_timeout(const struct tcp_rack *r, struct tcp_score *s, struct mem *mem, uint32_t reo_wnd,
		  uint32_t now, uint32_t mss)
{
	tcp_score_lose_first(s, mem, mss);
	for (uint32_t i = 0; i < s->n; i++) {
		const struct tcp_sent *e = tcp_score_at(s, i);

		if ((int32_t)(e->at + r->rtt + reo_wnd - now) <= 0)
			tcp_score_lose(s, i);
	}
}

enum tlp_result tlp_acked(struct tcp_tlp *t, struct tcp_seq ack, const struct tcp_seq *dsack_end,
			  bool plain)
{
	if (!t->outstanding || seq_lt(ack, t->end))
		return TLP_NONE;
	/* Case 1: the probe was new data. Cases 2 and 4: both the segment and its repetition arrived. */
	if (!t->again || (dsack_end && seq_eq(*dsack_end, t->end)) ||
	    (plain && seq_eq(ack, t->end))) {
		t->outstanding = false;
		return TLP_DELIVERED;
	}
	/* Case 3: an ACK beyond the probe, and no sign that it arrived twice: it repaired a loss. */
	if (seq_gt(ack, t->end)) {
		t->outstanding = false;
		return TLP_REPAIRED;
	}
	return TLP_NONE;
}
