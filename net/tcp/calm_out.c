/*
 * What a calm connection (calm.c) sends: a message in a segment of its own or in a run of them, a
 * stream a window at a time, its FIN, and ACKs alone, these of any connection. A segment's headers
 * are written in one piece from what connection, destination and neighbour hold. What does not fit
 * is output.c's, as is every visit of others.
 */
#include "net/tcp/hot.h"

#include "lib/checksum_short.h"
#include "net/core/pool.h"
#include "net/core/ring_short.h"

/* ---- A segment ----------------------------------------------------------------------------------- */

/* Nothing is in flight, and what is queued may go. */
static inline bool has_turn(const struct holm_net *net, struct holm_tcp *c)
{
	/* RFC 5681 4.1: a single segment of calm is within what is left of the window. */
	if (unlikely(tcp_stamp(net->now) - c->last_rx >= TCP_CALM_SILENCE))
		tcp_cc_on_idle(c);
	return seq_eq(c->flight->snd_nxt, c->snd_una) && !(c->flags & TCP_MORE);
}

/*
 * Of `n` bytes, while nothing is in flight, what the peer's window lets go: all of them, or whole
 * segments.
 */
static inline uint32_t within_window(const struct holm_tcp *c, uint32_t n, uint32_t mss)
{
	return likely(n <= c->snd_wnd) ? n : c->snd_wnd - c->snd_wnd % mss;
}

/*
 * cwnd lets these `n` of all that is queued go, and does not grow by them: in slow start it would
 * by more than half of it, later where it holds anything back.
 */
static inline bool cwnd_rests(const struct holm_tcp *c, uint32_t n, uint32_t queued)
{
	return c->cwnd < c->ssthresh ? n <= c->cwnd / 2 : min_u32(queued, c->snd_wnd) <= c->cwnd;
}

/* Nothing is in flight, and `n` bytes, all there is, are within the peer's window. */
static inline bool has_room(const struct holm_net *net, struct holm_tcp *c, uint32_t n)
{
	return has_turn(net, c) && n <= c->snd_wnd;
}

static inline bool has_way(const struct holm_net *net, const struct holm_tcp *c, uint32_t n)
{
	return tcp_has_way(net, c->dst, n + TCP_HDR_TS_BYTES);
}

/* A message to `p`; returns its sum. */
static always_inline uint64_t copy_and_sum(struct holm_tcp *c, uint8_t *p, uint32_t len)
{
	const uint8_t *from = ring_snd_look(c->snd, 0, len);

	return likely(from) ? checksum_copy_wide(p, from, len)
			    : tcp_copy_queued(c->snd, false, p, 0, len);
}

static never_inline uint16_t announce_any(struct holm_tcp *c)
{
	return tcp_announce_window(c);
}

/*
 * tcp_announce_window() of an open connection in calm, whose window nothing clamps: by the message
 * it does not open, but is rounded up to a unit where the buffer honours that.
 */
static always_inline uint16_t announce_window(struct holm_tcp *c)
{
	size_t whole = holm_rcvbuf_window(c->rcv), mss = c->flight->rcv_mss;
	uint32_t promised = tcp_rcv_wnd(c);
	unsigned scale = tcp_rcv_wscale(c);
	uint32_t wnd = (promised + (1u << scale) - 1) >> scale;

	if (unlikely(whole >= promised + mss || whole < 2 * mss || mss > INT16_MAX))
		return announce_any(c);
	if (wnd << scale > whole)
		return (uint16_t)(promised >> scale);
	c->rcv_adv = seq_add(c->rcv_nxt, wnd << scale);
	return (uint16_t)wnd;
}

/* Then checksums are not ours. */
#define DEFERRED ((uint32_t)(HOLM_DEV_TX_CSUM | HOLM_DEV_NO_CSUM))

