/* drivers/virtio/mmio.c: register blocks, modern and legacy. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "arch/io.h"
#include "drivers/virtio/transport.h"
#include "tests/drivers/fake/virtio.h"

/* A block of registers of which only the first three say something. */
struct block {
	uint32_t magic, version, id;
};

static uint64_t block_read(void *ctx, uintptr_t addr, unsigned bytes, int is_port)
{
	const struct block *b = ctx;

	assert_false(is_port);
	assert_int_equal(bytes, 4);
	switch (addr - 0x1000) {
	case 0:
		return b->magic;
	case 4:
		return b->version;
	case 8:
		return b->id;
	default:
		fail_msg("read at 0x%zx", (size_t)addr);
		return 0;
	}
}

static void block_write(void *ctx, uintptr_t addr, unsigned bytes, uint64_t value, int is_port)
{
	(void)ctx, (void)bytes, (void)value, (void)is_port;
	fail_msg("write at 0x%zx", (size_t)addr);
}

static int identify(struct fake_virtio *v, struct block b, uint32_t *type)
{
	static const struct host_io_ops ops = { .read = block_read, .write = block_write };
	int err;

	v->res.mmio_base = 0x1000;
	host_io_attach(&ops, &b);
	err = holm_virtio_identify(&v->res, type);
	host_io_attach(NULL, NULL);
	return err;
}

static void a_block_is_identified_without_being_touched(void **state)
{
	struct fake_virtio v;
	uint32_t type = 99;

	(void)state;
	fake_init(&v, FAKE_MMIO2, 0);
	assert_int_equal(identify(&v, (struct block){ 0x74726976, 2, 1 }, &type), 0);
	assert_int_equal(type, HOLM_VIRTIO_NET);
	assert_int_equal(identify(&v, (struct block){ 0x74726976, 1, 4 }, &type), 0);
	assert_int_equal(type, HOLM_VIRTIO_RNG);
	fake_fini(&v);
}

static void an_empty_slot_of_any_version_is_no_error(void **state)
{
	struct fake_virtio v;
	uint32_t type = 99;

	(void)state;
	fake_init(&v, FAKE_MMIO2, 0);
	for (uint32_t version = 0; version < 4; version++) {
		assert_int_equal(identify(&v, (struct block){ 0x74726976, version, 0 }, &type), 0);
		assert_int_equal(type, HOLM_VIRTIO_NONE);
	}
	assert_int_equal(v.log_lines, 0);
	fake_fini(&v);
}

static void something_else_is_no_device(void **state)
{
	struct fake_virtio v;
	uint32_t type;

	(void)state;
	fake_init(&v, FAKE_MMIO2, 0);
	assert_int_equal(identify(&v, (struct block){ UINT32_MAX, UINT32_MAX, UINT32_MAX }, &type),
			 -HOLM_ENODEV);
	assert_int_equal(identify(&v, (struct block){ 0, 0, 0 }, &type), -HOLM_ENODEV);
	assert_int_equal(v.log_lines, 0);
	fake_fini(&v);
}

static void an_unknown_version_is_reported(void **state)
{
	struct fake_virtio v;
	uint32_t type;

	(void)state;
	fake_init(&v, FAKE_MMIO2, 0);
	assert_int_equal(identify(&v, (struct block){ 0x74726976, 3, 1 }, &type), -HOLM_EPROTO);
	assert_int_equal(v.log_lines, 1);
	fake_fini(&v);
}

static struct virtio_transport open_device(struct fake_virtio *v)
{
	struct virtio_transport t;
	uint32_t type;

	assert_int_equal(virtio_open(&t, &v->res, &type), 0);
	assert_int_equal(virtio_reset(&t), 0);
	(void)virtio_begin(&t);
	return t;
}

static void both_halves_of_the_features_are_used(void **state)
{
	struct fake_virtio v;
	struct virtio_transport t;

	(void)state;
	fake_init(&v, FAKE_MMIO2, UINT64_C(0x8000000180000001));
	t = open_device(&v);
	assert_true(t.ops->features(&t) == UINT64_C(0x8000000180000001));
	t.ops->set_features(&t, UINT64_C(0x8000000100000001));
	assert_true(v.driver_features == UINT64_C(0x8000000100000001));
	fake_fini(&v);
}

