/* semaphore.c -- semaphores: what is posted goes to whoever waits longest, else it is counted. */
#include <semaphore.h>
#include <errno.h>

#include "kernel/clock.h"
#include "kernel/libc/error.h"
#include "kernel/libc/posix/queue.h"

/* There is one process, so `shared` changes nothing. */
int sem_init(sem_t *s, int shared, unsigned value)
{
	(void)shared;
	if (value > SEM_VALUE_MAX)
		return libc_fail(EINVAL);
	*s = (sem_t){ .__value = value };
	return 0;
}

int sem_destroy(sem_t *s)
{
	return s->__waiters.__first != NULL ? libc_fail(EBUSY) : 0;
}

static int wait_until(sem_t *s, uint64_t deadline_ns)
{
	int err = 0;

	if (s->__value > 0)
		s->__value--;
	else
		err = libc_queue_wait(&s->__waiters, deadline_ns);
	return err != 0 ? libc_fail(err) : 0;
}

int sem_wait(sem_t *s)
{
	return wait_until(s, CLOCK_NEVER);
}

int sem_trywait(sem_t *s)
{
	return s->__value > 0 ? wait_until(s, 0) : libc_fail(EAGAIN);
}

int sem_timedwait(sem_t *s, const struct timespec *until)
{
	uint64_t deadline_ns = 0;
	int err = s->__value > 0 ? 0 : libc_queue_deadline(CLOCK_REALTIME, until, &deadline_ns);

	return err != 0 ? libc_fail(err) : wait_until(s, deadline_ns);
}

int sem_post(sem_t *s)
{
	if (libc_queue_wake(&s->__waiters) != NULL)
		return 0;
	if (s->__value == SEM_VALUE_MAX)
		return libc_fail(EOVERFLOW);
	s->__value++;
	return 0;
}

int sem_getvalue(sem_t *s, int *value)
{
	*value = (int)s->__value;
	return 0;
}
