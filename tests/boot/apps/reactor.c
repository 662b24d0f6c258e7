/*
 * reactor.c -- everything that epoll can wait for in one loop: a timer, a counter, a pipe, a socket
 * pair over which a descriptor is passed, and threads that make things happen. An ordinary program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static int counter, pair[2], pipe_ends[2], timer, ep;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned jobs_done;

static void check(const char *name, bool passed)
{
	printf("%s %s\n", passed ? "ok" : "not ok", name);
}

static void watch(int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) != 0) {
		printf("not ok epoll_ctl: %s\n", strerror(errno));
		exit(1);
	}
}

/* The descriptor that is ready next; -1: none in time. */
static int next(int timeout_ms)
{
	struct epoll_event ev;

	return epoll_wait(ep, &ev, 1, timeout_ms) == 1 ? ev.data.fd : -1;
}

/* ---- threads ---- */

static void *work(void *arg)
{
	uint64_t one = 1;

	(void)arg;
	for (int i = 0; i < 10; i++) {
		struct timespec pause = { .tv_nsec = 100000 };

		nanosleep(&pause, NULL);
		pthread_mutex_lock(&lock);
		jobs_done++;
		pthread_mutex_unlock(&lock);
		(void)write(counter, &one, sizeof(one));
	}
	return NULL;
}

static void check_counter(void)
{
	pthread_t workers[4];
	uint64_t sum = 0, n;

	watch(counter, EPOLLIN | EPOLLET);
	for (int i = 0; i < 4; i++)
		(void)pthread_create(&workers[i], NULL, work, NULL);
	while (sum < 40 && next(2000) == counter)
		while (read(counter, &n, sizeof(n)) == sizeof(n))
			sum += n;
	for (int i = 0; i < 4; i++)
		pthread_join(workers[i], NULL);
	check("threads tell the loop of every job", sum == 40 && jobs_done == 40);
	check("and of nothing else", next(0) == -1);
	epoll_ctl(ep, EPOLL_CTL_DEL, counter, NULL);
}

static void check_timer(void)
{
	struct itimerspec often = { .it_value.tv_nsec = 2000000, .it_interval.tv_nsec = 2000000 };
	struct timespec from, to;
	uint64_t n, ticks = 0;

	watch(timer, EPOLLIN);
	clock_gettime(CLOCK_MONOTONIC, &from);
	timerfd_settime(timer, 0, &often, NULL);
	while (ticks < 5 && next(2000) == timer)
		if (read(timer, &n, sizeof(n)) == sizeof(n))
			ticks += n;
	clock_gettime(CLOCK_MONOTONIC, &to);
	check("a timer ticks",
	      ticks >= 5 && (to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec >=
				    10000000);
	memset(&often, 0, sizeof(often));
	timerfd_settime(timer, 0, &often, NULL);
	check("until it is stopped", next(10) == -1);
}

static ssize_t pass(int over, int fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { "x", 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control.room,
			    .msg_controllen = sizeof(control.room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(over, &m, 0);
}

static int take(int over)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control.room,
			    .msg_controllen = sizeof(control.room) };
	int fd = -1;

	if (recvmsg(over, &m, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static void check_passing(void)
{
	int got;
	char buf[8];

	watch(pair[1], EPOLLIN);
	check("a descriptor is sent", pass(pair[0], pipe_ends[0]) == 1);
	check("it makes the other end readable", next(1000) == pair[1]);
	got = take(pair[1]);
	check("and arrives as another number",
	      got >= 0 && got != pipe_ends[0] && (fcntl(got, F_GETFD) & FD_CLOEXEC) != 0);
	watch(got, EPOLLIN);
	check("what is written into the pipe", write(pipe_ends[1], "hello", 5) == 5);
	check("is read from it", next(1000) == got && read(got, buf, sizeof(buf)) == 5 &&
					 memcmp(buf, "hello", 5) == 0);
	close(pipe_ends[1]);
	check("its end is seen", next(1000) == got && read(got, buf, sizeof(buf)) == 0);
	close(got);
}

int main(void)
{
	struct utsname names;
	char host[65];

	ep = epoll_create1(EPOLL_CLOEXEC);
	counter = eventfd(0, EFD_NONBLOCK);
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	if (ep < 0 || counter < 0 || timer < 0 || pipe2(pipe_ends, O_CLOEXEC) != 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) != 0) {
		printf("not ok the beginning: %s\n", strerror(errno));
		return 1;
	}
	check_counter();
	check_timer();
	check_passing();
	check("the machine has a name", uname(&names) == 0 &&
						gethostname(host, sizeof(host)) == 0 &&
						strcmp(host, names.nodename) == 0);
	return 0;
}
