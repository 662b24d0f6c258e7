/* Tests of net/wire/arp: RFC 826 packets against literal bytes, cut and damaged ones. */
#include "net/wire/arp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/fmt.h"
#include "tests/support/exact.h"

/* 52:55:0a:00:02:02 asks for 10.0.2.15. */
static const uint8_t request[ARP_BYTES] = {
	0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, 0x52, 0x55, 0x0a, 0x00, 0x02, 0x02,
	0x0a, 0x00, 0x02, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x00, 0x02, 0x0f,
};

/* 52:54:00:12:34:56 answers it. */
static const uint8_t reply[ARP_BYTES] = {
	0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x02, 0x52, 0x54, 0x00, 0x12, 0x34, 0x56,
	0x0a, 0x00, 0x02, 0x0f, 0x52, 0x55, 0x0a, 0x00, 0x02, 0x02, 0x0a, 0x00, 0x02, 0x02,
};

static void a_request_is_read_as_its_bytes_say(void **state)
{
	struct arp_info info;
	enum holm_drop why;

	(void)state;
	assert_true(arp_parse(request, sizeof(request), &info, &why));
	assert_int_equal(info.op, ARP_REQUEST);
	assert_int_equal(info.sender, 0x0a000202);
	assert_int_equal(info.target, 0x0a00020f);
	assert_memory_equal(&info.sender_mac, request + 8, 6);
	assert_memory_equal(&info.target_mac, request + 18, 6);
}

static void a_reply_is_written_as_the_literal_bytes(void **state)
{
	struct arp_info info = {
		.op = ARP_REPLY,
		.sender_mac = { { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 } },
		.sender = 0x0a00020f,
		.target_mac = { { 0x52, 0x55, 0x0a, 0x00, 0x02, 0x02 } },
		.target = 0x0a000202,
	};
	uint8_t bytes[ARP_BYTES];

	(void)state;
	arp_build(bytes, &info);
	assert_memory_equal(bytes, reply, sizeof(reply));
}

static void padding_behind_a_packet_is_ignored(void **state)
{
	uint8_t padded[46] = { 0 };
	struct arp_info info;
	enum holm_drop why;

	(void)state;
	memcpy(padded, reply, sizeof(reply));
	assert_true(arp_parse(padded, sizeof(padded), &info, &why));
	assert_int_equal(info.op, ARP_REPLY);
}

static void a_packet_cut_anywhere_is_malformed(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(request); len++) {
		uint8_t *cut = exact_copy(request, len);
		enum holm_drop why = HOLM_DROP_COUNT;
		struct arp_info info;

		assert_false(arp_parse(cut, len, &info, &why));
		assert_int_equal(why, HOLM_DROP_ARP_MALFORMED);
		free(cut);
	}
}

/* Hardware, protocol, their lengths, operation: every other value of every byte is refused. */
static void another_value_in_any_fixed_field_is_malformed(void **state)
{
	(void)state;
	for (size_t at = 0; at < 8; at++) {
		for (unsigned value = 0; value < 256; value++) {
			uint8_t bytes[ARP_BYTES];
			enum holm_drop why = HOLM_DROP_COUNT;
			struct arp_info info;
			bool is_legal = value == request[at] || (at == 7 && value == ARP_REPLY);

			memcpy(bytes, request, sizeof(bytes));
			bytes[at] = (uint8_t)value;
			assert_int_equal(arp_parse(bytes, sizeof(bytes), &info, &why), is_legal);
			if (!is_legal)
				assert_int_equal(why, HOLM_DROP_ARP_MALFORMED);
		}
	}
}

static void expect_impossible(size_t at, const uint8_t *value, size_t n)
{
	uint8_t bytes[ARP_BYTES];
	enum holm_drop why = HOLM_DROP_COUNT;
	struct arp_info info;

	memcpy(bytes, request, sizeof(bytes));
	memcpy(bytes + at, value, n);
	assert_false(arp_parse(bytes, sizeof(bytes), &info, &why));
	assert_int_equal(why, HOLM_DROP_ARP_SOURCE);
}

static void a_sender_that_cannot_be_one_host_is_refused(void **state)
{
	(void)state;
	expect_impossible(8, (const uint8_t *)"\xff\xff\xff\xff\xff\xff", 6);
	expect_impossible(8, (const uint8_t *)"\x01\x00\x5e\x00\x00\x01", 6);
	expect_impossible(8, (const uint8_t *)"\x00\x00\x00\x00\x00\x00", 6);
	expect_impossible(14, (const uint8_t *)"\xff\xff\xff\xff", 4);
	expect_impossible(14, (const uint8_t *)"\xe0\x00\x00\x01", 4);
	expect_impossible(14, (const uint8_t *)"\xf0\x00\x00\x01", 4);
	expect_impossible(14, (const uint8_t *)"\x7f\x00\x00\x01", 4);
	expect_impossible(14, (const uint8_t *)"\x00\x00\x00\x01", 4);
}

static void a_probe_with_no_sender_address_is_legal(void **state) /* RFC 5227 2.1.1 */
{
	uint8_t bytes[ARP_BYTES];
	enum holm_drop why;
	struct arp_info info;

	(void)state;
	memcpy(bytes, request, sizeof(bytes));
	memset(bytes + 14, 0, 4);
	assert_true(arp_parse(bytes, sizeof(bytes), &info, &why));
	assert_int_equal(info.sender, 0);
}

static void print(char *text, size_t room, const uint8_t *p, size_t len)
{
	struct fmt_out out = fmt_to_buffer(text, room);

	arp_print(&out, p, len);
}

static void packets_print_as_a_question_and_an_answer(void **state)
{
	char text[100];

	(void)state;
	print(text, sizeof(text), request, sizeof(request));
	assert_string_equal(text, "ARP who has 10.0.2.15? tell 10.0.2.2");
	print(text, sizeof(text), reply, sizeof(reply));
	assert_string_equal(text, "ARP 10.0.2.15 is at 52:54:00:12:34:56");
	print(text, sizeof(text), reply, sizeof(reply) - 1);
	assert_string_equal(text, "ARP [malformed]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_read_as_its_bytes_say),
		cmocka_unit_test(a_reply_is_written_as_the_literal_bytes),
		cmocka_unit_test(padding_behind_a_packet_is_ignored),
		cmocka_unit_test(a_packet_cut_anywhere_is_malformed),
		cmocka_unit_test(another_value_in_any_fixed_field_is_malformed),
		cmocka_unit_test(a_sender_that_cannot_be_one_host_is_refused),
		cmocka_unit_test(a_probe_with_no_sender_address_is_legal),
		cmocka_unit_test(packets_print_as_a_question_and_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
