/*
 * Tests of prefixes and addresses made of them: net/ip/slaac.c.
 */
#include "net/ip/nd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/ip/state.h"
#include "tests/support/nd_lab.h"

#define PREFIX "2001:db8:1::"
#define HOUR 3600u
#define BOTH (ND_ON_LINK | ND_AUTONOMOUS)

/* Host 2, no default router unless it says more, announces a prefix. */
static void hear_prefix(struct lab *lab, const char *prefix, unsigned len, uint8_t flags,
			uint32_t valid_s, uint32_t preferred_s)
{
	struct nd_lab_router r;

	nd_lab_router_begin(&r, 2, 1800);
	nd_lab_router_prefix(&r, prefix, len, flags, valid_s, preferred_s);
	nd_lab_router_hear(lab, 2, &r);
}

/* An instance with an address of PREFIX, two seconds after it was announced. */
static void begin(struct lab *lab, uint32_t valid_s, uint32_t preferred_s)
{
	nd_lab_init(lab);
	hear_prefix(lab, PREFIX, 64, BOTH, valid_s, preferred_s);
	lab_run(lab, 2 * LAB_S);
	assert_non_null(nd_lab_find(lab, PREFIX, 64));
	lab_clear(lab);
}

static struct netif_addr *made(struct lab *lab)
{
	return nd_lab_find(lab, PREFIX, 64);
}

/* How many seconds it has left, to the next whole one. */
static uint64_t valid_for_s(struct lab *lab)
{
	assert_true(made(lab)->valid_until_ns > lab->now);
	return (made(lab)->valid_until_ns - lab->now + LAB_S - 1) / LAB_S;
}

static bool is_on_link(struct lab *lab, const char *prefix, unsigned len)
{
	const struct holm_addr p = nd_lab_addr(prefix);
	struct holm_route route;

	for (size_t i = 0; holm_route_get(lab->net, i, &route); i++)
		if (route.prefix_len == len && holm_addr_equal(&route.dst, &p))
			return holm_addr_is_any(&route.gateway);
	return false;
}

/* Whose hardware address a packet to this address goes to, 0: nobody's, it is asked for first. */
static unsigned goes_to(struct lab *lab, const char *text)
{
	const struct holm_addr to = nd_lab_addr(text);
	size_t before = nd_lab_count_udp(lab);

	assert_int_equal(nd_lab_send(lab, &to), 0);
	return nd_lab_count_udp(lab) > before ? lab->sent[lab->nsent - 1].data[5] : 0;
}

/* ---- Addresses. */

static void a_prefix_makes_an_address_which_is_asked_about_and_used(void **state)
{
	const struct holm_addr far = nd_lab_addr("2001:db8:2::9");
	struct holm_addr source;
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	hear_prefix(&lab, PREFIX, 64, BOTH, 2 * HOUR, HOUR);
	assert_non_null(made(&lab));
	assert_int_equal(made(&lab)->state, NETIF_ADDR_TENTATIVE);
	lab_run(&lab, 2 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, ND_NEIGHBOUR_SOLICIT), 1);
	assert_int_equal(made(&lab)->state, NETIF_ADDR_PREFERRED);
	assert_true(ip6_select_source(lab.net, lab.dev.netif, &far, &source));
	assert_true(holm_addr_equal(&source, &made(&lab)->addr));
	/* On the link: asked for; elsewhere: through the router. */
	assert_true(is_on_link(&lab, PREFIX, 64));
	assert_int_equal(goes_to(&lab, "2001:db8:1::77"), 0);
	assert_int_equal(goes_to(&lab, "2001:db8:2::9"), 2);
	lab_fini(&lab);
}

static void what_is_not_said_to_be_on_the_link_goes_through_the_router(void **state)
{
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	hear_prefix(&lab, PREFIX, 64, ND_AUTONOMOUS, 2 * HOUR, HOUR);
	lab_run(&lab, 2 * LAB_S);
	assert_non_null(made(&lab));
	assert_false(is_on_link(&lab, PREFIX, 64));
	assert_int_equal(goes_to(&lab, "2001:db8:1::77"), 2);
	lab_fini(&lab);
}

