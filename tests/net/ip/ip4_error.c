/* The part that tells of errors, and an instance without it. What is told, and how often: icmp4.c. */
#include "net/ip/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/udp_lab.h"

static const struct holm_proto *const with[] = { &holm_arp,   &holm_ipv4, &holm_ip4_errors,
						 &holm_icmp4, &holm_udp,  NULL };
static const struct holm_proto *const without[] = { &holm_arp, &holm_ipv4, &holm_icmp4, &holm_udp,
						    NULL };

/* How many ICMP messages answer a packet of a protocol that nobody has. */
static size_t answers(const struct holm_proto *const *protos)
{
	const struct lab_options options = { .protos = protos };
	uint8_t frame[100], l4[20] = { 0 };
	struct lab lab;
	size_t n;

	lab_init(&lab, &options);
	lab_introduce(&lab, 2);
	lab_clear(&lab);
	lab_receive(&lab, frame, lab_ip4(frame, LAB_IP(2), LAB_IP(1), 99, l4, sizeof(l4)));
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP4_PROTOCOL), 1);
	n = lab_count_type(&lab, ETH_TYPE_IP4);
	lab_fini(&lab);
	return n;
}

static void who_sends_what_nobody_wants_is_told_only_with_the_part(void **state)
{
	(void)state;
	assert_int_equal(answers(with), 1);
	assert_int_equal(answers(without), 0);
}

/* What a sender hears whose neighbour is silent. */
static int heard(const struct holm_proto *const *protos)
{
	const struct lab_options options = { .protos = protos };
	const struct holm_endpoint to = udp_lab_at(2, 9);
	struct holm_udp *u;
	struct lab lab;
	int error;

	lab_init(&lab, &options);
	u = udp_lab_bound(&lab, 7, 0);
	assert_int_equal(holm_udp_connect(u, &to), 0);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_ERRORS, 1), 0);
	assert_int_equal(udp_lab_send(u, NULL, "x"), 0);
	lab_run(&lab, 20 * LAB_S);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_NEIGH_UNREACHABLE), 1);
	error = holm_udp_take_error(u);
	holm_udp_close(u);
	lab_fini(&lab);
	return error;
}

static void who_sends_to_a_silent_neighbour_is_told_only_with_the_part(void **state)
{
	(void)state;
	assert_int_equal(heard(with), -HOLM_EHOSTUNREACH);
	assert_int_equal(heard(without), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_sends_what_nobody_wants_is_told_only_with_the_part),
		cmocka_unit_test(who_sends_to_a_silent_neighbour_is_told_only_with_the_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
