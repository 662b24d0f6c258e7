/*
 * Tests of the neighbour cache: net/link/neigh.c, through ARP and UDP endpoints.
 */
#include "net/link/neigh.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/wire/arp.h"
#include "tests/support/expect.h"
#include "tests/support/udp_lab.h"

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &holm_udp,  NULL };

static void start_with(struct lab *lab, uint32_t neighbours_max)
{
	struct holm_config config;
	struct lab_options options = { .protos = protos, .config = &config };

	holm_config_default(&config);
	config.neighbours_max = neighbours_max;
	lab_init(lab, &options);
	lab_run(lab, 5 * LAB_S);
	lab_clear(lab);
}

static void start(struct lab *lab)
{
	start_with(lab, 512);
}

static struct neigh *entry(struct lab *lab, unsigned host)
{
	struct holm_addr addr = lab_addr(host);

	return neigh_find(lab->net, lab->dev.netif, &addr);
}

static void answer(struct lab *lab, unsigned host)
{
	uint8_t frame[64];

	lab_receive(lab, frame, lab_arp(frame, ARP_REPLY, host, 1, false));
}

static struct holm_udp *socket_of(struct lab *lab)
{
	return udp_lab_bound(lab, 0, 0);
}

static int send_to(struct lab *lab, struct holm_udp *u, unsigned host, const char *text)
{
	struct holm_endpoint to = udp_lab_at(host, 9);
	int err = udp_lab_send(u, &to, text);

	lab_poll(lab);
	return err;
}

static void frames_wait_for_the_answer_and_leave_in_order(void **state)
{
	struct lab lab;
	struct holm_udp *u;
	struct holm_mac mac = lab_mac(2);
	char text[2] = "a";

	(void)state;
	start(&lab);
	u = socket_of(&lab);
	for (; text[0] < 'e'; text[0]++)
		assert_int_equal(send_to(&lab, u, 2, text), 0);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_ARP), 1);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP4), 0);
	answer(&lab, 2);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP4), 4);
	for (size_t i = 0; i < 4; i++) {
		const struct lab_sent *s = lab_find_type(&lab, ETH_TYPE_IP4, i);

		assert_memory_equal(s->data, &mac, 6);
		assert_int_equal(s->data[42], 'a' + (int)i);
	}
	holm_udp_close(u);
	lab_fini(&lab);
}

static void beyond_the_bound_the_oldest_waiting_frame_goes(void **state)
{
	struct lab lab;
	struct holm_udp *u;
	char text[2] = "a";

	(void)state;
	start(&lab);
	u = socket_of(&lab);
	for (; text[0] < 'k'; text[0]++)
		send_to(&lab, u, 2, text);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_NEIGH_QUEUE_FULL), 6);
	answer(&lab, 2);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP4), 4);
	assert_int_equal(lab_find_type(&lab, ETH_TYPE_IP4, 0)->data[42], 'g');
	holm_udp_close(u);
	lab_fini(&lab);
}

