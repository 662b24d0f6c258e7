/*
 * Building segments: where a TCP header is written, but for calm_out.c and opening.c. Decides nothing
 * about what is sent or when (output.c), only how: small payload copied and summed into the frame,
 * large payload lent in super-frames for the device or software GSO to cut, or cut by that at once.
 */
#include "net/link/gso.h"
#include "net/tcp/hot.h"
#include "net/tcp/lend.h"

/* Shorter pieces cost less to copy than to lend. */
#define LEND_MIN 512u
/* What 16 bits of IP length hold, less the largest headers. */
#define SUPER_MAX (65535u - 40u - TCP_HDR_MAX)

/* ---- Headers ------------------------------------------------------------------------------------- */

/* The sum of the pseudo header, for `l4_len` bytes. */
static inline uint32_t pseudo_sum(const struct holm_tcp *c, uint32_t l4_len)
{
	if (unlikely(c->flags & TCP_IP6))
		return ip_pseudo_sum(&c->ends6->local, &c->ends6->remote, IP4_PROTO_TCP, l4_len);
	return ip4_pseudo_sum(c->local4, c->remote4, IP4_PROTO_TCP, l4_len);
}

static void fill_syn_options(const struct tcp_tx *tx, struct tcp_hdr_info *h)
{
	const struct holm_tcp *c = tx->c;
	bool answer = (h->flags & TCP_ACK) != 0;

	h->has_mss = true;
	h->mss = tcp_announce_mss(c->dst, c->settings);
	h->wnd = (uint16_t)min_u32(tcp_rcv_wnd(c), 65535);
	/* An answer offers what was offered. */
	h->has_ts = answer ? (c->flags & TCP_TS) != 0 : tcp_wants_timestamps(c);
	h->sack_permitted = answer ? (c->flags & TCP_SACK) != 0 : tcp_wants_sack(c);
	h->has_wscale = !answer || (c->flags & TCP_WSCALE);
	h->wscale = tcp_offer_wscale(tx->net, c->rcv);
}

static void fill_options(struct tcp_tx *tx, struct tcp_hdr_info *h, uint32_t len)
{
	const struct holm_tcp *c = tx->c;

	if (h->flags & TCP_SYN) {
		fill_syn_options(tx, h);
	} else {
		h->has_ts = (c->flags & TCP_TS) != 0;
		if ((c->flags & TCP_SACK) && tcp_sack_is_due(c))
			tx->net->tcp->sack->announce(tx, h, len);
	}
	if (h->has_ts) {
		h->tsval = tcp_tsval(tx->net, c->flight->ts_offset);
		h->tsecr = h->flags & TCP_ACK ? c->ts_recent : 0;
	}
}

static bool has_options(const struct holm_tcp *c, uint8_t flags)
{
	if (FOR_SIZE || (flags & TCP_SYN) || (c->flags & (TCP_TS | TCP_ECN)))
		return true;
	return tcp_sack_is_due(c) || (c->flight && tcp_has_urgent(c->flight));
}

static always_inline void fill_header(const struct tcp_tx *tx, struct tcp_hdr_info *h,
				      struct tcp_seq seq, uint8_t flags)
{
	struct holm_tcp *c = tx->c;

	h->sport = c->lport;
	h->dport = c->rport;
	h->seq = seq.v;
	h->ack = flags & TCP_ACK ? c->rcv_nxt.v : 0;
	h->flags = flags;
	h->urg = 0;
	h->wnd = flags & TCP_SYN ? 0 : tcp_announce_window(c);
	tcp_clear_options(h);
}

/*
 * What is rare: a SYN asks for, or shows, a Fast Open cookie; marks are counted. The payload stays
 * within the MSS.
 */
static void fill_extra(const struct tcp_tx *tx, const struct tcp_hdr_info *h, uint32_t len,
		       struct tcp_extra *x)
{
	const struct tcp_state *ts = tx->net->tcp;

	x->kind = 0;
	if (unlikely(h->flags & TCP_SYN) && tcp_settings(tx->c)->fastopen_connect)
		ts->fastopen->fill(tx->c, x);
	if (unlikely(tx->ecn & TCP_TX_ACCECN) && x->kind == 0 && len < tx->mss)
		ts->accecn->fill(tx, h, len, x);
}

