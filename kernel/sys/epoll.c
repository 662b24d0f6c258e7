/*
 * epoll: many files watched by one. A watch is a waiter in its file's queue, so a change of a file costs
 * the same however many others are watched: it puts the watch on the ready list, and a look at the list
 * asks the files on it, and only those, what they have.
 *
 * A level-triggered watch stays on the list until a look finds nothing; an edge-triggered one leaves it
 * with the report. Linux's manual page holds; EPOLLWAKEUP means nothing here.
 */
#include "kernel/sys/file.h"
#include "kernel/sys/sys.h"
#include "kernel/sys/timespec.h"

/* epolls that watch epolls that watch ...: Linux's EP_MAX_NESTS, and this one. */
#define DEPTH_MAX 5u
/* What says how to watch, as opposed to what for. */
#define MODES (SYS_EPOLLET | SYS_EPOLLONESHOT | SYS_EPOLLEXCLUSIVE | SYS_EPOLLWAKEUP)
/* What may stand beside EPOLLEXCLUSIVE. */
#define EXCLUSIVE_ALLOWED                                                                          \
	(HOLM_POLLIN | HOLM_POLLOUT | HOLM_POLLERR | HOLM_POLLHUP | SYS_EPOLLWAKEUP |              \
	 SYS_EPOLLET | SYS_EPOLLEXCLUSIVE)

struct epoll {
	struct file base;
	struct list watches;
	struct watcher ready;	/* notes watches that may have something */
	struct list_node visit; /* while nesting is measured */
	unsigned level;
};

static const struct file_ops epoll_ops;

static struct epoll *epoll_of(struct file *f)
{
	return f->ops == &epoll_ops ? container_of(f, struct epoll, base) : NULL;
}

static struct epoll *epoll_of_watch(const struct epoll_watch *w)
{
	return container_of(w->waiter.watcher, struct epoll, ready);
}

static struct epoll_watch *watch_in(struct list_node *n)
{
	return container_of(n, struct epoll_watch, node);
}

/* Among those who wait for the file, which are few: each change of it goes through them all. */
static struct epoll_watch *find(const struct epoll *ep, int fd, const struct file *f)
{
	const struct list *q = &f->waiters.waiters;

	for (struct list_node *n = list_first(q); n; n = list_next(q, n)) {
		struct waiter *waiter = container_of(n, struct waiter, node);
		struct epoll_watch *w = container_of(waiter, struct epoll_watch, waiter);

		if (waiter->watcher == &ep->ready && w->fd == fd)
			return w;
	}
	return NULL;
}

/* ---- Being told ---------------------------------------------------------------------------------- */

/* The file's own, or another one. */
static struct epoll_watch *make(const struct epoll *ep, struct file *f)
{
	const struct holm_memory *m = ep->base.process->env.memory;

	return list_is_linked(&f->watch.node) ? m->alloc(m->ctx, sizeof(struct epoll_watch))
					      : &f->watch;
}

static void drop(struct epoll_watch *w)
{
	const struct holm_memory *m = epoll_of_watch(w)->base.process->env.memory;

	wait_leave(&w->waiter);
	list_remove(&w->node);
	if (w != &w->file->watch)
		m->free(m->ctx, w, sizeof(*w));
}

static void watch_gone(struct waiter *waiter)
{
	drop(container_of(waiter, struct epoll_watch, waiter));
}

static struct epoll_watch *watch_of(struct list_node *noted)
{
	return container_of(noted, struct epoll_watch, waiter.noted);
}

/* ---- Looking ------------------------------------------------------------------------------------- */

static uint32_t look(const struct epoll_watch *w)
{
	return file_poll(w->file) & w->events; /* no mode is one of those bits */
}

static void disarm(struct epoll_watch *w)
{
	w->events &= MODES;
	w->waiter.how |= WAITER_DEAF;
}

/* Is a report the last of it, until it is woken or armed again? */
static bool ends_with_report(struct epoll_watch *w)
{
	if (w->events & SYS_EPOLLONESHOT)
		disarm(w);
	return w->events & (SYS_EPOLLONESHOT | SYS_EPOLLET);
}

/* 0 or 1: an event was written. A watch that has nothing more leaves the list. */
static always_inline int report_watch(struct list_node *n, struct sys_epoll_event *event)
{
	struct epoll_watch *w = watch_of(n);
	uint32_t now = look(w);

	if (now != 0)
		*event = (struct sys_epoll_event){ now, w->data };
	if (now == 0 || ends_with_report(w))
		list_remove(n);
	return now != 0;
}

