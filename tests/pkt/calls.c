/* See calls.h. */
#include "tests/pkt/calls.h"

#include <stdlib.h>
#include <string.h>

#include <holm/buf.h>

#include "lib/bytes.h"
#include "tests/pkt/names.h"

#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull
#define BYTES_MAX (16u << 20)

/* ---- arguments ---- */

const struct value *call_arg(const struct attempt *a, size_t i)
{
	const struct value *v = a->event->call.args.first;

	for (size_t k = 0; v && k < i; k++)
		v = v->next;
	if (!v)
		fail("%s() has too few arguments", a->event->call.name);
	return v;
}

int64_t value_number(const struct value *v)
{
	if (v->kind != VALUE_NUMBER)
		fail("a number is expected among the arguments");
	return v->number;
}

const struct value *value_field(const struct value *record, const char *name)
{
	for (const struct value *v = record->first; v; v = v->next)
		if (v->name && strcmp(v->name, name) == 0)
			return v;
	fail("{...} has no field %s", name);
}

static int64_t number_arg(const struct attempt *a, size_t i)
{
	return value_number(call_arg(a, i));
}

static size_t bytes_arg(const struct attempt *a, size_t i)
{
	int64_t n = number_arg(a, i);

	if (n < 0 || n > BYTES_MAX)
		fail("0 to %u bytes, please", BYTES_MAX);
	return (size_t)n;
}

/* sin6_addr="fd00::1" */
static struct holm_addr addr6_field(const struct value *record)
{
	const struct value *v = value_field(record, "sin6_addr");
	struct holm_addr a;

	if (v->kind != VALUE_STRING || holm_addr_parse(&a, v->text, v->len) != 0)
		fail("sin6_addr is an address in quotes");
	return a;
}

/*
 * {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("1.2.3.4")}, the same with AF_INET6, sin6_port
 * and sin6_addr="fd00::1", or the usual one.
 */
static struct sock_name address_arg(const struct calls *c, const struct attempt *a, size_t i,
				    struct holm_addr addr, uint16_t port)
{
	const struct value *v = call_arg(a, i);
	uint32_t number;

	if (v->kind == VALUE_RECORD && value_number(value_field(v, "sa_family")) == HOLM_AF_INET) {
		port = (uint16_t)value_number(value_field(v, "sin_port"));
		number = (uint32_t)value_number(value_field(v, "sin_addr"));
		addr = holm_addr_ip4((uint8_t)(number >> 24), (uint8_t)(number >> 16),
				     (uint8_t)(number >> 8), (uint8_t)number);
	} else if (v->kind == VALUE_RECORD) {
		port = (uint16_t)value_number(value_field(v, "sin6_port"));
		addr = addr6_field(v);
	} else if (v->kind != VALUE_ELLIPSIS) {
		fail("an address is a record or \"...\"");
	}
	return family_sock_name(c->flows->family, &addr, port);
}

/* ---- sockets ---- */

static struct sock *find_sock(struct calls *c, int fd)
{
	for (size_t i = 0; i < CALLS_SOCKETS_MAX; i++)
		if (c->socks[i].s && c->socks[i].fd == fd)
			return &c->socks[i];
	return NULL;
}

static struct sock *free_sock(struct calls *c, int64_t fd)
{
	if (fd >= 0 && find_sock(c, (int)fd))
		fail("descriptor %d is in use", (int)fd);
	for (size_t i = 0; i < CALLS_SOCKETS_MAX; i++)
		if (!c->socks[i].s && c->socks[i].fd == 0)
			return &c->socks[i];
	fail("more than %u sockets", CALLS_SOCKETS_MAX);
}

static int64_t call_socket(struct calls *c, struct attempt *a)
{
	int64_t domain = call_arg(a, 0)->kind == VALUE_ELLIPSIS ? HOLM_AF_INET : number_arg(a, 0);
	int usual = c->flows->family->ip6 ? AF_INET6_ : HOLM_AF_INET;
	int64_t type = number_arg(a, 1);
	int64_t fd = a->event->call.result;
	struct sock *k = free_sock(c, fd);
	int err;

	*k = (struct sock){ .nonblock = (type & SOCK_NONBLOCK_) != 0 };
	err = holm_socket_open(c->net, domain == HOLM_AF_INET ? usual : (int)domain,
			       (int)(type & 0xff), (int)number_arg(a, 2), k, &k->s);
	if (err)
		return err;
	k->fd = (int)fd;
	c->latest = k;
	return fd;
}

