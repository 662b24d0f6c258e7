/*
 * The socket object: making, ending, and the calls that are the same for every kind. Owns the list of
 * an instance's sockets; knows no protocol.
 */
#include "net/socket/socket.h"

#include "lib/mem.h"
#include "net/core/proto.h"
#include "net/ip/ip.h"

static const struct socket_kind inet_kinds[] = {
	{ HOLM_AF_INET, HOLM_SOCK_STREAM, HOLM_IPPROTO_TCP, &inet_stream_ops },
	{ HOLM_AF_INET, HOLM_SOCK_DGRAM, HOLM_IPPROTO_UDP, &inet_dgram_ops },
	{ 0 },
};

void socket_add_kinds(struct holm_net *net, const struct socket_kind *kinds)
{
	size_t i = 0;

	while (net->sockets->tables[i])
		i++;
	ASSERT(i < SOCKET_TABLES_MAX - 1);
	net->sockets->tables[i] = kinds;
}

/* What Linux answers, from the coarse to the fine: family, type, protocol. */
static int worse(int err, const struct socket_kind *k, int type)
{
	if (k->type == type)
		return -HOLM_EPROTONOSUPPORT;
	return err == -HOLM_EPROTONOSUPPORT ? err : -HOLM_ESOCKTNOSUPPORT;
}

static bool is_protocol_of(const struct socket_kind *k, int protocol)
{
	if (k->protocol == SOCKET_PROTOCOL_ANY)
		return protocol <= (int)UINT16_MAX;
	if (k->protocol == SOCKET_PROTOCOL_IP)
		return protocol > 0 && protocol <= (int)UINT8_MAX;
	return protocol == 0 || protocol == k->protocol;
}

static int find_kind(const struct holm_net *net, int family, int type, int protocol,
		     const struct socket_kind **out)
{
	int err = -HOLM_EAFNOSUPPORT;

	if (family < 0 || type < 0 || protocol < 0)
		return -HOLM_EINVAL;
	if (!net->sockets)
		return err;
	for (size_t i = 0; net->sockets->tables[i]; i++)
		for (const struct socket_kind *k = net->sockets->tables[i]; k->ops; k++) {
			if (k->family != family)
				continue;
			err = worse(err, k, type);
			if (k->type != type || !is_protocol_of(k, protocol))
				continue;
			*out = k;
			return 0;
		}
	return err;
}

/* ---- life ---- */

/* All zero beyond what every socket begins with. */
static int alloc_socket(struct holm_net *net, const struct socket_ops *ops,
			struct holm_socket **out)
{
	struct holm_socket *s;

	if (net->sockets->count >= net->config.sockets_max)
		return -HOLM_ENOBUFS;
	s = mem_zalloc(&net->mem, ops->bytes);
	if (!s)
		return -HOLM_ENOMEM;
	s->ops = ops;
	s->net = net;
	s->linger_s = -1;
	s->rcvlowat = 1;
	s->unusual = SOCKET_MESSAGES; /* until its kind says otherwise */
	*out = s;
	return 0;
}

/* Among the instance's; free_socket() is the other way. */
static void enter_socket(struct holm_socket *s, void *cookie)
{
	s->cookie = cookie;
	list_push_back(&s->net->sockets->all, &s->link);
	s->net->sockets->count++;
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
	const struct socket_kind *k;
	struct holm_socket *s;
	int err = find_kind(net, family, type, protocol, &k);

	if (!err)
		err = alloc_socket(net, k->ops, &s);
	if (err)
		return err;
	s->family = k->family;
	s->type = k->type;
	s->protocol = (uint16_t)(k->protocol < 0 ? protocol : k->protocol);
	enter_socket(s, cookie);
	err = s->ops->open(s);
	if (err) {
		free_socket(s);
		return err;
	}
	*out = s;
	return 0;
}

