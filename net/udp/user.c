/*
 * The calls of <holm/udp.h> but for binding, sending and options: life, connecting, receiving.
 */
#include "net/udp/udp.h"

#include "net/wire/ip4.h"
#include "net/wire/udp.h"

int holm_udp_open(struct holm_net *net, struct holm_udp **out)
{
	struct holm_udp *u;

	ASSERT(!net->callbacks);
	if (!net->udp)
		return -HOLM_EPROTONOSUPPORT;
	if (net->udp->count >= net->config.udp_endpoints_max)
		return -HOLM_ENOBUFS;
	u = mem_zalloc(&net->mem, sizeof(*u));
	if (!u)
		return -HOLM_ENOMEM;
	ep_init(&u->ep, HOLM_EP_UDP);
	u->ep.owned = true;
	u->ep.state = HOLM_WRITABLE;
	u->net = net;
	u->tx.proto = IP4_PROTO_UDP;
	u->ip4 = (struct udp_manner){ .ttl = UDP_TTL, .group_ttl = 1, .pmtu = HOLM_UDP_PMTU_WANT };
	u->ip6 = u->ip4;
	u->group_src = holm_addr_ip4(0, 0, 0, 0);
	u->rcvbuf_bytes = net->config.udp_rcvbuf_bytes;
	u->local = holm_addr_ip4(0, 0, 0, 0);
	u->remote = holm_addr_ip4(0, 0, 0, 0);
	u->waiter.wake = udp_wake;
	list_push_back(&net->udp->all, &u->all_node);
	net->udp->count++;
	*out = u;
	return 0;
}

void holm_udp_set_cookie(struct holm_udp *u, void *cookie)
{
	u->ep.cookie = cookie;
}

static void dissolve(struct holm_udp *u)
{
	if (!u->connected)
		return;
	udp_flow_remove(u);
	u->connected = false;
	if (u->dev_of_remote)
		u->dev = NULL;
	u->dev_of_remote = false;
	u->rport = 0;
	u->remote = holm_addr_ip4(0, 0, 0, 0);
	if (!u->local_given)
		u->local = udp_wildcard(u);
	if (u->port) {
		list_remove(&u->port_node);
		list_push_back(&u->port->unconnected, &u->port_node);
	}
	udp_drop_dst(u);
}

void udp_destroy(struct holm_udp *u)
{
	struct holm_net *net = u->net;

	ip_members_end(net, &u->members, NULL);
	dissolve(u);
	udp_unbind(u);
	udp_drop_dst(u);
	netif_unwait(&u->waiter);
	ip_troubles_clear(net, &u->troubles);
	while (u->first) {
		struct holm_frame *f = u->first;

		u->first = f->next;
		holm_frame_free(f);
	}
	ep_disown(&u->ep);
	list_remove(&u->all_node);
	net->udp->count--;
	mem_free(&net->mem, u, sizeof(*u));
}

void holm_udp_close(struct holm_udp *u)
{
	ASSERT(!u->net->callbacks);
	udp_destroy(u);
}

/* ---- Connecting. */

static int associate(struct holm_udp *u, const struct holm_endpoint *remote)
{
	struct holm_addr before = u->local;
	const struct ip_via via = udp_via(u, remote);
	int err = ip_dst_get_via(u->net, &remote->addr, &via, &u->dst);

	if (err)
		return err;
	if (u->dst->broadcast && !u->may_broadcast) {
		udp_drop_dst(u);
		return -HOLM_EACCES;
	}
	u->remote = remote->addr;
	u->rport = remote->port;
	if (!u->local_given)
		u->local = u->dst->multicast && !holm_addr_is_any(&u->group_src) ? u->group_src
										 : u->dst->src;
	err = udp_flow_insert(u);
	if (err) {
		u->local = before;
		udp_drop_dst(u);
		return err;
	}
	u->connected = true;
	list_remove(&u->port_node);
	list_push_back(&u->port->connected, &u->port_node);
	return 0;
}

