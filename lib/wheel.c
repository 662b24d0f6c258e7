/*
 * A hierarchical timing wheel, with the position of a timer taken from the highest digit in which
 * its tick differs from the wheel's.
 *
 * A tick is eight digits of six bits. A timer is on the level of the highest digit that differs
 * from the wheel's own tick, in the slot named by that digit of its tick. So all slots in use lie
 * ahead of the wheel's digit on their level, every timer of a level is due before every timer of
 * the levels above, and the earliest slot is the lowest bit of the lowest level in use. When the
 * wheel's tick enters a slot above level 0, the timers in it are filed again and land further down.
 *
 * Keeps no clock. Says nothing about the order of timers that fall due in the same tick.
 */
#include "lib/wheel.h"

#include "lib/assert.h"
#include "lib/mem.h"

void wheel_init(struct wheel *w, uint64_t now)
{
	memset(w, 0, sizeof(*w));
	w->tick = now >> WHEEL_TICK_SHIFT;
	w->earliest = UINT64_MAX;
}

/* Level and slot of `tick`, which is not before the wheel's. */
static unsigned level_of(const struct wheel *w, uint64_t tick)
{
	return ilog2_u64((w->tick ^ tick) | 1) / WHEEL_LEVEL_BITS;
}

static unsigned slot_on(uint64_t tick, unsigned level)
{
	return (unsigned)(tick >> (level * WHEEL_LEVEL_BITS)) & (WHEEL_SLOTS - 1);
}

static inline void slot_push(struct wheel *w, struct wheel_timer *t, uint64_t tick)
{
	unsigned level = level_of(w, tick);
	unsigned slot = slot_on(tick, level);
	struct wheel_timer **head = &w->slots[level][slot];

	/* The last nanosecond of the tick before the one that has its own begin. */
	t->filed_after = (tick - 1) << WHEEL_TICK_SHIFT;
	t->next = *head;
	t->link = head;
	if (*head)
		(*head)->link = &t->next;
	*head = t;
	w->occupied[level] |= (uint64_t)1 << slot;
	w->levels |= 1u << level;
	w->armed++;
}

/* The link of a slot's first timer points at the slot itself, which tells where the timer is. */
static void slot_remove(struct wheel *w, struct wheel_timer *t)
{
	size_t at = ((uintptr_t)t->link - (uintptr_t)w->slots) / sizeof(t->link);

	*t->link = t->next;
	w->armed--;
	if (t->next) {
		t->next->link = t->link;
	} else if (at < (size_t)WHEEL_LEVELS * WHEEL_SLOTS) {
		unsigned level = (unsigned)(at / WHEEL_SLOTS);

		w->occupied[level] &= ~((uint64_t)1 << (at % WHEEL_SLOTS));
		if (!w->occupied[level])
			w->levels &= ~(1u << level);
	}
	t->link = NULL;
	t->next = NULL;
}

/* The tick at which the earliest slot in use begins. There is one. */
static uint64_t earliest_slot(const struct wheel *w, unsigned *level, unsigned *slot)
{
	unsigned shift;

	*level = (unsigned)__builtin_ctz(w->levels);
	*slot = lowest_bit_u64(w->occupied[*level]);
	shift = *level * WHEEL_LEVEL_BITS;
	return ((((w->tick >> shift) & ~(uint64_t)(WHEEL_SLOTS - 1)) | *slot) << shift);
}

void wheel_file(struct wheel *w, struct wheel_timer *t)
{
	uint64_t tick;

	if (wheel_timer_is_armed(t))
		slot_remove(w, t);
	if (t->deadline_ns == WHEEL_NEVER)
		return;
	tick = max_u64(wheel_tick_of(t->deadline_ns), w->tick);
	slot_push(w, t, tick);
	/* Above level 0 it is moved closer before, if there is another reason to look. */
	w->earliest = min_u64(w->earliest, tick);
}

void wheel_cancel(struct wheel *w, struct wheel_timer *t)
{
	if (wheel_timer_is_armed(t))
		slot_remove(w, t);
}

/* The wheel has entered a slot above level 0: all of it at once, lest later ticks overtake. */
static void cascade(struct wheel *w, unsigned level, unsigned slot)
{
	struct wheel_timer *t;

	while ((t = w->slots[level][slot]) != NULL)
		wheel_file(w, t);
}

struct wheel_timer *wheel_pop_due(struct wheel *w, uint64_t now)
{
	uint64_t target = now >> WHEEL_TICK_SHIFT;

	while (w->levels) {
		unsigned level, slot;
		uint64_t start = earliest_slot(w, &level, &slot);
		struct wheel_timer *t = w->slots[level][slot];

		w->earliest = start;
		if (start > target)
			break;
		w->tick = start;
		if (level > 0) {
			cascade(w, level, slot);
			continue;
		}
		slot_remove(w, t);
		if (wheel_tick_of(t->deadline_ns) <= start)
			return t;
		wheel_file(w, t);
	}
	if (!w->levels)
		w->earliest = UINT64_MAX;
	w->tick = max_u64(w->tick, target);
	return NULL;
}

uint64_t wheel_next(const struct wheel *w)
{
	unsigned level, slot;
	uint64_t start;

	if (!w->levels)
		return WHEEL_NEVER;
	/* A slot above level 0 may begin before its first timer, and before a pop was worth while. */
	start = max_u64(earliest_slot(w, &level, &slot), w->earliest);
	return start >> (64 - WHEEL_TICK_SHIFT) ? WHEEL_NEVER : start << WHEEL_TICK_SHIFT;
}
