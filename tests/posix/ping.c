/* ICMP echo sockets: SOCK_DGRAM with IPPROTO_ICMP, whose port is the identifier. */
#include "tests/posix/posix.h"

#include <netinet/ip_icmp.h>

static int ping(void)
{
	return (int)OK(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
}

static struct icmphdr request(uint16_t sequence)
{
	struct icmphdr h = { .type = ICMP_ECHO };

	h.un.echo.id = htons(9999); /* not what is sent */
	h.un.echo.sequence = htons(sequence);
	h.checksum = 77;
	return h;
}

static ssize_t send_to(int fd, const void *p, size_t n, const char *ip)
{
	struct sockaddr_in sa = at(ip, 0);

	return sendto(fd, p, n, 0, (struct sockaddr *)&sa, sizeof(sa));
}

CASE(ping_is_for_whom_the_policy_lets)
{
	alone();
	OK(ping());
	give_up(RIGHT_PING);
	FAILS(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP), EACCES);
	OK(socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP));
}

CASE(ping_needs_no_right_of_raw_sockets)
{
	alone();
	give_up(RIGHT_RAW);
	OK(ping());
}

CASE(ping_says_what_it_is)
{
	int fd;

	alone();
	fd = ping();
	EQ(get_int(fd, SOL_SOCKET, SO_TYPE), SOCK_DGRAM);
	EQ(get_int(fd, SOL_SOCKET, SO_PROTOCOL), IPPROTO_ICMP);
	EQ(port_of(fd), 0);
	EQ(level(fd), POLLOUT);
}

CASE(ping_is_answered)
{
	struct icmphdr h = request(3), got = { 0 };
	struct sockaddr_in from = { 0 };
	socklen_t len = sizeof(from);
	int fd;

	alone();
	fd = ping();
	EQ(send_to(fd, &h, sizeof(h), "127.0.0.1"), sizeof(h));
	CHECK(port_of(fd) != 0);
	EQ(recvfrom(fd, &got, sizeof(got), 0, (struct sockaddr *)&from, &len), sizeof(got));
	EQ(got.type, ICMP_ECHOREPLY);
	EQ(got.code, 0);
	EQ(ntohs(got.un.echo.sequence), 3);
	EQ(ntohs(got.un.echo.id), port_of(fd));
	EQ(len, sizeof(from));
	EQ(from.sin_port, 0);
	EQ(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK);
}

CASE(ping_carries_bytes)
{
	unsigned char p[108], in[128];
	struct icmphdr h = request(1);
	int fd;

	alone();
	fd = ping();
	memcpy(p, &h, sizeof(h));
	for (int i = 8; i < 108; i++)
		p[i] = (unsigned char)i;
	EQ(send_to(fd, p, sizeof(p), "10.0.0.1"), 108);
	EQ(recv(fd, in, sizeof(in), 0), 108);
	EQ(memcmp(p + 8, in + 8, 100), 0);
}

CASE(ping_sends_requests_only)
{
	struct icmphdr h = request(1);
	int fd;

	alone();
	fd = ping();
	h.type = ICMP_ECHOREPLY;
	FAILS(send_to(fd, &h, sizeof(h), "127.0.0.1"), EINVAL);
	h.type = ICMP_DEST_UNREACH;
	FAILS(send_to(fd, &h, sizeof(h), "127.0.0.1"), EINVAL);
	h = request(1);
	h.code = 1;
	FAILS(send_to(fd, &h, sizeof(h), "127.0.0.1"), EINVAL);
	FAILS(send_to(fd, &h, 7, "127.0.0.1"), EINVAL);
}

