/* System calls on sockets that move no bytes. Those that change a socket's state wake who waits on it. */
#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"

/* A socket's file, with a reference for the call; or -HOLM_EBADF, -HOLM_ENOTSOCK. */
static int get_socket(struct process *p, int fd, struct file **f, struct holm_socket **s)
{
	sys_enter(p);
	*f = file_of(p, fd);
	if (!*f)
		return -HOLM_EBADF;
	*s = file_socket(*f);
	if (*s)
		return 0;
	file_put(*f);
	return -HOLM_ENOTSOCK;
}

static bool may_block(const struct file *f)
{
	return !(f->flags & SYS_O_NONBLOCK);
}

int sys_socket(struct process *p, int family, int type, int protocol)
{
	const int flags = type & (SYS_O_NONBLOCK | SYS_O_CLOEXEC);
	struct file *f;
	int err;

	sys_enter(p);
	err = socket_file_open(p, family, type & ~(SYS_O_NONBLOCK | SYS_O_CLOEXEC), protocol, flags,
			       &f);
	return err ? err : fds_install(p, f, flags & SYS_O_CLOEXEC);
}

int sys_socketpair(struct process *p, int family, int type, int protocol, int fds[2])
{
	const int flags = type & (SYS_O_NONBLOCK | SYS_O_CLOEXEC);
	struct file *f[2];
	int err;

	sys_enter(p);
	if (!fds)
		return -HOLM_EFAULT;
	err = socket_file_pair(p, family, type & ~(SYS_O_NONBLOCK | SYS_O_CLOEXEC), protocol, flags,
			       f);
	return err ? err : fds_install_pair(p, f, flags & SYS_O_CLOEXEC, fds);
}

int sys_bind(struct process *p, int fd, const void *addr, uint32_t len)
{
	struct holm_socket *s;
	struct file *f;
	int err = get_socket(p, fd, &f, &s);

	if (err)
		return err;
	err = holm_socket_bind(s, addr, len);
	file_put(f);
	return err;
}

int sys_listen(struct process *p, int fd, int backlog)
{
	struct holm_socket *s;
	struct file *f;
	int err = get_socket(p, fd, &f, &s);

	if (err)
		return err;
	err = holm_socket_listen(s, backlog);
	file_wake(f);
	file_put(f);
	return err;
}

/* ---- accept ---- */

struct accept {
	void *addr;
	uint32_t *len;
	int flags;
};

/*
 * The descriptor comes first, as on Linux: where there is none nothing else is asked, and the connection
 * stays in the queue.
 */
static int64_t attempt_accept(struct file *f, void *arg)
{
	const struct accept *a = arg;
	struct file *child;
	int fd = fds_find(f->process, 0), err;

	if (fd < 0)
		return fd;
	if (!f->socket)
		return -HOLM_ENOTSOCK;
	err = socket_file_accept(f, a->addr, a->len, a->flags, &child);
	if (err)
		return err;
	fds_put(f->process, fd, child, a->flags & SYS_O_CLOEXEC);
	return fd;
}

int sys_accept4(struct process *p, int fd, void *addr, uint32_t *len, int flags)
{
	struct accept a = { addr, addr ? len : NULL, flags };
	int64_t result = -HOLM_EINVAL;
	struct file *f;

	sys_enter(p);
	f = file_of(p, fd);
	if (!f)
		return -HOLM_EBADF;
	if (!(flags & ~(SYS_O_NONBLOCK | SYS_O_CLOEXEC)))
		result = file_attempt_until(f, may_block(f),
					    f->socket ? holm_socket_rcvtimeo_ns(f->socket) : 0,
					    attempt_accept, &a);
	file_put(f);
	return (int)result;
}

int sys_accept(struct process *p, int fd, void *addr, uint32_t *len)
{
	return sys_accept4(p, fd, addr, len, 0);
}

/* ---- connect ---- */

struct connect {
	const void *addr;
	uint32_t len;
};

static int64_t attempt_connect(struct file *f, void *arg)
{
	const struct connect *c = arg;
	int err = holm_socket_connect(file_socket(f), c->addr, c->len);

	return err == -HOLM_EINPROGRESS || err == -HOLM_EALREADY ? -HOLM_EAGAIN : err;
}

int sys_connect(struct process *p, int fd, const void *addr, uint32_t len)
{
	struct connect c = { addr, len };
	struct holm_socket *s;
	struct file *f;
	int err = get_socket(p, fd, &f, &s);

	if (err)
		return err;
	err = holm_socket_connect(s, addr, len);
	if (may_block(f) &&
	    (err == -HOLM_EINPROGRESS || err == -HOLM_EALREADY || err == -HOLM_EAGAIN)) {
		int late = err == -HOLM_EAGAIN ? err : -HOLM_EINPROGRESS;

		err = (int)file_attempt_until(f, true, holm_socket_sndtimeo_ns(s), attempt_connect,
					      &c);
		err = err == -HOLM_EAGAIN ? late : err;
	}
	file_wake(f);
	file_put(f);
	return err;
}

int sys_shutdown(struct process *p, int fd, int how)
{
	struct holm_socket *s;
	struct file *f;
	int err = get_socket(p, fd, &f, &s);

	if (err)
		return err;
	err = holm_socket_shutdown(s, how);
	file_wake(f);
	file_put(f);
	return err;
}

/* ---- names and options ---- */

int sys_getsockname(struct process *p, int fd, void *addr, uint32_t *len)
{
	struct holm_socket *s;
	struct file *f;
	int err = get_socket(p, fd, &f, &s);

	if (err)
		return err;
	err = holm_socket_getsockname(s, addr, len);
	file_put(f);
	return err;
}

int sys_getpeername(struct process *p, int fd, void *addr, uint32_t *len)
{
	struct holm_socket *s;
	struct file *f;
	int err = get_socket(p, fd, &f, &s);

	if (err)
		return err;
	err = holm_socket_getpeername(s, addr, len);
	file_put(f);
	return err;
}

int sys_setsockopt(struct process *p, int fd, int level, int name, const void *value, uint32_t len)
{
	struct holm_socket *s;
	struct file *f;
	int err = get_socket(p, fd, &f, &s);

	if (err)
		return err;
	err = holm_socket_setsockopt(s, level, name, value, len);
	file_wake(f); /* a larger buffer is room that a writer waits for */
	file_put(f);
	return err;
}

int sys_getsockopt(struct process *p, int fd, int level, int name, void *value, uint32_t *len)
{
	struct holm_socket *s;
	struct file *f;
	int err = get_socket(p, fd, &f, &s);

	if (err)
		return err;
	err = holm_socket_getsockopt(s, level, name, value, len);
	file_put(f);
	return err;
}
