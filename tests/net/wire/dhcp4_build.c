/* Tests of net/wire/dhcp4_build: a client's messages against literal bytes and RFC 2131 table 5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/compiler.h"
#include "net/wire/dhcp4.h"
#include "tests/support/exact.h"

static const struct holm_mac mac = { { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 } };

/* The options of a DISCOVER: type, client identifier, size, host name, parameters, end. */
static const uint8_t discover_options[] = {
	0x35, 0x01, 0x01, 0x3d, 0x07, 0x01, 0x52, 0x54, 0x00, 0x12, 0x34,
	0x56, 0x39, 0x02, 0x05, 0xdc, 0x0c, 0x04, 'h',	'o',  'l',  'm',
	0x37, 0x08, 0x01, 0x79, 0x03, 0x06, 0x1a, 0x33, 0x3a, 0x3b, 0xff,
};

static struct dhcp4_request request_of(uint8_t type)
{
	struct dhcp4_request r = {
		.type = type,
		.xid = 0x01020304,
		.secs = 2,
		.chaddr = mac,
		.max_size = 1500,
		.hostname = { (const uint8_t *)"holm", 4 },
	};

	return r;
}

static void a_discover_is_built_as_the_literal_bytes(void **state)
{
	struct dhcp4_request r = request_of(DHCP4_DISCOVER);
	uint8_t expected[300] = { 1, 1, 6, 0, 1, 2, 3, 4, 0, 2, 0x80, 0 };
	uint8_t bytes[640];

	(void)state;
	r.broadcast = true;
	memcpy(expected + 28, &mac, 6);
	memcpy(expected + 236, "\x63\x82\x53\x63", 4);
	memcpy(expected + 240, discover_options, sizeof(discover_options));
	memset(bytes, 0xee, sizeof(bytes));
	assert_int_equal(dhcp4_build(bytes, sizeof(bytes), &r), 300);
	assert_memory_equal(bytes, expected, 300);
	assert_int_equal(bytes[300], 0xee);
}

static bool has_option(const uint8_t *p, size_t len, uint8_t code)
{
	uint8_t value[DHCP4_OPTION_MAX];
	size_t n;
	enum dhcp4_verdict v = dhcp4_option(p, len, code, value, sizeof(value), &n);

	assert_true(v == DHCP4_OK || v == DHCP4_OPTION_ABSENT);
	return v == DHCP4_OK;
}

static void each_type_carries_what_table_5_allows(void **state)
{
	static const uint8_t types[] = { DHCP4_DISCOVER, DHCP4_REQUEST, DHCP4_DECLINE,
					 DHCP4_RELEASE, DHCP4_INFORM };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct dhcp4_request r = request_of(types[i]);
		bool asks = types[i] != DHCP4_DECLINE && types[i] != DHCP4_RELEASE;
		uint8_t bytes[640];
		size_t n = dhcp4_build(bytes, sizeof(bytes), &r);

		assert_int_not_equal(n, 0);
		assert_int_equal(has_option(bytes, n, DHCP4_OPT_PARAMETERS), asks);
		assert_int_equal(has_option(bytes, n, DHCP4_OPT_MAX_SIZE), asks);
		assert_int_equal(has_option(bytes, n, DHCP4_OPT_HOSTNAME), asks);
		assert_true(has_option(bytes, n, DHCP4_OPT_CLIENT_ID));
		assert_false(has_option(bytes, n, DHCP4_OPT_REQUESTED));
		assert_false(has_option(bytes, n, DHCP4_OPT_SERVER_ID));
	}
}

static void what_is_built_parses_back_to_the_same(void **state)
{
	struct dhcp4_request r = request_of(DHCP4_REQUEST);
	struct dhcp4_info info;
	uint8_t bytes[640];
	size_t n;

	(void)state;
	r.ciaddr = 0x0a000210;
	r.requested = 0x0a00020f;
	r.server_id = 0x0a000202;
	n = dhcp4_build(bytes, sizeof(bytes), &r);
	assert_int_equal(dhcp4_parse(bytes, n, &info), DHCP4_OK);
	assert_int_equal(info.op, DHCP4_BOOTREQUEST);
	assert_int_equal(info.type, DHCP4_REQUEST);
	assert_int_equal(info.xid, 0x01020304);
	assert_int_equal(info.secs, 2);
	assert_int_equal(info.flags, 0);
	assert_int_equal(info.ciaddr, 0x0a000210);
	assert_int_equal(info.requested, 0x0a00020f);
	assert_int_equal(info.server_id, 0x0a000202);
	assert_memory_equal(&info.chaddr, &mac, 6);
}

static void a_message_fits_or_is_not_written_beyond_its_room(void **state)
{
	static const uint8_t name[255] = { 'x' };
	struct dhcp4_request r = request_of(DHCP4_REQUEST);
	uint8_t bytes[640];
	size_t full;

	(void)state;
	r.requested = 0x0a00020f;
	r.server_id = 0x0a000202;
	r.hostname = (struct holm_span){ name, sizeof(name) };
	full = dhcp4_build(bytes, sizeof(bytes), &r);
	assert_in_range(full, 301, 640);
	for (size_t room = 0; room <= full; room++) {
		uint8_t *exact = exact_copy(bytes, room);

		assert_int_equal(dhcp4_build(exact, room, &r), room == full ? full : 0);
		free(exact);
	}
	r = request_of(DHCP4_RELEASE);
	assert_int_equal(dhcp4_build(bytes, 299, &r), 0);
	assert_int_equal(dhcp4_build(bytes, 300, &r), 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_discover_is_built_as_the_literal_bytes),
		cmocka_unit_test(each_type_carries_what_table_5_allows),
		cmocka_unit_test(what_is_built_parses_back_to_the_same),
		cmocka_unit_test(a_message_fits_or_is_not_written_beyond_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
