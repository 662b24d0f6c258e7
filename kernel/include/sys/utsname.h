/* sys/utsname.h -- the names of the machine, in Linux's layout. */
#ifndef HOLM_POSIX_UTSNAME_H
#define HOLM_POSIX_UTSNAME_H

#include <sys/cdefs.h>

struct utsname {
	char sysname[65];
	char nodename[65];
	char release[65];
	char version[65];
	char machine[65];
	char domainname[65]; /* also without _GNU_SOURCE */
};

__BEGIN_DECLS
int uname(struct utsname *names);
__END_DECLS

#endif
