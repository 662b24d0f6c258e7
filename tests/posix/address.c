/* Names of sockets: before and after, cut and whole, chosen and given; what accept tells. */
#include "tests/posix/posix.h"

#define FAMILY_BYTES ((long)offsetof(struct sockaddr_un, sun_path))

static int unix_of(int type)
{
	return (int)OK(socket(AF_UNIX, type, 0));
}

static int bind_at(int fd, const char *name)
{
	struct sockaddr_un un;
	socklen_t len = abstract(&un, name);

	return bind(fd, (struct sockaddr *)&un, len);
}

static int connect_at(int fd, const char *name)
{
	struct sockaddr_un un;
	socklen_t len = abstract(&un, name);

	return connect(fd, (struct sockaddr *)&un, len);
}

CASE(address_of_a_fresh_socket_is_nothing)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);

	OK(getsockname(tcp(), (struct sockaddr *)&sa, &len));
	EQ(len, (long)sizeof(sa));
	EQ(sa.sin_family, AF_INET);
	EQ(sa.sin_port, 0);
	EQ(sa.sin_addr.s_addr, 0);
}

CASE(address_bound_to_port_0_has_one)
{
	int fd = tcp();

	OK(bind_to(fd, "127.0.0.1", 0));
	CHECK(port_of(fd) >= 1024);
}

/* Whichever address of 127.0.0.0/8 is spoken to. */
CASE(address_that_speaks_to_the_loopback_is_the_first)
{
	struct sockaddr_in to = at("127.1.2.3", 9), name;
	socklen_t len = sizeof(name);
	int fd = udp();

	OK(connect(fd, (struct sockaddr *)&to, sizeof(to)));
	OK(getsockname(fd, (struct sockaddr *)&name, &len));
	EQ(ntohl(name.sin_addr.s_addr), INADDR_LOOPBACK);
	fd = tcp();
	nonblocking(fd);
	FAILS(connect(fd, (struct sockaddr *)&to, sizeof(to)), EINPROGRESS);
	len = sizeof(name);
	OK(getsockname(fd, (struct sockaddr *)&name, &len));
	EQ(ntohl(name.sin_addr.s_addr), INADDR_LOOPBACK);
}

CASE(address_is_chosen_by_connect)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);
	uint16_t port;
	int fd = tcp();

	listening(2, &port);
	OK(connect_to(fd, port));
	OK(getsockname(fd, (struct sockaddr *)&sa, &len));
	EQ(ntohl(sa.sin_addr.s_addr), INADDR_LOOPBACK);
	CHECK(sa.sin_port != 0);
}

CASE(address_of_the_peer)
{
	struct sockaddr_in a, b;
	socklen_t len = sizeof(a);
	int fd[2];

	tcp_pair(fd);
	OK(getpeername(fd[0], (struct sockaddr *)&a, &len));
	OK(getsockname(fd[1], (struct sockaddr *)&b, &len));
	EQ(a.sin_port, b.sin_port);
	EQ(a.sin_addr.s_addr, b.sin_addr.s_addr);
}

CASE(address_of_a_peer_that_there_is_not)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);
	uint16_t port;

	FAILS(getpeername(tcp(), (struct sockaddr *)&sa, &len), ENOTCONN);
	FAILS(getpeername(udp(), (struct sockaddr *)&sa, &len), ENOTCONN);
	FAILS(getpeername(listening(1, &port), (struct sockaddr *)&sa, &len), ENOTCONN);
	FAILS(getpeername(unix_of(SOCK_STREAM), (struct sockaddr *)&sa, &len), ENOTCONN);
}

CASE(address_of_udp_is_chosen_by_the_first_send)
{
	struct sockaddr_in sa = at("127.0.0.1", 9);
	int fd = udp();

	EQ(port_of(fd), 0);
	EQ(sendto(fd, "x", 1, 0, (struct sockaddr *)&sa, sizeof(sa)), 1);
	CHECK(port_of(fd) != 0);
}

