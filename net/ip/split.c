/* Cutting packets, for both families; see split.h. */
#include "net/ip/split.h"

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
