/*
 * stats.h -- what an instance can tell about itself: counters, drops by reason, memory, endpoints.
 */
#ifndef HOLM_STATS_H
#define HOLM_STATS_H

#include <holm/net.h>
#include <holm/tcp.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Every frame that an instance does not process to its end has one of these reasons. The list is
 * the only place where they are named: X(identifier, text).
 */
#define HOLM_DROP_REASONS(X)                                                                       \
	X(ETH_SHORT, "ethernet: frame too short")                                                  \
	X(ETH_NOT_OURS, "ethernet: destination is another host")                                   \
	X(ETH_TYPE, "ethernet: no such protocol here")                                             \
	X(ARP_MALFORMED, "arp: malformed")                                                         \
	X(ARP_SOURCE, "arp: impossible sender address")                                            \
	X(NEIGH_QUEUE_FULL, "neighbour: queue of an unresolved neighbour full")                    \
	X(NEIGH_TABLE_FULL, "neighbour: table full of entries in use")                             \
	X(NEIGH_UNREACHABLE, "neighbour: no answer")                                               \
	X(IP4_SHORT, "ipv4: shorter than its header says")                                         \
	X(IP4_VERSION, "ipv4: version or header length")                                           \
	X(IP4_CSUM, "ipv4: header checksum")                                                       \
	X(IP4_SOURCE, "ipv4: impossible source address")                                           \
	X(IP4_NOT_OURS, "ipv4: destination is another host")                                       \
	X(IP_FRAGMENT, "ip: fragment malformed, twice, overlapping, or fragments not named")       \
	X(IP_REASM_TIME, "ip: fragments whose others did not come")                                \
	X(IP_REASM_FULL, "ip: too many fragments wait for others")                                 \
	X(IP4_OPTIONS, "ipv4: source route, or malformed options")                                 \
	X(IP4_PROTOCOL, "ipv4: no such protocol here")                                             \
	X(IP6_SHORT, "ipv6: shorter than its headers say")                                         \
	X(IP6_VERSION, "ipv6: version")                                                            \
	X(IP6_JUMBO, "ipv6: jumbogram")                                                            \
	X(IP6_SOURCE, "ipv6: impossible source address")                                           \
	X(IP6_NOT_OURS, "ipv6: destination is another host")                                       \
	X(IP6_OPTIONS, "ipv6: option that forbids to go on, or malformed")                         \
	X(IP6_ROUTING, "ipv6: routing header that leads on")                                       \
	X(IP6_CHAIN, "ipv6: extension headers, too many or where none may be")                     \
	X(IP6_NO_NEXT, "ipv6: nothing behind its headers")                                         \
	X(IP6_PROTOCOL, "ipv6: no such protocol here")                                             \
	X(IP_NO_ROUTE, "ip: no route")                                                             \
	X(IP_NO_DEVICE, "ip: device is down or gone")                                              \
	X(IP_TOO_BIG, "ip: larger than the MTU")                                                   \
	X(IP_TROUBLES_FULL, "ip: error about a packet sent, for an endpoint that has too many")    \
	X(ICMP_SHORT, "icmp: too short")                                                           \
	X(ICMP_CSUM, "icmp: checksum")                                                             \
	X(ICMP_TYPE, "icmp: type not handled")                                                     \
	X(ICMP_BROADCAST, "icmp: to a group or everybody, where it may not be")                    \
	X(ICMP_RATE, "icmp: error or reply over the rate limit")                                   \
	X(ICMP_MTU, "icmp: packet too big, below the least MTU of the family")                     \
	X(ICMP_PIECES, "icmp: neighbour discovery in fragments")                                   \
	X(ICMP_QUOTE, "icmp: error quotes nothing of ours")                                        \
	X(RAW_QUEUE_FULL, "raw: receive queue full")                                               \
	X(PACKET_QUEUE_FULL, "packet: receive queue full")                                         \
	X(IGMP_MALFORMED, "igmp: too short, or checksum")                                          \
	X(MLD_MALFORMED, "mld: too short, names no group, or not from this link")                  \
	X(ND_MALFORMED, "nd: too short, or an option's length")                                    \
	X(ND_OFF_LINK, "nd: not sent on this link")                                                \
	X(ND_SOURCE, "nd: impossible source, target or hardware address")                          \
	X(ND_NOT_OURS, "nd: about an address that is not ours, or unknown")                        \
	X(ND_DUPLICATE, "nd: somebody else has an address of ours")                                \
	X(ND_LOOPED, "nd: our own message came back")                                              \
	X(ND_FULL, "nd: more routers, prefixes or servers than are kept")                          \
	X(ND_REDIRECT, "nd: redirect that is not followed")                                        \
	X(UDP_SHORT, "udp: length field")                                                          \
	X(UDP_CSUM, "udp: checksum")                                                               \
	X(UDP_NO_PORT, "udp: nobody bound to the port")                                            \
	X(UDP_QUEUE_FULL, "udp: receive queue full")                                               \
	X(TCP_SHORT, "tcp: header does not fit")                                                   \
	X(TCP_CSUM, "tcp: checksum")                                                               \
	X(TCP_OPTIONS, "tcp: illegal option length")                                               \
	X(TCP_ADDRESS, "tcp: broadcast, multicast or impossible address")                          \
	X(TCP_NO_PORT, "tcp: no such connection (answered with RST)")                              \
	X(TCP_RST_STRAY, "tcp: RST for no connection")                                             \
	X(TCP_SYN_QUEUE_FULL, "tcp: half-open table full")                                         \
	X(TCP_BACKLOG_FULL, "tcp: listener's backlog full")                                        \
	X(TCP_NO_MEMORY, "tcp: no memory for a connection")                                        \
	X(TCP_SEQUENCE, "tcp: outside the receive window")                                         \
	X(TCP_PAWS, "tcp: old timestamp")                                                          \
	X(TCP_RST_INVALID, "tcp: RST not at RCV.NXT (challenged or ignored)")                      \
	X(TCP_SYN_INVALID, "tcp: SYN in a synchronized state (challenged)")                        \
	X(TCP_ACK_INVALID, "tcp: acknowledges what was never sent")                                \
	X(TCP_ACK_MISSING, "tcp: segment without ACK")                                             \
	X(TCP_AFTER_CLOSE, "tcp: data after close (answered with RST)")                            \
	X(TCP_REASSEMBLY, "tcp: out of order beyond what may be kept")                             \
	X(TCP_RCVBUF, "tcp: receive buffer refused bytes")                                         \
	X(TCP_HALF_OPEN, "tcp: does not complete the handshake")                                   \
	X(TCP_TIME_WAIT, "tcp: segment for a connection in TIME-WAIT")                             \
	X(NO_FRAME, "frames: pool empty")                                                          \
	X(DEV_QUEUE_FULL, "device: interface queue full")                                          \
	X(DEV_DOWN, "device: link down")                                                           \
	X(GSO, "gso: super-frame cannot be cut")                                                   \
	X(LOOPBACK_FULL, "loopback: queue full")

