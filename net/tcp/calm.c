/*
 * Calm: a connection that asks and answers. What goes is all that is queued, in one segment or a run of
 * them that every window has room for, while nothing else is in flight; what comes is next in order and
 * acknowledges all of that, or carries text and acknowledges nothing new.
 *
 * flight->calm says that all is well, in place of a dozen questions, and of what is in flight only its
 * end (SND.NXT) and when it left (flight->timed_ns) are noted. Scoreboard, controller and deadlines do
 * not know of it until somebody asks for more: tcp_stir() in front of everything that is not in this
 * file has them catch up.
 *
 * The steps and output.c are the definition. tests/sim/same.c runs the same streams with and without
 * this file and compares every frame.
 */
#include "net/tcp/hot.h"
#include "net/tcp/lend.h"

#include "lib/checksum_short.h"
#include "net/core/pool.h"
#include "net/core/ring_short.h"
#include "net/ip/flow.h"
#include "net/ip/ip6_send.h"

/* ---- Its beginning and end ----------------------------------------------------------------------- */

/* With one of these there is more to send, or less, or more to ask of what comes. */
#define UNCALM                                                                                     \
	((uint32_t)(TCP_REXMT | TCP_PROBE_DUE | TCP_KEEP_DUE | TCP_SHUTDOWN | TCP_CWND_LIMITED |   \
		    TCP_WND_LIMITED))
/* Recovery is by SACK, and has nothing to do, or was not needed yet. */
static bool may_repair(const struct holm_tcp *c)
{
	const struct tcp_flight *fl = c->flight;

	return fl->repair ? tcp_is_plain(fl) : (c->flags & TCP_SACK) && fl->phase == TCP_OPEN;
}

/*
 * Nothing is in flight, to be sent again, held back, or to go along. No segment has overtaken the next one:
 * its window would be the newer one.
 */
static bool is_at_rest(const struct holm_tcp *c)
{
	const struct tcp_flight *fl = c->flight;

	return seq_eq(fl->snd_nxt, c->snd_una) && seq_leq(fl->snd_wl1, c->rcv_nxt) &&
	       may_repair(c) && seq_eq(fl->rtx_nxt, fl->rtx_end) && fl->credit == 0 &&
	       fl->wait == TCP_WAIT_NONE && !fl->timing && !fl->urgent && !fl->has_dsack &&
	       !fl->rack.in_dsack_round;
}

/* What is queued begins at SND.NXT: no frame refers to what has been acknowledged. */
static bool has_released(const struct holm_tcp *c)
{
	return seq_eq(c->flight->buf_seq, c->snd_una);
}

/* Nobody wants to know more of what leaves than that it did. */
static bool is_unwatched(const struct holm_tcp *c)
{
	const struct tcp_flight *fl = c->flight;
	const struct tcp_settings *s = c->settings;

	return !fl->pacer && !fl->cc_ops->rate && !s->cork && !s->notsent_lowat && !s->keepalive;
}

bool tcp_is_still(const struct holm_tcp *c, uint32_t unusual)
{
	return !(c->flags & unusual) && is_at_rest(c) && has_released(c) && is_unwatched(c);
}

void tcp_become_calm(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;

	fl->retries = 0;
	fl->lends = fl->lend != NULL;
	fl->calm = (uint16_t)min_u32(min_u32(tcp_mss(c), fl->cc.mss),
				     min_u32(TCP_FRAME_PAYLOAD, c->cwnd / 2 + 1));
}

static never_inline bool begin_calm(struct holm_tcp *c)
{
	if (!tcp_is_still(c, UNCALM) || !tcp_is_usual(c))
		return false;
	tcp_become_calm(c);
	return true;
}

static void end_calm(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;
	bool flies = tcp_in_flight(c) > 0;

	fl->calm = 0;
	fl->rtx_nxt = fl->snd_nxt;
	fl->rtx_end = fl->snd_nxt;
	if (fl->calm_acked)
		tcp_cc_catch_up(c);
	c->flags &= ~(uint32_t)TCP_REXMT;
	tcp_net(c)->tcp->sack->catch_up(c);
	fl->calm_acked = false;
	if (!flies)
		return;
	fl->progress_ns = fl->timed_ns;
	fl->timing = true;
	/* The first segment of a run: the others wait for it on the way. */
	fl->timed = seq_add(c->snd_una, min_u32(tcp_in_flight(c), tcp_mss(c)));
	tcp_timer_rexmt_from(c, fl->timed_ns);
}

