/*
 * Prefixes that routers announce, and addresses made of them: RFC 4861 section 6.3.4 (what is on the
 * link), RFC 4862 section 5.5 (addresses), with interface identifiers that stay the same on a network and
 * tell nothing (RFC 7217), or that are made of the hardware address. Temporary addresses (RFC 8981) are
 * not made.
 */
#include "net/ip/nd.h"

#include "lib/mem.h"

enum { ID_PREFIX_BITS = 64 };
/* RFC 7217 section 5, IDGEN_RETRIES. */
#define ID_TRIES_MAX 3u
/* RFC 4862 section 5.5.3 (e), "two hours". */
#define SHORTEST_LIFE_NS 7200000000000ull

/* ---- Identifiers. */

/* RFC 5453: identifiers that mean something: 0, those of ethernet's own block, anycast ones. */
static bool is_reserved(uint64_t id)
{
	return id == 0 || id >> 24 == 0x02005efffeull || id >= 0xfdffffffffffff80ull;
}

/* RFC 4291 appendix A. */
static uint64_t id_of_mac(const struct holm_mac *mac)
{
	return (uint64_t)(mac->b[0] ^ 2u) << 56 | (uint64_t)mac->b[1] << 48 |
	       (uint64_t)mac->b[2] << 40 | 0xfffeull << 24 | (uint64_t)mac->b[3] << 16 |
	       (uint64_t)mac->b[4] << 8 | mac->b[5];
}

/* RFC 7217 section 5: F(Prefix, Net_Iface, Network_ID, DAD_Counter, secret_key); no Network_ID. */
static uint64_t id_of_secret(const struct holm_net *net, const struct nd_if *nif, uint64_t prefix,
			     uint32_t counter)
{
	const uint64_t words[] = { prefix, id_of_mac(&nif->netif->dev->mac), counter };

	return siphash24_words(&net->ip->nd->id_key, words, ARRAY_LEN(words));
}

/* The address with this prefix of 64 bits. */
static struct holm_addr make_addr(const struct holm_net *net, const struct nd_if *nif,
				  uint64_t prefix)
{
	uint64_t id = id_of_mac(&nif->netif->dev->mac);
	struct holm_addr a;

	if (!net->config.nd_eui64) {
		uint32_t counter = nif->id_tries;

		id = id_of_secret(net, nif, prefix, counter);
		for (uint32_t i = 1; is_reserved(id); i++)
			id = id_of_secret(net, nif, prefix, counter + i * (ID_TRIES_MAX + 1));
	}
	store_be64(a.b, prefix);
	store_be64(a.b + 8, id);
	return a;
}

/* ---- Addresses. */

static struct netif_addr *find_by_prefix(struct holm_netif *netif, const struct holm_addr *prefix)
{
	for (uint32_t i = 0; i < netif->naddrs; i++) {
		struct netif_addr *a = &netif->addrs[i];

		if (a->autoconf && ip_prefix_match(&a->addr, prefix, ID_PREFIX_BITS))
			return a;
	}
	return NULL;
}

static uint32_t count_autoconf(const struct holm_netif *netif)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < netif->naddrs; i++)
		n += netif->addrs[i].autoconf && !ip6_is_link_local(&netif->addrs[i].addr);
	return n;
}

/* As struct netif_addr has times: 0 is never, and nothing ends before it began. */
static uint64_t end_of(const struct holm_net *net, uint32_t lifetime_s)
{
	return lifetime_s == ND_FOREVER ? 0 : max_u64(router_until(net, lifetime_s), 1);
}

static void add_addr(struct holm_net *net, struct nd_if *nif, const struct nd_prefix *prefix)
{
	const struct netif_addr a = {
		.addr = make_addr(net, nif, load_be64(prefix->addr.b)),
		.prefix_len = ID_PREFIX_BITS,
		.state = prefix->preferred_s ? NETIF_ADDR_PREFERRED : NETIF_ADDR_DEPRECATED,
		.autoconf = true,
		/* What is on the link is said by another flag of the prefix (RFC 5942). */
		.no_route = true,
		.preferred_until_ns = end_of(net, prefix->preferred_s),
		.valid_until_ns = end_of(net, prefix->valid_s),
	};

	if (count_autoconf(nif->netif) >= ND_AUTOCONF_MAX ||
	    ip_addr_add(net, nif->netif, &a) == -HOLM_ENOSPC)
		net_drop_note(net, HOLM_DROP_ND_FULL);
}

