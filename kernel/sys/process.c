/* A process: see process.h. */
#include "kernel/sys/process.h"

#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "lib/compiler.h"
#include "lib/mem.h"

enum { CONSOLE_FDS = 3 };

static bool permits(void *ctx, enum holm_capability cap)
{
	return process_may(ctx, (enum sys_capability)cap);
}

static void hear_nothing(struct holm_net *net)
{
	(void)net;
}

static void enter_with_timers(void *ctx)
{
	struct process *p = ctx;

	if (p->env.wait.ops->enter)
		p->env.wait.ops->enter(p->env.wait.ctx);
	process_timers_run(p);
}

/* What every call would ask otherwise: whether anything is to be done first, now that timers came or went. */
static void choose_entry(struct process *p)
{
	bool timers = p->timers.count > 0;

	p->enter = timers ? enter_with_timers : p->env.wait.ops->enter;
	p->enter_ctx = timers ? p : p->env.wait.ctx;
}

int process_init(struct process *p, const struct sys_env *env)
{
	struct file *f;
	int err = 0;

	memset(p, 0, sizeof(*p));
	p->env = *env;
	if (!env->net)
		p->env.events = hear_nothing;
	else if (!env->events)
		p->env.events = sys_dispatch_events;
	choose_entry(p);
	list_init(&p->sleepers);
	process_names_init(p);
	if (env->net && env->permits)
		holm_sockets_set_policy(env->net, permits, p);
	p->fds.max = env->fds_max != 0 && env->fds_max < FDS_MAX ? env->fds_max : FDS_MAX;
	f = console_file(p, SYS_O_RDWR);
	if (!f)
		return -HOLM_ENOMEM;
	for (uint32_t i = 0; i < CONSOLE_FDS && err >= 0; i++) {
		err = fds_add(p, file_get(f), false, 0);
		if (err < 0)
			file_put(f);
	}
	file_put(f);
	p->fds.first = env->fds_first;
	if (err < 0)
		process_fini(p);
	return err < 0 ? err : 0;
}

void process_fini(struct process *p)
{
	p->exiting = true;
	resolver_fini(p);
	fds_fini(p);
}

/* ---- timers ---- */

/* The first heap's entries. */
#define TIMERS_FIRST 8u

static void set_heap(struct process *p, struct deadline **heap, uint32_t max)
{
	const struct holm_memory *m = p->env.memory;
	struct deadlines *d = &p->timers;

	if (heap && d->count > 0)
		memcpy(heap, d->heap, d->count * sizeof(struct deadline *));
	if (d->heap)
		m->free(m->ctx, d->heap, d->max * sizeof(struct deadline *));
	d->heap = heap;
	d->max = max;
}

int process_timer_add(struct process *p)
{
	const struct holm_memory *m = p->env.memory;
	uint32_t max = max_u32(p->timers.max * 2, TIMERS_FIRST);

	if (p->ntimers == p->timers.max) {
		struct deadline **heap = m->alloc(m->ctx, max * sizeof(struct deadline *));

		if (!heap)
			return -HOLM_ENOMEM;
		set_heap(p, heap, max);
	}
	p->ntimers++;
	return 0;
}

void process_timer_drop(struct process *p)
{
	if (--p->ntimers == 0)
		set_heap(p, NULL, 0);
}

static struct process_timer *earliest(const struct process *p)
{
	struct deadline *d = deadlines_first(&p->timers);

	return d ? container_of(d, struct process_timer, deadline) : NULL;
}

void process_timer_cancel(struct process *p, struct process_timer *t)
{
	deadlines_remove(&p->timers, &t->deadline);
	choose_entry(p);
}

void process_timer_arm(struct process *p, struct process_timer *t, uint64_t deadline_ns)
{
	struct list_node *n = list_first(&p->sleepers);

	process_timer_cancel(p, t);
	deadlines_add(&p->timers, &t->deadline, deadline_ns);
	choose_entry(p);
	/* Somebody who sleeps too long now looks again. */
	if (n && earliest(p) == t)
		p->env.wait.ops->wake(p->env.wait.ctx,
				      container_of(n, struct waiter, node)->thread);
}

void process_timers_run(struct process *p)
{
	struct process_timer *t = earliest(p);
	uint64_t now;

	if (!t)
		return;
	now = wait_now(&p->env.wait);
	for (; t && t->deadline.at_ns <= now; t = earliest(p)) {
		process_timer_cancel(p, t);
		t->fire(t);
	}
}

int process_sleep(struct process *p, uint64_t deadline_ns)
{
	struct process_timer *t = earliest(p);
	uint64_t until_ns = t && t->deadline.at_ns < deadline_ns ? t->deadline.at_ns : deadline_ns;
	struct waiter w = { .thread = p->env.wait.ops->self(p->env.wait.ctx) };
	int err;

	list_push_back(&p->sleepers, &w.node);
	err = wait_sleep(&p->env.wait, until_ns);
	list_remove(&w.node);
	process_timers_run(p);
	return until_ns < deadline_ns ? 0 : err;
}
