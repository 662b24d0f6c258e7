/* Raw and ICMP echo sockets of IPv6: RFC 3542 sections 3.1 (checksums) and 3.2 (ICMP6_FILTER). */
#include "tests/posix/posix.h"

#include <netinet/icmp6.h>
#include <netinet/ip6.h>

/* A protocol that nobody speaks. */
#define NOBODYS 253

static int raw6(int protocol)
{
	return (int)OK(socket(AF_INET6, SOCK_RAW, protocol));
}

static int ping6(void)
{
	return (int)OK(socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6));
}

static struct icmp6_hdr request(uint16_t sequence)
{
	struct icmp6_hdr h = { .icmp6_type = ICMP6_ECHO_REQUEST };

	h.icmp6_id = htons(9999);
	h.icmp6_seq = htons(sequence);
	h.icmp6_cksum = 77; /* not what is sent */
	return h;
}

static ssize_t send_to6(int fd, const void *p, size_t n, const char *ip, uint16_t port)
{
	struct sockaddr_in6 sa = at6(ip, port);

	return sendto(fd, p, n, 0, (struct sockaddr *)&sa, sizeof(sa));
}

static void pass_only(int fd, int type)
{
	struct icmp6_filter f;

	ICMP6_FILTER_SETBLOCKALL(&f);
	ICMP6_FILTER_SETPASS(type, &f);
	CHECK(ICMP6_FILTER_WILLPASS(type, &f) && ICMP6_FILTER_WILLBLOCK(type + 1, &f));
	OK(setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &f, sizeof(f)));
}

CASE(ping6_is_answered)
{
	struct icmp6_hdr h = request(3), got = { 0 };
	struct sockaddr_in6 from;
	socklen_t len = sizeof(from);
	int fd;

	alone();
	fd = ping6();
	EQ(get_int(fd, SOL_SOCKET, SO_PROTOCOL), IPPROTO_ICMPV6);
	EQ(get_int(fd, SOL_SOCKET, SO_DOMAIN), AF_INET6);
	EQ(send_to6(fd, &h, sizeof(h), "::1", 0), sizeof(h));
	CHECK(port_of(fd) != 0);
	EQ(recvfrom(fd, &got, sizeof(got), 0, (struct sockaddr *)&from, &len), sizeof(got));
	EQ(got.icmp6_type, ICMP6_ECHO_REPLY);
	EQ(ntohs(got.icmp6_seq), 3);
	EQ(ntohs(got.icmp6_id), port_of(fd));
	EQ(len, sizeof(from));
	EQ(from.sin6_port, 0);
	CHECK(IN6_IS_ADDR_LOOPBACK(&from.sin6_addr));
}

CASE(ping6_sends_requests_only)
{
	struct icmp6_hdr h = request(1);
	int fd;

	alone();
	fd = ping6();
	h.icmp6_type = ICMP6_ECHO_REPLY;
	FAILS(send_to6(fd, &h, sizeof(h), "::1", 0), EINVAL);
	FAILS(send_to6(fd, &h, 7, "::1", 0), EINVAL);
}

CASE(ping6_and_raw6_are_for_whom_the_policy_lets)
{
	alone();
	give_up(RIGHT_PING);
	FAILS(socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6), EACCES);
	give_up(RIGHT_RAW);
	FAILS(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6), EPERM);
}

CASE(raw6_gets_what_is_behind_the_header)
{
	struct icmp6_hdr h = request(5), got = { 0 };
	int fd;

	alone();
	fd = raw6(IPPROTO_ICMPV6);
	EQ(port_of(fd), IPPROTO_ICMPV6);
	EQ(send_to6(fd, &h, sizeof(h), "::1", 0), sizeof(h));
	EQ(recv(fd, &got, sizeof(got), 0), sizeof(got));
	EQ(got.icmp6_type, ICMP6_ECHO_REQUEST);
	CHECK(got.icmp6_cksum != h.icmp6_cksum);
	EQ(recv(fd, &got, sizeof(got), 0), sizeof(got));
	EQ(got.icmp6_type, ICMP6_ECHO_REPLY);
	EQ(ntohs(got.icmp6_id), 9999);
}

