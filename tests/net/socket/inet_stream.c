/* Stream sockets between two instances: what connect, accept, shutdown, send, recv and poll say when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <holm/tcp.h>

#include "tests/support/expect.h"
#include "tests/support/sockets.h"

#define IN (HOLM_POLLIN | HOLM_POLLRDNORM)
#define OUT (HOLM_POLLOUT | HOLM_POLLWRNORM)
#define HUP HOLM_POLLHUP
#define RDHUP HOLM_POLLRDHUP
#define ERR HOLM_POLLERR

static uint8_t bytes[1 << 20];

static void expect_bytes(struct holm_socket *s, const char *text)
{
	char buf[64];
	int64_t n = sockets_recv(s, buf, sizeof(buf), 0);

	assert_int_equal(n, strlen(text));
	assert_memory_equal(buf, text, (size_t)n);
}

/* ---- connecting ---- */

static void connect_is_in_progress_then_already_then_done_then_connected(void **state)
{
	struct duo *d = *state;
	struct holm_socket *l = sockets_listen(d, 1, 80), *c = sockets_open(d, 0, HOLM_SOCK_STREAM);
	struct holm_socket *a;

	assert_int_equal(holm_socket_poll(c), OUT | HUP);
	assert_int_equal(sockets_connect(c, sockets_addr(d, 1, 80)), -HOLM_EINPROGRESS);
	assert_int_equal(sockets_connect(c, sockets_addr(d, 1, 80)), -HOLM_EALREADY);
	assert_int_equal(holm_socket_poll(c), 0);
	duo_settle(d);
	assert_int_equal(holm_socket_poll(c), OUT);
	assert_int_equal(sockets_connect(c, sockets_addr(d, 1, 80)), 0);
	assert_int_equal(sockets_connect(c, sockets_addr(d, 1, 80)), -HOLM_EISCONN);
	a = sockets_accept(l);
	assert_non_null(a);
	assert_null(sockets_accept(l));
	holm_socket_close(a);
	holm_socket_close(l);
	holm_socket_close(c);
}

static void a_refused_connection_is_reported_once_and_can_be_tried_again(void **state)
{
	struct duo *d = *state;
	struct holm_socket *c = sockets_open(d, 0, HOLM_SOCK_STREAM), *l;

	assert_int_equal(sockets_connect(c, sockets_addr(d, 1, 80)), -HOLM_EINPROGRESS);
	duo_settle(d);
	assert_int_equal(holm_socket_poll(c), IN | OUT | HUP | RDHUP | ERR);
	assert_int_equal(sockets_connect(c, sockets_addr(d, 1, 80)), -HOLM_ECONNREFUSED);
	assert_int_equal(holm_socket_poll(c), OUT | HUP);
	assert_int_equal(sockets_get_int(c, HOLM_SOL_SOCKET, HOLM_SO_ERROR), 0);
	l = sockets_listen(d, 1, 80);
	assert_int_equal(sockets_connect(c, sockets_addr(d, 1, 80)), -HOLM_EINPROGRESS);
	duo_settle(d);
	assert_int_equal(sockets_connect(c, sockets_addr(d, 1, 80)), 0);
	holm_socket_close(c);
	holm_socket_close(l);
}

static void so_error_takes_the_error_and_the_next_connect_says_aborted(void **state)
{
	struct duo *d = *state;
	struct holm_socket *c = sockets_open(d, 0, HOLM_SOCK_STREAM);

	sockets_connect(c, sockets_addr(d, 1, 80));
	duo_settle(d);
	assert_int_equal(sockets_get_int(c, HOLM_SOL_SOCKET, HOLM_SO_ERROR), HOLM_ECONNREFUSED);
	assert_int_equal(sockets_get_int(c, HOLM_SOL_SOCKET, HOLM_SO_ERROR), 0);
	assert_false(holm_socket_poll(c) & ERR);
	assert_int_equal(sockets_connect(c, sockets_addr(d, 1, 80)), -HOLM_ECONNABORTED);
	assert_int_equal(sockets_connect(c, sockets_addr(d, 1, 80)), -HOLM_EINPROGRESS);
	duo_settle(d);
	holm_socket_close(c);
}

static void options_and_the_bound_port_survive_a_failed_connection(void **state)
{
	struct duo *d = *state;
	struct holm_socket *c = sockets_open(d, 0, HOLM_SOCK_STREAM);
	struct holm_sockaddr_in sa;
	uint32_t len = sizeof(sa);

	assert_int_equal(sockets_bind(c, sockets_addr4(0, 0, 0, 0, 1234)), 0);
	assert_int_equal(sockets_set_int(c, HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_NODELAY, 7), 0);
	assert_int_equal(sockets_set_int(c, HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_TTL, 9), 0);
	assert_int_equal(sockets_set_int(c, HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_SYNCNT, 3), 0);
	assert_int_equal(sockets_set_int(c, HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_CORK, 1), 0);
	sockets_connect(c, sockets_addr(d, 1, 80));
	duo_settle(d);
	assert_int_equal(sockets_connect(c, sockets_addr(d, 1, 80)), -HOLM_ECONNREFUSED);
	assert_int_equal(sockets_get_int(c, HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_NODELAY), 1);
	assert_int_equal(sockets_get_int(c, HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_TTL), 9);
	assert_int_equal(sockets_get_int(c, HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_SYNCNT), 3);
	assert_int_equal(sockets_get_int(c, HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_CORK), 1);
	assert_int_equal(holm_socket_getsockname(c, &sa, &len), 0);
	assert_int_equal(sockets_port(&sa), 1234);
	holm_socket_close(c);
}

