/*
 * The rows of sockets: what the layers of POSIX add to an endpoint (descriptors, epoll, the system calls
 * of kernel/sys), and Unix sockets with and without them. A process has one thread, which never sleeps.
 */
#include "tests/bench/world.h"

#include <holm/socket.h>

#include <stdlib.h>
#include <string.h>

#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "net/socket/inet_stream.h"

#define MESSAGE 64u
#define PORT 7u
#define TRANSFER (64u * 1024u)

static uint8_t out_bytes[TRANSFER], in_bytes[TRANSFER];

/* ---- processes ----------------------------------------------------------------------------------- */

static uint64_t ops_now(void *ctx)
{
	const struct world *w = ctx;

	return w->now;
}

static void *ops_self(void *ctx)
{
	return ctx;
}

static int ops_sleep(void *ctx, uint64_t deadline_ns)
{
	(void)ctx;
	(void)deadline_ns;
	bench_check(false, "a call blocks");
	return 0;
}

static void ops_wake(void *ctx, void *thread)
{
	(void)ctx;
	(void)thread;
}

static const struct wait_ops ops = {
	.now = ops_now,
	.self = ops_self,
	.sleep = ops_sleep,
	.wake = ops_wake,
};

static struct process *process_new(struct world *w, int side)
{
	const struct sys_env env = {
		.wait = { &ops, w },
		.memory = holm_net_memory(w->side[side].net),
		.net = w->side[side].net,
	};
	struct process *p = calloc(1, sizeof(*p));

	bench_check(p && process_init(p, &env) == 0, "process");
	return p;
}

static void process_delete(struct process *p)
{
	process_fini(p);
	free(p);
}

static int ok(int result, const char *what)
{
	bench_check(result >= 0, what);
	return result;
}

/* ---- connections in one epoll ---------------------------------------------------------------------- */

/* A host with its connections in one epoll. */
struct peer {
	struct process *p;
	int epoll;
	int fd[WORLD_CROWD];
};

/* The second one listens. */
struct peers {
	struct world *w;
	uint32_t n; /* connections at once */
	int listener;
	struct peer peer[2];
	struct sys_epoll_event events[WORLD_CROWD];
};

static void watch_for(struct process *p, int epoll, int op, int fd, uint32_t events)
{
	struct sys_epoll_event ev = { events, (uint64_t)fd };

	ok(sys_epoll_ctl(p, epoll, op, fd, &ev), "epoll_ctl");
}

static void watch(struct process *p, int epoll, int fd)
{
	watch_for(p, epoll, SYS_EPOLL_CTL_ADD, fd, HOLM_POLLIN);
}

static struct holm_sockaddr_in address(const struct world *w, int side)
{
	struct holm_sockaddr_in sa = { .family = HOLM_AF_INET };
	const uint8_t port[2] = { 0, PORT };

	memcpy(&sa.port, port, sizeof(port));
	memcpy(&sa.addr, &w->side[side].addr.b[12], sizeof(sa.addr));
	return sa;
}

/* As the rows without sockets: where Linux's programs would ask its sysctl, ours ask TCP. */
static void set_timestamps(const struct world *w, struct process *p, int fd)
{
	struct holm_socket *s = file_socket(fds_slot(p, fd)->file);

	ok(holm_tcp_set_option(inet_stream_of(s)->tcp, HOLM_TCP_OPT_TIMESTAMPS,
			       w->options.timestamps),
	   "timestamps");
}

static struct peers *peers_new(struct world *w)
{
	struct holm_sockaddr_in sa = address(w, 1);
	struct peers *c = calloc(1, sizeof(*c));
	struct process *server;

	bench_check(c != NULL, "memory");
	world_introduce(w);
	c->w = w;
	c->n = w->options.crowd ? WORLD_CROWD : 1;
	for (int i = 0; i < 2; i++) {
		c->peer[i].p = process_new(w, i);
		c->peer[i].epoll = ok(sys_epoll_create1(c->peer[i].p, 0), "epoll");
	}
	server = c->peer[1].p;
	c->listener = ok(sys_socket(server, HOLM_AF_INET, HOLM_SOCK_STREAM | SYS_O_NONBLOCK, 0),
			 "socket");
	set_timestamps(w, server, c->listener);
	ok(sys_bind(server, c->listener, &sa, sizeof(sa)), "bind");
	ok(sys_listen(server, c->listener, 2 * WORLD_CROWD), "listen");
	return c;
}

static void peers_delete(struct peers *c)
{
	process_delete(c->peer[0].p);
	process_delete(c->peer[1].p);
	world_settle(c->w);
	free(c);
}

/* From here to there, and what they had to say is in the other's inbox. */
static void cross(struct peers *c, int side)
{
	world_out(c->w, side);
	world_in(c->w, !side);
}

