/* Calls on sockets that move no bytes, and what happens to those who wait when others act. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/world.h"

struct fixture {
	struct world w;
	int fd, l;
	char got[16];
	int64_t result;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	world_init(&f->w, &(struct world_options){ .seed = 5, .fds_max = 20 });
	f->result = 99;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	world_fini(&f->w);
	free(f);
	return 0;
}

static void run(struct fixture *f, void (*fn)(void *))
{
	world_start_with(&f->w, fn, f);
	world_run(&f->w);
}

/* ---- making ---- */

static void make_sockets(void *arg)
{
	struct fixture *f = arg;
	struct process *p = &f->w.p[0];
	int fd = sys_socket(p, HOLM_AF_INET, HOLM_SOCK_STREAM | SYS_O_NONBLOCK | SYS_O_CLOEXEC, 0);

	assert_int_equal(fd, 3);
	assert_int_equal(sys_fcntl(p, fd, SYS_F_GETFL, 0), SYS_O_RDWR | SYS_O_NONBLOCK);
	assert_int_equal(sys_fcntl(p, fd, SYS_F_GETFD, 0), SYS_FD_CLOEXEC);
	assert_int_equal(sys_socket(p, HOLM_AF_INET6, HOLM_SOCK_STREAM, 0), -HOLM_EAFNOSUPPORT);
	assert_int_equal(sys_socket(p, HOLM_AF_INET, HOLM_SOCK_RAW, 0), -HOLM_EPROTONOSUPPORT);
	assert_int_equal(sys_socket(p, HOLM_AF_INET, HOLM_SOCK_DGRAM, 0), 4);
	sys_close(p, 3);
	assert_int_equal(sys_socket(p, HOLM_AF_INET, HOLM_SOCK_DGRAM, 17), 3);
	assert_int_equal(sys_close(p, 3), 0);
	assert_int_equal(sys_close(p, 3), -HOLM_EBADF);
	sys_close(p, 4);
}

static void a_socket_takes_the_lowest_descriptor_and_its_flags(void **state)
{
	run(*state, make_sockets);
}

static void use_up_descriptors(void *arg)
{
	struct fixture *f = arg;
	struct process *p = &f->w.p[0];
	int l = world_listen(&f->w, 0, 9), c = world_connect(&f->w, 0, 0, 9), last = c, fd;

	while ((fd = sys_socket(p, HOLM_AF_INET, HOLM_SOCK_DGRAM, 0)) >= 0)
		last = fd;
	assert_int_equal(fd, -HOLM_EMFILE);
	assert_int_equal(last, 19);
	assert_int_equal(sys_dup(p, 0), -HOLM_EMFILE);
	/* The connection stays in the queue until there is a descriptor. */
	assert_int_equal(sys_accept(p, l, NULL, NULL), -HOLM_EMFILE);
	sys_close(p, 10);
	assert_int_equal(sys_accept(p, l, NULL, NULL), 10);
	/* As on Linux, who has no descriptor for it does not wait for a connection. */
	assert_int_equal(sys_accept(p, l, NULL, NULL), -HOLM_EMFILE);
	assert_int_equal(sys_accept(p, c, NULL, NULL), -HOLM_EMFILE);
	sys_close(p, 10);
	assert_int_equal(sys_accept(p, c, NULL, NULL), -HOLM_EINVAL);
	assert_int_equal(sys_socket(p, HOLM_AF_INET, HOLM_SOCK_DGRAM, 0), 10);
	for (fd = 3; fd < 20; fd++)
		assert_int_equal(sys_close(p, fd), 0);
}

static void without_a_descriptor_nothing_is_lost(void **state)
{
	run(*state, use_up_descriptors);
}

static void accept_flags(void *arg)
{
	struct fixture *f = arg;
	struct process *p = &f->w.p[0];
	int l = world_listen(&f->w, 0, 9), c = world_connect(&f->w, 0, 0, 9), a;
	struct holm_sockaddr_in sa;
	uint32_t len = sizeof(sa);
	char byte;

	assert_int_equal(sys_accept4(p, l, &sa, &len, 1), -HOLM_EINVAL);
	a = sys_accept4(p, l, &sa, &len, SYS_O_NONBLOCK | SYS_O_CLOEXEC);
	assert_true(a >= 0);
	assert_int_equal(sa.family, HOLM_AF_INET);
	assert_int_equal(len, sizeof(sa));
	assert_int_equal(sys_read(p, a, &byte, 1), -HOLM_EAGAIN);
	assert_int_equal(sys_fcntl(p, a, SYS_F_GETFD, 0), SYS_FD_CLOEXEC);
	assert_int_equal(sys_accept(p, c, NULL, NULL), -HOLM_EINVAL); /* no listener */
	assert_int_equal(sys_fcntl(p, l, SYS_F_SETFL, SYS_O_NONBLOCK), 0);
	assert_int_equal(sys_accept(p, l, NULL, NULL), -HOLM_EAGAIN);
	sys_close(p, a);
	sys_close(p, c);
	sys_close(p, l);
}