static void connecting_to_af_unspec_dissolves_the_connection(void **state)
{
	struct duo *d = *state;
	struct holm_socket *pair[2];
	struct holm_sockaddr_in unspec = { .family = HOLM_AF_UNSPEC };

	sockets_pair(d, pair);
	sockets_send(pair[0], "x", 1, 0);
	assert_int_equal(holm_socket_shutdown(pair[0], HOLM_SHUT_WR), 0);
	assert_int_equal(sockets_connect(pair[0], unspec), 0);
	assert_int_equal(holm_socket_poll(pair[0]), OUT | HUP | ERR);
	assert_int_equal(holm_socket_read(pair[0], bytes, 1), 0);
	duo_settle(d);
	assert_int_equal(sockets_recv(pair[1], bytes, 1, 0), -HOLM_ECONNRESET);
	holm_socket_close(pair[1]);
	/* What was shut down is open again in the next connection. */
	pair[1] = sockets_listen(d, 1, 81);
	assert_int_equal(sockets_connect(pair[0], sockets_addr(d, 1, 81)), -HOLM_EINPROGRESS);
	duo_settle(d);
	assert_int_equal(sockets_send(pair[0], "x", 1, 0), 1);
	holm_socket_close(pair[0]);
	holm_socket_close(pair[1]);
}

static void a_connection_to_the_wildcard_goes_to_the_loopback(void **state)
{
	struct duo *d = *state;
	struct holm_socket *l = sockets_open(d, 0, HOLM_SOCK_STREAM);
	struct holm_socket *c = sockets_open(d, 0, HOLM_SOCK_STREAM), *a;
	struct holm_sockaddr_in sa;
	uint32_t len = sizeof(sa);

	assert_int_equal(sockets_bind(l, sockets_addr4(0, 0, 0, 0, 7)), 0);
	assert_int_equal(holm_socket_listen(l, 1), 0);
	assert_int_equal(sockets_connect(c, sockets_addr4(0, 0, 0, 0, 7)), -HOLM_EINPROGRESS);
	duo_settle(d);
	assert_int_equal(sockets_connect(c, sockets_addr4(0, 0, 0, 0, 7)), 0);
	assert_int_equal(holm_socket_getpeername(c, &sa, &len), 0);
	assert_int_equal(sa.addr[0], 127);
	a = sockets_accept(l);
	assert_int_equal(sockets_send(c, "x", 1, 0), 1);
	duo_settle(d);
	expect_bytes(a, "x");
	holm_socket_close(a);
	holm_socket_close(c);
	holm_socket_close(l);
}

static void sending_before_the_handshake_is_over_would_block(void **state)
{
	struct duo *d = *state;
	struct holm_socket *l = sockets_listen(d, 1, 80), *c = sockets_open(d, 0, HOLM_SOCK_STREAM);

	assert_int_equal(sockets_send(c, "x", 1, 0), -HOLM_EPIPE);
	assert_int_equal(sockets_recv(c, bytes, 1, 0), -HOLM_ENOTCONN);
	sockets_connect(c, sockets_addr(d, 1, 80));
	assert_int_equal(sockets_send(c, "x", 1, 0), -HOLM_EAGAIN);
	assert_int_equal(sockets_recv(c, bytes, 1, 0), -HOLM_EAGAIN);
	holm_socket_close(c);
	holm_socket_close(l);
}

/* ---- listening ---- */

static void an_unbound_socket_that_listens_gets_a_port(void **state)
{
	struct duo *d = *state;
	struct holm_socket *l = sockets_open(d, 1, HOLM_SOCK_STREAM);
	struct holm_sockaddr_in sa;
	uint32_t len = sizeof(sa);

	assert_int_equal(holm_socket_listen(l, 5), 0);
	assert_int_equal(holm_socket_getsockname(l, &sa, &len), 0);
	assert_true(sockets_port(&sa) >= 1024);
	assert_int_equal(sa.addr[0], 0);
	assert_int_equal(sockets_get_int(l, HOLM_SOL_SOCKET, HOLM_SO_ACCEPTCONN), 1);
	assert_int_equal(holm_socket_listen(l, 50), 0); /* again: another backlog */
	holm_socket_close(l);
}

static void a_listener_refuses_what_only_connections_do(void **state)
{
	struct duo *d = *state;
	struct holm_socket *l = sockets_listen(d, 1, 80), *other;
	struct holm_sockaddr_in sa;
	uint32_t len = sizeof(sa);

	assert_int_equal(sockets_send(l, "x", 1, 0), -HOLM_EPIPE);
	assert_int_equal(sockets_recv(l, bytes, 1, 0), -HOLM_ENOTCONN);
	assert_int_equal(sockets_connect(l, sockets_addr(d, 0, 80)), -HOLM_EISCONN);
	assert_int_equal(holm_socket_getpeername(l, &sa, &len), -HOLM_ENOTCONN);
	assert_int_equal(sockets_bind(l, sockets_addr(d, 1, 81)), -HOLM_EINVAL);
	other = sockets_open(d, 1, HOLM_SOCK_STREAM);
	assert_int_equal(sockets_bind(other, sockets_addr(d, 1, 80)), -HOLM_EADDRINUSE);
	assert_int_equal(holm_socket_accept(other, NULL, NULL, NULL, &l), -HOLM_EINVAL);
	holm_socket_close(other);
}

