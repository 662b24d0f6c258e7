/* Datagram sockets between two instances. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/sockets.h"

#define IN (HOLM_POLLIN | HOLM_POLLRDNORM)
#define OUT (HOLM_POLLOUT | HOLM_POLLWRNORM)

/* [0] of instance 0, not bound; [1] of instance 1, at port 53. */
struct fixture {
	struct duo d;
	struct holm_socket *s[2];
};

static uint8_t bytes[70000];

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	sockets_duo(&f->d);
	for (int i = 0; i < 2; i++)
		f->s[i] = sockets_open(&f->d, i, HOLM_SOCK_DGRAM);
	assert_int_equal(sockets_bind(f->s[1], sockets_addr4(0, 0, 0, 0, 53)), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++)
		if (f->s[i])
			holm_socket_close(f->s[i]);
	duo_run(&f->d, SECOND);
	duo_fini(&f->d);
	free(f);
	return 0;
}

static void send_text(struct fixture *f, const char *text)
{
	assert_int_equal(sockets_sendto(f->s[0], text, strlen(text), sockets_addr(&f->d, 1, 53)),
			 strlen(text));
	duo_settle(&f->d);
}

static void a_datagram_arrives_with_its_senders_name(void **state)
{
	struct fixture *f = *state;
	struct holm_sockaddr_in from = { 0 }, local;
	char buf[16];
	struct holm_iov iov = { buf, sizeof(buf) };
	struct holm_msg msg = { .name = &from, .name_len = sizeof(from), .iov = &iov, .iovcnt = 1 };
	uint32_t len = sizeof(local);

	assert_int_equal(holm_socket_poll(f->s[1]), OUT);
	send_text(f, "question");
	assert_int_equal(holm_socket_poll(f->s[1]), IN | OUT);
	assert_int_equal(holm_socket_readable_bytes(f->s[1]), 8);
	assert_int_equal(holm_socket_recvmsg(f->s[1], &msg, 0), 8);
	assert_memory_equal(buf, "question", 8);
	assert_int_equal(msg.name_len, sizeof(from));
	assert_int_equal(msg.flags, 0);
	assert_int_equal(from.addr[3], 1);
	assert_int_equal(holm_socket_getsockname(f->s[0], &local, &len), 0);
	assert_int_equal(sockets_port(&from), sockets_port(&local));
	assert_int_equal(holm_socket_recvmsg(f->s[1], &msg, 0), -HOLM_EAGAIN);
}

static void what_does_not_fit_is_lost_and_said_so(void **state)
{
	struct fixture *f = *state;
	char buf[4];
	struct holm_iov iov = { buf, sizeof(buf) };
	struct holm_msg msg = { .iov = &iov, .iovcnt = 1 };

	send_text(f, "question");
	send_text(f, "question");
	assert_int_equal(holm_socket_recvmsg(f->s[1], &msg, 0), 4);
	assert_int_equal(msg.flags, HOLM_MSG_TRUNC);
	assert_int_equal(holm_socket_recvmsg(f->s[1], &msg, HOLM_MSG_TRUNC), 8);
	assert_memory_equal(buf, "ques", 4);
	assert_int_equal(holm_socket_recvmsg(f->s[1], &msg, 0), -HOLM_EAGAIN);
}

/*
 * UDP_GRO: as many as there is room for, all but the last of one size; who cannot be told gets them
 * singly.
 */
