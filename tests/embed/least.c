/*
 * Embedding, with the least that a stream takes: ARP, IPv4 and TCP without any part are named. Bytes go both
 * ways over a link that loses some of its frames, and all of them arrive. It also runs on the library that is
 * built without what is not named here (WITHOUT, <holm/build.h>), which has to do the same.
 */
#include <holm/buf.h>
#include <holm/build.h>
#include <holm/impair.h>
#include <holm/ip.h>
#include <holm/net.h>
#include <holm/pair.h>
#include <holm/tcp.h>

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"

#define FRAMES 1024u
#define BYTES (200u * 1024u)
#define SECOND 1000000000ull
/* Connections at the same time: more than tables begin with, and than lists are good for. */
#define CROWD 100u

struct side {
	struct holm_net *net;
	struct holm_impair wire; /* loses what this side sends */
	struct holm_addr addr;
	struct holm_tcp *conn;
	struct holm_const_sndbuf snd;
	struct holm_ring_rcvbuf rcv;
	uint8_t got[BYTES];
	size_t ngot;
	void *frames;
	struct env env;
};

#define BLOCKS_MAX 4096u

static struct block {
	void *p; /* NULL: unused */
	size_t size;
} blocks[BLOCKS_MAX];

static struct side side[2];
static struct holm_pair link, other_link;
static uint8_t sent[2][BYTES];
static uint64_t now = SECOND;

static void must(int err, const char *what)
{
	if (err >= 0)
		return;
	fprintf(stderr, "%s: error %d\n", what, -err);
	exit(1);
}

/* A library without memory of its own asks for every object: each has its place, and goes back as it came. */
static void *known_alloc(void *ctx, size_t size, size_t align)
{
	void *p = env_alloc(ctx, size, align);
	size_t i = 0;

	while (i < BLOCKS_MAX && blocks[i].p)
		i++;
	must(i < BLOCKS_MAX && p ? 0 : -HOLM_ENOMEM, "memory");
	blocks[i] = (struct block){ p, size };
	return p;
}

static void known_free(void *ctx, void *p, size_t size)
{
	size_t i = 0;

	while (i < BLOCKS_MAX && blocks[i].p != p)
		i++;
	must(i < BLOCKS_MAX && blocks[i].size == size ? 0 : -HOLM_EINVAL,
	     "memory goes back as it came");
	blocks[i].p = NULL;
	env_free(ctx, p, size);
}

static struct holm_env env_of_side(struct side *s)
{
	struct holm_env env = env_of(&s->env);

	env.alloc = known_alloc;
	env.free = known_free;
	return env;
}

/* A part whose table is there all the same is refused where the library cannot do what it needs. */
static int merging(void)
{
	static const struct holm_proto *const protos[] = { &holm_arp, &holm_ipv4, &holm_tcp,
							   &holm_tcp_gro, NULL };
	struct holm_env env = env_of_side(&side[0]);
	struct holm_config config;
	struct holm_net *net;
	int err;

	holm_config_default(&config);
	err = holm_net_create(&net, &config, &env, protos);
	if (err == 0)
		holm_net_destroy(net);
	return err == (HOLM_WITH_GRO ? 0 : -HOLM_EINVAL) ? 0 : -HOLM_EIO;
}

/* What cannot go well is refused, by a library that looks. */
static int nonsense(void)
{
	static const struct holm_proto *const protos[] = { NULL };
	struct holm_env env = env_of_side(&side[0]);
	struct holm_config config;
	struct holm_net *net;
	int err;

	holm_config_default(&config);
	config.tcp_backlog_max = 0;
	err = holm_net_create(&net, &config, &env, protos);
	if (err == 0 && HOLM_WITH_END)
		holm_net_destroy(net);
	return err == (HOLM_WITH_CHECKS ? -HOLM_EINVAL : 0) ? 0 : -HOLM_EIO;
}