/* All headers are written here, in one piece: of either family, with a timestamp or without. */
static always_inline bool send_in_one(struct holm_net *net, struct holm_tcp *c, uint32_t len,
				      uint32_t flags, bool ip6, bool stamped)
{
	const struct neigh *neigh = c->dst->neigh;
	struct holm_netif *netif = neigh->netif;
	uint32_t hdr_len = stamped ? TCP_HDR_TS_BYTES : TCP_HDR_BYTES;
	uint32_t l4_off = ETH_HDR_BYTES + (ip6 ? IP6_HDR_BYTES : IP4_HDR_BYTES);
	struct holm_frame *f = tcp_begin_frame(net, neigh, l4_off, hdr_len, len, len == 0);
	uint64_t sum, pseudo;
	uint8_t *p;

	if (unlikely(!f))
		return false;
	p = f->segs_inline[0].data;
	sum = tcp_write_numbers(net, c, p + l4_off, c->flight->snd_nxt, flags,
				tcp_announce_window(c), stamped);
	pseudo = tcp_write_ip(c, p + ETH_HDR_BYTES, hdr_len + len, ip6);
	if (netif->features & DEFERRED) {
		tcp_leave_sum(f, p, l4_off, pseudo);
		if (len > 0)
			(void)tcp_copy_queued(c->snd, true, p + l4_off + hdr_len, 0, len);
	} else {
		sum += pseudo;
		if (likely(len > 0))
			sum = checksum_fold_in(sum, copy_and_sum(c, p + l4_off + hdr_len, len));
		store_be16(p + l4_off + TCP_CSUM_OFFSET, checksum_finish(checksum_fold_wide(sum)));
	}
	netif_put(netif, f);
	return true;
}

/* Over IPv4, without timestamps, its sum is ours, and nobody looks at frames. */
static inline bool is_usual(const struct holm_net *net, const struct holm_tcp *c)
{
	return likely(!(c->flags & (TCP_IP6 | TCP_TS)) && !net->tap &&
		      !(c->dst->neigh->netif->features & DEFERRED));
}

/*
 * Such a segment, in calm: IP's header is summed already, and the frame is in the queue while it is written.
 * `open`: both directions are; `bare`: without text.
 */
static always_inline bool send_usual(struct holm_net *net, struct holm_tcp *c, uint32_t len,
				     uint32_t flags, bool open, bool bare)
{
	const uint32_t l4_off = ETH_HDR_BYTES + IP4_HDR_BYTES;
	const struct neigh *neigh = c->dst->neigh;
	struct holm_netif *netif = neigh->netif;
	struct holm_frame *f = netif_take_frame(net, netif, l4_off, TCP_HDR_BYTES, len, bare);
	/* In one word, as the checksum takes them; the header has them the other way round. */
	uint64_t ends = (uint64_t)c->remote4 << 32 | c->local4;
	uint64_t sum;
	uint8_t *p;

	if (unlikely(!f))
		return false;
	netif_put_unseen(net, netif, f);
	p = f->segs_inline[0].data;
	memcpy(p, neigh->header, ETH_HDR_BYTES);
	ip4_write_header_of_kind(p + ETH_HDR_BYTES, IP4_HDR_BYTES + TCP_HDR_BYTES + len,
				 &c->flight->ip, rotl_u64(ends, 32));
	sum = tcp_build_plain(p + l4_off, (uint32_t)c->lport << 16 | c->rport, c->flight->snd_nxt.v,
			      c->rcv_nxt.v, flags,
			      open ? announce_window(c) : tcp_announce_window(c));
	sum = checksum_fold_in(sum + IP4_PROTO_TCP + TCP_HDR_BYTES + len, ends);
	if (!bare)
		sum = checksum_fold_in(sum, copy_and_sum(c, p + l4_off + TCP_HDR_BYTES, len));
	store_be16(p + l4_off + TCP_CSUM_OFFSET, checksum_finish(checksum_fold_wide(sum)));
	return true;
}

/* Any other. */
static never_inline bool send_any(struct holm_net *net, struct holm_tcp *c, uint32_t len,
				  uint32_t flags)
{
	bool stamped = (c->flags & TCP_TS) != 0;

	if (unlikely(c->flags & TCP_IP6))
		return tcp_flow_label(net, c) && send_in_one(net, c, len, flags, true, stamped);
	return stamped ? send_in_one(net, c, len, flags, false, true)
		       : send_in_one(net, c, len, flags, false, false);
}

