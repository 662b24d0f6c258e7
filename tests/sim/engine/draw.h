/*
 * draw.h -- plans by seed: links, hosts and programs of every kind that there is.
 */
#ifndef TESTS_SIM_ENGINE_DRAW_H
#define TESTS_SIM_ENGINE_DRAW_H

#include "tests/sim/engine/sim.h"

struct sim_pipe_config sim_draw_pipe(uint64_t *rng);
struct sim_host_config sim_draw_host(uint64_t *rng);
/* A program that sends up to `most` bytes and shuts down. */
struct sim_end_plan sim_draw_end(uint64_t *rng, uint32_t host, uint64_t most);

#endif
