/*
 * What a calm connection (calm.c) expects: the next segment in order, with or without a timestamp, which
 * acknowledges all that is in flight or carries text. It is looked at where it lies and does what the steps
 * would have it do; whatever is different in anything is left to them, untouched.
 */
#include "net/tcp/plain.h"

#include "net/core/pool.h"
#include "net/core/ring_short.h"
#include "net/ip/flow.h"

/* ---- Text ---------------------------------------------------------------------------------------- */

/* Of a super-frame it is what its segments carried. */
static inline uint32_t segment_bytes(const struct holm_frame *f, uint32_t len)
{
	return unlikely(f->gso != HOLM_GSO_NONE && f->gso_size) ? f->gso_size : len;
}

/* Of a buffer that is no ring, or has less room than was promised. */
static never_inline bool take_text_any(struct holm_net *net, struct holm_tcp *c,
				       struct holm_frame *f, uint32_t len)
{
	uint32_t fits = unlikely(c->flags & TCP_OVERPROMISED) ? tcp_fitting(c, 0, len) : len;
	size_t n = holm_rcvbuf_accept(c->rcv, 0, f, f->payload_off, fits);

	return tcp_text_taken(net, c, len, (uint32_t)n, segment_bytes(f, len));
}

static always_inline bool take_text(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f,
				    uint32_t off, uint32_t len, bool single)
{
	if (likely(single ? tcp_text_linear(net, c, holm_frame_data(f) + off, len, len)
			  : tcp_text_short(net, c, f, off, len, segment_bytes(f, len))))
		return true;
	f->payload_off = (uint16_t)off;
	return take_text_any(net, c, f, len);
}

bool tcp_calm_text(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f, uint32_t off,
		   uint32_t len)
{
	return take_text(net, c, f, off, len, false);
}

/*
 * A segment that was found to be the next, its header `off` bytes into the frame, does what the steps would
 * have it do; `single`: it is known to be no super-frame.
 */
static always_inline void run(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f,
			      uint32_t off, uint32_t len, bool stamped, bool single)
{
	const uint8_t *p = holm_frame_data(f) + off;
	uint32_t ack = load_be32(p + 8);

	tcp_plain_note(net, c, p, stamped);
	if (ack != c->snd_una.v)
		tcp_calm_acked(net, c, seq_of(ack), seq_diff(seq_of(ack), c->snd_una));
	else
		ip_dst_confirm(net, c->dst);
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

	if (unlikely(f->segs[0].len < f->l4_off + hdr_len) || !tcp_plain_header(c, p, 0, stamped) ||
	    !tcp_plain_is_next(c, p, len, false))
		return false;
	run(net, c, f, f->l4_off, len, stamped, false);
	return true;
}

enum tcp_verdict tcp_calm_input(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f)
{
	if (likely(!(c->flags & TCP_CLOSING)) &&
	    (c->flags & TCP_TS ? take(net, c, f, true) : take(net, c, f, false)))
		return TCP_DONE;
	return tcp_closing_input(net, c, f);
}

/* ---- What comes by itself, and in runs ----------------------------------------------------------- */

/*
 * What is known of a frame that begins like a plain packet: that alone; that the network layer has let it in;
 * whose it is.
 */
enum known { KNOWN_LOOK, KNOWN_PACKET, KNOWN_OWNER };

/* Is it the connection's, and what it expects? Of net->flow, where the network layer has not seen it yet. */
static always_inline bool take_frame(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f,
				     bool ip6, bool stamped, enum known known, enum tcp_shape shape)
{
	uint32_t off = ETH_HDR_BYTES + (ip6 ? IP6_HDR_BYTES : IP4_HDR_BYTES);
	uint32_t hdr_len = stamped ? TCP_HDR_TS_BYTES : TCP_HDR_BYTES;
	const uint8_t *ip = holm_frame_data(f) + ETH_HDR_BYTES;
	const uint8_t *p = holm_frame_data(f) + off;
	bool seen = known >= KNOWN_PACKET;
	size_t l4_len = seen ? ip_rx(f)->l4_len : ip6 ? ip_flow_len6(ip) : ip_flow_len4(ip);
	uint32_t len;

	if (unlikely(l4_len < hdr_len || !tcp_plain_lies_well(f, off, hdr_len, l4_len, shape)))
		return false;
	/* Its kind first: a FIN is somebody else's, who will ask all the rest. */
	if (unlikely(!tcp_plain_header(c, p, 0, stamped)) ||
	    (!seen && !(ip6 ? ip_flow_is6(&net->flow, ip) : ip_flow_is4(&net->flow, ip))))
		return false;
	len = (uint32_t)l4_len - hdr_len;
	if ((known < KNOWN_OWNER && !tcp_plain_is_for(c, p, ip6)) ||
	    !tcp_plain_is_next(c, p, len, false) ||
	    (shape != TCP_SHAPE_SUPER && !tcp_plain_sum_holds(f, p, hdr_len, len, ip6)))
		return false;
	run(net, c, f, off, len, stamped, shape == TCP_SHAPE_SINGLE || shape == TCP_SHAPE_ASKED);
	return true;
}