/*
 * Nothing but a header, over IPv4 without timestamps: of a connection that is not calm, or for a
 * device that sums.
 */
static never_inline bool send_bare_any(struct holm_net *net, struct holm_tcp *c, uint32_t flags)
{
	return send_in_one(net, c, 0, flags, false, false);
}

static never_inline bool send_bare(struct holm_net *net, struct holm_tcp *c, uint32_t flags)
{
	if (likely(c->flight->calm && is_usual(net, c)))
		return send_usual(net, c, 0, flags, false, true);
	if (unlikely(c->flags & (TCP_IP6 | TCP_TS)))
		return send_any(net, c, 0, flags);
	return send_bare_any(net, c, flags);
}

/* In calm, both directions open. */
static inline bool send_it(struct holm_net *net, struct holm_tcp *c, uint32_t len)
{
	return is_usual(net, c) ? send_usual(net, c, len, TCP_ACK | TCP_PSH, true, false)
				: send_any(net, c, len, TCP_ACK | TCP_PSH);
}

/* In calm, with what is queued. */
static inline bool send_fin(struct holm_net *net, struct holm_tcp *c, uint32_t len)
{
	const uint32_t flags = TCP_ACK | TCP_PSH | TCP_FIN;

	if (len == 0)
		return send_bare(net, c, TCP_ACK | TCP_FIN);
	return is_usual(net, c) ? send_usual(net, c, len, flags, false, false)
				: send_any(net, c, len, flags);
}

static inline void note_sent(struct holm_net *net, struct holm_tcp *c, uint32_t n)
{
	struct tcp_flight *fl = c->flight;

	fl->snd_nxt = seq_add(fl->snd_nxt, n);
	fl->small_end = fl->snd_nxt;
	fl->timed_ns = net->now;
	fl->rcv_acked = c->rcv_nxt;
	c->flags = (c->flags & ~(uint32_t)(TCP_ACK_NOW | TCP_ACK_DELAYED)) | TCP_REXMT;
	net_count(net, HOLM_COUNT_TCP_TX_SEGMENTS);
	net_count(net, HOLM_COUNT_TCP_PREDICTED_TX);
	net_timer_arm(net, &fl->timer, net->now + TCP_CALM_NS);
	/* What comes next is the answer, as like as not: then it is nobody's to look up. */
	net->tcp->last = c;
}

/* An ACK alone, of a connection that is not calm, too. False: no way, or no room, which output.c sees to. */
bool tcp_calm_send_ack(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);

	if (!has_way(net, c, 0) || !send_bare(net, c, TCP_ACK))
		return false;
	tcp_note_acked(c);
	net_count(net, HOLM_COUNT_TCP_TX_SEGMENTS);
	return true;
}

/* A visit in calm with nothing new to send: the ACK of what came goes alone, may wait, or there is none. */
static inline bool acknowledge(struct holm_tcp *c)
{
	const struct tcp_flight *fl = c->flight;

	if (((c->flags & TCP_ACK_NOW) ||
	     ((c->flags & TCP_ACK_DELAYED) &&
	      seq_diff(c->rcv_nxt, fl->rcv_acked) >= 2u * fl->rcv_mss)) &&
	    !tcp_calm_send_ack(c))
		return false;
	tcp_timer_update(c);
	return true;
}

/* The program has closed: the FIN goes with what is queued, or alone; or it has gone. */
static never_inline bool output_fin(struct holm_tcp *c, uint32_t n)
{
	struct holm_net *net = tcp_net(c);

	if (c->flags & TCP_FIN_SENT) {
		if (!c->flight->calm || (c->flags & (TCP_ACK_NOW | TCP_ACK_DELAYED)))
			return false;
		tcp_timer_update(c);
		return true;
	}
	if (!(c->flight->calm || (n < TCP_FRAME_PAYLOAD && tcp_calm_begin_end(c))) ||
	    n >= c->flight->calm || !has_room(net, c, n) || !has_way(net, c, n) ||
	    !send_fin(net, c, n))
		return false;
	note_sent(net, c, n + 1);
	c->flags |= TCP_FIN_SENT;
	if (n > 0)
		tcp_answered(net, c);
	return true;
}

