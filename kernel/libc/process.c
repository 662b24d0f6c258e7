/* process.c -- the one process: its id, signals to itself, randomness. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
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

/* Nobody else is there to signal. What raise() does not handle ends the program, as a shell reports it. */
int kill(int pid, int sig)
{
	if (pid != OWN_PID && pid != 0)
		return libc_fail(ESRCH);
	if (sig != 0)
		_exit(128 + sig);
	return 0;
}

int getentropy(void *buf, size_t len)
{
	if (len > ENTROPY_BYTES_MAX || entropy_status() == ENTROPY_NONE)
		return libc_fail(EIO);
	entropy_fill(buf, len);
	return 0;
}
