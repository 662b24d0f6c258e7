/* time.c -- clocks and sleeping, straight from kernel/clock.h and kernel/thread.h. */
#include <time.h>
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/time.h>
#include <sys/times.h>
#include <unistd.h>

#include "kernel/clock.h"
#include "kernel/libc/error.h"
#include "kernel/thread.h"

static const uint64_t second_ns = 1000000000;

static struct timespec timespec_of(uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / second_ns),
			       .tv_nsec = (long)(ns % second_ns) };

	return ts;
}

static bool is_valid(const struct timespec *ts)
{
	return ts->tv_sec >= 0 && ts->tv_nsec >= 0 && (uint64_t)ts->tv_nsec < second_ns;
}

/* Cut to what a deadline can hold: 584 years. */
static uint64_t ns_of(const struct timespec *ts)
{
	if ((uint64_t)ts->tv_sec >= UINT64_MAX / second_ns)
		return UINT64_MAX;
	return (uint64_t)ts->tv_sec * second_ns + (uint64_t)ts->tv_nsec;
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		*ts = timespec_of(clock_wall());
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_PROCESS_CPUTIME_ID: /* the machine is the process */
		*ts = timespec_of(clock_now());
		return 0;
	default:
		return libc_fail(EINVAL);
	}
}

int clock_settime(clockid_t id, const struct timespec *ts)
{
	if (id != CLOCK_REALTIME || !is_valid(ts))
		return libc_fail(EINVAL);
	clock_set_wall(ns_of(ts));
	return 0;
}

int clock_getres(clockid_t id, struct timespec *ts)
{
	struct timespec now;

	if (clock_gettime(id, &now) != 0)
		return -1;
	if (ts != NULL)
		*ts = timespec_of(1);
	return 0;
}

int gettimeofday(struct timeval *tv, void *zone)
{
	uint64_t ns = clock_wall();

	(void)zone;
	tv->tv_sec = (time_t)(ns / second_ns);
	tv->tv_usec = (suseconds_t)(ns % second_ns / 1000);
	return 0;
}

/* The time that has passed: there is one process, and idling is not told apart. */
clock_t times(struct tms *t)
{
	clock_t ticks = (clock_t)(clock_now() / (second_ns / CLOCKS_PER_SEC));

	if (t != NULL)
		*t = (struct tms){ .tms_utime = ticks };
	return ticks;
}

static void sleep_ns(uint64_t ns)
{
	uint64_t now = clock_now();

	thread_sleep_until(ns < CLOCK_NEVER - now ? now + ns : CLOCK_NEVER);
}

/* Returns the error, as POSIX has it for this function alone. */
int clock_nanosleep(clockid_t id, int flags, const struct timespec *request, struct timespec *left)
{
	struct timespec now;
	uint64_t ns;

	if (!is_valid(request) || (id != CLOCK_REALTIME && id != CLOCK_MONOTONIC))
		return EINVAL;
	ns = ns_of(request);
	if ((flags & TIMER_ABSTIME) != 0) {
		(void)clock_gettime(id, &now);
		ns = ns > ns_of(&now) ? ns - ns_of(&now) : 0;
	}
	sleep_ns(ns);
	if (left != NULL) /* there are no signals to cut a sleep short */
		*left = timespec_of(0);
	return 0;
}

int nanosleep(const struct timespec *request, struct timespec *left)
{
	int err = clock_nanosleep(CLOCK_MONOTONIC, 0, request, left);

	return err != 0 ? libc_fail(err) : 0;
}

unsigned sleep(unsigned seconds)
{
	sleep_ns(seconds * second_ns);
	return 0;
}

int usleep(useconds_t us)
{
	sleep_ns((uint64_t)us * 1000);
	return 0;
}

int sched_yield(void)
{
	thread_yield();
	return 0;
}
