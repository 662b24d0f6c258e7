/*
 * Tests of IPv6 packets that come in pieces: net/ip/reasm6.c. What is the same for IPv4 is tested in reasm.c,
 * ICMPv6's part in icmp6.c.
 */
#include "net/ip/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lib/rng.h"
#include "net/wire/eth.h"
#include "net/wire/ip6.h"
#include "tests/support/expect.h"
#include "tests/support/lab6.h"

enum { OPTIONS_BYTES = 8, MESSAGE_PERIOD = 4000, MESSAGE_MAX = 5500, PIECES_MAX = 40 };

static uint8_t message[MESSAGE_MAX];

/* The problems that the sender would hear of. */
static struct {
	unsigned n, code;
	uint32_t pointer;
	uint8_t header[40 + 2 * OPTIONS_BYTES + 8]; /* of the packet that has it */
} problem;

static void note_problem(struct holm_net *net, struct holm_frame *f, uint8_t code, uint32_t pointer)
{
	(void)net;
	memset(problem.header, 0, sizeof(problem.header));
	holm_frame_read(f, f->l3_off, problem.header,
			min_size(f->len - f->l3_off, sizeof(problem.header)));
	problem.n++;
	problem.code = code;
	problem.pointer = pointer;
}

static void start(struct lab *lab)
{
	lab6_init(lab, NULL);
	lab->net->ip->send_problem6 = note_problem;
	memset(&problem, 0, sizeof(problem));
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)(i * 13 + (i >> 8));
}

/*
 * A piece of `message`, which begins anew where it ends; behind so many headers of options, the
 * first a hop-by-hop one.
 */
struct cut {
	unsigned host;
	uint32_t id;
	size_t off, len;
	bool more;
	unsigned options;
	uint8_t next;
	uint8_t tos;
};

static void give(struct lab *lab, const struct cut *c)
{
	const struct holm_addr src = lab6_addr(c->host), dst = lab6_addr(1);
	const struct ip6_piece piece = {
		.id = c->id, .off = (uint32_t)c->off, .next = c->next, .more = c->more
	};
	uint8_t p[1500], frame[2048];
	size_t at = 0, len;

	for (unsigned i = 1; i <= c->options; i++, at += OPTIONS_BYTES) {
		/* One option: PadN. */
		const uint8_t padding[OPTIONS_BYTES] = { i < c->options ? IP6_PROTO_DSTOPTS
									: IP6_PROTO_FRAGMENT,
							 0, 1, 4 };

		memcpy(p + at, padding, sizeof(padding));
	}
	ip6_build_piece(p + at, &piece);
	memcpy(p + at + IP6_FRAGMENT_BYTES, message + c->off % MESSAGE_PERIOD, c->len);
	len = lab6_packet(frame, &src, &dst,
			  c->options ? (uint8_t)IP6_PROTO_HOPOPTS : (uint8_t)IP6_PROTO_FRAGMENT, p,
			  at + IP6_FRAGMENT_BYTES + c->len);
	store_be32(frame + ETH_HDR_BYTES, 6u << 28 | (uint32_t)c->tos << 20);
	lab_receive(lab, frame, len);
}

static struct cut udp_cut(uint32_t id, size_t off, size_t len, bool more)
{
	const struct cut c = {
		.host = 2, .id = id, .off = off, .len = len, .more = more, .next = IP6_PROTO_UDP
	};

	return c;
}

static void give_udp(struct lab *lab, uint32_t id, size_t off, size_t len, bool more)
{
	const struct cut c = udp_cut(id, off, len, more);

	give(lab, &c);
}

static void expect_whole(size_t packets, size_t at, size_t len)
{
	assert_int_equal(lab6_seen()->packets, packets);
	assert_int_equal(lab6_seen()->rx.proto, IP6_PROTO_UDP);
	assert_int_equal(lab6_seen()->rx.l4_len, len);
	assert_memory_equal(lab6_seen()->l4, message + at, len);
}

/* A destination options header that pads, in front of UDP. */
static void begin_with_options(void)
{
	static const uint8_t options[OPTIONS_BYTES] = { IP6_PROTO_UDP, 0, 1, 4 };

	memcpy(message, options, sizeof(options));
}

