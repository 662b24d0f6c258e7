/*
 * What a DHCP lease does to the instance: its address, its routes, the MTU. RFC 2131 section 4.4.5,
 * RFC 2132, RFC 3442. A renewal changes only what differs, so that connections live on.
 */
#include "net/app/dhcp.h"

#include "lib/compiler.h"

static struct holm_addr to_addr(uint32_t a)
{
	return holm_addr_ip4((uint8_t)(a >> 24), (uint8_t)(a >> 16), (uint8_t)(a >> 8), (uint8_t)a);
}

/* The network of an address from the time before masks, for servers that give none. */
static unsigned classful_prefix(uint32_t a)
{
	return a >> 31 == 0 ? 8 : a >> 30 == 2 ? 16 : 24;
}

/* ---- Times. */

static uint64_t after(uint64_t now, uint32_t seconds)
{
	return seconds == DHCP4_FOREVER_S ? UINT64_MAX : now + (uint64_t)seconds * DHCP_SECOND_NS;
}

/* RFC 2131 section 4.4.5: T1 < T2 < lease, at 0.5 and 0.875 of it unless the server knows better. */
static void set_times(struct holm_dhcp_lease *l, const struct dhcp4_info *info, uint64_t now)
{
	uint32_t lease = info->has_lease ? info->lease_s : DHCP_LEASE_DEFAULT_S;
	uint32_t t1, t2;

	lease = max_u32(lease, DHCP_LEASE_MIN_S);
	t1 = lease / 2;
	t2 = (uint32_t)((uint64_t)lease * 7 / 8);
	if (lease == DHCP4_FOREVER_S) {
		t1 = DHCP4_FOREVER_S;
		t2 = DHCP4_FOREVER_S;
	} else if (info->has_t1 && info->has_t2 && info->t1_s > 0 && info->t1_s < info->t2_s &&
		   info->t2_s < lease) {
		t1 = info->t1_s;
		t2 = info->t2_s;
	}
	l->obtained_ns = now;
	l->renew_ns = after(now, t1);
	l->rebind_ns = after(now, t2);
	l->expire_ns = after(now, lease);
}

/* ---- Reading. */

static struct holm_route route_of(struct holm_dev *dev, const struct dhcp4_route *r)
{
	struct holm_route route = {
		.dst = to_addr(r->dst),
		.prefix_len = r->prefix_len,
		.gateway = to_addr(r->gateway),
		.dev = dev,
	};

	return route;
}

/* Options that are there replace what was; the others stay (a renewal may leave them out). */
static void read_options(struct holm_dhcp *d, const struct dhcp4_info *info,
			 struct holm_dhcp_lease *l)
{
	if (info->has_mask)
		l->prefix_len = info->prefix_len;
	else if (!d->have_lease)
		l->prefix_len = classful_prefix(info->yiaddr);
	if (info->server_id)
		l->server = to_addr(info->server_id);
	if (info->nrouters > 0)
		l->router = to_addr(info->routers[0]);
	if (info->ndns > 0) {
		l->ndns = min_u32(info->ndns, HOLM_DHCP_DNS_MAX);
		for (uint32_t i = 0; i < l->ndns; i++)
			l->dns[i] = to_addr(info->dns[i]);
	}
	if (info->mtu)
		l->mtu = info->mtu;
	if (info->has_routes) {
		l->nroutes = min_u32(info->nroutes, HOLM_DHCP_ROUTES_MAX);
		for (uint32_t i = 0; i < l->nroutes; i++)
			l->routes[i] = route_of(d->dev, &info->routes[i]);
	}
}

/* ---- Configuring. */

static void drop_routes(struct holm_dhcp *d)
{
	for (uint32_t i = 0; i < d->ninstalled; i++)
		holm_route_del(d->net, &d->installed[i]);
	d->ninstalled = 0;
}

/* A route that is there already is somebody else's: it is used, and left alone at the end. */
static void install_route(struct holm_dhcp *d, const struct holm_route *route)
{
	if (holm_route_add(d->net, route) == 0)
		d->installed[d->ninstalled++] = *route;
}

/* RFC 3442: when there are classless routes, the router option is not looked at. */
static void install_routes(struct holm_dhcp *d, const struct holm_dhcp_lease *l)
{
	struct holm_route def = {
		.dst = holm_addr_ip4(0, 0, 0, 0),
		.gateway = l->router,
		.dev = d->dev,
	};

	if (l->nroutes == 0 && !holm_addr_is_any(&l->router))
		install_route(d, &def);
	for (uint32_t i = 0; i < l->nroutes; i++)
		install_route(d, &l->routes[i]);
}

static bool same_routes(const struct holm_dhcp_lease *a, const struct holm_dhcp_lease *b)
{
	if (a->nroutes != b->nroutes || !holm_addr_equal(&a->router, &b->router))
		return false;
	for (uint32_t i = 0; i < a->nroutes; i++)
		if (!holm_addr_equal(&a->routes[i].dst, &b->routes[i].dst) ||
		    !holm_addr_equal(&a->routes[i].gateway, &b->routes[i].gateway) ||
		    a->routes[i].prefix_len != b->routes[i].prefix_len)
			return false;
	return true;
}

/* Downwards only: what the device cannot do no server can order. */
static void apply_mtu(struct holm_dhcp *d, uint16_t mtu)
{
	if (mtu < DHCP_MTU_MIN || mtu >= d->dev->caps.mtu)
		return;
	d->dev->caps.mtu = mtu;
	holm_net_link_changed(d->net, d->dev);
}

int dhcp_lease_apply(struct holm_dhcp *d, const struct dhcp4_info *info, uint64_t now)
{
	struct holm_dhcp_lease l = { .router = holm_addr_ip4(0, 0, 0, 0) };
	bool same_addr;

	if (d->have_lease)
		l = d->lease;
	l.addr = to_addr(info->yiaddr);
	read_options(d, info, &l);
	set_times(&l, info, now);
	same_addr = d->have_lease && holm_addr_equal(&l.addr, &d->lease.addr) &&
		    l.prefix_len == d->lease.prefix_len;
	if (!same_addr) {
		int err;

		dhcp_lease_drop(d);
		err = holm_addr_add(d->net, d->dev, &l.addr, l.prefix_len);
		if (err)
			return err;
	}
	apply_mtu(d, l.mtu);
	if (!same_addr || !same_routes(&l, &d->lease)) {
		drop_routes(d);
		install_routes(d, &l);
	}
	d->lease = l;
	d->have_lease = true;
	return 0;
}

void dhcp_lease_drop(struct holm_dhcp *d)
{
	if (!d->have_lease)
		return;
	drop_routes(d);
	holm_addr_del(d->net, d->dev, &d->lease.addr);
	d->have_lease = false;
}
