/*
 * AF_INET and AF_INET6, SOCK_DGRAM: a UDP endpoint behind the calls of POSIX. Datagrams arrive as
 * frames and are copied out once; sent ones are copied into their frame by UDP.
 */
#include "net/socket/inet_dgram.h"

#include "lib/mem.h"
#include "net/core/iov.h"
#include "net/ip/trouble.h"
#include "net/socket/inet_addr.h"

/* Pieces of one datagram that need no memory of their own; as many as Linux keeps on its stack. */
#define PIECES 8u

static int dgram_open(struct holm_socket *s)
{
	struct dgram *d = inet_dgram_of(s);
	int err = holm_udp_open(s->net, &d->udp);

	if (err)
		return err;
	/* What is set is half of what is granted, as everywhere. */
	s->rcvbuf = s->net->config.udp_rcvbuf_bytes / 2;
	s->sndbuf = s->rcvbuf;
	holm_udp_set_cookie(d->udp, s->cookie);
	return 0;
}

static void dgram_close(struct holm_socket *s, bool abort)
{
	(void)abort;
	holm_udp_close(inet_dgram_of(s)->udp);
}

static void dgram_set_cookie(struct holm_socket *s)
{
	holm_udp_set_cookie(inet_dgram_of(s)->udp, s->cookie);
}

/* ---- names ---- */

static int dgram_bind(struct holm_socket *s, const void *addr, uint32_t len)
{
	struct holm_endpoint local;
	int err = inet_parse(s, &local, addr, len, INET_ADDR_BIND);

	if (!err)
		err = socket_check_port(s, local.port);
	if (err)
		return err;
	return holm_udp_bind(
		inet_dgram_of(s)->udp, &local,
		(s->reuseaddr ? (unsigned)HOLM_UDP_REUSEADDR : 0u) |
			(s->reuseport ? (unsigned)HOLM_UDP_REUSEPORT : 0u) |
			(inet_dgram_of(s)->addr_only ? (unsigned)HOLM_UDP_ADDR_ONLY : 0u));
}

static void wildcard_to_self(const struct dgram *d, struct holm_endpoint *to)
{
	struct holm_endpoint local;

	if (likely(!holm_addr_is_any(&to->addr)))
		return;
	holm_udp_local(d->udp, &local);
	inet_addr_wildcard_to_self(&d->base, to, &local.addr);
}

static int dgram_connect(struct holm_socket *s, const void *addr, uint32_t len)
{
	struct holm_endpoint remote;
	int err;

	if (inet_addr_is_unspec(addr, len))
		return holm_udp_connect(inet_dgram_of(s)->udp, NULL);
	err = inet_parse(s, &remote, addr, len, INET_ADDR_CONNECT);
	if (err)
		return err;
	wildcard_to_self(inet_dgram_of(s), &remote);
	return holm_udp_connect(inet_dgram_of(s)->udp, &remote);
}

static int dgram_name(struct holm_socket *s, enum socket_name which, void *addr, uint32_t *len)
{
	const struct dgram *d = inet_dgram_of(s);
	struct holm_endpoint e;
	int err = 0;

	if (which == SOCKET_NAME_LOCAL)
		holm_udp_local(d->udp, &e);
	else
		err = holm_udp_remote(d->udp, &e);
	if (!err && which == SOCKET_NAME_PEER && e.port == 0)
		err = -HOLM_ENOTCONN;
	return err ? err : inet_put(s, &e, addr, len);
}

/* Also where it is refused the direction is shut, as on Linux. */
static int dgram_shutdown(struct holm_socket *s, unsigned shut)
{
	struct holm_endpoint e;

	s->unusual |= (uint8_t)shut;
	return holm_udp_remote(inet_dgram_of(s)->udp, &e);
}

/* ---- datagrams ---- */

/* What programs may say of a datagram that they send. */
#define HOLM_ANC_SENT4 (HOLM_ANC_PKTINFO | HOLM_ANC_TTL | HOLM_ANC_TOS)
#define HOLM_ANC_SENT6 (HOLM_ANC_PKTINFO6 | HOLM_ANC_HOPLIMIT | HOLM_ANC_TCLASS | HOLM_ANC_DONTFRAG)

