/*
 * Tests of groups (net/ip/group.c) and of what routers hear of them (net/ip/igmp.c), with UDP endpoints as
 * their members.
 */
#include "net/ip/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "net/link/netif.h"
#include "net/wire/eth.h"
#include "net/wire/igmp.h"
#include "tests/support/udp_lab.h"

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &holm_igmp, &holm_udp,
						   NULL };
static const struct lab_options plain = { .protos = protos };

#define GROUP 0xef010203u

static struct holm_addr group(void)
{
	return ip4_to_addr(GROUP);
}

static bool is_in(const struct lab *lab)
{
	const struct holm_addr g = group();

	return ip_group_has(lab->net, lab->dev.netif, &g);
}

/* A member on port 5. */
static struct holm_udp *member(struct lab *lab)
{
	struct holm_addr g = group();
	struct holm_udp *u = udp_lab_bound(lab, 5, 0);

	assert_int_equal(holm_udp_join(u, &g, &lab->dev), 0);
	lab_poll(lab);
	return u;
}

/* One of a lab that is made for it, who has said all that there is to be said of it. */
static struct holm_udp *settled_member(struct lab *lab)
{
	struct holm_udp *u;

	lab_init(lab, &plain);
	u = member(lab);
	lab_run(lab, 3 * LAB_S);
	lab_clear(lab);
	return u;
}

/*
 * The i-th message that was sent, from the IGMP header on. RFC 3376 section 4: with a TTL of 1, a
 * precedence of internetwork control and the router alert option.
 */
static const uint8_t *sent(const struct lab *lab, size_t i, uint32_t dst)
{
	const uint8_t *p = lab->sent[i].data;

	assert_true(i < lab->nsent);
	assert_int_equal(p[14], 0x46);
	assert_int_equal(p[14 + 1], 0xc0);
	assert_int_equal(load_be16(p + 14 + 2), lab->sent[i].len - 14);
	assert_int_equal(p[14 + 8], 1);
	assert_int_equal(p[14 + 9], IP4_PROTO_IGMP);
	assert_int_equal(load_be32(p + 14 + 12), LAB_IP(1));
	assert_int_equal(load_be32(p + 14 + 16), dst);
	assert_int_equal(load_be32(p + 14 + 20), 0x94040000);
	assert_int_equal(checksum_finish(checksum_partial(p + 14, 24, 0)), 0);
	assert_int_equal(checksum_finish(checksum_partial(p + 38, lab->sent[i].len - 38, 0)), 0);
	return p + 38;
}

static void hear(struct lab *lab, uint32_t dst, const uint8_t *message, size_t len)
{
	uint8_t frame[128];
	struct holm_mac mac = ip4_multicast_mac(dst);
	size_t n = lab_ip4(frame, LAB_IP(9), dst, IP4_PROTO_IGMP, message, len);

	memcpy(frame, mac.b, 6);
	lab_receive(lab, frame, n);
}

/* A query of this version, for one group or all (0), to be answered within so many tenths. */
static void ask(struct lab *lab, unsigned version, uint32_t about, uint8_t tenths)
{
	uint8_t m[IGMP3_QUERY_BYTES] = { IGMP_QUERY, version == 1 ? 0 : tenths };
	size_t len = version == 3 ? IGMP3_QUERY_BYTES : IGMP_BYTES;

	store_be32(m + 4, about);
	store_be16(m + 2, checksum_finish(checksum_partial(m, len, 0)));
	hear(lab, about ? about : 0xe0000001u, m, len);
}

