/*
 * The arrays, the table and the lists of small records: see records.h.
 *
 * What a record means is syn.c's and timewait.c's.
 */
#include "net/tcp/room.h"

#include "lib/mem.h"
#include "net/wire/ip4.h"
#include "net/wire/ip6.h"

/* Records per bucket before the table grows. */
#define LOAD 2u
/* Splits per record added and joins per record removed: as in lib/htab.c. */
#define STEPS_MAX 2

_Static_assert(offsetof(struct tcp_half, ends) + sizeof(union tcp_record_ends) == TCP_RECORD6_BYTES,
	       "no padding behind");

/* ---- Slots --------------------------------------------------------------------------------------- */

static uint32_t chunks_max(const struct holm_net *net, unsigned kind)
{
	uint32_t max = kind & TCP_KIND_TIME_WAIT ? net->config.tcp_time_wait_max
						 : net->config.tcp_half_open_max;

	return max / tcp_chunk_records(kind) + 1;
}

/* Room for more; false: no memory, or too many. */
static never_inline bool slots_grow(struct tcp_state *ts, unsigned kind)
{
	struct tcp_slots *s = &ts->records.slots[kind];
	struct mem *mem = &ts->net->mem;
	void *chunk;

	if (s->n + tcp_chunk_records(kind) > TCP_RECORDS_MAX)
		return false;
	if (!s->chunks) {
		s->chunks = mem_alloc(mem, chunks_max(ts->net, kind) * sizeof(*s->chunks));
		if (!s->chunks)
			return false;
	}
	chunk = mem_alloc(mem, TCP_RECORDS_CHUNK);
	if (!chunk)
		return false;
	s->chunks[s->room / tcp_chunk_records(kind)] = chunk;
	s->room += tcp_chunk_records(kind);
	return true;
}

static void chunk_free(struct tcp_state *ts, unsigned kind)
{
	struct tcp_slots *s = &ts->records.slots[kind];

	s->room -= tcp_chunk_records(kind);
	mem_free(&ts->net->mem, s->chunks[s->room / tcp_chunk_records(kind)], TCP_RECORDS_CHUNK);
}

/* The last goes; a page goes when another one is empty too, so that one record cannot swing it. */
static inline void slot_pop(struct tcp_state *ts, unsigned kind)
{
	struct tcp_slots *s = &ts->records.slots[kind];

	s->n--;
	if (unlikely(s->n + 2 * tcp_chunk_records(kind) <= s->room))
		chunk_free(ts, kind);
}

/* ---- Ends ---------------------------------------------------------------------------------------- */

/* At the same place in both kinds. */
static union tcp_record_ends *ends_of(struct tcp_record *record)
{
	return &container_of(record, struct tcp_half, record)->ends;
}

/* RFC 4291 2.5.6: 54 bits of a link-local address are zero. The scope is kept among them. */
#define SCOPE_AT 2u

static inline void set_ends6(union tcp_record_ends *ends, const struct holm_addr *remote,
			     const struct holm_addr *local, uint16_t scope)
{
	memcpy(ends->ip6.remote, remote->b, 16);
	if (unlikely(scope))
		store_be16(ends->ip6.remote + SCOPE_AT, scope);
	memcpy(ends->ip6.local, local->b, 16);
}

static void set_ends(union tcp_record_ends *ends, unsigned kind, const struct tcp_tuple *t)
{
	if (kind & TCP_KIND_IP6) {
		set_ends6(ends, &t->remote, &t->local, t->scope);
	} else {
		ends->ip4.remote = ip4_from_addr(&t->remote);
		ends->ip4.local = ip4_from_addr(&t->local);
	}
}

void tcp_record_tuple(const struct tcp_records *r, tcp_ref ref, struct tcp_tuple *t)
{
	struct tcp_record *record = tcp_record_at(r, ref);
	const union tcp_record_ends *ends = ends_of(record);

	t->rport = record->rport;
	t->lport = record->lport;
	t->scope = 0;
	if (ref & TCP_KIND_IP6) {
		memcpy(t->remote.b, ends->ip6.remote, 16);
		memcpy(t->local.b, ends->ip6.local, 16);
		if (unlikely(ip6_is_link_local(&t->remote))) {
			t->scope = load_be16(t->remote.b + SCOPE_AT);
			store_be16(t->remote.b + SCOPE_AT, 0);
		}
	} else {
		t->remote = ip4_to_addr(ends->ip4.remote);
		t->local = ip4_to_addr(ends->ip4.local);
	}
}

