/*
 * config.h -- the limits of an instance. Each has a default with its derivation; a program changes
 * fields after holm_config_default(). Nothing in an instance grows past these numbers; what happens
 * at the limit is said beside each. Bounds that holm_net_create() insists on are named, but for that most
 * limits must be at least 1.
 */
#ifndef HOLM_CONFIG_H
#define HOLM_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct holm_config {
	size_t size; /* sizeof(struct holm_config) as the program was compiled */

	/* Devices, 1 to 1024; further ones are refused with -HOLM_ENOSPC. Bounds per-device scans. */
	uint32_t devices_max;
	/* Addresses per device, all families. 8: a v4, a link-local, a few global and temporary. */
	uint32_t addrs_max;
	/* Routes, looked up linearly (longest prefix): a host has a default and a few on-link. */
	uint32_t routes_max;

	/*
	 * Neighbour entries. 512 holds two /24 networks; entries in use by a flow are never evicted
	 * by noise, the least recently confirmed other one goes first. >= 4.
	 */
	uint32_t neighbours_max;
	/* Frames parked per unresolved neighbour; the oldest is dropped and counted beyond. >= 3. */
	uint32_t neighbour_frames_max;
	/* Destinations remembered (route, neighbour, path MTU); unused ones are recycled. >= 4. */
	uint32_t dsts_max;

	/*
	 * Buffer memory that fragments may hold while they wait for the others: ten or so datagrams of
	 * 64 KiB. Beyond, random ones yield and are counted. At least a frame (HOLM_FRAME_BYTES).
	 */
	uint32_t ip_reasm_bytes_max;

	/*
	 * Frames a device's interface queue holds while its ring is full: one ring's worth. A power of
	 * two, 64 to 65536.
	 */
	uint32_t dev_queue_max;
	/*
	 * Frames of the pool that only reception and bare ACKs may take, so that buffered data can
	 * never deafen the instance. Two batches of 32. A pool that has no more than these sends no data.
	 */
	uint32_t frame_reserve;

	/* TCP endpoints with a full control block; SYNs beyond are dropped and counted. */
	uint32_t tcp_conns_max;
	/* Half-open records, all listeners together; a random old one yields to a new SYN. */
	uint32_t tcp_half_open_max;
	/* Largest accept backlog that listen() grants (Linux: SOMAXCONN 4096). */
	uint32_t tcp_backlog_max;
	/* TIME-WAIT records; the oldest is recycled early beyond. 2MSL * 500 closes a second. */
	uint32_t tcp_time_wait_max;
	/* Not 0: a RST does not end TIME-WAIT early (RFC 1337). Linux, and the default: it does. */
	uint32_t tcp_rfc1337;
	/*
	 * With holm_tcp_plpmtud, Linux's tcp_mtu_probing: 0 never; 1, the default, where the path swallows
	 * full segments; 2 always, from segments of 1024 bytes on.
	 */
	uint32_t tcp_mtu_probing;
	/*
	 * Connections that their program has closed and that linger: unsent data, FIN-WAIT. A close
	 * beyond resets instead. Half of the default sockets a busy server has; Linux has 4096 to 262144.
	 */
	uint32_t tcp_orphans_max;
	/* Out-of-order ranges per connection; a segment that would need one more is dropped. */
	uint32_t tcp_ranges_max;
	/* Defaults of a socket's buffers in bytes, >= 4096; rings grow up to it on demand. */
	uint32_t tcp_sndbuf_bytes;
	uint32_t tcp_rcvbuf_bytes;
	/*
	 * How far a socket's buffers are enlarged by themselves, while its reader and the path keep up:
	 * 4 MiB fill 100 Mbit/s over 300 ms. The receive side's is also what the window scale of every
	 * SYN allows for. Not below the defaults.
	 */
	uint32_t tcp_sndbuf_max_bytes;
	uint32_t tcp_rcvbuf_max_bytes;
	/*
	 * Time that TIME-WAIT lasts (2 * MSL). RFC 9293 says four minutes; Linux and we say 60 s. At
	 * most nine minutes.
	 */
	uint64_t tcp_time_wait_ns;

	uint32_t udp_endpoints_max;
	/* Frames and bytes of buffer memory (at least a frame) that one UDP endpoint may hold unread. */
	uint32_t udp_rcv_frames_max;
	uint32_t udp_rcvbuf_bytes;

	/*
	 * Raw and echo endpoints together, packet endpoints; buffer memory (at least a frame) that one may
	 * hold unread.
	 */
	uint32_t raw_endpoints_max;
	uint32_t packet_endpoints_max;
	uint32_t raw_rcvbuf_bytes;

	/* Socket objects; names that Unix sockets are bound to, or were until they are unlinked. */
	uint32_t sockets_max;
	/* Bytes that wait at the other end of a Unix stream: one ring of 64 KiB each way. >= 4096. */
	uint32_t unix_stream_bytes;
	/* The same for packets, which come whole or not at all: Linux's 208 KiB. >= 4096. */
	uint32_t unix_packet_bytes;
	/* Objects in messages that nobody has received yet, all sockets together. */
	uint32_t unix_in_flight_max;

	/*
	 * With holm_nd. Questions whether somebody has an IPv6 address before it is used, a second apart
	 * (RFC 4862, DupAddrDetectTransmits); 0: nobody is asked. At most 10.
	 */
	uint32_t nd_dad_probes;
	/* Not 0, the default: addresses, routes and the MTU that routers announce are taken. */
	uint32_t nd_accept_routers;
	/* Not 0: interface identifiers are made of the hardware address. 0, the default: RFC 7217. */
	uint32_t nd_eui64;
	/*
	 * What RFC 7217's identifiers are made with: the same bytes make the same addresses after the next
	 * start. All 0, the default: the instance draws its own.
	 */
	uint8_t nd_secret[16];

	/* ICMP errors and RSTs sent per second for traffic that matches nothing (RFC 1812 4.3.2.8). */
	uint32_t icmp_rate_per_s;
};

/* Fill every field with its default. */
void holm_config_default(struct holm_config *config);

#ifdef __cplusplus
}
#endif

#endif
