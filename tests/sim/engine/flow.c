/*
 * Streams: two programs and a connection between them, and what is judged: every byte arrives in
 * order, or an error says so.
 */
#include "tests/sim/engine/sim.h"

#include <stdlib.h>
#include <string.h>

#include "lib/compiler.h"

/* When to try again what found no memory. */
#define RETRY_NS (10 * SIM_MS)
#define TRIES_MAX 1000u
/* Where an end may vanish without a word, the other one finds out. */
#define KEEPIDLE_S 20u
#define KEEPINTVL_S 5u
/* Links that lose a third of all packets are alive. */
#define KEEPCNT 20u
/* Eight repetitions of at least 200 ms, each twice as long as the one before. */
#define ORPHAN_NS (50 * SIM_S)
#define CHUNK 4096u

static uint8_t table[HOLM_PATTERN_TABLE_BYTES];

struct sim_end_plan sim_end_default(uint32_t host)
{
	return (struct sim_end_plan){
		.host = host,
		.sndbuf = 65536,
		.rcvbuf = 65536,
		.timestamps = true,
		.ecn = 2,
		.sack = true,
	};
}

static struct sim_host *host_of(const struct sim_end *e)
{
	return e->flow->sim->host[e->plan->host];
}

static struct sim_end *peer_of(const struct sim_end *e)
{
	return &e->flow->end[e == &e->flow->end[0]];
}

static void make_ready(struct sim_end *e)
{
	struct sim_host *h = host_of(e);

	if (e->is_ready)
		return;
	e->is_ready = true;
	e->next_ready = h->ready;
	h->ready = e;
}

static void pause_ended(struct sim *s, void *arg)
{
	struct sim_end *e = arg;

	if (e->timer_ns == s->now)
		e->timer_ns = SIM_NEVER;
	make_ready(e);
	sim_host_wake(host_of(e), s->now);
}

static void come_back(struct sim_end *e, uint64_t at)
{
	if (at >= e->timer_ns)
		return;
	e->timer_ns = at;
	sim_at(e->flow->sim, at, pause_ended, e);
}

/* ---- Buffers ------------------------------------------------------------------------------------- */

static struct sim_end *end_of(void *buf, size_t offset)
{
	return (struct sim_end *)(void *)((uint8_t *)buf - offset);
}

static void snd_released(void *buf)
{
	end_of(buf, offsetof(struct sim_end, buf.snd))->snd_held = false;
}

static void rcv_released(void *buf)
{
	end_of(buf, offsetof(struct sim_end, buf.rcv))->rcv_held = false;
}

static void pattern_snd_released(struct holm_pattern_sndbuf *b)
{
	snd_released(b);
}

static void ring_snd_released(struct holm_ring_sndbuf *b)
{
	snd_released(b);
}

static void pattern_rcv_released(struct holm_pattern_rcvbuf *b)
{
	rcv_released(b);
}

static void ring_rcv_released(struct holm_ring_rcvbuf *b)
{
	rcv_released(b);
}

static void frame_rcv_released(struct holm_frame_rcvbuf *b)
{
	rcv_released(b);
}

static int attach(struct sim_end *e)
{
	const struct sim_end_plan *p = e->plan;
	struct holm_net *net = host_of(e)->net;
	int err;

	if (p->snd_kind == SIM_RING)
		holm_ring_sndbuf_init(&e->buf.snd.ring, holm_net_memory(net), p->sndbuf,
				      ring_snd_released);
	else
		holm_pattern_sndbuf_init(&e->buf.snd.pattern, table, p->sndbuf,
					 pattern_snd_released);
	if (p->rcv_kind == SIM_RING)
		holm_ring_rcvbuf_init(&e->buf.rcv.ring, holm_net_memory(net), p->rcvbuf,
				      ring_rcv_released);
	else if (p->rcv_kind == SIM_FRAMES)
		holm_frame_rcvbuf_init(&e->buf.rcv.frames, holm_net_pool(net), p->rcvbuf,
				       frame_rcv_released);
	else
		holm_pattern_rcvbuf_init(&e->buf.rcv.pattern, table, p->rcvbuf,
					 pattern_rcv_released);
	err = holm_tcp_attach(e->t, &e->buf.snd.base, &e->buf.rcv.base);
	if (!err) {
		e->snd_held = true;
		e->rcv_held = true;
	}
	return err;
}

