/* Options: what they are at first, what they take, what they refuse. */
#include "tests/posix/posix.h"

static int open_as(int family, int type)
{
	return (int)OK(socket(family, type, 0));
}

/* The value at first, or after it was set: value, or -errno. */
static int first_value(int family, int type, int level, int name)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(open_as(family, type), level, name, &value, &len) == 0 ? value : -errno;
}

static int after(int family, int type, int level, int name, int set)
{
	int fd = open_as(family, type);

	if (set_int(fd, level, name, set) != 0)
		return -errno;
	return get_int(fd, level, name);
}

#define FIRST(title, family, type, level, name, value)                                             \
	CASE(option_##title##_at_first)                                                            \
	{                                                                                          \
		EQ(first_value(family, type, level, name), value);                                 \
	}
#define SET(title, family, type, level, name, set, value)                                          \
	CASE(option_##title)                                                                       \
	{                                                                                          \
		EQ(after(family, type, level, name, set), value);                                  \
	}

/* A flag of all families: off, on, and any number is on. */
#define FLAG(title, level, name)                                                                   \
	FIRST(title##_tcp, AF_INET, SOCK_STREAM, level, name, 0)                                   \
	FIRST(title##_udp, AF_INET, SOCK_DGRAM, level, name, 0)                                    \
	FIRST(title##_unix, AF_UNIX, SOCK_STREAM, level, name, 0)                                  \
	SET(title##_tcp_on, AF_INET, SOCK_STREAM, level, name, 1, 1)                               \
	SET(title##_udp_on, AF_INET, SOCK_DGRAM, level, name, 1, 1)                                \
	SET(title##_any_number, AF_INET, SOCK_STREAM, level, name, 42, 1)

FLAG(reuseaddr, SOL_SOCKET, SO_REUSEADDR)
FLAG(reuseport, SOL_SOCKET, SO_REUSEPORT)
FLAG(keepalive, SOL_SOCKET, SO_KEEPALIVE)
FLAG(broadcast, SOL_SOCKET, SO_BROADCAST)
FLAG(oobinline, SOL_SOCKET, SO_OOBINLINE)

FIRST(type_tcp, AF_INET, SOCK_STREAM, SOL_SOCKET, SO_TYPE, SOCK_STREAM)
FIRST(type_udp, AF_INET, SOCK_DGRAM, SOL_SOCKET, SO_TYPE, SOCK_DGRAM)
FIRST(domain_tcp, AF_INET, SOCK_STREAM, SOL_SOCKET, SO_DOMAIN, AF_INET)
FIRST(protocol_tcp, AF_INET, SOCK_STREAM, SOL_SOCKET, SO_PROTOCOL, IPPROTO_TCP)
FIRST(protocol_udp, AF_INET, SOCK_DGRAM, SOL_SOCKET, SO_PROTOCOL, IPPROTO_UDP)
FIRST(acceptconn, AF_INET, SOCK_STREAM, SOL_SOCKET, SO_ACCEPTCONN, 0)
FIRST(error, AF_INET, SOCK_STREAM, SOL_SOCKET, SO_ERROR, 0)
SET(type_is_fixed, AF_INET, SOCK_STREAM, SOL_SOCKET, SO_TYPE, 1, -ENOPROTOOPT)
SET(error_is_fixed, AF_INET, SOCK_STREAM, SOL_SOCKET, SO_ERROR, 1, -ENOPROTOOPT)
SET(unknown, AF_INET, SOCK_STREAM, SOL_SOCKET, 9999, 1, -ENOPROTOOPT)
FIRST(unknown, AF_INET, SOCK_STREAM, SOL_SOCKET, 9999, -ENOPROTOOPT)
SET(sndbuf_doubles, AF_INET, SOCK_STREAM, SOL_SOCKET, SO_SNDBUF, 20000, 40000)
SET(rcvbuf_doubles, AF_INET, SOCK_STREAM, SOL_SOCKET, SO_RCVBUF, 20000, 40000)
SET(udp_rcvbuf_doubles, AF_INET, SOCK_DGRAM, SOL_SOCKET, SO_RCVBUF, 20000, 40000)
SET(rcvbuf_has_a_least, AF_INET, SOCK_STREAM, SOL_SOCKET, SO_RCVBUF, 1, 2304)
SET(rcvlowat, AF_INET, SOCK_STREAM, SOL_SOCKET, SO_RCVLOWAT, 7, 7)
FIRST(rcvlowat, AF_INET, SOCK_STREAM, SOL_SOCKET, SO_RCVLOWAT, 1)
SET(rcvlowat_zero_is_one, AF_INET, SOCK_STREAM, SOL_SOCKET, SO_RCVLOWAT, 0, 1)

FIRST(nodelay, AF_INET, SOCK_STREAM, SOL_TCP, TCP_NODELAY, 0)
SET(nodelay, AF_INET, SOCK_STREAM, SOL_TCP, TCP_NODELAY, 5, 1)
FIRST(keepidle, AF_INET, SOCK_STREAM, SOL_TCP, TCP_KEEPIDLE, 7200)
SET(keepidle, AF_INET, SOCK_STREAM, SOL_TCP, TCP_KEEPIDLE, 17, 17)
SET(keepidle_zero, AF_INET, SOCK_STREAM, SOL_TCP, TCP_KEEPIDLE, 0, -EINVAL)
SET(keepidle_too_long, AF_INET, SOCK_STREAM, SOL_TCP, TCP_KEEPIDLE, 32768, -EINVAL)
FIRST(keepintvl, AF_INET, SOCK_STREAM, SOL_TCP, TCP_KEEPINTVL, 75)
SET(keepintvl, AF_INET, SOCK_STREAM, SOL_TCP, TCP_KEEPINTVL, 3, 3)
FIRST(keepcnt, AF_INET, SOCK_STREAM, SOL_TCP, TCP_KEEPCNT, 9)
SET(keepcnt, AF_INET, SOCK_STREAM, SOL_TCP, TCP_KEEPCNT, 127, 127)
SET(keepcnt_too_many, AF_INET, SOCK_STREAM, SOL_TCP, TCP_KEEPCNT, 128, -EINVAL)
FIRST(linger2, AF_INET, SOCK_STREAM, SOL_TCP, TCP_LINGER2, 60)
SET(linger2, AF_INET, SOCK_STREAM, SOL_TCP, TCP_LINGER2, 10, 10)
FIRST(user_timeout, AF_INET, SOCK_STREAM, SOL_TCP, TCP_USER_TIMEOUT, 0)
SET(user_timeout, AF_INET, SOCK_STREAM, SOL_TCP, TCP_USER_TIMEOUT, 5000, 5000)
SET(user_timeout_negative, AF_INET, SOCK_STREAM, SOL_TCP, TCP_USER_TIMEOUT, -1, -EINVAL)
FIRST(maxseg, AF_INET, SOCK_STREAM, SOL_TCP, TCP_MAXSEG, 536)
SET(maxseg_too_small, AF_INET, SOCK_STREAM, SOL_TCP, TCP_MAXSEG, 10, -EINVAL)
SET(tcp_unknown, AF_INET, SOCK_STREAM, SOL_TCP, 9999, 1, -ENOPROTOOPT)
FIRST(tcp_of_udp, AF_INET, SOCK_DGRAM, SOL_TCP, TCP_NODELAY, -EOPNOTSUPP)
SET(tcp_of_unix, AF_UNIX, SOCK_STREAM, SOL_TCP, TCP_NODELAY, 1, -EOPNOTSUPP)

FIRST(ttl, AF_INET, SOCK_DGRAM, SOL_IP, IP_TTL, 64)
SET(ttl, AF_INET, SOCK_DGRAM, SOL_IP, IP_TTL, 3, 3)
SET(ttl_zero, AF_INET, SOCK_DGRAM, SOL_IP, IP_TTL, 0, -EINVAL)
SET(ttl_too_high, AF_INET, SOCK_DGRAM, SOL_IP, IP_TTL, 256, -EINVAL)
SET(ttl_default, AF_INET, SOCK_DGRAM, SOL_IP, IP_TTL, -1, 64)
FIRST(tos, AF_INET, SOCK_DGRAM, SOL_IP, IP_TOS, 0)
SET(tos, AF_INET, SOCK_DGRAM, SOL_IP, IP_TOS, 0x10, 0x10)
SET(tos_takes_a_byte, AF_INET, SOCK_DGRAM, SOL_IP, IP_TOS, 0x1210, 0x10)
SET(tos_all_bits, AF_INET, SOCK_DGRAM, SOL_IP, IP_TOS, 0xff, 0xff)
SET(tcp_tos, AF_INET, SOCK_STREAM, SOL_IP, IP_TOS, 0x20, 0x20)
SET(tcp_tos_leaves_ecn_to_tcp, AF_INET, SOCK_STREAM, SOL_IP, IP_TOS, 0x23, 0x20)
SET(tcp_tos_takes_a_byte, AF_INET, SOCK_STREAM, SOL_IP, IP_TOS, 0x1210, 0x10)
SET(tcp_tos_negative, AF_INET, SOCK_STREAM, SOL_IP, IP_TOS, -1, 0xfc)
SET(tcp_class_leaves_ecn_to_tcp, AF_INET6, SOCK_STREAM, SOL_IPV6, IPV6_TCLASS, 0x43, 0x40)
SET(tcp_ttl_default, AF_INET, SOCK_STREAM, SOL_IP, IP_TTL, -1, 64)
SET(tcp_ttl_zero, AF_INET, SOCK_STREAM, SOL_IP, IP_TTL, 0, -EINVAL)
FIRST(sndlowat, AF_INET, SOCK_STREAM, SOL_SOCKET, SO_SNDLOWAT, 1)
SET(sndlowat, AF_INET, SOCK_STREAM, SOL_SOCKET, SO_SNDLOWAT, 1, -ENOPROTOOPT)
SET(buf_lock, AF_INET, SOCK_STREAM, SOL_SOCKET, SO_BUF_LOCK, 3, 3)
SET(buf_lock_too_much, AF_UNIX, SOCK_STREAM, SOL_SOCKET, SO_BUF_LOCK, 4, -EINVAL)
FIRST(recvttl, AF_INET, SOCK_DGRAM, SOL_IP, IP_RECVTTL, 0)
SET(recvttl, AF_INET, SOCK_DGRAM, SOL_IP, IP_RECVTTL, 1, 1)
SET(recvtos, AF_INET, SOCK_DGRAM, SOL_IP, IP_RECVTOS, 1, 1)
SET(pktinfo, AF_INET, SOCK_DGRAM, SOL_IP, IP_PKTINFO, 1, 1)

/* What SO_BUF_LOCK consists of (linux/socket.h). */
enum { SNDBUF_LOCK = 1, RCVBUF_LOCK = 2 };

CASE(option_buf_lock_says_what_the_program_has_set)
{
	int fd = udp();

	EQ(get_int(fd, SOL_SOCKET, SO_BUF_LOCK), 0);
	OK(set_int(fd, SOL_SOCKET, SO_RCVBUF, 16384));
	EQ(get_int(fd, SOL_SOCKET, SO_BUF_LOCK), RCVBUF_LOCK);
	OK(set_int(fd, SOL_SOCKET, SO_SNDBUF, 16384));
	EQ(get_int(fd, SOL_SOCKET, SO_BUF_LOCK), RCVBUF_LOCK | SNDBUF_LOCK);
	OK(set_int(fd, SOL_SOCKET, SO_BUF_LOCK, SNDBUF_LOCK));
	EQ(get_int(fd, SOL_SOCKET, SO_BUF_LOCK), SNDBUF_LOCK);
}

CASE(option_cookie_is_of_one_socket)
{
	unsigned long mine = 0, again = 0, other = 0;
	socklen_t len = 4;
	int fd = tcp();

	FAILS(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &mine, &len), EINVAL);
	len = sizeof(mine);
	OK(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &mine, &len));
	EQ(len, 8);
	OK(getsockopt(udp(), SOL_SOCKET, SO_COOKIE, &other, &len));
	OK(getsockopt(fd, SOL_SOCKET, SO_COOKIE, &again, &len));
	CHECK(mine != 0);
	EQ(mine, again);
	CHECK(mine != other);
	FAILS(setsockopt(fd, SOL_SOCKET, SO_COOKIE, &mine, sizeof(mine)), ENOPROTOOPT);
}

CASE(option_mtu_of_a_connection)
{
	socklen_t len = sizeof(int);
	int fd[2], mtu;

	FAILS(getsockopt(tcp(), SOL_IP, IP_MTU, &mtu, &len), ENOTCONN);
	tcp_pair(fd);
	CHECK(get_int(fd[0], SOL_IP, IP_MTU) >= 1280);
	FAILS(set_int(fd[0], SOL_IP, IP_MTU, 1280), ENOPROTOOPT);
}

CASE(option_lengths_are_checked)
{
	int fd = tcp(), one = 1;
	socklen_t len = 2;

	FAILS(setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, 2), EINVAL);
	FAILS(setsockopt(fd, SOL_SOCKET, SO_LINGER, &one, sizeof(one)), EINVAL);
	OK(getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, &len));
	EQ(len, 2);
}

CASE(option_linger)
{
	struct linger l = { 1, 5 }, got = { 0 };
	socklen_t len = sizeof(got);
	int fd = tcp();

	OK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	OK(getsockopt(fd, SOL_SOCKET, SO_LINGER, &got, &len));
	EQ(got.l_onoff, 1);
	EQ(got.l_linger, 5);
}

CASE(option_timeouts)
{
	struct timeval tv = { 1, 500000 }, got = { 0 };
	socklen_t len = sizeof(got);
	int fd = tcp();

	OK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	OK(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &got, &len));
	EQ(got.tv_sec, 1);
	EQ(got.tv_usec, 500000);
	tv.tv_usec = 1000000;
	FAILS(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)), EDOM);
}

CASE(option_congestion)
{
	char name[16] = "";
	socklen_t len = sizeof(name);
	int fd = tcp();

	OK(setsockopt(fd, SOL_TCP, TCP_CONGESTION, "reno", 4));
	OK(getsockopt(fd, SOL_TCP, TCP_CONGESTION, name, &len));
	EQ(strcmp(name, "reno"), 0);
	FAILS(setsockopt(fd, SOL_TCP, TCP_CONGESTION, "nonesuch", 8), ENOENT);
}

CASE(option_info)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	int fd[2];

	tcp_pair(fd);
	memset(&info, 0, sizeof(info));
	OK(getsockopt(fd[0], SOL_TCP, TCP_INFO, &info, &len));
	EQ(info.tcpi_state, TCP_ESTABLISHED);
	CHECK(info.tcpi_snd_mss > 500);
	CHECK(info.tcpi_snd_cwnd >= 2); /* RFC 6928 counts in bytes, Linux in segments */
	FAILS(getsockopt(udp(), SOL_TCP, TCP_INFO, &info, &len), EOPNOTSUPP);
}

CASE(option_rcvlowat_holds_readiness_back)
{
	int fd[2];

	tcp_pair(fd);
	OK(set_int(fd[1], SOL_SOCKET, SO_RCVLOWAT, 4));
	EQ(write(fd[0], "ab", 2), 2);
	EQ(wait_for(fd[1], POLLIN, 20) & POLLIN, 0);
	EQ(write(fd[0], "cd", 2), 2);
	EQ(wait_for(fd[1], POLLIN, 2000) & POLLIN, POLLIN);
}