static void a_prefix_that_is_not_for_addresses_makes_none(void **state)
{
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	hear_prefix(&lab, PREFIX, 64, ND_ON_LINK, 2 * HOUR, HOUR);
	hear_prefix(&lab, "2001:db8:3::", 63, BOTH, 2 * HOUR, HOUR);
	hear_prefix(&lab, "2001:db8:4::", 64, ND_AUTONOMOUS, 0, 0);
	hear_prefix(&lab, "2001:db8:5::", 64, BOTH, HOUR, 2 * HOUR);
	assert_int_equal(lab.dev.netif->naddrs, 1);
	assert_true(is_on_link(&lab, PREFIX, 64));
	/* Its length is no business of the identifier's. */
	assert_true(is_on_link(&lab, "2001:db8:3::", 63));
	assert_false(is_on_link(&lab, "2001:db8:5::", 64));
	lab_fini(&lab);
}

static void prefixes_that_nobody_may_announce_change_nothing(void **state)
{
	struct lab lab;
	uint32_t routes;

	(void)state;
	nd_lab_init(&lab);
	hear_prefix(&lab, "2001:db8:9::", 64, 0, 2 * HOUR, HOUR);
	routes = lab.net->ip->nroutes;
	hear_prefix(&lab, "fe80::", 64, BOTH, 2 * HOUR, HOUR);
	hear_prefix(&lab, "ff02::", 64, BOTH, 2 * HOUR, HOUR);
	hear_prefix(&lab, "::", 64, BOTH, 2 * HOUR, HOUR);
	hear_prefix(&lab, "::", 0, BOTH, 2 * HOUR, HOUR);
	hear_prefix(&lab, "::ffff:0:0", 96, BOTH, 2 * HOUR, HOUR);
	assert_int_equal(lab.dev.netif->naddrs, 1);
	assert_int_equal(lab.net->ip->nroutes, routes);
	lab_fini(&lab);
}

static void an_address_is_preferred_deprecated_and_gone_as_its_prefix_says(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab, 3 * HOUR, HOUR);
	lab_run(&lab, HOUR * LAB_S);
	assert_int_equal(made(&lab)->state, NETIF_ADDR_DEPRECATED);
	lab_run(&lab, 2 * HOUR * LAB_S);
	assert_null(made(&lab));
	assert_false(is_on_link(&lab, PREFIX, 64));
	assert_int_equal(lab.dev.netif->naddrs, 1);
	lab_fini(&lab);
}

static void a_prefix_without_an_end_has_none(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab, ND_FOREVER, ND_FOREVER);
	assert_int_equal(made(&lab)->valid_until_ns, 0);
	lab_run(&lab, 1000000 * LAB_S);
	assert_int_equal(made(&lab)->state, NETIF_ADDR_PREFERRED);
	assert_true(is_on_link(&lab, PREFIX, 64));
	lab_fini(&lab);
}

static void a_prefix_that_is_said_again_keeps_its_address_alive(void **state)
{
	struct holm_addr first;
	struct lab lab;

	(void)state;
	begin(&lab, 3 * HOUR, HOUR);
	first = made(&lab)->addr;
	for (int i = 0; i < 10; i++) {
		lab_run(&lab, HOUR / 2 * LAB_S);
		hear_prefix(&lab, PREFIX, 64, BOTH, 3 * HOUR, HOUR);
		assert_int_equal(made(&lab)->state, NETIF_ADDR_PREFERRED);
	}
	assert_true(holm_addr_equal(&first, &made(&lab)->addr));
	assert_int_equal(lab.dev.netif->naddrs, 2);
	assert_int_equal(nd_lab_count(&lab, ND_NEIGHBOUR_SOLICIT), 0);
	lab_fini(&lab);
}

