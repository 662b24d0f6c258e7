/*
 * Tests of router discovery: net/ip/router.c, and of what it tells programs (net/ip/told.c).
 */
#include "net/ip/nd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/ip/state.h"
#include "net/link/neigh.h"
#include "tests/support/nd_lab.h"

#define FAR "2001:db8:ffff::1"

/* Host `from` says that it is a router for so long. */
static void hear_router(struct lab *lab, unsigned from, uint16_t lifetime_s)
{
	struct nd_lab_router r;

	nd_lab_router_begin(&r, from, lifetime_s);
	nd_lab_router_hear(lab, from, &r);
}

static void hear_router_of(struct lab *lab, unsigned from, uint8_t flags)
{
	struct nd_lab_router r;

	nd_lab_router_begin(&r, from, 1800);
	r.p[5] = flags;
	nd_lab_router_hear(lab, from, &r);
}

/* The default routers, best first, as a number with a digit for each: 23 is host 2, then host 3. */
static unsigned routers(struct lab *lab)
{
	uint32_t metrics[ND_ROUTERS_MAX + 1] = { 0 };
	unsigned hosts[ND_ROUTERS_MAX + 1] = { 0 }, all = 0;
	struct holm_route route;
	size_t n = 0;

	for (size_t i = 0; holm_route_get(lab->net, i, &route); i++) {
		size_t at = n;

		if (route.prefix_len != 0 || holm_addr_is_ip4(&route.dst))
			continue;
		assert_in_range(++n, 1, ND_ROUTERS_MAX);
		for (; at > 0 && metrics[at - 1] > route.metric; at--) {
			metrics[at] = metrics[at - 1];
			hosts[at] = hosts[at - 1];
		}
		metrics[at] = route.metric;
		hosts[at] = route.gateway.b[15];
		assert_true(ip6_is_link_local(&route.gateway));
	}
	for (size_t i = 0; i < n; i++)
		all = all * 10 + hosts[i];
	return all;
}

/* Whose hardware address the last UDP packet went to; 0: none left. */
static unsigned last_went_to(const struct lab *lab)
{
	for (size_t i = lab->nsent; i > 0; i--)
		if (lab->sent[i - 1].data[ETH_HDR_BYTES + 6] == IP6_PROTO_UDP)
			return lab->sent[i - 1].data[5];
	return 0;
}

/* With an address that packets to FAR can come from. */
static void begin_global(struct lab *lab)
{
	const struct holm_addr own = nd_lab_addr("2001:db8::5");

	nd_lab_init(lab);
	assert_int_equal(holm_addr_add(lab->net, &lab->dev, &own, 64), 0);
	lab_run(lab, 60 * LAB_S);
	lab_clear(lab);
}

/* ---- Looking for them. */

static void routers_are_looked_for_ever_more_rarely(void **state)
{
	const struct holm_addr all = ip6_all_routers();
	const struct holm_mac own = lab_mac(1);
	struct nd_lab_sent one, next;
	uint64_t wait_s = 4;
	struct lab lab;

	(void)state;
	nd_lab_begin(&lab, nd_lab_protos, NULL);
	lab_run(&lab, 4 * 3600 * LAB_S);
	assert_true(nd_lab_sent(&lab, ND_ROUTER_SOLICIT, 0, &one));
	assert_true(holm_addr_equal(&one.dst, &all));
	assert_true(ip6_is_link_local(&one.src));
	assert_int_equal(one.hop_limit, 255);
	assert_memory_equal(&one.nd.source_mac, &own, sizeof(own));
	/* RFC 7559 section 2: from four seconds to an hour, each twice the one before, a tenth off. */
	for (size_t i = 1; nd_lab_sent(&lab, ND_ROUTER_SOLICIT, i, &next); i++) {
		assert_in_range(next.at_ns - one.at_ns, wait_s * LAB_S * 9 / 10,
				wait_s * LAB_S * 11 / 10 + LAB_S / 10);
		wait_s = wait_s * 2 > 3600 ? 3600 : wait_s * 2;
		one = next;
	}
	assert_int_equal(wait_s, 3600);
	lab_fini(&lab);
}

static void once_a_router_is_found_nobody_is_asked(void **state)
{
	struct lab lab;

	(void)state;
	nd_lab_begin(&lab, nd_lab_protos, NULL);
	lab_run(&lab, 3 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, ND_ROUTER_SOLICIT), 1);
	hear_router(&lab, 2, 9000);
	lab_run(&lab, 3600 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, ND_ROUTER_SOLICIT), 1);
	lab_fini(&lab);
}

