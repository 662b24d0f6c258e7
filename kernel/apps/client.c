/*
 * client.c -- the other side of source, sink, echo and of any HTTP server: connects, sends, receives,
 * and checks every byte.
 *
 *	client get ADDRESS PORT [BYTES]		receive until the server closes, BYTES if given
 *	client put ADDRESS PORT BYTES		send, say the end, wait for the server's
 *	client echo ADDRESS PORT BYTES		send, and expect the same back meanwhile
 *	client many ADDRESS PORT CONNECTIONS BYTES [AT ONCE]
 *						so many of these, 16 at once
 *	client fetch ADDRESS PORT PATH		an HTTP response's body, to the standard output
 *	client -C NAME get ...			the same with this congestion controller
 *
 * Bytes are those of source: with j = i mod 65521, byte i is (j + j / 256) mod 256. It ends with 0 if
 * all went well; otherwise it says what did not, and where in the stream.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

enum {
	PERIOD = PATTERN_PERIOD,
	CHUNK_BYTES = 256 * 1024,
	CONNS_MAX = 256,
	AT_ONCE = 16,
	HEAD_BYTES_MAX = 16 * 1024,
};

/* What every connection is to do. */
struct plan {
	struct sockaddr_storage server;
	socklen_t server_bytes;
	uint64_t send_bytes;
	uint64_t expect_bytes; /* UINT64_MAX: any number */
};

struct conn {
	uint64_t sent, received;
	int is_connected, has_ended; /* our direction */
};

/* Twice the period, so that a period of bytes lies in one piece from any position. */
static unsigned char pattern[2 * PERIOD];
static unsigned char chunk[CHUNK_BYTES];
static struct pollfd fds[CONNS_MAX];
static struct conn conns[CONNS_MAX];
static unsigned count;
static uint64_t bytes_total;
static const char *controller; /* NULL: the system's default */

static void report(unsigned long connections, uint64_t us)
{
	uint64_t kbit_s = bytes_total * 8000 / (us > 0 ? us : 1);

	printf("client: %lu connections, %llu bytes in %llu.%03llu s, %llu.%03llu Mbit/s\n",
	       connections, (unsigned long long)bytes_total, (unsigned long long)(us / 1000000),
	       (unsigned long long)(us / 1000 % 1000), (unsigned long long)(kbit_s / 1000),
	       (unsigned long long)(kbit_s % 1000));
	fflush(stdout);
}

static int fail(const struct conn *c, const char *what)
{
	fprintf(stderr, "client: %s, %llu bytes sent, %llu received\n", what,
		(unsigned long long)c->sent, (unsigned long long)c->received);
	return -1;
}

static int would_block(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* ---- one connection; functions return 0 to go on, 1 at its good end, -1 after saying what failed ---- */

static int set_controller(int fd)
{
	return controller ? setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, controller,
				       (socklen_t)strlen(controller))
			  : 0;
}

static int start(const struct plan *plan)
{
	int fd = socket(plan->server.ss_family, SOCK_STREAM, 0);
	struct conn *c = &conns[count];

	*c = (struct conn){ 0 };
	if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || set_controller(fd) != 0)
		return fail(c, strerror(errno));
	if (connect(fd, (const struct sockaddr *)&plan->server, plan->server_bytes) != 0 &&
	    errno != EINPROGRESS)
		return fail(c, strerror(errno));
	fds[count] = (struct pollfd){ .fd = fd, .events = POLLOUT };
	count++;
	return 0;
}

static int send_some(int fd, struct conn *c, const struct plan *plan)
{
	while (c->sent < plan->send_bytes) {
		uint64_t len = plan->send_bytes - c->sent;
		ssize_t n = send(fd, pattern + c->sent % PERIOD,
				 len < PERIOD ? (size_t)len : (size_t)PERIOD, MSG_NOSIGNAL);

		if (n < 0)
			return would_block() ? 0 : fail(c, strerror(errno));
		c->sent += (uint64_t)n;
	}
	if (!c->has_ended) {
		c->has_ended = 1;
		if (shutdown(fd, SHUT_WR) != 0)
			return fail(c, strerror(errno));
	}
	return 0;
}

