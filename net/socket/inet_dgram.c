/*
 * AF_INET, SOCK_DGRAM: a UDP endpoint behind the calls of POSIX. Datagrams arrive as frames and are
 * copied out once; sent ones are copied into their frame by UDP.
 */
#include "net/socket/socket.h"

#include <holm/udp.h>

#include "lib/mem.h"
#include "net/core/iov.h"
#include "net/socket/inet_addr.h"

/* What IP_TTL says where nobody set it, and after -1. */
#define INET_TTL_DEFAULT 64
/* Pieces of one datagram that need no memory of their own; as many as Linux keeps on its stack. */
#define PIECES 8u

struct dgram {
	struct holm_socket base;
	struct holm_udp *udp;
};

static struct dgram *dgram_of(struct holm_socket *s)
{
	return container_of(s, struct dgram, base);
}

static int dgram_open(struct holm_socket *s)
{
	struct dgram *d = dgram_of(s);
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
	holm_udp_close(dgram_of(s)->udp);
}

static void dgram_set_cookie(struct holm_socket *s)
{
	holm_udp_set_cookie(dgram_of(s)->udp, s->cookie);
}

/* ---- names ---- */

static int dgram_bind(struct holm_socket *s, const void *addr, uint32_t len)
{
	struct holm_endpoint local;
	int err = inet_addr_parse(&local, addr, len, INET_ADDR_BIND);

	if (!err)
		err = socket_check_port(s, local.port);
	if (err)
		return err;
	return holm_udp_bind(dgram_of(s)->udp, &local,
			     (s->reuseaddr ? (unsigned)HOLM_UDP_REUSEADDR : 0u) |
				     (s->reuseport ? (unsigned)HOLM_UDP_REUSEPORT : 0u));
}

static int dgram_connect(struct holm_socket *s, const void *addr, uint32_t len)
{
	struct holm_endpoint remote;
	int err;

	if (inet_addr_is_unspec(addr, len))
		return holm_udp_connect(dgram_of(s)->udp, NULL);
	err = inet_addr_parse(&remote, addr, len, INET_ADDR_CONNECT);
	if (err)
		return err;
	inet_addr_wildcard_to_loopback(&remote);
	return holm_udp_connect(dgram_of(s)->udp, &remote);
}

static int dgram_name(struct holm_socket *s, enum socket_name which, void *addr, uint32_t *len)
{
	const struct dgram *d = dgram_of(s);
	struct holm_endpoint e;
	int err = 0;

	if (which == SOCKET_NAME_LOCAL)
		holm_udp_local(d->udp, &e);
	else
		err = holm_udp_remote(d->udp, &e);
	return err ? err : inet_addr_put(&e, addr, len);
}

/* Also where it is refused the direction is shut, as on Linux. */
static int dgram_shutdown(struct holm_socket *s, unsigned shut)
{
	struct holm_endpoint e;

	s->shut |= (uint8_t)shut;
	return holm_udp_remote(dgram_of(s)->udp, &e);
}

/* ---- datagrams ---- */