static never_inline size_t push_header_options(struct tcp_tx *tx, struct holm_frame *f,
					       struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	struct tcp_extra extra;
	struct tcp_hdr_info h;
	size_t hdr_len;
	uint8_t *p;

	fill_header(tx, &h, seq, flags);
	fill_options(tx, &h, len);
	if (tx->c->flight && tcp_has_urgent(tx->c->flight))
		tx->net->tcp->urgent->fill(tx->c, seq, &h);
	fill_extra(tx, &h, len, &extra);
	p = holm_frame_push(f, tcp_build_bytes(&h) + tcp_extra_bytes(&extra));
	hdr_len = tcp_build(p, &h);
	if (unlikely(tcp_has_extra(&extra)))
		hdr_len = tcp_option_append(p, hdr_len, extra.kind, extra.value, extra.len);
	if (unlikely(tx->ecn & TCP_TX_AE))
		p[12] |= 1;
	return hdr_len;
}

/* The header in front of the payload; returns its length. */
static always_inline size_t push_header(struct tcp_tx *tx, struct holm_frame *f, struct tcp_seq seq,
					uint32_t len, uint8_t flags)
{
	struct tcp_hdr_info h; /* without options the builder is a few stores, and this registers */

	if (unlikely(has_options(tx->c, flags)))
		return push_header_options(tx, f, seq, len, flags);
	fill_header(tx, &h, seq, flags);
	return tcp_build(holm_frame_push(f, TCP_HDR_BYTES), &h);
}

static void note_header(struct holm_frame *f, size_t hdr_len)
{
	f->hdr_len = (uint16_t)hdr_len;
	f->payload_off = (uint16_t)hdr_len;
}

/* Finish the checksum of a frame that begins with its TCP header. */
static void put_checksum(const struct tcp_tx *tx, struct holm_frame *f, size_t hdr_len,
			 uint32_t payload_sum)
{
	uint32_t sum = checksum_add(pseudo_sum(tx->c, f->len), payload_sum);
	uint8_t *p = holm_frame_data(f);

	store_be16(p + TCP_CSUM_OFFSET, checksum_finish(tcp_sum_header(p, hdr_len, sum)));
}

/* Prepare it for whoever finishes it: the device, or software GSO. */
static void defer_checksum(const struct tcp_tx *tx, struct holm_frame *f)
{
	tcp_defer_checksum(f, 0);
	store_be16(holm_frame_data(f) + TCP_CSUM_OFFSET,
		   (uint16_t)~checksum_finish(pseudo_sum(tx->c, f->len)));
}

static uint8_t tos_of(const struct tcp_tx *tx)
{
	uint8_t tos = tcp_settings(tx->c)->tos;

	return unlikely(tx->ecn & TCP_TX_ECT) ? tcp_ecn_tos(tos) : tos;
}

uint32_t tcp_find_flow_label(const struct holm_net *net, struct holm_tcp *c)
{
	const struct ip_tx ip = {
		.src = &c->ends6->local,
		.dst = &c->ends6->remote,
		.proto = IP4_PROTO_TCP,
	};

	c->flight->flow_label =
		ip_dst_flow_label(net, c->dst, &ip, (uint32_t)c->lport << 16 | c->rport);
	return c->flight->flow_label;
}

/* Over IPv6, to ourselves, or where no neighbour is known. */
static never_inline void transmit_any(const struct tcp_tx *tx, struct holm_frame *f)
{
	struct holm_tcp *c = tx->c;
	struct tcp_tuple t;
	const struct ip_tx ip = {
		.src = &t.local,
		.dst = &t.remote,
		.proto = IP4_PROTO_TCP,
		.tos = tos_of(tx),
		.ttl = tcp_settings(c)->ttl,
		.dont_fragment = true,
		.flow_label = c->flags & TCP_IP6 ? tcp_flow_label(tx->net, c) : 0,
	};

	tcp_get_ends(c, &t);
	ip_output(tx->net, c->dst, f, &ip);
}

