/*
 * AF_INET, SOCK_DGRAM, IPPROTO_ICMP: echo requests out, their replies in, without the rights that a raw
 * socket needs. The identifier is the socket's port; messages begin with the ICMP header.
 */
#include "net/core/proto.h"
#include "net/socket/inet_addr.h"
#include "net/socket/inet_end.h"

static const struct socket_ops ping_ops = {
	INET_END_OPS,
	.addrs = &inet_addrs,
	.open = inet_end_open_ping,
	.send = inet_end_send,
	.set = inet_end_set,
	.get = inet_end_get,
	.set_bytes = inet_end_set_bytes,
	.get_bytes = inet_end_get_bytes,
};

static const struct socket_kind kinds[] = {
	{ HOLM_AF_INET, HOLM_SOCK_DGRAM, HOLM_IPPROTO_ICMP, &ping_ops },
	{ 0 },
};

static int start(struct holm_net *net)
{
	return inet_end_start_echo(net, kinds);
}

static const struct holm_proto *const needs[] = { &holm_sockets, &holm_icmp4, NULL };

const struct holm_proto holm_ping = {
	.name = "ping",
	.kind = PROTO_LAYER,
	.needs = needs,
	.start = start,
	.stop = inet_end_stop_echo,
	.netif_changed = ip_ends_netif_changed,
};
