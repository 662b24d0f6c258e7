/* ready.c -- epoll, eventfd, timerfd and pipes under their Linux names. */
#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "kernel/libc/error.h"
#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"

int epoll_create1(int flags)
{
	return libc_result(sys_epoll_create1(process_current(), flags));
}

int epoll_create(int size)
{
	return size > 0 ? epoll_create1(0) : libc_fail(EINVAL);
}

int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	return libc_result(sys_epoll_ctl(process_current(), epfd, op, fd,
					 (const struct sys_epoll_event *)event));
}

int epoll_wait(int epfd, struct epoll_event *events, int max, int timeout_ms)
{
	return libc_result(sys_epoll_wait(process_current(), epfd, (struct sys_epoll_event *)events,
					  max, timeout_ms));
}

int eventfd(unsigned count, int flags)
{
	return libc_result(sys_eventfd(process_current(), count, flags));
}

int eventfd_read(int fd, eventfd_t *value)
{
	return read(fd, value, sizeof(*value)) == (ssize_t)sizeof(*value) ? 0 : -1;
}

int eventfd_write(int fd, eventfd_t value)
{
	return write(fd, &value, sizeof(value)) == (ssize_t)sizeof(value) ? 0 : -1;
}

int timerfd_create(int clock, int flags)
{
	return libc_result(sys_timerfd_create(process_current(), clock, flags));
}

int timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old)
{
	return libc_result(sys_timerfd_settime(process_current(), fd, flags,
					       (const struct sys_itimerspec *)(const void *)value,
					       (struct sys_itimerspec *)(void *)old));
}

int timerfd_gettime(int fd, struct itimerspec *value)
{
	return libc_result(
		sys_timerfd_gettime(process_current(), fd, (struct sys_itimerspec *)(void *)value));
}

int pipe2(int fds[2], int flags)
{
	return libc_result(sys_pipe2(process_current(), fds, flags));
}

int pipe(int fds[2])
{
	return pipe2(fds, 0);
}

/* The name of a Unix socket is the only one that can be removed. */
int unlink(const char *path)
{
	return libc_result(sys_unlink(process_current(), path));
}
