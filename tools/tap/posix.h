/*
 * Put in front of every source file of an application that runs on the TAP program: the calls that
 * concern sockets and waiting get other names, under which posix.c leads them to kernel/sys. Everything
 * else is the host's C library. System headers come first, so that their own declarations keep their
 * names.
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

int tap_socket(int family, int type, int protocol);
int tap_bind(int fd, const struct sockaddr *addr, socklen_t len);
int tap_listen(int fd, int backlog);
int tap_accept(int fd, struct sockaddr *addr, socklen_t *len);
int tap_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags);
int tap_connect(int fd, const struct sockaddr *addr, socklen_t len);
int tap_shutdown(int fd, int how);
int tap_getsockname(int fd, struct sockaddr *addr, socklen_t *len);
int tap_getpeername(int fd, struct sockaddr *addr, socklen_t *len);
int tap_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int tap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
ssize_t tap_send(int fd, const void *buf, size_t n, int flags);
ssize_t tap_recv(int fd, void *buf, size_t n, int flags);
ssize_t tap_sendto(int fd, const void *buf, size_t n, int flags, const struct sockaddr *addr,
		   socklen_t len);
ssize_t tap_recvfrom(int fd, void *buf, size_t n, int flags, struct sockaddr *addr, socklen_t *len);
ssize_t tap_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t tap_recvmsg(int fd, struct msghdr *m, int flags);
ssize_t tap_read(int fd, void *buf, size_t n);
ssize_t tap_write(int fd, const void *buf, size_t n);
ssize_t tap_readv(int fd, const struct iovec *iov, int n);
ssize_t tap_writev(int fd, const struct iovec *iov, int n);
int tap_close(int fd);
int tap_dup(int fd);
int tap_fcntl(int fd, int cmd, ...);
int tap_ioctl(int fd, unsigned long request, ...);
int tap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int tap_nanosleep(const struct timespec *req, struct timespec *left);
unsigned tap_sleep(unsigned seconds);
int tap_usleep(useconds_t us);

#ifdef TAP_POSIX_HOST

/* Whichever form of main() the application has; called as the host's start code calls it. */
int tap_main(int argc, char **argv, char **envp);

#else

#define main tap_main
#define socket tap_socket
#define bind tap_bind
#define listen tap_listen
#define accept tap_accept
#define accept4 tap_accept4
#define connect tap_connect
#define shutdown tap_shutdown
#define getsockname tap_getsockname
#define getpeername tap_getpeername
#define setsockopt tap_setsockopt
#define getsockopt tap_getsockopt
#define send tap_send
#define recv tap_recv
#define sendto tap_sendto
#define recvfrom tap_recvfrom
#define sendmsg tap_sendmsg
#define recvmsg tap_recvmsg
#define read tap_read
#define write tap_write
#define readv tap_readv
#define writev tap_writev
#define close tap_close
#define dup tap_dup
#define fcntl tap_fcntl
#define ioctl tap_ioctl
#define poll tap_poll
#define nanosleep tap_nanosleep
#define sleep tap_sleep
#define usleep tap_usleep

/* These would reach the host's kernel and mean other sockets: better not compiled than wrong. */
#pragma GCC poison select pselect ppoll epoll_create epoll_create1 epoll_ctl epoll_wait
#pragma GCC poison socketpair sendmmsg recvmmsg clock_nanosleep dup2

#endif

#endif
