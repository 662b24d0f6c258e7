/* AF_INET6: names, both families on one socket, what conflicts with what, options, control messages. */
#include "tests/posix/posix.h"

static struct sockaddr_in6 name_of(int fd)
{
	struct sockaddr_in6 sa = { 0 };
	socklen_t len = sizeof(sa);

	OK(getsockname(fd, (struct sockaddr *)&sa, &len));
	EQ(len, sizeof(sa));
	EQ(sa.sin6_family, AF_INET6);
	return sa;
}

static struct sockaddr_in6 peer_of(int fd)
{
	struct sockaddr_in6 sa = { 0 };
	socklen_t len = sizeof(sa);

	OK(getpeername(fd, (struct sockaddr *)&sa, &len));
	EQ(len, sizeof(sa));
	return sa;
}

static bool is_ip(const struct sockaddr_in6 *sa, const char *ip)
{
	struct in6_addr a;

	inet_pton(AF_INET6, ip, &a);
	return memcmp(&sa->sin6_addr, &a, sizeof(a)) == 0;
}

static int listening6(const char *ip, uint16_t *port)
{
	int fd = tcp6();

	OK(bind_to6(fd, ip, 0));
	OK(listen(fd, 4));
	*port = port_of(fd);
	return fd;
}

static int bound6(const char *ip, uint16_t *port)
{
	int fd = udp6();

	OK(bind_to6(fd, ip, 0));
	*port = port_of(fd);
	return fd;
}

static ssize_t send_at6(int fd, const char *text, const char *ip, uint16_t port)
{
	struct sockaddr_in6 sa = at6(ip, port);

	return sendto(fd, text, strlen(text), 0, (struct sockaddr *)&sa, sizeof(sa));
}

static ssize_t send_at4(int fd, const char *text, uint16_t port)
{
	struct sockaddr_in sa = at("127.0.0.1", port);

	return sendto(fd, text, strlen(text), 0, (struct sockaddr *)&sa, sizeof(sa));
}

/* ---- names ---- */

CASE(inet6_fresh_socket_has_the_wildcard)
{
	struct sockaddr_in6 sa = name_of(tcp6());

	CHECK(is_ip(&sa, "::"));
	EQ(sa.sin6_port, 0);
	EQ(sa.sin6_scope_id, 0);
	EQ(sa.sin6_flowinfo, 0);
	sa = name_of(udp6());
	CHECK(is_ip(&sa, "::"));
}

CASE(inet6_domain_is_told)
{
	EQ(get_int(tcp6(), SOL_SOCKET, SO_DOMAIN), AF_INET6);
	EQ(get_int(udp6(), SOL_SOCKET, SO_PROTOCOL), IPPROTO_UDP);
}

CASE(inet6_name_length_is_looked_at)
{
	struct sockaddr_in6 sa = at6("::1", 0);

	FAILS(bind(tcp6(), (struct sockaddr *)&sa, 23), EINVAL);
	FAILS(connect(tcp6(), (struct sockaddr *)&sa, 23), EINVAL);
	FAILS(connect(udp6(), (struct sockaddr *)&sa, 23), EINVAL);
	FAILS(sendto(udp6(), "x", 1, 0, (struct sockaddr *)&sa, 23), EINVAL);
	/* As RFC 2133 had it, without a scope. */
	OK(bind(tcp6(), (struct sockaddr *)&sa, 24));
}

CASE(inet6_name_family_is_looked_at)
{
	struct sockaddr_in6 sa = at6("::1", 9);

	sa.sin6_family = AF_UNIX;
	FAILS(bind(tcp6(), (struct sockaddr *)&sa, sizeof(sa)), EAFNOSUPPORT);
	FAILS(connect(tcp6(), (struct sockaddr *)&sa, sizeof(sa)), EAFNOSUPPORT);
	FAILS(connect(udp6(), (struct sockaddr *)&sa, sizeof(sa)), EAFNOSUPPORT);
	FAILS(sendto(udp6(), "x", 1, 0, (struct sockaddr *)&sa, sizeof(sa)), EINVAL);
}

CASE(inet6_name_of_ip4_is_no_name_of_a_stream)
{
	struct sockaddr_in sa = at("127.0.0.1", 9);

	FAILS(bind(tcp6(), (struct sockaddr *)&sa, sizeof(sa)), EINVAL);
	FAILS(connect(tcp6(), (struct sockaddr *)&sa, sizeof(sa)), EINVAL);
	FAILS(bind(udp6(), (struct sockaddr *)&sa, sizeof(sa)), EINVAL);
}

