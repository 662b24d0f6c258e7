/* drivers/virtio/net.c: bringing virtio-net up and down, its configuration, interrupts, poll rounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lib/bytes.h"
#include "tests/drivers/fake/rig.h"

static const enum fake_front fronts[] = { FAKE_MMIO2, FAKE_MMIO1, FAKE_PCI };

#define FRONTS (sizeof(fronts) / sizeof(fronts[0]))

static struct virtio_net_config *config_of(struct rig *r)
{
	return (struct virtio_net_config *)(void *)r->v.config;
}

static void a_packet_goes_out_and_comes_back_over_every_transport(void **state)
{
	static const uint64_t offers[] = { 0, FAKE_BIT(VIRTIO_RING_F_EVENT_IDX),
					   FAKE_BIT(VIRTIO_NET_F_MRG_RXBUF), RIG_ALL };

	(void)state;
	for (size_t i = 0; i < FRONTS; i++) {
		for (size_t k = 0; k < 4; k++) {
			struct rig r;
			struct virtio_net_hdr_v1 hdr;
			uint8_t packet[2000];

			rig_up(&r, fronts[i], offers[k]);
			rig_send(&r, 100);
			assert_int_equal(fake_send(&r.v, &hdr, packet, sizeof(packet)), 100);
			assert_int_equal(packet[99], 99);
			assert_true(fake_deliver(&r.v, NULL, packet, 100));
			(void)rig_poll(&r);
			assert_int_equal(r.s.rx_count, 1);
			assert_int_equal(r.s.rx[0]->len, 100);
			assert_memory_equal(holm_frame_data(r.s.rx[0]), packet, 100);
			assert_int_equal(r.s.tx_done, 1);
			rig_down(&r);
		}
	}
}

/* Firecracker and others offer less than QEMU: nothing may be mandatory. */
static void a_device_that_offers_nothing_is_driven(void **state)
{
	struct rig r;
	struct holm_virtio_net_info info;

	(void)state;
	rig_up(&r, FAKE_MMIO2, 0);
	holm_virtio_net_get_info(r.vn, &info);
	assert_int_equal(info.features, FAKE_BIT(VIRTIO_F_VERSION_1));
	assert_int_equal(r.dev->caps.features, 0);
	assert_int_equal(r.dev->caps.mtu, 1500);
	assert_int_equal(r.dev->caps.gso_max, 0);
	assert_true(r.dev->link_up);
	rig_down(&r);
}

static void a_device_without_an_address_gets_a_random_local_one(void **state)
{
	struct rig r;
	struct holm_virtio_net_info info;

	(void)state;
	rig_up(&r, FAKE_MMIO2, 0);
	holm_virtio_net_get_info(r.vn, &info);
	assert_true(info.mac_is_random);
	assert_int_equal(r.dev->mac.b[0], 0xfe); /* locally administered, not a group */
	assert_int_equal(r.dev->mac.b[5], 0xff);
	rig_down(&r);
}

static void an_address_that_cannot_be_one_is_replaced(void **state)
{
	static const uint8_t bad[][6] = { { 0 }, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, { 1 } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct rig r;

		rig_init(&r, FAKE_MMIO2, FAKE_BIT(VIRTIO_NET_F_MAC));
		memcpy(config_of(&r)->mac, bad[i], 6);
		rig_start(&r);
		assert_int_equal(r.dev->mac.b[0], 0xfe);
		rig_down(&r);
	}
}

static void without_address_and_entropy_a_device_is_refused(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, FAKE_MMIO2, 0);
	r.v.res.random = NULL;
	assert_int_equal(holm_virtio_net_probe(&r.v.res, &r.vn), -HOLM_ENXIO);
	assert_true(r.v.log_lines > 0);
	assert_true(r.v.status & VIRTIO_CONFIG_S_FAILED);
	rig_down(&r);
}

/* Unikraft read the MTU from the address's bytes: with host_mtu=1450 it became 0x5452. */
static void the_mtu_is_read_from_its_own_field(void **state)
{
	static const uint16_t mtus[] = { 68, 1280, 1450, 1500, 1984 };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct rig r;

		rig_init(&r, FAKE_MMIO2, FAKE_BIT(VIRTIO_NET_F_MTU) | FAKE_BIT(VIRTIO_NET_F_MAC));
		store_le16(&config_of(&r)->mtu, mtus[i]);
		rig_start(&r);
		assert_int_equal(r.dev->caps.mtu, mtus[i]);
		rig_down(&r);
	}
}

