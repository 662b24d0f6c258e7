/* TCP sockets: connecting, closing, half-closing, levels, urgent bytes. */
#include "tests/posix/posix.h"

static uint16_t unused_port(void)
{
	int fd = tcp();
	uint16_t port;

	OK(bind_to(fd, "127.0.0.1", 0));
	port = port_of(fd);
	close(fd);
	return port;
}

CASE_OF_BOTH(a_connection_to_nobody_is_refused)
{
	int fd = tcp();

	FAILS(connect_to(fd, unused_port()), ECONNREFUSED);
}

CASE_OF_BOTH(a_refused_connection_is_told_by_so_error)
{
	int fd = tcp();

	nonblocking(fd);
	FAILS(connect_to(fd, unused_port()), EINPROGRESS);
	CHECK(wait_for(fd, POLLOUT, 2000) & POLLERR);
	EQ(get_int(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	EQ(get_int(fd, SOL_SOCKET, SO_ERROR), 0);
}

CASE_OF_BOTH(a_nonblocking_connect_succeeds_later)
{
	uint16_t port;
	int listener = listening(4, &port), fd = tcp();

	nonblocking(fd);
	FAILS(connect_to(fd, port), EINPROGRESS);
	CHECK(wait_for(fd, POLLOUT, 2000) & POLLOUT);
	EQ(get_int(fd, SOL_SOCKET, SO_ERROR), 0);
	FAILS(connect_to(fd, port) == 0 ? connect_to(fd, port) : -1, EISCONN);
	close(listener);
}

CASE_OF_BOTH(a_fresh_stream_socket_is_hung_up_and_writable)
{
	EQ(level(tcp()), POLLOUT | POLLHUP);
}

CASE(a_fresh_socket_has_no_peer)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);

	FAILS(getpeername(tcp(), (struct sockaddr *)&sa, &len), ENOTCONN);
}

CASE_OF_BOTH(a_fresh_socket_cannot_send)
{
	int fd = tcp();

	FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
}

CASE_OF_BOTH(a_fresh_socket_cannot_receive)
{
	char c;

	FAILS(recv(tcp(), &c, 1, 0), ENOTCONN);
}

CASE_OF_BOTH(accept_wants_a_listener)
{
	FAILS(accept(tcp(), NULL, NULL), EINVAL);
}

CASE_OF_BOTH(accept_of_datagrams_is_not_supported)
{
	FAILS(accept(udp(), NULL, NULL), EOPNOTSUPP);
	FAILS(listen(udp(), 1), EOPNOTSUPP);
}

CASE_OF_BOTH(a_nonblocking_accept_says_so)
{
	uint16_t port;
	int fd = listening(4, &port);

	nonblocking(fd);
	FAILS(accept(fd, NULL, NULL), EAGAIN);
}

CASE_OF_BOTH(accept4_sets_flags)
{
	uint16_t port;
	int listener = listening(4, &port), c = tcp(), s;

	OK(connect_to(c, port));
	s = (int)OK(accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
	CHECK(fcntl(s, F_GETFL, 0) & O_NONBLOCK);
	EQ(fcntl(s, F_GETFD, 0), FD_CLOEXEC);
	FAILS(accept4(listener, NULL, NULL, 1), EINVAL);
}

/* Whatever it is asked of; but what is no descriptor, or no flag, is said before. */
CASE(accept_wants_a_descriptor_first)
{
	uint16_t port;
	int listener = listening(4, &port), datagrams = udp(), ep = (int)OK(epoll_create1(0));

	nonblocking(listener);
	while (dup(listener) >= 0)
		continue;
	EQ(errno, EMFILE);
	FAILS(accept(listener, NULL, NULL), EMFILE);
	FAILS(accept(datagrams, NULL, NULL), EMFILE);
	FAILS(accept(ep, NULL, NULL), EMFILE);
	FAILS(accept4(listener, NULL, NULL, 1), EINVAL);
	FAILS(accept4(-1, NULL, NULL, 1), EBADF);
	OK(close(datagrams));
	FAILS(accept(listener, NULL, NULL), EAGAIN);
	FAILS(accept(ep, NULL, NULL), ENOTSOCK);
}

CASE(accept_tells_the_peer)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);
	uint16_t port;
	int listener = listening(4, &port), c = tcp();

	OK(connect_to(c, port));
	OK(accept(listener, (struct sockaddr *)&sa, &len));
	EQ(len, sizeof(sa));
	EQ(ntohs(sa.sin_port), port_of(c));
}

