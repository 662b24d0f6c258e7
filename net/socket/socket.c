/*
 * The socket object: making, ending, and the calls that are the same for every kind. Owns the list of
 * an instance's sockets; knows no protocol.
 */
#include "net/socket/socket.h"

#include "lib/mem.h"
#include "net/core/proto.h"

/* The kinds there are. `protocol` is what 0 means, and the only other value allowed. */
static const struct kind {
	uint16_t family;
	uint8_t type;
	uint8_t protocol;
	const struct socket_ops *ops;
} kinds[] = {
	{ HOLM_AF_INET, HOLM_SOCK_STREAM, HOLM_IPPROTO_TCP, &inet_stream_ops },
	{ HOLM_AF_INET, HOLM_SOCK_DGRAM, HOLM_IPPROTO_UDP, &inet_dgram_ops },
};

/* What Linux answers, from the coarse to the fine: family, type, protocol. */
static int find_kind(int family, int type, int protocol, const struct kind **out)
{
	int err = -HOLM_EAFNOSUPPORT;

	if (family < 0 || type < 0 || protocol < 0)
		return -HOLM_EINVAL;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct kind *k = &kinds[i];

		if (k->family != family)
			continue;
		if (k->type == type && (protocol == 0 || protocol == k->protocol)) {
			*out = k;
			return 0;
		}
		if (k->type == type)
			err = -HOLM_EPROTONOSUPPORT;
		else if (err != -HOLM_EPROTONOSUPPORT)
			err = -HOLM_ESOCKTNOSUPPORT;
	}
	return err;
}

/* ---- life ---- */

static int alloc_socket(struct holm_net *net, const struct socket_ops *ops, void *cookie,
			struct holm_socket **out)
{
	struct holm_socket *s;

	if (!net->sockets)
		return -HOLM_EAFNOSUPPORT;
	if (net->sockets->count >= net->config.sockets_max)
		return -HOLM_ENOBUFS;
	s = mem_zalloc(&net->mem, ops->bytes);
	if (!s)
		return -HOLM_ENOMEM;
	s->ops = ops;
	s->net = net;
	s->cookie = cookie;
	s->linger_s = -1;
	list_push_back(&net->sockets->all, &s->link);
	net->sockets->count++;
	*out = s;
	return 0;
}

static void free_socket(struct holm_socket *s)
{
	list_remove(&s->link);
	s->net->sockets->count--;
	mem_free(&s->net->mem, s, s->ops->bytes);
}

int holm_socket_open(struct holm_net *net, int family, int type, int protocol, void *cookie,
		     struct holm_socket **out)
{
	const struct kind *k;
	struct holm_socket *s;
	int err = find_kind(family, type, protocol, &k);

	if (!err)
		err = alloc_socket(net, k->ops, cookie, &s);
	if (err)
		return err;
	s->family = k->family;
	s->type = k->type;
	s->protocol = k->protocol;
	err = s->ops->open(s);
	if (err) {
		free_socket(s);
		return err;
	}
	*out = s;
	return 0;
}

void holm_socket_close(struct holm_socket *s)
{
	s->ops->close(s, s->linger_s == 0);
	free_socket(s);
}

void holm_socket_set_cookie(struct holm_socket *s, void *cookie)
{
	s->cookie = cookie;
	s->ops->set_cookie(s);
}

struct holm_net *holm_socket_net(const struct holm_socket *s)
{
	return s->net;
}

/* ---- names and connections ---- */

int holm_socket_bind(struct holm_socket *s, const void *addr, uint32_t len)
{
	return s->ops->bind(s, addr, len);
}

int holm_socket_connect(struct holm_socket *s, const void *addr, uint32_t len)
{
	return s->ops->connect(s, addr, len);
}

int holm_socket_listen(struct holm_socket *s, int backlog)
{
	return s->ops->listen ? s->ops->listen(s, backlog) : -HOLM_EOPNOTSUPP;
}

