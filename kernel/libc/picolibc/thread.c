/*
 * thread.c -- picolibc's state of a thread: its errno is a thread-local variable, and that is all.
 *
 * So a thread of a program must have its block of thread-local variables before it calls the library:
 * libc_thread_begin().
 */
#include "kernel/libc/thread.h"

#include "kernel/mem.h"
#include "kernel/thread.h"

/* The library's errno under its own name; <errno.h> here is Linux's. */
extern _Thread_local int library_errno __asm__("errno");

static struct libc_thread main_thread;

/* Of boot and pollers, which are no thread and have no variables of their own. */
static int no_error;

struct libc_thread *libc_thread_main(void)
{
	return &main_thread;
}

/* A page: the library's heap may not be asked before the thread has its variables. */
struct libc_thread *libc_thread_new(void)
{
	struct libc_thread *t = mem_pages_alloc(1);

	if (t != NULL)
		*t = (struct libc_thread){ 0 };
	return t;
}

void libc_thread_free(struct libc_thread *t)
{
	mem_pages_free(t, 1);
}

int *libc_thread_library_error(struct libc_thread *t)
{
	(void)t;
	return thread_self() != NULL ? &library_errno : &no_error;
}
