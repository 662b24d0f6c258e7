/*
 * Tests of the choice of sources: net/ip/select.c, with the examples of RFC 6724 section 10.1.
 */
#include "net/ip/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/lab6.h"

static const struct holm_proto *const protos[] = { &holm_ipv6, &holm_loopback, NULL };
static const struct lab_options plain = { .protos = protos, .no_address = true };

static void give(struct lab *lab, const char *text, unsigned prefix_len,
		 enum netif_addr_state state)
{
	const struct netif_addr a = {
		.addr = lab6_text(text),
		.prefix_len = (uint8_t)prefix_len,
		.state = (uint8_t)state,
	};

	assert_int_equal(ip_addr_add(lab->net, lab->dev.netif, &a), 0);
}

static void expect(struct lab *lab, const char *remote, const char *source)
{
	const struct holm_addr to = lab6_text(remote), wanted = lab6_text(source);
	struct holm_addr src;

	assert_true(ip6_select_source(lab->net, lab->dev.netif, &to, &src));
	assert_true(holm_addr_equal(&src, &wanted));
}

/* Of two addresses of the device, in either order, the first is chosen. */
static void prefers(const char *remote, const char *chosen, enum netif_addr_state state,
		    const char *other, enum netif_addr_state other_state)
{
	for (unsigned order = 0; order < 2; order++) {
		struct lab lab;

		lab_init(&lab, &plain);
		if (order)
			give(&lab, other, 64, other_state);
		give(&lab, chosen, 64, state);
		if (!order)
			give(&lab, other, 64, other_state);
		expect(&lab, remote, chosen);
		lab_fini(&lab);
	}
}

static void rule_1_prefers_the_same_address(void **state)
{
	(void)state;
	prefers("2001:db8:1::1", "2001:db8:1::1", NETIF_ADDR_DEPRECATED, "2001:db8:2::1",
		NETIF_ADDR_PREFERRED);
}

static void rule_2_prefers_the_appropriate_scope(void **state)
{
	(void)state;
	prefers("2001:db8:1::1", "2001:db8:3::1", NETIF_ADDR_PREFERRED, "fe80::1",
		NETIF_ADDR_PREFERRED);
	prefers("ff05::1", "2001:db8:3::1", NETIF_ADDR_PREFERRED, "fe80::1", NETIF_ADDR_PREFERRED);
	prefers("fe80::1", "fe80::2", NETIF_ADDR_DEPRECATED, "2001:db8:1::1", NETIF_ADDR_PREFERRED);
	prefers("ff02::1", "fe80::2", NETIF_ADDR_PREFERRED, "2001:db8:1::1", NETIF_ADDR_PREFERRED);
}

static void rule_3_avoids_deprecated_addresses(void **state)
{
	(void)state;
	prefers("2001:db8:1::1", "2001:db8:3::2", NETIF_ADDR_PREFERRED, "2001:db8:1::2",
		NETIF_ADDR_DEPRECATED);
}

static void rule_6_prefers_the_matching_label(void **state)
{
	(void)state;
	prefers("2002:c633:6401::1", "2002:c633:6401::d5e3:7953:13eb:22e8", NETIF_ADDR_PREFERRED,
		"2001:db8:1::2", NETIF_ADDR_PREFERRED);
	prefers("fd00:1::1", "fdff::2", NETIF_ADDR_PREFERRED, "2001:db8:1::2",
		NETIF_ADDR_PREFERRED);
	prefers("2001:db8:1::1", "2001:db8:9::2", NETIF_ADDR_PREFERRED, "2001:0:1::1",
		NETIF_ADDR_PREFERRED);
	prefers("2600::1", "2a00::1", NETIF_ADDR_PREFERRED, "fd00::1", NETIF_ADDR_PREFERRED);
}

static void rule_8_prefers_the_longest_matching_prefix(void **state)
{
	(void)state;
	prefers("2001:db8:1::1", "2001:db8:1::2", NETIF_ADDR_PREFERRED, "2001:db8:3::2",
		NETIF_ADDR_PREFERRED);
}

/* Bits behind the prefix say nothing about where a network is: of equals the first stays. */
static void what_lies_behind_the_prefix_does_not_count(void **state)
{
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	give(&lab, "2001:db8:1:1::ff", 64, NETIF_ADDR_PREFERRED);
	give(&lab, "2001:db8:1:1::8", 64, NETIF_ADDR_PREFERRED);
	expect(&lab, "2001:db8:1:1::9", "2001:db8:1:1::ff");
	lab_fini(&lab);
}

static void a_tentative_address_is_no_source(void **state)
{
	const struct holm_addr to = lab6_text("2001:db8:1::9");
	struct holm_addr src;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	give(&lab, "2001:db8:1::1", 64, NETIF_ADDR_TENTATIVE);
	assert_false(ip6_select_source(lab.net, lab.dev.netif, &to, &src));
	give(&lab, "fe80::1", 64, NETIF_ADDR_PREFERRED);
	expect(&lab, "2001:db8:1::9", "fe80::1");
	lab_fini(&lab);
}

static size_t take_nothing(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	(void)dev;
	(void)frames;
	(void)n;
	return 0;
}

/* Rule 5, and RFC 6724 section 4 for what addresses of other links are good for. */
static void another_links_address_serves_where_this_one_has_none(void **state)
{
	static const struct holm_dev_ops ops = { .tx = take_nothing };
	struct holm_dev other = { .ops = &ops, .name = "other", .link_up = true };
	const struct holm_addr far = lab6_text("2001:db8:2::9"), near = lab6_text("fe80::9");
	const struct holm_addr a = lab6_text("2001:db8:2::1"), link = lab6_text("fe80::7");
	struct holm_addr src;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	other.caps.mtu = 1500;
	other.caps.segs_max = 1;
	other.mac = lab_mac(7);
	assert_true(holm_net_add_dev(lab.net, &other) > 0);
	assert_int_equal(holm_addr_add(lab.net, &other, &link, 64), 0);
	assert_false(ip6_select_source(lab.net, lab.dev.netif, &far, &src));
	assert_int_equal(holm_addr_add(lab.net, &other, &a, 64), 0);
	expect(&lab, "2001:db8:2::9", "2001:db8:2::1");
	assert_false(ip6_select_source(lab.net, lab.dev.netif, &near, &src));
	give(&lab, "fe80::1", 64, NETIF_ADDR_PREFERRED);
	expect(&lab, "fe80::9", "fe80::1");
	expect(&lab, "2001:db8:2::9", "2001:db8:2::1");
	give(&lab, "2001:db8:1::1", 64, NETIF_ADDR_PREFERRED);
	expect(&lab, "2001:db8:2::9", "2001:db8:1::1");
	holm_net_remove_dev(lab.net, &other);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_1_prefers_the_same_address),
		cmocka_unit_test(rule_2_prefers_the_appropriate_scope),
		cmocka_unit_test(rule_3_avoids_deprecated_addresses),
		cmocka_unit_test(rule_6_prefers_the_matching_label),
		cmocka_unit_test(rule_8_prefers_the_longest_matching_prefix),
		cmocka_unit_test(what_lies_behind_the_prefix_does_not_count),
		cmocka_unit_test(a_tentative_address_is_no_source),
		cmocka_unit_test(another_links_address_serves_where_this_one_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
