/*
 * Tests of the way over IPv6's extension headers: net/ip/ip6_ext.c.
 */
#include "net/ip/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/wire/eth.h"
#include "tests/support/lab6.h"

/* What ICMPv6 would be told. */
static struct {
	size_t n;
	uint8_t code;
	uint32_t pointer;
} problem;

static void note_problem(struct holm_net *net, struct holm_frame *f, uint8_t code, uint32_t pointer)
{
	(void)net;
	(void)f;
	problem.n++;
	problem.code = code;
	problem.pointer = pointer;
}

static void start(struct lab *lab)
{
	lab6_init(lab, NULL);
	memset(&problem, 0, sizeof(problem));
	lab->net->ip->send_problem6 = note_problem;
}

/* From host 2 to us, `next` being the first header of `bytes`. */
static void receive(struct lab *lab, uint8_t next, const void *bytes, size_t len)
{
	const struct holm_addr from = lab6_addr(2), to = lab6_addr(1);
	uint8_t frame[1024];

	lab_receive(lab, frame, lab6_packet(frame, &from, &to, next, bytes, len));
}

/* Hop-by-hop options, destination options, then 4 bytes for the transport. */
static const uint8_t chain[] = {
	IP6_PROTO_DSTOPTS,
	0,
	1,
	4,
	0,
	0,
	0,
	0,
	IP6_PROTO_UDP,
	0,
	1,
	4,
	0,
	0,
	0,
	0,
	'h',
	'o',
	'l',
	'm',
};

static void a_transport_gets_what_is_behind_the_chain(void **state)
{
	static const unsigned segments[] = { 0, 61, 9 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(segments); i++) {
		struct lab lab;

		start(&lab);
		lab.segments = segments[i];
		for (size_t n = 1; n <= 2; n++) {
			receive(&lab, IP6_PROTO_HOPOPTS, chain, sizeof(chain));
			assert_int_equal(lab6_seen()->packets, n);
			assert_int_equal(lab6_seen()->rx.proto, IP6_PROTO_UDP);
			assert_int_equal(lab6_seen()->rx.l4_len, 4);
			assert_memory_equal(lab6_seen()->l4, "holm", 4);
		}
		lab_fini(&lab);
	}
}

static void a_chain_cut_at_any_byte_is_dropped(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab);
	for (size_t len = 1; len < 16; len++)
		receive(&lab, IP6_PROTO_HOPOPTS, chain, len);
	assert_int_equal(lab6_seen()->packets, 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP6_SHORT), 15);
	lab_fini(&lab);
}

static void a_protocol_that_nobody_has_is_a_problem_of_the_byte_that_names_it(void **state)
{
	uint8_t bytes[sizeof(chain)];
	struct lab lab;

	(void)state;
	start(&lab);
	receive(&lab, 253, chain, sizeof(chain));
	assert_int_equal(problem.n, 1);
	assert_int_equal(problem.code, IP6_PROBLEM_NEXT_HEADER);
	assert_int_equal(problem.pointer, 6);
	memcpy(bytes, chain, sizeof(bytes));
	bytes[8] = 253;
	receive(&lab, IP6_PROTO_HOPOPTS, bytes, sizeof(bytes));
	assert_int_equal(problem.n, 2);
	assert_int_equal(problem.pointer, IP6_HDR_BYTES + 8);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP6_PROTOCOL), 2);
	lab_fini(&lab);
}

static void nothing_behind_the_headers_is_no_problem(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab);
	receive(&lab, IP6_PROTO_NONE, chain, sizeof(chain));
	assert_int_equal(problem.n, 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP6_NO_NEXT), 1);
	lab_fini(&lab);
}

static void an_option_that_forbids_to_go_on_is_told_as_it_asks(void **state)
{
	uint8_t bytes[sizeof(chain)];
	struct lab lab;

	(void)state;
	start(&lab);
	memcpy(bytes, chain, sizeof(bytes));
	bytes[2] = 0x41;
	receive(&lab, IP6_PROTO_HOPOPTS, bytes, sizeof(bytes));
	assert_int_equal(problem.n, 0);
	bytes[2] = 0x81;
	receive(&lab, IP6_PROTO_HOPOPTS, bytes, sizeof(bytes));
	assert_int_equal(problem.n, 1);
	assert_int_equal(problem.code, IP6_PROBLEM_OPTION);
	assert_int_equal(problem.pointer, IP6_HDR_BYTES + 2);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP6_OPTIONS), 2);
	assert_int_equal(lab6_seen()->packets, 0);
	lab_fini(&lab);
}

static void a_route_of_type_0_is_refused(void **state)
{
	static const uint8_t route[32] = { IP6_PROTO_UDP, 2, 0, 1 };
	struct lab lab;

	(void)state;
	start(&lab);
	receive(&lab, IP6_PROTO_ROUTING, route, sizeof(route));
	assert_int_equal(problem.n, 1);
	assert_int_equal(problem.code, IP6_PROBLEM_HEADER);
	assert_int_equal(problem.pointer, IP6_HDR_BYTES + 2);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP6_ROUTING), 1);
	lab_fini(&lab);
}

static void without_icmp_problems_are_only_counted(void **state)
{
	struct lab lab;

	(void)state;
	lab6_init(&lab, NULL);
	receive(&lab, 253, chain, sizeof(chain));
	assert_int_equal(lab.nsent, 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP6_PROTOCOL), 1);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_transport_gets_what_is_behind_the_chain),
		cmocka_unit_test(a_chain_cut_at_any_byte_is_dropped),
		cmocka_unit_test(a_protocol_that_nobody_has_is_a_problem_of_the_byte_that_names_it),
		cmocka_unit_test(nothing_behind_the_headers_is_no_problem),
		cmocka_unit_test(an_option_that_forbids_to_go_on_is_told_as_it_asks),
		cmocka_unit_test(a_route_of_type_0_is_refused),
		cmocka_unit_test(without_icmp_problems_are_only_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
