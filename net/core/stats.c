/*
 * Reading an instance's counters (the public <holm/stats.h>). Counting itself is in core/net.h.
 */
#include <holm/stats.h>

#include "lib/assert.h"
#include "net/core/net.h"

static const char *const drop_texts[] = {
#define DROP_TEXT(name, text) [HOLM_DROP_##name] = text,
	HOLM_DROP_REASONS(DROP_TEXT)
#undef DROP_TEXT
};

static const char *const counter_texts[] = {
#define COUNTER_TEXT(name, text) [HOLM_COUNT_##name] = text,
	HOLM_COUNTERS(COUNTER_TEXT)
#undef COUNTER_TEXT
};

const char *holm_drop_text(enum holm_drop reason)
{
	ASSERT(reason < HOLM_DROP_COUNT);
	return drop_texts[reason];
}

const char *holm_counter_text(enum holm_counter counter)
{
	ASSERT(counter < HOLM_COUNT_COUNT);
	return counter_texts[counter];
}

uint64_t holm_net_counter(const struct holm_net *net, enum holm_counter counter)
{
	ASSERT(counter < HOLM_COUNT_COUNT);
	return net->counters[counter];
}

uint64_t holm_net_drops(const struct holm_net *net, enum holm_drop reason)
{
	ASSERT(reason < HOLM_DROP_COUNT);
	return net->drops[reason];
}

void holm_net_memory_stats(const struct holm_net *net, struct holm_memory_stats *stats)
{
	*stats = net->mem.stats;
	stats->in_use = mem_in_use(&net->mem);
}
