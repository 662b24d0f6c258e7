/*
 * Tests of what routers hear of the groups of IPv6: net/ip/mld.c. The members are the instance itself,
 * whose addresses each have a solicited-node group, and the test.
 */
#include "net/wire/mld.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/ip/state.h"
#include "tests/support/nd_lab.h"

#define GROUP "ff05::1:3"

static struct holm_addr group(void)
{
	return nd_lab_addr(GROUP);
}

/* An instance whose link-local address is its own, and which has said everything. */
static void begin(struct lab *lab)
{
	nd_lab_begin(lab, nd_lab_protos_mld, NULL);
	lab_run(lab, 60 * LAB_S);
	lab_clear(lab);
}

static void join(struct lab *lab, const char *text)
{
	const struct holm_addr g = nd_lab_addr(text);

	assert_int_equal(ip_group_join(lab->net, lab->dev.netif, &g), 0);
	lab->net->work = true;
	lab_poll(lab);
}

static void leave(struct lab *lab, const char *text)
{
	const struct holm_addr g = nd_lab_addr(text);

	ip_group_leave(lab->net, lab->dev.netif, &g);
	lab->net->work = true;
	lab_poll(lab);
}

/* What the i-th report of version 2 about this group says; 0: there is none. */
static uint8_t said(const struct lab *lab, const struct holm_addr *g, size_t i)
{
	const struct holm_addr routers = nd_lab_addr("ff02::16");
	struct nd_lab_sent sent;

	for (size_t at = 0; nd_lab_sent(lab, MLD2_REPORT, at, &sent); at++) {
		assert_true(holm_addr_equal(&sent.dst, &routers));
		assert_int_equal(sent.hop_limit, 1);
		assert_true(sent.alert);
		assert_int_equal(sent.len, MLD2_REPORT_BYTES);
		if (memcmp(sent.p + 12, g->b, sizeof(g->b)) == 0 && i-- == 0)
			return sent.p[8];
	}
	return 0;
}

/* A query by host 9, which is a router, to be answered within this time. */
static void ask(struct lab *lab, unsigned version, const struct holm_addr *about, uint16_t ms)
{
	uint8_t m[MLD2_QUERY_BYTES] = { MLD_QUERY };
	struct nd_lab_packet packet = {
		.from = 9,
		.message = m,
		.len = version == 2 ? MLD2_QUERY_BYTES : MLD_BYTES,
		.hop_limit = 1,
		.alert = true,
	};

	store_be16(m + 4, ms);
	if (about) {
		memcpy(m + 8, about->b, sizeof(about->b));
		packet.dst = *about;
	}
	nd_lab_hear(lab, &packet);
}

static void an_addresss_group_is_reported_before_the_address_is_ours(void **state)
{
	const struct holm_addr nobody = holm_addr_any6();
	struct nd_lab_sent report, probe;
	struct holm_addr g;
	struct lab lab;

	(void)state;
	nd_lab_begin(&lab, nd_lab_protos_mld, NULL);
	lab_run(&lab, 10 * LAB_S);
	g = nd_lab_self(&lab);
	g = ip6_solicited_node(&g);
	assert_int_equal(said(&lab, &g, 0), MLD_TO_EXCLUDE);
	assert_int_equal(said(&lab, &g, 1), MLD_TO_EXCLUDE);
	assert_int_equal(said(&lab, &g, 2), 0);
	assert_true(nd_lab_sent(&lab, MLD2_REPORT, 0, &report));
	assert_true(nd_lab_sent(&lab, ND_NEIGHBOUR_SOLICIT, 0, &probe));
	/* RFC 3590: bridges that listen must know the group when the answer comes. */
	assert_true(holm_addr_equal(&report.src, &nobody));
	assert_true(report.at_ns <= probe.at_ns);
	lab_fini(&lab);
}

static void joining_and_leaving_are_said_twice(void **state)
{
	const struct holm_addr g = group();
	struct holm_addr self;
	uint64_t counted;
	struct nd_lab_sent sent;
	struct lab lab;

	(void)state;
	begin(&lab);
	self = nd_lab_self(&lab);
	counted = holm_net_counter(lab.net, HOLM_COUNT_MLD_REPORTS_SENT);
	join(&lab, GROUP);
	assert_int_equal(said(&lab, &g, 0), MLD_TO_EXCLUDE);
	assert_true(nd_lab_sent(&lab, MLD2_REPORT, 0, &sent));
	assert_true(holm_addr_equal(&sent.src, &self));
	lab_run(&lab, 3 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, MLD2_REPORT), 2);
	lab_clear(&lab);
	leave(&lab, GROUP);
	assert_false(ip_group_has(lab.net, lab.dev.netif, &g));
	lab_run(&lab, 3 * LAB_S);
	assert_int_equal(said(&lab, &g, 0), MLD_TO_INCLUDE);
	assert_int_equal(said(&lab, &g, 1), MLD_TO_INCLUDE);
	assert_int_equal(holm_net_counter(lab.net, HOLM_COUNT_MLD_REPORTS_SENT), counted + 4);
	assert_int_equal(nd_lab_count(&lab, MLD2_REPORT), 2);
	assert_null(ip_group_find(lab.net, lab.dev.netif, &g));
	lab_fini(&lab);
}