CASE(ping_must_know_where_to_send)
{
	struct icmphdr h = request(1);
	struct sockaddr_in sa = at("127.0.0.1", 0);
	int fd;

	alone();
	fd = ping();
	FAILS(send(fd, &h, sizeof(h), 0), EDESTADDRREQ);
	sa.sin_family = AF_INET6;
	FAILS(sendto(fd, &h, sizeof(h), 0, (struct sockaddr *)&sa, sizeof(sa)), EAFNOSUPPORT);
	FAILS(sendto(fd, &h, sizeof(h), 0, (struct sockaddr *)&sa, 4), EINVAL);
	FAILS(sendto(fd, &h, sizeof(h), MSG_OOB, (struct sockaddr *)&sa, sizeof(sa)), EOPNOTSUPP);
}

CASE(ping_bound_has_the_identifier_it_asked_for)
{
	struct icmphdr h = request(1), got = { 0 };
	int fd;

	alone();
	fd = ping();
	OK(bind_to(fd, "0.0.0.0", 4321));
	EQ(port_of(fd), 4321);
	EQ(send_to(fd, &h, sizeof(h), "127.0.0.1"), sizeof(h));
	EQ(recv(fd, &got, sizeof(got), 0), sizeof(got));
	EQ(ntohs(got.un.echo.id), 4321);
}

CASE(ping_binds_once)
{
	int fd;

	alone();
	fd = ping();
	OK(bind_to(fd, "127.0.0.1", 0));
	CHECK(port_of(fd) != 0);
	FAILS(bind_to(fd, "127.0.0.1", 5), EINVAL);
	FAILS(bind_to(ping(), "10.9.9.9", 0), EADDRNOTAVAIL);
}

CASE(ping_identifiers_are_shared_unless_somebody_minds)
{
	int a, b;

	alone();
	a = ping();
	b = ping();
	EQ(get_int(a, SOL_SOCKET, SO_REUSEADDR), 1);
	OK(bind_to(a, "0.0.0.0", 4321));
	OK(set_int(b, SOL_SOCKET, SO_REUSEADDR, 0));
	FAILS(bind_to(b, "0.0.0.0", 4321), EADDRINUSE);
	OK(close(a));
	OK(bind_to(b, "0.0.0.0", 4321));
}

CASE(ping_replies_go_to_their_socket)
{
	struct icmphdr h = request(1), got;
	int a, b;

	alone();
	a = ping();
	b = ping();
	EQ(send_to(a, &h, sizeof(h), "127.0.0.1"), sizeof(h));
	h = request(2);
	EQ(send_to(b, &h, sizeof(h), "127.0.0.1"), sizeof(h));
	CHECK(port_of(a) != port_of(b));
	EQ(recv(a, &got, sizeof(got), 0), sizeof(got));
	EQ(ntohs(got.un.echo.sequence), 1);
	EQ(recv(b, &got, sizeof(got), 0), sizeof(got));
	EQ(ntohs(got.un.echo.sequence), 2);
	FAILS(recv(a, &got, sizeof(got), MSG_DONTWAIT), EAGAIN);
}

CASE(ping_hears_no_requests)
{
	struct icmphdr h = request(1), got;
	int a, b;

	alone();
	a = ping();
	b = ping();
	OK(bind_to(b, "0.0.0.0", 1234));
	EQ(send_to(a, &h, sizeof(h), "127.0.0.1"), sizeof(h));
	EQ(recv(a, &got, sizeof(got), 0), sizeof(got));
	FAILS(recv(b, &got, sizeof(got), MSG_DONTWAIT), EAGAIN);
}

CASE(ping_connected_sends_and_hears)
{
	struct icmphdr h = request(8), got;
	struct sockaddr_in sa = at("127.0.0.1", 0);
	int fd;

	alone();
	fd = ping();
	OK(connect(fd, (struct sockaddr *)&sa, sizeof(sa)));
	EQ(send(fd, &h, sizeof(h), 0), sizeof(h));
	EQ(recv(fd, &got, sizeof(got), 0), sizeof(got));
	EQ(ntohs(got.un.echo.sequence), 8);
}

