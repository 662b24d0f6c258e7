/* Raw and echo endpoints behind the calls of POSIX; see inet_end.h. */
#include "net/socket/inet_end.h"

#include "lib/mem.h"
#include "net/core/iov.h"
#include "net/core/ip_rx.h"
#include "net/socket/inet_addr.h"
#include "net/socket/inet_dgram.h"

static int open_end(struct holm_socket *s, bool echo, uint8_t number)
{
	struct ip_end *e;
	const struct ip_end_kind kind = {
		.ip6 = s->family == HOLM_AF_INET6,
		.echo = echo,
		.number = number,
	};
	int err = ip_end_open(s->net, &kind, &e);

	if (err)
		return err;
	container_of(s, struct end_socket, base)->end = e;
	e->base.ep.cookie = s->cookie;
	/* What is set is half of what is granted, as everywhere. */
	s->rcvbuf = s->net->config.raw_rcvbuf_bytes / 2;
	s->sndbuf = s->rcvbuf;
	s->reuseaddr = true; /* as on Linux */
	return 0;
}

int inet_end_open_raw(struct holm_socket *s)
{
	if (!socket_may(s, HOLM_CAP_NET_RAW))
		return -HOLM_EPERM;
	return open_end(s, false, (uint8_t)s->protocol);
}

int inet_end_open_ping(struct holm_socket *s)
{
	return socket_may(s, HOLM_CAP_PING) ? open_end(s, true, 0) : -HOLM_EACCES;
}

void inet_end_close(struct holm_socket *s, bool abort)
{
	(void)abort;
	ip_end_close(inet_end_of(s));
}

void inet_end_set_cookie(struct holm_socket *s)
{
	inet_end_of(s)->base.ep.cookie = s->cookie;
}

/* ---- names ---- */

int inet_end_bind(struct holm_socket *s, const void *addr, uint32_t len)
{
	struct ip_end *e = inet_end_of(s);
	struct holm_endpoint local;
	int err = inet_parse(s, &local, addr, len, INET_ADDR_BIND);

	e->reuse = s->reuseaddr;
	return err ? err : ip_end_bind(e, &local);
}

int inet_end_connect(struct holm_socket *s, const void *addr, uint32_t len)
{
	struct holm_endpoint remote;
	int err;

	if (inet_addr_is_unspec(addr, len))
		return ip_end_connect(inet_end_of(s), NULL);
	err = inet_parse(s, &remote, addr, len, INET_ADDR_CONNECT);
	if (err)
		return err;
	inet_addr_wildcard_to_self(s, &remote, &inet_end_of(s)->local);
	return ip_end_connect(inet_end_of(s), &remote);
}

/* As on Linux the port is the protocol or the identifier, and the peer's what connect() said. */
int inet_end_name(struct holm_socket *s, enum socket_name which, void *addr, uint32_t *len)
{
	const struct ip_end *e = inet_end_of(s);
	struct holm_endpoint name = { .addr = e->local, .port = e->number };

	name.scope = s->dev && s->dev->netif ? holm_dev_index(s->dev) : 0;
	if (which == SOCKET_NAME_LOCAL)
		return inet_put(s, &name, addr, len);
	if (!e->connected || e->rport == 0)
		return -HOLM_ENOTCONN;
	name.addr = e->remote;
	name.port = e->rport;
	return inet_put(s, &name, addr, len);
}

/* Also where it is refused the direction is shut, as on Linux. */
int inet_end_shutdown(struct holm_socket *s, unsigned shut)
{
	s->unusual |= (uint8_t)shut;
	return inet_end_of(s)->connected ? 0 : -HOLM_ENOTCONN;
}

/* ---- packets ---- */

/* Which device the program names, of this packet or of all. */
static int read_dev(struct holm_socket *s, const struct holm_endpoint *to,
		    const struct holm_ancillary *a, struct holm_dev **dev)
{
	unsigned info = s->family == HOLM_AF_INET6 ? HOLM_ANC_PKTINFO6 : HOLM_ANC_PKTINFO;
	uint32_t ifindex = a && (a->has & info) ? a->ifindex : 0;
	int err = 0;

	if (s->sticky_ifindex)
		err = inet_read_sticky_dev(s, to ? to->scope : inet_end_of(s)->rscope, ifindex,
					   dev);
	if (!err && ifindex != 0)
		err = inet_read_packet_dev(s->net, to, ifindex, dev);
	return err;
}

/* What else it says of this packet alone. */
static int read_how(const struct holm_socket *s, const struct holm_ancillary *a,
		    struct ip_end_how *how)
{
	bool ip6 = s->family == HOLM_AF_INET6;

