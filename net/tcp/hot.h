/*
 * What a segment runs through, inline because each one does: shared by the steps, by those who predict
 * them (predict.c, calm_in.c), and by output. What a calm connection is, see calm.c.
 */
#ifndef NET_TCP_HOT_H
#define NET_TCP_HOT_H

#include "lib/hash.h"
#include "net/core/ring_short.h"
#include "net/ip/ip4_send.h"
#include "net/ip/ip6_send.h"
#include "net/tcp/room.h"

/* ---- Calm ---------------------------------------------------------------------------------------- */

/* Whom the table of connections has for a packet, as far as its ends where they lie can tell. */
struct tcp_whose {
	struct holm_tcp *c; /* NULL: `hash` is the four-tuple's */
	uint32_t hash;
	bool nobody; /* nothing in the table has that hash */
};

/* calm.c, calm_in.c, calm_out.c, closing.c and predict.c, linked with recovery by SACK. */
struct tcp_calm_ops {
	/* Is the connection calm from now on? The block is there, and it is not yet. */
	bool (*begin)(struct holm_tcp *c);
	/* tcp_predicted_input(). */
	bool (*predicted)(struct holm_tcp *c, struct tcp_rx *rx);
	/*
	 * Of the frames of a run (net/README.md), how many, from the first on, are segments that calm
	 * connections expect? They have been dealt with, and are free. `whose` is whom the one behind
	 * them is for.
	 */
	size_t (*frames)(struct holm_net *net, struct holm_frame **frames, size_t n,
			 struct tcp_whose *whose);
	/*
	 * The same of a frame for the connection whose checksum holds. It is still the caller's. TCP_NEXT: it
	 * has not been dealt with.
	 */
	enum tcp_verdict (*input)(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f);
	/*
	 * An ACK alone, with no option but a timestamp, of any connection with a block. False: its way is not
	 * clear, and nothing was sent.
	 */
	bool (*ack)(struct holm_tcp *c);
	/* Somebody asks for more than this file knows of: have the block say it all. */
	void (*end)(struct holm_tcp *c);
};
extern const struct tcp_calm_ops tcp_calm_ops;
/*
 * net->alone: a frame that came by itself. If it is the segment that a calm connection expects it has been
 * dealt with where it lies; any other packet of the flow takes the way of tcp_input(). Both are free then.
 */
void tcp_calm_alone(struct holm_net *net, struct holm_frame *f);
/* What tcp_calm_ops says of begin, input, frames and ack. */
bool tcp_calm_begin(struct holm_tcp *c);
/* The program has closed: is its FIN, with what is queued, all that is left? Then calm begins, too. */
bool tcp_calm_begin_end(struct holm_tcp *c);
enum tcp_verdict tcp_calm_input(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f);
size_t tcp_calm_input_run(struct holm_net *net, struct holm_frame **frames, size_t n,
			  struct tcp_whose *whose);
bool tcp_calm_send_ack(struct holm_tcp *c);
/* In tcp_output_all()'s place: where one segment is all that is due, or nothing, that is the visit. */
size_t tcp_calm_output_all(struct holm_net *net, size_t budget);
/* Stamps of 17 ms: after a longer silence than the shortest timeout the window may have to shrink. */
#define TCP_CALM_SILENCE ((RTO_MIN_TICKS >> (TCP_STAMP_SHIFT - TCP_TICK_SHIFT)) + 1)
/* What was lent has been acknowledged. If frames still refer to it, that ends calm. */
void tcp_calm_discard(struct holm_tcp *c);
/* Text that is next in order, `off` bytes into a frame. False: not all of it was taken. */
bool tcp_calm_text(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f, uint32_t off,
		   uint32_t len);