CASE_OF_BOTH(listen_without_bind_chooses_a_port)
{
	int fd = tcp();

	OK(listen(fd, 1));
	CHECK(port_of(fd) != 0);
}

CASE_OF_BOTH(a_listener_cannot_connect)
{
	uint16_t port;
	int fd = listening(1, &port);

	FAILS(connect_to(fd, port), EISCONN);
}

CASE_OF_BOTH(an_end_of_file_is_read_after_the_bytes)
{
	char buf[8];
	int fd[2];

	tcp_pair(fd);
	EQ(write(fd[0], "abc", 3), 3);
	close(fd[0]);
	EQ(recv(fd[1], buf, 8, MSG_WAITALL), 3);
	EQ(read(fd[1], buf, 8), 0);
	CHECK(level(fd[1]) & POLLRDHUP);
	CHECK(!(level(fd[1]) & POLLHUP));
}

CASE_OF_BOTH(closing_with_unread_bytes_resets)
{
	char buf[8];
	int fd[2];

	tcp_pair(fd);
	EQ(write(fd[0], "abc", 3), 3);
	CHECK(wait_for(fd[1], POLLIN, 2000) & POLLIN);
	close(fd[1]);
	CHECK(wait_for(fd[0], POLLIN, 2000) & POLLERR);
	FAILS(read(fd[0], buf, 8), ECONNRESET);
	EQ(read(fd[0], buf, 8), 0);
	FAILS(send(fd[0], "x", 1, MSG_NOSIGNAL), EPIPE);
}

