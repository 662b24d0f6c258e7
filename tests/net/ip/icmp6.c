/*
 * Tests of ICMPv6: net/ip/icmp6.c, and of fragments of IPv6 in and out (net/ip/reasm6.c, net/ip/split6.c),
 * with an echo request as the probe.
 */
#include "net/wire/icmp6.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/ip/state.h"
#include "net/wire/eth.h"
#include "tests/support/lab6.h"

enum { AT_IP = ETH_HDR_BYTES, AT_L4 = AT_IP + IP6_HDR_BYTES, MESSAGE_MAX = 60000 };

static const struct holm_proto *const protos[] = { &holm_ipv6,	    &holm_loopback,   &holm_icmp6,
						   &lab6_transport, &lab6_neighbours, NULL };

static uint8_t message[MESSAGE_MAX];

static void start(struct lab *lab)
{
	lab6_init(lab, protos);
	lab_clear(lab);
}

/* An echo request of `len` bytes with its header, for these addresses. */
static void make_echo(size_t len, const struct holm_addr *src, const struct holm_addr *dst)
{
	const struct icmp6_info info = { .type = ICMP6_ECHO, .id = 0x1234, .seq = 5 };

	for (size_t i = ICMP6_HDR_BYTES; i < len; i++)
		message[i] = (uint8_t)(i * 7 + (i >> 8));
	icmp6_build(message, &info);
	icmp6_seal(message, len, src, dst);
}

static void receive(struct lab *lab, const struct holm_addr *src, const struct holm_addr *dst,
		    uint8_t next, const void *l4, size_t len)
{
	uint8_t frame[2048];

	lab_receive(lab, frame, lab6_packet(frame, src, dst, next, l4, len));
}

static uint64_t drops(const struct lab *lab, enum holm_drop why)
{
	return holm_net_drops(lab->net, why);
}

/* What was sent first, from its ICMPv6 header on, which sums up; its length is in *len. */
static const uint8_t *sent_message(const struct lab *lab, size_t *len)
{
	const struct lab_sent *s = lab_find_type(lab, ETH_TYPE_IP6, 0);
	struct ip6_info ip;
	enum holm_drop why;

	assert_non_null(s);
	assert_true(ip6_parse(s->data + AT_IP, s->len - AT_IP, s->len - AT_IP, &ip, &why));
	assert_int_equal(ip.next, IP6_PROTO_ICMP);
	*len = ip.payload_len;
	assert_int_equal(checksum_finish(checksum_partial(
				 s->data + AT_L4, *len,
				 ip_pseudo_sum(&ip.src, &ip.dst, IP6_PROTO_ICMP, (uint32_t)*len))),
			 0);
	return s->data + AT_L4;
}

static void an_echo_request_is_answered_byte_for_byte(void **state)
{
	const struct holm_addr two = lab6_addr(2), one = lab6_addr(1);
	static const size_t sizes[] = { 0, 1, 56, 1452 };
	struct lab lab;

	(void)state;
	start(&lab);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		const uint8_t *p;
		size_t len;

		lab_clear(&lab);
		make_echo(8 + sizes[i], &two, &one);
		receive(&lab, &two, &one, IP6_PROTO_ICMP, message, 8 + sizes[i]);
		p = sent_message(&lab, &len);
		assert_int_equal(len, 8 + sizes[i]);
		assert_int_equal(p[0], ICMP6_ECHO_REPLY);
		assert_memory_equal(p + 4, message + 4, len - 4);
	}
	lab_fini(&lab);
}

static void a_request_to_a_group_is_answered_from_an_address(void **state)
{
	const struct holm_addr two = lab6_link(2), one = lab6_link(1), all = ip6_all_nodes();
	struct lab lab;
	size_t len;

	(void)state;
	start(&lab);
	make_echo(40, &two, &all);
	receive(&lab, &two, &all, IP6_PROTO_ICMP, message, 40);
	assert_int_equal(sent_message(&lab, &len)[0], ICMP6_ECHO_REPLY);
	assert_memory_equal(lab_find_type(&lab, ETH_TYPE_IP6, 0)->data + AT_IP + 8, one.b, 16);
	for (int i = 0; i < 200; i++)
		receive(&lab, &two, &all, IP6_PROTO_ICMP, message, 40);
	assert_int_equal(holm_net_counter(lab.net, HOLM_COUNT_ICMP_ECHO_REPLIES), 50);
	assert_int_equal(drops(&lab, HOLM_DROP_ICMP_RATE), 151);
	lab_fini(&lab);
}

