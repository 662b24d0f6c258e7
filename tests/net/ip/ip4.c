/*
 * Tests of IPv4 in and out: net/ip/ip4.c.
 */
#include "net/ip/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lib/bytes.h"
#include "net/ip/flow.h"
#include "net/ip/ip4_send.h"
#include "net/wire/eth.h"
#include "net/wire/ip4.h"
#include "tests/support/expect.h"
#include "tests/support/lab.h"

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &holm_igmp, NULL };
static const struct lab_options plain = { .protos = protos };

/* Echo requests are the probe: one is answered exactly if it was accepted. */
static size_t answers(struct lab *lab)
{
	size_t n = lab_count_type(lab, ETH_TYPE_IP4);

	lab_clear(lab);
	return n;
}

static void start(struct lab *lab)
{
	lab_init(lab, &plain);
	lab_introduce(lab, 2);
	lab_clear(lab);
}

static void reseal(uint8_t *frame)
{
	size_t hdr_len = (size_t)(frame[14] & 0xf) * 4;

	store_be16(frame + 24, 0);
	store_be16(frame + 24, checksum_finish(checksum_partial(frame + 14, hdr_len, 0)));
}

/* A request with some bytes of its IPv4 header changed, and why it was dropped. */
static void expect_drop(struct lab *lab, size_t at, uint8_t value, bool sealed, enum holm_drop why)
{
	uint8_t frame[128];
	size_t len = lab_echo(frame, LAB_IP(2), LAB_IP(1), 20);
	uint64_t before = holm_net_drops(lab->net, why);

	frame[14 + at] = value;
	if (sealed)
		reseal(frame);
	lab_receive(lab, frame, len);
	assert_int_equal(holm_net_drops(lab->net, why), before + 1);
	assert_int_equal(answers(lab), 0);
}

static void a_bad_header_is_dropped_by_name(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab);
	expect_drop(&lab, 0, 0x55, true, HOLM_DROP_IP4_VERSION);
	expect_drop(&lab, 0, 0x44, true, HOLM_DROP_IP4_VERSION);
	expect_drop(&lab, 0, 0x4f, true, HOLM_DROP_IP4_SHORT);
	expect_drop(&lab, 2, 1, true, HOLM_DROP_IP4_SHORT);
	expect_drop(&lab, 3, 19, true, HOLM_DROP_IP4_SHORT);
	expect_drop(&lab, 8, 63, false, HOLM_DROP_IP4_CSUM);
	expect_drop(&lab, 6, 0x20, true, HOLM_DROP_IP_FRAGMENT); /* of odd length */
	lab_fini(&lab);
}

static void a_packet_cut_at_any_byte_is_dropped(void **state)
{
	struct lab lab;
	uint8_t frame[128];
	size_t len;

	(void)state;
	start(&lab);
	len = lab_echo(frame, LAB_IP(2), LAB_IP(1), 20);
	for (size_t cut = 14; cut < len; cut++)
		lab_receive(&lab, frame, cut);
	assert_int_equal(answers(&lab), 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP4_SHORT), len - 14);
	lab_receive(&lab, frame, len);
	assert_int_equal(answers(&lab), 1);
	lab_fini(&lab);
}

