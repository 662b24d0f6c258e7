/* Tests of net/dev/impair: each fate alone, time, rate, order, repeatability, ownership. */
#include <holm/impair.h>
#include <holm/pair.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/support/spy.h"

#define FRAMES 2000u
#define MS 1000000u

/* Instance a sends through the impairment, instance b receives. */
struct fixture {
	struct holm_pair pair;
	struct holm_impair im;
	struct spy a, b;
};

static struct fixture fixture;

static struct fixture *begin(const struct holm_impair_config *config)
{
	struct fixture *t = &fixture;
	struct holm_dev_caps caps = holm_pair_default_caps();

	holm_pair_init(&t->pair, &caps);
	holm_impair_init(&t->im, &t->pair.end[0].dev, NULL, config);
	spy_init(&t->a, &t->im.dev, FRAMES);
	spy_init(&t->b, &t->pair.end[1].dev, 8);
	t->im.pool = holm_net_pool(t->a.net);
	return t;
}

static void end(struct fixture *t)
{
	spy_forget(&t->a);
	spy_forget(&t->b);
	holm_net_remove_dev(t->a.net, &t->a.dev);
	holm_net_remove_dev(t->b.net, &t->b.dev);
	holm_impair_fini(&t->im);
	holm_pair_fini(&t->pair);
	assert_int_equal(spy_free_frames(&t->a), FRAMES);
	assert_int_equal(spy_free_frames(&t->b), 8);
	spy_fini(&t->a);
	spy_fini(&t->b);
}

/* One round at a time: the impairment releases, the other end receives. */
static void pass_time(struct fixture *t, uint64_t now)
{
	holm_net_poll_devs(t->a.net, now, 10000);
	holm_net_poll_devs(t->b.net, now, 10000);
}

/* `n` frames of 100 bytes whose first two bytes count from 0. */
static void send_numbered(struct fixture *t, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct holm_frame *f = spy_frame(&t->a, 100, 0);

		holm_frame_data(f)[0] = (uint8_t)(i >> 8);
		holm_frame_data(f)[1] = (uint8_t)i;
		assert_true(spy_send(&t->a, f));
	}
}

static unsigned number_of(const struct holm_frame *f)
{
	return (unsigned)holm_frame_data(f)[0] << 8 | holm_frame_data(f)[1];
}

static void with_everything_off_frames_pass_at_once(void **state)
{
	struct holm_impair_config c = { .seed = 1, .queue_frames = 10 };
	struct fixture *t = begin(&c);

	(void)state;
	send_numbered(t, 100);
	holm_net_poll_devs(t->b.net, 0, 1000);
	assert_int_equal(t->b.ngot, 100);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(number_of(t->b.got[i]), i);
	assert_int_equal(t->im.stats.passed, 100);
	assert_int_equal(t->im.stats.dropped, 0);
	end(t);
}

static void a_share_of_the_frames_is_lost(void **state)
{
	struct holm_impair_config c = { .seed = 2, .drop_ppm = 100000, .queue_frames = 100 };
	struct fixture *t = begin(&c);

	(void)state;
	send_numbered(t, 1000);
	pass_time(t, 1);
	assert_in_range(t->im.stats.dropped, 60, 140);
	assert_int_equal(t->b.ngot, 1000 - t->im.stats.dropped);
	for (size_t i = 1; i < t->b.ngot; i++)
		assert_true(number_of(t->b.got[i]) > number_of(t->b.got[i - 1]));
	end(t);
}

/* An IPv4 header with this TOS and a checksum of ones' complement zero. */
static struct holm_frame *ip4_frame(struct fixture *t, uint8_t tos)
{
	struct holm_frame *f = spy_frame(&t->a, 100, 0);
	uint8_t *p = holm_frame_data(f);
	uint32_t sum = 0;

