/*
 * Identifiers of echo endpoints: who sends echo requests under which, and so whom a reply, or an error
 * about a request, is for. The identifier is to these endpoints what the port is to UDP's.
 */
#include "net/core/random.h"
#include "net/ip/end.h"
#include "net/ip/state.h"
#include "net/wire/icmp4.h"
#include "net/wire/icmp6.h"

/* What echo endpoints of a family send. */
static uint8_t request_type(bool ip6)
{
	return ip6 ? (uint8_t)ICMP6_ECHO : (uint8_t)ICMP4_ECHO;
}

static uint32_t id_hash(const struct holm_net *net, uint16_t id)
{
	return fold_hash_2(&net->secrets.flow, id, 1);
}

static struct ip_end *first_with(const struct holm_net *net, uint16_t id)
{
	struct htab_node *n;

	for (n = table_first(&net->ip->ends->echo, id_hash(net, id)); n;
	     n = table_next(&net->ip->ends->echo, n)) {
		struct ip_end *e = container_of(n, struct ip_end, id_node);

		if (e->number == id)
			return e;
	}
	return NULL;
}

/* May `e` have the identifier beside those that have it? */
static bool conflicts(const struct ip_end *e, uint16_t id)
{
	const struct holm_net *net = e->base.net;
	struct htab_node *n;

	for (n = table_first(&net->ip->ends->echo, id_hash(net, id)); n;
	     n = table_next(&net->ip->ends->echo, n)) {
		const struct ip_end *other = container_of(n, struct ip_end, id_node);

		if (other->number == id && !(other->reuse && e->reuse))
			return true;
	}
	return false;
}

/* Linux's search: the one behind the last, 0 skipped. 0: there is none. */
static uint16_t free_id(struct holm_net *net)
{
	for (uint32_t i = 0; i < UINT16_MAX; i++) {
		if (++net->ip->ends->last_id == 0)
			net->ip->ends->last_id = 1;
		if (!first_with(net, net->ip->ends->last_id))
			return net->ip->ends->last_id;
	}
	return 0;
}

int ip_echo_bind(struct ip_end *e, uint16_t id)
{
	struct holm_net *net = e->base.net;

	if (id == 0)
		id = free_id(net);
	if (id == 0 || conflicts(e, id))
		return -HOLM_EADDRINUSE;
	if (!table_insert(&net->ip->ends->echo, &e->id_node, id_hash(net, id)))
		return -HOLM_ENOMEM;
	e->number = id;
	return 0;
}

void ip_echo_unbind(struct ip_end *e)
{
	if (e->number == 0)
		return;
	table_remove(&e->base.net->ip->ends->echo, &e->id_node);
	e->number = 0;
}

/* The endpoint of an identifier whose binding lets the packet through. */
static struct ip_end *find(const struct holm_net *net, uint16_t id, const struct holm_addr *src,
			   const struct holm_addr *dst, const struct holm_dev *dev)
{
	struct htab_node *n;

	for (n = table_first(&net->ip->ends->echo, id_hash(net, id)); n;
	     n = table_next(&net->ip->ends->echo, n)) {
		struct ip_end *e = container_of(n, struct ip_end, id_node);

		if (e->number == id && ip_end_takes(e, src, dst, dev))
			return e;
	}
	return NULL;
}

static bool echo_reply(struct holm_net *net, struct holm_frame *f, uint16_t id)
{
	const struct ip_rx *rx = ip_rx(f);
	struct ip_end *e = find(net, id, &rx->src, &rx->dst, f->dev);

	if (e)
		ip_end_deliver(e, f);
	return e != NULL;
}

/* A request of ours did not arrive. As with UDP, only who is connected hears of it. */
static bool echo_error(struct holm_net *net, const struct ip_error *error)
{
	bool ip6 = !holm_addr_is_ip4(&error->remote);
	struct ip_end *e;

	if (error->quote[0] != request_type(ip6))
		return false;
	e = first_with(net, load_be16(error->quote + 4));
	if (!e || e->ip6 != ip6 || (e->connected && !ip_end_sends_to(e, error)))
		return false;
	if (error->kind == IP_ERROR_TOO_BIG && e->dst)
		(void)ip_dst_lower_mtu(net, e->dst, error->mtu);
	if (e->connected && ip_end_hears(e, error->kind))
		frame_end_set_error(&e->base, error->error);
	return true;
}

void ip_echo_start(struct holm_net *net)
{
	net->ip->ends->last_id = (uint16_t)net_random_u32(net);
	net->ip->echo_reply = echo_reply;
	net->ip->echo_error = echo_error;
}

void ip_echo_stop(struct holm_net *net)
{
	if (!net->ip)
		return;
	net->ip->echo_reply = NULL;
	net->ip->echo_error = NULL;
}
