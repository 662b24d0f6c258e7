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
#define getaddrinfo holm_libc_getaddrinfo
#define freeaddrinfo holm_libc_freeaddrinfo
#define gai_strerror holm_libc_gai_strerror
#define getnameinfo holm_libc_getnameinfo
#define gethostbyname holm_libc_gethostbyname
#define gethostbyname2 holm_libc_gethostbyname2
#define gethostbyaddr holm_libc_gethostbyaddr
#define getservbyname holm_libc_getservbyname
#define getservbyport holm_libc_getservbyport
#define getprotobyname holm_libc_getprotobyname
#define getprotobynumber holm_libc_getprotobynumber
#define __h_errno_location holm_libc_h_errno_location
#define hstrerror holm_libc_hstrerror
#define herror holm_libc_herror
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
typedef struct holm_libc_if_nameindex name_index;
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
		struct addrinfo **out);
void freeaddrinfo(struct addrinfo *list);
const char *gai_strerror(int error);
int getnameinfo(const struct sockaddr *addr, socklen_t len, char *host, socklen_t host_len,
		char *service, socklen_t service_len, int flags);
struct hostent *gethostbyname(const char *name);
struct hostent *gethostbyname2(const char *name, int family);
struct hostent *gethostbyaddr(const void *addr, socklen_t len, int family);
struct servent *getservbyname(const char *name, const char *protocol);
struct servent *getservbyport(int port, const char *protocol);
struct protoent *getprotobyname(const char *name);
struct protoent *getprotobynumber(int number);
int *__h_errno_location(void);
const char *hstrerror(int error);
void herror(const char *prefix);
int uname(struct utsname *names);
int gethostname(char *name, size_t len);
int sethostname(const char *name, size_t len);
int getdomainname(char *name, size_t len);
int setdomainname(const char *name, size_t len);
#else
typedef struct if_nameindex name_index;
#endif

#endif
