/*
 * Is an address ours alone? Duplicate address detection, RFC 4862 section 5.4, with the nonce of RFC 7527,
 * so that a link that echoes does not take our own question for an answer. Once it is ours, who else uses
 * it is told so, not too often, and it stays ours. Optimistic use (RFC 4429) is not done.
 */
#include "net/ip/nd.h"

#include "lib/mem.h"
#include "net/core/random.h"

/* RFC 4861 section 10, MAX_RTR_SOLICITATION_DELAY: hosts that start together do not speak together. */
#define FIRST_DELAY_MS 1000u
/* RFC 7527 section 4.1: a probe that came back is no answer, so ask again; a loop that lasts is broken. */
#define PROBES_AFTER_LOOP 3u
#define LOOPED_MAX 12u
/* As for ARP (RFC 5227 section 1.1, DEFEND_INTERVAL). */
#define DEFEND_INTERVAL_NS 10000000000u

struct nd_addr *dad_find(struct nd_if *nif, const struct holm_addr *addr)
{
	for (uint32_t i = 0; i < nif->netif->net->config.addrs_max; i++)
		if (nif->addrs[i].stage != ND_ADDR_FREE &&
		    holm_addr_equal(&nif->addrs[i].addr, addr))
			return &nif->addrs[i];
	return NULL;
}

static void set_state(struct holm_net *net, struct nd_addr *a, enum netif_addr_state state)
{
	struct netif_addr *entry = ip_addr_find(a->nif->netif, &a->addr);

	if (entry)
		ip_addr_set_state(net, a->nif->netif, entry, state);
}

static void log_duplicate(struct holm_net *net, const struct nd_addr *a, const char *what)
{
	char text[HOLM_ADDR_TEXT_MAX];

	holm_addr_format(&a->addr, text, sizeof(text));
	net_log(net, HOLM_LOG_WARN, "nd: %s: address %s is also used by another host%s",
		a->nif->netif->dev->name, text, what);
}

/* ---- Asking. */

static void succeed(struct holm_net *net, struct nd_addr *a)
{
	const struct holm_addr routers = ip6_all_routers();
	const struct netif_addr *entry = ip_addr_find(a->nif->netif, &a->addr);
	bool deprecated =
		entry && entry->preferred_until_ns && entry->preferred_until_ns <= net->now;

	a->stage = ND_ADDR_OURS;
	set_state(net, a, deprecated ? NETIF_ADDR_DEPRECATED : NETIF_ADDR_PREFERRED);
	/* RFC 9131: so that a router that has something for us need not ask first. */
	nd_send_advert(net, a->nif->netif, &a->addr, &routers, NULL, 0);
	if (ip6_is_link_local(&a->addr))
		router_solicit(net, a->nif);
}

static void probe(struct holm_net *net, struct nd_addr *a)
{
	if (a->left == 0) {
		succeed(net, a);
		return;
	}
	if (netif_queue_room(a->nif->netif) == 0) {
		net_timer_arm(net, &a->timer, net->now + NEIGH_BUSY_NS);
		return;
	}
	a->left--;
	nd_send_probe(net, a);
	net_timer_arm(net, &a->timer, net->now + a->nif->times.retrans_ns);
}

/* It waits for its first probe; with the link down, for the link. */
static void begin(struct holm_net *net, struct nd_addr *a)
{
	uint32_t delay_ms = net_random_below(net, FIRST_DELAY_MS);

	a->stage = ND_ADDR_ASKING;
	a->left = (uint8_t)net->config.nd_dad_probes;
	a->looped = 0;
	if (a->left == 0)
		succeed(net, a);
	else if (a->nif->link_up)
		net_timer_arm(net, &a->timer, net->now + delay_ms * 1000000ull);
}

static void due(struct holm_net *net, struct net_timer *timer)
{
	struct nd_addr *a = container_of(timer, struct nd_addr, timer);

	if (a->stage == ND_ADDR_ASKING && a->nif->link_up)
		probe(net, a);
}

