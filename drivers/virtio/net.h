/*
 * virtio-net (virtio 1.2 section 5.1), shared by its parts: net.c brings the device up and down and
 * drives it, net_features.c decides what to agree on, net_rx.c and net_tx.c move frames.
 *
 * One queue pair, no control queue.
 */
#ifndef DRIVERS_VIRTIO_NET_H
#define DRIVERS_VIRTIO_NET_H

#include <linux/virtio_net.h>

#include <holm/net.h>

#include "drivers/virtio/transport.h"

/* Section 5.1.2. */
#define VIRTIO_NET_RXQ 0u
#define VIRTIO_NET_TXQ 1u

/* Frames per call into the stack: enough to share its costs, few enough to stay in the cache. */
#define VIRTIO_NET_BATCH 32u

/*
 * Where in a receive frame's home buffer the device writes: its header ends and the ethernet header
 * begins at 50, so that the IP header begins with a cache line, and a reply made in place has room.
 */
#define VIRTIO_NET_RX_ETH 50u

/*
 * Receive frames that are taken even from the pool's reserve: a 64 KiB super-frame needs 33, and a
 * ring with fewer would never see one again.
 */
#define VIRTIO_NET_RX_RESERVED 40u

/*
 * Descriptors of one frame: all segments it can have, and the page borders that lent bytes of a
 * 64 KiB super-frame can cross.
 */
#define VIRTIO_NET_SG_MAX (HOLM_FRAME_SEGS_MAX + 34u)

/* A ring too small for these does without segmentation offload. */
#define VIRTIO_NET_TSO_RING_MIN 128u
#define VIRTIO_NET_RX_TSO_RING_MIN 64u

/* One per device. Owned by whoever probed it, until holm_virtio_net_remove(). */
struct holm_virtio_net {
	struct holm_dev dev;
	struct virtio_transport t;
	struct virtq rx, tx;
	void *rx_mem, *tx_mem; /* rings, of rx_num and tx_num entries */
	uint16_t rx_num, tx_num;
	uint16_t rx_target; /* frames to keep in the receive ring */
	uint64_t features;
	uint8_t hdr_len; /* of the header before every frame */
	bool mac_is_random;
	bool running;
	bool broken;
	bool lost;	 /* the device does not even reset: memory it knows is never used again */
	bool tx_blocked; /* tx() took fewer frames than it was given */
	volatile bool config_pending; /* set by the interrupt */
	bool rx_starved;	      /* the pool was short when the ring was low */
	uint64_t rx_retry_ns;	      /* when to ask it again */
	uint64_t bad_len;	      /* lies about lengths found here; the queues count theirs */
	uint64_t bad_index;	      /* of queues that were stopped */
	struct holm_pool *pool;
	struct virtq_sg sg[VIRTIO_NET_SG_MAX];
};

static inline bool virtio_net_has(const struct holm_virtio_net *vn, unsigned feature)
{
	return (vn->features & VIRTIO_BIT(feature)) != 0;
}

/* Add a piece of memory to vn->sg behind its first `n`; how many there are then. 0: too many. */
unsigned virtio_net_add_sg(struct holm_virtio_net *vn, unsigned n, const void *p, size_t len);

/* Ring queue `index`. */
void virtio_net_notify(struct holm_virtio_net *vn, uint16_t index);

/*
 * What to agree on of what is `offered`, for rings of these sizes. -HOLM_EPROTO, with a line in the
 * log, when the device cannot be driven.
 */
must_check int virtio_net_choose(struct virtio_transport *t, uint64_t offered, uint16_t rx_num,
				 uint16_t tx_num, uint64_t *features);

/* Fill the receive ring up to its target; returns whether the device wants a doorbell. */
bool virtio_net_rx_fill(struct holm_virtio_net *vn, uint64_t now);

/* Hand up to `budget` received frames to the stack. */
void virtio_net_rx_poll(struct holm_virtio_net *vn, uint64_t now, size_t budget);

/* dev->ops->tx. */
size_t virtio_net_tx(struct holm_dev *dev, struct holm_frame **frames, size_t n);

/* Give frames that were sent back to the stack, and tell it when there is room again. */
void virtio_net_tx_poll(struct holm_virtio_net *vn);

/* How many more frames must leave until waiting ones should be woken. */
uint16_t virtio_net_tx_wanted(const struct holm_virtio_net *vn);

#endif
