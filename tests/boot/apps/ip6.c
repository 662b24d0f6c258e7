/*
 * The image on a network of IPv6 that it knows nothing of, QEMU's user network: a router has to give it an
 * address, which goes with the route by which the router answers.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* Detection of duplicates, twice, and the answer of a router between: RFC 4862 has no more than 2 s each. */
enum { TRIES_MAX = 100, TRY_US = 200000 };

static int failed;

static void check(const char *what, int holds)
{
	printf("%s %s\n", holds ? "ok" : "not ok", what);
	fflush(stdout);
	failed |= !holds;
}

/* How many addresses of the interface there are, by their scope. */
static int count(int link_local)
{
	struct ifaddrs *list, *a;
	int n = 0;

	if (getifaddrs(&list) != 0)
		return 0;
	for (a = list; a; a = a->ifa_next) {
		const struct sockaddr_in6 *in6 = (const void *)a->ifa_addr;

		if (in6->sin6_family != AF_INET6 || IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) ||
		    IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr) != link_local)
			continue;
		n += !link_local || in6->sin6_scope_id != 0;
	}
	freeifaddrs(list);
	return n;
}

/* One request; until the address may be used there is no way. */
static int is_answered(const struct addrinfo *to)
{
	struct icmp6_hdr h = { .icmp6_type = ICMP6_ECHO_REQUEST }, got = { 0 };
	struct timeval tv = { 1, 0 };
	int fd = socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6), ok = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (sendto(fd, &h, sizeof(h), 0, to->ai_addr, to->ai_addrlen) == (ssize_t)sizeof(h))
		ok = recv(fd, &got, sizeof(got), 0) == (ssize_t)sizeof(got);
	close(fd);
	return ok && got.icmp6_type == ICMP6_ECHO_REPLY;
}

int main(void)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM };
	struct addrinfo *router;
	int answered = 0;

	for (int i = 0; i < TRIES_MAX && count(0) == 0; i++)
		usleep(TRY_US);
	check("the interface has a link-local address, with its scope", count(1) == 1);
	check("a router has given it another", count(0) == 1);
	if (getaddrinfo("fec0::2", NULL, &hints, &router) != 0)
		return 1;
	for (int i = 0; i < TRIES_MAX && !answered; i++) {
		answered = is_answered(router);
		if (!answered)
			usleep(TRY_US);
	}
	check("the router answers", answered);
	freeaddrinfo(router);
	return failed;
}
