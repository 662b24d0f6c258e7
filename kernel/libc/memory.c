/* memory.c -- the heap's end. */
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "kernel/libc/error.h"
#include "kernel/mem.h"

void *sbrk(ptrdiff_t delta)
{
	void *old;
	int err = mem_sbrk(delta, &old);

	if (err != 0) {
		libc_fail(-err);
		return (void *)-1; /* as POSIX once said */
	}
	return old;
}
