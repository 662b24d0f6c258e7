/* drivers/virtio/net_tx.c: what goes to the device, and how frames come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lib/bytes.h"
#include "tests/drivers/fake/rig.h"

static uint8_t packet[70000];
static struct virtio_net_hdr_v1 hdr;

static int send_out(struct rig *r)
{
	return fake_send(&r->v, &hdr, packet, sizeof(packet));
}

static void a_linear_frame_takes_one_descriptor(void **state)
{
	struct rig r;
	int head;

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	rig_send(&r, 1514);
	head = fake_take(&r.v, 1);
	assert_int_equal(fake_chain_descs(&r.v, 1, head), 1);
	assert_int_equal(fake_read_chain(&r.v, 1, head, packet, sizeof(packet)), 12 + 1514);
	for (unsigned i = 0; i < 12; i++)
		assert_int_equal(packet[i], 0);
	assert_int_equal(packet[12 + 77], 77);
	rig_down(&r);
}

static void segments_are_gathered_in_order(void **state)
{
	static uint8_t lent[3][5000];
	struct holm_buf_owner owner = { NULL };
	struct holm_buf buf = { .owner = &owner, .refs = 100 };
	struct rig r;
	struct holm_frame *f;
	int head;

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	f = fake_stack_frame(&r.s, 54, 0);
	for (unsigned i = 0; i < 3; i++) {
		memset(lent[i], 'a' + (int)i, sizeof(lent[i]));
		assert_true(holm_frame_append(f, &buf, lent[i], i == 1 ? 0 : 5000));
	}
	assert_int_equal(holm_dev_tx(r.dev, &f, 1), 1);
	head = fake_take(&r.v, 1);
	assert_int_equal(fake_chain_descs(&r.v, 1, head), 3); /* nothing for the empty segment */
	assert_int_equal(fake_read_chain(&r.v, 1, head, packet, sizeof(packet)), 12 + 10054);
	assert_int_equal(packet[12 + 53], 53);
	assert_int_equal(packet[12 + 54], 'a');
	assert_int_equal(packet[12 + 54 + 5000], 'c');
	fake_use(&r.v, 1, (uint32_t)head, 0);
	(void)rig_poll(&r);
	assert_int_equal(r.s.tx_done, 1);
	assert_int_equal(buf.refs, 100);
	rig_down(&r);
}

static void memory_that_is_not_contiguous_takes_more_descriptors(void **state)
{
	static uint8_t lent[40000];
	struct holm_buf_owner owner = { NULL };
	struct holm_buf buf = { .owner = &owner, .refs = 100 };
	struct rig r;
	struct holm_frame *f;
	int head;

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	r.v.fragmented = true;
	for (size_t i = 0; i < sizeof(lent); i++)
		lent[i] = (uint8_t)(i / 100);
	f = fake_stack_frame(&r.s, 54, 0);
	assert_true(holm_frame_append(f, &buf, lent + 1, sizeof(lent) - 1));
	assert_int_equal(holm_dev_tx(r.dev, &f, 1), 1);
	head = fake_take(&r.v, 1);
	assert_in_range(fake_chain_descs(&r.v, 1, head), 11, 12);
	assert_int_equal(fake_read_chain(&r.v, 1, head, packet, sizeof(packet)), 12 + 54 + 39999);
	assert_memory_equal(packet + 12 + 54, lent + 1, 39999);
	rig_down(&r);
}

/* A clone begins in somebody else's buffer, which is not to be written to. */
static void a_clone_gets_its_header_in_a_buffer_of_its_own(void **state)
{
	struct rig r;
	struct holm_frame *f, *clone;
	uint8_t before[HOLM_FRAME_BYTES];

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	f = fake_stack_frame(&r.s, 60, 1);
	clone = holm_frame_clone(r.s.pool, f);
	memset(f->home_mem, 0xee, HOLM_FRAME_HEADROOM);
	memcpy(before, f->home_mem, 300);
	assert_int_equal(holm_dev_tx(r.dev, &clone, 1), 1);
	assert_memory_equal(before, f->home_mem, 300);
	assert_int_equal(send_out(&r), 60);
	assert_int_equal(packet[59], 60);
	holm_frame_free(f);
	rig_down(&r);
}

