/*
 * The one-line-per-frame trace (holm_net_set_trace(), net.trace=1 in the image).
 */
#ifndef NET_LINK_TRACE_H
#define NET_LINK_TRACE_H

#include "net/core/net.h"

enum trace_direction {
	TRACE_IN,
	TRACE_OUT,
};

/* Log the frame's headers at HOLM_LOG_TRACE. Costs much; callers ask net->trace first. */
void trace_frame(struct holm_net *net, const struct holm_dev *dev, enum trace_direction direction,
		 const struct holm_frame *f);

#endif
