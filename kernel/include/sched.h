/* sched.h -- threads are cooperative: to yield is all there is. */
#ifndef HOLM_POSIX_SCHED_H
#define HOLM_POSIX_SCHED_H

#include <sys/cdefs.h>

__BEGIN_DECLS
int sched_yield(void);
__END_DECLS

#endif