void tcp_calm_discard(struct holm_tcp *c)
{
	(void)tcp_lend_discard(c);
	if (!has_released(c))
		end_calm(c);
}

/* ---- What comes ---------------------------------------------------------------------------------- */

/* The first four words of a header that is to be expected have these in the fourth, beside the window. */
#define WORD_ACK ((uint32_t)TCP_HDR_BYTES << 26 | (uint32_t)TCP_ACK << 16)
#define WORD_ACK_TS ((uint32_t)TCP_HDR_TS_BYTES << 26 | (uint32_t)TCP_ACK << 16)
#define WORD_FREE ((uint32_t)TCP_PSH << 16 | 0xffffu)

/*
 * A header with ACK, PSH or not, with a timestamp alone if those were negotiated, none older than the
 * last: PAWS has nothing to say.
 */
static always_inline bool is_plain_header(const struct holm_tcp *c, const uint8_t *p, bool stamped)
{
	uint32_t word = load_be32(p + 12);

	if (!stamped)
		return (word & ~WORD_FREE) == WORD_ACK;
	return (word & ~WORD_FREE) == WORD_ACK_TS && load_be32(p + 20) == TCP_OPT_TIMESTAMP_WORD &&
	       !serial_lt(load_be32(p + 24), c->ts_recent);
}

/* It is the next in order and within the window; new is its text, or that all in flight has arrived. */
static always_inline bool is_next(const struct holm_tcp *c, const uint8_t *p, uint32_t len)
{
	uint32_t ack = load_be32(p + 8);

	return load_be32(p + 4) == c->rcv_nxt.v && len <= tcp_rcv_wnd(c) &&
	       (ack == c->snd_una.v ? len > 0 : ack == c->flight->snd_nxt.v);
}

/* Of a super-frame it is what its segments carried. */
static inline uint32_t segment_bytes(const struct holm_frame *f, uint32_t len)
{
	return unlikely(f->gso != HOLM_GSO_NONE && f->gso_size) ? f->gso_size : len;
}

/* Of a buffer that is no ring, or has less room than was promised. */
static never_inline bool take_text_any(struct holm_net *net, struct holm_tcp *c,
				       const struct holm_frame *f, uint32_t len)
{
	uint32_t fits = unlikely(c->flags & TCP_OVERPROMISED) ? tcp_fitting(c, 0, len) : len;
	size_t n = holm_rcvbuf_accept(c->rcv, 0, f, f->payload_off, fits);

	return tcp_text_taken(net, c, len, (uint32_t)n, segment_bytes(f, len));
}

static always_inline bool take_text(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f,
				    uint32_t off, uint32_t len, bool single)
{
	f->payload_off = (uint16_t)off;
	if (unlikely(!(single || f->gso == HOLM_GSO_NONE) ||
		     !tcp_text_short(net, c, f, off, len, len)))
		return take_text_any(net, c, f, len);
	return true;
}

bool tcp_calm_text(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f, uint32_t off,
		   uint32_t len)
{
	return take_text(net, c, f, off, len, true);
}

/*
 * A segment that was found to be the next, its header `off` bytes into the frame, does what the steps would
 * have it do; `single`: it is known to be no super-frame.
 */
static always_inline void run(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f,
			      uint32_t off, uint32_t len, bool stamped, bool single)
{
	const uint8_t *p = holm_frame_data(f) + off;
	struct tcp_flight *fl = c->flight;
	uint32_t ack = load_be32(p + 8);

	net_count(net, HOLM_COUNT_TCP_PREDICTED_RX);
	if (stamped && seq_leq(c->rcv_nxt, fl->rcv_acked))
		c->ts_recent = load_be32(p + 24);
	c->last_rx = tcp_stamp(net->now);
	if (ack != c->snd_una.v)
		tcp_calm_acked(net, c, seq_of(ack), seq_diff(seq_of(ack), c->snd_una));
	else
		ip_dst_confirm(net, c->dst);
	/* SND.WND: none has come that is newer. */
	c->snd_wnd = (uint32_t)load_be16(p + 14) << tcp_snd_wscale(c);
	fl->snd_wl1 = c->rcv_nxt;
	fl->max_snd_wnd = max_u32(fl->max_snd_wnd, c->snd_wnd);
	if (len > 0)
		(void)take_text(net, c, f, off + (stamped ? TCP_HDR_TS_BYTES : TCP_HDR_BYTES), len,
				single);
}