static void a_prefix_may_deprecate_its_address_at_once_and_prefer_it_again(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab, 3 * HOUR, HOUR);
	hear_prefix(&lab, PREFIX, 64, BOTH, 3 * HOUR, 0);
	assert_int_equal(made(&lab)->state, NETIF_ADDR_DEPRECATED);
	hear_prefix(&lab, PREFIX, 64, BOTH, 3 * HOUR, 60);
	assert_int_equal(made(&lab)->state, NETIF_ADDR_PREFERRED);
	lab_run(&lab, 61 * LAB_S);
	assert_int_equal(made(&lab)->state, NETIF_ADDR_DEPRECATED);
	lab_fini(&lab);
}

/* ---- RFC 4862 section 5.5.3 (e): who may shorten a life, and how far. */

static void more_than_two_hours_are_believed_even_if_it_was_longer(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab, 10 * HOUR, HOUR);
	hear_prefix(&lab, PREFIX, 64, BOTH, 2 * HOUR + 1, HOUR);
	assert_int_equal(valid_for_s(&lab), 2 * HOUR + 1);
	lab_fini(&lab);
}

static void more_than_is_left_is_believed_however_little(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab, 60, 60);
	hear_prefix(&lab, PREFIX, 64, BOTH, 100, 100);
	assert_int_equal(valid_for_s(&lab), 100);
	lab_fini(&lab);
}

static void a_life_of_less_than_two_hours_is_not_shortened(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab, HOUR, HOUR);
	hear_prefix(&lab, PREFIX, 64, BOTH, 0, 0);
	assert_int_equal(valid_for_s(&lab), HOUR - 2);
	hear_prefix(&lab, PREFIX, 64, BOTH, 10, 10);
	assert_int_equal(valid_for_s(&lab), HOUR - 2);
	lab_fini(&lab);
}

static void a_longer_life_is_not_shortened_to_less_than_two_hours(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab, 10 * HOUR, HOUR);
	hear_prefix(&lab, PREFIX, 64, BOTH, 5, 5);
	assert_int_equal(valid_for_s(&lab), 2 * HOUR);
	lab_fini(&lab);
	begin(&lab, ND_FOREVER, ND_FOREVER);
	hear_prefix(&lab, PREFIX, 64, BOTH, 0, 0);
	assert_int_equal(valid_for_s(&lab), 2 * HOUR);
	assert_int_equal(made(&lab)->state, NETIF_ADDR_DEPRECATED);
	lab_fini(&lab);
}

/* ---- What is on the link. */

static void a_prefix_leaves_the_link_at_once_when_it_is_taken_back(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab, 10 * HOUR, HOUR);
	hear_prefix(&lab, PREFIX, 64, BOTH, 0, 0);
	assert_false(is_on_link(&lab, PREFIX, 64));
	/* The address has its two hours. */
	assert_non_null(made(&lab));
	assert_int_equal(goes_to(&lab, "2001:db8:1::77"), 2);
	lab_fini(&lab);
}

/* What is sent to somebody again and again notices it, too. */
static void a_prefix_that_comes_to_the_link_or_leaves_it_changes_the_way_of_what_is_under_way(
	void **state)
{
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	hear_prefix(&lab, PREFIX, 64, ND_AUTONOMOUS, 2 * HOUR, HOUR);
	lab_run(&lab, 2 * LAB_S);
	assert_int_equal(goes_to(&lab, "2001:db8:1::77"), 2);
	hear_prefix(&lab, PREFIX, 64, ND_ON_LINK, 2 * HOUR, HOUR);
	assert_int_equal(goes_to(&lab, "2001:db8:1::77"), 0);
	hear_prefix(&lab, PREFIX, 64, ND_ON_LINK, 0, 0);
	assert_int_equal(goes_to(&lab, "2001:db8:1::77"), 2);
	lab_fini(&lab);
}

static void a_route_that_a_configured_address_needs_stays(void **state)
{
	const struct holm_addr own = nd_lab_addr("2001:db8:1::5");
	struct lab lab;

	(void)state;
	begin(&lab, 10 * HOUR, HOUR);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &own, 64), 0);
	hear_prefix(&lab, PREFIX, 64, BOTH, 0, 0);
	assert_true(is_on_link(&lab, PREFIX, 64));
	lab_fini(&lab);
}