CASE(address_is_cut_to_its_room)
{
	struct sockaddr_in sa;
	socklen_t len = 3;
	int fd = tcp();

	memset(&sa, 99, sizeof(sa));
	OK(bind_to(fd, "127.0.0.1", 0));
	OK(getsockname(fd, (struct sockaddr *)&sa, &len));
	EQ(len, (long)sizeof(sa));
	EQ(sa.sin_family, AF_INET);
	EQ(((unsigned char *)&sa)[3], 99);
}

CASE(address_with_a_negative_room)
{
	struct sockaddr_in sa;
	socklen_t len = (socklen_t)-1;

	FAILS(getsockname(tcp(), (struct sockaddr *)&sa, &len), EINVAL);
}

CASE(address_accept_tells_who)
{
	struct sockaddr_in sa = { 0 };
	socklen_t len = sizeof(sa);
	uint16_t port;
	int l = listening(2, &port), c = tcp();

	OK(connect_to(c, port));
	OK(accept(l, (struct sockaddr *)&sa, &len));
	EQ(len, (long)sizeof(sa));
	EQ(ntohs(sa.sin_port), port_of(c));
}

CASE(address_accept_cuts)
{
	struct sockaddr_in sa = { 0 };
	socklen_t len = 2;
	uint16_t port;
	int l = listening(2, &port);

	OK(connect_to(tcp(), port));
	OK(accept(l, (struct sockaddr *)&sa, &len));
	EQ(len, (long)sizeof(sa));
	EQ(sa.sin_family, AF_INET);
	EQ(sa.sin_port, 0);
}

CASE(address_accept4_flags)
{
	uint16_t port;
	int l = listening(4, &port), fd;

	OK(connect_to(tcp(), port));
	OK(connect_to(tcp(), port));
	fd = (int)OK(accept4(l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
	CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
	EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	FAILS(accept4(l, NULL, NULL, 1), EINVAL);
	fd = (int)OK(accept4(l, NULL, NULL, 0));
	EQ(fcntl(fd, F_GETFD), 0);
}

CASE(address_family_is_looked_at)
{
	struct sockaddr_in sa = at("127.0.0.1", 0);

	sa.sin_family = AF_UNIX;
	FAILS(bind(tcp(), (struct sockaddr *)&sa, sizeof(sa)), EAFNOSUPPORT);
	FAILS(connect(tcp(), (struct sockaddr *)&sa, sizeof(sa)), EAFNOSUPPORT);
}

CASE(address_length_is_looked_at)
{
	struct sockaddr_in sa = at("127.0.0.1", 0);

	FAILS(bind(tcp(), (struct sockaddr *)&sa, 8), EINVAL);
	FAILS(connect(tcp(), (struct sockaddr *)&sa, 8), EINVAL);
	FAILS(connect(udp(), (struct sockaddr *)&sa, 1), EINVAL);
}

CASE(address_is_given_once)
{
	int fd = tcp();

	OK(bind_to(fd, "127.0.0.1", 0));
	FAILS(bind_to(fd, "127.0.0.1", 0), EINVAL);
}

CASE(address_of_a_listener_stays)
{
	uint16_t port;
	int l = listening(2, &port);

	OK(connect_to(tcp(), port));
	OK(accept(l, NULL, NULL));
	EQ(port_of(l), port);
}

/* ---- Unix names ---- */

CASE(address_of_a_nameless_unix_socket)
{
	struct sockaddr_un un;
	socklen_t len = sizeof(un);
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	OK(getsockname(fd[0], (struct sockaddr *)&un, &len));
	EQ(len, FAMILY_BYTES);
	len = sizeof(un);
	OK(getpeername(fd[0], (struct sockaddr *)&un, &len));
	EQ(len, FAMILY_BYTES);
	EQ(un.sun_family, AF_UNIX);
}

CASE(address_abstract_comes_back_whole)
{
	struct sockaddr_un un;
	socklen_t len = sizeof(un);
	int fd = unix_of(SOCK_STREAM);

	OK(bind_at(fd, "holm-address-1"));
	OK(getsockname(fd, (struct sockaddr *)&un, &len));
	EQ(len, FAMILY_BYTES + 1 + 14);
	EQ(un.sun_path[0], 0);
	EQ(memcmp(un.sun_path + 1, "holm-address-1", 14), 0);
}

CASE(address_abstract_with_zeros_inside)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "\0holm\0a" };
	struct sockaddr_un b = { .sun_family = AF_UNIX, .sun_path = "\0holm\0b" };
	socklen_t len = (socklen_t)FAMILY_BYTES + 7;

	OK(bind(unix_of(SOCK_STREAM), (struct sockaddr *)&a, len));
	OK(bind(unix_of(SOCK_STREAM), (struct sockaddr *)&b, len));
	FAILS(bind(unix_of(SOCK_STREAM), (struct sockaddr *)&a, len), EADDRINUSE);
}

