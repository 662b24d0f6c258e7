/* Running cases, and the short ways of saying what they say all the time. See posix.h. */
#include "tests/posix/posix.h"

#include <stdarg.h>

#include "tests/posix/stage.h"

static struct posix_case *first, **last = &first;

void posix_register(struct posix_case *c)
{
	*last = c;
	last = &c->next;
}

static char context[128];

void posix_context(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(context, sizeof(context), format, args);
	va_end(args);
}

void posix_fail(const char *file, int line, const char *format, ...)
{
	char text[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (context[0] && n >= 0 && (size_t)n < sizeof(text))
		snprintf(text + n, sizeof(text) - (size_t)n, "; %s", context);
	stage_fail(file, line, text);
}

void posix_equal(const char *file, int line, const char *what, long got, long expected)
{
	if (got != expected)
		posix_fail(file, line, "%s is %ld, not %ld", what, got, expected);
}

long posix_ok(const char *file, int line, const char *what, long got)
{
	if (got < 0)
		posix_fail(file, line, "%s: %s", what, strerror(errno));
	return got;
}

void posix_fails(const char *file, int line, const char *what, long got, int error)
{
	int is = errno;

	if (got >= 0)
		posix_fail(file, line, "%s is %ld, not %s", what, got, strerror(error));
	if (is != error)
		posix_fail(file, line, "%s: %s, not %s", what, strerror(is), strerror(error));
}

int posix_family = AF_INET;

/* The cases whose names contain one of the words, or all. */
static bool is_wanted(const struct posix_case *c, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strstr(c->name, argv[i]))
			return true;
	return argc < 2;
}

int main(int argc, char **argv)
{
	int failed = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (const struct posix_case *c = first; c; c = c->next) {
		char why[600] = "";

		if (!is_wanted(c, argc, argv))
			continue;
		context[0] = 0;
		posix_family = c->family;
		if (stage_run(c->run, why, sizeof(why))) {
			printf(*why ? "skip %s: %s\n" : "ok %s\n", c->name, why);
		} else {
			printf("not ok %s: %s\n", c->name, why);
			failed++;
		}
	}
	return failed ? 1 : 0;
}

/* ---- short ways ---- */

int tcp(void)
{
	return (int)OK(socket(posix_family, SOCK_STREAM, 0));
}

int udp(void)
{
	return (int)OK(socket(posix_family, SOCK_DGRAM, 0));
}

int tcp6(void)
{
	return (int)OK(socket(AF_INET6, SOCK_STREAM, 0));
}

int udp6(void)
{
	return (int)OK(socket(AF_INET6, SOCK_DGRAM, 0));
}

struct sockaddr_in at(const char *ip, uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, ip, &sa.sin_addr);
	return sa;
}

uint16_t port_of(int fd)
{
	struct sockaddr_in6 sa;
	socklen_t len = sizeof(sa);

	/* Where the port is, both families agree. */
	OK(getsockname(fd, (struct sockaddr *)&sa, &len));
	return ntohs(sa.sin6_port);
}

struct sockaddr_in6 at6(const char *ip, uint16_t port)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	inet_pton(AF_INET6, ip, &sa.sin6_addr);
	return sa;
}

int bind_to6(int fd, const char *ip, uint16_t port)
{
	struct sockaddr_in6 sa = at6(ip, port);

	return bind(fd, (struct sockaddr *)&sa, sizeof(sa));
}

int connect_to6(int fd, const char *ip, uint16_t port)
{
	struct sockaddr_in6 sa = at6(ip, port);

	return connect(fd, (struct sockaddr *)&sa, sizeof(sa));
}

/* What 127.0.0.1 and 0.0.0.0 mean in a case of the other family. */
static const char *twin_of(const char *ip)
{
	return strcmp(ip, "0.0.0.0") == 0 ? "::" : "::1";
}

int bind_to(int fd, const char *ip, uint16_t port)
{
	struct sockaddr_in sa = at(ip, port);

	if (posix_family == AF_INET6)
		return bind_to6(fd, twin_of(ip), port);

	return bind(fd, (struct sockaddr *)&sa, sizeof(sa));
}

