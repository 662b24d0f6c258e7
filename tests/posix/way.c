/* Options of every socket that say by which way, with which right and from when: devices, marks, times. */
#include "tests/posix/posix.h"

#include <netinet/ip_icmp.h>

static int bind_device(int fd, const char *name)
{
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name) + 1);
}

static int bound(const char *ip, uint16_t *port)
{
	int fd = udp();

	OK(bind_to(fd, ip, 0));
	*port = port_of(fd);
	return fd;
}

static ssize_t send_to(int fd, const char *ip, uint16_t port, int flags)
{
	struct sockaddr_in sa = at(ip, port);

	return sendto(fd, "data", 4, flags, (struct sockaddr *)&sa, sizeof(sa));
}

CASE(device_is_told_by_name)
{
	char name[16] = "?";
	socklen_t len = sizeof(name);
	int fd;

	alone();
	fd = udp();
	OK(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len));
	EQ(len, 0);
	OK(bind_device(fd, "eth0"));
	len = sizeof(name);
	OK(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len));
	EQ(len, 5);
	EQ(strcmp(name, "eth0"), 0);
	OK(bind_device(fd, ""));
	len = sizeof(name);
	OK(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len));
	EQ(len, 0);
}

CASE(device_must_be_there)
{
	alone();
	FAILS(bind_device(udp(), "eth7"), ENODEV);
	FAILS(bind_device(tcp(), "eth7"), ENODEV);
}

CASE(device_may_be_chosen_once_by_anybody)
{
	int fd;

	alone();
	give_up(RIGHT_RAW);
	fd = udp();
	OK(bind_device(fd, "lo"));
	FAILS(bind_device(fd, "eth0"), EPERM);
	FAILS(bind_device(fd, ""), EPERM);
}

CASE(device_is_told_by_index)
{
	int fd;

	alone();
	fd = udp();
	EQ(get_int(fd, SOL_SOCKET, 62), 0); /* SO_BINDTOIFINDEX */
	OK(set_int(fd, SOL_SOCKET, 62, 1));
	EQ(get_int(fd, SOL_SOCKET, 62), 1);
	if (DIFFERS("Linux believes in interfaces that will come"))
		FAILS(set_int(fd, SOL_SOCKET, 62, 77), ENODEV);
	OK(set_int(fd, SOL_SOCKET, 62, 0));
}

