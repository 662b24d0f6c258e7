/*
 * The sender's scoreboard: ranges against a model that keeps a record per byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "net/tcp/scoreboard.h"
#include "tests/support/expect.h"

struct bench {
	struct holm_env env;
	struct mem mem;
	struct tcp_score s;
	struct tcp_delivery d;
	bool refuse;
};

static void *env_alloc(void *ctx, size_t size, size_t align)
{
	struct bench *b = ctx;

	return b->refuse ? NULL : aligned_alloc(align, (size + align - 1) / align * align);
}

static void env_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

static void begin(struct bench *b, uint32_t una)
{
	memset(b, 0, sizeof(*b));
	b->env.ctx = b;
	b->env.alloc = env_alloc;
	b->env.free = env_free;
	mem_init(&b->mem, &b->env);
	tcp_score_init(&b->s, seq_of(una));
}

static void end(struct bench *b)
{
	tcp_score_fini(&b->s, &b->mem);
	assert_int_equal(mem_in_use(&b->mem), 0);
	mem_fini(&b->mem);
}

static void sent(struct bench *b, uint32_t to, uint32_t now)
{
	tcp_score_sent(&b->s, &b->mem, seq_of(to), now, 0);
}

static void sack(struct bench *b, uint32_t left, uint32_t right)
{
	tcp_score_sack(&b->s, &b->mem, seq_of(left), seq_of(right), &b->d);
}

static void ack(struct bench *b, uint32_t to)
{
	tcp_score_ack(&b->s, seq_of(to), &b->d);
}

/* Ten segments of 100 bytes, one per unit of time, from 1000 on. */
static void ten(struct bench *b)
{
	begin(b, 1000);
	for (uint32_t i = 0; i < 10; i++)
		sent(b, 1100 + i * 100, i);
}

static void what_is_sent_within_the_grain_is_one_range(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 0);
	for (uint32_t i = 0; i < 100; i++)
		tcp_score_sent(&b.s, &b.mem, seq_of((i + 1) * 10), i, 9);
	assert_int_equal(b.s.n, 10);
	assert_int_equal(tcp_score_at(&b.s, 1)->at, 10);
	assert_int_equal(tcp_score_pipe(&b.s), 1000);
	end(&b);
}

static void an_ack_up_to_a_range_tells_the_time_of_that_range(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 100);
	sent(&b, 200, 10);
	sent(&b, 300, 20);
	sent(&b, 400, 30);
	assert_int_equal(tcp_score_ack_plain(&b.s, seq_of(200)).at, 10);
	assert_int_equal(tcp_score_ack_plain(&b.s, seq_of(250)).at, 20);
	assert_int_equal(tcp_score_ack_plain(&b.s, seq_of(400)).at, 30);
	end(&b);
}

static void an_announced_block_is_delivered_once(void **state)
{
	struct bench b;

	(void)state;
	ten(&b);
	sack(&b, 1250, 1450);
	assert_int_equal(b.d.bytes, 200);
	assert_int_equal(b.s.sacked, 200);
	assert_int_equal(tcp_score_pipe(&b.s), 800);
	assert_int_equal(b.d.newest.at, 4);
	assert_int_equal(b.d.newest.end.v, 1450);
	sack(&b, 1250, 1450);
	sack(&b, 1200, 1500);
	assert_int_equal(b.d.bytes, 300);
	ack(&b, 2000);
	assert_int_equal(b.d.bytes, 1000);
	assert_int_equal(b.d.acked, 1000);
	assert_int_equal(b.s.sacked, 0);
	assert_int_equal(b.s.n, 0);
	end(&b);
}

static void announced_neighbours_become_one_range(void **state)
{
	struct bench b;

	(void)state;
	ten(&b);
	sack(&b, 1200, 1300);
	sack(&b, 1400, 1500);
	assert_int_equal(b.s.n, 10);
	sack(&b, 1300, 1400);
	assert_int_equal(b.s.n, 8);
	assert_int_equal(tcp_score_at(&b.s, 2)->end.v, 1500);
	end(&b);
}

