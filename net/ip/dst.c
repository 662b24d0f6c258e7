/*
 * Destinations (struct ip_dst): finding, resolving, sharing and recycling them, for both families;
 * see ip.h. A destination without holder keeps what was found and lets its neighbour go, when the next
 * one is given up: that may be evicted then, and is looked up anew.
 *
 * Where the library has no neighbour cache (neigh_is_small()) each keeps what it knows of its
 * neighbour itself, as long as it is there.
 */
#include "net/ip/state.h"

#include "net/link/neigh_small.h"

struct small_dst {
	struct ip_dst dst;
	struct neigh neigh; /* what dst.neigh points at */
};

/* From so many on a small one that nobody holds goes for another one. */
#define SMALL_MAX 16u

/* RFC 1191 section 7.1: what to try next when a router does not say. */
static const uint16_t plateaus[] = { 32000, 17914, 8166, 4352, 2002, 1492, 1006, IP_PMTU_MIN };

struct holm_dev *ip_no_dev(void)
{
	static const struct holm_dev nowhere = { .name = "gone" };

	return (struct holm_dev *)(uintptr_t)&nowhere;
}

struct ip_via ip_via_scope(const struct holm_net *net, const struct ip_via *wanted, uint32_t scope)
{
	struct ip_via via = *wanted;

	if (!via.dev)
		via.dev = scope < net->nnetifs && net->netifs[scope] ? net->netifs[scope]->dev
								     : ip_no_dev();
	return via;
}

static uint32_t hash_of(const struct holm_net *net, const struct holm_addr *remote,
			const struct ip_via *via)
{
	uint64_t dev = 0, mark = 0;

	if (ip_has_vias()) {
		dev = via->dev ? (uint64_t)via->dev->netif->index + 1 : 0;
		mark = via->mark;
	}
	return table_hash_2(&net->secrets.flow, load_be64(remote->b) ^ dev ^ mark << 32,
			    load_be64(remote->b + 8));
}

static always_inline bool is_for(const struct ip_dst *dst, const struct holm_addr *remote,
				 const struct ip_via *via)
{
	return ((load_be64(dst->remote.b) ^ load_be64(remote->b)) |
		(load_be64(dst->remote.b + 8) ^ load_be64(remote->b + 8))) == 0 &&
	       (!ip_has_vias() || (dst->via.dev == via->dev && dst->via.mark == via->mark &&
				   dst->via.onlink == via->onlink && !dst->orphan));
}

/* Where the one to it, or to another remote that ends alike, is remembered. */
static inline struct ip_dst **recent_place(const struct holm_net *net,
					   const struct holm_addr *remote)
{
	return &net->ip->recent_dsts[remote->b[15] % IP_DSTS_RECENT];
}

static struct ip_dst *find(const struct holm_net *net, uint32_t hash,
			   const struct holm_addr *remote, const struct ip_via *via)
{
	struct htab_node *n;

	for (n = table_first(&net->ip->dsts, hash); n; n = table_next(&net->ip->dsts, n)) {
		struct ip_dst *dst = container_of(n, struct ip_dst, node);

		if (is_for(dst, remote, via))
			return dst;
	}
	return NULL;
}

/* ---- Resolving. */

/* The neighbour cache's, or its own. */
static int have_neigh(struct holm_net *net, struct ip_dst *dst, struct holm_netif *netif,
		      const struct holm_addr *addr)
{
	struct neigh *own = &container_of(dst, struct small_dst, dst)->neigh;
	int err;

	if (!neigh_is_small())
		return neigh_get(net, netif, addr, &dst->neigh);
	err = neigh_small_enter(net, own, netif, addr);
	if (!err)
		dst->neigh = own;
	return err;
}

static void release_neigh(struct holm_net *net, struct ip_dst *dst)
{
	if (!neigh_is_small() && dst->neigh)
		neigh_put(net, dst->neigh);
	dst->neigh = NULL;
}

/* Routes for the mark come first, whatever their prefix; then those for all. */
const struct ip_route *ip_dst_find_route(const struct holm_net *net, const struct ip_dst *dst,
					 const struct holm_netif *only)
{
	const struct ip_route *route = NULL;

	if (ip_has_vias() && dst->via.mark != 0)
		route = ip_route_lookup_marked(net, &dst->remote, only, dst->via.mark);
	if (!route)
		route = ip_route_lookup(net, &dst->remote, only);
	/* SO_DONTROUTE: neighbours only. */
	return ip_has_vias() && route && dst->via.onlink && !holm_addr_is_any(&route->gateway)
		       ? NULL
		       : route;
}

