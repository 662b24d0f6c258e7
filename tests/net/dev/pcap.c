/* Tests of net/dev/pcap: the file's bytes, both directions, cut frames, frames offered twice. */
#include <holm/pair.h>
#include <holm/pcap.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/support/spy.h"

#define FRAMES 1500u

struct fixture {
	struct holm_pair pair;
	struct holm_pcap pcap;
	struct spy a, b;
	uint8_t file[400000];
	size_t len;
};

static struct fixture fixture;

static void write_file(void *ctx, const void *data, size_t len)
{
	struct fixture *t = ctx;

	assert_in_range(len, 1, sizeof(t->file) - t->len);
	memcpy(t->file + t->len, data, len);
	t->len += len;
}

static struct fixture *begin(uint64_t wall_offset_ns, uint32_t snap_bytes)
{
	struct fixture *t = &fixture;
	struct holm_dev_caps caps = holm_pair_default_caps();

	t->len = 0;
	holm_pair_init(&t->pair, &caps);
	holm_pcap_init(&t->pcap, &t->pair.end[0].dev, write_file, t, wall_offset_ns, snap_bytes);
	spy_init(&t->a, &t->pcap.dev, FRAMES);
	spy_init(&t->b, &t->pair.end[1].dev, 8);
	return t;
}

static void end(struct fixture *t)
{
	spy_forget(&t->a);
	spy_forget(&t->b);
	holm_net_remove_dev(t->a.net, &t->a.dev);
	holm_net_remove_dev(t->b.net, &t->b.dev);
	holm_pcap_fini(&t->pcap);
	assert_null(t->pair.end[0].dev.upper);
	holm_pair_fini(&t->pair);
	assert_int_equal(spy_free_frames(&t->a), FRAMES);
	spy_fini(&t->a);
	spy_fini(&t->b);
}

static const uint8_t file_header[24] = {
	0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0,
};

static void a_file_is_its_header_and_frames_of_both_directions(void **state)
{
	/* Wall time 0x65000000.000000005 s when the monotonic clock shows 1.5 s. */
	struct fixture *t = begin((0x65000000ull - 1) * 1000000000 - 500000000 + 5, 65535);
	static const uint8_t sent[18] = {
		0, 0, 0, 0x65, 5, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 7, 8,
	};
	static const uint8_t received[19] = {
		1, 0, 0, 0x65, 6, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 1, 2, 3,
	};

	(void)state;
	assert_int_equal(t->len, sizeof(file_header));
	assert_memory_equal(t->file, file_header, sizeof(file_header));
	holm_net_poll_devs(t->a.net, 1500000000, 10);
	assert_true(spy_send(&t->a, spy_frame(&t->a, 2, 7)));
	assert_int_equal(t->len, 24 + 18);
	assert_memory_equal(t->file + 24, sent, sizeof(sent));
	assert_true(spy_send(&t->b, spy_frame(&t->b, 3, 1)));
	holm_net_poll_devs(t->a.net, 2500000001, 10);
	assert_int_equal(t->len, 24 + 18 + 19);
	assert_memory_equal(t->file + 42, received, sizeof(received));
	assert_int_equal(t->a.ngot, 1);
	holm_net_poll_devs(t->b.net, 2500000001, 10);
	assert_int_equal(t->b.ngot, 1);
	end(t);
}

static void long_frames_are_cut_in_the_file_alone(void **state)
{
	struct fixture *t = begin(0, 64);

	(void)state;
	assert_int_equal(t->file[16], 64);
	assert_true(spy_send(&t->a, spy_frame(&t->a, 1000, 0)));
	assert_int_equal(t->len, 24 + 16 + 64);
	assert_int_equal(t->file[24 + 8], 64);
	assert_memory_equal(t->file + 24 + 12, "\xe8\x03\0\0", 4);
	holm_net_poll_devs(t->b.net, 1, 10);
	assert_int_equal(t->b.got[0]->len, 1000);
	end(t);
}

static void segments_are_written_one_behind_the_other(void **state)
{
	struct fixture *t = begin(0, 25);
	struct holm_frame *head = spy_frame(&t->a, 10, 0);
	struct holm_frame *body = spy_frame(&t->a, 100, 10);

	(void)state;
	assert_true(holm_frame_append(head, &body->home, holm_frame_data(body), 10));
	assert_true(holm_frame_append(head, &body->home, holm_frame_data(body) + 10, 90));
	holm_frame_free(body);
	assert_true(spy_send(&t->a, head));
	assert_int_equal(t->len, 24 + 16 + 25);
	for (size_t i = 0; i < 25; i++)
		assert_int_equal(t->file[40 + i], i);
	end(t);
}

static void a_refused_frame_is_in_the_file_once(void **state)
{
	struct fixture *t = begin(0, 65535);
	struct holm_frame *frames[HOLM_PAIR_QUEUE + 10];
	size_t full = 24 + HOLM_PAIR_QUEUE * (16 + 60);
	size_t n = HOLM_PAIR_QUEUE + 10;

	(void)state;
	for (size_t i = 0; i < n; i++)
		frames[i] = spy_frame(&t->a, 60, (uint8_t)i);
	assert_int_equal(holm_dev_tx(&t->pcap.dev, frames, n), HOLM_PAIR_QUEUE);
	assert_int_equal(t->len, full + 10 * 76);
	/* The instance offers the rest again, first a part of it. */
	assert_int_equal(holm_dev_tx(&t->pcap.dev, frames + HOLM_PAIR_QUEUE, 9), 0);
	assert_int_equal(holm_dev_tx(&t->pcap.dev, frames + HOLM_PAIR_QUEUE, 10), 0);
	assert_int_equal(t->len, full + 10 * 76);
	holm_net_poll_devs(t->b.net, 1, 10000);
	assert_int_equal(holm_dev_tx(&t->pcap.dev, frames + HOLM_PAIR_QUEUE, 10), 10);
	assert_int_equal(t->len, full + 10 * 76);
	assert_true(spy_send(&t->a, spy_frame(&t->a, 60, 0)));
	assert_int_equal(t->len, full + 11 * 76);
	end(t);
}

static void everything_else_passes_through_to_the_device_below(void **state)
{
	struct fixture *t = begin(0, 65535);

	(void)state;
	assert_ptr_equal(t->pcap.lower->net, t->a.net);
	assert_memory_equal(&t->pcap.dev.mac, &t->pcap.lower->mac, 6);
	assert_string_equal(t->pcap.dev.name, t->pcap.lower->name);
	assert_int_equal(t->pcap.dev.caps.mtu, 1500);
	assert_int_equal(holm_dev_next_deadline(&t->pcap.dev), UINT64_MAX);
	assert_true(spy_send(&t->b, spy_frame(&t->b, 60, 0)));
	assert_int_equal(holm_dev_next_deadline(&t->pcap.dev), 0);
	end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_its_header_and_frames_of_both_directions),
		cmocka_unit_test(long_frames_are_cut_in_the_file_alone),
		cmocka_unit_test(segments_are_written_one_behind_the_other),
		cmocka_unit_test(a_refused_frame_is_in_the_file_once),
		cmocka_unit_test(everything_else_passes_through_to_the_device_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
