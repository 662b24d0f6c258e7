/*
 * Tests of net/wire/ip6: RFC 8200 headers and chains of extension headers against literal bytes, cut,
 * hostile and random ones; RFC 4291 addresses.
 */
#include "net/wire/ip6.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/fmt.h"
#include "tests/support/exact.h"
#include "tests/support/expect.h"

/* 2001:db8::1 to 2001:db8::2, UDP, 8 bytes, class 0x2e << 2, label 0xabcde, 63 hops. */
static const uint8_t plain[48] = {
	0x6b, 0x8a, 0xbc, 0xde, 0x00, 0x08, 0x11, 0x3f, 0x20, 0x01, 0x0d, 0xb8, 0,    0,    0, 0,
	0,    0,    0,	  0,	0,    0,    0,	  0x01, 0x20, 0x01, 0x0d, 0xb8, 0,    0,    0, 0,
	0,    0,    0,	  0,	0,    0,    0,	  0x02, 0x30, 0x39, 0x00, 0x35, 0x00, 0x08, 0, 0,
};

static struct holm_addr addr(const char *text)
{
	struct holm_addr a;

	assert_int_equal(holm_addr_parse(&a, text, strlen(text)), 0);
	return a;
}

static void a_header_is_read_as_its_bytes_say(void **state)
{
	const struct holm_addr src = addr("2001:db8::1"), dst = addr("2001:db8::2");
	struct ip6_info info;
	enum holm_drop why;

	(void)state;
	assert_true(ip6_parse(plain, sizeof(plain), sizeof(plain), &info, &why));
	assert_int_equal(info.traffic_class, 0xb8);
	assert_int_equal(info.flow_label, 0xabcde);
	assert_int_equal(info.payload_len, 8);
	assert_int_equal(info.next, IP6_PROTO_UDP);
	assert_int_equal(info.hop_limit, 63);
	assert_true(holm_addr_equal(&info.src, &src));
	assert_true(holm_addr_equal(&info.dst, &dst));
}

static void what_is_built_is_what_was_read(void **state)
{
	uint8_t built[IP6_HDR_BYTES];
	struct ip6_info info;
	enum holm_drop why;

	(void)state;
	assert_true(ip6_parse(plain, sizeof(plain), sizeof(plain), &info, &why));
	ip6_build(built, &info);
	assert_memory_equal(built, plain, sizeof(built));
}

static enum holm_drop refusal(const uint8_t *p, size_t linear, size_t len)
{
	enum holm_drop why = HOLM_DROP_COUNT;
	struct ip6_info info;

	assert_false(ip6_parse(p, linear, len, &info, &why));
	return why;
}

static void a_packet_cut_at_any_byte_is_too_short(void **state)
{
	(void)state;
	for (size_t cut = 0; cut < sizeof(plain); cut++) {
		uint8_t *p = exact_copy(plain, cut);

		assert_int_equal(refusal(p, cut, cut), HOLM_DROP_IP6_SHORT);
		free(p);
	}
}

static void another_version_is_none_of_ours(void **state)
{
	uint8_t p[sizeof(plain)];

	(void)state;
	memcpy(p, plain, sizeof(p));
	for (unsigned version = 0; version < 16; version++) {
		p[0] = (uint8_t)(version << 4 | 0xb);
		if (version != 6)
			assert_int_equal(refusal(p, sizeof(p), sizeof(p)), HOLM_DROP_IP6_VERSION);
	}
}

static void a_jumbogram_is_refused_and_an_empty_packet_is_not(void **state)
{
	struct ip6_info info;
	enum holm_drop why;
	uint8_t p[sizeof(plain)];

	(void)state;
	memcpy(p, plain, sizeof(p));
	store_be16(p + 4, 0);
	assert_true(ip6_parse(p, sizeof(p), sizeof(p), &info, &why));
	p[6] = IP6_PROTO_HOPOPTS;
	assert_int_equal(refusal(p, sizeof(p), sizeof(p)), HOLM_DROP_IP6_JUMBO);
}

