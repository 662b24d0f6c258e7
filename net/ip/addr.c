/*
 * Addresses of interfaces (the public <holm/ip.h>), for both families: adding, removing and
 * asking. Also the start and end of the network layer's state.
 */
#include "net/ip/state.h"

#include "net/core/random.h"
#include "net/link/loopback.h"
#include "net/link/neigh.h"

bool ip_prefix_match(const struct holm_addr *a, const struct holm_addr *b, unsigned prefix_len)
{
	unsigned bytes = prefix_len / 8;
	unsigned bits = prefix_len % 8;

	if (memcmp(a->b, b->b, bytes) != 0)
		return false;
	return bits == 0 || ((a->b[bytes] ^ b->b[bytes]) >> (8 - bits)) == 0;
}

static unsigned prefix_of_128(const struct netif_addr *a)
{
	return a->prefix_len + (ip4_is_addr(&a->addr) ? 96u : 0u);
}

void ip_changed(struct holm_net *net, struct holm_netif *netif)
{
	net->ip_gen++;
	for (size_t i = 0; i < IP_FAMILIES; i++)
		if (net->ip->families[i])
			net->ip->families[i]->addrs_changed(net);
	for (size_t i = 0; net->protos[i]; i++)
		if (netif && net->protos[i]->kind == PROTO_TRANSPORT &&
		    net->protos[i]->netif_changed)
			net->protos[i]->netif_changed(net, netif);
}

struct netif_addr *ip_addr_find(struct holm_netif *netif, const struct holm_addr *addr)
{
	for (uint32_t i = 0; i < netif_count_addrs(netif); i++)
		if (holm_addr_equal(&netif->addrs[i].addr, addr))
			return &netif->addrs[i];
	return NULL;
}

int ip_addr_install(struct holm_net *net, struct holm_netif *netif, const struct netif_addr *a)
{
	int err = 0;

	if (netif->naddrs >= net_addrs_max(net))
		return -HOLM_ENOSPC;
	if (!a->no_route)
		err = ip_route_add_onlink(net, netif, &a->addr, a->prefix_len);
	if (err)
		return err;
	netif->addrs[netif->naddrs++] = *a;
	ip_changed(net, NULL);
	return 0;
}

/* Does some interface have it already? Of link-local ones every link has its own. */
static bool is_taken(const struct holm_net *net, struct holm_netif *netif,
		     const struct holm_addr *addr)
{
	if (ip6_is_link_local(addr))
		return ip_addr_find(netif, addr) != NULL;
	for (uint32_t i = net_slots_begin(); i < net_slots_end(net); i++)
		if (net->netifs[i] && ip_addr_find(net->netifs[i], addr))
			return true;
	return holm_addr_is_loopback(addr);
}

static void let_go(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr)
{
	const struct ip_family *family = ip_family_of(net, addr);

	if (family && family->addr_goes)
		family->addr_goes(net, netif, addr);
}

/* The family first, which can be undone. */
static int bring_in(struct holm_net *net, struct holm_netif *netif, const struct netif_addr *a)
{
	const struct ip_family *family = ip_family_of(net, &a->addr);
	int err = family->addr_comes ? family->addr_comes(net, netif, &a->addr) : 0;

	if (err)
		return err;
	err = ip_addr_install(net, netif, a);
	if (err)
		let_go(net, netif, &a->addr);
	return err;
}

static int check_new(const struct holm_net *net, struct holm_netif *netif,
		     const struct netif_addr *a)
{
	const struct ip_family *family = ip_family_of(net, &a->addr);

	if (!family || ip_is_unknown(&a->addr))
		return -HOLM_EAFNOSUPPORT;
	if (!family->is_assignable(netif, &a->addr, a->prefix_len))
		return -HOLM_EINVAL;
	return is_taken(net, netif, &a->addr) ? -HOLM_EEXIST : 0;
}

/* Is it to be asked first whether somebody has it? */
static bool has_doubts(const struct holm_net *net, const struct holm_netif *netif,
		       const struct holm_addr *addr)
{
	return !ip4_is_addr(addr) && net->ip->dad_start && !netif_is_loopback(netif);
}

