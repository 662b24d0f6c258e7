/*
 * The default limits (the public <holm/config.h> has each one's derivation) and their check.
 */
#include "net/core/config.h"

#include <holm/build.h>

#include "lib/compiler.h"
#include "lib/mem.h"

/* TIME-WAIT records hold when they end in 16 bits of 17 ms, half of which is the future. */
#define CONFIG_TIME_WAIT_NS_MAX (9ull * 60 * 1000 * 1000 * 1000)

void holm_config_default(struct holm_config *config)
{
	static const struct holm_config defaults = {
		.size = sizeof(*config),
		.devices_max = 8,
		.addrs_max = 8,
		.routes_max = 32,
		.neighbours_max = 512,
		.neighbour_frames_max = 4,
		.dsts_max = 4096,
		.ip_reasm_bytes_max = 1024 * 1024,
		.dev_queue_max = 1024,
		.frame_reserve = 64,
		.tcp_conns_max = 1u << 20,
		.tcp_half_open_max = 4096,
		.tcp_backlog_max = 4096,
		.tcp_time_wait_max = 32768,
		.tcp_orphans_max = 65536,
		.tcp_mtu_probing = 1,
		.tcp_ranges_max = 32,
		.tcp_sndbuf_bytes = 64 * 1024,
		.tcp_rcvbuf_bytes = 64 * 1024,
		.tcp_sndbuf_max_bytes = 4 * 1024 * 1024,
		.tcp_rcvbuf_max_bytes = 4 * 1024 * 1024,
		.tcp_time_wait_ns = 60ull * 1000 * 1000 * 1000,
		.udp_endpoints_max = 4096,
		.udp_rcv_frames_max = 256,
		.udp_rcvbuf_bytes = 256 * 1024,
		.raw_endpoints_max = 256,
		.packet_endpoints_max = 16,
		.raw_rcvbuf_bytes = 208 * 1024,
		.sockets_max = 1u << 20,
		.unix_stream_bytes = 64 * 1024,
		.unix_packet_bytes = 208 * 1024,
		.unix_in_flight_max = 16384,
		.nd_dad_probes = 1,
		.nd_accept_routers = 1,
		.icmp_rate_per_s = 1000,
	};

	*config = defaults;
}

/* What is for parts that a build need not have. */
static bool parts_are_valid(const struct holm_config *c)
{
	if (HOLM_WITH_DATAGRAMS &&
	    (c->ip_reasm_bytes_max < HOLM_FRAME_BYTES || c->udp_endpoints_max < 1 ||
	     c->udp_rcv_frames_max < 1 || c->udp_rcvbuf_bytes < HOLM_FRAME_BYTES ||
	     c->raw_rcvbuf_bytes < HOLM_FRAME_BYTES))
		return false;
	if (HOLM_WITH_IPV6 && (c->ip_reasm_bytes_max < HOLM_FRAME_BYTES || c->nd_dad_probes > 10))
		return false;
	return (!HOLM_WITH_RECORDS || c->tcp_half_open_max >= 1) &&
	       (!HOLM_WITH_REASSEMBLY || c->tcp_ranges_max >= 1) &&
	       (!HOLM_WITH_PLPMTUD || c->tcp_mtu_probing <= 2);
}

bool config_is_valid(const struct holm_config *c)
{
	return c->size == sizeof(*c) && c->devices_max >= 1 && c->devices_max <= 1024 &&
	       c->addrs_max >= 1 && c->routes_max >= 1 && c->neighbours_max >= 4 &&
	       c->neighbour_frames_max >= 3 && c->dsts_max >= 4 && c->dev_queue_max >= 64 &&
	       c->dev_queue_max <= 65536 && is_pow2_u64(c->dev_queue_max) &&
	       c->tcp_conns_max >= 1 && c->tcp_backlog_max >= 1 && c->tcp_time_wait_max >= 1 &&
	       c->tcp_time_wait_ns <= CONFIG_TIME_WAIT_NS_MAX && c->tcp_sndbuf_bytes >= 4096 &&
	       c->tcp_rcvbuf_bytes >= 4096 && c->tcp_sndbuf_max_bytes >= c->tcp_sndbuf_bytes &&
	       c->tcp_rcvbuf_max_bytes >= c->tcp_rcvbuf_bytes && c->unix_stream_bytes >= 4096 &&
	       c->unix_packet_bytes >= 4096 && c->icmp_rate_per_s >= 1 && parts_are_valid(c);
}

bool env_is_valid(const struct holm_env *env)
{
	return env->size == sizeof(*env) && env->alloc && env->free && env->random;
}
