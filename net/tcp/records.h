/*
 * Small records: half-open connections and those in TIME-WAIT, 40 bytes each over IPv4 and 64 over IPv6.
 *
 * One array a kind and family, dense: a record that goes is replaced by the last one, so the memory
 * follows the number in both directions, page by page, and a random record is a random number. All
 * links are indices. One hash table of indices finds them (linear hashing, two records a bucket: 2 to 4
 * bytes each), lists of one timeout each keep the order in which they are due.
 *
 * A record has no address that lasts: a pointer is good until the next record is added or removed, a
 * reference until the next is removed.
 */
#ifndef NET_TCP_RECORDS_H
#define NET_TCP_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/compiler.h"
#include "lib/htab.h"
#include "lib/mem.h"
#include "net/core/mem.h"
#include "net/tcp/seq.h"

struct holm_net;
struct holm_tcp;
struct tcp_state;
struct tcp_tuple;

/* Which array; the low bits of a reference. */
enum tcp_kind {
	TCP_KIND_HALF = 0,
	TCP_KIND_TIME_WAIT = 2,
	TCP_KIND_IP6 = 1, /* flag */
	TCP_KINDS = 4,
};

/* A kind and an index: the number after next, so that 0 is none. */
typedef uint32_t tcp_ref;

/* Retransmissions of a half-open record's SYN-ACK: 1 + 2 + 4 + 8 + 16 + 32 seconds. */
#define TCP_HALF_RETRIES 5u
/*
 * Lists of one timeout each: one per number of retransmissions, and two of those that wait for the
 * program's decision, which it was told of or not. TIME-WAIT uses the first.
 */
#define TCP_WAIT_NEW (TCP_HALF_RETRIES + 1)
#define TCP_WAIT_TOLD (TCP_HALF_RETRIES + 2)
#define TCP_WAITS (TCP_HALF_RETRIES + 3)
/* What links of 24 bits can say. */
#define TCP_RECORDS_MAX ((1u << 24) - 2)

/* What every record begins with. The links of its waiting list are index + 1; 0: the end. */
struct tcp_record {
	tcp_ref next; /* in its chain of the table */
	uint16_t rport, lport;
	uint32_t wait_prev : 24, due_high : 8;
	uint32_t wait_next : 24, due_low : 8;
};

/*
 * The two ends, behind what the kinds hold of their own. Which family is in the reference.
 */
union tcp_record_ends {
	struct {
		uint32_t remote, local; /* as numbers */
	} ip4;
	struct {
		uint8_t remote[16], local[16];
	} ip6;
};

#define TCP_RECORD4_BYTES 40u
#define TCP_RECORD6_BYTES 64u

/* Does it wait for the program's decision? Sealed: it is no record, but what a cookie says. */
enum tcp_held { TCP_HELD_NOT, TCP_HELD_NEW, TCP_HELD_TOLD, TCP_HELD_SEALED };

/* Congestion notification, as the SYN asked for it; behind TCP_HALF_ACCECN: the SYN's own IP-ECN field. */
enum tcp_half_ecn { TCP_HALF_NO_ECN, TCP_HALF_ECN, TCP_HALF_ACCECN };

/* No window scale was offered: RFC 7323's largest is 14. */
#define TCP_HALF_NO_WSCALE 15u

/*
 * A connection in SYN-RECEIVED by a passive open. One per SYN that was answered, or is to be, at most
 * config.tcp_half_open_max.
 */
struct tcp_half {
	struct tcp_record record; /* due: tick of the next retransmission */
	struct tcp_seq iss, irs;
	uint32_t ts_recent;
	uint16_t peer_mss; /* 0: not announced */
	uint16_t retries : 3;
	uint16_t wscale : 4; /* or TCP_HALF_NO_WSCALE */
	uint16_t has_ts : 1, has_sack : 1;
	uint16_t ecn : 3;   /* enum tcp_half_ecn */
	uint16_t held : 2;  /* enum tcp_held */
	uint16_t acked : 1; /* the handshake is complete, its data is awaited */
	uint16_t fast : 1;  /* it asked for a Fast Open cookie */
	union tcp_record_ends ends;
};

/* A connection in TIME-WAIT, at most config.tcp_time_wait_max. */
struct tcp_tw {
	struct tcp_record record; /* due: stamp */
	struct tcp_seq snd_nxt, rcv_nxt;
	uint32_t ts_recent;
	uint8_t tos;
	bool has_ts;
	union tcp_record_ends ends;
};

_Static_assert(offsetof(struct tcp_half, ends) == 32 && offsetof(struct tcp_tw, ends) == 32,
	       "README.md: bytes per record");

/* Indices of a list's ends, + 1; 0: empty. */
struct tcp_wait_list {
	uint32_t first, last;
};

struct tcp_slots {
	void **chunks; /* NULL until the first record; [chunks_max] */
	uint32_t n;
	uint32_t room; /* how many the chunks that are there hold */
};

enum {
	/*
	 * Buckets of the table's first segment, 2 KB, half of what the first records take; that and
	 * one for each doubling, up to 2^27 buckets.
	 */
	TCP_RECORD_BUCKETS_MIN = 512,
	TCP_RECORD_SEGMENTS = 19,
};

struct tcp_records {
	struct tcp_slots slots[TCP_KINDS];
	struct tcp_wait_list waits[TCP_KINDS][TCP_WAITS];
	uint32_t n; /* of all kinds */
	/* Linear hashing as in lib/htab.h, over references; buckets are chains. */
	uint32_t buckets, mask;
	tcp_ref *segments[TCP_RECORD_SEGMENTS];
};