static bool is_for(struct tcp_record *record, tcp_ref ref, const struct tcp_tuple *t, bool ip6)
{
	const union tcp_record_ends *ends = ends_of(record);

	if (record->rport != t->rport || record->lport != t->lport ||
	    ((ref & TCP_KIND_IP6) != 0) != ip6)
		return false;
	if (ip6) {
		union tcp_record_ends want;

		set_ends(&want, TCP_KIND_IP6, t);
		return memcmp(&ends->ip6, &want.ip6, sizeof(want.ip6)) == 0;
	}
	return ends->ip4.remote == ip4_from_addr(&t->remote) &&
	       ends->ip4.local == ip4_from_addr(&t->local);
}

static uint32_t hash_of(const struct tcp_state *ts, tcp_ref ref)
{
	struct tcp_tuple t;

	tcp_record_tuple(&ts->records, ref, &t);
	return tcp_hash(ts->net, &t);
}

/* ---- The table ----------------------------------------------------------------------------------- */

static unsigned segment_of(uint32_t bucket)
{
	return htab_segment_of(bucket, TCP_RECORD_BUCKETS_MIN);
}

static uint32_t segment_first(unsigned segment)
{
	return htab_segment_first(segment, TCP_RECORD_BUCKETS_MIN);
}

static size_t segment_bytes(unsigned segment)
{
	uint32_t buckets = segment ? segment_first(segment) : TCP_RECORD_BUCKETS_MIN;

	return buckets * sizeof(tcp_ref);
}

static tcp_ref *bucket_at(const struct tcp_records *r, uint32_t bucket)
{
	unsigned segment = segment_of(bucket);

	return &r->segments[segment][bucket - segment_first(segment)];
}

static tcp_ref *bucket_of(const struct tcp_records *r, uint32_t hash)
{
	uint32_t bucket = hash & r->mask;

	return bucket_at(r, bucket < r->buckets ? bucket : bucket & (r->mask >> 1));
}

static bool take_segment(struct tcp_state *ts, unsigned segment)
{
	struct tcp_records *r = &ts->records;

	if (!r->segments[segment])
		r->segments[segment] = mem_zalloc(&ts->net->mem, segment_bytes(segment));
	return r->segments[segment] != NULL;
}

static void give_segment(struct tcp_state *ts, unsigned segment)
{
	struct tcp_records *r = &ts->records;

	mem_free(&ts->net->mem, r->segments[segment], segment_bytes(segment));
	r->segments[segment] = NULL;
}

/* One bucket more: what belongs there moves. Without memory chains just get longer. */
static void split(struct tcp_state *ts)
{
	struct tcp_records *r = &ts->records;
	uint32_t fresh = r->buckets;
	unsigned segment = segment_of(fresh);
	uint32_t mask = fresh > r->mask ? r->mask * 2 + 1 : r->mask;
	tcp_ref *from, *to;

	if (segment >= TCP_RECORD_SEGMENTS || !take_segment(ts, segment))
		return;
	from = bucket_at(r, fresh & (mask >> 1));
	to = bucket_at(r, fresh);
	while (*from) {
		tcp_ref ref = *from;
		tcp_ref *next = &tcp_record_at(r, ref)->next;

		if ((hash_of(ts, ref) & mask) == fresh) {
			*from = *next;
			*to = ref;
			to = next;
		} else {
			from = next;
		}
	}
	*to = 0;
	r->mask = mask;
	r->buckets = fresh + 1;
}

/* One bucket less, never of the first segment: its chain goes behind that of the one it was split off. */
static void join(struct tcp_state *ts)
{
	struct tcp_records *r = &ts->records;
	uint32_t last = r->buckets - 1;
	unsigned segment = segment_of(last);
	tcp_ref *tail = bucket_at(r, last & (r->mask >> 1));

	while (*tail)
		tail = &tcp_record_at(r, *tail)->next;
	*tail = *bucket_at(r, last);
	r->buckets = last;
	if (last == r->mask / 2 + 1)
		r->mask >>= 1;
	if (last == segment_first(segment))
		give_segment(ts, segment);
}

static bool begin(struct tcp_state *ts)
{
	if (ts->records.buckets)
		return true;
	if (!take_segment(ts, 0))
		return false;
	ts->records.buckets = TCP_RECORD_BUCKETS_MIN;
	ts->records.mask = TCP_RECORD_BUCKETS_MIN - 1;
	return true;
}

