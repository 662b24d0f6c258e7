/*
 * A crowd in batches, and one by one. A host is given what others send it: many connections and
 * datagrams of several hosts, some of it lost, damaged, forged. Others like it are given the same
 * frames at the same moments in batches of up to 32, in pieces, and one by one as if each were the first
 * that it ever saw, which is the definition. Output is at the end of each batch, for all of them.
 *
 * The same are then what programs read and are told of each endpoint, its errors and how many events it
 * had, drops and counters, every frame that leaves, and, looked at now and then, all that is known of each
 * connection (struct holm_tcp_info). Different may be
 *
 *	- how many segments were merged or predicted, and D-SACKs counted that come to who is calm;
 *	- in which order endpoints have their events, and their frames leave: those of one connection, and of
 *	  each protocol that is not TCP, have one;
 *	- how often text is refused that was merged: once, with one RST.
 *
 *	SEEDS=n	 how many seeds (default 60), SEED=s only this one; see engine/sim.h
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/wire/eth.h"
#include "net/wire/ip4.h"
#include "tests/sim/engine/forge.h"

#define ROUNDS 60u
#define CLOSELY 50u /* batches from one close look to the next */
#define SERVER 1u
#define SERVER_ADDRS 2u
#define CROWD 11u
#define CROWD_ADDRS 6u

static const char *const names[PARTY_WAYS] = { "fresh", "one by one", "batch", "pieces" };

static const struct holm_proto *const plain_list[] = { SIM_PLAIN, &holm_udp, NULL };
static const struct holm_proto *const usual_list[] = { SIM_PLAIN, &holm_udp, HOLM_TCP_PARTS, NULL };
static const struct holm_proto *const unmerged_list[] = {
	SIM_BASE, &holm_udp, &holm_tcp_rack, &holm_tcp_cubic, NULL,
};

static const struct holm_proto *const *protos_of(uint64_t seed)
{
	static const struct holm_proto *const *const lists[] = { usual_list, usual_list,
								 unmerged_list, plain_list };

	return lists[seed / 2 % 4];
}

/*
 * Text that comes a second time, and what follows it, are one segment if they are merged: partly new, not
 * refused. So seeds have either no merging, or nothing that comes twice.
 */
static bool merges(uint64_t seed)
{
	return seed % 2 == 0 && protos_of(seed) == usual_list && seed / 8 % 2;
}

struct run {
	uint64_t seed, rng, round;
	struct party crowd;
	struct party server[PARTY_WAYS];
	struct forge up, down;
	struct packet *const *came; /* in the last batch */
	uint32_t ncame;
};

static void show(const char *whose, const struct packet *p)
{
	char text[256] = "none";

	if (p)
		eth_print(text, sizeof(text), p->data, p->len);
	fprintf(stderr, "  %s: %s\n", whose, text);
}

/* Behind what has come last. */
static void fail_run(const struct run *r, enum party_way way, const char *why)
{
	for (uint32_t i = 0; i < r->ncame; i++)
		show("came", r->came[i]);
	sim_fail(&(struct sim){ .seed = r->seed, .now = r->server[0].now }, "%s: round %llu: %s",
		 names[way], (unsigned long long)r->round, why);
}

/* ---- Comparing ----------------------------------------------------------------------------------- */

static bool is_ip6(const struct packet *p)
{
	return load_be16(p->data + 12) == ETH_TYPE_IP6;
}

static uint8_t proto_of(const struct packet *p)
{
	const uint8_t *ip = p->data + ETH_HDR_BYTES;

	return is_ip6(p) ? ip[6] : load_be16(p->data + 12) == ETH_TYPE_IP4 ? ip[9] : 0;
}

static bool is_tcp(const struct packet *p)
{
	return proto_of(p) == IP4_PROTO_TCP;
}

/* Whose frames have an order: those of one connection, and of each other protocol. */
static bool is_one_flow(const struct packet *a, const struct packet *b)
{
	/* Of both families the addresses are what is in front of the ports. */
	const uint32_t ends = ETH_HDR_BYTES + (is_ip6(a) ? 8 : 12);

	if (load_be16(a->data + 12) != load_be16(b->data + 12) || proto_of(a) != proto_of(b))
		return false;
	return !is_tcp(a) || memcmp(a->data + ends, b->data + ends, is_ip6(a) ? 36 : 12) == 0;
}

