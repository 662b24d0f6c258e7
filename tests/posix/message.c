/* Sending and receiving: flags, pieces, several messages at a time, what is cut. */
#include "tests/posix/posix.h"

static struct sockaddr_in own(int fd)
{
	return at("127.0.0.1", port_of(fd));
}

/* Two UDP sockets, the first connected to the second. */
static void udp_pair(int fd[2])
{
	struct sockaddr_in sa;

	fd[0] = udp();
	fd[1] = udp();
	OK(bind_to(fd[1], "127.0.0.1", 0));
	sa = own(fd[1]);
	OK(connect(fd[0], (struct sockaddr *)&sa, sizeof(sa)));
}

/* ---- flags ---- */

CASE(message_peek_of_a_datagram_leaves_it)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	EQ(send(fd[0], "abc", 3, 0), 3);
	EQ(recv(fd[1], buf, 8, MSG_PEEK), 3);
	EQ(recv(fd[1], buf, 2, MSG_PEEK), 2);
	EQ(recv(fd[1], buf, 8, 0), 3);
	FAILS(recv(fd[1], buf, 8, MSG_DONTWAIT), EAGAIN);
}

CASE(message_peek_at_what_is_not_there)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	FAILS(recv(fd[1], buf, 8, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
}

CASE(message_trunc_tells_the_whole_length_of_a_datagram)
{
	char buf[2];
	int fd[2];

	udp_pair(fd);
	EQ(send(fd[0], "abcdef", 6, 0), 6);
	EQ(recv(fd[1], buf, 2, MSG_PEEK | MSG_TRUNC), 6);
	EQ(recv(fd[1], buf, 2, MSG_TRUNC), 6);
}

CASE(message_trunc_of_a_unix_datagram)
{
	char buf[2];
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	EQ(send(fd[0], "abcdef", 6, 0), 6);
	EQ(recv(fd[1], buf, 0, MSG_PEEK | MSG_TRUNC), 6);
	EQ(recv(fd[1], buf, 2, MSG_TRUNC), 6);
}

CASE(message_trunc_of_a_seqpacket)
{
	char buf[2];
	int fd[2];

	pair_of(SOCK_SEQPACKET, fd);
	EQ(send(fd[0], "abcdef", 6, 0), 6);
	EQ(recv(fd[1], buf, 2, MSG_PEEK | MSG_TRUNC), 6);
	EQ(recv(fd[1], buf, 2, 0), 2);
	FAILS(recv(fd[1], buf, 2, MSG_DONTWAIT), EAGAIN);
}

CASE(message_what_is_cut_is_gone)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	EQ(send(fd[0], "abcdef", 6, 0), 6);
	EQ(send(fd[0], "gh", 2, 0), 2);
	EQ(recv(fd[1], buf, 3, 0), 3);
	EQ(recv(fd[1], buf, 8, 0), 2);
	EQ(buf[0], 'g');
}

CASE(message_waitall_takes_what_comes_until_the_end)
{
	char buf[16];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	EQ(write(fd[0], "abc", 3), 3);
	OK(shutdown(fd[0], SHUT_WR));
	EQ(recv(fd[1], buf, 16, MSG_WAITALL), 3);
}

CASE(message_waitall_that_may_not_wait)
{
	char buf[16];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	EQ(write(fd[0], "abc", 3), 3);
	EQ(recv(fd[1], buf, 16, MSG_WAITALL | MSG_DONTWAIT), 3);
	FAILS(recv(fd[1], buf, 16, MSG_WAITALL | MSG_DONTWAIT), EAGAIN);
}

CASE(message_waitall_times_out_with_what_there_is)
{
	struct timeval soon = { 0, 20000 };
	char buf[16];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	OK(setsockopt(fd[1], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)));
	EQ(write(fd[0], "abc", 3), 3);
	EQ(recv(fd[1], buf, 16, MSG_WAITALL), 3);
	FAILS(recv(fd[1], buf, 16, MSG_WAITALL), EAGAIN);
}

CASE_OF_BOTH(message_waitall_of_tcp)
{
	char buf[16];
	int fd[2];

	tcp_pair(fd);
	EQ(write(fd[0], "abc", 3), 3);
	EQ(write(fd[0], "def", 3), 3);
	EQ(recv(fd[1], buf, 6, MSG_WAITALL), 6);
}

CASE(message_waitall_of_a_datagram_is_one)
{
	char buf[16];
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	EQ(send(fd[0], "abc", 3, 0), 3);
	EQ(recv(fd[1], buf, 16, MSG_WAITALL), 3);
}

