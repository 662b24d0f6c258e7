/*
 * virtio-net: bringing the device up and down, its configuration, interrupts, the poll round.
 * Sections are of virtio 1.2.
 */
#include "drivers/virtio/net.h"

#include "lib/assert.h"
#include "lib/bytes.h"

/* Ring entries unless the resources say otherwise: as QEMU has on PCI, 600 KiB of frames. */
#define QUEUE_DEFAULT 256u

/* MTU of ethernet, for a device that does not say. */
#define MTU_DEFAULT 1500u

/* The largest IPv4 packet, in an ethernet frame. */
#define GSO_MAX (65535u + ETH_HLEN)

/* How often a configuration that keeps changing is read again before giving up until later. */
#define CONFIG_TRIES 8u

/* Before version 1 the header had the last field only with MRG_RXBUF (5.1.6.1). */
#define LEGACY_HDR_BYTES 10u

_Static_assert(sizeof(struct virtio_net_hdr_v1) == 12, "the head-room that caps ask for");
_Static_assert(sizeof(struct virtio_net_hdr) == LEGACY_HDR_BYTES, "5.1.6.1");

unsigned virtio_net_add_sg(struct holm_virtio_net *vn, unsigned n, const void *p, size_t len)
{
	const uint8_t *at = p;

	while (len > 0) {
		size_t run = 0;
		uint64_t addr;

		if (n == VIRTIO_NET_SG_MAX)
			return 0;
		addr = virtio_bus_addr(&vn->t, at, len, &run);
		if (run == 0)
			return 0;
		run = min_size(run, len);
		vn->sg[n++] = (struct virtq_sg){ .addr = addr, .len = (uint32_t)run };
		at += run;
		len -= run;
	}
	return n;
}

void virtio_net_notify(struct holm_virtio_net *vn, uint16_t index)
{
	vn->dev.stats.tx_doorbells++;
	vn->t.ops->notify(&vn->t, index);
}

/* 2.5.1: read between two equal generations. False: it keeps changing. */
static bool read_link(struct holm_virtio_net *vn, bool *up)
{
	struct virtio_transport *t = &vn->t;

	*up = true;
	if (!virtio_net_has(vn, VIRTIO_NET_F_STATUS))
		return true;
	for (unsigned i = 0; i < CONFIG_TRIES; i++) {
		uint32_t before = t->ops->generation(t);
		uint16_t status = t->ops->config16(t, offsetof(struct virtio_net_config, status));

		*up = (status & VIRTIO_NET_S_LINK_UP) != 0;
		if (t->ops->generation(t) == before)
			return true;
	}
	return false;
}

/* A unicast address that is not all zeros. */
static bool is_mac_usable(const struct holm_mac *mac)
{
	static const struct holm_mac zero;

	return !(mac->b[0] & 1) && memcmp(mac, &zero, sizeof(zero)) != 0;
}

/* The device's address, or a random one, marked as locally administered (IEEE 802). */
static int read_mac(struct holm_virtio_net *vn)
{
	struct virtio_transport *t = &vn->t;
	struct holm_mac *mac = &vn->dev.mac;

	if (virtio_net_has(vn, VIRTIO_NET_F_MAC)) {
		for (unsigned i = 0; i < sizeof(mac->b); i++)
			mac->b[i] = t->ops->config8(t, offsetof(struct virtio_net_config, mac) + i);
		if (is_mac_usable(mac))
			return 0;
	}
	if (!t->res.random) {
		virtio_log(t, HOLM_LOG_ERROR, "virtio-net: no usable MAC address and no entropy");
		return -HOLM_ENXIO;
	}
	t->res.random(t->res.ctx, mac->b, sizeof(mac->b));
	mac->b[0] = (uint8_t)((mac->b[0] & ~1u) | 2u);
	vn->mac_is_random = true;
	return 0;
}

