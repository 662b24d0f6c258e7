/* Tests of net/wire/dns.c: names, questions, records. */
#include "net/wire/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/dns_message.h"
#include "tests/support/exact.h"
#include "tests/support/expect.h"

static bool parses(const char *text)
{
	struct dns_name name;

	return dns_name_parse(&name, text, strlen(text));
}

static struct dns_name named(const char *text)
{
	struct dns_name name;

	assert_true(dns_name_parse(&name, text, strlen(text)));
	return name;
}

static void a_name_is_written_as_its_labels(void **state)
{
	static const uint8_t bytes[] = "\x03www\x07"
				       "example\x03org";
	struct dns_name name = named("www.example.org");
	struct dns_name dotted = named("www.example.org.");
	char text[DNS_NAME_MAX];

	(void)state;
	assert_int_equal(name.len, sizeof(bytes));
	assert_memory_equal(name.b, bytes, sizeof(bytes));
	assert_true(dns_name_equal(&name, &dotted));
	assert_int_equal(dns_name_format(&name, text, sizeof(text)), 15);
	assert_string_equal(text, "www.example.org");
}

static void what_no_host_can_be_called_is_no_name(void **state)
{
	char longest[64 + 5], text[300];

	(void)state;
	assert_false(parses(".."));
	assert_false(parses("a..b"));
	assert_false(parses(".a"));
	assert_false(parses("a b"));
	assert_false(parses("a\nb"));
	assert_true(parses("_sip._tcp.example.org"));
	memset(longest, 'x', sizeof(longest));
	memcpy(longest + 63, ".org", 5);
	assert_true(parses(longest));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_false(parses(longest));
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 ? '.' : 'a';
	/* 127 labels of one letter and the root are 255 bytes. */
	assert_true(dns_name_parse(&(struct dns_name){ 0 }, text, 253));
	assert_false(dns_name_parse(&(struct dns_name){ 0 }, text, 255));
}

static void a_name_with_strange_bytes_has_no_text(void **state)
{
	struct dns_name name = { .len = 5, .b = { 3, 'a', '\n', 'b', 0 } };
	char text[DNS_NAME_MAX];

	(void)state;
	assert_int_equal(dns_name_format(&name, text, sizeof(text)), 0);
	name.b[2] = '.';
	assert_int_equal(dns_name_format(&name, text, sizeof(text)), 0);
}

static void names_differ_by_more_than_case(void **state)
{
	struct dns_name a = named("Example.ORG"), b = named("eXAMPLE.org"),
			c = named("example.orh");

	(void)state;
	assert_true(dns_name_equal(&a, &b));
	assert_false(dns_name_equal(&a, &c));
}

static void mixing_letters_changes_nothing_else(void **state)
{
	static const uint8_t random[] = { 0xaa };
	struct dns_name name = named("ab1-cd.ef"), mixed = name;
	char text[DNS_NAME_MAX];

	(void)state;
	dns_name_mix(&mixed, random, sizeof(random));
	assert_true(dns_name_equal(&name, &mixed));
	dns_name_format(&mixed, text, sizeof(text));
	assert_string_equal(text, "aB1-cD.eF");
}

static void an_address_has_a_name(void **state)
{
	struct holm_addr ip4 = holm_addr_ip4(10, 0, 2, 115), ip6 = holm_addr_any6();
	char text[DNS_NAME_MAX];
	struct dns_name name;

	(void)state;
	dns_name_of_addr(&name, &ip4);
	dns_name_format(&name, text, sizeof(text));
	assert_string_equal(text, "115.2.0.10.in-addr.arpa");
	ip6.b[15] = 0x1f;
	dns_name_of_addr(&name, &ip6);
	dns_name_format(&name, text, sizeof(text));
	assert_string_equal(text, "f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"
				  ".ip6.arpa");
}

