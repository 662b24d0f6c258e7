/* Tests of net/wire/icmp6: RFC 4443 messages against literal bytes, cut ones, quotes behind headers. */
#include "net/wire/icmp6.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/fmt.h"
#include "tests/support/exact.h"
#include "tests/support/expect.h"

/* Echo request 2001:db8::2 > 2001:db8::1, identifier 0x1234, sequence number 7, data "holm!". */
static const uint8_t echo[13] = {
	0x80, 0x00, 0x1c, 0x2b, 0x12, 0x34, 0x00, 0x07, 'h', 'o', 'l', 'm', '!',
};
static const struct holm_addr one = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
static const struct holm_addr two = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 2 } };

enum { AT_QUOTE = ICMP6_HDR_BYTES, AT_L4 = AT_QUOTE + IP6_HDR_BYTES };

/* Too big, MTU 1400, about TCP [2001:db8::1]:40000 > [2001:db8::2]:80 seq 0x01020304. */
static const uint8_t too_big[AT_L4 + 8] = {
	0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x78, 0x60, 0x01, 0x23, 0x45, 0x05, 0xb4,
	0x06, 0x40, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x01, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x9c, 0x40, 0x00, 0x50, 0x01, 0x02, 0x03, 0x04,
};

static uint16_t sum_of(const uint8_t *p, size_t len, const struct holm_addr *src,
		       const struct holm_addr *dst)
{
	return checksum_finish(
		checksum_partial(p, len, ip_pseudo_sum(src, dst, IP6_PROTO_ICMP, (uint32_t)len)));
}

static void an_echo_request_is_read_as_its_bytes_say(void **state)
{
	struct icmp6_info info;
	enum holm_drop why;

	(void)state;
	assert_true(icmp6_parse(echo, sizeof(echo), &info, &why));
	assert_int_equal(info.type, ICMP6_ECHO);
	assert_int_equal(info.code, 0);
	assert_int_equal(info.id, 0x1234);
	assert_int_equal(info.seq, 7);
	assert_false(icmp6_is_error(info.type));
	assert_int_equal(sum_of(echo, sizeof(echo), &two, &one), 0);
}

static void a_message_cut_in_its_header_is_too_short(void **state)
{
	(void)state;
	for (size_t len = 0; len < ICMP6_HDR_BYTES; len++) {
		uint8_t *cut = exact_copy(echo, len);
		enum holm_drop why = HOLM_DROP_COUNT;
		struct icmp6_info info;

		assert_false(icmp6_parse(cut, len, &info, &why));
		assert_int_equal(why, HOLM_DROP_ICMP_SHORT);
		free(cut);
	}
}

static void a_request_becomes_its_reply_with_the_right_checksum(void **state)
{
	const struct holm_addr group = ip6_all_nodes();
	uint8_t bytes[sizeof(echo)];

	(void)state;
	memcpy(bytes, echo, sizeof(bytes));
	icmp6_echo_to_reply(bytes);
	assert_int_equal(bytes[0], ICMP6_ECHO_REPLY);
	assert_int_equal(sum_of(bytes, sizeof(bytes), &one, &two), 0);
	assert_memory_equal(bytes + 4, echo + 4, sizeof(echo) - 4);
	/* A request to a group is answered from an address. */
	memcpy(bytes, echo, sizeof(bytes));
	icmp6_seal(bytes, sizeof(bytes), &two, &group);
	icmp6_echo_to_reply(bytes);
	icmp6_change_source(bytes, &group, &one);
	assert_int_equal(sum_of(bytes, sizeof(bytes), &one, &two), 0);
}

static void a_request_is_built_as_the_literal_bytes(void **state)
{
	struct icmp6_info info = { .type = ICMP6_ECHO, .id = 0x1234, .seq = 7 };
	uint8_t bytes[sizeof(echo)];

	(void)state;
	memcpy(bytes, echo, sizeof(bytes));
	memset(bytes, 0xff, ICMP6_HDR_BYTES);
	icmp6_build(bytes, &info);
	icmp6_seal(bytes, sizeof(bytes), &two, &one);
	assert_memory_equal(bytes, echo, sizeof(echo));
}

