/*
 * An instance full of programs: see party.h.
 */
#include "tests/sim/engine/party.h"

#include <holm/ip.h>

#include <stdlib.h>
#include <string.h>

#include "lib/compiler.h"
#include "net/ip/flow.h"
#include "net/tcp/room.h"

#define FRAMES 4096u
#define BUDGET 64u
#define ROUNDS_MAX 10000u
#define ROOM 64u
#define QUEUED_MAX 24000u
#define MOST 20000u /* bytes that a program writes at once */

/* ---- Bytes --------------------------------------------------------------------------------------- */

struct packet *packet_new(uint32_t len)
{
	struct packet *p = calloc(1, sizeof(*p) + len + ROOM);

	if (!p)
		abort();
	p->len = len;
	return p;
}

struct packet *packet_copy(const struct packet *p)
{
	struct packet *copy = packet_new(p->len);

	memcpy(copy, p, sizeof(*p) + p->len);
	return copy;
}

void packets_add(struct packets *list, struct packet *p)
{
	if (list->n == PARTY_FRAMES) {
		free(p);
		return;
	}
	list->p[list->n++] = p;
}

void packets_clear(struct packets *list)
{
	while (list->n > 0)
		free(list->p[--list->n]);
}

bool packets_equal(const struct packet *a, const struct packet *b)
{
	return a->len == b->len && a->gso == b->gso && a->gso_size == b->gso_size &&
	       memcmp(a->data, b->data, a->len) == 0;
}

static void digest(uint64_t *sum, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		*sum = (*sum ^ p[i]) * UINT64_C(0x100000001b3);
}

static void digest_number(uint64_t *sum, uint64_t number)
{
	digest(sum, &number, sizeof(number));
}

/* ---- The device ---------------------------------------------------------------------------------- */

static size_t take_frames(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	struct party *p = container_of(dev, struct party, dev);

	for (size_t i = 0; i < n; i++) {
		struct packet *out = packet_new(frames[i]->len);

		holm_frame_read(frames[i], 0, out->data, out->len);
		out->gso = frames[i]->gso;
		out->gso_size = frames[i]->gso_size;
		out->hdr_len = frames[i]->hdr_len;
		packets_add(&p->out, out);
		holm_frame_free(frames[i]);
	}
	return n;
}

static const struct holm_dev_ops dev_ops = { .tx = take_frames };

struct holm_addr party_addr(uint32_t first, uint32_t i, bool ip6)
{
	struct holm_addr a = holm_addr_any6();

	if (!ip6)
		return holm_addr_ip4(10, 0, 0, (uint8_t)(first + i));
	a.b[0] = 0xfd;
	a.b[15] = (uint8_t)(first + i);
	return a;
}

static void check(const struct party *p, bool holds, const char *what)
{
	if (!holds)
		sim_fail(&(struct sim){ .seed = p->config.seed, .now = p->now }, "%s", what);
}

static void add_device(struct party *p)
{
	p->dev = (struct holm_dev){
		.ops = &dev_ops,
		.name = "party",
		.mac = { { 2, 0, 0, 0, 0, (uint8_t)p->config.first } },
		.link_up = true,
		.caps = { .mtu = 1500, .segs_max = 1, .features = p->config.features },
	};
	if (p->config.features & HOLM_DEV_TSO4) {
		p->dev.caps.segs_max = 64;
		p->dev.caps.gso_max = 65535;
	}
	check(p, holm_net_add_dev(p->net, &p->dev) >= 0, "device");
	for (uint32_t i = 0; i < p->config.naddrs; i++)
		for (int ip6 = 0; ip6 < 2; ip6++) {
			struct holm_addr a = party_addr(p->config.first, i, ip6);

			check(p, holm_addr_add(p->net, &p->dev, &a, ip6 ? 64 : 24) == 0, "address");
		}
}

/* ---- Frames come --------------------------------------------------------------------------------- */

static void append(struct party *p, struct holm_frame *f, const uint8_t *data, uint32_t len)
{
	struct holm_frame *part = holm_frame_alloc(holm_net_pool(p->net), 0, true);

	check(p, part != NULL, "no frames");
	memcpy(holm_frame_put(part, len), data, len);
	check(p, holm_frame_append(f, &part->home, holm_frame_data(part), len), "pieces");
	holm_frame_free(part);
}

