/* drivers/virtio/net_rx.c: what the device delivers, lies included, and what becomes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/bytes.h"
#include "tests/drivers/fake/rig.h"

/* Bytes of one receive buffer behind the device's header. */
#define FIRST_ROOM (HOLM_FRAME_BYTES - 50u)

static struct virtio_net_hdr_v1 header(void)
{
	struct virtio_net_hdr_v1 h;

	memset(&h, 0, sizeof(h));
	store_le16(&h.num_buffers, 1);
	return h;
}

static void fill(uint8_t *packet, size_t len)
{
	for (size_t i = 0; i < len; i++)
		packet[i] = (uint8_t)(i * 7 + i / 256);
}

static void assert_bytes(const struct holm_frame *f, const uint8_t *packet, size_t len)
{
	static uint8_t copy[70000];

	assert_int_equal(f->len, len);
	holm_frame_read(f, 0, copy, len);
	assert_memory_equal(copy, packet, len);
}

/* SerenityOS delivers the size of the buffer instead. */
static void a_frame_has_the_length_that_was_written(void **state)
{
	struct rig r;
	uint8_t packet[1514];

	(void)state;
	fill(packet, sizeof(packet));
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	for (size_t len = 1; len <= sizeof(packet); len += 89) {
		assert_true(fake_deliver(&r.v, NULL, packet, len));
		(void)rig_poll(&r);
		assert_int_equal(r.s.rx_count, 1);
		assert_bytes(r.s.rx[0], packet, len);
		assert_int_equal(r.s.rx[0]->nsegs, 1);
		fake_stack_drain(&r.s);
	}
	rig_down(&r);
}

static void a_frame_can_be_answered_in_place(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	assert_true(fake_deliver(&r.v, NULL, "x", 1));
	(void)rig_poll(&r);
	assert_true(holm_frame_headroom(r.s.rx[0]) >= r.dev->caps.headroom);
	/* The network header begins with a cache line. */
	assert_int_equal((uintptr_t)(holm_frame_data(r.s.rx[0]) + 14) % 64, 0);
	rig_down(&r);
}

static void a_used_length_shorter_than_the_header_is_dropped(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	for (uint32_t len = 0; len < 12; len++)
		fake_use(&r.v, 0, (uint32_t)fake_take(&r.v, 0), len);
	(void)rig_poll(&r);
	assert_int_equal(r.s.rx_count, 0);
	assert_int_equal(r.dev->stats.bad_len, 12);
	assert_int_equal(r.dev->stats.rx_dropped, 12);
	assert_int_equal(fake_waiting(&r.v, 0), 256); /* their places were filled again */
	rig_down(&r);
}

static void a_used_length_beyond_the_buffer_is_dropped_and_counted_once(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	fake_use(&r.v, 0, (uint32_t)fake_take(&r.v, 0), HOLM_FRAME_BYTES);
	fake_use(&r.v, 0, (uint32_t)fake_take(&r.v, 0), UINT32_MAX);
	(void)rig_poll(&r);
	assert_int_equal(r.s.rx_count, 0);
	assert_int_equal(r.dev->stats.bad_len, 2);
	assert_int_equal(r.dev->stats.rx_dropped, 2);
	rig_down(&r);
}

static void a_used_id_out_of_range_is_counted_and_reception_goes_on(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	fake_use(&r.v, 0, 256, 60);
	fake_use(&r.v, 0, UINT32_MAX, 60);
	assert_true(fake_deliver(&r.v, NULL, "x", 1));
	(void)rig_poll(&r);
	assert_int_equal(r.s.rx_count, 1);
	assert_int_equal(r.dev->stats.bad_index, 2);
	rig_down(&r);
}

