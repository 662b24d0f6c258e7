/*
 * What seeds decide, for scenarios that draw their plans: links, hosts, programs.
 */
#include "tests/sim/engine/draw.h"

/* With which parts of TCP an instance may be linked. */
static const struct holm_proto *const plain_list[] = { SIM_PLAIN, NULL };
static const struct holm_proto *const sack_list[] = { SIM_BASE, &holm_tcp_sack, NULL };
static const struct holm_proto *const rack_list[] = { SIM_BASE, &holm_tcp_rack, &holm_tcp_cubic,
						      NULL };

static const struct holm_proto *const *draw_protos(uint64_t *rng)
{
	switch (sim_below(rng, 8)) {
	case 0:
		return plain_list;
	case 1:
		return sack_list;
	case 2:
		return rack_list;
	default:
		return sim_protos;
	}
}

static uint32_t sometimes_ppm(uint64_t *rng, uint32_t most)
{
	return sim_below(rng, 3) ? 0 : (uint32_t)sim_below(rng, most);
}

struct sim_pipe_config sim_draw_pipe(uint64_t *rng)
{
	struct sim_pipe_config c = {
		.seed = sim_random(rng),
		.delay_ns = sim_below(rng, 60 * SIM_MS),
		.jitter_ns = sim_below(rng, 2) ? 0 : sim_below(rng, 20 * SIM_MS),
		.drop_ppm = sometimes_ppm(rng, 200000),
		.duplicate_ppm = sometimes_ppm(rng, 100000),
		.reorder_ppm = sometimes_ppm(rng, 200000),
		.corrupt_ppm = sometimes_ppm(rng, 50000),
		.data_only = sim_below(rng, 4) == 0,
	};

	if (sim_below(rng, 2)) {
		c.rate = 20000 + sim_below(rng, sim_below(rng, 2) ? 500000 : 20000000);
		c.queue_bytes = 8000 + (uint32_t)sim_below(rng, 400000);
		c.mark_bytes = sim_below(rng, 2) ? 0 : 1 + c.queue_bytes / 3;
	}
	return c;
}

/* Features in the combinations that adapters have. */
static void draw_caps(uint64_t *rng, struct sim_host_config *h)
{
	h->caps.mtu = (uint16_t)(sim_below(rng, 2) ? 1500 : 576 + sim_below(rng, 925));
	h->caps.segs_max = (uint16_t)(sim_below(rng, 2) ? 1 : 2 + sim_below(rng, 63));
	if (sim_below(rng, 2))
		h->caps.features |= HOLM_DEV_TX_CSUM;
	if (sim_below(rng, 3) == 0) {
		h->caps.features |= HOLM_DEV_TX_CSUM | HOLM_DEV_TSO4 | HOLM_DEV_TSO6;
		h->caps.segs_max = 64;
		h->caps.gso_max =
			sim_below(rng, 2) ? 65535 : 4096 + (uint32_t)sim_below(rng, 60000);
	}
	h->whole = sim_below(rng, 2);
}

struct sim_host_config sim_draw_host(uint64_t *rng)
{
	static const uint64_t ticks[] = { 1, 1, 1000, SIM_MS, 4 * SIM_MS, 10 * SIM_MS };
	struct sim_host_config h = sim_host_default();

	draw_caps(rng, &h);
	h.protos = draw_protos(rng);
	h.seed = sim_random(rng);
	h.frames = sim_below(rng, 3) ? 1024 : 96 + sim_below(rng, 200);
	h.start_ns = sim_random(rng) >> (4 + sim_below(rng, 30));
	h.tick_ns = ticks[sim_below(rng, 6)];
	h.skew_ppm = sim_below(rng, 2) ? 0 : (int32_t)sim_below(rng, 2000) - 1000;
	h.coalesce_ns = sim_below(rng, 2) ? 0 : sim_below(rng, 2 * SIM_MS);
	h.batch = sim_below(rng, 3) ? 32 : 1 + (uint32_t)sim_below(rng, 8);
	h.ring = sim_below(rng, 2) ? 0 : 8 + (uint32_t)sim_below(rng, 120);
	if (sim_below(rng, 4) == 0)
		h.alloc_fail_ppm = (uint32_t)sim_below(rng, 500000);
	if (sim_below(rng, 4) == 0) {
		h.alloc_fail_from = 1 + (uint32_t)sim_below(rng, 20);
		h.alloc_fail_for = 1 + (uint32_t)sim_below(rng, 10);
	}
	if (sim_below(rng, 4) == 0)
		h.frame_fail_ppm = (uint32_t)sim_below(rng, 100000);
	return h;
}

static uint64_t pause_of(uint64_t *rng)
{
	return sim_below(rng, 2) ? 0 : sim_below(rng, 30 * SIM_MS);
}

struct sim_end_plan sim_draw_end(uint64_t *rng, uint32_t host, uint64_t most)
{
	static const char *const controllers[] = { "reno", "cubic", "bbr" };
	struct sim_end_plan p = sim_end_default(host);

	p.bytes = sim_below(rng, sim_below(rng, 4) ? most / 10 + 1 : most + 1);
	if (sim_below(rng, 2)) {
		p.write_bytes = 1 + (uint32_t)sim_below(rng, 5000);
		p.write_pause_ns = p.bytes / p.write_bytes < 200 ? pause_of(rng) : 0;
	}
	if (sim_below(rng, 2)) {
		p.read_bytes = 1 + (uint32_t)sim_below(rng, 5000);
		p.read_pause_ns = 200000 + pause_of(rng);
	}
	p.sndbuf = 4096u << sim_below(rng, 6);
	p.rcvbuf = 4096u << sim_below(rng, 6);
	p.snd_kind = sim_below(rng, 2) ? SIM_PATTERN : SIM_RING;
	p.rcv_kind = sim_below(rng, 3) ? SIM_PATTERN : SIM_RING;
	p.nodelay = sim_below(rng, 2);
	p.timestamps = sim_below(rng, 2);
	p.ecn = (uint8_t)sim_below(rng, 4);
	p.sack = sim_below(rng, 4) > 0;
	p.controller =
		sim_below(rng, 2)
			? NULL
			: controllers[sim_below(rng, sizeof(controllers) / sizeof(*controllers))];
	p.maxseg = (uint16_t)(sim_below(rng, 4) ? 0 : 100 + sim_below(rng, 1400));
	return p;
}
