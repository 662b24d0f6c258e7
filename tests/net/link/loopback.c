/*
 * Tests of the loopback interface: net/link/loopback.c.
 */
#include "net/link/loopback.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/wire/eth.h"
#include "tests/support/udp_lab.h"

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &holm_udp,  NULL };
static const struct lab_options plain = { .protos = protos };

static void a_datagram_to_ourselves_arrives_within_the_same_poll(void **state)
{
	struct holm_endpoint ways[] = { udp_lab_at(0, 7), udp_lab_at(1, 7), udp_lab_at(0, 7) };
	struct lab lab;
	struct holm_udp *u, *s;

	(void)state;
	ways[0].addr = holm_addr_ip4(127, 0, 0, 1);
	ways[2].addr = holm_addr_ip4(127, 200, 3, 4);
	lab_init(&lab, &plain);
	u = udp_lab_bound(&lab, 7, 0);
	s = udp_lab_bound(&lab, 0, 0);
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		/* All of 127.0.0.0/8 is spoken to from its first address. */
		const struct holm_endpoint *from = i == 2 ? &ways[0] : &ways[i];
		struct holm_datagram dg;

		assert_int_equal(udp_lab_send(s, &ways[i], "me"), 0);
		holm_net_poll(lab.net, lab.now, 64);
		assert_int_equal(holm_udp_recv(u, &dg), 0);
		assert_true(holm_addr_equal(&dg.from.addr, &from->addr));
		assert_true(dg.frame->flags & HOLM_FRAME_LOOPED);
		holm_frame_free(dg.frame);
	}
	lab_poll(&lab);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP4), 0);
	holm_udp_close(u);
	holm_udp_close(s);
	lab_fini(&lab);
}

static void packets_as_large_as_ip_allows_pass_whole(void **state)
{
	static uint8_t big[65507];
	struct holm_endpoint to = udp_lab_at(1, 7);
	struct holm_span span = { big, sizeof(big) };
	struct holm_datagram dg;
	struct lab lab;
	struct holm_udp *u;
	static uint8_t got[65507];

	(void)state;
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 31 >> 3);
	lab_init(&lab, &plain);
	u = udp_lab_bound(&lab, 7, 0);
	assert_int_equal(holm_udp_send(u, &to, &span, 1), 0);
	lab_poll(&lab);
	assert_int_equal(holm_udp_recv(u, &dg), 0);
	assert_int_equal(dg.payload_len, sizeof(big));
	holm_frame_read(dg.frame, dg.payload_off, got, sizeof(got));
	assert_memory_equal(got, big, sizeof(big));
	holm_frame_free(dg.frame);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void the_queue_is_bounded_and_its_overflow_counted(void **state)
{
	struct holm_config config;
	struct lab_options options = { .protos = protos, .config = &config };
	struct lab lab;
	uint8_t packet[28] = { 0x45, 0, 0, 28 };

	(void)state;
	holm_config_default(&config);
	config.dev_queue_max = 64;
	lab_init(&lab, &options);
	for (int i = 0; i < 100; i++) {
		struct holm_frame *f =
			holm_frame_alloc(holm_net_pool(lab.net), HOLM_FRAME_HEADROOM, true);

		memcpy(holm_frame_put(f, sizeof(packet)), packet, sizeof(packet));
		loopback_output(lab.net, f);
	}
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_LOOPBACK_FULL), 36);
	assert_true(loopback_is_pending(lab.net));
	lab_poll(&lab);
	assert_false(loopback_is_pending(lab.net));
	lab_fini(&lab);
}

static struct lent {
	struct holm_buf buf;
	uint8_t bytes[3000];
	bool released;
} lent;

static void lent_released(struct holm_buf *buf)
{
	(void)buf;
	lent.released = true;
}

static void lent_bytes_come_back_as_they_are_and_are_copied_for_who_keeps_them(void **state)
{
	static const struct holm_buf_owner owner = { .release = lent_released };
	struct lab lab;
	struct holm_frame *f, *got[2], *kept;

	(void)state;
	lab_init(&lab, &plain);
	lent = (struct lent){ .buf = { .owner = &owner, .refs = 1, .bytes = sizeof(lent.bytes) } };
	memset(lent.bytes, 'L', sizeof(lent.bytes));
	f = holm_frame_alloc(holm_net_pool(lab.net), HOLM_FRAME_HEADROOM, false);
	memset(holm_frame_put(f, 20), 'H', 20);
	assert_true(holm_frame_append(f, &lent.buf, lent.bytes, sizeof(lent.bytes)));
	f->flags = HOLM_FRAME_LENT;
	holm_buf_put(&lent.buf);
	loopback_output(lab.net, f);
	assert_int_equal(loopback_take(lab.net, got, 2), 1);
	assert_ptr_equal(got[0], f);
	assert_int_equal(f->flags, HOLM_FRAME_LOOPED | HOLM_FRAME_LENT);
	kept = holm_frame_clone(holm_net_pool(lab.net), f);
	assert_false(lent.released);
	holm_frame_free(f);
	assert_true(lent.released);
	assert_int_equal(kept->len, 3020);
	assert_int_equal(kept->flags, HOLM_FRAME_LOOPED);
	assert_int_equal(kept->segs[kept->nsegs - 1].data[kept->segs[kept->nsegs - 1].len - 1],
			 'L');
	holm_frame_free(kept);
	lab_fini(&lab);
}

static void what_is_no_packet_is_dropped(void **state)
{
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	for (unsigned first = 0; first < 256; first += 16) {
		struct holm_frame *f =
			holm_frame_alloc(holm_net_pool(lab.net), HOLM_FRAME_HEADROOM, true);

		*holm_frame_put(f, 1) = (uint8_t)first;
		loopback_output(lab.net, f);
	}
	loopback_output(lab.net, holm_frame_alloc(holm_net_pool(lab.net), 0, true));
	lab_poll(&lab);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ETH_TYPE), 16);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP4_SHORT), 1);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_to_ourselves_arrives_within_the_same_poll),
		cmocka_unit_test(packets_as_large_as_ip_allows_pass_whole),
		cmocka_unit_test(the_queue_is_bounded_and_its_overflow_counted),
		cmocka_unit_test(
			lent_bytes_come_back_as_they_are_and_are_copied_for_who_keeps_them),
		cmocka_unit_test(what_is_no_packet_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
