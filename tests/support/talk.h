/*
 * Two sides of a connection that say something to each other and wait until it is there: for tests
 * of calm ones.
 */
#ifndef TESTS_SUPPORT_TALK_H
#define TESTS_SUPPORT_TALK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <holm/stats.h>

#include "net/link/netif.h"
#include "net/tcp/hot.h"
#include "tests/support/expect.h"
#include "tests/support/lab6.h"
#include "tests/support/tcp_ends.h"

static const struct holm_proto *const talk_protos[] = {
	&holm_arp,	  &holm_ipv4,	   HOLM_IP_PARTS,  &holm_ipv6,
	&lab6_neighbours, &holm_tcp,	   &holm_tcp_rack, &holm_tcp_cubic,
	&holm_tcp_bbr,	  &holm_tcp_super, &holm_tcp_gro,  NULL,
};

struct talk {
	struct duo d;
	struct tcp_ends e;
};

/* Each knows the other. */
static inline void use_ip6(struct duo *d)
{
	for (unsigned i = 0; i < 2; i++) {
		d->addr[i] = lab6_addr(i + 1);
		assert_int_equal(holm_addr_add(d->net[i], duo_dev(d, (int)i), &d->addr[i], 64), 0);
	}
	for (unsigned i = 0; i < 2; i++)
		neigh_heard(d->net[i], duo_dev(d, (int)i)->netif, &d->addr[1 - i],
			    &duo_dev(d, (int)(1 - i))->mac, NEIGH_ASKED_US);
}

static inline void say(struct talk *t, int i, size_t n)
{
	assert_int_equal(holm_pattern_sndbuf_write(&t->e.end[i].snd, n), n);
	holm_tcp_send(t->e.end[i].tcp);
}

/* A request and its answer, a few times. */
static inline void ask(struct talk *t, int times)
{
	while (times--) {
		say(t, 0, 100);
		ends_settle(&t->e);
		say(t, 1, 200);
		ends_settle(&t->e);
	}
}

static inline void begin_by(struct talk *t, bool ip6, const struct holm_dev_caps *caps)
{
	duo_init(&t->d,
		 &(struct duo_options){ .protos = talk_protos, .start_ns = LAB_S, .caps = caps });
	if (ip6)
		use_ip6(&t->d);
	assert_int_equal(ends_open(&t->e, &t->d, (uint64_t[2]){ 0, 0 }, 65535), 0);
	t->e.end[0].shut_at_end = false;
	t->e.end[1].shut_at_end = false;
	ends_settle(&t->e);
	assert_non_null(t->e.end[1].tcp);
	ask(t, 3);
}

static inline void begin(struct talk *t, bool ip6)
{
	begin_by(t, ip6, NULL);
}

static inline void end(struct talk *t)
{
	ends_fini(&t->e);
	duo_run(&t->d, 120 * LAB_S);
	duo_fini(&t->d);
}

static inline uint64_t count(const struct talk *t, int i, enum holm_counter counter)
{
	return holm_net_counter(t->d.net[i], counter);
}

/* Everything that was said has been read. */
static inline void assert_all_read(const struct talk *t)
{
	for (int i = 0; i < 2; i++) {
		const struct holm_pattern_rcvbuf *rcv = &t->e.end[i].rcv;
		const struct holm_pattern_sndbuf *snd = &t->e.end[1 - i].snd;

		assert_int_equal(rcv->tail - rcv->base.readable, snd->head + snd->base.queued);
	}
}

/* Windows are open for a message of `n` bytes. */
static inline void open_windows(struct talk *t, size_t n)
{
	for (int i = 0; i < 2; i++)
		t->e.end[i].tcp->cwnd = (uint32_t)n * 2;
}

#endif
