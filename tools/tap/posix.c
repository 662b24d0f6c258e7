/*
 * The calls that take descriptors of either kind. From TAP_FD_FIRST on they are holm's, lower ones the
 * host's: a program may hold files and sockets at the same time, and read, write and close either. All
 * other calls on descriptors are tools/front's; poll() waits for sockets only.
 */
#define TAP_POSIX_HOST
#include "tools/tap/posix.h"

#include <stdarg.h>
#include <stdbool.h>

static bool is_ours(int fd)
{
	return fd >= TAP_FD_FIRST;
}

ssize_t tap_read(int fd, void *buf, size_t n)
{
	return is_ours(fd) ? holm_front_read(fd, buf, n) : read(fd, buf, n);
}

ssize_t tap_write(int fd, const void *buf, size_t n)
{
	return is_ours(fd) ? holm_front_write(fd, buf, n) : write(fd, buf, n);
}

ssize_t tap_readv(int fd, const struct iovec *iov, int n)
{
	return is_ours(fd) ? holm_front_readv(fd, iov, n) : readv(fd, iov, n);
}

ssize_t tap_writev(int fd, const struct iovec *iov, int n)
{
	return is_ours(fd) ? holm_front_writev(fd, iov, n) : writev(fd, iov, n);
}

int tap_close(int fd)
{
	return is_ours(fd) ? holm_front_close(fd) : close(fd);
}

int tap_dup(int fd)
{
	return is_ours(fd) ? holm_front_dup(fd) : dup(fd);
}

int tap_fcntl(int fd, int cmd, ...)
{
	va_list args;
	long arg;

	va_start(args, cmd);
	arg = va_arg(args, long);
	va_end(args);
	return is_ours(fd) ? holm_front_fcntl(fd, cmd, (int)arg) : fcntl(fd, cmd, arg);
}

int tap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	return is_ours(fd) ? holm_front_ioctl(fd, request, arg) : ioctl(fd, request, arg);
}

unsigned tap_sleep(unsigned seconds)
{
	struct timespec ts = { .tv_sec = (time_t)seconds };

	(void)holm_front_nanosleep(&ts, NULL);
	return 0;
}

int tap_usleep(useconds_t us)
{
	struct timespec ts = { .tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000 };

	return holm_front_nanosleep(&ts, NULL);
}
