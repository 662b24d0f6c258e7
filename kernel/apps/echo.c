/*
 * echo.c -- the echo service (RFC 862), TCP and UDP.
 *
 *	echo [PORT]		port 7
 *
 * What arrives goes back. A TCP client that sends without reading is stopped by its window: nothing
 * is read from it while its buffer here holds bytes that it does not take.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

enum {
	CONNS_MAX = 64, /* 16 KiB each */
	BUFFER_BYTES = 16 * 1024,
	DATAGRAM_BYTES = 65536,
	LISTENER = 0, /* places in the table of descriptors */
	UDP = 1,
	FIRST = 2,
};

struct conn {
	size_t start, end; /* what waits to go back */
	int ended;	   /* the client has sent its FIN */
	unsigned char data[BUFFER_BYTES];
};

static struct pollfd fds[FIRST + CONNS_MAX];
static struct conn *conns[FIRST + CONNS_MAX];
static unsigned count = FIRST;
static unsigned char datagram[DATAGRAM_BYTES];

static int open_socket(int type, uint16_t port)
{
	int fd = server_bind(type, port);

	if (fd < 0 || (type == SOCK_STREAM && listen(fd, CONNS_MAX) != 0) ||
	    fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
		return -1;
	return fd;
}

static void accept_one(void)
{
	int fd = accept(fds[LISTENER].fd, NULL, NULL);
	struct conn *c;

	if (fd < 0)
		return;
	c = malloc(sizeof(*c));
	if (!c || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
		free(c);
		close(fd);
		return;
	}
	c->start = c->end = 0;
	c->ended = 0;
	conns[count] = c;
	fds[count++] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

static void drop(unsigned i)
{
	close(fds[i].fd);
	free(conns[i]);
	count--;
	fds[i] = fds[count];
	conns[i] = conns[count];
}

static int would_block(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

/* One round of one connection; false when it is over. */
static int serve(int fd, struct conn *c)
{
	ssize_t n;

	if (c->start == c->end && !c->ended) {
		n = recv(fd, c->data, sizeof(c->data), 0);
		if (n < 0)
			return would_block(n);
		c->start = 0;
		c->end = (size_t)n;
		c->ended = n == 0;
	}
	if (c->start < c->end) {
		n = send(fd, c->data + c->start, c->end - c->start, MSG_NOSIGNAL);
		if (n < 0)
			return would_block(n);
		c->start += (size_t)n;
	}
	return c->start < c->end || !c->ended;
}

static void answer_datagram(int fd)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(fd, datagram, sizeof(datagram), 0, (struct sockaddr *)&from, &len);

	if (n >= 0) /* one that cannot be sent is lost, as datagrams are */
		(void)sendto(fd, datagram, (size_t)n, 0, (const struct sockaddr *)&from, len);
}

static void turn(void)
{
	unsigned polled = count;

	/* A full table leaves new clients in the backlog. */
	fds[LISTENER].events = count < FIRST + CONNS_MAX ? POLLIN : 0;
	if (poll(fds, polled, -1) < 0)
		return;
	for (unsigned i = polled; i-- > FIRST;) {
		struct conn *c = conns[i];

		if (fds[i].revents == 0)
			continue;
		if (serve(fds[i].fd, c))
			fds[i].events = c->start < c->end ? POLLOUT : POLLIN;
		else
			drop(i);
	}
	if (fds[UDP].revents != 0)
		answer_datagram(fds[UDP].fd);
	if (fds[LISTENER].revents != 0)
		accept_one();
}

int main(int argc, char **argv)
{
	int port = argc > 1 ? atoi(argv[1]) : 7;

	if (argc > 2 || port < 1 || port > 65535) {
		fprintf(stderr, "usage: echo [PORT]\n");
		return 2;
	}
	fds[LISTENER] = (struct pollfd){ .fd = open_socket(SOCK_STREAM, (uint16_t)port) };
	fds[UDP] =
		(struct pollfd){ .fd = open_socket(SOCK_DGRAM, (uint16_t)port), .events = POLLIN };
	if (fds[LISTENER].fd < 0 || fds[UDP].fd < 0) {
		fprintf(stderr, "echo: port %d: %s\n", port, strerror(errno));
		return 1;
	}
	printf("echo: serving on port %d, TCP and UDP\n", port);
	fflush(stdout);
	for (;;)
		turn();
}
