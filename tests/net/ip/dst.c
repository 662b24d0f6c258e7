/*
 * Tests of destinations: net/ip/dst.c.
 */
#include "net/ip/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/link/neigh.h"
#include "tests/support/expect.h"
#include "tests/support/lab6.h"

static const struct holm_proto *const protos[] = { &holm_arp, &holm_ipv4, HOLM_IP_PARTS, &holm_udp,
						   NULL };
static const struct lab_options plain = { .protos = protos };

static struct ip_dst *get(struct lab *lab, struct holm_addr addr)
{
	struct ip_dst *dst;

	assert_int_equal(ip_dst_get(lab->net, &addr, NULL, &dst), 0);
	return dst;
}

static void those_who_go_to_the_same_place_share_a_destination(void **state)
{
	struct lab lab;
	struct ip_dst *a, *b, *c, *d;
	struct holm_addr second = lab_addr(2), src = lab_addr(1);

	(void)state;
	lab_init(&lab, &plain);
	a = get(&lab, second);
	b = get(&lab, second);
	c = get(&lab, lab_addr(3));
	assert_int_equal(ip_dst_get(lab.net, &second, &lab.dev, &d), 0);
	assert_ptr_equal(a, b);
	assert_true(a != c);
	assert_true(a != d);
	assert_int_equal(a->refs, 2);
	assert_int_equal(a->mtu, 1500);
	assert_true(holm_addr_equal(&a->src, &src));
	assert_int_equal(ip_dst_headroom(a), 34);
	assert_int_equal(ip_dst_payload_max(a), 1480);
	ip_dst_put(lab.net, a);
	ip_dst_put(lab.net, b);
	ip_dst_put(lab.net, c);
	ip_dst_put(lab.net, d);
	lab_fini(&lab);
}

static void a_look_at_a_destination_holds_it_no_longer_than_to_the_next(void **state)
{
	const struct ip_via any = { 0 };
	const struct holm_addr second = lab_addr(2), third = lab_addr(3),
			       nowhere = holm_addr_any6();
	struct ip_dst *dst, *held;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	assert_null(ip_dst_peek(lab.net, &nowhere, &any));
	dst = ip_dst_peek(lab.net, &second, &any);
	assert_non_null(dst);
	assert_int_equal(dst->refs, 0);
	assert_int_equal(dst->neigh->refs, 1);
	/* Again, and as the one who holds it has it. */
	assert_ptr_equal(ip_dst_peek(lab.net, &second, &any), dst);
	held = get(&lab, second);
	assert_ptr_equal(held, dst);
	assert_ptr_equal(ip_dst_peek(lab.net, &second, &any), dst);
	assert_int_equal(dst->refs, 1);
	ip_dst_put(lab.net, held);
	assert_non_null(ip_dst_peek(lab.net, &third, &any)->neigh);
	assert_null(dst->neigh);
	assert_non_null(ip_dst_peek(lab.net, &second, &any)->neigh);
	lab_fini(&lab);
}

static void without_a_route_there_is_no_destination(void **state)
{
	struct lab_options options = { .protos = protos, .no_address = true };
	struct lab lab;
	struct holm_addr there = holm_addr_ip4(20, 0, 0, 1), any = holm_addr_ip4(0, 0, 0, 0);
	struct holm_addr six = holm_addr_any6();
	struct ip_dst *dst;

	(void)state;
	lab_init(&lab, &options);
	assert_int_equal(ip_dst_get(lab.net, &there, NULL, &dst), -HOLM_ENETUNREACH);
	assert_int_equal(ip_dst_get(lab.net, &any, NULL, &dst), -HOLM_ENETUNREACH);
	assert_int_equal(ip_dst_get(lab.net, &six, NULL, &dst), -HOLM_EAFNOSUPPORT);
	assert_int_equal(table_nodes(&lab.net->ip->dsts), 0);
	lab_fini(&lab);
}

/* Of those that end alike one is remembered, and only as long as it is there. */
static void remotes_that_end_alike_are_told_apart_and_what_is_gone_is_forgotten(void **state)
{
	const struct holm_addr near = lab_addr(2), far = holm_addr_ip4(192, 0, 2, 2);
	struct ip_dst *dst, *other;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	dst = get(&lab, near);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ip_dst_get(lab.net, &far, NULL, &other), -HOLM_ENETUNREACH);
		assert_int_equal(table_nodes(&lab.net->ip->dsts), 1);
		assert_null(lab.net->ip->recent_dsts[far.b[15] % IP_DSTS_RECENT]);
	}
	assert_ptr_equal(get(&lab, near), dst);
	assert_int_equal(dst->refs, 2);
	ip_dst_put(lab.net, dst);
	ip_dst_put(lab.net, dst);
	lab_fini(&lab);
}

