/*
 * Tests of who hears of errors about datagrams (net/udp/error.c), and of how they wait to be read
 * (net/ip/trouble.c).
 */
#include "net/udp/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/wire/eth.h"
#include "net/wire/icmp4.h"
#include "net/wire/icmp6.h"
#include "net/wire/udp.h"
#include "tests/support/lab6.h"
#include "tests/support/udp_lab.h"

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &holm_udp,  NULL };
static const struct lab_options plain = { .protos = protos };

/* An ICMP error from host 9 about the last datagram that was sent. */
static void report(struct lab *lab, uint8_t type, uint8_t code, uint16_t mtu)
{
	const struct lab_sent *s = &lab->sent[lab->nsent - 1];
	size_t quoted = min_size(s->len - 14, 400);
	uint8_t frame[600], l4[500] = { type, code };

	store_be16(l4 + 6, mtu);
	memcpy(l4 + 8, s->data + 14, quoted);
	icmp4_seal(l4, 8 + quoted);
	lab_receive(lab, frame,
		    lab_ip4(frame, LAB_IP(9), LAB_IP(1), IP4_PROTO_ICMP, l4, 8 + quoted));
}

static void send_text(struct lab *lab, struct holm_udp *u, const struct holm_endpoint *to)
{
	assert_int_equal(udp_lab_send(u, to, "hello"), 0);
	lab_poll(lab);
}

static void a_connected_endpoint_hears_of_what_is_final_only(void **state)
{
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	send_text(&lab, u, NULL);
	report(&lab, 3, 1, 0);
	report(&lab, 11, 0, 0);
	assert_int_equal(holm_udp_ready(u) & HOLM_ERROR, 0);
	report(&lab, 3, 3, 0);
	assert_int_equal(holm_udp_take_error(u), -HOLM_ECONNREFUSED);
	holm_udp_close(u);
	lab_fini(&lab);
}

