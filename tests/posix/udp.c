/* UDP sockets. */
#include "tests/posix/posix.h"

static int bound(uint16_t *port)
{
	int fd = udp();

	OK(bind_to(fd, "127.0.0.1", 0));
	*port = port_of(fd);
	return fd;
}

static ssize_t send_at(int fd, const char *text, uint16_t port)
{
	struct sockaddr_in sa = at("127.0.0.1", port);

	return sendto(fd, text, strlen(text), 0, (struct sockaddr *)&sa, sizeof(sa));
}

CASE(udp_tells_the_sender)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	uint16_t port;
	int to = bound(&port), fd = udp();
	char buf[8];

	EQ(send_at(fd, "hello", port), 5);
	EQ(recvfrom(to, buf, 8, 0, (struct sockaddr *)&from, &len), 5);
	EQ(len, sizeof(from));
	EQ(ntohs(from.sin_port), port_of(fd));
}

CASE(udp_keeps_boundaries)
{
	uint16_t port;
	int to = bound(&port), fd = udp(), n = -1;
	char buf[8];

	EQ(send_at(fd, "one", port), 3);
	EQ(send_at(fd, "", port), 0);
	EQ(send_at(fd, "three", port), 5);
	CHECK(wait_for(to, POLLIN, 2000) & POLLIN);
	OK(ioctl(to, FIONREAD, &n));
	EQ(n, 3);
	EQ(recv(to, buf, 2, MSG_PEEK | MSG_TRUNC), 3);
	EQ(recv(to, buf, 8, 0), 3);
	EQ(recv(to, buf, 8, 0), 0);
	EQ(recv(to, buf, 2, 0), 2);
	FAILS(recv(to, buf, 8, MSG_DONTWAIT), EAGAIN);
}

CASE(udp_reports_truncation)
{
	uint16_t port;
	int to = bound(&port), fd = udp();
	char buf[2];
	struct iovec iov = { buf, 2 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	EQ(send_at(fd, "long", port), 4);
	EQ(recvmsg(to, &m, 0), 2);
	EQ(m.msg_flags & MSG_TRUNC, MSG_TRUNC);
}

CASE(udp_connected_takes_from_its_peer_only)
{
	uint16_t a_port, b_port;
	int a = bound(&a_port), b = bound(&b_port), other = udp();
	char c;

	OK(connect_to(a, b_port));
	EQ(send_at(other, "x", a_port), 1);
	EQ(send_at(b, "y", a_port), 1);
	EQ(recv(a, &c, 1, 0), 1);
	EQ(c, 'y');
	FAILS(recv(a, &c, 1, MSG_DONTWAIT), EAGAIN);
}

CASE(udp_connects_again_and_away)
{
	struct sockaddr away = { .sa_family = AF_UNSPEC };
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);
	uint16_t port, second;
	int fd = udp();

	bound(&port);
	bound(&second);
	OK(connect_to(fd, port));
	OK(connect_to(fd, second));
	OK(getpeername(fd, (struct sockaddr *)&sa, &len));
	EQ(ntohs(sa.sin_port), second);
	OK(connect(fd, &away, sizeof(away)));
	FAILS(getpeername(fd, (struct sockaddr *)&sa, &len), ENOTCONN);
	FAILS(send(fd, "x", 1, 0), EDESTADDRREQ);
}

/* What fd is bound to after it was connected, and is not any more. */
static struct sockaddr_in after_a_connection(int fd, uint16_t port)
{
	struct sockaddr away = { .sa_family = AF_UNSPEC };
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t len = sizeof(sa);

	OK(connect_to(fd, port));
	OK(connect(fd, &away, sizeof(away)));
	OK(getsockname(fd, (struct sockaddr *)&sa, &len));
	return sa;
}

CASE(udp_keeps_of_its_address_what_it_was_bound_to_when_it_goes_away)
{
	struct sockaddr_in sa;
	uint16_t port, mine;
	int fd = bound(&mine), again = udp();

	bound(&port);
	OK(close(fd));
	OK(bind_to(again, "127.0.0.1", mine));
	sa = after_a_connection(again, port);
	EQ(ntohl(sa.sin_addr.s_addr), INADDR_LOOPBACK);
	EQ(ntohs(sa.sin_port), mine);
	/* A port that was chosen is given back, ... */
	sa = after_a_connection(bound(&mine), port);
	EQ(ntohl(sa.sin_addr.s_addr), INADDR_LOOPBACK);
	EQ(sa.sin_port, 0);
	/* ... and so is what connect() chose; another is chosen when it is needed. */
	fd = udp();
	sa = after_a_connection(fd, port);
	EQ(ntohl(sa.sin_addr.s_addr), INADDR_ANY);
	EQ(sa.sin_port, 0);
	EQ(send_at(fd, "x", port), 1);
	CHECK(port_of(fd) != 0);
}