static void own_and_loopback_addresses_lead_to_the_loopback(void **state)
{
	struct lab lab;
	struct holm_addr own[] = { lab_addr(1), holm_addr_ip4(127, 0, 0, 1),
				   holm_addr_ip4(127, 9, 9, 9) };
	struct holm_addr from[] = { own[0], own[1], own[1] };

	(void)state;
	lab_init(&lab, &plain);
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		struct ip_dst *dst = get(&lab, own[i]);

		assert_ptr_equal(dst->netif, lab.net->netifs[0]);
		assert_true(holm_addr_equal(&dst->src, &from[i]));
		assert_int_equal(dst->mtu, 65535);
		assert_int_equal(ip_dst_headroom(dst), 20);
		ip_dst_put(lab.net, dst);
	}
	lab_fini(&lab);
}

static void broadcasts_need_no_neighbour_and_no_address(void **state)
{
	struct lab_options options = { .protos = protos, .no_address = true };
	struct holm_addr self = lab_addr(1);
	struct lab lab;
	struct ip_dst *dst;

	(void)state;
	lab_init(&lab, &options);
	dst = get(&lab, holm_addr_ip4(255, 255, 255, 255));
	assert_true(dst->broadcast);
	assert_null(dst->neigh);
	assert_true(holm_addr_is_any(&dst->src));
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &self, 24), 0);
	assert_true(ip_dst_check(lab.net, dst));
	assert_true(holm_addr_equal(&dst->src, &self));
	ip_dst_put(lab.net, dst);
	dst = get(&lab, holm_addr_ip4(10, 0, 0, 255));
	assert_true(dst->broadcast);
	ip_dst_put(lab.net, dst);
	dst = get(&lab, holm_addr_ip4(239, 0, 0, 1));
	assert_false(dst->broadcast);
	assert_true(dst->multicast);
	ip_dst_put(lab.net, dst);
	lab_fini(&lab);
}

static void a_change_of_routes_is_noticed_at_the_next_check(void **state)
{
	struct lab lab;
	struct ip_dst *dst;
	struct holm_route r = { .dst = holm_addr_ip4(0, 0, 0, 0), .gateway = lab_addr(2) };
	struct holm_addr second = lab_addr(2), third = lab_addr(3);

	(void)state;
	lab_init(&lab, &plain);
	assert_int_equal(holm_route_add(lab.net, &r), 0);
	dst = get(&lab, holm_addr_ip4(20, 0, 0, 1));
	assert_true(holm_addr_equal(&dst->neigh->addr, &second));
	assert_int_equal(holm_route_del(lab.net, &r), 0);
	assert_false(ip_dst_check(lab.net, dst));
	assert_null(dst->netif);
	r.gateway = third;
	assert_int_equal(holm_route_add(lab.net, &r), 0);
	assert_true(ip_dst_check(lab.net, dst));
	assert_true(holm_addr_equal(&dst->neigh->addr, &third));
	ip_dst_put(lab.net, dst);
	lab_fini(&lab);
}

/* RFC 1122 section 3.3.4.3: the router there answers for addresses of its own network. */
static void the_source_of_what_leaves_by_a_router_is_on_its_network(void **state)
{
	const struct holm_addr own = holm_addr_ip4(192, 168, 7, 1);
	struct holm_route all = { .dst = holm_addr_ip4(0, 0, 0, 0),
				  .gateway = holm_addr_ip4(192, 168, 7, 2) };
	struct holm_addr near = lab_addr(1);
	struct ip_dst *dst;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &own, 24), 0);
	assert_int_equal(holm_route_add(lab.net, &all), 0);
	/* In bits it is nearer to 10.0.0.1. */
	dst = get(&lab, holm_addr_ip4(8, 8, 8, 8));
	assert_true(holm_addr_equal(&dst->src, &own));
	ip_dst_put(lab.net, dst);
	dst = get(&lab, lab_addr(9));
	assert_true(holm_addr_equal(&dst->src, &near));
	ip_dst_put(lab.net, dst);
	lab_fini(&lab);
}