CASE(message_eor_is_said_of_seqpackets)
{
	char buf[8];
	struct iovec iov = { buf, 8 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd[2];

	pair_of(SOCK_SEQPACKET, fd);
	EQ(send(fd[0], "abc", 3, MSG_EOR), 3);
	EQ(recvmsg(fd[1], &m, 0), 3);
	EQ(m.msg_flags, 0);
}

CASE(message_dontwait_into_a_full_stream)
{
	static char bytes[65536];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	while (send(fd[0], bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		continue;
	EQ(errno, EAGAIN);
}

CASE(message_a_send_times_out)
{
	static char bytes[1 << 20];
	struct timeval soon = { 0, 20000 };
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	OK(setsockopt(fd[0], SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon)));
	CHECK(send(fd[0], bytes, sizeof(bytes), 0) < (long)sizeof(bytes));
	FAILS(send(fd[0], bytes, sizeof(bytes), 0), EAGAIN);
}

CASE(message_out_of_band_is_not_for_datagrams)
{
	char c;
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	FAILS(send(fd[0], "x", 1, MSG_OOB), EOPNOTSUPP);
	FAILS(recv(fd[0], &c, 1, MSG_OOB), EOPNOTSUPP);
}

CASE_OF_BOTH(message_errqueue_is_empty)
{
	char c;

	FAILS(recv(udp(), &c, 1, MSG_ERRQUEUE), EAGAIN);
}

/* ---- nothing ---- */

CASE(message_an_empty_datagram_is_a_message)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	EQ(send(fd[0], "", 0, 0), 0);
	EQ(level(fd[1]), POLLIN | POLLOUT);
	EQ(recv(fd[1], buf, 8, 0), 0);
	FAILS(recv(fd[1], buf, 8, MSG_DONTWAIT), EAGAIN);
}

CASE(message_an_empty_udp_datagram)
{
	char buf[8];
	int fd[2];

	udp_pair(fd);
	EQ(send(fd[0], "", 0, 0), 0);
	EQ(wait_for(fd[1], POLLIN, 1000), POLLIN);
	EQ(recv(fd[1], buf, 8, 0), 0);
}

CASE(message_an_empty_seqpacket)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_SEQPACKET, fd);
	EQ(send(fd[0], "", 0, 0), 0);
	EQ(recv(fd[1], buf, 8, 0), 0);
	FAILS(recv(fd[1], buf, 8, MSG_DONTWAIT), EAGAIN);
}

CASE(message_nothing_on_a_stream_is_nothing)
{
	char buf[8];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	EQ(write(fd[0], "", 0), 0);
	EQ(send(fd[0], "", 0, 0), 0);
	EQ(level(fd[1]), POLLOUT);
	EQ(read(fd[1], buf, 0), 0);
}

CASE_OF_BOTH(message_nothing_on_tcp_is_nothing)
{
	char buf[8];
	int fd[2];

	tcp_pair(fd);
	EQ(send(fd[0], "", 0, 0), 0);
	EQ(read(fd[1], buf, 0), 0);
	EQ(level(fd[1]), POLLOUT);
}

/* ---- pieces ---- */

CASE(message_pieces_are_one_datagram)
{
	char a[2], b[8];
	struct iovec out[] = { { (char[]){ 'a', 'b', 'c' }, 3 }, { (char[]){ 'd' }, 1 } };
	struct iovec in[] = { { a, 2 }, { b, 8 } };
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	EQ(writev(fd[0], out, 2), 4);
	EQ(readv(fd[1], in, 2), 4);
	EQ(b[1], 'd');
}

CASE(message_pieces_of_udp)
{
	char a[2], b[8];
	struct iovec out[] = { { (char[]){ 'a', 'b', 'c' }, 3 }, { (char[]){ 'd' }, 1 } };
	struct iovec in[] = { { a, 2 }, { b, 8 } };
	int fd[2];

	udp_pair(fd);
	EQ(writev(fd[0], out, 2), 4);
	EQ(wait_for(fd[1], POLLIN, 1000), POLLIN);
	EQ(readv(fd[1], in, 2), 4);
	EQ(a[0], 'a');
	EQ(b[1], 'd');
}

CASE(message_many_pieces_of_a_stream)
{
	static char bytes[40];
	struct iovec iov[40];
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	for (int i = 0; i < 40; i++) {
		bytes[i] = (char)i;
		iov[i] = (struct iovec){ &bytes[i], 1 };
	}
	EQ(writev(fd[0], iov, 40), 40);
	memset(bytes, 0, sizeof(bytes));
	EQ(readv(fd[1], iov, 40), 40);
	for (int i = 0; i < 40; i++)
		EQ(bytes[i], i);
}

