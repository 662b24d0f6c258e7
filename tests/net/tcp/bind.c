/*
 * Bound ports and who listens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/tcp/opening.h"
#include "tests/support/tcp_fixture.h"

static struct holm_tcp *bound(struct tcp_fixture *t, struct holm_addr addr, uint16_t port)
{
	struct holm_endpoint e = { .addr = addr, .port = port };
	struct holm_tcp *c;

	assert_int_equal(holm_tcp_open(t->lab.net, &c), 0);
	assert_int_equal(holm_tcp_bind(c, &e, HOLM_TCP_REUSEADDR), 0);
	return c;
}

static void an_exact_address_is_found_before_the_wildcard(void **state)
{
	struct holm_addr self = lab_addr(1), any = holm_addr_ip4(0, 0, 0, 0), other = lab_addr(7);
	struct tcp_fixture t;
	struct holm_tcp *a, *b;

	(void)state;
	fixture_only(&t);
	a = bound(&t, any, 99);
	b = bound(&t, self, 99);
	/* Only one of two that mean the same may listen through the call: set both by hand. */
	tcp_set_state(a, HOLM_TCP_LISTEN);
	tcp_set_state(b, HOLM_TCP_LISTEN);
	assert_ptr_equal(tcp_find_listener(t.lab.net->tcp, &self, 99, NULL, 0)->owner, b);
	assert_ptr_equal(tcp_find_listener(t.lab.net->tcp, &other, 99, NULL, 0)->owner, a);
	assert_null(tcp_find_listener(t.lab.net->tcp, &self, 98, NULL, 0));
	holm_tcp_close(a);
	holm_tcp_close(b);
	finish(&t);
}

static void who_is_bound_but_does_not_listen_is_not_found(void **state)
{
	struct holm_addr self = lab_addr(1);
	struct tcp_fixture t;
	struct holm_tcp *a;

	(void)state;
	fixture_only(&t);
	a = bound(&t, self, 99);
	assert_null(tcp_find_listener(t.lab.net->tcp, &self, 99, NULL, 0));
	assert_true(tcp_port_is_bound(t.lab.net->tcp, 99));
	holm_tcp_close(a);
	assert_false(tcp_port_is_bound(t.lab.net->tcp, 99));
	finish(&t);
}

static void the_ipv6_wildcard_means_ipv4_too_unless_told_otherwise(void **state)
{
	struct holm_addr any6 = holm_addr_any6(), self = lab_addr(1);
	struct tcp_fixture t;
	struct holm_tcp *a, *b;
	struct tcp_state *ts;

	(void)state;
	fixture_only(&t);
	ts = t.lab.net->tcp;
	holm_tcp_open(t.lab.net, &a);
	holm_tcp_open(t.lab.net, &b);
	assert_int_equal(tcp_bind_add(ts, a, &any6, 99, 0), 0);
	assert_int_equal(tcp_bind_add(ts, b, &self, 99, 0), -HOLM_EADDRINUSE);
	tcp_set_state(a, HOLM_TCP_LISTEN);
	assert_non_null(tcp_find_listener(ts, &self, 99, NULL, 0));
	holm_tcp_close(a);
	holm_tcp_open(t.lab.net, &a);
	assert_int_equal(tcp_bind_add(ts, a, &any6, 99, HOLM_TCP_V6ONLY), 0);
	tcp_set_state(a, HOLM_TCP_LISTEN);
	assert_null(tcp_find_listener(ts, &self, 99, NULL, 0));
	assert_int_equal(tcp_bind_add(ts, b, &self, 99, 0), 0);
	holm_tcp_close(a);
	holm_tcp_close(b);
	finish(&t);
}

