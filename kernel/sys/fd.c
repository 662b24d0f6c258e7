/* System calls on descriptors and on files of every kind: dup, close, fcntl, ioctl, open, stat, lseek. */
#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "lib/mem.h"

int sys_close(struct process *p, int fd)
{
	struct file *f;

	sys_enter(p);
	f = fds_take(p, fd);
	if (!f)
		return -HOLM_EBADF;
	file_put(f);
	return 0;
}

/* ---- duplicates ---- */

static int duplicate(struct process *p, int fd, bool cloexec, uint32_t from)
{
	struct file *f = file_of(p, fd);
	int copy;

	if (!f)
		return -HOLM_EBADF;
	copy = fds_add(p, f, cloexec, from);
	if (copy < 0)
		file_put(f);
	return copy;
}

int sys_dup(struct process *p, int fd)
{
	sys_enter(p);
	return duplicate(p, fd, false, 0);
}

int sys_dup3(struct process *p, int fd, int to, int flags)
{
	struct file *f, *old = NULL;
	int err;

	sys_enter(p);
	if (fd == to || (flags & ~SYS_O_CLOEXEC))
		return -HOLM_EINVAL;
	if (to < 0)
		return -HOLM_EBADF;
	f = file_of(p, fd);
	if (!f)
		return -HOLM_EBADF;
	err = fds_put_at(p, (uint32_t)to, f, flags & SYS_O_CLOEXEC, &old);
	if (err) {
		file_put(f);
		return err;
	}
	if (old)
		file_put(old);
	return to;
}

int sys_dup2(struct process *p, int fd, int to)
{
	if (fd != to)
		return sys_dup3(p, fd, to, 0);
	return fds_slot(p, fd) ? fd : -HOLM_EBADF;
}

/* ---- fcntl, ioctl ---- */

static int duplicate_from(struct process *p, int fd, int64_t from, bool cloexec)
{
	if (from < 0 || from >= p->fds.max)
		return -HOLM_EINVAL;
	return duplicate(p, fd, cloexec, (uint32_t)from);
}

static int set_flags(struct file *f, int64_t flags)
{
	const int settable = SYS_O_NONBLOCK | SYS_O_APPEND;

	f->flags = (f->flags & ~settable) | ((int)flags & settable);
	return 0;
}

static int resize_pipe(struct file *f, int64_t bytes)
{
	return f->ops->resize ? (int)f->ops->resize(f, bytes) : -HOLM_EBADF;
}

int sys_fcntl(struct process *p, int fd, int cmd, int64_t arg)
{
	struct fd_slot *slot;

	sys_enter(p);
	slot = fds_slot(p, fd);
	if (!slot)
		return -HOLM_EBADF;
	switch (cmd) {
	case SYS_F_DUPFD:
		return duplicate_from(p, fd, arg, false);
	case SYS_F_DUPFD_CLOEXEC:
		return duplicate_from(p, fd, arg, true);
	case SYS_F_GETFD:
		return slot->cloexec ? SYS_FD_CLOEXEC : 0;
	case SYS_F_SETFD:
		slot->cloexec = arg & SYS_FD_CLOEXEC;
		return 0;
	case SYS_F_GETFL:
		return slot->file->flags;
	case SYS_F_SETFL:
		return set_flags(slot->file, arg);
	case SYS_F_GETPIPE_SZ:
		return resize_pipe(slot->file, -1);
	case SYS_F_SETPIPE_SZ:
		return arg < 0 ? -HOLM_EINVAL : resize_pipe(slot->file, arg);
	default:
		return -HOLM_EINVAL;
	}
}

static int put_count(int64_t n, void *arg)
{
	int number = n > INT32_MAX ? INT32_MAX : (int)n;

	if (n < 0)
		return (int)n;
	memcpy(arg, &number, sizeof(number));
	return 0;
}

static int set_nonblocking(struct file *f, const void *arg)
{
	int on;

	memcpy(&on, arg, sizeof(on));
	f->flags &= ~SYS_O_NONBLOCK;
	f->flags |= on ? SYS_O_NONBLOCK : 0;
	return 0;
}

