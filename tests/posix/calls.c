/*
 * Random calls on a handful of sockets, by seed, in front of Linux and of holm: what each call answers, and
 * what poll() and epoll say of everybody after it, has to be the same text. The case on holm asks the program
 * for Linux, which lies beside it, for its text, and says where the first difference is. SEEDS= says how
 * many, SEED= which one; CALLS=7 prints the calls of seed 7:
 *
 *	CALLS=7 build/host/tests/posix/linux calls_of_ip4
 *
 * Where the two differ on purpose the act is not done: see differs().
 */
#include "tests/posix/posix.h"

#include <stdarg.h>

#define HANDS 8
#define STEPS 100
#define PORTS 3
#define WATCHED (EPOLLIN | EPOLLOUT | EPOLLRDHUP)

/* A socket, and what has been done to it as far as it matters here. */
struct hand {
	int fd; /* -1: none */
	int type;
	bool tried; /* connect() was called */
	bool shut;  /* shutdown() */
};

struct play {
	FILE *out; /* the text */
	uint64_t random;
	uint16_t port; /* the first of PORTS that are named */
	int epoll;
	struct hand hand[HANDS];
};

static uint32_t below(struct play *p, uint32_t n)
{
	uint64_t z = p->random += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) % n);
}

#define PICK(p, array) ((array)[below(p, sizeof(array) / sizeof((array)[0]))])

/* ---- the text ---- */

__attribute__((format(printf, 2, 3))) static void say(struct play *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(p->out, format, args);
	va_end(args);
}

static const char *error_name(int error)
{
	return error == 0 ? "0" : strerrorname_np(error);
}

static void answer(struct play *p, long got)
{
	int error = errno;

	if (got < 0)
		say(p, " = %s\n", error_name(error));
	else
		say(p, " = %ld\n", got);
}

union name {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* Ports that were chosen are all the same here. */
static void say_name(struct play *p, const union name *n, socklen_t len)
{
	char text[INET6_ADDRSTRLEN];
	unsigned port = ntohs(n->in.sin_port) - (unsigned)p->port;

	if (len < sizeof(n->in)) {
		say(p, " of %u bytes", (unsigned)len);
		return;
	}
	inet_ntop(n->sa.sa_family,
		  n->sa.sa_family == AF_INET ? (const void *)&n->in.sin_addr : &n->in6.sin6_addr,
		  text, sizeof(text));
	say(p, " %s ", text);
	if (port < PORTS)
		say(p, "port %u", port);
	else
		say(p, n->in.sin_port ? "some port" : "no port");
}

/* ---- what the calls are given ---- */

static socklen_t some_name(struct play *p, union name *n)
{
	static const char *const ips[] = { "127.0.0.1", "127.0.0.1", "127.0.0.1",
					   "127.0.0.2", "0.0.0.0",   "127.0.0.1" };
	static const char *const ips6[] = { "::1", "::1", "::1", "::", "::ffff:127.0.0.1" };
	uint16_t port = below(p, 12) ? (uint16_t)(p->port + below(p, PORTS)) : 0;

	if (posix_family == AF_INET) {
		n->in = at(PICK(p, ips), port);
		return sizeof(n->in);
	}
	n->in6 = at6(PICK(p, ips6), port);
	return sizeof(n->in6);
}

/*
 * Linux takes a stream that was to be connected over IPv4 for one of IPv4 in the next attempt, too; a
 * datagram socket of IPv6 that is connected to port 0 hears every port there, and nobody here.
 */
static socklen_t some_remote(struct play *p, const struct hand *h, union name *n)
{
	socklen_t len = some_name(p, n);

	if (h->type == SOCK_STREAM && n->sa.sa_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&n->in6.sin6_addr))
		n->in6.sin6_addr = in6addr_loopback;
	if (h->type == SOCK_DGRAM && n->sa.sa_family == AF_INET6 && n->in6.sin6_port == 0)
		n->in6.sin6_port = htons(p->port);
	return len;
}

struct option {
	const char *text;
	int level, name;
};

#define OPTION(level, name)                                                                        \
	{                                                                                          \
#name, level, name                                                                 \
	}

