/*
 * Connections that end in order: that their FINs are predicted and cost recovery nothing, and that one
 * that gets lost is sent again. That every frame is the same is tests/sim/same.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <holm/stats.h>

#include "net/tcp/hot.h"
#include "tests/support/lab.h"
#include "tests/support/tcp_ends.h"
#include "tests/support/tcp_fixture.h"

static const struct holm_proto *const protos[] = {
	&holm_arp,	   &holm_ipv4,	   HOLM_IP_PARTS,   &holm_tcp,
	&holm_tcp_records, &holm_tcp_rack, &holm_tcp_cubic, NULL,
};

struct talk {
	struct duo d;
	struct tcp_ends e;
};

static void say(struct talk *t, int i, size_t n)
{
	assert_int_equal(holm_pattern_sndbuf_write(&t->e.end[i].snd, n), n);
	holm_tcp_send(t->e.end[i].tcp);
}

/* The ends know each other: a hundred bytes have gone either way, and nothing is due any more. */
static void begin(struct talk *t)
{
	duo_init(&t->d, &(struct duo_options){ .protos = protos, .start_ns = LAB_S });
	assert_int_equal(ends_open(&t->e, &t->d, (uint64_t[2]){ 0, 0 }, 65535), 0);
	for (int i = 0; i < 2; i++) {
		t->e.end[i].shut_at_end = false;
		t->e.end[i].close_at_eof = false;
	}
	ends_settle(&t->e);
	assert_non_null(t->e.end[1].tcp);
	for (int i = 0; i < 2; i++) {
		say(t, i, 100);
		ends_run(&t->e, LAB_S / 10);
	}
}

static void end(struct talk *t)
{
	ends_fini(&t->e);
	duo_run(&t->d, 120 * LAB_S);
	duo_fini(&t->d);
}

/* The last words of one side, and its FIN. */
static void say_and_shut(struct talk *t, int i, size_t n)
{
	say(t, i, n);
	assert_int_equal(holm_tcp_shutdown(t->e.end[i].tcp), 0);
}

static uint64_t count(const struct talk *t, int i, enum holm_counter counter)
{
	return holm_net_counter(t->d.net[i], counter);
}

static uint32_t time_wait_records(const struct talk *t, int i)
{
	return tcp_records_count(&t->d.net[i]->tcp->records, TCP_KIND_TIME_WAIT);
}

static void an_answer_with_the_fin_and_the_fin_that_follows_are_predicted(void **state)
{
	struct talk t;
	uint64_t in[2], out[2];

	(void)state;
	begin(&t);
	for (int i = 0; i < 2; i++) {
		in[i] = count(&t, i, HOLM_COUNT_TCP_PREDICTED_RX);
		out[i] = count(&t, i, HOLM_COUNT_TCP_PREDICTED_TX);
	}
	say_and_shut(&t, 1, 100);
	holm_net_poll(t.d.net[1], t.d.now, 64);
	assert_true(tcp_is_calm(t.e.end[1].tcp));
	assert_true(t.e.end[1].tcp->flags & TCP_FIN_SENT);
	ends_settle(&t.e);
	assert_int_equal(t.e.end[0].tcp->state, HOLM_TCP_CLOSE_WAIT);
	assert_int_equal(t.e.end[1].tcp->state, HOLM_TCP_FIN_WAIT_2);
	assert_int_equal(t.e.end[0].rcv.tail, 200);
	assert_int_equal(holm_tcp_shutdown(t.e.end[0].tcp), 0);
	ends_settle(&t.e);
	assert_int_equal(t.e.end[0].tcp->state, HOLM_TCP_CLOSED);
	assert_int_equal(time_wait_records(&t, 1), 1);
	assert_int_equal(count(&t, 1, HOLM_COUNT_TCP_PREDICTED_TX) - out[1], 1);
	assert_int_equal(count(&t, 0, HOLM_COUNT_TCP_PREDICTED_TX) - out[0], 1);
	/* The ACK of a FIN; in FIN-WAIT-2, where calm has ended, the steps are asked. */
	assert_int_equal(count(&t, 1, HOLM_COUNT_TCP_PREDICTED_RX) - in[1], 1);
	/* The answer, by whom the delayed ACK before it left calm; the ACK of the FIN that follows. */
	assert_int_equal(count(&t, 0, HOLM_COUNT_TCP_PREDICTED_RX) - in[0], 2);
	end(&t);
}

