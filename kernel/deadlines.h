/*
 * A binary heap of deadlines: which thread is to be woken next. Pure, with storage for a fixed
 * number; each entry knows its place, so that an early wake-up takes it out in O(log n).
 */
#ifndef KERNEL_DEADLINES_H
#define KERNEL_DEADLINES_H

#include <stdint.h>

/* Part of whatever waits. Zero bytes are an entry that is not in the heap. */
struct deadline {
	uint64_t at_ns;
	unsigned place; /* index + 1, 0: not in the heap */
};

/* Owned by the caller, with an array of `max` pointers. */
struct deadlines {
	struct deadline **heap;
	unsigned count;
	unsigned max;
};

/* Not in the heap yet, and there is room: as many entries as can ever wait is what max is. */
void deadlines_add(struct deadlines *d, struct deadline *e, uint64_t at_ns);

/* Does nothing for an entry that is not in the heap. */
void deadlines_remove(struct deadlines *d, struct deadline *e);

/* The earliest, or NULL. */
static inline struct deadline *deadlines_first(const struct deadlines *d)
{
	return d->count != 0 ? d->heap[0] : 0;
}

#endif
