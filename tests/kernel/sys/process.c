/* A process begins with a console and ends with nothing open, whatever memory there was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/world.h"

static void descriptors_0_1_and_2_are_one_console(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct sys_stat st;

	(void)state;
	world_init(w, &(struct world_options){ .seed = 1 });
	assert_int_equal(world_count_fds(w, 0), 3);
	for (int fd = 0; fd < 3; fd++) {
		assert_int_equal(sys_fstat(&w->p[0], fd, &st), 0);
		assert_int_equal(st.mode & SYS_S_IFMT, SYS_S_IFCHR);
		assert_int_equal(sys_fcntl(&w->p[0], fd, SYS_F_GETFL, 0), SYS_O_RDWR);
	}
	world_fini(w);
	free(w);
}

static void a_process_that_cannot_begin_leaves_nothing_behind(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct process p;
	size_t before;
	int err = -1;

	(void)state;
	world_init(w, &(struct world_options){ .seed = 1 });
	before = w->files_in_use;
	for (uint64_t n = 1; err != 0; n++) {
		w->fail_at = w->allocs + n;
		err = process_init(&p, &w->p[0].env);
		if (err) {
			assert_int_equal(err, -HOLM_ENOMEM);
			assert_int_equal(w->files_in_use, before);
		}
		assert_true(n < 10);
	}
	w->fail_at = 0;
	process_fini(&p);
	world_fini(w);
	free(w);
}

static void without_an_instance_there_are_no_sockets(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct sys_env env;
	struct process p;

	(void)state;
	world_init(w, &(struct world_options){ .seed = 1 });
	env = w->p[0].env;
	env.net = NULL;
	env.tree = NULL;
	assert_int_equal(process_init(&p, &env), 0);
	assert_int_equal(sys_socket(&p, HOLM_AF_INET, HOLM_SOCK_STREAM, 0), -HOLM_EAFNOSUPPORT);
	assert_int_equal(sys_open(&p, "/", 0), -HOLM_ENOENT);
	process_fini(&p);
	world_fini(w);
	free(w);
}

static void leave_a_lingering_socket(void *arg)
{
	struct world *w = arg;
	struct holm_linger linger = { 1, 60 };
	int l = world_listen(w, 1, 9), fd = world_connect(w, 0, 1, 9);

	assert_int_equal(sys_setsockopt(&w->p[0], fd, 1, HOLM_SO_LINGER, &linger, sizeof(linger)),
			 0);
	assert_int_equal(sys_send(&w->p[0], fd, "x", 1, 0), 1);
	(void)l;
}

static void a_process_that_ends_lingers_for_nobody(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	(void)state;
	world_init(w, &(struct world_options){ .seed = 1 });
	world_do(w, leave_a_lingering_socket);
	world_fini(w); /* no thread is there that could wait */
	free(w);
}

/* A clock, and how often a call began. */
struct desk {
	uint64_t now_ns;
	unsigned entered;
};

static uint64_t desk_now(void *ctx)
{
	return ((struct desk *)ctx)->now_ns;
}

static void desk_enter(void *ctx)
{
	((struct desk *)ctx)->entered++;
}

static void a_call_looks_after_devices_and_timers_first(void **state)
{
	static const struct wait_ops ops = { .now = desk_now, .enter = desk_enter };
	struct sys_itimerspec in_100_ns = { .value = { .nsec = 100 } }, never = { 0 };
	struct world *w = calloc(1, sizeof(*w));
	struct desk desk = { .now_ns = 1000 };
	struct sys_env env;
	struct process p;
	uint64_t times;
	int fd;

	(void)state;
	world_init(w, &(struct world_options){ .seed = 1 });
	env = w->p[0].env;
	env.wait = (struct wait_with){ &ops, &desk };
	assert_int_equal(process_init(&p, &env), 0);
	fd = sys_timerfd_create(&p, SYS_CLOCK_MONOTONIC, SYS_O_NONBLOCK);
	assert_int_equal(desk.entered, 1);
	assert_int_equal(sys_timerfd_settime(&p, fd, 0, &in_100_ns, NULL), 0);
	assert_int_equal(desk.entered, 2);
	assert_int_equal(sys_read(&p, fd, &times, sizeof(times)), -HOLM_EAGAIN);
	assert_int_equal(desk.entered, 3);
	desk.now_ns += 100; /* nobody sleeps */
	assert_int_equal(sys_read(&p, fd, &times, sizeof(times)), sizeof(times));
	assert_int_equal(times, 1);
	assert_int_equal(desk.entered, 4);
	assert_int_equal(sys_timerfd_settime(&p, fd, 0, &in_100_ns, NULL), 0);
	assert_int_equal(sys_timerfd_settime(&p, fd, 0, &never, NULL), 0);
	assert_int_equal(sys_read(&p, fd, &times, sizeof(times)), -HOLM_EAGAIN);
	assert_int_equal(desk.entered, 7);
	process_fini(&p);
	world_fini(w);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors_0_1_and_2_are_one_console),
		cmocka_unit_test(a_process_that_cannot_begin_leaves_nothing_behind),
		cmocka_unit_test(without_an_instance_there_are_no_sockets),
		cmocka_unit_test(a_process_that_ends_lingers_for_nobody),
		cmocka_unit_test(a_call_looks_after_devices_and_timers_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
