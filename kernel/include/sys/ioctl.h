/* sys/ioctl.h -- the two requests that sockets know. */
#ifndef HOLM_POSIX_IOCTL_H
#define HOLM_POSIX_IOCTL_H

#include <sys/cdefs.h>

#define FIONREAD 0x541B
#define FIONBIO 0x5421

__BEGIN_DECLS
int ioctl(int fd, unsigned long request, ...);
__END_DECLS

#endif
