/*
 * poll(): look at every file; if nothing is there, wait in the queues of all of them at once. A wake
 * between the look and the sleep is a permit (wait.h), so none is lost.
 */
#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "kernel/sys/timespec.h"

/* Descriptors that need no memory of their own. */
#define FEW 16u

/* One descriptor of the call. */
struct watch {
	struct file *file; /* with a reference; NULL: negative or not open */
	struct waiter waiter;
};

struct poll_call {
	struct process *p;
	struct sys_pollfd *fds;
	struct watch *watches;
	size_t n;
};

/* What is there now; returns how many descriptors have something. */
static int look(const struct poll_call *c)
{
	int count = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct sys_pollfd *e = &c->fds[i];
		struct file *f = c->watches[i].file;
		unsigned wanted = (uint16_t)e->events | HOLM_POLLERR | HOLM_POLLHUP;

		if (f)
			e->revents = (int16_t)(file_poll(f) & wanted);
		else
			e->revents = e->fd < 0 ? 0 : HOLM_POLLNVAL;
		count += e->revents != 0;
	}
	return count;
}

static int wait_for_any(const struct poll_call *c, uint64_t deadline_ns)
{
	const struct wait_with *with = &c->p->env.wait;
	int count;

	for (size_t i = 0; i < c->n; i++)
		if (c->watches[i].file)
			wait_enter(with, &c->watches[i].file->waiters, &c->watches[i].waiter);
	while ((count = look(c)) == 0)
		if (process_sleep(c->p, deadline_ns) != 0) {
			count = look(c);
			break;
		}
	for (size_t i = 0; i < c->n; i++)
		if (c->watches[i].file)
			wait_leave(&c->watches[i].waiter);
	return count;
}

static int run(const struct poll_call *c, bool waits, uint64_t deadline_ns)
{
	int count;

	for (size_t i = 0; i < c->n; i++)
		c->watches[i].file = file_of(c->p, c->fds[i].fd);
	count = look(c);
	if (count == 0 && waits)
		count = wait_for_any(c, deadline_ns);
	for (size_t i = 0; i < c->n; i++)
		if (c->watches[i].file)
			file_put(c->watches[i].file);
	return count;
}

static int poll_until(struct process *p, struct sys_pollfd *fds, size_t n, bool waits,
		      uint64_t deadline_ns)
{
	const struct holm_memory *m = p->env.memory;
	struct poll_call c = { p, fds, NULL, n };
	struct watch few[FEW];
	int count;

	if (n > FDS_MAX)
		return -HOLM_EINVAL;
	if (n > 0 && !fds)
		return -HOLM_EFAULT;
	c.watches = n <= FEW ? few : m->alloc(m->ctx, n * sizeof(*c.watches));
	if (!c.watches)
		return -HOLM_ENOMEM;
	count = run(&c, waits, deadline_ns);
	if (n > FEW)
		m->free(m->ctx, c.watches, n * sizeof(*c.watches));
	return count;
}

int sys_poll(struct process *p, struct sys_pollfd *fds, size_t n, int timeout_ms)
{
	uint64_t deadline_ns = WAIT_FOREVER;

	sys_enter(p);
	if (timeout_ms > 0)
		deadline_ns = wait_deadline(&p->env.wait, (unsigned)timeout_ms * NS_PER_MS);
	return poll_until(p, fds, n, timeout_ms != 0, deadline_ns);
}

int sys_ppoll(struct process *p, struct sys_pollfd *fds, size_t n,
	      const struct sys_timespec *timeout)
{
	uint64_t ns;

	sys_enter(p);
	if (!timeout)
		return poll_until(p, fds, n, true, WAIT_FOREVER);
	if (!timespec_to_ns(timeout, &ns))
		return -HOLM_EINVAL;
	return poll_until(p, fds, n, ns != 0, wait_deadline(&p->env.wait, ns));
}
