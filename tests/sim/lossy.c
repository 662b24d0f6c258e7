/*
 * Two instances over a link that loses, duplicates, reorders, delays and corrupts, by seed: every byte
 * arrives in both directions, both ends reach CLOSED, all frames return to their pools and all memory
 * to its env.
 *
 *	SEEDS=n	 how many seeds (default 1000), SEED=s only this one
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <holm/buf.h>
#include <holm/tcp.h>

#include "tests/support/duo.h"
#include "tests/support/expect.h"

#define SECOND 1000000000ull
/* Longer than any schedule of retransmissions that may still succeed. */
#define PATIENCE (3600 * SECOND)
/* How long a program takes between two reads. */
#define READ_NS 200000u

static uint8_t table[HOLM_PATTERN_TABLE_BYTES];

/* What a seed decides. */
struct plan {
	struct holm_impair_config link;
	struct holm_dev_caps caps;
	uint64_t bytes[2];
	uint32_t window[2];
	uint64_t chunk[2]; /* bytes read at a time, so that windows close */
	bool timestamps, sack;
	uint64_t start_ns;
};

struct end {
	struct holm_tcp *t;
	struct holm_pattern_sndbuf snd;
	struct holm_pattern_rcvbuf rcv;
	uint64_t to_send;
	bool shut;
};

static uint32_t ppm(uint64_t *seed, uint32_t most)
{
	return expect_random_below(seed, 3) ? (uint32_t)expect_random_below(seed, most) : 0;
}

static void make_plan(struct plan *p, uint64_t seed)
{
	memset(p, 0, sizeof(*p));
	p->link = (struct holm_impair_config){
		.seed = seed,
		.drop_ppm = ppm(&seed, 200000),
		.duplicate_ppm = ppm(&seed, 100000),
		.reorder_ppm = ppm(&seed, 200000),
		.corrupt_ppm = ppm(&seed, 50000),
		.delay_ns = expect_random_below(&seed, 60000000),
		.jitter_ns =
			expect_random_below(&seed, 2) ? expect_random_below(&seed, 20000000) : 0,
		.rate_bytes_per_s =
			expect_random_below(&seed, 3) ? 0 : 100000 + ppm(&seed, 10000000),
		.queue_frames = 16 + (uint32_t)expect_random_below(&seed, 500),
	};
	p->caps = holm_pair_default_caps();
	p->caps.mtu = (uint16_t)(576 + expect_random_below(&seed, 925));
	p->caps.segs_max = (uint16_t)(expect_random_below(&seed, 2) ? 1 : 8);
	for (int i = 0; i < 2; i++) {
		p->bytes[i] =
			expect_random_below(&seed, expect_random_below(&seed, 4) ? 30000 : 300000);
		p->window[i] = 4096u << expect_random_below(&seed, 5);
		p->chunk[i] = expect_random_below(&seed, 2) ? UINT32_MAX
							    : 1 + expect_random_below(&seed, 5000);
	}
	p->timestamps = expect_random_below(&seed, 2);
	p->sack = expect_random_below(&seed, 2);
	p->start_ns = expect_random(&seed) >> 8;
}

static void attach(struct end *e, const struct plan *p, int i)
{
	holm_pattern_sndbuf_init(&e->snd, table, 65536, NULL);
	holm_pattern_rcvbuf_init(&e->rcv, table, p->window[i], NULL);
	assert_int_equal(holm_tcp_attach(e->t, &e->snd.base, &e->rcv.base), 0);
	e->to_send = p->bytes[i];
}

/* Write and read what goes; shut down when all is written. False: there was nothing to read. */
static bool serve(struct end *e, const struct plan *p, int i)
{
	size_t n = holm_pattern_sndbuf_write(&e->snd, e->to_send);

	e->to_send -= n;
	if (n > 0)
		holm_tcp_send(e->t);
	if (e->to_send == 0 && !e->shut) {
		assert_int_equal(holm_tcp_shutdown(e->t), 0);
		e->shut = true;
	}
	if (holm_pattern_rcvbuf_read(&e->rcv, p->chunk[i]) == 0)
		return false;
	holm_tcp_received(e->t);
	return true;
}

static bool is_over(const struct end *e, uint64_t expected)
{
	return e->t && holm_tcp_state(e->t) == HOLM_TCP_CLOSED && e->rcv.head == expected;
}

