/* Unix sockets by descriptors: pairs, blocking, descriptors and credentials in messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/world.h"

/* The head of a control message with room for four descriptors. */
struct rights {
	size_t len;
	int level, type;
	int fds[4];
};

static int64_t send_fds(struct process *p, int s, const char *text, const int *fds, size_t n)
{
	struct rights r = { 16 + n * sizeof(int), HOLM_SOL_SOCKET, 1, { 0 } };
	struct holm_iov iov = { (void *)(uintptr_t)text, strlen(text) };
	struct sys_msghdr m = { .iov = &iov, .iovcnt = 1, .control = &r, .control_len = r.len };

	memcpy(r.fds, fds, n * sizeof(int));
	return sys_sendmsg(p, s, &m, 0);
}

/* *n: how many descriptors came. */
static int64_t recv_fds(struct process *p, int s, char *buf, size_t len, int *fds, size_t room,
			size_t *n, int flags, int *out_flags)
{
	struct rights r = { 0 };
	struct holm_iov iov = { buf, len };
	struct sys_msghdr m = { .iov = &iov,
				.iovcnt = 1,
				.control = &r,
				.control_len = room ? 16 + room * sizeof(int) : 0 };
	int64_t got = sys_recvmsg(p, s, &m, flags);

	*n = m.control_len && r.type == 1 ? (r.len - 16) / sizeof(int) : 0;
	memcpy(fds, r.fds, *n * sizeof(int));
	if (out_flags)
		*out_flags = m.flags;
	return got;
}

static void pass_descriptors(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[0];
	size_t before = world_count_fds(w, 0), n;
	int s[2], pipe[2], got[4], flags;
	char buf[8];

	assert_int_equal(sys_socketpair(p, HOLM_AF_UNIX, HOLM_SOCK_STREAM, 0, s), 0);
	assert_int_equal(sys_pipe2(p, pipe, 0), 0);
	assert_int_equal(send_fds(p, s[0], "two", pipe, 2), 3);
	sys_close(p, pipe[0]);
	sys_close(p, pipe[1]);
	/* Looking at the message makes copies of what it carries, as Linux does. */
	assert_int_equal(recv_fds(p, s[1], buf, 8, got, 4, &n, HOLM_MSG_PEEK, NULL), 3);
	assert_int_equal(n, 2);
	assert_int_equal(sys_write(p, got[1], "in", 2), 2);
	sys_close(p, got[0]);
	sys_close(p, got[1]);
	assert_int_equal(recv_fds(p, s[1], buf, 8, got, 4, &n, HOLM_MSG_CMSG_CLOEXEC, NULL), 3);
	assert_int_equal(n, 2);
	assert_int_equal(sys_fcntl(p, got[0], SYS_F_GETFD, 0), SYS_FD_CLOEXEC);
	assert_int_equal(sys_read(p, got[0], buf, 8), 2);
	sys_close(p, got[1]);
	/* No room for the second, none for any: what has no place is closed. */
	assert_int_equal(send_fds(p, s[0], "a", (int[]){ got[0], got[0] }, 2), 1);
	assert_int_equal(recv_fds(p, s[1], buf, 8, got + 1, 1, &n, 0, &flags), 1);
	assert_int_equal(n, 1);
	assert_int_equal(flags & HOLM_MSG_CTRUNC, HOLM_MSG_CTRUNC);
	assert_int_equal(send_fds(p, s[0], "b", got, 1), 1);
	assert_int_equal(recv_fds(p, s[1], buf, 8, got + 2, 0, &n, 0, &flags), 1);
	assert_int_equal(flags & HOLM_MSG_CTRUNC, HOLM_MSG_CTRUNC);
	assert_int_equal(send_fds(p, s[0], "c", (int[]){ 99 }, 1), -HOLM_EBADF);
	sys_close(p, got[0]);
	sys_close(p, got[1]);
	sys_close(p, s[0]);
	sys_close(p, s[1]);
	assert_int_equal(world_count_fds(w, 0), before);
}

static void descriptors_travel_in_messages(void **state)
{
	world_do(*state, pass_descriptors);
}