int ip_addr_add(struct holm_net *net, struct holm_netif *netif, const struct netif_addr *a)
{
	const struct neigh_ops *neighbours;
	struct netif_addr added = *a;
	bool tentative;
	int err = check_new(net, netif, a);

	if (err)
		return err;
	tentative = has_doubts(net, netif, &a->addr);
	if (tentative)
		added.state = NETIF_ADDR_TENTATIVE;
	if (netif->naddrs == 0)
		neigh_flush(net, netif);
	err = bring_in(net, netif, &added);
	if (err)
		return err;
	ip_changed(net, netif);
	neighbours = neigh_ops_of(net, &a->addr);
	if (tentative)
		net->ip->dad_start(net, netif, &a->addr);
	else if (neighbours && !netif_is_loopback(netif))
		neighbours->announce(net, netif, &a->addr);
	return 0;
}

int holm_addr_add(struct holm_net *net, struct holm_dev *dev, const struct holm_addr *addr,
		  unsigned prefix_len)
{
	struct netif_addr a = { .addr = *addr, .prefix_len = (uint8_t)prefix_len };

	ASSERT(!net->callbacks && dev->netif && dev->netif->net == net);
	return prefix_len > UINT8_MAX ? -HOLM_EINVAL : ip_addr_add(net, dev->netif, &a);
}

/* Does another address of the interface lie in the same network? Then its route stays. */
static bool prefix_is_shared(const struct holm_netif *netif, const struct netif_addr *gone)
{
	unsigned prefix_len = prefix_of_128(gone);

	for (uint32_t i = 0; i < netif_count_addrs(netif); i++) {
		const struct netif_addr *a = &netif->addrs[i];

		if (!a->no_route && prefix_of_128(a) == prefix_len &&
		    ip_prefix_match(&a->addr, &gone->addr, prefix_len))
			return true;
	}
	return false;
}

static bool is_in_network(const struct holm_addr *addr, const void *ctx)
{
	const struct netif_addr *of = ctx;

	return ip_prefix_match(addr, &of->addr, prefix_of_128(of));
}

/* Who was met there is not to be met there any more; other networks of the link keep their neighbours. */
static void lose_network(struct holm_net *net, struct holm_netif *netif,
			 const struct netif_addr *gone)
{
	ip_route_del_onlink(net, netif, &gone->addr, gone->prefix_len);
	neigh_flush_some(net, netif, is_in_network, gone);
}

int ip_addr_remove(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr)
{
	const struct neigh_ops *neighbours = neigh_ops_of(net, addr);
	struct netif_addr *a = ip_addr_find(netif, addr);
	struct netif_addr gone;

	if (!a)
		return -HOLM_EADDRNOTAVAIL;
	gone = *a;
	netif->naddrs--;
	memmove(a, a + 1, (size_t)(&netif->addrs[netif->naddrs] - a) * sizeof(*a));
	if (!gone.no_route && !prefix_is_shared(netif, &gone))
		lose_network(net, netif, &gone);
	let_go(net, netif, &gone.addr);
	if (neighbours && !netif_is_loopback(netif))
		neighbours->withdraw(net, netif, &gone.addr);
	ip_changed(net, netif);
	return 0;
}

int holm_addr_del(struct holm_net *net, struct holm_dev *dev, const struct holm_addr *addr)
{
	ASSERT(!net->callbacks && dev->netif && dev->netif->net == net);
	return ip_addr_remove(net, dev->netif, addr);
}

void ip_addr_set_state(struct holm_net *net, struct holm_netif *netif, struct netif_addr *a,
		       enum netif_addr_state state)
{
	a->state = (uint8_t)state;
	ip_changed(net, netif);
}

