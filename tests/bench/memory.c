/*
 * What a connection that does nothing costs, per end: all bytes that the instance holds of its env,
 * divided by the connections that are in the state. No buffers are attached. The instance's own
 * start, its tables and whatever its allocator keeps in reserve are in the figure.
 */
#include "tests/bench/world.h"

#include <holm/stats.h>

#include <stdlib.h>

struct census {
	uint8_t state;
	uint32_t count;
};

static bool visit(void *ctx, const struct holm_ep_info *info)
{
	struct census *c = ctx;

	c->count += info->kind == HOLM_EP_TCP && info->tcp.state == c->state;
	return true;
}

/* All that one side holds, divided by the ends that are in this state: they must all be there. */
static double bytes_per_end(const struct world *w, int side, uint8_t state, uint32_t ends)
{
	struct census census = { state, 0 };

	holm_net_each_endpoint(w->side[side].net, visit, &census);
	bench_check(census.count == ends, "connections are missing");
	return (double)w->side[side].env_bytes / ends;
}

double memory_idle_bytes(uint32_t connections, bool ip6)
{
	struct world_options many = { .idle = connections, .ip6 = ip6 };
	struct world *w = world_new(&many);
	double bytes;

	bytes = bytes_per_end(w, 0, HOLM_TCP_ESTABLISHED, connections);
	bytes += bytes_per_end(w, 1, HOLM_TCP_ESTABLISHED, connections);
	world_delete(w);
	return bytes / 2;
}

/* Frames under way to a side are lost. */
static void lose_frames(struct holm_pair_end *to)
{
	for (; to->in.head != to->in.tail; to->in.head++)
		holm_frame_free(to->queue[to->in.head % HOLM_PAIR_QUEUE]);
}

/* Every SYN is answered and no answer arrives. */
double memory_halfopen_bytes(uint32_t connections, bool ip6)
{
	struct holm_tcp **client = calloc(connections, sizeof(struct holm_tcp *));
	struct world_options none = { .ip6 = ip6 };
	struct holm_tcp *listener[16];
	uint32_t ports = (connections + WORLD_PER_PORT - 1) / WORLD_PER_PORT;
	struct world *w;
	double bytes;

	bench_check(client && ports <= 16, "half-open connections");
	w = world_new(&none);
	world_introduce(w);
	for (uint32_t i = 0; i < ports; i++)
		listener[i] = world_listen(w, 1, (uint16_t)(WORLD_IDLE_PORT + i), WORLD_PER_PORT);
	for (uint32_t i = 0; i < connections; i++) {
		struct holm_endpoint remote = {
			.addr = w->side[1].addr,
			.port = (uint16_t)(WORLD_IDLE_PORT + i / WORLD_PER_PORT),
		};

		bench_check(holm_tcp_open(w->side[0].net, &client[i]) == 0, "open");
		bench_check(holm_tcp_connect(client[i], &remote) == 0, "connect");
		world_round(w, 0);
		world_round(w, 1);
		lose_frames(&w->pair.end[0]);
	}
	bytes = bytes_per_end(w, 1, HOLM_TCP_SYN_RECEIVED, connections);
	for (uint32_t i = 0; i < connections; i++)
		holm_tcp_abort(client[i]);
	for (uint32_t i = 0; i < ports; i++)
		holm_tcp_close(listener[i]);
	world_settle(w);
	world_delete(w);
	free(client);
	return bytes;
}

/* The side that closes first has the record. */
double memory_timewait_bytes(uint32_t connections, bool ip6)
{
	struct world_options none = { .ip6 = ip6 };
	struct holm_tcp *listener = NULL;
	struct world *w;
	double bytes;

	w = world_new(&none);
	for (uint32_t i = 0; i < connections; i++) {
		uint16_t port = (uint16_t)(WORLD_IDLE_PORT + i / WORLD_PER_PORT);
		struct holm_tcp *end[2];

		if (i % WORLD_PER_PORT == 0) {
			if (listener)
				holm_tcp_close(listener);
			listener = world_listen(w, 1, port, 64);
		}
		world_connect(w, listener, port, end);
		holm_tcp_close(end[0]);
		world_round(w, 0);
		world_round(w, 1);
		holm_tcp_close(end[1]);
		world_round(w, 1);
		world_round(w, 0);
		world_round(w, 1);
	}
	bytes = bytes_per_end(w, 0, HOLM_TCP_TIME_WAIT, connections);
	holm_tcp_close(listener);
	world_delete(w);
	return bytes;
}
