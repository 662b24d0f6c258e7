/*
 * Tests of duplicate address detection: net/ip/dad.c.
 */
#include "net/ip/nd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/ip/state.h"
#include "tests/support/nd_lab.h"

/* The address of the hardware address that the lab's instance has. */
#define EUI64 "fe80::ff:fe00:1"

static struct holm_config config_of(uint32_t eui64, uint32_t probes)
{
	struct holm_config config;

	holm_config_default(&config);
	config.nd_eui64 = eui64;
	config.nd_dad_probes = probes;
	return config;
}

/* An instance whose link-local address is EUI64 and is being asked about. */
static void begin_asking(struct lab *lab, uint32_t probes)
{
	const struct holm_config config = config_of(1, probes);

	nd_lab_begin(lab, nd_lab_protos, &config);
}

static enum netif_addr_state state_of(struct lab *lab, const struct holm_addr *addr)
{
	const struct netif_addr *a = ip_addr_find(lab->dev.netif, addr);

	assert_non_null(a);
	return (enum netif_addr_state)a->state;
}

/* Somebody else asks whether anybody has `target`, with this nonce or none. */
static void hear_probe(struct lab *lab, const struct holm_addr *target,
		       const struct nd_nonce *nonce)
{
	uint8_t p[ND_SENT_MAX];
	const struct nd_lab_packet packet = {
		.from = 2,
		.any_src = true,
		.dst = ip6_solicited_node(target),
		.message = p,
		.len = nd_build_solicit(p, target, NULL, nonce),
	};

	nd_lab_hear(lab, &packet);
}

/* Somebody else says that he has `target`. */
static void hear_owner(struct lab *lab, const struct holm_addr *target)
{
	const struct holm_mac mac = lab_mac(2);
	uint8_t p[ND_SENT_MAX];
	const struct nd_lab_packet packet = {
		.from = 2,
		.src = *target,
		.message = p,
		.len = nd_build_advert(p, target, ND_OVERRIDE, &mac),
	};

	nd_lab_hear(lab, &packet);
}

static void set_link(struct lab *lab, bool up)
{
	lab->dev.link_up = up;
	holm_net_link_changed(lab->net, &lab->dev);
	lab_poll(lab);
}

static void an_address_is_asked_about_before_it_is_ours(void **state)
{
	const struct holm_addr self = nd_lab_addr(EUI64), group = ip6_solicited_node(&self);
	const struct holm_addr nobody = holm_addr_any6();
	struct nd_lab_sent sent;
	struct lab lab;

	(void)state;
	begin_asking(&lab, 1);
	assert_int_equal(state_of(&lab, &self), NETIF_ADDR_TENTATIVE);
	assert_false(holm_addr_is_local(lab.net, &self));
	lab_run(&lab, LAB_S);
	assert_true(nd_lab_sent(&lab, ND_NEIGHBOUR_SOLICIT, 0, &sent));
	assert_true(holm_addr_equal(&sent.src, &nobody));
	assert_true(holm_addr_equal(&sent.dst, &group));
	assert_true(holm_addr_equal(&sent.nd.target, &self));
	assert_false(sent.nd.has_source_mac);
	assert_true(sent.nd.has_nonce);
	assert_int_equal(sent.hop_limit, 255);
	assert_int_equal(state_of(&lab, &self), NETIF_ADDR_TENTATIVE);
	lab_run(&lab, LAB_S);
	assert_int_equal(state_of(&lab, &self), NETIF_ADDR_PREFERRED);
	assert_true(holm_addr_is_local(lab.net, &self));
	assert_int_equal(nd_lab_count(&lab, ND_NEIGHBOUR_SOLICIT), 1);
	lab_fini(&lab);
}

static void routers_are_told_of_an_address_that_has_become_ours(void **state)
{
	const struct holm_addr self = nd_lab_addr(EUI64), routers = ip6_all_routers();
	struct nd_lab_sent sent;
	struct lab lab;

	(void)state;
	begin_asking(&lab, 1);
	lab_run(&lab, 2 * LAB_S);
	assert_true(nd_lab_sent(&lab, ND_NEIGHBOUR_ADVERT, 0, &sent));
	assert_true(holm_addr_equal(&sent.dst, &routers));
	assert_true(holm_addr_equal(&sent.nd.target, &self));
	/* RFC 9131 section 6.1: it must not change what a router knows already. */
	assert_int_equal(sent.nd.flags, 0);
	lab_fini(&lab);
}

