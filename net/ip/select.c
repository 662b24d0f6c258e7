/*
 * Which of our IPv6 addresses is the source of what goes to a remote one: RFC 6724 section 5, with the
 * labels of policy.c. Home addresses (rule 4), next hops that announced a prefix (5.5) and temporary
 * addresses (7) are unknown here.
 */
#include "net/ip/state.h"

/* One of our addresses, and what the rules want to know of it. */
struct candidate {
	const struct netif_addr *a;
	const struct holm_netif *netif;
	enum ip6_scope scope;
};

/* What is asked for. */
struct wanted {
	const struct holm_addr *remote;
	const struct holm_netif *netif; /* that it leaves through */
	enum ip6_scope scope;
	unsigned label;
};

/* Rule 8: of the source's prefix, no more (section 2.2). */
static unsigned match_len(const struct wanted *w, const struct candidate *c)
{
	return min_u32(ip_common_prefix(&c->a->addr, w->remote), c->a->prefix_len);
}

/* Does `a` come before `b`? Of equals the one that is configured first stays. */
static bool is_better(const struct wanted *w, const struct candidate *a, const struct candidate *b)
{
	bool a_is, b_is;

	/* Rule 1: prefer same address. */
	if (holm_addr_equal(&a->a->addr, w->remote) || holm_addr_equal(&b->a->addr, w->remote))
		return holm_addr_equal(&a->a->addr, w->remote);
	/* Rule 2: prefer appropriate scope. */
	if (a->scope < b->scope)
		return a->scope >= w->scope;
	if (b->scope < a->scope)
		return b->scope < w->scope;
	/* Rule 3: avoid deprecated addresses. */
	if (a->a->state != b->a->state)
		return a->a->state == NETIF_ADDR_PREFERRED;
	/* Rule 5: prefer outgoing interface. */
	a_is = a->netif == w->netif;
	b_is = b->netif == w->netif;
	if (a_is != b_is)
		return a_is;
	/* Rule 6: prefer matching label. */
	a_is = holm_addr_policy(&a->a->addr).label == w->label;
	b_is = holm_addr_policy(&b->a->addr).label == w->label;
	if (a_is != b_is)
		return a_is;
	return match_len(w, a) > match_len(w, b);
}

static void consider(const struct wanted *w, const struct holm_netif *netif, struct candidate *best)
{
	for (uint32_t i = 0; i < netif->naddrs; i++) {
		const struct netif_addr *a = &netif->addrs[i];
		const struct candidate c = { a, netif, ip6_scope_of(&a->addr) };

		if (holm_addr_is_ip4(&a->addr) || a->state >= NETIF_ADDR_TENTATIVE)
			continue;
		if (!best->a || is_better(w, &c, best))
			*best = c;
	}
}

/*
 * RFC 6724 section 4: for groups and what is on the link, addresses of the interface that it leaves
 * through; else those of others are good, too, as long as they mean the same there. ::1 is never one of
 * these.
 */
static bool others_may_serve(const struct wanted *w)
{
	return !ip6_is_multicast(w->remote) && w->scope > IP6_SCOPE_LINK;
}

bool ip6_select_source(const struct holm_net *net, const struct holm_netif *netif,
		       const struct holm_addr *remote, struct holm_addr *src)
{
	const struct wanted w = { remote, netif, ip6_scope_of(remote),
				  holm_addr_policy(remote).label };
	struct candidate best = { NULL, NULL, IP6_SCOPE_RESERVED };

	consider(&w, netif, &best);
	/* The first is the loopback. A link-local address of another link would lead answers astray. */
	for (uint32_t i = 1; others_may_serve(&w) && i < net->nnetifs; i++) {
		struct candidate other = { NULL, NULL, IP6_SCOPE_RESERVED };

		if (!net->netifs[i] || net->netifs[i] == netif)
			continue;
		consider(&w, net->netifs[i], &other);
		if (other.a && other.scope > IP6_SCOPE_LINK &&
		    (!best.a || is_better(&w, &other, &best)))
			best = other;
	}
	if (best.a)
		*src = best.a->addr;
	return best.a != NULL;
}
