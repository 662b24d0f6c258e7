/* epoll: level, edge, one-shot and exclusive watches; nesting; that files which go leave it; no lost edge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/expect.h"
#include "tests/support/world.h"

#define IN HOLM_POLLIN
#define OUT HOLM_POLLOUT
#define ET SYS_EPOLLET

static void pair(struct process *p, int fds[2])
{
	assert_int_equal(sys_socketpair(p, HOLM_AF_UNIX, HOLM_SOCK_STREAM, 0, fds), 0);
}

static int watch(struct process *p, int ep, int op, int fd, uint32_t events)
{
	struct sys_epoll_event ev = { events, (uint64_t)fd };

	return sys_epoll_ctl(p, ep, op, fd, &ev);
}

static int add(struct process *p, int ep, int fd, uint32_t events)
{
	return watch(p, ep, SYS_EPOLL_CTL_ADD, fd, events);
}

/* What one descriptor has, 0: it is not reported. */
static uint32_t now(struct process *p, int ep, int fd)
{
	struct sys_epoll_event ev[8];
	int n = sys_epoll_wait(p, ep, ev, 8, 0);

	for (int i = 0; i < n; i++)
		if (ev[i].data == (uint64_t)fd)
			return ev[i].events;
	return 0;
}

static void use_levels(void *arg)
{
	struct process *p = &((struct world *)arg)->p[0];
	int ep = sys_epoll_create1(p, 0), s[2];
	char c;

	pair(p, s);
	assert_int_equal(add(p, ep, s[0], IN), 0);
	assert_int_equal(now(p, ep, s[0]), 0);
	sys_write(p, s[1], "ab", 2);
	assert_int_equal(now(p, ep, s[0]), IN);
	sys_read(p, s[0], &c, 1);
	assert_int_equal(now(p, ep, s[0]), IN); /* there is more */
	sys_read(p, s[0], &c, 1);
	assert_int_equal(now(p, ep, s[0]), 0);
	assert_int_equal(watch(p, ep, SYS_EPOLL_CTL_MOD, s[0], IN | OUT), 0);
	assert_int_equal(now(p, ep, s[0]), OUT);
	assert_int_equal(now(p, ep, s[0]), OUT);
	sys_close(p, s[1]);
	assert_int_equal(now(p, ep, s[0]), IN | OUT | HOLM_POLLHUP);
	assert_int_equal(sys_epoll_ctl(p, ep, SYS_EPOLL_CTL_DEL, s[0], NULL), 0);
	assert_int_equal(now(p, ep, s[0]), 0);
	sys_close(p, s[0]);
	sys_close(p, ep);
}

static void a_level_is_reported_as_long_as_it_holds(void **state)
{
	world_do(*state, use_levels);
}

static void use_edges(void *arg)
{
	struct process *p = &((struct world *)arg)->p[0];
	int ep = sys_epoll_create1(p, 0), s[2];
	char buf[8];

	pair(p, s);
	assert_int_equal(add(p, ep, s[0], IN | OUT | ET), 0);
	assert_int_equal(now(p, ep, s[0]), OUT);
	assert_int_equal(now(p, ep, s[0]), 0);
	sys_write(p, s[1], "ab", 2);
	assert_int_equal(now(p, ep, s[0]), IN | OUT);
	assert_int_equal(now(p, ep, s[0]), 0);
	/* Reading a part changes nothing that was asked for; new bytes do. */
	sys_read(p, s[0], buf, 1);
	assert_int_equal(now(p, ep, s[0]), 0);
	sys_write(p, s[1], "c", 1);
	assert_int_equal(now(p, ep, s[0]), IN | OUT);
	sys_shutdown(p, s[1], HOLM_SHUT_WR);
	assert_int_equal(now(p, ep, s[0]), IN | OUT);
	assert_int_equal(now(p, ep, s[0]), 0);
	sys_close(p, s[1]);
	assert_int_equal(now(p, ep, s[0]) & HOLM_POLLHUP, HOLM_POLLHUP);
	assert_int_equal(now(p, ep, s[0]), 0);
	sys_close(p, s[0]);
	sys_close(p, ep);
}

static void an_edge_is_reported_once(void **state)
{
	world_do(*state, use_edges);
}