	if (a->has & (ip6 ? HOLM_ANC_TCLASS : HOLM_ANC_TOS))
		how->tos = ip6 ? a->tclass : a->tos;
	if (a->has & (ip6 ? HOLM_ANC_HOPLIMIT : HOLM_ANC_TTL))
		how->ttl = ip6 ? a->hops : a->ttl;
	how->uncut = ip6 && (a->has & HOLM_ANC_DONTFRAG);
	if (!(a->has & (ip6 ? HOLM_ANC_PKTINFO6 : HOLM_ANC_PKTINFO)) ||
	    holm_addr_is_any(&a->spec_dst))
		return 0;
	how->src = &a->spec_dst;
	if (holm_addr_is_local(s->net, how->src))
		return 0;
	return ip6 ? -HOLM_EINVAL : -HOLM_ENETUNREACH;
}

int64_t inet_end_send(struct holm_socket *s, const struct holm_msg *msg, int flags)
{
	struct ip_end_how how = { .ttl = -1, .tos = -1, .onlink = flags & HOLM_MSG_DONTROUTE };
	struct holm_endpoint to;
	int err = 0;

	if (holm_iov_bytes(msg->iov, msg->iovcnt) > UINT16_MAX)
		return -HOLM_EMSGSIZE;
	if (flags & (HOLM_MSG_OOB | HOLM_MSG_MORE))
		return -HOLM_EOPNOTSUPP;
	/* On Linux raw sockets without a header of their own do not care. */
	if ((s->unusual & SOCKET_SHUT_WR) &&
	    (inet_end_of(s)->echo || inet_end_of(s)->header_included))
		return -HOLM_EPIPE;
	if (msg->name)
		err = inet_parse(s, &to, msg->name, msg->name_len, INET_ADDR_SENDTO);
	if (err)
		return err;
	if (msg->name)
		inet_addr_wildcard_to_self(s, &to, &inet_end_of(s)->local);
	inet_end_of(s)->urgent = s->priority > SOCKET_PRIORITY_MAX;
	err = read_dev(s, msg->name ? &to : NULL, msg->ancillary, &how.dev);
	if (!err && msg->ancillary)
		err = read_how(s, msg->ancillary, &how);
	if (!err)
		err = ip_end_send(inet_end_of(s), msg->name ? &to : NULL, msg, &how);
	return err ? err : (int64_t)holm_iov_bytes(msg->iov, msg->iovcnt);
}

/* What options ask for beside the bytes. */
static void tell(const struct holm_socket *s, struct holm_frame *f, struct holm_ancillary *a)
{
	const struct ip_rx *rx = ip_rx(f);

	if (!a || !s->wants)
		return;
	a->has |= s->wants;
	a->to = (struct holm_endpoint){ .addr = rx->dst };
	a->spec_dst = rx->dst;
	a->ifindex = f->dev ? holm_dev_index(f->dev) + 1 : 0;
	a->ttl = a->hops = rx->ttl;
	a->tos = a->tclass = rx->tos;
	a->time_ns = f->time_ns;
}

int64_t inet_end_recv(struct holm_socket *s, struct holm_msg *msg, int flags)
{
	struct ip_end *e = inet_end_of(s);
	struct holm_endpoint from = { .port = 0 };
	struct holm_frame *f;
	size_t off, len, done;
	int err;

	if (flags & HOLM_MSG_OOB)
		return -HOLM_EOPNOTSUPP;
	err = frame_end_peek(&e->base, &f);
	if (err == -HOLM_EAGAIN && (s->unusual & SOCKET_SHUT_RD) && !(flags & HOLM_MSG_DONTWAIT)) {
		msg->name_len = 0;
		return 0;
	}
	if (err)
		return err;
	ip_end_payload(e, f, &off, &len);
	done = iov_from_frame(f, off, len, msg->iov, msg->iovcnt);
	if (done < len)
		msg->flags |= HOLM_MSG_TRUNC;
	tell(s, f, msg->ancillary);
	from.addr = ip_rx(f)->src;
	from.scope = f->dev ? holm_dev_index(f->dev) : 0;
	if (!(flags & HOLM_MSG_PEEK))
		frame_end_drop(&e->base);
	if (msg->name)
		err = inet_put(s, &from, msg->name, &msg->name_len);
	if (err)
		return err;
	return (int64_t)(flags & HOLM_MSG_TRUNC ? len : done);
}

/* ---- levels ---- */

unsigned inet_end_poll(struct holm_socket *s)
{
	return socket_datagram_poll(s, inet_end_of(s)->base.ep.state);
}

size_t inet_end_readable(struct holm_socket *s)
{
	const struct ip_end *e = inet_end_of(s);
	size_t off, len = 0;

	if (e->base.rxq.first)
		ip_end_payload(e, e->base.rxq.first, &off, &len);
	return len;
}

int inet_end_take_error(struct holm_socket *s)
{
	return frame_end_take_error(&inet_end_of(s)->base);
}

/* Packets wait for nothing on their way out: SO_SNDBUF is remembered only. */
int inet_end_resize(struct holm_socket *s)
{
	inet_end_of(s)->base.rxq.max_bytes = max_u32(2 * s->rcvbuf, HOLM_FRAME_BYTES);
	return 0;
}

