/*
 * The resolver from the inside, shared by dns.c (questions under way), dns_cache.c (answers remembered)
 * and dns_tcp.c (answers that do not fit a datagram).
 */
#ifndef NET_APP_DNS_H
#define NET_APP_DNS_H

#include <holm/buf.h>
#include <holm/dns.h>
#include <holm/udp.h>

#include "lib/list.h"
#include "net/wire/dns.h"

#define DNS_SECOND_NS 1000000000u
/* Times that an answer ends in an alias and leaves asking for it to us. */
#define DNS_CHASES_MAX 8u
/* How long "no such name" is believed at most: RFC 2308 section 5 says three hours are sensible. */
#define DNS_NEGATIVE_TTL_MAX_S 10800u
/* Ports tried before a bind is given up: most of 16 K ports would have to be taken. */
#define DNS_PORT_TRIES 8u

enum {
	/* RFC 6335: nobody listens at these by plan. */
	DNS_PORT_FIRST = 49152,
	DNS_PORT_COUNT = 16384,
	/* Over TCP an answer may have 64 KiB; DNS_RECORDS_MAX records fit this. */
	DNS_STREAM_MAX = 16384,
};

struct dns_key {
	struct dns_name name;
	uint16_t type;
};

static inline bool dns_key_equal(const struct dns_key *a, const struct dns_key *b)
{
	return a->type == b->type && dns_name_equal(&a->name, &b->name);
}

/* An answer that is remembered. Owned by its resolver. */
struct dns_entry {
	struct list_node node; /* the one used last in front */
	struct dns_key key;
	uint64_t expire_ns;
	struct holm_dns_result result;
};

struct dns_stream;

/* See <holm/dns.h>: what dns.c needs of TCP. */
struct holm_dns_fallback {
	/* Connect and send one question. */
	int (*open)(struct holm_net *net, const struct holm_endpoint *server, void *cookie,
		    const uint8_t *query, size_t len, struct dns_stream **out);
	/* The answer, once all of it is there: 0, -HOLM_EAGAIN, or what ended the connection. */
	int (*read)(struct dns_stream *s, const uint8_t **message, size_t *len);
	bool (*owns)(const struct dns_stream *s, const void *endpoint);
	void (*close)(struct dns_stream *s);
};

/* A question, asked by `refs` callers. Owned by its resolver while any of them holds it. */
struct holm_dns_query {
	struct list_node node;
	struct holm_dns *dns;
	uint32_t refs;
	bool done;
	struct dns_key key; /* what was asked for */
	/* What is asked for now: at first the same, then what it stands for. */
	struct dns_name name;
	struct dns_name sent; /* the same with its letters mixed, as the answer must repeat it */
	uint16_t id;
	uint32_t attempt; /* goes through the servers, `rounds` times */
	uint32_t chases;
	uint32_t ttl_s; /* of the aliases so far */
	bool failed;	/* some server has said so */
	uint64_t next_ns;
	struct holm_udp *udp;
	struct dns_stream *stream;
	struct holm_dns_result result;
};

struct holm_dns {
	struct holm_net *net;
	struct holm_dns_config config;
	struct holm_endpoint servers[HOLM_DNS_SERVERS_MAX];
	uint32_t nservers;
	uint32_t nqueries, nentries;
	struct list queries;
	struct list entries;
	uint8_t message[DNS_DATAGRAM_MAX];
};

/* ---- dns_cache.c ---- */

/* What is remembered of the question, and still holds. */
bool dns_cache_find(struct holm_dns *dns, const struct dns_key *key, uint64_t now,
		    struct holm_dns_result *result);
/* From now on for ttl_s. Without memory it is not remembered. */
void dns_cache_add(struct holm_dns *dns, const struct dns_key *key, uint64_t now, uint32_t ttl_s,
		   const struct holm_dns_result *result);
void dns_cache_clear(struct holm_dns *dns);

#endif