static void a_listener_is_readable_while_someone_waits(void **state)
{
	struct duo *d = *state;
	struct holm_socket *l = sockets_listen(d, 1, 80), *c = sockets_open(d, 0, HOLM_SOCK_STREAM);
	struct holm_sockaddr_in sa;
	struct holm_socket *a;
	struct holm_event ev;
	uint32_t len = sizeof(sa);

	while (holm_net_next_event(d->net[1], &ev))
		continue;
	assert_int_equal(holm_socket_poll(l), 0);
	sockets_connect(c, sockets_addr(d, 1, 80));
	duo_settle(d);
	assert_true(holm_net_next_event(d->net[1], &ev));
	assert_ptr_equal(ev.cookie, l);
	assert_int_equal(holm_socket_poll(l), IN);
	assert_int_equal(holm_socket_accept(l, &sa, &len, &a, &a), 0);
	assert_int_equal(len, sizeof(sa));
	assert_int_equal(sa.addr[3], 1);
	assert_int_equal(holm_socket_poll(l), 0);
	assert_int_equal(holm_socket_poll(a), OUT);
	holm_socket_close(a);
	holm_socket_close(c);
	holm_socket_close(l);
}

static void a_connection_stays_queued_when_there_is_no_socket_for_it(void **state)
{
	struct duo d;
	struct holm_config config;
	struct holm_socket *l, *c, *spare, *a;

	(void)state;
	holm_config_default(&config);
	config.sockets_max = 2;
	duo_init(&d, &(struct duo_options){ .protos = sockets_protos, .config = &config });
	l = sockets_listen(&d, 1, 80);
	spare = sockets_open(&d, 1, HOLM_SOCK_DGRAM);
	assert_int_equal(holm_socket_open(d.net[1], HOLM_AF_INET, HOLM_SOCK_DGRAM, 0, NULL, &a),
			 -HOLM_ENOBUFS);
	c = sockets_open(&d, 0, HOLM_SOCK_STREAM);
	sockets_connect(c, sockets_addr(&d, 1, 80));
	duo_settle(&d);
	assert_int_equal(holm_socket_accept(l, NULL, NULL, NULL, &a), -HOLM_ENOBUFS);
	holm_socket_close(spare);
	assert_int_equal(holm_socket_accept(l, NULL, NULL, NULL, &a), 0);
	holm_socket_close(a);
	holm_socket_close(c);
	holm_socket_close(l);
	duo_run(&d, 200 * SECOND);
	duo_fini(&d);
}

static void a_request_that_came_before_accept_is_there(void **state)
{
	struct duo *d = *state;
	struct holm_socket *l = sockets_listen(d, 1, 80), *c = sockets_open(d, 0, HOLM_SOCK_STREAM);
	struct holm_socket *a;

	sockets_connect(c, sockets_addr(d, 1, 80));
	duo_settle(d);
	assert_int_equal(sockets_send(c, "GET", 3, 0), 3);
	duo_settle(d);
	a = sockets_accept(l);
	duo_settle(d);
	expect_bytes(a, "GET");
	holm_socket_close(a);
	holm_socket_close(c);
	holm_socket_close(l);
}

static void what_the_peer_was_promised_before_accept_is_taken(void **state)
{
	struct duo *d = *state;
	struct holm_socket *l = sockets_listen(d, 1, 80), *c = sockets_open(d, 0, HOLM_SOCK_STREAM);
	struct holm_socket *a;

	assert_int_equal(sockets_set_int(l, HOLM_SOL_SOCKET, HOLM_SO_RCVBUF, 1152), 0);
	sockets_connect(c, sockets_addr(d, 1, 80));
	duo_settle(d);
	assert_int_equal(sockets_send(c, bytes, 10000, 0), 10000);
	duo_settle(d);
	a = sockets_accept(l);
	duo_settle(d);
	assert_int_equal(holm_socket_readable_bytes(a), 10000);
	holm_socket_close(a);
	holm_socket_close(c);
	holm_socket_close(l);
}

static void shutdown_of_reading_ends_listening(void **state)
{
	struct duo *d = *state;
	struct holm_socket *l = sockets_listen(d, 1, 80), *a;

	assert_int_equal(holm_socket_shutdown(l, HOLM_SHUT_WR), 0);
	assert_int_equal(holm_socket_accept(l, NULL, NULL, NULL, &a), -HOLM_EAGAIN);
	assert_int_equal(holm_socket_shutdown(l, HOLM_SHUT_RD), 0);
	assert_int_equal(holm_socket_accept(l, NULL, NULL, NULL, &a), -HOLM_EINVAL);
	assert_int_equal(holm_socket_listen(l, 1), 0); /* still bound, can listen again */
	holm_socket_close(l);
}

/* ---- names ---- */

static void names_are_cut_and_their_full_length_is_told(void **state)
{
	struct duo *d = *state;
	struct holm_socket *pair[2];
	struct holm_sockaddr_in sa = { 0 };
	uint32_t len = 4;

	sockets_pair(d, pair);
	assert_int_equal(holm_socket_getpeername(pair[0], &sa, &len), 0);
	assert_int_equal(len, sizeof(sa));
	assert_int_equal(sa.family, HOLM_AF_INET);
	assert_int_equal(sockets_port(&sa), 80);
	assert_int_equal(sa.addr[0], 0); /* did not fit */
	len = sizeof(sa);
	assert_int_equal(holm_socket_getsockname(pair[1], &sa, &len), 0);
	assert_int_equal(sa.addr[3], 2);
	assert_int_equal(holm_socket_getsockname(pair[1], NULL, &len), -HOLM_EFAULT);
	holm_socket_close(pair[0]);
	holm_socket_close(pair[1]);
}

