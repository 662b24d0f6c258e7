/*
 * The fifth step, the ACK field: RFC 9293 section 3.10.7.4, RFC 5961 section 5. Split as the RFC's
 * text is: acceptability, the handshake's ACK, data, window, FIN.
 */
#include "net/tcp/lend.h"
#include "net/tcp/opening.h"

/*
 * RFC 9293 3.10.7.4, fifth:
 *   RFC 5961 [...] the ACK value is considered acceptable only if it is in the range of
 *   ((SND.UNA - MAX.SND.WND) =< SEG.ACK =< SND.NXT).
 * The largest window that the peer's scale allows stands for MAX.SND.WND.
 */
static bool ack_acceptable(const struct holm_tcp *c, struct tcp_seq ack)
{
	uint32_t wnd_max = (uint32_t)65535 << tcp_snd_wscale(c);

	return seq_leq(ack, c->flight->snd_nxt) && seq_geq(ack, seq_sub(c->snd_una, wnd_max));
}

/*
 * Is it the byte that went to probe a closed window? It has arrived: SND.NXT counts it from now on. Nothing
 * else is in flight, so recovery begins anew behind it.
 */
static never_inline bool probe_was_taken(struct holm_tcp *c, struct tcp_seq ack)
{
	struct tcp_flight *fl = c->flight;

	if (!seq_eq(ack, fl->probe_end) || !seq_eq(ack, seq_add(fl->snd_nxt, 1)) ||
	    !seq_lt(fl->snd_nxt, tcp_snd_end(c)))
		return false;
	if (tcp_has_repair(fl))
		tcp_net(c)->tcp->sack->end(c);
	fl->wait = TCP_WAIT_NONE;
	fl->snd_nxt = ack;
	return true;
}

/* RFC 6298 section 3 (Karn), RFC 7323 section 4: which ACKs tell a round-trip time. */
static inline bool measured_rtt(struct holm_tcp *c, const struct tcp_rx *rx, struct tcp_seq ack,
				uint64_t *rtt_ns)
{
	struct tcp_flight *fl = c->flight;
	uint32_t passed;

	if (fl->timing) {
		if (seq_lt(ack, fl->timed))
			return false;
		fl->timing = false;
		*rtt_ns = rx->net->now - fl->timed_ns;
		return true;
	}
	if (!(c->flags & TCP_TS) || !rx->h->has_ts || rx->h->tsecr == 0)
		return false;
	passed = tcp_tsval(rx->net, fl->ts_offset) - rx->h->tsecr;
	/*
	 * After a timeout, an echo from before the retransmission is ambiguous: the ACK that first
	 * carried it may have been lost. Taken, it would make the RTO grow without end on a path
	 * that loses ACKs.
	 */
	if ((fl->retries > 0 && passed > tcp_timer_rexmt_age(c)) || (int32_t)passed < 0)
		return false;
	*rtt_ns = (uint64_t)passed << TCP_TICK_SHIFT;
	return true;
}

void tcp_sample_rtt(struct holm_tcp *c, const struct tcp_rx *rx, struct tcp_seq ack)
{
	uint64_t rtt_ns;

	if (measured_rtt(c, rx, ack, &rtt_ns))
		rtt_sample(&c->rtt, rtt_ns);
}

/* The record of a passive open has taken its sample, and one is enough; both count for little. */
static void sample_handshake(struct holm_tcp *c, const struct tcp_rx *rx, struct tcp_seq ack)
{
	uint64_t rtt_ns;

	if (measured_rtt(c, rx, ack, &rtt_ns) && c->rtt.srtt8 == 0)
		tcp_conn_handshake_rtt(c, rtt_ns);
}

/*
 * SYN-RECEIVED:
 *   If SND.UNA < SEG.ACK =< SND.NXT, then enter ESTABLISHED state and continue processing [...]
 *   If the segment acknowledgment is not acceptable, form a reset segment <SEQ=SEG.ACK><CTL=RST>
 *   and send it.
 */
static enum tcp_verdict ack_syn(struct holm_tcp *c, struct tcp_rx *rx, struct tcp_seq ack)
{
	struct tcp_flight *fl = c->flight;

	bool fast = HOLM_WITH_RECORDS && fl->fast;

	enum tcp_verdict v;

	if ((fast ? seq_lt(ack, c->snd_una) : !seq_gt(ack, c->snd_una)) || seq_gt(ack, fl->snd_nxt))
		return tcp_drop(rx, HOLM_DROP_TCP_ACK_INVALID, TCP_REPLY_RST);
	v = unlikely(fl->half) ? tcp_child_complete(c, rx) : TCP_NEXT;
	if (v != TCP_NEXT)
		return v;
	/* Of a passive open it was taken from the record, or a cookie's timestamp tells none. */
	if (fl->timing)
		sample_handshake(c, rx, ack);
	if (!fast)
		c->snd_una = ack;
	c->snd_wnd = (uint32_t)rx->h->wnd << tcp_snd_wscale(c);
	fl->snd_wl1 = rx->last_seq;
	fl->max_snd_wnd = c->snd_wnd;
	tcp_conn_established(c);
	return TCP_NEXT;
}

/*
 * ESTABLISHED:
 *   If SND.UNA < SEG.ACK =< SND.NXT, then set SND.UNA <- SEG.ACK. Any segments on the retransmission
 *   queue that are thereby entirely acknowledged are removed.
 */
