/*
 * Tests of who gets a datagram: net/udp/demux.c.
 */
#include "net/udp/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/expect.h"
#include "tests/support/udp_lab.h"

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &holm_udp,  NULL };
static const struct lab_options plain = { .protos = protos };

static void the_wildcard_takes_what_no_one_else_wants(void **state)
{
	struct holm_endpoint specific = udp_lab_at(1, 7);
	struct holm_addr second = lab_addr(100);
	struct holm_udp *any, *one;
	struct lab lab;
	uint8_t frame[128];

	(void)state;
	lab_init(&lab, &plain);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &second, 24), 0);
	any = udp_lab_bound(&lab, 7, HOLM_UDP_REUSEADDR);
	assert_int_equal(holm_udp_open(lab.net, &one), 0);
	assert_int_equal(holm_udp_bind(one, &specific, HOLM_UDP_REUSEADDR), 0);
	udp_lab_receive(&lab, 2, 9, 7, "one");
	lab_receive(&lab, frame, lab_udp(frame, LAB_IP(2), LAB_IP(100), 9, 7, "any", 3));
	udp_lab_expect(one, "one");
	udp_lab_expect(any, "any");
	udp_lab_expect_nothing(one);
	udp_lab_expect_nothing(any);
	holm_udp_close(one);
	udp_lab_receive(&lab, 2, 9, 7, "now any");
	udp_lab_expect(any, "now any");
	holm_udp_close(any);
	lab_fini(&lab);
}

static void a_connected_endpoint_goes_before_the_others_and_takes_only_its_remote(void **state)
{
	struct holm_udp *any, *one;
	struct holm_endpoint remote = udp_lab_at(2, 9);
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	one = udp_lab_bound(&lab, 7, HOLM_UDP_REUSEADDR);
	any = udp_lab_bound(&lab, 7, HOLM_UDP_REUSEADDR);
	udp_lab_receive(&lab, 2, 9, 7, "before");
	assert_int_equal(holm_udp_connect(one, &remote), 0);
	udp_lab_receive(&lab, 2, 9, 7, "mine");
	udp_lab_receive(&lab, 3, 9, 7, "other host");
	udp_lab_receive(&lab, 2, 8, 7, "other port");
	udp_lab_expect(any, "before");
	udp_lab_expect(one, "mine");
	udp_lab_expect(any, "other host");
	udp_lab_expect(any, "other port");
	udp_lab_expect_nothing(one);
	/* Dissolved, it hears everybody again, and nobody is lost. */
	assert_int_equal(holm_udp_connect(one, NULL), 0);
	holm_udp_close(any);
	udp_lab_receive(&lab, 3, 9, 7, "again");
	udp_lab_expect(one, "again");
	holm_udp_close(one);
	lab_fini(&lab);
}

static void the_memory_of_the_last_flow_never_outlives_a_change(void **state)
{
	struct holm_udp *any, *one;
	struct holm_endpoint remote = udp_lab_at(2, 9);
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	any = udp_lab_bound(&lab, 7, HOLM_UDP_REUSEADDR);
	udp_lab_receive(&lab, 2, 9, 7, "1");
	one = udp_lab_bound(&lab, 0, 0);
	holm_udp_close(one);
	udp_lab_receive(&lab, 2, 9, 7, "2");
	one = udp_lab_bound(&lab, 7, HOLM_UDP_REUSEADDR);
	assert_int_equal(holm_udp_connect(one, &remote), 0);
	udp_lab_receive(&lab, 2, 9, 7, "3");
	udp_lab_receive(&lab, 2, 9, 7, "4");
	holm_udp_close(one);
	udp_lab_receive(&lab, 2, 9, 7, "5");
	udp_lab_expect(any, "1");
	udp_lab_expect(any, "2");
	udp_lab_expect(any, "5");
	holm_udp_close(any);
	udp_lab_receive(&lab, 2, 9, 7, "6");
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_UDP_NO_PORT), 1);
	lab_fini(&lab);
}

