/*
 * Tests of the calls that open, connect, receive and set: net/udp/user.c.
 */
#include "net/udp/udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/udp_lab.h"

static const struct holm_proto *const protos[] = { &holm_arp,	&holm_ipv4, HOLM_IP_PARTS,
						   &holm_icmp4, &holm_udp,  NULL };
static const struct lab_options plain = { .protos = protos };

static void the_number_of_endpoints_is_bounded(void **state)
{
	struct holm_config config;
	struct lab_options options = { .protos = protos, .config = &config };
	struct holm_udp *u[3];
	struct lab lab;

	(void)state;
	holm_config_default(&config);
	config.udp_endpoints_max = 2;
	lab_init(&lab, &options);
	assert_int_equal(holm_udp_open(lab.net, &u[0]), 0);
	assert_int_equal(holm_udp_open(lab.net, &u[1]), 0);
	assert_int_equal(holm_udp_open(lab.net, &u[2]), -HOLM_ENOBUFS);
	holm_udp_close(u[0]);
	assert_int_equal(holm_udp_open(lab.net, &u[0]), 0);
	lab_fini(&lab);
}

static void connecting_fixes_both_ends_and_dissolving_frees_them(void **state)
{
	struct holm_endpoint remote = udp_lab_at(2, 9), got;
	struct holm_addr self = lab_addr(1);
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	lab_init(&lab, &plain);
	assert_int_equal(holm_udp_open(lab.net, &u), 0);
	assert_int_equal(holm_udp_remote(u, &got), -HOLM_ENOTCONN);
	assert_int_equal(holm_udp_connect(u, &remote), 0);
	assert_int_equal(holm_udp_remote(u, &got), 0);
	assert_int_equal(got.port, 9);
	assert_true(holm_addr_equal(&got.addr, &remote.addr));
	holm_udp_local(u, &got);
	assert_true(holm_addr_equal(&got.addr, &self));
	assert_in_range(got.port, 49152, 65535);
	assert_int_equal(holm_udp_connect(u, NULL), 0);
	holm_udp_local(u, &got);
	assert_true(holm_addr_is_any(&got.addr));
	assert_int_equal(holm_udp_remote(u, &got), -HOLM_ENOTCONN);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void connecting_to_what_cannot_be_is_refused_and_changes_nothing(void **state)
{
	struct holm_endpoint nowhere = { .addr = holm_addr_ip4(20, 0, 0, 1), .port = 9 };
	struct holm_endpoint everybody = { .addr = holm_addr_ip4(255, 255, 255, 255), .port = 9 };
	struct holm_endpoint any = udp_lab_at(0, 9), got;
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_bound(&lab, 7, 0);
	assert_int_equal(holm_udp_connect(u, &nowhere), -HOLM_ENETUNREACH);
	assert_int_equal(holm_udp_connect(u, &everybody), -HOLM_EACCES);
	assert_int_equal(holm_udp_connect(u, &any), -HOLM_EINVAL);
	assert_int_equal(holm_udp_remote(u, &got), -HOLM_ENOTCONN);
	udp_lab_receive(&lab, 2, 9, 7, "still here");
	udp_lab_expect(u, "still here");
	holm_udp_close(u);
	lab_fini(&lab);
}

static void of_those_connected_alike_the_last_hears(void **state)
{
	static const char order[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					 { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	struct holm_endpoint remote = udp_lab_at(2, 9);
	struct holm_udp *u[3];
	struct lab lab;

	(void)state;
	lab_init(&lab, &plain);
	for (int i = 0; i < 3; i++)
		u[i] = udp_lab_bound(&lab, 7, HOLM_UDP_REUSEADDR);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		for (int j = 0; j < 3; j++) {
			assert_int_equal(holm_udp_connect(u[(int)order[i][j]], &remote), 0);
			udp_lab_receive(&lab, 2, 9, 7, "hi");
			udp_lab_expect(u[(int)order[i][j]], "hi");
			for (int k = 0; k < 3; k++)
				udp_lab_expect_nothing(u[k]);
		}
		/* Without it, who was it before. */
		assert_int_equal(holm_udp_connect(u[(int)order[i][2]], NULL), 0);
		udp_lab_receive(&lab, 2, 9, 7, "hi");
		udp_lab_expect(u[(int)order[i][1]], "hi");
	}
	for (int i = 0; i < 3; i++)
		holm_udp_close(u[i]);
	lab_fini(&lab);
}

static void a_bounded_number_is_connected_alike(void **state)
{
	struct holm_endpoint remote = udp_lab_at(2, 9);
	struct holm_udp *u[64];
	struct lab lab;
	int err = 0, n;

	(void)state;
	lab_init(&lab, &plain);
	for (n = 0; n < 64 && !err; n++) {
		u[n] = udp_lab_bound(&lab, 7, HOLM_UDP_REUSEADDR);
		err = holm_udp_connect(u[n], &remote);
	}
	assert_int_equal(err, -HOLM_ENOMEM);
	/* It is as it was. */
	assert_int_equal(holm_udp_remote(u[n - 1], &remote), -HOLM_ENOTCONN);
	udp_lab_receive(&lab, 2, 9, 7, "hi");
	udp_lab_expect(u[n - 2], "hi");
	while (n-- > 0)
		holm_udp_close(u[n]);
	lab_fini(&lab);
}

static void peeking_leaves_the_datagram_where_it_is(void **state)
{
	struct holm_datagram dg;
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_bound(&lab, 7, 0);
	assert_int_equal(holm_udp_peek(u, &dg), -HOLM_EAGAIN);
	udp_lab_receive(&lab, 2, 9, 7, "first");
	udp_lab_receive(&lab, 2, 9, 7, "second");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(holm_udp_peek(u, &dg), 0);
		assert_int_equal(dg.payload_len, 5);
	}
	udp_lab_expect(u, "first");
	udp_lab_expect(u, "second");
	udp_lab_expect_nothing(u);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void each_datagram_is_an_event_but_waits_on_the_list_once(void **state)
{
	struct holm_event ev;
	struct lab lab;
	struct holm_udp *u;
	int cookie;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_bound(&lab, 7, 0);
	holm_udp_set_cookie(u, &cookie);
	assert_false(holm_net_next_event(lab.net, &ev));
	udp_lab_receive(&lab, 2, 9, 7, "1");
	udp_lab_receive(&lab, 2, 9, 7, "2");
	assert_true(holm_net_next_event(lab.net, &ev));
	assert_ptr_equal(ev.cookie, &cookie);
	assert_ptr_equal(ev.endpoint, u);
	assert_int_equal(ev.kind, HOLM_EP_UDP);
	assert_true(ev.state & HOLM_READABLE);
	assert_false(holm_net_next_event(lab.net, &ev));
	/* Still readable; the next one is news all the same. */
	udp_lab_receive(&lab, 2, 9, 7, "3");
	assert_true(holm_net_next_event(lab.net, &ev));
	udp_lab_receive(&lab, 2, 9, 7, "4");
	holm_udp_close(u);
	assert_false(holm_net_next_event(lab.net, &ev));
	lab_fini(&lab);
}

static void an_error_is_taken_once_by_whoever_calls_first(void **state)
{
	struct holm_datagram dg;
	struct lab lab;
	struct holm_udp *u;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_connected(&lab, 7, 2, 9);
	udp_lab_receive(&lab, 2, 9, 7, "x");
	udp_set_error(u, HOLM_ECONNREFUSED);
	assert_true(holm_udp_ready(u) & HOLM_ERROR);
	assert_int_equal(holm_udp_recv(u, &dg), -HOLM_ECONNREFUSED);
	assert_false(holm_udp_ready(u) & HOLM_ERROR);
	udp_lab_expect(u, "x");
	udp_set_error(u, HOLM_ECONNREFUSED);
	assert_int_equal(udp_lab_send(u, NULL, "x"), -HOLM_ECONNREFUSED);
	assert_int_equal(udp_lab_send(u, NULL, "x"), 0);
	lab_poll(&lab);
	holm_udp_close(u);
	lab_fini(&lab);
}

static void options_have_ranges(void **state)
{
	struct lab lab;
	struct holm_udp *u;
	uint32_t value;

	(void)state;
	lab_init(&lab, &plain);
	u = udp_lab_bound(&lab, 7, 0);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_TTL, 0), -HOLM_EINVAL);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_TTL, 256), -HOLM_EINVAL);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_TOS, 256), -HOLM_EINVAL);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_BROADCAST, 2), -HOLM_EINVAL);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_RCVBUF, 100), -HOLM_EINVAL);
	assert_int_equal(holm_udp_set_option(u, (enum holm_udp_option)99, 0), -HOLM_ENOPROTOOPT);
	assert_int_equal(holm_udp_set_option(u, HOLM_UDP_OPT_TTL, 255), 0);
	assert_int_equal(holm_udp_get_option(u, HOLM_UDP_OPT_TTL, &value), 0);
	assert_int_equal(value, 255);
	assert_int_equal(holm_udp_get_option(u, HOLM_UDP_OPT_RCVBUF, &value), 0);
	assert_int_equal(value, 256 * 1024);
	assert_int_equal(holm_udp_get_option(u, (enum holm_udp_option)99, &value),
			 -HOLM_ENOPROTOOPT);
	holm_udp_close(u);
	lab_fini(&lab);
}

