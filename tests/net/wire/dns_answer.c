/* Tests of net/wire/dns_answer.c: what a message says about its question. */
#include "net/wire/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/dns_message.h"

static enum dns_verdict read_it(const struct dns_message *m, struct dns_answer *answer)
{
	struct dns_head head;

	assert_int_equal(dns_read_head(m->b, m->len, &head), DNS_OK);
	return dns_read_answer(m->b, m->len, &head, answer);
}

static void expect_name(const struct dns_name *name, const char *expected)
{
	char text[DNS_NAME_MAX];

	assert_true(dns_name_format(name, text, sizeof(text)) > 0);
	assert_string_equal(text, expected);
}

static void addresses_are_in_the_servers_order(void **state)
{
	struct dns_answer a;
	struct dns_message m;

	(void)state;
	dns_message_about(&m, "example.org", DNS_A, DNS_NO_ERROR);
	dns_message_addr(&m, "..", 300, 0x0a000002);
	dns_message_addr(&m, "..", 60, 0x0a000001);
	assert_int_equal(read_it(&m, &a), DNS_OK);
	assert_int_equal(a.naddrs, 2);
	assert_int_equal(a.addrs[0].b[15], 2);
	assert_int_equal(a.addrs[1].b[15], 1);
	assert_true(a.has_ttl);
	assert_int_equal(a.ttl_s, 60);
	expect_name(&a.name, "example.org");
}

static void aliases_are_followed_in_any_order(void **state)
{
	struct dns_answer a;
	struct dns_message m;

	(void)state;
	dns_message_about(&m, "www.example.org", DNS_A, DNS_NO_ERROR);
	dns_message_addr(&m, "host.example.net", 300, 0x0a000007);
	dns_message_alias(&m, "www2.example.org", 30, "host.example.net");
	dns_message_alias(&m, "..", 600, "WWW2.example.org");
	assert_int_equal(read_it(&m, &a), DNS_OK);
	assert_int_equal(a.naddrs, 1);
	assert_int_equal(a.addrs[0].b[15], 7);
	assert_int_equal(a.ttl_s, 30);
	expect_name(&a.name, "host.example.net");
}

static void records_of_other_names_do_not_count(void **state)
{
	struct dns_answer a;
	struct dns_message m;

	(void)state;
	dns_message_about(&m, "example.org", DNS_A, DNS_NO_ERROR);
	dns_message_addr(&m, "example.com", 300, 0x0a000007);
	dns_message_soa(&m, 60, 60);
	assert_int_equal(read_it(&m, &a), DNS_OK);
	assert_int_equal(a.naddrs, 0);
	assert_false(a.ends_in_alias);
}

static void an_alias_without_its_data_is_to_be_asked_for(void **state)
{
	struct dns_answer a;
	struct dns_message m;

	(void)state;
	dns_message_about(&m, "www.example.org", DNS_A, DNS_NO_ERROR);
	dns_message_alias(&m, "..", 600, "host.example.net");
	assert_int_equal(read_it(&m, &a), DNS_OK);
	assert_true(a.ends_in_alias);
	expect_name(&a.name, "host.example.net");
}

static void an_alias_to_no_such_name_is_not(void **state)
{
	struct dns_answer a;
	struct dns_message m;

	(void)state;
	dns_message_about(&m, "www.example.org", DNS_A, DNS_NO_SUCH_NAME);
	dns_message_alias(&m, "..", 600, "host.example.net");
	assert_int_equal(read_it(&m, &a), DNS_OK);
	assert_false(a.ends_in_alias);
}

static void aliases_that_run_in_circles_are_nonsense(void **state)
{
	struct dns_answer a;
	struct dns_message m;

	(void)state;
	dns_message_about(&m, "a.example", DNS_A, DNS_NO_ERROR);
	dns_message_alias(&m, "..", 600, "b.example");
	dns_message_alias(&m, "b.example", 600, "a.example");
	assert_int_equal(read_it(&m, &a), DNS_CHAIN);
	dns_message_about(&m, "a.example", DNS_A, DNS_NO_ERROR);
	dns_message_alias(&m, "..", 600, "a.example");
	assert_int_equal(read_it(&m, &a), DNS_CHAIN);
}

static void a_chain_has_a_longest_length(void **state)
{
	char from[32] = "n0.example", to[32];
	struct dns_answer a;
	struct dns_message m;

	(void)state;
	dns_message_about(&m, from, DNS_A, DNS_NO_ERROR);
	for (unsigned i = 1; i <= DNS_CHAIN_MAX; i++) {
		snprintf(to, sizeof(to), "n%u.example", i);
		dns_message_alias(&m, from, 60, to);
		memcpy(from, to, sizeof(from));
	}
	dns_message_addr(&m, from, 60, 1);
	assert_int_equal(read_it(&m, &a), DNS_OK);
	assert_int_equal(a.naddrs, 1);
	dns_message_about(&m, "x.example", DNS_A, DNS_NO_ERROR);
	dns_message_alias(&m, "x.example", 60, "n0.example");
	memcpy(from, "n0.example", sizeof("n0.example"));
	for (unsigned i = 1; i <= DNS_CHAIN_MAX; i++) {
		snprintf(to, sizeof(to), "n%u.example", i);
		dns_message_alias(&m, from, 60, to);
		memcpy(from, to, sizeof(from));
	}
	assert_int_equal(read_it(&m, &a), DNS_CHAIN);
}