static void free_buffers(struct sim_end *e)
{
	if (e->snd_held || e->rcv_held)
		sim_fail(e->flow->sim, "a buffer was never released");
	if (!e->buf.snd.base.ops)
		return;
	if (e->plan->snd_kind == SIM_RING)
		holm_ring_sndbuf_fini(&e->buf.snd.ring);
	if (e->plan->rcv_kind == SIM_RING)
		holm_ring_rcvbuf_fini(&e->buf.rcv.ring);
	if (e->plan->rcv_kind == SIM_FRAMES)
		holm_frame_rcvbuf_fini(&e->buf.rcv.frames);
}

static size_t write_some(struct sim_end *e, size_t n)
{
	if (e->plan->snd_kind != SIM_RING)
		return holm_pattern_sndbuf_write(&e->buf.snd.pattern, n);
	return holm_ring_sndbuf_write(&e->buf.snd.ring, table + e->written % HOLM_PATTERN_PERIOD,
				      n < CHUNK ? n : CHUNK);
}

static void check_bytes(struct sim_end *e, const uint8_t *p, size_t n, uint64_t pos)
{
	if (memcmp(p, table + pos % HOLM_PATTERN_PERIOD, n) != 0)
		sim_fail(e->flow->sim, "%s: wrong bytes near %llu", host_of(e)->dev.name,
			 (unsigned long long)pos);
	for (size_t i = 0; i < n; i++)
		e->digest = (e->digest ^ p[i]) * UINT64_C(0x100000001b3);
}

static size_t read_frames(struct sim_end *e, size_t n)
{
	size_t done = 0;

	while (done < n) {
		struct holm_span span = holm_frame_rcvbuf_peek(&e->buf.rcv.frames);
		size_t m = min_size(min_size(span.len, n - done), CHUNK);

		if (m == 0)
			break;
		check_bytes(e, span.data, m, e->read + done);
		holm_frame_rcvbuf_release(&e->buf.rcv.frames, m);
		done += m;
	}
	return done;
}

static size_t read_ring(struct sim_end *e, size_t n)
{
	uint8_t bytes[CHUNK];
	size_t done = 0;

	while (done < n) {
		size_t m = holm_ring_rcvbuf_read(&e->buf.rcv.ring, bytes,
						 min_size(n - done, sizeof(bytes)));

		if (m == 0)
			break;
		check_bytes(e, bytes, m, e->read + done);
		done += m;
	}
	return done;
}

static size_t read_some(struct sim_end *e, size_t n)
{
	struct holm_pattern_rcvbuf *b = &e->buf.rcv.pattern;

	if (e->plan->rcv_kind == SIM_FRAMES)
		return read_frames(e, n);
	if (e->plan->rcv_kind == SIM_RING)
		return read_ring(e, n);
	if (b->mismatches)
		sim_fail(e->flow->sim, "%s: wrong bytes near %llu", host_of(e)->dev.name,
			 (unsigned long long)e->read);
	return holm_pattern_rcvbuf_read(b, n);
}

/* ---- The end of an end --------------------------------------------------------------------------- */

static void describe(const struct sim_end *e)
{
	struct holm_tcp_info info;

	fprintf(stderr, "%s: wrote %llu of %llu, read %llu%s%s%s error %d", host_of(e)->dev.name,
		(unsigned long long)e->written, (unsigned long long)e->plan->bytes,
		(unsigned long long)e->read, e->shut ? ", shut" : "", e->eof ? ", at the end" : "",
		e->over ? ", over" : "", e->error);
	if (e->t) {
		holm_tcp_get_info(e->t, &info);
		fprintf(stderr, "; %s, in flight %u, windows %u %u, cwnd %u, rto %llu ms, %u again",
			holm_tcp_state_name(info.state), info.in_flight, info.snd_wnd, info.rcv_wnd,
			info.cwnd_bytes, (unsigned long long)(info.rto_ns / SIM_MS),
			info.retrans_total);
	}
	fprintf(stderr, "\n");
}

