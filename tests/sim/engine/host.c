/*
 * Hosts: an instance, its memory with books, its clock, and the adapter that joins it to the links.
 *
 * A host takes steps: at an interrupt, at its instance's next deadline, when a program's pause ends.
 * Each step is a program's loop as <holm/net.h> describes it, with the promises of the stack checked:
 * it comes to rest, the next deadline lies ahead, and no round sends without bound.
 */
#include "net/tcp/room.h"
#include "tests/sim/engine/sim.h"

#include <holm/ip.h>
#include <holm/stats.h>

#include <stdlib.h>
#include <string.h>

#include "lib/compiler.h"

#define BUDGET 64u
/* Rounds of one step after which something is surely wrong: a storm that feeds itself. */
#define ROUNDS_MAX 20000u
/* Frames of one round: a budget of bursts of 64 KiB in segments of an MTU of 576. */
#define ROUND_FRAMES_MAX (BUDGET * 128u)
/* Packets that wait for their host; an adapter has no more descriptors. */
#define RX_MAX 4096u
#define FRAMES 1024u
#define IP6_MTU_LEAST 1280u

const struct holm_proto *const sim_protos[] = {
	SIM_PLAIN,
	HOLM_TCP_PARTS,
	NULL,
};

/* ---- Memory -------------------------------------------------------------------------------------- */

void *sim_books_alloc(void *ctx, size_t size, size_t align)
{
	struct sim_books *b = ctx;
	void *p;

	b->calls++;
	if ((b->fail_ppm && sim_happens(&b->rng, b->fail_ppm)) ||
	    (b->calls >= b->fail_from && b->calls < b->fail_end)) {
		b->failed++;
		return NULL;
	}
	p = aligned_alloc(align, (size + align - 1) / align * align);
	if (!p)
		abort();
	memset(p, 0xa5, size);
	b->in_use += size;
	if (b->in_use > b->in_use_max)
		b->in_use_max = b->in_use;
	return p;
}

void sim_books_free(void *ctx, void *p, size_t size)
{
	struct sim_books *b = ctx;

	b->in_use -= size;
	memset(p, 0x5a, size);
	free(p);
}

void sim_books_random(void *ctx, void *dst, size_t len)
{
	struct sim_books *b = ctx;
	uint8_t *out = dst;

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)sim_random(&b->rng);
}

static void books_log(void *ctx, enum holm_log_level level, const char *line, size_t len)
{
	struct sim_host *h = container_of((struct sim_books *)ctx, struct sim_host, books);

	(void)level;
	if (h->sim->trace)
		fprintf(stderr, "%14.6f %s %.*s\n", (double)h->sim->now / 1e9, h->dev.name,
			(int)len, line);
}

/* ---- Clock --------------------------------------------------------------------------------------- */

static uint64_t clock_at(const struct sim_host *h, uint64_t at)
{
	uint64_t tick = h->config.tick_ns ? h->config.tick_ns : 1;
	int64_t ahead = (int64_t)(at / 1000) * h->config.skew_ppm / 1000;
	uint64_t shown = at + (uint64_t)ahead;

	return h->config.start_ns + shown / tick * tick;
}

uint64_t sim_host_now(const struct sim_host *h)
{
	return clock_at(h, h->sim->now);
}