CASE(raw6_gets_only_the_types_that_its_filter_lets_pass)
{
	struct icmp6_hdr h = request(5), got = { 0 };
	int fd;

	alone();
	fd = raw6(IPPROTO_ICMPV6);
	pass_only(fd, ICMP6_ECHO_REPLY);
	EQ(send_to6(fd, &h, sizeof(h), "::1", 0), sizeof(h));
	EQ(recv(fd, &got, sizeof(got), 0), sizeof(got));
	EQ(got.icmp6_type, ICMP6_ECHO_REPLY);
	EQ(level(fd), POLLOUT);
}

CASE(raw6_has_its_filter_back)
{
	struct icmp6_filter f;
	socklen_t len = sizeof(f);
	int fd;

	alone();
	fd = raw6(IPPROTO_ICMPV6);
	pass_only(fd, ND_ROUTER_ADVERT);
	OK(getsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &f, &len));
	EQ(len, sizeof(f));
	CHECK(ICMP6_FILTER_WILLPASS(ND_ROUTER_ADVERT, &f));
	CHECK(ICMP6_FILTER_WILLBLOCK(ICMP6_ECHO_REQUEST, &f));
	len = 4;
	OK(getsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &f, &len));
	EQ(len, 4);
	FAILS(getsockopt(fd, IPPROTO_ICMPV6, 2, &f, &len), ENOPROTOOPT);
	FAILS(setsockopt(raw6(NOBODYS), IPPROTO_ICMPV6, ICMP6_FILTER, &f, sizeof(f)), EOPNOTSUPP);
}

CASE(raw6_of_icmp_has_its_checksum_where_it_belongs)
{
	int fd;

	alone();
	fd = raw6(IPPROTO_ICMPV6);
	EQ(get_int(fd, IPPROTO_IPV6, IPV6_CHECKSUM), 2);
	FAILS(set_int(fd, IPPROTO_IPV6, IPV6_CHECKSUM, 4), EINVAL);
	fd = raw6(NOBODYS);
	EQ(get_int(fd, IPPROTO_IPV6, IPV6_CHECKSUM), -1);
	FAILS(set_int(fd, IPPROTO_IPV6, IPV6_CHECKSUM, 3), EINVAL);
	OK(set_int(fd, IPPROTO_IPV6, IPV6_CHECKSUM, 4));
	EQ(get_int(fd, IPPROTO_IPV6, IPV6_CHECKSUM), 4);
	OK(set_int(fd, IPPROTO_IPV6, IPV6_CHECKSUM, -1));
	EQ(get_int(fd, IPPROTO_IPV6, IPV6_CHECKSUM), -1);
}

CASE(raw6_fills_in_checksums_and_looks_at_them)
{
	unsigned char p[8] = { 1, 2, 3, 4, 0, 0, 7, 8 }, got[16];
	int from, to;

	alone();
	from = raw6(NOBODYS);
	to = raw6(NOBODYS);
	OK(set_int(to, IPPROTO_IPV6, IPV6_CHECKSUM, 4));
	/* A sum that is wrong. */
	EQ(send_to6(from, p, sizeof(p), "::1", 0), sizeof(p));
	EQ(recv(from, got, sizeof(got), 0), sizeof(p));
	EQ(level(to), POLLOUT);
	EQ(send_to6(to, p, sizeof(p), "::1", 0), sizeof(p));
	EQ(recv(to, got, sizeof(got), 0), sizeof(p));
	CHECK(got[4] != 0 || got[5] != 0);
	EQ(memcmp(got, p, 4), 0);
	/* The place has to be there. */
	FAILS(send_to6(to, p, 5, "::1", 0), EINVAL);
}

