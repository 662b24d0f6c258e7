/*
 * Tests of net/explain.c: whatever holm_net_create() refuses has words, and nothing else has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <holm/net.h>

#include "tests/support/env.h"

static const struct holm_proto *const good_protos[] = { &holm_arp, &holm_ipv4, &holm_udp, NULL };

/* Both say the same: refused, with these words; or, without any, taken. */
static void expect_words(const struct holm_config *config, const struct holm_env *env,
			 const struct holm_proto *const protos[], const char *name,
			 const char *words)
{
	const char *what = "untouched";
	const char *text = holm_net_explain(config, env, protos, &what);
	struct holm_net *net;
	int err = holm_net_create(&net, config, env, protos);

	if (!err)
		holm_net_destroy(net);
	assert_int_equal(err, words ? -HOLM_EINVAL : 0);
	assert_string_equal(what, words ? name : "untouched");
	if (words)
		assert_string_equal(text, words);
	else
		assert_null(text);
}

static void what_is_good_needs_no_words(void **state)
{
	struct holm_config config;

	(void)state;
	holm_config_default(&config);
	expect_words(&config, &plain_env, good_protos, NULL, NULL);
}

struct broken {
	size_t at;
	uint64_t value;
	const char *name, *words;
};

#define BROKEN(field, value, words)                                                                \
	{                                                                                          \
		offsetof(struct holm_config, field), value, "config." #field, words                \
	}

static void every_limit_has_its_words(void **state)
{
	static const struct broken broken[] = {
		BROKEN(devices_max, 0, "must be at least 1 and at most 1024"),
		BROKEN(devices_max, 1025, "must be at least 1 and at most 1024"),
		BROKEN(addrs_max, 0, "must be at least 1"),
		BROKEN(routes_max, 0, "must be at least 1"),
		BROKEN(neighbours_max, 3, "must be at least 4"),
		BROKEN(neighbour_frames_max, 2, "must be at least 3"),
		BROKEN(dsts_max, 3, "must be at least 4"),
		BROKEN(ip_reasm_bytes_max, 2047, "must be at least HOLM_FRAME_BYTES"),
		BROKEN(dev_queue_max, 32, "must be a power of two, at least 64 and at most 65536"),
		BROKEN(dev_queue_max, 65, "must be a power of two, at least 64 and at most 65536"),
		BROKEN(dev_queue_max, 131072,
		       "must be a power of two, at least 64 and at most 65536"),
		BROKEN(tcp_conns_max, 0, "must be at least 1"),
		BROKEN(tcp_half_open_max, 0, "must be at least 1"),
		BROKEN(tcp_backlog_max, 0, "must be at least 1"),
		BROKEN(tcp_time_wait_max, 0, "must be at least 1"),
		BROKEN(tcp_mtu_probing, 3, "must be at most 2"),
		BROKEN(tcp_ranges_max, 0, "must be at least 1"),
		BROKEN(tcp_sndbuf_bytes, 4095, "must be at least 4096"),
		BROKEN(tcp_rcvbuf_bytes, 4095, "must be at least 4096"),
		BROKEN(tcp_sndbuf_max_bytes, 65535, "must be at least config.tcp_sndbuf_bytes"),
		BROKEN(tcp_rcvbuf_max_bytes, 65535, "must be at least config.tcp_rcvbuf_bytes"),
		BROKEN(udp_endpoints_max, 0, "must be at least 1"),
		BROKEN(udp_rcv_frames_max, 0, "must be at least 1"),
		BROKEN(udp_rcvbuf_bytes, 2047, "must be at least HOLM_FRAME_BYTES"),
		BROKEN(raw_rcvbuf_bytes, 2047, "must be at least HOLM_FRAME_BYTES"),
		BROKEN(unix_stream_bytes, 4095, "must be at least 4096"),
		BROKEN(unix_packet_bytes, 4095, "must be at least 4096"),
		BROKEN(nd_dad_probes, 11, "must be at most 10"),
		BROKEN(icmp_rate_per_s, 0, "must be at least 1"),
	};
	struct holm_config config;

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		uint32_t value = (uint32_t)broken[i].value;

		holm_config_default(&config);
		memcpy((uint8_t *)&config + broken[i].at, &value, sizeof(value));
		expect_words(&config, &plain_env, good_protos, broken[i].name, broken[i].words);
	}
	holm_config_default(&config);
	config.tcp_time_wait_ns = 9ull * 60 * 1000 * 1000 * 1000;
	expect_words(&config, &plain_env, good_protos, NULL, NULL);
	config.tcp_time_wait_ns++;
	expect_words(&config, &plain_env, good_protos, "config.tcp_time_wait_ns",
		     "must be at most 540000000000");
}

/* Of a shorter one nothing but the size is read. */
static void sizes_are_named_first(void **state)
{
	struct holm_config config;
	struct holm_env env = plain_env;

	(void)state;
	memset(&config, 0, sizeof(config));
	expect_words(&config, &plain_env, good_protos, "config.size",
		     "must be sizeof(struct holm_config) of the headers that the library was built "
		     "with");
	holm_config_default(&config);
	memset(&env, 0, sizeof(env));
	expect_words(
		&config, &env, good_protos, "env.size",
		"must be sizeof(struct holm_env) of the headers that the library was built with");
}

static void missing_callbacks_are_named(void **state)
{
	static const char words[] = "must be a function, and is NULL";
	struct holm_config config;
	struct holm_env env = plain_env;

	(void)state;
	holm_config_default(&config);
	env.alloc = NULL;
	expect_words(&config, &env, good_protos, "env.alloc", words);
	env = plain_env;
	env.free = NULL;
	expect_words(&config, &env, good_protos, "env.free", words);
	env = plain_env;
	env.random = NULL;
	expect_words(&config, &env, good_protos, "env.random", words);
}

static void the_protocol_that_makes_a_list_wrong_is_named(void **state)
{
	static const struct holm_proto *const twice[] = { &holm_arp, &holm_ipv4, &holm_arp, NULL };
	static const struct holm_proto *const missing[] = { &holm_arp, &holm_ipv4, &holm_tcp_sack,
							    NULL };
	static const struct holm_proto *const early[] = { &holm_arp, &holm_ipv4, &holm_tcp_sack,
							  &holm_tcp, NULL };
	static const struct holm_proto *const no_ip[] = { &holm_arp, &holm_udp, NULL };
	static const struct holm_proto *const alone[] = { &holm_loopback, NULL };
	static const struct holm_proto *const empty[] = { NULL };
	struct holm_config config;

	(void)state;
	holm_config_default(&config);
	expect_words(&config, &plain_env, twice, "arp", "is twice in the list of protocols");
	expect_words(&config, &plain_env, missing, "tcp",
		     "is not in the list of protocols, and another one needs it");
	expect_words(&config, &plain_env, early, "tcp-sack",
		     "must stand behind what it needs in the list of protocols");
	expect_words(&config, &plain_env, no_ip, "udp",
		     "needs ipv4 or ipv6 in the list of protocols");
	expect_words(&config, &plain_env, alone, "loopback",
		     "needs ipv4 or ipv6 in the list of protocols");
	expect_words(&config, &plain_env, empty, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_good_needs_no_words),
		cmocka_unit_test(every_limit_has_its_words),
		cmocka_unit_test(sizes_are_named_first),
		cmocka_unit_test(missing_callbacks_are_named),
		cmocka_unit_test(the_protocol_that_makes_a_list_wrong_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
