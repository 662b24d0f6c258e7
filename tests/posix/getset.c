/* Options as such: what is set is told, lengths and ranges are checked, children inherit. */
#include "tests/posix/posix.h"

static int unix_socket(void)
{
	return (int)OK(socket(AF_UNIX, SOCK_STREAM, 0));
}

/* 0, then anything but 0 is 1. */
static void is_a_switch(int fd, int name)
{
	EQ(get_int(fd, SOL_SOCKET, name), 0);
	OK(set_int(fd, SOL_SOCKET, name, 7));
	EQ(get_int(fd, SOL_SOCKET, name), 1);
	OK(set_int(fd, SOL_SOCKET, name, 0));
	EQ(get_int(fd, SOL_SOCKET, name), 0);
}

CASE(getset_switches_of_unix)
{
	int fd = unix_socket();

	is_a_switch(fd, SO_PASSCRED);
	is_a_switch(fd, SO_REUSEADDR);
}

CASE(getset_what_a_unix_socket_is)
{
	int fd = (int)OK(socket(AF_UNIX, SOCK_SEQPACKET, 0));

	EQ(get_int(fd, SOL_SOCKET, SO_TYPE), SOCK_SEQPACKET);
	EQ(get_int(fd, SOL_SOCKET, SO_DOMAIN), AF_UNIX);
	EQ(get_int(fd, SOL_SOCKET, SO_PROTOCOL), 0);
}

CASE(getset_what_a_socket_is_cannot_be_set)
{
	int fd = tcp();

	FAILS(set_int(fd, SOL_SOCKET, SO_TYPE, SOCK_DGRAM), ENOPROTOOPT);
	FAILS(set_int(fd, SOL_SOCKET, SO_DOMAIN, AF_UNIX), ENOPROTOOPT);
	FAILS(set_int(fd, SOL_SOCKET, SO_PROTOCOL, 1), ENOPROTOOPT);
	FAILS(set_int(fd, SOL_SOCKET, SO_ACCEPTCONN, 1), ENOPROTOOPT);
	FAILS(set_int(fd, SOL_SOCKET, SO_ERROR, 1), ENOPROTOOPT);
}

CASE(getset_an_option_that_is_none)
{
	int fd = tcp(), v;
	socklen_t len = sizeof(v);

	FAILS(set_int(fd, SOL_SOCKET, 9999, 1), ENOPROTOOPT);
	FAILS(getsockopt(fd, SOL_SOCKET, 9999, &v, &len), ENOPROTOOPT);
	FAILS(set_int(fd, IPPROTO_TCP, 9999, 1), ENOPROTOOPT);
	FAILS(getsockopt(fd, IPPROTO_TCP, 9999, &v, &len), ENOPROTOOPT);
	FAILS(set_int(fd, IPPROTO_IP, 9999, 1), ENOPROTOOPT);
}

CASE(getset_a_level_that_is_none)
{
	int fd = udp(), v;
	socklen_t len = sizeof(v);

	FAILS(set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1), ENOPROTOOPT);
	FAILS(getsockopt(fd, 9999, 1, &v, &len), EOPNOTSUPP);
	FAILS(set_int(unix_socket(), IPPROTO_TCP, TCP_NODELAY, 1), EOPNOTSUPP);
}

CASE(getset_too_few_bytes_are_no_value)
{
	char v[4] = { 1 };
	int fd = tcp();

	for (socklen_t len = 0; len < 4; len++) {
		FAILS(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, v, len), EINVAL);
		FAILS(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, v, len), EINVAL);
		FAILS(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, v, len), EINVAL);
	}
}

CASE(getset_more_bytes_than_a_value_are_taken)
{
	int v[4] = { 1, 9, 9, 9 };
	int fd = tcp();

	OK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, v, sizeof(v)));
	EQ(get_int(fd, SOL_SOCKET, SO_REUSEADDR), 1);
}

CASE(getset_a_value_is_cut_to_its_room)
{
	int fd = tcp();

	for (socklen_t room = 0; room <= 4; room++) {
		unsigned char v[8] = { 99, 99, 99, 99, 99 };
		socklen_t len = room;

		OK(getsockopt(fd, SOL_SOCKET, SO_TYPE, v, &len));
		EQ(len, room);
		EQ(v[room], 99);
	}
}

CASE(getset_a_value_tells_its_length)
{
	char v[32];
	socklen_t len = sizeof(v);
	int fd = tcp();

	OK(getsockopt(fd, SOL_SOCKET, SO_TYPE, v, &len));
	EQ(len, 4);
	len = sizeof(v);
	OK(getsockopt(fd, SOL_SOCKET, SO_LINGER, v, &len));
	EQ(len, (long)sizeof(struct linger));
	len = sizeof(v);
	OK(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, v, &len));
	EQ(len, (long)sizeof(struct timeval));
}

CASE(getset_buffers_have_a_least_size)
{
	int fd = udp();

	OK(set_int(fd, SOL_SOCKET, SO_SNDBUF, 0));
	CHECK(get_int(fd, SOL_SOCKET, SO_SNDBUF) >= 4608);
	OK(set_int(fd, SOL_SOCKET, SO_RCVBUF, 1));
	CHECK(get_int(fd, SOL_SOCKET, SO_RCVBUF) >= 2048);
}

CASE(getset_a_unix_buffer_bounds_what_waits)
{
	static char bytes[8192];
	int fd[2], sent = 0;

	pair_of(SOCK_DGRAM, fd);
	OK(set_int(fd[0], SOL_SOCKET, SO_SNDBUF, 10000));
	while (send(fd[0], bytes, 4000, MSG_DONTWAIT) > 0)
		sent++;
	CHECK(sent >= 1 && sent <= 10);
	FAILS(send(fd[0], bytes, 4000, MSG_DONTWAIT), EAGAIN);
}

