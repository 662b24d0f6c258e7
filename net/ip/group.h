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

#include "net/core/table.h"
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

/* What a report says of a group. */
enum ip_group_word {
	IP_GROUP_IS_JOINED, /* the answer to a query */
	IP_GROUP_JOINED,
	IP_GROUP_LEFT,
};

/* Who tells routers, IGMP or MLD: what is said, and how. When it is said is group_report.c's. */
struct ip_group_ops {
	/* A group has its first user: ip_group_joined. */
	void (*joined)(struct holm_net *net, struct ip_group *g);
	/* It has lost its last; true: it is still needed. ip_group_left. */
	bool (*left)(struct holm_net *net, struct ip_group *g);
	/* Are routers told of it at all? */
	bool (*is_reported)(const struct ip_group *g);
	/* Send this, in the version that routers speak now. May set changes to 0: no more of that. */
	void (*say)(struct holm_net *net, struct ip_group *g, enum ip_group_word word);
	/* At most so long after a change was said it is said again. */
	uint64_t (*change_interval_ns)(const struct holm_net *net);
};

/* One per instance, in struct ip_state. */
struct ip_groups {
	struct table table;
	struct list all;
	const struct ip_group_ops *ops4, *ops6; /* NULL: not named */
	/* Both of ip_groups_start(). */
	struct ip_keeper keeper;
	bool (*has)(const struct holm_net *net, const struct holm_netif *netif,
		    const struct holm_addr *addr);
};

/* Once, by ip_cast_start(). */
void ip_groups_start(struct holm_net *net);

/* One more user. -HOLM_ENOBUFS (IP_GROUPS_MAX), -HOLM_ENOMEM. */
int ip_group_join(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr);
/* One less; nothing if there is no such group any more. */
void ip_group_leave(struct holm_net *net, const struct holm_netif *netif,
		    const struct holm_addr *addr);
/* NULL: neither joined nor being left. */
struct ip_group *ip_group_find(const struct holm_net *net, const struct holm_netif *netif,
			       const struct holm_addr *addr);
/* It has no user, and everything was said. */
void ip_group_free(struct holm_net *net, struct ip_group *g);

/* The protocol that tells routers of the groups of this address's family. NULL: none is named. */
const struct ip_group_ops *ip_group_ops_of(const struct holm_net *net,
					   const struct holm_addr *addr);

/* ---- group_report.c: for who tells routers. */

void ip_group_joined(struct holm_net *net, struct ip_group *g);
bool ip_group_left(struct holm_net *net, struct ip_group *g);
/* A router asks about a group, or about all of the family (NULL): answers go within this time. */
void ip_groups_query(struct holm_net *net, const struct holm_netif *netif, bool ip4,
		     const struct holm_addr *group, uint64_t within_ns);
/* Another host has reported it, to a router for whom one report of a group is enough. */
void ip_group_heard_report(struct holm_net *net, const struct holm_netif *netif,
			   const struct holm_addr *addr);
/*
 * The link came up, perhaps in another place, where nobody knows of the groups of this family. Each is
 * said to have been joined.
 */
void ip_groups_link_up(struct holm_net *net, const struct holm_netif *netif, bool ip4);
/* Nobody tells routers of this family's any more. */
void ip_groups_silence(struct holm_net *net, bool ip4);

#endif