int holm_socket_pair(struct holm_net *net, int family, int type, int protocol, void *cookies[2],
		     struct holm_socket *out[2])
{
	int err = holm_socket_open(net, family, type, protocol, cookies[0], &out[0]);

	if (err)
		return err;
	err = holm_socket_open(net, family, type, protocol, cookies[1], &out[1]);
	if (err) {
		holm_socket_close(out[0]);
		return err;
	}
	err = out[0]->ops->pair ? out[0]->ops->pair(out[0], out[1]) : -HOLM_EOPNOTSUPP;
	if (err) {
		holm_socket_close(out[0]);
		holm_socket_close(out[1]);
	}
	return err;
}

void holm_sockets_set_policy(struct holm_net *net,
			     bool (*permits)(void *ctx, enum holm_capability cap), void *ctx)
{
	if (!net->sockets)
		return;
	net->sockets->permits = permits;
	net->sockets->permits_ctx = ctx;
}

void holm_sockets_set_cred(struct holm_net *net, const struct holm_cred *cred)
{
	net->sockets->cred = *cred;
}

void holm_socket_set_object(struct holm_socket *s, struct holm_object *o)
{
	if (s->ops->set_object)
		s->ops->set_object(s, o);
}

void holm_socket_forgotten(struct holm_socket *s)
{
	if (s->ops->forgotten)
		s->ops->forgotten(s);
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

int holm_socket_family(const struct holm_socket *s)
{
	return s->family;
}

int holm_socket_type(const struct holm_socket *s)
{
	return s->type;
}

int holm_socket_protocol(const struct holm_socket *s)
{
	return s->protocol;
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

/* What a child begins with: a copy of its listener but for what is one socket's own, as on Linux. */
static void inherit(struct holm_socket *child, const struct holm_socket *listener)
{
	*child = *listener;
	child->number = 0;
	child->late_error = 0;
	child->priority = 0;
	child->unusual = SOCKET_MESSAGES | (listener->unusual & (SOCKET_LOWAT | SOCKET_BELOW_MARK));
}

/* The other end of a Unix socket was made by who connected: it is a new one. */
static void inherit_nearly_nothing(struct holm_socket *child, const struct holm_socket *listener)
{
	child->family = listener->family;
	child->type = listener->type;
	child->protocol = listener->protocol;
	child->passcred = listener->passcred;
}

int holm_socket_can_accept(struct holm_socket *s)
{
	return s->ops->accept ? s->ops->can_accept(s) : -HOLM_EOPNOTSUPP;
}

int holm_socket_accept(struct holm_socket *s, void *addr, uint32_t *len, void *cookie,
		       struct holm_socket **out)
{
	struct holm_socket *child;
	int err = holm_socket_can_accept(s);

	/* The object comes first: without memory, the connection stays in the queue. */
	if (!err)
		err = alloc_socket(s->net, s->ops, &child);
	if (err)
		return err;
	if (likely(s->ops->is_tcp))
		inherit(child, s);
	else
		inherit_nearly_nothing(child, s);
	enter_socket(child, cookie);
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

void holm_socket_return_error(struct holm_socket *s, int error)
{
	ASSERT(error > 0 && error <= (int)UINT8_MAX);
	s->late_error = (uint8_t)error;
	socket_set_unusual(s, SOCKET_LATE_ERROR, true);
}

static never_inline int take_late_error(struct holm_socket *s)
{
	int error = s->late_error;

	socket_forget_late_error(s);
	return -error;
}

int socket_take_error(struct holm_socket *s)
{
	return s->late_error ? take_late_error(s) : s->ops->take_error(s);
}

int64_t holm_socket_sendmsg(struct holm_socket *s, const struct holm_msg *msg, int flags)
{
	if (unlikely(s->late_error))
		return take_late_error(s);
	return s->ops->send(s, msg, flags);
}

int64_t holm_socket_recvmsg(struct holm_socket *s, struct holm_msg *msg, int flags)
{
	msg->flags = 0;
	if (unlikely(flags & HOLM_MSG_ERRQUEUE))
		return s->ops->recv_error ? s->ops->recv_error(s, msg) : -HOLM_EAGAIN;
	/* An urgent byte is there, or it is not. */
	if (unlikely(s->late_error) && !((flags & HOLM_MSG_OOB) && s->ops->is_tcp))
		return take_late_error(s);
	return s->ops->recv(s, msg, flags);
}

size_t holm_socket_write(struct holm_socket *s, const void *p, size_t n)
{
	if (unlikely(s->unusual &
		     (SOCKET_SHUT_WR | SOCKET_MESSAGES | SOCKET_LATE_ERROR | SOCKET_BELOW_MARK)))
		return 0;
	return s->ops->write(s, p, n);
}

size_t holm_socket_read(struct holm_socket *s, void *p, size_t n)
{
	if (unlikely(s->unusual & (SOCKET_MESSAGES | SOCKET_LATE_ERROR | SOCKET_LOWAT)))
		return 0;
	return s->ops->read(s, p, n);
}

unsigned socket_datagram_poll(const struct holm_socket *s, unsigned ready)
{
	unsigned mask = 0;

	if (ready & HOLM_READABLE)
		mask |= HOLM_POLLIN | HOLM_POLLRDNORM;
	if (ready & HOLM_WRITABLE)
		mask |= HOLM_POLLOUT | HOLM_POLLWRNORM;
	if (ready & HOLM_ERROR)
		mask |= HOLM_POLLERR;
	if (s->unusual & SOCKET_SHUT_RD)
		mask |= HOLM_POLLIN | HOLM_POLLRDNORM | HOLM_POLLRDHUP;
	if ((s->unusual & SOCKET_SHUT) == SOCKET_SHUT)
		mask |= HOLM_POLLHUP;
	return mask;
}

unsigned holm_socket_poll(struct holm_socket *s)
{
	/* A listener says no more than whether there is somebody. */
	if (unlikely(s->unusual & SOCKET_LATE_ERROR) &&
	    !(s->ops->is_listening && s->ops->is_listening(s)))
		return s->ops->poll(s) | HOLM_POLLERR;
	return s->ops->poll(s);
}

size_t holm_socket_readable_bytes(struct holm_socket *s)
{
	return s->ops->readable(s);
}

bool holm_socket_at_mark(struct holm_socket *s)
{
	return s->ops->at_mark && s->ops->at_mark(s);
}

size_t holm_socket_unsent_bytes(struct holm_socket *s)
{
	return s->ops->unsent ? s->ops->unsent(s) : 0;
}

/* ---- the protocol ---- */

static int start(struct holm_net *net)
{
	net->sockets = mem_zalloc(&net->mem, sizeof(*net->sockets));
	if (!net->sockets)
		return -HOLM_ENOMEM;
	list_init(&net->sockets->all);
	net->sockets->cred = (struct holm_cred){ .pid = 1 };
	net->sockets->tables[0] = inet_kinds;
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

/* What was bound to a device that goes leads nowhere from now on, instead of everywhere. */
static void netif_changed(struct holm_net *net, struct holm_netif *netif)
{
	struct list *all = &net->sockets->all;
	struct list_node *n;

	if (net->netifs[netif->index] == netif)
		return;
	for (n = list_first(all); n; n = list_next(all, n)) {
		struct holm_socket *s = container_of(n, struct holm_socket, link);

		if (s->dev != netif->dev)
			continue;
		s->dev = ip_no_dev();
		(void)s->ops->set_way(s);
	}
}

static const struct holm_proto *const needs[] = { &holm_udp, &holm_tcp, NULL };

const struct holm_proto holm_sockets = {
	.name = "sockets",
	.kind = PROTO_LAYER,
	.needs = needs,
	.start = start,
	.stop = stop,
	.netif_changed = netif_changed,
};
