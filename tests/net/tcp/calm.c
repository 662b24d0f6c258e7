/*
 * Calm connections, of both families: that requests and answers keep one calm, what ends it, and that
 * nothing is lost or forgotten then. That every frame is the same is tests/sim/same.c's.
 */
#include "net/tcp/lend.h"
#include "tests/support/talk.h"

static void stays_calm(bool ip6)
{
	struct talk t;
	uint64_t in[2], out[2];

	begin(&t, ip6);
	for (int i = 0; i < 2; i++) {
		in[i] = count(&t, i, HOLM_COUNT_TCP_PREDICTED_RX);
		out[i] = count(&t, i, HOLM_COUNT_TCP_PREDICTED_TX);
	}
	ask(&t, 10);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(count(&t, i, HOLM_COUNT_TCP_PREDICTED_RX) - in[i], 10);
		assert_int_equal(count(&t, i, HOLM_COUNT_TCP_PREDICTED_TX) - out[i], 10);
		assert_true(tcp_is_calm(t.e.end[i].tcp));
	}
	assert_all_read(&t);
	end(&t);
}

static void requests_and_answers_over_ipv4_keep_a_connection_calm(void **state)
{
	(void)state;
	stays_calm(false);
}

static void requests_and_answers_over_ipv6_keep_a_connection_calm(void **state)
{
	(void)state;
	stays_calm(true);
}

static void a_second_segment_in_flight_ends_calm_and_both_are_noted(void **state)
{
	struct talk t;
	const struct tcp_flight *fl;

	(void)state;
	begin(&t, false);
	assert_int_equal(holm_tcp_set_option(t.e.end[0].tcp, HOLM_TCP_OPT_NODELAY, 1), 0);
	say(&t, 0, 100);
	holm_net_poll(t.d.net[0], t.d.now, 64);
	assert_true(tcp_is_calm(t.e.end[0].tcp));
	say(&t, 0, 100);
	holm_net_poll(t.d.net[0], t.d.now, 64);
	fl = t.e.end[0].tcp->flight;
	assert_false(tcp_is_calm(t.e.end[0].tcp));
	assert_int_equal(seq_diff(fl->snd_nxt, t.e.end[0].tcp->snd_una), 200);
	assert_true(fl->repair->score.n > 0);
	assert_true(t.e.end[0].tcp->flags & TCP_REXMT);
	ends_settle(&t.e);
	assert_all_read(&t);
	end(&t);
}

static void what_left_in_calm_and_is_lost_is_sent_again(void **state)
{
	struct talk t;

	(void)state;
	for (int ip6 = 0; ip6 < 2; ip6++) {
		begin(&t, ip6);
		t.e.lose[0] = t.e.sent[0] + 1;
		say(&t, 0, 100);
		ends_run(&t.e, 2 * LAB_S);
		assert_int_equal(count(&t, 0, HOLM_COUNT_TCP_RETRANSMITS), 1);
		assert_all_read(&t);
		end(&t);
	}
}

static void messages_of_several_segments_keep_a_connection_calm(void **state)
{
	(void)state;
	for (int ip6 = 0; ip6 < 2; ip6++) {
		struct talk t;
		uint64_t out, merged;

		begin(&t, ip6);
		open_windows(&t, 18000);
		out = count(&t, 0, HOLM_COUNT_TCP_PREDICTED_TX);
		merged = count(&t, 1, HOLM_COUNT_TCP_GRO_MERGED);
		for (int i = 0; i < 10; i++) {
			say(&t, 0, 18000);
			ends_settle(&t.e);
			assert_true(tcp_is_calm(t.e.end[0].tcp));
			assert_true(tcp_is_calm(t.e.end[1].tcp));
		}
		assert_int_equal(count(&t, 0, HOLM_COUNT_TCP_PREDICTED_TX) - out, 10 * 13);
		/* Built for size, the library knows no runs, and merges what comes in one. */
		if (t.d.net[1]->flow.transport)
			assert_int_equal(count(&t, 1, HOLM_COUNT_TCP_GRO_MERGED), merged);
		assert_int_equal(t.e.end[0].snd.base.queued, 0);
		assert_all_read(&t);
		end(&t);
	}
}