CASE(address_abstract_length_is_part_of_it)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "\0holm-length" };

	OK(bind(unix_of(SOCK_STREAM), (struct sockaddr *)&un, (socklen_t)FAMILY_BYTES + 12));
	OK(bind(unix_of(SOCK_STREAM), (struct sockaddr *)&un, (socklen_t)FAMILY_BYTES + 13));
}

CASE(address_abstract_goes_with_its_socket)
{
	int fd = unix_of(SOCK_STREAM), other;

	OK(bind_at(fd, "holm-address-2"));
	close(fd);
	other = unix_of(SOCK_STREAM);
	OK(bind_at(other, "holm-address-2"));
}

CASE(address_autobind_is_five_digits)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(un);
	int fd = unix_of(SOCK_STREAM);

	OK(bind(fd, (struct sockaddr *)&un, sizeof(sa_family_t)));
	OK(getsockname(fd, (struct sockaddr *)&un, &len));
	EQ(len, FAMILY_BYTES + 6);
	EQ(un.sun_path[0], 0);
	for (int i = 1; i < 6; i++)
		CHECK(strchr("0123456789abcdef", un.sun_path[i]));
}

CASE(address_autobind_gives_different_names)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX }, b = a;
	socklen_t len = sizeof(a);
	int one = unix_of(SOCK_DGRAM), two = unix_of(SOCK_DGRAM);

	OK(bind(one, (struct sockaddr *)&a, sizeof(sa_family_t)));
	OK(bind(two, (struct sockaddr *)&a, sizeof(sa_family_t)));
	OK(getsockname(one, (struct sockaddr *)&a, &len));
	OK(getsockname(two, (struct sockaddr *)&b, &len));
	CHECK(memcmp(a.sun_path, b.sun_path, 6) != 0);
}

CASE(address_passcred_autobinds_who_connects)
{
	struct sockaddr_un un;
	socklen_t len = sizeof(un);
	int l = unix_of(SOCK_STREAM), c = unix_of(SOCK_STREAM);

	OK(bind_at(l, "holm-address-3"));
	OK(listen(l, 2));
	OK(set_int(c, SOL_SOCKET, SO_PASSCRED, 1));
	OK(connect_at(c, "holm-address-3"));
	OK(getsockname(c, (struct sockaddr *)&un, &len));
	EQ(len, FAMILY_BYTES + 6);
}

