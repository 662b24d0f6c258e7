/*
 * Tests of net/ip/flow.c: what comes from many hosts, to several addresses of ours, in batches, fares as what
 * comes one by one and is looked at by every layer.
 */
#include "net/ip/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/ip/state.h"
#include "tests/support/expect.h"
#include "tests/support/lab6.h"

#define BATCH_MAX 6u

/* A transport in UDP's place that writes down what it is given. */
struct heard {
	struct ip_rx rx;
	uint16_t l3_off, l4_off;
	uint8_t first;
};

struct heard_all {
	size_t n;
	struct heard heard[BATCH_MAX];
};

static struct heard_all *listening;

static void hear(struct holm_net *net, struct holm_frame *f)
{
	struct heard *h = &listening->heard[listening->n++];

	(void)net;
	memset(h, 0, sizeof(*h));
	h->rx = *ip_rx(f);
	h->l3_off = f->l3_off;
	h->l4_off = f->l4_off;
	if (h->rx.l4_len > 0)
		holm_frame_read(f, f->l4_off, &h->first, 1);
	holm_frame_free(f);
}

static const struct holm_proto listener = {
	.name = "listener",
	.kind = PROTO_TRANSPORT,
	.number = IP4_PROTO_UDP,
	.input = hear,
};

static const struct holm_proto *const protos[] = {
	&holm_arp, &holm_ipv4, &holm_ipv6, &lab6_neighbours, &holm_loopback, &listener, NULL
};
static const struct lab_options options = { .protos = protos };

/* ---- What is sent. */

struct bytes {
	uint8_t at[160];
	size_t len;
};

static void put_in(struct lab *lab, const struct bytes *sent, size_t n, struct heard_all *heard)
{
	struct holm_frame *batch[BATCH_MAX];

	for (size_t i = 0; i < n; i++) {
		batch[i] = holm_frame_alloc(holm_net_pool(lab->net), 0, true);
		assert_non_null(batch[i]);
		memcpy(holm_frame_put(batch[i], sent[i].len), sent[i].at, sent[i].len);
	}
	listening = heard;
	holm_net_input(lab->net, &lab->dev, batch, n, lab->now);
	lab_poll(lab);
	lab_clear(lab);
}

/* Packets with one number are between the same ends; what is for many, or foreign, has none. */
static void expect_numbers(const struct heard_all *all)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct ip_rx *a = &all->heard[i].rx;

		assert_int_equal(a->flow == 0, a->flags != 0);
		for (size_t k = 0; a->flow && k < i; k++) {
			const struct ip_rx *b = &all->heard[k].rx;

			if (a->flow == b->flow)
				assert_true(holm_addr_equal(&a->src, &b->src) &&
					    holm_addr_equal(&a->dst, &b->dst));
		}
	}
}

/* One of them has the batch at once; the other one by one, and begins anew with each. */
static void expect_same_fate(struct lab *at_once, struct lab *apart, const struct bytes *sent,
			     size_t n)
{
	struct heard_all heard = { 0 }, want = { 0 };

	put_in(at_once, sent, n, &heard);
	expect_numbers(&heard);
	for (size_t i = 0; i < n; i++) {
		ip_flow_forget(apart->net);
		put_in(apart, &sent[i], 1, &want);
	}
	for (size_t i = 0; i < BATCH_MAX; i++) {
		heard.heard[i].rx.flow = 0;
		want.heard[i].rx.flow = 0;
	}
	assert_memory_equal(&heard, &want, sizeof(want));
	assert_memory_equal(at_once->net->drops, apart->net->drops, sizeof(apart->net->drops));
}

/* An address of both comes or goes. */
static void change_addr(struct lab *a, struct lab *b, const struct holm_addr *addr,
			unsigned prefix_len)
{
	struct lab *labs[] = { a, b };

	for (size_t i = 0; i < 2; i++)
		if (holm_addr_del(labs[i]->net, &labs[i]->dev, addr))
			assert_int_equal(
				holm_addr_add(labs[i]->net, &labs[i]->dev, addr, prefix_len), 0);
}

