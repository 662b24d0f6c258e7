/*
 * An instance's tables of what is found by a hash: they grow and shrink with what is in them, in buckets that
 * are bounded (lib/htab.h); in a build without that (HOLM_WITH_GROWTH) what is in them is gone through
 * (lib/pile.h), and the limits of the instance are what keeps that short.
 */
#ifndef NET_CORE_TABLE_H
#define NET_CORE_TABLE_H

#include <holm/build.h>

#include "lib/hash.h"

#if HOLM_WITH_GROWTH

#include "lib/htab.h"

struct table {
	struct htab all;
};

/* What it is made of does what is asked of it. */
#define TABLE(verb) htab_##verb

static inline void table_init(struct table *t, const struct allocator *memory)
{
	htab_init(&t->all, memory, HTAB_CHAIN_MAX);
}

/* table_first() in the caller's own code. */
static always_inline struct htab_node *table_probe(const struct table *t, uint32_t hash)
{
	return htab_probe(&t->all, hash);
}

#else

#include "lib/pile.h"

struct table {
	struct pile all;
};

#define TABLE(verb) pile_##verb

static inline void table_init(struct table *t, const struct allocator *memory)
{
	pile_init(&t->all, memory);
}

static inline struct htab_node *table_probe(const struct table *t, uint32_t hash)
{
	return pile_first(&t->all, hash);
}

#endif

static inline void table_fini(struct table *t)
{
	TABLE(fini)(&t->all);
}

must_check static inline bool table_insert(struct table *t, struct htab_node *n, uint32_t hash)
{
	return TABLE(insert)(&t->all, n, hash) == HTAB_INSERTED;
}

static inline void table_remove(struct table *t, struct htab_node *n)
{
	TABLE(remove)(&t->all, n);
}

static inline struct htab_node *table_first(const struct table *t, uint32_t hash)
{
	return TABLE(first)(&t->all, hash);
}

static inline struct htab_node *table_next(const struct table *t, const struct htab_node *n)
{
	return TABLE(next)(&t->all, n);
}

static inline struct htab_node *table_any(struct table *t)
{
	return TABLE(any)(&t->all);
}

static inline struct htab_node *table_pop(struct table *t)
{
	return TABLE(pop)(&t->all);
}

static inline struct htab_node *table_walk(const struct table *t, const struct htab_node *n)
{
	return TABLE(walk)(&t->all, n);
}

#undef TABLE

/*
 * The hash of two words. A key keeps strangers from choosing what shares a bucket; where all of it is gone
 * through the words' low ends tell most from each other.
 */
static inline uint32_t table_hash_2(const struct hash_key *key, uint64_t a, uint64_t b)
{
	return HOLM_WITH_GROWTH ? fold_hash_2(key, a, b) : (uint32_t)(a ^ b);
}

/* How many are in it. */
static inline uint32_t table_nodes(const struct table *t)
{
	return t->all.nodes;
}

#endif
