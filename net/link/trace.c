/*
 * The one-line-per-frame trace (holm_net_set_trace(), net.trace=1 in the image): time, device,
 * direction, then what net/wire/eth prints.
 *
 * Nothing else names the printers: a program that never asks for a trace does not link them.
 */
#include <holm/net.h>

#include "net/core/net.h"
#include "net/wire/eth.h"

/* Bytes of a frame that are looked at: all headers with options, and DHCP's fixed part. */
#define TRACE_BYTES 600u
#define TRACE_TEXT 240u

static void trace_frame(struct holm_net *net, const struct holm_dev *dev,
			enum trace_direction direction, const struct holm_frame *f)
{
	uint8_t bytes[TRACE_BYTES];
	char text[TRACE_TEXT];
	size_t n = min_size(f->len, sizeof(bytes));
	uint64_t us = net->now / 1000;

	holm_frame_read(f, 0, bytes, n);
	eth_print(text, sizeof(text), bytes, n);
	net_log(net, HOLM_LOG_TRACE, "%llu.%06llu %s %s %s", (unsigned long long)(us / 1000000),
		(unsigned long long)(us % 1000000), dev->name, direction == TRACE_IN ? "<" : ">",
		text);
}

void holm_net_set_trace(struct holm_net *net, bool on)
{
	net->trace = on ? trace_frame : NULL;
}
