/*
 * Whom a segment is for: the table of connections under their four-tuples, both families, by a keyed
 * hash, with a one-entry memory of the last one because segments come in bursts. Where a connection's
 * ends are kept. Records are in records.c, under the same hash.
 */
#include "net/tcp/hot.h"

#include "net/wire/ip4.h"

/* Two addresses of IPv4, as they lie behind each other in a packet. */
static inline uint64_t join4(const struct holm_addr *remote, const struct holm_addr *local)
{
	uint64_t r = checksum_load32(remote->b + 12);
	uint64_t l = checksum_load32(local->b + 12);

	return HOST_IS_BIG_ENDIAN ? r << 32 | l : l << 32 | r;
}

static inline uint32_t hash_of(const struct holm_net *net, const struct tcp_tuple *t)
{
	uint32_t ports = (uint32_t)t->rport << 16 | t->lport;

	return likely(ip4_is_addr(&t->remote)) ? tcp_hash4(net, join4(&t->remote, &t->local), ports)
					       : tcp_hash6(net, t->remote.b, t->local.b, ports);
}

uint32_t tcp_hash(const struct holm_net *net, const struct tcp_tuple *t)
{
	return hash_of(net, t);
}

/* ---- Ends ---------------------------------------------------------------------------------------- */

/* Store a connection's two ends, once or again. False: no memory, nothing is changed. */
static inline bool set_ends(struct holm_tcp *c, const struct tcp_tuple *t)
{
	bool ip4 = ip4_is_addr(&t->remote);

	if (!ip4 && !(c->flags & TCP_IP6)) {
		struct tcp_ends6 *ends = mem_take(&tcp_net(c)->mem, sizeof(*ends));

		if (!ends)
			return false;
		c->ends6 = ends;
	}
	if (ip4)
		tcp_drop_ends(c);
	c->flags |= TCP_ENDS | (ip4 ? 0 : (uint32_t)TCP_IP6);
	if (ip4) {
		c->remote4 = ip4_from_addr(&t->remote);
		c->local4 = ip4_from_addr(&t->local);
	} else {
		c->ends6->remote = t->remote;
		c->ends6->local = t->local;
	}
	c->rport = t->rport;
	c->lport = t->lport;
	c->scope = t->scope;
	return true;
}

void tcp_drop_ends(struct holm_tcp *c)
{
	if (c->flags & TCP_IP6)
		mem_give(&tcp_net(c)->mem, c->ends6, sizeof(*c->ends6));
	c->flags &= ~(uint32_t)(TCP_ENDS | TCP_IP6);
}

void tcp_get_ends(const struct holm_tcp *c, struct tcp_tuple *t)
{
	t->rport = c->rport;
	t->lport = c->lport;
	t->scope = c->scope;
	if (c->flags & TCP_IP6) {
		t->remote = c->ends6->remote;
		t->local = c->ends6->local;
	} else if (c->flags & TCP_ENDS) {
		t->remote = ip4_to_addr(c->remote4);
		t->local = ip4_to_addr(c->local4);
	} else {
		t->remote = holm_addr_any6();
		t->local = holm_addr_any6();
		if (c->flags & TCP_BOUND)
			t->local = tcp_bind_of(tcp_net(c)->tcp, c)->addr;
	}
}

/* ---- Connections --------------------------------------------------------------------------------- */

struct holm_tcp *tcp_find(struct tcp_state *ts, const struct tcp_tuple *t, uint32_t *hash)
{
	struct htab_node *n;

	*hash = hash_of(ts->net, t);
	n = table_first(&ts->table, *hash);
	for (; n; n = table_next(&ts->table, n)) {
		struct holm_tcp *c = container_of(n, struct holm_tcp, ep.node);

		if (tcp_is_for(c, &t->remote, &t->local, t->rport, t->lport, t->scope)) {
			ts->last = c;
			return c;
		}
	}
	return NULL;
}

bool tcp_table_enter(struct tcp_state *ts, struct holm_tcp *c, const struct tcp_tuple *t,
		     uint32_t hash)
{
	if (!set_ends(c, t) || !table_insert(&ts->table, &c->ep.node, hash))
		return false;
	list_remove(&c->free);
	/* Nothing has been learned yet. */
	c->rtt = (struct tcp_rtt){ 0 };
	c->ssthresh = 0;
	c->ts_recent = 0;
	c->flags |= TCP_HASHED;
	/* The next segment is for it, as like as not. */
	ts->last = c;
	return true;
}

void tcp_table_remove(struct tcp_state *ts, struct holm_tcp *c)
{
	tcp_table_leave(ts, c);
	list_push_back(&ts->unconnected, &c->free);
}