static int connect_one(struct peers *c, uint32_t for_what)
{
	struct holm_sockaddr_in sa = address(c->w, 1);
	struct peer *from = &c->peer[0];
	int fd;

	bench_on();
	fd = ok(sys_socket(from->p, HOLM_AF_INET, HOLM_SOCK_STREAM | SYS_O_NONBLOCK, 0), "socket");
	bench_off();
	set_timestamps(c->w, from->p, fd);
	bench_on();
	bench_check(sys_connect(from->p, fd, &sa, sizeof(sa)) == -HOLM_EINPROGRESS, "connect");
	watch_for(from->p, from->epoll, SYS_EPOLL_CTL_ADD, fd, for_what);
	bench_off();
	return fd;
}

/* Until there are no more, as servers do. */
static void accept_all(struct peers *c)
{
	struct peer *at = &c->peer[1];

	for (uint32_t i = 0; i < c->n; i++) {
		bench_on();
		at->fd[i] =
			ok(sys_accept4(at->p, c->listener, NULL, NULL, SYS_O_NONBLOCK), "accept");
		watch(at->p, at->epoll, at->fd[i]);
		bench_off();
	}
	bench_on();
	bench_check(sys_accept4(at->p, c->listener, NULL, NULL, SYS_O_NONBLOCK) == -HOLM_EAGAIN,
		    "one too many");
	bench_off();
}

/* So many have something, as c->events says. */
static void wait_for(struct peers *c, int side, uint32_t n)
{
	const struct peer *at = &c->peer[side];

	bench_on();
	bench_check(sys_epoll_wait(at->p, at->epoll, c->events, (int)c->n, 0) == (int)n,
		    "not all are ready");
	bench_off();
}

static void hear(struct process *p, int fd)
{
	uint8_t message[MESSAGE];

	bench_on();
	bench_check(sys_read(p, fd, message, sizeof(message)) == MESSAGE, "read");
	bench_off();
}

static void say(struct process *p, int fd)
{
	uint8_t message[MESSAGE] = { 1 };

	bench_on();
	bench_check(sys_write(p, fd, message, MESSAGE) == MESSAGE, "write");
	bench_off();
}

static void hang_up(struct process *p, int fd)
{
	bench_on();
	ok(sys_close(p, fd), "close");
	bench_off();
}

/* ---- request and response ------------------------------------------------------------------------ */

static void begin(struct peers *c)
{
	struct peer *peer = c->peer;
	int on = 1;

	for (uint32_t i = 0; i < c->n; i++)
		peer[0].fd[i] = connect_one(c, HOLM_POLLIN);
	world_settle(c->w);
	accept_all(c);
	for (int side = 0; side < 2; side++)
		for (uint32_t i = 0; i < c->n; i++)
			ok(sys_setsockopt(peer[side].p, peer[side].fd[i], HOLM_IPPROTO_TCP,
					  HOLM_SOCKOPT_TCP_NODELAY, &on, sizeof(on)),
			   "nodelay");
}

static void exchange(struct peers *c)
{
	for (int side = 0; side < 2; side++) {
		for (uint32_t i = 0; i < c->n; i++)
			say(c->peer[side].p, c->peer[side].fd[i]);
		cross(c, side);
		wait_for(c, !side, c->n);
		for (uint32_t i = 0; i < c->n; i++)
			hear(c->peer[!side].p, (int)c->events[i].data);
	}
	c->w->now += (uint64_t)c->w->options.round_ns * c->n;
}

double run_socket_rr(struct world *w, uint32_t ops)
{
	struct peers *c = peers_new(w);
	double units = (double)ops * c->n;

	begin(c);
	for (uint32_t i = 0; i < 16; i++)
		exchange(c);
	bench_start();
	for (uint32_t i = 0; i < ops; i++)
		exchange(c);
	bench_stop();
	peers_delete(c);
	return units;
}

/* ---- connect, request, answer, close ------------------------------------------------------------- */

/* A client that is connected asks, and waits for the answer. */
static void ask_all(struct peers *c)
{
	struct peer *at = &c->peer[0];

	wait_for(c, 0, c->n);
	for (uint32_t i = 0; i < c->n; i++) {
		int fd = (int)c->events[i].data;

		say(at->p, fd);
		bench_on();
		watch_for(at->p, at->epoll, SYS_EPOLL_CTL_MOD, fd, HOLM_POLLIN);
		bench_off();
	}
}

/* The request has come with the end of the handshake. */
static void answer_all(struct peers *c)
{
	struct process *p = c->peer[1].p;

	wait_for(c, 1, 1);
	accept_all(c);
	wait_for(c, 1, c->n);
	for (uint32_t i = 0; i < c->n; i++) {
		int fd = (int)c->events[i].data;

		hear(p, fd);
		say(p, fd);
		hang_up(p, fd);
	}
}

