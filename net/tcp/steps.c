/*
 * SYN-RECEIVED and later: RFC 9293 section 3.10.7.4. The order of these checks is part of the
 * protocol. Steps 5, 7 and 8 are in step5_ack.c and step7_text.c.
 */
#include "net/tcp/room.h"

/* RFC 7323 5.5: a timestamp older than 24 days says nothing. As a difference of stamps. */
#define TS_RECENT_VALID (uint32_t)(TCP_S(24 * 86400) >> TCP_STAMP_SHIFT)
/* RFC 5961 7: challenge ACKs per connection and second. */
#define CHALLENGES_MAX 3u

static bool in_window(const struct holm_tcp *c, struct tcp_seq s)
{
	return seq_in(s, c->rcv_nxt, tcp_rcv_wnd(c));
}

/*
 * RFC 9293 3.10.7.4, first:
 *   There are four cases for the acceptability test for an incoming segment [...]
 * With two allowances: a bare ACK or a FIN may lie exactly at the right edge, since neither needs
 * room; and what begins at RCV.NXT is looked at with a zero window too, for its ACK, RST and URG
 * (MUST-66).
 */
static bool is_acceptable(const struct holm_tcp *c, const struct tcp_rx *rx)
{
	uint32_t seg_len = rx->len + rx->syn + rx->fin;
	struct tcp_seq edge = seq_add(c->rcv_nxt, tcp_rcv_wnd(c));

	if (seg_len == 0)
		return seq_geq(rx->seq, c->rcv_nxt) && seq_leq(rx->seq, edge);
	if (seq_eq(rx->seq, c->rcv_nxt) || in_window(c, rx->seq))
		return true;
	if (rx->len == 0 && rx->fin && seq_eq(rx->seq, edge))
		return true;
	/* Begins before the window and reaches into it. */
	return seq_lt(rx->seq, c->rcv_nxt) && seq_gt(seq_add(rx->seq, seg_len), c->rcv_nxt);
}

/*
 * An unacceptable segment that needs an answer, whatever the limit on challenges: data or a FIN that
 * we have (our ACK was lost), or a keep-alive.
 */
static enum tcp_reply_kind reply_to_unacceptable(const struct holm_tcp *c, const struct tcp_rx *rx)
{
	struct tcp_seq end = seq_add(rx->seq, rx->len + rx->fin);

	if (rx->len + rx->fin > 0 && seq_leq(end, c->rcv_nxt))
		return TCP_REPLY_ACK;
	if (rx->len == 0 && seq_eq(seq_add(rx->seq, 1), c->rcv_nxt))
		return TCP_REPLY_ACK;
	return TCP_REPLY_CHALLENGE;
}

/*
 * RFC 7323 5.3:
 *   R1) If there is a Timestamps option in the arriving segment, SEG.TSval < TS.Recent, TS.Recent is
 *       valid [...] and if the RST bit is not set, then treat the arriving segment as not
 *       acceptable: Send an acknowledgment in reply [...] and drop the segment.
 */
static bool is_old(const struct holm_tcp *c, const struct tcp_rx *rx)
{
	return rx->h->has_ts && serial_lt(rx->h->tsval, c->ts_recent) &&
	       !(rx->h->flags & TCP_RST) && tcp_stamp(rx->net->now) - c->last_rx < TS_RECENT_VALID;
}

/*
 * RFC 9293 3.10.7.4, first:
 *   Segments that [...] fall outside the window should be trimmed off [...] to contain only new
 *   data.
 */
void tcp_trim(struct holm_tcp *c, struct tcp_rx *rx)
{
	uint32_t wnd = tcp_rcv_wnd(c);

	if (seq_lt(rx->seq, c->rcv_nxt)) {
		uint32_t old = seq_diff(c->rcv_nxt, rx->seq);

		if (rx->syn) {
			rx->syn = false;
			old--;
		} else if (rx->len > 0) {
			tcp_sack_duplicate(c, rx->seq, seq_add(rx->seq, min_u32(old, rx->len)));
		}
		rx->skip += old;
		rx->len -= min_u32(old, rx->len);
		rx->seq = c->rcv_nxt;
	}
	if (seq_diff(rx->seq, c->rcv_nxt) + rx->len > wnd) {
		rx->len = wnd - min_u32(wnd, seq_diff(rx->seq, c->rcv_nxt));
		rx->fin = false;
		/* The peer probes the window, or overran it: tell it where it is. */
		rx->reply = TCP_REPLY_ACK;
	}
}