static void groups_that_no_router_needs_are_not_reported(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab);
	join(&lab, "ff02::1");
	join(&lab, "ff01::5");
	lab_run(&lab, 3 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, MLD2_REPORT), 0);
	leave(&lab, "ff02::1");
	leave(&lab, "ff01::5");
	lab_run(&lab, 3 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, MLD2_REPORT), 0);
	lab_fini(&lab);
}

static void a_question_about_all_is_answered_for_each_within_its_time(void **state)
{
	const struct holm_addr g = group();
	struct holm_addr own;
	struct lab lab;

	(void)state;
	begin(&lab);
	own = nd_lab_self(&lab);
	own = ip6_solicited_node(&own);
	join(&lab, GROUP);
	lab_run(&lab, 3 * LAB_S);
	lab_clear(&lab);
	ask(&lab, 2, NULL, 2000);
	lab_run(&lab, 2100 * LAB_MS);
	assert_int_equal(said(&lab, &g, 0), MLD_IS_EXCLUDE);
	assert_int_equal(said(&lab, &own, 0), MLD_IS_EXCLUDE);
	assert_int_equal(nd_lab_count(&lab, MLD2_REPORT), 2);
	leave(&lab, GROUP);
	lab_fini(&lab);
}

static void a_question_about_one_group_is_answered_for_that(void **state)
{
	const struct holm_addr g = group();
	struct lab lab;

	(void)state;
	begin(&lab);
	join(&lab, GROUP);
	lab_run(&lab, 3 * LAB_S);
	lab_clear(&lab);
	ask(&lab, 2, &g, 1000);
	lab_run(&lab, 1100 * LAB_MS);
	assert_int_equal(said(&lab, &g, 0), MLD_IS_EXCLUDE);
	assert_int_equal(nd_lab_count(&lab, MLD2_REPORT), 1);
	leave(&lab, GROUP);
	lab_fini(&lab);
}

static void questions_in_a_storm_get_one_answer(void **state)
{
	const struct holm_addr g = group();
	struct lab lab;

	(void)state;
	begin(&lab);
	join(&lab, GROUP);
	lab_run(&lab, 3 * LAB_S);
	lab_clear(&lab);
	for (int i = 0; i < 1000; i++)
		ask(&lab, 2, &g, 1000);
	lab_run(&lab, 1100 * LAB_MS);
	assert_int_equal(nd_lab_count(&lab, MLD2_REPORT), 1);
	leave(&lab, GROUP);
	lab_fini(&lab);
}

/* ---- Routers of version 1. */

static void a_router_of_version_1_is_spoken_to_in_its_words(void **state)
{
	const struct holm_addr g = group(), routers = ip6_all_routers();
	struct nd_lab_sent sent;
	struct lab lab;

	(void)state;
	begin(&lab);
	ask(&lab, 1, NULL, 1000);
	lab_run(&lab, 1100 * LAB_MS);
	assert_int_equal(nd_lab_count(&lab, MLD1_REPORT), 1); /* of its own group */
	lab_clear(&lab);
	join(&lab, GROUP);
	assert_true(nd_lab_sent(&lab, MLD1_REPORT, 0, &sent));
	assert_true(holm_addr_equal(&sent.dst, &g));
	assert_int_equal(sent.hop_limit, 1);
	assert_true(sent.alert);
	assert_int_equal(sent.len, MLD_BYTES);
	assert_memory_equal(sent.p + 8, g.b, sizeof(g.b));
	lab_run(&lab, 20 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, MLD1_REPORT), 2);
	leave(&lab, GROUP);
	assert_true(nd_lab_sent(&lab, MLD1_DONE, 0, &sent));
	assert_true(holm_addr_equal(&sent.dst, &routers));
	lab_run(&lab, 20 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, MLD1_DONE), 1);
	assert_int_equal(nd_lab_count(&lab, MLD2_REPORT), 0);
	lab_fini(&lab);
}