static void a_packet_in_several_buffers_becomes_one_frame(void **state)
{
	static const size_t lens[] = { FIRST_ROOM, FIRST_ROOM + 1, 4000, 9014, 65549 };
	static uint8_t packet[65549];

	(void)state;
	fill(packet, sizeof(packet));
	for (size_t i = 0; i < 5; i++) {
		struct rig r;
		struct virtio_net_hdr_v1 h = header();
		unsigned n;

		rig_up(&r, FAKE_MMIO2, RIG_ALL);
		n = fake_deliver_merged(&r.v, &h, packet, lens[i]);
		assert_true(n > 0);
		assert_true(fake_deliver(&r.v, NULL, packet, 60));
		(void)rig_poll(&r);
		assert_int_equal(r.s.rx_count, 2);
		assert_int_equal(r.s.rx[0]->nsegs, n);
		assert_bytes(r.s.rx[0], packet, lens[i]);
		assert_bytes(r.s.rx[1], packet, 60);
		assert_int_equal(r.dev->stats.rx_dropped, 0);
		rig_down(&r);
	}
}

/* OSv freed the buffers and then used them: here ASan would say so. */
static void a_packet_whose_buffers_are_missing_is_dropped_whole(void **state)
{
	(void)state;
	for (uint16_t claimed = 2; claimed < 6; claimed++) {
		struct rig r;
		struct virtio_net_hdr_v1 h = header();

		rig_up(&r, FAKE_MMIO2, RIG_ALL);
		store_le16(&h.num_buffers, claimed);
		assert_true(fake_deliver(&r.v, &h, "x", 1));
		(void)rig_poll(&r);
		assert_int_equal(r.s.rx_count, 0);
		assert_int_equal(r.dev->stats.rx_dropped, 1);
		assert_int_equal(r.dev->stats.bad_len, 1);
		assert_int_equal(fake_stack_free(&r.s), r.s.frames - 256);
		assert_true(fake_deliver(&r.v, NULL, "y", 1));
		(void)rig_poll(&r);
		assert_int_equal(r.s.rx_count, 1);
		rig_down(&r);
	}
}

static void a_buffer_count_that_cannot_be_is_dropped(void **state)
{
	static const uint16_t counts[] = { 0, 257, 81, 0x8000, 0xffff };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct rig r;
		struct virtio_net_hdr_v1 h = header();

		rig_up(&r, FAKE_MMIO2, RIG_ALL);
		store_le16(&h.num_buffers, counts[i]);
		assert_true(fake_deliver(&r.v, &h, "x", 1));
		assert_true(fake_deliver(&r.v, NULL, "next", 4));
		(void)rig_poll(&r);
		assert_int_equal(r.s.rx_count, 1);
		assert_int_equal(r.dev->stats.bad_len, 1);
		assert_bytes(r.s.rx[0], (const uint8_t *)"next", 4);
		rig_down(&r);
	}
}

static void an_empty_buffer_of_a_merged_packet_drops_all_of_them(void **state)
{
	struct rig r;
	struct virtio_net_hdr_v1 h = header();
	int head[3];

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	store_le16(&h.num_buffers, 3);
	for (unsigned i = 0; i < 3; i++)
		head[i] = fake_take(&r.v, 0);
	fake_write_chain(&r.v, 0, head[0], &h, sizeof(h));
	fake_use_quietly(&r.v, 0, 0, (uint32_t)head[0], 100);
	fake_use_quietly(&r.v, 0, 1, (uint32_t)head[1], 0);
	fake_use_quietly(&r.v, 0, 2, (uint32_t)head[2], 100);
	fake_tell(&r.v, 0, 3);
	assert_true(fake_deliver(&r.v, NULL, "next", 4));
	(void)rig_poll(&r);
	assert_int_equal(r.s.rx_count, 1);
	assert_int_equal(r.s.rx[0]->len, 4);
	assert_int_equal(r.dev->stats.bad_len, 1);
	rig_down(&r);
}

/* Without MRG_RXBUF the field means nothing, whatever the device writes there. */
static void the_buffer_count_is_ignored_unless_negotiated(void **state)
{
	struct rig r;
	struct virtio_net_hdr_v1 h = header();

	(void)state;
	rig_up(&r, FAKE_MMIO2, 0);
	store_le16(&h.num_buffers, 0xffff);
	assert_true(fake_deliver(&r.v, &h, "x", 1));
	(void)rig_poll(&r);
	assert_int_equal(r.s.rx_count, 1);
	rig_down(&r);
}