/* ---- options ---- */

int inet_end_set_way(struct holm_socket *s)
{
	const struct ip_via via = { .dev = s->dev, .mark = s->mark, .onlink = s->dontroute };

	ip_end_set_via(inet_end_of(s), &via);
	return 0;
}

static int set_ip(struct ip_end *e, int name, int value)
{
	switch (name) {
	case HOLM_SOCKOPT_IP_TTL:
		if (value != -1 && (value < 1 || value > (int)UINT8_MAX))
			return -HOLM_EINVAL;
		e->ttl = value == -1 ? (uint8_t)IP_END_TTL : (uint8_t)value;
		return 0;
	case HOLM_SOCKOPT_IP_TOS:
		e->tos = (uint8_t)value;
		return 0;
	case HOLM_SOCKOPT_IP_MULTICAST_TTL:
		if (value < -1 || value > (int)UINT8_MAX)
			return -HOLM_EINVAL;
		e->group_ttl = value == -1 ? (uint8_t)IP_END_GROUP_TTL : (uint8_t)value;
		return 0;
	case HOLM_SOCKOPT_IP_MULTICAST_LOOP:
		e->no_loop = value == 0;
		return 0;
	case HOLM_SOCKOPT_IP_MULTICAST_ALL:
		if (value != 0 && value != 1)
			return -HOLM_EINVAL;
		e->only_own_groups = value == 0;
		return 0;
	default:
		return -HOLM_ENOPROTOOPT;
	}
}

int inet_end_set(struct holm_socket *s, int level, int name, int value)
{
	uint32_t company = inet_dgram_company(level, name);

	if (level == HOLM_SOL_SOCKET) {
		if (name == HOLM_SO_BROADCAST)
			inet_end_of(s)->may_broadcast = value != 0;
		return 0;
	}
	if (company) {
		s->wants = value ? s->wants | company : s->wants & ~company;
		return 0;
	}
	return level == HOLM_IPPROTO_IP ? set_ip(inet_end_of(s), name, value) : -HOLM_ENOPROTOOPT;
}

static int get_ip(const struct ip_end *e, int name, int *value)
{
	switch (name) {
	case HOLM_SOCKOPT_IP_TTL:
		*value = e->ttl;
		return 0;
	case HOLM_SOCKOPT_IP_TOS:
		*value = e->tos;
		return 0;
	case HOLM_SOCKOPT_IP_MULTICAST_TTL:
		*value = e->group_ttl;
		return 0;
	case HOLM_SOCKOPT_IP_MULTICAST_LOOP:
		*value = !e->no_loop;
		return 0;
	case HOLM_SOCKOPT_IP_MULTICAST_ALL:
		*value = !e->only_own_groups;
		return 0;
	default:
		return -HOLM_ENOPROTOOPT;
	}
}

int inet_end_get(struct holm_socket *s, int level, int name, int *value)
{
	const struct ip_end *e = inet_end_of(s);
	uint32_t company = inet_dgram_company(level, name);

	if (company) {
		*value = (s->wants & company) != 0;
		return 0;
	}
	return level == HOLM_IPPROTO_IP ? get_ip(e, name, value) : -HOLM_EOPNOTSUPP;
}

int inet_end_set_bytes(struct holm_socket *s, int level, int name, const void *value, uint32_t len)
{
	struct ip_end *e = inet_end_of(s);
	struct inet_membership m;
	struct holm_addr src;
	int err;

	if (level != HOLM_IPPROTO_IP)
		return -HOLM_ENOPROTOOPT;
	if (name == HOLM_SOCKOPT_IP_MULTICAST_IF) {
		err = inet_read_interface(s, value, len, &m.dev, &src);
		if (err)
			return err;
		e->group_dev = m.dev;
		e->group_src = src;
		return 0;
	}
	err = inet_read_membership(s, name, value, len, &m);
	if (err)
		return err;
	return m.join ? ip_member_join(s->net, &e->members, &m.group, m.dev)
		      : ip_member_leave(s->net, &e->members, &m.group, m.dev);
}

int inet_end_get_bytes(struct holm_socket *s, int level, int name, void *value, uint32_t *len)
{
	if (level != HOLM_IPPROTO_IP || name != HOLM_SOCKOPT_IP_MULTICAST_IF)
		return -HOLM_ENOPROTOOPT;
	return socket_put_option(&inet_end_of(s)->group_src.b[12], 4, value, len);
}

int inet_end_start_echo(struct holm_net *net, const struct socket_kind *kinds)
{
	int err = ip_ends_start(net);

	if (err)
		return err;
	ip_echo_start(net);
	socket_add_kinds(net, kinds);
	return 0;
}

void inet_end_stop_echo(struct holm_net *net)
{
	ip_echo_stop(net);
	ip_ends_stop(net);
}
