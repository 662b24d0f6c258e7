/*
 * What the last packet was that was let in, and what else is let in as it was; see flow.h.
 */
#include "net/ip/flow.h"

#include "net/ip/state.h"

/* Another device, or other ends, than the last one's? */
static bool is_another(const struct net_flow *flow, const struct holm_frame *f,
		       const struct ip_rx *rx)
{
	return flow->from != f->dev || flow->looped != ((f->flags & HOLM_FRAME_LOOPED) != 0) ||
	       !holm_addr_equal(&flow->src, &rx->src) || !holm_addr_equal(&flow->dst, &rx->dst);
}

/* As they lie in a header of IPv4. */
static inline void set_ends4(struct net_flow *flow)
{
	memcpy(&flow->ends, flow->src.b + 12, 4);
	memcpy((uint8_t *)&flow->ends + 4, flow->dst.b + 12, 4);
	flow->ends_sum = (uint32_t)flow->ends + (flow->ends >> 32);
}

/* How frames of this flow begin: to our device, of this family, with a header of this version. */
static void set_look(struct net_flow *flow, const struct holm_dev *dev)
{
	uint8_t look[16] = { 0 };
	uint8_t mask[16] = { [12] = 0xff, [13] = 0xff, [14] = flow->ip6 ? 0xf0 : 0xff };

	memcpy(look, dev->mac.b, sizeof(dev->mac.b));
	store_be16(look + 12, flow->ip6 ? ETH_TYPE_IP6 : ETH_TYPE_IP4);
	look[14] = flow->ip6 ? 6 << 4 : 4 << 4 | IP4_HDR_BYTES / 4;
	flow->first = checksum_load64(look);
	flow->second = checksum_load64(look + 8);
	flow->second_mask = checksum_load64(mask + 8);
	flow->headers = ETH_HDR_BYTES + (flow->ip6 ? IP6_HDR_BYTES : IP4_HDR_BYTES);
	flow->ends = 0;
	if (!flow->ip6)
		set_ends4(flow);
	flow->sum_max = dev->netif->features & HOLM_DEV_NO_CSUM ? UINT64_MAX : IP4_SUM_QUOTIENT_MAX;
}

void ip_flow_note(struct holm_net *net, struct holm_frame *f, const struct holm_proto *transport)
{
	struct net_flow *flow = &net->flow;
	struct ip_rx *rx = ip_rx(f);

	rx->flow = 0;
	if (rx->flags)
		return;
	if (is_another(flow, f, rx)) {
		flow->number++;
		flow->from = f->dev;
		flow->looped = (f->flags & HOLM_FRAME_LOOPED) != 0;
		flow->src = rx->src;
		flow->dst = rx->dst;
	}
	rx->flow = flow->number;
	/* What is looped has no link header; who is raw wants every packet looked at. */
	flow->dev = transport && !flow->looped && !ip_has_raw(net->ip) ? f->dev : NULL;
	if (FOR_SIZE || !flow->dev)
		return;
	flow->transport = transport;
	flow->alone = rx->proto == IP4_PROTO_TCP && !net->tap ? net->alone : NULL;
	flow->proto = rx->proto;
	flow->ip6 = !ip4_is_addr(&rx->src);
	set_look(flow, f->dev);
}

/*
 * May a packet between these come from the wire, to one address of ours? What ip4.c's walk over our addresses
 * finds out, for those of whom it takes none.
 */
static inline bool lets_in4(const struct ip_state *ip, uint32_t src, uint32_t dst)
{
	const struct ip4_endings *e = &ip->endings4;

	return ip4_is_known(e, dst) && ip4_is_unicast(src) && !(e->taken >> src % IP4_ENDINGS & 1);
}

static always_inline bool turns4(struct holm_net *net, struct holm_frame *f, const uint8_t *p)
{
	struct net_flow *flow = &net->flow;

	if (!lets_in4(net->ip, load_be32(p + 12), load_be32(p + 16)))
		return false;
	memcpy(flow->src.b + 12, p + 12, 4);
	memcpy(flow->dst.b + 12, p + 16, 4);
	set_ends4(flow);
	flow->number++;
	return ip_flow_take4(flow, f, p);
}

static never_inline bool turns6(struct holm_net *net, struct holm_frame *f, const uint8_t *p)
{
	struct net_flow *flow = &net->flow;
	const struct holm_addr *src = (const void *)(p + 8), *dst = (const void *)(p + 24);

	if (!net->ip->families[IP_FAMILY_6]->lets_in(net, flow->from->netif, src, dst))
		return false;
	flow->src = *src;
	flow->dst = *dst;
	flow->number++;
	return ip_flow_take6(flow, f, p);
}

bool ip_flow_turns(struct holm_net *net, struct holm_frame *f)
{
	const uint8_t *p = holm_frame_data(f) + ETH_HDR_BYTES;

	if (FOR_SIZE)
		return false;
	return HOLM_WITH_IPV6 && net->flow.ip6 ? turns6(net, f, p) : turns4(net, f, p);
}