/* What is not IPv4 without timestamps, and in one piece. */
static never_inline bool take_unusual(struct holm_net *net, struct holm_tcp *c,
				      struct holm_frame *f, enum known known)
{
	bool stamped = (c->flags & TCP_TS) != 0;
	bool ip6 = net->flow.ip6;

	if (ip6 != ((c->flags & TCP_IP6) != 0) || (c->flags & TCP_CLOSING))
		return false;
	if (ip6)
		return stamped ? take_frame(net, c, f, true, true, known, TCP_SHAPE_ANY)
			       : take_frame(net, c, f, true, false, known, TCP_SHAPE_ANY);
	return stamped ? take_frame(net, c, f, false, true, known, TCP_SHAPE_ANY)
		       : take_frame(net, c, f, false, false, known, TCP_SHAPE_ANY);
}

/*
 * IPv4 without timestamps, both directions open, and none of these flags: a flow of the other
 * family has no ends that are its.
 */
static always_inline bool is_usual(const struct holm_tcp *c, uint32_t flags)
{
	return likely(!(c->flags & (TCP_IP6 | TCP_TS | TCP_CLOSING | flags)));
}

/* Does it end something? */
static inline bool has_fin(const struct holm_net *net, const struct holm_frame *f)
{
	uint32_t off = net->flow.headers;

	return f->segs[0].len >= off + TCP_HDR_BYTES && (holm_frame_data(f)[off + 13] & TCP_FIN);
}

static never_inline void conclude_any(struct holm_net *net, struct holm_tcp *c)
{
	tcp_publish_input(net, c);
	tcp_note(net, c);
}

/*
 * What it has changed is told, and what it asks for is sent: tcp_publish_input() and tcp_note(), of an open
 * connection whose level is as it was told.
 */
static always_inline void conclude_open(struct holm_net *net, struct holm_tcp *c)
{
	uint32_t flags = c->flags;

	c->flags = (flags & ~(uint32_t)TCP_NEW_BYTES) | TCP_QUEUED;
	if (flags & TCP_NEW_BYTES) {
		c->ep.state |= HOLM_READABLE;
		ep_notify(net, &c->ep);
	}
	if (unlikely(!(c->ep.state & HOLM_WRITABLE)))
		tcp_publish_room(c);
	if (!(flags & TCP_QUEUED)) {
		queue_push(&net->tcp->output, &c->out);
		net_kick(net);
	}
}

static always_inline void conclude(struct holm_net *net, struct holm_tcp *c)
{
	if (unlikely(c->flags & TCP_CHANGED))
		conclude_any(net, c);
	else
		conclude_open(net, c);
}

/* Over IPv6, with timestamps, in pieces; or it ends something, or is for somebody else. */
static never_inline void alone_unusual(struct holm_net *net, struct holm_frame *f,
				       struct holm_tcp *c)
{
	if (has_fin(net, f) || !take_unusual(net, c, f, KNOWN_LOOK)) {
		tcp_closing_alone(net, f, c);
		return;
	}
	conclude(net, c);
	tcp_count_alone(net, f);
	pool_free(f);
}

/* Is it at least for this connection of IPv4? */
static inline bool is_for(const struct holm_net *net, const struct holm_frame *f,
			  const struct holm_tcp *c)
{
	uint32_t off = ETH_HDR_BYTES + IP4_HDR_BYTES;

	return !net->flow.ip6 && tcp_plain_has_header(f, off) &&
	       tcp_plain_is_for(c, holm_frame_data(f) + off, false);
}

static always_inline void alone_as(struct holm_net *net, struct holm_frame *f, struct holm_tcp *c,
				   enum tcp_shape shape)
{
	if (unlikely(!take_frame(net, c, f, false, false, KNOWN_LOOK, shape))) {
		if (is_for(net, f, c))
			alone_unusual(net, f, c);
		else
			tcp_input_alone(net, f);
		return;
	}
	conclude_open(net, c);
	tcp_count_alone(net, f);
	pool_free(f);
}

