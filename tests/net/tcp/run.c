/*
 * More than one segment at once: runs that software cuts, super-frames.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/wire/eth.h"
#include "net/wire/ip4.h"
#include "tests/support/tcp_fixture.h"

/* What leaves of a message of several segments by a device with these features, that gathers or not. */
static void send_message(struct tcp_fixture *t, uint32_t features, bool gathers, bool timestamps)
{
	established(t, .nodelay = true, .features = features, .peer_ts = timestamps,
		    .segs_max = gathers ? HOLM_FRAME_SEGS_INLINE : 1);
	rx(t, .len = 3);
	t->peer_nxt = 4;
	fixture_skip(t);
	fixture_write(t, 7500);
	assert_int_equal(t->lab.nsent - t->cursor, 8);
	assert_int_equal(t->t->flight->lend != NULL, gathers);
}

static void a_run_that_is_cut_at_once_is_what_a_super_frame_is_cut_into(void **state)
{
	struct tcp_fixture cut, super;

	(void)state;
	for (unsigned way = 0; way < 4; way++) {
		uint32_t features = way & 1 ? HOLM_DEV_TX_CSUM : 0;

		send_message(&cut, features, false, way & 2);
		send_message(&super, features, true, way & 2);
		for (size_t i = 0; i < 8; i++) {
			const struct lab_sent *a = &cut.lab.sent[cut.cursor + i];
			const struct lab_sent *b = &super.lab.sent[super.cursor + i];

			assert_int_equal(a->len, b->len);
			assert_memory_equal(a->data, b->data, a->len);
			assert_int_equal(a->csum, b->csum);
			assert_int_equal(a->csum_start, b->csum_start);
			assert_int_equal(a->csum_off, b->csum_off);
		}
		fixture_skip(&cut);
		fixture_skip(&super);
		finish(&cut);
		finish(&super);
	}
}

static void a_device_that_segments_gets_one_super_frame(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .nodelay = true, .features = HOLM_DEV_TX_CSUM | HOLM_DEV_TSO4,
		    .segs_max = 16);
	fixture_write(&t, 9500);
	assert_int_equal(holm_net_counter(t.lab.net, HOLM_COUNT_TCP_GSO_CUT), 0);
	assert_int_equal(t.lab.nsent - t.cursor, 1);
	assert_int_equal(t.lab.sent[t.cursor].len, 54 + 9500);
	fixture_skip(&t);
	/* The device is done with it at once: what is acknowledged is forgotten. */
	t.peer_seen = 9501;
	rx(&t);
	assert_int_equal(holm_sndbuf_queued(&t.snd.base), 0);
	finish(&t);
}

/*
 * Messages of several segments for a device that takes super-frames of three and a rest, in as many pieces
 * as it says: the first while cwnd is less than twice that, the others in calm.
 */
static void send_supers(struct tcp_fixture *t, uint16_t segs_max, bool timestamps)
{
	established(t, .nodelay = true, .features = HOLM_DEV_TX_CSUM | HOLM_DEV_TSO4,
		    .peer_ts = timestamps, .segs_max = segs_max);
	t->lab.dev.caps.gso_max = 3000 + TCP_HDR_MAX + 60 + 999;
	rx(t, .len = 3);
	t->peer_nxt = 4;
	fixture_skip(t);
	fixture_write(t, 7500);
	t->peer_seen = 7501;
	rx(t);
	fixture_write(t, 4500);
	t->peer_seen = 12001;
	rx(t);
	fixture_write(t, 3999);
}

static void expect_same_frame(const struct lab_sent *a, const struct lab_sent *b)
{
	/* What is lent lies behind the headers. */
	size_t shown = a->len < sizeof(a->data) ? a->len : sizeof(a->data);

	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->data, b->data, shown);
	assert_int_equal(a->csum, b->csum);
	assert_int_equal(a->csum_start, b->csum_start);
	assert_int_equal(a->csum_off, b->csum_off);
	assert_int_equal(a->gso, b->gso);
	assert_int_equal(a->gso_size, b->gso_size);
}

