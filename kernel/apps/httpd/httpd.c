/*
 * httpd.c -- an HTTP/1.1 server: one thread, non-blocking sockets, poll().
 *
 *	httpd [-r DIR] [PORT]		files below DIR (default: the root), port 80
 *
 * This file is the table of connections and the loop over it. Connections are bounded; when the table
 * is full, the one that has been idle for longest makes room, and when none is idle, new ones
 * wait in the listener's backlog.
 */
#include "conn.h"
#include "pattern.h"
#include "site.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum limits {
	CONNS_MAX = 256,  /* 3 KiB each, 11 KiB while a request is incomplete: 2.8 MiB at worst */
	BACKLOG = 128,	  /* what may wait while a turn of the loop lasts */
	ACCEPTS_MAX = 32, /* a turn */
	RETRY_MS = 100,	  /* when the system is out of sockets or memory */
};

struct server {
	int listener;
	unsigned count;
	uint64_t accept_after_ms; /* 0, or when to try again after a failure */
	struct conn *conns[CONNS_MAX];
	struct pollfd
		fds[CONNS_MAX + 1]; /* fds[i] is of conns[i]; the one behind, the listener's */
};

static struct server server;

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void say(int fd, const char *a, const char *b, const char *c)
{
	char line[256];
	struct text t = text_over(line, sizeof(line));

	text_add(&t, "httpd: ");
	text_add(&t, a);
	text_add(&t, b);
	text_add(&t, c);
	text_char(&t, '\n');
	while (write(fd, line, t.len) < 0 && errno == EINTR)
		continue;
}

static bool set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

/* At every address of both families, or of IPv4 where there is no other. */
static int bind_to_all(int fd, bool ip6, uint16_t port)
{
	const struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(port) };
	const struct sockaddr_in6 addr6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int off = 0;

	if (!ip6)
		return bind(fd, (const struct sockaddr *)&addr, sizeof(addr));
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0)
		return -1;
	return bind(fd, (const struct sockaddr *)&addr6, sizeof(addr6));
}

static int listen_on(uint16_t port)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool ip6 = fd >= 0;
	int on = 1;

	if (!ip6)
		fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind_to_all(fd, ip6, port) != 0 || listen(fd, BACKLOG) != 0 || !set_nonblocking(fd)) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static void drop(struct server *s, unsigned i)
{
	conn_close(s->conns[i]);
	s->count--;
	s->conns[i] = s->conns[s->count];
	s->fds[i] = s->fds[s->count];
	s->accept_after_ms = 0;
}

/* Close the connection that has been idle for longest. false: every one is at work. */
static bool make_room(struct server *s)
{
	unsigned oldest = CONNS_MAX;

	for (unsigned i = 0; i < s->count; i++)
		if (conn_is_idle(s->conns[i]) &&
		    (oldest == CONNS_MAX ||
		     s->conns[i]->deadline_ms < s->conns[oldest]->deadline_ms))
			oldest = i;
	if (oldest == CONNS_MAX)
		return false;
	drop(s, oldest);
	return true;
}

static void run(struct server *s, unsigned i, uint64_t now)
{
	short events = conn_run(s->conns[i], site_answer, now);

	s->fds[i].events = events;
	if (events == 0)
		drop(s, i);
}

static void add(struct server *s, int fd, uint64_t now)
{
	struct conn *c = set_nonblocking(fd) ? conn_open(fd, now) : NULL;
	int on = 1;

	if (!c) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	s->conns[s->count] = c;
	s->fds[s->count] = (struct pollfd){ .fd = fd, .events = POLLIN };
	s->count++;
	run(s, s->count - 1, now); /* the request is often here already */
}

static void accept_some(struct server *s, uint64_t now)
{
	for (unsigned n = 0; n < ACCEPTS_MAX; n++) {
		int fd;

		if (s->count == CONNS_MAX && !make_room(s))
			return;
		fd = accept(s->listener, NULL, NULL);
		if (fd >= 0) {
			add(s, fd, now);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			s->accept_after_ms = now + RETRY_MS;
		return;
	}
}

/* How long poll() may sleep, and which connections have slept long enough. */
static int expire_and_next_ms(struct server *s, uint64_t now)
{
	uint64_t next = s->accept_after_ms > 0 ? s->accept_after_ms : UINT64_MAX;

	for (unsigned i = s->count; i-- > 0;) {
		struct conn *c = s->conns[i];

		if (c->deadline_ms <= now) {
			s->fds[i].events = conn_expire(c, now);
			if (s->fds[i].events == 0) {
				drop(s, i);
				continue;
			}
		}
		if (c->deadline_ms < next)
			next = c->deadline_ms;
	}
	if (next == UINT64_MAX)
		return -1;
	return next > now ? (int)(next - now) : 0;
}

static void turn(struct server *s)
{
	uint64_t now = now_ms();
	int timeout = expire_and_next_ms(s, now);
	unsigned polled = s->count;
	struct pollfd *listener = &s->fds[polled];
	bool listening;

	if (s->accept_after_ms > 0 && s->accept_after_ms <= now)
		s->accept_after_ms = 0;
	listening = s->accept_after_ms == 0;
	*listener = (struct pollfd){ .fd = s->listener, .events = POLLIN };
	if (poll(s->fds, polled + listening, timeout) <= 0)
		return;
	listening = listening && listener->revents != 0;
	now = now_ms();
	for (unsigned i = polled; i-- > 0;) /* downwards: drop() moves the last one here */
		if (s->fds[i].revents != 0)
			run(s, i, now);
	if (listening)
		accept_some(s, now);
}

/* A full table whose connections are all at work would make poll() return for the listener at once. */
static void wait_for_room(struct server *s)
{
	if (s->count == CONNS_MAX && !make_room(s) && s->accept_after_ms == 0)
		s->accept_after_ms = now_ms() + RETRY_MS;
}

static bool parse_port(const char *s, uint16_t *port)
{
	uint64_t value;

	if (!request_u64(s, NULL, &value) || value == 0 || value > 65535)
		return false;
	*port = (uint16_t)value;
	return true;
}

static bool parse_arguments(int argc, char **argv, const char **port_text, uint16_t *port)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-r") == 0 && i + 1 < argc) {
			site_set_root(argv[++i]);
			continue;
		}
		if (!parse_port(argv[i], port))
			return false;
		*port_text = argv[i];
	}
	return true;
}

int main(int argc, char **argv)
{
	const char *port_text = "80";
	uint16_t port = 80;

	if (!parse_arguments(argc, argv, &port_text, &port)) {
		say(2, "usage: httpd [-r DIR] [PORT]", "", "");
		return 2;
	}
	pattern_init();
	server.listener = listen_on(port);
	if (server.listener < 0) {
		say(2, "cannot listen on port ", port_text,
		    errno == EADDRINUSE ? ": something else does; name another"
		    : errno == EACCES	? ": ports below 1024 need privileges here; name another"
					: "");
		return 1;
	}
	say(1, "serving on port ", port_text, "");
	for (;;) {
		wait_for_room(&server);
		turn(&server);
	}
}