	memset(p, 0, 100);
	p[12] = 8;
	p[14] = 0x45;
	p[15] = tos;
	p[17] = 86;
	p[22] = 64;
	for (unsigned i = 14; i < 34; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	sum = ~((sum & 0xffff) + (sum >> 16));
	p[24] = (uint8_t)(sum >> 8);
	p[25] = (uint8_t)sum;
	return f;
}

static void what_knows_of_ecn_is_marked_and_its_checksum_holds(void **state)
{
	struct holm_impair_config c = { .seed = 3, .mark_ppm = 1000000, .queue_frames = 10 };
	struct fixture *t = begin(&c);
	static const uint8_t tos[] = { 0, 1, 2, 3, 0x28 | 2, 0x28 };

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		assert_true(spy_send(&t->a, ip4_frame(t, tos[i])));
	pass_time(t, 1);
	assert_int_equal(t->b.ngot, 6);
	for (unsigned i = 0; i < 6; i++) {
		const uint8_t *p = holm_frame_data(t->b.got[i]);
		uint32_t sum = 0;

		assert_int_equal(p[15], tos[i] & 3 ? tos[i] | 3 : tos[i]);
		for (unsigned k = 14; k < 34; k += 2)
			sum += (uint32_t)p[k] << 8 | p[k + 1];
		assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
	}
	assert_int_equal(t->im.stats.marked, 4);
	end(t);
}

static void certainty_and_impossibility_are_exact(void **state)
{
	struct holm_impair_config c = { .seed = 3, .drop_ppm = 1000000, .queue_frames = 100 };
	struct fixture *t = begin(&c);

	(void)state;
	send_numbered(t, 500);
	pass_time(t, 1);
	assert_int_equal(t->b.ngot, 0);
	assert_int_equal(t->im.stats.dropped, 500);
	end(t);
}

static void duplicates_follow_their_originals(void **state)
{
	struct holm_impair_config c = { .seed = 4, .duplicate_ppm = 1000000, .queue_frames = 100 };
	struct fixture *t = begin(&c);

	(void)state;
	send_numbered(t, 50);
	pass_time(t, 1);
	assert_int_equal(t->b.ngot, 100);
	for (size_t i = 0; i < 100; i++) {
		assert_int_equal(number_of(t->b.got[i]), i / 2);
		assert_int_equal(t->b.got[i]->len, 100);
	}
	assert_ptr_not_equal(holm_frame_data(t->b.got[0]), holm_frame_data(t->b.got[1]));
	assert_int_equal(t->im.stats.duplicated, 50);
	end(t);
}

static void corruption_flips_one_bit_of_a_copy(void **state)
{
	struct holm_impair_config c = { .seed = 5, .corrupt_ppm = 1000000, .queue_frames = 300 };
	struct fixture *t = begin(&c);
	struct holm_frame *original = spy_frame(&t->a, 100, 0);
	uint8_t seen[100] = { 0 };
	size_t touched = 0;

	(void)state;
	for (int i = 0; i < 200; i++)
		assert_true(spy_send(&t->a, holm_frame_clone(holm_net_pool(t->a.net), original)));
	pass_time(t, 1);
	assert_int_equal(t->b.ngot, 200);
	for (size_t k = 0; k < 200; k++) {
		unsigned flipped = 0;

		for (size_t i = 0; i < 100; i++) {
			uint8_t x = (uint8_t)(holm_frame_data(t->b.got[k])[i] ^ (uint8_t)i);

			seen[i] |= x;
			for (; x; x &= (uint8_t)(x - 1))
				flipped++;
		}
		assert_int_equal(flipped, 1);
	}
	for (size_t i = 0; i < 100; i++) {
		assert_int_equal(holm_frame_data(original)[i], i);
		touched += seen[i] != 0;
	}
	assert_in_range(touched, 60, 100); /* all over the frame */
	holm_frame_free(original);
	end(t);
}

static void delayed_frames_arrive_when_they_are_due_and_not_before(void **state)
{
	struct holm_impair_config c = { .seed = 6, .delay_ns = 5 * MS, .queue_frames = 100 };
	struct fixture *t = begin(&c);

	(void)state;
	pass_time(t, 10 * MS);
	send_numbered(t, 3);
	assert_int_equal(holm_dev_next_deadline(&t->im.dev), 15 * MS);
	pass_time(t, 15 * MS - 1);
	assert_int_equal(t->b.ngot, 0);
	pass_time(t, 15 * MS);
	assert_int_equal(t->b.ngot, 3);
	assert_int_equal(holm_dev_next_deadline(&t->im.dev), UINT64_MAX);
	end(t);
}

static void jitter_spreads_arrivals_but_keeps_their_order(void **state)
{
	struct holm_impair_config c = {
		.seed = 7, .delay_ns = 5 * MS, .jitter_ns = 10 * MS, .queue_frames = 1000
	};
	struct fixture *t = begin(&c);
	size_t waits = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		struct holm_frame *f = spy_frame(&t->a, 100, (uint8_t)i);

		pass_time(t, i * MS);
		assert_true(spy_send(&t->a, f));
	}
	for (uint64_t now = 99 * MS; t->b.ngot < 100; now += MS / 4)
		pass_time(t, now);
	for (size_t i = 0; i < 100; i++) {
		uint64_t delay = t->b.got_at[i] - i * MS;

		assert_int_equal(holm_frame_data(t->b.got[i])[0], i);
		if (i < 80)
			assert_in_range(delay, 5 * MS, 16 * MS);
		waits += delay > 7 * MS;
	}
	assert_in_range(waits, 20, 100);
	end(t);
}

