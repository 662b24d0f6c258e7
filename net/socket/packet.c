/*
 * AF_PACKET: endpoints of net/link/packet.h behind the calls of POSIX. SOCK_RAW has the link header in its
 * messages, SOCK_DGRAM in its addresses. Opening one is privileged. No rings, no filters.
 */
#include "net/link/packet.h"

#include "lib/bytes.h"
#include "lib/mem.h"
#include "net/core/iov.h"
#include "net/core/proto.h"
#include "net/socket/socket.h"

/* sll_hatype: ARPHRD_ETHER, ARPHRD_LOOPBACK. */
enum { HARDWARE_ETHER = 1, HARDWARE_LOOPBACK = 772 };
/* What of a sockaddr_ll is there without an address. */
#define LL_FIXED_BYTES 12u
/* Memberships of one socket. */
#define MEMBERSHIPS_MAX 8u

struct packet_socket {
	struct holm_socket base;
	struct packet_end *end;
	uint32_t nmembers;
	struct holm_packet_mreq members[MEMBERSHIPS_MAX];
};

static struct packet_socket *packet_of(struct holm_socket *s)
{
	return container_of(s, struct packet_socket, base);
}

static struct packet_end *end_of(struct holm_socket *s)
{
	return packet_of(s)->end;
}

/* ---- life ---- */

/* Ethertypes come in network order, also as a socket's protocol. */
static uint16_t type_of(uint16_t wire)
{
	uint8_t b[2];

	memcpy(b, &wire, sizeof(b));
	return load_be16(b);
}

static int packet_socket_open(struct holm_socket *s)
{
	struct packet_end *e;
	int err;

	if (!socket_may(s, HOLM_CAP_NET_RAW))
		return -HOLM_EPERM;
	err = packet_open(s->net, s->type == HOLM_SOCK_DGRAM, type_of(s->protocol), &e);
	if (err)
		return err;
	packet_of(s)->end = e;
	e->base.ep.cookie = s->cookie;
	s->protocol = 0; /* what SO_PROTOCOL shows on Linux */
	/* What is set is half of what is granted, as everywhere. */
	s->rcvbuf = s->net->config.raw_rcvbuf_bytes / 2;
	s->sndbuf = s->rcvbuf;
	return 0;
}

static void packet_socket_close(struct holm_socket *s, bool abort)
{
	(void)abort;
	packet_close(end_of(s));
}

static void packet_socket_set_cookie(struct holm_socket *s)
{
	end_of(s)->base.ep.cookie = s->cookie;
}

/* ---- names ---- */

static struct holm_dev *dev_of(struct holm_socket *s, int32_t ifindex)
{
	return ifindex > 0 ? holm_net_dev_at(s->net, (uint32_t)ifindex - 1) : NULL;
}

static uint16_t hardware_of(bool loopback)
{
	return loopback ? HARDWARE_LOOPBACK : HARDWARE_ETHER;
}

static int packet_socket_bind(struct holm_socket *s, const void *addr, uint32_t len)
{
	struct packet_end *e = end_of(s);
	struct holm_sockaddr_ll ll;
	struct holm_dev *dev = NULL;

	if (!addr)
		return -HOLM_EFAULT;
	if (len < sizeof(ll))
		return -HOLM_EINVAL;
	memcpy(&ll, addr, sizeof(ll));
	if (ll.family != HOLM_AF_PACKET)
		return -HOLM_EINVAL;
	if (ll.ifindex != 0) {
		dev = dev_of(s, ll.ifindex);
		if (!dev)
			return -HOLM_ENODEV;
	}
	packet_bind(e, dev, load_be16(ll.protocol) ? load_be16(ll.protocol) : e->type);
	return 0;
}

static int packet_socket_connect(struct holm_socket *s, const void *addr, uint32_t len)
{
	(void)s;
	(void)addr;
	(void)len;
	return -HOLM_EOPNOTSUPP;
}

static int packet_socket_shutdown(struct holm_socket *s, unsigned shut)
{
	(void)s;
	(void)shut;
	return -HOLM_EOPNOTSUPP;
}

static void put_name(const struct holm_sockaddr_ll *ll, uint32_t full, void *addr, uint32_t *len)
{
	if (addr)
		memcpy(addr, ll, min_u32(*len, full));
	*len = full;
}

static int packet_socket_name(struct holm_socket *s, enum socket_name which, void *addr,
			      uint32_t *len)
{
	const struct packet_end *e = end_of(s);
	struct holm_sockaddr_ll ll = { .family = HOLM_AF_PACKET };

	if (which != SOCKET_NAME_LOCAL)
		return -HOLM_EOPNOTSUPP;
	store_be16(ll.protocol, e->type);
	if (e->dev) {
		ll.ifindex = (int32_t)holm_dev_index(e->dev) + 1;
		ll.hatype = hardware_of(e->dev->netif->loopback);
		ll.halen = sizeof(e->dev->mac);
		memcpy(ll.addr, &e->dev->mac, sizeof(e->dev->mac));
	}
	put_name(&ll, LL_FIXED_BYTES + ll.halen, addr, len);
	return 0;
}