/* What points to a record. */
static tcp_ref *link_to(const struct tcp_records *r, tcp_ref ref, uint32_t hash)
{
	tcp_ref *link = bucket_of(r, hash);

	while (*link != ref) {
		ASSERT(*link != 0);
		link = &tcp_record_at(r, *link)->next;
	}
	return link;
}

static never_inline tcp_ref find_in_chain(const struct tcp_records *r, tcp_ref ref,
					  const struct tcp_tuple *t)
{
	bool ip6 = !ip4_is_addr(&t->remote);

	while (ref) {
		struct tcp_record *record = tcp_record_at(r, ref);

		if (is_for(record, ref, t, ip6))
			break;
		ref = record->next;
	}
	return ref;
}

tcp_ref tcp_record_find(const struct tcp_records *r, const struct tcp_tuple *t, uint32_t hash)
{
	tcp_ref ref = likely(r->n) ? *bucket_of(r, hash) : 0;

	return ref ? find_in_chain(r, ref, t) : 0;
}

/* ---- Waiting ------------------------------------------------------------------------------------- */

static struct tcp_record *waiting(const struct tcp_records *r, unsigned kind, uint32_t number)
{
	return tcp_record_at(r, tcp_ref_of(kind, number - 1));
}

/* Both neighbours, or the list's ends, are to know a record by these numbers. */
static inline void relink(struct tcp_records *r, unsigned kind, unsigned list,
			  const struct tcp_record *record, uint32_t as_next, uint32_t as_prev)
{
	struct tcp_wait_list *w = &r->waits[kind][list];

	if (record->wait_prev)
		waiting(r, kind, record->wait_prev)->wait_next = as_next & 0xffffff;
	else
		w->first = as_next;
	if (record->wait_next)
		waiting(r, kind, record->wait_next)->wait_prev = as_prev & 0xffffff;
	else
		w->last = as_prev;
}

/* Behind all others of its list. */
static inline void wait_last(struct tcp_records *r, struct tcp_record *record, tcp_ref ref,
			     unsigned list, uint16_t due)
{
	struct tcp_wait_list *w = &r->waits[tcp_ref_kind(ref)][list];
	uint32_t number = tcp_ref_index(ref) + 1;

	record->due_high = (uint8_t)(due >> 8);
	record->due_low = (uint8_t)due;
	record->wait_prev = w->last & 0xffffff;
	record->wait_next = 0;
	if (w->last)
		waiting(r, tcp_ref_kind(ref), w->last)->wait_next = number & 0xffffff;
	else
		w->first = number;
	w->last = number;
}

void tcp_record_wait(struct tcp_records *r, tcp_ref ref, unsigned list, uint16_t due)
{
	wait_last(r, tcp_record_at(r, ref), ref, list, due);
}

void tcp_record_unwait(struct tcp_records *r, tcp_ref ref, unsigned list)
{
	const struct tcp_record *record = tcp_record_at(r, ref);

	relink(r, tcp_ref_kind(ref), list, record, record->wait_next, record->wait_prev);
}

/* On which list a record waits. */
static unsigned list_of(struct tcp_record *record, unsigned kind)
{
	return kind & TCP_KIND_TIME_WAIT
		       ? 0
		       : tcp_half_list(container_of(record, struct tcp_half, record));
}

/* ---- Adding -------------------------------------------------------------------------------------- */

/* Bounded, because a long chain means an attack on the hash: see lib/htab.h. */
static bool chain_is_full(const struct tcp_records *r, tcp_ref ref)
{
	unsigned length = 0;

	for (; ref; ref = tcp_record_at(r, ref)->next)
		length++;
	return length >= HTAB_CHAIN_MAX;
}

/* False: there is no table, and no memory for one. */
static never_inline bool table_grow(struct tcp_state *ts)
{
	struct tcp_records *r = &ts->records;

	if (!begin(ts))
		return false;
	for (int i = 0; i < STEPS_MAX && r->n >= LOAD * r->buckets; i++)
		split(ts);
	return true;
}

/* It is the caller's to say whose it is: `k` tells the family, and all of its ends are to be set. */
static always_inline struct tcp_record *add(struct tcp_state *ts, unsigned k, uint32_t hash,
					    unsigned list, uint16_t due)
{
	struct tcp_records *r = &ts->records;
	struct tcp_slots *s = &r->slots[k];
	struct tcp_record *record;
	tcp_ref *head, ref;

	if (unlikely(r->n >= LOAD * r->buckets) && !table_grow(ts))
		return NULL;
	head = bucket_of(r, hash);
	if ((*head && chain_is_full(r, *head)) || (unlikely(s->n == s->room) && !slots_grow(ts, k)))
		return NULL;
	ref = tcp_ref_of(k, s->n++);
	record = tcp_record_at(r, ref);
	memset(record, 0, offsetof(struct tcp_half, ends));
	record->next = *head;
	*head = ref;
	r->n++;
	wait_last(r, record, ref, list, due);
	return record;
}

