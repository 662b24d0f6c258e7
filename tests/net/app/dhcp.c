/*
 * Tests of the DHCP exchange: net/app/dhcp.c, against a server that the test plays.
 */
#include "net/app/dhcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/dhcp_stage.h"
#include "tests/support/expect.h"

#define SERVER DHCP_STAGE_SERVER
#define OFFERED DHCP_STAGE_OFFERED

static void from_nothing_to_a_lease_in_four_messages(void **state)
{
	struct dhcp_stage s;
	struct holm_dhcp_lease lease;
	struct holm_addr router = lab_addr(1);

	(void)state;
	dhcp_start(&s);
	assert_int_equal(s.messages, 1);
	assert_int_equal(s.heard.type, DHCP4_DISCOVER);
	assert_int_equal(s.heard.flags, 0);
	assert_int_equal(s.heard_dst, 0xffffffff);
	assert_int_equal(s.heard_src, 0);
	assert_false(holm_dhcp_lease(s.client, &lease));
	dhcp_say_full(&s, DHCP4_OFFER, 3600);
	assert_int_equal(s.messages, 2);
	assert_int_equal(s.heard.type, DHCP4_REQUEST);
	assert_int_equal(s.heard.requested, OFFERED);
	assert_int_equal(s.heard.server_id, SERVER);
	assert_int_equal(s.heard.ciaddr, 0);
	assert_int_equal(s.heard_dst, 0xffffffff);
	dhcp_say_full(&s, DHCP4_ACK, 3600);
	assert_true(holm_dhcp_lease(s.client, &lease));
	assert_true(dhcp_has_address(&s, OFFERED));
	assert_int_equal(lease.prefix_len, 24);
	assert_true(holm_addr_equal(&lease.router, &router));
	assert_int_equal(lease.ndns, 1);
	assert_int_equal(lease.expire_ns - lease.obtained_ns, 3600 * LAB_S);
	assert_int_equal(lease.renew_ns - lease.obtained_ns, 1800 * LAB_S);
	assert_int_equal(lease.rebind_ns - lease.obtained_ns, 3150 * LAB_S);
	/* loopback, the network, the default route */
	assert_int_equal(dhcp_count_routes(&s), 3);
	dhcp_finish(&s);
}

static void answers_by_unicast_are_heard_before_there_is_an_address(void **state)
{
	struct dhcp_stage s;
	struct dhcp_reply r;

	(void)state;
	dhcp_start(&s);
	r = dhcp_full_reply(&s, DHCP4_OFFER, 3600);
	r.unicast = true;
	dhcp_say(&s, &r);
	r = dhcp_full_reply(&s, DHCP4_ACK, 3600);
	r.unicast = true;
	dhcp_say(&s, &r);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_BOUND);
	dhcp_finish(&s);
}

static void a_silent_link_is_asked_ever_more_slowly(void **state)
{
	static const unsigned about_s[] = { 4, 8, 16, 32, 64, 64, 64 };
	struct dhcp_stage s;
	uint32_t xid;

	(void)state;
	dhcp_start(&s);
	xid = s.heard.xid;
	for (size_t i = 0; i < sizeof(about_s) / sizeof(about_s[0]); i++) {
		uint64_t before = s.lab.now;

		assert_in_range(s.next - before, (about_s[i] - 1) * LAB_S,
				(about_s[i] + 1) * LAB_S);
		dhcp_wait(&s, s.next - before);
		assert_int_equal(s.messages, i + 2);
		assert_int_equal(s.heard.type, DHCP4_DISCOVER);
		assert_int_equal(s.heard.xid, xid);
		assert_in_range(s.heard.secs, 1, 300);
	}
	dhcp_finish(&s);
}