static void one_who_is_no_default_router_does_not_end_the_search(void **state)
{
	struct lab lab;

	(void)state;
	nd_lab_begin(&lab, nd_lab_protos, NULL);
	lab_run(&lab, 3 * LAB_S);
	hear_router(&lab, 2, 0);
	lab_run(&lab, 5 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, ND_ROUTER_SOLICIT), 2);
	assert_int_equal(routers(&lab), 0);
	lab_fini(&lab);
}

/* ---- Having them. */

static void a_router_is_a_default_route_until_its_time_is_over(void **state)
{
	const struct holm_addr far = nd_lab_addr(FAR);
	struct lab lab;

	(void)state;
	begin_global(&lab);
	assert_int_not_equal(nd_lab_send(&lab, &far), 0);
	hear_router(&lab, 2, 100);
	assert_int_equal(routers(&lab), 2);
	assert_int_equal(nd_lab_send(&lab, &far), 0);
	assert_int_equal(last_went_to(&lab), 2);
	lab_run(&lab, 99 * LAB_S);
	assert_int_equal(routers(&lab), 2);
	lab_run(&lab, 2 * LAB_S);
	assert_int_equal(routers(&lab), 0);
	assert_int_not_equal(nd_lab_send(&lab, &far), 0);
	/* And another is looked for. */
	lab_run(&lab, LAB_S);
	assert_int_equal(nd_lab_count(&lab, ND_ROUTER_SOLICIT), 1);
	lab_fini(&lab);
}

static void a_router_that_goes_on_speaking_stays(void **state)
{
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	for (int i = 0; i < 20; i++) {
		hear_router(&lab, 2, 100);
		assert_int_equal(routers(&lab), 2);
		lab_run(&lab, 90 * LAB_S);
	}
	assert_int_equal(routers(&lab), 2);
	lab_fini(&lab);
}

static void a_lifetime_of_nothing_takes_a_router_back(void **state)
{
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	hear_router(&lab, 2, 1800);
	hear_router(&lab, 3, 1800);
	hear_router(&lab, 2, 0);
	assert_int_equal(routers(&lab), 3);
	lab_fini(&lab);
}

static void a_router_that_says_it_is_none_any_more_goes(void **state)
{
	const struct holm_mac mac = lab_mac(2);
	struct holm_addr self;
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	self = nd_lab_self(&lab);
	hear_router(&lab, 2, 1800);
	nd_lab_hear_advert(&lab, 2, &self, ND_SOLICITED | ND_ROUTER | ND_OVERRIDE, &mac);
	assert_int_equal(routers(&lab), 2);
	nd_lab_hear_advert(&lab, 2, &self, ND_SOLICITED | ND_OVERRIDE, &mac);
	assert_int_equal(routers(&lab), 0);
	lab_fini(&lab);
}

static void preferences_order_routers_and_may_change(void **state)
{
	const struct holm_addr far = nd_lab_addr(FAR);
	struct lab lab;

	(void)state;
	begin_global(&lab);
	hear_router_of(&lab, 2, 0x18); /* low */
	hear_router_of(&lab, 3, 0);
	hear_router_of(&lab, 4, 0x08); /* high */
	assert_int_equal(routers(&lab), 432);
	assert_int_equal(nd_lab_send(&lab, &far), 0);
	assert_int_equal(last_went_to(&lab), 4);
	hear_router_of(&lab, 4, 0x18);
	hear_router_of(&lab, 2, 0x08);
	assert_int_equal(routers(&lab) / 100, 2);
	assert_int_equal(nd_lab_send(&lab, &far), 0);
	assert_int_equal(last_went_to(&lab), 2);
	lab_fini(&lab);
}

