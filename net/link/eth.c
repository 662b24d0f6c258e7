/*
 * Ethernet framing both ways; see eth.h. Knows addresses and types, nothing of what is inside.
 */
#include "net/link/eth.h"

#include "net/core/proto.h"

void eth_start(struct holm_net *net)
{
	net->link_ip4 = proto_find(net, PROTO_LINK, ETH_TYPE_IP4);
	net->link_ip6 = proto_find(net, PROTO_LINK, ETH_TYPE_IP6);
	net->link_arp = proto_find(net, PROTO_LINK, ETH_TYPE_ARP);
}

static const struct holm_proto *proto_of(const struct holm_net *net, uint16_t type)
{
	if (likely(type == ETH_TYPE_IP4))
		return net->link_ip4;
	if (type == ETH_TYPE_IP6)
		return net->link_ip6;
	return type == ETH_TYPE_ARP ? net->link_arp : NULL;
}

/* Is its header not in its first piece, and not to be had there? Or are there pieces where none can be? */
static inline bool is_broken(struct holm_frame *f)
{
	if (!net_has_pieces() && f->nsegs > 1)
		return true;
	return unlikely(f->segs[0].len < ETH_HDR_BYTES) && !net_pull(f, ETH_HDR_BYTES);
}

void eth_input(struct holm_net *net, struct holm_frame *f)
{
	const struct holm_proto *proto;
	const struct eth_hdr *h;

	if (unlikely(is_broken(f))) {
		net_drop(net, f, HOLM_DROP_ETH_SHORT);
		return;
	}
	h = (const struct eth_hdr *)(const void *)holm_frame_data(f);
	if (unlikely(!eth_equal(&h->dst, &f->dev->mac))) {
		if (!eth_is_group(&h->dst)) {
			net_drop(net, f, HOLM_DROP_ETH_NOT_OURS);
			return;
		}
		f->flags |= HOLM_FRAME_BROADCAST;
	}
	proto = proto_of(net, be16_get(h->type));
	if (unlikely(!proto)) {
		net_drop(net, f, HOLM_DROP_ETH_TYPE);
		return;
	}
	f->l3_off = ETH_HDR_BYTES;
	proto->input(net, f);
}

void eth_input_bare(struct holm_net *net, struct holm_frame *f)
{
	const struct holm_proto *proto = NULL;

	if (unlikely(f->flags & HOLM_FRAME_ETHERNET)) {
		eth_input(net, f);
		return;
	}
	if (f->segs[0].len > 0 || holm_frame_pullup(f, 1)) {
		uint8_t version = holm_frame_data(f)[0] >> 4;

		proto = version == 4 ? net->link_ip4 : version == 6 ? net->link_ip6 : NULL;
	}
	if (unlikely(!proto)) {
		net_drop(net, f, HOLM_DROP_ETH_TYPE);
		return;
	}
	f->l3_off = 0;
	proto->input(net, f);
}

size_t eth_missing_header(const struct holm_dev *dev, const struct holm_frame *f, uint8_t *p)
{
	struct eth_info info = { .type = ETH_TYPE_IP4 };
	uint8_t first = 0;

	if (!(dev->caps.features & HOLM_DEV_LOOPBACK) || (f->flags & HOLM_FRAME_ETHERNET))
		return 0;
	if (f->len > 0)
		holm_frame_read(f, 0, &first, 1);
	if (first >> 4 == 6)
		info.type = ETH_TYPE_IP6;
	eth_build(p, &info);
	return ETH_HDR_BYTES;
}

void eth_output(struct holm_netif *netif, struct holm_frame *f, const struct holm_mac *dst,
		uint16_t type)
{
	struct eth_info info = { .dst = *dst, .src = netif->dev->mac, .type = type };

	eth_build(holm_frame_push(f, ETH_HDR_BYTES), &info);
	netif_output(netif, f);
}

bool eth_may_reply_in_place(const struct holm_netif *netif, const struct holm_frame *f)
{
	return f->nsegs == 1 && f->segs[0].buf->refs == 1 && f->segs[0].buf == &f->home &&
	       holm_frame_headroom(f) >= netif->dev->caps.headroom;
}

void eth_reset_for_reply(struct holm_frame *f)
{
	f->csum = HOLM_CSUM_NONE;
	f->gso = HOLM_GSO_NONE;
	f->gso_size = 0;
	f->hdr_len = 0;
	f->flags = 0;
}
