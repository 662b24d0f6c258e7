/*
 * Two instances joined by the pair device in batches of 32, with a simulated clock and counted
 * memory: where the rows of the benchmark run. The harness's own work is outside the measured calls.
 */
#include "tests/bench/world.h"

#include <holm/ip.h>
#include <holm/socket.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES 1024u
#define BUDGET 32u
#define ROUND_NS 20000u

static void die(const char *what, int err)
{
	fprintf(stderr, "bench: %s: error %d\n", what, -err);
	exit(1);
}

static void *env_alloc(void *ctx, size_t size, size_t align)
{
	struct world_side *s = ctx;

	s->env_bytes += size;
	return aligned_alloc(align, (size + align - 1) / align * align);
}

static void env_free(void *ctx, void *p, size_t size)
{
	struct world_side *s = ctx;

	s->env_bytes -= size;
	free(p);
}

/* A fixed seed: runs repeat exactly. */
static void env_random(void *ctx, void *dst, size_t len)
{
	(void)ctx;
	for (size_t i = 0; i < len; i++)
		((uint8_t *)dst)[i] = (uint8_t)(i * 37 + 11);
}

static struct holm_dev_caps caps_of(const struct world_options *o)
{
	struct holm_dev_caps caps = holm_pair_default_caps();

	if (o->nocsum)
		caps.features |= HOLM_DEV_TX_CSUM | HOLM_DEV_RX_CSUM;
	if (o->super) {
		caps.features |=
			HOLM_DEV_TX_CSUM | HOLM_DEV_RX_CSUM | HOLM_DEV_TSO4 | HOLM_DEV_TSO6;
		caps.segs_max = 64;
		caps.gso_max = 65535;
	}
	return caps;
}

/* 10.0.0.1 and 10.0.0.2, or fd00::1 and fd00::2: the first side's and the other's, and of a crowd. */
static struct holm_addr host_addr(const struct world *w, uint32_t host)
{
	struct holm_addr a = holm_addr_any6();

	if (!w->options.ip6)
		return holm_addr_ip4(10, 0, 0, (uint8_t)host);
	a.b[0] = 0xfd;
	a.b[15] = (uint8_t)host;
	return a;
}

static struct holm_addr addr_of(const struct world *w, int side)
{
	return host_addr(w, (uint32_t)side + 1);
}

struct holm_addr world_crowd_addr(const struct world *w, uint32_t i)
{
	return host_addr(w, 101 + i % WORLD_HOSTS);
}

static void add_crowd(struct world *w)
{
	for (uint32_t i = 0; i < WORLD_HOSTS; i++) {
		struct holm_addr addr = world_crowd_addr(w, i);
		int err = holm_addr_add(w->side[0].net, &w->pair.end[0].dev, &addr,
					w->options.ip6 ? 64 : 24);

		if (err)
			die("holm_addr_add", err);
	}
}

static void side_init(struct world *w, int i)
{
	static const struct holm_proto *const protos[] = {
		&holm_arp, &holm_ipv4, HOLM_IP_PARTS,  &holm_icmp4,
		&holm_udp, &holm_tcp,  HOLM_TCP_PARTS, NULL,
	};
	static const struct holm_proto *const with_sockets[] = {
		&holm_arp, &holm_ipv4,	   HOLM_IP_PARTS, &holm_icmp4, &holm_udp,
		&holm_tcp, HOLM_TCP_PARTS, &holm_sockets, &holm_unix,  NULL,
	};
	static const struct holm_proto *const with_ip6[] = {
		&holm_arp, &holm_ipv4, HOLM_IP_PARTS, &holm_icmp4,    &holm_ipv6, &holm_icmp6,
		&holm_nd,  &holm_udp,  &holm_tcp,     HOLM_TCP_PARTS, NULL,
	};
	struct world_side *s = &w->side[i];
	struct holm_env env = {
		.size = sizeof(env),
		.ctx = s,
		.alloc = env_alloc,
		.free = env_free,
		.random = env_random,
	};
	struct holm_config config;
	int err;

	holm_config_default(&config);
	config.tcp_half_open_max = 1u << 17;
	config.tcp_backlog_max = 1u << 17;
	config.tcp_time_wait_max = 1u << 17;
	config.addrs_max = WORLD_HOSTS + 2; /* IPv6 has one of the link */
	/* A window is promised, and its scale agreed on, before there is a buffer. */
	if (w->options.window)
		config.tcp_rcvbuf_bytes = w->options.window;
	err = holm_net_create(&s->net, &config, &env,
			      w->options.ip6	   ? with_ip6
			      : w->options.sockets ? with_sockets
						   : protos);
	if (err)
		die("holm_net_create", err);
	s->region = aligned_alloc(4096, (holm_pool_region_bytes(FRAMES) + 4095) / 4096 * 4096);
	holm_pool_add(holm_net_pool(s->net), s->region, holm_pool_region_bytes(FRAMES));
	err = holm_net_add_dev(s->net, &w->pair.end[i].dev);
	if (err < 0)
		die("holm_net_add_dev", err);
	s->addr = addr_of(w, i);
	err = holm_addr_add(s->net, &w->pair.end[i].dev, &s->addr, w->options.ip6 ? 64 : 24);
	if (err)
		die("holm_addr_add", err);
	if (w->options.hosts && i == 0)
		add_crowd(w);
}