static void there_is_no_peer_before_and_after_a_connection(void **state)
{
	struct duo *d = *state;
	struct holm_socket *pair[2], *fresh = sockets_open(d, 0, HOLM_SOCK_STREAM);
	struct holm_sockaddr_in sa;
	uint32_t len = sizeof(sa);

	assert_int_equal(holm_socket_getpeername(fresh, &sa, &len), -HOLM_ENOTCONN);
	sockets_connect(fresh, sockets_addr(d, 1, 80));
	assert_int_equal(holm_socket_getpeername(fresh, &sa, &len), -HOLM_ENOTCONN);
	holm_socket_close(fresh);
	sockets_pair(d, pair);
	assert_int_equal(holm_socket_getpeername(pair[1], &sa, &len), 0);
	holm_socket_setsockopt(pair[0], HOLM_SOL_SOCKET, HOLM_SO_LINGER,
			       &(struct holm_linger){ 1, 0 }, sizeof(struct holm_linger));
	holm_socket_close(pair[0]);
	duo_settle(d);
	assert_int_equal(holm_socket_getpeername(pair[1], &sa, &len), -HOLM_ENOTCONN);
	holm_socket_close(pair[1]);
}

/* ---- bytes ---- */

static void bytes_arrive_in_order_across_scattered_pieces(void **state)
{
	struct duo *d = *state;
	struct holm_socket *pair[2];
	struct holm_iov out[4] = { { "ab", 2 }, { NULL, 0 }, { "c", 1 }, { "defg", 4 } };
	char first[3], second[10];
	struct holm_iov in[2] = { { first, 3 }, { second, 10 } };
	struct holm_msg msg = { .iov = out, .iovcnt = 4 };

	sockets_pair(d, pair);
	assert_int_equal(holm_socket_sendmsg(pair[0], &msg, 0), 7);
	duo_settle(d);
	assert_int_equal(holm_socket_readable_bytes(pair[1]), 7);
	msg = (struct holm_msg){ .iov = in, .iovcnt = 2 };
	assert_int_equal(holm_socket_recvmsg(pair[1], &msg, 0), 7);
	assert_memory_equal(first, "abc", 3);
	assert_memory_equal(second, "defg", 4);
	assert_int_equal(holm_socket_recvmsg(pair[1], &msg, 0), -HOLM_EAGAIN);
	holm_socket_close(pair[0]);
	holm_socket_close(pair[1]);
}

/* What is in the way of bytes at once leaves everything to the message. */
static void bytes_at_once_move_whole_or_nothing_is_done(void **state)
{
	struct duo *d = *state;
	struct holm_socket *pair[2], *fresh = sockets_open(d, 0, HOLM_SOCK_STREAM);
	int two = 2, one = 1;
	char got[8];

	assert_int_equal(holm_socket_write(fresh, "a", 1), 0);
	assert_int_equal(holm_socket_read(fresh, got, sizeof(got)), 0);
	sockets_pair(d, pair);
	assert_int_equal(holm_socket_read(pair[1], got, sizeof(got)), 0);
	assert_int_equal(holm_socket_write(pair[0], "abc", 3), 3);
	duo_settle(d);
	assert_int_equal(holm_socket_setsockopt(pair[1], HOLM_SOL_SOCKET, HOLM_SO_RCVLOWAT, &two,
						sizeof(two)),
			 0);
	assert_int_equal(holm_socket_read(pair[1], got, 2), 0);
	assert_int_equal(holm_socket_setsockopt(pair[1], HOLM_SOL_SOCKET, HOLM_SO_RCVLOWAT, &one,
						sizeof(one)),
			 0);
	holm_socket_return_error(pair[1], HOLM_EIO);
	assert_int_equal(holm_socket_read(pair[1], got, 2), 0);
	assert_int_equal(holm_socket_write(pair[1], "d", 1), 0);
	assert_int_equal(sockets_get_int(pair[1], HOLM_SOL_SOCKET, HOLM_SO_ERROR), HOLM_EIO);
	assert_int_equal(holm_socket_read(pair[1], got, 2), 2);
	assert_int_equal(holm_socket_read(pair[1], got + 2, sizeof(got)), 1);
	assert_memory_equal(got, "abc", 3);
	assert_int_equal(holm_socket_shutdown(pair[0], HOLM_SHUT_WR), 0);
	assert_int_equal(holm_socket_write(pair[0], "e", 1), 0);
	holm_socket_close(pair[0]);
	holm_socket_close(pair[1]);
	holm_socket_close(fresh);
}

static void set_int(struct holm_socket *s, int level, int name, int value)
{
	assert_int_equal(holm_socket_setsockopt(s, level, name, &value, sizeof(value)), 0);
}