void sim_flow_describe_all(const struct sim *s)
{
	for (const struct sim_flow *f = s->flows; f; f = f->next)
		for (int i = 0; i < 2 && !f->over; i++)
			describe(&f->end[i]);
}

/*
 * A program that has closed leaves the last bytes to its stack, which gives up after eight vain
 * repetitions. The peer's keep-alive finds that out: told so late, it is not a lie.
 */
static bool is_given_up(const struct sim_end *e, const struct sim_end *peer)
{
	return e->error && peer->over && !peer->error && e->over_ns > peer->over_ns + ORPHAN_NS;
}

bool sim_flow_was_given_up(const struct sim_flow *f)
{
	return is_given_up(&f->end[0], &f->end[1]) || is_given_up(&f->end[1], &f->end[0]);
}

static void judge(struct sim_flow *f)
{
	for (int i = 0; i < 2; i++) {
		struct sim_end *e = &f->end[i];
		struct sim_end *peer = &f->end[1 - i];
		bool whole = e->eof && !e->error && e->read == peer->plan->bytes;

		if (e->read <= peer->written && (!e->eof || e->read == peer->written) &&
		    (whole || f->plan.may_fail || is_given_up(e, peer)))
			continue;
		describe(e);
		describe(peer);
		sim_fail(f->sim, "bytes are missing, and nobody was told why");
	}
}

static void end_over(struct sim_end *e)
{
	struct sim_flow *f = e->flow;

	e->t = NULL;
	e->over = true;
	e->over_ns = f->sim->now;
	f->open_ends--;
	/* An end of which the peer has never heard will not come any more, or begins anew. */
	if (f->open_ends > 0)
		return;
	if (!f->over)
		f->sim->flows_running--;
	f->over = true;
}

static void end_close(struct sim_end *e)
{
	holm_tcp_close(e->t);
	end_over(e);
}

/* ---- Programs ------------------------------------------------------------------------------------ */

static void read_on(struct sim_end *e, uint64_t now)
{
	size_t readable = holm_rcvbuf_readable(&e->buf.rcv.base);
	uint64_t from = max_u64(e->next_read_ns, e->plan->read_from_ns);
	size_t n;

	if (readable == 0)
		return;
	if (from > now) {
		come_back(e, from);
		return;
	}
	n = read_some(e, e->plan->read_bytes ? e->plan->read_bytes : readable);
	e->read += n;
	e->next_read_ns = now + e->plan->read_pause_ns;
	holm_tcp_received(e->t);
	if (n < readable)
		come_back(e, e->next_read_ns);
}

static void write_on(struct sim_end *e, uint64_t now)
{
	const struct sim_end_plan *p = e->plan;

	while (e->written < p->bytes) {
		uint64_t left = p->bytes - e->written;
		size_t want = (size_t)min_u64(left, p->write_bytes ? p->write_bytes : SIZE_MAX / 2);
		size_t n;

		if (e->next_write_ns > now) {
			come_back(e, e->next_write_ns);
			return;
		}
		n = write_some(e, want);
		if (n == 0) {
			/* Full: an event says when there is room. No memory: nobody does. */
			if (holm_sndbuf_room(&e->buf.snd.base) > 0)
				come_back(e, now + RETRY_NS);
			return;
		}
		e->written += n;
		e->next_write_ns = now + p->write_pause_ns;
		holm_tcp_send(e->t);
	}
}

static void finish(struct sim_end *e)
{
	if (e->shut || e->written < e->plan->bytes || e->plan->finish == SIM_STAY)
		return;
	e->shut = true;
	if (e->plan->finish == SIM_SHUTDOWN) {
		holm_tcp_shutdown(e->t);
	} else if (e->plan->finish == SIM_CLOSE) {
		end_close(e);
	} else {
		holm_tcp_abort(e->t);
		end_over(e);
	}
}

