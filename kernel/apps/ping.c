/*
 * ping.c -- asks a host whether it is there, by ICMP echo (RFC 792, RFC 4443), and how long the answer takes.
 *
 *	ping [-c COUNT] [-s BYTES] ADDRESS	four requests of 56 bytes, a second apart
 *
 * The address is of either family, fe80::1%eth0 one of a link. What does not fit the link goes in fragments.
 * Ends with 0 if every request was answered, with 1 otherwise. An echo socket needs no rights beyond what
 * the machine's policy grants everybody; the kernel chooses the identifier and checks the sums.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
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

/* Messages of both families begin alike; BYTES_MAX is what an IPv4 packet has room for. */
enum { HEADER_BYTES = 8, BYTES_MAX = 65535 - 20 - HEADER_BYTES, WAIT_MS = 1000 };
enum { ECHO6 = 128, ECHO6_REPLY = 129 };

static unsigned char message[HEADER_BYTES + BYTES_MAX];

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* A request, its bytes counting up. 0 or -1. */
static int ask(int fd, int family, unsigned sequence, size_t bytes)
{
	struct icmphdr h;

	memset(&h, 0, sizeof(h));
	h.type = family == AF_INET6 ? ECHO6 : ICMP_ECHO;
	h.un.echo.sequence = htons((uint16_t)sequence);
	memcpy(message, &h, sizeof(h));
	for (size_t i = 0; i < bytes; i++)
		message[HEADER_BYTES + i] = (unsigned char)i;
	return send(fd, message, HEADER_BYTES + bytes, 0) < 0 ? -1 : 0;
}

/* Are these the bytes that were sent? */
static int is_counting_up(size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (message[HEADER_BYTES + i] != (unsigned char)i)
			return 0;
	return 1;
}

/* The answer to this request within the time; late ones to others are passed over. 0: none. */
static int hear(int fd, int family, unsigned sequence, size_t bytes, uint64_t asked_us)
{
	const int reply = family == AF_INET6 ? ECHO6_REPLY : ICMP_ECHOREPLY;
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
		if (h.type == reply && ntohs(h.un.echo.sequence) == sequence &&
		    (size_t)n == HEADER_BYTES + bytes && is_counting_up(bytes))
			return 1;
	}
}

static int rest_of_second(uint64_t asked_us)
{
	uint64_t past_us = now_us() - asked_us;
	struct timespec ts = { 0, past_us < 1000000 ? (long)(1000000 - past_us) * 1000 : 0 };

	return nanosleep(&ts, NULL);
}

static int run(int fd, int family, const char *to, unsigned count, size_t bytes)
{
	unsigned answered = 0;

	for (unsigned i = 1; i <= count; i++) {
		uint64_t asked_us = now_us(), took_us;

		if (ask(fd, family, i, bytes) != 0) {
			printf("ping: %s: %s\n", to, strerror(errno));
		} else if (hear(fd, family, i, bytes, asked_us)) {
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

/* The address, as text, of either family. */
static int read_address(const char *text, struct sockaddr_storage *to, socklen_t *len)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found;

	if (getaddrinfo(text, NULL, &hints, &found) != 0)
		return -1;
	memcpy(to, found->ai_addr, found->ai_addrlen);
	*len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

/* A socket that asks this host, or -1. */
static int open_socket(const char *text, const struct sockaddr_storage *to, socklen_t len)
{
	int fd = socket(to->ss_family, SOCK_DGRAM,
			to->ss_family == AF_INET6 ? (int)IPPROTO_ICMPV6 : (int)IPPROTO_ICMP);

	if (fd < 0) {
		perror("ping: socket");
		return -1;
	}
	/* Our own address may have to be asked for first. */
	for (int tries = 0; connect(fd, (const struct sockaddr *)to, len) != 0; tries++) {
		struct timespec pause = { 0, 100000000 };

		if ((errno != ENETUNREACH && errno != EADDRNOTAVAIL) || tries == 100) {
			printf("ping: %s: %s\n", text, strerror(errno));
			close(fd);
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	return fd;
}

int main(int argc, char **argv)
{
	unsigned long count = 4, bytes = 56;
	struct sockaddr_storage to;
	socklen_t len;
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
	    read_address(argv[i], &to, &len) != 0)
		return usage();
	fd = open_socket(argv[i], &to, len);
	return fd < 0 ? 1 : run(fd, to.ss_family, argv[i], (unsigned)count, bytes);
}
