/* Raw IPv4 sockets: whose packets they see, what is filled in of those they send, who may have one. */
#include "tests/posix/posix.h"

#include <netinet/ip.h>
#include <netinet/ip_icmp.h>

#ifndef ICMP_FILTER
#define ICMP_FILTER 1
#endif
/* A protocol that nobody speaks (RFC 3692: for experiments). */
#define NOBODYS 253

static int raw(int protocol)
{
	return (int)OK(socket(AF_INET, SOCK_RAW, protocol));
}

static ssize_t send_to(int fd, const void *p, size_t n, const char *ip)
{
	struct sockaddr_in sa = at(ip, 0);

	return sendto(fd, p, n, 0, (struct sockaddr *)&sa, sizeof(sa));
}

static ssize_t now(int fd, void *p, size_t n)
{
	return recv(fd, p, n, MSG_DONTWAIT);
}

static unsigned sum(const unsigned char *p, size_t n)
{
	unsigned s = 0;

	for (size_t i = 0; i < n; i += 2)
		s += (unsigned)p[i] << 8 | (i + 1 < n ? p[i + 1] : 0);
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

/* An echo request; its length. */
static size_t echo(unsigned char *p, unsigned char id)
{
	unsigned s;

	memset(p, 0, 12);
	p[0] = ICMP_ECHO;
	p[5] = id;
	memcpy(p + 8, "ping", 4);
	s = ~sum(p, 12);
	p[2] = (unsigned char)(s >> 8);
	p[3] = (unsigned char)s;
	return 12;
}

/* An IPv4 packet of a header and `n` bytes, everything that can be filled in left zero. */
static size_t packet(unsigned char *p, const char *dst, unsigned char proto, size_t n)
{
	struct sockaddr_in to = at(dst, 0);

	memset(p, 0, 20 + n);
	p[0] = 0x45;
	p[8] = 9;
	p[9] = proto;
	memcpy(p + 16, &to.sin_addr, 4);
	return 20 + n;
}

CASE(raw_needs_a_protocol)
{
	alone();
	FAILS(socket(AF_INET, SOCK_RAW, 0), EPROTONOSUPPORT);
}

CASE(raw_needs_the_right)
{
	alone();
	give_up(RIGHT_RAW);
	FAILS(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), EPERM);
	FAILS(socket(AF_INET, SOCK_RAW, IPPROTO_RAW), EPERM);
	OK(socket(AF_INET, SOCK_DGRAM, 0));
}

CASE(raw_without_the_right_but_without_a_protocol_too)
{
	alone();
	give_up(RIGHT_RAW);
	FAILS(socket(AF_INET, SOCK_RAW, 0), EPROTONOSUPPORT);
}

CASE(raw_says_what_it_is)
{
	int fd;

	alone();
	fd = raw(NOBODYS);
	EQ(get_int(fd, SOL_SOCKET, SO_TYPE), SOCK_RAW);
	EQ(get_int(fd, SOL_SOCKET, SO_DOMAIN), AF_INET);
	EQ(get_int(fd, SOL_SOCKET, SO_PROTOCOL), NOBODYS);
	EQ(get_int(fd, SOL_SOCKET, SO_ACCEPTCONN), 0);
	EQ(get_int(fd, SOL_SOCKET, SO_RCVBUF), 212992);
	EQ(level(fd), POLLOUT);
}

CASE(raw_has_its_protocol_for_a_port)
{
	int fd;

	alone();
	fd = raw(NOBODYS);
	EQ(port_of(fd), NOBODYS);
}

CASE(raw_receives_whole_packets)
{
	unsigned char p[64];
	struct sockaddr_in from = { 0 };
	socklen_t len = sizeof(from);
	int in, out;

	alone();
	in = raw(NOBODYS);
	out = raw(NOBODYS);
	EQ(send_to(out, "hello", 5, "127.0.0.1"), 5);
	EQ(recvfrom(in, p, sizeof(p), 0, (struct sockaddr *)&from, &len), 25);
	EQ(p[0], 0x45);
	EQ(p[3], 25);
	EQ(p[8], 64);
	EQ(p[9], NOBODYS);
	EQ(sum(p, 20), 0xffff);
	EQ(memcmp(p + 20, "hello", 5), 0);
	EQ(len, sizeof(from));
	EQ(from.sin_family, AF_INET);
	EQ(from.sin_port, 0);
	EQ(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK);
}

