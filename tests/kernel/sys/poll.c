/* poll(): levels, time-outs, many descriptors, wakes from everywhere; and that no wake is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/expect.h"
#include "tests/support/world.h"

#define IN HOLM_POLLIN
#define OUT HOLM_POLLOUT

/* ---- levels ---- */

static void look_at_everything(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[0];
	int l = world_listen(w, 0, 9), c = world_connect(w, 0, 0, 9);
	struct sys_pollfd fds[6] = { { l, IN, 0 },   { c, IN | OUT, 0 }, { 1, OUT, 0 },
				     { -1, IN, 99 }, { 77, IN, 0 },	 { c, 0, 0 } };

	assert_int_equal(sys_poll(p, fds, 6, -1), 4);
	assert_int_equal(fds[0].revents, IN);
	assert_int_equal(fds[1].revents, OUT);
	assert_int_equal(fds[2].revents, OUT);
	assert_int_equal(fds[3].revents, 0);
	assert_int_equal(fds[4].revents, HOLM_POLLNVAL);
	assert_int_equal(fds[5].revents, 0);
	sys_close(p, c);
	sys_close(p, l);
}

static void what_is_there_is_told_at_once(void **state)
{
	world_do(*state, look_at_everything);
}

static void time_out(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[0];
	int l = world_listen(w, 0, 9);
	struct sys_pollfd fd = { l, IN, 0 };
	struct sys_timespec ts = { 0, 1 };
	uint64_t before = w->crew.now;

	assert_int_equal(sys_poll(p, &fd, 1, 0), 0);
	assert_int_equal(w->crew.now, before);
	assert_int_equal(sys_poll(p, &fd, 1, 1500), 0);
	assert_int_equal(w->crew.now - before, 1500 * MS);
	assert_int_equal(sys_poll(p, NULL, 0, 10), 0); /* a way of sleeping */
	assert_int_equal(w->crew.now - before, 1510 * MS);
	assert_int_equal(sys_ppoll(p, &fd, 1, &ts), 0);
	assert_int_equal(w->crew.now - before, 1510 * MS + 1);
	ts.nsec = 1000000000;
	assert_int_equal(sys_ppoll(p, &fd, 1, &ts), -HOLM_EINVAL);
	assert_int_equal(sys_poll(p, NULL, 1, 0), -HOLM_EFAULT);
	assert_int_equal(sys_poll(p, &fd, FDS_MAX + 1, 0), -HOLM_EINVAL);
	sys_close(p, l);
}

static void a_time_out_is_exact_and_never_early(void **state)
{
	world_do(*state, time_out);
}

/* ---- wakes ---- */

static void connect_later(void *arg)
{
	struct world *w = arg;
	int fd;

	world_sleep(w, 100 * MS);
	fd = world_connect(w, 0, 1, 9);
	world_sleep(w, 100 * MS);
	assert_int_equal(sys_write(&w->p[0], fd, "x", 1), 1);
	world_sleep(w, 100 * MS);
	sys_close(&w->p[0], fd);
}

static void serve_with_poll(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[1];
	/* More than poll() keeps on the stack; most are the same idle listener. */
	struct sys_pollfd fds[40];
	int l = world_listen(w, 1, 9), idle = world_listen(w, 1, 10), c;
	char buf[4];

	for (int i = 0; i < 40; i++)
		fds[i] = (struct sys_pollfd){ idle, IN, 0 };
	fds[39].fd = l;
	assert_int_equal(sys_poll(p, fds, 40, -1), 1);
	assert_int_equal(fds[39].revents, IN);
	assert_in_range(w->crew.now, 100 * MS, 110 * MS);
	c = sys_accept(p, l, NULL, NULL);
	fds[39].fd = c;
	assert_int_equal(sys_poll(p, fds, 40, -1), 1);
	assert_in_range(w->crew.now, 200 * MS, 210 * MS);
	assert_int_equal(sys_read(p, c, buf, 4), 1);
	fds[39].events = IN | HOLM_POLLRDHUP;
	assert_int_equal(sys_poll(p, fds, 40, -1), 1);
	assert_int_equal(fds[39].revents, IN | HOLM_POLLRDHUP);
	assert_in_range(w->crew.now, 300 * MS, 310 * MS);
	sys_close(p, c);
	sys_close(p, l);
	sys_close(p, idle);
}