static void as_many_questions_are_asked_as_configured_a_second_apart(void **state)
{
	const struct holm_addr self = nd_lab_addr(EUI64);
	struct nd_lab_sent first, third;
	struct lab lab;

	(void)state;
	begin_asking(&lab, 3);
	lab_run(&lab, 5 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, ND_NEIGHBOUR_SOLICIT), 3);
	assert_true(nd_lab_sent(&lab, ND_NEIGHBOUR_SOLICIT, 0, &first));
	assert_true(nd_lab_sent(&lab, ND_NEIGHBOUR_SOLICIT, 2, &third));
	assert_in_range(third.at_ns - first.at_ns, 2 * LAB_S, 2 * LAB_S + 20 * LAB_MS);
	assert_memory_not_equal(&first.nd.nonce, &third.nd.nonce, sizeof(first.nd.nonce));
	assert_int_equal(state_of(&lab, &self), NETIF_ADDR_PREFERRED);
	lab_fini(&lab);
}

static void without_questions_an_address_is_ours_at_once(void **state)
{
	const struct holm_addr self = nd_lab_addr(EUI64);
	struct lab lab;

	(void)state;
	begin_asking(&lab, 0);
	assert_int_equal(state_of(&lab, &self), NETIF_ADDR_PREFERRED);
	lab_run(&lab, LAB_S);
	assert_int_equal(nd_lab_count(&lab, ND_NEIGHBOUR_SOLICIT), 0);
	lab_fini(&lab);
}

static void an_address_that_is_not_ours_yet_is_neither_used_nor_answered_for(void **state)
{
	const struct holm_addr self = nd_lab_addr(EUI64), peer = nd_lab_host(2);
	struct lab lab;

	(void)state;
	begin_asking(&lab, 1);
	nd_lab_hear_solicit(&lab, 2, &self);
	assert_int_equal(nd_lab_count(&lab, ND_NEIGHBOUR_ADVERT), 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_NOT_OURS), 1);
	assert_int_not_equal(nd_lab_send(&lab, &peer), 0);
	assert_int_equal(state_of(&lab, &self), NETIF_ADDR_TENTATIVE);
	lab_fini(&lab);
}

static void an_address_that_somebody_has_is_given_up(void **state)
{
	const struct holm_addr self = nd_lab_addr(EUI64);
	struct lab lab;

	(void)state;
	begin_asking(&lab, 1);
	hear_owner(&lab, &self);
	assert_int_equal(state_of(&lab, &self), NETIF_ADDR_DUPLICATE);
	assert_int_equal(holm_net_counter(lab.net, HOLM_COUNT_ND_DUPLICATES), 1);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_DUPLICATE), 1);
	lab_run(&lab, 60 * LAB_S);
	assert_int_equal(state_of(&lab, &self), NETIF_ADDR_DUPLICATE);
	assert_false(holm_addr_is_local(lab.net, &self));
	assert_int_equal(nd_lab_count(&lab, ND_NEIGHBOUR_SOLICIT), 0);
	/* Nor is it spoken for. */
	nd_lab_hear_solicit(&lab, 3, &self);
	assert_int_equal(nd_lab_count(&lab, ND_NEIGHBOUR_ADVERT), 0);
	lab_fini(&lab);
}

static void an_address_that_somebody_asks_for_as_well_is_given_up(void **state)
{
	const struct nd_nonce theirs = { { 1, 2, 3, 4, 5, 6 } };
	const struct holm_addr self = nd_lab_addr(EUI64);
	struct lab lab;

	(void)state;
	for (int with = 0; with < 2; with++) {
		begin_asking(&lab, 1);
		lab_run(&lab, LAB_S);
		assert_int_equal(nd_lab_count(&lab, ND_NEIGHBOUR_SOLICIT), 1);
		hear_probe(&lab, &self, with ? &theirs : NULL);
		assert_int_equal(state_of(&lab, &self), NETIF_ADDR_DUPLICATE);
		lab_fini(&lab);
	}
}