/* As on Linux, a child begins with its listener's options. */
static void inherit(struct holm_socket *child, const struct holm_socket *listener)
{
	child->rcvtimeo_ns = listener->rcvtimeo_ns;
	child->sndtimeo_ns = listener->sndtimeo_ns;
	child->sndbuf = listener->sndbuf;
	child->rcvbuf = listener->rcvbuf;
	child->linger_s = listener->linger_s;
	child->family = listener->family;
	child->type = listener->type;
	child->protocol = listener->protocol;
	child->reuseaddr = listener->reuseaddr;
	child->keepalive = listener->keepalive;
	child->broadcast = listener->broadcast;
}

int holm_socket_accept(struct holm_socket *s, void *addr, uint32_t *len, void *cookie,
		       struct holm_socket **out)
{
	struct holm_socket *child;
	int err;

	if (!s->ops->accept)
		return -HOLM_EOPNOTSUPP;
	err = s->ops->can_accept(s);
	/* The object comes first: without memory, the connection stays in the queue. */
	if (!err)
		err = alloc_socket(s->net, s->ops, cookie, &child);
	if (err)
		return err;
	inherit(child, s);
	err = s->ops->accept(s, child);
	if (err) {
		free_socket(child);
		return err;
	}
	if (addr || len)
		err = s->ops->name(child, SOCKET_NAME_ACCEPTED, addr, len);
	if (err) {
		holm_socket_close(child);
		return err;
	}
	*out = child;
	return 0;
}

int holm_socket_getsockname(struct holm_socket *s, void *addr, uint32_t *len)
{
	if (!addr || !len)
		return -HOLM_EFAULT;
	return s->ops->name(s, SOCKET_NAME_LOCAL, addr, len);
}

int holm_socket_getpeername(struct holm_socket *s, void *addr, uint32_t *len)
{
	if (!addr || !len)
		return -HOLM_EFAULT;
	return s->ops->name(s, SOCKET_NAME_PEER, addr, len);
}

int holm_socket_shutdown(struct holm_socket *s, int how)
{
	if (how < HOLM_SHUT_RD || how > HOLM_SHUT_RDWR)
		return -HOLM_EINVAL;
	return s->ops->shutdown(s, (unsigned)how + 1);
}

/* ---- bytes ---- */

size_t socket_iov_bytes(const struct holm_msg *msg)
{
	size_t n = 0;

	for (size_t i = 0; i < msg->iovcnt; i++)
		n += msg->iov[i].len;
	return n;
}

int64_t holm_socket_sendmsg(struct holm_socket *s, const struct holm_msg *msg, int flags)
{
	return s->ops->send(s, msg, flags);
}

int64_t holm_socket_recvmsg(struct holm_socket *s, struct holm_msg *msg, int flags)
{
	if (flags & HOLM_MSG_ERRQUEUE)
		return -HOLM_EAGAIN;
	msg->flags = 0;
	return s->ops->recv(s, msg, flags);
}

unsigned holm_socket_poll(struct holm_socket *s)
{
	return s->ops->poll(s);
}

size_t holm_socket_readable_bytes(struct holm_socket *s)
{
	return s->ops->readable(s);
}

/* ---- the protocol ---- */

static int start(struct holm_net *net)
{
	net->sockets = mem_zalloc(&net->mem, sizeof(*net->sockets));
	if (!net->sockets)
		return -HOLM_ENOMEM;
	list_init(&net->sockets->all);
	return 0;
}

/* Before the transports stop: they release the rings afterwards. */
static void stop(struct holm_net *net)
{
	struct list_node *n;

	if (!net->sockets)
		return;
	while ((n = list_first(&net->sockets->all))) {
		struct holm_socket *s = container_of(n, struct holm_socket, link);

		s->ops->close(s, true);
		free_socket(s);
	}
	mem_free(&net->mem, net->sockets, sizeof(*net->sockets));
	net->sockets = NULL;
}

static const struct holm_proto *const needs[] = { &holm_udp, &holm_tcp, NULL };

const struct holm_proto holm_sockets = {
	.name = "sockets",
	.kind = PROTO_LAYER,
	.needs = needs,
	.start = start,
	.stop = stop,
};