static void every_kind_of_header_parses_back_to_what_was_built(void **state)
{
	const struct icmp6_info kinds[] = {
		{ .type = ICMP6_ECHO_REPLY, .id = 1, .seq = 0xffff },
		{ .type = ICMP6_UNREACHABLE, .code = ICMP6_PORT },
		{ .type = ICMP6_TOO_BIG, .value = 0x12345678 },
		{ .type = ICMP6_TIME_EXCEEDED, .code = ICMP6_REASSEMBLY },
		{ .type = ICMP6_PARAM_PROBLEM, .code = 2, .value = 0x10028 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		uint8_t bytes[ICMP6_HDR_BYTES];
		struct icmp6_info out;
		enum holm_drop why;

		icmp6_build(bytes, &kinds[i]);
		assert_true(icmp6_parse(bytes, sizeof(bytes), &out, &why));
		assert_int_equal(out.type, kinds[i].type);
		assert_int_equal(out.code, kinds[i].code);
		assert_int_equal(out.id, kinds[i].id);
		assert_int_equal(out.seq, kinds[i].seq);
		assert_int_equal(out.value, kinds[i].value);
	}
}

static void an_error_quotes_the_packet_that_caused_it(void **state)
{
	struct icmp6_info info;
	struct icmp6_quote quote;
	enum holm_drop why;

	(void)state;
	assert_true(icmp6_parse(too_big, sizeof(too_big), &info, &why));
	assert_true(icmp6_is_error(info.type));
	assert_int_equal(info.value, 1400);
	assert_true(icmp6_parse_quote(too_big, sizeof(too_big), &quote, &why));
	assert_true(holm_addr_equal(&quote.ip.src, &one));
	assert_true(holm_addr_equal(&quote.ip.dst, &two));
	assert_int_equal(quote.ip.payload_len, 1460);
	assert_int_equal(quote.proto, IP6_PROTO_TCP);
	assert_int_equal(quote.l4_at, IP6_HDR_BYTES);
	assert_int_equal(quote.sport, 40000);
	assert_int_equal(quote.dport, 80);
	assert_int_equal(quote.tcp_seq, 0x01020304);
}

static void a_quote_cut_anywhere_is_too_short(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(too_big); len++) {
		uint8_t *cut = exact_copy(too_big, len);
		enum holm_drop why = HOLM_DROP_COUNT;
		struct icmp6_quote quote;

		assert_false(icmp6_parse_quote(cut, len, &quote, &why));
		assert_int_equal(why, HOLM_DROP_ICMP_SHORT);
		free(cut);
	}
}

/* The error about the same segment with these headers in front of it; its length. */
static size_t quote_behind(uint8_t *bytes, uint8_t first, const uint8_t *headers, size_t len)
{
	memcpy(bytes, too_big, AT_L4);
	bytes[AT_QUOTE + 6] = first;
	memcpy(bytes + AT_L4, headers, len);
	memcpy(bytes + AT_L4 + len, too_big + AT_L4, sizeof(too_big) - AT_L4);
	return sizeof(too_big) + len;
}

