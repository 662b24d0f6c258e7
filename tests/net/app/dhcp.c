/*
 * Tests of the DHCP client: net/app/dhcp.c and dhcp_lease.c, against a server that the test plays.
 */
#include "net/app/dhcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <holm/dhcp.h>

#include "net/wire/dhcp4.h"
#include "tests/support/expect.h"
#include "tests/support/lab.h"

static const struct holm_proto *const protos[] = { &holm_arp, &holm_ipv4, &holm_icmp4, &holm_udp,
						   NULL };
static const struct lab_options bare = { .protos = protos, .no_address = true };

#define SERVER LAB_IP(2)
#define OFFERED LAB_IP(50)

/* ---- The stage: a lab, its client, and what the client has sent. */

struct stage {
	struct lab lab;
	struct holm_dhcp *client;
	uint64_t next;
	struct dhcp4_info heard; /* the client's last message */
	uint32_t heard_dst, heard_src;
	size_t messages;
};

/* What the client sent since the last call, if it is DHCP. */
static void listen(struct stage *s)
{
	for (size_t i = 0; i < s->lab.nsent; i++) {
		const struct lab_sent *sent = &s->lab.sent[i];

		if (load_be16(sent->data + 12) != 0x0800 || sent->data[23] != 17 ||
		    load_be16(sent->data + 36) != 67)
			continue;
		assert_int_equal(load_be16(sent->data + 34), 68);
		assert_int_equal(dhcp4_parse(sent->data + 42, sent->len - 42, &s->heard), DHCP4_OK);
		s->heard_src = load_be32(sent->data + 26);
		s->heard_dst = load_be32(sent->data + 30);
		s->messages++;
	}
	lab_clear(&s->lab);
}

static void run_client(struct stage *s)
{
	s->next = holm_dhcp_poll(s->client, s->lab.now);
	assert_true(s->next > s->lab.now);
	lab_poll(&s->lab);
	listen(s);
}

static void start(struct stage *s)
{
	memset(s, 0, sizeof(*s));
	lab_init(&s->lab, &bare);
	assert_int_equal(holm_dhcp_start(s->lab.net, &s->lab.dev, "island", &s->client), 0);
	run_client(s);
}

static void finish(struct stage *s)
{
	holm_dhcp_stop(s->client, false);
	lab_fini(&s->lab);
}

/* Let time pass as a program does: waking for the client and for the instance. */
static void wait(struct stage *s, uint64_t ns)
{
	uint64_t until = s->lab.now + ns;

	while (s->next <= until) {
		if (s->next > s->lab.now)
			lab_run(&s->lab, s->next - s->lab.now);
		listen(s);
		run_client(s);
	}
	lab_run(&s->lab, until - s->lab.now);
	listen(s);
}

/* ---- The server's words. */

struct reply {
	uint8_t options[400];
	size_t len;
	uint32_t yiaddr, xid;
	bool unicast;
};

static void option(struct reply *r, uint8_t code, const void *value, uint8_t n)
{
	r->options[r->len++] = code;
	r->options[r->len++] = n;
	memcpy(r->options + r->len, value, n);
	r->len += n;
}

static void option32(struct reply *r, uint8_t code, uint32_t value)
{
	uint8_t bytes[4];

	store_be32(bytes, value);
	option(r, code, bytes, 4);
}

static struct reply reply(const struct stage *s, uint8_t type)
{
	struct reply r = { .yiaddr = OFFERED, .xid = s->heard.xid };

	option(&r, DHCP4_OPT_TYPE, &type, 1);
	option32(&r, DHCP4_OPT_SERVER_ID, SERVER);
	return r;
}

static struct reply full_reply(const struct stage *s, uint8_t type, uint32_t lease_s)
{
	struct reply r = reply(s, type);

	option32(&r, DHCP4_OPT_LEASE, lease_s);
	option32(&r, DHCP4_OPT_MASK, 0xffffff00);
	option32(&r, DHCP4_OPT_ROUTER, LAB_IP(1));
	option32(&r, DHCP4_OPT_DNS, LAB_IP(3));
	return r;
}

