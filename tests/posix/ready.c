/* Readiness and the files that are no files: epoll, eventfd, timerfd, pipes. */
#include "tests/posix/posix.h"

static int add(int ep, int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

static uint32_t reported(int ep, int fd)
{
	struct epoll_event ev[8];
	int n = (int)OK(epoll_wait(ep, ev, 8, 0));

	for (int i = 0; i < n; i++)
		if (ev[i].data.fd == fd)
			return ev[i].events;
	return 0;
}

CASE(epoll_levels)
{
	int ep = (int)OK(epoll_create1(0)), fd[2];
	char c;

	pair_of(SOCK_STREAM, fd);
	OK(add(ep, fd[0], EPOLLIN));
	EQ(reported(ep, fd[0]), 0);
	EQ(write(fd[1], "ab", 2), 2);
	EQ(reported(ep, fd[0]), EPOLLIN);
	EQ(read(fd[0], &c, 1), 1);
	EQ(reported(ep, fd[0]), EPOLLIN);
	EQ(read(fd[0], &c, 1), 1);
	EQ(reported(ep, fd[0]), 0);
}

CASE(epoll_edges)
{
	int ep = (int)OK(epoll_create1(0)), fd[2];
	char c;

	pair_of(SOCK_STREAM, fd);
	OK(add(ep, fd[0], EPOLLIN | EPOLLET));
	EQ(write(fd[1], "ab", 2), 2);
	EQ(reported(ep, fd[0]), EPOLLIN);
	EQ(reported(ep, fd[0]), 0);
	EQ(read(fd[0], &c, 1), 1);
	EQ(reported(ep, fd[0]), 0);
	EQ(write(fd[1], "c", 1), 1);
	EQ(reported(ep, fd[0]), EPOLLIN);
	close(fd[1]);
	EQ(reported(ep, fd[0]), EPOLLIN | EPOLLHUP);
	EQ(reported(ep, fd[0]), 0);
}

CASE(epoll_one_shot)
{
	int ep = (int)OK(epoll_create1(0)), fd[2];
	struct epoll_event ev = { .events = EPOLLIN | EPOLLONESHOT };

	pair_of(SOCK_STREAM, fd);
	ev.data.fd = fd[0];
	OK(add(ep, fd[0], EPOLLIN | EPOLLONESHOT));
	EQ(write(fd[1], "a", 1), 1);
	EQ(reported(ep, fd[0]), EPOLLIN);
	EQ(write(fd[1], "b", 1), 1);
	EQ(reported(ep, fd[0]), 0);
	OK(epoll_ctl(ep, EPOLL_CTL_MOD, fd[0], &ev));
	EQ(reported(ep, fd[0]), EPOLLIN);
}

CASE(epoll_refuses)
{
	int ep = (int)OK(epoll_create1(0)), fd[2];
	struct epoll_event ev;

	pair_of(SOCK_STREAM, fd);
	FAILS(add(ep, ep, EPOLLIN), EINVAL);
	FAILS(add(ep, 999, EPOLLIN), EBADF);
	FAILS(add(fd[0], fd[1], EPOLLIN), EINVAL);
	OK(add(ep, fd[0], EPOLLIN));
	FAILS(add(ep, fd[0], EPOLLIN), EEXIST);
	FAILS(epoll_ctl(ep, EPOLL_CTL_DEL, fd[1], NULL), ENOENT);
	FAILS(add(ep, fd[1], EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT), EINVAL);
	FAILS(epoll_wait(ep, &ev, 0, 0), EINVAL);
	FAILS(epoll_wait(fd[0], &ev, 1, 0), EINVAL);
	FAILS(epoll_create1(77), EINVAL);
}

CASE(epoll_watches_the_open_file)
{
	int ep = (int)OK(epoll_create1(0)), fd[2], copy;

	pair_of(SOCK_STREAM, fd);
	OK(add(ep, fd[0], EPOLLIN));
	copy = (int)OK(dup(fd[0]));
	EQ(write(fd[1], "x", 1), 1);
	close(fd[0]);
	EQ(reported(ep, fd[0]), EPOLLIN);
	close(copy);
	EQ(reported(ep, fd[0]), 0);
}

CASE(epoll_of_an_epoll)
{
	int inner = (int)OK(epoll_create1(0)), outer = (int)OK(epoll_create1(0)), fd[2];

	pair_of(SOCK_STREAM, fd);
	OK(add(outer, inner, EPOLLIN));
	OK(add(inner, fd[0], EPOLLIN));
	EQ(reported(outer, inner), 0);
	EQ(write(fd[1], "x", 1), 1);
	EQ(reported(outer, inner), EPOLLIN);
	FAILS(add(inner, outer, EPOLLIN), ELOOP);
}

CASE(eventfd_counts)
{
	int fd = (int)OK(eventfd(3, EFD_NONBLOCK));
	uint64_t v = 4;

	EQ(write(fd, &v, 8), 8);
	EQ(read(fd, &v, 8), 8);
	EQ(v, 7);
	FAILS(read(fd, &v, 8), EAGAIN);
	FAILS(read(fd, &v, 4), EINVAL);
	v = UINT64_MAX;
	FAILS(write(fd, &v, 8), EINVAL);
	EQ(level(fd), POLLOUT);
}

CASE(eventfd_as_a_semaphore)
{
	int fd = (int)OK(eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK));
	uint64_t v;

	EQ(read(fd, &v, 8), 8);
	EQ(v, 1);
	EQ(read(fd, &v, 8), 8);
	FAILS(read(fd, &v, 8), EAGAIN);
}

