/*
 * dev.h -- the device table: how an instance meets a network device. virtio-net, TAP, the pair that
 * joins two instances, the impairment and pcap middleware, and an embedder's driver implement it
 * alike.
 *
 * A driver embeds struct holm_dev in its own object, fills the fields marked "driver's" and calls
 * holm_net_add_dev(). From then on:
 *
 *   frames in    driver -> holm_net_input(net, dev, frames, n, now)     ownership passes to the stack
 *   frames out   stack  -> dev->ops->tx(dev, frames, n)                 ownership of those taken passes
 *                driver -> holm_net_tx_done(net, dev, frames, n)        ...and comes back when sent
 *   ring full    tx() takes fewer than n; the rest waits in the instance's bounded interface queue
 *                driver -> holm_net_tx_ready(net, dev)                  there is room again
 *   link         driver -> holm_net_link_changed(net, dev)              after changing dev->link_up
 *
 * A frame that comes in is taken from the instance's pool, holm_frame_alloc(holm_net_pool(dev->net),
 * headroom, true); the device writes at holm_frame_data(), where the ethernet header begins, and
 * holm_frame_put() says how much. `csum` is set where the device has checked it; all else is the stack's.
 * With caps.headroom bytes of head-room an answer can be written over it. A frame that goes out is what its
 * segments hold, segs[0] to segs[nsegs - 1]; `csum` and `gso` say what is left to the device.
 *
 * All of it happens on the instance's thread; an interrupt handler only marks and wakes.
 * Middleware (impairment, pcap) is a device in front of another: the instance attaches the upper one,
 * which sets `upper` in the device below and passes tx(), poll() and the rest on to it. The driver
 * below notices nothing: what it hands to the holm_net_ functions above goes to the top.
 *
 * tx() must not call back into the instance; it may call holm_frame_free() on frames it has copied
 * (which is the same as a later tx_done()).
 */
#ifndef HOLM_DEV_H
#define HOLM_DEV_H

#include <holm/frame.h>
#include <holm/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct holm_net;
struct holm_netif;

enum holm_dev_feature {
	HOLM_DEV_TX_CSUM = 1 << 0, /* finishes HOLM_CSUM_PARTIAL of TCP and UDP, v4 and v6 */
	HOLM_DEV_RX_CSUM = 1 << 1, /* may mark frames HOLM_CSUM_VERIFIED */
	HOLM_DEV_TSO4 = 1 << 2,	   /* cuts HOLM_GSO_TCP4 super-frames (implies TX_CSUM) */
	HOLM_DEV_TSO6 = 1 << 3,
	HOLM_DEV_LOOPBACK = 1 << 4, /* no link layer: frames begin with the network header */
	HOLM_DEV_NO_CSUM = 1 << 5,  /* bytes cannot be damaged: skip checksums both ways */
};

/* What the device can do, read once by holm_net_add_dev(). */
struct holm_dev_caps {
	uint32_t features; /* enum holm_dev_feature */
	uint16_t mtu;	   /* largest network-layer packet */
	uint16_t segs_max; /* segments per frame that tx() can gather; 1 = linear frames only */
	uint16_t headroom; /* bytes that tx() wants free in front of the ethernet header */
	uint32_t gso_max;  /* largest super-frame, headers included; 0 without TSO */
};

struct holm_dev_stats {
	uint64_t rx_frames, rx_bytes, rx_dropped; /* dropped: by the driver, before input */
	uint64_t tx_frames, tx_bytes, tx_dropped;
	uint64_t tx_doorbells; /* notifications given to the device */
	uint64_t rx_interrupts;
	uint64_t bad_index, bad_len; /* values from the device that were out of range */
};

struct holm_dev_ops {
	/*
	 * Send up to `n` frames; returns how many were taken, from the front. Each has at most
	 * caps.segs_max segments and caps.headroom bytes of head-room, and uses only offered
	 * features. One doorbell for the whole call, at most.
	 */
	size_t (*tx)(struct holm_dev *dev, struct holm_frame **frames, size_t n);

