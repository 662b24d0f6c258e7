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

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &holm_igmp, NULL };
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

static void answers_are_the_same_for_requests_in_pieces(void **state)
{
	struct lab_options options = { .protos = protos, .segs_max = 80 };
	struct lab lab;
	uint8_t frame[2048];

	(void)state;
	lab_init(&lab, &options);
	lab_introduce(&lab, 2);
	for (unsigned size = 20; size < 300; size += 7) {
		lab_clear(&lab);
		lab.segments = size;
		lab_receive(&lab, frame, lab_echo(frame, LAB_IP(2), LAB_IP(1), 200));
		check_reply(lab_find_type(&lab, ETH_TYPE_IP4, 0), 200);
	}
	lab_fini(&lab);
}

static void echo_requests_to_everybody_are_not_answered(void **state)
{
	static const uint32_t many[] = { LAB_IP(255), 0xffffffff, 0xe0000001 };
	struct lab lab;
	uint8_t frame[128];
	size_t len;

	(void)state;
	lab_init(&lab, &plain);
	lab_introduce(&lab, 2);
	lab_clear(&lab);
	for (size_t i = 0; i < ARRAY_LEN(many); i++) {
		len = lab_echo(frame, LAB_IP(2), many[i], 8);
		memset(frame, 0xff, 6);
		lab_receive(&lab, frame, len);
	}
	assert_int_equal(lab.nsent, 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ICMP_BROADCAST), 3);
	lab_fini(&lab);
}

static void a_damaged_or_short_message_is_dropped_by_name(void **state)
{
	struct lab lab;
	uint8_t frame[128], l4[8] = { 8 };
	size_t len;

	(void)state;
	lab_init(&lab, &plain);
	lab_introduce(&lab, 2);
	lab_clear(&lab);
	len = lab_echo(frame, LAB_IP(2), LAB_IP(1), 8);
	frame[len - 1] ^= 1;
	lab_receive(&lab, frame, len);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ICMP_CSUM), 1);
	for (size_t n = 0; n < 8; n++)
		lab_receive(&lab, frame,
			    lab_ip4(frame, LAB_IP(2), LAB_IP(1), IP4_PROTO_ICMP, l4, n));
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ICMP_SHORT), 8);
	assert_int_equal(lab.nsent, 0);
	lab_fini(&lab);
}

static void types_without_a_meaning_here_are_dropped(void **state)
{
	static const uint8_t types[] = { 0, 1, 2, 4, 5, 7, 9, 10, 13, 15, 17, 255 };
	struct lab lab;
	uint8_t frame[128], l4[48];

	(void)state;
	lab_init(&lab, &plain);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		size_t len = lab_echo(frame, LAB_IP(1), LAB_IP(2), 20);

		/* Behind the header a packet of ours, so that redirects are well formed. */
		memset(l4, 0, 8);
		memcpy(l4 + 8, frame + 14, 40);
		assert_true(len >= 54);
		l4[0] = types[i];
		icmp4_seal(l4, sizeof(l4));
		lab_receive(&lab, frame,
			    lab_ip4(frame, LAB_IP(2), LAB_IP(1), IP4_PROTO_ICMP, l4, sizeof(l4)));
	}
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ICMP_TYPE), ARRAY_LEN(types));
	lab_fini(&lab);
}

/* ---- Errors out. */

static const struct lab_sent *error_about(struct lab *lab, uint8_t proto, size_t l4_len)
{
	uint8_t frame[2048], l4[1480];

	memset(l4, 0x42, sizeof(l4));
	lab_clear(lab);
	lab_receive(lab, frame, lab_ip4(frame, LAB_IP(2), LAB_IP(1), proto, l4, l4_len));
	return lab_find_type(lab, ETH_TYPE_IP4, 0);
}

