/* The calls of holm as POSIX has them; see front.h. Numbers and layouts of kernel/sys are Linux's. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "tools/front/front.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/timerfd.h>

#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"

/* Layouts that the host's headers and holm share. */
_Static_assert(sizeof(struct msghdr) == sizeof(struct sys_msghdr), "msghdr");
_Static_assert(sizeof(struct mmsghdr) == sizeof(struct sys_mmsghdr), "mmsghdr");
_Static_assert(sizeof(struct epoll_event) == sizeof(struct sys_epoll_event), "epoll_event");
_Static_assert(sizeof(struct pollfd) == sizeof(struct sys_pollfd), "pollfd");
_Static_assert(sizeof(struct timespec) == sizeof(struct sys_timespec), "timespec");
_Static_assert(sizeof(struct iovec) == sizeof(struct holm_iov), "iovec");
_Static_assert(HOLM_EAGAIN == EAGAIN && HOLM_ETIMEDOUT == ETIMEDOUT, "errno");

#define P process_current()

static long result(int64_t r)
{
	if (r >= 0)
		return (long)r;
	errno = (int)-r;
	return -1;
}

int holm_front_socket(int family, int type, int protocol)
{
	return (int)result(sys_socket(P, family, type, protocol));
}

int holm_front_socketpair(int family, int type, int protocol, int fds[2])
{
	return (int)result(sys_socketpair(P, family, type, protocol, fds));
}

int holm_front_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return (int)result(sys_bind(P, fd, addr, len));
}

int holm_front_listen(int fd, int backlog)
{
	return (int)result(sys_listen(P, fd, backlog));
}

int holm_front_accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	return (int)result(sys_accept(P, fd, addr, len));
}

int holm_front_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	return (int)result(sys_accept4(P, fd, addr, len, flags));
}

int holm_front_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return (int)result(sys_connect(P, fd, addr, len));
}

int holm_front_shutdown(int fd, int how)
{
	return (int)result(sys_shutdown(P, fd, how));
}

int holm_front_close(int fd)
{
	return (int)result(sys_close(P, fd));
}

int holm_front_dup(int fd)
{
	return (int)result(sys_dup(P, fd));
}

int holm_front_dup2(int fd, int to)
{
	return (int)result(sys_dup2(P, fd, to));
}

int holm_front_dup3(int fd, int to, int flags)
{
	return (int)result(sys_dup3(P, fd, to, flags));
}

ssize_t holm_front_read(int fd, void *buf, size_t n)
{
	return result(sys_read(P, fd, buf, n));
}

ssize_t holm_front_write(int fd, const void *buf, size_t n)
{
	return result(sys_write(P, fd, buf, n));
}

ssize_t holm_front_readv(int fd, const struct iovec *iov, int n)
{
	return result(sys_readv(P, fd, (const struct holm_iov *)iov, n));
}

ssize_t holm_front_writev(int fd, const struct iovec *iov, int n)
{
	return result(sys_writev(P, fd, (const struct holm_iov *)iov, n));
}

ssize_t holm_front_send(int fd, const void *buf, size_t n, int flags)
{
	return result(sys_send(P, fd, buf, n, flags));
}

ssize_t holm_front_recv(int fd, void *buf, size_t n, int flags)
{
	return result(sys_recv(P, fd, buf, n, flags));
}

ssize_t holm_front_sendto(int fd, const void *buf, size_t n, int flags, const struct sockaddr *addr,
			  socklen_t len)
{
	return result(sys_sendto(P, fd, buf, n, flags, addr, len));
}

ssize_t holm_front_recvfrom(int fd, void *buf, size_t n, int flags, struct sockaddr *addr,
			    socklen_t *len)
{
	return result(sys_recvfrom(P, fd, buf, n, flags, addr, len));
}

ssize_t holm_front_sendmsg(int fd, const struct msghdr *m, int flags)
{
	return result(sys_sendmsg(P, fd, (const struct sys_msghdr *)m, flags));
}

