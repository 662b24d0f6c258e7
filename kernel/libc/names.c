/* names.c -- the names of the machine under their POSIX names; they themselves are kernel/sys's. */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel/libc/error.h"
#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"

_Static_assert(sizeof(struct utsname) == sizeof(struct sys_utsname), "Linux's layout");

int uname(struct utsname *names)
{
	return libc_result(sys_uname(process_current(), (struct sys_utsname *)(void *)names));
}

/* As much as fits, and an error when that is not all of it: what glibc does. */
static int copy(char *out, size_t len, const char *name)
{
	size_t n = strlen(name) + 1;

	memcpy(out, name, n < len ? n : len);
	return n > len ? libc_fail(ENAMETOOLONG) : 0;
}

int gethostname(char *name, size_t len)
{
	struct sys_utsname names;

	(void)sys_uname(process_current(), &names);
	return copy(name, len, names.nodename);
}

int sethostname(const char *name, size_t len)
{
	return libc_result(sys_sethostname(process_current(), name, len));
}

/* This one is cut without a word. */
int getdomainname(char *name, size_t len)
{
	struct sys_utsname names;

	(void)sys_uname(process_current(), &names);
	(void)strncpy(name, names.domainname, len);
	return 0;
}

int setdomainname(const char *name, size_t len)
{
	return libc_result(sys_setdomainname(process_current(), name, len));
}