CASE(inet6_name_is_no_name_of_ip4)
{
	struct sockaddr_in6 sa = at6("::1", 9);

	FAILS(bind(tcp(), (struct sockaddr *)&sa, sizeof(sa)), EAFNOSUPPORT);
	FAILS(connect(tcp(), (struct sockaddr *)&sa, sizeof(sa)), EAFNOSUPPORT);
	FAILS(sendto(udp(), "x", 1, 0, (struct sockaddr *)&sa, sizeof(sa)), EAFNOSUPPORT);
}

CASE(inet6_name_that_is_not_ours)
{
	FAILS(bind_to6(tcp6(), "2001:db8::1", 0), EADDRNOTAVAIL);
	FAILS(bind_to6(udp6(), "2001:db8::1", 0), EADDRNOTAVAIL);
	FAILS(bind_to6(tcp6(), "::ffff:192.0.2.1", 0), EADDRNOTAVAIL);
	FAILS(bind_to6(tcp6(), "ff02::1234", 0), EINVAL);
}

CASE(inet6_freebind_takes_any_name)
{
	int fd = udp6();

	OK(set_int(fd, SOL_IPV6, IPV6_FREEBIND, 1));
	EQ(get_int(fd, SOL_IPV6, IPV6_FREEBIND), 1);
	OK(bind_to6(fd, "2001:db8::1", 0));
}

CASE(inet6_link_local_names_want_an_interface)
{
	struct sockaddr_in6 sa = at6("fe80::99", 9);

	FAILS(bind(tcp6(), (struct sockaddr *)&sa, sizeof(sa)), EINVAL);
	FAILS(connect(tcp6(), (struct sockaddr *)&sa, sizeof(sa)), EINVAL);
	FAILS(connect(udp6(), (struct sockaddr *)&sa, sizeof(sa)), EINVAL);
	sa.sin6_scope_id = 99;
	FAILS(bind(tcp6(), (struct sockaddr *)&sa, sizeof(sa)), ENODEV);
}

CASE(inet6_name_is_cut_to_its_room)
{
	struct sockaddr_in6 sa;
	socklen_t len = 10;
	int fd = tcp6();

	memset(&sa, 99, sizeof(sa));
	OK(bind_to6(fd, "::", 0));
	OK(getsockname(fd, (struct sockaddr *)&sa, &len));
	EQ(len, sizeof(sa));
	EQ(((unsigned char *)&sa)[9], 0);
	EQ(((unsigned char *)&sa)[10], 99);
}

/* ---- both families ---- */

CASE(inet6_listener_takes_ip4)
{
	struct sockaddr_in6 sa;
	socklen_t len = sizeof(sa);
	uint16_t port;
	int l = listening6("::", &port), c = tcp(), s;
	char b;

	OK(connect_to(c, port));
	s = (int)OK(accept(l, (struct sockaddr *)&sa, &len));
	EQ(len, sizeof(sa));
	EQ(sa.sin6_family, AF_INET6);
	CHECK(is_ip(&sa, "::ffff:127.0.0.1"));
	EQ(ntohs(sa.sin6_port), port_of(c));
	sa = name_of(s);
	CHECK(is_ip(&sa, "::ffff:127.0.0.1"));
	EQ(get_int(s, SOL_SOCKET, SO_DOMAIN), AF_INET6);
	EQ(send(c, "x", 1, 0), 1);
	EQ(recv(s, &b, 1, 0), 1);
}

CASE(inet6_listener_without_a_name_takes_both)
{
	int l = tcp6();
	uint16_t port;

	OK(listen(l, 4));
	port = port_of(l);
	OK(connect_to(tcp(), port));
	OK(connect_to6(tcp6(), "::1", port));
	OK(accept(l, NULL, NULL));
	OK(accept(l, NULL, NULL));
}

CASE(inet6_v6only_listener_refuses_ip4)
{
	int l = tcp6();
	uint16_t port;

	OK(set_int(l, SOL_IPV6, IPV6_V6ONLY, 1));
	EQ(get_int(l, SOL_IPV6, IPV6_V6ONLY), 1);
	OK(bind_to6(l, "::", 0));
	OK(listen(l, 4));
	port = port_of(l);
	FAILS(connect_to(tcp(), port), ECONNREFUSED);
	OK(connect_to6(tcp6(), "::1", port));
}