static void say(struct stage *s, const struct reply *r)
{
	uint8_t message[700] = { DHCP4_BOOTREPLY, 1, 6 };
	uint8_t frame[1024];
	struct holm_mac mac = lab_mac(1);
	size_t len = 240 + r->len + 1;

	store_be32(message + 4, r->xid);
	store_be32(message + 16, r->yiaddr);
	memcpy(message + 28, &mac, 6);
	store_be32(message + 236, 0x63825363);
	memcpy(message + 240, r->options, r->len);
	message[240 + r->len] = DHCP4_OPT_END;
	lab_udp(frame, SERVER, r->unicast ? r->yiaddr : 0xffffffff, 67, 68, message, len);
	if (!r->unicast)
		memset(frame, 0xff, 6);
	lab_receive(&s->lab, frame, 42 + len);
	run_client(s);
}

static void say_full(struct stage *s, uint8_t type, uint32_t lease_s)
{
	struct reply r = full_reply(s, type, lease_s);

	say(s, &r);
}

static void become_bound(struct stage *s, uint32_t lease_s)
{
	uint8_t arp[64];

	start(s);
	say_full(s, DHCP4_OFFER, lease_s);
	say_full(s, DHCP4_ACK, lease_s);
	assert_int_equal(holm_dhcp_state(s->client), HOLM_DHCP_BOUND);
	/* The server asks for the client's hardware address, so that its own is known. */
	lab_arp(arp, 1, 2, 50, true);
	lab_receive(&s->lab, arp, 60);
}

static bool has_address(struct stage *s, uint32_t a)
{
	struct holm_addr addr = holm_addr_ip4((uint8_t)(a >> 24), (uint8_t)(a >> 16),
					      (uint8_t)(a >> 8), (uint8_t)a);

	return holm_addr_is_local(s->lab.net, &addr);
}

static size_t count_routes(struct stage *s)
{
	struct holm_route r;
	size_t n = 0;

	while (holm_route_get(s->lab.net, n, &r))
		n++;
	return n;
}

/* ---- Tests. */

static void from_nothing_to_a_lease_in_four_messages(void **state)
{
	struct stage s;
	struct holm_dhcp_lease lease;
	struct holm_addr router = lab_addr(1);

	(void)state;
	start(&s);
	assert_int_equal(s.messages, 1);
	assert_int_equal(s.heard.type, DHCP4_DISCOVER);
	assert_int_equal(s.heard.flags, 0);
	assert_int_equal(s.heard_dst, 0xffffffff);
	assert_int_equal(s.heard_src, 0);
	assert_false(holm_dhcp_lease(s.client, &lease));
	say_full(&s, DHCP4_OFFER, 3600);
	assert_int_equal(s.messages, 2);
	assert_int_equal(s.heard.type, DHCP4_REQUEST);
	assert_int_equal(s.heard.requested, OFFERED);
	assert_int_equal(s.heard.server_id, SERVER);
	assert_int_equal(s.heard.ciaddr, 0);
	assert_int_equal(s.heard_dst, 0xffffffff);
	say_full(&s, DHCP4_ACK, 3600);
	assert_true(holm_dhcp_lease(s.client, &lease));
	assert_true(has_address(&s, OFFERED));
	assert_int_equal(lease.prefix_len, 24);
	assert_true(holm_addr_equal(&lease.router, &router));
	assert_int_equal(lease.ndns, 1);
	assert_int_equal(lease.expire_ns - lease.obtained_ns, 3600 * LAB_S);
	assert_int_equal(lease.renew_ns - lease.obtained_ns, 1800 * LAB_S);
	assert_int_equal(lease.rebind_ns - lease.obtained_ns, 3150 * LAB_S);
	/* loopback, the network, the default route */
	assert_int_equal(count_routes(&s), 3);
	finish(&s);
}

static void answers_by_unicast_are_heard_before_there_is_an_address(void **state)
{
	struct stage s;
	struct reply r;

	(void)state;
	start(&s);
	r = full_reply(&s, DHCP4_OFFER, 3600);
	r.unicast = true;
	say(&s, &r);
	r = full_reply(&s, DHCP4_ACK, 3600);
	r.unicast = true;
	say(&s, &r);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_BOUND);
	finish(&s);
}

static void the_address_is_announced_at_once(void **state)
{
	struct stage s;

	(void)state;
	start(&s);
	say_full(&s, DHCP4_OFFER, 3600);
	assert_int_equal(holm_net_counter(s.lab.net, HOLM_COUNT_ARP_REQUESTS_SENT), 0);
	say_full(&s, DHCP4_ACK, 3600);
	assert_int_equal(holm_net_counter(s.lab.net, HOLM_COUNT_ARP_REQUESTS_SENT), 1);
	finish(&s);
}