CASE(udp_of_ip4_hears_nothing_of_ip6)
{
	int fd = udp(), other = udp6();
	uint16_t port;
	char c;

	OK(bind_to(fd, "0.0.0.0", 0));
	port = port_of(fd);
	OK(connect_to6(other, "::1", port));
	EQ(send(other, "x", 1, 0), 1);
	FAILS(recv(other, &c, 1, 0), ECONNREFUSED);
	FAILS(recv(fd, &c, 1, MSG_DONTWAIT), EAGAIN);
	OK(connect_to6(other, "::ffff:127.0.0.1", port));
	EQ(send(other, "y", 1, 0), 1);
	EQ(recv(fd, &c, 1, 0), 1);
	EQ(c, 'y');
}

/* So programs ask which source a destination has, without a port in mind. */
CASE_OF_BOTH(udp_connects_to_port_0_to_learn_its_source)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);
	int fd = udp();

	OK(connect_to(fd, 0));
	CHECK(port_of(fd) != 0);
	FAILS(getpeername(fd, (struct sockaddr *)&name, &len), ENOTCONN);
	OK(connect_to(fd, 9));
	OK(getpeername(fd, (struct sockaddr *)&name, &len));
}

CASE(udp_hears_of_closed_ports)
{
	uint16_t port;
	int gone = bound(&port), fd = udp();
	char c;

	close(gone);
	OK(connect_to(fd, port));
	EQ(send(fd, "x", 1, 0), 1);
	CHECK(wait_for(fd, POLLIN, 2000) & POLLERR);
	EQ(get_int(fd, SOL_SOCKET, SO_ERROR), ECONNREFUSED);
	EQ(send(fd, "x", 1, 0), 1);
	FAILS(recv(fd, &c, 1, 0), ECONNREFUSED);
}

CASE(udp_is_writable_at_once)
{
	EQ(level(udp()), POLLOUT);
}

CASE(udp_too_long)
{
	static char big[65508];
	struct sockaddr_in sa = at("127.0.0.1", 9);

	FAILS(sendto(udp(), big, sizeof(big), 0, (struct sockaddr *)&sa, sizeof(sa)), EMSGSIZE);
}

CASE(udp_bind_gives_a_port_once)
{
	uint16_t port;
	int fd = bound(&port);

	FAILS(bind_to(udp(), "127.0.0.1", port), EADDRINUSE);
	FAILS(bind_to(fd, "127.0.0.1", 0), EINVAL);
}

CASE(udp_address_family)
{
	struct sockaddr_in sa = at("127.0.0.1", 9);

	sa.sin_family = AF_INET6;
	FAILS(sendto(udp(), "x", 1, 0, (struct sockaddr *)&sa, sizeof(sa)), EAFNOSUPPORT);
	FAILS(connect(udp(), (struct sockaddr *)&sa, sizeof(sa)), EAFNOSUPPORT);
	FAILS(bind(udp(), (struct sockaddr *)&sa, sizeof(sa)), EAFNOSUPPORT);
	FAILS(bind(udp(), (struct sockaddr *)&sa, 4), EINVAL);
}

CASE(udp_shutdown_of_an_unconnected_socket)
{
	FAILS(shutdown(udp(), SHUT_WR), ENOTCONN);
}

CASE(udp_many_messages_in_one_call)
{
	uint16_t port;
	int to = bound(&port), fd = udp();
	char out[3][4] = { "a", "bb", "ccc" }, in[4][8];
	struct iovec oi[3], ii[4];
	struct mmsghdr om[3] = { 0 }, im[4] = { 0 };

	OK(connect_to(fd, port));
	for (int i = 0; i < 4; i++) {
		ii[i] = (struct iovec){ in[i], 8 };
		im[i].msg_hdr = (struct msghdr){ .msg_iov = &ii[i], .msg_iovlen = 1 };
		if (i == 3)
			break;
		oi[i] = (struct iovec){ out[i], (size_t)i + 1 };
		om[i].msg_hdr = (struct msghdr){ .msg_iov = &oi[i], .msg_iovlen = 1 };
	}
	EQ(sendmmsg(fd, om, 3, 0), 3);
	EQ(om[2].msg_len, 3);
	CHECK(wait_for(to, POLLIN, 2000) & POLLIN);
	EQ(recvmmsg(to, im, 4, MSG_DONTWAIT, NULL), 3);
	EQ(im[1].msg_len, 2);
	FAILS(recvmmsg(to, im, 4, MSG_DONTWAIT, NULL), EAGAIN);
}

/* Receives a byte with what options ask for; the length of the control messages. */
static size_t recv_with(int fd, void *control, size_t len)
{
	char c;
	struct iovec iov = { &c, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = len
	};

	EQ(recvmsg(fd, &m, 0), 1);
	return m.msg_controllen;
}

