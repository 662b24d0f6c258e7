/* Tests of net/wire/icmp4: RFC 792 messages against literal bytes, cut and quoted ones. */
#include "net/wire/icmp4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/fmt.h"
#include "tests/support/exact.h"

/* Echo request, identifier 0x1234, sequence number 7, data "holm!". */
static const uint8_t echo[13] = {
	0x08, 0x00, 0xef, 0xe7, 0x12, 0x34, 0x00, 0x07, 'h', 'o', 'l', 'm', '!',
};

/* Fragmentation needed, next MTU 1400, about TCP 10.0.2.15:40000 > 1.2.3.4:80 seq 0x01020304. */
static const uint8_t too_big[36] = {
	0x03, 0x04, 0x00, 0x00, 0x00, 0x00, 0x05, 0x78, 0x45, 0x00, 0x05, 0xdc,
	0x00, 0x01, 0x40, 0x00, 0x40, 0x06, 0x00, 0x00, 0x0a, 0x00, 0x02, 0x0f,
	0x01, 0x02, 0x03, 0x04, 0x9c, 0x40, 0x00, 0x50, 0x01, 0x02, 0x03, 0x04,
};

static void an_echo_request_is_read_as_its_bytes_say(void **state)
{
	struct icmp4_info info;
	enum holm_drop why;

	(void)state;
	assert_true(icmp4_parse(echo, sizeof(echo), &info, &why));
	assert_int_equal(info.type, ICMP4_ECHO);
	assert_int_equal(info.code, 0);
	assert_int_equal(info.id, 0x1234);
	assert_int_equal(info.seq, 7);
	assert_false(icmp4_is_error(info.type));
	assert_int_equal(checksum_finish(checksum_partial(echo, sizeof(echo), 0)), 0);
}

static void a_message_cut_in_its_header_is_too_short(void **state)
{
	(void)state;
	for (size_t len = 0; len < ICMP4_HDR_BYTES; len++) {
		uint8_t *cut = exact_copy(echo, len);
		enum holm_drop why = HOLM_DROP_COUNT;
		struct icmp4_info info;

		assert_false(icmp4_parse(cut, len, &info, &why));
		assert_int_equal(why, HOLM_DROP_ICMP_SHORT);
		free(cut);
	}
}

static void a_request_becomes_its_reply_with_the_right_checksum(void **state)
{
	uint8_t bytes[sizeof(echo)];

	(void)state;
	memcpy(bytes, echo, sizeof(bytes));
	icmp4_echo_to_reply(bytes);
	assert_int_equal(bytes[0], ICMP4_ECHO_REPLY);
	assert_int_equal(checksum_finish(checksum_partial(bytes, sizeof(bytes), 0)), 0);
	assert_memory_equal(bytes + 4, echo + 4, sizeof(echo) - 4);
}

static void a_request_is_built_as_the_literal_bytes(void **state)
{
	struct icmp4_info info = { .type = ICMP4_ECHO, .id = 0x1234, .seq = 7 };
	uint8_t bytes[sizeof(echo)];

	(void)state;
	memcpy(bytes, echo, sizeof(bytes));
	memset(bytes, 0xff, ICMP4_HDR_BYTES);
	icmp4_build(bytes, &info);
	icmp4_seal(bytes, sizeof(bytes));
	assert_memory_equal(bytes, echo, sizeof(echo));
}