/* RFC 2131 section 3.1 (3): relays hand on by it, and are to hand both to the same servers. */
static void a_request_says_as_many_seconds_as_what_was_offered_for(void **state)
{
	struct dhcp_stage s;
	uint16_t secs;

	(void)state;
	dhcp_start(&s);
	while (s.messages < 2)
		dhcp_wait(&s, LAB_S);
	secs = s.heard.secs;
	dhcp_wait(&s, 3 * LAB_S);
	assert_int_equal(s.messages, 2);
	dhcp_say_full(&s, DHCP4_OFFER, 3600);
	assert_int_equal(s.heard.type, DHCP4_REQUEST);
	assert_int_equal(s.heard.secs, secs);
	while (s.messages < 4)
		dhcp_wait(&s, LAB_S);
	assert_int_equal(s.heard.type, DHCP4_REQUEST);
	assert_int_equal(s.heard.secs, secs);
	dhcp_finish(&s);
}

static void an_offer_nobody_confirms_is_given_up_and_sought_anew(void **state)
{
	struct dhcp_stage s;
	uint32_t xid;

	(void)state;
	dhcp_start(&s);
	xid = s.heard.xid;
	dhcp_say_full(&s, DHCP4_OFFER, 3600);
	dhcp_wait(&s, 70 * LAB_S);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_SELECTING);
	assert_int_equal(s.heard.type, DHCP4_DISCOVER);
	assert_int_not_equal(s.heard.xid, xid);
	dhcp_finish(&s);
}

static void a_refusal_starts_over_slower_each_time(void **state)
{
	struct dhcp_stage s;
	uint64_t waited[6];
	struct dhcp_reply r;

	(void)state;
	dhcp_start(&s);
	for (size_t i = 0; i < 6; i++) {
		uint64_t before;

		while (holm_dhcp_state(s.client) != HOLM_DHCP_SELECTING)
			dhcp_wait(&s, LAB_S);
		dhcp_say_full(&s, DHCP4_OFFER, 3600);
		assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_REQUESTING);
		before = s.lab.now;
		r = dhcp_reply_of(&s, DHCP4_NAK);
		r.yiaddr = 0;
		dhcp_say(&s, &r);
		while (holm_dhcp_state(s.client) != HOLM_DHCP_SELECTING)
			dhcp_wait(&s, LAB_S);
		waited[i] = s.lab.now - before;
	}
	assert_int_equal(waited[0], 0);
	assert_true(waited[2] > waited[1] && waited[3] > waited[2]);
	assert_true(waited[5] >= 60 * LAB_S);
	dhcp_finish(&s);
}

static void renewal_asks_the_server_alone_and_keeps_the_address(void **state)
{
	struct dhcp_stage s;
	struct holm_dhcp_lease before, after;
	struct dhcp_reply r;

	(void)state;
	dhcp_become_bound(&s, 3600);
	holm_dhcp_lease(s.client, &before);
	dhcp_wait(&s, 1801 * LAB_S);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_RENEWING);
	assert_int_equal(s.heard.type, DHCP4_REQUEST);
	assert_int_equal(s.heard.ciaddr, OFFERED);
	assert_int_equal(s.heard.requested, 0);
	assert_int_equal(s.heard.server_id, 0);
	assert_int_equal(s.heard_dst, SERVER);
	assert_int_equal(s.heard_src, OFFERED);
	/* A bare acknowledgement: no mask, no router, no DNS. What was given stays. */
	r = dhcp_reply_of(&s, DHCP4_ACK);
	dhcp_option32(&r, DHCP4_OPT_LEASE, 3600);
	dhcp_say(&s, &r);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_BOUND);
	assert_true(holm_dhcp_lease(s.client, &after));
	assert_int_equal(after.prefix_len, 24);
	assert_true(holm_addr_equal(&after.router, &before.router));
	assert_int_equal(after.ndns, 1);
	assert_true(after.expire_ns > before.expire_ns);
	assert_int_equal(dhcp_count_routes(&s), 3);
	assert_int_equal(holm_net_counter(s.lab.net, HOLM_COUNT_ARP_REQUESTS_SENT), 2);
	dhcp_finish(&s);
}

