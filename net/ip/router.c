/*
 * Router discovery, a host's part: RFC 4861 section 6.3 with the preferences of RFC 4191, solicitations
 * that back off (RFC 7559), name servers (RFC 8106). A default router is a route ::/0 whose metric says
 * how good it is; a router that does not answer comes behind those that do. A hop limit that a router
 * suggests is told to programs and not used: a small one would cut us off.
 */
#include "net/ip/nd.h"

#include "net/core/random.h"

/* RFC 4861 section 10, MAX_RTR_SOLICITATION_DELAY; RFC 7559 section 2, IRT and MRT. */
#define SOLICIT_DELAY_MS 1000u
#define SOLICIT_FIRST_NS 4000000000ull
#define SOLICIT_MAX_NS 3600000000000ull
/* Of what a router says about times: RFC 4861 section 6.2.1 knows no more than an hour. */
#define REACHABLE_MAX_MS 3600000u
#define REACHABLE_MIN_MS 1000u
/*
 * Longer would keep addresses from being ours for as long as a stranger likes; the neighbour cache asks
 * nobody more often than once a second.
 */
#define RETRANS_MAX_MS 10000u
#define RETRANS_MIN_MS 1000u
/* Routes of programs come first, whose metric is seldom this large; Linux has 1024 for all of them. */
enum { METRIC_MEDIUM = 1024, METRIC_STEP = 256, METRIC_SILENT = 4096 };

uint64_t router_until(const struct holm_net *net, uint32_t s)
{
	return s == ND_FOREVER ? ND_NEVER : net->now + s * 1000000000ull;
}

void router_note_end(struct holm_net *net, struct nd_if *nif, uint64_t until_ns)
{
	if (until_ns == ND_NEVER)
		return;
	if (!net_timer_is_armed(&nif->life) || nif->life.wheel.deadline_ns > until_ns)
		net_timer_arm(net, &nif->life, until_ns);
}

/* ---- Default routers. */

static struct holm_route route_of(const struct nd_if *nif, const struct nd_router *r)
{
	struct holm_route route = {
		.dst = holm_addr_any6(),
		.gateway = r->addr,
		.dev = nif->netif->dev,
		.metric = (uint32_t)(METRIC_MEDIUM - r->preference * METRIC_STEP +
				     (r->silent ? METRIC_SILENT : 0)),
	};

	return route;
}

static void remove_route(struct holm_net *net, const struct nd_if *nif, const struct nd_router *r)
{
	const struct holm_route route = route_of(nif, r);

	/* A program may have taken it away before. */
	(void)holm_route_del(net, &route);
}

static void add_route(struct holm_net *net, const struct nd_if *nif, const struct nd_router *r)
{
	const struct holm_route route = route_of(nif, r);

	if (holm_route_add(net, &route) == -HOLM_ENOSPC)
		net_drop_note(net, HOLM_DROP_ND_FULL);
}

static struct nd_router *find_router(struct nd_if *nif, const struct holm_addr *addr)
{
	for (uint32_t i = 0; i < nif->nrouters; i++)
		if (holm_addr_equal(&nif->routers[i].addr, addr))
			return &nif->routers[i];
	return NULL;
}

static void remove_router(struct holm_net *net, struct nd_if *nif, struct nd_router *r)
{
	remove_route(net, nif, r);
	*r = nif->routers[--nif->nrouters];
}

static struct nd_router *new_router(struct holm_net *net, struct nd_if *nif,
				    const struct holm_addr *addr)
{
	struct nd_router *r;

	if (nif->nrouters >= ND_ROUTERS_MAX) {
		net_drop_note(net, HOLM_DROP_ND_FULL);
		return NULL;
	}
	r = &nif->routers[nif->nrouters++];
	*r = (struct nd_router){ .addr = *addr };
	return r;
}

