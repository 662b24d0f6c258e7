/* A process: see process.h. */
#include "kernel/sys/process.h"

#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "lib/mem.h"

enum { CONSOLE_FDS = 3 };

int process_init(struct process *p, const struct sys_env *env)
{
	struct file *f;
	int err = 0;

	memset(p, 0, sizeof(*p));
	p->env = *env;
	list_init(&p->timers);
	list_init(&p->sleepers);
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
	if (err < 0)
		process_fini(p);
	return err < 0 ? err : 0;
}

void process_fini(struct process *p)
{
	p->exiting = true;
	fds_fini(p);
}

/* ---- timers ---- */

static struct process_timer *earliest(const struct process *p)
{
	struct list_node *n = list_first(&p->timers);

	return n ? container_of(n, struct process_timer, node) : NULL;
}

void process_timer_cancel(struct process_timer *t)
{
	if (list_is_linked(&t->node))
		list_remove(&t->node);
}

void process_timer_arm(struct process *p, struct process_timer *t, uint64_t deadline_ns)
{
	struct list_node *n;

	process_timer_cancel(t);
	t->deadline_ns = deadline_ns;
	n = list_last(&p->timers);
	while (n && container_of(n, struct process_timer, node)->deadline_ns > deadline_ns)
		n = list_prev(&p->timers, n);
	list_insert_after(n ? n : &p->timers.head, &t->node);
	/* Somebody who sleeps too long now looks again. */
	n = list_first(&p->sleepers);
	if (n && earliest(p) == t)
		p->env.wait.ops->wake(p->env.wait.ctx,
				      container_of(n, struct waiter, node)->thread);
}

void process_timers_run(struct process *p)
{
	struct process_timer *t;

	if (list_is_empty(&p->timers))
		return;
	while ((t = earliest(p)) != NULL && t->deadline_ns <= wait_now(&p->env.wait)) {
		list_remove(&t->node);
		t->fire(t);
	}
}

int process_sleep(struct process *p, uint64_t deadline_ns)
{
	struct process_timer *t = earliest(p);
	uint64_t until_ns = t && t->deadline_ns < deadline_ns ? t->deadline_ns : deadline_ns;
	struct waiter w = { .thread = p->env.wait.ops->self(p->env.wait.ctx) };
	int err;

	list_push_back(&p->sleepers, &w.node);
	err = wait_sleep(&p->env.wait, until_ns);
	list_remove(&w.node);
	process_timers_run(p);
	return until_ns < deadline_ns ? 0 : err;
}