	/*
	 * Take frames off the device and hand them to holm_net_input(), at most `budget`; give
	 * finished frames back. Returns true while more work is waiting. Called by
	 * holm_net_poll_devs(), so that polling is the program's choice; may be NULL.
	 */
	bool (*poll)(struct holm_dev *dev, uint64_t now, size_t budget);

	/* When poll() next has work that no interrupt announces, UINT64_MAX for never. May be NULL. */
	uint64_t (*next_deadline)(struct holm_dev *dev);

	/* The set of multicast groups changed: `n` addresses. May be NULL (device passes all). */
	void (*set_filter)(struct holm_dev *dev, const struct holm_mac *groups, size_t n);

	/* The instance has taken the device: dev->net and dev->netif are set. May be NULL. */
	void (*attach)(struct holm_dev *dev);

	/* The instance lets the device go: free or return every frame it holds. May be NULL. */
	void (*detach)(struct holm_dev *dev);

	/*
	 * Middleware only: frames that came in at the device below, on their way up. Returns how
	 * many of them go on, moved to the front of the array; the others it has freed or kept.
	 * NULL: all go on.
	 */
	size_t (*rx)(struct holm_dev *dev, struct holm_frame **frames, size_t n, uint64_t now);
};

/*
 * Frames that arrived and wait at the device, from frames[head] to frames[tail]: put there by whoever
 * brings them, as the other end of a pair is, between the rounds of the instance, which takes them all
 * at once and begins anew at 0. It calls poll() only where `call` is set, or more wait than its budget
 * allows; poll() sees to both.
 */
struct holm_dev_inbox {
	struct holm_frame **frames;
	uint32_t head, tail;
	bool call;
};

struct holm_dev {
	const struct holm_dev_ops *ops; /* driver's */
	const char *name;		/* driver's, e.g. "net0"; lives as long as the device */
	struct holm_mac mac;		/* driver's */
	bool link_up;			/* driver's */
	struct holm_dev_caps caps;	/* driver's */
	struct holm_dev_stats stats;	/* driver's */

	struct holm_dev_inbox *inbox; /* driver's, or NULL: poll() is always called */

	struct holm_dev *upper; /* middleware's: set in the device below it, otherwise NULL */

	struct holm_net *net; /* stack's (below middleware its): the instance it is attached to */
	struct holm_netif *netif; /* stack's */
};

/* Contract-checking wrappers that the stack and middleware call. */
static inline size_t holm_dev_tx(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	return dev->ops->tx(dev, frames, n);
}

static inline bool holm_dev_poll(struct holm_dev *dev, uint64_t now, size_t budget)
{
	return dev->ops->poll ? dev->ops->poll(dev, now, budget) : false;
}

static inline uint64_t holm_dev_next_deadline(struct holm_dev *dev)
{
	return dev->ops->next_deadline ? dev->ops->next_deadline(dev) : UINT64_MAX;
}

static inline void holm_dev_attach(struct holm_dev *dev)
{
	if (dev->ops->attach)
		dev->ops->attach(dev);
}

static inline void holm_dev_detach(struct holm_dev *dev)
{
	if (dev->ops->detach)
		dev->ops->detach(dev);
}

/*
 * From a device to the one that the instance knows, through the middleware between; holm_net_input()
 * begins with it. *n becomes how many frames are left.
 */
static inline struct holm_dev *holm_dev_rx_top(struct holm_dev *dev, struct holm_frame **frames,
					       size_t *n, uint64_t now)
{
	while (dev->upper) {
		dev = dev->upper;
		if (dev->ops->rx && *n > 0)
			*n = dev->ops->rx(dev, frames, *n, now);
	}
	return dev;
}

/* The same for everything else that a driver says; link state and MTU go up on the way. */
static inline struct holm_dev *holm_dev_top(struct holm_dev *dev)
{
	while (dev->upper) {
		dev->upper->link_up = dev->link_up;
		if (dev->upper->caps.mtu > dev->caps.mtu)
			dev->upper->caps.mtu = dev->caps.mtu;
		dev = dev->upper;
	}
	return dev;
}

#ifdef __cplusplus
}
#endif

#endif
