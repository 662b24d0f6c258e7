/*
 * Pollers, and sleeping when there is nothing to do. The contract is in kernel/README.md.
 */
#ifndef KERNEL_IDLE_H
#define KERNEL_IDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/clock.h"

#define IDLE_NEVER CLOCK_NEVER
/* How long a running program may keep the pollers waiting, given that it makes calls at all. */
#define IDLE_POLL_NS 100000u
/* Network, vsock, console: a fourth is spare. */
#define IDLE_POLLERS_MAX 4

/*
 * Do the work due now, never block, return the next deadline; at or before `now_ns`: there is more,
 * call again. Not called from within itself.
 */
typedef uint64_t (*idle_poller)(void *ctx, uint64_t now_ns);

/* For ever. More than IDLE_POLLERS_MAX are a programmer error. */
void idle_register(idle_poller poll, void *ctx);

/* On entry to a system call, and between threads: run the pollers when they have waited too long. */
void idle_poll_if_due(void);

/* Run them now, whatever the time: for somebody who has just made work and cannot wait. */
void idle_poll_now(void);

/* The boot context ends here: runs threads, polls, sleeps. */
__attribute__((noreturn)) void idle_run(void);

struct idle_stats {
	uint64_t sleeps;     /* times the processor was halted */
	uint64_t slept_ns;   /* for how long altogether */
	uint64_t rounds;     /* rounds of polls from the idle loop */
	uint64_t polls_busy; /* rounds because a running thread took long */
	uint64_t raced;	     /* halts that an interrupt just before them prevented */
};

void idle_get_stats(struct idle_stats *s);

#endif
