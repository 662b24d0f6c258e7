/*
 * AF_INET, SOCK_RAW: packets of one protocol, with their IP header when received and, where IP_HDRINCL says
 * so, when sent. Opening one is privileged.
 */
#include "lib/mem.h"
#include "net/core/proto.h"
#include "net/socket/inet_addr.h"
#include "net/socket/inet_end.h"
#include "net/wire/ip4.h"

static int raw_set(struct holm_socket *s, int level, int name, int value)
{
	if (level == HOLM_IPPROTO_IP && name == HOLM_SOCKOPT_IP_HDRINCL) {
		inet_end_of(s)->header_included = value != 0;
		return 0;
	}
	return inet_end_set(s, level, name, value);
}

static int raw_get(struct holm_socket *s, int level, int name, int *value)
{
	if (level == HOLM_IPPROTO_IP && name == HOLM_SOCKOPT_IP_HDRINCL) {
		*value = inet_end_of(s)->header_included;
		return 0;
	}
	return inet_end_get(s, level, name, value);
}

/* struct icmp_filter of Linux: 32 bits, of which as many are set as are given. */
static int raw_set_bytes(struct holm_socket *s, int level, int name, const void *value,
			 uint32_t len)
{
	struct ip_end *e = inet_end_of(s);

	if (level != HOLM_SOL_RAW || name != HOLM_SOCKOPT_ICMP_FILTER)
		return inet_end_set_bytes(s, level, name, value, len);
	if (e->number != IP4_PROTO_ICMP)
		return -HOLM_EOPNOTSUPP;
	memcpy(&e->icmp_filter[0], value, min_u32(len, sizeof(e->icmp_filter[0])));
	return 0;
}

static int raw_get_bytes(struct holm_socket *s, int level, int name, void *value, uint32_t *len)
{
	const struct ip_end *e = inet_end_of(s);

	if (level != HOLM_SOL_RAW || name != HOLM_SOCKOPT_ICMP_FILTER)
		return inet_end_get_bytes(s, level, name, value, len);
	if (e->number != IP4_PROTO_ICMP)
		return -HOLM_EOPNOTSUPP;
	return socket_put_option(&e->icmp_filter[0], sizeof(e->icmp_filter[0]), value, len);
}

static const struct socket_ops raw_ops = {
	INET_END_OPS,
	.addrs = &inet_addrs,
	.open = inet_end_open_raw,
	.send = inet_end_send,
	.set = raw_set,
	.get = raw_get,
	.set_bytes = raw_set_bytes,
	.get_bytes = raw_get_bytes,
};

static const struct socket_kind kinds[] = {
	{ HOLM_AF_INET, HOLM_SOCK_RAW, SOCKET_PROTOCOL_IP, &raw_ops },
	{ 0 },
};

static int start(struct holm_net *net)
{
	int err = ip_ends_start(net);

	if (!err)
		socket_add_kinds(net, kinds);
	return err;
}

static const struct holm_proto *const needs[] = { &holm_sockets, NULL };

const struct holm_proto holm_raw = {
	.name = "raw",
	.kind = PROTO_LAYER,
	.needs = needs,
	.start = start,
	.stop = ip_ends_stop,
	.netif_changed = ip_ends_netif_changed,
};
