/*
 * Routes of an instance (the public <holm/ip.h>), for both families. A host has a handful, so the
 * table is an array and a lookup looks at all of them; destinations remember what was found.
 */
#include "net/ip/state.h"

#include "lib/mem.h"

static unsigned base_of(const struct holm_addr *a)
{
	return ip4_is_addr(a) ? 96 : 0;
}

const struct ip_route *ip_route_lookup_marked(const struct holm_net *net,
					      const struct holm_addr *remote,
					      const struct holm_netif *only, uint32_t mark)
{
	const struct ip_route *best = NULL;

	for (uint32_t i = 0; i < net->ip->nroutes; i++) {
		const struct ip_route *r = &net->ip->routes[i];

		if ((only && r->netif != only) || r->mark != mark)
			continue;
		if (base_of(&r->dst) != base_of(remote) ||
		    !ip_prefix_match(&r->dst, remote, r->prefix_len))
			continue;
		if (!best || r->prefix_len > best->prefix_len ||
		    (r->prefix_len == best->prefix_len && r->metric < best->metric))
			best = r;
	}
	return best;
}

const struct ip_route *ip_route_lookup(const struct holm_net *net, const struct holm_addr *remote,
				       const struct holm_netif *only)
{
	return ip_route_lookup_marked(net, remote, only, 0);
}

/* The address with everything behind the prefix cleared. */
static struct holm_addr masked(const struct holm_addr *a, unsigned prefix_len)
{
	struct holm_addr m = *a;

	for (unsigned i = 0; i < sizeof(m.b); i++) {
		unsigned kept = prefix_len > i * 8 ? min_u32(prefix_len - i * 8, 8) : 0;

		m.b[i] = (uint8_t)(m.b[i] & ~(0xffu >> kept));
	}
	return m;
}

/* Without an interface, that of any. */
static struct ip_route *find(struct ip_state *ip, const struct ip_route *like)
{
	for (uint32_t i = 0; i < ip->nroutes; i++) {
		struct ip_route *r = &ip->routes[i];

		if ((r->netif == like->netif || !like->netif) &&
		    r->prefix_len == like->prefix_len && r->mark == like->mark &&
		    base_of(&r->dst) == base_of(&like->dst) &&
		    holm_addr_equal(&r->dst, &like->dst) &&
		    holm_addr_equal(&r->gateway, &like->gateway))
			return r;
	}
	return NULL;
}

static int add(struct holm_net *net, const struct ip_route *route)
{
	struct ip_state *ip = net->ip;

	if (find(ip, route))
		return -HOLM_EEXIST;
	if (ip->nroutes >= net->config.routes_max)
		return -HOLM_ENOSPC;
	ip->routes[ip->nroutes++] = *route;
	return 0;
}

static void del(struct ip_state *ip, struct ip_route *r)
{
	ip->nroutes--;
	memmove(r, r + 1, (size_t)(&ip->routes[ip->nroutes] - r) * sizeof(*r));
}

static struct ip_route onlink_route(struct holm_netif *netif, const struct holm_addr *addr,
				    unsigned prefix_len)
{
	unsigned in_128 = prefix_len + base_of(addr);
	struct ip_route route = {
		.dst = masked(addr, in_128),
		.gateway = ip4_is_addr(addr) ? holm_addr_ip4(0, 0, 0, 0) : holm_addr_any6(),
		.netif = netif,
		.prefix_len = (uint8_t)in_128,
	};

	return route;
}

int ip_route_add_onlink(struct holm_net *net, struct holm_netif *netif,
			const struct holm_addr *addr, unsigned prefix_len)
{
	struct ip_route route = onlink_route(netif, addr, prefix_len);
	int err = add(net, &route);

	return err == -HOLM_EEXIST ? 0 : err;
}