CASE(inet6_v6only_is_decided_before_binding)
{
	int fd = tcp6(), u = udp6();

	OK(set_int(fd, SOL_IPV6, IPV6_V6ONLY, 1));
	OK(set_int(fd, SOL_IPV6, IPV6_V6ONLY, 0));
	OK(bind_to6(fd, "::", 0));
	FAILS(set_int(fd, SOL_IPV6, IPV6_V6ONLY, 1), EINVAL);
	OK(bind_to6(u, "::", 0));
	FAILS(set_int(u, SOL_IPV6, IPV6_V6ONLY, 1), EINVAL);
}

CASE(inet6_v6only_has_no_mapped_names)
{
	int fd = tcp6(), u = udp6();

	OK(set_int(fd, SOL_IPV6, IPV6_V6ONLY, 1));
	OK(set_int(u, SOL_IPV6, IPV6_V6ONLY, 1));
	FAILS(bind_to6(fd, "::ffff:127.0.0.1", 0), EINVAL);
	FAILS(bind_to6(u, "::ffff:127.0.0.1", 0), EINVAL);
	FAILS(connect_to6(fd, "::ffff:127.0.0.1", 9), ENETUNREACH);
	FAILS(connect_to6(u, "::ffff:127.0.0.1", 9), ENETUNREACH);
	FAILS(send_at6(u, "x", "::ffff:127.0.0.1", 9), ENETUNREACH);
	FAILS(send_at4(u, "x", 9), ENETUNREACH);
}

CASE(inet6_connects_to_mapped_addresses)
{
	uint16_t port;
	struct sockaddr_in6 sa;
	int fd = tcp6();

	listening(4, &port);
	OK(connect_to6(fd, "::ffff:127.0.0.1", port));
	sa = peer_of(fd);
	CHECK(is_ip(&sa, "::ffff:127.0.0.1"));
	sa = name_of(fd);
	CHECK(is_ip(&sa, "::ffff:127.0.0.1"));
}

CASE(inet6_bound_to_a_mapped_address_is_of_ip4)
{
	uint16_t port;

	listening6("::ffff:127.0.0.1", &port);
	OK(connect_to(tcp(), port));
	FAILS(connect_to6(tcp6(), "::1", port), ECONNREFUSED);
}

CASE(inet6_binds_conflict_as_their_families_overlap)
{
	uint16_t port;
	int fd;

	listening6("::", &port);
	FAILS(bind_to(tcp(), "0.0.0.0", port), EADDRINUSE);
	FAILS(bind_to(tcp(), "127.0.0.1", port), EADDRINUSE);
	FAILS(bind_to6(tcp6(), "::1", port), EADDRINUSE);
	listening(1, &port);
	FAILS(bind_to6(tcp6(), "::", port), EADDRINUSE);
	OK(bind_to6(tcp6(), "::1", port));
	FAILS(bind_to6(tcp6(), "::ffff:127.0.0.1", port), EADDRINUSE);
	fd = tcp6();
	OK(set_int(fd, SOL_IPV6, IPV6_V6ONLY, 1));
	FAILS(bind_to6(fd, "::", port), EADDRINUSE);
}

CASE(inet6_binds_of_datagrams_conflict_likewise)
{
	uint16_t port;
	int fd = udp6();

	bound6("::", &port);
	FAILS(bind_to(udp(), "127.0.0.1", port), EADDRINUSE);
	FAILS(bind_to6(udp6(), "::1", port), EADDRINUSE);
	OK(set_int(fd, SOL_IPV6, IPV6_V6ONLY, 1));
	OK(bind_to6(fd, "::", 0));
	OK(bind_to(udp(), "0.0.0.0", port_of(fd)));
}

CASE(inet6_datagrams_of_both_families_arrive)
{
	struct sockaddr_in6 from;
	socklen_t len = sizeof(from);
	uint16_t port;
	int to = bound6("::", &port), four = udp(), six = udp6();
	char buf[8];

	EQ(send_at4(four, "four", port), 4);
	EQ(recvfrom(to, buf, 8, 0, (struct sockaddr *)&from, &len), 4);
	EQ(len, sizeof(from));
	CHECK(is_ip(&from, "::ffff:127.0.0.1"));
	EQ(ntohs(from.sin6_port), port_of(four));
	EQ(send_at6(six, "six", "::1", port), 3);
	EQ(recvfrom(to, buf, 8, 0, (struct sockaddr *)&from, &len), 3);
	CHECK(is_ip(&from, "::1"));
	EQ(from.sin6_scope_id, 0);
	EQ(ntohs(from.sin6_port), port_of(six));
	EQ(sendto(to, "back", 4, 0, (struct sockaddr *)&from, sizeof(from)), 4);
	EQ(recv(six, buf, 8, 0), 4);
}

