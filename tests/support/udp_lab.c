/*
 * UDP endpoints in a lab: see udp_lab.h.
 */
#include "tests/support/udp_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct holm_endpoint udp_lab_at(unsigned host, uint16_t port)
{
	struct holm_endpoint e = { .addr = host ? lab_addr(host) : holm_addr_ip4(0, 0, 0, 0),
				   .port = port };

	return e;
}

struct holm_udp *udp_lab_bound(struct lab *lab, uint16_t port, unsigned flags)
{
	struct holm_endpoint local = udp_lab_at(0, port);
	struct holm_udp *u;

	assert_int_equal(holm_udp_open(lab->net, &u), 0);
	assert_int_equal(holm_udp_bind(u, &local, flags), 0);
	return u;
}

struct holm_udp *udp_lab_connected(struct lab *lab, uint16_t port, unsigned host, uint16_t rport)
{
	struct holm_endpoint remote = udp_lab_at(host, rport);
	struct holm_udp *u = udp_lab_bound(lab, port, 0);

	lab_introduce(lab, host);
	lab_clear(lab);
	assert_int_equal(holm_udp_connect(u, &remote), 0);
	return u;
}

void udp_lab_receive(struct lab *lab, unsigned from, uint16_t sport, uint16_t dport,
		     const char *text)
{
	uint8_t frame[2048];

	lab_receive(lab, frame,
		    lab_udp(frame, LAB_IP(from), LAB_IP(1), sport, dport, text, strlen(text)));
}

int udp_lab_send(struct holm_udp *u, const struct holm_endpoint *to, const char *text)
{
	struct holm_span span = { (const uint8_t *)text, strlen(text) };

	return holm_udp_send(u, to, &span, 1);
}

void udp_lab_expect(struct holm_udp *u, const char *text)
{
	struct holm_datagram dg;
	char got[2048];

	assert_int_equal(holm_udp_recv(u, &dg), 0);
	assert_int_equal(dg.payload_len, strlen(text));
	holm_frame_read(dg.frame, dg.payload_off, got, dg.payload_len);
	assert_memory_equal(got, text, dg.payload_len);
	holm_frame_free(dg.frame);
}

void udp_lab_expect_nothing(struct holm_udp *u)
{
	struct holm_datagram dg;

	assert_int_equal(holm_udp_recv(u, &dg), -HOLM_EAGAIN);
}

void udp_lab_expect_same(struct holm_udp *a, struct holm_udp *b)
{
	static uint8_t left[UINT16_MAX], right[UINT16_MAX];
	struct holm_datagram x, y;

	while (holm_udp_recv(a, &x) == 0) {
		assert_int_equal(holm_udp_recv(b, &y), 0);
		assert_true(holm_addr_equal(&x.from.addr, &y.from.addr));
		assert_int_equal(x.from.port, y.from.port);
		assert_int_equal(x.to.port, y.to.port);
		assert_int_equal(x.payload_len, y.payload_len);
		holm_frame_read(x.frame, x.payload_off, left, x.payload_len);
		holm_frame_read(y.frame, y.payload_off, right, y.payload_len);
		assert_memory_equal(left, right, x.payload_len);
		holm_frame_free(x.frame);
		holm_frame_free(y.frame);
	}
	udp_lab_expect_nothing(b);
}
