/*
 * group.h -- the groups of both families that an instance has joined (RFC 1112, RFC 4291 2.8), by
 * interface; shared by the room's files and by the transports, whose endpoints each count as one user
 * of a group, as does each IPv6 address of its solicited-node group.
 *
 * While it has users, input lets packets to the group in by that interface, and the device's filter does.
 * Who tells routers is IGMP or MLD, where that is named.
 */
#ifndef NET_IP_GROUP_H
#define NET_IP_GROUP_H

#include "lib/htab.h"
#include "net/ip/keeper.h"

/* Of all interfaces: an application or two per group, and what discovers services. */
#define IP_GROUPS_MAX 256u

/* One per group and interface. Freed when it has no user, and nothing more is to be said of it. */
struct ip_group {
	struct htab_node node;
	struct list_node all;
	struct holm_netif *netif;
	struct holm_addr addr;
	uint32_t users; /* 0: it was left, and that is still being said */
	/* IGMP's or MLD's. */
	struct net_timer timer; /* armed while a report is due */
	struct holm_net *net;
	uint8_t changes; /* reports of having joined or left that are still to be sent */
	bool reported;	 /* nobody else has reported it since we did */
};

/* Who tells routers: IGMP, MLD. */
struct ip_group_ops {
	/* A group has its first user. */
	void (*joined)(struct holm_net *net, struct ip_group *g);
	/* It has lost its last; true: it is still needed. */
	bool (*left)(struct holm_net *net, struct ip_group *g);
};

/* One per instance, in struct ip_state. */
struct ip_groups {
	struct htab table;
	struct list all;
	const struct ip_group_ops *ops4, *ops6; /* NULL: not named */
	/* Entered with the first that is joined. */
	struct ip_keeper keeper;
	bool (*has)(const struct holm_net *net, const struct holm_netif *netif,
		    const struct holm_addr *addr);
};

void ip_groups_start(struct holm_net *net);

/* One more user. -HOLM_ENOBUFS (IP_GROUPS_MAX), -HOLM_ENOMEM. */
int ip_group_join(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr);
/* One less; nothing if there is no such group any more. */
void ip_group_leave(struct holm_net *net, const struct holm_netif *netif,
		    const struct holm_addr *addr);
/* Are packets to this group let in by this interface? */
bool ip_group_has(const struct holm_net *net, const struct holm_netif *netif,
		  const struct holm_addr *addr);
/* NULL: neither joined nor being left. */
struct ip_group *ip_group_find(const struct holm_net *net, const struct holm_netif *netif,
			       const struct holm_addr *addr);
/*
 * For who tells routers: the link came up, perhaps in another place, where nobody knows of the groups of
 * its family. Each is said to have been joined.
 */
void ip_groups_link_up(struct holm_net *net, const struct holm_netif *netif, bool ip4);
/* It has no user, and everything was said. */
void ip_group_free(struct holm_net *net, struct ip_group *g);

#endif
