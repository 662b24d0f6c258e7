/*
 * Few timers, in the least code: a list in the order of their ticks. Popping and the question when
 * to look again cost nothing, arming goes through what is due before. Right for some tens of
 * timers; any number works.
 *
 * Timers, ticks and the loop of who owns it are those of lib/wheel.h, which it stands for where that is too
 * large. Of one tick, who was armed first is first.
 */
#ifndef LIB_AGENDA_H
#define LIB_AGENDA_H

#include "lib/compiler.h"
#include "lib/wheel.h"

/* Must not move while timers are armed. Zero bytes: empty. */
struct agenda {
	struct wheel_timer *first;
};

/* Arms, or moves an armed timer. A deadline that has passed fires at the next pop. */
void agenda_arm(struct agenda *a, struct wheel_timer *t, uint64_t deadline_ns);

/* Takes the timer out. It may be freed afterwards. Fine for one that is not armed. */
void agenda_cancel(struct wheel_timer *t);

/* A timer whose deadline is reached at `now`, taken out; NULL when there is none left. */
struct wheel_timer *agenda_pop_due(struct agenda *a, uint64_t now);

/* From when on agenda_pop_due() has something to give; WHEEL_NEVER if it will not. */
uint64_t agenda_next(const struct agenda *a);

#endif