static enum ip6_scope scope(const char *text)
{
	const struct holm_addr a = addr(text);

	return ip6_scope_of(&a);
}

static void each_address_has_its_scope(void **state)
{
	(void)state;
	assert_int_equal(scope("::1"), IP6_SCOPE_LINK);
	assert_int_equal(scope("fe80::1"), IP6_SCOPE_LINK);
	assert_int_equal(scope("febf::1"), IP6_SCOPE_LINK);
	assert_int_equal(scope("fec0::1"), IP6_SCOPE_SITE);
	assert_int_equal(scope("fd00::1"), IP6_SCOPE_GLOBAL);
	assert_int_equal(scope("2001:db8::1"), IP6_SCOPE_GLOBAL);
	assert_int_equal(scope("ff01::1"), IP6_SCOPE_INTERFACE);
	assert_int_equal(scope("ff02::1"), IP6_SCOPE_LINK);
	assert_int_equal(scope("ff15::1"), IP6_SCOPE_SITE);
	assert_int_equal(scope("ff0e::1"), IP6_SCOPE_GLOBAL);
	assert_int_equal(scope("127.0.0.1"), IP6_SCOPE_LINK);
	assert_int_equal(scope("169.254.3.4"), IP6_SCOPE_LINK);
	assert_int_equal(scope("10.0.0.1"), IP6_SCOPE_GLOBAL);
}

static bool needs_zone(const char *text)
{
	const struct holm_addr a = addr(text);

	return ip6_needs_zone(&a);
}

static void link_local_addresses_and_groups_need_a_zone(void **state)
{
	(void)state;
	assert_true(needs_zone("fe80::1"));
	assert_true(needs_zone("ff02::fb"));
	assert_true(needs_zone("ff01::1"));
	assert_false(needs_zone("ff05::1"));
	assert_false(needs_zone("2001:db8::1"));
	assert_false(needs_zone("::1"));
}

/* The examples of RFC 4291 section 2.7.1 and RFC 2464 section 7. */
static void a_neighbour_is_asked_for_in_its_own_group(void **state)
{
	const struct holm_addr a = addr("4037::01:800:200e:8c6c");
	const struct holm_addr expected = addr("ff02::1:ff0e:8c6c");
	const struct holm_addr group = ip6_solicited_node(&a);
	const struct holm_mac mac = ip6_multicast_mac(&group);
	static const uint8_t bytes[] = { 0x33, 0x33, 0xff, 0x0e, 0x8c, 0x6c };

	(void)state;
	assert_true(holm_addr_equal(&group, &expected));
	assert_memory_equal(mac.b, bytes, sizeof(bytes));
}

/* ---- Chains. */

/* A packet in the making: the header, then whatever is added. */
struct packet {
	uint8_t bytes[IP6_HDR_BYTES + 1024];
	size_t len;
	size_t next_at; /* of the byte that the next header's number goes to */
};

static void begin(struct packet *p, const char *dst)
{
	const struct holm_addr to = addr(dst);

	memset(p, 0, sizeof(*p));
	memcpy(p->bytes, plain, IP6_HDR_BYTES);
	memcpy(p->bytes + 24, to.b, 16);
	p->len = IP6_HDR_BYTES;
	p->next_at = 6;
}

/* An extension header of 8 * (units + 1) bytes whose bytes behind the first two are `body`. */
static void add(struct packet *p, uint8_t number, uint8_t units, const void *body, size_t len)
{
	size_t bytes = 8 * (units + (size_t)1);

	assert_true(len <= bytes - 2 && p->len + bytes <= sizeof(p->bytes));
	p->bytes[p->next_at] = number;
	p->next_at = p->len;
	p->bytes[p->len + 1] = units;
	memcpy(p->bytes + p->len + 2, body, len);
	p->len += bytes;
}

