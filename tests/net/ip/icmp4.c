/*
 * Tests of ICMP: net/ip/icmp4.c, and of a ping on its way through everything below.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/wire/eth.h"
#include "net/wire/icmp4.h"
#include "tests/support/lab.h"

static const struct holm_proto *const protos[] = { &holm_arp, &holm_ipv4, &holm_icmp4, NULL };
static const struct lab_options plain = { .protos = protos };

static void check_reply(const struct lab_sent *s, size_t payload_len)
{
	struct ip4_info ip;
	struct icmp4_info icmp;
	enum holm_drop why;

	assert_non_null(s);
	assert_int_equal(s->len, 14 + 20 + 8 + payload_len);
	assert_true(ip4_parse(s->data + 14, s->len - 14, s->len - 14, &ip, &why));
	assert_int_equal(ip.src, LAB_IP(1));
	assert_int_equal(ip.dst, LAB_IP(2));
	assert_int_equal(ip.ttl, 64);
	assert_true(icmp4_parse(s->data + 34, s->len - 34, &icmp, &why));
	assert_int_equal(icmp.type, ICMP4_ECHO_REPLY);
	assert_int_equal(icmp.id, 0x1234);
	assert_int_equal(icmp.seq, 5);
	assert_int_equal(checksum_finish(checksum_partial(s->data + 34, s->len - 34, 0)), 0);
	for (size_t i = 0; i < payload_len; i++)
		assert_int_equal(s->data[42 + i], (uint8_t)(i * 7 + 1));
}

static void an_echo_request_is_answered_byte_for_byte(void **state)
{
	static const size_t sizes[] = { 0, 1, 56, 63, 64, 1472 };
	struct lab lab;
	uint8_t frame[2048];

	(void)state;
	lab_init(&lab, &plain);
	lab_introduce(&lab, 2);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		lab_clear(&lab);
		lab_receive(&lab, frame, lab_echo(frame, LAB_IP(2), LAB_IP(1), sizes[i]));
		check_reply(lab_find_type(&lab, ETH_TYPE_IP4, 0), sizes[i]);
	}
	assert_int_equal(holm_net_counter(lab.net, HOLM_COUNT_ICMP_ECHO_REPLIES), 6);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_echo_request_is_answered_byte_for_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
