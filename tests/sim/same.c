/*
 * The same answer twice: what programs read does not depend on how the bytes travelled. Each seed's
 * programs and lossy link run once as plainly as can be and once with each of the shortcuts:
 * super-frames cut by the adapter or not at all, no merging on input, checksums left to the adapter,
 * SACK off, recovery with RACK or without, CUBIC. Every time the same stream comes out, and the ends
 * see the same end. And every way is run a second time with header prediction off: then every frame is
 * the same, and leaves at the same moment.
 *
 *	SEEDS=n	 how many seeds (default 60), SEED=s only this one; see engine/sim.h
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/engine/draw.h"

#define PATIENCE (7200 * SIM_S)

enum way {
	PLAIN,	/* single segments, checksums in software, SACK but no RACK */
	SUPER,	/* super-frames, cut by the adapter */
	WHOLE,	/* super-frames, not cut on their way */
	SINGLE, /* one frame per batch: nothing is merged on input */
	OFFLOAD,
	NO_SACK,
	NOTHING, /* no part of TCP is linked */
	RACK,
	CUBIC,
	WAYS
};

static const char *const names[WAYS] = {
	"plain",
	"super-frames",
	"whole super-frames",
	"no merging",
	"checksum offload",
	"no SACK",
	"no parts",
	"RACK",
	"CUBIC",
};

static const struct holm_proto *const nothing_list[] = { SIM_BASE, NULL };
static const struct holm_proto *const sack_list[] = { SIM_BASE, &holm_tcp_sack, NULL };
static const struct holm_proto *const rack_list[] = { SIM_BASE, &holm_tcp_rack, NULL };

struct answer {
	uint64_t digest[2], read[2];
	bool eof[2];
	int error[2];
	bool given_up;
	uint64_t wire[2];
};

static void set_host(struct sim_host_config *h, enum way way)
{
	h->protos = way == NOTHING ? nothing_list
		    : way == RACK  ? rack_list
		    : way == CUBIC ? sim_protos
				   : sack_list;
	if (way == SINGLE)
		h->batch = 1;
	if (way == OFFLOAD)
		h->caps.features = HOLM_DEV_TX_CSUM | HOLM_DEV_RX_CSUM;
	if (way == SUPER || way == WHOLE) {
		h->caps.features = HOLM_DEV_TX_CSUM | HOLM_DEV_TSO4 | HOLM_DEV_TSO6;
		h->caps.segs_max = 64;
		h->caps.gso_max = 65535;
		h->whole = way == WHOLE;
	}
}

static void set_end(struct sim_end_plan *p, enum way way)
{
	p->snd_kind = SIM_RING;
	p->rcv_kind = SIM_RING;
	p->sack = way != NO_SACK;
	p->controller = way == CUBIC ? "cubic" : "reno";
}

/* Few bytes at a time, with pauses: requests and answers, which is what prediction is for. */
static void talk(struct sim_end_plan *p, uint64_t *rng, uint32_t longest, uint64_t longest_pause_ns)
{
	p->write_bytes = 1 + (uint32_t)sim_below(rng, longest);
	p->write_pause_ns = 1 + sim_below(rng, longest_pause_ns);
	p->bytes = p->write_bytes * (1 + sim_below(rng, 60));
	p->read_bytes = 0;
	p->ecn = 0;
}

/*
 * One end streams to a window that holds less: as much goes as that lets go, for the ACK of what
 * went before. The 64 KiB that the handshake promises come first. The other end has a byte to say
 * now and then.
 */
static void stream(struct sim_end_plan *p, uint64_t *rng, bool reads)
{
	p->bytes = reads ? 20 : 150000 + sim_below(rng, 150000);
	p->write_bytes = reads ? 1 : 0;
	p->write_pause_ns = reads ? 400 * SIM_MS : 0;
	p->read_bytes = 0;
	p->sndbuf = 65536;
	p->rcvbuf = 4096u << sim_below(rng, 4);
	p->ecn = 0;
}

/* The seed's programs and link, this way. */
static struct answer run_way(uint64_t seed, enum way way, bool unpredicted)
{
	struct sim_flow_plan plan = { 0 };
	struct sim_pipe_config trunk[2];
	struct answer a = { 0 };
	uint64_t rng = seed;
	struct sim_flow *f;
	struct sim s;

	sim_init(&s, seed);
	s.watched = true;
	s.ip6 = sim_seed_is_ip6(seed);
	for (uint32_t i = 0; i < 2; i++) {
		struct sim_host_config host = sim_host_default();

		host.side = i;
		host.seed = sim_random(&rng);
		host.unpredicted = unpredicted;
		set_host(&host, way);
		sim_add_host(&s, &host);
		trunk[i] = sim_draw_pipe(&rng);
		plan.end[i] = sim_draw_end(&rng, i, 100000);
		set_end(&plan.end[i], way);
		/* In three seconds windows shrink, delayed ACKs wait in vain, and blocks go. */
		if (seed % 2)
			talk(&plan.end[i], &rng, seed % 16 > 8 ? 12000 : 1000,
			     seed % 8 > 4 ? 3 * SIM_S : 40 * SIM_MS);
		if (seed % 8 == 2)
			stream(&plan.end[i], &rng, i == 1);
		/* Who asks for no keep-alive is calm. */
		plan.end[i].trusts = seed % 4 == 1 || seed % 8 == 2;
		if (plan.end[i].trusts)
			trunk[i] = (struct sim_pipe_config){ .delay_ns = trunk[i].delay_ns };
	}
	sim_set_trunk(&s, trunk);
	f = sim_add_flow(&s, &plan);
	sim_finish_flows(&s, PATIENCE);
	for (int i = 0; i < 2; i++) {
		a.digest[i] = f->end[i].digest;
		a.read[i] = f->end[i].read;
		a.eof[i] = f->end[i].eof;
		a.error[i] = f->end[i].error;
	}
	a.given_up = sim_flow_was_given_up(f);
	memcpy(a.wire, s.wire, sizeof(a.wire));
	sim_fini(&s);
	return a;
}

/* On a link that is bad enough one way may give up, and say so, where another one does not. */
static bool is_same(const struct answer *a, const struct answer *b)
{
	if (a->given_up || b->given_up)
		return true;
	for (int i = 0; i < 2; i++)
		if (a->digest[i] != b->digest[i] || a->read[i] != b->read[i] ||
		    a->eof[i] != b->eof[i] || a->error[i] != b->error[i])
			return false;
	return true;
}

static void run(uint64_t seed)
{
	struct answer plain = run_way(seed, PLAIN, false);

	for (enum way way = PLAIN; way < WAYS; way++) {
		struct answer other = way == PLAIN ? plain : run_way(seed, way, false);
		struct answer steps = run_way(seed, way, true);

		if (!is_same(&plain, &other))
			sim_fail(&(struct sim){ .seed = seed }, "%s: another answer", names[way]);
		if (memcmp(other.wire, steps.wire, sizeof(steps.wire)) != 0)
			sim_fail(&(struct sim){ .seed = seed }, "%s: prediction sends other frames",
				 names[way]);
	}
}

static void the_same_stream_comes_out_whichever_way_it_went(void **state)
{
	(void)state;
	assert_int_equal(sim_seeds("same", run, 60), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_stream_comes_out_whichever_way_it_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
