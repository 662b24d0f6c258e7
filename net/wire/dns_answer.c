/*
 * What a DNS message says about its question: the chain of aliases followed within the message, the
 * data at its end, how long it holds. Records about anything else are passed over.
 */
#include "net/wire/dns.h"

#include "lib/mem.h"

enum { SOA_FIXED_BYTES = 20 };

/* Reading a message. */
struct reading {
	const uint8_t *p;
	size_t len;
	const struct dns_head *head;
	struct dns_answer *answer;
};

static void note_ttl(struct dns_answer *a, uint32_t ttl_s)
{
	if (!a->has_ttl || ttl_s < a->ttl_s)
		a->ttl_s = ttl_s;
	a->has_ttl = true;
}

/* A name as a record's data: it ends where the data ends. */
static enum dns_verdict read_name_of(const struct reading *r, const struct dns_record *record,
				     struct dns_name *name)
{
	size_t at = record->data;
	enum dns_verdict verdict = dns_read_name(r->p, r->len, &at, name);

	if (verdict != DNS_OK)
		return verdict;
	return at == record->data + record->data_len ? DNS_OK : DNS_DATA;
}

static enum dns_verdict take_addr(const struct reading *r, const struct dns_record *record)
{
	const uint8_t *data = r->p + record->data;
	struct dns_answer *a = r->answer;
	struct holm_addr addr;

	if (record->data_len != (record->type == DNS_A ? 4 : 16))
		return DNS_DATA;
	if (a->naddrs == DNS_ADDRS_MAX)
		return DNS_OK;
	if (record->type == DNS_A)
		addr = holm_addr_ip4(data[0], data[1], data[2], data[3]);
	else
		memcpy(addr.b, data, sizeof(addr.b));
	a->addrs[a->naddrs++] = addr;
	note_ttl(a, record->ttl_s);
	return DNS_OK;
}

static enum dns_verdict take_target(const struct reading *r, const struct dns_record *record)
{
	if (r->answer->has_target)
		return DNS_OK;
	r->answer->has_target = true;
	note_ttl(r->answer, record->ttl_s);
	return read_name_of(r, record, &r->answer->target);
}

static bool has_data(const struct dns_answer *a)
{
	return a->naddrs > 0 || a->has_target;
}

/*
 * One link: all records of the name that the chain has come to. *moved: it was an alias, and a->name is
 * now what it stands for.
 */
static enum dns_verdict follow(const struct reading *r, bool *moved)
{
	size_t at = r->head->records;
	struct dns_record record;
	struct dns_name next;

	*moved = false;
	for (unsigned i = 0; i < r->head->answers && i < DNS_RECORDS_MAX; i++) {
		enum dns_verdict verdict = dns_read_record(r->p, r->len, &at, &record);

		/* What was cut off is the rest of a truncated answer. */
		if (verdict == DNS_SHORT && r->head->truncated)
			break;
		if (verdict != DNS_OK)
			return verdict;
		if (record.class != DNS_CLASS_IN ||
		    !dns_name_equal(&record.owner, &r->answer->name))
			continue;
		if (record.type == r->head->type)
			verdict = record.type == DNS_PTR ? take_target(r, &record)
							 : take_addr(r, &record);
		else if (record.type == DNS_CNAME && !*moved) {
			verdict = read_name_of(r, &record, &next);
			*moved = true;
			note_ttl(r->answer, record.ttl_s);
		}
		if (verdict != DNS_OK)
			return verdict;
	}
	*moved = *moved && !has_data(r->answer);
	if (*moved)
		r->answer->name = next;
	return DNS_OK;
}

/* RFC 2308 section 5: for how long there is nothing, the SOA record in the authority section says. */
static enum dns_verdict read_negative_ttl(const struct reading *r)
{
	size_t at = r->head->records;
	unsigned n = (unsigned)r->head->answers + r->head->authorities;
	struct dns_record record;
	struct dns_name name;

	for (unsigned i = 0; i < n && i < DNS_RECORDS_MAX; i++) {
		enum dns_verdict verdict = dns_read_record(r->p, r->len, &at, &record);
		size_t data = record.data;

		if (verdict != DNS_OK)
			return verdict;
		if (i < r->head->answers || record.type != DNS_SOA)
			continue;
		verdict = dns_read_name(r->p, r->len, &data, &name);
		if (verdict == DNS_OK)
			verdict = dns_read_name(r->p, r->len, &data, &name);
		if (verdict != DNS_OK)
			return verdict;
		if (data + SOA_FIXED_BYTES != record.data + record.data_len)
			return DNS_DATA;
		note_ttl(r->answer, record.ttl_s);
		note_ttl(r->answer, load_be32(r->p + data + 16));
		return DNS_OK;
	}
	r->answer->has_ttl = false;
	return DNS_OK;
}

enum dns_verdict dns_read_answer(const uint8_t *p, size_t len, const struct dns_head *head,
				 struct dns_answer *answer)
{
	const struct reading r = { p, len, head, answer };
	unsigned links = 0;
	bool moved = true;

	memset(answer, 0, sizeof(*answer));
	answer->name = head->question;
	while (moved) {
		enum dns_verdict verdict = follow(&r, &moved);

		if (verdict != DNS_OK)
			return verdict;
		if (moved && ++links > DNS_CHAIN_MAX)
			return DNS_CHAIN;
	}
	if (has_data(answer))
		return DNS_OK;
	answer->ends_in_alias = links > 0 && head->rcode == DNS_NO_ERROR;
	return head->truncated || answer->ends_in_alias ? DNS_OK : read_negative_ttl(&r);
}
