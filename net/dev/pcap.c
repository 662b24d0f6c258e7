/*
 * The capture device (the public <holm/pcap.h>): middleware that writes frames as they pass.
 *
 * Format: the classic pcap file, version 2.4, with the magic number of nanosecond time stamps
 * (draft-ietf-opsawg-pcap), little-endian. A frame is written segment by segment, never copied.
 */
#include <holm/pcap.h>

#include "lib/bytes.h"
#include "lib/compiler.h"
#include "lib/mem.h"

#define MAGIC_NANOSECONDS 0xa1b23c4du
#define NS_PER_S 1000000000u

enum { LINKTYPE_ETHERNET = 1 };

void holm_pcap_file_header(uint8_t header[HOLM_PCAP_FILE_BYTES], uint32_t snap_bytes)
{
	memset(header, 0, HOLM_PCAP_FILE_BYTES);
	store_le32(header, MAGIC_NANOSECONDS);
	store_le16(header + 4, 2);
	store_le16(header + 6, 4);
	store_le32(header + 16, snap_bytes);
	store_le32(header + 20, LINKTYPE_ETHERNET);
}

void holm_pcap_record_header(uint8_t header[HOLM_PCAP_RECORD_BYTES], uint64_t wall_ns,
			     uint32_t kept, uint32_t len)
{
	store_le32(header, (uint32_t)(wall_ns / NS_PER_S));
	store_le32(header + 4, (uint32_t)(wall_ns % NS_PER_S));
	store_le32(header + 8, kept);
	store_le32(header + 12, len);
}

static void write_file_header(struct holm_pcap *pcap)
{
	uint8_t h[HOLM_PCAP_FILE_BYTES];

	holm_pcap_file_header(h, pcap->snap_bytes);
	pcap->write(pcap->ctx, h, sizeof(h));
}

static void write_frame(struct holm_pcap *pcap, const struct holm_frame *f)
{
	size_t left = min_size(f->len, pcap->snap_bytes);
	uint8_t h[HOLM_PCAP_RECORD_BYTES];

	holm_pcap_record_header(h, pcap->now + pcap->wall_offset_ns, (uint32_t)left, f->len);
	pcap->write(pcap->ctx, h, sizeof(h));
	for (uint32_t i = 0; left > 0 && i < f->nsegs; i++) {
		size_t n = min_size(left, f->segs[i].len);

		if (n > 0)
			pcap->write(pcap->ctx, f->segs[i].data, n);
		left -= n;
	}
}

/*
 * Frames are written before they go, as they may not be touched afterwards. What the device below
 * did not take stays with the instance and comes again, in front of everything else.
 */
static size_t pcap_tx(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	struct holm_pcap *pcap = container_of(dev, struct holm_pcap, dev);
	size_t known = n > 0 && frames[0] == pcap->refused ? pcap->nrefused : 0;
	size_t taken;

	for (size_t i = known; i < n; i++) {
		write_frame(pcap, frames[i]);
		dev->stats.tx_bytes += frames[i]->len;
	}
	taken = holm_dev_tx(pcap->lower, frames, n);
	dev->stats.tx_frames += taken;
	pcap->nrefused = max_size(known, n) - taken;
	pcap->refused = taken < n ? frames[taken] : NULL;
	return taken;
}

static size_t pcap_rx(struct holm_dev *dev, struct holm_frame **frames, size_t n, uint64_t now)
{
	struct holm_pcap *pcap = container_of(dev, struct holm_pcap, dev);

	pcap->now = max_u64(pcap->now, now);
	for (size_t i = 0; i < n; i++) {
		write_frame(pcap, frames[i]);
		dev->stats.rx_bytes += frames[i]->len;
	}
	dev->stats.rx_frames += n;
	return n;
}

static bool pcap_poll(struct holm_dev *dev, uint64_t now, size_t budget)
{
	struct holm_pcap *pcap = container_of(dev, struct holm_pcap, dev);

	pcap->now = max_u64(pcap->now, now);
	return holm_dev_poll(pcap->lower, now, budget);
}

static uint64_t pcap_next_deadline(struct holm_dev *dev)
{
	return holm_dev_next_deadline(container_of(dev, struct holm_pcap, dev)->lower);
}

static void pcap_set_filter(struct holm_dev *dev, const struct holm_mac *groups, size_t n)
{
	struct holm_dev *lower = container_of(dev, struct holm_pcap, dev)->lower;

	if (lower->ops->set_filter)
		lower->ops->set_filter(lower, groups, n);
}

static void pcap_attach(struct holm_dev *dev)
{
	struct holm_dev *lower = container_of(dev, struct holm_pcap, dev)->lower;

	lower->net = dev->net;
	lower->netif = dev->netif;
	holm_dev_attach(lower);
	dev->link_up = lower->link_up;
}

static void pcap_detach(struct holm_dev *dev)
{
	struct holm_pcap *pcap = container_of(dev, struct holm_pcap, dev);

	holm_dev_detach(pcap->lower);
	pcap->lower->net = NULL;
	pcap->lower->netif = NULL;
	pcap->refused = NULL;
	pcap->nrefused = 0;
}

static const struct holm_dev_ops pcap_ops = {
	.tx = pcap_tx,
	.poll = pcap_poll,
	.next_deadline = pcap_next_deadline,
	.set_filter = pcap_set_filter,
	.attach = pcap_attach,
	.detach = pcap_detach,
	.rx = pcap_rx,
};

void holm_pcap_init(struct holm_pcap *pcap, struct holm_dev *lower,
		    void (*write)(void *ctx, const void *data, size_t len), void *ctx,
		    uint64_t wall_offset_ns, uint32_t snap_bytes)
{
	*pcap = (struct holm_pcap){
		.lower = lower,
		.write = write,
		.ctx = ctx,
		.wall_offset_ns = wall_offset_ns,
		.snap_bytes = snap_bytes,
		.dev = {
			.ops = &pcap_ops,
			.name = lower->name,
			.mac = lower->mac,
			.link_up = lower->link_up,
			.caps = lower->caps,
		},
	};
	lower->upper = &pcap->dev;
	write_file_header(pcap);
}

void holm_pcap_fini(struct holm_pcap *pcap)
{
	pcap->lower->upper = NULL;
}
