/* thread.c -- see thread.h. */
#include "kernel/libc/thread.h"

#include <stdbool.h>

#include "kernel/panic.h"
#include "kernel/thread.h"

static bool main_is_taken;

static void end_thread(void *libc)
{
	struct libc_thread *t = libc;

	if (t != libc_thread_main()) {
		libc_tls_free(t->tls);
		libc_thread_free(t);
	}
	thread_set_libc(NULL);
}

/* For the first thread what is there anyway, for others from the heap. */
static struct libc_thread *make(void)
{
	struct libc_thread *t = main_is_taken ? libc_thread_new() : libc_thread_main();

	main_is_taken = true;
	return t != NULL ? t : libc_thread_main();
}

static void set_up_variables(struct libc_thread *t)
{
	if (t->tls == NULL)
		t->tls = libc_tls_new();
	if (t->tls == NULL)
		panic("no memory for a thread's variables");
	thread_set_tls(libc_tls_pointer(t->tls));
}

struct libc_thread *libc_thread(void)
{
	struct libc_thread *t = thread_libc();

	if (t != NULL)
		return t;
	if (thread_self() == NULL) /* boot and pollers, which are no thread */
		return libc_thread_main();
	t = make();
	thread_set_libc(t);
	thread_on_exit(end_thread);
	if (libc_tls_is_used())
		set_up_variables(t);
	return t;
}

void libc_thread_begin(void)
{
	(void)libc_thread();
}
