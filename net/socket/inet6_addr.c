/*
 * sockaddr_in6 to endpoints and back (RFC 3493 section 3.3): mapped addresses are those of IPv4, scope
 * identifiers are interfaces as programs count them, flow labels are not used.
 */
#include "net/socket/inet_addr.h"

#include "lib/bytes.h"
#include "lib/mem.h"
#include "net/socket/inet_dgram.h"

/* As on Linux the scope identifier, the last field, may be left out: RFC 2133 had none. */
#define LEAST_BYTES offsetof(struct holm_sockaddr_in6, scope_id)

/* An address that several links may have: unicast (RFC 4291 2.5.6) or of a group (2.7). */
static bool needs_scope(const struct holm_addr *a)
{
	if (a->b[0] == 0xff)
		return (a->b[1] & 15) == 1 || (a->b[1] & 15) == 2;
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/* What the wildcard means as a destination: of IPv4 where the socket is bound to an address of that. */
static struct holm_addr loopback_for(struct holm_socket *s)
{
	struct holm_addr a = holm_addr_any6(), local;
	struct holm_sockaddr_in6 in6;
	uint32_t len = sizeof(in6);

	a.b[15] = 1;
	if (s->ops->name(s, SOCKET_NAME_LOCAL, &in6, &len) != 0)
		return a;
	memcpy(local.b, in6.addr, sizeof(local.b));
	return holm_addr_is_ip4(&local) ? holm_addr_ip4(127, 0, 0, 1) : a;
}

/* As on Linux a name that has a scope binds the socket to it. */
static int bind_to_scope(struct holm_socket *s, uint32_t scope_id)
{
	struct holm_dev *dev = inet_dev_of(s->net, scope_id);

	if (s->dev && dev != s->dev)
		return -HOLM_EINVAL;
	if (!dev)
		return -HOLM_ENODEV;
	if (s->dev)
		return 0;
	s->dev = dev;
	return s->ops->set_way(s);
}

static int take_scope(struct holm_socket *s, struct holm_endpoint *e, uint32_t scope_id,
		      enum inet_addr_use use)
{
	int err;

	if (!needs_scope(&e->addr))
		return 0;
	/* The device of a datagram is looked up when it is sent. */
	if (scope_id > 1)
		e->scope = scope_id - 1;
	if (use == INET_ADDR_SENDTO)
		return 0;
	if (scope_id == 0)
		return s->dev || holm_addr_is_multicast(&e->addr) ? 0 : -HOLM_EINVAL;
	err = bind_to_scope(s, scope_id);
	return err == -HOLM_ENODEV && use == INET_ADDR_CONNECT ? -HOLM_ENETUNREACH : err;
}

static bool is_of_datagrams(const struct holm_socket *s)
{
	return s->type == HOLM_SOCK_DGRAM && s->protocol == HOLM_IPPROTO_UDP;
}

/* An IPv4 name: AF_INET6 sockets of datagrams send and connect there, unless they are for IPv6 only. */
static int parse_ip4(const struct holm_socket *s, struct holm_endpoint *e, const void *addr,
		     uint32_t len, enum inet_addr_use use)
{
	if (s->v6only)
		return use == INET_ADDR_SENDTO ? -HOLM_ENETUNREACH : -HOLM_EAFNOSUPPORT;
	return inet_addr_parse(e, addr, len, use);
}

static int check_mapped(const struct holm_socket *s, enum inet_addr_use use)
{
	if (s->type == HOLM_SOCK_RAW || s->protocol == HOLM_IPPROTO_ICMPV6)
		return use == INET_ADDR_BIND ? -HOLM_EADDRNOTAVAIL : -HOLM_EINVAL;
	if (!s->v6only)
		return 0;
	return use == INET_ADDR_BIND ? -HOLM_EINVAL : -HOLM_ENETUNREACH;
}

static int finish(struct holm_socket *s, struct holm_endpoint *e, uint32_t scope_id,
		  enum inet_addr_use use)
{
	if (holm_addr_is_ip4(&e->addr))
		return check_mapped(s, use);
	if (holm_addr_is_any(&e->addr) && use != INET_ADDR_BIND) {
		e->addr = loopback_for(s);
		if (holm_addr_is_ip4(&e->addr))
			return 0;
	}
	if (use == INET_ADDR_BIND && e->addr.b[0] == 0xff && s->type == HOLM_SOCK_STREAM)
		return -HOLM_EINVAL;
	return take_scope(s, e, scope_id, use);
}

static int parse(struct holm_socket *s, struct holm_endpoint *e, const void *addr, uint32_t len,
		 enum inet_addr_use use)
{
	struct holm_sockaddr_in6 in6 = { .scope_id = 0 };

	if (!addr)
		return -HOLM_EFAULT;
	if (len < sizeof(in6.family))
		return -HOLM_EINVAL;
	memcpy(&in6, addr, len < sizeof(in6) ? len : sizeof(in6));
	if (in6.family == HOLM_AF_INET && is_of_datagrams(s) && use != INET_ADDR_BIND)
		return parse_ip4(s, e, addr, len, use);
	if (len < LEAST_BYTES)
		return -HOLM_EINVAL;
	if (in6.family != HOLM_AF_INET6)
		return use == INET_ADDR_SENDTO ? -HOLM_EINVAL : -HOLM_EAFNOSUPPORT;
	*e = (struct holm_endpoint){ .port = load_be16(in6.port) };
	memcpy(e->addr.b, in6.addr, sizeof(e->addr.b));
	return finish(s, e, in6.scope_id, use);
}

static int put(const struct holm_endpoint *e, void *addr, uint32_t *len)
{
	struct holm_sockaddr_in6 in6 = { .family = HOLM_AF_INET6 };

	store_be16(in6.port, e->port);
	memcpy(in6.addr, e->addr.b, sizeof(in6.addr));
	if (e->scope && needs_scope(&e->addr))
		in6.scope_id = e->scope + 1;
	return inet_addr_give(&in6, sizeof(in6), addr, len);
}

const struct inet_addrs inet6_addrs = { .parse = parse, .put = put };