int sim_keep_alive(struct holm_tcp *t)
{
	int err = holm_tcp_set_option(t, HOLM_TCP_OPT_KEEPALIVE, 1);

	if (!err)
		err = holm_tcp_set_option(t, HOLM_TCP_OPT_KEEPIDLE_S, KEEPIDLE_S);
	if (!err)
		err = holm_tcp_set_option(t, HOLM_TCP_OPT_KEEPINTVL_S, KEEPINTVL_S);
	return err ? err : holm_tcp_set_option(t, HOLM_TCP_OPT_KEEPCNT, KEEPCNT);
}

/* Memory may be short: then the first error, and some are set and some are not. */
static int set_options(const struct sim_end_plan *p, struct holm_tcp *t)
{
	int err = holm_tcp_set_option(t, HOLM_TCP_OPT_NODELAY, p->nodelay);

	if (!err)
		err = holm_tcp_set_option(t, HOLM_TCP_OPT_TIMESTAMPS, p->timestamps);
	if (!err)
		err = holm_tcp_set_option(t, HOLM_TCP_OPT_ECN, p->ecn);
	if (!err && p->maxseg)
		err = holm_tcp_set_option(t, HOLM_TCP_OPT_MAXSEG, p->maxseg);
	if (!err)
		err = holm_tcp_set_option(t, HOLM_TCP_OPT_SACK, p->sack);
	if (!err && p->trusts)
		err = holm_tcp_set_option(t, HOLM_TCP_OPT_KEEPALIVE, 0);
	/* What is not linked is refused, and what is there stays. */
	if (err == -HOLM_ENOPROTOOPT)
		err = 0;
	if (p->controller)
		holm_tcp_set_congestion(t, p->controller, strlen(p->controller));
	return err;
}

/* Open, attach, connect; whatever finds no memory is tried again. */
static int try_connect(struct sim_end *e)
{
	struct holm_endpoint remote = { .addr = host_of(peer_of(e))->addr, .port = SIM_PORT };
	struct holm_tcp *t;
	int err = holm_tcp_open(host_of(e)->net, &t);

	if (err)
		return err;
	err = sim_keep_alive(t);
	if (!err)
		err = set_options(e->plan, t);
	holm_tcp_set_cookie(t, e);
	if (!err)
		err = holm_tcp_connect(t, &remote);
	if (err) {
		holm_tcp_close(t);
		return err;
	}
	e->t = t;
	holm_tcp_local(t, &e->flow->client);
	return attach(e);
}

static void start(struct sim_end *e)
{
	struct sim_flow *f = e->flow;
	int err = try_connect(e);

	if (!err) {
		f->started = true;
		return;
	}
	if (!f->plan.may_fail || f->tries++ == TRIES_MAX)
		sim_fail(f->sim, "connect: error %d", err);
	if (e->t)
		sim_fail(f->sim, "attach: error %d", err);
	come_back(e, f->sim->now + RETRY_NS);
}

static void react(struct sim_end *e)
{
	uint64_t now = e->flow->sim->now;

	if (!e->t && !e->over && e == &e->flow->end[0] && !e->flow->started)
		start(e);
	if (!e->t)
		return;
	read_on(e, now);
	if ((holm_tcp_ready(e->t) & HOLM_PEER_CLOSED) &&
	    holm_rcvbuf_readable(&e->buf.rcv.base) == 0)
		e->eof = true;
	if ((holm_tcp_ready(e->t) & HOLM_ERROR) && holm_rcvbuf_readable(&e->buf.rcv.base) == 0) {
		e->error = holm_tcp_take_error(e->t);
		end_close(e);
		return;
	}
	write_on(e, now);
	finish(e);
	if (e->t && e->shut && e->eof)
		end_close(e);
}

/* ---- What a host is told ------------------------------------------------------------------------- */

/* The stream that a child belongs to. */
static struct sim_flow *flow_of_child(struct sim_host *h, struct holm_tcp *t)
{
	struct holm_endpoint remote;

