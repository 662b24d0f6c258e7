/*
 * resolver.c -- a program that asks for names, and the name server that it asks: a thread at
 * 127.0.0.1:53, over UDP and TCP. Only for a machine that knows no other server, and has the
 * /etc/hosts that tests/boot/programs.sh gives it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT_DNS = 53, HEADER = 12, MANY = 40 };

static int over_udp, over_tcp, lost;

static void check(const char *name, bool passed)
{
	printf("%s %s\n", passed ? "ok" : "not ok", name);
}

/* ---- the server ---- */

struct message {
	uint8_t b[2048];
	size_t len;
};

static void add(struct message *m, const void *p, size_t n)
{
	memcpy(m->b + m->len, p, n);
	m->len += n;
}

/* A record about the name of the question. */
static void add_record(struct message *m, const uint8_t *type_and_data, size_t len)
{
	static const uint8_t owner[] = { 0xc0, HEADER };
	static const uint8_t rest[] = { 0, 1, 0, 0, 0, 60, 0 };
	uint8_t data_len = (uint8_t)(len - 1);

	add(m, owner, 2);
	add(m, "\0", 1);
	add(m, type_and_data, 1);
	add(m, rest, sizeof(rest));
	add(m, &data_len, 1);
	add(m, type_and_data + 1, len - 1);
	m->b[7]++;
}

static bool asks_for(const struct message *m, const char *label)
{
	return m->b[HEADER] == strlen(label) &&
	       strncasecmp((const char *)m->b + HEADER + 1, label, strlen(label)) == 0;
}

/* false: as if it had been lost. */
static bool answer(struct message *m, bool tcp)
{
	static const uint8_t address[] = { 1, 10, 9, 8, 7 };
	static const uint8_t name[] = "\x0c\x04host\x07"
				      "example";
	uint8_t type = m->b[m->len - 3];

	m->b[2] |= 0x80;
	if (asks_for(m, "lost") && lost++ == 0)
		return false;
	if (asks_for(m, "none")) {
		m->b[3] = 3;
	} else if (asks_for(m, "alias")) {
		/* It stands for what comes behind its own first label. */
		static const uint8_t target[] = { 5, 4, 'r', 'e', 'a', 'l', 0xc0, HEADER + 6 };
		static const uint8_t real[] = { 4, 'r', 'e', 'a', 'l', 0xc0, HEADER + 6, 0, 1, 0, 1,
						0, 0,	0,   60,  0,   4,    10,	 9, 8, 7 };

		add_record(m, target, sizeof(target));
		add(m, real, sizeof(real));
		m->b[7]++;
	} else if (asks_for(m, "many") && !tcp) {
		m->b[2] |= 0x02;
	} else if (asks_for(m, "many")) {
		for (uint8_t i = 0; i < MANY; i++)
			add_record(m, (const uint8_t[]){ 1, 10, 9, 8, i }, 5);
	} else if (type == 12) {
		add_record(m, name, sizeof(name));
	} else if (type == 1) {
		add_record(m, address, sizeof(address));
	}
	return true;
}

static void serve_udp(int fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	struct message m = { 0 };
	ssize_t n = recvfrom(fd, m.b, sizeof(m.b), 0, (struct sockaddr *)&from, &len);

	if (n < HEADER)
		return;
	over_udp++;
	m.len = (size_t)n;
	if (answer(&m, false))
		(void)sendto(fd, m.b, m.len, 0, (struct sockaddr *)&from, len);
}

static void serve_tcp(int listener)
{
	int fd = accept(listener, NULL, NULL);
	struct message m = { 0 };
	uint8_t length[2];

	if (fd >= 0 && recv(fd, length, 2, MSG_WAITALL) == 2) {
		over_tcp++;
		m.len = (size_t)recv(fd, m.b, (size_t)length[0] << 8 | length[1], MSG_WAITALL);
		(void)answer(&m, true);
		length[0] = (uint8_t)(m.len >> 8);
		length[1] = (uint8_t)m.len;
		(void)send(fd, length, 2, MSG_NOSIGNAL | MSG_MORE);
		(void)send(fd, m.b, m.len, MSG_NOSIGNAL);
	}
	close(fd);
}

static void *serve(void *arg)
{
	struct pollfd *fds = arg;

	while (poll(fds, 2, -1) > 0) {
		if (fds[0].revents)
			serve_udp(fds[0].fd);
		if (fds[1].revents)
			serve_tcp(fds[1].fd);
	}
	return NULL;
}

