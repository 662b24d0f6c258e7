/*
 * thread.c -- newlib's state of a thread: struct _reent, and the errno in it.
 *
 * The library is built with __DYNAMIC_REENT__ and asks __getreent() whenever it wants its state.
 */
#include "kernel/libc/thread.h"

#include <reent.h>
#include <stdlib.h>

struct newlib_thread {
	struct libc_thread base;
	struct _reent reent;
};

/* The main thread uses the library's global state, which exit() cleans up from. */
static struct libc_thread main_thread;

static struct _reent *reent_of(struct libc_thread *t)
{
	return t == &main_thread ? _GLOBAL_REENT : &((struct newlib_thread *)t)->reent;
}

struct libc_thread *libc_thread_main(void)
{
	return &main_thread;
}

/*
 * The heap's functions keep nothing in the state but an errno, so the global one serves here, where
 * asking for the thread's would lead back.
 */
struct libc_thread *libc_thread_new(void)
{
	struct newlib_thread *t = _malloc_r(_GLOBAL_REENT, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->base = (struct libc_thread){ 0 };
	_REENT_INIT_PTR(&t->reent);
	return &t->base;
}

void libc_thread_free(struct libc_thread *t)
{
	_reclaim_reent(reent_of(t));
	_free_r(_GLOBAL_REENT, t);
}

int *libc_thread_library_error(struct libc_thread *t)
{
	return &reent_of(t)->_errno;
}

struct _reent *__getreent(void)
{
	return reent_of(libc_thread());
}