/* Of either family, of any shape, its checksum holds. */
static always_inline bool take(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f,
			       bool stamped)
{
	const uint8_t *p = holm_frame_data(f) + f->l4_off;
	uint32_t hdr_len = stamped ? TCP_HDR_TS_BYTES : TCP_HDR_BYTES;
	/* Of less than a header, it wraps round to more than any window. */
	uint32_t len = ip_rx(f)->l4_len - hdr_len;

	if (unlikely(f->segs[0].len < f->l4_off + hdr_len) || !is_plain_header(c, p, stamped) ||
	    !is_next(c, p, len))
		return false;
	run(net, c, f, f->l4_off, len, stamped, false);
	return true;
}

static bool input(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f)
{
	return c->flags & TCP_TS ? take(net, c, f, true) : take(net, c, f, false);
}

/* ---- What comes by itself, and in runs ----------------------------------------------------------- */

/* Of both families the addresses are the last thing in front of TCP's header, `p`. */
static always_inline bool is_for(const struct holm_tcp *c, const uint8_t *p, bool ip6)
{
	if (load_be32(p) != ((uint32_t)c->rport << 16 | c->lport))
		return false;
	if (!ip6)
		return load_be64(p - 8) == ((uint64_t)c->remote4 << 32 | c->local4);
	return c->scope == 0 && (tcp_addr_diff(&c->ends6->remote, (const void *)(p - 32)) |
				 tcp_addr_diff(&c->ends6->local, (const void *)(p - 16))) == 0;
}

/* ... so there is one sum over both, and over what follows. */
static always_inline bool checksum_holds(const struct holm_frame *f, const uint8_t *p,
					 uint32_t hdr_len, uint32_t len, bool ip6)
{
	const uint32_t ends = ip6 ? 32 : 8;
	struct checksum_tally t = { .sum = checksum_to_memory(IP4_PROTO_TCP + hdr_len + len) };

	if (f->csum != HOLM_CSUM_NONE)
		return true;
	if (FOR_SIZE || len >= CHECKSUM_SHORT) {
		checksum_tally_block(&t, p - ends, ends + hdr_len + len);
	} else {
		checksum_tally_block(&t, p - ends, ends + hdr_len);
		checksum_tally_block(&t, p + hdr_len, len);
	}
	return checksum_tally_holds(&t);
}

/* All of a packet is there; in one piece what has to be: its header, or for a checksum all of it. */
static always_inline bool lies_well(const struct holm_frame *f, uint32_t off, uint32_t hdr_len,
				    size_t l4_len, bool single)
{
	size_t linear = f->segs[0].len - off;

	if (single)
		return l4_len <= linear && f->gso == HOLM_GSO_NONE;
	return l4_len <= f->len - off && hdr_len <= linear &&
	       (l4_len <= linear || f->csum != HOLM_CSUM_NONE);
}

/*
 * A frame of net->flow: a plain IP header, and behind it what is expected? `seen`: the network layer has found
 * it to be a packet of the flow; `single`: one that lies in one piece and is no super-frame.
 */
