/* queue.c -- see queue.h. A waiter is on the stack of the thread that waits. */
#include "kernel/libc/posix/queue.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "kernel/sys/file.h"
#include "kernel/sys/process.h"
#include "kernel/thread.h"
#include "lib/compiler.h"

#define NS_PER_S 1000000000

struct __pthread_waiter {
	struct __pthread_waiter *next;
	struct thread *thread;
	bool woken;
};

/* Not inline: the compiler does not see that whoever wakes a waiter has taken it out. */
static never_inline void append(__pthread_queue_t *q, struct __pthread_waiter *w)
{
	if (q->__last != NULL)
		q->__last->next = w;
	else
		q->__first = w;
	q->__last = w;
}

static void take_out(__pthread_queue_t *q, const struct __pthread_waiter *w)
{
	struct __pthread_waiter *before = NULL, *at = q->__first;

	while (at != w) {
		before = at;
		at = at->next;
	}
	if (before != NULL)
		before->next = w->next;
	else
		q->__first = w->next;
	if (q->__last == w)
		q->__last = before;
}

/* A thread may be unparked for other reasons; and one that was woken counts, however late it is. */
int libc_queue_wait(__pthread_queue_t *q, uint64_t deadline_ns)
{
	struct __pthread_waiter w = { .thread = thread_self() };

	append(q, &w);
	while (!w.woken && thread_park(deadline_ns) == 0)
		;
	if (w.woken)
		return 0;
	take_out(q, &w);
	return ETIMEDOUT;
}

struct thread *libc_queue_wake(__pthread_queue_t *q)
{
	struct __pthread_waiter *w = q->__first;

	if (w == NULL)
		return NULL;
	q->__first = w->next;
	if (q->__first == NULL)
		q->__last = NULL;
	w->woken = true;
	thread_unpark(w->thread);
	return w->thread;
}

int libc_queue_deadline(clockid_t clock, const struct timespec *until, uint64_t *deadline_ns)
{
	if (until->tv_nsec < 0 || until->tv_nsec >= NS_PER_S)
		return EINVAL;
	*deadline_ns = until->tv_sec < 0 ? 0
					 : sys_time_absolute(process_current(), (int)clock,
							     (uint64_t)until->tv_sec * NS_PER_S +
								     (uint64_t)until->tv_nsec);
	return 0;
}