static void the_transport_is_found_behind_extension_headers(void **state)
{
	/* Hop-by-hop and destination options with padding, then a fragment header. */
	static const uint8_t headers[24] = {
		IP6_PROTO_DSTOPTS, 0, 1, 4, 0, 0, 0, 0, IP6_PROTO_FRAGMENT, 0, 1, 4, 0, 0, 0, 0,
		IP6_PROTO_TCP,	   0, 0, 1, 9, 9, 9, 9,
	};
	uint8_t bytes[sizeof(too_big) + sizeof(headers)];
	size_t len = quote_behind(bytes, IP6_PROTO_HOPOPTS, headers, sizeof(headers));
	struct icmp6_quote quote;
	enum holm_drop why;

	(void)state;
	assert_true(icmp6_parse_quote(bytes, len, &quote, &why));
	assert_int_equal(quote.proto, IP6_PROTO_TCP);
	assert_int_equal(quote.l4_at, IP6_HDR_BYTES + sizeof(headers));
	assert_int_equal(quote.sport, 40000);
	assert_int_equal(quote.tcp_seq, 0x01020304);
	for (size_t n = AT_L4; n < len; n++) {
		uint8_t *cut = exact_copy(bytes, n);

		assert_false(icmp6_parse_quote(cut, n, &quote, &why));
		assert_int_equal(why, HOLM_DROP_ICMP_SHORT);
		free(cut);
	}
}

static void a_quote_of_something_else_is_refused(void **state)
{
	/* A later piece, which has no ports. */
	static const uint8_t later[8] = { IP6_PROTO_TCP, 0, 0x05, 0x29, 9, 9, 9, 9 };
	/* A fragment header behind a fragment header. */
	static const uint8_t twice[16] = { IP6_PROTO_FRAGMENT, 0, 0, 1, 9, 9, 9, 9,
					   IP6_PROTO_TCP,      0, 0, 1, 9, 9, 9, 9 };
	uint8_t bytes[sizeof(too_big) + sizeof(twice)];
	struct icmp6_quote quote;
	enum holm_drop why;
	size_t len;

	(void)state;
	memcpy(bytes, too_big, sizeof(too_big));
	bytes[AT_QUOTE] = 0x45; /* IPv4 */
	assert_false(icmp6_parse_quote(bytes, sizeof(too_big), &quote, &why));
	assert_int_equal(why, HOLM_DROP_ICMP_QUOTE);
	len = quote_behind(bytes, IP6_PROTO_FRAGMENT, later, sizeof(later));
	assert_false(icmp6_parse_quote(bytes, len, &quote, &why));
	assert_int_equal(why, HOLM_DROP_ICMP_QUOTE);
	len = quote_behind(bytes, IP6_PROTO_FRAGMENT, twice, sizeof(twice));
	assert_false(icmp6_parse_quote(bytes, len, &quote, &why));
	assert_int_equal(why, HOLM_DROP_ICMP_QUOTE);
}

/* Is this packet, of `len` bytes from its IPv6 header on, one that is never answered with an error? */
static bool is_unanswerable(const uint8_t *p, size_t len)
{
	uint8_t *cut = exact_copy(p, len);
	bool is = icmp6_is_unanswerable(cut, len);

	free(cut);
	return is;
}

static void errors_and_redirects_are_known_behind_any_headers(void **state)
{
	uint8_t p[IP6_HDR_BYTES + 17] = { 0x60, [6] = IP6_PROTO_ICMP };

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		p[IP6_HDR_BYTES] = (uint8_t)type;
		assert_int_equal(is_unanswerable(p, IP6_HDR_BYTES + 1), type < 128 || type == 137);
	}
	p[6] = IP6_PROTO_UDP;
	assert_false(is_unanswerable(p, sizeof(p)));
	/* Behind an option that forbids to go on, and as the first piece. */
	p[6] = IP6_PROTO_DSTOPTS;
	p[IP6_HDR_BYTES] = IP6_PROTO_FRAGMENT;
	p[IP6_HDR_BYTES + 2] = 0xfe;
	p[IP6_HDR_BYTES + 8] = IP6_PROTO_ICMP;
	p[IP6_HDR_BYTES + 16] = ICMP6_TOO_BIG;
	assert_true(is_unanswerable(p, sizeof(p)));
	for (size_t n = 0; n < sizeof(p); n++)
		assert_false(is_unanswerable(p, n));
	p[IP6_HDR_BYTES + 11] = 8; /* a later one */
	assert_false(is_unanswerable(p, sizeof(p)));
}

