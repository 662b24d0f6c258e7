/*
 * UDP: RFC 768, RFC 1122 section 4.1. Datagrams in, ICMP errors about datagrams out, and the table
 * behind the public name holm_udp. Payload is handed over in the frame that it came in.
 */
#include "net/udp/udp.h"

#include "lib/checksum_short.h"
#include "net/core/pool.h"
#include "net/core/proto.h"
#include "net/core/sum.h"
#include "net/wire/ip4.h"
#include "net/wire/udp.h"

/* ---- Delivery. */

/*
 * A datagram that fills less than half of the memory it pins is copied into a frame of our own, if
 * that pins less: a device's large buffers go back to the device.
 */
static never_inline struct holm_frame *slim(struct holm_net *net, struct holm_frame *f)
{
	uint32_t pinned = udp_pinned_by(f);
	struct holm_frame *copy = holm_frame_copy(net->pool, f);

	if (!copy)
		return f;
	if (udp_pinned_by(copy) >= pinned) {
		holm_frame_free(copy);
		return f;
	}
	memcpy(copy->cb.bytes, f->cb.bytes, sizeof(f->cb.bytes));
	holm_frame_free(f);
	return copy;
}

static always_inline void deliver(struct holm_net *net, struct holm_udp *u, struct holm_frame *f)
{
	uint32_t pinned = udp_pinned_by(f);
	uint32_t len = ip_rx(f)->l4_len;

	if (unlikely(pinned > HOLM_FRAME_BYTES && len < pinned / 2)) {
		f = slim(net, f);
		pinned = udp_pinned_by(f);
	}
	/* Below the reserve the pool keeps its frames for reception and acknowledgements. */
	if (unlikely(u->nframes >= net->config.udp_rcv_frames_max ||
		     u->pinned_bytes + pinned > u->rcvbuf_bytes ||
		     pool_available(net->pool) == 0)) {
		net_drop(net, f, HOLM_DROP_UDP_QUEUE_FULL);
		return;
	}
	f->next = NULL;
	if (u->first)
		u->last->next = f;
	else
		u->first = f;
	u->last = f;
	u->nframes++;
	u->pinned_bytes += pinned;
	u->payload_bytes += len - UDP_HDR_BYTES;
	net_count(net, HOLM_COUNT_UDP_RX);
	u->ep.state |= HOLM_READABLE;
	ep_notify(net, &u->ep);
}

/* ---- To many. */

/* A datagram to a group, to everybody, or to a strange address. */
struct to_many {
	struct holm_frame *f;
	struct ip_rx rx;
	uint16_t sport;
	struct holm_udp *last; /* the last that it concerns, which has not got it yet */
};

static bool concerns(const struct holm_udp *u, const struct to_many *d)
{
	const struct holm_dev *dev = d->f->dev;

	if (u->connected && (u->rport != d->sport || !holm_addr_equal(&u->remote, &d->rx.src)))
		return false;
	if (d->rx.flags & IP_RX_FOREIGN)
		return u->any_dst && !u->dev_gone && (!u->dev || u->dev == dev);
	return udp_takes(u, &d->rx.dst, dev) &&
	       (!(d->rx.flags & IP_RX_MULTICAST) || udp_hears_group(u, &d->rx.dst, dev));
}

static never_inline void deliver_to_one(struct holm_net *net, struct holm_udp *u,
					struct holm_frame *f)
{
	deliver(net, u, f);
}

static void deliver_clone(struct holm_net *net, const struct to_many *d)
{
	struct holm_frame *clone = holm_frame_clone(net->pool, d->f);

	if (!clone) {
		net_drop_note(net, HOLM_DROP_NO_FRAME);
		return;
	}
	*ip_rx(clone) = d->rx;
	deliver_to_one(net, d->last, clone);
}

/* Everybody but the last gets a clone. */
static void deliver_to_list(struct holm_net *net, const struct list *list, struct to_many *d)
{
	struct list_node *n;

	for (n = list_first(list); n; n = list_next(list, n)) {
		struct holm_udp *u = container_of(n, struct holm_udp, port_node);

		if (!concerns(u, d))
			continue;
		if (d->last)
			deliver_clone(net, d);
		d->last = u;
	}
}

