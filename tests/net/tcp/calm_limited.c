/*
 * Calm connections whose peer's window, or whose cwnd, holds something back: what goes, what waits,
 * and that calm ends where somebody else has to see to it. And super-frames that come in one piece.
 */
#include "tests/support/talk.h"

/* What is under way to side 1 comes in, is read or not, and is acknowledged. */
static void arrive(struct talk *t, bool reads)
{
	holm_net_poll_devs(t->d.net[1], t->d.now, 64);
	if (reads) {
		holm_pattern_rcvbuf_read(&t->e.end[1].rcv, SIZE_MAX);
		holm_tcp_received(t->e.end[1].tcp);
	}
	holm_net_poll(t->d.net[1], t->d.now, 64);
	holm_net_poll_devs(t->d.net[0], t->d.now, 64);
}

/* More is queued than the peer's window holds. What is written meanwhile waits, too. */
static void a_stream_goes_in_calm_a_window_at_a_time(void **state)
{
	(void)state;
	for (int ip6 = 0; ip6 < 2; ip6++) {
		struct talk t;
		struct holm_tcp *c;
		uint32_t window;

		begin(&t, ip6);
		open_windows(&t, 65536);
		c = t.e.end[0].tcp;
		say(&t, 0, 200000);
		for (int i = 0; i < 2; i++) {
			uint64_t out = count(&t, 0, HOLM_COUNT_TCP_PREDICTED_TX);

			window = c->snd_wnd - c->snd_wnd % tcp_mss(c);
			holm_net_poll(t.d.net[0], t.d.now, 64);
			assert_int_equal(tcp_in_flight(c), window);
			assert_true(c->flags & TCP_WND_LIMITED);
			say(&t, 0, 1000);
			holm_net_poll(t.d.net[0], t.d.now, 64);
			assert_int_equal(tcp_in_flight(c), window);
			assert_true(tcp_is_calm(c));
			assert_true(c->flags & TCP_WND_LIMITED);
			out = count(&t, 0, HOLM_COUNT_TCP_PREDICTED_TX) - out;
			assert_int_equal(out, window / tcp_mss(c));
			arrive(&t, true);
			assert_true(tcp_is_calm(c));
			assert_false(c->flags & TCP_WND_LIMITED);
			assert_int_equal(tcp_in_flight(c), 0);
		}
		ends_settle(&t.e);
		assert_all_read(&t);
		end(&t);
	}
}

/* Nothing is in flight then whose ACK would open it. */
static void a_stream_whose_window_closes_is_calm_no_more(void **state)
{
	struct holm_tcp *c;
	struct talk t;

	(void)state;
	begin(&t, false);
	open_windows(&t, 65536);
	c = t.e.end[0].tcp;
	say(&t, 0, 100000);
	holm_net_poll(t.d.net[0], t.d.now, 64);
	assert_true(tcp_is_calm(c));
	arrive(&t, false);
	holm_net_poll(t.d.net[0], t.d.now, 64);
	assert_false(tcp_is_calm(c));
	assert_int_equal(tcp_in_flight(c), 0);
	assert_true(c->flags & TCP_PERSIST);
	ends_run(&t.e, LAB_S);
	assert_all_read(&t);
	end(&t);
}

/*
 * While the first of `n` bytes are in flight the window becomes `now`, and so many more are
 * written: how many go?
 */
static uint32_t go_meanwhile(size_t n, uint32_t wnd, uint32_t most, size_t more, uint32_t now)
{
	struct holm_tcp *c;
	struct talk t;
	uint32_t flying;

	begin(&t, false);
	open_windows(&t, 65536);
	c = t.e.end[0].tcp;
	assert_int_equal(holm_tcp_set_option(c, HOLM_TCP_OPT_NODELAY, 1), 0);
	c->snd_wnd = wnd;
	c->flight->max_snd_wnd = most;
	say(&t, 0, n);
	holm_net_poll(t.d.net[0], t.d.now, 64);
	assert_true(tcp_is_calm(c));
	flying = tcp_in_flight(c);
	c->snd_wnd = now;
	say(&t, 0, more);
	holm_net_poll(t.d.net[0], t.d.now, 64);
	flying = tcp_in_flight(c) - flying;
	ends_run(&t.e, LAB_S);
	assert_all_read(&t);
	end(&t);
	return flying;
}

