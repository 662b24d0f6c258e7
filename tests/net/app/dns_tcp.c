/* Tests of net/app/dns_tcp.c: answers that do not fit a datagram. */
#include "net/app/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/dns_stage.h"

/* The server's end of a connection. */
struct line {
	struct holm_tcp *listener, *tcp;
	struct holm_ring_sndbuf snd;
	struct holm_ring_rcvbuf rcv;
};

static void line_open(struct line *l, struct dns_stage *s)
{
	struct holm_endpoint at = { .addr = holm_addr_ip4(127, 0, 0, 1), .port = DNS_PORT };

	memset(l, 0, sizeof(*l));
	assert_int_equal(holm_tcp_open(s->lab.net, &l->listener), 0);
	assert_int_equal(holm_tcp_bind(l->listener, &at, 0), 0);
	assert_int_equal(holm_tcp_listen(l->listener, 4), 0);
}

/* Ask; the datagram says that the answer does not fit, and the question comes over the connection. */
static struct holm_dns_query *ask_over(struct line *l, struct dns_stage *s)
{
	const struct holm_memory *memory = holm_net_memory(s->lab.net);
	struct holm_dns_query *q = dns_ask_for(s, "host.example.org");
	uint8_t length[2];
	struct dns_message m;

	assert_true(dns_hear(s));
	m = dns_reply_to(s, DNS_NO_ERROR);
	dns_message_addr(&m, "..", 60, 0x0a000063);
	dns_message_truncated(&m);
	dns_say(s, &m);
	dns_run(s);
	assert_true(dns_is_open(q));
	assert_int_equal(holm_tcp_accept(l->listener, &l->tcp), 0);
	holm_ring_sndbuf_init(&l->snd, memory, 65536, NULL);
	holm_ring_rcvbuf_init(&l->rcv, memory, 65536, NULL);
	assert_int_equal(holm_tcp_attach(l->tcp, &l->snd.base, &l->rcv.base), 0);
	assert_int_equal(holm_tcp_set_option(l->tcp, HOLM_TCP_OPT_NODELAY, 1), 0);
	dns_run(s);
	assert_int_equal(holm_ring_rcvbuf_read(&l->rcv, length, 2), 2);
	s->query_len = load_be16(length);
	assert_true(s->query_len <= sizeof(s->query));
	assert_int_equal(holm_ring_rcvbuf_read(&l->rcv, s->query, s->query_len), s->query_len);
	return q;
}

static void line_say(struct line *l, struct dns_stage *s, const void *p, size_t n)
{
	assert_int_equal(holm_ring_sndbuf_write(&l->snd, p, n), n);
	holm_tcp_send(l->tcp);
	dns_run(s);
}

static void line_close(struct line *l, struct dns_stage *s)
{
	if (l->tcp)
		holm_tcp_abort(l->tcp);
	if (l->listener)
		holm_tcp_close(l->listener);
	dns_run(s);
	holm_ring_sndbuf_fini(&l->snd);
	holm_ring_rcvbuf_fini(&l->rcv);
}

static struct dns_message long_answer(const struct dns_stage *s)
{
	struct dns_message m = dns_reply_to(s, DNS_NO_ERROR);

	for (uint32_t i = 0; i < 60; i++)
		dns_message_addr(&m, "..", 60, 0x0a000000 + i);
	return m;
}

static void an_answer_that_does_not_fit_comes_over_tcp(void **state)
{
	struct holm_dns_query *q;
	struct holm_dns_result r;
	struct dns_message m;
	struct dns_stage s;
	struct line l;
	uint8_t length[2];

	(void)state;
	dns_start(&s, NULL, 1);
	line_open(&l, &s);
	q = ask_over(&l, &s);
	m = long_answer(&s);
	store_be16(length, (uint16_t)m.len);
	line_say(&l, &s, length, 2);
	line_say(&l, &s, m.b, m.len);
	r = dns_result(q);
	assert_int_equal(r.outcome, HOLM_DNS_FOUND);
	assert_int_equal(r.naddrs, HOLM_DNS_ADDRS_MAX);
	assert_int_equal(r.addrs[15].b[15], 15);
	line_close(&l, &s);
	dns_finish(&s);
}