int sys_ioctl(struct process *p, int fd, uint32_t request, void *arg)
{
	struct fd_slot *slot;
	struct file *f;

	sys_enter(p);
	slot = fds_slot(p, fd);
	if (!slot)
		return -HOLM_EBADF;
	f = slot->file;
	switch (request) {
	case SYS_FIONREAD:
		return !arg ? -HOLM_EFAULT
			    : put_count(f->ops->readable ? f->ops->readable(f) : -HOLM_ENOTTY, arg);
	case SYS_TIOCOUTQ:
		return !arg ? -HOLM_EFAULT
			    : put_count(f->ops->unsent ? f->ops->unsent(f) : -HOLM_ENOTTY, arg);
	case SYS_SIOCATMARK:
		if (!file_socket(f))
			return -HOLM_ENOTTY;
		return !arg ? -HOLM_EFAULT : put_count(holm_socket_at_mark(file_socket(f)), arg);
	case SYS_FIONBIO:
		return !arg ? -HOLM_EFAULT : set_nonblocking(f, arg);
	default:
		return file_socket(f) ? interface_ioctl(p, request, arg) : -HOLM_ENOTTY;
	}
}

/* ---- files ---- */

int sys_open(struct process *p, const char *path, int flags)
{
	struct file *f;
	int err;

	sys_enter(p);
	err = tree_open(p, path, flags, &f);
	return err ? err : fds_install(p, f, flags & SYS_O_CLOEXEC);
}

/* Sockets are the only names that come and go. */
int sys_unlink(struct process *p, const char *path)
{
	struct sys_stat st;
	int err;

	sys_enter(p);
	if (!path)
		return -HOLM_EFAULT;
	if (p->env.net && holm_socket_unlink(p->env.net, path) == 0)
		return 0;
	err = tree_stat(p, path, &st);
	return err ? err : -HOLM_EROFS;
}

int sys_stat(struct process *p, const char *path, struct sys_stat *st)
{
	sys_enter(p);
	if (!st || !path)
		return -HOLM_EFAULT;
	if (p->env.net && holm_socket_path_exists(p->env.net, path)) {
		*st = (struct sys_stat){ .mode = SYS_S_IFSOCK | 0777u, .nlink = 1 };
		return 0;
	}
	return tree_stat(p, path, st);
}

int sys_fstat(struct process *p, int fd, struct sys_stat *st)
{
	struct fd_slot *slot;

	sys_enter(p);
	slot = fds_slot(p, fd);
	if (!slot)
		return -HOLM_EBADF;
	if (!st)
		return -HOLM_EFAULT;
	/* What has no stat is what Linux calls an anonymous inode. */
	*st = (struct sys_stat){ .mode = 0600, .nlink = 1 };
	if (slot->file->ops->stat)
		slot->file->ops->stat(slot->file, st);
	return 0;
}

int64_t sys_lseek(struct process *p, int fd, int64_t off, int whence)
{
	struct fd_slot *slot;

	sys_enter(p);
	slot = fds_slot(p, fd);
	if (!slot)
		return -HOLM_EBADF;
	return slot->file->ops->seek ? slot->file->ops->seek(slot->file, off, whence)
				     : -HOLM_ESPIPE;
}

int sys_readdir(struct process *p, int fd, struct sys_dirent *e)
{
	struct fd_slot *slot;

	sys_enter(p);
	slot = fds_slot(p, fd);
	if (!slot)
		return -HOLM_EBADF;
	if (!e)
		return -HOLM_EFAULT;
	return slot->file->ops->readdir ? slot->file->ops->readdir(slot->file, e) : -HOLM_ENOTDIR;
}

int sys_map_file(struct process *p, int fd, const void **data, size_t *len)
{
	struct fd_slot *slot;

	sys_enter(p);
	slot = fds_slot(p, fd);
	if (!slot)
		return -HOLM_EBADF;
	if (!data || !len)
		return -HOLM_EFAULT;
	return slot->file->ops->map ? slot->file->ops->map(slot->file, data, len) : -HOLM_EINVAL;
}