static int64_t call_bind(struct calls *c, struct attempt *a)
{
	struct sock_name sa = address_arg(c, a, 1, c->flows->local, (uint16_t)FLOW_LOCAL_PORT);

	if (!a->sock->named && load_be16(sa.bytes + 2))
		c->flows->local_port = load_be16(sa.bytes + 2);
	a->sock->named = true;
	return holm_socket_bind(a->sock->s, sa.bytes, sa.len);
}

static int64_t call_listen(struct calls *c, struct attempt *a)
{
	(void)c;
	return holm_socket_listen(a->sock->s, (int)number_arg(a, 1));
}

static int64_t call_accept(struct calls *c, struct attempt *a)
{
	int64_t fd = a->event->call.result;
	struct sock *k;
	int err;

	if (!a->child) {
		a->child = free_sock(c, fd);
		a->child->fd = -1; /* taken, not open */
	}
	k = a->child;
	err = holm_socket_accept(a->sock->s, NULL, NULL, k, &k->s);
	if (err == -HOLM_EAGAIN && a->may_wait)
		return CALL_WAITS;
	if (err) {
		*k = (struct sock){ 0 };
		return err;
	}
	k->fd = (int)fd;
	c->latest = k;
	return fd;
}

static int64_t call_connect(struct calls *c, struct attempt *a)
{
	struct sock_name sa = address_arg(c, a, 1, c->flows->remote, (uint16_t)FLOW_LOCAL_PORT);
	int err = holm_socket_connect(a->sock->s, sa.bytes, sa.len);

	c->latest = a->sock;
	if (!a->again)
		a->sock->sent = a->sock->received = 0;
	if (!a->may_wait || (err != -HOLM_EINPROGRESS && err != -HOLM_EALREADY))
		return err;
	return CALL_WAITS;
}

/* ---- bytes ---- */

static uint8_t *pattern(int64_t start, size_t n)
{
	uint8_t *p = malloc(n ? n : 1);

	if (!p)
		abort();
	for (size_t i = 0; i < n; i++)
		p[i] = holm_pattern_byte((uint64_t)start + i);
	return p;
}

static bool is_stream(struct holm_socket *s)
{
	int type = 0;
	uint32_t len = sizeof(type);

	return holm_socket_getsockopt(s, HOLM_SOL_SOCKET, HOLM_SO_TYPE, &type, &len) == 0 &&
	       type == HOLM_SOCK_STREAM;
}

static int64_t send_bytes(struct attempt *a, size_t n, int flags, struct sock_name *to)
{
	struct sock *k = a->sock;
	bool stream = is_stream(k->s);
	size_t left = n - (size_t)a->done;
	uint8_t *bytes = pattern(stream ? k->sent : 0, left);
	struct holm_iov iov = { bytes, left };
	struct holm_msg msg = {
		.name = to ? to->bytes : NULL,
		.name_len = to ? to->len : 0,
		.iov = &iov,
		.iovcnt = 1,
	};
	int64_t result = holm_socket_sendmsg(k->s, &msg, flags & ~HOLM_MSG_DONTWAIT);

	free(bytes);
	if (result > 0) {
		k->sent += result;
		a->done += result;
	}
	if (a->may_wait && !(flags & HOLM_MSG_DONTWAIT) &&
	    (result == -HOLM_EAGAIN || (result >= 0 && stream && a->done < (int64_t)n)))
		return CALL_WAITS;
	return a->done > 0 ? a->done : result;
}

/* write(fd, ..., n) */
static int64_t call_write(struct calls *c, struct attempt *a)
{
	(void)c;
	return send_bytes(a, bytes_arg(a, 2), 0, NULL);
}

static int64_t call_send(struct calls *c, struct attempt *a)
{
	(void)c;
	return send_bytes(a, bytes_arg(a, 2), (int)number_arg(a, 3), NULL);
}

static int64_t call_sendto(struct calls *c, struct attempt *a)
{
	struct sock_name to = address_arg(c, a, 4, c->flows->remote, (uint16_t)FLOW_LOCAL_PORT);

	c->latest = a->sock;
	return send_bytes(a, bytes_arg(a, 2), (int)number_arg(a, 3), &to);
}