static void what_has_no_way_any_more_is_a_counted_drop(void **state)
{
	const struct holm_addr self = lab_addr(1);
	const struct ip_tx tx = { .src = &self, .dst = &self, .proto = 200, .ttl = 64 };
	struct holm_frame *f;
	struct ip_dst *dst;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	dst = get(&lab, lab_addr(2));
	assert_int_equal(holm_addr_del(lab.net, &lab.dev, &self), 0);
	f = holm_frame_alloc(holm_net_pool(lab.net), HOLM_FRAME_HEADROOM, false);
	assert_non_null(f);
	memset(holm_frame_put(f, 20), 0, 20);
	ip_output(lab.net, dst, f, &tx);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP_NO_ROUTE), 1);
	lab_poll(&lab);
	assert_true(lab_frames_are_home(&lab));
	ip_dst_put(lab.net, dst);
	lab_fini(&lab);
}

static void an_address_that_goes_takes_the_way_with_it(void **state)
{
	struct lab lab;
	struct holm_addr self = lab_addr(1);
	struct ip_dst *dst;

	(void)state;
	lab_init(&lab, &plain);
	dst = get(&lab, lab_addr(2));
	assert_int_equal(holm_addr_del(lab.net, &lab.dev, &self), 0);
	assert_false(ip_dst_check(lab.net, dst));
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &self, 24), 0);
	assert_true(ip_dst_check(lab.net, dst));
	ip_dst_put(lab.net, dst);
	lab_fini(&lab);
}

static void a_destination_bound_to_a_device_that_goes_leads_nowhere_for_ever(void **state)
{
	struct lab lab;
	struct holm_addr second = lab_addr(2), self = lab_addr(1);
	struct ip_dst *dst, *again;

	(void)state;
	lab_init(&lab, &plain);
	assert_int_equal(ip_dst_get(lab.net, &second, &lab.dev, &dst), 0);
	holm_net_remove_dev(lab.net, &lab.dev);
	assert_false(ip_dst_check(lab.net, dst));
	assert_int_equal(ip_dst_get(lab.net, &second, &lab.dev, &again), -HOLM_ENETUNREACH);
	assert_true(holm_net_add_dev(lab.net, &lab.dev) > 0);
	assert_false(ip_dst_check(lab.net, dst));
	/* Who binds to the device that is there now has another one. */
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &self, 24), 0);
	assert_false(ip_dst_check(lab.net, dst));
	assert_int_equal(ip_dst_get(lab.net, &second, &lab.dev, &again), 0);
	assert_ptr_not_equal(again, dst);
	assert_true(ip_dst_check(lab.net, again));
	ip_dst_put(lab.net, again);
	ip_dst_put(lab.net, dst);
	lab_fini(&lab);
}

static void unused_destinations_are_recycled_and_used_ones_never(void **state)
{
	struct holm_config config;
	struct lab_options options = { .protos = protos, .config = &config };
	struct lab lab;
	struct ip_dst *held[4], *dst;
	struct holm_addr addr;

	(void)state;
	holm_config_default(&config);
	config.dsts_max = 4;
	lab_init(&lab, &options);
	for (unsigned i = 0; i < 100; i++)
		ip_dst_put(lab.net, get(&lab, lab_addr(10 + i)));
	assert_int_equal(table_nodes(&lab.net->ip->dsts), 4);
	for (unsigned i = 0; i < 4; i++)
		held[i] = get(&lab, lab_addr(150 + i));
	addr = lab_addr(160);
	assert_int_equal(ip_dst_get(lab.net, &addr, NULL, &dst), -HOLM_ENOBUFS);
	ip_dst_put(lab.net, held[2]);
	held[2] = get(&lab, addr);
	for (unsigned i = 0; i < 4; i++)
		ip_dst_put(lab.net, held[i]);
	lab_fini(&lab);
}

static void an_unused_destination_lets_its_neighbour_go_but_keeps_the_path_mtu(void **state)
{
	struct lab lab;
	struct ip_dst *dst;

	(void)state;
	lab_init(&lab, &plain);
	dst = get(&lab, lab_addr(2));
	assert_true(ip_dst_lower_mtu(lab.net, dst, 1280));
	assert_int_equal(dst->neigh->refs, 1);
	ip_dst_put(lab.net, dst);
	assert_non_null(dst->neigh);
	assert_ptr_equal(get(&lab, lab_addr(2)), dst);
	assert_int_equal(dst->neigh->refs, 1);
	ip_dst_put(lab.net, dst);
	ip_dst_put(lab.net, get(&lab, lab_addr(3)));
	assert_null(dst->neigh);
	dst = get(&lab, lab_addr(2));
	assert_non_null(dst->neigh);
	assert_int_equal(dst->mtu, 1280);
	ip_dst_put(lab.net, dst);
	lab_fini(&lab);
}

