/*
 * Sending datagrams: destination, frame, checksum, out. One pass over the payload, which copies it
 * and, where the device does not, sums it.
 */
#include "net/udp/udp.h"

#include "lib/checksum_short.h"
#include "net/core/pool.h"
#include "net/core/sum.h"
#include "net/wire/udp.h"

/* What fits behind the head-room of one frame, header included. */
#define LINEAR_MAX (HOLM_FRAME_BYTES - HOLM_FRAME_HEADROOM)

void udp_drop_dst(struct holm_udp *u)
{
	if (u->dst)
		ip_dst_put(u->net, u->dst);
	u->dst = NULL;
	udp_turn_off(u);
}

void udp_wake(struct holm_net *net, struct netif_waiter *waiter)
{
	struct holm_udp *u = container_of(waiter, struct holm_udp, waiter);

	(void)net;
	udp_update_state(u);
}

int udp_wait_for_room(struct holm_udp *u)
{
	netif_wait(u->dst->netif, &u->waiter);
	udp_update_state(u);
	return -HOLM_EAGAIN;
}

struct ip_via udp_via(const struct holm_udp *u, const struct holm_endpoint *to)
{
	struct ip_via via = { .dev = u->dev, .mark = u->mark, .onlink = u->onlink };
	struct holm_dev *group_dev = udp_manner(u, &to->addr)->group_dev;

	if (unlikely(group_dev) && !u->dev && holm_addr_is_multicast(&to->addr))
		via.dev = group_dev;

	/* As on Linux, where this one goes may differ from what the endpoint is bound to. */
	if (unlikely(to->scope != 0 && ip6_needs_zone(&to->addr))) {
		via.dev = NULL;
		via = ip_via_scope(u->net, &via, to->scope);
	}
	return via;
}

static never_inline int find_another_dst(struct holm_udp *u, const struct holm_endpoint *to)
{
	struct ip_via via = udp_via(u, to);
	struct ip_dst *dst;
	int err;

	err = udp_check_family(u, &to->addr);
	if (likely(!err))
		err = ip_dst_get_via(u->net, &to->addr, &via, &dst);
	if (unlikely(err))
		return holm_addr_is_any(&to->addr) ? -HOLM_EINVAL : err;
	udp_drop_dst(u);
	u->dst = dst;
	return 0;
}

/* Point u->dst at where the datagram goes, which is mostly where the last one went. */
static inline int find_dst(struct holm_udp *u, const struct holm_endpoint *to)
{
	/* Of a link-local address every link has one. */
	if (likely(u->dst && udp_same_addr(&u->dst->remote, &to->addr)) &&
	    !ip6_needs_zone(&to->addr))
		return 0;
	return find_another_dst(u, to);
}

/* The sum of what is the same in every datagram from here to there: addresses, protocol, ports. */
static uint32_t flow_sum(const struct holm_addr *src, const struct holm_addr *dst, uint16_t sport,
			 uint16_t dport)
{
	return checksum_add(ip_pseudo_sum(src, dst, IP4_PROTO_UDP, 0), (uint32_t)sport + dport);
}

/* What the interface is to do about the checksum, and so what we do. */
static inline bool sums_in_software(const struct holm_netif *netif)
{
	return !(netif->features & (HOLM_DEV_TX_CSUM | HOLM_DEV_NO_CSUM));
}

/* What is said of every datagram to this port at the end of dst. */
static void aim(struct holm_udp *u, uint16_t rport)
{
	const struct udp_manner *m = udp_manner(u, &u->dst->remote);

	u->tx.src = udp_has_source(u) ? &u->local : &u->dst->src;
	u->tx.dst = &u->dst->remote;
	u->tx.ttl = m->ttl;
	u->tx.tos = m->tos;
	u->tx.dont_fragment = true;
	u->tx.link_mtu = false;
	u->tx.no_loop = false;
	if (unlikely(m->pmtu != HOLM_UDP_PMTU_WANT || u->dst->multicast))
		udp_aim_specially(u, m);
	u->sum = flow_sum(u->tx.src, u->tx.dst, u->lport, rport);
	u->ports = (uint32_t)u->lport << 16 | rport;
	if (unlikely(m == &u->ip6))
		u->tx.flow_label = ip_dst_flow_label(u->net, u->dst, &u->tx, u->ports);
}

