/* drivers/virtio/net_features.c: every subset of what a device may offer, and names. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "lib/bytes.h"
#include "tests/drivers/fake/rig.h"

#define BIT FAKE_BIT

static uint64_t negotiate(enum fake_front front, uint64_t offered, uint64_t off)
{
	struct rig r;
	struct holm_virtio_net_info info;

	rig_init(&r, front, offered);
	r.v.res.features_off = off;
	rig_start(&r);
	holm_virtio_net_get_info(r.vn, &info);
	assert_int_equal(info.features, r.v.driver_features);
	rig_down(&r);
	return info.features;
}

static const unsigned optional[] = {
	VIRTIO_NET_F_CSUM,	VIRTIO_NET_F_GUEST_CSUM, VIRTIO_NET_F_MTU,
	VIRTIO_NET_F_MAC,	VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_F_GUEST_TSO6,
	VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_HOST_TSO6,	 VIRTIO_NET_F_MRG_RXBUF,
	VIRTIO_NET_F_STATUS,	VIRTIO_RING_F_EVENT_IDX,
};

#define OPTIONAL (sizeof(optional) / sizeof(optional[0]))

/* All 2048 subsets: what is agreed on was offered, and what needs something else has it. */
static void every_subset_is_negotiated_without_loose_ends(void **state)
{
	(void)state;
	for (unsigned subset = 0; subset < 1u << OPTIONAL; subset++) {
		uint64_t offered = 0, got;

		for (unsigned i = 0; i < OPTIONAL; i++)
			if (subset >> i & 1)
				offered |= BIT(optional[i]);
		got = negotiate(FAKE_MMIO2, offered, 0);
		assert_int_equal(got & ~(offered | BIT(VIRTIO_F_VERSION_1)), 0);
		if (got & (BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_TSO6)))
			assert_true(got & BIT(VIRTIO_NET_F_CSUM));
		if (got & (BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6))) {
			assert_true(got & BIT(VIRTIO_NET_F_GUEST_CSUM));
			assert_true(got & BIT(VIRTIO_NET_F_MRG_RXBUF));
		}
	}
}

/* Unikraft sets GUEST_ANNOUNCE without being offered it; here nothing beyond our own is taken. */
static void features_without_a_driver_are_not_accepted(void **state)
{
	uint64_t got;

	(void)state;
	got = negotiate(FAKE_MMIO2, ~UINT64_C(0), 0);
	assert_int_equal(got, BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_ACCESS_PLATFORM) | RIG_ALL |
				      BIT(VIRTIO_NET_F_MTU));
	/* Legacy devices have 32 bits. */
	got = negotiate(FAKE_MMIO1, UINT32_MAX, 0);
	assert_int_equal(got, BIT(VIRTIO_F_ANY_LAYOUT) | RIG_ALL | BIT(VIRTIO_NET_F_MTU));
}

static void each_feature_can_be_switched_off(void **state)
{
	(void)state;
	for (unsigned i = 0; i < OPTIONAL; i++) {
		uint64_t got =
			negotiate(FAKE_PCI, RIG_ALL | BIT(VIRTIO_NET_F_MTU), BIT(optional[i]));

		assert_int_equal(got & BIT(optional[i]), 0);
	}
	assert_int_equal(negotiate(FAKE_PCI, RIG_ALL, ~UINT64_C(0)), BIT(VIRTIO_F_VERSION_1));
}

static void a_modern_device_without_version_1_is_refused(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, FAKE_MMIO2, RIG_ALL);
	r.v.offered &= ~BIT(VIRTIO_F_VERSION_1);
	assert_int_equal(holm_virtio_net_probe(&r.v.res, &r.vn), -HOLM_EPROTO);
	assert_int_equal(r.v.log_lines, 1);
	rig_down(&r);
}

static void a_device_that_refuses_what_it_offered_is_refused(void **state)
{
	struct rig r;

	(void)state;
	rig_init(&r, FAKE_PCI, RIG_ALL);
	r.v.refuses_features = true;
	assert_int_equal(holm_virtio_net_probe(&r.v.res, &r.vn), -HOLM_EPROTO);
	assert_int_equal(r.v.log_lines, 1);
	rig_down(&r);
}

static uint16_t mtu_of(uint64_t offered, uint16_t mtu)
{
	struct rig r;
	uint16_t got;

	rig_init(&r, FAKE_MMIO2, offered | BIT(VIRTIO_NET_F_MTU));
	store_le16(&((struct virtio_net_config *)(void *)r.v.config)->mtu, mtu);
	rig_start(&r);
	got = r.dev->caps.mtu;
	rig_down(&r);
	return got;
}