static struct holm_frame *frame_of(struct party *p, const struct packet *packet)
{
	struct holm_frame *f = holm_frame_alloc(holm_net_pool(p->net), 2, true);
	uint32_t first = min_u32(packet->len, HOLM_FRAME_BYTES - 2), most = HOLM_FRAME_BYTES;

	check(p, f != NULL, "no frames");
	if (p->config.way == PARTY_PIECES && sim_below(&p->rng, 2) && packet->len <= 1514) {
		most = 300 + (uint32_t)sim_below(&p->rng, 700);
		first = min_u32(packet->len, 1 + (uint32_t)sim_below(&p->rng, 120));
	}
	memcpy(holm_frame_put(f, first), packet->data, first);
	while (f->len < packet->len)
		append(p, f, packet->data + f->len, min_u32(most, packet->len - f->len));
	f->gso = packet->gso;
	f->gso_size = packet->gso_size;
	f->hdr_len = packet->hdr_len;
	if (packet->verified)
		f->csum = HOLM_CSUM_VERIFIED;
	return f;
}

/* What the last packet was is not known, nor whose it was. */
static void forget(struct party *p)
{
	ip_flow_forget(p->net);
	p->net->tcp->last = NULL;
}

void party_receive(struct party *p, struct packet *const *packets, uint32_t n)
{
	struct holm_frame *frames[PARTY_BATCH];
	bool singly = p->config.way < PARTY_BATCHES;

	for (uint32_t i = 0; i < n; i++) {
		frames[i] = frame_of(p, packets[i]);
		if (p->config.way == PARTY_FRESH)
			forget(p);
		if (singly)
			holm_net_input(p->net, &p->dev, &frames[i], 1, p->now);
	}
	if (!singly && n > 0)
		holm_net_input(p->net, &p->dev, frames, n, p->now);
}

/* ---- Connections --------------------------------------------------------------------------------- */

static struct party_conn *add_conn(struct party *p, struct holm_tcp *t)
{
	struct party_conn *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	p->conn[p->nconns++] = c;
	c->t = t;
	c->is_pattern = p->config.lends;
	if (c->is_pattern)
		holm_pattern_sndbuf_init(&c->snd.pattern, p->table, 65536, NULL);
	else
		holm_ring_sndbuf_init(&c->snd.ring, holm_net_memory(p->net), 65536, NULL);
	holm_ring_rcvbuf_init(&c->rcv, holm_net_memory(p->net), p->config.rcvbuf, NULL);
	check(p, holm_tcp_attach(t, &c->snd.base, &c->rcv.base) == 0, "attach");
	holm_tcp_set_cookie(t, c);
	return c;
}

static uint32_t count_open(const struct party *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->nconns; i++)
		n += p->conn[i]->t != NULL;
	return n;
}

static void connect_one(struct party *p, uint64_t *rng)
{
	uint32_t mine = (uint32_t)sim_below(rng, p->config.naddrs);
	bool ip6 = sim_below(rng, 3) == 0;
	struct holm_endpoint local = { .addr = party_addr(p->config.first, mine, ip6) };
	struct holm_endpoint remote = { .port = PARTY_PORT };
	struct holm_tcp *t;

	remote.addr = party_addr(p->config.peer, (uint32_t)sim_below(rng, p->config.npeers), ip6);
	check(p, holm_tcp_open(p->net, &t) == 0, "open");
	check(p, holm_tcp_bind(t, &local, HOLM_TCP_ADDR_ONLY) == 0, "bind");
	holm_tcp_set_option(t, HOLM_TCP_OPT_TIMESTAMPS, sim_below(rng, 2));
	holm_tcp_set_option(t, HOLM_TCP_OPT_SACK, sim_below(rng, 4) > 0);
	holm_tcp_set_option(t, HOLM_TCP_OPT_NODELAY, sim_below(rng, 2));
	holm_tcp_set_option(t, HOLM_TCP_OPT_ECN,
			    sim_below(rng, 4) ? 0 : 1 + 2 * (uint32_t)sim_below(rng, 2));
	(void)add_conn(p, t);
	check(p, holm_tcp_connect(t, &remote) == 0, "connect");
}

static void accept_all(struct party *p)
{
	struct holm_tcp *child;

	while (p->nconns < PARTY_CONNS && holm_tcp_accept(p->listener, &child) == 0) {
		struct party_conn *c = add_conn(p, child);
		struct holm_endpoint remote;

		holm_tcp_remote(child, &remote);
		digest(&c->digest, &remote.addr, sizeof(remote.addr));
		digest_number(&c->digest, remote.port);
	}
}