static void without_its_server_anybody_may_prolong_the_lease(void **state)
{
	struct dhcp_stage s;
	struct dhcp_reply r;

	(void)state;
	dhcp_become_bound(&s, 3600);
	dhcp_wait(&s, 3151 * LAB_S);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_REBINDING);
	assert_int_equal(s.heard_dst, 0xffffffff);
	assert_int_equal(s.heard.ciaddr, OFFERED);
	r = (struct dhcp_reply){ .yiaddr = OFFERED, .xid = s.heard.xid };
	dhcp_option(&r, DHCP4_OPT_TYPE, &(uint8_t){ DHCP4_ACK }, 1);
	dhcp_option32(&r, DHCP4_OPT_SERVER_ID, LAB_IP(9));
	dhcp_option32(&r, DHCP4_OPT_LEASE, 7200);
	dhcp_say(&s, &r);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_BOUND);
	assert_true(dhcp_has_address(&s, OFFERED));
	dhcp_finish(&s);
}

static void renewals_are_at_least_a_minute_apart(void **state)
{
	struct dhcp_stage s;
	size_t before;

	(void)state;
	dhcp_become_bound(&s, 1200);
	before = s.messages;
	dhcp_wait(&s, 1190 * LAB_S);
	assert_in_range(s.messages - before, 2, 11);
	dhcp_finish(&s);
}

static void a_refusal_while_renewing_takes_the_address_at_once(void **state)
{
	struct dhcp_stage s;
	struct dhcp_reply r;

	(void)state;
	dhcp_become_bound(&s, 3600);
	dhcp_wait(&s, 1801 * LAB_S);
	r = dhcp_reply_of(&s, DHCP4_NAK);
	r.yiaddr = 0;
	dhcp_say(&s, &r);
	assert_false(dhcp_has_address(&s, OFFERED));
	assert_int_equal(s.heard.type, DHCP4_DISCOVER);
	dhcp_finish(&s);
}

static void a_refusal_nobody_asked_for_changes_nothing(void **state)
{
	struct dhcp_stage s;
	struct dhcp_reply r;

	(void)state;
	dhcp_become_bound(&s, 3600);
	r = dhcp_reply_of(&s, DHCP4_NAK);
	r.yiaddr = 0;
	dhcp_say(&s, &r);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_BOUND);
	assert_true(dhcp_has_address(&s, OFFERED));
	dhcp_finish(&s);
}

static void words_that_are_not_for_this_exchange_are_ignored(void **state)
{
	struct dhcp_stage s;
	struct dhcp_reply r;
	uint32_t xid;

	(void)state;
	dhcp_start(&s);
	xid = s.heard.xid;
	r = dhcp_full_reply(&s, DHCP4_OFFER, 3600);
	r.xid ^= 1;
	dhcp_say(&s, &r);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_SELECTING);
	r = dhcp_full_reply(&s, DHCP4_OFFER, 3600);
	r.yiaddr = 0xffffffff;
	dhcp_say(&s, &r);
	r.yiaddr = 0x7f000001;
	dhcp_say(&s, &r);
	r.yiaddr = 0;
	dhcp_say(&s, &r);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_SELECTING);
	dhcp_say_full(&s, DHCP4_ACK, 3600);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_SELECTING);
	dhcp_say_full(&s, DHCP4_OFFER, 3600);
	assert_int_equal(s.heard.xid, xid);
	/* Another server's verdict on the request to this one does not count. */
	r = (struct dhcp_reply){ .yiaddr = OFFERED, .xid = xid };
	dhcp_option(&r, DHCP4_OPT_TYPE, &(uint8_t){ DHCP4_NAK }, 1);
	dhcp_option32(&r, DHCP4_OPT_SERVER_ID, LAB_IP(9));
	dhcp_say(&s, &r);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_REQUESTING);
	dhcp_say_full(&s, DHCP4_ACK, 3600);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_BOUND);
	dhcp_finish(&s);
}

static void each_exchange_has_a_number_of_its_own(void **state)
{
	struct dhcp_stage s;
	uint32_t first;

	(void)state;
	dhcp_become_bound(&s, 3600);
	first = s.heard.xid;
	dhcp_wait(&s, 1801 * LAB_S);
	assert_int_not_equal(s.heard.xid, first);
	dhcp_finish(&s);
}