static void finish(struct packet *p, uint8_t number, size_t payload)
{
	p->bytes[p->next_at] = number;
	p->len += payload;
	store_be16(p->bytes + 4, (uint16_t)(p->len - IP6_HDR_BYTES));
}

static const uint8_t pad6[] = { 1, 4, 0, 0, 0, 0 };

static enum ip6_walk walk(const struct packet *p, struct ip6_chain *c)
{
	uint8_t *copy = exact_copy(p->bytes, p->len);
	struct ip6_info info;
	enum holm_drop why;
	enum ip6_walk verdict;

	assert_true(ip6_parse(copy, p->len, p->len, &info, &why));
	ip6_chain_init(c, &info);
	verdict = ip6_chain_walk(c, copy, p->len);
	free(copy);
	return verdict;
}

static void without_extensions_the_walk_is_over_at_once(void **state)
{
	struct packet p;
	struct ip6_chain c;

	(void)state;
	begin(&p, "2001:db8::2");
	finish(&p, IP6_PROTO_TCP, 20);
	assert_int_equal(walk(&p, &c), IP6_WALK_END);
	assert_int_equal(c.at, IP6_HDR_BYTES);
	assert_int_equal(c.next, IP6_PROTO_TCP);
	assert_int_equal(c.next_at, 6);
	assert_int_equal(c.end - c.at, 20);
}

static void options_and_finished_routes_are_walked_over(void **state)
{
	static const uint8_t route[] = { 4, 0, 0, 0, 0, 0 };
	struct packet p;
	struct ip6_chain c;

	(void)state;
	begin(&p, "2001:db8::2");
	add(&p, IP6_PROTO_HOPOPTS, 0, pad6, sizeof(pad6));
	add(&p, IP6_PROTO_DSTOPTS, 0, pad6, sizeof(pad6));
	add(&p, IP6_PROTO_ROUTING, 2, route, sizeof(route));
	add(&p, IP6_PROTO_DSTOPTS, 0, pad6, sizeof(pad6));
	finish(&p, IP6_PROTO_UDP, 9);
	assert_int_equal(walk(&p, &c), IP6_WALK_END);
	assert_int_equal(c.next, IP6_PROTO_UDP);
	assert_int_equal(c.at, IP6_HDR_BYTES + 8 + 8 + 24 + 8);
	assert_int_equal(c.end - c.at, 9);
	assert_int_equal(c.headers, 4);
}

static enum ip6_walk walk_option(struct ip6_chain *c, uint8_t type, const char *dst)
{
	const uint8_t body[] = { type, 4, 1, 2, 3, 4 };
	struct packet p;

	begin(&p, dst);
	add(&p, IP6_PROTO_DSTOPTS, 0, body, sizeof(body));
	finish(&p, IP6_PROTO_UDP, 8);
	return walk(&p, c);
}

/* RFC 8200 section 4.2. */
static void the_two_high_bits_of_an_unknown_option_decide(void **state)
{
	struct ip6_chain c;

	(void)state;
	assert_int_equal(walk_option(&c, 0x1e, "2001:db8::2"), IP6_WALK_END);
	assert_int_equal(walk_option(&c, 0x5e, "2001:db8::2"), IP6_WALK_DROP);
	assert_int_equal(c.why, HOLM_DROP_IP6_OPTIONS);
	assert_int_equal(walk_option(&c, 0x9e, "2001:db8::2"), IP6_WALK_PROBLEM);
	assert_int_equal(c.why, HOLM_DROP_IP6_OPTIONS);
	assert_int_equal(c.code, IP6_PROBLEM_OPTION);
	assert_int_equal(c.pointer, IP6_HDR_BYTES + 2);
	assert_int_equal(walk_option(&c, 0x9e, "ff02::1"), IP6_WALK_PROBLEM);
	assert_int_equal(walk_option(&c, 0xde, "2001:db8::2"), IP6_WALK_PROBLEM);
	assert_int_equal(walk_option(&c, 0xde, "ff02::1"), IP6_WALK_DROP);
}

