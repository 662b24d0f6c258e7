/*
 * What raw and echo endpoints do alike, but for sending: life, binding, connecting, receiving, readiness.
 * See end.h.
 */
#include "net/ip/end.h"

#include "net/ip/state.h"

/* ---- Life. */

static void *table_alloc(void *ctx, size_t size)
{
	return mem_alloc(ctx, size);
}

static void table_free(void *ctx, void *p, size_t size)
{
	mem_free(ctx, p, size);
}

int ip_ends_start(struct holm_net *net)
{
	struct ip_ends *ends = net->ip->ends;

	if (ends) {
		ends->users++;
		return 0;
	}
	ends = mem_zalloc(&net->mem, sizeof(*ends));
	if (!ends)
		return -HOLM_ENOMEM;
	ends->users = 1;
	ends->allocator = (struct allocator){ table_alloc, table_free, &net->mem };
	list_init(&ends->all);
	for (size_t i = 0; i < IP_RAW_LISTS; i++)
		list_init(&ends->raw[i]);
	table_init(&ends->echo, &ends->allocator);
	net->ip->ends = ends;
	ip_cast_start(net);
	return 0;
}

void ip_ends_stop(struct holm_net *net)
{
	struct ip_ends *ends = net->ip ? net->ip->ends : NULL;
	struct list_node *n;

	if (!ends || --ends->users > 0)
		return;
	while ((n = list_first(&ends->all)) != NULL)
		ip_end_close(container_of(n, struct ip_end, all_node));
	table_fini(&ends->echo);
	mem_free(&net->mem, ends, sizeof(*ends));
	net->ip->ends = NULL;
}

static struct holm_addr wildcard(const struct ip_end *e)
{
	return e->ip6 ? holm_addr_any6() : holm_addr_ip4(0, 0, 0, 0);
}

int ip_end_open(struct holm_net *net, const struct ip_end_kind *kind, struct ip_end **out)
{
	struct ip_end *e;

	if (net->ip->ends->nall >= net->config.raw_endpoints_max)
		return -HOLM_ENOBUFS;
	e = mem_zalloc(&net->mem, sizeof(*e));
	if (!e)
		return -HOLM_ENOMEM;
	frame_end_open(&e->base, net, HOLM_EP_RAW);
	e->ip6 = kind->ip6;
	e->echo = kind->echo;
	e->number = kind->number;
	e->header_included = kind->number == IP_PROTO_RAW;
	/* RFC 3542 section 3.1: of ICMPv6 it is not the program's business. */
	e->checksum_at = kind->ip6 && kind->number == IP6_PROTO_ICMP ? 2 : -1;
	e->ttl = IP_END_TTL;
	e->group_ttl = IP_END_GROUP_TTL;
	e->group_src = holm_addr_ip4(0, 0, 0, 0);
	e->local = wildcard(e);
	e->remote = e->local;
	list_push_back(&net->ip->ends->all, &e->all_node);
	net->ip->ends->nall++;
	if (!e->echo)
		ip_raw_insert(e);
	*out = e;
	return 0;
}

static void drop_dst(struct ip_end *e)
{
	if (e->dst)
		ip_dst_put(e->base.net, e->dst);
	e->dst = NULL;
}

void ip_end_close(struct ip_end *e)
{
	struct holm_net *net = e->base.net;

	if (e->echo)
		ip_echo_unbind(e);
	else
		ip_raw_remove(e);
	drop_dst(e);
	ip_members_end(net, &e->members, NULL);
	frame_end_close(&e->base);
	list_remove(&e->all_node);
	net->ip->ends->nall--;
	mem_free(&net->mem, e, sizeof(*e));
}

/* ---- Names. */

/* An address that an endpoint may have: ours, the wildcard, a group's or everybody's. */
static bool is_bindable(struct holm_net *net, const struct holm_addr *a)
{
	return holm_addr_is_any(a) || holm_addr_is_multicast(a) || ip_addr_is_local(net, a) ||
	       !ip_addr_is_unicast(net, a);
}

int ip_end_bind(struct ip_end *e, const struct holm_endpoint *local)
{
	int err;

	if (e->echo ? e->number != 0 : e->connected)
		return -HOLM_EINVAL;
	if (!is_bindable(e->base.net, &local->addr) ||
	    (e->echo && !holm_addr_is_any(&local->addr) &&
	     !ip_addr_is_local(e->base.net, &local->addr)))
		return -HOLM_EADDRNOTAVAIL;
	if (e->echo) {
		err = ip_echo_bind(e, local->port);
		if (err)
			return err;
	}
	e->local = local->addr;
	e->local_given = !holm_addr_is_any(&local->addr);
	drop_dst(e);
	return 0;
}

static void dissolve(struct ip_end *e)
{
	e->connected = false;
	e->rport = 0;
	e->remote = wildcard(e);
	if (!e->local_given)
		e->local = e->remote;
	drop_dst(e);
}