/* RFC 1812 5.2.7.1 ends at 15. */
static void a_code_that_nobody_has_named_is_not_final(void **state)
{
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	send_text(&lab, u, NULL);
	for (unsigned code = 16; code < 256; code++) {
		report(&lab, 3, (uint8_t)code, 0);
		assert_int_equal(holm_udp_take_error(u), 0);
	}
	report(&lab, 3, 15, 0);
	assert_int_equal(holm_udp_take_error(u), -HOLM_EHOSTUNREACH);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void an_unconnected_endpoint_hears_of_nothing_unless_it_asks(void **state)
{
	struct holm_endpoint to = udp_lab_at(2, 9);
	struct holm_trouble t;
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_bound(&lab, 4000, 0);
	lab_introduce(&lab, 2);
	send_text(&lab, u, &to);
	report(&lab, 3, 3, 0);
	assert_int_equal(holm_udp_take_error(u), 0);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_ERRORS, 1), 0);
	send_text(&lab, u, &to);
	report(&lab, 3, 3, 0);
	assert_int_equal(holm_udp_take_error(u), -HOLM_ECONNREFUSED);
	assert_int_equal(holm_udp_take_trouble(u, &t, NULL, 0), 0);
	assert_true(holm_addr_equal(&t.to.addr, &to.addr));
	assert_int_equal(t.to.port, 9);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_trouble_brings_who_said_it_and_what_was_sent(void **state)
{
	struct holm_addr nine = lab_addr(9);
	struct holm_trouble t;
	struct lab lab;
	struct holm_udp *u;
	char text[8] = "";

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_ERRORS, 1), 0);
	send_text(&lab, u, NULL);
	report(&lab, 3, 4, 1300);
	assert_int_equal(holm_udp_take_trouble(u, &t, text, 4), 0);
	assert_memory_equal(text, "hell\0", 5);
	assert_int_equal(t.payload_len, 5);
	assert_int_equal(t.origin, HOLM_TROUBLE_ICMP);
	assert_int_equal(t.error, HOLM_EMSGSIZE);
	assert_int_equal(t.info, 1300);
	assert_true(holm_addr_equal(&t.offender, &nine));
	/* Reading it is as good as taking the error. */
	assert_int_equal(holm_udp_ready(u) & HOLM_ERROR, 0);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void the_error_is_that_of_the_next_to_be_read(void **state)
{
	struct holm_trouble t;
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_ERRORS, 1), 0);
	send_text(&lab, u, NULL);
	report(&lab, 3, 3, 0);
	report(&lab, 3, 0, 0);
	assert_int_equal(holm_udp_take_error(u), -HOLM_ENETUNREACH);
	assert_true(holm_udp_ready(u) & HOLM_ERROR);
	assert_int_equal(holm_udp_take_trouble(u, &t, NULL, 0), 0);
	assert_int_equal(t.error, HOLM_ECONNREFUSED);
	assert_int_equal(holm_udp_take_error(u), -HOLM_ENETUNREACH);
	assert_true(holm_udp_ready(u) & HOLM_ERROR);
	assert_int_equal(holm_udp_take_trouble(u, &t, NULL, 0), 0);
	assert_int_equal(holm_udp_ready(u) & HOLM_ERROR, 0);
	assert_int_equal(holm_udp_take_trouble(u, &t, NULL, 0), -HOLM_EAGAIN);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void the_queue_is_bounded_and_goes_with_the_wish(void **state)
{
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_ERRORS, 1), 0);
	send_text(&lab, u, NULL);
	for (unsigned i = 0; i < IP_TROUBLES_MAX + 3; i++)
		report(&lab, 3, 3, 0);
	assert_int_equal(u->troubles.count, IP_TROUBLES_MAX);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP_TROUBLES_FULL), 3);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_ERRORS, 0), 0);
	assert_int_equal(u->troubles.count, 0);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_neighbour_that_does_not_answer_is_a_trouble(void **state)
{
	struct holm_endpoint to = udp_lab_at(77, 9);
	struct holm_addr own = lab_addr(1);
	struct holm_trouble t;
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_bound(&lab, 4000, 0);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_ERRORS, 1), 0);
	send_text(&lab, u, &to);
	lab_run(&lab, 5 * LAB_S);
	assert_int_equal(holm_udp_take_error(u), -HOLM_EHOSTUNREACH);
	assert_int_equal(holm_udp_take_trouble(u, &t, NULL, 0), 0);
	assert_int_equal(t.type, 3);
	assert_int_equal(t.code, 1);
	assert_int_equal(t.payload_len, 5);
	assert_true(holm_addr_equal(&t.offender, &own));
	holm_udp_close(u);
	lab_fini(&lab);
}

static const struct holm_proto *const protos6[] = { &holm_arp,	      &holm_ipv4,  &holm_loopback,
						    &holm_ipv6,	      &holm_icmp6, &holm_udp,
						    &lab6_neighbours, NULL };

/* Host 9 says that the last packet was too big, and may be `mtu`; its quote is `changed` in one byte. */
static void report_too_big(struct lab *lab, uint32_t mtu, size_t changed)
{
	const struct lab_sent *s = &lab->sent[lab->nsent - 1];
	const struct holm_addr nine = lab6_addr(9), one = lab6_addr(1);
	const struct icmp6_info info = { .type = ICMP6_TOO_BIG, .value = mtu };
	size_t len = ICMP6_HDR_BYTES + min_size(s->len - ETH_HDR_BYTES, 400);
	uint8_t frame[600], l4[500];

	icmp6_build(l4, &info);
	memcpy(l4 + ICMP6_HDR_BYTES, s->data + ETH_HDR_BYTES, len - ICMP6_HDR_BYTES);
	if (changed)
		l4[ICMP6_HDR_BYTES + changed] ^= 0x80;
	icmp6_seal(l4, len, &nine, &one);
	lab_receive(lab, frame, lab6_packet(frame, &nine, &one, IP6_PROTO_ICMP, l4, len));
}

static int send_large_to(struct lab *lab, struct holm_udp *u, const struct holm_endpoint *to)
{
	static uint8_t payload[1452];
	const struct holm_span span = { payload, sizeof(payload) };
	int err;

	lab_clear(lab);
	err = holm_udp_send(u, to, &span, 1);
	lab_poll(lab);
	return err;
}

static int send_large(struct lab *lab, struct holm_udp *u)
{
	return send_large_to(lab, u, NULL);
}