static void use_one_shot(void *arg)
{
	struct process *p = &((struct world *)arg)->p[0];
	int ep = sys_epoll_create1(p, 0), s[2];

	pair(p, s);
	assert_int_equal(add(p, ep, s[0], IN | SYS_EPOLLONESHOT), 0);
	sys_write(p, s[1], "a", 1);
	assert_int_equal(now(p, ep, s[0]), IN);
	sys_write(p, s[1], "b", 1);
	assert_int_equal(now(p, ep, s[0]), 0);
	sys_close(p, s[1]);
	assert_int_equal(now(p, ep, s[0]), 0); /* not even that */
	assert_int_equal(watch(p, ep, SYS_EPOLL_CTL_MOD, s[0], IN | SYS_EPOLLONESHOT), 0);
	assert_int_equal(now(p, ep, s[0]), IN | HOLM_POLLHUP);
	sys_close(p, s[0]);
	sys_close(p, ep);
}

static void a_one_shot_watch_waits_to_be_armed_again(void **state)
{
	world_do(*state, use_one_shot);
}

static void misuse(void *arg)
{
	struct process *p = &((struct world *)arg)->p[0];
	int ep = sys_epoll_create1(p, 0), s[2];
	struct sys_epoll_event ev;

	pair(p, s);
	assert_int_equal(sys_epoll_create1(p, 1), -HOLM_EINVAL);
	assert_int_equal(add(p, 99, s[0], IN), -HOLM_EBADF);
	assert_int_equal(add(p, ep, 99, IN), -HOLM_EBADF);
	assert_int_equal(add(p, s[0], s[1], IN), -HOLM_EINVAL);
	assert_int_equal(add(p, ep, ep, IN), -HOLM_EINVAL);
	assert_int_equal(watch(p, ep, 9, s[0], IN), -HOLM_EINVAL);
	assert_int_equal(watch(p, ep, SYS_EPOLL_CTL_MOD, s[0], IN), -HOLM_ENOENT);
	assert_int_equal(watch(p, ep, SYS_EPOLL_CTL_DEL, s[0], IN), -HOLM_ENOENT);
	assert_int_equal(sys_epoll_ctl(p, ep, SYS_EPOLL_CTL_ADD, s[0], NULL), -HOLM_EFAULT);
	assert_int_equal(add(p, ep, s[0], IN), 0);
	assert_int_equal(add(p, ep, s[0], IN), -HOLM_EEXIST);
	assert_int_equal(watch(p, ep, SYS_EPOLL_CTL_MOD, s[0], IN | SYS_EPOLLEXCLUSIVE),
			 -HOLM_EINVAL);
	assert_int_equal(add(p, ep, s[1], IN | SYS_EPOLLEXCLUSIVE | SYS_EPOLLONESHOT),
			 -HOLM_EINVAL);
	assert_int_equal(sys_epoll_wait(p, ep, &ev, 0, 0), -HOLM_EINVAL);
	assert_int_equal(sys_epoll_wait(p, s[0], &ev, 1, 0), -HOLM_EINVAL);
	assert_int_equal(sys_epoll_wait(p, ep, NULL, 1, 0), -HOLM_EFAULT);
	sys_close(p, s[0]);
	sys_close(p, s[1]);
	sys_close(p, ep);
}

static void misuse_is_refused_as_on_linux(void **state)
{
	world_do(*state, misuse);
}

static void close_the_watched(void *arg)
{
	struct process *p = &((struct world *)arg)->p[0];
	int ep = sys_epoll_create1(p, 0), s[2], copy;

	pair(p, s);
	assert_int_equal(add(p, ep, s[0], IN), 0);
	copy = sys_dup(p, s[0]);
	sys_write(p, s[1], "x", 1);
	/* The open file is what is watched: it is there as long as a descriptor is. */
	sys_close(p, s[0]);
	assert_int_equal(now(p, ep, s[0]), IN);
	sys_close(p, copy);
	assert_int_equal(now(p, ep, s[0]), 0);
	sys_close(p, s[1]);
	sys_close(p, ep);
}

static void a_file_that_goes_leaves_the_set(void **state)
{
	world_do(*state, close_the_watched);
}

