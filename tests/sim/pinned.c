/*
 * Receive memory cannot be pinned: a thousand connections send one byte at a time to readers that
 * sleep; another stream, to that host or from it, keeps its rate.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/sim/engine/sim.h"

#define SLEEPERS 1000u
/* Less than a frame for each sleeper. */
#define FRAMES 900u
#define BYTE_PAUSE_NS (200 * SIM_MS)
#define WARM_NS (3 * SIM_S)
#define RUN_NS (5 * SIM_S)

static void add_host(struct sim *s, uint64_t seed, uint32_t frames)
{
	struct sim_host_config host = sim_host_default();

	host.seed = seed;
	host.frames = frames;
	host.up.delay_ns = 10 * SIM_MS;
	host.coalesce_ns = SIM_MS / 10;
	sim_add_host(s, &host);
}

static struct sim_flow *add_sleeper(struct sim *s, uint32_t i, enum sim_buffer kind)
{
	struct sim_flow_plan plan = { .start_ns = i * SIM_MS };

	plan.end[0] = sim_end_default(0);
	plan.end[1] = sim_end_default(1);
	plan.end[0].bytes = UINT64_MAX;
	plan.end[0].write_bytes = 1;
	plan.end[0].write_pause_ns = BYTE_PAUSE_NS;
	plan.end[0].nodelay = true;
	plan.end[0].sndbuf = 4096;
	plan.end[0].finish = SIM_STAY;
	plan.end[1].finish = SIM_STAY;
	plan.end[1].rcv_kind = kind;
	plan.end[1].read_from_ns = SIM_NEVER;
	return sim_add_flow(s, &plan);
}

static struct sim_flow *add_bulk(struct sim *s, uint32_t from)
{
	struct sim_flow_plan plan = { 0 };

	plan.end[0] = sim_end_default(from);
	plan.end[1] = sim_end_default(1 - from);
	plan.end[0].bytes = UINT64_MAX;
	plan.end[0].finish = SIM_STAY;
	plan.end[1].finish = SIM_STAY;
	return sim_add_flow(s, &plan);
}

/* Bytes that the other stream moves beside so many sleepers. */
static uint64_t bytes_beside(uint32_t sleepers, enum sim_buffer kind, uint32_t from, bool ip6)
{
	struct sim_flow *flows[SLEEPERS];
	struct sim_flow *bulk;
	struct sim s;
	uint64_t before;
	uint64_t moved;

	sim_init(&s, 1);
	s.ip6 = ip6;
	add_host(&s, 1, 8192);
	add_host(&s, 2, FRAMES);
	for (uint32_t i = 0; i < sleepers; i++)
		flows[i] = add_sleeper(&s, i, kind);
	bulk = add_bulk(&s, from);
	sim_run(&s, WARM_NS + (ip6 ? SIM_IP6_READY_NS : 0));
	for (uint32_t i = 0; i < sleepers; i++)
		if (!flows[i]->end[1].t)
			sim_fail(&s, "sleeper %u is not connected", i);
	before = bulk->end[1].read;
	sim_run(&s, RUN_NS);
	moved = bulk->end[1].read - before;
	for (uint32_t i = 0; i < sleepers; i++)
		sim_flow_stop(flows[i]);
	sim_flow_stop(bulk);
	sim_fini(&s);
	return moved;
}

static void check_rate(enum sim_buffer kind, uint32_t from, bool ip6)
{
	uint64_t alone = bytes_beside(0, kind, from, ip6);
	uint64_t beside = bytes_beside(SLEEPERS, kind, from, ip6);

	print_message("%llu kB alone, %llu kB beside\n", (unsigned long long)alone / 1000,
		      (unsigned long long)beside / 1000);
	assert_true(alone > RUN_NS / SIM_S * 1000000);
	assert_true(beside * 100 >= alone * 95);
}

static void sleepers_with_rings_do_not_slow_a_stream_to_their_host(void **state)
{
	(void)state;
	check_rate(SIM_RING, 0, false);
}

static void sleepers_with_rings_do_not_slow_a_stream_from_their_host(void **state)
{
	(void)state;
	check_rate(SIM_RING, 1, false);
}

static void sleepers_with_frame_queues_do_not_slow_a_stream_to_their_host(void **state)
{
	(void)state;
	check_rate(SIM_FRAMES, 0, false);
}

static void sleepers_with_frame_queues_do_not_slow_a_stream_from_their_host(void **state)
{
	(void)state;
	check_rate(SIM_FRAMES, 1, false);
}

static void neither_do_they_over_ip6(void **state)
{
	(void)state;
	check_rate(SIM_RING, 0, true);
	check_rate(SIM_FRAMES, 1, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sleepers_with_rings_do_not_slow_a_stream_to_their_host),
		cmocka_unit_test(sleepers_with_rings_do_not_slow_a_stream_from_their_host),
		cmocka_unit_test(sleepers_with_frame_queues_do_not_slow_a_stream_to_their_host),
		cmocka_unit_test(sleepers_with_frame_queues_do_not_slow_a_stream_from_their_host),
		cmocka_unit_test(neither_do_they_over_ip6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