CASE(raw_sends_packets_that_are_not_to_be_cut)
{
	unsigned char p[64];
	int fd;

	alone();
	fd = raw(NOBODYS);
	EQ(send_to(fd, "x", 1, "127.0.0.1"), 1);
	EQ(recv(fd, p, sizeof(p), 0), 21);
	EQ(p[6], 0x40);
	EQ(p[7], 0);
}

CASE(raw_hears_itself)
{
	unsigned char p[64];
	int fd;

	alone();
	fd = raw(NOBODYS);
	EQ(send_to(fd, "x", 1, "127.0.0.1"), 1);
	EQ(recv(fd, p, sizeof(p), 0), 21);
	FAILS(now(fd, p, sizeof(p)), EAGAIN);
}

CASE(raw_copies_go_to_everybody_with_the_protocol)
{
	unsigned char p[64];
	int a, b, other;

	alone();
	a = raw(NOBODYS);
	b = raw(NOBODYS);
	other = raw(NOBODYS + 1);
	EQ(send_to(a, "x", 1, "127.0.0.1"), 1);
	EQ(recv(a, p, sizeof(p), 0), 21);
	EQ(recv(b, p, sizeof(p), 0), 21);
	FAILS(now(other, p, sizeof(p)), EAGAIN);
}

CASE(raw_sees_udp_which_arrives_all_the_same)
{
	unsigned char p[64];
	int fd, to, from;
	uint16_t port;
	struct sockaddr_in sa;

	alone();
	fd = raw(IPPROTO_UDP);
	to = udp();
	from = udp();
	OK(bind_to(to, "127.0.0.1", 0));
	port = port_of(to);
	sa = at("127.0.0.1", port);
	EQ(sendto(from, "abc", 3, 0, (struct sockaddr *)&sa, sizeof(sa)), 3);
	EQ(recv(to, p, sizeof(p), 0), 3);
	EQ(recv(fd, p, sizeof(p), 0), 31);
	EQ(p[9], IPPROTO_UDP);
	EQ(p[22] << 8 | p[23], port);
}

CASE(raw_sees_tcp)
{
	unsigned char p[128];
	int pair[2], fd;

	alone();
	fd = raw(IPPROTO_TCP);
	tcp_pair(pair);
	CHECK(recv(fd, p, sizeof(p), 0) >= 40);
	EQ(p[9], IPPROTO_TCP);
	EQ(p[33], 2); /* SYN */
}

CASE(raw_icmp_sees_request_and_reply)
{
	unsigned char p[64], request[16];
	size_t n = echo(request, 7);
	int fd;

	alone();
	fd = raw(IPPROTO_ICMP);
	EQ(send_to(fd, request, n, "127.0.0.1"), (long)n);
	EQ(recv(fd, p, sizeof(p), 0), 32);
	EQ(p[20], ICMP_ECHO);
	EQ(recv(fd, p, sizeof(p), 0), 32);
	EQ(p[20], ICMP_ECHOREPLY);
	EQ(p[25], 7);
	EQ(memcmp(p + 28, "ping", 4), 0);
	EQ(sum(p + 20, 12), 0xffff);
}

CASE(raw_icmp_filter_hides_types)
{
	unsigned char p[64], request[16];
	size_t n = echo(request, 7);
	uint32_t hide = 1u << ICMP_ECHO, is = 0;
	socklen_t len = sizeof(is);
	int fd;

	alone();
	fd = raw(IPPROTO_ICMP);
	OK(setsockopt(fd, SOL_RAW, ICMP_FILTER, &hide, sizeof(hide)));
	OK(getsockopt(fd, SOL_RAW, ICMP_FILTER, &is, &len));
	EQ(is, hide);
	EQ(len, 4);
	EQ(send_to(fd, request, n, "127.0.0.1"), (long)n);
	EQ(recv(fd, p, sizeof(p), 0), 32);
	EQ(p[20], ICMP_ECHOREPLY);
	FAILS(now(fd, p, sizeof(p)), EAGAIN);
}