/*
 * RFC 4862 section 5.5.3 (e):
 *   1. If the received Valid Lifetime is greater than 2 hours or greater than RemainingLifetime,
 *      set the valid lifetime of the corresponding address to the advertised Valid Lifetime.
 *   2. If RemainingLifetime is less than or equal to 2 hours, ignore the Prefix Information option
 *      with regards to the valid lifetime [...].
 *   3. Otherwise, reset the valid lifetime of the corresponding address to 2 hours.
 */
static uint64_t next_valid_until(const struct holm_net *net, const struct netif_addr *a,
				 uint32_t valid_s)
{
	uint64_t ends = a->valid_until_ns ? a->valid_until_ns : UINT64_MAX;
	uint64_t remaining = ends > net->now ? ends - net->now : 0;
	uint64_t received = valid_s == ND_FOREVER ? UINT64_MAX : valid_s * 1000000000ull;

	if (received > SHORTEST_LIFE_NS || received > remaining)
		return end_of(net, valid_s);
	if (remaining <= SHORTEST_LIFE_NS)
		return a->valid_until_ns;
	return net->now + SHORTEST_LIFE_NS;
}

/* The preferred lifetime is the prefix's in any case. */
static void refresh_addr(struct holm_net *net, struct nd_if *nif, struct netif_addr *a,
			 const struct nd_prefix *prefix)
{
	enum netif_addr_state state = (enum netif_addr_state)a->state;
	bool is_ours = state == NETIF_ADDR_PREFERRED || state == NETIF_ADDR_DEPRECATED;

	a->valid_until_ns = next_valid_until(net, a, prefix->valid_s);
	a->preferred_until_ns = end_of(net, prefix->preferred_s);
	if (is_ours)
		state = prefix->preferred_s ? NETIF_ADDR_PREFERRED : NETIF_ADDR_DEPRECATED;
	/* Most advertisements change nothing but times. */
	if (state != (enum netif_addr_state)a->state)
		ip_addr_set_state(net, nif->netif, a, state);
	else
		ip6_life_changed(net);
}

static void autoconf(struct holm_net *net, struct nd_if *nif, const struct nd_prefix *prefix)
{
	struct netif_addr *a;

	/*
	 * RFC 4862 section 5.5.3 (d):
	 *   If the sum of the prefix length and interface identifier length does not equal 128 bits,
	 *   the Prefix Information option MUST be ignored.
	 */
	if (prefix->len != ID_PREFIX_BITS)
		return;
	a = find_by_prefix(nif->netif, &prefix->addr);
	if (a)
		refresh_addr(net, nif, a, prefix);
	else if (prefix->valid_s != 0)
		add_addr(net, nif, prefix);
}

void slaac_link_local(struct holm_net *net, struct nd_if *nif)
{
	const uint64_t prefix = 0xfe80ull << 48;
	struct netif_addr a = { .prefix_len = ID_PREFIX_BITS, .autoconf = true };
	int err;

	for (uint32_t i = 0; i < nif->netif->naddrs; i++)
		if (ip6_is_link_local(&nif->netif->addrs[i].addr))
			return;
	a.addr = make_addr(net, nif, prefix);
	err = ip_addr_add(net, nif->netif, &a);
	/* A link that IPv6 is not for (-HOLM_EINVAL: its MTU) is no trouble. */
	if (err && err != -HOLM_EINVAL)
		net_drop_note(net, HOLM_DROP_ND_FULL);
}

/*
 * RFC 7217 section 6: another identifier, a few times; one that is made of the hardware address has no
 * other (RFC 4862 section 5.4.5 then wants a word with the administrator, which was logged).
 */