/* The first of `n` bytes that is not the stream's from `start` on; n: none. */
static int64_t find_wrong(const uint8_t *bytes, int64_t n, int64_t start)
{
	int64_t i = 0;

	while (i < n && bytes[i] == holm_pattern_byte((uint64_t)(start + i)))
		i++;
	return i;
}

static int64_t receive_bytes(struct attempt *a, size_t n, int flags)
{
	struct sock *k = a->sock;
	bool stream = is_stream(k->s);
	bool drop = stream && (flags & HOLM_MSG_TRUNC);
	uint8_t *bytes = malloc(n ? n : 1);
	struct holm_iov iov = { bytes, n - (size_t)a->done };
	struct holm_msg msg = { .iov = &iov, .iovcnt = 1 };
	int64_t start = stream ? k->received : 0, right = -1, result;

	if (!bytes)
		abort();
	result = holm_socket_recvmsg(k->s, &msg, flags & ~(HOLM_MSG_DONTWAIT | HOLM_MSG_WAITALL));
	if (result > 0 && !drop && !(flags & HOLM_MSG_OOB) && result <= (int64_t)n)
		right = find_wrong(bytes, result, start);
	free(bytes);
	if (right >= 0 && right < result)
		fail("byte %lld of the stream is not what was sent", (long long)(start + right));
	if (result > 0 && !(flags & (HOLM_MSG_PEEK | HOLM_MSG_OOB))) {
		k->received += result;
		a->done += result;
	}
	if (!a->may_wait || (flags & HOLM_MSG_DONTWAIT))
		return result;
	if (result == -HOLM_EAGAIN)
		return a->expired && a->done > 0 ? a->done : CALL_WAITS;
	if ((flags & HOLM_MSG_WAITALL) && result > 0)
		return a->done < (int64_t)n ? CALL_WAITS : a->done;
	return result;
}

static int64_t call_read(struct calls *c, struct attempt *a)
{
	(void)c;
	return receive_bytes(a, bytes_arg(a, 2), 0);
}

static int64_t call_recv(struct calls *c, struct attempt *a)
{
	(void)c;
	return receive_bytes(a, bytes_arg(a, 2), (int)number_arg(a, 3));
}

/* ---- ends ---- */

static int64_t call_shutdown(struct calls *c, struct attempt *a)
{
	(void)c;
	return holm_socket_shutdown(a->sock->s, (int)number_arg(a, 1));
}

static void drop_sock(struct calls *c, struct sock *k)
{
	holm_socket_close(k->s);
	if (c->latest == k)
		c->latest = NULL;
	*k = (struct sock){ 0 };
}

static int64_t call_close(struct calls *c, struct attempt *a)
{
	struct sock *k = a->sock;
	int linger_s = holm_socket_linger_s(k->s);

	if (linger_s > 0 && a->may_wait && holm_socket_readable_bytes(k->s) == 0) {
		if (!a->again) {
			(void)holm_socket_shutdown(k->s, HOLM_SHUT_WR);
			a->deadline_ns = c->now + (uint64_t)linger_s * NS_PER_S;
		}
		if (!holm_socket_is_delivered(k->s) && !a->expired)
			return CALL_WAITS;
	}
	drop_sock(c, k);
	a->sock = NULL;
	return 0;
}

/* ---- the rest ---- */

static int64_t call_fcntl(struct calls *c, struct attempt *a)
{
	int64_t command = number_arg(a, 1);

	(void)c;
	if (command == F_GETFL_)
		return O_RDWR_ | (a->sock->nonblock ? O_NONBLOCK_ : 0);
	if (command != F_SETFL_)
		fail("fcntl() knows F_GETFL and F_SETFL");
	a->sock->nonblock = (number_arg(a, 2) & O_NONBLOCK_) != 0;
	return 0;
}

/* ioctl(fd, SIOCINQ, [1000]) */
static int64_t call_ioctl(struct calls *c, struct attempt *a)
{
	const struct value *list = call_arg(a, 2);
	int64_t got;

	(void)c;
	if (number_arg(a, 1) != SIOCINQ_ || list->kind != VALUE_LIST || !list->first)
		fail("ioctl(fd, SIOCINQ, [n]) is what there is");
	got = (int64_t)holm_socket_readable_bytes(a->sock->s);
	if (got != value_number(list->first))
		fail("SIOCINQ says %lld, expected %lld", (long long)got,
		     (long long)list->first->number);
	return 0;
}

