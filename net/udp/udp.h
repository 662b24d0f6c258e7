/*
 * UDP's part of an instance and its endpoints, shared by the files of net/udp and nobody else.
 *
 * A datagram finds its endpoint by the record of its port: there is only one on it, or the table of connected
 * endpoints is asked, by both ends, and then the list of those that are not.
 */
#ifndef NET_UDP_UDP_H
#define NET_UDP_UDP_H

#include <holm/udp.h>

#include "lib/bytes.h"
#include "net/core/ep.h"
#include "net/core/table.h"
#include "net/ip/member.h"
#include "net/ip/template.h"
#include "net/ip/trouble.h"

/* Ephemeral ports: the dynamic range of RFC 6335. */
#define UDP_PORT_FIRST 49152u
#define UDP_PORT_COUNT 16384u
#define UDP_TTL 64u

/* One per port that is bound. Owned by the endpoints on it together. */
struct udp_port {
	struct htab_node node;
	struct list unconnected; /* of struct holm_udp */
	struct list connected;
	struct holm_udp *only; /* the one that is on either list; NULL: there are several */
	uint16_t port;
	uint32_t exclusive; /* endpoints that do not share their port */
};

/* Ports that are asked for in turn are found without a probe, if there are no more than about so many. */
#define UDP_PORTS_RECENT 64u

/* What datagrams of one family say, how they are cut, and what is heard of them. */
struct udp_manner {
	uint8_t ttl, group_ttl, tos;
	uint8_t pmtu; /* enum holm_udp_pmtu */
	bool no_loop, only_own_groups, wants_troubles;
	struct holm_dev *group_dev; /* datagrams to groups leave through it; NULL: by route */
};

/* One per endpoint. Owned by the program until it closes it. */
struct holm_udp {
	struct ep ep; /* first: its address is the handle's */
	struct holm_net *net;

	/* Receiving: the queue of datagrams, and the buffer memory that they pin. */
	struct holm_frame *first, *last; /* linked by next */
	uint32_t nframes;
	uint32_t pinned_bytes;
	uint32_t rcvbuf_bytes;
	uint32_t payload_bytes;

	/* Sending: where the last datagram went, or where all go. */
	struct ip_dst *dst;
	struct ip_tx tx; /* its ends are those of the last datagram */
	uint32_t sum;	 /* likewise: of the pseudo header and the ports, without any length */
	uint32_t ports;	 /* likewise: as the header's first word reads */
	struct ip_template header; /* while templated */
	uint16_t lport, rport;
	bool connected, may_broadcast;
	/* Bound, no error waits, dst, tx, sum and ports lead to the connected remote. */
	bool straight;
	bool templated; /* ...and one header serves all datagrams */
	int error;	/* positive, to be taken; 0: none */
	struct holm_addr local, remote;
	struct netif_waiter waiter;  /* for room in the interface queue */
	struct ip_troubles troubles; /* while a manner wants them */
	struct udp_manner ip4, ip6;

	/* Groups. */
	struct ip_members members;
	struct holm_addr group_src; /* of datagrams to IPv4 groups; wildcard: any */
	bool may_be_foreign;

	/* Binding. */
	struct holm_dev *dev; /* NULL: any */
	uint32_t mark;
	bool onlink;
	bool dev_gone; /* it was bound to a device that is no more */
	bool reuse, share, v6only, any_dst;
	bool is_ip6;		     /* its wildcard is "::" */
	struct holm_endpoint cut_to; /* of holm_udp_take_path_mtu() */
	uint32_t cut_mtu;	     /* 0: nothing to be told */
	bool uncut6;		     /* IPv6 datagrams larger than the path's MTU are refused */
	bool local_given;	     /* bound to an address, not just connected from one */
	bool local_is_many;	     /* ...a group's, or everybody's: no source */
	bool port_given;	     /* likewise to a port */
	bool dev_of_remote; /* `dev` is the link of the link-local remote, until it is dissolved */
	struct udp_port *port;	    /* NULL: not bound */
	struct list_node port_node; /* on one of the port's lists */
	uint64_t connection;	    /* which of all: a later one has the higher */
	struct list_node all_node;
};

/* One per instance. */
struct udp_state {
	struct table flows;   /* connected endpoints by both ends */
	uint64_t connections; /* there have been so many */
	struct table ports;   /* struct udp_port by number */
	/* Of each that have the low bits of their number in common the one asked for last; NULL: none. */
	struct udp_port *recent[UDP_PORTS_RECENT];
	struct list all;
	uint32_t count;
	struct allocator allocator;
};

/* The buffer memory that a frame keeps from others. */
static inline uint32_t udp_pinned_by(const struct holm_frame *f)
{
	uint32_t bytes = f->segs[0].buf->bytes;

	for (uint32_t i = 1; i < f->nsegs; i++)
		bytes += f->segs[i].buf->bytes;
	return bytes;
}

/* Where it is bound as long as nobody has said where. */
static inline struct holm_addr udp_wildcard(const struct holm_udp *u)
{
	return u->is_ip6 ? holm_addr_any6() : holm_addr_ip4(0, 0, 0, 0);
}

