/* arpa/inet.h -- Internet addresses as text. */
#ifndef HOLM_POSIX_INET_H
#define HOLM_POSIX_INET_H

#include <netinet/in.h>
#include <sys/cdefs.h>

__BEGIN_DECLS
int inet_pton(int family, const char *text, void *addr);
const char *inet_ntop(int family, const void *addr, char *text, socklen_t len);
int inet_aton(const char *text, struct in_addr *addr);
in_addr_t inet_addr(const char *text);
char *inet_ntoa(struct in_addr addr);
__END_DECLS

#endif
