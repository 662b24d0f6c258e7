/* poll.c -- waiting for several descriptors. */
#include <poll.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>

#include "kernel/libc/error.h"
#include "kernel/sys/process.h"
#include "kernel/sys/sys.h"

int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	return libc_result(
		sys_poll(process_current(), (struct sys_pollfd *)(void *)fds, n, timeout_ms));
}

/* The mask holds while waiting; nothing arrives meanwhile but what was waiting for it. */
static void set_mask(const sigset_t *mask, sigset_t *before)
{
	if (mask != NULL)
		(void)sigprocmask(SIG_SETMASK, mask, before);
}

static void reset_mask(const sigset_t *mask, const sigset_t *before)
{
	if (mask != NULL)
		(void)sigprocmask(SIG_SETMASK, before, NULL);
}

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	struct sys_timespec ts = { 0 };
	sigset_t before;
	int result;

	if (timeout != NULL)
		ts = (struct sys_timespec){ timeout->tv_sec, timeout->tv_nsec };
	set_mask(mask, &before);
	result = sys_ppoll(process_current(), (struct sys_pollfd *)(void *)fds, n,
			   timeout != NULL ? &ts : NULL);
	reset_mask(mask, &before);
	return libc_result(result);
}

int epoll_pwait(int epfd, struct epoll_event *events, int max, int timeout_ms, const sigset_t *mask)
{
	sigset_t before;
	int result;

	set_mask(mask, &before);
	result = epoll_wait(epfd, events, max, timeout_ms);
	reset_mask(mask, &before);
	return result;
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

/* select() with a time-out as ppoll() has it. */
static int select_for(int n, fd_set *readfds, fd_set *writefds, fd_set *exceptfds,
		      const struct timespec *timeout, const sigset_t *mask)
{
	struct pollfd *fds;
	nfds_t count = 0;
	int result;

	if (n < 0)
		return libc_fail(EINVAL);
	fds = calloc((size_t)n + 1, sizeof(*fds));
	if (fds == NULL)
		return libc_fail(ENOMEM);
	for (int fd = 0; fd < n; fd++) {
		short events = events_of(fd, readfds, writefds, exceptfds);

		if (events != 0)
			fds[count++] = (struct pollfd){ .fd = fd, .events = events };
	}
	result = ppoll(fds, count, timeout, mask);
	if (result >= 0)
		result = translate(fds, count, readfds, writefds, exceptfds);
	free(fds);
	return result;
}

int pselect(int n, fd_set *readfds, fd_set *writefds, fd_set *exceptfds,
	    const struct timespec *timeout, const sigset_t *mask)
{
	return select_for(n, readfds, writefds, exceptfds, timeout, mask);
}

/* More than a second's worth of microseconds is taken, as on Linux. */
int select(int n, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, struct timeval *timeout)
{
	struct timespec ts = { 0 };

	if (timeout != NULL) {
		if (timeout->tv_sec < 0 || timeout->tv_usec < 0)
			return libc_fail(EINVAL);
		ts.tv_sec = timeout->tv_sec + timeout->tv_usec / 1000000;
		ts.tv_nsec = (long)(timeout->tv_usec % 1000000) * 1000;
	}
	return select_for(n, readfds, writefds, exceptfds, timeout != NULL ? &ts : NULL, NULL);
}
