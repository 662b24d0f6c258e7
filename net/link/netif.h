/*
 * The instance's side of a device: addresses, the interface queue, who waits for room in it.
 *
 * A frame for a device goes through netif_output(), which makes it fit the device's capabilities
 * (software GSO, checksum, gathering) and puts it in the interface queue; the queue is given to the
 * device once per round, by netif_flush().
 */
#ifndef NET_LINK_NETIF_H
#define NET_LINK_NETIF_H

#include <holm/dev.h>
#include <holm/ip.h>

#include "net/core/net.h"
#include "net/core/pool.h"
#include "net/wire/eth.h"

/* RFC 4862 section 2. IPv4's are always preferred. */
enum netif_addr_state {
	NETIF_ADDR_PREFERRED,
	NETIF_ADDR_DEPRECATED, /* what is there may go on with it, nothing new chooses it */
	NETIF_ADDR_TENTATIVE,  /* not ours yet: duplicate address detection is still asking */
	NETIF_ADDR_DUPLICATE,  /* not ours: somebody else has it */
};

struct netif_addr {
	struct holm_addr addr;
	uint8_t prefix_len; /* of its own family */
	uint8_t state;	    /* enum netif_addr_state */
	bool autoconf;	    /* a router's prefix made it (RFC 4862) */
	bool no_route;	    /* its prefix is not said to be on the link */
	/* Then it is deprecated, then it goes; 0: never. */
	uint64_t preferred_until_ns, valid_until_ns;
};

struct holm_netif {
	struct holm_dev *dev;
	struct holm_net *net;
	uint32_t index;	   /* >= 1; the loopback's is 0 */
	uint32_t features; /* dev->caps.features, read once */
	uint16_t mtu;
	uint16_t mtu6; /* of IPv6 packets: no more than that, perhaps less as a router has said */
	uint16_t segs_max;
	bool loopback;
	/* By enum holm_gso and enum holm_csum: a bit for each kind that the device takes as it is. */
	uint8_t takes_gso, takes_csum;
	/*
	 * The kinds of super-frames that TCP brings into shape itself: the device takes them, in as
	 * many pieces as are inline, or it neither takes nor gathers them, and segments are copied.
	 */
	uint8_t direct_gso;

	/* The interface queue: ring[head..tail) modulo config.dev_queue_max, a power of two. */
	struct holm_frame **ring;
	uint32_t ring_mask;
	uint32_t tail, head;
	uint32_t queue_max; /* frames that may be in it: none while the link is down */
	bool device_full;   /* tx() took fewer than it was given: wait for holm_net_tx_ready() */
	/* Frames were left behind, or somebody waits for room: netif_flush() has more to do than tx(). */
	bool unsettled;

	/* Endpoints that wait for room, woken in order: see netif_wait(). */
	struct list waiters;
	struct net_timer retry; /* wakes them when only the pool was short: nobody tells of that */

	struct netif_addr *addrs; /* [config.addrs_max] */
	uint32_t naddrs;
};

/* How a waiting endpoint is told; embedded in it. */
struct netif_waiter {
	struct list_node node;
	void (*wake)(struct holm_net *net, struct netif_waiter *waiter);
};

/* Is it interface 0, by which we reach ourselves? */
static inline bool netif_is_loopback(const struct holm_netif *netif)
{
	return HOLM_WITH_LOOPBACK && netif->loopback;
}

/* How many frames the queue has room for: what limits those who may take from the reserve. */
static inline size_t netif_queue_room(const struct holm_netif *netif)
{
	return netif->ring_mask + 1 - (netif->tail - netif->head);
}

/*
 * How many frames could be queued now without loss: room in the queue, and frames in the pool above
 * the reserve (software GSO takes one per segment).
 */
static inline size_t netif_room(const struct holm_netif *netif)
{
	return min_size(netif_queue_room(netif), pool_available(netif->net->pool));
}

/* Call waiter->wake() once when there is room again. Waiting already is fine. */
void netif_wait(struct holm_netif *netif, struct netif_waiter *waiter);
/* There is room: call all who wait. Who finds too little waits again. */
void netif_wake(struct holm_netif *netif);
static inline void netif_unwait(struct netif_waiter *waiter)
{
	if (list_is_linked(&waiter->node))
		list_remove(&waiter->node);
}

/* netif_flush() in whatever state queue and device are. */
void netif_flush_rest(struct holm_netif *netif);
/* Frames came back from the device: whoever waits for room is woken if there is some. */
void netif_tx_done(struct holm_netif *netif);

/*
 * Give the queue to the device, and tell who waits of the room. Called once per round. An empty queue starts
 * over, so that the next round is one call again.
 */
