/*
 * source.c -- sends as fast as the connection takes it (in the spirit of RFC 864), and says how fast.
 *
 *	source [-b BYTES] [-n CONNECTIONS] [PORT]
 *
 * Port 19. Each connection gets BYTES bytes (without -b: until the client closes); with -n the
 * program ends after so many connections, with 0. With j = i mod 65521, byte i is
 * (j + j / 256) mod 256: the pattern of httpd's /bytes/N, so a receiver can check what it gets.
 * One connection at a time: it is there to measure.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PERIOD = 65521 };

static unsigned char pattern[PERIOD];

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* A listener of both families; of IPv4 alone where there is no IPv6. -1: none. */
static int bind_any(int type, uint16_t port)
{
	struct sockaddr_in6 any6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in any4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET6, type, 0);
	int is_ip6 = fd >= 0, on = 1, off = 0;

	if (!is_ip6)
		fd = socket(AF_INET, type, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (is_ip6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, is_ip6 ? (const struct sockaddr *)&any6 : (const struct sockaddr *)&any4,
		 is_ip6 ? sizeof(any6) : sizeof(any4)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int listen_on(uint16_t port)
{
	int fd = bind_any(SOCK_STREAM, port);

	return fd >= 0 && listen(fd, 16) == 0 ? fd : -1;
}

static void report(uint64_t bytes, uint64_t us, const char *how)
{
	uint64_t kbit_s = bytes * 8000 / (us > 0 ? us : 1);

	printf("source: %llu bytes in %llu.%03llu s, %llu.%03llu Mbit/s%s%s\n",
	       (unsigned long long)bytes, (unsigned long long)(us / 1000000),
	       (unsigned long long)(us / 1000 % 1000), (unsigned long long)(kbit_s / 1000),
	       (unsigned long long)(kbit_s % 1000), *how ? ", " : "", how);
	fflush(stdout);
}

static void pour(int fd, uint64_t bytes_max)
{
	uint64_t start = now_us();
	uint64_t sent = 0;
	ssize_t n = 0;

	while (sent < bytes_max) {
		size_t at = (size_t)(sent % PERIOD);
		size_t len = PERIOD - at;

		if (len > bytes_max - sent)
			len = (size_t)(bytes_max - sent);
		n = send(fd, pattern + at, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			sent += (uint64_t)n;
	}
	report(sent, now_us() - start, n < 0 ? strerror(errno) : "");
}

/* Closing with what the client sent unread would reset the connection: its FIN is read first. */
static void finish(int fd)
{
	unsigned char rest[256];

	shutdown(fd, SHUT_WR);
	while (read(fd, rest, sizeof(rest)) > 0)
		continue;
	close(fd);
}

static int usage(void)
{
	fprintf(stderr, "usage: source [-b BYTES] [-n CONNECTIONS] [PORT]\n");
	return 2;
}

int main(int argc, char **argv)
{
	uint64_t bytes = UINT64_MAX;
	int port = 19, listener;
	long left = -1;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-b") == 0 && i + 1 < argc)
			bytes = strtoull(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "-n") == 0 && i + 1 < argc)
			left = atol(argv[++i]);
		else
			port = atoi(argv[i]);
	}
	if (port < 1 || port > 65535 || left == 0)
		return usage();
	for (unsigned j = 0; j < PERIOD; j++)
		pattern[j] = (unsigned char)(j + (j >> 8));
	listener = listen_on((uint16_t)port);
	if (listener < 0) {
		fprintf(stderr, "source: port %d: %s\n", port, strerror(errno));
		return 1;
	}
	printf("source: listening on port %d\n", port);
	fflush(stdout);
	while (left != 0) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		pour(fd, bytes);
		finish(fd);
		left -= left > 0;
	}
	return 0;
}
