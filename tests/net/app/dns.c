/* Tests of net/app/dns.c: questions, from asking to the answer. */
#include "net/app/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/dns_stage.h"

static void a_name_becomes_an_address(void **state)
{
	struct holm_dns_query *q;
	struct holm_dns_result r;
	struct dns_stage s;

	(void)state;
	dns_start(&s, NULL, 1);
	q = dns_ask_for(&s, "host.example.org");
	assert_true(dns_is_open(q));
	dns_serve(&s, 60, 0x0a000007);
	r = dns_result(q);
	assert_int_equal(r.outcome, HOLM_DNS_FOUND);
	assert_int_equal(r.naddrs, 1);
	assert_int_equal(r.addrs[0].b[15], 7);
	assert_int_equal(strlen(r.name), strlen("host.example.org"));
	dns_finish(&s);
}

static void a_name_that_no_host_can_have_is_not_asked_for(void **state)
{
	struct holm_dns_query *q;
	struct dns_stage s;

	(void)state;
	dns_start(&s, NULL, 1);
	assert_int_equal(holm_dns_ask(s.dns, "a..b", 4, HOLM_DNS_A, &q), -HOLM_EINVAL);
	assert_int_equal(holm_dns_ask(s.dns, "", 0, HOLM_DNS_A, &q), -HOLM_EINVAL);
	assert_int_equal(holm_dns_ask(s.dns, "a", 1, (enum holm_dns_type)99, &q), -HOLM_EINVAL);
	dns_finish(&s);
}

static void no_such_name_and_no_such_data_are_told_apart(void **state)
{
	struct holm_dns_query *q;
	struct dns_message m;
	struct dns_stage s;

	(void)state;
	dns_start(&s, NULL, 1);
	q = dns_ask_for(&s, "none.example.org");
	assert_true(dns_hear(&s));
	m = dns_reply_to(&s, DNS_NO_SUCH_NAME);
	dns_say(&s, &m);
	assert_int_equal(dns_result(q).outcome, HOLM_DNS_NO_NAME);
	q = dns_ask_for(&s, "empty.example.org");
	assert_true(dns_hear(&s));
	m = dns_reply_to(&s, DNS_NO_ERROR);
	dns_say(&s, &m);
	assert_int_equal(dns_result(q).outcome, HOLM_DNS_NO_DATA);
	dns_finish(&s);
}

static void a_lost_question_is_asked_again_later_each_time(void **state)
{
	struct holm_dns_query *q;
	struct dns_stage s;
	uint16_t port, id;

	(void)state;
	dns_start(&s, NULL, 1);
	q = dns_ask_for(&s, "host.example.org");
	assert_true(dns_hear(&s));
	port = s.from.port;
	id = load_be16(s.query);
	dns_wait(&s, LAB_S - 1);
	assert_false(dns_hear(&s));
	dns_wait(&s, 1);
	assert_true(dns_hear(&s));
	assert_true(port != s.from.port || id != load_be16(s.query));
	dns_wait(&s, 2 * LAB_S - 1);
	assert_false(dns_hear(&s));
	dns_wait(&s, 1);
	assert_true(dns_hear(&s));
	assert_true(dns_is_open(q));
	dns_wait(&s, 4 * LAB_S);
	assert_false(dns_hear(&s));
	assert_int_equal(dns_result(q).outcome, HOLM_DNS_TIMED_OUT);
	dns_finish(&s);
}

static void servers_are_asked_in_turn(void **state)
{
	struct holm_dns_query *q;
	struct dns_message m;
	struct dns_stage s;

	(void)state;
	dns_start(&s, NULL, 2);
	q = dns_ask_for(&s, "host.example.org");
	assert_true(dns_hear(&s));
	assert_int_equal(s.at, 0);
	m = dns_reply_to(&s, DNS_SERVER_FAILED);
	dns_say(&s, &m);
	assert_true(dns_hear(&s));
	assert_int_equal(s.at, 1);
	dns_wait(&s, LAB_S);
	assert_true(dns_hear(&s));
	assert_int_equal(s.at, 0);
	m = dns_reply_to(&s, DNS_NO_ERROR);
	dns_message_addr(&m, "..", 60, 1);
	dns_say(&s, &m);
	assert_int_equal(dns_result(q).outcome, HOLM_DNS_FOUND);
	dns_finish(&s);
}

