/* Groups: who joins what, who gets what, what routers hear. */
#include "tests/posix/posix.h"

#define GROUP "239.1.2.3"

static struct ip_mreq request(const char *group, const char *address)
{
	struct ip_mreq r;

	inet_pton(AF_INET, group, &r.imr_multiaddr);
	inet_pton(AF_INET, address, &r.imr_interface);
	return r;
}

static int change(int fd, int option, const char *group, const char *address)
{
	struct ip_mreq r = request(group, address);

	return setsockopt(fd, SOL_IP, option, &r, sizeof(r));
}

static int join(int fd, const char *group, const char *address)
{
	return change(fd, IP_ADD_MEMBERSHIP, group, address);
}

static int leave(int fd, const char *group, const char *address)
{
	return change(fd, IP_DROP_MEMBERSHIP, group, address);
}

static int via(int fd, const char *address)
{
	struct in_addr a;

	inet_pton(AF_INET, address, &a);
	return setsockopt(fd, SOL_IP, IP_MULTICAST_IF, &a, sizeof(a));
}

static ssize_t send_at(int fd, const char *text, const char *ip, uint16_t port)
{
	struct sockaddr_in sa = at(ip, port);

	return sendto(fd, text, strlen(text), 0, (struct sockaddr *)&sa, sizeof(sa));
}

/* Bound to the wildcard; others may share its port. */
static int listener(uint16_t *port)
{
	int fd = udp();

	OK(set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1));
	OK(bind_to(fd, "0.0.0.0", *port));
	*port = port_of(fd);
	return fd;
}

/* Sends to groups over the loopback. */
static int speaker(void)
{
	int fd = udp();

	OK(via(fd, "127.0.0.1"));
	return fd;
}

static ssize_t now(int fd)
{
	char c;

	wait_for(fd, POLLIN, 50);
	return recv(fd, &c, 1, MSG_DONTWAIT);
}

CASE(group_options_at_first)
{
	int fd = udp();

	EQ(get_int(fd, SOL_IP, IP_MULTICAST_TTL), 1);
	EQ(get_int(fd, SOL_IP, IP_MULTICAST_LOOP), 1);
	EQ(get_int(fd, SOL_IP, IP_MULTICAST_ALL), 1);
	EQ(get_int(fd, SOL_IP, IP_MULTICAST_IF), 0);
}

CASE(group_options_are_checked)
{
	unsigned char byte = 7;
	int fd = udp();

	OK(set_int(fd, SOL_IP, IP_MULTICAST_TTL, 0));
	EQ(get_int(fd, SOL_IP, IP_MULTICAST_TTL), 0);
	OK(set_int(fd, SOL_IP, IP_MULTICAST_TTL, -1));
	EQ(get_int(fd, SOL_IP, IP_MULTICAST_TTL), 1);
	FAILS(set_int(fd, SOL_IP, IP_MULTICAST_TTL, 256), EINVAL);
	OK(setsockopt(fd, SOL_IP, IP_MULTICAST_TTL, &byte, 1));
	EQ(get_int(fd, SOL_IP, IP_MULTICAST_TTL), 7);
	OK(set_int(fd, SOL_IP, IP_MULTICAST_LOOP, 5));
	EQ(get_int(fd, SOL_IP, IP_MULTICAST_LOOP), 1);
	FAILS(set_int(fd, SOL_IP, IP_MULTICAST_ALL, 2), EINVAL);
	FAILS(via(fd, "8.8.8.8"), EADDRNOTAVAIL);
	OK(via(fd, "127.0.0.1"));
	EQ(ntohl((uint32_t)get_int(fd, SOL_IP, IP_MULTICAST_IF)), 0x7f000001);
	OK(via(fd, "0.0.0.0"));
}

CASE(group_member_gets_what_is_sent_to_it)
{
	uint16_t port = 0;
	int fd = listener(&port);

	OK(join(fd, GROUP, "127.0.0.1"));
	EQ(send_at(speaker(), "x", GROUP, port), 1);
	EQ(now(fd), 1);
}