static void a_silent_link_is_asked_ever_more_slowly(void **state)
{
	static const unsigned about_s[] = { 4, 8, 16, 32, 64, 64, 64 };
	struct stage s;
	uint32_t xid;

	(void)state;
	start(&s);
	xid = s.heard.xid;
	for (size_t i = 0; i < sizeof(about_s) / sizeof(about_s[0]); i++) {
		uint64_t before = s.lab.now;

		assert_in_range(s.next - before, (about_s[i] - 1) * LAB_S,
				(about_s[i] + 1) * LAB_S);
		wait(&s, s.next - before);
		assert_int_equal(s.messages, i + 2);
		assert_int_equal(s.heard.type, DHCP4_DISCOVER);
		assert_int_equal(s.heard.xid, xid);
		assert_in_range(s.heard.secs, 1, 300);
	}
	finish(&s);
}

static void an_offer_nobody_confirms_is_given_up_and_sought_anew(void **state)
{
	struct stage s;
	uint32_t xid;

	(void)state;
	start(&s);
	xid = s.heard.xid;
	say_full(&s, DHCP4_OFFER, 3600);
	wait(&s, 70 * LAB_S);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_SELECTING);
	assert_int_equal(s.heard.type, DHCP4_DISCOVER);
	assert_int_not_equal(s.heard.xid, xid);
	finish(&s);
}

static void a_refusal_starts_over_slower_each_time(void **state)
{
	struct stage s;
	uint64_t waited[6];
	struct reply r;

	(void)state;
	start(&s);
	for (size_t i = 0; i < 6; i++) {
		uint64_t before;

		while (holm_dhcp_state(s.client) != HOLM_DHCP_SELECTING)
			wait(&s, LAB_S);
		say_full(&s, DHCP4_OFFER, 3600);
		assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_REQUESTING);
		before = s.lab.now;
		r = reply(&s, DHCP4_NAK);
		r.yiaddr = 0;
		say(&s, &r);
		while (holm_dhcp_state(s.client) != HOLM_DHCP_SELECTING)
			wait(&s, LAB_S);
		waited[i] = s.lab.now - before;
	}
	assert_int_equal(waited[0], 0);
	assert_true(waited[2] > waited[1] && waited[3] > waited[2]);
	assert_true(waited[5] >= 60 * LAB_S);
	finish(&s);
}

static void renewal_asks_the_server_alone_and_keeps_the_address(void **state)
{
	struct stage s;
	struct holm_dhcp_lease before, after;
	struct reply r;

	(void)state;
	become_bound(&s, 3600);
	holm_dhcp_lease(s.client, &before);
	wait(&s, 1801 * LAB_S);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_RENEWING);
	assert_int_equal(s.heard.type, DHCP4_REQUEST);
	assert_int_equal(s.heard.ciaddr, OFFERED);
	assert_int_equal(s.heard.requested, 0);
	assert_int_equal(s.heard.server_id, 0);
	assert_int_equal(s.heard_dst, SERVER);
	assert_int_equal(s.heard_src, OFFERED);
	/* A bare acknowledgement: no mask, no router, no DNS. What was given stays. */
	r = reply(&s, DHCP4_ACK);
	option32(&r, DHCP4_OPT_LEASE, 3600);
	say(&s, &r);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_BOUND);
	assert_true(holm_dhcp_lease(s.client, &after));
	assert_int_equal(after.prefix_len, 24);
	assert_true(holm_addr_equal(&after.router, &before.router));
	assert_int_equal(after.ndns, 1);
	assert_true(after.expire_ns > before.expire_ns);
	assert_int_equal(count_routes(&s), 3);
	assert_int_equal(holm_net_counter(s.lab.net, HOLM_COUNT_ARP_REQUESTS_SENT), 2);
	finish(&s);
}

