/*
 * Tests of interface queues: net/link/netif.c, through a device that takes as many frames as the test lets
 * it.
 */
#include "net/link/netif.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/expect.h"
#include "tests/support/udp_lab.h"

#define SLOTS 64u
#define FRAME 60u

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &holm_udp,  NULL };

static void start(struct lab *lab, uint16_t segs_max)
{
	struct holm_config config;
	struct lab_options options = { .protos = protos, .config = &config, .segs_max = segs_max };

	holm_config_default(&config);
	config.dev_queue_max = SLOTS;
	lab_init(lab, &options);
	lab_run(lab, 5 * LAB_S);
	lab_clear(lab);
}

static struct holm_frame *frame(struct lab *lab, uint32_t number)
{
	struct holm_frame *f = holm_frame_alloc(holm_net_pool(lab->net), 64, true);

	assert_non_null(f);
	memset(holm_frame_put(f, FRAME), (uint8_t)number, FRAME);
	return f;
}

static void put(struct lab *lab, uint32_t number)
{
	netif_output(lab->dev.netif, frame(lab, number));
}

/* As a driver that has room for so many more says it. */
static void make_room(struct lab *lab, size_t n)
{
	lab->tx_room = n;
	holm_net_tx_ready(lab->net, &lab->dev);
}

/* All that was sent, from the first on, is what was put, and nothing else. */
static void expect_sent(const struct lab *lab, uint32_t n)
{
	assert_int_equal(lab->nsent, n);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(lab->sent[i].len, FRAME);
		assert_int_equal(lab->sent[i].data[0], (uint8_t)i);
		assert_int_equal(lab->sent[i].data[FRAME - 1], (uint8_t)i);
	}
}

static void what_a_full_device_does_not_take_waits_and_goes_in_order(void **state)
{
	struct lab lab;
	uint32_t n = 0;

	(void)state;
	start(&lab, 1);
	lab.tx_room = 3;
	for (; n < 10; n++)
		put(&lab, n);
	lab_poll(&lab);
	expect_sent(&lab, 3);
	/* A full device is not asked before it says so, whatever else there is to be sent. */
	lab.tx_room = 5;
	put(&lab, n++);
	lab_poll(&lab);
	expect_sent(&lab, 3);
	make_room(&lab, 5);
	lab_poll(&lab);
	expect_sent(&lab, 8);
	make_room(&lab, SIZE_MAX);
	put(&lab, n++);
	lab_poll(&lab);
	expect_sent(&lab, n);
	lab_fini(&lab);
}

static void a_queue_that_is_never_empty_goes_round_and_loses_nothing(void **state)
{
	uint64_t seed = expect_seed(1);
	struct lab lab;
	uint32_t n = 0;

	(void)state;
	start(&lab, 1);
	lab.tx_room = 0;
	while (n < 2000) {
		size_t fits = netif_queue_room(lab.dev.netif);

		assert_int_equal(fits, SLOTS - (n - lab.nsent));
		for (size_t i = 0; i < fits && expect_random_below(&seed, 8) > 0; i++)
			put(&lab, n++);
		/* Less than waits, as a rule: what is left lies across the end of the ring. */
		make_room(&lab, expect_random_below(&seed, SLOTS / 2));
		lab_poll(&lab);
		assert_true(lab.nsent <= n);
	}
	make_room(&lab, SIZE_MAX);
	lab_poll(&lab);
	expect_sent(&lab, n);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_DEV_QUEUE_FULL), 0);
	lab_fini(&lab);
}

static void what_a_full_queue_has_no_room_for_is_a_counted_drop(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab, 1);
	lab.tx_room = 0;
	for (uint32_t n = 0; n < SLOTS; n++) {
		assert_true(netif_is_open(lab.dev.netif));
		put(&lab, n);
	}
	assert_false(netif_is_open(lab.dev.netif));
	assert_int_equal(netif_queue_room(lab.dev.netif), 0);
	put(&lab, 0xff);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_DEV_QUEUE_FULL), 1);
	make_room(&lab, SIZE_MAX);
	lab_poll(&lab);
	expect_sent(&lab, SLOTS);
	lab_fini(&lab);
}

/* An endpoint that has found the queue full. */
static struct holm_udp *fill(struct lab *lab)
{
	struct holm_udp *u = udp_lab_connected(lab, 4000, 2, 9);
	struct holm_event ev;

	lab->tx_room = 0;
	while (udp_lab_send(u, NULL, "x") == 0)
		continue;
	lab_poll(lab);
	while (holm_net_next_event(lab->net, &ev))
		continue;
	assert_false(holm_udp_ready(u) & HOLM_WRITABLE);
	return u;
}

static void expect_writable(struct lab *lab, struct holm_udp *u)
{
	struct holm_event ev;

	assert_true(holm_udp_ready(u) & HOLM_WRITABLE);
	assert_true(holm_net_next_event(lab->net, &ev));
	assert_ptr_equal(ev.endpoint, u);
}

