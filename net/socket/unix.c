/*
 * AF_UNIX: endpoints of net/unix behind the calls of POSIX. Addresses, flags and options are here;
 * everything else is the endpoint's.
 */
#include "net/unix/unix.h"

#include "lib/mem.h"
#include "net/core/proto.h"
#include "net/socket/socket.h"

#define FAMILY_BYTES ((uint32_t)sizeof(uint16_t))

struct unix_socket {
	struct holm_socket base;
	struct unix_end *end;
};

static struct unix_end *end_of(struct holm_socket *s)
{
	return container_of(s, struct unix_socket, base)->end;
}

static void adopt(struct holm_socket *s, struct unix_end *e)
{
	container_of(s, struct unix_socket, base)->end = e;
	e->ep.cookie = s->cookie;
	e->ep.owned = true;
	s->sndbuf = e->limit;
	s->rcvbuf = e->limit;
}

static int unix_socket_open(struct holm_socket *s)
{
	struct unix_end *e;
	int err = unix_open(s->net, s->type, &s->net->sockets->cred, &e);

	if (!err)
		adopt(s, e);
	socket_set_unusual(s, SOCKET_MESSAGES, !s->ops->read);
	s->protocol = 0; /* what SO_PROTOCOL shows on Linux */
	return err;
}

static void unix_socket_close(struct holm_socket *s, bool abort)
{
	(void)abort;
	unix_close(end_of(s));
}

static void unix_socket_set_cookie(struct holm_socket *s)
{
	end_of(s)->ep.cookie = s->cookie;
}

/* ---- names ---- */

/* sun_path and how many bytes of it were given. */
static int parse(const void *addr, uint32_t len, struct holm_sockaddr_un *un, size_t *name_len)
{
	if (!addr)
		return -HOLM_EFAULT;
	if (len < FAMILY_BYTES || len > sizeof(*un))
		return -HOLM_EINVAL;
	memset(un, 0, sizeof(*un));
	memcpy(un, addr, len);
	if (un->family != HOLM_AF_UNIX)
		return -HOLM_EINVAL;
	*name_len = len - FAMILY_BYTES;
	return 0;
}

/* A path comes back with its NUL, where there is room for one. */
static int put_name(const struct unix_name *name, void *addr, uint32_t *len)
{
	struct holm_sockaddr_un un = { .family = HOLM_AF_UNIX };
	uint32_t full = FAMILY_BYTES;

	if (name) {
		memcpy(un.path, name->bytes, name->len);
		full += name->len + (name->bytes[0] != 0 ? 1u : 0);
	}
	if (*len > INT32_MAX)
		return -HOLM_EINVAL;
	if (addr)
		memcpy(addr, &un, min_u32(*len, min_u32(full, sizeof(un))));
	*len = full;
	return 0;
}

static int unix_socket_bind(struct holm_socket *s, const void *addr, uint32_t len)
{
	struct holm_sockaddr_un un;
	size_t n;
	int err = parse(addr, len, &un, &n);

	if (err)
		return err;
	return n == 0 ? unix_autobind(end_of(s)) : unix_bind(end_of(s), un.path, n);
}

/* As on Linux, who wants credentials has a name. */
static int autobind_if_asked(struct holm_socket *s)
{
	return s->passcred && !end_of(s)->name ? unix_autobind(end_of(s)) : 0;
}

static int unix_socket_connect(struct holm_socket *s, const void *addr, uint32_t len)
{
	struct holm_sockaddr_un un;
	uint16_t family;
	size_t n;
	int err;

	if (addr && len >= FAMILY_BYTES && s->type == HOLM_SOCK_DGRAM) {
		memcpy(&family, addr, sizeof(family));
		if (family == HOLM_AF_UNSPEC) {
			unix_disconnect(end_of(s));
			return 0;
		}
	}
	err = parse(addr, len, &un, &n);
	if (!err)
		err = autobind_if_asked(s);
	return err ? err : unix_connect(end_of(s), un.path, n);
}

static int unix_socket_listen(struct holm_socket *s, int backlog)
{
	int err = unix_listen(end_of(s), backlog);

	if (!err)
		end_of(s)->cred = s->net->sockets->cred;
	return err;
}

static int unix_socket_can_accept(struct holm_socket *s)
{
	const struct unix_end *e = end_of(s);

	if (!unix_is_connected_type(e))
		return -HOLM_EOPNOTSUPP;
	if (e->state != UNIX_LISTENING || (e->nchildren == 0 && (e->shut & UNIX_SHUT_RD)))
		return -HOLM_EINVAL;
	return e->nchildren > 0 ? 0 : -HOLM_EAGAIN;
}

