/*
 * The rows of a crowd: what the rows beside them do one after the other WORLD_CROWD do at once, as a busy
 * server's do. Frames come in one batch, each of another flow than the one before.
 */
#include "tests/bench/world.h"

#include <holm/udp.h>

#include <stdlib.h>
#include <string.h>

#define MESSAGE 64u
#define LIMIT (16u * 1024u)

/* ---- Connections --------------------------------------------------------------------------------- */

struct crowd {
	struct holm_tcp *listener;
	struct end end[WORLD_CROWD][2];
	uint8_t message[MESSAGE];
};

/* From here to there, and what they had to say is in the other's inbox. */
static void cross(struct world *w, int side)
{
	world_out(w, side);
	world_in(w, !side);
}

static struct crowd *crowd_new(struct world *w)
{
	struct crowd *c = aligned_alloc(64, sizeof(*c));

	bench_check(c != NULL, "memory");
	memset(c, 0, sizeof(*c));
	world_introduce(w);
	c->listener = world_listen(w, 1, WORLD_PORT, 2 * WORLD_CROWD);
	world_set_options(w, c->listener);
	return c;
}

static void connect_one(struct world *w, struct end *e, uint32_t i)
{
	struct holm_endpoint remote = { .addr = w->side[1].addr, .port = WORLD_PORT };
	struct holm_endpoint local = { .addr = world_crowd_addr(w, i) };

	bench_on();
	bench_check(holm_tcp_open(w->side[0].net, &e->t) == 0, "open");
	world_set_options(w, e->t);
	end_attach(w, 0, e, LIMIT);
	if (w->options.hosts)
		bench_check(holm_tcp_bind(e->t, &local, HOLM_TCP_ADDR_ONLY) == 0, "bind");
	bench_check(holm_tcp_connect(e->t, &remote) == 0, "connect");
	bench_off();
}

static void connect_all(struct world *w, struct crowd *c)
{
	for (uint32_t i = 0; i < WORLD_CROWD; i++)
		connect_one(w, &c->end[i][0], i);
	cross(w, 0); /* SYN */
	cross(w, 1); /* SYN-ACK */
}

static void accept_all(struct world *w, struct crowd *c)
{
	for (uint32_t i = 0; i < WORLD_CROWD; i++) {
		bench_on();
		bench_check(holm_tcp_accept(c->listener, &c->end[i][1].t) == 0, "accept");
		end_attach(w, 1, &c->end[i][1], LIMIT);
		bench_off();
	}
}

/* All speak, some of them for the last time. */
static void say(struct crowd *c, int side, bool last)
{
	for (uint32_t i = 0; i < WORLD_CROWD; i++) {
		struct end *e = &c->end[i][side];

		c->message[0] = (uint8_t)i;
		bench_on();
		holm_ring_sndbuf_write(&e->snd, c->message, MESSAGE);
		holm_tcp_send(e->t);
		if (last)
			holm_tcp_close(e->t);
		bench_off();
	}
}

/* Each says who it is. */
static void hear(struct crowd *c, int side)
{
	uint8_t message[2 * MESSAGE];

	for (uint32_t i = 0; i < WORLD_CROWD; i++)
		bench_check(end_read(&c->end[i][side], message, sizeof(message)) == MESSAGE &&
				    message[0] == i,
			    "a message of the crowd is lost");
}

static void fini_all(struct crowd *c)
{
	for (uint32_t i = 0; i < WORLD_CROWD; i++)
		for (int side = 0; side < 2; side++)
			end_fini(&c->end[i][side]);
	memset(c->end, 0, sizeof(c->end));
}

static void connect_request_close(struct world *w, struct crowd *c)
{
	connect_all(w, c);
	say(c, 0, false);
	cross(w, 0); /* ACK and request */
	accept_all(w, c);
	hear(c, 1);
	say(c, 1, true);
	cross(w, 1); /* answer and FIN */
	hear(c, 0);
	for (uint32_t i = 0; i < WORLD_CROWD; i++) {
		bench_on();
		holm_tcp_close(c->end[i][0].t);
		bench_off();
	}
	cross(w, 0); /* FIN */
	cross(w, 1); /* its ACK */
	world_forget_events(w);
	w->now += 10000000;
	fini_all(c);
}

/* Where each other is must be known: of all of them, if they are hosts. */
static void introduce(struct world *w, struct crowd *c)
{
	connect_all(w, c);
	world_settle(w);
	accept_all(w, c);
	for (uint32_t i = 0; i < WORLD_CROWD; i++)
		for (int side = 0; side < 2; side++)
			holm_tcp_abort(c->end[i][side].t);
	world_settle(w);
	world_forget_events(w);
	fini_all(c);
}

