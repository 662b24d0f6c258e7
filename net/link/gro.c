/*
 * Software receive merging: what a super-segment may begin with. What happens to every frame is in
 * gro.h.
 */
#include "net/link/gro.h"

bool gro_begin(struct gro *g, struct holm_frame *f)
{
	const struct tcp_hdr_info *info = gro_next_info(g);
	uint32_t len = ip_rx(f)->l4_len - info->hdr_len;

	/* Marks and their echoes are the same in all that is merged, or it is not merged. */
	if (len == 0 || (info->flags & ~(unsigned)(TCP_PSH | TCP_ECE | TCP_CWR)) != TCP_ACK ||
	    info->nsack > 0)
		return false;
	g->head = f;
	g->tail = f;
	g->header = holm_frame_data(f) + f->l4_off;
	g->held = !g->held;
	g->payload_len = len;
	g->frame_len = len;
	g->next_max = min_u32(len, GRO_BYTES_MAX - len);
	g->next_seq = info->seq + len;
	g->last_seq = info->seq;
	return true;
}
