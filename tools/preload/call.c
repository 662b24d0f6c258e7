/* What every call has around it; see call.h. */
#include "tools/preload/call.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

_Static_assert(HOLM_EAGAIN == EAGAIN && HOLM_EINPROGRESS == EINPROGRESS && HOLM_EINTR == EINTR,
	       "Linux's numbers");

bool call_begin(struct call *c, int fd)
{
	if (!mirror_of(fd) || !stack_is_here())
		return false;
	c->saved_errno = errno;
	c->process = stack_enter();
	c->mirror = mirror_of(fd); /* somebody may have closed it meanwhile */
	if (!c->mirror) {
		stack_leave();
		errno = c->saved_errno;
		return false;
	}
	c->fd = mirror_inner(fd);
	c->outer = fd;
	return true;
}

long call_end(struct call *c, int64_t result)
{
	struct mirror *m = mirror_of(c->outer);

	if ((result == -HOLM_EAGAIN || result == -HOLM_EINPROGRESS) && stack_was_interrupted())
		result = -HOLM_EINTR;
	if (m == c->mirror && m)
		mirror_update(m);
	stack_leave();
	errno = result < 0 ? (int)-result : c->saved_errno;
	return result < 0 ? -1 : (long)result;
}

long call_end_send(struct call *c, int64_t result, int flags)
{
	long r = call_end(c, result);

	if (result == -HOLM_EPIPE && !(flags & MSG_NOSIGNAL)) {
		pthread_kill(pthread_self(), SIGPIPE);
		errno = EPIPE;
	}
	return r;
}