/* An AF_INET6 socket says one thing of datagrams over IPv6 and another of those over IPv4. */
static void read_words(const struct holm_ancillary *a, bool is_ip6, struct holm_udp_how *how)
{
	if (a->has & (is_ip6 ? HOLM_ANC_TCLASS : HOLM_ANC_TOS))
		how->tos = is_ip6 ? a->tclass : a->tos;
	if (a->has & (is_ip6 ? HOLM_ANC_HOPLIMIT : HOLM_ANC_TTL))
		how->ttl = is_ip6 ? a->hops : a->ttl;
	how->uncut = is_ip6 && (a->has & HOLM_ANC_DONTFRAG);
}

static bool leads_to_ip6(const struct dgram *d, const struct holm_endpoint *to)
{
	struct holm_endpoint remote;

	if (to)
		return !holm_addr_is_ip4(&to->addr);
	return holm_udp_remote(d->udp, &remote) == 0 && !holm_addr_is_ip4(&remote.addr);
}

static bool may_be_foreign(const struct dgram *d)
{
	uint32_t value = 0;

	(void)holm_udp_get_option(d->udp, HOLM_UDP_OPT_FOREIGN, &value);
	return value != 0;
}

int inet_read_sticky_dev(const struct holm_socket *s, uint32_t scope, uint32_t ifindex,
			 struct holm_dev **dev)
{
	if (s->dev || scope != 0)
		return 0;
	if (ifindex != 0)
		return ifindex == s->sticky_ifindex ? 0 : -HOLM_EINVAL;
	*dev = inet_dev_of(s->net, s->sticky_ifindex);
	return *dev ? 0 : -HOLM_ENETUNREACH;
}

static uint32_t scope_of(const struct dgram *d, const struct holm_endpoint *to)
{
	struct holm_endpoint remote = { .scope = 0 };

	if (!to)
		(void)holm_udp_remote(d->udp, &remote);
	return to ? to->scope : remote.scope;
}

/* Which device the program names, of this datagram or of all. */
static int read_dev(const struct dgram *d, const struct holm_endpoint *to, bool is_ip6,
		    uint32_t ifindex, struct holm_dev **dev)
{
	int err = 0;

	if (is_ip6 && d->base.sticky_ifindex)
		err = inet_read_sticky_dev(&d->base, scope_of(d, to), ifindex, dev);
	if (!err && ifindex != 0)
		err = inet_read_packet_dev(d->base.net, to, ifindex, dev);
	return err;
}

static uint32_t segment_of(const struct dgram *d, const struct holm_ancillary *a)
{
	return a && (a->has & HOLM_ANC_SEGMENT) ? a->segment : d->segment;
}

static int send_specially(struct dgram *d, const struct holm_endpoint *to,
			  const struct holm_msg *msg, struct holm_span *spans)
{
	const struct holm_ancillary *a = msg->ancillary;
	struct holm_udp_how how = { .tos = -1, .cut = segment_of(d, a) };
	bool is_ip6 = leads_to_ip6(d, to);
	bool has_info = a && (a->has & (HOLM_ANC_PKTINFO6 | (is_ip6 ? 0u : HOLM_ANC_PKTINFO)));
	int err;

	if (a)
		read_words(a, is_ip6, &how);
	err = read_dev(d, to, is_ip6, has_info ? a->ifindex : 0, &how.dev);
	if (err)
		return err;
	if (has_info && !holm_addr_is_any(&a->spec_dst)) {
		how.src = &a->spec_dst;
		if (holm_addr_is_ip4(how.src) == is_ip6)
			return -HOLM_EINVAL;
		/* Of IPv4 the network layer says so. */
		if (is_ip6 && !may_be_foreign(d) && !holm_addr_is_local(d->base.net, how.src))
			return -HOLM_EINVAL;
	}
	return holm_udp_send_as(d->udp, to, &how, spans, msg->iovcnt);
}