static const struct option options[] = {
	OPTION(SOL_SOCKET, SO_REUSEADDR),
	OPTION(SOL_SOCKET, SO_REUSEPORT),
	OPTION(SOL_SOCKET, SO_KEEPALIVE),
	OPTION(SOL_SOCKET, SO_OOBINLINE),
	OPTION(SOL_SOCKET, SO_RCVLOWAT),
	OPTION(SOL_SOCKET, SO_BROADCAST),
	OPTION(SOL_SOCKET, SO_DONTROUTE),
	OPTION(SOL_SOCKET, SO_PRIORITY),
	OPTION(SOL_SOCKET, SO_TYPE),
	OPTION(SOL_SOCKET, SO_ACCEPTCONN),
	OPTION(IPPROTO_TCP, TCP_NODELAY),
	OPTION(IPPROTO_TCP, TCP_CORK),
	OPTION(IPPROTO_TCP, TCP_KEEPIDLE),
	OPTION(IPPROTO_TCP, TCP_KEEPINTVL),
	OPTION(IPPROTO_TCP, TCP_KEEPCNT),
	OPTION(IPPROTO_TCP, TCP_LINGER2),
	OPTION(IPPROTO_TCP, TCP_USER_TIMEOUT),
	OPTION(IPPROTO_TCP, TCP_DEFER_ACCEPT),
	OPTION(IPPROTO_IP, IP_TOS),
	OPTION(IPPROTO_IP, IP_TTL),
	OPTION(IPPROTO_IP, IP_FREEBIND),
	OPTION(IPPROTO_IP, IP_MTU_DISCOVER),
	OPTION(IPPROTO_IP, IP_RECVTTL),
	OPTION(IPPROTO_IP, IP_RECVTOS),
	OPTION(IPPROTO_IP, IP_PKTINFO),
	OPTION(IPPROTO_IP, IP_MULTICAST_TTL),
	OPTION(IPPROTO_IP, IP_MULTICAST_LOOP),
	OPTION(IPPROTO_IP, IP_MULTICAST_ALL),
	OPTION(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT),
};

/* ---- acts, on the socket of one hand ---- */

static void take(struct play *p, int i, int fd, int type)
{
	struct hand *h = &p->hand[i];

	if (h->fd >= 0)
		close(h->fd);
	*h = (struct hand){ .fd = fd, .type = type };
	nonblocking(fd);
}

static void act_open(struct play *p, int i)
{
	int type = below(p, 4) ? SOCK_STREAM : SOCK_DGRAM;
	int fd = socket(posix_family, type, 0);

	say(p, "%d: socket(%s)", i, type == SOCK_STREAM ? "tcp" : "udp");
	take(p, i, fd, type);
	if (below(p, 3))
		OK(set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1));
	answer(p, 0);
}

static void act_bind(struct play *p, int i)
{
	union name n;
	socklen_t len = some_name(p, &n);

	say(p, "%d: bind(", i);
	say_name(p, &n, len);
	say(p, ")");
	answer(p, bind(p->hand[i].fd, &n.sa, len));
}

static void act_listen(struct play *p, int i)
{
	int backlog = (int)below(p, 4);

	say(p, "%d: listen(%d)", i, backlog);
	answer(p, listen(p->hand[i].fd, backlog));
}

static void act_connect(struct play *p, int i)
{
	struct sockaddr away = { .sa_family = AF_UNSPEC };
	union name n;
	socklen_t len = some_remote(p, &p->hand[i], &n);

	if (below(p, 15) == 0) {
		say(p, "%d: connect(nowhere)", i);
		answer(p, connect(p->hand[i].fd, &away, sizeof(away)));
		return;
	}
	p->hand[i].tried = true;
	say(p, "%d: connect(", i);
	say_name(p, &n, len);
	say(p, ")");
	answer(p, connect(p->hand[i].fd, &n.sa, len));
}

static void act_accept(struct play *p, int i)
{
	int to = (int)below(p, HANDS), fd;
	union name n;
	socklen_t len = sizeof(n);

	for (int k = 0; k < HANDS && (to == i || p->hand[to].fd >= 0); k++)
		to = (to + 1) % HANDS;
	if (to == i)
		to = (to + 1) % HANDS;
	fd = accept(p->hand[i].fd, &n.sa, &len);
	say(p, "%d: accept(%d)", i, to);
	if (fd < 0) {
		answer(p, fd);
		return;
	}
	take(p, to, fd, SOCK_STREAM);
	say_name(p, &n, len);
	answer(p, 0);
}