/* Solo5 reads it when it is offered and not negotiated; QEMU's fields then read as all ones. */
static void fields_of_features_not_negotiated_are_not_read(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, FAKE_MMIO2, RIG_ALL);
	memset(r.v.config + 6, 0xff, sizeof(r.v.config) - 6);
	r.v.res.features_off = FAKE_BIT(VIRTIO_NET_F_STATUS);
	store_le16(&config_of(&r)->status, 0);
	rig_start(&r);
	assert_int_equal(r.dev->caps.mtu, 1500);
	assert_true(r.dev->link_up);
	rig_down(&r);
}

static void link_changes_arrive_by_interrupt(void **state)
{
	(void)state;
	for (size_t i = 0; i < FRONTS; i++) {
		struct rig r;

		rig_init(&r, fronts[i], RIG_ALL);
		r.v.msi_max = 0;
		rig_start(&r);
		(void)rig_poll(&r);
		assert_true(r.dev->link_up);
		assert_int_equal(r.s.link_changes, 0);
		for (unsigned flap = 0; flap < 10; flap++) {
			fake_set_link(&r.v, flap % 2);
			assert_true(holm_virtio_net_interrupt(r.vn, 0));
			assert_int_equal(r.s.link_changes, flap);
			assert_true(holm_virtio_net_arm(r.vn));
			(void)rig_poll(&r);
			assert_int_equal(r.dev->link_up, flap % 2);
			assert_int_equal(r.s.link_changes, flap + 1);
		}
		rig_down(&r);
	}
}

static void a_link_that_is_down_at_first_is_seen(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, FAKE_MMIO2, RIG_ALL);
	store_le16(&config_of(&r)->status, 0);
	rig_start(&r);
	assert_false(r.dev->link_up);
	rig_down(&r);
}

static void a_configuration_that_keeps_changing_is_read_again_later(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	(void)rig_poll(&r);
	fake_set_link(&r.v, false);
	assert_true(holm_virtio_net_interrupt(r.vn, 0));
	r.v.restless = 8;
	(void)rig_poll(&r);
	assert_int_equal(r.s.link_changes, 0);
	assert_true(holm_virtio_net_arm(r.vn));
	(void)rig_poll(&r);
	assert_int_equal(r.s.link_changes, 1);
	assert_false(r.dev->link_up);
	rig_down(&r);
}

static void an_interrupt_only_acknowledges_and_wakes(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	assert_true(fake_deliver(&r.v, NULL, "x", 1));
	fake_raise(&r.v, 1);
	assert_true(holm_virtio_net_interrupt(r.vn, 0));
	assert_int_equal(r.v.isr, 0);
	assert_int_equal(r.v.wakes, 1);
	assert_int_equal(r.s.rx_count, 0);
	assert_int_equal(r.dev->stats.rx_interrupts, 1);
	/* Another device on the same line. */
	assert_false(holm_virtio_net_interrupt(r.vn, 0));
	assert_int_equal(r.v.wakes, 1);
	(void)rig_poll(&r);
	assert_int_equal(r.s.rx_count, 1);
	rig_down(&r);
}

static void messages_need_no_register_and_tell_apart(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, FAKE_PCI, RIG_ALL);
	(void)rig_poll(&r);
	fake_set_link(&r.v, false);
	assert_true(holm_virtio_net_interrupt(r.vn, HOLM_VIRTIO_VECTOR_RX));
	(void)rig_poll(&r);
	assert_true(r.dev->link_up);
	assert_true(holm_virtio_net_interrupt(r.vn, HOLM_VIRTIO_VECTOR_CONFIG));
	(void)rig_poll(&r);
	assert_false(r.dev->link_up);
	assert_int_equal(r.v.isr, 2); /* never read */
	rig_down(&r);
}