/* One direction has ended, or is about to. */
#define TCP_CLOSING ((uint32_t)(TCP_SHUTDOWN | TCP_FIN_RCVD))
/* ---- closing.c, linked with it: segments that carry a FIN, or come to who is closing. */
/* As tcp_calm_input(). */
enum tcp_verdict tcp_closing_input(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f);
/* A frame of a run for a calm connection. False: it has not been dealt with, else it is free. */
bool tcp_closing_frame(struct holm_net *net, struct holm_frame *f, struct holm_tcp *c);
/* As tcp_calm_alone(), of a calm connection. */
void tcp_closing_alone(struct holm_net *net, struct holm_frame *f, struct holm_tcp *c);
static inline bool tcp_is_calm(const struct holm_tcp *c)
{
	return HOLM_WITH_SACK && c->flight && c->flight->calm;
}
/* Behind the last segment that left alone no timer is needed for so long. */
#define TCP_CALM_NS ((uint64_t)RTO_MIN_TICKS << TCP_TICK_SHIFT)
/* Of a run a probe may be due sooner than of a segment, whose ACK may wait. */
static inline uint64_t tcp_calm_wait_ns(const struct holm_tcp *c)
{
	uint64_t probe = (uint64_t)tlp_pto(c->rtt.srtt8 >> 3, false) << RTT_UNIT_SHIFT;

	return tcp_in_flight(c) < c->flight->calm ? TCP_CALM_NS : min_u64(TCP_CALM_NS, probe);
}
static inline void tcp_stir(struct holm_tcp *c)
{
	if (unlikely(tcp_is_calm(c)))
		tcp_net(c)->tcp->calm->end(c);
}

/* ---- In ------------------------------------------------------------------------------------------ */

/*
 * The hash of a four-tuple in a table that has both families: of the words of its addresses as they lie in
 * memory, which of IPv4 are one, the remote address in front.
 */
static always_inline uint32_t tcp_hash4(const struct holm_net *net, uint64_t addrs, uint32_t ports)
{
	return HOLM_WITH_GROWTH ? fold_hash_2(&net->secrets.flow, addrs, ports) : ports;
}
static always_inline uint32_t tcp_hash6(const struct holm_net *net, const uint8_t *remote,
					const uint8_t *local, uint32_t ports)
{
	if (!HOLM_WITH_GROWTH)
		return ports;
	return fold_hash_4(&net->secrets.flow, checksum_load64(remote), checksum_load64(remote + 8),
			   checksum_load64(local) ^ ports, checksum_load64(local + 8));
}

/* As words: no call, no early exit. */
static inline uint64_t tcp_addr_diff(const struct holm_addr *a, const struct holm_addr *b)
{
	return (checksum_load64(a->b) ^ checksum_load64(b->b)) |
	       (checksum_load64(a->b + 8) ^ checksum_load64(b->b + 8));
}
/* Is a segment between these ends for it? */
static inline bool tcp_is_for(const struct holm_tcp *c, const struct holm_addr *remote,
			      const struct holm_addr *local, uint16_t rport, uint16_t lport,
			      uint16_t scope)
{
	if (c->rport != rport || c->lport != lport)
		return false;
	if (unlikely(c->flags & TCP_IP6))
		return c->scope == scope && (tcp_addr_diff(&c->ends6->remote, remote) |
					     tcp_addr_diff(&c->ends6->local, local)) == 0;
	/* Both are of one family. */
	return ip4_from_addr(remote) == c->remote4 && ip4_from_addr(local) == c->local4 &&
	       ip4_is_addr(remote);
}

/* A frame that net->alone was shown has come, and is taken. */
static inline void tcp_count_alone(struct holm_net *net, const struct holm_frame *f)
{
	net_count(net, HOLM_COUNT_RX_FRAMES);
	net_count_n(net, HOLM_COUNT_RX_BYTES, f->len);
	net_count(net, HOLM_COUNT_TCP_RX_SEGMENTS);
}

static inline bool tcp_checksum_holds(struct holm_frame *f)
{
	const uint32_t ends = 2 * sizeof(uint32_t);
	const struct ip_rx *ip = ip_rx(f);
	uint32_t sum;

	/* The device has checked it, or a sender on this machine has not computed it. */
	if (f->csum != HOLM_CSUM_NONE)
		return true;
	/* The addresses of IPv4 are the last thing in front, but for options: one sum over both. */
	if (!FOR_SIZE && likely(f->l4_off == f->l3_off + IP4_HDR_BYTES &&
				f->l4_off + ip->l4_len <= f->segs[0].len))
		return checksum_finish(checksum_partial(holm_frame_data(f) + f->l4_off - ends,
							ends + ip->l4_len,
							IP4_PROTO_TCP + ip->l4_len)) == 0;
	sum = ip_pseudo_sum(&ip->src, &ip->dst, IP4_PROTO_TCP, ip->l4_len);
	return checksum_finish(frame_sum(f, f->l4_off, ip->l4_len, sum)) == 0;
}

/* tcp_note_output() in the caller's own code. */
static always_inline void tcp_note(struct holm_net *net, struct holm_tcp *c)
{
	if (c->flags & TCP_QUEUED)
		return;
	c->flags |= TCP_QUEUED;
	queue_push(&net->tcp->output, &c->out);
	net_kick(net);
}