static void a_partial_checksum_is_described_to_the_device(void **state)
{
	struct rig r;
	struct holm_frame *f;

	(void)state;
	rig_up(&r, FAKE_PCI, RIG_ALL);
	f = fake_stack_frame(&r.s, 100, 0);
	f->csum = HOLM_CSUM_PARTIAL;
	f->csum_start = 34;
	f->csum_off = 16;
	assert_int_equal(holm_dev_tx(r.dev, &f, 1), 1);
	assert_int_equal(send_out(&r), 100);
	assert_int_equal(hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(load_le16(&hdr.csum_start), 34);
	assert_int_equal(load_le16(&hdr.csum_offset), 16);
	assert_int_equal(hdr.gso_type, VIRTIO_NET_HDR_GSO_NONE);
	rig_down(&r);
}

static void a_super_frame_is_described_to_the_device(void **state)
{
	(void)state;
	for (int six = 0; six < 2; six++) {
		struct rig r;
		struct holm_frame *f;

		rig_up(&r, FAKE_MMIO2, RIG_ALL);
		assert_int_equal(r.dev->caps.features, HOLM_DEV_TX_CSUM | HOLM_DEV_RX_CSUM |
							       HOLM_DEV_TSO4 | HOLM_DEV_TSO6);
		assert_int_equal(r.dev->caps.gso_max, 65549);
		f = fake_stack_frame(&r.s, 1800, 0);
		f->csum = HOLM_CSUM_PARTIAL;
		f->gso = six ? HOLM_GSO_TCP6 : HOLM_GSO_TCP4;
		f->gso_size = 500;
		f->hdr_len = 54;
		assert_int_equal(holm_dev_tx(r.dev, &f, 1), 1);
		assert_int_equal(send_out(&r), 1800);
		assert_int_equal(hdr.gso_type,
				 six ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4);
		assert_int_equal(load_le16(&hdr.gso_size), 500);
		assert_int_equal(load_le16(&hdr.hdr_len), 54);
		rig_down(&r);
	}
}

/* Unikraft tested once per packet, with an index one before the new one. */
static void a_batch_rings_once(void **state)
{
	struct rig r;
	struct holm_frame *frames[32];

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	for (unsigned round = 0; round < 4; round++) {
		unsigned before = r.v.q[1].doorbells;

		for (unsigned i = 0; i < 32; i++)
			frames[i] = fake_stack_frame(&r.s, 60, 0);
		fake_want_doorbell(&r.v, 1); /* for the first of the batch */
		assert_int_equal(holm_dev_tx(r.dev, frames, 32), 32);
		assert_int_equal(r.v.q[1].doorbells, before + 1);
		while (send_out(&r) >= 0)
			;
		(void)rig_poll(&r);
	}
	rig_down(&r);
}

static void a_busy_device_is_not_rung(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	rig_send(&r, 60);
	assert_int_equal(r.v.q[1].doorbells, 1);
	/* It has been woken and has not gone to sleep again: avail_event stays behind. */
	for (unsigned i = 0; i < 20; i++)
		rig_send(&r, 60);
	assert_int_equal(r.v.q[1].doorbells, 1);
	while (send_out(&r) >= 0)
		;
	fake_want_doorbell(&r.v, 1);
	rig_send(&r, 60);
	assert_int_equal(r.v.q[1].doorbells, 2);
	rig_down(&r);
}

static size_t fill_ring(struct rig *r)
{
	size_t taken = 0;

	for (;;) {
		struct holm_frame *f = fake_stack_frame(&r->s, 60, (uint8_t)taken);

		if (holm_dev_tx(r->dev, &f, 1) == 0) {
			holm_frame_free(f);
			return taken;
		}
		taken++;
	}
}

static void a_full_ring_takes_no_more_and_says_when_it_can(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, FAKE_MMIO2, RIG_ALL);
	r.v.res.rx_frames = 40;
	rig_start(&r);
	for (unsigned round = 0; round < 3; round++) {
		assert_int_equal(fill_ring(&r), 256);
		for (unsigned i = 0; i < 63; i++)
			assert_int_equal(send_out(&r), 60);
		(void)rig_poll(&r);
		assert_int_equal(r.s.tx_ready, round); /* less than a quarter */
		assert_int_equal(send_out(&r), 60);
		(void)rig_poll(&r);
		assert_int_equal(r.s.tx_ready, round + 1);
		(void)rig_poll(&r);
		assert_int_equal(r.s.tx_ready, round + 1);
		while (send_out(&r) >= 0)
			;
		(void)rig_poll(&r);
	}
	assert_int_equal(r.s.tx_done, 3 * 256);
	rig_down(&r);
}

static void a_full_ring_interrupts_only_when_a_quarter_is_free(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, FAKE_MMIO2, RIG_ALL);
	r.v.res.rx_frames = 40;
	rig_start(&r);
	(void)rig_poll(&r);
	assert_int_equal(fill_ring(&r), 256);
	assert_false(holm_virtio_net_arm(r.vn));
	for (unsigned i = 1; i <= 65; i++) {
		uint16_t old = r.v.q[1].used_idx;

		assert_int_equal(send_out(&r), 60);
		assert_int_equal(fake_may_interrupt(&r.v, 1, old), i == 65);
	}
	assert_true(holm_virtio_net_arm(r.vn));
	(void)rig_poll(&r);
	assert_int_equal(r.s.tx_ready, 1);
	rig_down(&r);
}