static always_inline bool take_frame(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f,
				     bool ip6, bool stamped, bool seen, bool single)
{
	uint32_t off = ETH_HDR_BYTES + (ip6 ? IP6_HDR_BYTES : IP4_HDR_BYTES);
	uint32_t hdr_len = stamped ? TCP_HDR_TS_BYTES : TCP_HDR_BYTES;
	const uint8_t *ip = holm_frame_data(f) + ETH_HDR_BYTES;
	const uint8_t *p = holm_frame_data(f) + off;
	size_t l4_len = ip_rx(f)->l4_len;
	uint32_t len;

	if (!seen &&
	    !(ip6 ? ip_flow_is6(&net->flow, ip, &l4_len) : ip_flow_is4(&net->flow, ip, &l4_len)))
		return false;
	if (unlikely(l4_len < hdr_len || !lies_well(f, off, hdr_len, l4_len, single)))
		return false;
	len = (uint32_t)l4_len - hdr_len;
	if (!is_for(c, p, ip6) || !is_plain_header(c, p, stamped) || !is_next(c, p, len) ||
	    !checksum_holds(f, p, hdr_len, len, ip6))
		return false;
	run(net, c, f, off, len, stamped, single);
	return true;
}

/* What is not IPv4 without timestamps, and in one piece. */
static never_inline bool take_unusual(struct holm_net *net, struct holm_tcp *c,
				      struct holm_frame *f, bool seen)
{
	bool stamped = (c->flags & TCP_TS) != 0;
	bool ip6 = net->flow.ip6;

	if (ip6 != ((c->flags & TCP_IP6) != 0) || (c->flags & TCP_FIN_SENT))
		return false;
	if (ip6)
		return stamped ? take_frame(net, c, f, true, true, seen, false)
			       : take_frame(net, c, f, true, false, seen, false);
	return stamped ? take_frame(net, c, f, false, true, seen, false)
		       : take_frame(net, c, f, false, false, seen, false);
}

static always_inline bool take_any(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f,
				   bool seen)
{
	bool usual = !(c->flags & (TCP_IP6 | TCP_TS | TCP_FIN_SENT)) && !net->flow.ip6;

	return likely(likely(usual) && take_frame(net, c, f, false, false, seen, true)) ||
	       take_unusual(net, c, f, seen);
}

bool tcp_calm_alone(struct holm_net *net, struct holm_frame *f)
{
	struct holm_tcp *c = net->tcp->last;

	if (unlikely(!c || !tcp_is_calm(c)))
		return false;
	if (likely(take_any(net, c, f, false))) {
		tcp_publish_input(c);
		tcp_note(net, c);
		pool_free(f);
	} else if (!ip_flow_take(&net->flow, f) || !tcp_closing_frame(net, c, f)) {
		return false;
	}
	net_count(net, HOLM_COUNT_TCP_RX_SEGMENTS);
	return true;
}

/* What follows in order needs no merging: each goes to the buffer, and all of it is told once. */
static size_t input_run(struct holm_net *net, struct holm_tcp *c, struct holm_frame **frames,
			size_t n)
{
	size_t done = 0;

	while (done < n && take_any(net, c, frames[done], true))
		pool_free(frames[done++]);
	if (likely(done > 0)) {
		tcp_publish_input(c);
		tcp_note(net, c);
	}
	return done;
}

/* ---- What goes ----------------------------------------------------------------------------------- */

/* Nothing is in flight, and `n` bytes are within the peer's window. */
static inline bool has_room(const struct holm_net *net, struct holm_tcp *c, uint32_t n)
{
	/* RFC 5681 4.1: a single segment of calm is within what is left of the window. */
	if (unlikely(tcp_stamp(net->now) - c->last_rx >= TCP_CALM_SILENCE))
		tcp_cc_on_idle(c);
	return seq_eq(c->flight->snd_nxt, c->snd_una) && n <= c->snd_wnd && !(c->flags & TCP_MORE);
}

static inline bool has_way(const struct holm_net *net, const struct holm_tcp *c, uint32_t n)
{
	return tcp_has_way(net, c->dst, n + TCP_HDR_TS_BYTES);
}

/* A message to `p`; returns its sum. */
static always_inline uint32_t copy_and_sum(struct holm_tcp *c, uint8_t *p, uint32_t len)
{
	const uint8_t *from = ring_snd_look(c->snd, 0, len);

	return likely(from) ? checksum_copy_short(p, from, len, 0)
			    : tcp_copy_queued(c->snd, false, p, 0, len);
}

static always_inline void write_ip6(const struct holm_tcp *c, uint8_t *p, uint32_t len)
{
	const struct ip6_tx ip = {
		.src = &c->ends6->local,
		.dst = &c->ends6->remote,
		.flow_label = c->flight->flow_label,
		.proto = IP4_PROTO_TCP,
		.tos = c->settings->tos,
		.ttl = c->settings->ttl,
	};

	ip6_write_header(p, len, &ip);
}