/* Some bits of its headers are others. */
static void damage(struct bytes *b, uint64_t *seed, size_t headers)
{
	for (uint64_t n = expect_random_below(seed, 3); n > 0; n--)
		b->at[expect_random_below(seed, headers)] ^=
			(uint8_t)(1 << expect_random_below(seed, 8));
	if (expect_random_below(seed, 4) == 0)
		b->len = 1 + expect_random_below(seed, b->len);
}

/* ---- IPv4. */

/* 10.0.0.1 is there from the beginning; some end as others do, or as the broadcast address of another. */
static const struct {
	uint32_t addr;
	unsigned prefix_len;
} own4[] = { { 0x0a000041, 24 }, { 0x0a000007, 24 }, { 0xc0a80902, 30 }, { 0xc6336406, 31 },
	     { 0x0a000080, 8 },	 { 0xc0000200, 31 }, { 0x0a000006, 29 } };

static uint32_t any_own4(uint64_t *seed)
{
	uint64_t i = expect_random_below(seed, ARRAY_LEN(own4) + 1);

	return i < ARRAY_LEN(own4) ? own4[i].addr : LAB_IP(1);
}

static uint32_t any_end4(uint64_t *seed)
{
	static const uint32_t peculiar[] = {
		0,	    0x00000007, 0x7f000001, 0x7f000007, 0xe0000001, 0xe00000fb, 0xf0000001,
		0xffffffff, 0xfffffffe, 0x0a0000ff, 0x0affffff, 0xc0a80903, 0xc0a80900, 0xdfffffff,
	};

	switch (expect_random_below(seed, 6)) {
	case 0:
		return any_own4(seed);
	case 1: /* ends as one of ours */
		return any_own4(seed) ^ (uint32_t)expect_random_below(seed, 4) << 8;
	case 2:
		return peculiar[expect_random_below(seed, ARRAY_LEN(peculiar))];
	case 3:
		return (uint32_t)expect_random(seed);
	default:
		return LAB_IP((uint32_t)expect_random_below(seed, 256));
	}
}

static void reseal(uint8_t *frame)
{
	store_be16(frame + 24, 0);
	store_be16(frame + 24, checksum_finish(checksum_partial(frame + 14, IP4_HDR_BYTES, 0)));
}

static void make4(struct bytes *b, uint64_t *seed)
{
	uint8_t l4[24];
	bool usual = expect_random_below(seed, 3) > 0;

	memset(l4, (int)expect_random_below(seed, 256), sizeof(l4));
	b->len = lab_ip4(b->at, any_end4(seed), usual ? any_own4(seed) : any_end4(seed),
			 IP4_PROTO_UDP, l4, expect_random_below(seed, sizeof(l4)));
	if (expect_random_below(seed, 4) == 0)
		damage(b, seed, ETH_HDR_BYTES + IP4_HDR_BYTES);
	if (expect_random_below(seed, 2) && b->at[14] == 0x45 && b->len >= 34)
		reseal(b->at);
}

static void packets_of_many_hosts_fare_as_each_would_by_itself(void **state)
{
	uint64_t seed = expect_seed(31);
	struct lab at_once, apart;

	(void)state;
	lab_init(&at_once, &options);
	lab_init(&apart, &options);
	for (int i = 0; i < 20000; i++) {
		struct bytes sent[BATCH_MAX];
		size_t n = 1 + expect_random_below(&seed, BATCH_MAX);

		if (expect_random_below(&seed, 50) == 0) {
			size_t k = expect_random_below(&seed, ARRAY_LEN(own4));
			struct holm_addr addr = ip4_to_addr(own4[k].addr);

			change_addr(&at_once, &apart, &addr, own4[k].prefix_len);
		}
		for (size_t k = 0; k < n; k++)
			make4(&sent[k], &seed);
		expect_same_fate(&at_once, &apart, sent, n);
	}
	lab_fini(&at_once);
	lab_fini(&apart);
}

/* ---- IPv6. */

static const char *const own6[] = { "2001:db8::1", "fe80::1", "2001:db8::41", "2001:db8:1::7",
				    "fe80::1:7" };

static struct holm_addr any_own6(uint64_t *seed)
{
	return lab6_text(own6[expect_random_below(seed, ARRAY_LEN(own6))]);
}