int ip_end_via(const struct ip_end *e, const struct holm_endpoint *to, struct ip_via *via)
{
	struct holm_dev *dev;

	*via = e->via;
	if (!e->ip6 || to->scope == 0 || !ip6_needs_zone(&to->addr))
		return 0;
	dev = holm_net_dev_at(e->base.net, to->scope);
	if (!dev || (via->dev && via->dev != dev))
		return -HOLM_EINVAL;
	via->dev = dev;
	return 0;
}

int ip_end_connect(struct ip_end *e, const struct holm_endpoint *remote)
{
	struct ip_via via;
	struct ip_dst *dst;
	int err;

	if (!remote) {
		dissolve(e);
		return 0;
	}
	if (e->dev_gone)
		return -HOLM_ENODEV;
	if (e->echo && e->number == 0) {
		err = ip_echo_bind(e, 0);
		if (err)
			return err;
	}
	err = ip_end_via(e, remote, &via);
	if (!err)
		err = ip_dst_get_via(e->base.net, &remote->addr, &via, &dst);
	if (err)
		return err;
	if (dst->broadcast && !e->may_broadcast) {
		ip_dst_put(e->base.net, dst);
		return -HOLM_EACCES;
	}
	dissolve(e);
	e->dst = dst;
	e->remote = remote->addr;
	e->rscope = remote->scope;
	e->rport = remote->port;
	e->connected = true;
	if (!e->local_given)
		e->local = dst->src;
	return 0;
}

void ip_end_set_via(struct ip_end *e, const struct ip_via *via)
{
	e->via = *via;
	e->dev_gone = false;
	drop_dst(e);
}

/* ---- Receiving. */

bool ip_end_takes(const struct ip_end *e, const struct holm_addr *src, const struct holm_addr *dst,
		  const struct holm_dev *dev)
{
	if (e->dev_gone || (e->via.dev && e->via.dev != dev) || e->ip6 == holm_addr_is_ip4(dst))
		return false;
	if (!holm_addr_is_any(&e->local) && !holm_addr_equal(&e->local, dst))
		return false;
	if (e->only_own_groups && holm_addr_is_multicast(dst) &&
	    !ip_members_have(&e->members, dst, dev))
		return false;
	/* As on Linux, an echo endpoint's replies may come from anybody. */
	return e->echo || !e->connected || holm_addr_equal(&e->remote, src);
}

void ip_end_deliver(struct ip_end *e, const struct holm_frame *f)
{
	struct holm_frame *copy = rxq_copy(&e->base.rxq, e->base.net->pool, f);

	if (!copy) {
		net_drop_note(e->base.net, HOLM_DROP_RAW_QUEUE_FULL);
		return;
	}
	frame_end_put(&e->base, copy);
}

void ip_end_payload(const struct ip_end *e, struct holm_frame *f, size_t *off, size_t *len)
{
	const struct ip_rx *rx = ip_rx(f);

	*off = e->echo || e->ip6 ? f->l4_off : f->l3_off;
	*len = rx->l4_len + (size_t)(f->l4_off - *off);
}

/* ---- Errors. */

bool ip_end_sends_to(const struct ip_end *e, const struct ip_error *error)
{
	uint32_t scope = ip_error_scope(error, &error->remote);

	return holm_addr_equal(&e->remote, &error->remote) &&
	       (e->rscope == 0 || scope == 0 || e->rscope == scope);
}

bool ip_end_hears(const struct ip_end *e, enum ip_error_kind kind)
{
	switch (kind) {
	case IP_ERROR_NET_UNREACHABLE:
	case IP_ERROR_HOST_UNREACHABLE:
	case IP_ERROR_TTL:
		return false;
	case IP_ERROR_PROTOCOL_UNREACHABLE:
	case IP_ERROR_PORT_UNREACHABLE:
	case IP_ERROR_PROHIBITED:
	case IP_ERROR_PARAMETER:
		return true;
	/* As on Linux: over IPv6, where the next packet is simply cut, it is no error. */
	case IP_ERROR_TOO_BIG:
		return !e->ip6;
	}
	return false;
}

static void netif_gone(struct ip_end *e, const struct holm_netif *netif)
{
	bool bound = e->via.dev == netif->dev;

	if (bound) {
		e->via.dev = NULL;
		e->dev_gone = true;
	}
	ip_members_end(e->base.net, &e->members, netif->dev);
	if (e->group_dev == netif->dev)
		e->group_dev = NULL;
	frame_end_netif_gone(&e->base, netif, bound);
}

void ip_ends_netif_changed(struct holm_net *net, struct holm_netif *netif)
{
	struct list *all = &net->ip->ends->all;
	struct list_node *n;

	if (net->netifs[netif->index] == netif)
		return;
	for (n = list_first(all); n; n = list_next(all, n))
		netif_gone(container_of(n, struct ip_end, all_node), netif);
}
