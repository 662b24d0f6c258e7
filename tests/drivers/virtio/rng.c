/* drivers/virtio/rng.c: random bytes, or an error within the time allowed. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/drivers/fake/virtio.h"

#define TIMEOUT_NS UINT64_C(20000000)

/* What the device does when the driver looks at the clock for the n-th time. */
struct script {
	struct fake_virtio v;
	unsigned looks, answers_at;
	uint32_t id, len;
	unsigned tells;
};

static uint64_t now(void *ctx)
{
	struct script *s = ctx; /* v is its first member */

	s->v.now_ns += 1000000;
	if ((s->v.status & VIRTIO_CONFIG_S_DRIVER_OK) && ++s->looks == s->answers_at) {
		int head = fake_take(&s->v, 0);
		uint8_t bytes[4096];

		assert_true(head >= 0);
		memset(bytes, 0x77, sizeof(bytes));
		fake_write_chain(&s->v, 0, head, bytes, s->len < 4096 ? s->len : 4096);
		fake_use_quietly(&s->v, 0, 0, s->id ? s->id : (uint32_t)head, s->len);
		fake_tell(&s->v, 0, s->tells);
	}
	return s->v.now_ns;
}

static void init(struct script *s, enum fake_front front)
{
	*s = (struct script){ .answers_at = 3, .len = 32, .tells = 1 };
	fake_init(&s->v, front, UINT64_C(0xffffffff));
	s->v.type = HOLM_VIRTIO_RNG;
	if (front == FAKE_PCI)
		s->v.pci[2] = 0x40 + HOLM_VIRTIO_RNG;
	s->v.res.now = now;
}

static void bytes_come_over_every_transport(void **state)
{
	(void)state;
	for (int front = FAKE_MMIO2; front <= FAKE_PCI; front++) {
		struct script s;
		uint8_t got[64] = { 0 };

		init(&s, (enum fake_front)front);
		assert_int_equal(holm_virtio_rng_read(&s.v.res, got, 64, TIMEOUT_NS), 32);
		assert_int_equal(got[0], 0x77);
		assert_int_equal(got[31], 0x77);
		assert_int_equal(got[32], 0);
		assert_int_equal(s.v.status, 0); /* reset behind us */
		assert_int_equal(s.v.msi_asked, 0);
		fake_fini(&s.v);
	}
}

static void a_silent_device_is_left_after_the_time(void **state)
{
	struct script s;
	uint8_t got[64];

	(void)state;
	init(&s, FAKE_MMIO2);
	s.answers_at = 0;
	assert_int_equal(holm_virtio_rng_read(&s.v.res, got, 64, TIMEOUT_NS), -HOLM_ETIMEDOUT);
	assert_in_range(s.v.now_ns, TIMEOUT_NS, 2 * TIMEOUT_NS);
	assert_int_equal(s.v.status, 0);
	fake_fini(&s.v);
}

static void lies_give_no_bytes(void **state)
{
	static const struct {
		uint32_t id, len;
		unsigned tells;
		int err;
	} cases[] = {
		{ 0, 0, 1, -HOLM_EIO },		 { 0, 65, 1, -HOLM_EIO },
		{ 0, UINT32_MAX, 1, -HOLM_EIO }, { 1000, 32, 1, -HOLM_ETIMEDOUT },
		{ 0, 32, 500, -HOLM_EIO },
	};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct script s;
		uint8_t got[64] = { 0 };

		init(&s, FAKE_MMIO2);
		s.id = cases[i].id;
		s.len = cases[i].len;
		s.tells = cases[i].tells;
		assert_int_equal(holm_virtio_rng_read(&s.v.res, got, 64, TIMEOUT_NS), cases[i].err);
		assert_int_equal(got[0], 0);
		fake_fini(&s.v);
	}
}

static void impossible_requests_are_refused(void **state)
{
	struct script s;
	uint8_t got[1];

	(void)state;
	init(&s, FAKE_MMIO2);
	assert_int_equal(holm_virtio_rng_read(&s.v.res, got, 0, TIMEOUT_NS), -HOLM_EINVAL);
	assert_int_equal(holm_virtio_rng_read(&s.v.res, got, 4097, TIMEOUT_NS), -HOLM_EINVAL);
	s.v.type = HOLM_VIRTIO_NET;
	assert_int_equal(holm_virtio_rng_read(&s.v.res, got, 1, TIMEOUT_NS), -HOLM_ENODEV);
	s.v.type = HOLM_VIRTIO_RNG;
	s.v.alloc_fails_at = 1;
	assert_int_equal(holm_virtio_rng_read(&s.v.res, got, 1, TIMEOUT_NS), -HOLM_ENOMEM);
	s.v.offered = 0;
	assert_int_equal(holm_virtio_rng_read(&s.v.res, got, 1, TIMEOUT_NS), -HOLM_EPROTO);
	fake_fini(&s.v);
}

static void a_device_without_a_queue_is_an_error(void **state)
{
	struct script s;
	uint8_t got[1];

	(void)state;
	init(&s, FAKE_MMIO2);
	s.v.queue_max = 0;
	assert_int_equal(holm_virtio_rng_read(&s.v.res, got, 1, TIMEOUT_NS), -HOLM_EIO);
	fake_fini(&s.v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_over_every_transport),
		cmocka_unit_test(a_silent_device_is_left_after_the_time),
		cmocka_unit_test(lies_give_no_bytes),
		cmocka_unit_test(impossible_requests_are_refused),
		cmocka_unit_test(a_device_without_a_queue_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
