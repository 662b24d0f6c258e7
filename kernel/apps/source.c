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
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

enum { PERIOD = PATTERN_PERIOD };

static unsigned char pattern[PERIOD];
/* That each connection gets. */
static uint64_t bytes = UINT64_MAX;

static void pour(int fd)
{
	uint64_t start = now_us();
	uint64_t sent = 0;
	ssize_t n = 0;

	while (sent < bytes) {
		size_t at = (size_t)(sent % PERIOD);
		size_t len = PERIOD - at;

		if (len > bytes - sent)
			len = (size_t)(bytes - sent);
		n = send(fd, pattern + at, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			break;
		if (n > 0)
			sent += (uint64_t)n;
	}
	report_rate("source", sent, now_us() - start, n < 0 ? strerror(errno) : "");
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

static void serve(int fd)
{
	pour(fd);
	finish(fd);
}

static int usage(void)
{
	fprintf(stderr, "usage: source [-b BYTES] [-n CONNECTIONS] [PORT]\n");
	return 2;
}

int main(int argc, char **argv)
{
	int port = 19;
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
	pattern_fill(pattern, sizeof(pattern));
	return server_run("source", port, left, serve);
}
