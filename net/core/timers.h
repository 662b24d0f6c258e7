/*
 * The timers of an instance by their deadlines: a wheel (lib/wheel.h), which does not care how many
 * there are; in a build without that (HOLM_WITH_GROWTH) a list in the order of their ticks
 * (lib/agenda.h).
 */
#ifndef NET_CORE_TIMERS_H
#define NET_CORE_TIMERS_H

#include <holm/build.h>

#include "lib/wheel.h"

#if HOLM_WITH_GROWTH

struct timers {
	struct wheel all;
};

static inline void timers_init(struct timers *t)
{
	wheel_init(&t->all, 0);
}

/* True: one may have to be looked for earlier than before. */
static inline bool timers_arm(struct timers *t, struct wheel_timer *timer, uint64_t deadline)
{
	return wheel_arm(&t->all, timer, deadline);
}

static inline void timers_cancel(struct timers *t, struct wheel_timer *timer)
{
	wheel_cancel(&t->all, timer);
}

static inline struct wheel_timer *timers_pop_due(struct timers *t, uint64_t now)
{
	return wheel_pop_due(&t->all, now);
}

/* Nothing is to be popped before it. */
static inline uint64_t timers_due_from(const struct timers *t)
{
	return wheel_due_from(&t->all);
}

/* The same, as well as it can be known. */
static inline uint64_t timers_next(const struct timers *t)
{
	return wheel_next(&t->all);
}

#else

#include "lib/agenda.h"

struct timers {
	struct agenda all;
};

static inline void timers_init(struct timers *t)
{
	t->all.first = NULL;
}

static inline bool timers_arm(struct timers *t, struct wheel_timer *timer, uint64_t deadline)
{
	agenda_arm(&t->all, timer, deadline);
	return true;
}

static inline void timers_cancel(struct timers *t, struct wheel_timer *timer)
{
	(void)t;
	agenda_cancel(timer);
}

static inline struct wheel_timer *timers_pop_due(struct timers *t, uint64_t now)
{
	return agenda_pop_due(&t->all, now);
}

static inline uint64_t timers_due_from(const struct timers *t)
{
	return agenda_next(&t->all);
}

static inline uint64_t timers_next(const struct timers *t)
{
	return agenda_next(&t->all);
}

#endif

#endif
