/* dup, fcntl, ioctl: descriptors share files, and each has its own close-on-exec. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/world.h"

static void a_duplicate_is_the_same_file(void **state)
{
	struct world *w = *state;
	struct process *p = &w->p[0];
	int fd = sys_socket(p, HOLM_AF_INET, HOLM_SOCK_STREAM, 0), copy = sys_dup(p, fd);

	assert_int_equal(sys_fcntl(p, fd, SYS_F_SETFL, SYS_O_NONBLOCK | SYS_O_WRONLY), 0);
	assert_int_equal(sys_fcntl(p, copy, SYS_F_GETFL, 0), SYS_O_RDWR | SYS_O_NONBLOCK);
	assert_int_equal(sys_fcntl(p, fd, SYS_F_SETFD, SYS_FD_CLOEXEC), 0);
	assert_int_equal(sys_fcntl(p, copy, SYS_F_GETFD, 0), 0);
	assert_int_equal(sys_close(p, fd), 0);
	assert_int_equal(sys_listen(p, copy, 1), 0);
	sys_close(p, copy);
}

static void dup2_closes_what_was_there(void **state)
{
	struct world *w = *state;
	struct process *p = &w->p[0];
	int a = sys_socket(p, HOLM_AF_INET, HOLM_SOCK_STREAM, 0);
	int b = sys_socket(p, HOLM_AF_INET, HOLM_SOCK_DGRAM, 0);
	int type;
	uint32_t len = sizeof(type);

	assert_int_equal(sys_dup2(p, a, b), b);
	assert_int_equal(sys_getsockopt(p, b, 1, HOLM_SO_TYPE, &type, &len), 0);
	assert_int_equal(type, HOLM_SOCK_STREAM);
	assert_int_equal(sys_dup2(p, a, a), a);
	assert_int_equal(sys_dup2(p, 50, 50), -HOLM_EBADF);
	assert_int_equal(sys_dup2(p, 50, a), -HOLM_EBADF);
	assert_int_equal(sys_dup2(p, a, -1), -HOLM_EBADF);
	assert_int_equal(sys_dup2(p, a, (int)FDS_MAX), -HOLM_EBADF);
	assert_int_equal(sys_dup3(p, a, a, 0), -HOLM_EINVAL);
	assert_int_equal(sys_dup3(p, a, b, 1), -HOLM_EINVAL);
	assert_int_equal(sys_dup3(p, a, 300, SYS_O_CLOEXEC), 300);
	assert_int_equal(sys_fcntl(p, 300, SYS_F_GETFD, 0), SYS_FD_CLOEXEC);
	assert_int_equal(world_count_fds(w, 0), 6);
	sys_close(p, 300);
	sys_close(p, a);
	sys_close(p, b);
}

static void fcntl_and_ioctl_know_what_they_know(void **state)
{
	struct world *w = *state;
	struct process *p = &w->p[0];
	int fd = sys_socket(p, HOLM_AF_INET, HOLM_SOCK_STREAM, 0), on = 1, n = 7;

	assert_int_equal(sys_fcntl(p, fd, SYS_F_DUPFD_CLOEXEC, 40), 40);
	assert_int_equal(sys_fcntl(p, 40, SYS_F_GETFD, 0), SYS_FD_CLOEXEC);
	assert_int_equal(sys_fcntl(p, fd, SYS_F_DUPFD, -1), -HOLM_EINVAL);
	assert_int_equal(sys_fcntl(p, fd, 99, 0), -HOLM_EINVAL);
	assert_int_equal(sys_fcntl(p, 99, SYS_F_GETFL, 0), -HOLM_EBADF);
	assert_int_equal(sys_ioctl(p, fd, SYS_FIONBIO, &on), 0);
	assert_int_equal(sys_fcntl(p, fd, SYS_F_GETFL, 0), SYS_O_RDWR | SYS_O_NONBLOCK);
	assert_int_equal(sys_ioctl(p, fd, SYS_FIONREAD, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(sys_listen(p, fd, 1), 0);
	assert_int_equal(sys_ioctl(p, fd, SYS_FIONREAD, &n), -HOLM_EINVAL);
	assert_int_equal(sys_ioctl(p, fd, 0x5401, &n), -HOLM_ENOTTY);
	assert_int_equal(sys_ioctl(p, 1, SYS_FIONREAD, &n), -HOLM_ENOTTY);
	assert_int_equal(sys_ioctl(p, fd, SYS_FIONREAD, NULL), -HOLM_EFAULT);
	sys_close(p, 40);
	sys_close(p, fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_duplicate_is_the_same_file),
		TEST(dup2_closes_what_was_there),
		TEST(fcntl_and_ioctl_know_what_they_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
