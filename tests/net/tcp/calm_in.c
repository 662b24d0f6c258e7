/*
 * A batch whose frames are of many connections: what it does is what its frames do one by one.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/checksum.h"
#include "tests/support/talk.h"

#define CROWD 8u
#define HOPS 16u
#define PORT 80u

struct member {
	struct holm_tcp *t;
	struct holm_pattern_sndbuf snd;
	struct holm_pattern_rcvbuf rcv;
	bool attached, shut;
};

struct crowd {
	struct duo d;
	struct holm_tcp *listener;
	struct member m[2][2 * CROWD];
	unsigned n[2];
	uint8_t *table;
	bool ip6, whole, damages;
	uint64_t seed;
	uint64_t said; /* what came out, and who was told of what, as one number */
};

/* ---- Members ------------------------------------------------------------------------------------- */

static unsigned below(struct crowd *c, unsigned n)
{
	return (unsigned)expect_random_below(&c->seed, n);
}

static void note(struct crowd *c, const void *p, size_t n)
{
	const uint8_t *b = p;

	while (n-- > 0)
		c->said = (c->said ^ *b++) * 0x100000001b3;
}

static struct member *add(struct crowd *c, int side)
{
	struct member *m = &c->m[side][c->n[side]++];

	assert_true(c->n[side] <= 2 * CROWD);
	return m;
}

static void attach(struct crowd *c, struct member *m)
{
	holm_pattern_sndbuf_init(&m->snd, c->table, 262144, NULL);
	holm_pattern_rcvbuf_init(&m->rcv, c->table, 65535, NULL);
	assert_int_equal(holm_tcp_attach(m->t, &m->snd.base, &m->rcv.base), 0);
	holm_tcp_set_cookie(m->t, m);
}

static void connect_one(struct crowd *c)
{
	struct holm_endpoint to = duo_endpoint(&c->d, 1, PORT);
	struct member *m = add(c, 0);

	assert_int_equal(holm_tcp_open(c->d.net[0], &m->t), 0);
	attach(c, m);
	assert_int_equal(holm_tcp_connect(m->t, &to), 0);
}

static void tell(struct member *m, size_t n)
{
	holm_pattern_sndbuf_write(&m->snd, n);
	holm_tcp_send(m->t);
}

/* All that was told is read; who comes is let in. */
static void react(struct crowd *c, int side)
{
	struct holm_event ev;

	while (holm_net_next_event(c->d.net[side], &ev)) {
		struct member *m = ev.cookie;
		size_t place = m ? (size_t)(m - c->m[side]) : SIZE_MAX;

		note(c, &place, sizeof(place));
		note(c, &ev.state, sizeof(ev.state));
		if (m && m->rcv.base.readable > 0) {
			holm_pattern_rcvbuf_read(&m->rcv, SIZE_MAX);
			holm_tcp_received(m->t);
		}
		while (!m) {
			struct holm_tcp *child;

			if (holm_tcp_accept(c->listener, &child) != 0)
				break;
			m = add(c, 1);
			m->t = child;
			attach(c, m);
			m = NULL;
		}
	}
}

static void crowd_begin(struct crowd *c, uint64_t seed, bool ip6, bool whole, bool super)
{
	struct holm_dev_caps caps = holm_pair_default_caps();
	struct holm_endpoint local;

	memset(c, 0, sizeof(*c));
	if (super) {
		caps.features = HOLM_DEV_TX_CSUM | HOLM_DEV_RX_CSUM | HOLM_DEV_TSO4 | HOLM_DEV_TSO6;
		caps.segs_max = 16;
	}
	duo_init(&c->d,
		 &(struct duo_options){
			 .protos = talk_protos, .start_ns = LAB_S, .caps = &caps, .seed = seed });
	if (ip6)
		use_ip6(&c->d);
	c->ip6 = ip6;
	c->whole = whole;
	c->seed = seed;
	c->table = malloc(HOLM_PATTERN_TABLE_BYTES);
	assert_non_null(c->table);
	holm_pattern_fill(c->table);
	local = duo_endpoint(&c->d, 1, PORT);
	assert_int_equal(holm_tcp_open(c->d.net[1], &c->listener), 0);
	assert_int_equal(holm_tcp_bind(c->listener, &local, 0), 0);
	assert_int_equal(holm_tcp_listen(c->listener, 2 * CROWD), 0);
	for (unsigned i = 0; i < CROWD; i++) {
		connect_one(c);
		duo_settle(&c->d);
		for (int side = 0; side < 2; side++)
			react(c, side);
	}
	for (unsigned i = 0; i < 4 * CROWD; i++) {
		tell(&c->m[i / CROWD % 2][i % CROWD], 100);
		duo_settle(&c->d);
		for (int side = 0; side < 2; side++)
			react(c, side);
	}
}

