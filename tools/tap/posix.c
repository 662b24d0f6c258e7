/*
 * The calls of an application under the names that posix.h gives them. Descriptors from
 * TAP_FD_FIRST on are holm's, lower ones the host's: a program may hold files and sockets at the same
 * time, and read, write and close either. poll() waits for sockets only.
 *
 * Numbers and layouts of kernel/sys are Linux's, so nothing is translated but the descriptors.
 */
#define TAP_POSIX_HOST
#include "tools/tap/posix.h"

#include <stdarg.h>

#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"
#include "tools/tap/world.h"

/* A descriptor of the host in the eyes of kernel/sys: one that is never open. */
#define FD_FOREIGN 0x40000000

_Static_assert(sizeof(struct sys_pollfd) == sizeof(struct pollfd), "Linux's layout");
_Static_assert(sizeof(struct holm_iov) == sizeof(struct iovec), "Linux's layout");
_Static_assert(sizeof(struct sys_msghdr) == sizeof(struct msghdr), "Linux's layout");
_Static_assert(sizeof(struct sys_timespec) == sizeof(struct timespec), "Linux's layout");
_Static_assert(HOLM_EAGAIN == EAGAIN && HOLM_ETIMEDOUT == ETIMEDOUT, "Linux's numbers");

static bool is_ours(int fd)
{
	return fd >= TAP_FD_FIRST;
}

static int inner(int fd)
{
	return is_ours(fd) ? fd - TAP_FD_FIRST : fd < 0 ? fd : fd + FD_FOREIGN;
}

static int outer(int fd)
{
	return fd < 0 ? fd : fd >= FD_FOREIGN ? fd - FD_FOREIGN : fd + TAP_FD_FIRST;
}

static ssize_t result(int64_t r)
{
	if (r >= 0)
		return (ssize_t)r;
	errno = (int)-r;
	return -1;
}

/* A new descriptor, or an error. */
static int new_fd(int r)
{
	return (int)result(r >= 0 ? r + TAP_FD_FIRST : r);
}

int tap_socket(int family, int type, int protocol)
{
	return new_fd(sys_socket(process_current(), family, type, protocol));
}

int tap_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return (int)result(sys_bind(process_current(), inner(fd), addr, len));
}

int tap_listen(int fd, int backlog)
{
	return (int)result(sys_listen(process_current(), inner(fd), backlog));
}

int tap_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	return new_fd(sys_accept4(process_current(), inner(fd), addr, len, flags));
}

int tap_accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	return tap_accept4(fd, addr, len, 0);
}

int tap_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return (int)result(sys_connect(process_current(), inner(fd), addr, len));
}

int tap_shutdown(int fd, int how)
{
	return (int)result(sys_shutdown(process_current(), inner(fd), how));
}

int tap_getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	return (int)result(sys_getsockname(process_current(), inner(fd), addr, len));
}

int tap_getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
	return (int)result(sys_getpeername(process_current(), inner(fd), addr, len));
}

int tap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return (int)result(sys_setsockopt(process_current(), inner(fd), level, name, value, len));
}

int tap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	return (int)result(sys_getsockopt(process_current(), inner(fd), level, name, value, len));
}

/* ---- moving bytes ---- */

ssize_t tap_sendto(int fd, const void *buf, size_t n, int flags, const struct sockaddr *addr,
		   socklen_t len)
{
	return result(sys_sendto(process_current(), inner(fd), buf, n, flags, addr, len));
}

ssize_t tap_send(int fd, const void *buf, size_t n, int flags)
{
	return result(sys_send(process_current(), inner(fd), buf, n, flags));
}

ssize_t tap_recvfrom(int fd, void *buf, size_t n, int flags, struct sockaddr *addr, socklen_t *len)
{
	return result(sys_recvfrom(process_current(), inner(fd), buf, n, flags, addr, len));
}

ssize_t tap_recv(int fd, void *buf, size_t n, int flags)
{
	return result(sys_recv(process_current(), inner(fd), buf, n, flags));
}

ssize_t tap_sendmsg(int fd, const struct msghdr *m, int flags)
{
	return result(sys_sendmsg(process_current(), inner(fd), (const void *)m, flags));
}

/* Descriptors in a message keep kernel/sys' numbers: the applications here pass none. */
ssize_t tap_recvmsg(int fd, struct msghdr *m, int flags)
{
	return result(sys_recvmsg(process_current(), inner(fd), (void *)m, flags));
}

ssize_t tap_read(int fd, void *buf, size_t n)
{
	if (!is_ours(fd))
		return read(fd, buf, n);
	return result(sys_read(process_current(), inner(fd), buf, n));
}

ssize_t tap_write(int fd, const void *buf, size_t n)
{
	if (!is_ours(fd))
		return write(fd, buf, n);
	return result(sys_write(process_current(), inner(fd), buf, n));
}

ssize_t tap_readv(int fd, const struct iovec *iov, int n)
{
	if (!is_ours(fd))
		return readv(fd, iov, n);
	return result(sys_readv(process_current(), inner(fd), (const void *)iov, n));
}

ssize_t tap_writev(int fd, const struct iovec *iov, int n)
{
	if (!is_ours(fd))
		return writev(fd, iov, n);
	return result(sys_writev(process_current(), inner(fd), (const void *)iov, n));
}

/* ---- descriptors and waiting ---- */

int tap_close(int fd)
{
	return is_ours(fd) ? (int)result(sys_close(process_current(), inner(fd))) : close(fd);
}

int tap_dup(int fd)
{
	return is_ours(fd) ? new_fd(sys_dup(process_current(), inner(fd))) : dup(fd);
}

int tap_fcntl(int fd, int cmd, ...)
{
	va_list args;
	long arg;

	va_start(args, cmd);
	arg = va_arg(args, long);
	va_end(args);
	if (!is_ours(fd))
		return fcntl(fd, cmd, arg);
	if (cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC)
		return new_fd(sys_fcntl(process_current(), inner(fd), cmd,
					arg > TAP_FD_FIRST ? arg - TAP_FD_FIRST : 0));
	return (int)result(sys_fcntl(process_current(), inner(fd), cmd, arg));
}

int tap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (!is_ours(fd))
		return ioctl(fd, request, arg);
	return (int)result(sys_ioctl(process_current(), inner(fd), (uint32_t)request, arg));
}

/* The numbers are changed in place and back: a copy of a large array would cost more than the call. */
int tap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	int r;

	for (nfds_t i = 0; i < n; i++)
		fds[i].fd = inner(fds[i].fd);
	r = sys_poll(process_current(), (struct sys_pollfd *)(void *)fds, n, timeout_ms);
	for (nfds_t i = 0; i < n; i++)
		fds[i].fd = outer(fds[i].fd);
	return (int)result(r);
}

int tap_nanosleep(const struct timespec *req, struct timespec *left)
{
	return (int)result(sys_nanosleep(process_current(), (const void *)req, (void *)left));
}

unsigned tap_sleep(unsigned seconds)
{
	struct timespec ts = { .tv_sec = (time_t)seconds };

	(void)tap_nanosleep(&ts, NULL);
	return 0;
}

int tap_usleep(useconds_t us)
{
	struct timespec ts = { .tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000 };

	return tap_nanosleep(&ts, NULL);
}