static int is_pattern(const unsigned char *data, size_t n, uint64_t position)
{
	while (n > 0) {
		size_t piece = n < PERIOD ? n : (size_t)PERIOD;

		if (memcmp(data, pattern + position % PERIOD, piece) != 0)
			return 0;
		data += piece;
		position += piece;
		n -= piece;
	}
	return 1;
}

static int receive_some(int fd, struct conn *c, const struct plan *plan)
{
	ssize_t n = recv(fd, chunk, sizeof(chunk), 0);

	if (n < 0)
		return would_block() ? 0 : fail(c, strerror(errno));
	if (n > 0) {
		if (!is_pattern(chunk, (size_t)n, c->received))
			return fail(c, "what follows is not what was to come");
		c->received += (uint64_t)n;
		if (c->received > plan->expect_bytes)
			return fail(c, "more bytes than there should be");
		return 0;
	}
	if (plan->expect_bytes != UINT64_MAX && c->received != plan->expect_bytes)
		return fail(c, "the server has closed too early");
	return c->has_ended ? 1 : fail(c, "the server has closed before it had everything");
}

static int run_one(unsigned i, const struct plan *plan)
{
	struct conn *c = &conns[i];
	int error = 0, result;
	socklen_t len = sizeof(error);

	if (!c->is_connected) {
		if (getsockopt(fds[i].fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0)
			return fail(c, strerror(error));
		c->is_connected = 1;
	}
	result = send_some(fds[i].fd, c, plan);
	if (result == 0)
		result = receive_some(fds[i].fd, c, plan);
	fds[i].events = (short)(c->has_ended ? POLLIN : POLLIN | POLLOUT);
	return result;
}

/* ---- all of them ---- */

static void finish(unsigned i)
{
	bytes_total += conns[i].sent + conns[i].received;
	close(fds[i].fd);
	count--;
	fds[i] = fds[count];
	conns[i] = conns[count];
}

static int run(const struct plan *plan, unsigned long connections, unsigned at_once)
{
	uint64_t begin_us = now_us();
	unsigned long started = 0;

	while (started < connections || count > 0) {
		for (; count < at_once && started < connections; started++)
			if (start(plan) != 0)
				return 1;
		if (poll(fds, count, -1) < 0 && errno != EINTR)
			return fail(&conns[0], strerror(errno)), 1;
		for (unsigned i = count; i-- > 0;) {
			int result = fds[i].revents != 0 ? run_one(i, plan) : 0;

			if (result < 0)
				return 1;
			if (result > 0)
				finish(i);
		}
	}
	report(connections, now_us() - begin_us);
	return 0;
}

/* ---- HTTP ---- */

static int write_all(const unsigned char *data, size_t n)
{
	while (n > 0) {
		ssize_t written = write(1, data, n);

		if (written < 0)
			return -1;
		data += written;
		n -= (size_t)written;
	}
	return 0;
}

/* The length of the head, with the empty line that ends it; 0: it has not ended. */
static size_t head_length(const char *data, size_t n)
{
	for (size_t i = 0; i + 4 <= n; i++)
		if (memcmp(data + i, "\r\n\r\n", 4) == 0)
			return i + 4;
	return 0;
}

static int fetch_over(int fd, const char *path)
{
	char head[HEAD_BYTES_MAX];
	size_t n = 0, head_len = 0;
	ssize_t got;

	snprintf(head, sizeof(head), "GET %.1000s HTTP/1.0\r\nHost: server\r\n\r\n", path);
	if (send(fd, head, strlen(head), MSG_NOSIGNAL) != (ssize_t)strlen(head))
		return -1;
	while (head_len == 0 && n < sizeof(head)) {
		got = recv(fd, head + n, sizeof(head) - n, 0);
		if (got <= 0)
			return -1;
		n += (size_t)got;
		head_len = head_length(head, n);
	}
	if (head_len == 0 || n < 12 || memcmp(head + 8, " 200", 4) != 0)
		return fprintf(stderr, "client: not a response, or not 200\n"), -1;
	if (write_all((const unsigned char *)head + head_len, n - head_len) != 0)
		return -1;
	while ((got = recv(fd, chunk, sizeof(chunk), 0)) > 0)
		if (write_all(chunk, (size_t)got) != 0)
			return -1;
	return got == 0 ? 0 : -1;
}

static int fetch(const struct plan *plan, const char *path)
{
	int fd = socket(plan->server.ss_family, SOCK_STREAM, 0);
	int result = -1;

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&plan->server, plan->server_bytes) == 0)
		result = fetch_over(fd, path);
	if (result != 0)
		fprintf(stderr, "client: %s: %s\n", path, strerror(errno));
	close(fd);
	return result != 0;
}

