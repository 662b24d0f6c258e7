/*
 * crew.h -- cooperative threads for tests of what blocks: one runs at a time, chosen by seed, until it
 * parks, yields or ends. Time is the test's.
 */
#ifndef TESTS_SUPPORT_CREW_H
#define TESTS_SUPPORT_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CREW_MAX 64u
#define CREW_FOREVER UINT64_MAX

struct crew_thread;

/* Owned by the test. */
struct crew {
	struct crew_thread *threads[CREW_MAX];
	size_t n;
	struct crew_thread *current; /* NULL: the test itself */
	uint64_t seed;
	uint64_t now; /* moved by the test's idle function */
};

void crew_init(struct crew *c, uint64_t seed);

/* A thread that will call fn(arg). Also from within a thread. */
void crew_start(struct crew *c, void (*fn)(void *arg), void *arg);

/*
 * Run until all have ended. When none can run, `idle` is called: it does what the world does meanwhile,
 * or moves c->now, to `deadline` at most. False means that nothing will ever happen again: the test
 * fails, because somebody waits.
 */
void crew_run(struct crew *c, bool (*idle)(void *ctx, uint64_t deadline), void *ctx);

/* ---- for threads ---- */

struct crew_thread *crew_self(struct crew *c);

/* Sleep until unparked (true) or until the deadline (false). An unpark before the park counts. */
bool crew_park(struct crew *c, uint64_t deadline);
void crew_unpark(struct crew_thread *t);
void crew_yield(struct crew *c);
bool crew_is_any_runnable(const struct crew *c);

#endif