static int resolve_local(struct holm_net *net, struct ip_dst *dst)
{
	dst->netif = net->netifs[0];
	if (!dst->netif)
		return -HOLM_ENETUNREACH;
	dst->src = dst->remote;
	/* As on Linux all of 127.0.0.0/8 is spoken to from its first address. */
	if (HOLM_WITH_LOOPBACK && ip4_is_addr(&dst->remote) && holm_addr_is_loopback(&dst->remote))
		dst->src = holm_addr_ip4(127, 0, 0, 1);
	return 0;
}

static int resolve_unicast(struct holm_net *net, struct ip_dst *dst, struct holm_netif *only)
{
	const struct ip_route *route = ip_dst_find_route(net, dst, only);
	const struct holm_addr *next_hop;

	if (!route)
		return -HOLM_ENETUNREACH;
	next_hop = holm_addr_is_any(&route->gateway) ? &dst->remote : &route->gateway;
	/* RFC 1122 section 3.3.4.3: an address of the router's network, which IPv6's says nothing about. */
	if (!ip_select_source(net, route->netif, ip4_is_addr(next_hop) ? next_hop : &dst->remote,
			      &dst->src))
		return -HOLM_ENETUNREACH;
	dst->netif = route->netif;
	dst->broadcast =
		ip_cast(net->ip) && net->ip->cast->is_broadcast(net, route->netif, &dst->remote);
	if (dst->broadcast || netif_is_loopback(route->netif))
		return 0;
	return have_neigh(net, dst, route->netif, next_hop);
}

/* Is it ours, where `only` is the link of an address that belongs to one? */
static bool is_local(const struct holm_net *net, const struct holm_addr *remote,
		     const struct holm_netif *only)
{
	return ip6_is_link_local(remote) ? netif_has_addr(only, remote)
					 : ip_addr_is_local(net, remote);
}

static int resolve_by_kind(struct holm_net *net, struct ip_dst *dst)
{
	struct holm_netif *only;

	if (dst->orphan || holm_addr_is_any(&dst->remote))
		return -HOLM_ENETUNREACH;
	only = ip_has_vias() && dst->via.dev ? dst->via.dev->netif : NULL;
	if (holm_addr_is_multicast(&dst->remote))
		return ip_cast(net->ip) ? net->ip->cast->resolve(net, dst, only)
					: -HOLM_ENETUNREACH;
	/* RFC 4007 section 6: a link-local address alone names nobody. */
	if (ip6_is_link_local(&dst->remote) && !only)
		return -HOLM_EINVAL;
	if (is_local(net, &dst->remote, only))
		return resolve_local(net, dst);
	return resolve_unicast(net, dst, only);
}

static int resolve(struct holm_net *net, struct ip_dst *dst)
{
	struct holm_netif *before = dst->netif;
	int err;

	release_neigh(net, dst);
	dst->netif = NULL;
	dst->broadcast = false;
	dst->multicast = false;
	err = resolve_by_kind(net, dst);
	if (err) {
		/* Held by nobody or not: the next one who asks finds out anew. */
		dst->netif = NULL;
		dst->mtu = 0;
		dst->gen = net->ip_gen - 1;
		return err;
	}
	ASSERT(dst->netif);
	/* What was learned about the path stays while it leaves through the same interface. */
	if (dst->netif != before || dst->mtu > ip_link_mtu(dst) || dst->mtu == 0)
		dst->mtu = ip_link_mtu(dst);
	dst->gen = net->ip_gen;
	return 0;
}

/* ---- The table. */

static size_t dst_bytes(void)
{
	return neigh_is_small() ? sizeof(struct small_dst) : sizeof(struct ip_dst);
}

/* It is in no list, and leaves its table. */
static void end(struct holm_net *net, struct ip_dst *dst)
{
	release_neigh(net, dst);
	if (neigh_is_small())
		neigh_small_leave(net, &container_of(dst, struct small_dst, dst)->neigh);
	mem_free(&net->mem, dst, dst_bytes());
}

static void destroy(struct holm_net *net, struct ip_dst *dst)
{
	if (!FOR_SIZE && *recent_place(net, &dst->remote) == dst)
		*recent_place(net, &dst->remote) = NULL;
	table_remove(&net->ip->dsts, &dst->node);
	end(net, dst);
}

/* The neighbour of the last that was given up is let go. */
static void part(struct holm_net *net)
{
	struct ip_dst *dst = net->ip->parting;

	net->ip->parting = NULL;
	dst->lost_neigh = dst->neigh != NULL;
	if (dst->neigh)
		dst->known = neigh_put_memo(net, dst->neigh);
	dst->neigh = NULL;
	list_push_back(&net->ip->unused, &dst->unused);
}

/* It has a holder, or is to go. */
static inline void take_up(struct holm_net *net, struct ip_dst *dst)
{
	if (!neigh_is_small() && likely(net->ip->parting == dst))
		net->ip->parting = NULL;
	else
		list_remove(&dst->unused);
}

