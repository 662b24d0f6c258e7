/*
 * The constant region as a send buffer (see <holm/buf.h>): read-only memory served with no copy and
 * no memory of its own.
 */
#include <holm/buf.h>

#include "lib/compiler.h"

static size_t const_lend(struct holm_sndbuf *base, size_t off, size_t max, struct holm_span *spans,
			 size_t nspans)
{
	struct holm_const_sndbuf *b = container_of(base, struct holm_const_sndbuf, base);

	if (off >= base->queued || max == 0 || nspans == 0)
		return 0;
	spans[0] = (struct holm_span){ b->data + off, min_size(base->queued - off, max) };
	return 1;
}

static void const_discard(struct holm_sndbuf *base, size_t n)
{
	container_of(base, struct holm_const_sndbuf, base)->data += n;
}

static void const_released(struct holm_sndbuf *base)
{
	struct holm_const_sndbuf *b = container_of(base, struct holm_const_sndbuf, base);

	if (b->on_released)
		b->on_released(b);
}

static const struct holm_sndbuf_ops const_ops = {
	.lend = const_lend,
	.discard = const_discard,
	.released = const_released,
};

void holm_const_sndbuf_init(struct holm_const_sndbuf *b, const void *data, size_t len,
			    void (*on_released)(struct holm_const_sndbuf *b))
{
	/* All there will ever be is queued from the beginning: there is no room for more. */
	b->base = (struct holm_sndbuf){ .ops = &const_ops, .queued = len };
	b->data = data;
	b->on_released = on_released;
}
