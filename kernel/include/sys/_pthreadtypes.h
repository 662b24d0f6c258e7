/* sys/_pthreadtypes.h -- the types of <pthread.h> and <semaphore.h>, in place of the C library's. */
#ifndef HOLM_POSIX_PTHREADTYPES_H
#define HOLM_POSIX_PTHREADTYPES_H

#include <stddef.h>

struct thread;
struct __pthread_waiter;

/* Zero bytes are a queue in which nobody waits; of the others, which is which is in <pthread.h>. */
typedef struct {
	struct __pthread_waiter *__first, *__last;
} __pthread_queue_t;

typedef struct thread *pthread_t;

typedef struct {
	size_t __stack_bytes; /* 0: the default */
	int __detached;
} pthread_attr_t;

typedef struct {
	struct thread *__owner;
	unsigned __count; /* how often the owner has locked it */
	int __kind;
	__pthread_queue_t __waiters;
} pthread_mutex_t;

typedef struct {
	int __kind;
} pthread_mutexattr_t;

typedef struct {
	int __clock;
	__pthread_queue_t __waiters;
} pthread_cond_t;

typedef struct {
	int __clock;
} pthread_condattr_t;

typedef struct {
	int __state;
	__pthread_queue_t __waiters;
} pthread_once_t;

typedef unsigned pthread_key_t;

typedef struct {
	unsigned __value;
	__pthread_queue_t __waiters;
} sem_t;

#endif
