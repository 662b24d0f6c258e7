/*
 * IPv6 packets in pieces (RFC 8200 section 4.5), each with a fragment header. Only who sends a packet may
 * cut it; TCP never does. The cutting is split.c's.
 */
#include "net/core/random.h"
#include "net/ip/ip6_send.h"
#include "net/core/sum.h"
#include "net/ip/split.h"
#include "net/ip/state.h"

/* What goes in front of the payload of a piece: both headers. */
static void push_headers(struct holm_frame *part, const struct ip6_tx *tx, const uint8_t *piece)
{
	uint32_t len = part->len + IP6_FRAGMENT_BYTES;

	memcpy(holm_frame_push(part, IP6_FRAGMENT_BYTES), piece, IP6_FRAGMENT_BYTES);
	ip6_write_header(holm_frame_push(part, IP6_HDR_BYTES), len, tx);
}

void ip6_split(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f,
	       const struct ip_tx *tx, uint32_t flow_label, uint16_t mtu)
{
	size_t step = ((size_t)mtu - IP6_HDR_BYTES - IP6_FRAGMENT_BYTES) & ~(size_t)7;
	/* RFC 7739 section 5.2: numbers at random, so that nobody can say what comes next. */
	struct ip6_piece piece = { .next = tx->proto, .id = net_random_u32(net) };
	const struct ip6_tx ip6 = {
		.src = tx->src,
		.dst = tx->dst,
		.flow_label = flow_label,
		.proto = IP6_PROTO_FRAGMENT,
		.tos = tx->tos,
		.ttl = tx->ttl,
	};

	/* A device cannot sum what it sees in pieces. */
	frame_finish_sum(f);
	for (size_t off = 0; off < f->len; off += step) {
		size_t len = min_size(step, f->len - off);
		struct holm_frame *part = ip_split_take(net, f, off, len);
		uint8_t header[IP6_FRAGMENT_BYTES];

		/* Without one piece the others are worth nothing. */
		if (!part)
			break;
		piece.off = (uint32_t)off;
		piece.more = off + len < f->len;
		ip6_build_piece(header, &piece);
		push_headers(part, &ip6, header);
		net_count(net, HOLM_COUNT_IP_FRAGMENTS_SENT);
		ip6_emit(net, dst, part, tx->no_loop);
	}
	holm_frame_free(f);
}