static void without_its_server_anybody_may_prolong_the_lease(void **state)
{
	struct stage s;
	struct reply r;

	(void)state;
	become_bound(&s, 3600);
	wait(&s, 3151 * LAB_S);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_REBINDING);
	assert_int_equal(s.heard_dst, 0xffffffff);
	assert_int_equal(s.heard.ciaddr, OFFERED);
	r = (struct reply){ .yiaddr = OFFERED, .xid = s.heard.xid };
	option(&r, DHCP4_OPT_TYPE, &(uint8_t){ DHCP4_ACK }, 1);
	option32(&r, DHCP4_OPT_SERVER_ID, LAB_IP(9));
	option32(&r, DHCP4_OPT_LEASE, 7200);
	say(&s, &r);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_BOUND);
	assert_true(has_address(&s, OFFERED));
	finish(&s);
}

static void a_lease_that_ends_takes_the_address_along(void **state)
{
	struct stage s;
	struct holm_dhcp_lease lease;

	(void)state;
	become_bound(&s, 600);
	wait(&s, 599 * LAB_S);
	assert_true(has_address(&s, OFFERED));
	wait(&s, 2 * LAB_S);
	assert_false(has_address(&s, OFFERED));
	assert_false(holm_dhcp_lease(s.client, &lease));
	assert_int_equal(count_routes(&s), 1);
	assert_int_equal(s.heard.type, DHCP4_DISCOVER);
	assert_int_equal(s.heard_src, 0);
	finish(&s);
}

static void renewals_are_at_least_a_minute_apart(void **state)
{
	struct stage s;
	size_t before;

	(void)state;
	become_bound(&s, 1200);
	before = s.messages;
	wait(&s, 1190 * LAB_S);
	assert_in_range(s.messages - before, 2, 11);
	finish(&s);
}

static void a_refusal_while_renewing_takes_the_address_at_once(void **state)
{
	struct stage s;
	struct reply r;

	(void)state;
	become_bound(&s, 3600);
	wait(&s, 1801 * LAB_S);
	r = reply(&s, DHCP4_NAK);
	r.yiaddr = 0;
	say(&s, &r);
	assert_false(has_address(&s, OFFERED));
	assert_int_equal(s.heard.type, DHCP4_DISCOVER);
	finish(&s);
}

static void a_refusal_nobody_asked_for_changes_nothing(void **state)
{
	struct stage s;
	struct reply r;

	(void)state;
	become_bound(&s, 3600);
	r = reply(&s, DHCP4_NAK);
	r.yiaddr = 0;
	say(&s, &r);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_BOUND);
	assert_true(has_address(&s, OFFERED));
	finish(&s);
}

static void words_that_are_not_for_this_exchange_are_ignored(void **state)
{
	struct stage s;
	struct reply r;
	uint32_t xid;

	(void)state;
	start(&s);
	xid = s.heard.xid;
	r = full_reply(&s, DHCP4_OFFER, 3600);
	r.xid ^= 1;
	say(&s, &r);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_SELECTING);
	r = full_reply(&s, DHCP4_OFFER, 3600);
	r.yiaddr = 0xffffffff;
	say(&s, &r);
	r.yiaddr = 0x7f000001;
	say(&s, &r);
	r.yiaddr = 0;
	say(&s, &r);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_SELECTING);
	say_full(&s, DHCP4_ACK, 3600);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_SELECTING);
	say_full(&s, DHCP4_OFFER, 3600);
	assert_int_equal(s.heard.xid, xid);
	/* Another server's verdict on the request to this one does not count. */
	r = (struct reply){ .yiaddr = OFFERED, .xid = xid };
	option(&r, DHCP4_OPT_TYPE, &(uint8_t){ DHCP4_NAK }, 1);
	option32(&r, DHCP4_OPT_SERVER_ID, LAB_IP(9));
	say(&s, &r);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_REQUESTING);
	say_full(&s, DHCP4_ACK, 3600);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_BOUND);
	finish(&s);
}

