/*
 * A hash table that never pauses: linear hashing (Litwin, 1980) over buckets of one line of the cache.
 *
 * A bucket holds pointers to the caller's nodes and, beside them, a byte of each one's hash, so that a
 * lookup touches the bucket, what it looks for, and of 256 others one. What is too much for a line is in
 * further lines behind it.
 *
 * The table grows by splitting a bucket or two per insertion and shrinks by joining as few per
 * removal, so no operation touches more than a few buckets. Buckets live in segments that double in
 * size; a bucket is written only when it comes into being. If memory for a segment is refused the
 * buckets just get more lines, and growth is tried again later. No memory is held before the first
 * insertion.
 *
 * The caller computes the hash, keyed if strangers choose the contents, and compares:
 *	for (n = htab_first(&t, hash); n; n = htab_next(&t, n))
 *		if (same(container_of(n, struct flow, node), key)) ...
 * Both give only nodes with that hash. Equal keys are the caller's business: the table accepts
 * whatever is inserted.
 *
 * Buckets are bounded. An insertion that would put more into one than the table's maximum is refused
 * and counted, because it means an attack on the hash or a lack of memory, not bad luck: where eight
 * are the most to be expected, 32 are a matter of 10^-10.
 */
#ifndef LIB_HTAB_H
#define LIB_HTAB_H

#include "lib/alloc.h"
#include "lib/compiler.h"

enum {
	/* Buckets of the first segment, the least a table in use has. */
	HTAB_BUCKETS_MIN = 8,
	/* The first segment and one for each doubling, up to 2^24 buckets: from there on a tag says less. */
	HTAB_SEGMENTS = 22,
	/* Nodes of a bucket, on average, at most, while there is memory. */
	HTAB_LOAD = 4,
	/* So many in one bucket do not happen by chance. */
	HTAB_CHAIN_MAX = 32,
	/* Nodes that a line has room for. */
	HTAB_SLOTS = 7,
};

/* In the caller's object. */
struct htab_node {
	uint32_t hash;
};

/* Nodes and, from the low byte on, a byte of each one's hash; the last place may lead to another line. */
struct htab_line {
	uint64_t tags;
	void *place[HTAB_SLOTS];
};

struct htab {
	uint32_t nodes;
	uint32_t buckets; /* 0 while the table has no memory */
	uint32_t mask;	  /* the smallest 2^k - 1 that is not below buckets - 1 */
	uint32_t chain_max;
	uint32_t chain_longest; /* the most that an insertion has made of a bucket so far */
	uint32_t refused;	/* insertions refused because their bucket was full */
	uint32_t starved;	/* times that memory was refused */
	const struct allocator *memory;
	struct htab_line *segments[HTAB_SEGMENTS];
};

/* What became of an insertion. */
enum htab_verdict {
	HTAB_INSERTED,
	HTAB_CHAIN_FULL, /* counted in `refused` */
	HTAB_NO_MEMORY,	 /* for the first segment, or another line; counted in `starved` */
};

/* Takes no memory yet. `memory` stays valid as long as the table. */
void htab_init(struct htab *t, const struct allocator *memory, uint32_t chain_max);

/* Gives the memory back. Nodes still in the table are the caller's to free, before or after. */
void htab_fini(struct htab *t);

must_check enum htab_verdict htab_insert(struct htab *t, struct htab_node *n, uint32_t hash);

/* `n` is in the table. */
void htab_remove(struct htab *t, struct htab_node *n);

/* A bucket's segment: the first holds `least` buckets, each later one as many as all before it. */
static inline unsigned htab_segment_of(uint32_t bucket, uint32_t least)
{
	return ilog2_u32(bucket / (least / 2) | 1);
}

/* The first bucket of a segment. But for the first one the segment has as many. */
static inline uint32_t htab_segment_first(unsigned segment, uint32_t least)
{
	return segment ? least / 2 << segment : 0;
}