static void set_caps(struct holm_virtio_net *vn)
{
	struct virtio_transport *t = &vn->t;
	struct holm_dev_caps *caps = &vn->dev.caps;

	*caps = (struct holm_dev_caps){
		.mtu = MTU_DEFAULT,
		.segs_max = (uint16_t)min_u32(HOLM_FRAME_SEGS_MAX, vn->tx_num / 4u + 1),
		.headroom = sizeof(struct virtio_net_hdr_v1),
	};
	if (virtio_net_has(vn, VIRTIO_NET_F_MTU))
		caps->mtu = t->ops->config16(t, offsetof(struct virtio_net_config, mtu));
	if (virtio_net_has(vn, VIRTIO_NET_F_CSUM))
		caps->features |= HOLM_DEV_TX_CSUM;
	if (virtio_net_has(vn, VIRTIO_NET_F_GUEST_CSUM))
		caps->features |= HOLM_DEV_RX_CSUM;
	if (virtio_net_has(vn, VIRTIO_NET_F_HOST_TSO4))
		caps->features |= HOLM_DEV_TSO4;
	if (virtio_net_has(vn, VIRTIO_NET_F_HOST_TSO6))
		caps->features |= HOLM_DEV_TSO6;
	if (caps->features & (HOLM_DEV_TSO4 | HOLM_DEV_TSO6))
		caps->gso_max = GSO_MAX;
}

static void set_bad_stats(struct holm_virtio_net *vn)
{
	vn->dev.stats.bad_index = vn->bad_index + vn->rx.bad_index + vn->tx.bad_index;
	vn->dev.stats.bad_len = vn->bad_len + vn->rx.bad_len + vn->tx.bad_len;
}

/* Everything that lay in the rings goes back, unless the device might still write to it. */
static void empty_rings(struct holm_virtio_net *vn, int reset_err)
{
	struct holm_frame *f;

	vn->lost = vn->lost || reset_err != 0;
	if (vn->lost)
		return;
	while ((f = virtq_take_back(&vn->rx)) != NULL)
		holm_frame_free(f);
	while ((f = virtq_take_back(&vn->tx)) != NULL)
		holm_frame_free(f);
	vn->bad_index += vn->rx.bad_index + vn->tx.bad_index;
	vn->bad_len += vn->rx.bad_len + vn->tx.bad_len;
	vn->rx.bad_index = vn->tx.bad_index = 0;
	vn->rx.bad_len = vn->tx.bad_len = 0;
}

/* The device breaks the rules: away with it, before it writes where it should not. */
static void give_up(struct holm_virtio_net *vn, const char *why)
{
	virtio_log(&vn->t, HOLM_LOG_ERROR, why);
	vn->running = false;
	vn->broken = true;
	empty_rings(vn, virtio_fail(&vn->t));
	vn->dev.link_up = false;
	holm_net_link_changed(vn->dev.net, &vn->dev);
	/* What still waits for room is taken by tx() now, and dropped. */
	holm_net_tx_ready(vn->dev.net, &vn->dev);
}

static void config_changed(struct holm_virtio_net *vn)
{
	bool up;

	/* First, so that a change during the reading is not lost. */
	vn->config_pending = false;
	if (vn->t.ops->status(&vn->t) & VIRTIO_CONFIG_S_NEEDS_RESET) {
		give_up(vn, "virtio-net: device asks for a reset, stopped");
		return;
	}
	if (!read_link(vn, &up)) {
		vn->config_pending = true;
		return;
	}
	if (up == vn->dev.link_up)
		return;
	vn->dev.link_up = up;
	holm_net_link_changed(vn->dev.net, &vn->dev);
}

static bool net_poll(struct holm_dev *dev, uint64_t now, size_t budget)
{
	struct holm_virtio_net *vn = container_of(dev, struct holm_virtio_net, dev);

	if (!vn->running)
		return false;
	virtq_disable_intr(&vn->rx);
	virtq_disable_intr(&vn->tx);
	if (vn->config_pending)
		config_changed(vn);
	if (!vn->running)
		return false;
	virtio_net_tx_poll(vn);
	virtio_net_rx_poll(vn, now, budget);
	if (virtio_net_rx_fill(vn, now))
		virtio_net_notify(vn, VIRTIO_NET_RXQ);
	if (vn->rx.broken || vn->tx.broken)
		give_up(vn, "virtio-net: used index jumps, device stopped");
	set_bad_stats(vn);
	return vn->running && virtq_has_used(&vn->rx);
}

