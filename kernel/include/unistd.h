/* unistd.h -- the C library's, and what it declares for some systems only. */
#include_next <unistd.h>

#ifndef HOLM_POSIX_UNISTD_H
#define HOLM_POSIX_UNISTD_H

#include <sys/cdefs.h>
#include <sys/types.h>

__BEGIN_DECLS
extern char **environ;
int gethostname(char *name, size_t len);
int sethostname(const char *name, size_t len);
int getdomainname(char *name, size_t len);
int setdomainname(const char *name, size_t len);
int usleep(useconds_t us);
int getentropy(void *buf, size_t len);
int pipe2(int fds[2], int flags);
int dup3(int fd, int to, int flags);
__END_DECLS

#endif