/* A segment, or half of the largest window that there was: output.c's questions. */
static void what_a_window_has_room_for_need_not_wait_for_an_ack(void **state)
{
	(void)state;
	assert_int_equal(go_meanwhile(20000, 8000, 65535, 1, 8000), 0);
	assert_int_equal(go_meanwhile(20000, 8000, 65535, 1, 12000), 3 * 1448);
	assert_int_equal(go_meanwhile(100, 1440, 1440, 3000, 1440), 1340);
}

/*
 * All that was queued went; what is written behind it finds a window full, or a cwnd that it might
 * grow by: the latter is output.c's.
 */
static void what_waits_behind_a_run_waits_for_who_holds_it_back(void **state)
{
	(void)state;
	for (int by_cwnd = 0; by_cwnd < 2; by_cwnd++) {
		struct holm_tcp *c;
		struct talk t;

		begin(&t, false);
		c = t.e.end[0].tcp;
		c->cwnd = 6000;
		c->ssthresh = 4000;
		c->snd_wnd = 6000;
		say(&t, 0, 5900);
		holm_net_poll(t.d.net[0], t.d.now, 64);
		assert_int_equal(tcp_in_flight(c), 5900);
		assert_true(tcp_is_calm(c));
		assert_false(c->flags & TCP_WND_LIMITED);
		c->snd_wnd += (uint32_t)by_cwnd;
		say(&t, 0, 1000);
		holm_net_poll(t.d.net[0], t.d.now, 64);
		assert_int_equal(tcp_in_flight(c), 5900);
		assert_int_equal(tcp_is_calm(c), !by_cwnd);
		assert_true(c->flags & TCP_WND_LIMITED);
		ends_run(&t.e, LAB_S);
		assert_all_read(&t);
		end(&t);
	}
}

/* RFC 9293 3.8.6.2.1: nothing goes, and nothing empty in its place; output.c sees to what happens then. */
static void a_window_of_less_than_a_segment_lets_nothing_go_in_calm(void **state)
{
	struct holm_tcp *c;
	struct talk t;
	uint64_t out;

	(void)state;
	begin(&t, false);
	open_windows(&t, 5000);
	c = t.e.end[0].tcp;
	c->snd_wnd = 500;
	out = count(&t, 0, HOLM_COUNT_TCP_TX_SEGMENTS);
	say(&t, 0, 5000);
	holm_net_poll(t.d.net[0], t.d.now, 64);
	assert_int_equal(count(&t, 0, HOLM_COUNT_TCP_TX_SEGMENTS), out);
	assert_false(tcp_is_calm(c));
	ends_run(&t.e, LAB_S);
	assert_all_read(&t);
	end(&t);
}

/* ---- Super-frames in one piece ------------------------------------------------------------------- */

/* What is under way to side 1 was segments of 100 bytes, which its device has put together. */
static void join_segments(struct talk *t)
{
	const struct holm_dev_inbox *in = duo_dev(&t->d, 1)->inbox;

	for (size_t i = in->head; i < in->tail; i++) {
		in->frames[i]->gso = HOLM_GSO_TCP4;
		in->frames[i]->gso_size = 100;
	}
}

/* Of a usual connection: over IPv4, and without timestamps. */
static void begin_plain(struct talk *t)
{
	begin(t, false);
	for (int i = 0; i < 2; i++) {
		tcp_stir(t->e.end[i].tcp);
		t->e.end[i].tcp->flags &= ~(uint32_t)TCP_TS;
	}
	ask(t, 1);
}

