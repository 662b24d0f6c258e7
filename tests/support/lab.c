/*
 * One instance in the hands of the test: see lab.h.
 */
#include "tests/support/lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/wire/arp.h"
#include "net/wire/eth.h"
#include "net/wire/icmp4.h"
#include "net/wire/udp.h"
#include "tests/support/expect.h"

/* Rounds at one moment after which something is surely wrong: a storm that feeds itself. */
#define ROUNDS_MAX 10000u
#define INJECT_HEADROOM 64u

static void *env_alloc(void *ctx, size_t size, size_t align)
{
	struct lab *lab = ctx;
	void *p;

	lab->alloc_calls++;
	if (lab->fail_from && lab->alloc_calls >= lab->fail_from)
		return NULL;
	p = aligned_alloc(align, (size + align - 1) / align * align);
	assert_non_null(p);
	memset(p, 0xa5, size);
	lab->memory_in_use += size;
	return p;
}

static void env_free(void *ctx, void *p, size_t size)
{
	struct lab *lab = ctx;

	assert_true(lab->memory_in_use >= size);
	lab->memory_in_use -= size;
	memset(p, 0x5a, size);
	free(p);
}

static void env_random(void *ctx, void *dst, size_t len)
{
	struct lab *lab = ctx;
	uint8_t *out = dst;

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)expect_random(&lab->random);
}

static size_t lab_tx(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	struct lab *lab = (struct lab *)(void *)((char *)dev - offsetof(struct lab, dev));
	size_t taken = 0;

	for (; taken < n && lab->tx_room > 0; taken++) {
		struct holm_frame *f = frames[taken];
		struct lab_sent *s;

		assert_true(lab->nsent < LAB_SENT_MAX);
		assert_true(f->nsegs <= dev->caps.segs_max);
		s = &lab->sent[lab->nsent++];
		s->len = f->len;
		s->at_ns = lab->now;
		s->csum = f->csum;
		s->csum_start = f->csum_start;
		s->csum_off = f->csum_off;
		s->gso = f->gso;
		s->gso_size = f->gso_size;
		holm_frame_read(f, 0, s->data, f->len < sizeof(s->data) ? f->len : sizeof(s->data));
		holm_frame_free(f);
		if (lab->tx_room != SIZE_MAX)
			lab->tx_room--;
	}
	return taken;
}

static const struct holm_dev_ops lab_ops = { .tx = lab_tx };

static void set_up_dev(struct lab *lab, const struct lab_options *o)
{
	lab->dev.ops = &lab_ops;
	lab->dev.name = "lab0";
	lab->dev.mac = lab_mac(1);
	lab->dev.link_up = true;
	lab->dev.caps.features = o->features;
	lab->dev.caps.mtu = o->mtu ? o->mtu : 1500;
	lab->dev.caps.segs_max = o->segs_max ? o->segs_max : 1;
}

static void clean_up(struct lab *lab)
{
	if (lab->net)
		holm_net_destroy(lab->net);
	free(lab->region);
	free(lab->sent);
	assert_int_equal(lab->memory_in_use, 0);
}

int lab_try_init(struct lab *lab, const struct lab_options *o, uint64_t fail_from)
{
	struct holm_env env = { .size = sizeof(env),
				.ctx = lab,
				.alloc = env_alloc,
				.free = env_free,
				.random = env_random };
	struct holm_config config;
	struct holm_addr self = lab_addr(1);
	size_t frames = o->frames ? o->frames : 256;
	size_t bytes = holm_pool_region_bytes(frames);
	int err;

	memset(lab, 0, sizeof(*lab));
	lab->now = LAB_S;
	lab->tx_room = SIZE_MAX;
	lab->fail_from = fail_from;
	lab->random = o->random ? o->random : 1;
	lab->sent = calloc(LAB_SENT_MAX, sizeof(*lab->sent));
	holm_config_default(&config);
	config.tcp_rcvbuf_max_bytes = config.tcp_rcvbuf_bytes;
	if (o->config)
		config = *o->config;
	err = holm_net_create(&lab->net, &config, &env, o->protos);
	if (err) {
		lab->net = NULL;
		clean_up(lab);
		return err;
	}
	lab->region = aligned_alloc(HOLM_FRAME_BYTES, (bytes + HOLM_FRAME_BYTES - 1) /
							      HOLM_FRAME_BYTES * HOLM_FRAME_BYTES);
	assert_non_null(lab->region);
	lab->frames = holm_pool_add(holm_net_pool(lab->net), lab->region, bytes);
	set_up_dev(lab, o);
	holm_net_poll(lab->net, lab->now, 64);
	err = holm_net_add_dev(lab->net, &lab->dev);
	if (err > 0)
		err = o->no_address ? 0 : holm_addr_add(lab->net, &lab->dev, &self, 24);
	if (err)
		clean_up(lab);
	return err;
}