CASE(raw6_goes_to_the_port_of_its_protocol_or_0)
{
	char p[8] = "";
	int fd;

	alone();
	fd = raw6(NOBODYS);
	OK(send_to6(fd, p, sizeof(p), "::1", NOBODYS));
	FAILS(send_to6(fd, p, sizeof(p), "::1", NOBODYS + 1), EINVAL);
	FAILS(send(fd, p, sizeof(p), 0), EDESTADDRREQ);
}

CASE(raw6_with_a_header_of_its_own)
{
	struct {
		struct ip6_hdr ip;
		char payload[4];
	} p = { .payload = "own" };
	struct sockaddr_in6 from;
	socklen_t len = sizeof(from);
	char got[8];
	int fd, in;

	alone();
	in = raw6(NOBODYS);
	fd = raw6(IPPROTO_RAW);
	EQ(get_int(fd, IPPROTO_IPV6, IPV6_HDRINCL), 1);
	p.ip.ip6_vfc = 6 << 4;
	p.ip.ip6_plen = htons(4);
	p.ip.ip6_nxt = NOBODYS;
	p.ip.ip6_hlim = 9;
	p.ip.ip6_src = p.ip.ip6_dst = in6addr_loopback;
	EQ(send_to6(fd, &p, sizeof(p), "::1", 0), sizeof(p));
	EQ(recvfrom(in, got, sizeof(got), 0, (struct sockaddr *)&from, &len), 4);
	CHECK(strcmp(got, "own") == 0);
	CHECK(IN6_IS_ADDR_LOOPBACK(&from.sin6_addr));
	FAILS(send_to6(fd, &p, 39, "::1", 0), EINVAL);
}

/* The value of the message, which is an int; -1: it has not come. */
static int int_in(struct msghdr *m, int type)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		int value;

		if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != type)
			continue;
		memcpy(&value, CMSG_DATA(c), sizeof(value));
		return value;
	}
	return -1;
}