static void a_hole_filled_by_its_first_sending_is_reordering(void **state)
{
	struct bench b;

	(void)state;
	ten(&b);
	sack(&b, 1300, 1400);
	assert_false(b.d.reordered);
	ack(&b, 1100);
	assert_true(b.d.reordered);
	memset(&b.d, 0, sizeof(b.d));
	tcp_score_resent(&b.s, &b.mem, seq_of(1100), seq_of(1200), 20);
	b.d.now = 30;
	ack(&b, 1200);
	assert_false(b.d.reordered);
	end(&b);
}

static void lost_bytes_leave_the_pipe_and_come_back_when_sent_again(void **state)
{
	struct tcp_seq left, right;
	struct bench b;

	(void)state;
	ten(&b);
	tcp_score_lose(&b.s, 1);
	tcp_score_lose(&b.s, 2);
	tcp_score_lose(&b.s, 2);
	tcp_score_lose(&b.s, 5);
	assert_int_equal(tcp_score_pipe(&b.s), 700);
	assert_true(tcp_score_next_lost(&b.s, &left, &right));
	assert_int_equal(left.v, 1100);
	assert_int_equal(right.v, 1300); /* two that follow each other go together */
	tcp_score_resent(&b.s, &b.mem, left, seq_of(1150), 20);
	assert_true(tcp_score_next_lost(&b.s, &left, &right));
	assert_int_equal(left.v, 1150);
	tcp_score_resent(&b.s, &b.mem, left, right, 21);
	assert_true(tcp_score_next_lost(&b.s, &left, &right));
	assert_int_equal(left.v, 1500);
	ack(&b, 1600);
	assert_false(tcp_score_next_lost(&b.s, &left, &right));
	assert_int_equal(tcp_score_pipe(&b.s), 400);
	end(&b);
}

static void an_answer_that_may_be_for_the_first_sending_tells_no_time(void **state)
{
	struct bench b;

	(void)state;
	ten(&b);
	tcp_score_resent(&b.s, &b.mem, seq_of(1000), seq_of(1100), 5000);
	b.d.now = 5003;
	b.d.min_rtt = 10;
	ack(&b, 1100);
	assert_false(b.d.any); /* three units after it was sent again: too soon */
	assert_int_equal(b.d.bytes, 100);
	tcp_score_resent(&b.s, &b.mem, seq_of(1100), seq_of(1200), 5000);
	b.d.now = 9000;
	b.d.has_echo = true;
	b.d.echo = 3072; /* a tick before that of unit 5000 */
	ack(&b, 1200);
	assert_false(b.d.any);
	tcp_score_resent(&b.s, &b.mem, seq_of(1200), seq_of(1300), 5000);
	b.d.echo = 4096;
	ack(&b, 1300);
	assert_true(b.d.any);
	assert_true(b.d.newest.flags & SENT_AGAIN);
	assert_int_equal(b.d.newest.at, 5000);
	end(&b);
}

static void the_newest_sending_wins_whatever_the_clock_says(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 0);
	sent(&b, 100, 7);
	sent(&b, 200, 7);
	tcp_score_resent(&b.s, &b.mem, seq_of(0), seq_of(100), 7);
	b.d.now = 7;
	sack(&b, 100, 200);
	assert_int_equal(b.d.newest.end.v, 200);
	ack(&b, 200);
	assert_int_equal(b.d.newest.end.v, 100); /* sent again after the other */
	end(&b);
}

static void a_peer_that_takes_back_its_word_is_not_believed(void **state)
{
	struct bench b;

	(void)state;
	ten(&b);
	sack(&b, 1200, 1500);
	tcp_score_unsack(&b.s);
	assert_int_equal(b.s.sacked, 0);
	tcp_score_lose_all(&b.s);
	assert_int_equal(b.s.lost, 1000);
	tcp_score_unlose(&b.s);
	assert_int_equal(tcp_score_pipe(&b.s), 1000);
	end(&b);
}

static void three_blocks_or_more_than_two_segments_above_make_a_loss(void **state)
{
	struct bench b;

	(void)state;
	ten(&b);
	sack(&b, 1300, 1500);
	assert_int_equal(tcp_score_lose_below(&b.s, 200, 3), 0);
	sack(&b, 1600, 1650);
	assert_int_equal(tcp_score_lose_below(&b.s, 200, 3), 300);
	end(&b);
	ten(&b);
	sack(&b, 1200, 1210);
	sack(&b, 1300, 1310);
	assert_int_equal(tcp_score_lose_below(&b.s, 200, 3), 0);
	sack(&b, 1400, 1410);
	assert_int_equal(tcp_score_lose_below(&b.s, 200, 3), 200);
	end(&b);
}

