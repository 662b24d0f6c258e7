/*
 * The headers of a connection's segments (RFC 9293 3.1, 3.2; RFC 7323 3): TCP's with the options
 * that are due, and IP's, in front of a payload that lies in its frame or is lent, the checksum
 * over both or its beginning for whoever finishes it, and the way out. The usual segment's are
 * written in one piece, any other one's layer by layer. What the payload is burst.c and run.c say;
 * calm_out.c, opening.c and reply.c write headers of their own, and run.c those of what a device
 * cuts.
 */
#include "net/tcp/header.h"

/* ---- Any segment --------------------------------------------------------------------------------- */

/* The sum of the pseudo header, for `l4_len` bytes. */
static inline uint32_t pseudo_sum(const struct holm_tcp *c, uint32_t l4_len)
{
	if (unlikely(c->flags & TCP_IP6))
		return ip_pseudo_sum(&c->ends6->local, &c->ends6->remote, IP4_PROTO_TCP, l4_len);
	return ip4_pseudo_sum(c->local4, c->remote4, IP4_PROTO_TCP, l4_len);
}

static void fill_syn_options(const struct tcp_tx *tx, struct tcp_hdr_info *h)
{
	const struct holm_tcp *c = tx->c;
	bool answer = (h->flags & TCP_ACK) != 0;

	h->has_mss = true;
	h->mss = tcp_announce_mss(c->dst, c->settings);
	h->wnd = (uint16_t)min_u32(tcp_rcv_wnd(c), 65535);
	/* An answer offers what was offered. */
	h->has_ts = answer ? (c->flags & TCP_TS) != 0 : tcp_wants_timestamps(c);
	h->sack_permitted = answer ? (c->flags & TCP_SACK) != 0 : tcp_wants_sack(c);
	h->has_wscale = !answer || (c->flags & TCP_WSCALE);
	h->wscale = tcp_offer_wscale(tx->net, c->rcv);
}

static void fill_options(struct tcp_tx *tx, struct tcp_hdr_info *h, uint32_t len)
{
	const struct holm_tcp *c = tx->c;

	if (h->flags & TCP_SYN) {
		fill_syn_options(tx, h);
	} else {
		h->has_ts = (c->flags & TCP_TS) != 0;
		if ((c->flags & TCP_SACK) && tcp_sack_is_due(c))
			tx->net->tcp->sack->announce(tx, h, len);
	}
	if (h->has_ts) {
		h->tsval = tcp_tsval(tx->net, c->flight->ts_offset);
		h->tsecr = h->flags & TCP_ACK ? c->ts_recent : 0;
	}
}

static bool has_options(const struct holm_tcp *c, uint8_t flags)
{
	if (FOR_SIZE || (flags & TCP_SYN) || (c->flags & (TCP_TS | TCP_ECN)))
		return true;
	return tcp_sack_is_due(c) || (c->flight && tcp_has_urgent(c->flight));
}

static always_inline void fill_header(const struct tcp_tx *tx, struct tcp_hdr_info *h,
				      struct tcp_seq seq, uint8_t flags)
{
	struct holm_tcp *c = tx->c;

	h->sport = c->lport;
	h->dport = c->rport;
	h->seq = seq.v;
	h->ack = flags & TCP_ACK ? c->rcv_nxt.v : 0;
	h->flags = flags;
	h->urg = 0;
	h->wnd = flags & TCP_SYN ? 0 : tcp_announce_window(c);
	tcp_clear_options(h);
}

/*
 * What is rare: a SYN asks for, or shows, a Fast Open cookie; marks are counted. The payload stays
 * within the MSS.
 */
static void fill_extra(const struct tcp_tx *tx, const struct tcp_hdr_info *h, uint32_t len,
		       struct tcp_extra *x)
{
	const struct tcp_state *ts = tx->net->tcp;

	x->kind = 0;
	if (unlikely(h->flags & TCP_SYN) && tcp_settings(tx->c)->fastopen_connect)
		ts->fastopen->fill(tx->c, x);
	if (unlikely(tx->ecn & TCP_TX_ACCECN) && x->kind == 0 && len < tx->mss)
		ts->accecn->fill(tx, h, len, x);
}

static never_inline size_t push_header_options(struct tcp_tx *tx, struct holm_frame *f,
					       struct tcp_seq seq, uint32_t len, uint8_t flags)
{
	struct tcp_extra extra;
	struct tcp_hdr_info h;
	size_t hdr_len;
	uint8_t *p;