static struct holm_addr any_end6(uint64_t *seed)
{
	static const char *const peculiar[] = {
		"::",	   "::1",     "ff02::1",	 "ff02::1:ff00:7",
		"ff01::1", "fe80::2", "::ffff:10.0.0.1", "::2"
	};

	struct holm_addr a = any_own6(seed);

	switch (expect_random_below(seed, 5)) {
	case 0:
		return a;
	case 1: /* but for a bit */
		a.b[1 + expect_random_below(seed, 15)] ^= 0x40;
		return a;
	case 2:
		return lab6_text(peculiar[expect_random_below(seed, ARRAY_LEN(peculiar))]);
	default:
		return lab6_addr((unsigned)expect_random_below(seed, 256));
	}
}

static void make6(struct bytes *b, uint64_t *seed)
{
	uint8_t l4[24];
	bool usual = expect_random_below(seed, 3) > 0;
	const struct holm_addr from = any_end6(seed);
	const struct holm_addr to = usual ? any_own6(seed) : any_end6(seed);

	memset(l4, (int)expect_random_below(seed, 256), sizeof(l4));
	b->len = lab6_packet(b->at, &from, &to, IP6_PROTO_UDP, l4,
			     1 + expect_random_below(seed, sizeof(l4) - 1));
	if (expect_random_below(seed, 4) == 0)
		damage(b, seed, ETH_HDR_BYTES + IP6_HDR_BYTES);
}

static void packets_of_many_hosts_of_ipv6_fare_as_each_would_by_itself(void **state)
{
	uint64_t seed = expect_seed(32);
	struct lab at_once, apart;

	(void)state;
	lab6_init(&at_once, protos);
	lab6_init(&apart, protos);
	for (int i = 0; i < 10000; i++) {
		struct bytes sent[BATCH_MAX];
		size_t n = 1 + expect_random_below(&seed, BATCH_MAX);

		if (expect_random_below(&seed, 50) == 0) {
			struct holm_addr addr = any_own6(&seed);

			change_addr(&at_once, &apart, &addr, 64);
		}
		for (size_t k = 0; k < n; k++)
			make6(&sent[k], &seed);
		expect_same_fate(&at_once, &apart, sent, n);
	}
	lab_fini(&at_once);
	lab_fini(&apart);
}

/* ---- The short way. */

static size_t looked_at;

static void count_input4(struct holm_net *net, struct holm_frame *f)
{
	looked_at++;
	holm_ipv4.input(net, f);
}

static void count_input6(struct holm_net *net, struct holm_frame *f)
{
	looked_at++;
	holm_ipv6.input(net, f);
}

static const struct holm_proto counted4 = { .input = count_input4 };
static const struct holm_proto counted6 = { .input = count_input6 };

/* Of a crowd one packet is looked at by every layer, whichever of our addresses they are for. */
static void a_crowd_takes_the_short_way(void **state)
{
	const struct holm_addr first = lab_addr(1), second = lab_addr(7), second6 = lab6_addr(7);
	struct heard_all heard;
	struct bytes sent;
	struct lab lab;

	(void)state;
	lab6_init(&lab, protos);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &first, 24), 0);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &second, 24), 0);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &second6, 64), 0);
	lab.net->link_ip4 = &counted4;
	lab.net->link_ip6 = &counted6;
	looked_at = 0;
	for (unsigned i = 8; i < 60; i++) {
		heard.n = 0;
		sent.len = lab_ip4(sent.at, LAB_IP(i), LAB_IP(i % 3 ? 1 : 7), IP4_PROTO_UDP,
				   "crowd", 5);
		put_in(&lab, &sent, 1, &heard);
		assert_int_equal(heard.n, 1);
	}
	for (unsigned i = 8; i < 60; i++) {
		const struct holm_addr from = lab6_addr(i), to = lab6_addr(i % 3 ? 1 : 7);

		heard.n = 0;
		sent.len = lab6_packet(sent.at, &from, &to, IP6_PROTO_UDP, "crowd", 5);
		put_in(&lab, &sent, 1, &heard);
		assert_int_equal(heard.n, 1);
	}
	/* A library that is built for size notes whose the last one was, and no more. */
	assert_int_equal(looked_at, lab.net->flow.transport ? 2 : 2 * 52);
	lab_fini(&lab);
}

