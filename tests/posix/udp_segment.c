/* Several datagrams in one call: UDP_SEGMENT and UDP_GRO, as programs that speak QUIC use them. */
#include "tests/posix/posix.h"

#include <netinet/udp.h>

#ifndef SOL_UDP
#define SOL_UDP 17
#endif

static unsigned char bytes[70000], got[70000];

/* [0] connected to [1]. */
static void udp_pair(int fd[2])
{
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7 + (i >> 8));
	fd[0] = udp();
	fd[1] = udp();
	OK(bind_to(fd[1], "127.0.0.1", 0));
	OK(connect_to(fd[0], port_of(fd[1])));
}

/* Send with a control message of so many bytes; 0: none. */
static ssize_t send_with(int fd, size_t n, int type, const void *value, size_t len)
{
	char control[64] = { 0 };
	struct iovec iov = { bytes, n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	m.msg_control = control;
	m.msg_controllen = CMSG_SPACE(len);
	c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_UDP;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), value, len);
	return sendmsg(fd, &m, 0);
}

/* The next message has these bytes of what was sent. */
static void expect(int fd, size_t off, size_t n)
{
	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	EQ(recv(fd, got, sizeof(got), MSG_DONTWAIT), (ssize_t)n);
	CHECK(memcmp(got, bytes + off, n) == 0);
}

static void expect_nothing(int fd)
{
	FAILS(recv(fd, got, sizeof(got), MSG_DONTWAIT), EAGAIN);
}

CASE_OF_BOTH(udp_segment_and_gro_are_numbers)
{
	int fd = udp(), stream = tcp();

	EQ(get_int(fd, SOL_UDP, UDP_SEGMENT), 0);
	FAILS(set_int(fd, SOL_UDP, UDP_SEGMENT, -1), EINVAL);
	FAILS(set_int(fd, SOL_UDP, UDP_SEGMENT, 65536), EINVAL);
	OK(set_int(fd, SOL_UDP, UDP_SEGMENT, 65535));
	EQ(get_int(fd, SOL_UDP, UDP_SEGMENT), 65535);
	OK(set_int(fd, SOL_UDP, UDP_SEGMENT, 0));
	EQ(get_int(fd, SOL_UDP, UDP_SEGMENT), 0);
	EQ(get_int(fd, SOL_UDP, UDP_GRO), 0);
	OK(set_int(fd, SOL_UDP, UDP_GRO, 5));
	EQ(get_int(fd, SOL_UDP, UDP_GRO), 1);
	OK(set_int(fd, SOL_UDP, UDP_GRO, 0));
	EQ(get_int(fd, SOL_UDP, UDP_GRO), 0);
	FAILS(set_int(fd, SOL_UDP, 99, 1), ENOPROTOOPT);
	FAILS(set_int(stream, SOL_UDP, UDP_SEGMENT, 1), ENOPROTOOPT);
}

CASE_OF_BOTH(udp_segment_cuts_what_is_written)
{
	int fd[2];

	udp_pair(fd);
	OK(set_int(fd[0], SOL_UDP, UDP_SEGMENT, 1000));
	EQ(send(fd[0], bytes, 3500, 0), 3500);
	for (size_t i = 0; i < 3; i++)
		expect(fd[1], i * 1000, 1000);
	expect(fd[1], 3000, 500);
	EQ(send(fd[0], bytes, 2000, 0), 2000);
	expect(fd[1], 0, 1000);
	expect(fd[1], 1000, 1000);
	EQ(send(fd[0], bytes, 1000, 0), 1000);
	expect(fd[1], 0, 1000);
	EQ(send(fd[0], bytes, 0, 0), 0);
	expect(fd[1], 0, 0);
	expect_nothing(fd[1]);
}

