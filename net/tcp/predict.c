/*
 * Header prediction (Van Jacobson, 1990): what comes is next in order, acknowledges everything in flight
 * or nothing new, and finds a connection at which nothing is amiss. It needs none of the questions that
 * the steps of RFC 9293 3.10.7.4 ask, only what they do then. Requests and answers have it shorter still,
 * calm.c.
 *
 * The steps are the definition. tests/sim/same.c runs the same streams with and without this file and
 * compares every frame.
 */
#include "net/tcp/hot.h"
#include "net/tcp/lend.h"

/*
 * Does it acknowledge all that is in flight, sent once and missed by nobody, or carry text and
 * acknowledge nothing new?
 */
static inline bool is_plain_ack(const struct holm_tcp *c, const struct tcp_rx *rx)
{
	const struct tcp_flight *fl = c->flight;

	if (rx->h->ack == c->snd_una.v)
		return rx->orig_len > 0;
	return rx->h->ack == fl->snd_nxt.v && fl->repair && tcp_is_plain(fl);
}

/* The fifth step of such a segment, up to the window. */
static inline void ack_all(struct holm_tcp *c, const struct tcp_rx *rx)
{
	struct tcp_flight *fl = c->flight;
	struct tcp_seq ack = seq_of(rx->h->ack);
	uint32_t acked = seq_diff(ack, c->snd_una);

	tcp_sample_rtt(c, rx, ack);
	c->snd_una = ack;
	fl->progress_ns = rx->net->now;
	fl->retries = 0;
	rx->net->tcp->sack->acked_plain(c, acked);
	if (fl->lend) {
		(void)tcp_lend_discard(c);
	} else {
		holm_sndbuf_discard(c->snd, seq_diff(ack, fl->buf_seq));
		fl->buf_seq = ack;
	}
	c->flags &= ~(uint32_t)TCP_REXMT;
	ip_dst_confirm(rx->net, c->dst);
}

/* The seventh step; of the usual kind, if it lies in one frame and the buffer takes all of it. */
static inline void take_text(struct holm_tcp *c, struct tcp_rx *rx)
{
	struct holm_frame *f = rx->f;

	rx->seq = c->rcv_nxt;
	rx->skip = 0;
	rx->len = rx->orig_len;
	if (unlikely(f->chain || (c->flags & TCP_OVERPROMISED)))
		tcp_text_in_order(c, rx);
	else
		(void)tcp_text_taken(
			rx->net, c, rx->len,
			(uint32_t)holm_rcvbuf_accept(c->rcv, 0, f, f->payload_off, rx->len),
			rx->frame_len);
}

/* It is new, in order, and no older than the last: RFC 7323 4.3 (2), and when it came. */
static inline void note_expected(struct holm_tcp *c, const struct tcp_rx *rx)
{
	net_count(rx->net, HOLM_COUNT_TCP_PREDICTED_RX);
	if ((c->flags & TCP_TS) && seq_leq(c->rcv_nxt, c->flight->rcv_acked))
		c->ts_recent = rx->h->tsval;
	c->last_rx = tcp_stamp(rx->net->now);
}

bool tcp_predicted_input(struct holm_tcp *c, struct tcp_rx *rx)
{
	if (!tcp_is_usual(c) || c->flight->calm || !tcp_is_next(c, rx, 0) || !is_plain_ack(c, rx))
		return false;
	note_expected(c, rx);
	if (!(c->flags & TCP_REXMT))
		c->flight->retries = 0;
	if (rx->h->ack != c->snd_una.v)
		ack_all(c, rx);
	else if (rx->orig_len > 0)
		ip_dst_confirm(rx->net, c->dst);
	tcp_take_window(c, rx->last_seq, rx->h->wnd);
	if (rx->orig_len > 0)
		take_text(c, rx);
	return true;
}
