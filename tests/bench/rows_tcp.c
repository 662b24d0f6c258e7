/*
 * The TCP rows: bulk, request/response, connect-request-close.
 */
#include "tests/bench/world.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW (64u * 1024u)
#define MESSAGE 64u
/* Streams of a crowd. */
#define STREAMS 8

static uint8_t table[HOLM_PATTERN_TABLE_BYTES];
static uint8_t scratch[1024 * 1024];

/* Open a connection with rings at both ends. */
static struct holm_tcp *open_pair(struct world *w, struct end end[2], uint16_t port, uint32_t limit)
{
	struct holm_tcp *listener = world_listen(w, 1, port, 64);
	struct holm_endpoint remote = { .addr = w->side[1].addr, .port = port };

	world_set_options(w, listener);
	bench_check(holm_tcp_open(w->side[0].net, &end[0].t) == 0, "open");
	world_set_options(w, end[0].t);
	end_attach(w, 0, &end[0], limit);
	bench_check(holm_tcp_connect(end[0].t, &remote) == 0, "connect");
	for (int i = 0; i < 4; i++) {
		world_round(w, 0);
		world_round(w, 1);
		w->now += w->options.round_ns;
	}
	bench_check(holm_tcp_accept(listener, &end[1].t) == 0, "accept");
	end_attach(w, 1, &end[1], limit);
	world_settle(w);
	return listener;
}

static void close_pair(struct world *w, struct end end[2], struct holm_tcp *listener)
{
	for (int i = 0; i < 2; i++)
		holm_tcp_abort(end[i].t);
	holm_tcp_close(listener);
	world_settle(w);
	end_fini(&end[0]);
	end_fini(&end[1]);
}

/* A bulk transfer under way. */
struct bulk {
	struct holm_tcp *listener;
	struct holm_pattern_sndbuf pattern;
	struct end end[2];
	struct holm_frame_rcvbuf kept; /* of the reader, in place of a ring */
	uint32_t window;
	uint64_t received; /* bytes since the beginning */
	uint64_t frames;   /* looked at by damage() */
};

/* The reader keeps the frames in which its bytes come; a byte is charged twice. */
static void attach_frames(struct world *w, struct bulk *b)
{
	struct end *e = &b->end[1];

	holm_ring_sndbuf_init(&e->snd, holm_net_memory(w->side[1].net), WINDOW, NULL);
	holm_frame_rcvbuf_init(&b->kept, holm_net_pool(w->side[1].net), 2 * (size_t)b->window,
			       NULL);
	bench_check(holm_tcp_attach(e->t, &e->snd.base, &b->kept.base) == 0, "attach");
}

static void bulk_open(struct world *w, struct bulk *b, uint16_t port)
{
	struct holm_endpoint remote = { .addr = w->side[1].addr, .port = port };

	if (table[1] == 0)
		holm_pattern_fill(table);
	*b = (struct bulk){ .window = w->options.window ? w->options.window : WINDOW };
	b->listener = world_listen(w, 1, port, 64);
	world_set_options(w, b->listener);
	bench_check(holm_tcp_open(w->side[0].net, &b->end[0].t) == 0, "open");
	world_set_options(w, b->end[0].t);
	/* More than the receiver's window holds, so that the sender always has something to send. */
	holm_pattern_sndbuf_init(&b->pattern, table, 2 * (size_t)b->window, NULL);
	holm_ring_rcvbuf_init(&b->end[0].rcv, holm_net_memory(w->side[0].net), WINDOW, NULL);
	bench_check(holm_tcp_attach(b->end[0].t, &b->pattern.base, &b->end[0].rcv.base) == 0,
		    "attach");
	bench_check(holm_tcp_connect(b->end[0].t, &remote) == 0, "connect");
	world_settle(w);
	bench_check(holm_tcp_accept(b->listener, &b->end[1].t) == 0, "accept");
	if (w->options.frames)
		attach_frames(w, b);
	else
		end_attach(w, 1, &b->end[1], b->window);
}

/* Take what is readable as a program does that has a buffer for it. */
static size_t bulk_read(struct bulk *b)
{
	size_t n;

	if (!b->kept.pool)
		return end_read(&b->end[1], scratch, sizeof(scratch));
	bench_on();
	n = holm_frame_rcvbuf_read(&b->kept, scratch, sizeof(scratch));
	if (n)
		holm_tcp_received(b->end[1].t);
	bench_off();
	return n;
}

/*
 * Flip a bit of a payload in every 50th frame that is under way to the receiver. The sums of super-frames are
 * the device's, which nobody looks at.
 */
static void damage(struct world *w, struct bulk *b)
{
	struct holm_pair_end *to = &w->pair.end[1];

	for (uint32_t i = to->in.head; i != to->in.tail; i++) {
		struct holm_frame *f = to->queue[i % HOLM_PAIR_QUEUE];

		if (f->len > 1000 && ++b->frames % 50 == 0)
			f->segs[0].data[f->segs[0].len - 1] ^= 4;
	}
}

