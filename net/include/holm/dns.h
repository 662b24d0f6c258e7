/*
 * dns.h -- a DNS resolver's client side (RFC 1034, 1035): asks the name servers it is given, remembers
 * the answers. A program on top of the public interface, one UDP endpoint for each question.
 *
 *	holm_dns_ask(dns, "example.org", 11, HOLM_DNS_A, &q);
 *	... whenever an event is the resolver's, and at the time that the last call returned:
 *	next = holm_dns_poll(dns, now);
 *	if (holm_dns_look(q, &result)) { result.outcome ...; holm_dns_drop(q); }
 */
#ifndef HOLM_DNS_H
#define HOLM_DNS_H

#include <holm/net.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HOLM_DNS_SERVERS_MAX 3u
#define HOLM_DNS_ADDRS_MAX 16u
#define HOLM_DNS_NAME_BYTES 256u

struct holm_dns;
struct holm_dns_query;
struct holm_dns_fallback;

/*
 * Asking again over TCP when an answer does not fit a datagram (RFC 7766). Named in the configuration by
 * those who have TCP; without it a truncated answer is used as far as it goes.
 */
extern const struct holm_dns_fallback holm_dns_tcp;

struct holm_dns_config {
	size_t size; /* sizeof(struct holm_dns_config) as the program was compiled */
	/* Questions under way, each with an endpoint; beyond, holm_dns_ask() is -HOLM_ENOBUFS. */
	uint32_t queries_max;
	/* Answers remembered, about 900 bytes each; the one that was used least recently goes. 0: none. */
	uint32_t cache_max;
	/* No answer is remembered for longer, whatever it says. */
	uint32_t ttl_max_s;
	/* How often each server is asked, and how long the first time; each round waits twice as long. */
	uint32_t rounds;
	uint64_t timeout_ns;
	const struct holm_dns_fallback *tcp;
	/* What events about the resolver's endpoints carry. */
	void *cookie;
};

/* 32 questions, 64 answers, a day, 3 rounds of 1, 2 and 4 s, no TCP. */
void holm_dns_config_default(struct holm_dns_config *config);

/* -HOLM_EINVAL, -HOLM_ENOMEM. Without servers, questions end as HOLM_DNS_NO_SERVER. */
int holm_dns_create(struct holm_net *net, const struct holm_dns_config *config,
		    struct holm_dns **out);
/* Whatever is under way is forgotten. */
void holm_dns_destroy(struct holm_dns *dns);

/*
 * In order of preference, of either family; port 0 is 53. Beyond HOLM_DNS_SERVERS_MAX they are ignored. Other
 * servers: all is forgotten that the former ones have said.
 */
void holm_dns_set_servers(struct holm_dns *dns, const struct holm_endpoint *servers, size_t n);

enum holm_dns_type { HOLM_DNS_A = 1, HOLM_DNS_PTR = 12, HOLM_DNS_AAAA = 28 };

enum holm_dns_outcome {
	HOLM_DNS_FOUND,
	HOLM_DNS_NO_NAME,   /* there is no such name */
	HOLM_DNS_NO_DATA,   /* there is, but nothing of that type */
	HOLM_DNS_TIMED_OUT, /* no server has answered */
	HOLM_DNS_FAILED,    /* servers have, but that they cannot tell, or nonsense */
	HOLM_DNS_NO_SERVER,
};

struct holm_dns_result {
	enum holm_dns_outcome outcome;
	/* HOLM_DNS_A, HOLM_DNS_AAAA: the addresses, in the server's order. */
	uint32_t naddrs;
	struct holm_addr addrs[HOLM_DNS_ADDRS_MAX];
	/* The canonical name, for HOLM_DNS_PTR the one asked for; empty where it is no host's. */
	char name[HOLM_DNS_NAME_BYTES];
};

/*
 * Ask for what is known of a name. The same question asked twice goes out once. -HOLM_EINVAL: no host
 * can have such a name. -HOLM_ENOBUFS, -HOLM_ENOMEM.
 */
int holm_dns_ask(struct holm_dns *dns, const char *name, size_t len, enum holm_dns_type type,
		 struct holm_dns_query **out);
/* Ask for the name of an address. */
int holm_dns_ask_addr(struct holm_dns *dns, const struct holm_addr *addr,
		      struct holm_dns_query **out);

/* Is the answer there? */
bool holm_dns_look(const struct holm_dns_query *q, struct holm_dns_result *result);

/* The question is not the caller's any more, answered or not. */
void holm_dns_drop(struct holm_dns_query *q);

/* Is this event about one of the resolver's endpoints? Then holm_dns_poll() wants to run. */
bool holm_dns_owns(const struct holm_dns *dns, const struct holm_event *ev);

/* Receive, let time pass, send. Returns when it wants to be called next at the latest. */
uint64_t holm_dns_poll(struct holm_dns *dns, uint64_t now);

#ifdef __cplusplus
}
#endif

#endif