CASE(udp_segment_cuts_across_pieces)
{
	struct iovec iov[5] = { { bytes, 1 },
				{ bytes + 1, 0 },
				{ bytes + 1, 2498 },
				{ bytes + 2499, 1 },
				{ bytes + 2500, 700 } };
	struct sockaddr_in to;
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 5 };
	int fd[2];

	udp_pair(fd);
	OK(set_int(fd[0], SOL_UDP, UDP_SEGMENT, 1000));
	EQ(sendmsg(fd[0], &m, 0), 3200);
	for (size_t i = 0; i < 3; i++)
		expect(fd[1], i * 1000, 1000);
	expect(fd[1], 3000, 200);
	/* The same to a name. */
	to = at("127.0.0.1", port_of(fd[1]));
	EQ(sendto(fd[0], bytes, 1500, 0, (struct sockaddr *)&to, sizeof(to)), 1500);
	expect(fd[1], 0, 1000);
	expect(fd[1], 1000, 500);
	expect_nothing(fd[1]);
}

CASE_OF_BOTH(udp_segment_of_one_message_comes_before_the_sockets)
{
	uint16_t size = 700, none = 0;
	int word = 700, fd[2];

	udp_pair(fd);
	EQ(send_with(fd[0], 1000, UDP_SEGMENT, &size, sizeof(size)), 1000);
	expect(fd[1], 0, 700);
	expect(fd[1], 700, 300);
	OK(set_int(fd[0], SOL_UDP, UDP_SEGMENT, 900));
	EQ(send_with(fd[0], 1000, UDP_SEGMENT, &size, sizeof(size)), 1000);
	expect(fd[1], 0, 700);
	expect(fd[1], 700, 300);
	EQ(send_with(fd[0], 1000, UDP_SEGMENT, &none, sizeof(none)), 1000);
	expect(fd[1], 0, 1000);
	FAILS(send_with(fd[0], 1000, UDP_SEGMENT, &word, sizeof(word)), EINVAL);
	FAILS(send_with(fd[0], 1000, UDP_GRO, &size, sizeof(size)), EINVAL);
	expect_nothing(fd[1]);
}

/* Another control message behind those that are there. */
static void put_word(struct msghdr *m, int level, int type, const void *value, size_t len)
{
	struct cmsghdr *c = (struct cmsghdr *)((char *)m->msg_control + m->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), value, len);
	m->msg_controllen += CMSG_SPACE(len);
}

static void expect_with_ttl(int fd, ssize_t n, int ttl)
{
	char control[64];
	struct iovec iov = { got, sizeof(got) };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	int value;

	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	EQ(recvmsg(fd, &m, MSG_DONTWAIT), n);
	CHECK(CMSG_FIRSTHDR(&m));
	EQ(CMSG_FIRSTHDR(&m)->cmsg_type, IP_TTL);
	memcpy(&value, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(value));
	EQ(value, ttl);
}

CASE(udp_segment_goes_with_other_words)
{
	char control[128] = { 0 };
	struct iovec iov = { bytes, 1500 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control };
	uint16_t size = 1000;
	int ttl = 9, fd[2];

	udp_pair(fd);
	OK(set_int(fd[1], IPPROTO_IP, IP_RECVTTL, 1));
	put_word(&m, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	put_word(&m, SOL_UDP, UDP_SEGMENT, &size, sizeof(size));
	EQ(sendmsg(fd[0], &m, 0), 1500);
	expect_with_ttl(fd[1], 1000, 9);
	expect_with_ttl(fd[1], 500, 9);
	EQ(send(fd[0], bytes, 1500, 0), 1500);
	expect_with_ttl(fd[1], 1500, 64);
}

CASE(udp_segment_cuts_into_128_at_most)
{
	int fd[2];

	udp_pair(fd);
	OK(set_int(fd[0], SOL_UDP, UDP_SEGMENT, 10));
	EQ(send(fd[0], bytes, 1280, 0), 1280);
	FAILS(send(fd[0], bytes, 1281, 0), EINVAL);
	FAILS(send(fd[0], bytes, 65508, 0), EMSGSIZE);
}

/* Whatever is said of the path's MTU. */
CASE(udp_segment_is_never_cut_further)
{
	unsigned char frame[2000];
	struct sockaddr_in to;
	int fd;

	alone();
	fd = udp();
	to = at("10.0.0.2", 9);
	OK(connect(fd, (struct sockaddr *)&to, sizeof(to)));
	for (int mode = IP_PMTUDISC_DONT; mode <= IP_PMTUDISC_DO; mode++) {
		OK(set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, mode));
		OK(set_int(fd, SOL_UDP, UDP_SEGMENT, 1473));
		FAILS(send(fd, bytes, 3000, 0), EMSGSIZE);
		FAILS(send(fd, bytes, 1473, 0), EMSGSIZE);
		OK(set_int(fd, SOL_UDP, UDP_SEGMENT, 1472));
		EQ(send(fd, bytes, 3000, 0), 3000);
		EQ(wire_out(frame, sizeof(frame)), 1514);
		EQ(wire_out(frame, sizeof(frame)), 1514);
		EQ(wire_out(frame, sizeof(frame)), 14 + 28 + 56);
		EQ(wire_out(frame, sizeof(frame)), 0);
	}
}