/* The machine itself, one elsewhere, and one that only its interface makes unique. */
static void a_server_may_be_one_of_ip6(void **state)
{
	static const struct holm_endpoint servers[] = {
		{ .addr = { { [15] = 1 } }, .port = DNS_PORT },
		{ .addr = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x53 } }, .port = DNS_PORT },
		{ .addr = { { 0xfe, 0x80, [15] = 0x53 } }, .scope = 1, .port = DNS_PORT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		struct holm_dns_query *q;
		struct holm_dns_result r;
		struct dns_stage s;

		dns_start_at(&s, NULL, &servers[i], 1);
		q = dns_ask_for(&s, "host.example.org");
		dns_serve(&s, 60, 0x0a000007);
		assert_false(holm_addr_is_ip4(&s.from.addr));
		r = dns_result(q);
		assert_int_equal(r.outcome, HOLM_DNS_FOUND);
		dns_finish(&s);
	}
}

/* One of a family that has no way out yet does not hold up the others. */
static void a_server_without_a_way_to_it_is_passed_over(void **state)
{
	const struct holm_endpoint servers[] = {
		{ .addr = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x53 } } },
		{ .addr = holm_addr_ip4(127, 0, 0, 1) },
	};
	const struct holm_endpoint usual = { .addr = servers[1].addr, .port = DNS_PORT };
	struct holm_dns_query *q;
	struct dns_stage s;

	(void)state;
	dns_start_at(&s, NULL, &usual, 1);
	holm_dns_set_servers(s.dns, servers, 2);
	q = dns_ask_for(&s, "host.example.org");
	dns_serve(&s, 60, 0x0a000007);
	assert_int_equal(dns_result(q).outcome, HOLM_DNS_FOUND);
	dns_finish(&s);
}

static void servers_that_all_fail_are_a_failure(void **state)
{
	struct holm_dns_query *q;
	struct dns_message m;
	struct dns_stage s;

	(void)state;
	dns_start(&s, NULL, 1);
	q = dns_ask_for(&s, "host.example.org");
	for (unsigned i = 0; i < 3; i++) {
		assert_true(dns_hear(&s));
		m = dns_reply_to(&s, DNS_SERVER_FAILED);
		dns_say(&s, &m);
	}
	assert_int_equal(dns_result(q).outcome, HOLM_DNS_FAILED);
	dns_finish(&s);
}

static void nobody_there_is_found_out_at_once(void **state)
{
	struct holm_endpoint nobody = { .addr = holm_addr_ip4(127, 0, 0, 5) };
	struct holm_dns_query *q;
	struct dns_stage s;

	(void)state;
	dns_start(&s, NULL, 1);
	holm_dns_set_servers(s.dns, &nobody, 1);
	q = dns_ask_for(&s, "host.example.org");
	for (unsigned i = 0; i < 4; i++)
		dns_run(&s);
	assert_int_equal(dns_result(q).outcome, HOLM_DNS_TIMED_OUT);
	dns_finish(&s);
}

static void without_a_server_there_is_nobody_to_ask(void **state)
{
	struct holm_dns_query *q;
	struct dns_stage s;

	(void)state;
	dns_start(&s, NULL, 0);
	q = dns_ask_for(&s, "host.example.org");
	dns_run(&s);
	assert_int_equal(dns_result(q).outcome, HOLM_DNS_NO_SERVER);
	dns_finish(&s);
}

/* RFC 5452: each of these differs from the true answer in one thing. */
static void forged_answers_change_nothing(void **state)
{
	struct holm_dns_query *q;
	struct dns_message m;
	struct dns_stage s;
	struct holm_udp *stranger;
	struct holm_endpoint at = { .addr = holm_addr_ip4(127, 0, 0, 1), .port = 5353 };
	struct holm_span span;

	(void)state;
	dns_start(&s, NULL, 1);
	q = dns_ask_for(&s, "host.example.org");
	assert_true(dns_hear(&s));
	m = dns_reply_to(&s, DNS_NO_ERROR);
	dns_message_addr(&m, "..", 60, 0x0a0000bd);
	m.b[0] ^= 1; /* another identifier */
	dns_say(&s, &m);
	m.b[0] ^= 1;
	m.b[DNS_HEADER_BYTES + 1] ^= 0x20; /* a letter of another size */
	dns_say(&s, &m);
	m.b[DNS_HEADER_BYTES + 1] ^= 0x21; /* another letter */
	dns_say(&s, &m);
	m.b[DNS_HEADER_BYTES + 1] ^= 1;
	m.b[s.query_len - 3] ^= 1; /* another type */
	dns_say(&s, &m);
	m.b[s.query_len - 3] ^= 1;
	m.b[2] &= 0x7f; /* a question */
	dns_say(&s, &m);
	m.b[2] |= 0x80;
	/* From somebody else. */
	assert_int_equal(holm_udp_open(s.lab.net, &stranger), 0);
	assert_int_equal(holm_udp_bind(stranger, &at, 0), 0);
	span = (struct holm_span){ m.b, m.len };
	assert_int_equal(holm_udp_send(stranger, &s.from, &span, 1), 0);
	dns_run(&s);
	assert_true(dns_is_open(q));
	m.b[m.len - 1] = 7;
	dns_say(&s, &m);
	assert_int_equal(dns_result(q).addrs[0].b[15], 7);
	holm_udp_close(stranger);
	dns_finish(&s);
}