/* Whoever was accepted has its listener's marks, as Linux copies them. */
static void bytes_at_once_keep_to_marks_inherited_or_not(void **state)
{
	struct duo *d = *state;
	struct holm_socket *l = sockets_listen(d, 1, 80), *c = sockets_open(d, 0, HOLM_SOCK_STREAM);
	struct holm_socket *a;
	char got[8];

	set_int(l, HOLM_SOL_SOCKET, HOLM_SO_RCVLOWAT, 3);
	set_int(l, HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_NOTSENT_LOWAT, 4096);
	assert_int_equal(sockets_connect(c, sockets_addr(d, 1, 80)), -HOLM_EINPROGRESS);
	duo_settle(d);
	a = sockets_accept(l);
	assert_non_null(a);
	assert_int_equal(holm_socket_write(c, "ab", 2), 2);
	duo_settle(d);
	assert_int_equal(holm_socket_poll(a), OUT);
	assert_int_equal(holm_socket_read(a, got, sizeof(got)), 0);
	assert_int_equal(holm_socket_write(a, bytes, 8192), 0);
	assert_int_equal(sockets_send(a, bytes, 8192, 0), 4096);
	set_int(a, HOLM_SOL_SOCKET, HOLM_SO_RCVLOWAT, 1);
	assert_int_equal(holm_socket_poll(a), IN);
	assert_int_equal(holm_socket_read(a, got, sizeof(got)), 2);
	set_int(a, HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_NOTSENT_LOWAT, 0);
	assert_int_equal(holm_socket_write(a, bytes, 8192), 8192);
	set_int(c, HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_NOTSENT_LOWAT, 4096);
	assert_int_equal(holm_socket_write(c, bytes, 8192), 0);
	holm_socket_close(a);
	holm_socket_close(c);
	holm_socket_close(l);
}

static void peeking_leaves_the_bytes_and_truncating_throws_them_away(void **state)
{
	struct duo *d = *state;
	struct holm_socket *pair[2];
	char buf[8] = "--------";

	sockets_pair(d, pair);
	sockets_send(pair[0], "abcdef", 6, 0);
	duo_settle(d);
	assert_int_equal(sockets_recv(pair[1], buf, 4, HOLM_MSG_PEEK), 4);
	assert_memory_equal(buf, "abcd----", 8);
	assert_int_equal(sockets_recv(pair[1], buf + 4, 4, HOLM_MSG_TRUNC), 4);
	assert_memory_equal(buf, "abcd----", 8);
	expect_bytes(pair[1], "ef");
	holm_socket_close(pair[0]);
	holm_socket_close(pair[1]);
}

static void a_full_buffer_would_block_until_the_reader_reads(void **state)
{
	struct duo *d = *state;
	struct holm_socket *pair[2];
	struct holm_event ev;
	size_t sent = 0;
	int64_t n;

	sockets_pair(d, pair);
	/* What the program has set does not grow; the other end's window only with its reader. */
	assert_int_equal(sockets_set_int(pair[0], HOLM_SOL_SOCKET, HOLM_SO_SNDBUF, 65536), 0);
	while ((n = sockets_send(pair[0], bytes, sizeof(bytes), 0)) > 0) {
		sent += (size_t)n;
		duo_run(d, 10 * MS);
	}
	assert_int_equal(n, -HOLM_EAGAIN);
	/* Both rings, less what the window's scale cannot express. */
	assert_in_range(sent, 127 * 1024, 128 * 1024);
	assert_int_equal(holm_socket_poll(pair[0]), 0);
	assert_int_equal(holm_socket_poll(pair[1]), IN | OUT);
	while (holm_net_next_event(d->net[0], &ev))
		continue;
	assert_in_range(sockets_recv(pair[1], bytes, sizeof(bytes), 0), 63 * 1024, 64 * 1024);
	duo_run(d, 1 * SECOND);
	assert_true(holm_net_next_event(d->net[0], &ev));
	assert_ptr_equal(ev.cookie, pair[0]);
	assert_int_equal(holm_socket_poll(pair[0]), OUT);
	holm_socket_close(pair[0]);
	holm_socket_close(pair[1]);
}

static void a_receive_buffer_grows_unless_the_program_has_set_it(void **state)
{
	struct duo *d = *state;

	for (int set = 0; set < 2; set++) {
		struct holm_socket *pair[2];
		int before;

		sockets_pair(d, pair);
		if (set)
			assert_int_equal(
				sockets_set_int(pair[1], HOLM_SOL_SOCKET, HOLM_SO_RCVBUF, 65536),
				0);
		before = (int)sockets_get_int(pair[1], HOLM_SOL_SOCKET, HOLM_SO_RCVBUF);
		for (int i = 0; i < 40; i++) {
			assert_true(sockets_send(pair[0], bytes, 60000, 0) > 0);
			duo_settle(d);
			while (sockets_recv(pair[1], bytes, sizeof(bytes), 0) > 0)
				duo_settle(d);
		}
		if (set)
			assert_int_equal(sockets_get_int(pair[1], HOLM_SOL_SOCKET, HOLM_SO_RCVBUF),
					 before);
		else
			assert_true(sockets_get_int(pair[1], HOLM_SOL_SOCKET, HOLM_SO_RCVBUF) >
				    before);
		holm_socket_close(pair[0]);
		holm_socket_close(pair[1]);
	}
}

