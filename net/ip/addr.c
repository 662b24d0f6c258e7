/*
 * Addresses of interfaces (the public <holm/ip.h>), for both families: adding, removing, asking, and
 * choosing one as a source (RFC 6724). Also the start and end of the network layer's state.
 */
#include "net/ip/state.h"

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
	return a->prefix_len + (holm_addr_is_ip4(&a->addr) ? 96u : 0u);
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

static struct netif_addr *find_addr(struct holm_netif *netif, const struct holm_addr *addr)
{
	for (uint32_t i = 0; i < netif->naddrs; i++)
		if (holm_addr_equal(&netif->addrs[i].addr, addr))
			return &netif->addrs[i];
	return NULL;
}

int ip_addr_install(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr,
		    unsigned prefix_len)
{
	int err;

	if (netif->naddrs >= net->config.addrs_max)
		return -HOLM_ENOSPC;
	err = ip_route_add_onlink(net, netif, addr, prefix_len);
	if (err)
		return err;
	netif->addrs[netif->naddrs++] =
		(struct netif_addr){ .addr = *addr, .prefix_len = (uint8_t)prefix_len };
	ip_changed(net, NULL);
	return 0;
}

int holm_addr_add(struct holm_net *net, struct holm_dev *dev, const struct holm_addr *addr,
		  unsigned prefix_len)
{
	const struct ip_family *family = ip_family_of(net, addr);
	struct holm_netif *netif = dev->netif;
	const struct neigh_ops *neighbours;
	int err;

	ASSERT(!net->callbacks && netif && netif->net == net);
	if (!family)
		return -HOLM_EAFNOSUPPORT;
	if (!family->is_assignable(netif, addr, prefix_len))
		return -HOLM_EINVAL;
	if (ip_addr_is_local(net, addr))
		return -HOLM_EEXIST;
	if (netif->naddrs == 0)
		neigh_flush(net, netif);
	err = ip_addr_install(net, netif, addr, prefix_len);
	if (err)
		return err;
	ip_changed(net, netif);
	neighbours = neigh_ops_of(net, addr);
	if (neighbours && !netif->loopback)
		neighbours->announce(net, netif, addr);
	return 0;
}

/* Does another address of the interface lie in the same network? Then its route stays. */
static bool prefix_is_shared(const struct holm_netif *netif, const struct netif_addr *gone)
{
	unsigned prefix_len = prefix_of_128(gone);

	for (uint32_t i = 0; i < netif->naddrs; i++) {
		const struct netif_addr *a = &netif->addrs[i];

		if (prefix_of_128(a) == prefix_len &&
		    ip_prefix_match(&a->addr, &gone->addr, prefix_len))
			return true;
	}
	return false;
}

int holm_addr_del(struct holm_net *net, struct holm_dev *dev, const struct holm_addr *addr)
{
	struct holm_netif *netif = dev->netif;
	const struct neigh_ops *neighbours = neigh_ops_of(net, addr);
	struct netif_addr *a, gone;

	ASSERT(!net->callbacks && netif && netif->net == net);
	a = find_addr(netif, addr);
	if (!a)
		return -HOLM_EADDRNOTAVAIL;
	gone = *a;
	netif->naddrs--;
	memmove(a, a + 1, (size_t)(&netif->addrs[netif->naddrs] - a) * sizeof(*a));
	if (!prefix_is_shared(netif, &gone))
		ip_route_del_onlink(net, netif, &gone.addr, gone.prefix_len);
	if (neighbours && !netif->loopback)
		neighbours->withdraw(net, netif, &gone.addr);
	neigh_flush(net, netif);
	ip_changed(net, netif);
	return 0;
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

bool holm_addr_is_local(struct holm_net *net, const struct holm_addr *addr)
{
	return ip_addr_is_local(net, addr);
}

bool ip_addr_is_local(const struct holm_net *net, const struct holm_addr *addr)
{
	if (holm_addr_is_loopback(addr))
		return true;
	for (uint32_t i = 0; i < net->nnetifs; i++)
		if (net->netifs[i] && netif_has_addr(net->netifs[i], addr))
			return true;
	return false;
}

bool ip_addr_is_unicast(const struct holm_net *net, const struct holm_addr *addr)
{
	const struct ip_state *ip = net->ip;
	uint32_t ip4;

	if (holm_addr_is_any(addr) || holm_addr_is_multicast(addr))
		return false;
	if (!ip || !holm_addr_is_ip4(addr))
		return true;
	ip4 = load_be32(addr->b + 12);
	for (uint32_t i = 0; i < ip->nlocals4; i++)
		if (ip->locals4[i].broadcast == ip4)
			return false;
	return true;
}

/* How many leading bits two addresses share. */
static unsigned common_prefix(const struct holm_addr *a, const struct holm_addr *b)
{
	for (unsigned i = 0; i < sizeof(a->b); i++) {
		unsigned differ = a->b[i] ^ b->b[i];

		if (differ)
			return i * 8 + 7 - ilog2_u32(differ);
	}
	return 128;
}

bool ip_select_source(const struct holm_netif *netif, const struct holm_addr *remote,
		      struct holm_addr *src)
{
	bool ip4 = holm_addr_is_ip4(remote);
	unsigned best = 0;
	bool found = false;

	for (uint32_t i = 0; i < netif->naddrs; i++) {
		const struct netif_addr *a = &netif->addrs[i];
		unsigned match;

		if (holm_addr_is_ip4(&a->addr) != ip4)
			continue;
		match = min_u32(common_prefix(&a->addr, remote), prefix_of_128(a));
		if (!found || match > best) {
			*src = a->addr;
			best = match;
			found = true;
		}
	}
	return found;
}

void ip_netif_gone(struct holm_net *net, struct holm_netif *netif)
{
	struct ip_state *ip = net->ip;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < ip->nroutes; i++)
		if (ip->routes[i].netif != netif)
			ip->routes[kept++] = ip->routes[i];
	ip->nroutes = kept;
	ip_early_netif_gone(net, netif);
	ip_reasm_netif_gone(net, netif);
	ip_groups_netif_gone(net, netif);
	loopback_dev_gone(net, netif->dev);
	ip_dst_netif_gone(net, netif);
	ip_changed(net, NULL);
}

void ip_any_dst_users(struct holm_net *net, int delta)
{
	net->ip->any_dst_users += (uint32_t)delta;
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
	ip->id_counter = rng_u32(&net->rng);
	ip->allocator = (struct allocator){ table_alloc, table_free, &net->mem };
	ip->tcp = proto_find(net, PROTO_TRANSPORT, IP4_PROTO_TCP);
	ip->udp = proto_find(net, PROTO_TRANSPORT, IP4_PROTO_UDP);
	ip->icmp4 = proto_find(net, PROTO_TRANSPORT, IP4_PROTO_ICMP);
	ip->igmp = proto_find(net, PROTO_TRANSPORT, IP4_PROTO_IGMP);
	net->ip = ip;
	ip_dst_start(net);
	ip_early_start(net);
	ip_reasm_start(net);
	ip_groups_start(net);
	return 0;
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

	ip->families[family] = NULL;
	for (size_t i = 0; i < IP_FAMILIES; i++)
		if (ip->families[i])
			return;
	ip_early_stop(net);
	ip_reasm_stop(net);
	ip_groups_stop(net);
	ip_dst_stop(net);
	mem_free(&net->mem, ip->routes, net->config.routes_max * sizeof(*ip->routes));
	mem_free(&net->mem, ip->locals4, ip->locals4_room * sizeof(*ip->locals4));
	mem_free(&net->mem, ip, sizeof(*ip));
	net->ip = NULL;
}