CASE(raw_icmp_filter_is_for_icmp)
{
	uint32_t hide = 1;
	socklen_t len = sizeof(hide);
	int fd;

	alone();
	fd = raw(NOBODYS);
	FAILS(setsockopt(fd, SOL_RAW, ICMP_FILTER, &hide, sizeof(hide)), EOPNOTSUPP);
	FAILS(getsockopt(fd, SOL_RAW, ICMP_FILTER, &hide, &len), EOPNOTSUPP);
	fd = raw(IPPROTO_ICMP);
	FAILS(setsockopt(fd, SOL_RAW, ICMP_FILTER + 1, &hide, sizeof(hide)), ENOPROTOOPT);
}

CASE(raw_bound_to_an_address_hears_only_its_own)
{
	unsigned char p[64];
	int fd, out;

	alone();
	fd = raw(NOBODYS);
	out = raw(NOBODYS + 1);
	OK(bind_to(fd, "10.0.0.1", 0));
	out = raw(NOBODYS);
	EQ(send_to(out, "a", 1, "127.0.0.1"), 1);
	FAILS(now(fd, p, sizeof(p)), EAGAIN);
	EQ(send_to(out, "b", 1, "10.0.0.1"), 1);
	EQ(recv(fd, p, sizeof(p), 0), 21);
	EQ(p[20], 'b');
}

CASE(raw_binds_to_local_addresses_only)
{
	int fd;

	alone();
	fd = raw(NOBODYS);
	FAILS(bind_to(fd, "10.0.0.77", 0), EADDRNOTAVAIL);
	OK(bind_to(fd, "127.0.0.1", 4711));
	EQ(port_of(fd), NOBODYS);
	OK(bind_to(fd, "0.0.0.0", 0));
	FAILS(bind(fd, (struct sockaddr *)&(struct sockaddr_in){ .sin_family = AF_INET }, 8),
	      EINVAL);
}

CASE(raw_connected_hears_only_its_peer)
{
	unsigned char p[64];
	struct sockaddr_in sa = at("10.0.0.1", 0);
	int fd, out;

	alone();
	fd = raw(NOBODYS);
	out = raw(NOBODYS);
	OK(connect(fd, (struct sockaddr *)&sa, sizeof(sa)));
	EQ(send_to(out, "a", 1, "127.0.0.1"), 1);
	FAILS(now(fd, p, sizeof(p)), EAGAIN);
	EQ(send(fd, "b", 1, 0), 1);
	EQ(recv(fd, p, sizeof(p), 0), 21);
	EQ(p[20], 'b');
}

CASE(raw_has_a_peers_name_if_a_port_was_said)
{
	struct sockaddr_in sa = at("127.0.0.1", 0);
	socklen_t len = sizeof(sa);
	int fd;

	alone();
	fd = raw(NOBODYS);
	FAILS(getpeername(fd, (struct sockaddr *)&sa, &len), ENOTCONN);
	OK(connect(fd, (struct sockaddr *)&sa, sizeof(sa)));
	FAILS(getpeername(fd, (struct sockaddr *)&sa, &len), ENOTCONN);
	sa = at("127.0.0.1", 12);
	OK(connect(fd, (struct sockaddr *)&sa, sizeof(sa)));
	OK(getpeername(fd, (struct sockaddr *)&sa, &len));
	EQ(ntohs(sa.sin_port), 12);
}

CASE(raw_must_know_where_to_send)
{
	struct sockaddr_in sa = at("127.0.0.1", 0);
	int fd;

	alone();
	fd = raw(NOBODYS);
	FAILS(send(fd, "x", 1, 0), EDESTADDRREQ);
	FAILS(sendto(fd, "x", 1, 0, (struct sockaddr *)&sa, 8), EINVAL);
	sa.sin_family = AF_INET6;
	FAILS(sendto(fd, "x", 1, 0, (struct sockaddr *)&sa, sizeof(sa)), EAFNOSUPPORT);
}

