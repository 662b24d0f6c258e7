/*
 * The network layer as transports see it, for both families: destinations, output, errors.
 *
 * A destination (struct ip_dst) remembers what sending to a remote address takes: device, neighbour,
 * source address, path MTU. Connections to the same remote share one. Routes, addresses and links
 * change under it: `gen` then differs from the instance's and ip_dst_check() resolves it anew.
 */
#ifndef NET_IP_IP_H
#define NET_IP_IP_H

#include <holm/ip.h>

#include "lib/htab.h"
#include "net/core/net.h"
#include "net/core/ip_rx.h"
#include "net/link/neigh.h"
#include "net/wire/ip6.h"

struct ip_family;

/* What a sender asks of the way, beside where it leads; zero bytes ask for nothing. */
struct ip_via {
	struct holm_dev *dev; /* through this device only */
	uint32_t mark; /* routes for this mark (struct holm_route) come before those for all */
	bool onlink;   /* no gateway */
};

/* Can anybody ask for anything? Options, zones and datagrams do. */
static inline bool ip_has_vias(void)
{
	return HOLM_WITH_OPTIONS || HOLM_WITH_IPV6 || HOLM_WITH_DATAGRAMS;
}

/* Does everything that leaves have one neighbour to go to? Not what comes back, nor what is for many. */
static inline bool ip_is_for_neighbours(void)
{
	bool others = HOLM_WITH_LOOPBACK || HOLM_WITH_DATAGRAMS;

	return !others;
}

/* A device that leads nowhere and that nothing comes from: what is left of one that is no more. */
struct holm_dev *ip_no_dev(void);

/*
 * The way to a remote with this scope, not 0, by what an endpoint asks for: RFC 4007 section 6, the zone says
 * by which link, unless the endpoint is bound to one.
 */
struct ip_via ip_via_scope(const struct holm_net *net, const struct ip_via *wanted, uint32_t scope);

/* Which link an address is of that was met on this device, where it needs one; of others 0. */
static inline uint32_t ip_scope_of(const struct holm_addr *a, const struct holm_dev *dev)
{
	return unlikely(ip6_needs_zone(a)) && dev && dev->netif ? dev->netif->index : 0;
}

struct ip_dst {
	const struct ip_family *family;
	struct holm_netif *netif; /* NULL: no route at present */
	struct neigh *neigh;	  /* of the next hop; NULL on the loopback and for broadcasts */
	struct holm_addr remote;
	struct holm_addr src; /* preferred source address */
	uint32_t refs;
	uint32_t gen;
	uint16_t mtu; /* of the path: the device's, or less */
	bool broadcast;
	bool multicast;
	uint8_t header_bytes; /* the family's */
	bool lost_neigh;      /* `known` is to be had again with the next reference */
	bool orphan; /* the device it is bound to is no more: there will never be a way again */
	/* The table's own. */
	struct htab_node node;
	struct list_node unused; /* refs == 0: may be recycled; holds no neighbour */
	struct neigh_memo known; /* ...but remembers the one it had, with lost_neigh */
	struct ip_via via;	 /* what was asked for */
};

/*
 * The destination for `remote` by a way as `via` wants it, with a reference for the caller.
 * 0, -HOLM_ENETUNREACH (no route, or no source address), -HOLM_ENOBUFS (config.dsts_max all in use),
 * -HOLM_ENOMEM, -HOLM_EAFNOSUPPORT.
 */
int ip_dst_get_via(struct holm_net *net, const struct holm_addr *remote, const struct ip_via *via,
		   struct ip_dst **out);
/* The same without a reference, good until the next is asked for or given up. NULL: there is none. */
struct ip_dst *ip_dst_peek(struct holm_net *net, const struct holm_addr *remote,
			   const struct ip_via *via);
/* That which there is; nothing is made. NULL: nobody has sent there lately by such a way. */
struct ip_dst *ip_dst_find(const struct holm_net *net, const struct holm_addr *remote,
			   const struct ip_via *via);
/* ip_dst_get_via() by any way, or through a device only. */
static inline int ip_dst_get(struct holm_net *net, const struct holm_addr *remote,
			     struct holm_dev *dev, struct ip_dst **out)
{
	const struct ip_via via = { .dev = dev };

	return ip_dst_get_via(net, remote, &via, out);
}
void ip_dst_put(struct holm_net *net, struct ip_dst *dst);

/* Something has changed: find the way anew. False: there is none. */
bool ip_dst_resolve(struct holm_net *net, struct ip_dst *dst);

/* Is there a way now? Resolves anew after a change. False: no route. */
static inline bool ip_dst_check(struct holm_net *net, struct ip_dst *dst)
{
	return likely(dst->gen == net->ip_gen) || ip_dst_resolve(net, dst);
}

struct ip_tx {
	const struct holm_addr *src, *dst;
	uint8_t proto, tos, ttl;
	bool dont_fragment;
	bool no_loop;	     /* to a group: members here are not to have it */
	bool link_mtu;	     /* the path's MTU does not matter, the link's does (probing) */
	uint32_t flow_label; /* of IPv6, where the sender keeps it: ip_dst_flow_label(); else 0 */
};

