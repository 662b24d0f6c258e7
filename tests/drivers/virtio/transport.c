/* drivers/virtio/transport.c: the steps that both transports share, and incomplete resources. */
#include "drivers/virtio/transport.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/drivers/fake/virtio.h"

static int open_with(const struct holm_virtio_resources *res)
{
	struct virtio_transport t;
	uint32_t type;

	return virtio_open(&t, res, &type);
}

static void resources_without_something_needed_are_refused(void **state)
{
	struct fake_virtio v;
	struct holm_virtio_resources res;

	(void)state;
	fake_init(&v, FAKE_PCI, 0);
	assert_int_equal(open_with(&v.res), 0);
	res = v.res;
	res.size--;
	assert_int_equal(open_with(&res), -HOLM_EINVAL);
	res = v.res;
	res.alloc = NULL;
	assert_int_equal(open_with(&res), -HOLM_EINVAL);
	res = v.res;
	res.free = NULL;
	assert_int_equal(open_with(&res), -HOLM_EINVAL);
	res = v.res;
	res.now = NULL;
	assert_int_equal(open_with(&res), -HOLM_EINVAL);
	res = v.res;
	res.map = NULL;
	assert_int_equal(open_with(&res), -HOLM_EINVAL);
	res = v.res;
	res.pci.read = NULL;
	assert_int_equal(open_with(&res), -HOLM_EINVAL);
	res = v.res;
	res.kind = 0;
	assert_int_equal(open_with(&res), -HOLM_EINVAL);
	res = v.res;
	res.kind = HOLM_VIRTIO_MMIO;
	res.mmio_base = 0;
	assert_int_equal(open_with(&res), -HOLM_EINVAL);
	fake_fini(&v);
}

static void a_ring_size_must_be_a_power_of_two_within_the_limit(void **state)
{
	struct fake_virtio v;

	(void)state;
	fake_init(&v, FAKE_PCI, 0);
	v.res.queue_max = 100;
	assert_int_equal(open_with(&v.res), -HOLM_EINVAL);
	v.res.queue_max = 2048;
	assert_int_equal(open_with(&v.res), -HOLM_EINVAL);
	v.res.queue_max = 1024;
	assert_int_equal(open_with(&v.res), 0);
	fake_fini(&v);
}

static void the_wait_for_a_reset_is_bounded(void **state)
{
	struct fake_virtio v;
	struct virtio_transport t;
	uint32_t type;

	(void)state;
	fake_init(&v, FAKE_MMIO2, 0);
	assert_int_equal(virtio_open(&t, &v.res, &type), 0);
	v.status = 1;
	v.never_resets = true;
	assert_int_equal(virtio_reset(&t), -HOLM_EIO);
	assert_int_equal(virtio_fail(&t), -HOLM_EIO);
	assert_in_range(v.now_ns, 1, UINT64_C(4000000000));
	assert_int_equal(v.log_lines, 2);
	fake_fini(&v);
}

static void status_bits_are_added_in_order(void **state)
{
	struct fake_virtio v;
	struct virtio_transport t;
	uint32_t type;

	(void)state;
	fake_init(&v, FAKE_MMIO2, 0);
	assert_int_equal(virtio_open(&t, &v.res, &type), 0);
	assert_int_equal(virtio_reset(&t), 0);
	assert_true(virtio_begin(&t) == FAKE_BIT(VIRTIO_F_VERSION_1));
	assert_int_equal(v.status, 1 | 2);
	assert_int_equal(virtio_agree(&t, FAKE_BIT(VIRTIO_F_VERSION_1)), 0);
	assert_int_equal(v.status, 1 | 2 | 8);
	virtio_go(&t);
	assert_int_equal(v.status, 1 | 2 | 4 | 8);
	assert_int_equal(virtio_fail(&t), 0);
	assert_int_equal(v.status, VIRTIO_CONFIG_S_FAILED);
	fake_fini(&v);
}

static void a_legacy_device_is_not_asked_for_features_ok(void **state)
{
	struct fake_virtio v;
	struct virtio_transport t;
	uint32_t type;

	(void)state;
	fake_init(&v, FAKE_MMIO1, 0);
	v.refuses_features = true;
	assert_int_equal(virtio_open(&t, &v.res, &type), 0);
	assert_int_equal(virtio_reset(&t), 0);
	(void)virtio_begin(&t);
	assert_int_equal(virtio_agree(&t, 0), 0);
	assert_int_equal(v.status, 1 | 2);
	fake_fini(&v);
}

static void ring_sizes_are_rounded_down_to_a_power_of_two(void **state)
{
	static const uint16_t cases[][3] = { { 0, 256, 0 },	 { 1, 256, 1 },
					     { 255, 256, 128 },	 { 256, 256, 256 },
					     { 1024, 256, 256 }, { 1000, 1024, 512 } };

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct fake_virtio v;
		struct virtio_transport t;
		uint32_t type;

		fake_init(&v, FAKE_MMIO2, 0);
		v.queue_max = cases[i][0];
		assert_int_equal(virtio_open(&t, &v.res, &type), 0);
		assert_int_equal(virtio_queue_num(&t, 0, cases[i][1]), cases[i][2]);
		fake_fini(&v);
	}
}

/* Half of the memory is elsewhere for the device. */
static uint64_t split_bus_addr(void *ctx, const void *p, size_t len, size_t *run)
{
	(void)ctx;
	*run = len / 2;
	return (uintptr_t)p;
}

static void a_ring_that_is_not_contiguous_is_refused(void **state)
{
	struct fake_virtio v;
	struct virtio_transport t;
	struct virtq vq;
	uint32_t type;
	void *mem;

	(void)state;
	fake_init(&v, FAKE_MMIO2, 0);
	assert_int_equal(virtio_open(&t, &v.res, &type), 0);
	mem = v.res.alloc(&v, virtq_bytes(8), 4096);
	virtq_init(&vq, mem, 8, false);
	t.res.bus_addr = split_bus_addr;
	assert_int_equal(virtio_queue_start(&t, &vq, mem, 0, 0), -HOLM_ENOMEM);
	assert_false(v.q[0].ready);
	v.res.free(&v, mem, virtq_bytes(8));
	fake_fini(&v);
}

static void without_a_translation_every_address_is_its_own(void **state)
{
	struct fake_virtio v;
	struct virtio_transport t;
	uint32_t type;
	size_t run = 0;

	(void)state;
	fake_init(&v, FAKE_MMIO2, 0);
	v.res.bus_addr = NULL;
	assert_int_equal(virtio_open(&t, &v.res, &type), 0);
	assert_true(virtio_bus_addr(&t, &v, 12345, &run) == (uintptr_t)&v);
	assert_int_equal(run, 12345);
	fake_fini(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resources_without_something_needed_are_refused),
		cmocka_unit_test(a_ring_size_must_be_a_power_of_two_within_the_limit),
		cmocka_unit_test(the_wait_for_a_reset_is_bounded),
		cmocka_unit_test(status_bits_are_added_in_order),
		cmocka_unit_test(a_legacy_device_is_not_asked_for_features_ok),
		cmocka_unit_test(ring_sizes_are_rounded_down_to_a_power_of_two),
		cmocka_unit_test(a_ring_that_is_not_contiguous_is_refused),
		cmocka_unit_test(without_a_translation_every_address_is_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