void lab_init(struct lab *lab, const struct lab_options *options)
{
	assert_int_equal(lab_try_init(lab, options, 0), 0);
}

bool lab_frames_are_home(const struct lab *lab)
{
	struct holm_pool_stats stats;

	holm_pool_get_stats(holm_net_pool(lab->net), &stats);
	return stats.free == stats.frames;
}

void lab_fini(struct lab *lab)
{
	struct holm_pool_stats stats;

	/* Frames that wait in tables are freed with them: look after the devices went. */
	lab->tx_room = SIZE_MAX;
	holm_net_remove_dev(lab->net, &lab->dev);
	holm_pool_get_stats(holm_net_pool(lab->net), &stats);
	assert_int_equal(stats.free, stats.frames);
	clean_up(lab);
}

static void cut(struct lab *lab, struct holm_frame *f, const uint8_t *p, size_t len)
{
	struct holm_pool *pool = holm_net_pool(lab->net);

	while (len > 0) {
		size_t n = len < lab->segments ? len : lab->segments;
		struct holm_frame *piece = holm_frame_alloc(pool, INJECT_HEADROOM, true);

		assert_non_null(piece);
		memcpy(holm_frame_put(piece, n), p, n);
		assert_true(holm_frame_append(f, &piece->home, holm_frame_data(piece), n));
		holm_frame_free(piece);
		p += n;
		len -= n;
	}
}

void lab_inject(struct lab *lab, const void *frame, size_t len)
{
	struct holm_frame *f = holm_frame_alloc(holm_net_pool(lab->net), INJECT_HEADROOM, true);
	size_t first = lab->segments && lab->segments < len ? lab->segments : len;
	const uint8_t *p = frame;

	assert_non_null(f);
	memcpy(holm_frame_put(f, first), p, first);
	cut(lab, f, p + first, len - first);
	holm_net_input(lab->net, &lab->dev, &f, 1, lab->now);
}

void lab_poll(struct lab *lab)
{
	size_t rounds = 0;

	while (holm_net_poll(lab->net, lab->now, 64))
		assert_true(rounds++ < ROUNDS_MAX);
	assert_true(holm_net_next_deadline(lab->net) > lab->now);
}

void lab_receive(struct lab *lab, const void *frame, size_t len)
{
	lab_inject(lab, frame, len);
	lab_poll(lab);
}

void lab_run(struct lab *lab, uint64_t ns)
{
	uint64_t until = lab->now + ns;

	lab_poll(lab);
	while (holm_net_next_deadline(lab->net) <= until) {
		lab->now = holm_net_next_deadline(lab->net);
		lab_poll(lab);
	}
	lab->now = until;
	lab_poll(lab);
}

void lab_clear(struct lab *lab)
{
	lab->nsent = 0;
}

static uint16_t type_of(const struct lab_sent *s)
{
	return load_be16(s->data + 12);
}

size_t lab_count_type(const struct lab *lab, uint16_t type)
{
	size_t n = 0;

	for (size_t i = 0; i < lab->nsent; i++)
		n += type_of(&lab->sent[i]) == type;
	return n;
}