static void who_waits_is_woken_once_there_is_room_and_not_before(void **state)
{
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	start(&lab, 1);
	u = fill(&lab);
	make_room(&lab, 0);
	lab_poll(&lab);
	assert_false(holm_udp_ready(u) & HOLM_WRITABLE);
	make_room(&lab, 1);
	lab_poll(&lab);
	expect_writable(&lab, u);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void who_finds_the_queue_full_is_woken_at_the_end_of_the_round(void **state)
{
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	start(&lab, 1);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	for (unsigned n = 0; n < SLOTS; n++)
		assert_int_equal(udp_lab_send(u, NULL, "x"), 0);
	assert_int_equal(udp_lab_send(u, NULL, "x"), -HOLM_EAGAIN);
	assert_false(holm_udp_ready(u) & HOLM_WRITABLE);
	lab_poll(&lab);
	expect_writable(&lab, u);
	holm_udp_close(u);
	lab_fini(&lab);
}

/* All frames that the pool has left; returns how many. */
static size_t hold_all(struct lab *lab, struct holm_frame *held[])
{
	size_t n = 0;

	while ((held[n] = holm_frame_alloc(holm_net_pool(lab->net), 64, true)) != NULL)
		n++;
	return n;
}

/* As long as somebody waits the end of each round asks, before the clock does. */
static void who_waits_for_the_pool_is_woken_by_a_later_round_too(void **state)
{
	struct holm_frame *held[257];
	struct holm_udp *u;
	struct lab lab;
	size_t n;

	(void)state;
	start(&lab, 1);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	n = hold_all(&lab, held);
	assert_int_not_equal(udp_lab_send(u, NULL, "x"), 0);
	for (unsigned round = 0; round < 2; round++) {
		struct holm_frame *f = held[--n];

		memset(holm_frame_put(f, FRAME), 0, FRAME);
		netif_output(lab.dev.netif, f);
		if (round == 1)
			while (n > 0)
				holm_frame_free(held[--n]);
		assert_false(holm_udp_ready(u) & HOLM_WRITABLE);
		lab_poll(&lab);
	}
	expect_writable(&lab, u);
	holm_udp_close(u);
	lab_fini(&lab);
}

/* Frames come back to the pool from anywhere, and nobody says so. */
static void who_waits_for_the_pool_alone_is_woken_by_the_clock(void **state)
{
	struct holm_frame *held[257];
	struct holm_event ev;
	struct holm_udp *u;
	struct lab lab;
	size_t n;

	(void)state;
	start(&lab, 1);
	u = udp_lab_connected(&lab, 4000, 2, 9);
	n = hold_all(&lab, held);
	assert_int_not_equal(udp_lab_send(u, NULL, "x"), 0);
	lab_run(&lab, 5 * LAB_MS);
	while (holm_net_next_event(lab.net, &ev))
		continue;
	assert_false(holm_udp_ready(u) & HOLM_WRITABLE);
	while (n-- > 0)
		holm_frame_free(held[n]);
	lab_run(&lab, 2 * LAB_MS);
	expect_writable(&lab, u);
	/* It was asked for once. */
	assert_int_equal(holm_net_next_deadline(lab.net), UINT64_MAX);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void what_waits_for_a_dead_link_is_dropped_and_who_waits_for_room_has_it(void **state)
{
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	start(&lab, 1);
	u = fill(&lab);
	lab.dev.link_up = false;
	holm_net_link_changed(lab.net, &lab.dev);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_DEV_DOWN), SLOTS);
	assert_int_equal(netif_queue_room(lab.dev.netif), SLOTS);
	lab_poll(&lab);
	expect_writable(&lab, u);
	put(&lab, 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_DEV_DOWN), SLOTS + 1);
	/* A device that has lost its link is not full any more, and need not say so. */
	lab.tx_room = SIZE_MAX;
	lab.dev.link_up = true;
	holm_net_link_changed(lab.net, &lab.dev);
	lab_run(&lab, 5 * LAB_S);
	lab_clear(&lab);
	put(&lab, 0);
	lab_poll(&lab);
	expect_sent(&lab, 1);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_queue_that_a_dead_link_has_emptied_begins_anew(void **state)
{
	struct lab lab;

	(void)state;
	start(&lab, 1);
	for (uint32_t n = 0; n < 5; n++)
		put(&lab, n);
	for (int up = 0; up < 2; up++) {
		lab.dev.link_up = up;
		holm_net_link_changed(lab.net, &lab.dev);
	}
	put(&lab, 0x77);
	lab_poll(&lab);
	/* Behind what ARP has to say. */
	assert_int_not_equal(lab.nsent, 0);
	assert_int_equal(lab.sent[lab.nsent - 1].data[0], 0x77);
	for (size_t i = 0; i + 1 < lab.nsent; i++)
		assert_int_equal(lab.sent[i].data[13], 0x06);
	lab_fini(&lab);
}

static void link_comes_up(struct holm_dev *dev)
{
	dev->link_up = true;
}

