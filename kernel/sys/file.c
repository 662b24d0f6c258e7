/* Open files: counting, waking, and the loop in which every blocking call waits. */
#include "kernel/sys/file.h"

#include "lib/mem.h"

struct file *file_of_object(struct holm_object *o)
{
	return container_of(o, struct file, object);
}

static void object_get(struct holm_object *o)
{
	file_get(file_of_object(o));
}

static void object_put(struct holm_object *o)
{
	file_put(file_of_object(o));
}

static uint32_t object_refs(const struct holm_object *o)
{
	return container_of_const(o, struct file, object)->refs;
}

static const struct holm_object_ops object_ops = { object_get, object_put, object_refs };

struct file *file_new(struct process *p, const struct file_ops *ops, size_t bytes, int flags)
{
	const struct holm_memory *m = p->env.memory;
	struct file *f = m->alloc(m->ctx, bytes);

	if (!f)
		return NULL;
	memset(f, 0, bytes);
	f->ops = ops;
	f->process = p;
	f->refs = 1;
	f->bytes = (uint32_t)bytes;
	f->flags = flags;
	wait_queue_init(&f->waiters);
	f->object.ops = &object_ops;
	return f;
}

void file_put_last(struct file *f)
{
	const struct holm_memory *m = f->process->env.memory;

	if (f->refs > 1) {
		f->refs--;
		/* Only messages hold it now: perhaps nobody can ever receive them. */
		if (f->refs == f->object.in_flight && f->socket)
			holm_socket_forgotten(f->socket);
		return;
	}
	wait_queue_fini(&f->waiters);
	/* The last reference is kept meanwhile: a close that waits is a call like others. */
	if (f->ops->close)
		f->ops->close(f);
	ASSERT(f->refs == 1 && list_is_empty(&f->waiters.waiters));
	m->free(m->ctx, f, f->bytes);
}

int64_t file_attempt_until(struct file *f, bool block, uint64_t timeout_ns, file_attempt *attempt,
			   void *arg)
{
	const struct wait_with *with = &f->process->env.wait;
	int64_t result = attempt(f, arg);
	struct waiter w;
	uint64_t deadline_ns;

	if (result != -HOLM_EAGAIN || !block)
		return result;
	deadline_ns = timeout_ns ? wait_deadline(with, timeout_ns) : WAIT_FOREVER;
	wait_enter(with, &f->waiters, &w);
	while ((result = attempt(f, arg)) == -HOLM_EAGAIN)
		if (process_sleep(f->process, deadline_ns) != 0) {
			result = attempt(f, arg); /* an event may have come with the deadline */
			break;
		}
	wait_leave(&w);
	return result;
}