static void ack_data(struct holm_tcp *c, struct tcp_rx *rx, struct tcp_seq ack)
{
	uint32_t acked = seq_diff(ack, c->snd_una);
	struct tcp_flight *fl = c->flight;

	tcp_sample_rtt(c, rx, ack);
	c->snd_una = ack;
	fl->progress_ns = rx->net->now;
	fl->retries = 0;
	if (tcp_has_repair(fl))
		rx->net->tcp->sack->acked(c, rx, acked, false);
	else
		tcp_recovery_acked(c, acked);
	(void)tcp_lend_discard(c);
	/* RFC 6298 5.2 and 5.3, RFC 7765 4 where little is in flight. */
	if (seq_eq(c->snd_una, fl->snd_nxt))
		tcp_timer_rexmt_stop(c);
	else if (tcp_in_flight(c) < TCP_RESTART_SEGMENTS * fl->cc.mss)
		tcp_timer_restart(c);
	else
		tcp_timer_rexmt(c);
	ip_dst_confirm(rx->net, c->dst);
}

/* RFC 5681 section 2, DUPLICATE ACKNOWLEDGMENT: all five conditions. */
static bool is_duplicate(const struct holm_tcp *c, const struct tcp_rx *rx, struct tcp_seq ack)
{
	return seq_eq(ack, c->snd_una) && tcp_in_flight(c) > 0 && rx->orig_len == 0 &&
	       !(rx->h->flags & (TCP_SYN | TCP_FIN)) &&
	       (uint32_t)rx->h->wnd << tcp_snd_wscale(c) == c->snd_wnd;
}

/* An ACK that moves nothing: what it says of what lies above. */
static void ack_again(struct holm_tcp *c, const struct tcp_rx *rx, struct tcp_seq ack)
{
	bool duplicate = is_duplicate(c, rx, ack);

	if (c->flags & TCP_PERSIST)
		return;
	if (c->flight && tcp_has_repair(c->flight)) {
		if (rx->h->nsack > 0 || duplicate)
			rx->net->tcp->sack->acked(c, rx, 0, duplicate && rx->h->nsack == 0);
	} else if (duplicate) {
		tcp_recovery_dupack(c);
	}
}

/*
 *   If SND.UNA =< SEG.ACK =< SND.NXT, the send window should be updated. If (SND.WL1 < SEG.SEQ or
 *   (SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK)), set SND.WND <- SEG.WND [...]
 */
static void ack_window(struct holm_tcp *c, struct tcp_rx *rx)
{
	uint32_t wnd = (uint32_t)rx->h->wnd << tcp_snd_wscale(c);
	struct tcp_flight *fl = c->flight;
	bool opens = wnd > c->snd_wnd;

	if (seq_lt(rx->last_seq, fl->snd_wl1))
		return;
	fl->snd_wl1 = rx->last_seq;
	c->snd_wnd = wnd;
	fl->max_snd_wnd = max_u32(fl->max_snd_wnd, wnd);
	if (opens && (c->flags & TCP_PERSIST)) {
		/* What was beyond the closed window is lost, as far as we know; it is not congestion. */
		tcp_timer_rexmt_stop(c);
		c->flags &= ~(uint32_t)TCP_PROBE_DUE;
		fl->retries = 0;
		tcp_recovery_resend(c);
	}
}

/*
 * FIN-WAIT-1: if the FIN segment is now acknowledged, then enter FIN-WAIT-2.
 * CLOSING: if the ACK acknowledges our FIN, then enter the TIME-WAIT state.
 * LAST-ACK: if our FIN is now acknowledged, delete the TCB, enter the CLOSED state.
 */
enum tcp_verdict tcp_step5_fin(struct holm_tcp *c)
{
	if (likely(!(c->flags & TCP_FIN_SENT)) || !seq_eq(c->snd_una, c->flight->snd_nxt))
		return TCP_NEXT;
	if (c->state == HOLM_TCP_FIN_WAIT_1) {
		tcp_set_state(c, HOLM_TCP_FIN_WAIT_2);
	} else if (c->state == HOLM_TCP_CLOSING) {
		/* Its ACK of our FIN may have come in one batch with its FIN. */
		return tcp_time_wait_enter(c, (c->flags & TCP_ACK_NOW) != 0);
	} else if (c->state == HOLM_TCP_LAST_ACK) {
		tcp_conn_closed(c, 0);
		return TCP_GONE;
	}
	return TCP_NEXT;
}

enum tcp_verdict tcp_step5_ack(struct holm_tcp *c, struct tcp_rx *rx)
{
	struct tcp_seq ack = seq_of(rx->h->ack);

	/* If the ACK bit is off, drop the segment and return. */
	if (unlikely(!(rx->h->flags & TCP_ACK)))
		return tcp_drop(rx, HOLM_DROP_TCP_ACK_MISSING, TCP_REPLY_NONE);
	if (unlikely(c->state == HOLM_TCP_SYN_RECEIVED)) {
		enum tcp_verdict v = ack_syn(c, rx, ack);

		if (v != TCP_NEXT)
			return v;
	}
	if (unlikely(!ack_acceptable(c, ack)) && !probe_was_taken(c, ack))
		return tcp_drop(rx, HOLM_DROP_TCP_ACK_INVALID, TCP_REPLY_CHALLENGE);
	/* A duplicate of an older ACK: it can be ignored, its text cannot. */
	if (seq_lt(ack, c->snd_una))
		return TCP_NEXT;
	if (seq_gt(ack, c->snd_una))
		ack_data(c, rx, ack);
	else
		ack_again(c, rx, ack);
	ack_window(c, rx);
	return tcp_step5_fin(c);
}
