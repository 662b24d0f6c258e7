/*
 * The life of IPv6 addresses, whether a router's prefix or a program says how long: RFC 4862 section
 * 5.5.4. One timer for all of them, armed for what comes next; addresses that stay for ever never ask for
 * it.
 */
#include "net/ip/state.h"

/* When something becomes of the address; UINT64_MAX: never. */
static uint64_t next_change(const struct netif_addr *a)
{
	uint64_t next = a->valid_until_ns ? a->valid_until_ns : UINT64_MAX;

	if (a->state == NETIF_ADDR_PREFERRED && a->preferred_until_ns)
		next = min_u64(next, a->preferred_until_ns);
	return next;
}

void ip6_life_changed(struct holm_net *net)
{
	uint64_t next = UINT64_MAX;

	for (uint32_t i = 0; i < net->nnetifs; i++)
		for (uint32_t j = 0; net->netifs[i] && j < net->netifs[i]->naddrs; j++)
			next = min_u64(next, next_change(&net->netifs[i]->addrs[j]));
	if (next == UINT64_MAX)
		net_timer_cancel(net, &net->ip->life);
	else
		net_timer_arm(net, &net->ip->life, next);
}

/* The first of an interface's addresses whose time has come, or NULL. */
static struct netif_addr *find_due(struct holm_net *net, struct holm_netif *netif)
{
	for (uint32_t i = 0; i < netif->naddrs; i++)
		if (next_change(&netif->addrs[i]) <= net->now)
			return &netif->addrs[i];
	return NULL;
}

static void age(struct holm_net *net, struct holm_netif *netif)
{
	struct netif_addr *a;

	while ((a = find_due(net, netif)) != NULL) {
		const struct holm_addr addr = a->addr;

		if (a->valid_until_ns && a->valid_until_ns <= net->now)
			(void)ip_addr_remove(net, netif, &addr);
		else
			ip_addr_set_state(net, netif, a, NETIF_ADDR_DEPRECATED);
	}
}

static void life_changes(struct holm_net *net, struct net_timer *timer)
{
	(void)timer;
	for (uint32_t i = 0; i < net->nnetifs; i++)
		if (net->netifs[i])
			age(net, net->netifs[i]);
	ip6_life_changed(net);
}

void ip6_life_start(struct holm_net *net)
{
	net_timer_init(&net->ip->life, life_changes);
}

void ip6_life_stop(struct holm_net *net)
{
	net_timer_cancel(net, &net->ip->life);
}

/* ---- For programs. */

int holm_addr_set_life(struct holm_net *net, struct holm_dev *dev, const struct holm_addr *addr,
		       uint64_t preferred_until_ns, uint64_t valid_until_ns)
{
	struct netif_addr *a;

	ASSERT(!net->callbacks && dev->netif && dev->netif->net == net);
	a = ip_addr_find(dev->netif, addr);
	if (!a)
		return -HOLM_EADDRNOTAVAIL;
	if (holm_addr_is_ip4(addr))
		return -HOLM_EINVAL;
	if (valid_until_ns && (valid_until_ns <= net->now || preferred_until_ns > valid_until_ns))
		return -HOLM_EINVAL;
	ip_addr_set_life(net, dev->netif, a, preferred_until_ns, valid_until_ns);
	return 0;
}