void ip_route_del_onlink(struct holm_net *net, struct holm_netif *netif,
			 const struct holm_addr *addr, unsigned prefix_len)
{
	struct ip_route like = onlink_route(netif, addr, prefix_len);
	struct ip_route *r = find(net->ip, &like);

	if (r)
		del(net->ip, r);
}

/*
 * The interface of a route. Without one it is that which reaches the gateway, but of a link-local gateway
 * every link has its own (RFC 4007 section 6).
 */
static int find_netif(const struct holm_net *net, const struct holm_route *in,
		      struct holm_netif **out)
{
	const struct ip_route *reach;

	*out = in->dev ? in->dev->netif : NULL;
	if (in->dev)
		return *out && (*out)->net == net ? 0 : -HOLM_EINVAL;
	if (holm_addr_is_any(&in->gateway) || ip6_is_link_local(&in->gateway))
		return -HOLM_EINVAL;
	reach = ip_route_lookup(net, &in->gateway, NULL);
	if (!reach || !holm_addr_is_any(&reach->gateway))
		return -HOLM_ENETUNREACH;
	*out = reach->netif;
	return 0;
}

/* Who we are ourselves leads nowhere. */
static bool is_ours(const struct holm_net *net, const struct holm_netif *netif,
		    const struct holm_addr *a)
{
	return ip6_is_link_local(a) ? netif_has_addr(netif, a) : ip_addr_is_local(net, a);
}

/* Bring a public route into the table's form, but for its interface. */
static int convert(const struct holm_net *net, const struct holm_route *in, struct ip_route *out)
{
	unsigned base = base_of(&in->dst);

	if (!ip_family_of(net, &in->dst) || ip_is_unknown(&in->dst) || ip_is_unknown(&in->gateway))
		return -HOLM_EAFNOSUPPORT;
	if (in->prefix_len > 128 - base || base_of(&in->gateway) != base)
		return -HOLM_EINVAL;
	out->netif = NULL;
	out->prefix_len = (uint8_t)(in->prefix_len + base);
	out->dst = masked(&in->dst, out->prefix_len);
	out->gateway = in->gateway;
	out->metric = in->metric;
	out->mark = in->mark;
	return 0;
}

int holm_route_add(struct holm_net *net, const struct holm_route *route)
{
	struct ip_route r;
	int err = convert(net, route, &r);
	bool via = !err && !holm_addr_is_any(&r.gateway);

	ASSERT(!net->callbacks);
	if (via && !ip_addr_is_unicast(net, &r.gateway))
		err = -HOLM_EINVAL;
	if (!err)
		err = find_netif(net, route, &r.netif);
	if (!err && via && is_ours(net, r.netif, &r.gateway))
		err = -HOLM_EINVAL;
	if (!err)
		err = add(net, &r);
	if (!err)
		ip_changed(net, r.netif);
	return err;
}

int holm_route_del(struct holm_net *net, const struct holm_route *route)
{
	struct ip_route like;
	struct ip_route *r;
	struct holm_netif *netif;

	ASSERT(!net->callbacks);
	/* Whatever has become of the way to its gateway, and of that address, since it was added. */
	if (convert(net, route, &like) != 0 ||
	    (route->dev && find_netif(net, route, &like.netif) != 0))
		return -HOLM_ENOENT;
	r = find(net->ip, &like);
	if (!r)
		return -HOLM_ENOENT;
	netif = r->netif;
	del(net->ip, r);
	ip_changed(net, netif);
	return 0;
}

bool holm_route_get(struct holm_net *net, size_t i, struct holm_route *route)
{
	const struct ip_route *r;

	if (!net->ip || i >= net->ip->nroutes)
		return false;
	r = &net->ip->routes[i];
	*route = (struct holm_route){
		.dst = r->dst,
		.prefix_len = r->prefix_len - base_of(&r->dst),
		.gateway = r->gateway,
		.dev = r->netif->dev,
		.metric = r->metric,
		.mark = r->mark,
	};
	return true;
}