static void more_prefixes_than_are_kept_are_counted_and_forgotten(void **state)
{
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	for (unsigned i = 1; i <= 100; i++) {
		char text[32];

		snprintf(text, sizeof(text), "2001:db8:%x::", i);
		hear_prefix(&lab, text, 64, BOTH, 2 * HOUR, HOUR);
	}
	lab_run(&lab, 2 * LAB_S);
	assert_int_equal(lab.dev.netif->naddrs, 1 + ND_AUTOCONF_MAX);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_FULL),
			 100 - ND_AUTOCONF_MAX + 100 - ND_PREFIXES_MAX);
	/* The first that came, and there is room for others when they have gone. */
	assert_non_null(nd_lab_find(&lab, "2001:db8:1::", 64));
	lab_run(&lab, 2 * HOUR * LAB_S);
	assert_int_equal(lab.dev.netif->naddrs, 1);
	hear_prefix(&lab, "2001:db8:aaaa::", 64, BOTH, 2 * HOUR, HOUR);
	assert_non_null(nd_lab_find(&lab, "2001:db8:aaaa::", 64));
	lab_fini(&lab);
}

/* ---- Identifiers. */

/* The link-local address of an instance with this configuration, and its address of PREFIX. */
static void make(const struct holm_config *config, uint64_t random, struct holm_addr *local,
		 struct holm_addr *global)
{
	const struct lab_options options = {
		.protos = nd_lab_protos, .config = config, .random = random, .no_address = true
	};
	struct lab lab;

	lab_init(&lab, &options);
	lab_run(&lab, 60 * LAB_S);
	hear_prefix(&lab, PREFIX, 64, BOTH, 2 * HOUR, HOUR);
	*local = nd_lab_self(&lab);
	*global = made(&lab)->addr;
	lab_fini(&lab);
}

static bool same_id(const struct holm_addr *a, const struct holm_addr *b)
{
	return memcmp(a->b + 8, b->b + 8, 8) == 0;
}

static void identifiers_are_stable_with_a_secret_and_tell_nothing(void **state)
{
	static const uint8_t mac_id[] = { 0, 0, 0, 0xff, 0xfe, 0, 0, 1 };
	struct holm_addr local[3], global[3];
	struct holm_config config;

	(void)state;
	holm_config_default(&config);
	memcpy(config.nd_secret, "sixteen letters!", sizeof(config.nd_secret));
	make(&config, 1, &local[0], &global[0]);
	make(&config, 2, &local[1], &global[1]);
	config.nd_secret[15] ^= 1;
	make(&config, 1, &local[2], &global[2]);
	assert_true(holm_addr_equal(&local[0], &local[1]));
	assert_true(holm_addr_equal(&global[0], &global[1]));
	assert_false(same_id(&local[0], &local[2]));
	assert_false(same_id(&global[0], &global[2]));
	/* Each network knows the host by another. */
	assert_false(same_id(&local[0], &global[0]));
	assert_memory_not_equal(global[0].b + 8, mac_id, sizeof(mac_id));
}

static void without_a_secret_an_instance_draws_its_own(void **state)
{
	struct holm_addr local[2], global;
	struct holm_config config;

	(void)state;
	holm_config_default(&config);
	make(&config, 1, &local[0], &global);
	assert_false(same_id(&local[0], &global));
	make(&config, 2, &local[1], &global);
	assert_false(same_id(&local[0], &local[1]));
}

static void identifiers_may_be_made_of_the_hardware_address(void **state)
{
	const struct holm_addr want_local = nd_lab_addr("fe80::ff:fe00:1");
	const struct holm_addr want_global = nd_lab_addr("2001:db8:1::ff:fe00:1");
	struct holm_addr local, global;
	struct holm_config config;

	(void)state;
	holm_config_default(&config);
	config.nd_eui64 = 1;
	make(&config, 1, &local, &global);
	assert_true(holm_addr_equal(&local, &want_local));
	assert_true(holm_addr_equal(&global, &want_global));
}