/* What a frame has changed is told, and what it asks for is sent. */
static inline void tcp_conclude(struct holm_frame *f, struct holm_tcp *c)
{
	if (c) {
		tcp_publish_input(tcp_net(c), c);
		tcp_note_output(c);
	}
	holm_frame_free(f);
}

/*
 * Next in order and within the window, an ACK and beside PSH perhaps these flags, no blocks; timestamps as
 * negotiated, and not older than the last: PAWS has nothing to say.
 */
static inline bool tcp_is_next(const struct holm_tcp *c, const struct tcp_rx *rx, unsigned flags)
{
	const struct tcp_hdr_info *h = rx->h;

	return (h->flags & ~(TCP_PSH | flags)) == TCP_ACK && h->nsack == 0 &&
	       h->seq == c->rcv_nxt.v && rx->orig_len <= tcp_rcv_wnd(c) &&
	       (!(c->flags & TCP_TS) || (h->has_ts && !serial_lt(h->tsval, c->ts_recent)));
}

/* With one of these there is more to ask of what comes. */
#define TCP_UNUSUAL                                                                                \
	((uint32_t)(TCP_PERSIST | TCP_FIN_SENT | TCP_FIN_RCVD | TCP_ECN | TCP_TLP_DUE |            \
		    TCP_CHILD | TCP_SYN_DUE | TCP_SEARCH))
/* An ESTABLISHED connection that a program holds, both directions open, bytes in order so far. */
static inline bool tcp_is_usual(const struct holm_tcp *c)
{
	return c->state == HOLM_TCP_ESTABLISHED && !(c->flags & TCP_UNUSUAL) && c->ep.owned &&
	       c->rcv && c->snd && !c->flight->reasm && !tcp_net(c)->tcp->unpredicted;
}

/* What has left ended in a small segment, or not. Nagle's mark is not to lie half a circle behind. */
static inline void tcp_note_small(struct holm_tcp *c, bool small)
{
	struct tcp_flight *fl = c->flight;

	if (small)
		fl->small_end = fl->snd_nxt;
	else if (seq_lt(fl->small_end, c->snd_una))
		fl->small_end = c->snd_una;
}

/* What has left says how far everything has come. */
static inline void tcp_note_acked(struct holm_tcp *c)
{
	c->flight->rcv_acked = c->rcv_nxt;
	c->flags &= ~(uint32_t)(TCP_ACK_NOW | TCP_ACK_DELAYED);
}

/* Data leaves. If it answers what has just come this is an exchange, where ACKs ride on data. */
static inline void tcp_answered(const struct holm_net *net, struct holm_tcp *c)
{
	if (unlikely(c->quick > 0) && tcp_stamp(net->now) - c->last_rx < TCP_DELACK_STAMPS)
		c->quick = 0;
}

/* The peer's FIN is at RCV.NXT: it is acknowledged at once. */
static inline void tcp_count_fin(struct holm_tcp *c)
{
	c->rcv_nxt = seq_add(c->rcv_nxt, 1);
	c->rcv_adv = seq_max(c->rcv_adv, c->rcv_nxt);
	c->flags |= TCP_FIN_RCVD | TCP_ACK_NOW | TCP_CHANGED;
}

/* `n` bytes from RCV.NXT on are in the buffer. */
static inline void tcp_advance(struct holm_tcp *c, uint32_t n)
{
	holm_rcvbuf_advance(c->rcv, n);
	c->rcv_nxt = seq_add(c->rcv_nxt, n);
	c->rcv_adv = seq_max(c->rcv_adv, c->rcv_nxt);
	c->flags |= TCP_NEW_BYTES;
}
/*
 * RFC 9293 3.8.6.3: delay, but less than half a second; at once while the connection is young, or
 * where the last delay was for nothing. Of a segment with `frame_len` bytes in its first frame.
 */
static always_inline void tcp_schedule_ack(const struct holm_net *net, struct holm_tcp *c,
					   uint32_t frame_len)
{
	struct tcp_flight *fl = c->flight;

	if (frame_len > fl->rcv_mss)
		fl->rcv_mss = (uint16_t)min_u32(frame_len, UINT16_MAX);
	if (c->flags & (TCP_ACK_NOW | TCP_ACK_DELAYED))
		return;
	if (c->quick > 0) {
		c->quick--;
		c->flags |= TCP_ACK_NOW;
		return;
	}
	fl->delack = (uint16_t)tcp_ticks_up(net->now + TCP_DELACK_NS);
	c->flags |= TCP_ACK_DELAYED;
}
/*
 * The seventh step of `len` bytes that are next in order and within the window and lie in one
 * piece: into a ring that lies as most do, without a call. False: nothing has happened.
 */
