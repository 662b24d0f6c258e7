/* eventfd: a counter that can be waited for. Linux's manual page, eventfd(2). */
#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "lib/compiler.h"
#include "lib/mem.h"

struct eventfd {
	struct file base;
	uint64_t count;
	bool semaphore;
};

static struct eventfd *eventfd_of(struct file *f)
{
	return container_of(f, struct eventfd, base);
}

/* The eight bytes at the beginning of the pieces; false: there are fewer. */
static bool first_word(const struct holm_iov *iov, size_t n, void **word)
{
	*word = n > 0 ? iov[0].base : NULL;
	return n > 0 && iov[0].len >= sizeof(uint64_t);
}

static int64_t eventfd_read(struct file *f, const struct holm_iov *iov, size_t n)
{
	struct eventfd *e = eventfd_of(f);
	uint64_t value;
	void *to;

	if (!first_word(iov, n, &to))
		return -HOLM_EINVAL;
	if (e->count == 0)
		return -HOLM_EAGAIN;
	value = e->semaphore ? 1 : e->count;
	e->count -= value;
	memcpy(to, &value, sizeof(value));
	file_wake(f);
	return sizeof(value);
}

static int64_t eventfd_write(struct file *f, const struct holm_iov *iov, size_t n)
{
	struct eventfd *e = eventfd_of(f);
	uint64_t value;
	void *from;

	if (!first_word(iov, n, &from))
		return -HOLM_EINVAL;
	memcpy(&value, from, sizeof(value));
	if (value == UINT64_MAX)
		return -HOLM_EINVAL;
	if (value > UINT64_MAX - 1 - e->count)
		return -HOLM_EAGAIN;
	e->count += value;
	file_wake(f);
	return sizeof(value);
}

static unsigned eventfd_poll(struct file *f)
{
	const struct eventfd *e = eventfd_of(f);

	return (e->count > 0 ? HOLM_POLLIN | HOLM_POLLRDNORM : 0u) |
	       (e->count < UINT64_MAX - 1 ? HOLM_POLLOUT | HOLM_POLLWRNORM : 0u);
}

static const struct file_ops eventfd_ops = {
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
};

int sys_eventfd(struct process *p, uint32_t count, int flags)
{
	struct file *f;

	sys_enter(p);
	if (flags & ~(SYS_EFD_SEMAPHORE | SYS_O_NONBLOCK | SYS_O_CLOEXEC))
		return -HOLM_EINVAL;
	f = file_new(p, &eventfd_ops, sizeof(struct eventfd),
		     SYS_O_RDWR | (flags & SYS_O_NONBLOCK));
	if (!f)
		return -HOLM_ENOMEM;
	eventfd_of(f)->count = count;
	eventfd_of(f)->semaphore = flags & SYS_EFD_SEMAPHORE;
	return fds_install(p, f, flags & SYS_O_CLOEXEC);
}
