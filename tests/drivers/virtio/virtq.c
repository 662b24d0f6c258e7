/* drivers/virtio/virtq.c: a split ring against a device that follows the rules, and one that does not. */
#include "drivers/virtio/virtq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <holm/errno.h>

#include "lib/bytes.h"

#define NUM 8

struct fixture {
	struct virtq vq;
	void *mem;
	uint16_t device_avail; /* chains the device has taken */
	int cookies[4 * VIRTQ_NUM_MAX];
};

static void init(struct fixture *t, uint16_t num, bool event_idx)
{
	*t = (struct fixture){ .mem = aligned_alloc(4096, (virtq_bytes(num) + 4095) & ~4095u) };
	assert_non_null(t->mem);
	memset(t->mem, 0x5a, virtq_bytes(num));
	virtq_init(&t->vq, t->mem, num, event_idx);
}

static void fini(struct fixture *t)
{
	free(t->mem);
}

static int enqueue(struct fixture *t, unsigned readable, unsigned writable, void *cookie)
{
	struct virtq_sg sg[16];

	for (unsigned i = 0; i < readable + writable; i++)
		sg[i] = (struct virtq_sg){ .addr = 0x1000 * (i + 1), .len = 100 + i };
	return virtq_enqueue(&t->vq, sg, readable, writable, cookie);
}

static bool publish(struct fixture *t)
{
	return virtq_publish(&t->vq);
}

/* The device takes the next chain. */
static uint16_t take(struct fixture *t)
{
	assert_int_not_equal(load_le16(&t->vq.ring.avail->idx), t->device_avail);
	return load_le16(&t->vq.ring.avail->ring[t->device_avail++ % t->vq.num]);
}

static void use(struct fixture *t, uint32_t id, uint32_t len)
{
	uint16_t idx = load_le16(&t->vq.ring.used->idx);

	store_le32(&t->vq.ring.used->ring[idx % t->vq.num].id, id);
	store_le32(&t->vq.ring.used->ring[idx % t->vq.num].len, len);
	store_le16(&t->vq.ring.used->idx, (uint16_t)(idx + 1));
}

static void *dequeue(struct fixture *t)
{
	struct virtq_used used;

	return virtq_dequeue(&t->vq, &used) ? used.cookie : NULL;
}

static void a_chain_is_written_as_readable_then_writable_descriptors(void **state)
{
	struct fixture t;
	const struct vring_desc *d;

	(void)state;
	init(&t, NUM, false);
	assert_int_equal(enqueue(&t, 1, 2, &t), 0);
	(void)publish(&t);
	d = &t.vq.ring.desc[take(&t)];
	assert_int_equal(load_le64(&d->addr), 0x1000);
	assert_int_equal(load_le32(&d->len), 100);
	assert_int_equal(load_le16(&d->flags), VRING_DESC_F_NEXT);
	d = &t.vq.ring.desc[load_le16(&d->next)];
	assert_int_equal(load_le64(&d->addr), 0x2000);
	assert_int_equal(load_le16(&d->flags), VRING_DESC_F_NEXT | VRING_DESC_F_WRITE);
	d = &t.vq.ring.desc[load_le16(&d->next)];
	assert_int_equal(load_le32(&d->len), 102);
	assert_int_equal(load_le16(&d->flags), VRING_DESC_F_WRITE);
	fini(&t);
}

static void nothing_is_visible_before_it_is_published(void **state)
{
	struct fixture t;

	(void)state;
	init(&t, NUM, false);
	assert_int_equal(enqueue(&t, 1, 0, &t), 0);
	assert_int_equal(load_le16(&t.vq.ring.avail->idx), 0);
	assert_true(publish(&t));
	assert_int_equal(load_le16(&t.vq.ring.avail->idx), 1);
	assert_false(publish(&t));
	fini(&t);
}

