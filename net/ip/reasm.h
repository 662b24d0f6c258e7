/*
 * reasm.h -- IPv4 datagrams that come in pieces (RFC 791 section 3.2, RFC 815), shared by the files of
 * net/ip.
 *
 * A datagram is known by source, destination, protocol, identification and the interface; it waits for
 * its pieces for a named time, and memory for all of them is bounded, for those of one source too. Pieces
 * that overlap are nobody's honest work: the datagram goes (RFC 5722 says so for IPv6, RFC 1858 and 3128
 * say why). A piece that comes twice is ignored.
 */
#ifndef NET_IP_REASM_H
#define NET_IP_REASM_H

#include "lib/htab.h"
#include "net/core/net.h"
#include "net/wire/ip4.h"

/* RFC 1122 section 3.3.2 wants a minute or two, when links were slow; Linux has this. */
#define IP_REASM_NS 30000000000ull
/* Datagrams in pieces at a time. Random ones yield, so that noise cannot flush them all at once. */
#define IP_REASM_DATAGRAMS_MAX 64u
/* Of these, from one source. */
#define IP_REASM_SOURCE_MAX 16u

/* One per instance, in struct ip_state. */
struct ip_reasm {
	struct htab datagrams;
	struct list oldest_first;
	uint32_t pinned_bytes; /* buffer memory that all pieces hold */
	struct net_timer timer;
};

void ip_reasm_start(struct holm_net *net);
void ip_reasm_stop(struct holm_net *net);
/* A piece, whose ip_rx() is filled in: the whole datagram, its ip_rx() too, if nothing is missing any more. */
struct holm_frame *ip_reasm_input(struct holm_net *net, struct holm_frame *f,
				  const struct ip4_info *info);
/* An interface goes, and what came in by it. */
void ip_reasm_netif_gone(struct holm_net *net, const struct holm_netif *netif);

#endif