/* No interrupt comes when frames return to the pool: an almost empty ring looks for itself. */
static uint64_t net_next_deadline(struct holm_dev *dev)
{
	const struct holm_virtio_net *vn = container_of(dev, struct holm_virtio_net, dev);

	return vn->running && vn->rx_starved ? vn->rx_retry_ns : UINT64_MAX;
}

static void net_detach(struct holm_dev *dev)
{
	holm_virtio_net_stop(container_of(dev, struct holm_virtio_net, dev));
}

static const struct holm_dev_ops net_ops = {
	.tx = virtio_net_tx,
	.poll = net_poll,
	.next_deadline = net_next_deadline,
	.detach = net_detach,
};

bool holm_virtio_net_arm(struct holm_virtio_net *vn)
{
	bool work;

	if (!vn->running)
		return false;
	work = virtq_enable_intr(&vn->rx, 1);
	/* Sent frames are given back now rather than after sleeping. */
	if (virtq_has_used(&vn->tx))
		work = true;
	else if (vn->tx.in_flight > 0)
		work |= virtq_enable_intr(&vn->tx, virtio_net_tx_wanted(vn));
	return work || vn->config_pending;
}

bool holm_virtio_net_interrupt(struct holm_virtio_net *vn, unsigned vector)
{
	unsigned why;

	if (vn->t.vectors == 0)
		why = vn->t.ops->isr(&vn->t);
	else if (vn->t.vectors == 1)
		why = VIRTIO_ISR_QUEUE | VIRTIO_ISR_CONFIG;
	else
		why = vector == HOLM_VIRTIO_VECTOR_CONFIG ? VIRTIO_ISR_CONFIG : VIRTIO_ISR_QUEUE;
	if (why == 0)
		return false;
	if (why & VIRTIO_ISR_CONFIG)
		vn->config_pending = true;
	vn->dev.stats.rx_interrupts++;
	if (vn->t.res.wake)
		vn->t.res.wake(vn->t.res.ctx);
	return true;
}

/* Reset, and all steps up to the agreement. At first the features are chosen, later kept. */
static int negotiate(struct holm_virtio_net *vn, bool first)
{
	uint16_t max = vn->t.res.queue_max ? vn->t.res.queue_max : QUEUE_DEFAULT;
	uint64_t offered;
	int err = virtio_reset(&vn->t);

	if (err)
		return err;
	offered = virtio_begin(&vn->t);
	if (first) {
		vn->rx_num = virtio_queue_num(&vn->t, VIRTIO_NET_RXQ, (uint16_t)max);
		vn->tx_num = virtio_queue_num(&vn->t, VIRTIO_NET_TXQ, (uint16_t)max);
		if (vn->rx_num == 0 || vn->tx_num == 0)
			return -HOLM_EIO;
		err = virtio_net_choose(&vn->t, offered, vn->rx_num, vn->tx_num, &vn->features);
		if (err)
			return err;
	}
	if ((vn->features & ~offered) != 0)
		return -HOLM_EIO;
	return virtio_agree(&vn->t, vn->features);
}

static void *alloc_ring(struct holm_virtio_net *vn, uint16_t num)
{
	return vn->t.res.alloc(vn->t.res.ctx, virtq_bytes(num), 4096);
}

/* Everything that is known before the device runs. */
static int set_up(struct holm_virtio_net *vn)
{
	uint16_t frames = vn->t.res.rx_frames;
	bool mrg;
	int err = negotiate(vn, true);

	if (err)
		return err;
	err = read_mac(vn);
	if (err)
		return err;
	mrg = virtio_net_has(vn, VIRTIO_NET_F_MRG_RXBUF);
	vn->hdr_len = vn->t.legacy && !mrg ? LEGACY_HDR_BYTES : sizeof(struct virtio_net_hdr_v1);
	vn->rx_target = frames != 0 && frames < vn->rx_num ? frames : vn->rx_num;
	set_caps(vn);
	vn->dev.ops = &net_ops;
	vn->dev.name = vn->t.res.name ? vn->t.res.name : "virtio-net";
	(void)read_link(vn, &vn->dev.link_up);
	vn->rx_mem = alloc_ring(vn, vn->rx_num);
	vn->tx_mem = alloc_ring(vn, vn->tx_num);
	return vn->rx_mem && vn->tx_mem ? 0 : -HOLM_ENOMEM;
}