static void silence_is_asked_three_times_a_second_apart_and_then_reported(void **state)
{
	struct lab lab;
	struct holm_udp *u;
	struct holm_endpoint to = udp_lab_at(2, 9);

	(void)state;
	start(&lab);
	u = socket_of(&lab);
	assert_int_equal(holm_udp_connect(u, &to), 0);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_ERRORS, 1), 0);
	assert_int_equal(udp_lab_send(u, NULL, "x"), 0);
	lab_run(&lab, 20 * LAB_S);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_ARP), 3);
	for (size_t i = 1; i < 3; i++)
		assert_true(lab.sent[i].at_ns - lab.sent[i - 1].at_ns >= LAB_S);
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_NEIGH_UNREACHABLE), 1);
	assert_int_equal(holm_udp_take_error(u), -HOLM_EHOSTUNREACH);
	assert_int_equal(entry(&lab, 2)->state, NEIGH_FAILED);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void however_much_is_sent_one_target_is_asked_once_a_second(void **state)
{
	struct lab lab;
	struct holm_udp *u;
	uint64_t last = 0;

	(void)state;
	start(&lab);
	u = socket_of(&lab);
	for (int i = 0; i < 1000; i++) {
		send_to(&lab, u, 2, "x");
		holm_udp_take_error(u);
		lab_run(&lab, 20 * LAB_MS);
	}
	for (size_t i = 0; i < lab.nsent; i++) {
		assert_true(i == 0 || lab.sent[i].at_ns - last >= LAB_S);
		last = lab.sent[i].at_ns;
	}
	assert_in_range(lab.nsent, 15, 21);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_stale_entry_is_used_first_and_checked_later(void **state)
{
	struct lab lab;
	struct holm_udp *u;
	struct holm_mac mac = lab_mac(2), everybody = eth_broadcast();

	(void)state;
	start(&lab);
	u = udp_lab_connected(&lab, 0, 2, 9);
	assert_int_equal(entry(&lab, 2)->state, NEIGH_STALE);
	udp_lab_send(u, NULL, "x");
	lab_poll(&lab);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP4), 1);
	assert_int_equal(entry(&lab, 2)->state, NEIGH_DELAY);
	lab_run(&lab, 4900 * LAB_MS);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_ARP), 0);
	lab_run(&lab, 200 * LAB_MS);
	assert_int_equal(entry(&lab, 2)->state, NEIGH_PROBE);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_ARP), 1);
	/* Asked by its old address first, then everybody; still used all the while. */
	lab_run(&lab, 5500 * LAB_MS);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_ARP), 6);
	for (size_t i = 0; i < 6; i++)
		assert_memory_equal(lab_find_type(&lab, ETH_TYPE_ARP, i)->data,
				    i < 3 ? &mac : &everybody, 6);
	udp_lab_send(u, NULL, "y");
	lab_poll(&lab);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP4), 2);
	lab_run(&lab, 1 * LAB_S);
	assert_int_equal(entry(&lab, 2)->state, NEIGH_FAILED);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void an_answer_to_a_probe_makes_it_reachable_again(void **state)
{
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	start(&lab);
	u = udp_lab_connected(&lab, 0, 2, 9);
	udp_lab_send(u, NULL, "x");
	lab_run(&lab, 5100 * LAB_MS);
	answer(&lab, 2);
	assert_int_equal(entry(&lab, 2)->state, NEIGH_REACHABLE);
	assert_in_range(entry(&lab, 2)->fresh_until_ns - lab.now, 15 * LAB_S, 45 * LAB_S);
	lab_run(&lab, 46 * LAB_S);
	lab_clear(&lab);
	udp_lab_send(u, NULL, "x");
	lab_poll(&lab);
	assert_int_equal(entry(&lab, 2)->state, NEIGH_DELAY);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void what_a_transport_confirms_is_not_asked(void **state)
{
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	start(&lab);
	u = udp_lab_connected(&lab, 0, 2, 9);
	for (int i = 0; i < 200; i++) {
		udp_lab_send(u, NULL, "x");
		lab_run(&lab, LAB_S);
		neigh_confirm(lab.net, entry(&lab, 2));
	}
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_ARP), 0);
	neigh_doubt(lab.net, entry(&lab, 2));
	lab_poll(&lab);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_ARP), 1);
	holm_udp_close(u);
	lab_fini(&lab);
}

/* An attacker's segments may make a transport doubt as often as they come. */
static void who_is_doubted_again_and_again_is_asked_once_a_second(void **state)
{
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	start(&lab);
	u = udp_lab_connected(&lab, 0, 2, 9);
	for (int i = 0; i < 32; i++) {
		neigh_doubt(lab.net, entry(&lab, 2));
		lab_poll(&lab);
		answer(&lab, 2);
		lab_run(&lab, 100 * LAB_MS);
	}
	assert_in_range(lab.nsent, 3, 4);
	for (size_t i = 1; i < lab.nsent; i++)
		assert_true(lab.sent[i].at_ns - lab.sent[i - 1].at_ns >= LAB_S);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void an_unasked_announcement_moves_an_entry_but_confirms_nothing(void **state)
{
	struct lab lab;
	struct holm_udp *u;
	uint8_t frame[64];
	struct holm_mac moved = lab_mac(77);

	(void)state;
	start(&lab);
	u = udp_lab_connected(&lab, 0, 2, 9);
	neigh_confirm(lab.net, entry(&lab, 2));
	lab_arp(frame, ARP_REPLY, 2, 2, true);
	lab_receive(&lab, frame, 60);
	assert_int_equal(entry(&lab, 2)->state, NEIGH_REACHABLE);
	memcpy(frame + 22, &moved, 6);
	lab_receive(&lab, frame, 60);
	assert_int_equal(entry(&lab, 2)->state, NEIGH_STALE);
	udp_lab_send(u, NULL, "x");
	lab_poll(&lab);
	assert_memory_equal(lab_find_type(&lab, ETH_TYPE_IP4, 0)->data, &moved, 6);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_hundred_talkers_do_not_evict_a_live_flow_from_a_cache_of_four(void **state)
{
	struct lab lab;
	struct holm_udp *u;
	uint8_t frame[2048];

	(void)state;
	start_with(&lab, 4);
	u = udp_lab_connected(&lab, 0, 2, 9);
	neigh_confirm(lab.net, entry(&lab, 2));
	for (unsigned host = 10; host < 110; host++) {
		lab_introduce(&lab, host);
		lab_receive(&lab, frame, lab_echo(frame, LAB_IP(host), LAB_IP(1), 8));
		lab_clear(&lab);
		udp_lab_send(u, NULL, "x");
		lab_poll(&lab);
		assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP4), 1);
		assert_int_equal(lab_count_type(&lab, ETH_TYPE_ARP), 0);
		assert_true(lab.net->neigh->count <= 4);
	}
	holm_udp_close(u);
	lab_fini(&lab);
}

