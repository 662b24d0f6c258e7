/*
 * sink.c -- reads and throws away (the discard service, RFC 863), and says how fast.
 *
 *	sink [-c] [-n CONNECTIONS] [PORT]	port 9; ends after so many connections, with 0
 *
 * With -c it checks that what comes is what source sends: with j = i mod 65521, byte i is
 * (j + j / 256) mod 256; at the first other byte it ends with 1. One connection at a time: it is there
 * to measure.
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

enum { CHUNK_BYTES = 64 * 1024, PERIOD = 65521 };

static unsigned char chunk[CHUNK_BYTES];
/* Twice the period, so that a chunk's worth lies in one piece from any position. */
static unsigned char pattern[2 * PERIOD];
static int checks;

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

	printf("sink: %llu bytes in %llu.%03llu s, %llu.%03llu Mbit/s%s%s\n",
	       (unsigned long long)bytes, (unsigned long long)(us / 1000000),
	       (unsigned long long)(us / 1000 % 1000), (unsigned long long)(kbit_s / 1000),
	       (unsigned long long)(kbit_s % 1000), *how ? ", " : "", how);
	fflush(stdout);
}

static void check(size_t n, uint64_t position)
{
	if (memcmp(chunk, pattern + position % PERIOD, n) == 0)
		return;
	fprintf(stderr, "sink: among the %zu bytes from %llu on are wrong ones\n", n,
		(unsigned long long)position);
	exit(1);
}

static void drain(int fd)
{
	uint64_t start = now_us();
	uint64_t bytes = 0;
	ssize_t n;

	do {
		/* No more than a period, for check(). */
		n = read(fd, chunk, PERIOD);
		if (n > 0 && checks)
			check((size_t)n, bytes);
		if (n > 0)
			bytes += (uint64_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	report(bytes, now_us() - start, n < 0 ? strerror(errno) : "");
}

static int usage(void)
{
	fprintf(stderr, "usage: sink [-c] [-n CONNECTIONS] [PORT]\n");
	return 2;
}

int main(int argc, char **argv)
{
	int port = 9, listener;
	long left = -1;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-n") == 0 && i + 1 < argc)
			left = atol(argv[++i]);
		else if (strcmp(argv[i], "-c") == 0)
			checks = 1;
		else
			port = atoi(argv[i]);
	}
	if (port < 1 || port > 65535 || left == 0)
		return usage();
	for (unsigned i = 0; i < 2 * PERIOD; i++)
		pattern[i] = (unsigned char)(i % PERIOD + i % PERIOD / 256);
	listener = listen_on((uint16_t)port);
	if (listener < 0) {
		fprintf(stderr, "sink: port %d: %s\n", port, strerror(errno));
		return 1;
	}
	printf("sink: listening on port %d\n", port);
	fflush(stdout);
	while (left != 0) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		drain(fd);
		close(fd);
		left -= left > 0;
	}
	return 0;
}