void slaac_duplicate(struct holm_net *net, struct nd_if *nif, const struct holm_addr *addr)
{
	const struct netif_addr *entry = ip_addr_find(nif->netif, addr);
	struct netif_addr next;

	if (!entry || !entry->autoconf || net->config.nd_eui64 || nif->id_tries >= ID_TRIES_MAX)
		return;
	nif->id_tries++;
	next = *entry;
	next.state = NETIF_ADDR_PREFERRED;
	next.addr = make_addr(net, nif, load_be64(addr->b));
	(void)ip_addr_remove(net, nif->netif, addr);
	if (ip_addr_add(net, nif->netif, &next) != 0)
		net_drop_note(net, HOLM_DROP_ND_FULL);
}

/* ---- What is on the link. */

static struct nd_onlink *find_onlink(struct nd_if *nif, const struct nd_prefix *prefix)
{
	for (uint32_t i = 0; i < nif->nonlinks; i++) {
		struct nd_onlink *o = &nif->onlinks[i];

		if (o->len == prefix->len && ip_prefix_match(&o->addr, &prefix->addr, o->len))
			return o;
	}
	return NULL;
}

/* Does an address that somebody configured need the same route? */
static bool is_shared(const struct holm_netif *netif, const struct nd_onlink *o)
{
	for (uint32_t i = 0; i < netif->naddrs; i++) {
		const struct netif_addr *a = &netif->addrs[i];

		if (!a->no_route && !holm_addr_is_ip4(&a->addr) && a->prefix_len == o->len &&
		    ip_prefix_match(&a->addr, &o->addr, o->len))
			return true;
	}
	return false;
}

static void remove_onlink(struct holm_net *net, struct nd_if *nif, struct nd_onlink *o)
{
	if (!is_shared(nif->netif, o)) {
		ip_route_del_onlink(net, nif->netif, &o->addr, o->len);
		ip_changed(net, nif->netif);
	}
	*o = nif->onlinks[--nif->nonlinks];
}

static struct nd_onlink *new_onlink(struct holm_net *net, struct nd_if *nif,
				    const struct nd_prefix *prefix)
{
	struct nd_onlink *o = &nif->onlinks[nif->nonlinks];

	if (nif->nonlinks >= ND_PREFIXES_MAX ||
	    ip_route_add_onlink(net, nif->netif, &prefix->addr, prefix->len) != 0) {
		net_drop_note(net, HOLM_DROP_ND_FULL);
		return NULL;
	}
	nif->nonlinks++;
	*o = (struct nd_onlink){ .addr = prefix->addr, .len = prefix->len };
	ip_changed(net, nif->netif);
	return o;
}

/* RFC 4861 section 6.3.4: a lifetime of 0 ends it at once; there is no rule of two hours here. */
static void onlink(struct holm_net *net, struct nd_if *nif, const struct nd_prefix *prefix)
{
	struct nd_onlink *o = find_onlink(nif, prefix);

	if (prefix->valid_s == 0) {
		if (o)
			remove_onlink(net, nif, o);
		return;
	}
	if (!o)
		o = new_onlink(net, nif, prefix);
	if (!o)
		return;
	o->until_ns = router_until(net, prefix->valid_s);
	router_note_end(net, nif, o->until_ns);
}

void slaac_prefix(struct holm_net *net, struct nd_if *nif, const struct nd_prefix *prefix)
{
	/*
	 * RFC 4861 section 6.3.4, RFC 4862 section 5.5.3 (b): not the link-local one; nor what is no prefix
	 * of anybody's addresses, or of everybody's.
	 */
	if (prefix->len == 0 || ip6_is_link_local(&prefix->addr) ||
	    ip6_is_multicast(&prefix->addr) || prefix->addr.b[0] == 0)
		return;
	if (prefix->flags & ND_ON_LINK)
		onlink(net, nif, prefix);
	if (prefix->flags & ND_AUTONOMOUS)
		autoconf(net, nif, prefix);
}

uint64_t slaac_age(struct holm_net *net, struct nd_if *nif)
{
	uint64_t next = ND_NEVER;
	uint32_t i = 0;

	while (i < nif->nonlinks) {
		struct nd_onlink *o = &nif->onlinks[i];

		if (o->until_ns <= net->now) {
			remove_onlink(net, nif, o);
			continue;
		}
		next = min_u64(next, o->until_ns);
		i++;
	}
	return next;
}