CASE(message_pieces_have_a_bound)
{
	static struct iovec iov[1025];
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 1025 };
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	FAILS(sendmsg(fd[0], &m, 0), EMSGSIZE);
	FAILS(recvmsg(fd[0], &m, MSG_DONTWAIT), EMSGSIZE);
	FAILS(writev(fd[0], iov, 1025), EINVAL);
}

/* ---- names ---- */

CASE(message_a_receive_tells_no_name_of_the_nameless)
{
	struct sockaddr_un un;
	socklen_t len = sizeof(un);
	char buf[8];
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	EQ(send(fd[0], "x", 1, 0), 1);
	EQ(recvfrom(fd[1], buf, 8, 0, (struct sockaddr *)&un, &len), 1);
	EQ(len, 0);
}

CASE(message_a_tcp_receive_tells_no_name)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);
	char buf[8];
	int fd[2];

	tcp_pair(fd);
	EQ(write(fd[0], "x", 1), 1);
	EQ(recvfrom(fd[1], buf, 8, 0, (struct sockaddr *)&sa, &len), 1);
	EQ(len, 0);
}

CASE(message_a_name_is_cut_but_its_length_is_told)
{
	struct sockaddr_in sa = { 0 };
	socklen_t len = 4;
	char buf[8];
	int fd[2];

	udp_pair(fd);
	EQ(send(fd[0], "x", 1, 0), 1);
	EQ(recvfrom(fd[1], buf, 8, 0, (struct sockaddr *)&sa, &len), 1);
	EQ(len, (long)sizeof(sa));
	EQ(sa.sin_family, AF_INET);
	EQ(ntohs(sa.sin_port), port_of(fd[0]));
	EQ(sa.sin_addr.s_addr, 0);
}

CASE(message_a_connected_udp_socket_may_name_another)
{
	char buf[8];
	struct sockaddr_in sa;
	int fd[2], other = udp();

	udp_pair(fd);
	OK(bind_to(other, "127.0.0.1", 0));
	sa = own(other);
	EQ(sendto(fd[0], "x", 1, 0, (struct sockaddr *)&sa, sizeof(sa)), 1);
	EQ(wait_for(other, POLLIN, 1000), POLLIN);
	EQ(recv(other, buf, 8, 0), 1);
}

CASE(message_a_connected_stream_may_not)
{
	struct sockaddr_un un;
	socklen_t len = abstract(&un, "holm-nobody");
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	FAILS(sendto(fd[0], "x", 1, 0, (struct sockaddr *)&un, len), EISCONN);
}

CASE(message_an_unconnected_datagram_needs_a_name)
{
	FAILS(send(udp(), "x", 1, 0), EDESTADDRREQ);
	FAILS(send((int)OK(socket(AF_UNIX, SOCK_DGRAM, 0)), "x", 1, 0), ENOTCONN);
}

CASE(message_a_name_that_is_too_short)
{
	struct sockaddr_in sa = at("127.0.0.1", 9);

	FAILS(sendto(udp(), "x", 1, 0, (struct sockaddr *)&sa, 4), EINVAL);
}

/* ---- several at a time ---- */

struct batch {
	char bytes[4][8];
	struct iovec iov[4];
	struct mmsghdr m[4];
};

static void prepare(struct batch *b)
{
	memset(b, 0, sizeof(*b));
	for (int i = 0; i < 4; i++) {
		b->bytes[i][0] = (char)('a' + i);
		b->iov[i] = (struct iovec){ b->bytes[i], (size_t)i + 1 };
		b->m[i].msg_hdr = (struct msghdr){ .msg_iov = &b->iov[i], .msg_iovlen = 1 };
	}
}

CASE(mmsg_sends_and_receives_several)
{
	struct batch b;
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	prepare(&b);
	EQ(sendmmsg(fd[0], b.m, 4, 0), 4);
	EQ(b.m[3].msg_len, 4);
	prepare(&b);
	EQ(recvmmsg(fd[1], b.m, 4, 0, NULL), 4);
	EQ(b.m[0].msg_len, 1);
	EQ(b.m[3].msg_len, 4);
	EQ(b.bytes[3][0], 'd');
}

CASE(mmsg_receives_what_there_is)
{
	struct batch b;
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	EQ(send(fd[0], "x", 1, 0), 1);
	EQ(send(fd[0], "y", 1, 0), 1);
	prepare(&b);
	EQ(recvmmsg(fd[1], b.m, 4, MSG_DONTWAIT, NULL), 2);
	FAILS(recvmmsg(fd[1], b.m, 4, MSG_DONTWAIT, NULL), EAGAIN);
}

