/*
 * The TCP rows: bulk, request/response, connect-request-close.
 */
#include "tests/bench/bench.h"

#include <holm/buf.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW (64u * 1024u)
#define MESSAGE 64u
#define ROUND_NS 20000u

static uint8_t table[HOLM_PATTERN_TABLE_BYTES];
static uint8_t scratch[256 * 1024];

static void check(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

static void set_options(struct holm_tcp *t, bool timestamps)
{
	holm_tcp_set_option(t, HOLM_TCP_OPT_TIMESTAMPS, timestamps);
	holm_tcp_set_option(t, HOLM_TCP_OPT_NODELAY, 1);
}

/* One end of a connection with its rings. */
struct end {
	struct holm_tcp *t;
	struct holm_ring_sndbuf snd;
	struct holm_ring_rcvbuf rcv;
};

static void end_attach(struct world *w, int side, struct end *e, uint32_t limit)
{
	const struct holm_memory *memory = holm_net_memory(w->side[side].net);

	holm_ring_sndbuf_init(&e->snd, memory, limit, NULL);
	holm_ring_rcvbuf_init(&e->rcv, memory, limit, NULL);
	check(holm_tcp_attach(e->t, &e->snd.base, &e->rcv.base) == 0, "attach");
}

/* Rings that still hold something when their connection has gone. */
static void end_fini(struct end *e)
{
	if (e->snd.memory)
		holm_ring_sndbuf_fini(&e->snd);
	if (e->rcv.memory)
		holm_ring_rcvbuf_fini(&e->rcv);
}

static bool timestamps_of(const struct world *w);

/* Open a connection with rings at both ends, outside measurement. */
static struct holm_tcp *open_pair(struct world *w, struct end end[2], uint16_t port, uint32_t limit)
{
	struct holm_tcp *listener = world_listen(w, 1, port, 64);
	struct holm_endpoint remote = { .addr = w->side[1].addr, .port = port };
	bool counting = bench_counting;

	bench_counting = false;
	set_options(listener, timestamps_of(w));
	check(holm_tcp_open(w->side[0].net, &end[0].t) == 0, "open");
	set_options(end[0].t, timestamps_of(w));
	end_attach(w, 0, &end[0], limit);
	check(holm_tcp_connect(end[0].t, &remote) == 0, "connect");
	for (int i = 0; i < 4; i++) {
		world_round(w, 0);
		world_round(w, 1);
		w->now += ROUND_NS;
	}
	check(holm_tcp_accept(listener, &end[1].t) == 0, "accept");
	end_attach(w, 1, &end[1], limit);
	world_settle(w);
	bench_counting = counting;
	return listener;
}

static void close_pair(struct world *w, struct end end[2], struct holm_tcp *listener)
{
	bool counting = bench_counting;

	bench_counting = false;
	for (int i = 0; i < 2; i++)
		holm_tcp_abort(end[i].t);
	holm_tcp_close(listener);
	world_settle(w);
	end_fini(&end[0]);
	end_fini(&end[1]);
	bench_counting = counting;
}

static bool row_timestamps;

static bool timestamps_of(const struct world *w)
{
	(void)w;
	return row_timestamps;
}

/* Told by main before each row. */
void rows_tcp_configure(bool timestamps);
void rows_tcp_configure(bool timestamps)
{
	row_timestamps = timestamps;
	if (table[1] == 0)
		holm_pattern_fill(table);
}

/* Take what is readable as a program does: peek and release, or copy out for small messages. */
static size_t drain(struct end *e)
{
	size_t n;
	size_t total = 0;

	bench_on();
	while ((n = holm_ring_rcvbuf_read(&e->rcv, scratch, sizeof(scratch))) > 0)
		total += n;
	if (total)
		holm_tcp_received(e->t);
	bench_off();
	return total;
}

static void forget_events(struct world *w)
{
	struct holm_event ev;

	bench_on();
	for (int i = 0; i < 2; i++)
		while (holm_net_next_event(w->side[i].net, &ev))
			continue;
	bench_off();
}

double run_bulk(struct world *w, uint32_t ops)
{
	struct holm_pattern_sndbuf pattern;
	struct end end[2] = { 0 };
	struct holm_tcp *listener = world_listen(w, 1, WORLD_PORT, 64);
	struct holm_endpoint remote = { .addr = w->side[1].addr, .port = WORLD_PORT };
	bool counting = bench_counting;
	uint64_t received = 0;

	bench_counting = false;
	set_options(listener, timestamps_of(w));
	check(holm_tcp_open(w->side[0].net, &end[0].t) == 0, "open");
	set_options(end[0].t, timestamps_of(w));
	holm_pattern_sndbuf_init(&pattern, table, WINDOW, NULL);
	holm_ring_rcvbuf_init(&end[0].rcv, holm_net_memory(w->side[0].net), WINDOW, NULL);
	check(holm_tcp_attach(end[0].t, &pattern.base, &end[0].rcv.base) == 0, "attach");
	check(holm_tcp_connect(end[0].t, &remote) == 0, "connect");
	world_settle(w);
	check(holm_tcp_accept(listener, &end[1].t) == 0, "accept");
	end_attach(w, 1, &end[1], WINDOW);
	for (uint32_t i = 0; i < ops + 64; i++) {
		/* The first rounds open the congestion window. */
		if (i == 64) {
			bench_counting = counting;
			received = 0;
		}
		bench_on();
		if (holm_pattern_sndbuf_write(&pattern, WINDOW) > 0)
			holm_tcp_send(end[0].t);
		bench_off();
		world_round(w, 0);
		world_round(w, 1);
		received += drain(&end[1]);
		world_round(w, 1);
		world_round(w, 0);
		forget_events(w);
		w->now += ROUND_NS;
	}
	close_pair(w, end, listener);
	check(received > (uint64_t)ops * 1460, "bulk moved no data");
	return (double)received / 1460;
}

/* What a program's loop does on one side, in its two halves: frames in, then frames out. */
static void frames_in(struct world *w, int side)
{
	bench_on();
	while (holm_net_poll_devs(w->side[side].net, w->now, 32))
		continue;
	bench_off();
}

static void frames_out(struct world *w, int side)
{
	bench_on();
	while (holm_net_poll(w->side[side].net, w->now, 64))
		continue;
	bench_off();
}

/* One request and its answer over an open connection. */
static void request_response(struct world *w, struct end end[2])
{
	uint8_t message[MESSAGE] = { 1 };

	for (int i = 0; i < 2; i++) {
		bench_on();
		holm_ring_sndbuf_write(&end[i].snd, message, MESSAGE);
		holm_tcp_send(end[i].t);
		bench_off();
		frames_out(w, i);
		frames_in(w, !i);
		check(drain(&end[!i]) == MESSAGE, "rr lost its message");
	}
	forget_events(w);
	w->now += ROUND_NS;
}

double run_rr(struct world *w, uint32_t ops)
{
	struct end end[2] = { 0 };
	struct holm_tcp *listener = open_pair(w, end, WORLD_PORT, 16 * 1024);
	bool counting = bench_counting;

	for (uint32_t i = 0; i < ops + 16; i++) {
		bench_counting = counting && i >= 16;
		request_response(w, end);
	}
	bench_counting = counting;
	close_pair(w, end, listener);
	return ops;
}

/* Round robin over the idle connections of the world: each gets rings and one exchange in turn. */
double run_rrn(struct world *w, uint32_t ops)
{
	struct end(*ends)[2] = calloc(w->nidle, sizeof(*ends));
	uint32_t next = 0;

	for (uint32_t i = 0; i < w->nidle; i++)
		for (int side = 0; side < 2; side++) {
			ends[i][side].t = w->idle[side][i];
			end_attach(w, side, &ends[i][side], 16 * 1024);
		}
	for (uint32_t i = 0; i < ops; i++) {
		request_response(w, ends[next]);
		next = (next + 1) % w->nidle;
	}
	for (uint32_t i = 0; i < w->nidle; i++)
		for (int side = 0; side < 2; side++)
			holm_tcp_abort(ends[i][side].t);
	world_settle(w);
	for (uint32_t i = 0; i < w->nidle; i++)
		for (int side = 0; side < 2; side++)
			end_fini(&ends[i][side]);
	w->nidle = 0;
	free(ends);
	return ops;
}

double run_crr(struct world *w, uint32_t ops)
{
	struct holm_tcp *listener = world_listen(w, 1, WORLD_PORT, 64);
	struct holm_endpoint remote = { .addr = w->side[1].addr, .port = WORLD_PORT };
	bool counting = bench_counting;
	struct holm_tcp *warm[2];

	/* The first connection resolves the neighbours. */
	bench_counting = false;
	set_options(listener, timestamps_of(w));
	world_connect(w, listener, WORLD_PORT, warm);
	holm_tcp_abort(warm[0]);
	holm_tcp_abort(warm[1]);
	world_settle(w);
	for (uint32_t i = 0; i < ops + 16; i++) {
		struct end end[2] = { 0 };
		uint8_t message[MESSAGE] = { 1 };

		bench_counting = counting && i >= 16;
		bench_on();
		check(holm_tcp_open(w->side[0].net, &end[0].t) == 0, "open");
		set_options(end[0].t, timestamps_of(w));
		bench_off();
		bench_on();
		end_attach(w, 0, &end[0], 16 * 1024);
		check(holm_tcp_connect(end[0].t, &remote) == 0, "connect");
		bench_off();
		frames_out(w, 0); /* SYN */
		frames_in(w, 1);
		frames_out(w, 1); /* SYN-ACK */
		frames_in(w, 0);
		bench_on();
		holm_ring_sndbuf_write(&end[0].snd, message, MESSAGE);
		holm_tcp_send(end[0].t);
		bench_off();
		frames_out(w, 0); /* ACK and request */
		frames_in(w, 1);
		bench_on();
		check(holm_tcp_accept(listener, &end[1].t) == 0, "accept");
		end_attach(w, 1, &end[1], 16 * 1024);
		bench_off();
		check(drain(&end[1]) == MESSAGE, "crr lost its request");
		bench_on();
		holm_ring_sndbuf_write(&end[1].snd, message, MESSAGE);
		holm_tcp_send(end[1].t);
		holm_tcp_close(end[1].t);
		bench_off();
		frames_out(w, 1); /* answer and FIN */
		frames_in(w, 0);
		check(drain(&end[0]) == MESSAGE, "crr lost its answer");
		bench_on();
		holm_tcp_close(end[0].t);
		bench_off();
		frames_out(w, 0); /* FIN */
		frames_in(w, 1);
		frames_out(w, 1); /* its ACK */
		frames_in(w, 0);
		forget_events(w);
		w->now += 10000000;
		bench_counting = false;
		end_fini(&end[0]);
		end_fini(&end[1]);
	}
	bench_counting = counting;
	holm_tcp_close(listener);
	world_settle(w);
	return ops;
}
