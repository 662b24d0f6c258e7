/*
 * Header prediction (Van Jacobson, 1990), of what comes and of what goes: a request and its answer.
 *
 * What comes is next in order, acknowledges everything in flight or nothing new, and finds a connection
 * at which nothing is amiss: it needs none of the questions that the steps of RFC 9293 3.10.7.4 ask, only
 * what they do then.
 *
 * What goes is all that is queued, in one segment that every window has room for, while nothing else is
 * in flight. A connection that has begun to talk so is *calm*: flight->calm says that all is well, in
 * place of a dozen questions, and that of what is in flight only its end (SND.NXT) and when it left
 * (flight->timed_ns) are noted. Scoreboard, controller and deadlines do not know of it until somebody
 * asks for more: tcp_stir() in front of everything that is not in this file.
 *
 * The steps and output.c are the definition. tests/sim/same.c runs the same streams with and without
 * this file and compares every frame.
 */
#include "net/tcp/room.h"

#include "net/wire/ip4.h"

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
	return rx->h->ack == fl->snd_nxt.v && (fl->calm || (fl->repair && tcp_is_plain(fl)));
}

/* In calm that is the one segment that left at flight->timed_ns. */
static inline void ack_calm(struct holm_tcp *c, const struct tcp_rx *rx)
{
	struct tcp_flight *fl = c->flight;
	uint64_t now = rx->net->now;
	struct tcp_seq ack = seq_of(rx->h->ack);

	rtt_sample(&c->rtt, now - fl->timed_ns);
	rack_round_trip(&fl->repair->rack, repair_units(fl->timed_ns), repair_units(now));
	holm_sndbuf_discard(c->snd, seq_diff(ack, c->snd_una));
	c->snd_una = ack;
	fl->buf_seq = ack;
	fl->progress_ns = now;
	c->flags &= ~(uint32_t)TCP_REXMT;
	ip_dst_confirm(rx->net, c->dst);
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
	if ((!c->flight->calm && !is_usual(rx->net->tcp, c)) || !is_next(c, rx) ||
	    !is_timely(c, rx) || !is_plain_ack(c, rx))
		return false;
	net_count(rx->net, HOLM_COUNT_TCP_PREDICTED_RX);
	if ((c->flags & TCP_TS) && seq_leq(c->rcv_nxt, c->flight->rcv_acked))
		c->ts_recent = rx->h->tsval;
	c->last_rx = tcp_stamp(rx->net->now);
	if (!(c->flags & TCP_REXMT))
		c->flight->retries = 0;
	if (rx->h->ack != c->snd_una.v) {
		if (likely(c->flight->calm))
			ack_calm(c, rx);
		else
			ack_all(c, rx);
	}
	take_window(c, rx);
	if (rx->orig_len > 0)
		take_text(c, rx);
	return true;
}

/* ---- What goes --------------------------------------------------------------------------------- */

/* With one of these there is more to send, or less, or more to ask of what comes. */
#define UNCALM                                                                                     \
	((uint32_t)(UNUSUAL | TCP_REXMT | TCP_PROBE_DUE | TCP_KEEP_DUE | TCP_SHUTDOWN | TCP_IP6 |  \
		    TCP_CWND_LIMITED | TCP_WND_LIMITED))
/* Stamps of 17 ms: after a longer silence than the shortest timeout the window may have to shrink. */
#define SILENCE_MIN ((RTO_MIN_TICKS >> (TCP_STAMP_SHIFT - TCP_TICK_SHIFT)) + 1)

/* Nothing is in flight, to be sent again, held back, or to go along. */
static bool is_at_rest(const struct holm_tcp *c)
{
	const struct tcp_flight *fl = c->flight;

	return seq_eq(fl->snd_nxt, c->snd_una) && fl->repair && tcp_is_plain(fl) &&
	       seq_eq(fl->rtx_nxt, fl->rtx_end) && fl->credit == 0 && fl->wait == TCP_WAIT_NONE &&
	       !fl->timing && !fl->urgent && !fl->has_dsack && !fl->repair->rack.in_dsack_round;
}

