/* Cutting packets, for both families; see split.h. */
#include "net/ip/split.h"

#include "net/ip/sum.h"

void ip_split_seal(struct holm_frame *f)
{
	uint16_t sum;

	if (f->csum != HOLM_CSUM_PARTIAL)
		return;
	sum = checksum_finish(ip_frame_sum(f, f->csum_start, f->len - f->csum_start, 0));
	/* All ones is the same sum, and to UDP zero means none. */
	store_be16(holm_frame_data(f) + f->csum_start + f->csum_off, sum ? sum : 0xffff);
	f->csum = HOLM_CSUM_NONE;
}

struct holm_frame *ip_split_take(struct holm_net *net, const struct holm_frame *f, size_t off,
				 size_t len)
{
	struct holm_frame *part = holm_frame_alloc(net->pool, HOLM_FRAME_HEADROOM, false);

	if (part && holm_frame_append_from(part, f, off, len)) {
		part->flags = f->flags;
		return part;
	}
	if (part)
		holm_frame_free(part);
	net_drop_note(net, HOLM_DROP_NO_FRAME);
	return NULL;
}