static void our_own_question_that_comes_back_is_no_answer(void **state)
{
	const struct holm_addr self = nd_lab_addr(EUI64);
	struct nd_lab_sent sent;
	struct lab lab;

	(void)state;
	begin_asking(&lab, 1);
	lab_run(&lab, LAB_S);
	assert_true(nd_lab_sent(&lab, ND_NEIGHBOUR_SOLICIT, 0, &sent));
	hear_probe(&lab, &self, &sent.nd.nonce);
	assert_int_equal(state_of(&lab, &self), NETIF_ADDR_TENTATIVE);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_LOOPED), 1);
	/* It is asked again, so that somebody else behind the loop is heard (RFC 7527 section 4.2). */
	lab_run(&lab, 5 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, ND_NEIGHBOUR_SOLICIT), 4);
	assert_int_equal(state_of(&lab, &self), NETIF_ADDR_PREFERRED);
	lab_fini(&lab);
}

static void a_link_that_echoes_for_ever_does_not_keep_us_asking_for_ever(void **state)
{
	const struct holm_addr self = nd_lab_addr(EUI64);
	struct nd_lab_sent sent;
	size_t heard = 0;
	struct lab lab;

	(void)state;
	begin_asking(&lab, 1);
	for (int i = 0; i < 60; i++) {
		lab_run(&lab, LAB_S);
		while (nd_lab_sent(&lab, ND_NEIGHBOUR_SOLICIT, heard, &sent)) {
			heard++;
			hear_probe(&lab, &self, &sent.nd.nonce);
		}
	}
	assert_int_equal(state_of(&lab, &self), NETIF_ADDR_PREFERRED);
	assert_in_range(heard, 12, 20);
	lab_fini(&lab);
}

static void another_identifier_is_tried_a_few_times(void **state)
{
	struct holm_addr tried[5];
	struct lab lab;

	(void)state;
	nd_lab_begin(&lab, nd_lab_protos, NULL);
	for (unsigned i = 0; i < 4; i++) {
		tried[i] = nd_lab_self(&lab);
		for (unsigned j = 0; j < i; j++)
			assert_false(holm_addr_equal(&tried[i], &tried[j]));
		assert_int_equal(state_of(&lab, &tried[i]), NETIF_ADDR_TENTATIVE);
		hear_owner(&lab, &tried[i]);
	}
	/* RFC 7217 section 6: three more (IDGEN_RETRIES), then somebody must look at it. */
	assert_int_equal(state_of(&lab, &tried[3]), NETIF_ADDR_DUPLICATE);
	assert_int_equal(lab.dev.netif->naddrs, 1);
	assert_int_equal(holm_net_counter(lab.net, HOLM_COUNT_ND_DUPLICATES), 4);
	lab_fini(&lab);
}

static void an_address_that_a_program_gave_is_asked_about_and_not_replaced(void **state)
{
	const struct holm_addr given = nd_lab_addr("2001:db8::5");
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &given, 64), 0);
	assert_int_equal(state_of(&lab, &given), NETIF_ADDR_TENTATIVE);
	hear_owner(&lab, &given);
	assert_int_equal(state_of(&lab, &given), NETIF_ADDR_DUPLICATE);
	assert_int_equal(lab.dev.netif->naddrs, 2);
	/* It can be taken away, and be tried again. */
	assert_int_equal(holm_addr_del(lab.net, &lab.dev, &given), 0);
	assert_int_equal(holm_addr_add(lab.net, &lab.dev, &given, 64), 0);
	lab_run(&lab, 3 * LAB_S);
	assert_int_equal(state_of(&lab, &given), NETIF_ADDR_PREFERRED);
	lab_fini(&lab);
}

static void an_address_of_ours_is_defended_and_not_too_often(void **state)
{
	const struct holm_addr everybody = ip6_all_nodes();
	struct holm_addr self;
	struct nd_lab_sent sent;
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	self = nd_lab_self(&lab);
	for (int i = 0; i < 100; i++)
		hear_owner(&lab, &self);
	assert_int_equal(nd_lab_count(&lab, ND_NEIGHBOUR_ADVERT), 1);
	assert_true(nd_lab_sent(&lab, ND_NEIGHBOUR_ADVERT, 0, &sent));
	assert_true(holm_addr_equal(&sent.dst, &everybody));
	assert_int_equal(sent.nd.flags, ND_OVERRIDE);
	assert_int_equal(state_of(&lab, &self), NETIF_ADDR_PREFERRED);
	assert_null(neigh_find(lab.net, lab.dev.netif, &self));
	lab_run(&lab, 10 * LAB_S);
	hear_owner(&lab, &self);
	assert_int_equal(nd_lab_count(&lab, ND_NEIGHBOUR_ADVERT), 2);
	lab_fini(&lab);
}

