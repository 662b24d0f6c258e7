/*
 * A TCP connection between the instances of a duo: see tcp_ends.h.
 */
#include "tests/support/tcp_ends.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SNDBUF 262144u

static void attach(struct tcp_ends *e, int i)
{
	struct tcp_end *end = &e->end[i];

	holm_pattern_sndbuf_init(&end->snd, e->table, SNDBUF, NULL);
	holm_pattern_rcvbuf_init(&end->rcv, e->table, e->rcvbuf, NULL);
	assert_int_equal(holm_tcp_attach(end->tcp, &end->snd.base, &end->rcv.base), 0);
	holm_tcp_set_cookie(end->tcp, end);
}

int ends_open(struct tcp_ends *e, struct duo *d, const uint64_t bytes[2], uint64_t rcvbuf)
{
	struct holm_endpoint local = duo_endpoint(d, 1, ENDS_PORT);
	int err;

	memset(e, 0, sizeof(*e));
	e->d = d;
	e->rcvbuf = rcvbuf;
	e->table = malloc(HOLM_PATTERN_TABLE_BYTES);
	assert_non_null(e->table);
	holm_pattern_fill(e->table);
	for (int i = 0; i < 2; i++) {
		e->end[i].to_send = bytes[i];
		e->end[i].shut_at_end = true;
		e->end[i].close_at_eof = true;
	}
	err = holm_tcp_open(d->net[1], &e->listener);
	if (!err)
		err = holm_tcp_bind(e->listener, &local, HOLM_TCP_REUSEADDR);
	if (!err)
		err = holm_tcp_listen(e->listener, 16);
	if (!err)
		err = holm_tcp_open(d->net[0], &e->end[0].tcp);
	if (err)
		return err;
	attach(e, 0);
	return holm_tcp_connect(e->end[0].tcp, &local);
}

static void react_end(struct tcp_ends *e, struct tcp_end *end)
{
	unsigned state = holm_tcp_ready(end->tcp);

	(void)e;
	end->connected |= (state & HOLM_CONNECTED) != 0;
	if (!end->paused && end->rcv.base.readable > 0) {
		holm_pattern_rcvbuf_read(&end->rcv, SIZE_MAX);
		holm_tcp_received(end->tcp);
	}
	state = holm_tcp_ready(end->tcp);
	end->eof |= (state & HOLM_PEER_CLOSED) && end->rcv.base.readable == 0;
	end->closed |= (state & HOLM_CLOSED) != 0;
	if (state & HOLM_ERROR)
		end->error = holm_tcp_take_error(end->tcp);
	if ((state & HOLM_WRITABLE) && end->to_send > 0) {
		end->to_send -= holm_pattern_sndbuf_write(&end->snd, end->to_send);
		holm_tcp_send(end->tcp);
	}
	if ((state & HOLM_CONNECTED) && end->to_send == 0 && end->shut_at_end && !end->shut) {
		end->shut = true;
		holm_tcp_shutdown(end->tcp);
	}
	if (end->close_at_eof && ((end->shut && end->eof) || end->error || end->closed)) {
		holm_tcp_close(end->tcp);
		end->tcp = NULL;
	}
}

bool ends_react(struct tcp_ends *e)
{
	struct holm_event ev;
	bool any = false;

	for (int i = 0; i < 2; i++)
		while (holm_net_next_event(e->d->net[i], &ev)) {
			any = true;
			if (e->listener && ev.endpoint == e->listener) {
				struct holm_tcp *child;

				if (holm_tcp_accept(e->listener, &child) != 0)
					continue;
				assert_null(e->end[1].tcp);
				e->end[1].tcp = child;
				attach(e, 1);
				continue;
			}
			assert_int_equal(ev.kind, HOLM_EP_TCP);
			for (int k = 0; k < 2; k++)
				if (e->end[k].tcp == ev.endpoint) {
					e->end[k].events++;
					react_end(e, &e->end[k]);
				}
		}
	return any;
}

/* What side i has just sent is on its way to the other: take the frame off that is to be lost. */
static void lose(struct tcp_ends *e, int i, uint32_t before)
{
	struct holm_pair_end *to = &e->d->pair->end[1 - i];

	for (uint32_t k = before; k != to->in.tail; k++) {
		if (++e->sent[i] != e->lose[i])
			continue;
		holm_frame_free(to->queue[k % HOLM_PAIR_QUEUE]);
		for (uint32_t m = k + 1; m != to->in.tail; m++)
			to->queue[(m - 1) % HOLM_PAIR_QUEUE] = to->queue[m % HOLM_PAIR_QUEUE];
		to->in.tail--;
		k--;
	}
}

/* As duo_step(), with a look at the link in between. */
static bool step(struct tcp_ends *e)
{
	bool more = false;

	for (int i = 0; i < 2; i++) {
		struct holm_net *net = e->d->net[i];
		uint32_t before = e->d->pair->end[1 - i].in.tail;

		more |= holm_net_poll_devs(net, e->d->now, 64);
		more |= holm_net_poll(net, e->d->now, 64);
		lose(e, i, before);
	}
	for (int i = 0; i < 2; i++)
		more |= holm_net_next_deadline(e->d->net[i]) <= e->d->now;
	return more || e->d->pair->end[0].in.head != e->d->pair->end[0].in.tail ||
	       e->d->pair->end[1].in.head != e->d->pair->end[1].in.tail;
}

void ends_settle(struct tcp_ends *e)
{
	for (uint32_t rounds = 0; step(e) | ends_react(e); rounds++)
		if (rounds == 100000)
			fail_msg("no rest at %llu ns", (unsigned long long)e->d->now);
}

bool ends_advance(struct tcp_ends *e, uint64_t until)
{
	uint64_t next = UINT64_MAX;

	ends_settle(e);
	for (int i = 0; i < 2; i++) {
		uint64_t at = holm_net_next_deadline(e->d->net[i]);

		assert_true(at > e->d->now);
		next = at < next ? at : next;
	}
	if (next > until) {
		e->d->now = until;
		return false;
	}
	e->d->now = next;
	return true;
}

bool ends_finish(struct tcp_ends *e, uint64_t ns)
{
	uint64_t until = e->d->now + ns;

	do
		if (!e->end[0].tcp && !e->end[1].tcp)
			return true;
	while (ends_advance(e, until));
	return !e->end[0].tcp && !e->end[1].tcp;
}

void ends_run(struct tcp_ends *e, uint64_t ns)
{
	uint64_t until = e->d->now + ns;

	while (ends_advance(e, until))
		continue;
	ends_settle(e);
}

void ends_fini(struct tcp_ends *e)
{
	for (int i = 0; i < 2; i++)
		if (e->end[i].tcp)
			holm_tcp_abort(e->end[i].tcp);
	if (e->listener)
		holm_tcp_close(e->listener);
	duo_settle(e->d);
	free(e->table);
}