ssize_t holm_front_recvmsg(int fd, struct msghdr *m, int flags)
{
	return result(sys_recvmsg(P, fd, (struct sys_msghdr *)m, flags));
}

int holm_front_sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags)
{
	return (int)result(sys_sendmmsg(P, fd, (struct sys_mmsghdr *)m, n, flags));
}

int holm_front_recvmmsg(int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *ts)
{
	return (int)result(
		sys_recvmmsg(P, fd, (struct sys_mmsghdr *)m, n, flags, (struct sys_timespec *)ts));
}

int holm_front_getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	return (int)result(sys_getsockname(P, fd, addr, len));
}

int holm_front_getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
	return (int)result(sys_getpeername(P, fd, addr, len));
}

int holm_front_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return (int)result(sys_setsockopt(P, fd, level, name, value, len));
}

int holm_front_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	return (int)result(sys_getsockopt(P, fd, level, name, value, len));
}

int holm_front_fcntl(int fd, int cmd, ...)
{
	va_list args;
	int arg;

	va_start(args, cmd);
	arg = va_arg(args, int);
	va_end(args);
	return (int)result(sys_fcntl(P, fd, cmd, arg));
}

int holm_front_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	return (int)result(sys_ioctl(P, fd, (uint32_t)request, arg));
}

int holm_front_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	return (int)result(sys_poll(P, (struct sys_pollfd *)fds, n, timeout_ms));
}

int holm_front_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *ts, const void *sigmask)
{
	(void)sigmask;
	return (int)result(
		sys_ppoll(P, (struct sys_pollfd *)fds, n, (const struct sys_timespec *)ts));
}

int holm_front_epoll_create1(int flags)
{
	return (int)result(sys_epoll_create1(P, flags));
}

int holm_front_epoll_ctl(int ep, int op, int fd, struct epoll_event *ev)
{
	return (int)result(sys_epoll_ctl(P, ep, op, fd, (const struct sys_epoll_event *)ev));
}

int holm_front_epoll_wait(int ep, struct epoll_event *ev, int max, int timeout_ms)
{
	return (int)result(sys_epoll_wait(P, ep, (struct sys_epoll_event *)ev, max, timeout_ms));
}

int holm_front_eventfd(unsigned count, int flags)
{
	return (int)result(sys_eventfd(P, count, flags));
}

int holm_front_timerfd_create(int clock, int flags)
{
	return (int)result(sys_timerfd_create(P, clock, flags));
}

int holm_front_timerfd_settime(int fd, int flags, const struct itimerspec *v,
			       struct itimerspec *old)
{
	return (int)result(sys_timerfd_settime(P, fd, flags, (const struct sys_itimerspec *)v,
					       (struct sys_itimerspec *)old));
}

int holm_front_timerfd_gettime(int fd, struct itimerspec *v)
{
	return (int)result(sys_timerfd_gettime(P, fd, (struct sys_itimerspec *)v));
}

int holm_front_pipe2(int fds[2], int flags)
{
	return (int)result(sys_pipe2(P, fds, flags));
}

int holm_front_pipe(int fds[2])
{
	return holm_front_pipe2(fds, 0);
}

int holm_front_unlink(const char *path)
{
	return (int)result(sys_unlink(P, path));
}

ssize_t holm_front_sendfile(int out, int in, off_t *off, size_t n)
{
	return result(sys_sendfile(P, out, in, off, n));
}

off_t holm_front_lseek(int fd, off_t off, int whence)
{
	return result(sys_lseek(P, fd, off, whence));
}

int holm_front_clock_gettime(clockid_t clock, struct timespec *ts)
{
	return (int)result(sys_clock_gettime(P, clock, (struct sys_timespec *)ts));
}

int holm_front_nanosleep(const struct timespec *req, struct timespec *left)
{
	return (int)result(
		sys_nanosleep(P, (const struct sys_timespec *)req, (struct sys_timespec *)left));
}
