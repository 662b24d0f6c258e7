/* Unix sockets of all types. */
#include "tests/posix/posix.h"

static int open_unix(int type)
{
	return (int)OK(socket(AF_UNIX, type, 0));
}

static int listening_at(const char *name, int type, int backlog)
{
	struct sockaddr_un un;
	socklen_t len = abstract(&un, name);
	int fd = open_unix(type);

	OK(bind(fd, (struct sockaddr *)&un, len));
	OK(listen(fd, backlog));
	return fd;
}

static int connect_at(int fd, const char *name)
{
	struct sockaddr_un un;
	socklen_t len = abstract(&un, name);

	return connect(fd, (struct sockaddr *)&un, len);
}

CASE(unix_stream_connects_and_talks)
{
	char buf[8];
	int l = listening_at("holm-test-1", SOCK_STREAM, 4), c = open_unix(SOCK_STREAM), s;

	OK(connect_at(c, "holm-test-1"));
	EQ(write(c, "early", 5), 5);
	s = (int)OK(accept(l, NULL, NULL));
	EQ(read(s, buf, 8), 5);
	EQ(write(s, "ok", 2), 2);
	EQ(read(c, buf, 8), 2);
}

CASE(unix_connect_to_nobody)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/nowhere/at/all" };
	int fd = open_unix(SOCK_STREAM);

	FAILS(connect(fd, (struct sockaddr *)&un, sizeof(un)), ENOENT);
	FAILS(connect_at(fd, "holm-nobody"), ECONNREFUSED);
}

CASE(unix_types_must_agree)
{
	int l = listening_at("holm-test-2", SOCK_SEQPACKET, 4);

	/* Abstract names are each type's own. */
	FAILS(connect_at(open_unix(SOCK_STREAM), "holm-test-2"), ECONNREFUSED);
	FAILS(connect_at(open_unix(SOCK_DGRAM), "holm-test-2"), ECONNREFUSED);
	listening_at("holm-test-2", SOCK_STREAM, 4);
	close(l);
	FAILS(connect_at(open_unix(SOCK_SEQPACKET), "holm-test-2"), ECONNREFUSED);
}

CASE(unix_names_are_taken_once)
{
	struct sockaddr_un un;
	socklen_t len = abstract(&un, "holm-test-3");
	int a = open_unix(SOCK_DGRAM), b = open_unix(SOCK_DGRAM);

	OK(bind(a, (struct sockaddr *)&un, len));
	FAILS(bind(b, (struct sockaddr *)&un, len), EADDRINUSE);
	FAILS(bind(a, (struct sockaddr *)&un, len), EINVAL);
	close(a);
	OK(bind(b, (struct sockaddr *)&un, len));
}

CASE(unix_autobind_makes_a_name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(un);
	int fd = open_unix(SOCK_DGRAM);

	OK(bind(fd, (struct sockaddr *)&un, sizeof(sa_family_t)));
	OK(getsockname(fd, (struct sockaddr *)&un, &len));
	EQ(len, sizeof(sa_family_t) + 6);
	EQ(un.sun_path[0], 0);
}

CASE(unix_nameless_is_its_family)
{
	struct sockaddr_un un;
	socklen_t len = sizeof(un);
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	OK(getsockname(fd[0], (struct sockaddr *)&un, &len));
	EQ(len, sizeof(sa_family_t));
	len = sizeof(un);
	OK(getpeername(fd[0], (struct sockaddr *)&un, &len));
	EQ(len, sizeof(sa_family_t));
}

CASE(unix_listen_wants_a_name_and_a_connection_type)
{
	FAILS(listen(open_unix(SOCK_STREAM), 1), EINVAL);
	FAILS(listen(open_unix(SOCK_DGRAM), 1), EOPNOTSUPP);
}

CASE(unix_backlog_is_full_at_one_more)
{
	int l = listening_at("holm-test-4", SOCK_STREAM, 1), c;

	OK(connect_at(open_unix(SOCK_STREAM), "holm-test-4"));
	OK(connect_at(open_unix(SOCK_STREAM), "holm-test-4"));
	c = open_unix(SOCK_STREAM);
	nonblocking(c);
	FAILS(connect_at(c, "holm-test-4"), EAGAIN);
	OK(accept(l, NULL, NULL));
	OK(connect_at(c, "holm-test-4"));
}

CASE(unix_listener_that_closes_resets_who_waits)
{
	char c;
	int l = listening_at("holm-test-5", SOCK_STREAM, 4), fd = open_unix(SOCK_STREAM);

	OK(connect_at(fd, "holm-test-5"));
	close(l);
	CHECK(level(fd) & POLLERR);
	FAILS(read(fd, &c, 1), ECONNRESET);
}

CASE(unix_unread_bytes_reset_the_other_side)
{
	char c;
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	EQ(write(fd[0], "x", 1), 1);
	close(fd[1]);
	FAILS(read(fd[0], &c, 1), ECONNRESET);
	EQ(read(fd[0], &c, 1), 0);
	FAILS(send(fd[0], "x", 1, MSG_NOSIGNAL), EPIPE);
}

