/*
 * How a packet finds raw endpoints: each of them that has its protocol and whose binding lets it through
 * gets a copy, before the transport sees the packet, as on Linux. While no raw endpoint is open nobody
 * asks.
 */
#include "net/ip/end.h"
#include "net/ip/state.h"
#include "net/core/sum.h"

static struct list *list_of(struct holm_net *net, uint8_t proto)
{
	return &net->ip->ends->raw[proto % IP_RAW_LISTS];
}

/* ICMP_FILTER, and ICMP6_FILTER of RFC 3542 section 3.2: messages of these types are not wanted. */
static bool is_filtered(const struct ip_end *e, const struct holm_frame *f, uint32_t l4_len)
{
	uint8_t type;

	if (e->number != (e->ip6 ? (unsigned)IP6_PROTO_ICMP : (unsigned)IP4_PROTO_ICMP) ||
	    l4_len == 0)
		return false;
	holm_frame_read(f, f->l4_off, &type, 1);
	return (e->ip6 || type < IP_END_FILTER_TYPES) &&
	       (e->icmp_filter[type / 32] >> type % 32 & 1);
}

/* Devices that never damage anything carry our own segments without a sum. */
static bool has_no_sum(const struct holm_frame *f, uint8_t proto)
{
	return (f->dev->netif->features & HOLM_DEV_NO_CSUM) &&
	       (proto == IP4_PROTO_TCP || proto == IP4_PROTO_UDP);
}

/*
 * RFC 3542 section 3.1: what does not sum up is not for who asked for checksums, where nobody below has
 * looked already.
 */
static bool is_damaged(const struct ip_end *e, const struct holm_frame *f, const struct ip_rx *rx)
{
	if (e->checksum_at < 0 || f->csum != HOLM_CSUM_NONE || has_no_sum(f, rx->proto))
		return false;
	return checksum_finish(
		       frame_sum(f, f->l4_off, rx->l4_len,
				 ip_pseudo_sum(&rx->src, &rx->dst, rx->proto, rx->l4_len))) != 0;
}

/* True: somebody has the protocol, and the sender is not told that nobody does. */
static bool raw_input(struct holm_net *net, struct holm_frame *f)
{
	const struct ip_rx *rx = ip_rx(f);
	struct list *list = list_of(net, rx->proto);
	struct list_node *n;
	bool taken = false;

	if (rx->flags & IP_RX_FOREIGN)
		return false;
	for (n = list_first(list); n; n = list_next(list, n)) {
		struct ip_end *e = container_of(n, struct ip_end, node);

		if (e->number != rx->proto || !ip_end_takes(e, &rx->src, &rx->dst, f->dev))
			continue;
		taken = true;
		if (!is_filtered(e, f, rx->l4_len) && !is_damaged(e, f, rx))
			ip_end_deliver(e, f);
	}
	return taken;
}

/* Only who is connected hears of errors: nobody else could say which packet it was. */
static bool raw_error(struct holm_net *net, const struct ip_error *error)
{
	struct list *list = list_of(net, error->proto);
	struct list_node *n;
	bool concerned = false;

	for (n = list_first(list); n; n = list_next(list, n)) {
		struct ip_end *e = container_of(n, struct ip_end, node);

		if (e->number != error->proto || !e->connected || !ip_end_sends_to(e, error))
			continue;
		concerned = true;
		if (error->kind == IP_ERROR_TOO_BIG && e->dst)
			(void)ip_dst_lower_mtu(net, e->dst, error->mtu);
		if (ip_end_hears(e, error->kind))
			frame_end_set_error(&e->base, error->error);
	}
	return concerned;
}

void ip_raw_insert(struct ip_end *e)
{
	struct holm_net *net = e->base.net;

	list_push_back(list_of(net, (uint8_t)e->number), &e->node);
	if (net->ip->ends->nraw++ > 0)
		return;
	net->ip->raw_input = raw_input;
	net->ip->raw_error = raw_error;
	ip_flow_forget(net);
}

void ip_raw_remove(struct ip_end *e)
{
	struct holm_net *net = e->base.net;

	list_remove(&e->node);
	if (--net->ip->ends->nraw > 0)
		return;
	net->ip->raw_input = NULL;
	net->ip->raw_error = NULL;
}
