/*
 * Tests of datagrams that come in pieces: net/ip/reasm.c, and of those that leave in pieces
 * (net/ip/split4.c), which answer them. The probe is an echo request.
 */
#include "net/ip/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lib/mem.h"
#include "net/wire/eth.h"
#include "net/wire/icmp4.h"
#include "tests/support/expect.h"
#include "tests/support/lab.h"

#define MESSAGE_MAX 65515u

static const struct holm_proto *const protos[] = { &holm_arp, &holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, NULL };

static uint8_t message[MESSAGE_MAX + 8];

static void start(struct lab *lab)
{
	const struct lab_options options = { .protos = protos, .frames = 512 };

	lab_init(lab, &options);
	lab_introduce(lab, 2);
	lab_clear(lab);
}

/* An echo request of `len` bytes with its ICMP header. */
static void make_message(size_t len)
{
	struct icmp4_info info = { .type = ICMP4_ECHO, .id = 0x1234, .seq = 5 };

	for (size_t i = ICMP4_HDR_BYTES; i < len; i++)
		message[i] = (uint8_t)(i * 7 + (i >> 8));
	icmp4_build(message, &info);
	icmp4_seal(message, len);
}

struct cut {
	uint32_t src;
	uint16_t id;
	uint8_t proto;
	uint8_t tos;
	size_t off, len;
	size_t options; /* bytes of them in the header */
	bool more;
};

/* The piece arrives. */
static void give(struct lab *lab, const struct cut *c)
{
	uint8_t frame[2048];
	size_t len = lab_ip4(frame, c->src ? c->src : LAB_IP(2), LAB_IP(1),
			     c->proto ? c->proto : IP4_PROTO_ICMP, message + c->off, c->len);
	size_t hdr_len = 20 + c->options;

	memmove(frame + 14 + hdr_len, frame + 14 + 20, c->len);
	memset(frame + 14 + 20, 1, c->options); /* no operation */
	frame[14] = (uint8_t)(4 << 4 | hdr_len / 4);
	frame[14 + 1] = c->tos;
	store_be16(frame + 14 + 2, (uint16_t)(hdr_len + c->len));
	store_be16(frame + 14 + 4, c->id);
	store_be16(frame + 14 + 6, (uint16_t)(c->off / 8 | (c->more ? IP4_MF : 0)));
	store_be16(frame + 14 + 10, 0);
	store_be16(frame + 14 + 10, checksum_finish(checksum_partial(frame + 14, hdr_len, 0)));
	lab_receive(lab, frame, len + c->options);
}

static void give_part(struct lab *lab, uint16_t id, size_t off, size_t len, bool more)
{
	const struct cut c = { .id = id, .off = off, .len = len, .more = more };

	give(lab, &c);
}

static uint64_t drops(const struct lab *lab, enum holm_drop why)
{
	return holm_net_drops(lab->net, why);
}

/* The answer, put together from what was sent; its length. */
static size_t answer(struct lab *lab, uint8_t *bytes)
{
	const struct lab_sent *s;
	size_t len = 0;

	for (size_t i = 0; (s = lab_find_type(lab, ETH_TYPE_IP4, i)) != NULL; i++) {
		struct ip4_info info;
		enum holm_drop why;

		assert_true(s->len <= 1514);
		assert_true(ip4_parse(s->data + 14, s->len - 14, s->len - 14, &info, &why));
		memcpy(bytes + ip4_frag_offset_bytes(&info), s->data + 34, s->len - 34);
		len += s->len - 34;
	}
	lab_clear(lab);
	return len;
}

static void expect_answer(struct lab *lab, size_t len)
{
	static uint8_t got[MESSAGE_MAX + 8];

	assert_int_equal(answer(lab, got), len);
	assert_int_equal(got[0], ICMP4_ECHO_REPLY);
	assert_int_equal(checksum_finish(checksum_partial(got, len, 0)), 0);
	assert_memory_equal(got + 8, message + 8, len - 8);
}

static void two_pieces_are_one_packet_in_either_order(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab);
	make_message(1000);
	give_part(&lab, 1, 0, 800, true);
	assert_int_equal(lab.nsent, 0);
	give_part(&lab, 1, 800, 200, false);
	expect_answer(&lab, 1000);
	give_part(&lab, 2, 800, 200, false);
	give_part(&lab, 2, 0, 800, true);
	expect_answer(&lab, 1000);
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

