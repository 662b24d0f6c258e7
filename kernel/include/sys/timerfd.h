/* sys/timerfd.h -- expirations that can be counted and waited for. */
#ifndef HOLM_POSIX_TIMERFD_H
#define HOLM_POSIX_TIMERFD_H

#include <sys/cdefs.h>
#include <time.h>

#define TFD_NONBLOCK 04000
#define TFD_CLOEXEC 02000000
#define TFD_TIMER_ABSTIME 1

__BEGIN_DECLS

int timerfd_create(int clock, int flags);
int timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old);
int timerfd_gettime(int fd, struct itimerspec *value);

__END_DECLS

#endif