static always_inline bool tcp_text_linear(const struct holm_net *net, struct holm_tcp *c,
					  const uint8_t *src, uint32_t len, uint32_t frame_len)
{
	if (unlikely(!ring_rcv_take(c->rcv, src, len)))
		return false;
	c->rcv_nxt = seq_add(c->rcv_nxt, len);
	c->flags |= TCP_NEW_BYTES;
	tcp_schedule_ack(net, c, frame_len);
	return true;
}
/*
 * The same of a frame, `off` bytes into it: behind its headers in the same piece, or all in the
 * next one, as what a sender on this machine lends.
 */
static always_inline bool tcp_text_short(const struct holm_net *net, struct holm_tcp *c,
					 const struct holm_frame *f, uint32_t off, uint32_t len,
					 uint32_t frame_len)
{
	const struct holm_seg *seg = f->segs;

	if (likely(off + len <= seg->len))
		return tcp_text_linear(net, c, seg->data + off, len, frame_len);
	return off == seg->len && f->nsegs > 1 && len <= seg[1].len &&
	       tcp_text_linear(net, c, seg[1].data, len, frame_len);
}
/* The buffer has promised to keep `n` of `len` bytes that were next. False: it is not all of them. */
static inline bool tcp_text_taken(struct holm_net *net, struct holm_tcp *c, uint32_t len,
				  uint32_t n, uint32_t frame_len)
{
	if (unlikely(n < len)) {
		net_drop_note(net, HOLM_DROP_TCP_RCVBUF);
		c->flags |= TCP_ACK_NOW;
	}
	if (n > 0) {
		tcp_advance(c, n);
		tcp_schedule_ack(net, c, frame_len);
	}
	return n == len;
}
/* SND.WND, from a segment whose last frame began at `seq`. */
static inline void tcp_take_window(struct holm_tcp *c, struct tcp_seq seq, uint16_t wnd)
{
	struct tcp_flight *fl = c->flight;

	if (seq_lt(seq, fl->snd_wl1))
		return;
	c->snd_wnd = (uint32_t)wnd << tcp_snd_wscale(c);
	fl->snd_wl1 = seq;
	fl->max_snd_wnd = max_u32(fl->max_snd_wnd, c->snd_wnd);
}

/*
 * Of a calm connection all that was in flight has arrived. It was `bytes`, and perhaps a FIN: they are
 * forgotten.
 */
static always_inline void tcp_calm_passed(struct holm_net *net, struct holm_tcp *c,
					  struct tcp_seq ack, uint32_t bytes)
{
	struct tcp_flight *fl = c->flight;

	c->snd_una = ack;
	fl->calm_acked = true;
	fl->progress_ns = net->now;
	/* A round is over. */
	c->flags &= ~(uint32_t)(TCP_REXMT | TCP_WND_LIMITED);
	ip_dst_confirm(net, c->dst);
	if (unlikely(fl->lends)) {
		tcp_calm_discard(c);
		return;
	}
	if (likely(bytes > 0))
		ring_snd_discard(c->snd, bytes);
	fl->buf_seq = seq_add(fl->buf_seq, bytes);
}

/* The fifth step in calm: the same, and how long it took since it left at flight->timed_ns. */
static always_inline void tcp_calm_acked(struct holm_net *net, struct holm_tcp *c,
					 struct tcp_seq ack, uint32_t bytes)
{
	struct tcp_flight *fl = c->flight;

	rtt_take(&c->rtt, net->now - fl->timed_ns);
	rack_round_trip(&fl->rack, repair_units(fl->timed_ns), repair_units(net->now));
	tcp_calm_passed(net, c, ack, bytes);
}

/* ---- Out ----------------------------------------------------------------------------------------- */

/*
 * RFC 9293 3.8.6.2.2, avoiding silly windows:
 *   The suggested SWS avoidance algorithm for the receiver is to keep RCV.NXT+RCV.WND fixed until
 *   the reduction satisfies: RCV.BUFF - RCV.USER - RCV.WND >= min ( Fr * RCV.BUFF, Eff.snd.MSS )
 */
