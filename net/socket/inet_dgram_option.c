/*
 * Options of datagram sockets: which one is which of UDP's, what a receive is to bring, groups. Sizes,
 * ranges and answers are Linux's.
 */
#include "net/socket/inet_dgram.h"

#include "lib/mem.h"
#include "net/link/netif.h"

/* What IP_TTL says where nobody set it, and after -1. */
#define TTL_DEFAULT 64

/* ---- numbers ---- */

static const struct inet_dgram_mapping mappings[] = {
	{ HOLM_SOL_SOCKET, HOLM_SO_BROADCAST, HOLM_UDP_OPT_BROADCAST, -1, true },
	{ HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_TTL, HOLM_UDP_OPT_TTL, TTL_DEFAULT, false },
	{ HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_TOS, HOLM_UDP_OPT_TOS, 0xff, false },
	{ HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_MTU_DISCOVER, HOLM_UDP_OPT_PMTU, -1, false },
	{ HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_RECVERR, HOLM_UDP_OPT_ERRORS, -1, true },
	{ HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_MTU, HOLM_UDP_OPT_MTU, -1, false },
	{ HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_FREEBIND, HOLM_UDP_OPT_FOREIGN, -1, true },
	{ HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_MULTICAST_TTL, HOLM_UDP_OPT_GROUP_TTL, 1, false },
	{ HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_MULTICAST_LOOP, HOLM_UDP_OPT_GROUP_LOOP, -1, true },
	{ HOLM_IPPROTO_IP, HOLM_SOCKOPT_IP_MULTICAST_ALL, HOLM_UDP_OPT_GROUP_ALL, -1, false },
};

static const struct inet_dgram_mapping *find_mapping(int level, int name)
{
	for (size_t i = 0; i < ARRAY_LEN(mappings); i++)
		if (mappings[i].level == level && mappings[i].name == name)
			return &mappings[i];
	return NULL;
}

uint32_t inet_dgram_company(int level, int name)
{
	if (level != HOLM_IPPROTO_IP)
		return 0;
	switch (name) {
	case HOLM_SOCKOPT_IP_PKTINFO:
		return HOLM_ANC_PKTINFO;
	case HOLM_SOCKOPT_IP_RECVTTL:
		return HOLM_ANC_TTL;
	case HOLM_SOCKOPT_IP_RECVTOS:
		return HOLM_ANC_TOS;
	case HOLM_SOCKOPT_IP_RECVORIGDSTADDR:
		return HOLM_ANC_ORIGDST;
	default:
		return 0;
	}
}

int inet_dgram_set_mapped(struct holm_socket *s, const struct inet_dgram_mapping *m, int value)
{
	if (m->opt == HOLM_UDP_OPT_MTU)
		return -HOLM_ENOPROTOOPT;
	if (m->is_flag)
		value = value != 0;
	else if (value == -1)
		value = m->minus_one;
	if (value < 0)
		return -HOLM_EINVAL;
	return holm_udp_set_option(inet_dgram_of(s)->udp, m->opt, (uint32_t)value);
}

int inet_dgram_set(struct holm_socket *s, int level, int name, int value)
{
	const struct inet_dgram_mapping *m = find_mapping(level, name);
	uint32_t company = inet_dgram_company(level, name);

	if (company) {
		s->wants = value ? s->wants | company : s->wants & ~company;
		return 0;
	}
	if (level == HOLM_IPPROTO_UDP)
		return inet_dgram_set_udp(inet_dgram_of(s), name, value);
	if (level == HOLM_IPPROTO_IP && name == HOLM_SOCKOPT_IP_BIND_ADDRESS_NO_PORT) {
		inet_dgram_of(s)->addr_only = value != 0;
		return 0;
	}
	if (!m)
		return level == HOLM_SOL_SOCKET ? 0 : -HOLM_ENOPROTOOPT;
	return inet_dgram_set_mapped(s, m, m->opt == HOLM_UDP_OPT_TOS ? value & 0xff : value);
}

int inet_dgram_get(struct holm_socket *s, int level, int name, int *value)
{
	const struct inet_dgram_mapping *m = find_mapping(level, name);
	uint32_t company = inet_dgram_company(level, name), v;
	int err;

	if (company) {
		*value = (s->wants & company) != 0;
		return 0;
	}
	if (level == HOLM_IPPROTO_UDP)
		return inet_dgram_get_udp(inet_dgram_of(s), name, value);
	if (level == HOLM_IPPROTO_IP && name == HOLM_SOCKOPT_IP_BIND_ADDRESS_NO_PORT) {
		*value = inet_dgram_of(s)->addr_only;
		return 0;
	}
	if (!m)
		return level == HOLM_IPPROTO_IP || level == HOLM_SOL_SOCKET ? -HOLM_ENOPROTOOPT
									    : -HOLM_EOPNOTSUPP;
	err = holm_udp_get_option(inet_dgram_of(s)->udp, m->opt, &v);
	if (!err)
		*value = (int)v;
	return err;
}

/* ---- groups ---- */

struct holm_dev *inet_dev_of(const struct holm_net *net, uint32_t ifindex)
{
	if (ifindex == 0 || ifindex > net->nnetifs || !net->netifs[ifindex - 1])
		return NULL;
	return net->netifs[ifindex - 1]->dev;
}

