/*
 * AF_INET, SOCK_DGRAM, IPPROTO_ICMP: echo requests out, their replies in, without the rights that a raw
 * socket needs. The identifier is the socket's port; messages begin with the ICMP header.
 */
#include "net/core/proto.h"
#include "net/socket/inet_addr.h"
#include "net/socket/inet_end.h"

static int ping_open(struct holm_socket *s)
{
	return socket_may(s, HOLM_CAP_PING) ? inet_end_open(s, true, 0) : -HOLM_EACCES;
}

static const struct socket_ops ping_ops = {
	.bytes = sizeof(struct end_socket),
	.addrs = &inet_addrs,
	.open = ping_open,
	.close = inet_end_close,
	.set_cookie = inet_end_set_cookie,
	.bind = inet_end_bind,
	.connect = inet_end_connect,
	.name = inet_end_name,
	.shutdown = inet_end_shutdown,
	.send = inet_end_send,
	.recv = inet_end_recv,
	.poll = inet_end_poll,
	.readable = inet_end_readable,
	.take_error = inet_end_take_error,
	.resize = inet_end_resize,
	.set_way = inet_end_set_way,
	.has_timestamps = true,
	.set = inet_end_set,
	.get = inet_end_get,
};

static const struct socket_kind kinds[] = {
	{ HOLM_AF_INET, HOLM_SOCK_DGRAM, HOLM_IPPROTO_ICMP, &ping_ops },
	{ 0 },
};

static int start(struct holm_net *net)
{
	int err = ip_ends_start(net);

	if (err)
		return err;
	ip_echo_start(net);
	socket_add_kinds(net, kinds);
	return 0;
}

static void stop(struct holm_net *net)
{
	ip_echo_stop(net);
	ip_ends_stop(net);
}

static const struct holm_proto *const needs[] = { &holm_sockets, &holm_icmp4, NULL };

const struct holm_proto holm_ping = {
	.name = "ping",
	.kind = PROTO_LAYER,
	.needs = needs,
	.start = start,
	.stop = stop,
	.netif_changed = ip_ends_netif_changed,
};
