/* The stage of fuzz targets; see stage.h. */
#include "tests/fuzz/stage.h"

#include "lib/checksum.h"
#include "net/wire/arp.h"
#include "net/wire/eth.h"
#include "net/wire/ip4.h"
#include "net/wire/ip6.h"
#include "net/wire/nd.h"
#include "net/wire/tcp.h"
#include "net/wire/udp.h"
#include "tests/fuzz/fuzz.h"

#define SECOND 1000000000ull
/* Rounds, and frames, at one moment after which something feeds itself. */
#define ROUNDS_MAX 2000u
#define FRAMES_MAX 20000u
#define HEADROOM 50u
#define PIECE_MIN 60u

static void *env_alloc(void *ctx, size_t size, size_t align)
{
	struct stage *s = ctx;
	void *p;

	if (s->refuses_memory)
		return NULL;
	p = aligned_alloc(align, (size + align - 1) / align * align);
	CHECK(p != NULL);
	memset(p, 0xa5, size);
	s->memory_in_use += size;
	return p;
}

static void env_free(void *ctx, void *p, size_t size)
{
	struct stage *s = ctx;

	CHECK(s->memory_in_use >= size);
	s->memory_in_use -= size;
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

/* FUZZ_TRACE in the environment: a line for every frame, to read what an input does. */
static void say(const struct stage *s, const char *what, const uint8_t *frame, size_t len)
{
	char text[200];

	if (!s->has_trace)
		return;
	eth_print(text, sizeof(text), frame, len);
	fprintf(stderr, "%12.6f %s %s\n", (double)s->now / 1e9, what, text);
}

static size_t stage_tx(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	struct stage *s = (struct stage *)(void *)((char *)dev - offsetof(struct stage, dev));

	if (s->is_blocked)
		return 0;
	for (size_t i = 0; i < n; i++) {
		CHECK(frames[i]->len <= STAGE_FRAME_MAX);
		CHECK(frames[i]->nsegs <= dev->caps.segs_max);
		CHECK(frames[i]->gso != HOLM_GSO_NONE ||
		      frames[i]->len <= (size_t)dev->caps.mtu + ETH_HDR_BYTES);
		holm_frame_read(frames[i], 0, s->frame, frames[i]->len);
		s->frames_now++;
		CHECK(s->frames_now < FRAMES_MAX);
		say(s, "sent", s->frame, frames[i]->len);
		s->sent(s->ctx, s->frame, frames[i]->len);
	}
	holm_frame_free_batch(frames, n);
	return n;
}

static const struct holm_dev_ops stage_ops = { .tx = stage_tx };

static void add_device(struct stage *s, const struct stage_options *o)
{
	struct holm_addr self = o->ip6 ? stage_addr6(1) : ip4_to_addr(STAGE_SELF);

	s->dev.ops = &stage_ops;
	s->dev.name = "fuzz0";
	s->dev.mac = (struct holm_mac){ { 2, 0, 0, 0, 0, 1 } };
	s->dev.link_up = true;
	s->dev.caps.features = o->features;
	s->dev.caps.mtu = o->mtu ? o->mtu : 1500;
	s->dev.caps.segs_max = o->features & HOLM_DEV_TSO4 ? HOLM_FRAME_SEGS_MAX : 3;
	s->dev.caps.gso_max = o->features & HOLM_DEV_TSO4 ? 65535 : 0;
	CHECK(holm_net_add_dev(s->net, &s->dev) > 0);
	if (!o->no_address)
		CHECK(holm_addr_add(s->net, &s->dev, &self, o->ip6 ? 64 : 24) == 0);
}

/* Frame memory, once for all inputs: half a megabyte each time would be most of the work. */
static void *region(void)
{
	static void *memory;
	size_t bytes = holm_pool_region_bytes(STAGE_FRAMES_MAX);

	if (!memory)
		memory = aligned_alloc(HOLM_FRAME_BYTES, (bytes + HOLM_FRAME_BYTES - 1) /
								 HOLM_FRAME_BYTES *
								 HOLM_FRAME_BYTES);
	CHECK(memory != NULL);
	return memory;
}

void stage_init(struct stage *s, const struct stage_options *o)
{
	struct holm_env env = { .size = sizeof(env),
				.ctx = s,
				.alloc = env_alloc,
				.free = env_free,
				.random = env_random };
	struct holm_config config;

	holm_config_default(&config);
	s->now = SECOND;
	s->memory_in_use = 0;
	s->refuses_memory = s->is_blocked = false;
	s->random = 1;
	s->ip6 = o->ip6;
	s->frames_now = 0;
	s->nheld = 0;
	s->has_trace = getenv("FUZZ_TRACE") != NULL;
	memset(&s->dev, 0, sizeof(s->dev));
	CHECK(holm_net_create(&s->net, o->config ? o->config : &config, &env, o->protos) == 0);
	CHECK(o->frames <= STAGE_FRAMES_MAX);
	CHECK(holm_pool_add(holm_net_pool(s->net), region(), holm_pool_region_bytes(o->frames)) ==
	      o->frames);
	holm_net_poll(s->net, s->now, 64);
	add_device(s, o);
	/* Until nobody has said that the address is his. */
	if (o->ip6)
		stage_pass(s, 5 * SECOND, 40);
}

void stage_fini(struct stage *s)
{
	struct holm_pool_stats stats;

	s->is_blocked = false;
	holm_net_remove_dev(s->net, &s->dev);
	holm_pool_get_stats(holm_net_pool(s->net), &stats);
	CHECK(stats.free == stats.frames);
	holm_net_destroy(s->net);
	CHECK(s->memory_in_use == 0);
}

/* Append what is left in frames of their own; false: there are none. */
static bool append_pieces(struct stage *s, struct holm_frame *f, const uint8_t *p, size_t len,
			  size_t piece)
{
	while (len > 0) {
		size_t n = len < piece ? len : piece;
		struct holm_frame *more = holm_frame_alloc(holm_net_pool(s->net), HEADROOM, true);
		bool fits;

		if (!more)
			return false;
		memcpy(holm_frame_put(more, n), p, n);
		fits = holm_frame_append(f, &more->home, holm_frame_data(more), n);
		holm_frame_free(more);
		if (!fits)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

/* NULL: there are no frames. */
static struct holm_frame *frame_of(struct stage *s, const uint8_t *frame, size_t len, size_t piece)
{
	struct holm_frame *f = holm_frame_alloc(holm_net_pool(s->net), HEADROOM, true);
	size_t first;

	say(s, "got ", frame, len);
	if (!f)
		return NULL;
	if (piece < PIECE_MIN || piece > HOLM_FRAME_BYTES - HEADROOM)
		piece = HOLM_FRAME_BYTES - HEADROOM;
	first = len < piece ? len : piece;
	memcpy(holm_frame_put(f, first), frame, first);
	if (append_pieces(s, f, frame + first, len - first, piece))
		return f;
	holm_frame_free(f);
	return NULL;
}

void stage_receive(struct stage *s, const uint8_t *frame, size_t len, size_t piece, uint8_t csum)
{
	struct holm_frame *f = frame_of(s, frame, len, piece);

	if (!f)
		return;
	f->csum = csum;
	holm_net_input(s->net, &s->dev, &f, 1, s->now);
}

void stage_hold(struct stage *s, const uint8_t *frame, size_t len, size_t piece)
{
	struct holm_frame *f = s->nheld < STAGE_BATCH ? frame_of(s, frame, len, piece) : NULL;

	if (f)
		s->held[s->nheld++] = f;
}

void stage_receive_held(struct stage *s)
{
	size_t n = s->nheld;

	s->nheld = 0;
	if (n > 0)
		holm_net_input(s->net, &s->dev, s->held, n, s->now);
}

void stage_settle(struct stage *s)
{
	unsigned rounds = 0;

	while (holm_net_poll(s->net, s->now, 64))
		CHECK(rounds++ < ROUNDS_MAX);
	CHECK(holm_net_next_deadline(s->net) > s->now);
}

void stage_pass(struct stage *s, uint64_t ns, unsigned steps)
{
	uint64_t until = s->now + ns;

	stage_settle(s);
	while (steps-- > 0 && holm_net_next_deadline(s->net) <= until) {
		s->now = holm_net_next_deadline(s->net);
		s->frames_now = 0;
		stage_settle(s);
	}
	s->now = until;
	s->frames_now = 0;
	stage_settle(s);
}

/* RFC 4861 section 7.2.3: it asks where we are, and says where it is. */
static void introduce6(struct stage *s)
{
	const struct holm_mac mac = { { 2, 0, 0, 0, 0, 2 } };
	const struct holm_addr self = stage_addr6(1);
	uint8_t frame[STAGE_L4_IP6 + ND_SENT_MAX];
	size_t len = nd_build_solicit(frame + STAGE_L4_IP6, &self, &mac, NULL);

	len = stage_ip6(frame, IP6_PROTO_ICMP, len);
	stage_receive(s, frame, len, 0, HOLM_CSUM_NONE);
	stage_settle(s);
}

void stage_introduce(struct stage *s)
{
	struct arp_info info = {
		.op = ARP_REQUEST,
		.sender_mac = { { 2, 0, 0, 0, 0, 2 } },
		.sender = STAGE_PEER,
		.target = STAGE_SELF,
	};
	struct eth_info eth = { .dst = eth_broadcast(),
				.src = info.sender_mac,
				.type = ETH_TYPE_ARP };
	uint8_t frame[ETH_FRAME_MIN] = { 0 };

	if (s->ip6) {
		introduce6(s);
		return;
	}
	eth_build(frame, &eth);
	arp_build(frame + ETH_HDR_BYTES, &info);
	stage_receive(s, frame, sizeof(frame), 0, HOLM_CSUM_NONE);
	stage_settle(s);
}

size_t stage_ip4(uint8_t *frame, uint8_t proto, size_t len)
{
	struct eth_info eth = { .dst = { { 2, 0, 0, 0, 0, 1 } },
				.src = { { 2, 0, 0, 0, 0, 2 } },
				.type = ETH_TYPE_IP4 };
	struct ip4_info ip = {
		.src = STAGE_PEER,
		.dst = STAGE_SELF,
		.total_len = (uint16_t)(IP4_HDR_BYTES + len),
		.ttl = 64,
		.proto = proto,
	};

	eth_build(frame, &eth);
	ip4_build(frame + ETH_HDR_BYTES, &ip);
	return ETH_HDR_BYTES + IP4_HDR_BYTES + len;
}

/* Where a transport has its checksum. */
static size_t sum_offset(uint8_t proto)
{
	switch (proto) {
	case IP4_PROTO_TCP:
		return TCP_CSUM_OFFSET;
	case IP4_PROTO_UDP:
		return 6;
	default:
		return 2; /* of ICMP */
	}
}

void stage_sum(uint8_t *frame, uint8_t proto, size_t len)
{
	uint8_t *l4 = frame + ETH_HDR_BYTES + IP4_HDR_BYTES;
	size_t at = sum_offset(proto);
	uint32_t sum = 0;

	if (len < at + 2)
		return;
	if (proto != IP4_PROTO_ICMP)
		sum = ip4_pseudo_sum(load_be32(frame + 26), load_be32(frame + 30), proto,
				     (uint32_t)len);
	store_be16(l4 + at, 0);
	store_be16(l4 + at, checksum_finish(checksum_partial(l4, len, sum)));
}

struct holm_addr stage_addr6(uint8_t which)
{
	struct holm_addr a = holm_addr_any6();

	a.b[0] = 0xfd;
	a.b[15] = which;
	return a;
}

size_t stage_ip6_between(uint8_t *frame, const struct holm_addr *src, const struct holm_addr *dst,
			 uint8_t proto, size_t len)
{
	struct eth_info eth = { .dst = { { 2, 0, 0, 0, 0, 1 } },
				.src = { { 2, 0, 0, 0, 0, 2 } },
				.type = ETH_TYPE_IP6 };
	/* RFC 4861 section 6.1: discovery is believed with 255 alone. */
	struct ip6_info ip = { .src = *src,
			       .dst = *dst,
			       .payload_len = (uint16_t)len,
			       .next = proto,
			       .hop_limit = 255 };
	uint8_t *l4 = frame + STAGE_L4_IP6, *sum = l4 + sum_offset(proto);

	if (ip6_is_multicast(dst))
		eth.dst = ip6_multicast_mac(dst);
	eth_build(frame, &eth);
	ip6_build(frame + ETH_HDR_BYTES, &ip);
	if (sum + 2 <= l4 + len) {
		store_be16(sum, 0);
		store_be16(sum, checksum_finish(checksum_partial(
					l4, len, ip_pseudo_sum(src, dst, proto, (uint32_t)len))));
	}
	return STAGE_L4_IP6 + len;
}

size_t stage_ip6(uint8_t *frame, uint8_t proto, size_t len)
{
	const struct holm_addr src = stage_addr6(2), dst = stage_addr6(1);

	return stage_ip6_between(frame, &src, &dst, proto, len);
}

size_t stage_packet(const struct stage *s, uint8_t *frame, uint8_t proto, size_t len)
{
	size_t frame_len;

	if (s->ip6)
		return stage_ip6(frame, proto, len);
	frame_len = stage_ip4(frame, proto, len);
	stage_sum(frame, proto, len);
	return frame_len;
}