static never_inline void deliver_to_all(struct holm_net *net, struct holm_frame *f, uint16_t sport,
					uint16_t dport)
{
	const struct udp_port *port = udp_port_find(net, dport);
	struct to_many d = { .f = f, .rx = *ip_rx(f), .sport = sport };

	if (port) {
		deliver_to_list(net, &port->unconnected, &d);
		deliver_to_list(net, &port->connected, &d);
	}
	if (d.last)
		deliver_to_one(net, d.last, f);
	else
		net_drop(net, f, HOLM_DROP_UDP_NO_PORT);
}

/* ---- Input. */

/* A lower layer has looked already, or nothing can be damaged there. */
static inline bool is_trusted(const struct holm_frame *f)
{
	return f->csum != HOLM_CSUM_NONE || (f->dev->netif->features & HOLM_DEV_NO_CSUM);
}

/*
 * IPv4 senders may leave the checksum out. RFC 8200 8.1:
 *   IPv6 receivers must discard UDP packets containing a zero checksum.
 */
static never_inline bool may_lack_checksum(const struct holm_frame *f)
{
	const struct ip_rx *rx = (const struct ip_rx *)(const void *)f->cb.bytes;

	return holm_addr_is_ip4(&rx->src) || is_trusted(f);
}

/* Of a datagram in one piece; `sum` is that of the pseudo header, of words as they lie in memory. */
static always_inline bool bytes_hold(const uint8_t *p, size_t len, uint64_t sum)
{
	struct checksum_tally t = { .sum = sum };

	checksum_tally_block(&t, p, len);
	return checksum_tally_holds(&t);
}

/* `linear` bytes lie at `p` in one piece. */
static always_inline bool checksum_holds(const struct holm_frame *f, const uint8_t *p,
					 size_t linear, const struct udp_info *info)
{
	const struct ip_rx *rx = (const struct ip_rx *)(const void *)f->cb.bytes;
	uint32_t sum;

	if (unlikely(info->checksum == 0))
		return may_lack_checksum(f);
	if (is_trusted(f))
		return true;
	/* The prefix of IPv4-mapped addresses sums to zero, so this serves both families. */
	sum = checksum_32(rx->src.b, (uint32_t)IP4_PROTO_UDP + info->len);
	if (unlikely(info->len > linear))
		return checksum_finish(frame_sum(f, f->l4_off, info->len, sum)) == 0;
	return bytes_hold(p, info->len, checksum_to_memory(sum));
}

static void udp_input(struct holm_net *net, struct holm_frame *f)
{
	size_t linear = f->segs[0].len - (size_t)f->l4_off;
	struct ip_rx *rx = ip_rx(f);
	const uint8_t *p;
	struct holm_udp *u;
	struct udp_info info;
	enum holm_drop why;

	if (unlikely(linear < UDP_HDR_BYTES)) {
		if (!holm_frame_pullup(f, (size_t)f->l4_off + UDP_HDR_BYTES)) {
			net_drop(net, f, HOLM_DROP_UDP_SHORT);
			return;
		}
		linear = UDP_HDR_BYTES;
	}
	p = holm_frame_data(f) + f->l4_off;
	if (unlikely(!udp_parse(p, UDP_HDR_BYTES, rx->l4_len, &info, &why))) {
		net_drop(net, f, why);
		return;
	}
	if (unlikely(!checksum_holds(f, p, linear, &info))) {
		net_drop(net, f, HOLM_DROP_UDP_CSUM);
		return;
	}
	rx->l4_len = info.len;
	f->payload_off = (uint16_t)(f->l4_off + UDP_HDR_BYTES);
	if (unlikely(rx->flags)) {
		deliver_to_all(net, f, info.sport, info.dport);
		return;
	}
	u = udp_lookup(net, f->dev, rx, p);
	if (unlikely(!u)) {
		ip_send_port_unreachable(net, f);
		net_drop(net, f, HOLM_DROP_UDP_NO_PORT);
		return;
	}
	deliver(net, u, f);
}

/* ---- Runs: plain packets of one family to addresses of ours, off one device. */

/* How many frames of the pool, each with a buffer of its own, does it take yet? */
static size_t room_of(const struct holm_net *net, const struct holm_udp *u)
{
	uint32_t frames = net->config.udp_rcv_frames_max, bytes = u->rcvbuf_bytes;

	/* A buffer may have become smaller than what is in it. */
	if (unlikely(u->pinned_bytes >= bytes || pool_available(net->pool) == 0))
		return 0;
	return min_u32(frames - u->nframes, (bytes - u->pinned_bytes) / HOLM_FRAME_BYTES);
}

