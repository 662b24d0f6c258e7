/*
 * dns_stage.h -- a resolver and, in the same instance, a name server that the test plays: at
 * 127.0.0.1, and if asked for a second one at the instance's own address 10.0.0.1.
 */
#ifndef TESTS_SUPPORT_DNS_STAGE_H
#define TESTS_SUPPORT_DNS_STAGE_H

#include <holm/dns.h>
#include <holm/tcp.h>
#include <holm/udp.h>

#include "tests/support/dns_message.h"
#include "tests/support/lab.h"

struct dns_stage {
	struct lab lab;
	struct holm_dns *dns;
	struct holm_udp *server[2];
	uint64_t next;
	/* The question heard last. */
	uint8_t query[DNS_DATAGRAM_MAX];
	size_t query_len;
	struct holm_endpoint from;
	unsigned at; /* which server it came to */
};

/* With NULL: the defaults and TCP. */
void dns_start(struct dns_stage *s, const struct holm_dns_config *config, unsigned servers);
/* The same with servers at these addresses; those of IPv6 that the instance does not have it gets. */
void dns_start_at(struct dns_stage *s, const struct holm_dns_config *config,
		  const struct holm_endpoint *servers, unsigned n);
void dns_finish(struct dns_stage *s);
/* Resolver and instance, until quiet at the present time. */
void dns_run(struct dns_stage *s);
void dns_wait(struct dns_stage *s, uint64_t ns);
/* The next question that a server was asked. */
bool dns_hear(struct dns_stage *s);
/* The server that was asked says this. */
void dns_say(struct dns_stage *s, const struct dns_message *m);
/* An answer to what was heard last, without records. */
struct dns_message dns_reply_to(const struct dns_stage *s, unsigned rcode);
/* Hear a question and answer it with this address. */
void dns_serve(struct dns_stage *s, uint32_t ttl_s, uint32_t addr);

struct holm_dns_query *dns_ask_for(struct dns_stage *s, const char *name);
/* It is answered; the question is dropped. */
struct holm_dns_result dns_result(struct holm_dns_query *q);
bool dns_is_open(const struct holm_dns_query *q);

#endif
