/*
 * selectd.c -- an echo server with select() for streams and datagrams, and clients that find it with
 * getaddrinfo() and talk to it through stdio. An ordinary program of sockets and threads.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

#define PORT "7171"

enum { CLIENTS = 6, LINES = 20 };

static volatile sig_atomic_t is_over;

static void check(const char *name, bool passed)
{
	printf("%s %s\n", passed ? "ok" : "not ok", name);
}

static void die(const char *what)
{
	printf("not ok %s: %s\n", what, strerror(errno));
	exit(1);
}

/* A socket of this kind, bound for a server or connected for a client. */
static int open_at(const char *host, int type, int flags)
{
	struct addrinfo hints, *list, *a;
	int on = 1, fd = -1, err;

	memset(&hints, 0, sizeof(hints));
	hints.ai_family = AF_INET;
	hints.ai_socktype = type;
	hints.ai_flags = flags;
	err = getaddrinfo(host, PORT, &hints, &list);
	if (err != 0) {
		printf("not ok getaddrinfo: %s\n", gai_strerror(err));
		exit(1);
	}
	for (a = list; a != NULL; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
		if (fd < 0)
			continue;
		if (flags & AI_PASSIVE) {
			(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
			if (bind(fd, a->ai_addr, a->ai_addrlen) == 0)
				break;
		} else if (connect(fd, a->ai_addr, a->ai_addrlen) == 0) {
			break;
		}
		close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	if (fd < 0)
		die("open_at");
	return fd;
}

/* ---- the server ---- */

static void echo_stream(int fd, fd_set *all)
{
	char buf[512];
	int waiting = 0;
	ssize_t n;

	if (ioctl(fd, FIONREAD, &waiting) != 0)
		die("FIONREAD");
	n = read(fd, buf, sizeof(buf));
	if (n > 0 && write(fd, buf, (size_t)n) == n)
		return;
	FD_CLR(fd, all);
	close(fd);
}

static void echo_datagram(int fd)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char buf[512], host[NI_MAXHOST];
	ssize_t n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);

	if (n < 0 || getnameinfo((struct sockaddr *)&from, len, host, sizeof(host), NULL, 0,
				 NI_NUMERICHOST) != 0)
		die("recvfrom");
	if (strcmp(host, "127.0.0.1") == 0)
		(void)sendto(fd, buf, (size_t)n, 0, (struct sockaddr *)&from, len);
}

static void *serve(void *arg)
{
	const int *fds = arg;
	fd_set all, ready;
	int most = fds[0] > fds[1] ? fds[0] : fds[1];

	FD_ZERO(&all);
	FD_SET(fds[0], &all);
	FD_SET(fds[1], &all);
	while (!is_over) {
		struct timeval tv = { .tv_sec = 0, .tv_usec = 20000 };

		ready = all;
		if (select(most + 1, &ready, NULL, NULL, &tv) < 0)
			die("select");
		for (int fd = 0; fd <= most; fd++) {
			if (!FD_ISSET(fd, &ready))
				continue;
			if (fd == fds[0]) {
				int child = accept(fd, NULL, NULL);

				if (child < 0 || child >= FD_SETSIZE)
					die("accept");
				FD_SET(child, &all);
				most = child > most ? child : most;
			} else if (fd == fds[1]) {
				echo_datagram(fd);
			} else {
				echo_stream(fd, &all);
			}
		}
	}
	return NULL;
}

/* ---- the clients ---- */

static void *talk(void *arg)
{
	int fd = open_at("localhost", SOCK_STREAM, 0), on = 1;
	FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");
	size_t right = 0;
	char line[80], expected[80];

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (in == NULL || out == NULL)
		die("fdopen");
	for (int i = 0; i < LINES; i++) {
		snprintf(expected, sizeof(expected), "client %d says %d\n", (int)(size_t)arg, i);
		if (fputs(expected, out) < 0 || fflush(out) != 0 ||
		    fgets(line, sizeof(line), in) == NULL)
			break;
		right += strcmp(line, expected) == 0;
	}
	fclose(out);
	fclose(in);
	return (void *)right;
}

static void check_datagrams(void)
{
	int fd = open_at("127.0.0.1", SOCK_DGRAM, 0);
	struct timeval patience = { .tv_sec = 5 };
	char buf[64];

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	check("a datagram comes back", send(fd, "ping", 4, 0) == 4 &&
					       recv(fd, buf, sizeof(buf), 0) == 4 &&
					       memcmp(buf, "ping", 4) == 0);
	check("an empty one too", send(fd, "", 0, 0) == 0 && recv(fd, buf, sizeof(buf), 0) == 0);
	close(fd);
}

int main(void)
{
	int fds[2] = { open_at(NULL, SOCK_STREAM, AI_PASSIVE),
		       open_at(NULL, SOCK_DGRAM, AI_PASSIVE) };
	pthread_t server, clients[CLIENTS];
	size_t right = 0;
	void *value;

	signal(SIGPIPE, SIG_IGN);
	if (listen(fds[0], 16) != 0 || pthread_create(&server, NULL, serve, fds) != 0)
		die("the server");
	for (size_t i = 0; i < CLIENTS; i++)
		if (pthread_create(&clients[i], NULL, talk, (void *)i) != 0)
			die("a client");
	for (size_t i = 0; i < CLIENTS; i++) {
		pthread_join(clients[i], &value);
		right += (size_t)value;
	}
	check("every line comes back to its client", right == CLIENTS * LINES);
	check_datagrams();
	is_over = 1;
	pthread_join(server, NULL);
	check("select returns when nothing happens", true);
	return 0;
}