/* A datagram that fills its packet, with a checksum, in one piece in a frame of the pool? */
static always_inline bool is_plain(struct holm_frame *f, const uint8_t *p)
{
	uint32_t len = ip_rx(f)->l4_len;

	return likely(len >= UDP_HDR_BYTES && f->nsegs == 1 && f->segs[0].buf == &f->home &&
		      load_be16(p + 4) == len && load_be16(p + UDP_CSUM_OFFSET) != 0);
}

/* The sum of both addresses, which lie in front of a datagram of a run, and of the protocol: as in memory. */
static always_inline uint64_t sum_of_ends(const struct holm_frame *f, const uint8_t *p)
{
	uint64_t sum = checksum_word(IP4_PROTO_UDP);

	if (likely(f->l4_off - f->l3_off == IP4_HDR_BYTES))
		return sum + checksum_load32(p - 8) + checksum_load32(p - 4);
	for (size_t i = 4; i <= 2 * sizeof(struct holm_addr); i += 4)
		sum += checksum_load32(p - i);
	return sum;
}

/* Of a plain datagram; `ends` is the sum of its ends. */
static always_inline bool sum_holds(struct holm_frame *f, const uint8_t *p, uint64_t ends)
{
	uint16_t length;

	if (f->csum != HOLM_CSUM_NONE)
		return true;
	/* In the pseudo header the length counts once more. */
	memcpy(&length, p + 4, sizeof(length));
	return bytes_hold(p, ip_rx(f)->l4_len, ends + length);
}

/* What tells datagrams of a run that are for one endpoint from others. */
struct aim {
	uint64_t flow, ends;  /* of the last, and its sum_of_ends() */
	uint32_t ports, mask; /* the ports, as in memory; of who is alone on its own, that */
};

/* The ports that have to agree: who is not connected, and alone on its port, gets all that is for that. */
static inline uint32_t mask_for(const struct holm_udp *u)
{
	static const uint8_t own[4] = { 0, 0, 0xff, 0xff };

	return u->port->only && !u->connected ? checksum_load32(own) : UINT32_MAX;
}

static always_inline struct aim aim_of(const struct holm_udp *u, struct holm_frame *f,
				       const uint8_t *p)
{
	return (struct aim){
		.flow = ip_rx(f)->flow,
		.ends = sum_of_ends(f, p),
		.ports = checksum_load32(p),
		.mask = mask_for(u),
	};
}

/* Is a plain datagram for the same endpoint as the one before? */
static always_inline bool is_aimed_alike(struct aim *aim, struct holm_frame *f, const uint8_t *p,
					 struct holm_frame *before)
{
	if ((checksum_load32(p) ^ aim->ports) & aim->mask)
		return false;
	if (likely(ip_rx(f)->flow == aim->flow))
		return true;
	aim->flow = ip_rx(f)->flow;
	aim->ends = sum_of_ends(f, p);
	return aim->mask != UINT32_MAX && udp_same_addr(&ip_rx(f)->dst, &ip_rx(before)->dst);
}

/*
 * Of a run, how many, from the first on, which is plain and for u, go to u as they are? It is told of them at
 * once. 0: the first is damaged, or there is no room.
 */
static always_inline size_t deliver_run(struct holm_net *net, struct holm_udp *u,
					struct holm_frame **frames, size_t n)
{
	struct holm_frame **at = frames, **end = frames + min_size(n, room_of(net, u)), *f = *at;
	struct holm_frame **link = u->first ? &u->last->next : &u->first;
	bool trusted = (f->dev->netif->features & HOLM_DEV_NO_CSUM) != 0;
	const uint8_t *p = holm_frame_data(f) + f->l4_off;
	struct aim aim = aim_of(u, f, p);
	uint32_t bytes = 0, done;

