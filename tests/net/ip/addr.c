/*
 * Tests of interface addresses and source selection: net/ip/addr.c.
 */
#include "net/ip/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/wire/eth.h"
#include "tests/support/udp_lab.h"

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &holm_udp,  NULL };
static const struct holm_proto *const nothing[] = { &holm_arp, NULL };
static const struct lab_options bare = { .protos = protos, .no_address = true };

static int add(struct lab *lab, uint8_t a, uint8_t b, uint8_t c, uint8_t d, unsigned prefix_len)
{
	struct holm_addr addr = holm_addr_ip4(a, b, c, d);

	return holm_addr_add(lab->net, &lab->dev, &addr, prefix_len);
}

static void addresses_that_no_host_can_have_are_refused(void **state)
{
	struct lab lab;

	(void)state;
	lab_init(&lab, &bare);
	assert_int_equal(add(&lab, 0, 0, 0, 0, 24), -HOLM_EINVAL);
	assert_int_equal(add(&lab, 224, 0, 0, 1, 24), -HOLM_EINVAL);
	assert_int_equal(add(&lab, 255, 255, 255, 255, 32), -HOLM_EINVAL);
	assert_int_equal(add(&lab, 127, 0, 0, 2, 8), -HOLM_EINVAL);
	assert_int_equal(add(&lab, 10, 0, 0, 255, 24), -HOLM_EINVAL);
	assert_int_equal(add(&lab, 10, 0, 0, 0, 24), -HOLM_EINVAL);
	assert_int_equal(add(&lab, 10, 0, 0, 1, 33), -HOLM_EINVAL);
	assert_int_equal(add(&lab, 10, 0, 0, 0, 31), 0);
	assert_int_equal(add(&lab, 10, 0, 1, 255, 32), 0);
	lab_fini(&lab);
}

static void an_address_is_given_once_and_taken_once(void **state)
{
	struct lab lab;
	struct holm_addr addr = holm_addr_ip4(10, 0, 0, 1), got;
	unsigned prefix_len;

	(void)state;
	lab_init(&lab, &bare);
	assert_false(holm_addr_is_local(lab.net, &addr));
	assert_int_equal(add(&lab, 10, 0, 0, 1, 24), 0);
	assert_int_equal(add(&lab, 10, 0, 0, 1, 24), -HOLM_EEXIST);
	assert_true(holm_addr_is_local(lab.net, &addr));
	assert_true(holm_addr_get(lab.net, &lab.dev, 0, &got, &prefix_len));
	assert_true(holm_addr_equal(&got, &addr));
	assert_int_equal(prefix_len, 24);
	assert_false(holm_addr_get(lab.net, &lab.dev, 1, &got, &prefix_len));
	assert_int_equal(holm_addr_del(lab.net, &lab.dev, &addr), 0);
	assert_int_equal(holm_addr_del(lab.net, &lab.dev, &addr), -HOLM_EADDRNOTAVAIL);
	assert_false(holm_addr_is_local(lab.net, &addr));
	lab_fini(&lab);
}

/* They end as one of ours does, or as none. */
static void what_only_ends_as_an_address_of_ours_is_not_local(void **state)
{
	struct holm_addr similar[] = {
		holm_addr_ip4(0, 0, 0, 0),   holm_addr_ip4(10, 0, 1, 1),
		holm_addr_ip4(10, 0, 0, 65), holm_addr_ip4(10, 0, 0, 63),
		holm_addr_ip4(10, 0, 0, 1),
	};
	struct lab lab;

	(void)state;
	lab_init(&lab, &bare);
	assert_int_equal(add(&lab, 10, 0, 0, 1, 24), 0);
	similar[4].b[0] = 0x20; /* of IPv6 */
	for (size_t i = 0; i < ARRAY_LEN(similar); i++)
		assert_false(holm_addr_is_local(lab.net, &similar[i]));
	lab_fini(&lab);
}

static void the_number_of_addresses_is_bounded(void **state)
{
	struct lab lab;

	(void)state;
	lab_init(&lab, &bare);
	for (uint8_t i = 1; i <= 8; i++)
		assert_int_equal(add(&lab, 10, 0, i, 1, 24), 0);
	assert_int_equal(add(&lab, 10, 0, 9, 1, 24), -HOLM_ENOSPC);
	lab_fini(&lab);
}