static void a_link_that_comes_back_makes_it_ask_whether_all_is_as_before(void **state)
{
	struct dhcp_stage s;

	(void)state;
	dhcp_become_bound(&s, 3600);
	s.lab.dev.link_up = false;
	holm_net_link_changed(s.lab.net, &s.lab.dev);
	dhcp_run(&s);
	s.lab.dev.link_up = true;
	holm_net_link_changed(s.lab.net, &s.lab.dev);
	dhcp_run(&s);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_REBINDING);
	assert_int_equal(s.heard.type, DHCP4_REQUEST);
	assert_true(dhcp_has_address(&s, OFFERED));
	dhcp_say_full(&s, DHCP4_ACK, 3600);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_BOUND);
	dhcp_finish(&s);
}

static void stopping_with_release_gives_everything_back(void **state)
{
	struct dhcp_stage s;

	(void)state;
	dhcp_become_bound(&s, 3600);
	dhcp_wait(&s, 100 * LAB_S);
	holm_dhcp_stop(s.client, true);
	assert_false(dhcp_has_address(&s, OFFERED));
	lab_poll(&s.lab);
	dhcp_listen(&s);
	assert_int_equal(s.heard.type, DHCP4_RELEASE);
	assert_int_equal(s.heard.ciaddr, OFFERED);
	assert_int_equal(s.heard.server_id, SERVER);
	assert_int_equal(s.heard_dst, SERVER);
	assert_int_equal(s.heard.secs, 0);
	lab_fini(&s.lab);
}

static void the_port_belongs_to_one_client_of_a_device(void **state)
{
	struct dhcp_stage s;
	struct holm_dhcp *second;

	(void)state;
	dhcp_start(&s);
	assert_int_equal(holm_dhcp_start(s.lab.net, &s.lab.dev, NULL, &second), -HOLM_EADDRINUSE);
	dhcp_finish(&s);
}

static void hostile_answers_of_any_kind_neither_crash_nor_keep_it_busy(void **state)
{
	uint64_t seed = expect_seed(17);
	struct dhcp_stage s;

	(void)state;
	dhcp_start(&s);
	for (int i = 0; i < 3000; i++) {
		static const uint8_t types[] = { DHCP4_OFFER, DHCP4_ACK, DHCP4_NAK,
						 DHCP4_OFFER, DHCP4_ACK, 0 };
		struct dhcp_reply r = dhcp_full_reply(&s, types[expect_random_below(&seed, 6)],
						      (uint32_t)expect_random(&seed) >>
							      expect_random_below(&seed, 32));
		size_t damage = expect_random_below(&seed, 4);

		if (expect_random_below(&seed, 4) == 0)
			r.yiaddr = (uint32_t)expect_random(&seed);
		while (damage-- > 0)
			r.options[expect_random_below(&seed, r.len)] =
				(uint8_t)expect_random(&seed);
		r.unicast = expect_random_below(&seed, 2);
		dhcp_say(&s, &r);
		if (expect_random_below(&seed, 4) == 0)
			dhcp_wait(&s, expect_random_below(&seed, 200) * LAB_S);
	}
	/* Each of its messages was an answer or came in its own time: no storm. */
	assert_true(s.messages < 8000);
	dhcp_finish(&s);
}

static void what_no_server_of_this_client_says_is_ignored(void **state)
{
	struct dhcp_stage s;

	(void)state;
	dhcp_start(&s);
	for (unsigned wrong = 0; wrong < 4; wrong++) {
		struct dhcp_reply r = dhcp_full_reply(&s, DHCP4_OFFER, 3600);

		r.is_request = wrong == 0;
		r.for_other = wrong == 1;
		r.from_other_port = wrong == 2;
		dhcp_say(&s, &r);
		assert_int_equal(holm_dhcp_state(s.client),
				 wrong < 3 ? HOLM_DHCP_SELECTING : HOLM_DHCP_REQUESTING);
	}
	dhcp_finish(&s);
}

