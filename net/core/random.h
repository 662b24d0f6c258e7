/*
 * Random numbers of an instance: of its own generator, which the env has seeded, or in a build without that
 * (HOLM_WITH_RANDOM) of the env.
 */
#ifndef NET_CORE_RANDOM_H
#define NET_CORE_RANDOM_H

#include "net/core/net.h"

static inline void net_random_fill(struct holm_net *net, void *p, size_t n)
{
	if (HOLM_WITH_RANDOM)
		rng_fill(&net->rng, p, n);
	else
		net->env.random(net->env.ctx, p, n);
}

static inline uint32_t net_random_u32(struct holm_net *net)
{
	uint32_t v;

	if (HOLM_WITH_RANDOM)
		return rng_u32(&net->rng);
	net_random_fill(net, &v, sizeof(v));
	return v;
}

/* Below n, which is not 0. What there is for times and ports need not be fair to the last bit. */
static inline uint32_t net_random_below(struct holm_net *net, uint32_t n)
{
	if (HOLM_WITH_RANDOM)
		return rng_below(&net->rng, n);
	return (uint32_t)((uint64_t)net_random_u32(net) * n >> 32);
}

#endif