CASE(raw_sends_nothing_larger_than_a_packet)
{
	static char big[65536];
	int fd;

	alone();
	fd = raw(NOBODYS);
	FAILS(send_to(fd, big, 65536, "127.0.0.1"), EMSGSIZE);
	FAILS(send(fd, big, 65536, 0), EMSGSIZE);
}

CASE(raw_broadcasts_only_with_leave)
{
	int fd;

	alone();
	fd = raw(NOBODYS);
	FAILS(send_to(fd, "x", 1, "10.0.0.255"), EACCES);
	OK(set_int(fd, SOL_SOCKET, SO_BROADCAST, 1));
	EQ(send_to(fd, "x", 1, "10.0.0.255"), 1);
}

CASE(raw_out_of_band_there_is_none)
{
	struct sockaddr_in sa = at("127.0.0.1", 0);
	char c;
	int fd;

	alone();
	fd = raw(NOBODYS);
	FAILS(sendto(fd, "x", 1, MSG_OOB, (struct sockaddr *)&sa, sizeof(sa)), EOPNOTSUPP);
	FAILS(recv(fd, &c, 1, MSG_OOB), EOPNOTSUPP);
	FAILS(listen(fd, 1), EOPNOTSUPP);
	FAILS(accept(fd, NULL, NULL), EOPNOTSUPP);
}

