/*
 * Header prediction (Van Jacobson, 1990), of what comes and of what goes: a request and its answer.
 *
 * What comes is next in order, acknowledges everything in flight or nothing new, and finds a connection
 * at which nothing is amiss: it needs none of the questions that the steps of RFC 9293 3.10.7.4 ask, only
 * what they do then. What goes is all that is queued, in one segment that every window has room for.
 *
 * The steps and output.c are the definition. tests/sim/same.c runs the same streams with and without
 * this file and compares every frame.
 */
#include "net/tcp/room.h"

/* ---- What comes -------------------------------------------------------------------------------- */

/* With one of these there is more to ask of what comes. */
#define UNUSUAL                                                                                    \
	((uint32_t)(TCP_PERSIST | TCP_FIN_SENT | TCP_FIN_RCVD | TCP_ECN | TCP_TLP_DUE |            \
		    TCP_CHILD | TCP_SYN_DUE | TCP_SEARCH))

/* An ESTABLISHED connection that a program holds, both directions open, bytes in order so far. */
static inline bool is_usual(const struct tcp_state *ts, const struct holm_tcp *c)
{
	return c->state == HOLM_TCP_ESTABLISHED && !(c->flags & UNUSUAL) && c->ep.owned && c->rcv &&
	       c->snd && !c->flight->reasm && !c->flight->lend && !ts->unpredicted;
}

/* The header: an ACK, PSH or not, that is next in order and within the window. */
static inline bool is_next(const struct holm_tcp *c, const struct tcp_rx *rx)
{
	const struct tcp_hdr_info *h = rx->h;

	return (h->flags & ~(unsigned)TCP_PSH) == TCP_ACK && h->nsack == 0 &&
	       h->seq == c->rcv_nxt.v && rx->orig_len <= tcp_rcv_wnd(c);
}

/* Timestamps as negotiated, and not older than the last: PAWS has nothing to say. */
static inline bool is_timely(const struct holm_tcp *c, const struct tcp_rx *rx)
{
	return !(c->flags & TCP_TS) || (rx->h->has_ts && !serial_lt(rx->h->tsval, c->ts_recent));
}

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
	holm_sndbuf_discard(c->snd, seq_diff(ack, fl->buf_seq));
	fl->buf_seq = ack;
	c->flags &= ~(uint32_t)TCP_REXMT;
	ip_dst_confirm(rx->net, c->dst);
}

static inline void take_window(struct holm_tcp *c, const struct tcp_rx *rx)
{
	struct tcp_flight *fl = c->flight;

	if (seq_lt(rx->last_seq, fl->snd_wl1))
		return;
	c->snd_wnd = (uint32_t)rx->h->wnd << tcp_snd_wscale(c);
	fl->snd_wl1 = rx->last_seq;
	fl->max_snd_wnd = max_u32(fl->max_snd_wnd, c->snd_wnd);
}

/* The seventh step; of the usual kind, if it lies in one frame and the buffer takes all of it. */
static inline void take_text(struct holm_tcp *c, struct tcp_rx *rx)
{
	const struct holm_frame *f = rx->f;

	rx->seq = c->rcv_nxt;
	rx->skip = 0;
	rx->len = rx->orig_len;
	if (unlikely(f->chain || (c->flags & TCP_OVERPROMISED)))
		tcp_text_in_order(c, rx);
	else
		tcp_text_taken(c, rx,
			       (uint32_t)holm_rcvbuf_accept(c->rcv, 0, f, f->payload_off, rx->len));
}

bool tcp_predicted_input(struct holm_tcp *c, struct tcp_rx *rx)
{
	if (!is_usual(rx->net->tcp, c) || !is_next(c, rx) || !is_timely(c, rx) ||
	    !is_plain_ack(c, rx))
		return false;
	net_count(rx->net, HOLM_COUNT_TCP_PREDICTED_RX);
	if ((c->flags & TCP_TS) && seq_leq(c->rcv_nxt, c->flight->rcv_acked))
		c->ts_recent = rx->h->tsval;
	c->last_rx = tcp_stamp(rx->net->now);
	if (!(c->flags & TCP_REXMT))
		c->flight->retries = 0;
	if (rx->h->ack != c->snd_una.v)
		ack_all(c, rx);
	take_window(c, rx);
	if (rx->orig_len > 0)
		take_text(c, rx);
	return true;
}

