/* The part that gives an instance its own addresses: what there is with it, and without. */
#include "net/ip/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/lab.h"

static const struct holm_proto *const with[] = { &holm_arp, &holm_ipv4, &holm_loopback, NULL };
static const struct holm_proto *const without[] = { &holm_arp, &holm_ipv4, NULL };
static const struct holm_proto *const alone[] = { &holm_loopback, NULL };

static int resolve(struct lab *lab, struct holm_addr addr)
{
	struct ip_dst *dst;
	int err = ip_dst_get(lab->net, &addr, NULL, &dst);

	if (!err)
		ip_dst_put(lab->net, dst);
	return err;
}

static void with_the_part_every_address_of_ours_leads_to_interface_0(void **state)
{
	static const struct lab_options options = { .protos = with };
	struct lab lab;

	(void)state;
	lab_init(&lab, &options);
	assert_non_null(holm_net_dev_at(lab.net, 0));
	assert_int_equal(resolve(&lab, holm_addr_ip4(127, 0, 0, 1)), 0);
	assert_int_equal(resolve(&lab, ip4_to_addr(LAB_IP(1))), 0);
	lab_fini(&lab);
}

static void without_it_our_own_addresses_are_unreachable_and_others_are_not(void **state)
{
	static const struct lab_options options = { .protos = without };
	struct lab lab;

	(void)state;
	lab_init(&lab, &options);
	assert_null(holm_net_dev_at(lab.net, 0));
	assert_int_equal(resolve(&lab, holm_addr_ip4(127, 0, 0, 1)), -HOLM_ENETUNREACH);
	assert_int_equal(resolve(&lab, ip4_to_addr(LAB_IP(1))), -HOLM_ENETUNREACH);
	assert_int_equal(resolve(&lab, ip4_to_addr(LAB_IP(2))), 0);
	lab_fini(&lab);
}

static void an_instance_without_a_network_layer_does_not_get_it(void **state)
{
	static const struct lab_options options = { .protos = alone };
	struct lab lab;

	(void)state;
	assert_int_equal(lab_try_init(&lab, &options, 0), -HOLM_EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_the_part_every_address_of_ours_leads_to_interface_0),
		cmocka_unit_test(without_it_our_own_addresses_are_unreachable_and_others_are_not),
		cmocka_unit_test(an_instance_without_a_network_layer_does_not_get_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