static void a_full_ring_refuses_and_recovers(void **state)
{
	struct fixture t;

	(void)state;
	init(&t, NUM, false);
	for (unsigned i = 0; i < NUM / 2; i++)
		assert_int_equal(enqueue(&t, 1, 1, &t.cookies[i]), 0);
	assert_int_equal(t.vq.free, 0);
	assert_int_equal(enqueue(&t, 1, 0, &t), -HOLM_ENOSPC);
	(void)publish(&t);
	use(&t, take(&t), 0);
	assert_ptr_equal(dequeue(&t), &t.cookies[0]);
	assert_int_equal(enqueue(&t, 2, 1, &t), -HOLM_ENOSPC);
	assert_int_equal(enqueue(&t, 1, 1, &t), 0);
	fini(&t);
}

static void indices_wrap_at_65536_many_times(void **state)
{
	struct fixture t;

	(void)state;
	init(&t, NUM, true);
	for (unsigned i = 0; i < 3 * 65536 + 17; i++) {
		struct virtq_used used;
		uint16_t head;

		assert_int_equal(enqueue(&t, 0, 1 + i % 3, &t.cookies[i % 1000]), 0);
		(void)publish(&t);
		head = take(&t);
		use(&t, head, i % 100);
		assert_true(virtq_dequeue(&t.vq, &used));
		assert_ptr_equal(used.cookie, &t.cookies[i % 1000]);
		assert_int_equal(used.len, i % 100);
		assert_int_equal(t.vq.free, NUM);
	}
	assert_int_equal(t.vq.bad_index + t.vq.bad_len, 0);
	fini(&t);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* Chains of random length, used out of order: every descriptor comes back, with its own cookie. */
static void chains_may_come_back_in_any_order(void **state)
{
	uint32_t seed = 20260;
	struct fixture t;
	uint16_t held[64];
	unsigned nheld = 0;

	(void)state;
	printf("seed %u\n", seed);
	init(&t, 64, true);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned pick;

		while (enqueue(&t, next_random(&seed) % 4, 1 + next_random(&seed) % 4, &t) == 0) {
			(void)publish(&t);
			held[nheld++] = take(&t);
		}
		pick = next_random(&seed) % nheld;
		use(&t, held[pick], 1);
		held[pick] = held[--nheld];
		assert_ptr_equal(dequeue(&t), &t);
		assert_int_equal(t.vq.in_flight, nheld);
	}
	while (nheld > 0) {
		use(&t, held[--nheld], 1);
		assert_ptr_equal(dequeue(&t), &t);
	}
	assert_int_equal(t.vq.free, 64);
	assert_int_equal(t.vq.bad_index, 0);
	fini(&t);
}

static void an_id_outside_the_ring_is_counted_and_passed_over(void **state)
{
	struct fixture t;

	(void)state;
	init(&t, NUM, false);
	assert_int_equal(enqueue(&t, 0, 1, &t), 0);
	(void)publish(&t);
	use(&t, NUM, 0);
	use(&t, UINT32_MAX, 0);
	use(&t, 0x10000 | take(&t), 0);
	use(&t, 0, 7);
	assert_ptr_equal(dequeue(&t), &t);
	assert_int_equal(t.vq.bad_index, 3);
	assert_null(dequeue(&t));
	assert_int_equal(t.vq.free, NUM);
	fini(&t);
}

static void an_id_that_the_device_does_not_have_is_counted_and_passed_over(void **state)
{
	struct fixture t;
	uint16_t head;

	(void)state;
	init(&t, NUM, false);
	assert_int_equal(enqueue(&t, 0, 3, &t), 0);
	(void)publish(&t);
	head = take(&t);
	use(&t, load_le16(&t.vq.ring.desc[head].next), 0); /* the middle of the chain */
	use(&t, head, 1);
	use(&t, head, 1); /* once more */
	assert_ptr_equal(dequeue(&t), &t);
	assert_null(dequeue(&t));
	assert_int_equal(t.vq.bad_index, 2);
	assert_int_equal(t.vq.free, NUM);
	fini(&t);
}

static void a_length_beyond_the_buffer_is_counted_and_given_as_zero(void **state)
{
	struct fixture t;
	struct virtq_used used;

	(void)state;
	init(&t, NUM, false);
	assert_int_equal(enqueue(&t, 0, 1, &t), 0);
	assert_int_equal(enqueue(&t, 0, 1, &t), 0);
	(void)publish(&t);
	use(&t, take(&t), 101);
	assert_true(virtq_dequeue(&t.vq, &used));
	assert_int_equal(used.len, 0);
	assert_true(used.len_was_bad);
	assert_int_equal(t.vq.bad_len, 1);
	use(&t, take(&t), 100);
	assert_true(virtq_dequeue(&t.vq, &used));
	assert_int_equal(used.len, 100);
	assert_false(used.len_was_bad);
	fini(&t);
}