static void any_flipped_bit_of_the_header_is_noticed(void **state)
{
	struct lab lab;
	uint8_t frame[128];
	size_t len;

	(void)state;
	start(&lab);
	len = lab_echo(frame, LAB_IP(2), LAB_IP(1), 20);
	for (size_t bit = 0; bit < 160; bit++) {
		frame[14 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		lab_receive(&lab, frame, len);
		frame[14 + bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(answers(&lab), 0);
	lab_fini(&lab);
}

static void padding_behind_the_packet_is_no_part_of_it(void **state)
{
	struct lab lab;
	uint8_t frame[128] = { 0 };
	size_t len;

	(void)state;
	start(&lab);
	len = lab_echo(frame, LAB_IP(2), LAB_IP(1), 3);
	memset(frame + len, 0xee, 20);
	lab_receive(&lab, frame, len + 20);
	assert_int_equal(lab.nsent, 1);
	assert_int_equal(lab.sent[0].len, len);
	lab_fini(&lab);
}

static uint64_t source_drops(struct lab *lab, uint32_t src, uint32_t dst)
{
	uint64_t before = holm_net_drops(lab->net, HOLM_DROP_IP4_SOURCE);
	uint8_t frame[128];

	lab_receive(lab, frame, lab_echo(frame, src, dst, 8));
	assert_int_equal(answers(lab), 0);
	return holm_net_drops(lab->net, HOLM_DROP_IP4_SOURCE) - before;
}

static void sources_that_cannot_be_are_refused(void **state)
{
	static const uint32_t bad[] = {
		LAB_IP(1),  LAB_IP(255), 0x7f000001, 0x7fffffff, 0xe0000000, 0xe0000001,
		0xefffffff, 0xf0000001,	 0xffffffff, 0,		 0x00000005,
	};
	struct lab lab;

	(void)state;
	start(&lab);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(source_drops(&lab, bad[i], LAB_IP(1)), 1);
	/* Who has no address yet may ask the whole link. */
	assert_int_equal(source_drops(&lab, 0, 0xffffffff), 0);
	lab_fini(&lab);
}

/* RFC 3021: the other one of a network of two is nobody's broadcast address. */
static void a_network_of_two_has_no_broadcast_address(void **state)
{
	struct holm_addr self = lab_addr(2), one = lab_addr(1);
	struct lab lab;
	uint8_t frame[128];

	(void)state;
	start(&lab);
	lab_introduce(&lab, 3);
	assert_int_equal(holm_addr_del(lab.net, &lab.dev, &one), 0);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &self, 31), 0);
	lab_receive(&lab, frame, lab_echo(frame, LAB_IP(3), LAB_IP(2), 8));
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP4_SOURCE), 0);
	lab_receive(&lab, frame, lab_echo(frame, LAB_IP(2), LAB_IP(3), 8));
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP4_SOURCE), 1);
	lab_fini(&lab);
}

static void packets_for_others_are_refused(void **state)
{
	static const uint32_t others[] = { LAB_IP(3),  0x0a000100, 0x7f000001, 0xe0000002,
					   0xefffffff, 0xf0000001, 0 };
	struct lab lab;
	uint8_t frame[128];

	(void)state;
	start(&lab);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		lab_receive(&lab, frame, lab_echo(frame, LAB_IP(2), others[i], 8));
	assert_int_equal(answers(&lab), 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP4_NOT_OURS), ARRAY_LEN(others));
	lab_fini(&lab);
}

static void a_unicast_packet_in_a_broadcast_frame_is_refused(void **state)
{
	struct lab lab;
	uint8_t frame[128];
	size_t len;

	(void)state;
	start(&lab);
	len = lab_echo(frame, LAB_IP(2), LAB_IP(1), 8);
	memset(frame, 0xff, 6);
	lab_receive(&lab, frame, len);
	assert_int_equal(answers(&lab), 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP4_NOT_OURS), 1);
	lab_fini(&lab);
}

/* An echo request with `n` bytes of options, a multiple of four. */
static size_t with_options(uint8_t *frame, const uint8_t *options, size_t n)
{
	size_t len = lab_echo(frame, LAB_IP(2), LAB_IP(1), 8);

	memmove(frame + 34 + n, frame + 34, len - 34);
	memcpy(frame + 34, options, n);
	frame[14] = (uint8_t)(0x45 + n / 4);
	store_be16(frame + 16, (uint16_t)(len - 14 + n));
	reseal(frame);
	return len + n;
}

static void options_are_skipped_but_source_routes_refused(void **state)
{
	static const uint8_t harmless[] = { 1, 7, 7, 4, 0, 0, 0, 0 };
	static const uint8_t loose[] = { 131, 7, 4, 10, 0, 0, 9, 0 };
	static const uint8_t strict[] = { 1, 137, 7, 4, 10, 0, 0, 9 };
	static const uint8_t broken[] = { 7, 0, 0, 0 };
	struct lab lab;
	uint8_t frame[128];

	(void)state;
	start(&lab);
	lab_receive(&lab, frame, with_options(frame, harmless, sizeof(harmless)));
	assert_int_equal(lab.nsent, 1);
	assert_int_equal(lab.sent[0].data[14], 0x45);
	assert_int_equal(lab.sent[0].len, 50);
	lab_clear(&lab);
	lab_receive(&lab, frame, with_options(frame, loose, sizeof(loose)));
	lab_receive(&lab, frame, with_options(frame, strict, sizeof(strict)));
	lab_receive(&lab, frame, with_options(frame, broken, sizeof(broken)));
	assert_int_equal(answers(&lab), 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP4_OPTIONS), 3);
	lab_fini(&lab);
}

