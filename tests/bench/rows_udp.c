/*
 * The UDP rows: datagrams of 64 and 1472 bytes, sent in batches of 32, received frame by frame.
 */
#include "tests/bench/world.h"

#include <holm/udp.h>

#define BATCH 32u

static struct holm_udp *endpoint(struct world *w, int side, uint16_t port, uint16_t remote_port)
{
	struct holm_endpoint local = { .addr = w->side[side].addr, .port = port };
	struct holm_endpoint remote = { .addr = w->side[!side].addr, .port = remote_port };
	struct holm_udp *u;

	bench_check(holm_udp_open(w->side[side].net, &u) == 0, "udp open");
	bench_check(holm_udp_bind(u, &local, 0) == 0, "udp bind");
	bench_check(holm_udp_connect(u, &remote) == 0, "udp connect");
	return u;
}

static uint32_t receive_all(struct holm_udp *u, uint8_t *payload)
{
	struct holm_datagram dg;
	uint32_t n = 0;

	bench_on();
	while (holm_udp_recv(u, &dg) == 0) {
		holm_frame_read(dg.frame, dg.payload_off, payload, dg.payload_len);
		holm_frame_free(dg.frame);
		n++;
	}
	bench_off();
	return n;
}

static double run_udp(struct world *w, uint32_t ops, size_t bytes)
{
	static uint8_t payload[1472];
	struct holm_span span = { payload, bytes };
	struct holm_udp *a = endpoint(w, 0, 5000, 6000);
	struct holm_udp *b = endpoint(w, 1, 6000, 5000);
	struct holm_event ev;
	uint64_t received = 0;

	for (uint32_t i = 0; i < ops + 4; i++) {
		if (i == 4) {
			received = 0;
			bench_start();
		}
		bench_on();
		for (uint32_t k = 0; k < BATCH; k++)
			holm_udp_send(a, NULL, &span, 1);
		bench_off();
		world_round(w, 0);
		world_round(w, 1);
		received += receive_all(b, payload);
		bench_on();
		while (holm_net_next_event(w->side[1].net, &ev))
			continue;
		bench_off();
		w->now += w->options.round_ns;
	}
	bench_stop();
	bench_check(received == (uint64_t)ops * BATCH, "udp lost datagrams");
	holm_udp_close(a);
	holm_udp_close(b);
	return (double)received;
}

double run_udp64(struct world *w, uint32_t ops)
{
	return run_udp(w, ops, 64);
}

double run_udp1472(struct world *w, uint32_t ops)
{
	return run_udp(w, ops, 1472);
}
