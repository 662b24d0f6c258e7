/* Groups of endpoints; see member.h. */
#include "net/ip/member.h"

#include "lib/mem.h"
#include "net/ip/group.h"
#include "net/ip/ip.h"

/* One group of one endpoint. Owned by its list. */
struct ip_member {
	struct ip_member *next;
	struct holm_dev *dev;
	struct holm_addr group;
};

/* Where a group is, if nobody says: as a packet to it would go. */
static struct holm_dev *dev_of(struct holm_net *net, const struct holm_addr *group)
{
	struct ip_dst *dst;
	struct holm_dev *dev;

	if (ip_dst_get(net, group, NULL, &dst) != 0)
		return NULL;
	dev = dst->netif->dev;
	ip_dst_put(net, dst);
	return dev;
}

static uint32_t count(const struct ip_members *m)
{
	const struct ip_member *e;
	uint32_t n = 0;

	for (e = m->first; e; e = e->next)
		n++;
	return n;
}

bool ip_members_have(const struct ip_members *m, const struct holm_addr *group,
		     const struct holm_dev *dev)
{
	const struct ip_member *e;

	for (e = m->first; e; e = e->next)
		if (e->dev == dev && holm_addr_equal(&e->group, group))
			return true;
	return false;
}

int ip_member_join(struct holm_net *net, struct ip_members *m, const struct holm_addr *group,
		   struct holm_dev *dev)
{
	struct ip_member *e;
	int err;

	ASSERT(!net->callbacks);
	if (!holm_addr_is_multicast(group))
		return -HOLM_EINVAL;
	dev = dev ? dev : dev_of(net, group);
	if (!dev || !dev->netif)
		return -HOLM_ENODEV;
	if (ip_members_have(m, group, dev))
		return -HOLM_EADDRINUSE;
	if (count(m) >= IP_MEMBERSHIPS_MAX)
		return -HOLM_ENOBUFS;
	e = mem_zalloc(&net->mem, sizeof(*e));
	if (!e)
		return -HOLM_ENOMEM;
	err = ip_group_join(net, dev->netif, group);
	if (err) {
		mem_free(&net->mem, e, sizeof(*e));
		return err;
	}
	*e = (struct ip_member){ .next = m->first, .dev = dev, .group = *group };
	m->first = e;
	return 0;
}

/* Off the list, and of the group's users. */
static void end(struct holm_net *net, struct ip_member **at)
{
	struct ip_member *e = *at;

	*at = e->next;
	if (e->dev->netif)
		ip_group_leave(net, e->dev->netif, &e->group);
	mem_free(&net->mem, e, sizeof(*e));
}

int ip_member_leave(struct holm_net *net, struct ip_members *m, const struct holm_addr *group,
		    const struct holm_dev *dev)
{
	ASSERT(!net->callbacks);
	if (!holm_addr_is_multicast(group))
		return -HOLM_EINVAL;
	for (struct ip_member **at = &m->first; *at; at = &(*at)->next)
		if (holm_addr_equal(&(*at)->group, group) && (!dev || (*at)->dev == dev)) {
			end(net, at);
			return 0;
		}
	return -HOLM_EADDRNOTAVAIL;
}

void ip_members_end(struct holm_net *net, struct ip_members *m, const struct holm_dev *dev)
{
	struct ip_member **at = &m->first;

	while (*at)
		if (!dev || (*at)->dev == dev)
			end(net, at);
		else
			at = &(*at)->next;
}
