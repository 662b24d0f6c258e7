/*
 * Whom a segment is for: one table of four-tuples for connections, half-open and TIME-WAIT records
 * of both families, under a keyed hash, with a one-entry memory because segments come in bursts.
 */
#include "net/tcp/room.h"

#include "lib/hash.h"

static uint64_t addr_word(const struct holm_addr *a, unsigned i)
{
	uint64_t w;

	memcpy(&w, a->b + (size_t)i * 8, sizeof(w));
	return w;
}

uint32_t tcp_hash(const struct holm_net *net, const struct holm_addr *remote,
		  const struct holm_addr *local, uint16_t rport, uint16_t lport)
{
	const struct hash_key *key = &net->secrets.flow;
	uint64_t ports = (uint64_t)rport << 16 | lport;
	uint64_t h = fold_hash_mix(key, 0, addr_word(remote, 0), addr_word(remote, 1));

	h = fold_hash_mix(key, h, addr_word(local, 0) ^ ports, addr_word(local, 1));
	return fold_hash_end(key, h);
}

/* Compared as two words: no call, no early exit. */
static uint64_t addr_diff(const struct holm_addr *a, const struct holm_addr *b)
{
	return (addr_word(a, 0) ^ addr_word(b, 0)) | (addr_word(a, 1) ^ addr_word(b, 1));
}

static bool is_for(const struct tcp_id *id, const struct holm_addr *remote,
		   const struct holm_addr *local, uint16_t rport, uint16_t lport)
{
	return id->rport == rport && id->lport == lport &&
	       (addr_diff(&id->remote, remote) | addr_diff(&id->local, local)) == 0;
}

struct tcp_id *tcp_find(struct tcp_state *ts, const struct holm_addr *remote,
			const struct holm_addr *local, uint16_t rport, uint16_t lport)
{
	struct htab_node *n;

	if (ts->last && is_for(ts->last, remote, local, rport, lport))
		return ts->last;
	n = htab_first(&ts->table, tcp_hash(ts->net, remote, local, rport, lport));
	for (; n; n = htab_next(n)) {
		struct tcp_id *id = container_of(n, struct tcp_id, node);

		if (is_for(id, remote, local, rport, lport)) {
			ts->last = id;
			return id;
		}
	}
	return NULL;
}

bool tcp_table_insert(struct tcp_state *ts, struct tcp_id *id, enum tcp_kind kind, uint32_t tag)
{
	uint32_t hash = tcp_hash(ts->net, &id->remote, &id->local, id->rport, id->lport);

	id->node.tag = tag | kind;
	return htab_insert(&ts->table, &id->node, hash) == HTAB_INSERTED;
}

void tcp_table_replace(struct tcp_state *ts, struct tcp_id *id, struct tcp_id *heir,
		       enum tcp_kind kind)
{
	heir->node.tag = kind;
	htab_replace(&ts->table, &id->node, &heir->node);
	if (ts->last == id)
		ts->last = heir;
}

void tcp_table_remove(struct tcp_state *ts, struct tcp_id *id)
{
	if (ts->last == id)
		ts->last = NULL;
	htab_remove(&ts->table, &id->node);
}