static unsigned poll_one(struct calls *c, const struct value *v)
{
	struct sock *k = find_sock(c, (int)value_number(value_field(v, "fd")));
	unsigned events = (unsigned)value_number(value_field(v, "events"));

	if (!k)
		return HOLM_POLLNVAL;
	return holm_socket_poll(k->s) & (events | HOLM_POLLERR | HOLM_POLLHUP);
}

static void check_revents(struct calls *c, const struct value *list)
{
	for (const struct value *v = list->first; v; v = v->next) {
		unsigned want = (unsigned)value_number(value_field(v, "revents"));
		unsigned got = poll_one(c, v);

		if (want != got)
			fail("poll: revents are 0x%x, expected 0x%x", got, want);
	}
}

/* poll([{fd=3, events=POLLIN, revents=POLLIN}], 1, timeout_ms) */
static int64_t call_poll(struct calls *c, struct attempt *a)
{
	const struct value *list = call_arg(a, 0);
	int64_t timeout_ms = number_arg(a, 2);
	int64_t n = 0;

	if (list->kind != VALUE_LIST || !list->first)
		fail("poll() wants a list");
	for (const struct value *v = list->first; v; v = v->next)
		n += poll_one(c, v) != 0;
	if (n == 0 && a->may_wait && timeout_ms != 0 && !a->expired) {
		if (!a->again && timeout_ms > 0)
			a->deadline_ns = c->now + (uint64_t)timeout_ms * NS_PER_MS;
		return CALL_WAITS;
	}
	check_revents(c, list);
	return n;
}

static int64_t call_name(struct calls *c, struct attempt *a, bool peer)
{
	struct sock_name want = address_arg(c, a, 1, peer ? c->flows->remote : c->flows->local,
					    (uint16_t)FLOW_LOCAL_PORT);
	struct sock_name got = { .len = sizeof(got.bytes) };
	int err = peer ? holm_socket_getpeername(a->sock->s, got.bytes, &got.len)
		       : holm_socket_getsockname(a->sock->s, got.bytes, &got.len);

	if (!err && call_arg(a, 1)->kind == VALUE_RECORD && memcmp(&got, &want, sizeof(got)) != 0)
		fail("the name is another one, with port %u", load_be16(got.bytes + 2));
	return err;
}

static int64_t call_getsockname(struct calls *c, struct attempt *a)
{
	return call_name(c, a, false);
}

static int64_t call_getpeername(struct calls *c, struct attempt *a)
{
	return call_name(c, a, true);
}

/* Which time-out of the socket's applies. */
enum call_direction { NO_TIME, RECEIVES, SENDS };

static const struct function {
	const char *name;
	int64_t (*fn)(struct calls *c, struct attempt *a);
	bool no_fd; /* the first argument is no socket */
	enum call_direction direction;
} functions[] = {
	{ "socket", call_socket, true, NO_TIME },
	{ "bind", call_bind, false, NO_TIME },
	{ "listen", call_listen, false, NO_TIME },
	{ "accept", call_accept, false, RECEIVES },
	{ "connect", call_connect, false, SENDS },
	{ "read", call_read, false, RECEIVES },
	{ "recv", call_recv, false, RECEIVES },
	{ "recvfrom", call_recv, false, RECEIVES },
	{ "write", call_write, false, SENDS },
	{ "send", call_send, false, SENDS },
	{ "sendto", call_sendto, false, SENDS },
	{ "shutdown", call_shutdown, false, NO_TIME },
	{ "close", call_close, false, NO_TIME },
	{ "setsockopt", call_setsockopt, false, NO_TIME },
	{ "getsockopt", call_getsockopt, false, NO_TIME },
	{ "fcntl", call_fcntl, false, NO_TIME },
	{ "ioctl", call_ioctl, false, NO_TIME },
	{ "poll", call_poll, true, NO_TIME },
	{ "tcp_pending", call_pending, false, NO_TIME },
	{ "tcp_decide", call_decide, false, NO_TIME },
	{ "getsockname", call_getsockname, false, NO_TIME },
	{ "getpeername", call_getpeername, false, NO_TIME },
};

static const struct function *find_function(const char *name)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (strcmp(functions[i].name, name) == 0)
			return &functions[i];
	fail("there is no call %s() here", name);
}

/* ---- calling ---- */