static bool make_room(struct holm_net *net)
{
	struct list_node *oldest;

	if (table_nodes(&net->ip->dsts) < net->config.dsts_max)
		return true;
	if (!neigh_is_small() && net->ip->parting)
		part(net);
	oldest = list_pop_front(&net->ip->unused);
	if (!oldest)
		return false;
	destroy(net, container_of(oldest, struct ip_dst, unused));
	return true;
}

static int create(struct holm_net *net, uint32_t hash, const struct holm_addr *remote,
		  const struct ip_via *via, struct ip_dst **out)
{
	struct ip_dst *dst;

	if (!make_room(net))
		return -HOLM_ENOBUFS;
	dst = mem_zalloc(&net->mem, dst_bytes());
	if (!dst)
		return -HOLM_ENOMEM;
	dst->family = ip_family_of(net, remote);
	dst->header_bytes = dst->family->header_bytes;
	dst->remote = *remote;
	dst->via = *via;
	if (!table_insert(&net->ip->dsts, &dst->node, hash)) {
		mem_free(&net->mem, dst, dst_bytes());
		return -HOLM_ENOMEM;
	}
	list_push_back(&net->ip->unused, &dst->unused);
	*out = dst;
	return 0;
}

/* Is what was found still so, and its neighbour there, if there is one? */
static inline bool is_whole(const struct holm_net *net, const struct ip_dst *dst)
{
	return dst->gen == net->ip_gen && dst->netif &&
	       (neigh_is_small() || dst->refs > 0 ||
		(!dst->lost_neigh && (!dst->neigh || dst->neigh->state != NEIGH_DEAD)));
}

/* Without a holder the neighbour must be had again. False: there is more to find out. */
static bool is_had_again(struct holm_net *net, struct ip_dst *dst)
{
	if (FOR_SIZE || dst->gen != net->ip_gen || !dst->netif || !dst->lost_neigh)
		return false;
	dst->neigh = neigh_take(net, &dst->known);
	return dst->neigh != NULL;
}

/* From the table, where it is put if it is not there. */
static int look_up(struct holm_net *net, const struct holm_addr *remote, const struct ip_via *via,
		   struct ip_dst **out)
{
	uint32_t hash;

	if (!ip_family_of(net, remote) || ip_is_unknown(remote))
		return -HOLM_EAFNOSUPPORT;
	if (ip_has_vias() && via->dev && !via->dev->netif)
		return -HOLM_ENETUNREACH;
	hash = hash_of(net, remote, via);
	*out = find(net, hash, remote, via);
	return *out ? 0 : create(net, hash, remote, via, out);
}

/* One that was asked for lately. NULL: it has to be looked up. */
static inline struct ip_dst *recent(const struct holm_net *net, const struct holm_addr *remote,
				    const struct ip_via *via)
{
	struct ip_dst *dst = !FOR_SIZE && likely(net->ip) ? *recent_place(net, remote) : NULL;

	return likely(dst) && is_for(dst, remote, via) ? dst : NULL;
}

/* The same, if nothing has to be found out or had again. */
static inline struct ip_dst *known(const struct holm_net *net, const struct holm_addr *remote,
				   const struct ip_via *via)
{
	struct ip_dst *dst = recent(net, remote, via);

	return likely(dst) && likely(is_whole(net, dst)) ? dst : NULL;
}

static never_inline int find_out(struct holm_net *net, const struct holm_addr *remote,
				 const struct ip_via *via, struct ip_dst **out)
{
	struct ip_dst *dst = recent(net, remote, via);
	int err = dst ? 0 : look_up(net, remote, via, &dst);

	if (err)
		return err;
	if (!FOR_SIZE)
		*recent_place(net, remote) = dst;
	if (!is_whole(net, dst) && !is_had_again(net, dst)) {
		err = resolve(net, dst);
		if (err) {
			if (dst->refs == 0) {
				take_up(net, dst);
				destroy(net, dst);
			}
			return err;
		}
	}
	*out = dst;
	return 0;
}

int ip_dst_get_via(struct holm_net *net, const struct holm_addr *remote, const struct ip_via *via,
		   struct ip_dst **out)
{
	int err;

	*out = known(net, remote, via);
	if (unlikely(!*out)) {
		err = find_out(net, remote, via, out);
		if (err)
			return err;
	}
	if ((*out)->refs++ == 0)
		take_up(net, *out);
	return 0;
}

struct ip_dst *ip_dst_peek(struct holm_net *net, const struct holm_addr *remote,
			   const struct ip_via *via)
{
	struct ip_dst *dst = known(net, remote, via);

	if (likely(dst))
		return dst;
	if (ip_dst_get_via(net, remote, via, &dst) != 0)
		return NULL;
	/* Nobody gives up the neighbour of the last one that was given up. */
	ip_dst_put(net, dst);
	return dst;
}

