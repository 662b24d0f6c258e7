/*
 * Options that AF_INET6 gives a datagram socket beyond AF_INET's (RFC 3493 section 5, RFC 3542): hop limits,
 * classes, groups, what a receive is to bring. Sizes, ranges and answers are Linux's.
 */
#include "net/socket/inet_dgram.h"

#include "lib/mem.h"

#define HOPS_DEFAULT 64
#define GROUP_HOPS_DEFAULT 1

static const struct inet_dgram_mapping mappings[] = {
	{ HOLM_IPPROTO_IPV6, HOLM_SOCKOPT_IPV6_UNICAST_HOPS, HOLM_UDP_OPT_TTL6, HOPS_DEFAULT,
	  false },
	{ HOLM_IPPROTO_IPV6, HOLM_SOCKOPT_IPV6_TCLASS, HOLM_UDP_OPT_TOS6, 0, false },
	{ HOLM_IPPROTO_IPV6, HOLM_SOCKOPT_IPV6_MTU_DISCOVER, HOLM_UDP_OPT_PMTU6, -1, false },
	{ HOLM_IPPROTO_IPV6, HOLM_SOCKOPT_IPV6_RECVERR, HOLM_UDP_OPT_ERRORS6, -1, true },
	{ HOLM_IPPROTO_IPV6, HOLM_SOCKOPT_IPV6_MTU, HOLM_UDP_OPT_MTU, -1, false },
	{ HOLM_IPPROTO_IPV6, HOLM_SOCKOPT_IPV6_FREEBIND, HOLM_UDP_OPT_FOREIGN, -1, true },
	{ HOLM_IPPROTO_IPV6, HOLM_SOCKOPT_IPV6_DONTFRAG, HOLM_UDP_OPT_UNCUT6, -1, true },
	{ HOLM_IPPROTO_IPV6, HOLM_SOCKOPT_IPV6_MULTICAST_HOPS, HOLM_UDP_OPT_GROUP_TTL6,
	  GROUP_HOPS_DEFAULT, false },
	{ HOLM_IPPROTO_IPV6, HOLM_SOCKOPT_IPV6_MULTICAST_LOOP, HOLM_UDP_OPT_GROUP_LOOP6, -1,
	  false },
	{ HOLM_IPPROTO_IPV6, HOLM_SOCKOPT_IPV6_MULTICAST_ALL, HOLM_UDP_OPT_GROUP_ALL6, -1, true },
};

static const struct inet_dgram_mapping *find_mapping(int name)
{
	for (size_t i = 0; i < ARRAY_LEN(mappings); i++)
		if (mappings[i].name == name)
			return &mappings[i];
	return NULL;
}

uint32_t inet6_company(int name)
{
	switch (name) {
	case HOLM_SOCKOPT_IPV6_RECVPKTINFO:
		return HOLM_ANC_PKTINFO6;
	case HOLM_SOCKOPT_IPV6_RECVHOPLIMIT:
		return HOLM_ANC_HOPLIMIT;
	case HOLM_SOCKOPT_IPV6_RECVTCLASS:
		return HOLM_ANC_TCLASS;
	case HOLM_SOCKOPT_IPV6_RECVORIGDSTADDR:
		return HOLM_ANC_ORIGDST6;
	case HOLM_SOCKOPT_IPV6_RECVPATHMTU:
		return HOLM_ANC_PATHMTU;
	default:
		return 0;
	}
}

static int set_v6only(struct holm_socket *s, int value)
{
	enum holm_udp_ip6 is = value ? HOLM_UDP_IP6_ONLY : HOLM_UDP_IP6_BOTH;
	int err = holm_udp_set_option(inet_dgram_of(s)->udp, HOLM_UDP_OPT_IP6, is);

	if (!err)
		s->v6only = value != 0;
	return err;
}

int inet6_read_interface(const struct holm_socket *s, int ifindex, struct holm_dev **dev)
{
	*dev = inet_dev_of(s->net, (uint32_t)ifindex);
	if (ifindex != 0 && s->dev && s->dev != *dev)
		return -HOLM_EINVAL;
	return ifindex != 0 && !*dev ? -HOLM_ENODEV : 0;
}

static int set_interface(struct holm_socket *s, int ifindex)
{
	struct holm_dev *dev;
	int err = inet6_read_interface(s, ifindex, &dev);

	if (!err)
		holm_udp_send_groups6_by(inet_dgram_of(s)->udp, dev);
	return err;
}

int inet6_dgram_set(struct holm_socket *s, int level, int name, int value)
{
	const struct inet_dgram_mapping *m;
	struct holm_endpoint to;
	uint32_t company, mtu;

	if (level != HOLM_IPPROTO_IPV6)
		return inet_dgram_set(s, level, name, value);
	m = find_mapping(name);
	if (m)
		return inet_dgram_set_mapped(s, m, value);
	company = inet6_company(name);
	if (company) {
		/* What was refused before is not told. */
		if (company == HOLM_ANC_PATHMTU)
			(void)holm_udp_take_path_mtu(inet_dgram_of(s)->udp, &to, &mtu);
		s->wants = value ? s->wants | company : s->wants & ~company;
		return 0;
	}
	if (name == HOLM_SOCKOPT_IPV6_V6ONLY)
		return set_v6only(s, value);
	if (name == HOLM_SOCKOPT_IPV6_MULTICAST_IF)
		return set_interface(s, value);
	return -HOLM_ENOPROTOOPT;
}