/* Solo5 spins when the ring is full; here the sent ones are taken out within the same call. */
static void tx_makes_room_for_itself_where_the_device_is_done(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, FAKE_MMIO2, RIG_ALL);
	r.v.res.rx_frames = 40;
	rig_start(&r);
	for (unsigned i = 0; i < 70000; i++) {
		rig_send(&r, 60);
		assert_int_equal(send_out(&r), 60);
		assert_int_equal(packet[59], 59);
	}
	assert_int_equal(r.s.tx_done, 0);
	assert_int_equal(r.dev->stats.tx_frames, 70000);
	assert_int_equal(r.dev->stats.tx_bytes, 70000 * 60);
	rig_down(&r);
}

static void lies_about_sent_frames_are_counted(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, FAKE_MMIO2, RIG_ALL);
	rig_send(&r, 60);
	fake_use(&r.v, 1, 255, 0);    /* not sent */
	fake_use(&r.v, 1, 100000, 0); /* not there */
	assert_int_equal(send_out(&r), 60);
	(void)rig_poll(&r);
	assert_int_equal(r.s.tx_done, 1);
	assert_int_equal(r.dev->stats.bad_index, 2);
	rig_down(&r);
}

/* A legacy device says anything about buffers that it only reads. */
static void the_length_of_a_sent_frame_means_nothing(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, FAKE_MMIO1, RIG_ALL);
	rig_send(&r, 60);
	fake_use(&r.v, 1, (uint32_t)fake_take(&r.v, 1), 0xdeadbeef);
	(void)rig_poll(&r);
	assert_int_equal(r.s.tx_done, 1);
	assert_int_equal(r.dev->stats.bad_len, 0);
	rig_down(&r);
}

/* On a tiny ring such a frame would wait for ever. */
static void a_frame_that_no_ring_could_hold_is_dropped(void **state)
{
	static uint8_t lent[40000];
	struct holm_buf_owner owner = { NULL };
	struct holm_buf buf = { .owner = &owner, .refs = 100 };
	struct rig r;
	struct holm_frame *f;

	(void)state;
	rig_init(&r, FAKE_MMIO2, RIG_ALL);
	r.v.queue_max = 8;
	r.v.fragmented = true;
	rig_start(&r);
	assert_int_equal(r.dev->caps.gso_max, 0);
	assert_int_equal(r.dev->caps.segs_max, 3);
	f = fake_stack_frame(&r.s, 60, 0);
	assert_true(holm_frame_append(f, &buf, lent, sizeof(lent)));
	assert_int_equal(holm_dev_tx(r.dev, &f, 1), 1);
	assert_int_equal(r.dev->stats.tx_dropped, 1);
	assert_int_equal(buf.refs, 100);
	rig_send(&r, 60);
	assert_int_equal(send_out(&r), 60);
	rig_down(&r);
}

static void the_old_header_is_ten_bytes_long(void **state)
{
	struct rig r;

	(void)state;
	rig_up(&r, FAKE_MMIO1, 0);
	rig_send(&r, 60);
	assert_int_equal(fake_read_chain(&r.v, 1, fake_take(&r.v, 1), packet, sizeof(packet)), 70);
	rig_down(&r);
	rig_up(&r, FAKE_MMIO1, FAKE_BIT(VIRTIO_NET_F_MRG_RXBUF));
	rig_send(&r, 60);
	assert_int_equal(fake_read_chain(&r.v, 1, fake_take(&r.v, 1), packet, sizeof(packet)), 72);
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_linear_frame_takes_one_descriptor),
		cmocka_unit_test(segments_are_gathered_in_order),
		cmocka_unit_test(memory_that_is_not_contiguous_takes_more_descriptors),
		cmocka_unit_test(a_clone_gets_its_header_in_a_buffer_of_its_own),
		cmocka_unit_test(a_partial_checksum_is_described_to_the_device),
		cmocka_unit_test(a_super_frame_is_described_to_the_device),
		cmocka_unit_test(a_batch_rings_once),
		cmocka_unit_test(a_busy_device_is_not_rung),
		cmocka_unit_test(a_full_ring_takes_no_more_and_says_when_it_can),
		cmocka_unit_test(a_full_ring_interrupts_only_when_a_quarter_is_free),
		cmocka_unit_test(tx_makes_room_for_itself_where_the_device_is_done),
		cmocka_unit_test(lies_about_sent_frames_are_counted),
		cmocka_unit_test(the_length_of_a_sent_frame_means_nothing),
		cmocka_unit_test(a_frame_that_no_ring_could_hold_is_dropped),
		cmocka_unit_test(the_old_header_is_ten_bytes_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