/* The first of its flow that nobody has asked for. */
static struct packet *take_like(const struct packets *list, bool taken[], const struct packet *p)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (!taken[i] && is_one_flow(list->p[i], p)) {
			taken[i] = true;
			return list->p[i];
		}
	return NULL;
}

static bool is_rst(const struct packet *p)
{
	return is_tcp(p) && (p->data[ETH_HDR_BYTES + (is_ip6(p) ? 40 : 20) + 13] & 0x04);
}

/* The same RST as before in this batch: to what has come in one piece it is one. */
static bool is_said_before(const struct packets *list, uint32_t at)
{
	for (uint32_t i = 0; i < at && is_rst(list->p[at]); i++)
		if (packets_equal(list->p[i], list->p[at]))
			return true;
	return false;
}

static struct packets frames_of(const struct party *p)
{
	struct packets list = { .n = 0 };

	for (uint32_t i = 0; i < p->out.n; i++)
		if (!is_said_before(&p->out, i))
			list.p[list.n++] = p->out.p[i];
	return list;
}

static void compare_frames(const struct run *r, enum party_way way)
{
	const struct packets a = frames_of(&r->server[PARTY_FRESH]), b = frames_of(&r->server[way]);
	bool taken[PARTY_FRAMES] = { false };

	for (uint32_t i = 0; i < a.n; i++) {
		const struct packet *other = take_like(&b, taken, a.p[i]);

		if (other && packets_equal(a.p[i], other))
			continue;
		show(names[PARTY_FRESH], a.p[i]);
		show(names[way], other);
		fail_run(r, way, "another frame is sent");
	}
	for (uint32_t i = 0; i < b.n; i++)
		if (!taken[i]) {
			show(names[way], b.p[i]);
			fail_run(r, way, "one frame more is sent");
		}
}

static void compare(struct run *r)
{
	for (enum party_way way = PARTY_FRESH + 1; way < PARTY_WAYS; way++) {
		const char *why;

		compare_frames(r, way);
		why = party_difference(&r->server[PARTY_FRESH], &r->server[way],
				       r->round % CLOSELY == 0);
		if (why)
			fail_run(r, way, why);
	}
}

/* ---- Rounds -------------------------------------------------------------------------------------- */

static void pass(struct run *r, uint64_t ns)
{
	r->crowd.now += ns;
	for (enum party_way way = 0; way < PARTY_WAYS; way++)
		r->server[way].now = r->crowd.now;
}

/* The next batch arrives; what the server says to it goes to `said`. */
static void batch(struct run *r, struct packet *const *packets, uint32_t n, struct packets *said)
{
	r->round++;
	r->came = packets;
	r->ncame = n;
	for (enum party_way way = 0; way < PARTY_WAYS; way++) {
		party_receive(&r->server[way], packets, n);
		party_act(&r->server[way], r->round);
	}
	compare(r);
	for (uint32_t i = 0; i < r->server[0].out.n; i++)
		packets_add(said, packet_copy(r->server[0].out.p[i]));
	for (enum party_way way = 0; way < PARTY_WAYS; way++)
		packets_clear(&r->server[way].out);
}

static void serve(struct run *r, struct packets *asked, struct packets *said)
{
	uint32_t done = 0;

	do {
		uint32_t n = 1 + (uint32_t)sim_below(&r->rng, PARTY_BATCH);

		n = n < asked->n - done ? n : asked->n - done;
		batch(r, asked->p + done, n, said);
		done += n;
		pass(r, sim_below(&r->rng, 20000));
	} while (done < asked->n);
	packets_clear(asked);
}

static uint64_t draw_pause(uint64_t *rng, bool is_short)
{
	switch (is_short ? 15 : sim_below(rng, 16)) {
	case 0:
		return sim_below(rng, 3 * SIM_S);
	case 1:
	case 2:
		return sim_below(rng, 300 * SIM_MS);
	case 3:
	case 4:
	case 5:
		return sim_below(rng, 50 * SIM_MS);
	default:
		return sim_below(rng, SIM_MS);
	}
}