static void reordered_frames_overtake_those_that_wait(void **state)
{
	struct holm_impair_config c = {
		.seed = 8, .delay_ns = 5 * MS, .reorder_ppm = 200000, .queue_frames = 1000
	};
	struct fixture *t = begin(&c);
	size_t early;

	(void)state;
	send_numbered(t, 200);
	pass_time(t, 1);
	early = t->b.ngot;
	assert_in_range(early, 20, 70);
	assert_int_equal(t->im.stats.reordered, early);
	pass_time(t, 5 * MS + 1);
	assert_int_equal(t->b.ngot, 200);
	for (size_t i = 1; i < 200; i++)
		if (i != early)
			assert_true(number_of(t->b.got[i]) > number_of(t->b.got[i - 1]));
	end(t);
}

static void a_rate_spaces_frames_by_their_length(void **state)
{
	/* 100 bytes at 100 000 bytes a second take a millisecond. */
	struct holm_impair_config c = { .seed = 9,
					.rate_bytes_per_s = 100000,
					.queue_frames = 100 };
	struct fixture *t = begin(&c);

	(void)state;
	send_numbered(t, 10);
	for (unsigned ms = 1; ms <= 10; ms++) {
		pass_time(t, ms * MS - 1);
		assert_int_equal(t->b.ngot, ms - 1);
		pass_time(t, ms * MS);
		assert_int_equal(t->b.ngot, ms);
	}
	pass_time(t, 500 * MS); /* an idle line saves nothing up */
	send_numbered(t, 2);
	pass_time(t, 501 * MS);
	assert_int_equal(t->b.ngot, 11);
	end(t);
}

static void a_full_queue_sheds_and_counts(void **state)
{
	struct holm_impair_config c = { .seed = 10, .delay_ns = MS, .queue_frames = 7 };
	struct fixture *t = begin(&c);

	(void)state;
	send_numbered(t, 20);
	assert_int_equal(t->im.stats.overflowed, 13);
	pass_time(t, MS);
	assert_int_equal(t->b.ngot, 7);
	end(t);
}

static void what_the_lower_device_refuses_is_offered_again_in_order(void **state)
{
	struct holm_impair_config c = { .seed = 11, .delay_ns = MS, .queue_frames = 1024 };
	struct fixture *t = begin(&c);

	(void)state;
	for (int i = 0; i < 1000; i++) /* straight into the pair, past the impairment */
		assert_true(holm_dev_tx(t->im.lower,
					&(struct holm_frame *){ spy_frame(&t->a, 60, 0) }, 1) == 1);
	send_numbered(t, 100);
	holm_net_poll_devs(t->a.net, MS, 100);
	assert_int_equal(t->im.stats.passed, HOLM_PAIR_QUEUE - 1000);
	assert_int_equal(holm_dev_next_deadline(&t->im.dev), 2 * MS); /* it tries again */
	holm_net_poll_devs(t->b.net, MS, 10000);
	pass_time(t, 2 * MS);
	assert_int_equal(t->b.ngot, 1100);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(number_of(t->b.got[1000 + i]), i);
	end(t);
}

/* What becomes of 300 frames: the numbers and times of those that arrive, mixed into one. */
static uint64_t fates(uint64_t seed)
{
	struct holm_impair_config c = {
		.seed = seed,
		.drop_ppm = 100000,
		.duplicate_ppm = 50000,
		.reorder_ppm = 50000,
		.corrupt_ppm = 50000,
		.delay_ns = 2 * MS,
		.jitter_ns = 3 * MS,
		.rate_bytes_per_s = 10000000,
		.queue_frames = 1000,
	};
	struct fixture *t = begin(&c);
	uint64_t mixed = 0;

	send_numbered(t, 300);
	for (uint64_t now = 0; now < 50 * MS; now += MS / 10)
		pass_time(t, now);
	for (size_t i = 0; i < t->b.ngot; i++) {
		mixed = (mixed ^ t->b.got_at[i]) * 0x100000001b3u;
		for (size_t at = 0; at < t->b.got[i]->len; at++)
			mixed = (mixed ^ holm_frame_data(t->b.got[i])[at]) * 0x100000001b3u;
	}
	end(t);
	return mixed;
}