static void joining_and_leaving_are_said_twice(void **state)
{
	struct holm_addr g = group();
	struct holm_udp *u;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	lab_run(&lab, 3 * LAB_S); /* the address is announced */
	lab_clear(&lab);
	u = member(&lab);
	assert_int_equal(sent(&lab, 0, 0xe0000016u)[8], IGMP_TO_EXCLUDE);
	lab_run(&lab, 3 * LAB_S);
	assert_int_equal(lab.nsent, 2);
	assert_int_equal(sent(&lab, 1, 0xe0000016u)[8], IGMP_TO_EXCLUDE);
	assert_int_equal(load_be32(sent(&lab, 1, 0xe0000016u) + 12), GROUP);
	lab_clear(&lab);
	assert_int_equal(holm_udp_leave(u, &g, NULL), 0);
	assert_false(is_in(&lab));
	lab_run(&lab, 3 * LAB_S);
	assert_int_equal(lab.nsent, 2);
	assert_int_equal(holm_net_counter(lab.net, HOLM_COUNT_IGMP_REPORTS_SENT), 4);
	assert_int_equal(sent(&lab, 1, 0xe0000016u)[8], IGMP_TO_INCLUDE);
	assert_null(ip_group_find(lab.net, lab.dev.netif, &g));
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_group_is_joined_once_however_many_members_it_has(void **state)
{
	struct holm_addr g = group();
	struct holm_udp *u, *v;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	u = member(&lab);
	v = udp_lab_bound(&lab, 6, 0);
	lab_run(&lab, 3 * LAB_S);
	lab_clear(&lab);
	assert_int_equal(holm_udp_join(v, &g, NULL), 0);
	holm_udp_close(u);
	lab_run(&lab, 3 * LAB_S);
	assert_int_equal(lab.nsent, 0);
	assert_true(is_in(&lab));
	holm_udp_close(v);
	lab_poll(&lab);
	assert_int_equal(lab.nsent, 1);
	lab_run(&lab, 3 * LAB_S);
	lab_fini(&lab);
}

static void a_link_that_comes_up_is_told_of_every_group(void **state)
{
	struct holm_udp *u;
	struct lab lab;
	size_t told = 0;

	(void)state;
	u = settled_member(&lab);
	lab.dev.link_up = false;
	holm_net_link_changed(lab.net, &lab.dev);
	lab_run(&lab, 3 * LAB_S);
	lab_clear(&lab);
	lab.dev.link_up = true;
	holm_net_link_changed(lab.net, &lab.dev);
	lab_run(&lab, 10 * LAB_S);
	for (size_t i = 0; i < lab.nsent; i++)
		if (load_be16(lab.sent[i].data + 12) == ETH_TYPE_IP4) {
			assert_int_equal(sent(&lab, i, 0xe0000016u)[8], IGMP_TO_EXCLUDE);
			told++;
		}
	assert_int_equal(told, 2);
	holm_udp_close(u);
	lab_run(&lab, 3 * LAB_S);
	lab_fini(&lab);
}

static void queries_are_answered_in_time(void **state)
{
	struct holm_udp *u;
	struct lab lab;

	(void)state;
	u = settled_member(&lab);
	ask(&lab, 3, 0, 20);
	lab_run(&lab, 2 * LAB_S + 10 * LAB_MS);
	assert_int_equal(lab.nsent, 1);
	assert_int_equal(sent(&lab, 0, 0xe0000016u)[8], IGMP_IS_EXCLUDE);
	lab_clear(&lab);
	ask(&lab, 3, GROUP, 10);
	lab_run(&lab, LAB_S + 10 * LAB_MS);
	assert_int_equal(lab.nsent, 1);
	lab_clear(&lab);
	ask(&lab, 3, GROUP + 1, 10);
	lab_run(&lab, 3 * LAB_S);
	assert_int_equal(lab.nsent, 0);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void an_old_router_is_spoken_to_in_its_version(void **state)
{
	struct holm_udp *u;
	struct lab lab;

	(void)state;
	u = settled_member(&lab);
	ask(&lab, 2, 0, 10);
	lab_run(&lab, LAB_S + 10 * LAB_MS);
	assert_int_equal(sent(&lab, 0, GROUP)[0], IGMP2_REPORT);
	lab_clear(&lab);
	ask(&lab, 1, 0, 0);
	lab_run(&lab, 11 * LAB_S);
	assert_int_equal(sent(&lab, 0, GROUP)[0], IGMP1_REPORT);
	/* Believed in for a time only. */
	lab_run(&lab, 300 * LAB_S);
	lab_clear(&lab);
	ask(&lab, 2, 0, 10);
	lab_run(&lab, LAB_S + 10 * LAB_MS);
	lab_clear(&lab);
	holm_udp_close(u);
	lab_poll(&lab);
	lab_run(&lab, 30 * LAB_S);
	assert_int_equal(lab.nsent, 1);
	assert_int_equal(sent(&lab, 0, 0xe0000002u)[0], IGMP2_LEAVE);
	lab_fini(&lab);
}

static void a_router_of_version_1_hears_nothing_of_who_leaves(void **state)
{
	struct holm_udp *u;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	u = member(&lab);
	ask(&lab, 1, 0, 0);
	lab_run(&lab, 11 * LAB_S);
	lab_clear(&lab);
	holm_udp_close(u);
	lab_run(&lab, 30 * LAB_S);
	assert_int_equal(lab.nsent, 0);
	lab_fini(&lab);
}

/* RFC 3376 section 5.2: at a random time within what the router allows, lest all answer at once. */
static void the_answer_to_a_query_waits_for_a_time_by_lot(void **state)
{
	uint64_t longest = 0, shortest = UINT64_MAX;
	struct holm_udp *u;
	struct lab lab;

	(void)state;
	u = settled_member(&lab);
	for (int i = 0; i < 16; i++) {
		uint64_t asked = lab.now;

		lab_clear(&lab);
		ask(&lab, 3, 0, 100);
		lab_run(&lab, 11 * LAB_S);
		assert_int_equal(lab.nsent, 1);
		longest = max_u64(longest, lab.sent[0].at_ns - asked);
		shortest = min_u64(shortest, lab.sent[0].at_ns - asked);
	}
	assert_in_range(longest, 5 * LAB_S, 10 * LAB_S + 10 * LAB_MS);
	assert_true(shortest < 5 * LAB_S);
	holm_udp_close(u);
	lab_fini(&lab);
}

/* RFC 3376 section 6: everybody is in 224.0.0.1. */
static void the_group_of_all_hosts_is_not_reported(void **state)
{
	const struct holm_addr all = holm_addr_ip4(224, 0, 0, 1);
	struct holm_udp *u;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	lab_run(&lab, 3 * LAB_S);
	lab_clear(&lab);
	u = udp_lab_bound(&lab, 5, 0);
	assert_int_equal(holm_udp_join(u, &all, &lab.dev), 0);
	lab_run(&lab, 30 * LAB_S);
	assert_int_equal(lab.nsent, 0);
	holm_udp_close(u);
	lab_run(&lab, 30 * LAB_S);
	assert_int_equal(lab.nsent, 0);
	lab_fini(&lab);
}

static void a_query_that_lies_in_several_pieces_of_memory_is_understood(void **state)
{
	struct holm_udp *u;
	struct lab lab;

	(void)state;
	u = settled_member(&lab);
	for (lab.segments = 15; lab.segments < 46; lab.segments++) {
		lab_clear(&lab);
		ask(&lab, 3, GROUP, 10);
		lab_run(&lab, 2 * LAB_S);
		assert_int_equal(lab.nsent, 1);
	}
	holm_udp_close(u);
	lab_fini(&lab);
}

static void another_member_on_the_link_makes_a_report_unnecessary(void **state)
{
	uint8_t report[IGMP_BYTES];
	struct holm_udp *u;
	struct lab lab;

	(void)state;
	u = settled_member(&lab);
	ask(&lab, 2, 0, 100);
	lab_clear(&lab);
	igmp_build(report, IGMP2_REPORT, GROUP);
	hear(&lab, GROUP, report, sizeof(report));
	lab_run(&lab, 11 * LAB_S);
	assert_int_equal(lab.nsent, 0);
	/* Nor is it ours to say that the last one left. */
	holm_udp_close(u);
	lab_run(&lab, 30 * LAB_S);
	assert_int_equal(lab.nsent, 0);
	lab_fini(&lab);
}

static void what_is_no_igmp_is_dropped(void **state)
{
	/* Without a sum, and with the right one, but too short. */
	uint8_t m[IGMP_BYTES] = { IGMP_QUERY, 10 }, cut[4] = { IGMP_QUERY, 10, 0xee, 0xf5 };
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	hear(&lab, 0xe0000001u, m, sizeof(m));
	hear(&lab, 0xe0000001u, m, 5);
	hear(&lab, 0xe0000001u, cut, sizeof(cut));
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IGMP_MALFORMED), 3);
	lab_fini(&lab);
}

