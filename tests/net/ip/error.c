/*
 * Tests of errors on their way to transports: net/ip/error.c, with UDP as the transport.
 */
#include "net/ip/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/wire/icmp4.h"
#include "net/wire/udp.h"
#include "tests/support/udp_lab.h"

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &holm_udp,  NULL };
static const struct holm_proto *const no_icmp[] = { &holm_arp, &holm_ipv4, HOLM_IP_PARTS, &holm_udp,
						    NULL };
static const struct lab_options plain = { .protos = protos };

/* An ICMP error from host 2 about the last IPv4 packet that the lab saw, or about bytes of it. */
static void report(struct lab *lab, const uint8_t *packet, size_t quoted, uint8_t type,
		   uint8_t code, uint16_t mtu)
{
	uint8_t frame[256], l4[128] = { type, code };

	store_be16(l4 + 6, mtu);
	memcpy(l4 + 8, packet, quoted);
	icmp4_seal(l4, 8 + quoted);
	lab_receive(lab, frame,
		    lab_ip4(frame, LAB_IP(2), LAB_IP(1), IP4_PROTO_ICMP, l4, 8 + quoted));
}

static struct holm_udp *sender(struct lab *lab)
{
	struct holm_udp *u;

	lab_init(lab, &plain);
	u = udp_lab_connected(lab, 4000, 2, 9);
	assert_int_equal(udp_lab_send(u, NULL, "hello"), 0);
	lab_poll(lab);
	assert_int_equal(lab->nsent, 1);
	return u;
}

static void each_kind_of_error_becomes_the_errno_that_linux_has(void **state)
{
	static const struct {
		uint8_t type, code;
		int error;
	} kinds[] = {
		{ 3, 0, HOLM_ENETUNREACH },   { 3, 1, HOLM_EHOSTUNREACH },
		{ 3, 2, HOLM_ENOPROTOOPT },   { 3, 3, HOLM_ECONNREFUSED },
		{ 3, 5, HOLM_EOPNOTSUPP },    { 3, 9, HOLM_ENETUNREACH },
		{ 3, 7, HOLM_EHOSTDOWN },     { 3, 99, HOLM_EHOSTUNREACH },
		{ 3, 13, HOLM_EHOSTUNREACH }, { 11, 0, HOLM_EHOSTUNREACH },
		{ 12, 0, HOLM_EPROTO },
	};
	struct lab lab;
	struct holm_udp *u = sender(&lab);

	(void)state;
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_ERRORS, 1), 0);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct holm_trouble t;

		report(&lab, lab.sent[0].data + 14, 28, kinds[i].type, kinds[i].code, 0);
		assert_true(holm_udp_ready(u) & HOLM_ERROR);
		assert_int_equal(holm_udp_take_error(u), -kinds[i].error);
		assert_int_equal(holm_udp_take_error(u), 0);
		assert_int_equal(holm_udp_take_trouble(u, &t, NULL, 0), 0);
		assert_int_equal(t.error, kinds[i].error);
		assert_int_equal(t.type, kinds[i].type);
		assert_int_equal(t.code, kinds[i].code);
	}
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_quote_that_is_not_of_ours_changes_nothing(void **state)
{
	static const size_t fields[] = { 12, 15, 16, 19, 20, 21, 22, 23 };
	struct lab lab;
	struct holm_udp *u = sender(&lab);
	uint8_t packet[28];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		memcpy(packet, lab.sent[0].data + 14, sizeof(packet));
		packet[fields[i]] ^= 0x40;
		report(&lab, packet, sizeof(packet), 3, 3, 0);
		assert_int_equal(holm_udp_take_error(u), 0);
	}
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ICMP_QUOTE), ARRAY_LEN(fields));
	for (size_t quoted = 0; quoted < 28; quoted++)
		report(&lab, lab.sent[0].data + 14, quoted, 3, 3, 0);
	assert_int_equal(holm_udp_take_error(u), 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ICMP_SHORT), 28);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_quote_of_a_protocol_without_errors_is_dropped(void **state)
{
	struct lab lab;
	struct holm_udp *u = sender(&lab);
	uint8_t packet[28];

	(void)state;
	memcpy(packet, lab.sent[0].data + 14, sizeof(packet));
	packet[9] = IP4_PROTO_ICMP;
	report(&lab, packet, sizeof(packet), 3, 3, 0);
	packet[9] = 77;
	report(&lab, packet, sizeof(packet), 3, 3, 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ICMP_QUOTE), 2);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void too_big_lowers_the_path_and_says_so(void **state)
{
	static uint8_t big[1472];
	struct holm_span span = { big, sizeof(big) };
	struct lab lab;
	struct holm_udp *u = sender(&lab);

	(void)state;
	lab_clear(&lab);
	assert_int_equal(holm_udp_send(u, NULL, &span, 1), 0);
	lab_poll(&lab);
	report(&lab, lab.sent[0].data + 14, 28, 3, 4, 1280);
	assert_int_equal(holm_udp_take_error(u), -HOLM_EMSGSIZE);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_PMTU, HOLM_UDP_PMTU_DO), 0);
	assert_int_equal(holm_udp_send(u, NULL, &span, 1), -HOLM_EMSGSIZE);
	span.len = 1280 - 28;
	assert_int_equal(holm_udp_send(u, NULL, &span, 1), 0);
	span.len++;
	assert_int_equal(holm_udp_send(u, NULL, &span, 1), -HOLM_EMSGSIZE);
	/* A larger value, or a forged tiny one, does not get far. */
	report(&lab, lab.sent[0].data + 14, 28, 3, 4, 1400);
	assert_int_equal(holm_udp_take_error(u), 0);
	report(&lab, lab.sent[0].data + 14, 28, 3, 4, 68);
	holm_udp_take_error(u);
	span.len = IP_PMTU_MIN - 28;
	assert_int_equal(holm_udp_send(u, NULL, &span, 1), 0);
	lab_poll(&lab);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void without_icmp_nobody_is_told_that_a_port_is_closed(void **state)
{
	struct lab_options options = { .protos = no_icmp };
	struct lab lab;

	(void)state;
	lab_init(&lab, &options);
	lab_introduce(&lab, 2);
	lab_clear(&lab);
	udp_lab_receive(&lab, 2, 5, 6, "anybody?");
	assert_int_equal(lab.nsent, 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_UDP_NO_PORT), 1);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_error_becomes_the_errno_that_linux_has),
		cmocka_unit_test(a_quote_that_is_not_of_ours_changes_nothing),
		cmocka_unit_test(a_quote_of_a_protocol_without_errors_is_dropped),
		cmocka_unit_test(too_big_lowers_the_path_and_says_so),
		cmocka_unit_test(without_icmp_nobody_is_told_that_a_port_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
