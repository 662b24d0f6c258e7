/*
 * Neighbour discovery, RFC 4861 section 7: solicitations and advertisements of neighbours over the one
 * neighbour cache (net/link/neigh), which asks through this file. Messages of routers go on to router.c,
 * what concerns addresses that are not ours yet to dad.c. Redirects are not followed, as IPv4's are not: a
 * host's routes are its owner's and its routers', and a packet takes its way through the router that would
 * have sent one. Anycast and proxies are not known.
 */
#include "net/ip/nd.h"

#include "lib/mem.h"
#include "net/core/ip_rx.h"
#include "net/core/random.h"
#include "net/ip/link6.h"
#include "net/link/eth.h"

/* ---- Out. */

static void send_message(struct holm_net *net, struct holm_netif *netif,
			 const struct holm_addr *src, const struct holm_addr *dst,
			 const struct holm_mac *mac, uint8_t *p, size_t len)
{
	const struct link6_message m = {
		.src = *src,
		.dst = *dst,
		.mac = mac,
		.p = p,
		.len = len,
		.hop_limit = ND_HOP_LIMIT,
	};

	link6_send(net, netif, &m);
}

void nd_send_advert(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *target,
		    const struct holm_addr *dst, const struct holm_mac *mac, uint8_t flags)
{
	uint8_t p[ND_SENT_MAX];
	size_t len = nd_build_advert(p, target, flags, &netif->dev->mac);

	if (!netif->dev->link_up)
		return;
	net_count(net, HOLM_COUNT_ND_ADVERTS_SENT);
	send_message(net, netif, target, dst, mac, p, len);
}

void nd_send_probe(struct holm_net *net, struct nd_addr *a)
{
	const struct holm_addr group = ip6_solicited_node(&a->addr);
	const struct holm_addr nobody = holm_addr_any6();
	uint8_t p[ND_SENT_MAX];
	size_t len;

	net_random_fill(net, &a->nonce, sizeof(a->nonce));
	len = nd_build_solicit(p, &a->addr, NULL, &a->nonce);
	net_count(net, HOLM_COUNT_ND_SOLICITS_SENT);
	send_message(net, a->nif->netif, &nobody, &group, NULL, p, len);
}

void nd_send_router_solicit(struct holm_net *net, struct holm_netif *netif)
{
	const struct holm_addr routers = ip6_all_routers();
	struct holm_addr src;
	uint8_t p[ND_SENT_MAX];
	bool known = link6_local(netif, &src);
	size_t len = nd_build_router_solicit(p, known ? &netif->dev->mac : NULL);

	if (!known)
		src = holm_addr_any6();
	net_count(net, HOLM_COUNT_ND_ROUTER_SOLICITS_SENT);
	send_message(net, netif, &src, &routers, NULL, p, len);
}

/*
 * RFC 4861 section 7.2.2: one of the interface's own addresses, of those the one that a packet to the
 * target would have. False: there is none, and without one nothing may be asked.
 */
static bool source_for(const struct holm_net *net, struct holm_netif *netif,
		       const struct holm_addr *target, struct holm_addr *out)
{
	if (ip6_select_source(net, netif, target, out) && netif_has_addr(netif, out))
		return true;
	return link6_local(netif, out);
}

static void solicit(struct holm_net *net, struct neigh *n, const struct holm_mac *to)
{
	struct holm_addr dst = to ? n->addr : ip6_solicited_node(&n->addr);
	struct holm_addr src;
	uint8_t p[ND_SENT_MAX];
	size_t len;

	if (!source_for(net, n->netif, &n->addr, &src)) {
		net_drop_note(net, HOLM_DROP_IP_NO_ROUTE);
		return;
	}
	len = nd_build_solicit(p, &n->addr, &n->netif->dev->mac, NULL);
	net_count(net, HOLM_COUNT_ND_SOLICITS_SENT);
	send_message(net, n->netif, &src, &dst, to, p, len);
}

/* ---- In. */

/* A hardware address that a host can have. */
static bool mac_is_possible(const struct holm_mac *mac)
{
	return !eth_is_group(mac) && !eth_is_zero(mac);
}

/* RFC 4861 section 7.2.4. Who asks without an address of his own asks for everybody to hear. */
static void answer(struct holm_net *net, struct holm_netif *netif, const struct ip_rx *rx,
		   const struct nd_info *info)
{
	const struct holm_addr everybody = ip6_all_nodes();

	if (ip6_is_any(&rx->src))
		nd_send_advert(net, netif, &info->target, &everybody, NULL, ND_OVERRIDE);
	else
		nd_send_advert(net, netif, &info->target, &rx->src,
			       info->has_source_mac ? &info->source_mac : NULL,
			       ND_SOLICITED | ND_OVERRIDE);
}

/*
 * RFC 4861 section 7.1.1:
 *   - If the IP source address is the unspecified address, the IP destination address is a
 *     solicited-node multicast address.
 *   - If the IP source address is the unspecified address, there is no source link-layer address
 *     option in the message.
 */