static void while_the_link_is_down_nothing_is_asked(void **state)
{
	const struct holm_addr self = nd_lab_addr(EUI64);
	struct lab lab;

	(void)state;
	begin_asking(&lab, 1);
	set_link(&lab, false);
	lab_run(&lab, 10 * LAB_S);
	assert_int_equal(lab.nsent, 0);
	assert_int_equal(state_of(&lab, &self), NETIF_ADDR_TENTATIVE);
	set_link(&lab, true);
	lab_run(&lab, 2 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, ND_NEIGHBOUR_SOLICIT), 1);
	assert_int_equal(state_of(&lab, &self), NETIF_ADDR_PREFERRED);
	lab_fini(&lab);
}

static void a_link_that_comes_up_again_hears_who_is_here(void **state)
{
	const struct holm_addr everybody = ip6_all_nodes();
	struct holm_addr self;
	struct nd_lab_sent sent;
	struct lab lab;

	(void)state;
	nd_lab_init(&lab);
	self = nd_lab_self(&lab);
	set_link(&lab, false);
	set_link(&lab, true);
	assert_true(nd_lab_sent(&lab, ND_NEIGHBOUR_ADVERT, 0, &sent));
	assert_true(holm_addr_equal(&sent.dst, &everybody));
	assert_true(holm_addr_equal(&sent.nd.target, &self));
	lab_run(&lab, LAB_S);
	assert_int_equal(nd_lab_count(&lab, ND_ROUTER_SOLICIT), 1);
	lab_fini(&lab);
}

static void an_address_that_somebody_had_is_tried_again_when_the_link_comes_up(void **state)
{
	const struct holm_addr self = nd_lab_addr(EUI64);
	struct lab lab;

	(void)state;
	begin_asking(&lab, 1);
	hear_owner(&lab, &self);
	set_link(&lab, false);
	assert_int_equal(state_of(&lab, &self), NETIF_ADDR_DUPLICATE);
	set_link(&lab, true);
	assert_int_equal(state_of(&lab, &self), NETIF_ADDR_TENTATIVE);
	lab_run(&lab, 2 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, ND_NEIGHBOUR_SOLICIT), 1);
	assert_int_equal(state_of(&lab, &self), NETIF_ADDR_PREFERRED);
	lab_fini(&lab);
}

static void an_address_that_goes_is_not_asked_about_any_more(void **state)
{
	const struct holm_addr self = nd_lab_addr(EUI64);
	struct lab lab;

	(void)state;
	begin_asking(&lab, 1);
	assert_int_equal(holm_addr_del(lab.net, &lab.dev, &self), 0);
	lab_run(&lab, 10 * LAB_S);
	assert_int_equal(nd_lab_count(&lab, ND_NEIGHBOUR_SOLICIT), 0);
	hear_owner(&lab, &self);
	assert_int_equal(holm_net_counter(lab.net, HOLM_COUNT_ND_DUPLICATES), 0);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_ND_NOT_OURS), 1);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_asked_about_before_it_is_ours),
		cmocka_unit_test(routers_are_told_of_an_address_that_has_become_ours),
		cmocka_unit_test(as_many_questions_are_asked_as_configured_a_second_apart),
		cmocka_unit_test(without_questions_an_address_is_ours_at_once),
		cmocka_unit_test(an_address_that_is_not_ours_yet_is_neither_used_nor_answered_for),
		cmocka_unit_test(an_address_that_somebody_has_is_given_up),
		cmocka_unit_test(an_address_that_somebody_asks_for_as_well_is_given_up),
		cmocka_unit_test(our_own_question_that_comes_back_is_no_answer),
		cmocka_unit_test(a_link_that_echoes_for_ever_does_not_keep_us_asking_for_ever),
		cmocka_unit_test(another_identifier_is_tried_a_few_times),
		cmocka_unit_test(an_address_that_a_program_gave_is_asked_about_and_not_replaced),
		cmocka_unit_test(an_address_of_ours_is_defended_and_not_too_often),
		cmocka_unit_test(while_the_link_is_down_nothing_is_asked),
		cmocka_unit_test(a_link_that_comes_up_again_hears_who_is_here),
		cmocka_unit_test(
			an_address_that_somebody_had_is_tried_again_when_the_link_comes_up),
		cmocka_unit_test(an_address_that_goes_is_not_asked_about_any_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