static void a_family_that_is_not_named_has_no_addresses(void **state)
{
	struct lab_options options = { .protos = nothing, .no_address = true };
	struct lab lab;
	struct holm_addr six = holm_addr_any6();

	(void)state;
	lab_init(&lab, &options);
	assert_int_equal(add(&lab, 10, 0, 0, 1, 24), -HOLM_EAFNOSUPPORT);
	lab_fini(&lab);
	lab_init(&lab, &bare);
	six.b[0] = 0x20;
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &six, 64), -HOLM_EAFNOSUPPORT);
	lab_fini(&lab);
}

static size_t routes(struct lab *lab)
{
	struct holm_route r;
	size_t n = 0;

	while (holm_route_get(lab->net, n, &r))
		n++;
	return n;
}

static void an_address_brings_its_network_and_the_last_one_takes_it_along(void **state)
{
	struct lab lab;
	struct holm_addr first = holm_addr_ip4(10, 0, 0, 1), second = holm_addr_ip4(10, 0, 0, 2);
	size_t before;

	(void)state;
	lab_init(&lab, &bare);
	before = routes(&lab);
	assert_int_equal(add(&lab, 10, 0, 0, 1, 24), 0);
	assert_int_equal(add(&lab, 10, 0, 0, 2, 24), 0);
	assert_int_equal(routes(&lab), before + 1);
	assert_int_equal(holm_addr_del(lab.net, &lab.dev, &first), 0);
	assert_int_equal(routes(&lab), before + 1);
	assert_int_equal(holm_addr_del(lab.net, &lab.dev, &second), 0);
	assert_int_equal(routes(&lab), before);
	lab_fini(&lab);
}

static bool knows(const struct lab *lab, const struct holm_addr *addr)
{
	return neigh_find(lab->net, lab->dev.netif, addr) != NULL;
}

static void an_address_that_goes_takes_the_neighbours_of_its_network_along_and_no_others(
	void **state)
{
	const struct holm_addr own[3] = { holm_addr_ip4(10, 0, 0, 1), holm_addr_ip4(10, 0, 0, 2),
					  holm_addr_ip4(10, 1, 0, 1) };
	const struct holm_addr here = holm_addr_ip4(10, 0, 0, 9),
			       there = holm_addr_ip4(10, 1, 0, 9);
	const struct holm_mac mac = lab_mac(9);
	struct lab lab;

	(void)state;
	lab_init(&lab, &bare);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(holm_addr_add(lab.net, &lab.dev, &own[i], 24), 0);
	neigh_heard(lab.net, lab.dev.netif, &here, &mac, NEIGH_ASKED_US);
	neigh_heard(lab.net, lab.dev.netif, &there, &mac, NEIGH_ASKED_US);
	/* Its network has another address. */
	assert_int_equal(holm_addr_del(lab.net, &lab.dev, &own[0]), 0);
	assert_true(knows(&lab, &here) && knows(&lab, &there));
	assert_int_equal(holm_addr_del(lab.net, &lab.dev, &own[2]), 0);
	assert_true(knows(&lab, &here) && !knows(&lab, &there));
	assert_int_equal(holm_addr_del(lab.net, &lab.dev, &own[1]), 0);
	assert_false(knows(&lab, &here));
	lab_fini(&lab);
}

static void the_source_shares_the_longest_prefix_with_the_destination(void **state)
{
	struct lab lab;
	struct holm_addr src, to = holm_addr_ip4(192, 168, 5, 9);

	(void)state;
	lab_init(&lab, &bare);
	assert_false(ip_select_source(lab.net, lab.dev.netif, &to, &src));
	add(&lab, 10, 0, 0, 1, 24);
	add(&lab, 192, 168, 0, 1, 16);
	add(&lab, 192, 168, 5, 1, 24);
	assert_true(ip_select_source(lab.net, lab.dev.netif, &to, &src));
	assert_int_equal(src.b[14], 5);
	to = holm_addr_ip4(10, 0, 0, 7);
	assert_true(ip_select_source(lab.net, lab.dev.netif, &to, &src));
	assert_int_equal(src.b[12], 10);
	to = holm_addr_any6();
	to.b[0] = 0x20;
	assert_false(ip_select_source(lab.net, lab.dev.netif, &to, &src));
	lab_fini(&lab);
}