static char bytes[70000];

static void act_send(struct play *p, int i)
{
	static const size_t sizes[] = { 1, 5, 100, 1000, 0, 3 };
	static const int all[] = { 0, 0, 0, 0, 0, 0, MSG_OOB, MSG_MORE };
	size_t n = PICK(p, sizes);
	int flags = PICK(p, all);

	if (p->hand[i].type == SOCK_DGRAM)
		flags = 0;

	say(p, "%d: send(%zu, %x)", i, n, (unsigned)flags);
	answer(p, send(p->hand[i].fd, bytes, n, flags | MSG_NOSIGNAL));
}

static void act_sendmsg(struct play *p, int i)
{
	struct iovec iov[3] = { { bytes, 3 }, { bytes, 0 }, { bytes, 1 + below(p, 600) } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 3 };

	say(p, "%d: sendmsg(%zu)", i, iov[2].iov_len);
	answer(p, sendmsg(p->hand[i].fd, &m, MSG_NOSIGNAL));
}

static void act_sendto(struct play *p, int i)
{
	size_t n = 40 * below(p, 3);
	union name to;
	socklen_t len = some_name(p, &to);

	if (posix_family == AF_INET6)
		say(p, "%s ", error_name(get_int(p->hand[i].fd, SOL_SOCKET, SO_ERROR)));
	say(p, "%d: sendto(%zu", i, n);
	say_name(p, &to, len);
	say(p, ")");
	answer(p, sendto(p->hand[i].fd, bytes, n, MSG_NOSIGNAL, &to.sa, len));
}

static void act_recv(struct play *p, int i)
{
	static const size_t sizes[] = { 1, 5, 100, 2000, 0, 70000 };
	static const int all[] = { 0, 0, 0, 0, MSG_PEEK, MSG_TRUNC, MSG_OOB, MSG_ERRQUEUE };
	static char room[70000];
	size_t n = PICK(p, sizes);
	int flags = PICK(p, all);
	union name from;
	socklen_t len = sizeof(from);
	ssize_t got;

	got = recvfrom(p->hand[i].fd, room, n, flags, &from.sa, &len);
	say(p, "%d: recv(%zu, %x)", i, n, (unsigned)flags);
	if (got >= 0 && p->hand[i].type == SOCK_DGRAM)
		say_name(p, &from, len);
	answer(p, got);
}

static void act_shutdown(struct play *p, int i)
{
	int how = (int)below(p, 3);

	p->hand[i].shut = true;
	say(p, "%d: shutdown(%d)", i, how);
	answer(p, shutdown(p->hand[i].fd, how));
}

