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

/* ---- request and response by epoll --------------------------------------------------------------- */

/* A host with one connection in one epoll. */
struct peer {
	struct process *p;
	int fd, epoll;
};

static void watch(struct process *p, int epoll, int fd)
{
	struct sys_epoll_event ev = { HOLM_POLLIN, (uint64_t)fd };

	ok(sys_epoll_ctl(p, epoll, SYS_EPOLL_CTL_ADD, fd, &ev), "epoll_ctl");
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

static void begin(struct world *w, struct peer peer[2])
{
	struct holm_sockaddr_in sa = address(w, 1);
	int on = 1, listener;

	for (int i = 0; i < 2; i++) {
		peer[i].p = process_new(w, i);
		peer[i].epoll = ok(sys_epoll_create1(peer[i].p, 0), "epoll");
	}
	listener = ok(sys_socket(peer[1].p, HOLM_AF_INET, HOLM_SOCK_STREAM, 0), "socket");
	set_timestamps(w, peer[1].p, listener);
	ok(sys_bind(peer[1].p, listener, &sa, sizeof(sa)), "bind");
	ok(sys_listen(peer[1].p, listener, 1), "listen");
	peer[0].fd = ok(sys_socket(peer[0].p, HOLM_AF_INET, HOLM_SOCK_STREAM | SYS_O_NONBLOCK, 0),
			"socket");
	set_timestamps(w, peer[0].p, peer[0].fd);
	(void)sys_connect(peer[0].p, peer[0].fd, &sa, sizeof(sa));
	world_settle(w);
	peer[1].fd = ok(sys_accept4(peer[1].p, listener, NULL, NULL, SYS_O_NONBLOCK), "accept");
	for (int i = 0; i < 2; i++) {
		ok(sys_setsockopt(peer[i].p, peer[i].fd, HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_NODELAY,
				  &on, sizeof(on)),
		   "nodelay");
		watch(peer[i].p, peer[i].epoll, peer[i].fd);
	}
}

/* One waits for the other's bytes, and reads them. */
static void take(struct peer *at)
{
	uint8_t message[MESSAGE];
	struct sys_epoll_event ev;

	bench_on();
	bench_check(sys_epoll_wait(at->p, at->epoll, &ev, 1, 0) == 1, "nothing is ready");
	bench_check(sys_read(at->p, at->fd, message, sizeof(message)) == MESSAGE, "read");
	bench_off();
}

static void exchange(struct world *w, struct peer peer[2])
{
	uint8_t message[MESSAGE] = { 1 };

	for (int i = 0; i < 2; i++) {
		bench_on();
		bench_check(sys_write(peer[i].p, peer[i].fd, message, MESSAGE) == MESSAGE, "write");
		bench_off();
		world_out(w, i);
		world_in(w, !i);
		take(&peer[!i]);
	}
	w->now += w->options.round_ns;
}

double run_socket_rr(struct world *w, uint32_t n)
{
	struct peer peer[2];

	begin(w, peer);
	for (uint32_t i = 0; i < 16; i++)
		exchange(w, peer);
	bench_start();
	for (uint32_t i = 0; i < n; i++)
		exchange(w, peer);
	bench_stop();
	process_delete(peer[0].p);
	process_delete(peer[1].p);
	world_settle(w);
	return n;
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