/* ---- the client ---- */

static int resolve(const char *name, int flags, struct addrinfo **list)
{
	struct addrinfo hints = { .ai_family = AF_INET,
				  .ai_socktype = SOCK_STREAM,
				  .ai_flags = flags };

	return getaddrinfo(name, "http", &hints, list);
}

static uint32_t address(const struct addrinfo *a)
{
	return ntohl(((const struct sockaddr_in *)(const void *)a->ai_addr)->sin_addr.s_addr);
}

static void check_names(void)
{
	struct addrinfo *list = NULL;
	struct hostent *h;
	int n = 0;

	check("a name becomes an address", resolve("host.example", 0, &list) == 0 &&
						   address(list) == 0x0a090807 &&
						   list->ai_next == NULL);
	freeaddrinfo(list);
	n = over_udp;
	check("and is remembered", resolve("HOST.example", 0, &list) == 0 && over_udp == n);
	freeaddrinfo(list);
	check("a name that does not exist is EAI_NONAME",
	      resolve("none.example", 0, &list) == EAI_NONAME);
	check("an alias leads to its address and its name",
	      resolve("alias.example", AI_CANONNAME, &list) == 0 && address(list) == 0x0a090807 &&
		      strcasecmp(list->ai_canonname, "real.example") == 0);
	freeaddrinfo(list);
	check("an answer that does not fit comes over TCP",
	      resolve("many.example", 0, &list) == 0 && over_tcp == 1);
	n = 0;
	for (struct addrinfo *a = list; a; a = a->ai_next)
		n += address(a) == 0x0a090800u + (uint32_t)n;
	check("as many addresses as there is room for, in order", n == 16);
	freeaddrinfo(list);
	check("a lost question is asked again",
	      resolve("lost.example", 0, &list) == 0 && lost >= 2);
	freeaddrinfo(list);
	h = gethostbyname("other.example");
	check("gethostbyname asks too", h && memcmp(h->h_addr_list[0], "\x0a\x09\x08\x07", 4) == 0);
	check("h_errno tells why not",
	      gethostbyname("none.example") == NULL && h_errno == HOST_NOT_FOUND);
}

static void check_addresses(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(22) };
	char host[NI_MAXHOST], service[NI_MAXSERV];

	sa.sin_addr.s_addr = htonl(0x0a090807);
	check("an address becomes a name",
	      getnameinfo((struct sockaddr *)&sa, sizeof(sa), host, sizeof(host), service,
			  sizeof(service), 0) == 0 &&
		      strcmp(host, "host.example") == 0 && strcmp(service, "ssh") == 0);
}

static void check_hosts(void)
{
	struct addrinfo *list = NULL;
	struct sockaddr_in sa = { .sin_family = AF_INET };
	char host[NI_MAXHOST];
	int n = over_udp;

	check("a name of /etc/hosts needs no server",
	      resolve("printer", AI_CANONNAME, &list) == 0 && address(list) == 0x0a010203 &&
		      strcmp(list->ai_canonname, "printer.home.arpa") == 0);
	freeaddrinfo(list);
	sa.sin_addr.s_addr = htonl(0x0a010203);
	check("nor does its address", getnameinfo((struct sockaddr *)&sa, sizeof(sa), host,
						  sizeof(host), NULL, 0, NI_NAMEREQD) == 0 &&
					      strcmp(host, "printer.home.arpa") == 0);
	check("localhost is never asked for",
	      resolve("localhost", 0, &list) == 0 && address(list) == INADDR_LOOPBACK);
	freeaddrinfo(list);
	check("nor are numbers", resolve("10.1.1.1", 0, &list) == 0 && over_udp == n);
	freeaddrinfo(list);
}

int main(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(PORT_DNS) };
	struct pollfd fds[2] = { { .fd = socket(AF_INET, SOCK_DGRAM, 0), .events = POLLIN },
				 { .fd = socket(AF_INET, SOCK_STREAM, 0), .events = POLLIN } };
	struct addrinfo *list;
	pthread_t server;

	check("without a server a name is EAI_AGAIN",
	      resolve("host.example", 0, &list) == EAI_AGAIN);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fds[0].fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    bind(fds[1].fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fds[1].fd, 4) != 0 ||
	    pthread_create(&server, NULL, serve, fds) != 0) {
		check("the server begins", false);
		return 1;
	}
	check_names();
	check_addresses();
	check_hosts();
	return 0;
}