/* The constant is what this machine once computed: every machine must compute it. */
static void the_same_seed_gives_the_same_fates_everywhere(void **state)
{
	(void)state;
	assert_true(fates(1) == fates(1));
	assert_true(fates(1) != fates(2));
	assert_true(fates(12345) == 0xc286b9768bb827ffu);
}

static void it_offers_what_the_lower_device_offers_less_what_would_hide_damage(void **state)
{
	struct holm_dev_caps caps = holm_pair_default_caps();
	struct holm_impair_config c = { .queue_frames = 1 };
	struct fixture *t = &fixture;

	(void)state;
	caps.features = HOLM_DEV_TX_CSUM | HOLM_DEV_RX_CSUM | HOLM_DEV_TSO4 | HOLM_DEV_NO_CSUM;
	caps.gso_max = 65536;
	caps.mtu = 9000;
	holm_pair_init(&t->pair, &caps);
	holm_impair_init(&t->im, &t->pair.end[0].dev, NULL, &c);
	assert_int_equal(t->im.dev.caps.features,
			 HOLM_DEV_TX_CSUM | HOLM_DEV_RX_CSUM | HOLM_DEV_NO_CSUM);
	assert_int_equal(t->im.dev.caps.gso_max, 0);
	assert_int_equal(t->im.dev.caps.mtu, 9000);
	c.corrupt_ppm = 1;
	holm_impair_init(&t->im, &t->pair.end[0].dev, NULL, &c);
	assert_int_equal(t->im.dev.caps.features, HOLM_DEV_RX_CSUM);
	assert_ptr_equal(t->pair.end[0].dev.upper, &t->im.dev);
	holm_impair_fini(&t->im);
	assert_null(t->pair.end[0].dev.upper);
}

static void received_frames_and_link_changes_pass_up_unchanged(void **state)
{
	struct holm_impair_config c = { .seed = 12, .drop_ppm = 1000000, .queue_frames = 10 };
	struct fixture *t = begin(&c);
	struct holm_frame *f = spy_frame(&t->b, 60, 9);

	(void)state;
	assert_true(spy_send(&t->b, f));
	holm_net_poll_devs(t->a.net, 3, 10);
	assert_int_equal(t->a.ngot, 1);
	assert_ptr_equal(t->a.got[0], f);
	t->im.lower->link_up = false;
	t->im.lower->caps.mtu = 1400;
	holm_net_link_changed(t->im.lower->net, t->im.lower);
	assert_false(t->a.dev.link_up);
	assert_int_equal(t->a.dev.caps.mtu, 1400);
	end(t);
}

static void a_line_with_a_full_buffer_sheds_and_counts(void **state)
{
	/* A millisecond for each frame of 100 bytes; one on the line and four waiting fit. */
	struct holm_impair_config c = {
		.seed = 13, .rate_bytes_per_s = 100000, .line_bytes = 500, .queue_frames = 1000
	};
	struct fixture *t = begin(&c);

	(void)state;
	pass_time(t, MS);
	send_numbered(t, 20);
	assert_int_equal(t->im.stats.overflowed, 15);
	pass_time(t, 3 * MS);
	send_numbered(t, 20);
	assert_int_equal(t->im.stats.overflowed, 15 + 18);
	pass_time(t, 100 * MS);
	assert_int_equal(t->b.ngot, 7);
	end(t);
}

/* Frames of b that come in at a, where they are impaired. */
static void receive_numbered(struct fixture *t, unsigned n, uint64_t now)
{
	for (unsigned i = 0; i < n; i++) {
		struct holm_frame *f = spy_frame(&t->b, 100, 0);

		holm_frame_data(f)[0] = (uint8_t)(i >> 8);
		holm_frame_data(f)[1] = (uint8_t)i;
		assert_true(spy_send(&t->b, f));
	}
	holm_net_poll_devs(t->a.net, now, 10000);
}

