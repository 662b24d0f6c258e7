/*
 * The names of the machine: uname(), and changing the two that can be changed. They are a process's, as
 * in a UTS namespace of Linux of its own.
 */
#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "lib/mem.h"

#include <holm/version.h>

#if defined(__x86_64__)
#define MACHINE "x86_64"
#elif defined(__aarch64__)
#define MACHINE "aarch64"
#elif defined(__riscv)
#define MACHINE "riscv64"
#else
#define MACHINE "unknown"
#endif

enum { NAME_MAX_BYTES = SYS_UTS_BYTES - 1 };

_Static_assert(sizeof(((struct process_names *)0)->host) == SYS_UTS_BYTES, "room for a name");

/* A text that is cut where it is too long. */
static void put(char out[SYS_UTS_BYTES], const char *text)
{
	size_t n = 0;

	for (; text[n] != '\0' && n < NAME_MAX_BYTES; n++)
		out[n] = text[n];
	memset(out + n, 0, SYS_UTS_BYTES - n);
}

void process_names_init(struct process *p)
{
	put(p->names.host, p->env.hostname ? p->env.hostname : "holm");
	put(p->names.domain, "(none)");
}

int sys_uname(struct process *p, struct sys_utsname *out)
{
	sys_enter(p);
	if (!out)
		return -HOLM_EFAULT;
	put(out->sysname, "holm");
	put(out->nodename, p->names.host);
	put(out->release, HOLM_VERSION_STRING);
	put(out->version, "#1");
	put(out->machine, MACHINE);
	put(out->domainname, p->names.domain);
	return 0;
}

/* In the order in which Linux looks. */
static int set_name(struct process *p, char out[SYS_UTS_BYTES], const char *name, size_t len)
{
	sys_enter(p);
	if (!process_may(p, SYS_CAP_ADMIN))
		return -HOLM_EPERM;
	if (len > NAME_MAX_BYTES)
		return -HOLM_EINVAL;
	if (!name && len > 0)
		return -HOLM_EFAULT;
	if (len > 0)
		memmove(out, name, len);
	memset(out + len, 0, SYS_UTS_BYTES - len);
	return 0;
}

int sys_sethostname(struct process *p, const char *name, size_t len)
{
	return set_name(p, p->names.host, name, len);
}

int sys_setdomainname(struct process *p, const char *name, size_t len)
{
	return set_name(p, p->names.domain, name, len);
}
