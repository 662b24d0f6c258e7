/* Pipes, eventfd and timerfd: what they hold, how they block, what poll() shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/world.h"

#define IN HOLM_POLLIN
#define OUT HOLM_POLLOUT

static int level(struct process *p, int fd)
{
	struct sys_pollfd e = { fd, IN | OUT, 0 };

	sys_poll(p, &e, 1, 0);
	return e.revents;
}

/* ---- pipes ---- */

static void use_pipe(void *arg)
{
	struct process *p = &((struct world *)arg)->p[0];
	static char big[70000];
	char buf[8];
	int fd[2];

	assert_int_equal(sys_pipe2(p, fd, SYS_O_NONBLOCK), 0);
	assert_int_equal(level(p, fd[0]), 0);
	assert_int_equal(level(p, fd[1]), OUT);
	assert_int_equal(sys_read(p, fd[0], buf, 8), -HOLM_EAGAIN);
	assert_int_equal(sys_read(p, fd[1], buf, 8), -HOLM_EBADF);
	assert_int_equal(sys_write(p, fd[0], buf, 8), -HOLM_EBADF);
	assert_int_equal(sys_write(p, fd[1], "hello", 5), 5);
	assert_int_equal(sys_read(p, fd[0], buf, 3), 3);
	assert_memory_equal(buf, "hel", 3);
	assert_int_equal(sys_write(p, fd[1], big, sizeof(big)), 65536 - 2);
	assert_int_equal(level(p, fd[1]), 0);
	/* A short write is not torn apart. */
	assert_int_equal(sys_read(p, fd[0], big, 100), 100);
	assert_int_equal(sys_write(p, fd[1], big, 101), -HOLM_EAGAIN);
	assert_int_equal(sys_write(p, fd[1], big, 100), 100);
	assert_int_equal(sys_fcntl(p, fd[0], SYS_F_GETPIPE_SZ, 0), 65536);
	assert_int_equal(sys_fcntl(p, fd[0], SYS_F_SETPIPE_SZ, 4096), -HOLM_EBUSY);
	assert_int_equal(sys_fcntl(p, fd[0], SYS_F_SETPIPE_SZ, 65537), 131072);
	assert_int_equal(level(p, fd[1]), OUT);
	sys_close(p, fd[1]);
	assert_int_equal(level(p, fd[0]), IN | HOLM_POLLHUP);
	while (sys_read(p, fd[0], big, sizeof(big)) > 0)
		continue;
	assert_int_equal(sys_read(p, fd[0], big, 1), 0);
	assert_int_equal(level(p, fd[0]), HOLM_POLLHUP);
	sys_close(p, fd[0]);
}

static void a_pipe_holds_what_was_written(void **state)
{
	world_do(*state, use_pipe);
}

struct flow {
	struct world *w;
	int fd[2];
	int64_t wrote;
	size_t read;
};

static void write_much(void *arg)
{
	struct flow *f = arg;
	static char big[300000];

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 31 >> 3);
	f->wrote = sys_write(&f->w->p[0], f->fd[1], big, sizeof(big));
	sys_close(&f->w->p[0], f->fd[1]);
}

static void read_all(void *arg)
{
	struct flow *f = arg;
	char buf[1000];
	int64_t n;

	while ((n = sys_read(&f->w->p[0], f->fd[0], buf, sizeof(buf))) > 0)
		for (int64_t i = 0; i < n; i++, f->read++)
			assert_int_equal(buf[i], (char)(f->read * 31 >> 3));
	assert_int_equal(n, 0);
}

static void a_blocking_write_goes_on_until_everything_is_written(void **state)
{
	struct flow f = { .w = *state };

	assert_int_equal(sys_pipe2(&f.w->p[0], f.fd, 0), 0);
	world_start_with(f.w, write_much, &f);
	world_start_with(f.w, read_all, &f);
	world_run(f.w);
	assert_int_equal(f.wrote, 300000);
	assert_int_equal(f.read, 300000);
	sys_close(&f.w->p[0], f.fd[0]);
}

static void write_to_nobody(void *arg)
{
	struct process *p = &((struct world *)arg)->p[0];
	int fd[2];

	assert_int_equal(sys_pipe2(p, fd, 0), 0);
	sys_close(p, fd[0]);
	assert_int_equal(level(p, fd[1]), OUT | HOLM_POLLERR);
	assert_int_equal(sys_write(p, fd[1], "x", 1), -HOLM_EPIPE);
	sys_close(p, fd[1]);
	assert_int_equal(sys_pipe2(p, fd, 1), -HOLM_EINVAL);
	assert_int_equal(sys_pipe2(p, NULL, 0), -HOLM_EFAULT);
}

static void a_pipe_without_a_reader_is_broken(void **state)
{
	world_do(*state, write_to_nobody);
}

/* ---- eventfd ---- */

