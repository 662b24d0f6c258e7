/* process.c -- the one process: its id, randomness. */
#include <errno.h>
#include <stddef.h>
#include <sys/random.h>
#include <unistd.h>

#include "kernel/entropy.h"
#include "kernel/libc/error.h"

enum { OWN_PID = 1, ENTROPY_BYTES_MAX = 256 };

int getpid(void)
{
	return OWN_PID;
}

int getppid(void)
{
	return 0;
}

int getentropy(void *buf, size_t len)
{
	if (len > ENTROPY_BYTES_MAX || entropy_status() == ENTROPY_NONE)
		return libc_fail(EIO);
	entropy_fill(buf, len);
	return 0;
}

/* Never less than asked for, and never a wait: the source is there from the beginning or not at all. */
ssize_t getrandom(void *buf, size_t n, unsigned flags)
{
	if ((flags & ~(unsigned)(GRND_NONBLOCK | GRND_RANDOM)) != 0)
		return libc_fail(EINVAL);
	if (entropy_status() == ENTROPY_NONE)
		return libc_fail(EAGAIN);
	entropy_fill(buf, n);
	return (ssize_t)n;
}