static enum ip6_walk walk_body(struct ip6_chain *c, uint8_t number, uint8_t units,
			       const uint8_t *body, size_t len)
{
	struct packet p;

	begin(&p, "2001:db8::2");
	add(&p, number, units, body, len);
	finish(&p, IP6_PROTO_UDP, 8);
	return walk(&p, c);
}

static void malformed_options_are_dropped(void **state)
{
	static const uint8_t too_long[] = { 0x1e, 5, 0, 0, 0, 0 };
	static const uint8_t no_length[] = { 1, 3, 0, 0, 0, 0x1e };
	static const uint8_t covert[] = { 1, 4, 0, 0, 0x5a, 0 };
	static const uint8_t much_padding[14] = { 1, 12 };
	struct ip6_chain c;

	(void)state;
	assert_int_equal(walk_body(&c, IP6_PROTO_DSTOPTS, 0, too_long, 6), IP6_WALK_DROP);
	assert_int_equal(c.why, HOLM_DROP_IP6_OPTIONS);
	assert_int_equal(walk_body(&c, IP6_PROTO_DSTOPTS, 0, no_length, 6), IP6_WALK_DROP);
	assert_int_equal(walk_body(&c, IP6_PROTO_HOPOPTS, 0, covert, 6), IP6_WALK_DROP);
	assert_int_equal(walk_body(&c, IP6_PROTO_HOPOPTS, 1, much_padding, 14), IP6_WALK_DROP);
	assert_int_equal(c.why, HOLM_DROP_IP6_OPTIONS);
}

static void more_options_than_anybody_needs_are_dropped(void **state)
{
	uint8_t body[22] = { 0 };
	struct ip6_chain c;

	(void)state;
	for (size_t i = 0; i < IP6_OPTIONS_MAX; i++)
		body[2 * i] = 0x1e;
	assert_int_equal(walk_body(&c, IP6_PROTO_DSTOPTS, 2, body, sizeof(body)), IP6_WALK_END);
	body[2 * (size_t)IP6_OPTIONS_MAX] = 0x1e;
	assert_int_equal(walk_body(&c, IP6_PROTO_DSTOPTS, 2, body, sizeof(body)), IP6_WALK_DROP);
	assert_int_equal(c.why, HOLM_DROP_IP6_CHAIN);
}

/* RFC 8200 section 4.4; RFC 5095 for type 0. */
static void a_route_with_segments_left_is_a_problem_of_its_type(void **state)
{
	static const uint8_t types[] = { 0, 2, 3, 4, 253 };
	struct ip6_chain c;

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		uint8_t body[22] = { types[i], 1 };

		assert_int_equal(walk_body(&c, IP6_PROTO_ROUTING, 2, body, 22), IP6_WALK_PROBLEM);
		assert_int_equal(c.why, HOLM_DROP_IP6_ROUTING);
		assert_int_equal(c.code, IP6_PROBLEM_HEADER);
		assert_int_equal(c.pointer, IP6_HDR_BYTES + 2);
		body[1] = 0;
		assert_int_equal(walk_body(&c, IP6_PROTO_ROUTING, 2, body, 22), IP6_WALK_END);
	}
}

static void hop_by_hop_options_come_first_or_are_a_problem(void **state)
{
	struct packet p;
	struct ip6_chain c;

	(void)state;
	begin(&p, "2001:db8::2");
	add(&p, IP6_PROTO_DSTOPTS, 0, pad6, sizeof(pad6));
	add(&p, IP6_PROTO_HOPOPTS, 0, pad6, sizeof(pad6));
	finish(&p, IP6_PROTO_UDP, 8);
	assert_int_equal(walk(&p, &c), IP6_WALK_PROBLEM);
	assert_int_equal(c.code, IP6_PROBLEM_NEXT_HEADER);
	assert_int_equal(c.pointer, IP6_HDR_BYTES);
}

