/*
 * Interface queues: making a frame fit its device, holding it until the end of the round, giving
 * the queue to the device in one call, and waking who waits for room.
 */
#include "net/link/netif.h"

#include "net/core/sum.h"
#include "net/wire/ip4.h"

/* How long an endpoint waits before it asks an empty pool again. */
#define POOL_RETRY_NS 1000000u

void netif_wait(struct holm_netif *netif, struct netif_waiter *waiter)
{
	if (!list_is_linked(&waiter->node))
		list_push_back(&netif->waiters, &waiter->node);
	netif->unsettled = true;
	if (pool_available(netif->net->pool) == 0)
		net_timer_arm(netif->net, &netif->retry, netif->net->now + POOL_RETRY_NS);
}

/* What of netif_takes() the device's capabilities say. */
static void set_takes(struct holm_netif *netif, uint32_t features)
{
	netif->takes_csum = 1u << HOLM_CSUM_NONE;
	if (features & (HOLM_DEV_TX_CSUM | HOLM_DEV_NO_CSUM))
		netif->takes_csum |= 1u << HOLM_CSUM_PARTIAL | 1u << HOLM_CSUM_VERIFIED;
	netif->takes_gso = 1u << HOLM_GSO_NONE;
	if (features & HOLM_DEV_TSO4)
		netif->takes_gso |= 1u << HOLM_GSO_TCP4;
	if (features & HOLM_DEV_TSO6)
		netif->takes_gso |= 1u << HOLM_GSO_TCP6;
	if (netif->segs_max < HOLM_FRAME_SEGS_INLINE)
		netif->direct_gso = (uint8_t)~netif->takes_gso;
	else if (!FOR_SIZE && netif->takes_csum >> HOLM_CSUM_PARTIAL & 1)
		netif->direct_gso = netif->takes_gso;
}

/* A frame of more pieces than the device gathers, in one. NULL: dropped and counted. */
static never_inline struct holm_frame *gather(struct holm_net *net, struct holm_frame *f,
					      uint16_t segs_max)
{
	struct holm_frame *linear = holm_frame_copy(net->pool, f);

	holm_frame_free(f);
	if (!linear) {
		net_drop_note(net, HOLM_DROP_NO_FRAME);
		return NULL;
	}
	if (linear->nsegs > segs_max) {
		net_drop(net, linear, HOLM_DROP_GSO);
		return NULL;
	}
	return linear;
}

void netif_refuse(struct holm_netif *netif, struct holm_frame *f)
{
	net_drop(netif->net, f, netif->queue_max ? HOLM_DROP_DEV_QUEUE_FULL : HOLM_DROP_DEV_DOWN);
}

void netif_output_slow(struct holm_netif *netif, struct holm_frame *f)
{
	if (unlikely(!netif->queue_max)) {
		netif_refuse(netif, f);
		return;
	}
	if (HOLM_WITH_SUPER && f->gso != HOLM_GSO_NONE &&
	    (!(netif->takes_gso >> f->gso & 1) || f->nsegs > netif->segs_max)) {
		netif->net->gso(netif, f);
		return;
	}
	if (net_has_pieces() && unlikely(f->nsegs > netif->segs_max)) {
		f = gather(netif->net, f, netif->segs_max);
		if (!f)
			return;
	}
	if (!(netif->features & (HOLM_DEV_TX_CSUM | HOLM_DEV_NO_CSUM)))
		frame_finish_sum(f);
	netif_enqueue(netif, f);
}

void netif_wake(struct holm_netif *netif)
{
	struct list woken;
	struct list_node *n;

	list_init(&woken);
	list_append(&woken, &netif->waiters);
	while ((n = list_pop_front(&woken)) != NULL) {
		struct netif_waiter *w = container_of(n, struct netif_waiter, node);

		w->wake(netif->net, w);
	}
}

