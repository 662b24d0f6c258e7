/*
 * Tests of packets that come before their address: net/ip/early.c. Echo requests are the probe.
 */
#include "net/ip/early.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/wire/eth.h"
#include "tests/support/expect.h"
#include "tests/support/udp_lab.h"

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &holm_udp,  NULL };
static const struct lab_options nameless = { .protos = protos, .no_address = true };

/* A client that takes datagrams to any address, as DHCP's does while it asks for one. */
static struct holm_udp *start_asking(struct lab *lab)
{
	lab_init(lab, &nameless);
	lab_introduce(lab, 2);
	lab_clear(lab);
	return udp_lab_bound(lab, 68, HOLM_UDP_ANY_DST);
}

static void knock(struct lab *lab, uint32_t dst)
{
	uint8_t frame[128];

	lab_receive(lab, frame, lab_echo(frame, LAB_IP(2), dst, 8));
}

static void get_address(struct lab *lab, unsigned host)
{
	struct holm_addr addr = lab_addr(host);

	assert_int_equal(holm_addr_add(lab->net, &lab->dev, &addr, 24), 0);
	lab_poll(lab);
	lab_introduce(lab, 2);
}

static size_t answers(const struct lab *lab)
{
	return lab_count_type(lab, ETH_TYPE_IP4);
}

static uint64_t refused(const struct lab *lab)
{
	return holm_net_drops(lab->net, HOLM_DROP_IP4_NOT_OURS);
}

static void finish(struct lab *lab, struct holm_udp *u)
{
	holm_udp_close(u);
	lab_fini(lab);
}

static void a_packet_that_is_early_is_answered_when_the_address_comes(void **state)
{
	struct lab lab;
	struct holm_udp *u = start_asking(&lab);

	(void)state;
	knock(&lab, LAB_IP(1));
	assert_int_equal(answers(&lab) + refused(&lab), 0);
	get_address(&lab, 1);
	assert_int_equal(answers(&lab), 1);
	assert_int_equal(refused(&lab), 0);
	finish(&lab, u);
}

static void the_newest_eight_are_kept(void **state)
{
	struct lab lab;
	struct holm_udp *u = start_asking(&lab);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		knock(&lab, LAB_IP(9));
	for (unsigned i = 0; i < IP_EARLY_MAX; i++)
		knock(&lab, LAB_IP(1));
	assert_int_equal(refused(&lab), 3);
	get_address(&lab, 1);
	assert_int_equal(holm_net_counter(lab.net, HOLM_COUNT_ICMP_ECHO_REPLIES), IP_EARLY_MAX);
	assert_int_equal(refused(&lab), 3);
	finish(&lab, u);
}

static void a_packet_for_another_address_than_the_one_that_came_is_refused(void **state)
{
	struct lab lab;
	struct holm_udp *u = start_asking(&lab);

	(void)state;
	knock(&lab, LAB_IP(9));
	get_address(&lab, 1);
	assert_int_equal(answers(&lab), 0);
	assert_int_equal(refused(&lab), 1);
	finish(&lab, u);
}

static void after_three_seconds_it_is_refused(void **state)
{
	struct lab lab;
	struct holm_udp *u = start_asking(&lab);

	(void)state;
	knock(&lab, LAB_IP(1));
	lab_run(&lab, IP_EARLY_NS - LAB_S);
	assert_int_equal(refused(&lab), 0);
	lab_run(&lab, 2 * LAB_S);
	assert_int_equal(refused(&lab), 1);
	get_address(&lab, 1);
	assert_int_equal(answers(&lab), 0);
	finish(&lab, u);
}

static void without_a_client_that_asks_nothing_is_kept(void **state)
{
	struct lab lab;

	(void)state;
	lab_init(&lab, &nameless);
	knock(&lab, LAB_IP(1));
	assert_int_equal(refused(&lab), 1);
	lab_fini(&lab);
}

static void with_an_address_nothing_is_kept(void **state)
{
	struct lab lab;
	struct holm_udp *u = start_asking(&lab);

	(void)state;
	get_address(&lab, 1);
	knock(&lab, LAB_IP(9));
	assert_int_equal(refused(&lab), 1);
	finish(&lab, u);
}

static void broadcasts_groups_and_loopback_are_never_kept(void **state)
{
	static const uint32_t others[] = { 0xe0000002, 0xf0000001, 0x7f000001 };
	struct lab lab;
	struct holm_udp *u = start_asking(&lab);
	uint8_t frame[128];
	size_t len = lab_echo(frame, LAB_IP(2), LAB_IP(1), 8);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		knock(&lab, others[i]);
	memset(frame, 0xff, 6);
	lab_receive(&lab, frame, len);
	assert_int_equal(refused(&lab), ARRAY_LEN(others) + 1);
	finish(&lab, u);
}

static void what_a_device_brought_goes_with_it(void **state)
{
	struct lab lab;
	struct holm_udp *u = start_asking(&lab);

	(void)state;
	knock(&lab, LAB_IP(1));
	holm_net_remove_dev(lab.net, &lab.dev);
	assert_int_equal(refused(&lab), 1);
	assert_true(lab_frames_are_home(&lab));
	holm_udp_close(u);
	assert_true(holm_net_add_dev(lab.net, &lab.dev) > 0);
	lab_fini(&lab);
}

static void an_instance_that_ends_gives_back_what_it_kept(void **state)
{
	struct lab lab;
	struct holm_udp *u = start_asking(&lab);

	(void)state;
	knock(&lab, LAB_IP(1));
	finish(&lab, u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_that_is_early_is_answered_when_the_address_comes),
		cmocka_unit_test(the_newest_eight_are_kept),
		cmocka_unit_test(a_packet_for_another_address_than_the_one_that_came_is_refused),
		cmocka_unit_test(after_three_seconds_it_is_refused),
		cmocka_unit_test(without_a_client_that_asks_nothing_is_kept),
		cmocka_unit_test(with_an_address_nothing_is_kept),
		cmocka_unit_test(broadcasts_groups_and_loopback_are_never_kept),
		cmocka_unit_test(what_a_device_brought_goes_with_it),
		cmocka_unit_test(an_instance_that_ends_gives_back_what_it_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
