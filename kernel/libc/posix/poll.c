/* poll.c -- waiting for several descriptors. */
#include <poll.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

#include "kernel/libc/error.h"
#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"

int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	return libc_result(
		sys_poll(process_current(), (struct sys_pollfd *)(void *)fds, n, timeout_ms));
}

static short events_of(int fd, const fd_set *readfds, const fd_set *writefds,
		       const fd_set *exceptfds)
{
	short events = 0;

	if (readfds != NULL && FD_ISSET(fd, readfds))
		events |= POLLIN;
	if (writefds != NULL && FD_ISSET(fd, writefds))
		events |= POLLOUT;
	if (exceptfds != NULL && FD_ISSET(fd, exceptfds))
		events |= POLLPRI;
	return events;
}

static int keep(int fd, fd_set *set, short happened, short wanted)
{
	if (set == NULL || !FD_ISSET(fd, set))
		return 0;
	if ((happened & wanted) != 0)
		return 1;
	FD_CLR(fd, set);
	return 0;
}

/* What poll() found, in the words of select(). Returns how many bits stay set. */
static int translate(const struct pollfd *fds, nfds_t n, fd_set *readfds, fd_set *writefds,
		     fd_set *exceptfds)
{
	int count = 0;

	for (nfds_t i = 0; i < n; i++) {
		short happened = fds[i].revents;

		if ((happened & POLLNVAL) != 0)
			return libc_fail(EBADF);
		count += keep(fds[i].fd, readfds, happened, POLLIN | POLLHUP | POLLERR);
		count += keep(fds[i].fd, writefds, happened, POLLOUT | POLLERR);
		count += keep(fds[i].fd, exceptfds, happened, POLLPRI);
	}
	return count;
}

/* Rounded up, and cut to what poll() takes: 24 days. -1 waits for ever. */
static int milliseconds(const struct timeval *timeout)
{
	if (timeout == NULL)
		return -1;
	if (timeout->tv_sec >= 2147483)
		return 2147483647;
	return (int)(timeout->tv_sec * 1000 + (timeout->tv_usec + 999) / 1000);
}

int select(int n, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, struct timeval *timeout)
{
	struct pollfd *fds;
	nfds_t count = 0;
	int result;

	if (n < 0 || (timeout != NULL && (timeout->tv_sec < 0 || timeout->tv_usec < 0)))
		return libc_fail(EINVAL);
	fds = calloc((size_t)n + 1, sizeof(*fds));
	if (fds == NULL)
		return libc_fail(ENOMEM);
	for (int fd = 0; fd < n; fd++) {
		short events = events_of(fd, readfds, writefds, exceptfds);

		if (events != 0)
			fds[count++] = (struct pollfd){ .fd = fd, .events = events };
	}
	result = poll(fds, count, milliseconds(timeout));
	if (result >= 0)
		result = translate(fds, count, readfds, writefds, exceptfds);
	free(fds);
	return result;
}