static void accept4_sets_flags_that_accept_does_not_inherit(void **state)
{
	run(*state, accept_flags);
}

static void refuse_a_connection(void *arg)
{
	struct fixture *f = arg;
	struct process *p = &f->w.p[0];
	int fd = sys_socket(p, HOLM_AF_INET, HOLM_SOCK_STREAM, 0), l;
	struct holm_sockaddr_in to = sockets_addr(&f->w.duo, 1, 9);

	assert_int_equal(world_addr_connect(&f->w, 0, fd, to), -HOLM_ECONNREFUSED);
	assert_int_equal(world_addr_connect(&f->w, 0, fd, to), -HOLM_ECONNREFUSED);
	l = world_listen(&f->w, 1, 9);
	assert_int_equal(world_addr_connect(&f->w, 0, fd, to), 0);
	assert_int_equal(world_addr_connect(&f->w, 0, fd, to), -HOLM_EISCONN);
	sys_close(p, fd);
	sys_close(&f->w.p[1], l);
}

static void a_blocking_connect_that_was_refused_may_be_tried_again(void **state)
{
	run(*state, refuse_a_connection);
}

static void unreachable(void *arg)
{
	struct fixture *f = arg;
	struct process *p = &f->w.p[0];
	int fd = sys_socket(p, HOLM_AF_INET, HOLM_SOCK_STREAM, 0);

	assert_int_equal(world_addr_connect(&f->w, 0, fd, sockets_addr4(192, 0, 2, 1, 9)),
			 -HOLM_ENETUNREACH);
	assert_int_equal(world_addr_connect(&f->w, 0, fd, sockets_addr4(10, 0, 0, 77, 9)),
			 -HOLM_EHOSTUNREACH);
	sys_close(p, fd);
}

static void what_cannot_be_reached_is_told(void **state)
{
	run(*state, unreachable);
}

/* ---- acting on what others wait for ---- */

static void wait_in_recv(void *arg)
{
	struct fixture *f = arg;

	f->result = sys_recv(&f->w.p[0], f->fd, f->got, sizeof(f->got), 0);
}

static void wait_in_accept(void *arg)
{
	struct fixture *f = arg;

	f->result = sys_accept(&f->w.p[0], f->l, NULL, NULL);
}

static void close_under_a_reader(void *arg)
{
	struct fixture *f = arg;
	struct process *p = &f->w.p[0];
	int l = world_listen(&f->w, 0, 9), a;

	f->fd = world_connect(&f->w, 0, 0, 9);
	a = sys_accept(p, l, NULL, NULL);
	world_start_with(&f->w, wait_in_recv, f);
	world_sleep(&f->w, 1 * MS);
	assert_int_equal(sys_close(p, f->fd), 0);
	assert_int_equal(sys_read(p, f->fd, f->got, 1), -HOLM_EBADF);
	world_sleep(&f->w, 1 * MS);
	assert_int_equal(f->result, 99); /* it still waits, and the connection lives */
	assert_int_equal(sys_write(p, a, "late", 4), 4);
	world_sleep(&f->w, 1 * MS);
	assert_int_equal(f->result, 4);
	assert_memory_equal(f->got, "late", 4);
	/* With the call the last reference has gone: the other end reads the end. */
	assert_int_equal(sys_read(p, a, f->got, 1), 0);
	sys_close(p, a);
	sys_close(p, l);
}

static void a_call_under_way_outlives_the_descriptor(void **state)
{
	run(*state, close_under_a_reader);
}

static void shut_down_under_a_reader(void *arg)
{
	struct fixture *f = arg;
	struct process *p = &f->w.p[0];
	int l = world_listen(&f->w, 0, 9);

	f->fd = world_connect(&f->w, 0, 0, 9);
	world_start_with(&f->w, wait_in_recv, f);
	world_sleep(&f->w, 1 * MS);
	assert_int_equal(sys_shutdown(p, f->fd, HOLM_SHUT_RD), 0);
	world_sleep(&f->w, 1 * MS);
	assert_int_equal(f->result, 0);
	sys_close(p, f->fd);
	f->l = l;
	f->result = 99;
	assert_int_equal(sys_accept(p, l, NULL, NULL), f->fd);
	world_start_with(&f->w, wait_in_accept, f);
	world_sleep(&f->w, 1 * MS);
	assert_int_equal(sys_shutdown(p, l, HOLM_SHUT_RD), 0);
	world_sleep(&f->w, 1 * MS);
	assert_int_equal(f->result, -HOLM_EINVAL);
	sys_close(p, f->fd);
	sys_close(p, l);
}