struct tcp_record *tcp_record_add(struct tcp_state *ts, enum tcp_kind kind,
				  const struct tcp_tuple *t, uint32_t hash, unsigned list,
				  uint16_t due)
{
	unsigned k = ip4_is_addr(&t->remote) ? kind : kind | TCP_KIND_IP6;
	struct tcp_record *record = add(ts, k, hash, list, due);

	if (unlikely(!record))
		return NULL;
	record->rport = t->rport;
	record->lport = t->lport;
	set_ends(ends_of(record), k, t);
	return record;
}

struct tcp_record *tcp_record_add_for(struct tcp_state *ts, const struct holm_tcp *c, uint16_t due)
{
	uint32_t hash = c->ep.node.hash;
	struct tcp_record *record;

	if (unlikely(c->flags & TCP_IP6)) {
		record = add(ts, TCP_KIND_TIME_WAIT | TCP_KIND_IP6, hash, 0, due);
		if (likely(record))
			set_ends6(ends_of(record), &c->ends6->remote, &c->ends6->local, c->scope);
	} else {
		record = add(ts, TCP_KIND_TIME_WAIT, hash, 0, due);
		if (likely(record)) {
			ends_of(record)->ip4.remote = c->remote4;
			ends_of(record)->ip4.local = c->local4;
		}
	}
	if (unlikely(!record))
		return NULL;
	record->rport = c->rport;
	record->lport = c->lport;
	return record;
}

/* ---- Removing ------------------------------------------------------------------------------------ */

/* The record `from`, the last of its array, is `to` from now on. */
static void move(struct tcp_state *ts, tcp_ref from, tcp_ref to)
{
	struct tcp_records *r = &ts->records;
	unsigned kind = tcp_ref_kind(from);
	struct tcp_record *record = tcp_record_at(r, to);
	uint32_t number = tcp_ref_index(to) + 1;

	*link_to(r, from, hash_of(ts, from)) = to;
	memcpy(record, tcp_record_at(r, from), tcp_record_bytes(kind));
	relink(r, kind, list_of(record, kind), record, number, number);
}

void tcp_record_remove_hashed(struct tcp_state *ts, tcp_ref ref, uint32_t hash)
{
	struct tcp_records *r = &ts->records;
	unsigned kind = tcp_ref_kind(ref);
	tcp_ref last = tcp_ref_of(kind, r->slots[kind].n - 1);
	struct tcp_record *record = tcp_record_at(r, ref);

	relink(r, kind, list_of(record, kind), record, record->wait_next, record->wait_prev);
	*link_to(r, ref, hash) = record->next;
	if (ref != last)
		move(ts, last, ref);
	slot_pop(ts, kind);
	r->n--;
	if (likely(r->n >= LOAD * r->buckets / 2 || r->buckets == TCP_RECORD_BUCKETS_MIN))
		return;
	for (int i = 0; i < STEPS_MAX && r->n < LOAD * r->buckets / 2; i++) {
		if (r->buckets > TCP_RECORD_BUCKETS_MIN)
			join(ts);
	}
}

void tcp_record_remove(struct tcp_state *ts, tcp_ref ref)
{
	tcp_record_remove_hashed(ts, ref, hash_of(ts, ref));
}

void tcp_records_fini(struct tcp_state *ts)
{
	struct tcp_records *r = &ts->records;

	for (unsigned kind = 0; kind < TCP_KINDS; kind++) {
		struct tcp_slots *s = &r->slots[kind];

		while (s->n > 0)
			tcp_record_remove(ts, tcp_ref_of(kind, s->n - 1));
		while (s->room > 0)
			chunk_free(ts, kind);
		mem_free(&ts->net->mem, s->chunks, chunks_max(ts->net, kind) * sizeof(*s->chunks));
		s->chunks = NULL;
	}
	for (unsigned i = 0; i < TCP_RECORD_SEGMENTS; i++)
		if (r->segments[i])
			give_segment(ts, i);
	r->buckets = 0;
	r->mask = 0;
}
