/*
 * Tests of routes: net/ip/route.c.
 */
#include "net/ip/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/lab6.h"

static const struct holm_proto *const protos[] = { &holm_arp, &holm_ipv4, HOLM_IP_PARTS, NULL };
static const struct lab_options plain = { .protos = protos };

/* a.b.c.0 by way of host `via` of the lab's network; 0: on link. */
static struct holm_route to_net(struct lab *lab, uint8_t b, uint8_t c, unsigned prefix_len,
				unsigned via, uint32_t metric)
{
	struct holm_route r = {
		.dst = holm_addr_ip4(20, b, c, 0),
		.prefix_len = prefix_len,
		.gateway = via ? lab_addr(via) : holm_addr_ip4(0, 0, 0, 0),
		.dev = via ? NULL : &lab->dev,
		.metric = metric,
	};

	return r;
}

static unsigned via_of(struct lab *lab, uint8_t b, uint8_t c)
{
	struct holm_addr remote = holm_addr_ip4(20, b, c, 9);
	const struct ip_route *r = ip_route_lookup(lab->net, &remote, NULL);

	return r ? r->gateway.b[15] : 255;
}

static void add(struct lab *lab, uint8_t b, uint8_t c, unsigned prefix_len, unsigned via,
		uint32_t metric)
{
	struct holm_route r = to_net(lab, b, c, prefix_len, via, metric);

	assert_int_equal(holm_route_add(lab->net, &r), 0);
}

static void the_longest_prefix_wins_then_the_smallest_metric(void **state)
{
	struct lab lab;
	struct holm_route all = { .dst = holm_addr_ip4(0, 0, 0, 0), .gateway = lab_addr(2) };

	(void)state;
	lab_init(&lab, &plain);
	assert_int_equal(via_of(&lab, 1, 1), 255);
	all.dev = NULL;
	assert_int_equal(holm_route_add(lab.net, &all), 0);
	assert_int_equal(via_of(&lab, 1, 1), 2);
	add(&lab, 1, 0, 16, 3, 10);
	assert_int_equal(via_of(&lab, 1, 1), 3);
	add(&lab, 1, 0, 16, 4, 5);
	assert_int_equal(via_of(&lab, 1, 1), 4);
	add(&lab, 1, 0, 16, 5, 7);
	assert_int_equal(via_of(&lab, 1, 1), 4);
	/* Of those that are the same in both the one that was there first. */
	add(&lab, 1, 0, 16, 7, 5);
	assert_int_equal(via_of(&lab, 1, 1), 4);
	add(&lab, 1, 1, 24, 6, 100);
	assert_int_equal(via_of(&lab, 1, 1), 6);
	assert_int_equal(via_of(&lab, 1, 2), 4);
	assert_int_equal(via_of(&lab, 2, 2), 2);
	add(&lab, 9, 9, 24, 0, 0);
	assert_int_equal(via_of(&lab, 9, 9), 0);
	lab_fini(&lab);
}

/* Where a destination leads with a mark; 255: nowhere. */
static unsigned way_of(struct lab *lab, const struct ip_via *via)
{
	const struct holm_addr remote = holm_addr_ip4(20, 1, 1, 9);
	struct ip_dst *dst;
	unsigned host = 255;

	if (ip_dst_get_via(lab->net, &remote, via, &dst) == 0) {
		host = dst->neigh ? dst->neigh->addr.b[15] : 0;
		ip_dst_put(lab->net, dst);
	}
	return host;
}

static void a_mark_finds_its_routes_first(void **state)
{
	struct holm_route marked;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	add(&lab, 1, 1, 24, 3, 0);
	marked = to_net(&lab, 0, 0, 8, 4, 0);
	marked.mark = 7;
	assert_int_equal(holm_route_add(lab.net, &marked), 0);
	assert_int_equal(holm_route_add(lab.net, &marked), -HOLM_EEXIST);
	assert_int_equal(way_of(&lab, &(struct ip_via){ 0 }), 3);
	assert_int_equal(way_of(&lab, &(struct ip_via){ .mark = 7 }), 4);
	assert_int_equal(way_of(&lab, &(struct ip_via){ .mark = 8 }), 3);
	assert_int_equal(holm_route_del(lab.net, &marked), 0);
	assert_int_equal(way_of(&lab, &(struct ip_via){ .mark = 7 }), 3);
	lab_fini(&lab);
}

