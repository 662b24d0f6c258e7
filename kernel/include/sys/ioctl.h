/* sys/ioctl.h -- the requests that descriptors know; those of interfaces with <net/if.h>. */
#ifndef HOLM_POSIX_IOCTL_H
#define HOLM_POSIX_IOCTL_H

#include <sys/cdefs.h>

#define FIONREAD 0x541B
#define FIONBIO 0x5421
#define TIOCINQ FIONREAD
#define TIOCOUTQ 0x5411
#define SIOCINQ FIONREAD
#define SIOCOUTQ TIOCOUTQ
#define SIOCATMARK 0x8905

#define SIOCGIFNAME 0x8910
#define SIOCGIFCONF 0x8912
#define SIOCGIFFLAGS 0x8913
#define SIOCGIFADDR 0x8915
#define SIOCGIFDSTADDR 0x8917
#define SIOCGIFBRDADDR 0x8919
#define SIOCGIFNETMASK 0x891b
#define SIOCGIFMETRIC 0x891d
#define SIOCGIFMTU 0x8921
#define SIOCGIFHWADDR 0x8927
#define SIOCGIFINDEX 0x8933

__BEGIN_DECLS
int ioctl(int fd, unsigned long request, ...);
__END_DECLS

#endif