/* The first moment at which the host's clock shows `shown` or more. */
static uint64_t when_clock_shows(const struct sim_host *h, uint64_t shown)
{
	uint64_t low = h->sim->now;
	uint64_t high = low + 1000;

	while (clock_at(h, high) < shown) {
		low = high;
		high += high - h->sim->now;
	}
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (clock_at(h, middle) < shown)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* ---- Adapter, out -------------------------------------------------------------------------------- */

static void capture(struct sim *s, const struct sim_packet *p)
{
	uint32_t header[4] = { (uint32_t)(s->now / SIM_S), (uint32_t)(s->now % SIM_S), p->len,
			       p->len };

	if (!s->pcap)
		return;
	fwrite(header, sizeof(header), 1, s->pcap);
	fwrite(p->data, p->len, 1, s->pcap);
}

static void send_to(struct sim_host *h, struct sim_packet *p, struct sim_host *to)
{
	p->from = h;
	p->to = to;
	sim_forward(h->sim, p);
}

static void send_packet(struct sim_host *h, struct sim_packet *p)
{
	struct sim *s = h->sim;
	uint32_t to = p->data[5] - 1u;

	capture(s, p);
	if (p->data[0] & 1) {
		for (uint32_t i = 0; i < s->nhosts; i++)
			if (s->host[i] != h)
				send_to(h, sim_packet_copy(s, p), s->host[i]);
	} else if (to < s->nhosts) {
		send_to(h, p, s->host[to]);
		return;
	}
	sim_packet_free(s, p);
}

/* The bytes that an adapter with a ring reads when their turn comes: the same as now. */
static void sent(struct sim *s, void *arg)
{
	struct sim_packet *p = arg;
	struct sim_host *h = p->from;
	struct sim_packet *then = sim_packet_new(s, p->len);

	holm_frame_read(p->frame, 0, then->data, p->len);
	if (memcmp(then->data, p->data, p->len) != 0)
		sim_fail(s, "%s: bytes changed while the adapter had them", h->dev.name);
	sim_packet_free(s, then);
	holm_net_tx_done(h->net, &h->dev, &p->frame, 1);
	sim_packet_free(s, p);
	h->in_ring--;
	if (h->tx_blocked) {
		h->tx_blocked = false;
		holm_net_tx_ready(h->net, &h->dev);
	}
	sim_host_wake(h, s->now);
}

/* The frame stays with the adapter until the line has taken it. */
static void hold(struct sim_host *h, struct holm_frame *f)
{
	struct sim_packet *p = sim_packet_new(h->sim, f->len);
	uint64_t at = h->up.free_ns > h->sim->now ? h->up.free_ns : h->sim->now + 1;

	holm_frame_read(f, 0, p->data, f->len);
	p->from = h;
	p->frame = f;
	h->in_ring++;
	sim_at(h->sim, at, sent, p);
}

static void add_to_wire(uint64_t *wire, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		*wire = (*wire ^ p[i]) * UINT64_C(0x100000001b3);
}

/* Enter the frame and its moment into the digest of all that its side sent. */
static void watch(struct sim_host *h, const struct holm_frame *f)
{
	uint64_t *wire = &h->sim->wire[h->config.side];

	add_to_wire(wire, &h->sim->now, sizeof(h->sim->now));
	for (uint32_t i = 0; i < f->nsegs; i++)
		add_to_wire(wire, f->segs[i].data, f->segs[i].len);
}

static void transmit(struct sim_host *h, struct holm_frame *f)
{
	struct sim *s = h->sim;
	uint32_t to = holm_frame_data(f)[5] - 1u;
	bool whole = h->config.whole && to < s->nhosts && s->host[to]->config.whole;
	struct sim_packet *p;

	if (s->watched)
		watch(h, f);
	if (f->len > 14u + h->dev.caps.mtu && f->gso == HOLM_GSO_NONE)
		sim_fail(s, "%s: a frame of %u bytes", h->dev.name, f->len);
	if (f->nsegs > h->dev.caps.segs_max)
		sim_fail(s, "%s: a frame of %u segments", h->dev.name, f->nsegs);
	p = sim_packets_of(s, f, whole);
	while (p) {
		struct sim_packet *next = p->next;

		p->next = NULL;
		send_packet(h, p);
		p = next;
	}
}

static size_t host_tx(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	struct sim_host *h = container_of(dev, struct sim_host, dev);

	for (size_t i = 0; i < n; i++) {
		if (h->config.ring && h->in_ring == h->config.ring) {
			h->tx_blocked = true;
			return i;
		}
		h->sent_frames++;
		h->step_frames++;
		transmit(h, frames[i]);
		if (h->config.ring)
			hold(h, frames[i]);
		else
			holm_frame_free(frames[i]);
	}
	return n;
}

/* ---- Adapter, in --------------------------------------------------------------------------------- */

void sim_host_receive(struct sim_host *h, struct sim_packet *p)
{
	if (h->nrx == RX_MAX) {
		h->dropped_frames++;
		sim_packet_free(h->sim, p);
		return;
	}
	p->next = NULL;
	*h->rx_tail = p;
	h->rx_tail = &p->next;
	if (h->nrx++ == 0)
		sim_host_wake(h, h->sim->now + h->config.coalesce_ns);
}

/* Behind the first buffer's bytes, those of further ones. */
static bool add_rest(struct holm_pool *pool, struct holm_frame *f, const struct sim_packet *p)
{
	for (uint32_t off = f->len; off < p->len; off = f->len) {
		uint32_t n = p->len - off < HOLM_FRAME_BYTES ? p->len - off : HOLM_FRAME_BYTES;
		struct holm_frame *part = holm_frame_alloc(pool, 0, true);
		bool fits;

		if (!part)
			return false;
		memcpy(holm_frame_put(part, n), p->data + off, n);
		fits = holm_frame_append(f, &part->home, holm_frame_data(part), n);
		holm_frame_free(part);
		if (!fits)
			return false;
	}
	return true;
}

static struct holm_frame *frame_of(struct sim_host *h, const struct sim_packet *p)
{
	struct holm_pool *pool = holm_net_pool(h->net);
	struct holm_frame *f = NULL;
	uint32_t n = p->len < HOLM_FRAME_BYTES - 2 ? p->len : HOLM_FRAME_BYTES - 2;

	if (!sim_happens(&h->rng, h->config.frame_fail_ppm))
		f = holm_frame_alloc(pool, 2, true);
	if (!f)
		return NULL;
	memcpy(holm_frame_put(f, n), p->data, n);
	if (!add_rest(pool, f, p)) {
		holm_frame_free(f);
		return NULL;
	}
	if (p->gso) {
		f->gso = p->gso;
		f->gso_size = p->gso_size;
		f->hdr_len = p->hdr_len;
	}
	if ((h->dev.caps.features & HOLM_DEV_RX_CSUM) && !p->damaged)
		f->csum = HOLM_CSUM_VERIFIED;
	return f;
}

static bool host_poll(struct holm_dev *dev, uint64_t now, size_t budget)
{
	struct sim_host *h = container_of(dev, struct sim_host, dev);
	size_t batch = h->config.batch ? h->config.batch : 32;
	struct holm_frame *frames[64];
	size_t n = 0;

	for (; budget > 0 && h->rx; budget--) {
		struct sim_packet *p = h->rx;

		h->rx = p->next;
		h->nrx--;
		frames[n] = frame_of(h, p);
		if (frames[n])
			n++;
		else
			dev->stats.rx_dropped++;
		sim_packet_free(h->sim, p);
		if (n == batch || (n > 0 && !h->rx)) {
			holm_net_input(h->net, dev, frames, n, now);
			n = 0;
		}
	}
	if (n > 0)
		holm_net_input(h->net, dev, frames, n, now);
	if (!h->rx)
		h->rx_tail = &h->rx;
	return h->rx != NULL;
}

static uint64_t host_next_deadline(struct holm_dev *dev)
{
	return container_of(dev, struct sim_host, dev)->rx ? 0 : UINT64_MAX;
}

static const struct holm_dev_ops host_ops = {
	.tx = host_tx,
	.poll = host_poll,
	.next_deadline = host_next_deadline,
};

/* ---- Steps --------------------------------------------------------------------------------------- */

/* One round of a program's loop. True: there is more to do now. */
static bool round_of(struct sim_host *h, uint64_t now)
{
	bool more = holm_net_poll_devs(h->net, now, BUDGET);

	more |= sim_flow_react(h);
	h->step_frames = 0;
	more |= holm_net_poll(h->net, now, BUDGET);
	if (h->step_frames > ROUND_FRAMES_MAX)
		sim_fail(h->sim, "%s: %llu frames in one round", h->dev.name,
			 (unsigned long long)h->step_frames);
	/* What a timer has ended is told now, not when the next packet comes. */
	sim_flow_events(h);
	return more || h->ready;
}

static void step(struct sim *s, void *arg)
{
	struct sim_host *h = arg;
	uint64_t now = sim_host_now(h);
	uint64_t deadline;

	if (s->now != h->wake_ns)
		return;
	h->wake_ns = SIM_NEVER;
	for (uint32_t rounds = 0; round_of(h, now); rounds++)
		if (rounds == ROUNDS_MAX)
			sim_fail(s, "%s does not come to rest", h->dev.name);
	deadline = holm_net_next_deadline(h->net);
	if (deadline <= now)
		sim_fail(s, "%s: at rest at %llu, but due at %llu", h->dev.name,
			 (unsigned long long)now, (unsigned long long)deadline);
	if (deadline != UINT64_MAX)
		sim_host_wake(h, when_clock_shows(h, deadline));
}

void sim_host_wake(struct sim_host *h, uint64_t at)
{
	if (at >= h->wake_ns)
		return;
	h->wake_ns = at;
	sim_at(h->sim, at, step, h);
}

/* ---- Making one ---------------------------------------------------------------------------------- */

struct sim_host_config sim_host_default(void)
{
	return (struct sim_host_config){ .caps = { .mtu = 1500, .segs_max = 1 },
					 .start_ns = SIM_S };
}

static struct holm_addr addr_of(const struct sim *s, uint32_t index)
{
	struct holm_addr a = holm_addr_any6();

	if (!s->ip6)
		return holm_addr_ip4(10, 0, 0, (uint8_t)(index + 1));
	a.b[0] = 0xfd;
	a.b[15] = (uint8_t)(index + 1);
	return a;
}

static void make_instance(struct sim_host *h, uint32_t index)
{
	struct holm_env env = {
		.size = sizeof(env),
		.ctx = &h->books,
		.alloc = sim_books_alloc,
		.free = sim_books_free,
		.random = sim_books_random,
		.log = books_log,
	};
	size_t bytes = holm_pool_region_bytes(h->config.frames ? h->config.frames : FRAMES);
	struct holm_config config;
	int err;

	holm_config_default(&config);
	err = holm_net_create(&h->net, h->config.config ? h->config.config : &config, &env,
			      h->config.protos ? h->config.protos : sim_protos);
	h->region = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
	if (err || !h->region)
		sim_fail(h->sim, "no instance: %d", err);
	h->net->tcp->unpredicted = h->config.unpredicted;
	holm_pool_add(holm_net_pool(h->net), h->region, bytes);
	holm_net_poll(h->net, sim_host_now(h), BUDGET);
	err = holm_net_add_dev(h->net, &h->dev);
	h->addr = addr_of(h->sim, index);
	if (err >= 0)
		err = holm_addr_add(h->net, &h->dev, &h->addr, h->sim->ip6 ? 64 : 24);
	if (err < 0)
		sim_fail(h->sim, "no device: %d", err);
}

static void listen_on(struct sim_host *h)
{
	struct holm_endpoint local = { .addr = holm_addr_any6(), .port = SIM_PORT };
	int err = holm_tcp_open(h->net, &h->listener);

	if (!err)
		err = holm_tcp_bind(h->listener, &local, HOLM_TCP_REUSEADDR);
	if (!err)
		err = sim_keep_alive(h->listener);
	if (!err)
		err = holm_tcp_listen(h->listener, 64);
	if (err)
		sim_fail(h->sim, "no listener: %d", err);
}

struct sim_host *sim_add_host(struct sim *s, const struct sim_host_config *config)
{
	static const char *const names[SIM_HOSTS_MAX] = {
		"h0", "h1", "h2",  "h3",  "h4",	 "h5",	"h6",  "h7",
		"h8", "h9", "h10", "h11", "h12", "h13", "h14", "h15",
	};
	uint32_t i = s->nhosts;
	struct sim_host *h = calloc(1, sizeof(*h));

	if (!h || i == SIM_HOSTS_MAX)
		abort();
	s->host[s->nhosts++] = h;
	h->sim = s;
	h->config = *config;
	/* RFC 8200 section 5: no link of IPv6 carries less. */
	if (s->ip6 && config->caps.mtu < IP6_MTU_LEAST)
		h->config.caps.mtu = (uint16_t)(IP6_MTU_LEAST + config->caps.mtu % 200);
	h->rx_tail = &h->rx;
	h->wake_ns = SIM_NEVER;
	h->books.rng = config->seed;
	h->rng = config->seed + 1;
	sim_pipe_init(&h->up, &config->up);
	sim_pipe_init(&h->down, &config->down);
	h->dev = (struct holm_dev){
		.ops = &host_ops,
		.name = names[i],
		.mac = { { 0x02, 0, 0, 0, 0, (uint8_t)(i + 1) } },
		.link_up = true,
		.caps = h->config.caps,
	};
	make_instance(h, i);
	if (s->trace)
		holm_net_set_trace(h->net, true);
	listen_on(h);
	sim_host_wake(h, s->now);
	return h;
}