static void an_answer_may_come_byte_by_byte(void **state)
{
	struct holm_dns_query *q;
	struct dns_message m;
	struct dns_stage s;
	struct line l;
	uint8_t length[2];

	(void)state;
	dns_start(&s, NULL, 1);
	line_open(&l, &s);
	q = ask_over(&l, &s);
	m = dns_reply_to(&s, DNS_NO_ERROR);
	dns_message_addr(&m, "..", 60, 0x0a000007);
	store_be16(length, (uint16_t)m.len);
	line_say(&l, &s, length, 1);
	line_say(&l, &s, length + 1, 1);
	for (size_t i = 0; i < m.len; i++) {
		assert_true(dns_is_open(q));
		line_say(&l, &s, m.b + i, 1);
	}
	assert_int_equal(dns_result(q).addrs[0].b[15], 7);
	line_close(&l, &s);
	dns_finish(&s);
}

/* What the server says over the connection is none: it is asked again, at last in vain. */
static void expect_given_up(const void *bytes, size_t n, bool hang_up)
{
	struct holm_dns_query *q;
	struct dns_stage s;
	struct line l;

	dns_start(&s, NULL, 1);
	line_open(&l, &s);
	q = ask_over(&l, &s);
	if (n > 0)
		line_say(&l, &s, bytes, n);
	if (hang_up) {
		holm_tcp_abort(l.tcp);
		l.tcp = NULL;
	}
	dns_run(&s);
	assert_true(dns_is_open(q));
	assert_true(dns_hear(&s));
	dns_wait(&s, 20 * LAB_S);
	assert_int_equal(dns_result(q).outcome, HOLM_DNS_FAILED);
	line_close(&l, &s);
	dns_finish(&s);
}

static void a_message_too_short_for_a_header_is_refused(void **state)
{
	(void)state;
	expect_given_up("\0\x05hello", 7, false);
}

static void a_message_longer_than_any_answer_is_refused(void **state)
{
	(void)state;
	expect_given_up("\xff\xff", 2, false);
}

static void an_answer_to_another_question_is_refused(void **state)
{
	(void)state;
	expect_given_up("\0\x0c\0\0\x80\0\0\0\0\0\0\0\0\0", 14, false);
}

static void a_server_that_hangs_up_has_failed(void **state)
{
	(void)state;
	expect_given_up("\0\x40", 2, true);
}

static void a_server_that_says_nothing_is_not_waited_for(void **state)
{
	struct holm_dns_query *q;
	struct dns_stage s;
	struct line l;

	(void)state;
	dns_start(&s, NULL, 1);
	line_open(&l, &s);
	q = ask_over(&l, &s);
	dns_wait(&s, 2 * LAB_S - 1);
	assert_false(dns_hear(&s));
	dns_wait(&s, 1);
	assert_true(dns_hear(&s));
	holm_dns_drop(q);
	line_close(&l, &s);
	dns_finish(&s);
}

static void without_tcp_a_truncated_answer_is_what_there_is(void **state)
{
	struct holm_dns_config config;
	struct holm_dns_query *q;
	struct dns_message m;
	struct dns_stage s;

	(void)state;
	holm_dns_config_default(&config);
	dns_start(&s, &config, 1);
	q = dns_ask_for(&s, "host.example.org");
	assert_true(dns_hear(&s));
	m = dns_reply_to(&s, DNS_NO_ERROR);
	dns_message_addr(&m, "..", 60, 0x0a000063);
	dns_message_truncated(&m);
	dns_say(&s, &m);
	assert_int_equal(dns_result(q).addrs[0].b[15], 0x63);
	dns_finish(&s);
}

static void a_resolver_that_ends_ends_its_connections(void **state)
{
	struct dns_stage s;
	struct line l;

	(void)state;
	dns_start(&s, NULL, 1);
	line_open(&l, &s);
	(void)ask_over(&l, &s);
	line_close(&l, &s);
	dns_finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_that_does_not_fit_comes_over_tcp),
		cmocka_unit_test(an_answer_may_come_byte_by_byte),
		cmocka_unit_test(a_message_too_short_for_a_header_is_refused),
		cmocka_unit_test(a_message_longer_than_any_answer_is_refused),
		cmocka_unit_test(an_answer_to_another_question_is_refused),
		cmocka_unit_test(a_server_that_hangs_up_has_failed),
		cmocka_unit_test(a_server_that_says_nothing_is_not_waited_for),
		cmocka_unit_test(without_tcp_a_truncated_answer_is_what_there_is),
		cmocka_unit_test(a_resolver_that_ends_ends_its_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
