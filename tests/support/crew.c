/* Cooperative threads on ucontext; see crew.h. A failing assertion in one jumps to the test's frame. */
#define _DEFAULT_SOURCE
#include "tests/support/crew.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <cmocka.h>

#include "tests/support/expect.h"

/* Sanitised frames are large. */
#define STACK_BYTES (512u * 1024)

enum state { RUNNABLE, PARKED, ENDED };

struct crew_thread {
	ucontext_t context, back;
	enum state state;
	bool permit, woken;
	uint64_t deadline;
	void (*fn)(void *);
	void *arg;
	void *stack;
};

/* makecontext() passes ints only; there is one crew at a time. */
static struct crew_thread *starting;

void crew_init(struct crew *c, uint64_t seed)
{
	memset(c, 0, sizeof(*c));
	c->seed = seed;
}

static void entry(void)
{
	struct crew_thread *t = starting;

	t->fn(t->arg);
	t->state = ENDED;
	setcontext(&t->back);
}

void crew_start(struct crew *c, void (*fn)(void *arg), void *arg)
{
	struct crew_thread *t = calloc(1, sizeof(*t));

	assert_true(c->n < CREW_MAX);
	assert_non_null(t);
	t->fn = fn;
	t->arg = arg;
	t->stack = malloc(STACK_BYTES);
	assert_non_null(t->stack);
	getcontext(&t->context);
	t->context.uc_stack.ss_sp = t->stack;
	t->context.uc_stack.ss_size = STACK_BYTES;
	makecontext(&t->context, entry, 0);
	c->threads[c->n++] = t;
}

static struct crew_thread *choose(struct crew *c)
{
	size_t from = c->n ? expect_random_below(&c->seed, c->n) : 0;

	for (size_t i = 0; i < c->n; i++) {
		struct crew_thread *t = c->threads[(from + i) % c->n];

		if (t->state == RUNNABLE)
			return t;
	}
	return NULL;
}

bool crew_is_any_runnable(const struct crew *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->threads[i]->state == RUNNABLE)
			return true;
	return false;
}

static void let_run(struct crew *c, struct crew_thread *t)
{
	c->current = t;
	starting = t;
	swapcontext(&t->back, &t->context);
	c->current = NULL;
}

static void bury(struct crew *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct crew_thread *t = c->threads[i];

		if (t->state != ENDED) {
			c->threads[kept++] = t;
			continue;
		}
		free(t->stack);
		free(t);
	}
	c->n = kept;
}

/* Wake those whose time has come; returns the next deadline. */
static uint64_t expire(struct crew *c)
{
	uint64_t next = CREW_FOREVER;

	for (size_t i = 0; i < c->n; i++) {
		struct crew_thread *t = c->threads[i];

		if (t->state != PARKED)
			continue;
		if (t->deadline <= c->now)
			t->state = RUNNABLE;
		else if (t->deadline < next)
			next = t->deadline;
	}
	return next;
}

void crew_run(struct crew *c, bool (*idle)(void *ctx, uint64_t deadline), void *ctx)
{
	while (c->n > 0) {
		uint64_t deadline = expire(c);
		struct crew_thread *t = choose(c);

		if (t)
			let_run(c, t);
		else if (!idle(ctx, deadline))
			fail_msg("%zu threads wait for what will never come", c->n);
		bury(c);
	}
}

struct crew_thread *crew_self(struct crew *c)
{
	assert_non_null(c->current);
	return c->current;
}

static void give_way(struct crew *c)
{
	struct crew_thread *t = c->current;

	swapcontext(&t->context, &t->back);
}

bool crew_park(struct crew *c, uint64_t deadline)
{
	struct crew_thread *t = crew_self(c);

	if (!t->permit) {
		t->deadline = deadline;
		t->woken = false;
		t->state = PARKED;
		give_way(c);
		return t->woken;
	}
	t->permit = false;
	return true;
}

void crew_unpark(struct crew_thread *t)
{
	if (t->state != PARKED) {
		t->permit = true;
		return;
	}
	t->state = RUNNABLE;
	t->woken = true;
}

void crew_yield(struct crew *c)
{
	(void)crew_self(c);
	give_way(c);
}
