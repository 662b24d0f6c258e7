/*
 * AF_INET and AF_INET6, SOCK_STREAM: a TCP endpoint behind the calls of POSIX. What is read from
 * where it stands: the phase of connect() is the socket's, everything else is asked of TCP when it
 * is needed. Bytes are inet_stream_bytes.c's.
 */
#include "net/socket/inet_stream.h"

#include "net/ip/ip.h"
#include "net/socket/inet_addr.h"

/* ---- the endpoint ---- */

static unsigned bind_flags(const struct stream *t)
{
	return (t->base.reuseaddr ? (unsigned)HOLM_TCP_REUSEADDR : 0u) |
	       (t->base.reuseport ? (unsigned)HOLM_TCP_REUSEPORT : 0u) |
	       (t->base.v6only ? (unsigned)HOLM_TCP_V6ONLY : 0u) |
	       (t->addr_only ? (unsigned)HOLM_TCP_ADDR_ONLY : 0u) |
	       (t->foreign ? (unsigned)HOLM_TCP_FOREIGN : 0u);
}

static int stream_open(struct holm_socket *s)
{
	struct stream *t = inet_stream_of(s);
	int err = holm_tcp_open(s->net, &t->tcp);

	if (err)
		return err;
	s->sndbuf = s->net->config.tcp_sndbuf_bytes;
	s->rcvbuf = s->net->config.tcp_rcvbuf_bytes;
	t->group_loop = true;
	t->group_all = s->family == HOLM_AF_INET;
	holm_tcp_set_cookie(t->tcp, s->cookie);
	return 0;
}

static int attach_rings(struct stream *t, uint32_t rcv_limit)
{
	int err = rings_attach(t->base.net, t->tcp, t->base.sndbuf, rcv_limit, &t->rings);

	if (!err)
		socket_set_unusual(&t->base, SOCKET_MESSAGES, false);
	return err;
}

static void leave_rings(struct stream *t)
{
	if (t->rings)
		rings_leave(t->rings);
	t->rings = NULL;
	socket_set_unusual(&t->base, SOCKET_MESSAGES, true);
}

static void stream_close(struct holm_socket *s, bool abort)
{
	struct stream *t = inet_stream_of(s);

	if (abort)
		holm_tcp_abort(t->tcp);
	else
		holm_tcp_close(t->tcp);
	leave_rings(t);
}

static void stream_set_cookie(struct holm_socket *s)
{
	holm_tcp_set_cookie(inet_stream_of(s)->tcp, s->cookie);
}

static int stream_set_way(struct holm_socket *s)
{
	return holm_tcp_set_way(inet_stream_of(s)->tcp, s->dev, s->mark, s->dontroute);
}

/* The address that the program chose; a port that was chosen for it has been given back. */
static void bind_again(struct stream *t)
{
	unsigned flags = bind_flags(t) | (t->local.port ? 0u : (unsigned)HOLM_TCP_ADDR_ONLY);

	t->bound = !holm_addr_is_any(&t->local.addr) || t->local.port;
	if (t->bound)
		t->bound = holm_tcp_bind(t->tcp, &t->local, flags) == 0;
}

/*
 * Back to a socket that never connected: a new endpoint in the old one's place, with its options and
 * the address that the program chose. Without memory the old one stays, spent.
 */
static int renew(struct stream *t)
{
	struct holm_tcp *old = t->tcp;
	int err;

	t->spent = true;
	t->failed = false;
	t->phase = UNCONNECTED;
	socket_set_unusual(&t->base, SOCKET_SHUT, false);
	err = holm_tcp_open_like(old, &t->tcp);
	if (err) {
		t->tcp = old;
		return err;
	}
	holm_tcp_set_cookie(t->tcp, t->base.cookie);
	holm_tcp_abort(old);
	leave_rings(t);
	t->spent = false;
	/* MSG_FASTOPEN was of one attempt. */
	(void)holm_tcp_set_option(t->tcp, HOLM_TCP_OPT_FASTOPEN_CONNECT, t->defers);
	if (t->bound)
		bind_again(t);
	return 0;
}