static void a_device_that_damages_nothing_saves_the_checksum_and_only_that(void **state)
{
	struct lab_options options = { .protos = protos, .features = HOLM_DEV_NO_CSUM };
	struct lab lab;
	uint8_t frame[128];
	size_t len;

	(void)state;
	lab_init(&lab, &options);
	lab_introduce(&lab, 2);
	lab_clear(&lab);
	len = lab_echo(frame, LAB_IP(2), LAB_IP(1), 8);
	store_be16(frame + 24, 0);
	lab_receive(&lab, frame, len);
	assert_int_equal(answers(&lab), 1);
	frame[14] = 0x46;
	lab_receive(&lab, frame, len - 8);
	assert_int_equal(answers(&lab), 0);
	lab_fini(&lab);
}

/* ---- Output. */

static struct holm_frame *segment(struct lab *lab, size_t len)
{
	struct holm_frame *f =
		holm_frame_alloc(holm_net_pool(lab->net), HOLM_FRAME_HEADROOM, false);

	memset(holm_frame_put(f, len), 0x77, len);
	f->hdr_len = 8;
	f->payload_off = 8;
	return f;
}

static struct ip4_info send_one(struct lab *lab, struct holm_addr to, size_t len, bool df)
{
	struct ip_dst *dst;
	struct ip4_info info = { 0 };
	enum holm_drop why;

	lab_clear(lab);
	assert_int_equal(ip_dst_get(lab->net, &to, NULL, &dst), 0);
	struct ip_tx tx = { .src = &dst->src,
			    .dst = &to,
			    .proto = 200,
			    .tos = 0x10,
			    .ttl = 33,
			    .dont_fragment = df };
	ip_output(lab->net, dst, segment(lab, len), &tx);
	ip_dst_put(lab->net, dst);
	lab_poll(lab);
	if (lab->nsent)
		assert_true(ip4_parse(lab->sent[0].data + 14, lab->sent[0].len - 14,
				      lab->sent[0].len - 14, &info, &why));
	return info;
}

static void the_header_says_what_the_transport_asked_for(void **state)
{
	struct lab lab;
	struct ip4_info info;

	(void)state;
	start(&lab);
	info = send_one(&lab, lab_addr(2), 100, true);
	assert_int_equal(info.src, LAB_IP(1));
	assert_int_equal(info.dst, LAB_IP(2));
	assert_int_equal(info.total_len, 120);
	assert_int_equal(info.frag, IP4_DF);
	assert_int_equal(info.id, 0);
	assert_int_equal(info.proto, 200);
	assert_int_equal(info.tos, 0x10);
	assert_int_equal(info.ttl, 33);
	lab_fini(&lab);
}

/* One field after the other changes and changes back: the last packet's header is no other's. */
static void a_header_is_not_taken_for_that_of_a_packet_that_differs_in_one_field(void **state)
{
	struct lab lab;
	struct ip_dst *dst;
	struct ip4_info info;
	enum holm_drop why;
	struct holm_addr to, src[2];

	(void)state;
	start(&lab);
	to = lab_addr(2);
	src[0] = lab_addr(1);
	src[1] = lab_addr(7);
	assert_int_equal(ip_dst_get(lab.net, &to, NULL, &dst), 0);
	for (unsigned i = 0; i < 64; i++) {
		struct ip_tx tx = { .src = &src[i & 1],
				    .dst = &to,
				    .proto = i & 2 ? 200 : 201,
				    .tos = i & 4 ? 0 : 0xb8,
				    .ttl = i & 8 ? 1 : 255,
				    .dont_fragment = (i & 16) != 0 };
		size_t len = i & 32 ? 8 : 1400 + i;

		lab_clear(&lab);
		ip_output(lab.net, dst, segment(&lab, len), &tx);
		lab_poll(&lab);
		assert_int_equal(lab.nsent, 1);
		assert_true(ip4_parse(lab.sent[0].data + 14, lab.sent[0].len - 14,
				      lab.sent[0].len - 14, &info, &why));
		assert_int_equal(info.src, i & 1 ? LAB_IP(7) : LAB_IP(1));
		assert_int_equal(info.dst, LAB_IP(2));
		assert_int_equal(info.total_len, len + 20);
		assert_int_equal(info.frag, tx.dont_fragment ? IP4_DF : 0);
		assert_int_equal(info.proto, tx.proto);
		assert_int_equal(info.tos, tx.tos);
		assert_int_equal(info.ttl, tx.ttl);
	}
	ip_dst_put(lab.net, dst);
	lab_fini(&lab);
}