static void listen_on(struct party *p)
{
	struct holm_endpoint any = { .addr = holm_addr_any6(), .port = PARTY_PORT };

	check(p, holm_tcp_open(p->net, &p->listener) == 0, "open");
	check(p, holm_tcp_bind(p->listener, &any, HOLM_TCP_REUSEADDR) == 0, "bind");
	check(p, holm_tcp_listen(p->listener, 16) == 0, "listen");
}

/* ---- What a program does with one ---------------------------------------------------------------- */

static size_t read_some(struct party_conn *c, size_t most)
{
	uint8_t bytes[1024];
	size_t done = 0, n;

	while (done < most) {
		n = holm_ring_rcvbuf_read(&c->rcv, bytes, min_size(most - done, sizeof(bytes)));
		if (n == 0)
			break;
		digest(&c->digest, bytes, n);
		done += n;
	}
	c->read += done;
	if (done > 0)
		holm_tcp_received(c->t);
	return done;
}

/* Bytes that say whose they are, and where in the stream. */
static void write_some(struct party *p, struct party_conn *c, size_t n)
{
	static uint8_t bytes[MOST];
	struct holm_endpoint local;

	/* How much a ring takes beyond a page depends on how much of it is lent. */
	if (c->shut || !(holm_tcp_ready(c->t) & HOLM_WRITABLE) ||
	    c->snd.base.queued + n > (c->is_pattern || p->config.connects ? QUEUED_MAX : 4096))
		return;
	holm_tcp_local(c->t, &local);
	for (size_t i = 0; i < n; i++)
		bytes[i] =
			(uint8_t)(local.port * 7 + (c->written + i) * 5 + ((c->written + i) >> 8));
	c->written += c->is_pattern ? holm_pattern_sndbuf_write(&c->snd.pattern, n)
				    : holm_ring_sndbuf_write(&c->snd.ring, bytes, n);
	c->said = true;
	holm_tcp_send(c->t);
}

static void shut(struct party_conn *c)
{
	if (!c->shut && (holm_tcp_ready(c->t) & HOLM_CONNECTED)) {
		c->shut = true;
		(void)holm_tcp_shutdown(c->t);
	}
}

static void give_up(struct party_conn *c, bool at_once)
{
	if (at_once)
		holm_tcp_abort(c->t);
	else
		holm_tcp_close(c->t);
	c->t = NULL;
}

/* Who connects asks, and asks again when the answer is there; the other one answers. */
static void ask(struct party *p, struct party_conn *c, uint64_t *rng)
{
	size_t n = read_some(c, SIZE_MAX);

	if (p->config.connects ? n > 0 || !c->said : n > 0)
		write_some(p, c, 1 + sim_below(rng, 200));
	if (sim_below(rng, 60) == 0)
		shut(c);
}

static void visit(struct party *p, struct party_conn *c, uint64_t *rng)
{
	size_t n = read_some(c, SIZE_MAX);

	if (p->config.connects ? !c->said : n > 0)
		write_some(p, c, 1 + sim_below(rng, 400));
	if (p->config.connects ? n > 0 : c->said)
		give_up(c, false);
}

static void stream(struct party *p, struct party_conn *c, uint64_t *rng)
{
	uint64_t how = sim_below(rng, 8);

	if (how > 1)
		(void)read_some(c, how > 3 ? SIZE_MAX : 1 + sim_below(rng, 3000));
	how = sim_below(rng, 8);
	if (how > 1)
		write_some(p, c, 1 + sim_below(rng, how == 7 ? MOST - 1 : how == 6 ? 4000 : 200));
	how = sim_below(rng, 400);
	if (how == 0)
		give_up(c, true);
	else if (how < 3)
		give_up(c, false);
	else if (how < 8)
		shut(c);
	else if (how < 12 && (holm_tcp_ready(c->t) & HOLM_WRITABLE))
		(void)holm_tcp_send_urgent(c->t);
}

