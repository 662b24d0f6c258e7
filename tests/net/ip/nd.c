/*
 * Tests of neighbour discovery: net/ip/nd.c and what it tells the neighbour cache, every row of the table
 * of RFC 4861 section 7.2.5 among them, and the checks of sections 6.1, 7.1 and 8.1.
 */
#include "net/ip/nd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/link/neigh.h"
#include "tests/support/nd_lab.h"

static struct neigh *entry(struct lab *lab, unsigned host)
{
	const struct holm_addr a = nd_lab_host(host);

	return neigh_find(lab->net, lab->dev.netif, &a);
}

static void assert_mac(const struct neigh *n, unsigned host)
{
	const struct holm_mac mac = lab_mac(host);

	assert_memory_equal(n->header, &mac, sizeof(mac));
}

/* Host 2 is being asked for: a packet waits. */
static void begin_incomplete(struct lab *lab)
{
	const struct holm_addr to = nd_lab_host(2);

	nd_lab_init(lab);
	assert_int_equal(nd_lab_send(lab, &to), 0);
	assert_int_equal(entry(lab, 2)->state, NEIGH_INCOMPLETE);
}

/* Host 2 has answered. */
static void begin_reachable(struct lab *lab)
{
	const struct holm_mac mac = lab_mac(2);
	const struct holm_addr self = (begin_incomplete(lab), nd_lab_self(lab));

	nd_lab_hear_advert(lab, 2, &self, ND_SOLICITED | ND_OVERRIDE, &mac);
	assert_int_equal(entry(lab, 2)->state, NEIGH_REACHABLE);
	lab_clear(lab);
}

/* Host 2 was heard of. */
static void begin_stale(struct lab *lab)
{
	const struct holm_addr self = (nd_lab_init(lab), nd_lab_self(lab));

	nd_lab_hear_solicit(lab, 2, &self);
	assert_int_equal(entry(lab, 2)->state, NEIGH_STALE);
	lab_clear(lab);
}

/* Host 2 says that it is at host `at`'s hardware address (0: it does not say where). */
static void advert(struct lab *lab, uint8_t flags, unsigned at)
{
	const struct holm_mac mac = lab_mac(at);
	const struct holm_addr self = nd_lab_self(lab);

	nd_lab_hear_advert(lab, 2, &self, flags, at ? &mac : NULL);
}

static void a_neighbour_is_asked_for_in_its_group_and_gets_what_waited(void **state)
{
	const struct holm_addr to = nd_lab_host(2), group = ip6_solicited_node(&to);
	const struct holm_mac mac = lab_mac(1), far = lab_mac(2);
	struct holm_addr self;
	struct nd_lab_sent sent;
	struct lab lab;

	(void)state;
	begin_incomplete(&lab);
	self = nd_lab_self(&lab);
	assert_true(nd_lab_sent(&lab, ND_NEIGHBOUR_SOLICIT, 0, &sent));
	assert_true(holm_addr_equal(&sent.dst, &group));
	assert_true(holm_addr_equal(&sent.src, &self));
	assert_int_equal(sent.hop_limit, 255);
	assert_true(holm_addr_equal(&sent.nd.target, &to));
	assert_true(sent.nd.has_source_mac);
	assert_memory_equal(&sent.nd.source_mac, &mac, sizeof(mac));
	assert_int_equal(nd_lab_count_udp(&lab), 0);
	advert(&lab, ND_SOLICITED | ND_OVERRIDE, 2);
	assert_int_equal(nd_lab_count_udp(&lab), 1);
	assert_memory_equal(lab.sent[lab.nsent - 1].data, &far, sizeof(far));
	lab_fini(&lab);
}

static void silence_is_asked_three_times_and_then_reported(void **state)
{
	struct lab lab;

	(void)state;
	begin_incomplete(&lab);
	lab_run(&lab, 10 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, ND_NEIGHBOUR_SOLICIT), 3);
	assert_int_equal(entry(&lab, 2)->state, NEIGH_FAILED);
	lab_fini(&lab);
}