/* Those that stay ready go behind those not looked at: the list is turned. */
static never_inline int report_noted(struct list *list, struct sys_epoll_event *events, int max)
{
	struct list_node *n, *next, *last = list_last(list);
	int count = 0;

	for (n = list_first(list); n; n = next) {
		bool over = n == last;

		next = list_next(list, n);
		count += report_watch(n, &events[count]);
		if (!over && count < max)
			continue;
		if (next)
			list_turn_to(list, next);
		break;
	}
	return count;
}

/* Report up to `max` watches. */
static always_inline int report_now(struct epoll *ep, struct sys_epoll_event *events, int max)
{
	struct list *list = &ep->ready.noted;

	/* What was written a moment ago is not to be missed. */
	sys_hear(ep->base.process);
	if (likely(list_is_single(list)))
		return report_watch(list_first(list), events);
	return report_noted(list, events, max);
}

static never_inline int report(struct epoll *ep, struct sys_epoll_event *events, int max)
{
	return report_now(ep, events, max);
}

/* Is there anything to report? What is not ready any more leaves the list. */
static unsigned epoll_poll(struct file *f)
{
	struct epoll *ep = container_of(f, struct epoll, base);
	struct list_node *n;

	sys_hear(f->process);
	while ((n = list_first(&ep->ready.noted)) != NULL) {
		if (look(watch_of(n)) != 0)
			return HOLM_POLLIN | HOLM_POLLRDNORM;
		list_remove(n);
	}
	return 0;
}

static void epoll_close(struct file *f)
{
	struct epoll *ep = container_of(f, struct epoll, base);
	struct list_node *n;

	while ((n = list_first(&ep->watches)) != NULL)
		drop(watch_in(n));
}

static const struct file_ops epoll_ops = {
	.poll = epoll_poll,
	.close = epoll_close,
};

/* ---- Nesting ------------------------------------------------------------------------------------- */

static void visit(struct list *todo, struct epoll *ep, unsigned level)
{
	if (list_is_linked(&ep->visit))
		return;
	ep->level = level;
	list_push_back(todo, &ep->visit);
}

/* How deep is what `from` watches? DEPTH_MAX + 1 if `target` is in it. */
static unsigned depth_below(struct epoll *from, const struct epoll *target)
{
	unsigned deepest = 0;
	struct list_node *n;
	struct list todo;

	list_init(&todo);
	visit(&todo, from, 1);
	while ((n = list_pop_front(&todo)) != NULL) {
		struct epoll *ep = container_of(n, struct epoll, visit);

		deepest = max_u32(deepest, ep == target ? DEPTH_MAX + 1 : ep->level);
		if (deepest > DEPTH_MAX)
			continue; /* empty the list, look no further */
		for (n = list_first(&ep->watches); n; n = list_next(&ep->watches, n)) {
			struct epoll *inner = epoll_of(watch_in(n)->file);

			if (inner)
				visit(&todo, inner, ep->level + 1);
		}
	}
	return deepest;
}

/* How many epolls above each other watch this one, at most? */
static unsigned depth_above(struct epoll *of)
{
	unsigned deepest = 0;
	struct list_node *n;
	struct list todo;

	list_init(&todo);
	visit(&todo, of, 1);
	while ((n = list_pop_front(&todo)) != NULL) {
		struct epoll *ep = container_of(n, struct epoll, visit);
		const struct list *q = &ep->base.waiters.waiters;

		deepest = max_u32(deepest, ep->level);
		for (n = list_first(q); n && ep->level <= DEPTH_MAX; n = list_next(q, n)) {
			struct waiter *w = container_of(n, struct waiter, node);

			if (!w->thread && w->watcher->gone == watch_gone)
				visit(&todo, container_of(w->watcher, struct epoll, ready),
				      ep->level + 1);
		}
	}
	return deepest;
}

static int may_nest(struct epoll *ep, struct epoll *inner)
{
	unsigned below = depth_below(inner, ep);

	return below > DEPTH_MAX || below + depth_above(ep) > DEPTH_MAX ? -HOLM_ELOOP : 0;
}

/* ---- Watching ------------------------------------------------------------------------------------ */

/* What was ready before it was watched is reported, too. */
static void begin(struct epoll_watch *w, const struct sys_epoll_event *event)
{
	w->events = event->events | HOLM_POLLERR | HOLM_POLLHUP;
	w->data = event->data;
	w->waiter.how &= (uint8_t)~WAITER_DEAF;
	if (look(w) == 0)
		return;
	watcher_note(&w->waiter);
	file_wake(&epoll_of_watch(w)->base);
}

/* In Linux's order. */
static int may_add(struct epoll *ep, struct file *f, uint32_t events)
{
	struct epoll *inner = epoll_of(f);

	if (likely(f->socket && !(events & SYS_EPOLLEXCLUSIVE)))
		return 0;
	if ((events & SYS_EPOLLEXCLUSIVE) && (inner || (events & ~(uint32_t)EXCLUSIVE_ALLOWED)))
		return -HOLM_EINVAL;
	return inner ? may_nest(ep, inner) : 0;
}

