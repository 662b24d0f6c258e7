/*
 * Datagrams that are not like others: larger than the path lets through, or sent with words of their own.
 * RFC 1191 as IP_MTU_DISCOVER of Linux lets programs choose.
 */
#include "net/udp/udp.h"

#include "net/wire/udp.h"

static bool uses_link_mtu(const struct holm_udp *u)
{
	return u->pmtu >= HOLM_UDP_PMTU_PROBE;
}

static void aim_at_group(struct holm_udp *u)
{
	if (holm_addr_is_any(&u->local) && !holm_addr_is_any(&u->group_src))
		u->tx.src = &u->group_src;
	u->tx.ttl = u->group_ttl;
	u->tx.no_loop = u->no_loop;
}

void udp_aim_specially(struct holm_udp *u)
{
	if (u->dst->multicast)
		aim_at_group(u);
	u->tx.dont_fragment = u->pmtu == HOLM_UDP_PMTU_WANT || u->pmtu == HOLM_UDP_PMTU_DO ||
			      u->pmtu == HOLM_UDP_PMTU_PROBE;
	u->tx.link_mtu = uses_link_mtu(u);
}

static int refuse(struct holm_udp *u, uint32_t mtu)
{
	const struct holm_endpoint to = { .addr = u->dst->remote, .port = u->rport };

	if (u->wants_troubles) {
		ip_trouble_note_local(u->net, &u->troubles, HOLM_EMSGSIZE, mtu, &to);
		udp_update_state(u);
		ep_notify(u->net, &u->ep);
	}
	return -HOLM_EMSGSIZE;
}

int udp_allow_large(struct holm_udp *u, size_t len)
{
	const struct holm_netif *netif = u->dst->netif;
	uint32_t mtu = uses_link_mtu(u) ? netif->mtu : u->dst->mtu;
	size_t room = mtu - (size_t)u->dst->header_bytes, packet = len + UDP_HDR_BYTES;

	if (len > HOLM_UDP_PAYLOAD_MAX)
		return refuse(u, mtu);
	if (packet <= room)
		return 0;
	if (u->pmtu >= HOLM_UDP_PMTU_DO && u->pmtu != HOLM_UDP_PMTU_OMIT)
		return refuse(u, mtu);
	/* All fragments or none; a queue shorter than that takes what it can. */
	if (netif_room(netif) < min_size(packet / (room & ~(size_t)7) + 1, netif->ring_mask))
		return udp_wait_for_room(u);
	u->tx.dont_fragment = false;
	udp_turn_off(u);
	return 0;
}

static int check(const struct holm_udp *u, const struct holm_udp_how *how)
{
	if (!how->src || u->may_be_foreign || ip_addr_is_local(u->net, how->src))
		return 0;
	return -HOLM_ENETUNREACH;
}

/* The endpoint is another one for the time of the call. */
int holm_udp_send_as(struct holm_udp *u, const struct holm_endpoint *to,
		     const struct holm_udp_how *how, const struct holm_span *spans, size_t nspans)
{
	const struct holm_addr local = u->local;
	struct holm_dev *const dev = u->dev;
	const uint8_t ttl = u->ttl, group_ttl = u->group_ttl, tos = u->tx.tos;
	int err = check(u, how);

	if (err)
		return err;
	if (how->dev)
		udp_drop_dst(u);
	udp_turn_off(u);
	u->local = how->src ? *how->src : local;
	u->dev = how->dev ? how->dev : dev;
	u->ttl = how->ttl ? how->ttl : ttl;
	u->group_ttl = how->ttl ? how->ttl : group_ttl;
	u->tx.tos = how->tos >= 0 ? (uint8_t)how->tos : tos;
	err = holm_udp_send(u, to, spans, nspans);
	if (how->dev)
		udp_drop_dst(u);
	udp_turn_off(u);
	u->local = local;
	u->dev = dev;
	u->ttl = ttl;
	u->group_ttl = group_ttl;
	u->tx.tos = tos;
	return err;
}
