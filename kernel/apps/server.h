/*
 * What the small servers and their client share: a listener of both families, and a stream that can be
 * checked and timed. Programs of one file each include it; there is nothing to link.
 */
#ifndef KERNEL_APPS_SERVER_H
#define KERNEL_APPS_SERVER_H

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A socket on that port of both families; of IPv4 alone where there is no IPv6. -1 with errno: none. */
static inline int server_bind(int type, uint16_t port)
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

static inline int server_listen(uint16_t port)
{
	int fd = server_bind(SOCK_STREAM, port);

	return fd >= 0 && listen(fd, 16) == 0 ? fd : -1;
}

/*
 * Listens on that port, and serves one connection after the other: serve() closes what it is given. After
 * `left` of them it ends with 0; less than none: never. 1: there is nothing to listen on, and it says why.
 */
static inline int server_run(const char *program, int port, long left, void (*serve)(int fd))
{
	int listener = server_listen((uint16_t)port);

	if (listener < 0) {
		fprintf(stderr, "%s: port %d: %s\n", program, port, strerror(errno));
		return 1;
	}
	printf("%s: listening on port %d\n", program, port);
	fflush(stdout);
	while (left != 0) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		serve(fd);
		left -= left > 0;
	}
	close(listener);
	return 0;
}

/* Byte i of a checked stream is (j + j / 256) mod 256, with j = i mod this prime. */
enum { PATTERN_PERIOD = 65521 };

static inline void pattern_fill(unsigned char *to, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		size_t j = i % PATTERN_PERIOD;

		to[i] = (unsigned char)(j + j / 256);
	}
}

static inline uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* One line: how much went by, how fast, and `how` it ended, "" for well. */
static inline void report_rate(const char *program, uint64_t bytes, uint64_t us, const char *how)
{
	uint64_t kbit_s = bytes * 8000 / (us > 0 ? us : 1);

	printf("%s: %llu bytes in %llu.%03llu s, %llu.%03llu Mbit/s%s%s\n", program,
	       (unsigned long long)bytes, (unsigned long long)(us / 1000000),
	       (unsigned long long)(us / 1000 % 1000), (unsigned long long)(kbit_s / 1000),
	       (unsigned long long)(kbit_s % 1000), *how ? ", " : "", how);
	fflush(stdout);
}

#endif