static int need_rings(struct stream *t)
{
	return t->rings ? 0 : attach_rings(t, t->base.rcvbuf);
}

int inet_stream_take_error(struct stream *t)
{
	bool ended = inet_stream_ready(t) & HOLM_PEER_CLOSED;
	int err = holm_tcp_take_error(t->tcp);

	return err == -HOLM_ECONNRESET && ended ? -HOLM_EPIPE : err;
}

/* In the middle of a connection, which is reset when it is given up? */
static bool is_reset_by_leaving(const struct stream *t)
{
	switch (holm_tcp_state(t->tcp)) {
	case HOLM_TCP_SYN_SENT:
	case HOLM_TCP_SYN_RECEIVED:
	case HOLM_TCP_ESTABLISHED:
	case HOLM_TCP_FIN_WAIT_1:
	case HOLM_TCP_FIN_WAIT_2:
	case HOLM_TCP_CLOSE_WAIT:
		return true;
	default:
		return false;
	}
}

/*
 * renew() by the program's will. As on Linux the socket says that its connection was reset, as if that had
 * come from without, or what nobody has asked for yet.
 */
static int leave(struct stream *t)
{
	int before = is_reset_by_leaving(t) ? -HOLM_ECONNRESET : socket_take_error(&t->base);
	int err = renew(t);

	if (!err && before)
		holm_socket_return_error(&t->base, -before);
	return err;
}

/* The same after a connect() whose failure nobody has been told by connect(): that is still to come. */
static int leave_failed(struct stream *t)
{
	int err = leave(t);

	t->failed = !err;
	socket_set_unusual(&t->base, SOCKET_SHUT, true);
	return err;
}

static int tell_failure(struct stream *t)
{
	int err = socket_take_error(&t->base);

	t->failed = false;
	socket_set_unusual(&t->base, SOCKET_SHUT, false);
	return err ? err : -HOLM_ECONNABORTED;
}

/* ---- bind, connect, listen, accept ---- */

/* Where it is bound to an address alone it may be bound again. */
static bool has_port(const struct stream *t)
{
	struct holm_endpoint e;

	holm_tcp_local(t->tcp, &e);
	return e.port != 0;
}

/* A connect() that has failed has given back a port that was chosen. */
static bool is_bindable(const struct stream *t)
{
	if (t->phase == CONNECTING && inet_stream_is_over(t))
		return !t->bound || t->local.port == 0;
	return t->phase == UNCONNECTED && !(t->bound && has_port(t));
}

static int stream_bind(struct holm_socket *s, const void *addr, uint32_t len)
{
	struct stream *t = inet_stream_of(s);
	struct holm_endpoint local;
	int err = inet_parse(s, &local, addr, len, INET_ADDR_BIND);

	if (err)
		return err;
	if (!is_bindable(t))
		return -HOLM_EINVAL;
	err = socket_check_port(s, local.port);
	if (err)
		return err;
	if (t->phase == CONNECTING)
		err = leave_failed(t);
	else if (t->spent)
		err = renew(t);
	if (err)
		return err;
	err = holm_tcp_bind(t->tcp, &local, bind_flags(t));
	if (err)
		return err;
	t->bound = true;
	t->local = local;
	return 0;
}

int inet_stream_connect_outcome(struct stream *t, int pending)
{
	int err;

	if (inet_stream_is_handshaking(t))
		return pending;
	if (!inet_stream_is_over(t)) {
		t->phase = CONNECTED;
		return 0;
	}
	err = inet_stream_take_error(t);
	(void)renew(t); /* where it fails, the next connect() tries again and says so */
	return err ? err : -HOLM_ECONNABORTED;
}

int inet_stream_prepare_connect(struct stream *t, const void *addr, uint32_t len,
				struct holm_endpoint *remote)
{
	int err = inet_parse(&t->base, remote, addr, len, INET_ADDR_CONNECT);

	if (!err && t->spent)
		err = renew(t);
	if (!err)
		err = need_rings(t);
	if (!err)
		inet_addr_wildcard_to_self(&t->base, remote,
					   t->bound ? &t->local.addr : &remote->addr);
	return err;
}

