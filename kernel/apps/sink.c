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
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

enum { CHUNK_BYTES = 64 * 1024, PERIOD = PATTERN_PERIOD };

static unsigned char chunk[CHUNK_BYTES];
/* Twice the period, so that a chunk's worth lies in one piece from any position. */
static unsigned char pattern[2 * PERIOD];
static int checks;

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
	report_rate("sink", bytes, now_us() - start, n < 0 ? strerror(errno) : "");
	close(fd);
}

static int usage(void)
{
	fprintf(stderr, "usage: sink [-c] [-n CONNECTIONS] [PORT]\n");
	return 2;
}

int main(int argc, char **argv)
{
	int port = 9;
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
	pattern_fill(pattern, sizeof(pattern));
	return server_run("sink", port, left, drain);
}