CASE(inet6_datagrams_go_to_either_family)
{
	uint16_t port, port6;
	int four = udp(), six = bound6("::1", &port6), fd = udp6();
	char buf[8];

	OK(bind_to(four, "127.0.0.1", 0));
	port = port_of(four);
	EQ(send_at6(fd, "m", "::ffff:127.0.0.1", port), 1);
	EQ(recv(four, buf, 8, 0), 1);
	/* As on Linux with a name of the other family, too. */
	EQ(send_at4(fd, "n", port), 1);
	EQ(recv(four, buf, 8, 0), 1);
	EQ(send_at6(fd, "s", "::1", port6), 1);
	EQ(recv(six, buf, 8, 0), 1);
}

CASE(inet6_datagrams_connect_to_either_family)
{
	struct sockaddr away = { .sa_family = AF_UNSPEC };
	struct sockaddr_in6 sa;
	uint16_t port;
	int four = udp(), fd = udp6();
	char c;

	OK(bind_to(four, "127.0.0.1", 0));
	port = port_of(four);
	OK(connect_to6(fd, "::ffff:127.0.0.1", port));
	sa = name_of(fd);
	CHECK(is_ip(&sa, "::ffff:127.0.0.1"));
	EQ(send(fd, "x", 1, 0), 1);
	EQ(recv(four, &c, 1, 0), 1);
	OK(connect(fd, &away, sizeof(away)));
	sa = name_of(fd);
	CHECK(is_ip(&sa, "::"));
	OK(connect_to6(fd, "::1", 9));
	sa = name_of(fd);
	CHECK(is_ip(&sa, "::1"));
	sa = peer_of(fd);
	EQ(ntohs(sa.sin6_port), 9);
}

CASE(inet6_wildcard_means_the_loopback)
{
	struct sockaddr_in6 sa;
	uint16_t port;
	int fd = tcp6();

	listening6("::1", &port);
	OK(connect_to6(fd, "::", port));
	sa = peer_of(fd);
	CHECK(is_ip(&sa, "::1"));
}

CASE(inet6_refused_connections)
{
	uint16_t port;
	int l = listening6("::1", &port), fd = udp6();
	char c;

	close(l);
	FAILS(connect_to6(tcp6(), "::1", port), ECONNREFUSED);
	OK(connect_to6(fd, "::1", port));
	EQ(send(fd, "x", 1, 0), 1);
	CHECK(wait_for(fd, POLLIN, 2000) & POLLERR);
	FAILS(recv(fd, &c, 1, 0), ECONNREFUSED);
}

CASE(inet6_without_a_way)
{
	FAILS(connect_to6(tcp6(), "ff02::1", 9), ENETUNREACH);
	FAILS(send(udp6(), "x", 1, 0), EDESTADDRREQ);
	FAILS(send_at6(udp6(), "x", "::1", 0), EINVAL);
}

/* ---- options ---- */

CASE(inet6_options_begin_as_everywhere)
{
	int t = tcp6(), u = udp6();

	EQ(get_int(t, SOL_IPV6, IPV6_V6ONLY), 0);
	EQ(get_int(t, SOL_IPV6, IPV6_UNICAST_HOPS), 64);
	EQ(get_int(t, SOL_IPV6, IPV6_TCLASS), 0);
	EQ(get_int(u, SOL_IPV6, IPV6_UNICAST_HOPS), 64);
	EQ(get_int(u, SOL_IPV6, IPV6_MULTICAST_HOPS), 1);
	EQ(get_int(u, SOL_IPV6, IPV6_MULTICAST_LOOP), 1);
	EQ(get_int(u, SOL_IPV6, IPV6_MULTICAST_ALL), 1);
	EQ(get_int(u, SOL_IPV6, IPV6_MULTICAST_IF), 0);
	EQ(get_int(u, SOL_IPV6, IPV6_TCLASS), 0);
	EQ(get_int(u, SOL_IPV6, IPV6_MTU_DISCOVER), IPV6_PMTUDISC_WANT);
	EQ(get_int(u, SOL_IPV6, IPV6_DONTFRAG), 0);
	EQ(get_int(u, SOL_IPV6, IPV6_RECVERR), 0);
	EQ(get_int(u, SOL_IPV6, IPV6_RECVPKTINFO), 0);
	EQ(get_int(u, SOL_IPV6, IPV6_RECVHOPLIMIT), 0);
	EQ(get_int(u, SOL_IPV6, IPV6_RECVTCLASS), 0);
}