/*
 * `n` bytes are cut at once, if they are to be cut: what else may speak against that there is not
 * in calm; or they go as any run does. How many went, or nothing positive. *segments is what all
 * would be, and then what went.
 */
static inline int send_segments(struct tcp_tx *tx, uint32_t n, uint8_t flags, uint32_t *segments)
{
	struct holm_net *net = tx->net;
	struct tcp_seq seq = tx->c->flight->snd_nxt;
	/* What fits one segment is no run, though calm ends below the largest. */
	bool cuts = HOLM_WITH_SUPER && n > tx->mss && net->tcp->send_cut && tcp_is_cut(tx->c);
	int sent = likely(cuts) ? net->tcp->send_cut(tx, seq, n, flags) : 0;
	bool noted = sent == 0;

	if (noted)
		sent = tcp_send_segment(tx, seq, n, flags);
	if (unlikely(sent <= 0))
		return sent;
	if (unlikely((uint32_t)sent < n))
		*segments = tcp_segments_of(tx, (uint32_t)sent);
	if (!noted) {
		net_count_n(net, HOLM_COUNT_TCP_TX_SEGMENTS, *segments);
		tcp_note_acked(tx->c);
	}
	return sent;
}

/* More than a segment is queued: it goes, or whole segments of it that the window has room for. */
static never_inline bool send_run(struct holm_tcp *c, uint32_t queued)
{
	struct holm_net *net = tcp_net(c);
	struct tcp_flight *fl = c->flight;
	uint32_t segments, n;
	struct tcp_tx tx;
	int sent;

	if (!has_turn(net, c))
		return false;
	ip_dst_check(net, c->dst);
	tcp_tx_init(&tx, c, seq_add(fl->snd_nxt, queued));
	n = within_window(c, queued, tx.mss);
	if (n < queued)
		c->flags |= TCP_WND_LIMITED;
	/* A window of less than a segment is output.c's. */
	if (unlikely(n == 0 || !cwnd_rests(c, n, queued)))
		return false;
	segments = tcp_segments_of(&tx, n);
	if (tx.room < segments)
		return false;
	sent = send_segments(&tx, n, n == queued ? TCP_ACK | TCP_PSH : TCP_ACK, &segments);
	if (unlikely(sent <= 0))
		return false;
	fl->snd_nxt = seq_add(fl->snd_nxt, (uint32_t)sent);
	tcp_note_small(c, (uint32_t)sent % tx.mss != 0);
	fl->timed_ns = net->now;
	fl->lends = fl->lend != NULL;
	c->flags |= TCP_REXMT;
	tcp_answered(net, c);
	net_timer_arm(net, &fl->timer, net->now + tcp_calm_wait_ns(c));
	net_count_n(net, HOLM_COUNT_TCP_PREDICTED_TX, segments);
	/* Frames ran out: output.c waits for more. */
	return (uint32_t)sent == n;
}

/*
 * A run is in flight, and `n` bytes wait behind it: can nothing of them go before it has arrived? RFC 9293
 * 3.8.6.2.1: the window leaves room for less than a segment, and less than half of what it has been.
 */
static inline bool is_held_back(struct holm_tcp *c, uint32_t n)
{
	const struct tcp_flight *fl = c->flight;
	uint32_t flying = tcp_in_flight(c);
	uint32_t usable = c->snd_wnd > flying ? c->snd_wnd - flying : 0;

	if (n <= usable || usable >= fl->calm || usable >= max_u32(fl->max_snd_wnd / 2, 1) ||
	    flying + usable > c->cwnd)
		return false;
	c->flags |= TCP_WND_LIMITED;
	return true;
}

