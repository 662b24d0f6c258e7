/*
 * Waiting for many. epoll is the host's and works on mirrors by itself. poll and select ask the sockets
 * of holm themselves what they have; where all are holm's, kernel/sys waits for them, otherwise the
 * host does, for the mirrors and its own.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/sys/sys.h"
#include "tools/preload/call.h"
#include "tools/preload/host.h"
#include "tools/tap/world.h"

#define NS_PER_S 1000000000u
#define NS_PER_MS 1000000u
/* Descriptors that need no memory of their own. */
#define FEW 64

_Static_assert(sizeof(struct sys_pollfd) == sizeof(struct pollfd), "Linux's layout");

struct wait {
	struct pollfd *fds; /* the program's */
	struct pollfd *own; /* as many, for one host's or kernel/sys's call */
	nfds_t n;
	const struct timespec *timeout; /* NULL: for ever */
	const sigset_t *mask;		/* NULL: as it is */
	uint64_t deadline_ns;
};

static bool has_holms(const struct pollfd *fds, nfds_t n)
{
	for (nfds_t i = 0; i < n; i++)
		if (mirror_of(fds[i].fd))
			return true;
	return false;
}

static bool has_hosts(const struct pollfd *fds, nfds_t n)
{
	for (nfds_t i = 0; i < n; i++)
		if (fds[i].fd >= 0 && !mirror_of(fds[i].fd))
			return true;
	return false;
}

static int wait_for_holms(const struct wait *w)
{
	struct process *p = stack_enter();
	int r;

	stack_never_restart();
	for (nfds_t i = 0; i < w->n; i++) {
		w->own[i] = w->fds[i];
		if (w->fds[i].fd >= 0)
			w->own[i].fd = mirror_of(w->fds[i].fd) ? mirror_inner(w->fds[i].fd) : -2;
	}
	r = sys_ppoll(p, (struct sys_pollfd *)(void *)w->own, w->n, (const void *)w->timeout);
	if (r == 0 && stack_was_interrupted())
		r = -EINTR;
	stack_leave();
	for (nfds_t i = 0; i < w->n && r >= 0; i++)
		w->fds[i].revents = w->own[i].revents;
	if (r < 0)
		errno = -r;
	return r < 0 ? -1 : r;
}

/* ---- among descriptors of the host ---- */

/*
 * Ask the sockets of holm. Those that have nothing become mirrors in `own`, those that have something
 * are left out of it. Returns how many have.
 */
static int look_at_holms(const struct wait *w)
{
	int count = 0;

	(void)stack_enter();
	for (nfds_t i = 0; i < w->n; i++) {
		const unsigned wanted = (uint16_t)w->fds[i].events | POLLERR | POLLHUP;
		struct mirror *m = mirror_of(w->fds[i].fd);

		w->own[i] = w->fds[i];
		w->fds[i].revents = m ? (short)(mirror_level(m) & wanted) : 0;
		if (w->fds[i].revents) {
			w->own[i].fd = -1;
			count++;
		}
	}
	stack_leave();
	return count;
}

static void begin_looks(const struct wait *w)
{
	(void)stack_enter();
	for (nfds_t i = 0; i < w->n; i++)
		if (mirror_of(w->fds[i].fd))
			mirror_begin_look(mirror_of(w->fds[i].fd));
	stack_leave();
}

static void end_looks(const struct wait *w)
{
	(void)stack_enter();
	for (nfds_t i = 0; i < w->n; i++)
		if (mirror_of(w->fds[i].fd))
			mirror_end_look(mirror_of(w->fds[i].fd));
	stack_leave();
}

static struct timespec time_left(const struct wait *w)
{
	uint64_t now = world_now();
	uint64_t ns = w->deadline_ns > now ? w->deadline_ns - now : 0;

	return (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_S),
				  .tv_nsec = (long)(ns % NS_PER_S) };
}

