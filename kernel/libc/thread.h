/*
 * thread.h -- what the C library keeps per thread: errno, its own state, thread-local variables.
 *
 * One of the two library files (newlib/, picolibc/) makes and frees the library's part.
 */
#ifndef LIBC_THREAD_H
#define LIBC_THREAD_H

#include <stddef.h>

/* One per thread that has called the library. Owned by the thread, freed when it ends. */
struct libc_thread {
	int error; /* the program's errno, Linux's numbers */
	void *tls; /* block of thread-local variables, NULL when the image has none */
	struct libc_specific *specific; /* values under keys, NULL before the first */
};

/* The calling thread's. Made on first use; threads beyond memory share the main thread's. */
struct libc_thread *libc_thread(void);

/*
 * Make it now. Whoever starts a thread that runs a program's code calls this first in it, because a
 * thread-local variable may be used before any function of the library is.
 */
void libc_thread_begin(void);

/* The calling thread's values under keys go, their destructors run: posix/specific.c. */
void libc_specific_end(void);

/* ---- the library's side ---- */

/* For the main thread: needs no memory. */
struct libc_thread *libc_thread_main(void);
/* For another one, or NULL. */
struct libc_thread *libc_thread_new(void);
void libc_thread_free(struct libc_thread *t);
/* The library's own errno, with its numbers; 0 while it has nothing to say. */
int *libc_thread_library_error(struct libc_thread *t);

/* ---- tls.c ---- */

/* A block with the first values of all thread-local variables; NULL when there is no memory. */
void *libc_tls_new(void);
void libc_tls_free(void *block);
/* What the thread pointer must be for that block. */
void *libc_tls_pointer(void *block);
/* Does the image have thread-local variables? */
int libc_tls_is_used(void);

#endif