static int send_pieces(struct dgram *d, const struct holm_endpoint *to, const struct holm_msg *msg,
		       struct holm_span *spans)
{
	uint32_t cut;

	for (size_t i = 0; i < msg->iovcnt; i++)
		spans[i] = (struct holm_span){ msg->iov[i].base, msg->iov[i].len };
	if (unlikely(d->base.sticky_ifindex ||
		     (msg->ancillary && (msg->ancillary->has & (HOLM_ANC_SENT4 | HOLM_ANC_SENT6)))))
		return send_specially(d, to, msg, spans);
	cut = segment_of(d, msg->ancillary);
	return unlikely(cut) ? holm_udp_send_cut(d->udp, to, cut, spans, msg->iovcnt)
			     : holm_udp_send(d->udp, to, spans, msg->iovcnt);
}

static int send_datagram(struct dgram *d, const struct holm_endpoint *to,
			 const struct holm_msg *msg)
{
	struct holm_span few[PIECES], *many;
	size_t bytes = msg->iovcnt * sizeof(*many);
	int err;

	if (msg->iovcnt <= PIECES)
		return send_pieces(d, to, msg, few);
	many = mem_alloc(&d->base.net->mem, bytes);
	if (!many)
		return -HOLM_ENOMEM;
	err = send_pieces(d, to, msg, many);
	mem_free(&d->base.net->mem, many, bytes);
	return err;
}

/* As on Linux it is asked last whether anything may be sent at all. */
static int why_shut(const struct dgram *d, bool named)
{
	struct holm_endpoint remote;
	int err;

	if (!named && holm_udp_remote(d->udp, &remote) != 0)
		return -HOLM_EDESTADDRREQ;
	err = holm_udp_take_error(d->udp);
	return err ? err : -HOLM_EPIPE;
}

static int may_send(const struct holm_socket *s, const struct holm_msg *msg, int flags)
{
	if (holm_iov_bytes(msg->iov, msg->iovcnt) >
	    (s->family == HOLM_AF_INET6 ? HOLM_UDP_PAYLOAD_MAX6 : HOLM_UDP_PAYLOAD_MAX))
		return -HOLM_EMSGSIZE;
	if (flags & (HOLM_MSG_OOB | HOLM_MSG_MORE))
		return -HOLM_EOPNOTSUPP;
	return 0;
}

/* Where to; *named is false where that is what connect() has said. */
static int read_name(struct holm_socket *s, const struct holm_msg *msg, struct holm_endpoint *to,
		     bool *named)
{
	int err;

	/* On Linux AF_INET6 sockets take such a name for none. */
	*named = msg->name &&
		 !(s->family == HOLM_AF_INET6 && inet_addr_is_unspec(msg->name, msg->name_len));
	if (!*named)
		return 0;
	err = inet_parse(s, to, msg->name, msg->name_len, INET_ADDR_SENDTO);
	if (err)
		return err;
	wildcard_to_self(inet_dgram_of(s), to);
	return to->port == 0 ? -HOLM_EINVAL : 0;
}

static int64_t dgram_send(struct holm_socket *s, const struct holm_msg *msg, int flags)
{
	bool onlink = (flags & HOLM_MSG_DONTROUTE) && !s->dontroute, named = false;
	struct dgram *d = inet_dgram_of(s);
	struct holm_endpoint to;
	int err = may_send(s, msg, flags);

	if (!err)
		err = read_name(s, msg, &to, &named);
	if (!err && unlikely(s->unusual & SOCKET_SHUT_WR))
		err = why_shut(d, named);
	if (!err && onlink)
		err = holm_udp_set_option(d->udp, HOLM_UDP_OPT_ONLINK, 1);
	if (!err)
		err = send_datagram(d, named ? &to : NULL, msg);
	if (onlink)
		(void)holm_udp_set_option(d->udp, HOLM_UDP_OPT_ONLINK, 0);
	return err ? err : (int64_t)holm_iov_bytes(msg->iov, msg->iovcnt);
}

/* Where the sender would find us: what it sent to, or an address of the interface. */
static struct holm_addr own_address(struct holm_net *net, const struct holm_datagram *dg)
{
	struct holm_addr addr = dg->to.addr;
	unsigned prefix_len;

