/* DNS answers: the head, the chain of aliases, what is at its end; names there and back. */
#include "net/wire/dns.h"
#include "tests/fuzz/fuzz.h"

static void check_name(const struct dns_name *name)
{
	char text[DNS_NAME_MAX];
	struct dns_name again;
	size_t n = dns_name_format(name, text, sizeof(text));

	CHECK(name->len > 0 && name->b[name->len - 1] == 0);
	if (n == 0)
		return;
	CHECK(dns_name_parse(&again, text, n));
	CHECK(dns_name_equal(&again, name));
}

/* Text that may be a name is one that can be written. */
static void check_text(const uint8_t *data, size_t size)
{
	char text[DNS_NAME_MAX];
	struct dns_name name;
	uint8_t built[DNS_QUERY_MAX];

	if (!dns_name_parse(&name, (const char *)data, size))
		return;
	CHECK(dns_build(built, 1, &name, DNS_A) <= sizeof(built));
	CHECK(size <= 1 || dns_name_format(&name, text, sizeof(text)) > 0);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct dns_answer answer;
	struct dns_head head;

	check_text(data, size);
	if (dns_read_head(data, size, &head) != DNS_OK)
		return 0;
	check_name(&head.question);
	if (dns_read_answer(data, size, &head, &answer) != DNS_OK)
		return 0;
	CHECK(answer.naddrs <= DNS_ADDRS_MAX);
	CHECK(!(answer.ends_in_alias && answer.naddrs > 0));
	check_name(&answer.name);
	if (answer.has_target)
		check_name(&answer.target);
	return 0;
}
