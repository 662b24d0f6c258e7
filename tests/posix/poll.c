/* poll() and ppoll(): what they report of each kind of descriptor, and how long they wait. */
#include "tests/posix/posix.h"

static int64_t now_ns(void)
{
	struct timespec ts;

	OK(clock_gettime(CLOCK_MONOTONIC, &ts));
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

CASE(poll_of_nothing_is_a_sleep)
{
	int64_t began = now_ns();

	EQ(poll(NULL, 0, 20), 0);
	CHECK(now_ns() - began >= 20000000);
}

CASE(poll_of_nothing_at_once)
{
	EQ(poll(NULL, 0, 0), 0);
}

CASE_OF_BOTH(poll_is_not_early)
{
	struct pollfd p = { udp(), POLLIN, 0 };
	int64_t began = now_ns();

	EQ(poll(&p, 1, 15), 0);
	CHECK(now_ns() - began >= 15000000);
}

CASE(poll_skips_negative_descriptors)
{
	struct pollfd p[2] = { { -1, POLLIN, 77 }, { -999, POLLIN, 77 } };

	EQ(poll(p, 2, 0), 0);
	EQ(p[0].revents, 0);
	EQ(p[1].revents, 0);
}

CASE_OF_BOTH(poll_tells_of_what_is_not_open_even_unasked)
{
	struct pollfd p[2] = { { 999, 0, 0 }, { udp(), 0, 55 } };

	EQ(poll(p, 2, -1), 1);
	EQ(p[0].revents, POLLNVAL);
	EQ(p[1].revents, 0);
}

CASE(poll_reports_a_hangup_unasked)
{
	struct pollfd p = { 0, 0, 0 };
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	close(fd[1]);
	p.fd = fd[0];
	EQ(poll(&p, 1, -1), 1);
	EQ(p.revents, POLLHUP);
}

CASE(poll_reports_only_what_was_asked_for)
{
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	EQ(write(fd[1], "x", 1), 1);
	EQ(wait_for(fd[0], POLLIN, 0), POLLIN);
	EQ(wait_for(fd[0], POLLOUT, 0), POLLOUT);
	EQ(wait_for(fd[0], POLLIN | POLLOUT, 0), POLLIN | POLLOUT);
	EQ(wait_for(fd[0], POLLPRI, 0), 0);
}

CASE(poll_counts_descriptors_and_not_events)
{
	struct pollfd p[3];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	EQ(write(fd[1], "x", 1), 1);
	p[0] = (struct pollfd){ fd[0], POLLIN | POLLOUT, 0 };
	p[1] = (struct pollfd){ fd[1], POLLIN, 0 };
	p[2] = (struct pollfd){ fd[1], POLLOUT, 0 };
	EQ(poll(p, 3, 0), 2);
}

CASE(poll_normal_data_has_two_names)
{
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	EQ(write(fd[1], "x", 1), 1);
	EQ(wait_for(fd[0], POLLRDNORM | POLLWRNORM, 0), POLLRDNORM | POLLWRNORM);
	EQ(wait_for(fd[0], POLLRDBAND | POLLWRBAND, 0) & POLLRDBAND, 0);
}

CASE_OF_BOTH(poll_of_a_listener)
{
	uint16_t port;
	int l = listening(4, &port);

	EQ(level(l), 0);
	OK(connect_to(tcp(), port));
	EQ(wait_for(l, POLLIN | POLLOUT, 1000), POLLIN);
	close((int)OK(accept(l, NULL, NULL)));
	EQ(level(l), 0);
}

CASE_OF_BOTH(poll_of_a_connection_that_is_being_made)
{
	uint16_t port;
	int fd = tcp();

	listening(4, &port);
	nonblocking(fd);
	FAILS(connect_to(fd, port), EINPROGRESS);
	EQ(wait_for(fd, POLLOUT, 1000), POLLOUT);
	EQ(get_int(fd, SOL_SOCKET, SO_ERROR), 0);
}

CASE_OF_BOTH(poll_of_a_connection_that_was_refused)
{
	uint16_t port;
	int fd = tcp();

	close(listening(4, &port));
	nonblocking(fd);
	FAILS(connect_to(fd, port), EINPROGRESS);
	EQ(wait_for(fd, POLLOUT, 1000), POLLOUT | POLLERR | POLLHUP);
	EQ(get_int(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	EQ(level(fd), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
}

CASE(poll_of_udp_with_an_error)
{
	struct sockaddr_in sa = at("127.0.0.1", 0);
	int closed = udp(), fd = udp();

	OK(bind_to(closed, "127.0.0.1", 0));
	sa.sin_port = htons(port_of(closed));
	close(closed);
	OK(connect(fd, (struct sockaddr *)&sa, sizeof(sa)));
	EQ(level(fd), POLLOUT);
	EQ(send(fd, "x", 1, 0), 1);
	EQ(wait_for(fd, 0, 1000), POLLERR);
	EQ(get_int(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	EQ(level(fd), POLLOUT);
}

CASE_OF_BOTH(poll_of_urgent_data)
{
	int fd[2];

	tcp_pair(fd);
	EQ(send(fd[0], "u", 1, MSG_OOB), 1);
	EQ(wait_for(fd[1], POLLPRI, 1000), POLLPRI);
}

CASE(poll_of_the_same_descriptor_twice)
{
	struct pollfd p[2];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	p[0] = (struct pollfd){ fd[0], POLLIN, 0 };
	p[1] = (struct pollfd){ fd[0], POLLOUT, 0 };
	EQ(poll(p, 2, -1), 1);
	EQ(p[0].revents, 0);
	EQ(p[1].revents, POLLOUT);
}

CASE(poll_of_many)
{
	static struct pollfd p[200];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	for (int i = 0; i < 200; i++)
		p[i] = (struct pollfd){ fd[0], POLLIN, 0 };
	EQ(poll(p, 200, 0), 0);
	EQ(write(fd[1], "x", 1), 1);
	EQ(poll(p, 200, -1), 200);
}

CASE(poll_wakes_for_a_timer)
{
	struct itimerspec soon = { .it_value = { 0, 10000000 } };
	int fd = (int)OK(timerfd_create(CLOCK_MONOTONIC, 0));

	OK(timerfd_settime(fd, 0, &soon, NULL));
	EQ(wait_for(fd, POLLIN, -1), POLLIN);
}

CASE(poll_of_a_full_stream)
{
	static char bytes[65536];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	nonblocking(fd[0]);
	while (write(fd[0], bytes, sizeof(bytes)) > 0)
		continue;
	EQ(level(fd[0]), 0);
	EQ(level(fd[1]), POLLIN | POLLOUT);
}

CASE(poll_of_a_full_datagram_queue)
{
	static char bytes[1024];
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	nonblocking(fd[0]);
	while (send(fd[0], bytes, sizeof(bytes), 0) > 0)
		continue;
	EQ(errno, EAGAIN);
	EQ(level(fd[0]), 0);
	while (recv(fd[1], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		continue;
	EQ(level(fd[0]), POLLOUT);
}

CASE_OF_BOTH(ppoll_times_out)
{
	struct timespec ts = { 0, 12000000 };
	struct pollfd p = { udp(), POLLIN, 0 };
	int64_t began = now_ns();

	EQ(ppoll(&p, 1, &ts, NULL), 0);
	CHECK(now_ns() - began >= 12000000);
}

CASE_OF_BOTH(ppoll_at_once)
{
	struct timespec ts = { 0, 0 };
	struct pollfd p = { udp(), POLLIN | POLLOUT, 0 };

	EQ(ppoll(&p, 1, &ts, NULL), 1);
	p.events = POLLIN;
	EQ(ppoll(&p, 1, &ts, NULL), 0);
}

CASE_OF_BOTH(ppoll_wants_a_time)
{
	struct timespec bad[] = { { 0, 1000000000 }, { 0, -1 }, { -1, 0 } };
	struct pollfd p = { udp(), POLLIN, 0 };

	for (int i = 0; i < 3; i++)
		FAILS(ppoll(&p, 1, &bad[i], NULL), EINVAL);
}

CASE_OF_BOTH(ppoll_for_ever)
{
	struct pollfd p = { udp(), POLLOUT, 0 };

	EQ(ppoll(&p, 1, NULL, NULL), 1);
}
