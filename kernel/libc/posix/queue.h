/* queue.h -- who waits for a mutex, a condition or a semaphore: first come, first served. */
#ifndef LIBC_POSIX_QUEUE_H
#define LIBC_POSIX_QUEUE_H

#include <stdint.h>
#include <sys/_pthreadtypes.h>
#include <time.h>

/* Wait to be woken, 0, or until clock_now() is `deadline_ns`, ETIMEDOUT. */
int libc_queue_wait(__pthread_queue_t *q, uint64_t deadline_ns);

/* The first one leaves the queue and will run; it is returned, NULL when nobody waits. */
struct thread *libc_queue_wake(__pthread_queue_t *q);

/* What an absolute time of a clock is of clock_now()'s. 0, EINVAL. */
int libc_queue_deadline(clockid_t clock, const struct timespec *until, uint64_t *deadline_ns);

#endif