static void packets_that_may_be_fragmented_have_different_identifications(void **state)
{
	struct lab lab;
	struct ip4_info a, b;

	(void)state;
	start(&lab);
	a = send_one(&lab, lab_addr(2), 100, false);
	b = send_one(&lab, lab_addr(2), 100, false);
	assert_int_equal(a.frag, 0);
	assert_int_not_equal(a.id, b.id);
	lab_fini(&lab);
}

static void a_packet_larger_than_the_path_is_a_counted_drop(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab);
	send_one(&lab, lab_addr(2), 1480, true);
	assert_int_equal(lab.nsent, 1);
	send_one(&lab, lab_addr(2), 1481, true);
	assert_int_equal(lab.nsent, 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP_TOO_BIG), 1);
	lab_fini(&lab);
}

/* RFC 8899: a probe of the path is as large as the link lets through, whatever is believed of the path. */
static void what_asks_for_the_links_size_is_cut_to_that(void **state)
{
	const struct holm_addr to = lab_addr(2);
	struct ip_dst *dst;
	struct lab lab;

	(void)state;
	start(&lab);
	assert_int_equal(ip_dst_get(lab.net, &to, NULL, &dst), 0);
	assert_true(ip_dst_lower_mtu(lab.net, dst, 1000));
	for (size_t len = 1480; len < 1482; len++) {
		struct ip_tx tx = {
			.src = &dst->src, .dst = &to, .proto = 200, .ttl = 9, .link_mtu = true
		};

		lab_clear(&lab);
		ip_output(lab.net, dst, segment(&lab, len), &tx);
		lab_poll(&lab);
		assert_int_equal(lab.nsent, len - 1479);
		assert_int_equal(load_be16(lab.sent[0].data + 14 + 6), len == 1480 ? 0 : IP4_MF);
	}
	ip_dst_put(lab.net, dst);
	lab_fini(&lab);
}

static void what_no_header_can_say_is_not_cut_but_dropped(void **state)
{
	const struct holm_addr to = lab_addr(2);
	struct ip_dst *dst;
	struct holm_frame *f;
	struct lab lab;

	(void)state;
	start(&lab);
	assert_int_equal(ip_dst_get(lab.net, &to, NULL, &dst), 0);
	f = segment(&lab, 8);
	f->len = IP4_TOTAL_MAX - IP4_HDR_BYTES + 1; /* as far as can be seen from here */
	struct ip_tx tx = { .src = &dst->src, .dst = &to, .proto = 200, .ttl = 9 };
	ip_output(lab.net, dst, f, &tx);
	lab_poll(&lab);
	assert_int_equal(lab.nsent, 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP_TOO_BIG), 1);
	ip_dst_put(lab.net, dst);
	lab_fini(&lab);
}

static void expect_source(struct lab *lab, struct holm_addr to, struct holm_addr wanted)
{
	struct holm_addr src;

	assert_true(lab->net->ip->families[IP_FAMILY_4]->select_source(lab->net, lab->dev.netif,
								       &to, &src));
	assert_true(holm_addr_equal(&src, &wanted));
}

static void add_address(struct lab *lab, struct holm_addr addr, unsigned prefix_len)
{
	assert_int_equal(holm_addr_add(lab->net, &lab->dev, &addr, prefix_len), 0);
}

/* RFC 6724 section 5, rules 2 and 8. */
static void the_source_is_of_the_destinations_network_or_the_first(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab);
	add_address(&lab, lab_addr(7), 24);
	add_address(&lab, holm_addr_ip4(10, 254, 1, 1), 16);
	add_address(&lab, holm_addr_ip4(169, 254, 0, 5), 16);
	/* What lies behind the prefix does not count. */
	expect_source(&lab, lab_addr(6), lab_addr(1));
	expect_source(&lab, holm_addr_ip4(10, 255, 0, 1), holm_addr_ip4(10, 254, 1, 1));
	/* An address of the link is for the link. */
	expect_source(&lab, holm_addr_ip4(169, 254, 9, 9), holm_addr_ip4(169, 254, 0, 5));
	expect_source(&lab, holm_addr_ip4(169, 10, 0, 1), lab_addr(1));
	lab_fini(&lab);
}

