/*
 * Times as programs write them, and as nanoseconds. What is beyond 64 bits of nanoseconds (584 years) is
 * for ever.
 */
#ifndef KERNEL_SYS_TIMESPEC_H
#define KERNEL_SYS_TIMESPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/sys/sys.h"
#include "kernel/sys/wait.h"

#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

static inline struct sys_timespec timespec_of_ns(uint64_t ns)
{
	return (struct sys_timespec){ (int64_t)(ns / NS_PER_S), (int64_t)(ns % NS_PER_S) };
}

/* WAIT_FOREVER where it is too much; false: not a time. */
static inline bool timespec_to_ns(const struct sys_timespec *ts, uint64_t *ns)
{
	if (ts->sec < 0 || ts->nsec < 0 || ts->nsec >= (int64_t)NS_PER_S)
		return false;
	*ns = (uint64_t)ts->sec >= WAIT_FOREVER / NS_PER_S
		      ? WAIT_FOREVER
		      : (uint64_t)ts->sec * NS_PER_S + (uint64_t)ts->nsec;
	return true;
}

#endif