/* What the device is told to do about interrupts, from the first poll to the halt. */
static void interrupts_are_off_while_polling_and_on_before_sleeping(void **state)
{
	(void)state;
	for (int event_idx = 0; event_idx < 2; event_idx++) {
		struct rig r;

		rig_up(&r, FAKE_MMIO2, event_idx ? FAKE_BIT(VIRTIO_RING_F_EVENT_IDX) : 0);
		assert_true(fake_deliver(&r.v, NULL, "x", 1));
		assert_false(fake_may_interrupt(&r.v, 0, 0));
		(void)rig_poll(&r);
		holm_virtio_net_arm(r.vn);
		assert_false(holm_virtio_net_arm(r.vn));
		assert_true(fake_deliver(&r.v, NULL, "y", 1));
		assert_true(fake_may_interrupt(&r.v, 0, 1));
		(void)rig_poll(&r);
		assert_true(fake_deliver(&r.v, NULL, "z", 1));
		assert_false(fake_may_interrupt(&r.v, 0, 2));
		rig_down(&r);
	}
}

/* The race that loses wake-ups: a packet between the last look and the request. */
static void a_packet_before_arming_is_not_slept_through(void **state)
{
	(void)state;
	for (size_t i = 0; i < FRONTS; i++) {
		struct rig r;

		rig_up(&r, fronts[i], RIG_ALL);
		(void)rig_poll(&r);
		assert_false(holm_virtio_net_arm(r.vn));
		(void)rig_poll(&r);
		assert_true(fake_deliver(&r.v, NULL, "x", 1));
		assert_true(holm_virtio_net_arm(r.vn));
		(void)rig_poll(&r);
		assert_int_equal(r.s.rx_count, 1);
		assert_false(holm_virtio_net_arm(r.vn));
		rig_down(&r);
	}
}

/* Lent bytes must come back even when nothing more is received. */
static void the_last_sent_frame_is_not_left_in_the_ring(void **state)
{
	struct rig r;
	struct virtio_net_hdr_v1 hdr;
	uint8_t packet[100];

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	(void)rig_poll(&r);
	for (unsigned i = 0; i < 3; i++)
		rig_send(&r, 60);
	assert_false(holm_virtio_net_arm(r.vn));
	assert_int_equal(fake_send(&r.v, &hdr, packet, sizeof(packet)), 60);
	assert_int_equal(fake_send(&r.v, &hdr, packet, sizeof(packet)), 60);
	assert_false(fake_may_interrupt(&r.v, 1, 0));
	assert_int_equal(fake_send(&r.v, &hdr, packet, sizeof(packet)), 60);
	assert_true(fake_may_interrupt(&r.v, 1, 2));
	assert_true(holm_virtio_net_arm(r.vn));
	(void)rig_poll(&r);
	assert_int_equal(r.s.tx_done, 3);
	rig_down(&r);
}

static void sent_frames_are_given_back_before_sleeping(void **state)
{
	struct rig r;
	struct virtio_net_hdr_v1 hdr;
	uint8_t packet[100];

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	(void)rig_poll(&r);
	rig_send(&r, 60);
	rig_send(&r, 60);
	assert_int_equal(fake_send(&r.v, &hdr, packet, sizeof(packet)), 60);
	assert_true(holm_virtio_net_arm(r.vn));
	(void)rig_poll(&r);
	assert_int_equal(r.s.tx_done, 1);
	assert_false(holm_virtio_net_arm(r.vn));
	rig_down(&r);
}

static void a_poll_round_costs_at_most_one_doorbell(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	for (unsigned round = 0; round < 50; round++) {
		unsigned before = rig_doorbells(&r);

		for (unsigned i = 0; i < 60; i++)
			assert_true(fake_deliver(&r.v, NULL, "packet", 6));
		fake_want_doorbell(&r.v, 0);
		(void)rig_poll(&r);
		assert_in_range(rig_doorbells(&r) - before, 0, 1);
		fake_stack_drain(&r.s);
	}
	assert_int_equal(r.dev->stats.tx_doorbells, rig_doorbells(&r));
	rig_down(&r);
}

static void a_budget_is_kept_and_the_rest_reported(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	for (unsigned i = 0; i < 70; i++)
		assert_true(fake_deliver(&r.v, NULL, "x", 1));
	assert_true(holm_dev_poll(r.dev, 1, 50));
	assert_int_equal(r.s.rx_count, 50);
	assert_int_equal(r.s.rx_batch_max, 32);
	assert_false(holm_dev_poll(r.dev, 2, 50));
	assert_int_equal(r.s.rx_count, 70);
	rig_down(&r);
}