CASE(raw_truncates_and_says_so)
{
	unsigned char p[64];
	struct iovec iov = { p, 10 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd, n = 0;

	alone();
	fd = raw(NOBODYS);
	EQ(send_to(fd, "hello", 5, "127.0.0.1"), 5);
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	OK(ioctl(fd, FIONREAD, &n));
	EQ(n, 25);
	EQ(recv(fd, p, 1, MSG_PEEK | MSG_TRUNC), 25);
	EQ(recvmsg(fd, &m, 0), 10);
	EQ(m.msg_flags, MSG_TRUNC);
	FAILS(now(fd, p, sizeof(p)), EAGAIN);
}

CASE(raw_ttl_and_tos_are_in_the_header)
{
	unsigned char p[64];
	int fd;

	alone();
	fd = raw(NOBODYS);
	OK(set_int(fd, IPPROTO_IP, IP_TTL, 5));
	OK(set_int(fd, IPPROTO_IP, IP_TOS, 0x10));
	EQ(send_to(fd, "x", 1, "127.0.0.1"), 1);
	EQ(recv(fd, p, sizeof(p), 0), 21);
	EQ(p[8], 5);
	EQ(p[1], 0x10);
	EQ(get_int(fd, IPPROTO_IP, IP_TTL), 5);
	EQ(get_int(fd, IPPROTO_IP, IP_TOS), 0x10);
	FAILS(set_int(fd, IPPROTO_IP, IP_TTL, 256), EINVAL);
}

CASE(raw_header_included_is_sent_as_it_is)
{
	unsigned char p[64], in[64];
	size_t n = packet(p, "127.0.0.1", NOBODYS, 4);
	int fd;

	alone();
	fd = raw(NOBODYS);
	EQ(get_int(fd, IPPROTO_IP, IP_HDRINCL), 0);
	OK(set_int(fd, IPPROTO_IP, IP_HDRINCL, 1));
	EQ(get_int(fd, IPPROTO_IP, IP_HDRINCL), 1);
	p[1] = 0x08;
	p[20] = 'z';
	EQ(send_to(fd, p, n, "127.0.0.1"), (long)n);
	EQ(recv(fd, in, sizeof(in), 0), 24);
	EQ(in[1], 0x08);
	EQ(in[8], 9);
	EQ(in[9], NOBODYS);
	EQ(in[20], 'z');
}

CASE(raw_header_included_is_completed)
{
	unsigned char p[64], in[64];
	size_t n = packet(p, "127.0.0.1", NOBODYS, 4);
	int fd;

	alone();
	fd = raw(NOBODYS);
	OK(set_int(fd, IPPROTO_IP, IP_HDRINCL, 1));
	p[2] = 0x77; /* a wrong length and a wrong checksum */
	p[10] = 0x77;
	EQ(send_to(fd, p, n, "127.0.0.1"), (long)n);
	EQ(recv(fd, in, sizeof(in), 0), 24);
	EQ(in[2] << 8 | in[3], 24);
	CHECK((in[4] << 8 | in[5]) != 0);
	EQ(in[12], 127);
	EQ(in[15], 1);
	EQ(sum(in, 20), 0xffff);
}

CASE(raw_header_included_keeps_identification_and_source)
{
	unsigned char p[64], in[64];
	size_t n = packet(p, "127.0.0.1", NOBODYS, 4);
	int fd;

	alone();
	fd = raw(NOBODYS);
	OK(set_int(fd, IPPROTO_IP, IP_HDRINCL, 1));
	p[4] = 0x12;
	p[5] = 0x34;
	memcpy(p + 12, (unsigned char[]){ 10, 0, 0, 1 }, 4);
	EQ(send_to(fd, p, n, "127.0.0.1"), (long)n);
	EQ(recv(fd, in, sizeof(in), 0), 24);
	EQ(in[4] << 8 | in[5], 0x1234);
	EQ(in[12], 10);
}

CASE(raw_header_included_must_be_there)
{
	unsigned char p[64];
	int fd;

	alone();
	fd = raw(NOBODYS);
	OK(set_int(fd, IPPROTO_IP, IP_HDRINCL, 1));
	packet(p, "127.0.0.1", NOBODYS, 4);
	FAILS(send_to(fd, p, 19, "127.0.0.1"), EINVAL);
	p[0] = 0x4f;
	FAILS(send_to(fd, p, 24, "127.0.0.1"), EINVAL);
}

CASE(raw_header_included_goes_where_the_call_says)
{
	unsigned char p[64], in[64];
	size_t n = packet(p, "10.0.0.1", NOBODYS, 4);
	int fd;

	alone();
	fd = raw(NOBODYS);
	OK(set_int(fd, IPPROTO_IP, IP_HDRINCL, 1));
	EQ(send_to(fd, p, n, "10.0.0.2"), (long)n);
	EQ(wire_out(in, sizeof(in)), 38);
	EQ(in[14 + 19], 1); /* the header's own destination */
	EQ(memcmp(in, wire_mac, 6), 0);
}

CASE(raw_protocol_raw_includes_the_header)
{
	unsigned char p[64], in[64];
	size_t n = packet(p, "127.0.0.1", NOBODYS, 4);
	int out, in_fd;

	alone();
	out = raw(IPPROTO_RAW);
	in_fd = raw(NOBODYS);
	EQ(get_int(out, IPPROTO_IP, IP_HDRINCL), 1);
	EQ(send_to(out, p, n, "127.0.0.1"), (long)n);
	EQ(recv(in_fd, in, sizeof(in), 0), 24);
	FAILS(now(out, in, sizeof(in)), EAGAIN);
}

CASE(raw_header_included_fits_the_device)
{
	static unsigned char p[2000];
	int fd;

	alone();
	fd = raw(IPPROTO_RAW);
	packet(p, "10.0.0.2", NOBODYS, 1481);
	FAILS(send_to(fd, p, 1501, "10.0.0.2"), EMSGSIZE);
	EQ(send_to(fd, p, 1500, "10.0.0.2"), 1500);
}

CASE(raw_header_included_is_no_option_of_others)
{
	FAILS(set_int(udp(), IPPROTO_IP, IP_HDRINCL, 1), ENOPROTOOPT);
	FAILS(set_int(tcp(), IPPROTO_IP, IP_HDRINCL, 1), ENOPROTOOPT);
}

/* An ethernet frame with a packet of four bytes for eth0. */
static size_t frame(unsigned char *f, unsigned char proto)
{
	unsigned s;

	own_mac(f);
	memcpy(f + 6, wire_mac, 6);
	f[12] = 8;
	f[13] = 0;
	packet(f + 14, "10.0.0.1", proto, 4);
	f[17] = 24;
	memcpy(f + 26, (unsigned char[]){ 10, 0, 0, 2 }, 4);
	s = ~sum(f + 14, 20);
	f[24] = (unsigned char)(s >> 8);
	f[25] = (unsigned char)s;
	return 38;
}

CASE(raw_packets_come_from_the_wire)
{
	unsigned char f[64], p[64];
	int fd;

	alone();
	fd = raw(NOBODYS);
	wire_in(f, frame(f, NOBODYS));
	EQ(recv(fd, p, sizeof(p), 0), 24);
	EQ(p[15], 2);
}

CASE(raw_listener_keeps_the_sender_from_hearing_that_nobody_has_the_protocol)
{
	unsigned char f[64], out[128];
	int fd;

	alone();
	wire_in(f, frame(f, NOBODYS));
	CHECK(wire_out(out, sizeof(out)) >= 42); /* ICMP: protocol unreachable */
	EQ(out[23], IPPROTO_ICMP);
	EQ(out[34], ICMP_DEST_UNREACH);
	fd = raw(NOBODYS);
	wire_in(f, frame(f, NOBODYS));
	EQ(wire_out(out, sizeof(out)), 0);
	EQ(recv(fd, out, sizeof(out), 0), 24);
}

CASE(raw_connected_hears_of_errors)
{
	unsigned char f[128] = { 0 }, out[64], c;
	struct sockaddr_in sa = at("10.0.0.2", 0);
	unsigned s;
	int fd;

	alone();
	fd = raw(NOBODYS);
	OK(connect(fd, (struct sockaddr *)&sa, sizeof(sa)));
	EQ(send(fd, "12345678", 8, 0), 8);
	EQ(wire_out(out, sizeof(out)), 42);
	frame(f, IPPROTO_ICMP);
	f[17] = 56;
	f[24] = f[25] = 0;
	s = ~sum(f + 14, 20);
	f[24] = (unsigned char)(s >> 8);
	f[25] = (unsigned char)s;
	f[34] = ICMP_DEST_UNREACH;
	f[35] = ICMP_PROT_UNREACH;
	memcpy(f + 42, out + 14, 28);
	s = ~sum(f + 34, 36);
	f[36] = (unsigned char)(s >> 8);
	f[37] = (unsigned char)s;
	wire_in(f, 70);
	CHECK(wait_for(fd, POLLIN, 2000) & POLLERR);
	FAILS(recv(fd, &c, 1, MSG_DONTWAIT), ENOPROTOOPT);
	EQ(get_int(fd, SOL_SOCKET, SO_ERROR), 0);
}

CASE(raw_shut_for_writing_sends_no_headers_of_its_own)
{
	struct sockaddr_in sa = at("127.0.0.1", 0);
	unsigned char p[64];
	int fd;

	alone();
	fd = raw(NOBODYS);
	FAILS(shutdown(fd, SHUT_WR), ENOTCONN);
	OK(connect(fd, (struct sockaddr *)&sa, sizeof(sa)));
	OK(shutdown(fd, SHUT_WR));
	EQ(send(fd, "x", 1, 0), 1);
	OK(set_int(fd, IPPROTO_IP, IP_HDRINCL, 1));
	packet(p, "127.0.0.1", NOBODYS, 4);
	FAILS(send(fd, p, 24, 0), EPIPE);
}

CASE(raw_brings_company)
{
	unsigned char control[128], p[64];
	struct iovec iov = { p, sizeof(p) };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	const struct cmsghdr *c;
	int fd, ttl = 0;

	alone();
	fd = raw(NOBODYS);
	OK(set_int(fd, IPPROTO_IP, IP_RECVTTL, 1));
	EQ(get_int(fd, IPPROTO_IP, IP_RECVTTL), 1);
	EQ(send_to(fd, "x", 1, "127.0.0.1"), 1);
	EQ(recvmsg(fd, &m, 0), 21);
	c = CMSG_FIRSTHDR(&m);
	CHECK(c && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL);
	memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
	EQ(ttl, 64);
}

CASE(raw_queue_is_bounded)
{
	static char some[1000];
	unsigned char p[64];
	int fd, n = 0;

	alone();
	fd = raw(NOBODYS);
	OK(set_int(fd, SOL_SOCKET, SO_RCVBUF, 8192));
	for (int i = 0; i < 200; i++)
		EQ(send_to(fd, some, sizeof(some), "127.0.0.1"), 1000);
	while (now(fd, p, sizeof(p)) > 0)
		n++;
	CHECK(n > 1 && n < 100);
}

/* ---- groups ---- */

CASE(raw_and_ping_have_options_of_groups)
{
	struct ip_mreq r = { .imr_interface.s_addr = htonl(INADDR_LOOPBACK) };
	struct in_addr own;
	socklen_t len = sizeof(own);
	int fds[2];

	alone();
	fds[0] = raw(NOBODYS);
	fds[1] = (int)OK(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
	for (int i = 0; i < 2; i++) {
		int fd = fds[i];

		EQ(get_int(fd, SOL_IP, IP_MULTICAST_TTL), 1);
		OK(set_int(fd, SOL_IP, IP_MULTICAST_TTL, 0));
		EQ(get_int(fd, SOL_IP, IP_MULTICAST_TTL), 0);
		OK(set_int(fd, SOL_IP, IP_MULTICAST_TTL, -1));
		EQ(get_int(fd, SOL_IP, IP_MULTICAST_TTL), 1);
		FAILS(set_int(fd, SOL_IP, IP_MULTICAST_TTL, 256), EINVAL);
		EQ(get_int(fd, SOL_IP, IP_MULTICAST_LOOP), 1);
		OK(set_int(fd, SOL_IP, IP_MULTICAST_LOOP, 7));
		EQ(get_int(fd, SOL_IP, IP_MULTICAST_LOOP), 1);
		EQ(get_int(fd, SOL_IP, IP_MULTICAST_ALL), 1);
		FAILS(set_int(fd, SOL_IP, IP_MULTICAST_ALL, 2), EINVAL);
		OK(setsockopt(fd, SOL_IP, IP_MULTICAST_IF, &r.imr_interface, 4));
		OK(getsockopt(fd, SOL_IP, IP_MULTICAST_IF, &own, &len));
		EQ(own.s_addr, htonl(INADDR_LOOPBACK));
		inet_pton(AF_INET, "224.1.2.3", &r.imr_multiaddr);
		OK(setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, &r, sizeof(r)));
		FAILS(setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, &r, sizeof(r)), EADDRINUSE);
		OK(setsockopt(fd, SOL_IP, IP_DROP_MEMBERSHIP, &r, sizeof(r)));
		FAILS(setsockopt(fd, SOL_IP, IP_DROP_MEMBERSHIP, &r, sizeof(r)), EADDRNOTAVAIL);
		inet_pton(AF_INET, "10.0.0.2", &r.imr_multiaddr);
		FAILS(setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, &r, sizeof(r)), EINVAL);
	}
}

