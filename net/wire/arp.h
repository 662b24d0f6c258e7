/*
 * ARP for IPv4 over ethernet: RFC 826, with the address checks that RFC 5227 and common sense ask
 * for. Other hardware and protocol types are malformed here; what a packet means is net/link's.
 */
#ifndef NET_WIRE_ARP_H
#define NET_WIRE_ARP_H

#include <holm/stats.h>

#include "lib/bytes.h"

struct fmt_out;

enum { ARP_BYTES = 28, ARP_HARDWARE_ETHERNET = 1 };

enum arp_op { ARP_REQUEST = 1, ARP_REPLY = 2 };

struct arp_packet {
	struct be16 hardware;
	struct be16 protocol;
	uint8_t hardware_bytes;
	uint8_t protocol_bytes;
	struct be16 op;
	struct holm_mac sender_mac;
	struct be32 sender;
	struct holm_mac target_mac;
	struct be32 target;
};

_Static_assert(sizeof(struct arp_packet) == ARP_BYTES, "an ARP packet for IPv4 is 28 bytes");

struct arp_info {
	uint16_t op; /* enum arp_op; parsing lets no other through */
	struct holm_mac sender_mac;
	struct holm_mac target_mac; /* meaningless in a request */
	uint32_t sender;	    /* 0.0.0.0 in an address probe */
	uint32_t target;
};

/*
 * `len` bytes at p lie in one piece; padding behind the packet is ignored. False: ARP_MALFORMED, or
 * ARP_SOURCE when the sender's hardware address is a group or zero, or its protocol address is
 * multicast, reserved, broadcast or loopback.
 */
bool arp_parse(const uint8_t *p, size_t len, struct arp_info *out, enum holm_drop *why);

/* Writes ARP_BYTES. */
void arp_build(uint8_t *p, const struct arp_info *info);

void arp_print(struct fmt_out *out, const uint8_t *p, size_t len);

#endif