static void side_start(unsigned i)
{
	static const struct holm_proto *const protos[] = { &holm_arp, &holm_ipv4, &holm_tcp, NULL };
	struct side *s = &side[i];
	struct holm_env env = env_of_side(s);
	struct holm_impair_config loss = { .seed = i + 1,
					   .drop_ppm = 30000,
					   .delay_ns = 5000000,
					   .queue_frames = HOLM_IMPAIR_QUEUE };
	struct holm_config config;

	s->env.seed = i + 1;
	env_random(&s->env, sent[i], BYTES);
	s->env.nrandom = 0;
	holm_config_default(&config);
	must(holm_net_create(&s->net, &config, &env, protos), "holm_net_create");
	s->frames = aligned_alloc(HOLM_FRAME_BYTES, holm_pool_region_bytes(FRAMES));
	holm_pool_add(holm_net_pool(s->net), s->frames, holm_pool_region_bytes(FRAMES));
	holm_impair_init(&s->wire, &link.end[i].dev, holm_net_pool(s->net), &loss);
	must(holm_net_add_dev(s->net, &s->wire.dev), "holm_net_add_dev");
	s->addr = holm_addr_ip4(10, 0, 0, (uint8_t)(i + 1));
	must(holm_addr_add(s->net, &s->wire.dev, &s->addr, 24), "holm_addr_add");
}

static void read_all(struct side *s)
{
	if (s->conn)
		s->ngot += holm_ring_rcvbuf_read(&s->rcv, s->got + s->ngot, BYTES - s->ngot);
}

/* Until nothing is left to be done before `until`. */
static void run(uint64_t until)
{
	while (now < until) {
		uint64_t next = until;

		for (int i = 0; i < 2; i++) {
			holm_net_poll_devs(side[i].net, now, 64);
			read_all(&side[i]);
			while (holm_net_poll(side[i].net, now, 64))
				continue;
		}
		for (int i = 0; i < 2; i++) {
			uint64_t deadline = holm_net_next_deadline(side[i].net);

			next = deadline < next ? deadline : next;
		}
		now = next > now + SECOND / 1000 ? now + SECOND / 1000
		      : next > now		 ? next
						 : now + 1;
	}
}

static void attach(unsigned i)
{
	struct side *s = &side[i];

	holm_const_sndbuf_init(&s->snd, sent[i], BYTES, NULL);
	holm_ring_rcvbuf_init(&s->rcv, holm_net_memory(s->net), 32768, NULL);
	must(holm_tcp_attach(s->conn, &s->snd.base, &s->rcv.base), "attach");
}

/* What the list does not name is refused, whatever the library has. */
static int other_family(void)
{
	const struct holm_addr addr = { { 0xfd, [15] = 1 } };

	return holm_addr_add(side[0].net, &side[0].wire.dev, &addr, 64) == -HOLM_EAFNOSUPPORT
		       ? 0
		       : -HOLM_EIO;
}

/* A second address, a second device: where the library has no room for them, the first go on. */
static int second_ones(void)
{
	const struct holm_addr addr = holm_addr_ip4(10, 1, 0, 1);
	struct holm_dev_caps caps = holm_pair_default_caps();
	struct holm_net *net = side[0].net;
	struct holm_dev *dev = &other_link.end[0].dev;
	int room = HOLM_WITH_DEVICES || HOLM_WITH_IPV6 || HOLM_WITH_LOOPBACK ? 0 : -HOLM_ENOSPC;
	int index;

	holm_pair_init(&other_link, &caps);
	if (holm_addr_add(net, &side[0].wire.dev, &addr, 24) != room ||
	    holm_addr_is_local(net, &addr) != !room)
		return -HOLM_EIO;
	if (holm_addr_add(net, &side[0].wire.dev, &side[0].addr, 24) != -HOLM_EEXIST)
		return -HOLM_EEXIST;
	index = holm_net_add_dev(net, dev);
	if (index != (room ? room : 2) || (holm_net_dev(net, 1) == dev) != !room)
		return -HOLM_ENODEV;
	if (!room && HOLM_WITH_END) {
		holm_net_remove_dev(net, dev);
		must(holm_addr_del(net, &side[0].wire.dev, &addr), "holm_addr_del");
	}
	return 0;
}

