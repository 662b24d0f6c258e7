/*
 * holm's calls as POSIX has them: errno in place of a negative result, the types of the host's C library.
 * They work on process_current(), which whoever uses them defines. rename.h gives them POSIX's names.
 */
#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

struct itimerspec;
struct mmsghdr;

int holm_front_socket(int family, int type, int protocol);
int holm_front_socketpair(int family, int type, int protocol, int fds[2]);
int holm_front_bind(int fd, const struct sockaddr *addr, socklen_t len);
int holm_front_listen(int fd, int backlog);
int holm_front_accept(int fd, struct sockaddr *addr, socklen_t *len);
int holm_front_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags);
int holm_front_connect(int fd, const struct sockaddr *addr, socklen_t len);
int holm_front_shutdown(int fd, int how);
int holm_front_close(int fd);
int holm_front_dup(int fd);
int holm_front_dup2(int fd, int to);
int holm_front_dup3(int fd, int to, int flags);
ssize_t holm_front_read(int fd, void *buf, size_t n);
ssize_t holm_front_write(int fd, const void *buf, size_t n);
ssize_t holm_front_readv(int fd, const struct iovec *iov, int n);
ssize_t holm_front_writev(int fd, const struct iovec *iov, int n);
ssize_t holm_front_send(int fd, const void *buf, size_t n, int flags);
ssize_t holm_front_recv(int fd, void *buf, size_t n, int flags);
ssize_t holm_front_sendto(int fd, const void *buf, size_t n, int flags, const struct sockaddr *addr,
			  socklen_t len);
ssize_t holm_front_recvfrom(int fd, void *buf, size_t n, int flags, struct sockaddr *addr,
			    socklen_t *len);
ssize_t holm_front_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t holm_front_recvmsg(int fd, struct msghdr *m, int flags);
int holm_front_sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags);
int holm_front_recvmmsg(int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *ts);
int holm_front_getsockname(int fd, struct sockaddr *addr, socklen_t *len);
int holm_front_getpeername(int fd, struct sockaddr *addr, socklen_t *len);
int holm_front_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int holm_front_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int holm_front_fcntl(int fd, int cmd, ...);
int holm_front_ioctl(int fd, unsigned long request, ...);
int holm_front_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int holm_front_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *ts, const void *sigmask);
int holm_front_epoll_create1(int flags);
int holm_front_epoll_ctl(int ep, int op, int fd, struct epoll_event *ev);
int holm_front_epoll_wait(int ep, struct epoll_event *ev, int max, int timeout_ms);
int holm_front_eventfd(unsigned count, int flags);
int holm_front_timerfd_create(int clock, int flags);
int holm_front_timerfd_settime(int fd, int flags, const struct itimerspec *v,
			       struct itimerspec *old);
int holm_front_timerfd_gettime(int fd, struct itimerspec *v);
int holm_front_pipe2(int fds[2], int flags);
int holm_front_pipe(int fds[2]);
int holm_front_unlink(const char *path);
ssize_t holm_front_sendfile(int out, int in, off_t *off, size_t n);
off_t holm_front_lseek(int fd, off_t off, int whence);
int holm_front_clock_gettime(clockid_t clock, struct timespec *ts);
int holm_front_nanosleep(const struct timespec *req, struct timespec *left);

#endif
