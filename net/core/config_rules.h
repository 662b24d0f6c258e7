/*
 * What has to be true of what a program hands to holm_net_create(): one list, from which both its check
 * (net/core/config.c) and the words for a person (net/explain.c) are made. `c` is the config, `env` the env.
 *
 * X(part, rule): where the build has the part, the rule, which is "what", whether it holds, "what
 * it has to be". The sizes stand first: nobody reads on in a structure of another size.
 */
#ifndef NET_CORE_CONFIG_RULES_H
#define NET_CORE_CONFIG_RULES_H

#include <holm/build.h>
#include <holm/config.h>
#include <holm/env.h>
#include <holm/frame.h>

#include "lib/compiler.h"

#define RULE_AT_LEAST(field, min) "config." #field, c->field >= (min), "must be at least " #min
#define RULE_AT_MOST(field, max) "config." #field, c->field <= (max), "must be at most " #max
#define RULE_WITHIN(field, min, max)                                                               \
	"config." #field, c->field >= (min) && c->field <= (max),                                  \
		"must be at least " #min " and at most " #max
#define RULE_POW2_WITHIN(field, min, max)                                                          \
	"config." #field, c->field >= (min) && c->field <= (max) && is_pow2_u64(c->field),         \
		"must be a power of two, at least " #min " and at most " #max
#define RULE_NOT_BELOW(field, other)                                                               \
	"config." #field, c->field >= c->other, "must be at least config." #other
#define RULE_SIZE(of, name)                                                                        \
	name ".size", (of)->size == sizeof(*(of)),                                                 \
		"must be sizeof(struct holm_" name                                                 \
		") of the headers that the library was built with"
#define RULE_CALLBACK(name) "env." #name, env->name != NULL, "must be a function, and is NULL"

/*
 * TIME-WAIT lasts at most nine minutes: its records hold when they end in 16 bits of 17 ms, half
 * the future.
 */
#define CONFIG_RULES(X)                                                                            \
	X(1, RULE_SIZE(c, "config"))                                                               \
	X(1, RULE_WITHIN(devices_max, 1, 1024))                                                    \
	X(1, RULE_AT_LEAST(addrs_max, 1))                                                          \
	X(1, RULE_AT_LEAST(routes_max, 1))                                                         \
	X(1, RULE_AT_LEAST(neighbours_max, 4))                                                     \
	X(1, RULE_AT_LEAST(neighbour_frames_max, 3))                                               \
	X(1, RULE_AT_LEAST(dsts_max, 4))                                                           \
	X(1, RULE_POW2_WITHIN(dev_queue_max, 64, 65536))                                           \
	X(1, RULE_AT_LEAST(tcp_conns_max, 1))                                                      \
	X(1, RULE_AT_LEAST(tcp_backlog_max, 1))                                                    \
	X(1, RULE_AT_LEAST(tcp_time_wait_max, 1))                                                  \
	X(1, RULE_AT_MOST(tcp_time_wait_ns, 540000000000))                                         \
	X(1, RULE_AT_LEAST(tcp_sndbuf_bytes, 4096))                                                \
	X(1, RULE_AT_LEAST(tcp_rcvbuf_bytes, 4096))                                                \
	X(1, RULE_NOT_BELOW(tcp_sndbuf_max_bytes, tcp_sndbuf_bytes))                               \
	X(1, RULE_NOT_BELOW(tcp_rcvbuf_max_bytes, tcp_rcvbuf_bytes))                               \
	X(1, RULE_AT_LEAST(unix_stream_bytes, 4096))                                               \
	X(1, RULE_AT_LEAST(unix_packet_bytes, 4096))                                               \
	X(1, RULE_AT_LEAST(icmp_rate_per_s, 1))                                                    \
	X(HOLM_WITH_DATAGRAMS || HOLM_WITH_IPV6,                                                   \
	  RULE_AT_LEAST(ip_reasm_bytes_max, HOLM_FRAME_BYTES))                                     \
	X(HOLM_WITH_DATAGRAMS, RULE_AT_LEAST(udp_endpoints_max, 1))                                \
	X(HOLM_WITH_DATAGRAMS, RULE_AT_LEAST(udp_rcv_frames_max, 1))                               \
	X(HOLM_WITH_DATAGRAMS, RULE_AT_LEAST(udp_rcvbuf_bytes, HOLM_FRAME_BYTES))                  \
	X(HOLM_WITH_DATAGRAMS, RULE_AT_LEAST(raw_rcvbuf_bytes, HOLM_FRAME_BYTES))                  \
	X(HOLM_WITH_IPV6, RULE_AT_MOST(nd_dad_probes, 10))                                         \
	X(HOLM_WITH_RECORDS, RULE_AT_LEAST(tcp_half_open_max, 1))                                  \
	X(HOLM_WITH_REASSEMBLY, RULE_AT_LEAST(tcp_ranges_max, 1))                                  \
	X(HOLM_WITH_PLPMTUD, RULE_AT_MOST(tcp_mtu_probing, 2))

#define ENV_RULES(X)                                                                               \
	X(1, RULE_SIZE(env, "env"))                                                                \
	X(1, RULE_CALLBACK(alloc))                                                                 \
	X(1, RULE_CALLBACK(free))                                                                  \
	X(1, RULE_CALLBACK(random))

#endif
