/*
 * keeper.h -- who keeps packets or groups for a while: embedded in its state, entered with the first one
 * that it keeps, so that the network layer names nobody who never keeps one. Shared by the files of net/ip.
 */
#ifndef NET_IP_KEEPER_H
#define NET_IP_KEEPER_H

#include "net/core/net.h"

struct ip_keeper {
	struct list_node node; /* on ip_state.keepers */
	/* An interface goes, and what came in by it. */
	void (*netif_gone)(struct holm_net *net, const struct holm_netif *netif);
	/* Everything goes. */
	void (*stop)(struct holm_net *net);
};

#endif
