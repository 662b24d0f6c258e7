/* Wait queues; see wait.h. */
#include "kernel/sys/wait.h"

void wait_enter(const struct wait_with *with, struct wait_queue *q, struct waiter *w)
{
	*w = (struct waiter){ .thread = with->ops->self(with->ctx) };
	list_push_back(&q->waiters, &w->node);
}

void wait_enter_ops(struct wait_queue *q, struct waiter *w, const struct waiter_ops *ops,
		    bool exclusive)
{
	*w = (struct waiter){ .ops = ops, .exclusive = exclusive };
	list_push_back(&q->waiters, &w->node);
}

void wait_leave(struct waiter *w)
{
	list_remove(&w->node);
}

void wait_queue_fini(struct wait_queue *q)
{
	struct list_node *n;

	while ((n = list_first(&q->waiters)) != NULL) {
		struct waiter *w = container_of(n, struct waiter, node);

		ASSERT(!w->thread);
		w->ops->gone(w);
	}
}

/* Nothing that is called here changes the queue. */
static void wake_queue(const struct wait_with *with, struct wait_queue *q, struct list *work)
{
	struct waiter *heard = NULL;
	struct list_node *n;

	for (n = list_first(&q->waiters); n; n = list_next(&q->waiters, n)) {
		struct waiter *w = container_of(n, struct waiter, node);

		if (w->thread)
			with->ops->wake(with->ctx, w->thread);
		else if (!w->exclusive)
			(void)w->ops->wake(w, work);
		else if (!heard && w->ops->wake(w, work))
			heard = w;
	}
	/* The next time another one is the first. */
	if (heard) {
		list_remove(&heard->node);
		list_push_back(&q->waiters, &heard->node);
	}
}

void wait_wake_all(const struct wait_with *with, struct wait_queue *q)
{
	struct list_node *n;
	struct list work;

	list_init(&work);
	for (; q; q = n ? container_of(n, struct wait_queue, work) : NULL) {
		wake_queue(with, q, &work);
		n = list_pop_front(&work);
	}
}

uint64_t wait_deadline(const struct wait_with *with, uint64_t ns)
{
	uint64_t now = wait_now(with);

	return ns > WAIT_FOREVER - now ? WAIT_FOREVER : now + ns;
}
