/* ifaddrs.h -- the addresses of all interfaces. */
#ifndef HOLM_POSIX_IFADDRS_H
#define HOLM_POSIX_IFADDRS_H

#include <sys/cdefs.h>
#include <sys/socket.h>

struct ifaddrs {
	struct ifaddrs *ifa_next;
	char *ifa_name;
	unsigned ifa_flags;
	struct sockaddr *ifa_addr;
	struct sockaddr *ifa_netmask;
	union {
		struct sockaddr *ifu_broadaddr;
		struct sockaddr *ifu_dstaddr;
	} ifa_ifu;
	void *ifa_data;
};
#define ifa_broadaddr ifa_ifu.ifu_broadaddr
#define ifa_dstaddr ifa_ifu.ifu_dstaddr

__BEGIN_DECLS
int getifaddrs(struct ifaddrs **out);
void freeifaddrs(struct ifaddrs *list);
__END_DECLS

#endif
