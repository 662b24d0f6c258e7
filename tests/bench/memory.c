/*
 * idle_bytes: what an established connection that does nothing costs, per end, in bytes of the env:
 * the difference that `connections` of them make, divided. No buffers are attached.
 */
#include "tests/bench/bench.h"

double memory_idle_bytes(uint32_t connections)
{
	struct world_options none = { 0 };
	struct world_options many = { .idle = connections };
	static struct world w;
	size_t without;
	size_t with;

	world_init(&w, &none);
	without = w.side[0].env_bytes + w.side[1].env_bytes;
	world_fini(&w);
	world_init(&w, &many);
	with = w.side[0].env_bytes + w.side[1].env_bytes;
	world_fini(&w);
	return (double)(with - without) / (2.0 * connections);
}