static bool solicit_is_possible(const struct ip_rx *rx, const struct nd_info *info)
{
	const struct holm_addr group = ip6_solicited_node(&info->target);

	if (info->has_source_mac && !mac_is_possible(&info->source_mac))
		return false;
	return !ip6_is_any(&rx->src) ||
	       (holm_addr_equal(&rx->dst, &group) && !info->has_source_mac);
}

static enum holm_drop heard_solicit(struct holm_net *net, struct nd_if *nif, const struct ip_rx *rx,
				    const struct nd_info *info)
{
	struct nd_addr *a = dad_find(nif, &info->target);

	if (!solicit_is_possible(rx, info))
		return HOLM_DROP_ND_SOURCE;
	if (!a)
		return HOLM_DROP_ND_NOT_OURS;
	if (ip6_is_any(&rx->src)) {
		enum holm_drop why = dad_heard_probe(net, a, info);

		if (why != HOLM_DROP_COUNT)
			return why;
	} else if (a->stage != ND_ADDR_OURS) {
		return HOLM_DROP_ND_NOT_OURS;
	}
	if (info->has_source_mac)
		neigh_heard(net, nif->netif, &rx->src, &info->source_mac, NEIGH_ASKED_US);
	answer(net, nif->netif, rx, info);
	return HOLM_DROP_COUNT;
}

static enum holm_drop heard_advert(struct holm_net *net, struct nd_if *nif, const struct ip_rx *rx,
				   const struct nd_info *info)
{
	const struct neigh_advert advert = {
		.mac = info->has_target_mac ? &info->target_mac : NULL,
		.solicited = (info->flags & ND_SOLICITED) != 0,
		.override = (info->flags & ND_OVERRIDE) != 0,
		.router = (info->flags & ND_ROUTER) != 0,
	};
	struct nd_addr *a = dad_find(nif, &info->target);
	bool no_router;

	/*
	 * RFC 4861 section 7.1.2:
	 *   - If the IP Destination Address is a multicast address the Solicited flag is zero.
	 */
	if ((ip6_is_multicast(&rx->dst) && advert.solicited) || ip6_is_any(&rx->src) ||
	    (advert.mac && !mac_is_possible(advert.mac)))
		return HOLM_DROP_ND_SOURCE;
	if (a)
		return dad_heard_owner(net, a);
	if (!neigh_advertised(net, nif->netif, &info->target, &advert, &no_router))
		return HOLM_DROP_ND_NOT_OURS;
	if (no_router)
		router_gone(net, nif, &info->target);
	return HOLM_DROP_COUNT;
}

/* RFC 4861 section 6.1.2: from a link-local address. */
static enum holm_drop heard_router(struct holm_net *net, struct nd_if *nif, const struct ip_rx *rx,
				   const struct nd_info *info)
{
	if (!ip6_is_link_local(&rx->src) ||
	    (info->has_source_mac && !mac_is_possible(&info->source_mac)))
		return HOLM_DROP_ND_SOURCE;
	if (!net->config.nd_accept_routers)
		return HOLM_DROP_ND_NOT_OURS;
	if (info->has_source_mac)
		neigh_heard(net, nif->netif, &rx->src, &info->source_mac, NEIGH_ASKED_US);
	router_heard(net, nif, &rx->src, info);
	return HOLM_DROP_COUNT;
}

static enum holm_drop heard(struct holm_net *net, struct nd_if *nif, const struct ip_rx *rx,
			    const struct nd_info *info)
{
	switch ((enum nd_type)info->type) {
	case ND_NEIGHBOUR_SOLICIT:
		return heard_solicit(net, nif, rx, info);
	case ND_NEIGHBOUR_ADVERT:
		return heard_advert(net, nif, rx, info);
	case ND_ROUTER_ADVERT:
		return heard_router(net, nif, rx, info);
	case ND_REDIRECT:
		return HOLM_DROP_ND_REDIRECT;
	case ND_ROUTER_SOLICIT:
		break;
	}
	/* A host does not listen to hosts that look for routers. */
	return HOLM_DROP_ND_NOT_OURS;
}

/*
 * RFC 4861 sections 6.1 and 7.1:
 *   - The IP Hop Limit field has a value of 255, i.e., the packet could not possibly have been
 *     forwarded by a router.
 * RFC 6980: not in fragments, which are whole again without a link header; nor, here, behind extension
 * headers, which nobody has a use for.
 */
static bool is_of_this_link(struct holm_frame *f, const struct ip_rx *rx)
{
	return rx->ttl == ND_HOP_LIMIT && !(f->flags & HOLM_FRAME_LOOPED) &&
	       f->l3_off == ETH_HDR_BYTES && f->l4_off == f->l3_off + IP6_HDR_BYTES;
}

static void nd_input(struct holm_net *net, struct holm_frame *f)
{
	const struct ip_rx rx = *ip_rx(f);
	struct nd_if *nif = nd_if_of(net, f->dev->netif);
	enum holm_drop why;
	struct nd_info info;
	const uint8_t *p;

	if (!nif || !is_of_this_link(f, &rx)) {
		net_drop(net, f, HOLM_DROP_ND_OFF_LINK);
		return;
	}
	p = link6_message(f);
	if (!p) {
		net_drop(net, f, HOLM_DROP_ND_MALFORMED);
		return;
	}
	if (nd_parse(p, rx.l4_len, &info, &why))
		why = heard(net, nif, &rx, &info);
	if (why == HOLM_DROP_COUNT)
		holm_frame_free(f);
	else
		net_drop(net, f, why);
}