static inline void netif_flush(struct holm_net *net, struct holm_netif *netif)
{
	size_t taken;

	if (FOR_SIZE || unlikely(netif->unsettled || netif->tail == 0)) {
		netif_flush_rest(netif);
		return;
	}
	net->callbacks++;
	taken = holm_dev_tx(netif->dev, netif->ring, netif->tail);
	net->callbacks--;
	if (likely(taken == netif->tail)) {
		netif->tail = 0;
		return;
	}
	ASSERT(taken < netif->tail);
	netif->head = (uint32_t)taken;
	netif->device_full = true;
	netif->unsettled = true;
}

/* The link is up, and its queue has room. */
static inline bool netif_is_open(const struct holm_netif *netif)
{
	return netif->tail - netif->head < netif->queue_max;
}

/* netif_put() where nobody looks at frames: it may as well be written when it is in the queue. */
static inline void netif_put_unseen(struct holm_net *net, struct holm_netif *netif,
				    struct holm_frame *f)
{
	net_count(net, HOLM_COUNT_TX_FRAMES);
	net_count_n(net, HOLM_COUNT_TX_BYTES, f->len);
	netif->ring[netif->tail++ & netif->ring_mask] = f;
	net->queued = true;
}

/* Queue a frame that fits the device as it is; netif_is_open(). */
static inline void netif_put(struct holm_netif *netif, struct holm_frame *f)
{
	struct holm_net *net = netif->net;

	if (net_is_tapped(net))
		net->tap(net, netif->dev, TAP_OUT, f);
	netif_put_unseen(net, netif, f);
}

/* It is not: the frame is dropped. */
void netif_refuse(struct holm_netif *netif, struct holm_frame *f);

/* netif_put() where it may not be open. For netif_output() and software GSO. */
static inline void netif_enqueue(struct holm_netif *netif, struct holm_frame *f)
{
	if (likely(netif_is_open(netif)))
		netif_put(netif, f);
	else
		netif_refuse(netif, f);
}

/* Does the device take it as it is? */
static inline bool netif_takes(const struct holm_netif *netif, const struct holm_frame *f)
{
	return f->nsegs <= netif->segs_max &&
	       (netif->takes_gso >> f->gso & netif->takes_csum >> f->csum & 1);
}

/* The part of netif_output() that is not every frame's: cutting, gathering, summing, a dead link. */
void netif_output_slow(struct holm_netif *netif, struct holm_frame *f);

/*
 * Put a complete frame (link header included) into the interface queue. Ownership passes; a full
 * queue, a dead link or a frame that cannot be made to fit is a counted drop.
 */
static inline void netif_output(struct holm_netif *netif, struct holm_frame *f)
{
	f->dev = netif->dev;
	if (FOR_SIZE || unlikely(!netif_takes(netif, f)))
		netif_output_slow(netif, f);
	else
		netif_enqueue(netif, f);
}

/*
 * A frame for a packet whose headers are written where they lie, the link's among them: the transport's of
 * `hdr_len` bytes begins at `l4_off`, with `len` bytes behind it. NULL: there is none.
 */
static always_inline struct holm_frame *netif_take_frame(struct holm_net *net,
							 const struct holm_netif *netif,
							 uint32_t l4_off, uint32_t hdr_len,
							 uint32_t len, bool reserve_ok)
{
	uint32_t headers = l4_off + hdr_len;
	struct holm_frame *f = pool_take(net->pool, HOLM_FRAME_HEADROOM - headers, reserve_ok);

	if (unlikely(!f))
		return NULL;
	f->l3_off = ETH_HDR_BYTES;
	f->l4_off = (uint16_t)l4_off;
	f->hdr_len = (uint16_t)headers;
	f->payload_off = (uint16_t)headers;
	f->dev = netif->dev;
	(void)pool_put(f, headers + len);
	return f;
}

/* Make and end the instance's side of a device; net.c does the rest of attaching. -HOLM_ENOMEM. */
int netif_create(struct holm_net *net, struct holm_dev *dev, uint32_t index,
		 struct holm_netif **out);
void netif_destroy(struct holm_netif *netif);

/* dev->link_up may have changed. */
static inline void netif_note_link(struct holm_netif *netif)
{
	netif->queue_max = netif->dev->link_up ? netif->ring_mask + 1 : 0;
}

/* dev->link_up or dev->caps.mtu has changed: a dead link's queue is dropped. */
void netif_link_changed(struct holm_netif *netif);

static inline uint32_t netif_count_addrs(const struct holm_netif *netif)
{
	return net_is_single() ? netif->naddrs != 0 : netif->naddrs;
}

/* Has the interface any address of IPv4, or of IPv6? */
bool netif_has_family(const struct holm_netif *netif, bool ip4);

/* Is this one of the netif's own addresses? Tentative and duplicate ones are not its own. */
static inline bool netif_has_addr(const struct holm_netif *netif, const struct holm_addr *addr)
{
	for (uint32_t i = 0; i < netif_count_addrs(netif); i++)
		if (holm_addr_equal(&netif->addrs[i].addr, addr))
			return netif->addrs[i].state < NETIF_ADDR_TENTATIVE;
	return false;
}

#endif
