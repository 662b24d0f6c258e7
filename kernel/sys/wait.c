/* Wait queues; see wait.h. */
#include "kernel/sys/wait.h"

#include "lib/compiler.h"

void wait_enter(const struct wait_with *with, struct wait_queue *q, struct waiter *w)
{
	*w = (struct waiter){ .thread = with->ops->self(with->ctx), .how = WAITER_THREAD };
	list_push_back(&q->waiters, &w->node);
}

void wait_queue_fini(struct wait_queue *q)
{
	struct list_node *n;

	while ((n = list_first(&q->waiters)) != NULL) {
		struct waiter *w = container_of(n, struct waiter, node);

		ASSERT(!w->thread);
		w->watcher->gone(w);
	}
}

/* Note the change; true: somebody waits for the watcher, and is to be woken. */
static inline bool note(struct waiter *w)
{
	watcher_note(w);
	return !list_is_empty(&w->watcher->waiters->waiters);
}

/* Note the change where that is all there is to do. False: somebody is to be woken. */
static inline bool is_noted(const struct wait_queue *q)
{
	const struct list_node *end = &q->waiters.head;

	for (struct list_node *n = end->next; n != end; n = n->next) {
		struct waiter *w = container_of(n, struct waiter, node);

		if (likely(w->how == 0) ? note(w) : w->how != WAITER_DEAF)
			return false;
	}
	return true;
}

/* Queues to be woken in turn go on `work`. Noting once more what is_noted() has noted changes nothing. */
static void wake_queue(const struct wait_with *with, struct wait_queue *q, struct list *work)
{
	struct waiter *heard = NULL;
	struct list_node *n;

	for (n = list_first(&q->waiters); n; n = list_next(&q->waiters, n)) {
		struct waiter *w = container_of(n, struct waiter, node);

		if (w->thread) {
			with->ops->wake(with->ctx, w->thread);
			continue;
		}
		if ((w->how & WAITER_DEAF) || ((w->how & WAITER_EXCLUSIVE) && heard) || !note(w))
			continue;
		if (!list_is_linked(&w->watcher->waiters->work))
			list_push_back(work, &w->watcher->waiters->work);
		if (w->how & WAITER_EXCLUSIVE)
			heard = w;
	}
	/* The next time another one is the first. */
	if (heard) {
		list_remove(&heard->node);
		list_push_back(&q->waiters, &heard->node);
	}
}

static never_inline void wake_all(const struct wait_with *with, struct wait_queue *q)
{
	struct list_node *n;
	struct list work;

	list_init(&work);
	for (; q; q = n ? container_of(n, struct wait_queue, work) : NULL) {
		wake_queue(with, q, &work);
		n = list_pop_front(&work);
	}
}

void wait_wake(const struct wait_with *with, struct wait_queue *q)
{
	if (!is_noted(q))
		wake_all(with, q);
}

uint64_t wait_deadline(const struct wait_with *with, uint64_t ns)
{
	uint64_t now = wait_now(with);

	return ns > WAIT_FOREVER - now ? WAIT_FOREVER : now + ns;
}