	while (at < end && (trusted || sum_holds(f, p, aim.ends))) {
		f->payload_off = (uint16_t)(f->l4_off + UDP_HDR_BYTES);
		bytes += ip_rx(f)->l4_len - UDP_HDR_BYTES;
		*link = f;
		link = &f->next;
		if (++at == end)
			break;
		f = *at;
		p = holm_frame_data(f) + f->l4_off;
		if (!is_plain(f, p) || !is_aimed_alike(&aim, f, p, at[-1]))
			break;
	}
	done = (uint32_t)(at - frames);
	if (unlikely(done == 0))
		return 0;
	*link = NULL;
	u->last = at[-1];
	u->nframes += done;
	u->pinned_bytes += done * HOLM_FRAME_BYTES;
	u->payload_bytes += bytes;
	net_count_n(net, HOLM_COUNT_UDP_RX, done);
	u->ep.state |= HOLM_READABLE;
	ep_notify(net, &u->ep);
	return done;
}

static void udp_input_run(struct holm_net *net, struct holm_frame **frames, size_t n)
{
	size_t done = 0;

	while (done < n) {
		struct holm_frame *f = frames[done];
		const uint8_t *p = holm_frame_data(f) + f->l4_off;
		struct holm_udp *u = NULL;
		size_t some = 0;

		if (is_plain(f, p))
			u = udp_lookup(net, f->dev, ip_rx(f), p);
		if (likely(u))
			some = deliver_run(net, u, frames + done, n - done);
		if (unlikely(some == 0))
			udp_input(net, frames[done++]);
		done += some;
	}
}

/* ---- The table, life. */

static void netif_gone(struct holm_udp *u, const struct holm_netif *netif)
{
	if (u->dev == netif->dev) {
		u->dev = NULL;
		u->dev_gone = true;
		udp_set_error(u, HOLM_ENETDOWN);
	}
	udp_leave_dev(u, netif->dev);
	for (struct holm_frame *f = u->first; f; f = f->next)
		if (f->dev == netif->dev)
			f->dev = NULL;
	netif_unwait(&u->waiter);
	udp_update_state(u);
}

static void udp_netif_changed(struct holm_net *net, struct holm_netif *netif)
{
	struct list *all = &net->udp->all;
	struct list_node *n;

	if (net->netifs[netif->index] == netif)
		return;
	for (n = list_first(all); n; n = list_next(all, n))
		netif_gone(container_of(n, struct holm_udp, all_node), netif);
}

static bool udp_each(struct holm_net *net,
		     bool (*visit)(void *ctx, const struct holm_ep_info *info), void *ctx)
{
	struct list *all = &net->udp->all;
	struct list_node *n;

	for (n = list_first(all); n; n = list_next(all, n)) {
		struct holm_udp *u = container_of(n, struct holm_udp, all_node);
		struct holm_ep_info info = { .kind = HOLM_EP_UDP, .cookie = u->ep.cookie };

		info.tcp.state = u->connected ? HOLM_TCP_ESTABLISHED : HOLM_TCP_CLOSED;
		holm_udp_local(u, &info.tcp.local);
		info.tcp.remote.addr = u->remote;
		info.tcp.remote.port = u->rport;
		info.tcp.rcv_queue = u->payload_bytes;
		if (!visit(ctx, &info))
			return false;
	}
	return true;
}

static void *table_alloc(void *ctx, size_t size)
{
	return mem_alloc(ctx, size);
}

static void table_free(void *ctx, void *p, size_t size)
{
	mem_free(ctx, p, size);
}

static int udp_start(struct holm_net *net)
{
	struct udp_state *udp = mem_zalloc(&net->mem, sizeof(*udp));

	if (!udp)
		return -HOLM_ENOMEM;
	udp->allocator = (struct allocator){ table_alloc, table_free, &net->mem };
	table_init(&udp->flows, &udp->allocator);
	table_init(&udp->ports, &udp->allocator);
	list_init(&udp->all);
	net->udp = udp;
	ip_cast_start(net);
	return 0;
}

static void udp_stop(struct holm_net *net)
{
	struct udp_state *udp = net->udp;
	struct list_node *n;

	if (!udp)
		return;
	while ((n = list_first(&udp->all)) != NULL)
		udp_destroy(container_of(n, struct holm_udp, all_node));
	table_fini(&udp->flows);
	table_fini(&udp->ports);
	mem_free(&net->mem, udp, sizeof(*udp));
	net->udp = NULL;
}

const struct holm_proto holm_udp = {
	.name = "udp",
	.kind = PROTO_TRANSPORT,
	.number = IP4_PROTO_UDP,
	.start = udp_start,
	.stop = udp_stop,
	.input = udp_input,
	.input_run = udp_input_run,
	.error = udp_error,
	.netif_changed = udp_netif_changed,
	.each = udp_each,
};
