/*
 * ping.c -- asks a host whether it is there, by ICMP echo (RFC 792), and how long the answer takes.
 *
 *	ping [-c COUNT] [-s BYTES] ADDRESS	four requests of 56 bytes, a second apart
 *
 * Ends with 0 if every request was answered, with 1 otherwise. An echo socket needs no rights beyond what
 * the machine's policy grants everybody; the kernel chooses the identifier and checks the sums.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEADER_BYTES = 8, BYTES_MAX = 1400, WAIT_MS = 1000 };

static unsigned char message[HEADER_BYTES + BYTES_MAX];

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* A request, its bytes counting up. 0 or -1. */
static int ask(int fd, unsigned sequence, size_t bytes)
{
	struct icmphdr h;

	memset(&h, 0, sizeof(h));
	h.type = ICMP_ECHO;
	h.un.echo.sequence = htons((uint16_t)sequence);
	memcpy(message, &h, sizeof(h));
	for (size_t i = 0; i < bytes; i++)
		message[HEADER_BYTES + i] = (unsigned char)i;
	return send(fd, message, HEADER_BYTES + bytes, 0) < 0 ? -1 : 0;
}

/* The answer to this request within the time; late ones to others are passed over. 0: none. */
static int hear(int fd, unsigned sequence, size_t bytes, uint64_t asked_us)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (;;) {
		int64_t left_ms = WAIT_MS - (int64_t)((now_us() - asked_us) / 1000);
		struct icmphdr h;
		ssize_t n;

		if (left_ms <= 0 || poll(&p, 1, (int)left_ms) <= 0)
			return 0;
		n = recv(fd, message, sizeof(message), 0);
		if (n < 0) {
			printf("ping: %s\n", strerror(errno));
			return 0;
		}
		if ((size_t)n < sizeof(h))
			continue;
		memcpy(&h, message, sizeof(h));
		if (h.type == ICMP_ECHOREPLY && ntohs(h.un.echo.sequence) == sequence &&
		    (size_t)n == HEADER_BYTES + bytes)
			return 1;
	}
}

static int rest_of_second(uint64_t asked_us)
{
	uint64_t past_us = now_us() - asked_us;
	struct timespec ts = { 0, past_us < 1000000 ? (long)(1000000 - past_us) * 1000 : 0 };

	return nanosleep(&ts, NULL);
}

static int run(int fd, const char *to, unsigned count, size_t bytes)
{
	unsigned answered = 0;

	for (unsigned i = 1; i <= count; i++) {
		uint64_t asked_us = now_us(), took_us;

		if (ask(fd, i, bytes) != 0) {
			printf("ping: %s: %s\n", to, strerror(errno));
		} else if (hear(fd, i, bytes, asked_us)) {
			took_us = now_us() - asked_us;
			answered++;
			printf("%zu bytes from %s: seq=%u time=%llu.%03llu ms\n",
			       bytes + HEADER_BYTES, to, i, (unsigned long long)(took_us / 1000),
			       (unsigned long long)(took_us % 1000));
		} else {
			printf("no answer from %s: seq=%u\n", to, i);
		}
		fflush(stdout);
		if (i < count)
			rest_of_second(asked_us);
	}
	printf("ping: %u sent, %u answered\n", count, answered);
	fflush(stdout);
	return answered == count ? 0 : 1;
}

static int usage(void)
{
	fprintf(stderr, "usage: ping [-c COUNT] [-s BYTES] ADDRESS\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	unsigned long count = 4, bytes = 56;
	int i = 1, fd;

	for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
		if (strcmp(argv[i], "-c") == 0)
			count = strtoul(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "-s") == 0)
			bytes = strtoul(argv[i + 1], NULL, 10);
		else
			return usage();
	}
	if (i + 1 != argc || count == 0 || count > UINT16_MAX || bytes > BYTES_MAX ||
	    inet_pton(AF_INET, argv[i], &to.sin_addr) != 1)
		return usage();
	fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	if (fd < 0) {
		perror("ping: socket");
		return 1;
	}
	/* The address may have to be asked for first. */
	for (int tries = 0; connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0; tries++) {
		struct timespec pause = { 0, 100000000 };

		if (errno != ENETUNREACH || tries == 100) {
			printf("ping: %s: %s\n", argv[i], strerror(errno));
			return 1;
		}
		nanosleep(&pause, NULL);
	}
	return run(fd, argv[i], (unsigned)count, bytes);
}