static void datagrams_are_gathered_as_far_as_there_is_room(void **state)
{
	static const char *const texts[] = { "aaaa", "bbbb", "cccc", "dd", "ee", "ffff", "", "g" };
	struct fixture *f = *state;
	char buf[11] = { 0 };
	struct holm_iov iov = { buf, 11 };
	struct holm_ancillary a = { .has = 0 };
	struct holm_msg msg = { .iov = &iov, .iovcnt = 1, .ancillary = &a };
	int on = 1;

	assert_int_equal(holm_socket_setsockopt(f->s[1], HOLM_IPPROTO_UDP, HOLM_SOCKOPT_UDP_GRO,
						&on, sizeof(on)),
			 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		send_text(f, texts[i]);
	assert_int_equal(holm_socket_recvmsg(f->s[1], &msg, HOLM_MSG_PEEK), 4);
	assert_int_equal(a.has, 0);
	assert_int_equal(holm_socket_recvmsg(f->s[1], &msg, 0), 8);
	assert_memory_equal(buf, "aaaabbbb", 8);
	assert_int_equal(a.has, HOLM_ANC_SEGMENT);
	assert_int_equal(a.segment, 4);
	a.has = 0;
	assert_int_equal(holm_socket_recvmsg(f->s[1], &msg, HOLM_MSG_TRUNC), 6);
	assert_memory_equal(buf, "ccccdd", 6);
	assert_int_equal(a.segment, 4);
	a.has = 0;
	assert_int_equal(holm_socket_recvmsg(f->s[1], &msg, 0), 2);
	assert_int_equal(a.has, 0);
	assert_int_equal(holm_socket_recvmsg(f->s[1], &msg, 0), 4);
	assert_int_equal(holm_socket_recvmsg(f->s[1], &msg, 0), 0);
	assert_int_equal(holm_socket_recvmsg(f->s[1], &msg, 0), 1);
	assert_int_equal(a.has, 0);
	send_text(f, "hh");
	send_text(f, "ii");
	msg.ancillary = NULL;
	assert_int_equal(holm_socket_recvmsg(f->s[1], &msg, 0), 2);
	assert_int_equal(holm_socket_recvmsg(f->s[1], &msg, 0), 2);
}

static void peeking_leaves_the_datagram(void **state)
{
	struct fixture *f = *state;
	char buf[8];

	send_text(f, "one");
	send_text(f, "two");
	assert_int_equal(sockets_recv(f->s[1], buf, 8, HOLM_MSG_PEEK), 3);
	assert_int_equal(sockets_recv(f->s[1], buf, 0, HOLM_MSG_PEEK | HOLM_MSG_TRUNC), 3);
	assert_int_equal(sockets_recv(f->s[1], buf, 8, 0), 3);
	assert_memory_equal(buf, "one", 3);
	assert_int_equal(sockets_recv(f->s[1], buf, 8, 0), 3);
	assert_memory_equal(buf, "two", 3);
}

static void an_empty_datagram_is_a_datagram(void **state)
{
	struct fixture *f = *state;
	char buf[8];

	send_text(f, "");
	assert_int_equal(holm_socket_poll(f->s[1]), IN | OUT);
	assert_int_equal(sockets_recv(f->s[1], buf, 8, 0), 0);
	assert_int_equal(sockets_recv(f->s[1], buf, 8, 0), -HOLM_EAGAIN);
}

static void many_pieces_become_one_datagram(void **state)
{
	struct fixture *f = *state;
	struct holm_sockaddr_in to = sockets_addr(&f->d, 1, 53);
	struct holm_iov iov[40];
	struct holm_msg msg = { .name = &to, .name_len = sizeof(to), .iov = iov, .iovcnt = 40 };
	char in[64];

	for (int i = 0; i < 40; i++)
		iov[i] = (struct holm_iov){ (char *)(uintptr_t) "0123456789" + i % 10, 1 };
	assert_int_equal(holm_socket_sendmsg(f->s[0], &msg, 0), 40);
	duo_settle(&f->d);
	assert_int_equal(sockets_recv(f->s[1], in, sizeof(in), 0), 40);
	assert_memory_equal(in, "0123456789012345678901234567890123456789", 40);
}

static void an_association_lets_send_do_without_a_name_and_filters(void **state)
{
	struct fixture *f = *state;
	struct holm_socket *stranger = sockets_open(&f->d, 1, HOLM_SOCK_DGRAM);
	struct holm_sockaddr_in sa;
	uint32_t len = sizeof(sa);
	char buf[8];

	assert_int_equal(sockets_send(f->s[0], "x", 1, 0), -HOLM_EDESTADDRREQ);
	assert_int_equal(holm_socket_getpeername(f->s[0], &sa, &len), -HOLM_ENOTCONN);
	assert_int_equal(sockets_connect(f->s[0], sockets_addr(&f->d, 1, 53)), 0);
	assert_int_equal(sockets_send(f->s[0], "x", 1, 0), 1);
	assert_int_equal(holm_socket_getpeername(f->s[0], &sa, &len), 0);
	assert_int_equal(sockets_port(&sa), 53);
	assert_int_equal(holm_socket_getsockname(f->s[0], &sa, &len), 0);
	duo_settle(&f->d);
	assert_int_equal(sockets_sendto(stranger, "no", 2, sa), 2);
	assert_int_equal(sockets_sendto(f->s[1], "yes", 3, sa), 3);
	duo_settle(&f->d);
	assert_int_equal(sockets_recv(f->s[0], buf, sizeof(buf), 0), 3);
	assert_memory_equal(buf, "yes", 3);
	holm_socket_close(stranger);
}

static void af_unspec_dissolves_the_association(void **state)
{
	struct fixture *f = *state;
	struct holm_sockaddr_in unspec = { .family = HOLM_AF_UNSPEC };

	assert_int_equal(sockets_connect(f->s[0], sockets_addr(&f->d, 1, 53)), 0);
	assert_int_equal(sockets_connect(f->s[0], unspec), 0);
	assert_int_equal(sockets_send(f->s[0], "x", 1, 0), -HOLM_EDESTADDRREQ);
}

static void a_port_nobody_has_is_reported_once(void **state)
{
	struct fixture *f = *state;
	char buf[8];

	assert_int_equal(sockets_connect(f->s[0], sockets_addr(&f->d, 1, 54)), 0);
	assert_int_equal(sockets_send(f->s[0], "x", 1, 0), 1);
	duo_settle(&f->d);
	assert_true(holm_socket_poll(f->s[0]) & HOLM_POLLERR);
	assert_int_equal(holm_socket_readable_bytes(f->s[0]), 0);
	assert_int_equal(sockets_recv(f->s[0], buf, 8, 0), -HOLM_ECONNREFUSED);
	assert_int_equal(sockets_recv(f->s[0], buf, 8, 0), -HOLM_EAGAIN);
	assert_int_equal(sockets_send(f->s[0], "x", 1, 0), 1);
	duo_settle(&f->d);
	assert_int_equal(sockets_get_int(f->s[0], HOLM_SOL_SOCKET, HOLM_SO_ERROR),
			 HOLM_ECONNREFUSED);
	assert_int_equal(holm_socket_poll(f->s[0]), OUT);
}

static void what_cannot_be_sent_is_refused(void **state)
{
	struct fixture *f = *state;
	struct holm_sockaddr_in to = sockets_addr(&f->d, 1, 53), six = to;

	assert_int_equal(sockets_sendto(f->s[0], bytes, 65508, to), -HOLM_EMSGSIZE);
	assert_int_equal(sockets_sendto(f->s[0], "x", 1, sockets_addr(&f->d, 1, 0)), -HOLM_EINVAL);
	six.family = HOLM_AF_INET6;
	assert_int_equal(sockets_sendto(f->s[0], "x", 1, six), -HOLM_EAFNOSUPPORT);
	assert_int_equal(sockets_send(f->s[0], "x", 1, HOLM_MSG_MORE), -HOLM_EOPNOTSUPP);
	assert_int_equal(sockets_send(f->s[0], "x", 1, HOLM_MSG_OOB), -HOLM_EOPNOTSUPP);
	assert_int_equal(sockets_sendto(f->s[0], "x", 1, sockets_addr4(255, 255, 255, 255, 9)),
			 -HOLM_EACCES);
}

static void shutdown_ends_a_direction_also_where_it_is_refused(void **state)
{
	struct fixture *f = *state;
	char buf[4];

	assert_int_equal(holm_socket_shutdown(f->s[1], HOLM_SHUT_RD), -HOLM_ENOTCONN);
	assert_int_equal(holm_socket_poll(f->s[1]), IN | OUT | HOLM_POLLRDHUP);
	assert_int_equal(sockets_recv(f->s[1], buf, 4, 0), 0);
	assert_int_equal(sockets_connect(f->s[0], sockets_addr(&f->d, 1, 53)), 0);
	assert_int_equal(holm_socket_shutdown(f->s[0], HOLM_SHUT_WR), 0);
	assert_int_equal(sockets_send(f->s[0], "x", 1, 0), -HOLM_EPIPE);
	assert_int_equal(holm_socket_shutdown(f->s[0], HOLM_SHUT_RD), 0);
	assert_int_equal(holm_socket_poll(f->s[0]), IN | OUT | HOLM_POLLRDHUP | HOLM_POLLHUP);
}

static void streams_have_calls_that_datagrams_have_not(void **state)
{
	struct fixture *f = *state;
	struct holm_socket *s;

	assert_int_equal(holm_socket_listen(f->s[1], 1), -HOLM_EOPNOTSUPP);
	assert_int_equal(holm_socket_accept(f->s[1], NULL, NULL, NULL, &s), -HOLM_EOPNOTSUPP);
	assert_true(holm_socket_is_delivered(f->s[1]));
}

static void two_may_share_a_port_only_if_both_say_so(void **state)
{
	struct fixture *f = *state;
	struct holm_socket *a = sockets_open(&f->d, 1, HOLM_SOCK_DGRAM);
	struct holm_socket *b = sockets_open(&f->d, 1, HOLM_SOCK_DGRAM);

	assert_int_equal(sockets_set_int(a, HOLM_SOL_SOCKET, HOLM_SO_REUSEADDR, 1), 0);
	assert_int_equal(sockets_set_int(b, HOLM_SOL_SOCKET, HOLM_SO_REUSEADDR, 1), 0);
	assert_int_equal(sockets_bind(a, sockets_addr4(0, 0, 0, 0, 53)), -HOLM_EADDRINUSE);
	assert_int_equal(sockets_bind(a, sockets_addr4(0, 0, 0, 0, 54)), 0);
	assert_int_equal(sockets_bind(b, sockets_addr4(0, 0, 0, 0, 54)), 0);
	assert_int_equal(sockets_bind(b, sockets_addr4(0, 0, 0, 0, 55)), -HOLM_EINVAL);
	holm_socket_close(a);
	holm_socket_close(b);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_datagram_arrives_with_its_senders_name),
		TEST(what_does_not_fit_is_lost_and_said_so),
		TEST(datagrams_are_gathered_as_far_as_there_is_room),
		TEST(peeking_leaves_the_datagram),
		TEST(an_empty_datagram_is_a_datagram),
		TEST(many_pieces_become_one_datagram),
		TEST(an_association_lets_send_do_without_a_name_and_filters),
		TEST(af_unspec_dissolves_the_association),
		TEST(a_port_nobody_has_is_reported_once),
		TEST(what_cannot_be_sent_is_refused),
		TEST(shutdown_ends_a_direction_also_where_it_is_refused),
		TEST(streams_have_calls_that_datagrams_have_not),
		TEST(two_may_share_a_port_only_if_both_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