static void a_chain_is_bounded_in_headers_and_in_bytes(void **state)
{
	struct packet p;
	struct ip6_chain c;

	(void)state;
	for (unsigned n = IP6_EXT_HEADERS_MAX; n <= IP6_EXT_HEADERS_MAX + 1; n++) {
		begin(&p, "2001:db8::2");
		for (unsigned i = 0; i < n; i++)
			add(&p, IP6_PROTO_DSTOPTS, 0, pad6, sizeof(pad6));
		finish(&p, IP6_PROTO_UDP, 8);
		assert_int_equal(walk(&p, &c),
				 n > IP6_EXT_HEADERS_MAX ? IP6_WALK_DROP : IP6_WALK_END);
	}
	assert_int_equal(c.why, HOLM_DROP_IP6_CHAIN);
	for (unsigned units = IP6_EXT_BYTES_MAX / 8; units <= IP6_EXT_BYTES_MAX / 8 + 1; units++) {
		uint8_t route[6] = { 253, 0 };

		begin(&p, "2001:db8::2");
		add(&p, IP6_PROTO_ROUTING, (uint8_t)(units - 1), route, sizeof(route));
		finish(&p, IP6_PROTO_UDP, 8);
		assert_int_equal(walk(&p, &c),
				 units > IP6_EXT_BYTES_MAX / 8 ? IP6_WALK_DROP : IP6_WALK_END);
	}
	assert_int_equal(c.why, HOLM_DROP_IP6_CHAIN);
}

static void a_fragment_header_stops_the_walk_and_may_be_passed(void **state)
{
	static const uint8_t fragment[] = { 0, 0, 0, 0, 0, 7 };
	struct packet p;
	struct ip6_chain c;

	(void)state;
	begin(&p, "2001:db8::2");
	add(&p, IP6_PROTO_HOPOPTS, 0, pad6, sizeof(pad6));
	add(&p, IP6_PROTO_FRAGMENT, 0, fragment, sizeof(fragment));
	add(&p, IP6_PROTO_DSTOPTS, 0, pad6, sizeof(pad6));
	finish(&p, IP6_PROTO_UDP, 8);
	assert_int_equal(walk(&p, &c), IP6_WALK_FRAGMENT);
	assert_int_equal(c.at, IP6_HDR_BYTES + 8);
	ip6_chain_pass_fragment(&c, p.bytes);
	assert_int_equal(c.next, IP6_PROTO_DSTOPTS);
	assert_int_equal(ip6_chain_walk(&c, p.bytes, p.len), IP6_WALK_END);
	assert_int_equal(c.next, IP6_PROTO_UDP);
	assert_int_equal(c.end - c.at, 8);
}

/* A walk that is given one byte more whenever it asks ends as one that had all at once. */
static void a_walk_asks_for_what_it_needs_and_goes_on(void **state)
{
	struct packet p;
	struct ip6_chain whole, piecemeal;
	struct ip6_info info;
	enum holm_drop why;
	size_t linear = IP6_HDR_BYTES;
	enum ip6_walk verdict;

	(void)state;
	begin(&p, "2001:db8::2");
	add(&p, IP6_PROTO_HOPOPTS, 0, pad6, sizeof(pad6));
	add(&p, IP6_PROTO_DSTOPTS, 0, pad6, sizeof(pad6));
	finish(&p, IP6_PROTO_TCP, 20);
	assert_int_equal(walk(&p, &whole), IP6_WALK_END);
	assert_true(ip6_parse(p.bytes, linear, p.len, &info, &why));
	ip6_chain_init(&piecemeal, &info);
	for (;;) {
		uint8_t *copy = exact_copy(p.bytes, linear);

		verdict = ip6_chain_walk(&piecemeal, copy, linear);
		free(copy);
		if (verdict != IP6_WALK_SHORT)
			break;
		assert_true(piecemeal.need > linear && piecemeal.need <= p.len);
		linear = piecemeal.need;
	}
	assert_int_equal(verdict, IP6_WALK_END);
	assert_int_equal(piecemeal.at, whole.at);
	assert_int_equal(linear, whole.at);
}

