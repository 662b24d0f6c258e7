/*
 * Tests of net/net.c: what an instance refuses, how devices come and go, the promises of a round.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <holm/stats.h>
#include <holm/tcp.h>
#include <holm/udp.h>
#include <holm/version.h>

#include "net/core/net.h"
#include "net/core/proto.h"
#include "tests/support/duo.h"
#include "tests/support/env.h"
#include "tests/support/expect.h"

#define SECOND 1000000000ull

static const struct holm_proto *const four[] = { &holm_arp, &holm_ipv4, &holm_icmp4, &holm_udp,
						 NULL };

static void the_library_says_which_version_it_is(void **state)
{
	(void)state;
	assert_int_equal(holm_version(), HOLM_VERSION);
}

static void a_config_or_env_of_another_size_is_refused(void **state)
{
	struct holm_config config;
	struct holm_env env = plain_env;
	struct holm_net *net;

	(void)state;
	holm_config_default(&config);
	config.size--;
	assert_int_equal(holm_net_create(&net, &config, &env, four), -HOLM_EINVAL);
	holm_config_default(&config);
	config.neighbour_frames_max = 2;
	assert_int_equal(holm_net_create(&net, &config, &env, four), -HOLM_EINVAL);
	holm_config_default(&config);
	env.random = NULL;
	assert_int_equal(holm_net_create(&net, &config, &env, four), -HOLM_EINVAL);
	env = plain_env;
	env.size++;
	assert_int_equal(holm_net_create(&net, &config, &env, four), -HOLM_EINVAL);
}

static void a_protocol_twice_or_without_what_it_needs_is_refused(void **state)
{
	static const struct holm_proto *const twice[] = { &holm_arp, &holm_ipv4, &holm_arp, NULL };
	static const struct holm_proto *const lonely[] = { &holm_tcp, NULL };
	struct holm_config config;
	struct holm_env env = plain_env;
	struct holm_net *net;

	(void)state;
	holm_config_default(&config);
	assert_int_equal(holm_net_create(&net, &config, &env, twice), -HOLM_EINVAL);
	assert_int_equal(holm_net_create(&net, &config, &env, lonely), -HOLM_EINVAL);
}

static void transports_are_content_with_either_network_layer(void **state)
{
	static const struct holm_proto *const of_six[] = { &holm_tcp,  &holm_udp,   &holm_sockets,
							   &holm_ipv6, &holm_icmp6, &holm_nd,
							   NULL };
	static const struct holm_proto *const of_four[] = { &holm_tcp, &holm_udp, &holm_arp,
							    &holm_ipv4, NULL };
	static const struct holm_proto *const of_none[] = { &holm_arp, &holm_udp, NULL };
	struct holm_config config;
	struct holm_env env = plain_env;
	struct holm_net *net;

	(void)state;
	holm_config_default(&config);
	assert_int_equal(holm_net_create(&net, &config, &env, of_six), 0);
	holm_net_destroy(net);
	assert_int_equal(holm_net_create(&net, &config, &env, of_four), 0);
	holm_net_destroy(net);
	assert_int_equal(holm_net_create(&net, &config, &env, of_none), -HOLM_EINVAL);
}

static int parts_started[2];

static int start_first_part(struct holm_net *net)
{
	(void)net;
	parts_started[0] = parts_started[0] == 0 ? 1 : -1;
	return 0;
}

static int start_second_part(struct holm_net *net)
{
	(void)net;
	parts_started[1] = parts_started[0] == 1 ? 1 : -1;
	return 0;
}

static const struct holm_proto *const parts_need[] = { &holm_udp, NULL };
static const struct holm_proto first_part = {
	.name = "first", .kind = PROTO_PART, .needs = parts_need, .start = start_first_part
};
static const struct holm_proto second_part = {
	.name = "second", .kind = PROTO_PART, .needs = parts_need, .start = start_second_part
};

static void a_part_stands_behind_its_protocol(void **state)
{
	static const struct holm_proto *const before[] = { &holm_arp, &holm_ipv4, &first_part,
							   &holm_udp, NULL };
	static const struct holm_proto *const without[] = { &holm_arp, &holm_ipv4, &first_part,
							    NULL };
	struct holm_config config;
	struct holm_env env = plain_env;
	struct holm_net *net;

	(void)state;
	holm_config_default(&config);
	assert_int_equal(holm_net_create(&net, &config, &env, before), -HOLM_EINVAL);
	assert_int_equal(holm_net_create(&net, &config, &env, without), -HOLM_EINVAL);
}

static void parts_start_in_the_order_of_the_list(void **state)
{
	static const struct holm_proto *const protos[] = {
		&holm_arp, &holm_ipv4, &holm_udp, &first_part, &second_part, NULL,
	};
	struct holm_config config;
	struct holm_env env = plain_env;
	struct holm_net *net;

	(void)state;
	memset(parts_started, 0, sizeof(parts_started));
	holm_config_default(&config);
	assert_int_equal(holm_net_create(&net, &config, &env, protos), 0);
	assert_int_equal(parts_started[0], 1);
	assert_int_equal(parts_started[1], 1);
	holm_net_destroy(net);
}

static void creation_survives_the_failure_of_every_allocation(void **state)
{
	struct duo_options options = { .seed = 1 };
	uint64_t n = 1;

	(void)state;
	for (;; n++) {
		struct duo d;

		if (duo_try_init(&d, &options, n, 1) == 0) {
			bool failed_somewhere = d.memory[1].calls >= n;

			duo_fini(&d);
			if (!failed_somewhere)
				break;
		}
		assert_in_range(n, 1, 1000);
	}
	assert_true(n > 3);
}

static void devices_are_numbered_found_and_bounded(void **state)
{
	struct holm_config config;
	struct holm_env env = plain_env;
	struct holm_dev_caps caps = holm_pair_default_caps();
	struct holm_pair *pair = malloc(2 * sizeof(*pair));
	struct holm_net *net;

	(void)state;
	holm_config_default(&config);
	config.devices_max = 2;
	assert_int_equal(holm_net_create(&net, &config, &env, four), 0);
	holm_pair_init(&pair[0], &caps);
	holm_pair_init(&pair[1], &caps);
	assert_null(holm_net_dev(net, 0));
	assert_int_equal(holm_net_add_dev(net, &pair[0].end[0].dev), 1);
	assert_int_equal(holm_net_add_dev(net, &pair[0].end[1].dev), 2);
	assert_int_equal(holm_net_add_dev(net, &pair[1].end[0].dev), -HOLM_ENOSPC);
	assert_ptr_equal(holm_net_dev(net, 1), &pair[0].end[1].dev);
	holm_net_remove_dev(net, &pair[0].end[0].dev);
	assert_ptr_equal(holm_net_dev(net, 0), &pair[0].end[1].dev);
	assert_int_equal(holm_net_add_dev(net, &pair[1].end[0].dev), 1);
	holm_net_destroy(net);
	holm_pair_fini(&pair[0]);
	holm_pair_fini(&pair[1]);
	free(pair);
}

static void a_device_that_no_frame_fits_is_refused(void **state)
{
	struct holm_config config;
	struct holm_env env = plain_env;
	struct holm_dev_caps caps = holm_pair_default_caps();
	struct holm_pair *pair = malloc(sizeof(*pair));
	struct holm_dev *dev = &pair->end[0].dev;
	struct holm_net *net;

	(void)state;
	holm_config_default(&config);
	assert_int_equal(holm_net_create(&net, &config, &env, four), 0);
	holm_pair_init(pair, &caps);
	dev->caps.mtu = 67;
	assert_int_equal(holm_net_add_dev(net, dev), -HOLM_EINVAL);
	dev->caps = caps;
	dev->caps.segs_max = 0;
	assert_int_equal(holm_net_add_dev(net, dev), -HOLM_EINVAL);
	dev->caps = caps;
	dev->caps.headroom = HOLM_FRAME_HEADROOM;
	assert_int_equal(holm_net_add_dev(net, dev), -HOLM_EINVAL);
	holm_net_destroy(net);
	free(pair);
}

static void what_was_not_named_cannot_be_opened(void **state)
{
	static const struct holm_proto *const no_transport[] = { &holm_arp, &holm_ipv4, NULL };
	struct holm_env env = plain_env;
	struct holm_config config;
	struct holm_net *net;
	struct holm_tcp *t;
	struct holm_udp *u;

	(void)state;
	holm_config_default(&config);
	assert_int_equal(holm_net_create(&net, &config, &env, no_transport), 0);
	assert_int_equal(holm_tcp_open(net, &t), -HOLM_EPROTONOSUPPORT);
	assert_int_equal(holm_udp_open(net, &u), -HOLM_EPROTONOSUPPORT);
	holm_net_destroy(net);
}

static void add_dev(void *arg)
{
	struct holm_pair_end *end = arg;

	holm_net_add_dev(end->peer->dev.net, &end->dev);
}

/* Its second instance would take the first one's place in it. */
static void a_device_has_one_instance_at_a_time(void **state)
{
	static const struct holm_dev_ops no_tx;
	struct holm_pair *pair = malloc(sizeof(*pair));
	struct holm_dev_caps caps = holm_pair_default_caps();
	struct holm_env env = plain_env;
	struct holm_config config;
	struct holm_net *net;

	(void)state;
	holm_config_default(&config);
	assert_int_equal(holm_net_create(&net, &config, &env, four), 0);
	holm_pair_init(pair, &caps);
	assert_int_equal(holm_net_add_dev(net, &pair->end[0].dev), 1);
	assert_int_equal(holm_net_add_dev(net, &pair->end[1].dev), 2);
	assert_true(expect_assert(add_dev, &pair->end[1]));
	holm_net_remove_dev(net, &pair->end[1].dev);
	pair->end[1].dev.ops = &no_tx;
	assert_true(expect_assert(add_dev, &pair->end[1]));
	holm_net_destroy(net);
	free(pair);
}