/* RFC 6864: a packet that cannot be fragmented needs no identification. */
static always_inline void transmit(const struct tcp_tx *tx, struct holm_frame *f)
{
	struct holm_tcp *c = tx->c;
	const struct ip4_tx ip = {
		.src = c->local4,
		.dst = c->remote4,
		.frag = IP4_DF,
		.proto = IP4_PROTO_TCP,
		.tos = tos_of(tx),
		.ttl = tcp_settings(c)->ttl,
	};

	if (unlikely(c->flags & TCP_IP6) || !ip4_can_send(c->dst, f))
		transmit_any(tx, f);
	else
		ip4_send(tx->net, c->dst, f, &ip);
}

/* ---- The usual segment --------------------------------------------------------------------------- */

/* To a neighbour, no SYN, no option but a timestamp, no marks. */
static inline bool is_plain(const struct holm_tcp *c, uint8_t flags)
{
	const struct tcp_flight *fl = c->flight;

	return !(c->flags & TCP_ECN) && !(flags & TCP_SYN) && c->dst->neigh && !fl->reasm &&
	       !fl->has_dsack && !fl->urgent;
}

/* The same over IPv4. */
static inline bool is_usual(const struct holm_tcp *c, const struct holm_frame *f, uint8_t flags)
{
	return !(c->flags & TCP_IP6) && is_plain(c, flags) &&
	       (f->gso || f->len + TCP_HDR_TS_BYTES + IP4_HDR_BYTES <= c->dst->mtu);
}

/* Its headers, of TCP and IP, are written in one piece, and summed while they are. */
static always_inline void send_usual(const struct tcp_tx *tx, struct holm_frame *f,
				     struct tcp_seq seq, uint8_t flags, uint64_t sum, bool partial,
				     bool stamped)
{
	struct holm_tcp *c = tx->c;
	uint32_t hdr_len = stamped ? TCP_HDR_TS_BYTES : TCP_HDR_BYTES;
	uint32_t headers = ETH_HDR_BYTES + IP4_HDR_BYTES + hdr_len;
	uint32_t l4_len = f->len + hdr_len;
	uint64_t pseudo = (uint64_t)c->local4 + c->remote4 + IP4_PROTO_TCP + l4_len;
	uint8_t *p = holm_frame_push(f, IP4_HDR_BYTES + hdr_len);

	tcp_write_ip4(c, p, IP4_HDR_BYTES + l4_len);
	tcp_write_header(tx->net, c, p + IP4_HDR_BYTES, seq, flags, sum, pseudo, partial, stamped);
	f->l3_off = ETH_HDR_BYTES;
	f->l4_off = ETH_HDR_BYTES + IP4_HDR_BYTES;
	f->hdr_len = (uint16_t)headers;
	f->payload_off = (uint16_t)headers;
	if (partial)
		tcp_defer_checksum(f, ETH_HDR_BYTES + IP4_HDR_BYTES);
	neigh_output(tx->net, c->dst->neigh, f);
}

/* Any other one. */
static never_inline void send_unusual(struct tcp_tx *tx, struct holm_frame *f, struct tcp_seq seq,
				      uint8_t flags, uint32_t sum, bool partial)
{
	size_t hdr_len = push_header(tx, f, seq, f->len, flags);

	note_header(f, hdr_len);
	if (partial)
		defer_checksum(tx, f);
	else
		put_checksum(tx, f, hdr_len, sum);
	transmit(tx, f);
}

/* The frame has its payload, with the sum `sum` if that is not somebody else's: headers, and away. */
static void send_headed(struct tcp_tx *tx, struct holm_frame *f, struct tcp_seq seq, uint8_t flags,
			uint32_t sum, bool partial)
{
	if (FOR_SIZE || unlikely(!is_usual(tx->c, f, flags)))
		send_unusual(tx, f, seq, flags, sum, partial);
	else if (tx->c->flags & TCP_TS)
		send_usual(tx, f, seq, flags, sum, partial, true);
	else
		send_usual(tx, f, seq, flags, sum, partial, false);
}

/* ---- Payload ------------------------------------------------------------------------------------- */

/* Append queued bytes as lent spans; returns how many went. */
static size_t lend_payload(const struct tcp_tx *tx, struct holm_frame *f, struct tcp_lend_gen *gen,
			   size_t off, size_t len)
{
	struct holm_span spans[HOLM_LEND_SPANS_MAX];
	size_t done = 0;

	while (done < len) {
		size_t n = holm_sndbuf_lend(tx->c->snd, off + done, len - done, spans,
					    HOLM_LEND_SPANS_MAX);

		ASSERT(n > 0);
		for (size_t i = 0; i < n; i++) {
			/* Frames only read what is lent. */
			uint8_t *data = (uint8_t *)(uintptr_t)spans[i].data;

			if (!holm_frame_append(f, &gen->buf, data, spans[i].len))
				return done;
			done += spans[i].len;
		}
	}
	return done;
}