static void each_exchange_has_a_number_of_its_own(void **state)
{
	struct stage s;
	uint32_t first;

	(void)state;
	become_bound(&s, 3600);
	first = s.heard.xid;
	wait(&s, 1801 * LAB_S);
	assert_int_not_equal(s.heard.xid, first);
	finish(&s);
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
	struct stage s;
	struct reply r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		start(&s);
		say_full(&s, DHCP4_OFFER, 3600);
		r = full_reply(&s, DHCP4_ACK, bad[i].lease);
		option32(&r, DHCP4_OPT_T1, bad[i].t1);
		option32(&r, DHCP4_OPT_T2, bad[i].t2);
		say(&s, &r);
		assert_true(holm_dhcp_lease(s.client, &lease));
		assert_int_equal(lease.renew_ns - lease.obtained_ns, 1800 * LAB_S);
		assert_int_equal(lease.rebind_ns - lease.obtained_ns, 3150 * LAB_S);
		finish(&s);
	}
	/* A lease of nothing is held for ten seconds; one without end for ever. */
	become_bound(&s, 0);
	holm_dhcp_lease(s.client, &lease);
	assert_int_equal(lease.expire_ns - lease.obtained_ns, 10 * LAB_S);
	finish(&s);
	become_bound(&s, 0xffffffff);
	holm_dhcp_lease(s.client, &lease);
	assert_true(lease.expire_ns == UINT64_MAX && lease.renew_ns == UINT64_MAX);
	wait(&s, 100000 * LAB_S);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_BOUND);
	finish(&s);
}

static void classless_routes_replace_the_router(void **state)
{
	/* 0.0.0.0/0 by 10.0.0.7, 20.1.0.0/16 by 10.0.0.8, 30.0.0.0/8 on the link */
	static const uint8_t routes[] = {
		0, 10, 0, 0, 7, 16, 20, 1, 10, 0, 0, 8, 8, 30, 0, 0, 0, 0
	};
	struct stage s;
	struct reply r;
	struct holm_route route;
	struct holm_dhcp_lease lease;

	(void)state;
	start(&s);
	say_full(&s, DHCP4_OFFER, 3600);
	r = full_reply(&s, DHCP4_ACK, 3600);
	option(&r, DHCP4_OPT_ROUTES, routes, sizeof(routes));
	say(&s, &r);
	assert_true(holm_dhcp_lease(s.client, &lease));
	assert_int_equal(lease.nroutes, 3);
	assert_int_equal(count_routes(&s), 5);
	for (size_t i = 0; holm_route_get(s.lab.net, i, &route); i++)
		assert_int_not_equal(route.gateway.b[15], 1);
	finish(&s);
}

static void the_mtu_is_believed_within_reason(void **state)
{
	static const struct {
		uint16_t said, used;
	} cases[] = { { 1400, 1400 }, { 576, 576 }, { 575, 1500 }, { 68, 1500 }, { 9000, 1500 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stage s;
		struct reply r;
		uint8_t bytes[2];

		start(&s);
		say_full(&s, DHCP4_OFFER, 3600);
		r = full_reply(&s, DHCP4_ACK, 3600);
		store_be16(bytes, cases[i].said);
		option(&r, DHCP4_OPT_MTU, bytes, 2);
		say(&s, &r);
		assert_int_equal(s.lab.dev.caps.mtu, cases[i].used);
		finish(&s);
	}
}

static void without_a_mask_the_class_decides(void **state)
{
	struct holm_dhcp_lease lease;
	struct stage s;
	struct reply r;

	(void)state;
	start(&s);
	say_full(&s, DHCP4_OFFER, 3600);
	r = reply(&s, DHCP4_ACK);
	option32(&r, DHCP4_OPT_LEASE, 3600);
	say(&s, &r);
	assert_true(holm_dhcp_lease(s.client, &lease));
	assert_int_equal(lease.prefix_len, 8);
	finish(&s);
}

static void a_link_that_comes_back_makes_it_ask_whether_all_is_as_before(void **state)
{
	struct stage s;

	(void)state;
	become_bound(&s, 3600);
	s.lab.dev.link_up = false;
	holm_net_link_changed(s.lab.net, &s.lab.dev);
	run_client(&s);
	s.lab.dev.link_up = true;
	holm_net_link_changed(s.lab.net, &s.lab.dev);
	run_client(&s);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_REBINDING);
	assert_int_equal(s.heard.type, DHCP4_REQUEST);
	assert_true(has_address(&s, OFFERED));
	say_full(&s, DHCP4_ACK, 3600);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_BOUND);
	finish(&s);
}

static void stopping_with_release_gives_everything_back(void **state)
{
	struct stage s;

	(void)state;
	become_bound(&s, 3600);
	holm_dhcp_stop(s.client, true);
	assert_false(has_address(&s, OFFERED));
	lab_poll(&s.lab);
	listen(&s);
	assert_int_equal(s.heard.type, DHCP4_RELEASE);
	assert_int_equal(s.heard.ciaddr, OFFERED);
	assert_int_equal(s.heard.server_id, SERVER);
	assert_int_equal(s.heard_dst, SERVER);
	lab_fini(&s.lab);
}

