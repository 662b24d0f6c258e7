/* The groups that an instance has joined; see group.h. */
#include "net/ip/group.h"

#include "net/ip/state.h"
#include "net/link/netif.h"

/* 224.0.0.1, all systems: every host is in it, always (RFC 1112 section 4). */
#define ALL_SYSTEMS 0xe0000001u
/* All systems', and all nodes' (RFC 4291 section 2.8). */
#define FILTERS_MIN 2u

static uint32_t hash_of(const struct holm_net *net, const struct holm_netif *netif,
			const struct holm_addr *addr)
{
	return fold_hash_2(&net->secrets.flow, load_be64(addr->b) ^ netif->index,
			   load_be64(addr->b + 8));
}

/* ff01::1 and ff02::1. */
static bool is_all_nodes(const struct holm_addr *addr)
{
	uint64_t high = load_be64(addr->b);

	return load_be64(addr->b + 8) == 1 && (high == 0xff01ull << 48 || high == 0xff02ull << 48);
}

static bool is_everybodys(const struct holm_addr *addr)
{
	if (holm_addr_is_ip4(addr))
		return ip4_from_addr(addr) == ALL_SYSTEMS;
	return is_all_nodes(addr);
}

/* RFC 1112 section 6.4, RFC 2464 section 7. */
static struct holm_mac mac_of(const struct holm_addr *addr)
{
	const uint8_t *b = addr->b;

	if (holm_addr_is_ip4(addr))
		return ip4_multicast_mac(ip4_from_addr(addr));
	return (struct holm_mac){ { 0x33, 0x33, b[12], b[13], b[14], b[15] } };
}

const struct ip_group_ops *ip_group_ops_of(const struct holm_net *net, const struct holm_addr *addr)
{
	const struct ip_groups *gs = &net->ip->groups;

	return holm_addr_is_ip4(addr) ? gs->ops4 : gs->ops6;
}

struct ip_group *ip_group_find(const struct holm_net *net, const struct holm_netif *netif,
			       const struct holm_addr *addr)
{
	struct htab_node *n;

	for (n = table_first(&net->ip->groups.table, hash_of(net, netif, addr)); n;
	     n = table_next(&net->ip->groups.table, n)) {
		struct ip_group *g = container_of(n, struct ip_group, node);

		if (g->netif == netif && holm_addr_equal(&g->addr, addr))
			return g;
	}
	return NULL;
}

static bool has(const struct holm_net *net, const struct holm_netif *netif,
		const struct holm_addr *addr)
{
	const struct ip_group *g = ip_group_find(net, netif, addr);

	return g && g->users > 0;
}

static bool lets_in(const struct holm_net *net, const struct holm_netif *netif,
		    const struct holm_addr *addr)
{
	return is_everybodys(addr) || has(net, netif, addr);
}

/* The device is to let the groups in that have users, and everybody's. -HOLM_ENOMEM: it was not told. */
static int set_filter(struct holm_net *net, struct holm_netif *netif)
{
	struct ip_groups *gs = &net->ip->groups;
	size_t n = 0, bytes = (table_nodes(&gs->table) + FILTERS_MIN) * sizeof(struct holm_mac);
	struct holm_mac *macs;
	struct list_node *node;

	if (!netif->dev->ops->set_filter)
		return 0;
	macs = mem_alloc(&net->mem, bytes);
	if (!macs)
		return -HOLM_ENOMEM;
	if (net->ip->families[IP_FAMILY_4])
		macs[n++] = ip4_multicast_mac(ALL_SYSTEMS);
	if (net->ip->families[IP_FAMILY_6])
		macs[n++] = (struct holm_mac){ { 0x33, 0x33, 0, 0, 0, 1 } };
	for (node = list_first(&gs->all); node; node = list_next(&gs->all, node)) {
		const struct ip_group *g = container_of(node, struct ip_group, all);

		if (g->netif == netif && g->users > 0)
			macs[n++] = mac_of(&g->addr);
	}
	net->callbacks++;
	netif->dev->ops->set_filter(netif->dev, macs, n);
	net->callbacks--;
	mem_free(&net->mem, macs, bytes);
	return 0;
}

static int create(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr,
		  struct ip_group **out)
{
	struct ip_groups *gs = &net->ip->groups;
	struct ip_group *g;

	if (table_nodes(&gs->table) >= IP_GROUPS_MAX)
		return -HOLM_ENOBUFS;
	g = mem_zalloc(&net->mem, sizeof(*g));
	if (!g)
		return -HOLM_ENOMEM;
	g->net = net;
	g->netif = netif;
	g->addr = *addr;
	net_timer_init(&g->timer, NULL);
	if (!table_insert(&gs->table, &g->node, hash_of(net, netif, addr))) {
		mem_free(&net->mem, g, sizeof(*g));
		return -HOLM_ENOMEM;
	}
	list_push_back(&gs->all, &g->all);
	*out = g;
	return 0;
}

void ip_group_free(struct holm_net *net, struct ip_group *g)
{
	net_timer_cancel(net, &g->timer);
	table_remove(&net->ip->groups.table, &g->node);
	list_remove(&g->all);
	mem_free(&net->mem, g, sizeof(*g));
}

/* An interface goes, and the memberships in its groups. */
static void netif_gone(struct holm_net *net, const struct holm_netif *netif)
{
	struct list *all = &net->ip->groups.all;
	struct list_node *n = list_first(all);

	while (n) {
		struct ip_group *g = container_of(n, struct ip_group, all);

		n = list_next(all, n);
		if (g->netif == netif)
			ip_group_free(net, g);
	}
}

static void stop(struct holm_net *net)
{
	struct list_node *n;

	while ((n = list_first(&net->ip->groups.all)) != NULL)
		ip_group_free(net, container_of(n, struct ip_group, all));
	table_fini(&net->ip->groups.table);
}

int ip_group_join(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr)
{
	const struct ip_group_ops *ops = ip_group_ops_of(net, addr);
	struct ip_group *g = ip_group_find(net, netif, addr);
	int err = 0;

	if (!g)
		err = create(net, netif, addr, &g);
	if (err)
		return err;
	if (g->users++ > 0)
		return 0;
	err = set_filter(net, netif);
	if (err) {
		g->users = 0;
		ip_group_free(net, g);
		return err;
	}
	if (ops)
		ops->joined(net, g);
	return 0;
}

void ip_group_leave(struct holm_net *net, const struct holm_netif *netif,
		    const struct holm_addr *addr)
{
	const struct ip_group_ops *ops = ip_group_ops_of(net, addr);
	struct ip_group *g = ip_group_find(net, netif, addr);

	if (!g || g->users == 0 || --g->users > 0)
		return;
	/* Without memory the device lets in what nobody wants, which is no harm. */
	(void)set_filter(net, g->netif);
	if (!ops || !ops->left(net, g))
		ip_group_free(net, g);
}

void ip_groups_start(struct holm_net *net)
{
	struct ip_groups *gs = &net->ip->groups;

	table_init(&gs->table, &net->ip->allocator);
	list_init(&gs->all);
	gs->has = lets_in;
	gs->keeper.netif_gone = netif_gone;
	gs->keeper.stop = stop;
	list_push_back(&net->ip->keepers, &gs->keeper.node);
}
