/*
 * fcntl.h -- Linux's flags.
 *
 * open() has another name for the linker, because the C library's stdio calls an open() too, with
 * flags of its own (kernel/libc/files.c translates those).
 */
#ifndef HOLM_POSIX_FCNTL_H
#define HOLM_POSIX_FCNTL_H

#include <sys/cdefs.h>
#include <sys/stat.h>
#include <sys/types.h>

#define O_ACCMODE 03
#define O_RDONLY 00
#define O_WRONLY 01
#define O_RDWR 02
#define O_CREAT 0100
#define O_EXCL 0200
#define O_NOCTTY 0400
#define O_TRUNC 01000
#define O_APPEND 02000
#define O_NONBLOCK 04000
#define O_NDELAY O_NONBLOCK
#define O_DSYNC 010000
#define O_ASYNC 020000
#define O_DIRECT 040000
#define O_LARGEFILE 0
#define O_DIRECTORY 0200000
#define O_NOFOLLOW 0400000
#define O_NOATIME 01000000
#define O_CLOEXEC 02000000
#define O_SYNC 04010000
#define O_PATH 010000000

#define F_DUPFD 0
#define F_GETFD 1
#define F_SETFD 2
#define F_GETFL 3
#define F_SETFL 4
#define F_GETLK 5
#define F_SETLK 6
#define F_SETLKW 7
#define F_SETOWN 8
#define F_GETOWN 9
#define F_DUPFD_CLOEXEC 1030

#define FD_CLOEXEC 1

#define AT_FDCWD (-100)

/* What is not honoured is refused; the names are here so that programs compile. */
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2
#define F_SETSIG 10
#define F_GETSIG 11
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#define F_OFD_SETLKW 38
#define F_SETPIPE_SZ 1031
#define F_GETPIPE_SZ 1032

__BEGIN_DECLS
int open(const char *path, int flags, ...) __asm__("posix_open");
int fcntl(int fd, int cmd, ...);
__END_DECLS

#endif
