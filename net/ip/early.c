/* Packets that come a moment before their address does; see early.h. */
#include "net/ip/early.h"

#include "net/ip/state.h"
#include "net/link/netif.h"

static void refuse(struct holm_net *net, struct holm_frame *f)
{
	net_drop(net, f, HOLM_DROP_IP4_NOT_OURS);
}

static bool keep(struct holm_net *net, struct holm_frame *f)
{
	struct ip_early *e = &net->ip->early;

	if (net->ip->any_dst_users == 0 || netif_has_family(f->dev->netif, true) ||
	    f->dev->netif->loopback || (f->flags & (HOLM_FRAME_BROADCAST | HOLM_FRAME_LENT)))
		return false;
	if (e->n == IP_EARLY_MAX) {
		refuse(net, e->frames[0]);
		e->n--;
		memmove(e->frames, e->frames + 1, e->n * sizeof(e->frames[0]));
	}
	if (e->n == 0)
		net_timer_arm(net, &e->timer, net->now + IP_EARLY_NS);
	e->frames[e->n++] = f;
	return true;
}

/* Either there is an address now, to which the packet is or is not sent, or the time is over. */
static void look_again(struct holm_net *net, struct net_timer *timer)
{
	struct ip_early *e = container_of(timer, struct ip_early, timer);
	uint32_t n = e->n;

	e->n = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (netif_has_family(e->frames[i]->dev->netif, true))
			net->link_ip4->input(net, e->frames[i]);
		else
			refuse(net, e->frames[i]);
	}
	for (uint32_t i = 0; i < net->ninput_done; i++)
		net->input_done[i](net);
}

static void netif_gone(struct holm_net *net, const struct holm_netif *netif)
{
	struct ip_early *e = &net->ip->early;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < e->n; i++) {
		if (e->frames[i]->dev == netif->dev)
			refuse(net, e->frames[i]);
		else
			e->frames[kept++] = e->frames[i];
	}
	e->n = kept;
	if (kept == 0)
		net_timer_cancel(net, &e->timer);
}

static void stop(struct holm_net *net)
{
	struct ip_early *e = &net->ip->early;

	net_timer_cancel(net, &e->timer);
	while (e->n > 0)
		refuse(net, e->frames[--e->n]);
}

void ip_any_dst_users(struct holm_net *net, int delta)
{
	struct ip_early *e = &net->ip->early;

	net->ip->any_dst_users += (uint32_t)delta;
	if (e->keep)
		return;
	net_timer_init(&e->timer, look_again);
	e->keep = keep;
	e->keeper.netif_gone = netif_gone;
	e->keeper.stop = stop;
	list_push_back(&net->ip->keepers, &e->keeper.node);
}