static void shutdown_ends_the_wait_of_readers_and_of_accept(void **state)
{
	run(*state, shut_down_under_a_reader);
}

static void wait_in_send(void *arg)
{
	static uint8_t bytes[200000];
	struct fixture *f = arg;

	f->result = sys_send(&f->w.p[0], f->fd, bytes, sizeof(bytes), 0);
}

static void enlarge_under_a_writer(void *arg)
{
	struct fixture *f = arg;
	struct process *p = &f->w.p[0];
	int l = world_listen(&f->w, 0, 9), size = 256 * 1024;

	f->fd = world_connect(&f->w, 0, 0, 9);
	world_start_with(&f->w, wait_in_send, f);
	world_sleep(&f->w, 1000 * MS);
	assert_int_equal(f->result, 99);
	assert_int_equal(sys_setsockopt(p, f->fd, 1, HOLM_SO_SNDBUF, &size, sizeof(size)), 0);
	world_sleep(&f->w, 1 * MS);
	assert_int_equal(f->result, 200000);
	sys_close(p, f->fd);
	sys_close(p, l);
}

static void a_larger_send_buffer_wakes_the_writer(void **state)
{
	run(*state, enlarge_under_a_writer);
}

/* ---- lingering ---- */

static void close_with_linger(void *arg)
{
	struct fixture *f = arg;
	struct process *p = &f->w.p[0];
	struct holm_linger linger = { 1, 3 };
	static uint8_t bytes[128 * 1024];
	int l = world_listen(&f->w, 1, 9), other;
	uint64_t before;

	/* To somebody who reads nothing: the time is used up. */
	f->fd = world_connect(&f->w, 0, 1, 9);
	assert_int_equal(sys_setsockopt(p, f->fd, 1, HOLM_SO_LINGER, &linger, sizeof(linger)), 0);
	other = sys_accept(&f->w.p[1], l, NULL, NULL);
	(void)sys_send(p, f->fd, bytes, sizeof(bytes), HOLM_MSG_DONTWAIT);
	world_sleep(&f->w, 100 * MS);
	(void)sys_send(p, f->fd, bytes, sizeof(bytes), HOLM_MSG_DONTWAIT);
	before = f->w.crew.now;
	assert_int_equal(sys_close(p, f->fd), 0);
	assert_in_range(f->w.crew.now - before, 3000 * MS, 3020 * MS);
	sys_close(&f->w.p[1], other);
	/* What fits the peer's buffer is acknowledged at once, the FIN too. */
	f->fd = world_connect(&f->w, 0, 1, 9);
	other = sys_accept(&f->w.p[1], l, NULL, NULL);
	assert_int_equal(sys_setsockopt(p, f->fd, 1, HOLM_SO_LINGER, &linger, sizeof(linger)), 0);
	assert_int_equal(sys_send(p, f->fd, bytes, 100, 0), 100);
	before = f->w.crew.now;
	assert_int_equal(sys_close(p, f->fd), 0);
	assert_true(f->w.crew.now - before < 500 * MS);
	sys_close(&f->w.p[1], other);
	/* With unread bytes the close is a reset, and nothing to wait for. */
	f->fd = world_connect(&f->w, 0, 1, 9);
	other = sys_accept(&f->w.p[1], l, NULL, NULL);
	assert_int_equal(sys_setsockopt(p, f->fd, 1, HOLM_SO_LINGER, &linger, sizeof(linger)), 0);
	assert_int_equal(sys_send(&f->w.p[1], other, bytes, 10, 0), 10);
	world_sleep(&f->w, 100 * MS);
	before = f->w.crew.now;
	assert_int_equal(sys_close(p, f->fd), 0);
	assert_int_equal(f->w.crew.now, before);
	assert_int_equal(sys_recv(&f->w.p[1], other, bytes, 1, 0), -HOLM_ECONNRESET);
	sys_close(&f->w.p[1], other);
	sys_close(&f->w.p[1], l);
}

static void a_lingering_close_waits_for_the_peer_but_not_longer_than_told(void **state)
{
	run(*state, close_with_linger);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_socket_takes_the_lowest_descriptor_and_its_flags),
		TEST(without_a_descriptor_nothing_is_lost),
		TEST(accept4_sets_flags_that_accept_does_not_inherit),
		TEST(a_blocking_connect_that_was_refused_may_be_tried_again),
		TEST(what_cannot_be_reached_is_told),
		TEST(a_call_under_way_outlives_the_descriptor),
		TEST(shutdown_ends_the_wait_of_readers_and_of_accept),
		TEST(a_larger_send_buffer_wakes_the_writer),
		TEST(a_lingering_close_waits_for_the_peer_but_not_longer_than_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