static void an_unused_destination_finds_its_neighbour_again_or_another_if_that_has_gone(
	void **state)
{
	struct lab lab;
	struct ip_dst *dst;
	struct neigh *first;

	(void)state;
	lab_init(&lab, &plain);
	dst = get(&lab, lab_addr(2));
	first = dst->neigh;
	ip_dst_put(lab.net, dst);
	ip_dst_put(lab.net, get(&lab, lab_addr(3)));
	assert_int_equal(first->refs, 0);
	dst = get(&lab, lab_addr(2));
	assert_ptr_equal(dst->neigh, first);
	assert_int_equal(first->refs, 1);
	ip_dst_put(lab.net, dst);
	ip_dst_put(lab.net, get(&lab, lab_addr(3)));
	/* Gone while nobody held it. */
	neigh_flush(lab.net, lab.dev.netif);
	dst = get(&lab, lab_addr(2));
	assert_int_equal(dst->neigh->refs, 1);
	assert_ptr_equal(neigh_find(lab.net, lab.dev.netif, &dst->remote), dst->neigh);
	/* Gone while it was held. */
	neigh_flush(lab.net, lab.dev.netif);
	assert_int_equal(dst->neigh->state, NEIGH_DEAD);
	ip_dst_put(lab.net, dst);
	dst = get(&lab, lab_addr(2));
	assert_int_not_equal(dst->neigh->state, NEIGH_DEAD);
	ip_dst_put(lab.net, dst);
	lab_fini(&lab);
}

static void a_path_mtu_only_falls_not_below_the_floor_and_is_forgotten_in_time(void **state)
{
	struct lab lab;
	struct ip_dst *dst;

	(void)state;
	lab_init(&lab, &plain);
	dst = get(&lab, lab_addr(2));
	assert_false(ip_dst_lower_mtu(lab.net, dst, 1500));
	assert_false(ip_dst_lower_mtu(lab.net, dst, 9000));
	assert_true(ip_dst_lower_mtu(lab.net, dst, 0));
	assert_int_equal(dst->mtu, 1492);
	assert_true(ip_dst_lower_mtu(lab.net, dst, 0));
	assert_int_equal(dst->mtu, 1006);
	assert_true(ip_dst_lower_mtu(lab.net, dst, 1000));
	assert_false(ip_dst_lower_mtu(lab.net, dst, 1001));
	assert_true(ip_dst_lower_mtu(lab.net, dst, 68));
	assert_int_equal(dst->mtu, IP_PMTU_MIN);
	assert_false(ip_dst_lower_mtu(lab.net, dst, 0));
	lab_run(&lab, 599 * LAB_S);
	assert_int_equal(dst->mtu, IP_PMTU_MIN);
	lab_run(&lab, 2 * LAB_S);
	assert_int_equal(dst->mtu, 1500);
	ip_dst_put(lab.net, dst);
	lab_fini(&lab);
}

static void any_order_of_taking_and_giving_back_leaves_the_books_in_order(void **state)
{
	uint64_t seed = expect_seed(11);
	struct holm_config config;
	struct lab_options options = { .protos = protos, .config = &config };
	struct ip_dst *held[32] = { NULL };
	struct holm_addr self = lab_addr(1);
	struct lab lab;

	(void)state;
	holm_config_default(&config);
	config.dsts_max = 24;
	config.neighbours_max = 16;
	lab_init(&lab, &options);
	for (int i = 0; i < 20000; i++) {
		size_t k = expect_random_below(&seed, 32);
		struct holm_addr addr = lab_addr(2 + (unsigned)expect_random_below(&seed, 40));

		if (expect_random_below(&seed, 100) == 0) {
			holm_addr_del(lab.net, &lab.dev, &self);
			if (expect_random_below(&seed, 2))
				holm_addr_add(lab.net, &lab.dev, &self, 24);
		} else if (held[k]) {
			ip_dst_put(lab.net, held[k]);
			held[k] = NULL;
		} else if (ip_dst_get(lab.net, &addr, NULL, &held[k]) != 0) {
			held[k] = NULL;
			holm_addr_add(lab.net, &lab.dev, &self, 24);
		}
		if (held[k])
			ip_dst_check(lab.net, held[k]);
		lab_poll(&lab);
		lab_clear(&lab);
	}
	for (size_t k = 0; k < 32; k++)
		if (held[k])
			ip_dst_put(lab.net, held[k]);
	lab_fini(&lab);
}

