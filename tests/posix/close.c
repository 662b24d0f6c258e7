/* How connections end: by close, by shutdown in each direction, by what was not read. */
#include "tests/posix/posix.h"

static void linger(int fd, int seconds)
{
	struct linger l = { 1, seconds };

	OK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
}

/* ---- close ---- */

CASE_OF_BOTH(close_after_everything_was_read_is_silent)
{
	char buf[8];
	int fd[2];

	tcp_pair(fd);
	EQ(write(fd[0], "abc", 3), 3);
	EQ(read(fd[1], buf, 8), 3);
	close(fd[1]);
	EQ(wait_for(fd[0], POLLIN | POLLRDHUP, 1000), POLLIN | POLLRDHUP);
	EQ(read(fd[0], buf, 8), 0);
	EQ(get_int(fd[0], SOL_SOCKET, SO_ERROR), 0);
}

CASE_OF_BOTH(close_delivers_what_was_written_before)
{
	char buf[16];
	int fd[2];

	tcp_pair(fd);
	EQ(write(fd[0], "last words", 10), 10);
	close(fd[0]);
	EQ(recv(fd[1], buf, 16, MSG_WAITALL), 10);
	EQ(read(fd[1], buf, 16), 0);
}

CASE(close_a_write_to_who_has_closed_is_answered_by_a_reset)
{
	int fd[2];

	tcp_pair(fd);
	close(fd[1]);
	wait_for(fd[0], POLLIN, 1000);
	EQ(write(fd[0], "x", 1), 1);
	EQ(wait_for(fd[0], 0, 1000), POLLERR | POLLHUP);
	/* In CLOSE-WAIT a reset is a broken pipe. */
	EQ(get_int(fd[0], SOL_SOCKET, SO_ERROR), EPIPE);
	FAILS(send(fd[0], "x", 1, MSG_NOSIGNAL), EPIPE);
}

