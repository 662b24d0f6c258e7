/* Calls on sockets that move no bytes. Families that are not holm's stay the host's. */
#include <errno.h>
#include <fcntl.h>

#include "kernel/sys/sys.h"
#include "tools/preload/call.h"
#include "tools/preload/host.h"

static int fail(int err)
{
	errno = -err;
	return -1;
}

static bool is_holms(int family)
{
	return family == AF_INET || family == AF_INET6;
}

EXPORT int socket(int family, int type, int protocol)
{
	struct process *p;
	struct mirror *m;
	int theirs, ours, inner, err;

	if (!is_holms(family) || stack_is_starting())
		return host()->socket(family, type, protocol);
	err = stack_start();
	if (err)
		return fail(err);
	err = mirror_reserve(type & SOCK_CLOEXEC, &theirs, &ours);
	if (err)
		return fail(err);
	p = stack_enter();
	inner = sys_socket(p, family, type, protocol);
	m = inner < 0 ? NULL : mirror_open(fds_slot(p, inner)->file, theirs, ours);
	if (m)
		mirror_add(m, theirs, inner);
	else if (inner >= 0)
		sys_close(p, inner);
	stack_leave();
	if (m)
		return theirs;
	mirror_unreserve(theirs, ours);
	return fail(inner < 0 ? inner : -ENOMEM);
}

EXPORT int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->bind(fd, addr, len);
	return (int)call_end(&c, sys_bind(c.process, c.fd, addr, len));
}

EXPORT int listen(int fd, int backlog)
{
	struct call c;
	int err;

	if (!call_begin(&c, fd))
		return host()->listen(fd, backlog);
	err = sys_listen(c.process, c.fd, backlog);
	if (err == 0)
		c.mirror->is_used = true;
	return (int)call_end(&c, err);
}

/* The socket that was accepted gets its descriptor; nobody else has seen it yet. */
static int adopt(struct process *p, int inner, int theirs, int ours)
{
	struct mirror *m = mirror_open(fds_slot(p, inner)->file, theirs, ours);

	if (!m) {
		sys_close(p, inner);
		return -ENOMEM;
	}
	m->is_used = true;
	mirror_add(m, theirs, inner);
	return theirs;
}

/* Nothing is there, and the call would not wait: not worth two descriptors. */
static bool is_idle(const struct mirror *m)
{
	return (m->file->flags & SYS_O_NONBLOCK) && mirror_level(m) == 0;
}

/* As on Linux the descriptor comes first, so where there is none, the connection stays in the queue. */
EXPORT int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	int theirs, ours, result;
	struct call c;

	if (!call_begin(&c, fd))
		return host()->accept4(fd, addr, len, flags);
	if (is_idle(c.mirror))
		return (int)call_end(&c, sys_accept4(c.process, c.fd, addr, len, flags));
	result = mirror_reserve(flags & SOCK_CLOEXEC, &theirs, &ours);
	if (result)
		return (int)call_end(&c, result);
	result = sys_accept4(c.process, c.fd, addr, len, flags);
	if (result >= 0)
		result = adopt(c.process, result, theirs, ours);
	if (result < 0)
		mirror_unreserve(theirs, ours);
	return (int)call_end(&c, result);
}

EXPORT int accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	if (!mirror_of(fd))
		return host()->accept(fd, addr, len);
	return accept4(fd, addr, len, 0);
}

EXPORT int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->connect(fd, addr, len);
	c.mirror->is_used = true;
	return (int)call_end(&c, sys_connect(c.process, c.fd, addr, len));
}

EXPORT int shutdown(int fd, int how)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->shutdown(fd, how);
	return (int)call_end(&c, sys_shutdown(c.process, c.fd, how));
}

EXPORT int getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->getsockname(fd, addr, len);
	return (int)call_end(&c, sys_getsockname(c.process, c.fd, addr, len));
}

EXPORT int getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->getpeername(fd, addr, len);
	return (int)call_end(&c, sys_getpeername(c.process, c.fd, addr, len));
}

EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->setsockopt(fd, level, name, value, len);
	return (int)call_end(&c, sys_setsockopt(c.process, c.fd, level, name, value, len));
}

EXPORT int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->getsockopt(fd, level, name, value, len);
	return (int)call_end(&c, sys_getsockopt(c.process, c.fd, level, name, value, len));
}