static void use_eventfd(void *arg)
{
	struct process *p = &((struct world *)arg)->p[0];
	int fd = sys_eventfd(p, 3, SYS_O_NONBLOCK);
	uint64_t v = 4;

	assert_int_equal(level(p, fd), IN | OUT);
	assert_int_equal(sys_write(p, fd, &v, 8), 8);
	assert_int_equal(sys_read(p, fd, &v, 7), -HOLM_EINVAL);
	assert_int_equal(sys_read(p, fd, &v, 8), 8);
	assert_int_equal(v, 7);
	assert_int_equal(sys_read(p, fd, &v, 8), -HOLM_EAGAIN);
	v = UINT64_MAX;
	assert_int_equal(sys_write(p, fd, &v, 8), -HOLM_EINVAL);
	v = UINT64_MAX - 1;
	assert_int_equal(sys_write(p, fd, &v, 8), 8);
	assert_int_equal(level(p, fd), IN);
	v = 1;
	assert_int_equal(sys_write(p, fd, &v, 8), -HOLM_EAGAIN);
	sys_close(p, fd);
	fd = sys_eventfd(p, 2, SYS_EFD_SEMAPHORE | SYS_O_NONBLOCK);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(sys_read(p, fd, &v, 8), 8);
		assert_int_equal(v, 1);
	}
	assert_int_equal(sys_read(p, fd, &v, 8), -HOLM_EAGAIN);
	sys_close(p, fd);
	assert_int_equal(sys_eventfd(p, 0, 2), -HOLM_EINVAL);
}

static void an_eventfd_counts(void **state)
{
	world_do(*state, use_eventfd);
}

/* ---- timerfd ---- */

static struct sys_timespec ms(int64_t n)
{
	return (struct sys_timespec){ n / 1000, n % 1000 * 1000000 };
}

static void use_timerfd(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[0];
	int fd = sys_timerfd_create(p, SYS_CLOCK_MONOTONIC, 0);
	struct sys_itimerspec set = { ms(10), ms(25) }, got;
	uint64_t began = w->crew.now, n;

	assert_int_equal(sys_timerfd_settime(p, fd, 0, &set, &got), 0);
	assert_int_equal(got.value.sec + got.value.nsec, 0);
	assert_int_equal(sys_read(p, fd, &n, 8), 8);
	assert_int_equal(n, 1);
	assert_true(w->crew.now - began >= 25 * MS);
	world_sleep(w, 35 * MS);
	assert_int_equal(level(p, fd), IN);
	assert_int_equal(sys_read(p, fd, &n, 8), 8);
	assert_in_range(n, 3, 4);
	assert_int_equal(sys_timerfd_gettime(p, fd, &got), 0);
	assert_in_range(got.value.nsec, 1, 10000000);
	assert_int_equal(got.interval.nsec, 10000000);
	/* Disarmed, it says nothing any more. */
	set = (struct sys_itimerspec){ ms(0), ms(0) };
	assert_int_equal(sys_timerfd_settime(p, fd, 0, &set, NULL), 0);
	world_sleep(w, 50 * MS);
	assert_int_equal(level(p, fd), 0);
	set.value.nsec = 1000000000;
	assert_int_equal(sys_timerfd_settime(p, fd, 0, &set, NULL), -HOLM_EINVAL);
	assert_int_equal(sys_timerfd_settime(p, 1, 0, &set, NULL), -HOLM_EINVAL);
	assert_int_equal(sys_timerfd_create(p, 77, 0), -HOLM_EINVAL);
	sys_close(p, fd);
}

static void a_timerfd_expires_again_and_again(void **state)
{
	world_do(*state, use_timerfd);
}

struct late {
	struct world *w;
	int fd;
	uint64_t woke_ns;
};

static void wait_for_it(void *arg)
{
	struct late *l = arg;
	struct sys_pollfd e = { l->fd, IN, 0 };

	assert_int_equal(sys_poll(&l->w->p[0], &e, 1, -1), 1);
	l->woke_ns = l->w->crew.now;
}

static void arm_it_and_go(void *arg)
{
	struct late *l = arg;
	struct sys_itimerspec set = { ms(0), ms(30) };

	world_sleep(l->w, 5 * MS);
	assert_int_equal(sys_timerfd_settime(&l->w->p[0], l->fd, 0, &set, NULL), 0);
}

static void who_sleeps_hears_of_a_timer_that_is_armed_later(void **state)
{
	struct late l = { .w = *state };
	uint64_t began = l.w->crew.now;

	l.fd = sys_timerfd_create(&l.w->p[0], SYS_CLOCK_REALTIME, 0);
	world_start_with(l.w, wait_for_it, &l);
	world_start_with(l.w, arm_it_and_go, &l);
	world_run(l.w);
	assert_in_range(l.woke_ns - began, 35 * MS, 40 * MS);
	sys_close(&l.w->p[0], l.fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pipe_holds_what_was_written),
		TEST(a_blocking_write_goes_on_until_everything_is_written),
		TEST(a_pipe_without_a_reader_is_broken),
		TEST(an_eventfd_counts),
		TEST(a_timerfd_expires_again_and_again),
		TEST(who_sleeps_hears_of_a_timer_that_is_armed_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