static void nothing_is_believed_for_as_long_as_the_authority_says(void **state)
{
	struct dns_answer a;
	struct dns_message m;

	(void)state;
	dns_message_about(&m, "none.example.org", DNS_A, DNS_NO_SUCH_NAME);
	dns_message_soa(&m, 600, 90);
	assert_int_equal(read_it(&m, &a), DNS_OK);
	assert_true(a.has_ttl);
	assert_int_equal(a.ttl_s, 90);
	dns_message_about(&m, "none.example.org", DNS_A, DNS_NO_SUCH_NAME);
	dns_message_soa(&m, 30, 90);
	assert_int_equal(read_it(&m, &a), DNS_OK);
	assert_int_equal(a.ttl_s, 30);
	dns_message_about(&m, "none.example.org", DNS_A, DNS_NO_SUCH_NAME);
	assert_int_equal(read_it(&m, &a), DNS_OK);
	assert_false(a.has_ttl);
}

static void data_that_cannot_be_an_address_is_refused(void **state)
{
	struct dns_answer a;
	struct dns_message m;

	(void)state;
	dns_message_about(&m, "example.org", DNS_A, DNS_NO_ERROR);
	dns_message_record(&m, 0, "..", DNS_A, 60, "123", 3);
	assert_int_equal(read_it(&m, &a), DNS_DATA);
	dns_message_about(&m, "example.org", DNS_AAAA, DNS_NO_ERROR);
	dns_message_record(&m, 0, "..", DNS_AAAA, 60, "1234", 4);
	assert_int_equal(read_it(&m, &a), DNS_DATA);
	dns_message_about(&m, "example.org", DNS_A, DNS_NO_ERROR);
	dns_message_record(&m, 0, "..", DNS_CNAME, 60,
			   "\x01"
			   "a\0junk",
			   7);
	assert_int_equal(read_it(&m, &a), DNS_DATA);
}

static void more_addresses_than_fit_are_left_out(void **state)
{
	struct dns_answer a;
	struct dns_message m;

	(void)state;
	dns_message_about(&m, "example.org", DNS_A, DNS_NO_ERROR);
	for (uint32_t i = 0; i < DNS_ADDRS_MAX + 5; i++)
		dns_message_addr(&m, "..", 60, i);
	assert_int_equal(read_it(&m, &a), DNS_OK);
	assert_int_equal(a.naddrs, DNS_ADDRS_MAX);
}

static void a_truncated_answer_is_read_as_far_as_it_goes(void **state)
{
	struct dns_answer a;
	struct dns_message m;

	(void)state;
	dns_message_about(&m, "example.org", DNS_A, DNS_NO_ERROR);
	dns_message_addr(&m, "..", 60, 0x0a000001);
	dns_message_addr(&m, "..", 60, 0x0a000002);
	m.len -= 3;
	assert_int_equal(read_it(&m, &a), DNS_SHORT);
	dns_message_truncated(&m);
	assert_int_equal(read_it(&m, &a), DNS_OK);
	assert_int_equal(a.naddrs, 1);
}

static void an_address_has_the_name_that_is_pointed_to(void **state)
{
	struct dns_answer a;
	struct dns_message m;

	(void)state;
	dns_message_about(&m, "1.0.0.10.in-addr.arpa", DNS_PTR, DNS_NO_ERROR);
	dns_message_record(&m, 0, "..", DNS_PTR, 60,
			   "\x04"
			   "host\x07"
			   "example\0",
			   14);
	assert_int_equal(read_it(&m, &a), DNS_OK);
	assert_true(a.has_target);
	expect_name(&a.target, "host.example");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_in_the_servers_order),
		cmocka_unit_test(aliases_are_followed_in_any_order),
		cmocka_unit_test(records_of_other_names_do_not_count),
		cmocka_unit_test(an_alias_without_its_data_is_to_be_asked_for),
		cmocka_unit_test(an_alias_to_no_such_name_is_not),
		cmocka_unit_test(aliases_that_run_in_circles_are_nonsense),
		cmocka_unit_test(a_chain_has_a_longest_length),
		cmocka_unit_test(nothing_is_believed_for_as_long_as_the_authority_says),
		cmocka_unit_test(data_that_cannot_be_an_address_is_refused),
		cmocka_unit_test(more_addresses_than_fit_are_left_out),
		cmocka_unit_test(a_truncated_answer_is_read_as_far_as_it_goes),
		cmocka_unit_test(an_address_has_the_name_that_is_pointed_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