/* TCP_FASTOPEN_CONNECT, and a cookie is there to be shown with the first data. */
static bool is_deferred(const struct stream *t, const struct holm_endpoint *remote)
{
	return unlikely(t->defers) && holm_tcp_has_cookie(t->base.net, &remote->addr);
}

int inet_stream_connect_error(const struct stream *t, int err, const struct holm_endpoint *remote)
{
	/* There is such a connection. */
	if (err == -HOLM_EADDRINUSE)
		return -HOLM_EADDRNOTAVAIL;
	/* To groups and broadcasts, and from IPv6 to IPv4, there is no way. */
	if ((err == -HOLM_EINVAL && !ip_addr_is_unicast(t->base.net, &remote->addr)) ||
	    (err == -HOLM_EAFNOSUPPORT && holm_addr_is_ip4(&remote->addr)))
		return -HOLM_ENETUNREACH;
	return err;
}

static int stream_connect(struct holm_socket *s, const void *addr, uint32_t len)
{
	struct stream *t = inet_stream_of(s);
	struct holm_endpoint remote;
	int err;

	if (inet_addr_is_unspec(addr, len)) {
		socket_set_unusual(s, SOCKET_SHUT, false);
		t->failed = false;
		return t->phase == UNCONNECTED && !t->spent ? 0 : leave(t);
	}
	if (t->phase == CONNECTING)
		return inet_stream_connect_outcome(t, -HOLM_EALREADY);
	if (t->phase != UNCONNECTED)
		return -HOLM_EISCONN;
	if (t->failed)
		return tell_failure(t);
	err = inet_stream_prepare_connect(t, addr, len, &remote);
	if (err)
		return err;
	if (is_deferred(t, &remote)) {
		t->remote = remote;
		t->phase = DEFERRED;
		return 0;
	}
	err = holm_tcp_connect(t->tcp, &remote);
	if (err)
		return inet_stream_connect_error(t, err, &remote);
	t->phase = CONNECTING;
	socket_forget_late_error(s);
	return -HOLM_EINPROGRESS;
}

static int stream_listen(struct holm_socket *s, int backlog)
{
	const struct holm_endpoint any = { .addr = s->ops->addrs->any };
	struct stream *t = inet_stream_of(s);
	int err = 0;

	if (t->phase > LISTENING || t->phase == DEFERRED || t->failed)
		return -HOLM_EINVAL;
	if (t->spent)
		err = renew(t);
	if (!err && !t->bound && t->phase == UNCONNECTED) {
		err = holm_tcp_bind(t->tcp, &any, bind_flags(t));
		t->bound = err == 0;
		t->local = any;
	}
	/* As on Linux one more may wait than was said, and a negative backlog is a very large one. */
	if (!err)
		err = holm_tcp_listen(t->tcp, (uint32_t)backlog + (backlog >= 0));
	if (!err)
		t->phase = LISTENING;
	return err;
}

static int stream_can_accept(struct holm_socket *s)
{
	const struct stream *t = inet_stream_of(s);

	if (t->phase != LISTENING)
		return -HOLM_EINVAL;
	return inet_stream_ready(t) & HOLM_ACCEPTABLE ? 0 : -HOLM_EAGAIN;
}

static int stream_accept(struct holm_socket *s, struct holm_socket *child)
{
	struct stream *c = inet_stream_of(child);
	const struct stream *l = inet_stream_of(s);
	uint32_t promised = s->net->config.tcp_rcvbuf_bytes;
	int err = holm_tcp_accept(l->tcp, &c->tcp);

	if (err)
		return err;
	c->phase = CONNECTED;
	c->inq = l->inq;
	c->addr_only = l->addr_only;
	c->foreign = l->foreign;
	c->group_loop = l->group_loop;
	c->group_all = l->group_all;
	c->pmtu_do = l->pmtu_do;
	holm_tcp_set_cookie(c->tcp, child->cookie);
	/* The peer was promised the instance's window before it was known whose this would be. */
	err = attach_rings(c, max_u32(child->rcvbuf, promised));
	if (err)
		holm_tcp_abort(c->tcp);
	return err;
}

