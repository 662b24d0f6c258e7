/* Calls that move bytes: blocking and not, whole and in part, with time-outs, between two hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/world.h"

static uint8_t bytes[1 << 20];

static int setup(void **state)
{
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 11 + (i >> 10));
	return world_setup_with(state, &(struct world_options){ .seed = 11 });
}

/* ---- echo: a server on host 1 that a test's client talks to ---- */

static void echo_once(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[1];
	int l = world_listen(w, 1, 7), fd = sys_accept(p, l, NULL, NULL);
	uint8_t buf[3000];
	int64_t n;

	assert_true(fd >= 0);
	while ((n = sys_read(p, fd, buf, sizeof(buf))) > 0)
		assert_int_equal(sys_write(p, fd, buf, (size_t)n), n);
	assert_int_equal(n, 0);
	assert_int_equal(sys_close(p, fd), 0);
	assert_int_equal(sys_close(p, l), 0);
}

static void ask_echo(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[0];
	char buf[16];
	int fd;

	world_sleep(w, 1 * MS); /* the server is there first */
	fd = world_connect(w, 0, 1, 7);
	assert_int_equal(sys_send(p, fd, "hello", 5, 0), 5);
	assert_int_equal(sys_recv(p, fd, buf, sizeof(buf), 0), 5);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(sys_shutdown(p, fd, HOLM_SHUT_WR), 0);
	assert_int_equal(sys_recv(p, fd, buf, sizeof(buf), 0), 0);
	assert_int_equal(sys_close(p, fd), 0);
}

static void accept_connect_and_recv_block_until_something_comes(void **state)
{
	struct world *w = *state;

	world_start(w, echo_once);
	world_start(w, ask_echo);
	world_run(w);
}

static void ask_over_loopback(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[1];
	struct holm_sockaddr_in sa = sockets_addr4(127, 0, 0, 1, 7);
	int fd = sys_socket(p, HOLM_AF_INET, HOLM_SOCK_STREAM, 0);
	char buf[8];

	world_sleep(w, 1 * MS);
	assert_int_equal(sys_connect(p, fd, &sa, sizeof(sa)), 0);
	assert_int_equal(sys_write(p, fd, "x", 1), 1);
	assert_int_equal(sys_read(p, fd, buf, sizeof(buf)), 1);
	assert_int_equal(sys_close(p, fd), 0);
}

static void two_threads_of_one_host_talk_over_the_loopback(void **state)
{
	struct world *w = *state;

	world_start(w, echo_once);
	world_start(w, ask_over_loopback);
	world_run(w);
	assert_true(w->crew.now < 1 * SECOND);
}

/* ---- whole and in part ---- */

static void receive_slowly(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[1];
	int l = world_listen(w, 1, 9), fd = sys_accept(p, l, NULL, NULL);
	static uint8_t in[sizeof(bytes)];

	assert_true(fd >= 0);
	for (size_t got = 0; got < sizeof(in);) {
		int64_t n = sys_read(p, fd, in + got,
				     sizeof(in) - got < 30000 ? sizeof(in) - got : 30000);

		assert_true(n > 0);
		got += (size_t)n;
		world_sleep(w, 1 * MS);
	}
	assert_memory_equal(in, bytes, sizeof(in));
	assert_int_equal(sys_read(p, fd, in, 1), 0);
	sys_close(p, fd);
	sys_close(p, l);
}

static void send_all_at_once(void *arg)
{
	struct world *w = arg;
	struct holm_iov iov[20];
	size_t at = 0;
	int fd;

	world_sleep(w, 1 * MS);
	fd = world_connect(w, 0, 1, 9);
	/* Twenty pieces, some empty: more than fit a window of the implementation. */
	for (int i = 0; i < 20; i++) {
		size_t n = i == 19 ? sizeof(bytes) - at : (size_t)(i % 3) * 7001;

		iov[i] = (struct holm_iov){ bytes + at, n };
		at += n;
	}
	assert_int_equal(sys_writev(&w->p[0], fd, iov, 20), sizeof(bytes));
	sys_close(&w->p[0], fd);
}

static void a_blocking_send_goes_on_until_everything_is_queued(void **state)
{
	struct world *w = *state;

	world_start(w, receive_slowly);
	world_start(w, send_all_at_once);
	world_run(w);
}

static void send_in_drops(void *arg)
{
	struct world *w = arg;
	int l = world_listen(w, 1, 9), fd = sys_accept(&w->p[1], l, NULL, NULL);

	for (int i = 0; i < 10; i++) {
		assert_int_equal(sys_write(&w->p[1], fd, bytes + i * 100, 100), 100);
		world_sleep(w, 50 * MS);
	}
	sys_close(&w->p[1], fd);
	sys_close(&w->p[1], l);
}

