/* Packet sockets: frames as they pass lo and eth0, and frames that a program writes itself. */
#include "tests/posix/posix.h"

#include <net/ethernet.h>
#include <net/if.h>
#include <netpacket/packet.h>

/* Local experimental ethertype (IEEE 802). */
#define NOBODYS 0x88b5
#define LO 1
#define ETH0 2

static int packets(int type, int ethertype)
{
	return (int)OK(socket(AF_PACKET, type, htons((uint16_t)ethertype)));
}

static struct sockaddr_ll on(int ifindex, int ethertype)
{
	return (struct sockaddr_ll){ .sll_family = AF_PACKET,
				     .sll_protocol = htons((uint16_t)ethertype),
				     .sll_ifindex = ifindex };
}

static int bind_on(int fd, int ifindex, int ethertype)
{
	struct sockaddr_ll ll = on(ifindex, ethertype);

	return bind(fd, (struct sockaddr *)&ll, sizeof(ll));
}

static ssize_t receive(int fd, void *p, size_t n, struct sockaddr_ll *from)
{
	socklen_t len = sizeof(*from);

	return recvfrom(fd, p, n, MSG_DONTWAIT, (struct sockaddr *)from, &len);
}

/* A frame for eth0, or for everybody, or for somebody else. */
static size_t frame(unsigned char *f, int to, int ethertype)
{
	memset(f, 0, 60);
	own_mac(f);
	f[5] = (unsigned char)(f[5] ^ to);
	if (to < 0)
		memset(f, 0xff, 6);
	memcpy(f + 6, wire_mac, 6);
	f[12] = (unsigned char)(ethertype >> 8);
	f[13] = (unsigned char)ethertype;
	memcpy(f + 14, "hello", 5);
	return 60;
}

/* As much UDP as it takes. */
static void send_udp(const char *ip)
{
	struct sockaddr_in sa = at(ip, 9);
	int fd = udp();

	OK(set_int(fd, SOL_SOCKET, SO_BROADCAST, 1));
	EQ(sendto(fd, "data", 4, 0, (struct sockaddr *)&sa, sizeof(sa)), 4);
	close(fd);
}

CASE(packet_needs_the_right)
{
	alone();
	give_up(RIGHT_RAW);
	FAILS(socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)), EPERM);
	FAILS(socket(AF_PACKET, SOCK_DGRAM, 0), EPERM);
}

CASE(packet_has_two_types)
{
	alone();
	FAILS(socket(AF_PACKET, SOCK_STREAM, 0), ESOCKTNOSUPPORT);
	FAILS(socket(AF_PACKET, SOCK_SEQPACKET, 0), ESOCKTNOSUPPORT);
	OK(socket(AF_PACKET, SOCK_RAW, 0));
	OK(socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP)));
}

CASE(packet_says_what_it_is)
{
	int fd;

	alone();
	fd = packets(SOCK_RAW, NOBODYS);
	EQ(get_int(fd, SOL_SOCKET, SO_TYPE), SOCK_RAW);
	EQ(get_int(fd, SOL_SOCKET, SO_DOMAIN), AF_PACKET);
	EQ(get_int(fd, SOL_SOCKET, SO_PROTOCOL), 0);
	EQ(level(fd), POLLOUT);
}

CASE(packet_sees_a_frame_of_its_type)
{
	unsigned char f[60], p[100];
	struct sockaddr_ll from = { 0 };
	int fd;

	alone();
	fd = packets(SOCK_RAW, NOBODYS);
	wire_in(f, frame(f, 0, NOBODYS));
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	EQ(receive(fd, p, sizeof(p), &from), 60);
	EQ(memcmp(p, f, 60), 0);
	EQ(from.sll_family, AF_PACKET);
	EQ(ntohs(from.sll_protocol), NOBODYS);
	EQ(from.sll_ifindex, ETH0);
	EQ(from.sll_hatype, 1);
	EQ(from.sll_pkttype, PACKET_HOST);
	EQ(from.sll_halen, 6);
	EQ(memcmp(from.sll_addr, wire_mac, 6), 0);
}