/* What the host says of its own; of ours it says only that they are worth another look. */
static int count_hosts(const struct wait *w)
{
	int count = 0;

	for (nfds_t i = 0; i < w->n; i++) {
		if (w->own[i].fd < 0 || mirror_of(w->own[i].fd))
			continue;
		w->fds[i].revents = w->own[i].revents;
		count += w->own[i].revents != 0;
	}
	return count;
}

static int wait_for_both(const struct wait *w)
{
	int r = 0, count = 0;

	begin_looks(w);
	while (r >= 0 && count == 0) {
		struct timespec left = time_left(w);

		count = look_at_holms(w);
		if (count > 0)
			left = (struct timespec){ 0 };
		r = host()->ppoll(w->own, w->n, w->timeout || count > 0 ? &left : NULL, w->mask);
		if (r > 0)
			count += count_hosts(w);
		else if (r == 0)
			break;
	}
	end_looks(w);
	return r < 0 && count == 0 ? -1 : count;
}

static bool is_good(const struct timespec *t)
{
	return !t || (t->tv_sec >= 0 && t->tv_nsec >= 0 && t->tv_nsec < (long)NS_PER_S);
}

static uint64_t deadline_of(const struct timespec *t)
{
	if (!t || (uint64_t)t->tv_sec > INT32_MAX)
		return UINT64_MAX;
	return world_now() + (uint64_t)t->tv_sec * NS_PER_S + (uint64_t)t->tv_nsec;
}

/* poll() with sockets of holm in it. */
static int wait_for_any(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
			const sigset_t *mask)
{
	struct pollfd few[FEW];
	struct wait w = { .fds = fds, .own = few, .n = n, .timeout = timeout, .mask = mask };
	int saved = errno, r;

	if (!is_good(timeout)) {
		errno = EINVAL;
		return -1;
	}
	w.deadline_ns = deadline_of(timeout);
	if (n > FEW)
		w.own = malloc(n * sizeof(*w.own));
	if (!w.own)
		return -1;
	r = mask || has_hosts(fds, n) ? wait_for_both(&w) : wait_for_holms(&w);
	if (n > FEW)
		free(w.own);
	if (r >= 0)
		errno = saved;
	return r;
}

EXPORT int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	if (!stack_is_here() || !has_holms(fds, n))
		return host()->ppoll(fds, n, timeout, mask);
	return wait_for_any(fds, n, timeout, mask);
}

EXPORT int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	struct timespec timeout = { .tv_sec = timeout_ms / 1000,
				    .tv_nsec = timeout_ms % 1000 * (long)NS_PER_MS };

	if (!stack_is_here() || !has_holms(fds, n))
		return host()->poll(fds, n, timeout_ms);
	return wait_for_any(fds, n, timeout_ms < 0 ? NULL : &timeout, NULL);
}

/* ---- select ---- */

/* Sets may be longer than fd_set: bits of longs, as the kernel has them. */
static bool has_bit(const fd_set *set, int fd)
{
	const unsigned long *bits = (const void *)set;

	return set && (bits[fd / (8 * (int)sizeof(long))] >> (fd % (8 * (int)sizeof(long)))) & 1;
}

static void set_bit(fd_set *set, int fd)
{
	unsigned long *bits = (void *)set;

	bits[fd / (8 * (int)sizeof(long))] |= 1ul << (fd % (8 * (int)sizeof(long)));
}

static void clear_set(fd_set *set, int n)
{
	if (set)
		memset(set, 0, (size_t)(n + 63) / 64 * 8);
}

static bool selects_holms(int n, const fd_set *in, const fd_set *out, const fd_set *except)
{
	for (int fd = 0; fd < n; fd++)
		if (mirror_of(fd) && (has_bit(in, fd) || has_bit(out, fd) || has_bit(except, fd)))
			return true;
	return false;
}

static nfds_t sets_to_fds(int n, const fd_set *in, const fd_set *out, const fd_set *except,
			  struct pollfd *fds)
{
	nfds_t count = 0;

