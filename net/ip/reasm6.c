/*
 * What a fragment header says of a piece of an IPv6 packet, and the headers of the whole: RFC 8200 section
 * 4.5, RFC 5722, RFC 6946, RFC 7112. The pieces themselves are reasm.c's.
 */
#include "net/ip/state.h"

/* Where the fields of an IPv6 header are that errors point at. */
enum { AT_PAYLOAD_LEN = 4, AT_NEXT = 6 };

/* What a transport's header has at least, and so the first piece behind the other headers. */
static uint32_t least_of(uint8_t proto)
{
	switch (proto) {
	case IP6_PROTO_TCP:
		return 20;
	case IP6_PROTO_UDP:
	case IP6_PROTO_ICMP:
		return 8;
	case IP6_PROTO_NONE:
		return 0;
	default:
		return 1;
	}
}

/*
 * RFC 7112 section 5:
 *   A host that receives a First Fragment that does not satisfy the above-stated requirement SHOULD
 *   discard the packet and SHOULD send an ICMPv6 error message to the source address of the offending
 *   packet.
 * What else may be wrong with the headers behind this one is found out when all pieces are there.
 */
static bool has_all_headers(struct holm_frame *f, const struct ip6_chain *at_fragment)
{
	struct ip6_chain c = *at_fragment;

	ip6_chain_pass_fragment(&c, holm_frame_data(f) + f->l3_off);
	switch (ip6_ext_walk(f, &c)) {
	case IP6_WALK_END:
		return c.end - c.at >= least_of(c.next);
	case IP6_WALK_SHORT:
		return false;
	case IP6_WALK_DROP:
		return c.why != HOLM_DROP_IP6_SHORT;
	case IP6_WALK_FRAGMENT:
	case IP6_WALK_PROBLEM:
		break;
	}
	return true;
}

/* What is wrong with a piece, and where; -1: nothing. */
static int find_problem(struct holm_frame *f, const struct ip6_chain *c,
			const struct ip6_piece *piece, uint32_t *pointer)
{
	uint32_t len = ip_rx(f)->l4_len;

	/*
	 * RFC 8200 section 4.5:
	 *   If the length of a fragment, as derived from the fragment packet's Payload Length field, is
	 *   not a multiple of 8 octets and the M flag of that fragment is 1, then that fragment must be
	 *   discarded and an ICMP Parameter Problem, Code 0, message should be sent to the source of the
	 *   fragment, pointing to the Payload Length field of the fragment packet.
	 */
	if (piece->more && len % 8 != 0) {
		*pointer = AT_PAYLOAD_LEN;
		return IP6_PROBLEM_HEADER;
	}
	/*
	 *   If the length and offset of a fragment are such that the Payload Length of the packet
	 *   reassembled from that fragment would exceed 65,535 octets, then that fragment must be
	 *   discarded and an ICMP Parameter Problem, Code 0, message should be sent to the source of the
	 *   fragment, pointing to the Fragment Offset field of the fragment packet.
	 */
	if (c->at - IP6_HDR_BYTES + piece->off + len > IP6_PAYLOAD_MAX) {
		*pointer = c->at + 2;
		return IP6_PROBLEM_HEADER;
	}
	if (piece->off == 0 && !has_all_headers(f, c)) {
		*pointer = 0;
		return IP6_PROBLEM_CHAIN;
	}
	return -1;
}

/* The first piece's headers, as if nothing had been cut. */
static void mend(uint8_t *p, size_t hdr_len, const struct ip_rx *rx)
{
	size_t at = IP6_HDR_BYTES, next_at = AT_NEXT;

	/* The chain was walked through when the piece came in. */
	while (p[next_at] != IP6_PROTO_FRAGMENT && at < hdr_len) {
		next_at = at;
		at += (p[at + 1] + (size_t)1) * 8;
	}
	p[next_at] = rx->proto;
	p[0] = (uint8_t)(6 << 4 | rx->tos >> 4);
	p[1] = (uint8_t)((p[1] & 0xf) | rx->tos << 4);
	store_be16(p + AT_PAYLOAD_LEN, (uint16_t)(hdr_len - IP6_HDR_BYTES + rx->l4_len));
}

static const struct ip_reasm_family reasm6 = {
	.piece_hdr_bytes = IP6_FRAGMENT_BYTES,
	.packet_max = IP6_HDR_BYTES + IP6_PAYLOAD_MAX,
	.mend = mend,
};

/* All are there: the chain begins anew. */
static void begin_chain(struct holm_frame *whole, struct ip6_chain *c)
{
	struct ip6_info info;
	enum holm_drop why;
	bool ok = ip6_parse_header(holm_frame_data(whole), whole->segs[0].len, &info, &why);

	ASSERT(ok);
	ip6_chain_init(c, &info);
	whole->flags |= HOLM_FRAME_PIECES;
}

struct holm_frame *ip6_reasm_input(struct holm_net *net, struct holm_frame *f, struct ip6_chain *c)
{
	const uint8_t *header = holm_frame_data(f) + f->l3_off + c->at;
	struct ip6_piece piece;
	struct ip_piece info = { .family = &reasm6 };
	uint32_t pointer;
	int problem;

	ip6_parse_piece(header, &piece);
	ip_rx(f)->proto = piece.next;
	ip_rx(f)->l4_len = c->end - c->at - IP6_FRAGMENT_BYTES;
	f->l4_off = (uint16_t)(f->l3_off + c->at + IP6_FRAGMENT_BYTES);
	/* RFC 6946: what is whole all the same has nothing to do with other pieces. */
	if (piece.off == 0 && !piece.more) {
		f->flags |= HOLM_FRAME_PIECES;
		ip6_chain_pass_fragment(c, holm_frame_data(f) + f->l3_off);
		return f;
	}
	problem = find_problem(f, c, &piece, &pointer);
	if (problem >= 0) {
		ip6_tell_problem(net, f, (uint8_t)problem, pointer, HOLM_DROP_IP_FRAGMENT);
		return NULL;
	}
	if (ip_rx(f)->l4_len == 0) {
		net_drop(net, f, HOLM_DROP_IP_FRAGMENT);
		return NULL;
	}
	info.id = piece.id;
	info.off = piece.off;
	info.more = piece.more;
	f = ip_reasm_input(net, f, &info);
	if (f)
		begin_chain(f, c);
	return f;
}