CASE_OF_BOTH(each_direction_can_be_shut_down)
{
	char buf[8];
	int fd[2];

	tcp_pair(fd);
	OK(shutdown(fd[0], SHUT_WR));
	FAILS(send(fd[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	EQ(read(fd[1], buf, 8), 0);
	EQ(write(fd[1], "back", 4), 4);
	EQ(recv(fd[0], buf, 4, MSG_WAITALL), 4);
	OK(shutdown(fd[1], SHUT_WR));
	CHECK(wait_for(fd[0], POLLIN | POLLRDHUP, 2000) & POLLHUP);
}

CASE_OF_BOTH(shutdown_of_a_fresh_socket_fails)
{
	FAILS(shutdown(tcp(), SHUT_RDWR), ENOTCONN);
	FAILS(shutdown(tcp(), 5), EINVAL);
}

CASE_OF_BOTH(reading_can_be_shut_down)
{
	char c;
	int fd[2];

	tcp_pair(fd);
	OK(shutdown(fd[0], SHUT_RD));
	EQ(read(fd[0], &c, 1), 0);
	CHECK(level(fd[0]) & POLLIN);
}

CASE_OF_BOTH(peek_leaves_the_bytes)
{
	char buf[8];
	int fd[2];

	tcp_pair(fd);
	EQ(write(fd[0], "abcd", 4), 4);
	EQ(recv(fd[1], buf, 2, MSG_PEEK), 2);
	EQ(recv(fd[1], buf, 8, MSG_PEEK), 4);
	EQ(read(fd[1], buf, 8), 4);
}

CASE_OF_BOTH(trunc_throws_stream_bytes_away)
{
	char buf[8] = "........";
	int fd[2];

	tcp_pair(fd);
	EQ(write(fd[0], "abcd", 4), 4);
	CHECK(wait_for(fd[1], POLLIN, 2000) & POLLIN);
	EQ(recv(fd[1], buf, 3, MSG_TRUNC), 3);
	EQ(buf[0], '.');
	EQ(recv(fd[1], buf, 8, 0), 1);
	EQ(buf[0], 'd');
}

CASE_OF_BOTH(dontwait_does_not_wait)
{
	char c;
	int fd[2];

	tcp_pair(fd);
	FAILS(recv(fd[0], &c, 1, MSG_DONTWAIT), EAGAIN);
}

CASE_OF_BOTH(a_receive_times_out)
{
	struct timeval tv = { 0, 20000 };
	char c;
	int fd[2];

	tcp_pair(fd);
	OK(setsockopt(fd[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	FAILS(recv(fd[0], &c, 1, 0), EAGAIN);
}

CASE_OF_BOTH(fionread_counts_what_can_be_read)
{
	int fd[2], n = -1;

	tcp_pair(fd);
	EQ(write(fd[0], "abcd", 4), 4);
	CHECK(wait_for(fd[1], POLLIN, 2000) & POLLIN);
	OK(ioctl(fd[1], FIONREAD, &n));
	EQ(n, 4);
}

CASE_OF_BOTH(fionread_of_a_listener_fails)
{
	uint16_t port;
	int n;

	FAILS(ioctl(listening(1, &port), FIONREAD, &n), EINVAL);
}

CASE_OF_BOTH(an_urgent_byte_is_received_by_itself)
{
	char buf[8];
	int fd[2], mark = -1;

	tcp_pair(fd);
	EQ(send(fd[0], "ab", 2, 0), 2);
	EQ(send(fd[0], "cX", 2, MSG_OOB), 2);
	EQ(send(fd[0], "d", 1, 0), 1);
	CHECK(wait_for(fd[1], POLLPRI, 2000) & POLLPRI);
	EQ(recv(fd[1], buf, 8, MSG_OOB), 1);
	EQ(buf[0], 'X');
	FAILS(recv(fd[1], buf, 8, MSG_OOB), EINVAL);
	EQ(recv(fd[1], buf, 8, 0), 3);
	OK(ioctl(fd[1], SIOCATMARK, &mark));
	EQ(mark, 1);
	EQ(recv(fd[1], buf, 8, 0), 1);
	EQ(buf[0], 'd');
}

CASE_OF_BOTH(an_urgent_byte_in_line)
{
	char buf[8];
	int fd[2];

	tcp_pair(fd);
	OK(set_int(fd[1], SOL_SOCKET, SO_OOBINLINE, 1));
	EQ(send(fd[0], "abX", 3, MSG_OOB), 3);
	CHECK(wait_for(fd[1], POLLPRI, 2000) & POLLPRI);
	FAILS(recv(fd[1], buf, 8, MSG_OOB), EINVAL);
	EQ(recv(fd[1], buf, 8, 0), 2);
	EQ(recv(fd[1], buf, 8, 0), 1);
	EQ(buf[0], 'X');
}

CASE_OF_BOTH(without_urgent_data_there_is_none)
{
	char c;
	int fd[2];

	tcp_pair(fd);
	FAILS(recv(fd[0], &c, 1, MSG_OOB), EINVAL);
}

CASE_OF_BOTH(a_socket_connects_to_itself)
{
	char c;
	int fd = tcp();

	OK(bind_to(fd, "127.0.0.1", 0));
	OK(connect_to(fd, port_of(fd)));
	EQ(write(fd, "x", 1), 1);
	EQ(read(fd, &c, 1), 1);
	EQ(c, 'x');
}

CASE_OF_BOTH(linger_zero_resets)
{
	struct linger l = { 1, 0 };
	char c;
	int fd[2];

	tcp_pair(fd);
	OK(setsockopt(fd[0], SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	close(fd[0]);
	FAILS(read(fd[1], &c, 1), ECONNRESET);
}

/* Linux's backlog is exceeded by one. */
CASE_OF_BOTH(a_backlog_lets_one_more_wait)
{
	for (int backlog = 0; backlog < 3; backlog++) {
		uint16_t port;
		int listener = listening(backlog, &port), c[4];

		for (int i = 0; i <= backlog + 1; i++) {
			c[i] = tcp();
			nonblocking(c[i]);
			FAILS(connect_to(c[i], port), EINPROGRESS);
			EQ(wait_for(c[i], POLLOUT, 50) & POLLOUT, i <= backlog ? POLLOUT : 0);
		}
		for (int i = 0; i <= backlog + 1; i++)
			close(c[i]);
		close(listener);
	}
}

CASE_OF_BOTH(a_backlog_bounds_who_may_wait)
{
	uint16_t port;
	int listener = listening(8, &port), c[8];

	for (int i = 0; i < 8; i++) {
		c[i] = tcp();
		OK(connect_to(c[i], port));
	}
	for (int i = 0; i < 8; i++)
		OK(accept(listener, NULL, NULL));
	nonblocking(listener);
	FAILS(accept(listener, NULL, NULL), EAGAIN);
}

CASE_OF_BOTH(a_double_close_is_harmless)
{
	int fd[2];

	tcp_pair(fd);
	OK(close(fd[0]));
	FAILS(close(fd[0]), EBADF);
	EQ(read(fd[1], fd, 1), 0);
}

CASE_OF_BOTH(a_duplicate_keeps_the_connection)
{
	char c;
	int fd[2], copy;

	tcp_pair(fd);
	copy = (int)OK(dup(fd[0]));
	close(fd[0]);
	EQ(write(copy, "x", 1), 1);
	EQ(read(fd[1], &c, 1), 1);
}

CASE_OF_BOTH(writev_and_readv_move_all_pieces)
{
	char a[3], b[4];
	struct iovec out[3] = { { (void *)(uintptr_t) "ab", 2 },
				{ NULL, 0 },
				{ (void *)(uintptr_t) "cdefg", 5 } };
	struct iovec in[2] = { { a, 3 }, { b, 4 } };
	int fd[2];

	tcp_pair(fd);
	EQ(writev(fd[0], out, 3), 7);
	CHECK(wait_for(fd[1], POLLIN, 2000) & POLLIN);
	EQ(readv(fd[1], in, 2), 7);
	EQ(memcmp(a, "abc", 3), 0);
	EQ(memcmp(b, "defg", 4), 0);
}

CASE_OF_BOTH(tcp_port_sharers_share_the_connections)
{
	int l[2], count[2] = { 0 };
	uint16_t port = 0;

	for (int i = 0; i < 2; i++) {
		l[i] = tcp();
		OK(set_int(l[i], SOL_SOCKET, SO_REUSEPORT, 1));
		OK(bind_to(l[i], "127.0.0.1", port));
		OK(listen(l[i], 64));
		port = port_of(l[i]);
		nonblocking(l[i]);
	}
	for (int i = 0; i < 40; i++)
		OK(connect_to(tcp(), port));
	for (int i = 0; i < 2; i++)
		while (accept(l[i], NULL, NULL) >= 0)
			count[i]++;
	EQ(count[0] + count[1], 40);
	CHECK(count[0] > 4 && count[1] > 4);
}

CASE_OF_BOTH(tcp_a_receive_waits_for_the_low_water_mark)
{
	char buf[8];
	int fd[2];

	tcp_pair(fd);
	OK(set_int(fd[1], SOL_SOCKET, SO_RCVLOWAT, 4));
	EQ(write(fd[0], "ab", 2), 2);
	CHECK(wait_for(fd[1], POLLRDHUP, 20) == 0);
	EQ(recv(fd[1], buf, 8, MSG_DONTWAIT), 2);
	EQ(write(fd[0], "abcd", 4), 4);
	EQ(recv(fd[1], buf, 8, 0), 4);
}