static void receive_with_waitall(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[0];
	uint8_t in[1000];
	int fd;

	world_sleep(w, 1 * MS);
	fd = world_connect(w, 0, 1, 9);
	assert_in_range(sys_recv(p, fd, in, 100, 0), 1, 100);
	assert_int_equal(sys_recv(p, fd, in, 600, HOLM_MSG_WAITALL), 600);
	assert_memory_equal(in, bytes + 100, 600);
	/* The end comes before the rest. */
	assert_int_equal(sys_recv(p, fd, in, 1000, HOLM_MSG_WAITALL), 300);
	assert_int_equal(sys_recv(p, fd, in, 1000, HOLM_MSG_WAITALL), 0);
	sys_close(p, fd);
}

static void waitall_waits_for_all_or_the_end(void **state)
{
	struct world *w = *state;

	world_start(w, send_in_drops);
	world_start(w, receive_with_waitall);
	world_run(w);
}

static void fill_without_blocking(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[0];
	int l = world_listen(w, 0, 9), fd = world_connect(w, 0, 0, 9);
	int other = sys_accept(p, l, NULL, NULL);
	int on = 1;
	int64_t n;
	size_t sent = 0;

	assert_int_equal(sys_recv(p, fd, bytes, 1, HOLM_MSG_DONTWAIT), -HOLM_EAGAIN);
	n = sys_send(p, fd, bytes, sizeof(bytes), HOLM_MSG_DONTWAIT);
	assert_int_equal(n, 64 * 1024);
	assert_int_equal(sys_ioctl(p, fd, SYS_FIONBIO, &on), 0);
	for (int i = 0; i < 100; i++) {
		n = sys_write(p, fd, bytes, sizeof(bytes));
		sent += n > 0 ? (size_t)n : 0;
		world_sleep(w, 10 * MS);
	}
	assert_int_equal(n, -HOLM_EAGAIN);
	/* What went into the reader's ring, but for a silly rest of its window. */
	assert_in_range(sent, 63 * 1024, 64 * 1024);
	sys_close(p, other);
	sys_close(p, fd);
	sys_close(p, l);
}

static void a_non_blocking_send_takes_what_there_is_room_for(void **state)
{
	world_do(*state, fill_without_blocking);
}

/* ---- time-outs ---- */

static void wait_half_a_second(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[0];
	struct holm_timeval tv = { 0, 500000 };
	struct holm_sockaddr_in nowhere = sockets_addr4(10, 0, 0, 99, 9);
	int l = world_listen(w, 0, 9), fd = world_connect(w, 0, 0, 9);
	int late = sys_socket(p, HOLM_AF_INET, HOLM_SOCK_STREAM, 0);
	uint64_t before;

	assert_int_equal(sys_accept(p, l, NULL, NULL), late + 1);
	for (int i = 0; i < 3; i++) {
		const int fds[3] = { l, fd, late };

		assert_int_equal(sys_setsockopt(p, fds[i], 1, HOLM_SO_RCVTIMEO, &tv, sizeof(tv)),
				 0);
		assert_int_equal(sys_setsockopt(p, fds[i], 1, HOLM_SO_SNDTIMEO, &tv, sizeof(tv)),
				 0);
	}
	before = w->crew.now;
	assert_int_equal(sys_accept(p, l, NULL, NULL), -HOLM_EAGAIN);
	assert_int_equal(w->crew.now - before, 500 * MS);
	assert_int_equal(sys_recv(p, fd, bytes, 1, 0), -HOLM_EAGAIN);
	assert_int_equal(w->crew.now - before, 1000 * MS);
	assert_int_equal(sys_connect(p, late, &nowhere, sizeof(nowhere)), -HOLM_EINPROGRESS);
	assert_in_range(w->crew.now - before, 1500 * MS, 1502 * MS);
	/* What had moved when the time was up is reported. */
	assert_in_range(sys_send(p, fd, bytes, sizeof(bytes), 0), 127 * 1024, 128 * 1024);
	assert_true(sys_send(p, fd, bytes, sizeof(bytes), 0) < 1024);
	sys_close(p, late);
	sys_close(p, late + 1);
	sys_close(p, fd);
	sys_close(p, l);
}

static void a_time_out_ends_the_wait_and_not_before(void **state)
{
	world_do(*state, wait_half_a_second);
}

/* ---- errors ---- */

static void meet_a_reset(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[0];
	struct holm_linger now = { 1, 0 };
	int l = world_listen(w, 0, 9), fd = world_connect(w, 0, 0, 9);
	int other = sys_accept(p, l, NULL, NULL);

	assert_int_equal(sys_setsockopt(p, other, 1, HOLM_SO_LINGER, &now, sizeof(now)), 0);
	assert_int_equal(sys_close(p, other), 0);
	assert_int_equal(sys_recv(p, fd, bytes, 1, 0), -HOLM_ECONNRESET);
	assert_int_equal(sys_recv(p, fd, bytes, 1, 0), 0);
	assert_int_equal(sys_send(p, fd, bytes, 1, HOLM_MSG_NOSIGNAL), -HOLM_EPIPE);
	sys_close(p, fd);
	sys_close(p, l);
}

static void a_reset_wakes_the_reader(void **state)
{
	world_do(*state, meet_a_reset);
}

