/*
 * Tests of the life of IPv6 addresses: net/ip/lifetime.c.
 */
#include "net/ip/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/lab6.h"

static const struct holm_proto *const protos[] = { &holm_ipv6, &holm_loopback, NULL };
static const struct lab_options plain = { .protos = protos, .no_address = true };

static struct netif_addr *find(struct lab *lab, unsigned host)
{
	const struct holm_addr a = lab6_addr(host);

	return ip_addr_find(lab->dev.netif, &a);
}

/* Preferred and valid for so many seconds from now. */
static void give(struct lab *lab, unsigned host, uint64_t preferred_s, uint64_t valid_s)
{
	const struct netif_addr a = {
		.addr = lab6_addr(host),
		.prefix_len = 64,
		.autoconf = true,
		.preferred_until_ns = lab->now + preferred_s * LAB_S,
		.valid_until_ns = lab->now + valid_s * LAB_S,
	};

	assert_int_equal(ip_addr_add(lab->net, lab->dev.netif, &a), 0);
}

static void an_address_is_preferred_then_deprecated_then_gone(void **state)
{
	const struct holm_addr a = lab6_addr(1);
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	give(&lab, 1, 10, 20);
	lab_run(&lab, 10 * LAB_S - 1);
	assert_int_equal(find(&lab, 1)->state, NETIF_ADDR_PREFERRED);
	lab_run(&lab, 10 * LAB_MS);
	assert_int_equal(find(&lab, 1)->state, NETIF_ADDR_DEPRECATED);
	assert_true(holm_addr_is_local(lab.net, &a));
	lab_run(&lab, 9 * LAB_S);
	assert_non_null(find(&lab, 1));
	lab_run(&lab, LAB_S);
	assert_null(find(&lab, 1));
	assert_false(holm_addr_is_local(lab.net, &a));
	assert_int_equal(holm_net_next_deadline(lab.net), UINT64_MAX);
	lab_fini(&lab);
}

static void a_route_of_the_prefix_goes_with_its_last_address(void **state)
{
	struct holm_route route;
	size_t n = 0;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	while (holm_route_get(lab.net, n, &route))
		n++;
	give(&lab, 1, 5, 5);
	give(&lab, 2, 9, 9);
	assert_true(holm_route_get(lab.net, n, &route));
	lab_run(&lab, 6 * LAB_S);
	assert_null(find(&lab, 1));
	assert_true(holm_route_get(lab.net, n, &route));
	lab_run(&lab, 4 * LAB_S);
	assert_false(holm_route_get(lab.net, n, &route));
	lab_fini(&lab);
}

static void a_lifetime_that_is_renewed_counts_from_then(void **state)
{
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	give(&lab, 1, 10, 20);
	lab_run(&lab, 9 * LAB_S);
	ip_addr_set_life(lab.net, lab.dev.netif, find(&lab, 1), lab.now + 10 * LAB_S,
			 lab.now + 20 * LAB_S);
	lab_run(&lab, 9 * LAB_S);
	assert_int_equal(find(&lab, 1)->state, NETIF_ADDR_PREFERRED);
	lab_run(&lab, 2 * LAB_S);
	assert_int_equal(find(&lab, 1)->state, NETIF_ADDR_DEPRECATED);
	ip_addr_set_life(lab.net, lab.dev.netif, find(&lab, 1), 0, 0);
	lab_run(&lab, 100 * LAB_S);
	assert_non_null(find(&lab, 1));
	lab_fini(&lab);
}

/* RFC 4862 section 5.5.4: a new preferred lifetime makes it preferred again. */
static void a_deprecated_address_can_be_preferred_again(void **state)
{
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	give(&lab, 1, 1, 20);
	lab_run(&lab, 2 * LAB_S);
	assert_int_equal(find(&lab, 1)->state, NETIF_ADDR_DEPRECATED);
	ip_addr_set_life(lab.net, lab.dev.netif, find(&lab, 1), lab.now + 5 * LAB_S,
			 lab.now + 9 * LAB_S);
	assert_int_equal(find(&lab, 1)->state, NETIF_ADDR_PREFERRED);
	lab_run(&lab, 6 * LAB_S);
	assert_int_equal(find(&lab, 1)->state, NETIF_ADDR_DEPRECATED);
	lab_fini(&lab);
}