static void time_never_goes_backwards(void **state)
{
	struct duo_options options = { .start_ns = 5 * SECOND };
	struct duo d;

	(void)state;
	duo_init(&d, &options);
	holm_net_poll(d.net[0], 7 * SECOND, 1);
	holm_net_poll(d.net[0], 6 * SECOND, 1);
	assert_true(holm_net_now(d.net[0]) == 7 * SECOND);
	duo_fini(&d);
}

static void after_a_quiet_poll_the_next_deadline_lies_ahead(void **state)
{
	struct duo_options options = { .start_ns = 1 };
	struct duo d;

	(void)state;
	duo_init(&d, &options);
	for (int i = 0; i < 200; i++) {
		duo_settle(&d);
		for (int s = 0; s < 2; s++) {
			assert_false(holm_net_poll(d.net[s], d.now, 64));
			assert_true(holm_net_next_deadline(d.net[s]) > d.now);
		}
		d.now += 50000000;
	}
	duo_fini(&d);
}

/* Bytes of no meaning, alone and behind a valid ethernet header, whole and split over segments. */
static uint64_t fired_at[2];

static void note_first(struct holm_net *net, struct net_timer *t)
{
	(void)t;
	fired_at[0] = net->now;
}

static void note_second(struct holm_net *net, struct net_timer *t)
{
	(void)t;
	fired_at[1] = net->now;
}