	holm_tcp_remote(t, &remote);
	for (struct sim_flow *f = h->sim->flows; f; f = f->next)
		if (f->started && f->client.port == remote.port && host_of(&f->end[1]) == h &&
		    holm_addr_equal(&f->client.addr, &remote.addr))
			return f;
	return NULL;
}

static void take_children(struct sim_host *h)
{
	struct holm_tcp *t;

	while (holm_tcp_accept(h->listener, &t) == 0) {
		struct sim_flow *f = flow_of_child(h, t);
		struct sim_end *e = f ? &f->end[1] : NULL;

		if (!e)
			sim_fail(h->sim, "%s: a connection that nobody opened", h->dev.name);
		/* An old ACK that still opens a SYN cookie: a second connection of the same stream. */
		if (e->t || e->over) {
			holm_tcp_abort(t);
			continue;
		}
		e->t = t;
		if (e->flow->over) {
			e->flow->over = false;
			e->flow->sim->flows_running++;
		}
		e->flow->open_ends++;
		/* What cannot be had stays the listener's. */
		(void)set_options(e->plan, t);
		holm_tcp_set_cookie(t, e);
		if (attach(e))
			sim_fail(h->sim, "%s: attach to a child", h->dev.name);
		make_ready(e);
	}
}

void sim_flow_events(struct sim_host *h)
{
	struct holm_event ev;

	while (holm_net_next_event(h->net, &ev)) {
		struct sim_end *e = ev.cookie;

		if (ev.endpoint == h->listener)
			take_children(h);
		else if (e && e->t == ev.endpoint)
			make_ready(e);
		else
			sim_fail(h->sim, "%s: an event for a handle given up", h->dev.name);
	}
}

bool sim_flow_react(struct sim_host *h)
{
	struct sim_end *e;

	sim_flow_events(h);
	e = h->ready;
	if (!e)
		return false;
	h->ready = NULL;
	while (e) {
		struct sim_end *next = e->next_ready;

		e->is_ready = false;
		react(e);
		e = next;
	}
	return true;
}

/* ---- Making, ending ------------------------------------------------------------------------------ */

struct sim_flow *sim_add_flow(struct sim *s, const struct sim_flow_plan *plan)
{
	struct sim_flow *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	if (table[1] == 0)
		holm_pattern_fill(table);
	f->sim = s;
	f->plan = *plan;
	f->next = s->flows;
	s->flows = f;
	s->flows_running++;
	f->open_ends = 1; /* the server's counts when it is there */
	for (int i = 0; i < 2; i++) {
		f->end[i].flow = f;
		f->end[i].plan = &f->plan.end[i];
		f->end[i].timer_ns = SIM_NEVER;
	}
	come_back(&f->end[0], max_u64(plan->start_ns + (s->ip6 ? SIM_IP6_READY_NS : 0), s->now));
	return f;
}

void sim_flow_stop(struct sim_flow *f)
{
	f->plan.may_fail = true;
	for (int i = 0; i < 2; i++) {
		struct sim_end *e = &f->end[i];

		if (!e->t)
			continue;
		holm_tcp_abort(e->t);
		end_over(e);
		sim_host_wake(host_of(e), f->sim->now);
	}
	if (!f->started && !f->over) {
		f->over = true;
		f->end[0].over = true;
		f->sim->flows_running--;
	}
}

/* Nothing is left to send, but what was sent may still make a server of a late child. */
#define STRAGGLERS_NS (300 * SIM_S)

void sim_finish_flows(struct sim *s, uint64_t patience_ns)
{
	uint64_t until = s->now + patience_ns;

	do {
		while (s->flows_running > 0)
			if (!sim_step(s, until)) {
				sim_flow_describe_all(s);
				sim_fail(s, "%u streams are not over", s->flows_running);
			}
		sim_run(s, STRAGGLERS_NS);
	} while (s->flows_running > 0);
	for (struct sim_flow *f = s->flows; f; f = f->next)
		judge(f);
}

void sim_flow_free_all(struct sim *s)
{
	while (s->flows) {
		struct sim_flow *f = s->flows;

		s->flows = f->next;
		free_buffers(&f->end[0]);
		free_buffers(&f->end[1]);
		free(f);
	}
}