CASE(mmsg_wait_for_one)
{
	struct batch b;
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	EQ(send(fd[0], "x", 1, 0), 1);
	prepare(&b);
	EQ(recvmmsg(fd[1], b.m, 4, MSG_WAITFORONE, NULL), 1);
}

CASE(mmsg_time_out_is_looked_at_between_messages)
{
	struct timespec none = { 0, 0 };
	struct batch b;
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	for (int i = 0; i < 3; i++)
		EQ(send(fd[0], "x", 1, 0), 1);
	prepare(&b);
	EQ(recvmmsg(fd[1], b.m, 4, 0, &none), 1);
}

CASE(mmsg_tells_the_time_that_is_left)
{
	struct timespec left = { 50, 0 };
	struct batch b;
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	for (int i = 0; i < 4; i++)
		EQ(send(fd[0], "x", 1, 0), 1);
	prepare(&b);
	EQ(recvmmsg(fd[1], b.m, 4, 0, &left), 4);
	CHECK(left.tv_sec == 49 || (left.tv_sec == 50 && left.tv_nsec == 0));
}

CASE(mmsg_wants_a_time)
{
	struct timespec bad = { 0, 1000000000 };
	struct batch b;
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	prepare(&b);
	FAILS(recvmmsg(fd[1], b.m, 4, 0, &bad), EINVAL);
}

CASE(mmsg_of_nothing)
{
	struct batch b;
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	prepare(&b);
	EQ(sendmmsg(fd[0], b.m, 0, 0), 0);
	EQ(recvmmsg(fd[1], b.m, 0, 0, NULL), 0);
	FAILS(sendmmsg(999, b.m, 4, 0), EBADF);
}

CASE(mmsg_an_error_after_the_first_waits)
{
	static char large[300000];
	struct batch b;
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	prepare(&b);
	b.iov[1] = (struct iovec){ large, sizeof(large) };
	EQ(sendmmsg(fd[0], b.m, 4, 0), 1);
	FAILS(sendmmsg(fd[0], b.m + 1, 3, 0), EMSGSIZE);
}

CASE(mmsg_of_a_stream)
{
	struct batch b;
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	prepare(&b);
	EQ(sendmmsg(fd[0], b.m, 4, 0), 4);
	prepare(&b);
	EQ(recvmmsg(fd[1], b.m, 4, MSG_DONTWAIT, NULL), 4);
	EQ(b.m[3].msg_len, 4);
}

static void error_behind_a_message(int from, int to)
{
	struct pollfd p = { .fd = to };
	struct batch b;
	char c;

	EQ(send(from, "x", 1, 0), 1);
	EQ(send(from, "y", 1, 0), 1);
	prepare(&b);
	b.m[1].msg_hdr.msg_iovlen = 5000;
	EQ(recvmmsg(to, b.m, 4, 0, NULL), 1);
	EQ(poll(&p, 1, 0), 1);
	EQ(p.revents, POLLERR);
	FAILS(recv(to, &c, 1, 0), EMSGSIZE);
	EQ(recv(to, &c, 1, 0), 1);
	EQ(c, 'y');
}

CASE(mmsg_tells_an_error_behind_a_message_with_the_next_call)
{
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	error_behind_a_message(fd[0], fd[1]);
	error_behind_a_message(fd[0], fd[1]);
}

CASE(mmsg_leaves_an_error_behind_a_message_to_so_error)
{
	struct batch b;
	int fd[2], error = 0;
	socklen_t len = sizeof(error);

	pair_of(SOCK_DGRAM, fd);
	EQ(send(fd[0], "x", 1, 0), 1);
	prepare(&b);
	b.m[1].msg_hdr.msg_iovlen = 5000;
	EQ(recvmmsg(fd[1], b.m, 4, 0, NULL), 1);
	EQ(getsockopt(fd[1], SOL_SOCKET, SO_ERROR, &error, &len), 0);
	EQ(error, EMSGSIZE);
	EQ(getsockopt(fd[1], SOL_SOCKET, SO_ERROR, &error, &len), 0);
	EQ(error, 0);
	/* That nothing more is there is no error. */
	EQ(send(fd[0], "x", 1, 0), 1);
	prepare(&b);
	EQ(recvmmsg(fd[1], b.m, 4, MSG_DONTWAIT, NULL), 1);
	EQ(getsockopt(fd[1], SOL_SOCKET, SO_ERROR, &error, &len), 0);
	EQ(error, 0);
}
