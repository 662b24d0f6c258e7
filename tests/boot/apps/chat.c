/*
 * chat.c -- a room over Unix sockets: a server with poll(), members that are threads. What one says all
 * hear, in the same order. An ordinary program of sockets and threads.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { MEMBERS = 8, LINES = 25, LINE = 32, ALL = MEMBERS * LINES };

static char heard[MEMBERS][ALL][LINE];
static int nheard[MEMBERS];

static void check(const char *name, bool passed)
{
	printf("%s %s\n", passed ? "ok" : "not ok", name);
}

static void die(const char *what)
{
	printf("not ok %s: %s\n", what, strerror(errno));
	exit(1);
}

/* An abstract name: it goes with the last socket that has it. */
static socklen_t room(struct sockaddr_un *un)
{
	static const char name[] = "\0the room";

	memset(un, 0, sizeof(*un));
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, name, sizeof(name) - 1);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof(name) - 1);
}

/* ---- a member ---- */

/* Lines have one length, so they stay apart. */
static void *member(void *arg)
{
	int me = (int)(size_t)arg, fd = socket(AF_UNIX, SOCK_STREAM, 0), said = 0;
	struct sockaddr_un un;
	socklen_t len = room(&un);

	if (fd < 0 || connect(fd, (struct sockaddr *)&un, len) != 0)
		die("connect");
	while (nheard[me] < ALL) {
		if (said < LINES) {
			char line[LINE] = { 0 };

			snprintf(line, sizeof(line), "member %d: line %d", me, said++);
			if (write(fd, line, sizeof(line)) != sizeof(line))
				die("write");
		}
		if (recv(fd, heard[me][nheard[me]], LINE, MSG_WAITALL) != LINE)
			die("recv");
		nheard[me]++;
	}
	close(fd);
	return NULL;
}

/* ---- the server ---- */

static void tell_all(const struct pollfd *fds, int n, const char *line)
{
	for (int i = 1; i < n; i++)
		if (fds[i].fd >= 0 && send(fds[i].fd, line, LINE, MSG_NOSIGNAL) != LINE)
			die("send");
}

static bool serve_one(struct pollfd *fds, int n, int i)
{
	char line[LINE];
	ssize_t got = recv(fds[i].fd, line, sizeof(line), MSG_WAITALL);

	if (got == sizeof(line)) {
		tell_all(fds, n, line);
		return true;
	}
	close(fds[i].fd);
	fds[i].fd = -1;
	return false;
}

/* Nobody speaks before all are there, or they would miss something. */
static void serve(int listener)
{
	struct pollfd fds[MEMBERS + 1] = { { .fd = listener, .events = POLLIN } };
	int n = 1, left = MEMBERS;

	while (n <= MEMBERS) {
		fds[n].fd = accept(listener, NULL, NULL);
		if (fds[n].fd < 0)
			die("accept");
		fds[n++].events = POLLIN;
	}
	fds[0].fd = -1;
	while (left > 0) {
		if (poll(fds, (nfds_t)n, -1) < 0)
			die("poll");
		for (int i = 1; i < n; i++)
			if (fds[i].fd >= 0 && (fds[i].revents & (POLLIN | POLLHUP)) != 0 &&
			    !serve_one(fds, n, i))
				left--;
	}
}

int main(void)
{
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	pthread_t members[MEMBERS];
	struct sockaddr_un un;
	socklen_t len = room(&un);
	bool same = true;

	if (listener < 0 || bind(listener, (struct sockaddr *)&un, len) != 0 ||
	    listen(listener, MEMBERS) != 0)
		die("the room");
	for (size_t i = 0; i < MEMBERS; i++)
		if (pthread_create(&members[i], NULL, member, (void *)i) != 0)
			die("a member");
	serve(listener);
	for (size_t i = 0; i < MEMBERS; i++)
		pthread_join(members[i], NULL);
	for (int i = 0; i < MEMBERS; i++)
		same = same && nheard[i] == ALL &&
		       memcmp(heard[i], heard[0], sizeof(heard[0])) == 0;
	check("all members hear all lines in the same order", same);
	errno = 0;
	check("the room is taken while it is open",
	      bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&un, len) == -1 &&
		      errno == EADDRINUSE);
	close(listener);
	check("a room that is closed refuses",
	      connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&un, len) == -1 &&
		      errno == ECONNREFUSED);
	return 0;
}