static int get_interface(struct holm_socket *s, int *value)
{
	const struct holm_dev *dev = holm_udp_groups6_dev(inet_dgram_of(s)->udp);

	*value = dev ? (int)holm_dev_index(dev) + 1 : 0;
	return 0;
}

int inet6_dgram_get(struct holm_socket *s, int level, int name, int *value)
{
	const struct inet_dgram_mapping *m;
	uint32_t company, v = 0;
	int err;

	if (level != HOLM_IPPROTO_IPV6) {
		err = inet_dgram_get(s, level, name, value);
		/* Linux has two words for it. */
		return err == -HOLM_EOPNOTSUPP ? -HOLM_ENOPROTOOPT : err;
	}
	company = inet6_company(name);
	m = find_mapping(name);
	if (m) {
		err = holm_udp_get_option(inet_dgram_of(s)->udp, m->opt, &v);
		*value = (int)v;
		return err;
	}
	if (company)
		*value = (s->wants & company) != 0;
	else if (name == HOLM_SOCKOPT_IPV6_V6ONLY)
		*value = s->v6only;
	else if (name == HOLM_SOCKOPT_IPV6_MULTICAST_IF)
		return get_interface(s, value);
	else
		return -HOLM_ENOPROTOOPT;
	return 0;
}

/* ---- groups ---- */

static int read_mreq(const void *value, uint32_t len, struct holm_addr *group, uint32_t *ifindex)
{
	struct holm_ip6_mreq r;

	if (len < sizeof(r))
		return -HOLM_EINVAL;
	memcpy(&r, value, sizeof(r));
	memcpy(group->b, r.group, sizeof(group->b));
	*ifindex = (uint32_t)r.ifindex;
	return 0;
}

static int read_group_req(const void *value, uint32_t len, struct holm_addr *group,
			  uint32_t *ifindex)
{
	struct holm_sockaddr_in6 in6;
	struct holm_group_req req;

	if (len < sizeof(req))
		return -HOLM_EINVAL;
	memcpy(&req, value, sizeof(req));
	memcpy(&in6, req.group, sizeof(in6));
	if (in6.family != HOLM_AF_INET6)
		return -HOLM_EADDRNOTAVAIL;
	memcpy(group->b, in6.addr, sizeof(group->b));
	*ifindex = req.ifindex;
	return 0;
}

int inet6_read_membership(const struct holm_socket *s, int name, const void *value, uint32_t len,
			  struct inet_membership *m)
{
	bool by_mreq =
		name == HOLM_SOCKOPT_IPV6_JOIN_GROUP || name == HOLM_SOCKOPT_IPV6_LEAVE_GROUP;
	uint32_t ifindex;
	int err;

	m->join = name == HOLM_SOCKOPT_IPV6_JOIN_GROUP || name == HOLM_SOCKOPT_MCAST_JOIN_GROUP;
	if (!by_mreq && !m->join && name != HOLM_SOCKOPT_MCAST_LEAVE_GROUP)
		return -HOLM_ENOPROTOOPT;
	err = by_mreq ? read_mreq(value, len, &m->group, &ifindex)
		      : read_group_req(value, len, &m->group, &ifindex);
	if (err)
		return err;
	m->dev = inet_dev_of(s->net, ifindex);
	if (m->group.b[0] != 0xff)
		return -HOLM_EINVAL;
	if (ifindex != 0 && !m->dev)
		return m->join ? -HOLM_ENODEV : -HOLM_EADDRNOTAVAIL;
	return 0;
}

/* As on Linux its address is nobody's source, and the interface need not be there yet. */
int inet6_set_packet_info(struct holm_socket *s, const void *value, uint32_t len)
{
	struct holm_ip6_pktinfo info;

	if (len < sizeof(info))
		return -HOLM_EINVAL;
	memcpy(&info, value, sizeof(info));
	if (s->dev && inet_dev_of(s->net, info.ifindex) != s->dev)
		return -HOLM_EINVAL;
	s->sticky_ifindex = info.ifindex;
	return 0;
}

int inet6_dgram_set_bytes(struct holm_socket *s, int level, int name, const void *value,
			  uint32_t len)
{
	struct holm_udp *u = inet_dgram_of(s)->udp;
	struct inet_membership m;
	int err;

	if (level != HOLM_IPPROTO_IPV6)
		return inet_dgram_set_bytes(s, level, name, value, len);
	if (name == HOLM_SOCKOPT_IPV6_PKTINFO)
		return inet6_set_packet_info(s, value, len);
	err = inet6_read_membership(s, name, value, len, &m);
	if (err)
		return err;
	return m.join ? holm_udp_join(u, &m.group, m.dev) : holm_udp_leave(u, &m.group, m.dev);
}

/* IPV6_PATHMTU: of the path to where it is connected; as on Linux it does not say where that is. */
static int get_path_mtu(struct holm_socket *s, void *value, uint32_t *len)
{
	struct holm_ip6_mtuinfo info = { .mtu = 0 };
	struct holm_udp *u = inet_dgram_of(s)->udp;
	int err = holm_udp_get_option(u, HOLM_UDP_OPT_MTU, &info.mtu);

	return err ? err : socket_put_option(&info, sizeof(info), value, len);
}

int inet6_dgram_get_bytes(struct holm_socket *s, int level, int name, void *value, uint32_t *len)
{
	if (level == HOLM_IPPROTO_IPV6 && name == HOLM_SOCKOPT_IPV6_PATHMTU)
		return get_path_mtu(s, value, len);
	if (level == HOLM_IPPROTO_IPV6)
		return -HOLM_ENOPROTOOPT;
	return inet_dgram_get_bytes(s, level, name, value, len);
}