static always_inline uint16_t tcp_announce_window(struct holm_tcp *c)
{
	unsigned scale = tcp_rcv_wscale(c);
	uint32_t unit = (1u << scale) - 1;
	uint32_t promised = tcp_rcv_wnd(c);
	uint32_t whole = tcp_window_whole(c);
	uint32_t wnd = promised;

	if (whole > promised) {
		if (tcp_window_opens(c, whole))
			wnd = max_u32(whole & ~unit, wnd);
		/* Up to a whole unit where the buffer honours that. */
		if (((wnd + unit) & ~unit) <= whole)
			wnd = (wnd + unit) & ~unit;
	}
	wnd &= ~unit;
	if (wnd > promised)
		c->rcv_adv = seq_add(c->rcv_nxt, wnd);
	return (uint16_t)(wnd >> scale);
}

/* The header at `p` without its checksum; returns its sum. */
static always_inline uint64_t tcp_write_numbers(struct holm_net *net, const struct holm_tcp *c,
						uint8_t *p, struct tcp_seq seq, uint32_t flags,
						uint16_t wnd, bool stamped)
{
	uint64_t sum = tcp_build_plain(p, (uint32_t)c->lport << 16 | c->rport, seq.v, c->rcv_nxt.v,
				       flags, wnd);

	if (stamped)
		sum += tcp_build_timestamp(p, tcp_tsval(net, c->flight->ts_offset), c->ts_recent);
	return sum;
}

/* All of it; the payload has the sum `sum`, the pseudo header `pseudo`. */
static always_inline void tcp_write_header(struct holm_net *net, struct holm_tcp *c, uint8_t *p,
					   struct tcp_seq seq, uint32_t flags, uint64_t sum,
					   uint64_t pseudo, bool hw_csum, bool stamped)
{
	sum += tcp_write_numbers(net, c, p, seq, flags, tcp_announce_window(c), stamped);
	store_be16(p + TCP_CSUM_OFFSET,
		   hw_csum ? (uint16_t)~checksum_finish(checksum_fold64(pseudo))
			   : checksum_finish(checksum_fold64(sum + pseudo)));
}

/* tcp_announce_mss() in the caller's own code. */
static always_inline uint16_t tcp_announced_mss(const struct ip_dst *dst,
						const struct tcp_settings *s)
{
	uint32_t headers = dst->header_bytes + (uint32_t)TCP_HDR_BYTES;
	uint32_t mtu = dst->netif ? ip_link_mtu(dst) : dst->mtu;
	uint32_t mss = mtu > headers + TCP_MSS_MIN ? mtu - headers : TCP_MSS_MIN;

	return (uint16_t)(HOLM_WITH_OPTIONS && s->maxseg ? min_u32(mss, s->maxseg) : mss);
}

/* The way to a neighbour is known, is wide enough for `l4_len` bytes, and there is room on it. */
static inline bool tcp_has_way(const struct holm_net *net, const struct ip_dst *dst,
			       uint32_t l4_len)
{
	const struct neigh *neigh = dst->neigh;

	return dst->gen == net->ip_gen && neigh && net->now < neigh->fresh_until_ns &&
	       l4_len + dst->header_bytes <= dst->mtu && netif_is_open(neigh->netif);
}

/* A frame for a segment, as netif_take_frame() has it, with the neighbour's header written. */
static always_inline struct holm_frame *tcp_begin_frame(struct holm_net *net,
							const struct neigh *neigh, uint32_t l4_off,
							uint32_t hdr_len, uint32_t len,
							bool reserve_ok)
{
	struct holm_frame *f =
		netif_take_frame(net, neigh->netif, l4_off, hdr_len, len, reserve_ok);

	if (likely(f))
		memcpy(f->segs_inline[0].data, neigh->header, ETH_HDR_BYTES);
	return f;
}

/* RFC 6864: a packet that cannot be fragmented needs no identification. */
static always_inline struct ip4_tx tcp_ip4(const struct holm_tcp *c)
{
	return (struct ip4_tx){
		.src = c->local4,
		.dst = c->remote4,
		.frag = IP4_DF,
		.proto = IP4_PROTO_TCP,
		.tos = tcp_settings(c)->tos,
		.ttl = tcp_settings(c)->ttl,
	};
}

/* What all its headers of IPv4 have in common: flight->ip in calm, and for who asks for it. */
static inline struct ip4_kind tcp_ip4_kind(const struct holm_tcp *c)
{
	const struct ip4_tx ip = tcp_ip4(c);

	return ip4_kind_of(&ip);
}

