/*
 * AF_INET6, SOCK_RAW, and SOCK_DGRAM with IPPROTO_ICMPV6: as inet_raw.c and inet_ping.c have them, with the
 * options of RFC 3542 sections 3.1 (checksums) and 3.2 (ICMP6_FILTER). What is received begins behind IPv6's
 * headers.
 */
#include "lib/mem.h"
#include "net/core/proto.h"
#include "net/socket/inet_addr.h"
#include "net/socket/inet_dgram.h"
#include "net/socket/inet_end.h"
#include "net/wire/ip6.h"

/* SOCK_RAW's, at the level of IPv6. */
#define HDRINCL HOLM_SOCKOPT_IPV6_HDRINCL

/* As on Linux the port of where it goes is the protocol, or 0. */
static int check_port(struct holm_socket *s, const struct holm_msg *msg)
{
	struct holm_endpoint to;
	int err;

	if (!msg->name)
		return 0;
	err = inet_parse(s, &to, msg->name, msg->name_len, INET_ADDR_SENDTO);
	if (err || to.port == 0 || to.port == s->protocol)
		return err;
	return s->protocol == HOLM_IPPROTO_RAW && to.port <= UINT8_MAX ? 0 : -HOLM_EINVAL;
}

static int64_t raw_send(struct holm_socket *s, const struct holm_msg *msg, int flags)
{
	int err = check_port(s, msg);

	return err ? err : inet_end_send(s, msg, flags);
}

/* ---- options ---- */

/* -1 stands for the default. */
static int set_byte(uint8_t *field, int value, uint8_t usual)
{
	if (value < -1 || value > (int)UINT8_MAX)
		return -HOLM_EINVAL;
	*field = value == -1 ? usual : (uint8_t)value;
	return 0;
}

/* A socket that has its number, as every raw one does, keeps its families. */
static int set_v6only(struct holm_socket *s, int value)
{
	if (inet_end_of(s)->number != 0)
		return -HOLM_EINVAL;
	s->v6only = value != 0;
	return 0;
}

static int set_group_dev(struct holm_socket *s, int value)
{
	struct holm_dev *dev;
	int err = inet6_read_interface(s, value, &dev);

	if (!err)
		inet_end_of(s)->group_dev = dev;
	return err;
}

static int set_of_groups(struct holm_socket *s, int name, int value)
{
	struct ip_end *e = inet_end_of(s);

	switch (name) {
	case HOLM_SOCKOPT_IPV6_MULTICAST_HOPS:
		return set_byte(&e->group_ttl, value, (uint8_t)IP_END_GROUP_TTL);
	case HOLM_SOCKOPT_IPV6_MULTICAST_LOOP:
		if (value != 0 && value != 1)
			return -HOLM_EINVAL;
		e->no_loop = value == 0;
		return 0;
	case HOLM_SOCKOPT_IPV6_MULTICAST_ALL:
		e->only_own_groups = value == 0;
		return 0;
	case HOLM_SOCKOPT_IPV6_MULTICAST_IF:
		return set_group_dev(s, value);
	default:
		return -HOLM_ENOPROTOOPT;
	}
}

/* What is refused for its size is told by the call alone. */
static uint32_t company_of(int name)
{
	return inet6_company(name) & ~(uint32_t)HOLM_ANC_PATHMTU;
}

static int set(struct holm_socket *s, int level, int name, int value)
{
	uint32_t company = level == HOLM_IPPROTO_IPV6 ? company_of(name) : 0;
	struct ip_end *e = inet_end_of(s);

	if (level == HOLM_SOL_SOCKET)
		return inet_end_set(s, level, name, value);
	if (level != HOLM_IPPROTO_IPV6)
		return -HOLM_ENOPROTOOPT;
	if (company) {
		s->wants = value ? s->wants | company : s->wants & ~company;
		return 0;
	}
	switch (name) {
	case HOLM_SOCKOPT_IPV6_UNICAST_HOPS:
		return set_byte(&e->ttl, value, (uint8_t)IP_END_TTL);
	case HOLM_SOCKOPT_IPV6_TCLASS:
		return set_byte(&e->tos, value, 0);
	case HOLM_SOCKOPT_IPV6_V6ONLY:
		return set_v6only(s, value);
	default:
		return set_of_groups(s, name, value);
	}
}

static int get_of_groups(const struct ip_end *e, int name, int *value)
{
	switch (name) {
	case HOLM_SOCKOPT_IPV6_MULTICAST_HOPS:
		*value = e->group_ttl;
		return 0;
	case HOLM_SOCKOPT_IPV6_MULTICAST_LOOP:
		*value = !e->no_loop;
		return 0;
	case HOLM_SOCKOPT_IPV6_MULTICAST_ALL:
		*value = !e->only_own_groups;
		return 0;
	case HOLM_SOCKOPT_IPV6_MULTICAST_IF:
		*value = e->group_dev ? (int)holm_dev_index(e->group_dev) + 1 : 0;
		return 0;
	default:
		return -HOLM_ENOPROTOOPT;
	}
}

static int get(struct holm_socket *s, int level, int name, int *value)
{
	uint32_t company = level == HOLM_IPPROTO_IPV6 ? company_of(name) : 0;
	const struct ip_end *e = inet_end_of(s);

	if (level != HOLM_IPPROTO_IPV6)
		return -HOLM_ENOPROTOOPT;
	if (company)
		*value = (s->wants & company) != 0;
	else if (name == HOLM_SOCKOPT_IPV6_UNICAST_HOPS)
		*value = e->ttl;
	else if (name == HOLM_SOCKOPT_IPV6_TCLASS)
		*value = e->tos;
	else if (name == HOLM_SOCKOPT_IPV6_V6ONLY)
		*value = s->v6only;
	else
		return get_of_groups(e, name, value);
	return 0;
}