/* One segment whose payload lies in the frame. */
static int send_copied(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	struct holm_frame *f = holm_frame_alloc(tx->net->pool, HOLM_FRAME_HEADROOM, len == 0);
	uint32_t sum = 0;

	if (!f)
		return -HOLM_ENOBUFS;
	if (len > 0)
		sum = tcp_copy_queued(tx->c->snd, tx->hw_csum, holm_frame_put(f, len),
				      flags & TCP_SYN ? 0 : seq_diff(seq, tx->c->flight->buf_seq),
				      len);
	else
		f->flags |= HOLM_FRAME_ACK;
	send_headed(tx, f, seq, flags, sum, tx->hw_csum);
	return (int)len;
}

/* A super-segment, or one that does not fit a frame. */
static int send_lent(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	struct holm_tcp *c = tx->c;
	struct tcp_lend_gen *gen = tcp_lend_begin(c, seq);
	struct holm_frame *f;
	uint32_t done;

	if (!gen)
		return -HOLM_ENOBUFS;
	f = holm_frame_alloc(tx->net->pool, HOLM_FRAME_HEADROOM, false);
	if (!f)
		return -HOLM_ENOBUFS;
	done = (uint32_t)lend_payload(tx, f, gen, seq_diff(seq, c->flight->buf_seq), len);
	if (done < len) {
		/* No room for more spans: whole segments, and what ends the stream waits. */
		uint32_t whole = done > tx->mss ? done - done % tx->mss : done;

		holm_frame_trim(f, whole);
		done = whole;
		flags &= (uint8_t) ~(unsigned)(TCP_FIN | TCP_PSH);
	}
	if (done == 0) {
		holm_frame_free(f);
		return -HOLM_ENOBUFS;
	}
	f->flags |= HOLM_FRAME_LENT;
	if (done > tx->mss) {
		f->gso = c->flags & TCP_IP6 ? HOLM_GSO_TCP6 : HOLM_GSO_TCP4;
		f->gso_size = (uint16_t)tx->mss;
	}
	send_headed(tx, f, seq, flags, 0, true);
	return (int)done;
}

/* ---- Runs ---------------------------------------------------------------------------------------- */

static uint32_t super_max(const struct tcp_tx *tx)
{
	const struct holm_netif *netif = tx->c->dst->netif;
	uint32_t max = SUPER_MAX;

	/* A device that cuts would repeat the pointer. */
	if (unlikely(tcp_has_urgent(tx->c->flight)) && tx->net->tcp->urgent->is_sending(tx->c))
		return tx->mss;
	/* Software cuts into frames' own memory; jumbo segments go one by one. */
	if (tx->mss > TCP_FRAME_PAYLOAD && !(netif && tcp_takes_super(tx->c)))
		return tx->mss;
	if (netif && netif->dev->caps.gso_max > TCP_HDR_MAX + 60u)
		max = min_u32(max, netif->dev->caps.gso_max - TCP_HDR_MAX - 60u);
	return max_u32(min_u32(max / tx->mss, tx->room), 1) * tx->mss;
}

/* Can it be cut now? Otherwise a super-frame goes its way, or waits for the neighbour. */
static inline bool may_cut(const struct tcp_tx *tx)
{
	return tcp_has_way(tx->net, tx->c->dst, tx->mss + TCP_HDR_BYTES) &&
	       (!(tx->c->flags & TCP_IP6) || tcp_flow_label(tx->net, tx->c));
}

/* Queued bytes behind the headers, as lent spans. False: they lie in more pieces than are inline. */
static always_inline bool refer_to_queued(struct holm_tcp *c, struct holm_frame *f,
					  struct tcp_seq seq, uint32_t len,
					  struct tcp_lend_gen *gen)
{
	struct holm_span spans[HOLM_FRAME_SEGS_INLINE - 1];
	size_t n = holm_sndbuf_lend(c->snd, seq_diff(seq, c->flight->buf_seq), len, spans,
				    HOLM_FRAME_SEGS_INLINE - 1);
	uint32_t all = f->len + len;
	size_t i = 0;

