/* Clocks and sleeping. */
#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "kernel/sys/timespec.h"

static bool is_wall(int clock)
{
	return clock == SYS_CLOCK_REALTIME || clock == SYS_CLOCK_REALTIME_COARSE;
}

/* One program, one core, no accounts of time: a processor-time clock is the time since boot. */
static bool is_known(int clock)
{
	return clock >= SYS_CLOCK_REALTIME && clock <= SYS_CLOCK_BOOTTIME;
}

static uint64_t read_clock(const struct process *p, int clock)
{
	uint64_t now = wait_now(&p->env.wait);

	if (!is_wall(clock))
		return now;
	return p->env.wall ? p->env.wall() : now;
}

int sys_clock_gettime(struct process *p, int clock, struct sys_timespec *ts)
{
	sys_enter(p);
	if (!is_known(clock))
		return -HOLM_EINVAL;
	if (!ts)
		return -HOLM_EFAULT;
	*ts = timespec_of_ns(read_clock(p, clock));
	return 0;
}

int sys_clock_settime(struct process *p, int clock, const struct sys_timespec *ts)
{
	uint64_t ns;

	sys_enter(p);
	if (clock != SYS_CLOCK_REALTIME)
		return -HOLM_EINVAL;
	if (!ts)
		return -HOLM_EFAULT;
	if (!timespec_to_ns(ts, &ns))
		return -HOLM_EINVAL;
	if (!p->env.set_wall)
		return -HOLM_EPERM;
	p->env.set_wall(ns);
	return 0;
}

int sys_clock_getres(struct process *p, int clock, struct sys_timespec *ts)
{
	sys_enter(p);
	if (!is_known(clock))
		return -HOLM_EINVAL;
	if (ts)
		*ts = (struct sys_timespec){ 0, 1 };
	return 0;
}

static void sleep_until(struct process *p, uint64_t deadline_ns)
{
	while (wait_now(&p->env.wait) < deadline_ns)
		(void)process_sleep(p, deadline_ns);
}

/* A deadline on the wall clock is one on the monotonic clock as the two stand now. */
uint64_t sys_time_absolute(const struct process *p, int clock, uint64_t ns)
{
	uint64_t clock_now = read_clock(p, clock);

	return ns <= clock_now ? 0 : wait_deadline(&p->env.wait, ns - clock_now);
}

int sys_clock_nanosleep(struct process *p, int clock, int flags, const struct sys_timespec *req,
			struct sys_timespec *left)
{
	uint64_t ns;

	sys_enter(p);
	if (!is_known(clock) || clock == SYS_CLOCK_THREAD_CPUTIME)
		return -HOLM_EINVAL;
	if (!req)
		return -HOLM_EFAULT;
	if (!timespec_to_ns(req, &ns))
		return -HOLM_EINVAL;
	sleep_until(p, flags & SYS_TIMER_ABSTIME ? sys_time_absolute(p, clock, ns)
						 : wait_deadline(&p->env.wait, ns));
	if (left && !(flags & SYS_TIMER_ABSTIME))
		*left = (struct sys_timespec){ 0, 0 };
	return 0;
}

int sys_nanosleep(struct process *p, const struct sys_timespec *req, struct sys_timespec *left)
{
	return sys_clock_nanosleep(p, SYS_CLOCK_MONOTONIC, 0, req, left);
}

int sys_yield(struct process *p)
{
	sys_enter(p);
	p->env.wait.ops->yield(p->env.wait.ctx);
	return 0;
}