enum holm_drop {
#define HOLM_DROP_ENUM(name, text) HOLM_DROP_##name,
	HOLM_DROP_REASONS(HOLM_DROP_ENUM)
#undef HOLM_DROP_ENUM
		HOLM_DROP_COUNT
};

/* "tcp: checksum". */
const char *holm_drop_text(enum holm_drop reason);

/* Things worth counting that are no drops: X(identifier, text). */
#define HOLM_COUNTERS(X)                                                                           \
	X(RX_FRAMES, "frames received")                                                            \
	X(RX_BYTES, "bytes received")                                                              \
	X(TX_FRAMES, "frames sent")                                                                \
	X(TX_BYTES, "bytes sent")                                                                  \
	X(ARP_REQUESTS_SENT, "arp requests sent")                                                  \
	X(ARP_REPLIES_SENT, "arp replies sent")                                                    \
	X(IP_FRAGMENTS_SENT, "ip fragments sent")                                                  \
	X(IP_REASSEMBLED, "ip packets put together from fragments")                                \
	X(ICMP_ECHO_REPLIES, "icmp echo requests answered")                                        \
	X(ICMP_ERRORS_SENT, "icmp errors sent")                                                    \
	X(IGMP_REPORTS_SENT, "igmp reports sent")                                                  \
	X(MLD_REPORTS_SENT, "mld reports sent")                                                    \
	X(ND_SOLICITS_SENT, "neighbour solicitations sent")                                        \
	X(ND_ADVERTS_SENT, "neighbour advertisements sent")                                        \
	X(ND_ROUTER_SOLICITS_SENT, "router solicitations sent")                                    \
	X(ND_DUPLICATES, "addresses given up because somebody else has them")                      \
	X(UDP_RX, "udp datagrams received")                                                        \
	X(UDP_TX, "udp datagrams sent")                                                            \
	X(TCP_RX_SEGMENTS, "tcp segments received")                                                \
	X(TCP_TX_SEGMENTS, "tcp segments sent")                                                    \
	X(TCP_GRO_MERGED, "tcp segments merged into the one before (GRO)")                         \
	X(TCP_PREDICTED_RX, "tcp segments received as predicted")                                  \
	X(TCP_PREDICTED_TX, "tcp segments sent as predicted")                                      \
	X(TCP_GSO_CUT, "super-frames cut in software (GSO)")                                       \
	X(TCP_ACTIVE_OPENS, "tcp connections opened")                                              \
	X(TCP_PASSIVE_OPENS, "tcp connections accepted")                                           \
	X(TCP_FAILED_OPENS, "tcp connections that failed to open")                                 \
	X(TCP_RESETS_SENT, "tcp resets sent")                                                      \
	X(TCP_RESETS_RECEIVED, "tcp connections reset by their peer")                              \
	X(TCP_RETRANSMITS, "tcp segments retransmitted")                                           \
	X(TCP_TIMEOUTS, "tcp retransmission timeouts")                                             \
	X(TCP_FAST_RETRANSMITS, "tcp fast retransmits")                                            \
	X(TCP_URGENT_RECEIVED, "tcp urgent pointers received")                                     \
	X(TCP_ZERO_WINDOW_PROBES, "tcp zero-window probes sent")                                   \
	X(TCP_ECN_MARKS, "tcp segments that arrived marked (ECN)")                                 \
	X(TCP_ECN_REDUCTIONS, "tcp windows reduced because the peer echoed marks (ECN)")           \
	X(TCP_BLACK_HOLES, "tcp segments made smaller because full ones do not arrive")            \
	X(TCP_MTU_PROBES, "tcp segments sent to find a larger path MTU")                           \
	X(TCP_MTU_PROBES_LOST, "tcp segments of these that were too big")                          \
	X(TCP_CHALLENGE_ACKS, "tcp challenge ACKs sent")                                           \
	X(TCP_LOSS_PROBES, "tcp tail loss probes sent")                                            \
	X(TCP_LOSS_PROBES_REPAIRED, "tcp losses repaired by a tail loss probe")                    \
	X(TCP_UNDONE, "tcp reductions undone: nothing was lost")                                   \
	X(TCP_SPURIOUS_TIMEOUTS, "tcp timeouts that proved spurious (F-RTO)")                      \
	X(TCP_RENEGED, "tcp peers that took back what they had announced")                         \
	X(TCP_SACKS_INVALID, "tcp SACK blocks of what was never sent")                             \
	X(TCP_SCOREBOARD_FULL, "tcp SACK blocks not noted: scoreboard full, or no memory")         \
	X(TCP_DSACKS_SENT, "tcp duplicates reported by D-SACK")                                    \
	X(TCP_DSACKS_RECEIVED, "tcp duplicates that the peer reported")                            \
	X(TCP_FAST_OPENS, "tcp connections opened by a SYN with a cookie (Fast Open)")             \
	X(TCP_ORPHANS_RESET, "tcp connections reset at close: too many linger")                    \
	X(TCP_COOKIES_SENT, "tcp SYN cookies sent")                                                \
	X(TCP_COOKIES_RECEIVED, "tcp connections from SYN cookies")                                \
	X(TCP_TIME_WAIT_RECYCLED, "tcp TIME-WAIT records recycled early")