static void checksums_the_device_vouches_for_are_verified(void **state)
{
	static const uint8_t flags[] = { VIRTIO_NET_HDR_F_DATA_VALID, VIRTIO_NET_HDR_F_NEEDS_CSUM,
					 VIRTIO_NET_HDR_F_DATA_VALID | VIRTIO_NET_HDR_F_NEEDS_CSUM,
					 0 };
	uint8_t packet[100] = { 0 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct rig r;
		struct virtio_net_hdr_v1 h = header();

		rig_up(&r, FAKE_MMIO2, RIG_ALL);
		h.flags = flags[i];
		store_le16(&h.csum_start, 34);
		store_le16(&h.csum_offset, 16);
		assert_true(fake_deliver(&r.v, &h, packet, sizeof(packet)));
		(void)rig_poll(&r);
		assert_int_equal(r.s.rx[0]->csum, flags[i] ? HOLM_CSUM_VERIFIED : HOLM_CSUM_NONE);
		rig_down(&r);
	}
}

static void nothing_is_believed_about_checksums_that_was_not_negotiated(void **state)
{
	struct rig r;
	struct virtio_net_hdr_v1 h = header();

	(void)state;
	rig_init(&r, FAKE_MMIO2, RIG_ALL);
	r.v.res.features_off = FAKE_BIT(VIRTIO_NET_F_GUEST_CSUM);
	rig_start(&r);
	assert_int_equal(r.dev->caps.features & HOLM_DEV_RX_CSUM, 0);
	h.flags = VIRTIO_NET_HDR_F_DATA_VALID;
	assert_true(fake_deliver(&r.v, &h, "x", 1));
	(void)rig_poll(&r);
	assert_int_equal(r.s.rx[0]->csum, HOLM_CSUM_NONE);
	rig_down(&r);
}

static void a_checksum_field_outside_the_frame_is_dropped(void **state)
{
	static const uint16_t at[][2] = { { 99, 0 },	 { 0, 99 },	     { 34, 65 },
					  { 0xffff, 0 }, { 0xffff, 0xffff }, { 100, 0 } };
	uint8_t packet[100] = { 0 };
	struct rig r;

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	for (size_t i = 0; i < 6; i++) {
		struct virtio_net_hdr_v1 h = header();

		h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		store_le16(&h.csum_start, at[i][0]);
		store_le16(&h.csum_offset, at[i][1]);
		assert_true(fake_deliver(&r.v, &h, packet, sizeof(packet)));
	}
	(void)rig_poll(&r);
	assert_int_equal(r.s.rx_count, 0);
	assert_int_equal(r.dev->stats.bad_len, 6);
	rig_down(&r);
}

static void a_super_frame_carries_its_segment_size(void **state)
{
	static uint8_t packet[20000];
	struct rig r;
	struct virtio_net_hdr_v1 h = header();

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	h.gso_type = VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN;
	h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	store_le16(&h.gso_size, 1448);
	store_le16(&h.csum_start, 34);
	store_le16(&h.csum_offset, 16);
	assert_true(fake_deliver_merged(&r.v, &h, packet, sizeof(packet)) > 1);
	h.gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
	assert_true(fake_deliver_merged(&r.v, &h, packet, sizeof(packet)) > 1);
	(void)rig_poll(&r);
	assert_int_equal(r.s.rx_count, 2);
	assert_int_equal(r.s.rx[0]->gso, HOLM_GSO_TCP4);
	assert_int_equal(r.s.rx[1]->gso, HOLM_GSO_TCP6);
	assert_int_equal(r.s.rx[0]->gso_size, 1448);
	assert_int_equal(r.s.rx[0]->csum, HOLM_CSUM_VERIFIED);
	rig_down(&r);
}

