/*
 * Descriptors: they are the host's, and what the program does to their numbers is done to both tables.
 * A child of vfork() borrows our memory while it closes descriptors of its own: then only the host's
 * table changes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kernel/sys/sys.h"
#include "tools/preload/call.h"
#include "tools/preload/host.h"

static int fail(int err)
{
	errno = err;
	return -1;
}

/* Closed also where it is an error: the number is free in any case. May wait, by SO_LINGER. */
static int close_ours(int fd)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->close(fd);
	mirror_remove(fd);
	host()->close(fd);
	return (int)call_end(&c, sys_close(c.process, c.fd));
}

EXPORT int close(int fd)
{
	if (mirror_is_private(fd))
		return fail(EBADF);
	if (!mirror_of(fd) || !stack_is_ours())
		return host()->close(fd);
	return close_ours(fd);
}

/* The first number from `fd` on, before `end`, that is not simply the host's. */
static unsigned next_of_ours(unsigned fd, unsigned end)
{
	while (fd < end && !mirror_of((int)fd) && !mirror_is_private((int)fd))
		fd++;
	return fd;
}

EXPORT int close_range(unsigned first, unsigned last, int flags)
{
	unsigned end = last < DESCRIPTORS_MAX ? last + 1 : DESCRIPTORS_MAX;
	unsigned fd = first;

	if (!stack_is_ours() || flags != 0 || first > last)
		return host()->close_range(first, last, flags);
	for (; fd < end; fd++) {
		unsigned next = next_of_ours(fd, end);

		if (next > fd && host()->close_range(fd, next - 1, 0) != 0)
			return -1;
		if (next < end && mirror_of((int)next))
			(void)close_ours((int)next);
		fd = next;
	}
	return last >= end ? host()->close_range(end > first ? end : first, last, 0) : 0;
}

EXPORT void closefrom(int first);

EXPORT void closefrom(int first)
{
	(void)close_range(first < 0 ? 0 : (unsigned)first, ~0u, 0);
}

/* ---- duplicates ---- */

/* `copy` is the host's duplicate of the call's descriptor. */
static int finish_copy(struct call *c, int copy)
{
	int inner;

	if (copy < 0)
		return (int)call_end(c, -errno);
	inner = copy < DESCRIPTORS_MAX ? sys_dup(c->process, c->fd) : -EMFILE;
	if (inner < 0) {
		host()->close(copy);
		return (int)call_end(c, inner);
	}
	mirror_add(c->mirror, copy, inner);
	return (int)call_end(c, copy);
}

EXPORT int dup(int fd)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->dup(fd);
	return finish_copy(&c, host()->dup(fd));
}

/*
 * What was at `to` is closed first; between that and the copy nobody else gets the number, if all
 * use one lock.
 */
static int copy_to(int fd, int to, int flags)
{
	struct call c;

	if (mirror_is_private(to))
		return fail(EBUSY);
	if (mirror_of(to) && stack_is_ours())
		(void)close_ours(to);
	if (!stack_is_ours() || !call_begin(&c, fd))
		return host()->dup3(fd, to, flags);
	return finish_copy(&c, host()->dup3(fd, to, flags));
}

EXPORT int dup2(int fd, int to)
{
	if (fd == to || to < 0 || (!mirror_of(fd) && !mirror_of(to) && !mirror_is_private(to)))
		return host()->dup2(fd, to);
	if (host()->fcntl(fd, F_GETFD) < 0)
		return -1;
	return copy_to(fd, to, 0);
}

EXPORT int dup3(int fd, int to, int flags)
{
	if (fd == to || to < 0 || (flags & ~O_CLOEXEC) != 0 ||
	    (!mirror_of(fd) && !mirror_of(to) && !mirror_is_private(to)))
		return host()->dup3(fd, to, flags);
	if (host()->fcntl(fd, F_GETFD) < 0)
		return -1;
	return copy_to(fd, to, flags);
}

/* ---- fcntl, ioctl ---- */

static int control(int fd, int cmd, long arg)
{
	struct call c;

	switch (cmd) {
	case F_GETFD:
	case F_SETFD:
		return host()->fcntl(fd, cmd, arg);
	default:
		break;
	}
	if (!stack_is_ours() || !call_begin(&c, fd))
		return host()->fcntl(fd, cmd, arg);
	if (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC)
		return finish_copy(&c, host()->fcntl(fd, cmd, arg));
	return (int)call_end(&c, sys_fcntl(c.process, c.fd, cmd, arg));
}

EXPORT int fcntl(int fd, int cmd, ...)
{
	va_list args;
	long arg;

	va_start(args, cmd);
	arg = va_arg(args, long);
	va_end(args);
	return mirror_of(fd) ? control(fd, cmd, arg) : host()->fcntl(fd, cmd, arg);
}

EXPORT int fcntl64(int fd, int cmd, ...);

EXPORT int fcntl64(int fd, int cmd, ...)
{
	va_list args;
	long arg;

	va_start(args, cmd);
	arg = va_arg(args, long);
	va_end(args);
	return mirror_of(fd) ? control(fd, cmd, arg) : host()->fcntl(fd, cmd, arg);
}

EXPORT int ioctl(int fd, unsigned long request, ...)
{
	struct call c;
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (request == FIOCLEX || request == FIONCLEX || !call_begin(&c, fd))
		return host()->ioctl(fd, request, arg);
	return (int)call_end(&c, sys_ioctl(c.process, c.fd, (uint32_t)request, arg));
}

/* ---- streams ---- */

/* The C library's streams use calls of its own inside; one on a socket of holm gets these. */
static ssize_t stream_read(void *cookie, char *buf, size_t n)
{
	return read(*(int *)cookie, buf, n);
}

static ssize_t stream_write(void *cookie, const char *buf, size_t n)
{
	return write(*(int *)cookie, buf, n);
}

static int stream_close(void *cookie)
{
	int fd = *(int *)cookie;

	free(cookie);
	return close(fd);
}

EXPORT FILE *fdopen(int fd, const char *mode)
{
	static const cookie_io_functions_t functions = {
		.read = stream_read,
		.write = stream_write,
		.close = stream_close,
	};
	int *cookie;
	FILE *f;

	if (!mirror_of(fd))
		return host()->fdopen(fd, mode);
	cookie = malloc(sizeof(*cookie));
	if (!cookie)
		return NULL;
	*cookie = fd;
	f = fopencookie(cookie, mode, functions);
	if (!f)
		free(cookie);
	else
		f->_fileno = fd;
	return f;
}