CASE(inet6_hop_limits)
{
	int u = udp6(), t = tcp6();

	OK(set_int(u, SOL_IPV6, IPV6_UNICAST_HOPS, 7));
	EQ(get_int(u, SOL_IPV6, IPV6_UNICAST_HOPS), 7);
	OK(set_int(u, SOL_IPV6, IPV6_UNICAST_HOPS, -1));
	EQ(get_int(u, SOL_IPV6, IPV6_UNICAST_HOPS), 64);
	FAILS(set_int(u, SOL_IPV6, IPV6_UNICAST_HOPS, 256), EINVAL);
	FAILS(set_int(u, SOL_IPV6, IPV6_UNICAST_HOPS, -2), EINVAL);
	/* IPv4 has its own. */
	OK(set_int(u, SOL_IPV6, IPV6_UNICAST_HOPS, 9));
	EQ(get_int(u, SOL_IP, IP_TTL), 64);
	OK(set_int(u, SOL_IPV6, IPV6_MULTICAST_HOPS, 0));
	EQ(get_int(u, SOL_IPV6, IPV6_MULTICAST_HOPS), 0);
	FAILS(set_int(u, SOL_IPV6, IPV6_MULTICAST_HOPS, 256), EINVAL);
	FAILS(set_int(t, SOL_IPV6, IPV6_MULTICAST_HOPS, 3), ENOPROTOOPT);
	OK(set_int(t, SOL_IPV6, IPV6_UNICAST_HOPS, 33));
	EQ(get_int(t, SOL_IPV6, IPV6_UNICAST_HOPS), 33);
}

CASE(inet6_classes)
{
	int u = udp6(), t = tcp6();

	OK(set_int(u, SOL_IPV6, IPV6_TCLASS, 0xb8));
	EQ(get_int(u, SOL_IPV6, IPV6_TCLASS), 0xb8);
	OK(set_int(u, SOL_IPV6, IPV6_TCLASS, -1));
	EQ(get_int(u, SOL_IPV6, IPV6_TCLASS), 0);
	FAILS(set_int(u, SOL_IPV6, IPV6_TCLASS, 256), EINVAL);
	OK(set_int(t, SOL_IPV6, IPV6_TCLASS, 0x40));
	EQ(get_int(t, SOL_IPV6, IPV6_TCLASS), 0x40);
}

CASE(inet6_options_are_whole_numbers)
{
	char byte = 1;

	FAILS(setsockopt(udp6(), SOL_IPV6, IPV6_UNICAST_HOPS, &byte, 1), EINVAL);
	FAILS(setsockopt(udp6(), SOL_IPV6, IPV6_V6ONLY, &byte, 1), EINVAL);
}

CASE(inet6_options_are_not_of_ip4)
{
	FAILS(set_int(udp(), SOL_IPV6, IPV6_UNICAST_HOPS, 7), ENOPROTOOPT);
	FAILS(set_int(tcp(), SOL_IPV6, IPV6_V6ONLY, 1), ENOPROTOOPT);
}

CASE(inet6_sockets_have_the_options_of_ip4)
{
	int u = udp6();

	OK(set_int(u, SOL_IP, IP_TTL, 9));
	EQ(get_int(u, SOL_IP, IP_TTL), 9);
	EQ(get_int(u, SOL_IPV6, IPV6_UNICAST_HOPS), 64);
	OK(set_int(u, SOL_IP, IP_TOS, 0x10));
	EQ(get_int(u, SOL_IP, IP_TOS), 0x10);
	EQ(get_int(u, SOL_IPV6, IPV6_TCLASS), 0);
}

CASE(inet6_flags_of_groups_are_0_or_1)
{
	int u = udp6();

	OK(set_int(u, SOL_IPV6, IPV6_MULTICAST_LOOP, 0));
	EQ(get_int(u, SOL_IPV6, IPV6_MULTICAST_LOOP), 0);
	FAILS(set_int(u, SOL_IPV6, IPV6_MULTICAST_LOOP, 2), EINVAL);
	OK(set_int(u, SOL_IPV6, IPV6_MULTICAST_ALL, 2));
	EQ(get_int(u, SOL_IPV6, IPV6_MULTICAST_ALL), 1);
	FAILS(set_int(u, SOL_IPV6, IPV6_MULTICAST_IF, 99), ENODEV);
	OK(set_int(u, SOL_IPV6, IPV6_MULTICAST_IF, 1));
	EQ(get_int(u, SOL_IPV6, IPV6_MULTICAST_IF), 1);
	OK(set_int(u, SOL_IPV6, IPV6_MULTICAST_IF, 0));
}

