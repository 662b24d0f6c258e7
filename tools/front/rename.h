/*
 * The calls of a source file are holm's: each POSIX name stands for its twin in front.c. Included behind the
 * host's headers, whose types and numbers are Linux's, as holm's are.
 */
#ifndef FRONT_RENAME_H
#define FRONT_RENAME_H

#include "tools/front/front.h"

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
