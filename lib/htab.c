/*
 * Linear hashing: growth and shrinking by one bucket at a time, and bounded buckets of whole lines of the
 * cache.
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

_Static_assert(HTAB_SLOTS * 8 == HTAB_COUNT_SHIFT, "a byte for each, and one for the count");
_Static_assert(sizeof(void *) != 8 || sizeof(struct htab_line) == 64,
	       "in an array of them each is one line of the cache");

void htab_init(struct htab *t, const struct allocator *memory, uint32_t chain_max)
{
	ASSERT(chain_max > 0);
	memset(t, 0, sizeof(*t));
	t->memory = memory;
	t->chain_max = chain_max;
}

/* ---- Lines --------------------------------------------------------------------------------------- */

/* The line behind it, or NULL. */
static struct htab_line *line_next(const struct htab_line *l)
{
	return likely(htab_count_of(l) != HTAB_COUNT_MORE) ? NULL : l->place[HTAB_SLOTS - 1];
}

static void line_give(const struct htab *t, struct htab_line *l)
{
	t->memory->free(t->memory->ctx, l, sizeof(*l));
}

static void set(struct htab_line *l, unsigned i, struct htab_node *n)
{
	unsigned shift = 8 * i;
	uint64_t tag = n->hash >> HTAB_TAG_SHIFT;

	l->place[i] = n;
	l->tags = (l->tags & ~((uint64_t)0xff << shift)) | tag << shift;
}

/* Of a bucket that has room in its last line, which is this. */
static void push(struct htab_line *l, struct htab_node *n)
{
	unsigned i = htab_count_of(l);

	ASSERT(i < HTAB_SLOTS);
	set(l, i, n);
	l->tags += HTAB_COUNT_ONE;
}

/* A full line's last place leads to another from now on. Returns that. */
static struct htab_line *extend(struct htab_line *l, struct htab_line *fresh)
{
	fresh->tags = 0;
	push(fresh, l->place[HTAB_SLOTS - 1]);
	l->place[HTAB_SLOTS - 1] = fresh;
	l->tags += HTAB_COUNT_ONE;
	return fresh;
}

/* The same into any bucket; one line of `spare`, which are linked by their first places, may be needed. */
static struct htab_line *push_behind(struct htab_line *l, struct htab_node *n,
				     struct htab_line *spare)
{
	struct htab_line *next;

	while ((next = line_next(l)) != NULL)
		l = next;
	if (unlikely(htab_count_of(l) == HTAB_SLOTS)) {
		ASSERT(spare != NULL);
		next = spare->place[0];
		l = extend(l, spare);
		spare = next;
	}
	push(l, n);
	return spare;
}

/* The first with this hash in a bucket; the first behind `after`, unless that is NULL. */
static struct htab_node *search(const struct htab_line *l, uint32_t hash,
				const struct htab_node *after)
{
	do {
		for (uint64_t left = htab_candidates(l, hash); left; left &= left - 1) {
			struct htab_node *n = l->place[lowest_bit_u64(left) / 8];

			if (unlikely(n->hash != hash))
				continue;
			if (likely(!after))
				return n;
			if (n == after)
				after = NULL;
		}
		l = line_next(l);
	} while (unlikely(l != NULL));
	return NULL;
}

/* ---- Segments ------------------------------------------------------------------------------------ */

static uint32_t segment_buckets(unsigned segment)
{
	return segment ? htab_segment_first(segment, HTAB_BUCKETS_MIN) : HTAB_BUCKETS_MIN;
}

static bool segment_take(struct htab *t, unsigned segment)
{
	size_t size = segment_buckets(segment) * sizeof(struct htab_line);

	t->segments[segment] = t->memory->alloc(t->memory->ctx, size);
	t->starved += !t->segments[segment];
	return t->segments[segment] != NULL;
}

static void segment_give(struct htab *t, unsigned segment)
{
	size_t size = segment_buckets(segment) * sizeof(struct htab_line);

	t->memory->free(t->memory->ctx, t->segments[segment], size);
	t->segments[segment] = NULL;
}

void htab_fini(struct htab *t)
{
	for (uint32_t i = 0; i < t->buckets; i++) {
		struct htab_line *l = line_next(htab_bucket(t, i));

		while (l) {
			struct htab_line *next = line_next(l);

			line_give(t, l);
			l = next;
		}
	}
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
	memset(t->segments[0], 0, HTAB_BUCKETS_MIN * sizeof(struct htab_line));
	t->buckets = HTAB_BUCKETS_MIN;
	t->mask = HTAB_BUCKETS_MIN - 1;
	return true;
}