/* ---- What goes --------------------------------------------------------------------------------- */

/* With one of these there is more to send, or less. */
#define UNUSUAL_OUT                                                                                \
	((uint32_t)(TCP_SYN_DUE | TCP_PROBE_DUE | TCP_KEEP_DUE | TCP_TLP_DUE | TCP_PERSIST |       \
		    TCP_SHUTDOWN | TCP_FIN_SENT | TCP_FIN_RCVD | TCP_MORE | TCP_ECN | TCP_IP6 |    \
		    TCP_SEARCH))
/* Stamps of 17 ms: after a longer silence than the shortest timeout the window may have to shrink. */
#define SILENCE_MIN ((RTO_MIN_TICKS >> (TCP_STAMP_SHIFT - TCP_TICK_SHIFT)) + 1)

/* Nothing is sent again, nothing is held back, nothing goes along. */
static inline bool may_go(const struct holm_tcp *c)
{
	const struct tcp_flight *fl = c->flight;
	const struct tcp_settings *s = c->settings;

	return c->state == HOLM_TCP_ESTABLISHED && !(c->flags & UNUSUAL_OUT) && fl->repair &&
	       tcp_is_plain(fl) && seq_eq(fl->rtx_nxt, fl->rtx_end) && fl->credit == 0 &&
	       !fl->pacer && !fl->urgent && !fl->reasm && !fl->has_dsack && !s->cork &&
	       !s->notsent_lowat && (s->nodelay || !seq_gt(fl->small_end, c->snd_una));
}

/* What is in flight and the `n` bytes behind it are within both windows. */
static inline bool has_room(const struct holm_tcp *c, uint32_t n)
{
	uint32_t flying = tcp_in_flight(c);

	if (flying == 0 && tcp_stamp(tcp_net(c)->now) - c->last_rx >= SILENCE_MIN)
		return false;
	return flying + n <= min_u32(c->cwnd, c->snd_wnd);
}

/* What output.c notes of a segment that it has sent, with nothing queued behind it. */
static inline void note_sent(struct tcp_tx *tx, uint32_t n)
{
	struct holm_tcp *c = tx->c;
	struct tcp_flight *fl = c->flight;

	if (seq_eq(c->snd_una, fl->snd_nxt))
		fl->progress_ns = tx->net->now;
	fl->snd_nxt = tx->end;
	fl->rtx_nxt = tx->end;
	fl->rtx_end = tx->end;
	tx->net->tcp->sack->sent(c, n);
	if (n < tx->mss)
		fl->small_end = tx->end;
	c->quick = 0;
	if (!fl->timing) {
		fl->timing = true;
		fl->timed = tx->end;
		fl->timed_ns = tx->net->now;
	}
	if (!(c->flags & TCP_REXMT)) {
		fl->retries = 0;
		tcp_timer_rexmt(c);
	}
}

bool tcp_predicted_output(struct holm_tcp *c, struct tcp_seq end)
{
	uint32_t n = seq_diff(end, c->flight->snd_nxt);
	struct tcp_tx tx;

	/* No bytes wrap round and are too many. */
	if (n - 1 >= TCP_FRAME_PAYLOAD || !may_go(c) || !has_room(c, n) ||
	    tcp_net(c)->tcp->unpredicted)
		return false;
	ip_dst_check(tcp_net(c), c->dst);
	tcp_tx_init(&tx, c, end);
	if (n > tx.mss || tx.room == 0 || tcp_send_usual(&tx, n) < 0)
		return false;
	net_count(tx.net, HOLM_COUNT_TCP_PREDICTED_TX);
	note_sent(&tx, n);
	return true;
}