CASE(ping_truncates_and_says_so)
{
	unsigned char p[64];
	struct icmphdr h = request(8);
	struct iovec iov = { p, 4 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd;

	alone();
	fd = ping();
	EQ(send_to(fd, &h, sizeof(h), "127.0.0.1"), sizeof(h));
	EQ(recv(fd, p, sizeof(p), MSG_PEEK), 8);
	EQ(recvmsg(fd, &m, 0), 4);
	EQ(m.msg_flags, MSG_TRUNC);
}

CASE(ping_goes_over_the_wire)
{
	struct icmphdr h = request(5);
	unsigned char f[64], got[16];
	unsigned s = 0;
	int fd;

	alone();
	fd = ping();
	EQ(send_to(fd, &h, sizeof(h), "10.0.0.2"), sizeof(h));
	EQ(wire_out(f, sizeof(f)), 42);
	EQ(f[23], IPPROTO_ICMP);
	EQ(f[34], ICMP_ECHO);
	EQ(f[38] << 8 | f[39], port_of(fd));
	for (int i = 34; i < 42; i += 2)
		s += (unsigned)f[i] << 8 | f[i + 1];
	EQ((s & 0xffff) + (s >> 16), 0xffff);
	/* The answer: addresses change places, the type is zero, and so the checksum is eight more. */
	own_mac(f);
	memcpy(f + 6, wire_mac, 6);
	f[29] = 2;
	f[33] = 1;
	f[34] = ICMP_ECHOREPLY;
	s = ((unsigned)f[36] << 8 | f[37]) + 0x800;
	s = (s & 0xffff) + (s >> 16);
	f[36] = (unsigned char)(s >> 8);
	f[37] = (unsigned char)s;
	wire_in(f, 42);
	EQ(recv(fd, got, sizeof(got), 0), 8);
	EQ(got[7], 5);
}

static void seal(unsigned char *p, size_t len, size_t at)
{
	unsigned s = 0;

	p[at] = p[at + 1] = 0;
	for (size_t i = 0; i < len; i += 2)
		s += (unsigned)p[i] << 8 | p[i + 1];
	s = (s & 0xffff) + (s >> 16);
	s = ~((s & 0xffff) + (s >> 16));
	p[at] = (unsigned char)(s >> 8);
	p[at + 1] = (unsigned char)s;
}

/* A router says that the packet of frame `out` did not arrive. */
static void report(const unsigned char *out, unsigned char code)
{
	static const unsigned char header[] = { 8, 0, 0x45, 0,	0, 56, 0, 0,  0, 0, 64,
						1, 0, 0,    10, 0, 0,  2, 10, 0, 0, 1 };
	unsigned char f[70] = { 0 };

	own_mac(f);
	memcpy(f + 6, wire_mac, 6);
	memcpy(f + 12, header, sizeof(header));
	seal(f + 14, 20, 10);
	f[34] = ICMP_DEST_UNREACH;
	f[35] = code;
	memcpy(f + 42, out + 14, 28);
	seal(f + 34, 36, 2);
	wire_in(f, sizeof(f));
}

CASE(ping_connected_hears_of_errors_that_last)
{
	struct icmphdr h = request(5);
	struct sockaddr_in sa = at("10.0.0.2", 0);
	unsigned char out[64], c;
	int fd;

	alone();
	fd = ping();
	OK(connect(fd, (struct sockaddr *)&sa, sizeof(sa)));
	EQ(send(fd, &h, sizeof(h), 0), sizeof(h));
	EQ(wire_out(out, sizeof(out)), 42);
	report(out, ICMP_HOST_UNREACH);
	FAILS(recv(fd, &c, 1, MSG_DONTWAIT), EAGAIN);
	report(out, ICMP_PROT_UNREACH);
	CHECK(wait_for(fd, POLLIN, 2000) & POLLERR);
	FAILS(recv(fd, &c, 1, MSG_DONTWAIT), ENOPROTOOPT);
}
