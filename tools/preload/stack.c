/*
 * The stack of a process; see stack.h. kernel/sys waits by a futex of the thread that calls; the lock is
 * given up meanwhile, so calls of several threads interleave as those of cooperative threads do.
 */
#include "tools/preload/stack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/sys/file.h"
#include "lib/assert.h"
#include "tools/preload/host.h"
#include "tools/preload/mirror.h"
#include "tools/preload/settings.h"
#include "tools/tap/report.h"
#include "tools/tap/world.h"

#define NS_PER_S 1000000000u
/* How long connections have to end when the program does. */
#define LEAVE_NS (2 * (uint64_t)NS_PER_S)
/* A call that comes this long after the last turn tells the instance the time first. */
#define CLOCK_STEP_NS 100000u
/* Rounds of output that a call makes itself; what more there is, the stack's thread does. */
#define ROUNDS 4
/* Threads that one call wakes after it has given up the lock; what more there are, before. */
#define WAKES_MAX 16

/* A thread in the eyes of kernel/sys. */
struct caller {
	_Atomic(uint32_t) permit; /* the futex */
	struct list_node woken;	  /* to be woken when the lock is given up */
	bool was_interrupted;
	bool never_restarts;
	bool is_starting;
};

enum stack_state {
	STACK_NONE,
	STACK_RUNS,
	STACK_LOST,   /* by a forked child */
	STACK_LEAVES, /* exit() */
};

static struct {
	pthread_mutex_t lock;
	_Atomic(enum stack_state) state;
	pid_t owner;
	struct world world;
	struct list woken;
	int kick;	       /* an eventfd that ends the stack's thread's sleep */
	uint64_t sleeps_until; /* 0: it does not sleep, or has been kicked */
} stack = { .lock = PTHREAD_MUTEX_INITIALIZER,
	    .woken = { { &stack.woken.head, &stack.woken.head } } };

static _Thread_local struct caller self;

struct process *process_current(void)
{
	return &stack.world.process;
}

void holm_assert_failed(const char *expr, const char *file, int line)
{
	fprintf(stderr, "holm: ASSERT(%s) at %s:%d\n", expr, file, line);
	abort();
}

/* ---- the lock ---- */

static long futex(_Atomic(uint32_t) *word, int op, uint32_t value, const struct timespec *until)
{
	return syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, until, NULL,
		       FUTEX_BITSET_MATCH_ANY);
}

static void lock(void)
{
	pthread_mutex_lock(&stack.lock);
}

/* Who is woken finds the lock free. A futex may be gone by then: then nobody hears. */
static void unlock(void)
{
	_Atomic(uint32_t) *permits[WAKES_MAX];
	struct list_node *n;
	size_t count = 0;

	while ((n = list_pop_front(&stack.woken)) != NULL) {
		struct caller *c = container_of(n, struct caller, woken);

		if (count == WAKES_MAX)
			futex(&c->permit, FUTEX_WAKE, 1, NULL);
		else
			permits[count++] = &c->permit;
	}
	pthread_mutex_unlock(&stack.lock);
	for (size_t i = 0; i < count; i++)
		futex(permits[i], FUTEX_WAKE, 1, NULL);
}

static void kick(void)
{
	uint64_t one = 1;

	stack.sleeps_until = 0;
	(void)host()->write(stack.kick, &one, sizeof(one));
}

/* What calls and frames have changed: it is sent, shown, and somebody comes back for the rest. */
static void settle(void)
{
	struct world *w = &stack.world;
	uint64_t next_ns;

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t now = holm_net_now(w->net);

		sys_dispatch_events(w->net);
		if (holm_net_next_deadline(w->net) > now)
			break;
		world_output(w, world_now());
	}
	mirror_update_changed();
	next_ns = holm_net_next_deadline(w->net);
	if (stack.sleeps_until > 0 && (next_ns < stack.sleeps_until || w->tap.is_blocked))
		kick();
}

/* ---- waiting ---- */

static uint64_t wait_now_ns(void *ctx)
{
	(void)ctx;
	return world_now();
}

static void *wait_self(void *ctx)
{
	(void)ctx;
	return &self;
}

/* A signal ends it like the deadline; who has made the call asks whether it was one. */
static int wait_sleep_until(void *ctx, uint64_t deadline_ns)
{
	bool has_end = deadline_ns != WAIT_FOREVER || self.never_restarts;
	struct timespec until = { .tv_sec = INT32_MAX };
	int err = 0;

	(void)ctx;
	if (deadline_ns < (uint64_t)INT32_MAX * NS_PER_S)
		until = (struct timespec){ .tv_sec = (time_t)(deadline_ns / NS_PER_S),
					   .tv_nsec = (long)(deadline_ns % NS_PER_S) };
	settle();
	while (atomic_load(&self.permit) == 0 && err == 0) {
		unlock();
		/* Without an end, the kernel goes on after a handler with SA_RESTART. */
		if (futex(&self.permit, FUTEX_WAIT_BITSET, 0, has_end ? &until : NULL) != 0)
			err = errno == EAGAIN ? 0 : errno;
		lock();
	}
	if (atomic_exchange(&self.permit, 0) != 0)
		return 0;
	self.was_interrupted = err == EINTR;
	return -HOLM_ETIMEDOUT;
}

static void wait_wake_up(void *ctx, void *thread)
{
	struct caller *c = thread;

	(void)ctx;
	atomic_store(&c->permit, 1);
	if (c != &self && !list_is_linked(&c->woken))
		list_push_back(&stack.woken, &c->woken);
}

static void wait_yield(void *ctx)
{
	(void)ctx;
	settle();
	unlock();
	lock();
}