static void an_offer_of_a_server_that_cannot_be_one_is_ignored(void **state)
{
	static const uint32_t servers[] = { 0, 0x7f000001, 0xe0000001, 0xffffffff };
	struct dhcp_stage s;

	(void)state;
	dhcp_start(&s);
	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		struct dhcp_reply r = { .yiaddr = OFFERED, .xid = s.heard.xid };

		dhcp_option(&r, DHCP4_OPT_TYPE, &(uint8_t){ DHCP4_OFFER }, 1);
		/* Or does not say who it is. */
		if (servers[i])
			dhcp_option32(&r, DHCP4_OPT_SERVER_ID, servers[i]);
		dhcp_option32(&r, DHCP4_OPT_LEASE, 3600);
		dhcp_say(&s, &r);
		assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_SELECTING);
	}
	dhcp_finish(&s);
}

/* RFC 2131 section 4.4.5. */
static void a_lease_that_nobody_prolongs_ends(void **state)
{
	struct dhcp_stage s;
	struct holm_dhcp_lease lease;

	(void)state;
	dhcp_become_bound(&s, 3600);
	dhcp_wait(&s, 3599 * LAB_S);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_REBINDING);
	assert_true(dhcp_has_address(&s, OFFERED));
	assert_true(holm_dhcp_lease(s.client, &lease));
	dhcp_wait(&s, lease.expire_ns - s.lab.now);
	assert_false(dhcp_has_address(&s, OFFERED));
	assert_false(holm_dhcp_lease(s.client, &lease));
	assert_int_equal(s.heard.type, DHCP4_DISCOVER);
	dhcp_finish(&s);
}

static void link_down_and_up(struct dhcp_stage *s)
{
	s->lab.dev.link_up = false;
	holm_net_link_changed(s->lab.net, &s->lab.dev);
	dhcp_run(s);
	s->lab.dev.link_up = true;
	holm_net_link_changed(s->lab.net, &s->lab.dev);
	dhcp_run(s);
}

static void a_link_that_comes_back_is_asked_at_once_where_a_server_is_sought(void **state)
{
	struct dhcp_stage s;
	size_t before;

	(void)state;
	dhcp_start(&s);
	dhcp_wait(&s, 40 * LAB_S);
	before = s.messages;
	dhcp_run(&s);
	assert_int_equal(s.messages, before);
	link_down_and_up(&s);
	assert_int_equal(s.messages, before + 1);
	assert_int_equal(s.heard.type, DHCP4_DISCOVER);
	/* Once. */
	dhcp_run(&s);
	assert_int_equal(s.messages, before + 1);
	/* Who has asked for an offer waits for the answer. */
	dhcp_say_full(&s, DHCP4_OFFER, 3600);
	before = s.messages;
	link_down_and_up(&s);
	assert_int_equal(s.messages, before);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_REQUESTING);
	dhcp_finish(&s);
}

static void a_link_that_comes_back_while_renewing_makes_it_ask_anybody(void **state)
{
	struct dhcp_stage s;

	(void)state;
	dhcp_become_bound(&s, 3600);
	dhcp_wait(&s, 1801 * LAB_S);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_RENEWING);
	link_down_and_up(&s);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_REBINDING);
	assert_int_equal(s.heard_dst, 0xffffffff);
	dhcp_finish(&s);
}

static void while_renewing_another_servers_word_does_not_count(void **state)
{
	struct dhcp_stage s;

	(void)state;
	for (unsigned from = 0; from < 3; from++) {
		struct dhcp_reply r;

		dhcp_become_bound(&s, 3600);
		dhcp_wait(&s, 1801 * LAB_S);
		r = (struct dhcp_reply){ .yiaddr = OFFERED, .xid = s.heard.xid };
		dhcp_option(&r, DHCP4_OPT_TYPE, &(uint8_t){ DHCP4_ACK }, 1);
		dhcp_option32(&r, DHCP4_OPT_LEASE, 7200);
		if (from < 2)
			dhcp_option32(&r, DHCP4_OPT_SERVER_ID, from == 0 ? LAB_IP(9) : SERVER);
		dhcp_say(&s, &r);
		/* Who does not say who he is may be the one. */
		assert_int_equal(holm_dhcp_state(s.client),
				 from == 0 ? HOLM_DHCP_RENEWING : HOLM_DHCP_BOUND);
		dhcp_finish(&s);
	}
}