/* Of a link-local address, which is one of the interface that the socket is bound to. */
static void put_scope(const struct holm_socket *s, struct holm_endpoint *e)
{
	if (e->scope == 0 && s->dev && s->dev->netif)
		e->scope = holm_dev_index(s->dev);
}

static int stream_name(struct holm_socket *s, enum socket_name which, void *addr, uint32_t *len)
{
	const struct stream *t = inet_stream_of(s);
	struct holm_endpoint e;

	if (which == SOCKET_NAME_LOCAL) {
		holm_tcp_local(t->tcp, &e);
		if (!t->bound && holm_addr_is_any(&e.addr))
			e.addr = s->ops->addrs->any;
		put_scope(s, &e);
		return inet_put(s, &e, addr, len);
	}
	if (which == SOCKET_NAME_PEER && (t->phase <= LISTENING || inet_stream_is_over(t) ||
					  holm_tcp_state(t->tcp) == HOLM_TCP_SYN_SENT))
		return -HOLM_ENOTCONN;
	holm_tcp_remote(t->tcp, &e);
	put_scope(s, &e);
	return inet_put(s, &e, addr, len);
}

static int stream_shutdown(struct holm_socket *s, unsigned shut)
{
	struct stream *t = inet_stream_of(s);

	if (t->phase == LISTENING)
		return shut & SOCKET_SHUT_RD ? renew(t) : 0;
	if (t->phase == DEFERRED || (t->phase == CONNECTING && inet_stream_is_handshaking(t)))
		return leave(t);
	/* As on Linux also where it is refused. */
	s->unusual |= (uint8_t)shut;
	if (t->phase == UNCONNECTED || inet_stream_is_over(t))
		return -HOLM_ENOTCONN;
	/* As on Linux: who is connected, and shuts a side, has heard that he is. */
	t->phase = CONNECTED;
	return shut & SOCKET_SHUT_WR ? holm_tcp_shutdown(t->tcp) : 0;
}

/* ---- levels ---- */

/* SO_RCVLOWAT, but no more than can ever be there. */
static size_t readiness_least(const struct stream *t)
{
	return min_size(t->base.rcvlowat, t->base.rcvbuf / 2);
}

/* Once the handshake is complete, or has failed. */
static unsigned poll_connected(struct stream *t, unsigned ready)
{
	bool write_ended = inet_stream_is_write_ended(t), read_ended = inet_stream_is_read_ended(t);
	/* What TCP says, it takes back when nothing has room any more. */
	bool is_writable = (ready & (HOLM_WRITABLE | HOLM_ERROR)) == HOLM_WRITABLE;
	size_t unread = inet_stream_unread(t);
	unsigned mask = 0;

	if (read_ended && write_ended)
		mask |= HOLM_POLLHUP;
	if (read_ended)
		mask |= HOLM_POLLIN | HOLM_POLLRDNORM | HOLM_POLLRDHUP;
	if (unread > 0 && unread >= readiness_least(t) && inet_stream_has_bytes(t))
		mask |= HOLM_POLLIN | HOLM_POLLRDNORM;
	if (write_ended || is_writable || holm_tcp_send_room(t->tcp) > 0)
		mask |= HOLM_POLLOUT | HOLM_POLLWRNORM;
	if ((ready & HOLM_URGENT) && inet_stream_oob_waits(t))
		mask |= HOLM_POLLPRI;
	return mask;
}

static never_inline unsigned poll_connection(struct stream *t)
{
	unsigned ready = inet_stream_ready(t);
	unsigned mask = inet_stream_is_handshaking(t) ? 0 : poll_connected(t, ready);

	return ready & HOLM_ERROR ? mask | HOLM_POLLERR : mask;
}

static unsigned poll_shut_reading(const struct stream *t)
{
	return t->base.unusual & SOCKET_SHUT_RD ? HOLM_POLLIN | HOLM_POLLRDNORM | HOLM_POLLRDHUP
						: 0;
}

