/*
 * files.c -- descriptors: open, close, read, write and what goes with them.
 *
 * Each function is a system call with errno in place of a negative return.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include <holm/errno.h>

#include "kernel/libc/error.h"
#include "kernel/libc/library.h"
#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"

/* The open() of the C library's stdio, with the library's flags; a program's is posix_open. */
int library_open(const char *path, int flags, ...) __asm__("open");

int open(const char *path, int flags, ...)
{
	return libc_result(sys_open(process_current(), path, flags));
}

int library_open(const char *path, int flags, ...)
{
	return libc_result(sys_open(process_current(), path, libc_open_flags_of_library(flags)));
}

int close(int fd)
{
	return libc_result(sys_close(process_current(), fd));
}

ssize_t read(int fd, void *buf, size_t n)
{
	return libc_result64(sys_read(process_current(), fd, buf, n));
}

ssize_t write(int fd, const void *buf, size_t n)
{
	return libc_result_sent(sys_write(process_current(), fd, buf, n), fd, 0);
}

/* struct iovec and struct holm_iov are the same two members; check.c holds them to it. */
ssize_t readv(int fd, const struct iovec *iov, int n)
{
	return libc_result64(sys_readv(process_current(), fd, (const struct holm_iov *)iov, n));
}

ssize_t writev(int fd, const struct iovec *iov, int n)
{
	return libc_result_sent(sys_writev(process_current(), fd, (const struct holm_iov *)iov, n),
				fd, 0);
}

ssize_t sendfile(int out, int in, off_t *offset, size_t n)
{
	int64_t at = offset ? *offset : 0;
	int64_t sent = sys_sendfile(process_current(), out, in, offset ? &at : NULL, n);

	if (offset)
		*offset = (off_t)at;
	return libc_result_sent(sent, out, 0);
}

off_t lseek(int fd, off_t offset, int whence)
{
	return libc_result64(sys_lseek(process_current(), fd, offset, whence));
}

static int fill(struct stat *st, int result, const struct sys_stat *from)
{
	if (result < 0)
		return libc_fail(-result);
	*st = (struct stat){
		.st_ino = (ino_t)from->ino,
		.st_mode = (mode_t)from->mode,
		.st_nlink = (nlink_t)from->nlink,
		.st_size = (off_t)from->size,
		.st_blksize = 4096,
		.st_blocks = (blkcnt_t)((from->size + 511) / 512),
		.st_mtime = (time_t)from->mtime,
	};
	return 0;
}

int fstat(int fd, struct stat *st)
{
	struct sys_stat s;
	int result = sys_fstat(process_current(), fd, &s);

	return fill(st, result, &s);
}

int stat(const char *path, struct stat *st)
{
	struct sys_stat s;
	int result = sys_stat(process_current(), path, &s);

	return fill(st, result, &s);
}

/* The console is the one terminal, and the one character device. */
int isatty(int fd)
{
	struct sys_stat s;
	int result = sys_fstat(process_current(), fd, &s);

	if (result < 0) {
		libc_fail(-result);
		return 0;
	}
	if (S_ISCHR(s.mode))
		return 1;
	libc_fail(HOLM_ENOTTY);
	return 0;
}

int dup(int fd)
{
	return libc_result(sys_dup(process_current(), fd));
}

int dup2(int fd, int to)
{
	return libc_result(sys_dup2(process_current(), fd, to));
}

int dup3(int fd, int to, int flags)
{
	return libc_result(sys_dup3(process_current(), fd, to, flags));
}

int fcntl(int fd, int cmd, ...)
{
	va_list args;
	long arg;

	va_start(args, cmd);
	arg = va_arg(args, long);
	va_end(args);
	return libc_result(sys_fcntl(process_current(), fd, cmd, arg));
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	return libc_result(sys_ioctl(process_current(), fd, (uint32_t)request, arg));
}
