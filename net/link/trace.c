/*
 * The one-line-per-frame trace (holm_net_set_trace(), net.trace=1 in the image): time, device,
 * direction, then what net/wire/eth prints. What is looped shows once, as it leaves.
 *
 * Nothing else names the printers: a program that never asks for a trace does not link them.
 */
#include <holm/net.h>

#include "net/core/tap.h"
#include "net/link/eth.h"

/* Bytes of a frame that are looked at: all headers with options, and DHCP's fixed part. */
#define TRACE_BYTES 600u
#define TRACE_TEXT 240u

static void trace_frame(struct net_tap *tap, struct holm_dev *dev, enum tap_direction direction,
			const struct holm_frame *f)
{
	struct holm_net *net = container_of(tap, struct holm_net, trace_tap);
	uint8_t bytes[ETH_HDR_BYTES + TRACE_BYTES];
	char text[TRACE_TEXT];
	size_t header = eth_missing_header(dev, f, bytes);
	size_t n = min_size(f->len, TRACE_BYTES);
	uint64_t us = net->now / 1000;

	if ((dev->caps.features & HOLM_DEV_LOOPBACK) && direction == TAP_IN)
		return;
	holm_frame_read(f, 0, bytes + header, n);
	eth_print(text, sizeof(text), bytes, header + n);
	net_log(net, HOLM_LOG_TRACE, "%llu.%06llu %s %s %s", (unsigned long long)(us / 1000000),
		(unsigned long long)(us % 1000000), dev->name, direction == TAP_IN ? "<" : ">",
		text);
}

void holm_net_set_trace(struct holm_net *net, bool on)
{
	tap_remove(net, &net->trace_tap);
	net->trace_tap.see = trace_frame;
	if (on)
		tap_add(net, &net->trace_tap);
}