/* 30 and 60 years: more than a clock in units of 2^-6 ns holds. */
static void fine_timers_keep_their_time_wherever_the_clock_begins(void **state)
{
	const uint64_t start = UINT64_C(1) << 60;
	struct duo_options options = { .protos = four };
	struct net_timer first, second;
	struct duo d;

	(void)state;
	duo_init(&d, &options);
	assert_int_equal(net_fine_start(d.net[0]), 0);
	net_timer_init(&first, note_first);
	net_timer_init(&second, note_second);
	for (uint64_t years = start; years <= 2 * start; years += start) {
		d.now = years;
		duo_settle(&d);
		net_fine_arm(d.net[0], &second, years + 5000000);
		/* Half of the range on, and one that is armed keeps its time. */
		net_fine_recount(d.net[0]);
		net_fine_arm(d.net[0], &first, years + 2000000);
		assert_true(holm_net_next_deadline(d.net[0]) > years);
		duo_run(&d, 10000000);
		assert_in_range(fired_at[0], years + 2000000, years + 2020000);
		assert_in_range(fired_at[1], years + 5000000, years + 5020000);
	}
	duo_fini(&d);
}

static void garbage_is_dropped_counted_and_freed(void **state)
{
	static const uint8_t header[14] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00 };
	uint64_t seed = expect_seed(11);
	struct duo_options options = { .seed = 1 };
	struct duo d;

	(void)state;
	duo_init(&d, &options);
	duo_run(&d, 10 * SECOND);
	for (int i = 0; i < 20000; i++) {
		struct holm_frame *f = holm_frame_alloc(holm_net_pool(d.net[0]), 32, true);
		size_t len = expect_random_below(&seed, 200);
		uint8_t *p = holm_frame_put(f, len);

		for (size_t k = 0; k < len; k++)
			p[k] = (uint8_t)expect_random(&seed);
		if (len >= 40 && i % 2) {
			memcpy(p, header, sizeof(header));
			p[13] = i % 4 == 1 ? 6 : 0;
			p[14] = 0x45;
		}
		holm_net_input(d.net[0], duo_dev(&d, 0), &f, 1, d.now);
		if (i % 64 == 0)
			duo_settle(&d);
	}
	duo_settle(&d);
	assert_true(holm_net_drops(d.net[0], HOLM_DROP_ETH_SHORT) > 100);
	assert_true(holm_net_drops(d.net[0], HOLM_DROP_IP4_SHORT) > 100);
	duo_run(&d, 60 * SECOND);
	assert_true(duo_frames_are_home(&d, 0));
	duo_fini(&d);
}