static void the_last_round_is_for_servers_that_do_not_keep_letters(void **state)
{
	struct holm_dns_query *q;
	struct dns_message m;
	struct dns_stage s;

	(void)state;
	dns_start(&s, NULL, 1);
	q = dns_ask_for(&s, "host.example.org");
	assert_true(dns_hear(&s));
	dns_wait(&s, 3 * LAB_S);
	assert_true(dns_hear(&s));
	assert_true(dns_hear(&s));
	assert_memory_equal(s.query + DNS_HEADER_BYTES,
			    "\x04host\x07"
			    "example\x03org",
			    17);
	m = dns_reply_to(&s, DNS_NO_ERROR);
	dns_message_addr(&m, "..", 60, 1);
	dns_say(&s, &m);
	assert_int_equal(dns_result(q).outcome, HOLM_DNS_FOUND);
	dns_finish(&s);
}

static void an_alias_that_the_server_leaves_open_is_chased(void **state)
{
	struct holm_dns_query *q;
	struct holm_dns_result r;
	struct dns_message m;
	struct dns_stage s;

	(void)state;
	dns_start(&s, NULL, 1);
	q = dns_ask_for(&s, "www.example.org");
	assert_true(dns_hear(&s));
	m = dns_reply_to(&s, DNS_NO_ERROR);
	dns_message_alias(&m, "..", 60, "host.example.net");
	dns_say(&s, &m);
	assert_true(dns_is_open(q));
	dns_serve(&s, 60, 0x0a000009);
	r = dns_result(q);
	assert_int_equal(r.addrs[0].b[15], 9);
	assert_int_equal(r.name[0] | 0x20, 'h');
	dns_finish(&s);
}

static void aliases_without_end_are_given_up(void **state)
{
	struct holm_dns_query *q;
	struct dns_message m;
	struct dns_stage s;
	unsigned asked = 0;

	(void)state;
	dns_start(&s, NULL, 1);
	q = dns_ask_for(&s, "a.example");
	while (dns_hear(&s)) {
		m = dns_reply_to(&s, DNS_NO_ERROR);
		dns_message_alias(&m, "..", 60, asked++ % 2 ? "a.example" : "b.example");
		dns_say(&s, &m);
	}
	assert_int_equal(asked, DNS_CHASES_MAX + 1);
	assert_int_equal(dns_result(q).outcome, HOLM_DNS_FAILED);
	dns_finish(&s);
}

static void the_same_question_goes_out_once(void **state)
{
	struct holm_dns_query *a, *b, *c;
	struct dns_stage s;

	(void)state;
	dns_start(&s, NULL, 1);
	a = dns_ask_for(&s, "host.example.org");
	b = dns_ask_for(&s, "HOST.example.org");
	c = dns_ask_for(&s, "host.example.org.");
	holm_dns_drop(a);
	dns_serve(&s, 60, 0x0a000001);
	assert_false(dns_hear(&s));
	assert_int_equal(dns_result(b).outcome, HOLM_DNS_FOUND);
	assert_int_equal(dns_result(c).outcome, HOLM_DNS_FOUND);
	dns_finish(&s);
}

static void questions_have_a_largest_number(void **state)
{
	struct holm_dns_query *q[2], *other;
	struct holm_dns_config config;
	struct dns_stage s;

	(void)state;
	holm_dns_config_default(&config);
	config.queries_max = 2;
	dns_start(&s, &config, 1);
	q[0] = dns_ask_for(&s, "a.example");
	q[1] = dns_ask_for(&s, "b.example");
	assert_int_equal(holm_dns_ask(s.dns, "c.example", 9, HOLM_DNS_A, &other), -HOLM_ENOBUFS);
	holm_dns_drop(q[0]);
	assert_int_equal(holm_dns_ask(s.dns, "c.example", 9, HOLM_DNS_A, &other), 0);
	holm_dns_drop(other);
	holm_dns_drop(q[1]);
	dns_finish(&s);
}

