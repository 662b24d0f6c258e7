/* Tests of net/wire/udp: RFC 768 headers against literal bytes, and the rules of the length field. */
#include "net/wire/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/fmt.h"
#include "tests/support/exact.h"

/* Port 53124 to 53, 4 bytes of data, checksum 0xbeef. */
static const uint8_t datagram[12] = {
	0xcf, 0x84, 0x00, 0x35, 0x00, 0x0c, 0xbe, 0xef, 1, 2, 3, 4,
};

static void a_header_is_read_as_its_bytes_say(void **state)
{
	struct udp_info info;
	enum holm_drop why;

	(void)state;
	assert_true(udp_parse(datagram, sizeof(datagram), sizeof(datagram), &info, &why));
	assert_int_equal(info.sport, 53124);
	assert_int_equal(info.dport, 53);
	assert_int_equal(info.len, 12);
	assert_int_equal(info.checksum, 0xbeef);
}

static void a_header_is_built_as_the_literal_bytes(void **state)
{
	struct udp_info info = { .sport = 53124, .dport = 53, .len = 12, .checksum = 0xbeef };
	uint8_t bytes[UDP_HDR_BYTES];

	(void)state;
	udp_build(bytes, &info);
	assert_memory_equal(bytes, datagram, sizeof(bytes));
}

static void a_datagram_cut_anywhere_is_too_short(void **state)
{
	(void)state;
	for (size_t len = 0; len < sizeof(datagram); len++) {
		uint8_t *cut = exact_copy(datagram, len);
		enum holm_drop why = HOLM_DROP_COUNT;
		struct udp_info info;

		assert_false(udp_parse(cut, len, len, &info, &why));
		assert_int_equal(why, HOLM_DROP_UDP_SHORT);
		free(cut);
	}
}

static void payload_may_lie_elsewhere_but_the_header_may_not(void **state)
{
	struct udp_info info;
	enum holm_drop why = HOLM_DROP_COUNT;

	(void)state;
	assert_true(udp_parse(datagram, 8, 12, &info, &why));
	assert_false(udp_parse(datagram, 7, 12, &info, &why));
	assert_int_equal(why, HOLM_DROP_UDP_SHORT);
}

static void the_length_field_counts_the_header_and_stays_in_the_packet(void **state)
{
	(void)state;
	for (uint32_t len = 0; len <= 65535; len++) {
		uint8_t bytes[8];
		struct udp_info info;
		enum holm_drop why = HOLM_DROP_COUNT;

		memcpy(bytes, datagram, sizeof(bytes));
		store_be16(bytes + 4, (uint16_t)len);
		assert_int_equal(udp_parse(bytes, 8, 1000, &info, &why), len >= 8 && len <= 1000);
	}
}

static void a_checksum_of_zero_is_sent_as_its_other_form(void **state)
{
	(void)state;
	assert_int_equal(udp_checksum(0xffff), 0xffff);
	assert_int_equal(udp_checksum(0x1234), 0xedcb);
}

static void datagrams_print_with_their_length(void **state)
{
	char text[80];
	struct fmt_out out = fmt_to_buffer(text, sizeof(text));

	(void)state;
	udp_print(&out, datagram, sizeof(datagram), sizeof(datagram));
	assert_string_equal(text, "UDP len 4");
	out = fmt_to_buffer(text, sizeof(text));
	udp_print(&out, datagram, 7, 12);
	assert_string_equal(text, "UDP [bad length]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_read_as_its_bytes_say),
		cmocka_unit_test(a_header_is_built_as_the_literal_bytes),
		cmocka_unit_test(a_datagram_cut_anywhere_is_too_short),
		cmocka_unit_test(payload_may_lie_elsewhere_but_the_header_may_not),
		cmocka_unit_test(the_length_field_counts_the_header_and_stays_in_the_packet),
		cmocka_unit_test(a_checksum_of_zero_is_sent_as_its_other_form),
		cmocka_unit_test(datagrams_print_with_their_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
