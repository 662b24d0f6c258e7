/* time.c -- clocks and sleeping under their POSIX names. */
#include <time.h>
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/time.h>
#include <sys/times.h>
#include <unistd.h>

#include "kernel/libc/error.h"
#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"

static struct timespec from_sys(const struct sys_timespec *ts)
{
	return (struct timespec){ .tv_sec = (time_t)ts->sec, .tv_nsec = (long)ts->nsec };
}

static struct sys_timespec to_sys(const struct timespec *ts)
{
	return (struct sys_timespec){ .sec = ts->tv_sec, .nsec = ts->tv_nsec };
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	struct sys_timespec now;
	int err = sys_clock_gettime(process_current(), (int)id, &now);

	if (err != 0) {
		libc_fail(-err);
		return -1;
	}
	*ts = from_sys(&now);
	return 0;
}

int clock_settime(clockid_t id, const struct timespec *ts)
{
	struct sys_timespec wanted = to_sys(ts);

	return libc_result(sys_clock_settime(process_current(), (int)id, &wanted));
}

int clock_getres(clockid_t id, struct timespec *ts)
{
	struct sys_timespec step;
	int err = sys_clock_getres(process_current(), (int)id, &step);

	if (err != 0) {
		libc_fail(-err);
		return -1;
	}
	if (ts != NULL)
		*ts = from_sys(&step);
	return 0;
}

int gettimeofday(struct timeval *tv, void *zone)
{
	struct timespec now;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return -1;
	tv->tv_sec = now.tv_sec;
	tv->tv_usec = now.tv_nsec / 1000;
	return 0;
}

/* The time that has passed: there is one process, and idling is not told apart. */
clock_t times(struct tms *t)
{
	struct timespec now;
	clock_t ticks;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return (clock_t)-1;
	ticks = (clock_t)now.tv_sec * CLOCKS_PER_SEC +
		(clock_t)now.tv_nsec / (1000000000 / CLOCKS_PER_SEC);
	if (t != NULL)
		*t = (struct tms){ .tms_utime = ticks };
	return ticks;
}

/* Returns the error, as POSIX has it for this function alone. */
int clock_nanosleep(clockid_t id, int flags, const struct timespec *request, struct timespec *left)
{
	struct sys_timespec wanted = to_sys(request), rest;
	int err = sys_clock_nanosleep(process_current(), (int)id, flags, &wanted, &rest);

	if (err == 0 && left != NULL)
		*left = from_sys(&rest);
	return -err;
}

int nanosleep(const struct timespec *request, struct timespec *left)
{
	int err = clock_nanosleep(CLOCK_MONOTONIC, 0, request, left);

	return err != 0 ? libc_fail(err) : 0;
}

unsigned sleep(unsigned seconds)
{
	struct timespec ts = { .tv_sec = (time_t)seconds };

	(void)nanosleep(&ts, NULL);
	return 0;
}

int usleep(useconds_t us)
{
	struct timespec ts = { .tv_sec = (time_t)(us / 1000000),
			       .tv_nsec = (long)(us % 1000000) * 1000 };

	return nanosleep(&ts, NULL);
}

int sched_yield(void)
{
	return libc_result(sys_yield(process_current()));
}