static void segmentation_that_was_not_agreed_on_is_dropped(void **state)
{
	static const struct {
		uint64_t off;
		uint8_t type;
		uint16_t size;
	} cases[] = {
		{ FAKE_BIT(VIRTIO_NET_F_GUEST_TSO4), VIRTIO_NET_HDR_GSO_TCPV4, 1448 },
		{ FAKE_BIT(VIRTIO_NET_F_GUEST_TSO6), VIRTIO_NET_HDR_GSO_TCPV6, 1448 },
		{ 0, VIRTIO_NET_HDR_GSO_UDP, 1448 },
		{ 0, VIRTIO_NET_HDR_GSO_TCPV4, 0 },
		{ 0, 77, 1448 },
	};
	uint8_t packet[200] = { 0 };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct rig r;
		struct virtio_net_hdr_v1 h = header();

		rig_init(&r, FAKE_MMIO2, RIG_ALL);
		r.v.res.features_off = cases[i].off;
		rig_start(&r);
		h.gso_type = cases[i].type;
		store_le16(&h.gso_size, cases[i].size);
		assert_true(fake_deliver(&r.v, &h, packet, sizeof(packet)));
		(void)rig_poll(&r);
		assert_int_equal(r.s.rx_count, 0);
		assert_int_equal(r.dev->stats.bad_len, 1);
		rig_down(&r);
	}
}

/* Every header that a device could write: no crash, no leak, and nothing longer than it was. */
static void random_headers_do_no_harm(void **state)
{
	uint32_t seed = 4711;
	struct rig r;
	uint8_t packet[300] = { 0 };

	(void)state;
	printf("seed %u\n", seed);
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	for (unsigned i = 0; i < 20000; i++) {
		struct virtio_net_hdr_v1 h;

		for (size_t k = 0; k < sizeof(h); k++) {
			seed = seed * 1664525u + 1013904223u;
			((uint8_t *)&h)[k] = seed >> 28 < 6 ? (uint8_t)(seed >> 16) : 0;
		}
		(void)fake_deliver(&r.v, &h, packet, seed >> 8 & 0xff);
		if (i % 20 == 0) {
			(void)rig_poll(&r);
			fake_stack_drain(&r.s);
		}
	}
	(void)rig_poll(&r);
	assert_int_equal(r.dev->stats.bad_index, 0);
	rig_down(&r);
}

static void an_empty_pool_is_asked_again_until_reception_recovers(void **state)
{
	struct rig r;
	struct holm_frame *held[401];
	size_t n = 0;

	(void)state;
	rig_init(&r, FAKE_MMIO2, RIG_ALL);
	while ((held[n] = holm_frame_alloc(r.s.pool, 0, true)) != NULL)
		n++;
	rig_start(&r);
	assert_int_equal(fake_waiting(&r.v, 0), 0);
	assert_false(rig_poll(&r));
	/* No interrupt can come, so the device must say when to look again. */
	assert_in_range(r.dev->ops->next_deadline(r.dev), r.now + 1, r.now + 10000000);
	holm_frame_free_batch(held, n);
	(void)rig_poll(&r);
	assert_int_equal(fake_waiting(&r.v, 0), 256);
	assert_true(r.dev->ops->next_deadline(r.dev) == UINT64_MAX);
	assert_true(r.v.q[0].doorbells > 0);
	assert_true(fake_deliver(&r.v, NULL, "x", 1));
	(void)rig_poll(&r);
	assert_int_equal(r.s.rx_count, 1);
	rig_down(&r);
}

/* A reader that keeps what it gets: the ring runs low, and fills again when it gives back. */
static void a_ring_that_ran_dry_recovers(void **state)
{
	struct rig r;
	unsigned delivered = 0;

	(void)state;
	rig_init_frames(&r, FAKE_MMIO2, RIG_ALL, 300);
	rig_start(&r);
	for (unsigned round = 0; round < 5; round++) {
		while (fake_deliver(&r.v, NULL, "x", 1)) {
			delivered++;
			(void)rig_poll(&r);
		}
		assert_int_equal(fake_waiting(&r.v, 0), 0);
		assert_int_equal(r.s.rx_count, 300);
		assert_true(r.dev->ops->next_deadline(r.dev) != UINT64_MAX);
		fake_stack_drain(&r.s);
		(void)rig_poll(&r);
		assert_int_equal(fake_waiting(&r.v, 0), 256);
	}
	assert_int_equal(delivered, 1500);
	rig_down(&r);
}