static void an_unreachable_neighbour_is_probed_where_it_was(void **state)
{
	const struct holm_addr to = nd_lab_host(2);
	const struct holm_mac mac = lab_mac(2);
	struct nd_lab_sent sent;
	struct lab lab;

	(void)state;
	begin_stale(&lab);
	assert_int_equal(nd_lab_send(&lab, &to), 0);
	assert_int_equal(entry(&lab, 2)->state, NEIGH_DELAY);
	assert_int_equal(nd_lab_count_udp(&lab), 1);
	lab_run(&lab, 6 * LAB_S);
	assert_int_equal(entry(&lab, 2)->state, NEIGH_PROBE);
	assert_true(nd_lab_sent(&lab, ND_NEIGHBOUR_SOLICIT, 0, &sent));
	assert_true(holm_addr_equal(&sent.dst, &to));
	assert_memory_equal(&sent.mac, &mac, sizeof(mac));
	advert(&lab, ND_SOLICITED, 0);
	assert_int_equal(entry(&lab, 2)->state, NEIGH_REACHABLE);
	lab_fini(&lab);
}

/* ---- RFC 4861 section 7.2.5, and appendix C: the entry is INCOMPLETE. */

static void incomplete_an_advertisement_without_an_address_is_ignored(void **state)
{
	struct lab lab;

	(void)state;
	begin_incomplete(&lab);
	advert(&lab, ND_SOLICITED | ND_OVERRIDE, 0);
	assert_int_equal(entry(&lab, 2)->state, NEIGH_INCOMPLETE);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_NOT_OURS), 1);
	lab_fini(&lab);
}

static void incomplete_a_solicited_one_makes_it_reachable_whatever_override_says(void **state)
{
	(void)state;
	for (int override = 0; override <= ND_OVERRIDE; override += ND_OVERRIDE) {
		struct lab lab;

		begin_incomplete(&lab);
		advert(&lab, (uint8_t)(ND_SOLICITED | override), 2);
		assert_int_equal(entry(&lab, 2)->state, NEIGH_REACHABLE);
		assert_mac(entry(&lab, 2), 2);
		lab_fini(&lab);
	}
}

static void incomplete_an_unsolicited_one_makes_it_stale_and_the_packet_goes(void **state)
{
	(void)state;
	for (int override = 0; override <= ND_OVERRIDE; override += ND_OVERRIDE) {
		struct lab lab;

		begin_incomplete(&lab);
		advert(&lab, (uint8_t) override, 2);
		assert_int_equal(nd_lab_count_udp(&lab), 1);
		assert_mac(entry(&lab, 2), 2);
		assert_true(entry(&lab, 2)->state == NEIGH_STALE ||
			    entry(&lab, 2)->state == NEIGH_DELAY);
		lab_fini(&lab);
	}
}

/* ---- The entry has an address. */

struct row {
	const char *name;
	bool reachable; /* before; else STALE */
	uint8_t flags;
	unsigned at; /* 0: no address; 2: the same; 3: another */
	enum neigh_state after;
	unsigned mac;
};