/* RFC 4861 section 6.3.4: a lifetime of 0 takes it off the list, any other puts it there. */
static void heard_lifetime(struct holm_net *net, struct nd_if *nif, const struct holm_addr *addr,
			   const struct nd_info *info)
{
	struct nd_router *r = find_router(nif, addr);

	if (info->lifetime_s == 0) {
		if (r)
			remove_router(net, nif, r);
		return;
	}
	if (r && (r->preference != info->preference || r->silent))
		remove_route(net, nif, r);
	if (!r)
		r = new_router(net, nif, addr);
	if (!r)
		return;
	r->preference = info->preference;
	r->silent = false;
	r->until_ns = router_until(net, info->lifetime_s);
	/* It is there already, unless it is new, changed, or somebody took it away. */
	add_route(net, nif, r);
	router_note_end(net, nif, r->until_ns);
}

void router_reachable(struct holm_net *net, struct nd_if *nif, const struct holm_addr *addr,
		      bool yes)
{
	struct nd_router *r = find_router(nif, addr);

	if (!r || r->silent != yes)
		return;
	remove_route(net, nif, r);
	r->silent = !yes;
	add_route(net, nif, r);
}

void router_gone(struct holm_net *net, struct nd_if *nif, const struct holm_addr *addr)
{
	struct nd_router *r = find_router(nif, addr);

	if (r)
		remove_router(net, nif, r);
}

/* ---- Name servers. */

static struct nd_server *find_server(struct nd_if *nif, const struct holm_addr *addr)
{
	for (uint32_t i = 0; i < nif->nservers; i++)
		if (holm_addr_equal(&nif->servers[i].addr, addr))
			return &nif->servers[i];
	return NULL;
}

/* Off the list, whose order stays: the first is asked first. */
static void remove_server(struct nd_if *nif, struct nd_server *s)
{
	nif->nservers--;
	for (; s < &nif->servers[nif->nservers]; s++)
		s[0] = s[1];
}

static void heard_server(struct holm_net *net, struct nd_if *nif, const struct holm_addr *addr,
			 uint32_t lifetime_s)
{
	struct nd_server *s = find_server(nif, addr);

	if (lifetime_s == 0) {
		if (s)
			remove_server(nif, s);
		return;
	}
	if (ip6_is_any(addr) || ip6_is_multicast(addr) || ip6_is_mapped(addr))
		return;
	if (!s && nif->nservers >= ND_SERVERS_MAX) {
		net_drop_note(net, HOLM_DROP_ND_FULL);
		return;
	}
	if (!s)
		s = &nif->servers[nif->nservers++];
	s->addr = *addr;
	s->until_ns = router_until(net, lifetime_s);
	router_note_end(net, nif, s->until_ns);
}

/* ---- Advertisements. */

static void heard_options(struct holm_net *net, struct nd_if *nif, const struct nd_info *info)
{
	struct nd_option option;
	struct nd_prefix prefix;
	struct nd_rdnss rdnss;
	size_t at = 0;

	while (nd_next_option(info, &at, &option)) {
		if (option.type == ND_OPTION_PREFIX && nd_parse_prefix(&option, &prefix))
			slaac_prefix(net, nif, &prefix);
		if (option.type != ND_OPTION_RDNSS || !nd_parse_rdnss(&option, &rdnss))
			continue;
		for (size_t i = 0; i < rdnss.n; i++) {
			const struct holm_addr server = nd_rdnss_server(&rdnss, i);

			heard_server(net, nif, &server, rdnss.lifetime_s);
		}
	}
}

/* RFC 4861 section 6.3.4: what is not specified stays as it is. */
static void heard_times(struct nd_if *nif, const struct nd_info *info)
{
	if (info->reachable_ms != 0 && info->reachable_ms <= REACHABLE_MAX_MS)
		nif->times.reachable_ns =
			max_u32(info->reachable_ms, REACHABLE_MIN_MS) * 1000000ull;
	if (info->retrans_ms != 0)
		nif->times.retrans_ns =
			min_u32(max_u32(info->retrans_ms, RETRANS_MIN_MS), RETRANS_MAX_MS) *
			1000000ull;
}