static void a_super_frame_is_the_same_in_one_piece_as_layer_by_layer(void **state)
{
	struct tcp_fixture whole, layers;

	(void)state;
	for (unsigned timestamps = 0; timestamps < 2; timestamps++) {
		send_supers(&whole, HOLM_FRAME_SEGS_INLINE, timestamps);
		send_supers(&layers, HOLM_FRAME_SEGS_INLINE - 1, timestamps);
		assert_int_equal(whole.lab.nsent - whole.cursor, timestamps ? 5 : 6);
		assert_int_equal(layers.lab.nsent, whole.lab.nsent);
		for (size_t i = 0; i < whole.lab.nsent - whole.cursor; i++)
			expect_same_frame(&whole.lab.sent[whole.cursor + i],
					  &layers.lab.sent[layers.cursor + i]);
		fixture_skip(&whole);
		fixture_skip(&layers);
		finish(&whole);
		finish(&layers);
	}
}

static uint8_t flags_of(const struct lab_sent *s)
{
	return s->data[ETH_HDR_BYTES + IP4_HDR_BYTES + 13];
}

static void super_frames_are_whole_segments_as_many_as_the_device_takes_or_all(void **state)
{
	static const struct {
		uint32_t payload;
		uint16_t gso_size;
		uint8_t flags;
	} want[] = {
		{ 3000, 1000, TCP_ACK },	   { 3000, 1000, TCP_ACK },
		{ 1500, 1000, TCP_ACK | TCP_PSH }, { 3000, 1000, TCP_ACK },
		{ 1500, 1000, TCP_ACK | TCP_PSH }, { 3999, 1000, TCP_ACK | TCP_PSH },
	};
	struct tcp_fixture t;

	(void)state;
	send_supers(&t, 16, false);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		const struct lab_sent *s = &t.lab.sent[t.cursor + i];

		assert_int_equal(s->len, 54 + want[i].payload);
		assert_int_equal(s->gso, HOLM_GSO_TCP4);
		assert_int_equal(s->gso_size, want[i].gso_size);
		assert_int_equal(flags_of(s), want[i].flags);
	}
	fixture_skip(&t);
	finish(&t);
}

/* By any kind of device. */
static void what_ends_the_stream_waits_for_what_there_is_no_room_for(void **state)
{
	static const uint32_t features[] = { 0, HOLM_DEV_TX_CSUM | HOLM_DEV_TSO4 };
	const uint8_t ends = TCP_ACK | TCP_PSH | TCP_FIN;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct tcp_fixture t;
		struct tcp_tx tx;

		established(&t, .nodelay = true, .features = features[i / 3],
			    .segs_max = (uint16_t)(i % 3 + 1));
		/* The answer finds the way. */
		rx(&t, .len = 3);
		t.peer_nxt = 4;
		fixture_skip(&t);
		holm_pattern_sndbuf_write(&t.snd, 9500);
		tcp_tx_init(&tx, t.t, tcp_snd_end(t.t));
		tx.room = 4;
		assert_int_equal(tcp_send_segment(&tx, t.t->flight->snd_nxt, 9500, ends), 4000);
		assert_int_equal(tx.room, 0);
		netif_flush(t.lab.net, t.t->dst->netif);
		for (uint64_t bytes = 0; bytes < 4000; t.cursor++) {
			assert_int_equal(flags_of(&t.lab.sent[t.cursor]), TCP_ACK);
			bytes += t.lab.sent[t.cursor].len - 54;
		}
		assert_int_equal(t.cursor, t.lab.nsent);
		finish(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_that_is_cut_at_once_is_what_a_super_frame_is_cut_into),
		cmocka_unit_test(a_device_that_segments_gets_one_super_frame),
		cmocka_unit_test(a_super_frame_is_the_same_in_one_piece_as_layer_by_layer),
		cmocka_unit_test(
			super_frames_are_whole_segments_as_many_as_the_device_takes_or_all),
		cmocka_unit_test(what_ends_the_stream_waits_for_what_there_is_no_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