static void make_cycles(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[0];
	size_t bytes = w->files_in_use;

	for (int round = 0; round < 3; round++) {
		int a[2], b[2];

		assert_int_equal(sys_socketpair(p, HOLM_AF_UNIX, HOLM_SOCK_STREAM, 0, a), 0);
		assert_int_equal(sys_socketpair(p, HOLM_AF_UNIX, HOLM_SOCK_DGRAM, 0, b), 0);
		assert_int_equal(send_fds(p, a[0], "x", b, 2), 1);
		assert_int_equal(send_fds(p, b[0], "x", a, 2), 1);
		assert_int_equal(send_fds(p, a[1], "x", a, 1), 1);
		for (int i = 0; i < 2; i++) {
			sys_close(p, a[i]);
			sys_close(p, b[i]);
		}
		assert_int_equal(w->files_in_use, bytes);
	}
}

static void cycles_of_descriptors_are_collected_when_the_last_one_is_closed(void **state)
{
	struct world *w = *state;
	int fd[2];

	/* The table of descriptors has its size from now on. */
	assert_int_equal(sys_pipe2(&w->p[0], fd, 0), 0);
	sys_close(&w->p[0], fd[0]);
	sys_close(&w->p[0], fd[1]);
	world_do(w, make_cycles);
}

/* ---- blocking ---- */

struct chat {
	struct world *w;
	int listener;
};

static void serve(void *arg)
{
	struct chat *c = arg;
	struct process *p = &c->w->p[0];
	char buf[64];

	for (int i = 0; i < 3; i++) {
		int fd = sys_accept(p, c->listener, NULL, NULL);
		int64_t n;

		assert_true(fd >= 0);
		while ((n = sys_read(p, fd, buf, sizeof(buf))) > 0)
			assert_int_equal(sys_write(p, fd, buf, (size_t)n), n);
		sys_close(p, fd);
		world_sleep(c->w, 5 * MS);
	}
	sys_close(p, c->listener);
}

static void ask(void *arg)
{
	struct chat *c = arg;
	struct process *p = &c->w->p[0];
	struct holm_sockaddr_un un = { HOLM_AF_UNIX, "\0chat" };
	int fd = sys_socket(p, HOLM_AF_UNIX, HOLM_SOCK_STREAM, 0);
	char buf[64];

	assert_int_equal(sys_connect(p, fd, &un, 2 + 5), 0);
	assert_int_equal(sys_write(p, fd, "question", 8), 8);
	assert_int_equal(sys_recv(p, fd, buf, 8, HOLM_MSG_WAITALL), 8);
	assert_memory_equal(buf, "question", 8);
	assert_int_equal(sys_shutdown(p, fd, HOLM_SHUT_WR), 0);
	assert_int_equal(sys_read(p, fd, buf, 8), 0);
	sys_close(p, fd);
}

static void clients_wait_for_a_full_backlog_and_are_all_served(void **state)
{
	struct chat c = { .w = *state };
	struct process *p = &c.w->p[0];
	struct holm_sockaddr_un un = { HOLM_AF_UNIX, "\0chat" };

	c.listener = sys_socket(p, HOLM_AF_UNIX, HOLM_SOCK_STREAM, 0);
	assert_int_equal(sys_bind(p, c.listener, &un, 2 + 5), 0);
	assert_int_equal(sys_listen(p, c.listener, 0), 0);
	for (int i = 0; i < 3; i++)
		world_start_with(c.w, ask, &c);
	world_start_with(c.w, serve, &c);
	world_run(c.w);
}

static void use_paths(void *arg)
{
	struct process *p = &((struct world *)arg)->p[0];
	struct holm_sockaddr_un un = { HOLM_AF_UNIX, "/run/s" };
	int fd = sys_socket(p, HOLM_AF_UNIX, HOLM_SOCK_DGRAM, 0);
	struct sys_stat st;

	assert_int_equal(sys_stat(p, "/run/s", &st), -HOLM_ENOENT);
	assert_int_equal(sys_bind(p, fd, &un, sizeof(un)), 0);
	assert_int_equal(sys_stat(p, "/run/s", &st), 0);
	assert_int_equal(st.mode & SYS_S_IFMT, SYS_S_IFSOCK);
	sys_close(p, fd);
	assert_int_equal(sys_unlink(p, "/run/s"), 0);
	assert_int_equal(sys_unlink(p, "/run/s"), -HOLM_ENOENT);
}

static void a_path_is_there_until_it_is_unlinked(void **state)
{
	world_do(*state, use_paths);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(descriptors_travel_in_messages),
		TEST(cycles_of_descriptors_are_collected_when_the_last_one_is_closed),
		TEST(clients_wait_for_a_full_backlog_and_are_all_served),
		TEST(a_path_is_there_until_it_is_unlinked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