/* Nobody wants to know more of what leaves than that it did. */
static bool is_unwatched(const struct holm_tcp *c)
{
	const struct tcp_flight *fl = c->flight;
	const struct tcp_settings *s = c->settings;

	return !fl->pacer && !fl->cc_ops->wants_rate && !s->cork && !s->notsent_lowat &&
	       !s->keepalive;
}

static never_inline bool begin_calm(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;

	if ((c->flags & UNCALM) || !is_at_rest(c) || !is_usual(tcp_net(c)->tcp, c) ||
	    !is_unwatched(c))
		return false;
	fl->retries = 0;
	fl->calm = (uint16_t)min_u32(min_u32(tcp_mss(c), fl->cc.mss), TCP_FRAME_PAYLOAD);
	return true;
}

void tcp_calm_end(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;
	bool flies = tcp_in_flight(c) > 0;

	fl->calm = 0;
	fl->rtx_nxt = fl->snd_nxt;
	fl->rtx_end = fl->snd_nxt;
	if (!seq_eq(fl->repair->score.una, c->snd_una))
		tcp_cc_catch_up(c);
	c->flags &= ~(uint32_t)TCP_REXMT;
	tcp_net(c)->tcp->sack->catch_up(c);
	if (!flies)
		return;
	fl->progress_ns = fl->timed_ns;
	fl->timing = true;
	fl->timed = fl->snd_nxt;
	tcp_timer_rexmt_from(c, fl->timed_ns);
}

/* Nothing is in flight, and `n` bytes are within both windows, too few for cwnd to grow by them. */
static inline bool has_room(const struct holm_net *net, const struct holm_tcp *c, uint32_t n)
{
	return seq_eq(c->flight->snd_nxt, c->snd_una) && n < c->flight->calm &&
	       n <= min_u32(c->cwnd / 2, c->snd_wnd) && !(c->flags & TCP_MORE) &&
	       tcp_stamp(net->now) - c->last_rx < SILENCE_MIN;
}

/* The way is known, and there is room on it. */
static inline bool has_way(const struct holm_net *net, const struct holm_tcp *c, uint32_t n)
{
	const struct ip_dst *dst = c->dst;
	const struct neigh *neigh = dst->neigh;

	return dst->gen == net->ip_gen && neigh && net->now < neigh->fresh_until_ns &&
	       n + IP4_HDR_BYTES + TCP_HDR_TS_BYTES <= dst->mtu &&
	       neigh->netif->tail - neigh->netif->head <= neigh->netif->ring_mask;
}

static inline void note_sent(struct holm_net *net, struct holm_tcp *c, uint32_t n)
{
	struct tcp_flight *fl = c->flight;

	fl->snd_nxt = seq_add(fl->snd_nxt, n);
	fl->small_end = fl->snd_nxt;
	fl->timed_ns = net->now;
	fl->rcv_acked = c->rcv_nxt;
	c->quick = 0;
	c->flags = (c->flags & ~(uint32_t)(TCP_ACK_NOW | TCP_ACK_DELAYED)) | TCP_REXMT;
	net_count(net, HOLM_COUNT_TCP_TX_SEGMENTS);
	net_count(net, HOLM_COUNT_TCP_PREDICTED_TX);
	net_timer_arm(net, &fl->timer, net->now + TCP_CALM_NS);
}

/* A visit in calm with nothing new to send: the ACK of what came may wait, or there is none. */
static inline bool may_wait(struct holm_tcp *c)
{
	const struct tcp_flight *fl = c->flight;

	if ((c->flags & TCP_ACK_NOW) || ((c->flags & TCP_ACK_DELAYED) &&
					 seq_diff(c->rcv_nxt, fl->rcv_acked) >= 2u * fl->rcv_mss))
		return false;
	tcp_timer_update(c);
	return true;
}

bool tcp_predicted_output(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);
	uint32_t n = seq_diff(tcp_snd_end(c), c->flight->snd_nxt);

	if (n == 0)
		return c->flight->calm && may_wait(c);
	if (unlikely(!c->flight->calm) && !begin_calm(c))
		return false;
	if (!has_room(net, c, n) || !has_way(net, c, n) || !tcp_send_calm(net, c, n))
		return false;
	note_sent(net, c, n);
	return true;
}
