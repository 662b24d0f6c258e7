/*
 * Tests of ARP: net/link/arp.c.
 */
#include "net/link/arp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/link/neigh.h"
#include "net/wire/arp.h"
#include "net/wire/ip4.h"
#include "tests/support/lab.h"

static const struct holm_proto *const protos[] = { &holm_arp, &holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, NULL };
static const struct lab_options plain = { .protos = protos };

static struct arp_info sent_arp(const struct lab *lab, size_t i)
{
	const struct lab_sent *s = lab_find_type(lab, ETH_TYPE_ARP, i);
	struct arp_info info;
	enum holm_drop why;

	assert_non_null(s);
	assert_true(arp_parse(s->data + 14, s->len - 14, &info, &why));
	return info;
}

static bool knows(struct lab *lab, unsigned host)
{
	struct holm_addr addr = lab_addr(host);

	return neigh_find(lab->net, lab->dev.netif, &addr) != NULL;
}

static void a_request_for_our_address_is_answered_to_the_one_who_asked(void **state)
{
	struct lab lab;
	uint8_t frame[64];
	struct holm_mac asker = lab_mac(2), self = lab_mac(1);
	struct arp_info info;

	(void)state;
	lab_init(&lab, &plain);
	lab_run(&lab, 5 * LAB_S);
	lab_clear(&lab);
	lab_receive(&lab, frame, lab_arp(frame, ARP_REQUEST, 2, 1, true));
	assert_int_equal(lab.nsent, 1);
	assert_memory_equal(lab.sent[0].data, &asker, 6);
	info = sent_arp(&lab, 0);
	assert_int_equal(info.op, ARP_REPLY);
	assert_int_equal(info.sender, LAB_IP(1));
	assert_int_equal(info.target, LAB_IP(2));
	assert_memory_equal(&info.sender_mac, &self, 6);
	assert_memory_equal(&info.target_mac, &asker, 6);
	assert_true(knows(&lab, 2));
	lab_fini(&lab);
}

static void an_answer_is_the_same_when_the_question_is_shared_or_in_pieces(void **state)
{
	struct lab lab;
	uint8_t frame[64];
	struct lab_sent whole;

	(void)state;
	lab_init(&lab, &plain);
	lab_poll(&lab);
	lab_clear(&lab);
	lab_receive(&lab, frame, lab_arp(frame, ARP_REQUEST, 2, 1, true));
	whole = lab.sent[0];
	for (unsigned size = 1; size < 60; size += 3) {
		lab_clear(&lab);
		lab.segments = size;
		lab_receive(&lab, frame, lab_arp(frame, ARP_REQUEST, 2, 1, true));
		assert_int_equal(lab.nsent, 1);
		assert_int_equal(lab.sent[0].len, whole.len);
		assert_memory_equal(lab.sent[0].data, whole.data, whole.len);
	}
	lab_fini(&lab);
}

static void requests_for_others_are_not_answered_and_teach_nothing_new(void **state)
{
	struct lab lab;
	uint8_t frame[64];

	(void)state;
	lab_init(&lab, &plain);
	lab_run(&lab, 5 * LAB_S);
	lab_clear(&lab);
	lab_receive(&lab, frame, lab_arp(frame, ARP_REQUEST, 2, 3, true));
	lab_receive(&lab, frame, lab_arp(frame, ARP_REPLY, 4, 4, true));
	lab_receive(&lab, frame, lab_arp(frame, ARP_REPLY, 5, 1, false));
	assert_int_equal(lab.nsent, 0);
	assert_false(knows(&lab, 2));
	assert_false(knows(&lab, 4));
	assert_false(knows(&lab, 5));
	lab_fini(&lab);
}

static void a_stranger_from_another_network_is_answered_but_not_remembered(void **state)
{
	struct lab lab;
	uint8_t frame[64];
	struct holm_addr stranger = holm_addr_ip4(192, 168, 7, 7);

	(void)state;
	lab_init(&lab, &plain);
	lab_poll(&lab);
	lab_clear(&lab);
	lab_arp(frame, ARP_REQUEST, 2, 1, true);
	store_be32(frame + 28, 0xc0a80707);
	lab_receive(&lab, frame, 60);
	assert_int_equal(lab.nsent, 1);
	assert_null(neigh_find(lab.net, lab.dev.netif, &stranger));
	lab_fini(&lab);
}

static void an_address_probe_is_answered_and_leaves_no_entry(void **state)
{
	struct lab lab;
	uint8_t frame[64];

	(void)state;
	lab_init(&lab, &plain);
	lab_poll(&lab);
	lab_clear(&lab);
	lab_arp(frame, ARP_REQUEST, 2, 1, true);
	store_be32(frame + 28, 0);
	lab_receive(&lab, frame, 60);
	assert_int_equal(lab.nsent, 1);
	assert_int_equal(sent_arp(&lab, 0).op, ARP_REPLY);
	assert_int_equal(lab.net->neigh->count, 0);
	lab_fini(&lab);
}