/* Source and destination, for ip4_write_header_of_kind(). */
static inline uint64_t tcp_ends4(const struct holm_tcp *c)
{
	return (uint64_t)c->local4 << 32 | c->remote4;
}

static always_inline void tcp_write_ip4(const struct holm_tcp *c, uint8_t *p, uint32_t total)
{
	const struct ip4_tx ip = tcp_ip4(c);

	ip4_write_header(p, total, &ip);
}

/* `len` bytes behind it. */
static always_inline void tcp_write_ip6(const struct holm_tcp *c, uint8_t *p, uint32_t len)
{
	const struct ip6_tx ip = {
		.src = &c->ends6->local,
		.dst = &c->ends6->remote,
		.flow_label = c->flight->flow_label,
		.proto = IP4_PROTO_TCP,
		.tos = tcp_settings(c)->tos,
		.ttl = tcp_settings(c)->ttl,
	};

	ip6_write_header(p, len, &ip);
}

/* IP's header at `p`, of a segment of `len` bytes; returns the sum of TCP's pseudo header. */
static always_inline uint64_t tcp_write_ip(const struct holm_tcp *c, uint8_t *p, uint32_t len,
					   bool ip6)
{
	if (ip6) {
		tcp_write_ip6(c, p, len);
		return ip_pseudo_sum(&c->ends6->local, &c->ends6->remote, IP4_PROTO_TCP, len);
	}
	tcp_write_ip4(c, p, IP4_HDR_BYTES + len);
	return (uint64_t)c->local4 + c->remote4 + IP4_PROTO_TCP + len;
}

/*
 * One visit to each connection that was noted, as long as the budget lasts; returns what is left.
 * What `quick` (NULL: there is none) has not seen to is tcp_output_one()'s; those that died it does
 * not see to.
 */
static always_inline size_t tcp_visit_noted(struct holm_net *net, size_t budget,
					    bool (*quick)(struct holm_net *net, struct holm_tcp *c))
{
	struct tcp_state *ts = net->tcp;

	while (budget > 0) {
		struct queue_node *n = queue_pop(&ts->output);
		struct holm_tcp *c;

		if (!n)
			return budget;
		c = container_of(n, struct holm_tcp, out);
		c->flags &= ~(uint32_t)TCP_QUEUED;
		if (quick && likely(quick(net, c))) {
			budget--;
			continue;
		}
		if (unlikely(c->flags & TCP_DEAD)) {
			mem_free(&net->mem, c, sizeof(*c));
			continue;
		}
		budget--;
		tcp_output_one(c);
	}
	if (!queue_is_empty(&ts->output))
		net_kick(net);
	return 0;
}

/* The checksum of a segment whose TCP header begins there is the device's. */
static inline void tcp_defer_checksum(struct holm_frame *f, uint16_t at)
{
	f->csum = HOLM_CSUM_PARTIAL;
	f->csum_start = at;
	f->csum_off = TCP_CSUM_OFFSET;
}

/* So it is in a frame that begins at `p`: in its place is the sum of the pseudo header. */
static always_inline void tcp_leave_sum(struct holm_frame *f, uint8_t *p, uint32_t l4_off,
					uint64_t pseudo)
{
	tcp_defer_checksum(f, (uint16_t)l4_off);
	store_be16(p + l4_off + TCP_CSUM_OFFSET,
		   (uint16_t)~checksum_finish(checksum_fold64(pseudo)));
}

/* Copy a span behind `done` payload bytes; returns the sum of all of them. */
static inline uint32_t tcp_copy_span(bool hw_csum, uint8_t *dst, struct holm_span span, size_t done,
				     uint32_t sum)
{
	if (hw_csum) {
		memcpy(dst, span.data, span.len);
		return sum;
	}
	if (likely(done % 2 == 0))
		return checksum_copy(dst, span.data, span.len, sum);
	return checksum_add(sum, checksum_rotate(checksum_copy(dst, span.data, span.len, 0)));
}

/* Copy queued bytes to `dst`; returns their sum, if it is ours to compute. */
static inline uint32_t tcp_copy_queued(struct holm_sndbuf *snd, bool hw_csum, uint8_t *dst,
				       size_t off, size_t len)
{
	uint32_t sum = 0;
	size_t done = 0;

	do {
		struct holm_span span;
		size_t n = holm_sndbuf_lend(snd, off + done, len - done, &span, 1);

		ASSERT(n == 1);
		sum = tcp_copy_span(hw_csum, dst + done, span, done, sum);
		done += span.len;
	} while (unlikely(done < len));
	return sum;
}

#endif