static void hear_all(struct peers *c)
{
	struct process *p = c->peer[0].p;

	wait_for(c, 0, c->n);
	for (uint32_t i = 0; i < c->n; i++) {
		int fd = (int)c->events[i].data;

		hear(p, fd);
		hang_up(p, fd);
	}
}

static void connect_request_close(struct peers *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		(void)connect_one(c, HOLM_POLLOUT);
	cross(c, 0); /* SYN */
	cross(c, 1); /* SYN-ACK */
	ask_all(c);
	cross(c, 0); /* ACK and request */
	answer_all(c);
	cross(c, 1); /* answer and FIN */
	hear_all(c);
	cross(c, 0); /* FIN */
	cross(c, 1); /* its ACK */
	c->w->now += 10000000;
}

double run_socket_crr(struct world *w, uint32_t ops)
{
	struct peers *c = peers_new(w);
	double units = (double)ops * c->n;

	watch(c->peer[1].p, c->peer[1].epoll, c->listener);
	for (uint32_t i = 0; i < 4; i++)
		connect_request_close(c);
	bench_start();
	for (uint32_t i = 0; i < ops; i++)
		connect_request_close(c);
	bench_stop();
	peers_delete(c);
	return units;
}

/* ---- epoll with many descriptors ----------------------------------------------------------------- */

/* One of many has something: it becomes ready, is found and read. */
double run_epoll(struct world *w, uint32_t n)
{
	struct process *p = process_new(w, 0);
	int epoll = ok(sys_epoll_create1(p, 0), "epoll"), pair[2];
	struct sys_epoll_event ev;
	uint8_t byte = 1;

	for (uint32_t i = 0; i < w->options.watched; i++)
		watch(p, epoll, ok(sys_socket(p, HOLM_AF_UNIX, HOLM_SOCK_DGRAM, 0), "socket"));
	ok(sys_socketpair(p, HOLM_AF_UNIX, HOLM_SOCK_STREAM | SYS_O_NONBLOCK, 0, pair), "pair");
	watch(p, epoll, pair[1]);
	for (uint32_t i = 0; i < n + 4; i++) {
		if (i == 4)
			bench_start();
		bench_on();
		bench_check(sys_write(p, pair[0], &byte, 1) == 1, "write");
		bench_check(sys_epoll_wait(p, epoll, &ev, 1, 0) == 1, "nothing is ready");
		bench_check(sys_read(p, pair[1], &byte, 1) == 1, "read");
		bench_check(sys_epoll_wait(p, epoll, &ev, 1, 0) == 0, "something is ready");
		bench_off();
	}
	bench_stop();
	process_delete(p);
	return n;
}

/* ---- Unix sockets -------------------------------------------------------------------------------- */

/* 64 KiB through a stream: a write and a read. */
double run_unix_64k(struct world *w, uint32_t n)
{
	struct process *p = process_new(w, 0);
	int pair[2];

	ok(sys_socketpair(p, HOLM_AF_UNIX, HOLM_SOCK_STREAM | SYS_O_NONBLOCK, 0, pair), "pair");
	for (uint32_t i = 0; i < n + 4; i++) {
		if (i == 4)
			bench_start();
		bench_on();
		bench_check(sys_write(p, pair[0], out_bytes, TRANSFER) == TRANSFER, "write");
		bench_check(sys_read(p, pair[1], in_bytes, TRANSFER) == TRANSFER, "read");
		bench_off();
	}
	bench_stop();
	process_delete(p);
	return n;
}

static void move(struct holm_socket *from, struct holm_socket *to)
{
	uint8_t message[MESSAGE] = { 1 };
	struct holm_iov iov = { message, MESSAGE };
	struct holm_msg msg = { .iov = &iov, .iovcnt = 1 };

	bench_on();
	/* The first one has the ring's memory taken. */
	bench_check(holm_socket_write(from, message, MESSAGE) == MESSAGE ||
			    holm_socket_sendmsg(from, &msg, 0) == MESSAGE,
		    "send");
	bench_check(holm_socket_read(to, message, MESSAGE) == MESSAGE, "receive");
	bench_off();
}

/* There and back between two sockets, without descriptors. */
double run_unix_pingpong(struct world *w, uint32_t n)
{
	struct holm_net *net = w->side[0].net;
	void *cookies[2] = { NULL, NULL };
	struct holm_socket *s[2];
	struct holm_event ev;

	ok(holm_socket_pair(net, HOLM_AF_UNIX, HOLM_SOCK_STREAM, 0, cookies, s), "pair");
	for (uint32_t i = 0; i < n + 4; i++) {
		if (i == 4)
			bench_start();
		move(s[0], s[1]);
		move(s[1], s[0]);
		bench_on();
		while (holm_net_next_event(net, &ev))
			continue;
		bench_off();
	}
	bench_stop();
	holm_socket_close(s[0]);
	holm_socket_close(s[1]);
	return n;
}