/* Who accepts an MTU must be able to receive it: beyond one buffer that takes merging. */
static void a_large_mtu_needs_merged_buffers(void **state)
{
	(void)state;
	assert_int_equal(mtu_of(0, 1450), 1450);
	assert_int_equal(mtu_of(0, 1984), 1984);
	assert_int_equal(mtu_of(0, 1985), 1500);
	assert_int_equal(mtu_of(0, 9000), 1500);
	assert_int_equal(mtu_of(BIT(VIRTIO_NET_F_MRG_RXBUF), 9000), 9000);
	assert_int_equal(mtu_of(BIT(VIRTIO_NET_F_MRG_RXBUF), 0xffff), 0xffff);
	assert_int_equal(mtu_of(BIT(VIRTIO_NET_F_MRG_RXBUF), 67), 1500);
	assert_int_equal(mtu_of(BIT(VIRTIO_NET_F_MRG_RXBUF), 0), 1500);
}

static void small_rings_do_without_segmentation(void **state)
{
	struct rig r;
	struct holm_virtio_net_info info;

	(void)state;
	rig_init(&r, FAKE_MMIO2, RIG_ALL);
	r.v.queue_max = 32;
	rig_start(&r);
	holm_virtio_net_get_info(r.vn, &info);
	assert_int_equal(
		info.features & (BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO4)), 0);
	rig_down(&r);
}

static void lists_of_names_become_masks(void **state)
{
	static const struct {
		const char *list;
		uint64_t mask;
	} cases[] = {
		{ "", 0 },
		{ "csum", BIT(VIRTIO_NET_F_CSUM) },
		{ "tso", BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_TSO6) },
		{ "guest_tso,mrg", BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6) |
					   BIT(VIRTIO_NET_F_MRG_RXBUF) },
		{ "event_idx,mtu,status,mac,guest_csum",
		  BIT(VIRTIO_RING_F_EVENT_IDX) | BIT(VIRTIO_NET_F_MTU) | BIT(VIRTIO_NET_F_STATUS) |
			  BIT(VIRTIO_NET_F_MAC) | BIT(VIRTIO_NET_F_GUEST_CSUM) },
	};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		uint64_t mask = 1;

		assert_int_equal(
			holm_virtio_net_parse_off(cases[i].list, strlen(cases[i].list), &mask), 0);
		assert_true(mask == cases[i].mask);
	}
}

static void an_unknown_name_is_refused(void **state)
{
	static const char *const lists[] = { "x",   "csum,,mrg", ",csum",   "csumx",
					     "csu", "CSUM",	 "csum mrg" };

	(void)state;
	for (size_t i = 0; i < 7; i++) {
		uint64_t mask = 99;
		int err = holm_virtio_net_parse_off(lists[i], strlen(lists[i]), &mask);

		assert_int_equal(err, -HOLM_EINVAL);
		assert_int_equal(mask, 99);
	}
}

static void features_are_printed_as_far_as_they_fit(void **state)
{
	char text[64];

	(void)state;
	assert_int_equal(
		holm_virtio_net_features_text(BIT(VIRTIO_NET_F_CSUM) | BIT(VIRTIO_F_VERSION_1),
					      text, sizeof(text)),
		14);
	assert_string_equal(text, "csum version_1");
	assert_int_equal(holm_virtio_net_features_text(~UINT64_C(0), text, 12), 8);
	assert_string_equal(text, "csum mtu");
	assert_int_equal(holm_virtio_net_features_text(0, text, 1), 0);
	assert_string_equal(text, "");
	assert_int_equal(holm_virtio_net_features_text(~UINT64_C(0), text, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_subset_is_negotiated_without_loose_ends),
		cmocka_unit_test(features_without_a_driver_are_not_accepted),
		cmocka_unit_test(each_feature_can_be_switched_off),
		cmocka_unit_test(a_modern_device_without_version_1_is_refused),
		cmocka_unit_test(a_device_that_refuses_what_it_offered_is_refused),
		cmocka_unit_test(a_large_mtu_needs_merged_buffers),
		cmocka_unit_test(small_rings_do_without_segmentation),
		cmocka_unit_test(lists_of_names_become_masks),
		cmocka_unit_test(an_unknown_name_is_refused),
		cmocka_unit_test(features_are_printed_as_far_as_they_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
