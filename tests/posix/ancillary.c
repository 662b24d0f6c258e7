/* Unix sockets: what goes with bytes, and to which of them it belongs. */
#include "tests/posix/posix.h"

/* Room for a message's credentials and four descriptors. */
union control {
	char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(4 * sizeof(int))];
	struct cmsghdr align;
};

static int counter(void)
{
	return (int)OK(eventfd(0, EFD_NONBLOCK));
}

/* Is it the same open file? */
static bool is_same(int a, int b)
{
	uint64_t n = 5;

	EQ(write(a, &n, 8), 8);
	n = 0;
	return read(b, &n, 8) == 8 && n == 5;
}

/* One descriptor with `text`. */
static void send_one(int to, const char *text, int fd)
{
	EQ(send_fds(to, text, strlen(text), &fd, 1), (long)strlen(text));
}

/* How many descriptors come with a receive of up to `len` bytes; they are closed. *got: bytes. */
static int take(int from, size_t len, long *got)
{
	char buf[64];
	int fds[4], n = 4;

	*got = recv_fds(from, buf, len, fds, &n, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		close(fds[i]);
	return n;
}

static void passcred(int fd)
{
	OK(set_int(fd, SOL_SOCKET, SO_PASSCRED, 1));
}

/* The credentials that came, or NULL. */
static const struct ucred *cred_of(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS)
			return (const struct ucred *)(const void *)CMSG_DATA(c);
	return NULL;
}

/* ---- which bytes ---- */

CASE(ancillary_a_receive_stops_at_the_end_of_what_it_came_with)
{
	long got;
	int fd[2], e = counter();

	pair_of(SOCK_STREAM, fd);
	send_one(fd[0], "abc", e);
	EQ(write(fd[0], "def", 3), 3);
	EQ(take(fd[1], 10, &got), 1);
	EQ(got, 3);
	EQ(take(fd[1], 10, &got), 0);
	EQ(got, 3);
}

CASE(ancillary_bytes_before_come_along)
{
	long got;
	int fd[2], e = counter();

	pair_of(SOCK_STREAM, fd);
	EQ(write(fd[0], "abc", 3), 3);
	send_one(fd[0], "def", e);
	/* Linux gives the bytes before and those of the message in one. */
	EQ(take(fd[1], 10, &got), 1);
	EQ(got, 6);
}

CASE(ancillary_comes_with_the_first_of_its_bytes)
{
	long got;
	int fd[2], e = counter();

	pair_of(SOCK_STREAM, fd);
	send_one(fd[0], "abc", e);
	EQ(take(fd[1], 1, &got), 1);
	EQ(got, 1);
	EQ(take(fd[1], 10, &got), 0);
	EQ(got, 2);
}

CASE(ancillary_of_two_messages_is_not_mixed)
{
	long got;
	int fd[2], e = counter();

	pair_of(SOCK_STREAM, fd);
	send_one(fd[0], "ab", e);
	send_one(fd[0], "cd", e);
	EQ(take(fd[1], 10, &got), 1);
	EQ(got, 2);
	EQ(take(fd[1], 10, &got), 1);
	EQ(got, 2);
}

CASE(ancillary_a_plain_read_lets_it_go)
{
	char buf[8];
	int fd[2], p[2];

	pair_of(SOCK_STREAM, fd);
	OK(pipe(p));
	send_one(fd[0], "ab", p[1]);
	close(p[1]);
	EQ(level(p[0]), 0);
	EQ(read(fd[1], buf, 8), 2);
	/* The only writing end went with it. */
	EQ(level(p[0]), POLLHUP);
}

CASE(ancillary_a_plain_read_of_the_first_byte_lets_it_go)
{
	char c;
	long got;
	int fd[2], e = counter();

	pair_of(SOCK_STREAM, fd);
	send_one(fd[0], "ab", e);
	EQ(read(fd[1], &c, 1), 1);
	EQ(take(fd[1], 8, &got), 0);
	EQ(got, 1);
}

CASE(ancillary_wants_a_byte_on_a_stream)
{
	long got;
	int fd[2], e = counter();

	pair_of(SOCK_STREAM, fd);
	EQ(send_fds(fd[0], "", 0, &e, 1), 0);
	FAILS(take(fd[1], 8, &got) == 0 ? got : 0, EAGAIN);
}

CASE(ancillary_goes_with_an_empty_datagram)
{
	long got;
	int fd[2], e = counter();

	pair_of(SOCK_DGRAM, fd);
	EQ(send_fds(fd[0], "", 0, &e, 1), 0);
	EQ(take(fd[1], 8, &got), 1);
	EQ(got, 0);
}