	if (!holm_addr_is_local(net, &addr) && dg->dev)
		(void)holm_addr_get(net, dg->dev, 0, &addr, &prefix_len);
	return addr;
}

/* What only datagrams of one family have, as Linux reads it. */
#define ONLY_OF_IP4 ((uint32_t)(HOLM_ANC_PKTINFO | HOLM_ANC_TTL | HOLM_ANC_TOS | HOLM_ANC_ORIGDST))
#define ONLY_OF_IP6 ((uint32_t)(HOLM_ANC_HOPLIMIT | HOLM_ANC_TCLASS | HOLM_ANC_ORIGDST6))

/* What options ask for beside the bytes. */
static void tell(struct holm_socket *s, const struct holm_datagram *dg, struct holm_ancillary *a)
{
	if (!a || !s->wants)
		return;
	a->has |= s->wants & ~(uint32_t)HOLM_ANC_PATHMTU &
		  ~(holm_addr_is_ip4(&dg->to.addr) ? ONLY_OF_IP6 : ONLY_OF_IP4);
	a->to = dg->to;
	a->spec_dst = own_address(s->net, dg);
	a->ifindex = dg->dev ? holm_dev_index(dg->dev) + 1 : 0;
	a->ttl = a->hops = dg->ttl;
	a->tos = a->tclass = dg->tos;
	a->time_ns = dg->frame->time_ns;
}

/* RFC 3542 section 11.3, as on Linux: what was refused for its size alone is told by an empty message. */
static bool tell_path_mtu(struct dgram *d, struct holm_msg *msg, int *err)
{
	struct holm_endpoint to;
	uint32_t mtu;

	if (!(d->base.wants & HOLM_ANC_PATHMTU) || !holm_udp_take_path_mtu(d->udp, &to, &mtu))
		return false;
	to.port = 0;
	if (msg->ancillary) {
		msg->ancillary->has |= HOLM_ANC_PATHMTU;
		msg->ancillary->to = to;
		msg->ancillary->path_mtu = mtu;
	}
	*err = msg->name ? inet_put(&d->base, &to, msg->name, &msg->name_len) : 0;
	return true;
}

static int64_t dgram_recv(struct holm_socket *s, struct holm_msg *msg, int flags)
{
	struct dgram *d = inet_dgram_of(s);
	bool peek = flags & HOLM_MSG_PEEK;
	struct holm_datagram dg;
	size_t done, more = 0;
	int err;

	if (unlikely(s->wants) && tell_path_mtu(d, msg, &err))
		return err;
	err = peek ? holm_udp_peek(d->udp, &dg) : holm_udp_recv(d->udp, &dg);
	/* As on Linux only who would wait is told that there is nothing to wait for. */
	if (err == -HOLM_EAGAIN && (s->unusual & SOCKET_SHUT_RD) && !(flags & HOLM_MSG_DONTWAIT)) {
		msg->name_len = 0;
		return 0;
	}
	if (err)
		return err;
	done = iov_from_frame(dg.frame, dg.payload_off, dg.payload_len, msg->iov, msg->iovcnt);
	if (done < dg.payload_len)
		msg->flags |= HOLM_MSG_TRUNC;
	tell(s, &dg, msg->ancillary);
	if (unlikely(d->gathers) && !peek && done == dg.payload_len)
		more = inet_dgram_gather(d, &dg, msg);
	if (!peek)
		holm_frame_free(dg.frame);
	if (msg->name) {
		err = inet_put(s, &dg.from, msg->name, &msg->name_len);
		if (err)
			return err;
	}
	return (int64_t)((flags & HOLM_MSG_TRUNC ? dg.payload_len : done) + more);
}