static void groups_are_heard_by_their_interface_alone(void **state)
{
	struct holm_mac mac = ip4_multicast_mac(GROUP);
	struct holm_udp *u;
	struct lab lab;
	uint8_t frame[128];
	size_t len;

	(void)state;
	lab_init(&lab, &plain);
	len = lab_udp(frame, LAB_IP(2), GROUP, 9, 5, "news", 4);
	memcpy(frame, mac.b, 6);
	lab_receive(&lab, frame, len);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP4_NOT_OURS), 1);
	u = member(&lab);
	lab_receive(&lab, frame, len);
	udp_lab_expect(u, "news");
	holm_udp_close(u);
	lab_fini(&lab);
}

static void groups_are_bounded(void **state)
{
	struct holm_udp *us[16];
	struct lab lab;
	unsigned n = 0;
	int err = 0;

	(void)state;
	lab_init(&lab, &plain);
	for (unsigned i = 0; i < ARRAY_LEN(us); i++) {
		us[i] = udp_lab_bound(&lab, (uint16_t)(100 + i), 0);
		for (unsigned j = 0; j < 20; j++) {
			struct holm_addr g = holm_addr_ip4(239, 1, (uint8_t)i, (uint8_t)j);

			err = holm_udp_join(us[i], &g, &lab.dev);
			n += err == 0;
		}
		lab_poll(&lab);
	}
	assert_int_equal(err, -HOLM_ENOBUFS);
	assert_int_equal(n, IP_GROUPS_MAX);
	for (unsigned i = 0; i < ARRAY_LEN(us); i++)
		holm_udp_close(us[i]);
	lab_run(&lab, 3 * LAB_S);
	lab_fini(&lab);
}

