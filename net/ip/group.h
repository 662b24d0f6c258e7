/*
 * group.h -- the IPv4 groups that an instance has joined (RFC 1112), by interface; shared by the room's
 * files and by the transports, whose endpoints each count as one user of a group.
 *
 * While it has users, input lets packets to the group in by that interface, and the device's filter does.
 * Who tells routers is IGMP, where that is named.
 */
#ifndef NET_IP_GROUP_H
#define NET_IP_GROUP_H

#include "lib/htab.h"
#include "net/core/net.h"

/* Of all interfaces: an application or two per group, and what discovers services. */
#define IP_GROUPS_MAX 256u

/* One per group and interface. Freed when it has no user, and nothing more is to be said of it. */
struct ip_group {
	struct htab_node node;
	struct list_node all;
	struct holm_netif *netif;
	uint32_t addr;
	uint32_t users; /* 0: it was left, and IGMP is still saying so */
	/* IGMP's. */
	struct net_timer timer; /* armed while a report is due */
	struct holm_net *net;
	uint8_t changes; /* reports of having joined or left that are still to be sent */
	bool reported;	 /* nobody else has reported it since we did */
};

/* One per instance, in struct ip_state. */
struct ip_groups {
	struct htab table;
	struct list all;
	/* Set by IGMP: a group has its first user, or has lost its last (true: it still needs it). */
	void (*joined)(struct holm_net *net, struct ip_group *g);
	bool (*left)(struct holm_net *net, struct ip_group *g);
};

void ip_groups_start(struct holm_net *net);
void ip_groups_stop(struct holm_net *net);
/* An interface goes, and the memberships in its groups. */
void ip_groups_netif_gone(struct holm_net *net, const struct holm_netif *netif);

/* One more user. -HOLM_ENOBUFS (IP_GROUPS_MAX), -HOLM_ENOMEM. */
int ip_group_join(struct holm_net *net, struct holm_netif *netif, uint32_t addr);
/* One less; nothing if there is no such group any more. */
void ip_group_leave(struct holm_net *net, const struct holm_netif *netif, uint32_t addr);
/* Are packets to this group let in by this interface? */
bool ip_group_has(const struct holm_net *net, const struct holm_netif *netif, uint32_t addr);
/* NULL: neither joined nor being left. */
struct ip_group *ip_group_find(const struct holm_net *net, const struct holm_netif *netif,
			       uint32_t addr);
/* It has no user, and everything was said. */
void ip_group_free(struct holm_net *net, struct ip_group *g);

#endif