void world_in(struct world *w, int side)
{
	bench_on();
	while (holm_net_poll_devs(w->side[side].net, w->now, BUDGET))
		continue;
	bench_off();
}

void world_out(struct world *w, int side)
{
	bench_on();
	while (holm_net_poll(w->side[side].net, w->now, 1024))
		continue;
	bench_off();
}

/* A buffer that a card writes a super-frame into, and that nobody refers to when refs is 0. */
struct big {
	struct holm_buf buf;
	_Alignas(64) uint8_t bytes[65536 + 64];
};

/*
 * In front of a frame, so that what is behind the headers of IPv4 and TCP begins at a line: copies
 * like it.
 */
#define BIG_HEADROOM (64 - 54)

/* Who looks for one finds it by its references. */
static void big_release(struct holm_buf *buf)
{
	(void)buf;
}

static struct holm_buf *big_find(struct world *w)
{
	static const struct holm_buf_owner owner = { .release = big_release };

	if (!w->big) {
		w->big = aligned_alloc(64, WORLD_BIGS * sizeof(struct big));
		bench_check(w->big != NULL, "memory");
		memset(w->big, 0, WORLD_BIGS * sizeof(struct big));
	}
	for (int i = 0; i < WORLD_BIGS; i++)
		if (w->big[i].buf.refs == 0) {
			w->big[i].buf = (struct holm_buf){ &owner, 1, sizeof(struct big) };
			return &w->big[i].buf;
		}
	return NULL;
}

/* All of it in one buffer of the device's. */
static struct holm_frame *land_big(struct world *w, int side, const struct holm_frame *from)
{
	struct holm_frame *f = holm_frame_alloc(holm_net_pool(w->side[side].net), 0, false);
	struct holm_buf *buf = big_find(w);
	struct big *big = (struct big *)(void *)buf;

	if (!f || !buf)
		return NULL;
	holm_frame_read(from, 0, big->bytes + BIG_HEADROOM, from->len);
	f->segs[0] = (struct holm_seg){ .data = big->bytes + BIG_HEADROOM,
					.buf = buf,
					.len = from->len };
	f->len = from->len;
	f->csum = from->csum;
	f->gso = from->gso;
	f->gso_size = from->gso_size;
	return f;
}

void world_land(struct world *w, int side)
{
	const struct holm_dev_inbox *in = &w->pair.end[side].in;

	for (uint32_t i = in->head; i != in->tail; i++) {
		struct holm_frame *from = in->frames[i];

		in->frames[i] = w->options.big
					? land_big(w, side, from)
					: holm_frame_copy(holm_net_pool(w->side[side].net), from);
		bench_check(in->frames[i] != NULL, "no frame to land in");
		bench_on();
		holm_frame_free(from);
		bench_off();
	}
}

void world_round(struct world *w, int side)
{
	world_in(w, side);
	world_out(w, side);
}

static void drop_events(struct world *w)
{
	struct holm_event ev;

	for (int i = 0; i < 2; i++)
		while (holm_net_next_event(w->side[i].net, &ev))
			continue;
}

void world_forget_events(struct world *w)
{
	bench_on();
	drop_events(w);
	bench_off();
}

void world_settle(struct world *w)
{
	for (int i = 0; i < 8; i++) {
		world_round(w, 0);
		world_round(w, 1);
		w->now += w->options.round_ns;
	}
}

struct holm_tcp *world_listen(struct world *w, int side, uint16_t port, uint32_t backlog)
{
	struct holm_endpoint local = { .addr = w->side[side].addr, .port = port };
	struct holm_tcp *t;
	int err = holm_tcp_open(w->side[side].net, &t);

	if (!err)
		err = holm_tcp_bind(t, &local, 0);
	if (!err)
		err = holm_tcp_listen(t, backlog);
	if (err)
		die("listen", err);
	return t;
}