CASE(packet_sees_no_other_type)
{
	unsigned char f[60], p[100];
	struct sockaddr_ll from;
	int fd, all;

	alone();
	fd = packets(SOCK_RAW, NOBODYS);
	all = packets(SOCK_RAW, ETH_P_ALL);
	wire_in(f, frame(f, 0, NOBODYS + 1));
	CHECK(wait_for(all, POLLIN, 2000) & POLLIN);
	EQ(receive(all, p, sizeof(p), &from), 60);
	FAILS(receive(fd, p, sizeof(p), &from), EAGAIN);
}

CASE(packet_without_a_type_sees_nothing)
{
	unsigned char f[60], p[100];
	struct sockaddr_ll from;
	int fd, all;

	alone();
	fd = packets(SOCK_RAW, 0);
	all = packets(SOCK_RAW, ETH_P_ALL);
	wire_in(f, frame(f, 0, NOBODYS));
	CHECK(wait_for(all, POLLIN, 2000) & POLLIN);
	FAILS(receive(fd, p, sizeof(p), &from), EAGAIN);
	OK(bind_on(fd, ETH0, NOBODYS));
	wire_in(f, frame(f, 0, NOBODYS));
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
}

CASE(packet_cooked_has_no_link_header)
{
	unsigned char f[60], p[100];
	struct sockaddr_ll from;
	int fd;

	alone();
	fd = packets(SOCK_DGRAM, NOBODYS);
	wire_in(f, frame(f, 0, NOBODYS));
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	EQ(receive(fd, p, sizeof(p), &from), 46);
	EQ(memcmp(p, "hello", 5), 0);
	EQ(ntohs(from.sll_protocol), NOBODYS);
}

CASE(packet_tells_whom_a_frame_is_for)
{
	unsigned char f[60], p[100];
	struct sockaddr_ll from;
	int fd;

	alone();
	fd = packets(SOCK_RAW, NOBODYS);
	wire_in(f, frame(f, -1, NOBODYS));
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	EQ(receive(fd, p, sizeof(p), &from), 60);
	EQ(from.sll_pkttype, PACKET_BROADCAST);
	wire_in(f, frame(f, 0x55, NOBODYS));
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	EQ(receive(fd, p, sizeof(p), &from), 60);
	EQ(from.sll_pkttype, PACKET_OTHERHOST);
	frame(f, 0, NOBODYS);
	memcpy(f, (unsigned char[]){ 1, 0, 0x5e, 0, 0, 9 }, 6);
	wire_in(f, 60);
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	EQ(receive(fd, p, sizeof(p), &from), 60);
	EQ(from.sll_pkttype, PACKET_MULTICAST);
}

CASE(packet_bound_to_a_device_sees_only_that)
{
	unsigned char f[60], p[200];
	struct sockaddr_ll from;
	int fd;

	alone();
	fd = packets(SOCK_RAW, ETH_P_ALL);
	OK(bind_on(fd, LO, ETH_P_ALL));
	wire_in(f, frame(f, 0, NOBODYS));
	send_udp("127.0.0.1");
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	CHECK(receive(fd, p, sizeof(p), &from) > 0);
	EQ(from.sll_ifindex, LO);
}

CASE(packet_binds_to_what_there_is)
{
	struct sockaddr_ll ll = on(77, 0);
	int fd;

	alone();
	fd = packets(SOCK_RAW, ETH_P_ALL);
	FAILS(bind(fd, (struct sockaddr *)&ll, sizeof(ll)), ENODEV);
	ll = on(LO, 0);
	FAILS(bind(fd, (struct sockaddr *)&ll, 10), EINVAL);
	ll.sll_family = AF_INET;
	FAILS(bind(fd, (struct sockaddr *)&ll, sizeof(ll)), EINVAL);
	OK(bind_on(fd, 0, 0));
}

