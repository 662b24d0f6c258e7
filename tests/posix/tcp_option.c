/* Options of TCP that few programs use: what they take, and what they then do. */
#include "tests/posix/posix.h"

#define SET(title, name, set, value)                                                               \
	CASE(tcp_option_##title)                                                                   \
	{                                                                                          \
		int fd = tcp();                                                                    \
                                                                                                   \
		EQ(set_int(fd, SOL_TCP, name, set) == 0 ? get_int(fd, SOL_TCP, name) : -errno,     \
		   value);                                                                         \
	}

SET(syncnt, TCP_SYNCNT, 3, 3)
SET(syncnt_most, TCP_SYNCNT, 127, 127)
SET(syncnt_zero, TCP_SYNCNT, 0, -EINVAL)
SET(syncnt_too_many, TCP_SYNCNT, 128, -EINVAL)
SET(notsent_lowat, TCP_NOTSENT_LOWAT, 16384, 16384)
SET(notsent_lowat_zero, TCP_NOTSENT_LOWAT, 0, 0)
SET(notsent_lowat_all, TCP_NOTSENT_LOWAT, -1, -1)
SET(linger2, TCP_LINGER2, 30, 30)
SET(linger2_default, TCP_LINGER2, 0, 60)
SET(linger2_most, TCP_LINGER2, 121, 120)
SET(window_clamp, TCP_WINDOW_CLAMP, 20000, 20000)
SET(window_clamp_least, TCP_WINDOW_CLAMP, 1, 1152)
SET(window_clamp_none, TCP_WINDOW_CLAMP, 0, 0)
SET(inq, TCP_INQ, 1, 1)
SET(inq_off, TCP_INQ, 0, 0)
SET(inq_two, TCP_INQ, 2, -EINVAL)
SET(maxseg, TCP_MAXSEG, 1000, 1000)
SET(maxseg_none, TCP_MAXSEG, 0, 536)
SET(defer_accept_never, TCP_DEFER_ACCEPT, -1, 0)
SET(window_clamp_negative, TCP_WINDOW_CLAMP, -1, 1152)
SET(fastopen_connect, TCP_FASTOPEN_CONNECT, 1, 1)
SET(fastopen_connect_two, TCP_FASTOPEN_CONNECT, 2, -EINVAL)

CASE_OF_BOTH(tcp_option_fastopen_connect_is_too_late_when_connected)
{
	int fd[2];

	tcp_pair(fd);
	FAILS(set_int(fd[0], SOL_TCP, TCP_FASTOPEN_CONNECT, 1), EINVAL);
}

/* It is taken, and changes nothing any more. */
CASE_OF_BOTH(tcp_option_maxseg_of_a_connection)
{
	int fd[2], mss;

	tcp_pair(fd);
	mss = get_int(fd[0], SOL_TCP, TCP_MAXSEG);
	CHECK(mss > 1000);
	OK(set_int(fd[0], SOL_TCP, TCP_MAXSEG, 1000));
	EQ(get_int(fd[0], SOL_TCP, TCP_MAXSEG), mss);
	OK(set_int(fd[0], SOL_TCP, TCP_MAXSEG, 0));
	FAILS(set_int(fd[0], SOL_TCP, TCP_MAXSEG, 10), EINVAL);
}

CASE_OF_BOTH(tcp_option_maxseg_is_taken_back)
{
	uint16_t port;
	int fd = tcp(), other = tcp();

	listening(4, &port);
	OK(set_int(fd, SOL_TCP, TCP_MAXSEG, 1000));
	OK(set_int(fd, SOL_TCP, TCP_MAXSEG, 0));
	OK(connect_to(fd, port));
	OK(connect_to(other, port));
	EQ(get_int(fd, SOL_TCP, TCP_MAXSEG), get_int(other, SOL_TCP, TCP_MAXSEG));
}

CASE_OF_BOTH(tcp_option_fastopen_of_a_connection)
{
	int fd[2];

	tcp_pair(fd);
	FAILS(set_int(fd[0], SOL_TCP, TCP_FASTOPEN, 5), EINVAL);
}

CASE_OF_BOTH(tcp_pacing_rate_is_an_int_or_a_long)
{
	unsigned int word = 0;
	unsigned long rate = 0;
	socklen_t len = sizeof(word);
	int fd = tcp();

	OK(getsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &word, &len));
	EQ(word, ~0u);
	len = sizeof(rate);
	OK(getsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, &len));
	EQ(rate, ~0ul);
	word = 1000000;
	OK(setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &word, sizeof(word)));
	OK(getsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, &len));
	EQ(rate, 1000000);
	rate = 2000000;
	OK(setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof(rate)));
	len = sizeof(word);
	OK(getsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &word, &len));
	EQ(word, 2000000);
	FAILS(setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &word, 2), EINVAL);
}