static void stopping_without_a_lease_or_without_release_says_nothing(void **state)
{
	struct dhcp_stage s;

	(void)state;
	for (unsigned bound = 0; bound < 2; bound++) {
		size_t before;

		if (bound)
			dhcp_become_bound(&s, 3600);
		else
			dhcp_start(&s);
		before = s.messages;
		holm_dhcp_stop(s.client, !bound);
		lab_poll(&s.lab);
		dhcp_listen(&s);
		assert_int_equal(s.messages, before);
		assert_int_equal(dhcp_has_address(&s, OFFERED), bound);
		lab_fini(&s.lab);
	}
}

/* Is there a frame with this option? */
static bool said(const struct dhcp_stage *s, const char *option, size_t len)
{
	for (size_t n = 0; n < s->lab.nsent; n++)
		for (size_t i = 0; i + len <= s->lab.sent[n].len; i++)
			if (memcmp(s->lab.sent[n].data + i, option, len) == 0)
				return true;
	return false;
}

static void a_name_is_told_as_far_as_it_is_a_label(void **state)
{
	static const size_t lengths[] = { 6, 62, 63, 64, 70 };
	struct dhcp_stage s;

	(void)state;
	dhcp_start(&s);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t len = lengths[i] < 63 ? lengths[i] : 63;
		char name[71] = { 0 }, option[2 + 64] = { DHCP4_OPT_HOSTNAME, (char)len };

		memset(name, 'a', lengths[i]);
		memset(option + 2, 'a', len);
		holm_dhcp_stop(s.client, false);
		assert_int_equal(holm_dhcp_start(s.lab.net, &s.lab.dev, name, &s.client), 0);
		lab_clear(&s.lab);
		holm_dhcp_poll(s.client, s.lab.now);
		lab_poll(&s.lab);
		assert_true(said(&s, option, 2 + len));
	}
	dhcp_finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_nothing_to_a_lease_in_four_messages),
		cmocka_unit_test(answers_by_unicast_are_heard_before_there_is_an_address),
		cmocka_unit_test(a_silent_link_is_asked_ever_more_slowly),
		cmocka_unit_test(a_request_says_as_many_seconds_as_what_was_offered_for),
		cmocka_unit_test(an_offer_nobody_confirms_is_given_up_and_sought_anew),
		cmocka_unit_test(a_refusal_starts_over_slower_each_time),
		cmocka_unit_test(renewal_asks_the_server_alone_and_keeps_the_address),
		cmocka_unit_test(without_its_server_anybody_may_prolong_the_lease),
		cmocka_unit_test(renewals_are_at_least_a_minute_apart),
		cmocka_unit_test(a_refusal_while_renewing_takes_the_address_at_once),
		cmocka_unit_test(a_refusal_nobody_asked_for_changes_nothing),
		cmocka_unit_test(words_that_are_not_for_this_exchange_are_ignored),
		cmocka_unit_test(each_exchange_has_a_number_of_its_own),
		cmocka_unit_test(a_link_that_comes_back_makes_it_ask_whether_all_is_as_before),
		cmocka_unit_test(stopping_with_release_gives_everything_back),
		cmocka_unit_test(the_port_belongs_to_one_client_of_a_device),
		cmocka_unit_test(hostile_answers_of_any_kind_neither_crash_nor_keep_it_busy),
		cmocka_unit_test(what_no_server_of_this_client_says_is_ignored),
		cmocka_unit_test(an_offer_of_a_server_that_cannot_be_one_is_ignored),
		cmocka_unit_test(a_lease_that_nobody_prolongs_ends),
		cmocka_unit_test(a_link_that_comes_back_is_asked_at_once_where_a_server_is_sought),
		cmocka_unit_test(a_link_that_comes_back_while_renewing_makes_it_ask_anybody),
		cmocka_unit_test(while_renewing_another_servers_word_does_not_count),
		cmocka_unit_test(stopping_without_a_lease_or_without_release_says_nothing),
		cmocka_unit_test(a_name_is_told_as_far_as_it_is_a_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