CASE(group_without_members_here_is_not_heard)
{
	uint16_t port = 0;
	int fd = listener(&port);

	EQ(send_at(speaker(), "x", GROUP, port), 1);
	FAILS(now(fd), EAGAIN);
}

CASE(group_left_is_not_heard)
{
	uint16_t port = 0;
	int fd = listener(&port);

	OK(join(fd, GROUP, "127.0.0.1"));
	OK(leave(fd, GROUP, "127.0.0.1"));
	EQ(send_at(speaker(), "x", GROUP, port), 1);
	FAILS(now(fd), EAGAIN);
}

CASE(group_goes_to_every_socket_of_the_port)
{
	uint16_t port = 0, elsewhere = 0;
	int a = listener(&port), b = listener(&port), c = listener(&elsewhere);

	OK(join(a, GROUP, "127.0.0.1"));
	OK(join(b, GROUP, "127.0.0.1"));
	OK(join(c, GROUP, "127.0.0.1"));
	EQ(send_at(speaker(), "x", GROUP, port), 1);
	EQ(now(a), 1);
	EQ(now(b), 1);
	FAILS(now(c), EAGAIN);
}

CASE(group_of_others_is_heard_unless_not_wanted)
{
	uint16_t port = 0;
	int member = listener(&port), guest = listener(&port), strict = listener(&port);

	OK(join(member, GROUP, "127.0.0.1"));
	OK(set_int(strict, SOL_IP, IP_MULTICAST_ALL, 0));
	EQ(send_at(speaker(), "x", GROUP, port), 1);
	EQ(now(member), 1);
	EQ(now(guest), 1);
	FAILS(now(strict), EAGAIN);
}

CASE(group_loop_can_be_turned_off)
{
	uint16_t port = 0;
	int fd, from;

	alone();
	fd = listener(&port);
	from = udp();
	OK(join(fd, GROUP, "10.0.0.1"));
	OK(via(from, "10.0.0.1"));
	EQ(send_at(from, "x", GROUP, port), 1);
	EQ(now(fd), 1);
	OK(set_int(from, SOL_IP, IP_MULTICAST_LOOP, 0));
	EQ(send_at(from, "x", GROUP, port), 1);
	FAILS(now(fd), EAGAIN);
}

CASE(group_joining_is_checked)
{
	int fd = udp();

	FAILS(join(fd, "10.0.0.9", "127.0.0.1"), EINVAL);
	FAILS(join(fd, GROUP, "8.8.8.8"), ENODEV);
	FAILS(leave(fd, GROUP, "127.0.0.1"), EADDRNOTAVAIL);
	OK(join(fd, GROUP, "127.0.0.1"));
	FAILS(join(fd, GROUP, "127.0.0.1"), EADDRINUSE);
	OK(leave(fd, GROUP, "127.0.0.1"));
	FAILS(leave(fd, GROUP, "127.0.0.1"), EADDRNOTAVAIL);
	FAILS(setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, &fd, sizeof(fd)), EINVAL);
}

CASE(group_memberships_of_a_socket_are_few)
{
	int fd = udp(), n = 0;
	char group[32];

	for (; n < 100; n++) {
		snprintf(group, sizeof(group), "239.1.1.%d", n);
		if (join(fd, group, "127.0.0.1") != 0)
			break;
	}
	EQ(errno, ENOBUFS);
	EQ(n, 20);
}

