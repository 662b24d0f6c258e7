/*
 * libc.h -- in front of cases that use functions of the C library that holm has of its own: names,
 * interfaces, resolving. On holm they are those of kernel/libc, under other names (libc.c).
 */
#ifndef TESTS_POSIX_LIBC_H
#define TESTS_POSIX_LIBC_H

#include "tests/posix/posix.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netpacket/packet.h>
#include <sched.h>
#include <sys/utsname.h>

/* Names of one's own that may be changed: there on holm, on Linux as root. False: not here. */
bool own_names(void);

#ifdef POSIX_ON_HOLM
#define if_nametoindex holm_libc_if_nametoindex
#define if_indextoname holm_libc_if_indextoname
#define if_nameindex holm_libc_if_nameindex
#define if_freenameindex holm_libc_if_freenameindex
#define getifaddrs holm_libc_getifaddrs
#define freeifaddrs holm_libc_freeifaddrs
#define uname holm_libc_uname
#define gethostname holm_libc_gethostname
#define sethostname holm_libc_sethostname
#define getdomainname holm_libc_getdomainname
#define setdomainname holm_libc_setdomainname

/* struct if_nameindex keeps its name. */
struct holm_libc_if_nameindex {
	unsigned if_index;
	char *if_name;
};
unsigned if_nametoindex(const char *name);
char *if_indextoname(unsigned index, char name[IF_NAMESIZE]);
struct holm_libc_if_nameindex *if_nameindex(void);
void if_freenameindex(struct holm_libc_if_nameindex *list);
int getifaddrs(struct ifaddrs **out);
void freeifaddrs(struct ifaddrs *list);
int uname(struct utsname *names);
int gethostname(char *name, size_t len);
int sethostname(const char *name, size_t len);
int getdomainname(char *name, size_t len);
int setdomainname(const char *name, size_t len);
#endif

#endif