/* Its checksum is the device's: the sum of the pseudo header is in its place. */
static never_inline void finish_partial(struct holm_tcp *c, struct holm_frame *f, uint64_t pseudo,
					uint32_t len)
{
	uint8_t *p = holm_frame_data(f);

	tcp_defer_checksum(f, f->l4_off);
	if (len > 0)
		(void)tcp_copy_queued(c->snd, true, p + f->payload_off, 0, len);
	store_be16(p + f->l4_off + TCP_CSUM_OFFSET,
		   (uint16_t)~checksum_finish(checksum_fold64(pseudo)));
	netif_output(c->dst->neigh->netif, f);
}

/* All headers are written here, in one piece: of either family, with a timestamp or without. */
static always_inline bool send_in_one(struct holm_net *net, struct holm_tcp *c, uint32_t len,
				      uint32_t flags, bool ip6, bool stamped)
{
	const struct neigh *neigh = c->dst->neigh;
	struct holm_netif *netif = neigh->netif;
	uint32_t hdr_len = stamped ? TCP_HDR_TS_BYTES : TCP_HDR_BYTES;
	uint32_t l4_off = ETH_HDR_BYTES + (ip6 ? IP6_HDR_BYTES : IP4_HDR_BYTES);
	uint32_t headers = l4_off + hdr_len;
	struct holm_frame *f = pool_take(net->pool, HOLM_FRAME_HEADROOM - headers, len == 0);
	uint64_t sum, pseudo;
	uint8_t *p;

	if (unlikely(!f))
		return false;
	f->l3_off = ETH_HDR_BYTES;
	f->l4_off = (uint16_t)l4_off;
	f->hdr_len = (uint16_t)headers;
	f->payload_off = (uint16_t)headers;
	f->dev = netif->dev;
	p = holm_frame_put(f, headers + len);
	memcpy(p, neigh->header, ETH_HDR_BYTES);
	sum = tcp_write_numbers(net, c, p + l4_off, c->flight->snd_nxt, flags, stamped);
	if (ip6) {
		write_ip6(c, p + ETH_HDR_BYTES, hdr_len + len);
		pseudo = ip_pseudo_sum(&c->ends6->local, &c->ends6->remote, IP4_PROTO_TCP,
				       hdr_len + len);
	} else {
		tcp_write_ip4(c, p + ETH_HDR_BYTES, IP4_HDR_BYTES + hdr_len + len);
		pseudo = (uint64_t)c->local4 + c->remote4 + IP4_PROTO_TCP + hdr_len + len;
	}
	if (unlikely(len == 0))
		f->flags |= HOLM_FRAME_ACK;
	if (netif->features & (HOLM_DEV_TX_CSUM | HOLM_DEV_NO_CSUM)) {
		finish_partial(c, f, pseudo, len);
		return true;
	}
	sum += pseudo;
	if (likely(len > 0))
		sum += copy_and_sum(c, p + headers, len);
	store_be16(p + l4_off + TCP_CSUM_OFFSET, checksum_finish(checksum_fold64(sum)));
	netif_put(netif, f);
	return true;
}

/* IPv6, timestamps, FINs, and ACKs alone. */
static never_inline bool send_any(struct holm_net *net, struct holm_tcp *c, uint32_t len,
				  uint32_t flags)
{
	bool stamped = (c->flags & TCP_TS) != 0;

	if (!(c->flags & TCP_IP6))
		return send_in_one(net, c, len, flags, false, stamped);
	return tcp_flow_label(net, c) && send_in_one(net, c, len, flags, true, stamped);
}

