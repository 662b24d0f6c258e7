/*
 * Neighbours of a library without HOLM_WITH_NEIGHBOURS: who asks for one has a struct neigh of his own, which
 * he enters here. There is nobody who owns, holds or evicts any, and no timer: whoever is not fresh is asked
 * for when there is something to send, at most once a second.
 *
 * Of its states there are two, NEIGH_NONE and NEIGH_REACHABLE, whose address is known and may be old.
 */
#ifndef NET_LINK_NEIGH_SMALL_H
#define NET_LINK_NEIGH_SMALL_H

#include "net/link/neigh.h"

/*
 * `n`, all zero or entered before, leads to this address from now on, and knows what others know
 * that do; that it does already is fine. -HOLM_ENETUNREACH: no protocol.
 */
int neigh_small_enter(struct holm_net *net, struct neigh *n, struct holm_netif *netif,
		      const struct holm_addr *addr);
/* No longer; what waits is dropped. Fine if it never was entered. */
void neigh_small_leave(struct holm_net *net, struct neigh *n);

/* What the functions of neigh.h do with such ones. */
void neigh_small_output(struct holm_net *net, struct neigh *n, struct holm_frame *f);
void neigh_small_heard(struct holm_net *net, struct holm_netif *netif, const struct holm_addr *addr,
		       const struct holm_mac *mac, enum neigh_evidence evidence);
void neigh_small_confirm(const struct holm_net *net, struct neigh *n);
void neigh_small_flush_some(struct holm_net *net, const struct holm_netif *netif,
			    bool (*goes)(const struct holm_addr *addr, const void *ctx),
			    const void *ctx);

#endif
