/*
 * A capture from the side (holm_capture_open() of <holm/pcap.h>): a tap that writes what passes the
 * instance's devices as a pcap file, the loopback with the ethernet header that it has not.
 */
#include <holm/pcap.h>

#include "net/core/tap.h"
#include "net/link/eth.h"

struct holm_capture {
	struct net_tap tap;
	struct holm_net *net;
	struct holm_dev *dev; /* NULL: all; only compared */
	void (*write)(void *ctx, const void *data, size_t len);
	void *ctx;
	uint64_t wall_offset_ns;
	uint32_t snap_bytes;
};

static void write_bytes(struct holm_capture *c, const struct holm_frame *f, size_t left)
{
	for (uint32_t i = 0; left > 0 && i < f->nsegs; i++) {
		size_t n = min_size(left, f->segs[i].len);

		if (n > 0)
			c->write(c->ctx, f->segs[i].data, n);
		left -= n;
	}
}

static void see(struct net_tap *tap, struct holm_dev *dev, enum tap_direction direction,
		const struct holm_frame *f)
{
	struct holm_capture *c = container_of(tap, struct holm_capture, tap);
	bool loopback = (dev->caps.features & HOLM_DEV_LOOPBACK) != 0;
	uint8_t record[HOLM_PCAP_RECORD_BYTES], link[ETH_HDR_BYTES];
	size_t missing, kept;

	/* What is looped passes twice and is written once. */
	if ((c->dev && c->dev != dev) || (loopback && direction == TAP_IN))
		return;
	missing = eth_missing_header(dev, f, link);
	kept = min_size(missing + f->len, c->snap_bytes);
	holm_pcap_record_header(record, c->net->now + c->wall_offset_ns, (uint32_t)kept,
				(uint32_t)(missing + f->len));
	c->write(c->ctx, record, sizeof(record));
	if (missing > 0)
		c->write(c->ctx, link, min_size(missing, kept));
	if (kept > missing)
		write_bytes(c, f, kept - missing);
}

int holm_capture_open(struct holm_net *net, struct holm_dev *dev,
		      void (*write)(void *ctx, const void *data, size_t len), void *ctx,
		      uint64_t wall_offset_ns, uint32_t snap_bytes, struct holm_capture **out)
{
	struct holm_capture *c = mem_zalloc(&net->mem, sizeof(*c));
	uint8_t header[HOLM_PCAP_FILE_BYTES];

	ASSERT(!net->callbacks);
	if (!c)
		return -HOLM_ENOMEM;
	c->tap.see = see;
	c->net = net;
	c->dev = dev;
	c->write = write;
	c->ctx = ctx;
	c->wall_offset_ns = wall_offset_ns;
	c->snap_bytes = snap_bytes;
	holm_pcap_file_header(header, snap_bytes);
	write(ctx, header, sizeof(header));
	tap_add(net, &c->tap);
	*out = c;
	return 0;
}

void holm_capture_close(struct holm_capture *c)
{
	struct holm_net *net = c->net;

	ASSERT(!net->callbacks);
	tap_remove(net, &c->tap);
	mem_free(&net->mem, c, sizeof(*c));
}