void udp_turn_off(struct holm_udp *u)
{
	u->straight = false;
	u->templated = false;
}

/* What is sent next goes the same way, until udp_turn_off(). */
static void go_straight(struct holm_udp *u)
{
	bool cut_by_routers = !u->tx.dont_fragment && holm_addr_is_ip4(u->tx.dst);

	u->straight = true;
	/* RFC 6864: who may be fragmented needs an identification each time. */
	u->templated = !cut_by_routers && sums_in_software(u->dst->netif);
	if (u->templated)
		ip_template_init(&u->header, &u->tx);
}

/* Everything that may speak against sending; afterwards only size and memory can. */
static never_inline int find_way(struct holm_udp *u, const struct holm_endpoint *to)
{
	const struct holm_endpoint connected = { .addr = u->remote };
	int err;

	if (u->error)
		return holm_udp_take_error(u);
	if (u->dev_gone)
		return -HOLM_ENODEV;
	if (!to && !u->connected)
		return -HOLM_EDESTADDRREQ;
	if (to && (to->port == 0 || holm_addr_is_any(&to->addr)))
		return -HOLM_EINVAL;
	if (!u->port) {
		err = udp_bind_any_port(u);
		if (err)
			return err;
	}
	err = find_dst(u, to ? to : &connected);
	if (err)
		return err;
	if (!ip_dst_check(u->net, u->dst))
		return -HOLM_ENETUNREACH;
	if (u->dst->broadcast && !u->may_broadcast)
		return -HOLM_EACCES;
	aim(u, to ? to->port : u->rport);
	if (to)
		udp_turn_off(u);
	else
		go_straight(u);
	return 0;
}

int udp_prepare(struct holm_udp *u, const struct holm_endpoint *to)
{
	/* What has changed since may concern the header, too. */
	return to || !u->straight || u->dst->gen != u->net->ip_gen ? find_way(u, to) : 0;
}

size_t udp_total_of_spans(const struct holm_span *spans, size_t nspans)
{
	size_t len = 0;

	for (size_t i = 0; i < nspans; i++) {
		/* Beyond what can be sent, the exact figure does not matter. */
		if (spans[i].len > HOLM_UDP_PAYLOAD_MAX6)
			return HOLM_UDP_PAYLOAD_MAX6 + 1u;
		len += spans[i].len;
	}
	return len;
}

/* Copy spans behind the header of a linear frame; returns the sum of header, payload and `sum`. */
static never_inline uint32_t copy_spans_summed(uint8_t *p, const struct holm_span *spans,
					       size_t nspans, uint32_t sum)
{
	size_t at = 0;

	for (size_t i = 0; i < nspans; i++) {
		uint32_t part;

		if (spans[i].len == 0)
			continue;
		part = checksum_copy(p + at, spans[i].data, spans[i].len, 0);
		sum = checksum_add(sum, at % 2 ? checksum_rotate(part) : part);
		at += spans[i].len;
	}
	return sum;
}

static inline uint32_t copy_summed(uint8_t *p, const struct holm_span *spans, size_t nspans,
				   uint32_t sum)
{
	if (likely(nspans == 1))
		return checksum_copy(p, spans[0].data, spans[0].len, sum);
	return copy_spans_summed(p, spans, nspans, sum);
}

static never_inline void copy_plain(uint8_t *p, const struct holm_span *spans, size_t nspans)
{
	for (size_t i = 0; i < nspans; i++) {
		if (spans[i].len)
			memcpy(p, spans[i].data, spans[i].len);
		p += spans[i].len;
	}
}