/* An MTU that the link has not, or that no link may have, is no news (RFC 4861 section 6.3.4). */
static void heard_mtu(struct holm_net *net, struct holm_netif *netif, uint32_t mtu)
{
	if (mtu < IP6_MTU_MIN || mtu > netif->mtu || mtu == netif->mtu6)
		return;
	netif->mtu6 = (uint16_t)mtu;
	ip_changed(net, netif);
}

void router_heard(struct holm_net *net, struct nd_if *nif, const struct holm_addr *src,
		  const struct nd_info *info)
{
	struct neigh *n = neigh_find(net, nif->netif, src);

	if (n)
		n->router = true;
	nif->told = true;
	nif->flags = info->flags & (ND_MANAGED | ND_OTHER);
	if (info->hop_limit != 0)
		nif->hop_limit = info->hop_limit;
	/* RFC 7559 section 2.1: until there is a default router, somebody may be slow to answer. */
	if (info->lifetime_s != 0)
		net_timer_cancel(net, &nif->solicit);
	heard_times(nif, info);
	heard_mtu(net, nif->netif, info->mtu);
	heard_lifetime(net, nif, src, info);
	heard_options(net, nif, info);
}

/* ---- Solicitations. */

/* Plus or minus a tenth of it: RFC 8415 section 15, which RFC 7559 refers to. */
static uint64_t spread(struct holm_net *net, uint64_t ns)
{
	uint32_t tenth_ms = (uint32_t)(ns / 10000000);

	return ns - tenth_ms * 1000000ull + net_random_below(net, 2 * tenth_ms + 1) * 1000000ull;
}

static void solicit_due(struct holm_net *net, struct net_timer *timer)
{
	struct nd_if *nif = container_of(timer, struct nd_if, solicit);

	if (!nif->link_up)
		return;
	nd_send_router_solicit(net, nif->netif);
	nif->solicit_ns =
		nif->solicit_ns ? min_u64(2 * nif->solicit_ns, SOLICIT_MAX_NS) : SOLICIT_FIRST_NS;
	net_timer_arm(net, timer, net->now + spread(net, nif->solicit_ns));
}

void router_solicit(struct holm_net *net, struct nd_if *nif)
{
	if (!net->config.nd_accept_routers)
		return;
	nif->solicit_ns = 0;
	net_timer_arm(net, &nif->solicit,
		      net->now + net_random_below(net, SOLICIT_DELAY_MS) * 1000000ull);
}

/* ---- What ends. */

static uint64_t age_routers(struct holm_net *net, struct nd_if *nif)
{
	uint64_t next = ND_NEVER;
	uint32_t i = 0;

	while (i < nif->nrouters) {
		struct nd_router *r = &nif->routers[i];

		if (r->until_ns <= net->now) {
			remove_router(net, nif, r);
			continue;
		}
		next = min_u64(next, r->until_ns);
		i++;
	}
	return next;
}

static uint64_t age_servers(struct holm_net *net, struct nd_if *nif)
{
	uint64_t next = ND_NEVER;
	uint32_t i = 0;

	while (i < nif->nservers) {
		struct nd_server *s = &nif->servers[i];

		if (s->until_ns <= net->now) {
			remove_server(nif, s);
			continue;
		}
		next = min_u64(next, s->until_ns);
		i++;
	}
	return next;
}

static void life_due(struct holm_net *net, struct net_timer *timer)
{
	struct nd_if *nif = container_of(timer, struct nd_if, life);

	router_note_end(net, nif, age_routers(net, nif));
	router_note_end(net, nif, age_servers(net, nif));
	router_note_end(net, nif, slaac_age(net, nif));
	/* The last router has gone, and perhaps there is another. */
	if (nif->nrouters == 0 && nif->link_up && !net_timer_is_armed(&nif->solicit))
		router_solicit(net, nif);
}

void router_if_start(struct nd_if *nif)
{
	net_timer_init(&nif->solicit, solicit_due);
	net_timer_init(&nif->life, life_due);
}

void router_if_stop(struct holm_net *net, struct nd_if *nif)
{
	net_timer_cancel(net, &nif->solicit);
	net_timer_cancel(net, &nif->life);
}