static int stream(void)
{
	struct holm_endpoint at = { .addr = side[1].addr, .port = 80 };
	struct holm_tcp *listener, *conn;

	must(holm_tcp_open(side[1].net, &listener), "open");
	must(holm_tcp_bind(listener, &at, 0), "bind");
	must(holm_tcp_listen(listener, 1), "listen");
	must(holm_tcp_open(side[0].net, &conn), "open");
	must(holm_tcp_connect(conn, &at), "connect");
	side[0].conn = conn;
	attach(0);
	run(now + 20 * SECOND);
	must(holm_tcp_accept(listener, &side[1].conn), "accept");
	attach(1);
	run(now + 300 * SECOND);
	for (int i = 0; i < 2; i++)
		holm_tcp_close(side[i].conn);
	for (int i = 0; i < 2; i++)
		side[i].conn = NULL;
	run(now + 10 * SECOND);
	holm_tcp_close(listener);
	for (int i = 0; i < 2; i++)
		if (side[i].ngot != BYTES || memcmp(side[i].got, sent[!i], BYTES) != 0)
			return -HOLM_EIO;
	/* The link has done its part: that all is there was not its kindness. */
	return side[0].wire.stats.dropped > 0 && side[1].wire.stats.dropped > 0 ? 0 : -HOLM_EAGAIN;
}

/* What is said of a port that somebody has already, and of none; a port that nobody has is free. */
static int ports(void)
{
	const unsigned share = HOLM_TCP_REUSEADDR | HOLM_TCP_REUSEPORT;
	struct holm_endpoint at = { .addr = side[0].addr, .port = 7 };
	struct holm_tcp *first, *second;
	int shared, chosen, free;

	must(holm_tcp_open(side[0].net, &first), "open");
	must(holm_tcp_open(side[0].net, &second), "open");
	must(holm_tcp_bind(first, &at, share), "bind");
	must(holm_tcp_listen(first, 1), "listen");
	shared = holm_tcp_bind(second, &at, share);
	holm_tcp_close(second);
	must(holm_tcp_open(side[0].net, &second), "open");
	at.port = 0;
	chosen = holm_tcp_bind(second, &at, 0);
	holm_tcp_close(second);
	must(holm_tcp_open(side[0].net, &second), "open");
	at.port = 8;
	free = holm_tcp_bind(second, &at, 0);
	holm_tcp_close(first);
	holm_tcp_close(second);
	if (shared != chosen || free != 0)
		return -HOLM_EIO;
	return shared == (HOLM_WITH_PORTS ? 0 : -HOLM_EADDRINUSE) ? 0 : -HOLM_EIO;
}

/*
 * Each says its number and closes, in an order that has nothing to do with that in which they came; those
 * with an even number at first. All numbers arrive, from whomever, over a link that loses some.
 */
static int everybody_speaks(struct holm_tcp **from, struct holm_tcp **to)
{
	static struct holm_const_sndbuf snd[CROWD];
	static struct holm_ring_rcvbuf rcv[CROWD];
	static uint8_t number[CROWD];
	unsigned heard[CROWD] = { 0 };
	uint8_t said;

	for (unsigned i = 0; i < CROWD; i++) {
		holm_ring_rcvbuf_init(&rcv[i], holm_net_memory(side[1].net), 32768, NULL);
		must(holm_tcp_attach(to[i], NULL, &rcv[i].base), "attach");
	}
	for (unsigned odd = 0; odd < 2; odd++) {
		for (unsigned k = 0; k < CROWD / 2; k++) {
			unsigned i = 2 * (k * 37 % (CROWD / 2)) + odd;

			number[i] = (uint8_t)i;
			holm_const_sndbuf_init(&snd[i], &number[i], 1, NULL);
			must(holm_tcp_attach(from[i], &snd[i].base, NULL), "attach");
			holm_tcp_close(from[i]);
		}
		run(now + 60 * SECOND);
	}
	for (unsigned i = 0; i < CROWD; i++)
		while (holm_ring_rcvbuf_read(&rcv[i], &said, 1) == 1 && said < CROWD)
			heard[said]++;
	for (unsigned i = 0; i < CROWD; i++)
		if (heard[i] != 1)
			return -HOLM_EIO;
	return 0;
}

