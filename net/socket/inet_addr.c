/*
 * sockaddr_in to endpoints and back. Programs' pointers may be unaligned, so everything is copied
 * through a struct of our own.
 */
#include "net/socket/inet_addr.h"

#include "lib/bytes.h"
#include "lib/mem.h"
#include "net/ip/ip.h"

static bool is_zero(const uint8_t addr[4])
{
	return (addr[0] | addr[1] | addr[2] | addr[3]) == 0;
}

static bool family_passes(const struct holm_sockaddr_in *in, enum inet_addr_use use)
{
	if (in->family == HOLM_AF_INET)
		return true;
	if (in->family != HOLM_AF_UNSPEC)
		return false;
	return use == INET_ADDR_SENDTO || (use == INET_ADDR_BIND && is_zero(in->addr));
}

int inet_addr_parse(struct holm_endpoint *e, const void *addr, uint32_t len, enum inet_addr_use use)
{
	struct holm_sockaddr_in in;

	if (!addr)
		return -HOLM_EFAULT;
	if (len < sizeof(in))
		return -HOLM_EINVAL;
	memcpy(&in, addr, sizeof(in));
	if (!family_passes(&in, use))
		return -HOLM_EAFNOSUPPORT;
	*e = (struct holm_endpoint){
		.addr = holm_addr_ip4(in.addr[0], in.addr[1], in.addr[2], in.addr[3]),
		.port = load_be16(in.port),
	};
	return 0;
}

bool inet_addr_is_unspec(const void *addr, uint32_t len)
{
	uint16_t family;

	if (!addr || len < sizeof(family))
		return false;
	memcpy(&family, addr, sizeof(family));
	return family == HOLM_AF_UNSPEC;
}

void inet_addr_wildcard_to_self(const struct holm_socket *s, struct holm_endpoint *e,
				const struct holm_addr *local)
{
	if (!holm_addr_is_ip4(&e->addr) || !holm_addr_is_any(&e->addr))
		return;
	if (holm_addr_is_ip4(local) && ip_addr_is_unicast(s->net, local))
		e->addr = *local;
	else
		e->addr = holm_addr_ip4(127, 0, 0, 1);
}

int inet_addr_give(const void *name, uint32_t bytes, void *addr, uint32_t *len)
{
	if (!addr && !len)
		return 0;
	if (!len || (!addr && *len > 0))
		return -HOLM_EFAULT;
	if (*len > INT32_MAX)
		return -HOLM_EINVAL;
	if (addr)
		memcpy(addr, name, min_u32(*len, bytes));
	*len = bytes;
	return 0;
}

int inet_addr_put(const struct holm_endpoint *e, void *addr, uint32_t *len)
{
	struct holm_sockaddr_in in = { .family = HOLM_AF_INET };

	store_be16(in.port, e->port);
	/* The wildcard of either family ends in four zero bytes. */
	memcpy(in.addr, &e->addr.b[12], sizeof(in.addr));
	return inet_addr_give(&in, sizeof(in), addr, len);
}

static int parse(struct holm_socket *s, struct holm_endpoint *e, const void *addr, uint32_t len,
		 enum inet_addr_use use)
{
	(void)s;
	return inet_addr_parse(e, addr, len, use);
}

const struct inet_addrs inet_addrs = {
	.parse = parse,
	.put = inet_addr_put,
	.any = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0 } },
};
