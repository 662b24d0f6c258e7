/*
 * early.h -- packets that come a moment before their address does; shared by the files of net/ip.
 *
 * While an interface has no address and a client is asking for one (HOLM_UDP_ANY_DST: DHCP), what is
 * sent straight to the interface is kept, a few packets and for a short time, as the neighbour cache
 * keeps a few for a neighbour that has not answered. The DHCP server knows the address before we do,
 * and so may others: QEMU's user network sends a connection's SYN together with the DHCPOFFER, and
 * again after six seconds.
 */
#ifndef NET_IP_EARLY_H
#define NET_IP_EARLY_H

#include <stdbool.h>

#include "net/ip/keeper.h"

enum { IP_EARLY_MAX = 8 };
/* By then the sender has sent again, or given up. */
#define IP_EARLY_NS 3000000000ull

/* One per instance, in struct ip_state; zero bytes until a client has asked (ip_any_dst_users()). */
struct ip_early {
	struct ip_keeper keeper;
	/* Keep a packet, with l3_off set, that is for nobody here. False: it is the caller's as before. */
	bool (*keep)(struct holm_net *net, struct holm_frame *f);
	uint32_t n;
	struct holm_frame *frames[IP_EARLY_MAX]; /* oldest first */
	struct net_timer timer;			 /* armed while n > 0 */
};

/* An address came: with the next poll, what was kept is looked at again. */
static inline void ip_early_retry(struct holm_net *net, struct ip_early *e)
{
	if (e->n != 0)
		net_timer_arm(net, &e->timer, 0);
}

#endif