static size_t told;

static void note_filter(struct holm_dev *dev, const struct holm_mac *macs, size_t n)
{
	(void)dev;
	(void)macs;
	told = n;
}

static void the_device_hears_which_groups_it_is_to_let_in(void **state)
{
	struct holm_dev_ops ops;
	struct holm_udp *u;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	ops = *lab.dev.ops;
	ops.set_filter = note_filter;
	lab.dev.ops = &ops;
	u = member(&lab);
	assert_int_equal(told, 2); /* all systems, too */
	holm_udp_close(u);
	assert_int_equal(told, 1);
	lab_run(&lab, 3 * LAB_S);
	lab_fini(&lab);
}

static void memberships_end_with_their_device(void **state)
{
	struct holm_addr g = group();
	struct holm_endpoint to = { .addr = g, .port = 5 };
	struct holm_udp *u;
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	u = member(&lab);
	/* What was sent to it a moment ago is still on its way back. */
	assert_int_equal(udp_lab_send(u, &to, "x"), 0);
	holm_net_remove_dev(lab.net, &lab.dev);
	assert_int_equal(holm_udp_leave(u, &g, NULL), -HOLM_EADDRNOTAVAIL);
	assert_int_equal(table_nodes(&lab.net->ip->groups.table), 0);
	assert_int_equal(holm_net_add_dev(lab.net, &lab.dev), 1);
	holm_udp_close(u);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joining_and_leaving_are_said_twice),
		cmocka_unit_test(a_group_is_joined_once_however_many_members_it_has),
		cmocka_unit_test(a_link_that_comes_up_is_told_of_every_group),
		cmocka_unit_test(queries_are_answered_in_time),
		cmocka_unit_test(an_old_router_is_spoken_to_in_its_version),
		cmocka_unit_test(a_router_of_version_1_hears_nothing_of_who_leaves),
		cmocka_unit_test(the_answer_to_a_query_waits_for_a_time_by_lot),
		cmocka_unit_test(the_group_of_all_hosts_is_not_reported),
		cmocka_unit_test(a_query_that_lies_in_several_pieces_of_memory_is_understood),
		cmocka_unit_test(another_member_on_the_link_makes_a_report_unnecessary),
		cmocka_unit_test(what_is_no_igmp_is_dropped),
		cmocka_unit_test(groups_are_heard_by_their_interface_alone),
		cmocka_unit_test(groups_are_bounded),
		cmocka_unit_test(the_device_hears_which_groups_it_is_to_let_in),
		cmocka_unit_test(memberships_end_with_their_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