/* What end_read() left in the scratch buffer is what was sent. */
static void bulk_verify(const struct bulk *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bench_check(scratch[i] == holm_pattern_byte(b->received + i), "bulk is damaged");
}

/* The sender fills its buffer. */
static void bulk_write(struct bulk *b)
{
	bench_on();
	if (holm_pattern_sndbuf_write(&b->pattern, SIZE_MAX) > 0)
		holm_tcp_send(b->end[0].t);
	bench_off();
}

/* The receiver reads what has come. */
static void bulk_take(struct world *w, struct bulk *b)
{
	size_t n = bulk_read(b);

	if (w->options.verify)
		bulk_verify(b, n);
	b->received += n;
}

/* The sender sends what the window lets go; the receiver takes that in, reads it and answers. */
static void bulk_round(struct world *w, struct bulk *b)
{
	bulk_write(b);
	world_out(w, 0);
	if (w->options.verify && !w->options.super)
		damage(w, b);
	if (w->options.frames)
		world_land(w, 1);
	world_in(w, 1);
	bulk_take(w, b);
	world_out(w, 1);
	world_in(w, 0);
	world_forget_events(w);
	/* What was damaged is only missed when time passes. */
	w->now += w->options.verify ? 1000 * w->options.round_ns : w->options.round_ns;
}

double run_bulk(struct world *w, uint32_t ops)
{
	struct bulk b;
	uint64_t before;

	bulk_open(w, &b, WORLD_PORT);
	/* The first rounds open the congestion window. */
	for (uint32_t i = 0; i < 64; i++)
		bulk_round(w, &b);
	before = b.received;
	bench_start();
	for (uint32_t i = 0; i < ops; i++)
		bulk_round(w, &b);
	bench_stop();
	close_pair(w, b.end, b.listener);
	if (b.kept.pool)
		holm_frame_rcvbuf_fini(&b.kept);
	bench_check(b.received - before > (uint64_t)ops * 1460 || w->options.verify,
		    "bulk moved no data");
	return (double)(b.received - before) / 1460;
}

/* Which stream of a crowd a frame is of: each has a port of the server's. */
static uint32_t stream_of(const struct holm_frame *f)
{
	const uint8_t *ports = holm_frame_data(f) + 34;

	return ((uint32_t)ports[2] << 8 | ports[3]) - WORLD_PORT;
}

/*
 * What is under way to the receiver, as a wire has it that the streams share: a frame of each in turn, the
 * order within a stream kept.
 */
static void interleave(struct holm_pair_end *to)
{
	uint32_t n = to->in.tail - to->in.head, sent[STREAMS] = { 0 }, done = 0;
	struct holm_frame **queue = &to->queue[to->in.head];
	struct holm_frame *from[HOLM_PAIR_QUEUE];
	uint32_t turn[HOLM_PAIR_QUEUE];

	for (uint32_t i = 0; i < n; i++) {
		from[i] = queue[i];
		turn[i] = sent[stream_of(from[i])]++;
	}
	for (uint32_t k = 0; done < n; k++)
		for (uint32_t i = 0; i < n; i++)
			if (turn[i] == k)
				queue[done++] = from[i];
}

static void bulk_crowd_round(struct world *w, struct bulk *b)
{
	for (int i = 0; i < STREAMS; i++)
		bulk_write(&b[i]);
	world_out(w, 0);
	interleave(&w->pair.end[1]);
	world_in(w, 1);
	for (int i = 0; i < STREAMS; i++)
		bulk_take(w, &b[i]);
	world_out(w, 1);
	world_in(w, 0);
	world_forget_events(w);
	w->now += (uint64_t)w->options.round_ns * STREAMS;
}

double run_bulk_crowd(struct world *w, uint32_t ops)
{
	struct bulk b[STREAMS];
	uint64_t received = 0;

	for (int i = 0; i < STREAMS; i++)
		bulk_open(w, &b[i], (uint16_t)(WORLD_PORT + i));
	for (uint32_t i = 0; i < 64; i++)
		bulk_crowd_round(w, b);
	for (int i = 0; i < STREAMS; i++)
		received -= b[i].received;
	bench_start();
	for (uint32_t i = 0; i < ops; i++)
		bulk_crowd_round(w, b);
	bench_stop();
	for (int i = 0; i < STREAMS; i++) {
		received += b[i].received;
		close_pair(w, b[i].end, b[i].listener);
	}
	bench_check(received > (uint64_t)ops * STREAMS * 1460, "a crowd of streams moved no data");
	return (double)received / 1460;
}

/* One request and its answer over an open connection. */
static void request_response(struct world *w, struct end end[2])
{
	uint8_t message[MESSAGE] = { 1 };

	for (int i = 0; i < 2; i++) {
		bench_on();
		holm_ring_sndbuf_write(&end[i].snd, message, MESSAGE);
		holm_tcp_send(end[i].t);
		bench_off();
		world_out(w, i);
		world_in(w, !i);
		bench_check(end_read(&end[!i], scratch, sizeof(scratch)) == MESSAGE,
			    "rr lost its message");
	}
	world_forget_events(w);
	w->now += w->options.round_ns;
}