enum holm_counter {
#define HOLM_COUNTER_ENUM(name, text) HOLM_COUNT_##name,
	HOLM_COUNTERS(HOLM_COUNTER_ENUM)
#undef HOLM_COUNTER_ENUM
		HOLM_COUNT_COUNT
};

/* "tcp segments received". */
const char *holm_counter_text(enum holm_counter counter);

uint64_t holm_net_counter(const struct holm_net *net, enum holm_counter counter);
uint64_t holm_net_drops(const struct holm_net *net, enum holm_drop reason);

struct holm_memory_stats {
	size_t from_env;   /* bytes that the env has given and not got back */
	size_t in_use;	   /* of these, in objects now */
	size_t in_use_max; /* a page that goes from one ring to the next does so in use */
	uint64_t failures; /* allocations that the env or a limit refused */
};

void holm_net_memory_stats(const struct holm_net *net, struct holm_memory_stats *stats);

/* One row of a listing of endpoints. */
struct holm_ep_info {
	uint8_t kind; /* enum holm_ep_kind */
	void *cookie;
	struct holm_tcp_info tcp; /* kind TCP; for UDP only local, remote and the queues are set */
};

/*
 * Call `visit` for every endpoint, half-open and TIME-WAIT record, in no particular order, until it
 * returns false. It must not call into the instance.
 */
void holm_net_each_endpoint(struct holm_net *net,
			    bool (*visit)(void *ctx, const struct holm_ep_info *info), void *ctx);

#ifdef __cplusplus
}
#endif

#endif