int inet_read_packet_dev(const struct holm_net *net, const struct holm_endpoint *to,
			 uint32_t ifindex, struct holm_dev **dev)
{
	*dev = inet_dev_of(net, ifindex);
	if (ifindex == 0)
		return 0;
	if (to && to->scope && !holm_addr_is_ip4(&to->addr) && to->scope + 1 != ifindex)
		return -HOLM_EINVAL;
	return *dev ? 0 : -HOLM_ENODEV;
}

static struct holm_addr addr_of(const uint8_t a[4])
{
	return holm_addr_ip4(a[0], a[1], a[2], a[3]);
}

static struct holm_dev *dev_with(const struct holm_net *net, const struct holm_addr *addr)
{
	for (uint32_t i = 0; i < net->nnetifs; i++)
		if (net->netifs[i] && netif_has_addr(net->netifs[i], addr))
			return net->netifs[i]->dev;
	return NULL;
}

/* What a request says of the interface: its index, an address of it, or nothing (NULL). */
static int find_dev(const struct holm_net *net, const struct holm_ip_mreqn *r, int error,
		    struct holm_dev **dev)
{
	struct holm_addr addr = addr_of(r->address);

	*dev = NULL;
	if (r->ifindex == 0 && holm_addr_is_any(&addr))
		return 0;
	*dev = r->ifindex ? inet_dev_of(net, (uint32_t)r->ifindex) : dev_with(net, &addr);
	return *dev ? 0 : error;
}

/* struct ip_mreqn, or what there is of it, at least `least` bytes. */
static int read_request(struct holm_ip_mreqn *r, const void *value, uint32_t len, uint32_t least)
{
	*r = (struct holm_ip_mreqn){ .ifindex = 0 };
	if (len < least)
		return -HOLM_EINVAL;
	if (len >= sizeof(*r))
		memcpy(r, value, sizeof(*r));
	else if (len >= 8)
		memcpy(r, value, 8);
	else
		memcpy(r->address, value, 4);
	return 0;
}

static int read_group_req(struct holm_ip_mreqn *r, const void *value, uint32_t len)
{
	struct holm_sockaddr_in sa;
	struct holm_group_req req;

	*r = (struct holm_ip_mreqn){ .ifindex = 0 };
	if (len < sizeof(req))
		return -HOLM_EINVAL;
	memcpy(&req, value, sizeof(req));
	memcpy(&sa, req.group, sizeof(sa));
	if (sa.family != HOLM_AF_INET)
		return -HOLM_EINVAL;
	memcpy(r->group, sa.addr, sizeof(r->group));
	r->ifindex = (int32_t)req.ifindex;
	return 0;
}

int inet_read_membership(const struct holm_socket *s, int name, const void *value, uint32_t len,
			 struct inet_membership *m)
{
	bool by_mreq =
		name == HOLM_SOCKOPT_IP_ADD_MEMBERSHIP || name == HOLM_SOCKOPT_IP_DROP_MEMBERSHIP;
	struct holm_ip_mreqn r;
	int err;

	m->join = name == HOLM_SOCKOPT_IP_ADD_MEMBERSHIP || name == HOLM_SOCKOPT_MCAST_JOIN_GROUP;
	if (!by_mreq && !m->join && name != HOLM_SOCKOPT_MCAST_LEAVE_GROUP)
		return -HOLM_ENOPROTOOPT;
	err = by_mreq ? read_request(&r, value, len, 8) : read_group_req(&r, value, len);
	if (err)
		return err;
	m->group = addr_of(r.group);
	if (!holm_addr_is_multicast(&m->group))
		return -HOLM_EINVAL;
	return find_dev(s->net, &r, -HOLM_ENODEV, &m->dev);
}

int inet_read_interface(const struct holm_socket *s, const void *value, uint32_t len,
			struct holm_dev **dev, struct holm_addr *src)
{
	struct holm_ip_mreqn r;
	int err = read_request(&r, value, len, 4);

	if (!err)
		err = find_dev(s->net, &r, -HOLM_EADDRNOTAVAIL, dev);
	*src = addr_of(r.address);
	return err;
}

int inet_dgram_set_bytes(struct holm_socket *s, int level, int name, const void *value,
			 uint32_t len)
{
	struct holm_udp *u = inet_dgram_of(s)->udp;
	struct inet_membership m;
	struct holm_addr src;
	int err;

	if (level != HOLM_IPPROTO_IP)
		return -HOLM_ENOPROTOOPT;
	if (name == HOLM_SOCKOPT_IP_MULTICAST_IF) {
		err = inet_read_interface(s, value, len, &m.dev, &src);
		if (!err)
			holm_udp_send_groups_by(u, m.dev, &src);
		return err;
	}
	err = inet_read_membership(s, name, value, len, &m);
	if (err)
		return err;
	return m.join ? holm_udp_join(u, &m.group, m.dev) : holm_udp_leave(u, &m.group, m.dev);
}

int inet_dgram_get_bytes(struct holm_socket *s, int level, int name, void *value, uint32_t *len)
{
	struct holm_addr src;

	if (level != HOLM_IPPROTO_IP || name != HOLM_SOCKOPT_IP_MULTICAST_IF)
		return -HOLM_ENOPROTOOPT;
	holm_udp_groups_source(inet_dgram_of(s)->udp, &src);
	return socket_put_option(&src.b[12], 4, value, len);
}
