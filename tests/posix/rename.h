/*
 * The calls of a case are holm's: each POSIX name stands for its twin in front.c. Included behind the
 * host's headers, whose types and numbers are Linux's, as holm's are.
 */
#ifndef TESTS_POSIX_RENAME_H
#define TESTS_POSIX_RENAME_H

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

#undef socket
#define socket holm_front_socket
#undef socketpair
#define socketpair holm_front_socketpair
#undef bind
#define bind holm_front_bind
#undef listen
#define listen holm_front_listen
#undef accept
#define accept holm_front_accept
#undef accept4
#define accept4 holm_front_accept4
#undef connect
#define connect holm_front_connect
#undef shutdown
#define shutdown holm_front_shutdown
#undef close
#define close holm_front_close
#undef dup
#define dup holm_front_dup
#undef dup2
#define dup2 holm_front_dup2
#undef dup3
#define dup3 holm_front_dup3
#undef read
#define read holm_front_read
#undef write
#define write holm_front_write
#undef readv
#define readv holm_front_readv
#undef writev
#define writev holm_front_writev
#undef send
#define send holm_front_send
#undef recv
#define recv holm_front_recv
#undef sendto
#define sendto holm_front_sendto
#undef recvfrom
#define recvfrom holm_front_recvfrom
#undef sendmsg
#define sendmsg holm_front_sendmsg
#undef recvmsg
#define recvmsg holm_front_recvmsg
#undef sendmmsg
#define sendmmsg holm_front_sendmmsg
#undef recvmmsg
#define recvmmsg holm_front_recvmmsg
#undef getsockname
#define getsockname holm_front_getsockname
#undef getpeername
#define getpeername holm_front_getpeername
#undef setsockopt
#define setsockopt holm_front_setsockopt
#undef getsockopt
#define getsockopt holm_front_getsockopt
#undef fcntl
#define fcntl holm_front_fcntl
#undef ioctl
#define ioctl holm_front_ioctl
#undef poll
#define poll holm_front_poll
#undef ppoll
#define ppoll holm_front_ppoll
#undef epoll_create1
#define epoll_create1 holm_front_epoll_create1
#undef epoll_ctl
#define epoll_ctl holm_front_epoll_ctl
#undef epoll_wait
#define epoll_wait holm_front_epoll_wait
#undef eventfd
#define eventfd holm_front_eventfd
#undef timerfd_create
#define timerfd_create holm_front_timerfd_create
#undef timerfd_settime
#define timerfd_settime holm_front_timerfd_settime
#undef timerfd_gettime
#define timerfd_gettime holm_front_timerfd_gettime
#undef pipe2
#define pipe2 holm_front_pipe2
#undef pipe
#define pipe holm_front_pipe
#undef unlink
#define unlink holm_front_unlink
#undef sendfile
#define sendfile holm_front_sendfile
#undef lseek
#define lseek holm_front_lseek
#undef clock_gettime
#define clock_gettime holm_front_clock_gettime
#undef nanosleep
#define nanosleep holm_front_nanosleep

#endif
