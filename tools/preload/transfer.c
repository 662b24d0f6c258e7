/*
 * Calls that move bytes. Structures are Linux's on both sides, so they are handed on as they are. The
 * forms with _chk are what _FORTIFY_SOURCE makes of the calls; they know how large the buffer is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "kernel/sys/sys.h"
#include "tools/preload/call.h"
#include "tools/preload/host.h"

_Static_assert(sizeof(struct holm_iov) == sizeof(struct iovec), "Linux's layout");
_Static_assert(sizeof(struct sys_msghdr) == sizeof(struct msghdr), "Linux's layout");
_Static_assert(sizeof(struct sys_mmsghdr) == sizeof(struct mmsghdr), "Linux's layout");
_Static_assert(sizeof(struct sys_timespec) == sizeof(struct timespec), "Linux's layout");

EXPORT ssize_t read(int fd, void *buf, size_t n)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->read(fd, buf, n);
	return call_end(&c, sys_read(c.process, c.fd, buf, n));
}

EXPORT ssize_t write(int fd, const void *buf, size_t n)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->write(fd, buf, n);
	return call_end_send(&c, sys_write(c.process, c.fd, buf, n), 0);
}

EXPORT ssize_t readv(int fd, const struct iovec *iov, int n)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->readv(fd, iov, n);
	return call_end(&c, sys_readv(c.process, c.fd, (const void *)iov, n));
}

EXPORT ssize_t writev(int fd, const struct iovec *iov, int n)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->writev(fd, iov, n);
	return call_end_send(&c, sys_writev(c.process, c.fd, (const void *)iov, n), 0);
}

EXPORT ssize_t send(int fd, const void *buf, size_t n, int flags)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->send(fd, buf, n, flags);
	return call_end_send(&c, sys_send(c.process, c.fd, buf, n, flags), flags);
}

EXPORT ssize_t recv(int fd, void *buf, size_t n, int flags)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->recv(fd, buf, n, flags);
	return call_end(&c, sys_recv(c.process, c.fd, buf, n, flags));
}

EXPORT ssize_t sendto(int fd, const void *buf, size_t n, int flags, const struct sockaddr *addr,
		      socklen_t len)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->sendto(fd, buf, n, flags, addr, len);
	return call_end_send(&c, sys_sendto(c.process, c.fd, buf, n, flags, addr, len), flags);
}

EXPORT ssize_t recvfrom(int fd, void *buf, size_t n, int flags, struct sockaddr *addr,
			socklen_t *len)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->recvfrom(fd, buf, n, flags, addr, len);
	return call_end(&c, sys_recvfrom(c.process, c.fd, buf, n, flags, addr, len));
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->sendmsg(fd, m, flags);
	return call_end_send(&c, sys_sendmsg(c.process, c.fd, (const void *)m, flags), flags);
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->recvmsg(fd, m, flags);
	return call_end(&c, sys_recvmsg(c.process, c.fd, (void *)m, flags));
}

EXPORT int sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->sendmmsg(fd, m, n, flags);
	return (int)call_end_send(&c, sys_sendmmsg(c.process, c.fd, (void *)m, n, flags), flags);
}

EXPORT int recvmmsg(int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *timeout)
{
	struct call c;

	if (!call_begin(&c, fd))
		return host()->recvmmsg(fd, m, n, flags, timeout);
	return (int)call_end(&c,
			     sys_recvmmsg(c.process, c.fd, (void *)m, n, flags, (void *)timeout));
}

/* ---- from files ---- */

/* One piece of a file, at most. */
#define PIECE_BYTES 65536u

/* A piece that the socket does not take whole is read again: files can be. */
static ssize_t send_piece(int fd, int file, off_t *at, size_t n)
{
	static _Thread_local char piece[PIECE_BYTES];
	ssize_t got = host()->pread(file, piece, n < PIECE_BYTES ? n : PIECE_BYTES, *at);
	ssize_t sent = got > 0 ? send(fd, piece, (size_t)got, 0) : got;

	if (sent > 0)
		*at += sent;
	return sent;
}

static ssize_t send_pieces(int fd, int file, off_t *at, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t sent = send_piece(fd, file, at, n - done);

		if (sent < 0 && done == 0)
			return -1;
		if (sent <= 0)
			break;
		done += (size_t)sent;
	}
	return (ssize_t)done;
}

/* Where to begin, by the answers of Linux; a socket is no source, because it has no position. */
static off_t start_of(int file, const off_t *offset)
{
	int flags = host()->fcntl(file, F_GETFL);
	off_t at;

	if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	at = lseek(file, 0, SEEK_CUR);
	if (at < 0)
		return offset ? -ESPIPE : -EINVAL;
	if (!offset)
		return at;
	return *offset < 0 ? -EINVAL : *offset;
}

EXPORT ssize_t sendfile(int fd, int file, off_t *offset, size_t n)
{
	ssize_t done;
	off_t at;

	if (!mirror_of(fd) && !mirror_of(file))
		return host()->sendfile(fd, file, offset, n);
	at = start_of(file, offset);
	if (at >= 0 && !mirror_of(fd))
		at = -EINVAL;
	if (at < 0) {
		errno = (int)-at;
		return -1;
	}
	done = send_pieces(fd, file, &at, n);
	if (done > 0 && offset)
		*offset = at;
	else if (done > 0)
		lseek(file, at, SEEK_SET);
	return done;
}

EXPORT ssize_t sendfile64(int fd, int file, off_t *offset, size_t n);

EXPORT ssize_t sendfile64(int fd, int file, off_t *offset, size_t n)
{
	return sendfile(fd, file, offset, n);
}

/* Programs know that splice() does not work with everything, and read and write then. */
EXPORT ssize_t splice(int in, off_t *off_in, int out, off_t *off_out, size_t n, unsigned flags)
{
	if (!mirror_of(in) && !mirror_of(out))
		return host()->splice(in, off_in, out, off_out, n, flags);
	errno = EINVAL;
	return -1;
}

/* ---- the forms of _FORTIFY_SOURCE ---- */

ssize_t __read_chk(int fd, void *buf, size_t n, size_t room);
ssize_t __recv_chk(int fd, void *buf, size_t n, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t room, int flags, struct sockaddr *addr,
		       socklen_t *len);

static void check_room(size_t n, size_t room)
{
	if (n > room)
		abort();
}

EXPORT ssize_t __read_chk(int fd, void *buf, size_t n, size_t room)
{
	check_room(n, room);
	return read(fd, buf, n);
}

EXPORT ssize_t __recv_chk(int fd, void *buf, size_t n, size_t room, int flags)
{
	check_room(n, room);
	return recv(fd, buf, n, flags);
}

EXPORT ssize_t __recvfrom_chk(int fd, void *buf, size_t n, size_t room, int flags,
			      struct sockaddr *addr, socklen_t *len)
{
	check_room(n, room);
	return recvfrom(fd, buf, n, flags, addr, len);
}
