/* Tests of net/wire/eth: ethernet headers, and the trace's line about whole frames. */
#include "net/wire/eth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/exact.h"
#include "tests/support/expect.h"

static const uint8_t arp[42] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x55, 0x0a, 0x00, 0x02, 0x02, 0x08, 0x06,
	0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, 0x52, 0x55, 0x0a, 0x00, 0x02, 0x02,
	0x0a, 0x00, 0x02, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x00, 0x02, 0x0f,
};

static const uint8_t tcp[74] = {
	0x52, 0x55, 0x0a, 0x00, 0x02, 0x02, 0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 0x08, 0x00, 0x45,
	0x00, 0x00, 0x3c, 0x00, 0x00, 0x40, 0x00, 0x40, 0x06, 0x00, 0x00, 0x0a, 0x00, 0x02, 0x0f,
	0x0a, 0x00, 0x02, 0x02, 0x00, 0x50, 0xb2, 0x6e, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
	0x02, 0xa0, 0x12, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x04, 0x02,
	0x08, 0x0a, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x03, 0x07,
};

static const uint8_t fragment[42] = {
	0x52, 0x55, 0x0a, 0x00, 0x02, 0x02, 0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 0x08, 0x00,
	0x45, 0x00, 0x05, 0xdc, 0x00, 0x09, 0x20, 0xb9, 0x40, 0x11, 0x00, 0x00, 0x0a, 0x00,
	0x02, 0x0f, 0x0a, 0x00, 0x02, 0x02, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,
};

static const uint8_t lldp[20] = {
	0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e, 0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 0x88, 0xcc,
};

static void a_header_is_read_and_built_as_its_bytes_say(void **state)
{
	struct eth_info info;
	enum holm_drop why;
	uint8_t bytes[ETH_HDR_BYTES];

	(void)state;
	assert_true(eth_parse(tcp, sizeof(tcp), &info, &why));
	assert_int_equal(info.type, ETH_TYPE_IP4);
	assert_memory_equal(&info.dst, tcp, 6);
	assert_memory_equal(&info.src, tcp + 6, 6);
	eth_build(bytes, &info);
	assert_memory_equal(bytes, tcp, sizeof(bytes));
}

static void a_header_cut_anywhere_is_too_short(void **state)
{
	(void)state;
	for (size_t len = 0; len < ETH_HDR_BYTES; len++) {
		uint8_t *cut = exact_copy(tcp, len);
		enum holm_drop why = HOLM_DROP_COUNT;
		struct eth_info info;

		assert_false(eth_parse(cut, len, &info, &why));
		assert_int_equal(why, HOLM_DROP_ETH_SHORT);
		free(cut);
	}
}

static void addresses_know_their_kind(void **state)
{
	struct holm_mac all = eth_broadcast();
	struct holm_mac zero = { { 0 } };
	struct holm_mac host = { { 0x52, 0x54, 0, 0x12, 0x34, 0x56 } };

	(void)state;
	assert_true(eth_is_group(&all) && !eth_is_group(&host) && !eth_is_group(&zero));
	assert_true(eth_is_zero(&zero) && !eth_is_zero(&all));
	assert_true(eth_equal(&host, &host));
	for (size_t bit = 0; bit < 48; bit++) {
		struct holm_mac other = host;

		other.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(eth_equal(&host, &other));
		other = zero;
		other.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(eth_is_zero(&other));
	}
}

static void expect_line(const uint8_t *frame, size_t len, const char *expected)
{
	char text[240];
	size_t n = eth_print(text, sizeof(text), frame, len);

	assert_string_equal(text, expected);
	assert_int_equal(n, strlen(expected));
}

static void every_frame_is_one_readable_line(void **state)
{
	(void)state;
	expect_line(arp, sizeof(arp), "ARP who has 10.0.2.15? tell 10.0.2.2");
	expect_line(tcp, sizeof(tcp),
		    "10.0.2.15:80 > 10.0.2.2:45678 TCP [S.] seq 1 ack 2 win 65535 len 0 "
		    "<mss 1460,sackOK,TS val 1 ecr 0,wscale 7>");
	expect_line(fragment, sizeof(fragment),
		    "10.0.2.15 > 10.0.2.2 IPv4 proto 17 len 1480 (fragment id 9 offset 1480, more "
		    "follow)");
	expect_line(lldp, sizeof(lldp), "52:54:00:12:34:56 > 01:80:c2:00:00:0e type 0x88cc len 6");
	expect_line(arp, 13, "ethernet [too short]");
	expect_line(tcp, 33, "IPv4 [too short]");
	expect_line(tcp, 36, "10.0.2.15 > 10.0.2.2 TCP [too short]");
}

static void print_never_reads_beyond_the_frame_nor_writes_beyond_the_text(void **state)
{
	static const struct {
		const uint8_t *bytes;
		size_t len;
	} frames[] = { { arp, sizeof(arp) }, { tcp, sizeof(tcp) }, { fragment, sizeof(fragment) } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (size_t len = 0; len <= frames[i].len; len++) {
			uint8_t *cut = exact_copy(frames[i].bytes, len);
			size_t room = len * 2;
			char *text = malloc(room + 1);
			size_t n;

			assert_non_null(text);
			text[room] = '#';
			n = eth_print(text, room, cut, len);
			if (room > 0)
				assert_int_equal(n, strlen(text));
			assert_int_equal(text[room], '#');
			free(text);
			free(cut);
		}
	}
}

static void print_survives_any_bytes(void **state)
{
	uint64_t seed = expect_seed(8);

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t len = expect_random_below(&seed, sizeof(tcp) + 1);
		uint8_t *frame = exact_copy(i % 2 ? tcp : fragment, min_size(len, 42));
		uint8_t protos[] = { 1, 6, 17, 2 };
		char text[100];

		len = min_size(len, 42);
		for (size_t at = 14; at < len; at++)
			if (expect_random(&seed) % 4 == 0)
				frame[at] = (uint8_t)expect_random(&seed);
		if (len > 23) {
			frame[14] = (uint8_t)(0x45 + expect_random_below(&seed, 2));
			frame[23] = protos[expect_random_below(&seed, 4)];
		}
		assert_in_range(eth_print(text, sizeof(text), frame, len), 1, sizeof(text) - 1);
		free(frame);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_read_and_built_as_its_bytes_say),
		cmocka_unit_test(a_header_cut_anywhere_is_too_short),
		cmocka_unit_test(addresses_know_their_kind),
		cmocka_unit_test(every_frame_is_one_readable_line),
		cmocka_unit_test(print_never_reads_beyond_the_frame_nor_writes_beyond_the_text),
		cmocka_unit_test(print_survives_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