/* The next message of a socket with UDP_GRO; returns the size of its datagrams, 0: it is one. */
static int gathered(int fd, size_t len, ssize_t *n)
{
	char control[64];
	struct iovec iov = { got, len };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	int size;

	CHECK(wait_for(fd, POLLIN, 2000) & POLLIN);
	*n = recvmsg(fd, &m, MSG_DONTWAIT);
	c = CMSG_FIRSTHDR(&m);
	if (!c)
		return 0;
	EQ(c->cmsg_level, SOL_UDP);
	EQ(c->cmsg_type, UDP_GRO);
	EQ(c->cmsg_len, CMSG_LEN(sizeof(size)));
	memcpy(&size, CMSG_DATA(c), sizeof(size));
	return size;
}

CASE_OF_BOTH(udp_gro_gathers_what_was_cut)
{
	ssize_t n;
	int fd[2];

	udp_pair(fd);
	OK(set_int(fd[0], SOL_UDP, UDP_SEGMENT, 1000));
	OK(set_int(fd[1], SOL_UDP, UDP_GRO, 1));
	EQ(send(fd[0], bytes, 3500, 0), 3500);
	EQ(gathered(fd[1], sizeof(got), &n), 1000);
	EQ(n, 3500);
	CHECK(memcmp(got, bytes, 3500) == 0);
	EQ(send(fd[0], bytes, 1000, 0), 1000);
	EQ(gathered(fd[1], sizeof(got), &n), 0);
	EQ(n, 1000);
	EQ(send(fd[0], bytes, 0, 0), 0);
	EQ(gathered(fd[1], sizeof(got), &n), 0);
	EQ(n, 0);
	expect_nothing(fd[1]);
	OK(set_int(fd[1], SOL_UDP, UDP_GRO, 0));
	EQ(send(fd[0], bytes, 2000, 0), 2000);
	EQ(gathered(fd[1], sizeof(got), &n), 0);
	EQ(n, 1000);
}

CASE(udp_gro_keeps_senders_apart)
{
	ssize_t n;
	int fd[2], other = udp();

	udp_pair(fd);
	OK(connect_to(other, port_of(fd[1])));
	OK(set_int(fd[0], SOL_UDP, UDP_SEGMENT, 100));
	OK(set_int(other, SOL_UDP, UDP_SEGMENT, 100));
	OK(set_int(fd[1], SOL_UDP, UDP_GRO, 1));
	EQ(send(fd[0], bytes, 200, 0), 200);
	EQ(send(other, bytes + 500, 300, 0), 300);
	EQ(gathered(fd[1], sizeof(got), &n), 100);
	EQ(n, 200);
	EQ(gathered(fd[1], sizeof(got), &n), 100);
	EQ(n, 300);
	CHECK(memcmp(got, bytes + 500, 300) == 0);
	expect_nothing(fd[1]);
}