static void a_link_local_destination_is_one_of_a_device(void **state)
{
	const struct holm_addr two = lab6_link(2), one = lab6_link(1);
	struct holm_addr group = ip6_all_nodes();
	struct ip_dst *dst;
	struct lab lab;

	(void)state;
	lab6_init(&lab, NULL);
	assert_int_equal(ip_dst_get(lab.net, &two, NULL, &dst), -HOLM_EINVAL);
	assert_int_equal(ip_dst_get(lab.net, &one, NULL, &dst), -HOLM_EINVAL);
	assert_int_equal(ip_dst_get(lab.net, &two, &lab.dev, &dst), 0);
	assert_true(holm_addr_equal(&dst->src, &one));
	assert_ptr_equal(dst->netif, lab.dev.netif);
	ip_dst_put(lab.net, dst);
	assert_int_equal(ip_dst_get(lab.net, &one, &lab.dev, &dst), 0);
	assert_ptr_equal(dst->netif, lab.net->netifs[0]);
	ip_dst_put(lab.net, dst);
	/* A group of the link goes out by the device that is named, from its own address there. */
	assert_int_equal(ip_dst_get(lab.net, &group, &lab.dev, &dst), 0);
	assert_true(dst->multicast);
	assert_null(dst->neigh);
	assert_true(holm_addr_equal(&dst->src, &one));
	ip_dst_put(lab.net, dst);
	lab_fini(&lab);
}

/* RFC 8200 section 5, RFC 8201 section 4. */
static void no_path_of_ipv6_is_narrower_than_1280(void **state)
{
	struct ip_dst *dst;
	struct lab lab;

	(void)state;
	lab6_init(&lab, NULL);
	dst = get(&lab, lab6_addr(2));
	assert_int_equal(dst->mtu, 1500);
	assert_int_equal(ip_dst_payload_max(dst), 1460);
	assert_int_equal(ip_dst_headroom(dst), 54);
	assert_true(ip_dst_lower_mtu(lab.net, dst, 1400));
	assert_int_equal(dst->mtu, 1400);
	assert_false(ip_dst_lower_mtu(lab.net, dst, 1500));
	assert_true(ip_dst_lower_mtu(lab.net, dst, 600));
	assert_int_equal(dst->mtu, 1280);
	assert_false(ip_dst_lower_mtu(lab.net, dst, 68));
	/* Learned for a while only. */
	lab_run(&lab, IP_PMTU_AGE_NS + LAB_S);
	assert_int_equal(dst->mtu, 1500);
	ip_dst_put(lab.net, dst);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_who_go_to_the_same_place_share_a_destination),
		cmocka_unit_test(a_look_at_a_destination_holds_it_no_longer_than_to_the_next),
		cmocka_unit_test(without_a_route_there_is_no_destination),
		cmocka_unit_test(
			remotes_that_end_alike_are_told_apart_and_what_is_gone_is_forgotten),
		cmocka_unit_test(own_and_loopback_addresses_lead_to_the_loopback),
		cmocka_unit_test(broadcasts_need_no_neighbour_and_no_address),
		cmocka_unit_test(a_change_of_routes_is_noticed_at_the_next_check),
		cmocka_unit_test(the_source_of_what_leaves_by_a_router_is_on_its_network),
		cmocka_unit_test(what_has_no_way_any_more_is_a_counted_drop),
		cmocka_unit_test(an_address_that_goes_takes_the_way_with_it),
		cmocka_unit_test(a_destination_bound_to_a_device_that_goes_leads_nowhere_for_ever),
		cmocka_unit_test(unused_destinations_are_recycled_and_used_ones_never),
		cmocka_unit_test(
			an_unused_destination_lets_its_neighbour_go_but_keeps_the_path_mtu),
		cmocka_unit_test(
			an_unused_destination_finds_its_neighbour_again_or_another_if_that_has_gone),
		cmocka_unit_test(
			a_path_mtu_only_falls_not_below_the_floor_and_is_forgotten_in_time),
		cmocka_unit_test(any_order_of_taking_and_giving_back_leaves_the_books_in_order),
		cmocka_unit_test(a_link_local_destination_is_one_of_a_device),
		cmocka_unit_test(no_path_of_ipv6_is_narrower_than_1280),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
