/*
 * More than one segment at once, or one that does not fit a frame: of the part holm_tcp_super,
 * whose payload is lent (lend.c) or cut out of the send buffer. A run of plain segments goes as its
 * device will have it: in super-frames, written in one piece, for one that cuts; as the segments
 * that software GSO cuts at once for one that does not. Anything else is a super-frame that is
 * built as any segment is, for whoever cuts it. Follows no specification of its own: on the wire a
 * run is the segments (RFC 9293 3.7) that burst.c would send one by one. Notes nothing of what
 * went: that is burst.c's.
 */
#include "net/link/gso.h"
#include "net/tcp/header.h"
#include "net/tcp/lend.h"

/* What 16 bits of IP length hold, less the largest headers. */
#define SUPER_MAX (65535u - 40u - TCP_HDR_MAX)

/* What a frame may carry for this device. */
static inline uint32_t frame_max(const struct holm_netif *netif)
{
	uint32_t max = SUPER_MAX;

	if (netif && netif->dev->caps.gso_max > TCP_HDR_MAX + 60u)
		max = min_u32(max, netif->dev->caps.gso_max - TCP_HDR_MAX - 60u);
	return max;
}

/* Of `len` bytes, what goes in one frame: all, or whole segments. */
static inline uint32_t fit_frame(const struct tcp_tx *tx, uint32_t len)
{
	uint32_t max = frame_max(tx->c->dst->netif);

	return likely(len <= max) ? len : max_u32(max / tx->mss, 1) * tx->mss;
}

static uint32_t super_max(const struct tcp_tx *tx, uint32_t len)
{
	const struct holm_netif *netif = tx->c->dst->netif;

	/* A device that cuts would repeat the pointer. */
	if (unlikely(tcp_has_urgent(tx->c->flight)) && tx->net->tcp->urgent->is_sending(tx->c))
		return tx->mss;
	/* Software cuts into frames' own memory; jumbo segments go one by one. */
	if (tx->mss > TCP_FRAME_PAYLOAD && !(netif && tcp_takes_super(tx->c)))
		return tx->mss;
	if (unlikely(tcp_segments_of(tx, len) > tx->room))
		len = max_u32(tx->room, 1) * tx->mss;
	return fit_frame(tx, len);
}

/* Can it be cut now? Otherwise a super-frame goes its way, or waits for the neighbour. */
static inline bool may_cut(const struct tcp_tx *tx)
{
	return tcp_has_way(tx->net, tx->c->dst, tx->mss + TCP_HDR_BYTES) &&
	       (!(tx->c->flags & TCP_IP6) || tcp_flow_label(tx->net, tx->c));
}

/* ---- For a device that cuts ---------------------------------------------------------------------- */

/* Lent bytes behind what the frame holds, which are only read. */
static inline void refer_to_span(struct holm_frame *f, struct tcp_lend_gen *gen,
				 struct holm_span span)
{
	frame_refer(f, &gen->buf, (uint8_t *)(uintptr_t)span.data, (uint32_t)span.len);
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

	ASSERT(n > 0);
	refer_to_span(f, gen, spans[0]);
	for (size_t i = 1; unlikely(i < n); i++)
		refer_to_span(f, gen, spans[i]);
	f->flags |= HOLM_FRAME_LENT;
	return f->len == all;
}

/* What the frames of a run have in common, beside what the connection says. */
struct whole_run {
	const struct tcp_tx *tx;
	struct tcp_lend_gen *gen;
	uint64_t ends;	   /* of IPv4, as its header has them */
	uint32_t ends_sum; /* of these and the protocol, in 16 bits */
	uint16_t wnd;
	bool ip6, stamped;
};

/* What there is to know of IPv4's headers before there is one. */
static inline void begin_ip4(struct whole_run *r)
{
	struct holm_tcp *c = r->tx->c;

	if (!c->flight->calm)
		c->flight->ip = tcp_ip4_kind(c);
	r->ends = tcp_ends4(c);
	r->ends_sum = (uint16_t)~checksum_finish(
		checksum_fold64((uint64_t)c->local4 + c->remote4 + IP4_PROTO_TCP));
}

/* IP's header at `p`, of a segment of `len` bytes; returns the sum of TCP's pseudo header. */
static always_inline uint64_t write_ip(const struct whole_run *r, uint8_t *p, uint32_t len)
{
	const struct holm_tcp *c = r->tx->c;

	if (r->ip6)
		return tcp_write_ip(c, p, len, true);
	ip4_write_header_of_kind(p, IP4_HDR_BYTES + len, &c->flight->ip, r->ends);
	return r->ends_sum + len;
}

/*
 * A super-frame, or what is left of a run, for a device that cuts and sums, by a way that is clear:
 * its headers are written in one piece. False: no frame, or it is not to go this way.
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
	tcp_leave_sum(f, p, l4_off, write_ip(r, p + ETH_HDR_BYTES, hdr_len + len));
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
	uint32_t max = fit_frame(tx, len), done = 0;

	if (unlikely(!run.gen))
		return 0;
	if (!run.ip6)
		begin_ip4(&run);
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

/* ---- For one that does not ----------------------------------------------------------------------- */

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

/* A run for a device that does not cut: its segments. 0: not this way. */
static never_inline int send_segments(const struct tcp_tx *tx, struct tcp_seq seq, uint32_t len,
				      uint8_t flags)
{
	struct holm_seg segs[HOLM_LEND_SPANS_MAX];
	struct gso_run run;
	size_t reach;

	if (unlikely(tx->mss > TCP_FRAME_PAYLOAD || !may_cut(tx)))
		return 0;
	reach = find_queued(tx->c->snd, seq_diff(seq, tx->c->flight->buf_seq),
			    min_size(len, (size_t)tx->room * tx->mss), segs);
	/*
	 * More than there are frames for, or lies in more pieces: whole segments, what ends the
	 * stream waits.
	 */
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
	tcp_write_run(tx, &run);
	len = (uint32_t)gso_cut(&run, len, tx->mss);
	return len > 0 ? (int)len : -HOLM_ENOBUFS;
}

int tcp_send_cut(const struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	if (!FOR_SIZE && tcp_takes_super(tx->c))
		return send_supers(tx, seq, len, flags);
	return send_segments(tx, seq, len, flags);
}

/* ---- Layer by layer ------------------------------------------------------------------------------ */

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
	tcp_send_headed(tx, f, seq, flags, 0, true);
	return (int)done;
}

int tcp_send_super(struct tcp_tx *tx, struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	if (len > tx->mss) {
		bool cuts = tcp_is_cut(tx->c) && tcp_header_is_plain(tx->c, flags);
		int sent = cuts ? tcp_send_cut(tx, seq, len, flags) : 0;
		uint32_t max;

		if (sent != 0)
			return sent;
		max = super_max(tx, len);
		if (max <= tx->mss && tx->mss <= TCP_FRAME_PAYLOAD)
			return -HOLM_ENOBUFS;
		if (len > max) {
			len = max;
			flags &= (uint8_t) ~(unsigned)(TCP_FIN | TCP_PSH);
		}
	}
	return send_lent(tx, seq, len, flags);
}