static void round_of(struct run *r, struct packets *said)
{
	struct packets heard = { .n = 0 }, asked = { .n = 0 };

	forge_packets(&r->down, said, &heard);
	for (uint32_t i = 0; i < heard.n; i += PARTY_BATCH)
		party_receive(&r->crowd, heard.p + i,
			      heard.n - i < PARTY_BATCH ? heard.n - i : PARTY_BATCH);
	/* What GRO holds back comes behind an error that came later. */
	r->up.seen = protos_of(r->seed) == usual_list ? NULL : &heard;
	party_act(&r->crowd, r->round);
	forge_packets(&r->up, &r->crowd.out, &asked);
	serve(r, &asked, said);
	packets_clear(&heard);
	pass(r, draw_pause(&r->rng, merges(r->seed)));
}

/* ---- Seeds --------------------------------------------------------------------------------------- */

static uint32_t draw_ppm(uint64_t *rng, uint32_t most)
{
	return (uint32_t)sim_below(rng, sim_below(rng, 2) ? most : most / 10);
}

static void draw_forges(struct run *r)
{
	bool rough = r->seed % 2;

	r->up = (struct forge){ .rng = sim_random(&r->rng),
				.to = SERVER,
				.nto = SERVER_ADDRS,
				.from = CROWD,
				.nfrom = CROWD_ADDRS };
	r->down = (struct forge){ .rng = sim_random(&r->rng) };
	r->up.apart = protos_of(r->seed) == usual_list && !merges(r->seed);
	if (!rough)
		return;
	r->up.ppm = draw_ppm(&r->rng, 200000);
	r->up.loss_ppm = draw_ppm(&r->rng, 60000);
	r->up.shuffle_ppm = draw_ppm(&r->rng, 300000);
	r->down.loss_ppm = draw_ppm(&r->rng, 60000);
}

/* A crowd; or so few that a connection meets itself again. */
static uint32_t draw_wanted(uint64_t *rng)
{
	return sim_below(rng, 3) ? 4 + (uint32_t)sim_below(rng, 29)
				 : 1 + (uint32_t)sim_below(rng, 3);
}

static struct party_config draw_config(struct run *r)
{
	struct party_config c = { .seed = sim_random(&r->rng),
				  .protos = protos_of(r->seed),
				  .style = (enum party_style)(r->seed / 8 % PARTY_STYLES),
				  .start_ns = SIM_S + sim_random(&r->rng) % (10000 * SIM_S),
				  .lends = sim_below(&r->rng, 2),
				  .wanted = draw_wanted(&r->rng),
				  .rcvbuf = 4096u << sim_below(&r->rng, 5) };

	return c;
}

static void start(struct run *r, uint64_t seed)
{
	struct party_config c;

	memset(r, 0, sizeof(*r));
	r->seed = seed;
	r->rng = seed;
	draw_forges(r);
	c = draw_config(r);
	c.first = SERVER;
	c.naddrs = SERVER_ADDRS;
	c.peer = CROWD;
	c.npeers = CROWD_ADDRS;
	for (c.way = 0; c.way < PARTY_WAYS; c.way++)
		party_init(&r->server[c.way], &c);
	c.way = PARTY_BATCHES;
	c.lends = false;
	c.connects = true;
	c.protos = usual_list;
	c.seed++;
	c.first = CROWD;
	c.naddrs = CROWD_ADDRS;
	c.peer = SERVER;
	c.npeers = SERVER_ADDRS;
	party_init(&r->crowd, &c);
}

static void run(uint64_t seed)
{
	static struct run r;
	struct packets said = { .n = 0 };

	start(&r, seed);
	for (uint32_t i = 0; i < (r.crowd.config.wanted < 4 ? 4 * ROUNDS : ROUNDS); i++)
		round_of(&r, &said);
	packets_clear(&said);
	for (enum party_way way = 0; way < PARTY_WAYS; way++)
		party_fini(&r.server[way]);
	party_fini(&r.crowd);
}

static void a_batch_is_the_same_as_its_frames_one_by_one(void **state)
{
	(void)state;
	assert_int_equal(sim_seeds("batch", run, 60), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_is_the_same_as_its_frames_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