static void random_quotes_are_read_within_their_bounds(void **state)
{
	uint64_t seed = expect_seed(44);
	uint8_t bytes[200];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t len = expect_random_below(&seed, sizeof(bytes));
		struct icmp6_quote quote;
		enum holm_drop why;
		uint8_t *cut;

		for (size_t k = 0; k < len; k++)
			bytes[k] = (uint8_t)expect_random_below(&seed, 4);
		if (len > AT_QUOTE + 6) {
			bytes[AT_QUOTE] = 0x60;
			bytes[AT_QUOTE + 6] = expect_random_below(&seed, 2) ? 60 : 44;
		}
		cut = exact_copy(bytes, len);
		if (icmp6_parse_quote(cut, len, &quote, &why))
			assert_true(AT_QUOTE + quote.l4_at + ICMP6_QUOTE_MIN <= len);
		icmp6_is_unanswerable(cut, len);
		free(cut);
	}
}

static void expect_print(const uint8_t *p, size_t len, const char *expected)
{
	char text[160];
	struct fmt_out out = fmt_to_buffer(text, sizeof(text));

	icmp6_print(&out, p, len, len);
	assert_string_equal(text, expected);
}

static void messages_print_with_what_matters(void **state)
{
	static const uint8_t port[8] = { 1, 4 }, expired[8] = { 3 }, other[8] = { 200, 1 };
	static const uint8_t problem[8] = { 4, 2, [7] = 42 }, strange[8] = { 1, 99 };

	(void)state;
	expect_print(echo, sizeof(echo), "ICMPv6 echo request id 4660 seq 7 len 5");
	expect_print(echo, 7, "ICMPv6 [too short]");
	expect_print(too_big, sizeof(too_big),
		     "ICMPv6 too big, mtu 1400 for [2001:db8::1]:40000 > [2001:db8::2]:80 proto 6");
	expect_print(port, sizeof(port), "ICMPv6 unreachable: port (4)");
	expect_print(strange, sizeof(strange), "ICMPv6 unreachable: code (99)");
	expect_print(expired, sizeof(expired), "ICMPv6 time exceeded (0)");
	expect_print(problem, sizeof(problem), "ICMPv6 parameter problem (2) at byte 42");
	expect_print(other, sizeof(other), "ICMPv6 type 200 code 1");
}

static void messages_of_the_link_print_as_their_protocol_does(void **state)
{
	static const uint8_t who[24] = { 135, [8] = 0xfe, [9] = 0x80, [23] = 7 };
	static const uint8_t query[24] = { 130 };

	(void)state;
	expect_print(who, sizeof(who), "ICMPv6 who has fe80::7");
	expect_print(who, 20, "ICMPv6 neighbour discovery [malformed]");
	expect_print(query, sizeof(query), "ICMPv6 multicast listener query ::");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_echo_request_is_read_as_its_bytes_say),
		cmocka_unit_test(a_message_cut_in_its_header_is_too_short),
		cmocka_unit_test(a_request_becomes_its_reply_with_the_right_checksum),
		cmocka_unit_test(a_request_is_built_as_the_literal_bytes),
		cmocka_unit_test(every_kind_of_header_parses_back_to_what_was_built),
		cmocka_unit_test(an_error_quotes_the_packet_that_caused_it),
		cmocka_unit_test(a_quote_cut_anywhere_is_too_short),
		cmocka_unit_test(the_transport_is_found_behind_extension_headers),
		cmocka_unit_test(a_quote_of_something_else_is_refused),
		cmocka_unit_test(errors_and_redirects_are_known_behind_any_headers),
		cmocka_unit_test(random_quotes_are_read_within_their_bounds),
		cmocka_unit_test(messages_print_with_what_matters),
		cmocka_unit_test(messages_of_the_link_print_as_their_protocol_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