static void groups_and_broadcasts_go_to_their_ethernet_addresses(void **state)
{
	static const uint8_t group[6] = { 0x01, 0x00, 0x5e, 0x01, 0x02, 0x03 };
	static const uint8_t everybody[6] = { 255, 255, 255, 255, 255, 255 };
	struct lab lab;

	(void)state;
	start(&lab);
	send_one(&lab, holm_addr_ip4(239, 129, 2, 3), 10, true);
	assert_memory_equal(lab.sent[0].data, group, 6);
	send_one(&lab, holm_addr_ip4(255, 255, 255, 255), 10, true);
	assert_memory_equal(lab.sent[0].data, everybody, 6);
	send_one(&lab, lab_addr(255), 10, true);
	assert_memory_equal(lab.sent[0].data, everybody, 6);
	lab_fini(&lab);
}

static void random_bytes_are_dropped_whatever_they_say(void **state)
{
	uint64_t seed = expect_seed(3);
	struct lab lab;
	uint8_t frame[200];

	(void)state;
	start(&lab);
	for (int i = 0; i < 20000; i++) {
		size_t len = lab_echo(frame, LAB_IP(2), LAB_IP(1), 40);
		size_t damage = 1 + expect_random_below(&seed, 6);

		while (damage-- > 0)
			frame[12 + expect_random_below(&seed, len - 12)] =
				(uint8_t)expect_random(&seed);
		if (expect_random_below(&seed, 2) && (frame[14] & 0xf) >= 5 &&
		    14u + (frame[14] & 0xfu) * 4 <= len)
			reseal(frame);
		lab.segments = 4 + (unsigned)expect_random_below(&seed, 80);
		lab_receive(&lab, frame, expect_random_below(&seed, len) + 1);
		lab_clear(&lab);
	}
	lab_run(&lab, IP_REASM_NS + LAB_S);
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

/* What an instance has counted and answered for a frame, in one number. */
static uint64_t outcome(struct lab *lab, const uint8_t *frame, size_t len)
{
	uint64_t before[HOLM_DROP_COUNT], sum = 0;

	for (unsigned i = 0; i < HOLM_DROP_COUNT; i++)
		before[i] = holm_net_drops(lab->net, (enum holm_drop)i);
	lab_clear(lab);
	lab_receive(lab, frame, len);
	for (unsigned i = 0; i < HOLM_DROP_COUNT; i++)
		sum = sum * 31 + (holm_net_drops(lab->net, (enum holm_drop)i) - before[i]);
	for (size_t i = 0; i < lab->nsent; i++)
		for (size_t k = 0; k < lab->sent[i].len; k++)
			sum = sum * 31 + lab->sent[i].data[k];
	return sum;
}

static void remembering_the_last_packet_changes_no_verdict(void **state)
{
	static const uint32_t sources[] = { LAB_IP(2), LAB_IP(3), LAB_IP(1), LAB_IP(255), 0 };
	static const uint32_t targets[] = { LAB_IP(1), LAB_IP(1), LAB_IP(9), LAB_IP(255), 0 };
	uint64_t seed = expect_seed(23);
	struct lab a, b;
	uint8_t frame[200];

	(void)state;
	start(&a);
	start(&b);
	lab_introduce(&a, 3);
	lab_introduce(&b, 3);
	for (int i = 0; i < 20000; i++) {
		size_t len = lab_echo(frame, sources[expect_random_below(&seed, 5)],
				      targets[expect_random_below(&seed, 5)], 20);

		if (expect_random_below(&seed, 3) == 0)
			frame[14 + expect_random_below(&seed, 20)] ^=
				(uint8_t)(1 << expect_random_below(&seed, 8));
		if (expect_random_below(&seed, 2) && (frame[14] & 0xf) == 5)
			reseal(frame);
		if (expect_random_below(&seed, 8) == 0)
			len = 14 + expect_random_below(&seed, len - 14);
		/* One of them begins anew with each packet. */
		ip_flow_forget(b.net);
		assert_int_equal(outcome(&a, frame, len), outcome(&b, frame, len));
	}
	lab_fini(&a);
	lab_fini(&b);
}

/* The ends are such that their words carry, on machines of either order. */
static void the_next_packet_of_a_flow_is_known_by_its_header_and_a_damaged_one_is_not(void **state)
{
	const struct holm_addr self = holm_addr_ip4(192, 168, 0, 200);
	struct lab lab;
	uint8_t frame[128];
	size_t len;

	(void)state;
	start(&lab);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &self, 24), 0);
	len = lab_echo(frame, 0xc80102fe, 0xc0a800c8, 20);
	lab_receive(&lab, frame, len);
	/* A library that is built for size notes whose the last one was, and no more. */
	for (unsigned id = 1; lab.net->flow.transport && id < 0x10000; id += 0x101) {
		store_be16(frame + 18, (uint16_t)id);
		reseal(frame);
		assert_true(ip_flow_is4(&lab.net->flow, frame + 14));
	}
	for (size_t bit = 0; lab.net->flow.transport && bit < 160; bit++) {
		frame[14 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(ip_flow_is4(&lab.net->flow, frame + 14));
		frame[14 + bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	lab_fini(&lab);
}

static void an_address_that_went_is_not_remembered(void **state)
{
	struct lab lab;
	uint8_t frame[128];
	struct holm_addr self = lab_addr(1);
	size_t len;

	(void)state;
	start(&lab);
	len = lab_echo(frame, LAB_IP(2), LAB_IP(1), 20);
	lab_receive(&lab, frame, len);
	assert_int_equal(answers(&lab), 1);
	assert_int_equal(holm_addr_del(lab.net, &lab.dev, &self), 0);
	lab_receive(&lab, frame, len);
	assert_int_equal(answers(&lab), 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP4_NOT_OURS), 1);
	lab_fini(&lab);
}

/* Among them sums that are a carry, and all ones. */
static void a_header_of_a_kind_is_the_one_that_is_summed_by_itself(void **state)
{
	uint64_t dice = 7;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct ip4_tx tx = { .frag = IP4_DF, .proto = 6 };
		struct ip4_kind kind;
		uint8_t a[IP4_HDR_BYTES], b[IP4_HDR_BYTES];
		uint32_t total;

		dice = dice * 6364136223846793005u + 1442695040888963407u;
		tx.src = (uint32_t)(dice >> 32);
		tx.dst = i % 2 ? ~tx.src : (uint32_t)(dice >> 16);
		tx.tos = (uint8_t)(dice >> 24);
		tx.ttl = (uint8_t)(dice >> 40);
		total = (uint32_t)(dice >> 13) & 0xffff;
		ip4_write_header(a, total, &tx);
		kind = ip4_kind_of(&tx);
		ip4_write_header_of_kind(b, total, &kind, (uint64_t)tx.src << 32 | tx.dst);
		assert_memory_equal(a, b, sizeof(a));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bad_header_is_dropped_by_name),
		cmocka_unit_test(a_packet_cut_at_any_byte_is_dropped),
		cmocka_unit_test(any_flipped_bit_of_the_header_is_noticed),
		cmocka_unit_test(padding_behind_the_packet_is_no_part_of_it),
		cmocka_unit_test(sources_that_cannot_be_are_refused),
		cmocka_unit_test(a_network_of_two_has_no_broadcast_address),
		cmocka_unit_test(packets_for_others_are_refused),
		cmocka_unit_test(a_unicast_packet_in_a_broadcast_frame_is_refused),
		cmocka_unit_test(options_are_skipped_but_source_routes_refused),
		cmocka_unit_test(a_device_that_damages_nothing_saves_the_checksum_and_only_that),
		cmocka_unit_test(the_header_says_what_the_transport_asked_for),
		cmocka_unit_test(
			a_header_is_not_taken_for_that_of_a_packet_that_differs_in_one_field),
		cmocka_unit_test(packets_that_may_be_fragmented_have_different_identifications),
		cmocka_unit_test(a_packet_larger_than_the_path_is_a_counted_drop),
		cmocka_unit_test(what_asks_for_the_links_size_is_cut_to_that),
		cmocka_unit_test(what_no_header_can_say_is_not_cut_but_dropped),
		cmocka_unit_test(the_source_is_of_the_destinations_network_or_the_first),
		cmocka_unit_test(groups_and_broadcasts_go_to_their_ethernet_addresses),
		cmocka_unit_test(random_bytes_are_dropped_whatever_they_say),
		cmocka_unit_test(remembering_the_last_packet_changes_no_verdict),
		cmocka_unit_test(
			the_next_packet_of_a_flow_is_known_by_its_header_and_a_damaged_one_is_not),
		cmocka_unit_test(an_address_that_went_is_not_remembered),
		cmocka_unit_test(a_header_of_a_kind_is_the_one_that_is_summed_by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
