/*
 * ARP: what to say and what to believe. RFC 826; announcements and the defence of an address as RFC
 * 5227 sections 2.3 and 2.4 (b) say. Knows the neighbour cache, which asks through it; addresses
 * come and go in net/ip. What is said more than once, and the defence, are a part, arp_claim.c.
 * Probing before an address is used (RFC 5227 section 2.1) is not done.
 */
#ifndef NET_LINK_ARP_H
#define NET_LINK_ARP_H

#include "net/core/net.h"
#include "net/wire/eth.h"

/* RFC 5227 section 1.1, with its names. */
#define ARP_ANNOUNCE_INTERVAL_NS 2000000000u
#define ARP_DEFEND_INTERVAL_NS 10000000000u
enum { ARP_ANNOUNCE_NUM = 2 };

/* The part that announces and defends addresses. */
struct arp_claim_ops {
	void (*announce)(struct holm_net *net, struct holm_netif *netif, uint32_t addr);
	void (*withdraw)(struct holm_net *net, struct holm_netif *netif, uint32_t addr);
	/* `other` says that our address is its own. */
	void (*contested)(struct holm_net *net, struct holm_netif *netif, uint32_t addr,
			  const struct holm_mac *other);
	void (*netif_changed)(struct holm_net *net, struct holm_netif *netif, bool gone, bool up);
};

/* One per instance. */
struct arp_state {
	const struct arp_claim_ops *claims; /* NULL: not a part of this instance */
	struct list announcements;	    /* the part's */
	bool link_up[]; /* [config.devices_max + 1]: as last seen, by interface index */
};

/* An ARP announcement, now. */
void arp_announce_once(struct holm_net *net, struct holm_netif *netif, uint32_t addr);

#endif
