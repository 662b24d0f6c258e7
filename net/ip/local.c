/*
 * What this host says to itself: the part that gives an instance interface 0, net/link/loopback.c, with
 * the addresses that every host has there (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.3). Without it
 * an address of ours leads nowhere: -HOLM_ENETUNREACH.
 */
#include "net/ip/state.h"

#include "net/link/loopback.h"

static int start(struct holm_net *net)
{
	const struct netif_addr self[IP_FAMILIES] = {
		[IP_FAMILY_4] = { .addr = holm_addr_ip4(127, 0, 0, 1), .prefix_len = 8 },
		[IP_FAMILY_6] = { .addr = ip6_loopback(), .prefix_len = 128 },
	};
	int err = net->ip ? loopback_start(net) : -HOLM_EINVAL;

	for (size_t i = 0; !err && i < IP_FAMILIES; i++)
		if (net->ip->families[i])
			err = ip_addr_install(net, net->netifs[0], &self[i]);
	return err;
}

const struct holm_proto holm_loopback = {
	.name = "loopback",
	.kind = PROTO_PART,
	.start = start,
};