CASE_OF_BOTH(tcp_paced_bytes_arrive)
{
	static char bytes[20000], back[sizeof(bytes)];
	unsigned int rate = 10000000;
	int fd[2];

	tcp_pair(fd);
	OK(setsockopt(fd[0], SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof(rate)));
	EQ(write(fd[0], bytes, sizeof(bytes)), sizeof(bytes));
	EQ(recv(fd[1], back, sizeof(back), MSG_WAITALL), sizeof(back));
}

CASE(tcp_option_defer_accept_may_be_long)
{
	int fd = tcp();

	OK(set_int(fd, SOL_TCP, TCP_DEFER_ACCEPT, 1 << 20));
	CHECK(get_int(fd, SOL_TCP, TCP_DEFER_ACCEPT) > 30);
}

/* A socket whose connection was refused is the same socket when it tries again. */
CASE_OF_BOTH(tcp_options_survive_a_refused_connection)
{
	uint16_t port;
	int listener = listening(4, &port), fd = tcp();
	char name[16] = "";
	socklen_t len = sizeof(name);

	close(listener);
	OK(set_int(fd, SOL_TCP, TCP_SYNCNT, 3));
	OK(set_int(fd, SOL_TCP, TCP_NOTSENT_LOWAT, 8192));
	OK(set_int(fd, SOL_TCP, TCP_CORK, 1));
	OK(setsockopt(fd, SOL_TCP, TCP_CONGESTION, "reno", 4));
	FAILS(connect_to(fd, port), ECONNREFUSED);
	listener = tcp();
	OK(set_int(listener, SOL_SOCKET, SO_REUSEADDR, 1));
	OK(bind_to(listener, "127.0.0.1", port));
	OK(listen(listener, 4));
	OK(connect_to(fd, port));
	EQ(get_int(fd, SOL_TCP, TCP_SYNCNT), 3);
	EQ(get_int(fd, SOL_TCP, TCP_NOTSENT_LOWAT), 8192);
	EQ(get_int(fd, SOL_TCP, TCP_CORK), 1);
	OK(getsockopt(fd, SOL_TCP, TCP_CONGESTION, name, &len));
	EQ(strcmp(name, "reno"), 0);
	/* What was not asked for is as large as it may be. */
	CHECK(get_int(fd, SOL_TCP, TCP_MAXSEG) > 536);
	close(listener);
}

/* What is written when nobody reads ends at the mark, or soon behind it, not at the buffer's end. */
CASE_OF_BOTH(tcp_notsent_lowat_bounds_what_waits)
{
	static char bytes[65536];
	int fd[2];
	ssize_t n, sum = 0;
	ssize_t got = 0;

	tcp_pair(fd);
	OK(set_int(fd[0], SOL_SOCKET, SO_SNDBUF, 1 << 20));
	OK(set_int(fd[0], SOL_TCP, TCP_NOTSENT_LOWAT, 8192));
	nonblocking(fd[0]);
	nonblocking(fd[1]);
	while (sum < (16 << 20) && wait_for(fd[0], POLLOUT, 50) & POLLOUT)
		while ((n = write(fd[0], bytes, 4096)) > 0)
			sum += n;
	CHECK(sum < (16 << 20));
	EQ(level(fd[0]) & POLLOUT, 0);
	/* Who reads makes room. */
	while (got < sum && wait_for(fd[1], POLLIN, 2000) & POLLIN) {
		n = read(fd[1], bytes, sizeof(bytes));
		if (n > 0)
			got += n;
	}
	EQ(got, sum);
	EQ(wait_for(fd[0], POLLOUT, 2000) & POLLOUT, POLLOUT);
}

