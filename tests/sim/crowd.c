/*
 * Many streams between several hosts through one bottleneck, by seed: short and long ones, readers
 * that sleep, programs that close early or abort, hosts that run out of memory and frames. Every byte
 * arrives in order or the error is reported; all frames and all memory come back.
 *
 *	SEEDS=n	 how many seeds (default 150), SEED=s only this one; see engine/sim.h
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/sim/engine/draw.h"

#define PATIENCE (7200 * SIM_S)
#define FLOWS_MAX 40u

static enum sim_finish draw_finish(uint64_t *rng)
{
	uint64_t n = sim_below(rng, 16);

	return n < 13 ? SIM_SHUTDOWN : n < 15 ? SIM_CLOSE : SIM_ABORT;
}

static void add_flow(struct sim *s, uint64_t *rng, bool memory_fails)
{
	struct sim_flow_plan plan = { .start_ns = sim_below(rng, 3 * SIM_S) };
	uint32_t from = (uint32_t)sim_below(rng, s->nhosts);
	uint32_t to = (uint32_t)sim_below(rng, s->nhosts - 1);
	uint64_t most = sim_below(rng, 8) ? 20000 : 200000;

	to += to >= from;
	plan.end[0] = sim_draw_end(rng, from, most);
	plan.end[1] = sim_draw_end(rng, to, most);
	plan.may_fail = memory_fails;
	for (int i = 0; i < 2; i++) {
		plan.end[i].finish = draw_finish(rng);
		plan.may_fail |= plan.end[i].finish != SIM_SHUTDOWN;
		if (sim_below(rng, 8) == 0)
			plan.end[i].rcv_kind = SIM_FRAMES;
		if (sim_below(rng, 8) == 0)
			plan.end[i].read_from_ns = sim_below(rng, 30 * SIM_S);
	}
	sim_add_flow(s, &plan);
}

static void run(uint64_t seed)
{
	struct sim_pipe_config trunk[2];
	bool memory_fails = false;
	uint64_t rng = seed;
	struct sim s;
	uint32_t hosts = 2 + (uint32_t)sim_below(&rng, 5);
	uint32_t flows = 1 + (uint32_t)sim_below(&rng, sim_below(&rng, 3) ? 10 : FLOWS_MAX);

	sim_init(&s, seed);
	s.ip6 = sim_seed_is_ip6(seed);
	for (uint32_t i = 0; i < hosts; i++) {
		struct sim_host_config host = sim_draw_host(&rng);

		host.side = i & 1;
		memory_fails |= host.alloc_fail_ppm > 0 || host.alloc_fail_for > 0;
		sim_add_host(&s, &host);
	}
	trunk[0] = sim_draw_pipe(&rng);
	trunk[1] = sim_draw_pipe(&rng);
	sim_set_trunk(&s, trunk);
	sim_fail_memory(&s, true);
	for (uint32_t i = 0; i < flows; i++)
		add_flow(&s, &rng, memory_fails);
	sim_finish_flows(&s, PATIENCE);
	sim_fini(&s);
}

static void every_stream_ends_whole_or_with_an_error(void **state)
{
	(void)state;
	assert_int_equal(sim_seeds("crowd", run, 150), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_stream_ends_whole_or_with_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