static void a_damaged_message_is_dropped_by_name(void **state)
{
	const struct holm_addr two = lab6_addr(2), one = lab6_addr(1);
	struct lab lab;

	(void)state;
	start(&lab);
	make_echo(40, &two, &one);
	message[39] ^= 1;
	receive(&lab, &two, &one, IP6_PROTO_ICMP, message, 40);
	assert_int_equal(drops(&lab, HOLM_DROP_ICMP_CSUM), 1);
	receive(&lab, &two, &one, IP6_PROTO_ICMP, message, 7);
	assert_int_equal(drops(&lab, HOLM_DROP_ICMP_SHORT), 1);
	assert_int_equal(lab.nsent, 0);
	lab_fini(&lab);
}

/* An error about a UDP packet of ours to host 2. */
static void receive_error(struct lab *lab, uint8_t type, uint32_t value,
			  const struct holm_addr *sender)
{
	const struct holm_addr two = lab6_addr(2), one = lab6_addr(1);
	const struct icmp6_info info = { .type = type, .value = value };
	const struct ip6_info ip = { .src = *sender, .dst = two, .payload_len = 1000, .next = 17 };
	uint8_t p[ICMP6_HDR_BYTES + IP6_HDR_BYTES + 8] = { 0 };

	icmp6_build(p, &info);
	ip6_build(p + ICMP6_HDR_BYTES, &ip);
	icmp6_seal(p, sizeof(p), &two, &one);
	receive(lab, &two, &one, IP6_PROTO_ICMP, p, sizeof(p));
}

static void errors_reach_the_transport_that_sent_the_packet(void **state)
{
	const struct holm_addr two = lab6_addr(2), one = lab6_addr(1);
	struct lab lab;

	(void)state;
	start(&lab);
	receive_error(&lab, ICMP6_UNREACHABLE, 0, &one);
	receive_error(&lab, ICMP6_TOO_BIG, 1280, &one);
	receive_error(&lab, 100, 0, &one); /* RFC 4443 section 2.4 (a) */
	assert_int_equal(lab6_seen()->errors, 3);
	receive_error(&lab, ICMP6_UNREACHABLE, 0, &two);
	assert_int_equal(drops(&lab, HOLM_DROP_ICMP_QUOTE), 1);
	/* RFC 8201 section 4. */
	receive_error(&lab, ICMP6_TOO_BIG, 1279, &one);
	receive_error(&lab, ICMP6_TOO_BIG, 0, &one);
	assert_int_equal(drops(&lab, HOLM_DROP_ICMP_MTU), 2);
	assert_int_equal(lab6_seen()->errors, 3);
	lab_fini(&lab);
}

static void an_unknown_header_is_answered_with_a_pointer_and_a_quote(void **state)
{
	const struct holm_addr two = lab6_addr(2), one = lab6_addr(1), all = ip6_all_nodes();
	struct icmp6_info info;
	enum holm_drop why;
	struct lab lab;
	const uint8_t *p;
	size_t len;

	(void)state;
	start(&lab);
	receive(&lab, &two, &one, 99, message, 1452);
	p = sent_message(&lab, &len);
	assert_true(icmp6_parse(p, len, &info, &why));
	assert_int_equal(info.type, ICMP6_PARAM_PROBLEM);
	assert_int_equal(info.code, IP6_PROBLEM_NEXT_HEADER);
	assert_int_equal(info.value, 6);
	assert_int_equal(len, ICMP6_ERROR_MAX - IP6_HDR_BYTES);
	lab_clear(&lab);
	receive(&lab, &two, &all, 99, message, 20);
	assert_int_equal(lab.nsent, 0);
	lab_fini(&lab);
}

