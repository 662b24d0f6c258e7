/*
 * Most frames are like the one before. What a network protocol found out about the last packet that it
 * let in for an address of ours is kept here, once per instance, with what its headers looked like:
 * a frame that looks the same goes from the device to its transport at once (net/ip/flow.h).
 */
#ifndef NET_CORE_FLOW_H
#define NET_CORE_FLOW_H

#include <holm/dev.h>
#include <holm/types.h>

struct holm_net;
struct holm_proto;

struct net_flow {
	const struct holm_dev *dev; /* where frames are compared; NULL: nowhere */
	const struct holm_proto *transport;
	/*
	 * Has a frame that came by itself and begins like the last, and counts it: NULL, or net->alone where
	 * nobody looks at every frame. What it does not take is net_input_other()'s.
	 */
	void (*alone)(struct holm_net *net, struct holm_frame *f);
	/* The frame's first 16 bytes as they lie in memory, where they are not to differ. */
	uint64_t first, second, second_mask;
	uint32_t headers; /* link's and network's, in bytes */
	uint32_t proto;
	bool ip6;
	uint64_t ends;	   /* both addresses of IPv4, as they lie in the header */
	uint64_t ends_sum; /* of these, as two words */
	uint64_t sum_max;  /* of ip4_sum_quotient(); any where the device has no checksums */
	struct holm_addr src, dst;

	/* Which flow it is: what has the same device and addresses, looped or not, has the same number. */
	uint64_t number;
	const struct holm_dev *from; /* NULL: the next one is another */
	bool looped;
};

#endif