/* A program gives its handle up. */
static void close_end(struct talk *t, int i)
{
	holm_tcp_close(t->e.end[i].tcp);
	t->e.end[i].tcp = NULL;
}

static void orphans_that_end_leave_their_buffers_empty_and_the_newest_timestamp(void **state)
{
	const struct tcp_records *r;
	uint64_t in[2], sent;
	uint32_t tsval;
	struct talk t;

	(void)state;
	begin(&t);
	r = &t.d.net[1]->tcp->records;
	sent = count(&t, 1, HOLM_COUNT_TCP_TX_SEGMENTS);
	in[0] = count(&t, 0, HOLM_COUNT_TCP_PREDICTED_RX);
	in[1] = count(&t, 1, HOLM_COUNT_TCP_PREDICTED_RX);
	say(&t, 1, 100);
	close_end(&t, 1);
	holm_net_poll(t.d.net[1], t.d.now, 64);
	/* An answer that takes its time: what comes with the FIN is newer than what came before. */
	t.d.now += LAB_S / 50;
	holm_net_poll_devs(t.d.net[0], t.d.now, 64);
	assert_int_equal(holm_pattern_rcvbuf_read(&t.e.end[0].rcv, SIZE_MAX), 100);
	holm_tcp_received(t.e.end[0].tcp);
	tsval = tcp_tsval(t.d.net[0], t.e.end[0].tcp->flight->ts_offset);
	close_end(&t, 0);
	ends_settle(&t.e);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(t.e.end[i].snd.base.queued, 0);
		assert_int_equal(t.d.net[i]->tcp->norphans, 0);
	}
	assert_int_equal(time_wait_records(&t, 1), 1);
	assert_int_equal(tcp_tw_at(r, tcp_record_first(r, TCP_KIND_TIME_WAIT, 0))->ts_recent,
			 tsval);
	/* The answer with its FIN, and one ACK of the other's. */
	assert_int_equal(count(&t, 1, HOLM_COUNT_TCP_TX_SEGMENTS) - sent, 2);
	assert_int_equal(count(&t, 0, HOLM_COUNT_TCP_PREDICTED_RX) - in[0], 2);
	assert_int_equal(count(&t, 1, HOLM_COUNT_TCP_PREDICTED_RX) - in[1], 1);
	end(&t);
}

static void a_fin_that_gets_lost_is_sent_again_with_its_bytes(void **state)
{
	struct talk t;

	(void)state;
	begin(&t);
	t.e.lose[1] = t.e.sent[1] + 1;
	say_and_shut(&t, 1, 100);
	ends_run(&t.e, 3 * LAB_S);
	assert_int_equal(count(&t, 1, HOLM_COUNT_TCP_RETRANSMITS), 1);
	assert_int_equal(t.e.end[0].rcv.tail, 200);
	assert_int_equal(t.e.end[0].tcp->state, HOLM_TCP_CLOSE_WAIT);
	assert_int_equal(t.e.end[1].tcp->state, HOLM_TCP_FIN_WAIT_2);
	end(&t);
}

static void both_fins_at_once_meet_in_closing(void **state)
{
	struct talk t;

	(void)state;
	begin(&t);
	say_and_shut(&t, 0, 50);
	say_and_shut(&t, 1, 100);
	holm_net_poll(t.d.net[0], t.d.now, 64);
	holm_net_poll(t.d.net[1], t.d.now, 64);
	assert_true(tcp_is_calm(t.e.end[0].tcp));
	assert_true(tcp_is_calm(t.e.end[1].tcp));
	ends_settle(&t.e);
	assert_int_equal(t.e.end[0].rcv.tail, 200);
	assert_int_equal(t.e.end[1].rcv.tail, 150);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(t.e.end[i].tcp->state, HOLM_TCP_CLOSED);
		assert_int_equal(t.e.end[i].error, 0);
		assert_int_equal(time_wait_records(&t, i), 1);
	}
	end(&t);
}

