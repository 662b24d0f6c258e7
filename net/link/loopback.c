/*
 * The loopback interface; see loopback.h. Its queue is the interface queue of netif 0, which no
 * device empties: the round takes the frames out again.
 */
#include "net/link/loopback.h"

#include "net/core/proto.h"
#include "net/link/eth.h"

/* Looped frames delivered at a time. */
#define BATCH 32u

/* Nothing is given to a device here; a flush of the interface leaves the queue alone. */
static size_t loopback_tx(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	(void)dev;
	(void)frames;
	(void)n;
	return 0;
}

static const struct holm_dev_ops loopback_ops = {
	.tx = loopback_tx,
};

static void init_dev(struct holm_net *net, struct holm_dev *dev)
{
	dev->ops = &loopback_ops;
	dev->name = "lo";
	dev->link_up = true;
	dev->caps.features = HOLM_DEV_LOOPBACK | HOLM_DEV_NO_CSUM | HOLM_DEV_TX_CSUM |
			     HOLM_DEV_RX_CSUM | HOLM_DEV_TSO4 | HOLM_DEV_TSO6;
	dev->caps.mtu = LOOPBACK_MTU;
	dev->caps.segs_max = HOLM_FRAME_SEGS_MAX;
	dev->caps.gso_max = LOOPBACK_MTU;
	dev->net = net;
}

static void output(struct holm_net *net, struct holm_frame *f, struct holm_dev *dev)
{
	struct holm_netif *netif = net->netifs[0];

	if (unlikely(netif->tail - netif->head > netif->ring_mask)) {
		net_drop(net, f, HOLM_DROP_LOOPBACK_FULL);
		return;
	}
	f->dev = dev;
	f->flags = (uint16_t)(HOLM_FRAME_LOOPED |
			      (f->flags & (HOLM_FRAME_LENT | HOLM_FRAME_ETHERNET)));
	netif_enqueue(netif, f);
	net->looped = true;
	net_kick(net);
}

static void give_back(struct holm_net *net, struct holm_frame *f, struct holm_dev *dev)
{
	struct holm_netif *netif = net->netifs[0];

	if (unlikely(netif->tail - netif->head > netif->ring_mask)) {
		net_drop(net, f, HOLM_DROP_LOOPBACK_FULL);
		return;
	}
	f->dev = dev;
	f->flags = HOLM_FRAME_LOOPED | HOLM_FRAME_BROADCAST;
	netif->ring[netif->tail++ & netif->ring_mask] = f;
	net->looped = true;
	net_kick(net);
}

static void dev_gone(struct holm_net *net, const struct holm_dev *dev)
{
	struct holm_netif *netif = net->netifs[0];
	uint32_t kept;

	if (netif->dev == dev)
		return;
	kept = netif->head;
	for (uint32_t i = netif->head; i != netif->tail; i++) {
		struct holm_frame *f = netif->ring[i & netif->ring_mask];

		if (f->dev == dev)
			net_drop(net, f, HOLM_DROP_IP_NO_DEVICE);
		else
			netif->ring[kept++ & netif->ring_mask] = f;
	}
	netif->tail = kept;
}

size_t loopback_take(struct holm_net *net, struct holm_frame **frames, size_t n)
{
	struct holm_netif *netif = net->netifs[0];
	size_t taken = 0;

	while (taken < n && netif->head != netif->tail) {
		struct holm_frame *f = netif->ring[netif->head++ & netif->ring_mask];

		f->time_ns = net->now;
		frames[taken++] = f;
	}
	if (taken && !list_is_empty(&netif->waiters))
		netif_wake(netif);
	return taken;
}

static bool run(struct holm_net *net, size_t *budget)
{
	struct holm_frame *batch[BATCH];
	size_t n;

	while ((n = loopback_take(net, batch, min_size(*budget, ARRAY_LEN(batch)))) > 0) {
		*budget -= n;
		for (size_t i = 0; i < n; i++) {
			net->last_of_batch = i + 1 == n;
			if (unlikely(net->tap) && batch[i]->dev->netif->loopback)
				net->tap(net, batch[i]->dev, TAP_IN, batch[i]);
			eth_input_bare(net, batch[i]);
		}
		net_finish_batch(net);
	}
	return loopback_is_pending(net);
}

/* ---- Life. */

static void stop(struct holm_net *net)
{
	struct loopback *lo = net->loopback;

	net->netifs[0] = NULL;
	net->loopback = NULL;
	netif_destroy(lo->dev.netif);
	mem_free(&net->mem, lo, sizeof(*lo));
}

static const struct loopback_ops ops = {
	.output = output,
	.give_back = give_back,
	.dev_gone = dev_gone,
	.run = run,
	.stop = stop,
};

int loopback_start(struct holm_net *net)
{
	struct loopback *lo = mem_zalloc(&net->mem, sizeof(*lo));
	int err;

	if (!lo)
		return -HOLM_ENOMEM;
	lo->ops = &ops;
	init_dev(net, &lo->dev);
	err = netif_create(net, &lo->dev, 0, &lo->dev.netif);
	if (err) {
		mem_free(&net->mem, lo, sizeof(*lo));
		return err;
	}
	net->loopback = lo;
	net->netifs[0] = lo->dev.netif;
	net->nnetifs = max_u32(net->nnetifs, 1);
	return 0;
}