/*
 * What is in `even` stays there or, with this bit of its hash, goes to `odd`. The two never need more lines
 * than it had: each that has been read is the next to be written.
 */
static void divide(struct htab *t, struct htab_line *even, struct htab_line *odd, uint32_t bit)
{
	struct htab_line l = *even, *next, *spare = NULL;

	even->tags = 0;
	odd->tags = 0;
	for (;;) {
		for (unsigned i = 0; i < htab_line_nodes(&l); i++) {
			struct htab_node *n = l.place[i];

			spare = push_behind(n->hash & bit ? odd : even, n, spare);
		}
		next = line_next(&l);
		if (likely(!next))
			break;
		l = *next;
		next->place[0] = spare;
		spare = next;
	}
	while (unlikely(spare != NULL)) {
		next = spare->place[0];
		line_give(t, spare);
		spare = next;
	}
}

/* Adds the next bucket and moves to it what belongs there from the one it is split off. */
static bool split(struct htab *t)
{
	uint32_t fresh = t->buckets;
	unsigned segment = htab_segment_of(fresh, HTAB_BUCKETS_MIN);
	uint32_t mask = fresh > t->mask ? t->mask * 2 + 1 : t->mask;

	if (segment >= HTAB_SEGMENTS || (!t->segments[segment] && !segment_take(t, segment)))
		return false;
	divide(t, htab_bucket(t, fresh & (mask >> 1)), htab_bucket(t, fresh), mask - (mask >> 1));
	t->mask = mask;
	t->buckets = fresh + 1;
	return true;
}

/*
 * Takes the last bucket away; what is in it goes to the one that it was split off. False: that takes more
 * than a line, and waits until some of it is gone.
 */
static bool join(struct htab *t)
{
	uint32_t last = t->buckets - 1;
	unsigned segment = htab_segment_of(last, HTAB_BUCKETS_MIN);
	struct htab_line *to = htab_bucket(t, last & (t->mask >> 1));
	const struct htab_line *from = htab_bucket(t, last);

	if (htab_count_of(from) > 0 && htab_count_of(from) + htab_count_of(to) > HTAB_SLOTS)
		return false;
	for (unsigned i = 0; i < htab_count_of(from); i++)
		push(to, from->place[i]);
	t->buckets = last;
	if (last == t->mask / 2 + 1)
		t->mask >>= 1;
	if (segment > 0 && last == segment_buckets(segment))
		segment_give(t, segment);
	return true;
}

/* ---- Nodes --------------------------------------------------------------------------------------- */

static struct htab_line *bucket_for(const struct htab *t, uint32_t hash)
{
	return htab_bucket(t, htab_bucket_of(t, hash));
}

struct htab_node *htab_first(const struct htab *t, uint32_t hash)
{
	return t->nodes ? search(bucket_for(t, hash), hash, NULL) : NULL;
}

struct htab_node *htab_next(const struct htab *t, const struct htab_node *n)
{
	return search(bucket_for(t, n->hash), n->hash, n);
}

/* Buckets for one more node: those that are due, as far as there is memory. */
static never_inline bool grow(struct htab *t)
{
	if (!t->buckets && !begin(t))
		return false;
	for (int i = 0; i < STEPS_MAX && t->nodes >= t->buckets * HTAB_LOAD; i++) {
		if (!split(t))
			break;
	}
	return true;
}

/* Into a bucket whose first line is full, or that is not to hold more. */
static never_inline enum htab_verdict insert_behind(struct htab *t, struct htab_line *l,
						    struct htab_node *n)
{
	struct htab_line *next;
	uint32_t length = 1;

	for (; (next = line_next(l)) != NULL; l = next)
		length += HTAB_SLOTS - 1;
	length += htab_count_of(l);
	if (length > t->chain_max) {
		t->refused++;
		return HTAB_CHAIN_FULL;
	}
	if (htab_count_of(l) == HTAB_SLOTS) {
		next = t->memory->alloc(t->memory->ctx, sizeof(*next));
		if (!next) {
			t->starved++;
			return HTAB_NO_MEMORY;
		}
		l = extend(l, next);
	}
	t->chain_longest = max_u32(t->chain_longest, length);
	push(l, n);
	t->nodes++;
	return HTAB_INSERTED;
}