CASE(device_has_its_own_listeners)
{
	char buf[8];
	uint16_t port;
	int lo, eth, from;

	alone();
	lo = bound("0.0.0.0", &port);
	OK(bind_device(lo, "lo"));
	eth = udp();
	OK(bind_device(eth, "eth0"));
	OK(bind_to(eth, "0.0.0.0", port));
	from = udp();
	EQ(send_to(from, "127.0.0.1", port, 0), 4);
	EQ(recv(lo, buf, sizeof(buf), 0), 4);
	FAILS(recv(eth, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
}

CASE(device_decides_where_datagrams_leave)
{
	unsigned char f[64];
	int fd;

	alone();
	fd = udp();
	OK(set_int(fd, SOL_SOCKET, SO_BROADCAST, 1));
	OK(bind_device(fd, "eth0"));
	EQ(send_to(fd, "255.255.255.255", 9, 0), 4);
	EQ(wire_out(f, sizeof(f)), 46);
	EQ(f[0] & f[5], 0xff);
}

CASE(device_of_a_listener_hears_no_other)
{
	uint16_t port;
	int fd, to;

	alone();
	fd = tcp();
	OK(bind_device(fd, "eth0"));
	OK(bind_to(fd, "0.0.0.0", 0));
	OK(listen(fd, 1));
	port = port_of(fd);
	to = tcp();
	FAILS(connect_to(to, port), ECONNREFUSED);
}

CASE(device_each_has_a_listener_on_one_port)
{
	int lo, eth, all, to;
	uint16_t port;

	alone();
	lo = tcp();
	eth = tcp();
	OK(bind_device(lo, "lo"));
	OK(bind_device(eth, "eth0"));
	OK(bind_to(lo, "0.0.0.0", 0));
	port = port_of(lo);
	OK(bind_to(eth, "0.0.0.0", port));
	OK(listen(lo, 1));
	OK(listen(eth, 1));
	all = tcp();
	FAILS(bind_to(all, "0.0.0.0", port), EADDRINUSE);
	nonblocking(lo);
	nonblocking(eth);
	to = tcp();
	OK(connect_to(to, port));
	FAILS(accept(eth, NULL, NULL), EAGAIN);
	OK(accept(lo, NULL, NULL));
	close(lo);
	FAILS(connect_to(tcp(), port), ECONNREFUSED);
}

CASE(device_comes_before_any_device)
{
	int lo, all, to;
	uint16_t port;

	alone();
	all = tcp();
	lo = tcp();
	OK(set_int(all, SOL_SOCKET, SO_REUSEPORT, 1));
	OK(set_int(lo, SOL_SOCKET, SO_REUSEPORT, 1));
	OK(bind_device(lo, "lo"));
	OK(bind_to(all, "0.0.0.0", 0));
	port = port_of(all);
	OK(bind_to(lo, "0.0.0.0", port));
	OK(listen(all, 1));
	OK(listen(lo, 1));
	nonblocking(lo);
	nonblocking(all);
	to = tcp();
	OK(connect_to(to, port));
	FAILS(accept(all, NULL, NULL), EAGAIN);
	OK(accept(lo, NULL, NULL));
}

CASE(device_of_a_connection)
{
	uint16_t port;
	int listener, fd, got;
	char name[16];
	socklen_t len = sizeof(name);

	alone();
	listener = listening(1, &port);
	OK(bind_device(listener, "lo"));
	fd = tcp();
	OK(bind_device(fd, "lo"));
	OK(connect_to(fd, port));
	got = (int)OK(accept(listener, NULL, NULL));
	OK(getsockopt(got, SOL_SOCKET, SO_BINDTODEVICE, name, &len));
	EQ(strcmp(name, "lo"), 0);
	EQ(send(fd, "x", 1, 0), 1);
	EQ(recv(got, name, 1, 0), 1);
}

CASE(device_of_raw_and_echo_sockets)
{
	struct icmphdr h = { .type = ICMP_ECHO };
	struct sockaddr_in sa = at("127.0.0.1", 0);
	unsigned char p[64];
	int ping, raw;

	alone();
	ping = (int)OK(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
	raw = (int)OK(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	OK(bind_device(ping, "lo"));
	OK(bind_device(raw, "eth0"));
	EQ(sendto(ping, &h, sizeof(h), 0, (struct sockaddr *)&sa, sizeof(sa)), sizeof(h));
	EQ(recv(ping, p, sizeof(p), 0), 8);
	FAILS(recv(raw, p, sizeof(p), MSG_DONTWAIT), EAGAIN);
}

CASE(mark_is_set_with_the_right)
{
	int fd;

	alone();
	fd = udp();
	EQ(get_int(fd, SOL_SOCKET, SO_MARK), 0);
	OK(set_int(fd, SOL_SOCKET, SO_MARK, 42));
	EQ(get_int(fd, SOL_SOCKET, SO_MARK), 42);
	give_up(RIGHT_ADMIN);
	OK(set_int(fd, SOL_SOCKET, SO_MARK, 43));
	give_up(RIGHT_RAW);
	FAILS(set_int(fd, SOL_SOCKET, SO_MARK, 44), EPERM);
	FAILS(set_int(tcp(), SOL_SOCKET, SO_MARK, 44), EPERM);
	EQ(get_int(fd, SOL_SOCKET, SO_MARK), 43);
}

CASE(mark_changes_nothing_where_no_route_asks_for_it)
{
	uint16_t port;
	int to, fd;
	char buf[8];

	alone();
	to = bound("127.0.0.1", &port);
	fd = udp();
	OK(set_int(fd, SOL_SOCKET, SO_MARK, 7));
	EQ(send_to(fd, "127.0.0.1", port, 0), 4);
	EQ(recv(to, buf, sizeof(buf), 0), 4);
}

CASE(mark_is_a_childs_as_its_listeners)
{
	uint16_t port;
	int listener, fd;

	alone();
	listener = listening(1, &port);
	OK(set_int(listener, SOL_SOCKET, SO_MARK, 9));
	fd = tcp();
	OK(connect_to(fd, port));
	EQ(get_int((int)OK(accept(listener, NULL, NULL)), SOL_SOCKET, SO_MARK), 9);
}

CASE(priority_above_six_needs_the_right)
{
	int fd;

	alone();
	fd = udp();
	EQ(get_int(fd, SOL_SOCKET, SO_PRIORITY), 0);
	OK(set_int(fd, SOL_SOCKET, SO_PRIORITY, 7));
	EQ(get_int(fd, SOL_SOCKET, SO_PRIORITY), 7);
	give_up(RIGHT_ADMIN);
	give_up(RIGHT_RAW);
	FAILS(set_int(fd, SOL_SOCKET, SO_PRIORITY, 7), EPERM);
	FAILS(set_int(fd, SOL_SOCKET, SO_PRIORITY, -1), EPERM);
	OK(set_int(fd, SOL_SOCKET, SO_PRIORITY, 6));
}

CASE(priority_follows_the_type_of_service)
{
	int fds[2];

	fds[0] = udp();
	fds[1] = tcp();
	for (int i = 0; i < 2; i++) {
		OK(set_int(fds[i], IPPROTO_IP, IP_TOS, 0x10));
		EQ(get_int(fds[i], SOL_SOCKET, SO_PRIORITY), 6);
		OK(set_int(fds[i], IPPROTO_IP, IP_TOS, 0x08));
		EQ(get_int(fds[i], SOL_SOCKET, SO_PRIORITY), 2);
		OK(set_int(fds[i], IPPROTO_IP, IP_TOS, 0));
		EQ(get_int(fds[i], SOL_SOCKET, SO_PRIORITY), 0);
		OK(set_int(fds[i], SOL_SOCKET, SO_PRIORITY, 5));
		EQ(get_int(fds[i], IPPROTO_IP, IP_TOS), 0);
	}
}

CASE(dontroute_reaches_neighbours_only)
{
	unsigned char f[64];
	int fd;

	alone();
	fd = udp();
	EQ(get_int(fd, SOL_SOCKET, SO_DONTROUTE), 0);
	OK(set_int(fd, SOL_SOCKET, SO_DONTROUTE, 1));
	EQ(get_int(fd, SOL_SOCKET, SO_DONTROUTE), 1);
	EQ(send_to(fd, "10.0.0.2", 9, 0), 4);
	EQ(wire_out(f, sizeof(f)), 46);
	EQ(send_to(fd, "127.0.0.1", 9, 0), 4);
}

CASE(dontroute_is_said_of_one_datagram_too)
{
	unsigned char f[64];
	int fd;

	alone();
	fd = udp();
	EQ(send_to(fd, "10.0.0.2", 9, MSG_DONTROUTE), 4);
	EQ(wire_out(f, sizeof(f)), 46);
	EQ(get_int(fd, SOL_SOCKET, SO_DONTROUTE), 0);
}

CASE(dontroute_does_not_hinder_a_stream)
{
	char c;
	int pair[2];

	tcp_pair(pair);
	EQ(send(pair[0], "x", 1, MSG_DONTROUTE), 1);
	EQ(recv(pair[1], &c, 1, 0), 1);
}

/* Receives, and returns the type of the one control message, its time in ns since 1970. */
static int when(int fd, int64_t *ns)
{
	unsigned char control[128] = { 0 };
	char buf[64];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	const struct cmsghdr *c;
	int64_t t[2];

	OK(recvmsg(fd, &m, 0));
	c = CMSG_FIRSTHDR(&m);
	if (!c)
		return 0;
	EQ(c->cmsg_level, SOL_SOCKET);
	EQ(c->cmsg_len, CMSG_LEN(sizeof(t)));
	memcpy(t, CMSG_DATA(c), sizeof(t));
	*ns = t[0] * 1000000000 + (c->cmsg_type == SO_TIMESTAMP ? t[1] * 1000 : t[1]);
	return c->cmsg_type;
}

static int64_t wall_ns(void)
{
	struct timespec ts;

	OK(clock_gettime(CLOCK_REALTIME, &ts));
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

CASE(timestamps_tell_when_a_datagram_came)
{
	int64_t before, came = 0;
	uint16_t port;
	int to, fd = udp();

	to = bound("127.0.0.1", &port);
	EQ(get_int(to, SOL_SOCKET, SO_TIMESTAMP), 0);
	OK(set_int(to, SOL_SOCKET, SO_TIMESTAMP, 1));
	EQ(get_int(to, SOL_SOCKET, SO_TIMESTAMP), 1);
	before = wall_ns();
	EQ(send_to(fd, "127.0.0.1", port, 0), 4);
	EQ(when(to, &came), SO_TIMESTAMP);
	CHECK(came >= before - 2000 && came <= wall_ns());
}

CASE(timestamps_may_be_finer)
{
	int64_t before, came = 0;
	uint16_t port;
	int to, fd = udp();

	to = bound("127.0.0.1", &port);
	OK(set_int(to, SOL_SOCKET, SO_TIMESTAMP, 1));
	OK(set_int(to, SOL_SOCKET, SO_TIMESTAMPNS, 1));
	EQ(get_int(to, SOL_SOCKET, SO_TIMESTAMP), 0);
	EQ(get_int(to, SOL_SOCKET, SO_TIMESTAMPNS), 1);
	before = wall_ns();
	EQ(send_to(fd, "127.0.0.1", port, 0), 4);
	EQ(when(to, &came), SO_TIMESTAMPNS);
	CHECK(came >= before && came <= wall_ns());
	OK(set_int(to, SOL_SOCKET, SO_TIMESTAMPNS, 0));
	EQ(send_to(fd, "127.0.0.1", port, 0), 4);
	EQ(when(to, &came), 0);
}

CASE(timestamps_of_raw_packets)
{
	struct sockaddr_in sa = at("127.0.0.1", 0);
	int64_t came;
	int fd;

	alone();
	fd = (int)OK(socket(AF_INET, SOCK_RAW, 253));
	OK(set_int(fd, SOL_SOCKET, SO_TIMESTAMP, 1));
	EQ(sendto(fd, "x", 1, 0, (struct sockaddr *)&sa, sizeof(sa)), 1);
	EQ(when(fd, &came), SO_TIMESTAMP);
}

CASE(timestamps_come_in_front_of_other_company)
{
	int64_t came;
	uint16_t port;
	int to, fd = udp();

	to = bound("127.0.0.1", &port);
	OK(set_int(to, IPPROTO_IP, IP_RECVTTL, 1));
	OK(set_int(to, SOL_SOCKET, SO_TIMESTAMP, 1));
	EQ(send_to(fd, "127.0.0.1", port, 0), 4);
	EQ(when(to, &came), SO_TIMESTAMP);
}

CASE(buffers_grow_past_the_limit_with_the_right)
{
	int fd;

	alone();
	fd = udp();
	OK(set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, 20000000));
	EQ(get_int(fd, SOL_SOCKET, SO_RCVBUF), 40000000);
	OK(set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, 20000000));
	EQ(get_int(fd, SOL_SOCKET, SO_SNDBUF), 40000000);
	give_up(RIGHT_ADMIN);
	FAILS(set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, 20000000), EPERM);
	FAILS(set_int(fd, SOL_SOCKET, SO_SNDBUFFORCE, 20000000), EPERM);
}

CASE(ports_below_1024_need_the_right)
{
	alone();
	OK(bind_to(udp(), "127.0.0.1", 600));
	give_up(RIGHT_BIND);
	FAILS(bind_to(udp(), "127.0.0.1", 601), EACCES);
	FAILS(bind_to(tcp(), "127.0.0.1", 1023), EACCES);
	OK(bind_to(tcp(), "127.0.0.1", 1024));
	OK(bind_to(udp(), "127.0.0.1", 0));
}
