/*
 * error.c -- see error.h, and errno itself.
 *
 * There are two errnos. The library's own, with its own numbers, is written by its functions and by
 * nothing of ours; it stays 0 otherwise. The program's holds Linux's numbers; every look at it goes
 * through here, and what the library has written meanwhile is translated then.
 */
#include "kernel/libc/error.h"

#include <errno.h>

#include "kernel/libc/thread.h"

int *__errno_location(void)
{
	struct libc_thread *t = libc_thread();
	int *library_error = libc_thread_library_error(t);

	if (*library_error != 0) {
		t->error = libc_error_of_library(*library_error);
		*library_error = 0;
	}
	return &t->error;
}

int64_t libc_result64(int64_t result)
{
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}

int libc_result(int64_t result)
{
	return (int)libc_result64(result);
}

int libc_fail(int error)
{
	errno = error;
	return -1;
}