static void a_device_whose_index_jumps_is_stopped_and_reported_once(void **state)
{
	(void)state;
	for (unsigned queue = 0; queue < 2; queue++) {
		struct rig r;
		struct holm_virtio_net_info info;
		struct holm_frame *f;

		rig_up(&r, FAKE_MMIO2, RIG_ALL);
		(void)rig_poll(&r);
		rig_send(&r, 60);
		fake_tell(&r.v, queue, 300);
		assert_false(rig_poll(&r));
		holm_virtio_net_get_info(r.vn, &info);
		assert_true(info.broken);
		assert_int_equal(r.dev->stats.bad_index, 1);
		assert_int_equal(r.v.log_lines, 1);
		assert_int_equal(r.v.status, VIRTIO_CONFIG_S_FAILED);
		assert_false(r.dev->link_up);
		assert_int_equal(r.s.link_changes, 1);
		assert_int_equal(r.s.tx_ready, 1);
		assert_int_equal(fake_stack_free(&r.s), r.s.frames);
		/* What comes still is taken and dropped, so that nobody waits for ever. */
		f = fake_stack_frame(&r.s, 60, 0);
		assert_int_equal(holm_dev_tx(r.dev, &f, 1), 1);
		assert_int_equal(r.dev->stats.tx_dropped, 1);
		assert_false(rig_poll(&r));
		assert_false(holm_virtio_net_arm(r.vn));
		assert_int_equal(r.v.log_lines, 1);
		rig_down(&r);
	}
}

static void a_device_that_asks_for_a_reset_is_stopped_and_can_be_started_again(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, FAKE_PCI, RIG_ALL);
	r.v.status |= VIRTIO_CONFIG_S_NEEDS_RESET;
	assert_true(holm_virtio_net_interrupt(r.vn, HOLM_VIRTIO_VECTOR_CONFIG));
	assert_false(rig_poll(&r));
	assert_false(r.dev->link_up);
	assert_int_equal(holm_virtio_net_start(r.vn, r.s.pool), 0);
	(void)rig_poll(&r);
	assert_true(r.dev->link_up);
	assert_true(fake_deliver(&r.v, NULL, "x", 1));
	(void)rig_poll(&r);
	assert_int_equal(r.s.rx_count, 1);
	assert_int_equal(r.v.msi_asked, 3); /* messages were kept */
	rig_down(&r);
}

static void stopping_gives_every_frame_back_and_starting_goes_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < FRONTS; i++) {
		struct rig r;

		rig_up(&r, fronts[i], RIG_ALL);
		for (unsigned round = 0; round < 3; round++) {
			rig_send(&r, 60);
			assert_true(fake_deliver(&r.v, NULL, "x", 1));
			holm_virtio_net_stop(r.vn);
			assert_int_equal(r.v.status, 0);
			assert_int_equal(fake_stack_free(&r.s), r.s.frames);
			assert_int_equal(holm_virtio_net_start(r.vn, r.s.pool), 0);
		}
		assert_true(fake_deliver(&r.v, NULL, "x", 1));
		(void)rig_poll(&r);
		assert_int_equal(r.s.rx_count, 1);
		rig_down(&r);
	}
}

static void detaching_stops_the_device(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	r.dev->ops->detach(r.dev);
	assert_int_equal(r.v.status, 0);
	assert_int_equal(fake_stack_free(&r.s), r.s.frames);
	rig_down(&r);
}

/* Memory that a device may still write to is lost rather than used again. */
static void a_device_that_cannot_be_reset_keeps_what_it_has(void **state)
{
	struct rig r;
	struct holm_virtio_net_info info;

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	r.v.never_resets = true;
	holm_virtio_net_stop(r.vn);
	assert_int_equal(fake_stack_free(&r.s), r.s.frames - 256);
	holm_virtio_net_get_info(r.vn, &info);
	assert_true(info.broken);
	assert_int_equal(holm_virtio_net_start(r.vn, r.s.pool), -HOLM_EIO);
	assert_int_equal(r.v.allocations, 3);
	fake_abandon(&r.v);
	fake_stack_abandon(&r.s);
}

