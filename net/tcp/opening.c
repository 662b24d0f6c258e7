/*
 * SYN and SYN-ACK as nearly all of them are: to a neighbour that is known, with no data and the usual
 * options. Their headers are written in one piece, and summed while they are. All others are built by
 * header.c and reply.c, which are the definition; tests/sim/same.c compares the frames.
 */
#include "net/tcp/opening.h"

#include "net/core/pool.h"
#include "net/ip/ip6_send.h"

/* A SYN or SYN-ACK without what is rare. */
struct opening {
	const struct holm_addr *local6, *remote6; /* over IPv6 */
	uint32_t flow_label;
	uint32_t local4, remote4; /* over IPv4, as numbers */
	uint32_t ports;		  /* ours in the high half */
	uint32_t seq, ack;
	uint16_t wnd;
	uint8_t flags;
	const struct tcp_settings *settings;
	struct tcp_offer offer;
};

/* What we offer whoever is there, as these settings have it. */
static always_inline void set_offer(struct opening *o, const struct holm_net *net,
				    const struct ip_dst *dst, const struct tcp_settings *s,
				    const struct holm_rcvbuf *rcv)
{
	o->settings = s;
	o->offer.mss = tcp_announced_mss(dst, s);
	o->offer.wscale = tcp_offer_wscale(net, rcv);
}

static always_inline void write_ip(uint8_t *p, const struct opening *o, uint32_t hdr_len, bool ip6)
{
	if (ip6) {
		const struct ip6_tx ip = {
			.src = o->local6,
			.dst = o->remote6,
			.flow_label = o->flow_label,
			.proto = IP4_PROTO_TCP,
			.tos = o->settings->tos,
			.ttl = o->settings->ttl,
		};

		ip6_write_header(p, hdr_len, &ip);
	} else {
		const struct ip4_tx ip = {
			.src = o->local4,
			.dst = o->remote4,
			.frag = IP4_DF,
			.proto = IP4_PROTO_TCP,
			.tos = o->settings->tos,
			.ttl = o->settings->ttl,
		};

		ip4_write_header(p, IP4_HDR_BYTES + hdr_len, &ip);
	}
}

/* All headers are written here, in one piece, of either family. False: nothing was sent. */
static always_inline bool send_in_one(struct holm_net *net, const struct ip_dst *dst,
				      const struct opening *o, bool ip6)
{
	uint32_t hdr_len = (uint32_t)tcp_offer_bytes(&o->offer);
	uint32_t l4_off = ETH_HDR_BYTES + (ip6 ? IP6_HDR_BYTES : IP4_HDR_BYTES);
	struct holm_frame *f = tcp_begin_frame(net, dst->neigh, l4_off, hdr_len, 0, true);
	uint64_t sum;
	uint8_t *p;

	if (unlikely(!f))
		return false;
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

/* Is there a way for it, and nobody who wants it built as others are? */
static inline bool is_clear(const struct holm_net *net, const struct ip_dst *dst)
{
	return !net->tcp->unpredicted && tcp_has_way(net, dst, TCP_HDR_MAX);
}

/* ---- SYN ----------------------------------------------------------------------------------------- */

/* What leaves by this way needs our sum, not the device's. */
static bool is_sum_ours(const struct ip_dst *dst)
{
	return dst->neigh && !(dst->neigh->netif->features & (HOLM_DEV_TX_CSUM | HOLM_DEV_NO_CSUM));
}

static always_inline bool send_syn(struct holm_net *net, struct holm_tcp *c, bool ip6)
{
	const struct tcp_settings *s = c->settings;
	struct opening o;

	set_offer(&o, net, c->dst, s, c->rcv);
	if (ip6) {
		o.local6 = &c->ends6->local;
		o.remote6 = &c->ends6->remote;
		o.flow_label = tcp_flow_label(net, c);
	} else {
		o.local4 = c->local4;
		o.remote4 = c->remote4;
	}
	o.ports = (uint32_t)c->lport << 16 | c->rport;
	o.seq = c->snd_una.v;
	o.ack = 0;
	o.flags = TCP_SYN;
	o.wnd = (uint16_t)min_u32(tcp_rcv_wnd(c), 65535);
	o.offer.has_wscale = true;
	o.offer.sack_permitted = s->sack;
	o.offer.has_ts = s->timestamps;
	o.offer.tsval = tcp_tsval(net, c->flight->ts_offset);
	o.offer.tsecr = 0;
	return send_in_one(net, c->dst, &o, ip6);
}

bool tcp_send_usual_syn(struct holm_net *net, struct holm_tcp *c)
{
	const struct tcp_settings *s = c->settings;

	if (s->fastopen_connect || (s->ecn & 1u) || !is_sum_ours(c->dst) || !is_clear(net, c->dst))
		return false;
	return unlikely(c->flags & TCP_IP6) ? send_syn(net, c, true) : send_syn(net, c, false);
}

/* ---- SYN-ACK ------------------------------------------------------------------------------------- */

static always_inline bool send_syn_ack(struct holm_net *net, const struct ip_dst *dst,
				       const struct tcp_half *half, const struct tcp_tuple *ends,
				       const struct tcp_settings *s, bool ip6)
{
	struct opening o;

	set_offer(&o, net, dst, s, NULL);
	o.ports = (uint32_t)ends->lport << 16 | ends->rport;
	if (ip6) {
		const struct ip_tx ip = {
			.src = &ends->local,
			.dst = &ends->remote,
			.proto = IP4_PROTO_TCP,
		};

		o.local6 = &ends->local;
		o.remote6 = &ends->remote;
		o.flow_label = ip_dst_flow_label(net, dst, &ip, o.ports);
	} else {
		o.local4 = ip4_from_addr(&ends->local);
		o.remote4 = ip4_from_addr(&ends->remote);
	}
	o.seq = half->iss.v;
	o.ack = half->irs.v + 1;
	o.flags = TCP_SYN | TCP_ACK;
	o.wnd = (uint16_t)tcp_offer_window(net, NULL);
	o.offer.has_wscale = tcp_half_has_wscale(half);
	o.offer.sack_permitted = half->has_sack;
	o.offer.has_ts = half->has_ts;
	o.offer.tsval = half->has_ts ? tcp_tsval(net, tcp_ts_offset(net, ends)) : 0;
	o.offer.tsecr = half->ts_recent;
	return send_in_one(net, dst, &o, ip6);
}

bool tcp_send_usual_syn_ack(struct holm_net *net, const struct tcp_half *half,
			    const struct tcp_tuple *ends, const struct tcp_settings *s)
{
	const struct ip_via via = tcp_via(net, &s->via, ends->scope);
	const struct ip_dst *dst;

	if (half->fast || half->ecn || half->held)
		return false;
	dst = ip_dst_peek(net, &ends->remote, &via);
	if (unlikely(!dst || !is_clear(net, dst)))
		return false;
	return likely(ip4_is_addr(&ends->remote)) ? send_syn_ack(net, dst, half, ends, s, false)
						  : send_syn_ack(net, dst, half, ends, s, true);
}
