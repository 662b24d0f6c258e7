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

/* A waiter that is no thread. */
struct waiter_ops {
	/*
	 * What is waited for has changed. Queues to be woken in turn go on `work`, by their node of
	 * that name. True: somebody will look, so that other exclusive waiters need not.
	 */
	bool (*wake)(struct waiter *w, struct list *work);
	/* What is waited for goes: leave its queue. */
	void (*gone)(struct waiter *w);
};

/* In one queue. A thread's is on the stack of its system call. */
struct waiter {
	struct list_node node;
	void *thread;		      /* NULL: */
	const struct waiter_ops *ops; /* these are called */
	bool exclusive;		      /* one of these is enough */
};

static inline void wait_queue_init(struct wait_queue *q)
{
	list_init(&q->waiters);
	list_node_init(&q->work);
}

/* The calling thread is to be woken with the queue, from now until wait_leave(). */
void wait_enter(const struct wait_with *with, struct wait_queue *q, struct waiter *w);
void wait_leave(struct waiter *w);

/* The same for a waiter that is no thread. */
void wait_enter_ops(struct wait_queue *q, struct waiter *w, const struct waiter_ops *ops,
		    bool exclusive);

/* What the queue belongs to ends: waiters that are no threads leave. Nobody else is there. */
void wait_queue_fini(struct wait_queue *q);

/* Everybody in the queue. They stay in it and look again. */
void wait_wake_all(const struct wait_with *with, struct wait_queue *q);
static inline void wait_wake(const struct wait_with *with, struct wait_queue *q)
{
	if (!list_is_empty(&q->waiters))
		wait_wake_all(with, q);
}

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