int holm_udp_connect(struct holm_udp *u, const struct holm_endpoint *remote)
{
	int err;

	ASSERT(!u->net->callbacks);
	if (!remote) {
		dissolve(u);
		/* As on Linux; the next datagram, or connection, chooses one again. */
		if (!u->port_given)
			udp_unbind(u);
		return 0;
	}
	if (holm_addr_is_any(&remote->addr))
		return -HOLM_EINVAL;
	if (u->dev_gone)
		return -HOLM_ENODEV;
	if (!u->port) {
		err = udp_bind_any_port(u);
		if (err)
			return err;
	}
	dissolve(u);
	udp_drop_dst(u);
	err = udp_check_family(u, &remote->addr);
	if (err)
		return err;
	err = udp_bind_to_scope(u, remote, &u->dev_of_remote);
	if (err)
		return err;
	err = associate(u, remote);
	if (err && u->dev_of_remote) {
		u->dev = NULL;
		u->dev_of_remote = false;
	}
	return err;
}

/* ---- Readiness and errors. */

void udp_update_state(struct holm_udp *u)
{
	unsigned state = 0;

	if (u->first)
		state |= HOLM_READABLE;
	if (!list_is_linked(&u->waiter.node))
		state |= HOLM_WRITABLE;
	if (u->error || u->troubles.first)
		state |= HOLM_ERROR;
	ep_set(u->net, &u->ep, state);
}

void udp_set_error(struct holm_udp *u, int error)
{
	u->error = error;
	udp_turn_off(u);
	udp_update_state(u);
	ep_notify(u->net, &u->ep);
}

int holm_udp_take_error(struct holm_udp *u)
{
	int error = u->error;

	u->error = 0;
	udp_update_state(u);
	return -error;
}

unsigned holm_udp_ready(const struct holm_udp *u)
{
	return u->ep.state;
}

/* ---- Receiving. */

/* RFC 4007: most addresses need no zone. */
static never_inline void tell_scopes(const struct holm_frame *f, struct holm_datagram *dg)
{
	dg->from.scope = ip_scope_of(&dg->from.addr, f->dev);
	dg->to.scope = ip_scope_of(&dg->to.addr, f->dev);
}

static inline void describe(const struct holm_frame *f, struct holm_datagram *dg)
{
	const struct ip_rx *rx = (const struct ip_rx *)(const void *)f->cb.bytes;
	const uint8_t *header = holm_frame_data(f) + f->l4_off;

	dg->payload_off = f->payload_off;
	dg->payload_len = rx->l4_len - UDP_HDR_BYTES;
	dg->from = (struct holm_endpoint){ .addr = rx->src, .port = load_be16(header) };
	dg->to = (struct holm_endpoint){ .addr = rx->dst, .port = load_be16(header + 2) };
	if (unlikely((rx->src.b[0] | rx->dst.b[0]) >= 0xfe))
		tell_scopes(f, dg);
	dg->dev = f->dev;
	dg->ttl = rx->ttl;
	dg->tos = rx->tos;
}

int holm_udp_peek(struct holm_udp *u, struct holm_datagram *dg)
{
	if (unlikely(u->error))
		return holm_udp_take_error(u);
	if (!u->first)
		return -HOLM_EAGAIN;
	dg->frame = u->first;
	describe(u->first, dg);
	return 0;
}

int holm_udp_recv(struct holm_udp *u, struct holm_datagram *dg)
{
	struct holm_frame *f = u->first;

	if (unlikely(u->error))
		return holm_udp_take_error(u);
	if (!f)
		return -HOLM_EAGAIN;
	dg->frame = f;
	describe(f, dg);
	u->first = f->next;
	f->next = NULL;
	u->nframes--;
	u->pinned_bytes -= udp_pinned_by(f);
	u->payload_bytes -= dg->payload_len;
	if (!u->first)
		udp_update_state(u);
	return 0;
}

size_t holm_udp_next_bytes(const struct holm_udp *u)
{
	return u->first ? ip_rx(u->first)->l4_len - (size_t)UDP_HDR_BYTES : 0;
}

void holm_udp_queued(const struct holm_udp *u, size_t *datagrams, size_t *bytes)
{
	*datagrams = u->nframes;
	*bytes = u->payload_bytes;
}

/* ---- Names. */

void holm_udp_local(const struct holm_udp *u, struct holm_endpoint *e)
{
	*e = (struct holm_endpoint){ .addr = u->local,
				     .scope = ip_scope_of(&u->local, u->dev),
				     .port = u->lport };
}

int holm_udp_remote(const struct holm_udp *u, struct holm_endpoint *e)
{
	if (!u->connected)
		return -HOLM_ENOTCONN;
	*e = (struct holm_endpoint){ .addr = u->remote,
				     .scope = ip_scope_of(&u->remote, u->dev),
				     .port = u->rport };
	return 0;
}