/* Copy spans into as many frames as they take, whose buffers `f` keeps. False: out of frames. */
static never_inline bool copy_scattered(struct holm_net *net, struct holm_frame *f,
					const struct holm_span *spans, size_t nspans)
{
	struct holm_frame *piece = NULL;
	size_t room = 0;
	bool ok = true;

	for (size_t i = 0; i < nspans && ok; i++) {
		struct holm_span s = spans[i];

		while (s.len > 0) {
			size_t n;

			if (room == 0) {
				if (piece)
					ok = holm_frame_append(f, &piece->home,
							       holm_frame_data(piece), piece->len);
				if (piece)
					holm_frame_free(piece);
				piece = ok ? holm_frame_alloc(net->pool, 0, false) : NULL;
				if (!piece)
					return false;
				room = HOLM_FRAME_BYTES;
			}
			n = min_size(s.len, room);
			memcpy(holm_frame_put(piece, n), s.data, n);
			s.data += n;
			s.len -= n;
			room -= n;
		}
	}
	if (piece) {
		ok = holm_frame_append(f, &piece->home, holm_frame_data(piece), piece->len);
		holm_frame_free(piece);
	}
	return ok;
}

/* The device finishes what the pseudo header begins. */
static uint16_t leave_to_device(struct holm_frame *f, uint32_t pseudo)
{
	f->csum = HOLM_CSUM_PARTIAL;
	f->csum_start = 0;
	f->csum_off = UDP_CSUM_OFFSET;
	return (uint16_t)~checksum_finish(pseudo);
}

/*
 * Room for the header, and the payload behind it in a linear frame, or in frames behind it. False:
 * out of frames.
 */
static inline bool put_payload(struct holm_net *net, struct holm_frame *f, bool summed,
			       const struct holm_span *spans, size_t nspans, size_t len,
			       uint32_t *sum)
{
	uint8_t *p = holm_frame_data(f) + UDP_HDR_BYTES;

	if (unlikely(len + UDP_HDR_BYTES > LINEAR_MAX)) {
		holm_frame_put(f, UDP_HDR_BYTES);
		if (!copy_scattered(net, f, spans, nspans))
			return false;
		if (summed)
			*sum = frame_sum(f, UDP_HDR_BYTES, len, *sum);
		return true;
	}
	holm_frame_put(f, UDP_HDR_BYTES + len);
	if (summed)
		*sum = copy_summed(p, spans, nspans, *sum);
	else
		copy_plain(p, spans, nspans);
	return true;
}

/* A frame with header and payload. NULL: no frame left. */
static inline struct holm_frame *build(const struct holm_udp *u, const struct holm_span *spans,
				       size_t nspans, size_t len)
{
	const struct holm_netif *netif = u->dst->netif;
	struct holm_frame *f = holm_frame_alloc(u->net->pool, HOLM_FRAME_HEADROOM, false);
	uint32_t udp_len = (uint32_t)(UDP_HDR_BYTES + len);
	bool summed = sums_in_software(netif);
	uint16_t checksum = 0;
	uint32_t sum;
	uint8_t *p;

	if (unlikely(!f))
		return NULL;
	p = holm_frame_data(f);
	/* The length counts twice: in the pseudo header and in the header. */
	sum = checksum_add(u->sum, 2 * udp_len);
	if (unlikely(!put_payload(u->net, f, summed, spans, nspans, len, &sum))) {
		holm_frame_free(f);
		return NULL;
	}
	if (likely(summed))
		checksum = udp_checksum(sum);
	else if (netif->features & HOLM_DEV_TX_CSUM)
		checksum = leave_to_device(
			f, checksum_sub(sum, (u->ports >> 16) + (u->ports & 0xffff) + udp_len));
	store_be32(p, u->ports);
	store_be32(p + 4, udp_len << 16 | checksum);
	f->payload_off = UDP_HDR_BYTES;
	f->hdr_len = UDP_HDR_BYTES;
	return f;
}

