/*
 * What goes to everybody or to a group: how such destinations are resolved, and how a packet of IPv4 leaves
 * to one. Transports that send it, and whoever else does, enter this at their start; TCP does not, so for an
 * instance that has nothing else groups are out of reach.
 */
#include "net/ip/state.h"

#include "net/link/eth.h"
#include "net/link/loopback.h"

/* ---- Resolving. */

/* The first interface that could send to everybody on its link. */
static struct holm_netif *any_netif(const struct holm_net *net, const struct holm_addr *remote)
{
	struct holm_netif *fallback = NULL;

	for (uint32_t i = 1; i < net->nnetifs; i++) {
		struct holm_netif *netif = net->netifs[i];

		if (netif && netif_has_family(netif, holm_addr_is_ip4(remote)))
			return netif;
		if (netif && !fallback)
			fallback = netif;
	}
	return fallback;
}

static bool is_limited_broadcast(const struct holm_addr *a)
{
	return holm_addr_is_ip4(a) && load_be32(a->b + 12) == UINT32_MAX;
}

/* The network's own broadcast address (RFC 919), seen from this interface. */
static bool is_subnet_broadcast(const struct holm_net *net, const struct holm_netif *netif,
				const struct holm_addr *a)
{
	if (!holm_addr_is_ip4(a))
		return false;
	for (uint32_t i = 0; i < net->ip->nlocals4; i++)
		if (net->ip->locals4[i].netif_index == netif->index &&
		    net->ip->locals4[i].broadcast == load_be32(a->b + 12))
			return true;
	return false;
}

/* To everybody: no neighbour, and an address of our own is not needed (DHCP has none yet). */
static int resolve_group(struct holm_net *net, struct ip_dst *dst, struct holm_netif *only)
{
	const struct ip_route *route = NULL;

	dst->broadcast = is_limited_broadcast(&dst->remote);
	dst->multicast = !dst->broadcast;
	if (dst->multicast && !only)
		route = ip_dst_find_route(net, dst, NULL);
	dst->netif = only ? only : route ? route->netif : any_netif(net, &dst->remote);
	if (!dst->netif)
		return -HOLM_ENETUNREACH;
	if (!ip_select_source(net, dst->netif, &dst->remote, &dst->src))
		dst->src = holm_addr_is_ip4(&dst->remote) ? holm_addr_ip4(0, 0, 0, 0)
							  : holm_addr_any6();
	return 0;
}

/* ---- Sending. */

void ip_cast_loop(struct holm_net *net, const struct ip_dst *dst, const struct holm_frame *f)
{
	struct holm_frame *copy;

	if (dst->multicast && !ip_group_has(net, dst->netif, &dst->remote))
		return;
	copy = holm_frame_copy(net->pool, f);
	if (!copy) {
		net_drop_note(net, HOLM_DROP_NO_FRAME);
		return;
	}
	/* What the device would have summed is as good as verified. */
	copy->csum = copy->csum == HOLM_CSUM_PARTIAL ? HOLM_CSUM_VERIFIED : copy->csum;
	loopback_return(net, copy, dst->netif->dev);
}

static void send_to_group(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f,
			  bool no_loop)
{
	struct holm_mac mac =
		dst->multicast ? ip4_multicast_mac(ip4_from_addr(&dst->remote)) : eth_broadcast();

	if (!no_loop && net->loopback && netif_has_family(dst->netif, true))
		ip_cast_loop(net, dst, f);
	/* RFC 1112 section 6.1: it does not leave the host. */
	if (dst->multicast && holm_frame_data(f)[8] == 0) {
		holm_frame_free(f);
		return;
	}
	eth_output(dst->netif, f, &mac, ETH_TYPE_IP4);
}

static const struct ip_cast_ops ops = {
	.resolve = resolve_group,
	.is_broadcast = is_subnet_broadcast,
	.send4 = send_to_group,
};

void ip_cast_start(struct holm_net *net)
{
	if (net->ip->cast)
		return;
	ip_groups_start(net);
	net->ip->cast = &ops;
}
