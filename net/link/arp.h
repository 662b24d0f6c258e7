/*
 * ARP: what to say and what to believe. RFC 826; announcements and the defence of an address as
 * RFC 5227 sections 2.3 and 2.4 (b) say. Knows the neighbour cache, which asks through it; addresses
 * come and go in net/ip. Probing before an address is used (RFC 5227 section 2.1) is not done.
 */
#ifndef NET_LINK_ARP_H
#define NET_LINK_ARP_H

#include "net/core/net.h"

/* RFC 5227 section 1.1, with its names. */
#define ARP_ANNOUNCE_INTERVAL_NS 2000000000u
#define ARP_DEFEND_INTERVAL_NS 10000000000u
enum { ARP_ANNOUNCE_NUM = 2 };

#endif