static const struct row rows[] = {
	{ "REACHABLE S O same", true, ND_SOLICITED | ND_OVERRIDE, 2, NEIGH_REACHABLE, 2 },
	{ "REACHABLE S O other", true, ND_SOLICITED | ND_OVERRIDE, 3, NEIGH_REACHABLE, 3 },
	{ "REACHABLE S O none", true, ND_SOLICITED | ND_OVERRIDE, 0, NEIGH_REACHABLE, 2 },
	{ "REACHABLE S - same", true, ND_SOLICITED, 2, NEIGH_REACHABLE, 2 },
	{ "REACHABLE S - other", true, ND_SOLICITED, 3, NEIGH_STALE, 2 },
	{ "REACHABLE S - none", true, ND_SOLICITED, 0, NEIGH_REACHABLE, 2 },
	{ "REACHABLE - O same", true, ND_OVERRIDE, 2, NEIGH_REACHABLE, 2 },
	{ "REACHABLE - O other", true, ND_OVERRIDE, 3, NEIGH_STALE, 3 },
	{ "REACHABLE - O none", true, ND_OVERRIDE, 0, NEIGH_REACHABLE, 2 },
	{ "REACHABLE - - same", true, 0, 2, NEIGH_REACHABLE, 2 },
	{ "REACHABLE - - other", true, 0, 3, NEIGH_STALE, 2 },
	{ "REACHABLE - - none", true, 0, 0, NEIGH_REACHABLE, 2 },
	{ "STALE S O same", false, ND_SOLICITED | ND_OVERRIDE, 2, NEIGH_REACHABLE, 2 },
	{ "STALE S O other", false, ND_SOLICITED | ND_OVERRIDE, 3, NEIGH_REACHABLE, 3 },
	{ "STALE S O none", false, ND_SOLICITED | ND_OVERRIDE, 0, NEIGH_REACHABLE, 2 },
	{ "STALE S - same", false, ND_SOLICITED, 2, NEIGH_REACHABLE, 2 },
	{ "STALE S - other", false, ND_SOLICITED, 3, NEIGH_STALE, 2 },
	{ "STALE S - none", false, ND_SOLICITED, 0, NEIGH_REACHABLE, 2 },
	{ "STALE - O same", false, ND_OVERRIDE, 2, NEIGH_STALE, 2 },
	{ "STALE - O other", false, ND_OVERRIDE, 3, NEIGH_STALE, 3 },
	{ "STALE - O none", false, ND_OVERRIDE, 0, NEIGH_STALE, 2 },
	{ "STALE - - same", false, 0, 2, NEIGH_STALE, 2 },
	{ "STALE - - other", false, 0, 3, NEIGH_STALE, 2 },
	{ "STALE - - none", false, 0, 0, NEIGH_STALE, 2 },
};

static void each_row_of_the_table_of_advertisements_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		struct lab lab;

		print_message("%s\n", r->name);
		if (r->reachable)
			begin_reachable(&lab);
		else
			begin_stale(&lab);
		advert(&lab, r->flags, r->at);
		assert_int_equal(entry(&lab, 2)->state, r->after);
		assert_mac(entry(&lab, 2), r->mac);
		lab_fini(&lab);
	}
}

static void whether_a_neighbour_is_a_router_is_what_it_last_said(void **state)
{
	struct lab lab;

	(void)state;
	begin_reachable(&lab);
	advert(&lab, ND_ROUTER | ND_SOLICITED, 2);
	assert_true(entry(&lab, 2)->router);
	/* Not believed in its address, nor in this. */
	advert(&lab, 0, 3);
	assert_true(entry(&lab, 2)->router);
	advert(&lab, ND_OVERRIDE, 3);
	assert_false(entry(&lab, 2)->router);
	lab_fini(&lab);
}

static void an_advertisement_that_nobody_asked_for_makes_no_entry(void **state)
{
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	advert(&lab, ND_OVERRIDE, 2);
	assert_null(entry(&lab, 2));
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_NOT_OURS), 1);
	lab_fini(&lab);
}

/* ---- Being asked. */

static void who_asks_for_us_is_answered_and_remembered(void **state)
{
	const struct holm_mac mac = lab_mac(2), own = lab_mac(1);
	const struct holm_addr asker = nd_lab_host(2);
	struct holm_addr self;
	struct nd_lab_sent sent;
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	self = nd_lab_self(&lab);
	nd_lab_hear_solicit(&lab, 2, &self);
	assert_true(nd_lab_sent(&lab, ND_NEIGHBOUR_ADVERT, 0, &sent));
	assert_true(holm_addr_equal(&sent.dst, &asker));
	assert_memory_equal(&sent.mac, &mac, sizeof(mac));
	assert_int_equal(sent.nd.flags, ND_SOLICITED | ND_OVERRIDE);
	assert_int_equal(sent.hop_limit, 255);
	assert_memory_equal(&sent.nd.target_mac, &own, sizeof(own));
	assert_int_equal(entry(&lab, 2)->state, NEIGH_STALE);
	assert_int_equal(lab.nsent, 1);
	lab_fini(&lab);
}

