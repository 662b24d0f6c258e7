/*
 * SYN and SYN-ACK as nearly all of them are: to a neighbour that is known, with no data and the usual
 * options. Their headers are written in one piece, and summed while they are. All others are built by
 * header.c and reply.c, which are the definition; tests/sim/same.c compares the frames.
 */
#include "net/core/pool.h"
#include "net/ip/ip6_send.h"
#include "net/tcp/hot.h"
#include "net/tcp/opening.h"

void tcp_opening_offer(struct tcp_opening *o, const struct holm_net *net, const struct ip_dst *dst,
		       const struct tcp_settings *s, const struct holm_rcvbuf *rcv)
{
	o->tos = s->tos;
	o->ttl = s->ttl;
	o->offer.mss = tcp_announce_mss(dst, s);
	o->offer.wscale = tcp_offer_wscale(net, rcv);
}

static always_inline void write_ip(uint8_t *p, const struct tcp_opening *o, uint32_t hdr_len,
				   bool ip6)
{
	if (ip6) {
		const struct ip6_tx ip = {
			.src = o->local6,
			.dst = o->remote6,
			.flow_label = o->flow_label,
			.proto = IP4_PROTO_TCP,
			.tos = o->tos,
			.ttl = o->ttl,
		};

		ip6_write_header(p, hdr_len, &ip);
	} else {
		const struct ip4_tx ip = {
			.src = o->local4,
			.dst = o->remote4,
			.frag = IP4_DF,
			.proto = IP4_PROTO_TCP,
			.tos = o->tos,
			.ttl = o->ttl,
		};

		ip4_write_header(p, IP4_HDR_BYTES + hdr_len, &ip);
	}
}

/* All headers are written here, in one piece, of either family. */
static always_inline bool send_in_one(struct holm_net *net, const struct ip_dst *dst,
				      const struct tcp_opening *o, bool ip6)
{
	uint32_t hdr_len = (uint32_t)tcp_offer_bytes(&o->offer);
	uint32_t l4_off = ETH_HDR_BYTES + (ip6 ? IP6_HDR_BYTES : IP4_HDR_BYTES);
	struct holm_frame *f = tcp_begin_frame(net, dst->neigh, l4_off, hdr_len, 0, true);
	uint64_t sum;
	uint8_t *p;

	if (unlikely(!f))
		return false;
	f->flags = HOLM_FRAME_ACK;
	p = f->segs_inline[0].data;
	write_ip(p + ETH_HDR_BYTES, o, hdr_len, ip6);
	p += l4_off;
	sum = tcp_build_plain(p, o->ports, o->seq, o->ack, o->flags, o->wnd);
	sum += tcp_build_offer(p, &o->offer, hdr_len);
	sum += ip6 ? (uint64_t)ip_pseudo_sum(o->local6, o->remote6, IP4_PROTO_TCP, hdr_len)
		   : (uint64_t)o->local4 + o->remote4 + IP4_PROTO_TCP + hdr_len;
	store_be16(p + TCP_CSUM_OFFSET, checksum_finish(checksum_fold64(sum)));
	net_count(net, HOLM_COUNT_TCP_TX_SEGMENTS);
	netif_put(dst->neigh->netif, f);
	return true;
}

bool tcp_send_opening(struct holm_net *net, const struct ip_dst *dst, const struct tcp_opening *o)
{
	if (net->tcp->unpredicted || !tcp_has_way(net, dst, TCP_HDR_MAX))
		return false;
	return o->local6 ? send_in_one(net, dst, o, true) : send_in_one(net, dst, o, false);
}
