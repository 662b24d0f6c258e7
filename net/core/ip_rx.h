/*
 * What the network layer tells a transport about a received frame, kept in frame->cb. One form for
 * both families.
 */
#ifndef NET_CORE_IP_RX_H
#define NET_CORE_IP_RX_H

#include <holm/frame.h>
#include <holm/types.h>

enum ip_rx_flag {
	IP_RX_BROADCAST = 1 << 0, /* destination is a broadcast address of the device, or limited */
	IP_RX_MULTICAST = 1 << 1,
	IP_RX_FOREIGN = 1 << 2, /* not an address of ours: only for endpoints that take anything */
};

struct ip_rx {
	struct holm_addr src, dst;
	uint32_t l4_len; /* bytes from l4_off on; padding is not counted */
	uint8_t ttl;
	uint8_t proto;
	uint8_t tos;
	uint8_t flags; /* enum ip_rx_flag */
	uint64_t flow; /* net_flow.number; 0: of none, as what is not for one address of ours */
};

_Static_assert(sizeof(struct ip_rx) <= sizeof(((struct holm_frame *)0)->cb), "fits the scratch");

static inline struct ip_rx *ip_rx(struct holm_frame *f)
{
	return (struct ip_rx *)(void *)f->cb.bytes;
}

#endif