static void who_answers_behind_the_peers_fin_stays_calm(void **state)
{
	uint64_t in, out;
	struct talk t;

	(void)state;
	begin(&t);
	assert_int_equal(holm_tcp_shutdown(t.e.end[0].tcp), 0);
	ends_settle(&t.e);
	in = count(&t, 1, HOLM_COUNT_TCP_PREDICTED_RX);
	out = count(&t, 1, HOLM_COUNT_TCP_PREDICTED_TX);
	for (int i = 0; i < 3; i++) {
		say(&t, 1, 100);
		ends_run(&t.e, LAB_S / 10);
		assert_true(tcp_is_calm(t.e.end[1].tcp));
	}
	assert_int_equal(t.e.end[1].tcp->state, HOLM_TCP_CLOSE_WAIT);
	assert_int_equal(t.e.end[0].rcv.tail, 400);
	assert_int_equal(count(&t, 1, HOLM_COUNT_TCP_PREDICTED_RX) - in, 3);
	assert_int_equal(count(&t, 1, HOLM_COUNT_TCP_PREDICTED_TX) - out, 3);
	end(&t);
}

static void a_close_with_bytes_in_flight_sends_its_fin_all_the_same(void **state)
{
	struct talk t;

	(void)state;
	begin(&t);
	say(&t, 1, 100);
	holm_net_poll(t.d.net[1], t.d.now, 64);
	assert_true(tcp_is_calm(t.e.end[1].tcp));
	assert_int_equal(holm_tcp_shutdown(t.e.end[1].tcp), 0);
	holm_net_poll(t.d.net[1], t.d.now, 64);
	assert_true(t.e.end[1].tcp->flags & TCP_FIN_SENT);
	ends_settle(&t.e);
	assert_int_equal(t.e.end[0].rcv.tail, 200);
	assert_int_equal(t.e.end[0].tcp->state, HOLM_TCP_CLOSE_WAIT);
	assert_int_equal(t.e.end[1].tcp->state, HOLM_TCP_FIN_WAIT_2);
	end(&t);
}

static void behind_the_peers_fin_there_is_no_text_and_no_second_fin(void **state)
{
	struct tcp_fixture t;

	(void)state;
	established(&t, .peer_sack = true, .nodelay = true);
	rx(&t, .len = 10);
	fixture_write(&t, 20);
	rx(&t, .seq = 11, .ack = 21, .flags = TCP_FIN | TCP_ACK);
	assert_int_equal(t.t->state, HOLM_TCP_CLOSE_WAIT);
	assert_true(tcp_is_calm(t.t));
	rx(&t, .seq = 12, .ack = 21, .len = 10);
	assert_int_equal(t.rcv.tail, 10);
	assert_int_equal(t.t->rcv_nxt.v, t.peer_iss + 12);
	rx(&t, .seq = 12, .ack = 21, .flags = TCP_FIN | TCP_ACK);
	assert_int_equal(t.t->rcv_nxt.v, t.peer_iss + 12);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_with_the_fin_and_the_fin_that_follows_are_predicted),
		cmocka_unit_test(
			orphans_that_end_leave_their_buffers_empty_and_the_newest_timestamp),
		cmocka_unit_test(a_fin_that_gets_lost_is_sent_again_with_its_bytes),
		cmocka_unit_test(both_fins_at_once_meet_in_closing),
		cmocka_unit_test(who_answers_behind_the_peers_fin_stays_calm),
		cmocka_unit_test(a_close_with_bytes_in_flight_sends_its_fin_all_the_same),
		cmocka_unit_test(behind_the_peers_fin_there_is_no_text_and_no_second_fin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