static void a_used_index_that_jumps_breaks_the_queue_for_good(void **state)
{
	struct fixture t;

	(void)state;
	init(&t, NUM, false);
	assert_int_equal(enqueue(&t, 0, 1, &t), 0);
	(void)publish(&t);
	store_le16(&t.vq.ring.used->idx, NUM + 1);
	assert_null(dequeue(&t));
	assert_true(t.vq.broken);
	assert_int_equal(t.vq.bad_index, 1);
	/* No doorbell, no work, no waiting: nothing that could make a loop. */
	store_le16(&t.vq.ring.used->idx, 1);
	assert_null(dequeue(&t));
	assert_false(virtq_has_used(&t.vq));
	assert_false(virtq_enable_intr(&t.vq, 1));
	assert_int_equal(enqueue(&t, 0, 1, &t), 0);
	assert_false(publish(&t));
	assert_int_equal(t.vq.bad_index, 1);
	fini(&t);
}

static void a_ring_full_of_lies_ends(void **state)
{
	struct fixture t;

	(void)state;
	init(&t, NUM, false);
	for (unsigned i = 0; i < NUM; i++)
		use(&t, i, 0);
	assert_null(dequeue(&t));
	assert_int_equal(t.vq.bad_index, NUM);
	assert_false(t.vq.broken);
	fini(&t);
}

static void without_event_idx_the_flag_says_whether_to_ring(void **state)
{
	struct fixture t;

	(void)state;
	init(&t, NUM, false);
	assert_int_equal(enqueue(&t, 1, 0, &t), 0);
	assert_true(publish(&t));
	store_le16(&t.vq.ring.used->flags, VRING_USED_F_NO_NOTIFY);
	assert_int_equal(enqueue(&t, 1, 0, &t), 0);
	assert_false(publish(&t));
	fini(&t);
}

/* One test for the whole batch, from the index that the device was told last. */
static void with_event_idx_a_batch_rings_if_any_of_it_was_asked_for(void **state)
{
	struct fixture t;

	(void)state;
	init(&t, 64, true);
	for (uint16_t wanted = 0; wanted < 20; wanted++) {
		uint16_t old = t.vq.avail_idx;

		for (unsigned i = 0; i < 10; i++)
			assert_int_equal(enqueue(&t, 1, 0, &t), 0);
		store_le16(&vring_avail_event(&t.vq.ring), (uint16_t)(old + wanted));
		assert_int_equal(publish(&t), wanted < 10);
		while (t.device_avail != t.vq.avail_idx) {
			use(&t, take(&t), 0);
			assert_ptr_equal(dequeue(&t), &t);
		}
	}
	fini(&t);
}

static void with_event_idx_the_doorbell_test_survives_the_wrap(void **state)
{
	struct fixture t;
	unsigned rings = 0;

	(void)state;
	init(&t, NUM, true);
	for (unsigned i = 0; i < 70000; i++) {
		/* The device sleeps after every fourth chain. */
		store_le16(&vring_avail_event(&t.vq.ring), (uint16_t)(i / 4 * 4));
		assert_int_equal(enqueue(&t, 1, 0, &t), 0);
		rings += publish(&t);
		use(&t, take(&t), 0);
		assert_ptr_equal(dequeue(&t), &t);
	}
	assert_int_equal(rings, 70000 / 4);
	fini(&t);
}

static void interrupts_are_off_at_first(void **state)
{
	struct fixture t;

	(void)state;
	init(&t, NUM, false);
	assert_int_equal(load_le16(&t.vq.ring.avail->flags), VRING_AVAIL_F_NO_INTERRUPT);
	fini(&t);
	init(&t, NUM, true);
	assert_int_equal(load_le16(&t.vq.ring.avail->flags), 0);
	assert_false(vring_need_event(load_le16(&vring_used_event(&t.vq.ring)), 1, 0));
	assert_false(vring_need_event(load_le16(&vring_used_event(&t.vq.ring)), 60000, 0));
	fini(&t);
}