static void who_asks_for_somebody_else_is_not_answered(void **state)
{
	struct holm_addr other;
	struct nd_lab_packet packet = { .from = 2 };
	uint8_t p[ND_SENT_MAX];
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	other = nd_lab_host(7);
	packet.message = p;
	packet.len = nd_build_solicit(p, &other, NULL, NULL);
	nd_lab_hear(&lab, &packet);
	assert_int_equal(lab.nsent, 0);
	assert_null(entry(&lab, 2));
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_NOT_OURS), 1);
	lab_fini(&lab);
}

static void who_asks_without_an_address_is_answered_for_all_to_hear(void **state)
{
	const struct holm_addr all = ip6_all_nodes();
	struct nd_lab_packet packet = { .from = 2, .any_src = true };
	struct holm_addr self;
	struct nd_lab_sent sent;
	uint8_t p[ND_SENT_MAX];
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	self = nd_lab_self(&lab);
	packet.message = p;
	packet.len = nd_build_solicit(p, &self, NULL, NULL);
	packet.dst = ip6_solicited_node(&self);
	nd_lab_hear(&lab, &packet);
	assert_true(nd_lab_sent(&lab, ND_NEIGHBOUR_ADVERT, 0, &sent));
	assert_true(holm_addr_equal(&sent.dst, &all));
	assert_int_equal(sent.nd.flags, ND_OVERRIDE);
	lab_fini(&lab);
}

/* ---- What is refused. */

static void what_came_through_a_router_is_refused(void **state)
{
	static const uint8_t types[] = { ND_ROUTER_ADVERT, ND_NEIGHBOUR_SOLICIT,
					 ND_NEIGHBOUR_ADVERT, ND_REDIRECT };
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		uint8_t p[ND_REDIRECT_BYTES] = { types[i], [8] = 0xfe, [9] = 0x80, [23] = 2 };
		const struct nd_lab_packet packet = {
			.from = 2, .message = p, .len = sizeof(p), .hop_limit = 254
		};

		nd_lab_hear(&lab, &packet);
		assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_OFF_LINK), i + 1);
	}
	lab_fini(&lab);
}

static void what_stands_behind_other_headers_is_refused(void **state)
{
	uint8_t p[ND_ROUTER_ADVERT_BYTES] = { ND_ROUTER_ADVERT };
	const struct nd_lab_packet packet = {
		.from = 2, .message = p, .len = sizeof(p), .alert = true
	};
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	nd_lab_hear(&lab, &packet);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_OFF_LINK), 1);
	lab_fini(&lab);
}

static void a_question_from_nobody_must_be_about_an_address_that_is_to_be(void **state)
{
	const struct holm_mac mac = lab_mac(2);
	struct nd_lab_packet packet = { .from = 2, .any_src = true };
	struct holm_addr self;
	uint8_t p[ND_SENT_MAX];
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	self = nd_lab_self(&lab);
	packet.message = p;
	/* To all nodes, not to the group of the address. */
	packet.len = nd_build_solicit(p, &self, NULL, NULL);
	nd_lab_hear(&lab, &packet);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_SOURCE), 1);
	/* With a hardware address. */
	packet.dst = ip6_solicited_node(&self);
	packet.len = nd_build_solicit(p, &self, &mac, NULL);
	nd_lab_hear(&lab, &packet);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_SOURCE), 2);
	assert_int_equal(lab.nsent, 0);
	lab_fini(&lab);
}

static void an_answer_to_all_is_no_answer_to_us(void **state)
{
	const struct holm_mac mac = lab_mac(2);
	struct lab lab;

	(void)state;
	begin_incomplete(&lab);
	nd_lab_hear_advert(&lab, 2, NULL, ND_SOLICITED, &mac);
	assert_int_equal(entry(&lab, 2)->state, NEIGH_INCOMPLETE);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_SOURCE), 1);
	lab_fini(&lab);
}