CASE(ancillary_of_a_cut_datagram_still_comes)
{
	char buf[2];
	int fd[2], e = counter(), got[4], n = 4, flags;

	pair_of(SOCK_DGRAM, fd);
	send_one(fd[0], "abcd", e);
	EQ(recv_fds(fd[1], buf, 2, got, &n, 0, &flags), 2);
	EQ(n, 1);
	EQ(flags & MSG_TRUNC, MSG_TRUNC);
}

/* ---- descriptors ---- */

CASE(ancillary_a_descriptor_is_the_same_file)
{
	char buf[8];
	int fd[2], e = counter(), got[4], n = 4;

	pair_of(SOCK_STREAM, fd);
	send_one(fd[0], "x", e);
	EQ(recv_fds(fd[1], buf, 8, got, &n, 0, NULL), 1);
	EQ(n, 1);
	CHECK(got[0] != e);
	CHECK(is_same(e, got[0]));
}

CASE(ancillary_lives_when_the_sender_closes)
{
	char buf[8];
	int fd[2], e = counter(), got[4], n = 4;
	uint64_t v = 9;

	pair_of(SOCK_STREAM, fd);
	EQ(write(e, &v, 8), 8);
	send_one(fd[0], "x", e);
	close(e);
	close(fd[0]);
	EQ(recv_fds(fd[1], buf, 8, got, &n, 0, NULL), 1);
	EQ(n, 1);
	EQ(read(got[0], &v, 8), 8);
	EQ(v, 9);
}

CASE(ancillary_several_come_in_order)
{
	char buf[8];
	int fd[2], e[3], got[4], n = 4;

	pair_of(SOCK_STREAM, fd);
	for (int i = 0; i < 3; i++)
		e[i] = counter();
	EQ(send_fds(fd[0], "x", 1, e, 3), 1);
	EQ(recv_fds(fd[1], buf, 8, got, &n, 0, NULL), 1);
	EQ(n, 3);
	for (int i = 0; i < 3; i++)
		CHECK(is_same(e[i], got[i]));
}

CASE(ancillary_what_has_no_room_is_closed_and_said)
{
	char buf[8];
	int fd[2], p[2], got[4], n = 1, flags, both[2];

	pair_of(SOCK_STREAM, fd);
	OK(pipe(p));
	both[0] = counter();
	both[1] = p[1];
	EQ(send_fds(fd[0], "x", 1, both, 2), 1);
	close(p[1]);
	EQ(recv_fds(fd[1], buf, 8, got, &n, 0, &flags), 1);
	/* CMSG_LEN of one: padding leaves no place for another. */
	EQ(n, 1);
	EQ(flags & MSG_CTRUNC, MSG_CTRUNC);
	EQ(level(p[0]), POLLHUP);
}

CASE(ancillary_with_no_room_at_all)
{
	char buf[8];
	int fd[2], e = counter(), got[4], n = 0, flags;

	pair_of(SOCK_STREAM, fd);
	send_one(fd[0], "x", e);
	EQ(recv_fds(fd[1], buf, 8, got, &n, 0, &flags), 1);
	EQ(flags & MSG_CTRUNC, MSG_CTRUNC);
}

CASE(ancillary_peeking_gives_another_copy_each_time)
{
	char buf[8];
	int fd[2], e = counter(), one[4], two[4], n = 4;

	pair_of(SOCK_STREAM, fd);
	send_one(fd[0], "x", e);
	EQ(recv_fds(fd[1], buf, 8, one, &n, MSG_PEEK, NULL), 1);
	EQ(n, 1);
	n = 4;
	EQ(recv_fds(fd[1], buf, 8, two, &n, 0, NULL), 1);
	EQ(n, 1);
	CHECK(one[0] != two[0]);
	CHECK(is_same(one[0], two[0]));
}

CASE(ancillary_a_socket_in_itself)
{
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	send_one(fd[0], "x", fd[1]);
	send_one(fd[0], "y", fd[0]);
	close(fd[0]);
	close(fd[1]);
}

CASE(ancillary_two_pairs_in_each_other)
{
	int a[2], b[2];

	pair_of(SOCK_STREAM, a);
	pair_of(SOCK_DGRAM, b);
	send_one(a[0], "x", b[1]);
	send_one(b[0], "y", a[1]);
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
}

CASE(ancillary_a_listener_that_was_passed_listens_on)
{
	char buf[8];
	uint16_t port;
	int fd[2], l = listening(2, &port), got[4], n = 4;

	pair_of(SOCK_STREAM, fd);
	send_one(fd[0], "x", l);
	close(l);
	OK(connect_to(tcp(), port));
	EQ(recv_fds(fd[1], buf, 8, got, &n, 0, NULL), 1);
	OK(accept(got[0], NULL, NULL));
}