CASE(raw6_and_ping6_tell_the_company_of_a_packet)
{
	struct icmp6_hdr h = request(5), got;
	char control[256];
	struct iovec iov = { &got, sizeof(got) };
	int fds[2];

	alone();
	fds[0] = raw6(IPPROTO_ICMPV6);
	fds[1] = ping6();
	for (int i = 0; i < 2; i++) {
		struct msghdr m = { .msg_iov = &iov,
				    .msg_iovlen = 1,
				    .msg_control = control,
				    .msg_controllen = sizeof(control) };

		OK(set_int(fds[i], IPPROTO_IPV6, IPV6_UNICAST_HOPS, 7));
		OK(set_int(fds[i], IPPROTO_IPV6, IPV6_TCLASS, 0x20));
		OK(set_int(fds[i], IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1));
		OK(set_int(fds[i], IPPROTO_IPV6, IPV6_RECVTCLASS, 1));
		OK(set_int(fds[i], IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
		EQ(send_to6(fds[i], &h, sizeof(h), "::1", 0), sizeof(h));
		EQ(recvmsg(fds[i], &m, 0), sizeof(got));
		/* The request comes to the one, the answer to the other. */
		EQ(int_in(&m, IPV6_HOPLIMIT), i == 0 ? 7 : 64);
		CHECK(int_in(&m, IPV6_TCLASS) >= 0);
		CHECK(int_in(&m, IPV6_PKTINFO) == 0); /* the first bytes of ::1 */
		OK(set_int(fds[i], IPPROTO_IPV6, IPV6_UNICAST_HOPS, -1));
		EQ(get_int(fds[i], IPPROTO_IPV6, IPV6_UNICAST_HOPS), 64);
		FAILS(set_int(fds[i], IPPROTO_IPV6, IPV6_UNICAST_HOPS, 256), EINVAL);
		FAILS(set_int(fds[i], IPPROTO_IPV6, IPV6_TCLASS, -2), EINVAL);
	}
}

CASE(raw6_and_ping6_know_no_mapped_addresses)
{
	struct icmp6_hdr h = request(1);
	int fd;

	alone();
	fd = raw6(IPPROTO_ICMPV6);
	FAILS(bind_to6(fd, "::ffff:127.0.0.1", 0), EADDRNOTAVAIL);
	FAILS(set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1), EINVAL);
	OK(bind_to6(fd, "::1", 0));
	FAILS(send_to6(ping6(), &h, sizeof(h), "::ffff:127.0.0.1", 0), EINVAL);
}

CASE(raw6_hears_only_from_where_it_is_connected)
{
	struct sockaddr_in6 sa = at6("::1", 0);
	char p[4] = "abc", got[8];
	int fd, other;

	alone();
	fd = raw6(NOBODYS);
	other = raw6(NOBODYS);
	OK(connect(fd, (struct sockaddr *)&sa, sizeof(sa)));
	OK(bind_to6(other, "::1", 0));
	EQ(send(fd, p, sizeof(p), 0), sizeof(p));
	EQ(recv(fd, got, sizeof(got), 0), sizeof(p));
	EQ(recv(other, got, sizeof(got), 0), sizeof(p));
	CHECK(memcmp(got, p, sizeof(p)) == 0);
}

/* ---- control messages ---- */

struct control6 {
	union {
		char bytes[256];
		struct cmsghdr align;
	} u;
	struct msghdr m;
};

static void add6(struct control6 *c, int type, const void *data, size_t len)
{
	struct cmsghdr h = { .cmsg_len = CMSG_LEN(len), .cmsg_level = SOL_IPV6, .cmsg_type = type };
	char *at = c->u.bytes + c->m.msg_controllen;

	memcpy(at, &h, sizeof(h));
	memcpy(CMSG_DATA((struct cmsghdr *)(void *)at), data, len);
	c->m.msg_control = c->u.bytes;
	c->m.msg_controllen += CMSG_SPACE(len);
}

static void add_int6(struct control6 *c, int type, int value)
{
	add6(c, type, &value, sizeof(value));
}

static void add_info6(struct control6 *c, const char *ip, unsigned ifindex)
{
	struct in6_pktinfo info = { .ipi6_ifindex = ifindex };

	inet_pton(AF_INET6, ip, &info.ipi6_addr);
	add6(c, IPV6_PKTINFO, &info, sizeof(info));
}

static ssize_t send_with6(int fd, struct control6 *c, const void *p, size_t n)
{
	struct sockaddr_in6 sa = at6("::1", 0);
	struct iovec iov = { (void *)(uintptr_t)p, n };

	c->m.msg_name = &sa;
	c->m.msg_namelen = sizeof(sa);
	c->m.msg_iov = &iov;
	c->m.msg_iovlen = 1;
	return sendmsg(fd, &c->m, 0);
}

CASE(raw6_and_ping6_say_how_one_packet_goes)
{
	struct icmp6_hdr h = request(5), got;
	struct iovec iov = { &got, sizeof(got) };
	int fds[2], listener;

	alone();
	listener = raw6(IPPROTO_ICMPV6);
	pass_only(listener, ICMP6_ECHO_REQUEST);
	OK(set_int(listener, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1));
	OK(set_int(listener, IPPROTO_IPV6, IPV6_RECVTCLASS, 1));
	fds[0] = raw6(IPPROTO_ICMPV6);
	fds[1] = ping6();
	for (int i = 0; i < 2; i++) {
		struct control6 c = { .m = { 0 } };
		char control[256];
		struct msghdr m = { .msg_iov = &iov,
				    .msg_iovlen = 1,
				    .msg_control = control,
				    .msg_controllen = sizeof(control) };

		add_int6(&c, IPV6_HOPLIMIT, 9);
		add_int6(&c, IPV6_TCLASS, 0x24);
		add_info6(&c, "::1", 1);
		EQ(send_with6(fds[i], &c, &h, sizeof(h)), sizeof(h));
		EQ(recvmsg(listener, &m, 0), sizeof(got));
		EQ(int_in(&m, IPV6_HOPLIMIT), 9);
		EQ(int_in(&m, IPV6_TCLASS), 0x24);
		/* The next one is like all others. */
		EQ(send_to6(fds[i], &h, sizeof(h), "::1", 0), sizeof(h));
		m.msg_controllen = sizeof(control);
		EQ(recvmsg(listener, &m, 0), sizeof(got));
		EQ(int_in(&m, IPV6_HOPLIMIT), 64);
		EQ(int_in(&m, IPV6_TCLASS), 0);
	}
}

CASE(ping6_packet_info_may_be_said_once_for_all)
{
	struct in6_pktinfo info = { .ipi6_ifindex = 99 };
	struct sockaddr_in6 sa = at6("::1", 0);
	struct icmp6_hdr h = request(6), got;
	struct control6 c = { 0 };
	int fd;

	alone();
	fd = (int)OK(socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6));
	OK(setsockopt(fd, SOL_IPV6, IPV6_PKTINFO, &info, sizeof(info)));
	FAILS(sendto(fd, &h, sizeof(h), 0, (struct sockaddr *)&sa, sizeof(sa)), ENETUNREACH);
	info.ipi6_ifindex = 1;
	OK(setsockopt(fd, SOL_IPV6, IPV6_PKTINFO, &info, sizeof(info)));
	EQ(sendto(fd, &h, sizeof(h), 0, (struct sockaddr *)&sa, sizeof(sa)), (long)sizeof(h));
	EQ(recv(fd, &got, sizeof(got), 0), (long)sizeof(got));
	add_info6(&c, "::", 1);
	EQ(send_with6(fd, &c, &h, sizeof(h)), (long)sizeof(h));
	c = (struct control6){ 0 };
	add_info6(&c, "::", 2);
	FAILS(send_with6(fd, &c, &h, sizeof(h)), EINVAL);
}

