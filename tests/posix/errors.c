/* What became of datagrams: error queues, path MTU, fragments, words for one datagram. */
#include "tests/posix/posix.h"

#include <linux/errqueue.h>
#include <netinet/ip.h>

static int bound(uint16_t *port)
{
	int fd = udp();

	OK(bind_to(fd, "127.0.0.1", 0));
	*port = port_of(fd);
	return fd;
}

static ssize_t send_at(int fd, const void *p, size_t n, const char *ip, uint16_t port)
{
	struct sockaddr_in sa = at(ip, port);

	return sendto(fd, p, n, 0, (struct sockaddr *)&sa, sizeof(sa));
}

static int connect_at(int fd, const char *ip, uint16_t port)
{
	struct sockaddr_in sa = at(ip, port);

	return connect(fd, (struct sockaddr *)&sa, sizeof(sa));
}

/* A port of 127.0.0.1 that nobody has. */
static uint16_t closed_port(void)
{
	uint16_t port;

	close(bound(&port));
	return port;
}

struct report {
	struct sock_extended_err e;
	struct sockaddr_in offender;
	struct sockaddr_in to;
	socklen_t to_len;
	char payload[64];
	int flags;
};

/* One message of the error queue; what recvmsg() returned. */
static ssize_t read_error(int fd, struct report *r, size_t room)
{
	union {
		char bytes[256];
		struct cmsghdr head;
	} u;
	struct iovec iov = { r->payload, room };
	struct msghdr m = { .msg_name = &r->to,
			    .msg_namelen = sizeof(r->to),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &u,
			    .msg_controllen = sizeof(u) };
	ssize_t n;

	memset(r, 0, sizeof(*r));
	n = recvmsg(fd, &m, MSG_ERRQUEUE);
	if (n < 0)
		return n;
	r->to_len = m.msg_namelen;
	r->flags = m.msg_flags;
	EQ(u.head.cmsg_level, SOL_IP);
	EQ(u.head.cmsg_type, IP_RECVERR);
	EQ(u.head.cmsg_len, CMSG_LEN(sizeof(r->e) + sizeof(r->offender)));
	memcpy(&r->e, CMSG_DATA(&u.head), sizeof(r->e) + sizeof(r->offender));
	return n;
}

static int refused(int with_queue)
{
	int fd = udp();

	if (with_queue)
		OK(set_int(fd, SOL_IP, IP_RECVERR, 1));
	OK(connect_to(fd, closed_port()));
	EQ(send(fd, "hello", 5, 0), 5);
	CHECK(wait_for(fd, POLLIN, 2000) & POLLERR);
	return fd;
}

/* ---- error queues ---- */

CASE(errors_the_queue_is_empty_at_first)
{
	struct report r;

	FAILS(read_error(udp(), &r, 8), EAGAIN);
	FAILS(read_error(tcp(), &r, 8), EAGAIN);
}

CASE(errors_of_a_closed_port)
{
	struct report r;
	int fd = refused(1);

	EQ(read_error(fd, &r, sizeof(r.payload)), 5);
	EQ(memcmp(r.payload, "hello", 5), 0);
	EQ(r.e.ee_errno, ECONNREFUSED);
	EQ(r.e.ee_origin, SO_EE_ORIGIN_ICMP);
	EQ(r.e.ee_type, 3);
	EQ(r.e.ee_code, 3);
	EQ(ntohl(r.offender.sin_addr.s_addr), 0x7f000001);
	EQ(r.to_len, sizeof(r.to));
	EQ(ntohl(r.to.sin_addr.s_addr), 0x7f000001);
	CHECK(r.to.sin_port != 0);
	EQ(r.flags & MSG_ERRQUEUE, MSG_ERRQUEUE);
	FAILS(read_error(fd, &r, 8), EAGAIN);
}

CASE(errors_reading_the_queue_takes_the_error)
{
	struct report r;
	int fd = refused(1);

	EQ(read_error(fd, &r, 8), 5);
	EQ(get_int(fd, SOL_SOCKET, SO_ERROR), 0);
	EQ(level(fd), POLLOUT);
}