static void a_failed_allocation_leaves_nothing_behind(void **state)
{
	(void)state;
	for (unsigned n = 1;; n++) {
		struct rig r;
		int err;

		rig_init(&r, FAKE_PCI, RIG_ALL);
		r.v.alloc_fails_at = n;
		err = holm_virtio_net_probe(&r.v.res, &r.vn);
		if (!err) {
			assert_int_equal(n, 4);
			holm_virtio_net_remove(r.vn);
			r.vn = NULL;
			rig_down(&r);
			return;
		}
		assert_int_equal(err, -HOLM_ENOMEM);
		rig_down(&r);
	}
}

static void a_device_of_another_type_is_refused(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, FAKE_MMIO2, RIG_ALL);
	r.v.type = HOLM_VIRTIO_RNG;
	assert_int_equal(holm_virtio_net_probe(&r.v.res, &r.vn), -HOLM_ENODEV);
	assert_int_equal(r.v.resets, 0);
	rig_down(&r);
}

static void rings_are_as_large_as_both_sides_like(void **state)
{
	static const struct {
		uint16_t device, driver, frames, num, filled;
	} cases[] = {
		{ 1024, 0, 0, 256, 256 },  { 1024, 64, 0, 64, 64 },   { 64, 0, 0, 64, 64 },
		{ 256, 256, 30, 256, 30 }, { 300, 512, 0, 256, 256 }, { 1, 0, 0, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct rig r;
		struct holm_virtio_net_info info;

		rig_init(&r, FAKE_MMIO2, RIG_ALL);
		r.v.queue_max = cases[i].device;
		r.v.res.queue_max = cases[i].driver;
		r.v.res.rx_frames = cases[i].frames;
		rig_start(&r);
		holm_virtio_net_get_info(r.vn, &info);
		assert_int_equal(info.rx_queue, cases[i].num);
		assert_int_equal(info.rx_filled, cases[i].filled);
		assert_true(fake_deliver(&r.v, NULL, "x", 1));
		(void)rig_poll(&r);
		assert_int_equal(r.s.rx_count, 1);
		rig_down(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_packet_goes_out_and_comes_back_over_every_transport),
		cmocka_unit_test(a_device_that_offers_nothing_is_driven),
		cmocka_unit_test(a_device_without_an_address_gets_a_random_local_one),
		cmocka_unit_test(an_address_that_cannot_be_one_is_replaced),
		cmocka_unit_test(without_address_and_entropy_a_device_is_refused),
		cmocka_unit_test(the_mtu_is_read_from_its_own_field),
		cmocka_unit_test(fields_of_features_not_negotiated_are_not_read),
		cmocka_unit_test(link_changes_arrive_by_interrupt),
		cmocka_unit_test(a_link_that_is_down_at_first_is_seen),
		cmocka_unit_test(a_configuration_that_keeps_changing_is_read_again_later),
		cmocka_unit_test(an_interrupt_only_acknowledges_and_wakes),
		cmocka_unit_test(messages_need_no_register_and_tell_apart),
		cmocka_unit_test(interrupts_are_off_while_polling_and_on_before_sleeping),
		cmocka_unit_test(a_packet_before_arming_is_not_slept_through),
		cmocka_unit_test(the_last_sent_frame_is_not_left_in_the_ring),
		cmocka_unit_test(sent_frames_are_given_back_before_sleeping),
		cmocka_unit_test(a_poll_round_costs_at_most_one_doorbell),
		cmocka_unit_test(a_budget_is_kept_and_the_rest_reported),
		cmocka_unit_test(a_device_whose_index_jumps_is_stopped_and_reported_once),
		cmocka_unit_test(
			a_device_that_asks_for_a_reset_is_stopped_and_can_be_started_again),
		cmocka_unit_test(stopping_gives_every_frame_back_and_starting_goes_on),
		cmocka_unit_test(detaching_stops_the_device),
		cmocka_unit_test(a_device_that_cannot_be_reset_keeps_what_it_has),
		cmocka_unit_test(a_failed_allocation_leaves_nothing_behind),
		cmocka_unit_test(a_device_of_another_type_is_refused),
		cmocka_unit_test(rings_are_as_large_as_both_sides_like),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