static void an_address_somebody_else_configured_is_refused_politely(void **state)
{
	struct stage s;
	struct holm_addr taken = lab_addr(50);

	(void)state;
	start(&s);
	assert_int_equal(holm_addr_add(s.lab.net, &s.lab.dev, &taken, 24), 0);
	say_full(&s, DHCP4_OFFER, 3600);
	say_full(&s, DHCP4_ACK, 3600);
	assert_int_equal(holm_dhcp_state(s.client), HOLM_DHCP_INIT);
	assert_true(s.next - s.lab.now >= 10 * LAB_S);
	finish(&s);
}

static void the_port_belongs_to_one_client_of_a_device(void **state)
{
	struct stage s;
	struct holm_dhcp *second;

	(void)state;
	start(&s);
	assert_int_equal(holm_dhcp_start(s.lab.net, &s.lab.dev, NULL, &second), -HOLM_EADDRINUSE);
	finish(&s);
}

static void hostile_answers_of_any_kind_neither_crash_nor_keep_it_busy(void **state)
{
	uint64_t seed = expect_seed(17);
	struct stage s;

	(void)state;
	start(&s);
	for (int i = 0; i < 3000; i++) {
		static const uint8_t types[] = { DHCP4_OFFER, DHCP4_ACK, DHCP4_NAK,
						 DHCP4_OFFER, DHCP4_ACK, 0 };
		struct reply r = full_reply(&s, types[expect_random_below(&seed, 6)],
					    (uint32_t)expect_random(&seed) >>
						    expect_random_below(&seed, 32));
		size_t damage = expect_random_below(&seed, 4);

		if (expect_random_below(&seed, 4) == 0)
			r.yiaddr = (uint32_t)expect_random(&seed);
		while (damage-- > 0)
			r.options[expect_random_below(&seed, r.len)] =
				(uint8_t)expect_random(&seed);
		r.unicast = expect_random_below(&seed, 2);
		say(&s, &r);
		if (expect_random_below(&seed, 4) == 0)
			wait(&s, expect_random_below(&seed, 200) * LAB_S);
	}
	/* Each of its messages was an answer or came in its own time: no storm. */
	assert_true(s.messages < 8000);
	finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_nothing_to_a_lease_in_four_messages),
		cmocka_unit_test(answers_by_unicast_are_heard_before_there_is_an_address),
		cmocka_unit_test(the_address_is_announced_at_once),
		cmocka_unit_test(a_silent_link_is_asked_ever_more_slowly),
		cmocka_unit_test(an_offer_nobody_confirms_is_given_up_and_sought_anew),
		cmocka_unit_test(a_refusal_starts_over_slower_each_time),
		cmocka_unit_test(renewal_asks_the_server_alone_and_keeps_the_address),
		cmocka_unit_test(without_its_server_anybody_may_prolong_the_lease),
		cmocka_unit_test(a_lease_that_ends_takes_the_address_along),
		cmocka_unit_test(renewals_are_at_least_a_minute_apart),
		cmocka_unit_test(a_refusal_while_renewing_takes_the_address_at_once),
		cmocka_unit_test(a_refusal_nobody_asked_for_changes_nothing),
		cmocka_unit_test(words_that_are_not_for_this_exchange_are_ignored),
		cmocka_unit_test(each_exchange_has_a_number_of_its_own),
		cmocka_unit_test(times_without_sense_are_replaced),
		cmocka_unit_test(classless_routes_replace_the_router),
		cmocka_unit_test(the_mtu_is_believed_within_reason),
		cmocka_unit_test(without_a_mask_the_class_decides),
		cmocka_unit_test(a_link_that_comes_back_makes_it_ask_whether_all_is_as_before),
		cmocka_unit_test(stopping_with_release_gives_everything_back),
		cmocka_unit_test(an_address_somebody_else_configured_is_refused_politely),
		cmocka_unit_test(the_port_belongs_to_one_client_of_a_device),
		cmocka_unit_test(hostile_answers_of_any_kind_neither_crash_nor_keep_it_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