/* RFC 8201: whose packet it was is looked at first. */
static void what_a_path_takes_is_learned_from_errors_about_datagrams_of_ours(void **state)
{
	const struct holm_endpoint to = { .addr = lab6_addr(2), .port = 9 };
	struct holm_udp *u;
	struct lab lab;
	uint32_t mtu;

	(void)state;
	lab6_init(&lab, protos6);
	assert_int_equal(holm_udp_open(lab.net, &u), 0);
	assert_int_equal(holm_udp_connect(u, &to), 0);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_PMTU6, HOLM_UDP_PMTU_DO), 0);
	assert_int_equal(send_large(&lab, u), 0);
	assert_int_equal(lab.nsent, 1);
	report_too_big(&lab, 1300, IP6_HDR_BYTES + 1); /* another port */
	report_too_big(&lab, 1300, 10);		       /* another source */
	report_too_big(&lab, 1300, 39);		       /* another destination */
	report_too_big(&lab, 1279, 0);
	assert_int_equal(holm_udp_take_error(u), 0);
	report_too_big(&lab, 1300, 0);
	assert_int_equal(holm_udp_take_error(u), -HOLM_EMSGSIZE);
	assert_int_equal(holm_udp_get_option(u, HOLM_UDP_OPT_MTU, &mtu), 0);
	assert_int_equal(mtu, 1300);
	assert_int_equal(send_large(&lab, u), -HOLM_EMSGSIZE);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_PMTU6, HOLM_UDP_PMTU_WANT), 0);
	assert_int_equal(send_large(&lab, u), 0);
	assert_int_equal(lab.nsent, 2);
	assert_true(lab.sent[0].len <= ETH_HDR_BYTES + 1300);
	/* What was cut may be too big again, and is found behind its fragment header. */
	lab.nsent--;
	report_too_big(&lab, 1280, 0);
	assert_int_equal(holm_udp_take_error(u), -HOLM_EMSGSIZE);
	assert_int_equal(holm_udp_get_option(u, HOLM_UDP_OPT_MTU, &mtu), 0);
	assert_int_equal(mtu, 1280);
	holm_udp_close(u);
	lab_fini(&lab);
}

/* It is not the last one sent to that a router has to say something about. */
static void a_server_learns_what_the_path_of_each_takes(void **state)
{
	const struct holm_endpoint first = { .addr = lab6_addr(2), .port = 9 };
	const struct holm_endpoint last = { .addr = lab6_addr(3), .port = 9 };
	struct lab_sent to_first;
	struct holm_udp *u;
	struct lab lab;

	(void)state;
	lab6_init(&lab, protos6);
	assert_int_equal(holm_udp_open(lab.net, &u), 0);
	assert_int_equal(send_large_to(&lab, u, &first), 0);
	to_first = lab.sent[0];
	/* It waits for its neighbour. */
	assert_int_equal(send_large_to(&lab, u, &last), 0);
	lab.sent[0] = to_first;
	lab.nsent = 1;
	/* To whom nothing was sent nothing can have been too big. */
	report_too_big(&lab, 1300, 39);
	report_too_big(&lab, 1300, 0);
	assert_int_equal(send_large_to(&lab, u, &first), 0);
	assert_int_equal(lab.nsent, 2);
	assert_true(lab.sent[0].len <= ETH_HDR_BYTES + 1300);
	holm_udp_close(u);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connected_endpoint_hears_of_what_is_final_only),
		cmocka_unit_test(a_code_that_nobody_has_named_is_not_final),
		cmocka_unit_test(an_unconnected_endpoint_hears_of_nothing_unless_it_asks),
		cmocka_unit_test(a_trouble_brings_who_said_it_and_what_was_sent),
		cmocka_unit_test(the_error_is_that_of_the_next_to_be_read),
		cmocka_unit_test(the_queue_is_bounded_and_goes_with_the_wish),
		cmocka_unit_test(a_neighbour_that_does_not_answer_is_a_trouble),
		cmocka_unit_test(what_a_path_takes_is_learned_from_errors_about_datagrams_of_ours),
		cmocka_unit_test(a_server_learns_what_the_path_of_each_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
