/* See world.h. */
#include "tests/support/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/expect.h"

/* Longer than anything that lingers: TIME-WAIT, orphans without a peer. */
#define AFTERLIFE (1000 * SECOND)
/* No test of ours takes an hour. */
#define TOO_LONG (3600 * SECOND)

/* The console and the wall clock have no context; there is one world at a time. */
static struct world *the_world;

/* ---- waiting ---- */

static uint64_t ops_now(void *ctx)
{
	const struct world *w = ctx;

	return w->crew.now;
}

static void *ops_self(void *ctx)
{
	struct world *w = ctx;

	return crew_self(&w->crew);
}

static int ops_sleep(void *ctx, uint64_t deadline_ns)
{
	struct world *w = ctx;

	return crew_park(&w->crew, deadline_ns) ? 0 : -HOLM_ETIMEDOUT;
}

static void ops_wake(void *ctx, void *thread)
{
	(void)ctx;
	crew_unpark(thread);
}

static void ops_yield(void *ctx)
{
	struct world *w = ctx;

	crew_yield(&w->crew);
}

static bool step(struct world *w)
{
	bool more = duo_step(&w->duo);

	for (int i = 0; i < 2; i++)
		sys_dispatch_events(w->duo.net[i]);
	return more;
}

static void ops_enter(void *ctx)
{
	struct world *w = ctx;

	if (w->poll_seed && expect_random_below(&w->poll_seed, 4) == 0)
		(void)step(w);
}

static const struct wait_ops ops = {
	.now = ops_now,
	.self = ops_self,
	.sleep = ops_sleep,
	.wake = ops_wake,
	.yield = ops_yield,
	.enter = ops_enter,
};

/* One round, or if nothing happens now and nobody was woken, on to when something will. */
static bool idle(void *ctx, uint64_t deadline)
{
	struct world *w = ctx;
	uint64_t next = deadline;

	if (step(w) || crew_is_any_runnable(&w->crew))
		return true;
	for (int i = 0; i < 2; i++) {
		uint64_t d = holm_net_next_deadline(w->duo.net[i]);

		next = d < next ? d : next;
	}
	if (next == UINT64_MAX || next > TOO_LONG)
		return false;
	if (next > w->duo.now)
		w->duo.now = next;
	w->crew.now = w->duo.now;
	return true;
}

/* ---- the rest of the environment ---- */

static void *memory_alloc(void *ctx, size_t size)
{
	struct world *w = ctx;

	if (++w->allocs == w->fail_at)
		return NULL;
	w->files_in_use += size;
	return malloc(size);
}

static void memory_free(void *ctx, void *p, size_t size)
{
	struct world *w = ctx;

	assert_true(w->files_in_use >= size);
	w->files_in_use -= size;
	free(p);
}

static void console(const void *p, size_t n)
{
	struct world *w = the_world;
	size_t room = sizeof(w->console) - w->console_len;

	n = n < room ? n : room;
	memcpy(w->console + w->console_len, p, n);
	w->console_len += n;
}

static uint64_t wall(void)
{
	return the_world->crew.now + the_world->wall_offset;
}

static void set_wall(uint64_t wall_ns)
{
	the_world->wall_offset = wall_ns - the_world->crew.now;
}

void world_init(struct world *w, const struct world_options *o)
{
	struct sys_env env = {
		.wait = { &ops, w },
		.tree = o->tree,
		.console = console,
		.wall = wall,
		.set_wall = set_wall,
		.fds_max = o->fds_max,
	};

	struct holm_config config;

	memset(w, 0, sizeof(*w));
	the_world = w;
	/* Buffers that do not grow: tests foretell what fits. */
	holm_config_default(&config);
	config.tcp_sndbuf_max_bytes = config.tcp_sndbuf_bytes;
	config.tcp_rcvbuf_max_bytes = config.tcp_rcvbuf_bytes;
	duo_init(&w->duo, &(struct duo_options){ .protos = sockets_protos,
						 .impair = o->impair,
						 .seed = o->seed,
						 .config = &config });
	crew_init(&w->crew, o->seed);
	w->poll_seed = o->seed;
	w->memory = (struct holm_memory){ .ctx = w, .alloc = memory_alloc, .free = memory_free };
	env.memory = &w->memory;
	for (int i = 0; i < 2; i++) {
		env.net = w->duo.net[i];
		assert_int_equal(process_init(&w->p[i], &env), 0);
	}
}

void world_fini(struct world *w)
{
	for (int i = 0; i < 2; i++)
		process_fini(&w->p[i]);
	duo_run(&w->duo, AFTERLIFE);
	assert_int_equal(w->files_in_use, 0);
	duo_fini(&w->duo);
}

int world_setup_with(void **state, const struct world_options *o)
{
	struct world *w = calloc(1, sizeof(*w));

	world_init(w, o);
	*state = w;
	return 0;
}

int world_setup(void **state)
{
	return world_setup_with(state, &(struct world_options){ .seed = 7 });
}

int world_teardown(void **state)
{
	world_fini(*state);
	free(*state);
	return 0;
}

/* ---- threads ---- */

void world_start_with(struct world *w, void (*fn)(void *arg), void *arg)
{
	crew_start(&w->crew, fn, arg);
}

void world_start(struct world *w, void (*fn)(void *w))
{
	world_start_with(w, fn, w);
}

void world_run(struct world *w)
{
	crew_run(&w->crew, idle, w);
}

void world_do(struct world *w, void (*fn)(void *w))
{
	world_start(w, fn);
	world_run(w);
}

int world_listen(struct world *w, int i, uint16_t port)
{
	struct holm_sockaddr_in sa = sockets_addr4(0, 0, 0, 0, port);
	int fd = sys_socket(&w->p[i], HOLM_AF_INET, HOLM_SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(sys_bind(&w->p[i], fd, &sa, sizeof(sa)), 0);
	assert_int_equal(sys_listen(&w->p[i], fd, 16), 0);
	return fd;
}

int world_addr_connect(struct world *w, int i, int fd, struct holm_sockaddr_in sa)
{
	return sys_connect(&w->p[i], fd, &sa, sizeof(sa));
}

int world_connect(struct world *w, int i, int j, uint16_t port)
{
	int fd = sys_socket(&w->p[i], HOLM_AF_INET, HOLM_SOCK_STREAM, 0);
	struct holm_sockaddr_in sa = sockets_addr(&w->duo, j, port);

	assert_true(fd >= 0);
	assert_int_equal(world_addr_connect(w, i, fd, sa), 0);
	return fd;
}

void world_sleep(struct world *w, uint64_t ns)
{
	struct sys_timespec ts = { (int64_t)(ns / SECOND), (int64_t)(ns % SECOND) };

	assert_int_equal(sys_nanosleep(&w->p[0], &ts, NULL), 0);
}

size_t world_count_fds(struct world *w, int i)
{
	size_t n = 0;

	for (int fd = 0; fd < (int)w->p[i].fds.cap; fd++)
		n += fds_slot(&w->p[i], fd) != NULL;
	return n;
}