static void check_result(const struct call *call, int64_t got)
{
	int64_t want = call->err ? -call->err : call->result;

	if (call->any_result || got == want)
		return;
	if (got < 0)
		fail("%s() fails with %s, expected %lld %s", call->name, name_of_errno((int)-got),
		     (long long)call->result, call->err ? name_of_errno(call->err) : "");
	fail("%s() returns %lld, expected %lld %s", call->name, (long long)got,
	     (long long)call->result, call->err ? name_of_errno(call->err) : "");
}

static int64_t attempt(struct calls *c, struct attempt *a)
{
	const struct function *f = find_function(a->event->call.name);
	int64_t result = f->fn(c, a);

	a->again = true;
	if (a->sock)
		a->sock->awake = false;
	if (result == CALL_WAITS && a->expired)
		return f->direction == NO_TIME ? 0 : -HOLM_EAGAIN;
	return result;
}

static void set_deadline(struct calls *c, struct attempt *a, const struct function *f)
{
	uint64_t ns = 0;

	a->deadline_ns = UINT64_MAX;
	if (f->direction == RECEIVES)
		ns = holm_socket_rcvtimeo_ns(a->sock->s);
	else if (f->direction == SENDS)
		ns = holm_socket_sndtimeo_ns(a->sock->s);
	if (ns)
		a->deadline_ns = c->now + ns;
}

void calls_init(struct calls *c, struct holm_net *net, struct flows *flows)
{
	memset(c, 0, sizeof(*c));
	c->net = net;
	c->flows = flows;
}

bool calls_begin(struct calls *c, const struct event *e, bool may_wait)
{
	const struct function *f = find_function(e->call.name);
	struct attempt *a = NULL;
	int64_t result;

	for (size_t i = 0; i < CALLS_PENDING_MAX && !a; i++)
		if (!c->pending[i].event)
			a = &c->pending[i];
	if (!a)
		fail("more than %u calls at a time", CALLS_PENDING_MAX);
	*a = (struct attempt){ .event = e, .begun_ns = c->now };
	if (!f->no_fd) {
		a->sock = find_sock(c, (int)number_arg(a, 0));
		if (!a->sock)
			fail("no descriptor %d is open", (int)number_arg(a, 0));
		set_deadline(c, a, f);
	}
	a->may_wait = may_wait && !(a->sock && a->sock->nonblock);
	result = attempt(c, a);
	if (result == CALL_WAITS)
		return false;
	a->event = NULL;
	check_result(&e->call, result);
	return true;
}

static void hear(struct calls *c)
{
	struct holm_event ev;

	while (holm_net_next_event(c->net, &ev)) {
		struct sock *k = ev.cookie;

		if (!k)
			fail("an event carries no cookie");
		k->awake = true;
		/* poll() waits for all of its sockets at once. */
		for (size_t i = 0; i < CALLS_PENDING_MAX; i++)
			if (c->pending[i].event && !c->pending[i].sock)
				c->pending[i].done = 1;
	}
}

static bool may_go_on(const struct calls *c, struct attempt *a)
{
	if (!a->event)
		return false;
	a->expired = c->now >= a->deadline_ns;
	/* The peer's last ACK raises no event: who lingers looks again and again. */
	if (strcmp(a->event->call.name, "close") == 0)
		return true;
	return a->expired || (a->sock ? a->sock->awake : a->done != 0);
}

bool calls_continue(struct calls *c, const struct event **over)
{
	hear(c);
	for (size_t i = 0; i < CALLS_PENDING_MAX; i++) {
		struct attempt *a = &c->pending[i];
		int64_t result;

		if (!may_go_on(c, a))
			continue;
		if (!a->sock)
			a->done = 0;
		result = attempt(c, a);
		if (result == CALL_WAITS)
			continue;
		*over = a->event;
		a->event = NULL;
		check_result(&(*over)->call, result);
		return true;
	}
	return false;
}

uint64_t calls_deadline(const struct calls *c)
{
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; i < CALLS_PENDING_MAX; i++)
		if (c->pending[i].event && c->pending[i].deadline_ns < first)
			first = c->pending[i].deadline_ns;
	return first;
}

const struct event *calls_pending(const struct calls *c)
{
	for (size_t i = 0; i < CALLS_PENDING_MAX; i++)
		if (c->pending[i].event)
			return c->pending[i].event;
	return NULL;
}

void calls_fini(struct calls *c)
{
	for (size_t i = 0; i < CALLS_SOCKETS_MAX; i++)
		if (c->socks[i].s)
			drop_sock(c, &c->socks[i]);
}