CASE(udp_tells_where_a_datagram_was_sent)
{
	union {
		char bytes[128];
		struct cmsghdr head;
	} u;
	struct in_pktinfo info;
	uint16_t port;
	int to = bound(&port);

	OK(set_int(to, SOL_IP, IP_PKTINFO, 1));
	EQ(send_at(udp(), "x", port), 1);
	EQ(recv_with(to, &u, sizeof(u)), CMSG_SPACE(sizeof(info)));
	EQ(u.head.cmsg_level, SOL_IP);
	EQ(u.head.cmsg_type, IP_PKTINFO);
	memcpy(&info, CMSG_DATA(&u.head), sizeof(info));
	EQ(info.ipi_ifindex, 1);
	EQ(ntohl(info.ipi_addr.s_addr), 0x7f000001);
}

CASE(udp_tells_the_ttl_and_the_tos)
{
	union {
		char bytes[128];
		struct cmsghdr head;
	} u;
	uint16_t port;
	int to = bound(&port), from = udp(), ttl;

	OK(set_int(to, SOL_IP, IP_RECVTTL, 1));
	OK(set_int(from, SOL_IP, IP_TTL, 33));
	EQ(send_at(from, "x", port), 1);
	EQ(recv_with(to, &u, sizeof(u)), CMSG_SPACE(sizeof(int)));
	EQ(u.head.cmsg_type, IP_TTL);
	memcpy(&ttl, CMSG_DATA(&u.head), sizeof(ttl));
	EQ(ttl, 33);
	OK(set_int(to, SOL_IP, IP_RECVTTL, 0));
	OK(set_int(to, SOL_IP, IP_RECVTOS, 1));
	OK(set_int(from, SOL_IP, IP_TOS, 0x10));
	EQ(send_at(from, "x", port), 1);
	recv_with(to, &u, sizeof(u));
	EQ(u.head.cmsg_type, IP_TOS);
	EQ(u.head.cmsg_len, CMSG_LEN(1));
	EQ(*CMSG_DATA(&u.head), 0x10);
}

CASE(udp_port_sharers_get_each_flow_whole)
{
	int a = udp(), b = udp(), from = udp(), got[2] = { 0 };
	struct pollfd p[2];
	char c;

	OK(set_int(a, SOL_SOCKET, SO_REUSEPORT, 1));
	OK(set_int(b, SOL_SOCKET, SO_REUSEPORT, 1));
	OK(bind_to(a, "127.0.0.1", 0));
	OK(bind_to(b, "127.0.0.1", port_of(a)));
	p[0] = (struct pollfd){ a, POLLIN, 0 };
	p[1] = (struct pollfd){ b, POLLIN, 0 };
	for (int i = 0; i < 8; i++) {
		EQ(send_at(from, "x", port_of(a)), 1);
		OK(poll(p, 2, 2000));
		for (int j = 0; j < 2; j++)
			if (p[j].revents) {
				EQ(recv(p[j].fd, &c, 1, 0), 1);
				got[j]++;
			}
	}
	EQ(got[0] + got[1], 8);
	EQ(got[0] * got[1], 0);
}

/* Two who share a port and are connected with one remote: the last that was connected hears it. */
static void last_hears(int option, const char *ip, int last)
{
	uint16_t port, mine = 0;
	int from = bound(&port), fd[2] = { udp(), udp() };
	char c;

	for (int i = 0; i < 2; i++) {
		OK(set_int(fd[i], SOL_SOCKET, option, 1));
		OK(bind_to(fd[i], ip, mine));
		mine = port_of(fd[0]);
	}
	OK(connect_to(fd[!last], port));
	OK(connect_to(fd[last], port));
	for (int i = 0; i < 2; i++) {
		EQ(send_at(from, "x", mine), 1);
		EQ(recv(fd[last], &c, 1, 0), 1);
		FAILS(recv(fd[!last], &c, 1, MSG_DONTWAIT), EAGAIN);
		EQ(send(fd[i], "y", 1, 0), 1);
		EQ(recv(from, &c, 1, 0), 1);
	}
	OK(close(fd[last]));
	EQ(send_at(from, "x", mine), 1);
	EQ(recv(fd[!last], &c, 1, 0), 1);
	OK(close(fd[!last]));
}

CASE(udp_the_last_of_two_connected_alike_hears)
{
	for (int last = 0; last < 2; last++) {
		last_hears(SO_REUSEADDR, "127.0.0.1", last);
		last_hears(SO_REUSEADDR, "0.0.0.0", last);
		last_hears(SO_REUSEPORT, "127.0.0.1", last);
		last_hears(SO_REUSEPORT, "0.0.0.0", last);
	}
}