static void a_router_that_does_not_answer_comes_behind_one_that_may(void **state)
{
	const struct holm_addr far = nd_lab_addr(FAR);
	const struct holm_mac mac = lab_mac(2);
	struct holm_addr self;
	struct lab lab;

	(void)state;
	begin_global(&lab);
	self = nd_lab_self(&lab);
	hear_router_of(&lab, 2, 0x08);
	hear_router_of(&lab, 3, 0);
	assert_int_equal(routers(&lab), 23);
	assert_int_equal(nd_lab_send(&lab, &far), 0);
	lab_run(&lab, 20 * LAB_S);
	assert_int_equal(routers(&lab), 32);
	assert_int_equal(nd_lab_send(&lab, &far), 0);
	assert_int_equal(last_went_to(&lab), 3);
	/* It is heard of again: by an advertisement, its own this time. */
	hear_router_of(&lab, 2, 0x08);
	assert_int_equal(routers(&lab), 23);
	nd_lab_hear_advert(&lab, 2, &self, ND_SOLICITED | ND_ROUTER, &mac);
	assert_int_equal(routers(&lab), 23);
	lab_fini(&lab);
}

static void more_routers_than_are_kept_are_counted_and_forgotten(void **state)
{
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	for (unsigned from = 2; from < 200; from++)
		hear_router(&lab, from, 1800);
	assert_int_equal(routers(&lab), 2345);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_FULL), 194);
	lab_fini(&lab);
}

static void a_router_speaks_for_its_own_link_only(void **state)
{
	struct nd_lab_router r;
	struct nd_lab_packet packet = { .from = 2, .src = nd_lab_addr("2001:db8::2") };
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	nd_lab_router_begin(&r, 2, 1800);
	packet.message = r.p;
	packet.len = r.len;
	nd_lab_hear(&lab, &packet);
	assert_int_equal(routers(&lab), 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_SOURCE), 1);
	lab_fini(&lab);
}

static void a_host_that_takes_nothing_from_routers_asks_and_hears_none(void **state)
{
	struct holm_config config;
	struct lab lab;

	(void)state;
	holm_config_default(&config);
	config.nd_accept_routers = 0;
	nd_lab_begin(&lab, nd_lab_protos, &config);
	lab_run(&lab, 60 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, ND_ROUTER_SOLICIT), 0);
	hear_router(&lab, 2, 1800);
	assert_int_equal(routers(&lab), 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_NOT_OURS), 1);
	lab_fini(&lab);
}

static void a_route_that_a_program_took_away_comes_back_with_the_next_word(void **state)
{
	struct holm_route route;
	size_t i = 0;
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	hear_router(&lab, 2, 1800);
	while (holm_route_get(lab.net, i, &route) && route.prefix_len != 0)
		i++;
	assert_int_equal(holm_route_del(lab.net, &route), 0);
	assert_int_equal(routers(&lab), 0);
	hear_router(&lab, 2, 1800);
	assert_int_equal(routers(&lab), 2);
	lab_fini(&lab);
}

/* ---- What else they say. */

static void hear_mtu(struct lab *lab, uint32_t mtu)
{
	struct nd_lab_router r;

	nd_lab_router_begin(&r, 2, 1800);
	nd_lab_router_mtu(&r, mtu);
	nd_lab_router_hear(lab, 2, &r);
}

static void the_mtu_is_the_routers_where_the_link_has_it(void **state)
{
	const struct holm_addr far = nd_lab_addr(FAR), other = nd_lab_addr("2001:db8:ffff::2");
	struct ip_dst *dst;
	struct lab lab;

	(void)state;
	begin_global(&lab);
	hear_mtu(&lab, 1400);
	assert_int_equal(ip_dst_get(lab.net, &far, NULL, &dst), 0);
	assert_int_equal(dst->mtu, 1400);
	ip_dst_put(lab.net, dst);
	hear_mtu(&lab, 1279);
	hear_mtu(&lab, 1501);
	hear_mtu(&lab, 65536 + 1300);
	assert_int_equal(lab.dev.netif->mtu6, 1400);
	hear_mtu(&lab, 1500);
	assert_int_equal(ip_dst_get(lab.net, &other, NULL, &dst), 0);
	assert_int_equal(dst->mtu, 1500);
	ip_dst_put(lab.net, dst);
	lab_fini(&lab);
}

/* Host 2 gives these times, in ms, and answers at this moment. */
static void begin_times(struct lab *lab, uint32_t reachable_ms, uint32_t retrans_ms)
{
	const struct holm_mac mac = lab_mac(2);
	const struct holm_addr to = nd_lab_host(2);
	struct holm_addr self;
	struct nd_lab_router r;

	nd_lab_init(lab);
	self = nd_lab_self(lab);
	nd_lab_router_begin(&r, 2, 1800);
	store_be32(r.p + 8, reachable_ms);
	store_be32(r.p + 12, retrans_ms);
	nd_lab_router_hear(lab, 2, &r);
	assert_int_equal(nd_lab_send(lab, &to), 0);
	nd_lab_hear_advert(lab, 2, &self, ND_SOLICITED | ND_ROUTER, &mac);
}