CASE(inet6_mtu_is_of_who_is_connected)
{
	struct ip6_mtuinfo info;
	socklen_t len = sizeof(info);
	int u = udp6(), value;
	socklen_t n = sizeof(value);

	FAILS(getsockopt(u, SOL_IPV6, IPV6_MTU, &value, &n), ENOTCONN);
	FAILS(getsockopt(u, SOL_IPV6, IPV6_PATHMTU, &info, &len), ENOTCONN);
	OK(connect_to6(u, "::1", 9));
	CHECK(get_int(u, SOL_IPV6, IPV6_MTU) >= 1280);
	OK(getsockopt(u, SOL_IPV6, IPV6_PATHMTU, &info, &len));
	EQ(len, sizeof(info));
	EQ(info.ip6m_mtu, get_int(u, SOL_IPV6, IPV6_MTU));
	FAILS(set_int(u, SOL_IPV6, IPV6_MTU_DISCOVER, 6), EINVAL);
	FAILS(set_int(u, SOL_IPV6, IPV6_MTU_DISCOVER, -1), EINVAL);
}

/* ---- groups ---- */

static struct ipv6_mreq group6(const char *ip, unsigned ifindex)
{
	struct ipv6_mreq r = { .ipv6mr_interface = ifindex };

	inet_pton(AF_INET6, ip, &r.ipv6mr_multiaddr);
	return r;
}

CASE(inet6_groups_are_joined_once)
{
	struct ipv6_mreq r = group6("ff02::1234", 1), one = group6("2001:db8::1", 1);
	int u = udp6();

	FAILS(setsockopt(u, SOL_IPV6, IPV6_JOIN_GROUP, &one, sizeof(one)), EINVAL);
	FAILS(setsockopt(u, SOL_IPV6, IPV6_JOIN_GROUP, &r, sizeof(r) - 1), EINVAL);
	FAILS(setsockopt(u, SOL_IPV6, IPV6_LEAVE_GROUP, &r, sizeof(r)), EADDRNOTAVAIL);
	OK(setsockopt(u, SOL_IPV6, IPV6_JOIN_GROUP, &r, sizeof(r)));
	FAILS(setsockopt(u, SOL_IPV6, IPV6_JOIN_GROUP, &r, sizeof(r)), EADDRINUSE);
	OK(setsockopt(u, SOL_IPV6, IPV6_LEAVE_GROUP, &r, sizeof(r)));
	r.ipv6mr_interface = 99;
	FAILS(setsockopt(u, SOL_IPV6, IPV6_JOIN_GROUP, &r, sizeof(r)), ENODEV);
}

CASE(inet6_groups_by_the_name_of_both_families)
{
	struct group_req r = { .gr_interface = 1 };
	struct sockaddr_in6 sa = at6("ff02::1234", 0);
	struct sockaddr_in four = at("224.0.0.99", 0);
	int u = udp6();

	memcpy(&r.gr_group, &four, sizeof(four));
	FAILS(setsockopt(u, SOL_IPV6, MCAST_JOIN_GROUP, &r, sizeof(r)), EADDRNOTAVAIL);
	memcpy(&r.gr_group, &sa, sizeof(sa));
	OK(setsockopt(u, SOL_IPV6, MCAST_JOIN_GROUP, &r, sizeof(r)));
	OK(setsockopt(u, SOL_IPV6, MCAST_LEAVE_GROUP, &r, sizeof(r)));
	FAILS(setsockopt(u, SOL_IPV6, MCAST_LEAVE_GROUP, &r, sizeof(r)), EADDRNOTAVAIL);
}

/* ---- control messages ---- */

struct control {
	union {
		char bytes[256];
		struct cmsghdr align;
	} u;
	struct msghdr m;
};

/* Receives a byte, and its company. */
static void recv_company(int fd, struct control *c)
{
	char b;
	struct iovec iov = { &b, 1 };

	c->m = (struct msghdr){ .msg_iov = &iov,
				.msg_iovlen = 1,
				.msg_control = c->u.bytes,
				.msg_controllen = sizeof(c->u.bytes) };
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	EQ(recvmsg(fd, &c->m, 0), 1);
}

/* The data of a message; NULL: there is none. */
static const void *company(struct control *c, int at_level, int type, size_t bytes)
{
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&c->m); h; h = CMSG_NXTHDR(&c->m, h))
		if (h->cmsg_level == at_level && h->cmsg_type == type) {
			EQ(h->cmsg_len, CMSG_LEN(bytes));
			return CMSG_DATA(h);
		}
	return NULL;
}

