/*
 * Groups of an endpoint: joining, leaving, which interface and address its datagrams to groups leave by,
 * and which groups' datagrams are for it. As Linux's IP_ADD_MEMBERSHIP, IP_MULTICAST_IF, IP_MULTICAST_ALL.
 */
#include "net/udp/udp.h"

#include "net/wire/ip4.h"

int holm_udp_join(struct holm_udp *u, const struct holm_addr *group, struct holm_dev *dev)
{
	return ip_member_join(u->net, &u->members, group, dev);
}

int holm_udp_leave(struct holm_udp *u, const struct holm_addr *group, struct holm_dev *dev)
{
	return ip_member_leave(u->net, &u->members, group, dev);
}

void udp_leave_dev(struct holm_udp *u, const struct holm_dev *dev)
{
	ip_members_end(u->net, &u->members, dev);
	if (u->ip4.group_dev == dev || u->ip6.group_dev == dev) {
		u->ip4.group_dev = u->ip4.group_dev == dev ? NULL : u->ip4.group_dev;
		u->ip6.group_dev = u->ip6.group_dev == dev ? NULL : u->ip6.group_dev;
		udp_turn_off(u);
	}
}

bool udp_hears_group(const struct holm_udp *u, const struct holm_addr *group,
		     const struct holm_dev *dev)
{
	return !udp_manner(u, group)->only_own_groups || ip_members_have(&u->members, group, dev);
}

void holm_udp_send_groups_by(struct holm_udp *u, struct holm_dev *dev, const struct holm_addr *src)
{
	u->ip4.group_dev = dev;
	u->group_src = src ? *src : holm_addr_ip4(0, 0, 0, 0);
	if (u->dst && u->dst->multicast)
		udp_drop_dst(u);
	udp_turn_off(u);
}

void holm_udp_send_groups6_by(struct holm_udp *u, struct holm_dev *dev)
{
	u->ip6.group_dev = dev;
	if (u->dst && u->dst->multicast)
		udp_drop_dst(u);
	udp_turn_off(u);
}

struct holm_dev *holm_udp_groups6_dev(const struct holm_udp *u)
{
	return u->ip6.group_dev;
}

void holm_udp_groups_source(const struct holm_udp *u, struct holm_addr *src)
{
	*src = u->group_src;
}
