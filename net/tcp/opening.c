/*
 * SYN and SYN-ACK as nearly all of them are: over IPv4, to a neighbour that is known, with no data and the
 * usual options. Their headers are written in one piece, and summed while they are. All others are built by
 * burst.c and reply.c, which are the definition; tests/sim/same.c compares the frames.
 */
#include "net/core/pool.h"
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

bool tcp_send_opening(struct holm_net *net, const struct ip_dst *dst, const struct tcp_opening *o)
{
	uint32_t hdr_len = (uint32_t)tcp_offer_bytes(&o->offer);
	uint32_t headers = ETH_HDR_BYTES + IP4_HDR_BYTES + hdr_len;
	const struct ip4_tx ip = {
		.src = o->local,
		.dst = o->remote,
		.frag = IP4_DF,
		.proto = IP4_PROTO_TCP,
		.tos = o->tos,
		.ttl = o->ttl,
	};
	struct holm_netif *netif;
	struct holm_frame *f;
	uint64_t sum;
	uint8_t *p;

	if (net->tcp->unpredicted || !tcp_has_way(net, dst, TCP_HDR_MAX))
		return false;
	f = pool_take(net->pool, HOLM_FRAME_HEADROOM - headers, true);
	if (unlikely(!f))
		return false;
	netif = dst->neigh->netif;
	f->l3_off = ETH_HDR_BYTES;
	f->l4_off = ETH_HDR_BYTES + IP4_HDR_BYTES;
	f->hdr_len = (uint16_t)headers;
	f->payload_off = (uint16_t)headers;
	f->flags = HOLM_FRAME_ACK;
	f->dev = netif->dev;
	p = holm_frame_put(f, headers);
	memcpy(p, dst->neigh->header, ETH_HDR_BYTES);
	ip4_write_header(p + ETH_HDR_BYTES, IP4_HDR_BYTES + hdr_len, &ip);
	p += ETH_HDR_BYTES + IP4_HDR_BYTES;
	sum = tcp_build_plain(p, o->ports, o->seq, o->ack, o->flags, o->wnd);
	sum += tcp_build_offer(p, &o->offer, hdr_len);
	sum += (uint64_t)o->local + o->remote + IP4_PROTO_TCP + hdr_len;
	store_be16(p + TCP_CSUM_OFFSET, checksum_finish(checksum_fold64(sum)));
	net_count(net, HOLM_COUNT_TCP_TX_SEGMENTS);
	netif_put(netif, f);
	return true;
}