static void run_conn(struct party *p, struct party_conn *c, uint64_t *rng)
{
	unsigned state = holm_tcp_ready(c->t);

	digest_number(&c->digest, state);
	if (state & HOLM_ERROR)
		digest_number(&c->digest, (uint64_t)holm_tcp_take_error(c->t));
	if (state & (HOLM_ERROR | HOLM_CLOSED)) {
		(void)read_some(c, SIZE_MAX);
		give_up(c, false);
		return;
	}
	if (p->config.style == PARTY_ASK)
		ask(p, c, rng);
	else if (p->config.style == PARTY_VISIT)
		visit(p, c, rng);
	else
		stream(p, c, rng);
	if (c->t && (holm_tcp_ready(c->t) & HOLM_PEER_CLOSED) && c->rcv.base.readable == 0 &&
	    sim_below(rng, 2))
		give_up(c, false);
}

/* ---- Datagrams ----------------------------------------------------------------------------------- */

/*
 * Who listens has one that takes what comes, one of each family for one address, and one that has a peer;
 * who connects has as many as it has addresses, each of which speaks to a port of its own choice.
 */
static void open_datagrams(struct party *p)
{
	for (uint32_t i = 0; i < PARTY_DGRAMS; i++) {
		bool ip6 = i % 3 == 2;
		struct holm_endpoint local = { .addr = party_addr(p->config.first,
								  i % p->config.naddrs, ip6),
					       .port = (uint16_t)(6000 + i) };
		struct holm_endpoint remote = {
			.addr = party_addr(p->config.peer, 0, ip6),
			.port = (uint16_t)(p->config.connects ? PARTY_UDP_PORT : 6000 + i)
		};

		if (!p->config.connects && i < 3)
			local.port = (uint16_t)(PARTY_UDP_PORT + i);
		if (!p->config.connects && i == 0)
			local.addr = holm_addr_any6();
		if (!p->config.connects && i > 3)
			local.port = PARTY_UDP_PORT;
		if (!p->config.connects && i > 3)
			remote.addr = party_addr(p->config.peer, i % p->config.npeers, ip6);
		check(p, holm_udp_open(p->net, &p->udp[i]) == 0, "udp open");
		check(p, holm_udp_bind(p->udp[i], &local, HOLM_UDP_REUSEADDR) == 0, "udp bind");
		if (p->config.connects ? i % 2 == 0 : i > 3)
			check(p, holm_udp_connect(p->udp[i], &remote) == 0, "udp connect");
	}
}

static void digest_datagram(uint64_t *sum, const struct holm_datagram *dg)
{
	uint8_t bytes[2048];
	uint32_t n = min_u32(dg->payload_len, sizeof(bytes));

	holm_frame_read(dg->frame, dg->payload_off, bytes, n);
	digest(sum, bytes, n);
	digest(sum, &dg->from.addr, sizeof(dg->from.addr));
	digest(sum, &dg->to.addr, sizeof(dg->to.addr));
	digest_number(sum, dg->payload_len);
	digest_number(sum, (uint64_t)dg->from.port << 32 | dg->to.port);
	digest_number(sum, (uint64_t)dg->ttl << 8 | dg->tos);
}

static void say_datagram(struct party *p, uint32_t i, const struct holm_endpoint *to, uint64_t *rng)
{
	static uint8_t bytes[2000];
	struct holm_span span = { bytes, sim_below(rng, sim_below(rng, 8) ? 200 : sizeof(bytes)) };

	for (size_t k = 0; k < span.len; k++)
		bytes[k] = (uint8_t)(i * 31 + k);
	(void)holm_udp_send(p->udp[i], to, &span, 1);
}

static void run_datagrams(struct party *p, uint32_t i, uint64_t *rng)
{
	struct holm_endpoint to = { .addr = party_addr(p->config.peer,
						       (uint32_t)sim_below(rng, p->config.npeers),
						       i % 3 == 2) };
	struct holm_datagram dg;
	int err;

	to.port = (uint16_t)(PARTY_UDP_PORT + sim_below(rng, 4));
	while ((err = holm_udp_recv(p->udp[i], &dg)) != -HOLM_EAGAIN) {
		digest_number(&p->heard[i], (uint64_t)err);
		if (err)
			continue;
		digest_datagram(&p->heard[i], &dg);
		if (!p->config.connects)
			say_datagram(p, i, &dg.from, rng);
		holm_frame_free(dg.frame);
	}
	/* Where there are few connections, datagrams seldom come between. */
	if (!p->config.connects || (p->config.wanted < 4 && sim_below(rng, 64)))
		return;
	for (uint64_t n = sim_below(rng, 4); n > 0; n--)
		say_datagram(p, i, i % 2 == 0 ? NULL : &to, rng);
}

