/*
 * When routers hear of groups, the same in IGMP and MLD (RFC 3376 and RFC 3810 sections 5 and 6, RFC 2236
 * section 3, RFC 2710 section 4): what was joined and left is said twice, queries are answered after a
 * random time. What is said, and in which version's words, is igmp.c's and mld.c's; see group.h.
 */
#include "net/ip/state.h"

#include "net/core/random.h"

/* RFC 3376 section 8.1, RFC 3810 section 9.1: reports of a change, one of which may be lost. */
#define ROBUSTNESS 2u

static void arm_within(struct holm_net *net, struct ip_group *g, uint64_t within_ns)
{
	uint32_t ms = (uint32_t)(within_ns / 1000000) + 1;
	uint64_t at = net->now + net_random_below(net, ms) * 1000000ull;

	if (!net_timer_is_armed(&g->timer) || g->timer.wheel.deadline_ns > at)
		net_timer_arm(net, &g->timer, at);
}

static void say_change(struct holm_net *net, struct ip_group *g)
{
	const struct ip_group_ops *ops = ip_group_ops_of(net, &g->addr);

	g->changes--;
	ops->say(net, g, g->users > 0 ? IP_GROUP_JOINED : IP_GROUP_LEFT);
	if (g->changes > 0)
		arm_within(net, g, ops->change_interval_ns(net));
	else if (g->users == 0)
		ip_group_free(net, g);
}

static void fire(struct holm_net *net, struct net_timer *timer)
{
	struct ip_group *g = container_of(timer, struct ip_group, timer);

	if (g->changes > 0)
		say_change(net, g);
	else
		ip_group_ops_of(net, &g->addr)->say(net, g, IP_GROUP_IS_JOINED);
}

/* Say it from the first time on, whatever was being said. False: routers are not told of this one. */
static bool begin_change(struct holm_net *net, struct ip_group *g)
{
	if (!ip_group_ops_of(net, &g->addr)->is_reported(g))
		return false;
	net_timer_cancel(net, &g->timer);
	net_timer_init(&g->timer, fire);
	g->changes = ROBUSTNESS;
	say_change(net, g);
	return true;
}

void ip_group_joined(struct holm_net *net, struct ip_group *g)
{
	(void)begin_change(net, g);
}

/* True: it goes when that has been said. */
bool ip_group_left(struct holm_net *net, struct ip_group *g)
{
	return begin_change(net, g);
}

/* In use, and of this interface and family. */
static bool is_of(const struct ip_group *g, const struct holm_netif *netif, bool ip4)
{
	return g->netif == netif && g->users > 0 && holm_addr_is_ip4(&g->addr) == ip4;
}

void ip_groups_query(struct holm_net *net, const struct holm_netif *netif, bool ip4,
		     const struct holm_addr *group, uint64_t within_ns)
{
	struct list *all = &net->ip->groups.all;
	struct list_node *n;

	for (n = list_first(all); n; n = list_next(all, n)) {
		struct ip_group *g = container_of(n, struct ip_group, all);

		if (is_of(g, netif, ip4) && ip_group_ops_of(net, &g->addr)->is_reported(g) &&
		    (!group || holm_addr_equal(group, &g->addr)))
			arm_within(net, g, within_ns);
	}
}

void ip_group_heard_report(struct holm_net *net, const struct holm_netif *netif,
			   const struct holm_addr *addr)
{
	struct ip_group *g = ip_group_find(net, netif, addr);

	if (!g || g->users == 0)
		return;
	net_timer_cancel(net, &g->timer);
	g->changes = 0;
	g->reported = false;
}

void ip_groups_link_up(struct holm_net *net, const struct holm_netif *netif, bool ip4)
{
	struct list *all = &net->ip->groups.all;
	struct list_node *n;

	for (n = list_first(all); n; n = list_next(all, n)) {
		struct ip_group *g = container_of(n, struct ip_group, all);

		/* Some are being told of already: those of an interface that has just appeared. */
		if (is_of(g, netif, ip4) && g->changes == 0)
			ip_group_joined(net, g);
	}
}

void ip_groups_silence(struct holm_net *net, bool ip4)
{
	struct list *all = &net->ip->groups.all;
	struct list_node *n;

	for (n = list_first(all); n; n = list_next(all, n)) {
		struct ip_group *g = container_of(n, struct ip_group, all);

		if (holm_addr_is_ip4(&g->addr) == ip4)
			net_timer_cancel(net, &g->timer);
	}
}
