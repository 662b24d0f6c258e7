/* A binary heap; see deadlines.h. */
#include "kernel/deadlines.h"

#include "lib/assert.h"

static void put(struct deadlines *d, unsigned i, struct deadline *e)
{
	d->heap[i] = e;
	e->place = i + 1;
}

static void sift_up(struct deadlines *d, unsigned i, struct deadline *e)
{
	while (i != 0 && d->heap[(i - 1) / 2]->at_ns > e->at_ns) {
		put(d, i, d->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(d, i, e);
}

static void sift_down(struct deadlines *d, unsigned i, struct deadline *e)
{
	for (;;) {
		unsigned child = 2 * i + 1;

		if (child >= d->count)
			break;
		if (child + 1 < d->count && d->heap[child + 1]->at_ns < d->heap[child]->at_ns)
			child++;
		if (d->heap[child]->at_ns >= e->at_ns)
			break;
		put(d, i, d->heap[child]);
		i = child;
	}
	put(d, i, e);
}

void deadlines_add(struct deadlines *d, struct deadline *e, uint64_t at_ns)
{
	ASSERT(e->place == 0 && d->count < d->max);
	e->at_ns = at_ns;
	sift_up(d, d->count++, e);
}

void deadlines_remove(struct deadlines *d, struct deadline *e)
{
	unsigned i = e->place - 1;
	struct deadline *last;

	if (e->place == 0)
		return;
	e->place = 0;
	last = d->heap[--d->count];
	if (last == e)
		return;
	if (i != 0 && d->heap[(i - 1) / 2]->at_ns > last->at_ns)
		sift_up(d, i, last);
	else
		sift_down(d, i, last);
}
