/*
 * link6.h -- ICMPv6 messages that stay on their link, of neighbour discovery and of multicast listeners:
 * sent with a source that need not be ours yet, and without a destination being looked up.
 */
#ifndef NET_IP_LINK6_H
#define NET_IP_LINK6_H

#include "net/core/net.h"
#include "net/link/netif.h"

struct link6_message {
	struct holm_addr src, dst;
	const struct holm_mac
		*mac; /* where to; NULL: a group's, or the neighbour has to be found */
	uint8_t *p;   /* begins with the ICMPv6 header; the checksum is filled in */
	size_t len;
	uint8_t hop_limit;
	bool router_alert; /* RFC 2711: routers look at it, whatever group it is for */
};

/* Without a frame, or a way to the neighbour, it is dropped and counted. */
void link6_send(struct holm_net *net, struct holm_netif *netif, const struct link6_message *m);

/*
 * The ICMPv6 message of a frame, in one piece, whatever its length. NULL: it is not; the frame is still
 * the caller's.
 */
const uint8_t *link6_message(struct holm_frame *f);

/*
 * The interface's link-local address for what is said on its link; false: there is none that is ours
 * for sure.
 */
bool link6_local(const struct holm_netif *netif, struct holm_addr *out);

#endif
