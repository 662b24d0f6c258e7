/*
 * DNS messages: RFC 1035, AAAA RFC 3596, negative answers RFC 2308.
 *
 * A resolver's side: building a question, reading an answer. Names are kept in wire form, put together
 * where a message compresses them. Without EDNS, so a datagram has at most 512 bytes.
 */
#ifndef NET_WIRE_DNS_H
#define NET_WIRE_DNS_H

#include <holm/types.h>

#include "lib/bytes.h"

enum {
	DNS_PORT = 53,
	DNS_HEADER_BYTES = 12,
	DNS_DATAGRAM_MAX = 512, /* RFC 1035 section 4.2.1 */
	DNS_NAME_MAX = 255,	/* in wire form, section 2.3.4 */
	DNS_LABEL_MAX = 63,
	DNS_QUERY_MAX = DNS_HEADER_BYTES + DNS_NAME_MAX + 4,
	DNS_ADDRS_MAX = 16, /* further ones are ignored: servers rotate them */
	/* Real chains have one or two links; a longer one is taken as one that never ends. */
	DNS_CHAIN_MAX = 8,
	/* Records looked at in an answer; a host has tens of addresses at most. */
	DNS_RECORDS_MAX = 128,
	DNS_CLASS_IN = 1,
};

enum dns_type { DNS_A = 1, DNS_CNAME = 5, DNS_SOA = 6, DNS_PTR = 12, DNS_AAAA = 28 };

enum dns_rcode { DNS_NO_ERROR = 0, DNS_SERVER_FAILED = 2, DNS_NO_SUCH_NAME = 3 };

/* What became of reading a message. */
enum dns_verdict {
	DNS_OK,
	DNS_SHORT,	/* it ends within something */
	DNS_NOT_ANSWER, /* a question, or an operation of another kind */
	DNS_QUESTION,	/* not exactly one question of class IN */
	DNS_NAME,	/* a name that runs in circles, is too long, or has a label of no kind */
	DNS_DATA,	/* a record whose data cannot be its type's */
	DNS_CHAIN,	/* aliases that lead nowhere within DNS_CHAIN_MAX */
	DNS_VERDICT_COUNT
};

const char *dns_verdict_text(enum dns_verdict verdict);

/* Labels with their lengths, the empty one at the end included. */
struct dns_name {
	uint8_t len;
	uint8_t b[DNS_NAME_MAX];
};

/* "www.example.org", a dot at the end or not. False: no name of a host. */
bool dns_name_parse(struct dns_name *name, const char *text, size_t len);
/*
 * The other way, with a NUL and without a dot at the end; DNS_NAME_MAX bytes suffice. 0: it has bytes
 * that a host's name cannot have (RFC 1123 section 2.1, and the underscore).
 */
size_t dns_name_format(const struct dns_name *name, char *out, size_t room);
/* Names differ by more than case: RFC 4343. */
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);
/* The name of an address in in-addr.arpa or ip6.arpa. */
void dns_name_of_addr(struct dns_name *name, const struct holm_addr *addr);
/* Each letter becomes large or small by a bit of `random`, taken in turn. */
void dns_name_mix(struct dns_name *name, const uint8_t *random, size_t bytes);

/* Returns how many bytes, at most DNS_QUERY_MAX, which `p` must have room for. */
size_t dns_build(uint8_t *p, uint16_t id, const struct dns_name *name, uint16_t type);

struct dns_head {
	uint16_t id;
	uint16_t type; /* of the question */
	uint8_t rcode;
	bool truncated;
	uint16_t answers, authorities;
	struct dns_name question;
	size_t records; /* where they begin */
};

/* A message that answers one question. */
enum dns_verdict dns_read_head(const uint8_t *p, size_t len, struct dns_head *head);

struct dns_record {
	struct dns_name owner;
	uint16_t type, class;
	uint32_t ttl_s; /* RFC 2181 section 8: with the top bit it is zero */
	size_t data;	/* where in the message */
	uint16_t data_len;
};

/* The name or record at *at, which moves behind it. */
enum dns_verdict dns_read_name(const uint8_t *p, size_t len, size_t *at, struct dns_name *name);
enum dns_verdict dns_read_record(const uint8_t *p, size_t len, size_t *at,
				 struct dns_record *record);

/* ---- dns_answer.c ---- */

/* What a message says about its question. */
struct dns_answer {
	struct dns_name name; /* the canonical one, where the chain of aliases ends */
	uint32_t ttl_s;	      /* how long all of it holds */
	bool has_ttl;	      /* false: not to be remembered */
	uint8_t naddrs;
	struct holm_addr addrs[DNS_ADDRS_MAX];
	bool has_target; /* of a question for PTR */
	struct dns_name target;
	bool ends_in_alias; /* the canonical name's own data must be asked for */
};

/* `head` is what dns_read_head() found in the same message. */
enum dns_verdict dns_read_answer(const uint8_t *p, size_t len, const struct dns_head *head,
				 struct dns_answer *answer);

#endif