/* A bucket's first line. The bucket exists. */
static inline struct htab_line *htab_bucket(const struct htab *t, uint32_t bucket)
{
	unsigned segment = htab_segment_of(bucket, HTAB_BUCKETS_MIN);

	return &t->segments[segment][bucket - htab_segment_first(segment, HTAB_BUCKETS_MIN)];
}

/* The bucket of a hash: buckets beyond the last one are not split off yet. */
static inline uint32_t htab_bucket_of(const struct htab *t, uint32_t hash)
{
	uint32_t bucket = hash & t->mask;

	return bucket < t->buckets ? bucket : bucket & (t->mask >> 1);
}

/* ---- Lines --------------------------------------------------------------------------------------- */

/* What a node's byte in the tags is: bits of its hash that do not choose the bucket. */
#define HTAB_TAG_SHIFT 24
/* The highest byte of the tags: how many nodes there are. */
#define HTAB_COUNT_SHIFT 56
#define HTAB_COUNT_ONE ((uint64_t)1 << HTAB_COUNT_SHIFT)
/* The count of a line whose last place leads to the next line. */
#define HTAB_COUNT_MORE (HTAB_SLOTS + 1)

static inline unsigned htab_count_of(const struct htab_line *l)
{
	return (unsigned)(l->tags >> HTAB_COUNT_SHIFT);
}

/* How many nodes are in the line itself. */
static inline unsigned htab_line_nodes(const struct htab_line *l)
{
	unsigned n = htab_count_of(l);

	return likely(n != HTAB_COUNT_MORE) ? n : HTAB_SLOTS - 1;
}

/*
 * Which places have the hash's byte, as a bit in the byte of each: where subtracting one from what differs
 * borrows. It may borrow on from one that has it, so another may be among them that has not.
 */
static inline uint64_t htab_candidates(const struct htab_line *l, uint32_t hash)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t differs = l->tags ^ ones * (hash >> HTAB_TAG_SHIFT);
	uint64_t places = ((uint64_t)1 << 8 * htab_line_nodes(l)) - 1;

	return (differs - ones) & ~differs & ones << 7 & places;
}

/* ---- Nodes --------------------------------------------------------------------------------------- */

/* The first node with this hash, or NULL. */
struct htab_node *htab_first(const struct htab *t, uint32_t hash);

/* The same in the caller's own code, where the first that it looks at in a line is the one, or none is. */
static always_inline struct htab_node *htab_probe(const struct htab *t, uint32_t hash)
{
	const struct htab_line *l;
	struct htab_node *n;
	uint64_t left;

	if (FOR_SIZE)
		return htab_first(t, hash);
	if (unlikely(t->nodes == 0))
		return NULL;
	l = htab_bucket(t, htab_bucket_of(t, hash));
	left = htab_candidates(l, hash);
	if (unlikely(left == 0))
		return likely(htab_count_of(l) != HTAB_COUNT_MORE) ? NULL : htab_first(t, hash);
	n = l->place[lowest_bit_u64(left) / 8];
	return likely(n->hash == hash) ? n : htab_first(t, hash);
}

/* Another node, which is in the table, has the same hash; NULL: there is no more. */
struct htab_node *htab_next(const struct htab *t, const struct htab_node *n);

/*
 * Any node, which stays in the table; NULL when there is none. For emptying a table whose nodes
 * remove themselves: asked again after each removal, it costs O(1) on average.
 */
struct htab_node *htab_any(struct htab *t);

/*
 * Takes any node out; NULL when there is none left. The way to empty a table: shrinks as it goes.
 */
struct htab_node *htab_pop(struct htab *t);

/*
 * Walks all nodes, in no order: begin with NULL, NULL ends. Nothing is inserted or removed between
 * two steps, because both may move nodes between buckets.
 */
struct htab_node *htab_walk(const struct htab *t, const struct htab_node *n);

#endif
