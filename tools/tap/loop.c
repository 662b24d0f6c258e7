/* The loop; see loop.h. */
#define _GNU_SOURCE /* ppoll() */
#include "tools/tap/loop.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include <holm/errno.h>

#include "tools/tap/report.h"

#define NS_PER_S 1000000000u
/* In a system call devices are looked after when they have waited this long, as in the image. */
#define POLL_NS 100000u
/* How long connections have to end when the program does. */
#define LEAVE_NS (2 * (uint64_t)NS_PER_S)

static volatile sig_atomic_t stop_signal;
/* The permit of the only thread. */
static bool is_woken;

/* Sleep in the kernel until a frame comes, a signal comes, or it is time. */
static void wait_for_frames(const struct world *w, uint64_t until_ns)
{
	struct pollfd pfd = { .fd = w->tap.fd, .events = POLLIN };
	uint64_t now = world_now();
	uint64_t ns = until_ns > now ? until_ns - now : 0;
	struct timespec ts = { .tv_sec = (time_t)(ns / NS_PER_S),
			       .tv_nsec = (long)(ns % NS_PER_S) };
	sigset_t none;

	if (w->tap.is_blocked)
		pfd.events |= POLLOUT;
	/* Signals are blocked everywhere else, so that none slips in between. */
	sigemptyset(&none);
	ppoll(&pfd, 1, until_ns == UINT64_MAX ? NULL : &ts, &none);
}

/* A program that never waits has its signals blocked for ever: they are asked for. */
static void look_for_signals(void)
{
	sigset_t pending;

	if (stop_signal != 0 || sigpending(&pending) != 0)
		return;
	if (sigismember(&pending, SIGINT))
		stop_signal = SIGINT;
	else if (sigismember(&pending, SIGTERM))
		stop_signal = SIGTERM;
}

/*
 * After a signal no call waits any more, because no time is late enough; the program ends as it makes
 * its next one, when nothing is held on its behalf. exit() runs what it has registered.
 */
static uint64_t wait_now_ns(void *ctx)
{
	(void)ctx;
	return stop_signal != 0 ? UINT64_MAX - 1 : world_now();
}

static void *wait_self(void *ctx)
{
	return ctx;
}

static int wait_sleep_until(void *ctx, uint64_t deadline_ns)
{
	struct world *w = ctx;

	for (;;) {
		uint64_t next_ns = world_turn(w);

		if (is_woken) {
			is_woken = false;
			return 0;
		}
		if (stop_signal != 0 || world_now() >= deadline_ns)
			return -HOLM_ETIMEDOUT;
		wait_for_frames(w, next_ns < deadline_ns ? next_ns : deadline_ns);
	}
}

static void wait_wake_up(void *ctx, void *thread)
{
	(void)ctx;
	(void)thread;
	is_woken = true;
}

static void wait_yield(void *ctx)
{
	(void)world_turn(ctx);
}

static void wait_enter_call(void *ctx)
{
	struct world *w = ctx;

	if (stop_signal != 0 && w->is_open)
		exit(stop_signal == SIGINT ? 130 : 0);
	if (world_now() - w->turned_ns < POLL_NS)
		return;
	(void)world_turn(w);
	look_for_signals();
}

const struct wait_ops loop_wait_ops = {
	.now = wait_now_ns,
	.self = wait_self,
	.sleep = wait_sleep_until,
	.wake = wait_wake_up,
	.yield = wait_yield,
	.enter = wait_enter_call,
};

static void note_signal(int signal)
{
	stop_signal = signal;
}

void loop_catch_signals(void)
{
	struct sigaction action = { .sa_handler = note_signal };
	sigset_t both;

	sigemptyset(&both);
	sigaddset(&both, SIGINT);
	sigaddset(&both, SIGTERM);
	sigprocmask(SIG_BLOCK, &both, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

void loop_close(struct world *w)
{
	uint64_t deadline_ns = world_now() + LEAVE_NS;

	if (!w->is_open)
		return;
	w->is_open = false;
	process_fini(&w->process);
	while (world_now() < deadline_ns) {
		uint64_t next_ns = world_turn(w);

		if (!world_has_unfinished(w))
			break;
		wait_for_frames(w, next_ns < deadline_ns ? next_ns : deadline_ns);
	}
	if (w->options.has_stats)
		report_stats(w);
	world_take_down(w);
}
