/* The image's process; see process.h. What kernel/sys knows of the machine, it knows from here. */
#include "kernel/process.h"

#include "kernel/net.h"

#include "kernel/clock.h"
#include "kernel/console.h"
#include "kernel/idle.h"
#include "kernel/initrd.h"
#include "kernel/panic.h"
#include "kernel/sys/process.h"
#include "kernel/thread.h"
#include "lib/assert.h"

static struct process process;

static uint64_t now(void *ctx)
{
	(void)ctx;
	return clock_now();
}

static void *self(void *ctx)
{
	struct thread *t = thread_self();

	(void)ctx;
	/* Pollers and the boot context cannot wait. */
	ASSERT(t);
	return t;
}

static int sleep(void *ctx, uint64_t deadline_ns)
{
	(void)ctx;
	return thread_park(deadline_ns);
}

static void wake(void *ctx, void *thread)
{
	(void)ctx;
	thread_unpark(thread);
}

static void yield(void *ctx)
{
	(void)ctx;
	thread_yield();
}

static void enter(void *ctx)
{
	(void)ctx;
	idle_poll_if_due();
}

static const struct wait_ops thread_ops = {
	.now = now,
	.self = self,
	.sleep = sleep,
	.wake = wake,
	.yield = yield,
	.enter = enter,
};

void process_start(struct holm_net *net)
{
	const struct sys_env env = {
		.wait = { &thread_ops, NULL },
		.memory = holm_net_memory(net),
		.net = net,
		.tree = initrd_root(),
		.console = console_write,
		.wall = clock_wall,
		.set_wall = clock_set_wall,
		.events = net_hear,
		.cred = { .pid = 1 },
		.hostname = net_hostname(),
		.name_server = net_dns,
	};

	if (process_init(&process, &env) != 0)
		panic("not enough memory for the first descriptors");
}

struct process *process_current(void)
{
	return &process;
}
