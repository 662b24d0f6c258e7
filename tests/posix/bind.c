/* Who may be bound where: the table of addresses, SO_REUSEADDR and SO_REUSEPORT, TCP and UDP. */
#include "tests/posix/posix.h"

enum { REUSE = 1, PORT = 2, LISTEN = 4 };

static int open_with(int type, int flags)
{
	int fd = (int)OK(socket(AF_INET, type, 0));

	if (flags & REUSE)
		OK(set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1));
	if (flags & PORT)
		OK(set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1));
	return fd;
}

/* A first socket at one address, a second at another, same port: the second one's errno, or 0. */
static int both(int type, const char *first, int first_flags, const char *second, int second_flags)
{
	int a = open_with(type, first_flags), b;
	uint16_t port;

	OK(bind_to(a, first, 0));
	if (first_flags & LISTEN)
		OK(listen(a, 1));
	port = port_of(a);
	b = open_with(type, second_flags);
	return bind_to(b, second, port) == 0 ? 0 : errno;
}

#define ROW(name, type, a, a_flags, b, b_flags, expected)                                          \
	CASE(bind_##name)                                                                          \
	{                                                                                          \
		EQ(both(type, a, a_flags, b, b_flags), expected);                                  \
	}

#define ROWS(proto, type)                                                                          \
	ROW(proto##_same_address, type, "127.0.0.1", 0, "127.0.0.1", 0, EADDRINUSE)                \
	ROW(proto##_other_address, type, "127.0.0.1", 0, "127.0.0.2", 0, 0)                        \
	ROW(proto##_wildcard_then_specific, type, "0.0.0.0", 0, "127.0.0.1", 0, EADDRINUSE)        \
	ROW(proto##_specific_then_wildcard, type, "127.0.0.1", 0, "0.0.0.0", 0, EADDRINUSE)        \
	ROW(proto##_two_wildcards, type, "0.0.0.0", 0, "0.0.0.0", 0, EADDRINUSE)                   \
	ROW(proto##_reuse_both, type, "127.0.0.1", REUSE, "127.0.0.1", REUSE, 0)                   \
	ROW(proto##_reuse_wildcard, type, "0.0.0.0", REUSE, "127.0.0.1", REUSE, 0)                 \
	ROW(proto##_reuse_first_only, type, "127.0.0.1", REUSE, "127.0.0.1", 0, EADDRINUSE)        \
	ROW(proto##_reuse_second_only, type, "127.0.0.1", 0, "127.0.0.1", REUSE, EADDRINUSE)       \
	ROW(proto##_port_both, type, "127.0.0.1", PORT, "127.0.0.1", PORT, 0)                      \
	ROW(proto##_port_wildcard, type, "0.0.0.0", PORT, "127.0.0.1", PORT, 0)                    \
	ROW(proto##_port_first_only, type, "127.0.0.1", PORT, "127.0.0.1", 0, EADDRINUSE)          \
	ROW(proto##_port_second_only, type, "127.0.0.1", 0, "127.0.0.1", PORT, EADDRINUSE)         \
	ROW(proto##_port_and_reuse, type, "127.0.0.1", PORT, "127.0.0.1", REUSE, EADDRINUSE)       \
	ROW(proto##_all_of_them, type, "127.0.0.1", PORT | REUSE, "127.0.0.1", PORT | REUSE, 0)

ROWS(tcp, SOCK_STREAM)
ROWS(udp, SOCK_DGRAM)

ROW(tcp_a_listener_is_not_reused, SOCK_STREAM, "127.0.0.1", REUSE | LISTEN, "127.0.0.1", REUSE,
    EADDRINUSE)
ROW(tcp_a_wildcard_listener_is_not_reused, SOCK_STREAM, "0.0.0.0", REUSE | LISTEN, "127.0.0.1",
    REUSE, EADDRINUSE)
ROW(tcp_a_listener_elsewhere_is_no_matter, SOCK_STREAM, "127.0.0.1", LISTEN, "127.0.0.2", 0, 0)
ROW(tcp_a_listener_shares_its_port, SOCK_STREAM, "127.0.0.1", PORT | LISTEN, "127.0.0.1", PORT, 0)

/* Two who reuse a port, bound in this order: which of them gets a datagram from 127.0.0.1? 0, 1. */
static int who_hears(int first, int second, const char *first_ip, const char *second_ip)
{
	const int fd[2] = { first, second };
	const char *ip[2] = { first_ip, second_ip };
	struct sockaddr_in to;
	uint16_t port = 0;
	char c;

	for (int i = 0; i < 2; i++) {
		OK(set_int(fd[i], SOL_SOCKET, SO_REUSEADDR, 1));
		OK(strchr(ip[i], ':') ? bind_to6(fd[i], ip[i], port) : bind_to(fd[i], ip[i], port));
		port = port_of(fd[i]);
	}
	to = at("127.0.0.1", port);
	EQ(sendto(udp(), "x", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
	wait_for(second, POLLIN, 50);
	if (recv(second, &c, 1, MSG_DONTWAIT) == 1) {
		FAILS(recv(first, &c, 1, MSG_DONTWAIT), EAGAIN);
		return 1;
	}
	EQ(recv(first, &c, 1, MSG_DONTWAIT), 1);
	return 0;
}

CASE(bind_wildcard_of_the_own_family_hears)
{
	EQ(who_hears(udp(), udp6(), "0.0.0.0", "::"), 0);
	EQ(who_hears(udp6(), udp(), "::", "0.0.0.0"), 1);
}

CASE(bind_an_address_hears_before_a_wildcard)
{
	EQ(who_hears(udp(), udp(), "127.0.0.1", "0.0.0.0"), 0);
	EQ(who_hears(udp(), udp(), "0.0.0.0", "127.0.0.1"), 1);
	EQ(who_hears(udp(), udp6(), "0.0.0.0", "::ffff:127.0.0.1"), 1);
}

CASE(bind_the_last_of_two_alike_hears)
{
	EQ(who_hears(udp(), udp(), "0.0.0.0", "0.0.0.0"), 1);
	EQ(who_hears(udp(), udp(), "127.0.0.1", "127.0.0.1"), 1);
	EQ(who_hears(udp6(), udp6(), "::", "::"), 1);
}

CASE(bind_ports_of_tcp_and_udp_are_apart)
{
	int a = tcp(), b = udp();

	OK(bind_to(a, "127.0.0.1", 0));
	OK(bind_to(b, "127.0.0.1", port_of(a)));
}

CASE(bind_wants_a_local_address)
{
	FAILS(bind_to(tcp(), "8.8.8.8", 0), EADDRNOTAVAIL);
	FAILS(bind_to(udp(), "8.8.8.8", 0), EADDRNOTAVAIL);
	OK(bind_to(tcp(), "127.77.1.2", 0));
}

CASE(bind_two_listeners_of_one_port)
{
	int a = open_with(SOCK_STREAM, REUSE), b = open_with(SOCK_STREAM, REUSE);

	OK(bind_to(a, "127.0.0.1", 0));
	OK(bind_to(b, "127.0.0.1", port_of(a)));
	OK(listen(a, 1));
	FAILS(listen(b, 1), EADDRINUSE);
}

CASE(bind_again_after_the_connections_of_a_listener)
{
	uint16_t port;
	int l = tcp(), c = tcp(), s, again = tcp();

	OK(set_int(l, SOL_SOCKET, SO_REUSEADDR, 1));
	OK(bind_to(l, "127.0.0.1", 0));
	OK(listen(l, 1));
	port = port_of(l);
	OK(connect_to(c, port));
	s = (int)OK(accept(l, NULL, NULL));
	close(l);
	OK(set_int(again, SOL_SOCKET, SO_REUSEADDR, 1));
	OK(bind_to(again, "127.0.0.1", port));
	OK(listen(again, 1));
	close(s);
}

CASE_OF_BOTH(bind_two_connections_with_the_same_ends_there_are_not)
{
	uint16_t port, from;
	int listener = listening(4, &port), a = tcp(), b = tcp();

	OK(set_int(a, SOL_SOCKET, SO_REUSEADDR, 1));
	OK(set_int(b, SOL_SOCKET, SO_REUSEADDR, 1));
	OK(bind_to(a, "127.0.0.1", 0));
	from = port_of(a);
	OK(connect_to(a, port));
	OK(bind_to(b, "127.0.0.1", from));
	FAILS(connect_to(b, port), EADDRNOTAVAIL);
	close(listener);
}

CASE(bind_connecting_chooses_the_address)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);
	uint16_t port;
	int c = tcp();

	listening(1, &port);
	OK(connect_to(c, port));
	OK(getsockname(c, (struct sockaddr *)&sa, &len));
	EQ(ntohl(sa.sin_addr.s_addr), 0x7f000001);
}

CASE(bind_broadcast_wants_permission)
{
	struct sockaddr_in sa = at("255.255.255.255", 9);

	FAILS(sendto(udp(), "x", 1, 0, (struct sockaddr *)&sa, sizeof(sa)), EACCES);
}

/* ---- an address without a port, an address that is not ours ---- */

static int without_port(const char *ip)
{
	int fd = tcp();

	EQ(get_int(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT), 0);
	OK(set_int(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1));
	EQ(get_int(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT), 1);
	OK(bind_to(fd, ip, 0));
	return fd;
}

CASE_OF_BOTH(bind_without_a_port_leaves_it_to_connect)
{
	uint16_t port;
	int listener = listening(4, &port), a = without_port("127.0.0.1"),
	    b = without_port("127.0.0.1");

	EQ(port_of(a), 0);
	OK(connect_to(a, port));
	OK(connect_to(b, port));
	CHECK(port_of(a) != 0 && port_of(b) != 0 && port_of(a) != port_of(b));
	FAILS(bind_to(a, "127.0.0.1", 0), EINVAL);
	OK(close(listener));
}

/* As long as there is no port it may be another address, or one with a port. */
CASE(bind_without_a_port_and_again)
{
	struct sockaddr_in sa = { 0 };
	socklen_t len = sizeof(sa);
	int fd = without_port("127.0.0.7");

	OK(bind_to(fd, "127.0.0.8", 0));
	OK(getsockname(fd, (struct sockaddr *)&sa, &len));
	EQ(sa.sin_addr.s_addr, htonl(0x7f000008));
	OK(set_int(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 0));
	OK(bind_to(fd, "127.0.0.9", 0));
	CHECK(port_of(fd) != 0);
	FAILS(bind_to(fd, "127.0.0.9", 0), EINVAL);
}

/* The address is that which was asked for, also in the next attempt. */
CASE(bind_without_a_port_keeps_the_address)
{
	struct sockaddr_in sa = { 0 };
	socklen_t len = sizeof(sa);
	uint16_t port;
	int listener = listening(4, &port), fd = without_port("127.0.0.7");

	OK(close(listener));
	FAILS(connect_to(fd, port), ECONNREFUSED);
	listener = tcp();
	OK(set_int(listener, SOL_SOCKET, SO_REUSEADDR, 1));
	OK(bind_to(listener, "127.0.0.1", port));
	OK(listen(listener, 4));
	OK(connect_to(fd, port));
	OK(getsockname(fd, (struct sockaddr *)&sa, &len));
	EQ(sa.sin_addr.s_addr, htonl(0x7f000007));
	len = sizeof(sa);
	OK(accept(listener, (struct sockaddr *)&sa, &len));
	EQ(sa.sin_addr.s_addr, htonl(0x7f000007));
	EQ(ntohs(sa.sin_port), port_of(fd));
}

CASE_OF_BOTH(bind_without_a_port_and_listen)
{
	int listener = without_port("127.0.0.1"), fd = tcp();

	OK(listen(listener, 4));
	CHECK(port_of(listener) != 0);
	OK(connect_to(fd, port_of(listener)));
	OK(accept(listener, NULL, NULL));
}

/* It says nothing of a port that is named. */
CASE_OF_BOTH(bind_without_a_port_names_one)
{
	int fd = tcp(), other = tcp();

	OK(bind_to(fd, "127.0.0.1", 0));
	OK(set_int(other, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1));
	FAILS(bind_to(other, "127.0.0.1", port_of(fd)), EADDRINUSE);
}

CASE(bind_to_an_address_that_is_not_ours)
{
	struct sockaddr_in sa = { 0 };
	socklen_t len = sizeof(sa);
	uint16_t port;
	int listener = tcp(), fd = tcp();

	FAILS(bind_to(listener, "192.0.2.1", 0), EADDRNOTAVAIL);
	EQ(get_int(listener, SOL_IP, IP_FREEBIND), 0);
	OK(set_int(listener, SOL_IP, IP_FREEBIND, 1));
	EQ(get_int(listener, SOL_IP, IP_FREEBIND), 1);
	OK(bind_to(listener, "192.0.2.1", 0));
	OK(listen(listener, 4));
	OK(getsockname(listener, (struct sockaddr *)&sa, &len));
	EQ(sa.sin_addr.s_addr, htonl(0xc0000201));
	/* Who would connect from there is not let. */
	listening(4, &port);
	OK(set_int(fd, SOL_IP, IP_FREEBIND, 1));
	OK(bind_to(fd, "192.0.2.1", 0));
	FAILS(connect_to(fd, port), ENETUNREACH);
}

CASE(bind_to_an_address_of_ipv6_that_is_not_ours)
{
	int fd = tcp6();

	OK(set_int(fd, SOL_IPV6, IPV6_FREEBIND, 1));
	EQ(get_int(fd, SOL_IP, IP_FREEBIND), 1);
	OK(bind_to6(fd, "2001:db8::1", 0));
	OK(listen(fd, 4));
}

/* A port that nobody listens at. */
static uint16_t unused(void)
{
	uint16_t port;

	OK(close(listening(1, &port)));
	return port;
}

/* The port that connect() chose is given back when it fails; one that was asked for is kept. */
CASE_OF_BOTH(bind_after_a_refused_connection)
{
	int fd = tcp(), named = tcp();
	uint16_t port = unused(), mine = unused();

	nonblocking(fd);
	FAILS(connect_to(fd, port), EINPROGRESS);
	CHECK(wait_for(fd, POLLERR, 2000) & POLLERR);
	OK(bind_to(fd, "127.0.0.1", mine));
	EQ(port_of(fd), mine);
	/* Whoever asks is told what has become of it. */
	FAILS(connect_to(fd, port), ECONNREFUSED);
	EQ(port_of(fd), mine);
	OK(close(fd));
	OK(bind_to(named, "127.0.0.1", mine));
	FAILS(connect_to(named, port), ECONNREFUSED);
	FAILS(bind_to(named, "127.0.0.1", unused()), EINVAL);
}

CASE_OF_BOTH(bind_to_a_chosen_port_and_again_after_a_refused_connection)
{
	int fd = tcp();
	uint16_t mine = unused();

	OK(bind_to(fd, "127.0.0.1", 0));
	FAILS(connect_to(fd, unused()), ECONNREFUSED);
	OK(bind_to(fd, "127.0.0.1", mine));
	EQ(port_of(fd), mine);
}

CASE_OF_BOTH(bind_connecting_to_port_0_is_refused)
{
	FAILS(connect_to(tcp(), 0), ECONNREFUSED);
}

/* The wildcard as a destination: where it comes from, or else the loopback. */
CASE(bind_the_wildcard_as_a_destination)
{
	struct sockaddr_in to = at("0.0.0.0", 0), sa;
	socklen_t len = sizeof(sa);
	int listener = tcp(), fd = tcp(), heard = udp(), from = udp();
	char c;

	OK(bind_to(listener, "127.0.0.7", 0));
	OK(listen(listener, 1));
	OK(bind_to(heard, "127.0.0.7", 0));
	to.sin_port = htons(port_of(listener));
	FAILS(connect(tcp(), (struct sockaddr *)&to, sizeof(to)), ECONNREFUSED);
	OK(bind_to(fd, "127.0.0.7", 0));
	OK(connect(fd, (struct sockaddr *)&to, sizeof(to)));
	OK(getpeername(fd, (struct sockaddr *)&sa, &len));
	EQ(ntohl(sa.sin_addr.s_addr), 0x7f000007);
	to.sin_port = htons(port_of(heard));
	OK(bind_to(from, "127.0.0.7", 0));
	EQ(sendto(from, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
	EQ(recv(heard, &c, 1, 0), 1);
	OK(connect(from, (struct sockaddr *)&to, sizeof(to)));
	EQ(send(from, "x", 1, 0), 1);
	EQ(recv(heard, &c, 1, 0), 1);
}

CASE(bind_the_wildcard_as_a_destination_of_a_mapped_address)
{
	int heard = udp6(), from = udp6();
	struct sockaddr_in6 to;
	char c;

	OK(bind_to6(heard, "::ffff:127.0.0.1", 0));
	OK(bind_to6(from, "::ffff:127.0.0.1", 0));
	to = at6("::", port_of(heard));
	EQ(sendto(from, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
	EQ(recv(heard, &c, 1, 0), 1);
}

/* From an address of one family there is no way to one of the other. */
CASE(bind_of_one_family_reaches_none_of_the_other)
{
	struct sockaddr_in6 ip6 = at6("::1", unused()), ip4 = at6("::ffff:127.0.0.1", unused());
	const int types[] = { SOCK_STREAM, SOCK_DGRAM };

	for (int i = 0; i < 2; i++) {
		int a = (int)OK(socket(AF_INET6, types[i], 0)),
		    b = (int)OK(socket(AF_INET6, types[i], 0));

		OK(bind_to6(a, "::1", 0));
		OK(bind_to6(b, "::ffff:127.0.0.1", 0));
		FAILS(connect(a, (struct sockaddr *)&ip4, sizeof(ip4)), ENETUNREACH);
		FAILS(connect(b, (struct sockaddr *)&ip6, sizeof(ip6)), EAFNOSUPPORT);
		if (types[i] == SOCK_STREAM)
			continue;
		FAILS(sendto(a, "x", 1, 0, (struct sockaddr *)&ip4, sizeof(ip4)), ENETUNREACH);
		FAILS(sendto(b, "x", 1, 0, (struct sockaddr *)&ip6, sizeof(ip6)), EAFNOSUPPORT);
	}
}

CASE_OF_BOTH(bind_datagrams_without_a_port)
{
	int fd = udp(), to = udp();

	EQ(get_int(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT), 0);
	OK(set_int(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1));
	EQ(get_int(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT), 1);
	OK(bind_to(to, "127.0.0.1", 0));
	OK(bind_to(fd, "127.0.0.1", 0));
	EQ(port_of(fd), 0);
	OK(bind_to(fd, "127.0.0.1", 0));
	OK(connect_to(fd, port_of(to)));
	CHECK(port_of(fd) != 0);
	EQ(send(fd, "x", 1, 0), 1);
	FAILS(bind_to(fd, "127.0.0.1", 0), EINVAL);
}