static void an_interrupt_can_be_asked_for_after_several_buffers(void **state)
{
	struct fixture t;

	(void)state;
	init(&t, NUM, true);
	for (unsigned i = 0; i < NUM; i++)
		assert_int_equal(enqueue(&t, 1, 0, &t), 0);
	(void)publish(&t);
	assert_false(virtq_enable_intr(&t.vq, 3));
	assert_int_equal(load_le16(&vring_used_event(&t.vq.ring)), 2);
	use(&t, take(&t), 0);
	use(&t, take(&t), 0);
	assert_false(virtq_enable_intr(&t.vq, 3));
	use(&t, take(&t), 0);
	assert_true(virtq_enable_intr(&t.vq, 3));
	fini(&t);
}

static void what_came_before_the_request_is_reported_at_once(void **state)
{
	struct fixture t;

	(void)state;
	for (int event_idx = 0; event_idx < 2; event_idx++) {
		init(&t, NUM, event_idx);
		assert_int_equal(enqueue(&t, 1, 0, &t), 0);
		(void)publish(&t);
		assert_false(virtq_enable_intr(&t.vq, 1));
		virtq_disable_intr(&t.vq);
		use(&t, take(&t), 0);
		assert_true(virtq_enable_intr(&t.vq, 1));
		fini(&t);
	}
}

static void without_event_idx_the_flag_follows_the_requests(void **state)
{
	struct fixture t;

	(void)state;
	init(&t, NUM, false);
	assert_false(virtq_enable_intr(&t.vq, 5));
	assert_int_equal(load_le16(&t.vq.ring.avail->flags), 0);
	virtq_disable_intr(&t.vq);
	assert_int_equal(load_le16(&t.vq.ring.avail->flags), VRING_AVAIL_F_NO_INTERRUPT);
	fini(&t);
}

static void buffers_can_be_taken_back_after_a_reset(void **state)
{
	struct fixture t;
	unsigned seen = 0;

	(void)state;
	init(&t, NUM, true);
	assert_int_equal(enqueue(&t, 0, 2, &t.cookies[0]), 0);
	assert_int_equal(enqueue(&t, 0, 1, &t.cookies[1]), 0);
	(void)publish(&t);
	assert_int_equal(enqueue(&t, 0, 3, &t.cookies[2]), 0);
	for (int *cookie; (cookie = virtq_take_back(&t.vq)) != NULL;)
		seen |= 1u << (cookie - t.cookies);
	assert_int_equal(seen, 7);
	assert_int_equal(t.vq.free, NUM);
	assert_int_equal(t.vq.in_flight, 0);
	fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chain_is_written_as_readable_then_writable_descriptors),
		cmocka_unit_test(nothing_is_visible_before_it_is_published),
		cmocka_unit_test(a_full_ring_refuses_and_recovers),
		cmocka_unit_test(indices_wrap_at_65536_many_times),
		cmocka_unit_test(chains_may_come_back_in_any_order),
		cmocka_unit_test(an_id_outside_the_ring_is_counted_and_passed_over),
		cmocka_unit_test(an_id_that_the_device_does_not_have_is_counted_and_passed_over),
		cmocka_unit_test(a_length_beyond_the_buffer_is_counted_and_given_as_zero),
		cmocka_unit_test(a_used_index_that_jumps_breaks_the_queue_for_good),
		cmocka_unit_test(a_ring_full_of_lies_ends),
		cmocka_unit_test(without_event_idx_the_flag_says_whether_to_ring),
		cmocka_unit_test(with_event_idx_a_batch_rings_if_any_of_it_was_asked_for),
		cmocka_unit_test(with_event_idx_the_doorbell_test_survives_the_wrap),
		cmocka_unit_test(interrupts_are_off_at_first),
		cmocka_unit_test(an_interrupt_can_be_asked_for_after_several_buffers),
		cmocka_unit_test(what_came_before_the_request_is_reported_at_once),
		cmocka_unit_test(without_event_idx_the_flag_follows_the_requests),
		cmocka_unit_test(buffers_can_be_taken_back_after_a_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
