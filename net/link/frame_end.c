/*
 * Endpoints that keep copies of whole frames: queue, error, room, readiness. See frame_end.h.
 */
#include "net/link/frame_end.h"

static void update(struct frame_end *e)
{
	unsigned state = 0;

	if (e->rxq.first)
		state |= HOLM_READABLE;
	if (!list_is_linked(&e->waiter.node))
		state |= HOLM_WRITABLE;
	if (e->error)
		state |= HOLM_ERROR;
	ep_set(e->net, &e->ep, state);
}

static void wake(struct holm_net *net, struct netif_waiter *waiter)
{
	(void)net;
	update(container_of(waiter, struct frame_end, waiter));
}

void frame_end_open(struct frame_end *e, struct holm_net *net, enum holm_ep_kind kind)
{
	ep_init(&e->ep, kind);
	e->ep.owned = true;
	e->ep.state = HOLM_WRITABLE;
	e->net = net;
	e->rxq.max_bytes = net->config.raw_rcvbuf_bytes;
	e->waiter.wake = wake;
}

void frame_end_close(struct frame_end *e)
{
	netif_unwait(&e->waiter);
	rxq_clear(&e->rxq);
	ep_disown(&e->ep);
}

void frame_end_put(struct frame_end *e, struct holm_frame *copy)
{
	rxq_put(&e->rxq, copy);
	e->ep.state |= HOLM_READABLE;
	ep_notify(e->net, &e->ep);
}

int frame_end_peek(struct frame_end *e, struct holm_frame **f)
{
	if (e->error)
		return frame_end_take_error(e);
	*f = e->rxq.first;
	return *f ? 0 : -HOLM_EAGAIN;
}

void frame_end_drop(struct frame_end *e)
{
	holm_frame_free(rxq_take(&e->rxq));
	if (!e->rxq.first)
		update(e);
}

int frame_end_take_error(struct frame_end *e)
{
	int error = e->error;

	e->error = 0;
	update(e);
	return -error;
}

void frame_end_set_error(struct frame_end *e, int error)
{
	e->error = error;
	update(e);
	ep_notify(e->net, &e->ep);
}

int frame_end_wait(struct frame_end *e, struct holm_netif *netif)
{
	netif_wait(netif, &e->waiter);
	update(e);
	return -HOLM_EAGAIN;
}

void frame_end_netif_gone(struct frame_end *e, const struct holm_netif *netif, bool bound)
{
	if (bound)
		frame_end_set_error(e, HOLM_ENETDOWN);
	rxq_dev_gone(&e->rxq, netif->dev);
	netif_unwait(&e->waiter);
	update(e);
}