/* What may go of `n` bytes that wait may go in calm. A closed window is output.c's. */
static inline bool fits_calm(const struct holm_tcp *c, uint32_t n)
{
	return likely(n <= c->cwnd / 2) ||
	       (c->snd_wnd > 0 && cwnd_rests(c, within_window(c, n, tcp_mss(c)), n));
}

/* Calm now, or from now on, where what may go of `n` bytes that wait may go in calm. */
static inline bool is_calm_for(struct holm_tcp *c, uint32_t n)
{
	return likely(c->flight->calm) ||
	       (seq_eq(c->flight->snd_nxt, c->snd_una) && fits_calm(c, n) && tcp_calm_begin(c));
}

/* Where the connection has been idle, one is made. Others than established ones see to it themselves. */
static inline bool has_block(struct holm_tcp *c)
{
	return likely(c->flight) || (c->state == HOLM_TCP_ESTABLISHED && tcp_flight_make(c));
}

/* A visit of any connection: is what goes in calm all that is due, or nothing? Then that was it. */
static never_inline bool output_any(struct holm_net *net, struct holm_tcp *c)
{
	uint32_t n;

	if (unlikely(!has_block(c)))
		return false;
	n = seq_diff(tcp_snd_end(c), c->flight->snd_nxt);
	if (n == 0)
		return (c->flight->calm ||
			((c->flags & (TCP_ACK_NOW | TCP_ACK_DELAYED)) && is_calm_for(c, 0))) &&
		       acknowledge(c);
	if (unlikely(!is_calm_for(c, n)))
		return false;
	if (tcp_in_flight(c) > 0)
		return is_held_back(c, n) && acknowledge(c);
	if (unlikely(n >= c->flight->calm))
		return send_run(c, n);
	if (!has_room(net, c, n) || !has_way(net, c, n) || !send_any(net, c, n, TCP_ACK | TCP_PSH))
		return false;
	note_sent(net, c, n);
	tcp_answered(net, c);
	return true;
}

/* Of one that may have closed, or died. */
static never_inline bool output_unusual(struct holm_net *net, struct holm_tcp *c)
{
	if (!(c->flags & (TCP_SHUTDOWN | TCP_DEAD)))
		return output_any(net, c);
	return c->flight && output_fin(c, seq_diff(tcp_snd_end(c), c->flight->snd_nxt));
}

/* With one of these its end is near or there, or its program has said that more follows. */
#define UNUSUAL ((uint32_t)(TCP_DEAD | TCP_SHUTDOWN | TCP_FIN_RCVD | TCP_MORE))

/* May what is queued, and was never sent, go in calm from now on? */
static never_inline bool begins(struct holm_tcp *c)
{
	uint32_t n = (uint32_t)tcp_queued_bytes(c);

	return n > 0 && fits_calm(c, n) && tcp_calm_begin(c);
}

/*
 * The usual visit: in calm, where nothing is in flight all that is queued is new, and goes in one
 * segment. Who was silent for long has a smaller window first.
 */
static inline bool output(struct holm_net *net, struct holm_tcp *c)
{
	const struct tcp_flight *fl = c->flight;
	uint32_t n;

	if (FOR_SIZE || unlikely(c->flags & UNUSUAL))
		return output_unusual(net, c);
	if (unlikely(!fl || !seq_eq(fl->snd_nxt, c->snd_una) || (!fl->calm && !begins(c))))
		return output_any(net, c);
	n = (uint32_t)holm_sndbuf_queued(c->snd);
	if (n == 0)
		return acknowledge(c);
	if (unlikely(n >= fl->calm))
		return send_run(c, n);
	if (unlikely(n > c->snd_wnd || tcp_stamp(net->now) - c->last_rx >= TCP_CALM_SILENCE))
		return output_any(net, c);
	if (!has_way(net, c, n) || !send_it(net, c, n))
		return false;
	note_sent(net, c, n);
	tcp_answered(net, c);
	return true;
}

size_t tcp_calm_output_all(struct holm_net *net, size_t budget)
{
	return tcp_visit_noted(net, budget, output);
}