void ip_addr_set_life(struct holm_net *net, struct holm_netif *netif, struct netif_addr *a,
		      uint64_t preferred_until_ns, uint64_t valid_until_ns)
{
	a->preferred_until_ns = preferred_until_ns;
	a->valid_until_ns = valid_until_ns;
	/* RFC 4862 section 5.5.4: what was deprecated is preferred again. */
	if (a->state == NETIF_ADDR_DEPRECATED &&
	    (preferred_until_ns == 0 || preferred_until_ns > net->now))
		a->state = NETIF_ADDR_PREFERRED;
	ip_changed(net, netif);
}

bool holm_addr_get(struct holm_net *net, struct holm_dev *dev, size_t i, struct holm_addr *addr,
		   unsigned *prefix_len)
{
	const struct holm_netif *netif = dev->netif;

	(void)net;
	if (i >= netif->naddrs)
		return false;
	*addr = netif->addrs[i].addr;
	*prefix_len = netif->addrs[i].prefix_len;
	return true;
}

int holm_addr_state(struct holm_net *net, struct holm_dev *dev, const struct holm_addr *addr)
{
	const struct netif_addr *a = ip_addr_find(dev->netif, addr);

	(void)net;
	return a ? (int)a->state : -HOLM_EADDRNOTAVAIL;
}

_Static_assert((int)HOLM_ADDR_PREFERRED == (int)NETIF_ADDR_PREFERRED &&
		       (int)HOLM_ADDR_DEPRECATED == (int)NETIF_ADDR_DEPRECATED &&
		       (int)HOLM_ADDR_TENTATIVE == (int)NETIF_ADDR_TENTATIVE &&
		       (int)HOLM_ADDR_DUPLICATE == (int)NETIF_ADDR_DUPLICATE,
	       "states are the same inside");

bool holm_addr_get_info(struct holm_net *net, struct holm_dev *dev, size_t i,
			struct holm_addr_info *info)
{
	const struct netif_addr *a = &dev->netif->addrs[i];

	(void)net;
	if (i >= dev->netif->naddrs)
		return false;
	*info = (struct holm_addr_info){
		.addr = a->addr,
		.prefix_len = a->prefix_len,
		.state = (enum holm_addr_state)a->state,
		.preferred_until_ns = a->preferred_until_ns,
		.valid_until_ns = a->valid_until_ns,
	};
	return true;
}

bool holm_addr_is_local(struct holm_net *net, const struct holm_addr *addr)
{
	return ip_addr_is_local(net, addr);
}

/* Without a walk. */
static inline bool is_known(const struct ip_state *ip, const struct holm_addr *addr)
{
	return !FOR_SIZE && ip && ip4_is_addr(addr) &&
	       ip4_is_known(&ip->endings4, ip4_from_addr(addr));
}

bool ip_addr_is_local(const struct holm_net *net, const struct holm_addr *addr)
{
	if (holm_addr_is_loopback(addr) || is_known(net->ip, addr))
		return true;
	for (uint32_t i = net_slots_begin(); i < net_slots_end(net); i++)
		if (net->netifs[i] && netif_has_addr(net->netifs[i], addr))
			return true;
	return false;
}

bool ip_addr_is_unicast(const struct holm_net *net, const struct holm_addr *addr)
{
	const struct ip_state *ip = net->ip;
	uint32_t ip4;

	if (!ip4_is_addr(addr))
		return !holm_addr_is_any(addr) && !holm_addr_is_multicast(addr);
	ip4 = ip4_from_addr(addr);
	if (ip4 == 0 || ip4 == UINT32_MAX || ip4_is_multicast(ip4))
		return false;
	for (uint32_t i = 0; ip && i < ip->nlocals4; i++)
		if (ip->locals4[i].broadcast == ip4)
			return false;
	return true;
}

unsigned ip_common_prefix(const struct holm_addr *a, const struct holm_addr *b)
{
	for (unsigned i = 0; i < sizeof(a->b); i++) {
		unsigned differ = a->b[i] ^ b->b[i];

		if (differ)
			return i * 8 + 7 - ilog2_u32(differ);
	}
	return 128;
}