/* How much the message says is left; -1: it does not say. */
static int inq_of(int fd, size_t take, ssize_t *n)
{
	char bytes[64], control[64];
	struct iovec iov = { bytes, take };
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;
	int left;

	*n = recvmsg(fd, &m, 0);
	c = CMSG_FIRSTHDR(&m);
	if (*n < 0 || !c || c->cmsg_level != SOL_TCP || c->cmsg_type != TCP_CM_INQ)
		return -1;
	memcpy(&left, CMSG_DATA(c), sizeof(left));
	return left;
}

CASE_OF_BOTH(tcp_inq_says_what_is_left)
{
	int fd[2];
	ssize_t n;

	tcp_pair(fd);
	OK(set_int(fd[1], SOL_TCP, TCP_INQ, 1));
	EQ(write(fd[0], "hello, world", 12), 12);
	EQ(wait_for(fd[1], POLLIN, 2000) & POLLIN, POLLIN);
	EQ(inq_of(fd[1], 5, &n), 7);
	EQ(n, 5);
	EQ(inq_of(fd[1], 64, &n), 0);
	EQ(n, 7);
	OK(shutdown(fd[0], SHUT_WR));
	EQ(wait_for(fd[1], POLLRDHUP, 2000) & POLLRDHUP, POLLRDHUP);
	EQ(inq_of(fd[1], 5, &n), 1);
	EQ(n, 0);
}

/* A field of struct tcp_info that headers may not have, by where Linux has it. */
static uint64_t info_at(const unsigned char *info, size_t at, size_t bytes)
{
	uint64_t wide = 0;
	uint32_t word = 0;

	if (bytes == 8)
		memcpy(&wide, info + at, 8);
	else
		memcpy(&word, info + at, 4);
	return wide | word;
}

CASE_OF_BOTH(tcp_info_of_a_connection)
{
	unsigned char info[240];
	socklen_t len = sizeof(info);
	int fd[2];

	tcp_pair(fd);
	EQ(write(fd[0], "x", 1), 1);
	EQ(wait_for(fd[1], POLLIN, 2000) & POLLIN, POLLIN);
	memset(info, 0, sizeof(info));
	OK(getsockopt(fd[0], SOL_TCP, TCP_INFO, info, &len));
	CHECK(len >= 232);
	EQ(info[1], TCP_CA_Open);
	EQ(info[3], 0);			     /* probes */
	EQ(info_at(info, 28, 4), 0);	     /* sacked */
	EQ(info_at(info, 32, 4), 0);	     /* lost */
	CHECK(info_at(info, 60, 4) >= 1500); /* pmtu */
	CHECK(info_at(info, 84, 4) > 500);   /* advmss */
	EQ(info_at(info, 112, 8), -1);	     /* max_pacing_rate */
	EQ(info_at(info, 144, 4), 0);	     /* notsent_bytes */
	CHECK(info_at(info, 228, 4) > 1000); /* snd_wnd */
	EQ(info[5] & TCPI_OPT_ECN, 0);
}

CASE_OF_BOTH(tcp_info_counts_bytes_that_were_acknowledged_and_received)
{
	static char bytes[5000];
	unsigned char info[240];
	socklen_t len = sizeof(info);
	int fd[2];

	tcp_pair(fd);
	EQ(write(fd[1], bytes, 5000), 5000);
	EQ(recv(fd[0], bytes, 2000, MSG_WAITALL), 2000);
	EQ(recv(fd[0], bytes, 3000, MSG_WAITALL | MSG_PEEK), 3000);
	EQ(recv(fd[0], bytes, 1000, MSG_TRUNC), 1000);
	OK(getsockopt(fd[0], SOL_TCP, TCP_INFO, info, &len));
	EQ(info_at(info, 128, 8), 5000); /* bytes_received */
	/* What is answered is acknowledged. */
	EQ(write(fd[0], "x", 1), 1);
	EQ(wait_for(fd[1], POLLIN, 2000) & POLLIN, POLLIN);
	OK(getsockopt(fd[1], SOL_TCP, TCP_INFO, info, &len));
	EQ(info_at(info, 120, 8), 5000); /* bytes_acked */
	EQ(info_at(info, 128, 8), 1);
}