void end_attach(struct world *w, int side, struct end *e, uint32_t limit)
{
	const struct holm_memory *memory = holm_net_memory(w->side[side].net);

	holm_ring_sndbuf_init(&e->snd, memory, limit, NULL);
	holm_ring_rcvbuf_init(&e->rcv, memory, limit, NULL);
	bench_check(holm_tcp_attach(e->t, &e->snd.base, &e->rcv.base) == 0, "attach");
}

/* Rings may still hold something when their connection has gone. */
void end_fini(struct end *e)
{
	if (e->snd.memory)
		holm_ring_sndbuf_fini(&e->snd);
	if (e->rcv.memory)
		holm_ring_rcvbuf_fini(&e->rcv);
}

size_t end_read(struct end *e, void *dst, size_t size)
{
	size_t n;
	size_t total = 0;

	bench_on();
	while ((n = holm_ring_rcvbuf_read(&e->rcv, dst, size)) > 0)
		total += n;
	if (total)
		holm_tcp_received(e->t);
	bench_off();
	return total;
}

void world_set_options(const struct world *w, struct holm_tcp *t)
{
	holm_tcp_set_option(t, HOLM_TCP_OPT_TIMESTAMPS, w->options.timestamps);
	holm_tcp_set_option(t, HOLM_TCP_OPT_NODELAY, 1);
	if (w->options.ecn)
		holm_tcp_set_option(t, HOLM_TCP_OPT_ECN, 1);
}

void world_connect(struct world *w, struct holm_tcp *listener, uint16_t port,
		   struct holm_tcp *end[2])
{
	struct holm_endpoint remote = { .addr = w->side[1].addr, .port = port };
	int err = holm_tcp_open(w->side[0].net, &end[0]);

	if (!err)
		err = holm_tcp_connect(end[0], &remote);
	if (err)
		die("connect", err);
	for (int i = 0; i < 4; i++) {
		world_round(w, 0);
		world_round(w, 1);
		w->now += w->options.round_ns;
	}
	err = holm_tcp_accept(listener, &end[1]);
	if (err)
		die("accept", err);
	drop_events(w);
}

void world_introduce(struct world *w)
{
	struct holm_tcp *listener = world_listen(w, 1, WORLD_PORT, 1);
	struct holm_tcp *end[2];

	world_connect(w, listener, WORLD_PORT, end);
	holm_tcp_abort(end[0]);
	holm_tcp_abort(end[1]);
	holm_tcp_close(listener);
	world_settle(w);
}

static void add_idle(struct world *w, uint32_t n, bool timestamps)
{
	struct holm_tcp *listener = NULL;

	w->idle[0] = calloc(n, sizeof(struct holm_tcp *));
	w->idle[1] = calloc(n, sizeof(struct holm_tcp *));
	for (uint32_t i = 0; i < n; i++) {
		uint16_t port = (uint16_t)(WORLD_IDLE_PORT + i / WORLD_PER_PORT);
		struct holm_tcp *end[2];

		if (i % WORLD_PER_PORT == 0) {
			listener = world_listen(w, 1, port, 64);
			holm_tcp_set_option(listener, HOLM_TCP_OPT_TIMESTAMPS, timestamps);
		}
		world_connect(w, listener, port, end);
		w->idle[0][i] = end[0];
		w->idle[1][i] = end[1];
	}
	w->nidle = n;
	/* Whatever of the handshake still waits for a timer is over after a minute. */
	w->now += 60ull * 1000 * 1000 * 1000;
	world_settle(w);
	drop_events(w);
}

struct world *world_new(const struct world_options *o)
{
	struct world *w = calloc(1, sizeof(*w));

	struct holm_dev_caps caps = caps_of(o);

	bench_check(w != NULL, "memory");
	w->options = *o;
	if (w->options.round_ns == 0)
		w->options.round_ns = ROUND_NS;
	w->now = 1000000000;
	holm_pair_init(&w->pair, &caps);
	side_init(w, 0);
	side_init(w, 1);
	world_settle(w);
	/* Announcements are over, and nobody else has the addresses. */
	for (int i = 0; i < 5; i++) {
		w->now += 1000 * 1000 * 1000;
		world_settle(w);
	}
	if (o->idle)
		add_idle(w, o->idle, o->timestamps);
	return w;
}

void world_delete(struct world *w)
{
	if (w->robin)
		rrn_fini(w);
	for (int i = 0; i < 2; i++) {
		holm_net_remove_dev(w->side[i].net, &w->pair.end[i].dev);
	}
	holm_pair_fini(&w->pair);
	free(w->big);
	for (int i = 0; i < 2; i++) {
		holm_net_destroy(w->side[i].net);
		if (w->side[i].env_bytes)
			die("memory did not come back", (int)w->side[i].env_bytes);
		free(w->side[i].region);
		free(w->idle[i]);
	}
	free(w);
}