static void act_close(struct play *p, int i)
{
	const struct linger now = { 1, 0 };
	bool reset = below(p, 2);

	if (reset)
		OK(setsockopt(p->hand[i].fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
	say(p, "%d: close(%s)", i, reset ? "reset" : "");
	answer(p, close(p->hand[i].fd));
	p->hand[i].fd = -1;
}

static void act_names(struct play *p, int i)
{
	union name n;
	socklen_t len = sizeof(n);
	bool peer = below(p, 2);
	int err = (peer ? getpeername : getsockname)(p->hand[i].fd, &n.sa, &len);

	say(p, "%d: %s", i, peer ? "getpeername" : "getsockname");
	if (err == 0)
		say_name(p, &n, len);
	answer(p, err);
}

static void act_error(struct play *p, int i)
{
	say(p, "%d: SO_ERROR", i);
	say(p, " %s\n", error_name(get_int(p->hand[i].fd, SOL_SOCKET, SO_ERROR)));
}

static void act_option(struct play *p, int i)
{
	static const int values[] = { 0, 1, -1, 2, 5, 100, 1000, 65536, 255, 256, 64 };
	const struct option *o = &PICK(p, options);
	int value = PICK(p, values);
	socklen_t len = sizeof(value);
	long err;

	/* No FIN-WAIT-2 without time here. */
	if (o->name == TCP_LINGER2 && o->level == IPPROTO_TCP && value < 0)
		value = 5;
	if (below(p, 2)) {
		say(p, "%d: %s := %d", i, o->text, value);
		answer(p, set_int(p->hand[i].fd, o->level, o->name, value));
		return;
	}
	value = -77;
	err = getsockopt(p->hand[i].fd, o->level, o->name, &value, &len);
	say(p, "%d: %s is %d of %u bytes", i, o->text, value, (unsigned)len);
	answer(p, err);
}

static void act_ioctl(struct play *p, int i)
{
	bool mark = p->hand[i].type == SOCK_STREAM && below(p, 2);
	int value = -5, err = ioctl(p->hand[i].fd, mark ? SIOCATMARK : FIONREAD, &value);

	say(p, "%d: %s %d", i, mark ? "SIOCATMARK" : "FIONREAD", value);
	answer(p, err);
}

static void act_epoll(struct play *p, int i)
{
	static const int what[] = { EPOLL_CTL_ADD, EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL };
	struct epoll_event ev = { .events = WATCHED };
	int op = PICK(p, what);

	if (below(p, 5) == 0)
		ev.events |= EPOLLONESHOT;
	ev.data.u32 = (uint32_t)i;
	say(p, "%d: epoll_ctl(%d, %x)", i, op, ev.events);
	answer(p, epoll_ctl(p->epoll, op, p->hand[i].fd, &ev));
}

/* As often as they stand here. */
static void (*const acts[])(struct play *p, int i) = {
	act_open,    act_bind,	  act_bind,    act_listen,  act_listen,	  act_connect,
	act_connect, act_connect, act_connect, act_accept,  act_accept,	  act_accept,
	act_send,    act_send,	  act_send,    act_sendmsg, act_sendto,	  act_recv,
	act_recv,    act_recv,	  act_recv,    act_close,   act_shutdown, act_names,
	act_error,   act_option,  act_option,  act_option,  act_ioctl,	  act_epoll,
};

static bool is_connected(const struct hand *h)
{
	union name n;
	socklen_t len = sizeof(n);

	return getpeername(h->fd, &n.sa, &len) == 0;
}

/*
 * What the two do not do alike, and why:
 * - MSG_MORE and MSG_OOB of datagrams would change what is sent: refused here, see act_send();
 * - a send() that says not where to binds Linux's socket, though it is refused;
 * - a pending error is told before an address of the other family is refused: see act_sendto();
 * - the name of a stream that is no connection or listener any more has on Linux the port that it gave back;
 * - a stream that is shut after its connect() has failed, and before it was told, can never be connected on
 *   Linux again (EINVAL);
 * - IP_RECVERR is not TCP's here (ENOPROTOOPT);
 * - a stream that was shut first sends a FIN on Linux where it becomes a connection by a SYN, by opening from
 *   both ends or as the child of a listener, but not by connect();
 * - a datagram socket that is connected once more keeps its address on Linux: here it is chosen anew;
 * - edges (EPOLLET) are reported once for several changes on either, not always for the same.
 */
static bool differs(const struct hand *h, void (*act)(struct play *p, int i))
{
	if (act == act_send || act == act_sendmsg)
		return h->type == SOCK_DGRAM && !is_connected(h);
	if (act == act_names || act == act_shutdown)
		return h->type == SOCK_STREAM && (h->tried || h->shut) && !is_connected(h);
	if (act == act_listen)
		return h->type == SOCK_STREAM && h->shut;
	if (act == act_connect)
		return h->type == SOCK_STREAM ? h->shut : is_connected(h);
	return false;
}

/* ---- everybody, after an act ---- */

static void say_levels(struct play *p)
{
	for (int i = 0; i < HANDS; i++)
		if (p->hand[i].fd >= 0)
			say(p, " %d:%x", i,
			    (unsigned)level(p->hand[i].fd) & ~(unsigned)(POLLRDNORM | POLLWRNORM));
	say(p, "\n");
}

static void say_events(struct play *p)
{
	struct epoll_event got[HANDS];
	unsigned of[HANDS] = { 0 };
	int n = (int)OK(epoll_wait(p->epoll, got, HANDS, 0));

	for (int i = 0; i < n; i++)
		of[got[i].data.u32] = got[i].events;
	say(p, "  epoll");
	for (int i = 0; i < HANDS; i++)
		if (of[i])
			say(p, " %d:%x", i, of[i]);
	say(p, "\n");
}

static void play(FILE *out, uint64_t seed)
{
	const struct timespec moment = { 0, 300000 };
	static struct play p;

	p = (struct play){ .out = out,
			   .random = seed,
			   .port = (uint16_t)(20000 + PORTS * (seed % 4000)) };
	p.epoll = (int)OK(epoll_create1(0));
	for (int i = 0; i < HANDS; i++)
		p.hand[i].fd = -1;
	for (int step = 0; step < STEPS; step++) {
		int i = (int)below(&p, HANDS);
		void (*act)(struct play * p, int i) = PICK(&p, acts);

		if (p.hand[i].fd < 0)
			act = act_open;
		if (differs(&p.hand[i], act))
			act = act_recv;
		say(&p, "%d ", step);
		act(&p, i);
		nanosleep(&moment, NULL);
		say_levels(&p);
		if (below(&p, 4) == 0)
			say_events(&p);
	}
	for (int i = 0; i < HANDS; i++)
		if (p.hand[i].fd >= 0)
			close(p.hand[i].fd);
	close(p.epoll);
}

/* ---- one text against the other ---- */

#ifdef POSIX_ON_HOLM

/* What the program for Linux says; empty where it may not have a network of its own. The caller frees it. */
static char *ask_linux(const char *name, uint64_t seed)
{
	char path[512] = "", command[700], *text = NULL, line[512];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	size_t len;
	FILE *in, *all = open_memstream(&text, &len);

	while (n > 0 && path[n - 1] != '/')
		n--;
	snprintf(command, sizeof(command), "CALLS=%llu %.*slinux %s 2>/dev/null",
		 (unsigned long long)seed, (int)n, path, name);
	in = popen(command, "r");
	while (in && fgets(line, sizeof(line), in))
		if (strncmp(line, "ok ", 3) != 0 && strncmp(line, "skip ", 5) != 0)
			fputs(line, all);
	if (in)
		pclose(in);
	fclose(all);
	return text;
}

static size_t line_length(const char *text)
{
	return strcspn(text, "\n");
}

/* Where the texts differ first, in words; empty: nowhere. */
static void compare(char *words, size_t size, const char *on_linux, const char *here)
{
	const char *act = here;

	words[0] = 0;

	while (*on_linux && line_length(on_linux) == line_length(here) &&
	       strncmp(on_linux, here, line_length(here)) == 0) {
		if (*here != ' ')
			act = here;
		on_linux += line_length(on_linux) + 1;
		here += line_length(here) + 1;
	}
	if (*on_linux || *here)
		snprintf(words, size, "behind %.*s:\n    Linux: %.*s\n    holm:  %.*s",
			 (int)line_length(act), act, (int)line_length(on_linux), on_linux,
			 (int)line_length(here), here);
}

/* A busy host may be late with what it has to say: it is asked again. */
static void run_seed(const char *name, uint64_t seed)
{
	char *on_linux = ask_linux(name, seed), *here = NULL, words[400] = "";
	size_t len;
	FILE *out = open_memstream(&here, &len);

	play(out, seed);
	fclose(out);
	for (int i = 0; i < 2 && *on_linux && strcmp(on_linux, here) != 0; i++) {
		free(on_linux);
		on_linux = ask_linux(name, seed);
	}
	if (*on_linux)
		compare(words, sizeof(words), on_linux, here);
	free(on_linux);
	free(here);
	posix_context("CALLS=%llu build/host/tests/posix/holm %s", (unsigned long long)seed, name);
	if (words[0])
		posix_fail(__FILE__, __LINE__, "%s\n", words);
}

#else

/* The program for holm compares. */
static void run_seed(const char *name, uint64_t seed)
{
	(void)name;
	(void)seed;
}

#endif

static void run_seeds(const char *name)
{
	const char *print = getenv("CALLS"), *one = getenv("SEED"), *many = getenv("SEEDS");
	uint64_t n = many ? strtoull(many, NULL, 0) : 20;

	alone();
	if (print)
		play(stdout, strtoull(print, NULL, 0));
	for (uint64_t seed = 1; !print && !one && seed <= n; seed++)
		run_seed(name, seed);
	if (!print && one)
		run_seed(name, strtoull(one, NULL, 0));
}

CASE(calls_of_ip4)
{
	run_seeds("calls_of_ip4");
}

CASE(calls_of_ip6)
{
	posix_family = AF_INET6;
	run_seeds("calls_of_ip6");
}