CASE_OF_BOTH(close_a_reset_is_told_once_by_read)
{
	char buf[8];
	int fd[2];

	tcp_pair(fd);
	linger(fd[1], 0);
	close(fd[1]);
	EQ(wait_for(fd[0], 0, 1000), POLLERR | POLLHUP);
	FAILS(read(fd[0], buf, 8), ECONNRESET);
	EQ(read(fd[0], buf, 8), 0);
	FAILS(send(fd[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	EQ(get_int(fd[0], SOL_SOCKET, SO_ERROR), 0);
}

CASE_OF_BOTH(close_a_reset_is_told_once_by_write)
{
	char buf[8];
	int fd[2];

	tcp_pair(fd);
	linger(fd[1], 0);
	close(fd[1]);
	wait_for(fd[0], 0, 1000);
	FAILS(send(fd[0], "x", 1, MSG_NOSIGNAL), ECONNRESET);
	FAILS(send(fd[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	EQ(read(fd[0], buf, 8), 0);
}

CASE_OF_BOTH(close_a_reset_has_all_levels)
{
	int fd[2];

	tcp_pair(fd);
	linger(fd[1], 0);
	close(fd[1]);
	wait_for(fd[0], 0, 1000);
	EQ(level(fd[0]), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP);
}

CASE_OF_BOTH(close_a_reset_leaves_unread_bytes)
{
	char buf[8];
	int fd[2];

	tcp_pair(fd);
	EQ(write(fd[1], "abc", 3), 3);
	wait_for(fd[0], POLLIN, 1000);
	linger(fd[1], 0);
	close(fd[1]);
	wait_for(fd[0], 0, 1000);
	EQ(read(fd[0], buf, 8), 3);
	FAILS(read(fd[0], buf, 8), ECONNRESET);
}

CASE_OF_BOTH(close_lingers_until_everything_was_taken)
{
	char buf[8];
	int fd[2];

	tcp_pair(fd);
	EQ(write(fd[0], "abc", 3), 3);
	linger(fd[0], 5);
	EQ(close(fd[0]), 0);
	EQ(read(fd[1], buf, 8), 3);
	EQ(read(fd[1], buf, 8), 0);
}

CASE_OF_BOTH(close_of_a_listener_resets_who_waits)
{
	char buf[8];
	uint16_t port;
	int l = listening(4, &port), c = tcp();

	OK(connect_to(c, port));
	close(l);
	EQ(wait_for(c, 0, 1000), POLLERR | POLLHUP);
	FAILS(read(c, buf, 8), ECONNRESET);
}

CASE_OF_BOTH(close_of_a_listener_refuses_who_comes)
{
	uint16_t port;
	int l = listening(4, &port);

	close(l);
	FAILS(connect_to(tcp(), port), ECONNREFUSED);
}

CASE(close_of_one_of_two_duplicates_changes_nothing)
{
	char buf[8];
	int fd[2], copy;

	pair_of(SOCK_STREAM, fd);
	copy = (int)OK(dup(fd[0]));
	close(fd[0]);
	EQ(level(fd[1]), POLLOUT);
	EQ(write(copy, "a", 1), 1);
	EQ(read(fd[1], buf, 8), 1);
	close(copy);
	EQ(read(fd[1], buf, 8), 0);
}

CASE(close_every_call_on_a_closed_descriptor_fails)
{
	char buf[1];
	int fd[2];
	struct sockaddr_in sa = at("127.0.0.1", 1);
	socklen_t len = sizeof(sa);

	tcp_pair(fd);
	close(fd[0]);
	FAILS(read(fd[0], buf, 1), EBADF);
	FAILS(write(fd[0], buf, 1), EBADF);
	FAILS(send(fd[0], buf, 1, 0), EBADF);
	FAILS(recv(fd[0], buf, 1, 0), EBADF);
	FAILS(bind(fd[0], (struct sockaddr *)&sa, len), EBADF);
	FAILS(connect(fd[0], (struct sockaddr *)&sa, len), EBADF);
	FAILS(listen(fd[0], 1), EBADF);
	FAILS(accept(fd[0], NULL, NULL), EBADF);
	FAILS(shutdown(fd[0], SHUT_RD), EBADF);
	FAILS(getsockname(fd[0], (struct sockaddr *)&sa, &len), EBADF);
	FAILS(getpeername(fd[0], (struct sockaddr *)&sa, &len), EBADF);
	FAILS(fcntl(fd[0], F_GETFL), EBADF);
	FAILS(dup(fd[0]), EBADF);
	FAILS(close(fd[0]), EBADF);
}

CASE(close_every_socket_call_on_a_pipe_fails)
{
	char buf[1];
	int fd[2];
	struct sockaddr_in sa = at("127.0.0.1", 1);
	socklen_t len = sizeof(sa);

	OK(pipe(fd));
	FAILS(send(fd[1], buf, 1, 0), ENOTSOCK);
	FAILS(recv(fd[0], buf, 1, 0), ENOTSOCK);
	FAILS(bind(fd[0], (struct sockaddr *)&sa, len), ENOTSOCK);
	FAILS(connect(fd[0], (struct sockaddr *)&sa, len), ENOTSOCK);
	FAILS(listen(fd[0], 1), ENOTSOCK);
	FAILS(accept(fd[0], NULL, NULL), ENOTSOCK);
	FAILS(shutdown(fd[0], SHUT_RD), ENOTSOCK);
	FAILS(getsockname(fd[0], (struct sockaddr *)&sa, &len), ENOTSOCK);
	FAILS(set_int(fd[0], SOL_SOCKET, SO_SNDBUF, 1), ENOTSOCK);
}

CASE_OF_BOTH(close_the_descriptor_is_free_for_the_next)
{
	int a = tcp(), b = udp();

	close(a);
	EQ(tcp(), a);
	close(b);
	EQ(udp(), b);
}

/* ---- Unix sockets ---- */

CASE(close_of_a_unix_stream_hangs_the_other_up)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	close(fd[1]);
	EQ(level(fd[0]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	EQ(read(fd[0], buf, 8), 0);
	FAILS(send(fd[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	EQ(get_int(fd[0], SOL_SOCKET, SO_ERROR), 0);
}

CASE(close_of_a_unix_stream_leaves_what_was_written)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	EQ(write(fd[1], "abc", 3), 3);
	close(fd[1]);
	EQ(read(fd[0], buf, 2), 2);
	EQ(read(fd[0], buf, 8), 1);
	EQ(read(fd[0], buf, 8), 0);
}

CASE(close_with_unread_bytes_resets_a_unix_stream_once)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	EQ(write(fd[0], "abc", 3), 3);
	close(fd[1]);
	CHECK(level(fd[0]) & POLLERR);
	FAILS(read(fd[0], buf, 8), ECONNRESET);
	EQ(read(fd[0], buf, 8), 0);
	CHECK(!(level(fd[0]) & POLLERR));
}

CASE(close_with_unread_packets_resets_too)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_SEQPACKET, fd);
	EQ(send(fd[0], "abc", 3, 0), 3);
	close(fd[1]);
	FAILS(recv(fd[0], buf, 8, 0), ECONNRESET);
	EQ(recv(fd[0], buf, 8, 0), 0);
}

CASE(close_what_was_written_before_the_reset_is_read_first)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	EQ(write(fd[0], "lost", 4), 4);
	EQ(write(fd[1], "kept", 4), 4);
	close(fd[1]);
	EQ(read(fd[0], buf, 8), 4);
	FAILS(read(fd[0], buf, 8), ECONNRESET);
}

CASE(close_of_a_datagram_partner_refuses_once)
{
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	close(fd[1]);
	EQ(level(fd[0]), POLLOUT);
	FAILS(send(fd[0], "x", 1, 0), ECONNREFUSED);
	FAILS(send(fd[0], "x", 1, 0), ENOTCONN);
}

CASE(close_of_a_seqpacket_is_the_end)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_SEQPACKET, fd);
	EQ(send(fd[1], "ab", 2, 0), 2);
	close(fd[1]);
	EQ(recv(fd[0], buf, 8, 0), 2);
	EQ(recv(fd[0], buf, 8, 0), 0);
	FAILS(send(fd[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	EQ(level(fd[0]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
}

/* ---- shutdown ---- */

/* Who connects without waiting, and shuts a side of what has come about, is told no outcome any more. */
CASE_OF_BOTH(shutdown_of_a_connection_is_being_told_of_it)
{
	uint16_t port;
	int listener = listening(1, &port), fd = tcp();

	nonblocking(fd);
	FAILS(connect_to(fd, port), EINPROGRESS);
	EQ(wait_for(fd, POLLOUT, 1000) & POLLOUT, POLLOUT);
	OK(shutdown(fd, SHUT_WR));
	FAILS(connect_to(fd, port), EISCONN);
	close(accept(listener, NULL, NULL));
	EQ(wait_for(fd, POLLHUP, 1000) & POLLHUP, POLLHUP);
	FAILS(connect_to(fd, port), EISCONN);
}

CASE(shutdown_wants_a_direction)
{
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	FAILS(shutdown(fd[0], 3), EINVAL);
	FAILS(shutdown(fd[0], -1), EINVAL);
}

CASE_OF_BOTH(shutdown_twice_is_no_error)
{
	int fd[2];

	tcp_pair(fd);
	OK(shutdown(fd[0], SHUT_WR));
	OK(shutdown(fd[0], SHUT_WR));
	OK(shutdown(fd[0], SHUT_RD));
}

CASE_OF_BOTH(shutdown_of_writing_leaves_reading)
{
	char buf[8];
	int fd[2];

	tcp_pair(fd);
	OK(shutdown(fd[0], SHUT_WR));
	FAILS(send(fd[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	EQ(wait_for(fd[1], POLLIN | POLLRDHUP, 1000), POLLIN | POLLRDHUP);
	EQ(write(fd[1], "abc", 3), 3);
	EQ(recv(fd[0], buf, 8, 0), 3);
	EQ(level(fd[0]), POLLOUT);
}

CASE_OF_BOTH(shutdown_of_both_sides_writing_hangs_up)
{
	int fd[2];

	tcp_pair(fd);
	OK(shutdown(fd[0], SHUT_WR));
	OK(shutdown(fd[1], SHUT_WR));
	EQ(wait_for(fd[0], 0, 1000), POLLHUP);
	EQ(level(fd[0]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
}

CASE_OF_BOTH(shutdown_of_reading_reads_what_is_there)
{
	char buf[8];
	int fd[2];

	tcp_pair(fd);
	EQ(write(fd[1], "abc", 3), 3);
	wait_for(fd[0], POLLIN, 1000);
	OK(shutdown(fd[0], SHUT_RD));
	EQ(read(fd[0], buf, 2), 2);
	EQ(read(fd[0], buf, 2), 1);
	EQ(read(fd[0], buf, 2), 0);
	EQ(level(fd[0]), POLLIN | POLLOUT | POLLRDHUP);
}

CASE_OF_BOTH(shutdown_of_a_listener_ends_listening)
{
	uint16_t port;
	int l = listening(4, &port);

	OK(shutdown(l, SHUT_RD));
	FAILS(accept(l, NULL, NULL), EINVAL);
	FAILS(connect_to(tcp(), port), ECONNREFUSED);
	EQ(get_int(l, SOL_SOCKET, SO_ACCEPTCONN), 0);
}

CASE_OF_BOTH(shutdown_of_a_listener_lets_it_listen_again)
{
	uint16_t port;
	int l = listening(4, &port);

	OK(shutdown(l, SHUT_RDWR));
	OK(listen(l, 4));
	/* A port that was chosen for it is chosen anew. */
	OK(connect_to(tcp(), port_of(l)));
	OK(accept(l, NULL, NULL));
}

CASE(shutdown_unix_writing_is_the_others_end)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	OK(shutdown(fd[0], SHUT_WR));
	EQ(level(fd[0]), POLLOUT);
	EQ(level(fd[1]), POLLIN | POLLOUT | POLLRDHUP);
	EQ(read(fd[1], buf, 8), 0);
	EQ(write(fd[1], "ab", 2), 2);
	EQ(read(fd[0], buf, 8), 2);
}

CASE(shutdown_unix_reading_breaks_the_others_pipe)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	OK(shutdown(fd[0], SHUT_RD));
	FAILS(send(fd[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	EQ(read(fd[0], buf, 8), 0);
	EQ(level(fd[0]), POLLIN | POLLOUT | POLLRDHUP);
	EQ(write(fd[0], "ab", 2), 2);
}

CASE(shutdown_unix_of_both_hangs_both_up)
{
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	OK(shutdown(fd[0], SHUT_RDWR));
	EQ(level(fd[0]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	EQ(level(fd[1]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
}

CASE(shutdown_unix_keeps_what_was_sent_before)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	EQ(write(fd[0], "abc", 3), 3);
	OK(shutdown(fd[0], SHUT_WR));
	EQ(read(fd[1], buf, 8), 3);
	EQ(read(fd[1], buf, 8), 0);
}

CASE(shutdown_seqpacket_in_each_direction)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_SEQPACKET, fd);
	OK(shutdown(fd[0], SHUT_WR));
	FAILS(send(fd[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	EQ(recv(fd[1], buf, 8, 0), 0);
	EQ(send(fd[1], "ab", 2, 0), 2);
	EQ(recv(fd[0], buf, 8, 0), 2);
	OK(shutdown(fd[0], SHUT_RD));
	FAILS(send(fd[1], "x", 1, MSG_NOSIGNAL), EPIPE);
}

CASE(shutdown_unix_datagrams_of_reading)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	OK(shutdown(fd[0], SHUT_RD));
	EQ(recv(fd[0], buf, 8, 0), 0);
	FAILS(send(fd[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	EQ(send(fd[0], "x", 1, 0), 1);
}

CASE(shutdown_unix_datagrams_of_writing)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	OK(shutdown(fd[0], SHUT_WR));
	FAILS(send(fd[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	FAILS(recv(fd[1], buf, 8, MSG_DONTWAIT), EAGAIN);
	EQ(send(fd[1], "x", 1, 0), 1);
	EQ(recv(fd[0], buf, 8, 0), 1);
}

CASE(shutdown_of_an_unconnected_unix_stream)
{
	int fd = (int)OK(socket(AF_UNIX, SOCK_STREAM, 0));

	OK(shutdown(fd, SHUT_RDWR));
	EQ(level(fd), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
}

CASE(shutdown_while_connecting_ends_it)
{
	int fd = tcp();
	struct sockaddr_in sa = at("127.0.0.1", 9);

	OK(shutdown(fd, SHUT_RD) == -1 ? 0 : -1);
	FAILS(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), ECONNREFUSED);
}

CASE(shutdown_of_connected_udp)
{
	char buf[8];
	int a = udp(), b = udp();
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);

	OK(bind_to(a, "127.0.0.1", 0));
	OK(getsockname(a, (struct sockaddr *)&sa, &len));
	OK(connect(b, (struct sockaddr *)&sa, len));
	OK(shutdown(b, SHUT_WR));
	FAILS(send(b, "x", 1, MSG_NOSIGNAL), EPIPE);
	OK(shutdown(b, SHUT_RD));
	EQ(recv(b, buf, 8, 0), 0);
}

/* ---- sides that are shut, and connections that are left, too early or too late ---- */

CASE_OF_BOTH(close_a_stream_is_shut_before_it_is_connected)
{
	int fd = tcp();
	char c;

	EQ(level(fd) & ~(POLLRDNORM | POLLWRNORM), POLLOUT | POLLHUP);
	FAILS(recv(fd, &c, 1, 0), ENOTCONN);
	FAILS(shutdown(fd, SHUT_RD), ENOTCONN);
	EQ(level(fd) & ~(POLLRDNORM | POLLWRNORM), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	EQ(recv(fd, &c, 1, 0), 0);
}

CASE_OF_BOTH(close_datagrams_that_are_not_waited_for_are_no_end)
{
	int fd = udp();
	char c;

	FAILS(shutdown(fd, SHUT_RD), ENOTCONN);
	EQ(recv(fd, &c, 1, 0), 0);
	FAILS(recv(fd, &c, 1, MSG_DONTWAIT), EAGAIN);
	nonblocking(fd);
	FAILS(recv(fd, &c, 1, 0), EAGAIN);
}

CASE_OF_BOTH(close_who_leaves_a_connection_hears_that_it_was_reset)
{
	struct sockaddr away = { .sa_family = AF_UNSPEC };
	int fd[2];
	char c;

	tcp_pair(fd);
	OK(connect(fd[0], &away, sizeof(away)));
	CHECK(level(fd[0]) & POLLERR);
	FAILS(recv(fd[0], &c, 1, 0), ECONNRESET);
	FAILS(recv(fd[0], &c, 1, 0), ENOTCONN);
	CHECK(wait_for(fd[1], POLLERR, 2000) & POLLERR);
	FAILS(recv(fd[1], &c, 1, 0), ECONNRESET);
}

/* What nobody has asked for is of no interest to the next attempt. */
CASE_OF_BOTH(close_who_leaves_a_connection_may_have_another)
{
	struct sockaddr away = { .sa_family = AF_UNSPEC };
	uint16_t port;
	int fd[2], listener = listening(1, &port);

	tcp_pair(fd);
	OK(connect(fd[0], &away, sizeof(away)));
	OK(connect_to(fd[0], port));
	EQ(get_int(fd[0], SOL_SOCKET, SO_ERROR), 0);
	OK(accept(listener, NULL, NULL));
	EQ(send(fd[0], "x", 1, 0), 1);
}