/* By whatever way, and of any size. */
static never_inline int send_any(struct holm_udp *u, const struct holm_endpoint *to,
				 const struct holm_span *spans, size_t nspans)
{
	struct holm_net *net = u->net;
	size_t len = udp_total_of_spans(spans, nspans);
	const struct holm_netif *netif;
	struct holm_frame *f;
	int err = udp_prepare(u, to);

	if (err)
		return err;
	if (unlikely(len > HOLM_UDP_PAYLOAD_MAX ||
		     len + UDP_HDR_BYTES > ip_dst_payload_max(u->dst))) {
		err = udp_allow_large(u, len);
		if (err)
			return err;
	}
	netif = u->dst->netif;
	if (unlikely(netif->tail - netif->head > netif->ring_mask))
		return udp_wait_for_room(u);
	f = build(u, spans, nspans, len);
	if (unlikely(!f))
		return udp_wait_for_room(u);
	net_count(net, HOLM_COUNT_UDP_TX);
	ip_output(net, u->dst, f, &u->tx);
	return 0;
}

/*
 * Nothing is to be found out about where it goes, its neighbour answers, and the datagram fits the path
 * and one frame, for which there is room?
 */
static inline bool is_clear(const struct holm_net *net, const struct ip_dst *dst, size_t len)
{
	const struct neigh *neigh = dst->neigh;

	return dst->gen == net->ip_gen && neigh && net->now < neigh->fresh_until_ns &&
	       len <= LINEAR_MAX - UDP_HDR_BYTES &&
	       len + dst->header_bytes + UDP_HDR_BYTES <= dst->mtu && netif_is_open(neigh->netif);
}

/* What is said in front of one datagram. */
struct words {
	const struct ip_template *header; /* NULL: the words of tx */
	struct ip_tx tx;
	uint64_t sum; /* of the pseudo header and the ports, without any length; as in memory */
	uint32_t ports;
};

static always_inline void write_header(uint8_t *p, uint32_t len, const struct words *w, bool ip6)
{
	const struct ip_tx *tx = &w->tx;

	if (w->header && ip6)
		ip_template_write6(p, len, w->header);
	else if (w->header)
		ip_template_write4(p, len, w->header);
	else if (ip6)
		ip6_write_header(p, len,
				 &(struct ip6_tx){ .src = tx->src,
						   .dst = tx->dst,
						   .flow_label = tx->flow_label,
						   .proto = IP4_PROTO_UDP,
						   .tos = tx->tos,
						   .ttl = tx->ttl });
	else
		ip4_write_header(p, IP4_HDR_BYTES + len,
				 &(struct ip4_tx){ .src = ip4_from_addr(tx->src),
						   .dst = ip4_from_addr(tx->dst),
						   .frag = IP4_DF,
						   .proto = IP4_PROTO_UDP,
						   .tos = tx->tos,
						   .ttl = tx->ttl });
}