static inline bool send_it(struct holm_net *net, struct holm_tcp *c, uint32_t len)
{
	if (unlikely(c->flags & (TCP_IP6 | TCP_TS)))
		return send_any(net, c, len, TCP_ACK | TCP_PSH);
	return send_in_one(net, c, len, TCP_ACK | TCP_PSH, false, false);
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
static bool send_ack(struct holm_tcp *c)
{
	struct holm_net *net = tcp_net(c);

	if (!has_way(net, c, 0) || !send_any(net, c, 0, TCP_ACK))
		return false;
	c->flight->rcv_acked = c->rcv_nxt;
	c->flags &= ~(uint32_t)(TCP_ACK_NOW | TCP_ACK_DELAYED);
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
	    !send_ack(c))
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
	if (n >= TCP_FRAME_PAYLOAD || !tcp_begin_closing(c) || n >= c->flight->calm ||
	    !has_room(net, c, n) || !has_way(net, c, n) ||
	    !send_any(net, c, n, n > 0 ? TCP_ACK | TCP_PSH | TCP_FIN : TCP_ACK | TCP_FIN))
		return false;
	note_sent(net, c, n + 1);
	c->flags |= TCP_FIN_SENT;
	if (n > 0)
		tcp_answered(net, c);
	return true;
}

/* More than a segment, all of it within cwnd, which is too large to grow by it. */
static never_inline bool send_run(struct holm_tcp *c, uint32_t n)
{
	struct holm_net *net = tcp_net(c);
	struct tcp_flight *fl = c->flight;
	struct tcp_tx tx;
	int sent;

	if (!has_room(net, c, n) || n > c->cwnd / 2)
		return false;
	ip_dst_check(net, c->dst);
	tcp_tx_init(&tx, c, seq_add(fl->snd_nxt, n));
	if (tx.room < tcp_segments_of(&tx, n))
		return false;
	sent = tcp_send_segment(&tx, fl->snd_nxt, n, TCP_ACK | TCP_PSH);
	if (unlikely(sent <= 0))
		return false;
	fl->snd_nxt = seq_add(fl->snd_nxt, (uint32_t)sent);
	tcp_note_small(c, (uint32_t)sent % tx.mss != 0);
	fl->timed_ns = net->now;
	fl->lends = fl->lend != NULL;
	c->flags |= TCP_REXMT;
	net_count_n(net, HOLM_COUNT_TCP_PREDICTED_TX, tcp_segments_of(&tx, (uint32_t)sent));
	tcp_answered(net, c);
	tcp_timer_update(c);
	/* Frames ran out: output.c waits for more. */
	return (uint32_t)sent == n;
}

/* Calm now, or from now on, where what waits to go may go in calm. */
static inline bool is_calm_for(struct holm_tcp *c, uint32_t n)
{
	return likely(c->flight->calm) ||
	       (seq_eq(c->flight->snd_nxt, c->snd_una) && n <= c->cwnd / 2 && begin_calm(c));
}

/* Where the connection has been idle, one is made. Others than established ones see to it themselves. */
static inline bool has_block(struct holm_tcp *c)
{
	return likely(c->flight) || (c->state == HOLM_TCP_ESTABLISHED && tcp_flight_make(c));
}

/* Is that what goes in calm all that is due, or nothing? Then that was the visit. */
static inline bool output(struct holm_net *net, struct holm_tcp *c)
{
	uint32_t n;

	if (unlikely(!has_block(c)))
		return false;
	n = seq_diff(tcp_snd_end(c), c->flight->snd_nxt);
	if (unlikely(c->flags & TCP_SHUTDOWN))
		return output_fin(c, n);
	if (n == 0)
		return (c->flight->calm ||
			((c->flags & (TCP_ACK_NOW | TCP_ACK_DELAYED)) && is_calm_for(c, 0))) &&
		       acknowledge(c);
	if (unlikely(!is_calm_for(c, n)))
		return false;
	if (unlikely(n >= c->flight->calm))
		return send_run(c, n);
	if (!has_room(net, c, n) || !has_way(net, c, n) || !send_it(net, c, n))
		return false;
	note_sent(net, c, n);
	tcp_answered(net, c);
	return true;
}

bool tcp_calm_output_all(struct holm_net *net, size_t *budget)
{
	return tcp_visit_noted(net, budget, output);
}

const struct tcp_calm_ops tcp_calm_ops = {
	.begin = begin_calm,
	.predicted = tcp_predicted_input,
	.frames = input_run,
	.input = input,
	.closing = tcp_closing_input,
	.ack = send_ack,
	.end = end_calm,
};