static void netif_gone(struct holm_net *net, struct holm_netif *netif)
{
	struct ip_state *ip = net->ip;
	struct list_node *n;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < ip->nroutes; i++)
		if (ip->routes[i].netif != netif)
			ip->routes[kept++] = ip->routes[i];
	ip->nroutes = kept;
	for (n = list_first(&ip->keepers); n; n = list_next(&ip->keepers, n))
		container_of(n, struct ip_keeper, node)->netif_gone(net, netif);
	if (HOLM_WITH_LOOPBACK && net->loopback)
		net->loopback->ops->dev_gone(net, netif->dev);
	neigh_flush(net, netif);
	ip_dst_netif_gone(net, netif);
	ip_changed(net, NULL);
}

void ip_netif_changed(struct holm_net *net, struct holm_netif *netif)
{
	ip_flow_forget(net); /* another device may come to lie where this one did */
	/* The neighbour cache belongs to ARP, which may have started after us. */
	if (HOLM_WITH_ERRORS || HOLM_WITH_IPV6)
		ip_watch_neighbours(net);
	if (HOLM_WITH_END && net->netifs[netif->index] != netif)
		netif_gone(net, netif);
	else
		net->ip_gen++;
}

/* ---- Life. */

static void *table_alloc(void *ctx, size_t size)
{
	return mem_alloc(ctx, size);
}

static void table_free(void *ctx, void *p, size_t size)
{
	mem_free(ctx, p, size);
}

static int make_state(struct holm_net *net)
{
	struct ip_state *ip = mem_zalloc(&net->mem, sizeof(*ip));

	if (!ip)
		return -HOLM_ENOMEM;
	ip->routes = mem_zalloc(&net->mem, net->config.routes_max * sizeof(*ip->routes));
	if (!ip->routes) {
		mem_free(&net->mem, ip, sizeof(*ip));
		return -HOLM_ENOMEM;
	}
	net->ip_gen = 1;
	ip->id_counter = net_random_u32(net);
	ip->allocator = (struct allocator){ table_alloc, table_free, &net->mem };
	ip->tcp = proto_find(net, PROTO_TRANSPORT, IP4_PROTO_TCP);
	ip->icmp4 = proto_find(net, PROTO_TRANSPORT, IP4_PROTO_ICMP);
	if (HOLM_WITH_DATAGRAMS) {
		ip->udp = proto_find(net, PROTO_TRANSPORT, IP4_PROTO_UDP);
		ip->igmp = proto_find(net, PROTO_TRANSPORT, IP4_PROTO_IGMP);
	}
	net->ip = ip;
	ip_dst_start(net);
	list_init(&ip->keepers);
	return 0;
}

void ip_set_tcp(struct holm_net *net, const struct holm_proto *part)
{
	ip_flow_forget(net);
	net->ip->tcp = part;
}

int ip_start(struct holm_net *net, unsigned family, const struct ip_family *ops)
{
	if (!net->ip) {
		int err = make_state(net);

		if (err)
			return err;
	}
	net->ip->families[family] = ops;
	return 0;
}

void ip_stop(struct holm_net *net, unsigned family)
{
	struct ip_state *ip = net->ip;
	struct list_node *n;

	ip->families[family] = NULL;
	for (size_t i = 0; i < IP_FAMILIES; i++)
		if (ip->families[i])
			return;
	for (n = list_first(&ip->keepers); n; n = list_next(&ip->keepers, n))
		container_of(n, struct ip_keeper, node)->stop(net);
	ip_dst_stop(net);
	if (HOLM_WITH_LOOPBACK && net->loopback)
		net->loopback->ops->stop(net);
	mem_free(&net->mem, ip->routes, net->config.routes_max * sizeof(*ip->routes));
	mem_free(&net->mem, ip->locals4, ip->locals4_room * sizeof(*ip->locals4));
	if (HOLM_WITH_IPV6)
		mem_free(&net->mem, ip->locals6, ip->locals6_room * sizeof(*ip->locals6));
	mem_free(&net->mem, ip, sizeof(*ip));
	net->ip = NULL;
}