static void crowd_end(struct crowd *c)
{
	for (int side = 0; side < 2; side++)
		for (unsigned i = 0; i < c->n[side]; i++)
			holm_tcp_abort(c->m[side][i].t);
	holm_tcp_close(c->listener);
	duo_settle(&c->d);
	free(c->table);
	duo_run(&c->d, 120 * LAB_S);
	duo_fini(&c->d);
}

/* ---- Batches ------------------------------------------------------------------------------------- */

static struct tcp_hdr_info header_of(const struct crowd *c, struct holm_frame *f)
{
	uint32_t off = 14 + (c->ip6 ? 40 : 20);
	struct tcp_hdr_info h = { 0 };
	enum holm_drop why;

	assert_true(tcp_parse(holm_frame_data(f) + off, f->segs[0].len - off, &h, &why));
	return h;
}

/* Frames of different connections change places, as they do on their ways. */
static void mix(struct crowd *c, struct holm_frame **frames, size_t n)
{
	for (size_t times = 0; times < 4 * n && n > 1; times++) {
		size_t i = below(c, (unsigned)n - 1);
		struct tcp_hdr_info a = header_of(c, frames[i]), b = header_of(c, frames[i + 1]);
		struct holm_frame *f = frames[i];

		if (a.sport == b.sport && a.dport == b.dport)
			continue;
		frames[i] = frames[i + 1];
		frames[i + 1] = f;
	}
}

/* A bit of the TCP header, which the sum knows of or not; as the sender writes it, or not. */
static void damage(struct crowd *c, struct holm_frame *f)
{
	static const struct {
		unsigned at;
		uint8_t bits;
		bool summed;
	} kinds[] = {
		{ 0, 1, true },	       /* from a port where nobody speaks */
		{ 13, TCP_RST, true }, /* the end of all */
		{ 13, TCP_SYN, true }, { 13, TCP_FIN, true },
		{ 13, TCP_ACK, true }, /* which it had */
		{ 4, 0x80, true },     { 7, 1, false },
		{ 11, 1, true },       { 12, 0x80, false },
		{ 18, 1, true }, /* an urgent pointer that says nothing */
	};
	unsigned kind = below(c, sizeof(kinds) / sizeof(kinds[0]));
	uint8_t *p = holm_frame_data(f) + 14 + (c->ip6 ? 40 : 20);
	unsigned word = kinds[kind].at & ~1u;
	uint16_t before = load_be16(p + word);
	uint32_t sum;

	p[kinds[kind].at] ^= kinds[kind].bits;
	/* RFC 1624 */
	sum = (uint32_t)(uint16_t)~load_be16(p + TCP_CSUM_OFFSET) + (uint16_t)~before +
	      load_be16(p + word);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	if (kinds[kind].summed)
		store_be16(p + TCP_CSUM_OFFSET, (uint16_t)~sum);
}

/* What lies there for `side` comes, at once or one by one. */
static void deliver(struct crowd *c, int side)
{
	struct holm_pair_end *at = &c->d.pair->end[side];
	struct holm_frame **frames = at->queue + at->in.head;
	size_t n = at->in.tail - at->in.head;

	mix(c, frames, n);
	for (size_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < frames[i]->nsegs; k++)
			note(c, frames[i]->segs[k].data, frames[i]->segs[k].len);
		if (c->damages && below(c, 3) == 0)
			damage(c, frames[i]);
	}
	if (c->whole) {
		(void)holm_net_poll_devs(c->d.net[side], c->d.now, 256);
		return;
	}
	at->in.head = 0;
	at->in.tail = 0;
	for (size_t i = 0; i < n; i++)
		holm_net_input(c->d.net[side], duo_dev(&c->d, side), &frames[i], 1, c->d.now);
}

static void act(struct crowd *c, int side, size_t longest)
{
	for (unsigned i = 0; i < CROWD; i++) {
		struct member *m = &c->m[side][below(c, c->n[side])];
		unsigned what = below(c, 24);

		if (what == 0 && c->n[0] < 2 * CROWD && side == 0) {
			connect_one(c);
		} else if (what == 1 && !m->shut) {
			holm_tcp_shutdown(m->t);
			m->shut = true;
		} else if (!m->shut) {
			tell(m, what < 6 ? longest : 100);
		}
	}
}