/* Open, bind, connect, send, receive, close with the n-th allocation failing. */
static int whole_life(struct lab *lab)
{
	struct holm_endpoint remote = udp_lab_at(2, 9), local = udp_lab_at(0, 7);
	struct holm_udp *u;
	int err = holm_udp_open(lab->net, &u);

	if (err)
		return err;
	err = holm_udp_bind(u, &local, 0);
	if (!err)
		err = holm_udp_connect(u, &remote);
	if (!err)
		err = udp_lab_send(u, NULL, "x");
	udp_lab_receive(lab, 2, 9, 7, "y");
	lab_poll(lab);
	holm_udp_close(u);
	return err;
}

static void a_failed_allocation_at_any_place_is_an_error_and_no_harm(void **state)
{
	uint64_t failed = 0;

	(void)state;
	for (uint64_t n = 1; n < 40; n++) {
		struct lab lab;
		int err;

		lab_init(&lab, &plain);
		lab.fail_from = lab.alloc_calls + n;
		err = whole_life(&lab);
		if (err) {
			assert_true(err == -HOLM_ENOMEM || err == -HOLM_ENOBUFS);
			failed++;
		}
		lab.fail_from = 0;
		assert_int_equal(whole_life(&lab), 0);
		lab_fini(&lab);
	}
	assert_true(failed > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_number_of_endpoints_is_bounded),
		cmocka_unit_test(connecting_fixes_both_ends_and_dissolving_frees_them),
		cmocka_unit_test(connecting_to_what_cannot_be_is_refused_and_changes_nothing),
		cmocka_unit_test(of_those_connected_alike_the_last_hears),
		cmocka_unit_test(a_bounded_number_is_connected_alike),
		cmocka_unit_test(peeking_leaves_the_datagram_where_it_is),
		cmocka_unit_test(each_datagram_is_an_event_but_waits_on_the_list_once),
		cmocka_unit_test(an_error_is_taken_once_by_whoever_calls_first),
		cmocka_unit_test(options_have_ranges),
		cmocka_unit_test(a_failed_allocation_at_any_place_is_an_error_and_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
