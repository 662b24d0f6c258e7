/*
 * Cooperative threads. The contract is in kernel/README.md: a thread runs until it waits, yields,
 * sleeps or ends, so there are no locks.
 */
#ifndef KERNEL_THREAD_H
#define KERNEL_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/clock.h"
#include "lib/compiler.h"
#include "lib/list.h"

/* 128 default stacks are 4 MiB: half of the smallest machine, and more workers than one core feeds. */
#define THREADS_MAX 128
#define THREAD_STACK_DEFAULT (32u * 1024)
/* A slot of the stack window less its guard page. */
#define THREAD_STACK_MAX (256u * 1024 - 4096)
#define THREAD_NAME_MAX 16

struct thread;

/* Who waits for something. Any number of them, owned by what is waited for. */
struct waitq {
	struct list threads;
};

#define WAITQ_INIT(q)                                                                              \
	{                                                                                          \
		{                                                                                  \
			{                                                                          \
				&(q).threads.head, &(q).threads.head                               \
			}                                                                          \
		}                                                                                  \
	}

static inline void waitq_init(struct waitq *q)
{
	list_init(&q->threads);
}

static inline bool waitq_is_empty(const struct waitq *q)
{
	return list_is_empty(&q->threads);
}

/* Wait to be woken: 0, or -HOLM_ETIMEDOUT at the deadline (CLOCK_NEVER: none). */
int waitq_wait(struct waitq *q, uint64_t deadline_ns);

/* The longest waiting one; false when nobody waits. */
bool waitq_wake_one(struct waitq *q);
/* All of them; returns how many. */
unsigned waitq_wake_all(struct waitq *q);

/* Zero bytes are a good choice for everything. */
struct thread_attr {
	const char *name;
	size_t stack_bytes; /* 0: THREAD_STACK_DEFAULT; rounded up to pages */
	bool detached;	    /* nobody will join it */
};

/*
 * A thread that will call fn(arg). 0; -HOLM_EAGAIN: THREADS_MAX exist; -HOLM_ENOMEM: no RAM for the
 * stack; -HOLM_EINVAL: a stack larger than THREAD_STACK_MAX. attr and out may be NULL.
 */
int must_check thread_create(struct thread **out, const struct thread_attr *attr,
			     void (*fn)(void *), void *arg);

/* End the calling thread. Returning from its function does the same with NULL. */
__attribute__((noreturn)) void thread_exit(void *value);

/*
 * Wait for its end, take its value (NULL: do not) and forget it. -HOLM_EINVAL for oneself, a detached
 * thread, or one that somebody joins already; -HOLM_ETIMEDOUT.
 */
int thread_join(struct thread *t, void **value, uint64_t deadline_ns);

/* It will be forgotten when it ends. -HOLM_EINVAL when it is detached or being joined. */
int thread_detach(struct thread *t);

/* Let the others run. */
void thread_yield(void);

/* Not before `deadline_ns` of clock_now(). */
void thread_sleep_until(uint64_t deadline_ns);

/*
 * Wait for thread_unpark(): 0, or -HOLM_ETIMEDOUT. An unpark that came before is kept, one of them.
 * A thread that waits for several things at once lets all of them unpark it.
 */
int thread_park(uint64_t deadline_ns);
void thread_unpark(struct thread *t);

/* The running one; NULL in the idle context and before threads exist. */
struct thread *thread_self(void);
/* "idle" for NULL. */
const char *thread_name(const struct thread *t);
/* A small number that no living thread shares. */
unsigned thread_id(const struct thread *t);

/* One word of the C library per thread (newlib: its struct _reent). NULL at first. */
void *thread_libc(void);
void thread_set_libc(void *p);
/* Called in a thread that ends, with that word unless it is NULL; one function, set once. */
void thread_on_exit(void (*fn)(void *libc));

/* The thread pointer of the running thread (thread-local variables); follows every switch. */
void thread_set_tls(void *p);

/* Does the address lie in memory that is left unmapped to catch a stack overflow? */
bool thread_is_stack_guard(uintptr_t addr);

/* ---- for kernel/main.c and kernel/idle.c ---- */

void thread_init(void);
/* From the idle context: run threads until none can. False when there was none. */
bool thread_run(void);
/* Make those runnable whose deadline has come; returns the next deadline. */
uint64_t thread_expire(uint64_t now_ns);
bool thread_is_any_runnable(void);

struct thread_stats {
	unsigned alive;
	unsigned most; /* at once */
	uint64_t switches;
};

void thread_get_stats(struct thread_stats *s);

#endif
