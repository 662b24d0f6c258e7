/*
 * Tests of ethernet demultiplexing: net/link/eth.c.
 */
#include "net/link/eth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/lab.h"

static const struct holm_proto *const protos[] = { &holm_arp, &holm_ipv4, &holm_icmp4, NULL };
static const struct holm_proto *const no_arp[] = { &holm_ipv4, NULL };
static const struct lab_options plain = { .protos = protos };

static uint64_t drops(const struct lab *lab, enum holm_drop why)
{
	return holm_net_drops(lab->net, why);
}

static void a_frame_shorter_than_its_header_is_a_counted_drop(void **state)
{
	struct lab lab;
	uint8_t frame[2048];

	(void)state;
	lab_init(&lab, &plain);
	lab_echo(frame, LAB_IP(2), LAB_IP(1), 8);
	for (size_t len = 0; len < ETH_HDR_BYTES; len++)
		lab_receive(&lab, frame, len);
	assert_int_equal(drops(&lab, HOLM_DROP_ETH_SHORT), ETH_HDR_BYTES);
	lab_fini(&lab);
}

static void a_frame_for_another_host_is_dropped(void **state)
{
	struct lab lab;
	uint8_t frame[2048];
	size_t len;

	(void)state;
	lab_init(&lab, &plain);
	len = lab_echo(frame, LAB_IP(2), LAB_IP(1), 8);
	for (size_t i = 0; i < 6; i++) {
		frame[i] ^= 2;
		lab_receive(&lab, frame, len);
		frame[i] ^= 2;
	}
	assert_int_equal(drops(&lab, HOLM_DROP_ETH_NOT_OURS), 6);
	lab_fini(&lab);
}

static void types_without_a_protocol_are_dropped_vlan_tags_among_them(void **state)
{
	static const uint16_t types[] = { 0, 0x05dc, 0x8100, 0x86dd, 0x88cc, 0xffff };
	struct lab lab;
	uint8_t frame[2048];
	size_t len;

	(void)state;
	lab_init(&lab, &plain);
	len = lab_echo(frame, LAB_IP(2), LAB_IP(1), 8);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		store_be16(frame + 12, types[i]);
		lab_receive(&lab, frame, len);
	}
	assert_int_equal(drops(&lab, HOLM_DROP_ETH_TYPE), ARRAY_LEN(types));
	lab_fini(&lab);
}

static void a_protocol_that_is_not_named_is_not_there(void **state)
{
	struct lab_options options = { .protos = no_arp };
	struct lab lab;
	uint8_t frame[64];

	(void)state;
	lab_init(&lab, &options);
	lab_receive(&lab, frame, lab_arp(frame, 1, 2, 1, true));
	assert_int_equal(drops(&lab, HOLM_DROP_ETH_TYPE), 1);
	assert_int_equal(lab.nsent, 0);
	lab_fini(&lab);
}

static void headers_in_pieces_of_any_size_are_understood(void **state)
{
	struct lab lab;
	uint8_t frame[2048];
	size_t len;

	(void)state;
	lab_init(&lab, &plain);
	lab_introduce(&lab, 2);
	lab_clear(&lab);
	len = lab_echo(frame, LAB_IP(2), LAB_IP(1), 30);
	for (unsigned size = 1; size <= 72; size++) {
		lab.segments = size;
		lab_receive(&lab, frame, len);
	}
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP4), 72);
	lab_fini(&lab);
}

static void a_reply_in_place_needs_the_buffer_for_itself(void **state)
{
	struct lab lab;
	struct holm_frame *f, *clone;
	struct holm_pool *pool;

	(void)state;
	lab_init(&lab, &plain);
	pool = holm_net_pool(lab.net);
	f = holm_frame_alloc(pool, 16, false);
	holm_frame_put(f, 60);
	assert_true(eth_may_reply_in_place(lab.dev.netif, f));
	clone = holm_frame_clone(pool, f);
	assert_false(eth_may_reply_in_place(lab.dev.netif, f));
	assert_false(eth_may_reply_in_place(lab.dev.netif, clone));
	holm_frame_free(clone);
	assert_true(eth_may_reply_in_place(lab.dev.netif, f));
	lab.dev.caps.headroom = 17;
	assert_false(eth_may_reply_in_place(lab.dev.netif, f));
	holm_frame_free(f);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_shorter_than_its_header_is_a_counted_drop),
		cmocka_unit_test(a_frame_for_another_host_is_dropped),
		cmocka_unit_test(types_without_a_protocol_are_dropped_vlan_tags_among_them),
		cmocka_unit_test(a_protocol_that_is_not_named_is_not_there),
		cmocka_unit_test(headers_in_pieces_of_any_size_are_understood),
		cmocka_unit_test(a_reply_in_place_needs_the_buffer_for_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