static void a_new_address_is_announced_at_once_and_again_after_two_seconds(void **state)
{
	struct lab lab;
	struct holm_mac everybody = eth_broadcast();

	(void)state;
	lab_init(&lab, &plain);
	lab_poll(&lab);
	assert_int_equal(lab.nsent, 1);
	lab_run(&lab, 60 * LAB_S);
	assert_int_equal(lab.nsent, 2);
	assert_true(lab.sent[1].at_ns - lab.sent[0].at_ns >= 2 * LAB_S);
	assert_true(lab.sent[1].at_ns - lab.sent[0].at_ns < 2 * LAB_S + 10 * LAB_MS);
	for (size_t i = 0; i < 2; i++) {
		struct arp_info info = sent_arp(&lab, i);

		assert_memory_equal(lab.sent[i].data, &everybody, 6);
		assert_int_equal(info.op, ARP_REQUEST);
		assert_int_equal(info.sender, LAB_IP(1));
		assert_int_equal(info.target, LAB_IP(1));
	}
	lab_fini(&lab);
}

static void an_address_that_goes_is_not_announced_again(void **state)
{
	struct lab lab;
	struct holm_addr addr = lab_addr(1);

	(void)state;
	lab_init(&lab, &plain);
	lab_poll(&lab);
	assert_int_equal(holm_addr_del(lab.net, &lab.dev, &addr), 0);
	lab_run(&lab, 10 * LAB_S);
	assert_int_equal(lab.nsent, 1);
	lab_fini(&lab);
}

static void a_link_that_comes_up_is_told_who_is_here(void **state)
{
	struct lab lab;
	uint8_t frame[64];

	(void)state;
	lab_init(&lab, &plain);
	lab_run(&lab, 10 * LAB_S);
	lab_receive(&lab, frame, lab_arp(frame, ARP_REQUEST, 2, 1, true));
	assert_true(knows(&lab, 2));
	lab_clear(&lab);
	lab.dev.link_up = false;
	holm_net_link_changed(lab.net, &lab.dev);
	assert_false(knows(&lab, 2));
	lab_run(&lab, 10 * LAB_S);
	assert_int_equal(lab.nsent, 0);
	lab.dev.link_up = true;
	holm_net_link_changed(lab.net, &lab.dev);
	lab_run(&lab, 10 * LAB_S);
	assert_int_equal(lab.nsent, 2);
	lab_fini(&lab);
}

static void our_own_packet_coming_back_is_no_conflict(void **state)
{
	struct lab lab;
	uint8_t frame[64];

	(void)state;
	lab_init(&lab, &plain);
	lab_run(&lab, 10 * LAB_S);
	lab_clear(&lab);
	lab_receive(&lab, frame, lab_arp(frame, ARP_REQUEST, 1, 1, true));
	assert_int_equal(lab.nsent, 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ARP_SOURCE), 1);
	lab_fini(&lab);
}

static void an_address_is_defended_but_not_more_than_once_in_ten_seconds(void **state)
{
	struct lab lab;
	uint8_t frame[64];
	struct holm_mac thief = lab_mac(9);

	(void)state;
	lab_init(&lab, &plain);
	lab_run(&lab, 10 * LAB_S);
	lab_clear(&lab);
	for (int i = 0; i < 105; i++) {
		lab_arp(frame, ARP_REQUEST, 1, 1, true);
		memcpy(frame + 22, &thief, 6);
		lab_receive(&lab, frame, 60);
		lab_run(&lab, 100 * LAB_MS);
	}
	assert_int_equal(lab.nsent, 2);
	assert_int_equal(sent_arp(&lab, 0).sender, LAB_IP(1));
	assert_false(knows(&lab, 1));
	lab_fini(&lab);
}

static void without_the_part_an_address_is_announced_once_and_a_conflict_is_counted(void **state)
{
	static const struct holm_proto *const no_parts[] = { &holm_arp, &holm_ipv4, &holm_icmp4,
							     NULL };
	static const struct lab_options bare = { .protos = no_parts };
	struct lab lab;
	uint8_t frame[64];
	struct holm_mac thief = lab_mac(9);

	(void)state;
	lab_init(&lab, &bare);
	lab_run(&lab, 60 * LAB_S);
	assert_int_equal(lab.nsent, 1);
	assert_int_equal(sent_arp(&lab, 0).target, LAB_IP(1));
	lab_clear(&lab);
	lab_arp(frame, ARP_REQUEST, 1, 1, true);
	memcpy(frame + 22, &thief, 6);
	lab_receive(&lab, frame, 60);
	lab_run(&lab, 60 * LAB_S);
	assert_int_equal(lab.nsent, 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ARP_SOURCE), 1);
	lab_fini(&lab);
}