/* Into its bucket: there are some. */
static always_inline enum htab_verdict put(struct htab *t, struct htab_node *n, uint32_t hash)
{
	struct htab_line *l = bucket_for(t, hash);

	n->hash = hash;
	/* One more than there ever were in a bucket is looked at more closely, too. */
	if (FOR_SIZE ||
	    unlikely(htab_count_of(l) >= HTAB_SLOTS || htab_count_of(l) >= t->chain_longest))
		return insert_behind(t, l, n);
	push(l, n);
	t->nodes++;
	return HTAB_INSERTED;
}

enum htab_verdict htab_insert(struct htab *t, struct htab_node *n, uint32_t hash)
{
	if (unlikely(t->nodes >= t->buckets * HTAB_LOAD) && !grow(t))
		return HTAB_NO_MEMORY;
	return put(t, n, hash);
}

/* Where a node is among those of its line; HTAB_SLOTS: it is not. */
static unsigned place_of(const struct htab_line *l, const struct htab_node *n)
{
	for (unsigned i = 0; i < htab_line_nodes(l); i++) {
		if (l->place[i] == n)
			return i;
	}
	return HTAB_SLOTS;
}

/* Out of a bucket of several lines; what is last in them takes the place. */
static never_inline void take_out_of_many(struct htab *t, struct htab_line *l,
					  const struct htab_node *n)
{
	struct htab_line *last, *before = NULL, *next;
	unsigned i;

	for (i = place_of(l, n); i == HTAB_SLOTS; i = place_of(l, n)) {
		before = l;
		l = line_next(l);
		ASSERT(l != NULL);
	}
	for (last = l; (next = line_next(last)) != NULL; last = next)
		before = last;
	ASSERT(before != NULL);
	last->tags -= HTAB_COUNT_ONE;
	set(l, i, last->place[htab_count_of(last)]);
	if (htab_count_of(last) > 1)
		return;
	/* What is left there fits in where the line was named. */
	set(before, HTAB_SLOTS - 1, last->place[0]);
	before->tags -= HTAB_COUNT_ONE;
	line_give(t, last);
}

static always_inline void take_out(struct htab *t, const struct htab_node *n)
{
	struct htab_line *l = bucket_for(t, n->hash);
	unsigned last = htab_count_of(l) - 1, i = last;

	ASSERT(t->nodes > 0);
	t->nodes--;
	if (unlikely(last == HTAB_COUNT_MORE - 1)) {
		take_out_of_many(t, l, n);
		return;
	}
	for (; l->place[i] != n; i--)
		ASSERT(i > 0);
	if (i != last)
		set(l, i, l->place[last]);
	l->tags -= HTAB_COUNT_ONE;
}

static never_inline void shrink(struct htab *t)
{
	for (int i = 0; i < STEPS_MAX && t->nodes < t->buckets * (HTAB_LOAD / 2); i++) {
		if (t->buckets <= HTAB_BUCKETS_MIN || !join(t))
			break;
	}
}

void htab_remove(struct htab *t, struct htab_node *n)
{
	take_out(t, n);
	/* Half full is far enough from growing that a table does not swing between the two. */
	if (t->buckets > HTAB_BUCKETS_MIN && t->nodes < t->buckets * (HTAB_LOAD / 2))
		shrink(t);
}

struct htab_node *htab_any(struct htab *t)
{
	uint32_t bucket;

	if (!t->nodes)
		return NULL;
	/* What is empty at the end is not looked at again. */
	while (t->buckets > HTAB_BUCKETS_MIN && htab_count_of(htab_bucket(t, t->buckets - 1)) == 0)
		(void)join(t);
	for (bucket = t->buckets - 1; htab_count_of(htab_bucket(t, bucket)) == 0; bucket--)
		ASSERT(bucket > 0);
	return htab_bucket(t, bucket)->place[0];
}

struct htab_node *htab_pop(struct htab *t)
{
	struct htab_node *n = htab_any(t);

	if (n)
		take_out(t, n);
	return n;
}

struct htab_node *htab_walk(const struct htab *t, const struct htab_node *n)
{
	const struct htab_line *l;
	uint32_t bucket = 0;
	unsigned i = 0;

	if (!t->nodes)
		return NULL;
	if (n) {
		bucket = htab_bucket_of(t, n->hash);
		for (l = htab_bucket(t, bucket); (i = place_of(l, n)) == HTAB_SLOTS;)
			l = line_next(l);
		if (++i == htab_line_nodes(l)) {
			l = line_next(l);
			i = 0;
		}
		if (l)
			return l->place[i];
		bucket++;
	}
	for (; bucket < t->buckets; bucket++) {
		l = htab_bucket(t, bucket);
		if (htab_count_of(l) > 0)
			return l->place[0];
	}
	return NULL;
}