CASE(address_unix_accept_tells_who)
{
	struct sockaddr_un un;
	socklen_t len = sizeof(un);
	int l = unix_of(SOCK_STREAM), c = unix_of(SOCK_STREAM), s;

	OK(bind_at(l, "holm-address-4"));
	OK(listen(l, 2));
	OK(bind_at(c, "holm-address-5"));
	OK(connect_at(c, "holm-address-4"));
	s = (int)OK(accept(l, (struct sockaddr *)&un, &len));
	EQ(memcmp(un.sun_path + 1, "holm-address-5", 14), 0);
	len = sizeof(un);
	OK(getsockname(s, (struct sockaddr *)&un, &len));
	EQ(memcmp(un.sun_path + 1, "holm-address-4", 14), 0);
	len = sizeof(un);
	OK(getpeername(c, (struct sockaddr *)&un, &len));
	EQ(memcmp(un.sun_path + 1, "holm-address-4", 14), 0);
}

CASE(address_unix_bound_before_it_connects_keeps_its_name)
{
	struct sockaddr_un un;
	socklen_t len = sizeof(un);
	char c;
	int a = unix_of(SOCK_DGRAM), b = unix_of(SOCK_DGRAM);

	OK(bind_at(a, "holm-address-6"));
	OK(bind_at(b, "holm-address-7"));
	OK(connect_at(a, "holm-address-7"));
	EQ(send(a, "x", 1, 0), 1);
	EQ(recvfrom(b, &c, 1, 0, (struct sockaddr *)&un, &len), 1);
	EQ(memcmp(un.sun_path + 1, "holm-address-6", 14), 0);
	OK(connect_at(b, "holm-address-6"));
	EQ(send(b, "y", 1, 0), 1);
	EQ(read(a, &c, 1), 1);
}

CASE(address_unix_datagrams_disconnect_by_no_family)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int a = unix_of(SOCK_DGRAM), b = unix_of(SOCK_DGRAM);

	OK(bind_at(b, "holm-address-8"));
	OK(connect_at(a, "holm-address-8"));
	EQ(send(a, "x", 1, 0), 1);
	OK(connect(a, &none, sizeof(none)));
	FAILS(send(a, "x", 1, 0), ENOTCONN);
}

CASE(address_unix_is_as_long_as_it_can_be)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(un);
	int fd = unix_of(SOCK_STREAM);

	memset(un.sun_path + 1, 'x', sizeof(un.sun_path) - 1);
	OK(bind(fd, (struct sockaddr *)&un, sizeof(un)));
	OK(getsockname(fd, (struct sockaddr *)&un, &len));
	EQ(len, (long)sizeof(un));
	FAILS(bind(unix_of(SOCK_STREAM), (struct sockaddr *)&un, sizeof(un) + 1), EINVAL);
}

CASE(address_unix_wants_its_family)
{
	struct sockaddr_in sa = at("127.0.0.1", 1);

	FAILS(bind(unix_of(SOCK_STREAM), (struct sockaddr *)&sa, sizeof(sa)), EINVAL);
	FAILS(connect(unix_of(SOCK_STREAM), (struct sockaddr *)&sa, sizeof(sa)), EINVAL);
	FAILS(bind(unix_of(SOCK_STREAM), (struct sockaddr *)&sa, 1), EINVAL);
}

CASE(address_unix_connects_once)
{
	int l = unix_of(SOCK_STREAM), c = unix_of(SOCK_STREAM);

	OK(bind_at(l, "holm-address-9"));
	OK(listen(l, 2));
	OK(connect_at(c, "holm-address-9"));
	FAILS(connect_at(c, "holm-address-9"), EISCONN);
	FAILS(connect_at(l, "holm-address-9"), EINVAL);
}

CASE(address_unix_nonblocking_connect_to_a_full_listener)
{
	int l = unix_of(SOCK_STREAM), c = unix_of(SOCK_STREAM), d = unix_of(SOCK_STREAM);

	OK(bind_at(l, "holm-address-10"));
	OK(listen(l, 0));
	OK(connect_at(c, "holm-address-10"));
	nonblocking(d);
	FAILS(connect_at(d, "holm-address-10"), EAGAIN);
	OK(accept(l, NULL, NULL));
	OK(connect_at(d, "holm-address-10"));
}