static void listeners_of_two_devices_share_a_port_and_each_hears_its_own(void **state)
{
	struct holm_addr any = holm_addr_ip4(0, 0, 0, 0), self = lab_addr(1);
	struct holm_dev one = { .name = "one" }, two = { .name = "two" };
	struct tcp_fixture t;
	struct holm_tcp *a, *b, *c;
	struct tcp_state *ts;

	(void)state;
	fixture_only(&t);
	ts = t.lab.net->tcp;
	holm_tcp_open(t.lab.net, &a);
	holm_tcp_open(t.lab.net, &b);
	holm_tcp_open(t.lab.net, &c);
	assert_int_equal(holm_tcp_set_way(a, &one, 0, false), 0);
	assert_int_equal(holm_tcp_set_way(b, &two, 0, false), 0);
	assert_int_equal(tcp_bind_add(ts, a, &any, 99, 0), 0);
	assert_int_equal(tcp_bind_add(ts, b, &any, 99, 0), 0);
	assert_int_equal(tcp_bind_add(ts, c, &any, 99, 0), -HOLM_EADDRINUSE);
	assert_int_equal(holm_tcp_listen(a, 1), 0);
	assert_int_equal(holm_tcp_listen(b, 1), 0);
	assert_ptr_equal(tcp_find_listener(ts, &self, 99, &one, 0)->owner, a);
	assert_ptr_equal(tcp_find_listener(ts, &self, 99, &two, 0)->owner, b);
	assert_null(tcp_find_listener(ts, &self, 99, &t.lab.dev, 0));
	/* One that hears all is for the others. */
	assert_int_equal(holm_tcp_set_way(b, NULL, 0, false), 0);
	assert_ptr_equal(tcp_find_listener(ts, &self, 99, &one, 0)->owner, a);
	assert_ptr_equal(tcp_find_listener(ts, &self, 99, &two, 0)->owner, b);
	holm_tcp_close(a);
	holm_tcp_close(b);
	holm_tcp_close(c);
	finish(&t);
}

/* As many that fit equally well as share the port: each has its part of those who come, always the same. */
static void who_shares_a_port_has_a_part_of_the_flows(void **state)
{
	struct holm_addr any = holm_addr_ip4(0, 0, 0, 0), self = lab_addr(1);
	struct holm_endpoint e = { .addr = any, .port = 99 };
	struct tcp_state *ts;
	struct holm_tcp *c[3];
	unsigned n[3] = { 0 };
	struct tcp_fixture t;

	(void)state;
	fixture_only(&t);
	ts = t.lab.net->tcp;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(holm_tcp_open(t.lab.net, &c[i]), 0);
		assert_int_equal(holm_tcp_bind(c[i], &e, HOLM_TCP_REUSEPORT), 0);
		assert_int_equal(holm_tcp_listen(c[i], 1), 0);
	}
	for (uint32_t flow = 0; flow < 300; flow++) {
		struct holm_tcp *owner = tcp_find_listener(ts, &self, 99, NULL, flow)->owner;

		assert_ptr_equal(tcp_find_listener(ts, &self, 99, NULL, flow)->owner, owner);
		for (size_t i = 0; i < 3; i++)
			n[i] += owner == c[i];
	}
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(n[i], 100);
		holm_tcp_close(c[i]);
	}
	finish(&t);
}

/* As programs want it that name their address, but no port before it is known to whom. */
static void an_address_without_a_port_gets_one_later(void **state)
{
	struct holm_endpoint e = { .addr = lab_addr(1) };
	struct tcp_bind *b;
	struct tcp_fixture t;
	struct tcp_state *ts;
	struct holm_tcp *c;

	(void)state;
	fixture_only(&t);
	ts = t.lab.net->tcp;
	assert_int_equal(holm_tcp_open(t.lab.net, &c), 0);
	assert_int_equal(holm_tcp_bind(c, &e, HOLM_TCP_ADDR_ONLY), 0);
	b = tcp_bind_of(ts, c);
	assert_int_equal(b->port, 0);
	assert_int_equal(holm_tcp_listen(c, 1), 0);
	b = tcp_bind_of(ts, c);
	assert_true(b->port >= 32768);
	assert_true(holm_addr_equal(&b->addr, &e.addr));
	assert_true(tcp_port_is_bound(ts, b->port));
	assert_int_equal(table_nodes(&ts->binds), 2);
	holm_tcp_close(c);
	assert_int_equal(table_nodes(&ts->binds), 1);
	finish(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exact_address_is_found_before_the_wildcard),
		cmocka_unit_test(who_is_bound_but_does_not_listen_is_not_found),
		cmocka_unit_test(the_ipv6_wildcard_means_ipv4_too_unless_told_otherwise),
		cmocka_unit_test(who_shares_a_port_has_a_part_of_the_flows),
		cmocka_unit_test(an_address_without_a_port_gets_one_later),
		cmocka_unit_test(listeners_of_two_devices_share_a_port_and_each_hears_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