/* ---- A round ------------------------------------------------------------------------------------- */

/* What an endpoint said, and how often: who was told first is not asked. */
static void take_events(struct party *p)
{
	struct holm_event ev;

	while (holm_net_next_event(p->net, &ev)) {
		struct party_conn *c = ev.cookie;

		if (!c)
			continue;
		c->events++;
		digest_number(&c->digest, ev.state);
	}
}

static void poll_all(struct party *p)
{
	for (uint32_t rounds = 0; holm_net_poll(p->net, p->now, BUDGET); rounds++)
		check(p, rounds < ROUNDS_MAX, "does not come to rest");
}

void party_act(struct party *p, uint64_t round)
{
	uint64_t rng = p->config.seed * 1000003 + round;

	take_events(p);
	if (p->listener)
		accept_all(p);
	while (p->config.connects && p->nconns < PARTY_CONNS && count_open(p) < p->config.wanted &&
	       sim_below(&rng, 8))
		connect_one(p, &rng);
	for (uint32_t i = 0; i < p->nconns; i++) {
		uint64_t own = p->config.seed + round * 4099 + i;

		if (p->conn[i]->t)
			run_conn(p, p->conn[i], &own);
	}
	for (uint32_t i = 0; i < PARTY_DGRAMS; i++)
		run_datagrams(p, i, &rng);
	poll_all(p);
}

/* ---- Life ---------------------------------------------------------------------------------------- */

void party_init(struct party *p, const struct party_config *config)
{
	struct holm_env env = { .size = sizeof(env),
				.ctx = &p->books,
				.alloc = sim_books_alloc,
				.free = sim_books_free,
				.random = sim_books_random };
	size_t bytes = holm_pool_region_bytes(FRAMES);
	struct holm_config net_config;

	memset(p, 0, sizeof(*p));
	p->config = *config;
	p->now = config->start_ns;
	p->rng = config->seed;
	p->books.rng = config->seed;
	holm_config_default(&net_config);
	net_config.addrs_max = 2 * config->naddrs + 4;
	/* What is announced before a program has come is what its ring has room for. */
	net_config.tcp_rcvbuf_bytes = config->rcvbuf;
	net_config.tcp_rcvbuf_max_bytes = config->rcvbuf;
	check(p, holm_net_create(&p->net, &net_config, &env, config->protos) == 0, "instance");
	p->net->tcp->unpredicted = config->way == PARTY_FRESH;
	p->region = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
	p->table = malloc(HOLM_PATTERN_TABLE_BYTES);
	if (!p->region || !p->table)
		abort();
	holm_pattern_fill(p->table);
	holm_pool_add(holm_net_pool(p->net), p->region, bytes);
	poll_all(p);
	add_device(p);
	if (!config->connects)
		listen_on(p);
	/* Nobody says that an address is his. */
	for (int i = 0; i < 100; i++) {
		p->now += 50 * SIM_MS;
		poll_all(p);
	}
	open_datagrams(p);
	packets_clear(&p->out);
}

void party_fini(struct party *p)
{
	struct holm_pool_stats stats;

	for (uint32_t i = 0; i < p->nconns; i++)
		if (p->conn[i]->t)
			give_up(p->conn[i], true);
	for (uint32_t i = 0; i < PARTY_DGRAMS; i++)
		holm_udp_close(p->udp[i]);
	if (p->listener)
		holm_tcp_close(p->listener);
	for (int i = 0; i < 600; i++) {
		p->now += SIM_S;
		poll_all(p);
		take_events(p);
		packets_clear(&p->out);
	}
	for (uint32_t i = 0; i < p->nconns; i++) {
		if (!p->conn[i]->is_pattern)
			holm_ring_sndbuf_fini(&p->conn[i]->snd.ring);
		holm_ring_rcvbuf_fini(&p->conn[i]->rcv);
		free(p->conn[i]);
	}
	holm_net_remove_dev(p->net, &p->dev);
	holm_pool_get_stats(holm_net_pool(p->net), &stats);
	check(p, stats.free == stats.frames, "frames are not back");
	holm_net_destroy(p->net);
	check(p, p->books.in_use == 0, "memory is not back");
	packets_clear(&p->out);
	free(p->region);
	free(p->table);
}

