/*
 * member.h -- the groups that an endpoint has joined, and on which devices: Linux's memberships.
 * Shared by UDP's, raw and echo endpoints; each owns its list.
 */
#ifndef NET_IP_MEMBER_H
#define NET_IP_MEMBER_H

#include "net/core/net.h"

/* As Linux's igmp_max_memberships. */
#define IP_MEMBERSHIPS_MAX 20u

/* Zero is an empty one. */
struct ip_members {
	struct ip_member *first;
};

/*
 * `dev` NULL: that which packets to the group leave through. -HOLM_EINVAL (no group), -HOLM_ENODEV,
 * -HOLM_EADDRINUSE (is a member), -HOLM_ENOBUFS, -HOLM_ENOMEM.
 */
int ip_member_join(struct holm_net *net, struct ip_members *m, const struct holm_addr *group,
		   struct holm_dev *dev);
/* `dev` NULL: the latest membership of the group. -HOLM_EINVAL, -HOLM_EADDRNOTAVAIL. */
int ip_member_leave(struct holm_net *net, struct ip_members *m, const struct holm_addr *group,
		    const struct holm_dev *dev);
/* All of them, or those on a device that goes. */
void ip_members_end(struct holm_net *net, struct ip_members *m, const struct holm_dev *dev);
bool ip_members_have(const struct ip_members *m, const struct holm_addr *group,
		     const struct holm_dev *dev);

#endif
