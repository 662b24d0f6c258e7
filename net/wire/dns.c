/* DNS names, questions and records: see dns.h. */
#include "net/wire/dns.h"

#include "lib/mem.h"

enum {
	FLAG_RESPONSE = 0x8000,
	FLAG_OPCODE = 0x7800,
	FLAG_TRUNCATED = 0x0200,
	FLAG_RECURSION_DESIRED = 0x0100,
	RCODE = 0x000f,
	RECORD_FIXED_BYTES = 10,
	POINTER = 0xc0,
};

struct header {
	struct be16 id, flags, questions, answers, authorities, additional;
};

_Static_assert(sizeof(struct header) == DNS_HEADER_BYTES, "the header is 12 bytes");

const char *dns_verdict_text(enum dns_verdict verdict)
{
	static const char *const texts[DNS_VERDICT_COUNT] = {
		[DNS_OK] = "ok",
		[DNS_SHORT] = "too short",
		[DNS_NOT_ANSWER] = "not an answer",
		[DNS_QUESTION] = "not one question",
		[DNS_NAME] = "bad name",
		[DNS_DATA] = "bad data",
		[DNS_CHAIN] = "endless aliases",
	};

	return texts[verdict];
}

/* ---- names ---- */

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

static bool is_letter(uint8_t c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool is_of_host(uint8_t c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* A label more; false: it does not fit. */
static bool append(struct dns_name *name, const void *label, size_t len)
{
	if (len > DNS_LABEL_MAX || name->len + 1 + len > DNS_NAME_MAX)
		return false;
	name->b[name->len] = (uint8_t)len;
	if (len > 0)
		memcpy(name->b + name->len + 1, label, len);
	name->len = (uint8_t)(name->len + 1 + len);
	return true;
}

bool dns_name_parse(struct dns_name *name, const char *text, size_t len)
{
	size_t from = 0;

	name->len = 0;
	if (len > 0 && text[len - 1] == '.')
		len--;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && text[i] != '.') {
			if (!is_of_host((uint8_t)text[i]))
				return false;
			continue;
		}
		if (i == from || !append(name, text + from, i - from))
			return false;
		from = i + 1;
	}
	return append(name, NULL, 0);
}

size_t dns_name_format(const struct dns_name *name, char *out, size_t room)
{
	size_t n = 0;

	for (size_t at = 0; name->b[at] != 0; at += name->b[at] + 1u) {
		size_t len = name->b[at];

		if (n + len + 2 > room)
			return 0;
		if (n > 0)
			out[n++] = '.';
		for (size_t i = 1; i <= len; i++) {
			if (!is_of_host(name->b[at + i]))
				return 0;
			out[n++] = (char)name->b[at + i];
		}
	}
	if (n > 0)
		out[n] = '\0';
	return n;
}

/* Lengths of labels are below 'A', so they may be compared like letters. */
bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
	if (a->len != b->len)
		return false;
	for (size_t i = 0; i < a->len; i++)
		if (lower(a->b[i]) != lower(b->b[i]))
			return false;
	return true;
}

void dns_name_mix(struct dns_name *name, const uint8_t *random, size_t bytes)
{
	size_t bit = 0;

	for (size_t at = 0; name->b[at] != 0; at += name->b[at] + 1u) {
		for (size_t i = 1; i <= name->b[at]; i++) {
			uint8_t *c = &name->b[at + i];

			if (!is_letter(*c) || bytes == 0)
				continue;
			*c = lower(*c);
			if (random[bit / 8 % bytes] >> bit % 8 & 1)
				*c = (uint8_t)(*c - 'a' + 'A');
			bit++;
		}
	}
}

/* RFC 1035 section 3.5: the bytes backwards, in decimal. */
static void append_byte(struct dns_name *name, uint8_t byte)
{
	uint8_t text[3];
	size_t n = 0;

	if (byte >= 100)
		text[n++] = (uint8_t)('0' + byte / 100);
	if (byte >= 10)
		text[n++] = (uint8_t)('0' + byte / 10 % 10);
	text[n++] = (uint8_t)('0' + byte % 10);
	(void)append(name, text, n);
}