static void a_device_whose_link_comes_up_when_it_is_attached_can_be_used(void **state)
{
	struct holm_dev_ops ops;
	struct lab lab;

	(void)state;
	start(&lab, 1);
	holm_net_remove_dev(lab.net, &lab.dev);
	assert_false(lab.dev.link_up);
	ops = *lab.dev.ops;
	ops.attach = link_comes_up;
	lab.dev.ops = &ops;
	assert_true(holm_net_add_dev(lab.net, &lab.dev) > 0);
	put(&lab, 0);
	lab_poll(&lab);
	expect_sent(&lab, 1);
	lab_fini(&lab);
}

/* Packets that were cut for the larger one would not fit. */
static void the_mtu_of_a_device_that_is_attached_only_falls(void **state)
{
	static const uint16_t said[][2] = { { 1400, 1400 }, { 1500, 1400 }, { 1300, 1300 } };
	struct lab lab;

	(void)state;
	start(&lab, 1);
	for (size_t i = 0; i < ARRAY_LEN(said); i++) {
		lab.dev.caps.mtu = said[i][0];
		holm_net_link_changed(lab.net, &lab.dev);
		assert_int_equal(lab.dev.netif->mtu, said[i][1]);
	}
	lab_fini(&lab);
}

/* What the device takes is not looked at twice; anything else is made to fit. */
static void a_device_gets_what_its_capabilities_say_as_it_is(void **state)
{
	static const uint32_t features[] = { 0, HOLM_DEV_TX_CSUM, HOLM_DEV_NO_CSUM,
					     HOLM_DEV_TX_CSUM | HOLM_DEV_TSO4,
					     HOLM_DEV_TX_CSUM | HOLM_DEV_TSO6 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(features); i++) {
		struct lab_options options = { .protos = protos, .features = features[i] };
		struct holm_frame f = { .nsegs = 1 };
		struct lab lab;

		lab_init(&lab, &options);
		for (f.csum = HOLM_CSUM_NONE; f.csum <= HOLM_CSUM_VERIFIED; f.csum++)
			assert_int_equal(netif_takes(lab.dev.netif, &f),
					 f.csum == HOLM_CSUM_NONE || i > 0);
		f.csum = HOLM_CSUM_PARTIAL;
		f.gso = HOLM_GSO_TCP4;
		assert_int_equal(netif_takes(lab.dev.netif, &f), i == 3);
		f.gso = HOLM_GSO_TCP6;
		assert_int_equal(netif_takes(lab.dev.netif, &f), i == 4);
		lab_fini(&lab);
	}
}

/* A frame of `n` pieces, the first of them its own. */
static struct holm_frame *pieces(struct lab *lab, uint32_t n)
{
	struct holm_frame *f = frame(lab, 1);

	for (uint32_t i = 1; i < n; i++) {
		struct holm_frame *more = frame(lab, i + 1);

		holm_frame_append(f, more->segs[0].buf, more->segs[0].data, FRAME);
		holm_frame_free(more);
	}
	return f;
}

static void more_pieces_than_the_device_gathers_leave_as_one(void **state)
{
	struct lab lab;
	struct holm_frame *held[256];
	size_t n = 0;

	(void)state;
	start(&lab, 2);
	/* The lab asserts that a device gets no more than it gathers. */
	netif_output(lab.dev.netif, pieces(&lab, 2));
	netif_output(lab.dev.netif, pieces(&lab, 3));
	lab_poll(&lab);
	assert_int_equal(lab.nsent, 2);
	assert_int_equal(lab.sent[0].len, 2 * FRAME);
	assert_int_equal(lab.sent[1].len, 3 * FRAME);
	for (uint32_t i = 0; i < 3 * FRAME; i++)
		assert_int_equal(lab.sent[1].data[i], 1 + i / FRAME);
	/* Where there is no frame for that, it is a counted drop. */
	held[n++] = pieces(&lab, 3);
	n += hold_all(&lab, held + n);
	netif_output(lab.dev.netif, held[0]);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_NO_FRAME), 1);
	while (n-- > 1)
		holm_frame_free(held[n]);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_full_device_does_not_take_waits_and_goes_in_order),
		cmocka_unit_test(a_queue_that_is_never_empty_goes_round_and_loses_nothing),
		cmocka_unit_test(what_a_full_queue_has_no_room_for_is_a_counted_drop),
		cmocka_unit_test(who_waits_is_woken_once_there_is_room_and_not_before),
		cmocka_unit_test(who_finds_the_queue_full_is_woken_at_the_end_of_the_round),
		cmocka_unit_test(who_waits_for_the_pool_is_woken_by_a_later_round_too),
		cmocka_unit_test(who_waits_for_the_pool_alone_is_woken_by_the_clock),
		cmocka_unit_test(
			what_waits_for_a_dead_link_is_dropped_and_who_waits_for_room_has_it),
		cmocka_unit_test(a_queue_that_a_dead_link_has_emptied_begins_anew),
		cmocka_unit_test(a_device_whose_link_comes_up_when_it_is_attached_can_be_used),
		cmocka_unit_test(the_mtu_of_a_device_that_is_attached_only_falls),
		cmocka_unit_test(a_device_gets_what_its_capabilities_say_as_it_is),
		cmocka_unit_test(more_pieces_than_the_device_gathers_leave_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
