/*
 * What reads segments where they lie (net/tcp/plain.h and who includes it) against the steps and
 * output.c: two instances hear the same segments and do the same, one of them with nothing
 * predicted. The peer is nobody's stack: it says what none would. What both send, count and show
 * their programs is the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <holm/stats.h>

#include "net/tcp/hot.h"
#include "net/wire/eth.h"
#include "net/wire/ip4.h"
#include "tests/support/expect.h"
#include "tests/support/tcp_fixture.h"

#define TCP_AT (ETH_HDR_BYTES + IP4_HDR_BYTES)

/* t[1] is the definition. */
struct both {
	struct tcp_fixture t[2];
	uint64_t seed;
	bool stamped;
	uint32_t nxt;	    /* what the peer sends next, if all it has sent was taken */
	uint32_t una, seen; /* what the peer has acknowledged, and what it has seen */
};

static uint32_t below(struct both *b, uint32_t n)
{
	return (uint32_t)expect_random_below(&b->seed, n);
}

#define ONE_OF(b, values) (values)[below(b, (uint32_t)(sizeof(values) / sizeof((values)[0])))]

/* ---- The same? ----------------------------------------------------------------------------------- */

static void look_at(struct both *b, const struct lab_sent *s)
{
	const uint8_t *tcp = s->data + TCP_AT;
	uint32_t len = (uint32_t)s->len - (uint32_t)TCP_AT - (uint32_t)(tcp[12] >> 4) * 4;
	uint32_t end = load_be32(tcp + 4) - b->t[1].iss + len + (tcp[13] & TCP_FIN);

	if ((int32_t)(end - b->seen) > 0 && !(tcp[13] & TCP_RST))
		b->seen = end;
}

static void compare_sent(struct both *b)
{
	struct lab *quick = &b->t[0].lab, *slow = &b->t[1].lab;

	assert_int_equal(quick->nsent, slow->nsent);
	for (size_t i = 0; i < slow->nsent; i++) {
		const struct lab_sent *s = &slow->sent[i];

		assert_int_equal(quick->sent[i].at_ns, s->at_ns);
		assert_int_equal(quick->sent[i].len, s->len);
		assert_memory_equal(quick->sent[i].data, s->data, s->len);
		if (load_be16(s->data + 12) == ETH_TYPE_IP4)
			look_at(b, s);
	}
	for (int i = 0; i < 2; i++) {
		fixture_skip(&b->t[i]);
		b->t[i].cursor = 0;
		lab_clear(&b->t[i].lab);
	}
}

/* Whatever is counted, but for what was predicted. */
static void compare_counts(const struct both *b)
{
	for (int i = 0; i < HOLM_COUNT_COUNT; i++)
		if (i != HOLM_COUNT_TCP_PREDICTED_RX && i != HOLM_COUNT_TCP_PREDICTED_TX)
			assert_int_equal(fixture_counted(&b->t[0], (enum holm_counter)i),
					 fixture_counted(&b->t[1], (enum holm_counter)i));
	for (int i = 0; i < HOLM_DROP_COUNT; i++)
		assert_int_equal(fixture_drops(&b->t[0], (enum holm_drop)i),
				 fixture_drops(&b->t[1], (enum holm_drop)i));
}

static void compare(struct both *b)
{
	const struct tcp_fixture *quick = &b->t[0], *slow = &b->t[1];

	compare_sent(b);
	compare_counts(b);
	if (!slow->t)
		return;
	assert_int_equal(holm_tcp_state(quick->t), holm_tcp_state(slow->t));
	assert_int_equal(holm_tcp_ready(quick->t), holm_tcp_ready(slow->t));
	assert_int_equal(quick->rcv.tail, slow->rcv.tail);
	assert_int_equal(quick->rcv.base.readable, slow->rcv.base.readable);
	assert_int_equal(quick->snd.base.queued, slow->snd.base.queued);
}

/* ---- What happens -------------------------------------------------------------------------------- */

static void begin(struct both *b, uint64_t seed)
{
	b->seed = seed;
	b->stamped = below(b, 2);
	b->nxt = 1;
	b->una = 1;
	b->seen = 1;
	for (int i = 0; i < 2; i++) {
		struct tcp_fixture *t = &b->t[i];
		uint64_t same = seed;
		struct tcp_options o = { .iss = (uint32_t)expect_random(&same),
					 .peer_iss = (uint32_t)expect_random(&same),
					 .peer_sack = true,
					 .peer_wscale = expect_random_below(&same, 2),
					 .peer_ts = b->stamped,
					 .nodelay = expect_random_below(&same, 2),
					 .slow_acks = expect_random_below(&same, 2),
					 .cc = "cubic" };

		fixture_passive(t, &o);
		t->lab.net->tcp->unpredicted = i == 1;
		tcp_stir(t->t);
		lab_introduce(&t->lab, 3);
		lab_clear(&t->lab);
		t->cursor = 0;
	}
}

