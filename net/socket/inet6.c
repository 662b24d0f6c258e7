/*
 * AF_INET6 sockets over TCP and UDP, of IPv6 and, until IPV6_V6ONLY, of both families (RFC 3493 section 3.7):
 * a layer of its own, so that who does not name it has no IPv6.
 */
#include "net/core/proto.h"
#include "net/socket/socket.h"

static const struct socket_kind kinds[] = {
	{ HOLM_AF_INET6, HOLM_SOCK_STREAM, HOLM_IPPROTO_TCP, &inet6_stream_ops },
	{ HOLM_AF_INET6, HOLM_SOCK_DGRAM, HOLM_IPPROTO_UDP, &inet6_dgram_ops },
	{ 0 },
};

static int start(struct holm_net *net)
{
	socket_add_kinds(net, kinds);
	return 0;
}

static const struct holm_proto *const needs[] = { &holm_sockets, &holm_ipv6, NULL };

const struct holm_proto holm_sockets6 = {
	.name = "sockets6",
	.kind = PROTO_LAYER,
	.needs = needs,
	.start = start,
};
