/*
 * Tests of what a lease does to the instance: net/app/dhcp_lease.c.
 */
#include "net/app/dhcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/dhcp_stage.h"

#define OFFERED DHCP_STAGE_OFFERED

static void a_lease_that_ends_takes_the_address_along(void **state)
{
	struct dhcp_stage s;
	struct holm_dhcp_lease lease;

	(void)state;
	dhcp_become_bound(&s, 600);
	dhcp_wait(&s, 599 * LAB_S);
	assert_true(dhcp_has_address(&s, OFFERED));
	dhcp_wait(&s, 2 * LAB_S);
	assert_false(dhcp_has_address(&s, OFFERED));
	assert_false(holm_dhcp_lease(s.client, &lease));
	assert_int_equal(dhcp_count_routes(&s), 1);
	assert_int_equal(s.heard.type, DHCP4_DISCOVER);
	assert_int_equal(s.heard_src, 0);
	dhcp_finish(&s);
}

static void times_without_sense_are_replaced(void **state)
{
	static const struct {
		uint32_t lease, t1, t2;
	} bad[] = { { 3600, 3600, 3600 },
		    { 3600, 2000, 1000 },
		    { 3600, 0, 3000 },
		    { 3600, 1000, 4000 },
		    { 3600, 0xffffffff, 0xffffffff } };
	struct holm_dhcp_lease lease;
	struct dhcp_stage s;
	struct dhcp_reply r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		dhcp_start(&s);
		dhcp_say_full(&s, DHCP4_OFFER, 3600);
		r = dhcp_full_reply(&s, DHCP4_ACK, bad[i].lease);
		dhcp_option32(&r, DHCP4_OPT_T1, bad[i].t1);
		dhcp_option32(&r, DHCP4_OPT_T2, bad[i].t2);
		dhcp_say(&s, &r);
		assert_true(holm_dhcp_lease(s.client, &lease));
		assert_int_equal(lease.renew_ns - lease.obtained_ns, 1800 * LAB_S);
		assert_int_equal(lease.rebind_ns - lease.obtained_ns, 3150 * LAB_S);
		dhcp_finish(&s);
	}
	/* A lease of nothing is held for ten seconds; one without end for ever. */
	dhcp_become_bound(&s, 0);
	holm_dhcp_lease(s.client, &lease);
	assert_int_equal(lease.expire_ns - lease.obtained_ns, 10 * LAB_S);
	dhcp_finish(&s);
	dhcp_become_bound(&s, 0xffffffff);
	holm_dhcp_lease(s.client, &lease);
	assert_true(lease.expire_ns == UINT64_MAX && lease.renew_ns == UINT64_MAX);
	dhcp_wait(&s, 100000 * LAB_S);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_BOUND);
	dhcp_finish(&s);
}

static void classless_routes_replace_the_router(void **state)
{
	/* 0.0.0.0/0 by 10.0.0.7, 20.1.0.0/16 by 10.0.0.8, 30.0.0.0/8 on the link */
	static const uint8_t routes[] = {
		0, 10, 0, 0, 7, 16, 20, 1, 10, 0, 0, 8, 8, 30, 0, 0, 0, 0
	};
	struct dhcp_stage s;
	struct dhcp_reply r;
	struct holm_route route;
	struct holm_dhcp_lease lease;

	(void)state;
	dhcp_start(&s);
	dhcp_say_full(&s, DHCP4_OFFER, 3600);
	r = dhcp_full_reply(&s, DHCP4_ACK, 3600);
	dhcp_option(&r, DHCP4_OPT_ROUTES, routes, sizeof(routes));
	dhcp_say(&s, &r);
	assert_true(holm_dhcp_lease(s.client, &lease));
	assert_int_equal(lease.nroutes, 3);
	assert_int_equal(dhcp_count_routes(&s), 5);
	for (size_t i = 0; holm_route_get(s.lab.net, i, &route); i++)
		assert_int_not_equal(route.gateway.b[15], 1);
	dhcp_finish(&s);
}

static void the_mtu_is_believed_within_reason(void **state)
{
	static const struct {
		uint16_t said, used;
	} cases[] = { { 1400, 1400 }, { 576, 576 }, { 575, 1500 }, { 68, 1500 }, { 9000, 1500 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dhcp_stage s;
		struct dhcp_reply r;
		uint8_t bytes[2];

		dhcp_start(&s);
		dhcp_say_full(&s, DHCP4_OFFER, 3600);
		r = dhcp_full_reply(&s, DHCP4_ACK, 3600);
		store_be16(bytes, cases[i].said);
		dhcp_option(&r, DHCP4_OPT_MTU, bytes, 2);
		dhcp_say(&s, &r);
		assert_int_equal(s.lab.dev.caps.mtu, cases[i].used);
		dhcp_finish(&s);
	}
}

static void without_a_mask_the_class_decides(void **state)
{
	struct holm_dhcp_lease lease;
	struct dhcp_stage s;
	struct dhcp_reply r;

	(void)state;
	dhcp_start(&s);
	dhcp_say_full(&s, DHCP4_OFFER, 3600);
	r = dhcp_reply_of(&s, DHCP4_ACK);
	dhcp_option32(&r, DHCP4_OPT_LEASE, 3600);
	dhcp_say(&s, &r);
	assert_true(holm_dhcp_lease(s.client, &lease));
	assert_int_equal(lease.prefix_len, 8);
	dhcp_finish(&s);
}

static void an_address_somebody_else_configured_is_refused_politely(void **state)
{
	struct dhcp_stage s;
	struct holm_addr taken = lab_addr(50);

	(void)state;
	dhcp_start(&s);
	assert_int_equal(holm_addr_add(s.lab.net, &s.lab.dev, &taken, 24), 0);
	dhcp_say_full(&s, DHCP4_OFFER, 3600);
	dhcp_say_full(&s, DHCP4_ACK, 3600);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_INIT);
	assert_true(s.next - s.lab.now >= 10 * LAB_S);
	dhcp_finish(&s);
}

static void the_address_is_announced_at_once(void **state)
{
	struct dhcp_stage s;

	(void)state;
	dhcp_start(&s);
	dhcp_say_full(&s, DHCP4_OFFER, 3600);
	assert_int_equal(holm_net_counter(s.lab.net, HOLM_COUNT_ARP_REQUESTS_SENT), 0);
	dhcp_say_full(&s, DHCP4_ACK, 3600);
	assert_int_equal(holm_net_counter(s.lab.net, HOLM_COUNT_ARP_REQUESTS_SENT), 1);
	dhcp_finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lease_that_ends_takes_the_address_along),
		cmocka_unit_test(times_without_sense_are_replaced),
		cmocka_unit_test(classless_routes_replace_the_router),
		cmocka_unit_test(the_mtu_is_believed_within_reason),
		cmocka_unit_test(without_a_mask_the_class_decides),
		cmocka_unit_test(an_address_somebody_else_configured_is_refused_politely),
		cmocka_unit_test(the_address_is_announced_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