CASE(raw_sends_to_groups_as_its_options_say)
{
	struct ip_mreqn by = { .imr_ifindex = 1 };
	unsigned char got[64];
	int fd, to;

	alone();
	fd = raw(NOBODYS);
	to = raw(NOBODYS);
	inet_pton(AF_INET, "224.1.2.3", &by.imr_multiaddr);
	OK(setsockopt(to, SOL_IP, IP_ADD_MEMBERSHIP, &by, sizeof(by)));
	inet_pton(AF_INET, "127.0.0.1", &by.imr_address);
	OK(setsockopt(fd, SOL_IP, IP_MULTICAST_IF, &by, sizeof(by)));
	OK(set_int(fd, SOL_IP, IP_MULTICAST_TTL, 9));
	EQ(send_to(fd, "group", 5, "224.1.2.3"), 5);
	EQ(recv(to, got, sizeof(got), 0), 25);
	EQ(got[8], 9);
	EQ(got[12], 127);
	EQ(got[16], 224);
	/* Not its own members. */
	OK(set_int(to, SOL_IP, IP_MULTICAST_ALL, 0));
	OK(setsockopt(to, SOL_IP, IP_DROP_MEMBERSHIP, &by, sizeof(by)));
	EQ(send_to(fd, "group", 5, "224.1.2.3"), 5);
	FAILS(now(to, got, sizeof(got)), EAGAIN);
}