CASE(raw6_and_ping6_refuse_control_messages_that_cannot_be)
{
	struct icmp6_hdr h = request(5);
	int fds[2];

	alone();
	fds[0] = raw6(IPPROTO_ICMPV6);
	fds[1] = ping6();
	for (int i = 0; i < 2; i++) {
		struct control6 far = { .m = { 0 } }, strange = far, nowhere = far;

		add_int6(&far, IPV6_HOPLIMIT, 256);
		FAILS(send_with6(fds[i], &far, &h, sizeof(h)), EINVAL);
		add_info6(&strange, "2001:db8::99", 0);
		FAILS(send_with6(fds[i], &strange, &h, sizeof(h)), EINVAL);
		add_info6(&nowhere, "::", 99);
		FAILS(send_with6(fds[i], &nowhere, &h, sizeof(h)), ENODEV);
	}
}

CASE(udp6_source_of_one_datagram_must_be_ours)
{
	struct control6 c = { .m = { 0 } };
	int u = udp6();

	add_info6(&c, "2001:db8::99", 0);
	FAILS(send_with6(u, &c, "x", 1), EINVAL);
}

CASE(raw6_dontfrag_refuses_what_would_be_cut)
{
	static char large[66000];
	struct control6 c = { .m = { 0 } };
	int fd;

	alone();
	fd = raw6(NOBODYS);
	add_int6(&c, IPV6_DONTFRAG, 1);
	FAILS(send_with6(fd, &c, large, sizeof(large)), EMSGSIZE);
	EQ(send_with6(fd, &c, large, 1000), 1000);
}