/* ---- The neighbour cache's. */

static void reachable(struct holm_net *net, const struct neigh *n, bool yes)
{
	struct nd_if *nif = net->ip->nd->ifs[n->netif->index];

	if (nif)
		router_reachable(net, nif, &n->addr, yes);
}

static const struct neigh_times *times(const struct holm_net *net, const struct holm_netif *netif)
{
	static const struct neigh_times defaults = { NEIGH_REACHABLE_NS, NEIGH_RETRANS_NS };
	const struct nd_if *nif = net->ip->nd->ifs[netif->index];

	return nif ? &nif->times : &defaults;
}

static const struct neigh_ops nd_neigh_ops = {
	.ethertype = ETH_TYPE_IP6,
	.solicit = solicit,
	.announce = dad_start,
	.withdraw = dad_end,
	.reachable = reachable,
	.times = times,
};

/* ---- Life. */

static size_t state_bytes(const struct holm_net *net)
{
	return sizeof(struct nd_state) + (net->config.devices_max + 1) * sizeof(struct nd_if *);
}

static size_t if_bytes(const struct holm_net *net)
{
	return sizeof(struct nd_if) + net->config.addrs_max * sizeof(struct nd_addr);
}

struct nd_if *nd_if_of(struct holm_net *net, struct holm_netif *netif)
{
	struct nd_if **slot = &net->ip->nd->ifs[netif->index];

	if (*slot || netif->loopback)
		return *slot;
	*slot = mem_zalloc(&net->mem, if_bytes(net));
	if (!*slot)
		return NULL;
	(*slot)->netif = netif;
	(*slot)->link_up = netif->dev->link_up;
	(*slot)->times = (struct neigh_times){ NEIGH_REACHABLE_NS, NEIGH_RETRANS_NS };
	router_if_start(*slot);
	return *slot;
}

static void free_if(struct holm_net *net, uint32_t index)
{
	struct nd_if *nif = net->ip->nd->ifs[index];

	if (!nif)
		return;
	net->ip->nd->ifs[index] = NULL;
	router_if_stop(net, nif);
	for (uint32_t i = 0; i < net->config.addrs_max; i++)
		if (nif->addrs[i].stage != ND_ADDR_FREE)
			net_timer_cancel(net, &nif->addrs[i].timer);
	mem_free(&net->mem, nif, if_bytes(net));
}

/* The instance's secret, or the program's, which makes the same addresses after the next start. */
static void draw_key(struct holm_net *net, struct siphash_key *key)
{
	const uint8_t *secret = net->config.nd_secret;

	key->k0 = load_be64(secret);
	key->k1 = load_be64(secret + 8);
	if ((key->k0 | key->k1) == 0)
		net_random_fill(net, key, sizeof(*key));
}

static int nd_start(struct holm_net *net)
{
	struct nd_state *nd = mem_zalloc(&net->mem, state_bytes(net));

	if (!nd)
		return -HOLM_ENOMEM;
	draw_key(net, &nd->id_key);
	net->ip->nd = nd;
	net->ip->nd_input = nd_input;
	net->ip->dad_start = dad_start;
	return neigh_start(net, NEIGH_FAMILY_IP6, &nd_neigh_ops);
}

static void nd_stop(struct holm_net *net)
{
	if (!net->ip || !net->ip->nd)
		return;
	neigh_stop(net, NEIGH_FAMILY_IP6);
	for (uint32_t i = 0; i <= net->config.devices_max; i++)
		free_if(net, i);
	mem_free(&net->mem, net->ip->nd, state_bytes(net));
	net->ip->nd = NULL;
	net->ip->nd_input = NULL;
	net->ip->dad_start = NULL;
}

/* A link that comes up leads perhaps to another place: find out who is there, say who is here. */
static void nd_netif_changed(struct holm_net *net, struct holm_netif *netif)
{
	bool gone = net->netifs[netif->index] != netif;
	bool up = !gone && netif->dev->link_up;
	struct nd_if *nif;

	if (netif->loopback)
		return;
	if (gone) {
		free_if(net, netif->index);
		return;
	}
	nif = nd_if_of(net, netif);
	if (!nif)
		return;
	slaac_link_local(net, nif);
	if (nif->link_up == up)
		return;
	nif->link_up = up;
	neigh_flush(net, netif);
	if (up) {
		nif->id_tries = 0;
		dad_link_up(net, nif);
		router_solicit(net, nif);
	}
}

static const struct holm_proto *const nd_needs[] = { &holm_icmp6, NULL };

const struct holm_proto holm_nd = {
	.name = "nd",
	.kind = PROTO_PART,
	.needs = nd_needs,
	.start = nd_start,
	.stop = nd_stop,
	.netif_changed = nd_netif_changed,
};
