/*
 * many.c -- an epoll server with as many connections as it is told, 10000 without a word; the clients
 * are a thread of the same program, over the loopback. An ordinary program of sockets and threads.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#if __has_include(<holm_app.h>)
#include <holm_app.h>
#endif

enum { PORT = 7070, EVENTS = 256, MESSAGE = 32 };

static int connections = 10000;
static int *clients;
static int server_open, server_most, server_echoed;

static void check(const char *name, bool passed)
{
	printf("%s %s\n", passed ? "ok" : "not ok", name);
}

static void die(const char *what)
{
	printf("not ok %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- the server ---- */

static void accept_all(int ep, int listener)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP };
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		ev.data.fd = fd;
		if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) != 0)
			die("epoll_ctl");
		if (++server_open > server_most)
			server_most = server_open;
	}
	if (errno != EAGAIN)
		die("accept4");
}

static void serve_one(int fd)
{
	char buf[MESSAGE];
	ssize_t n = recv(fd, buf, sizeof(buf), 0);

	if (n > 0) {
		if (send(fd, buf, (size_t)n, MSG_NOSIGNAL) != n)
			die("send");
		server_echoed++;
	} else if (n == 0 || errno != EAGAIN) {
		close(fd);
		server_open--;
	}
}

static void *serve(void *arg)
{
	int listener = *(int *)arg, ep = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event ev[EVENTS] = { { .events = EPOLLIN, .data.fd = listener } };

	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev[0]) != 0)
		die("epoll");
	while (server_most == 0 || server_open > 0) {
		int n = epoll_wait(ep, ev, EVENTS, -1);

		if (n < 0)
			die("epoll_wait");
		for (int i = 0; i < n; i++) {
			if (ev[i].data.fd == listener)
				accept_all(ep, listener);
			else
				serve_one(ev[i].data.fd);
		}
	}
	close(ep);
	close(listener);
	return NULL;
}

static int make_listener(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 || listen(fd, SOMAXCONN) != 0)
		die("the listener");
	return fd;
}

/* ---- the clients ---- */

static void connect_all(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons(PORT) };

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < connections; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (clients[i] < 0 ||
		    connect(clients[i], (struct sockaddr *)&addr, sizeof(addr)) != 0)
			die("connect");
	}
}

static void fill(char text[MESSAGE], int i)
{
	memset(text, 0, MESSAGE);
	snprintf(text, MESSAGE, "connection %d", i);
}

/* Everybody speaks, then everybody listens. How many heard their own words? */
static int talk(void)
{
	char text[MESSAGE], heard[MESSAGE];
	int right = 0;

	for (int i = 0; i < connections; i++) {
		fill(text, i);
		if (send(clients[i], text, sizeof(text), MSG_NOSIGNAL) != sizeof(text))
			die("send");
	}
	for (int i = 0; i < connections; i++) {
		fill(text, i);
		if (recv(clients[i], heard, sizeof(heard), MSG_WAITALL) == sizeof(heard) &&
		    memcmp(text, heard, sizeof(heard)) == 0)
			right++;
	}
	return right;
}

#ifdef HOLM_APP_H
static void take_memory(void *bytes, const char *name, uint64_t value)
{
	if (strcmp(name, "stack_used_bytes") == 0)
		*(uint64_t *)bytes = value;
}

/* What the stack holds: connections of both ends, sockets, descriptors. */
static uint64_t memory(void)
{
	uint64_t bytes = 0;
	struct holm_app_stats visitor = { .ctx = &bytes, .figure = take_memory };

	holm_stats_read(&visitor);
	return bytes;
}
#else
static uint64_t memory(void)
{
	return 0;
}
#endif

int main(int argc, char **argv)
{
	uint64_t before, idle;
	int listener = make_listener();
	pthread_t server;

	if (argc > 1)
		connections = atoi(argv[1]);
	clients = calloc((size_t)connections, sizeof(*clients));
	if (clients == NULL || pthread_create(&server, NULL, serve, &listener) != 0)
		die("the beginning");
	before = memory();
	connect_all();
	check("all connections are made", true);
	check("all of them get their own answer", talk() == connections);
	check("the server has held them all", server_most == connections);
	check("and again", talk() == connections);
	idle = memory();
	if (idle > before)
		printf("many: %d connections, %llu KiB more memory, %llu bytes for both ends of one\n",
		       connections, (unsigned long long)(idle - before) / 1024,
		       (unsigned long long)((idle - before) / (uint64_t)connections));
	for (int i = 0; i < connections; i++)
		close(clients[i]);
	pthread_join(server, NULL);
	check("the server sees them all go", server_open == 0);
	check("and has echoed everything", server_echoed == 2 * connections);
	free(clients);
	return 0;
}
