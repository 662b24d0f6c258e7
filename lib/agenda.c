/* A list of timers, the next one in front. */
#include "lib/agenda.h"

void agenda_cancel(struct wheel_timer *t)
{
	if (!wheel_timer_is_armed(t))
		return;
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	t->link = NULL;
}

void agenda_arm(struct agenda *a, struct wheel_timer *t, uint64_t deadline_ns)
{
	struct wheel_timer **at = &a->first;

	agenda_cancel(t);
	t->deadline_ns = deadline_ns;
	t->filed_tick = wheel_tick_of(deadline_ns);
	if (deadline_ns == WHEEL_NEVER)
		return;
	while (*at && (*at)->filed_tick <= t->filed_tick)
		at = &(*at)->next;
	t->next = *at;
	t->link = at;
	if (t->next)
		t->next->link = &t->next;
	*at = t;
}

uint64_t agenda_next(const struct agenda *a)
{
	/* What 64 bits of nanoseconds do not reach any more is never, too. */
	if (!a->first || a->first->filed_tick >> (64 - WHEEL_TICK_SHIFT))
		return WHEEL_NEVER;
	return a->first->filed_tick << WHEEL_TICK_SHIFT;
}

struct wheel_timer *agenda_pop_due(struct agenda *a, uint64_t now)
{
	struct wheel_timer *t = a->first;

	if (!t || t->filed_tick > now >> WHEEL_TICK_SHIFT)
		return NULL;
	agenda_cancel(t);
	return t;
}
