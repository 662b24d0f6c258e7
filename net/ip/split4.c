/*
 * Cutting a packet that is larger than the path lets through (RFC 791 section 3.2): each piece is a frame
 * of its own with a header, whose payload is the whole's memory. For transports that permit it; TCP never
 * does.
 */
#include "net/ip/state.h"

#include "net/ip/sum.h"
#include "net/link/netif.h"

/* A device cannot sum what it sees in pieces. */
static void finish_checksum(struct holm_frame *f)
{
	uint16_t sum;

	if (f->csum != HOLM_CSUM_PARTIAL)
		return;
	sum = checksum_finish(ip_frame_sum(f, f->csum_start, f->len - f->csum_start, 0));
	/* All ones is the same sum, and to UDP zero means none. */
	store_be16(holm_frame_data(f) + f->csum_start + f->csum_off, sum ? sum : 0xffff);
	f->csum = HOLM_CSUM_NONE;
}

/* A frame with the `len` bytes at `off` of `f`, shared. NULL: out of frames. */
static struct holm_frame *take_part(struct holm_net *net, const struct holm_frame *f, size_t off,
				    size_t len)
{
	struct holm_frame *part = holm_frame_alloc(net->pool, HOLM_FRAME_HEADROOM, false);

	if (!part)
		return NULL;
	for (uint32_t i = 0; i < f->nsegs && len > 0; i++) {
		const struct holm_seg *seg = &f->segs[i];
		size_t from = min_size(off, seg->len), n = min_size(seg->len - from, len);

		off -= from;
		if (n == 0)
			continue;
		if (!holm_frame_append(part, seg->buf, seg->data + from, n)) {
			holm_frame_free(part);
			return NULL;
		}
		len -= n;
	}
	part->flags = f->flags;
	return part;
}

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

	finish_checksum(f);
	for (size_t off = 0; off < f->len; off += step) {
		size_t len = min_size(step, f->len - off);
		struct holm_frame *part = take_part(net, f, off, len);

		if (!part) {
			/* Without one piece the others are worth nothing. */
			net_drop_note(net, HOLM_DROP_NO_FRAME);
			break;
		}
		info.total_len = (uint16_t)(IP4_HDR_BYTES + len);
		info.frag = (uint16_t)(off / 8 | (off + len < f->len ? IP4_MF : 0));
		ip4_build(holm_frame_push(part, IP4_HDR_BYTES), &info);
		net_count(net, HOLM_COUNT_IP_FRAGMENTS_SENT);
		ip4_emit(net, dst, part, tx->no_loop);
	}
	holm_frame_free(f);
}
