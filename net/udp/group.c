/*
 * Groups of an endpoint: joining, leaving, which interface and address its datagrams to groups leave by,
 * and which groups' datagrams are for it. As Linux's IP_ADD_MEMBERSHIP, IP_MULTICAST_IF, IP_MULTICAST_ALL.
 */
#include "net/udp/udp.h"

#include "net/ip/group.h"
#include "net/wire/ip4.h"

/* Where a group is, if nobody says: as a datagram to it would go. */
static struct holm_dev *dev_of(struct holm_udp *u, const struct holm_addr *group)
{
	struct ip_dst *dst;
	struct holm_dev *dev;

	if (ip_dst_get(u->net, group, NULL, &dst) != 0)
		return NULL;
	dev = dst->netif->dev;
	ip_dst_put(u->net, dst);
	return dev;
}

static struct udp_member *find(const struct holm_udp *u, const struct holm_addr *group,
			       const struct holm_dev *dev)
{
	struct udp_member *m;

	for (m = u->members; m; m = m->next)
		if (m->dev == dev && holm_addr_equal(&m->group, group))
			return m;
	return NULL;
}

static uint32_t count(const struct holm_udp *u)
{
	const struct udp_member *m;
	uint32_t n = 0;

	for (m = u->members; m; m = m->next)
		n++;
	return n;
}

static int check(const struct holm_addr *group)
{
	return holm_addr_is_multicast(group) ? 0 : -HOLM_EINVAL;
}

int holm_udp_join(struct holm_udp *u, const struct holm_addr *group, struct holm_dev *dev)
{
	struct udp_member *m;
	int err = check(group);

	ASSERT(!u->net->callbacks);
	if (err)
		return err;
	dev = dev ? dev : dev_of(u, group);
	if (!dev || !dev->netif)
		return -HOLM_ENODEV;
	if (find(u, group, dev))
		return -HOLM_EADDRINUSE;
	if (count(u) >= UDP_MEMBERSHIPS_MAX)
		return -HOLM_ENOBUFS;
	m = mem_zalloc(&u->net->mem, sizeof(*m));
	if (!m)
		return -HOLM_ENOMEM;
	err = ip_group_join(u->net, dev->netif, group);
	if (err) {
		mem_free(&u->net->mem, m, sizeof(*m));
		return err;
	}
	*m = (struct udp_member){ .next = u->members, .dev = dev, .group = *group };
	u->members = m;
	return 0;
}

/* Off the list of the endpoint, and of the group's users. */
static void end(struct holm_udp *u, struct udp_member *m)
{
	struct udp_member **at = &u->members;

	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	if (m->dev->netif)
		ip_group_leave(u->net, m->dev->netif, &m->group);
	mem_free(&u->net->mem, m, sizeof(*m));
}

int holm_udp_leave(struct holm_udp *u, const struct holm_addr *group, struct holm_dev *dev)
{
	struct udp_member *m;
	int err = check(group);

	ASSERT(!u->net->callbacks);
	if (err)
		return err;
	for (m = u->members; m; m = m->next)
		if (holm_addr_equal(&m->group, group) && (!dev || m->dev == dev))
			break;
	if (!m)
		return -HOLM_EADDRNOTAVAIL;
	end(u, m);
	return 0;
}

void udp_leave_all(struct holm_udp *u)
{
	while (u->members)
		end(u, u->members);
}

void udp_leave_dev(struct holm_udp *u, const struct holm_dev *dev)
{
	struct udp_member *m = u->members;

	while (m) {
		struct udp_member *next = m->next;

		if (m->dev == dev)
			end(u, m);
		m = next;
	}
	if (u->ip4.group_dev == dev || u->ip6.group_dev == dev) {
		u->ip4.group_dev = u->ip4.group_dev == dev ? NULL : u->ip4.group_dev;
		u->ip6.group_dev = u->ip6.group_dev == dev ? NULL : u->ip6.group_dev;
		udp_turn_off(u);
	}
}

bool udp_hears_group(const struct holm_udp *u, const struct holm_addr *group,
		     const struct holm_dev *dev)
{
	return !udp_manner(u, group)->only_own_groups || find(u, group, dev) != NULL;
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