/* begin() is to follow. NULL: no memory. */
static struct epoll_watch *add(struct epoll *ep, int fd, struct file *f, uint32_t events)
{
	struct epoll_watch *w = make(ep, f);

	if (!w)
		return NULL;
	w->file = f;
	w->fd = fd;
	list_push_back(&ep->watches, &w->node);
	wait_enter_watched(&f->waiters, &w->waiter, &ep->ready, (events & SYS_EPOLLEXCLUSIVE) != 0);
	return w;
}

static int change(struct epoll *ep, int op, int fd, struct file *f,
		  const struct sys_epoll_event *event)
{
	int err = op == SYS_EPOLL_CTL_ADD ? may_add(ep, f, event->events) : 0;
	struct epoll_watch *w;

	if (err)
		return err;
	w = find(ep, fd, f);
	if (op == SYS_EPOLL_CTL_ADD) {
		if (w)
			return -HOLM_EEXIST;
		w = add(ep, fd, f, event->events);
		if (!w)
			return -HOLM_ENOMEM;
	} else if (!w) {
		return op == SYS_EPOLL_CTL_MOD && (event->events & SYS_EPOLLEXCLUSIVE)
			       ? -HOLM_EINVAL
			       : -HOLM_ENOENT;
	} else if (op == SYS_EPOLL_CTL_DEL) {
		drop(w);
		return 0;
	} else if ((event->events | w->events) & SYS_EPOLLEXCLUSIVE) {
		return -HOLM_EINVAL;
	}
	begin(w, event);
	return 0;
}

int sys_epoll_ctl(struct process *p, int epfd, int op, int fd, const struct sys_epoll_event *event)
{
	struct fd_slot *outer, *inner;
	struct epoll *ep;

	sys_enter(p);
	if (op != SYS_EPOLL_CTL_DEL && !event)
		return -HOLM_EFAULT;
	outer = fds_slot(p, epfd);
	inner = fds_slot(p, fd);
	if (!outer || !inner)
		return -HOLM_EBADF;
	if (unlikely(!inner->file->socket && !inner->file->ops->poll))
		return -HOLM_EPERM;
	ep = epoll_of(outer->file);
	if (!ep || inner->file == outer->file || op < SYS_EPOLL_CTL_ADD || op > SYS_EPOLL_CTL_MOD)
		return -HOLM_EINVAL;
	return change(ep, op, fd, inner->file, event);
}

/* ---- The other calls ----------------------------------------------------------------------------- */

int sys_epoll_create1(struct process *p, int flags)
{
	struct epoll *ep;
	struct file *f;

	sys_enter(p);
	if (flags & ~SYS_O_CLOEXEC)
		return -HOLM_EINVAL;
	f = file_new(p, &epoll_ops, sizeof(*ep), SYS_O_RDWR);
	if (!f)
		return -HOLM_ENOMEM;
	ep = container_of(f, struct epoll, base);
	list_init(&ep->watches);
	watcher_init(&ep->ready, &f->waiters, watch_gone);
	return fds_install(p, f, flags & SYS_O_CLOEXEC);
}

/* Nothing is ready yet: somebody else may close the descriptor meanwhile. */
static never_inline int wait_for_events(struct epoll *ep, struct sys_epoll_event *events, int max,
					int timeout_ms)
{
	struct process *p = ep->base.process;
	uint64_t deadline_ns = WAIT_FOREVER;
	struct waiter w;
	int count;

	if (timeout_ms > 0)
		deadline_ns = wait_deadline(&p->env.wait, (unsigned)timeout_ms * NS_PER_MS);
	file_get(&ep->base);
	wait_enter(&p->env.wait, &ep->base.waiters, &w);
	while ((count = report(ep, events, max)) == 0)
		if (process_sleep(p, deadline_ns) != 0) {
			count = report(ep, events, max);
			break;
		}
	wait_leave(&w);
	file_put(&ep->base);
	return count;
}

int sys_epoll_wait(struct process *p, int epfd, struct sys_epoll_event *events, int max,
		   int timeout_ms)
{
	struct fd_slot *slot;
	struct epoll *ep;
	int count;

	sys_enter(p);
	slot = fds_slot(p, epfd);
	if (!slot)
		return -HOLM_EBADF;
	ep = epoll_of(slot->file);
	if (!ep || max <= 0)
		return -HOLM_EINVAL;
	if (!events)
		return -HOLM_EFAULT;
	count = report_now(ep, events, max);
	return count != 0 || timeout_ms == 0 ? count : wait_for_events(ep, events, max, timeout_ms);
}