static void a_legacy_device_has_one_half(void **state)
{
	struct fake_virtio v;
	struct virtio_transport t;

	(void)state;
	fake_init(&v, FAKE_MMIO1, UINT64_C(0x180000001));
	t = open_device(&v);
	assert_true(t.legacy);
	assert_true(t.ops->features(&t) == UINT64_C(0x88000001));
	fake_fini(&v);
}

static void a_queue_is_described_with_64_bit_addresses(void **state)
{
	struct fake_virtio v;
	struct virtio_transport t;
	const struct virtio_queue_setup q = { .index = 1,
					      .num = 16,
					      .desc = UINT64_C(0x123456789abcd000),
					      .avail = UINT64_C(0x2111111122222222),
					      .used = UINT64_C(0x3333333344444444) };

	(void)state;
	fake_init(&v, FAKE_MMIO2, 0);
	t = open_device(&v);
	assert_int_equal(t.ops->queue_enable(&t, &q), 0);
	assert_true(v.q[1].ready);
	assert_int_equal(v.q[1].num, 16);
	assert_true(v.q[1].desc == q.desc && v.q[1].avail == q.avail && v.q[1].used == q.used);
	assert_false(v.q[0].ready);
	fake_fini(&v);
}

/* The device computes where the parts are; it must find them where virtq.c has put them. */
static void a_legacy_queue_is_where_the_device_computes_it_to_be(void **state)
{
	(void)state;
	for (uint16_t num = 1; num <= 256; num *= 2) {
		struct fake_virtio v;
		struct virtio_transport t;
		struct virtq vq;
		void *mem;

		fake_init(&v, FAKE_MMIO1, 0);
		t = open_device(&v);
		mem = v.res.alloc(&v, virtq_bytes(num), 4096);
		virtq_init(&vq, mem, num, false);
		assert_int_equal(virtio_queue_start(&t, &vq, mem, 0, 0), 0);
		assert_ptr_equal(fake_memory(&v, v.q[0].desc), vq.ring.desc);
		assert_ptr_equal(fake_memory(&v, v.q[0].avail), vq.ring.avail);
		assert_ptr_equal(fake_memory(&v, v.q[0].used), vq.ring.used);
		v.res.free(&v, mem, virtq_bytes(num));
		fake_fini(&v);
	}
}

static void a_legacy_queue_beyond_32_bits_of_pages_is_refused(void **state)
{
	struct fake_virtio v;
	struct virtio_transport t;
	const struct virtio_queue_setup q = { .num = 8, .desc = UINT64_C(1) << 44 };

	(void)state;
	fake_init(&v, FAKE_MMIO1, 0);
	t = open_device(&v);
	assert_int_equal(t.ops->queue_enable(&t, &q), -HOLM_ENOMEM);
	fake_fini(&v);
}

static void interrupt_causes_are_acknowledged_by_asking(void **state)
{
	struct fake_virtio v;
	struct virtio_transport t;

	(void)state;
	fake_init(&v, FAKE_MMIO2, 0);
	t = open_device(&v);
	assert_int_equal(t.ops->isr(&t), 0);
	fake_raise(&v, 3);
	assert_int_equal(t.ops->isr(&t), VIRTIO_ISR_QUEUE | VIRTIO_ISR_CONFIG);
	assert_int_equal(v.isr, 0);
	fake_fini(&v);
}

static void a_queue_that_is_not_there_has_size_zero(void **state)
{
	struct fake_virtio v;
	struct virtio_transport t;

	(void)state;
	fake_init(&v, FAKE_MMIO2, 0);
	v.queue_max = 1024;
	t = open_device(&v);
	assert_int_equal(t.ops->queue_max(&t, 1), 1024);
	assert_int_equal(t.ops->queue_max(&t, 2), 0);
	fake_fini(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_is_identified_without_being_touched),
		cmocka_unit_test(an_empty_slot_of_any_version_is_no_error),
		cmocka_unit_test(something_else_is_no_device),
		cmocka_unit_test(an_unknown_version_is_reported),
		cmocka_unit_test(both_halves_of_the_features_are_used),
		cmocka_unit_test(a_legacy_device_has_one_half),
		cmocka_unit_test(a_queue_is_described_with_64_bit_addresses),
		cmocka_unit_test(a_legacy_queue_is_where_the_device_computes_it_to_be),
		cmocka_unit_test(a_legacy_queue_beyond_32_bits_of_pages_is_refused),
		cmocka_unit_test(interrupt_causes_are_acknowledged_by_asking),
		cmocka_unit_test(a_queue_that_is_not_there_has_size_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