CASE(ancillary_what_waits_in_a_listener_goes_with_it)
{
	struct sockaddr_un un;
	socklen_t len = abstract(&un, "holm-ancillary-1");
	int l = (int)OK(socket(AF_UNIX, SOCK_STREAM, 0)), c, p[2];

	OK(bind(l, (struct sockaddr *)&un, len));
	OK(listen(l, 1));
	c = (int)OK(socket(AF_UNIX, SOCK_STREAM, 0));
	OK(connect(c, (struct sockaddr *)&un, len));
	OK(pipe(p));
	send_one(c, "x", p[1]);
	close(p[1]);
	close(l);
	EQ(wait_for(p[0], 0, 1000), POLLHUP);
}

CASE(ancillary_only_on_unix_sockets)
{
	char buf[8];
	int fd[2], e = counter(), got[4], n = 4;

	tcp_pair(fd);
	/* They are taken, and go nowhere. */
	EQ(send_fds(fd[0], "x", 1, &e, 1), 1);
	EQ(recv_fds(fd[1], buf, 8, got, &n, 0, NULL), 1);
	EQ(n, 0);
}

CASE(ancillary_malformed)
{
	union control control = { .bytes = "" };
	struct iovec iov = { (char[]){ 'x' }, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control };
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	control.align.cmsg_level = SOL_SOCKET;
	control.align.cmsg_type = SCM_RIGHTS;
	m.msg_controllen = CMSG_LEN(sizeof(int));
	control.align.cmsg_len = 3;
	FAILS(sendmsg(fd[0], &m, 0), EINVAL);
	control.align.cmsg_len = CMSG_LEN(100 * sizeof(int));
	FAILS(sendmsg(fd[0], &m, 0), EINVAL);
	control.align.cmsg_len = CMSG_LEN(sizeof(int));
	control.align.cmsg_type = 99;
	FAILS(sendmsg(fd[0], &m, 0), EINVAL);
	EQ(level(fd[1]), POLLOUT);
}

/* ---- credentials ---- */

CASE(credentials_come_when_asked_for)
{
	union control control;
	char buf[8];
	struct iovec iov = { buf, 8 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control };
	const struct ucred *c;
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	passcred(fd[1]);
	EQ(write(fd[0], "x", 1), 1);
	m.msg_controllen = sizeof(control);
	EQ(recvmsg(fd[1], &m, 0), 1);
	c = cred_of(&m);
	CHECK(c != NULL);
	OK(getsockopt(fd[1], SOL_SOCKET, SO_PEERCRED, &peer, &len));
	EQ(c->pid, peer.pid);
	EQ(c->uid, peer.uid);
	EQ(c->gid, peer.gid);
}

CASE(credentials_do_not_come_unasked)
{
	union control control;
	char buf[8];
	struct iovec iov = { buf, 8 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	EQ(write(fd[0], "x", 1), 1);
	EQ(recvmsg(fd[1], &m, 0), 1);
	EQ(m.msg_controllen, 0);
}

CASE(credentials_and_descriptors_come_together)
{
	union control control;
	char buf[8];
	struct iovec iov = { buf, 8 };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	int fd[2], e = counter(), rights = 0;

	pair_of(SOCK_DGRAM, fd);
	passcred(fd[1]);
	send_one(fd[0], "x", e);
	EQ(recvmsg(fd[1], &m, 0), 1);
	CHECK(cred_of(&m) != NULL);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
		rights += c->cmsg_type == SCM_RIGHTS;
	EQ(rights, 1);
	EQ(m.msg_flags & MSG_CTRUNC, 0);
}

CASE(credentials_without_room_are_cut)
{
	char buf[8];
	int fd[2], got[4], n = 0, flags;

	pair_of(SOCK_DGRAM, fd);
	passcred(fd[1]);
	EQ(send(fd[0], "x", 1, 0), 1);
	EQ(recv_fds(fd[1], buf, 8, got, &n, 0, &flags), 1);
	EQ(flags & MSG_CTRUNC, MSG_CTRUNC);
}

CASE(credentials_are_an_option_that_can_be_asked)
{
	int fd[2];

	pair_of(SOCK_STREAM, fd);
	EQ(get_int(fd[0], SOL_SOCKET, SO_PASSCRED), 0);
	passcred(fd[0]);
	EQ(get_int(fd[0], SOL_SOCKET, SO_PASSCRED), 1);
}

CASE(credentials_of_the_peer_of_a_datagram_pair)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int fd[2];

	pair_of(SOCK_DGRAM, fd);
	OK(getsockopt(fd[0], SOL_SOCKET, SO_PEERCRED, &peer, &len));
	EQ(len, (long)sizeof(peer));
	CHECK(peer.pid > 0);
}

CASE(credentials_of_nobody)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int fd = (int)OK(socket(AF_UNIX, SOCK_STREAM, 0));

	OK(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len));
	EQ(peer.pid, 0);
	EQ((int)peer.uid, -1);
	EQ((int)peer.gid, -1);
}