static int unix_socket_accept(struct holm_socket *s, struct holm_socket *child)
{
	struct unix_end *e;
	int err = unix_accept(end_of(s), &e);

	if (!err)
		adopt(child, e);
	return err;
}

static int unix_socket_name(struct holm_socket *s, enum socket_name which, void *addr,
			    uint32_t *len)
{
	const struct unix_end *e = end_of(s);

	if (which == SOCKET_NAME_LOCAL)
		return put_name(e->name, addr, len);
	if (which == SOCKET_NAME_PEER && !e->peer)
		return -HOLM_ENOTCONN;
	return put_name(e->peer ? e->peer->name : NULL, addr, len);
}

static int unix_socket_shutdown(struct holm_socket *s, unsigned shut)
{
	s->unusual |= (uint8_t)shut;
	unix_shutdown(end_of(s), shut);
	return 0;
}

static int unix_socket_pair(struct holm_socket *a, struct holm_socket *b)
{
	unix_pair(end_of(a), end_of(b));
	return 0;
}

/* ---- bytes ---- */

static int64_t unix_stream_send(struct holm_socket *s, const struct holm_msg *msg, int flags)
{
	struct unix_end *e = end_of(s);

	if (unlikely(flags & HOLM_MSG_OOB))
		return -HOLM_EOPNOTSUPP;
	if (unlikely(msg->name && msg->name_len > 0))
		return e->peer ? -HOLM_EISCONN : -HOLM_EOPNOTSUPP;
	return unix_send_stream(e, msg);
}

static size_t unix_stream_write(struct holm_socket *s, const void *p, size_t n)
{
	return unix_write(end_of(s), p, n);
}

static size_t unix_stream_read(struct holm_socket *s, void *p, size_t n)
{
	return unix_read(end_of(s), p, n);
}

static int64_t unix_packet_send(struct holm_socket *s, const struct holm_msg *msg, int flags)
{
	struct unix_end *e = end_of(s);
	struct holm_sockaddr_un un;
	size_t n = 0;
	int err;

	if (flags & HOLM_MSG_OOB)
		return -HOLM_EOPNOTSUPP;
	err = autobind_if_asked(s);
	if (err)
		return err;
	if (s->type == HOLM_SOCK_SEQPACKET || !msg->name || msg->name_len == 0)
		return unix_send_packet(e, msg, NULL, 0);
	err = parse(msg->name, msg->name_len, &un, &n);
	return err ? err : unix_send_packet(e, msg, un.path, n);
}

/* The sender's address: none at all where it has no name. */
static void put_sender(const struct unix_name *from, struct holm_msg *msg)
{
	if (unlikely(from && (msg->name || msg->name_len)))
		(void)put_name(from, msg->name, &msg->name_len);
	else
		msg->name_len = 0;
}

/* Who did not ask for credentials gets none. */
static void withhold_cred(const struct holm_socket *s, const struct holm_msg *msg)
{
	if (msg->ancillary && !s->passcred)
		msg->ancillary->has &= ~(uint32_t)HOLM_ANC_CRED;
}

static int64_t unix_stream_recv(struct holm_socket *s, struct holm_msg *msg, int flags)
{
	struct unix_end *e = end_of(s);
	int64_t n;

	if (flags & HOLM_MSG_OOB)
		return -HOLM_EINVAL;
	n = unix_recv_stream(e, msg, flags);
	if (n > 0)
		put_sender(e->peer ? e->peer->name : NULL, msg);
	withhold_cred(s, msg);
	return n;
}

static int64_t unix_packet_recv(struct holm_socket *s, struct holm_msg *msg, int flags)
{
	struct unix_name *from = NULL;
	int64_t n;

	if (flags & HOLM_MSG_OOB)
		return -HOLM_EOPNOTSUPP;
	n = unix_recv_packet(end_of(s), msg, flags, &from);
	if (n >= 0)
		put_sender(from, msg);
	unix_name_put(s->net, from);
	withhold_cred(s, msg);
	return n;
}

static bool unix_socket_is_listening(struct holm_socket *s)
{
	return end_of(s)->state == UNIX_LISTENING;
}

static unsigned unix_socket_poll(struct holm_socket *s)
{
	return unix_poll(end_of(s));
}

static size_t unix_socket_readable(struct holm_socket *s)
{
	return unix_readable_bytes(end_of(s));
}

static size_t unix_socket_unsent(struct holm_socket *s)
{
	return unix_unread_by_peer(end_of(s));
}

/* ---- options ---- */

static int unix_socket_take_error(struct holm_socket *s)
{
	return unix_take_error(end_of(s));
}

