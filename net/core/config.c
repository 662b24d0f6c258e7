/*
 * The default limits (the public <holm/config.h> has each one's derivation) and their check, whose rules
 * are in net/core/config_rules.h.
 */
#include "net/core/config.h"

#include "net/core/config_rules.h"

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

#define HOLDS(...) HOLDS_OF(__VA_ARGS__)
#define HOLDS_OF(part, name, holds, must) (!(part) || (holds)) &&

bool config_is_valid(const struct holm_config *c)
{
	return CONFIG_RULES(HOLDS) true;
}

bool env_is_valid(const struct holm_env *env)
{
	return ENV_RULES(HOLDS) true;
}