static uint64_t reachable_for_ns(struct lab *lab)
{
	const struct holm_addr a = nd_lab_host(2);

	return neigh_find(lab->net, lab->dev.netif, &a)->fresh_until_ns - lab->now;
}

static void how_long_a_neighbour_is_believed_is_the_routers_to_say(void **state)
{
	struct lab lab;

	(void)state;
	begin_times(&lab, 200000, 0);
	assert_in_range(reachable_for_ns(&lab), 100 * LAB_S, 300 * LAB_S);
	lab_fini(&lab);
	/* Nothing said, and more than there may be: what it was. */
	begin_times(&lab, 0, 0);
	assert_in_range(reachable_for_ns(&lab), 15 * LAB_S, 45 * LAB_S);
	lab_fini(&lab);
	begin_times(&lab, 3600001, 0);
	assert_in_range(reachable_for_ns(&lab), 15 * LAB_S, 45 * LAB_S);
	lab_fini(&lab);
	/* So small that every packet would need a question. */
	begin_times(&lab, 1, 0);
	assert_in_range(reachable_for_ns(&lab), LAB_S / 2, LAB_S * 3 / 2);
	lab_fini(&lab);
}

/* How long after its first question about host 7 the second is asked. */
static uint64_t asked_again_after_ns(struct lab *lab)
{
	const struct holm_addr to = nd_lab_host(7);
	struct nd_lab_sent first, second;

	lab_clear(lab);
	assert_int_equal(nd_lab_send(lab, &to), 0);
	lab_run(lab, 60 * LAB_S);
	assert_true(nd_lab_sent(lab, ND_NEIGHBOUR_SOLICIT, 0, &first));
	assert_true(nd_lab_sent(lab, ND_NEIGHBOUR_SOLICIT, 1, &second));
	return second.at_ns - first.at_ns;
}

static void how_long_an_answer_is_waited_for_is_the_routers_to_say_within_reason(void **state)
{
	static const struct {
		uint32_t said_ms;
		uint64_t is_s;
	} rows[] = { { 0, 1 }, { 3000, 3 }, { 1, 1 }, { UINT32_MAX, 10 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct lab lab;

		begin_times(&lab, 0, rows[i].said_ms);
		assert_in_range(asked_again_after_ns(&lab), rows[i].is_s * LAB_S,
				rows[i].is_s * LAB_S + 200 * LAB_MS);
		lab_fini(&lab);
	}
}

static void programs_are_told_how_addresses_are_to_be_had(void **state)
{
	struct holm_router_info info;
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	assert_false(holm_router_told(lab.net, &lab.dev, &info));
	hear_router_of(&lab, 2, ND_MANAGED);
	assert_true(holm_router_told(lab.net, &lab.dev, &info));
	assert_true(info.managed);
	assert_false(info.other);
	assert_int_equal(info.hop_limit, 64);
	assert_int_equal(info.routers, 1);
	hear_router_of(&lab, 3, ND_OTHER);
	assert_true(holm_router_told(lab.net, &lab.dev, &info));
	assert_false(info.managed);
	assert_true(info.other);
	assert_int_equal(info.routers, 2);
	lab_fini(&lab);
}

/* ---- Name servers. */

static void hear_server(struct lab *lab, const char *server, uint32_t lifetime_s)
{
	struct nd_lab_router r;

	nd_lab_router_begin(&r, 2, 1800);
	nd_lab_router_server(&r, server, lifetime_s);
	nd_lab_router_hear(lab, 2, &r);
}

static bool server_is(struct lab *lab, size_t i, const char *text)
{
	const struct holm_addr a = nd_lab_addr(text);
	struct holm_endpoint server;

	if (!holm_router_server(lab->net, i, &server))
		return false;
	assert_int_equal(server.port, 53);
	assert_int_equal(server.scope, ip6_is_link_local(&a) ? lab->dev.netif->index : 0);
	return holm_addr_equal(&server.addr, &a);
}

static size_t count_servers(struct lab *lab)
{
	struct holm_endpoint server;
	size_t n = 0;

	while (holm_router_server(lab->net, n, &server))
		n++;
	return n;
}

static void name_servers_are_told_in_the_order_they_came_and_go_with_their_time(void **state)
{
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	hear_server(&lab, "2001:db8::53", 100);
	hear_server(&lab, "fe80::2", 50);
	hear_server(&lab, "2001:db8::54", ND_FOREVER);
	assert_int_equal(count_servers(&lab), 3);
	assert_true(server_is(&lab, 0, "2001:db8::53"));
	assert_true(server_is(&lab, 1, "fe80::2"));
	assert_true(server_is(&lab, 2, "2001:db8::54"));
	lab_run(&lab, 51 * LAB_S);
	assert_int_equal(count_servers(&lab), 2);
	assert_true(server_is(&lab, 1, "2001:db8::54"));
	hear_server(&lab, "2001:db8::53", 100);
	lab_run(&lab, 60 * LAB_S);
	assert_true(server_is(&lab, 0, "2001:db8::53"));
	hear_server(&lab, "2001:db8::53", 0);
	assert_int_equal(count_servers(&lab), 1);
	lab_run(&lab, 100000 * LAB_S);
	assert_true(server_is(&lab, 0, "2001:db8::54"));
	lab_fini(&lab);
}

static void name_servers_that_cannot_be_or_are_too_many_are_not_kept(void **state)
{
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	hear_server(&lab, "::", 100);
	hear_server(&lab, "ff02::1", 100);
	hear_server(&lab, "::ffff:10.0.0.1", 100);
	assert_int_equal(count_servers(&lab), 0);
	hear_server(&lab, "2001:db8::1", 100);
	hear_server(&lab, "2001:db8::2", 100);
	hear_server(&lab, "2001:db8::3", 100);
	hear_server(&lab, "2001:db8::4", 100);
	hear_server(&lab, "2001:db8::5", 100);
	assert_int_equal(count_servers(&lab), ND_SERVERS_MAX);
	assert_true(server_is(&lab, 3, "2001:db8::4"));
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_FULL), 1);
	lab_fini(&lab);
}