CASE(getset_a_child_inherits)
{
	struct linger l = { 1, 9 }, got = { 0, 0 };
	socklen_t len = sizeof(got);
	uint16_t port;
	int listener = listening(2, &port), child;

	OK(set_int(listener, SOL_SOCKET, SO_KEEPALIVE, 1));
	OK(set_int(listener, SOL_SOCKET, SO_RCVBUF, 30000));
	OK(set_int(listener, IPPROTO_TCP, TCP_NODELAY, 1));
	OK(set_int(listener, IPPROTO_TCP, TCP_KEEPIDLE, 77));
	OK(setsockopt(listener, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	OK(connect_to(tcp(), port));
	child = (int)OK(accept(listener, NULL, NULL));
	EQ(get_int(child, SOL_SOCKET, SO_KEEPALIVE), 1);
	EQ(get_int(child, SOL_SOCKET, SO_RCVBUF), 60000);
	EQ(get_int(child, IPPROTO_TCP, TCP_NODELAY), 1);
	EQ(get_int(child, IPPROTO_TCP, TCP_KEEPIDLE), 77);
	EQ(get_int(child, SOL_SOCKET, SO_ACCEPTCONN), 0);
	OK(getsockopt(child, SOL_SOCKET, SO_LINGER, &got, &len));
	EQ(got.l_linger, 9);
}

CASE(getset_a_child_has_no_priority)
{
	uint16_t port;
	int listener = listening(2, &port);

	OK(set_int(listener, SOL_SOCKET, SO_PRIORITY, 3));
	OK(connect_to(tcp(), port));
	EQ(get_int((int)OK(accept(listener, NULL, NULL)), SOL_SOCKET, SO_PRIORITY), 0);
	EQ(get_int(listener, SOL_SOCKET, SO_PRIORITY), 3);
}

CASE(getset_a_unix_child_inherits_nearly_nothing)
{
	static const int names[] = { SO_REUSEADDR, SO_KEEPALIVE, SO_OOBINLINE, SO_BROADCAST,
				     SO_PRIORITY };
	struct linger l = { 1, 9 }, got = { 1, 1 };
	struct timeval t = { 5, 0 }, left = { 1, 1 };
	int listener = unix_socket(), child;
	socklen_t len = sizeof(got);
	struct sockaddr_un un;
	socklen_t bytes = abstract(&un, "holm-getset-2");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		OK(set_int(listener, SOL_SOCKET, names[i], 1));
	OK(set_int(listener, SOL_SOCKET, SO_PASSCRED, 1));
	OK(set_int(listener, SOL_SOCKET, SO_RCVLOWAT, 5));
	OK(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	OK(setsockopt(listener, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	OK(bind(listener, (struct sockaddr *)&un, bytes));
	OK(listen(listener, 1));
	OK(connect(unix_socket(), (struct sockaddr *)&un, bytes));
	child = (int)OK(accept(listener, NULL, NULL));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		EQ(get_int(child, SOL_SOCKET, names[i]), 0);
	EQ(get_int(child, SOL_SOCKET, SO_PASSCRED), 1);
	EQ(get_int(child, SOL_SOCKET, SO_RCVLOWAT), 1);
	EQ(get_int(child, SOL_SOCKET, SO_TYPE), SOCK_STREAM);
	OK(getsockopt(child, SOL_SOCKET, SO_LINGER, &got, &len));
	EQ(got.l_onoff, 0);
	len = sizeof(left);
	OK(getsockopt(child, SOL_SOCKET, SO_RCVTIMEO, &left, &len));
	EQ(left.tv_sec, 0);
}

CASE(getset_acceptconn_of_each_kind)
{
	struct sockaddr_un un;
	socklen_t len = abstract(&un, "holm-getset-1");
	uint16_t port;
	int fd = unix_socket();

	EQ(get_int(listening(2, &port), SOL_SOCKET, SO_ACCEPTCONN), 1);
	OK(bind(fd, (struct sockaddr *)&un, len));
	OK(listen(fd, 1));
	EQ(get_int(fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
}

CASE(getset_counts_of_bytes)
{
	int fd[2], n = -1;

	pair_of(SOCK_STREAM, fd);
	EQ(write(fd[0], "abc", 3), 3);
	OK(ioctl(fd[1], FIONREAD, &n));
	EQ(n, 3);
	OK(ioctl(fd[1], TIOCOUTQ, &n));
	EQ(n, 0);
}

CASE(getset_counts_of_tcp)
{
	int fd[2], n = -1;

	tcp_pair(fd);
	OK(ioctl(fd[0], TIOCOUTQ, &n));
	EQ(n, 0);
	EQ(write(fd[0], "abc", 3), 3);
	EQ(wait_for(fd[1], POLLIN, 1000), POLLIN);
	OK(ioctl(fd[1], FIONREAD, &n));
	EQ(n, 3);
}

CASE(getset_counts_of_udp_are_of_the_first)
{
	struct sockaddr_in sa;
	int a = udp(), b = udp(), n = -1;

	OK(bind_to(b, "127.0.0.1", 0));
	sa = at("127.0.0.1", port_of(b));
	OK(ioctl(b, FIONREAD, &n));
	EQ(n, 0);
	EQ(sendto(a, "abcd", 4, 0, (struct sockaddr *)&sa, sizeof(sa)), 4);
	EQ(sendto(a, "ef", 2, 0, (struct sockaddr *)&sa, sizeof(sa)), 2);
	EQ(wait_for(b, POLLIN, 1000), POLLIN);
	OK(ioctl(b, FIONREAD, &n));
	EQ(n, 4);
}
