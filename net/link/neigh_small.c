/*
 * Neighbours without a table; see neigh_small.h. RFC 1122 section 2.3.2: what is known gets old, requests for
 * one target keep a second between them, and the latest frame for who is not known yet waits.
 */
#include "net/link/neigh_small.h"

#include "net/core/pool.h"

static struct neigh *entry_of(struct list_node *node)
{
	return node ? container_of(node, struct neigh, idle) : NULL;
}

/* The first behind `n`, which may be NULL, that leads to this address. */
static struct neigh *next_to(const struct holm_net *net, const struct neigh *n,
			     const struct holm_netif *netif, const struct holm_addr *addr)
{
	const struct list *all = &net->neigh->settled;
	struct neigh *next = entry_of(n ? list_next(all, &n->idle) : list_first(all));

	while (next && (next->netif != netif || !holm_addr_equal(&next->addr, addr)))
		next = entry_of(list_next(all, &next->idle));
	return next;
}

/* What waits becomes the caller's; NULL: nothing does. */
static struct holm_frame *take_waiting(struct holm_net *net, struct neigh *n)
{
	struct holm_frame *f = n->first;

	if (f)
		net->neigh->parked--;
	n->first = NULL;
	return f;
}

static void drop_waiting(struct holm_net *net, struct neigh *n, enum holm_drop why)
{
	struct holm_frame *f = take_waiting(net, n);

	if (f)
		net_drop(net, f, why);
}

int neigh_small_enter(struct holm_net *net, struct neigh *n, struct holm_netif *netif,
		      const struct holm_addr *addr)
{
	const struct neigh *other;

	if (!net->neigh)
		return -HOLM_ENETUNREACH;
	if (n->netif == netif && holm_addr_equal(&n->addr, addr))
		return 0;
	neigh_small_leave(net, n);
	other = next_to(net, NULL, netif, addr);
	*n = other ? *other : (struct neigh){ .netif = netif, .addr = *addr };
	n->first = NULL;
	if (!other) {
		memcpy(n->header + 6, &netif->dev->mac, sizeof(netif->dev->mac));
		store_be16(n->header + 12, arp_neigh_ops.ethertype);
	}
	list_push_back(&net->neigh->settled, &n->idle);
	return 0;
}

void neigh_small_leave(struct holm_net *net, struct neigh *n)
{
	if (!n->netif)
		return;
	drop_waiting(net, n, HOLM_DROP_IP_NO_DEVICE);
	list_remove(&n->idle);
	*n = (struct neigh){ 0 };
}

/*
 * Ask everybody, once for all that lead there. Who does not answer is sent to where he was last, until
 * NEIGH_SOLICIT_MAX requests are lost.
 */
static void ask(struct holm_net *net, struct neigh *n)
{
	struct neigh *same = NULL;

	if (n->asked && net->now - n->asked_ns < NEIGH_RETRANS_NS)
		return;
	while ((same = next_to(net, same, n->netif, &n->addr)) != NULL) {
		same->asked = true;
		same->asked_ns = net->now;
		if (same->probes++ >= NEIGH_SOLICIT_MAX)
			same->state = NEIGH_NONE;
	}
	arp_neigh_ops.solicit(net, n, NULL);
}

/* In place of what waited before; where too much waits for all of them, of what has for one that is older. */
static void park(struct holm_net *net, struct neigh *n, struct holm_frame *f)
{
	struct neigh *older = n;

	if (!n->first && net->neigh->parked >= max_u32(net->pool->total / NEIGH_POOL_PART, 1)) {
		older = entry_of(list_first(&net->neigh->settled));
		while (!older->first)
			older = entry_of(list_next(&net->neigh->settled, &older->idle));
	}
	drop_waiting(net, older, HOLM_DROP_NEIGH_QUEUE_FULL);
	net->neigh->parked++;
	n->first = f;
}

void neigh_small_output(struct holm_net *net, struct neigh *n, struct holm_frame *f)
{
	if (net->now >= n->fresh_until_ns)
		ask(net, n);
	memcpy(holm_frame_push(f, ETH_HDR_BYTES), n->header, ETH_HDR_BYTES);
	if (n->state == NEIGH_REACHABLE)
		netif_output(n->netif, f);
	else
		park(net, n, f);
}

/* It goes, unless nobody has answered for so long that it says nothing any more. */
static void send_waiting(struct holm_net *net, struct neigh *n)
{
	struct holm_frame *f = take_waiting(net, n);

	if (!f)
		return;
	if (net->now - n->asked_ns >= NEIGH_SOLICIT_MAX * NEIGH_RETRANS_NS) {
		net_drop(net, f, HOLM_DROP_NEIGH_UNREACHABLE);
		return;
	}
	memcpy(holm_frame_data(f), n->header, sizeof(struct holm_mac));
	netif_output(n->netif, f);
}

/* An answer confirms; other news is believed for as long as a transport has to confirm it. */
static void believe(const struct holm_net *net, struct neigh *n, const struct holm_mac *mac,
		    bool answered)
{
	bool news = n->state != NEIGH_REACHABLE || memcmp(n->header, mac, sizeof(*mac)) != 0;

	memcpy(n->header, mac, sizeof(*mac));
	n->state = NEIGH_REACHABLE;
	if (answered || news) {
		n->probes = 0;
		n->fresh_until_ns = net->now + (answered ? NEIGH_REACHABLE_NS : NEIGH_DELAY_NS);
	}
}

void neigh_small_heard(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr,
		       const struct holm_mac *mac, enum neigh_evidence evidence)
{
	struct neigh *n = next_to(net, NULL, netif, addr);

	if (!n && evidence == NEIGH_ASKED_US) {
		neigh_small_enter(net, &net->neigh->asker, netif, addr);
		n = &net->neigh->asker;
	}
	for (; n; n = next_to(net, n, netif, addr)) {
		believe(net, n, mac, evidence == NEIGH_ANSWER && n->probes > 0);
		send_waiting(net, n);
	}
}

void neigh_small_confirm(const struct holm_net *net, struct neigh *n)
{
	if (n->state != NEIGH_REACHABLE)
		return;
	n->probes = 0;
	n->fresh_until_ns = net->now + NEIGH_REACHABLE_NS;
}

void neigh_small_flush_some(struct holm_net *net, const struct holm_netif *netif,
			    bool (*goes)(const struct holm_addr *addr, const void *ctx),
			    const void *ctx)
{
	struct list *all = &net->neigh->settled;
	struct list_node *node = list_first(all);

	while (node) {
		struct neigh *n = entry_of(node);

		node = list_next(all, node);
		if (n->netif == netif && (!goes || goes(&n->addr, ctx)))
			neigh_small_leave(net, n);
	}
}