/*
 * The label of a flow over IPv6 (RFC 6437); a transport with many packets asks once. `ports` is how its
 * header begins. 0: IPv4 has none.
 */
uint32_t ip_dst_flow_label(const struct holm_net *net, const struct ip_dst *dst,
			   const struct ip_tx *tx, uint32_t ports);

/*
 * Send a frame that begins with its transport header (l4 = first byte of the frame; csum_start,
 * payload_off and hdr_len, where set, relative to it): the family's header and the link's are pushed
 * in front, l3_off and l4_off are set, the other offsets adjusted. A source other than dst->src must
 * be one of the instance's. Ownership passes. Everything that goes wrong is a counted drop.
 */
void ip_output(struct holm_net *net, struct ip_dst *dst, struct holm_frame *f,
	       const struct ip_tx *tx);

/* The neighbour has shown to be reachable: the transport made forward progress (RFC 4861 7.3.1). */
static inline void ip_dst_confirm(struct holm_net *net, const struct ip_dst *dst)
{
	if (likely(dst->neigh))
		neigh_confirm(net, dst->neigh);
}
/* The transport doubts the path: R1 was reached (RFC 9293 MUST-20). */
void ip_dst_doubt(struct holm_net *net, struct ip_dst *dst);

/* Length of the headers in front of a transport header: link and network. */
size_t ip_dst_headroom(const struct ip_dst *dst);

/* What the link of a destination carries in one packet: of IPv6 perhaps less, as a router says. */
static inline uint16_t ip_link_mtu(const struct ip_dst *dst)
{
	bool ip6 = HOLM_WITH_IPV6 && dst->header_bytes == IP6_HDR_BYTES;

	return ip6 ? dst->netif->mtu6 : dst->netif->mtu;
}

/* The largest transport segment (header and payload) that fits the path in one packet. */
static inline size_t ip_dst_payload_max(const struct ip_dst *dst)
{
	return dst->mtu > dst->header_bytes ? (size_t)dst->mtu - dst->header_bytes : 0;
}

/*
 * A router said that packets over `mtu` do not pass (0: it did not say how many do), and the
 * transport has checked that it is about a packet of ours. Lowers dst->mtu, to IP_PMTU_MIN at least;
 * forgotten after ten minutes (RFC 1191 section 6.3). False: it is no lower than it was.
 */
bool ip_dst_lower_mtu(struct holm_net *net, struct ip_dst *dst, uint32_t mtu);

/* What a forged "too big" can lower a path to: every link of today carries it (as Linux has it). */
#define IP_PMTU_MIN 552u
#define IP_PMTU_AGE_NS 600000000000u

/* What an ICMP error says about a packet of ours. */
enum ip_error_kind {
	IP_ERROR_NET_UNREACHABLE, /* code 0, 5 and the like: soft */
	IP_ERROR_HOST_UNREACHABLE,
	IP_ERROR_PROTOCOL_UNREACHABLE,
	IP_ERROR_PORT_UNREACHABLE,
	IP_ERROR_TOO_BIG, /* mtu says how big it may be, 0 unknown */
	IP_ERROR_PROHIBITED,
	IP_ERROR_TTL,
	IP_ERROR_PARAMETER,
};

struct ip_error {
	enum ip_error_kind kind;
	int error;  /* the errno an endpoint would report, positive */
	bool fatal; /* Linux tells it to connected UDP sockets that did not ask for errors */
	uint8_t type, code; /* of the message; "host unreachable" where we found that out */
	uint32_t mtu;
	uint8_t proto;
	struct holm_addr offender;
	struct holm_addr local, remote; /* of the packet quoted: its source and destination */
	/* The first 8 bytes of the transport header quoted. */
	uint8_t quote[8];
	/* What is quoted behind them. */
	const struct holm_frame *frame;
	uint32_t payload_off, payload_len;
};

/* The link of `offender` or `remote`, if they are of one: that which the error came by. */
static inline uint32_t ip_error_scope(const struct ip_error *error, const struct holm_addr *a)
{
	return ip_scope_of(a, error->frame ? error->frame->dev : NULL);
}

/*
 * Send an ICMP "port unreachable" about a received frame (RFC 1122 3.2.2): rate-limited, never about
 * broadcasts or errors. The frame stays the caller's.
 */
void ip_send_port_unreachable(struct holm_net *net, struct holm_frame *f);

/*
 * An endpoint that takes datagrams whatever their destination comes (+1) or goes (-1): while there is
 * one, UDP packets for unicast addresses that are not ours pass, flagged IP_RX_FOREIGN.
 */
void ip_any_dst_users(struct holm_net *net, int delta);

/* A part of TCP takes its packets from now on, and the errors about them. */
void ip_set_tcp(struct holm_net *net, const struct holm_proto *part);

/* Called at its start by who sends to groups and to everybody; joining groups needs it, too. */
void ip_cast_start(struct holm_net *net);

/* May the instance use this address as a source / is it local? Includes loopback. */
bool ip_addr_is_local(const struct holm_net *net, const struct holm_addr *addr);
/* May a transport send to this at all: not wildcard, and (for TCP) not multicast nor broadcast? */
bool ip_addr_is_unicast(const struct holm_net *net, const struct holm_addr *addr);

#endif