/* All that a program and a wire can see of it, and what was counted, as one number. */
static uint64_t story(uint64_t seed, bool ip6, bool whole, bool super)
{
	struct crowd c;

	crowd_begin(&c, seed, ip6, whole, super);
	for (unsigned hop = 0; hop < HOPS; hop++) {
		int side = hop % 2;

		/* What is lost is not waited for: what is sent again then may be merged. */
		c.damages = seed % 2 && hop + 2 >= HOPS;
		/* Built for size, the library knows no runs, and merges what comes in one. */
		act(&c, side, seed % 2 || !c.d.net[0]->flow.transport ? 100 : 4000);
		holm_net_poll(c.d.net[side], c.d.now, 256);
		deliver(&c, !side);
		react(&c, !side);
		c.d.now += LAB_MS;
	}
	for (int side = 0; side < 2; side++) {
		for (enum holm_counter k = 0; k < HOLM_COUNT_COUNT; k++) {
			uint64_t n = holm_net_counter(c.d.net[side], k);

			if (k != HOLM_COUNT_TCP_GRO_MERGED && k != HOLM_COUNT_TCP_PREDICTED_RX)
				note(&c, &n, sizeof(n));
		}
		for (enum holm_drop k = 0; k < HOLM_DROP_COUNT; k++) {
			uint64_t n = holm_net_drops(c.d.net[side], k);

			note(&c, &n, sizeof(n));
		}
	}
	crowd_end(&c);
	return c.said;
}

static void a_batch_does_what_its_frames_do_one_by_one(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++)
		for (unsigned way = 0; way < 4; way++)
			if (story(seed, way & 1, false, way & 2) !=
			    story(seed, way & 1, true, way & 2))
				fail_msg("seed %u, way %u", (unsigned)seed, way);
}

/* ---- What it costs ------------------------------------------------------------------------------- */

static uint64_t counted(const struct crowd *c, int side, enum holm_counter counter)
{
	return holm_net_counter(c->d.net[side], counter);
}

/* All of one side have said `n` bytes, which is on its way. */
static void tell_all(struct crowd *c, int side, size_t n)
{
	for (unsigned i = 0; i < CROWD; i++) {
		c->m[side][i].t->cwnd = (uint32_t)n * 2;
		tell(&c->m[side][i], n);
	}
	holm_net_poll(c->d.net[side], c->d.now, 256);
}

static void assert_all_calm(const struct crowd *c)
{
	for (int side = 0; side < 2; side++)
		for (unsigned i = 0; i < CROWD; i++)
			assert_true(tcp_is_calm(c->m[side][i].t));
}

static void a_batch_of_many_connections_keeps_all_of_them_calm(void **state)
{
	(void)state;
	for (unsigned ip6 = 0; ip6 < 2; ip6++) {
		struct crowd c;

		crowd_begin(&c, 1, ip6, true, false);
		for (unsigned hop = 0; hop < 6; hop++) {
			int side = hop % 2;
			uint64_t taken = counted(&c, !side, HOLM_COUNT_TCP_PREDICTED_RX);
			uint64_t came = counted(&c, !side, HOLM_COUNT_TCP_RX_SEGMENTS);

			tell_all(&c, side, 100);
			deliver(&c, !side);
			assert_int_equal(counted(&c, !side, HOLM_COUNT_TCP_PREDICTED_RX) - taken,
					 CROWD);
			assert_int_equal(counted(&c, !side, HOLM_COUNT_TCP_RX_SEGMENTS) - came,
					 CROWD);
			react(&c, !side);
			assert_all_calm(&c);
		}
		crowd_end(&c);
	}
}

/* What is behind this byte lies in a piece of its own. */
static void cut(struct holm_pool *pool, struct holm_frame *f, uint32_t at)
{
	struct holm_frame *piece = holm_frame_alloc(pool, 0, true);
	uint32_t n = f->len - at;

	assert_non_null(piece);
	holm_frame_read(f, at, holm_frame_put(piece, n), n);
	holm_frame_trim(f, at);
	assert_true(holm_frame_append(f, &piece->home, holm_frame_data(piece), n));
	holm_frame_free(piece);
}

static void a_header_in_pieces_is_not_whose_the_frame_before_it_was(void **state)
{
	(void)state;
	for (unsigned ip6 = 0; ip6 < 2; ip6++) {
		struct crowd c;
		struct holm_pair_end *to;

		crowd_begin(&c, 1, ip6, true, false);
		to = &c.d.pair->end[1];
		tell_all(&c, 0, 100);
		assert_int_equal(to->in.tail - to->in.head, CROWD);
		for (unsigned i = 1; i < CROWD; i += 2)
			cut(holm_net_pool(c.d.net[0]), to->queue[to->in.head + i], ip6 ? 60 : 40);
		(void)holm_net_poll_devs(c.d.net[1], c.d.now, 256);
		react(&c, 1);
		for (unsigned i = 0; i < CROWD; i++)
			assert_int_equal(c.m[1][i].rcv.tail,
					 c.m[0][i].snd.head + c.m[0][i].snd.base.queued);
		crowd_end(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_does_what_its_frames_do_one_by_one),
		cmocka_unit_test(a_batch_of_many_connections_keeps_all_of_them_calm),
		cmocka_unit_test(a_header_in_pieces_is_not_whose_the_frame_before_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