/* A ring in the place of an end's pattern has what that would have. */
static void read_ring(struct tcp_end *e, struct holm_ring_rcvbuf *ring, size_t n)
{
	uint8_t read[8192];

	assert_int_equal(holm_ring_rcvbuf_read(ring, read, sizeof(read)), n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(read[i], holm_pattern_byte(e->rcv.tail + i));
	e->rcv.tail += n;
	holm_tcp_received(e->tcp);
}

/* What is lent lies behind its headers: a ring that has grown takes it there, as any buffer. */
static void a_super_frame_in_calm_counts_as_the_segments_it_was(void **state)
{
	struct holm_dev_caps caps = holm_pair_default_caps();

	(void)state;
	caps.features = HOLM_DEV_TX_CSUM | HOLM_DEV_RX_CSUM | HOLM_DEV_TSO4;
	caps.segs_max = 16;
	for (unsigned way = 0; way < 2; way++) {
		struct holm_ring_rcvbuf ring;
		struct holm_tcp *c;
		struct talk t;

		begin_by(&t, false, &caps);
		c = t.e.end[1].tcp;
		holm_ring_rcvbuf_init(&ring, holm_net_memory(t.d.net[1]), 65536, NULL);
		if (way)
			c->rcv = &ring.base;
		for (unsigned i = 0; i < 2; i++) {
			uint64_t predicted = count(&t, 1, HOLM_COUNT_TCP_PREDICTED_RX);

			say(&t, 0, 5000);
			holm_net_poll(t.d.net[0], t.d.now, 64);
			holm_net_poll_devs(t.d.net[1], t.d.now, 64);
			assert_int_equal(count(&t, 1, HOLM_COUNT_TCP_PREDICTED_RX), predicted + 1);
			assert_true(tcp_is_calm(c));
			assert_int_equal(c->flight->rcv_mss, tcp_mss(c));
			if (way)
				read_ring(&t.e.end[1], &ring, 5000);
			ends_settle(&t.e);
		}
		c->rcv = &t.e.end[1].rcv.base;
		assert_all_read(&t);
		end(&t);
	}
}

static void an_answer_of_several_segments_acknowledges_the_question(void **state)
{
	(void)state;
	for (int ip6 = 0; ip6 < 2; ip6++) {
		struct talk t;
		uint64_t out;

		begin(&t, ip6);
		open_windows(&t, 6000);
		for (int i = 0; i < 20; i++) {
			say(&t, 0, 100);
			holm_net_poll(t.d.net[0], t.d.now, 64);
			holm_net_poll_devs(t.d.net[1], t.d.now, 64);
			say(&t, 1, 6000);
			out = count(&t, 1, HOLM_COUNT_TCP_TX_SEGMENTS);
			holm_net_poll(t.d.net[1], t.d.now, 64);
			assert_int_equal(count(&t, 1, HOLM_COUNT_TCP_TX_SEGMENTS) - out, 5);
			assert_false(t.e.end[1].tcp->flags & (TCP_ACK_NOW | TCP_ACK_DELAYED));
			ends_settle(&t.e);
		}
		assert_true(tcp_is_calm(t.e.end[1].tcp));
		assert_all_read(&t);
		end(&t);
	}
}

static void a_message_that_cwnd_might_grow_by_does_not_go_in_calm(void **state)
{
	struct talk t;

	(void)state;
	begin(&t, false);
	open_windows(&t, 4999);
	say(&t, 0, 5000);
	holm_net_poll(t.d.net[0], t.d.now, 64);
	assert_false(tcp_is_calm(t.e.end[0].tcp));
	ends_settle(&t.e);
	assert_all_read(&t);
	end(&t);
}

/*
 * Slow start is over: cwnd grows only where it holds something back, and that is what windows would
 * let go.
 */
static void behind_slow_start_all_of_cwnd_may_go_in_calm(void **state)
{
	static const struct {
		uint32_t cwnd, wnd;
		size_t n;
		bool calm;
	} cases[] = {
		{ 5000, 65535, 5000, true },
		{ 4999, 65535, 5000, false },
		{ 6000, 6000, 20000, true },
		{ 5999, 6000, 20000, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct holm_tcp *c;
		struct talk t;

		begin(&t, false);
		c = t.e.end[0].tcp;
		c->cwnd = cases[i].cwnd;
		c->ssthresh = 4000;
		c->snd_wnd = cases[i].wnd;
		say(&t, 0, cases[i].n);
		holm_net_poll(t.d.net[0], t.d.now, 64);
		assert_int_equal(tcp_is_calm(c), cases[i].calm);
		ends_run(&t.e, LAB_S);
		assert_all_read(&t);
		end(&t);
	}
}

static bool goes_in_calm(struct talk *t, size_t n)
{
	uint64_t out = count(t, 0, HOLM_COUNT_TCP_PREDICTED_TX);

	t->e.end[0].tcp->cwnd = 2000;
	say(t, 0, n);
	holm_net_poll(t->d.net[0], t->d.now, 64);
	out = count(t, 0, HOLM_COUNT_TCP_PREDICTED_TX) - out;
	say(t, 1, 100);
	ends_settle(&t->e);
	assert_all_read(t);
	return out > 0;
}

static void a_message_of_one_segment_that_cwnd_might_grow_by_does_not_either(void **state)
{
	struct talk t;

	(void)state;
	begin(&t, false);
	/* Anew, so that calm begins with that window. */
	tcp_stir(t.e.end[0].tcp);
	assert_true(goes_in_calm(&t, 100));
	assert_true(goes_in_calm(&t, 1000));
	assert_false(goes_in_calm(&t, 1001));
	end(&t);
}

/* While bytes come one way only, who reads them need not speak before the second segment. */
static void every_second_full_segment_is_acknowledged_in_calm_too(void **state)
{
	struct holm_tcp *reader;
	struct talk t;
	uint64_t out;

	(void)state;
	begin(&t, false);
	assert_int_equal(holm_tcp_set_option(t.e.end[0].tcp, HOLM_TCP_OPT_NODELAY, 1), 0);
	/* What a full segment is. */
	say(&t, 0, tcp_mss(t.e.end[0].tcp));
	ends_settle(&t.e);
	ask(&t, 1);
	reader = t.e.end[1].tcp;
	out = count(&t, 1, HOLM_COUNT_TCP_TX_SEGMENTS);
	for (int i = 0; i < 2; i++) {
		assert_true(tcp_is_calm(reader));
		assert_int_equal(count(&t, 1, HOLM_COUNT_TCP_TX_SEGMENTS), out);
		say(&t, 0, tcp_mss(t.e.end[0].tcp));
		holm_net_poll(t.d.net[0], t.d.now, 64);
		holm_net_poll_devs(t.d.net[1], t.d.now, 64);
		holm_net_poll(t.d.net[1], t.d.now, 64);
	}
	assert_int_equal(count(&t, 1, HOLM_COUNT_TCP_TX_SEGMENTS), out + 1);
	ends_settle(&t.e);
	assert_all_read(&t);
	end(&t);
}

static void a_message_that_nobody_acknowledges_is_probed_for_before_a_timeout(void **state)
{
	struct talk t;

	(void)state;
	begin(&t, false);
	open_windows(&t, 6000);
	rtt_sample(&t.e.end[0].tcp->rtt, 10 * LAB_MS);
	say(&t, 0, 6000);
	holm_net_poll(t.d.net[0], t.d.now, 64);
	assert_true(tcp_is_calm(t.e.end[0].tcp));
	t.d.now += 50 * LAB_MS;
	holm_net_poll(t.d.net[0], t.d.now, 64);
	assert_false(tcp_is_calm(t.e.end[0].tcp));
	assert_int_equal(count(&t, 0, HOLM_COUNT_TCP_LOSS_PROBES), 1);
	assert_int_equal(count(&t, 0, HOLM_COUNT_TCP_TIMEOUTS), 0);
	ends_settle(&t.e);
	assert_all_read(&t);
	end(&t);
}

static void a_part_of_a_message_that_is_acknowledged_ends_calm_and_the_rest_is_noted(void **state)
{
	const struct tcp_flight *fl;
	struct talk t;

	(void)state;
	begin(&t, false);
	open_windows(&t, 6000);
	t.e.lose[0] = t.e.sent[0] + 2;
	say(&t, 0, 6000);
	fl = t.e.end[0].tcp->flight;
	ends_settle(&t.e);
	assert_false(tcp_is_calm(t.e.end[0].tcp));
	assert_true(fl->repair->score.n > 0);
	assert_true(seq_lt(t.e.end[0].tcp->snd_una, fl->snd_nxt));
	ends_run(&t.e, LAB_S);
	assert_int_equal(count(&t, 0, HOLM_COUNT_TCP_RETRANSMITS), 1);
	assert_all_read(&t);
	end(&t);
}

static void what_a_frame_still_refers_to_ends_calm_once_it_is_acknowledged(void **state)
{
	struct tcp_lend_gen *gen;
	struct holm_tcp *c;
	struct talk t;

	(void)state;
	begin(&t, false);
	open_windows(&t, 6000);
	c = t.e.end[0].tcp;
	/* As a device would that is not done with a frame. */
	gen = tcp_lend_begin(c, c->flight->snd_nxt);
	assert_non_null(gen);
	holm_buf_get(&gen->buf);
	say(&t, 0, 6000);
	ends_settle(&t.e);
	assert_false(tcp_is_calm(c));
	assert_int_equal(t.e.end[0].snd.base.queued, 6000);
	say(&t, 0, 100);
	ends_run(&t.e, LAB_S / 10);
	assert_all_read(&t);
	holm_buf_put(&gen->buf);
	assert_int_equal(t.e.end[0].snd.base.queued, 0);
	say(&t, 0, 100);
	ends_settle(&t.e);
	assert_true(tcp_is_calm(c));
	assert_all_read(&t);
	end(&t);
}

static void an_end_of_the_stream_ends_calm(void **state)
{
	struct talk t;

	(void)state;
	begin(&t, true);
	say(&t, 0, 100);
	assert_int_equal(holm_tcp_shutdown(t.e.end[0].tcp), 0);
	ends_settle(&t.e);
	assert_false(tcp_is_calm(t.e.end[0].tcp));
	assert_int_equal(t.e.end[0].tcp->state, HOLM_TCP_FIN_WAIT_2);
	assert_all_read(&t);
	end(&t);
}

/* ---- What a message in calm does not ask must have been said ------------------------------------- */

static void set(struct talk *t, enum holm_tcp_option opt, uint32_t value)
{
	assert_int_equal(holm_tcp_set_option(t->e.end[0].tcp, opt, value), 0);
}

static void cork(struct talk *t)
{
	set(t, HOLM_TCP_OPT_CORK, 1);
}

static void keep_alive(struct talk *t)
{
	set(t, HOLM_TCP_OPT_KEEPALIVE, 1);
}

static void mark_unsent(struct talk *t)
{
	set(t, HOLM_TCP_OPT_NOTSENT_LOWAT, 50);
}

static void clamp_window(struct talk *t)
{
	set(t, HOLM_TCP_OPT_WINDOW_CLAMP, 5000);
}

static void pace(struct talk *t)
{
	set(t, HOLM_TCP_OPT_MAX_PACING_RATE, 100000);
}

static void watch_rates(struct talk *t)
{
	assert_int_equal(holm_tcp_set_congestion(t->e.end[0].tcp, "bbr", 3), 0);
}

static void duplicate_to_tell(struct talk *t)
{
	struct holm_tcp *c = t->e.end[0].tcp;

	tcp_stir(c);
	tcp_sack_duplicate(c, seq_sub(c->rcv_nxt, 10), c->rcv_nxt);
}

/* What is found now may be another way. */
static void new_address(struct talk *t)
{
	struct holm_addr addr = holm_addr_ip4(10, 9, 0, 1);

	assert_int_equal(holm_addr_add(t->d.net[0], duo_dev(&t->d, 0), &addr, 24), 0);
}

static void neighbour_not_heard_of(struct talk *t)
{
	t->e.end[0].tcp->dst->neigh->fresh_until_ns = t->d.net[0]->now;
}

static void link_down(struct talk *t)
{
	duo_dev(&t->d, 0)->link_up = false;
	holm_net_link_changed(t->d.net[0], duo_dev(&t->d, 0));
}

static void smaller_path(struct talk *t)
{
	const struct holm_tcp *c = t->e.end[0].tcp;

	assert_true(ip_dst_lower_mtu(t->d.net[0], c->dst, 600));
}

static void smaller_window(struct talk *t)
{
	t->e.end[0].tcp->snd_wnd = 500;
}

static void the_next_message_is_not_calm_after(void (*change)(struct talk *t))
{
	struct talk t;
	uint64_t out;

	begin(&t, false);
	assert_true(tcp_is_calm(t.e.end[0].tcp));
	change(&t);
	out = count(&t, 0, HOLM_COUNT_TCP_PREDICTED_TX);
	say(&t, 0, 700);
	holm_net_poll(t.d.net[0], t.d.now, 64);
	assert_int_equal(count(&t, 0, HOLM_COUNT_TCP_PREDICTED_TX), out);
	duo_dev(&t.d, 0)->link_up = true;
	holm_net_link_changed(t.d.net[0], duo_dev(&t.d, 0));
	end(&t);
}

static void what_a_message_in_calm_does_not_ask_ends_calm(void **state)
{
	(void)state;
	the_next_message_is_not_calm_after(cork);
	the_next_message_is_not_calm_after(keep_alive);
	the_next_message_is_not_calm_after(mark_unsent);
	the_next_message_is_not_calm_after(clamp_window);
	the_next_message_is_not_calm_after(pace);
	the_next_message_is_not_calm_after(watch_rates);
	the_next_message_is_not_calm_after(duplicate_to_tell);
}

/* What headers have in common is summed when calm begins, of connections without timestamps. */
static void what_leaves_in_calm_is_marked_as_its_program_says_now(void **state)
{
	struct talk t;
	uint64_t out;

	(void)state;
	begin(&t, false);
	for (int i = 0; i < 2; i++) {
		tcp_stir(t.e.end[i].tcp);
		t.e.end[i].tcp->flags &= ~(uint32_t)TCP_TS;
	}
	out = count(&t, 0, HOLM_COUNT_TCP_PREDICTED_TX);
	for (uint32_t i = 1; i < 4; i++) {
		set(&t, HOLM_TCP_OPT_TOS, 32 * i);
		set(&t, HOLM_TCP_OPT_TTL, 32 + i);
		ask(&t, 3);
		assert_all_read(&t);
	}
	assert_int_equal(count(&t, 0, HOLM_COUNT_TCP_PREDICTED_TX), out + 9);
	assert_int_equal(t.d.net[1]->drops[HOLM_DROP_IP4_CSUM], 0);
	end(&t);
}

static void a_message_takes_the_way_that_there_is_now(void **state)
{
	(void)state;
	the_next_message_is_not_calm_after(new_address);
	the_next_message_is_not_calm_after(neighbour_not_heard_of);
	the_next_message_is_not_calm_after(link_down);
	the_next_message_is_not_calm_after(smaller_path);
	the_next_message_is_not_calm_after(smaller_window);
}

/* Seven seconds of silence, then it is again as if it had just begun (RFC 5681 4.1). */
static void after_a_silence_the_window_is_the_first_again(void **state)
{
	struct talk t;
	struct holm_tcp *c;

	(void)state;
	begin(&t, false);
	c = t.e.end[0].tcp;
	c->cwnd = 100000;
	ends_run(&t.e, 7 * LAB_S);
	say(&t, 0, 100);
	ends_settle(&t.e);
	assert_true(c->cwnd < 20000);
	end(&t);
}

/* The deadline of what left in calm counts from when it left. */
static void a_deadline_counts_from_when_the_message_left(void **state)
{
	struct talk t;
	struct holm_tcp *c;

	(void)state;
	begin(&t, false);
	c = t.e.end[0].tcp;
	say(&t, 0, 100);
	holm_net_poll(t.d.net[0], t.d.now, 64);
	assert_true(tcp_is_calm(c));
	t.d.now += 50 * LAB_MS;
	holm_net_poll(t.d.net[0], t.d.now, 64);
	tcp_stir(c);
	assert_int_equal(c->flight->rexmt,
			 tcp_ticks(t.d.now - 50 * LAB_MS) + 1 + rtt_rto_ticks(&c->rtt));
	end(&t);
}

/*
 * Of a message of `n` bytes that is in flight, and of those before it, what output and the steps
 * would have noted.
 */
static void all_is_noted(size_t n)
{
	const struct tcp_flight *fl;
	struct holm_tcp *c;
	struct talk t;
	uint64_t left;

	begin(&t, false);
	c = t.e.end[0].tcp;
	/* The block is a new one, and the last progress some time ago. */
	ends_run(&t.e, 3 * LAB_S);
	open_windows(&t, 6000);
	ask(&t, 1);
	ends_run(&t.e, LAB_MS);
	fl = c->flight;
	say(&t, 0, n);
	holm_net_poll(t.d.net[0], t.d.now, 64);
	left = t.d.now;
	t.d.now += LAB_MS / 10;
	holm_net_poll(t.d.net[0], t.d.now, 64);
	assert_true(tcp_is_calm(c));
	tcp_stir(c);
	assert_false(tcp_is_calm(c));
	/* Nothing is to be sent again. */
	assert_true(seq_eq(fl->rtx_nxt, fl->snd_nxt) && seq_eq(fl->rtx_end, fl->snd_nxt));
	/* The first segment is timed. */
	assert_true(fl->timing);
	assert_int_equal(fl->timed_ns, left);
	assert_int_equal(fl->progress_ns, left);
	assert_int_equal(seq_diff(fl->timed, c->snd_una), min_size(n, tcp_mss(c)));
	/* Deadlines are to come. */
	assert_true(c->flags & TCP_REXMT);
	assert_int_equal(fl->wait, TCP_WAIT_PROBE);
	assert_true(serial_lt(tcp_ticks(t.d.now), fl->wait_tick));
	assert_true(serial_lt(tcp_ticks(t.d.now), fl->rexmt));
	/* The controller's round is this message's. */
	assert_true(seq_eq(fl->round_end, c->snd_una));
	assert_false(fl->calm_acked);
	ends_settle(&t.e);
	assert_all_read(&t);
	end(&t);
}

static void what_calm_did_not_note_is_noted_when_it_ends(void **state)
{
	(void)state;
	all_is_noted(100);
	all_is_noted(6000);
}

/* ---- Frames by themselves ------------------------------------------------------------------------ */

/* Nothing goes past link and network layer. */
static void ask_everybody(struct talk *t)
{
	for (int i = 0; i < 2; i++) {
		t->d.net[i]->alone = NULL;
		t->d.net[i]->flow.alone = NULL;
	}
}

static void assert_same_side(struct talk *a, struct talk *b, int i)
{
	const struct holm_tcp *c = a->e.end[i].tcp, *o = b->e.end[i].tcp;

	for (unsigned k = 0; k < HOLM_COUNT_COUNT; k++)
		assert_int_equal(count(a, i, (enum holm_counter)k),
				 count(b, i, (enum holm_counter)k));
	for (unsigned k = 0; k < HOLM_DROP_COUNT; k++)
		assert_int_equal(holm_net_drops(a->d.net[i], (enum holm_drop)k),
				 holm_net_drops(b->d.net[i], (enum holm_drop)k));
	assert_int_equal(c != NULL, o != NULL);
	if (!c)
		return;
	assert_int_equal(c->state, o->state);
	assert_int_equal(c->flags, o->flags);
	assert_int_equal(c->rcv_nxt.v, o->rcv_nxt.v);
	assert_int_equal(c->snd_una.v, o->snd_una.v);
	assert_int_equal(c->snd_wnd, o->snd_wnd);
	assert_int_equal(c->rtt.srtt8, o->rtt.srtt8);
}

/* The checksums of a frame that lies in one piece, as they should be. */
static void reseal(uint8_t *p, size_t len, bool ip6)
{
	uint8_t *l4 = p + 14 + (ip6 ? 40 : 20);
	size_t ends = ip6 ? 32 : 8;
	size_t l4_len = len - (size_t)(l4 - p);

	store_be16(l4 + 16, 0);
	store_be16(l4 + 16, checksum_finish(checksum_partial(l4 - ends, ends + l4_len,
							     IP4_PROTO_TCP + (uint32_t)l4_len)));
	if (ip6)
		return;
	store_be16(p + 24, 0);
	store_be16(p + 24, checksum_finish(checksum_20(p + 14, 0)));
}

/* A bit of a header is turned over, or the frame ends early; its checksums know of it, or not. */
static void damage(struct holm_frame *f, bool ip6, uint64_t dice)
{
	size_t headers = 12 + (ip6 ? 40 : 20) + 22;
	uint8_t *p = holm_frame_data(f);

	if (dice % 4 == 0)
		return;
	p[12 + dice / 16 % headers] ^= (uint8_t)(1 << dice / 4096 % 8);
	if (dice % 4 == 1)
		reseal(p, f->len, ip6);
	if (dice / 65536 % 16 == 0)
		f->segs[0].len = f->len = (uint32_t)(14 + dice / 1048576 % (f->len - 14));
}

/* Side `i` says something, which reaches the other one as `dice` wants it. */
static void say_damaged(struct talk *t, int i, bool ip6, uint64_t dice)
{
	struct holm_pair_end *to = &t->d.pair->end[1 - i];

	say(t, i, 1 + dice % 200);
	holm_net_poll(t->d.net[i], t->d.now, 64);
	for (uint32_t k = to->in.head; k != to->in.tail; k++)
		damage(to->queue[k], ip6, dice);
	(void)holm_net_poll_devs(t->d.net[1 - i], t->d.now, 64);
}

static bool is_over(const struct talk *t)
{
	return !t->e.end[0].tcp || !t->e.end[1].tcp ||
	       holm_tcp_state(t->e.end[0].tcp) != HOLM_TCP_ESTABLISHED ||
	       holm_tcp_state(t->e.end[1].tcp) != HOLM_TCP_ESTABLISHED;
}

/* Two conversations, one of which asks everybody, meet the same damage: they stay the same. */
static void meet_damage(bool ip6, uint64_t *seed, int times)
{
	struct talk a, b;

	begin(&a, ip6);
	begin(&b, ip6);
	ask_everybody(&b);
	for (int n = 0; n < times && !is_over(&a); n++) {
		uint64_t dice = expect_random(seed);

		say_damaged(&a, n % 2, ip6, dice);
		say_damaged(&b, n % 2, ip6, dice);
		assert_same_side(&a, &b, 1 - n % 2);
		ends_run(&a.e, 5 * LAB_S);
		ends_run(&b.e, 5 * LAB_S);
		assert_same_side(&a, &b, 0);
		assert_same_side(&a, &b, 1);
	}
	end(&a);
	end(&b);
}

static void a_frame_by_itself_is_taken_as_in_a_batch_whatever_is_damaged(void **state)
{
	uint64_t seed = expect_seed(41);

	(void)state;
	for (int i = 0; i < 60; i++)
		meet_damage(i % 2, &seed, 40);
}

/* ---- Inboxes ------------------------------------------------------------------------------------- */

static unsigned polls;

static bool count_poll(struct holm_dev *dev, uint64_t now, size_t budget)
{
	(void)dev;
	(void)now;
	(void)budget;
	polls++;
	return false;
}

static void what_waits_in_an_inbox_is_taken_unasked_if_that_is_all(void **state)
{
	struct holm_dev_ops ops;
	struct holm_dev *dev;
	struct talk t;

	(void)state;
	begin(&t, false);
	dev = duo_dev(&t.d, 1);
	ops = *dev->ops;
	ops.poll = count_poll;
	dev->ops = &ops;
	polls = 0;
	say(&t, 0, 100);
	holm_net_poll(t.d.net[0], t.d.now, 64);
	dev->inbox->call = true;
	holm_net_poll_devs(t.d.net[1], t.d.now, 64);
	assert_int_equal(polls, 1);
	dev->inbox->call = false;
	holm_net_poll_devs(t.d.net[1], t.d.now, 0);
	assert_int_equal(polls, 2);
	assert_int_equal(dev->inbox->tail, 1);
	assert_false(holm_net_poll_devs(t.d.net[1], t.d.now, 1));
	assert_int_equal(polls, 2);
	assert_int_equal(dev->inbox->tail, 0);
	ends_settle(&t.e);
	assert_all_read(&t);
	end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_by_itself_is_taken_as_in_a_batch_whatever_is_damaged),
		cmocka_unit_test(what_waits_in_an_inbox_is_taken_unasked_if_that_is_all),
		cmocka_unit_test(requests_and_answers_over_ipv4_keep_a_connection_calm),
		cmocka_unit_test(requests_and_answers_over_ipv6_keep_a_connection_calm),
		cmocka_unit_test(a_second_segment_in_flight_ends_calm_and_both_are_noted),
		cmocka_unit_test(what_left_in_calm_and_is_lost_is_sent_again),
		cmocka_unit_test(messages_of_several_segments_keep_a_connection_calm),
		cmocka_unit_test(a_super_frame_in_calm_counts_as_the_segments_it_was),
		cmocka_unit_test(an_answer_of_several_segments_acknowledges_the_question),
		cmocka_unit_test(a_message_that_cwnd_might_grow_by_does_not_go_in_calm),
		cmocka_unit_test(behind_slow_start_all_of_cwnd_may_go_in_calm),
		cmocka_unit_test(a_message_of_one_segment_that_cwnd_might_grow_by_does_not_either),
		cmocka_unit_test(every_second_full_segment_is_acknowledged_in_calm_too),
		cmocka_unit_test(a_message_that_nobody_acknowledges_is_probed_for_before_a_timeout),
		cmocka_unit_test(
			a_part_of_a_message_that_is_acknowledged_ends_calm_and_the_rest_is_noted),
		cmocka_unit_test(what_a_frame_still_refers_to_ends_calm_once_it_is_acknowledged),
		cmocka_unit_test(an_end_of_the_stream_ends_calm),
		cmocka_unit_test(what_a_message_in_calm_does_not_ask_ends_calm),
		cmocka_unit_test(what_leaves_in_calm_is_marked_as_its_program_says_now),
		cmocka_unit_test(a_message_takes_the_way_that_there_is_now),
		cmocka_unit_test(after_a_silence_the_window_is_the_first_again),
		cmocka_unit_test(what_calm_did_not_note_is_noted_when_it_ends),
		cmocka_unit_test(a_deadline_counts_from_when_the_message_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