static void other_servers_are_asked_from_the_beginning(void **state)
{
	struct holm_endpoint second = { .addr = lab_addr(1) };
	struct holm_dns_query *q;
	struct dns_stage s;

	(void)state;
	dns_start(&s, NULL, 2);
	q = dns_ask_for(&s, "host.example.org");
	assert_true(dns_hear(&s));
	assert_int_equal(s.at, 0);
	holm_dns_set_servers(s.dns, &second, 1);
	assert_true(dns_hear(&s));
	assert_int_equal(s.at, 1);
	holm_dns_drop(q);
	dns_finish(&s);
}

static void an_address_becomes_a_name(void **state)
{
	struct holm_addr addr = holm_addr_ip4(10, 0, 0, 7);
	struct holm_dns_query *q;
	struct dns_message m;
	struct dns_stage s;

	(void)state;
	dns_start(&s, NULL, 1);
	assert_int_equal(holm_dns_ask_addr(s.dns, &addr, &q), 0);
	assert_true(dns_hear(&s));
	m = dns_reply_to(&s, DNS_NO_ERROR);
	dns_message_record(&m, 0, "..", DNS_PTR, 60,
			   "\x04host\x07"
			   "example\0",
			   14);
	dns_say(&s, &m);
	assert_string_equal(dns_result(q).name, "host.example");
	dns_finish(&s);
}

static void events_of_its_endpoints_are_the_resolvers(void **state)
{
	struct holm_dns_query *q;
	struct holm_event ev;
	struct dns_message m;
	struct dns_stage s;
	struct holm_span span;
	unsigned owned = 0;

	(void)state;
	dns_start(&s, NULL, 1);
	q = dns_ask_for(&s, "host.example.org");
	assert_true(dns_hear(&s));
	while (holm_net_next_event(s.lab.net, &ev))
		continue;
	m = dns_reply_to(&s, DNS_NO_ERROR);
	span = (struct holm_span){ m.b, m.len };
	assert_int_equal(holm_udp_send(s.server[0], &s.from, &span, 1), 0);
	lab_poll(&s.lab);
	while (holm_net_next_event(s.lab.net, &ev))
		if (holm_dns_owns(s.dns, &ev)) {
			assert_ptr_equal(ev.cookie, &s);
			owned++;
		}
	assert_int_equal(owned, 1);
	holm_dns_drop(q);
	dns_finish(&s);
}

/* Out of memory at any moment: an answer, an error, and nothing lost. */
static void memory_may_fail_anywhere(void **state)
{
	(void)state;
	for (uint64_t n = 1; n < 6; n++) {
		struct holm_dns_query *q;
		struct dns_stage s;
		int err;

		dns_start(&s, NULL, 1);
		s.lab.fail_from = s.lab.alloc_calls + n;
		err = holm_dns_ask(s.dns, "host.example.org", 16, HOLM_DNS_A, &q);
		assert_true(err == 0 || err == -HOLM_ENOMEM);
		for (unsigned i = 0; i < 4; i++)
			dns_run(&s);
		if (err == 0)
			holm_dns_drop(q);
		dns_finish(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_becomes_an_address),
		cmocka_unit_test(a_name_that_no_host_can_have_is_not_asked_for),
		cmocka_unit_test(no_such_name_and_no_such_data_are_told_apart),
		cmocka_unit_test(a_lost_question_is_asked_again_later_each_time),
		cmocka_unit_test(servers_are_asked_in_turn),
		cmocka_unit_test(a_server_may_be_one_of_ip6),
		cmocka_unit_test(a_server_without_a_way_to_it_is_passed_over),
		cmocka_unit_test(servers_that_all_fail_are_a_failure),
		cmocka_unit_test(nobody_there_is_found_out_at_once),
		cmocka_unit_test(without_a_server_there_is_nobody_to_ask),
		cmocka_unit_test(forged_answers_change_nothing),
		cmocka_unit_test(the_last_round_is_for_servers_that_do_not_keep_letters),
		cmocka_unit_test(an_alias_that_the_server_leaves_open_is_chased),
		cmocka_unit_test(aliases_without_end_are_given_up),
		cmocka_unit_test(the_same_question_goes_out_once),
		cmocka_unit_test(questions_have_a_largest_number),
		cmocka_unit_test(other_servers_are_asked_from_the_beginning),
		cmocka_unit_test(an_address_becomes_a_name),
		cmocka_unit_test(events_of_its_endpoints_are_the_resolvers),
		cmocka_unit_test(memory_may_fail_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