static void constant_bytes_are_queued_beyond_the_buffers_size(void **state)
{
	static uint8_t in[1 << 20];
	struct duo *d = *state;
	struct holm_socket *pair[2];
	size_t got = 0;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 8));
	sockets_pair(d, pair);
	assert_int_equal(sockets_send(pair[0], "head", 4, 0), 4);
	assert_int_equal(sockets_send(pair[0], bytes, sizeof(bytes), HOLM_MSG_CONST),
			 sizeof(bytes));
	assert_int_equal(sockets_send(pair[0], "x", 1, 0), -HOLM_EAGAIN);
	holm_socket_close(pair[0]);
	while (got < 4 + sizeof(in)) {
		uint8_t *to = got < 4 ? in : in + got - 4;
		int64_t n = sockets_recv(pair[1], to, got < 4 ? 4 - got : sizeof(in) - got + 4, 0);

		if (n > 0)
			got += (size_t)n;
		else
			duo_run(d, 10 * MS);
		assert_true(d->now < 10 * SECOND);
	}
	assert_memory_equal(in, bytes, sizeof(in));
	duo_settle(d);
	assert_int_equal(sockets_recv(pair[1], in, 1, 0), 0);
	holm_socket_close(pair[1]);
}

static void a_ninth_constant_region_is_copied(void **state)
{
	struct duo *d = *state;
	struct holm_socket *pair[2];

	sockets_pair(d, pair);
	for (int i = 0; i < 12; i++)
		assert_int_equal(sockets_send(pair[0], "abcdefghijkl" + i, 1, HOLM_MSG_CONST), 1);
	duo_settle(d);
	expect_bytes(pair[1], "abcdefghijkl");
	holm_socket_close(pair[0]);
	holm_socket_close(pair[1]);
}

static void flags_for_which_there_is_nothing_are_answered(void **state)
{
	struct duo *d = *state;
	struct holm_socket *pair[2];

	sockets_pair(d, pair);
	assert_int_equal(sockets_recv(pair[0], bytes, 1, HOLM_MSG_OOB), -HOLM_EINVAL);
	assert_int_equal(sockets_recv(pair[0], bytes, 1, HOLM_MSG_ERRQUEUE), -HOLM_EAGAIN);
	holm_socket_close(pair[0]);
	holm_socket_close(pair[1]);
}

static void bytes_that_more_follows_wait_for_it_a_while(void **state)
{
	struct duo *d = *state;
	struct holm_socket *pair[2];

	sockets_pair(d, pair);
	assert_int_equal(sockets_send(pair[0], "x", 1, HOLM_MSG_MORE | HOLM_MSG_NOSIGNAL), 1);
	duo_run(d, 50 * MS);
	assert_int_equal(sockets_recv(pair[1], bytes, 1, 0), -HOLM_EAGAIN);
	assert_int_equal(sockets_send(pair[0], "y", 1, 0), 1);
	duo_run(d, MS);
	expect_bytes(pair[1], "xy");
	assert_int_equal(sockets_send(pair[0], "z", 1, HOLM_MSG_MORE), 1);
	duo_run(d, 1000 * MS);
	expect_bytes(pair[1], "z");
	holm_socket_close(pair[0]);
	holm_socket_close(pair[1]);
}

static void a_cork_holds_what_fills_no_segment_until_it_is_drawn(void **state)
{
	struct duo *d = *state;
	struct holm_socket *pair[2];

	sockets_pair(d, pair);
	assert_int_equal(sockets_set_int(pair[0], HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_CORK, 1), 0);
	assert_int_equal(sockets_get_int(pair[0], HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_CORK), 1);
	sockets_send(pair[0], "x", 1, 0);
	sockets_send(pair[0], "y", 1, 0);
	duo_run(d, 50 * MS);
	assert_int_equal(sockets_recv(pair[1], bytes, 1, 0), -HOLM_EAGAIN);
	assert_int_equal(sockets_set_int(pair[0], HOLM_IPPROTO_TCP, HOLM_SOCKOPT_TCP_CORK, 0), 0);
	duo_run(d, MS);
	expect_bytes(pair[1], "xy");
	holm_socket_close(pair[0]);
	holm_socket_close(pair[1]);
}

static void without_memory_for_bytes_the_connection_stays(void **state)
{
	struct duo *d = *state;
	struct holm_socket *pair[2];

	sockets_pair(d, pair);
	d->memory[0].fail_from = d->memory[0].calls + 1;
	d->memory[0].fail_for = UINT64_MAX / 2;
	assert_int_equal(sockets_send(pair[0], bytes, 60000, 0), -HOLM_ENOMEM);
	d->memory[0].fail_from = 0;
	assert_int_equal(sockets_send(pair[0], bytes, 60000, 0), 60000);
	duo_settle(d);
	holm_socket_close(pair[0]);
	holm_socket_close(pair[1]);
}

/* ---- endings ---- */

static void after_shutdown_of_writing_the_peer_reads_the_end(void **state)
{
	struct duo *d = *state;
	struct holm_socket *pair[2];

	sockets_pair(d, pair);
	sockets_send(pair[0], "last", 4, 0);
	assert_int_equal(holm_socket_shutdown(pair[0], HOLM_SHUT_WR), 0);
	assert_int_equal(sockets_send(pair[0], "x", 1, 0), -HOLM_EPIPE);
	assert_int_equal(holm_socket_poll(pair[0]), OUT);
	duo_settle(d);
	assert_int_equal(holm_socket_poll(pair[1]), IN | OUT | RDHUP);
	expect_bytes(pair[1], "last");
	assert_int_equal(sockets_recv(pair[1], bytes, 1, 0), 0);
	assert_int_equal(sockets_recv(pair[1], bytes, 1, 0), 0);
	/* The other direction still works. */
	assert_int_equal(sockets_send(pair[1], "answer", 6, 0), 6);
	duo_settle(d);
	expect_bytes(pair[0], "answer");
	holm_socket_close(pair[1]);
	duo_settle(d);
	assert_int_equal(holm_socket_poll(pair[0]), IN | OUT | RDHUP | HUP);
	assert_int_equal(sockets_recv(pair[0], bytes, 1, 0), 0);
	assert_int_equal(holm_socket_shutdown(pair[0], HOLM_SHUT_WR), -HOLM_ENOTCONN);
	holm_socket_close(pair[0]);
}