/* The pool's reserve is for a ring that is almost empty, not for filling it to the brim. */
static void the_reserve_is_touched_only_by_a_low_ring(void **state)
{
	struct rig r;

	(void)state;
	rig_init_frames(&r, FAKE_MMIO2, RIG_ALL, 100);
	rig_start(&r);
	assert_int_equal(fake_waiting(&r.v, 0), 68); /* 100 less the reserve of 32 */
	rig_down(&r);
	rig_init_frames(&r, FAKE_MMIO2, RIG_ALL, 60);
	rig_start(&r);
	assert_int_equal(fake_waiting(&r.v, 0), 40);
	rig_down(&r);
}

static void a_super_frame_without_memory_for_its_vector_is_dropped(void **state)
{
	static uint8_t packet[30000];
	struct rig r;
	struct virtio_net_hdr_v1 h = header();
	struct holm_frame *held[401];
	size_t n = 0;

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	while ((held[n] = holm_frame_alloc(r.s.pool, 0, true)) != NULL)
		n++;
	assert_true(fake_deliver_merged(&r.v, &h, packet, sizeof(packet)) > 3);
	assert_true(fake_deliver(&r.v, NULL, "x", 1));
	(void)rig_poll(&r);
	assert_int_equal(r.s.rx_count, 1);
	assert_int_equal(r.dev->stats.rx_dropped, 1);
	holm_frame_free_batch(held, n);
	rig_down(&r);
}

static void the_ring_wraps_many_times(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	r.s.rx_drop = true;
	for (unsigned i = 0; i < 2 * 65536 + 99; i++) {
		assert_true(fake_deliver(&r.v, NULL, "x", 1));
		if (i % 50 == 49)
			(void)rig_poll(&r);
	}
	(void)rig_poll(&r);
	assert_int_equal(r.dev->stats.rx_frames, 2 * 65536 + 99);
	assert_int_equal(r.dev->stats.bad_index + r.dev->stats.bad_len, 0);
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_has_the_length_that_was_written),
		cmocka_unit_test(a_frame_can_be_answered_in_place),
		cmocka_unit_test(a_used_length_shorter_than_the_header_is_dropped),
		cmocka_unit_test(a_used_length_beyond_the_buffer_is_dropped_and_counted_once),
		cmocka_unit_test(a_used_id_out_of_range_is_counted_and_reception_goes_on),
		cmocka_unit_test(a_packet_in_several_buffers_becomes_one_frame),
		cmocka_unit_test(a_packet_whose_buffers_are_missing_is_dropped_whole),
		cmocka_unit_test(a_buffer_count_that_cannot_be_is_dropped),
		cmocka_unit_test(an_empty_buffer_of_a_merged_packet_drops_all_of_them),
		cmocka_unit_test(the_buffer_count_is_ignored_unless_negotiated),
		cmocka_unit_test(checksums_the_device_vouches_for_are_verified),
		cmocka_unit_test(nothing_is_believed_about_checksums_that_was_not_negotiated),
		cmocka_unit_test(a_checksum_field_outside_the_frame_is_dropped),
		cmocka_unit_test(a_super_frame_carries_its_segment_size),
		cmocka_unit_test(segmentation_that_was_not_agreed_on_is_dropped),
		cmocka_unit_test(random_headers_do_no_harm),
		cmocka_unit_test(an_empty_pool_is_asked_again_until_reception_recovers),
		cmocka_unit_test(a_ring_that_ran_dry_recovers),
		cmocka_unit_test(the_reserve_is_touched_only_by_a_low_ring),
		cmocka_unit_test(a_super_frame_without_memory_for_its_vector_is_dropped),
		cmocka_unit_test(the_ring_wraps_many_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