static int number_of(struct control *c, int at_level, int type)
{
	const void *data = company(c, at_level, type, sizeof(int));
	int value = -1;

	CHECK(data);
	memcpy(&value, data, sizeof(value));
	return value;
}

static void ask_for_everything(int fd)
{
	OK(set_int(fd, SOL_IPV6, IPV6_RECVPKTINFO, 1));
	OK(set_int(fd, SOL_IPV6, IPV6_RECVHOPLIMIT, 1));
	OK(set_int(fd, SOL_IPV6, IPV6_RECVTCLASS, 1));
	OK(set_int(fd, SOL_IP, IP_RECVTTL, 1));
}

CASE(inet6_datagrams_bring_their_company)
{
	struct in6_pktinfo info;
	struct control c;
	uint16_t port;
	int to = bound6("::", &port), fd = udp6();
	const void *data;

	ask_for_everything(to);
	OK(set_int(fd, SOL_IPV6, IPV6_UNICAST_HOPS, 5));
	OK(set_int(fd, SOL_IPV6, IPV6_TCLASS, 0x28));
	EQ(send_at6(fd, "x", "::1", port), 1);
	recv_company(to, &c);
	EQ(number_of(&c, SOL_IPV6, IPV6_HOPLIMIT), 5);
	EQ(number_of(&c, SOL_IPV6, IPV6_TCLASS), 0x28);
	CHECK(!company(&c, SOL_IP, IP_TTL, sizeof(int)));
	data = company(&c, SOL_IPV6, IPV6_PKTINFO, sizeof(info));
	CHECK(data);
	memcpy(&info, data, sizeof(info));
	EQ(info.ipi6_ifindex, 1);
	CHECK(IN6_IS_ADDR_LOOPBACK(&info.ipi6_addr));
}

CASE(inet6_datagrams_of_ip4_bring_theirs)
{
	struct in6_pktinfo info;
	struct control c;
	uint16_t port;
	int to = bound6("::", &port), fd = udp();
	const void *data;

	ask_for_everything(to);
	OK(set_int(fd, SOL_IP, IP_TTL, 6));
	EQ(send_at4(fd, "x", port), 1);
	recv_company(to, &c);
	EQ(number_of(&c, SOL_IP, IP_TTL), 6);
	CHECK(!company(&c, SOL_IPV6, IPV6_HOPLIMIT, sizeof(int)));
	data = company(&c, SOL_IPV6, IPV6_PKTINFO, sizeof(info));
	CHECK(data);
	memcpy(&info, data, sizeof(info));
	CHECK(IN6_IS_ADDR_V4MAPPED(&info.ipi6_addr));
}

/* Sends a byte with one control message. */
static ssize_t send_with(int fd, uint16_t port, int type, const void *data, size_t len)
{
	struct sockaddr_in6 to = at6("::1", port);
	struct iovec iov = { (void *)(uintptr_t) "x", 1 };
	struct control c = { 0 };

	c.m = (struct msghdr){ .msg_name = &to,
			       .msg_namelen = sizeof(to),
			       .msg_iov = &iov,
			       .msg_iovlen = 1,
			       .msg_control = c.u.bytes,
			       .msg_controllen = CMSG_SPACE(len) };
	c.u.align = (struct cmsghdr){ .cmsg_len = CMSG_LEN(len),
				      .cmsg_level = SOL_IPV6,
				      .cmsg_type = type };
	memcpy(CMSG_DATA(&c.u.align), data, len);
	return sendmsg(fd, &c.m, 0);
}

CASE(inet6_one_datagram_is_sent_differently)
{
	struct in6_pktinfo info = { .ipi6_addr = IN6ADDR_LOOPBACK_INIT, .ipi6_ifindex = 1 };
	struct control c;
	uint16_t port;
	int to = bound6("::", &port), fd = udp6(), hops = 3, tclass = 0x44;

	ask_for_everything(to);
	EQ(send_with(fd, port, IPV6_HOPLIMIT, &hops, sizeof(hops)), 1);
	recv_company(to, &c);
	EQ(number_of(&c, SOL_IPV6, IPV6_HOPLIMIT), 3);
	EQ(send_with(fd, port, IPV6_TCLASS, &tclass, sizeof(tclass)), 1);
	recv_company(to, &c);
	EQ(number_of(&c, SOL_IPV6, IPV6_TCLASS), 0x44);
	EQ(number_of(&c, SOL_IPV6, IPV6_HOPLIMIT), 64);
	EQ(send_with(fd, port, IPV6_PKTINFO, &info, sizeof(info)), 1);
	recv_company(to, &c);
	info.ipi6_ifindex = 99;
	FAILS(send_with(fd, port, IPV6_PKTINFO, &info, sizeof(info)), ENODEV);
	hops = 256;
	FAILS(send_with(fd, port, IPV6_HOPLIMIT, &hops, sizeof(hops)), EINVAL);
	FAILS(send_with(fd, port, IPV6_HOPLIMIT, &hops, 1), EINVAL);
	FAILS(send_with(fd, port, 250, &hops, sizeof(hops)), EINVAL);
}

