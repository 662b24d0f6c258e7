/*
 * IPv4 packets in pieces (RFC 791 section 3.2), each with a header of its own. For transports that permit
 * it; TCP never does. The cutting is split.c's.
 */
#include "net/core/sum.h"
#include "net/ip/split.h"
#include "net/ip/state.h"

void ip4_split(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f,
	       const struct ip_tx *tx, uint16_t mtu)
{
	size_t step = ((size_t)mtu - IP4_HDR_BYTES) & ~(size_t)7;
	struct ip4_info info = {
		.src = ip4_from_addr(tx->src),
		.dst = ip4_from_addr(tx->dst),
		.id = ip4_next_id(net, dst),
		.tos = tx->tos,
		.ttl = tx->ttl,
		.proto = tx->proto,
	};

	/* A device cannot sum what it sees in pieces. */
	frame_finish_sum(f);
	for (size_t off = 0; off < f->len; off += step) {
		size_t len = min_size(step, f->len - off);
		struct holm_frame *part = ip_split_take(net, f, off, len);

		/* Without one piece the others are worth nothing. */
		if (!part)
			break;
		info.total_len = (uint16_t)(IP4_HDR_BYTES + len);
		info.frag = (uint16_t)(off / 8 | (off + len < f->len ? IP4_MF : 0));
		ip4_build(holm_frame_push(part, IP4_HDR_BYTES), &info);
		net_count(net, HOLM_COUNT_IP_FRAGMENTS_SENT);
		ip4_emit(net, dst, part, tx->no_loop);
	}
	holm_frame_free(f);
}
