/*
 * The constant region as a send buffer (see <holm/buf.h>): read-only memory served with no copy and
 * no memory of its own.
 */
#include <holm/buf.h>

#include "lib/assert.h"
#include "lib/compiler.h"

static size_t const_queued(const struct holm_sndbuf *base)
{
	return container_of_const(base, struct holm_const_sndbuf, base)->len;
}

/* All there will ever be is queued from the beginning. */
static size_t const_room(const struct holm_sndbuf *base)
{
	(void)base;
	return 0;
}

static size_t const_lend(struct holm_sndbuf *base, size_t off, size_t max, struct holm_span *spans,
			 size_t nspans)
{
	struct holm_const_sndbuf *b = container_of(base, struct holm_const_sndbuf, base);

	if (off >= b->len || max == 0 || nspans == 0)
		return 0;
	spans[0] = (struct holm_span){ b->data + off, min_size(b->len - off, max) };
	return 1;
}

static void const_discard(struct holm_sndbuf *base, size_t n)
{
	struct holm_const_sndbuf *b = container_of(base, struct holm_const_sndbuf, base);

	ASSERT(n <= b->len);
	b->data += n;
	b->len -= n;
}

static void const_released(struct holm_sndbuf *base)
{
	struct holm_const_sndbuf *b = container_of(base, struct holm_const_sndbuf, base);

	if (b->on_released)
		b->on_released(b);
}

static const struct holm_sndbuf_ops const_ops = {
	.queued = const_queued,
	.room = const_room,
	.lend = const_lend,
	.discard = const_discard,
	.released = const_released,
};

void holm_const_sndbuf_init(struct holm_const_sndbuf *b, const void *data, size_t len,
			    void (*on_released)(struct holm_const_sndbuf *b))
{
	b->base.ops = &const_ops;
	b->data = data;
	b->len = len;
	b->on_released = on_released;
}