/* ---- frames ---- */

static int read_destination(struct holm_socket *s, const struct holm_msg *msg, struct packet_to *to,
			    struct holm_mac *mac)
{
	struct holm_sockaddr_ll ll = { 0 };

	if (msg->name_len < LL_FIXED_BYTES)
		return -HOLM_EINVAL;
	memcpy(&ll, msg->name, min_u32(msg->name_len, sizeof(ll)));
	if (ll.family != HOLM_AF_PACKET || msg->name_len < LL_FIXED_BYTES + ll.halen)
		return -HOLM_EINVAL;
	to->dev = dev_of(s, ll.ifindex);
	to->type = load_be16(ll.protocol);
	if (s->type == HOLM_SOCK_DGRAM && msg->name_len < LL_FIXED_BYTES + sizeof(*mac))
		return -HOLM_EINVAL;
	memcpy(mac, ll.addr, sizeof(*mac));
	to->mac = mac;
	return 0;
}

static int64_t packet_socket_send(struct holm_socket *s, const struct holm_msg *msg, int flags)
{
	struct packet_end *e = end_of(s);
	struct packet_to to = { .dev = e->dev, .type = e->type };
	struct holm_mac mac;
	int err = 0;

	if (flags & (HOLM_MSG_OOB | HOLM_MSG_DONTROUTE | HOLM_MSG_MORE))
		return -HOLM_EOPNOTSUPP;
	if (e->base.error)
		return frame_end_take_error(&e->base);
	if (msg->name)
		err = read_destination(s, msg, &to, &mac);
	if (!err && !to.dev)
		err = -HOLM_ENXIO;
	if (!err)
		err = packet_send(e, &to, msg);
	return err ? err : (int64_t)holm_iov_bytes(msg->iov, msg->iovcnt);
}

static void tell_sender(const struct holm_frame *f, struct holm_msg *msg)
{
	const struct packet_rx *rx = packet_rx(f);
	struct holm_sockaddr_ll ll = {
		.family = HOLM_AF_PACKET,
		.ifindex = (int32_t)rx->ifindex,
		.hatype = hardware_of(rx->looped),
		.pkttype = rx->kind,
		.halen = sizeof(rx->src),
	};

	store_be16(ll.protocol, rx->type);
	memcpy(ll.addr, &rx->src, sizeof(rx->src));
	put_name(&ll, sizeof(ll), msg->name, &msg->name_len);
}

static int64_t packet_socket_recv(struct holm_socket *s, struct holm_msg *msg, int flags)
{
	struct packet_end *e = end_of(s);
	struct holm_frame *f;
	size_t off, len, done;
	int err;

	if (flags & HOLM_MSG_OOB)
		return -HOLM_EINVAL;
	err = frame_end_peek(&e->base, &f);
	if (err)
		return err;
	off = packet_offset(e);
	len = f->len - off;
	done = iov_from_frame(f, off, len, msg->iov, msg->iovcnt);
	if (done < len)
		msg->flags |= HOLM_MSG_TRUNC;
	if (msg->name)
		tell_sender(f, msg);
	if (msg->ancillary && s->wants) {
		msg->ancillary->has |= s->wants;
		msg->ancillary->time_ns = f->time_ns;
	}
	if (!(flags & HOLM_MSG_PEEK))
		frame_end_drop(&e->base);
	return (int64_t)(flags & HOLM_MSG_TRUNC ? len : done);
}

/* ---- levels ---- */

static unsigned packet_socket_poll(struct holm_socket *s)
{
	return socket_datagram_poll(s, end_of(s)->base.ep.state);
}

static size_t packet_socket_readable(struct holm_socket *s)
{
	const struct packet_end *e = end_of(s);

	return e->base.rxq.first ? e->base.rxq.first->len - packet_offset(e) : 0;
}

static int packet_socket_take_error(struct holm_socket *s)
{
	return frame_end_take_error(&end_of(s)->base);
}

static int packet_socket_resize(struct holm_socket *s)
{
	end_of(s)->base.rxq.max_bytes = max_u32(2 * s->rcvbuf, HOLM_FRAME_BYTES);
	return 0;
}

/* ---- options ---- */

static bool is_same(const struct holm_packet_mreq *a, const struct holm_packet_mreq *b)
{
	return a->ifindex == b->ifindex && a->type == b->type && a->alen == b->alen &&
	       memcmp(a->addr, b->addr, a->alen) == 0;
}

static int read_membership(struct holm_socket *s, const void *value, uint32_t len,
			   struct holm_packet_mreq *m, struct holm_dev **dev)
{
	if (len < sizeof(*m))
		return -HOLM_EINVAL;
	memcpy(m, value, sizeof(*m));
	*dev = dev_of(s, m->ifindex);
	return 0;
}