static void headers_in_front_of_pieces_and_inside_them_are_walked_over(void **state)
{
	struct cut c = udp_cut(1, 1200, 300, false);
	struct lab lab;

	(void)state;
	start(&lab);
	/* The packet that was cut begins with destination options. */
	begin_with_options();
	c.options = 1;
	c.next = IP6_PROTO_DSTOPTS;
	give(&lab, &c);
	c.off = 0;
	c.len = 1200;
	c.more = true;
	assert_int_equal(lab6_seen()->packets, 0);
	give(&lab, &c);
	expect_whole(1, OPTIONS_BYTES, 1500 - OPTIONS_BYTES);
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

/* Cut a message of `len` bytes anywhere that fragments may be cut, and mix the pieces. */
static size_t cut_at_random(struct rng *rng, size_t len, struct cut cuts[static PIECES_MAX])
{
	size_t n = 0;

	for (size_t off = 0; off < len; n++) {
		size_t piece = n + 1 < PIECES_MAX ? 8 * (size_t)(1 + rng_below(rng, 40)) : len;

		/* All headers are in the first. */
		piece = min_size(piece, len - off);
		cuts[n] = udp_cut(9, off, piece, off + piece < len);
		off += piece;
	}
	for (size_t i = n; i-- > 1;) {
		size_t j = rng_below(rng, (uint32_t)i + 1);
		struct cut c = cuts[i];

		cuts[i] = cuts[j];
		cuts[j] = c;
	}
	return n;
}

static void pieces_of_any_size_in_any_order_are_one_packet(void **state)
{
	uint8_t seed[RNG_SEED_BYTES] = { 0 };
	struct rng rng;
	struct lab lab;

	(void)state;
	store_be64(seed, expect_seed(0x1ca4));
	rng_init(&rng, seed);
	start(&lab);
	for (size_t i = 1; i <= 200; i++) {
		struct cut cuts[PIECES_MAX];
		size_t len = 9 + rng_below(&rng, 1390), n = cut_at_random(&rng, len, cuts);

		for (size_t j = 0; j < n; j++)
			give(&lab, &cuts[j]);
		expect_whole(i, 0, len);
	}
	assert_int_equal(problem.n, 0);
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

/* RFC 5722 section 4: one overlap, however small, ends the whole of it. */
static void an_overlap_ends_the_packet(void **state)
{
	static const struct {
		size_t off, len;
	} overlaps[] = { { 0, 16 }, { 392, 16 }, { 0, 1200 }, { 796, 8 }, { 792, 16 } };
	struct lab lab;

	(void)state;
	start(&lab);
	for (uint32_t i = 0; i < ARRAY_LEN(overlaps); i++) {
		size_t off = overlaps[i].off & ~(size_t)7;

		give_udp(&lab, i, 0, 400, true);
		give_udp(&lab, i, 400, 400, true);
		give_udp(&lab, i, off, overlaps[i].len, true);
		give_udp(&lab, i, 800, 100, false);
		assert_int_equal(lab6_seen()->packets, 0);
	}
	lab_run(&lab, IP_REASM_NS + LAB_S);
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

static void pieces_are_of_one_packet_by_both_addresses_and_the_number(void **state)
{
	struct cut c = udp_cut(1, 0, 400, true);
	struct lab lab;

	(void)state;
	start(&lab);
	give(&lab, &c);
	/* All 32 bits of it. */
	give_udp(&lab, 0x10001, 400, 100, false);
	c.host = 3;
	give(&lab, &c);
	assert_int_equal(lab6_seen()->packets, 0);
	give_udp(&lab, 1, 400, 100, false);
	expect_whole(1, 0, 500);
	lab_run(&lab, IP_REASM_NS + LAB_S);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP_REASM_TIME), 2);
	lab_fini(&lab);
}

/* RFC 3168 section 5.3. */
static void a_mark_on_one_piece_is_a_mark_on_the_whole(void **state)
{
	struct cut c = udp_cut(1, 0, 400, true);
	struct lab lab;

	(void)state;
	start(&lab);
	c.tos = 0xba; /* ECT(0) */
	give(&lab, &c);
	c = udp_cut(1, 400, 100, false);
	c.tos = 0xbb; /* congestion experienced */
	give(&lab, &c);
	expect_whole(1, 0, 500);
	assert_int_equal(lab6_seen()->rx.tos, 0xbb);
	lab_fini(&lab);
}

static void what_would_be_larger_than_a_packet_is_a_problem_of_its_offset(void **state)
{
	struct cut c = udp_cut(1, 0, 16, true);
	const struct holm_addr src = lab6_addr(2), dst = lab6_addr(1);
	struct ip6_piece piece = { .id = 1, .next = IP6_PROTO_UDP };
	uint8_t p[IP6_FRAGMENT_BYTES + 16] = { 0 }, frame[128];
	struct lab lab;

	(void)state;
	start(&lab);
	give(&lab, &c);
	piece.off = 65528;
	ip6_build_piece(p, &piece);
	/* 65535 bytes are as many as there may be. */
	lab_receive(&lab, frame,
		    lab6_packet(frame, &src, &dst, IP6_PROTO_FRAGMENT, p, IP6_FRAGMENT_BYTES + 7));
	assert_int_equal(problem.n, 0);
	lab_receive(&lab, frame,
		    lab6_packet(frame, &src, &dst, IP6_PROTO_FRAGMENT, p, IP6_FRAGMENT_BYTES + 8));
	assert_int_equal(problem.n, 1);
	assert_int_equal(problem.code, IP6_PROBLEM_HEADER);
	assert_int_equal(problem.pointer, IP6_HDR_BYTES + 2);
	lab_fini(&lab);
}

/* The first piece alone has the header in front: the others do not show that it is too much. */
static void no_packet_is_larger_than_its_header_can_say(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab);
	for (uint32_t excess = 0; excess < 2; excess++) {
		struct cut c = udp_cut(excess, 0, 1400, true);
		size_t len = IP6_PAYLOAD_MAX - OPTIONS_BYTES + excess;

		c.options = 1;
		give(&lab, &c);
		for (size_t at = 1400; at < len; at += 1400)
			give_udp(&lab, excess, at, min_size(1400, len - at), at + 1400 < len);
		assert_int_equal(lab6_seen()->packets, 1);
		assert_int_equal(lab6_seen()->rx.l4_len, IP6_PAYLOAD_MAX - OPTIONS_BYTES);
	}
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP_FRAGMENT), 1);
	assert_int_equal(holm_net_counter(lab.net, HOLM_COUNT_IP_REASSEMBLED), 1);
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

