/*
 * Ephemeral ports: RFC 6056 algorithm 4, double-hash port selection. The offset is a keyed hash of
 * the two ends, the counter one of a few chosen by another hash; a port is taken if the table of
 * four-tuples has it free. Expected O(1); gives up after a bounded number of probes.
 */
#include "net/tcp/room.h"

#include "lib/siphash.h"
#include "net/wire/ip4.h"

/* RFC 6335 section 6: the dynamic ports begin at 49152; like Linux we begin lower, for more. */
#define PORT_FIRST 32768u
#define PORT_COUNT 28232u
/* With 9 of 10 ports to one remote end taken, this many probes fail once in 10^40 times. */
#define PROBES_MAX 1024u

static uint64_t pair_hash(const struct tcp_state *ts, const struct tcp_id *id)
{
	uint64_t words[5];

	if (likely(holm_addr_is_ip4(&id->local))) {
		words[0] = (uint64_t)ip4_from_addr(&id->local) << 32 | ip4_from_addr(&id->remote);
		words[1] = id->rport;
		return siphash13_words(&ts->net->secrets.port, words, 2);
	}
	memcpy(&words[0], id->local.b, 16);
	memcpy(&words[2], id->remote.b, 16);
	words[4] = id->rport;
	return siphash13_words(&ts->net->secrets.port, words, 5);
}

/* Enter the table under the four-tuple in c->id, unless it is taken. */
static int try_tuple(struct tcp_state *ts, struct holm_tcp *c, bool take_over)
{
	struct tcp_id *old = tcp_find(ts, &c->id.remote, &c->id.local, c->id.rport, c->id.lport);

	if (old) {
		struct tcp_tw *tw = container_of(old, struct tcp_tw, id);

		if (!take_over || tcp_kind_of(old) != TCP_KIND_TIME_WAIT ||
		    !tcp_time_wait_reuse(ts, tw, &c->snd_una))
			return -HOLM_EADDRINUSE;
		tcp_time_wait_free(ts, tw);
	} else {
		c->snd_una = tcp_isn(ts->net, &c->id);
	}
	list_remove(&c->free);
	if (!tcp_table_insert(ts, &c->id, TCP_KIND_CONN, 0)) {
		list_push_back(&ts->unconnected, &c->free);
		return -HOLM_ENOMEM;
	}
	c->flags |= TCP_HASHED;
	return 0;
}

int tcp_port_connect(struct tcp_state *ts, struct holm_tcp *c)
{
	uint64_t hash;
	uint32_t *counter;

	if (c->id.lport != 0)
		return try_tuple(ts, c, true);
	hash = pair_hash(ts, &c->id);
	counter = &ts->port_counters[(hash >> 32) % TCP_PORT_COUNTERS];
	for (uint32_t i = 0; i < PROBES_MAX; i++) {
		uint32_t at = ((uint32_t)hash + (*counter)++) % PORT_COUNT;
		int err;

		c->id.lport = (uint16_t)(PORT_FIRST + at);
		if (tcp_port_is_bound(ts, c->id.lport))
			continue;
		/* A record in TIME-WAIT is taken over only when ports get scarce. */
		err = try_tuple(ts, c, i >= PROBES_MAX / 2);
		if (err != -HOLM_EADDRINUSE)
			return err;
	}
	c->id.lport = 0;
	return -HOLM_EADDRNOTAVAIL;
}

uint16_t tcp_port_any(struct tcp_state *ts, const struct holm_addr *addr)
{
	struct tcp_id id = { .local = *addr };
	uint64_t hash = pair_hash(ts, &id);
	uint32_t *counter = &ts->port_counters[(hash >> 32) % TCP_PORT_COUNTERS];

	for (uint32_t i = 0; i < PROBES_MAX; i++) {
		uint32_t at = ((uint32_t)hash + (*counter)++) % PORT_COUNT;
		uint16_t port = (uint16_t)(PORT_FIRST + at);

		if (!tcp_port_is_bound(ts, port))
			return port;
	}
	return 0;
}