CASE(packet_has_a_name)
{
	struct sockaddr_ll ll = { 0 };
	socklen_t len = sizeof(ll);
	unsigned char mac[6];
	int fd;

	alone();
	fd = packets(SOCK_RAW, NOBODYS);
	OK(getsockname(fd, (struct sockaddr *)&ll, &len));
	EQ(len, 12);
	EQ(ll.sll_family, AF_PACKET);
	EQ(ll.sll_ifindex, 0);
	EQ(ntohs(ll.sll_protocol), NOBODYS);
	OK(bind_on(fd, ETH0, 0));
	len = sizeof(ll);
	OK(getsockname(fd, (struct sockaddr *)&ll, &len));
	EQ(len, 18);
	EQ(ll.sll_ifindex, ETH0);
	EQ(ll.sll_hatype, 1);
	EQ(ntohs(ll.sll_protocol), NOBODYS);
	own_mac(mac);
	EQ(memcmp(ll.sll_addr, mac, 6), 0);
	FAILS(getpeername(fd, (struct sockaddr *)&ll, &len), EOPNOTSUPP);
}

CASE(packet_sockets_do_not_connect)
{
	struct sockaddr_ll ll = on(LO, NOBODYS);
	int fd;

	alone();
	fd = packets(SOCK_RAW, NOBODYS);
	FAILS(connect(fd, (struct sockaddr *)&ll, sizeof(ll)), EOPNOTSUPP);
	FAILS(listen(fd, 1), EOPNOTSUPP);
	FAILS(accept(fd, NULL, NULL), EOPNOTSUPP);
	FAILS(shutdown(fd, SHUT_RD), EOPNOTSUPP);
}

CASE(packet_on_the_loopback_sees_what_goes_and_what_comes)
{
	unsigned char p[200];
	struct sockaddr_ll from;
	int fd;

	alone();
	fd = packets(SOCK_RAW, ETH_P_ALL);
	OK(bind_on(fd, LO, ETH_P_ALL));
	send_udp("127.0.0.1");
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	EQ(receive(fd, p, sizeof(p), &from), 14 + 32);
	EQ(from.sll_pkttype, PACKET_OUTGOING);
	EQ(from.sll_hatype, 772);
	EQ(from.sll_ifindex, LO);
	EQ(ntohs(from.sll_protocol), ETH_P_IP);
	EQ(p[12] << 8 | p[13], ETH_P_IP);
	EQ(p[0] | p[5] | p[6] | p[11], 0);
	EQ(p[14], 0x45);
	EQ(receive(fd, p, sizeof(p), &from), 14 + 32);
	EQ(from.sll_pkttype, PACKET_HOST);
}

CASE(packet_of_one_type_sees_only_what_comes)
{
	unsigned char p[200];
	struct sockaddr_ll from;
	int fd;

	alone();
	fd = packets(SOCK_DGRAM, ETH_P_IP);
	OK(bind_on(fd, LO, ETH_P_IP));
	send_udp("127.0.0.1");
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	EQ(receive(fd, p, sizeof(p), &from), 32);
	EQ(from.sll_pkttype, PACKET_HOST);
}

CASE(packet_sees_what_leaves)
{
	unsigned char p[200], mac[6];
	struct sockaddr_ll from;
	int fd;

	alone();
	fd = packets(SOCK_RAW, ETH_P_ALL);
	send_udp("10.0.0.255");
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	EQ(receive(fd, p, sizeof(p), &from), 14 + 32);
	EQ(from.sll_pkttype, PACKET_OUTGOING);
	EQ(from.sll_ifindex, ETH0);
	own_mac(mac);
	EQ(memcmp(from.sll_addr, mac, 6), 0);
	EQ(p[0], 0xff);
}

CASE(packet_may_ignore_what_leaves)
{
	unsigned char p[200];
	struct sockaddr_ll from;
	int fd;

	alone();
	fd = packets(SOCK_RAW, ETH_P_ALL);
	OK(set_int(fd, SOL_PACKET, 23, 1)); /* PACKET_IGNORE_OUTGOING */
	EQ(get_int(fd, SOL_PACKET, 23), 1);
	FAILS(set_int(fd, SOL_PACKET, 23, 2), EINVAL);
	OK(bind_on(fd, LO, ETH_P_ALL));
	send_udp("127.0.0.1");
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	EQ(receive(fd, p, sizeof(p), &from), 14 + 32);
	EQ(from.sll_pkttype, PACKET_HOST);
}

