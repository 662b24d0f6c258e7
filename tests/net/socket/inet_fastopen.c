/* Fast Open by way of stream sockets: data in a SYN, from MSG_FASTOPEN to who was accepted by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <holm/tcp.h>

#include "tests/support/sockets.h"

/* A SYN with data, from who was given a cookie before. */
static struct holm_socket *open_fast(struct duo *d)
{
	struct holm_sockaddr_in to = sockets_addr(d, 1, 80);
	struct holm_socket *c = sockets_open(d, 0, HOLM_SOCK_STREAM);
	struct holm_iov iov = { "hello", 5 };
	struct holm_msg msg = { .name = &to, .name_len = sizeof(to), .iov = &iov, .iovcnt = 1 };

	(void)holm_socket_sendmsg(c, &msg, HOLM_MSG_FASTOPEN);
	return c;
}

static void who_was_accepted_by_fast_open_is_ready_before_its_handshake_is_over(void **state)
{
	struct duo *d = *state;
	struct holm_socket *l = sockets_listen(d, 1, 80), *c, *child = NULL;
	uint8_t info[1];
	uint32_t len = sizeof(info);
	char got[8];

	assert_int_equal(sockets_set_int(l, HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_FASTOPEN, 4), 0);
	c = open_fast(d);
	duo_settle(d);
	holm_socket_close(sockets_accept(l));
	holm_socket_close(c);
	duo_settle(d);
	c = open_fast(d);
	while (!child && duo_step(d))
		child = sockets_accept(l);
	assert_non_null(child);
	assert_int_equal(
		holm_socket_getsockopt(child, HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_INFO, info, &len),
		0);
	assert_int_equal(info[0], HOLM_TCP_SYN_RECEIVED);
	assert_int_equal(holm_socket_poll(child),
			 HOLM_POLLIN | HOLM_POLLRDNORM | HOLM_POLLOUT | HOLM_POLLWRNORM);
	assert_int_equal(holm_socket_read(child, got, sizeof(got)), 5);
	assert_int_equal(holm_socket_poll(child), HOLM_POLLOUT | HOLM_POLLWRNORM);
	assert_int_equal(holm_socket_write(child, "back", 4), 4);
	duo_settle(d);
	assert_int_equal(holm_socket_read(c, got, sizeof(got)), 4);
	holm_socket_close(child);
	holm_socket_close(c);
	holm_socket_close(l);
}

/* As connect() it says why there is no connection, and nothing of it is left over for the next. */
static void data_of_a_fast_open_that_cannot_be_is_not_sent_later(void **state)
{
	struct duo *d = *state;
	struct holm_socket *l = sockets_listen(d, 1, 80),
			   *other = sockets_open(d, 0, HOLM_SOCK_STREAM);
	struct holm_socket *c = sockets_open(d, 0, HOLM_SOCK_STREAM), *child;
	struct holm_sockaddr_in to = sockets_addr(d, 1, 80);
	struct holm_iov iov = { "hello", 5 };
	struct holm_msg msg = { .name = &to, .name_len = sizeof(to), .iov = &iov, .iovcnt = 1 };
	char got[16];

	assert_int_equal(sockets_set_int(l, HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_FASTOPEN, 4), 0);
	child = open_fast(d); /* which brings a cookie */
	duo_settle(d);
	holm_socket_close(child);
	holm_socket_close(sockets_accept(l));
	assert_int_equal(sockets_set_int(other, HOLM_SOL_SOCKET, HOLM_SO_REUSEADDR, 1), 0);
	assert_int_equal(sockets_set_int(c, HOLM_SOL_SOCKET, HOLM_SO_REUSEADDR, 1), 0);
	assert_int_equal(sockets_bind(other, sockets_addr(d, 0, 5000)), 0);
	assert_int_equal(sockets_bind(c, sockets_addr(d, 0, 5000)), 0);
	assert_int_equal(sockets_connect(other, to), -HOLM_EINPROGRESS);
	duo_settle(d);
	assert_int_equal(holm_socket_sendmsg(c, &msg, HOLM_MSG_FASTOPEN), -HOLM_EADDRNOTAVAIL);
	holm_socket_close(sockets_accept(l));
	holm_socket_close(other);
	duo_settle(d);
	to = sockets_addr(d, 1, 80);
	assert_int_equal(sockets_get_int(c, HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_FASTOPEN_CONNECT),
			 0);
	to = sockets_addr(d, 1, 81);
	holm_socket_close(l);
	l = sockets_listen(d, 1, 81);
	assert_int_equal(holm_socket_sendmsg(c, &msg, HOLM_MSG_FASTOPEN), 5);
	assert_int_equal(sockets_get_int(c, HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_FASTOPEN_CONNECT),
			 0);
	duo_settle(d);
	child = sockets_accept(l);
	assert_non_null(child);
	assert_int_equal(holm_socket_read(child, got, sizeof(got)), 5);
	holm_socket_close(child);
	holm_socket_close(c);
	holm_socket_close(l);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, sockets_setup, sockets_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_was_accepted_by_fast_open_is_ready_before_its_handshake_is_over),
		TEST(data_of_a_fast_open_that_cannot_be_is_not_sent_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
