/*
 * The way of a frame that is like the last one: one comparison where link and network layer would each
 * ask their questions, whichever the family, and a few more where its ends are others. What it notes, and
 * what it lets through, is what those would have: tests hold it to them.
 */
#ifndef NET_IP_FLOW_H
#define NET_IP_FLOW_H

#include "lib/checksum.h"
#include "net/core/ip_rx.h"
#include "net/core/net.h"
#include "net/wire/eth.h"
#include "net/wire/ip4.h"
#include "net/wire/ip6.h"

/*
 * A packet was let in, and ip_rx() is filled: gives it the number of its flow, and has the next one
 * compared with it, if `transport` (NULL: none) may have it unseen.
 */
void ip_flow_note(struct holm_net *net, struct holm_frame *f, const struct holm_proto *transport);

/* Does anybody ask what the last packet was? TCP has a memory of its own. */
static inline bool ip_flow_is_wanted(void)
{
	return !FOR_SIZE || HOLM_WITH_DATAGRAMS;
}

/* The next packet is looked at as if none had come before it. */
static inline void ip_flow_forget(struct holm_net *net)
{
	if (!ip_flow_is_wanted())
		return;
	net->flow.dev = NULL;
	net->flow.from = NULL;
}

/* Of the first 8 bytes of a frame, those that say to whom it goes. */
static inline uint64_t ip_flow_first_mask(void)
{
	static const uint8_t mask[8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	return checksum_load64(mask);
}

/*
 * All is noted that its transport wants to know. The header is read before anything is written: what lies
 * side by side in both, as IPv4's `ttl` and `proto`, is moved at once.
 */
static always_inline void ip_flow_fill(const struct net_flow *flow, struct holm_frame *f,
				       uint32_t headers, size_t len, uint8_t ttl, uint8_t proto,
				       uint8_t tos)
{
	struct ip_rx *rx = ip_rx(f);

	rx->src = flow->src;
	rx->dst = flow->dst;
	rx->flow = flow->number;
	rx->l4_len = (uint32_t)len;
	rx->ttl = ttl;
	rx->proto = proto;
	rx->tos = tos;
	rx->flags = 0;
	f->l3_off = ETH_HDR_BYTES;
	f->l4_off = (uint16_t)headers;
}

/* So many bytes are behind the header at `p`, it says. Too short a packet wraps round and is too long. */
static inline size_t ip_flow_len4(const uint8_t *p)
{
	return (size_t)load_be16(p + 2) - IP4_HDR_BYTES;
}

static inline size_t ip_flow_len6(const uint8_t *p)
{
	return load_be16(p + 4);
}

/* Has the packet at `p` a plain and correct header, between these ends? */
static inline bool ip_flow_is4(const struct net_flow *flow, const uint8_t *p)
{
	return likely(checksum_load64(p + 12) == flow->ends &&
		      (load_be32(p + 6) & ((IP4_MF | IP4_OFFSET_MASK) << 16 | 0xffu)) ==
			      flow->proto &&
		      ip4_sum_quotient_of(p, flow->ends_sum) <= flow->sum_max);
}

/* The same of IPv6, where the next header is the transport's. */
static inline bool ip_flow_is6(const struct net_flow *flow, const uint8_t *p)
{
	uint64_t differ = (checksum_load64(p + 8) ^ checksum_load64(flow->src.b)) |
			  (checksum_load64(p + 16) ^ checksum_load64(flow->src.b + 8)) |
			  (checksum_load64(p + 24) ^ checksum_load64(flow->dst.b)) |
			  (checksum_load64(p + 32) ^ checksum_load64(flow->dst.b + 8));

	return likely(differ == 0 && p[6] == flow->proto);
}

/* A whole packet of IPv4, and of IPv6? Then all is noted that its transport wants to know. */
static inline bool ip_flow_take4(const struct net_flow *flow, struct holm_frame *f,
				 const uint8_t *p)
{
	size_t len = ip_flow_len4(p);

	if (!ip_flow_is4(flow, p) || unlikely(len > (size_t)f->len - ETH_HDR_BYTES - IP4_HDR_BYTES))
		return false;
	ip_flow_fill(flow, f, ETH_HDR_BYTES + IP4_HDR_BYTES, len, p[8], p[9], p[1]);
	return true;
}

static inline bool ip_flow_take6(const struct net_flow *flow, struct holm_frame *f,
				 const uint8_t *p)
{
	size_t len = ip_flow_len6(p);

	if (!ip_flow_is6(flow, p) || unlikely(len > (size_t)f->len - ETH_HDR_BYTES - IP6_HDR_BYTES))
		return false;
	ip_flow_fill(flow, f, ETH_HDR_BYTES + IP6_HDR_BYTES, len, p[7], p[6],
		     (uint8_t)(load_be16(p) >> 4));
	return true;
}

/* Does a frame off the wire begin like the last: the same link header, to us, and the same form of IP's? */
static inline bool ip_flow_looks(const struct net_flow *flow, const struct holm_dev *dev,
				 const struct holm_frame *f)
{
	const uint8_t *p = holm_frame_data(f);

	if (FOR_SIZE || unlikely(flow->dev != dev || f->segs[0].len < flow->headers))
		return false;
	return likely((((checksum_load64(p) ^ flow->first) & ip_flow_first_mask()) |
		       ((checksum_load64(p + 8) ^ flow->second) & flow->second_mask)) == 0);
}

/*
 * It does, but is none of the last one's flow: is a packet between such ends let in, for one address of ours,
 * and is the rest of its headers as the last one's? Then the flow is this one's from now on.
 */
bool ip_flow_turns(struct holm_net *net, struct holm_frame *f);

/* It does: is the rest of its headers like the last one's, or so but for its ends? */
static inline bool ip_flow_take(struct holm_net *net, struct holm_frame *f)
{
	const struct net_flow *flow = &net->flow;
	const uint8_t *p = holm_frame_data(f) + ETH_HDR_BYTES;

	return likely(flow->ip6 ? ip_flow_take6(flow, f, p) : ip_flow_take4(flow, f, p)) ||
	       ip_flow_turns(net, f);
}

/* Is a frame off the wire like the last? */
static inline bool ip_flow_takes(struct holm_net *net, const struct holm_dev *dev,
				 struct holm_frame *f)
{
	return ip_flow_looks(&net->flow, dev, f) && ip_flow_take(net, f);
}

#endif