static void an_endpoint_bound_to_a_device_hears_only_that_device(void **state)
{
	struct holm_endpoint self = udp_lab_at(1, 7);
	struct holm_udp *wired, *any;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	assert_int_equal(holm_udp_open(lab.net, &wired), 0);
	holm_udp_bind_dev(wired, &lab.dev);
	self.addr = holm_addr_ip4(0, 0, 0, 0);
	assert_int_equal(holm_udp_bind(wired, &self, HOLM_UDP_REUSEADDR), 0);
	any = udp_lab_bound(&lab, 7, HOLM_UDP_REUSEADDR);
	udp_lab_receive(&lab, 2, 9, 7, "wire");
	self = udp_lab_at(1, 7);
	assert_int_equal(udp_lab_send(any, &self, "loop"), 0);
	lab_poll(&lab);
	udp_lab_expect(wired, "wire");
	udp_lab_expect_nothing(wired);
	udp_lab_expect(any, "loop");
	holm_udp_close(wired);
	holm_udp_close(any);
	lab_fini(&lab);
}

static void a_thousand_connected_endpoints_on_one_port_each_get_their_own(void **state)
{
	enum { N = 1000 };
	static struct holm_udp *u[N];
	struct lab lab;
	char text[8];

	(void)state;
	lab_init(&lab, &plain);
	for (unsigned i = 0; i < N; i++) {
		struct holm_endpoint remote = udp_lab_at(2, (uint16_t)(1000 + i));

		u[i] = udp_lab_bound(&lab, 7, HOLM_UDP_REUSEADDR);
		assert_int_equal(holm_udp_connect(u[i], &remote), 0);
	}
	for (unsigned i = 0; i < N; i += 7) {
		memset(text, 0, sizeof(text));
		text[0] = (char)('a' + i % 26);
		udp_lab_receive(&lab, 2, (uint16_t)(1000 + i), 7, text);
		udp_lab_expect(u[i], text);
	}
	for (unsigned i = 0; i < N; i++)
		holm_udp_close(u[i]);
	lab_fini(&lab);
}

/* A model: the list of what is bound, and the rule of precedence in its plainest form. */
static void any_history_of_binding_agrees_with_a_plain_model(void **state)
{
	enum { N = 12 };
	struct holm_udp *u[N] = { NULL };
	unsigned port[N], remote_host[N];
	int since[N];
	uint64_t seed = expect_seed(21);
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	for (int i = 0; i < 5000; i++) {
		size_t k = expect_random_below(&seed, N);
		unsigned p = 10 + (unsigned)expect_random_below(&seed, 4);
		unsigned host = 2 + (unsigned)expect_random_below(&seed, 3);
		struct holm_endpoint remote = udp_lab_at(host, 9);
		struct holm_datagram dg;
		size_t expected = N, got = N;

		if (!u[k]) {
			u[k] = udp_lab_bound(&lab, (uint16_t)p, HOLM_UDP_REUSEADDR);
			port[k] = p;
			remote_host[k] = 0;
		} else if (expect_random_below(&seed, 3) == 0) {
			holm_udp_close(u[k]);
			u[k] = NULL;
		} else {
			assert_int_equal(holm_udp_connect(u[k], &remote), 0);
			remote_host[k] = host;
			since[k] = i;
		}
		udp_lab_receive(&lab, host, 9, (uint16_t)p, "?");
		for (size_t j = 0; j < N; j++)
			if (u[j] && port[j] == p && remote_host[j] == host &&
			    (expected == N || since[j] > since[expected]))
				expected = j;
		for (size_t j = 0; j < N; j++)
			if (u[j] && holm_udp_recv(u[j], &dg) == 0) {
				holm_frame_free(dg.frame);
				got = j;
			}
		if (expected != N) {
			assert_int_equal(got, expected);
		} else if (got != N) {
			assert_int_equal(port[got], p);
			assert_int_equal(remote_host[got], 0);
		} else {
			for (size_t j = 0; j < N; j++)
				assert_false(u[j] && port[j] == p && remote_host[j] == 0);
		}
		lab_clear(&lab);
	}
	for (size_t k = 0; k < N; k++)
		if (u[k])
			holm_udp_close(u[k]);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wildcard_takes_what_no_one_else_wants),
		cmocka_unit_test(
			a_connected_endpoint_goes_before_the_others_and_takes_only_its_remote),
		cmocka_unit_test(the_memory_of_the_last_flow_never_outlives_a_change),
		cmocka_unit_test(an_endpoint_bound_to_a_device_hears_only_that_device),
		cmocka_unit_test(a_thousand_connected_endpoints_on_one_port_each_get_their_own),
		cmocka_unit_test(any_history_of_binding_agrees_with_a_plain_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
