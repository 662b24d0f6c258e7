/* Tests of net/dev/pair: order, ownership, back-pressure, what metadata crosses. */
#include <holm/pair.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/support/spy.h"

#define FRAMES 2000u

/* Two instances, the pair between them. */
struct fixture {
	struct holm_pair pair;
	struct spy a, b;
};

static struct fixture fixture;

static int set_up(void **state)
{
	struct fixture *t = &fixture;
	struct holm_dev_caps caps = holm_pair_default_caps();

	holm_pair_init(&t->pair, &caps);
	spy_init(&t->a, &t->pair.end[0].dev, FRAMES);
	spy_init(&t->b, &t->pair.end[1].dev, FRAMES);
	*state = t;
	return 0;
}

/* Every frame must have come back to the pool that it is from. */
static int tear_down(void **state)
{
	struct fixture *t = *state;

	spy_forget(&t->a);
	spy_forget(&t->b);
	holm_net_remove_dev(t->a.net, &t->a.dev);
	holm_net_remove_dev(t->b.net, &t->b.dev);
	holm_pair_fini(&t->pair);
	assert_int_equal(spy_free_frames(&t->a), FRAMES);
	assert_int_equal(spy_free_frames(&t->b), FRAMES);
	spy_fini(&t->a);
	spy_fini(&t->b);
	return 0;
}

static void the_ends_are_plain_ethernet_devices(void **state)
{
	struct fixture *t = *state;
	const struct holm_dev *dev = &t->pair.end[1].dev;

	assert_memory_equal(&t->pair.end[0].dev.mac, "\x02\0\0\0\0\x01", 6);
	assert_memory_equal(&dev->mac, "\x02\0\0\0\0\x02", 6);
	assert_int_equal(dev->caps.mtu, 1500);
	assert_int_equal(dev->caps.segs_max, 1);
	assert_int_equal(dev->caps.features, 0);
	assert_true(dev->link_up);
}

static void frames_cross_by_pointer_and_in_order(void **state)
{
	struct fixture *t = *state;
	struct holm_frame *sent[100];

	for (size_t i = 0; i < 100; i++)
		sent[i] = spy_frame(&t->a, 60 + i, (uint8_t)i);
	assert_int_equal(holm_dev_tx(t->a.lower, sent, 100), 100);
	assert_int_equal(t->b.ngot, 0);
	assert_false(holm_net_poll_devs(t->b.net, 77, 1000));
	assert_int_equal(t->b.ngot, 100);
	for (size_t i = 0; i < 100; i++) {
		assert_ptr_equal(t->b.got[i], sent[i]);
		assert_int_equal(t->b.got_at[i], 77);
	}
	assert_int_equal(t->b.batch_max, 100);
	assert_int_equal(t->b.lower->stats.rx_frames, 100);
	assert_int_equal(t->b.lower->stats.rx_bytes, 60 * 100 + 99 * 50);
	assert_int_equal(t->a.lower->stats.tx_bytes, t->b.lower->stats.rx_bytes);
	assert_int_equal(t->a.lower->stats.tx_doorbells, 1);
}

static void a_budget_bounds_what_one_poll_delivers(void **state)
{
	struct fixture *t = *state;

	for (int i = 0; i < 50; i++)
		assert_true(spy_send(&t->a, spy_frame(&t->a, 60, 0)));
	assert_int_equal(holm_net_next_deadline(t->b.net), 0);
	assert_true(holm_net_poll_devs(t->b.net, 1, 40));
	assert_int_equal(t->b.ngot, 40);
	assert_false(holm_net_poll_devs(t->b.net, 1, 40));
	assert_int_equal(t->b.ngot, 50);
	assert_int_equal(holm_dev_next_deadline(t->b.lower), UINT64_MAX);
}

static void a_full_queue_takes_no_more_until_the_other_end_polls(void **state)
{
	struct fixture *t = *state;
	struct holm_frame *frames[HOLM_PAIR_QUEUE + 5];

	for (size_t i = 0; i < HOLM_PAIR_QUEUE + 5; i++)
		frames[i] = spy_frame(&t->a, 60, 0);
	assert_int_equal(holm_dev_tx(t->a.lower, frames, HOLM_PAIR_QUEUE + 5), HOLM_PAIR_QUEUE);
	assert_true(t->pair.end[1].in.call);
	assert_int_equal(holm_dev_tx(t->a.lower, &frames[HOLM_PAIR_QUEUE], 5), 0);
	assert_true(holm_net_poll_devs(t->b.net, 1, 1));
	assert_false(t->pair.end[1].in.call);
	assert_int_equal(holm_dev_tx(t->a.lower, &frames[HOLM_PAIR_QUEUE], 5), 1);
	holm_net_poll_devs(t->b.net, 1, 10000);
	assert_int_equal(t->b.ngot, HOLM_PAIR_QUEUE + 1);
	holm_frame_free_batch(&frames[HOLM_PAIR_QUEUE + 1], 4);
}