static void an_unknown_protocol_is_answered_with_a_quote(void **state)
{
	const struct lab_sent *s;
	struct icmp4_info info;
	struct icmp4_quote quote;
	enum holm_drop why;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	lab_introduce(&lab, 2);
	s = error_about(&lab, 99, 20);
	assert_non_null(s);
	assert_true(icmp4_parse(s->data + 34, s->len - 34, &info, &why));
	assert_int_equal(info.type, ICMP4_UNREACHABLE);
	assert_int_equal(info.code, ICMP4_PROTOCOL);
	assert_int_equal(checksum_finish(checksum_partial(s->data + 34, s->len - 34, 0)), 0);
	assert_true(icmp4_parse_quote(s->data + 34, s->len - 34, &quote, &why));
	assert_int_equal(quote.ip.src, LAB_IP(2));
	assert_int_equal(quote.ip.dst, LAB_IP(1));
	assert_int_equal(quote.ip.proto, 99);
	assert_int_equal(s->len, 14 + 20 + 8 + 40);
	/* A long one is cut to 576 bytes in all. */
	assert_int_equal(error_about(&lab, 99, 1480)->len, 14 + 576);
	lab_fini(&lab);
}

static void errors_are_limited_in_rate_and_the_rest_is_counted(void **state)
{
	struct holm_config config;
	struct lab_options options = { .protos = protos, .config = &config };
	struct lab lab;

	(void)state;
	holm_config_default(&config);
	config.icmp_rate_per_s = 100;
	lab_init(&lab, &options);
	lab_introduce(&lab, 2);
	for (int i = 0; i < 500; i++)
		error_about(&lab, 99, 20);
	assert_int_equal(holm_net_counter(lab.net, HOLM_COUNT_ICMP_ERRORS_SENT), 50);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ICMP_RATE), 450);
	for (int i = 0; i < 200; i++) {
		lab.now += 5 * LAB_MS;
		error_about(&lab, 99, 20);
	}
	/* One second at twice the rate: half of them. */
	assert_in_range(holm_net_counter(lab.net, HOLM_COUNT_ICMP_ERRORS_SENT), 149, 151);
	lab_fini(&lab);
}

static void nothing_is_sent_about_broadcasts(void **state)
{
	struct lab lab;
	uint8_t frame[128], l4[20] = { 0 };

	(void)state;
	lab_init(&lab, &plain);
	lab_introduce(&lab, 2);
	lab_clear(&lab);
	lab_ip4(frame, LAB_IP(2), LAB_IP(255), 99, l4, sizeof(l4));
	memset(frame, 0xff, 6);
	lab_receive(&lab, frame, 54);
	assert_int_equal(lab.nsent, 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP4_PROTOCOL), 1);
	lab_fini(&lab);
}

static void floods_of_requests_keep_frames_and_memory_in_bounds(void **state)
{
	struct lab lab;
	uint8_t frame[128];

	(void)state;
	lab_init(&lab, &plain);
	/* From hosts that never answer: their replies wait, bounded, and go. */
	for (unsigned i = 0; i < 3000; i++) {
		lab_receive(&lab, frame, lab_echo(frame, LAB_IP(2 + i % 200), LAB_IP(1), 8));
		lab_clear(&lab);
	}
	lab_run(&lab, 10 * LAB_S);
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_echo_request_is_answered_byte_for_byte),
		cmocka_unit_test(answers_are_the_same_for_requests_in_pieces),
		cmocka_unit_test(echo_requests_to_everybody_are_not_answered),
		cmocka_unit_test(a_damaged_or_short_message_is_dropped_by_name),
		cmocka_unit_test(types_without_a_meaning_here_are_dropped),
		cmocka_unit_test(an_unknown_protocol_is_answered_with_a_quote),
		cmocka_unit_test(errors_are_limited_in_rate_and_the_rest_is_counted),
		cmocka_unit_test(nothing_is_sent_about_broadcasts),
		cmocka_unit_test(floods_of_requests_keep_frames_and_memory_in_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