static void pieces_of_any_size_in_any_order_are_one_packet(void **state)
{
	uint64_t seed = expect_seed(7);
	struct cut cuts[200];
	struct lab lab;

	(void)state;
	start(&lab);
	for (uint16_t round = 0; round < 60; round++) {
		size_t len = 100 + expect_random_below(&seed, 60000), n = 0;

		make_message(len);
		for (size_t at = 0; at < len; n++) {
			size_t k = 8 * (1 + expect_random_below(&seed, 182));

			k = at + k < len && n < 198 ? k : min_size(len - at, 1480);
			cuts[n] = (struct cut){
				.id = round, .off = at, .len = k, .more = at + k < len
			};
			at += k;
		}
		for (size_t i = n; i > 1; i--) {
			size_t j = expect_random_below(&seed, i);
			struct cut c = cuts[j];

			cuts[j] = cuts[i - 1];
			cuts[i - 1] = c;
		}
		for (size_t i = 0; i < n; i++) {
			if (i + 1 < n && expect_random_below(&seed, 4) == 0)
				give(&lab, &cuts[i]); /* twice */
			assert_int_equal(lab.nsent, 0);
			give(&lab, &cuts[i]);
		}
		expect_answer(&lab, len);
	}
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

static void the_largest_packet_comes_and_leaves_in_pieces(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab);
	make_message(MESSAGE_MAX);
	for (size_t at = 0; at < MESSAGE_MAX; at += 1480)
		give_part(&lab, 9, at, min_size(1480, MESSAGE_MAX - at), at + 1480 < MESSAGE_MAX);
	assert_int_equal(lab.nsent, 45);
	assert_int_equal(holm_net_counter(lab.net, HOLM_COUNT_IP_REASSEMBLED), 1);
	assert_int_equal(holm_net_counter(lab.net, HOLM_COUNT_IP_FRAGMENTS_SENT), 45);
	expect_answer(&lab, MESSAGE_MAX);
	lab_fini(&lab);
}

/* Options that are not copied stand in the first piece alone: the others do not show that it is too much. */
static void no_packet_is_larger_than_its_header_can_say(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab);
	for (uint16_t excess = 0; excess < 8; excess += 4) {
		struct cut c = { .id = excess, .len = 1440, .options = 8, .more = true };
		size_t len = MESSAGE_MAX - 8 + excess;

		lab_clear(&lab);
		make_message(len);
		give(&lab, &c);
		for (size_t at = 1440; at < len; at += 1440)
			give_part(&lab, excess, at, min_size(1440, len - at), at + 1440 < len);
		assert_int_equal(lab.nsent > 0, excess == 0);
	}
	assert_int_equal(drops(&lab, HOLM_DROP_IP_FRAGMENT), 1);
	assert_int_equal(holm_net_counter(lab.net, HOLM_COUNT_IP_REASSEMBLED), 1);
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

static void pieces_that_overlap_end_the_datagram(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab);
	make_message(1000);
	give_part(&lab, 1, 0, 800, true);
	give_part(&lab, 1, 792, 208, false);
	give_part(&lab, 1, 800, 200, false);
	assert_int_equal(lab.nsent, 0);
	give_part(&lab, 2, 400, 400, true);
	give_part(&lab, 2, 0, 408, true);
	give_part(&lab, 3, 0, 800, true);
	give_part(&lab, 3, 0, 792, true);
	assert_int_equal(drops(&lab, HOLM_DROP_IP_FRAGMENT), 6);
	assert_int_equal(lab.nsent, 0);
	lab_fini(&lab);
}

static void all_pieces_agree_where_the_end_is(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab);
	make_message(1000);
	give_part(&lab, 1, 800, 200, false);
	give_part(&lab, 1, 400, 400, false);
	give_part(&lab, 2, 800, 200, true);
	give_part(&lab, 2, 400, 400, false);
	give_part(&lab, 3, 400, 400, false);
	give_part(&lab, 3, 800, 200, true);
	give_part(&lab, 4, 400, 400, false);
	give_part(&lab, 4, 800, 200, false);
	assert_int_equal(drops(&lab, HOLM_DROP_IP_FRAGMENT), 8);
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