	ASSERT(n > 0);
	do {
		/* Frames only read what is lent. */
		uint8_t *data = (uint8_t *)(uintptr_t)spans[i].data;

		frame_refer(f, &gen->buf, data, (uint32_t)spans[i].len);
	} while (unlikely(++i < n));
	f->flags |= HOLM_FRAME_LENT;
	return f->len == all;
}

/* What the frames of a run have in common, beside what the connection says. */
struct whole_run {
	const struct tcp_tx *tx;
	struct tcp_lend_gen *gen;
	uint16_t wnd;
	bool ip6, stamped;
};

/*
 * A super-frame, or what is left of a run, for a device that cuts and sums, by a way that is clear: its headers
 * are written in one piece. False: no frame, or it is not to go this way.
 */
static always_inline bool send_whole(const struct whole_run *r, struct tcp_seq seq, uint32_t len,
				     uint32_t flags)
{
	const struct tcp_tx *tx = r->tx;
	struct holm_tcp *c = tx->c;
	const struct neigh *neigh = c->dst->neigh;
	uint32_t hdr_len = r->stamped ? TCP_HDR_TS_BYTES : TCP_HDR_BYTES;
	uint32_t l4_off = ETH_HDR_BYTES + (r->ip6 ? IP6_HDR_BYTES : IP4_HDR_BYTES);
	bool lent = len > TCP_FRAME_PAYLOAD;
	struct holm_frame *f =
		tcp_begin_frame(tx->net, neigh, l4_off, hdr_len, lent ? 0 : len, false);
	uint8_t *p;

	if (unlikely(!f))
		return false;
	p = f->segs_inline[0].data;
	if (!lent) {
		(void)tcp_copy_queued(c->snd, true, p + l4_off + hdr_len,
				      seq_diff(seq, c->flight->buf_seq), len);
	} else if (unlikely(!refer_to_queued(c, f, seq, len, r->gen))) {
		holm_frame_free(f);
		return false;
	}
	if (len > tx->mss) {
		f->gso = r->ip6 ? HOLM_GSO_TCP6 : HOLM_GSO_TCP4;
		f->gso_size = (uint16_t)tx->mss;
	}
	(void)tcp_write_numbers(tx->net, c, p + l4_off, seq, flags, r->wnd, r->stamped);
	tcp_leave_sum(f, p, l4_off, tcp_write_ip(c, p + ETH_HDR_BYTES, hdr_len + len, r->ip6));
	netif_put(neigh->netif, f);
	return true;
}

/* All of a run; returns how much of it went. What ends the stream goes with the last byte. */
static always_inline uint32_t send_wholes(const struct tcp_tx *tx, struct tcp_seq seq, uint32_t len,
					  uint32_t flags, bool usual)
{
	struct holm_tcp *c = tx->c;
	struct whole_run run = {
		.tx = tx,
		.gen = tcp_lend_begin(c, seq),
		.ip6 = !usual && (c->flags & TCP_IP6),
		.stamped = !usual && (c->flags & TCP_TS),
	};
	uint32_t max = super_max(tx), done = 0;

	if (unlikely(!run.gen))
		return 0;
	run.wnd = tcp_announce_window(c);
	while (done < len) {
		uint32_t n = min_u32(max, len - done);
		uint32_t waits = done + n < len ? TCP_FIN | TCP_PSH : 0;

		if (unlikely(!send_whole(&run, seq_add(seq, done), n, flags & ~waits)))
			break;
		done += n;
	}
	return done;
}

/* Over IPv6, with timestamps. */
static never_inline uint32_t send_wholes_any(const struct tcp_tx *tx, struct tcp_seq seq,
					     uint32_t len, uint32_t flags)
{
	return send_wholes(tx, seq, len, flags, false);
}

/* A run for a device that cuts: super-frames, and a rest. 0: not this way. */
static never_inline int send_supers(const struct tcp_tx *tx, struct tcp_seq seq, uint32_t len,
				    uint32_t flags)
{
	if (unlikely(!may_cut(tx)))
		return 0;
	/* More than there are frames for: whole segments, and what ends the stream waits. */
	if (unlikely(tcp_segments_of(tx, len) > tx->room)) {
		len = tx->room * tx->mss;
		flags &= ~(uint32_t)(TCP_FIN | TCP_PSH);
	}
	if (unlikely(tx->c->flags & (TCP_IP6 | TCP_TS)))
		return (int)send_wholes_any(tx, seq, len, flags);
	return (int)send_wholes(tx, seq, len, flags, true);
}