CASE(packet_sends_frames)
{
	unsigned char f[60], p[100];
	struct sockaddr_ll ll = on(ETH0, 0);
	int fd;

	alone();
	fd = packets(SOCK_RAW, 0);
	frame(f, -1, NOBODYS);
	EQ(sendto(fd, f, 60, 0, (struct sockaddr *)&ll, sizeof(ll)), 60);
	EQ(wire_out(p, sizeof(p)), 60);
	EQ(memcmp(p, f, 60), 0);
	OK(bind_on(fd, ETH0, 0));
	EQ(send(fd, f, 60, 0), 60);
	EQ(wire_out(p, sizeof(p)), 60);
}

CASE(packet_does_not_hear_itself)
{
	unsigned char f[60], p[100];
	struct sockaddr_ll from;
	int fd, other;

	alone();
	fd = packets(SOCK_RAW, ETH_P_ALL);
	other = packets(SOCK_RAW, ETH_P_ALL);
	OK(bind_on(fd, ETH0, ETH_P_ALL));
	frame(f, -1, NOBODYS);
	EQ(send(fd, f, 60, 0), 60);
	CHECK(wait_for(other, POLLIN, 2000) & POLLIN);
	EQ(receive(other, p, sizeof(p), &from), 60);
	EQ(from.sll_pkttype, PACKET_OUTGOING);
	FAILS(receive(fd, p, sizeof(p), &from), EAGAIN);
}

CASE(packet_cooked_sends_with_a_header_of_the_devices)
{
	unsigned char p[100], mac[6];
	struct sockaddr_ll ll = on(ETH0, NOBODYS);
	int fd;

	alone();
	fd = packets(SOCK_DGRAM, 0);
	ll.sll_halen = 6;
	memcpy(ll.sll_addr, wire_mac, 6);
	EQ(sendto(fd, "hello", 5, 0, (struct sockaddr *)&ll, sizeof(ll)), 5);
	EQ(wire_out(p, sizeof(p)), 19);
	EQ(memcmp(p, wire_mac, 6), 0);
	own_mac(mac);
	EQ(memcmp(p + 6, mac, 6), 0);
	EQ(p[12] << 8 | p[13], NOBODYS);
	EQ(memcmp(p + 14, "hello", 5), 0);
}

CASE(packet_must_know_where_to_send)
{
	unsigned char f[60];
	struct sockaddr_ll ll = on(77, 0);
	int fd, cooked;

	alone();
	fd = packets(SOCK_RAW, 0);
	cooked = packets(SOCK_DGRAM, NOBODYS);
	frame(f, -1, NOBODYS);
	FAILS(send(fd, f, 60, 0), ENXIO);
	FAILS(sendto(fd, f, 60, 0, (struct sockaddr *)&ll, sizeof(ll)), ENXIO);
	ll = on(ETH0, 0);
	FAILS(sendto(fd, f, 60, 0, (struct sockaddr *)&ll, 8), EINVAL);
	OK(bind_on(cooked, ETH0, NOBODYS));
	FAILS(send(cooked, "hello", 5, 0), EINVAL);
}

CASE(packet_fits_the_device)
{
	static unsigned char f[1600];
	int fd, cooked;
	struct sockaddr_ll ll = on(ETH0, NOBODYS);

	alone();
	fd = packets(SOCK_RAW, 0);
	cooked = packets(SOCK_DGRAM, 0);
	OK(bind_on(fd, ETH0, 0));
	frame(f, -1, NOBODYS);
	FAILS(send(fd, f, 1515, 0), EMSGSIZE);
	EQ(send(fd, f, 1514, 0), 1514);
	FAILS(send(fd, f, 13, 0), EINVAL);
	ll.sll_halen = 6;
	FAILS(sendto(cooked, f, 1501, 0, (struct sockaddr *)&ll, sizeof(ll)), EMSGSIZE);
	EQ(sendto(cooked, f, 1500, 0, (struct sockaddr *)&ll, sizeof(ll)), 1500);
}

