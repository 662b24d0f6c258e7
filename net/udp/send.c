/*
 * Sending datagrams: destination, frame, checksum, out. One pass over the payload, which copies it
 * and, where the device does not, sums it.
 */
#include "net/udp/udp.h"

#include "net/ip/sum.h"
#include "net/wire/ip4.h"
#include "net/wire/udp.h"

/* What fits behind the head-room of one frame, header included. */
#define LINEAR_MAX (HOLM_FRAME_BYTES - HOLM_FRAME_HEADROOM)

void udp_drop_dst(struct holm_udp *u)
{
	if (u->dst)
		ip_dst_put(u->net, u->dst);
	u->dst = NULL;
}

void udp_wake(struct holm_net *net, struct netif_waiter *waiter)
{
	struct holm_udp *u = container_of(waiter, struct holm_udp, waiter);

	(void)net;
	udp_update_state(u);
}

/* No room: the program hears when there is some. */
static int wait_for_room(struct holm_udp *u)
{
	netif_wait(u->dst->netif, &u->waiter);
	udp_update_state(u);
	return -HOLM_EAGAIN;
}

/* Point u->dst at where the datagram goes, which is mostly where the last one went. */
static inline int find_dst(struct holm_udp *u, const struct holm_endpoint *to)
{
	const struct holm_addr *remote = to ? &to->addr : &u->remote;
	struct ip_dst *dst;
	int err;

	if (likely(u->dst && udp_same_addr(&u->dst->remote, remote)))
		return 0;
	err = ip_dst_get(u->net, remote, u->dev, &dst);
	if (err)
		return err;
	udp_drop_dst(u);
	u->dst = dst;
	return 0;
}

/* Everything that may speak against sending; afterwards only memory can. */
static int prepare(struct holm_udp *u, const struct holm_endpoint *to)
{
	int err;

	if (unlikely(u->error))
		return holm_udp_take_error(u);
	if (unlikely(u->dev_gone))
		return -HOLM_ENODEV;
	if (unlikely(!to && !u->connected))
		return -HOLM_EDESTADDRREQ;
	if (unlikely(to && (to->port == 0 || holm_addr_is_any(&to->addr))))
		return -HOLM_EINVAL;
	if (unlikely(!u->port)) {
		err = udp_bind_any_port(u);
		if (err)
			return err;
	}
	err = find_dst(u, to);
	if (unlikely(err))
		return err;
	if (unlikely(!ip_dst_check(u->net, u->dst)))
		return -HOLM_ENETUNREACH;
	return unlikely(u->dst->broadcast && !u->may_broadcast) ? -HOLM_EACCES : 0;
}

static size_t total_of(const struct holm_span *spans, size_t nspans)
{
	size_t len = 0;

	for (size_t i = 0; i < nspans; i++) {
		/* Beyond what can be sent, the exact figure does not matter. */
		if (spans[i].len > HOLM_UDP_PAYLOAD_MAX)
			return HOLM_UDP_PAYLOAD_MAX + 1u;
		len += spans[i].len;
	}
	return len;
}

