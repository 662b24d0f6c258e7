/* The bounded queue of received frames; see rxq.h. */
#include "net/core/rxq.h"

#include "lib/mem.h"

static uint32_t pinned_by(const struct holm_frame *f)
{
	uint32_t bytes = 0;

	for (uint32_t i = 0; i < f->nsegs; i++)
		bytes += f->segs[i].buf->bytes;
	return bytes;
}

struct holm_frame *rxq_copy(const struct rxq *q, struct holm_pool *pool, const struct holm_frame *f)
{
	struct holm_frame *copy;

	/* Asked first: what has no room costs nothing. */
	if (q->pinned_bytes + f->len > q->max_bytes ||
	    pool_available(pool) <= f->len / HOLM_FRAME_BYTES + 1)
		return NULL;
	copy = holm_frame_copy(pool, f);
	if (!copy)
		return NULL;
	if (q->pinned_bytes + pinned_by(copy) > q->max_bytes) {
		holm_frame_free(copy);
		return NULL;
	}
	memcpy(copy->cb.bytes, f->cb.bytes, sizeof(copy->cb.bytes));
	return copy;
}

void rxq_put(struct rxq *q, struct holm_frame *f)
{
	f->next = NULL;
	if (q->first)
		q->last->next = f;
	else
		q->first = f;
	q->last = f;
	q->nframes++;
	q->pinned_bytes += pinned_by(f);
}

struct holm_frame *rxq_take(struct rxq *q)
{
	struct holm_frame *f = q->first;

	if (!f)
		return NULL;
	q->first = f->next;
	f->next = NULL;
	q->nframes--;
	q->pinned_bytes -= pinned_by(f);
	return f;
}

void rxq_clear(struct rxq *q)
{
	struct holm_frame *f;

	while ((f = rxq_take(q)) != NULL)
		holm_frame_free(f);
}

void rxq_dev_gone(struct rxq *q, const struct holm_dev *dev)
{
	for (struct holm_frame *f = q->first; f; f = f->next)
		if (f->dev == dev)
			f->dev = NULL;
}