CASE(timerfd_expires)
{
	int fd = (int)OK(timerfd_create(CLOCK_MONOTONIC, 0));
	struct itimerspec set = { { 0, 0 }, { 0, 10000000 } }, got;
	uint64_t n;

	EQ(level(fd), 0);
	OK(timerfd_settime(fd, 0, &set, NULL));
	OK(timerfd_gettime(fd, &got));
	CHECK(got.it_value.tv_nsec > 0);
	EQ(read(fd, &n, 8), 8);
	EQ(n, 1);
	OK(timerfd_gettime(fd, &got));
	EQ(got.it_value.tv_nsec, 0);
	set.it_value.tv_nsec = 1000000000;
	FAILS(timerfd_settime(fd, 0, &set, NULL), EINVAL);
	FAILS(timerfd_create(77, 0), EINVAL);
}

CASE(pipe_ends)
{
	char buf[8];
	int fd[2];

	OK(pipe2(fd, O_NONBLOCK));
	FAILS(read(fd[0], buf, 8), EAGAIN);
	FAILS(write(fd[0], buf, 1), EBADF);
	FAILS(read(fd[1], buf, 1), EBADF);
	EQ(write(fd[1], "abc", 3), 3);
	EQ(level(fd[0]), POLLIN);
	EQ(read(fd[0], buf, 8), 3);
	close(fd[1]);
	EQ(level(fd[0]), POLLHUP);
	EQ(read(fd[0], buf, 8), 0);
}

CASE(pipe_without_a_reader)
{
	int fd[2];

	OK(pipe(fd));
	close(fd[0]);
	CHECK(level(fd[1]) & POLLERR);
	FAILS(write(fd[1], "x", 1), EPIPE);
}

CASE(pipe_capacity)
{
	int fd[2];

	OK(pipe(fd));
	EQ(fcntl(fd[0], F_GETPIPE_SZ, 0), 65536);
	EQ(fcntl(fd[1], F_SETPIPE_SZ, 100000), 131072);
}

CASE(pipes_are_no_sockets)
{
	char c;
	int fd[2];

	OK(pipe(fd));
	FAILS(send(fd[1], "x", 1, 0), ENOTSOCK);
	FAILS(recv(fd[0], &c, 1, 0), ENOTSOCK);
	FAILS(listen(fd[0], 1), ENOTSOCK);
}

CASE(poll_tells_of_descriptors_that_are_not_open)
{
	struct pollfd p[2] = { { 999, POLLIN, 0 }, { -1, POLLIN, 77 } };

	EQ(poll(p, 2, 0), 1);
	EQ(p[0].revents, POLLNVAL);
	EQ(p[1].revents, 0);
}