/* By itself and in a batch, into a ring: the peer's segments are no larger for it. */
static void what_lies_in_one_piece_counts_as_the_segments_it_was(void **state)
{
	static uint8_t read[2050];

	(void)state;
	for (size_t n = 200; n <= 2000; n += 1800) {
		struct holm_ring_rcvbuf ring;
		struct holm_tcp *c;
		struct talk t;
		uint64_t predicted;

		begin_plain(&t);
		open_windows(&t, 5000);
		c = t.e.end[1].tcp;
		holm_ring_rcvbuf_init(&ring, holm_net_memory(t.d.net[1]), 65536, NULL);
		c->rcv = &ring.base;
		c->flight->rcv_mss = 100;
		/* The ring has memory then, and takes what follows where it lies. */
		say(&t, 0, 50);
		holm_net_poll(t.d.net[0], t.d.now, 64);
		holm_net_poll_devs(t.d.net[1], t.d.now, 64);
		assert_int_equal(holm_tcp_set_option(t.e.end[0].tcp, HOLM_TCP_OPT_NODELAY, 1), 0);
		predicted = count(&t, 1, HOLM_COUNT_TCP_PREDICTED_RX);
		say(&t, 0, n);
		holm_net_poll(t.d.net[0], t.d.now, 64);
		join_segments(&t);
		holm_net_poll_devs(t.d.net[1], t.d.now, 64);
		/* In a batch each by itself, or merged first, as where the library is built for size. */
		assert_in_range(count(&t, 1, HOLM_COUNT_TCP_PREDICTED_RX) - predicted, 1,
				n > 1000 ? 2 : 1);
		assert_int_equal(c->flight->rcv_mss, 100);
		assert_int_equal(ring.base.readable, n + 50);
		holm_ring_rcvbuf_read(&ring, read, n + 50);
		c->rcv = &t.e.end[1].rcv.base;
		ends_settle(&t.e);
		end(&t);
	}
}

/* By itself and in a batch: one whose sum nobody has looked at is looked at. */
static void what_lies_in_one_piece_and_is_damaged_is_dropped(void **state)
{
	(void)state;
	for (size_t n = 200; n <= 2000; n += 1800) {
		struct holm_dev_inbox *in;
		struct holm_frame *f;
		struct talk t;

		begin_plain(&t);
		open_windows(&t, 5000);
		in = duo_dev(&t.d, 1)->inbox;
		say(&t, 0, n);
		holm_net_poll(t.d.net[0], t.d.now, 64);
		join_segments(&t);
		assert_int_equal(in->tail - in->head, n > 1000 ? 2 : 1);
		f = in->frames[in->head];
		f->csum = HOLM_CSUM_NONE;
		f->segs[0].data[f->segs[0].len - 1] ^= 1;
		holm_net_poll_devs(t.d.net[1], t.d.now, 64);
		assert_int_equal(holm_net_drops(t.d.net[1], HOLM_DROP_TCP_CSUM), 1);
		ends_run(&t.e, 5 * LAB_S);
		assert_all_read(&t);
		end(&t);
	}
}

/* What else has changed meanwhile is told with it. */
static void a_frame_by_itself_tells_whatever_has_changed(void **state)
{
	(void)state;
	for (int joined = 0; joined < 2; joined++) {
		struct holm_tcp *c;
		struct talk t;

		begin_plain(&t);
		c = t.e.end[1].tcp;
		say(&t, 0, 1000);
		holm_net_poll(t.d.net[0], t.d.now, 64);
		if (joined)
			join_segments(&t);
		c->flags |= TCP_CHANGED;
		holm_net_poll_devs(t.d.net[1], t.d.now, 64);
		assert_false(c->flags & TCP_CHANGED);
		ends_settle(&t.e);
		assert_all_read(&t);
		end(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_goes_in_calm_a_window_at_a_time),
		cmocka_unit_test(a_stream_whose_window_closes_is_calm_no_more),
		cmocka_unit_test(what_a_window_has_room_for_need_not_wait_for_an_ack),
		cmocka_unit_test(what_waits_behind_a_run_waits_for_who_holds_it_back),
		cmocka_unit_test(a_window_of_less_than_a_segment_lets_nothing_go_in_calm),
		cmocka_unit_test(what_lies_in_one_piece_counts_as_the_segments_it_was),
		cmocka_unit_test(what_lies_in_one_piece_and_is_damaged_is_dropped),
		cmocka_unit_test(a_frame_by_itself_tells_whatever_has_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