static int set_bytes(struct holm_socket *s, int level, int name, const void *value, uint32_t len)
{
	struct ip_end *e = inet_end_of(s);
	struct inet_membership m;
	int err = level == HOLM_IPPROTO_IPV6 ? inet6_read_membership(s, name, value, len, &m)
					     : -HOLM_ENOPROTOOPT;

	if (err)
		return err;
	return m.join ? ip_member_join(s->net, &e->members, &m.group, m.dev)
		      : ip_member_leave(s->net, &e->members, &m.group, m.dev);
}

/* Echo sockets; on Linux raw ones take it, too, and nothing follows. */
static int ping_set_bytes(struct holm_socket *s, int level, int name, const void *value,
			  uint32_t len)
{
	if (level == HOLM_IPPROTO_IPV6 && name == HOLM_SOCKOPT_IPV6_PKTINFO)
		return inet6_set_packet_info(s, value, len);
	return set_bytes(s, level, name, value, len);
}

/* Two names for one option: Linux knows it at the level of raw sockets, too. */
static bool is_checksum(int level, int name)
{
	return (level == HOLM_IPPROTO_IPV6 || level == HOLM_SOL_RAW) &&
	       name == HOLM_SOCKOPT_IPV6_CHECKSUM;
}

static bool is_header(int level, int name)
{
	return (level == HOLM_IPPROTO_IPV6 || level == HOLM_SOL_RAW) && name == HDRINCL;
}

/* RFC 3542 section 3.1: an even offset; of ICMPv6 it is not the program's to say. */
static int set_checksum(struct ip_end *e, int level, int value)
{
	if (level == HOLM_IPPROTO_IPV6 && e->number == IP6_PROTO_ICMP)
		return -HOLM_EINVAL;
	if (value > 0 && (value & 1))
		return -HOLM_EINVAL;
	e->checksum_at = value < 0 ? -1 : value;
	return 0;
}

static int raw_set(struct holm_socket *s, int level, int name, int value)
{
	if (is_checksum(level, name))
		return set_checksum(inet_end_of(s), level, value);
	if (is_header(level, name)) {
		inet_end_of(s)->header_included = value != 0;
		return 0;
	}
	return set(s, level, name, value);
}

static int raw_get(struct holm_socket *s, int level, int name, int *value)
{
	if (is_checksum(level, name))
		*value = inet_end_of(s)->checksum_at;
	else if (is_header(level, name))
		*value = inet_end_of(s)->header_included;
	else
		return get(s, level, name, value);
	return 0;
}

static int check_filter(const struct ip_end *e, int level, int name)
{
	if (level != HOLM_IPPROTO_ICMPV6)
		return -HOLM_ENOPROTOOPT;
	if (e->number != IP6_PROTO_ICMP)
		return -HOLM_EOPNOTSUPP;
	if (name != HOLM_SOCKOPT_ICMP6_FILTER)
		return -HOLM_ENOPROTOOPT;
	return 0;
}

/* struct icmp6_filter: 256 bits, of which as many are set as are given. */
static int raw_set_bytes(struct holm_socket *s, int level, int name, const void *value,
			 uint32_t len)
{
	struct ip_end *e = inet_end_of(s);
	int err = check_filter(e, level, name);

	if (level == HOLM_IPPROTO_IPV6)
		return set_bytes(s, level, name, value, len);
	if (err)
		return err;
	memcpy(e->icmp_filter, value, min_u32(len, sizeof(e->icmp_filter)));
	return 0;
}

static int raw_get_bytes(struct holm_socket *s, int level, int name, void *value, uint32_t *len)
{
	const struct ip_end *e = inet_end_of(s);
	int err = check_filter(e, level, name);

	if (err)
		return err;
	return socket_put_option(e->icmp_filter, sizeof(e->icmp_filter), value, len);
}

/* ---- kinds ---- */

static const struct socket_ops raw_ops = {
	INET_END_OPS,
	.addrs = &inet6_addrs,
	.open = inet_end_open_raw,
	.send = raw_send,
	.set = raw_set,
	.get = raw_get,
	.set_bytes = raw_set_bytes,
	.get_bytes = raw_get_bytes,
};

static const struct socket_ops ping_ops = {
	INET_END_OPS,
	.addrs = &inet6_addrs,
	.open = inet_end_open_ping,
	.send = inet_end_send,
	.set = set,
	.get = get,
	.set_bytes = ping_set_bytes,
};

static const struct socket_kind kinds[] = {
	{ HOLM_AF_INET6, HOLM_SOCK_RAW, SOCKET_PROTOCOL_IP, &raw_ops },
	{ HOLM_AF_INET6, HOLM_SOCK_DGRAM, HOLM_IPPROTO_ICMPV6, &ping_ops },
	{ 0 },
};

static int start(struct holm_net *net)
{
	return inet_end_start_echo(net, kinds);
}

static const struct holm_proto *const needs[] = { &holm_sockets6, &holm_icmp6, NULL };

const struct holm_proto holm_raw6 = {
	.name = "raw6",
	.kind = PROTO_LAYER,
	.needs = needs,
	.start = start,
	.stop = inet_end_stop_echo,
	.netif_changed = ip_ends_netif_changed,
};