static void a_piece_is_not_cut_again(void **state)
{
	const struct ip6_piece inner = { .id = 2, .next = IP6_PROTO_UDP };
	struct cut c = udp_cut(1, 0, 100, false);
	struct lab lab;

	(void)state;
	start(&lab);
	ip6_build_piece(message, &inner);
	c.next = IP6_PROTO_FRAGMENT;
	give(&lab, &c);
	assert_int_equal(lab6_seen()->packets, 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP6_CHAIN), 1);
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

/* RFC 8200 section 4.5. */
static void a_piece_that_is_not_the_last_is_of_whole_units_or_a_problem_of_its_length(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab);
	problem.pointer = UINT32_MAX;
	give_udp(&lab, 1, 0, 799, true);
	assert_int_equal(problem.n, 1);
	assert_int_equal(problem.code, IP6_PROBLEM_HEADER);
	assert_int_equal(problem.pointer, 4);
	/* Nothing at all is a drop. */
	give_udp(&lab, 1, 800, 0, false);
	assert_int_equal(problem.n, 1);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP_FRAGMENT), 2);
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

/* Seen by whoever hears that nobody is there whom it could be for. */
static void the_whole_has_headers_as_if_nothing_had_been_cut(void **state)
{
	struct cut c = udp_cut(1, 0, 800, true);
	struct lab lab;

	(void)state;
	start(&lab);
	for (unsigned options = 0; options < 3; options++) {
		size_t behind = (size_t)options * OPTIONS_BYTES;

		c = udp_cut(options, 0, 800, true);
		c.next = 253;
		c.options = options;
		c.tos = 0xa2;
		give(&lab, &c);
		c.off = 800;
		c.len = 201;
		c.more = false;
		c.tos = 0xa3; /* marked */
		give(&lab, &c);
		assert_int_equal(problem.n, options + 1);
		assert_int_equal(problem.code, IP6_PROBLEM_NEXT_HEADER);
		assert_int_equal(problem.pointer, options ? 32 + behind : 6);
		assert_int_equal(load_be32(problem.header), 6u << 28 | 0xa3u << 20);
		assert_int_equal(load_be16(problem.header + 4), behind + 1001);
		assert_int_equal(problem.header[6], options ? IP6_PROTO_HOPOPTS : 253);
		if (options)
			assert_int_equal(problem.header[32 + behind], 253);
		assert_memory_equal(problem.header + 40 + behind, message, 8);
	}
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

/* RFC 7112: of TCP, UDP and ICMPv6 the transport's header belongs to it. */
static void the_first_piece_has_all_headers(void **state)
{
	static const struct {
		uint8_t next;
		size_t len;
		bool ok;
	} cases[] = {
		{ IP6_PROTO_TCP, 16, false },	 { IP6_PROTO_TCP, 24, true },
		{ IP6_PROTO_UDP, 8, true },	 { IP6_PROTO_ICMP, 8, true },
		{ IP6_PROTO_DSTOPTS, 8, false }, { IP6_PROTO_DSTOPTS, 16, true },
	};
	struct lab lab;

	(void)state;
	start(&lab);
	begin_with_options();
	for (uint32_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct cut c = udp_cut(i, 0, cases[i].len, true);

		c.next = cases[i].next;
		problem.n = 0;
		give(&lab, &c);
		assert_int_equal(problem.n, !cases[i].ok);
		if (cases[i].ok)
			continue;
		assert_int_equal(problem.code, IP6_PROBLEM_CHAIN);
		assert_int_equal(problem.pointer, 0);
	}
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_in_front_of_pieces_and_inside_them_are_walked_over),
		cmocka_unit_test(pieces_of_any_size_in_any_order_are_one_packet),
		cmocka_unit_test(an_overlap_ends_the_packet),
		cmocka_unit_test(pieces_are_of_one_packet_by_both_addresses_and_the_number),
		cmocka_unit_test(a_mark_on_one_piece_is_a_mark_on_the_whole),
		cmocka_unit_test(what_would_be_larger_than_a_packet_is_a_problem_of_its_offset),
		cmocka_unit_test(no_packet_is_larger_than_its_header_can_say),
		cmocka_unit_test(a_piece_is_not_cut_again),
		cmocka_unit_test(
			a_piece_that_is_not_the_last_is_of_whole_units_or_a_problem_of_its_length),
		cmocka_unit_test(the_whole_has_headers_as_if_nothing_had_been_cut),
		cmocka_unit_test(the_first_piece_has_all_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
