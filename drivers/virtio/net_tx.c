/*
 * Sending: one descriptor for a linear frame, with the device's header in its head-room; a gather
 * list for others. Frames that were sent are taken back lazily. Sections are of virtio 1.2.
 */
#include "drivers/virtio/net.h"
#include "lib/assert.h"
#include "lib/bytes.h"

/* 5.1.6.2: what the device has to do for this frame. */
static void write_header(const struct holm_virtio_net *vn, const struct holm_frame *f, uint8_t *at)
{
	struct virtio_net_hdr_v1 h;

	memset(&h, 0, sizeof(h));
	if (f->csum == HOLM_CSUM_PARTIAL) {
		h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		store_le16(&h.csum_start, f->csum_start);
		store_le16(&h.csum_offset, f->csum_off);
	}
	if (f->gso != HOLM_GSO_NONE) {
		h.gso_type = f->gso == HOLM_GSO_TCP4 ? VIRTIO_NET_HDR_GSO_TCPV4
						     : VIRTIO_NET_HDR_GSO_TCPV6;
		store_le16(&h.gso_size, f->gso_size);
		store_le16(&h.hdr_len, f->hdr_len);
	}
	memcpy(at, &h, vn->hdr_len);
}

/*
 * The header, and what of the frame lies behind it in one piece. A frame that begins in somebody
 * else's buffer (a clone) has its own home buffer for the header.
 */
static unsigned gather_front(struct holm_virtio_net *vn, const struct holm_frame *f)
{
	bool in_home = f->segs[0].buf == &f->home;
	uint8_t *hdr = in_home ? f->segs[0].data - vn->hdr_len : f->home_mem;

	ASSERT(!in_home || holm_frame_headroom(f) >= vn->hdr_len);
	write_header(vn, f, hdr);
	return virtio_net_add_sg(vn, 0, hdr, vn->hdr_len + (in_home ? f->segs[0].len : 0));
}

/* The frame as the device is to read it, in vn->sg. 0: in more pieces than can be. */
static unsigned gather(struct holm_virtio_net *vn, const struct holm_frame *f)
{
	unsigned n = gather_front(vn, f);

	for (uint32_t i = f->segs[0].buf == &f->home ? 1 : 0; n > 0 && i < f->nsegs; i++)
		if (f->segs[i].len > 0)
			n = virtio_net_add_sg(vn, n, f->segs[i].data, f->segs[i].len);
	return n <= vn->tx.num ? n : 0;
}

/* Take up to a batch of sent frames out of the ring. */
static size_t take_sent(struct holm_virtio_net *vn, struct holm_frame **frames)
{
	struct virtq_used used;
	size_t n = 0;

	while (n < VIRTIO_NET_BATCH && virtq_dequeue(&vn->tx, &used))
		frames[n++] = used.cookie;
	return n;
}

/* From within tx(), where the instance must not be called: freeing is the same as tx_done(). */
static void free_sent(struct holm_virtio_net *vn)
{
	struct holm_frame *batch[VIRTIO_NET_BATCH];
	size_t n;

	while ((n = take_sent(vn, batch)) > 0)
		holm_frame_free_batch(batch, n);
}

/* Put one frame into the ring. False: the ring is full. */
static bool send_one(struct holm_virtio_net *vn, struct holm_frame *f)
{
	unsigned n = gather(vn, f);

	if (n == 0) {
		vn->dev.stats.tx_dropped++;
		holm_frame_free(f);
		return true;
	}
	if (n > vn->tx.free)
		free_sent(vn);
	if (virtq_enqueue(&vn->tx, vn->sg, n, 0, f) != 0)
		return false;
	vn->dev.stats.tx_frames++;
	vn->dev.stats.tx_bytes += f->len;
	return true;
}

size_t virtio_net_tx(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	struct holm_virtio_net *vn = container_of(dev, struct holm_virtio_net, dev);
	size_t taken = 0;

	if (!vn->running) {
		holm_frame_free_batch(frames, n);
		dev->stats.tx_dropped += n;
		return n;
	}
	while (taken < n && send_one(vn, frames[taken]))
		taken++;
	vn->tx_blocked = taken < n;
	if (virtq_publish(&vn->tx))
		virtio_net_notify(vn, VIRTIO_NET_TXQ);
	return taken;
}

void virtio_net_tx_poll(struct holm_virtio_net *vn)
{
	struct holm_frame *batch[VIRTIO_NET_BATCH];
	size_t n;

	while ((n = take_sent(vn, batch)) > 0)
		holm_net_tx_done(vn->dev.net, &vn->dev, batch, n);
	/* A quarter of the ring at once, so that a full ring does not mean a wake-up per frame. */
	if (!vn->tx_blocked || vn->tx.free < vn->tx.num / 4u)
		return;
	vn->tx_blocked = false;
	holm_net_tx_ready(vn->dev.net, &vn->dev);
}

uint16_t virtio_net_tx_wanted(const struct holm_virtio_net *vn)
{
	uint32_t busy = (uint32_t)vn->tx.num - vn->tx.free;
	uint32_t need;

	/* Nobody waits: only the last one matters, so that no frame stays behind for ever. */
	if (!vn->tx_blocked || vn->tx.free >= vn->tx.num / 4u)
		return vn->tx.in_flight;
	/* Descriptors still missing, in frames of the present average size, rounded up. */
	need = (vn->tx.num / 4u - vn->tx.free) * vn->tx.in_flight / busy + 1;
	return (uint16_t)min_u32(need, vn->tx.in_flight);
}
