/* Groups and everybody: who asks for them, and an instance in which nobody does. */
#include "net/ip/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/lab.h"

static const struct holm_proto *const with_udp[] = { &holm_arp, &holm_ipv4, &holm_udp, NULL };
static const struct holm_proto *const tcp_alone[] = { &holm_arp, &holm_ipv4, &holm_tcp, NULL };

static int resolve(struct lab *lab, struct holm_addr addr)
{
	struct ip_dst *dst;
	int err = ip_dst_get(lab->net, &addr, NULL, &dst);

	if (!err)
		ip_dst_put(lab->net, dst);
	return err;
}

static void a_transport_of_datagrams_reaches_groups_and_everybody(void **state)
{
	static const struct lab_options options = { .protos = with_udp };
	struct lab lab;

	(void)state;
	lab_init(&lab, &options);
	assert_int_equal(resolve(&lab, holm_addr_ip4(224, 0, 0, 1)), 0);
	assert_int_equal(resolve(&lab, holm_addr_ip4(255, 255, 255, 255)), 0);
	lab_fini(&lab);
}

static void where_there_is_none_groups_are_out_of_reach_in_both_directions(void **state)
{
	static const struct lab_options options = { .protos = tcp_alone };
	uint8_t frame[64];
	struct lab lab;
	size_t len;

	(void)state;
	lab_init(&lab, &options);
	assert_int_equal(resolve(&lab, holm_addr_ip4(224, 0, 0, 1)), -HOLM_ENETUNREACH);
	assert_int_equal(resolve(&lab, holm_addr_ip4(255, 255, 255, 255)), -HOLM_ENETUNREACH);
	len = lab_echo(frame, LAB_IP(2), 0xe0000001u, 8);
	lab_receive(&lab, frame, len);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP4_NOT_OURS), 1);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_transport_of_datagrams_reaches_groups_and_everybody),
		cmocka_unit_test(where_there_is_none_groups_are_out_of_reach_in_both_directions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