static void after_shutdown_of_reading_what_is_there_may_still_be_read(void **state)
{
	struct duo *d = *state;
	struct holm_socket *pair[2];

	sockets_pair(d, pair);
	sockets_send(pair[0], "abc", 3, 0);
	duo_settle(d);
	assert_int_equal(holm_socket_shutdown(pair[1], HOLM_SHUT_RD), 0);
	assert_int_equal(holm_socket_poll(pair[1]), IN | OUT | RDHUP);
	expect_bytes(pair[1], "abc");
	assert_int_equal(sockets_recv(pair[1], bytes, 1, 0), 0);
	assert_int_equal(holm_socket_shutdown(pair[1], 3), -HOLM_EINVAL);
	assert_int_equal(holm_socket_shutdown(pair[1], -1), -HOLM_EINVAL);
	holm_socket_close(pair[0]);
	holm_socket_close(pair[1]);
}

static void shutdown_without_a_connection_is_refused(void **state)
{
	struct duo *d = *state;
	struct holm_socket *s = sockets_open(d, 0, HOLM_SOCK_STREAM);

	assert_int_equal(holm_socket_shutdown(s, HOLM_SHUT_RDWR), -HOLM_ENOTCONN);
	sockets_connect(s, sockets_addr(d, 1, 80));
	assert_int_equal(holm_socket_shutdown(s, HOLM_SHUT_WR), 0); /* gives the attempt up */
	assert_int_equal(holm_socket_poll(s), OUT | HUP | ERR);
	holm_socket_close(s);
}

static void a_reset_is_reported_once_then_the_stream_has_ended(void **state)
{
	struct duo *d = *state;
	struct holm_socket *pair[2];
	struct holm_linger now = { 1, 0 };

	sockets_pair(d, pair);
	sockets_send(pair[0], "abc", 3, 0);
	duo_settle(d);
	assert_int_equal(
		holm_socket_setsockopt(pair[0], HOLM_SOL_SOCKET, HOLM_SO_LINGER, &now, sizeof(now)),
		0);
	holm_socket_close(pair[0]);
	duo_settle(d);
	assert_int_equal(holm_socket_poll(pair[1]), IN | OUT | HUP | RDHUP | ERR);
	expect_bytes(pair[1], "abc"); /* came before the reset */
	assert_int_equal(sockets_recv(pair[1], bytes, 1, 0), -HOLM_ECONNRESET);
	assert_int_equal(holm_socket_poll(pair[1]), IN | OUT | HUP | RDHUP);
	assert_int_equal(sockets_recv(pair[1], bytes, 1, 0), 0);
	assert_int_equal(sockets_send(pair[1], "x", 1, 0), -HOLM_EPIPE);
	holm_socket_close(pair[1]);
}

static void a_sender_sees_the_reset_first_and_epipe_then(void **state)
{
	struct duo *d = *state;
	struct holm_socket *pair[2];

	sockets_pair(d, pair);
	sockets_send(pair[1], "unread", 6, 0);
	duo_settle(d);
	holm_socket_close(pair[0]); /* with unread bytes: a reset */
	duo_settle(d);
	assert_int_equal(sockets_send(pair[1], "x", 1, 0), -HOLM_ECONNRESET);
	assert_int_equal(sockets_send(pair[1], "x", 1, 0), -HOLM_EPIPE);
	holm_socket_close(pair[1]);
}

static void what_was_queued_is_delivered_after_close(void **state)
{
	struct duo *d = *state;
	struct holm_socket *pair[2];
	size_t got = 0;
	int64_t n;

	sockets_pair(d, pair);
	assert_int_equal(sockets_send(pair[0], bytes, 60000, 0), 60000);
	holm_socket_close(pair[0]); /* the rings outlive the socket */
	while ((n = sockets_recv(pair[1], bytes, sizeof(bytes), 0)) != 0) {
		if (n > 0)
			got += (size_t)n;
		else
			duo_run(d, 1 * MS);
		assert_true(d->now < 10 * SECOND);
	}
	assert_int_equal(got, 60000);
	holm_socket_close(pair[1]);
}

static void a_fin_that_is_acknowledged_counts_as_delivered(void **state)
{
	struct duo *d = *state;
	struct holm_socket *pair[2];

	sockets_pair(d, pair);
	sockets_send(pair[0], "x", 1, 0);
	assert_false(holm_socket_is_delivered(pair[0]));
	holm_socket_shutdown(pair[0], HOLM_SHUT_WR);
	assert_false(holm_socket_is_delivered(pair[0]));
	duo_run(d, 1 * SECOND);
	assert_true(holm_socket_is_delivered(pair[0]));
	holm_socket_close(pair[0]);
	holm_socket_close(pair[1]);
}

static void an_instance_may_end_with_sockets_open(void **state)
{
	struct duo d;
	struct holm_socket *pair[2];

	(void)state;
	sockets_duo(&d);
	sockets_listen(&d, 0, 22);
	sockets_open(&d, 1, HOLM_SOCK_DGRAM);
	sockets_pair(&d, pair);
	sockets_send(pair[0], bytes, 60000, 0);
	duo_run(&d, 1 * MS);
	duo_fini(&d); /* says whether memory and frames are back */
}