static void errors_are_never_about_errors(void **state)
{
	const struct holm_addr two = lab6_addr(2), one = lab6_addr(1);
	/* Destination options with one that asks for an error, then an ICMPv6 message. */
	uint8_t p[16] = { IP6_PROTO_ICMP, 0, 0x9e, 4, 0, 0, 0, 0, ICMP6_TOO_BIG };
	struct lab lab;

	(void)state;
	start(&lab);
	receive(&lab, &two, &one, IP6_PROTO_DSTOPTS, p, sizeof(p));
	assert_int_equal(lab.nsent, 0);
	p[8] = ICMP6_ECHO;
	receive(&lab, &two, &one, IP6_PROTO_DSTOPTS, p, sizeof(p));
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP6), 1);
	lab_fini(&lab);
}

/* ---- Fragments. */

static void give_part(struct lab *lab, uint32_t id, size_t off, size_t len, bool more)
{
	const struct holm_addr two = lab6_addr(2), one = lab6_addr(1);
	const struct ip6_piece piece = {
		.id = id, .off = (uint32_t)off, .next = IP6_PROTO_ICMP, .more = more
	};
	uint8_t p[1500];

	ip6_build_piece(p, &piece);
	memcpy(p + IP6_FRAGMENT_BYTES, message + off, len);
	receive(lab, &two, &one, IP6_PROTO_FRAGMENT, p, IP6_FRAGMENT_BYTES + len);
}

static void pieces_are_one_packet_and_a_large_answer_leaves_in_pieces(void **state)
{
	const struct holm_addr two = lab6_addr(2), one = lab6_addr(1);
	static uint8_t got[MESSAGE_MAX];
	const struct lab_sent *s;
	size_t len = 0, total = 20001;
	struct lab lab;

	(void)state;
	start(&lab);
	make_echo(total, &two, &one);
	for (size_t at = (total - 1) / 1400 * 1400 + 1400; at > 0; at -= 1400)
		give_part(&lab, 7, at - 1400, min_size(1400, total - (at - 1400)), at < total);
	assert_int_equal(holm_net_counter(lab.net, HOLM_COUNT_IP_REASSEMBLED), 1);
	for (size_t i = 0; (s = lab_find_type(&lab, ETH_TYPE_IP6, i)) != NULL; i++) {
		struct ip6_piece piece;

		assert_true(s->len <= 1514);
		assert_int_equal(s->data[AT_IP + 6], IP6_PROTO_FRAGMENT);
		ip6_parse_piece(s->data + AT_L4, &piece);
		assert_int_equal(piece.next, IP6_PROTO_ICMP);
		memcpy(got + piece.off, s->data + AT_L4 + 8, s->len - AT_L4 - 8);
		len += s->len - AT_L4 - 8;
		assert_int_equal(piece.more, piece.off + (s->len - AT_L4 - 8) < total);
	}
	assert_int_equal(len, total);
	assert_int_equal(got[0], ICMP6_ECHO_REPLY);
	assert_memory_equal(got + 4, message + 4, total - 4);
	assert_int_equal(
		checksum_finish(checksum_partial(
			got, len, ip_pseudo_sum(&one, &two, IP6_PROTO_ICMP, (uint32_t)len))),
		0);
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

static void a_whole_packet_with_a_fragment_header_waits_for_nothing(void **state)
{
	const struct holm_addr two = lab6_addr(2), one = lab6_addr(1);
	size_t len;
	struct lab lab;

	(void)state;
	start(&lab);
	make_echo(1000, &two, &one);
	give_part(&lab, 7, 0, 800, true);
	/* RFC 6946: beside pieces of the same number. */
	give_part(&lab, 7, 0, 1000, false);
	assert_int_equal(sent_message(&lab, &len)[0], ICMP6_ECHO_REPLY);
	lab_clear(&lab);
	give_part(&lab, 7, 800, 200, false);
	assert_int_equal(sent_message(&lab, &len)[0], ICMP6_ECHO_REPLY);
	lab_fini(&lab);
}

static void expect_problem(struct lab *lab, unsigned code, uint32_t pointer)
{
	struct icmp6_info info;
	const uint8_t *p;
	enum holm_drop why;
	size_t len;

	p = sent_message(lab, &len);
	assert_true(icmp6_parse(p, len, &info, &why));
	assert_int_equal(info.type, ICMP6_PARAM_PROBLEM);
	assert_int_equal(info.code, code);
	assert_int_equal(info.value, pointer);
	lab_clear(lab);
}

static void impossible_pieces_are_dropped_and_their_sender_told(void **state)
{
	const struct holm_addr two = lab6_addr(2), one = lab6_addr(1);
	struct lab lab;

	(void)state;
	start(&lab);
	make_echo(MESSAGE_MAX, &two, &one);
	message[0] = ICMP6_ECHO;
	give_part(&lab, 1, 0, 801, true);
	expect_problem(&lab, IP6_PROBLEM_HEADER, 4);
	memset(message, 0, 16);
	message[0] = ICMP6_ECHO;
	give_part(&lab, 1, 0, 0, true);
	expect_problem(&lab, IP6_PROBLEM_CHAIN, 0);
	give_part(&lab, 2, 800, 200, true);
	give_part(&lab, 2, 792, 16, true);
	assert_int_equal(drops(&lab, HOLM_DROP_IP_FRAGMENT), 4);
	assert_int_equal(lab.nsent, 0);
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

static void the_sender_hears_that_pieces_did_not_come_in_time(void **state)
{
	const struct holm_addr two = lab6_addr(2), one = lab6_addr(1);
	const uint8_t *p;
	struct lab lab;
	size_t len;

	(void)state;
	start(&lab);
	make_echo(1000, &two, &one);
	give_part(&lab, 1, 0, 800, true);
	give_part(&lab, 2, 800, 200, false);
	lab_run(&lab, IP_REASM_NS + LAB_S);
	p = sent_message(&lab, &len);
	assert_int_equal(p[0], ICMP6_TIME_EXCEEDED);
	assert_int_equal(p[1], ICMP6_REASSEMBLY);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP6), 1);
	assert_int_equal(drops(&lab, HOLM_DROP_IP_REASM_TIME), 2);
	lab_fini(&lab);
}