static int send_pieces(struct dgram *d, const struct holm_endpoint *to, const struct holm_msg *msg,
		       struct holm_span *spans)
{
	for (size_t i = 0; i < msg->iovcnt; i++)
		spans[i] = (struct holm_span){ msg->iov[i].base, msg->iov[i].len };
	return holm_udp_send(d->udp, to, spans, msg->iovcnt);
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

static int may_send(const struct holm_socket *s, const struct holm_msg *msg, int flags)
{
	if (holm_iov_bytes(msg->iov, msg->iovcnt) > HOLM_UDP_PAYLOAD_MAX)
		return -HOLM_EMSGSIZE;
	if (flags & (HOLM_MSG_OOB | HOLM_MSG_MORE))
		return -HOLM_EOPNOTSUPP;
	return s->shut & SOCKET_SHUT_WR ? -HOLM_EPIPE : 0;
}

static int64_t dgram_send(struct holm_socket *s, const struct holm_msg *msg, int flags)
{
	struct dgram *d = dgram_of(s);
	struct holm_endpoint to;
	int err = may_send(s, msg, flags);

	if (!err && msg->name) {
		err = inet_addr_parse(&to, msg->name, msg->name_len, INET_ADDR_SENDTO);
		if (!err && to.port == 0)
			err = -HOLM_EINVAL;
		if (!err)
			inet_addr_wildcard_to_loopback(&to);
	}
	if (!err && (flags & HOLM_MSG_DONTROUTE) && !s->dontroute)
		err = holm_udp_set_option(d->udp, HOLM_UDP_OPT_ONLINK, 1);
	if (!err)
		err = send_datagram(d, msg->name ? &to : NULL, msg);
	if ((flags & HOLM_MSG_DONTROUTE) && !s->dontroute)
		(void)holm_udp_set_option(d->udp, HOLM_UDP_OPT_ONLINK, 0);
	return err ? err : (int64_t)holm_iov_bytes(msg->iov, msg->iovcnt);
}

/* What options ask for beside the bytes. */
static void tell(struct holm_socket *s, const struct holm_datagram *dg, struct holm_ancillary *a)
{
	if (!a || !s->wants)
		return;
	a->has |= s->wants;
	a->to = dg->to;
	a->ifindex = holm_dev_index(dg->dev) + 1;
	a->ttl = dg->ttl;
	a->tos = dg->tos;
	a->time_ns = dg->frame->time_ns;
}

static int64_t dgram_recv(struct holm_socket *s, struct holm_msg *msg, int flags)
{
	struct dgram *d = dgram_of(s);
	bool peek = flags & HOLM_MSG_PEEK;
	struct holm_datagram dg;
	int err = peek ? holm_udp_peek(d->udp, &dg) : holm_udp_recv(d->udp, &dg);
	size_t done;

	if (err == -HOLM_EAGAIN && (s->shut & SOCKET_SHUT_RD)) {
		msg->name_len = 0;
		return 0;
	}
	if (err)
		return err;
	done = iov_from_frame(dg.frame, dg.payload_off, dg.payload_len, msg->iov, msg->iovcnt);
	if (done < dg.payload_len)
		msg->flags |= HOLM_MSG_TRUNC;
	tell(s, &dg, msg->ancillary);
	if (!peek)
		holm_frame_free(dg.frame);
	if (msg->name) {
		err = inet_addr_put(&dg.from, msg->name, &msg->name_len);
		if (err)
			return err;
	}
	return (int64_t)(flags & HOLM_MSG_TRUNC ? dg.payload_len : done);
}

/* ---- levels ---- */

static unsigned dgram_poll(struct holm_socket *s)
{
	return socket_datagram_poll(s, holm_udp_ready(dgram_of(s)->udp));
}

static size_t dgram_readable(struct holm_socket *s)
{
	const struct dgram *d = dgram_of(s);
	struct holm_datagram dg;

	/* Looking would take a pending error, which is for the next call. */
	if (holm_udp_ready(d->udp) & HOLM_ERROR)
		return 0;
	return holm_udp_peek(dgram_of(s)->udp, &dg) == 0 ? dg.payload_len : 0;
}

static int dgram_take_error(struct holm_socket *s)
{
	return holm_udp_take_error(dgram_of(s)->udp);
}

/* ---- options ---- */

static int dgram_set_way(struct holm_socket *s)
{
	struct holm_udp *u = dgram_of(s)->udp;

	holm_udp_bind_dev(u, s->dev);
	(void)holm_udp_set_option(u, HOLM_UDP_OPT_MARK, s->mark);
	return holm_udp_set_option(u, HOLM_UDP_OPT_ONLINK, s->dontroute);
}

/* Datagrams wait for nothing on their way out: SO_SNDBUF is remembered only. */
static int dgram_resize(struct holm_socket *s)
{
	return holm_udp_set_option(dgram_of(s)->udp, HOLM_UDP_OPT_RCVBUF,
				   max_u32(2 * s->rcvbuf, HOLM_FRAME_BYTES));
}

static int option_of(int level, int name)
{
	if (level == HOLM_SOL_SOCKET && name == HOLM_SO_BROADCAST)
		return HOLM_UDP_OPT_BROADCAST;
	if (level == HOLM_IPPROTO_IP && name == HOLM_SOCKOPT_IP_TTL)
		return HOLM_UDP_OPT_TTL;
	if (level == HOLM_IPPROTO_IP && name == HOLM_SOCKOPT_IP_TOS)
		return HOLM_UDP_OPT_TOS;
	return 0;
}

uint32_t inet_dgram_company(int level, int name)
{
	if (level != HOLM_IPPROTO_IP)
		return 0;
	if (name == HOLM_SOCKOPT_IP_PKTINFO)
		return HOLM_ANC_PKTINFO;
	if (name == HOLM_SOCKOPT_IP_RECVTTL)
		return HOLM_ANC_TTL;
	return name == HOLM_SOCKOPT_IP_RECVTOS ? HOLM_ANC_TOS : 0;
}

static int dgram_set(struct holm_socket *s, int level, int name, int value)
{
	int opt = option_of(level, name);
	uint32_t company = inet_dgram_company(level, name);

	if (company) {
		s->wants = value ? s->wants | company : s->wants & ~company;
		return 0;
	}
	/* As on Linux, the default again. */
	if (opt == HOLM_UDP_OPT_TTL && value == -1)
		value = INET_TTL_DEFAULT;

	if (opt == 0)
		return level == HOLM_SOL_SOCKET ? 0 : -HOLM_ENOPROTOOPT;
	if (opt == HOLM_UDP_OPT_BROADCAST)
		value = value != 0;
	if (value < 0)
		return -HOLM_EINVAL;
	return holm_udp_set_option(dgram_of(s)->udp, (enum holm_udp_option)opt, (uint32_t)value);
}

static int dgram_get(struct holm_socket *s, int level, int name, int *value)
{
	int opt = option_of(level, name);
	uint32_t company = inet_dgram_company(level, name), v;
	int err;

	if (company) {
		*value = (s->wants & company) != 0;
		return 0;
	}
	if (opt == 0)
		return level == HOLM_SOL_SOCKET || level == HOLM_IPPROTO_IP ||
				       level == HOLM_IPPROTO_UDP
			       ? -HOLM_ENOPROTOOPT
			       : -HOLM_EOPNOTSUPP;
	err = holm_udp_get_option(dgram_of(s)->udp, (enum holm_udp_option)opt, &v);
	if (!err)
		*value = (int)v;
	return err;
}

const struct socket_ops inet_dgram_ops = {
	.bytes = sizeof(struct dgram),
	.open = dgram_open,
	.close = dgram_close,
	.set_cookie = dgram_set_cookie,
	.bind = dgram_bind,
	.connect = dgram_connect,
	.name = dgram_name,
	.shutdown = dgram_shutdown,
	.send = dgram_send,
	.recv = dgram_recv,
	.poll = dgram_poll,
	.readable = dgram_readable,
	.take_error = dgram_take_error,
	.resize = dgram_resize,
	.set_way = dgram_set_way,
	.has_timestamps = true,
	.set = dgram_set,
	.get = dgram_get,
};