double run_crr_crowd(struct world *w, uint32_t ops)
{
	struct crowd *c = crowd_new(w);

	introduce(w, c);
	for (uint32_t i = 0; i < 4; i++)
		connect_request_close(w, c);
	bench_start();
	for (uint32_t i = 0; i < ops; i++)
		connect_request_close(w, c);
	bench_stop();
	holm_tcp_close(c->listener);
	world_settle(w);
	free(c);
	return (double)ops * WORLD_CROWD;
}

static void request_response(struct world *w, struct crowd *c)
{
	for (int side = 0; side < 2; side++) {
		say(c, side, false);
		cross(w, side);
		hear(c, !side);
	}
	world_forget_events(w);
	w->now += (uint64_t)w->options.round_ns * WORLD_CROWD;
}

double run_rr_crowd(struct world *w, uint32_t ops)
{
	struct crowd *c = crowd_new(w);

	introduce(w, c);
	connect_all(w, c);
	world_settle(w);
	accept_all(w, c);
	for (uint32_t i = 0; i < 16; i++)
		request_response(w, c);
	bench_start();
	for (uint32_t i = 0; i < ops; i++)
		request_response(w, c);
	bench_stop();
	for (uint32_t i = 0; i < WORLD_CROWD; i++)
		for (int side = 0; side < 2; side++)
			holm_tcp_abort(c->end[i][side].t);
	holm_tcp_close(c->listener);
	world_settle(w);
	fini_all(c);
	free(c);
	return (double)ops * WORLD_CROWD;
}

/* ---- Datagrams ----------------------------------------------------------------------------------- */

/* A server of datagrams: each comes from another port, and each is answered. */
struct udp_crowd {
	struct holm_udp *client[WORLD_CROWD], *server;
	uint8_t payload[MESSAGE];
	struct holm_span message;
};

static struct holm_udp *udp_bound(struct world *w, int side, struct holm_endpoint local)
{
	struct holm_udp *u;

	bench_check(holm_udp_open(w->side[side].net, &u) == 0, "udp open");
	bench_check(holm_udp_bind(u, &local, 0) == 0, "udp bind");
	return u;
}

static void udp_begin(struct world *w, struct udp_crowd *c)
{
	struct holm_endpoint at = { .addr = w->side[1].addr, .port = WORLD_PORT };

	c->message = (struct holm_span){ c->payload, MESSAGE };
	c->server = udp_bound(w, 1, at);
	for (uint32_t i = 0; i < WORLD_CROWD; i++) {
		struct holm_addr from = w->options.hosts ? world_crowd_addr(w, i) : w->side[0].addr;

		c->client[i] = udp_bound(
			w, 0, (struct holm_endpoint){ .addr = from, .port = (uint16_t)(5000 + i) });
		bench_check(holm_udp_connect(c->client[i], &at) == 0, "udp connect");
	}
}

/* Read what has come; `answer`: to whom it came from. Returns how much it was. */
static uint32_t udp_take(struct udp_crowd *c, struct holm_udp *u, bool answer)
{
	struct holm_datagram dg;
	uint32_t n = 0;

	bench_on();
	while (holm_udp_recv(u, &dg) == 0) {
		holm_frame_read(dg.frame, dg.payload_off, c->payload, dg.payload_len);
		holm_frame_free(dg.frame);
		if (answer)
			holm_udp_send(u, &dg.from, &c->message, 1);
		n++;
	}
	bench_off();
	return n;
}

static uint32_t udp_round(struct world *w, struct udp_crowd *c)
{
	uint32_t answers = 0;

	bench_on();
	for (uint32_t i = 0; i < WORLD_CROWD; i++)
		holm_udp_send(c->client[i], NULL, &c->message, 1);
	bench_off();
	cross(w, 0);
	(void)udp_take(c, c->server, true);
	cross(w, 1);
	for (uint32_t i = 0; i < WORLD_CROWD; i++)
		answers += udp_take(c, c->client[i], false);
	world_forget_events(w);
	w->now += (uint64_t)w->options.round_ns * WORLD_CROWD;
	return answers;
}

double run_udp_crowd(struct world *w, uint32_t ops)
{
	struct udp_crowd c = { 0 };
	double answers = 0;

	world_introduce(w);
	udp_begin(w, &c);
	for (uint32_t i = 0; i < 4; i++)
		(void)udp_round(w, &c);
	bench_start();
	for (uint32_t i = 0; i < ops; i++)
		answers += udp_round(w, &c);
	bench_stop();
	bench_check(answers == (double)ops * WORLD_CROWD, "answers of the crowd are lost");
	for (uint32_t i = 0; i < WORLD_CROWD; i++)
		holm_udp_close(c.client[i]);
	holm_udp_close(c.server);
	return answers;
}