struct ip_dst *ip_dst_find(const struct holm_net *net, const struct holm_addr *remote,
			   const struct ip_via *via)
{
	return net->ip ? find(net, hash_of(net, remote, via), remote, via) : NULL;
}

/* It keeps its neighbour, and its place if there are few; the oldest yields to it if there are many. */
static void put_small(struct holm_net *net, struct ip_dst *dst)
{
	struct list_node *oldest = NULL;

	if (table_nodes(&net->ip->dsts) > SMALL_MAX)
		oldest = list_pop_front(&net->ip->unused);
	if (oldest)
		destroy(net, container_of(oldest, struct ip_dst, unused));
	list_push_back(&net->ip->unused, &dst->unused);
}

void ip_dst_put(struct holm_net *net, struct ip_dst *dst)
{
	ASSERT(dst->refs > 0);
	if (--dst->refs > 0)
		return;
	if (neigh_is_small()) {
		put_small(net, dst);
		return;
	}
	/* It may be asked for again at once. */
	if (unlikely(net->ip->parting))
		part(net);
	net->ip->parting = dst;
	dst->lost_neigh = false;
}

bool ip_dst_resolve(struct holm_net *net, struct ip_dst *dst)
{
	return resolve(net, dst) == 0;
}

void ip_output(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f,
	       const struct ip_tx *tx)
{
	if (unlikely(!ip_dst_check(net, dst))) {
		net_drop(net, f, HOLM_DROP_IP_NO_ROUTE);
		return;
	}
	ip_dst_family(dst)->output(net, dst, f, tx);
}

uint32_t ip_dst_flow_label(const struct holm_net *net, const struct ip_dst *dst,
			   const struct ip_tx *tx, uint32_t ports)
{
	const struct ip_family *family = ip_dst_family(dst);

	return family->flow_label ? family->flow_label(net, tx->src, tx->dst, tx->proto, ports) : 0;
}

/* ---- What transports say and ask. */

void ip_dst_doubt(struct holm_net *net, struct ip_dst *dst)
{
	if (dst->neigh)
		neigh_doubt(net, dst->neigh);
}

size_t ip_dst_headroom(const struct ip_dst *dst)
{
	size_t link = dst->netif && netif_is_loopback(dst->netif) ? 0 : ETH_HDR_BYTES;

	return link + ip_dst_family(dst)->header_bytes;
}

static uint32_t next_plateau(uint32_t mtu)
{
	for (size_t i = 0; i < ARRAY_LEN(plateaus); i++)
		if (plateaus[i] < mtu)
			return plateaus[i];
	return IP_PMTU_MIN;
}

bool ip_dst_lower_mtu(struct holm_net *net, struct ip_dst *dst, uint32_t mtu)
{
	uint32_t lower = max_u32(mtu ? mtu : next_plateau(dst->mtu), ip_dst_family(dst)->mtu_min);

	if (lower >= dst->mtu)
		return false;
	dst->mtu = (uint16_t)lower;
	if (!net_timer_is_armed(&net->ip->pmtu_age))
		net_timer_arm(net, &net->ip->pmtu_age, net->now + IP_PMTU_AGE_NS);
	return true;
}

/* RFC 1191 section 6.3: routes change, so what was learned is forgotten and tried again. */
static void forget_path_mtus(struct holm_net *net, struct net_timer *timer)
{
	struct htab_node *n;

	(void)timer;
	for (n = table_walk(&net->ip->dsts, NULL); n; n = table_walk(&net->ip->dsts, n)) {
		struct ip_dst *dst = container_of(n, struct ip_dst, node);

		if (dst->netif && dst->gen == net->ip_gen)
			dst->mtu = ip_link_mtu(dst);
		else
			dst->mtu = 0;
	}
}

void ip_dst_netif_gone(struct holm_net *net, const struct holm_netif *netif)
{
	struct htab_node *n;

	for (n = table_walk(&net->ip->dsts, NULL); n; n = table_walk(&net->ip->dsts, n)) {
		struct ip_dst *dst = container_of(n, struct ip_dst, node);

		if (ip_has_vias() && dst->via.dev == netif->dev)
			dst->orphan = true;
	}
}

void ip_dst_start(struct holm_net *net)
{
	table_init(&net->ip->dsts, &net->ip->allocator);
	list_init(&net->ip->unused);
	net_timer_init(&net->ip->pmtu_age, forget_path_mtus);
}

void ip_dst_stop(struct holm_net *net)
{
	struct htab_node *n;

	net_timer_cancel(net, &net->ip->pmtu_age);
	memset(net->ip->recent_dsts, 0, sizeof(net->ip->recent_dsts));
	net->ip->parting = NULL;
	while ((n = table_pop(&net->ip->dsts)) != NULL) {
		struct ip_dst *dst = container_of(n, struct ip_dst, node);

		end(net, dst);
	}
	table_fini(&net->ip->dsts);
}