static void impossible_pieces_are_dropped(void **state)
{
	struct cut tiny = { .proto = IP4_PROTO_TCP, .off = 8, .len = 100 };
	struct lab lab;

	(void)state;
	start(&lab);
	make_message(2000);
	give_part(&lab, 1, 0, 801, true);
	give_part(&lab, 1, 0, 0, true);
	give_part(&lab, 1, 65512, 8, false);
	give(&lab, &tiny);
	assert_int_equal(drops(&lab, HOLM_DROP_IP_FRAGMENT), 4);
	assert_true(lab_frames_are_home(&lab));
	/* Behind the ports and flags anything may begin. */
	tiny.off = 16;
	give(&lab, &tiny);
	assert_int_equal(drops(&lab, HOLM_DROP_IP_FRAGMENT), 4);
	lab_fini(&lab);
}

static void the_sender_hears_that_pieces_did_not_come_in_time(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab);
	make_message(1000);
	give_part(&lab, 1, 0, 800, true);
	give_part(&lab, 2, 800, 200, false);
	lab_run(&lab, IP_REASM_NS - LAB_S);
	assert_int_equal(drops(&lab, HOLM_DROP_IP_REASM_TIME), 0);
	lab_run(&lab, 2 * LAB_S);
	assert_int_equal(drops(&lab, HOLM_DROP_IP_REASM_TIME), 2);
	/* Only where the first piece has come, because an error quotes that. */
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP4), 1);
	assert_int_equal(lab_find_type(&lab, ETH_TYPE_IP4, 0)->data[34], ICMP4_TIME_EXCEEDED);
	assert_int_equal(lab_find_type(&lab, ETH_TYPE_IP4, 0)->data[35], 1);
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

static void a_datagram_has_time_from_its_own_first_piece_on(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab);
	make_message(1000);
	give_part(&lab, 1, 0, 800, true);
	lab_run(&lab, 10 * LAB_S);
	give_part(&lab, 2, 0, 800, true);
	give_part(&lab, 3, 0, 800, true);
	lab_run(&lab, IP_REASM_NS - 9 * LAB_S);
	assert_int_equal(drops(&lab, HOLM_DROP_IP_REASM_TIME), 1);
	lab_clear(&lab);
	give_part(&lab, 2, 800, 200, false);
	expect_answer(&lab, 1000);
	lab_run(&lab, 10 * LAB_S);
	assert_int_equal(drops(&lab, HOLM_DROP_IP_REASM_TIME), 2);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP4), 1);
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

/* What an error quotes of it is what raw endpoints see, too. */
static void the_whole_has_a_header_as_if_nothing_had_been_cut(void **state)
{
	struct cut a = {
		.id = 7, .proto = 200, .tos = 0x22, .len = 800, .options = 4, .more = true
	};
	struct cut b = { .id = 7, .proto = 200, .tos = 0x23, .off = 800, .len = 200 };
	const struct lab_sent *error;
	const uint8_t *quoted;
	struct lab lab;

	(void)state;
	start(&lab);
	make_message(1000);
	give(&lab, &a);
	give(&lab, &b);
	assert_int_equal(lab.nsent, 1);
	error = lab_find_type(&lab, ETH_TYPE_IP4, 0);
	assert_int_equal(error->data[34], ICMP4_UNREACHABLE);
	assert_int_equal(error->data[35], ICMP4_PROTOCOL);
	quoted = error->data + 34 + ICMP4_HDR_BYTES;
	assert_int_equal(quoted[0], 0x46);
	assert_int_equal(quoted[1], 0x23); /* the mark of one piece */
	assert_int_equal(load_be16(quoted + 2), 24 + 1000);
	assert_int_equal(load_be16(quoted + 4), 7);
	assert_int_equal(load_be16(quoted + 6), 0);
	assert_int_equal(checksum_finish(checksum_partial(quoted, 24, 0)), 0);
	assert_memory_equal(quoted + 24, message, 8);
	lab_fini(&lab);
}