/* ---- the command line ---- */

static int usage(void)
{
	fprintf(stderr, "usage: client [-C CONTROLLER] get ADDRESS PORT [BYTES]\n"
			"       client put|echo ADDRESS PORT BYTES\n"
			"       client many ADDRESS PORT CONNECTIONS BYTES [AT ONCE]\n"
			"       client fetch ADDRESS PORT PATH\n");
	return 2;
}

static int parse_server(struct plan *plan, const char *address, const char *port)
{
	int number = atoi(port);
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

	if (number <= 0 || number > 65535)
		return 0;
	in.sin_port = in6.sin6_port = htons((uint16_t)number);
	if (inet_pton(AF_INET, address, &in.sin_addr) == 1) {
		plan->server_bytes = sizeof(in);
		memcpy(&plan->server, &in, sizeof(in));
		return 1;
	}
	plan->server_bytes = sizeof(in6);
	if (inet_pton(AF_INET6, address, &in6.sin6_addr) != 1)
		return 0;
	memcpy(&plan->server, &in6, sizeof(in6));
	return 1;
}

static int run_many(struct plan *plan, int argc, char **argv)
{
	unsigned long connections = strtoul(argv[4], NULL, 10);
	unsigned long at_once = argc > 6 ? strtoul(argv[6], NULL, 10) : AT_ONCE;

	if (connections == 0 || at_once == 0 || at_once > CONNS_MAX)
		return usage();
	plan->send_bytes = plan->expect_bytes = strtoull(argv[5], NULL, 10);
	return run(plan, connections, (unsigned)at_once);
}

int main(int argc, char **argv)
{
	const char *what;
	struct plan plan;

	if (argc > 2 && strcmp(argv[1], "-C") == 0) {
		controller = argv[2];
		argc -= 2;
		argv += 2;
	}
	what = argc > 1 ? argv[1] : "";
	if (argc < 4 || !parse_server(&plan, argv[2], argv[3]))
		return usage();
	pattern_fill(pattern, sizeof(pattern));
	plan.send_bytes = 0;
	plan.expect_bytes = argc > 4 ? strtoull(argv[4], NULL, 10) : UINT64_MAX;
	if (strcmp(what, "get") == 0)
		return run(&plan, 1, 1);
	if (argc < 5)
		return usage();
	plan.send_bytes = plan.expect_bytes;
	if (strcmp(what, "echo") == 0)
		return run(&plan, 1, 1);
	if (strcmp(what, "many") == 0 && argc > 5)
		return run_many(&plan, argc, argv);
	if (strcmp(what, "fetch") == 0)
		return fetch(&plan, argv[4]);
	if (strcmp(what, "put") != 0)
		return usage();
	plan.expect_bytes = 0;
	return run(&plan, 1, 1);
}
