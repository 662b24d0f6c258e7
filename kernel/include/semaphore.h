/* semaphore.h -- counting semaphores between threads; without names. */
#ifndef HOLM_POSIX_SEMAPHORE_H
#define HOLM_POSIX_SEMAPHORE_H

#include <sys/_pthreadtypes.h>
#include <sys/cdefs.h>
#include <time.h>

#define SEM_VALUE_MAX 0x7fffffff

__BEGIN_DECLS
int sem_init(sem_t *s, int shared, unsigned value);
int sem_destroy(sem_t *s);
int sem_wait(sem_t *s);
int sem_trywait(sem_t *s);
int sem_timedwait(sem_t *s, const struct timespec *until);
int sem_post(sem_t *s);
int sem_getvalue(sem_t *s, int *value);
__END_DECLS

#endif