/*
 * What is asked for is more than the device's own frames. A device without a filter hands in all that it
 * hears, so it is so already; one that filters cannot be told to let everything through.
 */
static int join(struct holm_socket *s, const void *value, uint32_t len)
{
	struct packet_socket *p = packet_of(s);
	struct holm_packet_mreq m;
	struct holm_dev *dev;
	int err = read_membership(s, value, len, &m, &dev);

	if (err)
		return err;
	if (!dev)
		return -HOLM_ENODEV;
	if (m.alen > sizeof(dev->mac) || m.type > HOLM_PACKET_MR_UNICAST)
		return -HOLM_EINVAL;
	if (dev->ops->set_filter)
		return -HOLM_ENOPROTOOPT;
	if (p->nmembers >= MEMBERSHIPS_MAX)
		return -HOLM_ENOBUFS;
	p->members[p->nmembers++] = m;
	return 0;
}

/* As on Linux, one that is not there is left all the same. */
static int leave(struct holm_socket *s, const void *value, uint32_t len)
{
	struct packet_socket *p = packet_of(s);
	struct holm_packet_mreq m;
	struct holm_dev *dev;
	int err = read_membership(s, value, len, &m, &dev);

	for (uint32_t i = 0; !err && i < p->nmembers; i++)
		if (is_same(&p->members[i], &m)) {
			p->members[i] = p->members[--p->nmembers];
			break;
		}
	return err;
}

static int packet_set_bytes(struct holm_socket *s, int level, int name, const void *value,
			    uint32_t len)
{
	if (level != HOLM_SOL_PACKET)
		return -HOLM_ENOPROTOOPT;
	if (name == HOLM_SOCKOPT_PACKET_ADD_MEMBERSHIP)
		return join(s, value, len);
	if (name == HOLM_SOCKOPT_PACKET_DROP_MEMBERSHIP)
		return leave(s, value, len);
	return -HOLM_ENOPROTOOPT;
}

static int packet_get_bytes(struct holm_socket *s, int level, int name, void *value, uint32_t *len)
{
	struct packet_end *e = end_of(s);
	struct holm_packet_stats stats = { .packets = e->packets, .drops = e->drops };

	if (level != HOLM_SOL_PACKET || name != HOLM_SOCKOPT_PACKET_STATISTICS)
		return -HOLM_ENOPROTOOPT;
	e->packets = 0;
	e->drops = 0;
	return socket_put_option(&stats, sizeof(stats), value, len);
}

static int packet_socket_set(struct holm_socket *s, int level, int name, int value)
{
	if (level == HOLM_SOL_SOCKET)
		return 0;
	if (level != HOLM_SOL_PACKET || name != HOLM_SOCKOPT_PACKET_IGNORE_OUTGOING)
		return -HOLM_ENOPROTOOPT;
	if (value < 0 || value > 1)
		return -HOLM_EINVAL;
	end_of(s)->ignore_outgoing = value != 0;
	return 0;
}

static int packet_socket_get(struct holm_socket *s, int level, int name, int *value)
{
	if (level != HOLM_SOL_PACKET || name != HOLM_SOCKOPT_PACKET_IGNORE_OUTGOING)
		return -HOLM_ENOPROTOOPT;
	*value = end_of(s)->ignore_outgoing;
	return 0;
}

static const struct socket_ops packet_ops = {
	.bytes = sizeof(struct packet_socket),
	.open = packet_socket_open,
	.close = packet_socket_close,
	.set_cookie = packet_socket_set_cookie,
	.bind = packet_socket_bind,
	.connect = packet_socket_connect,
	.name = packet_socket_name,
	.shutdown = packet_socket_shutdown,
	.send = packet_socket_send,
	.recv = packet_socket_recv,
	.poll = packet_socket_poll,
	.readable = packet_socket_readable,
	.take_error = packet_socket_take_error,
	.resize = packet_socket_resize,
	.has_timestamps = true,
	.set = packet_socket_set,
	.get = packet_socket_get,
	.set_bytes = packet_set_bytes,
	.get_bytes = packet_get_bytes,
};

static const struct socket_kind kinds[] = {
	{ HOLM_AF_PACKET, HOLM_SOCK_RAW, SOCKET_PROTOCOL_ANY, &packet_ops },
	{ HOLM_AF_PACKET, HOLM_SOCK_DGRAM, SOCKET_PROTOCOL_ANY, &packet_ops },
	{ 0 },
};

static int start(struct holm_net *net)
{
	int err = packet_start(net);

	if (!err)
		socket_add_kinds(net, kinds);
	return err;
}

static const struct holm_proto *const needs[] = { &holm_sockets, NULL };

const struct holm_proto holm_packet = {
	.name = "packet",
	.kind = PROTO_LAYER,
	.needs = needs,
	.start = start,
	.stop = packet_stop,
	.netif_changed = packet_netif_changed,
};