/* Most of it is what is to be expected, and one thing or the other is not. */
static struct probe draw(struct both *b)
{
	static const uint32_t lens[] = { 0, 0, 0, 1, 7, 100, 900 };
	static const uint32_t windows[] = { 65535, 65535, 65535, 8000, 4000, 500, 0 };
	struct tcp_fixture *t = &b->t[1];
	struct probe p = {
		.flags = (uint8_t)(TCP_ACK | (below(b, 2) ? TCP_PSH : 0) |
				   (below(b, 6) == 0 ? TCP_FIN : 0)),
		.seq = b->nxt,
		.ack = below(b, 4) ? b->seen : b->una,
		.len = ONE_OF(b, lens),
		.wnd = ONE_OF(b, windows),
		.sport = FIX_PEER_PORT,
		.dport = FIX_PORT,
		.ts = b->stamped,
		.bad_sum = below(b, 32) == 0,
	};

	if (below(b, 3) == 0)
		t->tsval++;
	p.tsval = t->tsval - (below(b, 16) == 0);
	p.tsecr = t->our_ts;
	if (below(b, 10) == 0)
		p.seq += below(b, 21) - 10;
	if (below(b, 10) == 0)
		p.ack += below(b, 21) - 10;
	if (below(b, 40) == 0)
		p.flags |= (uint8_t)(1u << below(b, 8));
	/* The very same for or from somebody else. */
	if (below(b, 24) == 0)
		p.sport++;
	if (below(b, 24) == 0)
		p.dport++;
	if (below(b, 24) == 0)
		p.src = LAB_IP(3);
	return p;
}

static void hear(struct both *b)
{
	struct probe p = draw(b);
	/* In pieces, but not in more than a frame has room for. */
	unsigned segments = below(b, 8) ? 0 : 40 + p.len / 4 + below(b, 60);

	for (int i = 0; i < 2; i++) {
		b->t[i].lab.segments = segments;
		fixture_rx(&b->t[i], &p);
	}
	if (p.bad_sum || p.sport != FIX_PEER_PORT || p.dport != FIX_PORT || p.src)
		return;
	if (p.seq == b->nxt)
		b->nxt += p.len + (p.flags & TCP_FIN);
	if ((int32_t)(p.ack - b->una) > 0 && (int32_t)(p.ack - b->seen) <= 0)
		b->una = p.ack;
}

static bool is_open(const struct both *b)
{
	return b->t[1].t != NULL;
}

static void say(struct both *b)
{
	static const uint32_t lens[] = { 1, 100, 100, 900, 1000, 3000, 12000 };
	uint32_t n = ONE_OF(b, lens);

	if (!is_open(b))
		return;
	for (int i = 0; i < 2; i++) {
		/* Behind its end nothing is written: the program's own mistake. */
		if (!(b->t[i].t->flags & TCP_SHUTDOWN))
			holm_pattern_sndbuf_write(&b->t[i].snd, n);
		holm_tcp_send(b->t[i].t);
	}
}

static void read_some(struct both *b)
{
	for (int i = 0; i < 2 && is_open(b); i++) {
		holm_pattern_rcvbuf_read(&b->t[i].rcv, 5000);
		holm_tcp_received(b->t[i].t);
	}
}

/* The program's end: of one direction, or of all. */
static void shut(struct both *b)
{
	bool all = below(b, 3) == 0;

	if (!is_open(b))
		return;
	for (int i = 0; i < 2; i++) {
		if (all)
			holm_tcp_close(b->t[i].t);
		else
			(void)holm_tcp_shutdown(b->t[i].t);
	}
	if (all) {
		b->t[0].t = NULL;
		b->t[1].t = NULL;
	}
}

static void wait(struct both *b)
{
	static const uint32_t times_ms[] = { 1, 5, 45, 45, 300, 1500 };
	uint32_t ms = ONE_OF(b, times_ms);

	for (int i = 0; i < 2; i++)
		fixture_wait_ms(&b->t[i], ms);
}

static void step(struct both *b)
{
	uint32_t what = below(b, 20);

	if (what < 11)
		hear(b);
	else if (what < 14)
		say(b);
	else if (what < 16)
		read_some(b);
	else if (what < 17)
		shut(b);
	else if (what < 18)
		wait(b);
	for (int i = 0; i < 2; i++)
		lab_poll(&b->t[i].lab);
	compare(b);
}

static void whatever_a_peer_says_is_answered_as_the_steps_would(void **state)
{
	uint64_t seed = expect_seed(1);
	static struct both b;

	(void)state;
	for (int i = 0; i < 300; i++) {
		uint32_t steps;

		begin(&b, expect_random(&seed));
		steps = 4 + below(&b, 30);
		while (steps--)
			step(&b);
		for (int k = 0; k < 2; k++)
			finish(&b.t[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_peer_says_is_answered_as_the_steps_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