static int set_packet_info(int fd, const struct in6_pktinfo *info)
{
	return setsockopt(fd, SOL_IPV6, IPV6_PKTINFO, info, sizeof(*info));
}

CASE(inet6_packet_info_may_be_said_once_for_all)
{
	struct in6_pktinfo info = { .ipi6_ifindex = 1 }, none = { .ipi6_ifindex = 0 };
	struct control c;
	uint16_t port;
	int to, fd;

	alone();
	to = bound6("::", &port);
	fd = udp6();
	FAILS(setsockopt(fd, SOL_IPV6, IPV6_PKTINFO, &info, 4), EINVAL);
	OK(set_packet_info(fd, &info));
	OK(connect_to6(fd, "::1", port));
	EQ(send(fd, "x", 1, 0), 1);
	recv_company(to, &c);
	EQ(send_with(fd, port, IPV6_PKTINFO, &info, sizeof(info)), 1);
	recv_company(to, &c);
	EQ(send_with(fd, port, IPV6_PKTINFO, &none, sizeof(none)), 1);
	recv_company(to, &c);
	/* One datagram may not say otherwise. */
	info.ipi6_ifindex = 99;
	OK(set_packet_info(fd, &info));
	FAILS(send(fd, "x", 1, 0), ENETUNREACH);
	info.ipi6_ifindex = 1;
	FAILS(send_with(fd, port, IPV6_PKTINFO, &info, sizeof(info)), EINVAL);
	info.ipi6_ifindex = 77; /* which there is not, either */
	FAILS(send_with(fd, port, IPV6_PKTINFO, &info, sizeof(info)), EINVAL);
	OK(set_packet_info(fd, &none));
	EQ(send(fd, "x", 1, 0), 1);
	recv_company(to, &c);
	/* A device that the socket is bound to has the last word. */
	OK(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	info.ipi6_ifindex = 1;
	OK(set_packet_info(fd, &info));
	info.ipi6_ifindex = 2;
	FAILS(set_packet_info(fd, &info), EINVAL);
	FAILS(set_packet_info(fd, &none), EINVAL);
}

CASE(inet6_errors_are_kept_for_who_asks)
{
	struct {
		uint32_t error;
		uint8_t origin, type, code, pad;
		uint32_t info, data;
		struct sockaddr_in6 offender;
	} e;
	struct sockaddr_in6 name;
	char b[8];
	struct iovec iov = { b, sizeof(b) };
	struct control c = { 0 };
	uint16_t port;
	int gone = bound6("::1", &port), fd = udp6();
	const void *data;

	close(gone);
	OK(set_int(fd, SOL_IPV6, IPV6_RECVERR, 1));
	EQ(send_at6(fd, "ask", "::1", port), 3);
	CHECK(wait_for(fd, POLLERR, 2000) & POLLERR);
	c.m = (struct msghdr){ .msg_name = &name,
			       .msg_namelen = sizeof(name),
			       .msg_iov = &iov,
			       .msg_iovlen = 1,
			       .msg_control = c.u.bytes,
			       .msg_controllen = sizeof(c.u.bytes) };
	EQ(recvmsg(fd, &c.m, MSG_ERRQUEUE), 3);
	CHECK(c.m.msg_flags & MSG_ERRQUEUE);
	EQ(ntohs(name.sin6_port), port);
	CHECK(is_ip(&name, "::1"));
	data = company(&c, SOL_IPV6, IPV6_RECVERR, sizeof(e));
	CHECK(data);
	memcpy(&e, data, sizeof(e));
	EQ(e.error, ECONNREFUSED);
	EQ(e.origin, 3);
	EQ(e.type, 1);
	EQ(e.code, 4);
	CHECK(is_ip(&e.offender, "::1"));
}
