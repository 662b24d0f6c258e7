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

struct libc_thread *libc_thread_main(void)
{
	main_thread.library_error = &_GLOBAL_REENT->_errno;
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
	t->base = (struct libc_thread){ .library_error = &t->reent._errno };
	_REENT_INIT_PTR(&t->reent);
	return &t->base;
}

void libc_thread_free(struct libc_thread *thread)
{
	struct newlib_thread *t = (struct newlib_thread *)thread;

	_reclaim_reent(&t->reent);
	_free_r(_GLOBAL_REENT, t);
}

struct _reent *__getreent(void)
{
	struct libc_thread *t = libc_thread();

	return t == &main_thread ? _GLOBAL_REENT : &((struct newlib_thread *)t)->reent;
}
