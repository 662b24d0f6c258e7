/*
 * Links: what happens to a packet between two adapters. A pipe is a line of a rate with a queue in
 * front and a delay behind; a packet passes its sender's pipe, the trunk if the two hosts are on
 * different sides, and its receiver's pipe.
 *
 * Every packet draws the same number of random values whatever its fate, so that one setting does
 * not shift the fates that another gives.
 */
#include "tests/sim/engine/sim.h"

#include <string.h>

enum stage { STAGE_UP, STAGE_TRUNK, STAGE_DOWN, STAGE_THERE };

void sim_pipe_init(struct sim_pipe *pipe, const struct sim_pipe_config *config)
{
	memset(pipe, 0, sizeof(*pipe));
	pipe->config = *config;
	pipe->rng = config->seed;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Bytes that wait for the line, or are on it. */
static uint64_t backlog(const struct sim_pipe *pipe, uint64_t now)
{
	return pipe->free_ns > now ? (pipe->free_ns - now) * pipe->config.rate / SIM_S : 0;
}

struct fate {
	bool lost, doubled, damaged, early;
	uint64_t where, jitter_ns, early_ns;
};

static struct fate draw(struct sim_pipe *pipe)
{
	const struct sim_pipe_config *c = &pipe->config;
	struct fate f;

	f.lost = sim_happens(&pipe->rng, c->drop_ppm);
	f.doubled = sim_happens(&pipe->rng, c->duplicate_ppm);
	f.damaged = sim_happens(&pipe->rng, c->corrupt_ppm);
	f.early = sim_happens(&pipe->rng, c->reorder_ppm);
	f.where = sim_random(&pipe->rng);
	f.jitter_ns = sim_random(&pipe->rng) % (c->jitter_ns + 1);
	f.early_ns = sim_random(&pipe->rng) % (c->delay_ns + 1);
	return f;
}

static void arrive(struct sim *s, void *arg)
{
	sim_forward(s, arg);
}

static void damage(struct sim_packet *p, uint64_t where)
{
	p->data[where / 8 % p->len] ^= (uint8_t)(1u << where % 8);
	p->damaged = true;
}

/* The line has a place for the packet? Then it is taken until it has left. */
static bool enters_line(struct sim_pipe *pipe, struct sim_packet *p, uint64_t now)
{
	const struct sim_pipe_config *c = &pipe->config;
	uint64_t waiting = backlog(pipe, now);

	if (c->rate == 0)
		return true;
	if (c->queue_bytes && waiting + p->len > c->queue_bytes)
		return false;
	if (c->mark_bytes && waiting > c->mark_bytes && sim_packet_mark(p))
		pipe->stats.marked++;
	pipe->free_ns = later(pipe->free_ns, now) + p->len * SIM_S / c->rate;
	return true;
}

static uint64_t arrival(struct sim_pipe *pipe, const struct fate *f, uint64_t now)
{
	uint64_t leaves = pipe->config.rate ? pipe->free_ns : now;

	if (f->early) {
		pipe->stats.reordered++;
		return leaves + f->early_ns;
	}
	pipe->last_ns = later(pipe->last_ns, leaves + pipe->config.delay_ns + f->jitter_ns);
	return pipe->last_ns;
}

/* Of a super-frame that travels whole: each of its segments. */
static uint32_t wire_bytes(const struct sim_packet *p)
{
	return p->gso == HOLM_GSO_NONE ? p->len : (uint32_t)p->hdr_len + p->gso_size;
}

static void enter(struct sim *s, struct sim_pipe *pipe, struct sim_packet *p)
{
	const struct sim_pipe_config *c = &pipe->config;
	struct fate f = draw(pipe);
	uint64_t at;

	p->stage++;
	if (f.lost && (!c->data_only || sim_packet_has_data(p))) {
		pipe->stats.dropped++;
		sim_packet_free(s, p);
		return;
	}
	if (c->swallow_above && wire_bytes(p) > c->swallow_above) {
		pipe->stats.swallowed++;
		sim_packet_free(s, p);
		return;
	}
	if (!enters_line(pipe, p, s->now)) {
		pipe->stats.overflowed++;
		sim_packet_free(s, p);
		return;
	}
	pipe->stats.passed++;
	pipe->stats.bytes += p->len;
	at = arrival(pipe, &f, s->now);
	if (f.doubled) {
		pipe->stats.duplicated++;
		sim_at(s, at, arrive, sim_packet_copy(s, p));
	}
	if (f.damaged) {
		pipe->stats.corrupted++;
		damage(p, f.where);
	}
	sim_at(s, at, arrive, p);
}

static bool is_perfect(const struct sim_pipe_config *c)
{
	return !(c->rate || c->delay_ns || c->jitter_ns || c->drop_ppm || c->duplicate_ppm ||
		 c->corrupt_ppm);
}

void sim_forward(struct sim *s, struct sim_packet *p)
{
	while (p->stage < STAGE_THERE) {
		struct sim_pipe *pipe = p->stage == STAGE_UP	  ? &p->from->up
					: p->stage == STAGE_TRUNK ? &s->trunk[p->from->config.side]
								  : &p->to->down;
		bool passes = p->stage != STAGE_TRUNK || p->from->config.side != p->to->config.side;

		if (passes && !is_perfect(&pipe->config)) {
			enter(s, pipe, p);
			return;
		}
		p->stage++;
	}
	sim_host_receive(p->to, p);
}