static void check_errors(struct end end[2], uint64_t seed)
{
	for (int i = 0; i < 2; i++) {
		int err = end[i].t ? holm_tcp_take_error(end[i].t) : 0;

		if (err != 0)
			fail_msg("end %d: error %d; repeat with SEED=%llu", i, err,
				 (unsigned long long)seed);
	}
}

/* What a run that does not end was doing. */
static void describe(const struct end end[2])
{
	for (int i = 0; i < 2; i++) {
		struct holm_tcp_info info;

		if (!end[i].t)
			continue;
		holm_tcp_get_info(end[i].t, &info);
		fprintf(stderr,
			"end %d: %s sent %llu of %llu read %llu, in flight %u, windows %u %u, "
			"cwnd %u, rto %llu ms, %u retransmissions\n",
			i, holm_tcp_state_name(info.state), (unsigned long long)end[i].snd.head,
			(unsigned long long)(end[i].snd.tail + end[i].to_send),
			(unsigned long long)end[i].rcv.head, info.in_flight, info.snd_wnd,
			info.rcv_wnd, info.cwnd_bytes, (unsigned long long)(info.rto_ns / 1000000),
			info.retrans_total);
	}
}

static void run_seed(uint64_t seed)
{
	struct duo_options options = { .frames = 1024, .seed = seed };
	struct end end[2] = { 0 };
	struct holm_tcp *listener;
	struct holm_endpoint remote;
	bool busy = false; /* the programs have something to do, whatever the instances have */
	struct plan p;
	struct duo d;

	make_plan(&p, seed);
	options.impair = &p.link;
	options.caps = &p.caps;
	options.start_ns = p.start_ns;
	duo_init(&d, &options);
	remote = duo_endpoint(&d, 1, 80);
	assert_int_equal(holm_tcp_open(d.net[1], &listener), 0);
	assert_int_equal(holm_tcp_bind(listener, &remote, 0), 0);
	assert_int_equal(holm_tcp_listen(listener, 4), 0);
	assert_int_equal(holm_tcp_open(d.net[0], &end[0].t), 0);
	assert_int_equal(holm_tcp_set_option(end[0].t, HOLM_TCP_OPT_TIMESTAMPS, p.timestamps), 0);
	assert_int_equal(holm_tcp_set_option(end[0].t, HOLM_TCP_OPT_SACK, p.sack), 0);
	attach(&end[0], &p, 0);
	assert_int_equal(holm_tcp_connect(end[0].t, &remote), 0);
	while (!is_over(&end[0], p.bytes[1]) || !is_over(&end[1], p.bytes[0])) {
		struct holm_event ev;

		if (!duo_advance(&d, busy ? d.now + READ_NS : p.start_ns + PATIENCE) && !busy) {
			describe(end);
			fail_msg("not over after an hour; repeat with SEED=%llu",
				 (unsigned long long)seed);
		}
		for (int i = 0; i < 2; i++)
			while (holm_net_next_event(d.net[i], &ev))
				continue;
		if (!end[1].t && holm_tcp_accept(listener, &end[1].t) == 0)
			attach(&end[1], &p, 1);
		busy = false;
		for (int i = 0; i < 2; i++)
			busy |= end[i].t && serve(&end[i], &p, i);
		check_errors(end, seed);
	}
	for (int i = 0; i < 2; i++) {
		if (end[i].rcv.mismatches)
			fail_msg("end %d: wrong bytes; repeat with SEED=%llu", i,
				 (unsigned long long)seed);
		holm_tcp_close(end[i].t);
	}
	holm_tcp_close(listener);
	duo_run(&d, 200 * SECOND); /* TIME-WAIT ends, nothing is left under way */
	duo_fini(&d);
}

static void every_byte_arrives_whatever_the_link_does(void **state)
{
	const char *only = getenv("SEED");
	const char *many = getenv("SEEDS");
	unsigned long n = many ? strtoul(many, NULL, 10) : 1000;

	(void)state;
	holm_pattern_fill(table);
	if (only) {
		run_seed(strtoull(only, NULL, 0));
		return;
	}
	for (uint64_t seed = 1; seed <= n; seed++)
		run_seed(seed);
	printf("%lu seeds\n", n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_arrives_whatever_the_link_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