int connect_to(int fd, uint16_t port)
{
	struct sockaddr_in sa = at("127.0.0.1", port);

	if (posix_family == AF_INET6)
		return connect_to6(fd, "::1", port);
	return connect(fd, (struct sockaddr *)&sa, sizeof(sa));
}

int listening(int backlog, uint16_t *port)
{
	int fd = tcp();

	OK(bind_to(fd, "127.0.0.1", 0));
	OK(listen(fd, backlog));
	*port = port_of(fd);
	return fd;
}

void tcp_pair(int fd[2])
{
	uint16_t port;
	int listener = listening(1, &port);

	fd[0] = tcp();
	OK(connect_to(fd[0], port));
	fd[1] = (int)OK(accept(listener, NULL, NULL));
	close(listener);
}

void pair_of(int type, int fd[2])
{
	OK(socketpair(AF_UNIX, type, 0, fd));
}

int wait_for(int fd, int events, int within_ms)
{
	struct pollfd p = { .fd = fd, .events = (short)events };

	OK(poll(&p, 1, within_ms));
	return p.revents;
}

int level(int fd)
{
	return wait_for(fd, POLLIN | POLLPRI | POLLOUT | POLLRDHUP, 0);
}

int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

int get_int(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	OK(getsockopt(fd, level, name, &value, &len));
	return value;
}

void nonblocking(int fd)
{
	OK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL, 0) | O_NONBLOCK));
}

socklen_t abstract(struct sockaddr_un *un, const char *name)
{
	size_t n = strlen(name);

	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path + 1, name, n);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n);
}

ssize_t send_fds(int fd, const void *buf, size_t len, const int *fds, int n)
{
	union {
		char bytes[CMSG_SPACE(64 * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)buf, len };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = CMSG_SPACE((size_t)n * sizeof(int)) };

	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	control.align.cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
	memcpy(CMSG_DATA(&control.align), fds, (size_t)n * sizeof(int));
	return sendmsg(fd, &m, 0);
}

ssize_t recv_fds(int fd, void *buf, size_t len, int *fds, int *n, int flags, int *msg_flags)
{
	union {
		char bytes[CMSG_SPACE(64 * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { buf, len };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = *n ? CMSG_LEN((size_t)*n * sizeof(int)) : 0 };
	ssize_t got = recvmsg(fd, &m, flags);
	struct cmsghdr *c = got >= 0 ? CMSG_FIRSTHDR(&m) : NULL;

	*n = 0;
	if (msg_flags)
		*msg_flags = m.msg_flags;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
		*n = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(c), (size_t)*n * sizeof(int));
	}
	return got;
}

/* ---- a network of the case's own ---- */

const unsigned char wire_mac[6] = { 2, 0, 0, 0, 0, 2 };

void alone(void)
{
	const char *why = "";

	if (!stage_alone(&why))
		stage_skip(why);
}

void give_up(enum right right)
{
	stage_give_up(right);
}

void wire_in(const void *frame, size_t len)
{
	stage_wire_in(frame, len);
}

void own_mac(unsigned char mac[6])
{
	stage_own_mac(mac);
}

/* An ARP request, which becomes its answer. */
static bool is_question(unsigned char *f, size_t len)
{
	unsigned char asked[4];

	if (len < 42 || f[12] != 8 || f[13] != 6 || f[21] != 1)
		return false;
	memcpy(asked, f + 38, 4);
	memcpy(f, f + 6, 6);
	memcpy(f + 6, wire_mac, 6);
	f[21] = 2;
	memcpy(f + 32, f + 22, 10);
	memcpy(f + 22, wire_mac, 6);
	memcpy(f + 28, asked, 4);
	return true;
}

size_t wire_out(void *frame, size_t len)
{
	unsigned char f[2048];
	size_t n;

	while ((n = stage_wire_out(f, sizeof(f))) > 0) {
		if (!is_question(f, n))
			break;
		stage_wire_in(f, 42);
	}
	memcpy(frame, f, n < len ? n : len);
	return n < len ? n : len;
}