/* RFC 1122 section 3.2.2: no error is sent about one, nor about a piece of one. */
static void who_sent_a_piece_of_an_error_hears_of_no_error(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab);
	make_message(1000);
	message[0] = ICMP4_UNREACHABLE;
	give_part(&lab, 1, 0, 800, true);
	lab_run(&lab, IP_REASM_NS + LAB_S);
	assert_int_equal(drops(&lab, HOLM_DROP_IP_REASM_TIME), 1);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP4), 0);
	lab_fini(&lab);
}

/* The TOS of the answer to a request in two pieces with these; -1: there was none. */
static int tos_of_the_answer(struct lab *lab, uint16_t id, uint8_t first, uint8_t second)
{
	struct cut a = { .id = id, .tos = first, .len = 800, .more = true };
	struct cut b = { .id = id, .tos = second, .off = 800, .len = 200 };
	const struct lab_sent *s;

	lab_clear(lab);
	give(lab, &a);
	give(lab, &b);
	s = lab_find_type(lab, ETH_TYPE_IP4, 0);
	return s ? s->data[15] : -1;
}

static void a_mark_on_one_piece_is_a_mark_on_the_whole(void **state)
{
	enum { NOT = 0, ECT1 = 1, ECT0 = 2, CE = 3 };
	struct lab lab;

	(void)state;
	start(&lab);
	make_message(1000);
	assert_int_equal(tos_of_the_answer(&lab, 1, NOT, NOT), NOT);
	assert_int_equal(tos_of_the_answer(&lab, 2, ECT0, ECT0), ECT0);
	assert_int_equal(tos_of_the_answer(&lab, 3, ECT0, CE), CE);
	assert_int_equal(tos_of_the_answer(&lab, 4, 0x20 | CE, 0x20 | ECT1), 0x20 | CE);
	/* RFC 3168 section 5.3: nobody marks what may not be marked. */
	assert_int_equal(tos_of_the_answer(&lab, 5, NOT, CE), -1);
	assert_int_equal(drops(&lab, HOLM_DROP_IP_FRAGMENT), 1);
	assert_true(lab_frames_are_home(&lab));
	lab_fini(&lab);
}

static void one_source_cannot_fill_the_table(void **state)
{
	struct cut other = { .src = LAB_IP(3), .id = 1, .off = 0, .len = 800, .more = true };
	struct lab lab;

	(void)state;
	start(&lab);
	make_message(1000);
	give(&lab, &other);
	for (uint16_t id = 0; id < 200; id++)
		give_part(&lab, id, 0, 800, true);
	assert_int_equal(drops(&lab, HOLM_DROP_IP_REASM_FULL), 200 - IP_REASM_SOURCE_MAX);
	assert_int_equal(table_nodes(&lab.net->ip->reasm.datagrams), IP_REASM_SOURCE_MAX + 1);
	lab_introduce(&lab, 3);
	lab_clear(&lab);
	other.off = 800;
	other.len = 200;
	other.more = false;
	give(&lab, &other);
	expect_answer(&lab, 1000);
	lab_fini(&lab);
}

static void many_sources_hold_no_more_than_the_table(void **state)
{
	struct cut c = { .len = 800, .more = true };
	struct lab lab;

	(void)state;
	start(&lab);
	make_message(1000);
	for (uint32_t i = 0; i < 300; i++) {
		c.src = LAB_IP(20 + i % 200);
		c.id = (uint16_t)i;
		give(&lab, &c);
	}
	assert_int_equal(table_nodes(&lab.net->ip->reasm.datagrams), IP_REASM_DATAGRAMS_MAX);
	assert_int_equal(drops(&lab, HOLM_DROP_IP_REASM_FULL), 300 - IP_REASM_DATAGRAMS_MAX);
	lab_fini(&lab);
}

static void pieces_hold_no_more_memory_than_the_limit(void **state)
{
	struct holm_config config;
	const struct lab_options options = { .protos = protos, .config = &config, .frames = 512 };
	struct lab lab;

	(void)state;
	holm_config_default(&config);
	config.ip_reasm_bytes_max = 10 * HOLM_FRAME_BYTES;
	lab_init(&lab, &options);
	lab_introduce(&lab, 2);
	make_message(60000);
	for (size_t i = 0; i < 30; i++)
		give_part(&lab, (uint16_t)(i / 8), (i % 8) * 1480, 1480, true);
	assert_in_range(lab.net->ip->reasm.pinned_bytes, 1, 10 * HOLM_FRAME_BYTES);
	assert_true(drops(&lab, HOLM_DROP_IP_REASM_FULL) >= 20);
	lab_fini(&lab);
}