	for (int fd = 0; fd < n; fd++) {
		int events = (has_bit(in, fd) ? POLLIN | POLLRDNORM : 0) |
			     (has_bit(out, fd) ? POLLOUT | POLLWRNORM : 0) |
			     (has_bit(except, fd) ? POLLPRI : 0);

		if (events)
			fds[count++] = (struct pollfd){ .fd = fd, .events = (short)events };
	}
	return count;
}

static int mark(const struct pollfd *p, int wanted, int found, fd_set *set)
{
	if (!(p->events & wanted) || !(p->revents & found))
		return 0;
	set_bit(set, p->fd);
	return 1;
}

/* Returns how many bits are set; -1: a descriptor is not open. */
static int fds_to_sets(const struct pollfd *fds, nfds_t count, fd_set *in, fd_set *out,
		       fd_set *except)
{
	int bits = 0;

	for (nfds_t i = 0; i < count; i++) {
		if (fds[i].revents & POLLNVAL) {
			errno = EBADF;
			return -1;
		}
		bits += mark(&fds[i], POLLIN, POLLIN | POLLRDNORM | POLLHUP | POLLERR, in);
		bits += mark(&fds[i], POLLOUT, POLLOUT | POLLWRNORM | POLLERR, out);
		bits += mark(&fds[i], POLLPRI, POLLPRI, except);
	}
	return bits;
}

/* select() with sockets of holm in it. */
static int select_any(int n, fd_set *in, fd_set *out, fd_set *except,
		      const struct timespec *timeout, const sigset_t *mask)
{
	struct pollfd *fds = malloc((size_t)n * sizeof(*fds));
	nfds_t count;
	int r;

	if (!fds)
		return -1;
	count = sets_to_fds(n, in, out, except, fds);
	r = wait_for_any(fds, count, timeout, mask);
	if (r >= 0) {
		clear_set(in, n);
		clear_set(out, n);
		clear_set(except, n);
		r = fds_to_sets(fds, count, in, out, except);
	}
	free(fds);
	return r;
}

EXPORT int pselect(int n, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout,
		   const sigset_t *mask)
{
	if (!stack_is_here() || !selects_holms(n, in, out, except))
		return host()->pselect(n, in, out, except, timeout, mask);
	return select_any(n, in, out, except, timeout, mask);
}

EXPORT int select(int n, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout)
{
	struct wait w = { .deadline_ns = 0 };
	struct timespec given;
	int r;

	if (!stack_is_here() || !selects_holms(n, in, out, except))
		return host()->select(n, in, out, except, timeout);
	if (!timeout)
		return select_any(n, in, out, except, NULL, NULL);
	given = (struct timespec){ .tv_sec = timeout->tv_sec + timeout->tv_usec / 1000000,
				   .tv_nsec = timeout->tv_usec % 1000000 * 1000 };
	w.deadline_ns = is_good(&given) ? deadline_of(&given) : 0;
	r = select_any(n, in, out, except, &given, NULL);
	/* As Linux does, the time that is left is told. */
	given = time_left(&w);
	if (w.deadline_ns != UINT64_MAX)
		*timeout =
			(struct timeval){ .tv_sec = given.tv_sec, .tv_usec = given.tv_nsec / 1000 };
	return r;
}

/* ---- epoll ---- */

EXPORT int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	struct call c;

	if (op != EPOLL_CTL_DEL && event && call_begin(&c, fd)) {
		c.mirror->is_in_epoll = true;
		if (event->events & EPOLLET)
			c.mirror->is_edge_triggered = true;
		(void)call_end(&c, 0);
	}
	return host()->epoll_ctl(epfd, op, fd, event);
}

/* ---- the forms of _FORTIFY_SOURCE ---- */

int __poll_chk(struct pollfd *fds, nfds_t n, int timeout_ms, size_t room);
int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask,
		size_t room);

EXPORT int __poll_chk(struct pollfd *fds, nfds_t n, int timeout_ms, size_t room)
{
	if (room / sizeof(*fds) < n)
		abort();
	return poll(fds, n, timeout_ms);
}

EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
		       const sigset_t *mask, size_t room)
{
	if (room / sizeof(*fds) < n)
		abort();
	return ppoll(fds, n, timeout, mask);
}
