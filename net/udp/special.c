/*
 * Datagrams that are not like others: larger than the path lets through, or sent with words of their own.
 * RFC 1191 as IP_MTU_DISCOVER of Linux lets programs choose.
 */
#include "net/udp/udp.h"

#include "net/wire/udp.h"

static bool uses_link_mtu(const struct udp_manner *m)
{
	return m->pmtu >= HOLM_UDP_PMTU_PROBE;
}

static void aim_at_group(struct holm_udp *u, const struct udp_manner *m)
{
	if (m == &u->ip4 && !udp_has_source(u) && !holm_addr_is_any(&u->group_src))
		u->tx.src = &u->group_src;
	u->tx.ttl = m->group_ttl;
	u->tx.no_loop = m->no_loop;
}

void udp_aim_specially(struct holm_udp *u, const struct udp_manner *m)
{
	if (u->dst->multicast)
		aim_at_group(u, m);
	u->tx.dont_fragment = m->pmtu == HOLM_UDP_PMTU_WANT || m->pmtu == HOLM_UDP_PMTU_DO ||
			      m->pmtu == HOLM_UDP_PMTU_PROBE;
	u->tx.link_mtu = uses_link_mtu(m);
}

static int refuse(struct holm_udp *u, uint32_t mtu)
{
	const struct holm_endpoint to = {
		.addr = u->dst->remote,
		.scope = ip_scope_of(&u->dst->remote, u->dst->via.dev),
		.port = (uint16_t)u->ports,
	};

	if (u->uncut6 && !holm_addr_is_ip4(&to.addr)) {
		u->cut_to = to;
		u->cut_mtu = mtu;
	}
	if (udp_manner(u, &to.addr)->wants_troubles) {
		ip_trouble_note_local(u->net, &u->troubles, HOLM_EMSGSIZE, mtu, &to);
		udp_update_state(u);
		ep_notify(u->net, &u->ep);
	}
	return -HOLM_EMSGSIZE;
}

/* Does the program want to know rather than have it cut? */
static bool is_uncut(const struct holm_udp *u, const struct udp_manner *m)
{
	return (m->pmtu >= HOLM_UDP_PMTU_DO && m->pmtu != HOLM_UDP_PMTU_OMIT) ||
	       (m == &u->ip6 && u->uncut6);
}

static uint32_t mtu_for(const struct holm_udp *u, const struct udp_manner *m)
{
	return uses_link_mtu(m) ? u->dst->netif->mtu : u->dst->mtu;
}

int udp_allow_large(struct holm_udp *u, size_t len)
{
	const struct udp_manner *m = udp_manner(u, &u->dst->remote);
	const struct holm_netif *netif = u->dst->netif;
	uint32_t mtu = mtu_for(u, m);
	size_t room = mtu - (size_t)u->dst->header_bytes, packet = len + UDP_HDR_BYTES;

	if (len > (m == &u->ip6 ? HOLM_UDP_PAYLOAD_MAX6 : HOLM_UDP_PAYLOAD_MAX))
		return refuse(u, mtu);
	if (packet <= room)
		return 0;
	if (is_uncut(u, m))
		return refuse(u, mtu);
	/* All fragments or none; a queue shorter than that takes what it can. */
	if (netif_room(netif) < min_size(packet / (room & ~(size_t)7) + 1, netif->ring_mask))
		return udp_wait_for_room(u);
	u->tx.dont_fragment = false;
	udp_turn_off(u);
	return 0;
}

/* ---- several at once ---- */

/* May they go? The number of datagrams, or an error. */
static int count_cuts(struct holm_udp *u, size_t len, uint32_t bytes)
{
	const struct holm_netif *netif = u->dst->netif;
	uint32_t mtu = mtu_for(u, udp_manner(u, &u->dst->remote));
	size_t n = len / bytes + (len % bytes > 0);

	if (min_size(len, bytes) + UDP_HDR_BYTES + u->dst->header_bytes > mtu)
		return -HOLM_EMSGSIZE;
	if (n > HOLM_UDP_CUT_MAX)
		return -HOLM_EINVAL;
	if (netif_room(netif) < min_size(n, netif->ring_mask))
		return udp_wait_for_room(u);
	return (int)n;
}

/* The first `bytes` of the spans, which begin behind them afterwards; returns how many spans are used up. */
static size_t send_first(struct holm_udp *u, const struct holm_endpoint *to, size_t bytes,
			 struct holm_span *spans, int *err)
{
	struct holm_span last;
	size_t n = 0;

	while (spans[n].len < bytes)
		bytes -= spans[n++].len;
	last = spans[n];
	spans[n].len = bytes;
	*err = holm_udp_send(u, to, spans, n + 1);
	spans[n] = (struct holm_span){ last.data + bytes, last.len - bytes };
	return n;
}

int holm_udp_send_cut(struct holm_udp *u, const struct holm_endpoint *to, uint32_t bytes,
		      struct holm_span *spans, size_t nspans)
{
	size_t left = udp_total_of_spans(spans, nspans);
	int n, err = udp_prepare(u, to);

	ASSERT(bytes > 0);
	n = err ? err : count_cuts(u, left, bytes);
	if (n <= 1)
		return n < 0 ? n : holm_udp_send(u, to, spans, nspans);
	for (int i = 0; i < n; i++) {
		spans += send_first(u, to, min_size(bytes, left), spans, &err);
		/* What finds no frame behind the first one is lost, as it might be on the way. */
		if (err)
			return i == 0 ? err : 0;
		left -= min_size(bytes, left);
	}
	return 0;
}

/* ---- with words of their own ---- */

bool holm_udp_take_path_mtu(struct holm_udp *u, struct holm_endpoint *to, uint32_t *mtu)
{
	*to = u->cut_to;
	*mtu = u->cut_mtu;
	u->cut_mtu = 0;
	return *mtu != 0;
}

static int check(const struct holm_udp *u, const struct holm_udp_how *how)
{
	if (!how->src || u->may_be_foreign || ip_addr_is_local(u->net, how->src))
		return 0;
	return -HOLM_ENETUNREACH;
}

static void behave(struct udp_manner *m, const struct holm_udp_how *how)
{
	if (how->ttl)
		m->ttl = m->group_ttl = how->ttl;
	if (how->tos >= 0)
		m->tos = (uint8_t)how->tos;
}

/* The endpoint is another one for the time of the call. */
int holm_udp_send_as(struct holm_udp *u, const struct holm_endpoint *to,
		     const struct holm_udp_how *how, struct holm_span *spans, size_t nspans)
{
	const struct holm_addr local = u->local;
	struct holm_dev *const dev = u->dev;
	const struct udp_manner ip4 = u->ip4, ip6 = u->ip6;
	const bool uncut6 = u->uncut6, local_is_many = u->local_is_many;
	int err = check(u, how);

	if (err)
		return err;
	if (how->dev)
		udp_drop_dst(u);
	udp_turn_off(u);
	u->local = how->src ? *how->src : local;
	u->local_is_many = local_is_many && !how->src;
	u->dev = how->dev ? how->dev : dev;
	behave(&u->ip4, how);
	behave(&u->ip6, how);
	u->uncut6 |= how->uncut;
	err = how->cut ? holm_udp_send_cut(u, to, how->cut, spans, nspans)
		       : holm_udp_send(u, to, spans, nspans);
	if (how->dev)
		udp_drop_dst(u);
	udp_turn_off(u);
	u->local = local;
	u->local_is_many = local_is_many;
	u->dev = dev;
	u->ip4 = ip4;
	u->ip6 = ip6;
	u->uncut6 = uncut6;
	return err;
}