/* As on Linux a watch is a descriptor and its file, in one set: each is there and goes by itself. */
static void watch_twice(void *arg)
{
	struct process *p = &((struct world *)arg)->p[0];
	int ep[2] = { sys_epoll_create1(p, 0), sys_epoll_create1(p, 0) }, s[2], copy;

	pair(p, s);
	copy = sys_dup(p, s[0]);
	sys_write(p, s[1], "x", 1);
	for (int turn = 0; turn < 2; turn++) {
		assert_int_equal(add(p, ep[0], s[0], IN), 0);
		assert_int_equal(add(p, ep[0], s[0], IN), -HOLM_EEXIST);
		assert_int_equal(add(p, ep[0], copy, IN | OUT), 0);
		assert_int_equal(add(p, ep[1], s[0], OUT), 0);
		assert_int_equal(watch(p, ep[1], SYS_EPOLL_CTL_MOD, copy, IN), -HOLM_ENOENT);
		assert_int_equal(now(p, ep[0], s[0]), IN);
		assert_int_equal(now(p, ep[0], copy), IN | OUT);
		/* The one that was there first goes first, and another one comes into its place. */
		assert_int_equal(sys_epoll_ctl(p, ep[0], SYS_EPOLL_CTL_DEL, s[0], NULL), 0);
		assert_int_equal(now(p, ep[0], s[0]), 0);
		assert_int_equal(now(p, ep[0], copy), IN | OUT);
		assert_int_equal(now(p, ep[1], s[0]), OUT);
		assert_int_equal(add(p, ep[1], copy, IN), 0);
		assert_int_equal(sys_epoll_ctl(p, ep[0], SYS_EPOLL_CTL_DEL, copy, NULL), 0);
		assert_int_equal(now(p, ep[1], copy), IN);
		assert_int_equal(sys_epoll_ctl(p, ep[1], SYS_EPOLL_CTL_DEL, copy, NULL), 0);
		assert_int_equal(now(p, ep[1], s[0]), OUT);
		assert_int_equal(sys_epoll_ctl(p, ep[1], SYS_EPOLL_CTL_DEL, s[0], NULL), 0);
	}
	for (int i = 0; i < 2; i++) {
		sys_close(p, ep[i]);
		sys_close(p, s[i]);
	}
	sys_close(p, copy);
}

static void a_file_is_watched_by_each_descriptor_and_in_each_set(void **state)
{
	world_do(*state, watch_twice);
}

static void nest(void *arg)
{
	struct process *p = &((struct world *)arg)->p[0];
	int ep[7], s[2];

	pair(p, s);
	for (int i = 0; i < 7; i++)
		ep[i] = sys_epoll_create1(p, 0);
	for (int i = 1; i < 5; i++)
		assert_int_equal(add(p, ep[i], ep[i - 1], IN), 0);
	assert_int_equal(add(p, ep[5], ep[4], IN), -HOLM_ELOOP);
	assert_int_equal(add(p, ep[0], ep[6], IN), -HOLM_ELOOP);
	assert_int_equal(add(p, ep[0], ep[4], IN), -HOLM_ELOOP);
	assert_int_equal(add(p, ep[0], s[0], IN), 0);
	assert_int_equal(now(p, ep[4], ep[3]), 0);
	sys_write(p, s[1], "x", 1);
	assert_int_equal(now(p, ep[4], ep[3]), IN);
	for (int i = 0; i < 7; i++)
		sys_close(p, ep[i]);
	sys_close(p, s[0]);
	sys_close(p, s[1]);
}

static void epolls_watch_epolls_up_to_a_depth_and_never_in_a_ring(void **state)
{
	world_do(*state, nest);
}

/* ---- waiting ---- */

struct scene {
	struct world *w;
	int ep[2], s[2];
	int woken[2];
};

static void wait_on_first(void *arg)
{
	struct scene *s = arg;
	struct sys_epoll_event ev;

	s->woken[0] = sys_epoll_wait(&s->w->p[0], s->ep[0], &ev, 1, 1000);
}

static void wait_on_second(void *arg)
{
	struct scene *s = arg;
	struct sys_epoll_event ev;

	s->woken[1] = sys_epoll_wait(&s->w->p[0], s->ep[1], &ev, 1, 1000);
}

static void write_later(void *arg)
{
	struct scene *s = arg;

	world_sleep(s->w, 10 * MS);
	sys_write(&s->w->p[0], s->s[1], "x", 1);
}

static void run_two_waiters(struct world *w, struct scene *s, uint32_t events)
{
	struct process *p = &w->p[0];

	*s = (struct scene){ .w = w };
	pair(p, s->s);
	for (int i = 0; i < 2; i++) {
		s->ep[i] = sys_epoll_create1(p, 0);
		assert_int_equal(add(p, s->ep[i], s->s[0], events), 0);
	}
	world_start_with(w, wait_on_first, s);
	world_start_with(w, wait_on_second, s);
	world_start_with(w, write_later, s);
	world_run(w);
	for (int i = 0; i < 2; i++) {
		sys_close(p, s->ep[i]);
		sys_close(p, s->s[i]);
	}
}

static void a_change_wakes_every_epoll_but_of_exclusive_ones_one(void **state)
{
	struct scene s;

	run_two_waiters(*state, &s, IN);
	assert_int_equal(s.woken[0] + s.woken[1], 2);
	run_two_waiters(*state, &s, IN | SYS_EPOLLEXCLUSIVE);
	assert_int_equal(s.woken[0] + s.woken[1], 1);
}