/* What was used while it was stale is as good as fresh to who sends, but not here. */
static void who_is_to_be_checked_gives_way_if_nobody_holds_it(void **state)
{
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	start_with(&lab, 4);
	u = socket_of(&lab);
	for (unsigned host = 2; host < 6; host++) {
		lab_introduce(&lab, host);
		send_to(&lab, u, host, "x");
		assert_int_equal(entry(&lab, host)->state, NEIGH_DELAY);
	}
	send_to(&lab, u, 6, "x");
	assert_non_null(entry(&lab, 6));
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_NEIGH_TABLE_FULL), 0);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_full_cache_sheds_with_a_counted_reason_and_without_a_storm(void **state)
{
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	start_with(&lab, 4);
	u = socket_of(&lab);
	/* Two hundred unknown targets within one second: no more than four are asked for. */
	for (unsigned host = 10; host < 210; host++)
		send_to(&lab, u, host, "x");
	assert_in_range(lab_count_type(&lab, ETH_TYPE_ARP), 1, 4);
	assert_true(holm_net_drops(lab.net, HOLM_DROP_NEIGH_TABLE_FULL) >= 190);
	/* And the cache recovers. */
	lab_run(&lab, 4 * LAB_S);
	assert_int_equal(send_to(&lab, u, 7, "x"), 0);
	answer(&lab, 7);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP4), 1);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void a_request_that_finds_the_queue_full_is_made_a_little_later(void **state)
{
	struct holm_config config;
	struct lab_options options = { .protos = protos, .config = &config };
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	holm_config_default(&config);
	config.dev_queue_max = 64;
	lab_init(&lab, &options);
	lab_run(&lab, 5 * LAB_S);
	u = udp_lab_connected(&lab, 0, 2, 9);
	lab.tx_room = 0;
	while (udp_lab_send(u, NULL, "x") == 0)
		continue;
	lab_poll(&lab);
	lab_clear(&lab);
	neigh_doubt(lab.net, entry(&lab, 2));
	lab_run(&lab, 5 * LAB_MS);
	lab.tx_room = SIZE_MAX;
	holm_net_tx_ready(lab.net, &lab.dev);
	lab_run(&lab, 20 * LAB_MS);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_ARP), 1);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void an_entry_that_a_flow_holds_outlives_a_flush_only_as_a_husk(void **state)
{
	struct lab lab;
	struct holm_udp *u;
	struct neigh *before;

	(void)state;
	start(&lab);
	u = udp_lab_connected(&lab, 0, 2, 9);
	before = entry(&lab, 2);
	neigh_flush(lab.net, lab.dev.netif);
	assert_null(entry(&lab, 2));
	assert_int_equal(before->state, NEIGH_DEAD);
	udp_lab_send(u, NULL, "x");
	assert_int_equal(holm_net_drops(lab.net, HOLM_DROP_IP_NO_DEVICE), 1);
	/* A change of the interface makes destinations look again. */
	holm_net_link_changed(lab.net, &lab.dev);
	udp_lab_send(u, NULL, "y");
	lab_poll(&lab);
	answer(&lab, 2);
	assert_int_equal(lab_count_type(&lab, ETH_TYPE_IP4), 1);
	holm_udp_close(u);
	lab_fini(&lab);
}