/* MSG_ERRQUEUE: the oldest error, with what the datagram carried and where it was sent. */
static int64_t dgram_recv_error(struct holm_socket *s, struct holm_msg *msg)
{
	uint8_t payload[IP_TROUBLE_QUOTE_MAX];
	struct holm_trouble t;
	int err = holm_udp_take_trouble(inet_dgram_of(s)->udp, &t, payload, sizeof(payload));
	size_t done = 0;

	if (err)
		return err;
	for (size_t i = 0; i < msg->iovcnt && done < t.payload_len; i++) {
		size_t n = min_size(msg->iov[i].len, t.payload_len - done);

		if (n > 0)
			memcpy(msg->iov[i].base, payload + done, n);
		done += n;
	}
	msg->flags = HOLM_MSG_ERRQUEUE | (done < t.payload_len ? HOLM_MSG_TRUNC : 0);
	if (msg->ancillary) {
		msg->ancillary->has |=
			s->family == HOLM_AF_INET6 ? HOLM_ANC_TROUBLE6 : HOLM_ANC_TROUBLE;
		msg->ancillary->trouble = t;
	}
	if (msg->name && t.to.port != 0)
		err = inet_put(s, &t.to, msg->name, &msg->name_len);
	else
		msg->name_len = 0;
	return err ? err : (int64_t)done;
}

/* ---- levels ---- */

static unsigned dgram_poll(struct holm_socket *s)
{
	return socket_datagram_poll(s, holm_udp_ready(inet_dgram_of(s)->udp));
}

static size_t dgram_readable(struct holm_socket *s)
{
	return holm_udp_next_bytes(inet_dgram_of(s)->udp);
}

static int dgram_take_error(struct holm_socket *s)
{
	return holm_udp_take_error(inet_dgram_of(s)->udp);
}

/* ---- options ---- */

static int dgram_set_way(struct holm_socket *s)
{
	struct holm_udp *u = inet_dgram_of(s)->udp;

	holm_udp_bind_dev(u, s->dev);
	(void)holm_udp_set_option(u, HOLM_UDP_OPT_MARK, s->mark);
	return holm_udp_set_option(u, HOLM_UDP_OPT_ONLINK, s->dontroute);
}

/* Datagrams wait for nothing on their way out: SO_SNDBUF is remembered only. */
static int dgram_resize(struct holm_socket *s)
{
	return holm_udp_set_option(inet_dgram_of(s)->udp, HOLM_UDP_OPT_RCVBUF,
				   max_u32(2 * s->rcvbuf, HOLM_FRAME_BYTES));
}

/* What both families have in common. */
#define DGRAM_OPS                                                                                  \
	.bytes = sizeof(struct dgram), .close = dgram_close, .set_cookie = dgram_set_cookie,       \
	.bind = dgram_bind, .connect = dgram_connect, .name = dgram_name,                          \
	.shutdown = dgram_shutdown, .send = dgram_send, .recv = dgram_recv,                        \
	.recv_error = dgram_recv_error, .poll = dgram_poll, .readable = dgram_readable,            \
	.take_error = dgram_take_error, .resize = dgram_resize, .set_way = dgram_set_way,          \
	.has_timestamps = true

const struct socket_ops inet_dgram_ops = {
	DGRAM_OPS,
	.addrs = &inet_addrs,
	.open = dgram_open,
	.set = inet_dgram_set,
	.get = inet_dgram_get,
	.set_bytes = inet_dgram_set_bytes,
	.get_bytes = inet_dgram_get_bytes,
};

static int dgram6_open(struct holm_socket *s)
{
	int err = dgram_open(s);

	if (err)
		return err;
	/* As on Linux of IPv4's groups only those that it has joined. */
	(void)holm_udp_set_option(inet_dgram_of(s)->udp, HOLM_UDP_OPT_GROUP_ALL, 0);
	return holm_udp_set_option(inet_dgram_of(s)->udp, HOLM_UDP_OPT_IP6, HOLM_UDP_IP6_BOTH);
}

const struct socket_ops inet6_dgram_ops = {
	DGRAM_OPS,
	.addrs = &inet6_addrs,
	.open = dgram6_open,
	.set = inet6_dgram_set,
	.get = inet6_dgram_get,
	.set_bytes = inet6_dgram_set_bytes,
	.get_bytes = inet6_dgram_get_bytes,
};
