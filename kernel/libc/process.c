/* process.c -- the one process: its id, signals to itself, randomness, its host's name. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "kernel/cmdline.h"
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

int gethostname(char *name, size_t len)
{
	const char *host = cmdline_get("hostname");
	size_t n;

	if (host == NULL || *host == '\0')
		host = "holm";
	n = strlen(host) + 1;
	if (n > len)
		return libc_fail(ENAMETOOLONG);
	memcpy(name, host, n);
	return 0;
}

int getentropy(void *buf, size_t len)
{
	if (len > ENTROPY_BYTES_MAX || entropy_status() == ENTROPY_NONE)
		return libc_fail(EIO);
	entropy_fill(buf, len);
	return 0;
}