static void an_address_by_hand_stays_for_ever(void **state)
{
	const struct holm_addr a = lab6_addr(1);
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &a, 64), 0);
	assert_int_equal(holm_net_next_deadline(lab.net), UINT64_MAX);
	lab_fini(&lab);
}

static void many_addresses_go_each_at_its_time(void **state)
{
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	for (unsigned i = 1; i <= 6; i++)
		give(&lab, i, 7 - i, 20 - i);
	for (unsigned s = 1; s <= 20; s++) {
		lab_run(&lab, LAB_S + 5 * LAB_MS * (s == 1));
		for (unsigned i = 1; i <= 6; i++) {
			const struct netif_addr *a = find(&lab, i);

			assert_int_equal(a == NULL, s >= 20 - i);
			if (a)
				assert_int_equal(a->state, s >= 7 - i ? NETIF_ADDR_DEPRECATED
								      : NETIF_ADDR_PREFERRED);
		}
	}
	lab_fini(&lab);
}

static struct holm_addr_info info_of(struct lab *lab, unsigned host)
{
	const struct holm_addr a = lab6_addr(host);
	struct holm_addr_info info;
	size_t i = 0;

	while (holm_addr_get_info(lab->net, &lab->dev, i, &info) &&
	       !holm_addr_equal(&info.addr, &a))
		i++;
	assert_true(holm_addr_equal(&info.addr, &a));
	return info;
}

static void a_program_lets_an_address_end(void **state)
{
	const struct holm_addr a = lab6_addr(1), b = lab6_addr(2), four = lab_addr(1);
	struct holm_addr_info info;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &a, 64), 0);
	info = info_of(&lab, 1);
	assert_int_equal(info.prefix_len, 64);
	assert_int_equal(info.state, HOLM_ADDR_PREFERRED);
	assert_int_equal(info.preferred_until_ns | info.valid_until_ns, 0);
	assert_int_equal(holm_addr_set_life(lab.net, &lab.dev, &b, 0, 0), -HOLM_EADDRNOTAVAIL);
	assert_int_equal(holm_addr_set_life(lab.net, &lab.dev, &four, 0, 0), -HOLM_EADDRNOTAVAIL);
	lab_run(&lab, LAB_S);
	assert_int_equal(holm_addr_set_life(lab.net, &lab.dev, &a, 0, lab.now), -HOLM_EINVAL);
	assert_int_equal(
		holm_addr_set_life(lab.net, &lab.dev, &a, lab.now + 2 * LAB_S, lab.now + LAB_S),
		-HOLM_EINVAL);
	/* Deprecated at once. */
	assert_int_equal(holm_addr_set_life(lab.net, &lab.dev, &a, lab.now, lab.now + 3 * LAB_S),
			 0);
	lab_run(&lab, LAB_S);
	assert_int_equal(info_of(&lab, 1).state, HOLM_ADDR_DEPRECATED);
	lab_run(&lab, 3 * LAB_S);
	assert_false(holm_addr_get_info(lab.net, &lab.dev, 0, &info));
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_preferred_then_deprecated_then_gone),
		cmocka_unit_test(a_route_of_the_prefix_goes_with_its_last_address),
		cmocka_unit_test(a_lifetime_that_is_renewed_counts_from_then),
		cmocka_unit_test(a_deprecated_address_can_be_preferred_again),
		cmocka_unit_test(an_address_by_hand_stays_for_ever),
		cmocka_unit_test(many_addresses_go_each_at_its_time),
		cmocka_unit_test(a_program_lets_an_address_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
