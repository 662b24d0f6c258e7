/* See stage.h. */
#include "tests/pkt/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <holm/ip.h>
#include <holm/socket.h>

#include "lib/bytes.h"
#include "net/core/net.h"
#include "net/tcp/instance.h"
#include "tests/pkt/token.h"

#define ROUND_BUDGET 64u
/* Rounds at one moment after which something feeds itself. */
#define ROUNDS_MAX 10000u
#define INJECT_HEADROOM 64u
/* Announcements of the address are over by then. */
#define WARM_UP_NS 3000000000ull

enum { ETH_BYTES = 14, ARP_BYTES = 28, IP6_BYTES = 40, NA_BYTES = 32 };
enum { TYPE_IP4 = 0x0800, TYPE_ARP = 0x0806, TYPE_IP6 = 0x86dd };
/* Router and neighbour discovery and group membership: RFC 4861 4, RFC 3810 5. */
enum {
	TYPE_MLD = 130,
	TYPE_MLD_LAST = 132,
	TYPE_RS = 133,
	TYPE_NS = 135,
	TYPE_NA = 136,
	TYPE_REDIRECT = 137,
	TYPE_MLD2 = 143
};

static const uint8_t our_mac[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t their_mac[6] = { 2, 0, 0, 0, 0, 2 };

/* ---- the env ---- */

static void *env_alloc(void *ctx, size_t size, size_t align)
{
	struct stage *s = ctx;
	void *p = aligned_alloc(align, (size + align - 1) / align * align);

	if (!p)
		abort();
	memset(p, 0xa5, size);
	s->memory_in_use += size;
	return p;
}

static void env_free(void *ctx, void *p, size_t size)
{
	struct stage *s = ctx;

	s->memory_in_use -= size;
	memset(p, 0x5a, size);
	free(p);
}

static void env_random(void *ctx, void *dst, size_t len)
{
	struct stage *s = ctx;
	uint8_t *out = dst;

	for (size_t i = 0; i < len; i++) {
		s->random = s->random * 6364136223846793005u + 1442695040888963407u;
		out[i] = (uint8_t)(s->random >> 56);
	}
}

/* ---- the device ---- */

static void remember(struct stage *s, struct holm_frame *f)
{
	size_t len = f->len - ETH_BYTES;
	struct stage_sent *sent = malloc(sizeof(*sent) + len);

	if (!sent)
		abort();
	sent->next = NULL;
	sent->at_ns = s->now;
	sent->len = len;
	holm_frame_read(f, ETH_BYTES, sent->bytes, len);
	if (s->last)
		s->last->next = sent;
	else
		s->first = sent;
	s->last = sent;
}

static void note_asked(struct stage *s, const struct holm_addr *addr)
{
	if (!holm_addr_equal(addr, &s->local) && s->nasked < sizeof(s->asked) / sizeof(s->asked[0]))
		s->asked[s->nasked++] = *addr;
}

static void note_request(struct stage *s, struct holm_frame *f)
{
	uint8_t arp[ARP_BYTES];
	struct holm_addr addr;

	if (f->len < ETH_BYTES + ARP_BYTES)
		return;
	holm_frame_read(f, ETH_BYTES, arp, sizeof(arp));
	addr = holm_addr_ip4(arp[24], arp[25], arp[26], arp[27]);
	if (load_be16(arp + 6) == 1)
		note_asked(s, &addr);
}

/* Is an IPv6 packet one of those that ARP has no need of? Solicitations of strangers are noted. */
static bool is_discovery(struct stage *s, struct holm_frame *f)
{
	uint8_t p[IP6_BYTES + 24];
	const uint8_t *icmp = p + IP6_BYTES;
	struct holm_addr target;

	memset(p, 0, sizeof(p));
	holm_frame_read(f, ETH_BYTES, p,
			f->len - ETH_BYTES < sizeof(p) ? f->len - ETH_BYTES : sizeof(p));
	/* Reports of groups go with a router alert in front. */
	if (p[6] == 0)
		return true;
	if (p[6] != 58)
		return false;
	/* Whoever asks from no address asks whether he may have the one that he asks for. */
	memcpy(target.b, icmp + 8, 16);
	if (icmp[0] == TYPE_NS && (p[8] | p[9]) != 0)
		note_asked(s, &target);
	return (icmp[0] >= TYPE_MLD && icmp[0] <= TYPE_REDIRECT) || icmp[0] == TYPE_MLD2;
}

static size_t tx(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	struct stage *s = (struct stage *)(void *)((char *)dev - offsetof(struct stage, dev));

	for (size_t i = 0; i < n; i++) {
		uint8_t type[2];

		holm_frame_read(frames[i], 12, type, 2);
		if (load_be16(type) == TYPE_IP4)
			remember(s, frames[i]);
		else if (load_be16(type) == TYPE_ARP)
			note_request(s, frames[i]);
		else if (load_be16(type) == TYPE_IP6 && !is_discovery(s, frames[i]))
			remember(s, frames[i]);
		holm_frame_free(frames[i]);
	}
	return n;
}

static const struct holm_dev_ops dev_ops = { .tx = tx };

static struct holm_frame *put_eth(struct stage *s, uint16_t type, size_t len)
{
	struct holm_frame *f = holm_frame_alloc(holm_net_pool(s->net), INJECT_HEADROOM, true);
	uint8_t *p = f ? holm_frame_put(f, ETH_BYTES + len) : NULL;

	if (!p)
		fail("no frame is left for a packet of %zu bytes", len);
	memcpy(p, our_mac, 6);
	memcpy(p + 6, their_mac, 6);
	store_be16(p + 12, type);
	return f;
}

/* An ARP reply, or (op 1) request, that says where `addr` is. */
static void introduce_ip4(struct stage *s, uint16_t op, const struct holm_addr *addr)
{
	struct holm_frame *f = put_eth(s, TYPE_ARP, ARP_BYTES);
	uint8_t *arp = (uint8_t *)holm_frame_data(f) + ETH_BYTES;

	memset(arp, 0, ARP_BYTES);
	store_be16(arp, 1);
	store_be16(arp + 2, TYPE_IP4);
	arp[4] = 6;
	arp[5] = 4;
	store_be16(arp + 6, op);
	memcpy(arp + 8, their_mac, 6);
	memcpy(arp + 14, addr->b + 12, 4);
	memcpy(arp + 18, our_mac, 6);
	memcpy(arp + 24, s->local.b + 12, 4);
	holm_net_input(s->net, &s->dev, &f, 1, s->now);
}

/* The sum of RFC 1071 over words in their order, with the pseudo header of RFC 8200 8.1. */
static uint16_t icmp6_sum(const uint8_t *ip, size_t icmp_bytes)
{
	uint64_t sum = 58 + icmp_bytes;

	for (size_t i = 8; i < IP6_BYTES + icmp_bytes; i += 2)
		sum += load_be16(ip + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/*
 * A neighbour advertisement of `addr`, or (op 1) a solicitation from there for our address: RFC 4861
 * 4.3 and 4.4, with the option that says which link-layer address it has.
 */
static void introduce_ip6(struct stage *s, uint16_t op, const struct holm_addr *addr)
{
	struct holm_frame *f = put_eth(s, TYPE_IP6, IP6_BYTES + NA_BYTES);
	uint8_t *ip = (uint8_t *)holm_frame_data(f) + ETH_BYTES;
	uint8_t *icmp = ip + IP6_BYTES;

	memset(ip, 0, IP6_BYTES + NA_BYTES);
	ip[0] = 0x60;
	store_be16(ip + 4, NA_BYTES);
	ip[6] = 58;
	ip[7] = 255;
	memcpy(ip + 8, addr->b, 16);
	memcpy(ip + 24, s->local.b, 16);
	icmp[0] = op == 1 ? TYPE_NS : TYPE_NA;
	icmp[4] = op == 1 ? 0 : 0x60; /* solicited, override */
	memcpy(icmp + 8, op == 1 ? s->local.b : addr->b, 16);
	icmp[24] = op == 1 ? 1 : 2; /* source, target link-layer address */
	icmp[25] = 1;
	memcpy(icmp + 26, their_mac, 6);
	store_be16(icmp + 2, icmp6_sum(ip, NA_BYTES));
	holm_net_input(s->net, &s->dev, &f, 1, s->now);
}

static void introduce(struct stage *s, uint16_t op, const struct holm_addr *addr)
{
	if (holm_addr_is_ip4(addr))
		introduce_ip4(s, op, addr);
	else
		introduce_ip6(s, op, addr);
}

void stage_inject(struct stage *s, const uint8_t *packet, size_t len, bool more)
{
	struct holm_frame *f = put_eth(s, packet[0] >> 4 == 6 ? TYPE_IP6 : TYPE_IP4, len);

	memcpy((uint8_t *)holm_frame_data(f) + ETH_BYTES, packet, len);
	s->batch[s->nbatch++] = f;
	if (more && s->nbatch < sizeof(s->batch) / sizeof(s->batch[0]))
		return;
	holm_net_input(s->net, &s->dev, s->batch, s->nbatch, s->now);
	s->nbatch = 0;
}

/* ---- time ---- */

static bool answer_requests(struct stage *s)
{
	unsigned n = s->nasked;

	s->nasked = 0;
	for (unsigned i = 0; i < n; i++)
		introduce(s, 2, &s->asked[i]);
	return n > 0;
}

void stage_settle(struct stage *s)
{
	unsigned rounds = 0;

	do {
		while (holm_net_poll(s->net, s->now, ROUND_BUDGET))
			if (rounds++ == ROUNDS_MAX)
				fail("the instance does not come to rest");
	} while (answer_requests(s));
	if (holm_net_next_deadline(s->net) <= s->now)
		fail("after a poll the next deadline is not later than now");
}

bool stage_advance(struct stage *s, uint64_t until)
{
	uint64_t next = holm_net_next_deadline(s->net);
	bool due = next <= until;

	if (due || until > s->now)
		s->now = due ? next : until;
	stage_settle(s);
	return due;
}

struct stage_sent *stage_take(struct stage *s)
{
	struct stage_sent *sent = s->first;

	if (!sent)
		return NULL;
	s->first = sent->next;
	if (!s->first)
		s->last = NULL;
	return sent;
}

static void forget_sent(struct stage *s)
{
	struct stage_sent *sent;

	while ((sent = stage_take(s)))
		free(sent);
}

/* ---- beginning and end ---- */

static void set_up_dev(struct stage *s, const struct stage_options *o)
{
	s->dev.ops = &dev_ops;
	s->dev.name = "pkt0";
	memcpy(s->dev.mac.b, our_mac, 6);
	s->dev.link_up = true;
	s->dev.caps.features = o->tso ? HOLM_DEV_TX_CSUM | HOLM_DEV_TSO4 | HOLM_DEV_TSO6 : 0;
	s->dev.caps.mtu = o->mtu;
	s->dev.caps.segs_max = o->tso ? 20 : 1;
	s->dev.caps.gso_max = o->tso ? 65535 + ETH_BYTES : 0;
	s->sums = !o->tso;
}

static void add_network(struct stage *s, const struct stage_options *o)
{
	struct holm_route route = { .gateway = o->gateway, .dev = &s->dev };

	/* All zero: everything, of either family. */
	if (holm_addr_is_ip4(&o->local))
		route.dst = holm_addr_ip4(0, 0, 0, 0);

	if (holm_net_add_dev(s->net, &s->dev) < 0)
		fail("the instance refuses the device");
	if (holm_addr_add(s->net, &s->dev, &o->local, o->prefix_len) != 0)
		fail("the instance refuses the local address");
	if (holm_route_add(s->net, &route) != 0)
		fail("the instance refuses the route");
}

void stage_init(struct stage *s, const struct stage_options *o)
{
	struct holm_env env = { .size = sizeof(env),
				.ctx = s,
				.alloc = env_alloc,
				.free = env_free,
				.random = env_random };
	size_t bytes = holm_pool_region_bytes(o->frames);
	uint64_t begin = o->start_ns - WARM_UP_NS;

	memset(s, 0, sizeof(*s));
	s->now = begin;
	s->random = o->seed;
	s->local = o->local;
	protos_list(s->protos, o->without);
	if (holm_net_create(&s->net, &o->config, &env, s->protos) != 0) {
		s->net = NULL;
		fail("no instance can be made with this configuration");
	}
	s->region = aligned_alloc(HOLM_FRAME_BYTES, (bytes + HOLM_FRAME_BYTES - 1) /
							    HOLM_FRAME_BYTES * HOLM_FRAME_BYTES);
	if (!s->region)
		abort();
	holm_pool_add(holm_net_pool(s->net), s->region, bytes);
	holm_net_poll(s->net, s->now, ROUND_BUDGET);
	set_up_dev(s, o);
	add_network(s, o);
	if (s->net->tcp)
		s->net->tcp->unpredicted = o->unpredicted;
	stage_settle(s);
	while (stage_advance(s, o->start_ns))
		continue;
	introduce(s, 1, &o->gateway);
	stage_settle(s);
	forget_sent(s);
}

void stage_fini(struct stage *s, bool books)
{
	struct holm_pool_stats stats = { 0 };

	while (s->nbatch > 0)
		holm_frame_free(s->batch[--s->nbatch]);
	if (s->net && s->dev.net)
		holm_net_remove_dev(s->net, &s->dev);
	if (s->net && s->region)
		holm_pool_get_stats(holm_net_pool(s->net), &stats);
	if (s->net)
		holm_net_destroy(s->net);
	forget_sent(s);
	free(s->region);
	s->net = NULL;
	s->region = NULL;
	if (books && stats.free != stats.frames)
		fail("%u frames have not come back", (unsigned)(stats.frames - stats.free));
	if (books && s->memory_in_use != 0)
		fail("%zu bytes have not come back", s->memory_in_use);
}
