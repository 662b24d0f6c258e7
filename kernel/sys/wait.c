/* Wait queues; see wait.h. */
#include "kernel/sys/wait.h"

void wait_enter(const struct wait_with *with, struct wait_queue *q, struct waiter *w)
{
	w->thread = with->ops->self(with->ctx);
	list_node_init(&w->node);
	list_push_back(&q->waiters, &w->node);
}

void wait_leave(struct waiter *w)
{
	list_remove(&w->node);
}

void wait_wake(const struct wait_with *with, struct wait_queue *q)
{
	struct list_node *n;

	/* wake() only makes runnable, so the queue does not change meanwhile. */
	for (n = list_first(&q->waiters); n; n = list_next(&q->waiters, n))
		with->ops->wake(with->ctx, container_of(n, struct waiter, node)->thread);
}

uint64_t wait_deadline(const struct wait_with *with, uint64_t ns)
{
	uint64_t now = wait_now(with);

	return ns > WAIT_FOREVER - now ? WAIT_FOREVER : now + ns;
}
