/*
 * dns_message.h -- answers of a name server, put together record by record. Names are given as text; a
 * name of ".." is a pointer to the question.
 */
#ifndef TESTS_SUPPORT_DNS_MESSAGE_H
#define TESTS_SUPPORT_DNS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "net/wire/dns.h"

struct dns_message {
	uint8_t b[8192];
	size_t len;
};

/* An answer to the question in these bytes, without records. */
void dns_message_answer(struct dns_message *m, const uint8_t *query, size_t len, unsigned rcode);
/* An answer to a question of one's own. */
void dns_message_about(struct dns_message *m, const char *name, uint16_t type, unsigned rcode);
/* A record in the answer section, or with `section` 1 in the authority section. */
void dns_message_record(struct dns_message *m, unsigned section, const char *owner, uint16_t type,
			uint32_t ttl_s, const void *data, size_t len);
void dns_message_addr(struct dns_message *m, const char *owner, uint32_t ttl_s, uint32_t addr);
void dns_message_alias(struct dns_message *m, const char *owner, uint32_t ttl_s,
		       const char *target);
/* "There is nothing, believe it for so long." */
void dns_message_soa(struct dns_message *m, uint32_t ttl_s, uint32_t minimum_s);
void dns_message_truncated(struct dns_message *m);

#endif