static void a_header_that_reaches_beyond_the_packet_is_too_short(void **state)
{
	struct packet p;
	struct ip6_chain c;

	(void)state;
	begin(&p, "2001:db8::2");
	add(&p, IP6_PROTO_DSTOPTS, 1, pad6, sizeof(pad6));
	finish(&p, IP6_PROTO_UDP, 0);
	for (size_t len = 1; len < 16; len++) {
		store_be16(p.bytes + 4, (uint16_t)len);
		assert_int_equal(walk(&p, &c), IP6_WALK_DROP);
		assert_int_equal(c.why, HOLM_DROP_IP6_SHORT);
	}
}

static void random_chains_end_within_their_packet(void **state)
{
	static const uint8_t numbers[] = { 0, 43, 44, 60, 6, 17, 58, 59 };
	uint64_t seed = expect_seed(8200);

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct packet p;
		struct ip6_chain c;
		enum ip6_walk verdict;

		begin(&p, "2001:db8::2");
		finish(&p, numbers[expect_random_below(&seed, 8)],
		       1 + expect_random_below(&seed, 200));
		for (size_t at = IP6_HDR_BYTES; at < p.len; at++)
			p.bytes[at] = at % 8 == 0 ? numbers[expect_random_below(&seed, 8)]
						  : (uint8_t)(expect_random(&seed) & 3);
		if (p.bytes[6] == 0 && p.len == IP6_HDR_BYTES)
			continue;
		verdict = walk(&p, &c);
		assert_int_not_equal(verdict, IP6_WALK_SHORT);
		assert_true(c.at <= c.end && c.end == p.len && c.headers <= IP6_EXT_HEADERS_MAX);
	}
}

static void the_trace_names_ends_and_transport(void **state)
{
	char text[120];
	struct fmt_out out = fmt_to_buffer(text, sizeof(text));

	(void)state;
	ip6_print(&out, plain, sizeof(plain));
	assert_non_null(strstr(text, "[2001:db8::1]:12345 > [2001:db8::2]:53 "));
	for (size_t cut = 0; cut < sizeof(plain); cut++) {
		uint8_t *p = exact_copy(plain, cut);

		out = fmt_to_buffer(text, sizeof(text));
		ip6_print(&out, p, cut);
		free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_read_as_its_bytes_say),
		cmocka_unit_test(what_is_built_is_what_was_read),
		cmocka_unit_test(a_packet_cut_at_any_byte_is_too_short),
		cmocka_unit_test(another_version_is_none_of_ours),
		cmocka_unit_test(a_jumbogram_is_refused_and_an_empty_packet_is_not),
		cmocka_unit_test(each_address_has_its_scope),
		cmocka_unit_test(link_local_addresses_and_groups_need_a_zone),
		cmocka_unit_test(a_neighbour_is_asked_for_in_its_own_group),
		cmocka_unit_test(without_extensions_the_walk_is_over_at_once),
		cmocka_unit_test(options_and_finished_routes_are_walked_over),
		cmocka_unit_test(the_two_high_bits_of_an_unknown_option_decide),
		cmocka_unit_test(malformed_options_are_dropped),
		cmocka_unit_test(more_options_than_anybody_needs_are_dropped),
		cmocka_unit_test(a_route_with_segments_left_is_a_problem_of_its_type),
		cmocka_unit_test(hop_by_hop_options_come_first_or_are_a_problem),
		cmocka_unit_test(a_chain_is_bounded_in_headers_and_in_bytes),
		cmocka_unit_test(a_fragment_header_stops_the_walk_and_may_be_passed),
		cmocka_unit_test(a_walk_asks_for_what_it_needs_and_goes_on),
		cmocka_unit_test(a_header_that_reaches_beyond_the_packet_is_too_short),
		cmocka_unit_test(random_chains_end_within_their_packet),
		cmocka_unit_test(the_trace_names_ends_and_transport),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