/* ---- random life ---- */

struct end {
	struct holm_socket *s;
	uint64_t sent, received;
	bool shut, ended;
};

static uint8_t byte_at(uint64_t pos, int from)
{
	return (uint8_t)(pos * 131 + (pos >> 9) + (uint64_t)from);
}

static void send_some(struct end *e, int from, uint64_t *seed)
{
	uint8_t buf[5000];
	size_t n = 1 + expect_random_below(seed, sizeof(buf));
	int64_t took;

	for (size_t i = 0; i < n; i++)
		buf[i] = byte_at(e->sent + i, from);
	took = sockets_send(e->s, buf, n, 0);
	if (took > 0)
		e->sent += (uint64_t)took;
	else
		assert_int_equal(took, -HOLM_EAGAIN);
}

static void receive_some(struct end *e, int from, uint64_t *seed)
{
	uint8_t buf[5000];
	size_t n = 1 + expect_random_below(seed, sizeof(buf));
	int flags = expect_random_below(seed, 4) == 0 ? HOLM_MSG_PEEK : 0;
	int64_t got = sockets_recv(e->s, buf, n, flags);

	for (int64_t i = 0; i < got; i++)
		assert_int_equal(buf[i], byte_at(e->received + (uint64_t)i, from));
	if (got > 0 && !flags)
		e->received += (uint64_t)got;
	if (got == 0)
		e->ended = true;
	if (got < 0)
		assert_int_equal(got, -HOLM_EAGAIN);
}

static void a_random_mixture_of_calls_keeps_both_streams(void **state)
{
	struct duo *d = *state;
	uint64_t seed = expect_seed(42);
	struct holm_socket *pair[2];
	struct end end[2];

	sockets_pair(d, pair);
	for (int i = 0; i < 2; i++)
		end[i] = (struct end){ .s = pair[i] };
	for (int step = 0; step < 20000 && !(end[0].ended && end[1].ended); step++) {
		int i = (int)expect_random_below(&seed, 2);

		switch (expect_random_below(&seed, 4)) {
		case 0:
			if (!end[i].shut)
				send_some(&end[i], i, &seed);
			break;
		case 1:
			receive_some(&end[i], 1 - i, &seed);
			break;
		case 2:
			duo_run(d, expect_random_below(&seed, 5) * MS);
			break;
		default:
			if (step > 3000 && !end[i].shut) {
				assert_int_equal(holm_socket_shutdown(end[i].s, HOLM_SHUT_WR), 0);
				end[i].shut = true;
			}
			break;
		}
	}
	assert_true(end[0].ended && end[1].ended);
	assert_int_equal(end[0].sent, end[1].received);
	assert_int_equal(end[1].sent, end[0].received);
	holm_socket_close(pair[0]);
	holm_socket_close(pair[1]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, sockets_setup, sockets_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(connect_is_in_progress_then_already_then_done_then_connected),
		TEST(a_refused_connection_is_reported_once_and_can_be_tried_again),
		TEST(so_error_takes_the_error_and_the_next_connect_says_aborted),
		TEST(options_and_the_bound_port_survive_a_failed_connection),
		TEST(connecting_to_af_unspec_dissolves_the_connection),
		TEST(a_connection_to_the_wildcard_goes_to_the_loopback),
		TEST(sending_before_the_handshake_is_over_would_block),
		TEST(an_unbound_socket_that_listens_gets_a_port),
		TEST(a_listener_refuses_what_only_connections_do),
		TEST(a_listener_is_readable_while_someone_waits),
		cmocka_unit_test(a_connection_stays_queued_when_there_is_no_socket_for_it),
		TEST(a_request_that_came_before_accept_is_there),
		TEST(what_the_peer_was_promised_before_accept_is_taken),
		TEST(shutdown_of_reading_ends_listening),
		TEST(names_are_cut_and_their_full_length_is_told),
		TEST(there_is_no_peer_before_and_after_a_connection),
		TEST(bytes_arrive_in_order_across_scattered_pieces),
		TEST(bytes_at_once_move_whole_or_nothing_is_done),
		TEST(bytes_at_once_keep_to_marks_inherited_or_not),
		TEST(peeking_leaves_the_bytes_and_truncating_throws_them_away),
		TEST(a_full_buffer_would_block_until_the_reader_reads),
		TEST(a_receive_buffer_grows_unless_the_program_has_set_it),
		TEST(constant_bytes_are_queued_beyond_the_buffers_size),
		TEST(a_ninth_constant_region_is_copied),
		TEST(flags_for_which_there_is_nothing_are_answered),
		TEST(bytes_that_more_follows_wait_for_it_a_while),
		TEST(a_cork_holds_what_fills_no_segment_until_it_is_drawn),
		TEST(without_memory_for_bytes_the_connection_stays),
		TEST(after_shutdown_of_writing_the_peer_reads_the_end),
		TEST(after_shutdown_of_reading_what_is_there_may_still_be_read),
		TEST(shutdown_without_a_connection_is_refused),
		TEST(a_reset_is_reported_once_then_the_stream_has_ended),
		TEST(a_sender_sees_the_reset_first_and_epipe_then),
		TEST(what_was_queued_is_delivered_after_close),
		TEST(a_fin_that_is_acknowledged_counts_as_delivered),
		cmocka_unit_test(an_instance_may_end_with_sockets_open),
		TEST(a_random_mixture_of_calls_keeps_both_streams),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