static void a_peer_that_announces_every_other_byte_is_bounded(void **state)
{
	struct bench b;

	(void)state;
	begin(&b, 0);
	sent(&b, 100000, 1);
	for (uint32_t i = 0; i < 50000; i++)
		sack(&b, i * 2 + 1, i * 2 + 2);
	assert_true(b.s.n <= SCORE_SPLIT_MAX);
	assert_true(b.s.forgotten > 0);
	/* Sending goes on. */
	for (uint32_t i = 0; i < 100; i++) {
		sent(&b, 100100 + i * 100, 2 + i);
		sack(&b, 100000 + i * 100, 100100 + i * 100);
	}
	assert_true(b.s.n <= SCORE_MAX);
	ack(&b, 110000);
	assert_int_equal(b.s.sacked, 0);
	assert_int_equal(tcp_score_pipe(&b.s), 0);
	end(&b);
}

static void without_memory_less_is_known_and_nothing_breaks(void **state)
{
	struct bench b;

	(void)state;
	ten(&b);
	b.refuse = true;
	for (uint32_t i = 0; i < 100; i++)
		sent(&b, 2100 + i * 100, 10 + i);
	assert_true(b.s.n <= 16);
	tcp_score_lose_all(&b.s);
	tcp_score_resent(&b.s, &b.mem, seq_of(1050), seq_of(1950), 200);
	sent(&b, 13000, 300);
	ack(&b, 13000);
	assert_int_equal(tcp_score_pipe(&b.s), 0);
	b.refuse = false;
	end(&b);
}

/* ---- Against a byte for each byte ---------------------------------------------------------------- */

#define SPACE 4000u

struct model {
	uint32_t base, una, nxt; /* una, nxt: offsets */
	uint8_t sacked[SPACE], lost[SPACE], again[SPACE];
};

static void check(const struct bench *b, const struct model *m)
{
	uint32_t sacked = 0, lost = 0, at = m->una;

	assert_int_equal(b->s.una.v, m->base + m->una);
	for (uint32_t i = 0; i < b->s.n; i++) {
		const struct tcp_sent *e = tcp_score_at(&b->s, i);

		assert_true(e->end.v - m->base > at);
		for (; at < e->end.v - m->base; at++) {
			assert_int_equal(m->sacked[at], e->flags & SENT_SACKED ? 1 : 0);
			assert_int_equal(m->lost[at], e->flags & SENT_LOST ? 1 : 0);
			if (!m->sacked[at])
				assert_int_equal(m->again[at], e->flags & SENT_AGAIN ? 1 : 0);
			sacked += m->sacked[at];
			lost += m->lost[at];
		}
	}
	assert_int_equal(at, m->nxt);
	assert_int_equal(b->s.sacked, sacked);
	assert_int_equal(b->s.lost, lost);
}

static void random_sack(struct bench *b, struct model *m, uint64_t *seed)
{
	uint32_t left = m->una + (uint32_t)expect_random_below(seed, m->nxt - m->una);
	uint32_t right = left + 1 + (uint32_t)expect_random_below(seed, m->nxt - left);
	uint32_t fresh = 0;

	for (uint32_t i = left; i < right; i++) {
		fresh += !m->sacked[i];
		m->sacked[i] = 1;
		m->lost[i] = 0;
	}
	memset(&b->d, 0, sizeof(b->d));
	sack(b, m->base + left, m->base + right);
	assert_int_equal(b->d.bytes, fresh);
}

/* The short way through an ACK says what the long one says. */
static void compare_plain(const struct bench *b, struct tcp_seq to)
{
	struct tcp_delivery d = { .now = 1 };
	struct tcp_score fast = b->s, slow = b->s;
	struct tcp_sent newest;

	if (!tcp_score_is_plain(&b->s) || seq_eq(to, b->s.una))
		return;
	newest = tcp_score_ack_plain(&fast, to);
	tcp_score_ack(&slow, to, &d);
	assert_true(d.any);
	assert_memory_equal(&newest, &d.newest, sizeof(newest));
	assert_int_equal(fast.first, slow.first);
	assert_int_equal(fast.n, slow.n);
	assert_int_equal(fast.una.v, slow.una.v);
	assert_int_equal(fast.again_end.v, slow.again_end.v);
}