/* Time goes on between turns, also for timers that a call arms. */
static void wait_enter_call(void *ctx)
{
	struct world *w = ctx;
	uint64_t now = world_now();

	if (now - w->turned_ns < CLOCK_STEP_NS)
		return;
	w->turned_ns = now;
	(void)world_output(w, now);
}

static const struct wait_ops wait_ops = {
	.now = wait_now_ns,
	.self = wait_self,
	.sleep = wait_sleep_until,
	.wake = wait_wake_up,
	.yield = wait_yield,
	.enter = wait_enter_call,
};

struct process *stack_enter(void)
{
	lock();
	self.was_interrupted = false;
	self.never_restarts = false;
	return &stack.world.process;
}

void stack_leave(void)
{
	settle();
	unlock();
}

bool stack_was_interrupted(void)
{
	return self.was_interrupted;
}

void stack_never_restart(void)
{
	self.never_restarts = true;
}

/* ---- the stack's own thread ---- */

static void sleep_until(uint64_t until_ns, bool wants_room)
{
	struct pollfd fds[] = {
		{ .fd = stack.kick, .events = POLLIN },
		{ .fd = stack.world.tap.fd, .events = POLLIN },
	};
	uint64_t now = world_now();
	uint64_t ns = until_ns > now ? until_ns - now : 0;
	struct timespec ts = { .tv_sec = (time_t)(ns / NS_PER_S),
			       .tv_nsec = (long)(ns % NS_PER_S) };
	uint64_t kicks;

	if (wants_room)
		fds[1].events |= POLLOUT;
	if (host()->ppoll(fds, 2, until_ns == UINT64_MAX ? NULL : &ts, NULL) > 0 && fds[0].revents)
		(void)host()->read(stack.kick, &kicks, sizeof(kicks));
}

static void *drive(void *arg)
{
	struct world *w = &stack.world;

	for (;;) {
		uint64_t next_ns;
		bool wants_room;

		lock();
		stack.sleeps_until = 0;
		next_ns = world_turn(w);
		mirror_update_changed();
		wants_room = w->tap.is_blocked;
		stack.sleeps_until = next_ns;
		unlock();
		if (next_ns > world_now())
			sleep_until(next_ns, wants_room);
	}
	return arg;
}

static int start_thread(void)
{
	sigset_t all, before;
	pthread_t thread;
	int err;

	/* Handlers are the program's and run in its threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&thread, NULL, drive, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

/* ---- beginning ---- */

static void before_fork(void)
{
	lock();
	/* Or the child would write it a second time. */
	if (stack.world.capture)
		fflush(stack.world.capture);
}

static void after_fork_in_parent(void)
{
	unlock();
}

static void after_fork_in_child(void)
{
	stack.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	if (atomic_load(&stack.state) != STACK_RUNS)
		return;
	atomic_store(&stack.state, STACK_LOST);
	mirror_lose_all();
}

/* Out of the way of the program's numbers, and safe from being closed by it. */
static int hide(int fd)
{
	int high = host()->fcntl(fd, F_DUPFD_CLOEXEC, 512);

	if (high >= 0) {
		host()->close(fd);
		fd = high;
	}
	mirror_set_private(fd, true);
	return fd;
}

static bool open_world(void)
{
	struct tap_options options;
	struct world *w = &stack.world;

	if (!settings_read(&options) || !world_open(w, &options, &wait_ops, 0))
		return false;
	if (world_has_device(w))
		w->tap.fd = hide(w->tap.fd);
	if (w->capture)
		mirror_set_private(fileno(w->capture), true);
	stack.kick = hide(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	return true;
}

int stack_start(void)
{
	int err = 0;

	if (atomic_load(&stack.state) == STACK_RUNS)
		return 0;
	lock();
	if (atomic_load(&stack.state) == STACK_NONE) {
		stack.owner = getpid();
		self.is_starting = true;
		if (open_world() && start_thread() == 0)
			atomic_store(&stack.state, STACK_RUNS);
		else
			err = -ENODEV;
		self.is_starting = false;
	}
	if (err == 0 && atomic_load(&stack.state) != STACK_RUNS)
		err = -ENETDOWN;
	pthread_mutex_unlock(&stack.lock);
	return err;
}

bool stack_is_starting(void)
{
	return self.is_starting;
}

bool stack_is_here(void)
{
	return atomic_load_explicit(&stack.state, memory_order_acquire) == STACK_RUNS;
}

bool stack_is_ours(void)
{
	return stack_is_here() && getpid() == stack.owner;
}

__attribute__((constructor)) static void begin(void)
{
	(void)host();
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/* ---- ending ---- */

void stack_exit(void)
{
	struct world *w = &stack.world;
	uint64_t deadline_ns;

	if (!stack_is_ours())
		return;
	fflush(NULL); /* streams may be sockets */
	lock();
	/* The lock is kept for ever: other threads end where they are. */
	atomic_store(&stack.state, STACK_LEAVES);
	mirror_close_all();
	deadline_ns = world_now() + LEAVE_NS;
	while (world_now() < deadline_ns) {
		uint64_t next_ns = world_turn(w);

		if (!world_has_unfinished(w))
			break;
		sleep_until(next_ns < deadline_ns ? next_ns : deadline_ns, w->tap.is_blocked);
	}
	if (w->options.has_stats)
		report_stats(w);
	if (w->capture)
		fclose(w->capture);
}

__attribute__((destructor)) static void end(void)
{
	stack_exit();
}

EXPORT void _exit(int status)
{
	stack_exit();
	host()->exit_now(status);
	abort();
}

EXPORT void _Exit(int status)
{
	_exit(status);
}