static void poll_wakes_for_a_connection_for_bytes_and_for_the_end(void **state)
{
	struct world *w = *state;

	world_start(w, connect_later);
	world_start(w, serve_with_poll);
	world_run(w);
}

struct shared {
	struct world *w;
	int fd;
};

static void poll_for_hup(void *arg)
{
	struct shared *s = arg;
	struct sys_pollfd fd = { s->fd, IN, 0 };

	assert_int_equal(sys_poll(&s->w->p[0], &fd, 1, -1), 1);
	assert_int_equal(fd.revents, IN);
	assert_in_range(s->w->crew.now, 5 * MS, 6 * MS);
}

static void shut_down_later(void *arg)
{
	struct shared *s = arg;

	world_sleep(s->w, 5 * MS);
	assert_int_equal(sys_shutdown(&s->w->p[0], s->fd, HOLM_SHUT_RD), 0);
}

static void make_pair_and_poll(void *arg)
{
	struct shared *s = arg;
	struct process *p = &s->w->p[0];
	int l = world_listen(s->w, 0, 9), other;

	s->fd = world_connect(s->w, 0, 0, 9);
	other = sys_accept(p, l, NULL, NULL);
	world_start_with(s->w, poll_for_hup, s);
	world_start_with(s->w, shut_down_later, s);
	world_sleep(s->w, 10 * MS);
	sys_close(p, s->fd);
	sys_close(p, other);
	sys_close(p, l);
}

static void another_threads_shutdown_wakes_poll(void **state)
{
	struct shared s = { .w = *state };

	world_start_with(s.w, make_pair_and_poll, &s);
	world_run(s.w);
}

static void poll_connect(void *arg)
{
	struct world *w = arg;
	struct process *p = &w->p[0];
	int fd = sys_socket(p, HOLM_AF_INET, HOLM_SOCK_STREAM | SYS_O_NONBLOCK, 0);
	struct sys_pollfd pfd = { fd, OUT, 0 };
	int err = 0;
	uint32_t len = sizeof(err);

	assert_int_equal(world_addr_connect(w, 0, fd, sockets_addr(&w->duo, 1, 9)),
			 -HOLM_EINPROGRESS);
	assert_int_equal(sys_poll(p, &pfd, 1, -1), 1);
	assert_int_equal(pfd.revents, OUT | HOLM_POLLERR | HOLM_POLLHUP);
	assert_int_equal(sys_getsockopt(p, fd, 1, HOLM_SO_ERROR, &err, &len), 0);
	assert_int_equal(err, HOLM_ECONNREFUSED);
	sys_close(p, fd);
}

static void poll_tells_how_a_connect_ended(void **state)
{
	world_do(*state, poll_connect);
}

static void poll_short_of_memory(void *arg)
{
	struct world *w = arg;
	struct sys_pollfd fds[20];

	for (int i = 0; i < 20; i++)
		fds[i] = (struct sys_pollfd){ 1, OUT, 0 };
	w->fail_at = w->allocs + 1;
	assert_int_equal(sys_poll(&w->p[0], fds, 20, 0), -HOLM_ENOMEM);
	assert_int_equal(sys_poll(&w->p[0], fds, 16, 0), 16); /* needs none */
}

static void without_memory_for_many_poll_says_so(void **state)
{
	world_do(*state, poll_short_of_memory);
}

/* ---- no wake is lost ----
 * Servers wait in every way there is, clients send requests at random moments, over a bad network, with
 * threads in random order and devices polled at random. A lost wake leaves a thread waiting for ever,
 * which the crew notices: nothing will happen any more.
 */

#define CLIENTS 3
#define REQUESTS 8

struct storm {
	struct world *w;
	uint64_t seed;
	int done;
};

