/*
 * The life of IPv6 addresses that routers' prefixes made: RFC 4862 section 5.5.4. One timer for all of
 * them, armed for what comes next; addresses that stay for ever never ask for it.
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