static void make_mistakes(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[0];
	struct holm_iov null = { NULL, 1 }, huge[2] = { { bytes, PTRDIFF_MAX }, { bytes, 2 } };
	struct sys_msghdr msg = { .iov = &null, .iovcnt = 1 };
	int fd = sys_socket(p, HOLM_AF_INET, HOLM_SOCK_STREAM, 0);

	assert_int_equal(sys_read(p, 99, bytes, 1), -HOLM_EBADF);
	assert_int_equal(sys_read(p, -1, bytes, 1), -HOLM_EBADF);
	assert_int_equal(sys_send(p, 1, "x", 1, 0), -HOLM_ENOTSOCK);
	assert_int_equal(sys_connect(p, 1, bytes, 16), -HOLM_ENOTSOCK);
	assert_int_equal(sys_connect(p, 50, bytes, 16), -HOLM_EBADF);
	assert_int_equal(sys_sendmsg(p, fd, &msg, 0), -HOLM_EFAULT);
	assert_int_equal(sys_sendmsg(p, fd, NULL, 0), -HOLM_EFAULT);
	assert_int_equal(sys_writev(p, fd, huge, 2), -HOLM_EINVAL);
	assert_int_equal(sys_writev(p, fd, huge, -1), -HOLM_EINVAL);
	assert_int_equal(sys_writev(p, fd, huge, 1025), -HOLM_EINVAL);
	assert_int_equal(sys_writev(p, fd, NULL, 1), -HOLM_EFAULT);
	assert_int_equal(sys_recvfrom(p, fd, bytes, 1, 0, bytes, NULL), -HOLM_EFAULT);
	assert_int_equal(sys_recv(p, fd, bytes, 1, 0), -HOLM_ENOTCONN);
	assert_int_equal(sys_read(p, fd, bytes, 0), 0);
	assert_int_equal(sys_close(p, fd), 0);
}

static void mistakes_are_told_apart(void **state)
{
	world_do(*state, make_mistakes);
}

/* ---- datagrams ---- */

static void answer_datagrams(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[1];
	struct holm_sockaddr_in sa = sockets_addr4(0, 0, 0, 0, 53), from;
	int fd = sys_socket(p, HOLM_AF_INET, HOLM_SOCK_DGRAM, 0);
	uint32_t len = sizeof(from);
	char buf[100];
	int64_t n;

	assert_int_equal(sys_bind(p, fd, &sa, sizeof(sa)), 0);
	n = sys_recvfrom(p, fd, buf, sizeof(buf), 0, &from, &len);
	assert_int_equal(n, 20);
	assert_int_equal(len, sizeof(from));
	assert_int_equal(sys_sendto(p, fd, buf, 3, 0, &from, len), 3);
	sys_close(p, fd);
}

static void ask_with_a_datagram(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[0];
	struct holm_sockaddr_in to = sockets_addr(&w->duo, 1, 53);
	struct holm_iov iov[20];
	struct sys_msghdr msg = { .name = &to, .name_len = sizeof(to), .iov = iov, .iovcnt = 20 };
	int fd = sys_socket(p, HOLM_AF_INET, HOLM_SOCK_DGRAM, 0);
	char buf[100];

	world_sleep(w, 1 * MS);
	for (int i = 0; i < 20; i++)
		iov[i] = (struct holm_iov){ bytes + i, 1 };
	assert_int_equal(sys_sendmsg(p, fd, &msg, 0), 20);
	assert_int_equal(sys_recv(p, fd, buf, sizeof(buf), 0), 3);
	assert_memory_equal(buf, bytes, 3);
	sys_close(p, fd);
}

static void a_datagram_is_moved_in_one_piece(void **state)
{
	struct world *w = *state;

	world_start(w, answer_datagrams);
	world_start(w, ask_with_a_datagram);
	world_run(w);
}

static void write_to_the_console(void *arg)
{
	struct world *w = arg;
	struct holm_iov iov[2] = { { "one ", 4 }, { "two", 3 } };

	assert_int_equal(sys_writev(&w->p[0], 1, iov, 2), 7);
	assert_int_equal(sys_write(&w->p[0], 2, "!", 1), 1);
	assert_int_equal(sys_read(&w->p[0], 0, bytes, 10), 0);
	assert_int_equal(w->console_len, 8);
	assert_memory_equal(w->console, "one two!", 8);
}

static void the_console_takes_what_is_written_and_has_nothing_to_read(void **state)
{
	world_do(*state, write_to_the_console);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(accept_connect_and_recv_block_until_something_comes),
		TEST(two_threads_of_one_host_talk_over_the_loopback),
		TEST(a_blocking_send_goes_on_until_everything_is_queued),
		TEST(waitall_waits_for_all_or_the_end),
		TEST(a_non_blocking_send_takes_what_there_is_room_for),
		TEST(a_time_out_ends_the_wait_and_not_before),
		TEST(a_reset_wakes_the_reader),
		TEST(mistakes_are_told_apart),
		TEST(a_datagram_is_moved_in_one_piece),
		TEST(the_console_takes_what_is_written_and_has_nothing_to_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