CASE(errors_poll_says_so_until_the_queue_is_read)
{
	struct report r;
	int fd = refused(1);

	EQ(get_int(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	EQ(get_int(fd, SOL_SOCKET, SO_ERROR), 0);
	CHECK(level(fd) & POLLERR);
	EQ(read_error(fd, &r, 8), 5);
	EQ(level(fd) & POLLERR, 0);
}

CASE(errors_without_the_option_nothing_is_kept)
{
	struct report r;
	int fd = refused(0);

	FAILS(read_error(fd, &r, 8), EAGAIN);
	EQ(get_int(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	EQ(level(fd), POLLOUT);
}

CASE(errors_are_cut_to_the_room)
{
	struct report r;
	int fd = refused(1);

	EQ(read_error(fd, &r, 2), 2);
	EQ(r.flags & MSG_TRUNC, MSG_TRUNC);
}

CASE(errors_of_an_unconnected_socket)
{
	struct report r;
	uint16_t port = closed_port();
	int fd = udp();

	EQ(send_at(fd, "quiet", 5, "127.0.0.1", port), 5);
	EQ(wait_for(fd, POLLIN, 50) & POLLERR, 0);
	OK(set_int(fd, SOL_IP, IP_RECVERR, 1));
	EQ(send_at(fd, "loud", 4, "127.0.0.1", port), 4);
	CHECK(wait_for(fd, POLLIN, 2000) & POLLERR);
	EQ(read_error(fd, &r, 8), 4);
	EQ(ntohs(r.to.sin_port), port);
	EQ(get_int(fd, SOL_SOCKET, SO_ERROR), 0);
}

CASE(errors_of_a_socket_that_does_not_care_any_more)
{
	struct report r;
	int fd = refused(1);

	OK(set_int(fd, SOL_IP, IP_RECVERR, 0));
	FAILS(read_error(fd, &r, 8), EAGAIN);
	EQ(get_int(fd, SOL_IP, IP_RECVERR), 0);
}

CASE(errors_of_several_datagrams_in_order)
{
	struct report r;
	uint16_t a = closed_port(), b = closed_port();
	int fd = udp();

	OK(set_int(fd, SOL_IP, IP_RECVERR, 1));
	EQ(send_at(fd, "a", 1, "127.0.0.1", a), 1);
	CHECK(wait_for(fd, POLLIN, 2000) & POLLERR);
	EQ(get_int(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	EQ(send_at(fd, "b", 1, "127.0.0.1", b), 1);
	CHECK(wait_for(fd, POLLIN, 2000) & POLLERR);
	EQ(read_error(fd, &r, 8), 1);
	EQ(r.payload[0], 'a');
	EQ(get_int(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	EQ(read_error(fd, &r, 8), 1);
	EQ(r.payload[0], 'b');
}

CASE(errors_what_was_received_can_still_be_read)
{
	uint16_t port, other;
	int fd = bound(&port), peer = bound(&other), n = -1;
	char c;

	OK(set_int(fd, SOL_IP, IP_RECVERR, 1));
	EQ(send_at(peer, "xyz", 3, "127.0.0.1", port), 3);
	EQ(send_at(fd, "x", 1, "127.0.0.1", closed_port()), 1);
	CHECK(wait_for(fd, POLLPRI, 2000) & POLLERR);
	OK(ioctl(fd, FIONREAD, &n));
	EQ(n, 3);
	FAILS(recv(fd, &c, 1, 0), ECONNREFUSED);
	EQ(recv(fd, &c, 1, 0), 1);
}

/* ---- path MTU ---- */

CASE(pmtu_at_first)
{
	EQ(get_int(udp(), SOL_IP, IP_MTU_DISCOVER), IP_PMTUDISC_WANT);
}

CASE(pmtu_modes)
{
	int fd = udp();

	for (int mode = IP_PMTUDISC_DONT; mode <= IP_PMTUDISC_OMIT; mode++) {
		OK(set_int(fd, SOL_IP, IP_MTU_DISCOVER, mode));
		EQ(get_int(fd, SOL_IP, IP_MTU_DISCOVER), mode);
	}
	FAILS(set_int(fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT + 1), EINVAL);
	FAILS(set_int(fd, SOL_IP, IP_MTU_DISCOVER, -1), EINVAL);
}

CASE(pmtu_is_known_of_connected_sockets_only)
{
	int fd = udp(), mtu = 0;
	socklen_t len = sizeof(mtu);

	alone();
	fd = udp();
	FAILS(getsockopt(fd, SOL_IP, IP_MTU, &mtu, &len), ENOTCONN);
	OK(connect_at(fd, "10.0.0.2", 9));
	EQ(get_int(fd, SOL_IP, IP_MTU), 1500);
	FAILS(set_int(fd, SOL_IP, IP_MTU, 1000), ENOPROTOOPT);
}

/* The next IPv4 frame that leaves with this protocol; its length without the ethernet header. */
static size_t next_packet(unsigned char *ip, size_t room, int proto)
{
	unsigned char frame[2048];
	size_t n;

	while ((n = wire_out(frame, sizeof(frame))) > 0) {
		if (n < 34 || frame[12] != 8 || frame[13] != 0 || frame[14 + 9] != proto)
			continue;
		n = n - 14 < room ? n - 14 : room;
		memcpy(ip, frame + 14, n);
		return n;
	}
	return 0;
}

static unsigned sum(const unsigned char *p, size_t n, unsigned s)
{
	for (size_t i = 0; i < n; i += 2)
		s += (unsigned)p[i] << 8 | (i + 1 < n ? p[i + 1] : 0);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

static void put16(unsigned char *p, unsigned v)
{
	p[0] = (unsigned char)(v >> 8);
	p[1] = (unsigned char)v;
}

/* An IPv4 packet from 10.0.0.2 comes in. */
static void packet_in(unsigned proto, unsigned frag, const void *l4, size_t len)
{
	unsigned char f[2048] = { 0 };

	own_mac(f);
	memcpy(f + 6, wire_mac, 6);
	f[12] = 8;
	f[14] = 0x45;
	put16(f + 16, (unsigned)(20 + len));
	put16(f + 18, 77);
	put16(f + 20, frag);
	f[22] = 64;
	f[23] = (unsigned char)proto;
	memcpy(f + 26, "\x0a\0\0\x02\x0a\0\0\x01", 8);
	put16(f + 24, ~sum(f + 14, 20, 0) & 0xffff);
	memcpy(f + 34, l4, len);
	wire_in(f, 34 + len);
}

/* 10.0.0.2 says something about a packet of ours. */
static void icmp_in(int type, int code, unsigned mtu, const unsigned char *about, size_t len)
{
	unsigned char m[600] = { (unsigned char)type, (unsigned char)code };

	put16(m + 6, mtu);
	memcpy(m + 8, about, len);
	put16(m + 2, ~sum(m, 8 + len, 0) & 0xffff);
	packet_in(1, 0, m, 8 + len);
}

static unsigned frag_of(const unsigned char *ip)
{
	return (unsigned)ip[6] << 8 | ip[7];
}

CASE(pmtu_a_router_is_believed)
{
	static char big[1400];
	unsigned char ip[2048];
	struct report r;
	int fd;

	alone();
	fd = udp();
	OK(connect_at(fd, "10.0.0.2", 9));
	OK(set_int(fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO));
	OK(set_int(fd, SOL_IP, IP_RECVERR, 1));
	EQ(send(fd, big, sizeof(big), 0), sizeof(big));
	EQ(next_packet(ip, sizeof(ip), 17), 1428);
	EQ(frag_of(ip), 0x4000);
	icmp_in(3, 4, 1300, ip, 128);
	CHECK(wait_for(fd, POLLIN, 2000) & POLLERR);
	EQ(read_error(fd, &r, 8), 8);
	EQ(r.e.ee_errno, EMSGSIZE);
	EQ(r.e.ee_type, 3);
	EQ(r.e.ee_code, 4);
	EQ(r.e.ee_info, 1300);
	EQ(ntohl(r.offender.sin_addr.s_addr), 0x0a000002);
	EQ(get_int(fd, SOL_IP, IP_MTU), 1300);
	FAILS(send(fd, big, sizeof(big), 0), EMSGSIZE);
	EQ(read_error(fd, &r, 8), 0);
	EQ(r.e.ee_origin, SO_EE_ORIGIN_LOCAL);
	EQ(r.e.ee_info, 1300);
	EQ(r.offender.sin_family, 0);
	EQ(send(fd, big, 1300 - 28, 0), 1300 - 28);
}

CASE(pmtu_what_is_larger_goes_in_fragments)
{
	static char big[2000];
	unsigned char ip[2048];
	int fd;

	alone();
	fd = udp();
	OK(connect_at(fd, "10.0.0.2", 9));
	EQ(send(fd, big, sizeof(big), 0), sizeof(big));
	EQ(next_packet(ip, sizeof(ip), 17), 1500);
	EQ(frag_of(ip), 0x2000);
	EQ(next_packet(ip, sizeof(ip), 17), 2008 - 1480 + 20);
	EQ(frag_of(ip), 1480 / 8);
	EQ(send(fd, big, 100, 0), 100);
	next_packet(ip, sizeof(ip), 17);
	EQ(frag_of(ip), 0x4000);
}

CASE(pmtu_dont_lets_routers_cut)
{
	unsigned char ip[2048];
	int fd;

	alone();
	fd = udp();
	OK(set_int(fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT));
	EQ(send_at(fd, "x", 1, "10.0.0.2", 9), 1);
	CHECK(next_packet(ip, sizeof(ip), 17) > 0);
	EQ(frag_of(ip), 0);
}

CASE(pmtu_do_refuses_without_a_word_to_the_network)
{
	static char big[2000];
	struct report r;
	unsigned char ip[64];
	int fd;

	alone();
	fd = udp();
	OK(set_int(fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO));
	OK(connect_at(fd, "10.0.0.2", 9));
	FAILS(send(fd, big, sizeof(big), 0), EMSGSIZE);
	FAILS(read_error(fd, &r, 8), EAGAIN);
	EQ(send(fd, big, 1472, 0), 1472);
	EQ(next_packet(ip, sizeof(ip), 17), sizeof(ip));
}

CASE(pmtu_the_largest_datagram_over_the_loopback)
{
	static char out[65507], in[65507];
	uint16_t port;
	int to = bound(&port), fd = udp();

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 5 + (i >> 7));
	OK(set_int(to, SOL_SOCKET, SO_RCVBUF, 400000));
	EQ(send_at(fd, out, sizeof(out), "127.0.0.1", port), sizeof(out));
	EQ(recv(to, in, sizeof(in), 0), sizeof(in));
	EQ(memcmp(in, out, sizeof(in)), 0);
}

CASE(fragments_are_put_together)
{
	unsigned char l4[2008] = { 0 };
	char in[2000];
	int fd;

	alone();
	fd = udp();
	OK(bind_to(fd, "10.0.0.1", 4000));
	put16(l4, 9);
	put16(l4 + 2, 4000);
	put16(l4 + 4, sizeof(l4));
	for (size_t i = 8; i < sizeof(l4); i++)
		l4[i] = (unsigned char)(i * 3);
	packet_in(17, 1480 / 8, l4 + 1480, sizeof(l4) - 1480);
	packet_in(17, 0x2000, l4, 1480);
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	EQ(recv(fd, in, sizeof(in), 0), sizeof(in));
	EQ(memcmp(in, l4 + 8, sizeof(in)), 0);
}

CASE(fragments_that_overlap_are_refused)
{
	unsigned char l4[2008] = { 0 };
	int fd;

	alone();
	fd = udp();
	OK(bind_to(fd, "10.0.0.1", 4000));
	put16(l4, 9);
	put16(l4 + 2, 4000);
	put16(l4 + 4, sizeof(l4));
	packet_in(17, 1472 / 8, l4 + 1472, sizeof(l4) - 1472);
	packet_in(17, 0x2000, l4, 1480);
	EQ(wait_for(fd, POLLIN, 50), 0);
}

/* ---- ICMP about connected sockets ---- */

/* A connected socket's error after such a message; 0: none. */
static int after_icmp(int type, int code, int asked)
{
	unsigned char ip[128];
	size_t n;
	int fd;

	alone();
	fd = udp();
	if (asked)
		OK(set_int(fd, SOL_IP, IP_RECVERR, 1));
	OK(connect_at(fd, "10.0.0.2", 9));
	EQ(send(fd, "x", 1, 0), 1);
	n = next_packet(ip, sizeof(ip), 17);
	icmp_in(type, code, 0, ip, n);
	wait_for(fd, POLLIN, 100);
	return get_int(fd, SOL_SOCKET, SO_ERROR);
}

#define AFTER(title, type, code, asked, error)                                                     \
	CASE(icmp_##title)                                                                         \
	{                                                                                          \
		EQ(after_icmp(type, code, asked), error);                                          \
	}

AFTER(net_unreachable, 3, 0, 0, 0)
AFTER(net_unreachable_asked_for, 3, 0, 1, ENETUNREACH)
AFTER(host_unreachable, 3, 1, 0, 0)
AFTER(host_unreachable_asked_for, 3, 1, 1, EHOSTUNREACH)
AFTER(protocol_unreachable, 3, 2, 0, ENOPROTOOPT)
AFTER(port_unreachable, 3, 3, 0, ECONNREFUSED)
AFTER(source_route_failed_asked_for, 3, 5, 1, EOPNOTSUPP)
AFTER(host_unknown, 3, 7, 0, EHOSTDOWN)
AFTER(host_isolated, 3, 8, 0, ENONET)
AFTER(prohibited, 3, 13, 0, EHOSTUNREACH)
AFTER(time_exceeded, 11, 0, 0, 0)
AFTER(time_exceeded_asked_for, 11, 0, 1, EHOSTUNREACH)
AFTER(parameter_problem, 12, 0, 0, EPROTO)
AFTER(redirect_is_no_error, 5, 1, 1, 0)

/* ---- words for one datagram ---- */

static ssize_t send_with(int fd, const char *ip, uint16_t port, int type, const void *data,
			 size_t len)
{
	union {
		char bytes[64];
		struct cmsghdr head;
	} u = { { 0 } };
	struct sockaddr_in sa = at(ip, port);
	struct iovec iov = { (void *)(uintptr_t) "x", 1 };
	struct msghdr m = { .msg_name = &sa,
			    .msg_namelen = sizeof(sa),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &u,
			    .msg_controllen = CMSG_SPACE(len) };

	u.head.cmsg_level = SOL_IP;
	u.head.cmsg_type = type;
	u.head.cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(&u.head), data, len);
	return sendmsg(fd, &m, 0);
}

CASE(cmsg_ttl_and_tos_of_one_datagram)
{
	unsigned char ip[64], one = 0x20;
	int ttl = 9, tos = 0x10, fd;

	alone();
	fd = udp();
	EQ(send_with(fd, "10.0.0.2", 9, IP_TTL, &ttl, sizeof(ttl)), 1);
	next_packet(ip, sizeof(ip), 17);
	EQ(ip[8], 9);
	EQ(send_with(fd, "10.0.0.2", 9, IP_TOS, &tos, sizeof(tos)), 1);
	next_packet(ip, sizeof(ip), 17);
	EQ(ip[1], 0x10);
	EQ(ip[8], 64);
	EQ(send_with(fd, "10.0.0.2", 9, IP_TOS, &one, 1), 1);
	next_packet(ip, sizeof(ip), 17);
	EQ(ip[1], 0x20);
	EQ(send_at(fd, "x", 1, "10.0.0.2", 9), 1);
	next_packet(ip, sizeof(ip), 17);
	EQ(ip[1], 0);
}

CASE(cmsg_values_are_checked)
{
	int bad = 0, high = 256, fd = udp();
	short two = 1;

	FAILS(send_with(fd, "127.0.0.1", 9, IP_TTL, &bad, sizeof(bad)), EINVAL);
	FAILS(send_with(fd, "127.0.0.1", 9, IP_TTL, &high, sizeof(high)), EINVAL);
	FAILS(send_with(fd, "127.0.0.1", 9, IP_TTL, &two, sizeof(two)), EINVAL);
	FAILS(send_with(fd, "127.0.0.1", 9, IP_RECVERR, &bad, sizeof(bad)), EINVAL);
}

CASE(cmsg_chooses_the_source)
{
	struct in_pktinfo info = { .ipi_spec_dst = { htonl(0x7f000005) } };
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	uint16_t port;
	int to = bound(&port), fd = udp();
	char c;

	EQ(send_with(fd, "127.0.0.1", port, IP_PKTINFO, &info, sizeof(info)), 1);
	EQ(recvfrom(to, &c, 1, 0, (struct sockaddr *)&from, &len), 1);
	EQ(ntohl(from.sin_addr.s_addr), 0x7f000005);
	EQ(send_at(fd, "x", 1, "127.0.0.1", port), 1);
	EQ(recvfrom(to, &c, 1, 0, (struct sockaddr *)&from, &len), 1);
	EQ(ntohl(from.sin_addr.s_addr), 0x7f000001);
}

CASE(cmsg_source_must_be_ours)
{
	struct in_pktinfo info = { .ipi_spec_dst = { htonl(0x08080808) } };
	int fd;

	alone();
	fd = udp();
	FAILS(send_with(fd, "10.0.0.2", 9, IP_PKTINFO, &info, sizeof(info)), ENETUNREACH);
	info.ipi_spec_dst.s_addr = 0;
	info.ipi_ifindex = 99;
	FAILS(send_with(fd, "10.0.0.2", 9, IP_PKTINFO, &info, sizeof(info)), ENODEV);
}

CASE(cmsg_original_destination)
{
	union {
		char bytes[128];
		struct cmsghdr head;
	} u;
	struct sockaddr_in to_addr;
	uint16_t port;
	int to = bound(&port);
	char c;
	struct iovec iov = { &c, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &u, .msg_controllen = sizeof(u)
	};

	OK(set_int(to, SOL_IP, IP_RECVORIGDSTADDR, 1));
	EQ(get_int(to, SOL_IP, IP_RECVORIGDSTADDR), 1);
	EQ(send_at(udp(), "x", 1, "127.0.0.1", port), 1);
	EQ(recvmsg(to, &m, 0), 1);
	EQ(u.head.cmsg_type, IP_ORIGDSTADDR);
	memcpy(&to_addr, CMSG_DATA(&u.head), sizeof(to_addr));
	EQ(ntohs(to_addr.sin_port), port);
	EQ(ntohl(to_addr.sin_addr.s_addr), 0x7f000001);
}

CASE(cmsg_of_a_stream_is_ignored)
{
	int ttl = 3, fd[2];
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr head;
	} u = { { 0 } };
	struct iovec iov = { (void *)(uintptr_t) "x", 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &u, .msg_controllen = sizeof(u)
	};

	tcp_pair(fd);
	u.head.cmsg_level = SOL_IP;
	u.head.cmsg_type = IP_TTL;
	u.head.cmsg_len = CMSG_LEN(sizeof(ttl));
	memcpy(CMSG_DATA(&u.head), &ttl, sizeof(ttl));
	EQ(sendmsg(fd[0], &m, 0), 1);
}

/* ---- addresses that are not ours ---- */

CASE(freebind_binds_to_any_address)
{
	int fd = udp();

	EQ(get_int(fd, SOL_IP, IP_FREEBIND), 0);
	FAILS(bind_to(fd, "8.8.8.8", 0), EADDRNOTAVAIL);
	OK(set_int(fd, SOL_IP, IP_FREEBIND, 1));
	OK(bind_to(fd, "8.8.8.8", 0));
}

CASE(options_of_ipv6_are_none_of_ipv4)
{
	int one = 1;
	socklen_t len = sizeof(one);

	FAILS(setsockopt(udp(), IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)), ENOPROTOOPT);
	FAILS(setsockopt(tcp(), IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)), ENOPROTOOPT);
	FAILS(getsockopt(udp(), IPPROTO_IPV6, IPV6_V6ONLY, &one, &len), EOPNOTSUPP);
	FAILS(getsockopt(tcp(), IPPROTO_IPV6, IPV6_V6ONLY, &one, &len), EOPNOTSUPP);
}
