/*
 * forge.h -- what becomes of packets on their way: they are lost, come twice, overtake each other, and
 * are changed as a fault or somebody with an aim would change them, mostly with checksums that hold, so
 * that it is the question behind them that has to be asked.
 */
#ifndef TESTS_SIM_ENGINE_FORGE_H
#define TESTS_SIM_ENGINE_FORGE_H

#include "tests/sim/engine/party.h"

struct forge {
	uint64_t rng;
	uint32_t ppm;	      /* of packets that are changed */
	uint32_t loss_ppm;    /* lost, or twice */
	uint32_t shuffle_ppm; /* overtaken by the next */
	bool apart;	      /* no two with text of one connection follow each other */
	uint32_t to, nto;     /* the receiver's first address, and how many it has */
	uint32_t from, nfrom; /* the sender's */
	const struct packets
		*seen; /* what the receiver has sent: errors quote it. NULL: there are none */
};

/* From `in`, which is empty then, to `out`. */
void forge_packets(struct forge *f, struct packets *in, struct packets *out);

#endif