/* MSG_FASTOPEN connects and sends, whether the server knows of Fast Open or not. */
CASE(tcp_msg_fastopen_connects_and_sends)
{
	char bytes[8] = "";
	uint16_t port;
	int server = listening(4, &port), fd = tcp(), child;
	struct sockaddr_in to = at("127.0.0.1", port);

	nonblocking(fd);
	FAILS(sendto(fd, "hello", 5, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof(to)),
	      EINPROGRESS);
	EQ(wait_for(fd, POLLOUT, 2000) & POLLOUT, POLLOUT);
	/* It is told that it is connected, and sends; from then on it is. */
	EQ(sendto(fd, "hello", 5, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof(to)), 5);
	FAILS(sendto(fd, "hello", 5, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof(to)), EISCONN);
	child = (int)OK(accept(server, NULL, NULL));
	EQ(read(child, bytes, sizeof(bytes)), 5);
	EQ(memcmp(bytes, "hello", 5), 0);
}

CASE(tcp_fastopen_connect_is_a_connect)
{
	char bytes[8] = "";
	uint16_t port;
	int server = listening(4, &port), child;
	struct sockaddr_in to = at("127.0.0.1", port);

	for (int i = 0; i < 2; i++) {
		int fd = tcp();

		OK(set_int(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, 1));
		OK(connect(fd, (struct sockaddr *)&to, sizeof(to)));
		EQ(write(fd, "hello", 5), 5);
		child = (int)OK(accept(server, NULL, NULL));
		EQ(read(child, bytes, sizeof(bytes)), 5);
		OK(close(fd));
		OK(close(child));
	}
}

/* They say nothing of a stream, but programs set them of whatever they have. */
CASE_OF_BOTH(tcp_takes_options_of_packets)
{
	static const int flags[] = { IP_PKTINFO, IP_RECVTTL, IP_RECVTOS, IP_RECVORIGDSTADDR };
	int fd = tcp(), all = posix_family == AF_INET;
	struct in_addr any = { 0 };

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		EQ(get_int(fd, SOL_IP, flags[i]), 0);
		OK(set_int(fd, SOL_IP, flags[i], 7));
		EQ(get_int(fd, SOL_IP, flags[i]), 1);
	}
	EQ(get_int(fd, SOL_IP, IP_MULTICAST_LOOP), 1);
	OK(set_int(fd, SOL_IP, IP_MULTICAST_LOOP, 0));
	EQ(get_int(fd, SOL_IP, IP_MULTICAST_LOOP), 0);
	EQ(get_int(fd, SOL_IP, IP_MULTICAST_ALL), all);
	OK(set_int(fd, SOL_IP, IP_MULTICAST_ALL, !all));
	EQ(get_int(fd, SOL_IP, IP_MULTICAST_ALL), !all);
	FAILS(set_int(fd, SOL_IP, IP_MULTICAST_ALL, 2), EINVAL);
	EQ(get_int(fd, SOL_IP, IP_MULTICAST_TTL), 1);
	FAILS(set_int(fd, SOL_IP, IP_MULTICAST_TTL, 2), EINVAL);
	FAILS(setsockopt(fd, SOL_IP, IP_MULTICAST_IF, &any, sizeof(any)), EINVAL);
	EQ(get_int(fd, SOL_IP, IP_MTU_DISCOVER), IP_PMTUDISC_WANT);
	OK(set_int(fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO));
	EQ(get_int(fd, SOL_IP, IP_MTU_DISCOVER), IP_PMTUDISC_DO);
	FAILS(set_int(fd, SOL_IP, IP_MTU_DISCOVER, -1), EINVAL);
	if (DIFFERS("the path's MTU is always looked for"))
		FAILS(set_int(fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT), ENOPROTOOPT);
}

/* As of who listens. */
CASE(tcp_takes_options_of_packets_from_its_listener)
{
	uint16_t port;
	int listener = listening(1, &port), fd = tcp(), s;

	OK(set_int(listener, SOL_IP, IP_PKTINFO, 1));
	OK(set_int(listener, SOL_IP, IP_MULTICAST_LOOP, 0));
	OK(set_int(listener, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO));
	OK(connect_to(fd, port));
	s = (int)OK(accept(listener, NULL, NULL));
	EQ(get_int(s, SOL_IP, IP_PKTINFO), 1);
	EQ(get_int(s, SOL_IP, IP_MULTICAST_LOOP), 0);
	EQ(get_int(s, SOL_IP, IP_MTU_DISCOVER), IP_PMTUDISC_DO);
}