static void without_neighbour_discovery_nobody_has_said_anything(void **state)
{
	static const struct holm_proto *const plain[] = { &holm_ipv6, &holm_loopback, NULL };
	const struct lab_options options = { .protos = plain, .no_address = true };
	struct holm_router_info info;
	struct lab lab;

	(void)state;
	lab_init(&lab, &options);
	assert_false(holm_router_told(lab.net, &lab.dev, &info));
	assert_int_equal(count_servers(&lab), 0);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routers_are_looked_for_ever_more_rarely),
		cmocka_unit_test(once_a_router_is_found_nobody_is_asked),
		cmocka_unit_test(one_who_is_no_default_router_does_not_end_the_search),
		cmocka_unit_test(a_router_is_a_default_route_until_its_time_is_over),
		cmocka_unit_test(a_router_that_goes_on_speaking_stays),
		cmocka_unit_test(a_lifetime_of_nothing_takes_a_router_back),
		cmocka_unit_test(a_router_that_says_it_is_none_any_more_goes),
		cmocka_unit_test(preferences_order_routers_and_may_change),
		cmocka_unit_test(a_router_that_does_not_answer_comes_behind_one_that_may),
		cmocka_unit_test(more_routers_than_are_kept_are_counted_and_forgotten),
		cmocka_unit_test(a_router_speaks_for_its_own_link_only),
		cmocka_unit_test(a_host_that_takes_nothing_from_routers_asks_and_hears_none),
		cmocka_unit_test(a_route_that_a_program_took_away_comes_back_with_the_next_word),
		cmocka_unit_test(the_mtu_is_the_routers_where_the_link_has_it),
		cmocka_unit_test(how_long_a_neighbour_is_believed_is_the_routers_to_say),
		cmocka_unit_test(
			how_long_an_answer_is_waited_for_is_the_routers_to_say_within_reason),
		cmocka_unit_test(programs_are_told_how_addresses_are_to_be_had),
		cmocka_unit_test(
			name_servers_are_told_in_the_order_they_came_and_go_with_their_time),
		cmocka_unit_test(name_servers_that_cannot_be_or_are_too_many_are_not_kept),
		cmocka_unit_test(without_neighbour_discovery_nobody_has_said_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