CASE(group_by_index_and_by_the_newer_call)
{
	struct ip_mreqn n = { .imr_ifindex = 1 };
	struct group_req g = { .gr_interface = 1 };
	struct sockaddr_in sa = at("239.9.9.9", 0);
	uint16_t port = 0;
	int fd = listener(&port);

	inet_pton(AF_INET, GROUP, &n.imr_multiaddr);
	OK(setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, &n, sizeof(n)));
	memcpy(&g.gr_group, &sa, sizeof(sa));
	OK(setsockopt(fd, SOL_IP, MCAST_JOIN_GROUP, &g, sizeof(g)));
	EQ(send_at(speaker(), "x", GROUP, port), 1);
	EQ(now(fd), 1);
	EQ(send_at(speaker(), "x", "239.9.9.9", port), 1);
	EQ(now(fd), 1);
	OK(setsockopt(fd, SOL_IP, MCAST_LEAVE_GROUP, &g, sizeof(g)));
	n.imr_ifindex = 99;
	FAILS(setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, &n, sizeof(n)), ENODEV);
	g.gr_group.ss_family = AF_INET6;
	FAILS(setsockopt(fd, SOL_IP, MCAST_JOIN_GROUP, &g, sizeof(g)), EINVAL);
}

CASE(group_bound_socket_hears_its_group_only)
{
	uint16_t port = 0;
	int any = listener(&port), own = udp();

	OK(set_int(own, SOL_SOCKET, SO_REUSEADDR, 1));
	OK(bind_to(own, GROUP, port));
	OK(join(any, GROUP, "127.0.0.1"));
	OK(join(any, "239.9.9.9", "127.0.0.1"));
	EQ(send_at(speaker(), "x", "239.9.9.9", port), 1);
	EQ(now(any), 1);
	FAILS(now(own), EAGAIN);
	EQ(send_at(speaker(), "x", GROUP, port), 1);
	EQ(now(own), 1);
}

/* A group is nobody's address to send from. */
CASE(group_bound_socket_sends_from_its_host)
{
	struct sockaddr_in from = { 0 };
	socklen_t len = sizeof(from);
	uint16_t port = 0;
	int to = listener(&port), own = udp();
	char c;

	OK(bind_to(own, GROUP, 0));
	EQ(send_at(own, "x", "127.0.0.1", port), 1);
	wait_for(to, POLLIN, 50);
	EQ(recvfrom(to, &c, 1, MSG_DONTWAIT, (struct sockaddr *)&from, &len), 1);
	EQ(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK);
	EQ(ntohs(from.sin_port), port_of(own));
	/* Connected, too. */
	OK(connect_to(own, port));
	EQ(send(own, "y", 1, 0), 1);
	wait_for(to, POLLIN, 50);
	EQ(recvfrom(to, &c, 1, MSG_DONTWAIT, (struct sockaddr *)&from, &len), 1);
	EQ(ntohl(from.sin_addr.s_addr), INADDR_LOOPBACK);
}

CASE(group_bound_and_connected_socket_hears_one_sender)
{
	uint16_t port = 0, sender_port;
	int any = listener(&port), own = udp(), one = speaker(), other = speaker();

	OK(bind_to(one, "127.0.0.1", 0));
	sender_port = port_of(one);
	OK(set_int(own, SOL_SOCKET, SO_REUSEADDR, 1));
	OK(bind_to(own, GROUP, port));
	OK(join(own, GROUP, "127.0.0.1"));
	OK(connect_to(own, sender_port));
	EQ(send_at(other, "x", GROUP, port), 1);
	EQ(now(any), 1);
	FAILS(now(own), EAGAIN);
	EQ(send_at(one, "x", GROUP, port), 1);
	EQ(now(any), 1);
	EQ(now(own), 1);
}

CASE(group_tells_the_interface)
{
	union {
		char bytes[128];
		struct cmsghdr head;
	} u;
	struct in_pktinfo info;
	uint16_t port = 0;
	char c;
	struct iovec iov = { &c, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &u, .msg_controllen = sizeof(u)
	};
	int fd, from;

	alone();
	fd = listener(&port);
	from = udp();
	OK(join(fd, GROUP, "10.0.0.1"));
	OK(via(from, "10.0.0.1"));
	OK(set_int(fd, SOL_IP, IP_PKTINFO, 1));
	EQ(send_at(from, "x", GROUP, port), 1);
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	EQ(recvmsg(fd, &m, 0), 1);
	memcpy(&info, CMSG_DATA(&u.head), sizeof(info));
	EQ(ntohl(info.ipi_addr.s_addr), 0xef010203);
	EQ(ntohl(info.ipi_spec_dst.s_addr), 0x0a000001);
	EQ(info.ipi_ifindex, 2);
}

