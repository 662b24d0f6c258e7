/*
 * Receiving: frames of the pool lie in the ring, the device writes its header and the packet into
 * their home buffers, and they go up as they are. Sections are of virtio 1.2.
 *
 * Everything in the header is input. A frame whose header cannot be true is dropped and counted.
 */
#include "drivers/virtio/net.h"
#include "lib/bytes.h"

/* After how long a pool that was short is asked again, when nothing else leads to a poll. */
#define RETRY_NS UINT64_C(2000000)

/* With fewer than a quarter of its frames the ring may not see the next burst, or none at all. */
static bool is_low(const struct holm_virtio_net *vn)
{
	return vn->rx.in_flight < max_u32(vn->rx_target / 4u, 1);
}

/* Put one frame into the ring. False: no descriptor for it. */
static bool post(struct holm_virtio_net *vn, struct holm_frame *f)
{
	const uint8_t *start = holm_frame_data(f);
	size_t room = HOLM_FRAME_BYTES - (size_t)(start - f->home_mem);
	unsigned n = virtio_net_add_sg(vn, 0, start, room);

	return n != 0 && virtq_enqueue(&vn->rx, vn->sg, 0, n, f) == 0;
}

bool virtio_net_rx_fill(struct holm_virtio_net *vn, uint64_t now)
{
	bool short_of_frames = false;

	while (vn->rx.in_flight < vn->rx_target && vn->rx.free > 0) {
		bool reserve_ok = vn->rx.in_flight < VIRTIO_NET_RX_RESERVED;
		struct holm_frame *f =
			holm_frame_alloc(vn->pool, VIRTIO_NET_RX_ETH - vn->hdr_len, reserve_ok);

		if (!f) {
			short_of_frames = true;
			break;
		}
		if (!post(vn, f)) {
			holm_frame_free(f);
			break;
		}
	}
	vn->rx_starved = short_of_frames && is_low(vn);
	vn->rx_retry_ns = now + RETRY_NS;
	return virtq_publish(&vn->rx);
}

/*
 * 5.1.6.4.1: NEEDS_CSUM: the packet comes from the same host and its checksum is not finished, but
 * nothing can have damaged it; DATA_VALID: the device has checked. Both mean: do not check.
 */
static bool read_csum(const struct holm_virtio_net *vn, struct holm_frame *f,
		      const struct virtio_net_hdr_v1 *h)
{
	if (!virtio_net_has(vn, VIRTIO_NET_F_GUEST_CSUM))
		return true;
	if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		uint32_t start = load_le16(&h->csum_start);
		uint32_t off = load_le16(&h->csum_offset);

		if (start + off + 2 > f->len)
			return false;
		f->csum_start = (uint16_t)start;
		f->csum_off = (uint16_t)off;
		f->csum = HOLM_CSUM_VERIFIED;
	} else if (h->flags & VIRTIO_NET_HDR_F_DATA_VALID) {
		f->csum = HOLM_CSUM_VERIFIED;
	}
	return true;
}

/* hdr_len is a hint that nobody needs: the stack parses the headers anyway. */
static bool read_gso(const struct holm_virtio_net *vn, struct holm_frame *f,
		     const struct virtio_net_hdr_v1 *h)
{
	uint8_t type = h->gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;
	uint16_t size = load_le16(&h->gso_size);

	if (type == VIRTIO_NET_HDR_GSO_NONE)
		return true;
	if (type == VIRTIO_NET_HDR_GSO_TCPV4 && virtio_net_has(vn, VIRTIO_NET_F_GUEST_TSO4))
		f->gso = HOLM_GSO_TCP4;
	else if (type == VIRTIO_NET_HDR_GSO_TCPV6 && virtio_net_has(vn, VIRTIO_NET_F_GUEST_TSO6))
		f->gso = HOLM_GSO_TCP6;
	else
		return false;
	f->gso_size = size;
	return size != 0;
}

/* A used buffer as a frame of the written bytes, header included; NULL: no more of them. */
static struct holm_frame *take_buffer(struct holm_virtio_net *vn, size_t least)
{
	struct virtq_used used;
	struct holm_frame *f;

	if (!virtq_dequeue(&vn->rx, &used))
		return NULL;
	f = used.cookie;
	if (used.len >= least)
		holm_frame_put(f, used.len);
	else if (!used.len_was_bad)
		vn->bad_len++;
	return f;
}

/*
 * 5.1.6.4: collect the further buffers of a merged packet behind `f`. All of them are taken from the
 * ring even when one cannot be used. False: the packet is not whole.
 */
static bool merge(struct holm_virtio_net *vn, struct holm_frame *f, unsigned buffers)
{
	bool whole = true;

	if (buffers == 0 || buffers > vn->rx.num || buffers > HOLM_FRAME_SEGS_MAX) {
		vn->bad_len++;
		return false;
	}
	for (unsigned i = 1; i < buffers; i++) {
		struct holm_frame *more = take_buffer(vn, 1);

		if (!more) {
			vn->bad_len++;
			return false;
		}
		/* An empty one is counted; without memory for the vector the packet is dropped. */
		whole = whole && more->len > 0 &&
			holm_frame_append(f, &more->home, holm_frame_data(more), more->len);
		holm_frame_free(more); /* the segment's reference keeps the bytes */
	}
	return whole;
}

static bool finish(struct holm_virtio_net *vn, struct holm_frame *f)
{
	const struct virtio_net_hdr_v1 *h = (const void *)holm_frame_data(f);

	holm_frame_pull(f, vn->hdr_len);
	if (virtio_net_has(vn, VIRTIO_NET_F_MRG_RXBUF) && !merge(vn, f, load_le16(&h->num_buffers)))
		return false;
	if (!read_csum(vn, f, h) || !read_gso(vn, f, h)) {
		vn->bad_len++;
		return false;
	}
	f->dev = &vn->dev;
	return true;
}

/* The next packet, NULL if it had to be dropped. */
static struct holm_frame *receive(struct holm_virtio_net *vn, bool *any)
{
	struct holm_frame *f = take_buffer(vn, vn->hdr_len);

	*any = f != NULL;
	if (!f)
		return NULL;
	if (f->len == 0 || !finish(vn, f)) {
		holm_frame_free(f);
		vn->dev.stats.rx_dropped++;
		return NULL;
	}
	vn->dev.stats.rx_frames++;
	vn->dev.stats.rx_bytes += f->len;
	return f;
}

void virtio_net_rx_poll(struct holm_virtio_net *vn, uint64_t now, size_t budget)
{
	struct holm_frame *batch[VIRTIO_NET_BATCH];
	bool any = true;

	while (any && budget > 0) {
		size_t n = 0;

		while (n < VIRTIO_NET_BATCH && budget > 0) {
			struct holm_frame *f = receive(vn, &any);

			if (!any)
				break;
			budget--;
			if (f)
				batch[n++] = f;
		}
		if (n > 0)
			holm_net_input(vn->dev.net, &vn->dev, batch, n, now);
	}
}
