/*
 * Embedding, the whole of it: a program that knows nothing but the public headers makes two
 * instances, joins them with a queue of its own, and moves a megabyte over TCP between buffers of
 * its own. Every callback of struct holm_env is supplied, here and in env.h.
 */
#include <holm/buf.h>
#include <holm/ip.h>
#include <holm/net.h>
#include <holm/tcp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"

#define BYTES (1024u * 1024u)
#define QUEUE 256u
#define FRAMES 512u
#define SECOND 1000000000ull

/* ---- The environment: memory and randomness are in env.h, the log is here. ---- */

static void env_log(void *ctx, enum holm_log_level level, const char *line, size_t len)
{
	(void)ctx;
	(void)level;
	fprintf(stderr, "%.*s\n", (int)len, line);
}

/* ---- The device: what one instance sends waits in the other's queue. ---- */

struct cable {
	struct holm_dev dev;
	struct cable *peer;
	struct holm_frame *queue[QUEUE];
	size_t n;
};

/* Frames with lent bytes are copied, so that the sender's buffer is free at once. */
static size_t cable_tx(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	struct cable *to = ((struct cable *)dev)->peer;
	size_t taken = 0;

	for (; taken < n && to->n < QUEUE; taken++) {
		struct holm_frame *copy =
			holm_frame_copy(holm_net_pool(to->dev.net), frames[taken]);

		if (copy)
			to->queue[to->n++] = copy;
		holm_frame_free(frames[taken]);
	}
	return taken;
}

static bool cable_poll(struct holm_dev *dev, uint64_t now, size_t budget)
{
	struct cable *c = (struct cable *)dev;
	size_t n = c->n;

	(void)budget;
	c->n = 0;
	if (n > 0)
		holm_net_input(dev->net, dev, c->queue, n, now);
	if (c->peer->dev.net)
		holm_net_tx_ready(c->peer->dev.net, &c->peer->dev);
	return false;
}

static const struct holm_dev_ops cable_ops = { .tx = cable_tx, .poll = cable_poll };

/* ---- The program. ---- */

struct side {
	struct holm_net *net;
	struct cable cable;
	struct holm_endpoint addr;
	void *frames;
	struct env env;
};

static struct side side[2];

static void must(int err, const char *what)
{
	if (err >= 0)
		return;
	fprintf(stderr, "%s: error %d\n", what, -err);
	exit(1);
}

static void side_start(int i)
{
	static const struct holm_proto *const protos[] = {
		&holm_arp, &holm_ipv4, HOLM_IP_PARTS, &holm_icmp4, &holm_tcp, HOLM_TCP_PARTS, NULL,
	};
	struct side *s = &side[i];
	struct holm_env env = env_of(&s->env);
	struct holm_config config;

	env.log = env_log;
	holm_config_default(&config);
	must(holm_net_create(&s->net, &config, &env, protos), "holm_net_create");
	s->frames = aligned_alloc(HOLM_FRAME_BYTES, holm_pool_region_bytes(FRAMES));
	holm_pool_add(holm_net_pool(s->net), s->frames, holm_pool_region_bytes(FRAMES));
	s->cable = (struct cable){
		.dev = { .ops = &cable_ops,
			 .name = "cable",
			 .link_up = true,
			 .mac = { { 2, 0, 0, 0, 0, (uint8_t)(i + 1) } },
			 .caps = { .mtu = 1500, .segs_max = 8 } },
		.peer = &side[!i].cable,
	};
	s->addr = (struct holm_endpoint){ .addr = holm_addr_ip4(192, 168, 7, (uint8_t)(i + 1)),
					  .port = i ? 80 : 0 };
	must(holm_net_add_dev(s->net, &s->cable.dev), "holm_net_add_dev");
	must(holm_addr_add(s->net, &s->cable.dev, &s->addr.addr, 24), "holm_addr_add");
}

/* One round of both instances; time jumps to what is due next when both are quiet. */
static void drive(uint64_t *now)
{
	uint64_t next = UINT64_MAX;

	for (int i = 0; i < 2; i++) {
		uint64_t deadline;

		holm_net_poll_devs(side[i].net, *now, 64);
		while (holm_net_poll(side[i].net, *now, 64))
			continue;
		deadline = holm_net_next_deadline(side[i].net);
		next = deadline < next ? deadline : next;
	}
	if (!side[0].cable.n && !side[1].cable.n && next > *now && next != UINT64_MAX)
		*now = next;
}

int main(void)
{
	static uint8_t data[BYTES];
	static uint8_t got[BYTES];
	struct holm_const_sndbuf snd;
	struct holm_ring_sndbuf back;
	struct holm_ring_rcvbuf rcv[2];
	struct holm_tcp *listener, *client, *server = NULL;
	uint64_t now = SECOND;
	size_t n = 0;

	for (size_t i = 0; i < BYTES; i++)
		data[i] = (uint8_t)(i * 7 + (i >> 8));
	side_start(0);
	side_start(1);
	must(holm_tcp_open(side[1].net, &listener), "open");
	must(holm_tcp_bind(listener, &side[1].addr, 0), "bind");
	must(holm_tcp_listen(listener, 8), "listen");
	must(holm_tcp_open(side[0].net, &client), "open");
	holm_const_sndbuf_init(&snd, data, BYTES, NULL);
	for (int i = 0; i < 2; i++)
		holm_ring_rcvbuf_init(&rcv[i], holm_net_memory(side[i].net), 65536, NULL);
	holm_ring_sndbuf_init(&back, holm_net_memory(side[1].net), 4096, NULL);
	must(holm_tcp_attach(client, &snd.base, &rcv[0].base), "attach");
	must(holm_tcp_connect(client, &side[1].addr), "connect");
	must(holm_tcp_shutdown(client), "shutdown");
	while (now < 600 * SECOND && !(server && holm_rcvbuf_readable(&rcv[1].base) == 0 &&
				       (holm_tcp_ready(server) & HOLM_PEER_CLOSED))) {
		drive(&now);
		if (!server && holm_tcp_accept(listener, &server) == 0)
			must(holm_tcp_attach(server, &back.base, &rcv[1].base), "attach");
		if (!server)
			continue;
		n += holm_ring_rcvbuf_read(&rcv[1], got + n, BYTES - n);
		holm_tcp_received(server);
	}
	printf("%zu of %u bytes in %llu ms of simulated time\n", n, BYTES,
	       (unsigned long long)((now - SECOND) / 1000000));
	if (n != BYTES || memcmp(data, got, BYTES) != 0)
		return 1;
	holm_tcp_close(server);
	holm_tcp_close(client);
	holm_tcp_close(listener);
	for (int i = 0; i < 2; i++) {
		holm_net_destroy(side[i].net);
		free(side[i].frames);
	}
	return 0;
}