static void discovery_in_fragments_is_ignored(void **state)
{
	const struct holm_addr two = lab6_addr(2), one = lab6_addr(1);
	const struct icmp6_info info = { .type = ICMP6_NEIGHBOUR_SOLICIT };
	struct lab lab;

	(void)state;
	start(&lab);
	memset(message, 0, 24);
	icmp6_build(message, &info);
	icmp6_seal(message, 24, &two, &one);
	give_part(&lab, 1, 0, 24, false);
	assert_int_equal(drops(&lab, HOLM_DROP_ICMP_PIECES), 1);
	receive(&lab, &two, &one, IP6_PROTO_ICMP, message, 24);
	assert_int_equal(drops(&lab, HOLM_DROP_ICMP_TYPE), 1);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_echo_request_is_answered_byte_for_byte),
		cmocka_unit_test(a_request_to_a_group_is_answered_from_an_address),
		cmocka_unit_test(a_damaged_message_is_dropped_by_name),
		cmocka_unit_test(errors_reach_the_transport_that_sent_the_packet),
		cmocka_unit_test(an_unknown_header_is_answered_with_a_pointer_and_a_quote),
		cmocka_unit_test(errors_are_never_about_errors),
		cmocka_unit_test(pieces_are_one_packet_and_a_large_answer_leaves_in_pieces),
		cmocka_unit_test(a_whole_packet_with_a_fragment_header_waits_for_nothing),
		cmocka_unit_test(impossible_pieces_are_dropped_and_their_sender_told),
		cmocka_unit_test(the_sender_hears_that_pieces_did_not_come_in_time),
		cmocka_unit_test(discovery_in_fragments_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
