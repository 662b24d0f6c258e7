/*
 * The byte ring's handling of the end of its memory: every range becomes one span or two.
 */
#include "lib/ring.h"

#include "lib/mem.h"

/* The range of n bytes at a position, n being no more than the memory. */
static void cut(const struct ring *r, uint32_t at, uint32_t n, struct span out[static 2])
{
	uint32_t index = r->cap ? at & (r->cap - 1) : 0;
	uint32_t first = min_u32(n, r->cap - index);

	out[0] = (struct span){ r->cap ? r->mem + index : NULL, first };
	out[1] = (struct span){ r->mem, n - first };
}

static void put(const struct ring *r, uint32_t at, const void *src, uint32_t n)
{
	struct span s[2];

	cut(r, at, n, s);
	if (s[0].n)
		memcpy(s[0].p, src, s[0].n);
	if (s[1].n)
		memcpy(s[1].p, (const uint8_t *)src + s[0].n, s[1].n);
}

uint8_t *ring_grow(struct ring *r, void *mem, uint32_t cap, uint32_t ahead)
{
	struct ring old = *r;
	uint32_t keep = ring_len(r) + ahead;
	struct span s[2];

	ASSERT(cap <= RING_BYTES_MAX && (cap == 0 || is_pow2_u64(cap)));
	ASSERT(ahead <= ring_space(r) && keep <= cap);
	cut(&old, old.tail, keep, s);
	r->mem = mem;
	r->cap = cap;
	if (s[0].n)
		put(r, old.tail, s[0].p, (uint32_t)s[0].n);
	if (s[1].n)
		put(r, old.tail + (uint32_t)s[0].n, s[1].p, (uint32_t)s[1].n);
	return old.mem;
}

uint32_t ring_reserve(const struct ring *r, size_t max, struct span out[static 2])
{
	uint32_t n = (uint32_t)min_size(max, ring_space(r));

	cut(r, r->head, n, out);
	return n;
}

uint32_t ring_peek(const struct ring *r, size_t off, size_t max, struct cspan out[static 2])
{
	uint32_t skip = (uint32_t)min_size(off, ring_len(r));
	uint32_t n = (uint32_t)min_size(max, ring_len(r) - skip);
	struct span s[2];

	cut(r, r->tail + skip, n, s);
	out[0] = (struct cspan){ s[0].p, s[0].n };
	out[1] = (struct cspan){ s[1].p, s[1].n };
	return n;
}

size_t ring_write_at(struct ring *r, size_t off, const void *src, size_t n)
{
	uint32_t skip = (uint32_t)min_size(off, ring_space(r));
	uint32_t take = (uint32_t)min_size(n, ring_space(r) - skip);

	put(r, r->head + skip, src, take);
	return take;
}

size_t ring_write(struct ring *r, const void *src, size_t n)
{
	size_t take = ring_write_at(r, 0, src, n);

	ring_commit(r, take);
	return take;
}

size_t ring_copy(const struct ring *r, size_t off, void *dst, size_t n)
{
	struct cspan s[2];
	uint32_t take = ring_peek(r, off, n, s);

	if (s[0].n)
		memcpy(dst, s[0].p, s[0].n);
	if (s[1].n)
		memcpy((uint8_t *)dst + s[0].n, s[1].p, s[1].n);
	return take;
}

size_t ring_read(struct ring *r, void *dst, size_t n)
{
	size_t take = ring_copy(r, 0, dst, n);

	ring_release(r, take);
	return take;
}