/*
 * RFC 7323 4.3 (2): If SEG.TSval >= TS.Recent and SEG.SEQ <= Last.ACK.sent, then SEG.TSval is copied to
 * TS.Recent.
 * What is older comes here only where TS.Recent is not valid any more (5.5): then it is the first of
 * a new one, in order or not, because what follows is judged by it.
 */
static void note_timestamp(struct holm_tcp *c, const struct tcp_rx *rx)
{
	if (rx->h->has_ts && !(rx->h->flags & TCP_RST) &&
	    (seq_leq(rx->seq, c->flight->rcv_acked) || serial_lt(rx->h->tsval, c->ts_recent)))
		c->ts_recent = rx->h->tsval;
}

static enum tcp_verdict step1_sequence(struct holm_tcp *c, struct tcp_rx *rx)
{
	bool whole;

	/* Both ends opened: the SYN that comes with the ACK of ours was counted already. */
	if (c->state == HOLM_TCP_SYN_RECEIVED && rx->syn &&
	    seq_eq(seq_add(rx->seq, 1), c->rcv_nxt)) {
		rx->syn = false;
		rx->seq = c->rcv_nxt;
		/* The SYN again: our SYN-ACK was lost, or is late. */
		if (c->flight->half)
			c->flags |= TCP_SYN_DUE;
	}
	if ((c->flags & TCP_TS) && is_old(c, rx))
		return tcp_drop(rx, HOLM_DROP_TCP_PAWS, reply_to_unacceptable(c, rx));
	/* What is expected next, and fits the window, needs no closer look. */
	whole = seq_eq(rx->seq, c->rcv_nxt) && rx->len <= tcp_rcv_wnd(c);
	if (unlikely(!whole) && !is_acceptable(c, rx)) {
		if (rx->h->flags & TCP_RST)
			return tcp_drop(rx, HOLM_DROP_TCP_RST_INVALID, TCP_REPLY_NONE);
		if (rx->len > 0 && reply_to_unacceptable(c, rx) == TCP_REPLY_ACK)
			tcp_sack_duplicate(c, rx->seq, seq_add(rx->seq, rx->len));
		return tcp_drop(rx, HOLM_DROP_TCP_SEQUENCE, reply_to_unacceptable(c, rx));
	}
	if (c->flags & TCP_TS)
		note_timestamp(c, rx);
	c->last_rx = tcp_stamp(rx->net->now);
	if (!(c->flags & (TCP_REXMT | TCP_PERSIST)))
		c->flight->retries = 0; /* keep-alive: the peer is there */
	if (unlikely(!whole))
		tcp_trim(c, rx);
	return TCP_NEXT;
}

/*
 * The error that a reset means to the program: RFC 9293 3.10.7.4, second, by state. While our FIN
 * waits behind bytes, which are lost now, the RFC's state is one before it.
 */
static int reset_error(const struct holm_tcp *c)
{
	switch ((enum holm_tcp_state)c->state) {
	case HOLM_TCP_SYN_RECEIVED:
		return HOLM_ECONNREFUSED;
	case HOLM_TCP_ESTABLISHED:
	case HOLM_TCP_FIN_WAIT_1:
	case HOLM_TCP_FIN_WAIT_2:
	case HOLM_TCP_CLOSE_WAIT:
		return HOLM_ECONNRESET;
	case HOLM_TCP_CLOSING:
	case HOLM_TCP_LAST_ACK:
		return c->flags & TCP_FIN_SENT ? 0 : HOLM_ECONNRESET;
	case HOLM_TCP_TIME_WAIT:
	case HOLM_TCP_CLOSED:
	case HOLM_TCP_LISTEN:
	case HOLM_TCP_SYN_SENT:
		return 0;
	}
	return 0;
}

/*
 * RFC 9293 3.10.7.4, second:
 *   1) If the RST bit is set and the sequence number is outside the current receive window, silently
 *      drop the segment.
 *   2) If the RST bit is set and the sequence number exactly matches the next expected sequence
 *      number (RCV.NXT), then TCP endpoints MUST reset the connection [...]
 *   3) If the RST bit is set and the sequence number does not exactly match the next expected
 *      sequence value, yet is within the current receive window, TCP endpoints MUST send an
 *      acknowledgment (challenge ACK).
 */