static struct nd_addr *take_slot(struct holm_net *net, struct holm_netif *netif,
				 const struct holm_addr *addr)
{
	struct nd_if *nif = nd_if_of(net, netif);

	for (uint32_t i = 0; nif && i < net->config.addrs_max; i++) {
		struct nd_addr *a = &nif->addrs[i];

		if (a->stage != ND_ADDR_FREE)
			continue;
		*a = (struct nd_addr){ .nif = nif, .addr = *addr, .stage = ND_ADDR_ASKING };
		net_timer_init(&a->timer, due);
		return a;
	}
	return NULL;
}

void dad_start(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr)
{
	struct nd_addr *a = take_slot(net, netif, addr);

	/* Without memory for its interface an address is never ours. */
	if (a)
		begin(net, a);
}

void dad_end(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr)
{
	struct nd_if *nif = net->ip->nd->ifs[netif->index];
	struct nd_addr *a = nif ? dad_find(nif, addr) : NULL;

	if (!a)
		return;
	net_timer_cancel(net, &a->timer);
	a->stage = ND_ADDR_FREE;
}

void dad_link_up(struct holm_net *net, struct nd_if *nif)
{
	const struct holm_addr everybody = ip6_all_nodes();

	for (uint32_t i = 0; i < net->config.addrs_max; i++) {
		struct nd_addr *a = &nif->addrs[i];

		/* Who had it may be out of reach, where we are now. */
		if (a->stage == ND_ADDR_TAKEN)
			set_state(net, a, NETIF_ADDR_TENTATIVE);
		if (a->stage == ND_ADDR_ASKING || a->stage == ND_ADDR_TAKEN)
			begin(net, a);
		else if (a->stage == ND_ADDR_OURS)
			nd_send_advert(net, nif->netif, &a->addr, &everybody, NULL, ND_OVERRIDE);
	}
}

/* ---- Hearing of others. */

static void give_up(struct holm_net *net, struct nd_addr *a)
{
	const struct holm_addr addr = a->addr;

	net_timer_cancel(net, &a->timer);
	a->stage = ND_ADDR_TAKEN;
	net_count(net, HOLM_COUNT_ND_DUPLICATES);
	log_duplicate(net, a, ": not used");
	set_state(net, a, NETIF_ADDR_DUPLICATE);
	slaac_duplicate(net, a->nif, &addr);
}

static bool is_our_nonce(const struct nd_addr *a, const struct nd_info *info)
{
	return info->has_nonce && memcmp(&a->nonce, &info->nonce, sizeof(a->nonce)) == 0;
}

enum holm_drop dad_heard_probe(struct holm_net *net, struct nd_addr *a, const struct nd_info *info)
{
	if (a->stage == ND_ADDR_OURS)
		return HOLM_DROP_COUNT;
	if (a->stage != ND_ADDR_ASKING)
		return HOLM_DROP_ND_NOT_OURS;
	if (is_our_nonce(a, info)) {
		/* While the link loops, whether somebody else is there too is not known for sure. */
		if (a->looped < LOOPED_MAX) {
			a->looped++;
			a->left = PROBES_AFTER_LOOP;
		}
		return HOLM_DROP_ND_LOOPED;
	}
	give_up(net, a);
	return HOLM_DROP_ND_DUPLICATE;
}

/* RFC 4862 section 5.4.4 leaves it open what to do; it stays ours, and is said to be. */
static void defend(struct holm_net *net, struct nd_addr *a)
{
	const struct holm_addr everybody = ip6_all_nodes();

	if (a->defended && net->now - a->defended_ns < DEFEND_INTERVAL_NS)
		return;
	a->defended = true;
	a->defended_ns = net->now;
	log_duplicate(net, a, "");
	nd_send_advert(net, a->nif->netif, &a->addr, &everybody, NULL, ND_OVERRIDE);
}

enum holm_drop dad_heard_owner(struct holm_net *net, struct nd_addr *a)
{
	if (a->stage == ND_ADDR_ASKING)
		give_up(net, a);
	else if (a->stage == ND_ADDR_OURS)
		defend(net, a);
	return HOLM_DROP_ND_DUPLICATE;
}
