/*
 * Loss recovery: RFC 5681 section 3.2, RFC 6582 (NewReno), RFC 6298 section 5. Decides what is sent
 * again -- output.c sends [rtx_nxt, rtx_end) -- and how large the congestion window is meanwhile.
 * With a peer that takes SACK, repair.c does that.
 */
#include "net/tcp/room.h"

#define DUPACKS 3u

/* What other controllers than NewReno ask of an ACK. */
static inline void describe(const struct holm_tcp *c, struct tcp_cc_ack *ack)
{
	bool open = c->flight->phase == TCP_OPEN;

	ack->delivered_bytes = ack->acked_bytes;
	ack->in_flight = tcp_in_flight(c);
	ack->prior_in_flight = ack->in_flight + ack->acked_bytes;
	ack->newest_end = c->snd_una.v;
	ack->newest_once = open;
	ack->rtt_us = open ? (uint32_t)(rtt_srtt_ns(&c->rtt) / 1000u) : 0;
}

static void grow(struct holm_tcp *c, uint32_t acked)
{
	struct tcp_cc_ack ack = { .acked_bytes = acked };

	if (HOLM_WITH_CONTROLLERS)
		describe(c, &ack);
	tcp_cc_on_ack(c, &ack);
}

static void mark_again(struct holm_tcp *c, uint32_t len)
{
	struct tcp_flight *fl = c->flight;

	fl->rtx_nxt = c->snd_una;
	fl->rtx_end = seq_min(seq_add(c->snd_una, len), fl->snd_nxt);
	fl->timing = false;
}

/*
 * RFC 6582 3.2, step 3:
 *   Partial acknowledgments: [...] retransmit the first unacknowledged segment. Deflate the
 *   congestion window by the amount of new data acknowledged by the Cumulative Acknowledgment
 *   field. If the partial ACK acknowledges at least one SMSS of new data, then add back SMSS bytes
 *   to the congestion window.
 */
static void partial_ack(struct holm_tcp *c, uint32_t acked)
{
	uint32_t mss = tcp_mss(c);

	c->cwnd = c->cwnd > acked ? c->cwnd - acked : 0;
	if (acked >= mss)
		c->cwnd += mss;
	c->cwnd = max_u32(c->cwnd, mss);
	mark_again(c, mss);
}

/*
 * RFC 6582 3.2, step 3:
 *   Full acknowledgments: [...] set cwnd to [...] min (ssthresh, max(FlightSize, SMSS) + SMSS)
 */
static void full_ack(struct holm_tcp *c)
{
	uint32_t mss = tcp_mss(c);

	c->cwnd = min_u32(c->ssthresh, max_u32(tcp_in_flight(c), mss) + mss);
	c->flight->phase = TCP_OPEN;
}

void tcp_recovery_acked(struct holm_tcp *c, uint32_t acked)
{
	struct tcp_flight *fl = c->flight;

	fl->rtx_nxt = seq_max(fl->rtx_nxt, c->snd_una);
	fl->rtx_end = seq_max(fl->rtx_end, fl->rtx_nxt);
	fl->dupacks = 0;
	fl->credit = 0;
	/* Left valid, it would lie ahead again half a circle later. */
	if (fl->recover_valid && seq_gt(c->snd_una, fl->recover))
		fl->recover_valid = false;
	if (likely(fl->phase == TCP_OPEN)) {
		grow(c, acked);
	} else if (fl->phase == TCP_RECOVERY) {
		if (seq_geq(c->snd_una, fl->recover))
			full_ack(c);
		else
			partial_ack(c, acked);
	} else {
		grow(c, acked);
		if (seq_geq(c->snd_una, fl->recover))
			fl->phase = TCP_OPEN;
	}
}

/*
 * RFC 5681 3.2:
 *   2. When the third duplicate ACK is received, a TCP MUST set ssthresh [...]
 *   3. The lost segment starting at SND.UNA MUST be retransmitted and cwnd set to ssthresh plus
 *      3*SMSS.
 *   4. For each additional duplicate ACK received (after the third), cwnd MUST be incremented by
 *      SMSS.
 * and before that, RFC 3042:
 *   the Limited Transmit algorithm calls for a TCP sender to transmit new data upon the arrival of
 *   the first two consecutive duplicate ACKs
 */
