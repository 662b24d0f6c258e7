/*
 * mutex.c -- mutexes and conditions. Threads are cooperative, so what is between two waits needs no
 * lock of its own. A mutex that is unlocked belongs at once to whoever waits longest.
 */
#include <errno.h>
#include <pthread.h>

#include "kernel/clock.h"
#include "kernel/libc/posix/queue.h"
#include "kernel/thread.h"

/* ---- mutexes ---- */

int pthread_mutexattr_init(pthread_mutexattr_t *attr)
{
	attr->__kind = PTHREAD_MUTEX_DEFAULT;
	return 0;
}

int pthread_mutexattr_destroy(pthread_mutexattr_t *attr)
{
	(void)attr;
	return 0;
}

int pthread_mutexattr_settype(pthread_mutexattr_t *attr, int kind)
{
	if (kind < PTHREAD_MUTEX_NORMAL || kind > PTHREAD_MUTEX_ERRORCHECK)
		return EINVAL;
	attr->__kind = kind;
	return 0;
}

int pthread_mutexattr_gettype(const pthread_mutexattr_t *attr, int *kind)
{
	*kind = attr->__kind;
	return 0;
}

int pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attr)
{
	*m = (pthread_mutex_t){ .__kind = attr != NULL ? attr->__kind : PTHREAD_MUTEX_DEFAULT };
	return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *m)
{
	return m->__owner != NULL ? EBUSY : 0;
}

/* 0, or why not: EBUSY when somebody has it, and waiting would help. */
static int try_lock(pthread_mutex_t *m)
{
	if (m->__owner == NULL) {
		m->__owner = thread_self();
		m->__count = 1;
		return 0;
	}
	if (m->__owner != thread_self() || m->__kind == PTHREAD_MUTEX_NORMAL)
		return EBUSY;
	if (m->__kind == PTHREAD_MUTEX_ERRORCHECK)
		return EDEADLK;
	m->__count++;
	return 0;
}

static int lock_until(pthread_mutex_t *m, uint64_t deadline_ns)
{
	int err = try_lock(m);

	/* Who is woken owns it already. */
	return err == EBUSY ? libc_queue_wait(&m->__waiters, deadline_ns) : err;
}

int pthread_mutex_lock(pthread_mutex_t *m)
{
	return lock_until(m, CLOCK_NEVER);
}

int pthread_mutex_trylock(pthread_mutex_t *m)
{
	int err = try_lock(m);

	return err == EDEADLK ? EBUSY : err;
}

/* A time that makes no sense matters only when there is something to wait for. */
int pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *until)
{
	uint64_t deadline_ns;
	int err = try_lock(m);

	if (err != EBUSY)
		return err;
	err = libc_queue_deadline(CLOCK_REALTIME, until, &deadline_ns);
	return err != 0 ? err : libc_queue_wait(&m->__waiters, deadline_ns);
}

static void pass_on(pthread_mutex_t *m)
{
	m->__owner = libc_queue_wake(&m->__waiters);
	m->__count = m->__owner != NULL;
}

int pthread_mutex_unlock(pthread_mutex_t *m)
{
	if (m->__owner != thread_self() && m->__kind != PTHREAD_MUTEX_NORMAL)
		return EPERM;
	if (m->__count > 1)
		m->__count--;
	else
		pass_on(m);
	return 0;
}

/* ---- conditions ---- */

int pthread_condattr_init(pthread_condattr_t *attr)
{
	attr->__clock = CLOCK_REALTIME;
	return 0;
}

int pthread_condattr_destroy(pthread_condattr_t *attr)
{
	(void)attr;
	return 0;
}

int pthread_condattr_setclock(pthread_condattr_t *attr, clockid_t clock)
{
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return EINVAL;
	attr->__clock = (int)clock;
	return 0;
}

int pthread_condattr_getclock(const pthread_condattr_t *attr, clockid_t *clock)
{
	*clock = (clockid_t)attr->__clock;
	return 0;
}

int pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *attr)
{
	*c = (pthread_cond_t){ .__clock = attr != NULL ? attr->__clock : CLOCK_REALTIME };
	return 0;
}

int pthread_cond_destroy(pthread_cond_t *c)
{
	return c->__waiters.__first != NULL ? EBUSY : 0;
}

static int wait_until(pthread_cond_t *c, pthread_mutex_t *m, uint64_t deadline_ns)
{
	unsigned count = m->__count;
	int err;

	if (m->__owner != thread_self())
		return EPERM;
	pass_on(m);
	err = libc_queue_wait(&c->__waiters, deadline_ns);
	if (m->__owner == NULL)
		m->__owner = thread_self();
	else
		(void)libc_queue_wait(&m->__waiters, CLOCK_NEVER);
	m->__count = count;
	return err;
}

int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	return wait_until(c, m, CLOCK_NEVER);
}

int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *until)
{
	uint64_t deadline_ns;
	int err = libc_queue_deadline((clockid_t)c->__clock, until, &deadline_ns);

	return err != 0 ? err : wait_until(c, m, deadline_ns);
}

int pthread_cond_signal(pthread_cond_t *c)
{
	(void)libc_queue_wake(&c->__waiters);
	return 0;
}

int pthread_cond_broadcast(pthread_cond_t *c)
{
	while (libc_queue_wake(&c->__waiters) != NULL)
		;
	return 0;
}