/* The next IGMP message that leaves: its packet from the IPv4 header on. */
static size_t next_igmp(unsigned char *ip, size_t room)
{
	unsigned char frame[2048];
	size_t n;

	while ((n = wire_out(frame, sizeof(frame))) > 0)
		if (n > 34 && frame[12] == 8 && frame[13] == 0 && frame[14 + 9] == 2) {
			memcpy(ip, frame + 14, n - 14 < room ? n - 14 : room);
			return n - 14;
		}
	return 0;
}

/* A version 3 report of this change, to 224.0.0.22, with the option for routers. */
static void expect_report(int record)
{
	unsigned char ip[64];

	EQ(next_igmp(ip, sizeof(ip)), 40);
	EQ(ip[0], 0x46);
	EQ(ip[8], 1);
	EQ(memcmp(ip + 16, "\xe0\0\0\x16\x94\x04\0\0", 8), 0);
	EQ(ip[24], 0x22);
	EQ(ip[31], 1);
	EQ(ip[32], record);
	EQ(memcmp(ip + 36, "\xef\x01\x02\x03", 4), 0);
}

CASE(group_routers_hear_of_joining_and_leaving)
{
	int fd;

	alone();
	fd = udp();
	OK(join(fd, GROUP, "10.0.0.1"));
	expect_report(4);
	OK(leave(fd, GROUP, "10.0.0.1"));
	expect_report(3);
}

CASE(group_datagrams_leave_with_their_own_ttl)
{
	unsigned char frame[256];
	int fd;

	alone();
	fd = udp();
	OK(via(fd, "10.0.0.1"));
	OK(set_int(fd, SOL_IP, IP_TTL, 33));
	OK(set_int(fd, SOL_IP, IP_MULTICAST_TTL, 5));
	EQ(send_at(fd, "x", GROUP, 9), 1);
	CHECK(wire_out(frame, sizeof(frame)) > 0);
	EQ(memcmp(frame, "\x01\0\x5e\x01\x02\x03", 6), 0);
	EQ(frame[14 + 8], 5);
	OK(set_int(fd, SOL_IP, IP_MULTICAST_TTL, 0));
	EQ(send_at(fd, "x", GROUP, 9), 1);
	if (DIFFERS("RFC 1112: it stays on the host; Linux sees to that only where members are"))
		EQ(wire_out(frame, sizeof(frame)), 0);
}

CASE(group_broadcasts_come_back)
{
	uint16_t port = 0;
	int fd, from;

	alone();
	fd = listener(&port);
	from = udp();
	FAILS(send_at(from, "x", "10.0.0.255", port), EACCES);
	OK(set_int(from, SOL_SOCKET, SO_BROADCAST, 1));
	EQ(send_at(from, "x", "10.0.0.255", port), 1);
	EQ(now(fd), 1);
}

CASE(group_no_stream_goes_there)
{
	struct sockaddr_in sa = at(GROUP, 9), everybody = at("255.255.255.255", 9);
	struct sockaddr_in subnet = at("10.0.0.255", 9);

	alone();
	FAILS(connect(tcp(), (struct sockaddr *)&sa, sizeof(sa)), ENETUNREACH);
	FAILS(connect(tcp(), (struct sockaddr *)&everybody, sizeof(everybody)), ENETUNREACH);
	FAILS(connect(tcp(), (struct sockaddr *)&subnet, sizeof(subnet)), ENETUNREACH);
	FAILS(connect(udp(), (struct sockaddr *)&subnet, sizeof(subnet)), EACCES);
}