/* Wait for events in one of the ways there are. */
static void wait_for(struct storm *s, int host, int fd, int events)
{
	struct sys_pollfd fds[2] = { { fd, (int16_t)events, 0 }, { fd, 0, 0 } };
	struct process *p = &s->w->p[host];

	switch (expect_random_below(&s->seed, 3)) {
	case 0:
		assert_true(sys_poll(p, fds, 2, -1) >= 1);
		break;
	case 1: /* in short turns */
		while (sys_poll(p, fds, 1, 1 + (int)expect_random_below(&s->seed, 300)) == 0)
			continue;
		break;
	default:
		break; /* the call itself will wait */
	}
}

static void read_exactly(struct storm *s, int host, int fd, uint8_t *to, size_t n)
{
	for (size_t got = 0; got < n;) {
		int64_t k;

		wait_for(s, host, fd, IN);
		k = sys_read(&s->w->p[host], fd, to + got, n - got);
		assert_true(k > 0);
		got += (size_t)k;
	}
}

static void storm_server(void *arg)
{
	struct storm *s = arg;
	struct process *p = &s->w->p[1];
	int l = world_listen(s->w, 1, 9), fd;
	uint8_t byte;

	for (int i = 0; i < CLIENTS; i++) {
		wait_for(s, 1, l, IN);
		fd = sys_accept(p, l, NULL, NULL);
		assert_true(fd >= 0);
		for (int r = 0; r < REQUESTS; r++) {
			uint8_t answer[4000];

			read_exactly(s, 1, fd, &byte, 1);
			memset(answer, byte, sizeof(answer));
			wait_for(s, 1, fd, OUT);
			assert_int_equal(sys_write(p, fd, answer, sizeof(answer)), sizeof(answer));
		}
		assert_int_equal(sys_read(p, fd, &byte, 1), 0);
		sys_close(p, fd);
	}
	sys_close(p, l);
	s->done++;
}

static void storm_client(void *arg)
{
	struct storm *s = arg;
	struct process *p = &s->w->p[0];
	int fd;

	world_sleep(s->w, (1 + expect_random_below(&s->seed, 100)) * MS);
	fd = world_connect(s->w, 0, 1, 9);
	for (int r = 0; r < REQUESTS; r++) {
		uint8_t byte = (uint8_t)expect_random(&s->seed), answer[4000];

		assert_int_equal(sys_write(p, fd, &byte, 1), 1);
		if (expect_random_below(&s->seed, 2))
			world_sleep(s->w, expect_random_below(&s->seed, 100) * MS);
		read_exactly(s, 0, fd, answer, sizeof(answer));
		assert_int_equal(answer[0], byte);
		assert_int_equal(answer[3999], byte);
	}
	sys_close(p, fd);
	s->done++;
}

static void no_wake_is_lost_whatever_the_order(void **state)
{
	uint64_t first = expect_seed(1);
	const struct holm_impair_config bad = {
		.seed = first,
		.drop_ppm = 20000,
		.reorder_ppm = 20000,
		.duplicate_ppm = 10000,
		.delay_ns = 1 * MS,
		.jitter_ns = 2 * MS,
		.queue_frames = 256,
	};

	(void)state;
	for (uint64_t seed = first; seed < first + 60; seed++) {
		struct world *w = calloc(1, sizeof(*w));
		struct holm_impair_config impair = bad;
		struct storm s = { .w = w, .seed = seed };

		impair.seed = seed;
		world_init(w, &(struct world_options){ .seed = seed, .impair = &impair });
		world_start_with(w, storm_server, &s);
		for (int i = 0; i < CLIENTS; i++)
			world_start_with(w, storm_client, &s);
		world_run(w);
		assert_int_equal(s.done, CLIENTS + 1);
		world_fini(w);
		free(w);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_there_is_told_at_once),
		TEST(a_time_out_is_exact_and_never_early),
		TEST(poll_wakes_for_a_connection_for_bytes_and_for_the_end),
		TEST(another_threads_shutdown_wakes_poll),
		TEST(poll_tells_how_a_connect_ended),
		TEST(without_memory_for_many_poll_says_so),
		cmocka_unit_test(no_wake_is_lost_whatever_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