/* Copy spans behind the header of a linear frame; returns the sum of header, payload and `sum`. */
static uint32_t copy_summed(uint8_t *p, const struct holm_span *spans, size_t nspans, uint32_t sum)
{
	size_t at = 0;

	if (likely(nspans == 1))
		return checksum_copy(p, spans[0].data, spans[0].len, sum);
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

static void copy_plain(uint8_t *p, const struct holm_span *spans, size_t nspans)
{
	for (size_t i = 0; i < nspans; i++) {
		if (spans[i].len)
			memcpy(p, spans[i].data, spans[i].len);
		p += spans[i].len;
	}
}

/* Copy spans into as many frames as they take, whose buffers `f` keeps. False: out of frames. */
static bool copy_scattered(struct holm_net *net, struct holm_frame *f,
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

/* The checksum as the interface wants it: `sum` covers everything, `pseudo` the pseudo header. */
static void seal(const struct holm_netif *netif, struct holm_frame *f, uint32_t pseudo,
		 uint32_t sum)
{
	uint8_t *p = holm_frame_data(f);

	if (netif->features & HOLM_DEV_NO_CSUM)
		return;
	if (netif->features & HOLM_DEV_TX_CSUM) {
		f->csum = HOLM_CSUM_PARTIAL;
		f->csum_start = 0;
		f->csum_off = UDP_CSUM_OFFSET;
		store_be16(p + UDP_CSUM_OFFSET, (uint16_t)~checksum_finish(pseudo));
		return;
	}
	store_be16(p + UDP_CSUM_OFFSET, udp_checksum(sum));
}

/* A frame with header and payload; NULL: no frame left. */
static struct holm_frame *build(struct holm_udp *u, const struct ip_tx *tx, uint16_t rport,
				const struct holm_span *spans, size_t nspans, size_t len)
{
	const struct holm_netif *netif = u->dst->netif;
	struct udp_info info = { .sport = u->lport,
				 .dport = rport,
				 .len = (uint16_t)(UDP_HDR_BYTES + len) };
	struct holm_frame *f = holm_frame_alloc(u->net->pool, HOLM_FRAME_HEADROOM, false);
	uint32_t pseudo, sum;
	uint8_t *p;

	if (unlikely(!f))
		return NULL;
	pseudo = checksum_add(load_be32(tx->src->b + 12), load_be32(tx->dst->b + 12));
	if (unlikely(!holm_addr_is_ip4(tx->dst)))
		pseudo = ip_pseudo_sum(tx->src, tx->dst, IP4_PROTO_UDP, info.len);
	else
		pseudo = checksum_add(pseudo, IP4_PROTO_UDP + (uint32_t)info.len);
	sum = checksum_add(pseudo, (uint32_t)info.sport + info.dport + info.len);
	if (likely(len + UDP_HDR_BYTES <= LINEAR_MAX)) {
		p = holm_frame_put(f, UDP_HDR_BYTES + len);
		if (netif->features & (HOLM_DEV_TX_CSUM | HOLM_DEV_NO_CSUM))
			copy_plain(p + UDP_HDR_BYTES, spans, nspans);
		else
			sum = copy_summed(p + UDP_HDR_BYTES, spans, nspans, sum);
	} else {
		p = holm_frame_put(f, UDP_HDR_BYTES);
		if (!copy_scattered(u->net, f, spans, nspans)) {
			holm_frame_free(f);
			return NULL;
		}
		if (!(netif->features & (HOLM_DEV_TX_CSUM | HOLM_DEV_NO_CSUM)))
			sum = ip_frame_sum(f, UDP_HDR_BYTES, len, sum);
	}
	udp_build(p, &info);
	f->payload_off = UDP_HDR_BYTES;
	f->hdr_len = UDP_HDR_BYTES;
	seal(netif, f, pseudo, sum);
	return f;
}

int holm_udp_send(struct holm_udp *u, const struct holm_endpoint *to, const struct holm_span *spans,
		  size_t nspans)
{
	struct holm_net *net = u->net;
	size_t len = total_of(spans, nspans);
	const struct holm_netif *netif;
	struct holm_frame *f;
	struct ip_tx tx;
	int err;

	ASSERT(!net->callbacks);
	err = prepare(u, to);
	if (unlikely(err))
		return err;
	if (unlikely(len + UDP_HDR_BYTES > ip_dst_payload_max(u->dst)))
		return -HOLM_EMSGSIZE;
	netif = u->dst->netif;
	if (unlikely(netif->tail - netif->head > netif->ring_mask))
		return wait_for_room(u);
	tx.src = holm_addr_is_any(&u->local) ? &u->dst->src : &u->local;
	tx.dst = &u->dst->remote;
	tx.proto = IP4_PROTO_UDP;
	tx.tos = u->tos;
	tx.ttl = u->ttl;
	tx.dont_fragment = true;
	f = build(u, &tx, to ? to->port : u->rport, spans, nspans, len);
	if (unlikely(!f))
		return wait_for_room(u);
	net_count(net, HOLM_COUNT_UDP_TX);
	ip_output(net, u->dst, f, &tx);
	return 0;
}