static void who_wants_no_gateway_reaches_neighbours_only(void **state)
{
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	add(&lab, 1, 1, 24, 3, 0);
	assert_int_equal(way_of(&lab, &(struct ip_via){ .onlink = true }), 255);
	add(&lab, 1, 1, 25, 0, 0);
	assert_int_equal(way_of(&lab, &(struct ip_via){ .onlink = true }), 9);
	assert_int_equal(way_of(&lab, &(struct ip_via){ .dev = ip_no_dev() }), 255);
	lab_fini(&lab);
}

static void a_route_is_there_once_and_can_be_removed(void **state)
{
	struct lab lab;
	struct holm_route r, got;

	(void)state;
	lab_init(&lab, &plain);
	r = to_net(&lab, 1, 1, 24, 2, 0);
	assert_int_equal(holm_route_add(lab.net, &r), 0);
	assert_int_equal(holm_route_add(lab.net, &r), -HOLM_EEXIST);
	assert_true(holm_route_get(lab.net, 2, &got));
	assert_ptr_equal(got.dev, &lab.dev);
	assert_int_equal(got.prefix_len, 24);
	assert_false(holm_route_get(lab.net, 3, &got));
	assert_int_equal(holm_route_del(lab.net, &r), 0);
	assert_int_equal(holm_route_del(lab.net, &r), -HOLM_ENOENT);
	assert_int_equal(via_of(&lab, 1, 1), 255);
	lab_fini(&lab);
}

static void a_route_by_what_is_our_own_address_now_can_be_removed(void **state)
{
	struct holm_addr own = lab_addr(2);
	struct lab lab;
	struct holm_route r;

	(void)state;
	lab_init(&lab, &plain);
	r = to_net(&lab, 1, 1, 24, 2, 0);
	assert_int_equal(holm_route_add(lab.net, &r), 0);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &own, 24), 0);
	assert_int_equal(holm_route_del(lab.net, &r), 0);
	assert_int_equal(holm_route_add(lab.net, &r), -HOLM_EINVAL);
	lab_fini(&lab);
}

/* Who does not say by which device means the route itself, wherever its gateway is by now. */
static void a_route_can_be_removed_when_the_way_to_its_gateway_has_gone(void **state)
{
	const struct holm_addr own = lab_addr(1), other = lab_addr(255);
	struct holm_route r;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	r = to_net(&lab, 1, 1, 24, 2, 0);
	assert_int_equal(holm_route_add(lab.net, &r), 0);
	assert_int_equal(holm_addr_del(lab.net, &lab.dev, &own), 0);
	r.gateway = other;
	assert_int_equal(holm_route_del(lab.net, &r), -HOLM_ENOENT);
	r.gateway = lab_addr(2);
	assert_int_equal(holm_route_del(lab.net, &r), 0);
	assert_int_equal(via_of(&lab, 1, 1), 255);
	assert_int_equal(holm_route_del(lab.net, &r), -HOLM_ENOENT);
	lab_fini(&lab);
}

static void who_goes_somewhere_hears_of_a_better_route(void **state)
{
	const struct holm_addr remote = holm_addr_ip4(20, 1, 1, 9);
	struct ip_dst *dst;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	add(&lab, 1, 0, 16, 2, 0);
	assert_int_equal(ip_dst_get(lab.net, &remote, NULL, &dst), 0);
	assert_int_equal(dst->neigh->addr.b[15], 2);
	add(&lab, 1, 1, 24, 3, 0);
	assert_true(ip_dst_check(lab.net, dst));
	assert_int_equal(dst->neigh->addr.b[15], 3);
	ip_dst_put(lab.net, dst);
	lab_fini(&lab);
}