static void without_memory_pieces_are_dropped(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab);
	make_message(1000);
	for (uint16_t i = 0; i < 100; i++) {
		lab.fail_from = lab.alloc_calls + 1;
		give_part(&lab, i, 0, 800, true);
	}
	lab.fail_from = 0;
	give_part(&lab, 1000, 0, 800, true);
	give_part(&lab, 1000, 800, 200, false);
	assert_int_equal(holm_net_counter(lab.net, HOLM_COUNT_IP_REASSEMBLED), 1);
	lab_fini(&lab);
}

static void what_came_by_an_interface_goes_with_it(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab);
	make_message(1000);
	give_part(&lab, 1, 0, 800, true);
	holm_net_remove_dev(lab.net, &lab.dev);
	assert_int_equal(drops(&lab, HOLM_DROP_IP_NO_DEVICE), 1);
	assert_int_equal(lab.net->ip->reasm.pinned_bytes, 0);
	assert_int_equal(holm_net_add_dev(lab.net, &lab.dev), 1);
	lab_fini(&lab);
}

static void without_the_part_pieces_are_dropped_and_nothing_is_cut(void **state)
{
	static const struct holm_proto *const no_pieces[] = { &holm_arp, &holm_ipv4, &holm_icmp4,
							      NULL };
	const struct lab_options options = { .protos = no_pieces };
	const struct holm_addr self = holm_addr_ip4(10, 0, 0, 1), peer = holm_addr_ip4(10, 0, 0, 2);
	const struct ip_tx tx = { .src = &self, .dst = &peer, .ttl = 64, .proto = IP4_PROTO_UDP };
	struct ip_dst *dst;
	struct holm_frame *f;
	struct lab lab;

	(void)state;
	lab_init(&lab, &options);
	lab_introduce(&lab, 2);
	lab_clear(&lab);
	make_message(1000);
	give_part(&lab, 1, 0, 800, true);
	give_part(&lab, 1, 800, 200, false);
	assert_int_equal(drops(&lab, HOLM_DROP_IP_FRAGMENT), 2);

	assert_int_equal(ip_dst_get(lab.net, &peer, NULL, &dst), 0);
	f = holm_frame_alloc(lab.net->pool, HOLM_FRAME_HEADROOM, false);
	assert_non_null(f);
	f->segs[0].len = 1481;
	f->len = 1481;
	ip_output(lab.net, dst, f, &tx);
	assert_int_equal(drops(&lab, HOLM_DROP_IP_TOO_BIG), 1);
	ip_dst_put(lab.net, dst);
	lab_poll(&lab);
	assert_int_equal(lab.nsent, 0);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_pieces_are_one_packet_in_either_order),
		cmocka_unit_test(pieces_of_any_size_in_any_order_are_one_packet),
		cmocka_unit_test(the_largest_packet_comes_and_leaves_in_pieces),
		cmocka_unit_test(no_packet_is_larger_than_its_header_can_say),
		cmocka_unit_test(pieces_that_overlap_end_the_datagram),
		cmocka_unit_test(all_pieces_agree_where_the_end_is),
		cmocka_unit_test(impossible_pieces_are_dropped),
		cmocka_unit_test(the_sender_hears_that_pieces_did_not_come_in_time),
		cmocka_unit_test(a_datagram_has_time_from_its_own_first_piece_on),
		cmocka_unit_test(the_whole_has_a_header_as_if_nothing_had_been_cut),
		cmocka_unit_test(who_sent_a_piece_of_an_error_hears_of_no_error),
		cmocka_unit_test(a_mark_on_one_piece_is_a_mark_on_the_whole),
		cmocka_unit_test(one_source_cannot_fill_the_table),
		cmocka_unit_test(many_sources_hold_no_more_than_the_table),
		cmocka_unit_test(pieces_hold_no_more_memory_than_the_limit),
		cmocka_unit_test(without_memory_pieces_are_dropped),
		cmocka_unit_test(what_came_by_an_interface_goes_with_it),
		cmocka_unit_test(without_the_part_pieces_are_dropped_and_nothing_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