static never_inline void alone_usual(struct holm_net *net, struct holm_frame *f, struct holm_tcp *c)
{
	alone_as(net, f, c, TCP_SHAPE_ASKED);
}

static never_inline void alone_super(struct holm_net *net, struct holm_frame *f, struct holm_tcp *c)
{
	alone_as(net, f, c, TCP_SHAPE_SUPER);
}

/*
 * Whose it is. That is all that is done here: the others' registers are not saved for a segment
 * that they do not get.
 */
void tcp_calm_alone(struct holm_net *net, struct holm_frame *f)
{
	struct holm_tcp *c = net->tcp->last;

	if (unlikely(!c || !tcp_is_calm(c)))
		tcp_input_alone(net, f);
	else if (likely(is_usual(c, TCP_CHANGED) && f->gso == HOLM_GSO_NONE))
		alone_usual(net, f, c);
	else if (is_usual(c, TCP_CHANGED) && likely(f->csum != HOLM_CSUM_NONE))
		alone_super(net, f, c);
	else if (c->flags & TCP_CLOSING)
		tcp_closing_alone(net, f, c);
	else
		alone_unusual(net, f, c);
}

/* ---- Runs ---------------------------------------------------------------------------------------- */

/* What is not usual, or not in one piece: a super-frame, as like as not. */
static never_inline bool take_other(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f,
				    enum known known)
{
	if (likely(is_usual(c, 0) && f->gso != HOLM_GSO_NONE && f->csum != HOLM_CSUM_NONE))
		return take_frame(net, c, f, false, false, KNOWN_PACKET, TCP_SHAPE_SUPER);
	return take_unusual(net, c, f, known);
}

static always_inline bool take_seen(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f,
				    enum known known)
{
	return likely(is_usual(c, 0) &&
		      take_frame(net, c, f, false, false, known, TCP_SHAPE_SINGLE)) ||
	       take_other(net, c, f, known);
}

/*
 * What follows in order needs no merging: each goes to the buffer, and all of it is told once. How many, from
 * the first on, does this connection expect?
 */
static never_inline size_t take_several(struct holm_net *net, struct holm_tcp *c,
					struct holm_frame **frames, size_t n)
{
	size_t done = 0;

	while (done < n && take_seen(net, c, frames[done], KNOWN_PACKET))
		pool_free(frames[done++]);
	if (likely(done > 0))
		conclude(net, c);
	return done;
}

static always_inline bool take_one(struct holm_net *net, struct holm_tcp *c, struct holm_frame *f)
{
	if (!take_seen(net, c, f, KNOWN_OWNER))
		return false;
	pool_free(f);
	conclude(net, c);
	return true;
}

/* It is calm: how many frames, from the first on, which is for it, have been dealt with? */
static always_inline size_t take_run(struct holm_net *net, struct holm_tcp *c,
				     struct holm_frame **frames, size_t n, uint32_t off, bool ip6)
{
	const uint8_t *p = holm_frame_data(frames[0]) + off;

	if ((c->flags & TCP_CLOSING) || (p[13] & TCP_FIN))
		return tcp_closing_frame(net, frames[0], c);
	if (n > 1 && tcp_plain_has_header(frames[1], off) &&
	    tcp_plain_is_for(c, holm_frame_data(frames[1]) + off, ip6))
		return take_several(net, c, frames, n);
	return take_one(net, c, frames[0]) || tcp_closing_frame(net, frames[0], c);
}

static always_inline size_t input_run(struct holm_net *net, struct holm_frame **frames, size_t n,
				      struct tcp_whose *whose, bool ip6)
{
	uint32_t off = ETH_HDR_BYTES + (ip6 ? IP6_HDR_BYTES : IP4_HDR_BYTES);
	size_t done = 0, taken = 1;

	while (taken > 0 && done < n) {
		/* In pieces: whose the one before was says nothing. */
		if (unlikely(!tcp_plain_has_header(frames[done], off))) {
			*whose = (struct tcp_whose){ 0 };
			break;
		}
		*whose = tcp_plain_whose(net, holm_frame_data(frames[done]) + off, ip6);
		taken = whose->c && tcp_is_calm(whose->c)
				? take_run(net, whose->c, frames + done, n - done, off, ip6)
				: 0;
		done += taken;
	}
	return done;
}

size_t tcp_calm_input_run(struct holm_net *net, struct holm_frame **frames, size_t n,
			  struct tcp_whose *whose)
{
	if (unlikely(net->flow.ip6))
		return input_run(net, frames, n, whose, true);
	return input_run(net, frames, n, whose, false);
}