static void a_router_of_version_1_is_forgotten_in_time(void **state)
{
	const struct holm_addr g = group();
	struct lab lab;

	(void)state;
	begin(&lab);
	ask(&lab, 1, NULL, 1000);
	lab_run(&lab, 261 * LAB_S);
	lab_clear(&lab);
	join(&lab, GROUP);
	assert_int_equal(said(&lab, &g, 0), MLD_TO_EXCLUDE);
	leave(&lab, GROUP);
	lab_fini(&lab);
}

static void somebody_elses_report_is_enough_for_a_router_of_version_1(void **state)
{
	const struct holm_addr g = group();
	uint8_t m[MLD_BYTES];
	struct nd_lab_packet packet = { .from = 3, .dst = g, .hop_limit = 1, .alert = true };
	struct lab lab;

	(void)state;
	begin(&lab);
	join(&lab, GROUP);
	lab_run(&lab, 3 * LAB_S);
	ask(&lab, 1, &g, 10000);
	lab_clear(&lab);
	mld_build(m, MLD1_REPORT, &g);
	packet.message = m;
	packet.len = sizeof(m);
	nd_lab_hear(&lab, &packet);
	lab_run(&lab, 11 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, MLD1_REPORT), 0);
	/* Who did not report last does not say that he leaves (RFC 2710 section 4). */
	leave(&lab, GROUP);
	lab_run(&lab, 11 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, MLD1_DONE), 0);
	lab_fini(&lab);
}

/* ---- What is refused. */

static void a_question_that_is_not_from_this_link_is_refused(void **state)
{
	uint8_t m[MLD2_QUERY_BYTES] = { MLD_QUERY };
	const struct nd_lab_packet good = {
		.from = 9, .message = m, .len = sizeof(m), .hop_limit = 1, .alert = true
	};
	struct nd_lab_packet bad[3] = { good, good, good };
	struct lab lab;

	(void)state;
	begin(&lab);
	bad[0].hop_limit = 2;
	bad[1].alert = false;
	bad[2].src = nd_lab_addr("2001:db8::9");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		nd_lab_hear(&lab, &bad[i]);
		assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_MLD_MALFORMED), i + 1);
	}
	lab_run(&lab, 10 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, MLD2_REPORT), 0);
	nd_lab_hear(&lab, &good);
	lab_run(&lab, 10 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, MLD2_REPORT), 1);
	lab_fini(&lab);
}

static void nothing_is_reported_over_a_link_that_is_down(void **state)
{
	struct lab lab;

	(void)state;
	begin(&lab);
	lab.dev.link_up = false;
	holm_net_link_changed(lab.net, &lab.dev);
	join(&lab, GROUP);
	lab_run(&lab, 10 * LAB_S);
	assert_int_equal(lab.nsent, 0);
	leave(&lab, GROUP);
	lab_fini(&lab);
}

static void a_link_that_comes_up_is_told_of_every_group(void **state)
{
	const struct holm_addr g = group();
	struct holm_addr own;
	struct lab lab;

	(void)state;
	begin(&lab);
	own = nd_lab_self(&lab);
	own = ip6_solicited_node(&own);
	lab.dev.link_up = false;
	holm_net_link_changed(lab.net, &lab.dev);
	join(&lab, GROUP);
	join(&lab, "ff01::5");
	lab_run(&lab, 10 * LAB_S);
	lab.dev.link_up = true;
	holm_net_link_changed(lab.net, &lab.dev);
	lab_run(&lab, 10 * LAB_S);
	assert_int_equal(said(&lab, &g, 1), MLD_TO_EXCLUDE);
	assert_int_equal(said(&lab, &own, 1), MLD_TO_EXCLUDE);
	assert_int_equal(nd_lab_count(&lab, MLD2_REPORT), 4);
	leave(&lab, GROUP);
	leave(&lab, "ff01::5");
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_addresss_group_is_reported_before_the_address_is_ours),
		cmocka_unit_test(joining_and_leaving_are_said_twice),
		cmocka_unit_test(groups_that_no_router_needs_are_not_reported),
		cmocka_unit_test(a_question_about_all_is_answered_for_each_within_its_time),
		cmocka_unit_test(a_question_about_one_group_is_answered_for_that),
		cmocka_unit_test(questions_in_a_storm_get_one_answer),
		cmocka_unit_test(a_router_of_version_1_is_spoken_to_in_its_words),
		cmocka_unit_test(a_router_of_version_1_is_forgotten_in_time),
		cmocka_unit_test(somebody_elses_report_is_enough_for_a_router_of_version_1),
		cmocka_unit_test(a_question_that_is_not_from_this_link_is_refused),
		cmocka_unit_test(nothing_is_reported_over_a_link_that_is_down),
		cmocka_unit_test(a_link_that_comes_up_is_told_of_every_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