static void a_hardware_address_that_is_a_group_is_refused(void **state)
{
	const struct holm_mac group = { { 3, 0, 0, 0, 0, 1 } };
	struct holm_addr self;
	struct lab lab;

	(void)state;
	begin_incomplete(&lab);
	self = nd_lab_self(&lab);
	nd_lab_hear_advert(&lab, 2, &self, ND_SOLICITED, &group);
	assert_int_equal(entry(&lab, 2)->state, NEIGH_INCOMPLETE);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_SOURCE), 1);
	lab_fini(&lab);
}

static void redirects_and_hosts_that_look_for_routers_change_nothing(void **state)
{
	uint8_t p[ND_REDIRECT_BYTES] = {
		ND_REDIRECT, [8] = 0xfe, [9] = 0x80, [23] = 2, [24] = 0x20
	};
	struct nd_lab_packet packet = { .from = 2, .message = p, .len = sizeof(p) };
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	nd_lab_hear(&lab, &packet);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_REDIRECT), 1);
	p[0] = ND_ROUTER_SOLICIT;
	packet.len = ND_ROUTER_SOLICIT_BYTES;
	nd_lab_hear(&lab, &packet);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_NOT_OURS), 1);
	assert_int_equal(lab.nsent, 0);
	assert_null(entry(&lab, 2));
	lab_fini(&lab);
}

static void a_storm_of_strangers_stays_within_the_table(void **state)
{
	struct holm_config config;
	struct lab lab;

	(void)state;
	holm_config_default(&config);
	config.neighbours_max = 16;
	nd_lab_begin(&lab, nd_lab_protos, &config);
	lab_run(&lab, 60 * LAB_S);
	lab_clear(&lab);
	for (unsigned host = 2; host < 1000; host++) {
		const struct holm_addr self = nd_lab_self(&lab);

		nd_lab_hear_solicit(&lab, host, &self);
	}
	assert_true(lab.net->neigh->count <= 16);
	lab_fini(&lab);
}

static void an_instance_without_memory_does_not_start(void **state)
{
	const struct lab_options options = { .protos = nd_lab_protos_mld, .no_address = true };
	struct lab lab;
	uint64_t n = 1;

	(void)state;
	while (lab_try_init(&lab, &options, n) != 0)
		n++;
	/* What it has been given is all that it needs to run, or does without. */
	lab_run(&lab, 10 * LAB_S);
	lab.fail_from = 0;
	lab_fini(&lab);
	assert_true(n > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_neighbour_is_asked_for_in_its_group_and_gets_what_waited),
		cmocka_unit_test(silence_is_asked_three_times_and_then_reported),
		cmocka_unit_test(an_unreachable_neighbour_is_probed_where_it_was),
		cmocka_unit_test(incomplete_an_advertisement_without_an_address_is_ignored),
		cmocka_unit_test(
			incomplete_a_solicited_one_makes_it_reachable_whatever_override_says),
		cmocka_unit_test(incomplete_an_unsolicited_one_makes_it_stale_and_the_packet_goes),
		cmocka_unit_test(each_row_of_the_table_of_advertisements_holds),
		cmocka_unit_test(whether_a_neighbour_is_a_router_is_what_it_last_said),
		cmocka_unit_test(an_advertisement_that_nobody_asked_for_makes_no_entry),
		cmocka_unit_test(who_asks_for_us_is_answered_and_remembered),
		cmocka_unit_test(who_asks_for_somebody_else_is_not_answered),
		cmocka_unit_test(who_asks_without_an_address_is_answered_for_all_to_hear),
		cmocka_unit_test(what_came_through_a_router_is_refused),
		cmocka_unit_test(what_stands_behind_other_headers_is_refused),
		cmocka_unit_test(a_question_from_nobody_must_be_about_an_address_that_is_to_be),
		cmocka_unit_test(an_answer_to_all_is_no_answer_to_us),
		cmocka_unit_test(a_hardware_address_that_is_a_group_is_refused),
		cmocka_unit_test(redirects_and_hosts_that_look_for_routers_change_nothing),
		cmocka_unit_test(a_storm_of_strangers_stays_within_the_table),
		cmocka_unit_test(an_instance_without_memory_does_not_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
