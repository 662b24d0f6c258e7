/*
 * Ephemeral ports: RFC 6056 algorithm 4, double-hash port selection. The offset is a keyed hash of
 * the two ends, the counter one of a few chosen by another hash; a port is taken if the table of
 * four-tuples has it free. Expected O(1); gives up after a bounded number of probes.
 */
#include "net/tcp/hot.h"

#include "lib/siphash.h"
#include "net/wire/ip4.h"

/* RFC 6335 section 6: the dynamic ports begin at 49152; like Linux we begin lower, for more. */
#define PORT_FIRST 32768u
#define PORT_COUNT 28232u
/* With 9 of 10 ports to one remote end taken, this many probes fail once in 10^40 times. */
#define PROBES_MAX 1024u

static uint64_t pair_hash(const struct tcp_state *ts, const struct tcp_tuple *t)
{
	uint64_t words[5];

	if (likely(ip4_is_addr(&t->local))) {
		words[0] = (uint64_t)ip4_from_addr(&t->local) << 32 | ip4_from_addr(&t->remote);
		return siphash13_short(&ts->net->secrets.port, words[0], t->rport);
	}
	memcpy(&words[0], t->local.b, 16);
	memcpy(&words[2], t->remote.b, 16);
	words[4] = t->rport;
	return siphash13_words(&ts->net->secrets.port, words, 5);
}

/* The same, found out once for connections to one server that follow each other. */
static uint64_t pair_hash_again(struct tcp_state *ts, const struct tcp_tuple *t)
{
	struct tcp_towards *to = &ts->towards;

	if (FOR_SIZE)
		return pair_hash(ts, t);
	if (to->rport != t->rport ||
	    (tcp_addr_diff(&to->remote, &t->remote) | tcp_addr_diff(&to->local, &t->local)) != 0)
		*to = (struct tcp_towards){ t->local, t->remote, pair_hash(ts, t), t->rport };
	return to->hash;
}

/* Enter the table under the four-tuple, unless it is taken. */
static int try_tuple(struct tcp_state *ts, struct holm_tcp *c, const struct tcp_tuple *t,
		     bool take_over)
{
	struct tcp_taken old = { .ref = 0 };
	uint32_t hash;

	if (tcp_find(ts, t, &hash))
		return -HOLM_EADDRINUSE;
	if (tcp_small(ts) && !ts->small->may_open(ts, t, hash, take_over, &old))
		return -HOLM_EADDRINUSE;
	c->snd_una = old.ref ? old.iss : tcp_isn(ts->net, t);
	if (!tcp_table_enter(ts, c, t, hash))
		return -HOLM_ENOMEM;
	if (old.ref)
		ts->small->remove(ts, old.ref, hash);
	return 0;
}

int tcp_port_connect(struct tcp_state *ts, struct holm_tcp *c, struct tcp_tuple *t)
{
	uint64_t hash;
	uint32_t *counter;

	if (t->lport != 0)
		return try_tuple(ts, c, t, true);
	hash = pair_hash_again(ts, t);
	counter = &ts->port_counters[(hash >> 32) % TCP_PORT_COUNTERS];
	for (uint32_t i = 0; i < PROBES_MAX; i++) {
		uint32_t at = ((uint32_t)hash + (*counter)++) % PORT_COUNT;
		int err;

		t->lport = (uint16_t)(PORT_FIRST + at);
		if (tcp_port_is_bound(ts, t->lport))
			continue;
		/* A record in TIME-WAIT is taken over only when ports get scarce. */
		err = try_tuple(ts, c, t, i >= PROBES_MAX / 2);
		if (err != -HOLM_EADDRINUSE)
			return err;
	}
	return -HOLM_EADDRNOTAVAIL;
}

uint16_t tcp_port_any(struct tcp_state *ts, const struct holm_addr *addr)
{
	struct tcp_tuple any = { .local = *addr };
	uint64_t hash = pair_hash(ts, &any);
	uint32_t *counter = &ts->port_counters[(hash >> 32) % TCP_PORT_COUNTERS];

	for (uint32_t i = 0; i < PROBES_MAX; i++) {
		uint32_t at = ((uint32_t)hash + (*counter)++) % PORT_COUNT;
		uint16_t port = (uint16_t)(PORT_FIRST + at);

		if (!tcp_port_is_bound(ts, port))
			return port;
	}
	return 0;
}