/* Many connections at once find each other, however small the tables are. */
static int crowd(void)
{
	struct holm_endpoint at = { .addr = side[1].addr, .port = 81 };
	static struct holm_tcp *from[CROWD], *to[CROWD];
	struct holm_tcp *listener;

	must(holm_tcp_open(side[1].net, &listener), "open");
	must(holm_tcp_bind(listener, &at, 0), "bind");
	must(holm_tcp_listen(listener, CROWD), "listen");
	for (unsigned i = 0; i < CROWD; i++) {
		must(holm_tcp_open(side[0].net, &from[i]), "open");
		must(holm_tcp_connect(from[i], &at), "connect");
	}
	run(now + 60 * SECOND);
	for (unsigned i = 0; i < CROWD; i++)
		must(holm_tcp_accept(listener, &to[i]), "accept");
	must(everybody_speaks(from, to), "each says its number");
	for (unsigned i = 0; i < CROWD; i++)
		holm_tcp_close(to[i]);
	holm_tcp_close(listener);
	run(now + 60 * SECOND);
	return 0;
}

/* The env is asked once, for a seed, or for every number. */
static int random_numbers(void)
{
	bool once = side[1].env.nrandom == 1;

	return once == (bool)HOLM_WITH_RANDOM ? 0 : -HOLM_EIO;
}

static jmp_buf failed;

void holm_assert_failed(const char *expr, const char *file, int line)
{
	(void)expr;
	(void)file;
	(void)line;
	longjmp(failed, 1);
}

/* A library without ends refuses them where they are asked for, be there anything to end or not. */
static int no_end(void)
{
	static const struct holm_proto *const protos[] = { NULL };
	struct holm_env env = env_of_side(&side[0]);
	static volatile unsigned refused;
	static struct holm_net *empty;
	struct holm_config config;

	holm_config_default(&config);
	must(holm_net_create(&empty, &config, &env, protos), "an instance of nothing");
	if (setjmp(failed) == 0)
		holm_net_destroy(empty);
	else
		refused++;
	if (setjmp(failed) == 0)
		holm_net_remove_dev(side[0].net, &side[0].wire.dev);
	else
		refused++;
	return refused == 2 ? 0 : -HOLM_EIO;
}

int main(void)
{
	struct holm_dev_caps caps = holm_pair_default_caps();

	must(merging(), "a part that merges segments");
	must(nonsense(), "a config that makes no sense");
	holm_pair_init(&link, &caps);
	side_start(0);
	side_start(1);
	must(other_family(), "an address of IPv6");
	must(second_ones(), "a second address and device");
	must(stream(), "a stream");
	must(crowd(), "many of them");
	must(ports(), "ports");
	must(random_numbers(), "random numbers");
	if (!HOLM_WITH_END) {
		must(no_end(), "no end");
		return 0;
	}
	for (int i = 0; i < 2; i++) {
		holm_net_destroy(side[i].net);
		holm_impair_fini(&side[i].wire);
		must(side[i].env.nblocks ? -HOLM_ENOMEM : 0, "all memory goes back");
	}
	holm_pair_fini(&link);
	holm_pair_fini(&other_link);
	for (int i = 0; i < 2; i++)
		free(side[i].frames);
	return 0;
}
