/*
 * An instance's hash tables (lib/htab.h): they grow and shrink with what is in them, in buckets that are
 * bounded; in a build without that (HOLM_WITH_GROWTH) they stay as they begin, and the limits of the
 * instance are what keeps their buckets short.
 */
#ifndef NET_CORE_TABLE_H
#define NET_CORE_TABLE_H

#include <holm/build.h>

#include "lib/htab.h"

static inline void table_init(struct htab *t, const struct allocator *memory)
{
	htab_init(t, memory, HOLM_WITH_GROWTH ? HTAB_CHAIN_MAX : UINT32_MAX);
}

must_check static inline enum htab_verdict table_insert(struct htab *t, struct htab_node *n,
							uint32_t hash)
{
	return HOLM_WITH_GROWTH ? htab_insert(t, n, hash) : htab_insert_fixed(t, n, hash);
}

static inline void table_remove(struct htab *t, struct htab_node *n)
{
	if (HOLM_WITH_GROWTH)
		htab_remove(t, n);
	else
		htab_remove_fixed(t, n);
}

#endif