static inline const struct udp_manner *udp_manner(const struct holm_udp *u,
						  const struct holm_addr *remote)
{
	return likely(holm_addr_is_ip4(remote)) ? &u->ip4 : &u->ip6;
}

/* From an address of one family nothing goes to the other: -HOLM_EAFNOSUPPORT, -HOLM_ENETUNREACH. */
static inline int udp_check_family(const struct holm_udp *u, const struct holm_addr *to)
{
	if (!HOLM_WITH_IPV6 || holm_addr_is_any(&u->local) ||
	    holm_addr_is_ip4(&u->local) == holm_addr_is_ip4(to))
		return 0;
	if (holm_addr_is_ip4(&u->local))
		return -HOLM_EAFNOSUPPORT;
	return u->local_given ? -HOLM_ENETUNREACH : 0;
}

/* By which way its datagrams to there go. */
struct ip_via udp_via(const struct holm_udp *u, const struct holm_endpoint *to);

/* Without a call: asked for every datagram. */
static inline bool udp_same_addr(const struct holm_addr *a, const struct holm_addr *b)
{
	return ((load_be64(a->b) ^ load_be64(b->b)) |
		(load_be64(a->b + 8) ^ load_be64(b->b + 8))) == 0;
}

/* ---- demux.c */

/* Who gets a datagram for one of our unicast addresses that came in on `dev`? NULL: nobody. */
struct holm_udp *udp_lookup(const struct holm_net *net, const struct holm_dev *dev,
			    const struct ip_rx *rx, const uint8_t *ports);
/*
 * The connected endpoint of a flow by this device, seen from our side: who is bound to it before others, the
 * last that was connected before those before it.
 */
struct holm_udp *udp_find_connected(const struct holm_net *net, const struct holm_addr *local,
				    uint16_t lport, const struct holm_addr *remote, uint16_t rport,
				    const struct holm_dev *dev);
/* May what is sent have the address that it is bound to? */
static inline bool udp_has_source(const struct holm_udp *u)
{
	return !holm_addr_is_any(&u->local) && !u->local_is_many;
}
/* Does this endpoint, bound but not connected, take datagrams for `dst` that came in on `dev`? */
bool udp_takes(const struct holm_udp *u, const struct holm_addr *dst, const struct holm_dev *dev);
/* Enter and leave the table of flows. -HOLM_ENOMEM (or too many are connected alike). */
int udp_flow_insert(struct holm_udp *u);
void udp_flow_remove(struct holm_udp *u);

/* ---- bind.c */

struct udp_port *udp_port_probe(const struct holm_net *net, uint16_t port);

/* The record of a port; NULL: nobody is bound to it. */
static inline struct udp_port *udp_port_find(const struct holm_net *net, uint16_t port)
{
	struct udp_port *p = net->udp->recent[port % UDP_PORTS_RECENT];

	return likely(p && p->port == port) ? p : udp_port_probe(net, port);
}

/* Bind to an ephemeral port. -HOLM_EADDRINUSE, -HOLM_ENOMEM. */
int udp_bind_any_port(struct holm_udp *u);
void udp_unbind(struct holm_udp *u);

/* ---- user.c */

/* Set the pending error. */
void udp_set_error(struct holm_udp *u, int error);
/* The endpoint's readiness from its queue, error and interface. */
void udp_update_state(struct holm_udp *u);
void udp_destroy(struct holm_udp *u);

/* ---- error.c */

/* What ICMP, or the neighbour cache, says about a datagram of ours. */
void udp_error(struct holm_net *net, const struct ip_error *error);

/* ---- group.c */

/* A device goes. */
void udp_leave_dev(struct holm_udp *u, const struct holm_dev *dev);
/* Is a datagram to this group for the endpoint, if it is for its port and address? */
bool udp_hears_group(const struct holm_udp *u, const struct holm_addr *group,
		     const struct holm_dev *dev);

/* ---- special.c */

/* Datagrams to dst are not like others: what tx says of them. */
void udp_aim_specially(struct holm_udp *u, const struct udp_manner *m);
/* May `len` bytes go, which are more than the path's MTU allows? -HOLM_EMSGSIZE, -HOLM_EAGAIN. */
int udp_allow_large(struct holm_udp *u, size_t len);

/*
 * As on Linux an address of one link that comes with its scope binds the endpoint to that: before it is
 * bound, or connected. *bound: it was not before. -HOLM_ENODEV, -HOLM_EINVAL (it is bound to another).
 */
int udp_bind_to_scope(struct holm_udp *u, const struct holm_endpoint *e, bool *bound);

/* ---- send.c */

/*
 * All that speaks against sending but size and memory; where to and how is in dst and tx then. 0 or
 * an error.
 */
int udp_prepare(struct holm_udp *u, const struct holm_endpoint *to);
size_t udp_total_of_spans(const struct holm_span *spans, size_t nspans);

/* No room: the program hears when there is some. -HOLM_EAGAIN. */
int udp_wait_for_room(struct holm_udp *u);

/* The interface has room again. */
void udp_wake(struct holm_net *net, struct netif_waiter *waiter);
/* Give up the remembered destination. */
void udp_drop_dst(struct holm_udp *u);
/* Something of what datagrams have in common is going to change. */
void udp_turn_off(struct holm_udp *u);

#endif