static void the_queue_keeps_order_when_it_is_closed_up(void **state)
{
	struct fixture *t = *state;
	uint32_t sent = 0, seen = 0;

	for (int round = 0; round < 60; round++) {
		struct holm_frame *frames[97];

		for (size_t i = 0; i < 97; i++) {
			frames[i] = spy_frame(&t->a, 64, 0);
			memcpy(holm_frame_data(frames[i]), &sent, sizeof(sent));
			sent++;
		}
		assert_int_equal(holm_dev_tx(t->a.lower, frames, 97), 97);
		holm_net_poll_devs(t->b.net, 1, round % 2 ? 200 : 50);
		for (size_t i = 0; i < t->b.ngot; i++, seen++)
			assert_memory_equal(holm_frame_data(t->b.got[i]), &seen, sizeof(seen));
		spy_forget(&t->b);
	}
	assert_in_range(seen, 97 * 58, 97 * 60);
}

static void lent_bytes_are_marked_on_the_other_side_and_a_copy_only_for_who_keeps_them(void **state)
{
	struct fixture *t = *state;
	struct holm_frame *plain = spy_frame(&t->a, 60, 1);
	struct holm_frame *lent = spy_frame(&t->a, 900, 2);
	struct holm_frame *frames[] = { plain, lent };
	struct holm_frame *kept;

	lent->flags = HOLM_FRAME_LENT | HOLM_FRAME_BROADCAST;
	assert_int_equal(holm_dev_tx(t->a.lower, frames, 2), 2);
	holm_net_poll_devs(t->b.net, 1, 10);
	assert_int_equal(t->b.ngot, 2);
	assert_ptr_equal(t->b.got[0], plain);
	assert_ptr_equal(t->b.got[1], lent);
	assert_int_equal(lent->flags, HOLM_FRAME_LENT);
	kept = holm_frame_clone(holm_net_pool(t->b.net), lent);
	spy_forget(&t->b);
	assert_int_equal(spy_free_frames(&t->a), FRAMES);
	assert_int_equal(kept->len, 900);
	for (size_t i = 0; i < 900; i++)
		assert_int_equal(holm_frame_data(kept)[i], (uint8_t)(2 + i));
	holm_frame_free(kept);
}

static void what_a_frame_was_for_its_sender_does_not_cross(void **state)
{
	struct fixture *t = *state;
	struct holm_frame *super = spy_frame(&t->a, 1000, 0);
	struct holm_frame *plain = spy_frame(&t->a, 60, 0);

	super->csum = HOLM_CSUM_PARTIAL;
	super->gso = HOLM_GSO_TCP4;
	super->gso_size = 400;
	super->flags = HOLM_FRAME_BROADCAST;
	assert_true(spy_send(&t->a, super));
	assert_true(spy_send(&t->a, plain));
	holm_net_poll_devs(t->b.net, 1, 10);
	assert_int_equal(super->csum, HOLM_CSUM_VERIFIED);
	assert_int_equal(super->gso, HOLM_GSO_TCP4);
	assert_int_equal(super->gso_size, 400);
	assert_int_equal(super->flags, 0);
	assert_int_equal(plain->csum, HOLM_CSUM_NONE);
}

static void detaching_frees_what_was_on_its_way_here(void **state)
{
	struct fixture *t = *state;

	for (int i = 0; i < 10; i++)
		assert_true(spy_send(&t->a, spy_frame(&t->a, 60, 0)));
	holm_net_remove_dev(t->b.net, &t->b.dev);
	assert_int_equal(spy_free_frames(&t->a), FRAMES);
	assert_int_equal(holm_net_add_dev(t->b.net, &t->b.dev), 1);
	assert_true(t->b.lower->link_up);
	assert_true(spy_send(&t->a, spy_frame(&t->a, 60, 0)));
	holm_net_poll_devs(t->b.net, 1, 10);
	assert_int_equal(t->b.ngot, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_ends_are_plain_ethernet_devices),
		TEST(frames_cross_by_pointer_and_in_order),
		TEST(a_budget_bounds_what_one_poll_delivers),
		TEST(a_full_queue_takes_no_more_until_the_other_end_polls),
		TEST(the_queue_keeps_order_when_it_is_closed_up),
		TEST(lent_bytes_are_marked_on_the_other_side_and_a_copy_only_for_who_keeps_them),
		TEST(what_a_frame_was_for_its_sender_does_not_cross),
		TEST(detaching_frees_what_was_on_its_way_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