CASE(unix_close_is_the_end_of_the_stream)
{
	char buf[4];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	EQ(write(fd[0], "ab", 2), 2);
	close(fd[0]);
	EQ(level(fd[1]), POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
	EQ(read(fd[1], buf, 4), 2);
	EQ(read(fd[1], buf, 4), 0);
}

CASE(unix_shutdown_in_each_direction)
{
	char c;
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	OK(shutdown(fd[0], SHUT_WR));
	EQ(read(fd[1], &c, 1), 0);
	FAILS(send(fd[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	EQ(level(fd[1]), POLLIN | POLLOUT | POLLRDHUP);
	EQ(write(fd[1], "y", 1), 1);
	EQ(read(fd[0], &c, 1), 1);
	OK(shutdown(fd[0], SHUT_RD));
	FAILS(send(fd[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK(level(fd[0]) & POLLHUP);
}

CASE(unix_fresh_stream_is_hung_up)
{
	EQ(level(open_unix(SOCK_STREAM)), POLLOUT | POLLHUP);
	EQ(level(open_unix(SOCK_DGRAM)), POLLOUT);
}

CASE(unix_fresh_stream_cannot_move_bytes)
{
	char c;

	FAILS(send(open_unix(SOCK_STREAM), "x", 1, MSG_NOSIGNAL), ENOTCONN);
	FAILS(recv(open_unix(SOCK_STREAM), &c, 1, 0), EINVAL);
	FAILS(recv(open_unix(SOCK_SEQPACKET), &c, 1, 0), ENOTCONN);
	FAILS(send(open_unix(SOCK_DGRAM), "x", 1, 0), ENOTCONN);
}

CASE(unix_datagrams_have_boundaries)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	EQ(write(fd[0], "one", 3), 3);
	EQ(write(fd[0], "", 0), 0);
	EQ(send(fd[0], "three", 5, 0), 5);
	EQ(recv(fd[1], buf, 2, MSG_TRUNC), 3);
	EQ(recv(fd[1], buf, 8, 0), 0);
	EQ(recv(fd[1], buf, 8, 0), 5);
	FAILS(recv(fd[1], buf, 8, MSG_DONTWAIT), EAGAIN);
}

CASE(unix_datagrams_have_no_end)
{
	int fd[2];
	char c;

	pair_of(SOCK_DGRAM, fd);
	close(fd[0]);
	FAILS(recv(fd[1], &c, 1, MSG_DONTWAIT), EAGAIN);
	FAILS(send(fd[1], "x", 1, 0), ECONNREFUSED);
	FAILS(send(fd[1], "x", 1, 0), ENOTCONN);
}

CASE(unix_packets_have_an_end)
{
	int fd[2];
	char buf[8];

	pair_of(SOCK_SEQPACKET, fd);
	EQ(write(fd[0], "abc", 3), 3);
	close(fd[0]);
	EQ(read(fd[1], buf, 8), 3);
	EQ(read(fd[1], buf, 8), 0);
	FAILS(send(fd[1], "x", 1, MSG_NOSIGNAL), EPIPE);
}

CASE(unix_datagram_senders_are_named)
{
	struct sockaddr_un un, from;
	socklen_t len = abstract(&un, "holm-test-6"), from_len = sizeof(from);
	int to = open_unix(SOCK_DGRAM), named = open_unix(SOCK_DGRAM);
	char c;

	OK(bind(to, (struct sockaddr *)&un, len));
	EQ(sendto(open_unix(SOCK_DGRAM), "x", 1, 0, (struct sockaddr *)&un, len), 1);
	EQ(recvfrom(to, &c, 1, 0, (struct sockaddr *)&from, &from_len), 1);
	EQ(from_len, 0);
	len = abstract(&from, "holm-test-7");
	OK(bind(named, (struct sockaddr *)&from, len));
	EQ(sendto(named, "y", 1, 0, (struct sockaddr *)&un, abstract(&un, "holm-test-6")), 1);
	from_len = sizeof(from);
	EQ(recvfrom(to, &c, 1, 0, (struct sockaddr *)&from, &from_len), 1);
	EQ(from_len, len);
}

CASE(unix_a_connected_datagram_socket_takes_from_its_peer_only)
{
	struct sockaddr_un un;
	socklen_t len = abstract(&un, "holm-test-8");
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	OK(bind(fd[0], (struct sockaddr *)&un, len));
	FAILS(sendto(open_unix(SOCK_DGRAM), "x", 1, 0, (struct sockaddr *)&un, len), EPERM);
}

CASE(unix_stream_sends_have_no_destination)
{
	struct sockaddr_un un;
	socklen_t len = abstract(&un, "holm-test-9");
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	FAILS(sendto(fd[0], "x", 1, 0, (struct sockaddr *)&un, len), EISCONN);
	FAILS(sendto(open_unix(SOCK_STREAM), "x", 1, 0, (struct sockaddr *)&un, len), EOPNOTSUPP);
}

CASE(unix_descriptors_come_with_their_first_byte)
{
	char buf[16];
	int fd[2], passed[2], got[4], n = 4;

	pair_of(SOCK_STREAM, fd);
	OK(pipe(passed));
	EQ(write(fd[0], "ab", 2), 2);
	EQ(send_fds(fd[0], "cdef", 4, passed, 2), 4);
	EQ(write(fd[0], "gh", 2), 2);
	EQ(recv_fds(fd[1], buf, 1, got, &n, 0, NULL), 1);
	EQ(n, 0);
	n = 4;
	EQ(recv_fds(fd[1], buf, 16, got, &n, 0, NULL), 5);
	EQ(n, 2);
	EQ(write(got[1], "!", 1), 1);
	EQ(read(passed[0], buf, 1), 1);
	n = 4;
	EQ(recv_fds(fd[1], buf, 16, got, &n, 0, NULL), 2);
	EQ(n, 0);
}

CASE(unix_peek_copies_descriptors)
{
	char c;
	int fd[2], passed[2], got[4], n = 4;

	pair_of(SOCK_STREAM, fd);
	OK(pipe(passed));
	EQ(send_fds(fd[0], "x", 1, passed, 1), 1);
	EQ(recv_fds(fd[1], &c, 1, got, &n, MSG_PEEK, NULL), 1);
	EQ(n, 1);
	n = 4;
	EQ(recv_fds(fd[1], &c, 1, got + 1, &n, 0, NULL), 1);
	EQ(n, 1);
	CHECK(got[0] != got[1]);
}

CASE(unix_descriptors_without_room_are_closed)
{
	char c;
	int fd[2], passed[2], got[4], n = 1, flags;

	pair_of(SOCK_STREAM, fd);
	OK(pipe(passed));
	EQ(send_fds(fd[0], "x", 1, passed + 1, 1), 1);
	close(passed[1]);
	EQ(read(fd[1], &c, 1), 1);
	EQ(read(passed[0], &c, 1), 0);
	OK(pipe(passed));
	EQ(send_fds(fd[0], "x", 1, passed, 2), 1);
	EQ(recv_fds(fd[1], &c, 1, got, &n, 0, &flags), 1);
	EQ(n, 1);
	CHECK(flags & MSG_CTRUNC);
}

CASE(unix_descriptors_close_with_the_queue)
{
	char c;
	int fd[2], passed[2];

	pair_of(SOCK_DGRAM, fd);
	OK(pipe(passed));
	EQ(send_fds(fd[0], "x", 1, passed + 1, 1), 1);
	close(passed[1]);
	close(fd[1]);
	EQ(read(passed[0], &c, 1), 0);
}

CASE(unix_a_bad_descriptor_is_not_sent)
{
	int fd[2], bad = 999;

	pair_of(SOCK_STREAM, fd);
	FAILS(send_fds(fd[0], "x", 1, &bad, 1), EBADF);
}

CASE(unix_cmsg_cloexec)
{
	char c;
	int fd[2], got[1], n = 1;

	pair_of(SOCK_STREAM, fd);
	EQ(send_fds(fd[0], "x", 1, fd, 1), 1);
	EQ(recv_fds(fd[1], &c, 1, got, &n, MSG_CMSG_CLOEXEC, NULL), 1);
	EQ(fcntl(got[0], F_GETFD, 0), FD_CLOEXEC);
}

CASE(unix_peer_credentials)
{
	struct ucred cred = { 0 };
	socklen_t len = sizeof(cred);
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	OK(getsockopt(fd[0], SOL_SOCKET, SO_PEERCRED, &cred, &len));
	EQ(len, sizeof(cred));
	CHECK(cred.pid > 0);
}

CASE(unix_pairs_only)
{
	int fd[2];

	FAILS(socketpair(AF_INET, SOCK_STREAM, 0, fd), EOPNOTSUPP);
	FAILS(socketpair(AF_UNIX, SOCK_STREAM, 77, fd), EPROTONOSUPPORT);
}

CASE(unix_pair_flags)
{
	int fd[2];

	OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd));
	CHECK(fcntl(fd[1], F_GETFL, 0) & O_NONBLOCK);
	EQ(fcntl(fd[1], F_GETFD, 0), FD_CLOEXEC);
}

CASE(unix_kinds)
{
	int fd[2];

	pair_of(SOCK_SEQPACKET, fd);
	EQ(get_int(fd[0], SOL_SOCKET, SO_TYPE), SOCK_SEQPACKET);
	EQ(get_int(fd[0], SOL_SOCKET, SO_DOMAIN), AF_UNIX);
	EQ(get_int(fd[0], SOL_SOCKET, SO_PROTOCOL), 0);
	EQ(get_int(fd[0], SOL_SOCKET, SO_ACCEPTCONN), 0);
	FAILS(socket(AF_UNIX, SOCK_STREAM, 77), EPROTONOSUPPORT);
}