/* All headers of a datagram of one family, and the payload, each written once. */
static always_inline int send_clear(struct holm_net *net, struct holm_udp *u,
				    const struct holm_span *span, const struct words *w, bool ip6)
{
	uint32_t l4_off = ETH_HDR_BYTES + (ip6 ? IP6_HDR_BYTES : IP4_HDR_BYTES);
	const struct neigh *neigh = u->dst->neigh;
	struct holm_frame *f = netif_take_frame(net, neigh->netif, l4_off, UDP_HDR_BYTES,
						(uint32_t)span->len, false);
	uint32_t udp_len = (uint32_t)(UDP_HDR_BYTES + span->len);
	uint16_t length = checksum_word((uint16_t)udp_len), checksum;
	uint8_t *p, *udp;
	uint64_t sum;

	if (unlikely(!f))
		return udp_wait_for_room(u);
	p = f->segs_inline[0].data;
	udp = p + l4_off;
	/* The length counts twice: in the pseudo header and in the header. */
	sum = checksum_copy_words(udp + UDP_HDR_BYTES, span->data, span->len, w->sum + 2u * length);
	checksum = udp_checksum(checksum_fold_wide(sum));
	memcpy(p, neigh->header, ETH_HDR_BYTES);
	write_header(p + ETH_HDR_BYTES, udp_len, w, ip6);
	store_be32(udp, w->ports);
	memcpy(udp + offsetof(struct udp_hdr, len), &length, sizeof(length));
	memcpy(udp + offsetof(struct udp_hdr, checksum), &checksum, sizeof(checksum));
	net_count(net, HOLM_COUNT_UDP_TX);
	netif_put(neigh->netif, f);
	return 0;
}

static always_inline int send_templated(struct holm_net *net, struct holm_udp *u,
					const struct holm_span *span, bool ip6)
{
	const struct words w = { .header = &u->header,
				 .sum = checksum_to_memory(u->sum),
				 .ports = u->ports };

	return send_clear(net, u, span, &w, ip6);
}

/* Words of its own for each, since the next one goes to another port, or somebody else. */
static always_inline int send_worded(struct holm_net *net, struct holm_udp *u, uint16_t rport,
				     const struct holm_span *span, bool ip6)
{
	const struct udp_manner *m = ip6 ? &u->ip6 : &u->ip4;
	const struct holm_addr *src = udp_has_source(u) ? &u->local : &u->dst->src;
	const struct holm_addr *dst = &u->dst->remote;
	struct words w = {
		.tx = { .src = src,
			.dst = dst,
			.proto = IP4_PROTO_UDP,
			.tos = m->tos,
			.ttl = m->ttl },
		.ports = (uint32_t)u->lport << 16 | rport,
	};

	w.sum = checksum_to_memory(flow_sum(src, dst, u->lport, rport));
	if (ip6)
		w.tx.flow_label = ip6_flow_label(net, src, dst, IP4_PROTO_UDP, w.ports);
	return send_clear(net, u, span, &w, ip6);
}

/* Nothing speaks against it that has to do with the endpoint alone? */
static inline bool is_ready(const struct holm_udp *u, const struct udp_manner *m)
{
	return !u->error && !u->dev_gone && u->port && m->pmtu == HOLM_UDP_PMTU_WANT;
}

/* One datagram to somebody, as a server answers: mostly by a way that is known. */
static never_inline int send_to(struct holm_net *net, struct holm_udp *u,
				const struct holm_endpoint *to, const struct holm_span *span)
{
	bool ip6 = !holm_addr_is_ip4(&to->addr);
	int err;

	if (unlikely(!is_ready(u, ip6 ? &u->ip6 : &u->ip4) || to->port == 0))
		return send_any(u, to, span, 1);
	err = find_dst(u, to);
	if (unlikely(err))
		return err;
	if (unlikely(!is_clear(net, u->dst, span->len) || !sums_in_software(u->dst->netif)))
		return send_any(u, to, span, 1);
	return ip6 ? send_worded(net, u, to->port, span, true)
		   : send_worded(net, u, to->port, span, false);
}

int holm_udp_send(struct holm_udp *u, const struct holm_endpoint *to, const struct holm_span *spans,
		  size_t nspans)
{
	struct holm_net *net = u->net;

	ASSERT(!net->callbacks);
	if (unlikely(nspans != 1))
		return send_any(u, to, spans, nspans);
	if (to)
		return send_to(net, u, to, spans);
	if (unlikely(!u->templated || !is_clear(net, u->dst, spans[0].len)))
		return send_any(u, to, spans, nspans);
	return u->header.len == IP4_HDR_BYTES ? send_templated(net, u, spans, false)
					      : send_templated(net, u, spans, true);
}
