/*
 * Timers in any number: a hierarchical timing wheel (Varghese and Lauck, 1987).
 *
 * Arming, moving and cancelling are O(1); so is the question when to look again. Deadlines are
 * nanoseconds of 64 bits, kept to a tick of 2^20 ns (about a millisecond) and rounded up: a timer
 * never fires early, and at most one tick late.
 *
 * A timer that is armed again for later is not moved: the new deadline is only written down, and
 * when the old place comes up the timer is filed anew instead of being handed out. Restarting a
 * retransmission timer with each acknowledgement so costs a comparison and a store.
 *
 * Who owns the wheel runs it:
 *	while ((t = wheel_pop_due(&w, now)) != NULL)
 *		fire(container_of(t, struct owner, timer));
 *	sleep until wheel_next(&w);
 * Popping hands out one timer at a time, no longer armed, so that the owner may arm it again, free
 * it, or cancel others. Who arms for a time that has passed gets the timer back in the same loop.
 *
 * Eight levels of 64 slots span every deadline there is, so nothing is parked. Each timer changes
 * its slot at most once per level in all, which bounds what a pop may have to move.
 */
#ifndef LIB_WHEEL_H
#define LIB_WHEEL_H

#include "lib/compiler.h"

enum {
	WHEEL_TICK_SHIFT = 20,
	WHEEL_LEVEL_BITS = 6,
	WHEEL_SLOTS = 1 << WHEEL_LEVEL_BITS,
	/* Ticks have 44 bits, and one more from rounding up; eight levels have 48. */
	WHEEL_LEVELS = 8,
};

/* No deadline. A timer armed for it stays silent; wheel_next says it when nothing is to come. */
#define WHEEL_NEVER UINT64_MAX

/* In the owner's object, which must not move while the timer is armed. Zero bytes: not armed. */
struct wheel_timer {
	struct wheel_timer *next;
	struct wheel_timer **link; /* what points at this timer; NULL while not armed */
	uint64_t deadline_ns;	   /* what the owner wants; read it, set it with wheel_arm */
	union {
		uint64_t filed_after; /* what is due later than this may wait where the timer is */
		uint64_t filed_tick;  /* on an agenda: its deadline's */
	};
};

/* One per instance. Must not move while timers are armed. */
struct wheel {
	uint64_t tick;			 /* every slot before it is empty */
	uint64_t earliest;		 /* no timer is due before this tick */
	uint32_t levels;		 /* bit l: level l has a timer */
	uint32_t armed;			 /* timers in the wheel */
	uint64_t occupied[WHEEL_LEVELS]; /* bit s: slot s of the level has a timer */
	struct wheel_timer *slots[WHEEL_LEVELS][WHEEL_SLOTS];
};

_Static_assert(sizeof(struct wheel_timer) <= 32, "a timer sits in every connection");

void wheel_init(struct wheel *w, uint64_t now);

/* The first tick at which a deadline has been reached. */
static inline uint64_t wheel_tick_of(uint64_t deadline_ns)
{
	uint64_t part = deadline_ns & (((uint64_t)1 << WHEEL_TICK_SHIFT) - 1);

	return (deadline_ns >> WHEEL_TICK_SHIFT) + (part != 0);
}

static inline void wheel_timer_init(struct wheel_timer *t)
{
	t->next = NULL;
	t->link = NULL;
	t->deadline_ns = WHEEL_NEVER;
	t->filed_after = 0;
}

static inline bool wheel_timer_is_armed(const struct wheel_timer *t)
{
	return t->link != NULL;
}

/* Puts a timer where its deadline belongs, out of line. Use wheel_arm. */
void wheel_file(struct wheel *w, struct wheel_timer *t);

/*
 * Arms, or moves an armed timer. A deadline that has passed fires at the next pop. True: the wheel may have
 * to be looked at earlier than before; false: only later.
 */
static inline bool wheel_arm(struct wheel *w, struct wheel_timer *t, uint64_t deadline_ns)
{
	t->deadline_ns = deadline_ns;
	if (!FOR_SIZE && wheel_timer_is_armed(t) && deadline_ns > t->filed_after)
		return false;
	wheel_file(w, t);
	return true;
}

/* Takes the timer out. It may be freed afterwards. Fine for one that is not armed. */
void wheel_cancel(struct wheel *w, struct wheel_timer *t);

/* May wheel_pop_due have something to give? A comparison, for callers that ask often. */
static inline bool wheel_is_due(const struct wheel *w, uint64_t now)
{
	return now >> WHEEL_TICK_SHIFT >= w->earliest;
}

/* From when on wheel_is_due says so; WHEEL_NEVER if it will not. */
static inline uint64_t wheel_due_from(const struct wheel *w)
{
	return w->earliest >> (64 - WHEEL_TICK_SHIFT) ? WHEEL_NEVER
						      : w->earliest << WHEEL_TICK_SHIFT;
}

/* A timer whose deadline is reached at `now`, taken out; NULL when there is none left. */
struct wheel_timer *wheel_pop_due(struct wheel *w, uint64_t now);

/*
 * When to call wheel_pop_due next; WHEEL_NEVER if there is nothing to wait for. No timer fires
 * before it. After wheel_pop_due(now) has given NULL it is later than now. It may name a moment
 * at which timers are only moved closer or filed anew: that happens at most once per level.
 */
uint64_t wheel_next(const struct wheel *w);

#endif