/* SO_SNDBUF is what may wait at the other end; SO_RCVBUF has no effect there, as on Linux. */
static int unix_socket_resize(struct holm_socket *s)
{
	struct unix_end *e = end_of(s);
	bool more = s->sndbuf > e->limit;

	e->limit = s->sndbuf;
	if (more)
		ep_notify(s->net, &e->ep);
	return 0;
}

/* What every socket has is kept in the base; there is no level below. */
static int unix_socket_set(struct holm_socket *s, int level, int name, int value)
{
	(void)s;
	(void)name;
	(void)value;
	return level == HOLM_SOL_SOCKET ? 0 : -HOLM_EOPNOTSUPP;
}

static int unix_socket_get(struct holm_socket *s, int level, int name, int *value)
{
	(void)s;
	(void)level;
	(void)name;
	(void)value;
	return -HOLM_EOPNOTSUPP;
}

static void unix_socket_peer_cred(const struct holm_socket *s, struct holm_cred *cred)
{
	const struct unix_end *e = container_of_const(s, struct unix_socket, base)->end;

	if (e->state >= UNIX_CONNECTED)
		*cred = e->peer_cred;
}

/* ---- objects ---- */

static void unix_socket_set_object(struct holm_socket *s, struct holm_object *o)
{
	struct unix_end *e = end_of(s);

	ASSERT(!e->object && o->in_flight == 0);
	e->object = o;
	o->end = e;
}

static void unix_socket_forgotten(struct holm_socket *s)
{
	struct holm_net *net = s->net;

	if (net->unixes->ends_in_flight == 0)
		return;
	unix_collect(net);
	unix_let_go(net);
}

int holm_socket_unlink(struct holm_net *net, const char *path)
{
	size_t n = 0;

	while (path[n] && n <= UNIX_NAME_MAX)
		n++;
	return net->unixes ? unix_unlink(net, (const uint8_t *)path, n) : -HOLM_ENOENT;
}

bool holm_socket_path_exists(struct holm_net *net, const char *path)
{
	size_t n = 0;

	while (path[n] && n <= UNIX_NAME_MAX)
		n++;
	return net->unixes && unix_path_exists(net, (const uint8_t *)path, n);
}

/* ---- the layer ---- */

/* What all three kinds have; they differ in how bytes are sent and received. */
#define UNIX_OPS                                                                                   \
	.bytes = sizeof(struct unix_socket), .open = unix_socket_open, .close = unix_socket_close, \
	.set_cookie = unix_socket_set_cookie, .bind = unix_socket_bind,                            \
	.connect = unix_socket_connect, .listen = unix_socket_listen,                              \
	.accept = unix_socket_accept, .can_accept = unix_socket_can_accept,                        \
	.name = unix_socket_name, .shutdown = unix_socket_shutdown, .poll = unix_socket_poll,      \
	.readable = unix_socket_readable, .take_error = unix_socket_take_error,                    \
	.resize = unix_socket_resize, .set = unix_socket_set, .get = unix_socket_get,              \
	.pair = unix_socket_pair, .peer_cred = unix_socket_peer_cred,                              \
	.set_object = unix_socket_set_object, .forgotten = unix_socket_forgotten,                  \
	.unsent = unix_socket_unsent, .is_listening = unix_socket_is_listening

static const struct socket_ops stream_ops = {
	UNIX_OPS,
	.send = unix_stream_send,
	.recv = unix_stream_recv,
	.write = unix_stream_write,
	.read = unix_stream_read,
};

static const struct socket_ops packet_ops = {
	UNIX_OPS,
	.send = unix_packet_send,
	.recv = unix_packet_recv,
};

/* PF_UNIX is the only protocol that may be named beside 0. */
static const struct socket_kind kinds[] = {
	{ HOLM_AF_UNIX, HOLM_SOCK_STREAM, HOLM_AF_UNIX, &stream_ops },
	{ HOLM_AF_UNIX, HOLM_SOCK_DGRAM, HOLM_AF_UNIX, &packet_ops },
	{ HOLM_AF_UNIX, HOLM_SOCK_SEQPACKET, HOLM_AF_UNIX, &packet_ops },
	{ 0 },
};

static int start(struct holm_net *net)
{
	int err = unix_start(net);

	if (!err)
		socket_add_kinds(net, kinds);
	return err;
}

static const struct holm_proto *const needs[] = { &holm_sockets, NULL };

const struct holm_proto holm_unix = {
	.name = "unix",
	.kind = PROTO_LAYER,
	.needs = needs,
	.start = start,
	.stop = unix_stop, /* after the sockets', which close their ends */
};
