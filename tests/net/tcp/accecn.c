/*
 * Accurate ECN (RFC 9768) between two instances over a link that marks: what one end counts the other
 * reacts to, and all that is counted goes with its connection. The rules one by one are the scripts of
 * tests/pkt/accecn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <holm/stats.h>

#include "net/tcp/room.h"
#include "tests/support/duo.h"
#include "tests/support/tcp_ends.h"

#define S 1000000000ull

static uint64_t counted(const struct duo *d, int i, enum holm_counter what)
{
	return holm_net_counter(d->net[i], what);
}

/* Half a megabyte each way, one end offering `use`; both ends' counters are d's then. */
static void transfer(struct duo *d, uint32_t mark_ppm, uint8_t use)
{
	const struct holm_impair_config impair = {
		.seed = 7,
		.mark_ppm = mark_ppm,
		.delay_ns = 5000000,
		.queue_frames = 512,
	};
	const uint64_t bytes[2] = { 500000, 500000 };
	struct tcp_ends e;

	duo_init(d, &(struct duo_options){ .seed = 1, .impair = &impair });
	d->net[0]->tcp->defaults.ecn = use;
	d->net[1]->tcp->defaults.ecn = use;
	assert_int_equal(ends_open(&e, d, bytes, 65536), 0);
	assert_true(ends_finish(&e, 60 * S));
	for (int i = 0; i < 2; i++) {
		assert_true(e.end[i].eof);
		assert_int_equal(e.end[i].rcv.mismatches, 0);
		assert_int_equal(e.end[i].rcv.tail, bytes[1 - i]);
	}
	ends_run(&e, 120 * S);
	ends_fini(&e);
	for (int i = 0; i < 2; i++)
		assert_ptr_equal(table_any(&d->net[i]->tcp->accecns), NULL);
}

static void marks_are_counted_and_make_windows_smaller(void **state)
{
	struct duo d;

	(void)state;
	transfer(&d, 20000, TCP_ECN_OFFER_ACCURATE);
	for (int i = 0; i < 2; i++) {
		assert_true(counted(&d, i, HOLM_COUNT_TCP_ECN_MARKS) > 3);
		assert_true(counted(&d, i, HOLM_COUNT_TCP_ECN_REDUCTIONS) > 0);
		assert_true(counted(&d, i, HOLM_COUNT_TCP_ECN_REDUCTIONS) <=
			    counted(&d, !i, HOLM_COUNT_TCP_ECN_MARKS));
		assert_int_equal(counted(&d, i, HOLM_COUNT_TCP_RETRANSMITS), 0);
	}
	duo_fini(&d);
}

static void without_marks_nothing_is_counted(void **state)
{
	struct duo d;

	(void)state;
	transfer(&d, 0, TCP_ECN_OFFER_ACCURATE);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(counted(&d, i, HOLM_COUNT_TCP_ECN_MARKS), 0);
		assert_int_equal(counted(&d, i, HOLM_COUNT_TCP_ECN_REDUCTIONS), 0);
	}
	duo_fini(&d);
}

static void who_does_not_offer_it_is_not_marked(void **state)
{
	struct duo d;

	(void)state;
	transfer(&d, 1000000, TCP_ECN_ACCEPT);
	assert_int_equal(counted(&d, 0, HOLM_COUNT_TCP_ECN_MARKS), 0);
	duo_fini(&d);
}

static void marks_of_rfc_3168s_form_make_windows_smaller_too(void **state)
{
	struct duo d;

	(void)state;
	transfer(&d, 20000, TCP_ECN_OFFER);
	for (int i = 0; i < 2; i++)
		assert_true(counted(&d, i, HOLM_COUNT_TCP_ECN_REDUCTIONS) > 0);
	duo_fini(&d);
}

/* ---- What a segment says ------------------------------------------------------------------------- */

/* What the controller is told of: bytes that arrived with CE, when the peer's field is `ace`. */
static uint32_t told(struct holm_tcp *c, unsigned ace, uint32_t acked)
{
	const struct tcp_hdr_info h = { .ack = c->snd_una.v, .hdr_len = TCP_HDR_BYTES };
	struct holm_frame *f = holm_frame_alloc(holm_net_pool(tcp_net(c)), 64, true);
	struct tcp_rx rx = { .net = tcp_net(c), .f = f, .h = &h, .frame_len = 1 };
	uint8_t *header = holm_frame_put(f, TCP_HDR_BYTES);

	header[12] = (uint8_t)(5u << 4 | (ace >> 2 & 1u));
	header[13] = (uint8_t)((ace & 3u) << 6);
	ip_rx(f)->tos = 0;
	rx.last_seq = c->flight->snd_wl1;
	c->flight->ce_bytes = 0;
	tcp_net(c)->tcp->accecn->input(c, &rx, acked);
	holm_frame_free(f);
	return c->flight->ce_bytes;
}

/* RFC 9768 3.2.2.5.2. The field began with 5. */
static void without_an_option_the_field_says_how_many_packets_were_marked(void **state)
{
	const uint64_t bytes[2] = { 500000, 500000 };
	struct holm_tcp *c;
	struct tcp_ends e;
	struct duo d;
	uint32_t mss;

	(void)state;
	duo_init(&d, &(struct duo_options){ .seed = 1 });
	d.net[0]->tcp->defaults.ecn = TCP_ECN_OFFER_ACCURATE;
	assert_int_equal(ends_open(&e, &d, bytes, 65536), 0);
	/* Nobody reads: windows are closed, and all that was sent is acknowledged. */
	e.end[0].paused = true;
	e.end[1].paused = true;
	ends_settle(&e);
	c = e.end[0].tcp;
	assert_int_equal(tcp_in_flight(c), 0);
	mss = tcp_mss(c);
	assert_int_equal(told(c, 5, 7 * mss), 0);
	assert_int_equal(told(c, 6, 7 * mss), mss);
	assert_int_equal(told(c, 5, 7 * mss), 7 * mss);
	/* Not more than was acknowledged. */
	assert_int_equal(told(c, 8, 500), 500);
	assert_int_equal(told(c, 11, mss + 1), mss + 1);
	/* Where it may have gone round it is taken to have; where nothing is certain nothing is. */
	assert_int_equal(told(c, 12, 10 * mss), 9 * mss);
	assert_int_equal(told(c, 14, 10 * mss), 10 * mss);
	assert_int_equal(told(c, 17, 10 * mss), 3 * mss);
	assert_int_equal(told(c, 18, 8 * mss), mss);
	assert_int_equal(told(c, 20, 7 * mss + 1), 2 * mss);
	assert_int_equal(told(c, 20, 10 * mss), 0);
	ends_fini(&e);
	duo_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_are_counted_and_make_windows_smaller),
		cmocka_unit_test(without_marks_nothing_is_counted),
		cmocka_unit_test(who_does_not_offer_it_is_not_marked),
		cmocka_unit_test(marks_of_rfc_3168s_form_make_windows_smaller_too),
		cmocka_unit_test(without_an_option_the_field_says_how_many_packets_were_marked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