	fill_header(tx, &h, seq, flags);
	fill_options(tx, &h, len);
	if (tx->c->flight && tcp_has_urgent(tx->c->flight))
		tx->net->tcp->urgent->fill(tx->c, seq, &h);
	fill_extra(tx, &h, len, &extra);
	p = holm_frame_push(f, tcp_build_bytes(&h) + tcp_extra_bytes(&extra));
	hdr_len = tcp_build(p, &h);
	if (unlikely(tcp_has_extra(&extra)))
		hdr_len = tcp_option_append(p, hdr_len, extra.kind, extra.value, extra.len);
	if (unlikely(tx->ecn & TCP_TX_AE))
		p[12] |= 1;
	return hdr_len;
}

/* The header in front of the payload; returns its length. */
static always_inline size_t push_header(struct tcp_tx *tx, struct holm_frame *f, struct tcp_seq seq,
					uint32_t len, uint8_t flags)
{
	struct tcp_hdr_info h; /* without options the builder is a few stores, and this registers */

	if (unlikely(has_options(tx->c, flags)))
		return push_header_options(tx, f, seq, len, flags);
	fill_header(tx, &h, seq, flags);
	return tcp_build(holm_frame_push(f, TCP_HDR_BYTES), &h);
}

static void note_header(struct holm_frame *f, size_t hdr_len)
{
	f->hdr_len = (uint16_t)hdr_len;
	f->payload_off = (uint16_t)hdr_len;
}

/* Finish the checksum of a frame that begins with its TCP header. */
static void put_checksum(const struct tcp_tx *tx, struct holm_frame *f, size_t hdr_len,
			 uint32_t payload_sum)
{
	uint32_t sum = checksum_add(pseudo_sum(tx->c, f->len), payload_sum);
	uint8_t *p = holm_frame_data(f);

	store_be16(p + TCP_CSUM_OFFSET, checksum_finish(tcp_sum_header(p, hdr_len, sum)));
}

/* Prepare it for whoever finishes it: the device, or software GSO. */
static void defer_checksum(const struct tcp_tx *tx, struct holm_frame *f)
{
	tcp_defer_checksum(f, 0);
	store_be16(holm_frame_data(f) + TCP_CSUM_OFFSET,
		   (uint16_t)~checksum_finish(pseudo_sum(tx->c, f->len)));
}

static uint8_t tos_of(const struct tcp_tx *tx)
{
	uint8_t tos = tcp_settings(tx->c)->tos;

	return unlikely(tx->ecn & TCP_TX_ECT) ? tcp_ecn_tos(tos) : tos;
}

uint32_t tcp_find_flow_label(const struct holm_net *net, struct holm_tcp *c)
{
	const struct ip_tx ip = {
		.src = &c->ends6->local,
		.dst = &c->ends6->remote,
		.proto = IP4_PROTO_TCP,
	};

	c->flight->flow_label =
		ip_dst_flow_label(net, c->dst, &ip, (uint32_t)c->lport << 16 | c->rport);
	return c->flight->flow_label;
}

/* Over IPv6, to ourselves, or where no neighbour is known. */
static never_inline void transmit_any(const struct tcp_tx *tx, struct holm_frame *f)
{
	struct holm_tcp *c = tx->c;
	struct tcp_tuple t;
	const struct ip_tx ip = {
		.src = &t.local,
		.dst = &t.remote,
		.proto = IP4_PROTO_TCP,
		.tos = tos_of(tx),
		.ttl = tcp_settings(c)->ttl,
		.dont_fragment = true,
		.flow_label = c->flags & TCP_IP6 ? tcp_flow_label(tx->net, c) : 0,
	};

	tcp_get_ends(c, &t);
	ip_output(tx->net, c->dst, f, &ip);
}

/* RFC 6864: a packet that cannot be fragmented needs no identification. */
static always_inline void transmit(const struct tcp_tx *tx, struct holm_frame *f)
{
	struct holm_tcp *c = tx->c;
	const struct ip4_tx ip = {
		.src = c->local4,
		.dst = c->remote4,
		.frag = IP4_DF,
		.proto = IP4_PROTO_TCP,
		.tos = tos_of(tx),
		.ttl = tcp_settings(c)->ttl,
	};

	if (unlikely(c->flags & TCP_IP6) || !ip4_can_send(c->dst, f))
		transmit_any(tx, f);
	else
		ip4_send(tx->net, c->dst, f, &ip);
}

/* ---- The usual segment --------------------------------------------------------------------------- */