CASE(packet_sends_over_the_loopback)
{
	unsigned char f[60] = { 0 }, p[100];
	struct sockaddr_ll from;
	int in, out;

	alone();
	in = packets(SOCK_RAW, NOBODYS);
	out = packets(SOCK_RAW, 0);
	OK(bind_on(out, LO, 0));
	f[12] = NOBODYS >> 8;
	f[13] = NOBODYS & 0xff;
	f[14] = 'x';
	EQ(send(out, f, 60, 0), 60);
	CHECK(wait_for(in, POLLIN, 2000) & POLLIN);
	EQ(receive(in, p, sizeof(p), &from), 60);
	EQ(memcmp(p, f, 60), 0);
	EQ(from.sll_ifindex, LO);
	EQ(from.sll_pkttype, PACKET_HOST);
}

CASE(packet_truncates_and_says_so)
{
	unsigned char f[60], p[10];
	struct iovec iov = { p, sizeof(p) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd, n = 0;

	alone();
	fd = packets(SOCK_RAW, NOBODYS);
	wire_in(f, frame(f, 0, NOBODYS));
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	OK(ioctl(fd, FIONREAD, &n));
	EQ(n, 60);
	EQ(recv(fd, p, 1, MSG_PEEK | MSG_TRUNC), 60);
	EQ(recvmsg(fd, &m, 0), 10);
	EQ(m.msg_flags, MSG_TRUNC);
}

CASE(packet_counts)
{
	unsigned char f[60];
	struct tpacket {
		unsigned packets, drops;
	} st = { 0, 0 };
	socklen_t len = sizeof(st);
	int fd;

	alone();
	fd = packets(SOCK_RAW, NOBODYS);
	wire_in(f, frame(f, 0, NOBODYS));
	wire_in(f, frame(f, 0, NOBODYS));
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	while (recv(fd, f, sizeof(f), MSG_DONTWAIT) > 0)
		continue;
	OK(getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &st, &len));
	EQ(len, 8);
	EQ(st.packets, 2);
	EQ(st.drops, 0);
	OK(getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &st, &len));
	EQ(st.packets, 0);
}

CASE(packet_loses_and_counts_what_has_no_room)
{
	unsigned char f[60];
	unsigned st[2] = { 0, 0 };
	socklen_t len = sizeof(st);
	int fd, got = 0;

	alone();
	fd = packets(SOCK_RAW, NOBODYS);
	OK(set_int(fd, SOL_SOCKET, SO_RCVBUF, 4096));
	for (int i = 0; i < 100; i++)
		wire_in(f, frame(f, 0, NOBODYS));
	while (recv(fd, f, sizeof(f), MSG_DONTWAIT) > 0)
		got++;
	OK(getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, st, &len));
	EQ(st[0], 100);
	EQ(st[1], 100 - got);
	CHECK(got > 0 && got < 100);
}

CASE(packet_is_promiscuous_if_asked)
{
	unsigned char f[60];
	struct packet_mreq m = { .mr_ifindex = ETH0, .mr_type = PACKET_MR_PROMISC };
	int fd;

	alone();
	fd = packets(SOCK_RAW, NOBODYS);
	OK(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)));
	wire_in(f, frame(f, 0x55, NOBODYS));
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	OK(setsockopt(fd, SOL_PACKET, PACKET_DROP_MEMBERSHIP, &m, sizeof(m)));
	m.mr_ifindex = 77;
	FAILS(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)), ENODEV);
	FAILS(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, 4), EINVAL);
	m.mr_ifindex = ETH0;
	m.mr_alen = 7;
	FAILS(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m)), EINVAL);
}

CASE(packet_options_that_there_are_not)
{
	int fd;

	alone();
	fd = packets(SOCK_RAW, NOBODYS);
	FAILS(set_int(fd, SOL_PACKET, 1000, 1), ENOPROTOOPT);
	FAILS(set_int(fd, IPPROTO_IP, IP_TTL, 1), ENOPROTOOPT);
}
