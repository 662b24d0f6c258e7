/* What --stats prints: counters and drops that are not zero, the fates of frames, memory. */
#include "tools/tap/report.h"

#include <stdio.h>

#include <holm/stats.h>

#include "tools/tap/world.h"

static void row(const char *name, uint64_t value)
{
	if (value > 0)
		fprintf(stderr, "tap: %12llu %s\n", (unsigned long long)value, name);
}

static void report_fates(const char *direction, const struct holm_impair_stats *s)
{
	fprintf(stderr,
		"tap: %s: %llu frames passed, %llu lost, %llu doubled, %llu reordered, "
		"%llu damaged, %llu marked, %llu beyond the queue\n",
		direction, (unsigned long long)s->passed, (unsigned long long)s->dropped,
		(unsigned long long)s->duplicated, (unsigned long long)s->reordered,
		(unsigned long long)s->corrupted, (unsigned long long)s->marked,
		(unsigned long long)s->overflowed);
}

void report_stats(struct world *w)
{
	struct holm_pool_stats pool;

	for (unsigned i = 0; i < HOLM_COUNT_COUNT; i++)
		row(holm_counter_text((enum holm_counter)i),
		    holm_net_counter(w->net, (enum holm_counter)i));
	for (unsigned i = 0; i < HOLM_DROP_COUNT; i++)
		row(holm_drop_text((enum holm_drop)i), holm_net_drops(w->net, (enum holm_drop)i));
	row("frames that the host had no room for", w->tap.dev.stats.tx_dropped);
	row("received frames that found no memory", w->tap.dev.stats.rx_dropped);
	if (w->out.lower)
		report_fates("out", &w->out.stats);
	if (w->in.lower)
		report_fates("in", &w->in.stats);
	holm_pool_get_stats(holm_net_pool(w->net), &pool);
	fprintf(stderr, "tap: %u frames, at least %u of them free\n", pool.frames, pool.free_min);
}
