/*
 * What a calm connection (calm.c) expects: the next segment in order, with or without a timestamp, which
 * acknowledges all that is in flight or carries text. It is looked at where it lies and does what the steps
 * would have it do; whatever is different in anything is left to them, untouched.
 */
#include "net/tcp/hot.h"

#include "lib/checksum_short.h"
#include "net/core/pool.h"
#include "net/core/ring_short.h"
#include "net/ip/flow.h"

/* ---- What is expected ---------------------------------------------------------------------------- */

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

bool tcp_calm_input(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f)
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

	if (likely(c && tcp_is_calm(c) && take_any(net, c, f, false))) {
		net_count(net, HOLM_COUNT_TCP_RX_SEGMENTS);
		tcp_publish_input(c);
		tcp_note(net, c);
		pool_free(f);
		return true;
	}
	if (!ip_flow_take(&net->flow, f))
		return false;
	/* There is nothing to merge it with. */
	tcp_input(net, f);
	return true;
}

/* What follows in order needs no merging: each goes to the buffer, and all of it is told once. */
size_t tcp_calm_input_run(struct holm_net *net, struct holm_tcp *c, struct holm_frame **frames,
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
