/*
 * Embedding, without IPv4: its list names IPv6, what that needs, and the transports. Two instances on a
 * link give themselves addresses; a stream and a datagram go from one to the other. Nothing of IPv4 is
 * linked, which tests/install.sh looks at.
 */
#include <holm/buf.h>
#include <holm/ip.h>
#include <holm/net.h>
#include <holm/pair.h>
#include <holm/tcp.h>
#include <holm/udp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"

#define FRAMES 256u
#define SECOND 1000000000ull

static const uint8_t words[] = "what IPv4 is not needed for";

static void must(int err, const char *what)
{
	if (err >= 0)
		return;
	fprintf(stderr, "%s: error %d\n", what, -err);
	exit(1);
}

struct side {
	struct holm_net *net;
	struct holm_dev *dev;
	struct holm_addr addr; /* the link-local one */
	void *frames;
	struct env env;
};

static struct side side[2];
static struct holm_pair link;
static uint64_t now = SECOND;

static void side_start(unsigned i)
{
	static const struct holm_proto *const protos[] = { &holm_tcp,	&holm_udp, &holm_ipv6,
							   &holm_icmp6, &holm_nd,  NULL };
	struct side *s = &side[i];
	struct holm_env env = env_of(&s->env);
	struct holm_config config;

	s->env.seed = i + 1;
	holm_config_default(&config);
	must(holm_net_create(&s->net, &config, &env, protos), "holm_net_create");
	s->frames = aligned_alloc(HOLM_FRAME_BYTES, holm_pool_region_bytes(FRAMES));
	holm_pool_add(holm_net_pool(s->net), s->frames, holm_pool_region_bytes(FRAMES));
	s->dev = &link.end[i].dev;
	must(holm_net_add_dev(s->net, s->dev), "holm_net_add_dev");
}

/* Until nothing is left to be done before `until`. */
static void run(uint64_t until)
{
	for (;;) {
		uint64_t next = until;

		for (int turn = 0; turn < 2; turn++)
			for (int i = 0; i < 2; i++) {
				holm_net_poll_devs(side[i].net, now, 64);
				while (holm_net_poll(side[i].net, now, 64))
					continue;
			}
		for (int i = 0; i < 2; i++) {
			uint64_t deadline = holm_net_next_deadline(side[i].net);

			next = deadline < next ? deadline : next;
		}
		if (now >= until)
			return;
		now = next > now ? next : now + 1;
	}
}

/* Addresses are there by themselves, once nobody else has them. */
static void find_addresses(void)
{
	run(now + 5 * SECOND);
	for (int i = 0; i < 2; i++) {
		unsigned prefix_len;

		if (!holm_addr_get(side[i].net, side[i].dev, 0, &side[i].addr, &prefix_len))
			must(-HOLM_EADDRNOTAVAIL, "link-local address");
		must(-holm_addr_state(side[i].net, side[i].dev, &side[i].addr), "state");
	}
}

static int stream(void)
{
	struct holm_endpoint at = { .addr = holm_addr_any6(), .port = 80 };
	struct holm_endpoint to = { .addr = side[1].addr, .port = 80 };
	struct holm_tcp *listener, *client, *server;
	struct holm_const_sndbuf snd;
	struct holm_ring_sndbuf back;
	struct holm_ring_rcvbuf rcv[2];
	uint8_t got[sizeof(words)];
	size_t n;

	to.scope = holm_dev_index(side[0].dev);
	must(holm_tcp_open(side[1].net, &listener), "open");
	must(holm_tcp_bind(listener, &at, 0), "bind");
	must(holm_tcp_listen(listener, 1), "listen");
	must(holm_tcp_open(side[0].net, &client), "open");
	holm_const_sndbuf_init(&snd, words, sizeof(words), NULL);
	for (int i = 0; i < 2; i++)
		holm_ring_rcvbuf_init(&rcv[i], holm_net_memory(side[i].net), 4096, NULL);
	holm_ring_sndbuf_init(&back, holm_net_memory(side[1].net), 4096, NULL);
	must(holm_tcp_attach(client, &snd.base, &rcv[0].base), "attach");
	must(holm_tcp_connect(client, &to), "connect");
	run(now + SECOND);
	must(holm_tcp_accept(listener, &server), "accept");
	must(holm_tcp_attach(server, &back.base, &rcv[1].base), "attach");
	run(now + SECOND);
	n = holm_ring_rcvbuf_read(&rcv[1], got, sizeof(got));
	holm_tcp_close(client);
	holm_tcp_close(server);
	holm_tcp_close(listener);
	run(now + SECOND);
	return n == sizeof(words) && memcmp(got, words, n) == 0 ? 0 : -HOLM_EIO;
}

static int datagram(void)
{
	struct holm_endpoint at = { .addr = holm_addr_any6(), .port = 7 };
	struct holm_endpoint to = { .addr = side[1].addr, .port = 7 };
	const struct holm_span span = { words, sizeof(words) };
	struct holm_udp *here, *there;
	struct holm_datagram dg;
	uint8_t got[sizeof(words)];

	to.scope = holm_dev_index(side[0].dev);
	must(holm_udp_open(side[0].net, &here), "open");
	must(holm_udp_open(side[1].net, &there), "open");
	must(holm_udp_bind(there, &at, 0), "bind");
	must(holm_udp_send(here, &to, &span, 1), "send");
	run(now + SECOND);
	must(holm_udp_recv(there, &dg), "recv");
	if (dg.payload_len != sizeof(got) || dg.from.scope != holm_dev_index(side[1].dev))
		return -HOLM_EIO;
	holm_frame_read(dg.frame, dg.payload_off, got, sizeof(got));
	holm_frame_free(dg.frame);
	holm_udp_close(here);
	holm_udp_close(there);
	return memcmp(got, words, sizeof(got)) == 0 ? 0 : -HOLM_EIO;
}

int main(void)
{
	struct holm_dev_caps caps = holm_pair_default_caps();

	holm_pair_init(&link, &caps);
	side_start(0);
	side_start(1);
	find_addresses();
	must(stream(), "a stream");
	must(datagram(), "a datagram");
	for (int i = 0; i < 2; i++)
		holm_net_destroy(side[i].net);
	holm_pair_fini(&link);
	for (int i = 0; i < 2; i++)
		free(side[i].frames);
	return 0;
}
