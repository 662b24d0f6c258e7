/* The buddy allocator; see pages.h. A block's buddy is its index with the bit of its size flipped. */
#include "kernel/pages.h"

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/mem.h"

/* State bytes; below PAGES_ORDERS: the first page of a free block of that order. */
enum { STATE_INSIDE = 0xfd, STATE_USED = 0xfe, STATE_ABSENT = 0xff };

/* Where the nodes of large blocks begin in the map. */
static size_t large_offset(size_t count)
{
	return align_up_size(count, sizeof(struct list_node));
}

size_t pages_map_bytes(size_t count)
{
	return large_offset(count) + ((count >> PAGES_LARGE) + 1) * sizeof(struct list_node);
}

void pages_init(struct pages *p, uintptr_t base, size_t count, uint8_t *map)
{
	*p = (struct pages){ .base = base, .count = count, .map = map };
	p->large = (struct list_node *)(void *)(map + large_offset(count));
	for (unsigned o = 0; o < PAGES_ORDERS; o++)
		list_init(&p->free[o]);
	memset(map, STATE_ABSENT, count);
}

static struct list_node *node_of(const struct pages *p, size_t index, unsigned order)
{
	if (order >= PAGES_LARGE)
		return &p->large[index >> PAGES_LARGE];
	return (struct list_node *)(p->base + (index << PAGES_SHIFT));
}

static size_t index_of(const struct pages *p, uintptr_t addr)
{
	ASSERT(addr >= p->base && (addr & ((1u << PAGES_SHIFT) - 1)) == 0);
	return (addr - p->base) >> PAGES_SHIFT;
}

static size_t index_of_node(const struct pages *p, const struct list_node *n, unsigned order)
{
	if (order >= PAGES_LARGE)
		return (size_t)(n - p->large) << PAGES_LARGE;
	return index_of(p, (uintptr_t)n);
}

static void put_block(struct pages *p, size_t index, unsigned order)
{
	struct list_node *n = node_of(p, index, order);

	list_node_init(n);
	list_push_front(&p->free[order], n);
	p->map[index] = (uint8_t)order;
}

/* Join with the buddy for as long as that is free as a whole. */
static void free_block(struct pages *p, size_t index, unsigned order)
{
	while (order + 1 < PAGES_ORDERS) {
		size_t buddy = index ^ ((size_t)1 << order);

		if (buddy >= p->count || p->map[buddy] != order)
			break;
		list_remove(node_of(p, buddy, order));
		p->map[buddy] = STATE_INSIDE;
		p->map[index] = STATE_INSIDE;
		index &= buddy;
		order++;
	}
	put_block(p, index, order);
}

/* Cut a run into the largest aligned blocks. */
static void free_run(struct pages *p, size_t index, size_t n)
{
	memset(p->map + index, STATE_INSIDE, n);
	p->free_count += n;
	while (n != 0) {
		unsigned order = ilog2_u64(n);

		if (index != 0 && lowest_bit_u64(index) < order)
			order = lowest_bit_u64(index);
		if (order >= PAGES_ORDERS)
			order = PAGES_ORDERS - 1;
		free_block(p, index, order);
		index += (size_t)1 << order;
		n -= (size_t)1 << order;
	}
}

static void check_run(const struct pages *p, size_t index, size_t n, uint8_t state)
{
	ASSERT(n != 0 && index < p->count && n <= p->count - index);
	for (size_t i = 0; i < n; i++)
		ASSERT(p->map[index + i] == state);
}

void pages_add(struct pages *p, uintptr_t addr, size_t n)
{
	size_t index = index_of(p, addr);

	check_run(p, index, n, STATE_ABSENT);
	p->total += n;
	p->free_low += n;
	free_run(p, index, n);
}

void pages_free(struct pages *p, uintptr_t addr, size_t n)
{
	size_t index = index_of(p, addr);

	check_run(p, index, n, STATE_USED);
	free_run(p, index, n);
}

/* The smallest free block of at least this order, taken off its list. */
static bool take_block(struct pages *p, unsigned order, size_t *index, unsigned *found)
{
	for (unsigned o = order; o < PAGES_ORDERS; o++) {
		struct list_node *n = list_pop_front(&p->free[o]);

		if (n != NULL) {
			*index = index_of_node(p, n, o);
			*found = o;
			return true;
		}
	}
	return false;
}

uintptr_t pages_alloc(struct pages *p, size_t n)
{
	unsigned order, found;
	size_t index;

	ASSERT(n != 0);
	order = n == 1 ? 0 : ilog2_u64(n - 1) + 1;
	if (order >= PAGES_ORDERS || !take_block(p, order, &index, &found)) {
		p->refused++;
		return 0;
	}
	/* The block's upper pages go back; nothing joins them, as their neighbours below are used. */
	memset(p->map + index, STATE_USED, (size_t)1 << found);
	p->free_count -= (size_t)1 << found;
	if (((size_t)1 << found) != n)
		free_run(p, index + n, ((size_t)1 << found) - n);
	if (p->free_count < p->free_low)
		p->free_low = p->free_count;
	return p->base + (index << PAGES_SHIFT);
}
