/* Answers of a name server: see dns_message.h. */
#include "tests/support/dns_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void put(struct dns_message *m, const void *p, size_t n)
{
	assert_true(m->len + n <= sizeof(m->b));
	memcpy(m->b + m->len, p, n);
	m->len += n;
}

static void put16(struct dns_message *m, unsigned v)
{
	const uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	put(m, b, sizeof(b));
}

static size_t name_bytes(uint8_t out[DNS_NAME_MAX], const char *text)
{
	struct dns_name name;

	if (strcmp(text, "..") == 0) {
		out[0] = 0xc0;
		out[1] = DNS_HEADER_BYTES;
		return 2;
	}
	assert_true(dns_name_parse(&name, text, strlen(text)));
	memcpy(out, name.b, name.len);
	return name.len;
}

void dns_message_answer(struct dns_message *m, const uint8_t *query, size_t len, unsigned rcode)
{
	m->len = 0;
	put(m, query, len);
	m->b[2] |= 0x80;
	m->b[3] = (uint8_t)(0x80 | rcode);
}

void dns_message_about(struct dns_message *m, const char *name, uint16_t type, unsigned rcode)
{
	uint8_t query[DNS_QUERY_MAX];
	struct dns_name n;

	assert_true(dns_name_parse(&n, name, strlen(name)));
	dns_message_answer(m, query, dns_build(query, 0x1234, &n, type), rcode);
}

void dns_message_record(struct dns_message *m, unsigned section, const char *owner, uint16_t type,
			uint32_t ttl_s, const void *data, size_t len)
{
	uint8_t name[DNS_NAME_MAX];

	put(m, name, name_bytes(name, owner));
	put16(m, type);
	put16(m, DNS_CLASS_IN);
	put16(m, ttl_s >> 16);
	put16(m, ttl_s & 0xffff);
	put16(m, (unsigned)len);
	put(m, data, len);
	m->b[7 + 2 * section]++;
}

void dns_message_addr(struct dns_message *m, const char *owner, uint32_t ttl_s, uint32_t addr)
{
	const uint8_t b[4] = { (uint8_t)(addr >> 24), (uint8_t)(addr >> 16), (uint8_t)(addr >> 8),
			       (uint8_t)addr };

	dns_message_record(m, 0, owner, DNS_A, ttl_s, b, sizeof(b));
}

void dns_message_alias(struct dns_message *m, const char *owner, uint32_t ttl_s, const char *target)
{
	uint8_t name[DNS_NAME_MAX];

	dns_message_record(m, 0, owner, DNS_CNAME, ttl_s, name, name_bytes(name, target));
}

void dns_message_soa(struct dns_message *m, uint32_t ttl_s, uint32_t minimum_s)
{
	uint8_t data[22] = { 0 };

	/* Two names that are the root, then five numbers. */
	store_be32(data + 18, minimum_s);
	dns_message_record(m, 1, "..", DNS_SOA, ttl_s, data, sizeof(data));
}

void dns_message_truncated(struct dns_message *m)
{
	m->b[2] |= 0x02;
}
