/*
 * Two hosts over a bad link, by seed: every byte arrives in both directions, nobody is told of an
 * error, all frames return to their pools and all memory to its env. Links, adapters, clocks,
 * buffers, options and the two programs are the seed's.
 *
 *	SEEDS=n	 how many seeds (default 300), SEED=s only this one; see engine/sim.h
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/sim/engine/draw.h"

/* Longer than any schedule of retransmissions that may still succeed. */
#define PATIENCE (7200 * SIM_S)

static void run(uint64_t seed)
{
	struct sim_flow_plan plan = { 0 };
	struct sim_pipe_config trunk[2];
	uint64_t rng = seed;
	struct sim s;

	sim_init(&s, seed);
	s.ip6 = sim_seed_is_ip6(seed);
	for (uint32_t i = 0; i < 2; i++) {
		struct sim_host_config host = sim_draw_host(&rng);

		host.side = i;
		sim_add_host(&s, &host);
		trunk[i] = sim_draw_pipe(&rng);
		plan.end[i] = sim_draw_end(&rng, i, 300000);
	}
	sim_set_trunk(&s, trunk);
	sim_fail_memory(&s, true);
	/* A failing allocation may refuse the program its connection, which it then opens again. */
	for (uint32_t i = 0; i < 2; i++)
		plan.may_fail |= s.host[i]->books.fail_ppm || s.host[i]->books.fail_end;
	sim_add_flow(&s, &plan);
	sim_finish_flows(&s, PATIENCE);
	sim_fini(&s);
}

static void every_byte_arrives_whatever_the_link_does(void **state)
{
	(void)state;
	assert_int_equal(sim_seeds("lossy", run, 300), 0);
}

/*
 * A path that swallows what is larger than drawn, less than the MTU and more than what a sender that has
 * to find out by itself arrives at in the end. Both send; the rest is the seed's.
 */
static void swallow(uint64_t seed)
{
	struct sim_flow_plan plan = { 0 };
	struct sim_pipe_config trunk[2];
	uint64_t rng = seed, swallowed;
	uint32_t size = 600 + (uint32_t)sim_below(&rng, 800);
	struct sim s;

	sim_init(&s, seed);
	s.ip6 = sim_seed_is_ip6(seed);
	/* RFC 8200 section 5: no link may swallow 1280 bytes. */
	if (s.ip6)
		size = 1300 + size % 150;
	for (uint32_t i = 0; i < 2; i++) {
		struct sim_host_config host = sim_host_default();

		host.side = i;
		sim_add_host(&s, &host);
		trunk[i] = (struct sim_pipe_config){
			.seed = sim_random(&rng),
			.delay_ns = sim_below(&rng, 60 * SIM_MS),
			.drop_ppm = (uint32_t)sim_below(&rng, 2) * 10000,
			.swallow_above = size,
		};
		plan.end[i] = sim_draw_end(&rng, i, 300000);
		plan.end[i].bytes += 20000;
		plan.end[i].maxseg = 0;
		/* Full segments, and time is the path's. */
		plan.end[i].read_pause_ns = 0;
		plan.end[i].write_bytes = sim_end_default(i).write_bytes;
		plan.end[i].write_pause_ns = 0;
	}
	sim_set_trunk(&s, trunk);
	sim_add_flow(&s, &plan);
	sim_finish_flows(&s, PATIENCE);
	swallowed = s.trunk[0].stats.swallowed + s.trunk[1].stats.swallowed;
	sim_fini(&s);
	assert_true(swallowed > 0);
}

static void a_path_that_swallows_large_frames_is_used_all_the_same(void **state)
{
	(void)state;
	assert_int_equal(sim_seeds("lossy", swallow, 100), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_arrives_whatever_the_link_does),
		cmocka_unit_test(a_path_that_swallows_large_frames_is_used_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
