/*
 * The end of a connection as it usually is: a FIN leaves with the last bytes or alone, while nothing else
 * is in flight, and what comes is next in order, with a FIN or without, and acknowledges all or nothing
 * new. Such a FIN is as calm as data (calm.c): recovery does not hear of it unless it gets lost.
 *
 * The steps and output.c are the definition. tests/sim/same.c runs the same streams with and without
 * this file and compares every frame.
 */
#include "net/tcp/hot.h"

/* ---- What comes ---------------------------------------------------------------------------------- */

/* The next in order, within the window; all in flight has arrived, or nothing more. */
static bool is_next(const struct holm_tcp *c, const struct tcp_rx *rx)
{
	const struct tcp_hdr_info *h = rx->h;

	if ((h->flags & ~(unsigned)(TCP_PSH | TCP_FIN)) != TCP_ACK || h->nsack > 0 ||
	    h->seq != c->rcv_nxt.v || rx->orig_len > tcp_rcv_wnd(c) ||
	    (h->ack != c->snd_una.v && h->ack != c->flight->snd_nxt.v))
		return false;
	/* PAWS has nothing to say. */
	return !(c->flags & TCP_TS) || (h->has_ts && !serial_lt(h->tsval, c->ts_recent));
}

/* It ends something, and its text, if there is any, is for a program that reads. */
static bool is_last(const struct holm_tcp *c, const struct tcp_rx *rx)
{
	bool fin = (rx->h->flags & TCP_FIN) != 0;

	if ((fin || rx->orig_len > 0) && (c->flags & TCP_FIN_RCVD))
		return false;
	if (rx->orig_len > 0 && (!c->rcv || !c->ep.owned))
		return false;
	return fin || ((c->flags & TCP_FIN_SENT) && rx->h->ack != c->snd_una.v);
}

/* The fifth step: the one segment that left at flight->timed_ns has arrived. */
static void ack_it(struct holm_tcp *c, const struct tcp_rx *rx)
{
	struct tcp_flight *fl = c->flight;
	uint32_t bytes = seq_diff(fl->snd_nxt, c->snd_una) - ((c->flags & TCP_FIN_SENT) != 0);

	rtt_sample(&c->rtt, rx->net->now - fl->timed_ns);
	rack_round_trip(&fl->rack, repair_units(fl->timed_ns), repair_units(rx->net->now));
	if (bytes > 0)
		holm_sndbuf_discard(c->snd, bytes);
	fl->buf_seq = seq_add(fl->buf_seq, bytes);
	c->snd_una = fl->snd_nxt;
	fl->calm_acked = true;
	fl->progress_ns = rx->net->now;
	c->flags &= ~(uint32_t)TCP_REXMT;
	ip_dst_confirm(rx->net, c->dst);
}

/* Both directions end with this segment: nobody will ask recovery any more. */
static bool is_the_end(const struct holm_tcp *c, const struct tcp_rx *rx)
{
	return (c->flags & TCP_FIN_SENT) && rx->h->ack == c->flight->snd_nxt.v &&
	       ((c->flags & TCP_FIN_RCVD) || rx->fin);
}

enum tcp_verdict tcp_closing_input(struct holm_tcp *c, struct tcp_rx *rx)
{
	enum tcp_verdict v;

	if (!is_next(c, rx) || !is_last(c, rx))
		return TCP_NEXT;
	net_count(rx->net, HOLM_COUNT_TCP_PREDICTED_RX);
	rx->seq = c->rcv_nxt;
	rx->skip = 0;
	rx->len = rx->orig_len;
	rx->fin = (rx->h->flags & TCP_FIN) != 0;
	if ((c->flags & TCP_TS) && seq_leq(c->rcv_nxt, c->flight->rcv_acked))
		c->ts_recent = rx->h->tsval;
	c->last_rx = tcp_stamp(rx->net->now);
	if (is_the_end(c, rx))
		c->flight->calm = 0;
	if (rx->h->ack != c->snd_una.v)
		ack_it(c, rx);
	tcp_take_window(c, rx->last_seq, rx->h->wnd);
	v = tcp_step5_fin(c);
	if (v != TCP_NEXT)
		return v;
	if (rx->len > 0)
		tcp_text_in_order(c, rx);
	return tcp_step8_fin(c, rx);
}

/* ---- What goes ----------------------------------------------------------------------------------- */

/* With one of these there is more to send, or to ask. */
#define UNUSUAL                                                                                    \
	((uint32_t)(TCP_REXMT | TCP_PERSIST | TCP_PROBE_DUE | TCP_KEEP_DUE | TCP_TLP_DUE |         \
		    TCP_SYN_DUE | TCP_CHILD | TCP_ECN | TCP_SEARCH | TCP_CWND_LIMITED |            \
		    TCP_WND_LIMITED))

/* The program has closed, and `n` bytes and the FIN are all that is left to be sent. */
static bool begin_closing(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;

	if ((c->state != HOLM_TCP_FIN_WAIT_1 && c->state != HOLM_TCP_LAST_ACK) || !c->snd ||
	    fl->reasm || tcp_net(c)->tcp->unpredicted || !tcp_is_still(c, UNUSUAL))
		return false;
	fl->retries = 0;
	fl->calm = 1;
	return true;
}

/* All windows have room for `n` bytes, which are less than a segment. */
static bool has_room(const struct tcp_tx *tx, uint32_t n)
{
	const struct holm_tcp *c = tx->c;

	if (tx->room == 0 || !seq_eq(c->flight->snd_nxt, c->snd_una))
		return false;
	return n == 0 ||
	       (n < min_u32(tx->mss, TCP_FRAME_PAYLOAD) && n <= min_u32(c->cwnd / 2, c->snd_wnd) &&
		tcp_stamp(tx->net->now) - c->last_rx < TCP_CALM_SILENCE);
}

static void note_sent(struct holm_net *net, struct holm_tcp *c, uint32_t n)
{
	struct tcp_flight *fl = c->flight;

	fl->snd_nxt = seq_add(fl->snd_nxt, n + 1);
	fl->timed_ns = net->now;
	if (n > 0)
		tcp_answered(net, c);
	c->flags |= TCP_REXMT | TCP_FIN_SENT;
	net_count(net, HOLM_COUNT_TCP_PREDICTED_TX);
	net_timer_arm(net, &fl->timer, net->now + TCP_CALM_NS);
}

bool tcp_closing_output(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);
	struct tcp_seq end = tcp_snd_end(c);
	struct tcp_tx tx;
	uint32_t n;

	if (c->flags & TCP_FIN_SENT) {
		if (!c->flight->calm || (c->flags & (TCP_ACK_NOW | TCP_ACK_DELAYED)))
			return false;
		tcp_timer_update(c);
		return true;
	}
	if (!begin_closing(c))
		return false;
	n = seq_diff(end, c->flight->snd_nxt);
	ip_dst_check(net, c->dst);
	tcp_tx_init(&tx, c, end);
	if (!has_room(&tx, n) ||
	    tcp_send_segment(&tx, c->flight->snd_nxt, n,
			     n > 0 ? TCP_ACK | TCP_PSH | TCP_FIN : TCP_ACK | TCP_FIN) < 0) {
		c->flight->calm = 0;
		return false;
	}
	note_sent(net, c, n);
	return true;
}