static void every_kind_of_header_parses_back_to_what_was_built(void **state)
{
	const struct icmp4_info kinds[] = {
		{ .type = ICMP4_ECHO_REPLY, .id = 1, .seq = 0xffff },
		{ .type = ICMP4_UNREACHABLE, .code = ICMP4_FRAG_NEEDED, .next_mtu = 1492 },
		{ .type = ICMP4_UNREACHABLE, .code = ICMP4_PORT },
		{ .type = ICMP4_TIME_EXCEEDED, .code = 1 },
		{ .type = ICMP4_PARAM_PROBLEM, .pointer = 20 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		uint8_t bytes[ICMP4_HDR_BYTES];
		struct icmp4_info out;
		enum holm_drop why;

		icmp4_build(bytes, &kinds[i]);
		assert_true(icmp4_parse(bytes, sizeof(bytes), &out, &why));
		assert_int_equal(out.type, kinds[i].type);
		assert_int_equal(out.code, kinds[i].code);
		assert_int_equal(out.id, kinds[i].id);
		assert_int_equal(out.seq, kinds[i].seq);
		assert_int_equal(out.next_mtu, kinds[i].next_mtu);
		assert_int_equal(out.pointer, kinds[i].pointer);
	}
}

static void an_error_quotes_the_datagram_that_caused_it(void **state)
{
	struct icmp4_info info;
	struct icmp4_quote quote;
	enum holm_drop why;

	(void)state;
	assert_true(icmp4_parse(too_big, sizeof(too_big), &info, &why));
	assert_true(icmp4_is_error(info.type));
	assert_int_equal(info.next_mtu, 1400);
	assert_true(icmp4_parse_quote(too_big, sizeof(too_big), &quote, &why));
	assert_int_equal(quote.ip.src, 0x0a00020f);
	assert_int_equal(quote.ip.dst, 0x01020304);
	assert_int_equal(quote.ip.total_len, 1500);
	assert_int_equal(quote.ip.proto, IP4_PROTO_TCP);
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
		struct icmp4_quote quote;

		assert_false(icmp4_parse_quote(cut, len, &quote, &why));
		assert_int_equal(why, HOLM_DROP_ICMP_SHORT);
		free(cut);
	}
}

static enum holm_drop quote_refusal(size_t at, uint8_t value)
{
	uint8_t bytes[sizeof(too_big)];
	enum holm_drop why = HOLM_DROP_COUNT;
	struct icmp4_quote quote;

	memcpy(bytes, too_big, sizeof(bytes));
	bytes[at] = value;
	assert_false(icmp4_parse_quote(bytes, sizeof(bytes), &quote, &why));
	return why;
}

static void a_quote_of_something_else_is_refused(void **state)
{
	(void)state;
	assert_int_equal(quote_refusal(8, 0x60), HOLM_DROP_ICMP_QUOTE);	 /* IPv6 */
	assert_int_equal(quote_refusal(8, 0x44), HOLM_DROP_ICMP_QUOTE);	 /* IHL below 5 */
	assert_int_equal(quote_refusal(8, 0x4f), HOLM_DROP_ICMP_SHORT);	 /* IHL beyond the end */
	assert_int_equal(quote_refusal(15, 0x01), HOLM_DROP_ICMP_QUOTE); /* a later fragment */
}

static void expect_print(const uint8_t *p, size_t len, const char *expected)
{
	char text[120];
	struct fmt_out out = fmt_to_buffer(text, sizeof(text));

	icmp4_print(&out, p, len, len);
	assert_string_equal(text, expected);
}

static void messages_print_with_what_matters(void **state)
{
	static const uint8_t port[8] = { 3, 3 }, expired[8] = { 11 }, other[8] = { 13, 1 };

	(void)state;
	expect_print(echo, sizeof(echo), "ICMP echo request id 4660 seq 7 len 5");
	expect_print(echo, 7, "ICMP [too short]");
	expect_print(too_big, sizeof(too_big),
		     "ICMP unreachable: fragmentation needed, mtu 1400 for 10.0.2.15:40000 > "
		     "1.2.3.4:80 proto 6");
	expect_print(port, sizeof(port), "ICMP unreachable: port (3)");
	expect_print(expired, sizeof(expired), "ICMP time exceeded (0)");
	expect_print(other, sizeof(other), "ICMP type 13 code 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_echo_request_is_read_as_its_bytes_say),
		cmocka_unit_test(a_message_cut_in_its_header_is_too_short),
		cmocka_unit_test(a_request_becomes_its_reply_with_the_right_checksum),
		cmocka_unit_test(a_request_is_built_as_the_literal_bytes),
		cmocka_unit_test(every_kind_of_header_parses_back_to_what_was_built),
		cmocka_unit_test(an_error_quotes_the_datagram_that_caused_it),
		cmocka_unit_test(a_quote_cut_anywhere_is_too_short),
		cmocka_unit_test(a_quote_of_something_else_is_refused),
		cmocka_unit_test(messages_print_with_what_matters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