/* The headers of a run, and what they add up to: see struct gso_run. */
static inline void write_run(const struct tcp_tx *tx, struct gso_run *run)
{
	struct holm_tcp *c = tx->c;
	bool stamped = (c->flags & TCP_TS) != 0;
	uint8_t *ip = run->header + ETH_HDR_BYTES;

	run->netif = c->dst->neigh->netif;
	run->ip6 = (c->flags & TCP_IP6) != 0;
	run->l3_off = ETH_HDR_BYTES;
	run->l4_off = ETH_HDR_BYTES + (run->ip6 ? IP6_HDR_BYTES : IP4_HDR_BYTES);
	run->hdr_len = (uint16_t)(run->l4_off + (stamped ? TCP_HDR_TS_BYTES : TCP_HDR_BYTES));
	memcpy(run->header, c->dst->neigh->header, ETH_HDR_BYTES);
	run->ip_id = 0;
	if (run->ip6) {
		run->ip_sum = 0;
		tcp_write_ip6(c, ip, 0);
	} else {
		const struct ip4_tx tx4 = tcp_ip4(c);

		const struct ip4_kind kind = c->flight->calm ? c->flight->ip : ip4_kind_of(&tx4);

		run->ip_sum = kind.sum;
		ip4_write_header_of_kind(ip, 0, &kind, (uint64_t)tx4.src << 32 | tx4.dst);
	}
	run->pseudo = pseudo_sum(c, 0);
	run->tcp_sum =
		checksum_fold64(tcp_write_numbers(tx->net, c, run->header + run->l4_off, seq_of(0),
						  0, tcp_announce_window(c), stamped));
}

/* Where `len` queued bytes lie, from `off` on; returns how many of them do in so many pieces. */
static inline size_t find_queued(struct holm_sndbuf *snd, size_t off, size_t len,
				 struct holm_seg segs[HOLM_LEND_SPANS_MAX])
{
	struct holm_span spans[HOLM_LEND_SPANS_MAX];
	size_t n = holm_sndbuf_lend(snd, off, len, spans, HOLM_LEND_SPANS_MAX);
	size_t reach = 0, i = 0;

	ASSERT(n > 0);
	do {
		segs[i].data = (uint8_t *)(uintptr_t)spans[i].data; /* only read */
		segs[i].len = (uint32_t)spans[i].len;
		reach += spans[i].len;
	} while (unlikely(++i < n));
	return reach;
}

int tcp_send_cut(const struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	struct holm_seg segs[HOLM_LEND_SPANS_MAX];
	struct gso_run run;
	size_t reach;

	if (!FOR_SIZE && tcp_takes_super(tx->c))
		return send_supers(tx, seq, len, flags);
	if (unlikely(tx->mss > TCP_FRAME_PAYLOAD || !may_cut(tx)))
		return 0;
	reach = find_queued(tx->c->snd, seq_diff(seq, tx->c->flight->buf_seq),
			    min_size(len, (size_t)tx->room * tx->mss), segs);
	/* More than there are frames for, or lies in more pieces: whole segments, what ends the stream waits. */
	if (unlikely(reach < len)) {
		len = (uint32_t)(reach > tx->mss ? reach - reach % tx->mss : reach);
		flags &= (uint8_t) ~(unsigned)(TCP_FIN | TCP_PSH);
	}
	run.seg = segs;
	run.off = 0;
	run.seq = seq.v;
	run.flags = flags;
	run.frame_flags = 0;
	run.gathers = false;
	write_run(tx, &run);
	len = (uint32_t)gso_cut(&run, len, tx->mss);
	return len > 0 ? (int)len : -HOLM_ENOBUFS;
}