static void free_all(struct holm_virtio_net *vn)
{
	void (*give)(void *, void *, size_t) = vn->t.res.free;
	void *ctx = vn->t.res.ctx;

	if (vn->rx_mem)
		give(ctx, vn->rx_mem, virtq_bytes(vn->rx_num));
	if (vn->tx_mem)
		give(ctx, vn->tx_mem, virtq_bytes(vn->tx_num));
	give(ctx, vn, sizeof(*vn));
}

int holm_virtio_net_probe(const struct holm_virtio_resources *res, struct holm_virtio_net **out)
{
	struct virtio_transport t;
	struct holm_virtio_net *vn;
	uint32_t type;
	int err = virtio_open(&t, res, &type);

	if (err)
		return err;
	if (type != HOLM_VIRTIO_NET)
		return -HOLM_ENODEV;
	vn = res->alloc(res->ctx, sizeof(*vn), _Alignof(struct holm_virtio_net));
	if (!vn)
		return -HOLM_ENOMEM;
	memset(vn, 0, sizeof(*vn));
	vn->t = t;
	err = set_up(vn);
	if (err) {
		if (virtio_fail(&vn->t) == 0)
			free_all(vn);
		return err;
	}
	*out = vn;
	return 0;
}

struct holm_dev *holm_virtio_net_dev(struct holm_virtio_net *vn)
{
	return &vn->dev;
}

/* Steps 7 and 8: rings, receive buffers, go. */
static int run(struct holm_virtio_net *vn)
{
	struct virtio_transport *t = &vn->t;
	bool event_idx = virtio_net_has(vn, VIRTIO_RING_F_EVENT_IDX);
	bool doorbell;
	int err;

	t->ops->setup_vectors(t, HOLM_VIRTIO_VECTORS);
	virtq_init(&vn->rx, vn->rx_mem, vn->rx_num, event_idx);
	virtq_init(&vn->tx, vn->tx_mem, vn->tx_num, event_idx);
	err = virtio_queue_start(t, &vn->rx, vn->rx_mem, VIRTIO_NET_RXQ, HOLM_VIRTIO_VECTOR_RX);
	if (err)
		return err;
	err = virtio_queue_start(t, &vn->tx, vn->tx_mem, VIRTIO_NET_TXQ, HOLM_VIRTIO_VECTOR_TX);
	if (err)
		return err;
	doorbell = virtio_net_rx_fill(vn, t->res.now(t->res.ctx));
	virtio_go(t);
	/* 3.1.1: "The driver MUST NOT notify the device before setting DRIVER_OK." */
	if (doorbell)
		virtio_net_notify(vn, VIRTIO_NET_RXQ);
	return 0;
}

int holm_virtio_net_start(struct holm_virtio_net *vn, struct holm_pool *pool)
{
	int err;

	ASSERT(vn->dev.net && !vn->running);
	if (vn->lost)
		return -HOLM_EIO;
	vn->pool = pool;
	vn->tx_blocked = false;
	vn->broken = false;
	err = negotiate(vn, false);
	if (!err)
		err = run(vn);
	if (err) {
		empty_rings(vn, virtio_fail(&vn->t));
		return err;
	}
	vn->running = true;
	/* The link may have changed while nobody listened. */
	vn->config_pending = true;
	return 0;
}

void holm_virtio_net_stop(struct holm_virtio_net *vn)
{
	if (!vn->running)
		return;
	vn->running = false;
	empty_rings(vn, virtio_reset(&vn->t));
	set_bad_stats(vn);
}

void holm_virtio_net_remove(struct holm_virtio_net *vn)
{
	ASSERT(!vn->dev.net);
	holm_virtio_net_stop(vn);
	if (!vn->lost)
		free_all(vn);
}

void holm_virtio_net_get_info(const struct holm_virtio_net *vn, struct holm_virtio_net_info *info)
{
	*info = (struct holm_virtio_net_info){
		.features = vn->features,
		.rx_queue = vn->rx_num,
		.tx_queue = vn->tx_num,
		.vectors = vn->t.vectors,
		.legacy = vn->t.legacy,
		.mac_is_random = vn->mac_is_random,
		.broken = vn->broken || vn->lost,
		.rx_filled = vn->rx.in_flight,
		.tx_in_ring = vn->tx.in_flight,
	};
}