/* ---- What TCP is shown before anything is noted of it (net->alone). */

static const struct holm_proto *const with_tcp[] = { &holm_arp, &holm_ipv4,	HOLM_IP_PARTS,
						     &holm_tcp, HOLM_TCP_PARTS, NULL };
static const struct lab_options tcp_options = { .protos = with_tcp };

/* A segment that nobody expects: it is answered with a RST if it is let in. */
static void make_stray(struct bytes *b, uint64_t *seed, bool any)
{
	uint8_t l4[20] = { 0x30, 0x39, 0, 80, [12] = 5 << 4, [13] = 0x10, [15] = 100 };
	uint32_t src = any ? any_end4(seed) : LAB_IP(8 + (uint32_t)expect_random_below(seed, 40));
	uint32_t dst = any ? any_own4(seed) : LAB_IP(1);
	uint32_t sum = ip4_pseudo_sum(src, dst, IP4_PROTO_TCP, sizeof(l4));

	store_be32(l4 + 8, (uint32_t)expect_random(seed));
	store_be16(l4 + 16, checksum_finish(checksum_partial(l4, sizeof(l4), sum)));
	b->len = lab_ip4(b->at, src, dst, IP4_PROTO_TCP, l4, sizeof(l4));
}

static void expect_same_answers(struct lab *a, struct lab *b, const struct bytes *sent)
{
	lab_clear(a);
	lab_clear(b);
	lab_receive(a, sent->at, sent->len);
	ip_flow_forget(b->net);
	lab_receive(b, sent->at, sent->len);
	assert_int_equal(a->nsent, b->nsent);
	for (size_t i = 0; i < a->nsent; i++)
		assert_memory_equal(a->sent[i].data, b->sent[i].data, a->sent[i].len);
	assert_memory_equal(a->net->drops, b->net->drops, sizeof(a->net->drops));
	assert_memory_equal(a->net->counters, b->net->counters, sizeof(a->net->counters));
}

static void a_segment_by_itself_of_another_host_is_answered_as_any(void **state)
{
	uint64_t seed = expect_seed(33);
	struct lab remembers, begins_anew;
	struct bytes sent;

	(void)state;
	lab_init(&remembers, &tcp_options);
	lab_init(&begins_anew, &tcp_options);
	for (int i = 0; i < 5000; i++) {
		if (expect_random_below(&seed, 50) == 0) {
			size_t k = expect_random_below(&seed, ARRAY_LEN(own4));
			struct holm_addr addr = ip4_to_addr(own4[k].addr);

			change_addr(&remembers, &begins_anew, &addr, own4[k].prefix_len);
		}
		make_stray(&sent, &seed, true);
		if (expect_random_below(&seed, 4) == 0)
			damage(&sent, &seed, ETH_HDR_BYTES + IP4_HDR_BYTES);
		expect_same_answers(&remembers, &begins_anew, &sent);
		lab_run(&remembers, 20 * LAB_MS);
		lab_run(&begins_anew, 20 * LAB_MS);
	}
	lab_fini(&remembers);
	lab_fini(&begins_anew);
}

static void a_segment_by_itself_of_another_host_takes_the_short_way(void **state)
{
	uint64_t seed = 34;
	struct bytes sent;
	struct lab lab;

	(void)state;
	lab_init(&lab, &tcp_options);
	lab.net->link_ip4 = &counted4;
	looked_at = 0;
	for (unsigned i = 0; i < 50; i++) {
		make_stray(&sent, &seed, false);
		lab_receive(&lab, sent.at, sent.len);
	}
	assert_int_equal(looked_at, lab.net->flow.alone ? 1 : 50);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_TCP_NO_PORT), 50);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_of_many_hosts_fare_as_each_would_by_itself),
		cmocka_unit_test(packets_of_many_hosts_of_ipv6_fare_as_each_would_by_itself),
		cmocka_unit_test(a_crowd_takes_the_short_way),
		cmocka_unit_test(a_segment_by_itself_of_another_host_is_answered_as_any),
		cmocka_unit_test(a_segment_by_itself_of_another_host_takes_the_short_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