static void an_inbound_impairment_delays_what_comes_in_and_nothing_else(void **state)
{
	struct holm_impair_config c = {
		.seed = 14, .delay_ns = 5 * MS, .queue_frames = 100, .inbound = true
	};
	struct fixture *t = begin(&c);

	(void)state;
	pass_time(t, MS);
	send_numbered(t, 3);
	pass_time(t, MS);
	assert_int_equal(t->b.ngot, 3);
	spy_forget(&t->b);
	receive_numbered(t, 4, 2 * MS);
	assert_int_equal(t->a.ngot, 0);
	assert_int_equal(holm_net_next_deadline(t->a.net), 7 * MS);
	pass_time(t, 7 * MS - 1);
	assert_int_equal(t->a.ngot, 0);
	pass_time(t, 7 * MS);
	assert_int_equal(t->a.ngot, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(number_of(t->a.got[i]), i);
	end(t);
}

static void an_inbound_impairment_without_delay_hands_on_at_once(void **state)
{
	struct holm_impair_config c = { .seed = 15, .queue_frames = 100, .inbound = true };
	struct fixture *t = begin(&c);

	(void)state;
	receive_numbered(t, 8, MS);
	assert_int_equal(t->a.ngot, 8);
	end(t);
}

static void an_inbound_impairment_loses_and_doubles_by_its_seed(void **state)
{
	struct holm_impair_config c = {
		.seed = 16,
		.drop_ppm = 250000,
		.duplicate_ppm = 250000,
		.queue_frames = 1000,
		.inbound = true,
	};
	struct fixture *t = begin(&c);
	uint64_t got = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		receive_numbered(t, 8, (i + 1) * MS);
		pass_time(t, (i + 1) * MS);
		got += t->a.ngot;
		spy_forget(&t->a);
	}
	assert_int_equal(got, 800 - t->im.stats.dropped + t->im.stats.duplicated);
	assert_in_range(t->im.stats.dropped, 150, 250);
	assert_in_range(t->im.stats.duplicated, 100, 200);
	end(t);
}

static void a_frame_damaged_on_its_way_in_counts_as_unverified(void **state)
{
	struct holm_impair_config c = {
		.seed = 17, .corrupt_ppm = 1000000, .queue_frames = 10, .inbound = true
	};
	struct fixture *t = begin(&c);
	struct holm_frame *f = spy_frame(&t->b, 60, 9);

	(void)state;
	f->csum = HOLM_CSUM_PARTIAL;
	assert_true(spy_send(&t->b, f));
	holm_net_poll_devs(t->a.net, 3, 10);
	assert_int_equal(t->a.ngot, 1);
	assert_int_equal(t->a.got[0]->csum, HOLM_CSUM_NONE);
	assert_int_equal(t->im.stats.corrupted, 1);
	end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_everything_off_frames_pass_at_once),
		cmocka_unit_test(a_share_of_the_frames_is_lost),
		cmocka_unit_test(what_knows_of_ecn_is_marked_and_its_checksum_holds),
		cmocka_unit_test(certainty_and_impossibility_are_exact),
		cmocka_unit_test(duplicates_follow_their_originals),
		cmocka_unit_test(corruption_flips_one_bit_of_a_copy),
		cmocka_unit_test(delayed_frames_arrive_when_they_are_due_and_not_before),
		cmocka_unit_test(jitter_spreads_arrivals_but_keeps_their_order),
		cmocka_unit_test(reordered_frames_overtake_those_that_wait),
		cmocka_unit_test(a_rate_spaces_frames_by_their_length),
		cmocka_unit_test(a_full_queue_sheds_and_counts),
		cmocka_unit_test(what_the_lower_device_refuses_is_offered_again_in_order),
		cmocka_unit_test(the_same_seed_gives_the_same_fates_everywhere),
		cmocka_unit_test(
			it_offers_what_the_lower_device_offers_less_what_would_hide_damage),
		cmocka_unit_test(received_frames_and_link_changes_pass_up_unchanged),
		cmocka_unit_test(a_line_with_a_full_buffer_sheds_and_counts),
		cmocka_unit_test(an_inbound_impairment_delays_what_comes_in_and_nothing_else),
		cmocka_unit_test(an_inbound_impairment_without_delay_hands_on_at_once),
		cmocka_unit_test(an_inbound_impairment_loses_and_doubles_by_its_seed),
		cmocka_unit_test(a_frame_damaged_on_its_way_in_counts_as_unverified),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