void netif_flush_rest(struct holm_netif *netif)
{
	struct holm_net *net = netif->net;

	while (netif->head != netif->tail && !netif->device_full) {
		uint32_t at = netif->head & netif->ring_mask;
		uint32_t n = min_u32(netif->tail - netif->head, netif->ring_mask + 1 - at);
		size_t taken;

		net->callbacks++;
		taken = holm_dev_tx(netif->dev, &netif->ring[at], n);
		net->callbacks--;
		ASSERT(taken <= n);
		netif->head += (uint32_t)taken;
		netif->device_full = taken < n;
	}
	if (netif->head == netif->tail) {
		netif->head = 0;
		netif->tail = 0;
	}
	netif_tx_done(netif);
	netif->unsettled = netif->tail > 0 || !list_is_empty(&netif->waiters);
}

void netif_tx_done(struct holm_netif *netif)
{
	if (!list_is_empty(&netif->waiters) && netif_room(netif) > 0)
		netif_wake(netif);
}

static void retry_fire(struct holm_net *net, struct net_timer *timer)
{
	struct holm_netif *netif = container_of(timer, struct holm_netif, retry);

	netif_tx_done(netif);
	if (!list_is_empty(&netif->waiters))
		net_timer_arm(net, timer, net->now + POOL_RETRY_NS);
}

static void purge(struct holm_netif *netif)
{
	while (netif->head != netif->tail)
		net_drop(netif->net, netif->ring[netif->head++ & netif->ring_mask],
			 HOLM_DROP_DEV_DOWN);
	netif->head = 0;
	netif->tail = 0;
	netif->device_full = false;
}

static void release(struct holm_netif *netif)
{
	struct holm_net *net = netif->net;

	mem_free(&net->mem, netif->ring, (netif->ring_mask + 1) * sizeof(struct holm_frame *));
	mem_free(&net->mem, netif->addrs, net->config.addrs_max * sizeof(struct netif_addr));
	mem_free(&net->mem, netif, sizeof(*netif));
}

int netif_create(struct holm_net *net, struct holm_dev *dev, uint32_t index,
		 struct holm_netif **out)
{
	uint32_t slots = net->config.dev_queue_max;
	struct holm_netif *netif = mem_zalloc(&net->mem, sizeof(*netif));

	if (!netif)
		return -HOLM_ENOMEM;
	netif->ring = mem_alloc(&net->mem, slots * sizeof(struct holm_frame *));
	netif->addrs = mem_zalloc(&net->mem, net->config.addrs_max * sizeof(struct netif_addr));
	netif->dev = dev;
	netif->net = net;
	netif->index = index;
	netif->features = dev->caps.features;
	netif->mtu = dev->caps.mtu;
	netif->mtu6 = netif->mtu;
	netif->segs_max = dev->caps.segs_max;
	set_takes(netif, netif->features);
	netif->loopback = (dev->caps.features & HOLM_DEV_LOOPBACK) != 0;
	netif->ring_mask = slots - 1;
	netif_note_link(netif);
	list_init(&netif->waiters);
	net_timer_init(&netif->retry, retry_fire);
	*out = netif;
	if (netif->ring && netif->addrs)
		return 0;
	release(netif);
	return -HOLM_ENOMEM;
}

void netif_destroy(struct holm_netif *netif)
{
	purge(netif);
	net_timer_cancel(netif->net, &netif->retry);
	while (list_pop_front(&netif->waiters))
		continue;
	release(netif);
}

bool netif_has_family(const struct holm_netif *netif, bool ip4)
{
	for (uint32_t i = 0; i < netif_count_addrs(netif); i++)
		if (ip4_is_addr(&netif->addrs[i].addr) == ip4)
			return true;
	return false;
}

void netif_link_changed(struct holm_netif *netif)
{
	netif->mtu = (uint16_t)min_u32(netif->mtu, netif->dev->caps.mtu);
	netif->mtu6 = (uint16_t)min_u32(netif->mtu6, netif->mtu);
	netif_note_link(netif);
	if (netif->dev->link_up)
		return;
	purge(netif);
	/* There is room now: the end of the round tells who waits for it. */
	netif->net->queued = true;
}
