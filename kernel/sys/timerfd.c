/*
 * timerfd: expirations that can be counted and waited for. Linux's manual page, timerfd_create(2). A wall
 * clock that is set does not move a timer that is armed already.
 */
#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "lib/compiler.h"
#include "lib/mem.h"

#define NS_PER_S 1000000000ull

struct timerfd {
	struct file base;
	struct process_timer timer;
	int clock;
	uint64_t interval_ns;
	uint64_t expired; /* not read yet */
};

static struct timerfd *timerfd_of(struct file *f)
{
	return container_of(f, struct timerfd, base);
}

static bool is_armed(const struct timerfd *t)
{
	return list_is_linked(&t->timer.node);
}

/* An interval that has passed several times is several expirations. */
static void fire(struct process_timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer);
	struct process *p = t->base.process;
	uint64_t late_ns = wait_now(&p->env.wait) - timer->deadline_ns;

	t->expired++;
	if (t->interval_ns) {
		uint64_t more = late_ns / t->interval_ns;

		t->expired += more;
		process_timer_arm(p, timer, timer->deadline_ns + (more + 1) * t->interval_ns);
	}
	file_wake(&t->base);
}

static int64_t timerfd_read(struct file *f, const struct holm_iov *iov, size_t n)
{
	struct timerfd *t = timerfd_of(f);

	if (n == 0 || iov[0].len < sizeof(t->expired))
		return -HOLM_EINVAL;
	if (t->expired == 0)
		return -HOLM_EAGAIN;
	memcpy(iov[0].base, &t->expired, sizeof(t->expired));
	t->expired = 0;
	return sizeof(t->expired);
}

static unsigned timerfd_poll(struct file *f)
{
	return timerfd_of(f)->expired > 0 ? HOLM_POLLIN | HOLM_POLLRDNORM : 0;
}

static void timerfd_stat(struct file *f, struct sys_stat *st)
{
	(void)f;
	*st = (struct sys_stat){ .mode = 0600, .nlink = 1 };
}

static void timerfd_close(struct file *f)
{
	process_timer_cancel(&timerfd_of(f)->timer);
}

static const struct file_ops timerfd_ops = {
	.read = timerfd_read,
	.poll = timerfd_poll,
	.stat = timerfd_stat,
	.close = timerfd_close,
};

int sys_timerfd_create(struct process *p, int clock, int flags)
{
	struct file *f;
	int fd;

	sys_enter(p);
	if (flags & ~(SYS_O_NONBLOCK | SYS_O_CLOEXEC))
		return -HOLM_EINVAL;
	if (clock != SYS_CLOCK_REALTIME && clock != SYS_CLOCK_MONOTONIC &&
	    clock != SYS_CLOCK_BOOTTIME)
		return -HOLM_EINVAL;
	f = file_new(p, &timerfd_ops, sizeof(struct timerfd),
		     SYS_O_RDWR | (flags & SYS_O_NONBLOCK));
	if (!f)
		return -HOLM_ENOMEM;
	timerfd_of(f)->clock = clock;
	timerfd_of(f)->timer.fire = fire;
	fd = fds_add(p, f, flags & SYS_O_CLOEXEC, 0);
	if (fd < 0)
		file_put(f);
	return fd;
}

static struct sys_timespec timespec_of(uint64_t ns)
{
	return (struct sys_timespec){ (int64_t)(ns / NS_PER_S), (int64_t)(ns % NS_PER_S) };
}

static bool ns_of(const struct sys_timespec *ts, uint64_t *ns)
{
	if (ts->sec < 0 || ts->nsec < 0 || ts->nsec >= (int64_t)NS_PER_S)
		return false;
	*ns = (uint64_t)ts->sec >= WAIT_FOREVER / NS_PER_S - 1
		      ? WAIT_FOREVER
		      : (uint64_t)ts->sec * NS_PER_S + (uint64_t)ts->nsec;
	return true;
}

static void read_setting(const struct timerfd *t, struct sys_itimerspec *out)
{
	uint64_t now = wait_now(&t->base.process->env.wait);
	uint64_t left = 0;

	/* A timer that is due but did not fire yet is not disarmed: a nanosecond is left. */
	if (is_armed(t))
		left = t->timer.deadline_ns > now ? t->timer.deadline_ns - now : 1;
	out->value = timespec_of(left);
	out->interval = timespec_of(t->interval_ns);
}

/* -HOLM_EBADF, -HOLM_EINVAL. */
static int get_timerfd(struct process *p, int fd, struct timerfd **out)
{
	struct fd_slot *slot = fds_slot(p, fd);

	if (!slot)
		return -HOLM_EBADF;
	if (slot->file->ops != &timerfd_ops)
		return -HOLM_EINVAL;
	*out = timerfd_of(slot->file);
	return 0;
}

int sys_timerfd_settime(struct process *p, int fd, int flags, const struct sys_itimerspec *value,
			struct sys_itimerspec *old)
{
	uint64_t value_ns, interval_ns, deadline_ns;
	struct timerfd *t;
	int err;

	sys_enter(p);
	if (!value)
		return -HOLM_EFAULT;
	err = get_timerfd(p, fd, &t);
	if (err)
		return err;
	if ((flags & ~SYS_TIMER_ABSTIME) || !ns_of(&value->value, &value_ns) ||
	    !ns_of(&value->interval, &interval_ns))
		return -HOLM_EINVAL;
	if (old)
		read_setting(t, old);
	process_timer_cancel(&t->timer);
	t->expired = 0;
	t->interval_ns = interval_ns;
	if (value_ns == 0)
		return 0;
	deadline_ns = flags & SYS_TIMER_ABSTIME ? sys_time_absolute(p, t->clock, value_ns)
						: wait_deadline(&p->env.wait, value_ns);
	process_timer_arm(p, &t->timer, deadline_ns);
	process_timers_run(p);
	return 0;
}

int sys_timerfd_gettime(struct process *p, int fd, struct sys_itimerspec *value)
{
	struct timerfd *t;
	int err;

	sys_enter(p);
	if (!value)
		return -HOLM_EFAULT;
	err = get_timerfd(p, fd, &t);
	if (!err)
		read_setting(t, value);
	return err;
}