static bool is_host_three(const struct holm_addr *addr, const void *ctx)
{
	struct holm_addr three = lab_addr(3);

	(void)ctx;
	return holm_addr_equal(addr, &three);
}

static void what_is_remembered_is_good_until_an_entry_goes(void **state)
{
	const struct neigh_memo nothing = { 0 };
	struct holm_addr addr = lab_addr(2);
	struct neigh_memo memo;
	struct neigh *n;
	struct lab lab;

	(void)state;
	start(&lab);
	assert_int_equal(lab.net->neigh->removals, 0);
	assert_null(neigh_take(lab.net, &nothing));
	lab_introduce(&lab, 3);
	assert_int_equal(neigh_get(lab.net, lab.dev.netif, &addr, &n), 0);
	memo = neigh_put_memo(lab.net, n);
	assert_int_equal(n->refs, 0);
	assert_ptr_equal(neigh_take(lab.net, &memo), n);
	assert_int_equal(n->refs, 1);
	neigh_put(lab.net, n);
	/* Another one's end will do: who has gone is not remembered. */
	neigh_flush_some(lab.net, lab.dev.netif, is_host_three, NULL);
	assert_ptr_equal(entry(&lab, 2), n);
	assert_null(neigh_take(lab.net, &memo));
	lab_fini(&lab);
}

static void waiting_frames_go_with_their_device(void **state)
{
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	start(&lab);
	u = socket_of(&lab);
	send_to(&lab, u, 2, "x");
	send_to(&lab, u, 3, "x");
	assert_false(lab_frames_are_home(&lab));
	/* lab_fini() takes the device away and counts the frames. */
	lab_fini(&lab);
}

static void any_weather_keeps_the_table_in_bounds(void **state)
{
	uint64_t seed = expect_seed(7);
	struct lab lab;
	struct holm_udp *u[4];
	uint8_t frame[2048];

	(void)state;
	start_with(&lab, 8);
	for (size_t i = 0; i < 4; i++)
		u[i] = socket_of(&lab);
	for (int i = 0; i < 20000; i++) {
		unsigned host = 2 + (unsigned)expect_random_below(&seed, 30);

		switch (expect_random_below(&seed, 6)) {
		case 0:
			send_to(&lab, u[expect_random_below(&seed, 4)], host, "x");
			break;
		case 1:
			answer(&lab, host);
			break;
		case 2:
			lab_introduce(&lab, host);
			break;
		case 3:
			lab_receive(&lab, frame, lab_echo(frame, LAB_IP(host), LAB_IP(1), 8));
			break;
		case 4:
			lab_run(&lab, expect_random_below(&seed, 3000) * LAB_MS);
			break;
		default:
			if (entry(&lab, host))
				neigh_confirm(lab.net, entry(&lab, host));
			break;
		}
		assert_true(lab.net->neigh->count <= 8);
		lab_clear(&lab);
	}
	for (size_t i = 0; i < 4; i++)
		holm_udp_close(u[i]);
	lab_fini(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_wait_for_the_answer_and_leave_in_order),
		cmocka_unit_test(beyond_the_bound_the_oldest_waiting_frame_goes),
		cmocka_unit_test(silence_is_asked_three_times_a_second_apart_and_then_reported),
		cmocka_unit_test(however_much_is_sent_one_target_is_asked_once_a_second),
		cmocka_unit_test(a_stale_entry_is_used_first_and_checked_later),
		cmocka_unit_test(an_answer_to_a_probe_makes_it_reachable_again),
		cmocka_unit_test(what_a_transport_confirms_is_not_asked),
		cmocka_unit_test(who_is_doubted_again_and_again_is_asked_once_a_second),
		cmocka_unit_test(an_unasked_announcement_moves_an_entry_but_confirms_nothing),
		cmocka_unit_test(a_hundred_talkers_do_not_evict_a_live_flow_from_a_cache_of_four),
		cmocka_unit_test(who_is_to_be_checked_gives_way_if_nobody_holds_it),
		cmocka_unit_test(a_full_cache_sheds_with_a_counted_reason_and_without_a_storm),
		cmocka_unit_test(a_request_that_finds_the_queue_full_is_made_a_little_later),
		cmocka_unit_test(an_entry_that_a_flow_holds_outlives_a_flush_only_as_a_husk),
		cmocka_unit_test(what_is_remembered_is_good_until_an_entry_goes),
		cmocka_unit_test(waiting_frames_go_with_their_device),
		cmocka_unit_test(any_weather_keeps_the_table_in_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