double run_rr(struct world *w, uint32_t ops)
{
	struct end end[2] = { 0 };
	struct holm_tcp *listener = open_pair(w, end, WORLD_PORT, 16 * 1024);

	for (uint32_t i = 0; i < 16; i++)
		request_response(w, end);
	bench_start();
	for (uint32_t i = 0; i < ops; i++)
		request_response(w, end);
	bench_stop();
	close_pair(w, end, listener);
	return ops;
}

/* Rings for the idle connections of the world, and one exchange on each. */
static void rrn_init(struct world *w)
{
	w->robin = aligned_alloc(64, w->nidle * sizeof(*w->robin));
	bench_check(w->robin != NULL, "memory");
	memset(w->robin, 0, w->nidle * sizeof(*w->robin));
	for (uint32_t i = 0; i < w->nidle; i++) {
		for (int side = 0; side < 2; side++) {
			w->robin[i][side].t = w->idle[side][i];
			end_attach(w, side, &w->robin[i][side], 16 * 1024);
		}
		request_response(w, w->robin[i]);
	}
}

void rrn_fini(struct world *w)
{
	for (uint32_t i = 0; i < w->nidle; i++)
		for (int side = 0; side < 2; side++)
			holm_tcp_abort(w->robin[i][side].t);
	world_settle(w);
	for (uint32_t i = 0; i < w->nidle; i++)
		for (int side = 0; side < 2; side++)
			end_fini(&w->robin[i][side]);
	free(w->robin);
}

static void robin(struct world *w, uint32_t ops)
{
	for (uint32_t i = 0; i < ops; i++) {
		request_response(w, w->robin[w->next]);
		w->next = (w->next + 1) % w->nidle;
	}
}

/* Round robin over the idle connections of the world: each has one exchange in turn. */
double run_rrn(struct world *w, uint32_t ops)
{
	/* After the second turn each knows how the others' turns leave it: whether its ACKs are to wait. */
	if (!w->robin) {
		rrn_init(w);
		robin(w, w->nidle);
	}
	bench_warm_caches();
	robin(w, 2000);
	bench_start();
	robin(w, ops);
	bench_stop();
	return ops;
}

static void connect_request_close(struct world *w, struct holm_tcp *listener)
{
	struct holm_endpoint remote = { .addr = w->side[1].addr, .port = WORLD_PORT };
	struct end end[2] = { 0 };
	uint8_t message[MESSAGE] = { 1 };

	bench_on();
	bench_check(holm_tcp_open(w->side[0].net, &end[0].t) == 0, "open");
	world_set_options(w, end[0].t);
	end_attach(w, 0, &end[0], 16 * 1024);
	bench_check(holm_tcp_connect(end[0].t, &remote) == 0, "connect");
	bench_off();
	world_out(w, 0); /* SYN */
	world_in(w, 1);
	world_out(w, 1); /* SYN-ACK */
	world_in(w, 0);
	bench_on();
	holm_ring_sndbuf_write(&end[0].snd, message, MESSAGE);
	holm_tcp_send(end[0].t);
	bench_off();
	world_out(w, 0); /* ACK and request */
	world_in(w, 1);
	bench_on();
	bench_check(holm_tcp_accept(listener, &end[1].t) == 0, "accept");
	end_attach(w, 1, &end[1], 16 * 1024);
	bench_off();
	bench_check(end_read(&end[1], scratch, sizeof(scratch)) == MESSAGE, "crr lost its request");
	bench_on();
	holm_ring_sndbuf_write(&end[1].snd, message, MESSAGE);
	holm_tcp_send(end[1].t);
	holm_tcp_close(end[1].t);
	bench_off();
	world_out(w, 1); /* answer and FIN */
	world_in(w, 0);
	bench_check(end_read(&end[0], scratch, sizeof(scratch)) == MESSAGE, "crr lost its answer");
	bench_on();
	holm_tcp_close(end[0].t);
	bench_off();
	world_out(w, 0); /* FIN */
	world_in(w, 1);
	world_out(w, 1); /* its ACK */
	world_in(w, 0);
	world_forget_events(w);
	w->now += 10000000;
	end_fini(&end[0]);
	end_fini(&end[1]);
}

double run_crr(struct world *w, uint32_t ops)
{
	struct holm_tcp *listener;

	world_introduce(w);
	listener = world_listen(w, 1, WORLD_PORT, 64);
	world_set_options(w, listener);
	for (uint32_t i = 0; i < 16; i++)
		connect_request_close(w, listener);
	bench_start();
	for (uint32_t i = 0; i < ops; i++)
		connect_request_close(w, listener);
	bench_stop();
	holm_tcp_close(listener);
	world_settle(w);
	return ops;
}
