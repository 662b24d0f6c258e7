/*
 * Linear hashing: growth and shrinking by one bucket at a time, and bounded chains.
 *
 * Does not hash and does not compare; see lib/hash.h and the caller.
 */
#include "lib/htab.h"

#include "lib/assert.h"
#include "lib/mem.h"

/*
 * Splits per insertion and joins per removal. One split keeps up with insertions and a second one
 * catches up after memory was refused; joins begin at half of the nodes, so that two keep up.
 */
#define STEPS_MAX 2

void htab_init(struct htab *t, const struct allocator *memory, uint32_t chain_max)
{
	ASSERT(chain_max > 0);
	memset(t, 0, sizeof(*t));
	t->memory = memory;
	t->chain_max = chain_max;
}

static uint32_t segment_buckets(unsigned segment)
{
	return segment ? (uint32_t)HTAB_BUCKETS_MIN / 2 << segment : HTAB_BUCKETS_MIN;
}

static bool segment_take(struct htab *t, unsigned segment)
{
	size_t size = segment_buckets(segment) * sizeof(struct htab_node *);

	t->segments[segment] = t->memory->alloc(t->memory->ctx, size);
	t->starved += !t->segments[segment];
	return t->segments[segment] != NULL;
}

static void segment_give(struct htab *t, unsigned segment)
{
	size_t size = segment_buckets(segment) * sizeof(struct htab_node *);

	t->memory->free(t->memory->ctx, t->segments[segment], size);
	t->segments[segment] = NULL;
}

void htab_fini(struct htab *t)
{
	for (unsigned i = 0; i < HTAB_SEGMENTS; i++) {
		if (t->segments[i])
			segment_give(t, i);
	}
	t->nodes = 0;
	t->buckets = 0;
	t->mask = 0;
}

static bool begin(struct htab *t)
{
	if (!segment_take(t, 0))
		return false;
	memset(t->segments[0], 0, HTAB_BUCKETS_MIN * sizeof(struct htab_node *));
	t->buckets = HTAB_BUCKETS_MIN;
	t->mask = HTAB_BUCKETS_MIN - 1;
	return true;
}

/* Adds the next bucket and moves to it what belongs there from the one it is split off. */
static bool split(struct htab *t)
{
	uint32_t fresh = t->buckets;
	unsigned segment = htab_segment_of(fresh);
	uint32_t mask = fresh > t->mask ? t->mask * 2 + 1 : t->mask;
	struct htab_node **from, **to;

	if (segment >= HTAB_SEGMENTS || (!t->segments[segment] && !segment_take(t, segment)))
		return false;
	from = htab_bucket(t, fresh & (mask >> 1));
	to = htab_bucket(t, fresh);
	while (*from) {
		struct htab_node *n = *from;

		if ((n->hash & mask) == fresh) {
			*from = n->next;
			*to = n;
			to = &n->next;
		} else {
			from = &n->next;
		}
	}
	*to = NULL;
	t->mask = mask;
	t->buckets = fresh + 1;
	return true;
}

/*
 * Takes the last bucket away; its chain goes behind that of the bucket it was split off. The two
 * together may exceed the maximum for insertions, which then waits for one of them to go.
 */
static void join(struct htab *t)
{
	uint32_t last = t->buckets - 1;
	unsigned segment = htab_segment_of(last);
	struct htab_node **tail = htab_bucket(t, last & (t->mask >> 1));

	while (*tail)
		tail = &(*tail)->next;
	*tail = *htab_bucket(t, last);
	t->buckets = last;
	if (last == t->mask / 2 + 1)
		t->mask >>= 1;
	if (segment > 0 && last == segment_buckets(segment))
		segment_give(t, segment);
}

enum htab_verdict htab_insert(struct htab *t, struct htab_node *n, uint32_t hash)
{
	struct htab_node **head;
	uint32_t length = 1;

	if (!t->buckets && !begin(t))
		return HTAB_NO_MEMORY;
	for (int i = 0; i < STEPS_MAX && t->nodes >= t->buckets; i++) {
		if (!split(t))
			break;
	}
	head = htab_bucket(t, htab_bucket_of(t, hash));
	for (const struct htab_node *other = *head; other; other = other->next)
		length++;
	if (length > t->chain_max) {
		t->refused++;
		return HTAB_CHAIN_FULL;
	}
	t->chain_longest = max_u32(t->chain_longest, length);
	n->hash = hash;
	n->next = *head;
	*head = n;
	t->nodes++;
	return HTAB_INSERTED;
}

/* What points to a node that is in the table. */
static struct htab_node **link_to(struct htab *t, const struct htab_node *n)
{
	struct htab_node **link;

	ASSERT(t->nodes > 0);
	link = htab_bucket(t, htab_bucket_of(t, n->hash));
	while (*link != n) {
		ASSERT(*link != NULL);
		link = &(*link)->next;
	}
	return link;
}

void htab_remove(struct htab *t, struct htab_node *n)
{
	*link_to(t, n) = n->next;
	n->next = NULL;
	t->nodes--;
	/* Half full is far enough from growing that a table does not swing between the two. */
	for (int i = 0; i < STEPS_MAX && t->nodes < t->buckets / 2; i++) {
		if (t->buckets > HTAB_BUCKETS_MIN)
			join(t);
	}
}

struct htab_node *htab_any(struct htab *t)
{
	uint32_t bucket;

	if (!t->nodes)
		return NULL;
	/* What is empty at the end is not looked at again. */
	while (t->buckets > HTAB_BUCKETS_MIN && !*htab_bucket(t, t->buckets - 1))
		join(t);
	for (bucket = t->buckets - 1; !*htab_bucket(t, bucket); bucket--)
		ASSERT(bucket > 0);
	return *htab_bucket(t, bucket);
}

struct htab_node *htab_pop(struct htab *t)
{
	struct htab_node *n = htab_any(t);

	if (!n)
		return NULL;
	*link_to(t, n) = n->next;
	n->next = NULL;
	t->nodes--;
	return n;
}

struct htab_node *htab_walk(const struct htab *t, const struct htab_node *n)
{
	uint32_t bucket = 0;

	if (!t->nodes)
		return NULL;
	if (n) {
		if (n->next)
			return n->next;
		bucket = htab_bucket_of(t, n->hash) + 1;
	}
	for (; bucket < t->buckets; bucket++) {
		struct htab_node *first = *htab_bucket(t, bucket);

		if (first)
			return first;
	}
	return NULL;
}
