/*
 * timerfd: expirations that can be counted and waited for. Linux's manual page, timerfd_create(2). A wall
 * clock that is set does not move a timer that is armed already.
 */
#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "kernel/sys/timespec.h"
#include "lib/compiler.h"
#include "lib/mem.h"

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

/* An interval that has passed several times is several expirations. */
static void fire(struct process_timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer);
	struct process *p = t->base.process;
	uint64_t late_ns = wait_now(&p->env.wait) - timer->deadline.at_ns;

	t->expired++;
	if (t->interval_ns) {
		uint64_t more = late_ns / t->interval_ns;

		t->expired += more;
		process_timer_arm(p, timer, timer->deadline.at_ns + (more + 1) * t->interval_ns);
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

static void timerfd_close(struct file *f)
{
	process_timer_cancel(f->process, &timerfd_of(f)->timer);
	process_timer_drop(f->process);
}

static const struct file_ops timerfd_ops = {
	.read = timerfd_read,
	.poll = timerfd_poll,
	.close = timerfd_close,
};

int sys_timerfd_create(struct process *p, int clock, int flags)
{
	struct file *f;

	sys_enter(p);
	if (flags & ~(SYS_O_NONBLOCK | SYS_O_CLOEXEC))
		return -HOLM_EINVAL;
	if (clock != SYS_CLOCK_REALTIME && clock != SYS_CLOCK_MONOTONIC &&
	    clock != SYS_CLOCK_BOOTTIME)
		return -HOLM_EINVAL;
	if (process_timer_add(p) != 0)
		return -HOLM_ENOMEM;
	f = file_new(p, &timerfd_ops, sizeof(struct timerfd),
		     SYS_O_RDWR | (flags & SYS_O_NONBLOCK));
	if (!f) {
		process_timer_drop(p);
		return -HOLM_ENOMEM;
	}
	timerfd_of(f)->clock = clock;
	timerfd_of(f)->timer.fire = fire;
	return fds_install(p, f, flags & SYS_O_CLOEXEC);
}

static void read_setting(const struct timerfd *t, struct sys_itimerspec *out)
{
	uint64_t now = wait_now(&t->base.process->env.wait);
	uint64_t left = 0;

	/* A timer that is due but did not fire yet is not disarmed: a nanosecond is left. */
	if (process_timer_is_armed(&t->timer))
		left = t->timer.deadline.at_ns > now ? t->timer.deadline.at_ns - now : 1;
	out->value = timespec_of_ns(left);
	out->interval = timespec_of_ns(t->interval_ns);
}

/* How every call on a timer begins. -HOLM_EFAULT, -HOLM_EBADF, -HOLM_EINVAL. */
static int get_timerfd(struct process *p, int fd, const void *value, struct timerfd **out)
{
	struct fd_slot *slot;

	sys_enter(p);
	if (!value)
		return -HOLM_EFAULT;
	slot = fds_slot(p, fd);
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
	int err = get_timerfd(p, fd, value, &t);

	if (err)
		return err;
	if ((flags & ~SYS_TIMER_ABSTIME) || !timespec_to_ns(&value->value, &value_ns) ||
	    !timespec_to_ns(&value->interval, &interval_ns))
		return -HOLM_EINVAL;
	if (old)
		read_setting(t, old);
	process_timer_cancel(p, &t->timer);
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
	int err = get_timerfd(p, fd, value, &t);

	if (!err)
		read_setting(t, value);
	return err;
}
