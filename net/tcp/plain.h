/*
 * A segment that is to be expected, read where it lies: what calm_in.c and closing.c ask of it and note of
 * it. Whoever finds anything different in anything leaves it to the steps, untouched.
 */
#ifndef NET_TCP_PLAIN_H
#define NET_TCP_PLAIN_H

#include "lib/checksum_short.h"
#include "net/tcp/hot.h"

/* The first four words of a header that is to be expected have these in the fourth, beside the window. */
#define TCP_WORD_ACK ((uint32_t)TCP_HDR_BYTES << 26 | (uint32_t)TCP_ACK << 16)
#define TCP_WORD_ACK_TS ((uint32_t)TCP_HDR_TS_BYTES << 26 | (uint32_t)TCP_ACK << 16)
#define TCP_WORD_FREE ((uint32_t)TCP_PSH << 16 | 0xffffu)

/*
 * A header with ACK, perhaps PSH and one of `flags`, with a timestamp alone if those were negotiated, none
 * older than the last: PAWS has nothing to say.
 */
static always_inline bool tcp_plain_header(const struct holm_tcp *c, const uint8_t *p,
					   uint32_t flags, bool stamped)
{
	uint32_t word = load_be32(p + 12) & ~(TCP_WORD_FREE | flags << 16);

	if (!stamped)
		return word == TCP_WORD_ACK;
	return word == TCP_WORD_ACK_TS && load_be32(p + 20) == TCP_OPT_TIMESTAMP_WORD &&
	       !serial_lt(load_be32(p + 24), c->ts_recent);
}

/*
 * It is the next in order and within the window; new is its text (or a FIN, which counts as a byte), or that
 * all in flight has arrived.
 */
static always_inline bool tcp_plain_is_next(const struct holm_tcp *c, const uint8_t *p,
					    uint32_t len, bool fin)
{
	uint32_t ack = load_be32(p + 8);

	return load_be32(p + 4) == c->rcv_nxt.v && len <= tcp_rcv_wnd(c) &&
	       (ack == c->snd_una.v ? len + fin > 0 : ack == c->flight->snd_nxt.v);
}

/* Of both families the addresses are the last thing in front of TCP's header, `p`. */
static always_inline bool tcp_plain_is_for(const struct holm_tcp *c, const uint8_t *p, bool ip6)
{
	if (rotl_u32(load_be32(p), 16) != ((uint32_t)c->lport << 16 | c->rport))
		return false;
	if (!ip6)
		return load_be64(p - 8) == ((uint64_t)c->remote4 << 32 | c->local4);
	return c->scope == 0 && (tcp_addr_diff(&c->ends6->remote, (const void *)(p - 32)) |
				 tcp_addr_diff(&c->ends6->local, (const void *)(p - 16))) == 0;
}

/* A header without options is there, `off` bytes into the frame, whatever the packet says. */
static always_inline bool tcp_plain_has_header(const struct holm_frame *f, uint32_t off)
{
	return f->segs[0].len >= off + TCP_HDR_BYTES;
}

/* Whose it is: the last one's, or the table is asked, once. */
static always_inline struct tcp_whose tcp_plain_whose(struct holm_net *net, const uint8_t *p,
						      bool ip6)
{
	struct tcp_state *ts = net->tcp;
	struct tcp_whose w = { .c = ts->last };
	struct htab_node *n;

	if (w.c && ip6 == ((w.c->flags & TCP_IP6) != 0) && tcp_plain_is_for(w.c, p, ip6))
		return w;
	w.hash = ip6 ? tcp_hash6(net, p - 32, p - 16, load_be32(p))
		     : tcp_hash4(net, checksum_load64(p - 8), load_be32(p));
	n = table_probe(&ts->table, w.hash);
	w.nobody = !n;
	w.c = n ? container_of(n, struct holm_tcp, ep.node) : NULL;
	if (unlikely(n && (ip6 != ((w.c->flags & TCP_IP6) != 0) || !tcp_plain_is_for(w.c, p, ip6))))
		w.c = NULL;
	if (likely(w.c))
		ts->last = w.c;
	return w;
}

/* ... so there is one sum over both, and over what follows. */
static always_inline bool tcp_plain_sum_holds(const struct holm_frame *f, const uint8_t *p,
					      uint32_t hdr_len, uint32_t len, bool ip6)
{
	const uint32_t ends = ip6 ? 32 : 8;
	struct checksum_tally t = { .sum = checksum_to_memory(IP4_PROTO_TCP + hdr_len + len) };

	if (f->csum != HOLM_CSUM_NONE)
		return true;
	if (FOR_SIZE || len >= CHECKSUM_SHORT) {
		checksum_tally_long(&t, p - ends, ends + hdr_len + len);
	} else {
		checksum_tally_block(&t, p - ends, ends + hdr_len);
		checksum_tally_block(&t, p + hdr_len, len);
	}
	return checksum_tally_holds(&t);
}

/*
 * What a frame is to be: of any shape, no super-frame and in one piece, or in one piece and known
 * to be none; or known to be a super-frame whose sum nobody needs.
 */
enum tcp_shape { TCP_SHAPE_ANY, TCP_SHAPE_SINGLE, TCP_SHAPE_ASKED, TCP_SHAPE_SUPER };

/* All of a packet is there; in one piece what has to be: its header, or for a checksum all of it. */
static always_inline bool tcp_plain_lies_well(const struct holm_frame *f, uint32_t off,
					      uint32_t hdr_len, size_t l4_len, enum tcp_shape shape)
{
	size_t linear = f->segs[0].len - off;

	if (shape == TCP_SHAPE_SUPER)
		return l4_len <= f->len - off && hdr_len <= linear;
	if (shape != TCP_SHAPE_ANY)
		return l4_len <= linear && (shape == TCP_SHAPE_ASKED || f->gso == HOLM_GSO_NONE);
	return l4_len <= f->len - off && hdr_len <= linear &&
	       (l4_len <= linear || f->csum != HOLM_CSUM_NONE);
}

/* It was expected: RFC 7323 4.3 (2). */
static always_inline void tcp_plain_count(struct holm_net *net, struct holm_tcp *c,
					  const uint8_t *p, bool stamped)
{
	net_count(net, HOLM_COUNT_TCP_PREDICTED_RX);
	if (stamped && seq_leq(c->rcv_nxt, c->flight->rcv_acked))
		c->ts_recent = load_be32(p + 24);
}

/* What the steps would note of its header, beside that: when it came, SND.WND. None is newer. */
static always_inline void tcp_plain_note(struct holm_net *net, struct holm_tcp *c, const uint8_t *p,
					 bool stamped)
{
	struct tcp_flight *fl = c->flight;

	tcp_plain_count(net, c, p, stamped);
	c->last_rx = tcp_stamp(net->now);
	c->snd_wnd = (uint32_t)load_be16(p + 14) << tcp_snd_wscale(c);
	fl->snd_wl1 = c->rcv_nxt;
	if (unlikely(fl->max_snd_wnd < c->snd_wnd))
		fl->max_snd_wnd = c->snd_wnd;
}

#endif