/* RFC 4291 appendix A: every byte at its place, and one bit turned. */
static void a_hardware_address_is_in_the_identifier_byte_by_byte(void **state)
{
	const struct holm_addr want = nd_lab_addr("2001:db8:1::812:34ff:fe56:789a");
	const struct holm_mac mac = { { 0x0a, 0x12, 0x34, 0x56, 0x78, 0x9a } };
	struct holm_config config;
	struct lab_options options = { .protos = nd_lab_protos,
				       .config = &config,
				       .no_address = true };
	struct lab lab;

	(void)state;
	holm_config_default(&config);
	config.nd_eui64 = 1;
	lab_init(&lab, &options);
	lab_run(&lab, 60 * LAB_S);
	lab.dev.mac = mac;
	hear_prefix(&lab, PREFIX, 64, BOTH, 2 * HOUR, HOUR);
	assert_true(holm_addr_equal(&made(&lab)->addr, &want));
	lab_fini(&lab);
}

static void a_link_that_ipv6_is_not_for_gets_no_address(void **state)
{
	const struct lab_options narrow = { .protos = nd_lab_protos,
					    .mtu = 1279,
					    .no_address = true };
	struct lab lab;

	(void)state;
	lab_init(&lab, &narrow);
	lab_run(&lab, 60 * LAB_S);
	assert_int_equal(lab.dev.netif->naddrs, 0);
	assert_int_equal(lab.nsent, 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_FULL), 0);
	lab_fini(&lab);
}

static void a_link_local_address_that_a_program_gave_is_the_only_one(void **state)
{
	const struct holm_addr own = nd_lab_addr("fe80::5");
	struct holm_addr made_here;
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	made_here = nd_lab_self(&lab);
	assert_int_equal(holm_addr_del(lab.net, &lab.dev, &made_here), 0);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &own, 64), 0);
	lab.dev.link_up = false;
	holm_net_link_changed(lab.net, &lab.dev);
	lab.dev.link_up = true;
	holm_net_link_changed(lab.net, &lab.dev);
	lab_run(&lab, 2 * LAB_S);
	assert_int_equal(lab.dev.netif->naddrs, 1);
	made_here = nd_lab_self(&lab);
	assert_true(holm_addr_equal(&made_here, &own));
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_makes_an_address_which_is_asked_about_and_used),
		cmocka_unit_test(what_is_not_said_to_be_on_the_link_goes_through_the_router),
		cmocka_unit_test(a_prefix_that_is_not_for_addresses_makes_none),
		cmocka_unit_test(prefixes_that_nobody_may_announce_change_nothing),
		cmocka_unit_test(an_address_is_preferred_deprecated_and_gone_as_its_prefix_says),
		cmocka_unit_test(a_prefix_without_an_end_has_none),
		cmocka_unit_test(a_prefix_that_is_said_again_keeps_its_address_alive),
		cmocka_unit_test(a_prefix_may_deprecate_its_address_at_once_and_prefer_it_again),
		cmocka_unit_test(more_than_two_hours_are_believed_even_if_it_was_longer),
		cmocka_unit_test(more_than_is_left_is_believed_however_little),
		cmocka_unit_test(a_life_of_less_than_two_hours_is_not_shortened),
		cmocka_unit_test(a_longer_life_is_not_shortened_to_less_than_two_hours),
		cmocka_unit_test(a_prefix_leaves_the_link_at_once_when_it_is_taken_back),
		cmocka_unit_test(
			a_prefix_that_comes_to_the_link_or_leaves_it_changes_the_way_of_what_is_under_way),
		cmocka_unit_test(a_route_that_a_configured_address_needs_stays),
		cmocka_unit_test(more_prefixes_than_are_kept_are_counted_and_forgotten),
		cmocka_unit_test(identifiers_are_stable_with_a_secret_and_tell_nothing),
		cmocka_unit_test(without_a_secret_an_instance_draws_its_own),
		cmocka_unit_test(identifiers_may_be_made_of_the_hardware_address),
		cmocka_unit_test(a_hardware_address_is_in_the_identifier_byte_by_byte),
		cmocka_unit_test(a_link_that_ipv6_is_not_for_gets_no_address),
		cmocka_unit_test(a_link_local_address_that_a_program_gave_is_the_only_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
