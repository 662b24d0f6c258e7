/*
 * pthread.c -- threads of programs: beginning, end, attributes, pthread_once(). A pthread_t is the
 * kernel's thread.
 */
#include <pthread.h>
#include <errno.h>
#include <stdlib.h>

#include "kernel/libc/posix/queue.h"
#include "kernel/libc/thread.h"
#include "kernel/thread.h"

/* Programs are used to large stacks, and printf() takes 2 KiB. */
enum { STACK_DEFAULT = 64 * 1024 };

struct start {
	void *(*fn)(void *);
	void *arg;
};

/* Threads that pthread_create() made and that have not ended. */
static unsigned alive;
/* The main thread in pthread_exit(): the program ends with the last of them. */
static __pthread_queue_t leaving;

static void run(void *arg)
{
	struct start start;

	libc_thread_begin();
	start = *(struct start *)arg;
	free(arg);
	pthread_exit(start.fn(start.arg));
}

int pthread_create(pthread_t *out, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	struct start *start = malloc(sizeof(*start));
	struct thread_attr how = { .name = "pthread", .stack_bytes = STACK_DEFAULT };
	int err;

	if (start == NULL)
		return EAGAIN;
	*start = (struct start){ fn, arg };
	if (attr != NULL && attr->__stack_bytes != 0)
		how.stack_bytes = attr->__stack_bytes;
	how.detached = attr != NULL && attr->__detached;
	err = thread_create(out, &how, run, start);
	if (err != 0) {
		free(start);
		return err == -ENOMEM ? EAGAIN : -err;
	}
	alive++;
	return 0;
}

/* The main thread is no pthread: the machine ends with it, so it waits for the others. */
static void leave_main(void)
{
	while (alive > 0)
		(void)libc_queue_wait(&leaving, CLOCK_NEVER);
	exit(0);
}

void pthread_exit(void *value)
{
	libc_specific_end();
	if (libc_thread() == libc_thread_main())
		leave_main();
	if (--alive == 0)
		(void)libc_queue_wake(&leaving);
	thread_exit(value);
}

int pthread_join(pthread_t t, void **value)
{
	if (t == thread_self())
		return EDEADLK;
	return -thread_join(t, value, CLOCK_NEVER);
}

int pthread_detach(pthread_t t)
{
	return -thread_detach(t);
}

pthread_t pthread_self(void)
{
	return thread_self();
}

int pthread_equal(pthread_t a, pthread_t b)
{
	return a == b;
}

int pthread_once(pthread_once_t *once, void (*fn)(void))
{
	enum { NEW, RUNNING, DONE };

	while (once->__state == RUNNING)
		(void)libc_queue_wait(&once->__waiters, CLOCK_NEVER);
	if (once->__state == DONE)
		return 0;
	once->__state = RUNNING;
	fn();
	once->__state = DONE;
	while (libc_queue_wake(&once->__waiters) != NULL)
		;
	return 0;
}

/* ---- attributes ---- */

int pthread_attr_init(pthread_attr_t *attr)
{
	*attr = (pthread_attr_t){ .__stack_bytes = STACK_DEFAULT };
	return 0;
}

int pthread_attr_destroy(pthread_attr_t *attr)
{
	*attr = (pthread_attr_t){ 0 };
	return 0;
}

int pthread_attr_setstacksize(pthread_attr_t *attr, size_t bytes)
{
	if (bytes < PTHREAD_STACK_MIN || bytes > THREAD_STACK_MAX)
		return EINVAL;
	attr->__stack_bytes = bytes;
	return 0;
}

int pthread_attr_getstacksize(const pthread_attr_t *attr, size_t *bytes)
{
	*bytes = attr->__stack_bytes;
	return 0;
}

int pthread_attr_setdetachstate(pthread_attr_t *attr, int state)
{
	if (state != PTHREAD_CREATE_JOINABLE && state != PTHREAD_CREATE_DETACHED)
		return EINVAL;
	attr->__detached = state;
	return 0;
}

int pthread_attr_getdetachstate(const pthread_attr_t *attr, int *state)
{
	*state = attr->__detached;
	return 0;
}