const struct lab_sent *lab_find_type(const struct lab *lab, uint16_t type, size_t i)
{
	for (size_t at = 0; at < lab->nsent; at++)
		if (type_of(&lab->sent[at]) == type && i-- == 0)
			return &lab->sent[at];
	return NULL;
}

struct holm_mac lab_mac(unsigned host)
{
	struct holm_mac mac = { { 2, 0, 0, 0, (uint8_t)(host >> 8), (uint8_t)host } };

	return mac;
}

struct holm_addr lab_addr(unsigned host)
{
	return ip4_to_addr(LAB_IP(host));
}

size_t lab_eth(uint8_t *frame, struct holm_mac dst, struct holm_mac src, uint16_t type)
{
	struct eth_info info = { .dst = dst, .src = src, .type = type };

	eth_build(frame, &info);
	return ETH_HDR_BYTES;
}

size_t lab_arp(uint8_t *frame, uint16_t op, unsigned from, unsigned target, bool broadcast)
{
	struct arp_info info = {
		.op = op,
		.sender_mac = lab_mac(from),
		.target_mac = lab_mac(target),
		.sender = LAB_IP(from),
		.target = LAB_IP(target),
	};

	lab_eth(frame, broadcast ? eth_broadcast() : lab_mac(1), lab_mac(from), ETH_TYPE_ARP);
	arp_build(frame + ETH_HDR_BYTES, &info);
	memset(frame + 42, 0, 18);
	return ETH_FRAME_MIN;
}

size_t lab_ip4(uint8_t *frame, uint32_t src, uint32_t dst, uint8_t proto, const void *l4,
	       size_t l4_len)
{
	struct ip4_info info = {
		.src = src,
		.dst = dst,
		.total_len = (uint16_t)(IP4_HDR_BYTES + l4_len),
		.id = 7,
		.ttl = 64,
		.proto = proto,
	};

	lab_eth(frame, lab_mac(1), lab_mac(src & 0xffff), ETH_TYPE_IP4);
	ip4_build(frame + 14, &info);
	memcpy(frame + 34, l4, l4_len);
	return 34 + l4_len;
}

size_t lab_udp(uint8_t *frame, uint32_t src, uint32_t dst, uint16_t sport, uint16_t dport,
	       const void *payload, size_t len)
{
	uint8_t l4[UDP_HDR_BYTES + 2000];
	struct udp_info info = { .sport = sport,
				 .dport = dport,
				 .len = (uint16_t)(UDP_HDR_BYTES + len) };
	uint32_t sum = ip4_pseudo_sum(src, dst, IP4_PROTO_UDP, info.len);

	udp_build(l4, &info);
	if (len)
		memcpy(l4 + UDP_HDR_BYTES, payload, len);
	store_be16(l4 + UDP_CSUM_OFFSET, udp_checksum(checksum_partial(l4, info.len, sum)));
	return lab_ip4(frame, src, dst, IP4_PROTO_UDP, l4, info.len);
}

size_t lab_echo(uint8_t *frame, uint32_t src, uint32_t dst, size_t payload_len)
{
	uint8_t l4[ICMP4_HDR_BYTES + 2000];
	struct icmp4_info info = { .type = ICMP4_ECHO, .id = 0x1234, .seq = 5 };

	icmp4_build(l4, &info);
	for (size_t i = 0; i < payload_len; i++)
		l4[ICMP4_HDR_BYTES + i] = (uint8_t)(i * 7 + 1);
	icmp4_seal(l4, ICMP4_HDR_BYTES + payload_len);
	return lab_ip4(frame, src, dst, IP4_PROTO_ICMP, l4, ICMP4_HDR_BYTES + payload_len);
}

void lab_introduce(struct lab *lab, unsigned host)
{
	uint8_t frame[64];

	/* Its request for us makes a stale entry, which is used as it is. */
	lab_inject(lab, frame, lab_arp(frame, ARP_REQUEST, host, 1, true));
	lab_poll(lab);
}
