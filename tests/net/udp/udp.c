/*
 * Tests of datagrams on their way in, and of errors about those that went out: net/udp/udp.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <holm/udp.h>

#include "net/wire/eth.h"
#include "net/wire/icmp4.h"
#include "net/wire/udp.h"
#include "tests/support/lab.h"

static const struct holm_proto *const protos[] = { &holm_arp, &holm_ipv4, &holm_icmp4, &holm_udp,
						   NULL };
static const struct lab_options plain = { .protos = protos };

static struct holm_endpoint at(unsigned host, uint16_t port)
{
	struct holm_endpoint e = { .addr = lab_addr(host), .port = port };

	return e;
}

static struct holm_endpoint anywhere(uint16_t port)
{
	struct holm_endpoint e = { .addr = holm_addr_ip4(0, 0, 0, 0), .port = port };

	return e;
}

static struct holm_udp *bound(struct lab *lab, uint16_t port, unsigned flags)
{
	struct holm_endpoint local = anywhere(port);
	struct holm_udp *u;

	assert_int_equal(holm_udp_open(lab->net, &u), 0);
	assert_int_equal(holm_udp_bind(u, &local, flags), 0);
	return u;
}

static void receive(struct lab *lab, unsigned from, uint16_t sport, uint16_t dport,
		    const char *text)
{
	uint8_t frame[2048];

	lab_receive(lab, frame,
		    lab_udp(frame, LAB_IP(from), LAB_IP(1), sport, dport, text, strlen(text)));
}

static void expect_text(struct holm_udp *u, const char *text)
{
	struct holm_datagram dg;
	char got[2048];

	assert_int_equal(holm_udp_recv(u, &dg), 0);
	assert_int_equal(dg.payload_len, strlen(text));
	holm_frame_read(dg.frame, dg.payload_off, got, dg.payload_len);
	assert_memory_equal(got, text, dg.payload_len);
	holm_frame_free(dg.frame);
}

static void expect_nothing(struct holm_udp *u)
{
	struct holm_datagram dg;

	assert_int_equal(holm_udp_recv(u, &dg), -HOLM_EAGAIN);
}

static void a_datagram_for_a_bound_port_is_handed_over_with_both_ends(void **state)
{
	struct holm_endpoint from = at(2, 6000), to = at(1, 5000);
	struct lab lab;
	struct holm_udp *u;
	struct holm_datagram dg;

	(void)state;
	lab_init(&lab, &plain);
	u = bound(&lab, 5000, 0);
	receive(&lab, 2, 6000, 5000, "hello");
	assert_true(holm_udp_ready(u) & HOLM_READABLE);
	assert_int_equal(holm_udp_recv(u, &dg), 0);
	assert_int_equal(dg.from.port, from.port);
	assert_int_equal(dg.to.port, to.port);
	assert_true(holm_addr_equal(&dg.from.addr, &from.addr));
	assert_true(holm_addr_equal(&dg.to.addr, &to.addr));
	assert_ptr_equal(dg.dev, &lab.dev);
	assert_int_equal(dg.ttl, 64);
	assert_memory_equal(holm_frame_data(dg.frame) + dg.payload_off, "hello", 5);
	holm_frame_free(dg.frame);
	assert_false(holm_udp_ready(u) & HOLM_READABLE);
	holm_udp_close(u);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_for_a_bound_port_is_handed_over_with_both_ends),
	};

	(void)expect_text;
	(void)expect_nothing;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