static void host_bits_of_a_prefix_are_cleared(void **state)
{
	struct lab lab;
	struct holm_route r, got;
	struct holm_addr net = holm_addr_ip4(20, 1, 16, 0);

	(void)state;
	lab_init(&lab, &plain);
	r = to_net(&lab, 1, 31, 20, 2, 0);
	r.dst = holm_addr_ip4(20, 1, 31, 77);
	assert_int_equal(holm_route_add(lab.net, &r), 0);
	assert_true(holm_route_get(lab.net, 2, &got));
	assert_true(holm_addr_equal(&got.dst, &net));
	lab_fini(&lab);
}

static void nonsense_is_refused(void **state)
{
	struct lab lab;
	struct holm_route r;

	(void)state;
	lab_init(&lab, &plain);
	r = to_net(&lab, 1, 1, 33, 2, 0);
	assert_int_equal(holm_route_add(lab.net, &r), -HOLM_EINVAL);
	r = to_net(&lab, 1, 1, 24, 1, 0);
	assert_int_equal(holm_route_add(lab.net, &r), -HOLM_EINVAL);
	r = to_net(&lab, 1, 1, 24, 2, 0);
	r.gateway = holm_addr_ip4(30, 0, 0, 1);
	assert_int_equal(holm_route_add(lab.net, &r), -HOLM_ENETUNREACH);
	r.gateway = holm_addr_ip4(224, 0, 0, 1);
	assert_int_equal(holm_route_add(lab.net, &r), -HOLM_EINVAL);
	r.gateway = holm_addr_any6();
	assert_int_equal(holm_route_add(lab.net, &r), -HOLM_EINVAL);
	r = to_net(&lab, 1, 1, 24, 0, 0);
	r.dev = NULL;
	assert_int_equal(holm_route_add(lab.net, &r), -HOLM_EINVAL);
	/* With the device named, a gateway outside every network is believed: a cloud's /32. */
	r = to_net(&lab, 1, 1, 24, 2, 0);
	r.gateway = holm_addr_ip4(30, 0, 0, 1);
	r.dev = &lab.dev;
	assert_int_equal(holm_route_add(lab.net, &r), 0);
	lab_fini(&lab);
}

static void the_table_is_bounded(void **state)
{
	struct lab lab;
	struct holm_route r;
	uint8_t i = 0;

	(void)state;
	lab_init(&lab, &plain);
	for (; i < 30; i++)
		add(&lab, 1, i, 24, 2, 0);
	r = to_net(&lab, 1, i, 24, 2, 0);
	assert_int_equal(holm_route_add(lab.net, &r), -HOLM_ENOSPC);
	lab_fini(&lab);
}

static void routes_go_with_their_device(void **state)
{
	struct lab lab;
	struct holm_route got;

	(void)state;
	lab_init(&lab, &plain);
	add(&lab, 1, 1, 24, 2, 0);
	holm_net_remove_dev(lab.net, &lab.dev);
	assert_true(holm_route_get(lab.net, 0, &got));
	assert_int_equal(got.dst.b[12], 127);
	assert_false(holm_route_get(lab.net, 1, &got));
	assert_true(holm_net_add_dev(lab.net, &lab.dev) > 0);
	lab_fini(&lab);
}

static struct holm_route to_all6(const char *gateway, struct holm_dev *dev)
{
	struct holm_route r = {
		.dst = holm_addr_any6(),
		.gateway = lab6_text(gateway),
		.dev = dev,
	};

	return r;
}

