/*
 * What routers have told of the networks behind the devices (the public <holm/ip.h>): read from what
 * neighbour discovery keeps, and empty where that is not named.
 */
#include "net/ip/nd.h"

bool holm_router_told(struct holm_net *net, struct holm_dev *dev, struct holm_router_info *info)
{
	const struct nd_state *nd = net->ip ? net->ip->nd : NULL;
	const struct nd_if *nif = nd && dev->netif ? nd->ifs[dev->netif->index] : NULL;

	*info = (struct holm_router_info){ 0 };
	if (!nif || !nif->told)
		return false;
	info->managed = (nif->flags & ND_MANAGED) != 0;
	info->other = (nif->flags & ND_OTHER) != 0;
	info->hop_limit = nif->hop_limit;
	info->routers = nif->nrouters;
	return true;
}

bool holm_router_server(struct holm_net *net, size_t i, struct holm_endpoint *server)
{
	const struct nd_state *nd = net->ip ? net->ip->nd : NULL;

	for (uint32_t at = 0; nd && at < net->nnetifs; at++) {
		const struct nd_if *nif = nd->ifs[at];

		if (!nif)
			continue;
		if (i < nif->nservers) {
			const struct holm_addr *a = &nif->servers[i].addr;

			*server = (struct holm_endpoint){ .addr = *a, .port = 53 };
			if (ip6_is_link_local(a))
				server->scope = at;
			return true;
		}
		i -= nif->nservers;
	}
	return false;
}
