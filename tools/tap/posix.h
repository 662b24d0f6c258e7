/*
 * Put in front of every source file of an application that runs on the TAP program: the calls that
 * concern sockets and waiting get other names, under which tools/front and posix.c lead them to
 * kernel/sys. Everything else is the host's C library. System headers come first, so that their own
 * declarations keep their names.
 */
#ifndef TAP_POSIX_H
#define TAP_POSIX_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The first descriptor that is holm's; main() keeps the host below. */
#define TAP_FD_FIRST 256

ssize_t tap_read(int fd, void *buf, size_t n);
ssize_t tap_write(int fd, const void *buf, size_t n);
ssize_t tap_readv(int fd, const struct iovec *iov, int n);
ssize_t tap_writev(int fd, const struct iovec *iov, int n);
int tap_close(int fd);
int tap_dup(int fd);
int tap_fcntl(int fd, int cmd, ...);
int tap_ioctl(int fd, unsigned long request, ...);
unsigned tap_sleep(unsigned seconds);
int tap_usleep(useconds_t us);

#ifdef TAP_POSIX_HOST

#include "tools/front/front.h"

/* Whichever form of main() the application has; called as the host's start code calls it. */
int tap_main(int argc, char **argv, char **envp);

#else

#include "tools/front/rename.h"

#define main tap_main

/* These take descriptors of either kind. */
#undef read
#define read tap_read
#undef write
#define write tap_write
#undef readv
#define readv tap_readv
#undef writev
#define writev tap_writev
#undef close
#define close tap_close
#undef dup
#define dup tap_dup
#undef fcntl
#define fcntl tap_fcntl
#undef ioctl
#define ioctl tap_ioctl
#define sleep tap_sleep
#define usleep tap_usleep

/* Files are the host's. */
#undef lseek
#undef unlink

/* These would reach the host's kernel and mean other sockets: better not compiled than wrong. */
#undef dup2
#undef dup3
#undef sendfile
#pragma GCC poison select pselect epoll_create epoll_pwait clock_nanosleep dup2 dup3 sendfile

#endif

#endif