/* RFC 3542 section 11.3: how much the path takes is told when a datagram would have had to be cut. */
CASE(udp6_recvpathmtu_tells_by_an_empty_message)
{
	static char large[65520];
	struct control6 c = { .m = { 0 } };
	struct sockaddr_in6 from;
	struct ip6_mtuinfo info;
	char byte, control[256];
	struct iovec iov = { &byte, 1 };
	struct msghdr m = { .msg_name = &from,
			    .msg_namelen = sizeof(from),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	int u = udp6();

	nonblocking(u);
	EQ(get_int(u, SOL_IPV6, IPV6_RECVPATHMTU), 0);
	OK(connect_to6(u, "::1", 9));
	add_int6(&c, IPV6_DONTFRAG, 1);
	c.m.msg_iov = &(struct iovec){ large, sizeof(large) };
	c.m.msg_iovlen = 1;
	FAILS(sendmsg(u, &c.m, 0), EMSGSIZE);
	FAILS(recvmsg(u, &m, 0), EAGAIN);
	OK(set_int(u, SOL_IPV6, IPV6_RECVPATHMTU, 1));
	EQ(get_int(u, SOL_IPV6, IPV6_RECVPATHMTU), 1);
	FAILS(sendmsg(u, &c.m, 0), EMSGSIZE);
	EQ(recvmsg(u, &m, 0), 0);
	EQ(from.sin6_port, 0);
	CHECK(IN6_IS_ADDR_LOOPBACK(&from.sin6_addr));
	EQ(CMSG_FIRSTHDR(&m)->cmsg_level, SOL_IPV6);
	EQ(CMSG_FIRSTHDR(&m)->cmsg_type, IPV6_PATHMTU);
	EQ(CMSG_FIRSTHDR(&m)->cmsg_len, CMSG_LEN(sizeof(info)));
	memcpy(&info, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(info));
	EQ(info.ip6m_mtu, get_int(u, SOL_IPV6, IPV6_MTU));
	CHECK(IN6_IS_ADDR_LOOPBACK(&info.ip6m_addr.sin6_addr));
	m.msg_controllen = sizeof(control);
	FAILS(recvmsg(u, &m, 0), EAGAIN);
}

/* ---- groups ---- */

CASE(raw6_and_ping6_have_options_of_groups)
{
	struct ipv6_mreq r = { .ipv6mr_interface = 1 };
	int fds[2];

	alone();
	fds[0] = raw6(NOBODYS);
	fds[1] = ping6();
	for (int i = 0; i < 2; i++) {
		int fd = fds[i];

		EQ(get_int(fd, SOL_IPV6, IPV6_MULTICAST_HOPS), 1);
		OK(set_int(fd, SOL_IPV6, IPV6_MULTICAST_HOPS, 0));
		EQ(get_int(fd, SOL_IPV6, IPV6_MULTICAST_HOPS), 0);
		OK(set_int(fd, SOL_IPV6, IPV6_MULTICAST_HOPS, -1));
		EQ(get_int(fd, SOL_IPV6, IPV6_MULTICAST_HOPS), 1);
		FAILS(set_int(fd, SOL_IPV6, IPV6_MULTICAST_HOPS, 256), EINVAL);
		EQ(get_int(fd, SOL_IPV6, IPV6_MULTICAST_LOOP), 1);
		FAILS(set_int(fd, SOL_IPV6, IPV6_MULTICAST_LOOP, 2), EINVAL);
		EQ(get_int(fd, SOL_IPV6, IPV6_MULTICAST_ALL), 1);
		FAILS(set_int(fd, SOL_IPV6, IPV6_MULTICAST_IF, 99), ENODEV);
		OK(set_int(fd, SOL_IPV6, IPV6_MULTICAST_IF, 1));
		EQ(get_int(fd, SOL_IPV6, IPV6_MULTICAST_IF), 1);
		inet_pton(AF_INET6, "ff02::1234", &r.ipv6mr_multiaddr);
		OK(setsockopt(fd, SOL_IPV6, IPV6_JOIN_GROUP, &r, sizeof(r)));
		FAILS(setsockopt(fd, SOL_IPV6, IPV6_JOIN_GROUP, &r, sizeof(r)), EADDRINUSE);
		OK(setsockopt(fd, SOL_IPV6, IPV6_LEAVE_GROUP, &r, sizeof(r)));
		FAILS(setsockopt(fd, SOL_IPV6, IPV6_LEAVE_GROUP, &r, sizeof(r)), EADDRNOTAVAIL);
		inet_pton(AF_INET6, "2001:db8::1", &r.ipv6mr_multiaddr);
		FAILS(setsockopt(fd, SOL_IPV6, IPV6_JOIN_GROUP, &r, sizeof(r)), EINVAL);
	}
}