void tcp_recovery_dupack(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;
	uint32_t mss = tcp_mss(c), probe;

	if (fl->dupacks < UINT8_MAX)
		fl->dupacks++;
	if (fl->phase == TCP_RECOVERY) {
		/* What has left the network cannot be more than what was in it. */
		c->cwnd = min_u32(c->cwnd + mss, c->ssthresh + tcp_in_flight(c));
		return;
	}
	if (fl->phase == TCP_OPEN && fl->dupacks < DUPACKS)
		fl->credit = mss;
	if (fl->phase != TCP_OPEN || fl->dupacks != DUPACKS)
		return;
	fl->credit = 0;
	probe = tcp_search_lost(c, 0);
	if (probe > 0) {
		mark_again(c, probe);
		return;
	}
	/* RFC 6582 3.2, step 2: duplicates of what was sent before the last recovery say nothing. */
	if (fl->recover_valid && !seq_gt(c->snd_una, fl->recover))
		return;
	/* What limited transmit has sent beyond cwnd does not count. */
	tcp_cc_on_recovery(c, min_u32(tcp_in_flight(c), c->cwnd));
	fl->phase = TCP_RECOVERY;
	fl->recover = fl->snd_nxt;
	fl->recover_valid = true;
	c->cwnd = c->ssthresh + DUPACKS * mss;
	mark_again(c, mss);
	net_count(tcp_net(c), HOLM_COUNT_TCP_FAST_RETRANSMITS);
}

/* ---- Timeout ------------------------------------------------------------------------------------- */

/* Is our end still an address of ours? */
static bool has_address(const struct holm_tcp *c)
{
	struct tcp_tuple t;

	tcp_get_ends(c, &t);
	return ip_addr_is_local(tcp_net(c), &t.local);
}

/* RFC 9293 3.8.3: R2, as a number of retransmissions or as the user's time. */
static bool is_given_up(const struct holm_tcp *c)
{
	const struct tcp_settings *s = tcp_settings(c);

	if (s->user_timeout_ms)
		return tcp_net(c)->now - c->flight->progress_ns >= TCP_MS(s->user_timeout_ms);
	if (!tcp_is_synchronized(c))
		return c->flight->retries >= (c->flight->half ? TCP_HALF_RETRIES : s->syncnt);
	return c->flight->retries >= (tcp_is_orphan(c) ? TCP_R2_ORPHAN : TCP_R2);
}

static void give_up(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);
	int error = tcp_timeout_error(c);

	if (!has_address(c))
		error = HOLM_ENETDOWN;
	if (!tcp_is_synchronized(c))
		net_count(net, HOLM_COUNT_TCP_FAILED_OPENS);
	tcp_conn_closed(c, error);
}

static void lose_everything(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;

	if (tcp_has_repair(fl)) {
		tcp_net(c)->tcp->sack->timeout(c);
		return;
	}
	tcp_cc_on_timeout(c, fl->retries == 0);
	fl->phase = TCP_LOSS;
	fl->recover = fl->snd_nxt;
	fl->recover_valid = true;
	fl->dupacks = 0;
	mark_again(c, tcp_in_flight(c));
}

/*
 * RFC 6298 5.4 to 5.6:
 *   Retransmit the earliest segment that has not been acknowledged by the TCP receiver. The host
 *   MUST set RTO <- RTO * 2 ("back off the timer"). Start the retransmission timer [...]
 */
bool tcp_recovery_timeout(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);
	struct tcp_flight *fl = c->flight;

	net_count(net, HOLM_COUNT_TCP_TIMEOUTS);
	if (is_given_up(c) || !has_address(c)) {
		give_up(c);
		return false;
	}
	if (!tcp_is_synchronized(c)) {
		if (tcp_fastopen(net->tcp) && c->state == HOLM_TCP_SYN_SENT && fl->retries == 0)
			net->tcp->fastopen->failed(c);
		c->flags |= TCP_SYN_DUE | TCP_SYN_AGAIN;
		fl->timing = false;
	} else if (c->snd_wnd == 0 && seq_lt(c->snd_una, tcp_sent_data_end(c))) {
		/*
		 * The peer took its window back (SHLD-17): not a loss, probe until it opens. A FIN
		 * needs none.
		 */
		c->flags &= ~(uint32_t)TCP_REXMT;
		c->flags |= TCP_PROBE_DUE;
		fl->retries++;
		tcp_timer_persist(c);
		tcp_note_output(c);
		return true;
	} else {
		lose_everything(c);
	}
	fl->retries++;
	if (HOLM_WITH_PLPMTUD && net->tcp->search && tcp_is_synchronized(c))
		net->tcp->search->timeout(c);
	/* RFC 9293 3.8.3 (a): at R1, IP is to look for another way. */
	if (fl->retries == TCP_R1)
		ip_dst_doubt(net, c->dst);
	tcp_timer_rexmt(c);
	tcp_note_output(c);
	return true;
}

void tcp_recovery_resend(struct holm_tcp *c)
{
	if (!c->flight || tcp_in_flight(c) == 0)
		return;
	if (tcp_has_repair(c->flight))
		tcp_net(c)->tcp->sack->resend(c);
	else
		mark_again(c, tcp_in_flight(c));
	tcp_note_output(c);
}