void dns_name_of_addr(struct dns_name *name, const struct holm_addr *addr)
{
	static const char digits[] = "0123456789abcdef";
	bool ip4 = holm_addr_is_ip4(addr);

	name->len = 0;
	if (ip4) {
		for (size_t i = 16; i-- > 12;)
			append_byte(name, addr->b[i]);
		(void)append(name, "in-addr", 7);
	} else {
		for (size_t i = 16; i-- > 0;) {
			(void)append(name, &digits[addr->b[i] & 15], 1);
			(void)append(name, &digits[addr->b[i] >> 4], 1);
		}
		(void)append(name, "ip6", 3);
	}
	(void)append(name, "arpa", 4);
	(void)append(name, NULL, 0);
}

/*
 * Section 4.1.4: a pointer leads to an earlier place. Each leads further back than the one before, so
 * a name cannot run in circles.
 */
enum dns_verdict dns_read_name(const uint8_t *p, size_t len, size_t *at, struct dns_name *name)
{
	size_t from = *at, earliest = *at, behind = 0;

	name->len = 0;
	for (;;) {
		size_t n, to;

		if (from >= len)
			return DNS_SHORT;
		n = p[from];
		if ((n & POINTER) == 0) {
			if (n >= len - from)
				return DNS_SHORT;
			if (!append(name, p + from + 1, n))
				return DNS_NAME;
			from += n + 1;
			if (n > 0)
				continue;
			*at = behind != 0 ? behind : from;
			return DNS_OK;
		}
		if ((n & POINTER) != POINTER)
			return DNS_NAME;
		if (len - from < 2)
			return DNS_SHORT;
		to = (n & 0x3fu) << 8 | p[from + 1];
		if (behind == 0)
			behind = from + 2;
		if (to >= earliest)
			return DNS_NAME;
		from = earliest = to;
	}
}

/* ---- messages ---- */

size_t dns_build(uint8_t *p, uint16_t id, const struct dns_name *name, uint16_t type)
{
	struct header h = { .questions = { { 0, 1 } } };

	store_be16(&h.id, id);
	store_be16(&h.flags, FLAG_RECURSION_DESIRED);
	memcpy(p, &h, sizeof(h));
	memcpy(p + sizeof(h), name->b, name->len);
	store_be16(p + sizeof(h) + name->len, type);
	store_be16(p + sizeof(h) + name->len + 2, DNS_CLASS_IN);
	return sizeof(h) + name->len + 4;
}

enum dns_verdict dns_read_head(const uint8_t *p, size_t len, struct dns_head *head)
{
	size_t at = sizeof(struct header);
	enum dns_verdict verdict;
	struct header h;
	uint16_t flags;

	if (len < sizeof(h))
		return DNS_SHORT;
	memcpy(&h, p, sizeof(h));
	flags = load_be16(&h.flags);
	if ((flags & FLAG_RESPONSE) == 0 || (flags & FLAG_OPCODE) != 0)
		return DNS_NOT_ANSWER;
	if (load_be16(&h.questions) != 1)
		return DNS_QUESTION;
	verdict = dns_read_name(p, len, &at, &head->question);
	if (verdict != DNS_OK)
		return verdict;
	if (len - at < 4)
		return DNS_SHORT;
	if (load_be16(p + at + 2) != DNS_CLASS_IN)
		return DNS_QUESTION;
	head->type = load_be16(p + at);
	head->records = at + 4;
	head->id = load_be16(&h.id);
	head->rcode = flags & RCODE;
	head->truncated = (flags & FLAG_TRUNCATED) != 0;
	head->answers = load_be16(&h.answers);
	head->authorities = load_be16(&h.authorities);
	return DNS_OK;
}

enum dns_verdict dns_read_record(const uint8_t *p, size_t len, size_t *at,
				 struct dns_record *record)
{
	enum dns_verdict verdict = dns_read_name(p, len, at, &record->owner);
	const uint8_t *fixed = p + *at;

	if (verdict != DNS_OK)
		return verdict;
	if (len - *at < RECORD_FIXED_BYTES)
		return DNS_SHORT;
	record->type = load_be16(fixed);
	record->class = load_be16(fixed + 2);
	record->ttl_s = load_be32(fixed + 4);
	if (record->ttl_s > INT32_MAX)
		record->ttl_s = 0;
	record->data_len = load_be16(fixed + 8);
	record->data = *at + RECORD_FIXED_BYTES;
	if (len - record->data < record->data_len)
		return DNS_SHORT;
	*at = record->data + record->data_len;
	return DNS_OK;
}
