/*
 * Segments that belong to no connection: RST, and what the small records answer. Built at once in a
 * frame of their own, because the frame that caused them may be shared.
 */
#include "net/tcp/room.h"

#include "lib/checksum.h"
#include "net/ip/ip4_send.h"
#include "net/wire/ip4.h"

#define REPLY_TTL 64u

static void transmit(struct holm_net *net, const struct tcp_reply *r, struct ip_dst *dst,
		     struct holm_frame *f)
{
	uint8_t ttl = r->ttl ? r->ttl : REPLY_TTL;
	const struct ip_tx ip = {
		.src = r->src,
		.dst = r->dst,
		.proto = IP4_PROTO_TCP,
		.tos = r->tos,
		.ttl = ttl,
		.dont_fragment = true,
	};
	struct ip4_tx ip4;

	if (!ip4_is_addr(r->dst) || !ip_dst_check(net, dst) || !ip4_can_send(dst, f)) {
		ip_output(net, dst, f, &ip);
		return;
	}
	ip4 = (struct ip4_tx){
		.src = ip4_from_addr(r->src),
		.dst = ip4_from_addr(r->dst),
		.frag = IP4_DF,
		.proto = IP4_PROTO_TCP,
		.tos = r->tos,
		.ttl = ttl,
	};
	ip4_send(net, dst, f, &ip4);
}

void tcp_send_reply(struct holm_net *net, struct tcp_reply *r)
{
	struct holm_frame *f;
	/* Only a record's SYN-ACK is sent from here. */
	const struct tcp_settings *syn = HOLM_WITH_RECORDS ? r->syn : NULL;
	const struct ip_via any = { 0 };
	const struct ip_via via = tcp_via(net, syn ? &syn->via : &any, r->scope);
	struct ip_dst *dst;
	size_t hdr_len;
	uint32_t sum;
	uint8_t *p;

	if (ip_dst_get_via(net, r->dst, &via, &dst) != 0) {
		net_drop_note(net, HOLM_DROP_IP_NO_ROUTE);
		return;
	}
	f = holm_frame_alloc(net->pool, HOLM_FRAME_HEADROOM, true);
	if (!f) {
		net_drop_note(net, HOLM_DROP_NO_FRAME);
		ip_dst_put(net, dst);
		return;
	}
	if (syn) {
		r->h.has_mss = true;
		r->h.mss = tcp_announce_mss(dst, syn);
	}
	p = holm_frame_push(f, tcp_build_bytes(&r->h) + tcp_extra_bytes(&r->extra));
	hdr_len = tcp_build(p, &r->h);
	if (tcp_has_extra(&r->extra))
		hdr_len =
			tcp_option_append(p, hdr_len, r->extra.kind, r->extra.value, r->extra.len);
	if (HOLM_WITH_ECN)
		p[12] |= r->ae;
	sum = ip_pseudo_sum(r->src, r->dst, IP4_PROTO_TCP, (uint32_t)hdr_len);
	store_be16(p + TCP_CSUM_OFFSET, checksum_finish(tcp_sum_header(p, hdr_len, sum)));
	f->hdr_len = (uint16_t)hdr_len;
	f->payload_off = (uint16_t)hdr_len;
	net_count(net, HOLM_COUNT_TCP_TX_SEGMENTS);
	transmit(net, r, dst, f);
	ip_dst_put(net, dst);
}

/* One bucket for all: a second's worth, filled as time passes. */
static bool take_token(struct tcp_state *ts)
{
	const struct holm_net *net = ts->net;
	uint32_t rate = net->config.icmp_rate_per_s;
	uint32_t passed = (uint32_t)min_u64(net->now - ts->rst_filled_ns, TCP_S(1));
	/* Once per tick. */
	uint64_t fill = (uint64_t)passed * rate >> 30;

	if (fill > 0) {
		ts->rst_tokens = (uint32_t)min_u64(ts->rst_tokens + fill, rate);
		ts->rst_filled_ns = net->now;
	}
	if (ts->rst_tokens == 0)
		return false;
	ts->rst_tokens--;
	return true;
}

/*
 * RFC 9293 3.10.7.1:
 *   If the ACK bit is off, sequence number zero is used,
 *     <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>
 *   If the ACK bit is on,
 *     <SEQ=SEG.ACK><CTL=RST>
 */
void tcp_send_rst(struct tcp_rx *rx)
{
	const struct ip_rx *ip = ip_rx(rx->f);
	const struct tcp_hdr_info *h = rx->h;
	struct tcp_reply r = {
		.src = &ip->dst,
		.dst = &ip->src,
		.scope = tcp_scope_of(&ip->src, rx->f->dev),
	};

	if ((h->flags & TCP_RST) || (ip->flags & (IP_RX_BROADCAST | IP_RX_MULTICAST)) ||
	    !take_token(rx->net->tcp))
		return;
	r.h.sport = h->dport;
	r.h.dport = h->sport;
	if (h->flags & TCP_ACK) {
		r.h.seq = h->ack;
		r.h.flags = TCP_RST;
	} else {
		r.h.ack = h->seq + rx->orig_len + ((h->flags & TCP_SYN) != 0) +
			  ((h->flags & TCP_FIN) != 0);
		r.h.flags = TCP_RST | TCP_ACK;
	}
	net_count(rx->net, HOLM_COUNT_TCP_RESETS_SENT);
	tcp_send_reply(rx->net, &r);
}

/* RFC 9293 3.10.5: <SEQ=SND.NXT><CTL=RST>; with an ACK, which middleboxes like. */
void tcp_send_abort(struct holm_tcp *c)
{
	struct tcp_tuple t;
	struct tcp_reply r;

	tcp_get_ends(c, &t);
	tcp_reply_begin(&r, &t, tcp_snd_nxt(c).v, c->rcv_nxt.v, TCP_RST | TCP_ACK);
	r.tos = tcp_settings(c)->tos;
	r.ttl = tcp_settings(c)->ttl;
	net_count(tcp_net(c), HOLM_COUNT_TCP_RESETS_SENT);
	tcp_send_reply(tcp_net(c), &r);
}