struct caller {
	struct holm_dev dev;
	struct holm_net *net;
	bool asserted;
};

static void poll_from_within(void *arg)
{
	holm_net_poll(arg, 0, 1);
}

static size_t tx_that_calls_in(struct holm_dev *dev, struct holm_frame **frames, size_t n)
{
	struct caller *c = (struct caller *)dev;

	c->asserted = expect_assert(poll_from_within, c->net);
	holm_frame_free_batch(frames, n);
	return n;
}

static void calling_in_from_a_callback_is_a_programming_error(void **state)
{
	static const struct holm_dev_ops ops = { .tx = tx_that_calls_in };
	struct duo_options options = { .no_addresses = true };
	struct holm_addr addr = holm_addr_ip4(10, 9, 0, 1);
	struct caller c = { .dev = { .ops = &ops,
				     .name = "bad",
				     .link_up = true,
				     .caps = { .mtu = 1500, .segs_max = 1 } } };
	struct duo d;

	(void)state;
	duo_init(&d, &options);
	c.net = d.net[0];
	assert_true(holm_net_add_dev(d.net[0], &c.dev) > 0);
	assert_int_equal(holm_addr_add(d.net[0], &c.dev, &addr, 24), 0);
	holm_net_poll(d.net[0], d.now, 10);
	assert_true(c.asserted);
	holm_net_remove_dev(d.net[0], &c.dev);
	duo_fini(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_library_says_which_version_it_is),
		cmocka_unit_test(a_config_or_env_of_another_size_is_refused),
		cmocka_unit_test(a_protocol_twice_or_without_what_it_needs_is_refused),
		cmocka_unit_test(transports_are_content_with_either_network_layer),
		cmocka_unit_test(a_part_stands_behind_its_protocol),
		cmocka_unit_test(parts_start_in_the_order_of_the_list),
		cmocka_unit_test(creation_survives_the_failure_of_every_allocation),
		cmocka_unit_test(devices_are_numbered_found_and_bounded),
		cmocka_unit_test(a_device_that_no_frame_fits_is_refused),
		cmocka_unit_test(a_device_has_one_instance_at_a_time),
		cmocka_unit_test(what_was_not_named_cannot_be_opened),
		cmocka_unit_test(time_never_goes_backwards),
		cmocka_unit_test(after_a_quiet_poll_the_next_deadline_lies_ahead),
		cmocka_unit_test(fine_timers_keep_their_time_wherever_the_clock_begins),
		cmocka_unit_test(garbage_is_dropped_counted_and_freed),
		cmocka_unit_test(calling_in_from_a_callback_is_a_programming_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