int tcp_send_super(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	if (len > tx->mss) {
		bool cuts = tcp_is_cut(tx->c) && is_plain(tx->c, flags);
		int sent = cuts ? tcp_send_cut(tx, seq, len, flags) : 0;
		uint32_t max;

		if (sent != 0)
			return sent;
		max = super_max(tx);
		if (max <= tx->mss && tx->mss <= TCP_FRAME_PAYLOAD)
			return -HOLM_ENOBUFS;
		if (len > max) {
			len = max;
			flags &= (uint8_t) ~(unsigned)(TCP_FIN | TCP_PSH);
		}
	}
	return send_lent(tx, seq, len, flags);
}

/* ---- Segments ------------------------------------------------------------------------------------ */

/* In a frame of its own, or lent. What ends the stream goes with the last byte. */
static inline int send_frame(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	const bool lends = HOLM_WITH_SUPER && likely(tx->net->tcp->send_super);
	uint32_t copied_max = min_u32(tx->mss, TCP_FRAME_PAYLOAD);
	int sent;

	if (unlikely(len > copied_max)) {
		sent = lends ? tx->net->tcp->send_super(tx, seq, len, flags) : -HOLM_ENOBUFS;
		if (likely(sent >= 0) || (lends && (len <= tx->mss || tx->mss > TCP_FRAME_PAYLOAD)))
			return sent;
		len = copied_max;
		flags &= (uint8_t) ~(unsigned)(TCP_FIN | TCP_PSH);
	}
	return send_copied(tx, seq, len, flags);
}

/* Marked: by what was sent before. One segment where a device that cuts might repeat CWR. */
static never_inline uint8_t mark(struct tcp_tx *tx, struct tcp_seq seq, uint32_t *len,
				 uint8_t flags)
{
	flags = tx->net->tcp->ecn->mark(tx, seq, *len, flags);
	if ((flags & TCP_CWR) && *len > tx->mss) {
		*len = tx->mss;
		flags &= (uint8_t) ~(unsigned)(TCP_FIN | TCP_PSH);
	}
	return flags;
}

static never_inline int send_marked(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len,
				    uint8_t flags)
{
	flags = mark(tx, seq, &len, flags);
	return send_frame(tx, seq, len, flags);
}

/* How many segments these bytes were. They have taken room. */
static inline uint32_t take_room(struct tcp_tx *tx, uint32_t sent)
{
	uint32_t segments = tcp_segments_of(tx, sent);

	tx->room -= min_u32(tx->room, segments);
	return segments;
}

/* A frame did not hold all of it; `*sent` went. Returns how many segments the rest was, as far as it goes. */
static never_inline uint32_t send_rest(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len,
				       uint8_t flags, int *sent)
{
	uint32_t segments = 0;

	while ((uint32_t)*sent < len && tx->room > 0) {
		uint32_t done = (uint32_t)*sent;
		int n = send_frame(tx, seq_add(seq, done), len - done, flags);

		if (unlikely(n < 0))
			break;
		segments += take_room(tx, (uint32_t)n);
		*sent += n;
	}
	return segments;
}

int tcp_send_segment(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	struct holm_tcp *c = tx->c;
	bool marked = unlikely(c->flags & TCP_ECN) != 0;
	int sent = marked ? send_marked(tx, seq, len, flags) : send_frame(tx, seq, len, flags);
	uint32_t segments;

	if (unlikely(sent < 0))
		return sent;
	segments = take_room(tx, (uint32_t)sent);
	if (unlikely((uint32_t)sent < len) && !marked)
		segments += send_rest(tx, seq, len, flags, &sent);
	net_count_n(tx->net, HOLM_COUNT_TCP_TX_SEGMENTS, segments);
	if (likely(flags & TCP_ACK))
		tcp_note_acked(c);
	return sent;
}

/* No blocks, no marks: a header is all that an ACK needs. */
static inline bool is_bare(const struct holm_tcp *c)
{
	return !(c->flags & TCP_ECN) && !tcp_sack_is_due(c) && !tcp_has_urgent(c->flight);
}

bool tcp_send_ack(struct holm_tcp *c)
{
	const struct tcp_calm_ops *calm = tcp_calm(tcp_net(c)->tcp);
	struct tcp_seq seq = c->flight->snd_nxt;
	struct tcp_tx tx;

	if (likely(calm && is_bare(c) && calm->ack(c)))
		return true;
	ip_dst_check(tcp_net(c), c->dst);
	tcp_tx_init(&tx, c, seq);
	return tcp_send_segment(&tx, seq, 0, TCP_ACK) >= 0;
}