/* tcp_header_is_plain() over IPv4. */
static inline bool is_usual(const struct holm_tcp *c, const struct holm_frame *f, uint8_t flags)
{
	return !(c->flags & TCP_IP6) && tcp_header_is_plain(c, flags) &&
	       (f->gso || f->len + TCP_HDR_TS_BYTES + IP4_HDR_BYTES <= c->dst->mtu);
}

/* Its headers, of TCP and IP, are written in one piece, and summed while they are. */
static always_inline void send_usual(const struct tcp_tx *tx, struct holm_frame *f,
				     struct tcp_seq seq, uint8_t flags, uint64_t sum, bool partial,
				     bool stamped)
{
	struct holm_tcp *c = tx->c;
	uint32_t hdr_len = stamped ? TCP_HDR_TS_BYTES : TCP_HDR_BYTES;
	uint32_t headers = ETH_HDR_BYTES + IP4_HDR_BYTES + hdr_len;
	uint32_t l4_len = f->len + hdr_len;
	uint64_t pseudo = (uint64_t)c->local4 + c->remote4 + IP4_PROTO_TCP + l4_len;
	uint8_t *p = holm_frame_push(f, IP4_HDR_BYTES + hdr_len);

	tcp_write_ip4(c, p, IP4_HDR_BYTES + l4_len);
	tcp_write_header(tx->net, c, p + IP4_HDR_BYTES, seq, flags, sum, pseudo, partial, stamped);
	f->l3_off = ETH_HDR_BYTES;
	f->l4_off = ETH_HDR_BYTES + IP4_HDR_BYTES;
	f->hdr_len = (uint16_t)headers;
	f->payload_off = (uint16_t)headers;
	if (partial)
		tcp_defer_checksum(f, ETH_HDR_BYTES + IP4_HDR_BYTES);
	neigh_output(tx->net, c->dst->neigh, f);
}

/* Any other one. */
static never_inline void send_unusual(struct tcp_tx *tx, struct holm_frame *f, struct tcp_seq seq,
				      uint8_t flags, uint32_t sum, bool partial)
{
	size_t hdr_len = push_header(tx, f, seq, f->len, flags);

	note_header(f, hdr_len);
	if (partial)
		defer_checksum(tx, f);
	else
		put_checksum(tx, f, hdr_len, sum);
	transmit(tx, f);
}

void tcp_send_headed(struct tcp_tx *tx, struct holm_frame *f, struct tcp_seq seq, uint8_t flags,
		     uint32_t sum, bool partial)
{
	if (FOR_SIZE || unlikely(!is_usual(tx->c, f, flags)))
		send_unusual(tx, f, seq, flags, sum, partial);
	else if (tx->c->flags & TCP_TS)
		send_usual(tx, f, seq, flags, sum, partial, true);
	else
		send_usual(tx, f, seq, flags, sum, partial, false);
}

/* ---- A run --------------------------------------------------------------------------------------- */

void tcp_write_run(const struct tcp_tx *tx, struct gso_run *run)
{
	struct holm_tcp *c = tx->c;
	bool stamped = (c->flags & TCP_TS) != 0;
	uint8_t *ip = run->header + ETH_HDR_BYTES;

	run->netif = c->dst->neigh->netif;
	run->ip6 = (c->flags & TCP_IP6) != 0;
	run->l3_off = ETH_HDR_BYTES;
	run->l4_off = ETH_HDR_BYTES + (run->ip6 ? IP6_HDR_BYTES : IP4_HDR_BYTES);
	run->hdr_len = (uint16_t)(run->l4_off + (stamped ? TCP_HDR_TS_BYTES : TCP_HDR_BYTES));
	memcpy(run->header, c->dst->neigh->header, ETH_HDR_BYTES);
	run->ip_id = 0;
	if (run->ip6) {
		run->ip_sum = 0;
		tcp_write_ip6(c, ip, 0);
	} else {
		const struct ip4_tx tx4 = tcp_ip4(c);

		const struct ip4_kind kind = c->flight->calm ? c->flight->ip : ip4_kind_of(&tx4);

		run->ip_sum = kind.sum;
		ip4_write_header_of_kind(ip, 0, &kind, (uint64_t)tx4.src << 32 | tx4.dst);
	}
	run->pseudo = pseudo_sum(c, 0);
	run->tcp_sum =
		checksum_fold64(tcp_write_numbers(tx->net, c, run->header + run->l4_off, seq_of(0),
						  0, tcp_announce_window(c), stamped));
}