static void exchange_watches_later(void *arg)
{
	struct scene *s = arg;
	struct process *p = &s->w->p[0];

	world_sleep(s->w, 10 * MS);
	sys_write(p, s->s[1], "x", 1);
	/* Who waits has been woken, and not looked yet. */
	assert_int_equal(sys_epoll_ctl(p, s->ep[0], SYS_EPOLL_CTL_DEL, s->s[0], NULL), 0);
	assert_int_equal(add(p, s->ep[1], s->s[0], IN), 0);
	assert_int_equal(now(p, s->ep[1], s->s[0]), IN);
	world_sleep(s->w, 10 * MS);
	assert_int_equal(s->woken[0], -1);
	assert_int_equal(add(p, s->ep[0], s->s[0], IN), 0);
}

/* The place in the file goes from one epoll to the other while somebody waits for the first. */
static void a_watch_that_goes_while_it_is_waited_for_is_not_reported(void **state)
{
	struct world *w = *state;
	struct process *p = &w->p[0];
	struct scene s = { .w = w, .woken = { -1, -1 } };

	pair(p, s.s);
	for (int i = 0; i < 2; i++)
		s.ep[i] = sys_epoll_create1(p, 0);
	assert_int_equal(add(p, s.ep[0], s.s[0], IN), 0);
	world_start_with(w, wait_on_first, &s);
	world_start_with(w, exchange_watches_later, &s);
	world_run(w);
	assert_int_equal(s.woken[0], 1);
	for (int i = 0; i < 2; i++) {
		sys_close(p, s.s[i]);
		sys_close(p, s.ep[i]);
	}
}

static void time_out(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[0];
	int ep = sys_epoll_create1(p, 0);
	uint64_t began = w->crew.now;
	struct sys_epoll_event ev;

	assert_int_equal(sys_epoll_wait(p, ep, &ev, 1, 25), 0);
	assert_true(w->crew.now - began >= 25 * MS);
	sys_close(p, ep);
}

static void a_wait_ends_with_its_time(void **state)
{
	world_do(*state, time_out);
}

/* ---- many, by seed ---- */

enum { PAIRS = 24 };

/* Random writes and reads; an edge-triggered epoll tells exactly what became readable since. */
static void write_and_look(void *arg)
{
	struct process *p = &((struct world *)arg)->p[0];
	uint64_t seed = expect_seed(1);
	int s[PAIRS][2], pending[PAIRS] = { 0 };
	int ep = sys_epoll_create1(p, 0);
	struct sys_epoll_event ev[PAIRS];
	char buf[16];

	for (int i = 0; i < PAIRS; i++) {
		struct sys_epoll_event e = { IN | ET, (uint64_t)i };

		pair(p, s[i]);
		assert_int_equal(sys_epoll_ctl(p, ep, SYS_EPOLL_CTL_ADD, s[i][0], &e), 0);
	}
	for (int round = 0; round < 3000; round++) {
		int i = (int)expect_random_below(&seed, PAIRS), told = 0, expected = 0;

		if (expect_random_below(&seed, 3) > 0) {
			assert_int_equal(sys_write(p, s[i][1], "x", 1), 1);
			pending[i] = 1;
		} else if (sys_recv(p, s[i][0], buf, sizeof(buf), HOLM_MSG_DONTWAIT) > 0) {
			pending[i] = 0; /* nothing is left that could be reported */
		}
		if (expect_random_below(&seed, 4) > 0)
			continue;
		for (int j = 0; j < PAIRS; j++)
			expected += pending[j];
		told = sys_epoll_wait(p, ep, ev, PAIRS, 0);
		assert_int_equal(told, expected);
		for (int j = 0; j < told; j++) {
			assert_int_equal(pending[ev[j].data], 1);
			pending[ev[j].data] = 0;
		}
	}
	for (int i = 0; i < PAIRS; i++) {
		sys_close(p, s[i][0]);
		sys_close(p, s[i][1]);
	}
	sys_close(p, ep);
}

static void no_edge_is_lost_and_none_invented(void **state)
{
	world_do(*state, write_and_look);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_level_is_reported_as_long_as_it_holds),
		TEST(an_edge_is_reported_once),
		TEST(a_one_shot_watch_waits_to_be_armed_again),
		TEST(misuse_is_refused_as_on_linux),
		TEST(a_file_that_goes_leaves_the_set),
		TEST(a_file_is_watched_by_each_descriptor_and_in_each_set),
		TEST(epolls_watch_epolls_up_to_a_depth_and_never_in_a_ring),
		TEST(a_change_wakes_every_epoll_but_of_exclusive_ones_one),
		TEST(a_watch_that_goes_while_it_is_waited_for_is_not_reported),
		TEST(a_wait_ends_with_its_time),
		TEST(no_edge_is_lost_and_none_invented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