static void a_question_is_its_bytes(void **state)
{
	static const uint8_t bytes[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
				       "\x01"
				       "a\x02"
				       "bc\x00\x00\x1c\x00\x01";
	uint8_t built[DNS_QUERY_MAX];
	struct dns_name name = named("a.bc");

	(void)state;
	assert_int_equal(dns_build(built, 0x1234, &name, DNS_AAAA), sizeof(bytes) - 1);
	assert_memory_equal(built, bytes, sizeof(bytes) - 1);
}

static void the_longest_question_fits(void **state)
{
	uint8_t built[DNS_QUERY_MAX];
	struct dns_name name;
	char text[253];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 ? '.' : 'a';
	assert_true(dns_name_parse(&name, text, sizeof(text)));
	assert_int_equal(dns_build(built, 1, &name, DNS_A), DNS_QUERY_MAX);
}

static void a_compressed_name_is_put_together(void **state)
{
	static const uint8_t bytes[] = "\x03org\x00\x07"
				       "example\xc0\x00\x03www\xc0\x05";
	struct dns_name name, expected = named("www.example.org");
	size_t at = 15;

	(void)state;
	assert_int_equal(dns_read_name(bytes, sizeof(bytes) - 1, &at, &name), DNS_OK);
	assert_int_equal(at, 21);
	assert_true(dns_name_equal(&name, &expected));
}

static enum dns_verdict reads(const char *bytes, size_t len, size_t at)
{
	uint8_t *exact = exact_copy(bytes, len);
	struct dns_name name;
	enum dns_verdict verdict = dns_read_name(exact, len, &at, &name);

	free(exact);
	return verdict;
}

static void names_cannot_run_in_circles(void **state)
{
	(void)state;
	assert_int_equal(reads("\xc0\x00", 2, 0), DNS_NAME);
	assert_int_equal(reads("\xc0\x02\xc0\x00", 4, 0), DNS_NAME);
	assert_int_equal(reads("\x01"
			       "a\xc0\x00",
			       4, 0),
			 DNS_NAME);
	/* Back into its own beginning. */
	assert_int_equal(reads("\x01"
			       "a\x01"
			       "b\xc0\x02",
			       6, 2),
			 DNS_NAME);
	assert_int_equal(reads("\x40"
			       "a",
			       2, 0),
			 DNS_NAME);
	assert_int_equal(reads("\x80"
			       "a",
			       2, 0),
			 DNS_NAME);
}

static void a_name_cut_anywhere_is_short(void **state)
{
	(void)state;
	assert_int_equal(reads("", 0, 0), DNS_SHORT);
	assert_int_equal(reads("\x03"
			       "ab",
			       3, 0),
			 DNS_SHORT);
	assert_int_equal(reads("\x02"
			       "ab",
			       3, 0),
			 DNS_SHORT);
	assert_int_equal(reads("\x00\xc0", 2, 1), DNS_SHORT);
}

static void a_message_cut_anywhere_is_not_read_beyond_its_end(void **state)
{
	struct dns_answer answer;
	struct dns_message m;
	struct dns_head head;

	(void)state;
	dns_message_about(&m, "www.example.org", DNS_A, DNS_NO_ERROR);
	dns_message_alias(&m, "..", 60, "example.org");
	dns_message_addr(&m, "example.org", 60, 0x0a000001);
	for (size_t n = 0; n < m.len; n++) {
		uint8_t *exact = exact_copy(m.b, n);

		if (dns_read_head(exact, n, &head) == DNS_OK)
			assert_int_equal(dns_read_answer(exact, n, &head, &answer), DNS_SHORT);
		free(exact);
	}
}

static void what_is_no_answer_to_one_question_is_refused(void **state)
{
	struct dns_message m;
	struct dns_head head;

	(void)state;
	dns_message_about(&m, "a.b", DNS_A, DNS_NO_SUCH_NAME);
	assert_int_equal(dns_read_head(m.b, m.len, &head), DNS_OK);
	assert_int_equal(head.id, 0x1234);
	assert_int_equal(head.rcode, DNS_NO_SUCH_NAME);
	assert_int_equal(head.type, DNS_A);
	m.b[2] &= 0x7f;
	assert_int_equal(dns_read_head(m.b, m.len, &head), DNS_NOT_ANSWER);
	m.b[2] = 0x80 | 0x20;
	assert_int_equal(dns_read_head(m.b, m.len, &head), DNS_NOT_ANSWER);
	m.b[2] = 0x80;
	m.b[5] = 0;
	assert_int_equal(dns_read_head(m.b, m.len, &head), DNS_QUESTION);
	m.b[5] = 2;
	assert_int_equal(dns_read_head(m.b, m.len, &head), DNS_QUESTION);
	m.b[5] = 1;
	m.b[m.len - 1] = 3; /* class CHAOS */
	assert_int_equal(dns_read_head(m.b, m.len, &head), DNS_QUESTION);
}

static void a_time_to_live_with_its_top_bit_is_none(void **state)
{
	struct dns_message m;
	struct dns_head head;
	struct dns_record record;

	(void)state;
	dns_message_about(&m, "a.b", DNS_A, DNS_NO_ERROR);
	dns_message_addr(&m, "..", 0x80000001, 1);
	assert_int_equal(dns_read_head(m.b, m.len, &head), DNS_OK);
	assert_int_equal(dns_read_record(m.b, m.len, &head.records, &record), DNS_OK);
	assert_int_equal(record.ttl_s, 0);
	assert_int_equal(record.data_len, 4);
	assert_int_equal(head.records, m.len);
}

/* Whatever comes: a verdict, in bounded time, and nothing read that is not there. */
static void random_damage_gets_a_verdict(void **state)
{
	uint64_t seed = expect_seed(0x646e73);
	struct dns_answer answer;
	struct dns_head head;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		struct dns_message m;
		uint8_t *exact;
		size_t len;

		dns_message_about(&m, "www.example.org", DNS_A, DNS_NO_ERROR);
		dns_message_alias(&m, "..", 60, "example.org");
		dns_message_addr(&m, "example.org", 60, 0x0a000001);
		dns_message_soa(&m, 60, 60);
		for (unsigned n = 0; n < 4; n++)
			m.b[expect_random_below(&seed, m.len)] = (uint8_t)expect_random(&seed);
		len = expect_random_below(&seed, m.len + 1);
		exact = exact_copy(m.b, len);
		if (dns_read_head(exact, len, &head) == DNS_OK)
			assert_true(dns_read_answer(exact, len, &head, &answer) <
				    DNS_VERDICT_COUNT);
		free(exact);
	}
}

static void verdicts_have_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DNS_VERDICT_COUNT; i++)
		assert_non_null(dns_verdict_text((enum dns_verdict)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_written_as_its_labels),
		cmocka_unit_test(what_no_host_can_be_called_is_no_name),
		cmocka_unit_test(a_name_with_strange_bytes_has_no_text),
		cmocka_unit_test(names_differ_by_more_than_case),
		cmocka_unit_test(mixing_letters_changes_nothing_else),
		cmocka_unit_test(an_address_has_a_name),
		cmocka_unit_test(a_question_is_its_bytes),
		cmocka_unit_test(the_longest_question_fits),
		cmocka_unit_test(a_compressed_name_is_put_together),
		cmocka_unit_test(names_cannot_run_in_circles),
		cmocka_unit_test(a_name_cut_anywhere_is_short),
		cmocka_unit_test(a_message_cut_anywhere_is_not_read_beyond_its_end),
		cmocka_unit_test(what_is_no_answer_to_one_question_is_refused),
		cmocka_unit_test(a_time_to_live_with_its_top_bit_is_none),
		cmocka_unit_test(random_damage_gets_a_verdict),
		cmocka_unit_test(verdicts_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