static void random_ack(struct bench *b, struct model *m, uint64_t *seed)
{
	uint32_t to = m->una + (uint32_t)expect_random_below(seed, m->nxt - m->una + 1);
	uint32_t fresh = 0, acked = to - m->una;

	for (uint32_t i = m->una; i < to; i++)
		fresh += !m->sacked[i];
	compare_plain(b, seq_of(m->base + to));
	m->una = to;
	memset(&b->d, 0, sizeof(b->d));
	ack(b, m->base + to);
	assert_int_equal(b->d.bytes, fresh);
	assert_int_equal(b->d.acked, acked);
}

static void random_loss(struct bench *b, struct model *m, uint64_t *seed)
{
	uint32_t i = (uint32_t)expect_random_below(seed, b->s.n);
	uint32_t from = tcp_score_left(&b->s, i).v - m->base;

	for (; from < tcp_score_at(&b->s, i)->end.v - m->base; from++)
		m->lost[from] = !m->sacked[from];
	tcp_score_lose(&b->s, i);
}

static void random_resend(struct bench *b, struct model *m, uint64_t *seed)
{
	struct tcp_seq left, right;
	uint32_t from = m->una;

	while (from < m->nxt && !m->lost[from])
		from++;
	assert_int_equal(tcp_score_next_lost(&b->s, &left, &right), from < m->nxt);
	if (from == m->nxt)
		return;
	assert_int_equal(left.v, m->base + from);
	right = seq_add(left, 1 + (uint32_t)expect_random_below(seed, seq_diff(right, left)));
	tcp_score_resent(&b->s, &b->mem, left, right, 1);
	for (; from < right.v - m->base; from++) {
		m->lost[from] = 0;
		m->again[from] = 1;
	}
}

static void ranges_say_what_a_record_per_byte_says(void **state)
{
	uint64_t seed = expect_seed(0x5eed);

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		struct model *m = calloc(1, sizeof(*m));
		struct bench b;

		assert_non_null(m);
		/* Half of them cross the end of the circle. */
		m->base = round % 2 ? 0u - 1000u : (uint32_t)expect_random(&seed);
		begin(&b, m->base);
		while (m->nxt < SPACE - 100) {
			uint32_t what = (uint32_t)expect_random_below(&seed, 8);

			if (what < 3 || m->nxt == m->una) {
				m->nxt += 1 + (uint32_t)expect_random_below(&seed, 60);
				sent(&b, m->base + m->nxt, (uint32_t)expect_random_below(&seed, 3));
			} else if (what < 5) {
				random_sack(&b, m, &seed);
			} else if (what == 5) {
				random_loss(&b, m, &seed);
			} else if (what == 6) {
				random_resend(&b, m, &seed);
			} else if (expect_random_below(&seed, 4) == 0) {
				random_ack(&b, m, &seed);
			}
			check(&b, m);
		}
		assert_int_equal(b.s.forgotten, 0);
		end(&b);
		free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sent_within_the_grain_is_one_range),
		cmocka_unit_test(an_ack_up_to_a_range_tells_the_time_of_that_range),
		cmocka_unit_test(an_announced_block_is_delivered_once),
		cmocka_unit_test(announced_neighbours_become_one_range),
		cmocka_unit_test(a_hole_filled_by_its_first_sending_is_reordering),
		cmocka_unit_test(lost_bytes_leave_the_pipe_and_come_back_when_sent_again),
		cmocka_unit_test(an_answer_that_may_be_for_the_first_sending_tells_no_time),
		cmocka_unit_test(the_newest_sending_wins_whatever_the_clock_says),
		cmocka_unit_test(a_peer_that_takes_back_its_word_is_not_believed),
		cmocka_unit_test(three_blocks_or_more_than_two_segments_above_make_a_loss),
		cmocka_unit_test(a_peer_that_announces_every_other_byte_is_bounded),
		cmocka_unit_test(without_memory_less_is_known_and_nothing_breaks),
		cmocka_unit_test(ranges_say_what_a_record_per_byte_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