/* RFC 4007 section 6: every link has its own fe80::2. */
static void a_link_local_gateway_is_one_of_a_device(void **state)
{
	const struct holm_addr remote = lab6_text("2001:db8:1::9");
	struct holm_route r, got;
	struct ip_dst *dst;
	struct lab lab;

	(void)state;
	lab6_init(&lab, NULL);
	r = to_all6("fe80::2", NULL);
	assert_int_equal(holm_route_add(lab.net, &r), -HOLM_EINVAL);
	r = to_all6("fe80::1", &lab.dev);
	assert_int_equal(holm_route_add(lab.net, &r), -HOLM_EINVAL);
	assert_int_equal(ip_dst_get(lab.net, &remote, NULL, &dst), -HOLM_ENETUNREACH);
	r = to_all6("fe80::2", &lab.dev);
	assert_int_equal(holm_route_add(lab.net, &r), 0);
	assert_int_equal(ip_dst_get(lab.net, &remote, NULL, &dst), 0);
	assert_true(holm_addr_equal(&dst->neigh->addr, &r.gateway));
	ip_dst_put(lab.net, dst);
	/* A gateway of the wide world is found. */
	r = to_all6("2001:db8::2", NULL);
	assert_int_equal(holm_route_add(lab.net, &r), 0);
	for (size_t i = 0; holm_route_get(lab.net, i, &got); i++)
		if (holm_addr_equal(&got.gateway, &r.gateway))
			assert_ptr_equal(got.dev, &lab.dev);
	r = to_all6("ff02::2", &lab.dev);
	assert_int_equal(holm_route_add(lab.net, &r), -HOLM_EINVAL);
	r = to_all6("2001:db8:7::2", NULL);
	assert_int_equal(holm_route_add(lab.net, &r), -HOLM_ENETUNREACH);
	lab_fini(&lab);
}

static void prefixes_of_ipv6_are_compared_by_their_bits(void **state)
{
	static const struct {
		const char *remote;
		unsigned host;
	} cases[] = {
		{ "2001:db8:1::9", 3 }, { "2001:db8:1:8000::9", 4 }, { "2001:db8:1:c000::9", 4 },
		{ "2001:db8:2::9", 2 }, { "2001:db8:1:7fff::9", 3 },
	};
	struct holm_route r;
	struct lab lab;

	(void)state;
	lab6_init(&lab, NULL);
	r = to_all6("2001:db8::2", NULL);
	assert_int_equal(holm_route_add(lab.net, &r), 0);
	r = to_all6("2001:db8::3", NULL);
	r.dst = lab6_text("2001:db8:1::");
	r.prefix_len = 48;
	assert_int_equal(holm_route_add(lab.net, &r), 0);
	r = to_all6("2001:db8::4", NULL);
	r.dst = lab6_text("2001:db8:1:ffff::");
	r.prefix_len = 49;
	assert_int_equal(holm_route_add(lab.net, &r), 0);
	r.prefix_len = 129;
	assert_int_equal(holm_route_add(lab.net, &r), -HOLM_EINVAL);
	r = to_all6("2001:db8::4", NULL);
	r.dst = holm_addr_ip4(0, 0, 0, 0);
	assert_int_equal(holm_route_add(lab.net, &r), -HOLM_EAFNOSUPPORT);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct holm_addr remote = lab6_text(cases[i].remote);
		const struct ip_route *found = ip_route_lookup(lab.net, &remote, NULL);

		assert_non_null(found);
		assert_int_equal(found->gateway.b[15], cases[i].host);
	}
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_prefix_wins_then_the_smallest_metric),
		cmocka_unit_test(a_mark_finds_its_routes_first),
		cmocka_unit_test(who_wants_no_gateway_reaches_neighbours_only),
		cmocka_unit_test(a_route_is_there_once_and_can_be_removed),
		cmocka_unit_test(a_route_by_what_is_our_own_address_now_can_be_removed),
		cmocka_unit_test(a_route_can_be_removed_when_the_way_to_its_gateway_has_gone),
		cmocka_unit_test(who_goes_somewhere_hears_of_a_better_route),
		cmocka_unit_test(host_bits_of_a_prefix_are_cleared),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(the_table_is_bounded),
		cmocka_unit_test(routes_go_with_their_device),
		cmocka_unit_test(a_link_local_gateway_is_one_of_a_device),
		cmocka_unit_test(prefixes_of_ipv6_are_compared_by_their_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
