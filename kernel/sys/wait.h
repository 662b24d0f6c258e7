/*
 * Waiting, without knowing what a thread is: the image gives its cooperative threads, tests give
 * theirs. This is the only way in which kernel/sys blocks.
 */
#ifndef KERNEL_SYS_WAIT_H
#define KERNEL_SYS_WAIT_H

#include <stdint.h>

#include "lib/list.h"

/* A deadline that never comes. */
#define WAIT_FOREVER UINT64_MAX

struct wait_ops {
	/* Monotonic nanoseconds. */
	uint64_t (*now)(void *ctx);
	/* The calling thread, a name for wake(). */
	void *(*self)(void *ctx);
	/*
	 * The calling thread sleeps until somebody wakes it, or until the deadline: then
	 * -HOLM_ETIMEDOUT. A wake that came since its last sleep ends this one at once.
	 */
	int (*sleep)(void *ctx, uint64_t deadline_ns);
	void (*wake)(void *ctx, void *thread);
	/* Let other threads run. */
	void (*yield)(void *ctx);
	/* A system call begins: a moment to look after devices. May be NULL. */
	void (*enter)(void *ctx);
};

/* How to wait: the operations and what they are called with. Part of a process's environment. */
struct wait_with {
	const struct wait_ops *ops;
	void *ctx;
};

/* Who waits for something. Part of what is waited for. */
struct wait_queue {
	struct list waiters;
	struct list_node work; /* among those that wait_wake() has still to wake */
};

struct waiter;

/*
 * Who has waiters in many queues and is no thread. What changes is noted here, and who waits for
 * that is woken.
 */
struct watcher {
	struct list noted; /* of struct waiter */
	struct wait_queue *waiters;
	/* What is waited for goes: leave its queue. */
	void (*gone)(struct waiter *w);
};

/* What there is to do beside a note; nearly always it is nothing. */
enum waiter_how {
	WAITER_THREAD = 1,    /* it has no watcher, and is woken */
	WAITER_EXCLUSIVE = 2, /* one of these with somebody who waits for its watcher is enough */
	WAITER_DEAF = 4,      /* nothing is noted */
};

/* In one queue. A thread's is on the stack of its system call. */
struct waiter {
	struct list_node node;
	void *thread; /* NULL: */
	struct watcher *watcher;
	struct list_node noted; /* among its watcher's */
	uint8_t how;		/* enum waiter_how */
};

static inline void wait_queue_init(struct wait_queue *q)
{
	list_init(&q->waiters);
	list_node_init(&q->work);
}

/* Nothing is noted yet; `waiters` is who waits for it. */
static inline void watcher_init(struct watcher *by, struct wait_queue *waiters,
				void (*gone)(struct waiter *w))
{
	list_init(&by->noted);
	by->waiters = waiters;
	by->gone = gone;
}

/* Look at it again, whether it has changed or not. */
static inline void watcher_note(struct waiter *w)
{
	if (!list_is_linked(&w->noted))
		list_push_back(&w->watcher->noted, &w->noted);
}

/* The calling thread is to be woken with the queue, from now until wait_leave(). */
void wait_enter(const struct wait_with *with, struct wait_queue *q, struct waiter *w);

static inline void wait_leave(struct waiter *w)
{
	list_remove(&w->node);
	if (list_is_linked(&w->noted))
		list_remove(&w->noted);
}

/* What changes is to be noted by this watcher, until wait_leave(). */
static inline void wait_enter_watched(struct wait_queue *q, struct waiter *w, struct watcher *by,
				      bool exclusive)
{
	w->thread = NULL;
	w->watcher = by;
	w->how = exclusive ? WAITER_EXCLUSIVE : 0;
	list_node_init(&w->noted);
	list_push_back(&q->waiters, &w->node);
}

/* What the queue belongs to ends: waiters that are no threads leave. Nobody else is there. */
void wait_queue_fini(struct wait_queue *q);

/* Everybody in the queue. They stay in it and look again. */
void wait_wake(const struct wait_with *with, struct wait_queue *q);

static inline uint64_t wait_now(const struct wait_with *with)
{
	return with->ops->now(with->ctx);
}

static inline int wait_sleep(const struct wait_with *with, uint64_t deadline_ns)
{
	return with->ops->sleep(with->ctx, deadline_ns);
}

/* now + ns, for ever where that is beyond time. */
uint64_t wait_deadline(const struct wait_with *with, uint64_t ns);

#endif