static inline unsigned poll_any(struct stream *t)
{
	switch (t->phase) {
	case UNCONNECTED:
		return HOLM_POLLOUT | HOLM_POLLWRNORM | HOLM_POLLHUP | poll_shut_reading(t);
	case DEFERRED:
		return HOLM_POLLOUT | HOLM_POLLWRNORM;
	case LISTENING:
		return inet_stream_ready(t) & HOLM_ACCEPTABLE ? HOLM_POLLIN | HOLM_POLLRDNORM : 0;
	case CONNECTING:
	case CONNECTED:
		break;
	}
	return poll_connection(t);
}

/* Open in both directions, nothing failed, nothing is urgent: the endpoint's level says it all. */
static unsigned stream_poll(struct holm_socket *s)
{
	const unsigned in = HOLM_POLLIN | HOLM_POLLRDNORM, out = HOLM_POLLOUT | HOLM_POLLWRNORM;
	struct stream *t = inet_stream_of(s);

	if (likely((inet_stream_ready(t) | HOLM_READABLE) ==
			   (HOLM_CONNECTED | HOLM_READABLE | HOLM_WRITABLE) &&
		   !(s->unusual & ~SOCKET_BELOW_MARK)))
		return holm_rcvbuf_readable(&t->rings->rcv.base) > 0 ? in | out : out;
	return poll_any(t);
}

/* As on Linux: up to the urgent byte, if reads stop there. */
static size_t stream_readable(struct holm_socket *s)
{
	struct stream *t = inet_stream_of(s);
	size_t before;

	if (!t->base.oobinline && inet_stream_oob_offset(t, &before))
		return min_size(before, inet_stream_unread(t));
	return inet_stream_unread(t);
}

static size_t stream_unsent(struct holm_socket *s)
{
	const struct stream *t = inet_stream_of(s);

	return t->rings ? holm_sndbuf_queued(&t->rings->snd.base) : 0;
}

bool holm_socket_is_delivered(struct holm_socket *s)
{
	enum holm_tcp_state state;

	if (!s->ops->is_tcp || inet_stream_of(s)->phase <= LISTENING)
		return true;
	state = holm_tcp_state(inet_stream_of(s)->tcp);
	return state == HOLM_TCP_CLOSED || state == HOLM_TCP_FIN_WAIT_2 ||
	       state == HOLM_TCP_TIME_WAIT;
}

static int stream_take_error(struct holm_socket *s)
{
	return inet_stream_take_error(inet_stream_of(s));
}

static int stream_resize(struct holm_socket *s)
{
	struct stream *t = inet_stream_of(s);

	if (!t->rings)
		return 0;
	holm_ring_sndbuf_set_limit(&t->rings->snd, s->sndbuf);
	holm_ring_rcvbuf_set_limit(&t->rings->rcv, s->rcvbuf);
	/* A larger window is news for the peer. */
	holm_tcp_received(t->tcp);
	return 0;
}

/* What both families have in common. */
#define STREAM_OPS                                                                                 \
	.bytes = sizeof(struct stream), .open = stream_open, .close = stream_close,                \
	.set_cookie = stream_set_cookie, .bind = stream_bind, .connect = stream_connect,           \
	.listen = stream_listen, .accept = stream_accept, .can_accept = stream_can_accept,         \
	.name = stream_name, .shutdown = stream_shutdown, .send = inet_stream_send,                \
	.recv = inet_stream_recv, .write = inet_stream_write, .read = inet_stream_read,            \
	.poll = stream_poll, .readable = stream_readable, .take_error = stream_take_error,         \
	.is_listening = inet_stream_is_listening, .resize = stream_resize,                         \
	.set_way = stream_set_way, .set_bytes = inet_stream_set_bytes,                             \
	.get_bytes = inet_stream_get_bytes, .unsent = stream_unsent,                               \
	.at_mark = inet_stream_at_mark, .is_tcp = true

const struct socket_ops inet_stream_ops = {
	STREAM_OPS,
	.addrs = &inet_addrs,
	.set = inet_stream_set,
	.get = inet_stream_get,
};

const struct socket_ops inet6_stream_ops = {
	STREAM_OPS,
	.addrs = &inet6_addrs,
	.set = inet6_stream_set,
	.get = inet6_stream_get,
};