static enum tcp_verdict step2_rst(struct holm_tcp *c, struct tcp_rx *rx)
{
	if (likely(!(rx->h->flags & TCP_RST)))
		return TCP_NEXT;
	if (!seq_eq(rx->orig_seq, c->rcv_nxt)) {
		enum tcp_reply_kind reply =
			in_window(c, rx->orig_seq) ? TCP_REPLY_CHALLENGE : TCP_REPLY_NONE;

		return tcp_drop(rx, HOLM_DROP_TCP_RST_INVALID, reply);
	}
	net_count(rx->net, HOLM_COUNT_TCP_RESETS_RECEIVED);
	tcp_conn_closed(c, reset_error(c));
	return TCP_GONE;
}

/*
 * RFC 9293 3.10.7.4, fourth:
 *   If the SYN bit is set in these synchronized states, it may be either a legitimate new connection
 *   attempt [...] or an attack. [...] the TCP endpoint MUST send a "challenge ACK" to the remote
 *   peer: <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>. After sending the acknowledgment, TCP
 *   implementations MUST drop the unacceptable segment and stop processing further.
 */
static enum tcp_verdict step4_syn(struct holm_tcp *c, struct tcp_rx *rx)
{
	if (likely(!(rx->h->flags & TCP_SYN)) || c->state == HOLM_TCP_SYN_RECEIVED)
		return TCP_NEXT;
	return tcp_drop(rx, HOLM_DROP_TCP_SYN_INVALID, TCP_REPLY_CHALLENGE);
}

/* The window in which challenges are counted is a second of the low six bits. */
bool tcp_challenge_allowed(struct holm_tcp *c)
{
	uint8_t second = (uint8_t)((tcp_net(c)->now >> TCP_SECOND_SHIFT & 63) << 2);
	struct tcp_flight *fl = c->flight;

	if ((fl->challenge & 0xfc) != second)
		fl->challenge = second;
	if ((fl->challenge & 3u) >= CHALLENGES_MAX)
		return false;
	fl->challenge++;
	return true;
}

enum tcp_verdict tcp_input_text_again(struct holm_tcp *c, struct tcp_rx *rx)
{
	enum tcp_verdict v;

	/* What came before it may have covered it by now. */
	if (!is_acceptable(c, rx))
		return tcp_drop(rx, HOLM_DROP_TCP_SEQUENCE, reply_to_unacceptable(c, rx));
	tcp_trim(c, rx);
	v = tcp_step7_text(c, rx);
	return v == TCP_NEXT ? tcp_step8_fin(c, rx) : v;
}

/* What few connections have, after the ACK field. */
static never_inline void ack_extras(struct holm_tcp *c, const struct tcp_rx *rx,
				    uint32_t flight_size)
{
	if (c->flags & TCP_ECN)
		rx->net->tcp->ecn->input(c, rx, flight_size);
	if (c->flags & TCP_SEARCH)
		rx->net->tcp->search->acked(c);
}

enum tcp_verdict tcp_input_synchronized(struct holm_tcp *c, struct tcp_rx *rx)
{
	uint32_t flight_size;
	enum tcp_verdict v;

	v = step1_sequence(c, rx); /* trims the segment to the window */
	if (v != TCP_NEXT)
		return v;
	v = step2_rst(c, rx);
	if (v != TCP_NEXT)
		return v;
	/* Third, security and compartment: not supported, as everywhere. */
	v = step4_syn(c, rx);
	if (v != TCP_NEXT)
		return v;
	flight_size = tcp_in_flight(c);
	v = tcp_step5_ack(c, rx);
	if (v != TCP_NEXT)
		return v;
	if (unlikely(c->flags & (TCP_ECN | TCP_SEARCH)))
		ack_extras(c, rx, flight_size);
	/* The sixth is a part; without it the urgent pointer says nothing. */
	if (HOLM_WITH_URG && unlikely(rx->h->flags & TCP_URG) && rx->net->tcp->urgent)
		rx->net->tcp->urgent->step6(c, rx);
	v = tcp_step7_text(c, rx);
	if (v != TCP_NEXT)
		return v;
	return tcp_step8_fin(c, rx);
}
