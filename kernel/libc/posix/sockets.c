/* sockets.c -- sockets under their POSIX names. */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>

#include "kernel/libc/error.h"
#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"

const struct in6_addr in6addr_any = IN6ADDR_ANY_INIT;
const struct in6_addr in6addr_loopback = IN6ADDR_LOOPBACK_INIT;

int socket(int family, int type, int protocol)
{
	return libc_result(sys_socket(process_current(), family, type, protocol));
}

int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	return libc_result(sys_bind(process_current(), fd, addr, len));
}

int listen(int fd, int backlog)
{
	return libc_result(sys_listen(process_current(), fd, backlog));
}

int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	return libc_result(sys_accept4(process_current(), fd, addr, len, flags));
}

int accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	return accept4(fd, addr, len, 0);
}

int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	return libc_result(sys_connect(process_current(), fd, addr, len));
}

int shutdown(int fd, int how)
{
	return libc_result(sys_shutdown(process_current(), fd, how));
}

int getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
	return libc_result(sys_getsockname(process_current(), fd, addr, len));
}

int getpeername(int fd, struct sockaddr *addr, socklen_t *len)
{
	return libc_result(sys_getpeername(process_current(), fd, addr, len));
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return libc_result(sys_setsockopt(process_current(), fd, level, name, value, len));
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	return libc_result(sys_getsockopt(process_current(), fd, level, name, value, len));
}

ssize_t sendto(int fd, const void *buf, size_t n, int flags, const struct sockaddr *addr,
	       socklen_t len)
{
	return libc_result_sent(sys_sendto(process_current(), fd, buf, n, flags, addr, len), fd,
				flags);
}

ssize_t send(int fd, const void *buf, size_t n, int flags)
{
	return sendto(fd, buf, n, flags, NULL, 0);
}

ssize_t recvfrom(int fd, void *buf, size_t n, int flags, struct sockaddr *addr, socklen_t *len)
{
	return libc_result64(sys_recvfrom(process_current(), fd, buf, n, flags, addr, len));
}

ssize_t recv(int fd, void *buf, size_t n, int flags)
{
	return recvfrom(fd, buf, n, flags, NULL, NULL);
}

/* Both structures are Linux's, word for word: check.c. */
ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	return libc_result_sent(
		sys_sendmsg(process_current(), fd, (const struct sys_msghdr *)m, flags), fd, flags);
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	return libc_result64(sys_recvmsg(process_current(), fd, (struct sys_msghdr *)m, flags));
}

int sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags)
{
	return (int)libc_result_sent(
		sys_sendmmsg(process_current(), fd, (struct sys_mmsghdr *)m, n, flags), fd, flags);
}

int recvmmsg(int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *timeout)
{
	struct sys_timespec ts, *given = NULL;

	if (timeout) {
		ts = (struct sys_timespec){ timeout->tv_sec, timeout->tv_nsec };
		given = &ts;
	}
	return libc_result(
		sys_recvmmsg(process_current(), fd, (struct sys_mmsghdr *)m, n, flags, given));
}

int socketpair(int family, int type, int protocol, int fds[2])
{
	return libc_result(sys_socketpair(process_current(), family, type, protocol, fds));
}

int sockatmark(int fd)
{
	int at_mark = 0;
	int err = sys_ioctl(process_current(), fd, SYS_SIOCATMARK, &at_mark);

	return err != 0 ? libc_fail(-err) : at_mark;
}