static char last_line[160];

static void keep_line(void *ctx, enum holm_log_level level, const char *line, size_t len)
{
	(void)ctx;
	assert_int_equal(level, HOLM_LOG_WARN);
	assert_true(len < sizeof(last_line));
	memcpy(last_line, line, len);
	last_line[len] = '\0';
}

static void a_conflict_is_logged_with_the_address_and_who_else_has_it(void **state)
{
	const char *name = "a device whose name is far longer than any that is likely to be";
	struct holm_mac thief = { { 0x02, 0xff, 0xa0, 0x09, 0x10, 0x00 } };
	struct lab lab;
	uint8_t frame[64];

	(void)state;
	lab_init(&lab, &plain);
	lab_run(&lab, 10 * LAB_S);
	lab.net->env.log = keep_line;
	for (int i = 0; i < 2; i++) {
		if (i == 1)
			lab.dev.name = name;
		lab_arp(frame, ARP_REQUEST, 1, 1, true);
		memcpy(frame + 22, &thief, 6);
		lab_receive(&lab, frame, 60);
		if (i == 0)
			assert_string_equal(last_line,
					    "arp: lab0: address 10.0.0.1 is also used by "
					    "02:ff:a0:09:10:00");
		lab_run(&lab, 11 * LAB_S);
	}
	assert_string_equal(last_line, "arp: a device whose name is far longe: address 10.0.0.1 is "
				       "also used by 02:ff:a0:09:10:00");
	lab_fini(&lab);
}

static void a_packet_cut_at_any_byte_is_a_counted_drop(void **state)
{
	struct lab lab;
	uint8_t frame[64];

	(void)state;
	lab_init(&lab, &plain);
	lab_poll(&lab);
	lab_clear(&lab);
	lab_arp(frame, ARP_REQUEST, 2, 1, true);
	for (size_t len = 14; len < 42; len++)
		lab_receive(&lab, frame, len);
	assert_int_equal(lab.nsent, 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ARP_MALFORMED), 28);
	lab_receive(&lab, frame, 42);
	assert_int_equal(lab.nsent, 1);
	lab_fini(&lab);
}

static void without_a_frame_a_question_goes_unanswered_and_is_counted(void **state)
{
	struct holm_config config;
	struct lab_options options = { .protos = protos, .config = &config, .frames = 4 };
	struct holm_frame *held[4];
	size_t n = 0;
	struct lab lab;
	uint8_t frame[64];

	(void)state;
	holm_config_default(&config);
	config.frame_reserve = 0;
	lab_init(&lab, &options);
	lab_poll(&lab);
	lab_clear(&lab);
	/* The question takes two frames, and an answer would need one more. */
	while (n < 2)
		held[n++] = holm_frame_alloc(holm_net_pool(lab.net), 0, true);
	lab.segments = 58;
	lab_inject(&lab, frame, lab_arp(frame, ARP_REQUEST, 2, 1, true));
	lab_poll(&lab);
	assert_int_equal(lab.nsent + holm_net_drops(lab.net, HOLM_DROP_NO_FRAME), 1);
	while (n > 0)
		holm_frame_free(held[--n]);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_for_our_address_is_answered_to_the_one_who_asked),
		cmocka_unit_test(an_answer_is_the_same_when_the_question_is_shared_or_in_pieces),
		cmocka_unit_test(requests_for_others_are_not_answered_and_teach_nothing_new),
		cmocka_unit_test(a_stranger_from_another_network_is_answered_but_not_remembered),
		cmocka_unit_test(an_address_probe_is_answered_and_leaves_no_entry),
		cmocka_unit_test(a_new_address_is_announced_at_once_and_again_after_two_seconds),
		cmocka_unit_test(an_address_that_goes_is_not_announced_again),
		cmocka_unit_test(a_link_that_comes_up_is_told_who_is_here),
		cmocka_unit_test(our_own_packet_coming_back_is_no_conflict),
		cmocka_unit_test(
			without_the_part_an_address_is_announced_once_and_a_conflict_is_counted),
		cmocka_unit_test(a_conflict_is_logged_with_the_address_and_who_else_has_it),
		cmocka_unit_test(an_address_is_defended_but_not_more_than_once_in_ten_seconds),
		cmocka_unit_test(a_packet_cut_at_any_byte_is_a_counted_drop),
		cmocka_unit_test(without_a_frame_a_question_goes_unanswered_and_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
