/* The groups that an instance has joined; see group.h. */
#include "net/ip/group.h"

#include "net/ip/state.h"
#include "net/link/netif.h"

/* 224.0.0.1, all systems: every host is in it, always (RFC 1112 section 4). */
#define ALL_SYSTEMS 0xe0000001u

static uint32_t hash_of(const struct holm_net *net, const struct holm_netif *netif, uint32_t addr)
{
	return fold_hash_2(&net->secrets.flow, addr, netif->index);
}

struct ip_group *ip_group_find(const struct holm_net *net, const struct holm_netif *netif,
			       uint32_t addr)
{
	struct htab_node *n;

	for (n = htab_first(&net->ip->groups.table, hash_of(net, netif, addr)); n;
	     n = htab_next(n)) {
		struct ip_group *g = container_of(n, struct ip_group, node);

		if (g->addr == addr && g->netif == netif)
			return g;
	}
	return NULL;
}

bool ip_group_has(const struct holm_net *net, const struct holm_netif *netif, uint32_t addr)
{
	const struct ip_group *g;

	if (addr == ALL_SYSTEMS)
		return true;
	g = ip_group_find(net, netif, addr);
	return g && g->users > 0;
}

/* The device is to let the groups in that have users, and all systems. -HOLM_ENOMEM: it was not told. */
static int set_filter(struct holm_net *net, struct holm_netif *netif)
{
	struct ip_groups *gs = &net->ip->groups;
	size_t n = 1, bytes = (gs->table.nodes + 1) * sizeof(struct holm_mac);
	struct holm_mac *macs;
	struct list_node *node;

	if (!netif->dev->ops->set_filter)
		return 0;
	macs = mem_alloc(&net->mem, bytes);
	if (!macs)
		return -HOLM_ENOMEM;
	macs[0] = ip4_multicast_mac(ALL_SYSTEMS);
	for (node = list_first(&gs->all); node; node = list_next(&gs->all, node)) {
		const struct ip_group *g = container_of(node, struct ip_group, all);

		if (g->netif == netif && g->users > 0)
			macs[n++] = ip4_multicast_mac(g->addr);
	}
	net->callbacks++;
	netif->dev->ops->set_filter(netif->dev, macs, n);
	net->callbacks--;
	mem_free(&net->mem, macs, bytes);
	return 0;
}

static int create(struct holm_net *net, struct holm_netif *netif, uint32_t addr,
		  struct ip_group **out)
{
	struct ip_groups *gs = &net->ip->groups;
	struct ip_group *g;

	if (gs->table.nodes >= IP_GROUPS_MAX)
		return -HOLM_ENOBUFS;
	g = mem_zalloc(&net->mem, sizeof(*g));
	if (!g)
		return -HOLM_ENOMEM;
	g->net = net;
	g->netif = netif;
	g->addr = addr;
	net_timer_init(&g->timer, NULL);
	if (htab_insert(&gs->table, &g->node, hash_of(net, netif, addr)) != HTAB_INSERTED) {
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
	htab_remove(&net->ip->groups.table, &g->node);
	list_remove(&g->all);
	mem_free(&net->mem, g, sizeof(*g));
}

int ip_group_join(struct holm_net *net, struct holm_netif *netif, uint32_t addr)
{
	struct ip_groups *gs = &net->ip->groups;
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
	if (gs->joined)
		gs->joined(net, g);
	return 0;
}

void ip_group_leave(struct holm_net *net, const struct holm_netif *netif, uint32_t addr)
{
	struct ip_groups *gs = &net->ip->groups;
	struct ip_group *g = ip_group_find(net, netif, addr);

	if (!g || g->users == 0 || --g->users > 0)
		return;
	/* Without memory the device lets in what nobody wants, which is no harm. */
	(void)set_filter(net, g->netif);
	if (!gs->left || !gs->left(net, g))
		ip_group_free(net, g);
}

void ip_groups_netif_gone(struct holm_net *net, const struct holm_netif *netif)
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

void ip_groups_start(struct holm_net *net)
{
	htab_init(&net->ip->groups.table, &net->ip->allocator, HTAB_CHAIN_MAX);
	list_init(&net->ip->groups.all);
}

void ip_groups_stop(struct holm_net *net)
{
	struct list_node *n;

	while ((n = list_first(&net->ip->groups.all)) != NULL)
		ip_group_free(net, container_of(n, struct ip_group, all));
	htab_fini(&net->ip->groups.table);
}