/* RFC 3927 section 2.6.2: a link-local address means nothing behind a router. */
static void a_link_local_source_is_for_link_local_destinations(void **state)
{
	struct lab lab;
	struct holm_addr src, to = holm_addr_ip4(239, 1, 2, 3);

	(void)state;
	lab_init(&lab, &bare);
	add(&lab, 169, 254, 9, 1, 16);
	assert_true(ip_select_source(lab.net, lab.dev.netif, &to, &src));
	assert_int_equal(src.b[12], 169);
	add(&lab, 10, 0, 0, 1, 24);
	assert_true(ip_select_source(lab.net, lab.dev.netif, &to, &src));
	assert_int_equal(src.b[12], 10);
	to = holm_addr_ip4(169, 254, 1, 1);
	assert_true(ip_select_source(lab.net, lab.dev.netif, &to, &src));
	assert_int_equal(src.b[12], 169);
	lab_fini(&lab);
}

static void prefixes_are_compared_bit_by_bit(void **state)
{
	struct holm_addr a = holm_addr_ip4(10, 0, 0, 0), b;

	(void)state;
	for (unsigned bit = 0; bit < 128; bit++) {
		b = a;
		b.b[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		assert_int_equal(ip_common_prefix(&a, &b), bit);
		/* What differs behind that is of no account. */
		b.b[bit / 8] ^= (uint8_t)(0x7f >> bit % 8);
		assert_int_equal(ip_common_prefix(&a, &b), bit);
		for (unsigned len = 0; len <= 128; len++)
			assert_int_equal(ip_prefix_match(&a, &b, len), len <= bit);
	}
}

static void broadcasts_and_groups_are_no_unicast_addresses(void **state)
{
	struct lab lab;
	struct holm_addr addr;

	(void)state;
	lab_init(&lab, &bare);
	add(&lab, 10, 0, 0, 1, 24);
	addr = holm_addr_ip4(10, 0, 0, 2);
	assert_true(ip_addr_is_unicast(lab.net, &addr));
	addr = holm_addr_ip4(10, 0, 0, 255);
	assert_false(ip_addr_is_unicast(lab.net, &addr));
	addr = holm_addr_ip4(255, 255, 255, 255);
	assert_false(ip_addr_is_unicast(lab.net, &addr));
	addr = holm_addr_ip4(239, 1, 2, 3);
	assert_false(ip_addr_is_unicast(lab.net, &addr));
	addr = holm_addr_ip4(0, 0, 0, 0);
	assert_false(ip_addr_is_unicast(lab.net, &addr));
	lab_fini(&lab);
}

static void creation_survives_every_allocation_that_fails(void **state)
{
	struct lab_options options = { .protos = protos };
	uint64_t n = 1;

	(void)state;
	for (;; n++) {
		struct lab lab;
		int err = lab_try_init(&lab, &options, n);

		if (err == 0) {
			lab_fini(&lab);
			break;
		}
		assert_int_equal(err, -HOLM_ENOMEM);
		assert_true(n < 100);
	}
	assert_true(n > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_that_no_host_can_have_are_refused),
		cmocka_unit_test(an_address_is_given_once_and_taken_once),
		cmocka_unit_test(what_only_ends_as_an_address_of_ours_is_not_local),
		cmocka_unit_test(the_number_of_addresses_is_bounded),
		cmocka_unit_test(a_family_that_is_not_named_has_no_addresses),
		cmocka_unit_test(an_address_brings_its_network_and_the_last_one_takes_it_along),
		cmocka_unit_test(
			an_address_that_goes_takes_the_neighbours_of_its_network_along_and_no_others),
		cmocka_unit_test(the_source_shares_the_longest_prefix_with_the_destination),
		cmocka_unit_test(a_link_local_source_is_for_link_local_destinations),
		cmocka_unit_test(prefixes_are_compared_bit_by_bit),
		cmocka_unit_test(broadcasts_and_groups_are_no_unicast_addresses),
		cmocka_unit_test(creation_survives_every_allocation_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
