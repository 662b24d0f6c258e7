/*
 * A hash table that never pauses: linear hashing (Litwin, 1980) over chains of the caller's nodes.
 *
 * The table grows by splitting a bucket or two per insertion and shrinks by joining as few per
 * removal, so no operation touches more than a few chains. Buckets live in segments that double in
 * size; a bucket is written only when it comes into being. If memory for a segment is refused the
 * chains just get longer, and growth is tried again later. No memory is held before the first
 * insertion.
 *
 * The caller computes the hash, keyed if strangers choose the contents, and compares:
 *	for (n = htab_first(&t, hash); n; n = htab_next(n))
 *		if (same(container_of(n, struct flow, node), key)) ...
 * Both give only nodes with that hash. Equal keys are the caller's business: the table accepts
 * whatever is inserted.
 *
 * Chains are bounded. An insertion that would make one longer than the table's maximum is refused
 * and counted, because it means an attack on the hash or a lack of memory, not bad luck: at one
 * node per bucket a chain of 16 is a matter of 10^-14.
 */
#ifndef LIB_HTAB_H
#define LIB_HTAB_H

#include "lib/alloc.h"
#include "lib/compiler.h"

enum {
	/* Buckets of the first segment, the least a table in use has. */
	HTAB_BUCKETS_MIN = 64,
	/* The first segment and one for each doubling, up to 2^29 buckets: 2 GiB on 32 bits. */
	HTAB_SEGMENTS = 24,
	/* A chain this long at one node per bucket does not happen by chance. */
	HTAB_CHAIN_MAX = 32,
};

/* In the caller's object. */
struct htab_node {
	struct htab_node *next;
	uint32_t hash;
	uint32_t tag; /* the caller's: it fills what would be padding */
};

struct htab {
	uint32_t nodes;
	uint32_t buckets; /* 0 while the table has no memory */
	uint32_t mask;	  /* the smallest 2^k - 1 that is not below buckets - 1 */
	uint32_t chain_max;
	uint32_t chain_longest; /* the longest chain an insertion has made so far */
	uint32_t refused;	/* insertions refused for the length of their chain */
	uint32_t starved;	/* times that memory for a segment was refused */
	const struct allocator *memory;
	struct htab_node **segments[HTAB_SEGMENTS];
};

/* What became of an insertion. */
enum htab_verdict {
	HTAB_INSERTED,
	HTAB_CHAIN_FULL, /* counted in `refused` */
	HTAB_NO_MEMORY,	 /* not even for the first segment; counted in `starved` */
};

/* Takes no memory yet. `memory` stays valid as long as the table. */
void htab_init(struct htab *t, const struct allocator *memory, uint32_t chain_max);

/* Gives the segments back. Nodes still in the table are the caller's to free, before or after. */
void htab_fini(struct htab *t);

must_check enum htab_verdict htab_insert(struct htab *t, struct htab_node *n, uint32_t hash);

/* `n` is in the table. */
void htab_remove(struct htab *t, struct htab_node *n);

/* A bucket's segment: the first holds HTAB_BUCKETS_MIN, each later one as many as all before it. */
static inline unsigned htab_segment_of(uint32_t bucket)
{
	return ilog2_u32(bucket / (HTAB_BUCKETS_MIN / 2) | 1);
}

/* Where a bucket's chain hangs. The bucket exists. */
static inline struct htab_node **htab_bucket(const struct htab *t, uint32_t bucket)
{
	unsigned segment = htab_segment_of(bucket);
	uint32_t first = segment ? (uint32_t)HTAB_BUCKETS_MIN / 2 << segment : 0;

	return &t->segments[segment][bucket - first];
}

/* The bucket of a hash: buckets beyond the last one are not split off yet. */
static inline uint32_t htab_bucket_of(const struct htab *t, uint32_t hash)
{
	uint32_t bucket = hash & t->mask;

	return bucket < t->buckets ? bucket : bucket & (t->mask >> 1);
}

static inline struct htab_node *htab_match(struct htab_node *n, uint32_t hash)
{
	while (n && n->hash != hash)
		n = n->next;
	return n;
}

/* The first node with this hash, or NULL. */
static inline struct htab_node *htab_first(const struct htab *t, uint32_t hash)
{
	if (!t->nodes)
		return NULL;
	return htab_match(*htab_bucket(t, htab_bucket_of(t, hash)), hash);
}

/* The next node with the hash of `n`, or NULL. */
static inline struct htab_node *htab_next(const struct htab_node *n)
{
	return htab_match(n->next, n->hash);
}

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
