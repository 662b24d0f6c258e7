/* Tests of net/app/dns_cache.c: what is remembered, and for how long. */
#include "net/app/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/dns_stage.h"

/* Ask, and be answered from memory. */
static void expect_remembered(struct dns_stage *s, const char *name, enum holm_dns_outcome outcome)
{
	struct holm_dns_query *q = dns_ask_for(s, name);

	assert_false(dns_is_open(q));
	assert_int_equal(dns_result(q).outcome, outcome);
}

static void expect_forgotten(struct dns_stage *s, const char *name)
{
	struct holm_dns_query *q = dns_ask_for(s, name);

	assert_true(dns_is_open(q));
	holm_dns_drop(q);
}

static void learn(struct dns_stage *s, const char *name, uint32_t ttl_s)
{
	struct holm_dns_query *q = dns_ask_for(s, name);

	dns_serve(s, ttl_s, 0x0a000001);
	assert_int_equal(dns_result(q).outcome, HOLM_DNS_FOUND);
}

static void an_answer_is_remembered_for_as_long_as_it_says(void **state)
{
	struct dns_stage s;

	(void)state;
	dns_start(&s, NULL, 1);
	learn(&s, "host.example.org", 60);
	dns_wait(&s, 59 * LAB_S);
	expect_remembered(&s, "HOST.example.org", HOLM_DNS_FOUND);
	dns_wait(&s, LAB_S);
	expect_forgotten(&s, "host.example.org");
	dns_finish(&s);
}

static void an_answer_that_holds_for_no_time_is_not_remembered(void **state)
{
	struct dns_stage s;

	(void)state;
	dns_start(&s, NULL, 1);
	learn(&s, "host.example.org", 0);
	expect_forgotten(&s, "host.example.org");
	dns_finish(&s);
}

static void nothing_is_remembered_for_longer_than_the_program_wants(void **state)
{
	struct holm_dns_config config;
	struct dns_stage s;

	(void)state;
	holm_dns_config_default(&config);
	config.ttl_max_s = 10;
	dns_start(&s, &config, 1);
	learn(&s, "host.example.org", 1000000);
	dns_wait(&s, 9 * LAB_S);
	expect_remembered(&s, "host.example.org", HOLM_DNS_FOUND);
	dns_wait(&s, LAB_S);
	expect_forgotten(&s, "host.example.org");
	dns_finish(&s);
}

static void that_there_is_no_such_name_is_remembered_too(void **state)
{
	struct holm_dns_query *q;
	struct dns_message m;
	struct dns_stage s;

	(void)state;
	dns_start(&s, NULL, 1);
	q = dns_ask_for(&s, "none.example.org");
	assert_true(dns_hear(&s));
	m = dns_reply_to(&s, DNS_NO_SUCH_NAME);
	dns_message_soa(&m, 600, 30);
	dns_say(&s, &m);
	assert_int_equal(dns_result(q).outcome, HOLM_DNS_NO_NAME);
	dns_wait(&s, 29 * LAB_S);
	expect_remembered(&s, "none.example.org", HOLM_DNS_NO_NAME);
	dns_wait(&s, LAB_S);
	expect_forgotten(&s, "none.example.org");
	dns_finish(&s);
}

static void an_alias_shortens_the_time(void **state)
{
	struct holm_dns_query *q;
	struct dns_message m;
	struct dns_stage s;

	(void)state;
	dns_start(&s, NULL, 1);
	q = dns_ask_for(&s, "www.example.org");
	assert_true(dns_hear(&s));
	m = dns_reply_to(&s, DNS_NO_ERROR);
	dns_message_alias(&m, "..", 5, "host.example.net");
	dns_say(&s, &m);
	dns_serve(&s, 600, 1);
	assert_int_equal(dns_result(q).outcome, HOLM_DNS_FOUND);
	dns_wait(&s, 4 * LAB_S);
	expect_remembered(&s, "www.example.org", HOLM_DNS_FOUND);
	dns_wait(&s, LAB_S);
	expect_forgotten(&s, "www.example.org");
	dns_finish(&s);
}

static void failures_are_not_remembered(void **state)
{
	struct holm_dns_query *q;
	struct dns_stage s;

	(void)state;
	dns_start(&s, NULL, 1);
	q = dns_ask_for(&s, "host.example.org");
	dns_wait(&s, 10 * LAB_S);
	assert_int_equal(dns_result(q).outcome, HOLM_DNS_TIMED_OUT);
	expect_forgotten(&s, "host.example.org");
	dns_finish(&s);
}

static void the_answer_used_least_recently_makes_room(void **state)
{
	struct holm_dns_config config;
	struct dns_stage s;
	char name[32];

	(void)state;
	holm_dns_config_default(&config);
	config.cache_max = 4;
	dns_start(&s, &config, 1);
	for (unsigned i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "h%u.example", i);
		learn(&s, name, 600);
	}
	expect_remembered(&s, "h0.example", HOLM_DNS_FOUND);
	learn(&s, "new.example", 600);
	expect_remembered(&s, "h0.example", HOLM_DNS_FOUND);
	expect_remembered(&s, "new.example", HOLM_DNS_FOUND);
	expect_forgotten(&s, "h1.example");
	assert_int_equal(s.dns->nentries, 4);
	dns_finish(&s);
}

static void without_a_memory_every_question_is_asked(void **state)
{
	struct holm_dns_config config;
	struct dns_stage s;

	(void)state;
	holm_dns_config_default(&config);
	config.cache_max = 0;
	dns_start(&s, &config, 1);
	learn(&s, "host.example.org", 600);
	expect_forgotten(&s, "host.example.org");
	dns_finish(&s);
}

static void other_servers_mean_a_fresh_start(void **state)
{
	struct holm_endpoint first = { .addr = holm_addr_ip4(127, 0, 0, 1), .port = 53 };
	struct holm_endpoint second = { .addr = lab_addr(1) };
	struct dns_stage s;

	(void)state;
	dns_start(&s, NULL, 1);
	learn(&s, "host.example.org", 600);
	holm_dns_set_servers(s.dns, &first, 1);
	expect_remembered(&s, "host.example.org", HOLM_DNS_FOUND);
	holm_dns_set_servers(s.dns, &second, 1);
	expect_forgotten(&s, "host.example.org");
	dns_finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_remembered_for_as_long_as_it_says),
		cmocka_unit_test(an_answer_that_holds_for_no_time_is_not_remembered),
		cmocka_unit_test(nothing_is_remembered_for_longer_than_the_program_wants),
		cmocka_unit_test(that_there_is_no_such_name_is_remembered_too),
		cmocka_unit_test(an_alias_shortens_the_time),
		cmocka_unit_test(failures_are_not_remembered),
		cmocka_unit_test(the_answer_used_least_recently_makes_room),
		cmocka_unit_test(without_a_memory_every_question_is_asked),
		cmocka_unit_test(other_servers_mean_a_fresh_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
