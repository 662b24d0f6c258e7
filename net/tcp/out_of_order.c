/*
 * A part: text that comes before what is in front of it is kept (RFC 9293 3.10.7.4, seventh; SHLD-31) in
 * those places of the receive buffer where it belongs; reasm.c knows which those are. Comes with SACK, too,
 * which announces them.
 */
#include "net/core/proto.h"
#include "net/tcp/hot.h"

/* What of [from, to) a range covers has arrived again. The first such part is what is told. */
static void note_repeated(struct holm_tcp *c, const struct tcp_reasm *r, struct tcp_seq from,
			  struct tcp_seq to)
{
	for (uint32_t i = 0; i < r->n; i++) {
		struct tcp_seq left = seq_max(from, r->ranges[i].left);
		struct tcp_seq right = seq_min(to, r->ranges[i].right);

		if (seq_lt(left, right)) {
			tcp_sack_duplicate(c, left, right);
			return;
		}
	}
}

/*
 * Accept those parts that no range covers yet: what was promised once is never overwritten. Bytes
 * that the buffer or the ranges have no room for are dropped; the peer sends them again.
 */
static void text_into_ranges(struct holm_tcp *c, struct tcp_rx *rx, struct tcp_reasm *r)
{
	struct tcp_seq at = rx->seq;
	struct tcp_seq end = seq_add(rx->seq, rx->len);
	struct tcp_range gap;

	note_repeated(c, r, at, end);
	while (seq_lt(at, end) && tcp_reasm_gap(r, at, end, &gap)) {
		uint32_t off = seq_diff(gap.left, c->rcv_nxt);
		uint32_t len = seq_diff(gap.right, gap.left);
		uint32_t skip = rx->skip + seq_diff(gap.left, rx->seq);
		uint32_t n = 0;

		if (off == 0 || tcp_reasm_has_room(r, gap.left, gap.right))
			n = tcp_accept_bytes(c, rx, skip, off, tcp_fitting(c, off, len));
		if (n > 0 && off == 0)
			tcp_advance(c, n);
		else if (n > 0)
			tcp_reasm_add(r, gap.left, seq_add(gap.left, n));
		if (n < len) {
			net_drop_note(rx->net, HOLM_DROP_TCP_REASSEMBLY);
			rx->fin = false;
			break;
		}
		at = gap.right;
	}
}

static struct tcp_reasm *ranges_of(struct holm_tcp *c)
{
	struct tcp_flight *fl = c->flight;

	if (!fl->reasm)
		fl->reasm = tcp_reasm_create(tcp_net(c));
	return fl->reasm;
}

/*
 * RFC 5681 4.2: a receiver acknowledges at once when a segment arrives out of order, or fills all or
 * part of a gap.
 */
static never_inline void text_out_of_order(struct holm_tcp *c, struct tcp_rx *rx)
{
	struct tcp_reasm *r = ranges_of(c);
	struct tcp_seq nxt;

	c->flags |= TCP_ACK_NOW;
	if (!r) {
		net_drop_note(rx->net, HOLM_DROP_TCP_NO_MEMORY);
		rx->fin = false;
		return;
	}
	text_into_ranges(c, rx, r);
	nxt = tcp_reasm_advance(r, c->rcv_nxt);
	if (!seq_eq(nxt, c->rcv_nxt))
		tcp_advance(c, seq_diff(nxt, c->rcv_nxt));
	if (r->n == 0) {
		tcp_reasm_destroy(rx->net, r);
		c->flight->reasm = NULL;
	}
}

static const struct tcp_reasm_ops ops = {
	.text = text_out_of_order,
	.destroy = tcp_reasm_destroy,
};

void tcp_reasm_register(struct holm_net *net)
{
	net->tcp->reasm = &ops;
}

static int start(struct holm_net *net)
{
	tcp_reasm_register(net);
	return 0;
}

static const struct holm_proto *const needs[] = { &holm_tcp, NULL };

const struct holm_proto holm_tcp_reassembly = {
	.name = "tcp-reassembly",
	.kind = PROTO_PART,
	.needs = needs,
	.start = start,
};