static inline unsigned tcp_ref_kind(tcp_ref ref)
{
	return ref & (TCP_KINDS - 1u);
}

static inline uint32_t tcp_ref_index(tcp_ref ref)
{
	return ref / TCP_KINDS - 1;
}

static inline tcp_ref tcp_ref_of(unsigned kind, uint32_t index)
{
	return (index + 1) * TCP_KINDS | kind;
}

static inline bool tcp_ref_is_half(tcp_ref ref)
{
	return !(ref & TCP_KIND_TIME_WAIT);
}

static inline bool tcp_half_has_wscale(const struct tcp_half *half)
{
	return half->wscale != TCP_HALF_NO_WSCALE;
}

/* On which list it waits. */
static inline unsigned tcp_half_list(const struct tcp_half *half)
{
	return half->held ? TCP_HALF_RETRIES + half->held : half->retries;
}

/* Everything of its own; whom it is for and its place on lists stay. */
static inline void tcp_half_fill(struct tcp_half *half, const struct tcp_half *from)
{
	memcpy(&half->iss, &from->iss,
	       offsetof(struct tcp_half, ends) - offsetof(struct tcp_half, iss));
}

/* The low 16 bits of when it is due, in the kind's unit. */
static inline uint16_t tcp_record_due(const struct tcp_record *r)
{
	return (uint16_t)(r->due_high << 8 | r->due_low);
}

/* How many records of TCP_KIND_HALF or TCP_KIND_TIME_WAIT there are, of both families. */
static inline uint32_t tcp_records_count(const struct tcp_records *r, enum tcp_kind kind)
{
	return r->slots[kind].n + r->slots[kind | TCP_KIND_IP6].n;
}

/* Records of one allocation, a page. */
#define TCP_RECORDS_CHUNK MEM_CHUNK

static inline size_t tcp_record_bytes(unsigned kind)
{
	return kind & TCP_KIND_IP6 ? TCP_RECORD6_BYTES : TCP_RECORD4_BYTES;
}

static inline uint32_t tcp_chunk_records(unsigned kind)
{
	return kind & TCP_KIND_IP6 ? TCP_RECORDS_CHUNK / TCP_RECORD6_BYTES
				   : TCP_RECORDS_CHUNK / TCP_RECORD4_BYTES;
}

static inline struct tcp_record *tcp_record_at(const struct tcp_records *r, tcp_ref ref)
{
	unsigned kind = tcp_ref_kind(ref);
	uint32_t i = tcp_ref_index(ref);
	uint32_t at = kind & TCP_KIND_IP6 ? i / tcp_chunk_records(TCP_KIND_IP6)
					  : i / tcp_chunk_records(0);
	uint8_t *chunk = r->slots[kind].chunks[at];

	i -= at * tcp_chunk_records(kind);
	return (struct tcp_record *)(void *)(chunk + i * tcp_record_bytes(kind));
}

static inline struct tcp_half *tcp_half_at(const struct tcp_records *r, tcp_ref ref)
{
	return container_of(tcp_record_at(r, ref), struct tcp_half, record);
}

static inline struct tcp_tw *tcp_tw_at(const struct tcp_records *r, tcp_ref ref)
{
	return container_of(tcp_record_at(r, ref), struct tcp_tw, record);
}

/* The record under this four-tuple, whose hash is `hash`; 0: none. */
tcp_ref tcp_record_find(const struct tcp_records *r, const struct tcp_tuple *t, uint32_t hash);
/* A new one, all zero but its ends, which waits on a list. NULL: no memory. */
must_check struct tcp_record *tcp_record_add(struct tcp_state *ts, enum tcp_kind kind,
					     const struct tcp_tuple *t, uint32_t hash,
					     unsigned list, uint16_t due);
/* One of TIME-WAIT with the ends of a connection that is in the table of those. */
must_check struct tcp_record *tcp_record_add_for(struct tcp_state *ts, const struct holm_tcp *c,
						 uint16_t due);
/* The last of its array takes its place: other references of the kind may change. */
void tcp_record_remove(struct tcp_state *ts, tcp_ref ref);
/* The same where the hash of its four-tuple is known. */
void tcp_record_remove_hashed(struct tcp_state *ts, tcp_ref ref, uint32_t hash);
void tcp_record_tuple(const struct tcp_records *r, tcp_ref ref, struct tcp_tuple *t);

/* Wait behind all others with the same timeout (of a half-open record: number of retries). */
void tcp_record_wait(struct tcp_records *r, tcp_ref ref, unsigned list, uint16_t due);
void tcp_record_unwait(struct tcp_records *r, tcp_ref ref, unsigned list);
/* Who has waited longest on a list; 0: nobody. */
static inline tcp_ref tcp_record_first(const struct tcp_records *r, unsigned kind, unsigned list)
{
	uint32_t first = r->waits[kind][list].first;

	return first ? tcp_ref_of(kind, first - 1) : 0;
}

/* Who waits behind it; 0: nobody. */
static inline tcp_ref tcp_record_next(const struct tcp_records *r, tcp_ref ref)
{
	uint32_t next = tcp_record_at(r, ref)->wait_next;

	return next ? tcp_ref_of(tcp_ref_kind(ref), next - 1) : 0;
}

/* Removes all and gives the memory back. */
void tcp_records_fini(struct tcp_state *ts);

#endif