/* ---- Comparing ----------------------------------------------------------------------------------- */

static const char *say_number(const char *what, uint64_t i, uint64_t a, uint64_t b)
{
	static char text[160];

	snprintf(text, sizeof(text), "%s (%llu): %llu, %llu", what, (unsigned long long)i,
		 (unsigned long long)a, (unsigned long long)b);
	return text;
}

static bool may_differ(unsigned counter)
{
	switch (counter) {
	case HOLM_COUNT_TCP_GRO_MERGED:
	case HOLM_COUNT_TCP_PREDICTED_RX:
	case HOLM_COUNT_TCP_PREDICTED_TX:
	/* Who is calm, with nothing in flight, keeps no books of repair to enter one in. */
	case HOLM_COUNT_TCP_DSACKS_RECEIVED:
	/* Frames are compared themselves, but for a RST that is said twice. */
	case HOLM_COUNT_TX_FRAMES:
	case HOLM_COUNT_TX_BYTES:
	case HOLM_COUNT_TCP_TX_SEGMENTS:
		return true;
	default:
		return false;
	}
}

/* What is refused in one piece is refused once. */
static bool is_less_by(uint64_t a, uint64_t b, uint64_t merged)
{
	return a >= b && a - b <= merged;
}

static const char *count_difference(const struct holm_net *a, const struct holm_net *b)
{
	uint64_t merged = holm_net_counter(b, HOLM_COUNT_TCP_GRO_MERGED);

	for (unsigned i = 0; i < HOLM_DROP_COUNT; i++) {
		uint64_t x = holm_net_drops(a, i), y = holm_net_drops(b, i);
		bool tcp = i > HOLM_DROP_TCP_OPTIONS && i <= HOLM_DROP_TCP_TIME_WAIT;

		if (!is_less_by(x, y, tcp ? merged : 0))
			return say_number(holm_drop_text(i), i, x, y);
	}
	for (unsigned i = 0; i < HOLM_COUNT_COUNT; i++) {
		uint64_t x = holm_net_counter(a, i), y = holm_net_counter(b, i);
		bool reset = i == HOLM_COUNT_TCP_RESETS_SENT;

		if (!may_differ(i) && !is_less_by(x, y, reset ? merged : 0))
			return say_number(holm_counter_text(i), i, x, y);
	}
	return NULL;
}

static const char *info_difference(const struct party_conn *a, const struct party_conn *b,
				   uint32_t i)
{
	struct holm_tcp_info x, y;

	memset(&x, 0, sizeof(x));
	memset(&y, 0, sizeof(y));
	holm_tcp_get_info(a->t, &x);
	holm_tcp_get_info(b->t, &y);
	for (size_t at = 0; at < sizeof(x); at++)
		if (((uint8_t *)&x)[at] != ((uint8_t *)&y)[at])
			return say_number("info of a connection, at byte", at, i, 0);
	return NULL;
}

static const char *conn_difference(const struct party_conn *a, const struct party_conn *b,
				   uint32_t i)
{
	if (a->digest != b->digest || a->read != b->read)
		return say_number("read, or told", i, a->read, b->read);
	if (a->events != b->events)
		return say_number("events", i, a->events, b->events);
	if (!a->t != !b->t)
		return say_number("open", i, !!a->t, !!b->t);
	if (!a->t)
		return NULL;
	if (a->rcv.base.readable != b->rcv.base.readable)
		return say_number("readable", i, a->rcv.base.readable, b->rcv.base.readable);
	if (holm_tcp_state(a->t) != holm_tcp_state(b->t))
		return say_number("state", i, holm_tcp_state(a->t), holm_tcp_state(b->t));
	return NULL;
}

const char *party_difference(struct party *a, struct party *b, bool closely)
{
	const char *why;

	if (a->nconns != b->nconns)
		return say_number("connections", 0, a->nconns, b->nconns);
	for (uint32_t i = 0; i < a->nconns; i++) {
		why = conn_difference(a->conn[i], b->conn[i], i);
		if (!why && closely && a->conn[i]->t)
			why = info_difference(a->conn[i], b->conn[i], i);
		if (why)
			return why;
	}
	for (uint32_t i = 0; i < PARTY_DGRAMS; i++)
		if (a->heard[i] != b->heard[i])
			return say_number("datagrams", i, a->heard[i], b->heard[i]);
	return count_difference(a->net, b->net);
}
