/*
 * Errors about datagrams that were sent: whose they are, who hears of them (RFC 1122 section 4.1.3.3, as
 * Linux reads it). A connected endpoint hears of what will not mend itself; one that asked for errors of
 * everything, and may read it later.
 */
#include "net/udp/udp.h"

/* What it sends there by. A server answers many; NULL: nobody has sent there lately. */
static struct ip_dst *dst_to(const struct holm_udp *u, const struct holm_endpoint *to)
{
	struct ip_via via;

	if (u->dst && holm_addr_equal(&u->dst->remote, &to->addr))
		return u->dst;
	if (u->connected)
		return NULL;
	via = udp_via(u, to);
	return ip_dst_find(u->net, &to->addr, &via);
}

/* Did it send there? Anybody may write an ICMP message. */
static bool sends_to(const struct holm_udp *u, const struct holm_endpoint *to)
{
	return udp_manner(u, &to->addr)->wants_troubles || dst_to(u, to);
}

static struct holm_udp *sender_of(const struct holm_net *net, const struct ip_error *error,
				  uint16_t lport, const struct holm_endpoint *to)
{
	const struct holm_dev *dev = error->frame ? error->frame->dev : NULL;
	struct holm_udp *u =
		udp_find_connected(net, &error->local, lport, &to->addr, to->port, dev);
	const struct udp_port *port;
	struct list_node *n;

	if (u)
		return u;
	port = udp_port_find(net, lport);
	for (n = port ? list_first(&port->unconnected) : NULL; n;
	     n = list_next(&port->unconnected, n)) {
		u = container_of(n, struct holm_udp, port_node);
		if (sends_to(u, to))
			return u;
	}
	return NULL;
}

/* The path takes less. False: it is old news, or forged, or nobody is to hear of it. */
static bool path_is_smaller(struct holm_udp *u, const struct ip_error *error,
			    const struct holm_endpoint *to)
{
	const struct udp_manner *m = udp_manner(u, &to->addr);
	struct ip_dst *dst = dst_to(u, to);

	if (m->pmtu == HOLM_UDP_PMTU_INTERFACE || m->pmtu == HOLM_UDP_PMTU_OMIT)
		return false;
	if (dst && !ip_dst_lower_mtu(u->net, dst, error->mtu) && error->mtu > dst->mtu)
		return false;
	return m->pmtu != HOLM_UDP_PMTU_DONT;
}

void udp_error(struct holm_net *net, const struct ip_error *error)
{
	const struct holm_endpoint to = { .addr = error->remote,
					  .scope = ip_error_scope(error, &error->remote),
					  .port = load_be16(error->quote + 2) };
	struct holm_udp *u = sender_of(net, error, load_be16(error->quote), &to);

	if (!u) {
		net_drop_note(net, HOLM_DROP_ICMP_QUOTE);
		return;
	}
	if (error->kind == IP_ERROR_TOO_BIG && !path_is_smaller(u, error, &to))
		return;
	if (udp_manner(u, &to.addr)->wants_troubles)
		ip_trouble_note(net, &u->troubles, error, &to);
	else if (!u->connected || !error->fatal)
		return;
	udp_set_error(u, error->error);
}

int holm_udp_take_trouble(struct holm_udp *u, struct holm_trouble *t, void *payload, size_t max)
{
	const struct holm_trouble *next;
	int err = ip_trouble_take(u->net, &u->troubles, t, payload, max);

	if (err)
		return err;
	/* As on Linux, the pending error is that of the message that is read next. */
	next = ip_trouble_first(&u->troubles);
	if (next && next->origin != HOLM_TROUBLE_LOCAL)
		u->error = next->error;
	else if (t->origin != HOLM_TROUBLE_LOCAL)
		u->error = 0;
	udp_update_state(u);
	return 0;
}
